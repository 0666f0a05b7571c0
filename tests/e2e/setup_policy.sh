#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun setup policy: a directory, as a ConfigMap is mounted, becomes the policy at once or
# not at all, while containers are created.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
runc=$(stub_install runc-stub)
etc=/etc/hardrun map=$work/map

# As the kubelet does it: files are links into ..data, itself a link that is renamed over.
mounted() { # VERSION JSON [NAME JSON]...
	local version=$1
	shift
	mkdir -p "$map/..$version"
	set -- policy.json "$@"
	while [ $# -gt 0 ]; do
		printf '%s\n' "$2" >"$map/..$version/$1"
		ln -sfn "..data/$1" "$map/$1"
		shift 2
	done
	ln -sfn "..$version" "$map/..new" && mv -T "$map/..new" "$map/..data"
}

begin() {
	fresh
	rm -rf "$map" "$etc.previous"
	handler hardrun "$runc"
}

setup() { # WORD...
	"$HR_PROGRAM" setup policy "$@" >"$work/out" 2>"$work/err"
	status=$?
}

state() { # of everything in /etc/hardrun, and what lies beside it
	(cd /etc && find hardrun hardrun.previous .hardrun.new -printf '%p %m %u %g %l ' -type f \
		-exec md5sum {} + 2>/dev/null | sort)
}

# ---- a change ----------------------------------------------------------------------------

begin
mounted 1 '{"version": 1, "default": "restricted"}' README.md 'not a part'
mkdir "$map/seccomp" && echo '{"defaultAction": "SCMP_ACT_ERRNO"}' >"$map/..1/team.json"
ln -s ../..data/team.json "$map/seccomp/team.json"
setup "$map"
is "$status $(jq -r .default $etc/policy.json)" "0 restricted" "the policy of DIR is in place"
is "$(readlink $etc/runtimes/hardrun)" "$runc" "links of handlers stay"
is "$(stat -c '%a %u %F' $etc $etc/policy.json $etc/seccomp/team.json)" \
	$'755 0 directory\n644 0 regular file\n644 0 regular file' "files are root's, and no links"
is "$(find $etc -name '..*' -o -name README.md)" "" "what is no part of a policy is left out"
like "$(<"$work/out")" "README.md: left out" "and named"
is "$(<$etc.previous/policy.json)" '{"version": 1}' "the one before is kept"
like "$(<"$work/out")" "take it back with: hardrun setup policy $etc.previous" "and it says how to get it"
before=$(state)
setup "$map"
is "$status $(state)" "0 $before" "the second time: nothing is done"
like "$(<"$work/out")" "nothing to do" "and says so"
setup "$etc.previous"
is "$status $(<$etc/policy.json)" '0 {"version": 1}' "back"
is "$(readlink $etc/runtimes/hardrun)" "$runc" "and links of handlers stay"

mkdir -p $etc/policy.d $etc/keys
echo '{"version": 1, "profiles": {"old": {"extends": "default"}}}' >$etc/policy.d/old.json
echo key >$etc/keys/a.pub && chmod 600 $etc/keys/a.pub
rm -r "$map/README.md" "$map/seccomp"
mounted 2 '{"version": 1}'
setup "$map"
mkdir -p $etc/seccomp && echo '{}' >$etc/seccomp/old.json
setup "$map"
is "$status $(find $etc/policy.d $etc/seccomp 2>/dev/null) $(stat -c %a $etc/keys/a.pub)" "0  600" \
	"what DIR does not bring stays with its mode, but policy.d and seccomp go"
rm "$map/policy.json"
mkdir "$map/policy.d"
echo '{"version": 1}' >"$map/policy.json"
echo '{"version": 1, "profiles": {"new": {"extends": "default"}}}' >"$map/policy.d/new.json"
setup "$map"
is "$status $(ls $etc/policy.d)" "0 new.json" "policy.d of DIR"

# What setup wrote down is the node's, not another day's.
echo '{"version": 1, "made": ["/etc/passwd"], "files": {}}' >"$map/setup.json"
setup "$map"
is "$status $(ls $etc/setup.json 2>/dev/null)" "0 " "setup.json is not taken from DIR"
echo '{"version": 1, "made": [], "files": {}}' >$etc/setup.json
cp $etc/setup.json "$work/kept"
echo '{"version": 1, "default": "restricted"}' >"$map/policy.json"
setup "$map"
check "and the node's stays" cmp -s $etc/setup.json "$work/kept"
rm "$map/setup.json"

# ---- none yet ----------------------------------------------------------------------------

begin
rm -rf $etc
mounted 1 '{"version": 1}'
setup "$map" --dry-run
is "$status $([ -e $etc ] || echo none)" "0 none" "--dry-run makes nothing"
setup "$map"
is "$status $(<$etc/policy.json) $(ls $etc)" $'0 {"version": 1} policy.json\nruntimes' \
	"without a policy before"
is "$(ls -d $etc.previous 2>/dev/null)" "" "nothing is kept then"

# ---- nothing changes -----------------------------------------------------------------------

begin
stays() { # NAME STATUS REGEX WORD...
	local name=$1 want=$2 regex=$3 before
	shift 3
	before=$(state)
	setup "$@"
	is "$status $(state)" "$want $before" "$name: nothing changes"
	like "$(cat "$work/out" "$work/err")" "$regex" "$name: says why"
}
mounted 1 '{"version": 1,'
stays "a policy that is no JSON" 1 "$map/policy.json:[0-9]+:[0-9]+" "$map"
mounted 2 '{"version": 1, "profiles": {"web": {"extends": "default", "capabilitys": {}}}}'
stays "a policy with a mistake" 1 "$map/policy.json:1:[0-9]+.*capabilities.*$etc stays" "$map"
rm "$map/policy.json"
stays "no policy.json" 1 "policy.json" "$map"
mounted 3 '{"version": 1, "default": "restricted"}'
stays "--dry-run" 0 "would be replaced" "$map" --dry-run
stays "a directory that is not there" 4 "$work/none" "$work/none"
stays "a file" 1 "is a file; name the directory" "$map/policy.json"
stays "no directory named" 2 "usage: hardrun setup policy DIR"
stays "two directories" 2 "usage: " "$map" "$map"
stays "a flag that is not known" 2 "there is no --force" "$map" --force
mkdir "$map/policy.d"
echo '{}' >"$map/policy.d/.strict.json"
stays "a name with a dot in front" 1 "strict.json: names that begin with a dot" "$map"
rm "$map/policy.d/.strict.json"
mkfifo "$map/policy.d/fifo"
stays "a FIFO in it" 1 "fifo.*neither a file" "$map"
rm "$map/policy.d/fifo"
head -c 20000000 /dev/zero >"$map/policy.d/large"
stays "a file of 20 MB" 4 "large" "$map"
rm "$map/policy.d/large"
ln -s . "$map/policy.d/loop"
stays "a directory in itself" 1 "too many directories" "$map"
rm -r "$map/policy.d"
(exec 9</etc && flock 9 && sleep 1000) &
reap $!
until ! flock -n /etc true; do sleep 0.02; done
stays "another setup at work" 4 "another setup" "$map"
pkill -P $!
kill $!
wait $! 2>/dev/null
chmod 777 /etc
stays "a loose /etc" 4 "/etc.*can be changed by others" "$map"
chmod 755 /etc
mkdir /etc/.hardrun.new && echo old >/etc/.hardrun.new/policy.json
setup "$map"
is "$status $(jq -r .default $etc/policy.json) $(ls -d /etc/.hardrun.new 2>/dev/null)" \
	"0 restricted " "what a killed one left is no hindrance"

rm -rf $etc.previous && mkdir /etc/.hardrun.new && echo '{"version": 1}' >/etc/.hardrun.new/policy.json
setup "$map"
is "$status $(<$etc.previous/policy.json)" '0 {"version": 1}' \
	"the former policy of one that was killed behind the exchange is kept"

rm -rf $etc.previous && mkdir /etc/.hardrun.copy && echo half >/etc/.hardrun.copy/policy.json
former=$(<$etc/policy.json)
mounted 4 '{"version": 1, "default": "default"}'
setup "$map"
is "$status $(ls -d /etc/.hardrun.copy 2>/dev/null) $(<$etc.previous/policy.json)" "0  $former" \
	"a copy that was never whole is no former policy"

# ---- while containers are created ----------------------------------------------------------

begin
bundle "$work/b" '.process.user = {"uid": 1000, "gid": 1000}'
for version in a b; do
	mkdir -p "$work/$version"
	printf '{"version": 1, "profiles": {"%s": {"extends": "default"}}, "default": "%s"}\n' \
		$version $version >"$work/$version/policy.json"
done
setup "$work/a"
(while :; do "$HR_PROGRAM" setup policy "$work/b"; sleep 0.02; "$HR_PROGRAM" setup policy "$work/a"; sleep 0.02; done) \
	>/dev/null 2>&1 &
switcher=$!
reap $switcher
refused=0
for ((i = 0; i < 150; i++)); do
	rm -rf "$work/root"
	"$work/bin/hardrun" --root "$work/root" create --bundle "$work/b" "c$i" >/dev/null \
		2>>"$work/refused" || refused=$((refused + 1))
done
kill $switcher
wait $switcher 2>/dev/null
is "$refused $(head -c 400 "$work/refused")" "0 " "150 creates while it is switched: none is refused"
profiles=$(jq -r .profile /var/log/hardrun/audit.jsonl | sort | uniq -c)
is "$(awk '{ print $2 }' <<<"$profiles" | tr '\n' ' ')" "a b " "each by the one or the other"
note "$profiles"
pkill -f "setup policy $work" 2>/dev/null

killed=0
for ((i = 0; i < 60; i++)); do
	"$HR_PROGRAM" setup policy "$work/$([ $((i % 2)) = 0 ] && echo b || echo a)" >/dev/null 2>&1 &
	sleep "0.00$((RANDOM % 8))"
	kill -KILL $! 2>/dev/null && killed=$((killed + 1))
	wait $! 2>/dev/null
	"$HR_PROGRAM" check >"$work/out" 2>&1 || break
done
is "$i $(readlink $etc/runtimes/hardrun)" "60 $runc" "killed at any instant ($killed of 60): a whole policy"
setup "$work/a"
is "$status" 0 "and the next one works"
finish
