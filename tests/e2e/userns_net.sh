#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Network namespaces that the host owns, as CNI makes them, for containers to which hardrun gives
# a user namespace: what is seen in them, settings, ports and ping; runc before 1.3, which needs
# userns.pre_join; and a pod of sandbox and containers.
# Usage: userns_net.sh [PART...]
# shellcheck disable=SC2015,SC2086
set -u
# shellcheck source=tests/e2e/userns_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_lib.sh"
userns_sandbox "$@"
command -v ip >/dev/null || skip_all "ip (iproute2) is not installed"
net=/run/netns/hr-e2e
ip netns add hr-e2e 2>/dev/null && ip -n hr-e2e link set lo up || skip_all "no network namespaces here"
# Something that the host has not, where the kernel can.
ip -n hr-e2e link add hr-pod0 type dummy 2>/dev/null || ip -n hr-e2e link add hr-pod0 type veth 2>/dev/null ||
	ip -n hr-e2e link add hr-pod0 type bridge 2>/dev/null
links=$(nsenter --net="$net" ls /proc/self/net/dev_snmp6 2>/dev/null || ip -n hr-e2e -o link | cut -d ' ' -f 2 | tr -d ':' | sed 's/@.*//')
links=$(sort <<<"$links")

joined='(.linux.namespaces[] | select(.type == "network")).path = "'$net'"'
defaults() { # what the container left of the namespace: the next finds it as CNI makes it
	ip netns exec hr-e2e sh -c 'echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
		echo "1 0" >/proc/sys/net/ipv4/ping_group_range
		echo "32768 60999" >/proc/sys/net/ipv4/ip_local_port_range'
}
old_runc() { [ "$runtime" = runc ] && [ "$(printf '%s\n' 1.3 "$(runc --version | sed -n '1s/.* //p')" | sort -V | head -n 1)" != 1.3 ]; }

# ---- in the namespace ----------------------------------------------------------------------

looks='ls /sys/class/net | sort; echo port $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
echo ping $(cat /proc/sys/net/ipv4/ping_group_range); echo range $(cat /proc/sys/net/ipv4/ip_local_port_range)
plain 127.0.0.1; nc -l -p 80 -e echo port 80 & sleep 0.3; nc 127.0.0.1 80 </dev/null
touch /sys/x 2>&1; umount /sys 2>&1; awk "\$5 == \"/sys\" { print \$6 }" /proc/self/mountinfo'
seen="$links
port 0
ping 0 65535
range 20000 30000
answered
port 80
touch: /sys/x: Read-only file system
umount: can't unmount /sys: MESSAGE
ro,nosuid,nodev,noexec,relatime"

inside() { on ext4 insides; }
insides() {
	local way="$runtime: pre_join $join"
	mapping require ".userns.pre_join = $join"
	defaults
	rootfs one 2 && script=$looks
	document one "$joined | .process.user = {uid: 1000, gid: 1000} | .process.env = [\"PATH=/bin\"]
		| .linux.sysctl = {\"net.ipv4.ip_local_port_range\": \"20000 30000\"}"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>"$in/err"
	is "$(sed -E '/umount/s/(Operation not permitted|Invalid argument)/MESSAGE/' "$in/out")" "$seen" \
		"$way: links, settings, a port below 1024, ping, /sys" || note "$(cat "$in/err")"
	is "$(cat "$in/err")" "" "$way: nothing is said"
	is "$(ip netns exec hr-e2e cat /proc/sys/net/ipv4/ip_local_port_range | tr '\t' ' ')" "20000 30000" "$way: it is that namespace"
	is "$(jq -r '[.report[] | select(.rule == "userns.map") | .action + " " + .path] | join("\n")' <(tail -n 1 /var/log/hardrun/audit.jsonl) |
		grep -c -e '^set linux.sysctl.*port_start' -e '^set linux.sysctl.*ping_group' -e '^drop linux.sysctl.*local_port')" 3 \
		"$way: settings are in the report"
	gone
	lifetime
	asked
}

