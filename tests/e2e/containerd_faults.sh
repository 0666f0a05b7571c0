#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong on a node, under a real containerd: hardrun killed in the middle of a create, a
# full disk, containerd restarted, shims killed, records, policy and handler links gone while
# containers of runc and of crun run below one root. However it goes, kill and delete work and
# nothing is left.
# usage: containerd_faults.sh [CYCLES [all]]   CYCLES: lives in a row, 10 by default;
# all: kill hardrun at every system call of a create, not only where it changes something
# shellcheck disable=SC2317 # what is waited for is called by its name
set -u
# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"
containerd_sandbox "$@"
cycles=${1:-10} where=${2:-some}

# ---- many lives, and the sweep of records ----------------------------------------------

cycle() { # ID
	start "$1" -- sleep 1000 && [ "$(heard inside "$1" -- echo inside)" = inside ] && end "$1"
}

bad=0
for ((i = 0; i < cycles; i++)); do cycle "cycle$i" || bad=$((bad + 1)); done
is "$bad" 0 "$cycles times run, exec, kill, delete"
clean "$cycles lives leave nothing"

existing() { # FILE...: how many are there
	local file there=0
	for file in "$@"; do [ ! -e "$file" ] || there=$((there + 1)); done
	echo "$there"
}

start keeper -- sleep 1000
keeper=$(record_of keeper)
ended=()
for file in "$records"/*.json; do [ "$file" = "$keeper" ] || ended+=("$file"); done
is "$([ "${#ended[@]}" -ge "$cycles" ] && echo all)" all "the records of ended containers are there"
before=$(existing "${ended[@]}")
foreground young -- true
is "$(existing "${ended[@]}")" "$before" "no record younger than a minute is swept"
touch -d '2 minutes ago' "$records"/*.json
most=0
for ((creates = 0; creates < 100; creates++)); do
	before=$(existing "${ended[@]}")
	[ "$before" -gt 0 ] || break
	foreground sweeper -- true
	gone=$((before - $(existing "${ended[@]}")))
	[ "$gone" -le "$most" ] || most=$gone
done
is "$(existing "${ended[@]}")" 0 "later creates sweep them all ($creates for ${#ended[@]})"
check "no create sweeps more than eight (most: $most)" test "$most" -le 8
check "the record of a running container stays" test -e "$keeper"
is "$(figures_exec keeper)" "$hardened" "and its exec is hardened"
end keeper
clean "sweeping leaves nothing"

# ---- twenty at once --------------------------------------------------------------------

rm -rf "$records" "$audit"
for ((i = 0; i < 20; i++)); do
	start "many$i" -- sleep 1000 >>"$work/many" 2>&1 &
	starts[i]=$!
done
wait "${starts[@]}"
is "$(cat "$work/many")" "" "20 creates at once: no complaint"
is "$(ctr task ls | grep -c ' RUNNING')" 20 "20 creates at once: all run"
for ((i = 0; i < 20; i++)); do figures_of "many$i"; echo; done | sort | uniq -c | xargs >"$work/out"
is "$(cat "$work/out")" "20 $hardened" "20 creates at once: all are hardened"
is "$(jq -r .state "$records"/*.json | sort | uniq -c | xargs)" "20 committed" \
	"20 creates at once: 20 records"
is "$(jq -r 'select(.event == "create") | .id' "$audit" | sort -u | wc -l)" 20 \
	"20 creates at once: 20 whole lines in the audit log"
for ((i = 0; i < 20; i++)); do
	end "many$i" >>"$work/many" 2>&1 &
	starts[i]=$!
done
wait "${starts[@]}"
is "$(cat "$work/many")" "" "20 ends at once"
clean "20 at once leave nothing"

# ---- containerd goes and comes back ----------------------------------------------------

for signal in TERM KILL; do
	start survivor -- sleep 1000
	init=$(pid_of survivor)
	containerd_stop "$signal"
	check "containerd gone by SIG$signal: the container runs on" test -d "/proc/$init"
	containerd_start
	is "$(pid_of survivor) $(status_of survivor)" "$init RUNNING" "containerd back: it knows it"
	is "$(figures_exec survivor)" "$hardened" "containerd back: exec"
	end survivor
	is "$? $([ -e "/proc/$init" ] && echo there)" "0 " "containerd back: kill and delete"
	clean "containerd gone by SIG$signal: nothing is left"
done

# ---- no room left ----------------------------------------------------------------------

small() { # DIR: a small file system over it, with what is there already
	mkdir -p "$1" "$work/copy" && cp -a "$1/." "$work/copy" &&
		mount -t tmpfs -o size=4m,mode=755 hr-e2e "$1" && cp -a "$work/copy/." "$1"
	rm -rf "${work:?}/copy"
}

# To the last byte: cat fills the last page of a file, too.
fill() { cat /dev/zero >"$1/filler" 2>/dev/null; } # DIR

start held -- sleep 1000
small /var/log/hardrun
fill /var/log/hardrun
is "$(heard foreground silent -- echo works 2>&1)" works "no room for the audit log: create works"
is "$(heard inside held -- echo works 2>&1)" works "no room for the audit log: exec works"
with_policy '{"version": 1, "audit": {"file": "/var/log/hardrun/audit.jsonl", "required": true}}'
foreground no -- true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^1 .*hardrun: .*audit.*No space left on device.*audit\.required' \
	"no room for an audit log that is required: create says so"
start no -- true 2>/dev/null
ctr containers rm no
rm -rf /etc/hardrun
end held
is "$?" 0 "no room for the audit log: kill and delete work"
rm /var/log/hardrun/filler
foreground later -- true
is "$(tail -n 1 "$audit" | jq -r '"\(.event) \(.id)"')" "create later" \
	"room again: the next line is whole, whatever became of the ones before"
umount /var/log/hardrun
clean "no room for the audit log: nothing is left"

small /run/hardrun
start held -- sleep 1000
fill /run/hardrun
foreground no -- true >"$work/out" 2>&1
like "$? $(cat "$work/out")" '^1 .*create failed: hardrun: .*record.*No space left on device' \
	"no room for the record: create says so"
is "$(ctr task ls -q | xargs)" held "no room for the record: nothing was started"
is "$(figures_exec held)" "$hardened" "no room for the record: exec works"
end held
is "$?" 0 "no room for the record: kill and delete work"
clean "no room for the record: nothing is left"
rm /run/hardrun/filler
is "$(heard foreground later -- echo works)" works "room again: create works"
umount /run/hardrun

# ---- hardrun killed in the middle of a create ------------------------------------------

# Of a killed hardrun; its own temporary files are the sweep's, see below.
of_killed() { leftovers | grep -v '^temporary: /run/hardrun/'; }
nothing_of_killed() { [ -z "$(of_killed)" ]; }

hasty() { # ID MILLISECONDS: a create with that deadline, and whatever came of it deleted again
	timeout 60 ctr --timeout "${2}ms" run --runtime io.containerd.runc.v2 --detach \
		--runc-binary "$work/bin/hardrun" "$image" "$1" sleep 1000 >"$work/out" 2>&1 &&
		survived=$((survived + 1))
	ctr task rm --force "$1" >/dev/null 2>&1
	ctr containers rm "$1" >/dev/null 2>&1
	ctr snapshots rm "$1" >/dev/null 2>&1 # ctr has no time left to do it
	[ -z "$(ctr containers ls -q)$(ctr task ls -q)" ]
}

# The caller's deadline reaches the runtime as SIGKILL, wherever it is.
survived=0 bad=0
for ((ms = 20; ms <= 400; ms += 20)); do hasty "hasty$ms" "$ms" || bad=$((bad + 1)); done
is "$bad" 0 "deadlines of 20 to 400 ms: each is deletable ($survived of 20 came up)"
# With plain runc, too, such deadlines leave empty cgroups (runc 1.1) and now and then a shim
# without a container or an unmounted bundle (containerd 1.6): not hardrun's.
of_hasty() { of_killed | grep -v -e '^cgroup: ' -e '^bundle: ' -e '^process: .*/containerd-shim'; }
nothing_of_hasty() { [ -z "$(of_hasty)" ]; }
within 10 nothing_of_hasty
is "$(of_hasty)" "" "deadlines of 20 to 400 ms: nothing is left"
wipe
cgroups_leave

