#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the prover predicts, on this kernel: the lists of engines met with the default profile,
# loaded by the installed runc and crun, and calls made under them (live.c). Where a filter
# lets through, the answer must be the one of a container without a filter. Prints TAP and, as
# comments, a table. Needs root, jq, gcc.
# HR_BUILDDIR: where tests/seccomp/prove and tests/tools/seccomp_compile were built. HR_RUNC,
# HR_CRUN: other programs; HR_SECCOMP_LIBDIR: the libseccomp that they use, for prove.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

build=${HR_BUILDDIR:-.}
compile=$build/tests/tools/seccomp_compile
# One recorded case for each engine.
cases=(cri204-pod-userns cri16-ctr-seccomp-default docker-apparmor podman-bridge)

# A caller that refuses where the default profile does not, in every way there is.
strict='{
	"defaultAction": "SCMP_ACT_ALLOW",
	"syscalls": [
		{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
			"args": [{"index": 0, "value": 10, "op": "SCMP_CMP_GE"}]},
		{"names": ["socketpair"], "action": "SCMP_ACT_KILL_PROCESS"},
		{"names": ["mknod"], "action": "SCMP_ACT_TRAP",
			"args": [{"index": 1, "value": 61440, "valueTwo": 4096, "op": "SCMP_CMP_MASKED_EQ"}]},
		{"names": ["prctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 14,
			"args": [{"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}]},
		{"names": ["uname"], "action": "SCMP_ACT_TRACE"},
		{"names": ["ioctl"], "action": "SCMP_ACT_KILL_THREAD",
			"args": [{"index": 1, "value": 21505, "op": "SCMP_CMP_EQ"}]}
	]}'

# Harmless wherever they reach the kernel: bad descriptors, no path, nothing set.
read -r -d '' -a points <<-'EOF'
	socket,1,1,0 socket,2,1,0 socket,2,2,0 socket,2,3,1 socket,10,1,0 socket,16,3,0
	socket,16,3,9 socket,17,3,0 socket,38,5,0 socket,40,1,0 socket,99,1,0
	socket,0x100000002,1,0 socket,0xffffffff00000002,1,0 socket,0x100000028,1,0
	socketpair,1,1,0,0 socketpair,2,1,0,0 socketpair,40,1,0,0
	ioctl,0xffffffff,0x5401 ioctl,0xffffffff,0x5412 ioctl,0xffffffff,0x541c
	ioctl,0xffffffff,0xffffffff00005401 ioctl,0xffffffff,0xdead
	prctl,3 prctl,4,1 prctl,16,0 prctl,21 prctl,35,99 prctl,0x59616d61,0
	clone,17 clone,0x10000011 clone,0x20000011 clone,0x40000011 clone,0x02000011
	personality,0xffffffff personality,0 personality,0x20008
	mknod,0,0x8000,0 mknod,0,0x1000,0 mknod,0,0x2000,0x103 mknodat,0xffffff9c,0,0xc000,0
	mount umount2 setns,0xffffffff,0 unshare,0 ptrace,0x4206,0xffffffff bpf,99
	keyctl,0xffffff userfaultfd,0xffff io_uring_setup,0,0 perf_event_open,0,0
	getpid uname 450 463 500 999 4000 0x3fffffff
	i386:20 i386:102,1 x32:getpid x32:521
EOF

prepare() {
	local tool
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	for tool in jq gcc unshare; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	for tool in "$compile" "$build/tests/seccomp/prove"; do
		[ -x "$tool" ] || skip_all "$tool is not built"
	done
	work=$(mktemp -d /tmp/hr-live.XXXXXX) || exit 1
	trap 'rm -rf "$work"' EXIT
	mkdir -p "$work/bundle/rootfs"/{proc,dev,sys}
	gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -o "$work/bundle/rootfs/live" \
		"${HR_TEST_SRCDIR:-.}/tests/seccomp/live.c" || exit 1
	case $(uname -m) in
	x86_64) ;;
	*) mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -Ev '^(i386|x32):') ;;
	esac
	prove points "${points[@]}" >"$work/bundle/rootfs/points" || exit 1
}

prove() {
	LD_LIBRARY_PATH=${HR_SECCOMP_LIBDIR:-${LD_LIBRARY_PATH:-}} "$build/tests/seccomp/prove" "$@"
}

# ---- containers ------------------------------------------------------------------------

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

