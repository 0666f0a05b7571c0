#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the pods of daemonset.yaml (install) and uninstall.yaml (remove) do to a node, whose root
# directory is mounted at /host. All that is done to it is done by the program `hardrun setup`
# on the node itself (chroot), by rename, or can be done again: the pod may be killed anywhere.
#
#	node.sh install    binary, AppArmor profiles, policy, handlers; then again whenever the policy
#	                   changes
#	node.sh remove     takes all of that back, once no container runs through hardrun
#	node.sh ready      for the readiness probe: what is wrong, if anything
#
# It runs under busybox. The settings are those of settings.yaml.
set -u
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
# systemctl does nothing in a chroot, unless it is told that this one is the host.
export SYSTEMD_IGNORE_CHROOT=1

host=/host
image=/hardrun/hardrun # the program as it came with the image
verifier=/hardrun/hardrun-image # the one that it asks about images
labels=/hardrun/apparmor # the profiles as they came with the image
policy=/policy         # the mounted ConfigMap
own=/run/node          # of this pod: ready, why
state=$host/var/lib/hardrun/node
dir=${HARDRUN_DIR:-/usr/local/sbin}
program=$dir/hardrun # on the node; hardrun-image lies beside it
engine=${HARDRUN_ENGINE:-containerd}
config=${HARDRUN_CONFIG:-}
runtime=${HARDRUN_RUNTIME:-}
handlers=${HARDRUN_HANDLERS:-hardrun hardrun-restricted}
units=${HARDRUN_UNITS:-containerd}
poll=${HARDRUN_POLL:-5}
every=${HARDRUN_EVERY:-600}
applied='' why='' said=''

# ---- messages --------------------------------------------------------------------------

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

# Why the pod is not ready. Returns 1, so that a step ends with it.
fail() {
	why="$*"
	return 1
}

# The result of a pass goes to the probe; to the log when it is another than before.
report() { # STATUS TEXT-IF-GOOD
	if [ "$1" -eq 0 ]; then
		: >"$own/ready"
		why=$2
	else
		printf '%s\n' "$why" >"$own/why"
		rm -f "$own/ready"
	fi
	[ "$why" = "$said" ] || say "$why"
	said=$why
}

on_node() { chroot "$host" "$@"; }

# ---- what was there before -------------------------------------------------------------

# Kept once, before anything is changed; restored by remove.
remember() {
	if [ ! -d "$state" ]; then
		rm -rf "$state.new"
		mkdir -p "$state.new" || fail "cannot write to /var/lib/hardrun on the node" || return
		if [ -e "$host$program" ]; then
			cp -a "$host$program" "$state.new/hardrun" || fail "cannot keep a copy of $program" || return
		fi
		if [ -e "$host$program-image" ]; then
			cp -a "$host$program-image" "$state.new/hardrun-image" ||
				fail "cannot keep a copy of $program-image" || return
		fi
		for name in hardrun hardrun.previous; do
			[ ! -e "$host/etc/$name" ] || cp -a "$host/etc/$name" "$state.new/etc.$name" ||
				fail "cannot keep a copy of /etc/$name" || return
		done
		for file in "$labels"/*; do
			name=${file##*/}
			[ ! -e "$host/etc/apparmor.d/$name" ] || cp -a "$host/etc/apparmor.d/$name" "$state.new/apparmor.$name" ||
				fail "cannot keep a copy of /etc/apparmor.d/$name" || return
		done
		printf '%s\n%s\n%s\n' "$engine" "$config" "$dir" >"$state.new/settings" &&
			mv "$state.new" "$state" || fail "cannot write to /var/lib/hardrun on the node" || return
	fi
	[ "$(cat "$state/settings")" = "$(printf '%s\n%s\n%s\n' "$engine" "$config" "$dir")" ] ||
		fail "HARDRUN_ENGINE, HARDRUN_CONFIG or HARDRUN_DIR is another than when this node was" \
			"set up: remove hardrun from the node first, or change the settings back"
}

# ---- the binary ------------------------------------------------------------------------

