#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An overlay mounted anew in its place (src/stage/overlay.c), without a context: all that it had
# is there again, what cannot be made again is refused with nothing changed, and what fails or is
# killed half-way leaves the old mount, none, or the new one.
# Usage: overlay.sh [PART...]
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
tool=$(realpath "${HR_BUILDDIR:-.}/tests/e2e/overlay_tool")
[ -x "$tool" ] || skip_all "overlay_tool is not built"
for program in python3 strace chattr mkfs.ext4; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done

# ---- overlays as an engine makes them --------------------------------------------------------

names=io.containerd.snapshotter.v1.overlayfs/snapshots
# Numbers of mounts are used again before Linux 6.8.
unique=$(($("$tool" --id /) > 1 << 31))
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
snapshots() {
	local i
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "$s/$i/fs/dir"
		echo "$i" >"$s/$i/fs/own-$i"
		echo "$i" >"$s/$i/fs/same"
		echo "$i" >"$s/$i/fs/dir/in-$i"
	done
	mkdir -p "$s/1/fs/"{gone-dir,new-dir,kept} && echo 1 | tee "$s/1/fs/"{gone,gone-dir/x,new-dir/old,kept/x,linked} >/dev/null
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
ids() { ! grep -q " $root " /proc/self/mountinfo || "$tool" --id "$root"; }
state() { mounts && tree "$root" && ids; }

# ---- verdicts -----------------------------------------------------------------------------

same() { # BEFORE AFTER NAME
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "$(diff <(echo "$1") <(echo "$2"))"; fi
}
rebuild() { "$tool" "$root" >"$work/said" 2>&1; }

# anew NAME [SUPER]: it is rebuilt, and the same but for its number; SUPER: its options then.
anew() {
	local before after old
	before=$(mounts && tree "$root") old=$(ids)
	rebuild
	after=$(mounts && tree "$root")
	is "$(cat "$work/said")" "done" "$fs: $1: is mounted anew"
	same "$before" "$after" "$fs: $1: is the same"
	is "$(($(ids) > old))" "$unique" "$fs: $1: is another mount"
}
super() { mounts | sed 's/.* - //'; }

# refused NAME REGEX [ROOTFS]: with nothing changed.
refused() {
	local before after
	before=$(state)
	"$tool" "${3:-$root}" >"$work/said" 2>&1
	after=$(state)
	like "$(cat "$work/said")" "^error [0-9]: .*$2" "$fs: $1: is refused"
	unlike "$(cat "$work/said")" "left unmounted" "$fs: $1: says nothing of an unmount"
	same "$before" "$after" "$fs: $1: nothing has changed"
}

# lost NAME REGEX [INJECTION]: the rootfs is left unmounted.
lost() {
	if [ $# -eq 3 ]; then
		strace -o /dev/null -e "trace=${3%%:*}" -e "inject=$3" "$tool" "$root" >"$work/said" 2>&1
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
	before=$(tree "$root")
	rebuild
	is "$(cat "$work/said")" "done" "$fs: $1 layers, one an option: is mounted anew"
	is "$(tree "$root")" "$before" "$fs: $1 layers, one an option: is the same"
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
		for own in private shared unbindable; do
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
	nsenter -t "$observer" -m "$tool" "$root" >"$work/said" 2>&1
	like "$(cat "$work/said")" "was mounted in another mount namespace" "$fs: the observer's own is refused"
	kill "$observer"
	begin_bound
}
begin_bound() {
	umount -l "$root"
	umount -l "$store/b"
}

shapes() {
	begin && snapshots 2
	refused "not a mount" "it is not a mount point"
	mount -t tmpfs tmpfs "$root"
	refused "another file system" "no overlay but tmpfs"
	umount "$root" && omount overlay "$root" 0 "lowerdir=$lower,$upper"
	refused "a path below" "not a mount point" "$root/dir"
	refused "a relative path" "plain absolute" "rootfs"
	refused "a path with .." "plain absolute" "$root/../rootfs"
	ln -s "$root" "$store/b/link"
	refused "a link" "not a mount point" "$store/b/link"
	refused "the root" "root of the host" /
	refused "nothing there" "missing" "$store/nowhere/rootfs"
	mount -t tmpfs tmpfs "$root/dir"
	refused "a mount below" "$root/dir is mounted in it"
	umount "$root/dir" && mount --bind "$root" "$root"
	refused "a mount on top" "more than one mount"
	umount "$root"
	umount "$root"
	mkdir "$store/b/over" && omount overlay "$store/b/over" 0 "lowerdir=$lower,$upper"
	mount --bind "$store/b/over/dir" "$root"
	refused "a part of an overlay" "shows /dir of an overlay"
	umount "$root" && mount --bind "$store/b/over" "$root"
	umount "$store/b/over"
	anew "moved by a bind mount"
	"$tool" "$root//" >"$work/said"
	is "$(cat "$work/said")" "done" "$fs: slashes at the end"
	if [ ! -d /sys/fs/selinux ]; then
		before=$(state)
		"$tool" "$root" system_u:object_r:container_file_t:s0:c1,c2 >"$work/said"
		like "$(cat "$work/said")" "^error [0-9]: .*takes no context" "$fs: no SELinux: a context is refused"
		is "$(state)" "$before" "$fs: no SELinux: nothing has changed"
	fi
	"$tool" "$root" 'a",upperdir="/b' >"$work/said"
	like "$(cat "$work/said")" "^error 4: .*a context with a byte" "$fs: a context with a quote is refused"
}

refusals() {
	begin && snapshots 2
	if omount overlay "$root" 0 "lowerdir=$lower,$upper,volatile"; then
		refused "volatile" "volatile lets nobody mount"
		begin && snapshots 2
	fi
	if omount overlay "$root" 0 "lowerdir=$s/2/fs::$s/1/fs,metacopy=on" 2>/dev/null; then
		refused "a layer for data only" "data only"
		umount "$root" && fsmount "$root" metacopy=on "lowerdir+=$s/2/fs" "datadir+=$s/1/fs"
		refused "a layer for data only, by its option" "data only"
		umount "$root"
	else
		skip "$fs: a layer for data only" "this kernel has none"
	fi
	(cd "$s" && omount overlay "$root" 0 "lowerdir=2/fs:1/fs")
	refused "relative names without an upper directory" "relative to a directory that nothing tells"
	umount "$root" && (cd "$s" && omount overlay "$root" 0 "lowerdir=2/fs:1/fs,upperdir=3/fs,workdir=3/work")
	refused "a relative upper directory elsewhere" "relative to a directory that nothing tells"
	umount "$root" && omount overlay "$root" 0 "lowerdir=/:$s/1/fs" && rebuild
	like "$(cat "$work/said")" "no directory of its own" "$fs: the root as a layer is refused"
	umount "$root"
	(exec 8<"$s/1/fs" && omount overlay "$root" 0 "lowerdir=/proc/self/fd/8:$s/2/fs,$upper")
	refused "a layer by its descriptor" "its layer /proc/self/fd/8" 8<"$s/1/fs"
	umount "$root" && ln -s /proc/self "$s/self"
	(cd "$s/1/fs" && omount overlay "$root" 0 "lowerdir=$s/self/cwd:$s/2/fs,$upper")
	refused "a layer behind a link into proc" "."
	begin && snapshots 2
	omount overlay "$root" 0 "lowerdir=$lower,$upper"
	chmod 775 "$s/1" && refused "a layer that a group can replace" "can be changed by others"
	chmod 755 "$s/1" && chown 1000 "$s/1" && refused "a layer that a user can replace" "can be changed by others"
	chown 0 "$s/1" && chmod 777 "$store/b" && refused "a mount point that others can replace" "written by everybody|changed by others"
	chmod 755 "$store/b" && chmod 777 "$s/"*/fs && chown 1000 "$s/"*/fs
	anew "layers that are a user's themselves"
	umount "$root" && ln -s 1/fs "$s/link" && chown -h 1000 "$s/link"
	omount overlay "$root" 0 "lowerdir=$s/2/fs:$s/link,$upper"
	refused "a layer by a user's link" "is a link of others"
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

failures() {
	local holder
	begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper" && use
	(cd "$root" && exec sleep 1000) &
	holder=$!
	reap "$holder"
	until [ "$(readlink /proc/"$holder"/cwd)" = "$root" ] && [ "$(cat /proc/"$holder"/comm)" = sleep ]; do sleep 0.05; done
	refused "busy" "cannot be unmounted"
	kill "$holder" && wait "$holder" 2>/dev/null
	anew "not busy any more"
	mv "$s/1/fs" "$s/1/away"
	refused "a layer removed" "its layer .*1/fs: missing"
	umount "$root" && mv "$s/1/away" "$s/1/fs" && rm -rf "${s:?}/$top" && mkdir -p "$s/$top/"{fs,work}
	omount overlay "$root" 0 "lowerdir=$lower,$upper" && mv "$s/1/fs" "$s/1/away"
	mkdir "$s/1/fs" && lost "a layer replaced by an empty one" "other files than before"
	rmdir "$s/1/fs" && mv "$s/1/away" "$s/1/fs" && omount overlay "$root" 0 "lowerdir=$lower,$upper"
	mv "$s/$top/work" "$s/$top/away"
	refused "the work directory removed" "its layer .*$top/work: missing"
	mv "$s/$top/away" "$s/$top/work" && mv "$s/$top/fs" "$s/$top/away"
	refused "the upper directory removed" "its layer .*$top/fs: missing"
	mv "$s/$top/away" "$s/$top/fs"
	chattr +i "$s/$top/work" && lost "the work directory cannot be used" "came back read-only"
	chattr -i "$s/$top/work"
	for index in off on; do
		begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper,index=$index"
		unshare -m --propagation private sleep 1000 &
		holder=$!
		reap "$holder"
		until [ "$(cat /proc/"$holder"/comm)" = sleep ]; do sleep 0.05; done
		lost "pinned by another mount namespace, index=$index" "another mount namespace still has"
		kill "$holder" && wait "$holder" 2>/dev/null
	done
	for injection in mount:error=EINVAL:when=1 mount:error=ENOMEM:when=2 mount_setattr:error=EPERM \
		fchdir:error=EACCES:when=2 poll:retval=0; do
		begin && snapshots 2
		(cd "$s" && mount -i -t overlay overlay -o "lowerdir=2/fs:1/fs,$upper" "$root" && mount -o remount,bind,ro "$root")
		lost "${injection/:*when=/, call }" "" "$injection"
	done
	begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper" && before=$(state)
	strace -o /dev/null -e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE "$tool" "$root" >"$work/said"
	is "$(cat "$work/said")" "done" "$fs: no inotify to be had: is mounted anew"
}

# Killed before each system call of the rebuild, and so after each.
kills() {
	local call wanted was now kind wrong='' points=0
	declare -A seen=([old]=0 [none]=0 [new]=0)
	again() { (cd "$s" && mount -i -t overlay overlay -o "lowerdir=3/fs:2/fs:1/fs,$upper,nosuid" "$root"); }
	begin && snapshots 3 && again && use
	strace -o "$work/calls" "$tool" "$root" >/dev/null
	wanted=$(mounts && tree "$root")
	# The first that opens /proc/self/fd is the tool's own.
	while read -r call; do
		points=$((points + 1))
		[ -n "$(ids)" ] || { again && wanted=$(mounts && tree "$root"); }
		was=$(ids)
		{ strace -o /dev/null -e "trace=${call%%:*}" -e "inject=$call:signal=KILL" "$tool" "$root"; } >/dev/null 2>&1
		[ $? -eq 137 ] || wrong+="$call: not killed. "
		now=$(ids)
		case $now in
		"$was") kind=old ;;
		"") kind=none ;;
		*) kind=new ;;
		esac
		seen[$kind]=$((seen[$kind] + 1))
		[ "$kind" = none ] || [ "$(mounts && tree "$root")" = "$wanted" ] || wrong+="$call: $kind is not the same. "
	done < <(awk -F '(' '/^[a-z]/ { at = $1 ":when=" ++n[$1] } /"\/proc\/self\/fd"/ { go = 1 } go && /^[a-z]/ { print at }' "$work/calls")
	is "$wrong" "" "$fs: killed at $points calls: old ${seen[old]}, none ${seen[none]}, new ${seen[new]}"
	is "$((seen[old] > 20 && seen[none] > 2 && (unique == 0 || seen[new] > 5)))" 1 "$fs: all three were seen"
}

times() {
	local n
	for n in 1 10 60; do
		begin && snapshots "$n"
		(cd "$s" && omount overlay "$root" 0 "lowerdir=${lower//$s\//},$upper")
		note "$fs: $n layers: $(HR_TIMES=41 "$tool" "$root" | sort -n | awk '{ t[NR] = $1 }
			END { printf "%d us at the least, %d at the median, %d at the most", t[1], t[21], t[41] }')"
	done
}

place() { # DIRECTORY NAME
	mkdir "$1" && store=$1 fs=$2 root=$1/b/rootfs s=$1/c/$names
}
sizes() {
	for n in 1 10 60 128; do layers "$n"; done
}

[ $# -gt 0 ] || set -- sizes kinds escaped flags propagation shapes refusals docker failures kills times
truncate -s 256M "$work/image" && mkfs.ext4 -q "$work/image" && mkdir "$work/e"
if mount -o loop "$work/image" "$work/e" 2>/dev/null; then
	place "$work/e/t" ext4
	for part; do $part; done
	begin
	umount "$work/e"
	set -- sizes
else
	skip "ext4" "no loop devices here"
fi
place "$work/t" tmpfs
for part; do $part; done
begin
finish
