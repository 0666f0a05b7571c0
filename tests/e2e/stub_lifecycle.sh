#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Commands that start nothing new go to the runtime as they are: words, stdin, stdout, stderr,
# exit status, descriptors and working directory are the caller's; only the environment is cut
# to a list. No state of policy, records or disk stops them, and they never reach a runtime of
# another kind than the one that made the container.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
runc=$(stub_install runc-stub) crun=$(stub_install crun-stub) runsc=$(stub_install runsc-stub)
root=$work/root
# The usual places, for what names no program. Nobody else's runtime is there in this sandbox.
rm -f /usr/{bin,sbin}/{runc,crun,runsc}
mkdir -p /usr/sbin/runc.d/calls /usr/bin/crun.d/calls
stubs=("$runc" "$crun" "$runsc" /usr/sbin/runc /usr/bin/crun)

fresh_handlers() {
	fresh
	handler hardrun "$runc"
	handler hardrun-crun "$crun"
	handler hardrun-runsc "$runsc"
	policy '{"version": 1, "rules": [{"when": {"handler": ["hardrun-crun", "hardrun-runsc"]}, "use": "default"}]}'
	rm -rf "$root"
	mkdir "$root"
}

# calls: "PATH ARGUMENTS" of every stub that was called since the last time. hardrun's own
# questions would show here: a command that only passes asks none.
calls() {
	local path call words
	for path in "${stubs[@]}"; do
		for call in "$path".d/calls/*/; do
			[ -e "$call" ] || continue
			mapfile -d '' words <"$call/argv"
			printf '%s\n' "$path $(words "${words[@]:1}")"
			rm -r "$call"
		done
	done
}

stub_all_calls() {
	local call
	for call in "$1".d/calls/*/; do [ ! -e "$call" ] || printf '%s\n' "${call%/}"; done
}

words() { # as calls() shows them
	local words=("$@")
	printf '%s' "${words[*]@Q}"
}

# ---- byte for byte ---------------------------------------------------------------------

for path in "$runc" "$crun" "$runsc"; do
	echo 37 >"$path.d/exit"
	printf 'out\0\377\nmore' >"$path.d/stdout"
	printf 'err\0\376\nmore' >"$path.d/stderr"
	: >"$path.d/stdin"
done
head -c 200000 /dev/urandom >"$work/stdin"
: >"$work/marker"

