#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_cases.sh [cases [REGEX]]
#        run_cases.sh random COUNT [SEED [FIRST]]
# The real hardrun-image, once for each row of cases.tsv, or for random signatures and
# requirements which model.py judges, too.
set -u

skip_all() {
	printf 'ok 1 - %s # SKIP %s\n1..1\n' "$(basename "$0")" "$1"
	exit 0
}

program=${HR_IMAGE_PROGRAM:-$(dirname "${HR_PROGRAM:-${HR_BUILDDIR:-.}/src/hardrun}")/hardrun-image}
[ "$(id -u)" -eq 0 ] || skip_all "not root"
[ -x "$program" ] || skip_all "hardrun-image is not built"
HR_IMAGE_PROGRAM=$(realpath "$program")
export HR_IMAGE_PROGRAM
here=$(dirname "$(realpath "$0")")
python=/usr/bin/python3 # what Debian's packages belong to
case ${1:-cases} in
cases)
	exec $python -B "$here/cases.py" "${@:2}"
	;;
random)
	$python -B -c 'import cryptography' 2>/dev/null ||
		skip_all "python3-cryptography is not installed"
	seed=${3:-$((RANDOM * 32768 + RANDOM))}
	exec $python -B "$here/generate.py" "${2:-1000}" "$seed" "${4:-0}" \
		"${TMPDIR:-/tmp}/hr-image-disagreements.$seed"
	;;
*)
	sed -n '3,6s/^# //p' "$0" >&2
	exit 2
	;;
esac