# A program that runs keeps its file: containers that are being started are not disturbed.
put_program() {
	put_verifier || return
	cmp -s "$image" "$host$program" && return
	mkdir -p "$host$dir" && cp "$image" "$host$dir/.hardrun.new" &&
		chmod 755 "$host$dir/.hardrun.new" || fail "cannot write to $dir on the node" || return
	version=$(on_node "$dir/.hardrun.new" version 2>&1) || {
		rm -f "$host$dir/.hardrun.new"
		fail "the program of this image does not run on the node: $version"
		return
	}
	sync
	mv -f "$host$dir/.hardrun.new" "$host$program" || fail "cannot replace $program" || return
	say "$program: $(printf '%s\n' "$version" | head -n 1)"
}

# First, as the new program may ask what the old one of these cannot answer.
put_verifier() {
	cmp -s "$verifier" "$host$program-image" && return
	mkdir -p "$host$dir" && cp "$verifier" "$host$dir/.hardrun-image.new" &&
		chmod 755 "$host$dir/.hardrun-image.new" || fail "cannot write to $dir on the node" || return
	sync
	mv -f "$host$dir/.hardrun-image.new" "$host$program-image" || fail "cannot replace $program-image"
}

# ---- AppArmor --------------------------------------------------------------------------

# Only where the node's kernel has it on. The files are for the node's next start.
put_labels() {
	[ "$(cat "$host/sys/module/apparmor/parameters/enabled" 2>/dev/null)" = Y ] || return 0
	load=''
	for file in "$labels"/*; do
		name=${file##*/} to=$host/etc/apparmor.d/${file##*/}
		if ! cmp -s "$file" "$to"; then
			mkdir -p "$host/etc/apparmor.d" && cp "$file" "$to.hardrun-new" && chmod 644 "$to.hardrun-new" &&
				mv -f "$to.hardrun-new" "$to" || fail "cannot write to /etc/apparmor.d on the node" || return
			load="$load /etc/apparmor.d/$name"
		elif ! loaded "$name"; then
			load="$load /etc/apparmor.d/$name"
		fi
	done
	[ -z "$load" ] || load_labels
}

loaded() { # NAME: and enforced
	grep -qsx "$1 (enforce)" "$host/sys/kernel/security/apparmor/profiles"
}

# Loading takes a capability over all of the node's profiles that this pod does not have. The
# node's systemd is asked to do it, as it is asked to restart the engine.
load_labels() {
	# shellcheck disable=SC2086
	said_by=$(on_node timeout 60 systemd-run --quiet --collect --property=Type=oneshot apparmor_parser -r $load 2>&1) || {
		fail "the AppArmor profiles are not loaded, containers will be refused; on the node:" \
			"apparmor_parser -r$load ($said_by)"
		return
	}
	say "AppArmor profiles loaded:$load"
}

# ---- the policy ------------------------------------------------------------------------

# The kubelet exchanges the link ..data when the ConfigMap has changed: what it points to is
# always one whole version.
policy_version() { readlink "$policy/..data" 2>/dev/null; }

put_policy() {
	applied=$(policy_version)
	new=$host/run/hardrun-policy
	rm -rf "$new"
	mkdir "$new" "$new/policy.d" "$new/seccomp" "$new/keys" || fail "cannot write to /run on the node" || return
	copy_policy && set_policy
	status=$?
	rm -rf "$new"
	return "$status"
}

# The keys of a ConfigMap have no slashes: policy.d.NAME.json stands for policy.d/NAME.json,
# seccomp.NAME for seccomp/NAME, keys.NAME for keys/NAME.
copy_policy() {
	for file in "$policy/${applied:-.}"/* "$policy/${applied:-.}"/.[!.]*; do
		key=${file##*/}
		case $key in
		'.[!.]*') continue ;; # there is none
		policy.json) to=$key ;;
		# No name begins with a dot: such files of a policy are not read.
		policy.d.[!.]*.json) to=policy.d/${key#policy.d.} ;;
		seccomp.[!.]*) to=seccomp/${key#seccomp.} ;;
		keys.[!.]*) to=keys/${key#keys.} ;;
		*)
			fail "policy refused: key $key is none of policy.json, policy.d.NAME.json, seccomp.NAME, keys.NAME"
			return
			;;
		esac
		cp -L "$file" "$new/$to" || fail "the policy changed while it was read" || return
	done
	rmdir "$new/policy.d" "$new/seccomp" "$new/keys" 2>/dev/null || :
}

