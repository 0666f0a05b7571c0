#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun check and hardrun diff as somebody uses them who writes a policy or a seccomp
# profile: what is good, what every mistake is called and where it is, what the difference of
# two profiles is, and the exit statuses. tests/seccomp/lint holds the mistakes in JSON
# profiles, profiles/seccomp/groups.seccomp what each group is. What is expected comes from
# the manuals.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
LC_ALL=C # bytes, not letters
HR_BUILDDIR=$(realpath "${HR_BUILDDIR:-.}")
sandbox "$@"
compile=$HR_BUILDDIR/tests/tools/seccomp_compile
lint=$HR_TEST_SRCDIR/tests/seccomp/lint profiles=$HR_TEST_SRCDIR/profiles/seccomp
machine=$(uname -m) architectures='x86_64 aarch64 riscv64 ppc64le s390x'
[ -x "$compile" ] || skip_all "tests/tools/seccomp_compile is not built"
mkdir "$work/files" && cd "$work/files" || exit 1

# hr ARGUMENT...: sets status, out and err; nothing may take long.
hr() {
	timeout -k 1 10 "$HR_PROGRAM" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	{ out=$(<"$work/out") err=$(<"$work/err"); } 2>/dev/null # bash warns of NULs
}

# file NAME TEXT: printf's %b escapes are read.
file() { printf '%b' "$2" >"$1"; }

seen=() # files that stay as they are; what check says of them is in said
# good NAME FILE
good() {
	local why=
	hr check "$2"
	[ "$status" -eq 0 ] || why+="status $status"$'\n'
	[[ $out == "$2: good"* && $out != *$'\n'* ]] || why+="out: $out"$'\n'
	[ -z "$err" ] || why+="err: $err"$'\n'
	if [ -z "$why" ]; then ok "$1"; else not_ok "$1" "$why"; fi
	seen+=("$2")
	echo "$2" >>"$work/said"
}

