#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `hardrun doctor`: good nodes, and faults in hardrun's own files, in the runtimes behind it and
# in the kernel's switches, each planted under every engine. See doctor_setup.sh.
set -u
# shellcheck source=tests/e2e/doctor_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/doctor_setup.sh" || exit 1
doctor_sandbox "$@"

links=/etc/hardrun/runtimes link=/etc/hardrun/runtimes/hardrun-restricted
subject="handler hardrun-restricted"

# ---- good nodes ------------------------------------------------------------------------

note "no engine"
layout=none
node
good "no engine at all"
noted hardrun.unused
rm -rf /etc/hardrun
good "no engine and no /etc/hardrun"
noted policy.built-in

slowest=0
for layout in "${layouts[@]}"; do
	fresh_layout
	good "$layout"
	[ "$took" -le "$slowest" ] || slowest=$took
	is "$(jq -c '[.looked_at[] | select(.kind == "engine")] | map(.name, .handlers)' "$work/out")" \
		"[\"$engine\",[\"hardrun\",\"hardrun-restricted\"]]" "$layout: engine and handlers are named"
done

layout=several
layout_several() {
	layout_containerd2
	layout_docker
	layout_podman
	layout_crio
}
fresh_layout
good "all four engines at once"
[ "$took" -le "$slowest" ] || slowest=$took
check "a good node is looked at in less than a second ($slowest ms at most)" test "$slowest" -lt 1000
is "$(jq '[.looked_at[] | select(.kind == "engine")] | length' "$work/out")" 4 "four engines are named"
is "$(jq -r 'keys_unsorted | join(" ")' "$work/out")" "version findings looked_at" "--json: its keys"
cp "$work/out" "$work/first"
doctor
check "--json: twice the same bytes" cmp "$work/first" "$work/out"
"$program" doctor >"$work/text"
like "$(tail -n 12 "$work/text")" $'0 errors, 0 warnings, 0 notes\nlooked at:' \
	"the text ends with the count and the list"

layout=docker
fresh_layout
says /usr/bin/containerd "containerd github.com/containerd/containerd 1.6.20~ds1 0"
mkdir -p /etc/containerd
printf 'version = 2\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n' \
	>/etc/containerd/config.toml
good "Docker beside a containerd that knows nothing of hardrun"
fresh_layout
mkdir -p /etc/containerd
printf 'disabled_plugins = ["cri"]\n' >/etc/containerd/config.toml
says /usr/bin/containerd "containerd containerd.io 1.7.25 bcc810d6b9066471b0b6fa75f557a15a1cbf31bb"
good "Docker beside a containerd with the CRI plugin off"

# What `hardrun setup` makes.
for layout in "${layouts[@]}"; do
	fresh_layout
	case $layout in
	containerd2 | docker | podman | crio) rm "$file" ;;
	containerd_full) sed -i '/runtimes\.hardrun\]/,$d' "$file" ;;
	*) sed -i '/runtimes\.runc\]/,$d' "$file" ;;
	esac
	rm -rf /etc/hardrun "$restricted"
	"$program" setup "$engine" >"$work/text" 2>&1 || not_ok "$layout: setup" "$(cat "$work/text")"
	good "$layout: by setup"
done

# User namespaces are doctor_userns.sh's: Debian's runc is too old for some.
maps_nothing() {
	policy '{"version": 1, "profiles": {"plain": {"extends": "restricted", "userns": {"map": "off"}}},
		"rules": [{"when": {"handler": "hardrun-restricted"}, "use": "plain"}]}'
}

# What is known of Debian's own runtimes and not mended there is a note.
for path in /usr/sbin/runc /usr/bin/crun; do
	if [ ! -x "$work/real/${path##*/}" ]; then
		skip "the ${path##*/} that is installed" "there is none"
		continue
	fi
	layout=containerd16
	fresh_layout
	cp "$work/real/${path##*/}" $path
	ln -sfn $path $links/hardrun
	ln -sfn $path $link
	maps_nothing
	good "the ${path##*/} that is installed"
	took_real=$took
	check "and in less than a second ($took_real ms)" test "$took_real" -lt 1000
done

# ---- under every engine ------------------------------------------------------------------

