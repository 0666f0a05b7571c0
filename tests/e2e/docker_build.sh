#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docker build: the classic builder takes the default runtime, so its steps are hardened once
# that is hardrun. BuildKit takes no runtime from daemon.json: that it goes past hardrun is
# asserted here, as contrib/buildkit/README.md says it, and the cure that is written there.
# shellcheck disable=SC2317 # functions are called by name
set -u
# shellcheck source=tests/e2e/engine_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/engine_setup.sh"
engine_sandbox dockerd docker -- "$@"
docker_up

unhardened="CapBnd:00000000a80425fb NoNewPrivs:0 Seccomp:2"
in_build="CapBnd:$eight NoNewPrivs:1 Seccomp:2"

# dockerfile NAME: from stdin
dockerfile() {
	mkdir -p "$work/context"
	{ echo "FROM busybox"; cat; } >"$work/context/$1"
}

dockerfile shown <<<"RUN grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status >/shown"
dockerfile mknod <<<"RUN mknod /made c 1 3"
dockerfile network <<<"RUN ip -o addr >/shown"
dockerfile mounts <<'EOT'
RUN --mount=type=cache,target=/cache --mount=type=bind,source=shown,target=/bound --mount=type=tmpfs,target=/scratch cat /bound >/cache/x && cat /cache/x >/scratch/x && cp /scratch/x /shown
EOT
dockerfile secret <<'EOT'
RUN --mount=type=secret,id=word cp /run/secrets/word /shown
EOT

# build BUILDKIT DOCKERFILE [OPTION...]: sets $status; what it says is in $work/out
build() {
	local kit=$1 file=$2
	shift 2
	docker rmi -f built >/dev/null 2>&1
	DOCKER_BUILDKIT=$kit timeout --foreground 60 docker build --no-cache --force-rm -t built \
		-f "$work/context/$file" "$@" "$work/context" >"$work/out" 2>&1 </dev/null
	status=$?
}

shown() { docker run --rm --runtime runc built cat /shown 2>&1; } # what a step has left there

# ---- the classic builder ---------------------------------------------------------------

build 0 shown
is "$status $(figures "$(shown)")" "0 $unhardened" \
	"classic builder, default runtime runc: as without hardrun"
is "$(lines create)" 0 "classic builder, default runtime runc: hardrun is not asked"

docker_stop
docker_start --default-runtime hardrun
build 0 shown
is "$status $(figures "$(shown)")" "0 $in_build" "classic builder, default runtime hardrun: hardened"
is "$(lines create accept)" 1 "classic builder, default runtime hardrun: a line in the audit log"
build 0 mknod
like "$status $(cat "$work/out")" '^1 .*mknod: /made: Operation not permitted.*returned a non-zero code: 1' \
	"classic builder: a step that needs what is not given ends with the step's own error"
build 0 shown --network host
like "$status $(cat "$work/out")" '^1 .*OCI runtime create failed: hardrun: refused by namespaces: .*\(rule namespaces\.allow_host, .*\); ' \
	"classic builder: a step that is refused shows field, rule and remedy"
is "$(docker ps -aq)" "" "classic builder: no container is left of it"
clean "classic builder: nothing is left"

# ---- BuildKit --------------------------------------------------------------------------

before=$(lines)
build 1 shown
if grep -q 'BuildKit is enabled but the buildx component' "$work/out"; then
	skip "BuildKit" "this docker has no client for it: $(tail -n 1 "$work/out")"
	finish
fi
is "$status $(figures "$(shown)")" "0 $unhardened" \
	"BuildKit goes past hardrun, though it is the default runtime (contrib/buildkit/README.md)"
is "$(lines)" "$before" "BuildKit: not a line in the audit log"

docker_stop
with_policy "$(cat "$HR_TEST_SRCDIR/contrib/buildkit/policy.json")"
version=$(dockerd --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ "$version" -ge 26 ]; then
	cure="BuildKit by DOCKER_BUILDKIT_RUNC_COMMAND" called=hardrun-build file=docker-26.conf
	ln -s "$HR_PROGRAM" $links/$called
else
	cure="BuildKit with hardrun as runc in dockerd's PATH" called=runc file=docker-20.10.conf
	mkdir -p /usr/local/lib/hardrun
	ln -s "$HR_PROGRAM" /usr/local/lib/hardrun/runc
fi
ln -s /usr/sbin/runc /etc/hardrun/runtimes/$called
path=$PATH
declare -x "$(sed -n 's/^Environment=//p' "$HR_TEST_SRCDIR/contrib/buildkit/$file")"
docker_start
PATH=$path
rm -f "$audit"
for network in none host; do
	build 1 shown --network $network
	is "$status $(lines run accept)" "0 1" "$cure: --network $network works"
	is "$(jq -r '"\(.handler) \(.profile) \(.runtime)"' "$audit")" "$called build /usr/sbin/runc" \
		"$cure, --network $network: handler, profile and runtime"
	is "$(figures "$(shown)")" "$in_build" \
		"$cure, --network $network: hardened"
	rm -f "$audit"
done
for mount in mounts secret; do
	echo secret-word >"$work/word"
	build 1 $mount --network none --secret "id=word,src=$work/word"
	is "$status" 0 "$cure: RUN --mount ($mount)"
	[ "$status" -eq 0 ] || note "$(cat "$work/out")"
done
build 1 mknod --network none
like "$status $(cat "$work/out")" '^1 .*mknod: /made: Operation not permitted' \
	"$cure: a step that needs what is not given"
rm -f "$audit"
build 1 network
is "$status $(lines run accept)" "0 1" "$cure: Docker's own build network, which needs a hook, works"
[ "$status" -eq 0 ] || note "$(cat "$work/out")"
clean "$cure: nothing is left"
finish
