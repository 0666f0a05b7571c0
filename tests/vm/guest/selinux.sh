#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SELinux enforcing, without systemd: labels that hardrun sets and those that it refuses, levels,
# what they keep apart, with runc and with crun. The policy is Debian's with its types for
# containers, or one without any and the project's module.
set -u
# shellcheck source=tests/vm/guest/lib.sh
. /payload/lib.sh
# shellcheck source=tests/vm/guest/selinux_given.sh
. /payload/selinux_given.sh
# shellcheck source=tests/vm/guest/selinux_levels.sh
. /payload/selinux_levels.sh

policy='{"version": 1, "profiles": {
	"bare": {"extends": "default", "mode": "off"},
	"label": {"extends": "bare", "selinux": {"mode": "enforce"}},
	"fail": {"extends": "default", "selinux": {"missing": "fail"}},
	"no-apparmor": {"extends": "default", "apparmor": {"missing": "fail"}},
	"unknown": {"extends": "default", "selinux": {"types": ["nosuch_t"],
		"label": ["system_u:system_r:nosuch_t"], "mount_label": ["system_u:object_r:nosuch_t"]}},
	"shared": {"extends": "default", "selinux": {"shared_levels": ["s0:c200,c201"]}},
	"pod": {"extends": "default", "mounts": {"mode": "off"}},
	"verify": {"extends": "default", "selinux": {"verify": true}}}}'

known() { printf '%s' "$1" >/sys/fs/selinux/context; } 2>/dev/null # CONTEXT: to the loaded policy

if known system_u:system_r:container_t:s0; then
	label=system_u:system_r:container_t file=system_u:object_r:container_file_t
else
	label=system_u:system_r:hardrun_container_t file=system_u:object_r:hardrun_container_file_t
fi
level='s0:c[0-9]+,c[0-9]+'
volume=/srv/volume fits=/srv/fits foreign=/srv/foreign
mounted='.mounts += [{destination: "/vol", type: "bind", source: "'$volume'", options: ["rbind", "rw"]}]'

# What a container says is read from its root: across the step into its label, descriptors of
# the caller's are replaced by the null device.
declare -A root_of
guest_more() {
	mkdir -p $volume $foreign $work/log
	chcon "$file:s0:c500,c501" $foreign
	echo log >$foreign.log
	chcon system_u:object_r:var_log_t:s0 $foreign.log
	cp -a $image $fits
	chcon -R $file:s0 $volume $fits
	restorecon /usr/sbin/hardrun
}

# bundle_on ROOT ID [FILTER [DOCUMENT]]: ROOT is overlay (with layers where engines keep them),
# plain (the same without an overlay) or fits.
bundle_on() {
	local path=$image
	[ "$1" != fits ] || path=$fits
	if [ "$1" = overlay ]; then
		path=$bundles/$2/rootfs
		mkdir -p "$path" "/var/lib/vm/layer/$2/"{upper,work}
		mountpoint -q "$path" || mount -t overlay overlay \
			-o "lowerdir=$image,upperdir=/var/lib/vm/layer/$2/upper,workdir=/var/lib/vm/layer/$2/work" "$path"
	fi
	root_of[$2]=$path
	bundle "$2" ".root.path = \"$path\" | .process.args = [\"/probe\", \"pause\"] | $mounted | ${3:-.}" \
		"${4:-$work/base.json}"
}

on() { # ROOT HANDLER ID [FILTER [DOCUMENT]]: a container that waits
	bundle_on "$1" "$3" "${4:-.}" "${5:-$work/base.json}"
	create "$2" "$3" && start "$2" "$3" && running
}

executed() { # HANDLER ID PROBE...: what the probes say
	local handler=$1 id=$2
	shift 2
	rm -f "${root_of[$id]}/out"
	hr "$handler" exec "$id" /bin/sh -c "exec >/out; /probe $*"
	heard "$id"
}

heard() { # ID
	if [ -s "${root_of[$1]}/out" ]; then cat "${root_of[$1]}/out"; else said; fi
}

level_of() { label_of "$1" | cut -d : -f 4-; } # PID

# ---- labels that hardrun sets ------------------------------------------------------------

