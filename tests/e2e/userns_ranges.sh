#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ids that hardrun gives to containers: many at once, freed and given again, after SIGKILL,
# where all are taken; and what is said where they, or something else, are missing.
# Usage: userns_ranges.sh [PART...]
# shellcheck disable=SC2015,SC2086
set -u
# shellcheck source=tests/e2e/userns_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_lib.sh"
userns_sandbox "$@"
command -v strace >/dev/null || skip_all "strace is not installed"
many=20

# up ID: a container that runs
up() { rootfs "$1" 2 && document "$1" && hr create --bundle "$bundle" "$1" </dev/null >"$in/$1" 2>&1 && hr start "$1"; }
down() { # ID
	bundle=$store/b/$1 s=$store/s/$1
	ended "$1" && gone
}
# A create that leads the program to look at what is kept.
looked() { rootfs look 1 && script=true && document look && hr run --bundle "$bundle" look </dev/null >"$in/look" 2>&1; gone; }

parallel() { on ext4 parallels; }
parallels() {
	local i bases='' pids=()
	mapping require && script='exec sleep 1000'
	for ((i = 1; i <= many; i++)); do
		rootfs "c$i" 1 && document "c$i"
	done
	for ((i = 1; i <= many; i++)); do
		hr create --bundle "$store/b/c$i" "c$i" </dev/null >"$in/c$i" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	for ((i = 1; i <= many; i++)); do
		bases+=$(base_of "$(pid_of "c$i")")$'\n'
	done
	bases=$(sort <<<"${bases%$'\n'}")
	is "$(uniq <<<"$bases" | grep -c .)" $many "$runtime: $many at once: each has its own ids" || note "$(cat "$in"/c*)"
	is "$(ranges)" "$bases" "$runtime: $many at once: which are those that are kept"
	is "$(jq -r .range /run/hardrun/records/*.json | sort)" "$bases" "$runtime: $many at once: and those of the records"
	for ((i = 1; i <= many; i++)); do
		hr start "c$i" && down "c$i"
	done
	looked
	is "$(($(ranges | wc -l) < many))" 1 "$runtime: $many at once: gone, some are free with the next create"
	for i in 1 2; do looked; done
	is "$(ranges | wc -l)" 1 "$runtime: $many at once: and all with a few more"
	is "$(grep -cxFf <(ranges) <<<"$bases")" 0 "$runtime: what is given next was not used before"
}

# Three ranges for everybody.
full() { on ext4 fulls; }
fulls() {
	local one two three
	ids "$first:$((3 * 65536))"
	mapping require && script='exec sleep 1000'
	for i in 1 2 3; do up "c$i"; done
	one=$(base_of "$(pid_of c1)") two=$(base_of "$(pid_of c2)") three=$(base_of "$(pid_of c3)")
	is "$(printf '%s\n' "$one" "$two" "$three" | sort | tr '\n' ' ')" "$first $((first + 65536)) $((first + 131072)) " "$runtime: three ranges for three"
	rootfs c4 1 && document c4
	hr create --bundle "$bundle" c4 </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" "^1/hardrun: refused by userns: linux.namespaces: .*no free range of ids: all 3 .*/etc/subuid" "$runtime: require: the fourth is refused"
	mapping_kept auto
	hr run --bundle "$bundle" c4 </dev/null >"$in/out" 2>&1 &
	until_true test -e "$root/c4" && until_true unmapped c4
	is "$(base_of "$(pid_of c4)")" "" "$runtime: auto: the fourth has none"
	hr delete --force c4 >/dev/null 2>&1
	wait $!
	mapping_kept require
	down c2 && down c1
	bundle=$store/b/c4 s=$store/s/c4 && document c4
	hr create --bundle "$bundle" c4 </dev/null >"$in/out" 2>&1
	hr start c4
	up c5
	is "$(base_of "$(pid_of c4)") $(base_of "$(pid_of c5)")" "$one $two" "$runtime: what is free again is given again"
	down c3 && down c4 && down c5
	ids "$range"
}
unmapped() { grep -q '^ *0 *0 *4294967295' "/proc/$(pid_of "$1" 2>/dev/null)/uid_map"; }
# Without forgetting what runs.
mapping_kept() {
	policy "$(real_limits "$(jq -nc --arg map "$1" '{version: 1, default: "p", profiles: {p: {extends: "default", userns: {map: $map}}}}')")"
}

