#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seccomp.learn with runc and crun themselves: the two hand their listeners over at different
# times (runc at create, crun at start), and either may never come to that.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh" || exit
real_sandbox "$@"
cover /var/lib || skip_all "no overlay file system over /var/lib"
rm -rf /var/lib/hardrun
learned=/var/lib/hardrun/learn sockets=/run/hardrun/learn

complete() { [ "$(jq .complete "$learned/$1.json" 2>/dev/null)" = true ]; } # ID
cut_short() { [ "$(jq .complete "$learned/$1.json" 2>/dev/null)" = false ]; }
calls() { jq -r '.calls | if type == "object" then keys else map(.name // .call) end | join(" ")' "$learned/$1.json" 2>/dev/null; }
has_call() { [[ " $(calls "$1") " == *" $2 "* ]]; }
recorders() { grep -lsx hardrun-learn /proc/[0-9]*/comm | cut -d / -f 3; }
no_recorders() { [ -z "$(recorders)" ]; }
no_sockets() { [ -z "$(ls -A "$sockets" 2>/dev/null)" ]; }

within() { # SECONDS COMMAND...
	local last=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -le "$last" ] || return
		sleep 0.05
	done
}

called_hr() { timeout -k 5 60 "$work/bin/hardrun" --root "$root" "$@"; }

bundle() { # NAME COMMAND...: as argv of sh -c
	real_bundle "$work/b/$1-$runtime" "$(real_spec)" ".process.args = [\"/bin/sh\", \"-c\", \"$2\"]
		| .root.readonly = false"
}

for runtime in runc crun; do
	real_begin "$runtime" || continue
	real_policy '{"version": 1, "default": "learning", "profiles": {"learning":
		{"extends": "default", "seccomp": {"learn": true}}}}'

	bundle one 'mkdir /tmp/x; ln -s a /tmp/x/y; echo did'
	out=$(called_hr run --bundle "$work/b/one-$runtime" "one-$runtime" </dev/null 2>"$work/err")
	is "$out" did "$runtime: run"
	[ ! -s "$work/err" ] || note "$(cat "$work/err")"
	check "$runtime: its recording is complete" within 10 complete "one-$runtime"
	check "$runtime: it holds what the command did" has_call "one-$runtime" symlink
	is "$(jq -r .id "$learned/one-$runtime.json")" "one-$runtime" "$runtime: and its id"

	bundle two 'while :; do sleep 1; done'
	called_hr create --bundle "$work/b/two-$runtime" "two-$runtime" </dev/null >"$work/out" 2>"$work/err"
	is "$(called_hr state "two-$runtime" 2>&1 | jq -r .status)" created "$runtime: create"
	sleep 2
	check "$runtime: the recorder waits for the start" test -n "$(recorders)"
	called_hr start "two-$runtime" >"$work/out" 2>"$work/err"
	is "$(called_hr state "two-$runtime" 2>&1 | jq -r .status)" running "$runtime: start"
	is "$(called_hr exec "two-$runtime" sh -c 'mkdir /tmp/b && echo made' </dev/null 2>&1)" made \
		"$runtime: exec"
	check "$runtime: what it did is recorded" within 10 has_call "two-$runtime" mkdir
	check "$runtime: the recording is not complete" cut_short "two-$runtime"
	called_hr delete --force "two-$runtime" >"$work/out" 2>&1
	check "$runtime: after delete it is complete" within 10 complete "two-$runtime"

	bundle three 'true'
	called_hr create --bundle "$work/b/three-$runtime" "three-$runtime" </dev/null >"$work/out" 2>"$work/err"
	called_hr delete --force "three-$runtime" >"$work/out" 2>&1
	check "$runtime: one that was created and never started leaves no recorder" \
		within 10 no_recorders

	real_bundle "$work/b/four" "$(real_spec)" '.process.args = ["/not/there"]'
	called_hr create --bundle "$work/b/four" "four-$runtime" </dev/null >"$work/out" 2>&1
	called_hr delete --force "four-$runtime" >"$work/out" 2>&1
	check "$runtime: nor one that could not be created" within 10 no_recorders
	check "$runtime: nor a socket" within 5 no_sockets
	real_end
done
finish
