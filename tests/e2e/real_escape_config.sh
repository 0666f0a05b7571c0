#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ways out of a container that lie in the documents and command lines, tried with the real
# runtimes: each is refused with the field and the rule and without a trace on the host, or
# taken out so that what it asked for does not happen.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"

in=$work/in ns=$work/ns
mkdir "$in" "$ns"
bundle=$work/b/attack

# The usual document, of a shape that every engine writes, with FILTER.
make() { # FILTER
	real_bundle "$bundle" "$(recorded docker-run)" ".mounts |= map(select(.type != \"bind\"))
		| del(.hooks) | del(.linux.seccomp) | .process.args = [\"/bin/true\"] | ${1:-.}"
}

attempt() { # ARGUMENT...: a call of hardrun; sets $status, $said
	hr "$@" </dev/null >"$in/out" 2>"$in/err"
	status=$? said=$(cat "$in/err")
}

plain() { # TEXT: as a part of a regular expression
	printf '%s' "$1" | sed 's/[][\.*^$(){}?+|]/\\&/g'
}

# refuses NAME CONTROL PATH RULE: attempt failed with one line that says these
refuses() {
	local wanted
	wanted="^hardrun: refused by $2: $(plain "$3")( \"[^\"]*\")?: [^"$'\n'"]* \(rule $(plain "$4"), "
	if [ "$status/$(wc -l <"$in/err")/$(cat "$in/out")" = "${exit_status:-1}/1/" ]; then
		like "$said" "$wanted" "$runtime: $1"
	else
		not_ok "$runtime: $1" "status $status: $said"
	fi
}

# config NAME FILTER CONTROL PATH RULE: run refuses the document that FILTER makes, no
# container comes of it, and nothing is mounted.
config() {
	local mounts
	make "$2"
	mounts=$(cut -d' ' -f3- /proc/self/mountinfo)
	attempt run --bundle "$bundle" attack
	refuses "$1" "$3" "$4" "$5"
	if [ "$(cut -d' ' -f3- /proc/self/mountinfo)" != "$mounts" ]; then
		not_ok "$runtime: $1: nothing is mounted" \
			"$(diff <(echo "$mounts") <(cut -d' ' -f3- /proc/self/mountinfo))"
		umount -R "$bundle/rootfs"
		bundle+=x
	fi
	[ ! -e "$root/attack" ] || not_ok "$runtime: $1: no container is left"
	bare delete --force attack >/dev/null 2>&1
}

# ---- namespaces --------------------------------------------------------------------------

without() { printf '.linux.namespaces |= map(select(.type != "%s"))' "$1"; }
joins() { # TYPE PATH
	printf '.linux.namespaces |= map(if .type == "%s" then .path = "%s" else . end)' "$1" "$2"
}
at() { # TYPE: the path of that entry in the recorded document
	printf 'linux.namespaces[%s].path' "$(jq --arg type "$1" \
		'[.linux.namespaces[].type] | index($type)' "$(recorded docker-run)")"
}

namespaces() {
	local type file rule
	for type in mount pid ipc network; do
		config "no $type namespace" "$(without "$type")" \
			namespaces linux.namespaces namespaces.allow_host
	done
	for type in pid:pid network:net ipc:ipc uts:uts mount:mnt; do
		file=${type#*:} type=${type%:*} rule=namespaces.allow_host
		# To join a mount namespace is never allowed, whosever it is.
		[ "$type" != mount ] || rule=namespaces
		config "the host's $type namespace" "$(joins "$type" "/proc/1/ns/$file")" \
			namespaces "$(at "$type")" "$rule"
		config "the host's $type namespace under another name" \
			"$(joins "$type" "$ns/other.$file")" namespaces "$(at "$type")" "$rule"
		config "the caller's $type namespace" "$(joins "$type" "/proc/self/ns/$file")" \
			namespaces "$(at "$type")" "$rule"
	done
	config "the host's network namespace behind a link" "$(joins network "$ns/link")" \
		namespaces "$(at network)" namespaces.allow_host
	config "the host's user namespace" \
		".linux.namespaces += [{type: \"user\", path: \"/proc/1/ns/user\"}]" \
		namespaces 'linux.namespaces[5].path' namespaces.allow_host
	config "a namespace of another type" "$(joins network "/proc/1/ns/uts")" \
		namespaces "$(at network)" namespaces
	config "a file that is no namespace" "$(joins network /etc/passwd)" \
		namespaces "$(at network)" namespaces
	config "a namespace listed twice" '.linux.namespaces += [{type: "pid"}]' \
		namespaces 'linux.namespaces[5]' namespaces
}

# ---- working directory and root ----------------------------------------------------------

working_directory() {
	local cwd
	for cwd in /proc/self/fd/7 /proc/self/fd/7/../../.. //proc/./self/fd/9 /dev/fd/7 /tmp/../proc \
		/sys tmp ''; do
		config "cwd $cwd" ".process.cwd = \"$cwd\"" cwd process.cwd cwd
	done
	for cwd in /dev/stdin /dev/stdout /dev/stderr; do
		make ".process.cwd = \"$cwd\" | .process.args = [\"/bin/ls\"]"
		hr run --bundle "$bundle" attack </dev/null >"$in/out" 2>"$in/err"
		status=$? said=$(cat "$in/err")
		refuses "cwd $cwd, where the caller may have a directory open" cwd process.cwd cwd
		hr run --bundle "$bundle" attack </ >"$in/out" 2>"$in/err"
		is "$? $(cat "$in/err")" \
			"1 hardrun: descriptor 0 is a directory, which the container would get" \
			"$runtime: a directory as standard input, cwd $cwd"
	done
	mkdir -p "$bundle/rootfs/deep/down"
	ln -sfn /proc/self/fd/7 "$bundle/rootfs/direct"
	ln -sfn ../../proc/self/fd "$bundle/rootfs/deep/down/link"
	ln -sfn deep/down/link "$bundle/rootfs/chain"
	for cwd in /direct /deep/down/link/7 /chain/7; do
		config "cwd through the image's link: $cwd" ".process.cwd = \"$cwd\"" \
			cwd process.cwd cwd
	done
}

root_directory() {
	local name
	config "root.path /" '.root.path = "/"' rootfs root.path rootfs
	config "root.path /etc" '.root.path = "/etc"' rootfs root.path rootfs
	config "root.path that holds the bundle" '.root.path = ".."' rootfs root.path rootfs
	config "no root" 'del(.root)' rootfs root.path rootfs
	mkdir -p "$bundle/host"
	mount --bind / "$bundle/host"
	config "root.path that is / under another name" '.root.path = "host"' rootfs root.path rootfs
	umount "$bundle/host"
	for name in dev proc sys; do
		rmdir "$bundle/rootfs/$name"
		ln -s "$in/host-$name" "$bundle/rootfs/$name"
		config "/$name of the image is a link" . rootfs root.path rootfs
		rm "$bundle/rootfs/$name"
		touch "$bundle/rootfs/$name"
		config "/$name of the image is a file" . rootfs root.path rootfs
		rm "$bundle/rootfs/$name"
		mkdir "$bundle/rootfs/$name"
	done
	is "$(ls "$in"/host-* 2>/dev/null)" '' "$runtime: nothing is made behind those links"
}

# ---- hooks, annotations, unknown fields, filters -----------------------------------------

hooks() {
	local kind
	printf '#!/bin/sh\ntouch %s/hook-ran\n' "$in" >"$in/hook"
	chmod 755 "$in/hook"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config "a $kind hook" ".hooks = {$kind: [{path: \"$in/hook\"}]}" \
			hooks "hooks.${kind}[0]" hooks.allow
	done
	config "a hook that calls itself Docker's" \
		'.hooks = {prestart: [{path: "/proc/1/exe", args: ["libnetwork-setkey"]}]}' \
		hooks 'hooks.prestart[0]' hooks.allow
	is "$(ls "$in/hook-ran" 2>/dev/null)" '' "$runtime: no hook ran"
}

unknown() {
	config "an unknown key" '.future = {}' document future document.accept_unknown
	config "an unknown key of process" '.process.keep = true' \
		document process.keep document.accept_unknown
	config "an unknown key of a mount" '.mounts[0].more = 1' \
		document 'mounts[0].more' document.accept_unknown
	config "an unknown key of linux" '.linux.share = true' \
		document linux.share document.accept_unknown
	config "a version to come" '.ociVersion = "2.0.0"' document ociVersion document
	config "a capability that no engine gives" \
		'.process.capabilities.bounding += ["CAP_SYS_ADMIN"]' \
		capabilities process.capabilities.bounding capabilities.allow
	config "a capability that is none" '.process.capabilities.effective += ["CAP_ALL"]' \
		capabilities process.capabilities.effective capabilities.allow
}

filters() {
	local action
	for action in NOTIFY TRACE; do
		config "a filter whose default is $action" \
			".linux.seccomp = {defaultAction: \"SCMP_ACT_$action\"}" \
			seccomp linux.seccomp.defaultAction seccomp
	done
	config "a filter that is handed to a socket" ".linux.seccomp = {
		defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"$in/socket\"}" \
		seccomp linux.seccomp.listenerPath seccomp
}

other_files() {
	make .
	jq '.process.capabilities |= map_values(["CAP_SYS_ADMIN"])' "$bundle/config.json" \
		>"$in/evil.json"
	for flag in "--config=$in/evil.json" "-f$in/evil.json"; do
		attempt run --bundle "$bundle" "$flag" attack
		like "$status/$said" '^1/hardrun: (crun run: --config is refused|runc run: -)[^'$'\n'']*$' \
			"$runtime: ${flag%%[=/]*}: a document beside the bundle's is not read"
	done
}

restore() {
	make .
	attempt restore --bundle "$bundle" --image-path "$in" attack
	refuses restore restore restore restore.allow
}

# One filter instruction that allows everything, as a container's author could write it.
allow_all=BgAAAAAA/38=
refused_call='unshare -U true 2>/dev/null && echo reached || echo refused'

annotations() {
	local kept
	make ".process.args = [\"/bin/sh\", \"-c\", \"$refused_call; id -G\"] | .annotations = {
		\"run.oci.seccomp_bpf_data\": \"$allow_all\",
		\"run.oci.keep_original_groups\": \"1\",
		\"run.oci.hooks.stdout\": \"$in/hooks.out\",
		\"run.oci.hooks.stderr\": \"$in/hooks.err\",
		\"run.oci.handler\": \"krun\",
		\"org.systemd.property.ExecStartPre\": \"'/bin/touch'\",
		\"org.criu.config\": \"$in/criu\",
		\"module.wasm.image/variant\": \"compat\",
		\"krun.cpus\": \"8\",
		\"bundle\": \"/\",
		\"io.kubernetes.cri.image-name\": \"kept\", \"org.opencontainers.image.ref.name\": \"kept\"}
		| del(.process.user.additionalGids)"
	cp "$bundle/config.json" "$in/asked.json"
	timeout 60 setpriv --groups 4242 "$work/bin/hardrun" --root "$root" \
		run --bundle "$bundle" attack </dev/null >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/err")/$(cat "$in/out")" $'0//refused\n0' \
		"$runtime: annotations that steer a runtime have no effect"
	kept=$(jq -c '.annotations | keys' "$bundle/config.json")
	is "$kept" '["io.kubernetes.cri.image-name","org.opencontainers.image.ref.name"]' \
		"$runtime: they are dropped, the others are kept"
	is "$(jq -r 'select(.event == "run") | .report[] | select(.control == "annotations")
		| .action' /var/log/hardrun/audit.jsonl | sort | uniq -c | tr -s ' ')" ' 10 drop' \
		"$runtime: each is in the report"
	[ "$runtime" = crun ] || return
	# The same hardened document with the annotations, on crun alone: they would work.
	jq --slurpfile asked "$in/asked.json" '.annotations = ($asked[0].annotations
		| {"run.oci.seccomp_bpf_data", "run.oci.keep_original_groups"})' \
		"$bundle/config.json" >"$in/again.json"
	cp "$in/again.json" "$bundle/config.json"
	timeout 60 setpriv --groups 4242 "$program" --root "$root" \
		run --bundle "$bundle" attack </dev/null >"$in/out" 2>"$in/err"
	note "crun alone, annotations left in: $(tr '\n' ' ' <"$in/out") $(tail -n 1 "$in/err")"
}

# ---- exec --------------------------------------------------------------------------------

# document NAME FILTER CONTROL PATH RULE: exec refuses the process document
document() {
	real_jq "greedy([\"/bin/true\"]; []) | $2" -n >"$in/process.json"
	attempt exec --process "$in/process.json" attack
	exit_status=255 refuses "exec: $1" "$3" "$4" "$5"
}

exec_refused() {
	local cwd
	for cwd in /proc/self/fd/7 /proc/self/fd/9 /dev/fd/7 /dev/stdin /direct /chain/7 relative; do
		attempt exec --cwd "$cwd" attack /bin/true
		exit_status=255 refuses "exec --cwd $cwd" cwd cwd cwd
		document "cwd $cwd" ".cwd = \"$cwd\"" cwd cwd cwd
	done
	document "an unknown key" '.more = 1' document more document.accept_unknown
	document "a capability that is none" '.capabilities.effective = ["CAP_ALL"]' \
		capabilities capabilities.effective capabilities.allow
	attempt exec --cap CAP_ALL attack /bin/true
	exit_status=255 refuses "exec --cap of no capability" \
		capabilities capabilities.bounding capabilities.allow
}

# What the last line of the audit log reports: "action path" of each entry.
reported() {
	tail -n 1 /var/log/hardrun/audit.jsonl | jq -r '[.report[] | "\(.action) \(.path)"] | join(",")'
}

exec_labels() {
	attempt exec --process-label system_u:system_r:spc_t:s0 --apparmor unconfined attack \
		/bin/echo ran
	is "$status/$said/$(cat "$in/out")" 0//ran "$runtime: exec with labels of its own runs without"
	like ",$(reported)," ',drop apparmorProfile,.*drop selinuxLabel,' \
		"$runtime: exec: labels are dropped and reported"
	real_jq 'greedy(["/bin/echo", "ran"]; []) | .apparmorProfile = "unconfined"
		| .selinuxLabel = "system_u:system_r:spc_t:s0"' -n >"$in/process.json"
	attempt exec --process "$in/process.json" attack
	is "$status/$said/$(cat "$in/out")" 0//ran \
		"$runtime: exec by document with labels of its own runs without"
}

is_running() { bare state "$1" | grep -Eq '"status": ?"running"'; }
is_gone() { ! grep -q '^State:.[^Z]' "/proc/$1/status"; }

# A caller's descriptor on the host must be seen neither by the runtime nor inside.
leaks() {
	local pid
	make '.process.args = ["/bin/ls", "/proc/self/fd"]'
	hr run --bundle "$bundle" leak 9</ </dev/null >"$in/out" 2>&1
	is "$(tr '\n' ' ' <"$in/out")" '0 1 2 3 ' "$runtime: run hands on no descriptor of the caller"
	hr exec attack /bin/ls /proc/self/fd 9</ </dev/null >"$in/out" 2>&1
	is "$(tr '\n' ' ' <"$in/out")" '0 1 2 3 ' "$runtime: exec hands on no descriptor of the caller"
	hr exec attack /bin/ls /proc/1/fd </dev/null >"$in/out" 2>&1
	is "$(tr '\n' ' ' <"$in/out")" '0 1 2 ' "$runtime: init has its streams and nothing else"
	make '.process.args = ["/bin/sleep", "1000"]'
	"$work/bin/hardrun" --root "$root" run --bundle "$bundle" leak 9</ </dev/null >"$in/out" 2>&1 &
	pid=$!
	reap "$pid"
	until_true is_running leak
	unlike "$(readlink /proc/"$pid"/fd/*)" $'(^|\n)/($|\n)' \
		"$runtime: not even the runtime gets a descriptor of the caller"
	bare delete --force leak >/dev/null 2>&1
	wait "$pid"
}

exec_escapes() {
	make '.process.args = ["/bin/sleep", "1000"]'
	hr run --detach --bundle "$bundle" attack 9</ </dev/null >"$in/out" 2>&1
	is "$?/$(cat "$in/out")" 0/ "$runtime: a container to exec in"
	exec_refused
	exec_labels
	bundle=$work/b/leak
	leaks
	bundle=$work/b/attack
}

# ---- update ------------------------------------------------------------------------------

devices() { cat "/sys/fs/cgroup/devices$cgroup/attack/devices.list" 2>/dev/null; }

updates() {
	local before body
	before=$(devices)
	for body in '[{"allow": true, "access": "rwm"}]' \
		'[{"allow": false, "access": "rwm"}, {"allow": true, "type": "b", "major": 8, "access": "r"}]'; do
		echo "{\"devices\": $body}" >"$in/resources.json"
		attempt update --resources "$in/resources.json" attack
		refuses "update that allows devices: $body" devices \
			"devices[$(jq 'map(.allow) | index(true)' <<<"$body")]" devices
		hr update --resources - attack <"$in/resources.json" >"$in/out" 2>"$in/err"
		status=$? said=$(cat "$in/err")
		refuses "update by stdin that allows devices: $body" devices \
			"devices[$(jq 'map(.allow) | index(true)' <<<"$body")]" devices
	done
	echo '{"devices": [], "unknown": 1}' >"$in/resources.json"
	attempt update --resources "$in/resources.json" attack
	refuses "update with an unknown key" document unknown document.accept_unknown
	is "$(devices)" "$before" "$runtime: the devices of the container are as they were"
	if [ -n "$before" ]; then
		echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$in/resources.json"
		attempt update --resources "$in/resources.json" attack
		is "$status/$said" 0/ "$runtime: update that repeats the engine's deny succeeds"
		is "$(devices)" "$before" "$runtime: and takes no device away"
	else
		skip "$runtime: update that repeats the engine's deny" "no devices cgroup for $runtime here"
	fi
}

# ---- the container behind an id is another -------------------------------------------------

# The id of a hardened container, but made by the runtime alone from another bundle.
swapped_container() {
	bare delete --force attack
	bundle=$work/b/swapped
	make '.process.args = ["/bin/sleep", "1000"]'
	bare run --detach --bundle "$bundle" attack </dev/null >"$in/out" 2>&1
	attempt exec attack /bin/true
	like "$status/$said" '^255/hardrun: bundle "[^"]*" of the container is not the one' \
		"$runtime: exec in a container of the same id and another bundle is refused"
	hr delete --force attack
	is "$(bare state attack 2>/dev/null)" '' "$runtime: and it can still be deleted"
	bundle=$work/b/attack
}

# The handler changes to the other runtime while a container lives.
swapped_runtime() {
	local other pid
	other=$(command -v "$([ "$runtime" = runc ] && echo crun || echo runc)") || return
	make '.process.args = ["/bin/sleep", "1000"]'
	hr run --detach --bundle "$bundle" --pid-file "$in/pid" attack </dev/null >"$in/out" 2>&1
	pid=$(cat "$in/pid")
	mkdir -p /etc/hardrun/runtimes
	policy '{"version": 1}'
	ln -sfn "$(realpath "$other")" /etc/hardrun/runtimes/hardrun
	attempt state attack
	like "$(cat "$in/out")" '"status": ?"running"' "$runtime: its record leads to the right runtime"
	attempt exec attack /bin/sh -c 'cat /proc/self/status'
	is "$(figures "$in/out")" "$(hardened 4fb)" "$runtime: exec too"
	# The wrong runtime's delete would take the state away and leave the process.
	mv /run/hardrun/records "$in/records"
	attempt delete --force attack
	if [ "$status" != 0 ]; then
		like "$said" "^hardrun: container \"attack\" was made by $runtime, " \
			"$runtime: delete without a record by the other runtime's handler is refused"
		check "$runtime: and the container lives" test -e "$root/attack" -a -e "/proc/$pid"
		mv "$in/records" /run/hardrun/records
		attempt delete --force attack
	fi
	is "$status/$said/$(ls -d "$root/attack" 2>/dev/null)" 0// "$runtime: delete ends it"
	check "$runtime: with its process" until_true is_gone "$pid"
	real_no_policy
}

# ---- the filter in place -----------------------------------------------------------------

# What seccomp_real.sh asks of the profile on its own, asked through hardrun: each call that
# the profile answers itself gets that answer.
filter_in_place() {
	make '.process.args = ["/probe"]
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	install -m 755 "$work/probe_seccomp" "$bundle/rootfs/probe"
	attempt run --bundle "$bundle" attack
	cp "$in/out" "$work/verdicts.$runtime"
	is "$status" 0 "$runtime: the probe runs"
	is "$(awk -F'\t' '$2 == "killed" && $3 == "ENOSYS" { next }
		$2 != "kernel" && $2 != $3' "$in/out")" '' "$runtime: the whole filter is in place"
	like "$(awk -F'\t' '$2 != "kernel"' "$in/out" | wc -l)" '^[1-9][0-9][0-9]?$' \
		"$runtime: a filter of many verdicts"
}

# ---- all of it -----------------------------------------------------------------------------

build_helper probe_seccomp
for file in pid net ipc uts mnt; do
	touch "$ns/other.$file"
	# A mount namespace can be bound only from an older one's place.
	[ "$file" = mnt ] || mount --bind "/proc/1/ns/$file" "$ns/other.$file"
done
rm "$ns/other.mnt" && ln -s "/proc/1/ns/mnt" "$ns/other.mnt"
ln -s "$ns/other.net" "$ns/link"

for runtime in runc crun; do
	real_begin "$runtime" || continue
	bundle=$work/b/$runtime-attack
	namespaces
	working_directory
	root_directory
	hooks
	unknown
	filters
	other_files
	restore
	annotations
	exec_escapes
	updates
	swapped_container
	swapped_runtime
	filter_in_place
	real_end
done
if [ -s "$work/verdicts.runc" ] && [ -s "$work/verdicts.crun" ]; then
	is "$(diff "$work/verdicts.runc" "$work/verdicts.crun")" '' "runc and crun: no verdict differs"
else
	skip "runc and crun: no verdict differs" "one of them did not run"
fi
finish
