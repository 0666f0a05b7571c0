#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images in create: what hardrun-image says is done, whatever else becomes of it is a refusal, and
# what is mounted is the snapshot that it spoke of. A stand-in answers (image_standin.c), beside a
# copy of hardrun; the overlays are real.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
command -v python3 >/dev/null || skip_all "python3 is not installed"

mkdir "$work/sbin"
install -m 755 "$HR_PROGRAM" "$work/sbin/hardrun"
HR_PROGRAM=$work/sbin/hardrun
gcc -static -O1 -D_GNU_SOURCE -o "$work/sbin/hardrun-image" "$e2e/image_standin.c" ||
	skip_all "no static libc"
said=$work/sbin/hardrun-image.d
mkdir "$said"
stub=$(stub_install runc-stub)
audit=/var/log/hardrun/audit.jsonl
state=$work/state root=$work/root/k8s.io
digest=sha256:$(printf '%064d' 7)
layers=$work/snapshots
mkdir -p "$layers"/{1,2,3,4}/{fs,work} "$work/root/k8s.io" "$state"
name=registry.example/pay/app:v1

# containerd's socket: somebody who takes connections and says nothing.
python3 - "$state/containerd.sock" <<'PY' &
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(16)
kept = []
while True:
    kept.append(s.accept())
PY
reap $!
for _ in {1..100}; do [ -S "$state/containerd.sock" ] && break; sleep 0.05; done
chmod 660 "$state/containerd.sock"

mkdir -p /etc/hardrun-keys
pem() {
	printf -- '-----BEGIN PUBLIC KEY-----\n%s\n%s\n-----END PUBLIC KEY-----\n' \
		MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEA3WMFGhaoxmVKP5QtZ+dU545yGp \
		gkfS/vuaWL/R3/051pH5Ua5OHJEpXm41VWldnIdkZLdWnYgQDWFSYw5hbw==
}

