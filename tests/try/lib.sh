# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# On top of tests/e2e/real.sh, for the tests of `hardrun try` and `hardrun learn`: runs of try
# beside runs of `hardrun run`, which is what production answers.
#
#	try_sandbox "$@"
#	for runtime in runc crun; do
#		try_begin "$runtime" || continue
#		production default /planted chroot:1   # $status, $work/out, $work/err
#		try default /planted chroot:1          # and $work/try.json
#		real_end
#	done
#	finish

# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"

try_tests=$HR_TEST_SRCDIR/tests/try

try_sandbox() { # "$@" of the script
	real_sandbox "$@"
	try_tests=$(realpath "$try_tests")
	place=(--rootfs "$work/image")
	chmod 1777 "$work/image/tmp"
	printf '%s\n' root:x:0:0:root:/:/bin/sh app:x:1000:1000:app:/tmp:/bin/sh \
		>"$work/image/etc/passwd"
}

# compiled NAME: tests/try/NAME.c as a static program, /NAME in the image.
compiled() {
	gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -pthread -o "$work/image/$1" "$try_tests/$1.c" ||
		skip_all "$1.c cannot be compiled here"
}

try_begin() { # runc|crun
	real_begin "$1" || return
	real_policy '{"version": 1}'
	processes=$(inventory)
}

# What must be the same before and after: processes that are ours to see, mounts, cgroups,
# files of state.
inventory() {
	grep -lzE 'hardrun|runc|crun' /proc/[0-9]*/cmdline 2>/dev/null | wc -l
	grep -c . /proc/self/mountinfo
	local pid
	for pid in "${tried[@]}"; do # others on this machine may be running try as well
		find /sys/fs/cgroup -type d -name "hardrun-try-$pid-*" 2>/dev/null
	done
	find /run/hardrun /run/runc /run/crun -mindepth 1 ! -path /run/hardrun/try \
		! -path '/run/hardrun/runtimes*' ! -path /run/hardrun/records \
		! -name .lock 2>/dev/null
	return 0
}

nothing_left() { # NAME
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		[ "$(inventory)" != "$processes" ] || break
		sleep 0.05
	done
	is "$(inventory)" "$processes" "$runtime: $1: nothing is left behind"
}

# The words that choose PROFILE here (see real_limits), into $words.
profile_words() { # default|restricted
	words=(--handler hardrun)
	[ "$1" != restricted ] || words=(--handler hardrun-restricted --user 1000:1000)
}

# try PROFILE [OPTION...] -- COMMAND...: sets $status; $work/out, err, try.json
try() {
	local words
	profile_words "$1"
	shift
	rm -f "$work/try.json"
	"$work/bin/hardrun" try "${words[@]}" "${place[@]}" --json "$work/try.json" "$@" \
		>"$work/out" 2>"$work/err" </dev/null &
	tried+=($!)
	ended_within "${patience:-120}" $!
}

# The status of a command in the background; what hangs is killed.
ended_within() { # SECONDS PID
	local tries
	for ((tries = 0; tries < $1 * 20; tries++)); do
		kill -0 "$2" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$2" 2>/dev/null && note "killed after $1 s"
	wait "$2"
	status=$?
}

# production PROFILE COMMAND...: the same by `hardrun run`, without watching
production() {
	local user=${as_app:-.} profile=$1 id=plain-$((serial += 1))
	shift
	[ "$profile" = default ] || user+=' | .process.user = {uid: 1000, gid: 1000}'
	real_bundle "$work/b/$id" "$(recorded docker-run)" "del(.linux.seccomp, .hooks)
		| .mounts |= map(select(.type != \"bind\")) | .hostname = \"plain\" | $user
		| .process.env = [\"PATH=/bin\"] | .process.cwd = \"/\"
		| .process.args = $(jq -nc '$ARGS.positional' --args -- "$@")"
	called=hardrun
	[ "$profile" = default ] || called=hardrun-restricted
	timeout --foreground -k 5 "${patience:-120}" "$work/bin/$called" --root "$root" \
		run --bundle "$work/b/$id" "$id" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	called=hardrun
	umount "$work/b/$id/rootfs" && rm -rf "$work/b/$id" /run/hardrun/records
}
serial=0 tried=(0)

# judged: lines "ok|not ok TAB NAME TAB DETAIL" of stdin become cases
judged() {
	local verdict name detail
	while IFS=$'\t' read -r verdict name detail; do
		if [ "$verdict" = ok ]; then
			ok "$runtime: $name"
		else
			not_ok "$runtime: $name" "${detail//\\n/$'\n'}"
		fi
	done
}
