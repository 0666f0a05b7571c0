#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# AppArmor enforcing, without systemd: what hardrun sets, what it refuses, what its profiles
# stop that goes through without them, with runc and with crun.
set -u
# shellcheck source=tests/vm/guest/lib.sh
. /payload/lib.sh

policy='{"version": 1, "profiles": {
	"bare": {"extends": "default", "mode": "off"},
	"label": {"extends": "bare", "apparmor": {"mode": "enforce"}},
	"label-restricted": {"extends": "label", "apparmor": {"profile": "hardrun-restricted"}},
	"missing": {"extends": "default", "apparmor": {"profile": "hardrun-web"}},
	"complain": {"extends": "default", "apparmor": {"profile": "vm-complain"}},
	"unmediated": {"extends": "default", "apparmor": {"profile": "vm-unconfined"}},
	"own": {"extends": "default", "apparmor": {"allow": ["vm-*"]}},
	"star": {"extends": "default", "apparmor": {"allow": ["*"]}},
	"given-up": {"extends": "default", "apparmor": {"allow": ["unconfined"]}},
	"fail": {"extends": "default", "apparmor": {"missing": "fail"}},
	"no-selinux": {"extends": "default", "selinux": {"missing": "fail"}},
	"verify": {"extends": "default", "apparmor": {"verify": true}}}}'
user='.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'

