#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mounts of the host's directories with real runtimes: what is refused under whatever name,
# what is read-only, and that what was checked is what is mounted while somebody swaps it.
# Usage: mounts_real.sh [CREATES], the number of creates under attack for each runtime.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"
creates=${1:-60}
build_helper swap

# ---- a host of our own -----------------------------------------------------------------

# In a file system of its own, so that its names are no part of the sensitive ones.
data=/srv/hr-e2e-data
host_begin() {
	mkdir -p "$data" && mount -t tmpfs -o mode=755 tmpfs "$data"
	mkdir -p "$data"/{plain,with-mount/below,swap,held,quiet}
	echo plain >"$data/plain/file"
	echo top >"$data/with-mount/top"
	mount -t tmpfs tmpfs "$data/with-mount/below" && echo below >"$data/with-mount/below/file"
	ln -s /etc "$data/link-to-etc"
	ln -s plain "$data/link-to-plain"
	mkdir "$data/bind-of-etc" "$data/bind-of-part" "$data/proc"
	mount --bind /etc "$data/bind-of-etc"
	mkdir -p /etc/hr-e2e-part && mount --bind /etc/hr-e2e-part "$data/bind-of-part"
	mount -t proc proc "$data/proc"
	mkdir "$data/around" "$data/around/deep" && mount --bind /etc "$data/around/deep"
	# Through a link of its own, as services are that say /var/run.
	ln -s held "$data/also-held"
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(3600)' \
		"$data/also-held/service.sock" &
	server=($!)
	until_true test -S "$data/held/service.sock"
	mkdir "$data/view-of-held" "$data/relative"
	mount --bind "$data/held" "$data/view-of-held"
	(cd "$data/relative" && exec python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("relative.sock"); s.listen(); time.sleep(3600)') &
	server+=($!)
	until_true test -S "$data/relative/relative.sock"
	mkfifo "$data/pipe"
	mknod "$data/device" c 1 3
}

host_end() {
	kill "${server[@]}" 2>/dev/null
	umount -R /var/lib 2>/dev/null
	umount -R "$data" 2>/dev/null
	rmdir "$data" /etc/hr-e2e-part 2>/dev/null
	real_leave
}

says_script() {
	jq -nr --arg script "$script" '".process.args = " + (["sh", "-c", $script] | tojson)'
}

# run FILTER: a container of the busybox image runs $script.
run() {
	rm -rf "$work/b/c/config.json"
	real_bundle "$work/b/c" "$(real_spec)" "$(says_script) | $1" || return
	hr run --bundle "$work/b/c" c </dev/null >"$work/out" 2>"$work/err"
}

at=/m
bind() { # SOURCE [OPTION...]: a filter that adds a bind mount at $at
	local source=$1
	shift
	printf '.mounts += [{destination: "%s", type: "bind", source: "%s", options: [%s]}]' \
		"$at" "$source" "$(printf '"%s",' "$@" rbind | sed 's/,$//')"
}

# ---- cases -----------------------------------------------------------------------------

refused() { # NAME REGEX SOURCE [OPTION...]
	local name=$1 regex=$2
	shift 2
	script=true
	if run "$(bind "$@")"; then
		not_ok "$runtime: $name is refused"
	else
		like "$(cat "$work/err")" "mounts\[[0-9]+\].source.*$regex" "$runtime: $name is refused"
	fi
}

says() { # NAME WANTED FILTER
	run "$3"
	is "$(cat "$work/out")" "$2" "$runtime: $1" || note "$(tail -n 3 "$work/err")"
}

names() {
	refused "a link to /etc" "/etc of the host" "$data/link-to-etc"
	refused "a way up and down again" "/etc of the host" "$data/../../etc"
	refused "a bind mount of /etc" "/etc of the host" "$data/bind-of-etc"
	refused "a bind mount of a part of /etc" "/etc of the host" "$data/bind-of-part"
	refused "a directory that holds a bind mount of /etc" "/etc of the host" "$data/around"
	refused "a directory above" "of the host" "$(dirname "$(dirname "$data")")"
	refused "another proc" "kernel" "$data/proc"
	refused "a socket" "listens" "$data/held/service.sock"
	refused "a directory with a socket that is listened on" "service.sock" "$data/held"
	refused "a bind mount of it" "service.sock" "$data/view-of-held"
	refused "one that was bound by a relative name" "relative.sock" "$data/relative"
	refused "a pipe" "listens" "$data/pipe"
	refused "a device" "device" "$data/device"
	refused "what is missing" "cannot be opened" "$data/missing"
	refused "a link through /proc" "cannot be opened" "/proc/self/root/srv"
}

accepted() {
	script='cat /m/file; echo new >/m/new || echo no'
	says "a path of the host is read-only" $'plain\nno' "$(bind "$data/plain" rw)"
	says "through a link too" $'plain\nno' "$(bind "$data/link-to-plain" rw)"
	script='cat /f; grep -o " /f .* - " /proc/self/mountinfo | cut -d " " -f 3'
	at=/f
	says "a file" $'plain\nro,nosuid,nodev,relatime' "$(bind "$data/plain/file")"
	at=/m
	script='cat /m/top /m/below/file'
	says "with what is mounted below it" $'top\nbelow' "$(bind "$data/with-mount")"
	script='echo new >/m/below/new || grep " /m/below " /proc/self/mountinfo | cut -d " " -f 6'
	says "which gets the same flags" 'ro,nosuid,nodev,relatime' "$(bind "$data/with-mount")"
	script='cat /m/top; ls -A /m/below'
	says "and without" top "$(bind "$data/with-mount" | sed 's/rbind/bind/')"
	says "the same bundle again" top ". as \$x | $(bind "$data/with-mount" | sed 's/rbind/bind/')"
	cp "$work/b/c/config.json" "$work/once.json"
	hr run --bundle "$work/b/c" c </dev/null >"$work/out" 2>"$work/err"
	is "$(cat "$work/out")" top "$runtime: a document that was rewritten runs again"
	is "$(cat "$work/b/c/config.json")" "$(cat "$work/once.json")" "$runtime: and stays as it is"
	is "$(ls -A /run/hardrun/stage)" "" "$runtime: nothing is left of the staged"
}

named() {
	real_policy '{"version": 1, "default": "p", "profiles": {"p": {"extends": "default",
		"mounts": {"host_paths": [{"path": "'"$data"'/quiet", "read_only": false},
			{"path": "'"$data"'/link-to-etc"},
			{"path": "'"$data"'/held", "sockets": true}]}}}}'
	script='echo new >/m/new && cat /m/new'
	says "a named path can be written" new "$(bind "$data/quiet")"
	is "$(cat "$data/quiet/new")" new "$runtime: and it is the host's"
	script='ls /m/hostname /m/new 2>&1; echo x >/m/hr-e2e-new || echo no'
	run "$(bind "$data/link-to-etc")"
	like "$(cat "$work/out")" no "$runtime: /etc by a name of the policy, read-only" ||
		note "$(cat "$work/err")"
	script='test -S /m/service.sock && echo there'
	says "a named directory with a socket" there "$(bind "$data/held")"
	refused "what the policy does not name" "/etc of the host" "$data/bind-of-etc"
	real_no_policy
}

