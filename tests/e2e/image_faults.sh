# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# More parts of image_containerd.sh: forged records and content, hardrun's own things missing, an
# engine that does not answer, many containers at once.
# shellcheck disable=SC2317 # functions are called by name
# shellcheck disable=SC2154,SC2015 # variables of image_setup.sh

# ---- who can write containerd's records and content ------------------------------------------

blob() { # DIGEST: where containerd keeps it
	printf '/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/%s' "${1#sha256:}"
}

# Made but not started, as between CreateContainer and StartContainer.
made() { # ID IMAGE
	ctr containers create --runtime io.containerd.runc.v2 \
		--snapshotter "$CONTAINERD_SNAPSHOTTER" "$(ref "$2")" "$1" cat /etc/who >"$work/out" 2>&1 ||
		note "create of $1: $(tail -n 2 "$work/out")"
}

starts() { # ID
	ctr task start "$1" >"$work/out" 2>"$work/err" </dev/null
}

part_forged() {
	begin
	pull app
	pull unsigned
	forged_tag
	# Another image's layers below a record that names a signed one.
	made other-layers app
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" rm other-layers
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" prepare other-layers \
		"$(of_image unsigned chain)" >/dev/null
	starts other-layers
	shown other-layers "$?" unbound .
	ctr containers rm other-layers
	# No layers at all below it: what runs is what somebody wrote there.
	made no-layers app
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" rm no-layers
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" prepare no-layers "" >/dev/null
	starts no-layers
	shown no-layers "$?" unbound .
	ctr containers rm no-layers
	# A layer that nobody hashed, on top of those of a signed image.
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" prepare laid "$(of_image app chain)" >/dev/null
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" commit on-top laid
	made laid-over app
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" rm laid-over
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" prepare laid-over on-top >/dev/null
	starts laid-over
	shown laid-over "$?" unbound .
	ctr containers rm laid-over
	ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" rm on-top
	forged_content
	clean "forgeries leave nothing"
}

forged_tag() { # the research's race: pulled, made, pulled anew, started
	local tag=$registry/pay/mut:latest number other
	for number in 1 2; do
		other=$((3 - number))
		moved "v$number"
		ctr images pull ${image_local[@]+"${image_local[@]}"} --plain-http --snapshotter "$CONTAINERD_SNAPSHOTTER" "$tag" >"$work/out" 2>&1
		ctr containers create --runtime io.containerd.runc.v2 \
			--snapshotter "$CONTAINERD_SNAPSHOTTER" "$tag" "moved$number" cat /etc/who >"$work/out" 2>&1
		moved "v$other"
		ctr images pull ${image_local[@]+"${image_local[@]}"} --plain-http --snapshotter "$CONTAINERD_SNAPSHOTTER" "$tag" >"$work/out" 2>&1
		is "$(ctr images ls | awk -v tag="$tag" '$1 == tag { print $3 }')" \
			"$(of_image "mut$other" manifest)" "moved$number: the tag is another image now"
		starts "moved$number"
		shown "moved$number" "$?" unbound .
		ctr containers rm "moved$number"
	done
	ctr images rm "$tag" >/dev/null
}

moved() { # TAG: what the registry has as latest from now on
	curl -sf -H "Accept: application/vnd.oci.image.manifest.v1+json" \
		"http://$registry/v2/pay/mut/manifests/$1" >"$work/manifest" &&
		curl -sf -X PUT --data-binary "@$work/manifest" \
			-H "Content-Type: application/vnd.oci.image.manifest.v1+json" \
			"http://$registry/v2/pay/mut/manifests/latest"
}

forged_content() {
	local file member
	pull tampered
	# The same size, another command: containerd hands it out without a look at the digest.
	for member in config manifest; do
		file=$(blob "$(of_image tampered $member)")
		cp -p "$file" "$work/saved-blob"
		if [ $member = config ]; then
			sed -i 's,/bin/sh,/bin/ls,' "$file"
		else
			sed -i 's,"schemaVersion": 2,"schemaVersion": 3,' "$file"
		fi
		is "$(cmp -s "$file" "$work/saved-blob"; echo $?)" 1 "altered-$member: it is altered"
		if [ $member = config ]; then
			refused altered-config tampered damaged .
		else
			refused altered-manifest tampered damaged .
		fi
		cp -p "$work/saved-blob" "$file"
	done
	runs not-altered tampered
	pull gone
	made gone gone
	ctr images rm --sync "$(ref gone)" >/dev/null
	starts gone
	shown gone "$?" unbound .
	ctr containers rm gone
}

