#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `hardrun image` and containerd's verifier plugin from the outside: what is put into the store,
# shown, asked; exit statuses; and what a newcomer is told who has something wrong.
set -u
# shellcheck source=tests/image/live_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/image/live_setup.sh"
image_sandbox "$@"

hex=${v1#sha256:}
legacy=$fixtures/cosign-legacy
repo=127.0.0.1:5055/k/p256

# told STATUS REGEX NAME ARGUMENT...: `hardrun image ARGUMENT...` ends so, and says so
told() {
	local wanted=$1 regex=$2 name=$3
	shift 3
	hardrun image "$@" </dev/null
	if [[ $status =~ ^($wanted)$ && "$(cat "$work/out" "$work/err")" =~ $regex ]]; then
		ok "$name"
	else
		not_ok "$name" "wanted: $wanted, /$regex/"$'\n'"got: $status"$'\n'"$(
			head -c 2000 "$work/out" "$work/err")"
	fi
}

entry() { # [MEMBERS]
	policy_images "{\"scopes\": [\"127.0.0.1:5055/*\"], \"keys\": [\"p256.pub\"]${1:+, $1}}"
}

is_json() { jq -e . "$work/out" >/dev/null; }

fill() { # the signature of the fixture image
	store_empty
	hardrun image add "$fixtures/cosign-save/legacy-p256"
}

entry

# ---- usage -----------------------------------------------------------------------------------

told 2 'verify' "no command" # and the commands are told
told 2 'verify' "an unknown command" verfy
told 2 'layout' "verify of nothing" verify
told 2 . "verify of two things" verify --layout "$fixtures/image:v1" --digest "$v1" --name "$repo"
told 2 'frobnicate' "an unknown option" verify --frobnicate
told 2 'layout' "an option without its value" verify --layout
told 2 'name' "a digest without a name" verify --digest "$v1"
told 2 'sha256: and 64' "a digest that is none" verify --digest sha256:93958 --name "$repo"
told 2 . "words too many" verify --layout "$fixtures/image:v1" --name "$repo" more
told 2 . "add of nothing" add
told 2 'signature' "a payload without its signature" add --payload "$legacy/p256/payload.json"
told 2 'payload' "a signature without its payload" add --signature "$legacy/p256/sig.b64"
told 2 . "show of what is no digest" show 93958
told 2 . "selftest with words too many" selftest more
told 0 'verify' "--help" --help

# ---- add -------------------------------------------------------------------------------------

told 0 "$v1.*1 signature.*1 new" "add what cosign saved" add "$fixtures/cosign-save/legacy-p256"
is "$(sha256sum <"$store/sha256/$hex/manifest" | cut -d ' ' -f 1)" "$hex" "the manifest is there"
name=$(basename "$(echo "$store/sha256/$hex"/cosign-*.json)")
is "$name" "cosign-$(sha256sum <"$store/sha256/$hex/$name" | cut -d ' ' -f 1).json" \
	"a signature has the digest of its file for a name"
is "$(jq -r .payload "$store/sha256/$hex/$name" | base64 -d)" "$(cat "$legacy/p256/payload.json")" \
	"the payload is as it was signed"
is "$(find "$store" \( -not -user root -o -perm /022 -o -type d -not -perm 755 -o -type f \
	-not -perm 644 \) -printf '%p %m\n')" "" "all is root's, 0755 and 0644"
before=$(find "$store" -type f -printf '%p %T@ %i\n' | sort)
told 0 "$v1.*1 signature.* 0 new" "the same again" add "$fixtures/cosign-save/legacy-p256"
is "$(find "$store" -type f -printf '%p %T@ %i\n' | sort)" "$before" "nothing was changed"
told 0 "$index.*1 signature" "add an index that cosign saved" add "$fixtures/cosign-save/legacy-index"
verified accepted "verify by the index" --layout "$fixtures/cosign-save/legacy-index" \
	--name 127.0.0.1:5055/demo/tiny:multi
