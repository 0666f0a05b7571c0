#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The escape corpus, part two: ways out that lie in what a container asks for. Each row of
# tests/escape/configs.tsv plants one in a document that hardrun itself has hardened, so that
# nothing else is to be done about it, and says what must come of it. Twelve and more are then
# tried on the real runtimes.
# Usage: escape_configs.sh [NAME...]: these rows alone (real: what is tried on real runtimes).
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"
corpus=$HR_TEST_SRCDIR/tests/escape data=/srv/hr-e2e-data
audit=/var/log/hardrun/audit.jsonl
mkdir "$work/in" "$work/base"

# ---- a host with what is reached for -----------------------------------------------------

cri=io.containerd.grpc.v1.cri pods=/var/lib/kubelet/pods pod=uid-web-1
host_begin() {
	local dir
	for dir in /srv /var/lib; do cover "$dir" || skip_all "no overlay file system over $dir"; done
	mkdir -p "$data" && mount -t tmpfs -o mode=755 tmpfs "$data"
	mkdir -p "$data"/{plain/below,held,deep/a/b,bind-root,bind-etc,around/deep,proc}
	echo plain >"$data/plain/file"
	ln -s / "$data/link-root" && ln -s /etc "$data/link-etc"
	mount --bind / "$data/bind-root" && mount --bind /etc "$data/bind-etc"
	mount --bind /etc "$data/around/deep" && mount -t proc proc "$data/proc"
	mkdir "$data"/{held2,relative,rbind-var,vol}
	mount --bind "$data/held" "$data/held2" && mount --rbind /var "$data/rbind-var"
	ln -s /proc "$data/vol/proc" && ln -s /dev "$data/vol/dev"
	mkfifo "$data/pipe" && mknod "$data/device" c 1 3
	python3 -c 'import socket, sys, time
held = []
for path in sys.argv[1:]:
    held.append(socket.socket(socket.AF_UNIX)); held[-1].bind(path); held[-1].listen()
time.sleep(3600)' "$data/held/docker.sock" "$data/deep/a/b/x.sock" &
	reap $!
	(cd "$data/relative" && exec python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("x.sock"); s.listen(); time.sleep(3600)') &
	reap $!
	until_true test -S "$data/deep/a/b/x.sock" -a -S "$data/relative/x.sock"
	ln -s docker.sock "$data/held/also"
	mkdir -p /var/lib/{containerd,docker,kubelet,hardrun,containers} /etc/hardrun /run/hardrun \
		/var/log/hardrun
	mkdir -p "$pods/$pod/volumes/kubernetes.io~projected/token" \
		"$pods/$pod/volumes/kubernetes.io~empty-dir/cache" \
		"$pods/other-uid/volumes/kubernetes.io~secret/tls" \
		"/var/lib/containerd/$cri/sandboxes/$(printf '%064d' 0 | tr 0 1)"
	chmod 777 "$pods/$pod/volumes/kubernetes.io~empty-dir/cache"
	ln -s /etc "$pods/$pod/volumes/kubernetes.io~empty-dir/cache/link"
	touch "/var/lib/containerd/$cri/sandboxes/$(printf '%064d' 0 | tr 0 1)/hosts"
	grep -q '^disk:' /etc/group || echo disk:x:6: >>/etc/group
}

# Handlers stub-PROFILE and real-PROFILE for every profile; plain hardrun is for explain.
host_policy() {
	local profile
	fresh
	handler hardrun "$program"
	for profile in default restricted $(jq -r '.profiles | keys[]' "$corpus/configs.json"); do
		handler "stub-$profile" "$stub"
		handler "real-$profile" "$program"
	done
	policy "$(jq '.profiles as $profiles | .rules = ["default", "restricted", ($profiles | keys[])
		| {when: {handler: ["stub-" + ., "real-" + .]}, use: .}]' "$corpus/configs.json")"
}

# ---- documents ---------------------------------------------------------------------------

plant() { # FILTER FILE: the document that FILTER makes of it
	real_jq "include \"configs\"; $1" -L "$corpus" --arg data "$data" --arg id "$id" "$2"
}

# What an engine writes, of a shape that the rows know.
declare -A recorded_as=([docker]=docker-run [user]=docker-run [cri]=cri17-ctr-default
	[pause]=cri17-pod-default)

