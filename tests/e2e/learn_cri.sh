#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods whose calls are recorded (seccomp.learn), through containerd's CRI plugin.
# usage: learn_cri.sh [VERSION]   of containerd: 1.6 (the installed one) by default, or 1.7
set -u
# shellcheck source=tests/e2e/cri_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/cri_setup.sh" || exit
cri_sandbox "${1:-1.6}" "$@"
rm -rf /var/lib/hardrun # cri_sandbox has covered /var/lib
"$python" -B "$HR_TEST_SRCDIR/tests/cri/run" learn
failed=$?
exit "$failed"