lifetime() {
	local pid
	defaults
	rootfs one 2 && script='echo up; exec sleep 1000'
	document one "$joined"
	check "$way: create and start" started one
	pid=$(pid_of one)
	is "$(readlink "/proc/$pid/ns/net")" "$(ip netns exec hr-e2e readlink /proc/self/ns/net)" "$way: it has the network of the path"
	is "$(hr exec one sh -c 'ls /sys/class/net | sort; readlink /proc/self/ns/net' </dev/null 2>&1)" \
		"$links"$'\n'"$(readlink "/proc/$pid/ns/net")" "$way: and exec too"
	is "$(hr exec --user 1000 one sh -c 'echo x >/dev/stdout' </dev/null 2>&1 | cat)" x "$way: exec opens its pipes"
	echo '{"cwd": "/", "user": {"uid": 1000, "gid": 1000}, "args": ["sh", "-c", "sed -n s/^...eth/eth/p /proc/net/dev; readlink /proc/self/ns/net"], "env": ["PATH=/bin"]}' >"$in/process.json"
	is "$(hr exec --process "$in/process.json" one </dev/null 2>&1)" "$(readlink "/proc/$pid/ns/net")" "$way: exec by document"
	is "$(readlink /proc/$$/ns/net)" "$(readlink /proc/1/ns/net)" "$way: the caller stays where it is"
	ended one
	hr exec one true </dev/null >"$in/out" 2>&1
	unlike "$(cat "$in/out")" "^hardrun" "$way: exec of one that is gone is the runtime's to refuse"
	gone
}

# What the document sets itself stands, but for what the kernel would not let be seen inside.
asked() {
	defaults
	rootfs one 2 && script='echo $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range)'
	document one "$joined | .linux.sysctl = {\"net.ipv4.ip_unprivileged_port_start\": \"79\"}"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" "79 0 65535" "$way: what the document sets stands"
	defaults
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" "79 0 65535" "$way: and the second time"
	gone
}

# ---- runc before 1.3 -------------------------------------------------------------------------

without() { on ext4 withouts; }
withouts() {
	local way=$runtime
	rootfs one 2 && script='cat /proc/self/uid_map; readlink /proc/self/ns/net'
	document one "$joined"
	mapping require
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" '^1/hardrun: refused by userns: linux.namespaces\[[0-9]\].path "'$net'": .*runc before 1.3.*use crun' "$way: require: refused, by its field"
	is "$(ranges)" "" "$way: require: no ids are kept"
	mapping auto
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$(cat "$in/out")" "^ +0 +0 +4294967295"$'\n'"net:" "$way: auto: runs with the host's ids"
	like "$(entries '.report[] | select(.rule == "userns.map") | .action + " " + .path + " " + .why')" \
		'^warn linux.namespaces\[[0-9]\].path .*runc before 1.3' "$way: auto: it is said why"
	gone
}

