#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does the installed runtime read odd command lines as the tables in src/oci/grammar_*.c
# say? Nothing can start: no bundle here has a config.json, and the runtime's complaint
# names the path that it went to. Prints TAP; needs root, runc and crun (else skipped).
# HR_TEST_SRCDIR: the source tree, "." when unset. RUNC, CRUN: other programs to ask.

set -u
RUNC=${RUNC:-runc}
CRUN=${CRUN:-crun}
source=${HR_TEST_SRCDIR:-.}/src/oci
count=0
failed=0

ok() {
	count=$((count + 1))
	echo "ok $count - $1"
}

not_ok() {
	count=$((count + 1))
	failed=$((failed + 1))
	echo "not ok $count - $1"
	printf '%s\n' "$2" | sed 's/^/# /'
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# reads NAME EXPECTED COMMAND...: the output of the command holds the text EXPECTED.
reads() {
	name=$1
	expected=$2
	shift 2
	output=$(cd "$work/cwd" && timeout 20 "$@" 2>&1 </dev/null)
	case $output in
	*"$expected"*) ok "$name" ;;
	*) not_ok "$name" "expected: $expected
got: $output" ;;
	esac
}

# knows NAME TABLE SECTION COMMAND...: every --flag of the help text is in the section of
# the table (from "... SECTION[] = {" to "};").
knows() {
	name=$1
	table=$2
	section=$3
	shift 3
	rows=$(awk -v start=" ${section}[] = {" \
		'index($0, start) { on = 1 } on { print } on && /};/ { exit }' "$source/$table")
	missing=
	seen=0
	for flag in $("$@" 2>&1 | sed -n 's/^ \{1,6\}\(-[^ ]*,* *\)*--\([a-z0-9-]*\).*/\2/p'); do
		seen=$((seen + 1))
		case $flag in
		help | usage) continue ;;
		esac
		case $rows in
		*"\"$flag\""*) ;;
		*) missing="$missing --$flag" ;;
		esac
	done
	if [ -n "$rows" ] && [ "$seen" -gt 0 ] && [ -z "$missing" ]; then
		ok "$name"
	else
		not_ok "$name" "$seen flags seen; missing in $table, $section:$missing"
	fi
}

