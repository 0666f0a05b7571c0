# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of cri_setup.sh: a registry of the test's own, images that are pushed to it, signed with
# cosign and pulled by containerd, and hardrun with hardrun-image beside it.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/image_setup.sh"
#	image_sandbox 1.6 "$@"     # or 1.7; or 2.1, whose programs are in HR_TEST_CONTAINERD21
#	signed 'app'               # its signature is in hardrun's store
#
# Names are registry.local/..., port 80 of the loopback of the test's own network namespace.
# With HR_IMAGE_USERNS the sandbox is that of userns_setup.sh.

# shellcheck source=tests/e2e/cri_setup.sh
if [ -z "${HR_IMAGE_USERNS:-}" ]; then
	. "${HR_TEST_SRCDIR:-.}/tests/e2e/cri_setup.sh"
else
	. "${HR_TEST_SRCDIR:-.}/tests/e2e/userns_setup.sh"
fi

registry=registry.local
image_tools=/home # made while there is a network, in this mount namespace
# shellcheck disable=SC2034 # of use to others
store=/var/lib/hardrun/images
images='' # DIR of what image_make.py wrote
image_local=() # of ctr images pull, where that would ask containerd to do it

image_sandbox() { # VERSION, "$@" of the script
	local version=$1 tool
	shift
	case $version in 1.6 | 1.7 | 2.1) ;; *) echo "usage: $0 [1.6|1.7|2.1] [PART...]" >&2; exit 2 ;; esac
	[ "$version" != 2.1 ] || [ -n "${HR_TEST_CONTAINERD21:-}" ] ||
		skip_all "HR_TEST_CONTAINERD21 names no containerd 2.1"
	[ "$version" != 2.1 ] || image_local=(--local)
	for tool in docker-registry skopeo openssl curl; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	[ -x "${HR_PROGRAM%/*}/hardrun-image" ] || skip_all "hardrun-image is not built"
	export HR_PROGRAM
	[ "${HR_CRI_NETWORK:-}" != mount ] || image_cosign
	if [ -n "${HR_IMAGE_USERNS:-}" ]; then
		userns_sandbox "$@"
	else
		cri_sandbox "$version" "$@"
	fi
}

image_cosign() { # that of Debian 13; runs with Debian 12's libraries
	local said
	mountpoint -q $image_tools || mount -t tmpfs -o mode=755 hr-image $image_tools ||
		skip_all "no tmpfs"
	said=$("$HR_TEST_SRCDIR/tests/tools/trixie" $image_tools/cosign cosign 2>&1) || skip_all "$said"
	$image_tools/cosign/usr/bin/cosign version >/dev/null 2>&1 ||
		skip_all "cosign of Debian 13 does not run here"
}

eval "image_plain_$(declare -f cri_newer)"
cri_newer() {
	if [ "$version" != 2.1 ]; then
		image_plain_cri_newer
		return
	fi
	mount -t tmpfs -o mode=755 hr-cri "$cri_tools" || skip_all "no tmpfs"
	install -D -m 755 -t "$cri_tools/usr/bin" "$HR_TEST_CONTAINERD21"/{containerd,containerd-shim-runc-v2,ctr} ||
		skip_all "no containerd, containerd-shim-runc-v2 and ctr in $HR_TEST_CONTAINERD21"
}

cosign() { # without any service, over plain HTTP
	local command=$1
	shift
	HOME=$images COSIGN_PASSWORD='' "$image_tools/cosign/usr/bin/cosign" "$command" \
		--allow-http-registry "$@"
}

# ---- in place of cri_setup.sh's ----------------------------------------------------------

