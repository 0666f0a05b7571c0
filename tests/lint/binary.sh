#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program as it was linked: a flag that got lost fails here. Reads $HR_PROGRAM.
set -u
# shellcheck source=tests/lint/code.sh
. "${HR_TEST_SRCDIR:-.}/tests/lint/code.sh"
have readelf || skip_all "readelf is not installed"
[ -f "$HR_PROGRAM" ] || { not_ok "there is a program" "$HR_PROGRAM"; finish; }

readelf -Wl "$HR_PROGRAM" > "$work/segments"
readelf -WS "$HR_PROGRAM" > "$work/sections"
readelf -Wd "$HR_PROGRAM" > "$work/dynamic" 2> /dev/null
readelf -Ws "$HR_PROGRAM" > "$work/symbols"
readelf -Wn "$HR_PROGRAM" > "$work/notes" 2> /dev/null
readelf -Wh "$HR_PROGRAM" > "$work/header"

# A sanitizer or --disable-static build is for development: these do not apply to it.
if grep -qE '__asan_|__ubsan_|__gcov_' "$work/symbols"; then
	skip_all "a build with sanitizers or coverage, not the one that ships"
fi
if grep -q NEEDED "$work/dynamic" && grep -q 'enable-static=no\|disable-static' "$HR_BUILDDIR/config.log" 2> /dev/null; then
	skip_all "configured with --disable-static, not the one that ships"
fi

# ---- static and relocated --------------------------------------------------------------

like "$(grep Type: "$work/header")" 'DYN' "position independent (ET_DYN)"
nothing "$(grep -E '\bINTERP\b' "$work/segments")" "no loader is asked for (INTERP)"
nothing "$(grep -E '\((NEEDED|RPATH|RUNPATH)\)' "$work/dynamic")" "no library, no RPATH"
like "$(grep FLAGS_1 "$work/dynamic")" '\bPIE\b' "DF_1_PIE"

# ---- memory ----------------------------------------------------------------------------

check "RELRO" grep -q GNU_RELRO "$work/segments"
like "$(grep -E 'FLAGS|BIND_NOW' "$work/dynamic")" 'BIND_NOW|\bNOW\b' "BIND_NOW"
stack=$(grep GNU_STACK "$work/segments")
is "$(grep -oE '\b(RWE|RW|R)\b' <<< "$stack" | tail -1)" RW "the stack cannot be executed"
nothing "$(grep -E 'RWE|WE ' "$work/segments")" "no segment can be both written and executed"
# -z separate-code: the segment that is executed holds no data.
text=$(grep -cE 'LOAD.* R E ' "$work/segments")
is "$text" 1 "one segment is executed, and it is not read-only data's"
nothing "$(grep -E '\(TEXTREL\)' "$work/dynamic")" "no relocation of code"

# ---- the compiler's guards -------------------------------------------------------------

stripped=no
[ "$(grep -cE ' (FUNC|OBJECT) ' "$work/symbols")" -gt 100 ] || stripped=yes
if [ $stripped = yes ]; then
	skip "stack protector" "the program is stripped: no symbols to look for"
	skip "FORTIFY" "the program is stripped: no symbols to look for"
else
	check "stack protector (__stack_chk_fail)" grep -q ' __stack_chk_fail' "$work/symbols"
	fortified=$(grep -oE ' __[a-z]+_chk$' "$work/symbols" | sort -u | wc -l)
	is "$((fortified >= 5))" 1 "FORTIFY: $fortified kinds of checked calls"
fi
machine=$(grep Machine: "$work/header")
case $machine in
*X86-64*)
	# The linker keeps the note only when every object has it, libraries included.
	if grep -q IBT "$work/notes" && grep -q SHSTK "$work/notes"; then
		ok "control-flow protection (IBT, SHSTK)"
	elif objects=$(find "$HR_BUILDDIR/src" -name '*.o' ! -path '*/tests/*' 2> /dev/null) && [ -n "$objects" ]; then
		findings=
		for object in $objects; do
			readelf -Wn "$object" 2> /dev/null | grep -q 'IBT.*SHSTK' || findings+="$object"$'\n'
		done
		nothing "$findings" "control-flow protection: every object of ours"
		skip "control-flow protection of the whole" "an object of a library has no note, the linker drops it"
	else
		skip "control-flow protection" "no note, and no objects to look at"
	fi
	if have objdump && [ $stripped = no ]; then
		check "main begins with endbr64" grep -q endbr64 <(objdump -d --disassemble=main "$HR_PROGRAM")
	else
		skip "main begins with endbr64" "no objdump, or no symbols"
	fi
	;;
*) skip "control-flow protection" "another machine: ${machine##* }" ;;
esac

# ---- content ---------------------------------------------------------------------------

# libcrypto's sockets bring the look-up of hosts, for which hardrun-image's filter has no call.
names='getpwnam|getgrnam|getaddrinfo|gethostbyname' most=2560
case ${HR_PROGRAM##*/} in hardrun-image) names='getpwnam|getgrnam' most=6144 ;; esac
nothing "$(grep -oE " (system|popen|execvp|$names)\$" "$work/symbols")" \
	"no shell and no look-up of names is linked"
# What is loaded; the file holds what debuggers want besides.
size=$(size "$HR_PROGRAM" | awk 'NR == 2 { print $1 + $2 }')
is "$((size > 0 && size < most * 1024))" 1 "less than $most KiB of code and data ($((size / 1024)) KiB)"
if have strings; then
	nothing "$(strings -n 6 "$HR_PROGRAM" | grep -E "^/wo""rk/|/build-[a-z]+/|^/home/")" "no path of the machine that built it"
else
	skip "no path of the machine that built it" "strings is not installed"
fi
finish
