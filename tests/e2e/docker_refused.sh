#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a user of Docker sees of a refusal (control, field, rule, remedy; exit status), that
# nothing is left of it, what is clamped without a word, and that every running container can be
# looked at, entered, stopped and removed with the policy broken or missing, with hardrun's
# records gone, and with full file systems.
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/engine_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/engine_setup.sh"
engine_sandbox dockerd docker -- "$@"
docker_up

# ---- refusals --------------------------------------------------------------------------

# refused NAME REGEX FLAG... -- : docker run says it, nothing comes into being, rm works
refused() {
	local name=$1 regex=$2 before
	shift 2
	before=$(lines create refuse)
	docker run --name no --runtime hardrun "$@" busybox true >"$work/out" 2>"$work/err" </dev/null
	is "$? $(cat "$work/out")" "125 " "$name: docker fails with status 125"
	like "$(cat "$work/err")" "Error response from daemon: .*OCI runtime create failed: hardrun: $regex" \
		"$name: docker shows which rule, which field and what to do"
	is "$(docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}' no)" "created 128 0" \
		"$name: the container was not started"
	docker rm no >/dev/null 2>&1
	is "$? $(docker ps -aq) $(($(lines create refuse) - before))" "0  1" \
		"$name: rm works; a line in the audit log"
}

remedy='\(rule [a-z._]+, profile default, built-in\); '
refused "run --privileged" \
	"refused by privileged: process\.capabilities: .*CAP_SYS_ADMIN.*$remedy.*\"privileged\": .* and [0-9]+ more" \
	--privileged
refused "run --cap-add SYS_ADMIN" \
	"refused by capabilities: process\.capabilities\.bounding \"CAP_SYS_ADMIN\": .*$remedy.*\"allow\": \[.*\"CAP_SYS_ADMIN\"\]" \
	--cap-add SYS_ADMIN
for kind in pid ipc; do
	refused "run --$kind host" \
		"refused by namespaces: linux\.namespaces: .* host's $kind namespace $remedy.*\"allow_host\": \[\"$kind\"\]" \
		--$kind host
done
refused "run --network host" \
	"refused by namespaces: linux\.namespaces.* host's network namespace $remedy.*\"allow_host\": \[\"network\"\]" \
	--network host
refused "run -v /:/host" "refused by mounts: mounts\[[0-9]+\]\.source \"/\": .*$remedy" -v /:/host
refused "run -v /etc" \
	"refused by mounts: mounts\[[0-9]+\]\.source \"/etc\": .*$remedy.*\"host_paths\": " -v /etc:/x
refused "run -v docker.sock" \
	"refused by mounts: mounts\[[0-9]+\]\.source \"/var/run/docker\.sock\": .*$remedy.*\"sockets\": true" \
	-v /var/run/docker.sock:/var/run/docker.sock
refused "run --mount of a volume that leads to /etc" \
	"refused by mounts: mounts\[[0-9]+\]\.source .*$remedy" \
	--mount type=volume,dst=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc
docker volume prune -f >/dev/null
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
clean "refusals leave nothing"

docker create --name no --runtime hardrun --privileged busybox true >/dev/null
docker start no >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^1 .*hardrun: refused by privileged' "start of a created one: status 1"
docker rm no >/dev/null
docker run -d --restart always --name no --runtime hardrun --privileged busybox true \
	>"$work/out" 2>&1
like "$? $(cat "$work/out")" '^125 .*hardrun: refused by privileged' "run -d --restart always: said at once"
is "$(state_of no)" "created 128" "run -d --restart always: not tried over and over"
docker rm -f no >/dev/null
clean "and these leave nothing"

# ---- asked for, and not given ----------------------------------------------------------

for option in seccomp=unconfined apparmor=unconfined systempaths=unconfined label=disable \
	no-new-privileges=false; do
	is "$(figures "$(dk --security-opt "$option" busybox cat /proc/self/status)")" "$hardened" \
		"run --security-opt $option: hardened all the same"
done
is "$(dk --security-opt systempaths=unconfined busybox sh -c 'cat /proc/kallsyms | wc -l')" 0 \
	"run --security-opt systempaths=unconfined: what is to be masked is masked"
