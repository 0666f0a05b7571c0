#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun as an image verifier plugin of containerd 2, by that interface's own terms: arguments as
# containerd writes them, a descriptor on standard input, the exit status, one line of reason.
# shellcheck disable=SC2154 # work: of lib.sh
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
image=${HR_PROGRAM%/*}/hardrun-image
[ -x "$image" ] || skip_all "hardrun-image is not built"
image=$(realpath "$image")
sandbox "$@"
cover /var/lib || skip_all "no overlay file system over /var/lib"
rm -rf /var/lib/hardrun
fixtures=$HR_TEST_SRCDIR/tests/image/fixtures
mkdir -p "$work/program" "$work/bin_dir"
install -m 755 "$HR_PROGRAM" "$image" "$work/program/"
HR_PROGRAM=$work/program/hardrun
ln -s "$HR_PROGRAM" "$work/bin_dir/hardrun-image-verifier"

digest=sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622
evil=sha256:c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7
index=sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212
type=application/vnd.oci.descriptor.v1+json
signed_name=127.0.0.1:5055/k/p256:v1 # what the fixture's payload names

# ---- words ---------------------------------------------------------------------------------

verifier_policy() { # [FILTER]: one requirement, changed by a filter of jq
	rm -rf /etc/hardrun
	mkdir -p /etc/hardrun/runtimes
	install -D -m 644 -t /etc/hardrun/keys "$fixtures/keys/p256.pub"
	policy "$(jq -nc '{version: 1, images: {all: {scopes: ["127.0.0.1:5055/*"], keys: ["p256.pub"]}}} | '"${1:-.}")"
}

descriptor() { # DIGEST
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":555}' "$1"
}

# plugin NAME DIGEST [STDIN]: as containerd starts it: no environment to speak of, its own folder
plugin() {
	printf '%s' "${3-$(descriptor "$2")}" | (cd / && timeout 30 env -i PATH=/usr/bin:/bin \
		"$work/bin_dir/hardrun-image-verifier" -name "$1" -digest "$2" -stdin-media-type "$type" \
		>"$work/out" 2>"$work/err")
	status=$?
}

# said STATUS REGEX NAME: that status, one line of reason that fits, within containerd's limits
said() {
	is "$status" "$1" "$3"
	like "$(cat "$work/out")" "$2" "$3: the reason"
	is "$(wc -l <"$work/out" | tr -d ' ')" 1 "$3: one line"
	if [ "$(wc -c <"$work/out")" -lt 32768 ] && [ "$(wc -c <"$work/err")" -lt 32768 ] &&
		! LC_ALL=C grep -q '[^ -~]' "$work/out"; then
		ok "$3: printable, and within 32 KiB"
	else
		not_ok "$3: printable, and within 32 KiB" "$(head -c 500 "$work/out")"
	fi
}

# ---- images ----------------------------------------------------------------------------------

verifier_policy
plugin "$signed_name" "$digest"
said 1 "not signed by any key" "an empty store"

"$HR_PROGRAM" image add --payload "$fixtures/cosign-legacy/p256/payload.json" \
	--signature "$fixtures/cosign-legacy/p256/sig.b64" >"$work/out" 2>&1
is "$?" 0 "image add of a payload"
"$HR_PROGRAM" image add --bundle "$fixtures/cosign-bundle/p256.sigstore.json" >"$work/out" 2>&1
is "$?" 0 "image add of a bundle"

plugin "$signed_name" "$digest"
said 0 . "a signed image"
plugin "127.0.0.1:5055/k/p256@$digest" "$digest"
said 0 . "a signed image by digest"
plugin "127.0.0.1:5055/bundle/p256:v1" "$digest"
said 0 . "an image signed in a bundle"
plugin "127.0.0.1:5055/k/other:v1" "$digest"
said 1 "not signed by any key.*127\.0\.0\.1:5055/" "signed for another repository"
plugin "$signed_name" "$evil"
said 1 "not signed by any key" "another digest"
plugin "$signed_name" "$index"
said 1 "not signed by any key" "an index that nobody signed"
plugin "registry.example/free/tool:v1" "$evil"
said 0 "scope" "a name that no scope covers: said, and left to create"

verifier_policy ".images.all.deny = [\"$digest\"]"
plugin "$signed_name" "$digest"
said 1 "$digest" "on the deny list"
verifier_policy ".images.all.allow = [\"$evil\"]"
plugin "$signed_name" "$evil"
said 0 . "on the allow list"
verifier_policy '.images.all.formats = ["bundle"]'
plugin "$signed_name" "$digest"
said 1 "not signed by any key" "a format that is not taken"
verifier_policy ".images.more = {scopes: [\"127.0.0.1:5055/k/*\"], allow: [\"$evil\"]}"
plugin "$signed_name" "$digest"
said 1 "no keys" "the more particular scope decides, of whichever requirement"

# ---- what does not come from containerd as it should --------------------------------------------

verifier_policy
plugin "$signed_name" "$digest" "$(descriptor "$evil")"
said 1 . "a descriptor of another digest"
plugin "$signed_name" "$digest" 'no JSON'
said 1 . "a descriptor that is none"
plugin "$signed_name" "$evil" ''
is "$status" 1 "no descriptor, an unsigned image"
plugin "$signed_name" sha256:93
said 1 . "a digest that is cut"
plugin "$signed_name" "${digest^^}"
said 1 . "a digest in capitals"
plugin "" "$digest"
is "$status" 1 "no name"
plugin "$(printf '127.0.0.1:5055/k/p256\n%08000d' 1)" "$digest"
said 1 . "a name of 8 KiB with a line feed"
plugin $'127.0.0.1:5055/k/p256\e[31m:v1' "$digest"
said 1 . "a name with control characters"
head -c 20000000 /dev/zero | tr '\0' ' ' >"$work/big"
timeout 30 "$work/bin_dir/hardrun-image-verifier" -name "$signed_name" -digest "$evil" -stdin-media-type \
	"$type" <"$work/big" >"$work/out" 2>"$work/err"
is "$?" 1 "20 MB of blanks as a descriptor"
sleep 30 | timeout 12 "$work/bin_dir/hardrun-image-verifier" -name "$signed_name" -digest "$evil" \
	-stdin-media-type "$type" >"$work/out" 2>"$work/err" &
waited=$!
reap "$waited"
wait "$waited"
status=$?
case $status in
1) ok "a descriptor that never comes: blocked in time" ;;
124) not_ok "a descriptor that never comes: blocked in time" "still waiting after containerd's 10 seconds" ;;
*) not_ok "a descriptor that never comes: blocked in time" "status $status" ;;
esac
for words in "" "-name $signed_name" "-digest $digest" "-name $signed_name -digest" \
	"-name $signed_name -digest $digest -what ever" "-name $signed_name -digest $digest -stdin-media-type text/plain"; do
	# shellcheck disable=SC2086 # words
	descriptor "$digest" | timeout 10 "$work/bin_dir/hardrun-image-verifier" $words >"$work/out" 2>"$work/err"
	status=${PIPESTATUS[1]}
	if [ "$status" -ne 0 ] && [ "$status" -lt 124 ]; then
		ok "called with '$words': blocked"
	else
		not_ok "called with '$words': blocked" "status $status: $(cat "$work/out")"
	fi
done

# ---- hardrun's own things ----------------------------------------------------------------------

rm /etc/hardrun/policy.json
plugin "$signed_name" "$digest"
said 1 'policy\.json' "no policy where one should be"
verifier_policy
policy '{"version": 1, "images": {"all": {"scope": []}}}'
plugin "$signed_name" "$digest"
said 1 'policy\.json.*scope' "a policy with a mistake"
policy '{"version": 1}'
plugin "$signed_name" "$evil"
said 0 . "a policy without images"
verifier_policy
rm /etc/hardrun/keys/p256.pub
plugin "$signed_name" "$digest"
said 1 'p256\.pub' "a key that is missing"
verifier_policy
mv "$work/program/hardrun-image" "$work/hardrun-image"
plugin "$signed_name" "$digest"
said 1 'hardrun-image' "hardrun-image is missing"
echo 'int pause(void); int main(void) { for (;;) pause(); }' >"$work/hangs.c"
gcc -O1 -o "$work/program/hardrun-image" "$work/hangs.c"
begun=$SECONDS
plugin "$signed_name" "$digest"
said 1 . "hardrun-image hangs"
check "hardrun-image hangs: blocked before containerd gives up" [ $((SECONDS - begun)) -lt 9 ]
rm "$work/program/hardrun-image" && mv "$work/hardrun-image" "$work/program/"
rm -rf /var/lib/hardrun
plugin "$signed_name" "$digest"
said 1 'not signed by any key' "no store"
finish
