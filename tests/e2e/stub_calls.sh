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
# The calls name /run, /var/lib, /var/tmp, /tmp and /srv.
for dir in /var/lib /var/tmp /tmp /srv; do cover "$dir" || skip_all "no overlay over $dir"; done
stub=$(stub_install runc-stub) || skip_all "the stub cannot be built"
: >"$stub.d/state"
handler hardrun "$stub"
mkdir -p "$results" "$work/ns"

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

declare -A words of outcome entries document rootfs binds
while IFS=$'\t' read -r name line; do words[$name]=$line; done < <(
	jq -r '[(input_filename | split("/")[-2]), @sh] | join("\t")' "$calls"/cases/*/argv.json)
while IFS=$'\t' read -r name create; do of[$name]=$create; done <"$calls/exec-of.tsv"
while IFS=$'\t' read -r name path sources text; do
	rootfs[$name]=$path binds[$name]=$sources document[$name]=$text
done < <(
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
		[$name, .root.path? // "-", ([.mounts[]? | select((.options // []) |
			index("bind") or index("rbind")) | .source, .destination] | join(" ") | if . == "" then "-" else . end),
			tojson] | join("\t")' \
		"$calls"/cases/*/config.json "$calls"/cases/*/process.json "$calls"/cases/*/resources.json)

# canon WORD...: fills $canon with the call without its spelling: global and command flags,
# command, id. Flags that are false are as good as absent; documents are compared apart, and
# with --process, --tty means nothing: the document says what is a terminal.
canon() {
	local where=global key value
	canon=()
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
			canon["$where $1"]=1 key=''
			;;
		esac
		shift
		case $key in
		--process | --resources) value=DOCUMENT ;;
		--tty) value=false ;;
		esac
		[ -z "$key" ] || [ "$value" = false ] || canon["$where $key=$value"]=1
	done
}

# as_asked WORD...: true when they mean what $argv means
as_asked() {
	local -A canon asked=()
	local key
	canon "${argv[@]}"
	for key in "${!canon[@]}"; do asked[$key]=1; done
	canon "$@"
	[ ${#canon[@]} -eq ${#asked[@]} ] || return
	for key in "${!canon[@]}"; do [ -n "${asked[$key]-}" ] || return; done
}

# argument FLAG: $REPLY is the value of --FLAG of $argv in one of its two spellings, "" without it
argument() {
	local i
	REPLY=
	for i in "${!argv[@]}"; do
		case ${argv[i]} in
		"--$1="*) REPLY=${argv[i]#*=} ;;
		"--$1") REPLY=${argv[i + 1]} ;;
		esac
	done
}

# place_bundle DIR NAME: with the document of that case, a rootfs where it says, and what the
# engine would mount
place_bundle() {
	local root=${rootfs[$2]} i pairs
	read -ra pairs <<<"${binds[$2]#-}"
	for ((i = 0; i < ${#pairs[@]}; i += 2)); do bind_source "${pairs[i]}" "${pairs[i + 1]}"; done
	case $root in /*) ;; *) root=$1/$root ;; esac
	mkdir -p "$1" "$root"
	printf '%s' "${document[$2]}" >"$1/config.json"
}

# The container that an exec or update goes to, under the call's own root and id.
make_container() { # NAME ROOT ID
	local from=${of[$1]:--} dir recorded
	if [ "$from" = - ] || [ "${outcome[$from]}" = refuse ]; then
		case $1 in
		docker*) from=docker-run ;;
		podman*) from=podman-run ;;
		cri*) from=cri16-ctr-default ;;
		*) from=ctr16-plain ;;
		esac
	fi
	dir=${log%/*}
	[ -n "$log" ] || dir=/var/lib/containers/storage/overlay-containers/$3/userdata
	# What the engine mounts is of this id.
	recorded=${words[$from]##* } recorded=${recorded//\'/}
	document[container]=${document[$from]//"$recorded"/$3}
	rootfs[container]=${rootfs[$from]//"$recorded"/$3}
	binds[container]=${binds[$from]//"$recorded"/$3}
	place_bundle "$dir" container
	run hardrun ${2:+--root "$2"} create --bundle "$dir" "$3"
	[ "$status" -eq 0 ] || note "$1: its container: $(cat "$work/err")"
	stub_forget "$stub"
	rm -f /var/log/hardrun/audit.jsonl
}

# ---- one call --------------------------------------------------------------------------

# Everything that the call names is there; sets $file, where hardrun reads the document.
prepare() { # NAME COMMAND
	local flag dirs=()
	for flag in pid-file console-socket log; do
		argument "$flag"
		[ -z "$REPLY" ] || dirs+=("${REPLY%/*}")
	done
	[ ${#dirs[@]} -eq 0 ] || mkdir -p "${dirs[@]}"
	if [ "$2" = create ]; then
		argument bundle
		place_bundle "$REPLY" "$1"
		file=$REPLY/config.json
		return
	fi
	argument root
	make_container "$1" "$REPLY" "${argv[-1]}"
	case $2 in exec) argument process ;; update) argument resources ;; esac
	file=$REPLY
	[ "$file" != - ] || file=$work/body
	printf '%s' "${document[$1]}" >"$file"
}

# Nothing of one call is left for the next: many recorded calls use the same ids.
forget() {
	rm -rf "$stub.d"/calls/* /var/log/hardrun /run/hardrun/records "$log" \
		/run/containerd /run/docker /run/runc /run/rr /run/runcroot
}

one_line() { # TO FROM: one line a file for the one pass at the end
	local lines
	if [ -e "$2" ]; then
		mapfile -t lines <"$2" && printf '%s\n' "${lines[*]}" >"$1"
	else
		why+="no ${2##*/}; "
	fi
}

accepted() { # NAME COMMAND
	local call words
	call=$(stub_calls "$stub")
	[ "$status" -eq 0 ] || why+="status $status; "
	[ ! -s "$work/err" ] || why+="stderr: $(<"$work/err"); "
	[ ! -s "$work/out" ] || why+="stdout: $(<"$work/out"); "
	if [[ $call == '' || $call == *$'\n'* ]]; then
		why+="calls: ${call:-none}; "
		return
	fi
	[ -z "$log" ] || [ ! -e "$log" ] || why+="--log was written: $(<"$log"); "
	mapfile -d '' words <"$call/argv"
	[ "${words[0]##*/}" = runc-stub ] || argv0[${words[0]}]=$1
	as_asked "${words[@]}" || why+="argv: $(stub_argv "$call"); "
	case $2 in
	create) one_line "$results/$1.document" "$call/config.json" ;;
	exec) one_line "$results/$1.document" "$call/process.json" ;;
	update) one_line "$results/$1.document" "$call/stdin" ;;
	esac
	[ "$2" = create ] || [ "$(<"$file")" = "${document[$1]}" ] || why+="the caller's document was changed; "
}

