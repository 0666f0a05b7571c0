#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container's life under a real dockerd with contrib/docker/daemon.json: what the kernel says
# of its processes, of every exec (docker exec --privileged, too), and all of Docker's commands
# that reach the runtime. Refusals and faults: docker_refused.sh; builds: docker_build.sh.
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/engine_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/engine_setup.sh"
engine_sandbox dockerd docker -- "$@"
docker_up

none=0000000000000000
as_app="CapPrm:$none CapEff:$none CapBnd:$eight NoNewPrivs:1 Seccomp:2"
service='echo to-out; echo to-err >&2; trap "echo term; exit 3" TERM; while :; do sleep 0.1; done'

# ---- run -------------------------------------------------------------------------------

like "$(docker info -f '{{json .Runtimes}}' 2>/dev/null)" '"hardrun".*"hardrun-restricted"' \
	"contrib/docker/daemon.json: dockerd knows the runtimes"
is "$(docker info -f '{{.DefaultRuntime}}')" runc "contrib/docker/daemon.json: the default stays runc"

plain=$(figures "$(docker run --rm busybox cat /proc/self/status)")
like "$plain" 'CapBnd:00000000a80425fb NoNewPrivs:0' "plain runc, to compare: Docker's own fourteen"
is "$(lines create)" 0 "plain runc: hardrun is not asked"
is "$(figures "$(dk busybox cat /proc/self/status)")" "$hardened" "run: init is hardened"
dk busybox sh -c 'echo to-out; echo to-err >&2; exit 7' >"$work/out" 2>"$work/err"
is "$? $(cat "$work/out") $(cat "$work/err")" "7 to-out to-err" \
	"run: exit status, stdout and stderr are the command's, and nothing else"
is "$(echo from-in | docker run --rm -i --runtime hardrun busybox cat)" from-in "run -i: stdin arrives"
terminal docker run --rm -it --runtime hardrun busybox \
	sh -c 'tty; cat /proc/self/status; exit 5' >"$work/out"
is "$? $(first_word)" "5 /dev/pts/0" "run -it: a terminal, the exit status"
is "$(figures "$(cat "$work/out")")" "$hardened" "run -it: hardened"
is "$(figures "$(dk --user app busybox cat /proc/self/status)")" "$as_app" \
	"run --user: another user, hardened"
is "$(dk --user 1000:1000 --group-add 5 busybox id -G)" "1000 5" "run --group-add"
is "$(dk -e WORD=there -w /tmp --hostname named busybox sh -c 'echo $WORD $PWD $(hostname)')" \
	"there /tmp named" "run -e, -w, --hostname"
is "$(dk --read-only --tmpfs /scratch busybox \
	sh -c 'touch /x 2>&1; touch /scratch/x && echo written')" \
	$'touch: /x: Read-only file system\nwritten' "run --read-only, --tmpfs"
is "$(dk -v data:/data busybox sh -c 'echo kept >/data/x')$(dk -v data:/data busybox cat /data/x)" \
	kept "run -v: a named volume is written and read again"
docker volume rm data >/dev/null
mkdir /srv/data && echo from-host >/srv/data/x
is "$(dk -v /srv/data:/data busybox sh -c 'cat /data/x; touch /data/y 2>&1')" \
	$'from-host\ntouch: /data/y: Read-only file system' \
	"run -v: a path of the host can be read, not written, where no policy names it"
with_policy '{"version": 1, "profiles": {"data": {"extends": "default", "mounts":
	{"host_paths": [{"path": "/srv/data", "read_only": false}]}}}, "default": "data"}'
dk -v /srv/data:/data busybox touch /data/y
is "$? $(ls /srv/data)" $'0 x\ny' "run -v: it can be written where the policy says so"
no_policy
is "$(dk --init busybox cat /proc/1/cmdline | tr '\0' ' ')" \
	"/sbin/docker-init -- cat /proc/1/cmdline " "run --init: Docker's init is there"
is "$(dk --pids-limit 7 busybox sh -c "$limit_of; limit pids.max pids/pids.max")" 7 \
	"run --pids-limit: a lower limit stays"
is "$(dk busybox sh -c "$limit_of; limit pids.max pids/pids.max")" 4096 \
	"run: a limit of processes where none was asked for"
is "$(dk --ulimit nofile=512:512 --shm-size 1m busybox \
	sh -c 'ulimit -n; ulimit -c; df -k /dev/shm | awk "NR == 2 {print \$2}"' | xargs)" \
	"512 0 1024" "run --ulimit, --shm-size; no core dumps"
is "$(figures "$(dk --cap-drop ALL busybox cat /proc/self/status)")" "${hardened//$eight/$none}" \
	"run --cap-drop ALL: none are left"
