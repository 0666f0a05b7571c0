#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pods that change nodes where something is in the way: other programs, engines that do not
# come back, changed settings, hands of others, SIGKILL anywhere.
# usage: node_faults.sh [KILLS]
set -u
# shellcheck source=tests/kubernetes/node_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/kubernetes/node_setup.sh"
node_sandbox "$@"
kills=${1:-12}
program=$node/usr/local/sbin/hardrun
with_handlers() { grep -q 'runtimes.hardrun-restricted' "$node/etc/containerd/config.toml"; }
without_handlers() { ! grep -q hardrun "$node/etc/containerd/config.toml"; }
before=$(listing)

# ---- upgrade ---------------------------------------------------------------------------

pod_ready hardrun-install "upgrade: the first version"
pod_stop
exec 7<"$program"
cp "$image/hardrun/hardrun" "$work/first"
printf 'another version' >>"$image/hardrun/hardrun"
pod_ready hardrun-install "upgrade: ready"
check "upgrade: the program is the new one" cmp "$image/hardrun/hardrun" "$program"
check "upgrade: who runs the old one keeps it" cmp "$work/first" /proc/self/fd/7
exec 7<&-
is "$(restarts)" 1 "upgrade: containerd is left alone"
pod_stop
installed=$(listing)

echo '#!/nothing/here' >"$image/hardrun/hardrun"
pod_start hardrun-install
check "a program that does not run on the node: not ready" within 15 says 'does not run on the node'
is "$(listing)" "$installed" "a program that does not run on the node: nothing is changed"
pod_stop
cp "$work/first" "$image/hardrun/hardrun"
pod_ready hardrun-install "rollback: ready"
check "rollback: the program is the old one" cmp "$work/first" "$program"

# ---- settings ----------------------------------------------------------------------------

pod_stop
installed=$(listing)
variables=(HARDRUN_DIR=/opt/bin)
pod_start hardrun-install
check "another directory later: refused" within 15 says 'HARDRUN_DIR is another than when'
is "$(listing)" "$installed" "another directory later: nothing is changed"
pod_stop
variables=()

# ---- hands of others -------------------------------------------------------------------------

rm "$node/usr/local/sbin/hardrun-restricted"
echo '{ "version": 1 }' >"$node/etc/hardrun/policy.json"
variables=(HARDRUN_EVERY=2)
pod_ready hardrun-install "changed by hand: ready"
check "changed by hand: the link is there again" test -x "$node/usr/local/sbin/hardrun-restricted"
is "$(<"$node/etc/hardrun/policy.json")" "$(<"$policy/policy.json")" "changed by hand: the policy is the ConfigMap's"
mended() { cmp -s "$node/etc/hardrun/policy.json" "$policy/policy.json"; }
echo '{ "version": 1 }' >"$node/etc/hardrun/policy.json"
check "changed by hand later: mended at the next pass" within 15 mended
pod_stop

# ---- no policy, no handlers --------------------------------------------------------------------

node_again
good=$(<"$policy/policy.json")
configmap broken '{ "version": 1, '
pod_start hardrun-install
check "a broken policy on a new node: not ready" within 15 says 'policy refused'
check "a broken policy on a new node: no handlers" without_handlers
is "$(restarts)" "" "a broken policy on a new node: containerd is left alone"
configmap good "$good"
check "a broken policy that is mended: ready" within 20 ready
check "a broken policy that is mended: handlers" with_handlers
pod_stop

# ---- the engine does not come back ---------------------------------------------------------------

node_again
echo 1 >"$node/run/systemctl.fails"
pod_start hardrun-install
check "the engine does not start: not ready, and where to look" within 15 says 'containerd does not start again: see journalctl'
check "the engine does not start: the handlers are taken out again" without_handlers
is "$(restarts)" 2 "the engine does not start: it is started without them"
pod_stop
pod_ready hardrun-install "the engine starts later: ready"
check "the engine starts later: handlers" with_handlers
pod_stop
pod_ready hardrun-uninstall "the engine starts later: removed"
is "$(listing)" "$before" "the engine starts later: byte for byte"
pod_stop

# ---- somebody had hardrun here before ----------------------------------------------------------

node_again
echo "an older program" >"$program"
mkdir -p "$node/etc/hardrun/runtimes" "$node/etc/hardrun/keys"
echo '{ "version": 1 } // by hand' >"$node/etc/hardrun/policy.json"
echo key >"$node/etc/hardrun/keys/one.pub"
chmod 600 "$node/etc/hardrun/keys/one.pub"
ln -s /usr/sbin/runc "$node/etc/hardrun/runtimes/hardrun-web"
then=$(listing)
pod_ready hardrun-install "hardrun by hand before: ready"
check "hardrun by hand before: its other files stay" cmp -s "$node/etc/hardrun/keys/one.pub" - <<<key
check "hardrun by hand before: its other handler stays" test -L "$node/etc/hardrun/runtimes/hardrun-web"
pod_stop
pod_ready hardrun-uninstall "hardrun by hand before: removed"
is "$(listing)" "$then" "hardrun by hand before: byte for byte"
pod_stop

# ---- another engine uses it ----------------------------------------------------------------------

# Made by hand after the pod was here: its file names the program.
node_again
mkdir -p "$node/etc/docker"
echo '{}' >"$node/etc/docker/daemon.json"
with_docker=$(listing)
pod_ready hardrun-install "Docker beside it: ready"
pod_stop
check "Docker beside it: setup" on_node /usr/local/sbin/hardrun setup docker --default --handler hardrun >"$work/out"
pod_start hardrun-uninstall
check "Docker beside it: remove waits, and says for what" \
	within 15 says 'hardrun stays, other engines use it: /etc/docker/daemon.json:'
