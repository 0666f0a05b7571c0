# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by overlay.sh and idmap.sh: overlays as engines make them, and the verdicts on what
# becomes of them. The script has sourced lib.sh and has
#	rebuild		runs command=(...) on $root, which mounts it anew and says "done" or the error
#	view		the tree at $root, with the ids that it has in a container
#	anew NAME	it does, and all is the same but for what was to change
# shellcheck disable=SC2154,SC2034 # from lib.sh and the script; for the script
overlay_tool=$(realpath "${HR_BUILDDIR:-.}/tests/e2e/overlay_tool")
[ -x "$overlay_tool" ] || skip_all "overlay_tool is not built"
for program in python3 strace chattr mkfs.ext4; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done

# ---- overlays as an engine makes them --------------------------------------------------------

names=io.containerd.snapshotter.v1.overlayfs/snapshots
# Numbers of mounts are used again before Linux 6.8.
unique=$(($("$overlay_tool" --id /) > 1 << 31))
omount() { "$e2e/overlay.py" mount "$@"; }
fsmount() { "$e2e/overlay.py" fsmount "$@"; }
tree() { "$e2e/overlay.py" tree "$@" 2>&1; }

# begin: an empty place with $root (the mount point) and $s (the snapshots), nothing mounted.
begin() {
	while umount -l "$root" 2>/dev/null; do :; done
	chattr -i "$s"/*/work 2>/dev/null
	rm -rf "${store:?}"/{b,c} && mkdir -p "$root" "$s"
}

# snapshots N: layers 1 to N, each with its own and what the ones above change; and one above.
# Files are root's, users', and one's that no container has.
snapshots() {
	local i
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "$s/$i/fs/dir"
		echo "$i" >"$s/$i/fs/own-$i"
		echo "$i" >"$s/$i/fs/same"
		echo "$i" >"$s/$i/fs/dir/in-$i"
	done
	mkdir -p "$s/1/fs/"{gone-dir,new-dir,kept} && echo 1 | tee "$s/1/fs/"{gone,gone-dir/x,new-dir/old,kept/x,linked} >/dev/null
	echo 1 >"$s/1/fs/outside" && chown 70000:70000 "$s/1/fs/outside"
	chown 1000:33 "$s/1/fs/own-1" && chown 33:33 "$s/1/fs/kept" && chmod 640 "$s/1/fs/kept/x"
	mkdir -p "$s/$i/"{fs,work}
	top=$i lower=
	for ((i = $1; i >= 1; i--)); do lower+=:$s/$i/fs; done
	lower=${lower#:} upper=upperdir=$s/$top/fs,workdir=$s/$top/work
}

# What a container does: whiteouts, an opaque directory, links, modes, owners, attributes.
use() {
	rm -rf "$root/gone" "$root/gone-dir" "$root/new-dir" && mkdir "$root/new-dir" &&
		echo new >"$root/new-dir/new" && ln "$root/linked" "$root/link" && ln -s same "$root/symlink" &&
		install -m 4755 -o 1000 -g 33 /bin/true "$root/setuid" && mkfifo "$root/fifo" &&
		mknod "$root/null" c 1 3 && chmod 1777 "$root/kept" &&
		"$e2e/overlay.py" setcap "$root/own-1"
}

# The mounts at $root and below, without what numbers them: flags, propagation, type, options.
mounts() {
	awk -v point="$root" '$5 == point || index($5, point "/") == 1 {
		$1 = $2 = $3 = ""; gsub(/(shared|master):[0-9]+/, "&x"); gsub(/:[0-9]+x/, ""); print }' \
		/proc/self/mountinfo
}
ids() { ! grep -q " $root " /proc/self/mountinfo || "$overlay_tool" --id "$root"; }
state() { mounts && tree "$root" && ids; }

place() { # DIRECTORY NAME
	mkdir "$1" && store=$1 fs=$2 root=$1/b/rootfs s=$1/c/$names
}

kinds_of_mount=(private shared unbindable)

# ---- verdicts -----------------------------------------------------------------------------

same() { # BEFORE AFTER NAME
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "$(diff <(echo "$1") <(echo "$2"))"; fi
}
super() { mounts | sed 's/.* - //'; }

# refused NAME REGEX [ROOTFS]: with nothing changed.
refused() {
	local before after
	before=$(state)
	"${command[@]}" "${3:-$root}" >"$work/said" 2>&1
	after=$(state)
	like "$(cat "$work/said")" "^error [0-9]: .*$2" "$fs: $1: is refused"
	unlike "$(cat "$work/said")" "left unmounted" "$fs: $1: says nothing of an unmount"
	same "$before" "$after" "$fs: $1: nothing has changed"
}

# lost NAME REGEX [INJECTION]: the rootfs is left unmounted.
lost() {
	if [ $# -eq 3 ]; then
		strace -o /dev/null -e "trace=${3%%:*}" -e "inject=$3" "${command[@]}" "$root" >"$work/said" 2>&1
	else
		rebuild
	fi
	like "$(cat "$work/said")" "^error [0-9]: .*it is left unmounted: .*$2" "$fs: $1: fails"
	is "$(mounts)$(ls "$root")" "" "$fs: $1: is left unmounted"
	# The tool says when it is elsewhere afterwards; only where that was injected it may be.
	unlike "$(cat "$work/said")" "(^|"$'\n'")(descriptors$([[ ${3:-} = fchdir* ]] || echo "|working directory"))" "$fs: $1: leaves nothing"
}

# ---- cases --------------------------------------------------------------------------------

layers() { # N
	begin
	snapshots "$1"
	if [ "$1" -le 40 ]; then
		omount overlay "$root" 0 "lowerdir=$lower,$upper" && use
		anew "$1 layers by absolute names"
		umount "$root"
	fi
	(cd "$s" && omount overlay "$root" 0 "lowerdir=${lower//$s\//},$upper")
	[ "$1" -le 40 ] || use
	anew "$1 layers by relative names"
	like "$(super)" "lowerdir=$1/fs.*upperdir=/" "$fs: $1 layers: their names stay relative"
	anew "$1 layers once more"
	umount "$root"
	mapfile -t single < <(tr : '\n' <<<"lowerdir+=${lower//:/:lowerdir+=}")
	fsmount "$root" "${single[@]}" \
		"upperdir=$s/$top/fs" "workdir=$s/$top/work" 2>"$work/said" || {
		skip "$fs: $1 layers, one an option" "the kernel has no lowerdir+: $(cat "$work/said")"
		return
	}
	before=$(view)
	rebuild
	is "$(cat "$work/said")" "done" "$fs: $1 layers, one an option: is mounted anew"
	is "$(view)" "$before" "$fs: $1 layers, one an option: is the same"
}

escaped() {
	local name as
	# shellcheck disable=SC1003
	for name in 'a,b' 'a:b' 'a b' 'a\b' 'a"b' "a'b" 'a=b' $'a\nb' $'a\tb' 'a\,b' 'a",b"' 'a#b' 'b\' ',' ':' \
		'context=x' 'a,context="x"' $'\xff\x01'; do
		begin
		mkdir -p "$s/$name/"{low,up,work} "$s/plain" && echo "$name" >"$s/$name/low/file"
		as=${name//\\/\\\\} as=${as//,/\\,} as=${as//:/\\:}
		omount 'a b#c' "$root" 0 \
			"lowerdir=$s/$as/low:$s/plain,upperdir=$s/${as//\\:/:}/up,workdir=$s/${as//\\:/:}/work" ||
			not_ok "$fs: mounts a layer named ${name@Q}"
		anew "a layer named ${name@Q}"
	done
}

kinds() {
	local option
	begin && snapshots 3
	omount none "$root" 0 "lowerdir=$lower"
	anew "no upper directory"
	umount "$root" && omount none "$root" 1 "lowerdir=$lower"
	anew "no upper directory, mounted read-only"
	umount "$root" && omount '' "$root" 0 "lowerdir=$lower"
	anew "no upper directory, no name"
	for option in index=on index=off nfs_export=on,index=on redirect_dir=on redirect_dir=off \
		redirect_dir=follow redirect_dir=nofollow metacopy=on metacopy=off xino=on xino=auto xino=off \
		uuid=on uuid=off uuid=null uuid=auto userxattr default_permissions verity=on \
		metacopy=on,verity=require fsync=auto fsync=strict metacopy=on,redirect_dir=on,index=on; do
		begin && snapshots 3
		if omount overlay "$root" 0 "lowerdir=$lower,$upper,$option" 2>/dev/null; then
			# With nfs_export the kernel itself counts links of copies anew at each mount.
			case $option in userxattr | nfs_export*) echo x >"$root/new" ;; *) use ;; esac
			anew "option $option"
		else
			skip "$fs: option $option" "this kernel does not mount it"
		fi
	done
	begin && snapshots 2
	if mkdir "$store/tmpfs" && mount -t tmpfs -o mode=755 tmpfs "$store/tmpfs"; then
		mkdir "$store/tmpfs/fs"
		echo other >"$store/tmpfs/fs/file"
		omount overlay "$root" 0 "lowerdir=$store/tmpfs/fs:$lower,$upper,xino=on"
		anew "layers on two file systems"
		begin
		umount "$store/tmpfs"
		rmdir "$store/tmpfs"
	fi
}

flags() {
	local option
	for option in nosuid nodev noexec noatime nodiratime,strictatime strictatime relatime nosymfollow \
		ro,nosuid,nodev,noexec,noatime sync dirsync lazytime ro; do
		begin && snapshots 2
		mount -i -t overlay overlay -o "lowerdir=$lower,$upper,$option" "$root"
		anew "flags $option"
	done
	begin && snapshots 2
	mount -i -t overlay overlay -o "lowerdir=$lower,$upper" "$root"
	mount -o remount,bind,ro "$root"
	anew "a read-only mount of a writable overlay"
	begin && snapshots 2
	mount -i -t overlay overlay -o "lowerdir=$lower,$upper,ro" "$root"
	mount -o remount,bind,rw "$root"
	anew "a writable mount of a read-only overlay"
}

propagation() {
	local parent own
	for parent in private shared; do
		for own in "${kinds_of_mount[@]}"; do
			begin && snapshots 2
			mount --bind "$store/b" "$store/b" && mount "--make-$parent" "$store/b"
			omount overlay "$root" 0 "lowerdir=$lower,$upper" && mount "--make-$own" "$root"
			anew "$own in a $parent one"
			begin_bound
		done
	done
	# Seen by others: a slave of the place loses the old one and gets the new one.
	begin && snapshots 2
	mount --bind "$store/b" "$store/b" && mount --make-shared "$store/b"
	omount overlay "$root" 0 "lowerdir=$lower,$upper"
	unshare -m --propagation slave sleep 1000 &
	reap $!
	observer=$!
	until [ "$(cat /proc/"$observer"/comm)" = sleep ]; do sleep 0.05; done
	anew "with an observer"
	is "$(nsenter -t "$observer" -m cat "$root/own-1"; nsenter -t "$observer" -m grep -c " $root " /proc/self/mountinfo)" \
		"$(printf '1\n1')" "$fs: an observer sees the new one, once"
	nsenter -t "$observer" -m "${command[@]}" "$root" >"$work/said" 2>&1
	like "$(cat "$work/said")" "was mounted in another mount namespace" "$fs: the observer's own is refused"
	kill "$observer"
	begin_bound
}
begin_bound() {
	umount -l "$root"
	umount -l "$store/b"
}

# /var/lib/docker/overlay2: l/SHORT are links, all is relative when there are many layers.
docker() {
	begin && local d=$store/c/overlay2
	mkdir -p "$d/l" "$d/"{aaa,bbb,ccc}/diff "$d/ccc/"{work,merged} && echo a >"$d/aaa/diff/a" && echo b >"$d/bbb/diff/b"
	ln -s ../aaa/diff "$d/l/A" && ln -s ../bbb/diff "$d/l/B"
	local root=$d/ccc/merged
	omount overlay "$root" 0 "lowerdir=$d/l/B:$d/l/A,upperdir=$d/ccc/diff,workdir=$d/ccc/work"
	anew "Docker, absolute"
	umount "$root" && (cd "$d" && omount overlay "$root" 0 "lowerdir=l/B:l/A,upperdir=ccc/diff,workdir=ccc/work")
	anew "Docker, relative"
	umount "$root"
}
