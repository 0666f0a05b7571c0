#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the supervisor of a watched container answers is what the kernel would have: every ready
# profile alone, and met with every recorded caller's list and COUNT imaginary ones, judged
# against the compiled filters (judge.c). Prints TAP.
# usage: judge.sh [COUNT [SEED]]   COUNT: 100
# HR_BUILDDIR: where tests/seccomp/{judge,generate} and tests/tools/seccomp_compile were built.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

count_random=${1:-100} seed=${2:-1}
source=${HR_TEST_SRCDIR:-.}
judge=${HR_BUILDDIR:-.}/tests/seccomp/judge
generate=${HR_BUILDDIR:-.}/tests/seccomp/generate
compile=${HR_BUILDDIR:-.}/tests/tools/seccomp_compile

prepare() {
	local tool
	command -v jq >/dev/null || skip_all "jq is not installed"
	for tool in "$judge" "$generate" "$compile"; do
		[ -x "$tool" ] || skip_all "$tool is not built"
	done
	work=$(mktemp -d /tmp/hr-judge.XXXXXX) || exit 1
	trap 'rm -rf "$work"' EXIT
	mkdir "$work"/{callers,random}
}

# Each list that an engine was recorded to send, once, under the name of its first case.
# (jq rounds numbers above 2^53: there is none in them.)
write_callers() {
	local config list sum
	declare -A seen
	for config in "$source"/tests/calls/cases/*/config.json; do
		list=$(jq -cS '.linux.seccomp // empty' "$config")
		[ -n "$list" ] || continue
		sum=$(sha256sum <<<"$list")
		[ -z "${seen[$sum]:-}" ] || continue
		seen[$sum]=1
		printf '%s\n' "$list" >"$work/callers/$(basename "$(dirname "$config")").json"
	done
}

# The cases of one run, its number of points added up.
judged() { # OPTIONS AND ARGUMENTS OF judge...
	local line notes
	"$judge" "$@" >"$work/out" 2>"$work/err"
	is "$? $(<"$work/err")" "$(grep -c '^not ok' "$work/out" | sed 's/[1-9].*/1/') " \
		"judge $1 ${2:-}... comes to its end"
	notes=$(grep '^#' "$work/out")
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "${line#* - }" ;;
		'not ok '*) not_ok "${line#* - }" "$notes" ;;
		esac
	done <"$work/out"
	points=$((points + $(awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^points/) n += $(i - 1) }
		END { print n + 0 }' "$work/out")))
}

profiles() {
	local profile
	for profile in "$source"/profiles/seccomp/*.seccomp; do
		profile=$(basename "$profile" .seccomp)
		[ "$profile" = groups ] && continue # a part of others
		judged "$profile"
	done
}

# A judge that sees nothing would pass: a filter that was spoilt must fail for that reason.
sees() { # WHAT JQ-FILTER
	jq -c "$2" "$work/default.json" >"$work/spoilt.json"
	"$judge" --points 500 --against "$work/spoilt.json" default >"$work/out"
	is "$? $(grep -c "^# .*$1" "$work/out" | sed 's/[1-9][0-9]*/seen/')" '1 seen' "seen: $1"
}

sees_all() {
	sees 'prctl(0x.*23): judged otherwise: ALLOW' '.syscalls += [{"names": ["prctl"],
		"action": "SCMP_ACT_ALLOW",
		"args": [{"index": 0, "value": 4294967295, "valueTwo": 35, "op": "SCMP_CMP_MASKED_EQ"}]}]'
	sees 'uname(.*judged otherwise: ERRNO' \
		'.syscalls |= map(if .names | index("uname") then .names -= ["uname"] else . end)'
	sees 'mount(.*judged otherwise: ERRNO(13)' \
		'.syscalls |= map(if .names | index("mount") then .errnoRet = 1 | .names -= ["mount"]
			else . end) | .syscalls += [{"names": ["mount"], "action": "SCMP_ACT_ERRNO",
			"errnoRet": 13}]'
	sees 'socket(0x1.*judged otherwise: ERRNO' '.syscalls |= map(select(.names != ["socket"]
		or .args[0].valueTwo != 1 or (.args | length) > 1))'
}

prepare
points=0
write_callers
profiles
judged --points 3000 default "$work"/callers/*.json
judged --points 3000 restricted "$work"/callers/*.json
"$compile" default >"$work/default.json" || exit 1
"$generate" "$seed" "$count_random" "$work/random" "$work/default.json" >/dev/null || exit 1
judged --points 1000 default "$work"/random/*.json
sees_all
echo "# $points points"
finish
