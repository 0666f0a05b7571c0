# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of containerd_setup.sh: containerd with its CRI plugin on, where Kubernetes has it
# (/run/containerd, /var/lib/containerd, covered), with pods on a CNI bridge in a network
# namespace of the test's own. Handlers: runc (the default), hardrun, hardrun-restricted, and
# hardrun-host, whose profile may use the host's namespaces.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/cri_setup.sh"
#	cri_sandbox 1.6 "$@"       # or 1.7: that of Debian 13, unpacked for the test alone
#	"$python" "$HR_TEST_SRCDIR/tests/cri/pods"

# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"

cri_tools=/mnt # where 1.7 is unpacked, in this mount namespace
pause_image=test.example/pause:1
python=/usr/bin/python3 # the one that Debian's packages are for

cri_sandbox() { # VERSION, "$@" of the script
	local version=$1 tool
	shift
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	for tool in protoc "$python" ip; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	"$python" -c 'import grpc, google.protobuf' 2>/dev/null || skip_all "no python3-grpcio"
	[ -x /usr/lib/cni/bridge ] || skip_all "no containernetworking-plugins"
	if [ -z "${HR_CRI_NETWORK:-}" ]; then
		unshare -mn --propagation private true 2>/dev/null || skip_all "no network namespaces here"
		HR_CRI_NETWORK=mount exec unshare -m --propagation private bash "$0" "$@"
	fi
	if [ "$HR_CRI_NETWORK" = mount ]; then # before the network is gone
		[ "$version" = 1.6 ] || cri_newer
		HR_CRI_NETWORK=own exec unshare -n bash "$0" "$@"
	fi
	[ "$version" = 1.6 ] || PATH=$cri_tools/usr/bin:$PATH
	ip link set lo up
	ip link add hr-try type bridge 2>/dev/null || skip_all "no network bridges here"
	ip link del hr-try
	containerd_sandbox "$@"
}

# containerd of Debian 13 and its shim, in a tmpfs that goes with the mount namespace.
cri_newer() {
	local first said
	if ! { first=$(mktemp -d /tmp/hr-cri.XXXXXX) && mount -t tmpfs -o mode=755 hr-cri "$first" &&
		mount --move "$first" "$cri_tools" && rmdir "$first"; }; then
		skip_all "no tmpfs"
	fi
	said=$("$HR_TEST_SRCDIR/tests/tools/trixie" "$cri_tools" containerd 2>&1) || skip_all "$said"
	"$cri_tools/usr/bin/containerd" --version >/dev/null 2>&1 ||
		skip_all "containerd of Debian 13 does not run here"
}

# ---- in place of containerd_setup.sh's -------------------------------------------------

containerd_config() {
	local handler
	cover /var/lib || skip_all "no overlay file system over /var/lib"
	# What pods mount of the host; shared as on a node, where pods may ask for propagation.
	if ! { mount -t tmpfs -o mode=755 hr-cri /srv && mount --make-rshared /srv; }; then
		skip_all "no tmpfs over /srv"
	fi
	mkdir -p /var/lib/containerd /var/lib/cni /var/log/pods "$work/cni"
	mount -t tmpfs -o mode=711 hr-cri /var/lib/containerd || skip_all "no tmpfs"
	state=/run/containerd bundles=/run/containerd/io.containerd.runtime.v2.task
	export CONTAINERD_NAMESPACE=k8s.io
	for handler in hardrun hardrun-restricted hardrun-host; do
		ln -sfn "$HR_PROGRAM" "$work/bin/$handler"
	done
	cri_network
	export CONTAINERD_SNAPSHOTTER=native
	! cri_overlays || CONTAINERD_SNAPSHOTTER=overlayfs
	cri_config "$CONTAINERD_SNAPSHOTTER" >"$work/config.toml"
}

cri_overlays() { # can they be made where containerd would?
	local dir=/var/lib/containerd/try status
	mkdir -p "$dir"/{lower,upper,work,merged}
	mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" \
		"$dir/merged" 2>/dev/null
	status=$?
	umount "$dir/merged" 2>/dev/null
	rm -rf "$dir"
	return "$status"
}

cri_config() { # SNAPSHOTTER
	local plugin='plugins."io.containerd.grpc.v1.cri"' handler name off=
	for name in aufs btrfs devmapper zfs blockfile; do
		off+="${off:+, }\"io.containerd.snapshotter.v1.$name\""
	done
	cat <<-TOML
		version = 2
		root = "/var/lib/containerd"
		state = "$state"
		disabled_plugins = [$off]
		[grpc]
		address = "$CONTAINERD_ADDRESS"
		[ttrpc]
		address = "$CONTAINERD_ADDRESS.ttrpc"
		[$plugin]
		sandbox_image = "$pause_image"
		stream_server_address = "127.0.0.1"
		disable_apparmor = true
		tolerate_missing_hugetlb_controller = true
		# Negative scores need CAP_SYS_RESOURCE.
		restrict_oom_score_adj = true
		[$plugin.cni]
		bin_dir = "/usr/lib/cni"
		conf_dir = "$work/cni"
		[$plugin.containerd]
		snapshotter = "$1"
		default_runtime_name = "runc"
		[$plugin.containerd.runtimes.runc]
		runtime_type = "io.containerd.runc.v2"
	TOML
	for handler in hardrun hardrun-restricted hardrun-host; do
		cat <<-TOML
			[$plugin.containerd.runtimes.$handler]
			runtime_type = "io.containerd.runc.v2"
			pod_annotations = ["*"]
			container_annotations = ["*"]
			[$plugin.containerd.runtimes.$handler.options]
			BinaryName = "$work/bin/$handler"
		TOML
	done
}

cri_network() {
	cat >"$work/cni/10-test.conflist" <<-JSON
		{"cniVersion": "0.4.0", "name": "test", "plugins": [
		  {"type": "bridge", "bridge": "hr-cri0", "isGateway": true, "ipMasq": false,
		   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]],
		            "routes": [{"dst": "0.0.0.0/0"}]}}]}
	JSON
}

# For the namespace of CRI, which learns of images by containerd's events.
containerd_image() {
	image_make "$work/image" >"$work/image.tar" || return
	image=$pause_image image_command='["/bin/sleep","2147483"]' \
		image_make "$work/pause" >"$work/pause.tar" || return
	local file
	image=$image-app image_make "$work/app" app >"$work/app.tar" || return
	for file in image pause app; do
		ctr images import --snapshotter "$CONTAINERD_SNAPSHOTTER" "$work/$file.tar" \
			>>"$work/import.out" 2>>"$work/import.err" || return
	done
	export HR_CRI_IMAGE=$image HR_CRI_WORK=$work HR_CRI_CGROUP=/$namespace
}
