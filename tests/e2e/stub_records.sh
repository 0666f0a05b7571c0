#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What create leaves behind: the record, the audit line, the message to syslog; and that none
# of them, nor SIGKILL at any instant, nor a crowd at the same time, leaves half a thing.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
runc=$(stub_install runc-stub)
bundle=$work/b config=$work/b/config.json root=$work/root
audit=/var/log/hardrun/audit.jsonl records=/run/hardrun/records

reset() {
	fresh
	handler hardrun "$runc"
	rm -rf "$bundle" "$root"
	bundle "$bundle"
	stub_forget "$runc"
	: >"$runc.d/state"
}

record_of() { # ID [ROOT]
	printf '%s/%s.json' "$records" "$(printf '%s\0%s' "$(realpath -m "${2:-$root}")" "$1" | sha256sum | cut -d' ' -f1)"
}

sha() { sha256sum "$1" | cut -d' ' -f1; }

# ---- the record ------------------------------------------------------------------------

reset
bundle "$bundle" '.process.args = ["sh", "SECRET-1"] | .process.env += ["TOKEN=SECRET-2"]'
cp "$config" "$work/asked"
run hardrun --root "$root" create --bundle "$bundle" c1
record=$(record_of c1)
is "$status $(ls "$records")" "0 $(basename "$record")" "record: its name is sha256(realpath(root) NUL id)"
field() { is "$(jq -c "$1" "$record")" "$2" "record: ${3:-$1}"; }
field .state '"committed"'
field .version 1
field .handler '"hardrun"'
field .runtime "\"$runc\""
field .profile '"default"'
field .input_sha256 "\"$(sha "$work/asked")\"" "digest of what was asked"
field .output_sha256 "\"$(sha "$config")\"" "digest of what was given"
field '[.bundle_dev, .bundle_ino]' "[$(stat -c '%d,%i' "$bundle")]" "device and inode of the bundle"
field '.ceilings.capabilities.bounding' '["CAP_CHOWN","CAP_KILL"]' "the capabilities that were kept"
field '.identity | type' '"object"' "identity"
field '[.report[] | select(.action == "set") | .path] | contains(["process.noNewPrivileges", "linux.maskedPaths"])' true "the report"
call=$(stub_calls "$runc")
field .creator.pid "${call##*-}" "the creator is the process that became the runtime"
field '.creator.start | type' '"number"' "the creator's start time"
is "$(stat -c '%a %u' "$record" "$records" | sort -u | tr '\n' ' ')" "600 0 700 0 " "record: root's alone"
# The record is found again by whatever name of the root a later call uses, and the first
# create of an engine finds no root yet.
run hardrun --root "$root/../root/" create --bundle "$bundle" c2
check "record: of a root with .." [ -e "$(record_of c2)" ]
mkdir "$work/real" && ln -s "$work/real" "$work/link"
run hardrun --root "$work/link/not/yet" create --bundle "$bundle" c3
check "record: of a root that is to be made behind a link" [ -e "$(record_of c3 "$work/real/not/yet")" ]
(cd "$work/link" && exec "$work/bin/hardrun" --root relative create --bundle "$bundle" c4) 2>/dev/null
check "record: of a relative root that is to be made" [ -e "$(record_of c4 "$work/real/relative")" ]
rm -r "$work/real" "$work/link"

# At the time the runtime starts, the record is committed: it is nobody's task afterwards.
reset
printf '1' >"$runc.d/sleep"
"$work/bin/hardrun" --root "$root" create --bundle "$bundle" c1 >/dev/null 2>&1 &
pid=$!
until compgen -G "$runc.d/calls/*-$pid" >/dev/null; do sleep 0.02; done
is "$(jq -r .state "$(record_of c1)") $(jq .process.noNewPrivileges "$config")" "committed true" \
	"when the runtime starts, record and config.json are in place, in the caller's process"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
rm "$runc.d/sleep"

