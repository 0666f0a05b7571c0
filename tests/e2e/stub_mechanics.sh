#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How create, run, restore, exec and update reach the runtime: the command line is written
# again with the same meaning, documents go over the bundle or sealed memory files, and no
# descriptor gets through that was not asked for.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
runc=$(stub_install runc-stub) crun=$(stub_install crun-stub)
bundle=$work/b config=$work/b/config.json root=$work/root
eight='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_FSETID","CAP_KILL","CAP_NET_BIND_SERVICE","CAP_SETGID","CAP_SETUID"]'

reset() {
	fresh
	handler hardrun "$runc"
	handler hardrun-crun "$crun"
	policy '{"version": 1, "rules": [{"when": {"handler": ["hardrun-crun"]}, "use": "default"}]}'
	rm -rf "$bundle" "$root"
	bundle "$bundle"
	stub_forget "$runc"
	stub_forget "$crun"
	: | tee "$runc.d/state" >"$crun.d/state"
}

# words CALL: the words behind argv[0], a line each.
words() {
	tail -zn +2 "$1/argv" | tr '\0' '\n'
}

# started NAME STUB: it was called once, without a word from hardrun; sets $call.
started() {
	call=$(stub_calls "$2")
	is "$status $(grep -c . <<<"$call") $(cat "$work/out" "$work/err")" "0 1 " "$1: starts"
}

# ---- the command line ------------------------------------------------------------------

bundle_of() { # CALL: where its --bundle leads, wherever it was called from
	(cd / && realpath "$(words "$1" | sed 's/^--bundle=/--bundle\n/' | grep -A1 -xF -- --bundle | tail -1)")
}

# line NAME ARGUMENT...: create with these flags reaches the runtime with that bundle
line() {
	local name=$1
	shift
	reset
	(cd "$work" && exec "$work/bin/hardrun" --root "$root" create "$@") >"$work/out" 2>"$work/err"
	status=$?
	started "runc: $name" "$runc"
	is "$(bundle_of "$call") $(words "$call" | tail -1)" "$bundle c1" "runc: $name: the bundle and the id"
}
line "--bundle X" --bundle "$bundle" c1
line "--bundle=X" --bundle="$bundle" c1
line "-bundle X" -bundle "$bundle" c1
line "-b X" -b "$bundle" c1
line "-b=X" -b="$bundle" c1
line "the last one wins" --bundle /gone -b "$bundle" c1
line "a relative bundle" --bundle b c1
line "a bundle with ./ and /" --bundle ./b/ c1
line "-- before the id" --bundle "$bundle" -- c1
reset
(cd "$bundle" && exec "$work/bin/hardrun" --root "$root" create c1) >"$work/out" 2>"$work/err"
status=$?
started "runc: no bundle is the current directory" "$runc"
check "runc: no bundle: the document is there" cmp -s "$call/config.json" "$config"
reset
run hardrun --root "$root" --debug --log-format=json --log="$work/l" --systemd-cgroup=true create \
	--pid-file "$work/pid" --console-socket="$work/socket" --no-pivot --no-new-keyring=true --bundle "$bundle" c1
started "runc: all flags" "$runc"
is "$(words "$call" | sed 's/=true$//; s/=/\n/' | sort | tr '\n' ' ')" \
	"$(printf '%s\n' --root "$root" --debug --log-format json --log "$work/l" --systemd-cgroup create \
		--pid-file "$work/pid" --console-socket "$work/socket" --no-pivot --no-new-keyring \
		--bundle "$bundle" c1 | sort | tr '\n' ' ')" "runc: all flags are handed on"
check "--pid-file, --console-socket and --log are not touched" [ ! -e "$work/pid" -a ! -e "$work/socket" -a ! -e "$work/l" ]
reset
run hardrun --root "$root" create --bundle "$bundle" create
started "the id create" "$runc"
is "$(words "$call" | tail -1)" create "the id create is the last word"
for flags in "--bundle $bundle" "--bundle=$bundle" "-b $bundle" "-b$bundle"; do
	reset
	# shellcheck disable=SC2086 # words
	run hardrun-crun --root "$root" create $flags c1
	started "crun: $flags" "$crun"
	is "$(bundle_of "$call") $(words "$call" | tail -1)" "$bundle c1" "crun: $flags: the bundle and the id"
