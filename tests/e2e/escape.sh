#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The escape corpus (tests/escape) in containers of four shapes, without and with hardrun, on
# runc and on crun: what can a process do from inside? With hardrun every probe is refused but
# the ones marked `intended`, and those marked `known`, which a later control is to stop.
# usage: escape.sh [--table]
#   --table  write what was found into README.md and docs/ESCAPES.md
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
# shellcheck source=tests/e2e/escape_table.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/escape_table.sh"
export HR_TEST_LSM=keep # what a label refuses counts
real_sandbox "$@"

# Where AppArmor is on hardrun refuses a container whose profile is not loaded.
profiles=$HR_TEST_SRCDIR/profiles/apparmor loaded=()
for profile in hardrun-default hardrun-restricted; do
	if [ ! -r /sys/kernel/security/apparmor/profiles ] ||
		grep -q "^$profile " /sys/kernel/security/apparmor/profiles; then continue; fi
	apparmor_parser -rK "$profiles/$profile" || skip_all "AppArmor's profiles cannot be loaded"
	loaded+=("$profiles/$profile")
done
unload() {
	[ ${#loaded[@]} -eq 0 ] || apparmor_parser -R "${loaded[@]}"
	real_leave
}
trap unload EXIT

in=$work/in
mkdir "$in"
command -v runc >/dev/null || skip_all "runc is not installed" # shapes and table are its

# ---- shapes ------------------------------------------------------------------------------

# Documents as engines make them, less what needs the engine: its hook, its files, its pods.
adapted='del(.hooks, .process.apparmorProfile, .process.selinuxLabel)
	| .linux.namespaces |= map(del(.path)) | .mounts |= map(select(.type != "bind"))'
shm='.mounts += [{destination: "/dev/shm", type: "tmpfs", source: "shm",
	options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]}]'
given='.process.capabilities |= map_values(met(.; possible))'

shape_bundle() { # SHAPE DIR [FILTER]: the bundle whose command is the probe
	local filter=". " document
	case $1 in
	spec) document=$work/spec/config.json ;;
	docker) document=$(recorded docker-run) filter=$adapted ;;
	cri) document=$(recorded cri17-ctr-seccomp-default) filter="$adapted | $shm" ;;
	privileged) document=$(recorded cri17-ctr-in-privileged) filter="$adapted | $shm | $given" ;;
	esac
	real_bundle "$2" "$document" "$filter | .process.args = [\"/probe\"] | ${3:-.}"
}

# ---- runs --------------------------------------------------------------------------------

# verdicts FILE CALL SHAPE [FILTER]: FILE gets a line a probe, "E18 ptrace-peek EPERM" or
# "... REACHED". CALL: bare or hr. What the runtime says is in $in/err.
verdicts() {
	local bundle=$work/b/probe
	shape_bundle "$3" "$bundle" "${4:-.}"
	"$2" run --bundle "$bundle" probe </dev/null >"$in/out" 2>"$in/err"
	status=$?
	in_short >"$1"
	fresh_root "$bundle"
}

in_short() { awk '{ gsub(/[()]/, "", $4); print $1, $2, $3 == "refused" ? $4 : $3 }' "$in/out"; }

