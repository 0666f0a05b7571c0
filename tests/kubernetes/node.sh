#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pods that change nodes, run for real on a node that is made here: install, again, upgrade,
# change of policy, a broken one, an engine that does not come back, SIGKILL anywhere, remove.
set -u
# shellcheck source=tests/kubernetes/node_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/kubernetes/node_setup.sh"
node_sandbox "$@"
config=$node/etc/containerd/config.toml
before=$(listing)
cp "$config" "$work/config.before"

# ---- install ---------------------------------------------------------------------------

pod_ready hardrun-install "install: ready"
check "install: the program is that of the image" cmp "$image/hardrun/hardrun" "$node/usr/local/sbin/hardrun"
is "$(stat -c '%a %u:%g' "$node/usr/local/sbin/hardrun")" "755 0:0" "install: root's, mode 755"
check "install: the verifier of images lies beside it" cmp "$image/hardrun/hardrun-image" "$node/usr/local/sbin/hardrun-image"
check "install: it runs there" on_node /usr/local/sbin/hardrun version
is "$(readlink "$node/usr/local/sbin/hardrun-restricted")" hardrun "install: the second handler is a link"
like "$(readlink "$node/etc/hardrun/runtimes/hardrun-restricted")" ^/usr/s?bin/runc$ "install: its runtime"
is "$(<"$node/etc/hardrun/policy.json")" "$(manifest data hardrun-policy policy.json)" \
	"install: the policy is that of the ConfigMap"
is "$(on_node /usr/local/sbin/hardrun check 2>&1 | grep -v good)" "" "install: hardrun check finds it good"
dump=$(on_node containerd config dump 2>/dev/null)
for handler in runc hardrun hardrun-restricted; do
	like "$dump" "runtimes\.\"?$handler\"?\]" "install: containerd knows $handler"
done
like "$dump" '"/usr/local/sbin/hardrun-restricted"' "install: and its program"
is "$(restarts)" 1 "install: containerd is started again, once, by systemd of the node"
like "$(<"$log")" "hardrun is installed" "install: the log says so"
first=$(listing)
is "$(comm -13 <(sort <<<"$before") <(sort <<<"$first") | grep -oE '\./[^ ]*' |
	grep -vE '^\./(etc/hardrun(\.previous)?/|etc/containerd/|usr/local/sbin/hardrun(-restricted|-image)?$|var/lib/hardrun/node/)')" \
	"" "install: nothing else on the node is changed"
pod_stop
check "the pod ends at once when it is told to ($seconds s)" test "$seconds" -le 2

pod_ready hardrun-install "second start: ready"
is "$(restarts)" 1 "second start: containerd is left alone"
is "$(listing)" "$first" "second start: not a byte is changed"
passed=$(stat -c %y "$node/run/hardrun-node.lock")
sleep 3
is "$(stat -c %y "$node/run/hardrun-node.lock")" "$passed" "nothing is done while nothing changes"

# ---- the policy --------------------------------------------------------------------------

old=$(manifest data hardrun-policy policy.json)
new='{ "version": 1, "default": "restricted" }'
policy_is() { [ "$(cat "$node/etc/hardrun/policy.json" 2>/dev/null)" = "$1" ]; }

configmap 2 "$new"
check "policy: a new one is put in place" within 15 policy_is "$new"
check "policy: ready" within 15 ready
check "policy: the handlers stay" test -L "$node/etc/hardrun/runtimes/hardrun-restricted"
is "$(restarts)" 1 "policy: containerd is left alone"

configmap 3 '{ "version": 1, "default": "restrictde" }'
check "broken policy: not ready, with the place of the mistake" \
	within 15 says 'policy refused, the node keeps the one it has: .*policy.json:1:'
check "broken policy: the old one stays" policy_is "$new"
sleep 3
is "$(grep -c 'policy refused' "$log")" 1 "broken policy: the log says it, once"

configmap 4 "$old" notes.txt "what is this"
check "a key of another name: refused" within 15 says 'key notes.txt is none of policy.json'
check "a key of another name: the old policy stays" policy_is "$new"
rm -f "$policy/notes.txt"

for key in policy.d..strict.json .strict.json seccomp..strict; do
	configmap "4$key" "$old" "$key" '{"version": 1}'
	check "a key that makes a hidden file: refused ($key)" within 15 says "key $key is none of policy.json"
	rm -f "$policy/$key"
done

configmap 5 "$old" policy.d.10-lab.json \
	'{"version": 1, "profiles": {"lab": {"extends": "default"}}, "rules": [{"when": {"namespace": "lab"}, "use": "lab"}]}'
