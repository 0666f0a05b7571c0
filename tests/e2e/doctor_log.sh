#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `hardrun doctor` about the options log and learn of the control seccomp: a kernel that logs no
# refusals, nowhere to read its records, a runtime without the flag, a profile that is left learning.
# See doctor_setup.sh.
set -u
# shellcheck source=tests/e2e/doctor_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/doctor_setup.sh" || exit 1
doctor_sandbox "$@"
layout=docker
logged=$kernel/seccomp/actions_logged
for_web='[{"when": {"namespace": "web"}, "use": "web"}]'
usual="kill_process kill_thread trap errno user_notif trace log"

# site OPTIONS [RULES]: of seccomp, in a profile that a rule names
site() {
	fresh_layout
	echo "$usual" >"$logged"
	flag_known true
	policy '{"version": 1, "profiles": {"web": {"extends": "default", "seccomp": '"$1"'}},
		"rules": '"${2:-$for_web}"'}'
}
flag_known() { # true|false
	local flags='"SECCOMP_FILTER_FLAG_TSYNC"'
	[ "$1" = false ] || flags+=', "SECCOMP_FILTER_FLAG_LOG"'
	says /usr/sbin/runc "runc version 1.5.9" '{"ociVersionMin":"1.0.0","ociVersionMax":"1.2.0",
		"linux":{"seccomp":{"supportedFlags":['"$flags"']}}}'
}
seen() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | .evidence' "$work/out"; } # ID
set_to() { echo "$2" >"$1"; }

note "log"
site '{"log": true}'
good "log, where the kernel logs refusals"
planted="without errno"
set_to "$logged" "kill_process log"
doctor
like "$(seen kernel.seccomp-log)" '^profile web has what its filter refuses logged, and actions_logged is ' \
	"the profile is named"
fault kernel.seccomp-log warning kernel.seccomp.actions_logged
is "$(<"$logged")" "kill_process log errno" "the rest of the list stays"
like "$(</etc/sysctl.d/60-hardrun.conf)" '^kernel\.seccomp\.actions_logged=kill_process log errno$' \
	"and is kept over the next start"
planted=''
for options in '{"log": false}' '{"log": true, "mode": "audit"}' '{"log": true, "mode": "off"}' '{}'; do
	site "$options"
	set_to "$logged" "kill_process log"
	good "$options: nothing is to be logged"
done
site '{"log": true}' '[]'
set_to "$logged" "kill_process log"
good "a profile that nobody gets"

note "audit records"
cmdline() { printf '%s\n' "$1" >"$work/cmdline"; }
cmdline "BOOT_IMAGE=/vmlinuz quiet audit=1 audit=00"
if mount --bind "$work/cmdline" /proc/cmdline; then
	site '{"log": true}'
	good "other words on the kernel's command line"
	cmdline "BOOT_IMAGE=/vmlinuz audit=0 quiet"
	fault kernel.audit warning "audit records" cmdline "BOOT_IMAGE=/vmlinuz"
else
	skip "audit=0" "nothing can be mounted over /proc/cmdline"
fi

note "runtime"
site '{"log": true}'
flag_known false
noted runtime.seccomp-log
like "$(seen runtime.seccomp-log)" 'runc.*1\.5\.9.* does not know SECCOMP_FILTER_FLAG_LOG' "which one"
site '{}'
flag_known false
doctor
is "$(seen runtime.seccomp-log)" '' "and not where nothing is to be logged"

note "learn"
site '{"learn": true}'
doctor
is "$(jq -r '.findings[] | select(.id == "profile.learn") | "\(.severity) \(.file) \(.line)"' "$work/out")" \
	"warning /etc/hardrun/policy.json 1" "file and line are named"
fault profile.learn warning "profile web" sed -i 's/"learn": true/"learn": false/' /etc/hardrun/policy.json
site '{"learn": true}' '[]'
good "a profile that nobody gets"
site '{"learn": true, "mode": "audit"}'
good "mode audit: nothing is recorded"
finish