# ---- hardrun's own things missing -------------------------------------------------------------

part_faults() {
	begin
	pull app
	mv "$store" "$store.away"
	refused no-store app unsigned .
	mv "$store.away" "$store"
	mv "$store" "$store.away" && mkdir -p "$store"
	refused empty-store app unsigned 'no signature in the store'
	rm -rf "$store" && mv "$store.away" "$store"
	mv "$work/program/hardrun-image" "$work/hardrun-image"
	refused no-verifier app missing hardrun-image
	instead_of_verifier 'return 3;'
	refused verifier-fails app died hardrun-image
	instead_of_verifier 'raise(SIGSEGV); return 0;'
	refused verifier-crashes app died hardrun-image
	instead_of_verifier 'for (;;) pause();'
	refused verifier-hangs app late .
	instead_of_verifier 'dprintf(5, "{\"version\": 1, \"accepted\": true}"); return 0;'
	refused verifier-says-little app died .
	instead_of_verifier 'dprintf(5, "accepted"); return 0;'
	refused verifier-says-nonsense app died .
	instead_of_verifier 'for (;;) if (dprintf(5, "%1000d", 1) < 0) return 0;'
	refused verifier-says-much app died .
	rm "$work/program/hardrun-image" && mv "$work/hardrun-image" "$work/program/"
	rm /etc/hardrun/keys/next.pub
	faults_key missing-key
	begin
	chmod 666 /etc/hardrun/keys/next.pub
	faults_key writable-key
	begin
	echo garbage >/etc/hardrun/keys/next.pub
	foreground no-key -- true >"$work/out" 2>"$work/err"
	image=$(ref app) foreground no-key -- cat /etc/who >"$work/out" 2>"$work/err"
	like "$? $(cat "$work/err")" '^1 .*hardrun: .*next\.pub' "no-key: a key that is none is refused by its name"
	begin
	image_policy '{"image": {"require": "paymet"}}'
	image=$(ref app) foreground misspelt -- cat /etc/who >"$work/out" 2>"$work/err"
	like "$? $(cat "$work/err")" '^1 .*paymet.*payment' "misspelt: an unknown requirement, with the nearest name"
	faults_socket
	begin
	runs after-faults app
	check "no process of hardrun-image is left" no_verifier
	clean "faults leave nothing"
}

faults_key() { # NAME
	image=$(ref app) foreground "$1" -- cat /etc/who >"$work/out" 2>"$work/err"
	like "$? $(cat "$work/err")" '^1 .*hardrun: .*next\.pub' "$1: the key is named"
	is "$(cat "$work/out")" "" "$1: nothing was started"
}

faults_socket() {
	local begun
	begin '{"image": {"socket": "/run/containerd/other.sock"}}'
	refused no-socket app socket 'other\.sock'
	"$python" - /run/containerd/mute.sock <<-'END' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(8)
		time.sleep(600)
	END
	reap $!
	within 5 test -S /run/containerd/mute.sock
	begin '{"image": {"socket": "/run/containerd/mute.sock", "timeout_ms": 1000}}'
	begun=$(date +%s%N)
	refused mute-socket app '(unreachable|late)' .
	begun=$((($(date +%s%N) - begun) / 1000000))
	check "mute-socket: within the deadline ($begun ms)" [ "$begun" -lt 4000 ]
	rm -f /run/containerd/mute.sock
	mkdir -p "$work/open" && chmod 777 "$work/open" && ln -f "$CONTAINERD_ADDRESS" "$work/open/s" 2>/dev/null ||
		ln -sfn "$CONTAINERD_ADDRESS" "$work/open/s"
	begin "{\"image\": {\"socket\": \"$work/open/s\"}}"
	refused socket-of-all app socket .
	begin "{\"image\": {\"socket\": \"$CONTAINERD_ADDRESS\"}}"
	runs named-socket app
}