eval "image_plain_$(declare -f containerd_config)"
containerd_config() {
	local program=${HR_PROGRAM%/*}
	# Below /tmp anybody may have made a directory: hardrun-image is not taken from there.
	mkdir -p "$work/program" "$work/images" "$work/registry"
	install -m 755 "$HR_PROGRAM" "$program/hardrun-image" "$work/program/"
	HR_PROGRAM=$work/program/hardrun
	ln -sfn "$HR_PROGRAM" "$work/bin/hardrun"
	images=$work/images
	rm -rf /var/lib/hardrun
	echo "127.0.0.1 $registry" >>/etc/hosts
	image_plain_containerd_config
	# Where hardrun looks for it.
	sed -i "s,\"$CONTAINERD_ADDRESS,\"/run/containerd/containerd.sock," "$work/config.toml"
	export CONTAINERD_ADDRESS=/run/containerd/containerd.sock
	cat >>"$work/config.toml" <<-TOML
		[plugins."io.containerd.grpc.v1.cri".registry.mirrors."$registry"]
		endpoint = ["http://$registry"]
	TOML
	if [ ${#image_local[@]} -gt 0 ]; then
		mkdir -p "$work/bin_dir" && ln -sfn "$HR_PROGRAM" "$work/bin_dir/hardrun-image-verifier"
		cat >>"$work/config.toml" <<-TOML
			[plugins."io.containerd.image-verifier.v1.bindir"]
			bin_dir = "$work/bin_dir"
		TOML
	fi
	image_registry
	image_keys
	image_signatures
	export HR_IMAGE_DIR=$images HR_IMAGE_PROGRAM=$HR_PROGRAM
}

# `ctr containers create` names no runtime: what its shim finds as runc is hardrun, too.
eval "image_plain_$(declare -f containerd_start)"
containerd_start() {
	mkdir -p "$work/as-runc" && ln -sfn "$HR_PROGRAM" "$work/as-runc/runc"
	PATH=$work/as-runc:$PATH image_plain_containerd_start
}

image_registry() {
	cat >"$work/registry.yml" <<-YAML
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $work/registry}, delete: {enabled: true}}
		http: {addr: "127.0.0.1:80"}
	YAML
	OTEL_TRACES_EXPORTER=none docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 </dev/null &
	reap $!
	within 10 curl -sf "http://$registry/v2/" -o /dev/null ||
		skip_all "docker-registry does not start: $(tail -n 3 "$work/registry.log")"
	"$python" -B "$HR_TEST_SRCDIR/tests/cri/image_make.py" "$registry" "$images" >"$work/out" 2>&1 ||
		skip_all "images cannot be pushed: $(tail -n 3 "$work/out")"
}

image_keys() {
	local key
	for key in pay next other; do
		(cd "$images" && HOME=$images COSIGN_PASSWORD='' "$image_tools/cosign/usr/bin/cosign" \
			generate-key-pair --output-key-prefix "$key") >"$work/out" 2>&1 ||
			skip_all "cosign makes no keys: $(tail -n 3 "$work/out")"
	done
}

of_image() { # NAME MEMBER: of images.json
	jq -r --arg name "$1" ".[\$name].$2" "$images/images.json"
}

# image_sign KEY NAME MEMBER [FLAG...]: cosign's own format
image_sign() {
	local key=$1 what
	what=$(of_image "$2" repo)@$(of_image "$2" "$3")
	cosign sign --key "$images/$key.key" --tlog-upload=false -y "${@:4}" "$what"
}

# The same in a bundle; cosign 2.5 writes one only where it attests.
image_bundle() { # KEY NAME MEMBER
	cosign attest --key "$images/$1.key" --tlog-upload=false -y --new-bundle-format \
		--type https://sigstore.dev/cosign/sign/v1 --predicate "$images/empty" \
		"$(of_image "$2" repo)@$(of_image "$2" "$3")"
}

image_signatures() {
	local name list
	echo '{}' >"$images/empty"
	{
		for name in app plain user single tampered gone native denied original mut2 fetched many0 many2 many4; do
			image_sign pay "$name" manifest || echo "FAILED $name"
		done
		image_sign pay index index || echo "FAILED index"
		image_sign next platform manifest || echo "FAILED platform"
		image_sign other wrong manifest || echo "FAILED wrong"
		image_sign pay annotated manifest -a env=prod -a team=pay || echo "FAILED annotated"
		image_bundle pay bundle manifest || echo "FAILED bundle"
		image_bundle next bundle-index index || echo "FAILED bundle-index"
	} </dev/null >"$work/signed" 2>&1
	list=$(grep ^FAILED "$work/signed") || return 0
	skip_all "cosign cannot sign here: ${list//$'\n'/, }: $(grep -i error "$work/signed" | tail -n 1)"
}

# ---- hardrun's store -----------------------------------------------------------------------

# What `cosign save` writes of an image: with its signatures in cosign's own format.
image_saved() { # NAME MEMBER
	local dir=$images/saved/$1
	rm -rf "$dir" && mkdir -p "$images/saved" &&
		cosign save --dir "$dir" "$(of_image "$1" repo)@$(of_image "$1" "$2")" >"$work/saved" 2>&1 &&
		chmod -R a+rX "$dir" && # hardrun-image reads it as nobody
		printf '%s\n' "$dir"
}

# What skopeo makes of the tag under which a registry without referrers lists bundles.
image_referrers() { # NAME MEMBER
	local dir=$images/referrers/$1 digest
	digest=$(of_image "$1" "$2")
	rm -rf "$dir" && mkdir -p "$dir" &&
		skopeo copy --all --src-tls-verify=false "docker://$(of_image "$1" repo):${digest/:/-}" \
			"oci:$dir:${digest/:/-}" >"$work/saved" 2>&1 && printf '%s\n' "$dir"
}

store_add() { # DIR...
	"$HR_PROGRAM" image add "$@" >"$work/added" 2>&1
}

# All signatures that there are, as a node has them; says what cannot be had.
store_fill() {
	local name dirs=() missing=()
	for name in app plain user single tampered gone native denied original wrong annotated mut2 \
		many0 many2 many4 platform; do
		if image_saved "$name" manifest >"$work/dir"; then dirs+=("$(cat "$work/dir")"); else missing+=("$name"); fi
	done
	if image_saved index index >"$work/dir"; then dirs+=("$(cat "$work/dir")"); else missing+=(index); fi
	for name in 'bundle manifest' 'bundle-index index'; do
		# shellcheck disable=SC2086 # two words
		if image_referrers $name >"$work/dir"; then dirs+=("$(cat "$work/dir")"); else missing+=("$name"); fi
	done
	[ ${#missing[@]} -eq 0 ] || note "not saved: ${missing[*]}: $(tail -n 1 "$work/saved")"
	store_add "${dirs[@]}"
}

# In its place, a program of the given words; as it is executed by a descriptor, no script.
instead_of_verifier() { # WORDS of C
	printf '#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) { %s }\n' "$1" >"$work/instead.c"
	rm -f "$work/program/hardrun-image"
	gcc -O1 -o "$work/program/hardrun-image" "$work/instead.c"
}

# ---- policies ------------------------------------------------------------------------------

# The requirement `payment`: what the tests are about; a change of it by a filter of jq.
requirements() { # [FILTER]
	jq -nc --arg listed "$(of_image listed manifest)" --arg denied "$(of_image denied manifest)" \
		--arg pause "$(of_image pause manifest)" --arg sandbox "${pause_digest:-}" '{
		payment: [{scopes: ["registry.local/pay/*"],
			keys: ["/etc/hardrun/keys/pay.pub", "next.pub"], allow: [$listed], deny: [$denied]}],
		pause: {scopes: ["test.example/*", "registry.local/pause"],
			allow: [$pause, $sandbox] | map(select(. != ""))}} | '"${1:-.}"
}

# image_policy [PROFILE [FILTER]]: everything requires `payment`, with these members laid over
image_policy() {
	local more=${1:-} filter=${2:-.} document
	document=$(jq -nc --argjson images "$(requirements "$filter")" --argjson more "${more:-{\}}" '{
		version: 1, images: $images, default: "signed",
		profiles: {signed: ({image: {require: "payment"}} * $more)},
		rules: [{when: {handler: "hardrun-restricted"}, use: "restricted"},
			{when: {handler: "runc"}, use: "signed"}]}')
	rm -rf /etc/hardrun
	mkdir -p /etc/hardrun/runtimes
	install -D -m 644 -t /etc/hardrun/keys "$images/pay.pub" "$images/next.pub"
	policy "$document"
	ln -sfn /usr/sbin/runc /etc/hardrun/runtimes/hardrun-restricted
	ln -sfn /usr/sbin/runc /etc/hardrun/runtimes/runc
}
