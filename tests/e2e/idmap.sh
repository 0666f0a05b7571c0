#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A root file system with the ids of a user namespace (src/stage/root.c): an overlay mounted anew
# in its place over idmapped layers, a clone of anything else. On disk nothing changes, whatever
# range of ids it is and whoever writes.
# Usage: idmap.sh [all|PART...]
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
# shellcheck source=tests/e2e/overlay_lib.sh
. "$e2e/overlay_lib.sh"
# shellcheck source=tests/e2e/idmap_stage.sh
. "$e2e/idmap_stage.sh"
kinds_of_mount=(private shared) # a clone of it is wanted, which an unbindable one has not
tools=$(realpath "${HR_BUILDDIR:-.}/tests/e2e")
tool=$tools/idmap_tool
for program in idmap_tool kill_at; do
	[ -x "$tools/$program" ] || skip_all "$program is not built"
done
first=1879048192 second=1900019712
mkdir -p "$work/probe"
"$tool" "$first" probe "$work/probe" >"$work/said" || skip_all "this machine cannot: $(cat "$work/said")"

# ---- verdicts -----------------------------------------------------------------------------

owner() { stat -c %u "$root"; } # root's, in our layers
next() { if [ "$(owner)" = "$first" ]; then echo "$second"; else echo "$first"; fi; }
rebuild() {
	range=$(next) command=("$tool" "$(next)" root)
	"${command[@]}" "$root" >"$work/said" 2>&1
}

# Ids less those of $1; nobody's are those that it has not.
shifted() {
	awk -v base="$1" 'function inside(id) { id -= base; return id < 0 || id > 65535 ? "nobody" : id }
		{ $3 = inside($3); $4 = inside($4); print }'
}
# A capability of a file is shown to the host with the id of the root that it is good for.
view() {
	local base hex
	base=$(owner) && printf -v hex '%08x' "$base"
	tree "$root" | shifted "$base" | sed -E "s/(security.capability 0100000)3([0-9a-f]{32})${hex:6:2}${hex:4:2}${hex:2:2}${hex:0:2}/\\12\\2/"
}

# The layers, as they are on disk: all but what an overlay makes in its work directory, of which
# whiteouts are links.
disk() { tree "$store/c" | grep -vE "/(work|merged)[/'\"]" | whiteouts; }
whiteouts() { sed -E 's/( 0o20000 [0-9]+ [0-9]+) [0-9]+ /\1 - /'; }

anew() { # NAME: with the other range
	local before after old
	before=$(mounts && view && disk) old=$(ids)
	rebuild
	after=$(mounts && view && disk)
	is "$(cat "$work/said")" "done" "$fs: $1: is mapped"
	is "$(owner)" "$range" "$fs: $1: root's files are those of $range"
	same "$before" "$after" "$fs: $1: in the container and on disk all is the same"
	is "$(($(ids) > old))" "$unique" "$fs: $1: is another mount"
}

# ---- cases --------------------------------------------------------------------------------