is_cri() { [ "$base" = cri ] || [ "$base" = pause ]; }

# A bundle for $base and $id; sets $bundle, $below (the runtime's root).
place() {
	below=$work/root/stub bundle=$work/b/$id
	if is_cri; then
		below=/run/containerd/runc/k8s.io
		bundle=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id
		mkdir -p "/var/lib/containerd/$cri/containers/$id/volumes/v"
	fi
	mkdir -p "$below" "$bundle"
	[ -e "$bundle/rootfs" ] || cp -a "$work/image" "$bundle/rootfs"
}

# $work/base/BASE.PROFILE: the document after hardrun, of which nothing more is reported
# (where the profile refuses it as it is, that of the default profile).
base_document() {
	local id file=$work/base/$base.$profile
	[ ! -e "$file" ] || return 0
	bases=$((bases + 1)) id=$(printf '%064d' "$bases")
	place
	plant "fit | .process.terminal = false | .root.path = \"rootfs\"
		| .linux.cgroupsPath = \$cgroup + \"/x\" | start(\"$base\")" \
		"$(recorded "${recorded_as[$base]}")" >"$bundle/config.json"
	if ! "$work/bin/stub-$profile" --root "$below" create --bundle "$bundle" "$id" \
		</dev/null >"$work/out" 2>&1; then
		"$work/bin/stub-default" --root "$below" create --bundle "$bundle" "$id" \
			</dev/null >"$work/out" 2>&1 || note "$base, $profile: $(cat "$work/out")"
		echo default >"$file.refused"
	fi
	cp "$bundle/config.json" "$file"
	: >"$file.report"
	[ -e "$file.refused" ] || {
		"$work/bin/stub-$profile" --root "$below" create --bundle "$bundle" "$id" \
			</dev/null >"$work/out" 2>&1
		tail -n 1 "$audit" >"$file.report"
	}
	rm -rf "$bundle"
}

# What a row needs in the image or as text.
prepare() {
	local rest=${setup#*:} file
	case $setup in
	link:*) file=$bundle/rootfs${rest%%=*} && rm -rf "$file" && ln -s "${rest#*=}" "$file" ;;
	file:*) rm -rf "$bundle/rootfs$rest" && touch "$bundle/rootfs$rest" ;;
	text:*) sed -i "$rest" "$bundle/config.json" ;;
	esac
}

# ---- rows --------------------------------------------------------------------------------

answer() { # FILE: what stands there, in one line
	real_jq "include \"configs\"; judged(\"$outcome\"; \$control; \$path)" -L "$corpus" -r \
		--arg control "$control" --arg path "$path" "$1" 2>&1
}

wanted_verdict() { if [ "$outcome" = refuse ]; then echo refuse; else echo accept; fi; }

# judge WHERE FILE: adds to $why unless the answer is the wanted one
judge() {
	local got
	got=$(answer "$2")
	[[ $got == "$(wanted_verdict) true "* ]] || why+="$1: $got"$'\n'
}

entries() { real_jq 'include "configs"; entries' -L "$corpus" -c "$1"; }

explained() {
	"$work/bin/hardrun" explain --json --bundle "$bundle" --profile "$profile" \
		</dev/null >"$work/in/explain" 2>"$work/in/said"
}

# A create or run of the planted document by the recording runtime; the runtimes that are
# judged themselves are real ones, which are not started.
call() { # COMMAND
	local name=stub-$profile
	[ "$control" != runtime ] || [ "$outcome" != refuse ] || name=real-$profile
	cp "$bundle/config.json" "$work/in/before"
	rm -f "$audit"
	stub_forget "$stub"
	timeout 60 "$work/bin/$name" --root "$below" "$1" --bundle "$bundle" "$id" \
		</dev/null >"$work/out" 2>"$work/err"
	status=$?
	tail -n 1 "$audit" >"$work/in/line"
	if [ "$outcome" = refuse ]; then
		[ "$status" = 1 ] || why+="$1: status $status"$'\n'
		[ -z "$(stub_calls "$stub")" ] || why+="$1: the runtime was started"$'\n'
		cmp -s "$bundle/config.json" "$work/in/before" || why+="$1: config.json was changed"$'\n'
	else
		[ "$status" = 0 ] || why+="$1: status $status: $(cat "$work/err")"$'\n'
	fi
}

