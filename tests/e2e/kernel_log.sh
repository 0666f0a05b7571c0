#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# "seccomp": {"log": true}: what the filter of a real container refuses stands in the kernel's log,
# and in what explain --id says of that container and of no other. Without it nothing is logged;
# a runtime that does not know the flag starts the container all the same.
set -u
# The kernel's records have numbers of the first pid namespace: this script stays in it.
export HR_E2E_REAL=1
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
LC_ALL=C
real_sandbox "$@"
[ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] || skip_all "not in the first pid namespace"
dd if=/dev/kmsg iflag=nonblock bs=8192 count=1 status=none >/dev/null 2>&1 ||
	skip_all "/dev/kmsg cannot be read"
grep -qw errno /proc/sys/kernel/seccomp/actions_logged || skip_all "the kernel logs no refusals"
! grep -qw audit=0 /proc/cmdline || skip_all "the kernel was booted with audit=0"
gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -o "$work/image/bin/planted" "$e2e/kernel_log.c" || exit 1
cd "$work" || exit 1

on='{"version": 1, "default": "case",
	"profiles": {"case": {"extends": "default", "seccomp": {"log": true}}}}'
off='{"version": 1, "default": "case", "profiles": {"case": {"extends": "default"}}}'

explain() { # ARGUMENT...: sets status and out
	timeout -k 1 60 "$HR_PROGRAM" explain "$@" >out 2>err
	status=$?
	out=$(<out)
}

# A container ID that made its calls and stays.
plant() { # ID
	real_bundle "b/$1" "$(real_spec)" '.process.args = ["/bin/planted", "stay"]'
	hr run --detach --bundle "b/$1" "$1" </dev/null >"said.$1" 2>"failed.$1" &&
		until_true grep -q planted "said.$1"
}

# How often a process of that name was refused a call, of MEMBER.
counted() { # CALL PROCESS [MEMBER]
	jq --arg call "$1" --arg process "$2" --arg member "${3:-kernel}" '[.[$member][]?
		| select(.kind == "seccomp" and .what == $call and .process == $process) | .count] | add // 0' out
}

# The kernel writes ten lines in five seconds at most, of all that is refused on the machine: what
# was lost is planted again.
planted() { # sets id
	local try
	for try in 1 2 3 4; do
		id=$runtime-logged-$try
		plant "$id" || return
		explain --id "$id" --json
		[ "$(counted chroot planted)$(counted add_key inner)" != 31 ] || return 0
		bare delete --force "$id" >/dev/null 2>&1
		sleep 6
	done
	return 1
}

knows_flag() {
	[ "$runtime" = crun ] || "$program" features 2>/dev/null |
		jq -e '.linux.seccomp.supportedFlags | index("SECCOMP_FILTER_FLAG_LOG")' >/dev/null 2>&1
}

