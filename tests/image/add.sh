#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun-image add: layouts of every kind, single files, and hostile ones, of which nothing comes
# into the store.
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

image=sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622
index=sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212
arm=sha256:c9a648322f2999d65f6220863dc937f13db0f57b0f57030777c8bc9adb0d6335
evil=sha256:c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7

image() { # ARGUMENT...
	timeout 60 "$image_program" "$@" >"$work/out" 2>"$work/err"
	status=$?
	out=$(<"$work/out") err=$(<"$work/err")
}

empty() { rm -rf "${store:?}"; }

# Every file of the store with its content.
stored() { (cd $store 2>/dev/null && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2); }

stored_names() { stored | sed -E 's/^[0-9a-f]+ +\.\/sha256\///; s/-[0-9a-f]{64}/-HEX/; s/^([0-9a-f]{6})[0-9a-f]*/\1/'; }

# refused NAME REGEX: exit 1 (wanted_status), one line on stderr or in the output that fits, nothing in the store.
wanted_status=1
refused() {
	is "$status" "$wanted_status" "$1: exit $wanted_status"
	like "$out$err" "$2" "$1: says why"
	is "$(stored)" "" "$1: nothing in the store"
	unlike "$out$err" $'[^\n\t -~]' "$1: nothing but plain text"
}

# ---- layouts to be made ----------------------------------------------------------------

blob() { # DIR FILE: becomes a blob; prints its digest
	local hex
	hex=$(sha256sum <"$2") && hex=${hex%% *}
	mkdir -p "$1/blobs/sha256" && cp "$2" "$1/blobs/sha256/$hex" && echo "sha256:$hex"
}

# layout DIR ENTRY...: index.json with these entries, JSON.
layout() {
	local dir=$1
	shift
	mkdir -p "$dir/blobs/sha256"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	printf '%s\n' "$@" | jq -cs '{schemaVersion: 2, manifests: .}' >"$dir/index.json"
}

entry() { # DIGEST [TAG]: of index.json
	jq -nc --arg digest "$1" --arg tag "${2:-}" '{mediaType: "application/vnd.oci.image.manifest.v1+json",
		digest: $digest, size: 1} + if $tag == "" then {} else
		{annotations: {"org.opencontainers.image.ref.name": $tag}} end | del(.size)'
}

# signed DIR KEY: the blobs of cosign's signature by KEY; prints its manifest's digest
signed() {
	blob "$1" "$fixtures/cosign-legacy/$2/payload.json" >/dev/null
	blob "$1" "$fixtures/cosign-legacy/$2/sig-manifest.json"
}

# manifest FILE SUBJECT LAYER-TYPE BLOB-DIGEST: a manifest that refers to SUBJECT
manifest() {
	jq -nc --arg subject "$2" --arg type "$3" --arg layer "$4" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: $type,
		config: {mediaType: "application/vnd.oci.empty.v1+json", size: 2,
			digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
		layers: [{mediaType: $type, digest: $layer, size: 1} | del(.size)]} +
		if $subject == "" then {} else {subject: {digest: $subject, size: 555,
			mediaType: "application/vnd.oci.image.manifest.v1+json"}} end' >"$1"
}

# ---- usage -----------------------------------------------------------------------------

while IFS='|' read -r words wanted; do
	read -ra arguments <<<"$words"
	image ${arguments[@]+"${arguments[@]}"}
	is "$status" 2 "usage: hardrun-image $words"
	like "$err" "$wanted" "usage: hardrun-image $words: says why"
done <<'END'
|hardrun image
remove x|hardrun image
answer more|hardrun image
add|what is to be added
add --json|what is to be added
add --frob x|no option --frob
add --payload|value is missing
add --payload a|belong together
add --signature a|belong together
add --bundle a --bundle b|given twice
add --digest sha256:12 --bundle a|64 lower-case
add --digest sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622 --manifest a|belongs to a signature
add --bundle a dir|one after the other
show more|no option
show --frob|no option
END
for command in add show; do
	image $command --help
	is "$status" 0 "$command --help"
	like "$out" "usage: hardrun image $command" "$command --help says how"