check "Docker beside it: containerd is without it" without_handlers
check "Docker beside it: the program stays" test -x "$program"
check "Docker beside it: its runtime stays" on_node /usr/local/sbin/hardrun --version >"$work/out"
check "Docker beside it: setup --remove" on_node /usr/local/sbin/hardrun setup docker --remove >"$work/out"
pod_stop
pod_ready hardrun-uninstall "Docker beside it: removed"
is "$(listing)" "$with_docker" "Docker beside it: byte for byte"
pod_stop

# Before the pod was here: as it was then.
node_again
mkdir -p "$node/etc/docker"
echo '{}' >"$node/etc/docker/daemon.json"
install -m 755 "$HR_PROGRAM" "$program"
check "Docker before it: setup" on_node /usr/local/sbin/hardrun setup docker --default --handler hardrun >"$work/out"
then=$(listing)
pod_ready hardrun-install "Docker before it: ready"
pod_stop
pod_ready hardrun-uninstall "Docker before it: removed"
is "$(listing)" "$then" "Docker before it: byte for byte"
pod_stop

# ---- other places ----------------------------------------------------------------------------

node_again
mv "$node/usr/sbin/runc" "$node/usr/local/sbin/runc"
before_moved=$(listing)
pod_ready hardrun-install "runc in another place: ready"
for handler in hardrun hardrun-restricted; do
	is "$(readlink "$node/etc/hardrun/runtimes/$handler")" /usr/local/sbin/runc "runc in another place: $handler has it"
done
like "$(on_node /usr/local/sbin/hardrun --version)" ^runc "runc in another place: it is found"
pod_stop
pod_ready hardrun-uninstall "runc in another place: removed"
is "$(listing)" "$before_moved" "runc in another place: byte for byte"
pod_stop

# As k3s has it: containerd and runc in its own directories, a file that it writes itself and that
# imports a directory, one of two units.
node_again
rancher=/var/lib/rancher/k3s
mkdir -p "$node$rancher/agent/etc/containerd" "$node$rancher/data/123/bin" "$node/opt/bin"
ln -s 123 "$node$rancher/data/current"
mv "$node/usr/sbin/runc" "$node$rancher/data/123/bin/runc"
rm -r "$node/usr/bin/containerd" "$node/etc/containerd"
sed -i 's/^\[ "$1" = restart \] || exit 0/case $* in *k3s-agent) exit 3 ;; is-active*) exit 0 ;; esac/' "$node/usr/bin/systemctl"
cat >"$node$rancher/agent/etc/containerd/config.toml" <<-TOML
	version = 3
	imports = ["$rancher/agent/etc/containerd/config-v3.toml.d/*.toml"]
	root = "$rancher/agent/containerd"

	[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
	  runtime_type = "io.containerd.runc.v2"

	[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
	  SystemdCgroup = true
TOML
before_k3s=$(listing)
mapfile -t variables < <(sed -n 's/^#\t\(HARDRUN_[A-Z]*\): "\{0,1\}\([^"]*\)"\{0,1\}$/\1=\2/p' \
	"$HR_TEST_SRCDIR/contrib/kubernetes/settings.yaml" | head -n 3)
is "${variables[2]}" "HARDRUN_UNITS=k3s-agent k3s" "k3s: the settings are those of settings.yaml"
variables+=(HARDRUN_DIR=/opt/bin)
pod_ready hardrun-install "k3s: ready"
dropin=$node$rancher/agent/etc/containerd/config-v3.toml.d/hardrun.toml
like "$(cat "$dropin")" 'BinaryName = "/opt/bin/hardrun-restricted".*SystemdCgroup = true' "k3s: a drop-in file, with the option of its runc"
is "$(grep -c restart "$node/run/systemctl.log")$(grep restart "$node/run/systemctl.log")" "11 restart k3s" \
	"k3s: the unit that is active is restarted, once"
is "$(readlink "$node/etc/hardrun/runtimes/hardrun")" "$rancher/data/current/bin/runc" "k3s: its runc, also after its next upgrade"
like "$(on_node /opt/bin/hardrun --version)" ^runc "k3s: it is found"
pod_stop
pod_ready hardrun-uninstall "k3s: removed"
is "$(listing)" "$before_k3s" "k3s: byte for byte"
pod_stop

# ---- SIGKILL anywhere ----------------------------------------------------------------------------

# After each kill the next pod finishes the work; containerd has seen its file since the file
# was changed; and all can be taken back.
node_again
wrong=''
for ((i = 0; i < kills; i++)); do
	node_again
	variables=(HARDRUN_POLL=1)
	pod_start hardrun-install
	sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
	pod_kill
	pod_start hardrun-install
	within 30 ready || wrong+="$i: not ready: $(probe)"$'\n'
	with_handlers && [ "$node/run/systemctl.log" -nt "$node/etc/containerd/config.toml" ] ||
		wrong+="$i: containerd does not know"$'\n'
	pod_kill
	pod_start hardrun-uninstall
	sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
	pod_kill
	pod_start hardrun-uninstall
	within 30 ready || wrong+="$i: not removed: $(probe)"$'\n'
	[ "$(listing)" = "$before" ] || wrong+="$i: $(listing)"$'\n'
	pod_kill
done
is "$wrong" "" "$kills times SIGKILL while installing and while removing: nothing half done"
finish
