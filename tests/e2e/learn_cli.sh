#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun learn: recordings merged and listed, its mistakes, and what runc and crun make of a
# learned profile: the same command runs again under either, however often.
#
#	learn_cli.sh [STARTS]		(of each learned profile with each runtime; 5)
set -u
# shellcheck source=tests/e2e/real.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
real_sandbox "$@"
cover /var/lib || skip_all "no overlay file system over /var/lib"
rm -rf /var/lib/hardrun
starts=${1:-5} learned=/var/lib/hardrun/learn

learn() { # ARGUMENT...: sets $status, fills $work/out and $work/err
	timeout -k 5 120 "$HR_PROGRAM" learn "$@" </dev/null >"$work/out" 2>"$work/err"
	status=$?
}

hardrun() { "$HR_PROGRAM" "$@" >"$work/out" 2>"$work/err"; }

# shellcheck disable=SC2317 # check calls it
quiet() { "$@" >"$work/out"; }

recording() { # FILE CALLS [KEYS]: calls are names; of socket the tuples behind it
	jq -nc --arg calls "$2" --argjson keys "${3:-"{}"}" '{version: 1, arch: "x86_64",
		base: "default", complete: true,
		calls: [$calls | split(" ")[] | split("=") | {call: .[0], count: 2, by: ["test"]}
			+ if .[1] then {asked: [0, 1, 2],
				values: [.[1] | split(";")[] | split(",") | map(tonumber)]}
			  else {} end]} + $keys' >"$1"
}

# What a profile lets through beyond another.
wider() { # BASE FILE
	"$HR_PROGRAM" diff "$1" "$2" | grep -E '^[+>~] '
}

# ---- words -------------------------------------------------------------------------------

mistakes() {
	local row
	while IFS='|' read -r row wanted said; do
		# shellcheck disable=SC2086
		learn $row
		is $status "$wanted" "mistake: learn $row: $wanted"
		like "$(cat "$work/err")" "$said" "mistake: learn $row: it says so"
		is "$(stat -c %s "$work/out")" 0 "mistake: learn $row: nothing on standard output"
	done <<-EOF
		-- true|125|--output FILE
		--no-such --output $work/x -- true|125|there is no --no-such
		--output|125|wants a file
		--output - -- true|125|name a file
		--output $work/x --recording $work/x -- true|125|one file
		--from|125|wants files
		--json --output $work/x -- true|125|--json is for --list
		--from $work/a.json -- true|2|runs nothing
		--from $work/a.json --rootfs /|2|runs nothing
		--from $work/a.json --from $work/b.json|2|--from twice
		--list --exact|2|takes --json and nothing else
		--list --output $work/x|2|takes --json and nothing else
		--from nobody|4|neither a file nor a container
		--from $work/none/a.json|4|neither a file nor a container
		--from $work/bad.json|3|bad.json:1:1
		--from $work/a.json $work/arm.json|3|merge those of one
		--from $work/a.json $work/other.json|2|different profiles
		--from $work/lost.json|2|neither built in nor in
		--from $work/a.json --seccomp nothing-such|4|neither a file nor a built-in profile
	EOF
	check "mistakes: no file was made" test ! -e "$work/x"
	learn --help
	is $status 0 "--help: status 0"
	like "$(cat "$work/out")" "--recording FILE.*--rootfs DIR.*Exit status" "--help: options and statuses"
}

# ---- recordings --------------------------------------------------------------------------

