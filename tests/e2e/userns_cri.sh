#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods in user namespaces that hardrun makes, under a containerd that knows of none: driven
# through CRI, looked at from inside and from the host.
# usage: userns_cri.sh [VERSION [PART...]]   VERSION: of containerd, 1.6 (the installed one) by
# default, or 1.7, from Debian 13 with its crun and runc; with -native: the snapshotter native
# PART: life, files, volumes, net, refused, layers, many, services; all but the last one by default
set -u
# shellcheck source=tests/e2e/userns_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_setup.sh"
userns_sandbox "${1:-1.6}" "${@:2}"
shift
[ $# -gt 0 ] || set -- life files volumes net refused layers many
"$python" -B "$HR_TEST_SRCDIR/tests/cri/run" "${@/#/userns_}"
failed=$?
exit "$failed"
