# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of cri_setup.sh: a node whose pods can have user namespaces of their own. Ids of user
# hardrun; handlers hardrun-crun, hardrun-runc, hardrun-runc13, each with its runtime; volumes and
# images on a file system that can be idmapped; images with owners, set-user-ID files, capabilities
# and sixty layers.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_setup.sh"
#	userns_sandbox "$@"        # $1: 1.6, 1.7, 1.6-native, 1.7-native
#
#   HR_TEST_RUNC13=PATH   a runc of 1.3 or later; without it those cases are skipped
#   HR_CRI_STORE=DIR      engine's, kubelet's and pods' files are kept there, not in a tmpfs

# shellcheck source=tests/e2e/cri_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/cri_setup.sh"

userns_range=1879048192:268304384
userns_image=test.example/userns:1
userns_first=/media # what is made while there is a network, in this mount namespace
userns_services='' # a root file system with nginx, redis and postgres

userns_sandbox() { # "$@" of the script
	local version=${1%-native}
	case $version in 1.6 | 1.7) ;; *) echo "usage: $0 [1.6|1.7][-native] [PART...]" >&2; exit 2 ;; esac
	case $1 in *-native) HR_CRI_SNAPSHOTTER=native ;; esac
	if [ "${HR_CRI_NETWORK:-}" = mount ]; then
		userns_keep
		[[ " $* " != *" services "* ]] || userns_fetch
	fi
	userns_services=${HR_CRI_SERVICES:-}
	cri_sandbox "$version" "$@"
}

# ---- while there is a network ------------------------------------------------------------

# Below /tmp anybody may have made a directory on the way: no runtime is taken from there.
userns_keep() {
	mount -t tmpfs -o mode=755 hr-cri "$userns_first" || skip_all "no tmpfs"
	[ -z "${HR_TEST_RUNC13:-}" ] || install -Dm 755 "$HR_TEST_RUNC13" "$userns_first/runc13/runc"
}

# Services as Debian has them; kept in the build tree.
userns_fetch() {
	# shellcheck disable=SC2034 # for rootfs.sh
	local work=$userns_first here=$HR_TEST_SRCDIR/tests/workloads rootfs='' programs=''
	# shellcheck source=tests/workloads/rootfs.sh
	. "$HR_TEST_SRCDIR/tests/workloads/rootfs.sh"
	if ! rootfs_needs; then
		export HR_CRI_NO_SERVICES=$why
	elif rootfs_make userns nginx-light redis-server postgresql curl; then
		export HR_CRI_SERVICES=$rootfs
	else
		HR_CRI_NO_SERVICES="no root file system: $(tail -n 1 "$work/build")"
		export HR_CRI_NO_SERVICES
	fi
}

# In place of cri_setup.sh's: the runtimes of Debian 13 too, which need its C library. Debian 12's
# programs run on that as well.
eval "containerd_$(declare -f cri_newer)"
cri_newer() {
	local said libraries own
	containerd_cri_newer
	said=$("$HR_TEST_SRCDIR/tests/tools/trixie" "$cri_tools" runc crun libc6 libseccomp2 libyajl2 \
		libsystemd0 libcap2 2>&1) || skip_all "$said"
	libraries=$(echo "$cri_tools"/usr/lib/*-linux-gnu*) own=${libraries#"$cri_tools"}
	mount -t overlay overlay -o "lowerdir=$libraries:$own" "$own" || skip_all "no overlay over $own"
	"$cri_tools/usr/bin/crun" --version >/dev/null 2>&1 || skip_all "crun of Debian 13 does not run here"
}

# ---- in place of cri_setup.sh's ------------------------------------------------------------

eval "plain_$(declare -f cri_overlays)"
cri_overlays() { [ "${HR_CRI_SNAPSHOTTER:-}" != native ] && plain_cri_overlays; }

eval "plain_$(declare -f containerd_config)"
containerd_config() {
	plain_containerd_config
	userns_store
	userns_ids
	userns_cgroups
	userns_runtimes
	userns_handlers >>"$work/config.toml"
}

# As on a node: a file system that can be idmapped below the engine's and the kubelet's files, and
# one from which pods may ask for propagation.
userns_store() {
	local dir
	mkdir -p /var/lib/kubelet
	if [ -z "${HR_CRI_STORE:-}" ]; then
		mount -t tmpfs -o mode=755 hr-cri /var/lib/kubelet || skip_all "no tmpfs"
	else
		rm -rf "${HR_CRI_STORE:?}"/{containerd,kubelet,srv}
		mkdir -p "$HR_CRI_STORE"/{containerd,kubelet,srv}
		chmod 711 "$HR_CRI_STORE/containerd"
		umount /srv
		for dir in /var/lib/containerd /var/lib/kubelet /srv; do
			mount --bind "$HR_CRI_STORE/${dir##*/}" "$dir" || skip_all "no $HR_CRI_STORE"
		done
	fi
	mount --make-rshared /srv && mount --make-rshared /var/lib/kubelet
}

