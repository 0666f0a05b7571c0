#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a user of podman sees of a refusal, with and without runtime_supports_json; that nothing
# is left of it; what is clamped without a word; and that every running container can be looked
# at, entered, stopped and removed with the policy broken or missing, with hardrun's records
# gone, and with full file systems.
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/engine_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/engine_setup.sh"
engine_sandbox podman conmon -- "$@"
podman_up

# ---- refusals --------------------------------------------------------------------------

# refused NAME REGEX FLAG...: podman run says it, nothing comes into being, rm works
refused() {
	local name=$1 regex=$2 before
	shift 2
	before=$(lines create refuse)
	podman run --name no --runtime hardrun --cgroup-parent "/$namespace" "$@" busybox true \
		>"$work/out" 2>"$work/err" </dev/null
	is "$? $(cat "$work/out")" "126 " "$name: podman fails with status 126"
	like "$(cat "$work/err")" "Error: OCI runtime error: .*hardrun: $regex" \
		"$name: podman shows which rule, which field and what to do"
	is "$(pm_state no) $(podman inspect -f '{{.State.Pid}}' no)" "created 0 0" \
		"$name: the container was not started"
	podman rm no >/dev/null 2>&1
	is "$? $(podman ps -aq) $(($(lines create refuse) - before))" "0  1" \
		"$name: rm works; a line in the audit log"
}

remedy='\(rule [a-z._]+, profile default, built-in\); '
refusals() { # NAME: the ones that both forms of configuration are asked
	refused "$1run --privileged" \
		"refused by privileged: process\.capabilities: .*CAP_SYS_ADMIN.*$remedy.*\"privileged\": .* and [0-9]+ more" \
		--privileged
	refused "$1run --cap-add SYS_ADMIN" \
		"refused by capabilities: process\.capabilities\.bounding \"CAP_SYS_ADMIN\": .*$remedy.*\"allow\": \[.*\"CAP_SYS_ADMIN\"\]" \
		--cap-add SYS_ADMIN
	refused "$1run -v /:/host" \
		"refused by mounts: mounts\[[0-9]+\]\.source \"/\": .*$remedy.*mount a directory that holds the data alone" -v /:/host
}

refusals ""
for kind in pid ipc network; do
	refused "run --$kind host" \
		"refused by namespaces: linux\.namespaces.* host's $kind namespace $remedy.*\"allow_host\": \[\"$kind\"\]" \
		--$kind host
done
mkdir -p /run/podman
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/podman/podman.sock")'
refused "run -v podman.sock" "refused by mounts: mounts\[[0-9]+\]\.source \"/run/podman/podman\.sock\": .*$remedy" \
	-v /run/podman/podman.sock:/x
mknod "$work/disk" b 7 0
refused "run --device of a disk" \
	"refused by devices: linux\.devices\[[0-9]+\] \"/dev/disk\": .*$remedy.*cannot be allowed" \
	--device "$work/disk:/dev/disk"
refused "run --sysctl" \
	"refused by sysctls: linux\.sysctl\[\"net\.ipv4\.ip_forward\"\] \"1\": .*$remedy.*\"net\.ipv4\.ip_forward\"\]" \
	--sysctl net.ipv4.ip_forward=1
refused "run -w /proc/self/fd/7" \
	"refused by cwd: process\.cwd \"/proc/self/fd/7\": .*\(rule cwd, profile default, built-in\); use " \
	-w /proc/self/fd/7
pm_up --name no --privileged busybox true
like "$? $(cat "$work/started")" '^126 .*hardrun: refused by privileged' "run -d: the same"
podman start no >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^125 .*hardrun: refused by privileged' "start: the same, status 125"
podman rm no >/dev/null
clean "refusals leave nothing"

# podman gives a runtime --log only where it is known to write JSON there.
is "$(jq -rs 'length' "$audit")" "$(lines create refuse)" "all of these, and nothing else, are in the audit log"
sed -i '/^runtime_supports_json/d' /etc/containers/containers.conf.d/hardrun.conf
refusals "without runtime_supports_json: "
pm_up --name no --privileged busybox true
like "$? $(cat "$work/started")" '^126 .*hardrun: refused by privileged' "without runtime_supports_json: run -d"
podman rm no >/dev/null
pm_up --name held busybox sleep 1000
podman exec -w /proc/self/fd/7 held true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^255 .*hardrun: refused by cwd: ' "without runtime_supports_json: exec"
podman rm -f -t 0 held >/dev/null
cp "$HR_TEST_SRCDIR/contrib/podman/containers.conf" /etc/containers/containers.conf.d/hardrun.conf
clean "without runtime_supports_json: nothing is left"

