#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun inventory: real containers of runc and crun that run, that were killed, that were deleted,
# and that are being made; what it says of each is what its record and the runtime say.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"

inventory() { run hardrun inventory --json; }

ids() { jq -r '[.containers[].id] | join(" ")' "$work/out"; }

field() { # ID JQ WANTED NAME
	is "$(jq -r --arg id "$1" ".containers[] | select(.id == \$id) | $2" "$work/out")" "$3" "$runtime: $4"
}

record_of() { # ROOT ID
	printf '/run/hardrun/records/%s.json' "$(printf '%s\0%s' "$(realpath "$1")" "$2" | sha256sum | cut -d' ' -f1)"
}

# begin ID ROOT BUNDLE FILTER: a container that sleeps
begin() {
	real_bundle "$3" "$(real_spec)" ".process.args = [\"/bin/sleep\", \"1000\"] | .process.terminal = false | $4"
	run hardrun --root "$2" create --bundle "$3" "$1" </dev/null
	[ "$status" -eq 0 ] || note "$runtime: $1: $(cat "$work/err")"
	run hardrun --root "$2" start "$1"
}

runtime=none
fresh
handler hardrun /bin/true
inventory
is "$status $(cat "$work/out")" '0 {"version":1,"containers":[],"gone":0,"unreadable":0}' "no records at all"
run hardrun inventory
is "$status $(cat "$work/out")" "0 0 containers are alive" "no records at all, as text"
run hardrun inventory --yaml
is "$status" 2 "usage"

