#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every ready profile met with every recorded caller's list and with COUNT imaginary ones,
# proved on compiled filters (prove.c). Prints TAP.
# usage: meet.sh [COUNT [SEED]]   COUNT: 300; each is met with one profile, in turn
# HR_BUILDDIR: where tests/seccomp/prove, tests/seccomp/generate and
# tests/tools/seccomp_compile were built. HR_SECCOMP_LIBDIR: another libseccomp for prove.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

count_random=${1:-300} seed=${2:-1}
build=${HR_BUILDDIR:-.}
compile=$build/tests/tools/seccomp_compile

prepare() {
	local tool
	command -v jq >/dev/null || skip_all "jq is not installed"
	for tool in "$compile" "$build/tests/seccomp/prove" "$build/tests/seccomp/generate"; do
		[ -x "$tool" ] || skip_all "$tool is not built"
	done
	work=$(mktemp -d /tmp/hr-meet.XXXXXX) || exit 1
	trap 'rm -rf "$work"' EXIT
	mkdir "$work"/{ours,callers,random}
}

prove() {
	LD_LIBRARY_PATH=${HR_SECCOMP_LIBDIR:-${LD_LIBRARY_PATH:-}} "$build/tests/seccomp/prove" "$@"
}

# ---- the documents ---------------------------------------------------------------------

write_profiles() {
	local source
	for source in "${HR_TEST_SRCDIR:-.}"/profiles/seccomp/*.seccomp; do
		source=$(basename "$source" .seccomp)
		[ "$source" = groups ] && continue # a part of others
		"$compile" "$source" >"$work/ours/$source.json" || exit 1
		profiles+=("$source")
	done
}

# Each list that an engine was recorded to send, once, under the name of its first case.
# (jq rounds numbers above 2^53: there is none in them.)
write_callers() {
	local config list sum
	declare -A seen
	for config in "${HR_TEST_SRCDIR:-.}"/tests/calls/cases/*/config.json; do
		list=$(jq -cS '.linux.seccomp // empty' "$config")
		[ -n "$list" ] || continue
		sum=$(sha256sum <<<"$list")
		[ -z "${seen[$sum]:-}" ] || continue
		seen[$sum]=1
		printf '%s\n' "$list" >"$work/callers/$(basename "$(dirname "$config")").json"
	done
}

# ---- the meets -------------------------------------------------------------------------

# meet_list PROFILE RESULTS: what PROFILE makes of the callers on standard input, one file a
# line. Prints lines for `prove meets`: OURS CALLER RESULT CALLS-THAT-WERE-GIVEN-UP.
# Whoever is refused is a failure: all these callers are in order.
meet_list() {
	local profile=$1 results=$2 caller
	mkdir -p "$results"
	while read -r caller; do
		printf '%s %s\n' "$caller" "$results/$(basename "$caller")"
	done >"$results/list"
	# A list may be long, but must not keep a container waiting.
	timeout -k 5 120 "$compile" --meet-list "$profile" <"$results/list" >"$results/answers" \
		2>"$results/given_up" || echo "$profile: status $?" >>"$work/refused"
	grep -v '^ok ' "$results/answers" >>"$work/refused"
	awk -v ours="$work/ours/$profile.json" '
		FILENAME ~ /given_up$/ { # CALLER: given up: CALL
			if (split($0, part, ": ") == 3)
				calls[part[1]] = calls[part[1]] "," part[3]
			next
		}
		FILENAME ~ /answers$/ { if ($1 == "ok") made[$2] = 1; next }
		made[$2] { print ours, $1, $2, substr(calls[$1], 2) }' \
		"$results/given_up" "$results/answers" "$results/list"
}

# Cases of a prover's output: those that fail, and with `all` those that pass; what it
# remarks stays with them. Sets $passing.
cases() { # FILE [all]
	local line
	passing=0
	while IFS= read -r line; do
		case $line in
		'not ok '*) not_ok "${line#not ok * - }" ;;
		'ok '*)
			passing=$((passing + 1))
			[ -z "${2:-}" ] || ok "${line#ok * - }"
			;;
		'#'*) printf '%s\n' "$line" ;;
		esac
	done < <(sed "s|$work/||g" "$1")
}