done
reset
bundle "$bundle" '.annotations = {"long": ("x" * 1000000)}'
run hardrun --root "$root" create --bundle "$bundle" c1
started "a document of 1 MB" "$runc"
long=$(printf '/%0.s' {1..3000})x
run hardrun --root "$root" create --pid-file "$long" --bundle "$bundle" c2
is "$status $(words "$(stub_calls "$runc" | tail -1)" | grep -cxF -- "$long")" "0 1" "a flag of 3000 bytes is the runtime's business"
run hardrun --root "$root" create --bundle "$long$long" c3
is "$status $(wc -l <"$work/err")" "1 1" "a bundle of 6000 bytes is refused"

# No /etc/hardrun at all: the built-in policy and /usr/sbin/runc.
reset
rm -rf /etc/hardrun /usr/sbin/runc && mkdir -p /usr/sbin/runc.d/calls && install -m 755 "$work/stub" /usr/sbin/runc
run hardrun --root "$root" create --bundle "$bundle" c1
started "no /etc/hardrun" /usr/sbin/runc
is "$(jq .process.noNewPrivileges "$call/config.json")" true "no /etc/hardrun: the default profile"
rm -rf /usr/sbin/runc*

# ---- config.json -----------------------------------------------------------------------

for mode in 600 640 644 755; do
	reset
	chmod "$mode" "$config" && chgrp 65534 "$config"
	run hardrun --root "$root" create --bundle "$bundle" c1
	is "$status $(stat -c '%a %u %g' "$config")" "0 $mode 0 65534" "mode $mode and group of config.json stay"
done
is "$(ls -A "$bundle")" "config.json"$'\n'"rootfs" "nothing else is left in the bundle"
before=$(<"$config")
run hardrun --root "$root" create --bundle "$bundle" c2
is "$status $(<"$config")" "0 $before" "what was hardened stays as it is the second time, byte for byte"
reset
bundle "$bundle" '.annotations = {"n": "\u00e9 \u20ac \ud83d\ude00 \u007f / \\ \""} |
	.linux.resources.memory.limit = 9007199254740993 | .process.user.additionalGids = [] | .linux.sysctl = {}'
sed -i 's/"limit":[0-9.e+]*/"limit":9007199254740993/' "$config"
cp "$config" "$work/asked"
run hardrun --root "$root" create --bundle "$bundle" c1
odd='.annotations, .process.user, .linux.sysctl'
is "$(jq -c "$odd" "$config")" "$(jq -c "$odd" "$work/asked")" "odd text and empty lists come out as they were"
like "$(<"$config")" '"limit":9007199254740993[,}]' "2^53 + 1 comes out as it was"
is "$(jq -c 'keys_unsorted[:5]' "$config")" "$(jq -c 'keys_unsorted[:5]' "$work/asked")" "the order of keys stays"

# ---- descriptors -----------------------------------------------------------------------

# fds COMMAND...: with 3 to 9 open, those that the runtime has beside 0, 1 and 2
fds() {
	run "$@" 3<"$config" 4<"$config" 5<"$config" 6<"$config" 7<"$config" 8<"$config" 9<"$config" \
		10<&- 11<&- 12<&-
	call=$(stub_calls "$runc" | tail -1)
	sed -n 's/^\([0-9]*\)\topen\t.*\t\(.*\)/\1 \2/p' "$call/fds" | sort -n | grep -v '^[012] ' |
		sed "s,$config,kept,; s, /memfd:.*, memfd," | tr '\n' ' '
}
reset
is "$(fds hardrun --root "$root" create --bundle "$bundle" c1)" "" "create: no other descriptor"
is "$(fds hardrun --root "$root" run --bundle "$bundle" c2)" "" "run: no other descriptor"
is "$(fds hardrun --root "$root" create --preserve-fds 0 --bundle "$bundle" c3)" "" "create: --preserve-fds 0"
is "$(fds hardrun --root "$root" create --preserve-fds 2 --bundle "$bundle" c4)" "3 kept 4 kept " "create: --preserve-fds 2"
is "$(fds hardrun --root "$root" run --preserve-fds=3 --bundle "$bundle" c5)" "3 kept 4 kept 5 kept " "run: --preserve-fds=3"
export LISTEN_FDS=2
is "$(fds hardrun --root "$root" create --bundle "$bundle" c6)" "3 kept 4 kept " "create: LISTEN_FDS=2"
call=$(stub_calls "$runc" | tail -1)
like "$(tr '\0' '\n' <"$call/environ")" "LISTEN_FDS=2" "create: LISTEN_FDS is handed on"
is "$(fds hardrun --root "$root" create --preserve-fds 4 --bundle "$bundle" c7)" "3 kept 4 kept 5 kept 6 kept 7 kept 8 kept " \
	"create: both are added, as the runtimes do"
unset LISTEN_FDS
echo '{"args":["true"],"cwd":"/"}' >"$work/p.json"
is "$(fds hardrun --root "$root" exec --process "$work/p.json" c1 | sed 's/^[0-9]* //')" "memfd " \
	"exec: the process document and no other descriptor"