# Two overlays over the same layers: what is written into the one as the container's root is on
# disk what the host's root wrote into the other.
inside() {
	local script twin option said
	script=$(<"$e2e/idmap_inside.py")
	for option in index=off index=on metacopy=on,redirect_dir=on xino=on; do
		begin && snapshots 3 && echo x >"$s/3/fs/dir/own-append"
		mkdir -p "$s/twin/"{fs,work} "$store/b/twin" && twin=$store/b/twin
		if ! omount overlay "$root" 0 "lowerdir=$lower,$upper,$option" 2>/dev/null ||
			! omount overlay "$twin" 0 "lowerdir=$lower,upperdir=$s/twin/fs,workdir=$s/twin/work,$option"; then
			skip "$fs: $option: written in the container" "this kernel does not mount it"
			continue
		fi
		rebuild
		said=$("$tool" "$range" in "$root" /usr/bin/python3 -c "$script" 2>&1)
		is "$said" "" "$fs: $option: root of the container writes"
		said=$(python3 -c "$script" 3<"$twin" 2>&1)
		is "$said" "" "$fs: $option: the host's root writes elsewhere"
		anew "$option: what a container wrote"
		umount "$twin"
		same "$(written "$s/twin/fs")" "$(written "$s/$top/fs")" "$fs: $option: is the same on disk"
		like "$(stat -c '%u:%g %a' "$s/$top/fs/user" "$s/$top/fs/setuid")" \
			"1000:1000 600"$'\n'"0:33 6755" "$fs: $option: with the owners that it has in the container"
		# Without a map again: what an earlier call did is undone.
		"$overlay_tool" "$root" >"$work/said"
		is "$(cat "$work/said") $(owner)" "done 0" "$fs: $option: and goes back"
	done
}
# But for inodes, times and what names the overlay.
written() { tree "$1" | whiteouts | sed -E 's/ trusted\.overlay\.(uuid|origin) [0-9a-f]+//g' | awk '{ $6 = $8 = ""; print }'; }

# As root of a container, in which a file of another's is nobody's.
foreign() {
	begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper" && rebuild
	like "$("$tool" "$range" in "$root" /usr/bin/python3 -c 'import os
os.fchdir(3)
print(os.stat("outside").st_uid)
os.chown("outside", 0, 0)' 2>&1)" "^65534"$'\n'".*PermissionError|^65534"$'\n'".*OSError.*" \
		"$fs: what has no id in it is nobody's, and stays so"
	is "$(stat -c %u "$s/1/fs/outside")" 70000 "$fs: on disk too"
	is "$("$tool" "$second" in "$root" /usr/bin/python3 -c 'import os
os.fchdir(3)
try: open("new", "w")
except OSError as error: print(error.strerror)')" "Permission denied" "$fs: another range has no rights in it"
}

# Layers that are not below the directory of the upper one, or are mounts themselves.
elsewhere() {
	begin && snapshots 2
	mkdir -p "$store/c/far/away" "$s/own/fs" "$s/rw" && echo far >"$store/c/far/away/far"
	omount overlay "$root" 0 "lowerdir=$store/c/far/away:$lower,$upper"
	anew "a layer elsewhere"
	umount "$root" && mount -t tmpfs -o mode=755 tmpfs "$s/own/fs" && echo own >"$s/own/fs/own"
	omount overlay "$root" 0 "lowerdir=$s/own/fs:$lower,$upper"
	anew "a layer that is a mount"
	is "$(cat "$root/own")" own "$fs: a layer that is a mount: is there"
	umount "$root" && umount "$s/own/fs"
	mount -t tmpfs -o mode=755 tmpfs "$s/rw" && mkdir "$s/rw/"{upper,work}
	omount overlay "$root" 0 "lowerdir=$lower,upperdir=$s/rw/upper,workdir=$s/rw/work"
	anew "an upper directory on a mount of its own"
	umount "$root"
	umount "$s/rw"
	mkdir "${s%/*}/work" && omount overlay "$root" 0 "lowerdir=$lower,upperdir=$s/$top/fs,workdir=${s%/*}/work"
	anew "a work directory beside that of all layers"
	umount "$root" && omount overlay "$root" 0 "lowerdir=$store/c/far/away:$lower"
	anew "no upper directory, layers everywhere"
	umount "$root" && erofs
}
erofs() {
	if command -v mkfs.erofs >/dev/null && mkfs.erofs "$work/erofs" "$s/1/fs" >/dev/null 2>&1 &&
		mount -o loop "$work/erofs" "$s/own/fs" 2>/dev/null; then
		omount overlay "$root" 0 "lowerdir=$s/own/fs,$upper"
		anew "a layer of erofs"
		umount "$root"
		umount "$s/own/fs"
	else
		skip "$fs: a layer of erofs" "no mkfs.erofs, no loop device or no erofs here"
	fi
}

