#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The analyzers, as gates: clang-tidy with .clang-tidy (what is off says why there) and
# cppcheck. Takes some minutes. What is wrong of them stands in static.known.
set -u
# shellcheck source=tests/lint/code.sh
. "${HR_TEST_SRCDIR:-.}/tests/lint/code.sh"

mapfile -t sources < <(product_sources)
definitions=(-D_GNU_SOURCE '-DHR_CONFDIR="/etc/hardrun"' '-DHR_STATEDIR="/run/hardrun"'
	'-DHR_AUDIT_FILE="/var/log/hardrun/audit.jsonl"' '-DHR_VERSION="0"')
grep -vE '^(#|$)' tests/lint/static.known > "$work/known"

# unknown: of "FILE:LINE: CHECK: TEXT" lines those that are not in static.known.
unknown() {
	while IFS=: read -r file line check text; do
		check=${check# }
		grep -qxF "$file $check" "$work/known" || printf '%s:%s: %s:%s\n' "$file" "$line" "$check" "$text"
	done
}

# One process a file: clang-tidy 14 carries state of va_list from one to the next.
tidy() {
	local list=$work/tidy.list
	printf '%s\n' "${sources[@]}" > "$list"
	# error.c makes what analysis.h wraps.
	grep -v '^src/base/error\.c$' "$list" |
		xargs -d '\n' -P "$(nproc)" -I{} clang-tidy --quiet {} -- -std=gnu11 -O2 -Isrc \
			-include tests/lint/analysis.h "${definitions[@]}" 2> /dev/null
	clang-tidy --quiet src/base/error.c -- -std=gnu11 -O2 -Isrc "${definitions[@]}" 2> /dev/null
}

if have clang-tidy; then
	tidy > "$work/tidy"
	grep -E ': (error|warning): ' "$work/tidy" | sed -E "s,^$PWD/,," | LC_ALL=C sort -u |
		sed -E 's/^([^:]+):([0-9]+):[0-9]+: (error|warning): (.*) \[([^],]+).*\]$/\1:\2: \5: \4/' |
		unknown > "$work/findings"
	for source in "${sources[@]}"; do
		nothing "$(grep -F "$source:" "$work/findings")" "clang-tidy: $source"
	done
	nothing "$(grep -vE '^src/[^:]*\.c:' "$work/findings")" "clang-tidy: headers"
else
	skip "clang-tidy" "clang-tidy is not installed"
fi

# variableScope: variables stand at the head of a function. memleak: cppcheck does not know
# __attribute__((cleanup)). missingIncludeSystem: only our own headers are read.
if have cppcheck; then
	cppcheck -q --std=c11 --enable=warning,style,performance,portability -j "$(nproc)" \
		--suppress=variableScope --suppress=memleak --suppress=missingIncludeSystem \
		-D__x86_64__ "${definitions[@]}" -Isrc --template='{file}:{line}: {id}: {message}' \
		"${sources[@]}" 2>&1 | LC_ALL=C sort -u | unknown > "$work/cppcheck"
	nothing "$(cat "$work/cppcheck")" "cppcheck"
else
	skip "cppcheck" "cppcheck is not installed"
fi

# What was once wrong and no longer is found leaves the list.
if have clang-tidy && have cppcheck; then
	while read -r file check; do
		check "static.known: $file is there" test -e "$file"
		note "known: $file $check"
	done < "$work/known"
fi
finish