done

# ---- cosign save -----------------------------------------------------------------------

empty
image add "$fixtures/cosign-save/legacy-p256"
is "$status" 0 "cosign save: exit 0"
is "$out" "$image: manifest (new), 1 signature, 1 new" "cosign save: says what was added"
is "$(stored_names)" "939586/cosign-HEX.json
939586/manifest" "cosign save: the manifest and its signature"
file=$(echo $store/sha256/${image#*:}/cosign-*.json)
is "$(jq -r .payload "$file" | base64 -d | sha256sum)" "$(sha256sum <"$fixtures/cosign-legacy/p256/payload.json")" \
	"cosign save: the payload, byte for byte"
is "$(jq -r .signature "$file")" "$(jq -r '.layers[0].annotations["dev.cosignproject.cosign/signature"]' \
	"$fixtures/cosign-save/legacy-p256/blobs/sha256/924cb6be6e96c4c658c2fe8fa9bcdab0f31b9cd307e311f60d3a980f4c16e0ea")" \
	"cosign save: the signature"
is "cosign-$(sha256sum "$file" | cut -d ' ' -f 1).json" "${file##*/}" "cosign save: the file is named after its digest"
before=$(stored)
image add --json "$fixtures/cosign-save/legacy-p256"
is "$out" "{\"added\":[{\"digest\":\"$image\",\"manifest\":\"there\",\"signatures\":1,\"new\":0}],\"passed\":[],\"refused\":[]}" \
	"again: nothing new"
is "$(stored)" "$before" "again: the store is the same"

empty
image add "$fixtures/cosign-save/legacy-index" "$fixtures/image"
is "$status" 0 "an index and its signature, and another layout"
is "$out" "$image: manifest (new)
$arm: manifest (new)
$index: manifest (new), 1 signature, 1 new
$evil: manifest (new)" "an index and its signature: what was added"
for digest in $image $arm $index $evil; do
	is "sha256:$(sha256sum <"$store/sha256/${digest#*:}/manifest" | cut -d ' ' -f 1)" "$digest" "manifest $digest, byte for byte"
done

# ---- tags ------------------------------------------------------------------------------

empty
image add "$fixtures/image:v1"
is "$status $out" "0 $image: manifest (new)" "a tag: that image alone"
empty
image add "$fixtures/image:v7"
refused "a tag that is not there" 'no image with the tag v7.*v1'
mkdir -p "$work/a:b"
cp -r "$fixtures/image/." "$work/a:b"
image add "$work/a:b"
is "$status" 0 "a directory with a colon in its name"
empty
image add "$work/a:b:v1"
is "$status $out" "0 $image: manifest (new)" "and with a tag"

# The tags of a registry's repository, as skopeo and oras copy them.
dir=$work/tags
cp -r "$fixtures/image" "$dir"
sig=$(signed "$dir" p256) index_sig=$(signed "$dir" p256-index)
layout "$dir" "$(entry $image v1)" "$(entry $index all)" "$(entry $evil evil)" \
	"$(entry "$sig" sha256-${image#*:}.sig)" "$(entry "$index_sig" sha256-${index#*:}.sig)"
empty
image add "$dir"
is "$status $(stored_names | grep -c cosign)" "0 2" "tags sha256-HEX.sig: two signatures"
is "$(stored_names | grep -c manifest)" 4 "tags sha256-HEX.sig: four manifests, those of signatures not among them"
empty
image add "$dir:v1"
is "$out" "$image: manifest (new), 1 signature, 1 new" "a tag: its signatures alone"
empty
image add "$dir:all"
is "$(stored_names)" "928fef/cosign-HEX.json
928fef/manifest
939586/cosign-HEX.json
939586/manifest
c9a648/manifest" "an index's tag: its manifests' signatures too"
empty
image add "$dir:evil"
is "$out" "$evil: manifest (new)" "a tag without a signature"

# A signature whose image is elsewhere: the registry gave it alone.
dir=$work/alone
sig=$(signed "$dir" ed25519)
layout "$dir" "$(entry "$sig")"
empty
image add "$dir"
is "$status $out" "0 $image: 1 signature, 1 new" "a signature of an image that the layout does not hold"
is "$(stored_names)" "939586/cosign-HEX.json" "it is stored by the digest that it names"

# ---- bundles ---------------------------------------------------------------------------

# As cosign 2.5 pushed it: a referrer, and the index at the tag sha256-HEX.
dir=$work/referrer
blob "$dir" "$fixtures/cosign-bundle/p256.sigstore.json" >/dev/null
referrer=$(blob "$dir" "$fixtures/cosign-bundle/p256.referrer-manifest.json")
layout "$dir" "$(entry "$referrer")"
empty
image add "$dir"
is "$status $out" "0 $image: 1 signature, 1 new" "a referrer with a bundle"
is "$(sha256sum <"$(echo $store/sha256/${image#*:}/bundle-*.json)")" \
	"$(sha256sum <"$fixtures/cosign-bundle/p256.sigstore.json")" "the bundle, byte for byte"
list=$(blob "$dir" "$fixtures/cosign-bundle/p256.referrers-tag-index.json")
layout "$dir" "$(entry "$list" sha256-${image#*:})"
empty
image add "$dir"
is "$status $out" "0 $image: 1 signature, 1 new" "the fallback tag's index of referrers, which is not stored itself"
layout "$dir" "$(entry "$referrer")" "$(entry "$list" sha256-${image#*:})"
empty
image add "$dir"
is "$(stored_names)" "939586/bundle-HEX.json" "the same in both ways"
# The statement of cosign 3 names no repository; the digest is in it all the same.
manifest "$work/m" "" application/vnd.dev.sigstore.bundle.v0.3+json \
	"$(blob "$dir" "$fixtures/cosign-bundle/p256-v3-shape.sigstore.json")"
layout "$dir" "$(entry "$(blob "$dir" "$work/m")")"
empty
image add "$dir"
is "$status $out" "0 $image: 1 signature, 1 new" "a bundle without a subject in its manifest"
manifest "$work/m" $image application/vnd.dev.sigstore.bundle.v0.3+json \
	"$(blob "$dir" "$fixtures/tampered/bundle-other-predicate.sigstore.json")"
layout "$dir" "$(entry "$(blob "$dir" "$work/m")")"
empty
image add "$dir"
refused "an attestation alone" 'passed over: .*an attestation.*nothing to add'
manifest "$work/m" $image application/vnd.dsse.envelope.v1+json "$index"
layout "$dir" "$(entry "$(blob "$dir" "$work/m")")"
image add "$dir"
refused "an artifact of another kind" 'neither an image nor a signature'

# ---- single files ----------------------------------------------------------------------

empty
before=0
for key in p256 p384 rsa2048 rsa4096 ed25519; do
	image add --payload "$fixtures/cosign-legacy/$key/payload.json" --signature "$fixtures/cosign-legacy/$key/sig.b64"
	is "$status $out" "0 $image: 1 signature, 1 new" "--payload, --signature: $key"
	image add --bundle "$fixtures/cosign-bundle/$key.sigstore.json"
	is "$status $out" "0 $image: 1 signature, 1 new" "--bundle: $key"
done
image add --bundle "$fixtures/cosign-bundle/p256-messageSignature-of-manifest.sigstore.json"
is "$status $out" "0 $image: 1 signature, 1 new" "--bundle: a message's digest is the manifest's"
image add --manifest "$fixtures/image/blobs/sha256/${index#*:}"
is "$status $out" "0 $index: manifest (new)" "--manifest"
empty
image add --digest $evil --bundle "$fixtures/cosign-bundle/p256.sigstore.json" --manifest "$fixtures/image/blobs/sha256/${arm#*:}"
is "$status $out" "0 $arm: manifest (new)
$evil: 1 signature, 1 new" "--digest says what a bundle is about, whatever it says"

# To add is not to believe: what verifies nothing is stored where its digest can be told.
while read -r name wanted; do
	case $name in legacy-*) ;; *) continue ;; esac
	empty
	files=(--payload "$fixtures/tampered/$name/payload.json" --signature "$fixtures/tampered/$name/sig.b64")
	image add "${files[@]}"
	case $name in
	*-empty-signature) refused "$name" 'signature is empty' ;;
	*-sig-not-base64) refused "$name" 'signature' ;;
	*-dup-* | *-two-documents | *-nul-* | *-deep-json) refused "$name" 'payload' ;;
	*-upper-* | *-short-* | *-sha512-* | *-case-key) refused "$name" 'no sha256 digest' ;;
	*) is "$status $(stored_names | wc -l)" "0 1" "$name ($wanted) is stored" ;;
	esac
	case $name in *-empty-signature | *-sig-not-base64) continue ;; esac
	image add --digest $image "${files[@]}"
	is "$status" 0 "$name: with --digest"
