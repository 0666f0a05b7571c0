#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers to which hardrun gives a user namespace, on runc and crun, without an engine: root
# file systems of every kind, what they look like inside and what of it is on disk; who root is
# on the host; volumes; the same bundle again; what an engine made itself.
# Usage: userns.sh [PART...]
# shellcheck disable=SC2015,SC2086
set -u
# shellcheck source=tests/e2e/userns_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_lib.sh"
userns_sandbox "$@"

# ---- root file systems -------------------------------------------------------------------

inside='stat -c "%u:%g %a %n" /own/0 /own/1000 /own/33 /own/70000 /bin/busybox
cat /own/1000 && echo changed >>/own/1000
cp /own/0 /all/copy && chown 33:33 /all/copy && chmod 4711 /all/copy
mkdir /all/dir && chown 1000:33 /all/dir && rm /own/33 && mv /own/0 /own/moved
ln /own/moved /own/linked && ln -s moved /own/link && mkfifo /all/pipe
cat /own/70000; chown 0 /own/70000; mknod /all/null c 1 3; id -u; cat /proc/self/uid_map'
inside_says='0:0 644 /own/0
1000:1000 600 /own/1000
33:33 640 /own/33
65534:65534 640 /own/70000
0:0 755 /bin/busybox
1000
0
         0 BASE      65536'
inside_errs="cat: can't open '/own/70000': Permission denied
chown: /own/70000: MESSAGE
mknod: /all/null: Operation not permitted"
on_disk='33:33 4711 /all/copy
1000:33 755 /all/dir
0:0 644 /all/pipe
1000:1000 600 /own/1000
0:0 644 /own/linked
0:0 644 /own/moved'

# whole KIND: run, with a root file system of that kind
whole() {
	local way="$runtime: $fs: $1" base before
	mapping require
	rootfs one "$1"
	script=$inside
	document one
	before=$(points)
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>"$in/err"
	is "$?" 0 "$way: ends as its process does"
	base=$(jq -r '.linux.uidMappings[0].hostID' "$bundle/config.json")
	is "$(cat "$in/out")" "${inside_says/BASE/"$base"}" "$way: what it sees" ||
		note "$(cat "$in/err")"
	is "$(sed -E 's/(Operation not permitted|Invalid argument)$/MESSAGE/' "$in/err" |
		sed '/mknod/s/MESSAGE/Operation not permitted/')" "$inside_errs" "$way: what it cannot"
	is "$(cd "$top" && stat -c '%u:%g %a /%n' all/copy all/dir all/pipe own/1000 own/linked own/moved)" \
		"$on_disk" "$way: what it wrote is on disk with the ids that it has inside"
	is "$(stat -c %u "$(lowest)/own/70000")/$(cat "$top/own/1000")" "70000/1000"$'\n'"changed" \
		"$way: nobody's is whose it was"
	is "$(points)" "$before" "$way: the engine's mount is as it was"
	case $1 in
	bind | directory) ;;
	*)
		is "$(stat -c %u "$bundle/rootfs/own/1000")" $((base + 1000)) "$way: and has the ids"
		[ "$1" -lt 2 ] || is "$(cat "$bundle/rootfs/layers/"* | wc -l)" $(($1 - 1)) "$way: and all layers"
		;;
	esac
	gone
	is "$(ours_mounted)" 0 "$way: nothing is left mounted"
}
# The one with the image.
lowest() { if [ -d "$s/1/fs" ]; then echo "$s/1/fs"; else echo "$top"; fi; }
# The mounts of the bundle, as an engine knows them.
points() { awk -v at="$bundle" 'index($5, at) == 1 { print $5, $6, $9, $10 }' /proc/self/mountinfo; }

shapes() {
	on ext4 each_kind 1 10 60 bind directory
	on tmpfs each_kind 3 bind directory
	on xfs each_kind 3 bind directory
	on btrfs each_kind 3 bind directory
}
each_kind() {
	local kind
	for kind; do whole "$kind"; done
}