killed() { on ext4 killeds; }
killeds() {
	local kept call
	mapping require && script='exec sleep 1000'
	for call in fsmount:when=1 renameat:when=1 move_mount:when=1; do
		rootfs one 2 && document one
		{ timeout -s KILL 60 strace -f -b execve -o "$in/strace" -e "trace=${call%%:*}" -e "inject=$call:signal=KILL" "$work/bin/hardrun" --root "$root" create --bundle "$bundle" one \
			</dev/null >"$in/out" 2>&1; } 2>/dev/null
		is "$(($? > 0))/$(mapped_left)/$(state_of one)" "1//" "$runtime: killed at $call: nothing runs"
		kept=$(ranges | tr '\n' ' ')
		gone
		rootfs one 2 && document one
		hr create --bundle "$bundle" one </dev/null >"$in/out" 2>&1
		is "$?/$(ranges)" "0/$(base_of "$(pid_of one)")" "$runtime: killed at $call: the next create has ids, and what was kept (${kept:-none}) is free"
		hr start one && down one
	done
	rm -f /run/hardrun/ranges/order && up one
	check "$runtime: without the file of their order there are ids" test -n "$(base_of "$(pid_of one)")"
	down one
	echo damaged >/run/hardrun/ranges/order && up one
	check "$runtime: with a damaged one too" test -n "$(base_of "$(pid_of one)")"
	down one
}

# ---- what is missing ---------------------------------------------------------------------------

missing() { on ext4 missings; }
# lacks NAME REGEX: require refuses, auto reports, both for that; and nothing is mapped
lacks() {
	local was
	was=$(cat "$bundle/config.json")
	mapping require && hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" "^1/hardrun: refused by userns: .*cannot be mapped: .*$2" "$runtime: $1: require refuses"
	is "$(cat "$bundle/config.json")/$(ranges)" "$was/" "$runtime: $1: with nothing changed"
	mapping auto && hr run --bundle "$bundle" one </dev/null >"$in/auto" 2>&1
	like "$(cat "$in/auto")" '^ +0 +0 +4294967295' "$runtime: $1: auto runs without"
	like "$(entries '.report[] | select(.rule == "userns.map") | .action + " " + .why')" "^warn cannot be mapped: .*$2" "$runtime: $1: auto says why"
	cp "$bundle/asked.json" "$bundle/config.json"
}
missings() {
	local commands
	rootfs one 2 && script='cat /proc/self/uid_map' && document one
	ids
	lacks "no line for hardrun" "echo hardrun:.* >>/etc/subuid && echo hardrun:.* >>/etc/subgid"
	mapping require && hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	commands=$(grep -o 'echo hardrun:[^;(]*' "$in/out" | head -n 1)
	bash -c "${commands% }" && hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$(cat "$in/out")" '^ +0 +[1-9][0-9]+ +65536' "$runtime: after the commands of the message it is mapped"
	cp "$bundle/asked.json" "$bundle/config.json"
	ids "$first:65537" && lacks "a number that is no multiple" "65536"
	ids "0:65536" && lacks "the host's own ids" "."
	ids "$range" && echo "other:$((first + 65536)):10" >>/etc/subuid
	lacks "another user's ids" "other"
	sed -i '/^other:/d' /etc/subuid
	echo "hardrun:$((first + 65536)):65536" >>/etc/subgid && lacks "unequal lines" "/etc/sub"
	ids "$range"
	foreign_root
	document one '.process.user.uid = 70000' && cp "$bundle/config.json" "$bundle/asked.json"
	lacks "an id that does not exist" "not among the ids"
	document one 'del(.linux.namespaces[] | select(.type == "pid"))' && mapping require
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" "^1/hardrun: refused by " "$runtime: the host's processes: refused"
	gone
}

# A root file system, or a layer of it, that cannot be idmapped.
foreign_root() {
	umount "$bundle/rootfs" && mkdir -p "$store/o/"{up,work,at} &&
		mount -t overlay overlay -o "lowerdir=$s/1/fs,upperdir=$store/o/up,workdir=$store/o/work" "$store/o/at"
	mount -t overlay overlay -o "lowerdir=$store/o/at:$s/2/fs" "$bundle/rootfs"
	lacks "a layer that cannot be mapped" "overlay"
	umount "$bundle/rootfs" && mount --bind "$store/o/at/own" "$bundle/rootfs/own" 2>/dev/null
	umount "$bundle/rootfs/own" 2>/dev/null
	umount "$store/o/at" && overlaid
	mount -t tmpfs tmpfs "$bundle/rootfs/m" && lacks "a mount in it" "mounted in it"
	umount "$bundle/rootfs/m"
}

# ---- all of it ---------------------------------------------------------------------------------

[ $# -gt 0 ] || set -- parallel full killed missing
for runtime in runc crun; do
	real_begin "$runtime" || continue
	for part; do "$part"; done
	many=6 # of the other one
	is "$(ours_mounted)$(mapped_left)" 0 "$runtime: nothing is left"
	real_end
done
finish