# What is no overlay: cloned, and unchanged in its place.
plain() {
	local at=$work/at
	begin && snapshots 1 && mkdir -p "$at" "$store/c/plain/below" && root=$store/c/plain
	cp -a "$s/1/fs/." "$root"
	cloned "a directory"
	mount --bind "$root" "$store/b/rootfs" && root=$store/b/rootfs
	mount -o remount,bind,ro,nosuid,nodev "$root" && cloned "a bind mount"
	like "$(findmnt -no OPTIONS "$at")" "^ro,nosuid,nodev,.*idmapped" "$fs: a bind mount: keeps its flags"
	umount "$at"
	mount -t tmpfs -o mode=755 tmpfs "$root/below" && echo x >"$root/below/x"
	cloned "a bind mount with one below it"
	is "$(stat -c %u "$at/below/x")" "$first" "$fs: what is mounted below is mapped too"
	umount -R "$at" && umount "$root/below"
	mount -t proc proc "$root/below" && refused_clone "proc below it" "below it that cannot"
	umount "$root/below" && umount "$root" && refused_clone "a file" "" "$s/1/fs/same"
	place_back
	omount overlay "$root" 0 "lowerdir=$s/1/fs,$upper"
	refused_clone "a directory in an overlay" "is on an overlay, which" "$root/dir"
	umount "$root" && refused_clone "nothing there" "missing" "$store/nowhere"
	mount --bind "$root" "$root" && mount --make-unbindable "$root" &&
		refused_clone "an unbindable mount" "cannot be cloned"
}
place_back() { root=$store/b/rootfs; }
cloned() { # NAME
	local before after
	while umount -R "$at" 2>/dev/null; do :; done
	before=$(mounts && tree "$root" && disk)
	"$tool" "$first" root "$root" "$at" >"$work/said" 2>&1
	after=$(mounts && tree "$root" && disk)
	is "$(cat "$work/said")" "done" "$fs: $1: is cloned"
	same "$before" "$after" "$fs: $1: nothing has changed in its place"
	same "$(tree "$root" | grep -v below | shifted 0)" "$(tree "$at" | grep -v below | shifted "$first")" \
		"$fs: $1: the clone has the ids"
	is "$("$tool" "$first" in "$at" /usr/bin/python3 -c 'import os
os.fchdir(3)
print(os.stat("own-1").st_uid, os.stat("same").st_uid)')" "1000 0" "$fs: $1: as its root sees it"
}
refused_clone() { # NAME REGEX [ROOTFS]
	local before
	before=$(mounts)
	for verb in check root; do
		"$tool" "$first" "$verb" "${3:-$root}" >"$work/said" 2>&1
		like "$(cat "$work/said")" "^error [0-9]: .*$2" "$fs: $1: is refused ($verb)"
	done
	is "$(mounts)" "$before" "$fs: $1: nothing has changed"
}

