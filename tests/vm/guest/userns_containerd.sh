# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For containerd.sh: a container in a user namespace of hardrun's under AppArmor, systemd's
# cgroups and containerd's own service.
: "${work:=}" "${hardened:=}" "${unit:=}" "${tries:=}"

userns() {
	local handler=hardrun-crun id=mapped init base first
	printf 'hardrun:1879048192:268304384\n' | tee -a /etc/subuid >>/etc/subgid
	policy '{"version": 1, "profiles": {"mapped": {"extends": "default", "userns": {"map": "require"}}},
		"rules": [{"when": {"handler": "hardrun-crun"}, "use": "mapped"}]}'
	for first in 1 2; do
		in_unit $handler $id --detach --memory-limit 67108864 -- \
			sh -c 'echo out >/dev/stdout; touch /tmp/own; sleep 1000' >"$work/out" 2>&1
		is "$? $(status_of $id)" "0 RUNNING" "mapped: create, start ($first)" || note "$(cat "$work/out")"
		init=$(pid_of $id)
		base=$(awk '{ print $2 }' "/proc/$init/uid_map")
		like "$(cat "/proc/$init/uid_map" "/proc/$init/gid_map" | tr -s '\n ' ' ')" \
			"^ 0 $base 65536 0 $base 65536 \$" "mapped: users and groups"
		is "$((base % 65536)) $((base >= 1879048192))" "0 1" "mapped: to hardrun's ids ($base)"
		is "$(figures "$(cat "/proc/$init/status")")" "$hardened" "mapped: init is hardened"
		is "$(label_of "$init")" "hardrun-default (enforce)" "mapped: init's AppArmor profile"
		like "$(cgroup_of "$init")" "^/system\.slice/$unit(/container)?\$" "mapped: the cgroup is a scope of systemd's"
		is "$(cat "/sys/fs/cgroup/system.slice/$unit/memory.max")" 67108864 "mapped: the memory limit"
		inside $id -- sh -c "cat /proc/self/uid_map; stat -c %u:%g /tmp/own; $tries" >"$work/tried" 2>"$work/err"
		like "$(tr -s '\n ' ' ' <"$work/tried")" "^ 0 $base 65536 0:0 " "mapped: exec is in it, and has made its files"
		is "$(figures "$(cat "$work/tried")")" "$hardened" "mapped: an exec is hardened"
		is "$(grep '^label' "$work/tried")" "label hardrun-default (enforce)" "mapped: an exec's AppArmor profile"
		for name in kcore masked sysctl sysrq cgroup mount user-namespace mount-namespace device hostname; do
			tried $name refused
		done
		is "$(grep -c /run/hardrun/stage/ /proc/self/mountinfo)" 0 "mapped: nothing staged is to be seen"
		updates $handler $id
		ends $handler $id "$init"
		[ "$first" = 2 ] || echo "$base" >"$work/first"
	done
	unlike "$(cat "$work/first")" "^$base\$" "mapped: the second one has another range"
	is "$(grep -c "$id" /proc/self/mountinfo)" 0 "mapped: no mount is left"
}