check "parts of a policy: ready" within 15 ready
check "parts of a policy: policy.d.NAME.json is policy.d/NAME.json" test -f "$node/etc/hardrun/policy.d/10-lab.json"
rm -f "$policy/policy.d.10-lab.json"
configmap 6 "$old"
gone() { [ ! -e "$node/etc/hardrun/policy.d/10-lab.json" ]; }
check "parts of a policy: what the ConfigMap drops goes" within 15 gone
check "parts of a policy: ready again" within 15 ready
pod_stop

# ---- what a create gets --------------------------------------------------------------------

runc_stub=$(stub_install runc)
mkdir -p "$node$runc_stub.d" && install -m 755 "$runc_stub" "$node$runc_stub" && mkdir -p "$node$runc_stub.d/calls"
ln -sfn "$runc_stub" "$node/etc/hardrun/runtimes/hardrun"
unshare -n -i -u sleep 1000 &
reap $!
joined=$!
sleep 0.3
example() { # CASE HANDLER: create of the example pod's container; sets $id, $status
	local case=$HR_TEST_SRCDIR/tests/calls/cases/$1-ctr-seccomp-default/config.json source bundle
	id=$1 bundle=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$1
	mkdir -p "$node$bundle/rootfs"
	manifest pod "$case" "$joined" >"$node$bundle/config.json"
	jq -r '.mounts[] | select(.type == "bind") | .source + " " + .destination' "$node$bundle/config.json" |
		while read -r source destination; do bind_source "$node$source" "$destination"; done
	on_node "/usr/local/sbin/$2" --root /run/containerd/runc/k8s.io --log "$bundle/log.json" --log-format json \
		create --bundle "$bundle" "$id" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}
# What the pod says itself; hardrun may add limits, mount options, masked paths and mounts.
asked() {
	jq -cS '{process: (.process | del(.rlimits)), root, annotations,
		resources: .linux.resources, cgroupsPath: .linux.cgroupsPath,
		mounts: [.mounts[] | [.source, .destination, .type]
			| select(. != ["tmpfs", "/run", "tmpfs"] and . != ["tmpfs", "/var/tmp", "tmpfs"])]}'
}
record() { jq -r --arg id "$id" "select(.id == \$id) | $1" "$node"/run/hardrun/records/*.json; }

for case in cri16 cri17 cri21; do
	example "$case" hardrun
	is "$status$(<"$work/err")" 0 "the example pod as $case sends it: accepted"
	is "$(record .profile)" payment "the example pod as $case sends it: the namespace decides, not the handler"
	is "$(asked <"$node/run/containerd/io.containerd.runtime.v2.task/k8s.io/$case/config.json")" \
		"$(manifest pod "$HR_TEST_SRCDIR/tests/calls/cases/$case-ctr-seccomp-default/config.json" "$joined" | asked)" \
		"the example pod as $case sends it: gets what it asks for"
	is "$(record '.report[] | select(.action != "set" and .action != "warn") | .path')" "" \
		"the example pod as $case sends it: nothing is refused or dropped"
done

# ---- remove, while a container lives ---------------------------------------------------------

mkdir -p "$node/run/containerd/runc/k8s.io/cri16"
ln -sfn /usr/sbin/runc "$node/etc/hardrun/runtimes/hardrun-restricted"
rm "$node/etc/hardrun/runtimes/hardrun"
held=$(listing)
pod_start hardrun-uninstall
check "remove: waits for containers, and names them" within 15 says 'containers still run through hardrun.*cri16'
is "$(listing)" "$held" "remove: changes nothing while it waits"
is "$(restarts)" 1 "remove: does not restart containerd while it waits"
pod_stop

# Of gVisor's containers there is a file.
rm -r "$node/run/containerd/runc/k8s.io/cri16"
touch "$node/run/containerd/runc/k8s.io/cri17_sandbox:0123.state"
pod_start hardrun-uninstall
check "remove: waits for containers of runsc" within 15 says 'containers still run through hardrun.*: cri17 *$'
is "$(listing)" "$held" "remove: changes nothing while it waits for them"
pod_stop
rm "$node/run/containerd/runc/k8s.io/cri17_sandbox:0123.state"

# ---- remove ------------------------------------------------------------------------------

pod_ready hardrun-uninstall "remove: ready"
is "$(listing)" "$before" "remove: the node is as before, byte for byte"
check "remove: the engine's file above all" cmp "$config" "$work/config.before"
is "$(restarts)" 2 "remove: containerd is started again, once"
pod_stop
pod_ready hardrun-uninstall "remove again: ready"
is "$(restarts)" 2 "remove again: nothing to do"
pod_stop
finish
