#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel says of processes in real containers (CONTROLS H4, H5): of init and of every
# way to exec, on runc and crun, for documents of the shapes that engines write; and that
# hardrun stays out of the way of exit statuses, streams, terminals and signals.
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"

show='cat /proc/self/status'
in=$work/in
mkdir "$in"
mkdir -m 1777 "$work/image/home/open"
chmod 1777 "$work/image/tmp" # as images have it
effective='' # where it is not the bounding set

# ---- one container of each shape ---------------------------------------------------------

# shape_KIND ID sets $id, $bundle, $root, the document $document with the filter $shape for
# it, and $bounding, the mask that the container may have: what was asked and is among the
# eight.

shape_spec() {
	id=$1 bundle=$work/b/$1 document=$(real_spec) shape=. bounding=420
	root=$work/root/$runtime
}

shape_docker() {
	id=$1 bundle=$work/b/$1 document=$(recorded docker-run) bounding=4fb
	shape='.mounts |= map(select(.type != "bind")) | del(.hooks)'
	root=$work/root/$runtime
}

# Identity is believed of exactly these paths.
cri_paths() {
	root=$work/root/$runtime/k8s.io
	bundle=$work/io.containerd.runtime.v2.task/k8s.io/$id
	mkdir -p "$root"
}

shape_sandbox() {
	id=$1 document=$(recorded cri21-pod-default) bounding=0
	shape='.mounts |= map(select(.type != "bind"))'
	shape+=' | .linux.namespaces |= map(del(.path)) | .process.user = {uid: 0, gid: 0}'
	cri_paths
}

# In the pod of the sandbox, which still runs.
shape_workload() {
	id=$1 document=$(recorded cri21-ctr-default) bounding=4fb
	shape='.mounts |= map(select(.type != "bind")) | .linux.namespaces |=
		map(if .path then .path |= sub("^/proc/[0-9]+/"; "/proc/'$(cat "$work/sandbox.pid")'/")
		else . end)'
	cri_paths
}

# make COMMAND [FILTER]: the bundle, with this shell command as its process
make() {
	real_bundle "$bundle" "$document" \
		"$shape | .process.args = [\"/bin/sh\", \"-c\", $(jq -nc --arg c "$1" '$c')] | ${2:-.}"
}

# want FILE WAY [MASK [EFFECTIVE]]: the process that wrote FILE has just that
want() {
	is "$(figures "$1")" "$(hardened "${3:-$bounding}" "${4:-${3:-${effective:-$bounding}}}")" \
		"$way_of: $2"
}

init_of() { # container in the background, by create and start
	make "$show; echo started; exec sleep 1000"
	hr create --bundle "$bundle" --pid-file "$work/$id.pid" "$id" \
		</dev/null >"$in/init" 2>"$in/init.err"
	is "$?/$(cat "$in/init.err")" "0/" "$way_of: create succeeds in silence"
	hr start "$id" >"$in/start" 2>&1
	is "$?/$(cat "$in/start")" "0/" "$way_of: start succeeds in silence"
	until_true grep -q started "$in/init"
	want "$in/init" "a child of init"
	until_true grep -q sleep "/proc/$(cat "$work/$id.pid")/comm"
	want "/proc/$(cat "$work/$id.pid")/status" "init"
}

# ---- ways to exec ------------------------------------------------------------------------

# process_json FILTER COMMAND [LIST]: $in/process.json, which asks for everything
process_json() {
	real_jq "greedy([\"/bin/sh\", \"-c\", \$command]; ${3:-capabilities}) | $1" \
		-n --arg command "$2" >"$in/process.json"
}