policy_of() { printf '%s\n' "$1" >/etc/hardrun/policy.json; }
drop_in() { mkdir -p /etc/hardrun/policy.d && echo '{"version": 1}' >/etc/hardrun/policy.d/10-x.json && "$@"; }
runc_old() { # HANDLER
	runtime_says /usr/sbin/runc-old "runc version 1.1.4"
	ln -sfn /usr/sbin/runc-old "$links/$1"
	maps_nothing
}
wrapper() { # NAME LINK-TARGET
	runtime_says /usr/bin/nvidia-container-runtime "runc version 1.5.9"
	[ "$1" = nvidia-container-runtime ] || ln -sfn nvidia-container-runtime "/usr/bin/$1"
	ln -sfn "/usr/bin/$1" "$link"
}
another() { # COMMAND: another hardrun, whose features are these
	rm "$restricted"
	printf '#!/bin/sh\n[ "$1" = features ] || exec %s "$@"\n%s\n' "$program" "$1" >"$restricted"
	chmod 755 "$restricted"
}
other_features() { another "echo '{\"ociVersionMin\":\"0.0.0\"}'"; }
elsewhere() { cp /usr/sbin/runc "/usr/sbin/$1" && ln -sfn "/usr/sbin/$1" "$link"; }
not_executable() { elsewhere runc-x && chmod 644 /usr/sbin/runc-x; }
dynamic() {
	printf '%s\n' '#include <unistd.h>' 'int main(int c, char **v) { (void)c; v[0] = "hardrun"; ' \
		'return execv("/usr/local/sbin/hardrun", v); }' >"$work/dynamic.c"
	gcc -o "$work/dynamic" "$work/dynamic.c" && rm "$restricted" && install -m 755 "$work/dynamic" "$restricted"
}
relink() { ln -sfn hardrun "$restricted"; }
newer() { runtime_says /usr/sbin/runc-old "runc version 1.5.9"; }
state_of() { mkdir -p /run/hardrun/records && "$@"; }
full() { # DIR [FILE]: on a file system of its own, without room
	mkdir -p "$1" && mount -t tmpfs -o size=512k,mode=755 hr-e2e "$1" && touch "$1/${2:-x}" &&
		head -c 500k /dev/zero >"$1/filling"
}
read_only() { mkdir -p "$1" && mount -t tmpfs -o ro,mode=755 hr-e2e "$1"; }
log=/var/log/hardrun/audit.jsonl
log_of() { mkdir -p /var/log/hardrun && touch "$log" && "$@"; }
required='{"version": 1, "audit": {"required": true}}'

for layout in "${layouts[@]}"; do
	note "$layout: policy"
	plant rm /etc/hardrun/policy.json -- policy.missing error /etc/hardrun
	plant policy_of '{"version": 1, "profiles": {"x": {"nothing": {}}}}' -- \
		policy.mistake error /etc/hardrun/policy.json policy '{"version": 1}'
	plant policy_of '{"version": 1' -- policy.mistake error /etc/hardrun/policy.json policy '{"version": 1}'
	plant chmod 666 /etc/hardrun/policy.json -- file.trust error /etc/hardrun/policy.json
	plant chown 1000 /etc/hardrun/policy.json -- file.trust error /etc/hardrun/policy.json
	plant chmod g+w /etc/hardrun -- file.trust error /etc/hardrun
	plant drop_in chown 1000 /etc/hardrun/policy.d/10-x.json -- \
		file.trust error /etc/hardrun/policy.d/10-x.json
	plant drop_in chmod o+w /etc/hardrun/policy.d -- file.trust error /etc/hardrun/policy.d

	note "$layout: links"
	plant rm $link -- runtime.link.missing error "$subject"
	plant cp --remove-destination /usr/sbin/runc $link -- runtime.link.kind error "$subject"
	plant ln -sfn ../../../usr/sbin/runc $link -- runtime.link.relative error "$subject"
	plant ln -sfn /usr/sbin/runc-gone $link -- runtime.missing error "$subject"
	plant ln -sfn $program $link -- runtime.self error "$subject"
	plant ln -sfn $restricted $links/hardrun -- runtime.self error "handler hardrun"
	plant elsewhere youki -- runtime.link.name error "$subject"
	plant wrapper nvidia-container-runtime -- runtime.wrapper error "$subject"
	plant wrapper runc -- runtime.wrapper error "$subject"
	plant ln -sfn /usr/bin/kata-runtime $link -- runtime.wrapper error "$subject"
	plant not_executable -- runtime.executable error "$subject"
	plant ln -sfn /usr/sbin $link -- runtime.link.name error "$subject"
	plant chown -h 1000 $link -- file.trust error $link
	plant chown 1000 /usr/sbin/runc -- file.trust error /usr/sbin/runc
	plant chmod 775 /usr/sbin/runc -- file.trust error /usr/sbin/runc

	note "$layout: programs"
	plant runc_old hardrun -- runtime.escape warning "runtime /usr/sbin/runc-old" newer
	plant runc_old hardrun-restricted -- runtime.escape error "runtime /usr/sbin/runc-old" newer
	plant runtime_says /usr/sbin/runc "" -- runtime.escape error "runtime /usr/sbin/runc" \
		runtime_says /usr/sbin/runc "runc version 1.5.9"
	plant other_features -- handler.features error "$subject"
	plant chmod 775 $program -- file.trust error $program
	plant chown -h 1000 $restricted -- file.trust error $restricted
	plant dynamic -- program.dynamic warning $restricted relink
done

# ---- once ------------------------------------------------------------------------------

layout=several
note "the policy as no file"
for kind in mkfifo mkdir; do
	fresh_layout
	rm /etc/hardrun/policy.json && $kind /etc/hardrun/policy.json
	mended() { rm -r /etc/hardrun/policy.json && policy '{"version": 1}'; }
	fault policy.mistake error /etc/hardrun/policy.json mended
done

