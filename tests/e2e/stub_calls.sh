#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All recorded calls (tests/calls/cases) replayed with a stub as the runtime, in the places
# where they were recorded: what is accepted reaches the runtime once, with the same command,
# id and flags and with a document that differs in the expected fields only; what is refused
# leaves everything as it was and says why in --log and on stderr.
# Joined namespaces are fresh ones, or the host's where tests/calls/host.tsv says so; Docker's
# hook leads to a copy of sleep that runs as /usr/bin/dockerd.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
calls=$HR_TEST_SRCDIR/tests/calls
results=$work/results
# The calls name /run, /var/lib, /var/tmp and /tmp.
for dir in /var/lib /var/tmp /tmp; do cover "$dir" || skip_all "no overlay over $dir"; done
stub=$(stub_install runc-stub) || skip_all "the stub cannot be built"
: >"$stub.d/state"
handler hardrun "$stub"
mkdir -p "$results" "$work/in" "$work/ns"

# ---- the machine -----------------------------------------------------------------------

for kind in net ipc uts pid user; do : >"$work/ns/$kind"; done
unshare --net="$work/ns/net" --ipc="$work/ns/ipc" --uts="$work/ns/uts" --pid="$work/ns/pid" \
	--fork true || skip_all "no namespaces here"
unshare --user sleep 1000 & # which cannot bind its own
user=$!
reap "$user"
until [ "$(readlink /proc/$user/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
mount --bind "/proc/$user/ns/user" "$work/ns/user"
cp "$(command -v sleep)" /usr/bin/dockerd
/usr/bin/dockerd 1000 &
dockerd=$!
reap "$dockerd"

# ---- the calls, all at once (jq takes longer than hardrun) -----------------------------

declare -A words of outcome entries
while IFS=$'\t' read -r name line; do words[$name]=$line; done < <(
	jq -r '[(input_filename | split("/")[-2]), @sh] | join("\t")' "$calls"/cases/*/argv.json)
while IFS=$'\t' read -r name create; do of[$name]=$create; done <"$calls/exec-of.tsv"
while IFS=$'\t' read -r name document; do printf '%s' "$document" >"$work/in/$name"; done < <(
	jq -r --rawfile host "$calls/host.tsv" --arg pid "$dockerd" --arg self $$ --arg ns "$work/ns" '
		def file: {network: "net", mount: "mnt"}[.] // .;
		($host | split("\n") | map(split("\t") | select(.[1]) | {(.[0]): .[1]}) | add) as $host |
		(input_filename | split("/")[-2]) as $name |
		(if .linux.namespaces then .linux.namespaces |= (to_entries | map(
			(.key | tostring) as $at | .value |
			if .path == null then .
			elif ($host[$name] // "") | contains("," + $at + ",")
			then .path = "/proc/\($self)/ns/\(.type | file)"
			else .path = "\($ns)/\(.type | file)" end)) else . end) |
		(if .hooks.prestart then .hooks.prestart[0].path = "/proc/\($pid)/exe" else . end) |
		[$name, tojson] | join("\t")' \
		"$calls"/cases/*/config.json "$calls"/cases/*/process.json "$calls"/cases/*/resources.json)

# canon WORD...: the call without its spelling, a line each: global and command flags (sorted),
# command, id. Flags that are false are as good as absent; documents are compared apart, and
# with --process, --tty means nothing: the document says what is a terminal.
canon() {
	local where=global key value lines=()
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--*=*) key=${1%%=*} value=${1#*=} ;;
		--debug | --systemd-cgroup | --no-pivot | --no-new-keyring | --detach | --tty)
			key=$1 value=true
			;;
		--*) key=$1 value=$2 && shift ;;
		*)
			if [ "$where" = global ]; then where='command'; else where='id'; fi
			lines+=("$where $1") key=''
			;;
		esac
		shift
		case $key in
		--process | --resources) value=DOCUMENT ;;
		--tty) value=false ;;
		--bundle) value=$(realpath "$value") ;;
		esac
		[ -z "$key" ] || [ "$value" = false ] || lines+=("$where $key=$value")
	done
	printf '%s\n' "${lines[@]}" | sort
}

