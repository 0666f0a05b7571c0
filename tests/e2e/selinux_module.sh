#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The SELinux module without a kernel that has SELinux: it compiles together with all modules of
# Debian 12's and Debian 13's policy, and allows what it should and no more. Nothing is installed:
# the packages are unpacked and their own tools used.
#
# The compiler is asked with `neverallow`: for what a container must have it finds violations, for
# what it must not have it finds none.
# shellcheck disable=SC2317 # functions that are named by others
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
[ "$(uname -m)" = x86_64 ] || skip_all "not an x86_64"
module=$HR_TEST_SRCDIR/profiles/selinux/hardrun.cil
packages=(selinux-policy-default policycoreutils secilc libsepol2 libselinux1 libsemanage2 libaudit1
	libbz2-1.0 libpcre2-8-0 libc6)

debian12() { # DIR: from the mirror that this machine uses
	mkdir -p "$1/debs" && cd "$1/debs" || return
	apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" || return
	for package in *.deb; do dpkg-deb -x "$package" "$1" || return; done
	cd / || return
}
debian13() { "$HR_TEST_SRCDIR/tests/tools/trixie" "$1" "${packages[@]}"; }

there() { # PROGRAM ARGUMENT...: of the unpacked packages, with their libraries
	local program=$root/$1 loader
	shift
	for loader in "$root"/lib64 "$root"/usr/lib64 "$root"/lib/x86_64-linux-gnu; do
		loader=$loader/ld-linux-x86-64.so.2
		[ ! -f "$loader" ] || break
	done
	"$loader" --library-path "$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" "$program" "$@"
}

