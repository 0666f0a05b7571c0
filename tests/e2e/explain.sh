#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun explain as the person reads it who asks why a container did not start: the order,
# what was asked and given, what to write; which profile whose pod gets, whatever its author
# asks for; and the effective profile, which gives itself. What is expected comes from
# hardrun(8) and hardrun-policy(5).
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
LC_ALL=C
sandbox "$@"
cases=$HR_TEST_SRCDIR/tests/calls/cases
runc=$(stub_install runc-stub)
handler hardrun "$runc"
for name in restricted weak pay-debug; do handler "hardrun-$name" "$runc"; done
cd "$work" || exit 1

# explain ARGUMENT...: sets status, out and err.
explain() {
	timeout -k 1 20 "$HR_PROGRAM" explain "$@" >"$work/out" 2>"$work/err"
	status=$?
	out=$(<"$work/out") err=$(<"$work/err")
}
# entry PATH: the lines about it.
entry() {
	awk -v path="$1" 'index($0, path) == 1 { on = 1 } on && /^$/ { exit } on' <<<"$out"
}
# the path and action of every entry, in order
order() { grep -E '^[^ =].*\[[a-z, ]+\]$' <<<"$out" | tr '\n' ';'; }

# ---- what is read ----------------------------------------------------------------------

bundle b '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"] |
	.linux.maskedPaths = ["/proc/kcore", "/mine"]'
explain --bundle b
is "$status" 1 "a refused document is status 1"
is "$err" "" "and nothing on standard error"
like "$out" $'^profile  default \\(chosen by: default\\)\nverdict  refused, 2 refusals, [0-9]+ changes' "the summary comes first"
like "$out" $'\n== refused ==\n.*\n== changed ==\n' "refusals come before changes"
is "$(sed '/^== changed ==$/,$d' <<<"$out" | grep -oE '\[[a-z]+\]$' | sort -u)" "[refuse]" "only refusals stand before the changes"
is "$(sed -n '/^== changed ==$/,$p' <<<"$out" | grep -oE '\[[a-z]+\]$' | grep -c refuse)" 0 "and none behind"
like "$(order)" '^process\.capabilities\.bounding, \.effective  \[refuse\];' "fields that are refused alike are one entry"
like "$(entry process.capabilities.bounding)" \
	$'\n    asked   CAP_SYS_ADMIN\n    why     .*\n    rule    capabilities\\.allow \\(built-in\\)\n    remedy  .*"capabilities"' \
	"a refusal: asked, why, rule, remedy"
unlike "$(entry process.capabilities.bounding)" 'given' "a refusal gives nothing"
masked=$(entry linux.maskedPaths)
like "$masked" $'\n    asked   /proc/kcore /mine\n    given   \\+/proc/acpi .* and [0-9]+ more\n' "a long list: what is added, cut"
unlike "$masked" '\+(/proc/kcore|/mine)' "a long list: what was asked for is not repeated"
like "$masked" 'remedy  it depends on "paths": \{"masked": ' "an entry without advice names its option"
like "$(entry process.noNewPrivileges)" $'asked   -\n    given   true\n.*remedy  no option gives it; only "no_new_privs": \{"mode"' \
	"an entry that no option decides"
like "$out" $'\n\nThe remedies go into a profile that says "extends": "default"[^\n]*$' "where to write it, at the end"
unlike "$out" $'[^\n]{400}' "no line is very long"
unlike "$out" '[^ -~]'$'\t' "no odd byte"

bundle plain
explain --bundle plain
is "$status" 0 "an accepted document is status 0"
like "$out" $'\nverdict  accepted, [0-9]+ changes' "and the summary says so"
caps=$(entry process.capabilities.bounding)
like "$caps" $'^process.capabilities.bounding, .effective, .permitted  \\[set\\]\n    asked   CAP_CHOWN CAP_KILL CAP_MKNOD\n    given   -CAP_MKNOD\n' \
	"a shortened list: what is removed"
policy '{"version": 1, "default": "trial", "profiles": {"trial": {"extends": "restricted", "mode": "audit"}}}'
explain --bundle b
like "$status $out" $'^0 profile  trial .*\nverdict  accepted, (1 warning, )?[0-9]+ in audit mode\n' "mode audit: accepted, and counted"
like "$(order)" '^process\.capabilities\.bounding, \.effective  \[refuse, audit only\];|;process\.capabilities\.bounding, \.effective  \[refuse, audit only\];' \
	"mode audit: what would be refused says so"
like "$out" $'\nThe remedies go into profile "trial"' "where to write it: a profile of the policy"
policy '{"version": 1}'

# ---- for programs ----------------------------------------------------------------------

explain --bundle b --json
is "$status $(jq -c 'keys, (.counts | keys)' <<<"$out" | tr '\n' ' ')" \
	'1 ["chosen_by","counts","profile","report","verdict","version"] ["audited","changed","refused","unlisted","warned"] ' "--json: its keys"
