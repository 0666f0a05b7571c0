#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images pushed to a registry, signed by cosign 2.5 and skopeo 1.18 of Debian 13, fetched as users
# do (cosign save, skopeo copy), put into the store with `hardrun image add`, and asked about with
# `hardrun image verify`.
set -u
# shellcheck source=tests/image/live_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/image/live_setup.sh"
image_sandbox "$@"
live_tools
live_registry

mkdir "$work/keys"
echo '{}' >"$work/predicate"
: >"$work/passphrase"
for key in pay other; do
	(cd "$work/keys" && cosign generate-key-pair --output-key-prefix "$key") >"$work/said" 2>&1 ||
		skip_all "cosign makes no keys: $(tail -n 1 "$work/said")"
done
hex=${v1#sha256:}
cp -r "$fixtures/image" "$work/image"
# The index gets a tag, to be pushed by.
jq --arg index "$index" '.manifests += [{mediaType: "application/vnd.oci.image.index.v1+json",
	digest: $index, size: 491, annotations: {"org.opencontainers.image.ref.name": "multi"}}]' \
	"$fixtures/image/index.json" >"$work/image/index.json"
chmod -R a+rX "$work/image"

# added DIR...: all that is there is put into an empty store
added() {
	store_empty
	hardrun image add "$@"
	[ "$status" -eq 0 ] || not_ok "hardrun image add $*" "$(cat "$work/out" "$work/err")"
}

saved() { # REPOSITORY@DIGEST: by cosign, into the store
	rm -rf "$work/saved"
	said "cosign save $1" cosign save --allow-http-registry --dir "$work/saved" "$registry/$1"
	chmod -R a+rX "$work/saved"
	added "$work/saved"
}

entry() { # [MEMBERS]
	policy_images "{\"scopes\": [\"$registry/*\"], \"keys\": [\"pay.pub\"]${1:+, $1}}"
}

ask_v1() { # CODE NAME [REPOSITORY:TAG]
	verified "$1" "$2" --layout "$work/image:v1" --name "$registry/${3:-demo/app:v1}"
}

# ---- cosign's own format ------------------------------------------------------------------------

push "$work/image:v1" demo/app:v1
sign pay "demo/app@$v1"
saved "demo/app@$v1"
entry
ask_v1 accepted "cosign sign, cosign save: accepted"
is "$(jq -r '.by | "\(.how) \(.format) \(.key_type) \(.of)"' "$work/out")" \
	"signature cosign ECDSA P-256 $v1" "by whom, and of what"
verified accepted "the same by digest" --digest "$v1" --name "$registry/demo/app:v1"
ask_v1 unsigned "under the name of another repository" demo/more:v1
entry '"reference": "exact"'
ask_v1 unsigned "exact: the signature names no tag"
entry '"annotations": {"env": "prod"}'
ask_v1 unsigned "an annotation that was not signed"
entry '"formats": ["bundle"]'
ask_v1 unsigned "only bundles asked for"
policy_images '{"scopes": ["*"], "keys": ["other.pub"]}'
ask_v1 unsigned "another key trusted"
entry
store_empty
ask_v1 unsigned "with an empty store"

push "$work/image:v1" demo/wrong:v1
sign other "demo/wrong@$v1"
saved "demo/wrong@$v1"
ask_v1 unsigned "cosign sign with another key" demo/wrong:v1
sign pay "demo/wrong@$v1" -a env=prod -a stage=2
saved "demo/wrong@$v1"
entry '"annotations": {"env": "prod"}'
ask_v1 accepted "two signatures, one with annotations by the trusted key" demo/wrong:v1
entry '"annotations": {"env": "test"}'
ask_v1 unsigned "another value of the annotation" demo/wrong:v1

push "$work/image:v1" demo/tagged:v1
sign pay "demo/tagged@$v1" --sign-container-identity "$registry/demo/tagged:v1"
saved "demo/tagged@$v1"
entry '"reference": "exact"'
ask_v1 accepted "exact: a signature that names the tag" demo/tagged:v1
ask_v1 unsigned "exact: another tag" demo/tagged:v2
entry
ask_v1 accepted "repository: another tag" demo/tagged:v2

push "$work/image:evil" demo/app:v2
verified unsigned "an image that was pushed beside it, unsigned" --layout "$work/image:evil" \
	--name "$registry/demo/app:v1"

# ---- an index --------------------------------------------------------------------------------

push "$work/image:multi" demo/multi:v1 --all
sign pay "demo/multi@$index"
saved "demo/multi@$index"
verified accepted "the index is signed" --layout "$work/image:multi" --name "$registry/demo/multi:v1"
is "$(jq -r .index "$work/out")" "$index" "its digest is told"
verified unsigned "not the manifest of another index" --layout "$work/image:evil" \
	--name "$registry/demo/multi:v1"
push "$work/image:multi" demo/deep:v1 --all
sign pay "demo/deep@$index" --recursive
saved "demo/deep@$index" # with the index's signatures only
verified accepted "all is signed, recursively" --layout "$work/image:multi" \
	--name "$registry/demo/deep:v1"