# Why it is an option: what a caller gets who goes round hardrun.
danger() { on ext4 dangers; }
dangers() {
	mapping require '.userns.pre_join = true'
	rootfs one 1 && script='echo up; exec sleep 1000' && document one "$joined"
	started one
	note "$runtime exec without hardrun: $(bare exec one readlink /proc/self/ns/net 2>&1), the host's: $(readlink /proc/self/ns/net)"
	is "$(hr exec one readlink /proc/self/ns/net </dev/null)" "$(readlink "/proc/$(pid_of one)/ns/net")" "$runtime: exec by hardrun is in the container's network"
	rm /run/hardrun/records/*.json
	is "$(hr exec one readlink /proc/self/ns/net </dev/null)" "$(readlink "/proc/$(pid_of one)/ns/net")" "$runtime: without its record too"
	ended one && gone
}

# ---- a pod -----------------------------------------------------------------------------------

pod() { on ext4 pods; }
# of_pod ID TYPE [FILTER]: a bundle as containerd's CRI makes it
of_pod() {
	rootfs "$1" 2
	document "$1" '.annotations = {"io.kubernetes.cri.container-type": "'"$2"'", "io.kubernetes.cri.sandbox-id": "box",
		"io.kubernetes.cri.container-name": "app", "io.kubernetes.cri.sandbox-name": "pod",
		"io.kubernetes.cri.sandbox-namespace": "default", "io.kubernetes.cri.sandbox-uid": "1"} | '"$joined | ${3:-.}"
	[ "$2" != sandbox ] || document_sandbox
}
document_sandbox() {
	jq 'del(.annotations["io.kubernetes.cri.container-name"])' "$bundle/config.json" >"$in/c" && mv "$in/c" "$bundle/config.json"
}
of_box() { # TYPE...: joins these of the sandbox
	local type filter=.
	for type; do
		filter+=" | .linux.namespaces |= (map(select(.type != \"$type\")) + [{type: \"$type\", path: \"/proc/$box/ns/$type\"}])"
	done
	echo "$filter"
}

pods() {
	local was=$root was_store=$store way="$runtime: pod" box app
	store=/run/containerd/io.containerd.runtime.v2.task
	mkdir -p "$store/k8s.io" "$was_store/s" && ln -sfn k8s.io "$store/b" && ln -sfn "$was_store/s" "$store/s"
	root=$was/k8s.io && mkdir -p "$root"
	real_policy '{"version": 1, "default": "p", "profiles": {"p": {"extends": "default", "userns": {"map": "require", "pre_join": '$join'}},
		"box": {"extends": "sandbox", "userns": {"pre_join": '$join'}}}, "rules": [{"when": {"sandbox": true}, "use": "box"}]}'
	script='echo up; exec sleep 1000'
	defaults
	of_pod box sandbox && bundle=$store/k8s.io/box
	check "$way: the sandbox starts" started box || note "$(cat "$in/box.err")"
	box=$(pid_of box)
	of_pod app container "$(of_box ipc uts)" && bundle=$store/k8s.io/app
	check "$way: a container starts" started app || note "$(cat "$in/app.err")"
	app=$(pid_of app)
	is "$(readlink "/proc/$app/ns/"{user,net,ipc})" "$(readlink "/proc/$box/ns/"{user,net,ipc})" "$way: they share what they should"
	is "$(ranges)/$(base_of "$app")" "$(base_of "$box")/$(base_of "$box")" "$way: one range for both"
	ended app && bundle=$store/k8s.io/app && gone
	of_pod app container "$(of_box ipc uts)" && bundle=$store/k8s.io/app
	check "$way: again" started app
	is "$(base_of "$(pid_of app)")" "$(base_of "$box")" "$way: again: in the same"
	ended app && gone
	is "$(ranges)" "$(base_of "$box")" "$way: the sandbox has them still"
	of_pod app container "$(of_box ipc uts pid)" && bundle=$store/k8s.io/app
	check "$way: with its process namespace" started app
	ended app && gone
	ended box && s=$was_store/s/box bundle=$store/k8s.io/box && gone
	unmapped_box
	is "$(mapped_left)" "" "$way: nothing is left"
	root=$was store=$was_store
	rm -rf /run/containerd/io.containerd.runtime.v2.task
}

# A pod that is older than the policy.
unmapped_box() {
	real_policy '{"version": 1, "default": "p", "profiles": {"p": {"extends": "default"}}}'
	of_pod box sandbox && bundle=$store/k8s.io/box
	started box
	box=$(pid_of box)
	real_policy '{"version": 1, "default": "p", "profiles": {"p": {"extends": "default", "userns": {"map": "require", "pre_join": '$join'}}}}'
	of_pod app container "$(of_box ipc uts)" && bundle=$store/k8s.io/app
	hr create --bundle "$bundle" app </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" "^1/hardrun: refused by userns: linux.namespaces.*sandbox was started without a user namespace" "$way: an older pod: require refuses"
	gone && ended box && bundle=$store/k8s.io/box s=$store/s/box && gone
}

# ---- all of it -------------------------------------------------------------------------------

parts=("$@")
for runtime in runc crun; do
	real_begin "$runtime" || continue
	if old_runc; then
		join=true
		set -- without inside danger pod
	else
		join=false
		set -- inside pod
	fi
	[ ${#parts[@]} -eq 0 ] || set -- "${parts[@]}"
	for part; do "$part"; done
	is "$(ours_mounted)$(mapped_left)" 0 "$runtime: nothing is left"
	real_end
done
finish