# ---- a life ------------------------------------------------------------------------------

life() { on ext4 lives; }
lives() {
	local pid base way=$runtime
	mapping require
	rootfs one 2
	script='echo up; exec sleep 1000' && document one '.hostname = "inside"'
	check "$way: create and start" started one || note "$(cat "$in/one" "$in/one.err")"
	is "$(cat "$in/one.err")" "" "$way: in silence"
	pid=$(pid_of one) base=$(base_of "$pid")
	is "$(ranges)" "$base" "$way: the container has what is kept"
	outside
	executed
	terminal
	named
	ended one
	is "$?/$(pgrep -f 'sleep 1000')/$(mapped_left)" "0//" "$way: kill and delete leave no process"
	is "$(stat -c '%u:%g' "$top/all/user" "$top/all/root" | tr '\n' ' ')" "1000:1000 0:0 " \
		"$way: exec wrote with the ids that it has inside"
	gone
	pipes
	programs
	read_only
	# What is free is looked at by the next.
	rootfs next 1 && script=true && document next && hr run --bundle "$bundle" next </dev/null
	is "$(ranges | wc -l)" 1 "$way: only the last one's ids are kept"
	gone
	is "$(find /run/hardrun -name '.hardrun*')$(ls -A /run/hardrun/stage/rootfs)" "" "$way: no half a file is left"
}

outside() {
	is "$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")" "$base" "$way: its root is nobody on the host"
	is "$((base >= first && base < first + 268304384 && base % 65536 == 0))" 1 "$way: $base is ours"
	is "$(cat "/proc/$pid/uid_map")" "$(cat "/proc/$pid/gid_map")" "$way: groups as users"
	is "$(stat -c %u "$bundle/rootfs/own/33")" $((base + 33)) "$way: its files are its on the host too"
	is "$(cat "$top/own/1000" 2>/dev/null)" "" "$way: looking changes nothing"
}

executed() {
	# One pipe: the runtime copies two in whatever order.
	hr exec --user 1000:1000 one sh -c 'exec 2>&1; id -u; cat /own/1000; echo x >/all/user; cat /own/33' </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'1000\n1000\ncat: can\'t open \'/own/33\': Permission denied' "$way: exec as 1000"
	hr exec one sh -c 'id -u; cat /own/1000; echo x >/all/root' </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'0\n1000' "$way: exec as root"
	hr exec --user 70000 one id </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" '^255/hardrun: refused by userns: user.uid "70000": .*userns.map' "$way: exec as 70000"
	hr exec --user 65535:65535 one id -u </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" 65535 "$way: exec as the last one"
	hr exec one cat </dev/null <<<hello >"$in/out" 2>&1
	is "$(cat "$in/out")" hello "$way: exec reads"
	is "$(hr exec one readlink /proc/self/ns/user)" "$(readlink "/proc/$pid/ns/user")" "$way: exec is in its namespace"
	is "$(hr exec --user 1000 one sh -c 'echo x >/dev/stdout; echo y >/dev/stderr' 2>&1 </dev/null | sort)" $'x\ny' \
		"$way: exec as 1000 opens the pipes that it was given"
}

# Without a terminal python's has a signal of its own.
terminal() {
	python3 - "$work/bin/hardrun" --root "$root" exec -t one sh -c 'echo begin; sleep 0.3; tty; stat -c %u $(tty); test -t 0 && exit 9' \
		>"$in/out" 2>"$in/err" <<-'END'
			import os, pty, sys
			sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 4096), lambda fd: b"")))
		END
	is "$?/$(tr -d '\r' <"$in/out")" $'9/begin\n/dev/pts/0\n0' "$way: exec -t" || note "$(cat "$in/err")"
}

named() {
	is "$(jq -r 'select(.id == "one") | .range' /run/hardrun/records/*.json)" "$base" "$way: the record names them"
	like "$("$work/bin/hardrun" explain --id one 2>&1)" "\"hostID\":$base,\"size\":65536" "$way: explain --id names them"
}

