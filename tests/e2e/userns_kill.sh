#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun is killed by SIGKILL before each system call of a create that maps, of its own and of its
# children, and so after each: whatever it had done, nothing runs, or a container that is mapped;
# the root file system is the engine's, none, or the mapped one; delete works, and the next create
# of the same container too, which gets ids. The points are those that strace lists; one that
# cannot be killed at is a failure.
# Usage: userns_kill.sh [EVERY [RUNTIME]]   every EVERYth point, 7 by default; all with 1
# shellcheck disable=SC2015,SC2086
set -u
# shellcheck source=tests/e2e/userns_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_lib.sh"
userns_sandbox "$@"
command -v strace >/dev/null || skip_all "strace is not installed"
build_helper kill_at
every=${1:-7} wrong='' points=0
declare -A seen number_of

# The engine's part before each call: its mount, its document.
prepared() {
	umount "$bundle/rootfs" 2>/dev/null
	overlaid && cp "$bundle/asked.json" "$bundle/config.json"
}
mount_id() { awk -v at="$bundle/rootfs" '$5 == at { print $1 }' /proc/self/mountinfo | tr '\n' ' '; }
mount_seen() { awk -v at="$bundle/rootfs" '$5 == at { $1 = $2 = $3 = ""; print }' /proc/self/mountinfo; }
bad() { wrong+="$at: $*"$'\n'; }

# The calls of a create up to the one that makes it the runtime, as "NUMBER WHO NAME".
list_calls() {
	prepared
	timeout -s KILL 60 strace -f -n -b execve -qq -e signal=none -o "$in/strace" \
		"$work/bin/hardrun" --root "$root" create --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	hr delete --force one >/dev/null 2>&1
	awk 'NR == 1 { own = $1 } $0 !~ /resumed>/ && match($0, /\[ *[0-9]+\] [a-z_0-9]+\(/) {
		split(substr($0, RSTART + 1, RLENGTH - 2), word, /[] ]+/); n = word[1] == "" ? 2 : 1
		print word[n], $1 == own ? "self" : "child", word[n + 1] }' "$in/strace" >"$in/calls"
}

# kill_before N [-p]: sets $said to the call that was not made, and whose it would have been.
# What goes on without a child becomes a container, which must end by itself: that is a `run`.
kill_before() {
	local verb verbs=(create run)
	[ "$(sed -n "$(($1 - offset))p" "$in/calls" | cut -d ' ' -f 2)" = self ] || verbs=(run)
	for verb in "${verbs[@]}"; do
		prepared
		timeout -s KILL 15 "$work/kill_at" ${2:+"$2"} "$1" "$work/bin/hardrun" --root "$root" "$verb" --bundle "$bundle" one \
			</dev/null >"$in/said" 2>"$in/err"
		ended_with=$?
		said=$(grep -aE '^[0-9]+ (self|child)$' "$in/said")
		[ -z "$said" ] || break
		hr delete --force one >/dev/null 2>&1
	done 2>/dev/null
}

judge() { # N
	local kind
	if [ -e "$root/one" ]; then
		[ "$(state_of one)" = created ] || bad "the container is $(state_of one)"
		[ -n "$(base_of "$(pid_of one)")" ] || bad "the container is not mapped"
		hr start one || bad "the container does not start"
	elif [ -n "$(mapped_left)$(pgrep '^(hard|c)?run')" ]; then
		bad "processes are left"
	fi
	# Numbers of mounts are used again: an owner tells which it is.
	case $(mount_id)/$(stat -c %u "$bundle/rootfs/own/1000" 2>/dev/null) in
	/*) kind=none ;;
	*/1000) kind=old ;;
	*) kind=new ;;
	esac
	seen[$kind]=$((${seen[$kind]:-0} + 1))
	[ "$kind" = none ] || [ "$(mount_seen)" = "$options" ] || bad "$kind is another mount: $(mount_seen)"
	[ "$kind" != new ] || owned
	[ -z "$(find "$bundle" "$s" -maxdepth 1 -name '.hardrun*')" ] || seen[half]=$((${seen[half]:-0} + 1))
	jq -e .root.path "$bundle/config.json" >/dev/null || bad "config.json is damaged"
	hr delete --force one >"$in/delete" 2>&1 || bad "delete --force: $(cat "$in/delete")"
	next "$1"
}

owned() {
	local owner
	owner=$(stat -c %u "$bundle/rootfs/own/1000")
	[ $((owner % 65536)) = 1000 ] && [ "$owner" -gt "$first" ] || bad "1000 is $owner"
}

