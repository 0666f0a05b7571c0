#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container's life under a real podman with contrib/podman/containers.conf: what the kernel
# says of its processes, of every exec (podman exec --privileged, too), podman's commands that
# reach the runtime, pods, play kube and builds. Refusals and faults: podman_refused.sh.
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/engine_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/engine_setup.sh"
engine_sandbox podman conmon -- "$@"
podman_up

none=0000000000000000
as_app="CapPrm:$none CapEff:$none CapBnd:$eight NoNewPrivs:1 Seccomp:2"
service='echo to-out; echo to-err >&2; trap "echo term; exit 3" TERM; while :; do sleep 0.1; done'
group=(--cgroup-parent "/$namespace")

# ---- run -------------------------------------------------------------------------------

like "$(figures "$(podman run --rm --runtime runc "${group[@]}" busybox cat $status_file)")" \
	'NoNewPrivs:0' "plain runc, to compare: new privileges can be gained"
is "$(lines)" 0 "plain runc: hardrun is not asked"
is "$(figures "$(pm busybox cat $status_file)")" "$hardened" "run: init is hardened"
pm busybox sh -c 'echo to-out; echo to-err >&2; exit 7' >"$work/out" 2>"$work/err"
is "$? $(cat "$work/out") $(cat "$work/err")" "7 to-out to-err" \
	"run: exit status, stdout and stderr are the command's, and nothing else"
is "$(echo from-in | podman run --rm -i --runtime hardrun "${group[@]}" busybox cat)" from-in \
	"run -i: stdin arrives"
terminal podman run --rm -it --runtime hardrun "${group[@]}" busybox \
	sh -c 'tty; cat /proc/self/status; exit 5' >"$work/out"
is "$? $(first_word)" "5 /dev/pts/0" "run -it: a terminal, the exit status"
is "$(figures "$(cat "$work/out")")" "$hardened" "run -it: hardened"
is "$(figures "$(pm --user app busybox cat $status_file)")" "$as_app" "run --user: hardened"
is "$(pm -e WORD=there -w /tmp --hostname named busybox sh -c 'echo $WORD $PWD $(hostname)')" \
	"there /tmp named" "run -e, -w, --hostname"
is "$(pm --read-only --tmpfs /scratch -v data:/data busybox \
	sh -c 'touch /x 2>&1; touch /scratch/x /data/x && echo written')" \
	$'touch: /x: Read-only file system\nwritten' "run --read-only, --tmpfs, a named volume"
podman volume rm data >/dev/null
mkdir /srv/data && echo from-host >/srv/data/x
is "$(pm -v /srv/data:/data busybox sh -c 'cat /data/x; touch /data/y 2>&1')" \
	$'from-host\ntouch: /data/y: Read-only file system' \
	"run -v: a path of the host can be read, not written, where no policy names it"
if command -v catatonit >/dev/null; then
	like "$(pm --init busybox cat /proc/1/cmdline | tr '\0' ' ')" '^/(run/podman-init|dev/init) ' \
		"run --init: podman's init is there"
else
	skip "run --init: podman's init is there" "catatonit is not installed"
fi
is "$(pm --pids-limit 7 busybox sh -c "$limit_of; limit pids.max pids/pids.max")" 7 \
	"run --pids-limit: a lower limit stays"
is "$(pm --pids-limit 0 busybox sh -c "$limit_of; limit pids.max pids/pids.max")" 4096 \
	"run --pids-limit 0: a limit of processes all the same"
is "$(figures "$(pm --cap-drop ALL busybox cat $status_file)")" "${hardened//$eight/$none}" \
	"run --cap-drop ALL: none are left"