# Refused before any control was asked.
read_by_nobody() {
	explained && why+="explain: accepted"$'\n'
	[[ $(cat "$work/in/explain" "$work/in/said") == *"$path"* ]] ||
		why+="explain: $(head -c 300 "$work/in/explain" "$work/in/said")"$'\n'
	call create
	[[ $(<"$work/err") == *"$path"* ]] || why+="create: $(<"$work/err")"$'\n'
}

# What was set or dropped must not be there any more.
stripped() {
	explained
	[[ $(answer "$work/in/explain") == "accept false "* ]] ||
		why+="what came out, explained: $(answer "$work/in/explain")"$'\n'
}

create_row() {
	base_document
	place
	plant "$filter" "$work/base/$base.$profile" >"$bundle/config.json" || why+="jq failed"$'\n'
	prepare
	if [ "$outcome" != warn ] && [ ! -e "$work/base/$base.$profile.refused" ] &&
		[[ $(answer "$work/base/$base.$profile.report") != "accept false "* ]]; then
		why+="before: $(answer "$work/base/$base.$profile.report")"$'\n'
	fi
	if [ "$control" = reader ]; then
		read_by_nobody
		return
	fi
	if [ "$line" = create ] && ! is_cri; then
		explained
		judge explain "$work/in/explain"
	fi
	[ "$control/$outcome" != runtime/warn ] || return # of the real one
	call "$line"
	judge "$line" "$work/in/line"
	if [ "$line" = create ] && ! is_cri && [ "$outcome" = strip ]; then
		[ "$(entries "$work/in/explain")" = "$(entries "$work/in/line")" ] ||
			why+="explain and create differ"$'\n'
		stripped
	fi
}

# A real container that lives, for exec and update; made once a profile.
container() {
	local base=docker
	[ "$profile" != restricted ] || base=user
	[ ! -e "$work/b/live-$profile" ] || return 0
	id=live-$profile real_bundle "$work/b/live-$profile" "$(recorded docker-run)" \
		"include \"configs\"; ." >/dev/null 2>&1
	real_jq "include \"configs\"; fit | .process.terminal = false | .root.path = \"rootfs\"
		| .linux.cgroupsPath = \$cgroup + \"/live-$profile\" | start(\"$base\")
		| .process.args = [\"/bin/sleep\", \"1000\"]" -L "$corpus" \
		"$(recorded docker-run)" >"$work/b/live-$profile/config.json"
	timeout 60 "$work/bin/real-$profile" --root "$root" run --detach \
		--bundle "$work/b/live-$profile" "live-$profile" </dev/null >"$work/out" 2>&1 ||
		note "no container under $profile: $(cat "$work/out")"
}

# Its input is no /dev/null: a probe's exec would only be counted.
live() { # COMMAND ARGUMENT...: in that container; sets $status
	rm -f "$audit"
	: >"$work/in/empty"
	timeout 60 "$work/bin/real-$profile" --root "$root" "$@" "live-$profile" \
		<"$work/in/empty" >"$work/out" 2>"$work/err"
	status=$?
	tail -n 1 "$audit" >"$work/in/line"
}

exec_row() {
	container
	plant "process(\"$profile\")" -n >"$work/in/process.json"
	live exec --process "$work/in/process.json"
	[[ $(answer "$work/in/line") == "accept false "* ]] ||
		why+="before: $(answer "$work/in/line"): $(<"$work/err")"$'\n'
	plant "process(\"$profile\") | $filter" -n >"$work/in/process.json"
	live exec --process "$work/in/process.json"
	judge exec "$work/in/line"
	[ "$status" = "$([ "$outcome" = refuse ] && echo 255 || echo 0)" ] ||
		why+="exec: status $status: $(<"$work/err")"$'\n'
}

# Whether the runtime can then do it is another matter on a machine with few controllers.
update_row() {
	container
	if [ "$line" = update ]; then
		plant "{} | $filter" -n >"$work/in/resources.json"
		live update --resources "$work/in/resources.json"
	else
		# shellcheck disable=SC2086 # words
		live update $filter
	fi
	judge update "$work/in/line"
	[ "$outcome" != refuse ] || [ "$status" = 1 ] || why+="update: status $status"$'\n'
}

restore_row() {
	place
	plant "start(\"docker\")" "$(recorded docker-run)" >"$bundle/config.json"
	rm -f "$audit"
	"$work/bin/stub-default" --root "$below" restore --bundle "$bundle" \
		--image-path "$work/in" "$id" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	tail -n 1 "$audit" >"$work/in/line"
	judge restore "$work/in/line"
	[ "$status" = 1 ] || why+="restore: status $status"$'\n'
}

one_row() {
	local why='' title="$vector $name: $outcome by $control at $path"
	id=$name
	if is_cri; then id=$(printf '%064x' "$number"); fi
	case $line in
	create | run) create_row ;;
	exec) exec_row ;;
	update*) update_row ;;
	restore) restore_row ;;
	*) why="unknown line $line" ;;
	esac
	if [ -z "$why" ]; then ok "$title"; else not_ok "$title" "$why"; fi
	[ -z "${bundle:-}" ] || rm -rf "$bundle"
}

