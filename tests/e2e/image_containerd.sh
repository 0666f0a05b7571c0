#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signed images under a real containerd, driven by ctr: what runs, what is refused and how that is
# shown, and what never waits for the verdict.
# usage: image_containerd.sh [VERSION [PART...]]   VERSION: of containerd, 1.6 (the installed one) by
# default, or 1.7, from Debian 13
# PART: accepted, refused, forged, faults, outage, fetch, many; all but the last two by default
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/image_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/image_setup.sh"
# shellcheck source=tests/e2e/image_faults.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/image_faults.sh"
image_sandbox "${1:-1.6}" "$@"
shift
[ $# -gt 0 ] || set -- accepted refused forged faults outage
export CONTAINERD_NAMESPACE=$namespace

# ---- words -------------------------------------------------------------------------------

ref() { of_image "$1" ref; } # NAME of an image

pull() { # NAME [FLAG...]
	ctr images pull ${image_local[@]+"${image_local[@]}"} --plain-http --snapshotter "$CONTAINERD_SNAPSHOTTER" "${@:2}" "$(ref "$1")" \
		>"$work/pulled" 2>&1 || note "pull of $1: $(tail -n 2 "$work/pulled")"
}

verdict() { # ID: the last of create in the audit log: its member `image`
	jq -c --arg id "$1" 'select(.event == "create" and .id == $id) | .image' "$audit" | tail -n 1
}

asked() { # ID FILTER: of the verdict
	verdict "$1" | jq -r "$2"
}

runs() { # ID IMAGE [FLAG...]: it does, and is what it says
	local id=$1 image before=$failed
	image=$(ref "$2")
	is "$(heard foreground "$id" "${@:3}" -- cat /etc/who 2>"$work/err")" "${who:-$2}" "$id: $2 runs"
	[ "$failed" -eq "$before" ] || note "$(grep -v level=warning "$work/err" | tail -n 3)"
}

# refused ID IMAGE CODE REGEX [FLAG...]: ctr shows it, nothing was started, and the name is free
refused() {
	local id=$1 image=$2 code=$3 regex=$4
	case $image in */*) ;; *) image=$(ref "$image") ;; esac
	foreground "$id" "${@:5}" -- cat /etc/who >"$work/out" 2>"$work/err"
	shown "$id" "$?" "$code" "$regex"
}

shown() { # ID STATUS CODE REGEX: of $work/out and $work/err
	is "$2" 1 "$1: ctr fails"
	like "$(cat "$work/err")" "hardrun: refused by image: root\.path.*$4.*rule image\.require.*\); ." \
		"$1: ctr shows image, reason, rule and remedy"
	unlike "$(cat "$work/err")" \
		'[Nn]o such file|[Pp]ermission denied|not found|does not exist|[Nn]o such process' \
		"$1: in no words that engines act upon"
	is "$(cat "$work/out")$(ctr task ls -q | grep -x "$1")" "" "$1: nothing was started"
	like "$(asked "$1" '"\(.accepted) \(.code)"')" "^false $3\$" "$1: the audit log has the verdict"
	is "$(record_of "$1")" "" "$1: there is no record"
}

no_verifier() { # no process of hardrun-image is left, dead or alive
	# shellcheck disable=SC2009 # the whole command line
	! ps -eo stat=,comm= | grep hardrun-image
}

begin() { # everything as it should be
	image_policy "$@"
	rm -f "$audit"
}

# ---- what runs -----------------------------------------------------------------------------

part_accepted() {
	local name id
	begin
	for name in app single index platform bundle bundle-index listed; do pull "$name"; done
	runs simple app
	is "$(asked simple '"\(.accepted) \(.code) \(.source) \(.by.how) \(.by.format) \(.by.scope)"')" \
		"true accepted containerd signature cosign registry.local/pay/*" \
		"simple: the audit log says how it was accepted"
	is "$(asked simple '"\(.digest) \(.config) \(.names[0])"')" \
		"$(of_image app manifest) $(of_image app config) $(ref app)" "simple: digests and name"
	is "$(asked simple '"\(.by.key) \(.by.key_type) \(.by.of)"')" \
		"/etc/hardrun/keys/pay.pub ECDSA P-256 $(of_image app manifest)" "simple: whose signature of what"
	is "$(asked simple .by.key_id)" "$(openssl pkey -pubin -in "$images/pay.pub" -outform DER |
		sha256sum | cut -d ' ' -f 1)" "simple: the id of the key"
	is "$(asked simple .snapshot)" null "simple: mounts are not logged"
	runs bundled bundle
	is "$(asked bundled '"\(.code) \(.by.format) \(.by.of)"')" \
		"accepted bundle $(of_image bundle manifest)" "bundled: a bundle"
	runs of-index index
	is "$(asked of-index '"\(.digest) \(.index) \(.by.of)"')" \
		"$(of_image index manifest) $(of_image index index) $(of_image index index)" \
		"of-index: the signature is over the index"
	runs of-bundle-index bundle-index
	is "$(asked of-bundle-index '"\(.by.format) \(.by.key | split("/")[-1]) \(.by.of)"')" \
		"bundle next.pub $(of_image bundle-index index)" "of-bundle-index: a bundle over the index"
	runs of-platform platform
	is "$(asked of-platform '"\(.by.key | split("/")[-1]) \(.by.of)"')" \
		"next.pub $(of_image platform manifest)" "of-platform: the signature is over the manifest"
	runs by-digest listed
	is "$(asked by-digest '"\(.by.how) \(.by.of)"')" "digest $(of_image listed manifest)" \
		"by-digest: listed, without a signature"
	image=$(ref single) heard foreground one-layer -- busybox echo one >"$work/out" 2>"$work/err"
	is "$(cat "$work/out")" one "one-layer: an image of one layer runs"
	clean "what ran leaves nothing"
	accepted_running
	accepted_annotated
	accepted_restricted
	accepted_audit
	accepted_native
	check "no process of hardrun-image is left" no_verifier
}

accepted_running() {
	image=$(ref app) start life -- sleep 1000 2>"$work/err"
	is "$? $(status_of life)" "0 RUNNING" "life: runs in the background"
	is "$(jq -c '.image | [.accepted, .code, .digest, .by.how]' "$(record_of life)")" \
		"[true,\"accepted\",\"$(of_image app manifest)\",\"signature\"]" "life: the record has the verdict"
	is "$(jq -c '.image.snapshot' "$(record_of life)")" null "life: the record has no mounts"
	is "$(heard inside life -- cat /etc/who)" app "life: exec"
	"$HR_PROGRAM" explain --id life >"$work/out" 2>&1
	like "$? $(cat "$work/out")" "^0 .*$(of_image app manifest)" "life: explain --id says which image it is"
	"$HR_PROGRAM" image verify --namespace "$namespace" --id life >"$work/out" 2>&1
	like "$? $(cat "$work/out")" "^0 .*$(of_image app manifest)" "life: image verify --id"
	"$HR_PROGRAM" image verify --namespace "$namespace" --id life --json >"$work/out" 2>"$work/err"
	is "$? $(jq -r .code "$work/out")" "0 accepted" "life: image verify --id --json"
	# Lies about it do not help: exec asks no one.
	rm -rf "$store.away" && mv "$store" "$store.away"
	"$HR_PROGRAM" image verify --namespace "$namespace" --id life >"$work/out" 2>&1
	like "$? $(cat "$work/out")" '^1 ' "life: without the store image verify says no"
	is "$(heard inside life -- cat /etc/who)" app "life: without the store exec goes on"
	mv "$store.away" "$store"
	end life
	clean "life: nothing is left"
}

accepted_annotated() {
	pull annotated
	begin '' '.payment[0].annotations = {env: "prod"}'
	runs annotated annotated
	refused not-annotated app unsigned 'not signed by any key of payment'
	begin '' '.payment[0].annotations = {env: "test"}'
	refused other-annotation annotated unsigned 'not signed by any key of payment'
}

accepted_restricted() {
	local rest
	pull user
	pull unsigned
	begin
	for rest in user unsigned; do
		image=$(ref "$rest") through hardrun-restricted "all-$rest" --rm -- cat /etc/who \
			>"$work/out" 2>"$work/err" </dev/null
		[ "$rest" = user ] || break
		is "$? $(cat "$work/out")" "0 user" "all-user: profile restricted runs what any requirement accepts"
		[ -s "$work/out" ] || note "$(tail -n 3 "$work/err")"
	done
	is "$(asked all-user .code)" accepted "all-user: and has asked"
	is "$(asked all-unsigned .code)" unsigned "all-unsigned: profile restricted refuses it for its image too"
}

accepted_audit() {
	begin '{"image": {"mode": "audit"}}'
	who=unsigned runs on-trial unsigned
	is "$(asked on-trial '"\(.accepted) \(.code)"')" "false unsigned" "on-trial: the audit log has the verdict"
	is "$(jq -r 'select(.id == "on-trial" and .event == "create") | .report[] |
		select(.control == "image") | "\(.action) \(.mode) \(.path) \(.rule)"' "$audit")" \
		"refuse audit root.path image.require" "on-trial: and what would have been refused"
	image=$(ref unsigned) start on-trial-2 -- sleep 1000 2>"$work/err"
	is "$(heard inside on-trial-2 -- cat /etc/who)" unsigned "on-trial: exec in it goes on"
	end on-trial-2
	begin '{"image": {"mode": "off"}}'
	who=unsigned runs at-will unsigned
	is "$(verdict at-will)" null "at-will: with mode off nothing is asked"
	clean "trials leave nothing"
}

accepted_native() {
	begin '' '.payment[0].snapshotters = ["native"]'
	local before=$CONTAINERD_SNAPSHOTTER
	refused not-native app unbound overlayfs
	CONTAINERD_SNAPSHOTTER=native
	pull native
	runs native native
	begin '' '.payment[0].snapshotters = ["overlayfs"]'
	refused no-native native unbound native
	CONTAINERD_SNAPSHOTTER=$before
	begin
}

# ---- what does not -------------------------------------------------------------------------

part_refused() {
	local name
	begin
	for name in unsigned wrong copied denied free command app; do pull "$name"; done
	refused unsigned unsigned unsigned 'not signed by any key of payment.*no signature in the store'
	like "$(cat "$work/err")" "$(of_image unsigned manifest).*hardrun image add" \
		"unsigned: the digest is whole and the remedy names the command"
	refused wrong-key wrong unsigned 'not signed by any key of payment.*signature'
	refused other-repository copied unsigned "not signed by any key of payment.*registry\.local/other/original"
	refused deny-list denied denied "$(of_image denied manifest)"
	refused no-scope free scope 'registry\.local/free/tool'
	refused other-command command unsigned 'not signed by any key of payment'
	ctr images import --snapshotter "$CONTAINERD_SNAPSHOTTER" "$images/imported.tar" >"$work/out" 2>&1
	refused imported "$registry/pay/imported:v1" unsigned 'no signature in the store'
	ctr images tag "$(ref unsigned)" "$registry/pay/app:trusted" >/dev/null
	refused other-name "$registry/pay/app:trusted" unsigned 'not signed by any key of payment'
	ctr images tag "$(ref app)" "$registry/other/app:v1" >/dev/null
	refused outside "$registry/other/app:v1" scope 'registry\.local/other/app'
	begin '' '.payment[0].formats = ["bundle"]'
	refused other-format app unsigned 'not signed by any key of payment'
	begin '' '.payment[0].keys = ["next.pub"]'
	refused key-withdrawn app unsigned 'not signed by any key of payment'
	begin '' '.payment[0].reference = "exact"'
	refused exact app unsigned 'not signed by any key of payment'
	begin
	runs exact app # the same name, at once
	cp -a "$work/image/root" /srv/no-image
	ctr run --runtime io.containerd.runc.v2 --runc-binary "$work/bin/hardrun" --rm --rootfs \
		/srv/no-image no-image true >"$work/out" 2>"$work/err" </dev/null
	shown no-image "$?" unbound .
	image=$(ref unsigned) start kept -- sleep 1000 >"$work/out" 2>"$work/err"
	is "$? $(ctr containers ls -q | grep -x kept)" "1 kept" "kept: containerd has the container still"
	ctr containers rm kept
	is "$? $(ctr containers ls -q)" "0 " "kept: and removes it"
	is "$(jq -r 'select(.verdict == "refuse" and .event == "create") | .message' "$audit" |
		grep -c 'refused by image')" "$(jq -r 'select(.event == "create") | select(.verdict == "refuse")
		| .id' "$audit" | wc -l)" "every refusal of these is one by image, in the audit log"
	clean "refusals leave nothing"
	check "no process of hardrun-image is left" no_verifier
}

# ----------------------------------------------------------------------------------------------

image_policy
store_fill
is "$?" 0 "hardrun image add takes what cosign and skopeo save"
[ "$failed" -eq 0 ] || note "$(tail -n 5 "$work/added")"
"$HR_PROGRAM" image show "$(of_image app manifest)" >"$work/out" 2>&1
like "$? $(cat "$work/out")" "^0 .*$(of_image app manifest)" "image show knows a digest"
for part; do
	declare -F "part_$part" >/dev/null || { echo "image_containerd.sh: no part $part" >&2; exit 2; }
	"part_$part"
done
finish