# The id is alive: nothing is touched.
reset
run hardrun --root "$root" create --bundle "$bundle" c1
before=$(sha "$(record_of c1)")
bundle "$work/b2" && cp "$work/b2/config.json" "$work/asked"
stub_forget "$runc"
run hardrun --root "$root" create --bundle "$work/b2" c1
is "$status $(stub_calls "$runc") $(sha "$(record_of c1)")" "1  $before" "an id that is in use: refused, the record stays"
check "an id that is in use: config.json stays" cmp -s "$work/b2/config.json" "$work/asked"
rm -r "$root/c1"
run hardrun --root "$root" create --bundle "$work/b2" c1
is "$status $(jq .bundle_ino "$(record_of c1)")" "0 $(stat -c %i "$work/b2")" "an id that is free again: a new record"

# What cannot be started leaves no record that blocks the id.
reset
: >"$work/runtime/runc-empty" && chmod 755 "$work/runtime/runc-empty"
handler hardrun "$work/runtime/runc-empty"
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(wc -l <"$work/err")" "1 1" "a runtime that cannot be executed: our line"
handler hardrun "$runc"
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status" 0 "... and the id is free"

# ---- the audit line --------------------------------------------------------------------

reset
bundle "$bundle" '.process.args = ["sh", "SECRET-1"] | .process.env += ["TOKEN=SECRET-2"] | .annotations = {"tenant": "blue"}'
cp "$config" "$work/asked"
policy '{"version": 1, "audit": {"annotations": ["tenant"]}}'
run hardrun --root "$root" create --bundle "$bundle" c1
line() { is "$(tail -1 "$audit" | jq -c "$1")" "$2" "audit: ${3:-$1}"; }
line '[.verdict, .event, .id, .profile]' '["accept","create","c1","default"]'
line '[.input_sha256, .output_sha256]' "[\"$(sha "$work/asked")\",\"$(sha "$config")\"]" "both digests"
line '[.report[].action] | unique' '["set","warn"]' "the report"
line '.report[] | select(.action == "warn") | [.control, .path, .from]' '["environment","process.env[1]","TOKEN"]' \
	"a secret by the name of its variable"
line '.claims' '{"tenant":"blue"}' "annotations that the policy names are copied as claims"
jq -c '.process | .args = ["sh", "SECRET-3"] | .env = ["T=SECRET-4"] | .capabilities.bounding += ["CAP_BPF"]' "$work/asked" >"$work/p.json"
run hardrun --root "$root" exec --process "$work/p.json" c1
line '[.verdict, .event, .id, .profile]' '["accept","exec","c1","default"]' "exec"
run hardrun --root "$root" update --memory 1000 c1
line '[.verdict, .event, .id]' '["accept","update","c1"]' "update"
bundle "$work/b2" '.process.args = ["SECRET-5"] | .process.env = ["A=SECRET-6"] | .process.cwd = "/proc/self/fd/3"'
run hardrun --root "$root" create --bundle "$work/b2" c2
line '[.verdict, .event, .id, ([.report[] | select(.action == "refuse") | .path])]' '["refuse","create","c2",["process.cwd"]]' "a refusal"
line '.message | contains("process.cwd")' true "the message of a refusal"
jq '.cwd = "/proc/1/root"' "$work/p.json" >"$work/p2.json"
run hardrun --root "$root" exec --process "$work/p2.json" c1
line '[.verdict, .event]' '["refuse","exec"]' "a refused exec"
is "$(wc -l <"$audit") $(jq -c 'select(.time | test("^\\d{4}-\\d\\d-\\d\\dT") | not)' "$audit")" "5 " "audit: one line a decision, with its time"
is "$(cat "$audit" "$records"/* "$work/err" | grep -c SECRET)" 0 "no argument and no environment value in audit, record or message"
is "$(stat -c '%a %u' "$audit")" "640 0" "audit: others cannot read it"
policy '{"version": 1, "audit": {"file": "/var/log/else/where.jsonl"}}'
run hardrun --root "$root" create --bundle "$bundle" c3
is "$(jq -r .id /var/log/else/where.jsonl)" c3 "audit: in another file"
rm -r /var/log/else