set_policy() {
	said_by=$(on_node "$program" setup policy "${new#"$host"}" 2>&1) || {
		fail "policy refused, the node keeps the one it has: $said_by"
		return
	}
	case $said_by in *'nothing to do'*) ;; *) say "policy put in place: $said_by" ;; esac
}

# ---- the engine ------------------------------------------------------------------------

setup_engine() { # FLAG...: sets $said_by; a mark says that the engine must be started again
	pending=no
	[ ! -e "$state/restart" ] || pending=yes
	: >"$state/restart" || fail "cannot write to /var/lib/hardrun on the node" || return
	[ -z "$config" ] || set -- "$@" --config "$config"
	said_by=$(on_node "$program" setup "$engine" "$@" 2>&1)
	status=$?
	case $status$said_by in
	0*'nothing to do'*) ;;
	0*) say "$said_by" && return ;;
	esac
	# Nothing was changed now, but perhaps by a pod that was killed before the restart.
	[ "$pending" = yes ] || rm -f "$state/restart"
	[ "$status" -eq 0 ] || fail "setup $engine refused: $said_by"
}

put_handlers() {
	set --
	for handler in $handlers; do set -- "$@" --handler "$handler"; done
	[ -z "$runtime" ] || set -- "$@" --runtime "$runtime"
	setup_engine "$@" || return
	[ -e "$state/restart" ] || return 0
	if restart_engine; then return; fi
	# A node without its engine is worse than one without hardrun.
	reason=$why
	setup_engine --remove && restart_engine
	fail "$reason; the handlers were taken out again"
}

active_unit() {
	for unit in $units; do
		if on_node timeout 60 systemctl is-active --quiet "$unit"; then return; fi
	done
	return 1
}

# Containers go on: they belong to their shims.
restart_engine() {
	[ -e "$state/restart" ] || return 0
	if [ "$units" = none ]; then
		say "restart the engine of this node: until then it has not read its configuration again"
		rm -f "$state/restart"
		return
	fi
	active_unit || unit=${units%% *}
	say "restarting $unit"
	on_node timeout 120 systemctl restart "$unit" && active_unit ||
		fail "$unit does not start again: see journalctl -u $unit on the node" || return
	rm -f "$state/restart"
}

# ---- install ---------------------------------------------------------------------------

install() {
	remember && put_program || return
	refused='' unlabelled=''
	put_labels || unlabelled=$why
	if ! put_policy; then
		refused=$why
		# Without any policy the node gets no handlers.
		[ -e "$host/etc/hardrun/policy.json" ] || return
	fi
	put_handlers || return
	[ -z "$refused$unlabelled" ] || fail "$refused${refused:+${unlabelled:+; }}$unlabelled"
}

# ---- remove ----------------------------------------------------------------------------

# Containers that need the program to be stopped and removed.
live() {
	for record in "$host"/run/hardrun/records/*.json; do
		[ -e "$record" ] || continue
		id=$(first_value id "$record") root=$(first_value root "$record")
		[ -n "$id" ] || continue
		# A directory of runc's and crun's, a file of runsc's: ID_sandbox:SANDBOX.state.
		for kept in "$host$root/$id" "$host$root/${id}_sandbox:"*.state; do
			[ ! -e "$kept" ] || { printf '%s ' "$id" && break; }
		done
	done
}

first_value() { # KEY RECORD
	grep -o "\"$1\":\"[^\"]*\"" "$2" | head -n 1 | cut -d '"' -f 4
}

remove() {
	[ -d "$state" ] || return 0
	remember || return # the same settings as then
	alive=$(live)
	[ -z "$alive" ] ||
		fail "containers still run through hardrun, drain the node: $(printf '%s' "$alive" | cut -c 1-200)" ||
		return
	[ -x "$host$program" ] || put_program || return
	setup_engine --remove && restart_engine || return
	# What was started before the engine knew nothing of hardrun any more.
	[ -z "$(live)" ] || fail "a container was started meanwhile, drain the node" || return
	nothing_else && restore_etc && restore_labels && restore_program || return
	rm -rf "$state"
	rmdir "$host/var/lib/hardrun" 2>/dev/null
	rmdir "$host/run/hardrun/records" "$host/run/hardrun" 2>/dev/null
	say "removed; /var/log/hardrun is left"
}

# Files of engines that `hardrun setup` was told to change by somebody else name the program.
nothing_else() {
	others=''
	for file in $(engine_files "$host/etc/hardrun"); do
		case " $(engine_files "$state/etc.hardrun") " in
		*" $file "*) ;;
		*) others="$others $file" ;;
		esac
	done
	[ -z "$others" ] ||
		fail "hardrun stays, other engines use it:$others: on the node, hardrun setup ENGINE --remove"
}

engine_files() { # DIR: those of which setup.json has an entry
	grep -o '"/[^"]*":{"engine":"' "$1/setup.json" 2>/dev/null | cut -d '"' -f 2 | tr '\n' ' '
}

# Links of handlers that are neither ours nor older than we are somebody else's.
restore_etc() {
	if [ "$(links "$host/etc/hardrun")" != "$(links "$state/etc.hardrun")" ]; then
		say "/etc/hardrun stays: other handlers use it: $(links "$host/etc/hardrun")"
		return
	fi
	for name in hardrun hardrun.previous; do
		rm -rf "$host/etc/.$name.then" "$host/etc/.$name.now"
		[ ! -e "$state/etc.$name" ] || cp -a "$state/etc.$name" "$host/etc/.$name.then" ||
			fail "cannot write to /etc on the node" || return
		[ ! -e "$host/etc/$name" ] || mv "$host/etc/$name" "$host/etc/.$name.now"
		[ ! -e "$host/etc/.$name.then" ] || mv "$host/etc/.$name.then" "$host/etc/$name"
		rm -rf "$host/etc/.$name.now"
	done
}

links() { # DIR
	find "$1/runtimes" -type l 2>/dev/null | sed 's,.*/,,' | sort | tr '\n' ' '
}