# As their owner, at create.
pipes() {
	rootfs two 1 && script='echo x >/dev/stdout; echo y >/dev/stderr; cat /dev/stdin'
	document two '.process.user = {uid: 1000, gid: 1000}'
	hr create --bundle "$bundle" two < <(echo z) > >(cat >"$in/out") 2>&1
	hr start two && until_true is_stopped two && hr delete two
	is "$(cat "$in/out")" $'x\ny\nz' "$way: pipes as 1000"
	script='chmod 0 /proc/self/fd/0 2>&1; echo good >/dev/null' && document two
	hr create --bundle "$bundle" two </dev/null >"$in/out" 2>&1
	hr start two && until_true is_stopped two && hr delete two
	is "$(stat -c '%u %a' /dev/null)" "0 666" "$way: /dev/null is not the container's" || note "$(cat "$in/out")"
	chown 0:0 /dev/null && chmod 666 /dev/null
	gone
}

programs() {
	mapping require '.no_new_privs = {mode: "off"} | .seccomp = {mode: "off"}'
	rootfs two 2 && script='plain; setuid; capable' && document two '.process.noNewPrivileges = false
		| .process.user = {uid: 1000, gid: 1000} | .process.capabilities |= (.effective = [] | .permitted = [])
		| .process.env = ["PATH=/bin"]'
	hr run --bundle "$bundle" two </dev/null >"$in/out" 2>"$in/err"
	is "$(cut -d ' ' -f 1-4 "$in/out")" "1000 1000 1000 0000000000000000
1000 0 0 00000000000004fb
1000 1000 1000 0000000000000001" "$way: a setuid program, and one with a capability" || note "$(cat "$in/err")"
	gone
	mapping require
}

read_only() {
	rootfs two 2 && script='echo x >/all/x; grep " / / " /proc/self/mountinfo | cut -d " " -f 6' &&
		document two '.root.readonly = true'
	hr run --bundle "$bundle" two </dev/null >"$in/out" 2>&1
	like "$(sort "$in/out" | tr '\n' ' ')" "^ro,.*Read-only file system" "$way: a read-only root"
	is "$(ls -A "$top")" "" "$way: a read-only root: nothing is written"
	gone
}

# ---- paths of the host, volumes ------------------------------------------------------------

volumes() { on ext4 volumes_of; }
bind() { printf '.mounts += [{destination: "%s", type: "bind", source: "%s", options: ["rbind", "rw"]}]' "$1" "$2"; }
see='exec 2>&1; stat -c "%u %a" /m /m/open /m/closed; cat /m/open /m/closed; echo new >/m/new'

volumes_of() {
	local host=$store/host way=$runtime
	mkdir -p "$host" && echo open >"$host/open" && echo closed >"$host/closed" && chmod 600 "$host/closed"
	rootfs one 1
	mapping require && script=$see && document one "$(bind /m "$host")"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'65534 755\n65534 644\n65534 600\nopen\ncat: can\'t open \'/m/closed\': Permission denied\nsh: can\'t create /m/new: Read-only file system' \
		"$way: a path of the host: nobody's, and only what all may read"
	allow '{path: "'"$host"'", read_only: false}' && document one "$(bind /m "$host")"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$(tail -n 1 "$in/out")" "can't create /m/new: Permission denied" "$way: one that the policy lets write: the host's rights count"
	allow '{path: "'"$host"'", idmap: true}'
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'0 755\n0 644\n0 600\nopen\nclosed\nsh: can\'t create /m/new: Read-only file system' \
		"$way: with idmap: root's"
	allow '{path: "'"$host"'", read_only: false, idmap: true}'
	script="$see; chown 1000:33 /m/new" && document one "$(bind /m "$host")"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(stat -c '%u:%g' "$host/new" "$host/open" | tr '\n' ' ')" "1000:33 0:0 " "$way: with idmap: written with the ids inside"
	script='stat -c "%u %a" /f; cat /f' && document one "$(bind /f "$host/closed")"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'0 600\nclosed' "$way: with idmap: a file"
	unmappable
	of_docker
	gone
}

