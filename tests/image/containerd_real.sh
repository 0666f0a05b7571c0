#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: containerd_real.sh [1.6|1.7]
# What hardrun-image's client says of a real containerd (that of Debian 12, or of Debian 13,
# unpacked for the test alone), against what ctr says.
set -u
# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"

tools=/mnt # in this mount namespace

newer() {
	local first said
	if ! { first=$(mktemp -d /tmp/hr-real.XXXXXX) && mount -t tmpfs -o mode=755 hr-e2e "$first" &&
		mount --move "$first" $tools && rmdir "$first"; }; then
		skip_all "no tmpfs"
	fi
	said=$("$HR_TEST_SRCDIR/tests/tools/trixie" $tools containerd 2>&1) || skip_all "$said"
	"$tools/usr/bin/containerd" --version >/dev/null 2>&1 ||
		skip_all "containerd of Debian 13 does not run here"
}

if [ "${1:-1.6}" = 1.7 ]; then
	if [ "$(id -u)" -eq 0 ] && [ -z "${HR_REAL_TOOLS:-}" ]; then
		unshare -m --propagation private true 2>/dev/null || skip_all "no mount namespaces here"
		HR_REAL_TOOLS=own exec unshare -m --propagation private bash "$0" "$@"
	fi
	[ "${HR_REAL_TOOLS:-}" != own ] || { HR_REAL_TOOLS=there && export HR_REAL_TOOLS && newer; }
	PATH=$tools/usr/bin:$PATH
fi

containerd_sandbox "$@"
tool=${HR_BUILDDIR:-.}/tests/image/containerd_tool
[ -x "$tool" ] || skip_all "tests/image/containerd_tool is not built"
note "$(containerd --version)"

call() { # CALL...: fills $work/out, $work/err, $status
	"$tool" "$CONTAINERD_ADDRESS" "$CONTAINERD_NAMESPACE" 5000 "$@" >"$work/out" 2>"$work/err"
	status=$?
}

line() { sed -n "${1}p" "$work/out"; }
at() { printf '%s/io.containerd.content.v1.content/blobs/sha256/%s' "$work/root" "${1#sha256:}"; }

# ---- the record of a container -----------------------------------------------------------

ctr containers create --snapshotter "$CONTAINERD_SNAPSHOTTER" "$image" c1 sleep 10
ctr containers info c1 >"$work/info"
call container c1
is "$status" 0 "a container's record is read"
is "$(line 1)" "$(jq -r .Image "$work/info")" "its image"
is "$(line 2)" "$(jq -r .Snapshotter "$work/info")" "its snapshotter"
is "$(line 3)" "$(jq -r .SnapshotKey "$work/info")" "its snapshot"
is "$(line 4)" "" "no extension of CRI without CRI"
call container none
is "$status $(cat "$work/out")" "1 " "a container that there is not"
key=$(jq -r .SnapshotKey "$work/info")
namespace=$CONTAINERD_NAMESPACE
CONTAINERD_NAMESPACE=elsewhere call container c1
is "$status" 1 "a container of another namespace"

# ---- images ------------------------------------------------------------------------------

manifest=$(ctr images ls | awk -v name="$image" '$1 == name { print $3 }')
call image "$image"
is "$status $(line 1)" "0 $manifest" "an image's digest"
call image test.example/none:1
is "$status" 1 "an image that there is not"
call image 'Ünknown "name" with ==,'
like "$status" '^[12]$' "an image by a name that is none"

# ---- snapshots ---------------------------------------------------------------------------

walk=$key
snapshots() { ctr snapshots --snapshotter "$CONTAINERD_SNAPSHOTTER" "$@"; }
for ((depth = 0; depth < 10; depth++)); do
	call parent "$CONTAINERD_SNAPSHOTTER" "$walk"
	is "$status $(line 1)" "0 $(snapshots info "$walk" | jq -r '.Parent // ""')" \
		"parent of snapshot $depth"
	walk=$(line 1)
	[ -n "$walk" ] || break
