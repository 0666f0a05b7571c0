#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The store: whose it is, what is left when an add is killed or the disk is full, many adds at
# once, and what `show` says of it, also of what nobody put there.
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
at=$store/sha256/${image#*:}

image() { # ARGUMENT...
	timeout 60 "$image_program" "$@" >"$work/out" 2>"$work/err"
	status=$?
	out=$(<"$work/out") err=$(<"$work/err")
}

empty() { rm -rf "${store:?}"; }

# Every file is whole: its name is its digest, or it is the manifest of its directory.
damaged() {
	local file hex
	while read -r file; do
		hex=$(sha256sum <"$file") && hex=${hex%% *}
		case ${file##*/} in
		manifest) [ "$file" = "$store/sha256/$hex/manifest" ] || echo "$file" ;;
		cosign-"$hex".json | bundle-"$hex".json) ;;
		*) echo "$file" ;;
		esac
	done < <(find $store -type f 2>/dev/null)
}

# ---- made where there is none ----------------------------------------------------------

empty
image show
is "$status" 1 "show without a store: exit 1"
is "$out" "the store has nothing" "show without a store: says so"
(umask 077 && exec "$image_program" add "$fixtures/cosign-save/legacy-p256" >/dev/null)
is "$?" 0 "add makes the store"
is "$(stat -c '%a %u %g' $store $store/sha256 "$at" | sort -u)" "755 0 0" "its directories can be read by everybody, whatever the umask"
is "$(find $store -type f -exec stat -c '%a %u %g' {} + | sort -u)" "644 0 0" "and its files"
image show
before=$out
if command -v setpriv >/dev/null; then
	is "$(setpriv --reuid 65534 --regid 65534 --clear-groups "$image_program" show 2>&1)" "$before" "everybody can show it"
else
	skip "everybody can show it" "setpriv is not installed"
fi

# ---- root's ----------------------------------------------------------------------------

untrusted() { # NAME: nothing is added
	image add "$fixtures/image"
	is "$status" 4 "$1: exit 4"
	like "$err" "root" "$1: says why"
}
for path in $store /var/lib/hardrun; do
	chmod 775 "$path"
	untrusted "$path is its group's"
	chmod 777 "$path"
	untrusted "$path is everybody's"
	chmod 755 "$path"
	chown 1000 "$path"
	untrusted "$path is another user's"
	chown 0 "$path"
done
image add "$fixtures/image"
is "$status" 0 "and when it is root's again it works"
empty
mkdir -m 777 "$work/free"
chown 1000 "$work/free"
ln -s "$work/free" $store
untrusted "the store is a link to what is another user's"
rm $store
empty
mkdir -p $store "$work/other"
ln -s "$work/other" $store/sha256
image add "$fixtures/image"
is "$status" 4 "a link in the store: exit 4"
is "$(ls "$work/other")" "" "a link in the store: nothing is written behind it"
empty

# ---- many at once ----------------------------------------------------------------------

pids=()
for _ in {1..6}; do
	"$image_program" add "$fixtures/cosign-save/legacy-index" "$fixtures/cosign-save/legacy-p256" "$fixtures/image" >/dev/null 2>>"$work/said" &
	pids+=($!)
done
bad=0
for pid in "${pids[@]}"; do wait "$pid" || bad=$((bad + 1)); done
is "$bad" 0 "six adds at once"
is "$(cat "$work/said")" "" "and none says anything else"
is "$(damaged)" "" "six adds at once: every file is whole"
is "$(find $store -type f | wc -l)" 6 "six adds at once: nothing twice, nothing beside"

# ---- killed ----------------------------------------------------------------------------

leftover='' half='' kills=0
for ((i = 0; i < 40; i++)); do
	empty
	"$image_program" add "$fixtures/cosign-save/legacy-index" "$fixtures/cosign-save/legacy-p256" "$fixtures/image" >/dev/null 2>&1 &
	pid=$!
	sleep "0.00$((i % 10))$((RANDOM % 10))"
	kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
	wait $pid 2>/dev/null
	half+=$(damaged)
	leftover+=$(pgrep -f "^$image_program add" 2>/dev/null)
done
is "$half" "" "killed 40 times ($kills in time): every file is whole"
sleep 0.2
is "$(pgrep -f "^$image_program add" 2>/dev/null)" "" "killed: no child stays"
image add "$fixtures/cosign-save/legacy-index" "$fixtures/cosign-save/legacy-p256" "$fixtures/image"
is "$status $(find $store -type f | wc -l)" "0 6" "killed: the next add completes it"

# ---- a full disk -----------------------------------------------------------------------

