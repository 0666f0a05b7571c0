#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Execs in the audit log: one that brings nothing new (a probe) is written once an hour and
# counted in between; every other one, changed more than the container's own process or
# refused, has its line.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
runc=$(stub_install runc-stub)
bundle=$work/b root=$work/root
audit=/var/log/hardrun/audit.jsonl records=/run/hardrun/records

begin() { # [POLICY]
	fresh
	[ $# -eq 0 ] || policy "$1"
	handler hardrun "$runc"
	rm -rf "$bundle" "$root"
	bundle "$bundle"
	: >"$runc.d/state"
	jq -c '.process | .args = ["probe"]' "$bundle/config.json" >"$work/probe"
	run hardrun --root "$root" create --bundle "$bundle" c1
	is "$status" 0 "create"
	stub_forget "$runc"
}

inside() { # FILE [TIMES]: exec with that process document, $status of the last
	local i
	for ((i = 0; i < ${2:-1}; i++)); do
		run hardrun --root "$root" exec --process "$1" --detach --pid-file "$work/pid" c1 \
			</dev/null
	done
}

lines() { jq -c "select(.event == \"exec\") | ${1:-.}" "$audit"; }
count() { lines | wc -l; }
book() { printf '%s\n' "$records"/*.execs; }
age() { # SECONDS: as if so much time had gone by
	awk -v by="$1" '{ printf "%s %20d %20d\n", $1, $2 - by, $3 }' "$(book)" >"$work/book"
	cat "$work/book" >"$(book)"
}

# ---- a probe ---------------------------------------------------------------------------

begin
inside "$work/probe" 100
is "$status $(count)" "0 1" "100 execs of one process: one line"
is "$(stub_calls "$runc" | wc -l)" 100 "all reached the runtime"
is "$(lines '[.verdict, (.report | length > 0), .repeats]')" '["accept",true,null]' \
	"the line has the report: the process was cut as the container's own"
jq -c '.args = ["other"]' "$work/probe" >"$work/other"
inside "$work/other" 2
is "$(count)" 2 "another process has its own line"
is "$(stat -c '%a %u' "$(book)")" "600 0" "the count is root's alone"
is "$(grep -c probe "$(book)")" 0 "and holds no argument"
age 3600
inside "$work/probe"
is "$(lines .repeats.count | tail -n 1)" 99 "after an hour a line says how many there were"
like "$(lines .repeats.since | tail -n 1)" \
	"^\"$(date -u -d '-1 hour' +%Y)-.*Z\"$" "and since when"
inside "$work/probe" 5
is "$(count)" 3 "the next hour is counted again"

# ---- what is always written ------------------------------------------------------------

before=$(count)
jq -c '.capabilities.bounding += ["CAP_SYS_ADMIN"]' "$work/probe" >"$work/more"
inside "$work/more" 3
is "$status $(($(count) - before))" "0 3" "exec --privileged, clamped to the same: a line each"
before=$(count)
jq -c '.cwd = "/proc/self/fd/7"' "$work/probe" >"$work/bad"
inside "$work/bad" 3
is "$status $(($(count) - before))" "255 3" "refused: a line each"
before=$(count)
for i in $(seq 40); do
	jq -c --arg i "$i" '.args = ["p", $i]' "$work/probe" >"$work/many"
	inside "$work/many"
done
is "$(($(count) - before))" 40 "40 processes: a line each"
before=$(count)
inside "$work/many" 3
is "$(($(count) - before))" 3 "what is beyond the sixteen that are counted: a line each"
before=$(count)
rm "$records"/*.json
inside "$work/probe" 3
is "$(($(count) - before))" 3 "without a record: a line each"

begin
inside "$work/probe"
before=$(count)
for i in 1 2 3; do
	run hardrun --root "$root" exec --process "$work/probe" c1 <<<"line $i"
done
is "$(($(count) - before))" 3 "what reads an input: a line each"
jq -c '.terminal = true' "$work/probe" >"$work/terminal"
before=$(count)
inside "$work/terminal" 3
is "$(($(count) - before))" 3 "what has a terminal: a line each"
before=$(count)
for flag in "--cgroup=/x" --preserve-fds=1 --tty; do
	run hardrun --root "$root" exec "$flag" --process "$work/probe" c1 </dev/null
	run hardrun --root "$root" exec "$flag" --process "$work/probe" c1 </dev/null
done
is "$(($(count) - before))" 6 "what has other flags than a probe: a line each"
before=$(count)
for i in 1 2; do run hardrun --root "$root" exec c1 probe </dev/null; done
is "$(($(count) - before))" 2 "the form without a document: a line each"

# ---- what is not counted is written ----------------------------------------------------

begin
inside "$work/probe" 2
kept=$(book)
rm "$kept" && mkdir "$kept"
inside "$work/probe" 3
is "$status $(count)" "0 4" "a directory in the place of the count: a line each"
rmdir "$kept"
printf 'x' >"$kept"
inside "$work/probe" 3
is "$status $(count)" "0 5" "a count that cannot be read begins anew"

begin
cp -a "$records" "$work/copy"
mount -t tmpfs -o size=1m,mode=700 tmpfs "$records"
cp -a "$work/copy/." "$records"
rm -rf "$work/copy"
head -c 2000000 /dev/zero >"$records/full" 2>/dev/null
inside "$work/probe" 3
is "$status $(count)" "0 3" "records on a full disk: a line each, and exec works"
umount "$records"

# ---- the last ones ---------------------------------------------------------------------

begin
inside "$work/probe" 8
inside "$work/other" 3
rm -rf "${root:?}/c1"
for record in "$records"/*.json; do
	jq -c '.creator.start = 1' "$record" >"$work/record" && cat "$work/record" >"$record"
	touch -d '-2 minutes' "$record"
done
bundle "$work/b2"
run hardrun --root "$root" create --bundle "$work/b2" c2
is "$status $(find "$records" -name "*.execs")" "0 " "the sweep takes the count with the record"
is "$(jq -c 'select(.event == "ended") | [.id, .profile, .repeats.count]' "$audit")" \
	'["c1","default",9]' "and writes what no line said yet"
rm -rf "$work/b2"

begin
inside "$work/probe" 4
rm -rf "${root:?}/c1"
jq -c '.creator.start = 1' "$records"/*.json >"$work/record" && cat "$work/record" >"$(echo "$records"/*.json)"
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(jq -c 'select(.event == "ended") | .repeats.count' "$audit")" "0 3" \
	"an id that is used again: the same"
inside "$work/probe"
is "$(count)" 2 "and the new container begins with a line"

# ---- a log that cannot be written --------------------------------------------------------

begin
mv "$audit" "$work/audit" && mkdir "$audit"
inside "$work/probe" 3
is "$status" 0 "a line that cannot be written: the exec goes on"
rmdir "$audit" && mv "$work/audit" "$audit"
inside "$work/probe" 3
is "$(count)" 1 "and its line is written when it can be"
mv "$audit" "$work/audit" && mkdir "$audit"
rm -rf "${root:?}/c1"
jq -c '.creator.start = 1' "$records"/*.json >"$work/record" && cat "$work/record" >"$(echo "$records"/*.json)"
touch -d '-2 minutes' "$records"/*.json
bundle "$work/b2"
run hardrun --root "$root" create --bundle "$work/b2" c2
is "$(find "$records" -name '*.execs' | wc -l)" 1 "the sweep keeps what it cannot write"
rmdir "$audit" && mv "$work/audit" "$audit"
run hardrun --root "$root" create --bundle "$work/b2" c3
is "$(jq -c 'select(.event == "ended") | [.id, .repeats.count]' "$audit") $(find "$records" -name '*.execs')" \
	'["c1",2] ' "and writes it when it can"
rm -rf "$work/b2"

# ---- where the log is wanted -----------------------------------------------------------

begin '{"version": 1, "audit": {"required": true}}'
inside "$work/probe" 3
is "$status $(count)" "0 1" "audit.required: counted as well"
mv "$audit" "$work/audit" && mkdir "$audit"
inside "$work/other" 3
is "$status" 255 "a line that cannot be written refuses the exec, the next one as well"
finish
