#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the papers say, as far as a machine can check it: against the program's own lists, the
# built-in policy, and the tools that read the files of contrib/.
set -u
: "${HR_TEST_SRCDIR:=.}" "${HR_PROGRAM:=src/hardrun}"
HR_PROGRAM=$(realpath "$HR_PROGRAM")
# shellcheck source=tests/e2e/lib.sh
. "$HR_TEST_SRCDIR/tests/e2e/lib.sh"
cd "$HR_TEST_SRCDIR" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
manual=docs/hardrun.8 policy_manual=docs/hardrun-policy.5 controls_manual=docs/hardrun-controls.7
builtin=profiles/policy/builtin.json

# ---- helpers ---------------------------------------------------------------------------

have() { command -v "$1" > /dev/null; }

# What `hardrun check` says about a policy whose profile p is BODY.
said_of() { # BODY
	printf '{"version": 1, "profiles": {"p": {%s}}}' "$1" > "$work/asked.json"
	"$HR_PROGRAM" check "$work/asked.json"
}

# The program lists what it knows when it is asked for what it does not know.
all_controls() { said_of '"nothing": {}' | sed -n 's/.*there are: //p' | tr -d ','; }
options_of() { # CONTROL
	said_of "\"$1\": {\"nothing\": 1}" | sed -n 's/.*it has: mode,* *//p' | tr -d ','
}
own_commands() { "$HR_PROGRAM" commands | sed -n 's/^hardrun \([a-z]*\).*/\1/p'; }

# The lines of a control's entry in its manual.
entry_of() { # CONTROL
	awk -v head=".It Cm $1" '
		/^\.It Cm / || /^\.Sh / { inside = ($0 == head) }
		inside' "$controls_manual"
}

# An entry may be of several options: ".It Ic intel_rdt , memory_policy".
options_in_entry() { # CONTROL
	entry_of "$1" | sed -n 's/^\.It Ic //p' | sed 's/ , /\n/g' | LC_ALL=C sort | tr '\n' ' '
}

missing_words() { # FILE WORD...: those that FILE does not hold as whole words
	local file=$1 word
	shift
	for word; do
		grep -qE -- "(^|[^A-Za-z0-9_-])$word([^A-Za-z0-9_-]|\$)" "$file" || printf '%s ' "$word"
	done
}

# The examples of the policy manual, one file each.
policy_examples() {
	awk -v dir="$work" '
		/^\.Ed/ { if (file) close(file); file = "" }
		file { print > file }
		/^\.Bd -literal/ { n++; getline
			if ($0 == "{") { file = dir "/example" n ".json"; print > file } }' "$policy_manual"
}

parses() { # NAME COMMAND...: ok when it succeeds; its complaint is shown
	local name=$1
	shift
	if "$@" > "$work/out" 2>&1; then ok "$name"; else not_ok "$name" "$(cat "$work/out")"; fi
}

python_reads() { # MODULE EXPRESSION FILE
	if ! have python3 || ! python3 -c "import $1" 2> /dev/null; then
		skip "$3 parses" "python3 has no module $1"
		return
	fi
	parses "$3 parses" python3 -c "import $1, sys; $2" "$3"
}

# ---- the manual of controls ------------------------------------------------------------

read -r -a controls <<< "$(all_controls)"
is "$((${#controls[@]} > 0))" 1 "the program names its controls"
is "$(sed -n 's/^\.It Cm //p' "$controls_manual" | tr '\n' ' ')" "${controls[*]} " \
	"every control has an entry, in the order of the program"
for control in "${controls[@]}"; do
	is "$(options_in_entry "$control")" \
		"$(options_of "$control" | tr ' ' '\n' | grep . | LC_ALL=C sort | tr '\n' ' ')" \
		"$control: every option has an entry, and only one"
done
read -r -a values <<< "$(sed 's,//.*,,' "$builtin" |
	grep -oE '"(CAP_[A-Z_]+|/[a-z][^"]*)"' | tr -d '"' | sort -u | grep -v /var/log | tr '\n' ' ')"
is "$(missing_words "$controls_manual" "${values[@]}")" "" \
	"all ${#values[@]} built-in capabilities and paths are in it"
is "$(sed -n 's/^\.It \(F[0-9]*\) .*/\1/p' "$controls_manual" | tr '\n' ' ')" \
	"$(seq -f 'F%g' 60 | tr '\n' ' ')" "the table has the rows F1 to F60"

# ---- the manual of the program ---------------------------------------------------------

for command in $(own_commands); do
	check "hardrun(8): $command" grep -qE "^\.It Cm $command( |\$)" "$manual"
