#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reader of TOML against Python's, over cases of the specification, the configurations that
# the engines ship or print, and documents at random.
# usage: setup_toml.sh [ROUNDS [SEED]]
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
program=${HR_BUILDDIR:-.}/tests/unit/toml_json
[ -x "$program" ] || skip_all "tests/unit/toml_json is not built"
python3 -c 'import tomllib' 2>/dev/null || skip_all "python3 has no tomllib (3.11)"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/documents"
files=("$HR_TEST_SRCDIR"/contrib/containerd/*.toml "$HR_TEST_SRCDIR"/contrib/podman/*.conf)
if command -v containerd >/dev/null; then
	containerd config default >"$work/containerd-default.toml"
	containerd --config "$HR_TEST_SRCDIR/contrib/containerd/hardrun-1.x.toml" config dump >"$work/containerd-dump.toml"
	files+=("$work"/containerd-*.toml)
fi
for file in /etc/containerd/config.toml /usr/share/containers/containers.conf /etc/containers/*.conf; do
	[ ! -f "$file" ] || files+=("$file")
done
python3 "$HR_TEST_SRCDIR/tests/e2e/setup_toml.py" "$program" "$work/documents" "${1:-3000}" "${2:-1}" "${files[@]}"
