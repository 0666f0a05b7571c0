#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The watched form of a filter on this kernel, under the installed runc and crun: both take it
# and hand the listener over, and a container whose calls are answered from outside sees what it
# sees under the filter itself: every call of tests/seccomp/probes.def, with every capability that
# this machine can give. Prints TAP. Needs root, jq, gcc.
# HR_BUILDDIR: where tests/tools/seccomp_compile and tests/seccomp/supervise were built.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

compile=${HR_BUILDDIR:-.}/tests/tools/seccomp_compile
supervise=${HR_BUILDDIR:-.}/tests/seccomp/supervise
supervisor=''
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
	for tool in "$compile" "$supervise"; do
		[ -x "$tool" ] || skip_all "$tool is not built"
	done
	work=$(mktemp -d /tmp/hr-watched.XXXXXX) || exit 1
	trap '[ -z "$supervisor" ] || kill -KILL "$supervisor"; rm -rf "$work"' EXIT
	socket=$work/listener
	mkdir -p "$work/bundle/rootfs"/{tmp,proc,dev,sys}
	gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -o "$work/bundle/rootfs/probe" \
		"${HR_TEST_SRCDIR:-.}/tests/e2e/probe_seccomp.c" || exit 1
	"$compile" default >"$work/default.json" &&
		"$supervise" print default "$socket" >"$work/refused.json" &&
		"$supervise" print --all default "$socket" >"$work/all.json" || exit 1
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

document() { # SECCOMP ARGUMENT...: config.json
	local seccomp=$1
	shift
	(cd "$work" && rm -f config.json && "$program" spec) || exit 1
	jq --slurpfile seccomp "$seccomp" --argjson caps "$(capabilities)" '
		.process.terminal = false | .process.args = (["/probe"] + $ARGS.positional)
		| .process.noNewPrivileges = true | .process.rlimits = []
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
		| .root.readonly = true
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]
		| .linux.seccomp = $seccomp[0] | del(.linux.resources)' \
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

probe() { # OUTPUT SECCOMP ARGUMENT...
	local output=$1
	shift
	document "$@"
	(cd "$work/bundle" && alone timeout -k 5 120 "$program" --root "$work/root-$runtime" \
		run "hr-watched-$$") </dev/null >"$output" 2>"$output.err"
}

# The same with somebody who listens: what was handed over is in OUTPUT.rows.
watched() { # OUTPUT SECCOMP ARGUMENT...
	local result try=0
	rm -f "$socket"
	"$supervise" serve default "$socket" >"$1.rows" 2>"$1.serve" &
	supervisor=$!
	while [ ! -S "$socket" ] && [ $((try += 1)) -lt 100 ]; do sleep 0.1; done
	probe "$@"
	result=$?
	wait "$supervisor" || result="$result, supervisor $?: $(<"$1.serve")"
	supervisor=''
	watched_status=$result
}

# What the kernel answered, call by call, and what was answered for it.
compare() { # NAME
	is "$watched_status $(<"$work/$1.$runtime.err")" '0 ' "$runtime: a container with $1 watched runs"
	is "$(wc -l <"$work/$1.$runtime")" "$(wc -l <"$work/filtered.$runtime")" \
		"$runtime: $1 watched: every probe"
	is "$(diff "$work/filtered.$runtime" "$work/$1.$runtime")" '' \
		"$runtime: $1 watched: the container sees the answers of the filter"
}

# COUNT CALL ANSWER
seen() { # NAME REGEX WHAT
	is "$(grep -cE "$2" "$work/$1.$runtime.rows" | sed 's/[1-9][0-9]*/seen/')" seen \
		"$runtime: $1: $3"
}

one_runtime() {
	if ! probe "$work/filtered.$runtime" "$work/default.json"; then
		skip "$runtime" \
			"$runtime starts nothing here: $(tail -n 1 "$work/filtered.$runtime.err")"
		return
	fi
	watched "$work/refused.$runtime" "$work/refused.json"
	compare refused
	seen refused 'mount\(\.\.\.\) EPERM' 'a call that is refused'
	seen refused 'socket\(AF_ALG, .*\) EAFNOSUPPORT' 'a call that is refused for its arguments'
	seen refused 'socket\(AF_UNIX, .*\) passes' 'a call that goes on'
	seen refused 'clone\(flags: CLONE_NEWUSER.* EPERM' 'flags'
	is "$(grep -c 'getpid' "$work/refused.$runtime.rows")" 0 \
		"$runtime: refused: what is let through is not asked about"
	watched "$work/all.$runtime" "$work/all.json"
	compare all
	seen all 'execve\(\.\.\.\) passes' 'what the runtime does behind the filter'
	seen all 'mount\(\.\.\.\) EPERM' 'a call that is refused'
	note "$runtime: $(wc -l <"$work/refused.$runtime.rows") different calls handed over," \
		"$(wc -l <"$work/all.$runtime.rows") of all; $(wc -l <"$work/filtered.$runtime") probes"
	# With nobody there neither starts: no call would ever be answered.
	rm -f "$socket"
	probe "$work/nobody.$runtime" "$work/refused.json"
	is "$(($? != 0)) $(<"$work/nobody.$runtime")" '1 ' "$runtime: nothing runs when nobody listens"
	timeout 60 "$program" --root "$work/root-$runtime" delete --force "hr-watched-$$" 2>/dev/null
}

prepare
for runtime in runc crun; do
	if ! program=$(command -v "$runtime"); then
		skip "$runtime" "$runtime is not installed"
		continue
	fi
	[ "$runtime" = crun ] && program=$(memlock_crun "$(realpath "$program")")
	one_runtime
done
finish