# A disk that is full stops nothing but what must be written.
full() { mount -t tmpfs -o size=4k full /var/log/hardrun && head -c 4096 /dev/zero >/var/log/hardrun/fill; }
reset
mkdir -p /var/log/hardrun && full
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(stub_calls "$runc" | wc -l) $(<"$work/err")" "0 1 " "audit: a full disk stops no create"
run hardrun --root "$root" exec --process "$work/p.json" c1
is "$status $(<"$work/err")" "0 " "audit: a full disk stops no exec"
policy '{"version": 1, "audit": {"required": true}}'
bundle "$bundle" && cp "$config" "$work/asked" && stub_forget "$runc"
run hardrun --root "$root" create --bundle "$bundle" c2
is "$status $(stub_calls "$runc")" "1 " "audit.required: a full disk stops create"
like "$(<"$work/err")" "audit" "audit.required: the message"
check "audit.required: config.json stays" cmp -s "$config" "$work/asked"
umount /var/log/hardrun
run hardrun --root "$root" create --bundle "$bundle" c2
is "$status" 0 "audit.required: with room again it starts"
full && stub_forget "$runc"
run hardrun --root "$root" exec --process "$work/p.json" c2
is "$status $(stub_calls "$runc")" "255 " "audit.required: a full disk stops exec"
run hardrun --root "$root" delete --force c2
is "$status" 0 "audit.required: and never delete"
umount /var/log/hardrun
reset && rm -rf /var/log/hardrun && : >/var/log/hardrun
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(<"$work/err")" "0 " "audit: a file in the directory's place stops nothing"

# A record that cannot be written: without it exec could not be held to the ceiling.
reset && mkdir -p /run/hardrun && mount -t tmpfs -o ro ro /run/hardrun
cp "$config" "$work/asked"
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(stub_calls "$runc")" "1 " "a record that cannot be written stops create"
check "... and config.json stays" cmp -s "$config" "$work/asked"
umount /run/hardrun

# ---- audit mode ------------------------------------------------------------------------

reset
policy '{"version": 1, "profiles": {"look": {"extends": "default", "mode": "audit"}}, "default": "look"}'
bundle "$bundle" '.process.cwd = "/proc/self/fd/7" | .linux.namespaces = [{"type": "mount"}]'
cp "$config" "$work/asked"
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(stub_calls "$runc" | wc -l)" "0 1" "audit mode: what would be refused starts"
is "$(jq -Sc . "$config")" "$(jq -Sc . "$work/asked")" "audit mode: the document says what it said"
line '[.verdict, ([.report[].mode] | unique), ([.report[] | select(.action == "refuse") | .path] | unique)]' \
	'["accept",["audit"],["linux.namespaces","process.cwd"]]' "audit mode: everything is reported"
jq -c '.process' "$config" >"$work/p2.json"
run hardrun --root "$root" exec --process "$work/p2.json" c1
is "$status $(jq -Sc . "$(stub_calls "$runc" | tail -1)/process.json")" "0 $(jq -Sc . "$work/p2.json")" "audit mode: exec too"
bundle "$bundle" && sed -i 's/"cwd":"\/"/"cwd":"\/","cwd":"\/"/' "$config" && stub_forget "$runc"
run hardrun --root "$root" create --bundle "$bundle" c2
is "$status $(stub_calls "$runc")" "1 " "audit mode: what the reader refuses is refused"
policy '{"version": 1, "profiles": {"look": {"extends": "default", "cwd": {"mode": "audit"}}}, "default": "look"}'
bundle "$bundle" '.process.cwd = "/proc/self/fd/7"'
run hardrun --root "$root" create --bundle "$bundle" c3
is "$status $(jq -c '[.process.cwd, .process.noNewPrivileges]' "$config")" '0 ["/proc/self/fd/7",true]' "audit mode of one control"
policy '{"version": 1, "profiles": {"look": {"extends": "default", "cwd": {"mode": "off"}}}, "default": "look"}'
bundle "$bundle" '.process.cwd = "/proc/self/fd/7"'
run hardrun --root "$root" create --bundle "$bundle" c4
is "$status $(tail -1 "$audit" | jq -c '[.report[] | select(.control == "cwd")]')" '0 []' "a control that is off says nothing"

# ---- syslog ----------------------------------------------------------------------------