check "run --uts host: a uts namespace of its own" test "$(dk --uts host busybox \
	readlink /proc/self/ns/uts)" != "$(readlink /proc/self/ns/uts)"
check "run --cgroupns host: a cgroup namespace of its own" test "$(dk --cgroupns host busybox \
	readlink /proc/self/ns/cgroup)" != "$(readlink /proc/self/ns/cgroup)"
mknod "$work/char" c 10 229
is "$(dk --device "$work/char:/dev/char" busybox ls /dev/char 2>&1)" \
	"ls: /dev/char: No such file or directory" "run --device of a character device: left out"
is "$(tail -n 1 "$audit" | jq -r '.report[] | select(.action == "drop") | .from.path')" /dev/char "run --device of a character device: the audit log says so"

# ---- a node on which something is wrong ------------------------------------------------

# lives WHEN FIGURES: all that must work with a container that runs; kept is there from before
lives() {
	local when=$1 out
	is "$(figures "$(docker exec kept cat $status_file 2>&1)")" "$2" "$when: exec"
	is "$(figures "$(docker exec --privileged kept cat $status_file 2>&1)")" "$2" \
		"$when: exec --privileged gets no more"
	out="$(docker logs kept) $(docker inspect -f '{{.State.Status}}' kept)"
	out+=" $(docker top kept | grep -c 'sleep 1000') $(docker stats --no-stream --format '{{.Name}}' kept)"
	is "$out" "words running 1 kept" "$when: logs, inspect, top, stats"
	docker pause kept >/dev/null && docker unpause kept >/dev/null
	is "$? $(state_of kept)" "0 running 0" "$when: pause and unpause"
	docker stop -t 0 kept >/dev/null
	is "$? $(state_of kept)" "0 exited 137" "$when: stop"
	docker rm kept >/dev/null
	is "$?" 0 "$when: rm"
	docker kill killed >/dev/null
	is "$?" 0 "$when: kill"
	docker rm -f killed forced >/dev/null
	is "$? $(docker ps -q)" "0 " "$when: rm -f"
}

keep() { # three containers that run
	local name
	for name in kept killed forced; do up --name $name busybox sh -c 'echo words; exec sleep 1000'; done
}

# none_new WHEN REGEX: a new container is refused
none_new() {
	dk busybox true >"$work/out" 2>&1
	like "$? $(cat "$work/out")" "^125 .*OCI runtime create failed: hardrun: $2" "$1: run says why it does not"
}

keep
broken_policy
none_new "a policy that is no JSON" '/etc/hardrun/policy\.json:[0-9]+:[0-9]+: '
lives "a policy that is no JSON" "$hardened"
no_policy
keep
with_policy
rm /etc/hardrun/policy.json
none_new "a policy that is missing" '/etc/hardrun/policy\.json.*; '
lives "a policy that is missing" "$hardened"
no_policy

up --name again busybox sh -c 'sleep 1000'
broken_policy
docker restart -t 0 again >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^1 .*/etc/hardrun/policy\.json' \
	"a policy that is no JSON: restart is a stop and a new container, which is refused"
like "$(state_of again)" '^exited ' "a policy that is no JSON: after it the container is stopped"
no_policy
docker start again >/dev/null
is "$? $(state_of again)" "0 running 0" "the policy is whole again: start works"
docker rm -f again >/dev/null
clean "broken policies leave nothing"

keep
rm -rf /run/hardrun
lives "/run/hardrun gone" "$hardened"
is "$(dk busybox echo works)" works "/run/hardrun gone: run works and makes it again"
keep
rm -rf /run/hardrun /etc/hardrun/runtimes /var/log/hardrun
lives "all of hardrun's files gone" "$hardened"
clean "records gone: nothing is left"

keep
small /var/log/hardrun
small /run/hardrun
fill /var/log/hardrun
is "$(dk busybox echo works 2>&1)" works "no room for the audit log: run works"
fill /run/hardrun
none_new "no room for the record" '.*record.*No space left on device'
lives "no room at all" "$hardened"
umount /run/hardrun
with_policy '{"version": 1, "audit": {"required": true}}'
none_new "no room for an audit log that is required" '.*audit.*No space left on device.*audit\.required'
no_policy
umount /var/log/hardrun
is "$(dk busybox echo works 2>&1)" works "room again: run works"
clean "full file systems: nothing is left"
finish