is "$(fds hardrun --root "$root" exec --preserve-fds 2 --process "$work/p.json" c1 | sed 's/[0-9]* memfd/memfd/')" \
	"3 kept 4 kept memfd " "exec: --preserve-fds 2"
LISTEN_FDS=3 fds hardrun --root "$root" exec --process "$work/p.json" c1 >"$work/fds"
is "$(sed 's/[0-9]* memfd/memfd/' "$work/fds")" "3 kept 4 kept 5 kept memfd " "exec: LISTEN_FDS=3"

# Where the descriptors that are to be kept are not open, the document must not take their place.
run hardrun --root "$root" exec --preserve-fds 5 --process "$work/p.json" c1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
call=$(stub_calls "$runc" | tail -1)
memfd=$(sed -n 's/^\([0-9]*\)\topen\t\([0-9]*\)\t.*memfd.*/\1 \2/p' "$call/fds")
check "exec: the document is above --preserve-fds (${memfd:-none})" [ "${memfd% *}" -ge 8 ]
is "$((${memfd#* } & 15))" 15 "exec: the document is sealed against writing, growing, shrinking and more seals"
like "$(words "$call")" "--process(=|"$'\n'")/proc/self/fd/${memfd% *}" "exec: --process names it"

# ---- run and restore -------------------------------------------------------------------

reset
run hardrun --root "$root" run --detach --no-subreaper --keep --bundle "$bundle" c1
started "run" "$runc"
is "$(words "$call" | sed 's/=/\n/' | sort | tr '\n' ' ')" \
	"$(printf '%s\n' --root "$root" run --detach --no-subreaper --keep --bundle "$bundle" c1 | sort | tr '\n' ' ')" "run: flags"
is "$(jq .process.noNewPrivileges "$call/config.json")" true "run: hardened as create"
reset
policy '{"version": 1, "profiles": {"r": {"extends": "default", "restore": {"allow": true}}}, "default": "r"}'
run hardrun --root "$root" restore --image-path /i --work-path=/w --tcp-established --detach --bundle "$bundle" c1
started "restore where the policy allows it" "$runc"
is "$(words "$call" | sed 's/=/\n/' | sort | tr '\n' ' ')" \
	"$(printf '%s\n' --root "$root" restore --image-path /i --work-path /w --tcp-established --detach \
		--bundle "$bundle" c1 | sort | tr '\n' ' ')" "restore: flags"
is "$(jq .process.noNewPrivileges "$call/config.json")" true "restore: hardened as create"

# ---- exec ------------------------------------------------------------------------------

