#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a trial runs in: the host's busybox, a directory, an image in an OCI layout, a bundle; that
# none of them is altered, and what is said of one that cannot be used.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"

try() { # ARGUMENT...: sets $status, fills $work/out and $work/err
	"$HR_PROGRAM" try --quiet "$@" </dev/null >"$work/out" 2>"$work/err"
	status=$?
}

# Names, modes, owners and content of a tree.
sums() { # DIR
	(cd "$1" && find . -printf '%P %m %U %G %y %l %T@\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
}

refused() { # NAME REGEX ARGUMENT...: 125, one line that says what, nothing on standard output
	local name=$1 regex=$2
	shift 2
	try "$@"
	is $status 125 "$runtime: $name: 125"
	like "$(cat "$work/err")" "$regex" "$runtime: $name: what is wrong"
	is "$(wc -l <"$work/err") $(stat -c %s "$work/out")" "1 0" "$runtime: $name: one line, and nothing was run"
}

busybox_root() {
	try -- sh -c 'stat -c "%a %u" / /tmp /root; ls /bin | wc -l; head -n 1 /etc/passwd; touch /here /tmp/there && echo written'
	like "$(cat "$work/out")" "^755 0
1777 0
700 0
[0-9]{3}
root:x:0:0:.*
written$" "$runtime: busybox: directories, applets, users, and it can write"
	try -- ls /here
	is $status 1 "$runtime: busybox: what one trial wrote the next does not see"
	(
		mount --bind "$(type -P true)" "$(realpath "$busybox")"
		try -- true
		echo "$status $(cat "$work/err")"
		umount "$(realpath "$busybox")"
	) >"$work/said"
	like "$(cat "$work/said")" "^125 .*not a static program; install the package busybox-static" \
		"$runtime: busybox: one that is not static is refused, with the package to install"
}

directory() { # NAME
	local dir=$work/trees/$1 before
	mkdir -p "$work/trees" && cp -a "$work/image" "$dir"
	chown 7:8 "$dir" && chmod 751 "$dir"
	echo kept >"$dir/etc/kept"
	before=$(sums "$dir")
	try --rootfs "$dir" -- sh -c 'cat /etc/kept; stat -c "%a %u %g" /; rm /etc/kept; echo x >/new; rm -r /home; chmod 700 /tmp; ls /etc/kept'
	is "$(cat "$work/out")" "$(printf 'kept\n751 7 8')" "$runtime: directory $1: its files, owner and mode"
	is "$(sums "$dir")" "$before" "$runtime: directory $1: not altered by what was written, removed and changed"
	rm -rf "$dir"
}

make_layout() { # DIR: the image with a command of its own, tag latest; without one, tag one
	rm -rf "$1" && umoci init --layout "$1" && umoci new --image "$1:one" &&
		umoci insert --image "$1:one" "$work/image" / &&
		umoci config --image "$1:one" --config.entrypoint sh --config.entrypoint -c \
			--config.cmd 'echo $A $(id -u) $(pwd)' --config.env A=image --config.workingdir /tmp \
			--config.user 33 --tag latest
}

# Even with no_new_privs execve fails for a file with more capabilities than the bounding set.
file_capabilities() {
	local dir=$work/trees/caps
	mkdir -p "$work/trees" && cp -a "$work/image" "$dir" && cp "$(realpath "$busybox")" "$dir/home/program"
	python3 -c 'import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x2000001, 1 << 13 | 1 << 10, 0, 1 << 2, 0))' "$dir/home/program"
	try --json "$work/report" --rootfs "$dir" -- sh -c '/home/program true'
	is "$status" 126 "$runtime: a program whose file has capabilities cannot be run without them"
	is "$(jq -c '[.paths[] | [.path, .kind, .remedy]]' "$work/report")" \
		'[["/home/program","EPERM","\"capabilities\": { \"allow\": [..., \"CAP_NET_RAW\", \"CAP_SYSLOG\"] }"]]' \
		"$runtime: and try says which are missing"
	rm -rf "$dir"
}

layout() {
	local dir=$work/layout
	if ! command -v umoci >/dev/null; then
		skip "$runtime: layout" "umoci is not installed"
		return
	fi
	if ! make_layout "$dir" 2>"$work/err"; then
		not_ok "$runtime: an image is made" "$(cat "$work/err")"
		return
	fi
	try --layout "$dir"
	is "$status $(cat "$work/out")" "0 image 33 /tmp" "$runtime: layout: the image's own command, user, variable, directory; tag latest"
	try --layout "$dir:latest" --user 5:6 --env A=mine --cwd / -- sh -c 'echo $A $(id -u) $(id -g) $(pwd)'
	is "$(cat "$work/out")" "mine 5 6 /" "$runtime: layout: what is said on the command line goes before"
	try --layout "$dir:one" -- cat /etc/passwd
	is $status 1 "$runtime: layout: a tag of its own"
	refused "layout: a tag that is none" "umoci could not unpack it" --layout "$dir:two" -- true
	refused "layout: no layout" "umoci could not unpack it" --layout "$work/image" -- true
	mv "$(command -v umoci)" "$work/umoci"
	refused "layout: no umoci" "install the package umoci" --layout "$dir" -- true
	mv "$work/umoci" /usr/bin/umoci
}

bundle_root() {
	local dir=$work/b/mine before
	real_bundle "$dir" "$(real_spec)" '.process.args = ["sh", "-c", "echo own; echo x >/new"] | .process.cwd = "/tmp" | .root.readonly = false'
	before=$(sums "$dir")
	try --bundle "$dir"
	is "$status $(cat "$work/out")" "0 own" "$runtime: bundle: its own command"
	is "$(sums "$dir")" "$before" "$runtime: bundle: neither config.json nor root file system is altered"
	try --bundle "$dir" -- pwd
	is "$(cat "$work/out")" "/tmp" "$runtime: bundle: another command, all else its own"
	jq '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]' "$dir/config.json" >"$work/asked" && cp "$work/asked" "$dir/config.json"
	"$HR_PROGRAM" try --bundle "$dir" </dev/null >"$work/out" 2>"$work/err"
	is "$? $(grep -c 'process.capabilities.bounding' "$work/err")" "125 2" \
		"$runtime: bundle: what create refuses is refused, with its report"
	chown 1 "$dir/config.json"
	refused "bundle: config.json is another's" "others than root can change it" --bundle "$dir" -- true
	chown 0 "$dir/config.json"
	chmod 777 "$dir"
	refused "bundle: others can write there" "can be (changed|written) by" --bundle "$dir" -- true
	chmod 755 "$dir"
	echo '{' >"$dir/config.json"
	refused "bundle: no JSON" "config.json:2:1" --bundle "$dir" -- true
	echo '{}' >"$dir/config.json"
	refused "bundle: nothing in it" "root.path|no object" --bundle "$dir" -- true
}

profiles() {
	printf 'include default\nanswer EPERM getpriority\n' >"$work/one.seccomp"
	try --seccomp "$work/one.seccomp" -- sh -c 'nice'
	like "$(cat "$work/err" "$work/out")" "." "$runtime: --seccomp FILE: it is read"
	"$HR_PROGRAM" try --seccomp static -- sh -c 'exit 0' >"$work/out" 2>"$work/err" </dev/null
	like "$(cat "$work/err")" "seccomp static" "$runtime: --seccomp NAME: a built-in one"
	printf 'allow nothing_of_that_name where\n' >"$work/bad.seccomp"
	refused "--seccomp: a file with a mistake" "bad.seccomp:1" --seccomp "$work/bad.seccomp" -- true
	jq -n '{defaultAction: "SCMP_ACT_ALLOW"}' >"$work/open.json"
	refused "--seccomp: a file that lets everything through" "defaultAction" --seccomp "$work/open.json" -- true
	printf '{"version": 1, "profiles": {"p": {"extends": "default", "user": {"uids": ["5"]}}}}' >"$work/policy.json"
	try --policy "$work/policy.json" --profile p --user 5 -- id -u
	is "$status $(cat "$work/out")" "0 5" "$runtime: --policy and --profile"
	"$HR_PROGRAM" try --policy "$work/policy.json" --profile p -- id -u >"$work/out" 2>"$work/err" </dev/null
	is "$?" 125 "$runtime: --policy: what its profile refuses is refused"
}

for runtime in runc crun; do
	real_begin "$runtime" || continue
	busybox_root
	directory plain
	directory 'with blank, comma:colon\backslash'
	file_capabilities
	layout
	bundle_root
	[ "$runtime" = crun ] || profiles
	real_end
done
finish