is "$(dk --network none busybox ip -o link | wc -l)" 1 "run --network none: lo alone"
is "$(dk --sysctl net.ipv4.ip_unprivileged_port_start=1 busybox \
	cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 1 "run --sysctl of the container's own"
like "$(dk -m 8m busybox sh -c 'head -c 64m /dev/zero | tail' 2>&1; echo "$?")" '137$' \
	"run -m: the kernel ends what takes more"
if [ "$bridge" = yes ]; then
	up --name web -p 127.0.0.1:8080:80 busybox httpd -f -p 80 -h /etc
	within 5 busybox wget -qO "$work/out" http://127.0.0.1:8080/passwd
	is "$(grep -c app "$work/out")" 1 "run -p: the published port answers"
	is "$(docker port web)" '80/tcp -> 127.0.0.1:8080' "port"
	like "$(docker run --rm --link web --runtime hardrun busybox wget -qO- http://web/passwd 2>&1)" \
		app: "run: one container reaches another over Docker's bridge"
	docker rm -f web >/dev/null
else
	skip "run -p: the published port answers" "no bridge or no packet filter in this kernel"
fi
dk busybox /bin/not-there >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^127 .*/bin/not-there.*no such file' \
	"run: the runtime's own error arrives, with Docker's status for it"
dk busybox /etc/passwd >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^126 .*/etc/passwd.*permission denied' \
	"run: the runtime's other error, too"
clean "run: nothing is left of these"

# ---- exec ------------------------------------------------------------------------------

up --name life -m 64m --health-cmd 'test -e /tmp/well' --health-interval 1s busybox sh -c "$service"
is "$? $(state_of life)" "0 running 0" "run -d"
is "$(docker inspect -f '{{.HostConfig.Runtime}}' life)" hardrun "inspect names the runtime"
is "$(figures "$(cat "/proc/$(docker inspect -f '{{.State.Pid}}' life)/status")")" "$hardened" \
	"run -d: init is hardened"
is "$(figures "$(docker exec life cat $status_file)")" "$hardened" "exec is hardened"
is "$(figures "$(docker exec --privileged life cat $status_file)")" "$hardened" \
	"exec --privileged gets no more than its container"
is "$(jq -r 'select(.event == "exec") | .report[]? | select(.path | test("bounding")) | .control' \
	"$audit" | tail -n 1)" capabilities "exec --privileged: the audit log says what was taken"
is "$(figures "$(docker exec --user app life cat $status_file)")" "$as_app" "exec --user"
is "$(figures "$(docker exec --user 1000 --privileged life cat $status_file)")" "$as_app" \
	"exec --user --privileged"
docker exec life sh -c 'echo to-out; echo to-err >&2; exit 9' >"$work/out" 2>"$work/err"
is "$? $(cat "$work/out") $(cat "$work/err")" "9 to-out to-err" \
	"exec: exit status, stdout and stderr are the command's"
is "$(echo from-in | docker exec -i life cat)" from-in "exec -i: stdin arrives and ends"
terminal docker exec -it life sh -c 'tty; cat /proc/self/status; exit 4' >"$work/out"
like "$? $(first_word)" '^4 /dev/pts/[0-9]' "exec -it: a terminal, the exit status"
is "$(figures "$(cat "$work/out")")" "$hardened" "exec -it: hardened"
is "$(docker exec -e WORD=there -w /tmp life sh -c 'echo $WORD $PWD')" "there /tmp" "exec -e, -w"
docker exec -d life sh -c 'cat /proc/self/status >/tmp/shown; sleep 1000'
within 5 docker exec life grep -q Seccomp /tmp/shown
is "$(figures "$(docker exec life cat /tmp/shown)")" "$hardened" "exec -d: hardened"
docker exec -w /proc/self/fd/7 life true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^126 OCI runtime exec failed: hardrun: refused by cwd: cwd "/proc/self/fd/7": .*\(rule cwd, .*\); use ' \
	"exec -w /proc/self/fd/7: status 126; field, value, rule and remedy are shown"
docker exec life /bin/not-there >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^126 .*/bin/not-there.*no such file' "exec: the runtime's own error"

# ---- the other commands ----------------------------------------------------------------

is "$(docker logs life 2>/dev/null)/$(docker logs life 2>&1 >/dev/null)" to-out/to-err \
	"logs: what the container wrote, and nothing else"
like "$(docker top life)" 'sleep 1000' "top knows the processes of execs"
like "$(docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' life)" '/ 64MiB [2-9]' \
	"stats --no-stream: numbers of this container"
