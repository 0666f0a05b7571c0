#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The escape corpus (tests/escape) in containers to which hardrun gives a user namespace: no probe
# reaches what it does not reach without one. Shapes and runs are those of escape.sh.
# Usage: userns_escape.sh
set -u
# shellcheck source=tests/e2e/userns_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_lib.sh"
userns_sandbox "$@"
command -v runc >/dev/null || skip_all "runc is not installed" # shapes are its
eval "$(sed -n '/^# ---- shapes/,/^without_hardrun/p' "$e2e/escape.sh" | sed '$d')"
declare -F shape_bundle verdicts same_names count_of >/dev/null || { not_ok "escape.sh has the shapes and the runs" && finish; }
if [ -x "${HR_BUILDDIR:-.}/tests/escape/probe" ]; then
	install -m 755 "${HR_BUILDDIR:-.}/tests/escape/probe" "$work/image/probe"
else
	gcc -static -O1 -o "$work/image/probe" "$HR_TEST_SRCDIR"/tests/escape/*.c || exit 1
fi
"$work/image/probe" --list >"$in/list"
mkdir -p "$work/spec" && (cd "$work/spec" && runc spec) || exit 1

# The layers must be on what the kernel can idmap; the ones of real.sh are.
at_least 6.3 || skip_all "this kernel cannot idmap the tmpfs of the images"

# tried FILE CALL SHAPE: and every probe came to a verdict
tried() {
	verdicts "$1" "$2" "$3"
	check "$runtime: $3: ${1##*.}: every probe comes to a verdict" same_names "$1" || note "$(cat "$in/err")"
}
reached() { awk '$3 == "REACHED" { print $1, $2 }' "$1" | sort; }

one_shape() { # SHAPE
	local at=$in/$runtime.$1
	tried "$at.bare" bare "$1"
	mapping off && tried "$at.unmapped" hr "$1"
	mapping require && tried "$at.mapped" hr "$1"
	is "$(comm -13 <(reached "$at.unmapped") <(reached "$at.mapped"))" "" "$runtime: $1: mapped reaches nothing more"
	is "$(jq -r 'select(.id == "probe") | .range' /run/hardrun/records/*.json)" "$(ranges)" "$runtime: $1: it was mapped"
	note "$(printf '%-5s %-7s %4d tries, reached: %s alone %3d, hardrun %3d, mapped %3d; not any more: %s' "$runtime" "$1" \
		"$(wc -l <"$in/list")" "$runtime" "$(count_of "$at.bare")" "$(count_of "$at.unmapped")" "$(count_of "$at.mapped")" \
		"$(comm -23 <(reached "$at.unmapped") <(reached "$at.mapped") | tr '\n' ',')")"
}

for runtime in runc crun; do
	real_begin "$runtime" || continue
	for shape in spec docker cri; do one_shape "$shape"; done
	is "$(mapped_left)" "" "$runtime: nothing is left"
	real_end
done
finish
