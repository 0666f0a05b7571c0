#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How a trial lives and ends: statuses, streams, signals, terminals, and that nothing stays
# behind, whoever is killed when.
#
#	try_life.sh [KILLS]		(instants at which something is killed; 12)
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"
kills=${1:-12}

try() { # ARGUMENT...: sets $status, fills $work/out and $work/err
	"$HR_PROGRAM" try "$@" </dev/null >"$work/out" 2>"$work/err"
	status=$?
}

# What a trial could leave: processes, cgroups, mounts, directories, records.
left() {
	local i said=
	for ((i = 0; i < 100; i++)); do
		said=$(
			pgrep -f 'sleep 7[7]' | sed 's/^/process /'
			pgrep -f "hardrun try" | sed 's/^/hardrun /'
			find /sys/fs/cgroup -type d -name 'hardrun-try-*' 2>/dev/null
			grep -o '/run/hardrun/try[^ ]*' /proc/self/mountinfo
			find /run/hardrun/try /run/hardrun/records -mindepth 1 ! -name .lock 2>/dev/null
		)
		[ -n "$said" ] || break
		sleep 0.1
	done
	printf '%s' "$said"
}

# ---- statuses and streams ----------------------------------------------------------------

statuses() {
	try -- true
	is $status 0 "$runtime: status 0"
	is "$(stat -c %s "$work/out")" 0 "$runtime: standard output is the command's alone"
	like "$(cat "$work/err")" "hardrun try: profile .*status 0" "$runtime: the table is on standard error"
	like "$(cat "$work/err")" "nothing was refused" "$runtime: nothing was refused"
	try --quiet -- sh -c 'exit 3'
	is $status 3 "$runtime: the command's status"
	is "$(stat -c %s "$work/err")" 0 "$runtime: --quiet: nothing on standard error"
	try --quiet -- sh -c 'sh -c "kill -9 \$\$"; exit $?'
	is $status 137 "$runtime: 128 + N, by its own word"
	try --quiet -- no-such-program
	is $status 127 "$runtime: a program that is not there: 127"
	try --quiet -- /etc/passwd
	is $status 126 "$runtime: a file that is no program: 126"
	try -- no-such-program
	like "$(cat "$work/err")" "the command was not run" "$runtime: the table says so"
	head -c 300000 /dev/urandom >"$work/bytes"
	"$HR_PROGRAM" try --quiet -- cat <"$work/bytes" >"$work/out" 2>"$work/err"
	check "$runtime: 300,000 bytes go through unaltered" cmp -s "$work/bytes" "$work/out"
	"$HR_PROGRAM" try --quiet -- sh -c 'echo to-out; echo to-err >&2' >"$work/out" 2>"$work/err"
	is "$(cat "$work/out")/$(cat "$work/err")" "to-out/to-err" "$runtime: both streams are kept apart"
	try --quiet --user 0:7 --cwd /tmp --env A=b -- sh -c 'echo "$(id -g) $PWD $A $#" "$@"' sh --user x
	is "$(cat "$work/out")" "7 /tmp b 2 --user x" "$runtime: user, directory, variable; words behind the command are its own"
	is "$(left)" "" "$runtime: nothing is left"
}

failures() {
	local word
	for word in '--nothing' '--profile' '--user x' '--user 1:' '--env =a' '--json -' \
		'--rootfs /' '--rootfs /nowhere' '--rootfs /usr' '--rootfs /proc/1/root' '--bundle /nowhere' '--layout /nowhere' \
		'--policy /nowhere' '--profile nobody' '--handler nobody' '--seccomp nothing' \
		'--rootfs /tmp --bundle /tmp'; do
		# shellcheck disable=SC2086
		try $word -- true
		is $status 125 "$runtime: $word: 125"
		is "$(grep -c . "$work/err")" 1 "$runtime: $word: one line"
		unlike "$(cat "$work/err")" "[Nn]o such file|ermission denied|not found|does not exist" \
			"$runtime: $word: no word that engines act upon"
	done
	try
	is $status 125 "$runtime: without a command: 125"
	like "$(cat "$work/err")" "give a command" "$runtime: without a command: what to do"
}

refused() {
	try --profile restricted -- id
	is $status 125 "$runtime: refused by a control: 125"
	like "$(cat "$work/err")" "process.user.uid" "$runtime: the field is named"
	unlike "$(cat "$work/err")" "== changed ==" "$runtime: what was not refused is not listed"
	is "$(stat -c %s "$work/out")" 0 "$runtime: nothing was started"
	is "$(left)" "" "$runtime: refused: nothing is left"
}

