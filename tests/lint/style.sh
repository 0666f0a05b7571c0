#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How the code looks and what it may call. A finding is FILE:LINE: and the line.
set -u
# shellcheck source=tests/lint/code.sh
. "${HR_TEST_SRCDIR:-.}/tests/lint/code.sh"

product_sources > "$work/sources"
product_headers > "$work/headers"
mapfile -t files < <(cat "$work/sources" "$work/headers")
mapfile -t tests < <(test_sources)
code "${files[@]}" > "$work/code"
strings_of "${files[@]}" > "$work/strings"

# ---- calls -----------------------------------------------------------------------------

# banned NAME CALLS [FILES]: nobody calls one of CALLS ('|' between) but FILES (a regex).
banned() {
	local name=$1 calls=$2 allowed=${3:-nobody}
	nothing "$(grep -E "[^A-Za-z0-9_>.]($calls)[[:space:]]*\(" "$work/code" | grep -vE "^($allowed):")" \
		"$name"
}
banned "no call without a bound" 'sprintf|vsprintf|strcat|strncat|strncpy|stpcpy|gets|alloca|tmpnam|tempnam|mktemp'
banned "no shell" 'system|popen|wordexp'
banned "no number without its errors" 'atoi|atol|atoll|atof|strtok|sscanf|fscanf|scanf'
banned "no process-wide state" \
	'setenv|putenv|unsetenv|clearenv|setlocale|srand|rand|signal|chdir|fchdir|chroot|umask|setuid|setgid|seteuid' \
	'src/(base/child|stage/(overlay|overlay_clones|sources)|image/sandbox)\.c'
banned "nothing ends the process but main" 'exit|abort|quick_exit|err|errx|longjmp|setjmp' 'src/main\.c'
banned "only a child ends by _exit" '_exit' 'src/base/child(_answer)?\.c'
banned "one place forks" 'fork|vfork|clone|posix_spawn' 'src/base/child\.c'
banned "three places exec" 'execve|execv|execvp|execvpe|execl|execlp|execle|fexecve|execveat' \
	'src/(base/child|base/child_answer|line/launch)\.c'
banned "the environment is read in one place" 'getenv|secure_getenv' 'src/line/launch\.c'
banned "only main and the own commands print" 'printf|vprintf|puts|putchar|perror|psignal' \
	'src/main\.c|src/command/(own|explain|check|diff|setup|setup_policy|doctor|image[a-z_]*|verifier_plugin|try|learn[a-z_]*|report|inventory)\.c|src/image/(main|add|add_[a-z]+|show)\.c'
banned "only main writes to standard error" 'fprintf|vfprintf|fputs|fputc|fwrite|dprintf|vdprintf' \
	'src/main\.c|src/command/(try|learn[a-z_]*)\.c'
banned "no library beside the rooms that wrap it" 'yajl_[a-z_]+' 'src/json/(reader|writer)\.c'
nothing "$(grep -E '\bgoto\b' "$work/code")" "no goto"
nothing "$(grep -E '\btypedef[[:space:]]+(struct|union|enum)\b' "$work/code")" "no typedef for structs"
nothing "$(grep -E '\benviron\b' "$work/code" | grep -v '^src/line/launch\.c:')" \
	"environ stands in one file"

# strcpy only right behind a check of the length: strlen or sizeof in the 16 lines before.
findings=$(awk -F: '
	$1 != file { file = $1; n = 0 }
	{ lines[n++] = $0 }
	/[^A-Za-z0-9_]strcpy[[:space:]]*\(/ {
		good = 0
		for (i = n - 1; i >= 0 && i > n - 17; i--) if (lines[i] ~ /strlen\(/) good = 1
		if (!good) print }' "$work/code")
nothing "$findings" "strcpy only behind a check of the length"

# Every descriptor is close-on-exec when it is made.
statements() { # one a line, FILE:LINE: of its first line
	awk -F: '
		{ code = $0; sub(/^[^:]*:[0-9]+:/, "", code); gsub(/^[[:space:]]+/, "", code) }
		code ~ /^#/ { next }
		$1 != file { file = $1; held = "" }
		held == "" { where = $1 ":" $2 ":" }
		{ held = held " " code }
		code ~ /[;{}]$/ { print where held; held = "" }' "$work/code"
}
statements > "$work/statements"
cloexec() { # CALL WORD [FILE]
	nothing "$(grep -E "[^A-Za-z0-9_>.]$1[[:space:]]*\(" "$work/statements" | grep -vE "$2" |
		grep -vE "^(${3:-none}):")" "$1: $2"
}
cloexec 'open(at)?' 'O_CLOEXEC|, flags\)'
nothing "$(grep -E '\bflags = [^;]*O_' "$work/statements" | grep -v O_CLOEXEC)" "flags: O_CLOEXEC is among them"
cloexec pipe O_CLOEXEC
cloexec pipe2 O_CLOEXEC
cloexec socket SOCK_CLOEXEC
cloexec memfd_create MFD_CLOEXEC
cloexec accept SOCK_CLOEXEC
nothing "$(grep -hnE '\bfopen\(' -r src --include='*.c' | grep -vE '"[rwa]e"')" 'fopen: "re"'
nothing "$(grep -E '[^A-Za-z0-9_]dup[[:space:]]*\(' "$work/code")" "no dup: F_DUPFD says which kind"

# ---- words -----------------------------------------------------------------------------

# Engines act upon these (base/error.c).
nothing "$(grep -iE 'no such file|permission denied|not found|does not exist|no such process' "$work/strings")" \
	"no message holds words that engines act upon"
nothing "$(grep -E '\\x1[bB]|\\033|\\e\[' "$work/strings")" "no terminal codes"
nothing "$(grep -E '%n' "$work/strings")" "no %n"
# errno's own text only through hr_errno_text.
nothing "$(grep -E '[^A-Za-z0-9_](strerror|strerror_r)[[:space:]]*\(|%m' "$work/code" "$work/strings" |
	grep -v 'src/base/error\.c:')" "strerror only in base/error.c"
nothing "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "${files[@]}" "${tests[@]}")" "nothing is left to do"

# ---- size ------------------------------------------------------------------------------

findings=
for file in "${files[@]}"; do
	lines=$(wc -l < "$file")
	[ "$lines" -le 400 ] || findings+="$file: $lines lines, at most 400"$'\n'
done
nothing "$findings" "no file has more than 400 lines"

# Functions: from the brace in the first column to the one that closes it.
awk '
	FNR == 1 { depth = 0; inside = 0; head = "" }
	/^[a-zA-Z_].*\(/ { head = $0 }
	/^{/ && head != "" { inside = 1; start = FNR; deepest = 0; next }
	/^}/ && inside {
		name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
		print FILENAME ":" start ": " name " " FNR - start - 1 " " deepest
		inside = 0; head = "" }
	inside && match($0, /^\t+(if|for|while|do|switch|json_each) ?[({]?/) {
		tabs = $0; sub(/[^\t].*/, "", tabs)
		if (length(tabs) > deepest) deepest = length(tabs) }' \
	"${files[@]}" > "$work/functions"
nothing "$(awk '$3 > 60 { print $1 " " $2 ": " $3 " lines, at most 60" }' "$work/functions")" \
	"no function has more than 60 lines"
median=$(awk '{ print $3 }' "$work/functions" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')
if [ "$median" -lt 20 ]; then ok "half of the functions have less than 20 lines ($median)"
else not_ok "half of the functions have less than 20 lines" "$median"; fi
# Advice: case labels count as no level of their own, so this finds too few, never too many.
awk '$4 > 3 { print "# nested " $4 " deep: " $1 " " $2 }' "$work/functions"

# ---- form ------------------------------------------------------------------------------

findings=
while read -r file; do
	case $file in
	*.c | *.h | *.sh | *.ac | tests/ci | tests/harness | tests/unit/tap | contrib/demo | Makefile.am) ;;
	docs/*.[0-9]) ;;
	*) continue ;;
	esac
	head -2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || findings+="$file"$'\n'
done < <(all_files)
nothing "$findings" "every source says its licence in line 1 or 2"
nothing "$(all_files | grep -vE '^(tests/calls/cases|tests/golden|tests/fuzz/corpus|tests/image/fixtures)/|\.md$' |
	xargs -d '\n' grep -nIE '[[:space:]]+$' 2> /dev/null)" "no blank ends a line"
nothing "$(grep -nE '^ {2,}[^ *]' "${files[@]}")" "tabs indent"
nothing "$(awk '{ line = $0; while (match(line, /\t/)) {
		pad = 8 - (RSTART - 1) % 8
		line = substr(line, 1, RSTART - 1) sprintf("%" pad "s", "") substr(line, RSTART + 1) }
	if (length(line) > 100) print FILENAME ":" FNR ": " length(line) " columns" }' "${files[@]}" "${tests[@]}")" \
	"no line has more than 100 columns"
if have clang-format; then
	version=$(clang-format --version | grep -oE 'version [0-9]+' | cut -d' ' -f2)
	if [ "$version" = 14 ]; then
		findings=
		for file in "${files[@]}" "${tests[@]}"; do
			places=$(clang-format --dry-run -Werror "$file" 2>&1 | grep -c 'error:')
			[ "$places" -eq 0 ] || findings+="$file: $places places"$'\n'
		done
		nothing "$findings" "clang-format has nothing to change"
	else
		skip "clang-format has nothing to change" "is version $version, another than 14 formats otherwise"
	fi
else
	skip "clang-format has nothing to change" "clang-format is not installed"
fi

# ---- tables ----------------------------------------------------------------------------

grep -oE '\{"[a-z0-9_]+"' src/seccomp/widths.c >"$work/widths"
check "src/seccomp/widths.c: the table that is searched has calls" test -s "$work/widths"
check "src/seccomp/widths.c: and they are sorted" env LC_ALL=C sort -c -u "$work/widths"

# ---- the project speaks of itself ------------------------------------------------------

# Taken apart, so that this file does not hold them.
machine="/wo""rk/(main|shared|notes)|/tm""p/(b\\.sh|hardrun[^-a-z.]|golden|stub)|fc-""v[0-9]|process_""api"
nothing "$(all_files | xargs -d '\n' grep -nIE "$machine" 2> /dev/null)" "no path of a machine"
finish