# A runtime that does not answer hardrun's question after its version.
mkdir -p "$work/runtime"
cat >"$work/runtime/runc-slow" <<'SH'
#!/bin/sh
[ "$1" != --version ] || exec sleep 4711
exec /usr/sbin/runc "$@"
SH
chmod 755 "$work/runtime/runc-slow"
with_policy
handler hardrun "$work/runtime/runc-slow"
check "deadline while hardrun asks the runtime: deletable" hasty asking 1000
like "$(cat "$work/out")" 'deadline exceeded' "deadline while hardrun asks the runtime: ctr says so"
is "$(pgrep -fx 'sleep 4711')" "" "deadline while hardrun asks the runtime: no child is left"
clean "deadline while hardrun asks the runtime: nothing is left"
no_policy

dying() { # STRACE-OPTION...: through the handler "dying", a create runs under strace
	cat >"$work/bin/dying" <<-SH
		#!/bin/sh
		case " \$* " in
		*" create "*)
			rm -f /run/hardrun/runtimes/*.json
			exec strace $* "$work/bin/hardrun" "\$@" ;;
		esac
		exec "$work/bin/hardrun" "\$@"
	SH
	chmod 755 "$work/bin/dying"
	through dying dying --detach -- sleep 1000 >"$work/out" 2>&1 </dev/null
}

# "NAME N" for the Nth call of NAME in a create, up to the exec.
calls_of_create() {
	dying -o "$work/trace" && end dying &&
		sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$work/trace" |
		awk '$1 == "execve" && ++execs == 2 { exit } { print $1, ++nth[$1] }'
}

# Those that change something.
changing() {
	if [ "$where" = all ]; then cat; else
		grep -E '^(rename|unlink|mkdir|flock|fchown|fchmod|write|close_range)'
	fi
}

# Killed at the Nth call of NAME: what is wrong with that.
kill_at() { # NAME N
	if dying -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2"; then
		missed=$((missed + 1))
		end dying
	else
		ctr containers rm dying 2>&1
	fi
	ctr task ls -q
	within 10 nothing_of_killed || of_killed
}

rm -rf /run/hardrun
if ! command -v strace >/dev/null; then
	skip "hardrun killed at a system call" "strace is not installed"
elif ! calls_of_create >"$work/calls" 2>"$work/err"; then
	skip "hardrun killed at a system call" "strace does not work here: $(tail -n 1 "$work/err")"
else
	bad='' missed=0
	mapfile -t points < <(changing <"$work/calls")
	for point in "${points[@]}"; do
		kill_at "${point% *}" "${point#* }" >"$work/wrong"
		[ ! -s "$work/wrong" ] || bad+="$point: $(head -n 5 "$work/wrong")"$'\n'
	done
	is "$bad" "" "killed at ${#points[@]} of $(wc -l <"$work/calls") calls: deletable, nothing is left"
	check "and almost all of these calls were reached (not: $missed)" \
		test "$((missed * 10))" -lt "${#points[@]}"
	is "$(heard foreground dying -- echo works)" works "the same name can be used again"
	find /run/hardrun -type f -exec touch -d '2 minutes ago' {} +
	for ((i = 0; i < 20; i++)); do foreground dying -- true; done
	is "$(find /run/hardrun -name '.hardrun.*')" "" \
		"no temporary file of a killed hardrun stays for ever"
fi
finish
