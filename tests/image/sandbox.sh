#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The sandbox of hardrun-image as it runs: who it is while it waits for its request, which system
# calls it makes afterwards, and that each step into the sandbox that fails leaves nothing accepted.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
image_program=$(realpath "${HR_IMAGE_PROGRAM:-$(dirname "$HR_PROGRAM")/hardrun-image}" 2>/dev/null)
export HR_IMAGE_PROGRAM=$image_program
[ -x "$image_program" ] || skip_all "hardrun-image is not built"
sandbox "$@"
fixtures=$HR_TEST_SRCDIR/tests/image/fixtures
store=/var/lib/hardrun/images
if ! cover /var/lib || ! mkdir -p /var/lib/hardrun || ! mount -t tmpfs -o mode=755 hr-e2e /var/lib/hardrun; then
	skip_all "no file system over /var/lib"
fi
if grep -qE '__asan_|__ubsan_' <(readelf -Ws "$image_program" 2>/dev/null); then
	skip_all "a build with sanitizers is without the filter"
fi
"$image_program" add "$fixtures/cosign-save/legacy-p256" "$fixtures/cosign-save/legacy-index" >/dev/null
"$image_program" add --bundle "$fixtures/cosign-bundle/p256.sigstore.json" >/dev/null

# request SOURCE KEY...: what is asked; the image of the fixtures is signed by p256
request() {
	local source=$1
	shift
	for key in "$@"; do
		jq -nc --arg name "$key" --rawfile pem "$fixtures/keys/$key.pub" '{name: $name, pem: $pem}'
	done | jq -sc --argjson source "$source" '{version: 1, deadline_ms: 5000, source: $source,
		require: {name: "test", entries: [{scopes: ["127.0.0.1:5055/*"], keys: .}]}}'
}
layout='{"layout": {"tag": "v1", "digest": null, "name": "127.0.0.1:5055/k/p256:v1"}}'
request "$layout" p256 >"$work/good"

# ask REQUEST [COMMAND...]: asks the program, as COMMAND runs it; sets $status, $answer and $said
ask() {
	local file=$1
	shift
	{
		timeout 60 "$@" "$image_program" answer 3<"$file" 4</dev/null 5>&1 6<$store 7<"$fixtures/image" \
			>"$work/said" 2>&1 </dev/null
		echo $? >"$work/status"
	} | cat >"$work/answer"
	status=$(<"$work/status") answer=$(tr -d '\0' <"$work/answer") said=$(<"$work/said")
}

ask "$work/good"
is "$status $(jq -c '[.accepted, .code]' <<<"$answer")" '0 [true,"accepted"]' "a good request is accepted"
is "$said" "" "nothing on standard output and error"

# ---- who it is -------------------------------------------------------------------------

mkfifo "$work/fifo"
exec 9<>"$work/fifo"
# A request that does not come to its end: it waits in the sandbox.
mkfifo "$work/out5"
exec 8<>"$work/out5"
"$image_program" answer 3<"$work/fifo" 4</dev/null 5>"$work/out5" 6<$store 7<"$fixtures/image" 8<&- 9<&- >/dev/null 2>&1 &
pid=$!
reap $pid
for _ in {1..100}; do
	[ "$(sed -n 's/^Seccomp:\t//p' /proc/$pid/status)" = 2 ] && break
	sleep 0.02
done
of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status" | tr '\t' ' '; }
is "$(of Uid)" "65534 65534 65534 65534" "its user"
is "$(of Gid)" "65534 65534 65534 65534" "its group"
is "$(of Groups | tr -d ' ')" "" "no other groups"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	is "$(of $set)" 0000000000000000 "no capability: $set"
done
is "$(of NoNewPrivs) $(of Seccomp)" "1 2" "no_new_privs, and a filter"
is "$(find /proc/$pid/fd -mindepth 1 -printf '%f\n' | sort -n | tr '\n' ' ')" "3 4 5 6 7 " "its descriptors"
is "$(stat -c %u /proc/$pid/environ)" 0 "it is not dumpable"
is "$(awk '/^Max core|^Max file size|^Max processes/ { print $(NF - 2), $(NF - 1) }' /proc/$pid/limits | sort -u)" "0 0" \
	"no core, no file, no process"
is "$(grep ' r.xp ' /proc/$pid/maps | grep -vE "$image_program|\[vdso\]|\[uprobes\]")" "" \
	"nothing that can be executed but the program itself"
