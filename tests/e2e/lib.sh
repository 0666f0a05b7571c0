# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the end-to-end scripts: TAP, and a sandbox in which hardrun's fixed directories
# (/etc/hardrun, /run/hardrun, /var/log/hardrun) are the test's own.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
#	sandbox "$@"               # runs the script again in a private mount namespace
#	stub=$(stub_install runc-stub)
#	handler hardrun "$stub"
#	run hardrun --version      # -> $status, $work/out, $work/err
#	is "$status" 0 "name"
#	finish
#
# The sandbox puts overlays over the parents of those directories, so nothing is ever made on
# the machine itself; all mounts go with the last process. What a script starts in the
# background it names to `reap`.

: "${HR_PROGRAM:=src/hardrun}" "${HR_TEST_SRCDIR:=.}"
e2e=$HR_TEST_SRCDIR/tests/e2e
count=0 failed=0 status=0
reap_pids=()

# ---- TAP -------------------------------------------------------------------------------

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

ok() { # NAME
	count=$((count + 1))
	printf 'ok %d - %s\n' "$count" "$1"
}

not_ok() { # NAME [DETAIL]
	count=$((count + 1)) failed=$((failed + 1))
	printf 'not ok %d - %s\n' "$count" "$1"
	[ -z "${2:-}" ] || note "${2:0:4000}"
}