is "$(jq -c '[.version, .profile, .chosen_by, .verdict, .counts.refused]' <<<"$out")" '[1,"default","default","refuse",2]' "--json: its values"
is "$(jq -c '[.report[] | select(.action == "refuse")] | length == 2' <<<"$out")" true "--json: counts are those of the report"
is "$(jq -c '[.counts | .refused + .changed + .warned + .audited] == [.report | length]' <<<"$out")" true "--json: every entry is counted"
is "$(jq -c '[.report[] | keys - ["remedy"] | join(" ")] | unique' <<<"$out")" '["action control from mode origin path rule to why"]' \
	"--json: the keys of an entry"

# ---- what the machine lacks, and what cannot be understood -----------------------------

# refused NAME REGEX ARGUMENT...: status 1, a first refusal like this, nothing on stderr.
refused() {
	local name=$1 regex=$2
	shift 2
	explain "$@"
	like "$status $err $(sed -n '/\[refuse\]/,/^$/p' "$work/out")" "^1  $regex" "$name"
}
mkdir -p empty && cp plain/config.json empty/
refused "no rootfs" $'root\\.path  \\[refuse\\]\n.*why +cannot be opened' --bundle empty
like "$(order)" 'process\.noNewPrivileges  \[set\]' "no rootfs: the rest is explained"
refused "a handler without a runtime" $'runtime  \\[refuse\\]\n.*hardrun-web.*ln -s' --bundle plain --handler hardrun-web --profile restricted
like "$(order)" 'process\.noNewPrivileges  \[set\]' "no runtime: the rest is explained"
chmod 777 "$runc"
refused "a runtime that others can change" $'runtime  \\[refuse\\]\n.*can be changed by others' --bundle plain
chmod 755 "$runc"
chmod 777 plain
refused "a bundle that others can change" $'bundle  \\[refuse\\]\n.*component "plain"' --bundle plain
chmod 755 plain && chown 1 plain/config.json
refused "a config.json of another" $'config\\.json  \\[refuse\\]\n.*others than root' --bundle plain
chown 0 plain/config.json
for mode in audit off; do
	policy '{"version": 1, "default": "t", "profiles": {"t": {"mode": "'$mode'"}}}'
	refused "mode $mode: no JSON" $'config\\.json  \\[refuse\\]\n.*config\\.json:1:[0-9]+: not JSON' - <<<'{"ociVersion": }'
	refused "mode $mode: a key twice" $'config\\.json  \\[refuse\\]\n.*stands twice' - <<<'{"process": {}, "process": {}}'
	refused "mode $mode: a key in another case" $'config\\.json  \\[refuse\\]\n.*[Pp]rocess' - <<<'{"ociVersion": "1.0.2", "Process": {}}'
	refused "mode $mode: a wrong type" $'config\\.json  \\[refuse\\]\n.*process.*must be' - <<<'{"ociVersion": "1.0.2", "process": []}'
	refused "mode $mode: a list" $'config\\.json  \\[refuse\\]\n.*object' - <<<'[]'
done
explain - --json <<<'{"ociVersion": }'
is "$status $(jq -c '[.verdict, .profile, .report[0].control, .report[0].mode]' <<<"$out")" '1 ["refuse",null,"reader","enforce"]' \
	"--json: no JSON is a report as well"
policy '{"version": 1}'
explain --bundle absent
is "$status" 4 "a bundle that is not there is status 4"
explain --bundle plain --profile restrictd
like "$status $err" '^3 .*did you mean "restricted"' "an unknown profile is status 3"
explain --bundle plain --handler hardrun-nobody
like "$status $err" '^3 .*hardrun-nobody.*no handler of this policy' "an unknown handler is refused, not defaulted"
for words in "--bundle" "--bundle a --id b" "- --effective" "--jsn" "b"; do
	read -ra words <<<"$words"
	explain "${words[@]}" </dev/null
	like "$status $err" '^2 .*usage: hardrun explain' "usage: ${words[*]}"
done
explain --id nobody
is "$status" 1 "--id of no container"
run hardrun --root "$work/root" create --bundle plain c1
explain --id c1
like "$status $out" $'^0 profile  default \\(chosen by: default\\)\nverdict  accepted' "--id: what was decided at create"
explain --id c1 --json
is "$(jq -c '[.version, .verdict, (.report | length > 3)]' <<<"$out")" '[1,"accept",true]' "--id --json"

# ---- whose pod gets which profile ------------------------------------------------------

