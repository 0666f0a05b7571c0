#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every script of the project, found by its first line or its name, through shellcheck.
set -u
# shellcheck source=tests/lint/code.sh
. "${HR_TEST_SRCDIR:-.}/tests/lint/code.sh"

mapfile -t scripts < <(all_files | while read -r file; do
	case $file in
	*.sh) printf '%s\n' "$file" ;;
	.ci/* | build-aux/* | autom4te.cache/* | configure* | *.c | *.h | *.json | *.md) ;;
	*) if head -c 60 "$file" | head -1 | grep -qaE '^#!.*[/ ](ba|da)?sh( |$)'; then printf '%s\n' "$file"; fi ;;
	esac
done)
is "$((${#scripts[@]} > 5))" 1 "there are ${#scripts[@]} scripts"
# SC2016: programs of jq and awk stand in single quotes. SC2317: functions that are called by
# their name in a variable, or by a trap.
if have shellcheck; then
	mkdir "$work/said"
	printf '%s\n' "${scripts[@]}" | xargs -P "$(nproc)" -I{} sh -c \
		'shellcheck -x -e SC2016,SC2317 -f gcc "$2" > "$1/$(echo "$2" | tr / _)" 2>&1' sh "$work/said" {}
	for script in "${scripts[@]}"; do
		nothing "$(cat "$work/said/$(tr / _ <<< "$script")")" "$script"
	done
else
	skip "shellcheck over ${#scripts[@]} scripts" "shellcheck is not installed"
fi
for script in "${scripts[@]}"; do
	head -1 "$script" | grep -q '^#!' || continue # one that is read by others
	check "$script can be run" test -x "$script"
done
# Scripts stop at a name that is not set.
findings=
for script in "${scripts[@]}"; do
	head -1 "$script" | grep -q '^#!' || continue
	grep -qE '^set -[a-z]*u|^out=' "$script" || findings+="$script"$'\n'
done
nothing "$findings" "every script says set -u"
finish
