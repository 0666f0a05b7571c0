# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034
# On top of real.sh: containers to which hardrun gives a user namespace, without an engine.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_lib.sh"
#	userns_sandbox "$@"
#	for runtime in runc crun; do
#		real_begin "$runtime" || continue
#		mapping require
#		rootfs one bind && script='id -u' && document one
#		hr run --bundle "$bundle" one
#		gone
#		real_end
#	done
#	finish
# shellcheck disable=SC2154 # from lib.sh, real.sh

# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"

first=1879048192 place='' range=1879048192:268304384
script='' bundle='' s='' top='' lower='' store='' fs=''

userns_sandbox() { # "$@" of the script
	real_sandbox "$@"
	in=$work/in
	mkdir "$in"
	unshare -U true 2>/dev/null || skip_all "no user namespaces here"
	ids "$range"
	image_owners "$work/image"
	touch "$work/image/f"
	# Below /run are the host's own files, which are refused as anything of a container.
	cover /srv && place=/srv/hr-e2e && mkdir "$place" || skip_all "no overlay over /srv"
	# crun makes it the container's: not the machine's.
	mknod -m 666 "$work/null" c 1 3 && mount --bind "$work/null" /dev/null || skip_all "no device of our own"
}

# ids [RANGE]: /etc is the test's own
ids() {
	local file
	for file in /etc/subuid /etc/subgid; do
		touch "$file" && sed -i '/^hardrun:/d' "$file"
		[ $# -eq 0 ] || echo "hardrun:$1" >>"$file"
	done
}

# mapping MAP [JQ-FILTER]: the profile of all containers, with a filter for more of it
mapping() {
	real_policy "$(jq -nc --arg map "$1" '{version: 1, default: "p", profiles: {
		p: ({extends: "default", userns: {map: $map}} | '"${2:-.}"')}}')"
}

# ---- images ------------------------------------------------------------------------------

# Files of several owners, programs that give ids and capabilities, and a directory for all.
image_owners() { # DIR
	local owner
	mkdir -p "$1"/{own,usr,m} && mkdir -m 1777 "$1/all"
	for owner in 0 1000 33 70000; do
		echo "$owner" >"$1/own/$owner" && chown "$owner:$owner" "$1/own/$owner"
	done
	chmod 644 "$1/own/0" && chmod 600 "$1/own/1000" && chmod 640 "$1/own/33" "$1/own/70000"
	build_helper userns_probe
	install -m 755 "$work/userns_probe" "$1/bin/plain"
	cp "$1/bin/plain" "$1/bin/capable" && install -m 4755 "$1/bin/plain" "$1/bin/setuid"
	# cap_chown+ep
	python3 -c 'import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1, 0, 0, 0))' \
		"$1/bin/capable"
}

store_at() { # DIR NAME: where bundles, layers and images are from now on
	store=$1/store fs=$2
	mkdir -p "$store/b"
}

# on FS COMMAND...: with the store on such a file system, if it is to be had
on() {
	local name=$1 why=''
	shift
	mkdir -p "$place/$name"
	if [ "$name" = tmpfs ]; then
		at_least 6.3 || why="this kernel cannot idmap it"
		mount -t tmpfs -o mode=755 tmpfs "$place/$name"
	elif ! command -v "mkfs.$name" >/dev/null; then
		why="mkfs.$name is not installed"
	elif ! truncate -s "${store_size:-512M}" "$place/$name.image" || ! "mkfs.$name" -q "$place/$name.image" ||
		! mount -o loop "$place/$name.image" "$place/$name"; then
		why="no loop devices here, or the kernel has it not"
	fi >/dev/null 2>&1
	if [ -n "$why" ]; then
		skip "$runtime: $name" "$why"
	else
		store_at "$place/$name" "$name"
		"$@"
	fi
	[ -n "$why" ] || is "$(umount "$place/$name" 2>&1)" "" "$runtime: $name: nothing holds it"
	rm -f "$place/$name.image"
}

at_least() { # KERNEL
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}