fresh_root() { # BUNDLE: what a probe left in its root must not be there for the next
	umount "$1/rootfs" && rm -rf "$1" "$work"/layers/*
}

count_of() { grep -c " ${2:-REACHED}\$" "$1"; }

# marked MARK FILE [VERDICT]: what FILE reached that has this mark: intended, known or -
marked() {
	awk -v mark="$1" -v verdict="${3:-REACHED}" -F '[\t ]' '
		NR == FNR { sub(/:$/, "", $3); mark_of[$1 $2] = $3; next }
		$3 == verdict && mark_of[$1 $2] == mark { print $1, $2 }' "$in/list" "$2"
}

same_names() { # FILE
	diff <(cut -d ' ' -f 1,2 "$1") <(cut -f 1,2 "$in/list" | tr '\t' ' ') >"$in/diff"
}

without_hardrun() {
	local shape
	for shape in spec docker cri privileged; do
		verdicts "$in/$runtime.bare.$shape" bare "$shape"
		check "$runtime: $shape without hardrun: every probe comes to a verdict" \
			same_names "$in/$runtime.bare.$shape" || note "$(cat "$in/err")"
	done
}

with_hardrun() {
	local shape file
	for shape in spec docker cri; do
		file=$in/$runtime.hr.$shape
		verdicts "$file" hr "$shape"
		check "$runtime: $shape with hardrun: every probe comes to a verdict" \
			same_names "$file"
		is "$(cat "$in/err")" '' "$runtime: $shape with hardrun: nothing is said"
		is "$(marked - "$file")" '' "$runtime: $shape with hardrun: what is not intended is refused"
		# A module of another kernel would be reached.
		is "$(marked - "$file" absent | grep -E '^E(10|3[789]|4[12]) ')" '' \
			"$runtime: $shape with hardrun: the filter refuses families and protocols"
		figure_h6 "$shape" "$file"
	done
}

# H6: at most a third of what the Docker shape reaches without hardrun.
figure_h6() { # SHAPE FILE
	local reached docker intended known
	reached=$(count_of "$2") docker=$(count_of "$in/$runtime.bare.docker")
	intended=$(marked intended "$2" | wc -l) known=$(marked known "$2" | wc -l)
	check "$runtime: $1 with hardrun: H6: $reached reached ($intended intended, $known known), Docker $docker" \
		test $((reached * 3)) -le "$docker" -a $((intended + known)) -eq "$reached"
}

# Privileged is refused at create, without a policy and with one that allows nothing more.
privileged() {
	verdicts "$in/refused" hr privileged
	like "$status/$(cat "$in/err")" '^1/hardrun: refused by privileged: ' \
		"$runtime: privileged with hardrun: refused at create"
	is "$(cat "$in/refused")" '' "$runtime: privileged with hardrun: no probe runs"
	real_policy '{"version": 1}'
	verdicts "$in/refused" hr privileged
	like "$status/$(cat "$in/err")" '^1/hardrun: refused by privileged: ' \
		"$runtime: privileged with hardrun and a policy that allows no more: refused"
	real_no_policy
}

# An exec that asks for everything reaches no more than the container's own process.
greedy_exec() {
	local bundle=$work/b/exec
	shape_bundle docker "$bundle" '.process.args = ["/bin/sleep", "1000"]'
	hr run --detach --bundle "$bundle" exec </dev/null >"$in/out" 2>&1
	real_jq 'greedy(["/probe"]; possible)' -n >"$in/process.json"
	hr exec --process "$in/process.json" exec </dev/null >"$in/out" 2>"$in/err"
	in_short >"$in/exec"
	is "$(diff "$in/exec" "$in/$runtime.hr.docker")$(cat "$in/err")" '' \
		"$runtime: docker with hardrun: an exec with every capability reaches the same"
	bare delete --force exec >/dev/null 2>&1
	fresh_root "$bundle"
}

# ---- vectors that take more than a look from inside ----------------------------------------

# E1: an exec of /proc/self/exe makes the runtime its own victim (CVE-2019-5736) while a
# watcher inside looks for its program. (EROFS: it saw the runtime, on a mount to read only.)
overwritten_runtime() {
	local before bundle=$work/b/watch tries library
	before=$(sha256sum "$program")
	shape_bundle spec "$bundle" '.process.args = ["/bin/sh", "-c",
		"while :; do /probe --only E1; done"]'
	for library in $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*'); do
		cp -L --parents "$library" "$bundle/rootfs"
	done
	hr run --detach --bundle "$bundle" watch </dev/null >"$in/watch" 2>&1
	for ((tries = 0; tries < 20; tries++)); do
		hr exec watch /self --version </dev/null >/dev/null 2>&1
	done
	until_true grep -q '^E1 ' "$in/watch"
	bare delete --force watch >/dev/null 2>&1
	note "E1 on $runtime: $(sed 's/^E1 *//' "$in/watch" | sort | uniq -c | tr -s ' \n' ' ')"
	is "$(grep -vE '^E1 .* refused \([A-Za-z]+\)$' "$in/watch" | head -n 3)" '' \
		"$runtime: E1: an exec shows the container no program of the runtime to write to"
	is "$(sha256sum "$program")" "$before" "$runtime: E1: which is as it was"
	umount "$bundle/rootfs"
}

# E57: crun takes a whole filter from an annotation; here one that allows everything.
annotated_filter() {
	local filter='.annotations["run.oci.seccomp_bpf_data"] = "BgAAAAAA/38="'
	if [ "$runtime" = crun ]; then
		verdicts "$in/annotated" bare docker "$filter"
		note "E57 on crun alone: $(count_of "$in/annotated") reached with it," \
			"$(count_of "$in/crun.bare.docker") without"
	fi
	verdicts "$in/annotated" hr spec "$filter"
	is "$(diff "$in/annotated" "$in/$runtime.hr.spec")" '' \
		"$runtime: E57: a filter in an annotation changes no verdict"
}

