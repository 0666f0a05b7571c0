#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who includes whom. The floors are those of the table in docs/ARCHITECTURE.md: a file
# includes its own folder and lower floors, and folders on one floor never see each other.
set -u
# shellcheck source=tests/lint/code.sh
. "${HR_TEST_SRCDIR:-.}/tests/lint/code.sh"

# ---- floors ----------------------------------------------------------------------------

declare -A floor
while IFS='|' read -r _ number names _; do
	while read -r name; do
		floor[$name]=$((number))
	done < <(grep -oE '.[a-z]+/.' <<< "$names" | grep -oE '[a-z]+')
done < <(grep -E '^\| *[0-9]+ *\|' docs/ARCHITECTURE.md)
is "$((${#floor[@]} > 5))" 1 "docs/ARCHITECTURE.md has the table of floors"
for folder in $(dirname src/*/*.c | sort -u); do
	name=$(basename "$folder")
	# image/ is the second program: a tower of its own.
	[ "$name" = image ] || check "$folder has a floor" test -n "${floor[$name]:-}"
done

# "FILE: FOLDER/HEADER" of every include of ours.
grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' -r src --include='*.[ch]' |
	sed -E 's/^([^:]+):([0-9]+):[^"]*"([^"]+)".*/\1:\2 \3/' > "$work/includes"

findings=
while read -r where header; do
	case $where in src/*/*) own=${where#src/} own=${own%%/*} ;; *) own=main ;; esac
	case $header in
	*/*) ;;
	*) findings+="$where: \"$header\" is not named by its folder"$'\n'; continue ;;
	esac
	[ -e "src/$header" ] || findings+="$where: there is no src/$header"$'\n'
	other=${header%%/*}
	if [ "$own" = image ]; then
		case $header in
		base/* | json/* | image/* | verdict/protocol.h) ;;
		*) findings+="$where: image/ is a program of its own, and includes $header"$'\n' ;;
		esac
		continue
	fi
	[ "$own" = main ] || [ "$own" = "$other" ] ||
		[ "${floor[$other]:-99}" -lt "${floor[$own]:--1}" ] ||
		findings+="$where: $own/ (floor ${floor[$own]:-none}) includes $header (floor ${floor[$other]:-none})"$'\n'
done < "$work/includes"
nothing "$findings" "a folder includes itself and lower floors"

# ---- inside a folder -------------------------------------------------------------------

# Headers that say they are private, or "of use to X*.c only".
findings=
while read -r header; do
	home=$(dirname "$header")
	findings+=$(grep -F " ${header#src/}" "$work/includes" | grep -v "^$home/")
done < <(grep -lE '^(/\*| \*) (Private to|.*Of use to .* only)' src/*/*.h)
nothing "$findings" "private headers stay in their folder"

# A control knows no other. All share control.h and table.h; some have a header between them,
# and each such header has its users here.
may_share() { # HEADER PATTERN-OF-FILES
	findings=$(grep -E " control/$1\.h\$" "$work/includes" | grep -vE "^src/control/($2)\.c:")
	nothing "$findings" "control/$1.h is included by $2 only"
}
may_share label 'apparmor|label|selinux'
may_share cgroup_value 'cgroup_value|resources'
may_share mounts 'mount_[a-z]+|mounts|userns_plan'
may_share ranges 'ranges|table|user'
may_share seccomp 'seccomp[a-z_]*'
may_share selinux 'selinux[a-z_]*'
findings=$(grep -E '^src/control/[a-z_]+\.c:' "$work/includes" |
	grep -vE ' (control/(cgroup_value|control|image|table|label|mounts|ranges|seccomp|selinux|userns)\.h|state/level\.h|(base|json|oci|host|change|seccomp)/.*)$')
nothing "$findings" "controls never include one another"

# ---- outside libraries -----------------------------------------------------------------

