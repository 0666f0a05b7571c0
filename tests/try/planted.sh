#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: planted.sh [quick|full]
# Planted denials (planted.tsv, planted.c): production's answer to each call, that `hardrun try`
# gives the same and names it once, with its count, and nothing else; and that the line it
# shows allows this call and no other of the table. quick: all lines at once, and a few alone.
set -u
# shellcheck source=tests/try/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/try/lib.sh"

depth=${1:-quick}
alone=' chroot alg tiocsti prctl-mm clone-user netlink-audit mknod-device personality-32 setuid '

rows() { # PROFILE: the table's
	awk -F'\t' -v p="$1" '!/^#/ && $2 == p' "$try_tests/planted.tsv"
}

judge() { # WHAT ARGUMENT...
	judged < <("$try_tests/judge.py" "$try_tests/planted.tsv" "$profile" "$@" 2>&1)
}

# What production answers, by hand in the table and here by the kernel.
answered() { # FROM
	cut -f 1,5 <(rows "$profile") | tr '\t' ' ' | LC_ALL=C sort >"$work/wanted"
	is "$(LC_ALL=C sort "$work/out")" "$(<"$work/wanted")" "$runtime: $profile: $1 answers as the table"
}

# The line of each row in a profile of its own.
source_with() { # LINE...: as $work/one.seccomp
	{
		echo "include $profile"
		printf '%s\n' "$@"
	} >"$work/one.seccomp"
}

every_line_at_once() {
	local lines
	mapfile -t lines < <("$try_tests/judge.py" "$try_tests/planted.tsv" "$profile" lines "$work/first.json")
	source_with "${lines[@]}"
	if ! "$work/bin/hardrun" check "$work/one.seccomp" >"$work/check" 2>&1; then
		note "check says: $(head -n 5 "$work/check")"
	fi
	try "$profile" --seccomp "$work/one.seccomp" -- /planted "${words_planted[@]}"
	judge emptied "$work/try.json" "$work/err"
}

each_line_alone() {
	local name line
	while IFS=$'\t' read -r name line; do
		[ "$depth" = full ] || [[ $alone = *" $name "* ]] || continue
		source_with "$line"
		try "$profile" --seccomp "$work/one.seccomp" -- /planted "${words_planted[@]}"
		judge gone "$work/first.json" "$work/try.json" "$name" "$line"
	done < <("$try_tests/judge.py" "$try_tests/planted.tsv" "$profile" named-lines "$work/first.json")
}

one_profile() {
	mapfile -t words_planted < <(rows "$profile" | awk -F'\t' '{print $1 ":" $3}')
	production "$profile" /planted "${words_planted[@]}"
	is "$status" 0 "$runtime: $profile: planted ends well under hardrun run"
	answered "hardrun run"
	try "$profile" -- /planted "${words_planted[@]}"
	is "$status" 0 "$runtime: $profile: planted ends well under hardrun try"
	answered "hardrun try"
	cp "$work/try.json" "$work/first.json" && cp "$work/err" "$work/first.err" || return
	judge named "$work/first.json" "$work/first.err"
	nothing_left "$profile"
	every_line_at_once
	each_line_alone
	nothing_left "$profile, with lines"
}

try_sandbox "$@"
command -v python3 >/dev/null || skip_all "python3 is not installed"
compiled planted
is "$("$work/image/planted" | LC_ALL=C sort)" \
	"$(cut -s -f 1 "$try_tests/planted.tsv" | grep -v '^#' | LC_ALL=C sort -u)" \
	"the program and the table have the same names"
for runtime in runc crun; do
	try_begin "$runtime" || continue
	for profile in default restricted; do one_profile; done
	real_end
done
finish