set_on_overlay() {
	local name="$runtime: an overlay" own
	on overlay hardrun one || not_ok "$name: starts" "$(said)"
	like "$(label_of "$pid")" "^$label:$level\$" "$name: init's label, from outside"
	own=$(level_of "$pid")
	is "$(executed hardrun one label)" "label $label:$own" "$name: an exec's label, from inside"
	hr hardrun exec --detach --pid-file "$work/exec.pid" one /probe pause
	within 10 is_probe "$(cat "$work/exec.pid")"
	is "$(label_of "$(cat "$work/exec.pid")")" "$label:$own" "$name: an exec's label, from outside"
	jq -nc '{args: ["/bin/sh", "-c", "/probe label >/out"], cwd: "/", user: {uid: 0, gid: 0},
		selinuxLabel: "unconfined_u:unconfined_r:unconfined_t:s0"}' >"$work/process.json"
	rm -f "${root_of[one]}/out"
	hr hardrun exec --process "$work/process.json" one
	is "$(heard one)" "label $label:$own" "$name: an exec that asks for another label"
	like "$(grep ' / / .* overlay ' "/proc/$pid/mountinfo")" "[ ,]context=\"?$file:$own" \
		"$name: is mounted anew, with the context of its container"
	like "$(grep ' /dev/shm \| /dev ' "/proc/$pid/mountinfo" | grep -c "context=\"\?$file:$own")" \
		'^[1-9]' "$name: mountLabel is on what the runtime mounts"
	is "$(grep NoNewPrivs "/proc/$pid/status" | tr -d '\t')" NoNewPrivs:1 "$name: and without new privileges"
	is "$(audited one 'select(.event == "create") | .mac.selinux
		| "\(.label) \(.kernel) \(.missing) \(.verify) \(.level)"')" \
		"$label:$own enforcing skip false $own" "$name: the audit line says the label"
	is "$(audited one 'select(.event == "create") | .mac.apparmor.kernel')" absent \
		"$name: the audit line says that there is no AppArmor"
	hr hardrun kill one TERM
	check "$name: stops" within 10 gone "$pid"
	hr hardrun delete one
	is "$status $(said)" "0 " "$name: can be deleted"
	umount "$bundles/one/rootfs"
	is "$(grep -c " $bundles/one/" /proc/self/mountinfo)" 0 "$name: one umount ends it, as before"
}

set_on_plain() {
	local own
	on fits hardrun two || not_ok "$runtime: a directory that fits: starts" "$(said)"
	like "$(label_of "$pid")" "^$label:$level\$" "$runtime: a directory that fits: the label"
	own=$(level_of "$pid")
	is "$(executed hardrun two label)" "label $label:$own" "$runtime: a directory that fits: an exec"
	hr hardrun kill two KILL
	check "$runtime: a directory that fits: can be killed" within 10 gone "$pid"
	end hardrun two
	is "$status" 0 "$runtime: a directory that fits: can be deleted"
	bundle_on plain bad
	refused hardrun bad 'selinux: root\.path.*rule selinux\.label' \
		"$runtime: a directory that does not fit is refused"
	unreadable "$foreign" "another pod's volume"
	unreadable "$foreign.log" "a file of the host"
}