merging() {
	learn --from "$work/a.json"
	is $status 0 "--from: status 0"
	cp "$work/out" "$work/a.seccomp"
	check "--from: the profile is clean" hardrun check "$work/a.seccomp"
	is "$(wider default "$work/a.seccomp")" "" "--from: nothing beyond the base"
	learn --from "$work/a.json" "$work/b.json" --output "$work/ab.seccomp" --explain
	is $status 0 "--from: two recordings"
	like "$(cat "$work/out")" "call +why +count.*mkdir +measured +2 +test" "--explain: on standard output beside --output"
	is "$(stat -c %a:%s "$work/ab.seccomp" | cut -d : -f 1)" 644 "--output: mode 0644"
	check "two recordings: clean" hardrun check "$work/ab.seccomp"
	is "$(wider default "$work/ab.seccomp")" "" "two recordings: nothing beyond the base"
	like "$(cat "$work/ab.seccomp")" "domain is AF_UNIX"$'\n' "two recordings: sockets of the first"
	like "$(cat "$work/ab.seccomp")" "domain is AF_INET and type" "two recordings: sockets of the second"
	unlike "$(cat "$work/a.seccomp")" "allow socket where domain is AF_INET" "one recording: its sockets alone"
	learn --from "$work/b.json" "$work/a.json"
	is "$(grep -c . "$work/out")" "$(grep -c . "$work/ab.seccomp")" "two recordings: in any order"
	learn --from "$work/ab.json" --explain
	like "$(cat "$work/err")" "call +why +count" "--explain: on standard error beside a profile on standard output"
	learn --from "$work/a.json" --recording "$work/again.json" --output "$work/again.seccomp"
	learn --from "$work/again.json"
	is "$(cat "$work/out")" "$(cat "$work/a.seccomp")" "--recording of a merge: the same profile"
	learn --from "$work/a.json" --exact
	unlike "$(cat "$work/out")" "aarch64|allow[^#]* stat" "--exact: no families"
	learn --from "$work/short.json"
	is $status 0 "not complete: status 0"
	like "$(cat "$work/err")" "warning.*not complete" "not complete: a warning"
	like "$(cat "$work/out")" "NOT complete" "not complete: a comment"
	learn --from "$work/a.json" "$work/other.json" --seccomp redis --output "$work/r.seccomp"
	is $status 0 "--seccomp: another base"
	is "$(wider redis "$work/r.seccomp")" "" "--seccomp: nothing beyond it"
	printf 'allow read write execve mkdir\n' >/etc/hardrun/seccomp/local.seccomp
	learn --from "$work/local.json" --output "$work/l.seccomp"
	is $status 0 "a base of the policy's directory"
	is "$(wider /etc/hardrun/seccomp/local.seccomp "$work/l.seccomp")" "" "a base of the policy's directory: nothing beyond it"
	mkdir "$work/dir"
	learn --from "$work/a.json" --output "$work/dir"
	is $status 4 "--output is a directory: status 4"
}

listing() {
	learn --list
	is "$status $(cat "$work/out")" "0 no recordings in $learned" "--list: none"
	mkdir -p "$learned" && chmod 700 "$learned"
	recording "$learned/c1.json" "read mkdir" '{"id": "c1", "namespace": "shop", "pod": "web-1", "container": "app", "image": "img:1"}'
	recording "$learned/c2.json" "read" '{"id": "c2", "complete": false}'
	recording "$learned/c2.json.1" "read rmdir" '{"id": "c2"}'
	printf '{' >"$learned/c3.json"
	learn --list
	is $status 0 "--list: status 0"
	like "$(cat "$work/out")" "c1  shop/web-1/app  img:1  default  2 calls  complete" "--list: where it was"
	like "$(cat "$work/out")" "c2  -/-/-  -  default  1 calls  cut short" "--list: cut short"
	like "$(cat "$work/out")" "c2.json.1 .* 2 calls  complete" "--list: an older one"
	like "$(cat "$work/err")" "warning.*c3.json" "--list: one that cannot be read is told"
	learn --list --json
	is "$(jq -c 'map([.id, .state, .calls])' "$work/out")" \
		'[["c1","complete",2],["c2","cut short",1],["c2.json.1","complete",2]]' "--list --json"
	learn --from c1
	is $status 0 "--from: a container by its id"
	like "$(cat "$work/out")" "mkdir" "--from: its calls"
}

# ---- with the runtimes -------------------------------------------------------------------

workload='mkdir /tmp/d; echo hi >/tmp/d/f; cat /tmp/d/f; id -u; ls / >/dev/null; (exit 3); uname >/dev/null
	nc -l -p 4000 -e echo yes & sleep 0.2; nc 127.0.0.1 4000; wait'