# Room for so many pages, from none to enough.
unwhole='' wrong='' times=0
for pages in 0 1 2 3 4 5 6 8 10 12 16 24; do
	empty
	if ! mkdir $store || ! mount -t tmpfs -o "mode=755,size=$((pages * 4 + 4))k" hr-e2e $store; then
		wrong+="$pages: no file system"$'\n'
		continue
	fi
	head -c 4096 /dev/zero >$store/ballast
	image add "$fixtures/cosign-save/legacy-index" "$fixtures/cosign-save/legacy-p256"
	rm $store/ballast
	unwhole+=$(damaged)
	case $status in
	0) full=no ;;
	4) full=yes times=$((times + 1)) && [[ $err =~ "hardrun" ]] || wrong+="$pages: $err"$'\n' ;;
	*) wrong+="$pages: exit $status"$'\n' ;;
	esac
	# No directory without a file in it, but the first.
	wrong+=$(find $store/sha256 -mindepth 1 -type d -empty 2>/dev/null)
	umount $store
done
is "$unwhole" "" "a full disk: every file is whole"
is "$wrong" "" "a full disk: exit 4, a message, and no empty directory"
is "$((times > 3))" 1 "a full disk: it was full $times times"
is "$full" no "a full disk: with room enough it is added"
empty

# ---- shown -----------------------------------------------------------------------------

image add "$fixtures/cosign-save/legacy-index"
image add --bundle "$fixtures/cosign-bundle/p256.sigstore.json"
image add --payload "$fixtures/cosign-legacy/ed25519/payload.json" --signature "$fixtures/cosign-legacy/ed25519/sig.b64"
jq -c '.verificationMaterial = {certificate: {rawBytes: "AAAA"}} | .n = 1' "$fixtures/cosign-bundle/p256.sigstore.json" >"$work/keyless"
image add --bundle "$work/keyless"
jq -c '.verificationMaterial.publicKey.hint = "\u001b[31mred"' "$fixtures/cosign-bundle/p256.sigstore.json" >"$work/red"
image add --bundle "$work/red"
image show
is "$status" 0 "show: exit 0"
like "$out" "$index: index of 2 manifests, 1 signature"$'\n\t'"cosign for " "show: an index and its signature"
like "$out" "$image: image, 4 signatures" "show: an image and its signatures"
key=$(sed '/^-/d' "$fixtures/keys/p256.pub" | base64 -d | sha256sum | cut -d ' ' -f 1)
like "$out" "bundle by key $key" "show: a bundle's key"
like "$out" 'bundle by a certificate \(keyless\)' "show: a keyless bundle"
like "$out" 'bundle by key with the hint .x1B' "show: a hint that is none, escaped"
unlike "$out" $'\x1b' "show: no terminal code"
image show $image
unlike "$out" "$index" "show DIGEST: that one alone"
image show sha256:"$(printf '%064d' 0)"
is "$status $out" "1 the store has nothing of sha256:$(printf '%064d' 0)" "show DIGEST: one that is not there"
image show --json
check "show --json: JSON" jq -e . <<<"$out" >/dev/null
is "$(jq -c --arg d $image '.store[] | select(.digest == $d) | [.manifest, .unread, (.signatures | map(.format) | sort)]' <<<"$out")" \
	'["image",0,["bundle","bundle","bundle","cosign"]]' "show --json: what there is of an image"
is "$(jq -r --arg k "$key" '[.store[].signatures[] | select(.key_id == $k)] | length' <<<"$out")" 1 "show --json: key_id"
image show --json $image
is "$(jq -c '[.store[].digest]' <<<"$out")" "[\"$image\"]" "show --json DIGEST"

# What nobody here put there.
: >"$at/README"
echo '{}' >"$at/bundle-$(printf '%064d' 0).json"
mkfifo "$at/cosign-$(printf '%064d' 0).json"
ln -s /etc/shadow "$at/cosign-$(printf '%064d' 1).json"
echo >>"$at/manifest"
image show $image
is "$status" 0 "what is none of the store's: shown all the same"
like "$out" "$image: damaged, 4 signatures, 4 files that are none" "what is none of the store's: counted"
image add "$fixtures/cosign-save/legacy-p256"
is "$status" 4 "add where the manifest is damaged: exit 4"
like "$err" 'manifest is there and is damaged; remove it' "add where the manifest is damaged: says what to do"
rm "$at/manifest"
image add "$fixtures/cosign-save/legacy-p256"
is "$status" 0 "and once it is removed it is added"
chmod 700 "$at"
image show $image
is "$status" 4 "show where the verifier may not read: exit 4"
image add "$fixtures/image"
image show $image
is "$status" 0 "add mends that"
finish