is "$(jq -r '.index' "$work/out")" "$index" "the index is told"

store_empty
told 0 "$v1" "add --payload --signature" add --payload "$legacy/p256/payload.json" \
	--signature "$legacy/p256/sig.b64"
verified accepted "and verify" --layout "$fixtures/image:v1" --name $repo:v1
store_empty
told 0 "$v1" "add --bundle" add --bundle "$fixtures/cosign-bundle/p256.sigstore.json"
verified accepted "and verify" --layout "$fixtures/image:v1" --name 127.0.0.1:5055/bundle/p256:v1
store_empty
told 0 "$v1" "a message signature, the digest from it" add \
	--bundle "$fixtures/cosign-bundle/p256-messageSignature-of-manifest.sigstore.json"
told 0 "$v1.* 0 new" "add --digest --bundle" add --digest "$v1" \
	--bundle "$fixtures/cosign-bundle/p256-messageSignature-of-manifest.sigstore.json"
told 0 "$v1" "add --manifest" add --manifest "$fixtures/image/blobs/sha256/$hex"
entry '"reference": "none"'
verified accepted "and verify, the manifest from the store" --digest "$v1" --name $repo:v1
entry
store_empty
told 0 . "add --json" add --json "$fixtures/cosign-save/legacy-p256"
check "is JSON" is_json

# What cannot be put in, and is said to be so.
store_empty
told '[24]' '/nowhere/layout' "add of a path that is not there" add /nowhere/layout
told '[124]' 'keys' "add of what is no layout" add "$fixtures/keys"
told '[124]' 'v9' "add of a tag that is not there" add "$fixtures/image:v9"
told '[124]' 'payload' "a payload that is none" add --payload "$fixtures/keys/p256.pub" \
	--signature "$legacy/p256/sig.b64"
told '[124]' 'bundle' "a bundle that is none" add --digest "$v1" --bundle "$fixtures/keys/p256.pub"
told '[124]' . "a manifest that is none" add --manifest "$fixtures/keys/p256.pub"
is "$(find "$store" -type f 2>/dev/null)" "" "nothing of it is in the store"
told '[01]' . "a layout whose manifest is altered" add "$fixtures/tampered/image-manifest-altered:v1"
is "$(find "$store" -type f -path "*$hex*" 2>/dev/null)" "" "the altered manifest is not in the store"
# Hostile: links out of the layout, a store that somebody prepared.
cp -r "$fixtures/cosign-save/legacy-p256" "$work/links"
for blob in "$work"/links/blobs/sha256/*; do
	mv "$blob" "$work/moved-${blob##*/}" && ln -s "$work/moved-${blob##*/}" "$blob"
done
told '[0124]' . "a layout of symbolic links" add "$work/links"
is "$(find "$store" -type f 2>/dev/null)" "" "they are not followed"
cp -r "$fixtures/cosign-save/legacy-p256" "$work/fifo"
rm "$work/fifo/index.json" && mkfifo "$work/fifo/index.json"
before=$SECONDS
told '[124]' . "a pipe in place of index.json" add "$work/fifo"
check "is not waited for" test $((SECONDS - before)) -lt 10

# ---- show ------------------------------------------------------------------------------------

store_empty
told '[01]' 'nothing' "show without a store" show
told '[01]' . "show --json without a store" show --json
check "is JSON" is_json
fill
told 0 "$v1" "show" show
told 0 "$v1" "show DIGEST" show "$v1"
told '[01]' "$evil" "show a digest that the store has not" show "$evil"
told 0 "$v1" "show --json" show --json
check "is JSON" is_json
echo junk >"$store/sha256/$hex/junk" && mkdir -p "$store/sha256/short"
told 0 "$v1" "show with strange files in the store" show
verified accepted "verify with strange files in the store" --layout "$fixtures/image:v1" --name $repo:v1

# ---- verify ----------------------------------------------------------------------------------

fill
told 0 'p256.pub' "verify says the key" verify --layout "$fixtures/image:v1" --name $repo:v1
like "$(cat "$work/out")" "$v1" "and the digest"
told 1 'not signed by any key for the scope 127\.0\.0\.1:5055/\* \(p256.pub\)' \
	"another image, *: by which keys not" verify --layout "$fixtures/image:evil" --name $repo:v1
told 1 'not signed by any key of payment \(p256.pub\)' "another image, payment: by which keys not" \
	verify --require payment --layout "$fixtures/image:evil" --name $repo:v1
like "$(cat "$work/out" "$work/err")" 'no signature in the store' "what was found"
like "$(cat "$work/out" "$work/err")" 'hardrun image add' "what to do"
verified unsigned "other repository" --layout "$fixtures/image:v1" --name 127.0.0.1:5055/k/other:v1
verified scope "a name of no scope" --layout "$fixtures/image:v1" --name registry.example/k/p256:v1
verified scope "without a name" --layout "$fixtures/image:v1"
verified damaged "an altered configuration" --layout "$fixtures/tampered/image-config-altered:v1" \
	--name $repo:v1
verified damaged "an altered layer" --layout "$fixtures/tampered/image-layer-altered:v1" --name $repo:v1
verified unbound "a missing configuration" --layout "$fixtures/tampered/image-missing-config:v1" \
	--name $repo:v1
verified accepted "of what cosign saved, which has no tag" --layout "$fixtures/cosign-save/legacy-p256" \
	--name $repo:v1
verified accepted "--require by name" --require payment --layout "$fixtures/image:v1" --name $repo:v1
verified accepted "--digest" --digest "$v1" --name $repo:v1
is "$(jq -r '.by.key_id' "$work/out")" "$(grep -v -- ---- "$fixtures/keys/p256.pub" | base64 -d |
	sha256sum | cut -d ' ' -f 1)" "the key's id is the SHA-256 of its SubjectPublicKeyInfo"
