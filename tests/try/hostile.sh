#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs that make it hard to watch them (hostile.c, odd.c, first.c) under `hardrun try`: what they
# say and how they end must be as under `hardrun run`, counts are exact, and nothing of
# them is left.
set -u
# shellcheck source=tests/try/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/try/lib.sh"

# counts: "CALL COUNT" a line, of what the command was refused
counts() {
	jq -r '[.calls[] | select(.runtime | not)] | group_by(.call | sub("\\(.*"; ""; "s"))[]
		| "\(.[0].call | sub("\\(.*"; ""; "s")) \(map(.count) | add)"' "$work/try.json" 2>&1
}

# alike NAME COUNTS COMMAND...: the same end and output as in production, and these counts
alike() {
	local name=$1 wanted=$2 before
	shift 2
	production "$profile" "$@"
	before="ended with $status"$'\n'$(cat "$work/out")
	try "$profile" -- "$@"
	if [ "ended with $status"$'\n'"$(cat "$work/out")" = "$before" ]; then
		ok "$runtime: $name: as in production"
	else
		not_ok "$runtime: $name: as in production" "$(diff <(echo "$before") \
			<(echo "ended with $status" && cat "$work/out") | head -40
			tail -n 10 "$work/err")"
	fi
	is "$(counts)" "$wanted" "$runtime: $name: counts"
}

answers_and_counts() {
	profile=default
	alike "500 children" "keyctl 500" /hostile forks
	alike "50 threads" $'clone3 50\nkeyctl 5000' /hostile threads
	local start=$EPOCHREALTIME
	alike "100000 calls" "keyctl 100000" /hostile many
	note "$runtime: 100000 refused calls, production and watched:" \
		"$(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
	alike "vfork and exec" "keyctl 40" /hostile vforks
	alike "all descriptors closed" $'chroot 1\nkeyctl 1' /odd closed
	alike "the first instructions" "keyctl 1" /first
	alike "int 0x80" "" /odd i386
	alike "x32" "" /odd x32
	alike "abort" "" /odd abort
	alike "looking for the watcher" "keyctl 1" /odd finder
	unlike "$(cat "$work/out")" 'hardrun' "$runtime: it sees no name of ours"
	profile=restricted
	alike "a setuid program" "keyctl 1" /odd setuid /setuid
	like "$(cat "$work/out")" '^1000 1000 1000 1000, ENOSYS$' "$runtime: which becomes nobody else"
}

# Filters that the program puts on top: what the kernel takes of both.
own_filters() {
	profile=default
	alike "a filter of its own, EACCES" "chroot 1" /odd filter errno
	alike "a filter of its own, LOG" $'chroot 1\nkeyctl 1' /odd filter log
	alike "a filter of its own, TRACE" $'chroot 1\nkeyctl 1' /odd filter trace
	alike "a filter of its own, TRAP" "" /odd filter trap
	alike "a filter of its own, KILL" "" /odd filter kill
}

# An answer and a signal can come in the same moment, so one in a hundred may be counted twice.
stormy() { # "keyctl COUNT" ANSWERED NAME
	local counted=${1#keyctl }
	[[ $counted =~ ^[0-9]+$ ]] && ((counted >= $2 && counted <= $2 + $2 / 100))
	is $? 0 "$runtime: $3: $2 were answered, counted: $1"
}

counts_of() { # PROGRAM: of hostile, whose answers must be as in production
	production default "/hostile" "$1" && cp "$work/out" "$work/wanted"
	try default -- "/hostile" "$1"
	cmp -s "$work/wanted" "$work/out" && counts
}

# Signals during calls. Without SA_RESTART a call that waits may be interrupted (hardrun-try(8)).
interrupted() {
	profile=default
	stormy "$(counts_of storm)" 20000 "SIGALRM every 200 microseconds"
	try default -- /hostile storm-plain
	like "$(cat "$work/out")" '^ENOSYS [0-9]+ EINTR [0-9]+ other 0$' \
		"$runtime: the same without SA_RESTART: no other answer"
	note "$runtime: without SA_RESTART: $(cat "$work/out"), counted $(counts)"
	stormy "$(counts)" "$(sed -E 's/ENOSYS ([0-9]+).*/\1/' "$work/out")" "the same without SA_RESTART"
	local before
	production default /hostile nested
	before=$status$(<"$work/out")
	try default -- /hostile nested
	is "$status$(<"$work/out")" "$before" "$runtime: refused calls in a handler"
	production default /hostile killed
	before=$status$(<"$work/out")
	try default -- /hostile killed
	is "$status$(<"$work/out")" "$before" "$runtime: killed while it waits"
	try default -- /hostile orphans
	is "$status" 5 "$runtime: children that outlive the first process"
	nothing_left "children that outlive the first process"
}

# Bytes that would steer a terminal, break lines or JSON.
odd_names() {
	profile=default
	alike "odd names" "chroot 5" /odd names
	check "$runtime: the report is JSON" jq -e . "$work/try.json"
	unlike "$(cat "$work/err")" $'\033' "$runtime: no escape sequence in the text"
	is "$(LC_ALL=C grep -cxF 'refused calls' "$work/err")" 1 "$runtime: no line of the text is forged"
	check "$runtime: the text is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$work/err"
	try default -- /odd different
	is "$status" 0 "$runtime: 20000 different calls"
	is "$(cat "$work/out")" "right 20000" "$runtime: all are answered"
	is "$(jq '([.calls[] | select(.runtime | not) | .count] | add) + .beyond' "$work/try.json")" 20000 \
		"$runtime: all are counted, $(jq '.calls | length' "$work/try.json") have a row"
	[ "$(wc -l <"$work/err")" -lt 3000 ]
	is $? 0 "$runtime: the text does not grow without end"
}

# Ends by a signal that the command ignores: the first is its own, the second kills it.
deaf() {
	profile_words default
	"$work/bin/hardrun" try "${words[@]}" --rootfs "$work/image" -- /hostile deaf \
		>"$work/out" 2>"$work/err" </dev/null &
	local pid=$!
	tried+=("$pid")
	until_true grep -q deaf "$work/out"
	kill -TERM "$pid"
	sleep 0.7
	check "$runtime: a signal that the command ignores does not end it" kill -0 "$pid"
	kill -INT "$pid"
	wait "$pid"
	is $? 130 "$runtime: the second one kills"
	like "$(cat "$work/err")" 'keyctl' "$runtime: and the table comes all the same"
	nothing_left "a command that ignores signals"
}

not_started() {
	try default -- /nowhere
	is "$status" 127 "$runtime: a command that is not there"
	try default -- /etc/passwd
	is "$status" 126 "$runtime: a command that cannot be run"
	nothing_left "commands that do not start"
}

try_sandbox "$@"
compiled hostile
compiled odd
gcc -nostdlib -static -o "$work/image/first" "$try_tests/first.c" || skip_all "no first.c here"
install -m 4755 "$work/image/odd" "$work/image/setuid"
chmod 644 "$work/image/etc/passwd"
for runtime in runc crun; do
	try_begin "$runtime" || continue
	answers_and_counts
	own_filters
	interrupted
	odd_names
	deaf
	not_started
	nothing_left "all of it"
	real_end
done
finish
