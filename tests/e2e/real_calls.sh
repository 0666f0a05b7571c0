#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every recorded call (tests/calls) through hardrun to the real runtime: accepted documents
# start, and the kernel gives their processes what was asked and is allowed; the others are
# refused and leave no container. Paths and command lines are the recorded ones; documents
# change only in what this machine lacks (real.jq: fit, there) and in the command.
# usage: real_calls.sh [quick]: with quick a sample
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"

calls=$HR_TEST_SRCDIR/tests/calls
in=$work/in
mkdir "$in"
declare -A parts=() words_of=() outcome_of=() profile_of=()
pods=''
roots=(/run/containerd/runc/{k8s.io,default} /run/runcroot/k8s.io /run/docker/runtime-runc/moby
	/run/rr /run/runc /run/crun)

# A case of each shape: engines, their sandboxes, users, terminals, limits, devices, hooks,
# binds, profiles of their own, user namespaces; exec, update, and what is refused.
sample='cri16-ctr-default cri17-pod-default cri21-pod-default cri21-ctr-default
cri21-ctr-runasuser cri21-ctr-seccomp-default cri21-ctr-hostpath cri21-ctr-tty-stdin
cri21-ctr-unmasked cri21-ctr-in-podpid cri21-ctr-resources cri21-ctr-caps-ambient
cri17-ctr-in-userns ctr17-plain ctr21-userns docker-run docker-run-user docker-init
podman-run podman-build cri21-exec-sync cri21-exec-in-privileged docker-exec-tty
cri16-update cri21-ctr-in-privileged docker-hostns podman-net-host'
# What these names say is dangerous, and five whose documents are but not their names: a
# read-only root that adds CAP_SYS_ADMIN, and a pod in the host's network.
dangerous='privileged|host(net|pid|ipc|ns|-pid)|net-?host|caps-add|readonly$|play-kube'

# ---- what the recordings need --------------------------------------------------------------

# Engines' directories, empty; a tmpfs can be mounted with ids mapped, as crun does it for some.
ours() {
	local dir
	mkdir -p /run/containerd
	for dir in /var /srv /run/containerd; do
		mount -t tmpfs -o mode=755 hr-e2e "$dir" || return
	done
	mkdir -p /var/{lib,log,tmp}
	ln -s /run /var/run
}

# A process in namespaces to join, below a user namespace whose root is BASE (0: none).
pod() { # BASE
	local flags=(--net --ipc --uts --pid --fork --kill-child) pid=
	[ "$1" = 0 ] || flags+=(--user)
	unshare "${flags[@]}" "$work/helper" wait &
	reap $!
	until_true grep -q . "/proc/$!/task/$!/children"
	read -r pid <"/proc/$!/task/$!/children"
	reap "$pid"
	if [ "$1" != 0 ]; then
		echo "0 $1 65536" >"/proc/$pid/uid_map"
		echo "0 $1 65536" >"/proc/$pid/gid_map"
	fi
	pods+=${pods:+,}\"$1\":$pid
}

# A program where hardrun trusts Docker's to be, and a process of it.
docker() {
	rm -f /usr/sbin/dockerd
	install -m 755 "$work/helper" /usr/sbin/dockerd
	/usr/sbin/dockerd wait &
	dockerd=$!
	reap "$dockerd"
}

# The image at DIR, as an engine would have it for that user namespace.
image() { # DIR BASE
	if [ "$2" = 0 ]; then
		real_image "$1"
	else
		mkdir -p "${1%/*}" && cp -a "$work/image" "$1" && chown -hR "$2:$2" "$1"
	fi
}

# ---- a recorded call -----------------------------------------------------------------------