# arguments FLAG WORD...: the value of --FLAG in one of its two spellings, "" without it.
argument() {
	local flag=$1
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		"--$flag="*) printf '%s' "${1#*=}" && return ;;
		"--$flag") printf '%s' "$2" && return ;;
		esac
		shift
	done
}

# place_bundle DIR DOCUMENT: with a rootfs where the document says.
place_bundle() {
	local root
	mkdir -p "$1"
	cat "$2" >"$1/config.json"
	root=$(sed 's/.*"root":{[^}]*"path":"\([^"]*\)".*/\1/' "$2")
	(cd "$1" && mkdir -p "$root")
}

# The container that an exec or update goes to, under the call's own root and id.
make_container() { # NAME ROOT ID
	local from=${of[$1]:--} dir
	if [ "$from" = - ] || [ "${outcome[$from]}" = refuse ]; then
		case $1 in
		docker*) from=docker-run ;;
		podman*) from=podman-run ;;
		cri*) from=cri16-ctr-default ;;
		*) from=ctr16-plain ;;
		esac
	fi
	case $1 in
	podman*) dir=/var/lib/containers/storage/overlay-containers/$3/userdata ;;
	*) dir=$(dirname "$(argument log "${argv[@]}")") ;;
	esac
	mkdir -p "$dir"
	place_bundle "$dir" "$work/in/$from"
	run hardrun ${2:+--root "$2"} create --bundle "$dir" "$3"
	[ "$status" -eq 0 ] || note "$1: its container: $(cat "$work/err")"
	stub_forget "$stub"
	rm -f /var/log/hardrun/audit.jsonl
}

# ---- one call --------------------------------------------------------------------------

# Everything that the call names is there; sets $document, where hardrun reads it.
prepare() { # NAME COMMAND
	local id=${argv[-1]} value
	for value in pid-file console-socket log; do
		value=$(argument "$value" "${argv[@]}")
		[ -z "$value" ] || mkdir -p "$(dirname "$value")"
	done
	case $2 in
	create)
		value=$(argument bundle "${argv[@]}")
		place_bundle "$value" "$work/in/$1"
		document=$value/config.json
		;;
	exec)
		make_container "$1" "$(argument root "${argv[@]}")" "$id"
		document=$(argument process "${argv[@]}")
		cat "$work/in/$1" >"$document"
		;;
	update)
		make_container "$1" "$(argument root "${argv[@]}")" "$id"
		document=$(argument resources "${argv[@]}")
		[ "$document" != - ] || document=$work/body
		cat "$work/in/$1" >"$document"
		;;
	esac
}

# Nothing of one call is left for the next: many recorded calls use the same ids.
forget() {
	stub_forget "$stub"
	rm -rf /var/log/hardrun /run/hardrun/records "$(argument log "${argv[@]}")" \
		/run/containerd /run/docker /run/runc /run/rr /run/runcroot
}

one_line() { # TO FROM
	{ tr '\n' ' ' <"$2" && echo; } >"$1" || why+="the runtime saw no document; "
}

accepted() { # NAME COMMAND
	local call words
	call=$(stub_calls "$stub")
	[ "$status" -eq 0 ] || why+="status $status; "
	[ -s "$work/err" ] && why+="stderr: $(cat "$work/err"); "
	[ -s "$work/out" ] && why+="stdout: $(cat "$work/out"); "
	if [ -z "$call" ] || [ "$(wc -l <<<"$call")" -ne 1 ]; then
		why+="calls: ${call:-none}; "
		return
	fi
	[ -z "$log" ] || [ ! -e "$log" ] || why+="--log was written: $(cat "$log"); "
	mapfile -d '' words <"$call/argv"
	[ "${words[0]##*/}" = runc-stub ] || argv0[${words[0]}]=$1
	[ "$(canon "${words[@]}")" = "$(canon "${argv[@]}")" ] ||
		why+="argv: $(stub_argv "$call"); "
	case $2 in
	create) one_line "$results/$1.document" "$call/config.json" ;;
	exec) one_line "$results/$1.document" "$call/process.json" ;;
	update) one_line "$results/$1.document" "$call/stdin" ;;
	esac
	[ "$2" = create ] || cmp -s "$document" "$work/in/$1" || why+="the caller's document was changed; "
}