json() {
	try --json "$work/report.json" --quiet -- sh -c 'unshare -m true; chroot / true; chroot / true; exit 2'
	is "$(jq -c '[.version, .status, .watched, .started]' "$work/report.json")" '[1,2,true,true]' \
		"$runtime: --json: what became of it"
	is "$(jq -c '[.calls[] | select(.runtime | not) | [(.call | sub("\\(.*"; "")), .answer, .count]] | sort' "$work/report.json")" \
		'[["chroot","EPERM",2],["unshare","EPERM",1]]' "$runtime: --json: calls, answers, counts"
	check "$runtime: --json: the report of the controls" jq -e '.report | length > 3' "$work/report.json"
}

# ---- signals -----------------------------------------------------------------------------

started() { # FILE: the command has said so
	local i
	for ((i = 0; i < 200; i++)); do
		[ ! -s "$1" ] || return 0
		sleep 0.05
	done
	return 1
}

signal_to() { # SIGNAL COMMAND...: sets $status
	local name=$1 pid
	shift
	: >"$work/out"
	"$HR_PROGRAM" try --quiet -- "$@" </dev/null >"$work/out" 2>"$work/err" &
	pid=$!
	started "$work/out"
	kill "-$name" $pid
	wait $pid
	status=$?
}

signals() {
	local name
	for name in HUP INT QUIT TERM USR1; do
		signal_to $name sh -c 'echo on; exec sleep 777'
		is $status $((128 + $(kill -l $name))) "$runtime: $name ends a command that does nothing about it"
	done
	signal_to TERM sh -c 'trap "echo got; exit 5" TERM; echo on; sleep 777 & wait'
	is "$status $(tail -n 1 "$work/out")" "5 got" "$runtime: a handler of the command's has its way"
	is "$(left)" "" "$runtime: signals: nothing is left"
}

stubborn() {
	local pid
	: >"$work/out"
	"$HR_PROGRAM" try --quiet -- sh -c 'trap "" INT TERM; echo on; sleep 777 & wait' >"$work/out" 2>&1 &
	pid=$!
	started "$work/out"
	kill -INT $pid
	sleep 0.5
	check "$runtime: one INT is the command's to ignore" kill -0 $pid
	kill -INT $pid
	wait $pid
	is $? 130 "$runtime: the second INT ends it"
	is "$(left)" "" "$runtime: stubborn: nothing is left"
}

terminal() {
	python3 "$HR_TEST_SRCDIR/tests/e2e/try_terminal.py" "$HR_PROGRAM" >"$work/said" 2>&1
	local resized="size 50 132"
	# crun 1.8 does not hand on a new size, with or without hardrun.
	[ "$runtime" = runc ] || resized="size 30 100"
	is "$(cat "$work/said")" "$(printf '%s\n' "size 30 100" "$resized" "status 4" "raw again no" "interrupt 7")" \
		"$runtime: a terminal: size, resize, status, its settings afterwards, Ctrl-C reaches the command"
	is "$(left)" "" "$runtime: terminal: nothing is left"
}

# ---- deaths ------------------------------------------------------------------------------

victim() { # KIND SUPERVISOR: a pid
	case $1 in
	supervisor) echo "$2" ;;
	runtime) pgrep -P "$2" | head -n 1 ;;
	guard) pgrep -f "hardrun try" | grep -vx "$2" | tail -n 1 ;;
	container) pgrep -f 'sleep 7[7]' | head -n 1 ;;
	esac
}

deaths() { # KIND
	local i pid target
	for ((i = 0; i < kills; i++)); do
		"$HR_PROGRAM" try --quiet -- sh -c 'mount x /mnt 2>/dev/null; exec sleep 777' </dev/null >/dev/null 2>&1 &
		pid=$!
		sleep "0.$(printf %03d $((i * 400 / kills)))"
		target=$(victim "$1" $pid)
		[ -z "$target" ] || kill -KILL "$target" 2>/dev/null
		sleep 0.05
		[ "$1" = supervisor ] || { sleep 0.3; kill -TERM $pid 2>/dev/null; sleep 0.1; kill -TERM $pid 2>/dev/null; }
		wait $pid 2>/dev/null
	done 2>/dev/null
	is "$(left)" "" "$runtime: $1 killed at $kills instants: nothing is left"
}

many() {
	local i pids=() bad=0
	for ((i = 0; i < 10; i++)); do
		"$HR_PROGRAM" try --json "$work/many$i" --quiet -- sh -c "chroot / true; exit $i" >/dev/null 2>&1 &
		pids+=($!)
	done
	for ((i = 0; i < 10; i++)); do
		wait "${pids[$i]}"
		[ $? -eq $i ] && jq -e '[.calls[] | select(.runtime | not) | .count] == [1]' "$work/many$i" >/dev/null ||
			bad=$((bad + 1))
	done
	is $bad 0 "$runtime: ten at once, each with its own status and table"
	is "$(left)" "" "$runtime: ten at once: nothing is left"
}

# ---- the same answers --------------------------------------------------------------------

# The probe of the escape corpus, 432 tries, first as a container of hardrun and then as a trial.
same_answers() { # PROFILE
	local bundle=$work/b/same asked=$work/b/asked user=0
	[ "$1" = default ] || { user=1000 && real_policy '{"version": 1}'; }
	install -m 755 "$probe" "$work/image/probe"
	real_bundle "$bundle" "$(real_spec)" ".process.args = [\"/probe\"] | .process.user = {uid: $user, gid: $user}"
	real_bundle "$asked" "$(real_spec)" ".process.args = [\"/probe\"] | .process.user = {uid: $user, gid: $user}"
	called=hardrun
	[ "$1" = default ] || called=hardrun-$1
	hr run --bundle "$bundle" same </dev/null >"$work/production" 2>"$work/err"
	"$HR_PROGRAM" try --quiet --handler "$called" --bundle "$asked" </dev/null >"$work/tried" 2>"$work/err"
	is "$(diff "$work/production" "$work/tried" | head -n 20)" "" \
		"$runtime: $1: every probe of the escape corpus gets production's answer"
	is "$(($(wc -l <"$work/production") > 400))" 1 "$runtime: $1: more than 400 probes"
	called=hardrun
}

probe=${HR_BUILDDIR:-.}/tests/escape/probe
if [ ! -x "$probe" ]; then
	probe=$work/probe
	gcc -static -O1 -o "$probe" "$HR_TEST_SRCDIR"/tests/escape/*.c || exit 1
fi
for runtime in runc crun; do
	real_begin "$runtime" || continue
	statuses
	failures
	refused
	json
	signals
	stubborn
	terminal
	for kind in supervisor runtime container; do deaths $kind; done
	many
	same_answers default
	same_answers restricted
	real_end
done
finish
