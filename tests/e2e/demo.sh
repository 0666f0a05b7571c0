#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# contrib/demo with the built program: what it promises on one screen, and what it leaves
# behind. Needs root, runc, busybox and gcc.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
for tool in /usr/sbin/runc busybox gcc; do
	command -v "$tool" > /dev/null || skip_all "$tool is not installed"
done
demo=$HR_TEST_SRCDIR/contrib/demo
# In a file system of its own: below /run no root is taken but a bundle's.
mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir /mnt/tmp

demo() { # ARGUMENT...
	TMPDIR=/mnt/tmp "$demo" --no-install "$@" > "$work/out" 2> "$work/err" < /dev/null
	status=$?
}

# What of a demonstration is still there: processes (zombies are for pid 1 to collect),
# cgroups, temporary files, records.
leftovers() {
	local cgroup
	grep -sl /hardrun-demo- /proc/[0-9]*/cgroup | while read -r cgroup; do
		grep -sE '^State:[[:space:]]+[^ZX]' "${cgroup%cgroup}status"
	done
	find /sys/fs/cgroup -maxdepth 3 -name 'hardrun-demo-*'
	find "/mnt/tmp" -mindepth 1
	find /run/hardrun /var/log/hardrun -mindepth 0 2> /dev/null
}

# row NAME: the fields behind NAME in the table of /proc/self/status.
row() { sed -n "s/^  $1 *//p" "$work/out"; }

# shellcheck disable=SC2317 # called by check
holds() { jq -e "$@" > /dev/null; }

is "$(leftovers)" "" "nothing of a demonstration is there before"
find /etc/hardrun -ls > "$work/etc.before"
demo --program "$HR_PROGRAM"
is "$status" 0 "it shows everything"
is "$(cat "$work/err")" "" "and complains of nothing"
is "$(leftovers)" "" "it leaves nothing behind"
is "$(find /etc/hardrun -ls)" "$(cat "$work/etc.before")" "nor anything changed in /etc/hardrun"

total=$(sed -n 's/^  total reached  *//p' "$work/out")
like "$total" \
	'^[0-9]+ of [0-9]+ +([1-9][0-9]* of [0-9]+,( [0-9]+)? on purpose(, [0-9]+ known)?|0 of [0-9]+)$' \
	"the totals, none of hardrun's by mistake"
read -r bare _ tried hardened _ tried_too _ <<< "${total//,/} "
is "$tried" "$tried_too" "as many attempts on either side"
check "enough of them" test "$tried" -ge 80
check "under hardrun fewer than a third of what bare runc lets through" \
	test "$((hardened * 3))" -lt "$bare"

read -r init _ <<< "$(row CapEff | sed 's/^[^ ]* *//')"
read -r _ _ bare_exec exec <<< "$(row CapEff)"
is "$((0x$bare_exec & 1 << 21))" "$((1 << 21))" "bare runc's exec gets CAP_SYS_ADMIN"
is "$exec" "$init" "hardrun's exec has what init has"
is "$(row NoNewPrivs | tr -s ' ')" "1 1 1 1" "no_new_privs"
is "$(row Seccomp | tr -s ' ')" "0 2 0 2" "seccomp, on init and exec"
like "$(cat "$work/out")" "hardrun: refused by namespaces: .*host's network" \
	"the message of a refusal"
like "$(cat "$work/out")" '"verdict":"refuse"' "its audit line"
check "one screen" test "$(wc -l < "$work/out")" -le 66
is "$(grep -cE '.{101}' "$work/out")" 0 "of 100 columns"
is "$(grep -c $'\e' "$work/out")" 0 "no colour outside of a terminal"

demo --keep --program "$HR_PROGRAM"
is "$status" 0 "--keep"
kept=$(sed -n 's/^kept: //p' "$work/out")
check "keeps the audit log" grep -q '"verdict":"refuse"' "$kept/audit.jsonl"
check "and the record" holds '.state == "committed"' "$kept/record.json"
check "and what was written for the runtime" holds .linux.seccomp "$kept/hardened/config.json"
rm -rf "${kept:?}"
is "$(leftovers)" "" "and nothing else"

cp /bin/false "$work/hardrun"
demo --program "$work/hardrun"
is "$status" 1 "a program that does not work"
log=$(grep -o "/mnt/tmp/[^ )]*\\.log" "$work/err")
check "its log is named and is there" test -f "$log"
rm -rf "/mnt/tmp"/*
is "$(leftovers)" "" "and the containers are gone"
demo --no-such-option
is "$status" 2 "an option that there is not"

# The probe itself; on this machine, which it must not change.
gcc -static -O1 -o "$work/probe" "$HR_TEST_SRCDIR"/tests/escape/*.c
is "$("$work/probe" --list | awk -F '\t' 'NF != 4 || $4 == ""')" "" \
	"probe: every vector has a title"
is "$("$work/probe" --list | cut -f 1,2 | sort | uniq -d)" "" "probe: every name is there once"
"$work/probe" --only E18,E23 > "$work/text"
is "$(cut -c 1-4 "$work/text" | sort -u | tr -d '\n')" "E18 E23 " "probe: --only"
is "$(grep -vE '^E[0-9]+ +[^ ].* (REACHED|refused \([A-Za-z0-9]+\))$' "$work/text")" "" \
	"probe: a verdict a line"
"$work/probe" --json > "$work/json"
check "probe: --json" holds -s \
	'length > 80 and all(.vector and .probe and (.reached | type) == "boolean")' "$work/json"
finish