# rootfs ID KIND: $bundle with a rootfs. KIND: a number of layers, as containerd mounts them
# (from their directory, by relative names; the image is the lowest); bind; or directory.
rootfs() {
	local i
	bundle=$store/b/$1 s=$store/s/$1
	mkdir -p "$bundle/rootfs" "$s" && chmod 700 "$bundle"
	case $2 in
	bind)
		cp -a "$work/image" "$s/image" && top=$s/image
		mount --bind "$top" "$bundle/rootfs"
		;;
	directory)
		top=$bundle/rootfs
		cp -a "$work/image/." "$top"
		;;
	*)
		mkdir -p "$s/1/fs" && cp -a "$work/image/." "$s/1/fs" && lower=1/fs
		for ((i = 2; i <= $2; i++)); do
			mkdir -p "$s/$i/fs/layers" && echo "$i" >"$s/$i/fs/layers/$i" && lower=$i/fs:$lower
		done
		mkdir -p "$s/$i"/{fs,work} && top=$s/$i/fs
		overlaid
		;;
	esac
}

overlaid() {
	(cd "$s" && mount -i -t overlay overlay \
		-o "lowerdir=$lower,upperdir=$top,workdir=${top%/fs}/work" "$bundle/rootfs")
}

# As the engine does in the end.
gone() {
	umount "$bundle/rootfs" 2>/dev/null
	rm -rf "$bundle" "$s"
}

# document ID [JQ-FILTER]: what the runtime's `spec` writes, with a rootfs to write to, the
# capabilities that `default` leaves, and $script as its process.
document() {
	real_jq "fit | .process.terminal = false | .root = {path: \"rootfs\", readonly: false}
		| .process.capabilities = every_set([\"CHOWN\", \"DAC_OVERRIDE\", \"FOWNER\", \"FSETID\",
			\"KILL\", \"SETGID\", \"SETUID\", \"NET_BIND_SERVICE\"] | map(\"CAP_\" + .))
		| .process.capabilities |= (.inheritable = [] | .ambient = [])
		| .process.args = [\"sh\", \"-c\", \$script]
		| .linux.cgroupsPath = \$cgroup + \"/\" + \$name | ${2:-.}" \
		--arg name "$1" --arg script "$script" "$(real_spec)" >"$store/b/$1/config.json"
	cp "$store/b/$1/config.json" "$store/b/$1/asked.json"
}

# ---- what is seen ------------------------------------------------------------------------

state_of() { # ID
	bare state "$1" 2>/dev/null | jq -r .status
}
pid_of() { # ID
	bare state "$1" 2>/dev/null | jq -r .pid
}
base_of() { # PID: the first id, where the map is whole
	awk '$1 == 0 && $3 == 65536 { print $2 }' "/proc/$1/uid_map" 2>/dev/null
}
# The bases that are kept.
ranges() { find /run/hardrun/ranges -name '[0-9]*.json' -printf '%f\n' 2>/dev/null | sed 's/\.json//' | sort; }

entries() { # JQ-FILTER: of the last line of the audit log
	tail -n 1 /var/log/hardrun/audit.jsonl | jq -rc "$1"
}

# same BEFORE AFTER NAME
same() {
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "$(diff <(echo "$1") <(echo "$2"))"; fi
}

# started ID: a container that was given its bundle; waits until it says "up" in $in/ID
started() {
	hr create --bundle "$bundle" "$1" </dev/null >"$in/$1" 2>"$in/$1.err" && hr start "$1" &&
		until_true grep -q up "$in/$1"
}

# ended ID: without --force, as engines do
ended() {
	hr kill "$1" KILL && until_true is_stopped "$1"
	hr delete "$1"
}
is_stopped() { [ "$(state_of "$1")" = stopped ]; }

# Processes with ids that are hardrun's, in this pid namespace.
mapped_left() {
	awk -v first="$first" '$2 >= first && $2 < first + 268304384 { print FILENAME }' /proc/[0-9]*/uid_map 2>/dev/null
}

ours_mounted() { grep -cE " ($place/[a-z0-9]*/store|/run/hardrun)/" /proc/self/mountinfo; }