# A few capabilities, so that what the kernel answers is not what a filter would.
# The list goes in as text: jq would round numbers of 64 bits.
document() { # LIST: config.json with that linux.seccomp, null for none
	local config
	(cd "$work" && rm -f config.json && "$program" spec) || exit 1
	config=$(jq -c '
		["CAP_NET_RAW", "CAP_MKNOD", "CAP_SETUID"] as $caps
		| .process.terminal = false | .process.args = ["/live"]
		| .process.noNewPrivileges = true | .process.rlimits = []
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
		| .root.readonly = true | .linux.seccomp = "@LIST@"
		| del(.linux.resources)' "$work/config.json") || exit 1
	printf '%s\n' "${config/\"@LIST@\"/"$(<"$1")"}" >"$work/bundle/config.json"
}

run_live() { # OUTPUT LIST
	document "$2"
	(cd "$work/bundle" && alone timeout -k 5 120 "$program" --root "$work/root-$runtime" \
		run "hr-live-$$") </dev/null >"$1" 2>"$1.err"
}

# ---- verdicts --------------------------------------------------------------------------

# The name under which `prove eval` has the program.
model() {
	case $("$program" --version | head -n 1) in
	*' 1.0.'* | *' 1.1.'[0-5]* | 'crun '*) printf '%s\n' "$runtime" ;;
	*' 1.1.'*) echo 'runc 1.1.15' ;;
	*) echo 'runc 1.2' ;;
	esac
}

# What should come, for each point: NAME, tab, answer ("kernel": as without a filter).
predict() { # LIST
	prove eval "$1" "${points[@]}" | awk -F'\t' -v model="$(model)" '
		$2 != model { next }
		$3 ~ /^ERRNO/ { gsub(/[^0-9]/, "", $3); print $1 "\t" $3; next }
		$3 ~ /^(KILL|TRAP)/ { print $1 "\tkilled"; next }
		{ print $1 "\tkernel" }'
}

errno_name() { # NUMBER
	awk -v n="$1" '$1 == "#define" && $3 == n && $2 ~ /^E/ { print $2; exit }' \
		/usr/include/asm-generic/errno-base.h /usr/include/asm-generic/errno.h
}

compare() { # CASE
	local name wanted got open wrong='' seen=0
	while IFS=$'\t' read -r name wanted; do
		got=$(awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$work/out")
		open=$(awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$work/open.$runtime")
		case $wanted in
		kernel) wanted=$open ;;
		killed) [ "$open" != ENOSYS ] || [ "$got" != ENOSYS ] || wanted=ENOSYS ;;
		*) wanted=$(errno_name "$wanted") ;;
		esac
		[ "$got" = "$open" ] || seen=$((seen + 1))
		[ "$got" = "$wanted" ] || wrong+="$name: $got, predicted $wanted"$'\n'
		printf '# %-8s %-28s %-36s %-12s %s\n' "$runtime" "$1" "$name" "$got" "$open"
	done <"$work/predicted"
	is "$wrong" '' "$runtime: $1: ${#points[@]} calls as predicted, $seen other than unfiltered"
	is "$((seen > 15))" 1 "$runtime: $1: enough of them are refused"
}

one_case() { # CASE CALLER
	local list=$work/$1.json
	"$compile" --meet "$2" default >"$list"
	is $? 0 "$1 met with default" || return
	predict "$list" >"$work/predicted"
	run_live "$work/out" "$list"
	is "$?$(cat "$work/out.err")" 0 "$runtime: a container with $1 met with default"
	is "$(wc -l <"$work/out")" "${#points[@]}" "$runtime: $1: every call was made"
	compare "$1"
}

answer() { # POINT
	awk -F'\t' -v n="$1" '$1 == n { print $2 }' "$work/out"
}

all_cases() {
	local case
	for case in "${cases[@]}"; do
		jq '.linux.seccomp' "${HR_TEST_SRCDIR:-.}/tests/calls/cases/$case/config.json" \
			>"$work/caller"
		one_case "$case" "$work/caller"
		is "$(answer socket,2,1,0)" ok "$runtime: $case: TCP sockets work"
	done
	jq --arg native "SCMP_ARCH_$(uname -m | tr '[:lower:]' '[:upper:]')" \
		'.architectures = [$native]' <<<"$strict" >"$work/caller"
	one_case strict "$work/caller"
	is "$(answer socket,10,1,0) $(answer socketpair,1,1,0,0) $(answer mknod,0,0x1000,0) $(
		answer uname) $(answer socket,2,1,0)" 'EACCES killed killed ENOSYS ok' \
		"$runtime: strict: the caller's answers"
}

prepare
for runtime in runc crun; do
	[ "$runtime" = runc ] && program=${HR_RUNC:-runc} || program=${HR_CRUN:-crun}
	if ! program=$(command -v "$program"); then
		skip "$runtime" "it is not installed"
		continue
	fi
	echo null >"$work/none"
	if ! run_live "$work/open.$runtime" "$work/none"; then
		skip "$runtime" "bare $runtime starts nothing here: $(tail -n 1 "$work/open.$runtime.err")"
		continue
	fi
	all_cases
done
finish
