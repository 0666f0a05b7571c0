#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A build without libapparmor and libselinux: nothing of them is linked, a policy that requires
# one is refused when it is loaded, everything else is as ever.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"

source_dir=$(cd "$HR_TEST_SRCDIR" && pwd)
[ -x "$source_dir/configure" ] || skip_all "there is no configure (autoreconf -fi)"
mkdir "$work/build" && cd "$work/build" || exit 2
check "configure --without-apparmor --without-selinux" \
	"$source_dir/configure" -q --enable-werror --without-apparmor --without-selinux
check "it builds" make -s -j2 src/hardrun
is "$(nm src/hardrun | grep -cE ' (aa_is_enabled|is_selinux_enabled|security_getenforce)$')" 0 \
	"neither library is in it"
is "$(nm "$HR_PROGRAM" | grep -cE ' (aa_is_enabled|is_selinux_enabled|security_getenforce)$')" 3 \
	"both are in the usual build"
for control in AppArmor SELinux; do
	like "$("$HR_PROGRAM" version)" "$control: in this build" "version says so: $control"
	like "$("$work/build/src/hardrun" version)" "$control: not in this build" "and of the other: $control"
done
HR_PROGRAM=$work/build/src/hardrun
stub=$(stub_install runc-stub)
handler hardrun "$stub"
make_bundle() { bundle "$work/$1" > /dev/null; }

for control in apparmor selinux; do
	policy "{\"version\": 1, \"profiles\": {\"p\": {\"$control\": {\"missing\": \"fail\"}}}, \"default\": \"p\"}"
	"$HR_PROGRAM" check /etc/hardrun/policy.json > "$work/out" 2>&1
	is $? 1 "$control.missing is fail: check finds it"
	like "$(cat "$work/out")" "policy.json:1:[0-9]+: $control.missing is .fail., and this hardrun was built without lib$control" \
		"and says where and why"
	make_bundle "$control"
	run hardrun create --bundle "$work/$control" "c-$control"
	is "$status" 1 "and nothing is created"
	like "$(cat "$work/err")" "built without lib$control" "with the same words"
	policy "{\"version\": 1, \"profiles\": {\"p\": {\"$control\": {\"missing\": \"skip\"}}}, \"default\": \"p\"}"
	run hardrun create --bundle "$work/$control" "c-$control"
	is "$status" 0 "skip: it is created"
	is "$(tail -n 1 /var/log/hardrun/audit.jsonl | jq -r ".mac.$control | .kernel, .missing, .label" | tr '\n' ' ')" \
		"not built skip  " "the audit line says so"
done
finish