# ---- what never asks ------------------------------------------------------------------------

# With containerd stopped and its socket gone, by hand as its shim does it.
part_outage() {
	local root=/run/containerd/runc/$namespace begun
	begin
	pull app
	image=$(ref app) start life -- sh -c 'trap "" TERM; while :; do sleep 0.2; done' 2>"$work/err"
	is "$(status_of life)" RUNNING "outage: runs"
	kill -STOP "$daemon"
	mv "$CONTAINERD_ADDRESS" "$CONTAINERD_ADDRESS.away"
	mv "$work/program/hardrun-image" "$work/hardrun-image"
	mv "$store" "$store.away"
	begun=$SECONDS
	is "$("$work/bin/hardrun" --root "$root" exec life cat /etc/who 2>"$work/err")" app \
		"outage: exec without containerd, hardrun-image and store"
	"$work/bin/hardrun" --root "$root" state life >"$work/out" 2>"$work/err"
	is "$? $(jq -r .status "$work/out")" "0 running" "outage: state"
	"$work/bin/hardrun" --root "$root" kill life USR1 2>"$work/err"
	is "$?" 0 "outage: kill"
	"$work/bin/hardrun" --root "$root" kill life KILL 2>"$work/err"
	is "$?" 0 "outage: kill for good"
	within 5 outage_stopped
	"$work/bin/hardrun" --root "$root" delete life >"$work/out" 2>&1
	is "$?" 0 "outage: delete"
	check "outage: nothing of these waited" [ $((SECONDS - begun)) -lt 8 ]
	mv "$store.away" "$store"
	mv "$work/hardrun-image" "$work/program/"
	mv "$CONTAINERD_ADDRESS.away" "$CONTAINERD_ADDRESS"
	kill -CONT "$daemon"
	ctr task rm --force life >/dev/null 2>&1
	ctr containers rm life >/dev/null 2>&1
	runs after-outage app
	clean "an outage leaves nothing"
}

outage_stopped() {
	[ "$("$work/bin/hardrun" --root "/run/containerd/runc/$namespace" state life | jq -r .status)" = stopped ]
}

# ---- many at once ---------------------------------------------------------------------------

# 24 at a time, signed and unsigned in turn, while other images of the same layers come and go.
part_many() {
	local number wrong='' churn begun=$SECONDS round
	begin
	for number in 0 1 2 3 4 5; do pull "many$number"; done
	churn_images &
	churn=$!
	reap "$churn"
	for round in 1 2; do
		for number in $(seq 24); do
			image=$(ref "many$((number % 6))") foreground "many-$round-$number" -- cat /etc/who \
				>"$work/many.$round.$number" 2>"$work/many.$round.$number.err" &
			echo $! >"$work/many.$round.$number.pid"
		done
		for number in $(seq 24); do
			wait "$(cat "$work/many.$round.$number.pid")"
			echo $? >"$work/many.$round.$number.status"
		done
	done
	kill "$churn"
	wait "$churn" 2>/dev/null
	for round in 1 2; do
		for number in $(seq 24); do wrong+=$(many_wrong "$round.$number" "$((number % 6))"); done
	done
	is "$wrong" "" "48 creates, 24 at a time: the signed run, the others are refused for it"
	note "they took $((SECONDS - begun)) s, with $(wc -l <"$work/churned") pulls and removals beside"
	check "images came and went beside" [ -s "$work/churned" ]
	is "$(jq -r 'select(.event == "create") | .image.code' "$audit" | sort | uniq -c | xargs)" \
		"24 accepted 24 unsigned" "48 creates: the audit log has each verdict"
	clean "48 creates leave nothing"
	check "no process of hardrun-image is left" no_verifier
}

many_wrong() { # NUMBER IMAGE
	local file=$work/many.$1 said
	said="$(cat "$file.status") $(cat "$file")"
	case $(($2 % 2)) in
	0) [ "$said" = "0 many$2" ] || printf '%s' "$1: $said $(tail -n 1 "$file.err"); " ;;
	1) if [ "$said" != "1 " ] || ! grep -q 'refused by image: .*not signed' "$file.err"; then
		printf '%s' "$1: $said $(tail -n 1 "$file.err"); "
	fi ;;
	esac
}

