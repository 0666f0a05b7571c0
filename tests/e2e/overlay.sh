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
# shellcheck source=tests/e2e/overlay_lib.sh
. "$e2e/overlay_lib.sh"
tool=$overlay_tool command=("$tool")

rebuild() { "$tool" "$root" >"$work/said" 2>&1; }
view() { tree "$root"; }

# anew NAME: it is rebuilt, and the same but for its number.
anew() {
	local before after old
	before=$(mounts && tree "$root") old=$(ids)
	rebuild
	after=$(mounts && tree "$root")
	is "$(cat "$work/said")" "done" "$fs: $1: is mounted anew"
	same "$before" "$after" "$fs: $1: is the same"
	is "$(($(ids) > old))" "$unique" "$fs: $1: is another mount"
}

# ---- cases --------------------------------------------------------------------------------

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