unreadable() { # SOURCE NAME
	bundle_on fits bad ".mounts += [{destination: \"/foreign\", type: \"bind\", source: \"$1\",
		options: [\"rbind\", \"ro\"]}]"
	refused hardrun bad 'selinux: mounts\[[0-9]+\]\.source.*rule selinux\.label.*enable_selinux' \
		"$runtime: a mount that the label may not read is refused: $2"
}

others() {
	bundle_on fits bad
	refused hardrun-no-apparmor bad 'apparmor: process\.apparmorProfile.*rule apparmor\.missing' \
		"$runtime: a kernel without AppArmor, and a policy that demands it"
	refused hardrun-unknown bad 'selinux: process\.selinuxLabel.*rule selinux\.label' \
		"$runtime: a policy's label that the kernel does not know"
	on fits hardrun-fail three || not_ok "$runtime: missing: fail, and it is not missing: starts" "$(said)"
	like "$(label_of "$pid")" "^$label:$level\$" "$runtime: missing: fail, and it is not missing"
	end hardrun-fail three
}

# ---- what the label stops ------------------------------------------------------------------

stopped() { # LINE-BEGINNING NAME
	like "$(grep "^$1" "$work/probe.on")" ' (EACCES|EPERM)$' "$runtime: refused with the label: $2"
	like "$(grep "^$1" "$work/probe.off")" ' done$' "$runtime: goes through without it: $2"
}

# Another pod's container, whose pid namespace is shared, and what is of one category more.
probes() {
	local other in_ns handler id tried
	tried="label read=/proc/kcore write=/proc/sys/kernel/domainname:probe read=/vol/other/file"
	tried+=" read=/vol/theirs write=/vol/other/new:text mount raw ptrace=1 signal=1"
	on fits hardrun-label other || not_ok "$runtime: the other container" "$(said)"
	other=$pid
	in_ns="(.linux.namespaces[]
		| select(.type == \"pid\")).path = \"/proc/$other/ns/pid\""
	kernel_said >/dev/null
	for handler in label bare; do
		id=probe-$handler
		on fits "hardrun-$handler" "$id" "$in_ns" "$work/open.json" || not_ok "$runtime: $id" "$(said)"
		if [ "$handler" = label ]; then
			mkdir -p "$volume/other" && echo theirs >"$volume/other/file"
			echo theirs >"$volume/theirs"
			chcon -R "$file:$(level_of "$other")" "$volume/other" "$volume/theirs"
			kernel_said >/dev/null
			executed hardrun-label "$id" "$tried" >"$work/probe.on"
			kernel_said >"$work/kernel"
			like "$(head -n 1 "$work/probe.on")" "^label $label:$level\$" "$runtime: the label is on"
		else
			executed hardrun-bare "$id" "$tried" >"$work/probe.off"
			unlike "$(head -n 1 "$work/probe.off")" "$label" "$runtime: the label is off"
		fi
		end "hardrun-$handler" "$id"
	done
	stopped read=/proc "reading the kernel's memory"
	stopped write=/proc "writing a sysctl"
	stopped read=/vol/other "reading another pod's volume"
	stopped write=/vol "writing to another pod's volume"
	stopped mount "mounting"
	stopped raw "a raw socket"
	stopped ptrace "tracing a process of another pod"
	stopped signal "a signal to a process of another pod"
	like "$(grep theirs "$work/kernel" | tr '\n' ' ')" "avc: +denied .*scontext=$label:$level tcontext=$file:$(level_of "$other")" \
		"$runtime: the kernel's log names both levels"
	note "$(grep -o 'denied.*' "$work/kernel" | sed 's/ pid=.*comm/ comm/' | head -n 12)"
	end hardrun-label other
	rm -rf "$volume/other" "$volume/theirs"
}

# ---- verify ----------------------------------------------------------------------------------

verified() {
	local real=$program
	on fits hardrun-verify good || not_ok "$runtime: verify: starts" "$(said)"
	like "$(label_of "$pid")" "^$label:$level\$" "$runtime: verify: the label is as the record says"
	end hardrun-verify good
	install -m 755 /payload/planted "/usr/local/sbin/$runtime-planted"
	ln -sfn "$real" "/usr/local/sbin/$runtime-planted.real"
	guest_runtime "$runtime" "$policy" "/usr/local/sbin/$runtime-planted"
	on fits hardrun bad
	is "$status" 0 "$runtime: not verified: a runtime may forget the label"
	unlike "$(label_of "$pid")" "$label" "$runtime: not verified: and the container runs without"
	end hardrun bad
	bundle_on fits worse
	create hardrun-verify worse || not_ok "$runtime: verify: create" "$(said)"
	start hardrun-verify worse
	is "$status" 1 "$runtime: verify: start fails where the label is not the record's"
	like "$(cat "$work/err")" "^hardrun: .*$label" "$runtime: verify: start says the label"
	check "$runtime: verify: init is gone" within 5 gone "$pid"
	like "$(audited worse 'select(.event == "start")')" "\"verdict\":\"refuse\".*$label" \
		"$runtime: verify: the audit line"
	end hardrun-verify worse
	bundle_on fits run
	hr hardrun-verify run --detach --bundle "$bundles/run" run
	hr hardrun-verify exec run /bin/touch /ran
	like "$status $(cat "$work/err")" "^255 hardrun: .*$label" \
		"$runtime: verify: no exec where init's label is not the record's"
	check "$runtime: verify: that exec did not run" test ! -e "$fits/ran"
	end hardrun-verify run
}

guest_begin
is "$(cat /sys/fs/selinux/enforce) $(stat -fc %T /sys/fs/cgroup)" "1 cgroup2fs" \
	"SELinux enforces, and cgroups are of version 2"
note "$(uname -r), $(runc --version | head -n 1), $(crun --version | head -n 1), $label, $(id -Z)"
dmesg >$work/dmesg.seen
for runtime in ${VM_RUNTIMES:-runc crun}; do
	guest_runtime "$runtime" "$policy"
	for part in set_on_overlay set_on_plain others probes given levels verified; do
		[[ -n ${VM_ONLY:-} && " $VM_ONLY " != *" $part "* ]] || $part
		note "$runtime: $part: until second $(cut -d . -f 1 /proc/uptime)"
	done
done
finish