is "$(pm --network none busybox ip -o link | wc -l)" 1 "run --network none: lo alone"
if podman run -d --rm --runtime runc "${group[@]}" --name probe busybox sleep 100 >"$work/out" 2>&1; then
	podman rm -f -t 0 probe >/dev/null
	pm_up --name web -p 127.0.0.1:8080:80 busybox httpd -f -p 80 -h /etc
	within 5 busybox wget -qO "$work/out" http://127.0.0.1:8080/passwd
	is "$(grep -c app "$work/out")" 1 "run -p: the published port answers (bridge by netavark)"
	podman rm -f -t 0 web >/dev/null
else
	skip "run -p: the published port answers" "no bridge by netavark here: $(tail -n 1 "$work/out")"
fi
pm busybox /bin/not-there >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^127 .*/bin/not-there.*no such file' \
	"run: the runtime's own error arrives, with podman's status for it"
pm busybox /etc/passwd >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^126 .*/etc/passwd.*permission denied' "run: the runtime's other error, too"
clean "run: nothing is left of these"

# ---- exec ------------------------------------------------------------------------------

pm_up --name life -m 64m --health-cmd 'test -e /tmp/well' busybox sh -c "$service"
is "$? $(pm_state life) $(podman inspect -f '{{.OCIRuntime}}' life)" "0 running 0 hardrun" "run -d"
is "$(figures "$(cat "/proc/$(podman inspect -f '{{.State.Pid}}' life)/status")")" "$hardened" \
	"run -d: init is hardened"
is "$(figures "$(podman exec life cat $status_file)")" "$hardened" "exec is hardened"
is "$(figures "$(podman exec --privileged life cat $status_file)")" "$hardened" \
	"exec --privileged gets no more than its container"
is "$(jq -r 'select(.event == "exec") | .report[]? | select(.path | test("bounding")) | .control' \
	"$audit" | tail -n 1)" capabilities "exec --privileged: the audit log says what was taken"
is "$(figures "$(podman exec --user app life cat $status_file)")" "$as_app" "exec --user"
is "$(figures "$(podman exec --user 1000 --privileged life cat $status_file)")" "$as_app" \
	"exec --user --privileged"
podman exec life sh -c 'echo to-out; echo to-err >&2; exit 9' >"$work/out" 2>"$work/err"
is "$? $(cat "$work/out") $(cat "$work/err")" "9 to-out to-err" \
	"exec: exit status, stdout and stderr are the command's"
is "$(echo from-in | podman exec -i life cat)" from-in "exec -i: stdin arrives and ends"
terminal podman exec -it life sh -c 'tty; cat /proc/self/status; exit 4' >"$work/out"
like "$? $(first_word)" '^4 /dev/pts/[0-9]' "exec -it: a terminal, the exit status"
is "$(figures "$(cat "$work/out")")" "$hardened" "exec -it: hardened"
podman exec -d life sh -c 'cat /proc/self/status >/tmp/shown; sleep 1000' >/dev/null
within 5 podman exec life grep -q Seccomp /tmp/shown
is "$(figures "$(podman exec life cat /tmp/shown)")" "$hardened" "exec -d: hardened"
podman exec -w /proc/self/fd/7 life true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^255 .*hardrun: refused by cwd: cwd "/proc/self/fd/7": .*\(rule cwd, .*\); use ' \
	"exec -w /proc/self/fd/7: status 255; field, value, rule and remedy are shown"
podman exec life /bin/not-there >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^127 .*/bin/not-there.*no such file' "exec: the runtime's own error"

# ---- the other commands ----------------------------------------------------------------

is "$(podman logs life 2>/dev/null)/$(podman logs life 2>&1 >/dev/null)" to-out/to-err \
	"logs: what the container wrote, and nothing else"
like "$(podman top life)" 'sleep 1000' "top knows the processes of execs"
like "$(podman stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' life)" '/ 67.11MB [2-9]' \
	"stats --no-stream: numbers of this container"