# What is loaded stays until the node starts again: a process that runs under a profile would be
# left without one.
restore_labels() {
	for file in "$labels"/*; do
		to=$host/etc/apparmor.d/${file##*/}
		if [ -e "$state/apparmor.${file##*/}" ]; then
			cp -a "$state/apparmor.${file##*/}" "$to.hardrun-new" && mv -f "$to.hardrun-new" "$to"
		else
			rm -f "$to"
		fi || fail "cannot write to /etc/apparmor.d on the node" || return
	done
	rmdir "$host/etc/apparmor.d" 2>/dev/null || :
}

restore_program() {
	if [ -e "$state/hardrun" ]; then
		cp -a "$state/hardrun" "$host$dir/.hardrun.new" && mv -f "$host$dir/.hardrun.new" "$host$program"
	else
		rm -f "$host$program"
	fi || fail "cannot restore $program" || return
	if [ -e "$state/hardrun-image" ]; then
		cp -a "$state/hardrun-image" "$host$dir/.hardrun-image.new" &&
			mv -f "$host$dir/.hardrun-image.new" "$host$program-image"
	else
		rm -f "$host$program-image"
	fi || fail "cannot restore $program-image"
}

# ---- the loop --------------------------------------------------------------------------

# One at a time: while a label changes, the pods of both DaemonSets may be on the node.
locked() { # STEP
	why=''
	exec 9>"$host/run/hardrun-node.lock"
	# Not every busybox has it; the lock belongs to the open file, whoever asks for it.
	if on_node flock 9; then "$1"; else fail "the node has no flock"; fi
	status=$?
	exec 9>&-
	return "$status"
}

pause() { # returns when it is time for another pass, or to end
	left=$every
	[ -e "$own/ready" ] || [ "$every" -lt 30 ] || left=30
	while [ "$left" -gt 0 ] && [ "$stop" = no ]; do
		sleep "$poll" &
		wait $!
		left=$((left - poll))
		[ ! -d "$policy" ] || [ "$(policy_version)" = "$applied" ] || return 0
	done
}

again_and_again() { # STEP TEXT-IF-GOOD
	stop=no
	# The first process of a pod has no default actions. A pass is brought to its end.
	trap 'stop=yes' TERM INT
	while [ "$stop" = no ]; do
		locked "$1"
		report $? "$2"
		pause
	done
}

case ${1:-} in
install) again_and_again install "hardrun is installed" ;;
remove) again_and_again remove "nothing of hardrun is on this node" ;;
ready)
	if [ ! -e "$own/ready" ]; then
		cat "$own/why" 2>/dev/null || echo "not finished yet"
		exit 1
	fi
	;;
*)
	echo "usage: node.sh install | remove | ready" >&2
	exit 2
	;;
esac