allow() { # ENTRY
	mapping require ".mounts = {host_paths: [$1]}"
}

unmappable() {
	mkdir -p "$store/o"/{low,up,work,at} && mount -t overlay overlay \
		-o "lowerdir=$store/o/low,upperdir=$store/o/up,workdir=$store/o/work" "$store/o/at"
	script=true && document one "$(bind /m "$store/o/at")"
	allow '{path: "'"$store"'/o/at", idmap: true}'
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$?/$(cat "$in/out")" "^1/hardrun: refused by userns: mounts\[[0-9]*\].source \"$store/o/at\": cannot be mapped: .*overlay" \
		"$way: what cannot be mapped is refused by name"
	is "$(points)$(ranges)" "$(points)" "$way: and no ids are kept for it"
	mapping auto '.mounts = {host_paths: [{path: "'"$store"'/o/at", idmap: true}]}'
	script='cat /proc/self/uid_map' && document one "$(bind /m "$store/o/at")"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$(cat "$in/out")" "^ +0 +0 +4294967295" "$way: auto: it is not mapped"
	like "$(entries '.report[] | select(.rule == "userns.map") | .action + " " + .path + " " + .why')" \
		"^warn mounts\[[0-9]*\].source cannot be mapped: .*overlay" "$way: auto: it is said why"
	mapping require
	script='cat /m/in' && echo in >"$store/o/low/in" && document one "$(bind /m "$store/o/at")"
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" in "$way: unmapped, as a path of the host, it can be had"
	umount "$store/o/at"
}

# A named volume, and the files that the engine makes for a container.
of_docker() {
	local was=$root docker=/var/lib/docker id
	id=$(printf '%064x' 7)
	mkdir -p "$store/lib/"{up,work,docker}
	mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$store/lib/up,workdir=$store/lib/work" /var/lib &&
		mkdir -p "$docker" && mount --bind "$store/lib/docker" "$docker"
	mkdir -p "$docker/volumes/data/_data" "$docker/containers/$id" && echo 127.0.0.1 here >"$docker/containers/$id/hosts"
	chmod 600 "$docker/containers/$id/hosts" && chmod 710 $docker && chmod 701 $docker/volumes
	chown 1000:1000 $docker/volumes/data/_data && chmod 700 $docker/volumes/data/_data
	gone && rootfs "$id" 2
	root=$was/moby && mkdir -p "$root"
	mapping require && script='stat -c "%u %a" /m /etc/hosts; cat /etc/hosts; echo new >/m/new'
	document "$id" "$(bind /m $docker/volumes/data/_data) | $(bind /etc/hosts "$docker/containers/$id/hosts")"
	hr run --bundle "$bundle" "$id" </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'1000 700\n0 600\n127.0.0.1 here' "$way: a volume of Docker's, and its files"
	is "$(stat -c %u $docker/volumes/data/_data/new)" 0 "$way: a volume: written with the ids inside"
	root=$was
	umount $docker && umount /var/lib
}

# ---- the same bundle -----------------------------------------------------------------------