if command -v perl >/dev/null && cover /dev 2>/dev/null; then
	reset
	# shellcheck disable=SC2016 # perl's
	listen='use Socket; unlink "/dev/log"; socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un("/dev/log")) or die;
		$| = 1; print "ready\n"; while ($ARGV[0]) { recv(S, $m, 65536, 0); print "$m\n" } sleep 1000'
	perl -e "$listen" 1 >"$work/syslog" 2>"$work/perl" &
	reap $!
	until [ -s "$work/syslog" ]; do sleep 0.02; done
	run hardrun --root "$root" create --bundle "$bundle" c1
	bundle "$work/b2" '.frob = 1'
	run hardrun --root "$root" create --bundle "$work/b2" c2
	sleep 0.1
	messages=$(tail -n +2 "$work/syslog" | tr -d '\0')
	is "$(wc -l <<<"$messages")" 2 "syslog: a message a decision"
	like "$(head -1 <<<"$messages")" "create c1 .*default.*accept" "syslog: what was accepted"
	like "$(tail -1 <<<"$messages")" "create c2 .*refuse.*frob" "syslog: what was refused, and why"
	like "$messages" "^<85>.*"$'\n'"<84>" "syslog: authpriv, notice and warning"
	policy '{"version": 1, "audit": {"syslog": false}}'
	run hardrun --root "$root" create --bundle "$bundle" c3
	sleep 0.1
	is "$(wc -l <"$work/syslog")" 3 "syslog: not where the policy says no"
	# One who never reads must not hold a container up.
	policy '{"version": 1}'
	rm -f "$work/syslog" /dev/log
	perl -e "$listen" 0 >"$work/syslog" &
	reap $!
	until [ -s "$work/syslog" ]; do sleep 0.02; done
	perl -e 'use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); connect(S, sockaddr_un("/dev/log")); use Fcntl;
		fcntl(S, F_SETFL, O_NONBLOCK); 1 while send(S, "x" x 100, 0)'
	timeout 5 "$work/bin/hardrun" --root "$root" create --bundle "$bundle" c4
	is $? 0 "syslog: a listener that does not read holds nothing up"
	umount -l /dev
else
	skip "syslog" "no perl, or no overlay over /dev"
fi

# ---- SIGKILL at any instant ------------------------------------------------------------

reset
rm "$runc.d/state"
bundle "$bundle" '.annotations = {"long": ("x" * 300000)}'
cp "$config" "$work/old"
run hardrun --root "$root" create --bundle "$bundle" c0
cp "$config" "$work/new"
start=${EPOCHREALTIME/./}
timeout --foreground 10 "$work/bin/hardrun" --root "$root" create --bundle "$bundle" c0 >/dev/null 2>&1
most=$((2 * (${EPOCHREALTIME/./} - start) / 100)) # twice as long, in units of 0.1 ms
half=0 old=0
for ((i = 0; i < 200; i++)); do
	cp "$work/old" "$config"
	timeout --foreground -s KILL "$(printf '0.%04d' $((RANDOM % most + 1)))" \
		"$work/bin/hardrun" --root "$root" create --bundle "$bundle" "k$i" >/dev/null 2>&1
	if cmp -s "$config" "$work/old"; then old=$((old + 1)); else cmp -s "$config" "$work/new" || half=$((half + 1)); fi
done 2>/dev/null
is "$half" 0 "SIGKILL 200 times: config.json is the old or the new document ($old old, $((200 - old)) new)"
check "SIGKILL: the instants lay before and behind the change ($old before)" [ "$old" -gt 0 -a "$old" -lt 200 ]
cp "$work/old" "$config"
timeout 5 "$work/bin/hardrun" --root "$root" create --bundle "$bundle" k0 >"$work/out" 2>"$work/err"
is "$? $(<"$work/err")" "0 " "SIGKILL: the next create of that id is held by no lock"
check "SIGKILL: and gives the same document" cmp -s "$config" "$work/new"
is "$(find "$records" -name '*.json' -size 0 | wc -l) $(find "$records" -name '*.json' -exec jq -e .state {} + >/dev/null 2>&1 && echo sound)" "0 sound" \
	"SIGKILL: every record is whole"

# ---- at the same time ------------------------------------------------------------------

