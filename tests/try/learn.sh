#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: learn.sh [quick|full|NAME...]
# Workloads of tests/workloads, learned and run a second time under what was learned: by
# `hardrun try --seccomp` and, with a policy, by `hardrun run`, on runc and on crun, the other
# runtime's profile too. Each must answer as it does under the default profile, be refused
# nothing that default does not refuse, and gain nothing over default. Prints how many calls
# each profile lets through beside Docker's. Then recordings: merged, and one cut short.
set -u
# shellcheck source=tests/try/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/try/lib.sh"
here=$HR_TEST_SRCDIR/tests/workloads
# shellcheck source=tests/workloads/rootfs.sh
. "$here/rootfs.sh"

docker=309 # calls that Docker's default lets through on x86_64

# ---- root file system --------------------------------------------------------------------

choose() {
	local word
	names=() set=quick
	for word in "${@:-quick}"; do
		case $word in
		quick) names+=(redis static-glibc) ;;
		full) names+=(redis static-glibc static-musl nginx postgres python3 node go) ;;
		*) names+=("$word") ;;
		esac
	done
	for word in "${names[@]}"; do
		case $word in redis | nginx | python3 | static-glibc) ;; *) set=all ;; esac
	done
}

# One directory that is the root file system of all, $merged.
prepare() {
	local packages layer=$work/layer
	mapfile -t packages < <(awk -v set="$set" '!/^#/ && (set == "all" || $2 == set) {
		for (i = 6; i <= NF; i++) print $i}' "$here/list" | LC_ALL=C sort -u)
	rootfs_make "$set" "${packages[@]}" || return
	note "root file system: $rootfs_seconds s"
	mkdir -p "$layer"/{w,etc,opt/workloads} "$work/merged" "$work/said"
	cp -r "$here"/{inside,cases,programs} "$try_tests/driver" "$layer/w"
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost' '127.0.0.1 workload' >"$layer/etc/hosts"
	[ -e "$programs/opt/workloads/static-glibc" ] ||
		gcc -O1 -static -o "$layer/opt/workloads/static-glibc" "$here/programs/static.c" || return
	merged=$work/merged
	mount -t overlay overlay -o "lowerdir=$layer:$programs:$rootfs" "$merged"
}

# ---- one run -----------------------------------------------------------------------------

# Wait until the workload of $said has ended or its client has said its last word, end the
# service as an administrator would, and set $status.
until_checked() { # PID
	local tries
	for ((tries = 0; tries < 3000; tries++)); do
		kill -0 "$1" 2>/dev/null || break
		if [ "$how" = start ] && grep -q '^checked ' "$said"; then
			kill -TERM "$1"
			break
		fi
		sleep 0.1
	done
	kill -0 "$1" 2>/dev/null && [ "$how" = run ] && kill -TERM "$1"
	wait "$1"
	status=$?
	[ "$how" != start ] || [ "$status" != 143 ] || status=0 # that is SIGTERM
}

# watched try|learn [OPTION...]: $name under hardrun's own command; $said is what it answers
watched() {
	local command=$1
	shift
	said=$work/said/$name.$((serial += 1)) how=start
	! grep -q '^run()' "$here/cases/$name.sh" || how=run
	: >"$said"
	"$work/bin/hardrun" "$command" --rootfs "$merged" --env HOSTNAME=workload \
		--env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"$@" -- /w/driver "$how" "$name" >"$said" 2>"$said.log" </dev/null &
	tried+=($!)
	until_checked $!
}

# The same by `hardrun run` with a policy that names the profile FILE.
enforced() { # FILE
	local id=learned-$((serial += 1))
	local bundle=$work/b/$id
	said=$work/said/$name.$serial
	: >"$said"
	real_policy '{"version": 1, "default": "w", "profiles": {"w": {"extends": "default",
		"seccomp": {"profile": "learned"}}}}'
	mkdir -p /etc/hardrun/seccomp "$bundle/rootfs" "$work/layers/$id"/{upper,work}
	cp "$1" /etc/hardrun/seccomp/learned.seccomp
	mount -t overlay overlay -o "lowerdir=$work/layer:$programs:$rootfs" \
		-o "upperdir=$work/layers/$id/upper,workdir=$work/layers/$id/work" "$bundle/rootfs"
	real_bundle "$bundle" "$(recorded docker-run)" 'del(.linux.seccomp, .hooks)
		| .mounts |= map(select(.type != "bind")) | .hostname = "workload"
		| .process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"HOSTNAME=workload"]
		| .process.cwd = "/" | .process.args = ["/w/driver", "'"$how"'", "'"$name"'"]'
	"$work/bin/hardrun" --root "$root" run --bundle "$bundle" "$id" >"$said" 2>"$said.log" \
		</dev/null &
	until_checked $!
	bare delete --force "$id" >/dev/null 2>&1
	umount "$bundle/rootfs" && rm -rf "$bundle" "$work/layers/$id"
	real_policy '{"version": 1}'
}