done <"$fixtures/tampered/CASES.tsv"
for file in "$fixtures"/tampered/bundle-*; do
	empty
	image add --digest $image --bundle "$file"
	is "$status $(stored_names)" "0 939586/bundle-HEX.json" "${file##*/}: with --digest"
done
empty
image add --bundle "$fixtures/tampered/bundle-no-subject.sigstore.json"
refused "a bundle without a subject" 'names no sha256 digest'
image add --digest $image --bundle "$fixtures/image/index.json"
refused "--bundle: another document" 'no sigstore bundle'
image add --digest $image --bundle /bin/true
refused "--bundle: no document" 'bundle'
image add --manifest "$fixtures/cosign-bundle/p256.sigstore.json"
refused "--manifest: another document" 'neither a manifest nor an index'
image add --bundle "$work/none"
is "$status" 4 "--bundle: a file that is not there"
unlike "$err" 'No such file' "and that is said in other words"
mkfifo "$work/fifo"
image add --bundle "$work/fifo"
refused "--bundle: a pipe" 'not a regular file'
image add --bundle /dev/zero
refused "--bundle: a device" 'not a regular file'
for what in payload:65537 signature:20000 bundle:262145 manifest:4194305; do
	head -c "${what#*:}" /dev/zero | tr '\0' ' ' >"$work/large"
	files=(--"${what%:*}" "$work/large")
	case $what in
	payload*) files+=(--signature "$fixtures/cosign-legacy/p256/sig.b64") ;;
	signature*) files+=(--payload "$fixtures/cosign-legacy/p256/payload.json") ;;
	esac
	image add "${files[@]}"
	refused "--${what%:*}: too large" 'larger than'