recorded() {
	local profile
	for profile in "${profiles[@]}"; do
		printf '%s\n' "$work"/callers/*.json | meet_list "$profile" "$work/recorded/$profile"
	done >"$work/recorded.lines"
	# The lists of engines must go through without a loss: nothing is given up for them.
	awk '{ print $1, $2, $3 }' "$work/recorded.lines" | prove meets >"$work/recorded.tap"
	cases "$work/recorded.tap" all
	is "$passing" "$((${#profiles[@]} * $(find "$work/callers" -type f | wc -l)))" \
		"every recorded list with every profile"
}

imaginary() {
	local profile index=0 total=${#profiles[@]}
	mapfile -t files < <("$build/tests/seccomp/generate" "$seed" "$count_random" \
		"$work/random" "$work/ours/default.json")
	for profile in "${profiles[@]}"; do
		for ((i = index; i < ${#files[@]}; i += total)); do
			printf '%s\n' "${files[i]}"
		done | meet_list "$profile" "$work/imaginary/$profile"
		index=$((index + 1))
	done >"$work/imaginary.lines"
	note "$(awk 'NF == 4 { n++; calls += gsub(",", ",", $4) + 1 }
		END { printf "given up: %d calls of %d documents, of %d", calls, n, NR }' \
		"$work/imaginary.lines")"
	prove --points 2000 --seed "$seed" meets <"$work/imaginary.lines" >"$work/imaginary.tap"
	cases "$work/imaginary.tap"
	is "$passing" "$count_random" "imaginary callers of seed $seed"
}

# ---- what is refused as a whole --------------------------------------------------------

refused() { # NAME TEXT-OF-THE-MESSAGE DOCUMENT
	local status
	printf '%s\n' "$3" >"$work/bad.json"
	"$compile" --meet "$work/bad.json" default >"$work/out" 2>"$work/err"
	status=$?
	is "$status" 1 "$1 is refused"
	like "$(<"$work/err")" "$2" "$1: the message says why"
}

# The prover must not know what it proves: nothing of src/seccomp is linked into it.
independent() {
	local program
	for program in prove generate; do
		is "$(nm "$build/tests/seccomp/$program" 2>/dev/null |
			grep -E ' [Tt] (seccomp_(meet|read|write|lint|filter_)|control_)')" '' \
			"$program has nothing of src/seccomp"
	done
}

# ---- does the prover see what is wrong? ------------------------------------------------

# sees FINDING JQ-FILTER: a result that the filter has spoilt must fail for that reason.
sees() {
	jq -c "$2" "$work/result.json" >"$work/spoilt.json"
	prove --points 500 meet "$work/ours/default.json" "$work/caller.json" \
		"$work/spoilt.json" >"$work/spoilt.tap"
	is "$? $(grep -cE "^# .*$1" "$work/spoilt.tap" | sed 's/[1-9][0-9]*/seen/')" '1 seen' \
		"the prover sees: $1"
}

sees_all() {
	local case rules='.syscalls |= map(if .names == ["socket"] then'
	case=$(grep -l '"value":40' "$work"/callers/*.json | head -n 1)
	jq -c '.syscalls |= map(if .names | index("uname") then .names -= ["uname"] else . end)
		| .syscalls += [{"names": ["sysinfo"], "action": "SCMP_ACT_KILL_PROCESS"}]
		| .syscalls |= map(if .action == "SCMP_ACT_ALLOW"
			then .names -= ["sysinfo"] else . end)' "$case" >"$work/caller.json"
	"$compile" --meet "$work/caller.json" default >"$work/result.json"
	prove meet "$work/ours/default.json" "$work/caller.json" "$work/result.json" >/dev/null
	is $? 0 "a result that is right passes"
	sees 'lets through what is refused' '.syscalls[0].names += ["uname"]'
	sees 'lets through what is refused' "$rules .args[0:1] as \$a | .args = \$a else . end)"
	sees 'lost: .*getpid' '.syscalls |= map(.names -= ["getpid"])'
	sees 'lost: .*socket' "$rules (.args[0] |= (.op = \"SCMP_CMP_EQ\" | .value = 1)) else . end)"
	sees 'not our answer' '.syscalls |= map(.names -= ["ptrace"])'
	sees 'weaker than the caller' '.syscalls |= map(.names -= ["sysinfo"])'
	sees 'logging differs' '.syscalls[0].action = "SCMP_ACT_LOG"'
	sees 'form: architectures' '.architectures += ["SCMP_ARCH_X86"]'
	sees 'form: flags' 'del(.flags)'
	sees 'form: the default' '.defaultErrnoRet = 1'
	sees 'does not start' '.syscalls[0].errnoRet = 1'
	sees 'differ' '.defaultErrnoRet = 1'
	sees 'form: .* beside' '.syscalls += [{"names": ["read"], "action": "SCMP_ACT_ALLOW",
		"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_NE"}]}]'
}

prepare
profiles=()
independent
: >"$work/refused"
write_profiles
write_callers
prove equal "$work"/ours/*.json >"$work/equal.tap"
cases "$work/equal.tap" all
prove --stub equal "$work"/callers/*.json >"$work/equal.tap"
cases "$work/equal.tap" all
recorded
imaginary
sees_all
is "$(<"$work/refused")" '' "no caller is refused as a whole"
refused "a caller without the native architecture" SCMP_ARCH_ \
	'{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_S390X"], "syscalls": []}'
refused "an unknown action" SCMP_ACT_PERHAPS \
	'{"defaultAction": "SCMP_ACT_PERHAPS", "syscalls": []}'
finish
