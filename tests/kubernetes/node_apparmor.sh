#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pods that change nodes, on a node whose kernel has AppArmor: its files are the test's, its
# systemd-run and apparmor_parser record what they are asked.
set -u
# shellcheck source=tests/kubernetes/node_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/kubernetes/node_setup.sh"
node_sandbox "$@"
kernel=$node/sys/kernel/security/apparmor/profiles

with_apparmor() {
	mkdir -p "$node/sys/module/apparmor/parameters" "${kernel%/*}" "$node/etc/apparmor.d"
	echo Y >"$node/sys/module/apparmor/parameters/enabled"
	printf 'runc (unconfined)\nhardrun-other (enforce)\n' >"$kernel"
	rm -f "$node"/etc/apparmor.d/hardrun-* "$node/usr/bin/systemd-run" "$node/usr/sbin/apparmor_parser" \
		"$node/usr/local/sbin/apparmor_parser"
	cat >"$node/usr/bin/systemd-run" <<-'SH'
		#!/bin/sh
		[ ! -e /run/systemd-run.fails ] || { echo "Job failed."; exit 1; }
		echo "$*" >>/run/systemd-run.log
		while [ "$1" != apparmor_parser ]; do shift; done
		shift 2
		for file; do
			name=${file##*/}
			grep -v "^$name " /sys/kernel/security/apparmor/profiles >/run/profiles
			echo "$name (enforce)" >>/run/profiles
			cat /run/profiles >/sys/kernel/security/apparmor/profiles
		done
	SH
	chmod 755 "$node/usr/bin/systemd-run"
}
loads() { grep -c . "$node/run/systemd-run.log" 2>/dev/null; }
profile() { cat "$node/etc/apparmor.d/$1" 2>/dev/null; }
ours() { cat "$HR_TEST_SRCDIR/profiles/apparmor/$1"; }

# ---- without AppArmor ----------------------------------------------------------------------

with_apparmor
echo N >"$node/sys/module/apparmor/parameters/enabled"
pod_ready hardrun-install "a kernel without AppArmor: ready"
is "$(ls "$node"/etc/apparmor.d/hardrun-* 2>/dev/null)$(loads)" "" "a kernel without AppArmor: no profiles"
pod_stop

# ---- install -------------------------------------------------------------------------------

node_again
with_apparmor
echo "# a site's own" >"$node/etc/apparmor.d/hardrun-default"
before=$(listing | grep -v ' \./sys/')
pod_ready hardrun-install "install: ready"
for name in hardrun-default hardrun-restricted; do
	is "$(profile "$name")" "$(ours "$name")" "install: $name is on the node"
	is "$(stat -c '%a %u:%g' "$node/etc/apparmor.d/$name")" "644 0:0" "install: $name is root's, mode 644"
	check "install: $name is loaded" grep -qx "$name (enforce)" "$kernel"
done
is "$(loads)" 1 "install: loaded in one go, by systemd of the node"
like "$(<"$node/run/systemd-run.log")" \
	'apparmor_parser -r /etc/apparmor.d/hardrun-default /etc/apparmor.d/hardrun-restricted$' "install: by their files"
pod_stop
installed=$(listing)
pod_ready hardrun-install "again: ready"
is "$(loads)$(listing)" "1$installed" "again: nothing to load, nothing is changed"
pod_stop

# ---- hands of others, a new version ------------------------------------------------------------

sed -i 's/hardrun-default (enforce)/hardrun-default (complain)/' "$kernel"
pod_ready hardrun-install "a profile that only complains: ready"
check "a profile that only complains: is loaded again" grep -qx 'hardrun-default (enforce)' "$kernel"
unlike "$(tail -n 1 "$node/run/systemd-run.log")" restricted "a profile that only complains: the other one is not"
pod_stop
echo '# changed' >>"$node/etc/apparmor.d/hardrun-restricted"
pod_ready hardrun-install "a file that was changed: ready"
is "$(profile hardrun-restricted)" "$(ours hardrun-restricted)" "a file that was changed: is set back"
like "$(tail -n 1 "$node/run/systemd-run.log")" 'apparmor.d/hardrun-restricted$' "a file that was changed: is loaded"
pod_stop

# ---- they cannot be loaded ---------------------------------------------------------------------

touch "$node/run/systemd-run.fails"
sed -i /hardrun-default/d "$kernel"
pod_start hardrun-install
check "not loaded: not ready, with the command" within 15 says \
	'profiles are not loaded.*apparmor_parser -r /etc/apparmor.d/hardrun-default .Job failed'
check "not loaded: the policy is there" test -e "$node/etc/hardrun/policy.json"
configmap 2 '{ "version": 1, "default": "restrictde" }'
check "not loaded, and a broken policy: both are said" within 15 says 'policy refused.*profiles are not loaded'
pod_stop
configmap 3 "$(manifest data hardrun-policy policy.json)"
rm "$node/run/systemd-run.fails"
pod_ready hardrun-install "loaded again: ready"
pod_stop

# ---- remove ------------------------------------------------------------------------------------

pod_ready hardrun-uninstall "remove: ready"
is "$(listing | grep -v ' \./sys/')" "$before" "remove: the site's file is back, the other one is gone"
check "remove: what is loaded stays loaded" grep -qx 'hardrun-restricted (enforce)' "$kernel"
pod_stop
finish
