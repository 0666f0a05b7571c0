#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# systemd, cgroups of version 2 alone, containerd's own service and AppArmor enforcing: what the
# end-to-end suites look at one by one, once each; then the escape corpus.
set -u
# shellcheck source=tests/e2e/containerd_setup.sh
. "$HR_TEST_SRCDIR/tests/e2e/containerd_setup.sh"
# shellcheck source=tests/vm/guest/containerd_refusals.sh
. /payload/containerd_refusals.sh
# shellcheck source=tests/vm/guest/userns_containerd.sh
. /payload/userns_containerd.sh

work=/run/vm
root=/run/containerd/runc/default
unit='' # of the container that through_unit started
export CONTAINERD_SNAPSHOTTER=overlayfs

setup() {
	mkdir -p $work/bin /etc/hardrun/runtimes
	install -m 755 "$HR_PROGRAM" /usr/sbin/hardrun
	for name in hardrun hardrun-restricted hardrun-crun; do
		ln -s /usr/sbin/hardrun $work/bin/$name
	done
	ln -s /usr/sbin/runc /etc/hardrun/runtimes/hardrun
	ln -s /usr/sbin/runc /etc/hardrun/runtimes/hardrun-restricted
	ln -s /usr/bin/crun /etc/hardrun/runtimes/hardrun-crun
	policy '{"version": 1, "rules": [
		{"when": {"handler": "hardrun-restricted"}, "use": "restricted"},
		{"when": {"handler": "hardrun-crun"}, "use": "default"}]}'
	cp /payload/profiles/apparmor/* /etc/apparmor.d/
	apparmor_parser --replace --skip-cache /etc/apparmor.d/hardrun-{default,restricted} 2>$work/parser
	is "$? $(cat $work/parser)" "0 " "$(apparmor_parser --version | head -n 1): the profiles load"
	image_make $work/image >$work/image.tar
	ctr images import $work/image.tar >$work/out 2>&1
	is "$?" 0 "containerd's service imports an image"
}

in_unit() { # HANDLER ID [FLAG...] -- COMMAND...: in a scope of systemd's
	local handler=$1 id=$2
	shift 2
	unit=hardrun-$id.scope
	through "$handler" "$id" --runc-systemd-cgroup --cgroup "system.slice:hardrun:$id" "$@"
}

cgroup_of() { # PID
	cut -d : -f 3 "/proc/$1/cgroup"
}

label_of() { tr -d '\0' <"/proc/$1/attr/current"; } # PID

# What a process tries from inside, one word each.
tries='
try() { name=$1; shift; "$@" >/dev/null 2>&1 && echo "$name done" || echo "$name refused"; }
cat /proc/self/status
echo "label $(cat /proc/self/attr/current)"
try own-file touch /tmp/file
try kcore head -c 1 /proc/kcore
try masked ls /proc/scsi/scsi /sys/firmware/acpi
try sysctl sh -c "echo probe >/proc/sys/kernel/domainname"
try sysrq sh -c "echo h >/proc/sysrq-trigger"
try cgroup mkdir /sys/fs/cgroup/probe
try mount mount -t tmpfs tmpfs /tmp
try user-namespace unshare -U true
try mount-namespace unshare -m true
try device mknod /tmp/disk b 259 0
try raw-socket ping -c 1 -W 1 127.0.0.1
try hostname hostname probe
'

tried() { # NAME done|refused
	is "$(grep "^$1 " $work/tried)" "$1 $2" "$handler: from inside: $1"
}

life() { # HANDLER
	local handler=$1 id=life-$1 init record name
	in_unit "$handler" "$id" --detach --memory-limit 67108864 -- sleep 1000 >$work/out 2>&1
	is "$? $(status_of "$id")" "0 RUNNING" "$handler: create, start" || note "$(cat $work/out)"
	init=$(pid_of "$id")
	is "$(figures "$(cat "/proc/$init/status")")" "$hardened" "$handler: init is hardened"
	is "$(label_of "$init")" "hardrun-default (enforce)" "$handler: init's AppArmor profile"
	like "$(cgroup_of "$init")" "^/system\.slice/$unit(/container)?\$" "$handler: the cgroup is a scope of systemd's"
	is "$(systemctl is-active "$unit")" active "$handler: which knows it"
	is "$(cat "/sys/fs/cgroup/system.slice/$unit/memory.max")" 67108864 "$handler: the memory limit"
	like "$(cat "/sys/fs/cgroup/system.slice/$unit/pids.max")" '^[1-9][0-9]*$' \
		"$handler: a limit of processes that nobody asked for"
	for record in "$records"/*.json; do
		[ "$(jq -r .id "$record")" != "$id" ] || jq -r '"\(.state) \(.profile) \(.handler)"' "$record"
	done >$work/out
	is "$(cat $work/out)" "committed default $handler" "$handler: the record"
	is "$(jq -r "select(.id == \"$id\" and .event == \"create\")
		| \"\\(.verdict) \\(.profile) \\(.mac.apparmor.label)\"" $audit)" \
		"accept default hardrun-default" "$handler: the audit line"

	inside "$id" -- sh -c "$tries" >$work/tried 2>$work/err
	is "$(figures "$(cat $work/tried)")" "$hardened" "$handler: an exec is hardened"
	is "$(grep '^label' $work/tried)" "label hardrun-default (enforce)" "$handler: an exec's AppArmor profile"
	tried own-file "done"
	for name in kcore masked sysctl sysrq cgroup mount user-namespace mount-namespace device \
		raw-socket hostname; do
		tried $name refused
	done
	inside "$id" -- sh -c 'exit 9'
	is "$?" 9 "$handler: exec: the exit status"
	inside "$id" --user 1000 -- id -u >$work/out 2>&1
	is "$(cat $work/out)" 1000 "$handler: exec: another user"
	inside "$id" --cwd /proc/self/fd/7 -- true >$work/out 2>&1
	like "$? $(cat $work/out)" '^1 .*refused by cwd' "$handler: exec: what is refused"
	updates "$handler" "$id"
	ends "$handler" "$id" "$init"
}

updates() { # HANDLER ID
	"$work/bin/$1" --root $root --systemd-cgroup update --memory 33554432 "$2" >$work/out 2>&1
	is "$? $(cat $work/out "/sys/fs/cgroup/system.slice/$unit/memory.max")" "0 33554432" "$1: update"
	echo '{"devices": [{"allow": true, "access": "rwm"}]}' |
		"$work/bin/$1" --root $root --systemd-cgroup update --resources - "$2" >$work/out 2>&1
	like "$? $(cat $work/out)" '^1 hardrun: refused by devices: devices\[0\]' "$1: update: what is refused"
}

ends() { # HANDLER ID PID
	ctr task pause "$2" && has_status "$2" PAUSED
	is "$?" 0 "$1: pause"
	ctr task resume "$2" && has_status "$2" RUNNING
	is "$?" 0 "$1: resume"
	ctr task kill --signal KILL "$2"
	within 20 has_status "$2" STOPPED
	is "$? $(cat "/proc/$3/cmdline" 2>/dev/null)" "0 " "$1: kill"
	ctr task rm "$2" >/dev/null 2>&1
	ctr containers rm "$2"
	is "$? $(ctr containers ls -q)" "0 " "$1: delete"
	check "$1: delete: the scope is gone" within 10 test ! -e "/sys/fs/cgroup/system.slice/$unit"
}

# The suite as it is: its tools are there but for the compiler, which it does not need here.
escape() {
	local line
	printf '#!/bin/sh\nexit 1\n' >/usr/local/bin/gcc
	chmod 755 /usr/local/bin/gcc
	# hardrun's directories are the suite's own, and so are the cgroups that it makes.
	while IFS= read -r line; do
		case $line in
		ok*) ok "escape: ${line#* - }" ;;
		'not ok'*) not_ok "escape: ${line#* - }" ;;
		'#'*) printf '%s\n' "$line" ;;
		esac
	done < <(bash "$HR_TEST_SRCDIR/tests/e2e/escape.sh" 2>$work/escape.err </dev/null || echo "not ok - status $?")
	[ ! -s $work/escape.err ] || note "$(tail -n 20 $work/escape.err)"
}

is "$(cat /proc/1/comm) $(stat -fc %T /sys/fs/cgroup) $(cat /sys/module/apparmor/parameters/enabled)" \
	"systemd cgroup2fs Y" "systemd, cgroups of version 2, AppArmor"
note "$(uname -r), $(containerd --version | cut -d ' ' -f 3), $(runc --version | head -n 1), $(crun --version | head -n 1)"
within 60 ctr version >/dev/null
setup
for part in smoke escape userns; do
	[ "${VM_ONLY:-$part}" = "$part" ] || continue
	case $part in
	escape) escape ;;
	userns) userns ;;
	*)
		life hardrun
		life hardrun-crun
		refusals
		restricted
		;;
	esac
	note "$part: until second $(cut -d . -f 1 /proc/uptime)"
done
finish