for runtime in runc crun; do
	real_begin "$runtime" || continue
	real_policy '{"version": 1, "profiles": {"trial": {"extends": "default", "mode": "audit"}},
		"rules": [{"when": {"namespace": "shop"}, "use": "trial"}]}'
	cri=$root/k8s.io
	tasks=$work/io.containerd.runtime.v2.task/k8s.io
	mkdir -p "$cri"
	pod='.annotations = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": "sb",
		"io.kubernetes.cri.sandbox-uid": "u-1", "io.kubernetes.cri.image-name": "docker.io/library/busybox:1.36"'
	begin plain-1 "$root" "$work/b/plain-1" .
	begin z-1 "$cri" "$tasks/z-1" "$pod"', "io.kubernetes.cri.sandbox-namespace": "web",
		"io.kubernetes.cri.sandbox-name": "front-2", "io.kubernetes.cri.container-name": "nginx"}'
	begin a-1 "$cri" "$tasks/a-1" "$pod"', "io.kubernetes.cri.sandbox-namespace": "web",
		"io.kubernetes.cri.sandbox-name": "front-10", "io.kubernetes.cri.container-name": "nginx"}'
	begin m-1 "$cri" "$tasks/m-1" "$pod"', "io.kubernetes.cri.sandbox-namespace": "shop",
		"io.kubernetes.cri.sandbox-name": "cart", "io.kubernetes.cri.container-name": "b"}'
	inventory
	is "$status $(ids)" "0 plain-1 m-1 a-1 z-1" "$runtime: all that live, by namespace and pod"
	field m-1 '[.namespace, .pod, .container, .image_name, .pod_uid] | join(" ")' \
		"shop cart b docker.io/library/busybox:1.36 u-1" "identity"
	field m-1 .profile "$(jq -r .profile "$(record_of "$cri" m-1)")" "profile"
	field m-1 '"\(.handler) \(.runtime) \(.root) \(.bundle)"' "hardrun $program $cri $tasks/m-1" "handler, runtime, root, bundle"
	field m-1 .runtime_version "$(jq -r .runtime_version "$(record_of "$cri" m-1)")" "the runtime's version"
	field m-1 '.mac | keys | join(" ")' "apparmor selinux" "labels"
	field m-1 '[.learn, .log] | join(" ")' "false false" "learn and log"
	for id in plain-1 m-1; do
		dir=$root
		[ "$id" = plain-1 ] || dir=$cri
		field "$id" '"\(.changes) \(.warnings) \(.audited)"' \
			"$(jq -r '[.report[] | if .action == "warn" then "w" elif .mode == "audit" then "a" else "c" end] |
				"\(map(select(. == "c")) | length) \(map(select(. == "w")) | length) \(map(select(. == "a")) | length)"' \
				"$(record_of "$dir" "$id")")" "$id: changes, warnings, left by mode audit"
	done
	field plain-1 '.since[:16]' "$(date -u -r "$(record_of "$root" plain-1)" +%Y-%m-%dT%H:%M)" "since"
	run hardrun inventory
	like "$(cat "$work/out")" $'shop/cart/b  m-1\n    since ' "$runtime: text"
	like "$(cat "$work/out")" '4 containers are alive' "$runtime: text: how many"
	is "$(LC_ALL=C grep -c '[^ -~]' "$work/out")" 0 "$runtime: text: printable ASCII"

	# Killed: the runtime still has it, as stopped; deleted: it is gone.
	"$program" --root "$cri" kill a-1 KILL
	until [[ $("$program" --root "$cri" state a-1 | jq -r .status) == stopped ]]; do sleep 0.05; done
	inventory
	is "$(ids)" "plain-1 m-1 a-1 z-1" "$runtime: a killed one is there until it is deleted"
	field a-1 '"\(.running) \(.pid)"' "false null" "a killed one does not run"
	field z-1 '"\(.running) \(.pid)"' "true $("$program" --root "$cri" state z-1 | jq .pid)" "the other one does"
	run hardrun --root "$cri" delete a-1
	inventory
	is "$(ids) $(jq .gone "$work/out")" "plain-1 m-1 z-1 1" "$runtime: a deleted one is gone, though its record is there"
	run hardrun --root "$cri" delete --force z-1
	echo '{' >/run/hardrun/records/ff.json
	echo '{}' >/run/hardrun/records/fe.json
	mkfifo /run/hardrun/records/fd.json
	inventory
	is "$(ids) $(jq -c '[.gone, .unreadable]' "$work/out")" "plain-1 m-1 [2,3]" "$runtime: records that cannot be read are counted"
	rm /run/hardrun/records/f[def].json

	# Being made: its creator lives, the runtime has nothing yet.
	sleep 1000 &
	reap $!
	start=$(sed 's/.*) //' /proc/$!/stat | cut -d' ' -f20)
	jq -c --argjson pid $! --argjson start "$start" \
		'.id = "new-1" | .state = "preparing" | .creator = {pid: $pid, start: $start}' \
		"$(record_of "$root" plain-1)" >/run/hardrun/records/00.json
	inventory
	is "$(ids)" "new-1 plain-1 m-1" "$runtime: one that is being made"
	field new-1 .state preparing "its state"
	kill -KILL $!
	wait $! 2>/dev/null
	inventory
	is "$(ids)" "plain-1 m-1" "$runtime: its creator was killed"

	# What cannot be had of a real container here: labels, a signed image, values from outside.
	jq -c '.identity = {kind: "container", namespace: "<b>\u001b[2J", pod: "p\u202e", container: "c"} |
		.range = "1310720" | .level = "s0:c1,c2" | .learn = true | .log = true |
		.ceilings.apparmor = {label: "hardrun-default", kernel: "on"} |
		.image = {accepted: true, digest: "sha256:0123", by: {how: "signature", key: "release", key_type: "ECDSA P-256",
			format: "cosign", scope: "docker.io/library"}}' \
		"$(record_of "$root" plain-1)" >/run/hardrun/records/01.json
	run hardrun inventory
	for words in 'sha256:0123, signed by release \(ECDSA P-256, cosign\), scope docker.io/library' \
		'apparmor  hardrun-default, kernel: on' 's0:c1,c2' '1310720' 'learning' 'logged by the kernel' \
		'\\x3Cb\\x3E\\x1B\[?'; do
		like "$(cat "$work/out")" "$words" "$runtime: text: $words"
	done
	is "$(LC_ALL=C grep -c '[^ -~]' "$work/out")" 0 "$runtime: foreign values: printable ASCII"
	inventory
	is "$(jq -c '.containers[] | select(.range) | [.range, .level, .learn, .log, .image.by.key, .mac.apparmor.label]' "$work/out")" \
		'["1310720","s0:c1,c2",true,true,"release","hardrun-default"]' "$runtime: the same in JSON"
	real_end
done
finish
