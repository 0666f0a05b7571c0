# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of tests/e2e/lib.sh: a store of the test's own, hardrun with hardrun-image beside it, and
# (live_tools) a registry on the loopback with cosign and skopeo of Debian 13.

# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

fixtures=$(realpath "${HR_TEST_SRCDIR:-.}")/tests/image/fixtures
# shellcheck disable=SC2034 # for the scripts
{
	v1=sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622
	arm=sha256:c9a648322f2999d65f6220863dc937f13db0f57b0f57030777c8bc9adb0d6335
	evil=sha256:c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7
	index=sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212
	store=/var/lib/hardrun/images
}

image_sandbox() { # "$@" of the script
	sandbox "$@"
	[ -x "${HR_PROGRAM%/*}/hardrun-image" ] || skip_all "hardrun-image is not built"
	cover /var/lib || skip_all "no overlay file system over /var/lib"
	# Below /tmp anybody may have made a directory: hardrun-image is not taken from there.
	mkdir "$work/program"
	install -m 755 "$HR_PROGRAM" "${HR_PROGRAM%/*}/hardrun-image" "$work/program/"
	HR_PROGRAM=$work/program/hardrun
	ln -sfn "$HR_PROGRAM" "$work/bin/hardrun"
	store_empty
}

store_empty() { rm -rf /var/lib/hardrun; }

# policy_images ENTRY [PROFILE]: requirement `payment`, which profile `signed` names.
policy_images() {
	rm -rf /etc/hardrun/keys
	install -D -m 644 -t /etc/hardrun/keys "$fixtures"/keys/*.pub
	[ ! -d "$work/keys" ] || install -m 644 -t /etc/hardrun/keys "$work"/keys/*.pub
	policy "{\"version\": 1, \"images\": {\"payment\": $1}, \"default\": \"signed\",
		\"profiles\": {\"signed\": {\"image\": {\"require\": \"payment\"}}}}"
}

hardrun() { run hardrun "$@"; }

# verified CODE NAME ARGUMENT...: what `hardrun image verify --json` answers, and its exit status.
verified() {
	local wanted=$1 name=$2 code
	shift 2
	hardrun image verify --json "$@"
	code=$(jq -r .code "$work/out" 2>/dev/null)
	case $wanted in accepted) wanted="$wanted 0" ;; *) wanted="$wanted 1" ;; esac
	if [ "$code $status" = "$wanted" ]; then
		ok "$name"
	else
		not_ok "$name" "wanted: $wanted, got: $code $status"$'\n'"$(cat "$work/out" "$work/err")"
	fi
}

# ---- real tools ------------------------------------------------------------------------------

live_tools() {
	local tool said
	for tool in docker-registry skopeo umoci curl; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	said=$("$HR_TEST_SRCDIR/tests/tools/trixie" "$work/trixie" cosign skopeo libc6 libgpgme11t64 \
		libassuan9 libgpg-error0 libsubid5 libsqlite3-0 2>&1) || skip_all "$said"
	export HOME=$work COSIGN_PASSWORD=''
	cosign version >/dev/null 2>&1 || skip_all "cosign of Debian 13 does not run here"
	new_skopeo --version >/dev/null 2>&1 || skip_all "skopeo of Debian 13 does not run here"
}

cosign() { "$work/trixie/usr/bin/cosign" "$@"; }

new_skopeo() {
	local lib=$work/trixie/usr/lib/x86_64-linux-gnu
	"$lib/ld-linux-x86-64.so.2" --library-path "$lib:/usr/lib/x86_64-linux-gnu" \
		"$work/trixie/usr/bin/skopeo" --registries.d "$work/registries.d" "$@"
}

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# A registry on a free port; fills $registry.
live_registry() {
	local try
	registry=127.0.0.1:$(free_port)
	cat >"$work/registry.yml" <<-YAML
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $work/registry}}
		http: {addr: "$registry"}
	YAML
	OTEL_TRACES_EXPORTER=none docker-registry serve "$work/registry.yml" \
		>"$work/registry.log" 2>&1 </dev/null &
	reap $!
	for ((try = 0; try < 100; try++)); do
		! curl -sf "http://$registry/v2/" -o /dev/null || break
		sleep 0.1
	done
	((try < 100)) || skip_all "docker-registry does not start: $(tail -n 3 "$work/registry.log")"
	mkdir -p "$work/registries.d"
	printf 'docker:\n  %s:\n    use-sigstore-attachments: true\n' "$registry" \
		>"$work/registries.d/test.yaml"
}

# said NAME COMMAND...: a tool that must succeed, or nothing after it means anything
said() {
	local name=$1
	shift
	"$@" >"$work/said" 2>&1 && return
	not_ok "$name" "$*: $(tail -n 3 "$work/said")"
	finish
}

push() { # LAYOUT:TAG REPOSITORY:TAG [FLAG...]
	said "push $2" skopeo copy "${@:3}" --preserve-digests --dest-tls-verify=false "oci:$1" \
		"docker://$registry/$2"
}

sign() { # KEY WHAT [FLAG...]: cosign's own format
	said "cosign sign $2" cosign sign --key "$work/keys/$1.key" --tlog-upload=false \
		--allow-http-registry -y "${@:3}" "$registry/$2"
}

attest() { # KEY WHAT: a signature as a bundle, as cosign 2 writes one
	said "cosign attest $2" cosign attest --new-bundle-format --key "$work/keys/$1.key" \
		--type https://sigstore.dev/cosign/sign/v1 --predicate "$work/predicate" \
		--tlog-upload=false --allow-http-registry -y "$registry/$2"
}

# pull REPOSITORY:TAG LAYOUT TAG [FLAG...]
pull() {
	said "pull $1" skopeo copy "${@:4}" --src-tls-verify=false "docker://$registry/$1" "oci:$2:$3"
	chmod -R a+rX "$2"
}