ask_v1 unsigned "the manifest alone, which is reached by no index" demo/deep:v1
pull "demo/deep:sha256-$hex.sig" "$work/deep" "sha256-$hex.sig"
added "$work/deep"
ask_v1 accepted "and each manifest for itself" demo/deep:v1

# ---- bundles ---------------------------------------------------------------------------------

push "$work/image:v1" demo/bundle:v1
attest pay "demo/bundle@$v1"
pull demo/bundle:v1 "$work/fallback" v1
pull "demo/bundle:sha256-$hex" "$work/fallback" "sha256-$hex" --all
added "$work/fallback"
ask_v1 accepted "a bundle by the fallback tag" demo/bundle:v1
is "$(jq -r '.by.format' "$work/out")" bundle "its format"
entry '"formats": ["cosign"]'
ask_v1 unsigned "a bundle where cosign's format is asked for" demo/bundle:v1
entry
attest other "demo/bundle@$v1"
ask_v1 unsigned "a bundle for another repository"
# The bundle itself, as a file.
bundle=$(grep -l '^{"mediaType":"application/vnd.dev.sigstore.bundle' "$work"/fallback/blobs/sha256/*)
store_empty
hardrun image add --bundle "$bundle"
is "$status" 0 "add --bundle, the digest from the statement"
ask_v1 accepted "a bundle from a file" demo/bundle:v1
# An attestation of another kind is no signature.
push "$work/image:v1" demo/slsa:v1
said "cosign attest" cosign attest --new-bundle-format --key "$work/keys/pay.key" \
	--type https://slsa.dev/provenance/v1 --predicate "$work/predicate" --tlog-upload=false \
	--allow-http-registry -y "$registry/demo/slsa@$v1"
pull demo/slsa:v1 "$work/slsa" v1
pull "demo/slsa:sha256-$hex" "$work/slsa" "sha256-$hex" --all
store_empty
hardrun image add "$work/slsa"
entry '"reference": "none"'
ask_v1 unsigned "an attestation of another kind" demo/slsa:v1
# cosign sign-blob over the manifest's bytes.
cp "$work/image/blobs/sha256/$hex" "$work/manifest.json"
said "cosign sign-blob" cosign sign-blob --new-bundle-format --bundle "$work/blob.json" \
	--key "$work/keys/pay.key" --tlog-upload=false -y "$work/manifest.json"
store_empty
hardrun image add --digest "$v1" --bundle "$work/blob.json"
is "$status" 0 "add --digest --bundle"
ask_v1 accepted "a message signature"
entry
ask_v1 unsigned "a message signature names no repository"

# ---- skopeo ------------------------------------------------------------------------------------

said "skopeo signs" new_skopeo copy --dest-tls-verify=false --preserve-digests \
	--sign-by-sigstore-private-key "$work/keys/pay.key" --sign-passphrase-file "$work/passphrase" \
	"oci:$work/image:v1" "docker://$registry/demo/skopeo:v1"
pull demo/skopeo:v1 "$work/skopeo" v1
pull "demo/skopeo:sha256-$hex.sig" "$work/skopeo" "sha256-$hex.sig"
added "$work/skopeo"
ask_v1 accepted "signed by skopeo" demo/skopeo:v1
entry '"reference": "exact"'
ask_v1 accepted "skopeo signs the tag: exact" demo/skopeo:v1
ask_v1 unsigned "another tag: exact" demo/skopeo:v2
entry
saved "demo/skopeo@$v1"
ask_v1 accepted "signed by skopeo, cosign save" demo/skopeo:v1

# ---- what was fetched, changed -------------------------------------------------------------------

saved "demo/app@$v1"
cp -r "$work/image" "$work/changed"
printf ' ' >>"$work/changed/blobs/sha256/$hex"
verified damaged "one byte more in the manifest" --layout "$work/changed:v1" \
	--name "$registry/demo/app:v1"
for file in "$store/sha256/$hex"/cosign-*.json; do
	jq -c '.payload |= (@base64d | sub("demo/app"; "demo/bpp") | @base64)' "$file" >"$work/said" &&
		cat "$work/said" >"$file"
done
ask_v1 unsigned "the payload in the store changed"

# ---- umoci ---------------------------------------------------------------------------------------

store_empty
saved "demo/app@$v1"
hardrun image add "$work/image:v1"
if umoci unpack --image "$work/image:v1" "$work/bundle" >"$work/said" 2>&1; then
	entry '"sources": ["umoci"]'
	verified accepted "a bundle of umoci" --bundle "$work/bundle" --name "$registry/demo/app:v1"
	entry
	verified unbound "where the policy does not name umoci" --bundle "$work/bundle" \
		--name "$registry/demo/app:v1"
else
	skip "a bundle of umoci" "umoci: $(tail -n 1 "$work/said")"
fi
finish