is "$(podman healthcheck run life)" unhealthy "healthcheck run: unhealthy"
podman exec life touch /tmp/well
podman healthcheck run life >/dev/null
is "$? $(podman inspect -f '{{.State.Health.Status}}' life)" "0 healthy" "healthcheck run: healthy"
if podman update --help >/dev/null 2>&1; then
	podman update --memory 96m life >/dev/null
	is "$? $(podman exec life sh -c "$limit_of; limit memory.max memory/memory.limit_in_bytes")" \
		"0 $((96 << 20))" "update --memory"
else
	skip "update --memory" "this podman has no update"
fi
echo copied >"$work/file"
podman cp "$work/file" life:/tmp/file
is "$? $(podman exec life cat /tmp/file)" "0 copied" "cp"
podman pause life >/dev/null
is "$? $(pm_state life)" "0 paused 0" "pause"
podman unpause life >/dev/null
is "$? $(podman exec life echo again)" "0 again" "unpause: exec works again"
podman commit -q life committed >/dev/null
is "$? $(pm committed cat /tmp/file)" "0 copied" "commit: a container of the new image runs"
podman restart -t 5 life >/dev/null 2>&1
is "$? $(pm_state life) $(figures "$(podman exec life cat $status_file)")" \
	"0 running 0 $hardened" "restart: running and hardened again"
podman stop -t 5 life >/dev/null 2>&1
is "$? $(pm_state life)" "0 exited 3" "stop: the container ends by itself on SIGTERM"
podman start life >/dev/null 2>&1
is "$? $(pm_state life)" "0 running 0" "start again"
podman kill life >/dev/null
is "$? $(podman wait life)" "0 137" "kill, wait"
podman rm life >/dev/null 2>&1
is "$? $(podman ps -aq)" "0 " "rm"
podman run -d --runtime hardrun "${group[@]}" --name stubborn busybox \
	sh -c 'trap "" TERM; sleep 1000 & sleep 1000' >/dev/null
podman rm -f -t 1 stubborn >/dev/null 2>&1
is "$?" 0 "rm -f of one that ignores SIGTERM"
clean "rm: nothing is left"

# ---- hardrun as the default: pods, play kube -------------------------------------------

printf '[engine]\nruntime = "hardrun"\n' >/etc/containers/containers.conf.d/default.conf
is "$(podman info -f '{{.Host.OCIRuntime.Name}}')" hardrun "contrib/podman: hardrun as the default"
is "$(figures "$(podman run --rm "${group[@]}" busybox cat $status_file)")" "$hardened" \
	"default: a run that names no runtime is hardened"
if ! command -v catatonit >/dev/null; then
	skip "pod create" "catatonit is not installed"
else
	podman pod create --name pod "${group[@]}" >/dev/null
	podman run -d --pod pod --name one "${group[@]}" busybox httpd -f -p 80 -h /etc >/dev/null
	podman run -d --pod pod --name two "${group[@]}" busybox sleep 1000 >/dev/null
	is "$(podman pod inspect -f '{{.State}} {{.NumContainers}}' pod)" "Running 3" "a pod of two"
	for name in one two; do
		is "$(figures "$(podman exec $name cat $status_file)")" "$hardened" "pod: $name is hardened"
	done
	is "$(podman exec two wget -qO- http://127.0.0.1/passwd | grep -c app)" 1 \
		"pod: its containers share a network"
	podman pod stop -t 0 pod >/dev/null 2>&1 && podman pod start pod >/dev/null 2>&1
	is "$? $(podman pod inspect -f '{{.State}}' pod)" "0 Running" "pod stop and start"
	podman pod rm -f -t 0 pod >/dev/null 2>&1
	is "$? $(podman ps -aq)" "0 " "pod rm"
	clean "pods leave nothing"
fi

