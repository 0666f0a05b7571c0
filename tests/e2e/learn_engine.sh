#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seccomp.learn under containerd (ctr): the recorder of a container, what it writes, and its ends.
set -u
# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh" || exit
containerd_sandbox "$@"
cover /var/lib || skip_all "no overlay file system over /var/lib"
rm -rf /var/lib/hardrun
learned=/var/lib/hardrun/learn sockets=/run/hardrun/learn
with_policy '{"version": 1, "default": "learning",
	"profiles": {"learning": {"extends": "default", "seccomp": {"learn": true}}}}'

recording() { jq -r "$2" "$learned/$1.json" 2>&1; } # ID FILTER
complete() { [ "$(recording "$1" .complete)" = true ]; }
cut_short() { [ "$(recording "$1" .complete)" = false ]; }
calls() { recording "$1" '.calls | if type == "object" then keys else map(.name // .call) end | join(" ")'; }
has_call() { [[ " $(calls "$1") " == *" $2 "* ]]; }
recorders() { grep -lsx hardrun-learn /proc/[0-9]*/comm | cut -d / -f 3; }
no_recorders() { [ -z "$(recorders)" ]; }
no_sockets() { [ -z "$(ls -A "$sockets" 2>/dev/null)" ]; }
gone() { [ ! -e "/proc/$1" ]; }

# ---- one that ends by itself -----------------------------------------------------------

out=$(foreground whole -- sh -c 'mkdir /tmp/made && chmod 700 /tmp/made && echo did' 2>"$work/err")
is "$out" did "a container whose calls are recorded does its work"
note "$(head -c 300 "$work/err")"
check "its recording is complete" within 10 complete whole
check "it holds a call of the command" has_call whole mkdir
check "and another one" has_call whole chmod
unlike "$(calls whole)" '(^| )swapon( |$)' "and none that it did not make"
is "$(stat -c '%a %u %g' "$learned/whole.json" "$learned" | tr '\n' ' ')" "600 0 0 700 0 0 " \
	"recording and directory are root's alone"
check "no recorder is left" within 5 no_recorders
check "no socket is left" within 5 no_sockets
is "$(recording whole .id)" whole "the recording says of which container"
like "$(recording whole .ended)" '^20[0-9][0-9]-' "and when it ended"

# ---- while it runs ---------------------------------------------------------------------

start long -- sh -c 'while :; do sleep 1; done' 2>"$work/err"
check "the container runs" within 10 has_status long RUNNING
check "its recorder runs" within 5 test -n "$(recorders)"
check "the recording is there and not complete" within 5 cut_short long
recorder=$(recorders)
is "$(find "/proc/$recorder/fd" -type l -printf '%f\n' | sort -n | head -3 | tr '\n' ' ')" "0 1 2 " \
	"the recorder has standard descriptors"
is "$(readlink "/proc/$recorder/fd/0" "/proc/$recorder/fd/1" "/proc/$recorder/fd/2" | sort -u)" \
	/dev/null "which are /dev/null"
unlike "$(readlink /proc/"$recorder"/fd/*)" 'pipe:|/state/|config\.json' "it holds nothing of the engine's"
is "$(readlink "/proc/$recorder/cwd")" / "its working directory is /"
is "$(awk '{ print $6 }' "/proc/$recorder/stat")" \
	"$(awk '{ print $5 }' "/proc/$recorder/stat")" "it is in a session of its own"
has_call long symlink && not_ok "nothing has made a link yet" "$(calls long)"
is "$(heard inside long -- sh -c 'ln -s a /tmp/b && readlink /tmp/b')" a "an exec works"
check "what it did comes into the recording while the container runs" within 10 has_call long symlink
check "it is not complete" cut_short long
kill -TERM "$recorder"
sleep 0.3
check "who asks the recorder to end is not heard: the container needs it" test -e "/proc/$recorder"
is "$(heard inside long -- echo still)" still "and everything still works"
end long >"$work/out" 2>&1
check "the container can be deleted" test -z "$(status_of long)"
check "its recording is complete" within 10 complete long
check "its recorder has ended" within 5 gone "$recorder"
check "its socket is gone" within 5 no_sockets

# ---- the recorder is killed ------------------------------------------------------------

start orphan -- sh -c 'while :; do mkdir /tmp/x; rmdir /tmp/x; sleep 0.1 || exit 9; done' 2>"$work/err"
check "another container runs" within 10 has_status orphan RUNNING
check "its recording has begun" within 10 has_call orphan mkdir
recorder=$(recorders)
kill -KILL "$recorder"
check "its recorder is killed" within 5 gone "$recorder"
check "the recording is cut short" cut_short orphan
begun=$SECONDS
inside orphan -- true >"$work/out" 2>"$work/err"
check "an exec does not hang then" test $((SECONDS - begun)) -lt 15
begun=$SECONDS
ctr task kill --signal KILL orphan >"$work/out" 2>&1
check "the container can be killed" within 10 has_status orphan STOPPED
ctr task rm orphan >"$work/out" 2>&1
ctr containers rm orphan >"$work/out" 2>&1
check "and deleted" test -z "$(status_of orphan)"
check "without waiting for anybody" test $((SECONDS - begun)) -lt 20
check "the recording stays" cut_short orphan

# ---- the same name again ---------------------------------------------------------------

out=$(foreground orphan -- echo again 2>"$work/err")
is "$out" again "a container with that name can be made again"
check "its recording is complete" within 10 complete orphan
is "$(jq .complete "$learned/orphan.json.1")" false "the older recording is kept beside it"
check "what the dead recorder left is gone" within 5 no_sockets

# ---- a create that fails ---------------------------------------------------------------

out=$(foreground fails -- /bin/not-there 2>"$work/err")
check "a container that cannot be started leaves no recorder" within 10 no_recorders
check "and no socket" within 5 no_sockets
check "and what is recorded of it is not taken for whole, or nothing is" \
	test "$(recording fails '.calls | length')" != 0 -o ! -e "$learned/fails.json"

# ---- many at once ----------------------------------------------------------------------

many=()
for i in 1 2 3 4 5 6; do
	foreground "many$i" -- sh -c "mkdir /tmp/$i; echo $i" >"$work/many$i" 2>&1 &
	many+=($!)
done
wait "${many[@]}"
is "$(cat "$work"/many[1-6] | sort | tr '\n' ' ')" "1 2 3 4 5 6 " "six at once work"
for i in 1 2 3 4 5 6; do
	if ! within 10 complete "many$i" || ! has_call "many$i" mkdir; then break; fi
done
is "$i $(recording "many$i" .complete)" "6 true" "and each has a recording of its own"
check "no recorder is left in the end" within 5 no_recorders
check "no socket is left in the end" within 5 no_sockets
check "no container is left" no_processes
finish