# E58: two conditions on one argument; runtimes read "not this or not that", which is always.
repeated_index() {
	local file=$in/repeated filter
	filter='(.linux.seccomp.syscalls[] | select(.args == null) | .names) -= ["ioctl"]
		| .linux.seccomp.syscalls += [{names: ["ioctl"], action: "SCMP_ACT_ALLOW", args: [
			{index: 1, value: 21522, op: "SCMP_CMP_NE"}, {index: 1, value: 21532, op: "SCMP_CMP_NE"}]}]'
	verdicts "$file" bare docker "$filter"
	note "E58 on $runtime alone: $(grep -E ' TIOC(STI|LINUX) ' "$file" | tr '\n' ' ')"
	verdicts "$file" hr docker "$filter"
	if [ "$status" = 1 ]; then
		like "$(cat "$in/err")" '^hardrun: refused by seccomp: ' "$runtime: E58: refused at create"
	else
		is "$(diff "$file" "$in/$runtime.hr.docker")" '' \
			"$runtime: E58: a repeated condition opens nothing"
	fi
}

# ---- both runtimes -------------------------------------------------------------------------

# Files of cgroups are others under cgroup 1 (runc here) than under 2: whether one is reached
# counts there, not what is in the way.
comparable() { # FILE
	awk '($1 ~ /^E(5|36)$/ || $2 ~ /cgroup/) && $3 != "REACHED" { $3 = "refused" } 1' "$1"
}

same_on_both() {
	local shape
	for shape in spec docker cri; do
		is "$(diff <(comparable "$in/runc.hr.$shape") <(comparable "$in/crun.hr.$shape"))" '' \
			"$shape with hardrun: runc and crun come to the same verdicts"
	done
}

# The list of what is known to be open must shrink when it is closed. What these shapes do not
# reach without hardrun either the kernel refuses or lacks. For what is intended, a note.
marks() {
	local name mark gone=''
	while IFS=$'\t' read -r _ name mark _; do
		[ "$mark" != - ] || continue
		case $mark in known*) note "open: $name: ${mark#known: }" ;; esac
		! grep -qF " $name REACHED" "$in"/*.hr.* || continue
		grep -qF " $name REACHED" "$in"/*.bare.{spec,docker,cri} || continue
		case $mark in
		known*) gone+="$name is marked \"$mark\" and nothing reaches it any more"$'\n' ;;
		*) note "$name is marked \"$mark\" and is refused" ;;
		esac
	done <"$in/list"
	is "$gone" '' "what is known to be open is open"
}

# ---- nothing is changed ----------------------------------------------------------------------

# What of the machine a probe could have changed; counters left out.
machine() {
	find /proc/sys/kernel /proc/sys/vm /proc/sys/fs -type f -perm -400 2>/dev/null | sort |
		grep -vE '/(random/|quota/|ns_last_pid|pty/nr|[a-z]*-(nr|state)$|perf_|.*_next_id)' |
		while read -r file; do printf '%s %s\n' "$file" "$(tr '\0' ' ' <"$file" 2>&1)"; done
	uname -a
	# A bare container without a cgroup namespace that mounts cgroup2 sets its options for all.
	cat /proc/swaps /proc/modules /proc/self/mountinfo 2>/dev/null |
		sed 's/ - cgroup2 cgroup2 .*/ - cgroup2/'
	find /sys/fs/cgroup /dev /tmp -name '.hardrun-probe*' 2>/dev/null
}

# ---- all of it -------------------------------------------------------------------------------

if [ -x "${HR_BUILDDIR:-.}/tests/escape/probe" ]; then
	install -m 755 "${HR_BUILDDIR:-.}/tests/escape/probe" "$work/image/probe"
else
	gcc -static -O1 -o "$work/image/probe" "$HR_TEST_SRCDIR"/tests/escape/*.c || exit 1
fi
ln -s /proc/self/exe "$work/image/self"
mkdir -p "$work/spec" && (cd "$work/spec" && runc spec) || exit 1
"$work/image/probe" --list >"$in/list"

for runtime in runc crun; do
	real_begin "$runtime" || continue
	machine >"$in/before"
	without_hardrun
	is "$(diff "$in/before" <(machine))" '' "$runtime: no probe changes anything on the machine"
	with_hardrun
	greedy_exec
	privileged
	overwritten_runtime
	annotated_filter
	repeated_index
	real_end
done
if [ -s "$in/runc.hr.spec" ] && [ -s "$in/crun.hr.spec" ]; then
	same_on_both
else
	skip "the same verdicts on runc and crun" "one of them did not run"
fi
marks
if [ -s "$in/runc.hr.spec" ]; then
	[ "${1:-}" != --table ] || write_tables
	compare_tables
else
	skip "the table of README.md" "runc did not run"
fi
finish
