#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tour.sh [--self-test | FILE]
# Every line of every ```sh block of docs/TOUR.md (or FILE), run in order in one shell in an
# empty directory. Each command must succeed, and what it prints, on either stream, must match
# the regular expressions behind `# -> ` in its line or in the lines below it.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"

# The lines of the blocks; a block of another language, or one without an end, is an error.
blocks() { # FILE
	awk '/^ *```/ {
			if (!inside && $0 !~ /^ *```sh *$/) { bad = bad "line " NR ": not sh: " $0 "\n" }
			inside = !inside
			next
		}
		inside { print }
		END {
			if (inside) bad = bad "the last block has no end\n"
			printf "%s", bad > "/dev/stderr"
			exit bad != ""
		}' "$1"
}

whole() { # TEXT: it is a command to its end
	[[ $1 != *\\ ]] && [ -z "$(bash -n 2>&1 <<<"$1")" ]
}

# One command, in this shell; its output is kept for the checks below it.
perform() { # COMMAND
	local shown=${1%%$'\n'*} ended
	said=$work/tour.said
	eval "$1" >"$said" 2>&1 </dev/null
	ended=$?
	performed=$((performed + $(grep -c '' <<<"$1")))
	if [ "$ended" -eq 0 ]; then ok "$shown"; else not_ok "$shown" "status $ended"$'\n'"$(tail -n 30 "$said")"; fi
}

matches() { # REGEX
	performed=$((performed + 1))
	if grep -qE -- "$1" "$said"; then
		ok "  prints $1"
	else
		not_ok "  prints $1" "$(tail -n 40 "$said")"
	fi
}

tour() { # FILE
	local line command='' lines=0 performed=0 said=/dev/null
	blocks "$1" >"$work/tour.lines" 2>"$work/tour.bad"
	is $?"$(<"$work/tour.bad")" 0 "all blocks are sh"
	while IFS= read -r line; do
		lines=$((lines + 1))
		if [ -z "$command" ] && [[ $line =~ ^[[:space:]]*(#.*)?$ ]]; then
			if [[ $line =~ ^[[:space:]]*'# -> '(.*)$ ]]; then
				matches "${BASH_REMATCH[1]}"
			else
				performed=$((performed + 1))
			fi
			continue
		fi
		command+=${command:+$'\n'}$line
		whole "$command" || continue
		perform "$command"
		if [[ $line =~ [[:space:]]'# -> '(.*)$ ]]; then
			performed=$((performed - 1))
			matches "${BASH_REMATCH[1]}"
		fi
		command=
	done <"$work/tour.lines"
	is "$command" '' "no command is left open"
	is "$performed" "$lines" "all $lines lines were run or checked"
}

# Each of these pages must be found good or wrong, as its name says.
self_test() {
	local page name result
	mkdir -p "$work/pages"
	page() { printf '%s\n' "${@:2}" >"$work/pages/$1"; }
	page good-plain 'Text' '```sh' 'a=1; cd /' 'echo "$a $PWD"   # -> ^1 /$' '' '# a comment' \
		$'echo x \\' '	y' '# -> x' '# -> y' '```' 'echo no line of a block; false'
	page good-here '```sh' "cat > \"\$work/f\" <<'END'" 'echo "' '# -> not a check' 'END' \
		'grep -c . "$work/f"' '# -> ^2$' 'f() {' '	echo in f >&2' '}' 'f' '# -> in f' '```'
	page good-two '```sh' 'b=2' '```' 'between' '```sh' 'echo $b' '# -> 2' '```'
	page wrong-status '```sh' 'false' '```'
	page wrong-output '```sh' 'echo a' '# -> b' '```'
	page wrong-same-line '```sh' 'echo a # -> b' '```'
	page wrong-open '```sh' 'echo "a' '```'
	page wrong-here '```sh' 'cat <<END' 'a' '```'
	page wrong-end '```sh' 'true'
	page wrong-language '```console' '$ true' '```'
	for page in "$work"/pages/*; do
		name=${page##*/}
		result=$(failed=0 count=0 && tour "$page" | grep -c '^not ok')
		case $name$result in good-*0 | wrong-*[1-9]) ok "$name" ;;
			*) not_ok "$name" "$(tour "$page")" ;; esac
	done
	is "$(find "$work/pages" | wc -l)" 11 "all pages were looked at"
}

page=${1:-$HR_TEST_SRCDIR/docs/TOUR.md}
[ "$page" = --self-test ] || page=$(realpath "$page")
real_sandbox "$@"
mkdir "$work/tour" && cd "$work/tour" || exit 1
PATH=$work/bin:$PATH
if [ "$page" = --self-test ]; then
	self_test
	finish
fi
for tool in runc mmdebstrap umoci; do
	command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done
[ -n "$(apt-get indextargets 2>/dev/null)" ] || skip_all "this machine has no package lists (apt-get update)"
real_begin runc || finish
ln -sfn "$HR_PROGRAM" "$work/bin/hardrun"
tour "$page"
finish
