#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Turn files into a C table of struct embedded (base/embed.h), at build time.
# usage: embed.sh SYMBOL FILE... > out.c
set -eu

fail() {
	echo "embed.sh: $1" >&2
	exit 1
}

# Octal escapes of the bytes, in lines of one string literal each. A string, because the
# sign of char differs between architectures and bytes above 127 fit neither way.
bytes() {
	LC_ALL=C od -An -v -to1 -- "$1" | sed 's/[[:space:]]*$//; s/[[:space:]]\{1,\}/\\/g; s/.*/	"&"/'
}

[ $# -ge 2 ] || fail 'usage: embed.sh SYMBOL FILE... > out.c'
symbol=$1
shift

case $symbol in
'' | [0-9]* | *[!A-Za-z0-9_]*) fail "not a name for C: $symbol" ;;
esac

cat <<EOF
/* Made by base/embed.sh: do not edit. */
#include "base/embed.h"

extern const struct embedded ${symbol}[];

EOF

table=
number=0
for file; do
	[ -f "$file" ] || fail "not a file: $file"
	name=${file##*/}
	name=${name%.*}
	case $name in
	'' | *[!A-Za-z0-9_.-]*) fail "a name of odd characters: $file" ;;
	esac
	# An empty file would leave no literal at all.
	printf 'static const char file_%d[] = ""\n' "$number"
	bytes "$file"
	printf '\t;\n\n'
	table="$table	{\"$name\", file_$number, sizeof(file_$number) - 1},
"
	number=$((number + 1))
done

printf 'const struct embedded %s[] = {\n%s\t{NULL, NULL, 0},\n};\n' "$symbol" "$table"