# passes NAME RUNTIME HANDLER ARGUMENT...
passes() {
	local name=$1 path=$2 handler=$3 why='' call fds
	shift 3
	exec 7>"$work/marker" 23<"$work/stdin"
	(cd "$work/bin" && exec "$work/bin/$handler" "$@") \
		<"$work/stdin" >"$work/out" 2>"$work/err"
	status=$?
	exec 7>&- 23<&-
	call=$(stub_all_calls "$path")
	[ "$status" -eq 37 ] || why+="status $status, not 37"$'\n'
	# --version and features are answered by the stub before what it is told to print.
	tail -c 10 "$work/out" | cmp -s - "$path.d/stdout" || why+="stdout differs"$'\n'
	cmp -s "$work/err" "$path.d/stderr" || why+="stderr: $(head -c 300 "$work/err" | tr -d '\0')"$'\n'
	if [ -z "$call" ] || [ "$(wc -l <<<"$call")" -ne 1 ]; then
		not_ok "$name" "$why${call:-not} called"
		stub_forget "$path"
		return
	fi
	cmp -s <(tail -zn +2 "$call/argv") <([ $# -eq 0 ] || printf '%s\0' "$@") ||
		why+="words: $(stub_argv "$call")"$'\n'
	cmp -s "$call/stdin" "$work/stdin" || why+="stdin differs"$'\n'
	fds=$(<"$call/fds")
	[[ $fds == *$'\n7\topen\t'*"$work/marker"* ]] || why+="descriptor 7: $fds"$'\n'
	[[ $fds == *$'\n23\topen\t'*"$work/stdin"* ]] || why+="descriptor 23: $fds"$'\n'
	[ "$(<"$call/cwd")" = "$work/bin" ] || why+="cwd: $(<"$call/cwd")"$'\n'
	stub_forget "$path"
	if [ -z "$why" ]; then ok "$name"; else not_ok "$name" "$why"; fi
}

fresh_handlers
lifecycle=("start c1" "kill c1 15" "kill --all c1 9" "kill c1 KILL" "kill -a c1" "delete c1"
	"delete --force c1" "delete -f c1" "state c1" "ps --format json c1" "ps c1 aux" "pause c1"
	"resume c1" "events --stats c1" "events --interval 5s c1" "list" "list --format=json"
	"list -q" "features" "spec" "spec --rootless" "checkpoint --help"
	"checkpoint --image-path /p --work-path /p --file-locks --leave-running c1"
	"--version" "-v" "--help" "-h" "help" "help create" "create --help" "exec --help")
for line in "${lifecycle[@]}"; do
	# shellcheck disable=SC2086 # words
	passes "runc: $line" "$runc" hardrun $line
	# shellcheck disable=SC2086
	passes "runc: with global flags: $line" "$runc" hardrun --root "$root" --log "$work/l.json" \
		--log-format=json --systemd-cgroup --debug=false $line
done
passes "runc: no word at all" "$runc" hardrun
passes "runc: an id that is a command" "$runc" hardrun state create
passes "runc: a root that is a command" "$runc" hardrun --root exec state c1
passes "runc: an unknown flag behind the command" "$runc" hardrun delete --frob c1
passes "runc: an unknown global flag" "$runc" hardrun --frob state c1
passes "runc: an unknown global flag with =" "$runc" hardrun --frob=create state c1
passes "runc: an unknown global flag alone" "$runc" hardrun --frob
passes "runc: odd bytes" "$runc" hardrun kill c1 $'\377\001\n"' "" $'\t' '--' "'"
passes "runc: an id with a way out" "$runc" hardrun --root "$root" delete --force ../../etc
passes "runc: an empty id" "$runc" hardrun --root "$root" delete --force ""
passes "runc: many words" "$runc" hardrun delete --force $(seq 2000)
passes "runc: a word of 100000 bytes" "$runc" hardrun state "$(head -c 100000 /dev/zero | tr '\0' a)"
check "nothing was written to --log" [ ! -e "$work/l.json" ]

for line in "start c1" "kill c1 KILL" "kill --all c1 9" "delete --force c1" "delete -f c1" "state c1" \
	"ps c1" "ps --format=json c1" "pause c1" "resume c1" "list" "list -f json" "spec" \
	"checkpoint --image-path=/p c1" "--version" "--help" "-V" "features"; do
	# shellcheck disable=SC2086
	passes "crun: $line" "$crun" hardrun-crun $line
	# shellcheck disable=SC2086
	passes "crun: with global flags: $line" "$crun" hardrun-crun --root="$root" --log=/x --debug $line
done
for line in "start c1" "kill c1 KILL" "delete --force c1" "state c1" "ps -format json c1" "pause c1" \
	"resume c1" "events -stats c1" "list" "wait c1" "--version" "help" "flags"; do
	# shellcheck disable=SC2086
	passes "runsc: $line" "$runsc" hardrun-runsc -root "$root" $line
done

# ---- environment -----------------------------------------------------------------------

env -i "PATH=$work/evil:/usr/bin:/bin" HOME=/h NOTIFY_SOCKET=/run/n XDG_RUNTIME_DIR=/run/x \
	LD_LIBRARY_PATH=/opt/containerd/lib: LD_PRELOAD=libm.so.6 LD_BIND_NOW=1 GCONV_PATH=/e \
	BASH_ENV=/e ENV=/e IFS=x MALLOC_CHECK_=3 GODEBUG=x=1 GOTRACEBACK=crash EVIL=1 PYTHONPATH=/e \
	"$work/bin/hardrun" state c1 </dev/null >/dev/null 2>&1
seen=$(tr '\0' '\n' <"$(stub_all_calls "$runc")/environ")
stub_forget "$runc"
for name in HOME=/h NOTIFY_SOCKET=/run/n; do
	like $'\n'"$seen"$'\n' $'\n'"$name"$'\n' "environment: $name is kept"
done
# XDG_RUNTIME_DIR would move crun's default root, below which records and states are found.
for name in XDG_RUNTIME_DIR LD_LIBRARY_PATH LD_PRELOAD LD_BIND_NOW GCONV_PATH BASH_ENV ENV IFS MALLOC_CHECK_ EVIL \
	PYTHONPATH; do
	unlike $'\n'"$seen" $'\n'"$name=" "environment: $name is gone"
done
unlike "$seen" "evil" "environment: nothing of the caller's PATH"
is "$(grep -c '^PATH=/' <<<"$seen")" 1 "environment: one PATH"
env -i "$work/bin/hardrun" state c1 </dev/null >/dev/null 2>&1
like "$(tr '\0' '\n' <"$(stub_all_calls "$runc")/environ")" "^PATH=/usr" "environment: PATH even where the caller has none"
stub_forget "$runc"
rm -f "$runc".d/{stdin,stdout,stderr} "$crun".d/{stdin,stdout,stderr}

# ---- whatever is broken ----------------------------------------------------------------

ends=("start c1" "kill c1 15" "delete c1" "delete --force c1" "state c1" "ps c1" "pause c1" "resume c1"
	"events --stats c1" "list" "features" "spec" "checkpoint c1" "--version" "--help")

# whatever NAME: all of them reach the runtime
whatever() {
	local line got wanted
	for line in "${ends[@]}"; do
		# shellcheck disable=SC2086
		run hardrun --root "$root" $line </dev/null
		got+="$status $(calls)"$'\n'
		# shellcheck disable=SC2086
		wanted+="37 $runc $(words --root "$root" $line)"$'\n'
	done
	is "$got" "$wanted" "$1"
}

fresh_handlers && whatever "nothing broken"
fresh_handlers && policy '{"version": 1' && whatever "a broken policy"
fresh_handlers && policy '{"version": 99, "frob": 1}' && whatever "a policy of another version"
fresh_handlers && rm /etc/hardrun/policy.json && whatever "no policy.json"
fresh_handlers && rm /etc/hardrun/policy.json && mkfifo /etc/hardrun/policy.json && whatever "policy.json is a FIFO"
fresh_handlers && chmod 777 /etc/hardrun && chmod 666 /etc/hardrun/policy.json && whatever "a policy that everybody can write"
fresh_handlers && mkdir /etc/hardrun/policy.d && echo '{' >/etc/hardrun/policy.d/a.json && whatever "a broken policy.d"
fresh_handlers && rm -rf /run/hardrun /var/log/hardrun && whatever "no records, no log"
fresh_handlers && : >/run/hardrun && : >/var/log/hardrun && whatever "files in their places"
fresh_handlers && mkdir -p /run/hardrun/records /var/log/hardrun
mount -t tmpfs -o size=4k full /run/hardrun && mount -t tmpfs -o size=4k full /var/log/hardrun
head -c 4096 /dev/zero >/run/hardrun/fill && head -c 4096 /dev/zero >/var/log/hardrun/audit.jsonl
whatever "a full disk"
umount /run/hardrun /var/log/hardrun
fresh_handlers && mkdir -p /run/hardrun/records && mount -t tmpfs -o ro ro /run/hardrun && whatever "a read-only state directory"
umount /run/hardrun

fresh_handlers
if command -v strace >/dev/null; then
	strace -f -e trace=%file,%desc -o "$work/trace" "$work/bin/hardrun" --root "$root" delete --force c1 </dev/null
	opened=$(grep -cE 'policy|records|audit\.jsonl|/var/log' "$work/trace")
	is "$opened" 0 "strace: neither policy, record nor log is looked at"
	unlike "$(<"$work/trace")" "close_range" "strace: descriptors are left alone"
	unlike "$(<"$work/trace")" "(clone3?|v?fork)\\(" "strace: no child"
else
	skip "strace: neither policy, record nor log is looked at" "strace is not installed"
fi
calls >/dev/null

# ---- whose container -------------------------------------------------------------------

id_ends=("start c1" "kill c1 9" "delete c1" "delete --force c1" "state c1" "ps c1" "pause c1" "resume c1")

# lands NAME HANDLER PATH: every command for c1 reaches PATH and no other
lands() {
	local line got='' wanted=''
	for line in "${id_ends[@]}"; do
		# shellcheck disable=SC2086
		run "$2" --root "$root" $line </dev/null
		got+="$status $(calls)"$'\n'
		# shellcheck disable=SC2086
		wanted+="37 $3 $(words --root "$root" $line)"$'\n'
	done
	is "$got" "$wanted" "$1"
}

# fails NAME HANDLER REGEX: none reaches any runtime; our line says why
fails() {
	local line got='' wanted='' text=''
	for line in "${id_ends[@]}"; do
		rm -f "$work/l.json"
		# shellcheck disable=SC2086
		run "$2" --root "$root" --log "$work/l.json" --log-format json $line </dev/null
		got+="$line: $status $(calls) $(wc -l <"$work/err") $(jq -r .level "$work/l.json" 2>&1)"$'\n'
		wanted+="$line: 1  1 error"$'\n'
		text+=$(<"$work/err")$'\n'
	done
	is "$got" "$wanted" "$1"
	like "$text" "$3" "$1: the message"
	unlike "${text,,}" "no such file|permission denied|not found|does not exist|no such process" \
		"$1: no phrase that engines match"
}

# create HANDLER PATH: c1 as a runtime of PATH's kind leaves it, with its record
create() {
	bundle "$work/b"
	echo 0 >"$2.d/exit"
	: >"$2.d/state"
	run "$1" --root "$root" create --bundle "$work/b" c1
	[ -n "$(ls "$root/c1")" ] || note "create: $status $(<"$work/err")"
	echo 37 >"$2.d/exit"
	calls >/dev/null
}
no_record() { rm -rf /run/hardrun; }
no_links() { rm -f /etc/hardrun/runtimes/*; }
echo 37 | tee /usr/sbin/runc.d/exit >/usr/bin/crun.d/exit

fresh_handlers && create hardrun "$runc"
lands "a container of runc's, called as runc" hardrun "$runc"
lands "a container of runc's, called as crun: the record's" hardrun-crun "$runc"
no_record && lands "a container of runc's without record, called as runc" hardrun "$runc"
fails "a container of runc's without record, called as crun" hardrun-crun "runc"
fresh_handlers && create hardrun-crun "$crun"
lands "a container of crun's, called as crun" hardrun-crun "$crun"
lands "a container of crun's, called as runc: the record's" hardrun "$crun"
lands "a container of crun's, called as runsc: the record's" hardrun-runsc "$crun"
policy '{' && lands "a container of crun's, called as runc, with a broken policy" hardrun "$crun"
record=$(echo /run/hardrun/records/*.json)
printf '{' >"$record" && fails "a container of crun's with a broken record, called as runc" hardrun "crun"
no_record && lands "a container of crun's without record, called as crun" hardrun-crun "$crun"
fails "a container of crun's without record, called as runc" hardrun "crun"

# The record is of another container of that id: state and record do not go together.
fresh_handlers && create hardrun "$runc" && rm "$root/c1/state.json" && echo '{}' >"$root/c1/status"
fails "a container of crun's with runc's record, called as runc" hardrun "crun"
fresh_handlers && printf '{}' >"$root/c1_sandbox:c1.state"
fails "a container of runsc's without record, called as runc" hardrun "runsc"
fails "a container of runsc's without record, called as crun" hardrun-crun "runsc"
lands "a container of runsc's, called as runsc" hardrun-runsc "$runsc"

# An id that no runtime knows is the handler's business.
fresh_handlers && lands "no container" hardrun "$runc"
fresh_handlers && mkdir "$root/c1" && lands "a container in the making" hardrun "$runc"

# ---- the handler's link is gone --------------------------------------------------------

fresh_handlers && create hardrun-crun "$crun" && no_links
lands "no link: state and record" hardrun-crun "$crun"
lands "no link: state and record, by the plain name" hardrun "$crun"
rm -rf "$root/c1" && lands "no link: the record alone" hardrun-crun "$crun"
fresh_handlers && create hardrun "$runc" && handler hardrun-web "$runc" && no_links
lands "no link: runc's state and record" hardrun-web "$runc"

# Without a record only the usual programs are left.
install -m 755 "$work/stub" /usr/sbin/runc
install -m 755 "$work/stub" /usr/bin/crun
fresh_handlers && create hardrun-crun "$crun" && no_record && no_links
lands "no link, no record: crun's state" hardrun-crun /usr/bin/crun
fresh_handlers && create hardrun "$runc" && handler hardrun-web "$runc" && no_record && no_links
lands "no link, no record: runc's state" hardrun-web /usr/sbin/runc
rm -rf /etc/hardrun && lands "no /etc/hardrun: runc's state" hardrun-web /usr/sbin/runc
fresh_handlers && ln -sfn "$HR_PROGRAM" "$work/bin/hardrun-web" && no_links
run hardrun-web --root "$root" delete --force c1 </dev/null
like "$status $(calls)" "^37 /usr/s?bin/c?runc? $(words --root "$root" delete --force c1)$" \
	"no link, no container: delete --force reaches a runtime"
for line in --version features list; do
	run hardrun-web "$line" </dev/null
	is "$status $(calls) $(wc -l <"$work/err")" "1  1" "no link, no id: $line is an error"
done
rm -f /usr/sbin/runc
run hardrun-web --root "$root" delete --force c1 </dev/null
is "$status $(calls)" "37 /usr/bin/crun $(words --root "$root" delete --force c1)" \
	"no link, no container, crun alone is installed: delete --force reaches it"
rm -f /usr/bin/crun
run hardrun-web --root "$root" delete --force c1 </dev/null
is "$status $(calls) $(wc -l <"$work/err")" "1  1" "no link, no runtime: our line"
fresh_handlers && create hardrun-crun "$crun" && no_record && no_links
fails "no link, no record, no crun: crun's state" hardrun-crun "crun"
finish