churn_images() {
	local name
	while :; do
		for name in app index platform single; do
			pull "$name"
			echo "pull $name" >>"$work/churned"
			ctr images rm --sync "$(ref "$name")" >/dev/null 2>&1
			echo "rm $name" >>"$work/churned"
		done
	done
}

# ---- contrib/images/fetch-signatures -----------------------------------------------------------

part_fetch() {
	local tool name dir
	begin
	for name in fetched bundle bundle-index; do pull "$name"; done
	mv "$store" "$store.away"
	refused not-fetched fetched unsigned 'no signature in the store'
	fetch "$(ref fetched)"
	is "$? $(tail -n +2 "$work/fetched")" "0 " "fetch: a signed image"
	like "$(cat "$work/out")" "$(of_image fetched manifest).*1 new" "fetch: says what it put in"
	runs fetched fetched
	fetch "$(ref fetched)"
	like "$? $(cat "$work/out")" "^0 .*0 new" "fetch: once more"
	for tool in skopeo curl; do
		rm -rf "$store"
		fetch --tool "$tool" "$(ref bundle)" "$(of_image bundle-index repo)@$(of_image bundle-index index)" \
			"$(ref platform)" "$(ref index)"
		is "$? $(cat "$work/fetched")" "0 " "fetch --tool $tool: bundles, indexes, platforms"
		for name in bundle bundle-index; do runs "$tool-$name" "$name"; done
		dir=$work/layout.$tool
		fetch --tool "$tool" --layout "$dir" "$(ref fetched)" "$(ref index)"
		is "$?" 0 "fetch --tool $tool --layout"
		store_add "$dir"
		is "$?" 0 "fetch --tool $tool --layout: image add takes it"
		runs "$tool-layout" fetched
		fetch --tool "$tool" --layout "$dir" "$(ref fetched)"
		like "$? $(cat "$work/fetched")" "^1 .*is there already" "fetch --layout: only a new one"
		fetch --tool "$tool" "$(ref unsigned)" "$(ref fetched)"
		like "$? $(cat "$work/fetched")" "^1 .*pay/unsigned:v1: $(of_image unsigned manifest) has no signatures" \
			"fetch --tool $tool: an unsigned image is named, the others are fetched"
		like "$(cat "$work/out")" "$(of_image fetched manifest)" "fetch --tool $tool: the others are fetched"
		fetch --tool "$tool" --optional "$(ref unsigned)"
		is "$?" 0 "fetch --tool $tool --optional"
		fetch --tool "$tool" "$registry/pay/none:v1"
		like "$? $(cat "$work/fetched")" "^1 .*pay/none:v1: cannot be read" "fetch --tool $tool: an image that is none"
	done
	fetch --tool wget x
	is "$?" 2 "fetch: wrong words"
	rm -rf "$store" && mv "$store.away" "$store"
	clean "fetching leaves nothing"
}

fetch() { # ARGUMENT...
	"$HR_TEST_SRCDIR/contrib/images/fetch-signatures" --plain-http --hardrun "$HR_PROGRAM" "$@" \
		>"$work/out" 2>"$work/fetched"
}

# ---- containerd 2's image verifier plugin -----------------------------------------------------

# With the link that image_setup.sh has made: `ctr images pull` asks containerd, which asks us.
part_plugin() {
	local name
	begin
	for name in app bundle listed free; do
		ctr images pull --plain-http "$(ref "$name")" >"$work/out" 2>&1
		is "$? $(grep -o 'not verified.*' "$work/out")" "0 " "plugin: $name may be pulled"
	done
	for name in unsigned wrong copied denied; do
		ctr images rm "$(ref "$name")" >/dev/null 2>&1
		ctr images pull --plain-http "$(ref "$name")" >"$work/out" 2>&1
		like "$? $(cat "$work/out")" '^1 .*not (signed|verified)|^1 .*blocked|^1 .*denied' "plugin: $name may not be pulled"
		note "$(tail -n 1 "$work/out" | cut -c 1-300)"
		is "$(ctr images ls -q | grep -Fx "$(ref "$name")")" "" "plugin: $name is not there"
	done
	check "plugin: no process of hardrun-image is left" no_verifier
}
