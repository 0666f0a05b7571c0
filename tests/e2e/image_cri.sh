#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signed images in pods, through containerd's CRI plugin: pulled, run, refused, moved.
# usage: image_cri.sh [VERSION [PART...]]   VERSION: of containerd, 1.6 (the installed one) by
# default, or 1.7, from Debian 13
# PART: accepted, refused, moved, many, userns (alone); the first three by default
set -u
[ "${2:-}" != userns ] || export HR_IMAGE_USERNS=yes
# shellcheck source=tests/e2e/image_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/image_setup.sh"
image_sandbox "${1:-1.6}" "$@"
shift
[ $# -gt 0 ] || set -- accepted refused moved
# shellcheck disable=SC2119 # no options
image_policy
if ! store_fill; then
	not_ok "hardrun image add takes what cosign and skopeo save" "$(tail -n 5 "$work/added")"
	finish
fi
"$python" -B "$HR_TEST_SRCDIR/tests/cri/run" "${@/#/image_}"
failed=$?
exit "$failed"