refused() { # NAME COMMAND
	local message lines=() control field named=false
	message=$(<"$work/err")
	[ -z "$(stub_calls "$stub")" ] || why+="the runtime was started; "
	[ "$2" != exec ] || [ "$status" -eq 255 ] || why+="status $status, not 255; "
	[ "$2" = exec ] || [ "$status" -eq 1 ] || why+="status $status, not 1; "
	[ "$(<"$file")" = "${document[$1]}" ] || why+="the document was changed; "
	[ ! -s "$work/out" ] || why+="stdout: $(<"$work/out"); "
	[[ $message != '' && $message != *$'\n'* ]] || why+="stderr: $message; "
	[[ ! ${message,,} =~ $forbidden ]] || why+="a phrase that engines match: $message; "
	# The first refusal is the message: its control and one of its fields.
	control=$(first_refusal "${entries[$1]}")
	while read -r field; do
		[[ $message == "hardrun: refused by $control: ${field#* }"[\ :]* ]] && named=true
	done < <(tr ',' '\n' <<<"${entries[$1]}" | grep "^$control ")
	[ "$named" = true ] || why+="$control and the field are not named: $message; "
	[ -n "$log" ] || return
	[ ! -e "$log" ] || mapfile -t lines <"$log"
	[ ${#lines[@]} -eq 1 ] || why+="--log has ${#lines[@]} lines; "
	one_line "$results/$1.log" "$log"
}

forbidden='no such file|permission denied|not found|does not exist|no such process'
declare -A argv0=() # what else than its own name the runtime was called, and in which case
one_call() { # NAME COMMAND OUTCOME
	local argv file why='' log lines=()
	eval "argv=(${words[$1]})"
	argument log
	log=$REPLY
	forget
	prepare "$1" "$2"
	run hardrun "${argv[@]:1}" <"$file"
	if [ "$3" = accept ]; then accepted "$1" "$2"; else refused "$1" "$2"; fi
	[ ! -e /var/log/hardrun/audit.jsonl ] || mapfile -t lines </var/log/hardrun/audit.jsonl
	[ ${#lines[@]} -eq 1 ] || why+="${#lines[@]} audit lines; "
	one_line "$results/$1.audit" /var/log/hardrun/audit.jsonl
	if [ -z "$why" ]; then ok "$1: $3"; else not_ok "$1: $3" "$why"; fi
}

while IFS=$'\t' read -r name _ _ result paths _; do
	outcome[$name]=$result entries[$name]=$paths
done < <(tail -n +2 "$calls/expected.tsv")
while IFS=$'\t' read -r name command _ result _; do
	one_call "$name" "$command" "$result"
done < <(tail -n +2 "$calls/expected.tsv")
is "${!argv0[*]}" runc "argv[0] is the name of the runtime's kind (crun takes crun-NAME for a handler)"

# ---- all that they left, at once -------------------------------------------------------

# judge KIND TITLE: a case for each file of that kind.
judge() {
	local name line
	local -A wrong=()
	while IFS=$'\t' read -r name line; do wrong[$name]+=$line; done < <(
		jq -n -R -r --arg kind "$1" --slurpfile asked "$work/asked" \
			--rawfile expected "$calls/expected.tsv" -f "$e2e/stub_calls.jq" "$results"/*."$1")
	for name in "$results"/*."$1"; do
		name=${name##*/} name=${name%".$1"}
		is "${wrong[$name]-was not looked at}" "" "$name: $2"
	done
}

{
	printf '{"": 0'
	for name in "${!words[@]}"; do printf ',"%s":%s' "$name" "${document[$name]}"; done
	printf '}\n'
} >"$work/asked"
judge document "what the runtime saw"
judge log "the line in --log"
judge audit "the audit line"
finish