# What is mounted below a volume does not go through links that are in it.
through_links() {
	mkdir -p "$data/vol" && ln -sfn /proc "$data/vol/proc" && mkdir -p "$data/vol/plain"
	script=true
	if run "$(bind "$data/vol") | .mounts += [{destination: \"/m/proc/self/attr\", type: \"tmpfs\",
		source: \"tmpfs\"}]"; then
		not_ok "$runtime: a mount through a link in a volume is refused"
	else
		like "$(cat "$work/err")" 'mounts\[[0-9]+\].destination.*link' \
			"$runtime: a mount through a link in a volume is refused"
	fi
	script='grep -c " /m/plain " /proc/self/mountinfo'
	says "a mount below a volume" 1 "$(bind "$data/vol") | .mounts += [{destination: \"/m/plain\",
		type: \"tmpfs\", source: \"tmpfs\"}]"
}

# Places of engines at which something of the host is mounted; in a tree of their own.
engines_begin() {
	mkdir -p "$data/lib"/{upper,work}
	mount -t overlay overlay -o \
		"lowerdir=/var/lib,upperdir=$data/lib/upper,workdir=$data/lib/work" /var/lib
	pod=/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555
	mkdir -p $pod/volume-subpaths/v/app/{0,1} $pod/volumes/kubernetes.io~empty-dir/cache/sub
	mount --bind /etc $pod/volume-subpaths/v/app/0
	mount --bind $pod/volumes/kubernetes.io~empty-dir/cache/sub $pod/volume-subpaths/v/app/1
	mkdir -p /var/lib/docker/volumes/{bind,proc,overlay,plain}/_data
	mount --bind / /var/lib/docker/volumes/bind/_data
	mount -t proc proc /var/lib/docker/volumes/proc/_data
	mount -t overlay overlay -o lowerdir=/etc:/usr /var/lib/docker/volumes/overlay/_data
}

# As containerd calls for a container of a pod, and as dockerd does.
as_pod() { # FILTER
	local bundle=/run/containerd/io.containerd.runtime.v2.task/k8s.io/c1 was=$root ended
	root=$was/k8s.io
	mkdir -p "$root"
	real_bundle "$bundle" "$(real_spec)" "$(says_script) | $1 | .annotations = {
		\"io.kubernetes.cri.container-type\": \"container\",
		\"io.kubernetes.cri.sandbox-id\": \"s\", \"io.kubernetes.cri.container-name\": \"app\",
		\"io.kubernetes.cri.sandbox-uid\": \"${pod##*/}\"}"
	hr run --bundle "$bundle" c1 </dev/null >"$work/out" 2>"$work/err"
	ended=$?
	umount "$bundle/rootfs" && rm -rf "$bundle"
	root=$was
	return $ended
}