lessons() {
	local file=$work/by-$runtime.seccomp
	learn --output "$file" --recording "$work/by-$runtime.json" --rootfs "$work/image" -- sh -c "$workload"
	is "$status $(tr '\n' ' ' <"$work/out")" "0 hi 0 yes " "$runtime: learn: the command's output and status"
	is "$(stat -c %s "$work/err")" 0 "$runtime: learn: nothing on standard error"
	check "$runtime: learn: the profile is clean" hardrun check "$file"
	is "$(wider default "$file")" "" "$runtime: learn: nothing beyond the profile"
	check "$runtime: learn: the recording is complete" quiet jq -e .complete "$work/by-$runtime.json"
	check "$runtime: learn: processes by name" quiet jq -e '[.calls[].by[]] | index("sh")' "$work/by-$runtime.json"
	learn --from "$work/by-$runtime.json"
	is "$(grep -v '^#' "$work/out")" "$(grep -v '^#' "$file")" "$runtime: learn: its recording gives the same profile"
	is "$(($(hardrun check "$file" && grep -o 'calls: [0-9]*' "$work/out" | cut -c 8-) < 80))" 1 "$runtime: learn: fewer than 80 calls"
	learn --output "$work/n.seccomp" -- sh -c 'exit 7'
	is $status 7 "$runtime: learn: the command's status"
	check "$runtime: learn: a file in spite of it" test -s "$work/n.seccomp"
	learn --output "$work/k.seccomp" -- sh -c 'kill -9 $$; sh -c "kill -9 \$\$"; exit $?'
	is $status 137 "$runtime: learn: 128 + N"
	check "$runtime: learn: a file in spite of a signal" test -s "$work/k.seccomp"
	learn --output "$work/none/x.seccomp" -- true
	is $status 125 "$runtime: learn: a file that cannot be written: 125"
	learn --output "$work/m.seccomp" -- no-such-program
	is $status 127 "$runtime: learn: a program that is not there: 127"
	like "$(cat "$work/err")" "the command was not run; nothing is written" "$runtime: learn: it says so"
	learn --output "$work/m.seccomp" -- /etc/passwd
	is $status 126 "$runtime: learn: a file that is no program: 126"
	check "$runtime: learn: nothing was run: no file" test ! -e "$work/m.seccomp"
}

# The profile as a policy names it: no watching, the kernel alone.
again() { # LEARNED-BY
	local i bad=0 said
	real_policy '{"version": 1, "default": "l", "profiles": {"l": {"extends": "default",
		"seccomp": {"profile": "learned"}, "resources": {"pids": 0}}}}'
	install -d -m 755 /etc/hardrun/seccomp
	install -m 644 "$work/by-$1.seccomp" /etc/hardrun/seccomp/learned.seccomp
	for ((i = 0; i < starts; i++)); do
		real_bundle "$work/b/again" "$(real_spec)" \
			"$(jq -n --arg w "$workload" '$w' | sed 's/^/.root.readonly = false | .process.args = ["sh", "-c", /; s/$/]/')"
		said=$(timeout -k 5 60 "$work/bin/hardrun" --root "$root" run --bundle "$work/b/again" "again$i" </dev/null 2>"$work/err" | tr '\n' ' ')
		[[ $said == "hi 0 "* ]] || { bad=$((bad + 1)) && note "$said $(tail -n 2 "$work/err")"; }
	done
	is $bad 0 "$runtime: $starts starts under what was learned with $1"
	is "$("$HR_PROGRAM" try --quiet --calls-only --json "$work/try.json" --rootfs "$work/image" \
		--seccomp "$work/by-$1.seccomp" -- sh -c "$workload" 2>"$work/err" | tr '\n' ' ')" \
		"hi 0 yes " "$runtime: try under what was learned with $1"
	is "$(jq -c '[.calls[] | select(.runtime | not) | .call]' "$work/try.json")" "[]" \
		"$runtime: try under what was learned with $1: nothing is refused"
}

fresh
mkdir -p /etc/hardrun/seccomp
recording "$work/a.json" "openat read mkdir clone newfstatat socket=1,1,0"
recording "$work/b.json" "openat rmdir chroot socket=2,1,0"
recording "$work/ab.json" "openat read mkdir"
recording "$work/short.json" "openat" '{"complete": false}'
recording "$work/arm.json" "openat" '{"arch": "aarch64"}'
recording "$work/other.json" "openat" '{"base": "redis"}'
recording "$work/lost.json" "openat" '{"base": "lost"}'
recording "$work/local.json" "openat read mkdir rmdir" '{"base": "local"}'
printf '[]' >"$work/bad.json"
if [ "$(uname -m)" = x86_64 ]; then
	mistakes
	merging
else
	skip "recordings" "these were made for x86_64"
fi
listing
able=()
for runtime in runc crun; do
	real_begin "$runtime" || continue
	lessons
	able+=("$runtime")
	real_end
done
for runtime in "${able[@]}"; do
	real_begin "$runtime" || continue
	for by in "${able[@]}"; do again "$by"; done
	real_end
done
finish
