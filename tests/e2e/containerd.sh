#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container's life under a real containerd (driven by ctr): what the kernel says of init and
# of every exec, the whole of the task commands, what a refusal looks like to the person who
# typed the command, handlers, and whose word counts below CRI's own root.
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"
containerd_sandbox "$@"

none=0000000000000000 # what profile sandbox leaves
port=0000000000000400 # what profile restricted leaves: CAP_NET_BIND_SERVICE

# with MASK: the figures of a hardened process with that bounding set
with() { printf '%s' "${hardened//$eight/$1}"; }
# Which refuses root; a process of another user has them as a bound only.
of_user=test.example/busybox:user
restricted="CapPrm:$none CapEff:$none CapBnd:$port NoNewPrivs:1 Seccomp:2"

# A pseudo-terminal around ctr, which insists on one for --tty. It may end before it has shown
# the last words of a container: whoever writes waits a moment.
terminal() { # COMMAND...
	timeout 60 script -qec "${*@Q}" /dev/null </dev/null 2>&1
}

# ---- run -------------------------------------------------------------------------------

is "$(figures "$(heard foreground look -- cat /proc/self/status)")" "$hardened" \
	"run: init is hardened"
is "$(heard foreground nnp --allow-new-privs -- grep NoNewPrivs /proc/self/status)" \
	$'NoNewPrivs:\t1' "run --allow-new-privs: init still cannot gain privileges"

foreground streams -- sh -c 'echo to-out; echo to-err >&2; sleep 0.2; exit 7' \
	>"$work/out" 2>"$work/err"
is "$?" 7 "run: the exit status is the command's"
is "$(cat "$work/out")" to-out "run: stdout holds what the container wrote and nothing else"
is "$(cat "$work/err")" to-err "run: stderr holds what the container wrote and nothing else"
# ctr run does not close the container's stdin at the end of its own: ask for one line.
feed_run() { echo from-in | through hardrun input --rm -- head -n 1; }
is "$(heard feed_run)" from-in "run: stdin arrives"
terminal ctr run --runtime io.containerd.runc.v2 --runc-binary "$work/bin/hardrun" --rm --tty \
	"$image" tty sh -c 'tty; cat /proc/self/status; sleep 0.5; exit 5' >"$work/out"
is "$?" 5 "run --tty: the exit status is the command's"
like "$(head -n 1 "$work/out")" /dev/pts/0 "run --tty: the container has a terminal"
is "$(figures "$(tr -d '\0' <"$work/out")")" "$hardened" "run --tty: hardened"
foreground killed -- sleep 1000 >"$work/out" 2>&1 &
within 10 has_status killed RUNNING
ctr task kill --signal KILL killed
wait $!
is "$?" 137 "run: the status of a killed command"
foreground nothing -- /bin/not-there >"$work/out" 2>&1
like "$(cat "$work/out")" '/bin/not-there.*no such file' "run: the runtime's own error arrives"
clean "run: nothing is left of these"

# ---- exec ------------------------------------------------------------------------------

start life --log-uri "file://$work/logged" -- sh -c 'echo to-out; echo to-err >&2; sleep 1000'
is "$?" 0 "run --detach"
is "$(status_of life)" RUNNING "run --detach: it runs"
init=$(pid_of life)
is "$(figures_of life)" "$hardened" "run --detach: init is hardened"
within 5 grep -q to-err "$work/logged"
is "$(sort "$work/logged")" $'to-err\nto-out' \
	"run --detach: the log holds the container's words only"
is "$(cat "$bundles/$namespace/life/log.json" 2>/dev/null)" "" "run --detach: log.json stays empty"
record=$(record_of life)
is "$(jq -r '"\(.state) \(.profile) \(.handler) \(.kind)"' "$record")" \
	"committed default hardrun runc" "run --detach: the record says what was made"

is "$(figures_exec life)" "$hardened" "exec is hardened"
inside life -- sh -c 'exit 9'
is "$?" 9 "exec: the exit status is the command's"
inside life -- sh -c 'echo to-out; echo to-err >&2; sleep 0.2' >"$work/out" 2>"$work/err"
is "$(cat "$work/out")" to-out "exec: stdout holds what the command wrote and nothing else"
is "$(cat "$work/err")" to-err "exec: stderr holds what the command wrote and nothing else"
feed_exec() { echo from-in | ctr task exec --exec-id "input$RANDOM" life cat; }
is "$(heard feed_exec)" from-in "exec: stdin arrives and ends"
terminal ctr task exec --exec-id tty --tty life \
	sh -c 'tty; cat /proc/self/status; sleep 0.5; exit 3' >"$work/out"