refused() { # NAME COMMAND
	[ -z "$(stub_calls "$stub")" ] || why+="the runtime was started; "
	[ "$2" = exec ] && [ "$status" -ne 255 ] && why+="status $status, not 255; "
	[ "$2" = exec ] || [ "$status" -eq 1 ] || why+="status $status, not 1; "
	cmp -s "$document" "$work/in/$1" || why+="the document was changed; "
	[ -s "$work/out" ] && why+="stdout: $(cat "$work/out"); "
	[ "$(wc -l <"$work/err")" -eq 1 ] || why+="stderr: $(cat "$work/err"); "
	grep -qiE "$forbidden" "$work/err" && why+="a phrase that engines match: $(cat "$work/err"); "
	# The first refusal is the message.
	grep -qF "$(sed 's/^[^ ]* //; s/,.*//' <<<"${entries[$1]}")" "$work/err" ||
		why+="the field is not named: $(cat "$work/err"); "
	[ -z "$log" ] || cp "$log" "$results/$1.log" || why+="no --log; "
	[ -z "$log" ] || [ "$(wc -l <"$log")" -eq 1 ] || why+="--log is not one line; "
}

forbidden='no such file|permission denied|not found|does not exist|no such process'
declare -A argv0 # what else than its own name the runtime was called, and in which case
one_call() { # NAME COMMAND OUTCOME
	local argv document why='' log
	eval "argv=(${words[$1]})"
	forget
	prepare "$1" "$2"
	log=$(argument log "${argv[@]}")
	run hardrun "${argv[@]:1}" <"$document"
	if [ "$3" = accept ]; then accepted "$1" "$2"; else refused "$1" "$2"; fi
	cp /var/log/hardrun/audit.jsonl "$results/$1.audit" || why+="no audit line; "
	[ "$(wc -l <"$results/$1.audit")" -eq 1 ] || why+="more than one audit line; "
	if [ -z "$why" ]; then ok "$1: $3"; else not_ok "$1: $3" "$why"; fi
}

while IFS=$'\t' read -r name _ _ result paths _; do
	outcome[$name]=$result entries[$name]=$paths
done < <(tail -n +2 "$calls/expected.tsv")
while IFS=$'\t' read -r name command _ result _; do
	one_call "$name" "$command" "$result"
done < <(tail -n +2 "$calls/expected.tsv")
is "${!argv0[*]}" "" "the runtime is called by its own name (${#argv0[@]} other names)"

# ---- all that they left, at once -------------------------------------------------------

# judge KIND TITLE: a case for each file of that kind.
judge() {
	local name line
	local -A wrong=()
	while IFS=$'\t' read -r name line; do wrong[$name]+=$line; done < <(
		jq -R -r --arg kind "$1" --slurpfile asked "$work/asked" \
			--rawfile expected "$calls/expected.tsv" -f "$e2e/stub_calls.jq" "$results"/*."$1")
	for name in "$results"/*."$1"; do
		name=$(basename "$name" ".$1")
		is "${wrong[$name]-was not looked at}" "" "$name: $2"
	done
}

{
	printf '{"": 0'
	for name in "${!words[@]}"; do printf ',"%s":' "$name" && cat "$work/in/$name"; done
	printf '}\n'
} >"$work/asked"
judge document "what the runtime saw"
judge log "the line in --log"
judge audit "the audit line"
finish