note "the way to a file"
plant chmod o+w /etc -- file.trust error /etc
plant chown 1000 /usr/local/sbin -- file.trust error /usr/local/sbin
slow_features() { another "sleep 20"; }
plant slow_features -- handler.features error "$subject"

note "a handler that no engine calls"
plant ln -sfn /usr/sbin/runc-gone $links/hardrun-sandbox -- runtime.missing warning "handler hardrun-sandbox"
plant ln -sfn /usr/sbin/runc $links/hardrun-web -- handler.unknown warning "handler hardrun-web" \
	policy '{"version": 1, "profiles": {"web": {"extends": "restricted"}}}'
plant ln -sfn /usr/sbin/runc $links/hardrun-web -- handler.unknown warning "handler hardrun-web" \
	policy '{"version": 1, "rules": [{"when": {"handler": "hardrun-w*"}, "use": "restricted"}]}'

note "a runtime that does not answer"
slow=/usr/sbin/runc-slow
instead() { # COMMAND: a runtime that does nothing else
	printf '#!/bin/sh\n%s\n' "$1" >"$slow"
	chmod 755 "$slow"
	ln -sfn "$slow" "$link"
}
for how in "sleep 20" "exit 1"; do
	plant instead "$how" -- runtime.answer error "runtime $slow" \
		runtime_says $slow "runc version 1.5.9"
done
never_run() { printf '#!/bin/sh\ntouch %s/was-run\n' "$work" >/usr/sbin/runc; chmod 777 /usr/sbin/runc; }
fresh_layout
never_run
doctor
is "$(counted)" "error file.trust /usr/sbin/runc" "a runtime that others can change is found"
check "and is not run" test ! -e "$work/was-run"

note "records"
plant state_of chown 1000 /run/hardrun/records -- file.trust error /run/hardrun/records
plant state_of chmod 777 /run/hardrun -- file.trust error /run/hardrun
records_file() { mkdir -p /run/hardrun && touch /run/hardrun/records; }
plant records_file -- state.unwritable error /run/hardrun/records
plant read_only /run/hardrun -- state.unwritable error /run/hardrun
plant full /run/hardrun -- state.full error /run/hardrun rm /run/hardrun/filling

note "audit log"
plant log_of chown 1000 $log -- file.trust warning $log
plant log_of chmod 666 $log -- file.trust warning $log
log_fifo() { mkdir -p /var/log/hardrun && mkfifo "$log"; }
plant log_fifo -- audit.unwritable warning $log
plant read_only /var/log/hardrun -- audit.unwritable warning /var/log/hardrun
plant full /var/log/hardrun audit.jsonl -- audit.full warning $log rm /var/log/hardrun/filling
log_required() { policy "$required" && full /var/log/hardrun audit.jsonl; }
plant log_required -- audit.full error $log rm /var/log/hardrun/filling

note "kernel"
set_to() { echo "$2" >"$1"; }
plant set_to $fs/protected_symlinks 0 -- kernel.protected-symlinks warning fs.protected_symlinks
plant set_to $fs/protected_hardlinks 0 -- kernel.protected-hardlinks warning fs.protected_hardlinks
plant set_to $kernel/unprivileged_bpf_disabled 0 -- \
	kernel.unprivileged-bpf warning kernel.unprivileged_bpf_disabled
core=kernel.core_pattern
plant set_to $kernel/core_pattern "|/usr/sbin/gone %p" -- kernel.core-pattern warning $core
core_of() {
	cp /usr/sbin/runc /usr/sbin/runc-core
	"$@" /usr/sbin/runc-core && set_to $kernel/core_pattern "|/usr/sbin/runc-core %P %u"
}
plant core_of chown 1000 -- kernel.core-pattern warning $core
plant core_of chmod 644 -- kernel.core-pattern warning $core
plant set_to $kernel/core_pattern "|core %P" -- kernel.core-pattern warning $core
fresh_layout
core_of chmod 755
good "cores to a program of root's"
plant set_to $kernel/osrelease 5.11.22-generic -- kernel.version error "kernel 5.11.22-generic" \
	set_to $kernel/osrelease 5.12.0
plant rm $kernel/seccomp/actions_avail -- kernel.seccomp error seccomp \
	set_to $kernel/seccomp/actions_avail "kill_process trap errno allow"
fresh_layout
echo 0 >$kernel/yama/ptrace_scope
noted kernel.ptrace

note "nothing uses it"
for layout in "${layouts[@]}"; do
	fresh_layout
	case $file in */config.toml) rm "$file" ;; *) rm -r "${file%/*}" ;; esac
	doctor
	is "$status $(counted)" "1 warning hardrun.unused hardrun" "$layout: hardrun.unused"
	like "$(jq -r '.findings[0].remedy' "$work/out")" "^hardrun setup $engine$" "$layout: and how to use it"
done

note "usage"
"$program" doctor --nothing >"$work/text" 2>&1
is "$?" 2 "an unknown option is usage"
"$program" doctor --help >"$work/text" 2>&1
is "$?" 0 "--help"
setpriv --reuid 1000 --clear-groups "$program" doctor >"$work/text" 2>&1
is "$?" 4 "not root: it cannot look"

finish