is "$?" 3 "exec --tty: the exit status is the command's"
like "$(head -n 1 "$work/out")" '/dev/pts/[0-9]' "exec --tty: there is a terminal"
is "$(figures "$(tr -d '\0' <"$work/out")")" "$hardened" "exec --tty: hardened"
inside life --detach -- sh -c 'cat /proc/self/status >/tmp/shown; sleep 1000'
is "$?" 0 "exec --detach"
within 5 inside life -- grep -q Seccomp /tmp/shown
is "$(figures "$(heard inside life -- cat /tmp/shown)")" "$hardened" "exec --detach: hardened"
is "$(heard inside life --user 1000 -- sh -c 'id -u; grep -c "^CapEff:.0*$" /proc/self/status')" \
	$'1000\n1' "exec --user: another user, and no capabilities for it"
inside life -- /bin/not-there >"$work/out" 2>&1
like "$(cat "$work/out")" '/bin/not-there.*no such file' "exec: the runtime's own error arrives"
inside life --cwd /proc/self/fd/7 -- true >"$work/out" 2>&1
is "$?" 1 "exec --cwd /proc/self/fd/7 fails"
like "$(cat "$work/out")" 'refused by cwd: cwd "/proc/self/fd/7": .*rule cwd.*; use ' \
	"exec --cwd /proc/self/fd/7: field, value, rule and remedy are shown"

# ---- the other commands ----------------------------------------------------------------

is "$(ctr task ps life | awk 'NR > 1 { print $1 }' | grep -cx "$init")" 1 "ps knows init"
is "$(ctr task ps life | wc -l)" 3 "ps knows the detached exec"
ctr task metrics life >"$work/out" 2>&1
is "$?" 0 "metrics"
like "$(cat "$work/out")" 'pids.current +2' "metrics: numbers of this container"
ctr task pause life
is "$? $(status_of life)" "0 PAUSED" "pause"
is "$(timeout 1 "$(type -P ctr)" task exec --exec-id late life echo late </dev/null 2>/dev/null)" \
	"" "pause: nothing runs in it"
ctr task resume life
is "$? $(status_of life)" "0 RUNNING" "resume"
is "$(heard inside life -- echo again)" again "resume: exec works again"

ctr task checkpoint --image-path "$work/checkpoint" life >"$work/out" 2>&1
if command -v criu >/dev/null; then
	skip "checkpoint: the runtime's own refusal arrives" "criu is installed"
else
	like "$(cat "$work/out")" 'CRIU version check failed' \
		"checkpoint: the runtime's own refusal arrives"
fi
unlike "$(cat "$work/out")" 'hardrun: ' "checkpoint: hardrun has nothing to say"

ctr task kill --signal USR1 life
is "$? $(status_of life)" "0 RUNNING" "kill with a signal that init has no handler for"
ctr task rm life >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^[1-9].*must be stopped' \
	"delete of a running one is refused by containerd"
ctr task kill --signal KILL life
within 10 has_status life STOPPED
is "$? $([ -e "/proc/$init" ] && echo there)" "0 " "kill: init is gone"
ctr task kill --signal KILL life >"$work/out" 2>&1
like "$(cat "$work/out")" 'process already finished|not found' \
	"kill of a dead one: containerd understands the runtime's answer"
ctr task rm life >/dev/null 2>&1
ctr containers rm life
is "$? $(ctr containers ls -q)" "0 " "delete"
clean "delete: nothing is left"
check "delete: the record stays, for a later create to sweep" test -e "$record"
start life -- sleep 1000
is "$? $(status_of life)" "0 RUNNING" "the same name can be used again at once"
end life
start stubborn -- sh -c 'trap "" TERM; sleep 1000 & sleep 1000'
ctr task rm --force stubborn >/dev/null 2>&1
is "$?" 0 "delete --force of one that ignores signals"
ctr containers rm stubborn
clean "delete --force: nothing is left"

# ---- refusals --------------------------------------------------------------------------