policy '{
"version": 1,
"profiles": {"payment": {"extends": "restricted"}, "pay-debug": {"extends": "payment", "cwd": {"mode": "off"}}, "weak": {"mode": "off"}},
"rules": [
	{"when": {"namespace": ["pay-*"]}, "use": "payment", "may_choose": ["pay-debug"]},
	{"when": {"handler": "hardrun-weak"}, "use": "weak"},
	{"when": {"annotation": {"same": "*"}}, "use": "weak"},
	{"when": {"namespace": "capns", "container": "spoof"}, "use": "restricted"},
	{"when": {"image": "spoofed*"}, "use": "weak"}
]}'
tasks=$work/io.containerd.runtime.v2.task
# pod CASE NAMESPACE SPACE: a bundle of the recorded call in that namespace; prints its path.
pod() {
	local dir=$tasks/$3/$1
	mkdir -p "$dir/rootfs"
	jq -c --arg ns "$2" '(.annotations["io.kubernetes.cri.sandbox-namespace"]) |= $ns' "$cases/$1/config.json" >"$dir/config.json"
	printf '%s\n' "$dir"
}
# gets CASE NAMESPACE HANDLER PROFILE CHOSEN-BY NAME
gets() {
	explain --bundle "$(pod "$1" "$2" k8s.io)" --handler "$3" --json
	is "$(jq -r '"\(.profile) \(.chosen_by)"' <<<"$out")" "$4 ${5/#:/\/etc\/hardrun\/policy.json:}" "$1 in $2 by $3: $6"
}
for engine in cri16 cri17 cri21; do
	gets $engine-ctr-default pay-eu hardrun payment :5:2 "by its namespace"
	gets $engine-ctr-default pay-eu hardrun-weak payment :5:2 "another handler changes nothing"
	gets $engine-ctr-default pay-eu hardrun-restricted payment :5:2 "nor does one that names a profile"
	gets $engine-ctr-default pay-eu hardrun-pay-debug pay-debug handler "what the rule lets choose"
	gets $engine-ctr-spoof pay-eu hardrun-weak payment :5:2 "annotations of the pod change nothing"
	gets $engine-ctr-spoof capns hardrun restricted :8:2 "the container's own name is believed"
	gets $engine-ctr-default other hardrun-weak weak :6:2 "where nothing believed matches, the handler counts"
	gets $engine-pod-default pay-eu hardrun-weak sandbox sandbox "a pause container has its own profile"
	gets $engine-pod-spoof capns hardrun-weak sandbox sandbox "a pod cannot name its pause container or image"
done
# Outside of the CRI the same annotations are not believed.
explain --bundle "$(pod cri21-ctr-default pay-eu moby)" --json
is "$(jq -r .profile <<<"$out")" default "under another engine a namespace is only an annotation"
explain --bundle "$(pod cri21-ctr-default pay-eu k8s.io)" --profile weak
like "$out" '^profile  weak \(chosen by: --profile\)' "--profile goes before the rules"

# ---- --policy and --effective ----------------------------------------------------------

mkdir new && printf '%s\n' '{"version": 1, "profiles": {"web": {"extends": "restricted", // as agreed' \
	'"capabilities": {"allow": ["CAP_KILL", "CAP_CHOWN"]}, "cwd": {"mode": "audit"}}}, "default": "web"}' >new/policy.json
explain --bundle plain --policy new/policy.json --json
is "$(jq -c '[.profile, (.report[] | select(.path == "process.user.uid") | .action)]' <<<"$out")" '["web","refuse"]' "--policy: as that policy says"
explain --bundle plain --policy absent.json
is "$status" 4 "--policy: a file that is not there is status 4"
explain --effective --policy new/policy.json
like "$status $out" $'^0 // .*\n.*"allow": \\["CAP_KILL", "CAP_CHOWN"\\], // new/policy\\.json:2:18\n.*"strip": \\[.*\\], // built-in\n' \
	"--effective: every option with its place"
like "$out" $'"cwd": \\{\n +"mode": "audit" // new/policy\\.json:2:63\n' "--effective: a mode with its place"
explain --effective
like "$status $out" '^0 .*"default": "effective-default"' "--effective: what a container without a name gets"
explain --effective --handler hardrun-weak
like "$status $out" '^0 .*"weak": \{'$'\n'' *"mode": "off"' "--effective: what a handler gives"
for name in default restricted sandbox payment pay-debug weak; do
	explain --effective --profile $name
	cp out first.json
	written=$(jq -r .default <<<"$(sed 's, // .*,,; /^\/\//d' first.json)")
	explain --effective --profile $name --json
	cp out plain.json
	explain --effective --policy first.json --profile "$written" --json
	is "$status $(cmp out plain.json 2>&1)" "0 " "--effective: $name with comments gives itself"
	explain --effective --policy plain.json --json
	is "$status $(cmp out plain.json 2>&1)" "0 " "--effective: $name without comments gives the same bytes"
	cp first.json second.json && explain --effective --policy first.json
	cp out second.json && explain --effective --policy second.json
	is "$(sed 's/second\.json:/first.json:/' out)" "$(<second.json)" "--effective: $name: the places of what was fed back are its own"
	"$HR_PROGRAM" check first.json >check.out
	is "$? $(grep -v ' note: ' check.out)" "0 first.json: good" "--effective: $name is a good policy"
	explain --bundle b --profile $name --json
	jq -c '[.report[] | del(.origin)]' out >by-name.json
	explain --bundle b --policy plain.json --json
	is "$(jq -c '[.report[] | del(.origin)]' out)" "$(<by-name.json)" "--effective: $name decides as the profile does"
done
finish