skip() { # NAME WHY
	count=$((count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$count" "$1" "$2"
}

is() { # GOT WANTED NAME
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "wanted: $2"$'\n'"got:    $1"; fi
}

like() { # TEXT REGEX NAME
	if [[ $1 =~ $2 ]]; then ok "$3"; else not_ok "$3" "wanted: /$2/"$'\n'"got:    $1"; fi
}

unlike() { # TEXT REGEX NAME
	if [[ $1 =~ $2 ]]; then not_ok "$3" "unwanted: /$2/"$'\n'"got:      $1"; else ok "$3"; fi
}

check() { # NAME COMMAND...: ok when the command succeeds
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name" "failed: $*"; fi
}

finish() { # print the plan and leave
	echo "1..$count"
	[ "$failed" -eq 0 ]
	exit
}

skip_all() { # WHY
	skip "$(basename "$0")" "$1"
	finish
}

# ---- sandbox ---------------------------------------------------------------------------

# Cover DIR: what is changed below it is seen by this script only.
cover() {
	local layer=$work/.cover/$1
	mkdir -p "$layer/upper" "$layer/work" &&
		mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" "$1"
}

# Outside of guests the tests are about all else, and say the same on every machine: no AppArmor,
# no SELinux. HR_TEST_LSM=keep: as the kernel is.
hide_lsm() {
	local dir
	[ "${HR_TEST_LSM:-hide}" = hide ] || return 0
	for dir in /sys/kernel/security /sys/module/apparmor /sys/fs/selinux; do
		[ ! -d $dir ] || mount -t tmpfs -o mode=755 hr-e2e $dir || return
	done
}

sandbox_leave() {
	local pid
	for pid in ${reap_pids[@]+"${reap_pids[@]}"}; do kill -KILL "$pid"; done 2>/dev/null
}

sandbox() { # "$@" of the script
	local tool
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	for tool in unshare jq gcc; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	if [ "${HR_E2E_SANDBOX:-}" != $$ ]; then # exec keeps the pid; a nested script has its own
		unshare -m --propagation private true 2>/dev/null || skip_all "no mount namespaces here"
		HR_E2E_SANDBOX=$$ exec unshare -m --propagation private bash "$0" "$@"
	fi
	umask 022
	HR_PROGRAM=$(realpath "$HR_PROGRAM") e2e=$(realpath "$e2e")
	HR_TEST_SRCDIR=$(realpath "$HR_TEST_SRCDIR")
	trap sandbox_leave EXIT
	trap 'exit 1' INT TERM HUP
	sandbox_mounts || skip_all "$why"
	mkdir "$work/bin"
	fresh
}

# Fills $work, an empty tmpfs every component of whose path is root's alone. The folder in
# /tmp that it is first mounted on is gone at once: not even SIGKILL leaves anything behind.
sandbox_mounts() {
	local first dir
	first=$(mktemp -d /tmp/hr-e2e.XXXXXX) && work=$first
	why="no tmpfs" && mount -t tmpfs -o mode=755 hr-e2e "$work" || return
	for dir in /etc /run /var/log /usr/sbin /usr/bin; do
		why="no overlay file system over $dir" && cover "$dir" || return
	done
	why="cannot hide AppArmor and SELinux" && hide_lsm || return
	why="cannot move a mount" && work=/run/hr-e2e
	mkdir "$work" && mount --move "$first" "$work" && rmdir "$first"
}

# Start again: a policy that asks for nothing special, no handler, no records, no log.
fresh() {
	rm -rf /etc/hardrun /run/hardrun /var/log/hardrun "${work:?}"/bin/*
	mkdir -p /etc/hardrun/runtimes
	policy '{"version": 1}'
}

policy() { # JSON: becomes /etc/hardrun/policy.json
	printf '%s\n' "$1" >/etc/hardrun/policy.json
}

handler() { # NAME RUNTIME: NAME can be run, and its runtime is RUNTIME (absolute path)
	ln -sfn "$HR_PROGRAM" "$work/bin/$1"
	ln -sfn "$2" "/etc/hardrun/runtimes/$1"
}

run() { # HANDLER ARGUMENT...: stdin is the caller's; sets $status, fills $work/out, $work/err
	local name=$1
	shift
	"$work/bin/$name" "$@" >"$work/out" 2>"$work/err"
	# shellcheck disable=SC2034 # for the caller
	status=$?
}

reap() { # PID...: killed when the script ends
	reap_pids+=("$@")
}

# ---- the recording runtime (stub.c) ----------------------------------------------------

# stub_install NAME: a stub of that name; prints its path. What it was called with is in
# PATH.d/calls/, one folder a call in order of time; PATH.d/ itself steers it (see stub.c).
stub_install() {
	local path=$work/runtime/$1
	stub_build && mkdir -p "$path.d/calls" && install -m 755 "$work/stub" "$path" &&
		printf '%s\n' "$path"
}

stub_build() {
	[ ! -x "$work/stub" ] || return 0
	if [ -x "${HR_BUILDDIR:-.}/tests/e2e/stub" ]; then
		install -m 755 "${HR_BUILDDIR:-.}/tests/e2e/stub" "$work/stub"
	else
		gcc -static -O1 -D_GNU_SOURCE -o "$work/stub" "$e2e/stub.c"
	fi
}

# The calls that a stub got, without hardrun's own questions after its version and features.
stub_calls() { # PATH
	local call words
	for call in "$1".d/calls/*/done; do
		[ -e "$call" ] || continue
		mapfile -d '' words <"${call%/done}/argv"
		case ${#words[@]}${words[1]:-} in 2--version | 2features) continue ;; esac
		printf '%s\n' "${call%/done}"
	done
}

stub_forget() { # PATH
	rm -rf "$1".d/calls/*
}

# The arguments of a call in one line, each quoted by bash; argv[0] first.
stub_argv() { # CALL
	local arguments
	mapfile -d '' arguments <"$1/argv"
	printf '%s' "${arguments[*]@Q}"
}

# ---- crun where limits cannot be raised ----------------------------------------------------

may_raise_limits() { # CAP_SYS_RESOURCE
	(($(sed -n 's/^CapEff:\t/0x/p' /proc/self/status) >> 24 & 1))
}

# See memlock.c. The program keeps its name and its place among the runtimes.
memlock_crun() { # PROGRAM: prints the path of one that runs it
	local dir=$work/memlock
	if [ ! -e "$dir/crun" ]; then
		mkdir -p "$dir" && gcc -shared -fPIC -O1 -std=gnu11 -D_GNU_SOURCE \
			-o "$dir/memlock.so" "$e2e/memlock.c" || return
		printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$dir/memlock.so" "$1" >"$dir/crun"
		chmod 755 "$dir/crun"
	fi
	printf '%s\n' "$dir/crun"
}

# ---- recorded calls (tests/calls) -------------------------------------------------------

# What an engine has made before a call: a file or a directory to mount.
bind_source() { # SOURCE DESTINATION
	[ ! -e "$1" ] || return 0
	mkdir -p "${1%/*}"
	case $2 in
	/etc/* | */.containerenv | *-init) echo test >"$1" ;;
	*) mkdir "$1" ;;
	esac
}

# first_refusal ENTRIES: the control that the message names, of all that refuse the first in
# the program's order.
first_refusal() {
	tr ',' '\n' <<<"$1" | cut -d ' ' -f 1 |
		awk 'NR == FNR { refuses[$1]; next } $1 in refuses { print $1; exit }' - \
			<(grep -oE '&control_[a-z_]+' "$HR_TEST_SRCDIR/src/control/table.c" | cut -d _ -f 2-)
}

# ---- bundles ---------------------------------------------------------------------------

# bundle DIR [JQ-FILTER]: a bundle whose config.json every default profile accepts, but for
# what the filter makes of it.
bundle() {
	mkdir -p "$1/rootfs"
	[ -e "$work/.config.json" ] || jq -c . "$e2e/config.json" >"$work/.config.json"
	if [ $# -eq 1 ]; then
		printf '%s\n' "$(<"$work/.config.json")" >"$1/config.json"
	else
		jq -c "$2" "$work/.config.json" >"$1/config.json"
	fi
}