guest_more() {
	cp /payload/profiles/apparmor/* /etc/apparmor.d/
	apparmor_parser --replace --skip-cache /etc/apparmor.d/hardrun-{default,restricted} \
		/payload/own.apparmor 2>$work/parser
	is "$? $(cat $work/parser)" "0 " "the profiles load"
}

label_is() { # HANDLER ID LABEL FILTER: of init and of exec'd processes, from both sides
	local name="$runtime: $1"
	begin "$1" "$2" "$4" || not_ok "$name: starts" "$(said)"
	is "$(label_of "$pid")" "$3 (enforce)" "$name: init's label, from outside"
	hr "$1" exec "$2" /probe label
	is "$(said)" "label $3 (enforce)" "$name: an exec's label, from inside"
	hr "$1" exec --detach --pid-file "$work/exec.pid" "$2" /probe pause
	executed=$(cat "$work/exec.pid" 2>/dev/null)
	within 10 is_probe "$executed"
	is "$(label_of "$executed")" "$3 (enforce)" "$name: an exec's label, from outside"
}

lives_and_dies() { # HANDLER ID
	local name="$runtime: $1"
	hr "$1" kill "$2" USR1
	is "$status $(said) $(gone "$pid" && echo gone)" "0  " "$name: a signal that is ignored arrives"
	hr "$1" kill "$2" TERM
	is "$status $(said)" "0 " "$name: can be asked to stop"
	check "$name: stops" within 10 gone "$pid"
	check "$name: its exec goes with it" within 10 gone "$executed"
	hr "$1" delete "$2"
	is "$status $(said)" "0 " "$name: can be deleted"
}

# The document's label, what hardrun made of it, and what it says about that.
labels() {
	label_is hardrun one hardrun-default .
	is "$(audited one 'select(.event == "create") | .mac.apparmor | "\(.label) \(.kernel) \(.missing) \(.verify)"')" \
		"hardrun-default on skip false" "$runtime: the audit line says the label"
	jq -c '{args: ["/probe", "label"], cwd: "/", user: {uid: 0, gid: 0}, apparmorProfile: "vm-own"}' \
		-n >"$work/process.json"
	hr hardrun exec --process "$work/process.json" one
	is "$(said)" "label hardrun-default (enforce)" "$runtime: an exec that asks for another label"
	lives_and_dies hardrun one
	label_is hardrun-restricted two hardrun-restricted "$user"
	hr hardrun-restricted kill two KILL
	check "$runtime: hardrun-restricted: can be killed" within 10 gone "$pid"
	hr hardrun-restricted delete two
	is "$status $(said)" "0 " "$runtime: hardrun-restricted: can be deleted"
}

run_label() { # HANDLER FILTER LABEL NAME
	bundle run "$2"
	hr "$1" run --bundle "$bundles/run" run
	is "$(said)" "label $3" "$runtime: $4"
}

asked() { # PROFILE
	printf '.process.apparmorProfile = "%s"' "$1"
}

profiles() {
	run_label hardrun "$(asked docker-default)" "hardrun-default (enforce)" "Docker's profile is replaced"
	run_label hardrun "$(asked containers-default-0.50.1)" "hardrun-default (enforce)" \
		"podman's profile is replaced"
	run_label hardrun-own "$(asked vm-own)" "vm-own (enforce)" "a caller's profile that is allowed"
	run_label hardrun-fail . "hardrun-default (enforce)" "missing: fail, and it is not missing"
	run_label hardrun-given-up "$(asked unconfined)" "unconfined" "unconfined, named by the policy"
	# shellcheck disable=SC2034 # for refused
	{
		bundle bad "$(asked vm-own)"
		refused hardrun bad 'apparmor: process\.apparmorProfile .*vm-own.*rule apparmor\.allow' \
			"$runtime: a caller's profile that is not allowed"
		bundle bad "$(asked unconfined)"
		refused hardrun bad 'apparmor: process\.apparmorProfile .*unconfined.*rule apparmor\.allow' \
			"$runtime: unconfined"
		refused hardrun-star bad 'apparmor: .*rule apparmor\.allow' \
			"$runtime: unconfined, and a * in the policy"
		bundle bad "$(asked vm-none)"
		refused hardrun-own bad 'apparmor: process\.apparmorProfile .*vm-none.*rule apparmor\.allow' \
			"$runtime: a caller's profile that is not loaded"
		bundle bad "$(asked vm-complain)"
		refused hardrun-own bad 'apparmor: process\.apparmorProfile .*complain.*rule apparmor\.allow' \
			"$runtime: a caller's profile in complain mode"
		bundle bad
		refused hardrun-missing bad \
			'apparmor: .*hardrun-web.*rule apparmor\.profile.*apparmor_parser -r /etc/apparmor\.d/hardrun-web' \
			"$runtime: the policy's profile is not loaded"
		refused hardrun-complain bad 'apparmor: .*complain.*rule apparmor\.profile' \
			"$runtime: the policy's profile is in complain mode"
		refused hardrun-unmediated bad 'apparmor: .*rule apparmor\.profile' \
			"$runtime: the policy's profile confines nothing"
		refused hardrun-no-selinux bad 'selinux: process\.selinuxLabel.*rule selinux\.missing' \
			"$runtime: a kernel without SELinux, and a policy that demands it"
	}
}

# ---- what the label stops ----------------------------------------------------------------

# A second container, of another profile, whose pid namespace the first one shares.
probe() { # HANDLER FILTER
	bundle probe ".process.args = $tried | $2
		| (.linux.namespaces[] | select(.type == \"pid\")).path = \"/proc/$pid/ns/pid\"" "$work/open.json"
	hr "$1" run --bundle "$bundles/probe" probe
	said >"$work/probe.$1"
}

tried='["/probe", "label", "read=/proc/kcore", "read=/sys/firmware/acpi/tables/DSDT",
	"write=/proc/sys/kernel/domainname:probe", "write=/sys/kernel/mm/ksm/sleep_millisecs:20",
	"mount", "raw", "ptrace=1", "signal=1"]'

stopped() { # LINE-BEGINNING NAME ERRORS
	like "$(grep "^$1" "$work/probe.hardrun-label")" " ($3)\$" "$runtime: refused with the label: $2"
	like "$(grep "^$1" "$work/probe.hardrun-bare")" ' done$' "$runtime: goes through without it: $2"
}

probes() {
	begin hardrun-label-restricted other . || not_ok "$runtime: the other container" "$(said)"
	is "$(label_of "$pid")" "hardrun-restricted (enforce)" "$runtime: the other container's label"
	kernel_said >/dev/null
	probe hardrun-label .
	kernel_said >"$work/kernel"
	probe hardrun-bare .
	is "$(head -n 1 "$work/probe.hardrun-label")" "label hardrun-default (enforce)" "$runtime: the label is on"
	is "$(head -n 1 "$work/probe.hardrun-bare")" "label unconfined" "$runtime: the label is off"
	stopped read=/proc "reading the kernel's memory" EACCES
	stopped read=/sys "reading the firmware's tables" EACCES
	stopped write=/proc "writing a sysctl" EACCES
	stopped write=/sys "writing below /sys" EACCES
	stopped mount "mounting" EACCES
	stopped raw "a raw socket" EACCES
	stopped ptrace "tracing a process of another profile" 'EACCES|EPERM'
	stopped signal "a signal to a process of another profile" 'EACCES|EPERM'
	like "$(tr '\n' ' ' <"$work/kernel")" 'apparmor="DENIED" operation="mount".*profile="hardrun-default"' \
		"$runtime: the kernel's log names the profile"
	end hardrun-label-restricted other
}

# ---- verify --------------------------------------------------------------------------------

verified() {
	local real=$program
	begin hardrun-verify good . || not_ok "$runtime: verify: starts" "$(said)"
	is "$(label_of "$pid")" "hardrun-default (enforce)" "$runtime: verify: the label is as the record says"
	end hardrun-verify good
	install -m 755 /payload/planted "/usr/local/sbin/$runtime-planted"
	ln -sfn "$real" "/usr/local/sbin/$runtime-planted.real"
	guest_runtime "$runtime" "$policy" "/usr/local/sbin/$runtime-planted"

	bundle bad '.process.args = ["/probe", "pause"]'
	create hardrun bad && start hardrun bad && running bad
	is "$status $(label_of "$pid")" "0 unconfined" "$runtime: not verified: a runtime may forget the label"
	end hardrun bad
	bundle worse '.process.args = ["/probe", "pause"]'
	create hardrun-verify worse || not_ok "$runtime: verify: create" "$(said)"
	start hardrun-verify worse
	is "$status" 1 "$runtime: verify: start fails where the label is not the record's"
	like "$(cat "$work/err")" '^hardrun: .*unconfined.*hardrun-default|^hardrun: .*hardrun-default.*unconfined' \
		"$runtime: verify: start says both labels"
	check "$runtime: verify: init is gone" within 5 gone "$pid"
	like "$(audited worse 'select(.event == "start")')" '"verdict":"refuse".*unconfined' \
		"$runtime: verify: the audit line"
	end hardrun-verify worse
	is "$status" 0 "$runtime: verify: what is left can be deleted"
	# `run` is not looked at, so there is an init with another label to exec into.
	bundle run '.process.args = ["/probe", "pause"]'
	hr hardrun-verify run --detach --bundle "$bundles/run" run
	hr hardrun-verify exec run /probe label
	like "$status $(cat "$work/err")" '^255 hardrun: .*unconfined' \
		"$runtime: verify: no exec where init's label is not the record's"
	unlike "$(cat "$work/out")" label "$runtime: verify: that exec did not run"
	end hardrun-verify run
}

guest_begin
is "$(cat /sys/module/apparmor/parameters/enabled) $(stat -fc %T /sys/fs/cgroup)" "Y cgroup2fs" \
	"AppArmor is on, and cgroups are of version 2"
note "$(uname -r), $(runc --version | head -n 1), $(crun --version | head -n 1), $(apparmor_parser --version | head -n 1)"
dmesg >$work/dmesg.seen
for runtime in ${VM_RUNTIMES:-runc crun}; do
	guest_runtime "$runtime" "$policy"
	for part in labels profiles probes verified; do
		[[ -n ${VM_ONLY:-} && " $VM_ONLY " != *" $part "* ]] || $part
		note "$runtime: $part: until second $(cut -d . -f 1 /proc/uptime)"
	done
done
finish
