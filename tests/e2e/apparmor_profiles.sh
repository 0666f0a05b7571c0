#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The AppArmor profiles without a kernel that has AppArmor: the parsers of Debian 12 and 13
# compile them, and are asked what they allow; `make install` loads them where it should.
#
# A rule that is added to a profile (as a site does, in local/NAME) changes nothing in what the
# parser makes of it if the profile had all of it before. So for each RULE below:
#	has RULE	RULE adds nothing: it is allowed
#	lacks RULE	RULE adds something: it is refused
#	forbids RULE	a deny of RULE that is written to the log adds nothing: it is there
# shellcheck disable=SC2317 # functions that are named by others
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
command -v apparmor_parser >/dev/null || skip_all "apparmor_parser is not installed (package apparmor)"
profiles=$HR_TEST_SRCDIR/profiles/apparmor
base=$work/base
mkdir -p "$base/local"

# ---- parsers -----------------------------------------------------------------------------

old_parser() { apparmor_parser "$@"; }
new_parser() {
	"$new/usr/lib64/ld-linux-x86-64.so.2" --library-path "$new/usr/lib/x86_64-linux-gnu" \
		"$new/usr/sbin/apparmor_parser" --config-file /dev/null "$@"
}

# Q: nothing goes to the kernel; K, S: no cache, the result to stdout; M: what the kernel has.
compile() { # FEATURES FILE [ARGUMENT...]
	local features=$1 file=$2
	shift 2
	"$parser" -b "$base" -M "$features" -Q -K -S -q "$@" "$file"
}

compiles_for() { compile "$1" "$file" --warn all --Werror >/dev/null; }
digest() { compile "$features" "$file" 2>&1 | sha256sum; }

# ---- what a profile allows -----------------------------------------------------------------

# Sets $answer: same or other; $extra is the rule.
ask() { # RULE
	printf '%s\n' "$1" >"$base/local/$name"
	answer=other
	[ "$(digest)" != "$plain" ] || answer=same
	rm "$base/local/$name"
}