rows() { # [NAME...]
	local number=0 name vector base setup filter profile line outcome control path text
	while IFS=$'\t' read -r name vector base setup filter profile line outcome control path text; do
		case $name in '' | '#'*) continue ;; esac
		[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
		number=$((number + 1)) bundle=''
		if [ "$outcome" = skip ]; then skip "$vector $name" "$text"; else one_row; fi
	done <"$corpus/configs.tsv" 3<&-
}

# ---- the same on real runtimes -----------------------------------------------------------

script=true
real() { # FILTER: a container runs $script; sets $status
	mkdir -p "$work/b/real"
	id=real real_bundle "$work/b/real" "$(recorded docker-run)" . || return
	real_jq "include \"configs\"; fit | .process.terminal = false | .root.path = \"rootfs\"
		| .linux.cgroupsPath = \$cgroup + \"/real\" | start(\"docker\")
		| .process.args = [\"/bin/sh\", \"-c\", \$script] | $1" -L "$corpus" --arg data "$data" \
		--arg script "$script" "$(recorded docker-run)" >"$work/b/real/config.json"
	timeout 60 "$work/bin/hardrun" --root "$root" run --bundle "$work/b/real" real \
		</dev/null >"$work/out" 2>"$work/err"
	status=$?
}

shows() { # NAME WANTED FILTER: what $script says inside
	real "$3"
	is "$status/$(cat "$work/out")$([ "$status" = 0 ] || tail -n 1 "$work/err")" "0/$2" \
		"$runtime: $1"
	bare delete --force real >/dev/null 2>&1
}

starts_not() { # NAME REGEX FILTER
	local before
	before=$(cut -d' ' -f3- /proc/self/mountinfo)
	real "$3"
	like "$status $(cat "$work/err")" "^1 hardrun: refused by .*$2" "$runtime: $1"
	[ ! -e "$root/real" ] || not_ok "$runtime: $1: no container is left"
	[ "$(cut -d' ' -f3- /proc/self/mountinfo)" = "$before" ] ||
		not_ok "$runtime: $1: nothing is mounted"
	bare delete --force real >/dev/null 2>&1
}

# The flags of a mount in the container.
flags() { printf "sed -n 's,^[^ ]* %s [^ ]* \\([^ ]*\\) .*,\\\\1,p' /proc/mounts" "$1"; }

# crun raises RLIMIT_MEMLOCK to load a device filter, and root must be able to do that.
no_devices() { [ "$runtime/$poor" = crun/true ]; }
# In the version 2 half of a hybrid tree there are no controllers.
no_controllers() { [ "$runtime/$hybrid" = crun/true ]; }

# The default profile with OPTIONS, without what this machine cannot do.
real_profile() { # OPTIONS
	local options=$1
	if no_devices; then options+=', "devices": {"mode": "off"}'; fi
	if no_controllers; then options+=', "resources": {"mode": "off"}'; fi
	real_policy '{"version": 1, "default": "p", "profiles": {"p": {"extends": "default"'"$options"'}}}'
}

real_devices() {
	if no_devices; then
		skip "$runtime: devices of the host" "root has no CAP_SYS_RESOURCE here"
		return
	fi
	starts_not "a block device" 'linux.devices\[0\]' \
		'.linux.devices = [{path: "/dev/sda", type: "b", major: 8, minor: 0}]'
	script='ls /dev/kmsg /dev/mem 2>/dev/null; echo end'
	shows "devices of the host are not made" end '.linux.devices = [
		{path: "/dev/kmsg", type: "c", major: 1, minor: 11},
		{path: "/dev/mem", type: "c", major: 1, minor: 1}]'
}

