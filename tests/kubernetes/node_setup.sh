# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of e2e/lib.sh: a node of the test's own, and the pods of contrib/kubernetes run on it by
# runc, with the image, user, capabilities, mounts and variables that their manifests say.
#
# The node is an overlay over the machine's root directory with /proc, /run and /dev of its own;
# its systemctl only records. What is changed on it is in $changes, the overlay's upper folder.

# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

pods=0 pod='' variables=()

node_sandbox() { # "$@" of the script
	local tool
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	for tool in runc containerd busybox /usr/bin/python3; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip_all "busybox is not a static program"
	if [ $$ -ne 1 ]; then
		unshare -m -p --fork --mount-proc true 2>/dev/null || skip_all "no PID namespaces here"
		exec unshare -m -p --fork --kill-child --mount-proc bash "$0" "$@"
	fi
	sandbox "$@"
	trap node_leave EXIT
	mine=$HR_TEST_SRCDIR/tests/kubernetes
	recorded=$HR_TEST_SRCDIR/tests/calls/cases/cri17-ctr-seccomp-default/config.json
	node=$work/node changes=$work/layer/upper image=$work/image policy=$work/policy log=$work/pod.log
	node_make || skip_all "no overlay file system over /"
	image_make
	configmap 1 "$(manifest data hardrun-policy policy.json)"
}

node_leave() {
	pod_kill
	sandbox_leave
}

manifest() { /usr/bin/python3 "$mine/documents.py" "$@"; }

# As if it had never seen hardrun.
node_again() {
	pod_kill
	umount -R "$node"
	rm -rf "$work/layer"
	variables=()
	node_make
}

# ---- the node --------------------------------------------------------------------------

node_make() {
	mkdir -p "$node" "$changes" "$work/layer/work" &&
		mount -t overlay -o "lowerdir=/,upperdir=$changes,workdir=$work/layer/work" overlay "$node" &&
		mount -t proc proc "$node/proc" &&
		mount -t tmpfs -o mode=755 hr-e2e "$node/run" &&
		mount -t tmpfs -o mode=1777 hr-e2e "$node/tmp" &&
		mount --bind /dev "$node/dev" || return
	rm -rf "$node"/etc/hardrun* "$node"/var/lib/hardrun "$node"/var/log/hardrun \
		"$node"/usr/local/sbin/*hardrun* "$node"/etc/containerd
	mkdir -p "$node/etc/containerd" "$node/usr/local/sbin"
	# As the package of Debian 12 has it.
	cat >"$node/etc/containerd/config.toml" <<-'TOML'
		version = 2

		[plugins]
		  [plugins."io.containerd.grpc.v1.cri"]
		    [plugins."io.containerd.grpc.v1.cri".cni]
		      bin_dir = "/usr/lib/cni"
		      conf_dir = "/etc/cni/net.d"
		  [plugins."io.containerd.internal.v1.opt"]
		    path = "/var/lib/containerd"
	TOML
	rm -f "$node/usr/bin/systemctl"
	cat >"$node/usr/bin/systemctl" <<-'SH'
		#!/bin/sh
		# restart fails as often as /run/systemctl.fails says.
		echo "${SYSTEMD_IGNORE_CHROOT:-0} $*" >>/run/systemctl.log
		[ "$1" = restart ] || exit 0
		left=$(cat /run/systemctl.fails 2>/dev/null || echo 0)
		[ "$left" -gt 0 ] || exit 0
		echo $((left - 1)) >/run/systemctl.fails
		exit 1
	SH
	chmod 755 "$node/usr/bin/systemctl"
}

on_node() { chroot "$node" "$@"; }

restarts() { grep -c '^1 restart containerd$' "$node/run/systemctl.log" 2>/dev/null; }

# Every file of the node that is not as in the machine: mode, owner, type, digest or link, name.
listing() {
	(cd "$changes" && find . \( -path ./var/log/hardrun -o -path ./var/lib/containerd -o -path ./var/lib/kubelet \) -prune -o \
		\( -type f -o -type l -o -type c \) -print | LC_ALL=C sort |
		while read -r file; do
			if [ -L "$file" ]; then
				printf '%s -> %s\n' "$file" "$(readlink "$file")"
			elif [ -f "$file" ]; then
				printf '%s %s %s\n' "$(stat -c '%a %u:%g' "$file")" \
					"$(sha256sum <"$file" | cut -c 1-16)" "$file"
			fi
		done)
}

# ---- the image: what the last command of the build stage makes -------------------------------

image_make() {
	sed -n '/^RUN mkdir -p \/image/,/[^\\]$/p' "$HR_TEST_SRCDIR/contrib/kubernetes/Containerfile" |
		sed -e 's/^RUN //' -e "s,/build/src/hardrun,$HR_PROGRAM,g" -e "s,/source/,$HR_TEST_SRCDIR/,g" \
			-e "s,cp /bin/busybox,cp $(command -v busybox)," -e "s,/image\([ /]\),$image\1,g" \
			>"$work/image.sh"
	sh -eu "$work/image.sh"
}

# ---- ConfigMaps, as the kubelet mounts them ----------------------------------------------------

# configmap VERSION TEXT [KEY TEXT]...: policy.json and other keys
configmap() {
	local dir=$policy/..version_$1 old
	shift
	mkdir -p "$dir"
	set -- policy.json "$@"
	while [ $# -gt 1 ]; do
		printf '%s\n' "$2" >"$dir/$1"
		[ -L "$policy/$1" ] || ln -s "..data/$1" "$policy/$1"
		shift 2
	done
	old=$(readlink "$policy/..data")
	ln -s "${dir##*/}" "$policy/..data_tmp" && mv -T "$policy/..data_tmp" "$policy/..data"
	[ -z "$old" ] || rm -rf "${policy:?}/$old"
}

# ---- pods ------------------------------------------------------------------------------

pod_start() { # DAEMONSET: in the background
	pods=$((pods + 1)) pod=hr-kubernetes-$$-$(stat -Lc %i /proc/self/ns/pid)-$pods
	mkdir -p "$work/bundle"
	manifest daemonset "$1" "$image" "$node" "$policy" "$recorded" HARDRUN_POLL=1 \
		${variables[@]+"${variables[@]}"} >"$work/bundle/config.json"
	: >"$log"
	runc --root "$work/runc" run --bundle "$work/bundle" "$pod" >>"$log" 2>&1 </dev/null &
	runner=$!
}

# The readiness probe, as the kubelet asks it.
probe() {
	runc --root "$work/runc" exec "$pod" /hardrun/node.sh ready 2>&1
}

within() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

ready() { probe >/dev/null 2>&1; }

says() { # REGEX: it is not ready for that reason
	[[ $(probe) =~ $1 ]]
}

pod_kill() {
	[ -n "$pod" ] || return 0
	# Again as long as it is there: it may not have been made yet.
	while
		runc --root "$work/runc" delete --force "$pod" 2>/dev/null
		kill -0 "$runner" 2>/dev/null
	do sleep 0.1; done
	wait "$runner" 2>/dev/null
	pod=''
}

pod_stop() { # as the kubelet does; sets $seconds that it took
	local start=$SECONDS
	runc --root "$work/runc" kill "$pod" TERM
	wait "$runner" 2>/dev/null
	# shellcheck disable=SC2034 # for the caller
	seconds=$((SECONDS - start))
	pod_kill
}

pod_ready() { # DAEMONSET NAME
	pod_start "$1"
	if within 30 ready; then ok "$2"; else not_ok "$2" "$(probe; cat "$log")"; fi
}
