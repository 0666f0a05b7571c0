# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the tests of report: a log of real calls, recorded under containerd's CRI.

: "${work:?the sandbox is not there}"
calls=$HR_TEST_SRCDIR/tests/calls
# shellcheck disable=SC2034 # for the scripts
audit=/var/log/hardrun/audit.jsonl

# Where recorded documents have the engine's files.
report_places() {
	local dir
	for dir in /var/lib /var/tmp /tmp /srv; do cover "$dir" || return; done
}

# replay CASE NAMESPACE POD [JQ]: a recorded create, as if of that pod; its namespaces are new.
replay() {
	local case=$calls/cases/$1 id=$1-$3 dir source destination
	dir=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id
	mkdir -p "$dir/rootfs"
	jq -c --arg space "$2" --arg pod "$3" '
		del(.linux.namespaces[]?.path) | .root.path = "rootfs" |
		.annotations["io.kubernetes.cri.sandbox-namespace"] = $space |
		.annotations["io.kubernetes.cri.sandbox-name"] = $pod |
		'"${4:-.}" "$case/config.json" >"$dir/config.json"
	while read -r source destination; do
		[ -z "$source" ] || bind_source "$source" "$destination"
	done < <(jq -r '.mounts[]? | select((.options // []) | index("bind") or index("rbind")) |
		"\(.source) \(.destination)"' "$dir/config.json")
	# shellcheck disable=SC2034 # for the caller
	created=$id
	run hardrun --root /run/containerd/runc/k8s.io --log "$dir/log.json" --log-format json \
		create --bundle "$dir" --pid-file "$dir/init.pid" "$id"
}

# Several pods: some refused, some in mode audit, one not of Kubernetes.
real_log() {
	local case
	policy '{"version": 1, "profiles": {
		"trial": {"extends": "default", "mode": "audit"},
		"strict": {"extends": "restricted"}},
		"rules": [{"when": {"namespace": "shop"}, "use": "trial"},
			{"when": {"namespace": "bank"}, "use": "strict"}]}'
	for case in main privileged hostpath device; do replay_any "$case" shop "cart-$case"; done
	for case in default privileged caps-add-all; do replay_any "$case" bank "ledger-$case"; done
	for case in default privileged hostpath readonly in-hostpid-hostipc; do
		replay_any "$case" web "front-$case"
		replay_any "$case" web "back-$case"
	done
	replay cri16-pod-default web front
	bundle "$work/plain"
	run hardrun --root "$work/root" create --bundle "$work/plain" plain-1
	bundle "$work/loose" '.process.capabilities = "all"'
	run hardrun --root "$work/root" create --bundle "$work/loose" loose-1
	run hardrun --root "$work/root" create --bundle "$work/none" none-1
	for case in 1 2 3; do
		run hardrun --root "$work/root" exec --process "$work/process.json" plain-1 </dev/null
	done
}

# The case of that name, whatever its prefix; "main" is the plain container.
replay_any() { # NAME NAMESPACE POD
	local case
	for case in "cri16-ctr-$1" "cri16-ctr-in-$1" cri16-ctr-default; do
		[ ! -d "$calls/cases/$case" ] || break
	done
	replay "$case" "$2" "$3"
}
