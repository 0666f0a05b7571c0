#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods through containerd's CRI plugin, driven by a client of the tests' own (tests/cri).
# usage: cri.sh [VERSION [PART...]]   VERSION: of containerd, 1.6 (the installed one) by default,
# or 1.7, from Debian 13, unpacked for this test alone
# PART: life, contexts, refusals, faults; all of them by default
set -u
# shellcheck source=tests/e2e/cri_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/cri_setup.sh"
cri_sandbox "${1:-1.6}" "$@"
shift
[ $# -gt 0 ] || set -- life contexts refusals faults
"$python" -B "$HR_TEST_SRCDIR/tests/cri/run" "$@"
failed=$?
exit "$failed"
