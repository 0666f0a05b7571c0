#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Creates at once, and lives of pods through containerd's CRI, while calls of hardrun (and the
# runtime it becomes) and shims die by SIGKILL at random: nothing is lost, stuck or left.
# usage: soak.sh CREATES PODS [SEED [VERSION]]   VERSION: of containerd, see cri.sh
# HR_SOAK_BARE=1 does the same without hardrun, to see what is containerd's and runc's own.
set -u
# shellcheck source=tests/e2e/cri_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/cri_setup.sh"
[ $# -ge 2 ] || { echo "usage: $0 CREATES PODS [SEED [VERSION]]" >&2; exit 2; }
cri_sandbox "${4:-1.6}" "$@"
program=$HR_PROGRAM
[ -z "${HR_SOAK_BARE:-}" ] || program=/usr/sbin/runc
mkdir "$work/calm" && ln -s "$program" "$work/calm/hardrun"
rm "$work/bin/hardrun"
gcc -static -O1 -std=gnu11 -DPROGRAM="\"$program\"" -DPLAN="\"$work/plan\"" \
	-o "$work/bin/hardrun" "$HR_TEST_SRCDIR/tests/cri/killed.c" || skip_all "killed.c cannot be built"
cp -a "$work/image/root" /srv/root # of all of them
jq -c '.root = {path: "/srv/root", readonly: true} | .process.args = ["/bin/sleep", "2147483"]
	| .mounts += [{destination: "/dev", type: "tmpfs", source: "tmpfs"}]
	| .linux.namespaces += [{type: "uts"}]' "$e2e/config.json" >"$work/document.json"
"$python" -B "$HR_TEST_SRCDIR/tests/cri/soak.py" "$1" "$2" "${3:-$(date +%s)}"
failed=$?
exit "$failed"