# The next create: of what there is, or of all anew, by turns.
next() { # N
	local base
	if (($1 % 2)) || [ -z "$(mount_id)" ]; then prepared; fi
	hr create --bundle "$bundle" --pid-file "$in/pid" one </dev/null >"$in/next" 2>&1 || bad "the next create: $(cat "$in/next")"
	base=$(base_of "$(cat "$in/pid")")
	[ -n "$base" ] || bad "the next one is not mapped"
	[ "$(cd /run/hardrun/ranges && echo *.json)" = "$base.json" ] || bad "kept are $(ranges | tr '\n' ' ')"
	if (($1 % 10 == 0)); then
		hr start one && until_true is_stopped one || bad "the next one does not start"
	fi
	hr delete --force one >/dev/null 2>&1 || bad "delete after the next"
}

at_point() { # N [-p]
	at="before $1${2:+, the program}"
	kill_before "$@"
	points=$((points + 1))
	if [ -z "$said" ]; then
		bad "skipped: status $ended_with: $(head -c 200 "$in/err")"
		hr delete --force one >/dev/null 2>&1
		return
	fi
	[ -n "${2:-}" ] || number_of[${said% *}]=$((${number_of[${said% *}]:-0} + 1))
	judge "$1"
}

all_points() {
	local n last options said ended_with at offset
	mapping require && script='exit 0'
	rootfs one 3 && document one
	# In the state that later ones find.
	for n in 1 2; do prepared && hr create --bundle "$bundle" one </dev/null >/dev/null && hr delete --force one; done
	list_calls
	prepared
	options=$(mount_seen)
	# Before its execve the helper makes calls, too.
	for ((offset = 0; offset < 5; offset++)); do
		[ "$("$work/kill_at" $((offset + 1)) true 2>/dev/null | cut -d ' ' -f 1)" != 59 ] || break
	done
	last=$(($(wc -l <"$in/calls") + offset))
	for ((n = 1 + offset; n <= last + 1; n++)); do
		((every == 1 || n % every == 0 || n >= last)) || continue
		at_point $n
		[[ $said != *child ]] || at_point $n -p
	done
	is "$wrong" "" "$runtime: killed at $points points of $((last - offset + 1)): old ${seen[old]:-0}, none ${seen[none]:-0}, new ${seen[new]:-0}"
	is "$((seen[old] > 10 && seen[none] > 3 && seen[new] > 3))" 1 "$runtime: all three were seen"
	note "half-written files in the bundle: ${seen[half]:-0}"
	[ "$every" != 1 ] || complete
	# What was being written goes when it is old enough.
	find /run/hardrun -name '.hardrun*' -exec touch -d '1 day ago' {} +
	prepared && hr run --bundle "$bundle" one </dev/null >/dev/null 2>&1
	is "$(ranges | wc -l)/$(find /run/hardrun -name ".hardrun*")" "1/" "$runtime: nothing is left over"
	gone
}

# What a create calls varies by a few, so that an ordinal is not always of the same call: the calls
# that were killed at less often than strace saw them are tried again, each by its name and how
# often its process has made it.
complete() {
	local number name count times more=0
	while read -r count number name; do
		[ "${number_of[$number]:-0}" -lt "$count" ] || continue
		for ((times = 1; times <= count; times++)); do
			by_name "$number" "$name" "$times" || break
			more=$((more + 1))
		done
		[ "${number_of[$number]:-0}" -ge "$count" ] || bad "skipped: $name, ${number_of[$number]:-0} of $count"
	done < <(cut -d ' ' -f 1,3 "$in/calls" | sort | uniq -c)
	is "$wrong" "" "$runtime: and at $more more, so that all are as often as strace saw them"
}
by_name() { # NUMBER NAME TIMES: false where no process makes it as often
	local hit
	at="before $2, time $3"
	prepared
	timeout -s KILL 30 strace -f -b execve -qq -o "$in/hit" -e "trace=$2" -e "inject=$2:signal=KILL:when=$3" \
		"$work/bin/hardrun" --root "$root" create --bundle "$bundle" one </dev/null >"$in/said" 2>&1
	judge 1
	hit=$(awk -v name="$2(" -v times="$3" 'index($2, name) == 1 && ++made[$1] == times { hit++ } END { print hit + 0 }' "$in/hit")
	number_of[$1]=$((${number_of[$1]:-0} + hit))
	[ "$hit" -gt 0 ]
} 2>/dev/null

for runtime in ${2:-crun runc}; do
	real_begin "$runtime" || continue
	seen=() number_of=() wrong='' points=0
	on ext4 all_points
	is "$(ours_mounted)$(mapped_left)" 0 "$runtime: nothing is left"
	real_end
	[ "$every" = 1 ] || break
done
finish
