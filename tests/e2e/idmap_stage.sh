# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Of idmap.sh: what is around the root file system of a container with a user namespace of ours.
# shellcheck disable=SC2154 # from lib.sh, overlay_lib.sh and the script

# The mount namespace of the runtime, and the network namespace of its pod.
staged() {
	local volume=$store/c/volume mounts said port=/proc/sys/net/ipv4/ip_unprivileged_port_start
	begin && snapshots 2 && omount overlay "$root" 0 "lowerdir=$lower,$upper" && mkdir -p "$volume/below"
	mount -t tmpfs -o mode=755,noexec,nosuid tmpfs "$volume/below" && chown 1000 "$volume" && touch "$volume/file"
	mounts=$(jq -cn --arg v "$volume" '[["bind"], ["rbind", "ro"], ["rbind", "private"]] | to_entries | map({
		source: "/run/hardrun/stage/\(.key)\($v)\(if .key == 2 then "/below" else "" end)", options: .value})')
	said=$(unshare -n "$tool" "$first" stage "$root" "$mounts" '{"net.ipv4.ip_unprivileged_port_start": "7"}' bash -c '
		cd /run/hardrun/stage && stat -c %u rootfs ".$0/0$1" 1"$1" 1"$1/below" 2"$1/below"
		findmnt -no VFS-OPTIONS 0"$1" && findmnt -no VFS-OPTIONS 1"$1" && findmnt -no VFS-OPTIONS 1"$1/below"
		findmnt -no VFS-OPTIONS 2"$1/below" && findmnt -no FSTYPE,VFS-OPTIONS /run/hardrun/stage/sysfs && ls sysfs/class/net
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start; stat -c %a .' "" "$volume" 2>&1)
	same "$first 1000 $((first + 1000)) $first $first rw,relatime ro,relatime,idmapped ro,nosuid,noexec,relatime,idmapped rw,nosuid,noexec,relatime,idmapped sysfs ro,nosuid,nodev,noexec,relatime lo 7 711" \
		"$(tr -s ' \n' ' ' <<<"$said" | sed 's/ $//')" "$fs: what is staged has its ids, its flags, its network"
	isnt "$(cat "$port")" 7 "$fs: the host's own settings are its own"
	is "$(grep -c /run/hardrun /proc/self/mountinfo)" 0 "$fs: on the host nothing is to be seen of it"
	umount "$volume/below" && mount -t proc proc "$volume/below"
	like "$("$tool" "$first" stage "$root" "$mounts" '{}' true)" "^error 6: mounts: .*below it that cannot" \
		"$fs: a source that cannot be mapped as a whole stops all"
	umount "$volume/below"
}
isnt() { if [ "$1" != "$2" ]; then ok "$3"; else not_ok "$3" "is $1"; fi; }

settings() {
	local row
	begin && snapshots 1
	while IFS='|' read -r row said; do
		like "$(unshare -n "$tool" "$first" stage "$s/1/fs" '[]' "$row" echo started)" "^$said$" "settings: $row"
	done <<-'END'
		{}|started
		{"net.ipv4.ip_forward":"1","net.ipv6.conf.all.disable_ipv6":"1"}|started
		{"net.ipv4.ip_forward":"many"}|error 6: .*net.ipv4.ip_forward is not to be many.*
		{"net.ipv4.nowhere":"1"}|error 6: .*net.ipv4.nowhere.*
		{"kernel.hostname":"x"}|error 4: .*kernel.hostname is no plain name below net
		{"net.ipv4/ip_forward":"1"}|error 4: .*no plain name below net
		{"net...kernel.hostname":"x"}|error 4: .*no plain name below net
		{"net.":"x"}|error 4: .*no plain name below net
		{"net.ipv4.ip_forward":1}|error 4: .*no plain name below net
	END
}

pipes() {
	local user=$((first + 1000)) group=$((first + 33))
	is "$(: | "$tool" "$first" stdio $user $group stat -L -c %u:%g /proc/self/fd/0 /proc/self/fd/1)" \
		"$user:$group"$'\n'"$user:$group" "pipes become the container's user's"
	touch "$work/file" && mknod -m 666 "$work/null" c 1 3 && ln "$work/null" "$work/null2" && mknod -m 666 "$work/zero" c 1 5
	"$tool" "$first" stdio $user $group chown 5:5 /proc/self/fd/0 /proc/self/fd/1 <"$work/null" >"$work/null2" 2>"$work/file"
	is "$? $(cat "$work/file") $(stat -c %u:%g "$work/null")" "0  0:0" "a runtime that gives its null device away gives no one else's"
	is "$("$tool" "$first" stdio $user $group sh -c 'cat; echo x >&2; stat -L -c "%t:%T %F" /proc/self/fd/0 /proc/self/fd/2' \
		<"$work/null" 2>"$work/null2")" "1:3 character special file"$'\n'"1:3 character special file" "it is one that can be read and written"
	"$tool" "$first" stdio $user $group true <"$work/zero" >"$work/file"
	is "$(stat -c %u:%g "$work/zero" "$work/file")" "0:0"$'\n'"0:0" "another device and a file stay as they are"
}

probed() {
	local dir=$work/probed good
	mkdir -p "$dir" && chmod 755 "$dir"
	probe() { strace -f -c -o "$work/calls" "$tool" "$first" probe "$dir" >"$work/said" 2>&1; }
	asked() { grep -c ' chroot$' "$work/calls"; }
	probe
	is "$(cat "$work/said") $(asked)" "done 1" "probe: the kernel is asked"
	is "$(stat -c '%a %u' "$dir/userns.json") $(jq -r .boot "$dir/userns.json")" \
		"600 0 $(cat /proc/sys/kernel/random/boot_id)" "probe: the answer is kept for this boot"
	good=$(cat "$dir/userns.json")
	probe
	is "$(cat "$work/said") $(asked)" "done 0" "probe: and not asked again"
	for bad in '' '{' '[]' '{"overlay":true}' '{"boot":"x","overlay":true}' "${good/true/false}"; do
		echo "$bad" >"$dir/userns.json" && probe
		is "$(cat "$work/said") $(asked) $(cat "$dir/userns.json")" "done 1 $good" "probe: with ${bad@Q} it is asked anew"
	done
	chown 1000 "$dir/userns.json" && probe
	is "$(asked) $(stat -c %u "$dir/userns.json")" "1 0" "probe: another's answer does not count"
	rm "$dir/userns.json" && ln -s /etc/passwd "$dir/userns.json" && probe
	is "$(cat "$work/said") $(asked)" "done 1" "probe: a link does not count"
	rm -rf "$dir" && touch "$dir" && probe
	is "$(cat "$work/said") $(asked)" "done 1" "probe: nowhere to keep it"
	rm "$dir"
	strace -f -o /dev/null -e trace=mount -e inject=mount:error=EINVAL:when=2 "$tool" "$first" probe "$dir" >"$work/said" 2>&1
	like "$(cat "$work/said")" "^error 6: the kernel has no overlay with other ids \(Linux 5.19 has\)" "probe: a kernel that cannot"
	is "$(ls "$dir")" "" "probe: of which nothing is kept"
	strace -f -o /dev/null -e trace=mount_setattr -e inject=mount_setattr:error=ENOSYS "$tool" "$first" probe "$dir" >"$work/said" 2>&1
	like "$(cat "$work/said")" "^error 6: .*Linux 5.12" "probe: a kernel before 5.12"
}