compile() { # FILE...: with the whole policy
	there usr/bin/secilc -m -o "$work/policy" -f /dev/null "$root"/cil/*.cil "$@" >"$work/out" 2>&1
}

# ---- questions -------------------------------------------------------------------------------

c=hardrun_container_t f=hardrun_container_file_t
must() { printf '(neverallow %s)\n' "$@" >>"$work/must.cil"; }
must_not() { printf '(neverallow %s)\n' "$@" >>"$work/must_not.cil"; }

must "$c self (tcp_socket (listen))" "$c self (udp_socket (bind))" "$c self (icmp_socket (create))" \
	"$c self (unix_stream_socket (connectto))" "$c self (netlink_route_socket (nlmsg_read))" \
	"$c port_type (tcp_socket (name_connect))" "$c port_type (tcp_socket (name_bind))" "$c node_type (tcp_socket (node_bind))" \
	"$c $f (file (entrypoint))" "$c $f (file (execute_no_trans))" "$c $f (file (map))" "$c $f (file (unlink))" \
	"$c $f (chr_file (open))" "$c $f (fifo_file (create))" "$c $f (sock_file (write))" "$c $f (lnk_file (read))" \
	"$c self (process (execmem))" "$c self (shm (create))" "$c self (sem (create))" "$c self (msgq (create))" \
	"$c self (capability (setuid))" "$c self (cap_userns (setuid))" "$c self (capability (net_bind_service))" \
	"$c proc_t (file (read))" "$c proc_net_t (file (read))" "$c sysctl_net_t (file (read))" "$c sysfs_t (file (read))" \
	"$c cgroup_t (file (read))" "$c urandom_device_t (chr_file (read))" "$c var_lib_t (file (read))" \
	"$c initrc_t (fd (use))" "$c initrc_t (fifo_file (write))" "$c initrc_t (process (sigchld))" \
	"$f tmpfs_t (filesystem (associate))" "$f $f (filesystem (associate))"
for runtime in initrc_t unconfined_t; do
	must "$runtime $c (process (transition))" "$runtime $c (process2 (nnp_transition))" \
		"$runtime $c (process (sigkill))" "$runtime $c (process (noatsecure))" "$runtime $f (filesystem (relabelto))" \
		"$runtime $f (dir (mounton))"
done
for capability in sys_module sys_rawio sys_boot sys_admin sys_time sys_pacct sys_tty_config mknod net_raw net_admin \
	audit_control dac_read_search linux_immutable; do
	must_not "$c domain (capability ($capability))" "$c domain (cap_userns ($capability))"
done
for capability in mac_admin mac_override syslog audit_read; do must_not "$c domain (capability2 ($capability))"; done
must_not "$c domain (rawip_socket (create))" "$c domain (packet_socket (create))" "$c domain (netlink_netfilter_socket (create))" \
	"$c domain (process (ptrace))" "$c domain (process (setexec))" "$c domain (process (setcurrent))" \
	"$c domain (process (setfscreate))" "$c domain (process (execheap))" "$c domain (process (execstack))" \
	"$c domain (process (transition dyntransition))" "$c unconfined_t (process (signal sigkill))" "$c initrc_t (process (signal sigkill))" \
	"$c initrc_t (unix_stream_socket (connectto))" "$c domain (bpf (prog_load))" "$c file_type (file (relabelfrom relabelto))" \
	"$c file_type (dir (mounton))" "$c filesystem_type (filesystem (mount remount unmount))" "$c file_type (file (mounton))" \
	"$c $f (chr_file (create))" "$c $f (blk_file (open read create))" "$c device_node (blk_file (open read write))" \
	"$c memory_device_t (chr_file (open read write))" "$c proc_kcore_t (file (open read))" "$c proc_kmsg_t (file (open read))" \
	"$c system_map_t (file (open read))" "$c proc_t (file (write append))" "$c sysctl_type (file (write append))" \
	"$c sysfs_t (file (write append))" "$c cgroup_t (file (write append))" "$c security_t (file (write))" \
	"$c debugfs_t (dir (read search))" "$c tracefs_t (dir (read search))" "$c bpf_t (dir (read search))" "$c shadow_t (file (read))" \
	"$c var_lib_t (file (open write append getattr))" "$c var_lib_t (dir (read add_name))" "$c etc_t (file (open write append))" \
	"$c user_home_t (file (open read write))" "$c var_run_t (sock_file (write))" "$c ptynode (chr_file (open))"

asked() {
	local kind line text found=0
	compile "$module" "$work/must.cil" "$work/must_not.cil" && not_ok "$suite: the questions are asked"
	for kind in must must_not; do
		line=0
		while read -r text; do
			line=$((line + 1)) answer=no
			! grep -qE "neverallow .*$kind\.cil:$line\$" "$work/out" || answer=yes
			case $kind$answer in
			mustyes | must_notno) found=$((found + 1)) ;;
			mustno) not_ok "$suite: not allowed: $text" ;;
			*) not_ok "$suite: allowed: $text" ;;
			esac
		done <"$work/$kind.cil"
	done
	is "$found" "$(cat "$work"/must.cil "$work"/must_not.cil | wc -l)" "$suite: allows what it should, and nothing of the rest"
}

# ---- with both policies ------------------------------------------------------------------------

with_policy() { # FUNCTION SUITE
	suite=$2 root=$work/$1
	if ! said=$("$1" "$root" 2>&1); then
		skip "the SELinux module with the policy of $suite" "${said##*$'\n'}"
		return
	fi
	mkdir "$root/cil"
	for package in "$root"/usr/share/selinux/default/*.pp.bz2; do
		name=${package##*/}
		bunzip2 <"$package" >"$work/pp" && there usr/libexec/selinux/hll/pp "$work/pp" "$root/cil/${name%.pp.bz2}.cil"
	done 2>"$work/err"
	check "$suite: its policy can be read" test -s "$root/cil/base.cil"
	compile
	is "$?" 0 "$suite: its policy compiles"
	compile "$module"
	is "$?$(grep -v -i '^warning' "$work/out" | head -n 5)" 0 "$suite: compiles with the module"
	asked
	rm -rf "$root"
}
command -v bunzip2 >/dev/null || skip_all "bzip2 is not installed"
with_policy debian12 "Debian 12"
with_policy debian13 "Debian 13"
finish