done

# ---- damaged layouts -------------------------------------------------------------------

empty
image add "$fixtures/tampered/image-manifest-altered"
is "$status" 1 "an altered manifest: exit 1"
like "$out" "refused: $image: .*(damaged|digest)" "an altered manifest is named"
is "$(stored_names)" "c0390c/manifest
c9a648/manifest" "the others are stored"
dir=$work/damaged
sig=$(signed "$dir" p256)
layout "$dir" "$(entry "$sig")" "$(entry $evil)"
rm "$dir/blobs/sha256/$(sha256sum <"$fixtures/cosign-legacy/p256/payload.json" | cut -d ' ' -f 1)"
empty
image add "$dir"
refused "a manifest and a payload that are missing" 'refused: .*is not in the layout.*refused: .*is not in the layout'
jq -c 'del(.layers[0].annotations)' "$fixtures/cosign-legacy/p256/sig-manifest.json" >"$work/m"
layout "$dir" "$(entry "$(blob "$dir" "$work/m")")"
image add "$dir"
refused "a payload without its signature" 'without its signature'
jq -c '.layers[0].annotations[] = "not base64"' "$fixtures/cosign-legacy/p256/sig-manifest.json" >"$work/m"
blob "$dir" "$fixtures/cosign-legacy/p256/payload.json" >/dev/null
layout "$dir" "$(entry "$(blob "$dir" "$work/m")")"
image add "$dir"
refused "a signature that is not base64" 'refused: '
# Every signature but one that is too many.
for number in {1..65}; do
	jq -c --argjson n "$number" '.number = $n' "$fixtures/cosign-bundle/p256.sigstore.json" >"$work/b"
	manifest "$work/m" $image application/vnd.dev.sigstore.bundle.v0.3+json "$(blob "$dir" "$work/b")"
	entry "$(blob "$dir" "$work/m")"