cp -r "$fixtures/image" "$work/named"
sed -i "s,\"v1\",\"$repo:v1\"," "$work/named/index.json"
verified accepted "the tag is the name where it is a full one" --layout "$work/named:$repo:v1"
policy_images '[{"scopes": ["*"], "keys": ["/etc/hardrun/keys/ed25519.pub"]},
	{"scopes": ["127.0.0.1:5055/k/*"], "keys": ["/etc/hardrun/keys/p256.pub"]}]'
verified accepted "the longest scope decides" --layout "$fixtures/image:v1" --name $repo:v1
jq '.images.payment[1].keys = ["/etc/hardrun/keys/ed25519.pub"]' /etc/hardrun/policy.json >"$work/other.json"
verified unsigned "--policy FILE" --policy "$work/other.json" --layout "$fixtures/image:v1" --name $repo:v1
entry "\"deny\": [\"$v1\"]"
verified denied "on the deny list" --layout "$fixtures/image:v1" --name $repo:v1
# Asked for by the manifest's own digest: what the store knows of the index counts.
index=$fixtures/image/blobs/sha256/928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212
entry "\"deny\": [\"sha256:${index##*/}\"]"
told 0 . "the index that will be denied is put in" add --manifest "$index"
verified denied "by an index on the deny list" --layout "$fixtures/image:v1" --name $repo:v1
entry "\"allow\": [\"$evil\"]"
verified accepted "on the allow list" --layout "$fixtures/image:evil" --name $repo:v1
is "$(jq -r .by.how "$work/out")" digest "by its digest"

# ---- what a newcomer has wrong ---------------------------------------------------------------