exec_document() {
	process_json . "$show; echo err >&2; exit 7"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/err")" "7/err" "$way_of: exec by document: exit status and stderr are its own"
	want "$in/out" "exec by document that asks for everything"

	process_json '.user = {uid: 1000, gid: 1000}' "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec by document as another user" "$bounding" 0

	process_json 'del(.capabilities)' "$show"
	hr exec -p "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec by document without capabilities"

	process_json '.capabilities |= {effective, permitted}' "$show"
	hr exec -p "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	is "$(figures "$in/out" | grep -o 'CapBnd:.*')" "${in_nothing#*CapPrm:0 CapEff:0 }" \
		"$way_of: exec by document without a bounding set"
}

exec_detached() {
	process_json . "$show; echo done"
	hr exec --detach --process "$in/process.json" --pid-file "$in/exec.pid" "$id" \
		</dev/null >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/err")" "0/" "$way_of: exec detached by document succeeds in silence"
	until_true grep -q "done" "$in/out"
	want "$in/out" "exec detached by document"
	like "$(cat "$in/exec.pid")" '^[1-9][0-9]*$' "$way_of: exec detached writes its pid file"

	hr exec -d "$id" sh -c "$show; echo done" </dev/null >"$in/out" 2>"$in/err"
	until_true grep -q "done" "$in/out"
	want "$in/out" "exec detached by flags"
}

exec_flags() {
	hr exec "$id" sh -c "$show; echo err >&2; exit 9" </dev/null >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/err")" "9/err" "$way_of: exec by flags: exit status and stderr are its own"
	want "$in/out" "exec by flags"

	hr exec --cap CAP_SYS_ADMIN --cap CAP_NET_RAW "$id" sh -c "$show" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec --cap CAP_SYS_ADMIN"

	hr exec --user 1000:1000 "$id" sh -c "$show; id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec --user" "$bounding" 0
	like "$(tail -n 1 "$in/out")" 'uid=1000 gid=1000' "$way_of: exec --user is that user"

	hr exec --cwd /tmp --env HR=seen "$id" sh -c 'pwd; echo $HR; cat' \
		<<<"from stdin" >"$in/out" 2>&1
	is "$(cat "$in/out")" $'/tmp\nseen\nfrom stdin' "$way_of: exec --cwd --env, and stdin goes in"
}

exec_terminal() {
	# crun's copying now and then loses what is written before it has begun.
	script -qec "$(printf '%q ' "$work/bin/hardrun" --root "$root" exec -t "$id" \
		sh -c "echo begin; sleep 0.3; $show; test -t 0 && test -t 1 && exit 9")" /dev/null \
		</dev/null >"$in/out" 2>"$in/err"
	is "$?" 9 "$way_of: exec --tty has a terminal and its own exit status"
	want "$in/out" "exec --tty"

	console "$in/terminal"
	hr exec --detach --tty --console-socket "$work/console.sock" "$id" sh -c "$show" \
		</dev/null >"$in/out" 2>"$in/err"
	wait "$console"
	is "$?/$(cat "$work/console.err" "$in/err")" "0/" "$way_of: exec hands on a console socket"
	want "$in/terminal" "exec --tty --console-socket"

	console "$in/terminal"
	process_json '.terminal = true' "$show"
	hr exec --detach --process "$in/process.json" --console-socket "$work/console.sock" "$id" \
		</dev/null >"$in/out" 2>"$in/err"
	wait "$console"
	want "$in/terminal" "exec by document with a terminal"
}

# ---- run ---------------------------------------------------------------------------------

run_all() {
	make "$show; echo err >&2; exit 7"
	hr run --bundle "$bundle" "$id" </dev/null >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/err")" "7/err" "$way_of: run: exit status and stderr are its own"
	want "$in/out" "run"

	make 'cat; echo err >&2'
	hr run --bundle "$bundle" "$id" <<<"from stdin" >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/out")/$(cat "$in/err")" "0/from stdin/err" \
		"$way_of: run: stdin goes in, nothing is added to stdout and stderr"

	make "$show; echo done; exec sleep 1000"
	hr run --detach --bundle "$bundle" --pid-file "$in/pid" "$id" \
		</dev/null >"$in/out" 2>"$in/err"
	is "$?/$(cat "$in/err")" "0/" "$way_of: run --detach succeeds in silence"
	until_true grep -q "done" "$in/out"
	want "$in/out" "run --detach"
	hr delete --force "$id"

	console "$in/terminal"
	make "$show" '.process.terminal = true'
	hr run --detach --bundle "$bundle" --console-socket "$work/console.sock" "$id" \
		</dev/null >"$in/out" 2>"$in/err"
	wait "$console"
	is "$?/$(cat "$work/console.err" "$in/err")" "0/" "$way_of: run hands on a console socket"
	want "$in/terminal" "run with a terminal"
	hr delete --force "$id"
}

# A caller's SIGTERM: by hardrun or by the bare runtime, the same.
signals() { # HOW: hr or bare, PROGRAM
	local pid
	make 'trap "echo got TERM; exit 42" TERM; echo ready; while :; do sleep 0.05; done'
	"$2" --root "$root" run --bundle "$bundle" signal </dev/null >"$in/out.$1" 2>"$in/err.$1" &
	pid=$!
	reap "$pid"
	until_true grep -q ready "$in/out.$1"
	kill -TERM "$pid"
	wait "$pid"
	echo "status $?" >>"$in/out.$1"
	bare delete --force signal >/dev/null 2>&1
}

run_signals() {
	signals bare "$program"
	signals hr "$work/bin/hardrun"
	is "$(cat "$in/out.hr")" "$(cat "$in/out.bare")" \
		"$way_of: SIGTERM to run does as with $runtime alone"
	like "$(cat "$in/out.hr")" 'got TERM' "$way_of: SIGTERM to run reaches the container"
}

# No such container: the runtime says so in its own words, which engines know.
exec_of_none() {
	local words
	process_json . "$show"
	words=$(bare exec --process "$in/process.json" gone 2>&1 | sed 's/time="[^"]*"//')
	is "$(hr exec --process "$in/process.json" gone 2>&1 | sed 's/time="[^"]*"//')" "$words" \
		"$way_of: exec by document in a container that is not there"
	is "$(hr exec gone true 2>&1 | sed 's/time="[^"]*"//')" "$words" \
		"$way_of: exec by flags in a container that is not there"
}

# A document says sandbox, but its paths are not those of containerd's CRI: not believed.
not_believed() {
	shape_sandbox spoof
	root=$work/root/$runtime
	make "$show"
	hr run --bundle "$bundle" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "a sandbox below another root has the default profile" 4fb
	root=$work/root/$runtime/k8s.io
	hr run --bundle "$bundle" other </dev/null >"$in/out" 2>&1
	want "$in/out" "a sandbox by another id has the default profile" 4fb
}

# ---- documents that say little about capabilities ----------------------------------------

few() { # NAME FILTER
	make "$show" "$2"
	bare run --bundle "$bundle" few </dev/null >"$in/bare" 2>&1
	hr run --bundle "$bundle" few </dev/null >"$in/out" 2>&1
	note "$1: $runtime alone gives $(figures "$in/bare")"
	want "$in/out" "$1" "${@:3}"
}

few_capabilities() {
	few "no process.capabilities" 'del(.process.capabilities)' 0
	few "empty process.capabilities" '.process.capabilities = {}' 0
	few "no bounding set" 'del(.process.capabilities.bounding)' 0
	few "only a bounding set" '.process.capabilities |= {bounding}' 420 0
	few "no effective set" 'del(.process.capabilities.effective)' 420
	few "no process.noNewPrivileges" 'del(.process.noNewPrivileges)' 420
	few "process.noNewPrivileges false" '.process.noNewPrivileges = false' 420
}

# ---- other profiles, other ceilings ------------------------------------------------------

# As that user: of one that is not root the kernel takes the permitted set.
restricted() {
	local user='.user = {uid: 1000, gid: 1000}' called=hardrun-restricted effective=0
	real_policy '{"version": 1}'
	as_root_refused
	shape+=" | .process |= ($user)"
	init_of
	process_json "$user" "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec by document that asks for everything"
	exec_as_root_refused
	only_tmpfs_writable
	called=hardrun
	process_json "$user" "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec under another handler's name"
	exec_as_root_refused
	rm -f /run/hardrun/records/*
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec without a record"
	hr delete --force "$id"
}

as_root_refused() {
	make "$show"
	hr create --bundle "$bundle" "$id" </dev/null >"$in/out" 2>"$in/err"
	like "$?/$(cat "$in/out" "$in/err")" '^1/hardrun: refused by user: ' \
		"$way_of: root is refused at create"
}

exec_as_root_refused() {
	process_json . "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>"$in/err"
	like "$?/$(cat "$in/out" "$in/err")" '^255/hardrun: refused by user: ' \
		"$way_of: $called: root is refused at exec by document"
	hr exec --user 0:1000 "$id" sh -c "$show" </dev/null >"$in/out" 2>"$in/err"
	like "$?/$(cat "$in/out" "$in/err")" '^255/hardrun: refused by user: ' \
		"$way_of: $called: root is refused at exec by flag"
	process_json '.user = {uid: 1000, gid: 1000, additionalGids: [0]}' "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>"$in/err"
	like "$?/$(cat "$in/out" "$in/err")" '^255/hardrun: refused by user: ' \
		"$way_of: $called: root's group is refused at exec"
}

# In the image all of these could be written: see home/open.
only_tmpfs_writable() {
	local show='for at in /home/open /tmp /run /var/tmp; do
		if echo >$at/new; then
			cp /bin/true $at/new && chmod 755 $at/new && $at/new && echo "$at runs"
			echo "$at written"
		fi; done 2>/dev/null'
	process_json '.user = {uid: 1000, gid: 1000}' "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	is "$(cat "$in/out")" $'/tmp written\n/run written\n/var/tmp written' \
		"$way_of: only the fresh tmpfs can be written, and nothing there can be run"
}

# `figures` of the document in $bundle on the bare runtime, at create and at exec
bare_figures() {
	bare run --detach --bundle "$bundle" naked </dev/null >"$in/bare" 2>&1
	until_true grep -q started "$in/bare"
	bare exec --process "$in/process.json" naked </dev/null >"$in/bare.exec" 2>&1
	bare delete --force naked
	figures "$in/bare"
	figures "$in/bare.exec"
}

# All is left as asked, and exec too; once the record is gone, default and the bundle hold.
audit_mode() { # POLICY NAME
	local asked
	real_policy "$1"
	process_json . "$show" possible
	make "$show; echo started; exec sleep 1000" '.process.capabilities = every_set(possible)
		| .process.noNewPrivileges = false | del(.linux.seccomp)'
	asked=$(bare_figures)
	hr run --detach --bundle "$bundle" "$id" </dev/null >"$in/init" 2>"$in/err"
	is "$?/$(cat "$in/err")" "0/" "$way_of: $2: accepted"
	until_true grep -q started "$in/init"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	is "$(figures "$in/init"; figures "$in/out")" "$asked" "$way_of: $2: as with $runtime alone"
	rm -f /run/hardrun/records/*
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	like "$(figures "$in/out")" 'CapInh:0 CapPrm:4fb CapEff:4fb CapBnd:4fb CapAmb:0 NoNewPrivs:1' \
		"$way_of: $2: exec without a record has the default's ceiling"
	hr delete --force "$id"
	real_no_policy
}

# One control in audit, the others in force.
audit_capabilities() {
	local all
	all=$(real_jq 'mask(possible)' -rn)
	real_policy '{"version": 1, "default": "look", "profiles": {"look": {"extends": "default",
		"capabilities": {"mode": "audit"}}}}'
	process_json . "$show" possible
	make "$show; echo started; exec sleep 1000" \
		'.process.capabilities = every_set(possible) | del(.linux.seccomp)'
	hr run --detach --bundle "$bundle" "$id" </dev/null >"$in/init" 2>&1
	until_true grep -q started "$in/init"
	like "$(figures "$in/init")" "CapBnd:$all CapAmb:[0-9a-f]* NoNewPrivs:1 Seccomp:2" \
		"$way_of: capabilities alone in audit: all asked, the rest in force"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	like "$(figures "$in/out")" "CapBnd:$all CapAmb:[0-9a-f]* NoNewPrivs:1 Seccomp:2" \
		"$way_of: capabilities alone in audit: exec too"
	hr delete --force "$id"
	real_no_policy
}

# The default's ceiling AND the bundle's own: both cut.
no_record() {
	shape_spec lost
	make "$show; echo started; exec sleep 1000" \
		'.process.capabilities |= map_values(["CAP_CHOWN", "CAP_NET_RAW", "CAP_KILL"])'
	hr run --detach --bundle "$bundle" "$id" </dev/null >"$in/init" 2>&1
	until_true grep -q started "$in/init"
	want "$in/init" "CHOWN and KILL asked" 21
	rm -f /run/hardrun/records/*
	process_json . "$show"
	hr exec --process "$in/process.json" "$id" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec by document, record removed" 21
	hr exec --cap CAP_SYS_ADMIN --cap CAP_CHOWN "$id" sh -c "$show" </dev/null >"$in/out" 2>&1
	want "$in/out" "exec by flags, record removed" 21
	hr delete --force "$id"
}

# ---- all of it ---------------------------------------------------------------------------

in_nothing=$(hardened 0)
for runtime in runc crun; do
	real_begin "$runtime" || continue
	for kind in spec docker sandbox workload; do
		way_of="$runtime $kind"
		"shape_$kind" "$kind"
		init_of
		exec_document
		exec_detached
		exec_flags
		exec_terminal
		"shape_$kind" "$kind-run"
		run_all
		# The workload still needs its sandbox.
		[ "$kind" = sandbox ] || hr delete --force "$kind"
	done
	hr delete --force sandbox
	way_of="$runtime"
	not_believed
	shape_spec few
	run_signals
	exec_of_none
	few_capabilities
	way_of="$runtime no record"
	no_record
	shape_docker low
	way_of="$runtime restricted" bounding=400
	restricted
	shape_docker audit
	way_of="$runtime audit"
	audit_mode '{"version": 1, "profiles": {"look": {"extends": "default", "mode": "audit"}},
		"default": "look"}' "whole profile in audit"
	audit_mode '{"version": 1, "profiles": {"look": {"extends": "default", "mode": "off"}},
		"default": "look"}' "whole profile off"
	audit_capabilities
	real_end
done
finish