# LIBRARY HEADER-PATTERN FILE...: the files that may include it.
library() {
	local name=$1 pattern=$2 users
	shift 2
	users=$(grep -lE "^#[[:space:]]*include <$pattern>" -r src --include='*.[ch]' | LC_ALL=C sort | tr '\n' ' ')
	is "$users" "$* " "$name is included by: $*"
}
library "yajl's parser" 'yajl/yajl_parse\.h' src/json/reader.c
library "yajl's generator" 'yajl/yajl_gen\.h' src/json/writer.c
library libcap 'sys/capability\.h' src/control/capabilities.c
library libseccomp 'seccomp\.h' src/seccomp/names.c
library nettle 'nettle/.*' src/base/digest.c
library libapparmor 'sys/apparmor\.h' src/host/apparmor.c
library libselinux 'selinux/.*' src/host/selinux.c
library libcrypto 'openssl/.*' src/image/key.c
library libnghttp2 'nghttp2/.*' src/image/http2.c
library "the reader of the host's group file" 'grp\.h' src/host/ids.c
# Anything else that is neither libc's nor the kernel's.
findings=$(grep -HnE '^[[:space:]]*#[[:space:]]*include <' -r src --include='*.[ch]' |
	grep -vE '<(yajl/yajl_(parse|gen)|sys/capability|seccomp|nettle/[a-z0-9]+|openssl/[a-z0-9_]+|nghttp2/nghttp2|grp|selinux/selinux)\.h>' |
	grep -vE '<(arpa|net|netinet|sys|linux)/[a-z0-9_]+\.h>' |
	grep -vE '<(assert|ctype|dirent|elf|endian|errno|fcntl|inttypes|limits|poll|sched|search|signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|syslog|time|unistd)\.h>')
nothing "$findings" "no other library"

# ---- headers compile alone -------------------------------------------------------------

findings=
while read -r header; do
	printf '#include "%s"\n' "${header#src/}" > "$work/alone.c"
	gcc -std=gnu11 -D_GNU_SOURCE -Isrc -Wall -Wextra -Werror -fsyntax-only "$work/alone.c" 2> "$work/said" ||
		findings+="$header: $(head -3 "$work/said")"$'\n'
	# Twice is as good as once.
	printf '#include "%s"\n' "${header#src/}" >> "$work/alone.c"
	gcc -std=gnu11 -D_GNU_SOURCE -Isrc -w -fsyntax-only "$work/alone.c" 2> /dev/null ||
		findings+="$header: cannot be included twice"$'\n'
done < <(product_headers)
nothing "$findings" "every header compiles alone"

findings=
while read -r header; do
	guard=$(grep -m1 -oE '^#ifndef HR_[A-Z0-9_]+_H$' "$header" | cut -d' ' -f2)
	if [ -z "$guard" ] || ! grep -q "^#define $guard\$" "$header"; then
		findings+="$header: no guard HR_..._H"$'\n'
	fi
	grep -qE '^ ?/?\*' <(sed -n 2p "$header") || findings+="$header: opens with no comment"$'\n'
done < <(product_headers)
nothing "$findings" "every header has a guard and opens with a comment"
is "$(grep -rhoE '^#ifndef HR_[A-Z0-9_]+_H$' src tests --include='*.h' | sort | uniq -d)" "" \
	"no guard stands in two headers"

# Every source is in its folder's Makemodule.am, and nothing else is.
findings=
for folder in $(dirname src/*/*.c | sort -u); do
	diff <(find "$folder" -maxdepth 1 -name '*.[ch]' ! -name builtin.c | LC_ALL=C sort) \
		<(grep -ohE "src/[a-z]+/[a-z_0-9]+\.[ch]" "$folder/Makemodule.am" | grep -v '/builtin\.c' |
			LC_ALL=C sort -u) > "$work/diff" ||
		findings+="$folder: $(grep '^[<>]' "$work/diff" | tr '\n' ' ')"$'\n'
done
nothing "$findings" "every source is in its Makemodule.am"
finish