again() { on ext4 agains; }
agains() {
	local way=$runtime before
	mapping require
	for kind in 3 directory; do
		rootfs one $kind && script='cat /own/1000 /proc/self/uid_map; echo x >>/own/1000' && document one
		hr run --bundle "$bundle" one </dev/null >"$in/first" 2>&1
		hr run --bundle "$bundle" one </dev/null >"$in/second" 2>&1
		hr run --bundle "$bundle" other </dev/null >"$in/third" 2>&1
		is "$(sed '/ /d' "$in/first" "$in/second" "$in/third" | tr '\n' ' ')" "1000 1000 x 1000 x x " "$way: $kind: the same files three times"
		is "$(awk '$3 == 65536 { print $2 }' "$in/first" "$in/second" "$in/third" | sort -u | wc -l)" 3 \
			"$way: $kind: each time with other ids" || note "$(cat "$in/first" "$in/second" "$in/third")"
		mapping off
		hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
		like "$(tail -n 1 "$in/out")" "^ +0 +0 +4294967295" "$way: $kind: off: without a user namespace"
		is "$(head -n 4 "$in/out" | tr '\n' ' ')/$(stat -c %u "$top/own/1000")" "1000 x x x /1000" "$way: $kind: off: the same files"
		cp "$bundle/config.json" "$in/after" && cp "$bundle/asked.json" "$bundle/config.json"
		[ "$kind" = directory ] || { umount "$bundle/rootfs" && overlaid; }
		hr run --bundle "$bundle" one </dev/null >/dev/null 2>&1
		same "$(put_back "$bundle/config.json")" "$(put_back "$in/after")" "$way: $kind: off: config.json as if nothing had been"
		mapping require
		gone
	done
}

put_back() { jq -S '.root.path |= sub("^/.*/"; "") | if .annotations == {} then del(.annotations) else . end' "$1"; }

# ---- not ours ------------------------------------------------------------------------------

# An engine's own: what it needs is the engine's, too.
engine() { on ext4 engines; }
own_maps='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
engines() {
	local way=$runtime
	rootfs one directory && chmod 711 "$bundle" && chown -R 100000:100000 "$bundle/rootfs"
	script='cat /proc/self/uid_map; stat -c %u /own' && document one "$own_maps"
	mapping off && hr run --bundle "$bundle" one </dev/null >"$in/off" 2>&1
	cp "$bundle/config.json" "$in/off.json" && document one "$own_maps"
	mapping require && hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" "         0     100000      65536"$'\n'0 "$way: an engine's own user namespace is left as it is"
	same "$(cat "$in/off.json")" "$(cat "$bundle/config.json")" "$way: an engine's own: config.json as with map off"
	is "$(ranges)" "" "$way: an engine's own: no ids are kept for it"
	for bad in '.linux.uidMappings[0].hostID = 0' ".linux.gidMappings[0].hostID = $first"; do
		document one "$own_maps | $bad" && hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
		like "$?/$(cat "$in/out")" '^1/hardrun: refused by userns: linux.[ug]idMappings\[0\]' "$way: an engine's own: refused: $bad"
	done
	gone
}

audit() { on ext4 audits; }
audits() {
	local way=$runtime
	rootfs one 2 && script='cat /proc/self/uid_map' && document one
	mapping off && hr run --bundle "$bundle" one </dev/null >/dev/null 2>&1
	cp "$bundle/config.json" "$in/off.json" && cp "$bundle/asked.json" "$bundle/config.json"
	mapping require '.userns.mode = "audit"' && before=$(points)
	hr run --bundle "$bundle" one </dev/null >"$in/out" 2>&1
	like "$(cat "$in/out")" "^ +0 +0 +4294967295" "$way: audit: it is not mapped"
	same "$(cat "$in/off.json")" "$(cat "$bundle/config.json")" "$way: audit: config.json as with map off"
	is "$(points)/$(stat -c %u "$bundle/rootfs/own/1000")/$(ranges)" "$before/1000/" "$way: audit: nor is its root, nor are ids kept"
	like "$(entries '[.report[] | select(.rule == "userns.map") | .mode + " " + .action + " " + .path] | join(" ")')" \
		"audit set linux.namespaces .*audit set linux.uidMappings" "$way: audit: what would be is in the log"
	gone
}

# ---- all of it -------------------------------------------------------------------------------

[ $# -gt 0 ] || set -- shapes life volumes again engine audit
for runtime in runc crun; do
	real_begin "$runtime" || continue
	for part; do "$part"; done
	is "$(ours_mounted)$(mapped_left)" 0 "$runtime: nothing is left"
	real_end
done
finish