done
read -r -a flags <<< "$("$HR_PROGRAM" commands | grep -oE -- '--[a-z-]+' | sort -u | tr '\n' ' ')"
cat "$manual" docs/hardrun-try.8 > "$work/manuals"
is "$(missing_words "$work/manuals" "${flags[@]/#--/-}")" "" "hardrun(8), hardrun-try(8): every flag of the own commands"
read -r -a variables <<< "$(awk '/kept_variables\[\] = \{/ {on = 1} on; /\};/ {on = 0}' src/line/launch.c |
	grep -oE '"[A-Z_]+"' | tr -d '"' | tr '\n' ' ')"
is "$((${#variables[@]} > 0))" 1 "the variables that the runtime gets are listed in the source"
is "$(missing_words "$manual" "${variables[@]}")" "" "hardrun(8): every one of them"

# ---- the manual of policies ------------------------------------------------------------

policy_examples
# Keys that an example names lie beside it.
mkdir "$work/keys"
while read -r key; do
	printf -- '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' > "$work/keys/$key"
done < <(grep -ohE '"[a-z-]+\.pub"' "$work"/example*.json | tr -d '"')
parses "hardrun-policy(5): the examples are good" "$HR_PROGRAM" check "$work"/example*.json
for key in version profiles rules default audit extends mode when use may_choose namespace pod \
	container image sandbox handler annotation file syslog required annotations images scopes keys \
	formats reference allow deny snapshotters sources; do
	check "hardrun-policy(5): $key" grep -qE "^\.It Va (.* , )?$key( |\$)" "$policy_manual"
done

# ---- all manuals -----------------------------------------------------------------------

for page in docs/*.[0-9]; do
	if have mandoc; then
		parses "$page: mandoc has no complaint" mandoc -Tlint -W warning "$page"
	else
		skip "$page: mandoc has no complaint" "mandoc is not installed"
	fi
done

# ---- README and the other papers -------------------------------------------------------

papers=(README.md HACKING.md SECURITY.md NEWS.md docs/ARCHITECTURE.md docs/TOUR.md contrib/*/README.md)
for paper in "${papers[@]}"; do
	broken=
	while read -r link; do
		case $link in http*) continue ;; esac
		[ -e "$(dirname "$paper")/${link%%#*}" ] || broken+="$link "
	done < <(grep -oE '\]\([^)]+\)' "$paper" | sed 's/^](//; s/)$//')
	is "$broken" "" "$paper: every link leads somewhere"
done
is "$(missing_words README.md "${controls[@]/%/\`}")" "" "README: every control is in its table"
check "README: the number of controls" grep -q "apply ${#controls[@]} controls" README.md
awk '/^```/ {on = $0 ~ /toml/; next} on && NF' README.md > "$work/snippets"
is "$(grep -vxFf contrib/containerd/hardrun-1.x.toml "$work/snippets" |
	grep -vxFf contrib/containerd/hardrun-2.x.toml)" "" \
	"README: its configuration of containerd is that of contrib/containerd"
like "$(head -n 3 NEWS.md | tail -n 1) " "## $("$HR_PROGRAM" version | sed -n 's/^hardrun //p') " \
	"NEWS begins with this version"
for script in contrib/demo tests/ci; do
	check "README: $script can be run" test -x "$script"
done
for folder in $(dirname src/*/*.c | sort -u); do
	check "ARCHITECTURE: $folder" grep -q "\`$(basename "$folder")/\`" docs/ARCHITECTURE.md
done

# ---- contrib ---------------------------------------------------------------------------

parses "contrib/policy.json is good" "$HR_PROGRAM" check contrib/policy.json
python_reads json 'json.load(open(sys.argv[1]))' contrib/docker/daemon.json
for file in contrib/kubernetes/*.yaml; do
	python_reads yaml 'list(yaml.safe_load_all(open(sys.argv[1])))' "$file"
done
for file in contrib/containerd/*.toml contrib/podman/containers.conf; do
	python_reads tomllib 'tomllib.load(open(sys.argv[1], "rb"))' "$file"
done
for file in contrib/completion/_hardrun contrib/completion/hardrun.bash; do
	read -r -a words <<< "$(own_commands | tr '\n' ' ')${flags[*]}"
	is "$(missing_words "$file" "${words[@]}")" "" "$file: every own command and its flags"
done
parses "contrib/completion/hardrun.bash: bash reads it" bash -n contrib/completion/hardrun.bash
if have shellcheck; then
	parses "shell scripts of the papers: shellcheck has no complaint" \
		shellcheck -x contrib/completion/hardrun.bash tests/lint/docs.sh
else
	skip "shell scripts of the papers: shellcheck has no complaint" "shellcheck is not installed"
fi
finish