# refused NAME REGEX ID FLAG... -- COMMAND: ctr says it, and nothing comes into being
refused() {
	local name=$1 regex=$2
	shift 2
	foreground "$@" >"$work/out" 2>"$work/err"
	is "$?" 1 "$name: ctr fails"
	like "$(cat "$work/err")" "OCI runtime create failed: hardrun: .*$regex" \
		"$name: ctr shows which rule, which field and what to do"
	is "$(cat "$work/out")$(ctr task ls -q)" "" "$name: nothing was started"
}

refused "run --net-host" \
	'refused by namespaces: linux\.namespaces: .*network.*rule namespaces.*\); .*"allow_host"' \
	no --net-host -- true
refused "run --privileged" \
	'refused by privileged: process\.capabilities: .*CAP_SYS_ADMIN.*rule privileged\.allow.*\); .* and [0-9]+ more' \
	no --privileged -- true
refused "run --cap-add" \
	'bounding "CAP_SYS_ADMIN": .*rule capabilities\.allow.*\); .*"allow": \[.*"CAP_SYS_ADMIN"\]' \
	no --cap-add CAP_SYS_ADMIN -- true
refused "run --with-ns" \
	'linux\.namespaces\[[0-9]+\]\.path "/proc/1/ns/pid": .*rule namespaces.*; ' \
	no --with-ns pid:/proc/1/ns/pid -- true
refused "run --cwd" 'refused by cwd: process\.cwd "/proc/self/fd/7": .*rule cwd.*; use ' \
	no --cwd /proc/self/fd/7 -- true
ctr run --runtime io.containerd.runc.v2 --runc-binary "$work/bin/hardrun" --rm --rootfs / no true \
	>"$work/out" 2>"$work/err" </dev/null
is "$?" 1 "run --rootfs /: ctr fails"
like "$(cat "$work/err")" 'refused by rootfs: root\.path "/": .*rule rootfs.*; ' \
	"run --rootfs /: says why"
is "$(jq -r 'select(.verdict == "refuse" and .event == "create" and .id == "no") | .message' \
	"$audit" | wc -l)" 6 "every refused create is in the audit log"
clean "refusals leave nothing"
is "$(for name in "$records"/*; do jq -r .id "$name"; done | grep -cx no)" 0 \
	"a refused create leaves no record"

with_policy '{"version": 1, "profiles": {"web": {"extends": "default", "capabilitys": {}}}}'
refused "policy with a mistake" \
	'/etc/hardrun/policy\.json:1:[0-9]+: .*capabilitys.*capabilities' no -- true
with_policy '{"version": 1,'
refused "policy that is no JSON" '/etc/hardrun/policy\.json:[0-9]+:[0-9]+: ' no -- true
with_policy
rm /etc/hardrun/policy.json
refused "policy that is missing" '/etc/hardrun/policy\.json.*; ' no -- true
with_policy
chmod 666 /etc/hardrun/policy.json
refused "policy that others can write" \
	'/etc/hardrun/policy\.json.*; chown root: and chmod go-w' no -- true
clean "bad policies leave nothing"

# ---- handlers --------------------------------------------------------------------------

with_policy '{"version": 1, "rules": [
	{"when": {"handler": "hardrun-restricted"}, "use": "restricted"}]}'
handler hardrun-restricted /usr/sbin/runc
handler hardrun-unknown /usr/sbin/runc
ln -sfn "$HR_PROGRAM" "$work/bin/hardrun-unlinked"
through hardrun-restricted no --rm -- true >"$work/out" 2>&1 </dev/null
like "$? $(cat "$work/out")" '^1 .*refused by user: process\.user\.uid' \
	"handler hardrun-restricted: an image of root is refused"
containerd_image_for 1000:1000 "$of_user"
image=$of_user through hardrun-restricted strict --detach -- sleep 1000
is "$?" 0 "handler hardrun-restricted"
is "$(figures_exec strict)" "$restricted" "exec in it: profile restricted"
is "$(figures_of strict)" "$restricted" "init: profile restricted"
policy '{"version": 1,'
is "$(figures_exec strict)" "$restricted" \
	"exec with a broken policy: what create decided"
with_policy
inside strict -- true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^1 .*handler "hardrun-restricted" .*; make it with: ln -s ' \
	"exec without the handler's link: says what to make"