pod_of() { # SECURITY-CONTEXT: a pod's document
	jq -n --argjson security "$1" '{apiVersion: "v1", kind: "Pod", metadata: {name: "small"}, spec: {
		volumes: [{name: "scratch", emptyDir: {}}], containers: [
		{name: "web", image: "localhost/busybox:latest", imagePullPolicy: "Never",
			command: ["/bin/httpd", "-f", "-p", "80", "-h", "/etc"], securityContext: $security,
			volumeMounts: [{name: "scratch", mountPath: "/scratch"}]},
		{name: "shell", image: "localhost/busybox:latest", imagePullPolicy: "Never",
			command: ["/bin/sleep", "1000"], resources: {limits: {memory: "64Mi"}},
			volumeMounts: [{name: "scratch", mountPath: "/scratch"}]}]}}'
}

if command -v catatonit >/dev/null; then
	pod_of '{"allowPrivilegeEscalation": true}' >"$work/pod.yaml"
	podman play kube "$work/pod.yaml" >"$work/out" 2>&1
	is "$? $(podman pod inspect -f '{{.State}}' small)" "0 Running" "play kube: the pod runs"
	is "$(figures "$(podman exec small-web cat $status_file)")" "$hardened" \
		"play kube: allowPrivilegeEscalation is not given"
	is "$(podman exec small-shell sh -c 'touch /scratch/x && wget -qO- http://127.0.0.1/passwd' |
		grep -c app) $(podman exec small-web ls /scratch)" "1 x" "play kube: network and volume are shared"
	podman play kube --down "$work/pod.yaml" >/dev/null 2>&1
	is "$? $(podman ps -aq)" "0 " "play kube --down"
	pod_of '{"privileged": true}' >"$work/pod.yaml"
	podman play kube "$work/pod.yaml" >"$work/out" 2>&1
	like "$? $(cat "$work/out")" '^125 .*hardrun: refused by privileged: .*\(rule privileged\.allow, .*"privileged": ' \
		"play kube of a privileged pod: says why"
	podman play kube --down "$work/pod.yaml" >/dev/null 2>&1
	is "$? $(podman ps -aq)" "0 " "play kube of a privileged pod: --down"
	podman volume rm -a -f >/dev/null
	clean "play kube leaves nothing"
else
	skip "play kube" "catatonit is not installed"
fi

# ---- build -----------------------------------------------------------------------------

mkdir "$work/context"
echo 'FROM localhost/busybox
RUN cp /proc/self/status /shown' >"$work/context/Containerfile"

# build [OPTION...]: sets $status; what it says is in $work/out, what the step was in $built
build() {
	podman build --no-cache -t built --cgroup-parent "/$namespace/build" "$@" "$work/context" \
		>"$work/out" 2>&1 </dev/null
	status=$?
	built=$(figures "$(podman run --rm --runtime runc "${group[@]}" built cat /shown 2>&1)")
	podman rmi -f built >/dev/null 2>&1
}

rm -f "$audit"
build
is "$status $built" "0 $hardened" "build: the steps take the default runtime, and are hardened"
is "$(lines create accept)" 1 "build: a line in the audit log"
build --network host
like "$status $(cat "$work/out")" '^1 .*hardrun: refused by namespaces: .*\(rule namespaces\.allow_host, ' \
	"build --network host: field, rule and remedy are shown"
rm -f "$audit" /etc/containers/containers.conf.d/default.conf
build --runtime $links/hardrun
is "$status $built" "0 $hardened" "build --runtime: hardened"
build --isolation chroot
like "$status $built" '^0 .*NoNewPrivs:0' \
	"build --isolation chroot has no runtime: not hardened (contrib/podman/README.md)"
is "$(lines)" 1 "build --isolation chroot: not a line in the audit log"
if command -v buildah >/dev/null; then
	buildah bud --no-cache --cgroup-parent "/$namespace/build" --runtime $links/hardrun "$work/context" \
		>"$work/out" 2>&1
	is "$? $(lines create accept)" "0 2" "buildah bud --runtime: hardrun is asked"
else
	skip "buildah bud --runtime: hardrun is asked" "buildah is not installed"
fi
clean "builds leave nothing"
finish