reset
cp "$config" "$work/asked"
pids=()
for ((i = 0; i < 20; i++)); do mkdir -p "$work/p$i/rootfs" && cp "$config" "$work/p$i/"; done
for ((i = 0; i < 20; i++)); do
	("$work/bin/hardrun" --root "$root" create --bundle "$work/p$i" c1 >/dev/null 2>"$work/p$i/err"; echo $? >"$work/p$i/status") &
	pids[i]=$!
done
wait "${pids[@]}"
is "$(stub_calls "$runc" | wc -l) $(cat "$work"/p*/status | sort | uniq -c | tr -s ' \n' ' ')" "1  1 0 19 1 " \
	"20 creates of one id: one wins"
same=0
for ((i = 0; i < 20; i++)); do ! cmp -s "$work/asked" "$work/p$i/config.json" || same=$((same + 1)); done
is "$same" 19 "20 creates of one id: the others touched nothing"
is "$(ls "$records")" "$(basename "$(record_of c1)")" "20 creates of one id: one record"
is "$(jq .bundle_ino "$(record_of c1)")" \
	"$(stat -c %i "$(dirname "$(grep -lx 0 "$work"/p*/status)")")" "20 creates of one id: the record is the winner's"
rm -r "$work"/p[0-9]*

reset
for ((i = 0; i < 200; i++)); do mkdir -p "$work/p$i/rootfs" && cp "$config" "$work/p$i/"; done
for ((i = 0; i < 200; i++)); do
	"$work/bin/hardrun" --root "$root" create --bundle "$work/p$i" "c$i" >/dev/null 2>>"$work/errors" &
	pids[i]=$!
done
wait "${pids[@]}"
is "$(stub_calls "$runc" | wc -l) $(cat "$work/errors")" "200 " "200 creates at once all start"
is "$(jq -r .state "$records"/* | sort | uniq -c | tr -s ' \n' ' ')" " 200 committed " "... and all have their record"
is "$(wc -l <"$audit") $(jq -r .id "$audit" | sort -u | wc -l)" "200 200" "... and their line in the audit log, none torn"
rm -r "$work"/p[0-9]*

# ---- the sweep -------------------------------------------------------------------------

# Twenty of those lose their container, are old and have a dead creator; others lack one of these.
old() { # ID...: made long ago
	local id file
	for id in "$@"; do
		file=$(record_of "$id")
		sed -i 's/"made":[0-9]*/"made":1000000000/' "$file" && touch -d '2001-01-01' "$file"
	done
}
dead=() && for ((i = 0; i < 20; i++)); do dead+=("c$i"); done
for id in "${dead[@]}" c30 c31; do rm -r "${root:?}/$id"; done
old "${dead[@]}" c30 c40 c41
sleep 1000 &
reap $!
start=$(sed 's/.*) //' "/proc/$!/stat" | cut -d' ' -f20)
file=$(record_of c30)
jq -c ".creator = {pid: $!, start: $start}" "$file" >"$work/r" && cat "$work/r" >"$file"
old c30
printf 'garbage' >"$records/$(printf '%064d' 0).json"
gone() { local id; for id in "${dead[@]}"; do [ ! -e "$(record_of "$id")" ] || return 1; done; }
most=0 left=$(find "$records" -name '*.json' | wc -l) failures=0
for ((i = 0; i < 300; i++)); do
	run hardrun --root "$root" create --bundle "$bundle" "s$i"
	[ "$status" -eq 0 ] || failures=$((failures + 1))
	now=$(find "$records" -name '*.json' | wc -l)
	[ $((left + 1 - now)) -le "$most" ] || most=$((left + 1 - now))
	left=$now
	[ $((i % 10)) -ne 9 ] || ! gone || break
done
check "sweep: dead old records go, within $i creates" gone
is "$failures" 0 "sweep: no create failed on the way"
check "sweep: at most 8 at once ($most)" [ "$most" -le 8 ]
check "sweep: a record stays whose creator lives" [ -e "$(record_of c30)" ]
check "sweep: a record stays that is not old" [ -e "$(record_of c31)" ]
check "sweep: a record stays whose container lives" [ -e "$(record_of c40)" -a -e "$(record_of c41)" ]
finish