# as_before WHAT: it ended well, with the answers of the first run
as_before() {
	if [ "$status" -eq 0 ] && cmp -s "$work/wanted.$name" "$said"; then
		ok "$runtime: $name: $1"
	else
		not_ok "$runtime: $name: $1" "$(
			echo "status $status"
			diff "$work/wanted.$name" "$said" | head -40
			tail -n 40 "$said.log")"
	fi
}

# ---- one workload ------------------------------------------------------------------------

# What was refused, without what the runtime was: call, answer.
refused() { # REPORT
	jq -r '.calls[] | select(.runtime | not) | "\(.call | sub("\\(.*"; ""; "s")) \(.answer)"' "$1" | LC_ALL=C sort -u
}

# Under the default profile: the answers, and what default refuses to it.
reference() {
	watched try --json "$work/$name.$runtime.first"
	if [ "$status" -ne 0 ] || ! grep -qx 'checked 0' "$said" || grep -q '^failed (' "$said"; then
		not_ok "$runtime: $name: under try and default" "status $status"$'\n'"$(cat "$said" "$said.log")"
		return 1
	fi
	if [ -e "$work/wanted.$name" ]; then
		as_before "under try and default"
	else
		cp "$said" "$work/wanted.$name"
		ok "$runtime: $name: under try and default"
	fi
	[ -s "$work/$name.$runtime.first" ]
}

learned() {
	profile=$work/$name.$runtime.seccomp
	watched learn --output "$profile"
	as_before "while it is learned"
	[ -s "$profile" ] || return
	"$work/bin/hardrun" check "$profile" >"$work/check" 2>&1
	is $? 0 "$runtime: $name: check has nothing to say of the profile"
	calls=$(sed -n 's/.*system calls: \([0-9]*\) on x86_64.*/\1/p' "$work/check")
	note "$name on $runtime: ${calls:-?} calls, Docker's default $docker"
	[ "${calls:-999}" -lt 160 ]
	is $? 0 "$runtime: $name: about half of Docker's or less"
	gained=$("$work/bin/hardrun" diff default "$profile" 2>&1 | grep '^[+>~!]')
	is "$gained" '' "$runtime: $name: nothing gained over default"
}

# A program that is the whole container, without the driver's shell and client.
by_itself() { # PROGRAM
	local profile=$work/itself.seccomp calls
	rm -f "$profile"
	learn --rootfs "$merged" --output "$profile" -- "$1"
	is "$status" 0 "$runtime: ${1##*/} by itself is learned"
	"$work/bin/hardrun" check "$profile" >"$work/check" 2>&1
	calls=$(sed -n 's/.*system calls: \([0-9]*\) on x86_64.*/\1/p' "$work/check")
	note "${1##*/} by itself on $runtime: ${calls:-?} calls, Docker's default $docker"
	[ "${calls:-999}" -lt 95 ] # it tries much of what a program can do
	is $? 0 "$runtime: ${1##*/} by itself needs fewer than 95 calls"
	place=(--rootfs "$merged")
	try default --seccomp "$profile" -- "$1"
	is "$status $(refused "$work/try.json" | grep -v '^clone3 ')" '0 ' \
		"$runtime: ${1##*/} by itself runs under it, and nothing is refused"
	place=(--rootfs "$work/image")
}

# A second time, under the profile of BY.
again() { # BY
	local file=$work/$name.$1.seccomp
	[ -s "$file" ] || return
	watched try --seccomp "$file" --json "$work/again.json"
	as_before "try under what was learned on $1"
	is "$(LC_ALL=C comm -13 <(refused "$work/$name.$runtime.first") <(refused "$work/again.json"))" \
		'' "$runtime: $name: nothing is refused that default lets through, learned on $1"
	enforced "$file"
	as_before "run with a policy, learned on $1"
}

# ---- recordings --------------------------------------------------------------------------