done >"$work/entries"
mapfile -t entries <"$work/entries"
layout "$dir" "${entries[@]}"
empty
image add "$dir"
is "$status $(stored_names | wc -l)" "1 64" "65 signatures: 64 are stored"
like "$out" 'refused: .*there are 64 signatures already' "and one is refused"

# ---- hostile layouts -------------------------------------------------------------------

# hostile NAME REGEX COMMAND...: done in a copy of a good layout, in which it is the working directory
hostile() {
	local name=$1 wanted=$2
	shift 2
	empty
	rm -rf "$work/hostile"
	cp -r "$fixtures/cosign-save/legacy-p256" "$work/hostile"
	(cd "$work/hostile" && "$@")
	image add "$fixtures/image" "$work/hostile"
	refused "$name" "$wanted"
}
link_file() { mv "$1" "$work/moved" && ln -sf "$work/moved" "$1"; }
pipe_file() { rm "$1" && mkfifo "$1"; }
edit() { jq -c "$1" index.json >"$work/new" && mv "$work/new" index.json; }
many() { jq -c --argjson n "$1" '.manifests[0] as $m | .manifests = [range($n) | $m]' index.json >"$work/new" && mv "$work/new" index.json; }
deep() { { printf '%0*d' 0 0; printf '{"manifests":'; printf '[%.0s' {1..100}; printf ']%.0s' {1..100}; printf '}'; } | sed 's/^0//' >index.json; }
grow() { { printf '{"manifests":['; head -c 5000000 /dev/zero | tr '\0' ' '; printf ']}'; } >index.json; }
device() { rm index.json && mknod index.json c 1 5; }
directory() { rm index.json && mkdir index.json; }

hostile "index.json is a link" 'symbolic link' link_file index.json
hostile "oci-layout is a link" 'symbolic link' link_file oci-layout
hostile "index.json is a pipe" 'not a regular file' pipe_file index.json
hostile "index.json is a device" 'not a regular file' device
hostile "index.json is a directory" 'not a regular file' directory
hostile "oci-layout is missing" 'no oci-layout' rm oci-layout
hostile "index.json is missing" 'no index.json' rm index.json
hostile "a digest that goes up" 'sha256 digest' edit '.manifests[0].digest = "sha256:../../../../etc/passwd"'
hostile "a digest with a path" 'sha256 digest' edit '.manifests[0].digest = "../index.json"'
hostile "another algorithm" 'sha256 digest' edit '.manifests[0].digest = "sha512:" + ("0" * 128)'
hostile "a digest that is no text" 'digest' edit '.manifests[0].digest = 1'
hostile "100000 entries" 'larger than' many 100000
hostile "2000 entries" 'more than' many 2000
hostile "nested 100 deep" 'nested|deep' deep
hostile "5 MB of index" 'larger than' grow
hostile "no list" 'no list' edit '.manifests = {}'
hostile "two lists" 'twice' sed -i 's/"manifests"/"manifests": [], "manifests"/' index.json
hostile "no JSON" 'index.json' cp /bin/true index.json
hostile "another version" 'imageLayoutVersion' eval 'echo "{\"imageLayoutVersion\":\"9\"}" >oci-layout'
hostile "terminal codes in a version" 'imageLayoutVersion' eval 'printf "{\"imageLayoutVersion\":\"\\\\u001b[31mx\"}" >oci-layout'