done
is "$depth" 1 "the image has one layer"
call parent "$CONTAINERD_SNAPSHOTTER" none
is "$status" 1 "a snapshot that there is not"
call parent none "$key"
like "$status" '^[12]$' "a snapshotter that there is not"
call mounts "$CONTAINERD_SNAPSHOTTER" "$key"
is "$status" 0 "mounts of a snapshot"
# "mount -t TYPE SOURCE TARGET -o OPTIONS"
is "$(jq -r '.[] | "mount -t \(.type) \(.source) /there -o \(.options | join(","))"' "$work/out")" \
	"$(snapshots mounts /there "$key" | sed 's/ *$//')" "they are those that ctr shows"
call mounts "$CONTAINERD_SNAPSHOTTER" none
is "$status" 1 "mounts of a snapshot that there is not"

# ---- content -----------------------------------------------------------------------------

config=$(jq -r .config.digest "$(at "$manifest")")
layer=$(jq -r '.layers[0].digest' "$(at "$manifest")")
for digest in "$manifest" "$config" "$layer"; do
	call read "$digest" 8000000
	is "$status $(sha256sum <"$work/out" | cut -d ' ' -f 1)" "0 ${digest#sha256:}" \
		"content of $(stat -c %s "$(at "$digest")") bytes"
	ctr content get "$digest" | cmp -s - "$work/out"
	is "$?" 0 "the same as ctr gets"
done
size=$(stat -c %s "$(at "$layer")")
call read "$layer" "$size"
is "$status" 0 "as much content as may be"
call read "$layer" $((size - 1))
is "$status" 3 "a byte more than may be"
like "$(cat "$work/err")" 'content of more than' "and why"
call two "$layer" "$image" 1000
is "$status $(line 1) $(line 2)" "0 first 3 $manifest" \
	"the connection goes on after content that is too long"
call read "sha256:$(printf '0%.0s' {1..64})" 1000
is "$status" 1 "content that there is not"
printf X | dd of="$(at "$config")" bs=1 seek=1 conv=notrunc status=none
call read "$config" 8000000
is "$status" 3 "content that was changed"
like "$(cat "$work/err")" 'is damaged' "and why"
printf '"' | dd of="$(at "$config")" bs=1 seek=1 conv=notrunc status=none

# ---- lists -------------------------------------------------------------------------------

label=containerd.io/gc.ref.content
call list $label.config "$config"
is "$status $(cat "$work/out")" "0 $manifest" "the manifest of a configuration, by its label"
call list $label.m.0,$label.m.1,$label.config "$config"
is "$status $(cat "$work/out")" "0 $manifest" "by one of several labels"
call list $label.m.0 "$config"
is "$status $(cat "$work/out")" "0 " "no content with a label"
# Anybody who may push images can have many. What has no label yet may be collected at once.
many() { # NUMBER
	local digest
	printf '{"n":%d}' "$1" >"$work/blob"
	digest=sha256:$(sha256sum <"$work/blob" | cut -d ' ' -f 1)
	ctr content ingest "blob$1" <"$work/blob" &&
		ctr content label "$digest" "$label.config=$config" containerd.io/gc.root=now
}
for ((i = 0; i < 130; i++)); do
	many "$i" || many "$i" || many "$i"
done >/dev/null 2>"$work/err"
call list $label.config "$config" 1000
is "$status $(sort -u "$work/out" | wc -l)" "0 131" "a list of two messages"
call list $label.config "$config" 32
is "$status $(sort -u "$work/out" | wc -l)" "0 32" "the first of a long list"

# ---- time --------------------------------------------------------------------------------

call bind c1 20
is "$status" 0 "all that binding a container asks"
note "ms: first $(line 1), then min $(sed 1d "$work/out" | sort -g | head -n 1), median $(
	sed 1d "$work/out" | sort -g | sed -n 10p)"
containerd_stop
containerd_start
call bind c1 1
note "ms: the first after a restart of containerd $(line 1)"
is "$status" 0 "a restart"
kill -STOP "$daemon"
CONTAINERD_NAMESPACE=$namespace
start=$(date +%s%N)
"$tool" "$CONTAINERD_ADDRESS" "$CONTAINERD_NAMESPACE" 300 container c1 >"$work/out" 2>"$work/err"
is "$?" 2 "a containerd that is stopped"
took=$((($(date +%s%N) - start) / 1000000))
like "$(cat "$work/err")" 'no answer until the deadline' "and why"
if ((took >= 300 && took < 2000)); then ok "at the deadline"; else not_ok "at the deadline" "$took ms"; fi
kill -CONT "$daemon"
ctr containers rm c1
finish