reality() {
	local pattern
	if no_devices || no_controllers; then real_profile ''; fi
	script="$(flags /sys) | tr , '\n' | grep -x ro; mount -o remount,rw /sys 2>&1 | grep -c ."
	shows "a writable sysfs is read-only" $'ro\n1' 'sysfs(["rw"])'
	script='cp /bin/busybox /t/true && /t/true 2>/dev/null || echo refused'
	shows "a program in a tmpfs with exec does not run" refused 'tmpfs_with("/t"; ["exec"])'
	script='mknod /t/null c 1 3 2>/dev/null || '"echo none; $(flags /t) | tr , '\n' | grep -x nodev"
	shows "no device in a tmpfs with dev" $'none\nnodev' \
		'tmpfs_with("/t"; ["dev"]) | cap("CAP_MKNOD")'
	mount -t tmpfs tmpfs "$data/plain/below"
	script='for f in /h/new /h/below/new; do touch $f 2>/dev/null && echo wrote $f; done; echo end'
	shows "a path of the host is read-only with what is mounted below it" end \
		'mount({destination: "/h", type: "bind", source: ($data + "/plain"), options: ["rbind", "rw"]})'
	script='awk '"'"'$2 ~ "^/h" { print $2, ($4 ~ /nosuid/) + ($4 ~ /nodev/) }'"'"' /proc/mounts'
	shows "and nosuid and nodev with it" $'/h 2\n/h/below 2' \
		'mount({destination: "/h", type: "bind", source: ($data + "/plain"),
			options: ["rbind", "suid", "dev"]})'
	umount "$data/plain/below"
	starts_not "/ of the host" 'mounts\[7\].source' 'bind("/"; "/h")'
	starts_not "a link to /" 'mounts\[7\].source' 'bind($data + "/link-root"; "/h")'
	starts_not "/ under another name" 'mounts\[7\].source' 'bind($data + "/bind-root"; "/h")'
	starts_not "a socket that is listened on" 'mounts\[7\].source' \
		'bind($data + "/held/docker.sock"; "/run/docker.sock")'
	starts_not "a directory with it" 'mounts\[7\].source' 'bind($data + "/held"; "/h")'
	starts_not "debugfs" 'mounts\[7\].type' \
		'mount({destination: "/h", type: "debugfs", source: "debugfs", options: []})'
	pattern=$(cat /proc/sys/kernel/core_pattern)
	starts_not "kernel.core_pattern" 'linux.sysctl' '.linux.sysctl["kernel.core_pattern"] = "|/x"'
	is "$(cat /proc/sys/kernel/core_pattern)" "$pattern" "$runtime: and it is as it was"
	real_devices
	script='ulimit -Hc; ulimit -Sc'
	shows "no core dumps" $'0\n0' '.process.rlimits = [{type: "RLIMIT_CORE", hard: 4096, soft: 4096}]'
	script='cat /proc/self/oom_score_adj'
	shows "a score below zero" 0 '.process.oomScoreAdj = -500'
	script='grep -c "shared:\|master:" /proc/self/mountinfo'
	real '.linux.rootfsPropagation = "shared"'
	is "$(cat "$work/out")" 0 "$runtime: no mount is shared with the host"
	script='umask'
	real_profile ', "user": {"umask": "027"}'
	shows "the umask of the policy" 0027 '.process.user.umask = 0'
	real_no_policy
}

# ---- all of it ---------------------------------------------------------------------------

bases=1000 id=none
stub=$(stub_install runc-stub)
host_begin
if real_begin runc; then
	host_policy
	rows "$@"
	real_end
fi
if [ $# -eq 0 ] || [ "$*" = real ]; then
	for runtime in runc crun; do
		real_begin "$runtime" || continue
		reality
		real_end
	done
fi
finish