judged() { # WANTED WORD RULE
	ask "$3"
	if [ "$answer" = "$1" ]; then good=$((good + 1)); else not_ok "$about: $2 $3"; fi
}
# Asked all together at the end, and one by one only if that finds something.
has() { allowed+=("$1"); }
has_all() {
	local rule
	ask "$(printf '%s\n' "${allowed[@]}")"
	if [ "$answer" = same ]; then
		good=$((good + ${#allowed[@]}))
	else
		for rule in "${allowed[@]}"; do judged same has "$rule"; done
	fi
}
lacks() {
	# A rule that the parser does not take would change the result, too.
	printf '%s\n' "$1" >"$base/local/$name"
	compile "$features" "$file" >/dev/null 2>"$work/err" || not_ok "$about: a rule that is one: $1" "$(<"$work/err")"
	judged other lacks "$1"
}
forbids() {
	judged same forbids "${1/x,/ix,}"
	judged same forbids "audit deny $1"
}

both() { # what both profiles say
	local path
	# The image and its volumes.
	for path in /etc/passwd /data/x /devices/x /dex /process /prox/y /system /src/x /srv/x /opt/app; do
		has "$path r,"
	done
	has '/usr/bin/x ix,'
	has '/app/x rwlkmix,'
	has '/{d,de,dev,p,pr,pro,proc,s,sy,sys} rw,'
	lacks '/ ix,'
	lacks '/usr/bin/x ux,'
	lacks '/usr/bin/x px,'
	# Devices.
	has '/dev/{null,zero,full,random,urandom,tty,ptmx,console,pts/3} rw,'
	has '/dev/shm/x rw,'
	has '/dev/mqueue/x rw,'
	lacks '/dev/shm/x ix,'
	# Processes.
	has '/proc/1/{environ,maps,cmdline,stat,status,fd/} r,'
	has '/proc/12/task/13/stat r,'
	has '/proc/1/{comm,oom_score_adj,coredump_filter} w,'
	has '/proc/1/task/2/comm w,'
	has '/proc/1/fd/1 w,'
	for path in mem attr/current attr/exec attr/apparmor/current attr/apparmor/exec task/2/attr/current \
		uid_map gid_map projid_map setgroups clear_refs autogroup sched make-it-fail net/x ns/x root/x; do
		lacks "/proc/1/$path w,"
	done
	# The machine.
	has '/proc/{cpuinfo,meminfo,stat,loadavg,uptime,version,filesystems} r,'
	has '/proc/sys/kernel/{osrelease,pid_max,random/uuid,shmmax} r,'
	has '/proc/sys/{net/core/somaxconn,net/ipv4/ip_local_port_range,vm/overcommit_memory} r,'
	for path in kcore kallsyms kmsg keys modules iomem ioports slabinfo vmallocinfo timer_list sched_debug \
		kpageflags kpagecount config.gz mtrr acpi/ scsi/ irq/ bus/pci/devices sysrq-trigger; do
		lacks "/proc/$path r,"
	done
	for path in sysrq-trigger kcore sys/kernel/core_pattern sys/kernel/modprobe sys/kernel/shmmax \
		sys/kernel/ns_last_pid sys/vm/overcommit_memory sys/net/ipv4/ip_forward sys/fs/file-max \
		sys/fs/mqueue/queues_max fs/x irq/1/smp_affinity net/x; do
		lacks "/proc/$path w,"
	done
	has '/sys/fs/cgroup/{cgroup.controllers,memory.max,cpu.max} r,'
	has '/sys/devices/system/{cpu/online,node/node0/meminfo,clocksource/clocksource0/current_clocksource} r,'
	has '/sys/kernel/mm/{transparent_hugepage/enabled,hugepages/hugepages-2048kB/nr_hugepages} r,'
	for path in kernel/security/ kernel/security/apparmor/profiles kernel/debug/ kernel/debug/x kernel/tracing/x \
		kernel/btf/vmlinux kernel/notes kernel/vmcoreinfo kernel/slab/ kernel/iommu_groups/ kernel/kexec_loaded \
		firmware/ firmware/dmi/x power/state fs/bpf/ fs/pstore/ fs/selinux/enforce module/x/sections/.text; do
		lacks "/sys/$path r,"
	done
	for path in fs/cgroup/memory.max fs/cgroup/cgroup.procs kernel/mm/transparent_hugepage/enabled \
		kernel/uevent_helper kernel/security/apparmor/.replace kernel/security/apparmor/.remove power/state \
		devices/system/cpu/cpu0/online module/x/parameters/y class/net/eth0/mtu; do
		lacks "/sys/$path w,"
	done
	# Network.
	for path in 'inet stream' 'inet dgram' 'inet6 stream' 'inet6 dgram' 'netlink raw' 'unix stream' 'unix dgram'; do
		has "network $path,"
	done
	for path in 'inet raw' 'inet6 raw' 'inet seqpacket' packet alg vsock key can bluetooth tipc xdp smc rds ax25; do
		lacks "network $path,"
	done
	# The rest of the kernel.
	for path in mount 'mount fstype=tmpfs' 'mount options=(bind)' remount umount pivot_root change_profile \
		'change_profile -> unconfined' dbus; do
		lacks "$path,"
	done
	# Who may signal and trace.
	for path in $runtimes; do
		has "signal (receive) peer=$path,"
		has "ptrace (readby, tracedby) peer=$path,"
		lacks "signal (send) peer=$path,"
		lacks "ptrace (read) peer=$path,"
		lacks "ptrace (trace) peer=$path,"
	done
	has "signal (send, receive) peer=$name,"
	has "ptrace (read, readby) peer=$name,"
	for path in $others; do
		lacks "signal (receive) peer=$path,"
		lacks "signal (send) peer=$path,"
		lacks "ptrace (read) peer=$path,"
		lacks "ptrace (readby) peer=$path,"
	done
}
runtimes='unconfined hardrun runc crun youki runsc buildah conmon conmonrs containerd containerd-shim
	containerd-shim-runc-v2 crio docker dockerd podman kubelet k3s k3s-agent rke2 systemd init
	snap.docker.dockerd snap.microk8s.daemon-containerd /usr/bin/dockerd /usr/sbin/runc /usr/bin/conmon'
containers='docker-default cri-containerd.apparmor.d crio-default containers-default-0.57.4 lxc-container-default'

capabilities() { # ALLOWED...: of all, no other
	local one
	for one in $all_capabilities; do
		if [[ " $* " = *" $one "* ]]; then has "capability $one,"; else lacks "capability $one,"; fi
	done
}
all_capabilities='chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
	linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
	sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
	sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
	wake_alarm block_suspend audit_read perfmon bpf'

default_only() {
	has '/tmp/x rwlkmix,'
	has '/memfd:x m,'
	has '/dev/{sda,fuse,net/tun,kvm,nvidia0} rw,'
	forbids '/dev/mem rwlkm,'
	forbids '/dev/{kmem,port,kmsg,cpu/0/msr} rw,'
	forbids '/sys/devices/virtual/powercap/x r,'
	has '/proc/1/{timerslack_ns,loginuid} w,'
	has '/proc/{cmdline,swaps,interrupts} r,'
	has '/proc/sys/kernel/core_pattern r,'
	has '/sys/devices/{pci0000:00/0000:00:01.0/vendor,virtual/dmi/id/product_name} r,'
	has 'network netlink dgram,'
	has "ptrace (trace, tracedby) peer=$name,"
	# shellcheck disable=SC2086
	capabilities chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service \
		ipc_lock ipc_owner sys_chroot sys_ptrace sys_nice sys_resource lease audit_write setfcap
}

restricted_only() {
	local path
	for path in /tmp /run /var/run /var/tmp /var/cache /var/log; do
		has "$path/x rwlk,"
		forbids "$path/x mx,"
	done
	lacks '/dev/shm/x m,'
	for path in /usr/bin /bin /sbin /usr/sbin /lib /lib64 /usr/lib /usr/libexec /boot; do
		has "$path/x r,"
		forbids "$path/x w,"
	done
	lacks '/dev/{sda,fuse,net/tun,kvm} r,'
	lacks '/dev/mem r,'
	lacks '/dev/kmsg r,'
	lacks '/proc/1/loginuid w,'
	lacks '/proc/1/timerslack_ns w,'
	lacks '/proc/cmdline r,'
	lacks '/proc/sys/kernel/core_pattern r,'
	lacks '/sys/devices/virtual/dmi/id/product_name r,'
	lacks '/sys/block/ r,'
	lacks 'network netlink dgram,'
	lacks "ptrace (trace) peer=$name,"
	lacks "ptrace (tracedby) peer=$name,"
	capabilities net_bind_service
}

asked_all() { # what is the same for each parser
	plain=$(digest)
	good=0 before=$failed allowed=()
	others="$containers hardrun-default hardrun-restricted"
	others="${others/ $name/}"
	both
	"$1"
	has_all
	[ "$failed" -ne "$before" ] || ok "$about: allows what it should and nothing else ($good questions)"
}

# ---- one profile, one parser ---------------------------------------------------------------

examined() { # NAME FUNCTION
	name=$1 file=$profiles/$1
	about="$1, parser $version"
	is "$("$parser" -b "$base" -M "$features" -Q -K -q -N "$file" 2>&1)" "$name" "$about: one profile of that name"
	compile "$features" "$file" --warn all --Werror >"$work/out" 2>"$work/err"
	is "$?$(<"$work/err")" 0 "$about: compiles without a warning"
	check "$about: it is not empty" test "$(stat -c %s "$work/out")" -gt 10000
	grep -q "abi <abi/3.0>," "$file" && check "$about: its features are there" test -e "$base/abi/3.0"
	for newer in "$base"/abi/4.*; do
		[ -e "$newer" ] || continue
		check "$about: compiles for a kernel of ${newer##*/}" compiles_for "$newer"
	done
	said=$("$parser" -b "$base" -M "$features" -Q -K -q -d "$file" 2>&1)
	unlike "$said" '(^|[^a-z_])(u?mount|remount|pivot_root|change_profile|userns|dbus)( |,|\()' \
		"$about: the parser sees no rule for mounts and other profiles"
	asked_all "$2"
}

with_parser() { # PARSER ABI-FOLDER
	parser=$1
	ln -sfn "$2" "$base/abi"
	features=$base/abi/3.0
	version=$("$parser" --version 2>/dev/null | sed -n '1s/.* //p')
	examined hardrun-default default_only
	examined hardrun-restricted restricted_only
}

with_parser old_parser /etc/apparmor.d/abi
new=$work/trixie
if said=$("$HR_TEST_SRCDIR/tests/tools/trixie" "$new" apparmor libapparmor1 libc6 libstdc++6 libgcc-s1 2>&1) &&
	[ "$(uname -m)" = x86_64 ]; then
	with_parser new_parser "$new/etc/apparmor.d/abi"
	like "$version" '^4\.' "the second parser is another version"
else
	skip "the profiles with the parser of Debian 13" "${said:-not an x86_64}"
fi

is "$(grep '^@{HARDRUN_RUNTIMES}' "$profiles/hardrun-default")" \
	"$(grep '^@{HARDRUN_RUNTIMES}' "$profiles/hardrun-restricted")" "both profiles know the same runtimes"

# ---- make install ----------------------------------------------------------------------------

make_here() { # TARGET VARIABLE=VALUE...
	make -s -C "${HR_BUILDDIR:-.}" apparmor_enabled="$work/enabled" apparmor_profiles="$work/loaded" \
		APPARMOR_PARSER="$work/parser" "$@" 2>&1
}
if [ -e "${HR_BUILDDIR:-.}/Makefile" ]; then
	# shellcheck disable=SC2016
	printf '#!/bin/sh\necho "$*" >>%s/parser.log\nexit "$(cat %s/parser.exit)"\n' "$work" "$work" >"$work/parser"
	chmod 755 "$work/parser"
	echo 0 >"$work/parser.exit" && echo Y >"$work/enabled" && echo "hardrun-default (enforce)" >"$work/loaded"
	load="-r /etc/apparmor.d/hardrun-default /etc/apparmor.d/hardrun-restricted"

	said=$(make_here install-dist_apparmorDATA install-dist_selinuxDATA install-data-hook sysconfdir=/etc \
		datadir=/usr/share DESTDIR="$work/dest")
	is "$(cd "$work/dest" && find . -type f | sort | tr '\n' ' ')" \
		"./etc/apparmor.d/hardrun-default ./etc/apparmor.d/hardrun-restricted ./usr/share/hardrun/selinux/hardrun.cil " \
		"install into DESTDIR: the profiles and the module"
	like "$said" "load the profiles: .*$load" "install into DESTDIR: says how to load them"
	check "install into DESTDIR: loads nothing" test ! -e "$work/parser.log"

	make_here install-data-hook sysconfdir="$work/prefix/etc" DESTDIR='' >/dev/null
	check "install with a prefix of its own: loads nothing" test ! -e "$work/parser.log"
	said=$(make_here install-data-hook sysconfdir=/etc DESTDIR='')
	is "$?$(<"$work/parser.log")" "0$load" "install: loads the profiles"
	like "$said" 'are loaded' "install: says so"
	echo 1 >"$work/parser.exit"
	said=$(make_here install-data-hook sysconfdir=/etc DESTDIR='')
	is "$?" 0 "install, the profiles cannot be loaded: it does not fail"
	like "$said" "load the profiles: .*$load" "install, the profiles cannot be loaded: says how"
	rm "$work/parser.log" && echo N >"$work/enabled"
	make_here install-data-hook sysconfdir=/etc DESTDIR='' >/dev/null
	rm "$work/enabled"
	make_here install-data-hook sysconfdir=/etc DESTDIR='' >/dev/null
	check "install without AppArmor: loads nothing" test ! -e "$work/parser.log"

	said=$(make_here uninstall-dist_apparmorDATA uninstall-dist_selinuxDATA uninstall-hook sysconfdir=/etc \
		datadir=/usr/share DESTDIR="$work/dest")
	is "$?$(find "$work/dest" -type f)" 0 "uninstall: nothing is left"
	unlike "$said" loaded "uninstall from DESTDIR: says nothing of the kernel"
	said=$(make_here uninstall-hook sysconfdir=/etc DESTDIR='')
	like "$said" 'stay loaded' "uninstall: what is loaded stays, and it says so"
	check "uninstall: unloads nothing" test ! -e "$work/parser.log"
else
	skip "make install and the profiles" "no build tree"
fi
finish