# Before anything is taken down, and by the check that comes long before.
refused_both() { # NAME REGEX
	command=("$tool" "$first" check) && refused "$1 (asked)" "$2"
	command=("$tool" "$first" root) && refused "$1" "$2"
}
refusals() {
	begin && snapshots 2
	if omount overlay "$root" 0 "lowerdir=$lower,$upper,volatile"; then
		refused_both "volatile" "volatile lets nobody mount"
		begin && snapshots 2
	fi
	mkdir -p "$s/other/fs" "$s/lower" && omount overlay "$s/other/fs" 0 "lowerdir=$s/1/fs:$s/2/fs"
	omount overlay "$root" 0 "lowerdir=$s/other/fs:$lower,$upper"
	refused_both "a layer that is an overlay" "its layers: .*other/fs is on an overlay, which cannot"
	umount "$root" && umount "$s/other/fs"
	mkdir -p "$s/x/y" && ln -s "$s/1/fs" "$s/x/y/absolute"
	omount overlay "$root" 0 "lowerdir=$s/x/y/absolute:$s/2/fs,$upper"
	rebuild
	like "$(cat "$work/said")" "^error 4: .*is reached by a link" "$fs: a layer by an absolute link is refused"
	umount "$root" && mkdir -p "$store/c/far/work" &&
		omount overlay "$root" 0 "lowerdir=$lower,upperdir=$s/$top/fs,workdir=$store/c/far/work"
	refused_both "a work directory elsewhere" "not below one directory"
	umount "$root" && omount overlay "$root" 0 "lowerdir=$s/x/../1/fs:$s/2/fs,$upper"
	refused_both "a layer named with .." 'by way of'
	umount "$root" && omount overlay "$root" 0 "lowerdir=$lower,$upper" && mount -t tmpfs tmpfs "$root/dir"
	refused_both "a mount below" "is mounted in it"
	umount "$root/dir"
	command=("$tool" "$first" check)
	before=$(state) && "${command[@]}" "$root" >"$work/said"
	is "$(cat "$work/said")" "done" "$fs: asked of what can be mapped"
	same "$before" "$(state)" "$fs: asked of what can be mapped: nothing has changed"
	umount "$root" && mkdir "$s/in"
	mount -t tmpfs -o mode=755 tmpfs "$s/in" && mkdir "$s/in/fs" && omount overlay "$root" 0 "lowerdir=$s/in/fs:$lower,$upper"
	refused_both "a layer in a mount of its own" "is reached by a link, or through a mount"
	umount "$root"
	umount "$s/in"
	omount overlay "$root" 0 "lowerdir=$lower,$upper" && mount --make-unbindable "$root"
	refused_both "unbindable" "a clone of"
}

failures() {
	local injection
	command=("$tool" "$first" root)
	begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper"
	mv "$s/$top/work" "$s/$top/away"
	refused "the work directory removed" "its layer .*$top/work: missing"
	mv "$s/$top/away" "$s/$top/work"
	if [ "$fs" != xfs ]; then
		chattr +i "$s/$top/work" 2>/dev/null && lost "the work directory cannot be used" "came back read-only"
		chattr -i "$s/$top/work" 2>/dev/null
	fi
	for injection in open_tree:error=EPERM:when=1 mount_setattr:error=EINVAL:when=1 clone3:error=EAGAIN:when=1; do
		begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper"
		before=$(state)
		strace -o /dev/null -e "trace=${injection%%:*}" -e "inject=$injection" "${command[@]}" "$root" >"$work/said" 2>&1
		unlike "$(cat "$work/said")" "done|left unmounted" "$fs: ${injection/:*when=/, call }: fails"
		same "$before" "$(state)" "$fs: ${injection/:*when=/, call }: nothing has changed"
	done
	for injection in setfsuid:retval=0 chroot:error=EPERM capset:error=EPERM move_mount:error=EINVAL fsopen:error=ENODEV \
		fsmount:error=EPERM setfsuid:signal=KILL capset:signal=SEGV; do
		begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper"
		strace -f -o /dev/null -e "trace=${injection%%:*}" -e "inject=$injection" "${command[@]}" "$root" >"$work/said" 2>&1
		like "$(cat "$work/said")" "^error 6: .*it is left unmounted" "$fs: $injection: fails"
		is "$(mounts)$(ls "$root")" "" "$fs: $injection: is left unmounted"
	done
	# What the kernel does by itself where the mounter has no id: a read-only overlay.
	begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper"
	strace -f -o /dev/null -e trace=setfsuid,setfsgid -e "inject=setfsuid,setfsgid:retval=$first" "${command[@]}" "$root" >"$work/said" 2>&1
	like "$(cat "$work/said")" "left unmounted: it came back read-only" "$fs: without an id of the container's: is seen to be read-only"
}