learn() { # ARGUMENT...: hardrun learn; $status, $work/out, $work/err
	timeout --foreground 120 "$work/bin/hardrun" learn "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}

lists() { # FILE CALL: the profile lets it through
	! "$work/bin/hardrun" diff default "$1" | grep -qE "^- *$2\b"
}

# Two runs that need different calls: the merged profile has both, each alone has not.
merged_recordings() {
	local one=$work/one.json two=$work/two.json
	learn --rootfs "$work/image" --recording "$one" -- /bin/sh -c 'chown 1:1 /tmp; exit 3'
	is "$status" 3 "$runtime: the status of a run that is recorded is the command's"
	learn --rootfs "$work/image" --recording "$two" -- /bin/sh -c 'mkdir /tmp/a'
	is "$status" 0 "$runtime: a second run is recorded"
	learn --from "$one" "$two" --output "$work/both.seccomp"
	is "$status" 0 "$runtime: two recordings become one profile"
	learn --from "$one" --exact --output "$work/only.seccomp"
	is "$status" 0 "$runtime: one recording becomes a profile"
	check "$runtime: the profile of both has chown" lists "$work/both.seccomp" chown
	check "$runtime: the profile of both has mkdir" lists "$work/both.seccomp" mkdir
	check "$runtime: that of one has chown" lists "$work/only.seccomp" chown
	if lists "$work/only.seccomp" mkdir; then
		not_ok "$runtime: that of one does not have mkdir" "$(cat "$work/only.seccomp")"
	else
		ok "$runtime: that of one does not have mkdir"
	fi
	try default --seccomp "$work/both.seccomp" -- /bin/sh -c 'chown 1:1 /tmp && mkdir /tmp/a'
	is "$status" 0 "$runtime: both run under the profile of both"
	learn --from "$two" "$one"
	cp "$work/out" "$work/turned.seccomp"
	"$work/bin/hardrun" diff "$work/both.seccomp" "$work/turned.seccomp" >"$work/out" 2>&1
	is $? 0 \
		"$runtime: the order of recordings does not matter"
	learn --from "$one" "$one" "$two" "$two"
	cp "$work/out" "$work/twice.seccomp"
	"$work/bin/hardrun" diff "$work/both.seccomp" "$work/twice.seccomp" >"$work/out" 2>&1
	is $? 0 \
		"$runtime: a recording twice is as once"
}

incomplete_recording() {
	jq '.complete = false' "$work/one.json" >"$work/short.json"
	learn --from "$work/short.json" --output "$work/short.seccomp"
	is "$status" 0 "$runtime: a recording that is not complete becomes a profile"
	like "$(cat "$work/err")" 'complete|cut short' "$runtime: with a warning"
	like "$(cat "$work/short.seccomp")" '#[^
]*(complete|cut short)' "$runtime: and a comment"
	head -c 200 "$work/one.json" >"$work/torn.json"
	learn --from "$work/torn.json" --output "$work/torn.seccomp"
	is "$status" 3 "$runtime: a torn recording is refused"
	check "$runtime: and nothing is written" test ! -e "$work/torn.seccomp"
}

# The watcher dies by SIGKILL in the middle of a run.
killed_learner() {
	"$work/bin/hardrun" learn --rootfs "$work/image" --recording "$work/killed.json" \
		--output "$work/killed.seccomp" -- /bin/sh -c 'while :; do sleep 0.1; done' \
		>"$work/out" 2>"$work/err" </dev/null &
	local learner=$!
	tried+=("$learner")
	sleep 2
	kill -KILL "$learner"
	wait "$learner" 2>/dev/null
	if [ -e "$work/killed.seccomp" ] || [ "$(jq .complete "$work/killed.json" 2>/dev/null)" = true ]; then
		not_ok "$runtime: a learner that is killed writes nothing that looks whole"
	else
		ok "$runtime: a learner that is killed writes nothing that looks whole"
	fi
	nothing_left "a learner that is killed"
}

choose "$@"
try_sandbox "$@"
rootfs_needs || skip_all "$why"
if ! prepare; then
	not_ok "the root file system of the $set workloads" "$(tail -n 30 "$work/build" 2>/dev/null)"
	finish
fi
for runtime in runc crun; do
	try_begin "$runtime" || continue
	merged_recordings
	incomplete_recording
	killed_learner
	for name in "${names[@]}"; do
		reference && learned && again "$runtime"
		[ "$runtime" != crun ] || again runc
	done
	by_itself /opt/workloads/static-glibc
	nothing_left "all workloads"
	real_end
done
finish