# ---- asked for, and not given ----------------------------------------------------------

for option in seccomp=unconfined apparmor=unconfined unmask=ALL label=disable; do
	is "$(figures "$(pm --security-opt "$option" busybox cat $status_file)")" "$hardened" \
		"run --security-opt $option: hardened all the same"
done
is "$(pm --security-opt unmask=ALL busybox sh -c 'cat /proc/kallsyms | wc -l')" 0 \
	"run --security-opt unmask=ALL: what is to be masked is masked"
check "run --uts host: a uts namespace of its own" test "$(pm --uts host busybox \
	readlink /proc/self/ns/uts)" != "$(readlink /proc/self/ns/uts)"
mknod "$work/char" c 10 229
is "$(pm --device "$work/char:/dev/char" busybox ls /dev/char 2>&1)" \
	"ls: /dev/char: No such file or directory" "run --device of a character device: left out"

# ---- a node on which something is wrong ------------------------------------------------

# lives WHEN: all that must work with a container that runs; three are there from before
lives() {
	local when=$1 out
	is "$(figures "$(podman exec kept cat $status_file 2>&1)")" "$hardened" "$when: exec"
	is "$(figures "$(podman exec --privileged kept cat $status_file 2>&1)")" "$hardened" \
		"$when: exec --privileged gets no more"
	out="$(podman logs kept) $(podman inspect -f '{{.State.Status}}' kept)"
	out+=" $(podman top kept | grep -c 'sleep 1000') $(podman stats --no-stream --format '{{.Name}}' kept)"
	is "$out" "words running 1 kept" "$when: logs, inspect, top, stats"
	podman pause kept >/dev/null && podman unpause kept >/dev/null
	is "$? $(pm_state kept)" "0 running 0" "$when: pause and unpause"
	podman stop -t 0 kept >/dev/null 2>&1
	is "$? $(pm_state kept)" "0 exited 137" "$when: stop"
	podman rm kept >/dev/null
	is "$?" 0 "$when: rm"
	podman kill killed >/dev/null
	is "$?" 0 "$when: kill"
	podman rm -f -t 0 killed forced >/dev/null
	is "$? $(podman ps -q)" "0 " "$when: rm -f"
}

keep() { # three containers that run
	local name
	for name in kept killed forced; do
		pm_up --name $name busybox sh -c 'echo words; exec sleep 1000'
	done
}

none_new() { # WHEN REGEX: a new container is refused
	pm busybox true >"$work/out" 2>&1
	like "$? $(cat "$work/out")" "^126 Error: OCI runtime error: .*hardrun: $2" "$1: run says why it does not"
}

keep
broken_policy
none_new "a policy that is no JSON" '/etc/hardrun/policy\.json:[0-9]+:[0-9]+: '
lives "a policy that is no JSON"
no_policy
keep
with_policy
rm /etc/hardrun/policy.json
none_new "a policy that is missing" '/etc/hardrun/policy\.json.*; '
lives "a policy that is missing"
no_policy
clean "broken policies leave nothing"

keep
rm -rf /run/hardrun /etc/hardrun /var/log/hardrun
lives "all of hardrun's files gone"
is "$(pm busybox echo works)" works "all of hardrun's files gone: run works"
clean "records gone: nothing is left"

keep
small /var/log/hardrun
small /run/hardrun
fill /var/log/hardrun
is "$(pm busybox echo works 2>&1)" works "no room for the audit log: run works"
fill /run/hardrun
none_new "no room for the record" '.*record.*No space left on device'
lives "no room at all"
umount /run/hardrun
with_policy '{"version": 1, "audit": {"required": true}}'
none_new "no room for an audit log that is required" '.*audit.*No space left on device.*audit\.required'
no_policy
umount /var/log/hardrun
is "$(pm busybox echo works 2>&1)" works "room again: run works"
clean "full file systems: nothing is left"
finish