# word NAME: the value of that flag in the words of the call
word() {
	local at
	for ((at = 0; at < ${#words[@]}; at++)); do
		case ${words[at]} in
		"$1") printf '%s\n' "${words[at + 1]}" && return ;;
		"$1"=*) printf '%s\n' "${words[at]#*=}" && return ;;
		esac
	done
}

# All recorded arguments, in one go: jq takes its time to start.
read_calls() {
	local name line
	while IFS=$'\t' read -r name line; do
		words_of[$name]=$line
	done < <(cd "$calls/cases" && jq -r '
		"\(input_filename | split("/")[0])\t\(.[1:] | join("\u0001"))"' -- */argv.json)
	while IFS=$'\t' read -r name _ line outcome _; do
		profile_of[$name]=$line outcome_of[$name]=$outcome
	done <"$calls/expected.tsv"
}

read_words() { # CASE: its arguments without argv[0]; files of ours for what lies in /tmp
	local at
	local line=${words_of[$1]}
	# crun's flags take no =false.
	[ "$runtime" != crun ] || line=${line/--systemd-cgroup=false$'\001'/}
	IFS=$'\001' read -ra words <<<"$line"
	for ((at = 0; at < ${#words[@]}; at++)); do
		case ${words[at]} in
		--console-socket) words[at + 1]=$work/console.sock ;;
		--process) words[at + 1]=$in/process.json ;;
		--resources=/*) words[at]=--resources=$in/resources.json ;;
		--pid-file) words[at + 1]=$in/pid ;;
		--log) mkdir -p "${words[at + 1]%/*}" ;;
		esac
	done
}

our_call() { timeout --foreground 60 "$work/bin/hardrun" "${words[@]}"; }

# after GLOBALS: the recorded global flags that say where the container is
globals() {
	local root
	root=$(word --root)
	[ -z "$root" ] || printf '%s\n' --root "$root"
}

# adapt CASE FILTER COMMAND...: the bundle of that create, where it was recorded; sets $bundle,
# $id, $where and ${parts[]}
adapt() {
	local name=$1 filter=$2 hosts kind value
	shift 2
	read_words "$name"
	id=${words[-1]} bundle=$(word --bundle)
	mapfile -t where < <(globals)
	mkdir -p "$bundle"
	hosts=$(awk -v name="$name" '$1 == name { print $2 }' "$calls/host.tsv")
	parts=()
	{
		read -r "parts[document]"
		while read -r kind value; do
			# shellcheck disable=SC2086 # source and destination
			if [ "$kind" = bind ]; then bind_source $value; else parts[$kind]=$value; fi
		done
	} < <(real_jq "there(\$hosts; \$pods; \$dockerd) | fit
			| .process.args = \$ARGS.positional | $filter | told(\$profile)" -r \
		--argjson hosts "[${hosts:1:-1}]" --argjson pods "{$pods}" --arg dockerd "$dockerd" \
		--arg profile "${profile_of[$name]}" "$calls/cases/$name/config.json" --args "$@")
	printf '%s\n' "${parts[document]}" >"$bundle/config.json"
	[[ ${parts[root]} == /* ]] || parts[root]=$bundle/${parts[root]}
	image "${parts[root]}" "${parts[base]}"
}

# Create and start what adapt made; what it says is in $in/out.
start() {
	if [ "${parts[terminal]}" = true ]; then
		console "$in/out"
		our_call </dev/null >"$in/create" 2>&1
	else
		our_call </dev/null >"$in/out" 2>"$in/create"
	fi || return
	# Nothing but what the call itself asked for with --debug.
	! grep -v 'level=debug' "$in/create" >"$in/said" || return
	"$work/bin/hardrun" "${where[@]}" start "$id" >"$in/create" 2>&1
}

gone() { # end the container and its bundle
	"$work/bin/hardrun" "${where[@]}" delete --force "$id" >/dev/null 2>&1
	mountpoint -q "${parts[root]}" && umount "${parts[root]}"
	rm -rf "${parts[root]:?}" "${bundle:?}" "$work"/layers/*
}

# What a failure says; the bare runtime's word tells whether it is the machine.
why() {
	cat "$in/create"
	"$work/bin/hardrun" "${where[@]}" delete --force "$id" >/dev/null 2>&1
	printf '%s\n' "${parts[document]}" >"$bundle/config.json"
	timeout 60 "$program" "${words[@]}" </dev/null >"$in/bare" 2>&1
	echo "$runtime alone: $(tail -n 1 "$in/bare")"
}

# ---- cases -----------------------------------------------------------------------------------

accepted() { # CASE
	adapt "$1" . /bin/cat /proc/self/status
	if ! start; then
		not_ok "$runtime $1: starts" "$(why)"
		gone
		return
	fi
	until_true grep -q nonvoluntary "$in/out"
	# shellcheck disable=SC2086 # bounding and effective
	is "$(figures "$in/out")" "$(hardened ${parts[granted]})" \
		"$runtime $1: starts, with what was asked and is allowed"
	[ -z "${parts[key]:-}" ] || hooked "$1" "/run/setkey.${parts[key]}"
	gone
}

# Docker's hook ran: by the name of the real program, with its own environment and the state.
hooked() { # CASE FILE
	like "$(cat "$2" 2>&1)" "^PATH=[^"$'\n'"]*"$'\n'"\{.*\"id\": ?\"$id\"" \
		"$runtime $1: Docker's hook ran, with an environment of its own"
	rm -f "$2"
}

refused() { # CASE CONTROL
	adapt "$1" . /bin/true
	our_call </dev/null >"$in/out" 2>"$in/create"
	is "$?/$(cat "$in/out")/$(grep -c "^hardrun: refused by $2: " "$in/create")" "1//1" \
		"$runtime $1: refused by $2"
	"$work/bin/hardrun" "${where[@]}" state "$id" >"$in/state" 2>&1 &&
		not_ok "$runtime $1: no container is left" "$(cat "$in/state")"
	gone
}

# The container of an exec or update: the recorded one, or a plain one of the engine.
container_of() { # CASE: sets $owner
	owner=$(awk -v name="$1" '$1 == name { print $2 }' "$calls/exec-of.tsv")
	if [ "${owner:--}" = - ] || [ "${outcome_of[$owner]}" = refuse ]; then
		case $1 in
		docker*) owner=docker-run ;;
		podman*) owner=podman-run ;;
		cri*) owner=cri16-ctr-default ;;
		*) owner=ctr16-plain ;;
		esac
	fi
	adapt "$owner" '.process.terminal = false' /bin/sleep 1000
	set -- "${words[@]}"
	words=()
	while [ $# -gt 0 ]; do
		if [ "$1" = --console-socket ]; then shift; else words+=("$1"); fi
		shift
	done
	start
}

# into CASE: the words of that call, to the container that runs
into() {
	read_words "$1"
	words[-1]=$id
	# The flags before the command say where; the container's are taken.
	while [[ ${words[0]} == -* ]]; do
		case ${words[0]} in
		--root | --log | --log-format) words=("${words[@]:2}") ;;
		*) words=("${words[@]:1}") ;;
		esac
	done
	words=("${where[@]}" "${words[@]}")
}

executed() { # CASE
	local masks terminal to=$in/out
	if ! container_of "$1"; then
		not_ok "$runtime $1: its container starts" "$(why)"
		gone
		return
	fi
	into "$1"
	# The container's own process, as asked for, bounds what exec may get.
	{
		read -r terminal
		read -ra masks
		cat >"$in/process.json"
	} < <(real_jq '{process: .} | fit | .process | .args = ["/bin/cat", "/proc/self/status"]
		| del(.apparmorProfile) | .terminal // false,
		granted(.; met($owner[0].process.capabilities.bounding; kept("default"))), tojson' -r \
		--slurpfile owner "$calls/cases/$owner/config.json" "$calls/cases/$1/process.json")
	if [ "$terminal" = true ]; then
		console "$in/out"
		to=$in/exec
	fi
	our_call </dev/null >"$to" 2>"$in/err"
	is "$?/$(cat "$in/err")" "0/" "$runtime $1: exec succeeds in silence"
	until_true grep -q nonvoluntary "$in/out"
	is "$(figures "$in/out")" "$(hardened "${masks[@]}")" \
		"$runtime $1: exec in $owner has no more than it"
	gone
}

updated() { # CASE
	if [ "$runtime" = crun ] && [ "$hybrid" = true ]; then
		skip "$runtime $1" "crun sees no cgroup controllers here"
		return
	fi
	if ! container_of "$1"; then
		not_ok "$runtime $1: its container starts" "$(why)"
		gone
		return
	fi
	into "$1"
	cp "$calls/cases/$1/resources.json" "$in/resources.json"
	our_call <"$in/resources.json" >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/out" "$in/err")" "0/" "$runtime $1: update succeeds in silence"
	gone
}

# ---- all of them -----------------------------------------------------------------------------

one() { # CASE COMMAND OUTCOME ENTRIES
	case $2/$3 in
	create/accept) accepted "$1" ;;
	create/refuse) refused "$1" "$(first_refusal "$4")" ;;
	exec/accept) executed "$1" ;;
	update/accept) updated "$1" ;;
	*) not_ok "$runtime $1: $2 $3 has no test" ;;
	esac
}

ours || skip_all "no tmpfs over /var, /srv and /run/containerd"
read_calls
docker
for base in 0 100000 200000; do pod "$base"; done

while IFS=$'\t' read -r name command _ outcome _; do
	if [ "$command/$outcome" = create/refuse ] && ! [[ $name =~ $dangerous ]]; then
		not_ok "$name: refused, though nothing in its name is dangerous"
	fi
done <"$calls/expected.tsv"
for runtime in runc crun; do
	real_begin "$runtime" || continue
	while IFS=$'\t' read -r name command _ outcome entries _; do
		[ "$name" != case ] || continue
		if [ "${1:-}" = quick ] && [[ " ${sample//$'\n'/ } " != *" $name "* ]]; then continue; fi
		one "$name" "$command" "$outcome" "$entries"
	done <"$calls/expected.tsv"
	real_end
done
finish