# As cosign writes it: the sandbox can read what only root may, and only in there.
empty
rm -rf "$work/hostile"
cp -r "$fixtures/cosign-save/legacy-p256" "$work/hostile"
chmod -R go-rwx "$work/hostile"
image add "$work/hostile"
is "$status" 0 "a layout that only root may read"
like "$(cat "$work/out")" '1 signature, 1 new' "a layout that only root may read: its signature"

# What is wrong with one blob alone: the rest of its layout is added.
amiss() { # NAME REGEX COMMAND...
	local name=$1 wanted=$2
	shift 2
	empty
	rm -rf "$work/hostile"
	cp -r "$fixtures/cosign-save/legacy-p256" "$work/hostile"
	(cd "$work/hostile/blobs/sha256" && "$@")
	image add "$work/hostile"
	is "$status" 1 "$name: exit 1"
	like "$out$err" "$wanted" "$name: says why"
	is "$(stored_names | grep -c manifest)" 0 "$name: no manifest is stored"
}
hex=${image#*:}
index_of_itself() {
	jq -nc --arg d "$index" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
		manifests: [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $d, size: 491}]}' >x
	local own
	own=$(sha256sum x) && own=${own%% *} && mv x "$own"
	cp "$fixtures/image/blobs/sha256/${index#*:}" .
	jq -c --arg d "sha256:$own" '.manifests = [.manifests[0] | .digest = $d]' ../../index.json >x && mv x ../../index.json
}
amiss "a manifest is a link to another place" 'symbolic link|outside' link_file "$hex"
amiss "a manifest is a pipe" 'not a regular file' pipe_file "$hex"
amiss "a manifest is larger than 4 MiB" 'larger than' truncate -s 5M "$hex"
amiss "a manifest has other bytes" 'damaged|digest' cp ../../index.json "$hex"
amiss "the blobs are a link" 'symbolic link|outside' eval 'cd .. && mv sha256 ../../moved-blobs && ln -s ../../moved-blobs sha256'
rm -rf "$work/moved-blobs"
empty
rm -rf "$work/hostile"
cp -r "$fixtures/cosign-save/legacy-p256" "$work/hostile"
(cd "$work/hostile/blobs/sha256" && index_of_itself)
image add "$work/hostile"
like "$out" 'an index in an index' "an index in an index is not descended into"

# 4097 manifests, of which none is there: it ends, and says so.
empty
dir=$work/many
mkdir -p "$dir"
python3 - "$dir" <<'END'
import hashlib, json, os, sys
os.makedirs(sys.argv[1] + "/blobs/sha256")
entries = []
for i in range(40):
    text = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:%064x" % (i * 1000 + k), "size": 1}
        for k in range(110)]})
    name = hashlib.sha256(text.encode()).hexdigest()
    open(sys.argv[1] + "/blobs/sha256/" + name, "w").write(text)
    entries.append({"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + name, "size": len(text)})
open(sys.argv[1] + "/oci-layout", "w").write('{"imageLayoutVersion": "1.0.0"}')
open(sys.argv[1] + "/index.json", "w").write(json.dumps({"schemaVersion": 2, "manifests": entries}))
END
image add "$dir"
refused "4400 manifests" 'more than 4096 manifests'

# ---- where it is put -------------------------------------------------------------------

empty
image add "$work/nowhere"
is "$status" 4 "a directory that is not there"
image add "$fixtures/image/index.json"
refused "a file instead of a directory" 'is a file; unpack it'
if command -v setpriv >/dev/null; then
	setpriv --reuid 65534 --regid 65534 --clear-groups "$image_program" add "$fixtures/image" >"$work/out" 2>"$work/err"
	is "$?" 4 "another user than root"
	like "$(<"$work/err")" "store is root's" "another user than root: says why"
else
	skip "another user than root" "setpriv is not installed"
fi
finish