as_docker() { # FILTER
	local was=$root ended
	root=$was/moby
	mkdir -p "$root"
	run "$1"
	ended=$?
	root=$was
	return $ended
}

# refused_as pod|docker NAME REGEX SOURCE
refused_as() {
	script=true
	if "as_$1" "$(bind "$4" rw)"; then
		not_ok "$runtime: $2 is refused"
	else
		like "$(cat "$work/err")" "mounts\[[0-9]+\].source.*$3" "$runtime: $2 is refused"
	fi
}

of_engines() {
	refused_as pod "the subPath of a hostPath" "/etc of the host" $pod/volume-subpaths/v/app/0
	refused_as docker "a volume that binds /" "of the host" /var/lib/docker/volumes/bind/_data
	refused_as docker "a volume of type proc" "type proc" /var/lib/docker/volumes/proc/_data
	refused_as docker "a volume of type overlay" "type overlay" /var/lib/docker/volumes/overlay/_data
	script='echo new >/m/new && cat /m/new'
	as_pod "$(bind $pod/volume-subpaths/v/app/1 rw)"
	is "$(cat "$work/out")" new "$runtime: the subPath of an emptyDir can be written" ||
		note "$(cat "$work/err")"
	as_docker "$(bind /var/lib/docker/volumes/plain/_data rw)"
	is "$(cat "$work/out")" new "$runtime: a volume of Docker's can be written" ||
		note "$(cat "$work/err")"
}

# What is no path of the host must not name a place of the staged ones.
own_names() {
	script=true
	if run "$(bind "$data/plain") | .mounts += [{destination: \"/n\", type: \"tmpfs\",
		source: \"/run/hardrun/stage/0/../../x\", options: [\"nosuid\"]}]"; then
		not_ok "$runtime: a tmpfs with the name of a staged path is refused"
	else
		like "$(cat "$work/err")" 'mounts\[[0-9]+\].source' \
			"$runtime: a tmpfs with the name of a staged path is refused"
	fi
	rm -rf "$data/alice" && mkdir "$data/alice" && ln -s / "$data/alice/data"
	chown 1000 "$data/alice"
	real_policy '{"version": 1, "default": "p", "profiles": {"p": {"extends": "default",
		"mounts": {"host_paths": [{"path": "'"$data"'/alice/data", "read_only": false}]}}}}'
	refused "a named path that its owner made a link to /" "of the host" "$data/alice/data"
	refused "and /etc with it" "/etc of the host" /etc
	real_no_policy
}

# A user namespace of the engine's: its root cannot search what is ours.
in_userns() {
	script='cat /m/file'
	says "in a user namespace" plain "$(bind "$data/plain")"' | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "sysfs"
			and .type != "cgroup" and .type != "mqueue"))
		| .linux.resources = {} | del(.linux.cgroupsPath)'
}

# $data/swap/dir is a directory that may be had, or a link to /etc, from one moment to the next.
swapped() {
	local i got bad=0 good=0 other=0
	rm -rf "$data/swap" && mkdir -p "$data/swap/dir" && echo good >"$data/swap/dir/hostname"
	ln -s /etc "$data/swap/other"
	echo stolen >/etc/hr-e2e-secret
	"$work/swap" "$data/swap/dir" "$data/swap/other" 2>/dev/null &
	swapper=$!
	script='cat /m/hr-e2e-secret /m/hostname 2>&1'
	for ((i = 0; i < creates; i++)); do
		run "$(bind "$data/swap/dir")"
		got=$(cat "$work/out")
		case $got in
		*stolen*) bad=$((bad + 1)) ;;
		*good*) good=$((good + 1)) ;;
		*) other=$((other + 1)) ;;
		esac
	done
	kill "$swapper"
	wait "$swapper" 2>/dev/null
	rm -f /etc/hr-e2e-secret
	is "$bad" 0 "$runtime: swapped during $creates creates, /etc was never mounted"
	check "$runtime: and the directory itself was, $good times" test "$good" -gt 0
	note "$good mounted, $other refused"
}

# The same attack reaches bare runtimes, or it would prove nothing.
swapped_bare() {
	local i bad=0
	echo stolen >/etc/hr-e2e-secret
	"$work/swap" "$data/swap/dir" "$data/swap/other" 2>/dev/null &
	swapper=$!
	script='cat /m/hr-e2e-secret 2>&1'
	for ((i = 0; i < 40 && bad == 0; i++)); do
		real_bundle "$work/b/bare" "$(real_spec)" \
			"$(says_script) | $(bind "$data/swap/dir")"
		bare run --bundle "$work/b/bare" bare </dev/null 2>&1 | grep -q stolen && bad=1
	done
	kill "$swapper"
	wait "$swapper" 2>/dev/null
	rm -f /etc/hr-e2e-secret
	is "$bad" 1 "$runtime: without hardrun the attack mounts /etc"
}

trap host_end EXIT
host_begin
engines_begin
for runtime in runc crun; do
	real_begin "$runtime" || continue
	names
	accepted
	named
	through_links
	of_engines
	own_names
	in_userns
	swapped
	swapped_bare
	real_end
done
finish