flags() { jq -c .linux.seccomp.flags "b/$1/config.json"; }
kept() { jq -r ".$2 // false" /run/hardrun/records/*.json "$(audit_line "$1")" | sort -u; }
audit_line() { # ID: a file with its line of the audit log
	jq -c --arg id "$1" 'select(.id == $id and (.event == "create" or .event == "run"))' \
		/var/log/hardrun/audit.jsonl >line.json
	echo line.json
}

logged_one() {
	local lines
	if ! planted; then
		not_ok "$runtime: what is refused is logged" "$(cat "failed.$id" out err | tail -c 2000)"
		return
	fi
	is "$(flags "$id")" '["SECCOMP_FILTER_FLAG_LOG"]' "$runtime: the filter has the flag"
	is "$(kept "$id" log)" true "$runtime: record and audit line say so"
	is "$(counted chroot planted)" 3 "$runtime: three calls of the first process, by name and number"
	is "$(counted add_key inner)" 1 "$runtime: one call of a process that it started"
	is "$(jq -r '.kernel[] | select(.what == "chroot") | .answer + " " + .exe + " " + .joined_by' out)" \
		"EPERM /bin/planted process" "$runtime: answer, program, and how it was told"
	like "$(jq -r '.kernel[] | select(.what == "chroot") | .remedy' out)" '^allow .*chroot' \
		"$runtime: what to write"
	is "$(jq '[.kernel[].count] | add' out)" 4 "$runtime: nothing else"
	explain --id "$id"
	is "$status" 0 "$runtime: as text"
	like "$out" $'\nWhat the kernel refused to it\n  count  what .*\n +3  chroot +EPERM +planted +allow ' \
		"$runtime: a table, most frequent first"
	like "$out" $'\n +1  add_key +E[A-Z]+ +inner' "$runtime: with each process"
	unlike "$out" 'are not logged' "$runtime: nothing is said to be missing"
	lines=$(dmesg | grep -c 'comm="planted"')
	dmesg >kernel.txt
	explain --id "$id" --json --kernel kernel.txt
	is "$(counted chroot planted)" 3 "$runtime: --kernel: from a file ($lines lines)"
	is "$(jq -r .kernel_source out)" kernel.txt "$runtime: which is named"
	grep -v 'comm="planted"' kernel.txt >less.txt
	explain --id "$id" --json --kernel less.txt
	is "$(counted chroot planted)" 0 "$runtime: what is not in it is not shown"
	explain --id "$id" --kernel missing.txt
	like "$status$out" $'^0.*\nThe kernel.s records cannot be read: missing.txt: ' \
		"$runtime: a file that is not there"
	gone_one
}

# Of a process that is gone only its name is left.
gone_one() {
	local try found=0
	for try in 1 2 3 4; do
		hr exec "$id" /bin/planted gone </dev/null >/dev/null 2>&1
		explain --id "$id" --json
		found=$(counted chroot planted kernel_not_joined)
		[ "$found" = 0 ] || break
		sleep 6
	done
	like "$found" '^[1-9]' "$runtime: a process that is gone is listed apart (try $try)"
	is "$(counted chroot planted)" 3 "$runtime: and not counted with the container's"
	explain --id "$id"
	like "$out" $'\nRefused to processes that are gone, .*\n +[0-9]+  chroot +EPERM +planted' \
		"$runtime: in the text as well"
	bare delete --force "$id"
	explain --id "$id"
	like "$status$out" $'^0.*\nIts processes are gone: ' "$runtime: so is a container"
	unlike "$out" 'What the kernel refused to it' "$runtime: nothing is made up for it"
	explain --id "$id" --json
	is "$(jq -c '[.kernel, .kernel_why_not]' out)" '[[],"its processes are gone"]' \
		"$runtime: nor as JSON"
}

# The container starts, and whoever looks is told.
without_flag() {
	plant "$runtime-cannot"
	is $? 0 "$runtime does not know the flag: the container starts"
	is "$(flags "$runtime-cannot")" '[]' "$runtime: without it"
	is "$(kept "$runtime-cannot" log)" false "$runtime: record and audit line do not say otherwise"
	explain --id "$runtime-cannot" --json
	is "$(jq -r '.report[] | select(.rule == "seccomp.log") | .action + " " + .path' out)" \
		"warn linux.seccomp.flags" "$runtime: a warning"
	is "$(counted chroot planted)" 0 "$runtime: nothing is logged"
	explain --id "$runtime-cannot"
	like "$out" 'System calls that its filter refuses are not logged' "$runtime: which is said"
}

not_logged() {
	real_policy "$off"
	plant "$runtime-off"
	is $? 0 "$runtime: without the option the container starts"
	is "$(flags "$runtime-off")" '[]' "$runtime: and has no flag"
	explain --id "$runtime-off" --json
	is "$status$(jq -c .kernel out)" '0[]' "$runtime: nothing is logged without it"
	explain --id "$runtime-off"
	like "$out" $'\nThe kernel logged no refusal to it .*\nSystem calls that its filter refuses are not logged' \
		"$runtime: which is said"
}

for runtime in runc crun; do
	real_begin "$runtime" || continue
	real_policy "$on"
	if knows_flag; then
		logged_one
	else
		without_flag
		skip "$runtime: what is refused is logged" "$("$program" --version | head -n 1) has no such flag"
	fi
	not_logged
	real_end
done
explain --kernel kernel.txt
is "$status" 2 "--kernel without --id"
finish