check "it ends when it is told to" kill -KILL $pid
wait $pid 2>/dev/null

# Its parent dies: so does it.
bash -c '"$1" answer 3<"$2" 4</dev/null 5>"$3" 6</dev/null 7</dev/null 8<&- 9<&- >/dev/null 2>&1 & echo $! >"$4"; wait' \
	sh "$image_program" "$work/fifo" "$work/out5" "$work/pid" &
parent=$!
reap $parent
for _ in {1..100}; do
	pid=$(cat "$work/pid" 2>/dev/null)
	[ -n "$pid" ] && [ "$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status" 2>/dev/null)" = 2 ] && break
	sleep 0.02
done
reap "${pid:-1000000000}"
check "it waits" test -e "/proc/$pid/fd"
kill -KILL $parent
wait $parent 2>/dev/null
for _ in {1..200}; do
	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null)
	case $state in '' | Z) break ;; esac
	sleep 0.02
done
like "$state" '^Z?$' "it dies with its parent"
exec 8<&- 9<&-

# ---- what it calls ---------------------------------------------------------------------

if ! strace -o "$work/trace" true 2>/dev/null; then
	skip "which system calls it makes" "strace is not installed or may not trace"
	skip "each step into the sandbox that fails" "strace is not installed or may not trace"
	finish
fi

# traced NAME WANTED-CODE: nothing that was asked met the filter
traced() {
	ask "$work/request" strace -f -o "$work/trace"
	is "$status $(jq -r .code <<<"$answer")" "0 $2" "$1: $2"
	sed '1,/SECCOMP_SET_MODE_FILTER/d' "$work/trace" >"$work/after"
	check "$1: something is called in the sandbox" grep -q openat2 "$work/after"
	is "$(grep -E 'EPERM|SIGSYS|SIGKILL' "$work/after")" "" "$1: nothing that the filter refuses"
}
cp "$work/good" "$work/request"
traced "cosign, P-256" accepted
for key in p384 rsa2048 rsa4096 ed25519 wrong-p256; do
	case $key in
	wrong-*) wanted=unsigned ;;
	*)
		wanted=accepted
		"$image_program" add --payload "$fixtures/cosign-legacy/$key/payload.json" \
			--signature "$fixtures/cosign-legacy/$key/sig.b64" >/dev/null
		;;
	esac
	request "${layout/p256/$key}" "$key" >"$work/request"
	traced "cosign, $key" $wanted
done
request "${layout/k\/p256/demo\/tiny}" p256 | jq -c '.require.entries[0].formats = ["bundle"]' >"$work/request"
ask "$work/request"
traced "a bundle" "$(jq -r .code <<<"$answer")"
request '{"layout": {"tag": "v7", "digest": null, "name": "127.0.0.1:5055/k/p256:v7"}}' p256 >"$work/request"
traced "a tag that is not there" unbound
request '{"descriptor": {"digest": "sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622", "name": "127.0.0.1:5055/k/p256"}}' \
	p256 >"$work/request"
traced "a digest" accepted
for command in add show; do
	case $command in
	add) arguments=("$fixtures/image" "$fixtures/cosign-save/legacy-p256") ;;
	show) arguments=() ;;
	esac
	strace -f -o "$work/trace" "$image_program" $command ${arguments[@]+"${arguments[@]}"} >/dev/null
	is "$?" 0 "$command"
	# Of the children alone: they have the filter.
	awk '{ if (inside[$1]) print } /SECCOMP_SET_MODE_FILTER/ { inside[$1] = 1 }' "$work/trace" >"$work/after"
	check "$command: it is the child that reads" grep -qE 'openat2\(.*(index\.json|manifest)' "$work/after"
	is "$(grep -E 'EPERM|SIGSYS|SIGKILL' "$work/after")" "" "$command: nothing that the filter refuses"
	is "$(awk '!inside[$1] && /openat.*(index\.json|oci-layout|blobs)/ { print }
		/SECCOMP_SET_MODE_FILTER/ { inside[$1] = 1 }' "$work/trace")" "" "$command: nothing is opened before"
done

# ---- when a step fails -----------------------------------------------------------------

