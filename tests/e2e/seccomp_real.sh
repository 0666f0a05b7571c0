#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The default profile on this kernel, under the installed runc and crun: every call of
# tests/seccomp/probes.def is tried in a container that has every capability this machine can
# give, so that what is refused is refused by the filter. Both runtimes must come to the
# same verdicts. Prints TAP and, as comments, the table. Needs root, jq, gcc.
# HR_BUILDDIR: where tests/tools/seccomp_compile was built.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

compile=${HR_BUILDDIR:-.}/tests/tools/seccomp_compile
names='CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
	LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER
	SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE
	SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
	MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF
	CHECKPOINT_RESTORE'

prepare() {
	local tool
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	for tool in jq gcc unshare; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	[ -x "$compile" ] || skip_all "$compile is not built"
	work=$(mktemp -d /tmp/hr-seccomp.XXXXXX) || exit 1
	trap 'rm -rf "$work"' EXIT
	mkdir -p "$work/bundle/rootfs"/{tmp,proc,dev,sys}
	gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -o "$work/bundle/rootfs/probe" \
		"${HR_TEST_SRCDIR:-.}/tests/e2e/probe_seccomp.c" || exit 1
	"$compile" default >"$work/default.json" && "$compile" restricted >"$work/restricted.json" ||
		exit 1
}

# Those of $names that this process may hand on, as a JSON list.
capabilities() {
	local mask name bit=0
	mask=$((0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status)))
	for name in $names; do
		if ((mask >> bit & 1)); then printf '"CAP_%s"\n' "$name"; fi
		bit=$((bit + 1))
	done | jq -s .
}

document() { # PROFILE ARGUMENT...: config.json with that linux.seccomp, null for none
	local profile=$1
	shift
	(cd "$work" && rm -f config.json && "$runtime" spec) || exit 1
	jq --slurpfile seccomp "$profile" --argjson caps "$(capabilities)" '
		.process.terminal = false | .process.args = (["/probe"] + $ARGS.positional)
		| .process.noNewPrivileges = true | .process.rlimits = []
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
		| .root.readonly = true
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]
		| .linux.seccomp = $seccomp[0]
		| del(.linux.resources) | if .linux.seccomp then . else del(.linux.seccomp) end' \
		"$work/config.json" --args "$@" >"$work/bundle/config.json" || exit 1
}

# crun takes no hybrid cgroup tree: it gets a mount namespace with a pure one.
alone() {
	if [ "$runtime" = crun ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
		unshare -m --propagation private sh -c \
			'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' \
			sh "$@"
	else
		"$@"
	fi
}

probe() { # OUTPUT PROFILE ARGUMENT...
	local output=$1
	shift
	document "$@"
	(cd "$work/bundle" && alone timeout -k 5 120 "$runtime" --root "$work/root-$runtime" \
		run "hr-seccomp-$$") </dev/null >"$output" 2>"$output.err"
}

verdicts() { # one case for each line: the filter's answer, or the kernel's as without one
	local name expected got
	while IFS=$'\t' read -r name expected got; do
		[ "$expected" = kernel ] &&
			expected=$(awk -F'\t' -v n="$name" '$1 == n { print $3 }' "$work/open.$runtime")
		# The other ABIs must be out of reach; a kernel without one never comes to the filter.
		[ "$expected $got" = 'killed ENOSYS' ] && expected=ENOSYS
		is "$got" "$expected" "$runtime: $name"
	done <"$work/filtered.$runtime"
}

one_runtime() {
	if ! probe "$work/open.$runtime" <(echo null) open; then
		skip "$runtime" "bare $runtime starts nothing here: $(tail -n 1 "$work/open.$runtime.err")"
		return 1
	fi
	probe "$work/filtered.$runtime" "$work/default.json"
	is $? 0 "$runtime runs a container with the profile"
	is "$(cut -f1,2 "$work/filtered.$runtime" | sort | uniq -d)" '' "$runtime: no case twice"
	verdicts
	# The runtime's own last steps, behind the filter, must fit through the narrow one too.
	probe "$work/restricted.$runtime" "$work/restricted.json" nothing
	is "$?$(cat "$work/restricted.$runtime.err")" 0 "$runtime starts a program with restricted"
}

table() {
	local differ
	paste "$work/filtered.runc" <(cut -f3 "$work/filtered.crun") |
		awk -F'\t' '
			BEGIN { printf "# %-44s %-16s %-16s %s\n", "call", "expected", "runc", "crun" }
			{ printf "# %-44s %-16s %-16s %s%s\n", $1, $2, $3, $4, $3 == $4 ? "" : "  <--" }'
	differ=$(diff <(cut -f1,3 "$work/filtered.runc") <(cut -f1,3 "$work/filtered.crun"))
	is "$differ" '' "runc and crun: no verdict differs"
}

prepare
both=true
for runtime in runc crun; do
	if command -v "$runtime" >/dev/null; then
		one_runtime || both=false
	else
		skip "$runtime" "$runtime is not installed"
		both=false
	fi
done
if $both; then table; else skip "runc and crun: no verdict differs" "one of them is missing"; fi
finish