entry
told '[124]' '/nowhere/layout' "no layout there" verify --layout /nowhere/layout:v1 --name $repo:v1
told '[124]' 'v9' "a tag that is not there" verify --layout "$fixtures/image:v9" --name $repo:v1
told '[124]' 'oci-layout' "what is no layout" verify --layout "$fixtures/keys:v1" --name $repo:v1
told '[124]' '/nowhere/bundle' "no bundle there" verify --bundle /nowhere/bundle --name $repo:v1
told '[124]' 'umoci' "a bundle that umoci did not make" verify --bundle "$work" --name $repo:v1
told '[14]' 'socket|containerd' "no containerd" verify --id some --socket /nowhere/containerd.sock
told 3 'payment' "a requirement misspelled: the nearest" verify --require paymnt \
	--layout "$fixtures/image:v1" --name $repo:v1
rm /etc/hardrun/keys/p256.pub
told '[13]' '/etc/hardrun/keys/p256.pub' "a key that is missing" verify --layout "$fixtures/image:v1" \
	--name $repo:v1
echo "no key" >/etc/hardrun/keys/p256.pub
told '[13]' 'p256.pub' "a key that is none" verify --layout "$fixtures/image:v1" --name $repo:v1
openssl genpkey -algorithm ed25519 -out /etc/hardrun/keys/p256.pub 2>/dev/null
chmod 644 /etc/hardrun/keys/p256.pub
told '[13]' 'PRIVATE' "a private key" verify --layout "$fixtures/image:v1" --name $repo:v1
install -m 666 "$fixtures/keys/p256.pub" /etc/hardrun/keys/p256.pub
told '[13]' 'p256.pub.*chmod' "a key that anybody may write" verify --layout "$fixtures/image:v1" --name $repo:v1
policy '{"version": 1}'
told '[13]' 'images' "a policy without images" verify --layout "$fixtures/image:v1" --name $repo:v1
policy '{"version": 1, "images": {"a": {"scopes": ["127.0.0.1:5055/k"], "keys": ["p256.pub"], "key": 1}}}'
told 3 'key' "a policy with a misspelled member" verify --layout "$fixtures/image:v1" --name $repo:v1
policy '{"version": 1'
told 3 'policy.json' "a policy that is no JSON" verify --layout "$fixtures/image:v1" --name $repo:v1
told '[34]' '/nowhere/policy.json' "no policy there" verify --policy /nowhere/policy.json \
	--layout "$fixtures/image:v1" --name $repo:v1
entry
store_empty
told 1 'no signature in the store' "no store" verify --layout "$fixtures/image:v1" --name $repo:v1
cp -r "$fixtures/image" "$work/closed" && chmod 700 "$work/closed"
told 1 'a\+rX' "a layout that only root can read" verify --layout "$work/closed:v1" --name $repo:v1
mv "$work/program/hardrun-image" "$work/aside"
told 1 'install hardrun-image' "no hardrun-image" verify --layout "$fixtures/image:v1" --name $repo:v1
told '[14]' 'hardrun-image' "selftest without hardrun-image" selftest
told 4 'hardrun-image' "add without hardrun-image" add "$fixtures/image"

# ---- a verifier that is not what it should be ------------------------------------------------

# impostor END ANSWER [PAD]: in place of hardrun-image
impostor() {
	rm -f "$work/program/hardrun-image"
	gcc -static -O1 -std=gnu11 -I"$HR_TEST_SRCDIR/src" -DEND="$1" \
		-DANSWER="$(jq -Rn --arg text "$2" '$text')" -DPAD="${3:-0}" \
		-o "$work/program/hardrun-image" "$HR_TEST_SRCDIR/tests/image/impostor.c"
}

# not_believed NAME END ANSWER [PAD]
not_believed() {
	impostor "${@:2}"
	hardrun image verify --layout "$fixtures/image:v1" --name $repo:v1
	like "$status" '^[14]$' "not believed: $1"
	told '[14]' . "selftest: $1" selftest
}

yes=$(jq -nc --arg digest "$v1" '{version: 1, accepted: true, code: "accepted", source: "layout",
	digest: $digest, names: ["127.0.0.1:5055/k/p256:v1"], by: {how: "digest", of: $digest,
	scope: "*"}}')