userns_ids() { # /etc is the test's own
	local file
	for file in /etc/subuid /etc/subgid; do
		touch "$file"
		sed -i '/^hardrun:/d' "$file"
		echo "hardrun:$userns_range" >>"$file"
	done
}

# crun refuses a hybrid tree, and is content with the rest of it, in a directory of its own: what
# it makes for version 2 below is no cgroup.
userns_cgroups() {
	local all=/sys/fs/cgroup controller
	mountpoint -q $all/unified || return 0
	mkdir "$work/cgroup"
	mount -t tmpfs -o mode=755 hr-cri "$work/cgroup" || skip_all "no tmpfs"
	umount "$all/unified" || skip_all "cgroups of version 2 cannot be hidden"
	for controller in "$all"/*; do
		mountpoint -q "$controller" || continue
		mkdir "$work/cgroup/${controller##*/}"
		mount --move "$controller" "$work/cgroup/${controller##*/}" || skip_all "no cgroups of version 1"
	done
	mount --move "$work/cgroup" "$all" || skip_all "no tmpfs over $all"
	rmdir "$work/cgroup"
}

# What the handlers run, and why one cannot, as JSON for the tests.
userns_runtimes() {
	local crun='' runc newer=$userns_first/runc13/runc all='{}' why='{}'
	runc=$(realpath "$(command -v runc)")
	if ! crun=$(command -v crun); then
		why=$(jq -c '.["hardrun-crun"] = "crun is not installed"' <<<"$why")
	else
		crun=$(realpath "$crun")
		if [ -e /sys/fs/cgroup/cgroup.controllers ] && ! may_raise_limits; then
			crun=$(memlock_crun "$crun") || skip_all "memlock.c cannot be built"
		fi
		all=$(jq -c --arg path "$crun" '.["hardrun-crun"] = $path' <<<"$all")
	fi
	if [ ! -e "$newer" ]; then
		why=$(jq -c '.["hardrun-runc13"] = "HR_TEST_RUNC13 names no runc of 1.3 or later"' <<<"$why")
	elif ! "$newer" --version >/dev/null 2>&1; then
		why=$(jq -c '.["hardrun-runc13"] = "HR_TEST_RUNC13 does not run here"' <<<"$why")
	else
		all=$(jq -c --arg path "$newer" '.["hardrun-runc13"] = $path' <<<"$all")
	fi
	HR_CRI_RUNTIMES=$(jq -c --arg path "$runc" '.["hardrun-runc"] = $path' <<<"$all")
	export HR_CRI_RUNTIMES HR_CRI_MISSING=$why
}

userns_handlers() {
	local plugin='plugins."io.containerd.grpc.v1.cri"' handler
	for handler in hardrun-crun hardrun-runc hardrun-runc13; do
		ln -sfn "$HR_PROGRAM" "$work/bin/$handler"
		cat <<-TOML
			[$plugin.containerd.runtimes.$handler]
			runtime_type = "io.containerd.runc.v2"
			[$plugin.containerd.runtimes.$handler.options]
			BinaryName = "$work/bin/$handler"
		TOML
	done
}

# ---- images --------------------------------------------------------------------------------