# normal: a process document, without what means the same
normal() {
	jq -Sc '.capabilities |= with_entries(.value |= unique | select(.value != [])) |
		.user.additionalGids |= (. // []) | .env |= (. // [])' "$1"
}

# same NAME FILTER FLAG...: exec by flags gives the document that exec --process gives for the
# bundle's process changed by FILTER, as runc does: flags replace, --env and --cap add.
same() {
	local name=$1 filter=$2 wanted
	shift 2
	jq -c ".process | .terminal = false | $filter" "$config" >"$work/p.json"
	run hardrun --root "$root" exec --process "$work/p.json" c1
	call=$(stub_calls "$runc" | tail -1)
	wanted="0 $(normal "$call/process.json")"
	[ "$status" -eq 0 ] || not_ok "exec --process: $name" "$(<"$work/err")"
	run hardrun --root "$root" exec "$@"
	call=$(stub_calls "$runc" | tail -1)
	is "$status $(normal "$call/process.json")" "$wanted" "exec by flags: $name"
	like "$(words "$call" | tail -1)" "^c1$" "exec by flags: $name: the id is the last word"
}

reset
bundle "$bundle" '.process.env += ["A=1"] | .process.terminal = true | .process.user.additionalGids = [4]'
run hardrun --root "$root" create --bundle "$bundle" c1
sh='.args = ["sh", "-c", "echo --user 0"]'
same "args" "$sh" c1 sh -c "echo --user 0"
same "--cwd" "$sh | .cwd = \"/tmp\"" --cwd /tmp c1 sh -c "echo --user 0"
same "--env" "$sh | .env += [\"B=2\", \"C=\"]" --env B=2 -e C= c1 sh -c "echo --user 0"
same "--tty" "$sh | .terminal = true" --tty --console-socket /x c1 sh -c "echo --user 0"
same "-t" "$sh | .terminal = true" -t c1 sh -c "echo --user 0"
same "--user 1000" "$sh | .user.uid = 1000" --user 1000 c1 sh -c "echo --user 0"
same "-u 1000:1001" "$sh | .user.uid = 1000 | .user.gid = 1001" -u 1000:1001 c1 sh -c "echo --user 0"
same "--additional-gids" "$sh | .user.additionalGids += [5, 6]" --additional-gids 5 -g 6 c1 sh -c "echo --user 0"
same "--cap that is kept" "$sh" --cap CAP_KILL c1 sh -c "echo --user 0"
same "--cap that is not" "$sh" --cap CAP_SYS_ADMIN -c CAP_NET_ADMIN c1 sh -c "echo --user 0"
same "--no-new-privs=false" "$sh" --no-new-privs=false c1 sh -c "echo --user 0"
same "--apparmor" "$sh" --apparmor unconfined c1 sh -c "echo --user 0"
same "--process-label" "$sh" --process-label spc_t c1 sh -c "echo --user 0"
same "all" "$sh | .cwd = \"/\" | .env += [\"B=2\"] | .user.uid = 7 | .terminal = true" --cwd=/ -e B=2 -u 7 \
	--cap=CAP_SYS_ADMIN --tty=true --no-new-privs --detach --pid-file /p c1 sh -c "echo --user 0"
like "$(words "$call" | tr '\n' ' ')" "--detach.*c1 $" "exec by flags: --detach is handed on"
mapfile -t many < <(seq 5000)
same "5000 words" ".args = (\"echo ${many[*]}\" | split(\" \"))" c1 echo "${many[@]}"
long=$(head -c 100000 /dev/zero | tr '\0' a)
same "a word of 100000 bytes" ".args = [\"echo\", \"$long\"]" c1 echo "$long"

# asks NAME HANDLER STUB WANTED FILTER: exec --process of the bundle's process changed by FILTER;
# WANTED: what of [bounding, effective, permitted, inheritable+ambient, noNewPrivileges] is left
asks() {
	jq -c ".process | .args = [\"sh\"] | $5" "$config" >"$work/p.json"
	run "$2" --root "$root" exec --process "$work/p.json" c1
	call=$(stub_calls "$3" | tail -1)
	is "$status $(jq -c '[(.capabilities | (.bounding, .effective, .permitted | unique),
		(.inheritable // []) + (.ambient // [])), .noNewPrivileges]' "$call/process.json")" "0 $4" "exec: $1"
	stub_forget "$3"
}
kept='["CAP_CHOWN","CAP_KILL"]'
all='["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_SYS_ADMIN","CAP_NET_RAW","CAP_BPF"]'
privileged=".noNewPrivileges = false | .capabilities = {bounding: $all, effective: $all, permitted: $all, inheritable: $all, ambient: $all}"
asks "privileged is cut to what the container kept" hardrun "$runc" "[$kept,$kept,$kept,[],true]" "$privileged"
asks "less stays less" hardrun "$runc" '[["CAP_CHOWN"],[],[],[],true]' \
	'.capabilities = {bounding: ["CAP_CHOWN"], effective: [], permitted: []}'
policy '{' && asks "a broken policy does not matter" hardrun "$runc" "[$kept,$kept,$kept,[],true]" "$privileged"
rm /etc/hardrun/policy.json && asks "no policy.json does not matter" hardrun "$runc" "[$kept,$kept,$kept,[],true]" "$privileged"
policy '{"version":1}'
jq -c ".process | .args = [\"sh\"] | .apparmorProfile = \"unconfined\" | .selinuxLabel = \"spc_t\"" "$config" >"$work/p.json"
run hardrun --root "$root" exec --process "$work/p.json" c1
is "$status $(jq -c '[.apparmorProfile, .selinuxLabel]' "$(stub_calls "$runc" | tail -1)/process.json")" "0 [null,null]" \
	"exec: labels where create had none are dropped"

# Without a record: the default profile's ceiling and the bundle's.
rm -r /run/hardrun
asks "no record: the bundle's and the default's" hardrun "$runc" "[$kept,$kept,$kept,[],true]" "$privileged"
bundle "$bundle" ".process.capabilities.bounding = $all + $eight"
asks "no record, a bundle that hardrun did not write" hardrun "$runc" "[$eight,$eight,$eight,[],true]" \
	"$privileged | .capabilities |= map_values($all + $eight)"
policy '{"version":1,"profiles":{"weak":{"extends":"default","mode":"audit"}},"default":"weak"}'
asks "no record: the built-in default whatever the policy says" hardrun "$runc" "[$eight,$eight,$eight,[],true]" \
	"$privileged | .capabilities |= map_values($all + $eight)"

reset
run hardrun-crun --root "$root" create --bundle "$bundle" c1
asks "crun" hardrun-crun "$crun" "[$kept,$kept,$kept,[],true]" "$privileged"
run hardrun-crun --root "$root" exec --cap CAP_SYS_ADMIN -cCAP_KILL -u 5 --cwd /tmp c1 sh -c "x y"
[ "$status" -eq 0 ] || note "$(<"$work/err")"
call=$(stub_calls "$crun" | tail -1)
is "$status $(jq -c '[.args, .cwd, .user.uid, .noNewPrivileges, [.capabilities[][]] - ["CAP_CHOWN", "CAP_KILL"]]' \
	"$call/process.json")" '0 [["sh","-c","x y"],"/tmp",5,true,[]]' "exec by flags: crun"

# Another bundle than the one that create saw.
# shellcheck disable=SC2317 # both are called by swap
other_folder() { mv "$bundle" "$work/old" && bundle "$bundle" && rm -r "$work/old"; }
# shellcheck disable=SC2317
other_label() { bundle "$work/b2" && sed -i 's,bundle=[^"]*,bundle='"$work/b2," "$root/c1/state.json"; }
swap() { # NAME COMMAND...
	local name=$1
	shift
	reset
	run hardrun --root "$root" create --bundle "$bundle" c1
	"$@"
	stub_forget "$runc"
	echo '{"args":["sh"],"cwd":"/"}' >"$work/p.json"
	run hardrun --root "$root" exec --process "$work/p.json" c1
	is "$status $(stub_calls "$runc")" "255 " "exec: $name: refused"
	like "$(<"$work/err")" bundle "exec: $name: the message"
}
swap "another folder in the bundle's place" other_folder
swap "the runtime knows another bundle" other_label

# ---- update ----------------------------------------------------------------------------

reset
run hardrun --root "$root" create --bundle "$bundle" c1
cp "$config" "$work/asked"
body='{"memory":{"limit":67108864,"swap":67108864},"cpu":{"shares":512},"devices":[{"allow":false,"access":"rwm"}]}'
wanted=$(jq -Sc 'del(.devices)' <<<"$body")
update() { # NAME ARGUMENT...: with the body on stdin and in $work/r.json
	local name=$1
	shift
	stub_forget "$runc"
	printf '%s' "$body" >"$work/r.json"
	run hardrun --root "$root" "$@" <"$work/r.json"
	started "update: $name" "$runc"
	is "$(jq -Sc . "$call/stdin" "$call/resources.json" 2>/dev/null)" "$wanted" "update: $name: the body without devices"
	is "$(<"$work/r.json")" "$body" "update: $name: the caller's file stays"
}
update "--resources -" update --resources - c1
update "--resources=-" update --resources=- c1
update "-r -" update -r - c1
update "-r=-" update -r=- c1
update "the last one wins" update -r /gone --resources=- c1
update "a file" update --resources "$work/r.json" c1
update "a file with =" update --resources="$work/r.json" c1
stub_forget "$runc"
run hardrun --root "$root" update --memory 1000 --cpu-quota=-1 --pids-limit 5 c1 </dev/null
started "update: by flags" "$runc"
is "$(words "$call" | sed 's/=/\n/' | sort | tr '\n' ' ')" \
	"$(printf '%s\n' --root "$root" update --memory 1000 --cpu-quota -1 --pids-limit 5 c1 | sort | tr '\n' ' ')" "update: flags"
policy '{' && update "with a broken policy" update --resources=- c1
check "update: config.json stays" cmp -s "$config" "$work/asked"

# ---- --log -----------------------------------------------------------------------------

reset
bundle "$bundle" '.frob = 1'
log() { # NAME: a refusal with --log as it is; never hangs
	timeout 5 "$work/bin/hardrun" --log "$work/log" --log-format json create --bundle "$bundle" c1 2>"$work/err"
	is "$? $(wc -l <"$work/err")" "1 1" "--log is $1: refused, one line on stderr"
}
echo '{"level":"error","msg":"before","time":"2026-01-01T00:00:00Z"}' >"$work/log"
log "there already"
is "$(wc -l <"$work/log") $(jq -r .level "$work/log" | uniq)" "2 error" "--log is appended to"
mv "$work/log" "$work/target" && ln -s "$work/target" "$work/log" && log "a link"
is "$(wc -l <"$work/target")" 2 "--log through a link is not written"
rm "$work/log" && mkfifo "$work/log" && log "a FIFO"
rm "$work/log" && mkdir "$work/log" && log "a directory"
rmdir "$work/log" && ln -s /dev/full "$work/log" && log "a device"
finish