docker update --memory 96m --memory-swap 192m life >/dev/null
is "$? $(docker exec life sh -c "$limit_of; limit memory.max memory/memory.limit_in_bytes")" \
	"0 $((96 << 20))" "update --memory"
docker update --pids-limit -1 life >/dev/null
is "$? $(docker exec life sh -c "$limit_of; limit pids.max pids/pids.max")" "0 4096" \
	"update --pids-limit -1: the limit of processes stays"
is "$(lines update accept)" 2 "update: both are in the audit log"
docker exec life touch /tmp/well
check "healthcheck: healthy" within 6 docker_is life '{{.State.Health.Status}}' healthy
echo copied >"$work/file"
docker cp "$work/file" life:/tmp/file
is "$? $(docker exec life cat /tmp/file)" "0 copied" "cp into it"
is "$(docker cp life:/etc/passwd - | tar -xO | grep -c app)" 1 "cp out of it"
docker pause life >/dev/null
is "$? $(state_of life)" "0 paused 0" "pause"
docker unpause life >/dev/null
is "$? $(docker exec life echo again)" "0 again" "unpause: exec works again"
docker commit life committed >/dev/null
is "$? $(dk committed cat /tmp/file)" "0 copied" "commit: a container of the new image runs"
before=$(docker inspect -f '{{.State.Pid}}' life)
docker restart -t 5 life >/dev/null
is "$? $(state_of life) $(figures "$(docker exec life cat $status_file)")" \
	"0 running 0 $hardened" "restart: running and hardened again"
check "restart: another process" test "$(docker inspect -f '{{.State.Pid}}' life)" != "$before"
(docker wait life >"$work/waited") &
docker stop -t 5 life >/dev/null
is "$? $(state_of life)" "0 exited 3" "stop: the container ends by itself on SIGTERM"
wait $!
is "$(cat "$work/waited")" 3 "wait: the exit status"
docker start life >/dev/null
is "$? $(state_of life)" "0 running 0" "start again"
docker kill -s KILL life >/dev/null
check "kill" within 5 docker_is life '{{.State.Status}} {{.State.ExitCode}}' 'exited 137'
is "$(docker logs life 2>/dev/null | xargs)" "to-out term to-out term to-out" "logs: of all three lives"
docker rm life >/dev/null
is "$? $(docker ps -aq)" "0 " "rm"
clean "rm: nothing is left"

up --name again --restart on-failure:2 busybox sh -c 'exit 1'
check "--restart on-failure: restarted twice" \
	within 10 docker_is again '{{.RestartCount}} {{.State.Status}}' '2 exited'
docker rm again >/dev/null
up --name stubborn busybox sh -c 'trap "" TERM; sleep 1000 & sleep 1000'
docker stop -t 1 stubborn >/dev/null
is "$? $(state_of stubborn)" "0 exited 137" "stop of one that ignores SIGTERM"
docker rm stubborn >/dev/null
up --name forced busybox sleep 1000
docker rm -f forced >/dev/null
is "$?" 0 "rm -f of a running one"
docker create --name later --runtime hardrun busybox echo created >/dev/null
is "$(docker start -a later)" created "create and start -a"
docker rm later >/dev/null

# ---- dockerd goes and comes back; a handler more; a data root elsewhere ----------------

ln -sfn "$HR_PROGRAM" $links/hardrun-restricted
dk --runtime hardrun-restricted busybox true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^125 .*hardrun: .*"hardrun-restricted" names no runtime: .*; make it with: ln -s' \
	"a handler without its link below /etc/hardrun/runtimes says how to make it"
with_policy
ln -s /usr/sbin/runc /etc/hardrun/runtimes/hardrun-restricted
is "$(figures "$(docker run --rm --runtime hardrun-restricted --user app busybox \
	cat /proc/self/status)")" "${as_app//$eight/0000000000000400}" "hardrun-restricted: the stricter profile"
no_policy

docker_stop
mkdir /srv/docker && mount -t tmpfs hr-e2e /srv/docker
docker_start --data-root /srv/docker
tar -C "$work/root" -c . | docker import - busybox >/dev/null
like "$(dk -v data:/data busybox touch /data/x 2>&1)" 'Read-only file system' \
	"another data root: its volumes are paths of the host like others"
with_policy '{"version": 1, "profiles": {"moved": {"extends": "default", "mounts":
	{"docker_dirs": ["/srv/docker"]}}}, "default": "moved"}'
is "$(dk -v data:/data busybox sh -c 'touch /data/x && ls /data')" x \
	"another data root: they can be written where the policy names it (docker_dirs)"
like "$(dk -v /srv/docker/containers:/x busybox true 2>&1)" 'refused by mounts: mounts' \
	"another data root: and nothing else of it is given away then"
no_policy
finish
