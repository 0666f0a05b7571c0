# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For containerd.sh: what hardrun refuses under containerd, and what it makes of a stricter
# profile.
: "${work:=}" "${image:=}" "${audit:=}"

not_started() { # NAME REGEX FLAG...
	local name=$1 regex=$2
	shift 2
	through hardrun no --rm "$@" -- true >"$work/out" 2>&1 </dev/null
	like "$? $(cat "$work/out")" "^1 .*OCI runtime create failed: hardrun: refused by $regex" "refused: $name"
}

refusals() {
	not_started "privileged" 'privileged: .*rule privileged\.allow' --privileged
	not_started "a capability" 'capabilities: .*CAP_SYS_ADMIN' --cap-add CAP_SYS_ADMIN
	not_started "the host's network" 'namespaces: ' --net-host
	not_started "the host's processes" 'namespaces: ' --with-ns pid:/proc/1/ns/pid
	not_started "the engine's socket" 'mounts: ' \
		--mount type=bind,src=/run/containerd/containerd.sock,dst=/sock,options=rbind:rw
	not_started "a disk" 'devices: ' --device /dev/nvme0n1
	not_started "root mapped to the host's root" 'userns: ' --uidmap 0:0:65536 --gidmap 0:0:65536
	not_started "another AppArmor profile" 'apparmor: .*rule apparmor\.allow' --apparmor-profile vm-own
	is "$(jq -r 'select(.verdict == "refuse" and .event == "create" and .id == "no") | .id' "$audit" | wc -l)" 8 \
		"refused: each is in the audit log"
	is "$(ctr task ls -q; ctr containers ls -q; systemctl list-units --no-legend 'hardrun-*')" '' \
		"refused: nothing is left"
}

restricted() {
	local id=strict
	through hardrun-restricted root --rm -- true >"$work/out" 2>&1 </dev/null
	like "$? $(cat "$work/out")" '^1 .*refused by user: ' "hardrun-restricted: root is refused"
	containerd_image_for 1000:1000 test.example/busybox:user
	image=test.example/busybox:user in_unit hardrun-restricted $id --detach -- sleep 1000 >"$work/out" 2>&1
	is "$? $(status_of $id)" "0 RUNNING" "hardrun-restricted: starts, verified" || note "$(cat "$work/out")"
	is "$(label_of "$(pid_of $id)")" "hardrun-restricted (enforce)" "hardrun-restricted: its AppArmor profile"
	end $id
	is "$(ctr containers ls -q)" '' "hardrun-restricted: kill, delete"
}
