# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# One root file system for all workloads of a level, from the machine's own Debian mirror, and
# the programs that are compiled in it. Both are made once and kept in the build tree, under
# the digest of what they were made of.
#
#	rootfs_needs || skip_all "$why"
#	rootfs_make quick nginx-light curl ... || not_ok ...
#	overlay lowerdir=$programs:$rootfs, $rootfs_seconds

rootfs='' programs='' rootfs_seconds=0

# Lines "deb URI SUITE COMPONENT" of what this machine takes from Debian itself.
rootfs_sources() {
	apt-get indextargets --format '$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian|//p' | LC_ALL=C sort -u
}

rootfs_needs() {
	local tool
	for tool in mmdebstrap apt-get flock; do
		why="$tool is not installed"
		command -v "$tool" >/dev/null || return
	done
	why="this machine has no package lists of Debian (apt-get update)"
	[ -n "$(rootfs_sources)" ]
}

rootfs_make() { # LEVEL PACKAGE...: sets what stands above; what it says is in $work/build
	local level=$1 cache=${HR_BUILDDIR:-.}/workloads start=$SECONDS digest
	shift
	mkdir -p "$cache" && cache=$(realpath "$cache") || return
	exec 9>"$cache/lock" && flock 9 || return # two runs at a time build once
	digest=$({ printf '%s\n' "$@" && rootfs_sources; } | rootfs_digest "$here/rootfs.sh")
	rootfs=$cache/$level-$digest
	rootfs_once "$rootfs" "$level" rootfs_build "$level" "$@" || return
	programs=$cache/programs-$level-$(echo "$digest" | rootfs_digest "$here"/{build,programs/*})
	rootfs_once "$programs" "programs-$level" rootfs_programs || return
	exec 9>&-
	# shellcheck disable=SC2034 # for the caller
	rootfs_seconds=$((SECONDS - start))
}

rootfs_digest() { # FILE...: of stdin and the files
	cat - "$@" | sha256sum | cut -c 1-16
}

# Unless RESULT is there, COMMAND makes it, in a folder that is its last argument; others of
# that NAME and what was left behind go.
rootfs_once() { # RESULT NAME COMMAND...
	local result=$1 name=$2
	shift 2
	[ ! -e "$result" ] || return 0
	rm -rf "${result%/*}/$name"-* "${result%/*}/new"
	"$@" "${result%/*}/new" >"$work/build" 2>&1 && mv "${result%/*}/new" "$result"
}

rootfs_build() { # LEVEL PACKAGE... DIR
	local dir=${*: -1} variant=essential option suite options=() packages
	[ "$1" = quick ] || variant=apt
	packages=$(IFS=, && echo "${*:2:$#-2}")
	for option in path-exclude=/usr/share/{man/'*',doc,locale,javascript,fonts}/'*' \
		'path-exclude=/usr/lib/jvm/*/jmods/*' force-unsafe-io; do
		options+=(--dpkgopt="$option")
	done
	rootfs_sources >"$work/sources.list"
	suite=$(awk '$3 !~ /-/ {print $3}' "$work/sources.list" | head -n 1)
	mmdebstrap --quiet --mode=root --variant="$variant" "${options[@]}" \
		--aptopt='APT::Install-Recommends "false"' --include="$packages" \
		"$suite" "$dir" "$work/sources.list"
}

# Compiled by the root file system's own compilers; only what they made is kept.
rootfs_programs() { # DIR
	local layer=$work/compile
	mkdir -p "$layer"/{upper,work,root} "$1/opt/workloads" &&
		mount -t overlay overlay \
			-o "lowerdir=$rootfs,upperdir=$layer/upper,workdir=$layer/work" "$layer/root" &&
		mount -t proc proc "$layer/root/proc" && mount --rbind /dev "$layer/root/dev" &&
		mkdir "$layer/root/w" && cp -r "$here/build" "$here/programs" "$layer/root/w" &&
		chroot "$layer/root" /w/build &&
		cp -a "$layer/root/opt/workloads" "$1/opt" &&
		umount -R "$layer/root" && rm -rf "$layer"
}
