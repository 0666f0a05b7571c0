#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is refused by the kernel and not by the filter (privileges.tsv, privileges.c): the same
# answers as production, and `hardrun try` says which capability was missing and which path
# was closed, and nothing where all is well.
set -u
# shellcheck source=tests/try/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/try/lib.sh"

# What was said of a row: the entries of capabilities or paths, and refused calls, as lines.
entries() {
	jq -c '(.capabilities + .paths + [.calls[] | select(.runtime | not)])[]' "$work/try.json" 2>&1
}

one_row() { # NAME USER PROFILE ANSWER KIND TEXTS
	local name=$1 kind=$5 texts=$6 answer found text label="$runtime: $3, $2: $1"
	user=()
	[ "$2 $3" != "app default" ] || user=(--user 1000:1000)
	try "$3" "${user[@]}" -- /privileges "$name"
	answer=$(sed -n "s/^$name //p" "$work/out")
	if [ "$kind $answer" = "path ENOENT" ]; then
		skip "$label" "this kernel has no such file"
		return
	fi
	[[ $answer =~ ^($4)$ ]]
	is "$?" 0 "$label: answers $4 (${answer:-$(tail -n 3 "$work/err")})"
	if [ "$kind" = nothing ]; then
		is "$(entries)" '' "$label: nothing is named"
		return
	fi
	found=$(jq -c --arg kind "$kind" '(if $kind == "path" then .paths else .capabilities end)[]' \
		"$work/try.json")
	if [ "${texts#\?}" != "$texts" ] && [ -z "$found" ]; then
		note "$label: not named ($texts)"
		return
	fi
	for text in ${texts#\?}; do
		found=$(grep -F -- "$text" <<<"$found")
	done
	is "$(grep -c . <<<"$found")" 1 "$label: is named once, with $texts ($(entries | tr '\n' ' '))"
	like "$found" '"process":"privileges"' "$label: by whom"
	is "$(entries | grep -c .)" 1 "$label: nothing else is named"
	for text in ${texts#\?}; do
		grep -qF -- "$text" "$work/err"
		is $? 0 "$label: the text has $text"
	done
}

all_of_a_kind() { # what try sees is also what production answers
	local who=$1 profile=$2 names
	mapfile -t names < <(awk -F'\t' -v u="$who" -v p="$profile" '!/^#/ && $2 == u && $3 == p {print $1}' \
		"$try_tests/privileges.tsv")
	as_app='del(.linux.sysctl)'
	[ "$who $profile" != "app default" ] ||
		as_app+=' | .process.user = {uid: 1000, gid: 1000}'
	production "$profile" /privileges "${names[@]}"
	cp "$work/out" "$work/wanted"
	user=()
	[ "$who $profile" != "app default" ] || user=(--user 1000:1000)
	try "$profile" "${user[@]}" -- /privileges "${names[@]}"
	is "$(<"$work/out")" "$(<"$work/wanted")" "$runtime: $profile, $who: all answers as in production"
}

calls_only() {
	try default --calls-only -- /privileges proc-sys mark kcore
	is "$(jq -c '[.capabilities, .paths]' "$work/try.json")" '[[],[]]' \
		"$runtime: --calls-only names neither capabilities nor paths"
}

nothing_at_all() {
	try default -- /bin/true
	is "$status" 0 "$runtime: true"
	is "$(entries)" '' "$runtime: true: nothing is named"
	like "$(cat "$work/err")" 'nothing was refused' "$runtime: true: and the text says so"
	try default --quiet -- /bin/true
	is "$(cat "$work/err")" '' "$runtime: --quiet says nothing"
}

try_sandbox "$@"
compiled privileges
mkdir -p "$work/image/home/app"
touch "$work/image/home/app/file"
chown -R 1000:1000 "$work/image/home/app"
# Engines let everybody bind to low ports by a sysctl; here the kernel's own rule is wanted.
own_ports() {
	place=(--bundle "$work/b/ports-$runtime")
	real_bundle "$work/b/ports-$runtime" "$(recorded docker-run)" 'del(.linux.seccomp, .hooks, .linux.sysctl)
		| .mounts |= map(select(.type != "bind")) | .hostname = "ports"
		| .process.env = ["PATH=/bin"] | .process.cwd = "/" | .process.args = ["true"]'
}

for runtime in runc crun; do
	try_begin "$runtime" || continue
	own_ports
	for kind in "app default" "root default" "app restricted"; do
		# shellcheck disable=SC2086 # two words
		all_of_a_kind $kind
	done
	while IFS=$'\t' read -r name who profile answer kind texts; do
		case $name in '#'* | '') continue ;; esac
		one_row "$name" "$who" "$profile" "$answer" "$kind" "$texts"
	done <"$try_tests/privileges.tsv"
	calls_only
	nothing_at_all
	umount "$work/b/ports-$runtime/rootfs"
	nothing_left "privileges"
	real_end
done
finish