eval "plain_$(declare -f containerd_image)"
containerd_image() {
	local file
	plain_containerd_image || return
	userns_layer >"$work/owners.layer" || return
	userns_image_of "$userns_image" "$work/image/layer" "$work/owners.layer" >"$work/userns.tar" || return
	userns_sixty || return
	userns_image_of "$userns_image-60" "$work/image/layer" "$work"/sixty/*.layer >"$work/sixty.tar" || return
	if [ -n "$userns_services" ]; then
		tar -C "$userns_services" --numeric-owner --one-file-system -cf "$work/services.layer" . || return
		userns_image_of "$userns_image-services" "$work/services.layer" >"$work/services.tar" || return
		rm "$work/services.layer"
	fi
	for file in userns sixty services; do
		[ ! -e "$work/$file.tar" ] || ctr images import --snapshotter "$CONTAINERD_SNAPSHOTTER" \
			"$work/$file.tar" >>"$work/import.out" 2>>"$work/import.err" || return
		rm -f "$work/$file.tar"
	done
	export HR_CRI_USERNS_IMAGE=$userns_image
}

# Owners 0, 1000, 33 and 70000, a directory for all, a set-user-ID program and one with CAP_CHOWN.
userns_layer() {
	local root=$work/owners owner
	mkdir -p "$root"/{bin,etc,own,all} && chmod 1777 "$root/all" && cp "$work/image/root/etc/"* "$root/etc/"
	echo 'www-data:x:33:33:www-data:/:/bin/sh' >>"$root/etc/passwd"
	for owner in 0 1000 33 70000; do
		echo "$owner" >"$root/own/$owner" && chown "$owner:$owner" "$root/own/$owner" &&
			chmod 640 "$root/own/$owner" || return
	done
	userns_probe "$root/bin/plain" && cp "$root/bin/plain" "$root/bin/capable" &&
		install -m 4755 "$root/bin/plain" "$root/bin/setuid" || return
	"$python" - "$root/bin/capable" <<-'END' || return
		import os, struct, sys
		os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1, 0, 0, 0))
	END
	tar -C "$root" --numeric-owner --xattrs --xattrs-include='security.*' -cf - .
}

userns_probe() { # FILE
	if [ -x "${HR_BUILDDIR:-.}/tests/e2e/userns_probe" ]; then
		install -m 755 "${HR_BUILDDIR:-.}/tests/e2e/userns_probe" "$1"
	else
		gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -o "$1" "$e2e/userns_probe.c" && chmod 755 "$1"
	fi
}

userns_sixty() { # each layer has a file of its own, changes one of all, and removes one of the last
	local number dir
	mkdir -p "$work/sixty"
	for number in $(seq 10 68); do
		dir=$work/sixty/$number
		mkdir -p "$dir/layers" && echo "$number" >"$dir/layers/$number" && echo "$number" >"$dir/layers/last" &&
			chown "$number:$number" "$dir/layers/$number" "$dir/layers/last" || return
		[ "$number" -ne 60 ] || : >"$dir/layers/.wh.10"
		tar -C "$dir" --numeric-owner -cf "$dir.layer" . || return
		rm -r "$dir"
	done
}

userns_image_of() { # NAME LAYER...: an OCI image as a tar file to stdout
	local name=$1 layout=$work/layout type=application/vnd.oci.image layers='[]' diffs='[]' file part
	local config manifest arch
	shift
	arch=$(jq -r .architecture "$(grep -l '"architecture"' "$work"/image/layout/blobs/sha256/* | head -n 1)")
	rm -rf "$layout" && mkdir -p "$layout/blobs/sha256"
	for file; do
		part=$(image_blob "$type.layer.v1.tar" <"$file") || return
		layers=$(jq -c --argjson part "$part" '. + [$part]' <<<"$layers")
		diffs=$(jq -c --argjson part "$part" '. + [$part.digest]' <<<"$diffs")
	done
	config=$(jq -nc --arg arch "$arch" --argjson diffs "$diffs" '{architecture: $arch, os: "linux",
		config: {Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"]},
		rootfs: {type: "layers", diff_ids: $diffs}}' | image_blob "$type.config.v1+json")
	manifest=$(jq -nc --argjson config "$config" --argjson layers "$layers" \
		'{schemaVersion: 2, config: $config, layers: $layers}' | image_blob "$type.manifest.v1+json")
	jq -nc --argjson manifest "$manifest" --arg name "$name" '{schemaVersion: 2, manifests: [
		$manifest + {annotations: {"io.containerd.image.name": $name}}]}' >"$layout/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	tar -C "$layout" -c .
}