impostor 0 "$yes"
hardrun image verify --layout "$fixtures/image:v1" --name $repo:v1
is "$status" 0 "an impostor that says what hardrun-image would"
told 1 . "selftest: one that accepts everything" selftest
not_believed "nothing said" 0 ""
not_believed "a failure" 1 "$yes"
not_believed "a signal" -11 "$yes"
not_believed "SIGKILL" -9 ""
not_believed "no JSON" 0 "yes"
not_believed "cut" 0 "${yes%\}}"
not_believed "two answers" 0 "$yes$yes"
not_believed "too long" 0 "$yes" 66000
not_believed "another version" 0 "${yes/1/2}"
not_believed "accepted by a code that refuses" 0 "${yes/\"accepted\",/\"unsigned\",}"
not_believed "no verdict" 0 "${yes/true/1}"
not_believed "an array" 0 "[$yes]"
impostor 256 ""
before=$SECONDS
hardrun image verify --layout "$fixtures/image:v1" --name $repo:v1
like "$status" '^[14]$' "one that hangs"
check "is not waited for" test $((SECONDS - before)) -lt 15
impostor 256 "$yes"
hardrun image verify --layout "$fixtures/image:v1" --name $repo:v1
like "$status" '^[14]$' "one that answers, and hangs"
rm "$work/program/hardrun-image"
mv "$work/aside" "$work/program/hardrun-image"

# ---- selftest --------------------------------------------------------------------------------

entry
fill
told 0 . "selftest" selftest
told 0 . "selftest --json" selftest --json
check "is JSON" is_json
policy '{"version": 1}'
told '[01]' . "selftest under a policy without images" selftest
policy_images '{"scopes": ["*"], "keys": ["p256.pub"]}'
echo "no key" >/etc/hardrun/keys/p256.pub
told '[13]' 'p256.pub' "selftest with a key that is none" selftest
entry

# ---- containerd's verifier plugin --------------------------------------------------------------

ln -sf "$work/program/hardrun" "$work/program/hardrun-image-verifier"
plugin() { # NAME DIGEST
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":555}' "$2" |
		"$work/program/hardrun-image-verifier" -name "$1" -digest "$2" -stdin-media-type \
			application/vnd.oci.descriptor.v1+json >"$work/out" 2>"$work/err"
	status=$?
}

# answered NAME STATUS REGEX
answered() {
	is "$status" "$2" "plugin: $1"
	like "$(cat "$work/out")" "$3" "plugin: $1: the reason"
	is "$(wc -l <"$work/out") $(($(wc -c <"$work/out") < 32768))" "1 1" "plugin: $1: one short line"
}

fill
plugin $repo:v1 "$v1"
answered "signed" 0 .
plugin $repo:v1 "$evil"
answered "unsigned" 1 'not signed by any key .*p256.pub.*hardrun image add'
plugin registry.example/app:v1 "$evil"
answered "a name of no scope" 0 'scope'
plugin $repo:v1 sha256:short
answered "a digest that is none" 1 .
"$work/program/hardrun-image-verifier" -name $repo:v1 >"$work/out" 2>"$work/err" </dev/null
status=$?
answered "arguments missing" 1 .
policy '{"version": 1'
plugin $repo:v1 "$v1"
answered "a broken policy" 1 .
entry
mv "$work/program/hardrun-image" "$work/aside"
plugin $repo:v1 "$v1"
answered "no hardrun-image" 1 'hardrun-image'
entry
hardrun doctor --json >"$work/out" 2>&1
like "$(jq -r '.findings[].id' "$work/out")" 'images\.verifier' "doctor: no hardrun-image"
mv "$work/aside" "$work/program/hardrun-image"
hardrun doctor --json >"$work/out" 2>&1
unlike "$(jq -r '.findings[].id' "$work/out")" 'images\.' "doctor: all is there"
mv /var/lib/hardrun/images /var/lib/hardrun/aside
hardrun doctor --json >"$work/out" 2>&1
like "$(jq -r '.findings[].id' "$work/out")" 'images\.store' "doctor: no store"
finish