# Killed before each system call of the rebuild and its children: the one that makes it, and the
# program while a child works for it.
kills() {
	local who n=0 said was now kind wrong='' base
	declare -A seen=([old]=0 [none]=0 [new]=0) points=([self]=0 [child]=0)
	again() { (cd "$s" && mount -i -t overlay overlay -o "lowerdir=3/fs:2/fs:1/fs,$upper,nosuid" "$root"); }
	begin && snapshots 3 && again && use
	wanted=$(mounts && view)
	while :; do
		n=$((n + 1))
		for who in '' -p; do
			# The kernel gives an uuid to the first of an upper directory only.
			[ -n "$(ids)" ] || { again && wanted=$(mounts && view); }
			was=$(ids) base=$(next)
			# shellcheck disable=SC2086 # nothing or an option
			said=$("$tools/kill_at" $who $n "$tool" "$base" root "$root" 2>/dev/null | grep -E '^[0-9]+ (self|child)$')
			[ -n "$said" ] || break 2
			[ -z "$who" ] && points[${said#* }]=$((points[${said#* }] + 1))
			now=$(ids)
			case $now in
			"$was") kind=old ;;
			"") kind=none ;;
			*) kind=new ;;
			esac
			seen[$kind]=$((seen[$kind] + 1))
			[ "$kind" = none ] || [ "$(mounts && view)" = "$wanted" ] || wrong+="$n$who: $kind is not the same. "
			[ "$kind" != new ] || [ "$(owner)" = "$base" ] || wrong+="$n$who: new is $(owner)'s. "
		done
	done
	is "$wrong" "" "$fs: killed at ${points[self]} calls of its own and ${points[child]} of children, and twice: old ${seen[old]}, none ${seen[none]}, new ${seen[new]}"
	is "$((points[self] > 100 && points[child] > 30 && seen[old] > 20 && seen[none] > 20 && (unique == 0 || seen[new] > 5)))" 1 "$fs: all of them were seen"
	is "$(pgrep -x idmap_tool)" "" "$fs: no process is left"
}

times() {
	local n
	show() { sort -n | awk '{ t[NR] = $1 } END { printf "%d us at the least, %d at the median", t[1], t[21] }'; }
	for n in 1 10 60; do
		begin && snapshots "$n"
		(cd "$s" && omount overlay "$root" 0 "lowerdir=${lower//$s\//},$upper")
		note "$fs: $n layers: $(HR_TIMES=41 "$tool" "$first" root "$root" | show); without a map: $(HR_TIMES=41 "$overlay_tool" "$root" | show)"
	done
}

on() { # NAME MKFS...: on a file system of that name, if it is to be had
	local name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		skip "$name" "$1 is not installed"
	elif truncate -s 512M "$work/image" && "$@" "$work/image" >/dev/null 2>&1 && mkdir -p "$work/$name" &&
		mount -o loop "$work/image" "$work/$name" 2>/dev/null; then
		place "$work/$name/t" "$name"
		for part in "${parts[@]}"; do $part; done
		begin
		umount "$work/$name"
	else
		skip "$name" "no loop devices here, or the kernel has it not"
	fi
	rm -f "$work/image"
}
sizes() {
	for n in 1 10 60; do layers "$n"; done
}

# Without a name: what takes less than a minute or two. "all": everything.
more=(inside elsewhere staged)
case $#${1:-} in
0) set -- sizes inside foreign flags propagation docker elsewhere plain staged refusals failures times ;;
1all)
	more=(sizes inside elsewhere plain staged refusals)
	set -- sizes inside foreign kinds escaped flags propagation docker elsewhere plain staged refusals failures kills times
	;;
*) more=("$@") ;;
esac
probed
pipes
parts=("$@")
place "$work/n" settings && settings
on ext4 mkfs.ext4 -q
parts=("${more[@]}")
on xfs mkfs.xfs -q
on btrfs mkfs.btrfs -q
place "$work/t" tmpfs
if "$tool" "$first" check "$work/t" >"$work/said"; then
	for part in "${parts[@]}"; do $part; done
	begin
else
	skip "tmpfs" "$(cat "$work/said")"
fi
is "$(grep -c " $work/[a-z0-9]*/t/" /proc/self/mountinfo)" 0 "nothing is left mounted"
finish