# commands NAME TABLE WORD...: each is a command of the table.
commands() {
	name=$1
	table=$2
	shift 2
	missing=
	for word in "$@"; do
		grep -q "{\"$word\", GRAMMAR_" "$source/$table" || missing="$missing $word"
	done
	if [ $# -gt 0 ] && [ -z "$missing" ]; then
		ok "$name"
	else
		not_ok "$name" "missing in $table:$missing"
	fi
}

test_runc() {
	chdir="chdir $work/gone"
	empty="config.json not found"
	set -- "$RUNC" --root "$work/root"
	reads "runc: --bundle X" "$chdir" "$@" create --bundle "$work/gone" id
	reads "runc: --bundle=X" "$chdir" "$@" create --bundle="$work/gone" id
	reads "runc: -bundle X" "$chdir" "$@" create -bundle "$work/gone" id
	reads "runc: -b=X" "$chdir" "$@" create -b="$work/gone" id
	reads "runc: --b X" "$chdir" "$@" create --b "$work/gone" id
	reads "runc: no abbreviation" "not defined: -bund" "$@" create --bund "$work/gone" id
	reads "runc: no cluster" "not defined: -dk" "$@" run -dk id
	reads "runc: the last one wins" "$chdir" "$@" create --bundle "$work" --bundle "$work/gone" id
	reads "runc: an empty bundle is the current directory" "$empty" "$@" create --bundle= id
	reads "runc: -- before the id" "$chdir" "$@" create --bundle "$work/gone" -- id
	reads "runc: -- before the command" "$chdir" "$@" -- create --bundle "$work/gone" id
	reads "runc: -- as a value" "chdir --: " "$@" create --bundle -- id
	reads "runc: a value with a dash" "chdir -x: " "$@" create --bundle -x id
	reads "runc: --bundle=-" "chdir -: " "$@" create --bundle=- id
	reads "runc: the last value may be -" "chdir -: " "$@" create --bundle - id
	reads "runc: id create, root exec" "$chdir" "$@" --root exec create --bundle "$work/gone" create
	reads "runc: a flag behind the id is moved to the front" "$chdir" \
		"$@" create id --bundle "$work/gone"
	reads "runc: nothing else behind the id" "requires exactly 1 argument" \
		"$@" create --bundle "$work/gone" id more
	reads "runc: --debug=t" "$chdir" "$@" --debug=t create --bundle "$work/gone" id
	reads "runc: --debug=xyz" "invalid boolean value" "$@" --debug=xyz create id
	reads "runc: 010 is a number" "$chdir" "$@" create --preserve-fds=010 --bundle "$work/gone" id
	reads "runc: --help alone" "create - create a container" "$@" create --help
	reads "runc: --help is taken back" "$chdir" \
		"$@" create --help --help=false --bundle "$work/gone" id
	reads "runc: global --help is taken back" "$chdir" \
		"$@" --help --help=false create --bundle "$work/gone" id
	reads "runc: - is no command" "No help topic for '-'" "$@" - create id
	reads "runc: the root of exec" "container does not exist" "$@" exec create create
	reads "runc: - for update" "container does not exist" "$@" update --resources=- id
}

test_runc_tables() {
	knows "runc: all global flags" grammar_runc.c global "$RUNC" --help
	for command in create run restore exec update delete kill ps events checkpoint; do
		knows "runc: all flags of $command" grammar_runc.c "$command" "$RUNC" "$command" --help
	done
	words=$("$RUNC" --help | sed -n '/^COMMANDS/,/^GLOBAL/s/^   \([a-z]*\).*/\1/p')
	# shellcheck disable=SC2086 # a list of words
	commands "runc: all commands" grammar_runc.c $words
}

test_crun() {
	chdir="chdir \`$work/gone\` failed"
	empty="error loading config.json"
	set -- "$CRUN" --root "$work/root"
	reads "crun: --bundle X" "$chdir" "$@" create --bundle "$work/gone" id
	reads "crun: --bundle=X" "$chdir" "$@" create --bundle="$work/gone" id
	reads "crun: -bX" "$chdir" "$@" create -b"$work/gone" id
	reads "crun: -b X" "$chdir" "$@" create -b "$work/gone" id
	reads "crun: -b=X is =X" "realpath \`=$work/gone\` failed" "$@" create -b="$work/gone" id
	reads "crun: -bundle X is -b undle" "realpath \`undle\` failed" "$@" create -bundle id
	reads "crun: a cluster" "$chdir" "$@" run -db "$work/gone" id
	reads "crun: abbreviations exist" "$chdir" "$@" create --bund "$work/gone" id
	reads "crun: --b is one" "$chdir" "$@" create --b "$work/gone" id
	reads "crun: the last one wins" "$chdir" "$@" create --bundle "$work" --bundle "$work/gone" id
	reads "crun: an empty bundle is a path" "realpath \`\` failed" "$@" create --bundle= id
	reads "crun: no bundle" "$empty" "$@" create id
	reads "crun: -- before the id" "$chdir" "$@" create --bundle "$work/gone" -- id
	reads "crun: -- before the command" "$chdir" "$@" -- create --bundle "$work/gone" id
	reads "crun: -- as a value" "realpath \`--\` failed" "$@" create --bundle -- id
	reads "crun: --bundle=-" "realpath \`-\` failed" "$@" create --bundle=- id
	reads "crun: - as a value" "realpath \`-\` failed" "$@" create --bundle - id
	reads "crun: id create, root exec" "$chdir" "$@" --root exec create --bundle "$work/gone" create
	reads "crun: flags behind the id are arguments" "maximum of 1 arguments" \
		"$@" create id --bundle "$work/gone"
	reads "crun: no --flag=true" "doesn't allow an argument" "$@" --debug=true state id
	reads "crun: the id of exec" "$work/root/create/status" "$@" exec create create
	reads "crun: -td is the terminal d" "$work/root/id/status" "$@" exec -td id sh
	reads "crun: the value of --tty is attached" "$work/root/no/status" "$@" exec --tty no sh
	reads "crun: the id behind a clustered value" "$work/root/id/status" "$@" exec -dp P id
	reads "crun: --help alone" "Usage: " "$@" create --help
}

test_crun_tables() {
	knows "crun: all global flags" grammar_crun.c global "$CRUN" --help
	for command in create run exec update delete kill ps; do
		knows "crun: all flags of $command" grammar_crun.c "$command" "$CRUN" "$command" --help
	done
	words=$("$CRUN" --help | sed -n 's/^	\([a-z]*\) *- .*/\1/p' | grep -vx mounts)
	# shellcheck disable=SC2086 # a list of words
	commands "crun: all commands" grammar_crun.c $words
}

# with PROGRAM TEST...: the tests, or one skip.
with() {
	program=$1
	shift
	if [ "$(id -u)" -ne 0 ]; then
		skip "$program" "not root"
	elif ! command -v "$program" >/dev/null; then
		skip "$program" "not installed"
	else
		for part in "$@"; do
			"$part"
		done
	fi
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/cwd" "$work/root"
with "$RUNC" test_runc test_runc_tables
with "$CRUN" test_crun test_crun_tables
echo "1..$count"
[ "$failed" -eq 0 ]