handler hardrun-restricted /usr/sbin/runc
is "$(figures_exec strict)" "$restricted" \
	"exec with a policy that has no rule for it any more: what create decided"
rm "$(record_of strict)"
is "$(figures_exec strict)" "$restricted" \
	"exec without a record: not more than the bundle has"
end strict
through hardrun-unlinked no --rm -- true >"$work/out" 2>&1 </dev/null
like "$? $(cat "$work/out")" '^1 .*handler "hardrun-unlinked" .*/runtimes/hardrun-unlinked.*; ' \
	"a handler without a link is refused"
handler hardrun-unknown /usr/sbin/runc
through hardrun-unknown no --rm -- true >"$work/out" 2>&1 </dev/null
like "$? $(cat "$work/out")" '^1 .*hardrun-unknown' \
	"a handler that no rule names is refused, not defaulted"
clean "handlers leave nothing"

# ---- CRI's own root --------------------------------------------------------------------

# Root .../k8s.io and bundle .../k8s.io/ID are what CRI's containers have, and who may talk to
# containerd's socket can have them too: that is a trusted caller (SECURITY.md), whose word on
# the pod is believed. What such a claim can bring is looked at here: profile sandbox, the
# tightest there is, and a pod's name to choose a rule by.
type=io.kubernetes.cri.container-type
no_policy

# claim ID FLAG...: figures and, on the second line, profile and identity of the audit log
claim() {
	local id=$1
	shift
	figures "$(heard foreground "$id" --cgroup "/$namespace/$id" "$@" -- cat /proc/self/status 2>&1)"
	echo
	jq -r --arg id "$id" 'select(.id == $id) | "\(.verdict) \(.profile) \(.identity.kind)"' \
		"$audit" | tail -n 1
}

export CONTAINERD_NAMESPACE=k8s.io
ctr images import --snapshotter "$CONTAINERD_SNAPSHOTTER" "$work/image.tar" >/dev/null 2>&1
is "$(claim cri-plain)" \
	"$hardened"$'\n'"accept default null" "k8s.io without a claim: profile default"
is "$(claim cri-sandbox --annotation "$type=sandbox")" \
	"$(with "$none")"$'\n'"accept sandbox sandbox" "k8s.io, a claimed sandbox: profile sandbox"
is "$(claim cri-label --label "$type=sandbox")" \
	"$(with "$none")"$'\n'"accept sandbox sandbox" "k8s.io, claimed by a label: the same"
is "$(claim cri-container --annotation "$type=container")" \
	"$hardened"$'\n'"accept default container" "k8s.io, a claimed workload: profile default"
is "$(claim cri-else --annotation "$type=Sandbox")" \
	"$hardened"$'\n'"accept default null" "k8s.io, a claim of another kind: not believed"
refused "k8s.io, a sandbox that asks for more" 'process\.capabilities\.bounding "CAP_SYS_ADMIN"' \
	no --annotation "$type=sandbox" --cap-add CAP_SYS_ADMIN -- true
refused "k8s.io, a sandbox in the host's network" 'linux\.namespaces' \
	no --annotation "$type=sandbox" --net-host -- true
start cri-held --annotation "$type=sandbox" --cgroup "/$namespace/cri-held" -- sleep 1000
is "$(figures_exec cri-held)" "$(with "$none")" "k8s.io: exec in a sandbox: the same"
end cri-held
with_policy '{"version": 1, "profiles": {"pay": {"extends": "restricted"}},
	"rules": [{"when": {"namespace": ["pay"]}, "use": "pay"}]}'
containerd_image_for 1000:1000 "$of_user"
is "$(image=$of_user claim cri-pay --annotation "$type=container" \
	--annotation io.kubernetes.cri.sandbox-namespace=pay)" \
	"$restricted"$'\n'"accept pay container" "k8s.io: a rule on the pod's namespace"
export CONTAINERD_NAMESPACE=$namespace
is "$(claim plain-sandbox --annotation "$type=sandbox")" \
	"$hardened"$'\n'"accept default null" "elsewhere a claimed sandbox is not believed"
is "$(claim plain-pay --annotation "$type=container" \
	--annotation io.kubernetes.cri.sandbox-namespace=pay)" \
	"$hardened"$'\n'"accept default null" "elsewhere a claimed pod is not believed"
clean "claims leave nothing"
finish