# Without landlock the rest holds.
ask "$work/good" strace -o "$work/trace" -e inject=landlock_create_ruleset:error=ENOSYS
is "$(jq -r .code <<<"$answer")" accepted "a kernel without landlock"
ask "$work/good" strace -o "$work/trace" -e inject=landlock_create_ruleset:error=EOPNOTSUPP
is "$(jq -r .code <<<"$answer")" accepted "a kernel with landlock switched off"
for call in close_range setgroups setresgid setresuid capset prctl prlimit64 getppid:retval=1:when=2 \
	landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp; do
	inject=$call:error=EACCES
	[ "${call#*:}" = "$call" ] || inject=$call
	ask "$work/good" strace -o "$work/trace" -e "inject=$inject"
	case $call in landlock_*) grep -q INJECTED "$work/trace" || { skip "$call fails" "no landlock here"; continue; } ;; esac
	check "$call: the call was made to fail" grep -q INJECTED "$work/trace"
	is "$status $(jq -c '[.accepted, .code]' <<<"$answer")" '0 [false,"died"]' "$call fails: nothing is accepted"
	like "$(jq -r .why <<<"$answer")" '^sandbox: ' "$call fails: says why"
	is "$(sed '1,/INJECTED/d' "$work/trace" | grep -cE 'read\(3|openat2\(')" 0 "$call fails: nothing is read"
done
for command in add show; do
	case $command in
	add) arguments=("$fixtures/image") ;;
	show) arguments=() ;;
	esac
	strace -f -o "$work/trace" -e inject=seccomp:error=EACCES "$image_program" $command \
		${arguments[@]+"${arguments[@]}"} >"$work/said" 2>&1
	is "$?" 4 "$command without a filter: exit 4"
	like "$(<"$work/said")" 'sandbox: seccomp' "$command without a filter: says why"
done

# ---- a caller that is amiss ------------------------------------------------------------

# odd NAME CODE BYTES
odd() {
	printf '%s' "$3" >"$work/request"
	ask "$work/request"
	is "$status $(jq -c '[.accepted, .code]' <<<"$answer")" "0 [false,\"$2\"]" "$1"
}
odd "no request" request ''
odd "no JSON" request 'x'
odd "another version" request '{"version":2,"deadline_ms":1,"source":{"keys":{}},"require":{"name":"x","entries":[]}}'
odd "no deadline" request '{"version":1,"source":{"keys":{}},"require":{"name":"x","entries":[]}}'
odd "an unsound deadline" request '{"version":1,"deadline_ms":99999999999999,"source":{"keys":{}},"require":{"name":"x","entries":[]}}'
odd "no source" request '{"version":1,"deadline_ms":1,"require":{"name":"x","entries":[]}}'
odd "two sources" request '{"version":1,"deadline_ms":1,"source":{"keys":{},"layout":{}},"require":{"name":"x","entries":[]}}'
odd "a source that is no object" request '{"version":1,"deadline_ms":1,"source":{"keys":1},"require":{"name":"x","entries":[]}}'
odd "an unknown source" request "$(jq -c '.source = {notary: {}}' "$work/good")"
odd "nothing required" request '{"version":1,"deadline_ms":1,"source":{"keys":{}}}'
odd "a key that is none" keys "$(jq -c '.require.entries[0].keys[0].pem = "x"' "$work/good")"
head -c 1100000 /dev/zero | tr '\0' ' ' >"$work/request"
ask "$work/request"
is "$status $(jq -r .code <<<"$answer")" "0 request" "more than 1 MiB"
jq -c '.source = {keys: {}}' "$work/good" >"$work/request"
ask "$work/request"
is "$(jq -c '[.accepted, .source]' <<<"$answer")" '[true,"keys"]' "the keys alone"
OPENSSL_CONF=$work/none OPENSSL_MODULES=$work OPENSSL_ENGINES=$work ask "$work/good"
is "$(jq -r .code <<<"$answer")" accepted "the environment is not asked"
ask "$work/good" prlimit --data=1000000
unlike "$answer" '"accepted":true' "without memory: not accepted"
timeout 20 "$image_program" answer 3<&- 4<&- 5<&- 6<&- 7<&- </dev/null >"$work/said" 2>&1
is "$? $(<"$work/said")" "4 " "no descriptors at all: exit 4, in silence"
{ timeout 20 "$image_program" answer 3<"$work/good" 4</dev/null 5>&1 6</dev/null 7</dev/null >/dev/null 2>&1; } | cat >"$work/answer"
is "$(jq -r .accepted "$work/answer")" false "neither store nor layout: not accepted"
finish
