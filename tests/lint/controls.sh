#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A control is a file, a line in the table and in its header, a line in the Makemodule, a
# folder of golden cases, an entry of the manual, a place in the built-in profile; and what
# the schema says to be judged is judged by one that is there. What is missing is named.
set -u
# shellcheck source=tests/lint/code.sh
. "${HR_TEST_SRCDIR:-.}/tests/lint/code.sh"

table=src/control/table.c header=src/control/table.h module=src/control/Makemodule.am
manual=docs/hardrun-controls.7 builtin=profiles/policy/builtin.json

sed -n '/^const struct control \*const controls/,/^};/p' "$table" | grep -oE '&control_[a-z_]+' |
	sed 's/^&control_//' > "$work/order"
mapfile -t controls < "$work/order"
is "$((${#controls[@]} > 0))" 1 "the table lists controls"
is "$(sort "$work/order" | uniq -d)" "" "none stands twice in it"

# same_set FILE-OF-NAMES NAME: the same names as in the table.
same_set() {
	nothing "$(diff <(LC_ALL=C sort "$work/order") <(LC_ALL=C sort -u "$1") |
		sed -n 's/^< /missing: /p; s/^> /not in the table: /p')" "$2"
}
grep -ohE '^const struct control control_[a-z_]+' src/control/*.c | sed 's/.* control_//' > "$work/defined"
same_set "$work/defined" "a control is one constant"
is "$(sort "$work/defined" | uniq -d)" "" "and one only"
grep -oE 'control_[a-z_]+;' "$header" | sed 's/^control_//; s/;//' > "$work/declared"
same_set "$work/declared" "a line in table.h"
is "$(grep -oE 'control_[a-z_]+;' "$header" | sed 's/^control_//; s/;//' | tr '\n' ' ')" \
	"$(tr '\n' ' ' < "$work/order")" "in the same order"
for control in "${controls[@]}"; do
	file=src/control/$control.c
	check "$control: $file defines it" grep -q "^const struct control control_$control = {" "$file"
	check "$control: is called so" grep -q "\.name = \"$control\"," "$file"
	check "$control: has a sentence" grep -qE '\.sentence =' "$file"
	check "$control: is in $module" grep -q "$file" "$module"
	cases=$(find "tests/golden/$control" -mindepth 1 -maxdepth 1 -type d 2> /dev/null | wc -l)
	is "$((cases > 0))" 1 "$control: has golden cases (tests/golden/$control/CASE)"
	check "$control: has an entry in $manual (.It Cm $control)" grep -q "^\.It Cm $control\$" "$manual"
	check "$control: is in $builtin" grep -qE "^ *\"$control\":" "$builtin"
	check "$control: is in README" grep -q "\`$control\`" README.md
done
find tests/golden -mindepth 1 -maxdepth 1 -type d -printf '%f\n' > "$work/golden"
same_set "$work/golden" "every folder of golden cases is a control's"

# The capabilities that the AppArmor profile lists are those that the control knows of.
is "$(sed -n '/^static const char \*const listed/,/^};/p' src/control/apparmor.c | grep -oE 'CAP_[A-Z_]+' | LC_ALL=C sort)" \
	"$(sed -n 's/^ *capability \([a-z_]*\),$/CAP_\U\1/p' profiles/apparmor/hardrun-default | LC_ALL=C sort)" \
	"src/control/apparmor.c knows the capabilities of hardrun-default"
is "$(sed -n 's/^ *capability \([a-z_]*\),$/\1/p' profiles/apparmor/hardrun-restricted)" net_bind_service \
	"and that of hardrun-restricted"

# Every golden case says what comes out, or what is refused.
findings=
while read -r case; do
	if [ ! -e "$case/in.json" ]; then findings+="$case: no in.json"$'\n'; fi
	if [ ! -e "$case/out.json" ] && [ ! -e "$case/refused" ] && [ ! -e "$case/entries" ]; then
		findings+="$case: neither out.json nor refused"$'\n'
	fi
	if [ -e "$case/out.json" ] && [ -e "$case/refused" ]; then findings+="$case: both"$'\n'; fi
done < <(find tests/golden -mindepth 2 -maxdepth 2 -type d)
nothing "$findings" "every golden case says what must come out"
findings=
for control in "${controls[@]}"; do
	find "tests/golden/$control" -name out.json 2> /dev/null | grep -q . ||
		findings+="$control: no case in which something comes out"$'\n'
done
nothing "$findings" "every control lets something through"

# The schema: every field's fate is a control that is there, and every control is some field's
# fate, but those that have no field of their own: image reads an annotation, privileged fields
# that others judge, restore the command, runtime the program that will run.
grep -ohE 'BY\("[a-z_]+"\)' src/oci/schema_*.c | sed 's/BY("//; s/")//' | sort -u > "$work/fates"
nothing "$(grep -vxFf "$work/order" "$work/fates")" "every control named in the schema is there"
is "$(grep -vxFf "$work/fates" "$work/order" | LC_ALL=C sort | tr '\n' ' ')" \
	"image privileged restore runtime " "every control but these is some field's fate"

# What the controls say of themselves is one sentence each.
findings=
for control in "${controls[@]}"; do
	sentence=$(sed -n '/\.sentence =/,/",$/p' "src/control/$control.c" | tr -d '\n' |
		sed 's/"[[:space:]]*"//g' | grep -oE '"[^"]*"' | tr -d '"')
	case $sentence in
	[A-Z]*.) ;;
	*) findings+="$control: \"$sentence\""$'\n' ;;
	esac
done
nothing "$findings" "each sentence begins with a capital and ends with a full stop"
finish