# begin [IMAGE-OPTIONS]: a fresh policy whose default profile has them.
begin() {
	fresh
	mkdir /etc/hardrun/keys
	pem >/etc/hardrun/keys/pay.pub
	policy "$(jq -nc --argjson image "${1:-{\"require\": \"pay\"\}}" '{version: 1,
		profiles: {gated: {extends: "default", image: $image}},
		images: {pay: {scopes: ["registry.example/pay/*"], keys: ["pay.pub"]}},
		default: "gated"}')"
	handler hardrun "$stub"
	rm -f "$said"/*
	rm -rf "$stub".d/calls/* "$work/root/k8s.io"/*
	answer accepted
	: >"$stub.d/state"
	: >"$work/log"
}

mounts() { # LOWER... UPPER, as the snapshotter gives them
	local upper=${*: -1} lower=("${@:1:$#-1}")
	jq -nc --arg lower "$(IFS=:; echo "${lower[*]/%//fs}")" --arg upper "$upper" '[{
		type: "overlay", source: "overlay",
		options: ["index=off", "workdir=\($upper)/work", "upperdir=\($upper)/fs",
			"lowerdir=\($lower)"]}]'
}

answer() { # CODE [JQ-FILTER]: what the stand-in says
	jq -c --arg code "$1" --arg digest "$digest" --arg name "$name" '{version: 1,
		accepted: ($code == "accepted"), code: $code, source: "containerd",
		digest: $digest, names: [$name], snapshot: {snapshotter: "overlayfs", key: "k",
			mounts: .}} +
		if $code == "accepted" then {by: {how: "signature", format: "cosign",
			key: "/etc/hardrun/keys/pay.pub", key_id: "00", key_type: "ECDSA P-256",
			of: $digest, scope: "registry.example/pay/*"}}
		else {why: "not signed by any key of pay (pay.pub)",
			found: "no signature in the store",
			remedy: "sign it, and put its signature in the store: hardrun image add DIR"}
		end | '"${2:-.}" <<<"$(mounts "$layers/2" "$layers/1" "$layers/4")" >"$said/answer"
}

# container ID: its bundle, with the overlay 2 over 1 that is written to 4.
container() {
	bundle=$state/io.containerd.runtime.v2.task/k8s.io/$1
	umount "$bundle/rootfs" 2>/dev/null
	rm -rf "$bundle"
	bundle "$bundle" "${2:-.}"
	mount -t overlay overlay -o "lowerdir=$layers/2/fs:$layers/1/fs,upperdir=$layers/4/fs,workdir=$layers/4/work" \
		"$bundle/rootfs"
}

create() { # ID
	: >"$work/log"
	run hardrun --root "$root" --log "$work/log" --log-format json create --bundle "$bundle" "$1"
}
asked() { if [ -e "$said/asked" ]; then wc -c <"$said/asked"; else echo 0; fi; }
calls() { stub_calls "$stub" | wc -l; }
logged() { jq -r .msg "$work/log"; }
line() { tail -n 1 "$audit" | jq -c "$1"; }
record() { jq -c "$1" /run/hardrun/records/*.json; }

refused() { # REGEX NAME: what the last create said, everywhere, and that nothing was started
	like "$(<"$work/err")" "$1" "$2"
	is "$status $(calls) $(wc -l <"$work/log") $(wc -l <"$work/err")" "1 0 1 1" \
		"$2: refused in one line, and nothing is started"
	is "$(logged)" "$(<"$work/err")" "$2: the log has the same line"
	is "$(find /run/hardrun/records -name '*.json' 2>/dev/null | wc -l)" 0 "$2: no record"
}

# ---- accepted ------------------------------------------------------------------------------

begin
container c1
create c1
is "$status $(calls) $(<"$work/err")" "0 1 " "accepted: the runtime is started"
is "$(record '.image | [.accepted, .code, .digest, .by.key, has("snapshot")]')" \
	"[true,\"accepted\",\"$digest\",\"/etc/hardrun/keys/pay.pub\",false]" \
	"the record says who signed it, without the snapshot"
is "$(line '[.verdict, .image.digest, .image.by.scope, .image.names[0]]')" \
	"[\"accept\",\"$digest\",\"registry.example/pay/*\",\"$name\"]" "so does the audit line"
is "$(record '.ceilings.image | [.require, .verdict, .digest, .mode]')" \
	"[\"pay\",\"accepted\",\"$digest\",\"enforce\"]" "exec's ceiling"
is "$(jq -c '[.version, .source, .require.name, (.require.entries[0].keys[0] | [.name, .pem[:26]])]' \
	"$said/request")" \
	'[1,{"containerd":{"namespace":"k8s.io","id":"c1"}},"pay",["/etc/hardrun/keys/pay.pub","-----BEGIN PUBLIC KEY-----"]]' \
	"what was asked"
like "$(jq .deadline_ms "$said/request")" '^1[0-9]{3}$' "with a deadline below two seconds"
is "$(sed -E 's/(memfd|socket|pipe):.*/\1/' "$said/fds" | paste -sd' ')" \
	"0 /dev/null 1 /dev/null 2 /dev/null 3 /memfd 4 socket 5 pipe 6 /dev/null 7 /dev/null" \
	"its descriptors, and no other"
run hardrun --root "$root" exec --process <(:) c1 </dev/null
jq -c .process "$bundle/config.json" >"$work/process"
run hardrun --root "$root" exec --process "$work/process" c1 </dev/null
is "$status" 0 "exec is let"
is "$(asked)" 1 "and exec asks nobody"

begin '{"require": "pay", "mode": "off"}'
container c2
create c2
is "$status $(asked)" "0 0" "mode off: nobody is asked"
first=$(stub_calls "$stub" | head -n 1)
cp "$first/fds" "$work/fds.off"
begin
container c2
create c2
is "$(sed 's/[0-9]*$//' "$(stub_calls "$stub" | head -n 1)/fds" | sort)" \
	"$(sed 's/[0-9]*$//' "$work/fds.off" | sort)" "the runtime gets no descriptor of the question"

for options in '{}' '{"require": ""}' '{"require": "none"}'; do
	begin "$options"
	container c2
	create c2
	is "$status $(asked) $(record 'has("image")')" "0 0 false" "nothing is required: $options"
done
if command -v strace >/dev/null; then
	strace -f -o "$work/trace" "$work/bin/hardrun" --root "$root" create --bundle "$bundle" c9
	is "$(grep -cE 'hardrun-image|SOCK_STREAM|memfd_create|pidfd|clone|fork|/proc/self/mountinfo' "$work/trace")" \
		0 "nothing is required: no system call more"
else
	skip "nothing is required: no system call more" "strace is not installed"
fi

# ---- refused -------------------------------------------------------------------------------

begin
container c3
for code in unsigned denied scope unbound damaged unreachable keys request; do
	answer $code
	create c3
	refused 'refused by image: root.path "registry.example/pay/app:v1": not signed by any key of pay \(pay.pub\); the image is sha256:0*7; found: no signature in the store \(rule image.require, profile gated, /etc/hardrun/policy.json:1:[0-9]+\); sign it, and put its signature in the store: hardrun image add DIR; .*hardrun image verify --require pay --id c3' \
		"$code"
	is "$(line '[.verdict, .image.code]')" "[\"refuse\",\"$code\"]" "$code: in the audit line"
done
asked=$(asked)
for command in "delete c3" "delete --force c3" "kill c3 9" "state c3" "start c3"; do
	# shellcheck disable=SC2086 # words
	run hardrun --root "$root" $command
	is "$status" 0 "of a refused container: $command"
done
is "$(asked)" "$asked" "which ask nobody"

# ---- audit mode ----------------------------------------------------------------------------

begin '{"require": "pay", "mode": "audit"}'
container c4
answer unsigned
create c4
is "$status $(calls) $(<"$work/err")" "0 1 " "audit: an unsigned image runs"
is "$(record '[.image.code, .ceilings.image.verdict, .ceilings.image.mode]')" \
	'["unsigned","unsigned","audit"]' "audit: and it is written down"
is "$(line '.report[] | select(.control == "image") | [.action, .mode, .path, .rule]')" \
	'["refuse","audit","root.path","image.require"]' "audit: what would be refused"
jq -c .process "$bundle/config.json" >"$work/process"
run hardrun --root "$root" exec --process "$work/process" c4 </dev/null
is "$status" 0 "audit: exec goes on"
for file in /run/hardrun/records/*.json; do
	jq -c '.ceilings.image.mode = "enforce"' "$file" >"$work/r" && cat "$work/r" >"$file"
done
run hardrun --root "$root" exec --process "$work/process" c4 </dev/null
is "$status" 255 "enforce: exec into one that was not accepted is refused"
like "$(<"$work/err")" 'refused by image: .*not accepted when the container' "and says so"

# ---- a verifier that fails -----------------------------------------------------------------

begin '{"require": "pay", "timeout_ms": 300}'
container c5
echo 60000 >"$said/sleep"
begun=$(date +%s%N)
create c5
refused 'there was no verdict within 300 ms' "late"
took=$((($(date +%s%N) - begun) / 1000000))
check "late: at the deadline ($took ms)" [ "$took" -lt 3000 ]
is "$(pgrep -f "$work/sbin/hardrun-image" | wc -l)" 0 "late: it is gone"
rm "$said/sleep"
for signal in 9 11 31; do
	echo $signal >"$said/signal"
	create c5
	refused "hardrun-image was ended by signal $signal before there was a verdict.*selftest" \
		"signal $signal"
done
rm "$said/signal"
echo 1 >"$said/status"
create c5
refused 'hardrun-image ended with status 1' "accepted with status 1"
rm "$said/status"
: >"$said/answer"
create c5
refused 'ended with status 0 without a verdict' "no answer"
answer accepted '. + ., .'
create c5
refused 'is no answer' "two answers"
answer accepted '.digest = "sha256:00"'
create c5
refused 'is no answer: digest' "a digest that is none"
answer accepted 'del(.snapshot)'
create c5
refused 'is no answer: snapshot' "no snapshot"
answer accepted '.version = 2'
create c5
refused 'are not of one build' "another version"
answer unsigned '.why = "a\u001b[31m" + "b" * 5000'
create c5
refused 'a\?\[31mb+' "a hostile text"
mv "$work/sbin/hardrun-image" "$work/sbin/away"
create c5
refused "cannot be used: $work/sbin/hardrun-image.*install hardrun-image beside hardrun" "missing"
mv "$work/sbin/away" "$work/sbin/hardrun-image"
chmod 775 "$work/sbin/hardrun-image"
create c5
refused "cannot be used: $work/sbin/hardrun-image" "a verifier that others can change"
chmod 755 "$work/sbin/hardrun-image"
rm -f /etc/hardrun/keys/pay.pub
create c5
refused 'keys/pay.pub' "a key that is gone"
is "$(line .image.code)" '"keys"' "a key that is gone: its code"

# ---- the socket ----------------------------------------------------------------------------

begin
container c6
mv "$state/containerd.sock" "$state/away"
create c6
refused "containerd cannot be asked at $state/containerd.sock.*image.socket" "no socket"
begin "{\"require\": \"pay\", \"socket\": \"$state/away\"}"
container c6
create c6
is "$status" 0 "another socket, by image.socket"
chown 1 "$state/away"
create c6
like "$(<"$work/err")" "others than root can use it" "a socket of others"
chown 0 "$state/away"
mkdir -m 777 "$work/open"
ln -s "$state/away" "$work/open/s"
begin "{\"require\": \"pay\", \"socket\": \"$work/open/s\"}"
container c6
create c6
refused "containerd cannot be asked at $work/open/s: .*others" "a link of anybody's to the socket"
mkdir -m 755 "$work/closed"
ln -s "$state/away" "$work/closed/s"
begin "{\"require\": \"pay\", \"socket\": \"$work/closed/s\"}"
container c6
create c6
is "$status" 0 "a link of root's to the socket"
mv "$state/away" "$state/containerd.sock"

# ---- what is mounted -----------------------------------------------------------------------

begin
container d1
answer accepted ".snapshot.mounts = $(mounts "$layers/1" "$layers/2" "$layers/4")"
create d1
refused "not the container's snapshot: its layer 1 of 2 is another directory" "other layers"
is "$(line '[.image.code, .image.digest]')" "[\"mismatch\",\"$digest\"]" "other layers: the code"
answer accepted ".snapshot.mounts = $(mounts "$layers/2" "$layers/1" "$layers/3")"
create d1
refused "its upper directory is another directory" "another upper directory"
answer accepted '.snapshot.mounts = []'
create d1
refused "is 0 mounts" "no mounts"
answer accepted '.snapshot.mounts[0].type = "erofs"'
create d1
refused "is mounted as erofs" "an unknown snapshot"
answer accepted
mkdir -p "$layers/4/fs/bin"
mount -t tmpfs inside "$bundle/rootfs/bin"
create d1
refused "is mounted in it" "something in the image"
umount "$bundle/rootfs/bin"
mount -t tmpfs over "$bundle/rootfs"
create d1
refused "it is no overlay" "something over the image"
umount "$bundle/rootfs"
umount "$bundle/rootfs"
create d1
refused "nothing is mounted there" "nothing mounted"
container d2 ".root.path = \"$layers/2/fs\""
create d2
is "$status $(line .image.code)" '1 "mismatch"' "another root.path"
begin '{"require": "pay", "mode": "audit"}'
container d3
answer accepted ".snapshot.mounts = $(mounts "$layers/1" "$layers/2" "$layers/4")"
create d3
is "$status $(record '[.image.code, .ceilings.image.verdict]')" '0 ["mismatch","mismatch"]' \
	"audit: other layers"

# Exchanged after it was looked at: create waits for the records' lock while we do it.
begin
container d4
mkdir -p /run/hardrun/records
exec 8>/run/hardrun/records/.lock
flock 8
create d4 8>&- &
for _ in {1..200}; do grep -q '"id":"d4"' "$audit" 2>/dev/null && break; sleep 0.02; done
mount -t tmpfs over "$bundle/rootfs"
exec 8>&-
wait $!
is "$(calls)" 0 "exchanged behind our back: nothing is started"
like "$(<"$work/err")" 'refused by image: root.path: what is mounted there has changed since' \
	"exchanged behind our back: and it is said"
is "$(find /run/hardrun/records -name '*.json' | wc -l)" 0 "exchanged behind our back: no record"
umount "$bundle/rootfs"

# ---- with a user namespace of ours ------------------------------------------------------------

mapped() { # the overlay is mounted anew over idmapped layers, between the two looks
	policy "$(jq -c '.profiles.gated.userns = {map: "require"}' /etc/hardrun/policy.json)"
	for file in /etc/subuid /etc/subgid; do echo "hardrun:1879048192:268304384" >"$file"; done
}
begin
mapped
container m1
create m1
if [[ $(<"$work/err") == *"refused by userns"* ]]; then
	skip "mapped: accepted" "$(head -c 300 "$work/err")"
else
	is "$status $(<"$work/err") $(jq -c .linux.uidMappings[0].size "$bundle/config.json")" \
		"0  65536" "mapped: accepted"
	begin
	mapped
	answer unsigned
	create m1
	refused "not signed by any key" "mapped: refused"
	is "$(find /run/hardrun/ranges -name '*.json' 2>/dev/null | wc -l)" 0 \
		"mapped: refused, and no ids are kept"
	answer accepted
	create m1
	is "$status $(<"$work/err")" "0 " "mapped: the same bundle again"
fi
umount "$bundle/rootfs"

# ---- other engines -------------------------------------------------------------------------

begin
bundle=$work/plain
bundle "$bundle"
create e1
refused 'of this engine it cannot be told which image' "no bundle of containerd's"
is "$(asked)" 0 "of which nobody is asked"
echo '{}' >"$bundle/umoci.json"
answer accepted '.source = "umoci" | del(.snapshot)'
create e1
is "$status $(jq -c .source "$said/request")" '0 {"umoci":{}}' "a bundle of umoci"
like "$(grep '^7 ' "$said/fds")" "/plain/umoci.json$" "whose file is handed on"
begin
container e2
create other
refused 'of this engine' "an id that is not the bundle's"
root=$work/root/default create e2
refused 'of this engine' "a root that is not the namespace's"
ln -s /etc/shadow "$work/plain/umoci.json.link"
mv "$work/plain/umoci.json.link" "$work/plain/umoci.json"
bundle=$work/plain
create e3
refused 'of this engine' "umoci.json is a link"

begin
policy "$(jq -c '.profiles.gated.restore = {allow: true}' /etc/hardrun/policy.json)"
container e4
: >"$work/log"
run hardrun --root "$root" --log "$work/log" restore --bundle "$bundle" --image-path "$work/cp" e4
refused "the files of a checkpoint are nobody's image" "restore"
is "$(asked)" 0 "restore: nobody is asked"

# ---- the sandbox of a pod -------------------------------------------------------------------

begin
container s1 '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
	"io.kubernetes.cri.sandbox-id": "s1"}'
answer unsigned
create s1
is "$(asked)" 0 "a sandbox has a profile of its own"
policy '{"version": 1, "profiles": {"pause": {"extends": "sandbox", "image": {"require": "*"}}},
	"images": {"all": {"scopes": ["*"], "allow": ["'"$digest"'"]}},
	"rules": [{"when": {"sandbox": true}, "use": "pause"}]}'
create s1
is "$(asked) $(jq -r .require.name "$said/request")" "1 *" "which may require something as well"
like "$(<"$work/err")" "not signed by any key" "and is refused then"

# ---- explain -------------------------------------------------------------------------------

begin
container x1
answer unsigned
run hardrun explain --bundle "$bundle"
is "$status" 1 "explain: refused"
like "$(<"$work/out")" 'not signed by any key of pay' "explain: why"
answer accepted
run hardrun explain --bundle "$bundle" --json
is "$(jq -c '[.report[] | select(.control == "image")], .image.digest, (.image | has("snapshot"))' \
	"$work/out" | paste -sd' ')" "[] \"$digest\" false" "explain --json: accepted"
run hardrun explain --bundle "$bundle"
like "$(<"$work/out")" "The image $digest is signed by /etc/hardrun/keys/pay.pub" "explain: accepted"
asked=$(asked)
run hardrun explain - <"$bundle/config.json"
like "$(<"$work/out")" 'was not looked at here' "explain -: it was not looked at"
is "$(asked)" "$asked" "explain -: nobody is asked"
umount "$bundle/rootfs"

# ---- hardrun image -------------------------------------------------------------------------

begin
answer accepted
run hardrun image add --json a:b
is "$(paste -sd' ' "$work/out")" "hardrun image add --json a:b" "image add is hardrun-image's"
run hardrun image show
is "$(paste -sd' ' "$work/out")" "hardrun image show" "image show as well"
mkdir "$work/layout"
run hardrun image verify --require pay --layout "$work/layout:$name"
is "$status $(jq -c .source "$said/request")" "1 {\"layout\":{\"tag\":\"$name\",\"name\":\"$name\"}}" \
	"image verify: an answer about another source is none"
answer accepted '.source = "layout"'
run hardrun image verify --require pay --layout "$work/layout" --name "$name"
is "$status $(jq -c .source "$said/request")" "0 {\"layout\":{\"name\":\"$name\"}}" \
	"image verify --layout"
like "$(<"$work/out")" \
	'^accepted: signed by /etc/hardrun/keys/pay.pub \(ECDSA P-256, cosign\), scope registry.example/pay/\*' \
	"image verify: by whom"
run hardrun image verify --json --digest "$digest" --name "$name"
is "$status" 1 "image verify --digest"
answer unsigned '.source = "descriptor"'
run hardrun image verify --json --digest "$digest" --name "$name"
is "$status $(jq -c '[.code, .digest]' "$work/out")" "1 [\"unsigned\",\"$digest\"]" \
	"image verify --json"
answer accepted
container v1
run hardrun image verify --id v1 --socket "$state/containerd.sock"
is "$status $(jq -c .source "$said/request")" '0 {"containerd":{"namespace":"k8s.io","id":"v1"}}' \
	"image verify --id"
mount -t tmpfs over "$bundle/rootfs"
run hardrun image verify --id v1 --socket "$state/containerd.sock"
is "$status" 1 "image verify --id: also what is mounted"
like "$(<"$work/out")" '^refused \(mismatch\)' "image verify --id: and says so"
umount "$bundle/rootfs" && umount "$bundle/rootfs"
run hardrun image verify --require nobody --id v1
is "$status" 3 "image verify: an unknown requirement"
for words in "" "--id" "--id a/b" "--layout x --id y" "--digest $digest" "--what" "word" \
	"--layout a --digest $digest" "--digest sha256:12 --name a" "--id a --name b" \
	"--layout a --socket /b"; do
	# shellcheck disable=SC2086 # words
	run hardrun image verify $words
	is "$status" 2 "image verify $words: usage"
done
policy '{"version": 1}'
run hardrun image verify --id v1
is "$status" 3 "image verify: nothing is required"
run hardrun image verify --layout "$work/nowhere"
is "$status" 4 "image verify: no layout"

# ---- containerd's image verifier ------------------------------------------------------------

plugin() { # ARGUMENT...
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":3}' \
		"${of:-$digest}" >"$work/descriptor"
	run hardrun-image-verifier "$@" <"$work/descriptor"
}
begin
ln -s "$HR_PROGRAM" "$work/bin/hardrun-image-verifier"
pull=(-name "$name" -digest "$digest" -stdin-media-type application/vnd.oci.descriptor.v1+json)
answer accepted '.source = "descriptor" | del(.snapshot)'
plugin "${pull[@]}"
like "$status $(<"$work/out")" '^0 hardrun: signed by /etc/hardrun/keys/pay.pub' "plugin: accepted"
is "$(jq -c '[.source, .require.name]' "$said/request")" \
	"[{\"descriptor\":{\"digest\":\"$digest\",\"name\":\"$name\"}},\"*\"]" "plugin: what is asked"
plugin -name="$name" --digest="$digest"
is "$status" 0 "plugin: flags as Go takes them"
answer unsigned '.source = "descriptor"'
plugin "${pull[@]}"
like "$status $(<"$work/out")" '^1 hardrun: registry.example/pay/app:v1 is refused: not signed by any' \
	"plugin: refused"
is "$(wc -l <"$work/out") $(wc -c <"$work/err")" "1 0" "plugin: in one line"
answer scope '.source = "descriptor"'
plugin "${pull[@]}"
like "$status $(<"$work/out")" '^0 hardrun: no scope of the policy covers' "plugin: no scope"
of=sha256:$(printf '%064d' 8) plugin "${pull[@]}"
like "$status $(<"$work/out")" '^1 .*another digest' "plugin: another descriptor"
for odd in "" "a b" $'a\nb' $'a\e[31m' "/a" "a//b" "a/" "A/b" "registry.example/A" "a?b" \
	"$(printf 'a%.0s' {1..600})"; do
	plugin -name "$odd" -digest "$digest"
	is "$status $(wc -l <"$work/out")" "1 1" "plugin: no name: ${odd@Q}"
done
for good in a a:V1 "a@$digest" Localhost:5000/a/b:x registry.example/a_b/c-d:1 a/b; do
	plugin -name "$good" -digest "$digest"
	is "$status" 0 "plugin: a name that no scope covers: $good"
done
plugin -name "$name" -digest "$digest" -stdin-media-type text/plain
is "$status" 1 "plugin: an unknown kind of descriptor"
begun=$(date +%s)
run hardrun-image-verifier "${pull[@]}" < <(sleep 30)
check "plugin: a descriptor that never ends" [ "$status" = 1 -a $(($(date +%s) - begun)) -lt 20 ]
plugin -name x
is "$status" 1 "plugin: no digest"
echo 9 >"$said/signal"
plugin "${pull[@]}"
like "$status $(<"$work/out")" '^1 .*signal 9' "plugin: the verifier is killed"
rm "$said/signal"
policy '{'
plugin "${pull[@]}"
is "$status" 1 "plugin: a broken policy blocks"
policy '{"version": 1}'
plugin "${pull[@]}"
like "$status $(<"$work/out")" '^0 .*requires nothing' "plugin: nothing is required"

is "$(pgrep -f "$work/sbin/hardrun-image" | wc -l)" 0 "nothing is left running"
finish