# finds NAME FILE "PLACE REGEX"...: exactly these findings, in this order. PLACE is
# LINE:COLUMN, or two of them with a / between, where either will do.
finds() {
	local name=$1 file=$2 why='' lines=() line place i=0
	shift 2
	hr check "$file"
	mapfile -t lines <<<"$out"
	[ "$status" -eq 1 ] || why+="status $status, not 1"$'\n'
	[ -z "$err" ] || why+="err: $err"$'\n'
	[ ${#lines[@]} -eq $# ] || why+="${#lines[@]} findings, not $#"$'\n'
	for line; do
		place=${line%% *}
		[[ ${lines[i]-} == "$file:${place%/*}: "* || ${lines[i]-} == "$file:${place#*/}: "* ]] ||
			why+="not at $place: ${lines[i]-}"$'\n'
		[[ ${lines[i]-} =~ ${line#* } ]] || why+="not like /${line#* }/: ${lines[i]-}"$'\n'
		i=$((i + 1))
	done
	[[ $out != *[!$'\x20'-$'\x7e\n']* ]] || why+="an odd byte: ${out@Q}"$'\n'
	if [ -z "$why" ]; then ok "$name"; else not_ok "$name" "$why$out"; fi
	seen+=("$file")
	printf '%s\n' "$file" "$out" >>"$work/said"
}

# json NAME: check --json says of all files since the last time what check said.
json() {
	hr check --json "${seen[@]}"
	is "$status $(wc -l <"$work/out")" "1 ${#seen[@]}" "$1: --json gives a line a file"
	is "$(jq -c 'select((keys == ["file", "findings", "notes"]) and
		([.findings[], .notes[]] | all(type == "string")) | not)' <<<"$out")" "" "$1: --json has its three keys"
	is "$(jq -r '.file, .findings[]' <<<"$out")" "$(<"$work/said")" "$1: --json says the same"
	seen=()
	: >"$work/said"
}

# fails NAME STATUS REGEX ARGUMENT...: nothing on standard output, a line on standard error.
fails() {
	local name=$1 wanted=$2 regex=$3 why=
	shift 3
	hr "$@"
	[ "$status" -eq "$wanted" ] || why+="status $status, not $wanted"$'\n'
	[ -z "$out" ] || why+="out: ${out:0:200}"$'\n'
	[[ $err =~ ^hardrun:\ [^$'\n']+$ ]] || why+="err is not one line: $err"$'\n'
	[[ $err =~ $regex ]] || why+="not like /$regex/: $err"
	if [ -z "$why" ]; then ok "$name"; else not_ok "$name" "$why"; fi
}

# ---- usage and exit statuses -----------------------------------------------------------

file read.seccomp 'allow read\n'
file write.seccomp 'allow read write\n'
file wrong.seccomp 'allow read\nallow raed\n'
file policy.json '{"version": 1}\n'
good "check: the smallest policy" policy.json
good "check: the smallest source" read.seccomp
finds "check: a mistake is status 1" wrong.seccomp '2:7 raed'
for command in check diff explain; do
	hr "$command" --help
	like "$status $out" "^0 usage: hardrun $command " "$command --help"
	is "$err" "" "$command --help: on standard output"
done
fails "check of an unknown option" 2 '--jsn' check --jsn policy.json
fails "diff of nothing" 2 'usage: hardrun diff' diff
fails "diff of one" 2 'usage: hardrun diff' diff default
fails "diff of three" 2 'usage: hardrun diff' diff default default default
fails "diff of a policy and a seccomp profile" 2 'not of one kind.*FILE:NAME' diff policy.json read.seccomp
fails "diff of a policy and a profile" 2 'not of one kind' diff policy.json default
fails "diff of a profile that the file does not have" 3 'there is no profile "defualt"; did you mean "default"' \
	diff default policy.json:defualt
fails "diff of an unknown option" 2 '--jsn' diff --jsn default restricted
fails "diff: the second is no profile" 4 'hardrun: .*"?restrictd"?.*(default|restricted)' diff default restrictd
fails "diff: the first is no profile" 4 'hardrun: .*"?defualt"?.*(default|restricted)' diff defualt restricted
fails "diff: a file that is not there" 4 'hardrun: absent\.seccomp: ' diff absent.seccomp default
fails "diff: a source with a mistake" 3 'hardrun: wrong\.seccomp:2:7: raed.*did you mean read' diff default wrong.seccomp
hr check absent.json
is "$status $out$err" "4 absent.json: missing (ENOENT)" "check: a file that is not there is status 4"

hr check policy.json wrong.seccomp read.seccomp
is "$status ${out//:*/}" "1 policy.json" "check: several files, the status is that of the worst"
like "$out" ^$'policy.json: good[^\n]*\nwrong.seccomp:2:7: [^\n]*\nread.seccomp: good[^\n]*$' \
	"check: several files, each in turn"
for order in "absent.json wrong.seccomp policy.json" "policy.json wrong.seccomp absent.json"; do
	read -ra files <<<"$order"
	hr check "${files[@]}"
	is "$status $(wc -l <<<"$out")" "4 3" "check: $order"
	hr check --json "${files[@]}"
	is "$status $(jq -s -c '[.[].file]' <<<"$out")" \
		"4 $(jq -n -c '$ARGS.positional' --args "${files[@]}")" "check --json: $order"
done

# ---- policies and what they name -------------------------------------------------------

mkdir -p etc/seccomp
# names PROFILE...: etc/policy.json, each named from a line of its own, from the second on, and
# used by a rule.
names() {
	local name separator='{"version": 1, "profiles": {'
	for name; do
		printf '%s\n\t"p%s": {"seccomp": {"profile": "%s"}}' "$separator" "$name" "$name"
		separator=,
	done >etc/policy.json
	printf '\n}, "rules": [' >>etc/policy.json
	separator=
	for name; do
		printf '%s{"when": {"namespace": "n%s"}, "use": "p%s"}' "$separator" "$name" "$name"
		separator=', '
	done >>etc/policy.json
	printf ']}\n' >>etc/policy.json
}
at='2:[0-9]+: seccomp\.profile:' # of the option in the policy
# policy_finds NAME REGEX: one finding, that begins with the place in the policy.
policy_finds() {
	local why=
	hr check etc/policy.json
	[ "$status $(wc -l <<<"$out")" = "1 1" ] || why="status $status, $(wc -l <<<"$out") lines"
	if [ -z "$why" ] && [[ $out =~ ^etc/policy\.json:$at\ $2 ]]; then ok "$1"; else not_ok "$1" "$why wanted /$2/, got $out"; fi
}
names default
good "policy: a built-in profile" etc/policy.json
names web
policy_finds "policy: a profile that is nowhere" '.*web.*etc/seccomp/web\.seccomp .*web\.json'
file etc/seccomp/web.seccomp 'include default\nallow @aio\n'
good "policy: a source beside it" etc/policy.json
file etc/seccomp/web.seccomp 'include default\n\nallow read\n\twirte\n'
policy_finds "policy: a source with a mistake" 'etc/seccomp/web\.seccomp:4:2: wirte .*did you mean write'
hr check "$PWD/etc/policy.json"
like "$out" "$PWD/etc/seccomp/web.seccomp:4:2: wirte" "policy: the place of the mistake is a path from here"
rm etc/seccomp/*
file etc/seccomp/web.json '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,\n "syscalls": [{"names": ["read", "umask"], "action": "SCMP_ACT_ALLOW"}]}\n'
good "policy: a JSON profile beside it" etc/policy.json
file etc/seccomp/web.json '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,\n "syscalls": [{"names": ["read"], "actions": "SCMP_ACT_ALLOW"}]}\n'
policy_finds "policy: a JSON profile with an unknown key" 'etc/seccomp/web\.json:2:35: .*actions'
file etc/seccomp/web.json '{"defaultAction": "SCMP_ACT_ERRNO",\n\n"syscalls": [}\n'
policy_finds "policy: a profile that is no JSON" 'etc/seccomp/web\.json:3:[0-9]+: not JSON'
file etc/seccomp/web.json '{\n"defaultAction": "SCMP_ACT_ALLOW"}\n'
policy_finds "policy: a profile that lets through what it does not list" \
	'etc/seccomp/web\.json:(2:1:)?.*defaultAction lets through.*SCMP_ACT_ERRNO'
file etc/seccomp/web.json '{"version": 1}\n'
policy_finds "policy: a policy where a profile should be" 'etc/seccomp/web\.json:.*(defaultAction|version)'
rm etc/seccomp/*
ln -s /etc/hostname etc/seccomp/web.seccomp
policy_finds "policy: a link" 'etc/seccomp/web\.seccomp: is a symbolic link'
rm etc/seccomp/* && mkfifo etc/seccomp/web.seccomp
policy_finds "policy: a FIFO" 'etc/seccomp/web\.seccomp: is not a regular file'
rm etc/seccomp/* && mkdir etc/seccomp/web.seccomp
policy_finds "policy: a directory" 'etc/seccomp/web\.seccomp: is not a regular file'
rmdir etc/seccomp/*
for name in '' . ../web a/b /etc/web 'a b' '*'; do
	names "$name"
	hr check etc/policy.json
	like "$status $out" "^1 etc/policy\.json:2:[0-9]+: seccomp\.profile must be a name" "policy: the name '$name'"
done
names one default two
file etc/seccomp/one.seccomp 'allow raed\n'
file etc/seccomp/two.seccomp 'allow wirte\n'
hr check etc/policy.json
like "$status $out" '^1 etc/policy.json:2:.*one.seccomp:1:7: raed' \
	"policy: the first mistake of two profiles"

seen=()
: >"$work/said" # these policies have changed since
# Several mistakes at once, from top to bottom, each once; what is inherited is not said twice.
file etc/policy.json '{
"version": 1,
"profils": {},
"profiles": {
"a": {"capabilities": {"alow": [], "allow": ["CAP_X"]}, "mode": "of"},
"b": {"extends": "a", "restore": {"allow": 1}},
"c": {"extends": "d", "seccomp": {"profile": "nowhere"}}, "e": {"extends": "a"}
},
"rules": [{"when": {"namespaces": "x"}, "use": "restrictd"}],
"default": "none"
}
'
finds "policy: several mistakes" etc/policy.json '3:1 has no "profils"; did you mean "profiles"' '5:24 has no option "alow"' \
	'5:46 "CAP_X" is no capability' '5:57 mode must be' '6:35 restore.allow must be true or false' \
	'7:7 there is no profile "d"' '7:35 seccomp.profile:' '9:21 did you mean "namespace"' \
	'9:41 there is no profile "restrictd"; did you mean "restricted"' '10:1 there is no profile "none"'
json "policy: several mistakes"
# has NAME POLICY "PLACE REGEX"...: good, with exactly these notes.
has() {
	local name=$1 why='' line lines i=0
	file etc/policy.json "$2"
	shift 2
	hr check etc/policy.json
	mapfile -t lines <<<"$out"
	[ "$status ${lines[0]}" = "0 etc/policy.json: good" ] || why+="status $status: ${lines[0]}"$'\n'
	[ ${#lines[@]} -eq $(($# + 1)) ] || why+="${#lines[@]} lines"$'\n'
	for line; do
		i=$((i + 1))
		[[ ${lines[i]-} =~ ^etc/policy.json:${line%% *}:\ note:\ .*${line#* } ]] || why+="not /$line/: ${lines[i]-}"$'\n'
	done
	if [ -z "$why" ]; then ok "note: $name"; else not_ok "note: $name" "$why$out"; fi
}
has "a rule on the handler" '{"version": 1, "rules": [\n{"when": {"handler": "h"}, "use": "restricted"}]}' '2:1 does not enforce.*namespace'
has "a rule that never matches" '{"version": 1, "rules": [{"when": {"namespace": "a*"}, "use": "restricted"},
{"when": {"namespace": ["ab", "a-*"], "pod": "p"}, "use": "default"}]}' '2:1 never matches.*etc/policy.json:1:26'
has "a profile that nobody uses" '{"version": 1, "profiles": {\n"web": {}}}' '2:1 no rule uses profile "web".*hardrun-web'
has "audit left on, and a control that is off" '{"version": 1, "default": "web", "profiles": {"web": {
"mode": "audit",\n"cwd": {"mode": "off"}}}}' '2:1 audit is left on' '3:9 mode off: cwd'
has "learn left on" '{"version": 1, "default": "web", "profiles": {"web": {\n"seccomp": {"log": true, "learn": true}}}}' \
	'2:26 learn is left on: .* not for production'
file etc/seccomp/web.seccomp 'include default\nremove umask\n'
has "a filter without umask" '{"version": 1, "default": "web", "profiles": {"web": {\n"seccomp": {"profile": "web"}}}}' '2:13 web refuses umask.*crun'
hr check --json etc/policy.json
is "$(jq -c '.findings, (.notes | length)' <<<"$out" | tr '\n' ' ')" "[] 1 " "note: --json has it"
rm etc/seccomp/*

# ---- images that must be signed --------------------------------------------------------

# With hardrun-image beside it, and without.
mkdir "$work/beside" "$work/alone" etc/keys
cp "$HR_PROGRAM" "$work/beside/hardrun" && cp "$HR_PROGRAM" "$work/alone/hardrun"
printf '#!/bin/sh\n' >"$work/beside/hardrun-image" && chmod 755 "$work/beside/hardrun-image"
program=$HR_PROGRAM HR_PROGRAM=$work/beside/hardrun
digest=sha256:$(printf '%064d' 0)
pem='-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n'
file etc/keys/pay.pub "$pem" && file etc/keys/two.pub "$pem$pem"
file etc/keys/secret.pub '-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n'
file etc/policy.json '{"version": 1,
"images": {
"pay": [{"scopes": ["registry.example/pay*"], "keys": ["pay.pub", "secret.pub"]},
{"scopes": ["registry.example/x:v1", "registry.example/Y"], "key": ["pay.pub"], "allow": ["sha256:0"]},
{"scopes": ["*"], "formats": ["cosing"], "reference": "none", "keys": ["two.pub", "gone.pub"]}],
"none": {"scopes": ["*"], "keys": ["pay.pub"]},
"empty": {"scopes": ["*"]}
},
"profiles": {
"a": {"image": {"require": "pya", "timeout_ms": 5, "socket": "x"}},
"b": {"image": {"require": null}}
}}
'
finds "images: several mistakes" etc/policy.json '3:21 "registry.example/pay\*": a \* stands alone' \
	'3:67 key etc/keys/secret.pub: holds a PRIVATE key' '4:13 has no tag' '4:38 lower-case' \
	'4:61 no "key"; did you mean "keys"' '4:91 64 hexadecimal digits' '5:31 did you mean "cosign"' \
	'5:72 two.pub: holds more than one block' '5:83 gone.pub: missing' '6:1 "none" cannot be required' \
	'7:1 accepts no image: add "keys"' '10:17 no "pya"; did you mean "pay"' '10:35 100 to 10000' \
	'10:52 absolute path' '11:17 must be a name of the section images'
seen=()
: >"$work/said"
has "a requirement that nobody names" '{"version": 1, "images": {\n"pay": {"scopes": ["registry.example/pay"], "keys": ["pay.pub"]}}}' \
	'2:1 no profile that a container gets requires "pay"'
has "all is required, and nothing is listed" '{"version": 1, "default": "web", "profiles": {"web": {"image": {
"require": "*"}}}}' '2:1 nothing is required as long as'
paused='{"when": {"sandbox": true}, "use": "pause"}'
# required ENTRIES: a policy that is as it should be, but for what the entries are.
required() {
	printf '{"version": 1, "images": {"pay": [\n%s]}, "default": "web", "rules": [%s], "profiles": {"web": {"image": {\n%s}}, %s}}' \
		"$1" "$paused" '"require": "pay"' '"pause": {"extends": "sandbox", "image": {"require": "pay"}}'
}
has "nothing, where images are required" "$(required '{"scopes": ["registry.example/pay/*"], "keys": ["pay.pub"]}')"
has "a scope twice" "$(required '{"scopes": ["redis"], "keys": ["pay.pub"]},
{"scopes": ["library/redis"], "keys": ["pay.pub"]}')" '3:13 the entry at etc/policy.json:2:13 has the same scope'
has "a key for several repositories" "$(required '{"scopes": ["registry.example/*"], "reference": "none", "keys": ["pay.pub"]}')" \
	'2:1 reference none'
has "digests alone, for all" "$(required "{\"scopes\": [\"*\"], \"allow\": [\"$digest\"], \"deny\": [\"$digest\"]}")" \
	'2:1 has no key' '2:29 "deny" too'
paused='{"when": {"namespace": "web"}, "use": "web"}'
has "a pause container that need not be signed" "$(required '{"scopes": ["registry.example/*"], "keys": ["pay.pub"]}')" \
	'2:88 pause container need not be' '3:21 no rule uses profile "pause"'
HR_PROGRAM=$work/alone/hardrun
alone='{"version": 1, "default": "restricted", "images": {\n"pay": {"scopes": ["registry.example/pay"], "keys": ["pay.pub"]}}}'
has "no hardrun-image" "$alone" '2:1 hardrun-image is not beside this program' '2:1 pause container need not be'
# What create would find is a mistake; the keys are those of the machine.
mkdir /etc/hardrun/policy.d /etc/hardrun/keys
cp etc/keys/pay.pub /etc/hardrun/keys/
file /etc/hardrun/policy.d/images.json "$alone"
hr check
like "$status $out" '^1 /etc/hardrun/policy.d/images.json:2:1: hardrun-image is not beside' "check: no hardrun-image, on the machine"
HR_PROGRAM=$work/beside/hardrun
hr check
like "$status $out" '^0 /etc/hardrun: good' "check: hardrun-image is beside it"
chmod 666 /etc/hardrun/keys/pay.pub
hr check
like "$status $out" '^1 /etc/hardrun/policy.d/images.json:2:[0-9]+: key /etc/hardrun/keys/pay.pub: others than root' "check: a key that others can change"
rm -r /etc/hardrun/policy.d /etc/hardrun/keys
# A profile as a policy has what it requires, and keys that are found from anywhere.
file etc/policy.json "$(required '{"scopes": ["registry.example/pay/*"], "keys": ["pay.pub"]}')"
for as in --json ''; do
	hr explain --effective ${as:+"$as"} --policy "$PWD/etc/policy.json" --profile web
	printf '%s\n' "$out" >again.json
	like "$out" "\"pay\": \\[.*\"keys\":\\[\"$PWD/etc/keys/pay.pub\"\\]" "explain --effective $as: what is required"
	hr check again.json
	like "$status $out" '^0 again.json: good' "explain --effective $as: is a policy"
done
# What is required is a difference of two policies.
required '{"scopes": ["registry.example/pay/*"], "keys": ["pay.pub"]}' | sed 's/"pay": \[/"site": {"scopes": ["*"], "keys": ["pay.pub"]}, &/' >etc/other.json
hr diff etc/policy.json etc/other.json
like "$status $out" '^1 policy.~ images\.site: - -> \[\{"scopes":\["\*"\],"keys":\["pay\.pub"\]\}\]' "diff: a requirement is gained"
hr diff etc/other.json etc/policy.json
like "$status $out" '^1 policy.~ images\.site: \[.*\] -> -' "diff: a requirement is lost"
sed 's/"require": "pay"/"require": "none"/' etc/policy.json >etc/other.json
hr diff --json etc/policy.json etc/other.json
is "$(jq -c '.profiles[] | select(.from == "web") | .options' <<<"$out")" '[{"option":"image.require","from":"pay","to":"none"}]' \
	"diff: images need not be signed any more"
sed 's/pay\.pub/two.pub/' etc/policy.json >etc/other.json
file etc/keys/two.pub "$pem"
hr diff etc/policy.json etc/other.json
like "$out" '~ images\.pay: -\{.*"pay\.pub".*\} \+\{.*"two\.pub".*\}' "diff: another key"
rm -r etc/keys etc/other.json again.json
HR_PROGRAM=$program

# The directory of the machine, as create would load it.
# whole NAME STATUS REGEX: check without a file.
whole() {
	hr check
	like "$status $out" "^$2 .*$3" "check: $1"
}
whole "the policy of the machine" 0 '/etc/hardrun: good$'
mkdir /etc/hardrun/policy.d
echo '{"version": 1, "profiles": {"b": {}}}' >/etc/hardrun/policy.d/b.json
echo '{"version": 1, "profiles": {"a": {"extends": "b"}}}' >/etc/hardrun/policy.d/a.json
echo '{"version": 1, "default": "a"}' >/etc/hardrun/policy.json
whole "profiles of other files" 0 '/etc/hardrun: good$'
echo '{"version": 1, "profiles": {"b": {}}}' >/etc/hardrun/policy.d/c.json
whole "a profile in two files" 1 'policy\.d/c\.json:1:29: profile "b" is there already \(/etc/hardrun/policy.d/b.json\)'
chmod 666 /etc/hardrun/policy.json && chmod 775 /etc/hardrun/policy.d && chown 1 /etc/hardrun/policy.d/a.json
whole "owners and modes" 1 'policy\.d: others than root.*policy\.d/a\.json: others.*policy\.d/c\.json.*policy\.json: others'
rm -r /etc/hardrun/policy.d && echo '{"version": 1,}' >/etc/hardrun/policy.json && chmod 644 /etc/hardrun/policy.json
whole "no JSON" 1 '/etc/hardrun/policy.json:1:1[56]: not JSON'
rm /etc/hardrun/policy.json
whole "no policy.json" 1 'policy.json is missing.*refuses every container'
hr explain --effective
is "$status" 3 "explain: no policy.json"
chmod 777 /etc/hardrun
whole "a directory that others can write" 1 'component "hardrun" can be changed'
chmod 755 /etc/hardrun && policy '{"version": 1}'
mv /etc/hardrun /etc/hardrun.aside
whole "no directory" 0 'it is not there, so the built-in profiles'
mv /etc/hardrun.aside /etc/hardrun

# The same where they are read for a container; and who may write there.
bundle "$work/b" && bundle "$work/b-privileged" '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
mkdir /etc/hardrun/seccomp && names local && cp etc/policy.json /etc/hardrun/
printf 'include default\nallow @aio\n' >/etc/hardrun/seccomp/local.seccomp
# explain NAME STATUS [REGEX [BUNDLE]]: of a container that gets the profile that names local.
explain() {
	hr explain --bundle "$work/${4:-b}" --profile plocal
	like "$status $out $err" "^$2 .*${3:-}" "explain: $1"
}
# refuses NAME REGEX: the containers that get that profile, and no others.
refuses() {
	explain "$1" 1 "linux\\.seccomp  \\[refuse\\].*$2"
	hr explain --bundle "$work/b" --profile default
	is "$status" 0 "explain: $1, and other containers go on"
}
explain "a profile of the policy's own" 0 'linux\.seccomp'
explain "a document that is refused" 1 CAP_SYS_ADMIN b-privileged
local_file=/etc/hardrun/seccomp/local.seccomp
printf 'include default\nallow raed\n' >$local_file
refuses "a profile with a mistake" 'local\.seccomp:2:7: raed'
printf 'include default\n' >$local_file
for mode in 666 664 646; do
	chmod $mode $local_file
	explain "a profile of mode $mode" 3 "$local_file"
done
chmod 644 $local_file && chown 1:0 $local_file
explain "a profile that is another's" 3 "$local_file"
chown 0:0 $local_file && chmod 777 /etc/hardrun/seccomp
explain "a profile in a directory of mode 777" 3 /etc/hardrun/seccomp
chmod 755 /etc/hardrun/seccomp
explain "and good again" 0
mv $local_file /etc/hardrun/seccomp/other.seccomp && ln -s other.seccomp $local_file
explain "a profile that is a link" 3 "$local_file.*symbolic link"
rm $local_file
explain "a profile that is gone" 3 'local.*/etc/hardrun/seccomp'
json_file=/etc/hardrun/seccomp/local.json
printf '{"defaultAction": "SCMP_ACT_ERRNO",\n"syscalls": [}\n' >$json_file
explain "a profile that is no JSON" '[13]' 'local\.json:2:[0-9]+: not JSON'
printf '{"defaultAction": "SCMP_ACT_ERRNO",\n "flag": []}\n' >$json_file
refuses "a profile with an unknown key" 'local\.json:2:2: .*flag'
printf '{"defaultAction": "SCMP_ACT_ALLOW"}\n' >$json_file
refuses "a profile that lets through what it does not list" 'local\.json:.*defaultAction.*SCMP_ACT_ERRNO'
printf '{"defaultAction": "SCMP_ACT_ERRNO",\n "archMap": [{"architecture": "SCMP_ARCH_MIPS"}]}\n' >$json_file
refuses "a profile for other machines" 'local\.json:2:2: .*SCMP_ARCH_'

# And by create, which an engine calls.
runc=$(stub_install runc-stub)
handler hardrun "$runc"
sed -i 's/"namespace": "nlocal"/"handler": "hardrun"/' /etc/hardrun/policy.json
rm $json_file && printf 'include default\nallow @aio\n' >$local_file
run hardrun --root "$work/root" create --bundle "$work/b" good
is "$status $(stub_calls "$runc" | wc -l)" "0 1" "create: a profile of the policy's own"
stub_forget "$runc"
is "$(jq -c '.linux.seccomp.syscalls | map(select(.names | index("io_setup")) | .action)' "$work/b/config.json")" \
	'["SCMP_ACT_ALLOW"]' "create: what the profile adds is in config.json"
printf 'include default\nallow @aoi\n' >$local_file
bundle "$work/b"
run hardrun --root "$work/root" create --bundle "$work/b" bad
is "$status $(stub_calls "$runc" | wc -l)" "1 0" "create: a profile with a mistake refuses"
like "$(<"$work/err")" 'local\.seccomp:2:7: .*@aoi' "create: and says where"

# ---- sources ---------------------------------------------------------------------------

seen=()
: >"$work/said" # these policies have changed since
# source_finds NAME TEXT "LINE:COLUMN REGEX"
source_finds() {
	file "source-$count.seccomp" "$2"
	finds "source: $1" "source-$count.seccomp" "$3"
}
source_finds "an unknown call" 'allow read\nallow raed\n' '2:7 raed is no system call; did you mean read\?'
source_finds "an unknown call in a line that goes on" 'allow read # yes\n\n\t  write wirte\n' '3:10 wirte .*did you mean write'
source_finds "an unknown call that is like none" 'allow frobnicate\n' '1:7 frobnicate is no system call'
source_finds "capitals" 'allow Read\n' '1:7 Read is no system call; did you mean read'
source_finds "allowed and refused" 'allow read\nanswer EPERM read\n' '2:14 read .*line 1'
source_finds "allowed twice with other calls between" 'allow read\n# more\nanswer EPERM mount read\n' '3:20 read .*line 1'
source_finds "with and without conditions" 'allow lseek where arg1 is 0\nallow lseek\n' '2:7 lseek .*line 1.*conditions'
source_finds "without and with conditions" 'allow lseek\nanswer EPERM lseek where arg1 is 0\n' '2:14 lseek .*line 1'
source_finds "a line within another" 'allow socket where domain is 1..9\nallow socket where domain is 5\n' '2:7 socket.*line 1.*keep'
source_finds "ranges that overlap" 'allow socket where domain is 0..9\n\nanswer EPERM socket where domain is 5\n' \
	'3:14 socket.*line 1'
source_finds "other arguments" 'allow socket where domain is AF_UNIX\nanswer EPERM socket where type is SOCK_RAW\n' \
	'2:14 socket.*same arguments.*'
source_finds "the same conditions" 'allow socket where domain is AF_UNIX\nanswer EPERM socket where domain is AF_UNIX\n' \
	'2:14 socket.*same.*'
source_finds "an unknown group" 'allow @nope\n' '1:7 .*@nope'
source_finds "a group that comes below" 'allow @later\ngroup @later read\n' '1:7 .*@later above this line'
source_finds "a group without @" 'group later read\n' '1:7 .*@'
source_finds "an unknown call in a group" 'group @mine read raed\nallow @mine\n' '1:18 raed .*did you mean read'
source_finds "an unknown call in a group that nobody uses" 'include default\ngroup @mine raed\n' '2:13 raed .*did you mean read'
source_finds "a group with the name of a library's" 'group @aio read\nallow @aio\n' '1:7 .*@aio .*another name'
source_finds "a group of architectures" 'group[x86_64] @mine read\n' '1:6 group is for all architectures'
source_finds "include of nothing" 'include nothing\n' '1:9 nothing is no built-in profile.*default.*restricted'
source_finds "include of a file" 'include ./local.seccomp\n' '1:9 .*no built-in profile.*default'
source_finds "include without a name" 'include\n' '1:1 include .*default'
source_finds "include too late" 'allow read\ninclude default\n' '2:1 include comes first'
source_finds "an unknown statement" 'alow read\n' '1:1 alow .*allow'
source_finds "a line that goes on with nothing" '\tallow read\n' '1:2 .*left margin'
source_finds "no call" 'include default\nallow\n' '2:1 allow names no'
source_finds "an unknown architecture" 'allow[arm64] read\n' '1:7 arm64 .*aarch64'
source_finds "a blank before the architecture" 'allow [x86_64] read\n' '1:7 [^\\]*(blank|behind allow|allow\[)[^\\]*$'
source_finds "a bracket that stays open" 'allow[x86_64 read\n' '1:14 .*\]'
source_finds "commas" 'allow read,write\n' '1:7 [^\\]*(blank|comma)[^\\]*$'
source_finds "an unknown error" 'answer EFOO mount\n' '1:8 EFOO .*EPERM'
source_finds "no error" 'answer mount\n' '1:8 mount .*error.*EPERM'
source_finds "the answer of all that is not listed" 'answer ENOSYS mount\n' '1:8 ENOSYS .*leave'
source_finds "an unknown argument" 'allow socket where family is AF_UNIX\n' '1:20 family .*domain, type, protocol'
source_finds "an argument that no call has" 'allow read where arg6 is 1\n' '1:18 arg6 .*arg0 to arg5'
source_finds "an unknown constant" 'allow socket where domain is AF_UNX\n' '1:30 AF_UNX .*no value'
source_finds "a number of 33 bits" 'allow lseek where arg1 is 4294967296\n' '1:27 4294967296 .*32 bits'
source_finds "a range the wrong way round" 'allow socket where domain is 5..3\n' '1:30 5\.\.3 .*swap'
source_finds "an argument twice" 'allow socket where domain is 1 and domain is 2\n' '1:36 domain .*twice.*one'
source_finds "a value outside the mask" 'allow ioctl where request & 0xf is 0x1f\n' '1:36 0x1f .*mask'
source_finds "a condition that always holds" 'allow lseek where arg1 is 0..0xffffffff\n' '1:24 .*every value.*leave'
source_finds "no condition" 'allow read where\n' '1:12 .*where'
source_finds "no value" 'allow read where arg0 is\n' '1:23 is names no value'
source_finds "a condition without is" 'allow read where arg0 equals 1\n' '1:23 .*is VALUE'
source_finds "remove with a condition" 'include default\nremove socket where domain is 1\n' '2:15 remove takes no conditions'
source_finds "remove of what is not there" 'include default\nremove io_setup\n' '2:8 .*io_setup.*leave'
source_finds "remove of an architecture" 'include default\nremove[x86_64] read\n' '2:7 remove is for all architectures'
source_finds "JSON" '{"defaultAction": "SCMP_ACT_ERRNO"}\n' '1:1 [^\\]*\.json[^\\]*$'
source_finds "a byte order mark" '\xef\xbb\xbfallow read\n' '1:1 .*(UTF-8|byte order|begins? with)'
source_finds "a NUL in a line" 'allow read\0write\n' '1:11 .*NUL'
source_finds "NULs alone" '\0\0\0\0' '1:1 .*NUL'
source_finds "no end of binary bytes" 'allow read\n\x80\xff\x01\x1b[2J\n' '2:1 '

source_good() { # NAME TEXT
	file "source-$count.seccomp" "$2"
	good "source: $1" "source-$count.seccomp"
}
source_good "comments, empty lines, lines that go on" '# c\n\nallow read # c\n\n# c\n\t# c\n  write\n\n'
source_good "no newline at the end" 'allow read'
source_good "lines of another system" 'allow read\r\nallow write\r\n'
source_good "the manual's first example" 'include default\nallow @aio @numa\n'
source_good "the manual's second example" 'include default\nremove socket\nallow socket where domain is AF_UNIX\nanswer EAFNOSUPPORT socket where domain is 0 2..63\n'
source_good "a group in two lines" 'group @mine read\ngroup @mine write where arg2 is 0\nallow @mine\n'
source_good "groups that have calls in common" 'allow @sysvipc @sysvshm\nallow @sched @nice\n'
source_good "the same answer for the same arguments" 'allow socket where domain is AF_UNIX\nallow socket where type is SOCK_STREAM\n'
source_good "another order of arguments" 'allow socket where type is 1 and domain is 1\nanswer EPERM socket where type is 2 and protocol is 2\n'
source_good "a group of groups" 'group @mine @aio read\nallow @mine\n'
source_good "less than default" 'include default\nanswer EPERM @setid\nremove @chown\n'
source_good "remove of a group that is there in part" 'include default\nremove @sysvipc\n'
source_good "remove of what was just said" 'include default\nallow socket\nremove socket\n'
source_good "conditions that exclude each other" 'allow socket where domain is 1 and type is 1\nanswer EPERM socket where domain is 1 and type is 2..5\nallow socket where domain is 2 and protocol is 0\n'
source_good "another architecture's conditions" 'allow[x86_64] read\nallow[not x86_64] read where arg0 is 1\n'
source_good "the same conditions on another architecture" 'allow[x86_64] socket where domain is 1\nanswer[aarch64] EPERM socket where domain is 1\n'

json "sources"

for path in "$profiles"/*.seccomp; do
	name=$(basename "$path")
	[ "$name" != groups.seccomp ] || continue
	cp "$path" . && good "$name is good" "$name"
	wanted=
	for arch in $architectures; do
		wanted+="${wanted:+, }$("$compile" --count "$name" "$arch") on $arch"
	done
	hr check "$name"
	is "$out" "$name: good: system calls: $wanted" "$name: what it lets through"
done
# As somebody's own file the library would take the names of the library.
cp "$profiles/groups.seccomp" . && finds "groups.seccomp, as a file" groups.seccomp \
	"$(grep -n -m 1 '^group' groups.seccomp | cut -d: -f1):7 @chown .*another name"
hr version
calls=$(sed -n "s/^seccomp default: \([0-9]*\) system calls on $machine$/\1/p" "$work/out")
hr check default.seccomp
like "$out" " ${calls:-none} on $machine" "version and check count the same"

# ---- JSON profiles ---------------------------------------------------------------------

for path in "$lint"/*.json; do
	name=$(basename "$path" .json)
	only=$(sed -n 's/^# only //p' "$lint/$name.findings")
	if [ -n "$only" ] && [ "$only" != "$machine" ]; then
		skip "lint: $name" "it is about $only"
		continue
	fi
	mapfile -t wanted < <(grep -v '^#' "$lint/$name.findings")
	cp "$path" .
	if [ ${#wanted[@]} -eq 0 ]; then
		good "lint: $name" "$name.json"
	else
		finds "lint: $name" "$name.json" "${wanted[@]}"
	fi
done
json "lint"
check "lint: every case has its findings and its file" diff \
	<(cd "$lint" && printf '%s\n' *.json | sed 's/\.json$//') \
	<(cd "$lint" && printf '%s\n' *.findings | sed 's/\.findings$//')
file other.json '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [{"names": ["read", "chown32", "fstat64", "mmap2"], "action": "SCMP_ACT_ALLOW"}]}'
hr check other.json
is "$status $out" "0 other.json: good: system calls: 1 on $machine" "names that no 64-bit machine has do not count"
file large.json "$(yes '{"names": ["read"], "action": "SCMP_ACT_ALLOW"},' | head -4000 |
	sed -e '1s/^/{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [/' -e '$s/,$/]}/')"
good "a JSON profile of 4000 entries" large.json

# ---- diff ------------------------------------------------------------------------------

inverse() {
	case $1 in
	gained) echo lost ;; lost) echo gained ;; wider) echo narrower ;; narrower) echo wider ;;
	*) echo "$1" ;;
	esac
}
declare -A sign=([gained]=+ [lost]=- [wider]='>' [narrower]='<' [other]='~' [answer]='!')

# lines WORD CALL FROM TO: what diff prints for a call, FROM and TO as --json gives them.
lines() {
	if [[ $3$4 != *' where '* ]]; then
		echo "${sign[$1]} $2: $3 -> $4"
		return
	fi
	echo "${sign[$1]} $2"
	diff <(echo "${3//; /$'\n'}") <(echo "${4//; /$'\n'}") | sed -n 's/^< /      - /p; s/^> /      + /p' | sort -s -k1,1r
}

# one_difference A B CALL WORD FROM TO: why it is not the only one.
one_difference() {
	hr diff "$1" "$2"
	[ "$status" -eq 1 ] || echo "status $status"
	[ "$(sed '$d' "$work/out")" = "$(lines "$4" "$3" "$5" "$6")" ] || echo "text: $out"
	[[ ${out##*$'\n'} =~ ^"$1: "[0-9]+" system calls, $2: "[0-9]+" ($machine); ${sign[$4]} 1 $4"$ ]] || echo "summary: $out"
	hr diff --json "$1" "$2"
	[ "$status $(jq -S -c . <<<"$out")" = "1 $(jq -n -S -c '[{call: $ARGS.positional[0],
		difference: $ARGS.positional[1], from: $ARGS.positional[2], to: $ARGS.positional[3]}]' \
		--args "$3" "$4" "$5" "$6")" ] || echo "--json: $out"
}

# pair WORD CALL FROM TO A B: the one difference of the sources A and B, and back.
pair() {
	local why
	file a.seccomp "$5"
	file b.seccomp "$6"
	why=$(one_difference a.seccomp b.seccomp "$2" "$1" "$3" "$4")
	why+=$(one_difference b.seccomp a.seccomp "$2" "$(inverse "$1")" "$4" "$3")
	if [ -z "$why" ]; then ok "diff: $1: $2: $3 -> $4"; else not_ok "diff: $1: $2: $3 -> $4" "$why"; fi
}
pair gained write ENOSYS allowed 'allow read\n' 'allow read write\n'
pair gained mount EPERM allowed 'allow read\nanswer EPERM mount\n' 'allow read mount\n'
pair wider socket 'allowed where arg0 is 0x1' allowed 'allow socket where domain is AF_UNIX\n' 'allow socket\n'
pair wider socket 'allowed where arg0 is 0x1' 'allowed where arg0 is 0x1; allowed where arg0 is 0x2' \
	'allow socket where domain is AF_UNIX\n' 'allow socket where domain is AF_UNIX AF_INET\n'
pair wider socket 'allowed where arg0 is 0x1 and arg1 is 0x1' 'allowed where arg0 is 0x1' \
	'allow socket where domain is 1 and type is 1\n' 'allow socket where domain is 1\n'
pair wider prctl 'allowed where arg0 & 0xff is 0x0' 'allowed where arg0 & 0xf is 0x0' \
	'allow prctl where option & 0xff is 0\n' 'allow prctl where option & 0xf is 0\n'
pair wider socket 'allowed where arg0 is 0x1; EPERM where arg0 is 0x2' 'allowed where arg0 is 0x1; allowed where arg0 is 0x2' \
	'allow socket where domain is 1\nanswer EPERM socket where domain is 2\n' \
	'allow socket where domain is 1\nallow socket where domain is 2\n'
pair other socket 'allowed where arg0 is 0x1' 'allowed where arg0 is 0x2' \
	'allow socket where domain is AF_UNIX\n' 'allow socket where domain is AF_INET\n'
pair answer mount EPERM EACCES 'answer EPERM mount\n' 'answer EACCES mount\n'
pair answer mount EPERM ENOSYS 'answer EPERM mount\n' 'allow @aio\nremove @aio\n'
pair answer socket 'allowed where arg0 is 0x1; EPERM where arg0 is 0x2' 'allowed where arg0 is 0x1; EACCES where arg0 is 0x2' \
	'allow socket where domain is 1\nanswer EPERM socket where domain is 2\n' \
	'allow socket where domain is 1\nanswer EACCES socket where domain is 2\n'

# same NAME A B: no difference, one line alone.
same() {
	hr diff --seccomp "$2" "$3"
	like "$status $out" "^0 $2: ([0-9]+) system calls, $3: [0-9]+ \($machine\)$" "diff: $1"
	hr diff --seccomp --json "$2" "$3"
	is "$status $out" "0 []" "diff --json: $1"
}
same "a profile and itself" default default
same "a file and itself" default.seccomp default.seccomp
same "a profile and its source" restricted restricted.seccomp
same_texts() { # NAME A B
	file a.seccomp "$2"
	file b.seccomp "$3"
	same "$1" a.seccomp b.seccomp
}
same_texts "the order of lines" 'allow read\nallow write\nallow socket where domain is 1\n' 'allow socket where domain is 1\nallow write read\n'
same_texts "the order of values" 'allow socket where domain is 1 2 7\n' 'allow socket where domain is 7 2..2 1\n'
same_texts "a range and its values" 'allow socket where domain is 0..7\n' 'allow socket where domain is 0 1 2 3 4 5 6 7\n'
same_texts "the order of conditions" 'allow socket where domain is 1 and type is 1\n' 'allow socket where type is 1 and domain is 1\n'
same_texts "a mask of all bits" 'allow socket where domain & 0xffffffff is 1\n' 'allow socket where domain is 1\n'
same_texts "a group and its calls" 'allow @mqueue\n' 'allow mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr\n'
same_texts "a name and its number" 'allow socket where domain is AF_UNIX\n' 'allow socket where domain is 0x1\n'

# The compiled profile read as JSON is the profile.
for name in default restricted; do
	"$compile" "$name" >"compiled-$name.json" 2>/dev/null
	same "$name and what it is compiled to" "$name" "compiled-$name.json"
	good "check: what $name is compiled to" "compiled-$name.json"
done

hr diff --seccomp default restricted
is "$status $(grep -c '^[+>~!]' <<<"$out")" "1 0" "diff: restricted gains nothing over default"
check "diff: restricted loses calls" grep -q '^- shmget: allowed -> ENOSYS$' "$work/out"
mapfile -t lost < <(grep -c '^- ' "$work/out"; tail -1 "$work/out" | grep -o '[0-9]* lost')
is "${lost[1]-}" "${lost[0]} lost" "diff: the summary counts"
hr diff --json --seccomp restricted default
is "$status $(jq -r '[.[].difference] | unique | join(" ")' <<<"$out")" "1 gained" "diff --json: and the other way round"
# What is not listed counts as well.
file a.json '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}'
file b.json '{"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}'
file open.json '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO"}]}'
hr diff a.json b.json
like "$status $out" '^1 .*ENOSYS.*kill' "diff: another default"
hr diff open.json default
unlike "$status $out" '^127|'$'\n''\+ [^'$'\n'']*: allowed -> allowed' "diff: what an open profile lets through is no gain"
file lists.json '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [{"names": ["read", "chown32"], "action": "SCMP_ACT_ALLOW"}]}'
same "names that the machine does not have" read.seccomp lists.json

# What a file says goes before what it includes: all of a call, or these values alone.
included() { # NAME SOURCE REGEX
	file t.seccomp "include default\n$2"
	hr diff default t.seccomp
	if [ "$(grep -vc '^ ' <<<"$out")" -eq 2 ] && [[ $out =~ $3 ]]; then ok "include: $1"; else not_ok "include: $1" "$out"; fi
}
included "allow of one value more" 'allow ioctl where request is TIOCSTI\n' $'^> ioctl\n +- EPERM where arg1 is 0x5412\n +\\+ allowed where arg1 is 0x5412\n'
included "answer to one value" 'answer EACCES ioctl where request is TIOCEXCL\n' $'^< ioctl\n.*\\+ EACCES where arg1 is 0x540c\n'
included "allow of all values" 'allow ioctl\n' $'^> ioctl\n.*\n +\\+ allowed\n'
included "answer to all values" 'answer EACCES ioctl\n' $'^- ioctl\n.*\n +\\+ EACCES\n'
included "remove" 'remove ioctl\n' $'^- ioctl\n.*\n +\\+ ENOSYS\n'
included "allow of what is answered" 'allow chroot\n' $'^\\+ chroot: EPERM -> allowed\n'
included "another answer" 'answer EACCES chroot\n' $'^! chroot: EPERM -> EACCES\n'
file t.seccomp 'include default\ninclude restricted\n'
same "of two includes the later one counts" restricted t.seccomp

# ---- diff of policies and profiles -----------------------------------------------------

# diff_has NAME STATUS A B LINE...: these lines, and no other that begins with - + ~ or !.
diff_has() {
	local name=$1 expected=$2
	hr diff "$3" "$4"
	shift 4
	is "$status $(grep '^[-+~!<>]' <<<"$out")" "$expected $(printf '%s\n' "$@")" "diff: $name"
}
file a.json '{"version": 1, "profiles": {
"web": {"capabilities": {"allow": ["CAP_KILL", "CAP_CHOWN"]}, "rlimits": {"max": {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 1024}}},
"gone": {}}, "rules": [{"when": {"namespace": "a"}, "use": "web"}]}'
file b.json '{"version": 1, "default": "web", "profiles": {
"web": {"capabilities": {"allow": ["CAP_SETUID", "CAP_KILL", "CAP_MKNOD"], "drop": ["CAP_MKNOD"]}, "seccomp": {"mode": "audit"},
	"rlimits": {"max": {"RLIMIT_CORE": 1, "RLIMIT_CPU": 3}}, "restore": {"allow": true}},
"new": {}}, "audit": {"required": true}}'
diff_has "a policy and itself" 0 a.json a.json ''
diff_has "two policies" 1 a.json b.json '~ default: "default" -> "web"' '~ audit.required: false -> true' \
	'- rule {"when":{"namespace":"a"},"use":"web"}' '- profile gone' '+ profile new' '- CAP_CHOWN' '+ CAP_SETUID' \
	'~ seccomp.mode: "enforce" -> "audit"' '~ capabilities.drop: +"CAP_MKNOD"' '~ rlimits.max.RLIMIT_CORE: 0 -> 1' \
	'~ rlimits.max.RLIMIT_NOFILE: 1024 -> -' '~ rlimits.max.RLIMIT_CPU: - -> 3' '~ restore.allow: false -> true'
hr diff --json a.json b.json
is "$(jq -c '[.version, .profiles_gained, .profiles_lost, (.policy | map(.option)), (.profiles[0] |
	.from, .to, .capabilities, (.options | map(.option)), .calls)]' <<<"$out")" \
	'[1,["new"],["gone"],["default","audit.required","rules"],"web","web",{"gained":["CAP_SETUID"],"lost":["CAP_CHOWN"]},["seccomp.mode","capabilities.drop","rlimits.max.RLIMIT_CORE","rlimits.max.RLIMIT_NOFILE","rlimits.max.RLIMIT_CPU","restore.allow"],[]]' \
	"diff --json: two policies"
file c.json '{"version": 1, "rules": [{"when": {"pod": "a"}, "use": "default"}, {"when": {"pod": "b"}, "use": "sandbox"}]}'
file d.json '{"version": 1, "rules": [{"when": {"pod": "b"}, "use": "sandbox"}, {"when": {"pod": "a"}, "use": "default"}]}'
diff_has "rules in another order" 1 c.json d.json '~ rules: in another order'
diff_has "profiles of files" 1 a.json:web b.json:new '+ CAP_DAC_OVERRIDE' '+ CAP_FOWNER' '+ CAP_FSETID' '+ CAP_SETGID' \
	'+ CAP_SETUID' '+ CAP_NET_BIND_SERVICE' '~ rlimits.max.RLIMIT_NOFILE: 1024 -> 1048576' '~ rlimits.max.RLIMIT_MEMLOCK: - -> 1073741824' \
	'~ rlimits.max.RLIMIT_NICE: - -> 20' '~ rlimits.max.RLIMIT_NPROC: - -> 1048576' '~ rlimits.max.RLIMIT_RTPRIO: - -> 0'
hr diff default restricted
like "$status $out" $'^1 profile default -> restricted\ncapabilities\n.*- CAP_CHOWN\n.*options\n.*~ seccomp.profile: "default" -> "restricted"\n.*system calls\n.*- chown: allowed -> EPERM' \
	"diff: built-in profiles"
unlike "$out" $'\n[+>]' "diff: restricted gives nothing that default does not"
unlike "$out" '~ [^:]*: *'$'\n' "diff: every option says what changed"
hr diff --json default restricted
is "$(jq -c '.profiles[0].calls' <<<"$out")" "$("$HR_PROGRAM" diff --json --seccomp default restricted)" \
	"diff --json: the calls are those of the seccomp profiles"
hr diff sandbox restricted
like "$status $out" $'^1 .*\\+ CAP_NET_BIND_SERVICE\n' "diff: sandbox is a profile only"
policy "$(<a.json)"
diff_has "a profile of the machine's policy" 0 web a.json:web ''
policy '{"version": 1,}'
fails "diff: the machine's policy is broken" 3 'policy.json:1:' diff webb restricted
hr diff nginx redis
is "$status" 1 "diff: what the program knows itself needs no policy"
policy '{"version": 1}'
file wrong.json '{"version":1,"x":1}'
fails "diff: a policy with a mistake" 3 'wrong\.json:1:14: a policy has no "x"' diff a.json wrong.json

# ---- odd files -------------------------------------------------------------------------

# unreadable NAME FILE REGEX: check and diff say why, at once, with status 4.
unreadable() {
	hr check "$2"
	like "$status $out" "^4 $2: $3" "check: $1"
	fails "diff: $1" 4 "hardrun: $2: $3" diff default "$2"
	fails "diff: $1, first" 4 "hardrun: $2: $3" diff "$2" default
}
mkdir directory directory.json directory.seccomp
mkfifo fifo.json fifo.seccomp
{ echo 'allow read' && yes '# a comment' | head -c 2097152; } >huge.seccomp
{ echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [' && yes '{"names": ["read"], "action": "SCMP_ACT_ALLOW"},' | head -c 2097152; } >huge.json
truncate -s 2M nuls-huge.json nuls-huge.seccomp
for kind in json seccomp; do
	unreadable "a directory.$kind" "directory.$kind" 'is not a regular file'
	unreadable "a FIFO.$kind" "fifo.$kind" 'is not a regular file'
	unreadable "2 MB of .$kind" "huge.$kind" 'larger than'
	unreadable "2 MB of NULs, .$kind" "nuls-huge.$kind" 'larger than'
done
unreadable "a directory" directory 'is not a regular file'
unreadable "a device" /dev/zero 'is not a regular file'
head -c 2000 /dev/zero | tee nuls.json >nuls.seccomp
finds "NULs, .json" nuls.json '1:1 NUL'
finds "NULs, .seccomp" nuls.seccomp '1:1 NUL'
: >empty.json
finds "an empty .json" empty.json '1:1 .*not JSON'
printf '[%.0s' {1..100000} >deep.json
hr check deep.json
like "$status $out" '^1 deep\.json:1:[0-9]+: ' "a hundred thousand brackets"
file t.json 'allow read\n'
finds "a source that ends in .json" t.json '1:1/1:2 not JSON'
cp clean-without-architectures.json oci.txt
good "a profile is known by its key, whatever the suffix" oci.txt
same "a profile is known by its key, whatever the suffix" oci.txt clean-without-architectures.json
cp read.seccomp read.txt
hr check read.txt
like "$status $out" '^(0 read\.txt: good|1 read\.txt:1:.*\.seccomp)' "a source without the suffix: good, or what to do"

# ---- groups ----------------------------------------------------------------------------

# GROUP CALL...: a line for each group of the library.
sed 's/#.*//' "$profiles/groups.seccomp" | awk '
	function done() { sub(/ where .*/, "", words); if (name) calls[name] = calls[name] words; name = "" }
	/^group/ { done(); name = $2; $1 = $2 = ""; words = " " $0; next }
	{ words = words " " $0 }
	END { done(); for (name in calls) print name calls[name] }' | tr -s ' \t' ' ' | sort >groups
is "$(sed -n '/^\.Sh GROUPS/,/^\.Sh RUN/p' "$HR_TEST_SRCDIR/docs/hardrun-seccomp.5" | grep -o '@[a-z_-]*' | sort -u | tr '\n' ' ')" \
	"$(cut -d' ' -f1 groups | tr '\n' ' ')" "groups: the manual has them all"
in_default=' @chown @memlock @pkey @sysvshm @sysvsem @nice @schedinfo @setid @capset @arch-prctl @socket-options '

# beyond ARCH CALL...: what t.seccomp differs in from default beyond these calls, or takes away.
beyond() {
	local arch=$1 call verdict
	shift
	"$compile" t.seccomp "$arch" >g.json 2>&1 || cat g.json
	jq -n -r --slurpfile d "default-$arch.json" --slurpfile g g.json '
		def calls: reduce .syscalls[] as $rule ({}; reduce $rule.names[] as $name (.;
			.[$name] += [$rule | del(.names)]));
		def allows: map(select(.action == "SCMP_ACT_ALLOW") | .args // []);
		($d[0] | calls) as $old | ($g[0] | calls) as $new |
		($old + $new | keys)[] as $call | ($old[$call] // []) as $o | ($new[$call] // []) as $n |
		if ($call | IN($ARGS.positional[]) | not) then
			select(($o | sort) != ($n | sort)) | "\($call) differs"
		elif $n | allows == [] then "\($call) is not allowed"
		elif ($o | allows) - ($n | allows) == [] or ($n | allows | index([[]])) then empty
		else "\($call) narrower?" end' --args "$@" | while read -r call verdict; do
		[ "$verdict" = 'narrower?' ] || echo "$call $verdict"
		[ "$verdict" != 'narrower?' ] || narrower "$call" "default-$arch.json" g.json
	done
}

# rules FILE CALL: a line for each that allows: "& MASK VALUE" by argument, of the first three.
rules() {
	jq -r --arg call "$2" '.syscalls[] | select(.action == "SCMP_ACT_ALLOW" and (.names | index($call))) |
		[(.args // []) as $args | (0, 1, 2) as $i | ([$args[] | select(.index == $i)] +
			[{value: 0, valueTwo: 0}])[0] | .value, .valueTwo] | join(" ")' "$1"
}

# holds A0 A1 A2 RULE...
holds() {
	local a0=$1 a1=$2 a2=$3 rule m0 v0 m1 v1 m2 v2
	shift 3
	for rule; do
		read -r m0 v0 m1 v1 m2 v2 <<<"$rule"
		if (((a0 & m0) == v0 && (a1 & m1) == v1 && (a2 & m2) == v2)); then return 0; fi
	done
	return 1
}

# narrower CALL A B: arguments that A lets through and B does not.
narrower() {
	local a b a0 a1 a2
	mapfile -t a < <(rules "$2" "$1")
	mapfile -t b < <(rules "$3" "$1")
	for a0 in 0 1 2 3 10 16 17 40 1000 2147483648; do
		for a1 in 0 1 2 3 5 15 2048; do
			for a2 in 0 1 6 17 262; do
				if holds $a0 $a1 $a2 "${a[@]}" && ! holds $a0 $a1 $a2 "${b[@]}"; then
					echo "$1 is lost at $a0 $a1 $a2"
					return
				fi
			done
		done
	done
}
for arch in $architectures; do "$compile" default "$arch" >"default-$arch.json" 2>/dev/null; done
while read -r name calls; do
	read -ra calls <<<"$calls"
	file t.seccomp "allow $name\n"
	is "$(for arch in $architectures; do "$compile" t.seccomp "$arch" | jq -r '.syscalls[].names[]'; done | sort -u)" \
		"$(printf '%s\n' "${calls[@]}" | sort -u)" "groups: $name has its calls"
	file t.seccomp "include default\nallow $name\n"
	good "groups: $name can be added to default" t.seccomp
	is "$(for arch in $architectures; do beyond "$arch" "${calls[@]}" | sed "s/^/$arch: /"; done)" "" \
		"groups: $name: its calls alone and nothing lost on five architectures"
	hr diff --json default t.seccomp
	is "$(jq -c '[.[] | select((.difference | IN("gained", "wider") | not) or
		(.call | IN($ARGS.positional[]) | not))]' --args "${calls[@]}" <<<"$out")" "[]" \
		"groups: $name: diff shows gains of its calls alone"
	case $in_default in
	*" $name "*)
		if [ "$name" = @pkey ] && [ "$machine" != x86_64 ] && [ "$machine" != ppc64le ]; then continue; fi
		is "$out" "[]" "groups: $name is in default"
		;;
	*) like "$out" '^\[\{' "groups: $name is not in default" ;;
	esac
done <groups
finish
