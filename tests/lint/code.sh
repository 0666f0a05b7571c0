# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the lint scripts: TAP as in the end-to-end scripts, lists of files, and C source
# without what only looks like code.
: "${HR_TEST_SRCDIR:=.}" "${HR_BUILDDIR:=.}" "${HR_PROGRAM:=$HR_BUILDDIR/src/hardrun}"
HR_PROGRAM=$(realpath -m "$HR_PROGRAM") HR_BUILDDIR=$(realpath -m "$HR_BUILDDIR")
# shellcheck source=tests/e2e/lib.sh
. "$HR_TEST_SRCDIR/tests/e2e/lib.sh"
cd "$HR_TEST_SRCDIR" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

have() { command -v "$1" > /dev/null; }

# Files of the product, without what the build makes (src/*/builtin.c).
product_sources() { find src -name '*.c' ! -name builtin.c | LC_ALL=C sort; }
product_headers() { find src -name '*.h' | LC_ALL=C sort; }
test_sources() { find tests -name '*.[ch]' | LC_ALL=C sort; }

# Every file of the project: what git knows or would add; without git, what is there.
all_files() {
	if [ -e .git ] && have git; then
		git ls-files -co --exclude-standard | while read -r file; do
			[ -f "$file" ] && printf '%s\n' "$file"
		done
	else
		find . -type f ! -path './.git/*' ! -path './build*' ! -name '*.o' ! -name '*.a' |
			sed 's,^\./,,' | LC_ALL=C sort
	fi
}

# nothing TEXT NAME: a finding a line; none is good.
nothing() {
	if [ -z "$1" ]; then ok "$2"; else not_ok "$2" "$1"; fi
}

# "FILE:LINE: CODE" of a C file, comments gone and strings emptied ("..." gives "").
code() { # FILE...
	local file
	for file; do
		gcc -fpreprocessed -dD -E -w "$file" | awk -v file="$file" '
			/^# [0-9]+ "/ { line = $2 - 1; next }
			{ line++
			  gsub(/\\\\/, ""); gsub(/\\"/, ""); gsub(/\x27"\x27/, "0")
			  gsub(/"[^"]*"/, "\"\"")
			  if ($0 !~ /^[[:space:]]*$/) print file ":" line ":" $0 }'
	done
}

# "FILE:LINE: "STRING"" of every string of a C file.
strings_of() { # FILE...
	local file
	for file; do
		gcc -fpreprocessed -dD -E -w "$file" | awk -v file="$file" '
			/^# [0-9]+ "/ { line = $2 - 1; next }
			{ line++; rest = $0
			  while (match(rest, /"([^"\\]|\\.)*"/)) {
				print file ":" line ": " substr(rest, RSTART, RLENGTH)
				rest = substr(rest, RSTART + RLENGTH) } }'
	done
}
