#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers of runc and of crun below one runtime root, as one containerd keeps them, while
# their records, the policy, the handlers' links go or point elsewhere: kill and delete of each
# work and reach the runtime that made it. A wrong runtime's `delete --force` would succeed,
# remove the state and leave the process for ever: after each end both must be gone.
# shellcheck disable=SC2317 # the losses are called by their names
set -u
# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"
command -v crun >/dev/null || skip_all "crun is not installed"
containerd_sandbox "$@"
root=/run/containerd/runc/$namespace
crun=$(realpath "$(command -v crun)") runc=$(realpath "$(command -v runc)")
kinds="runc crun"

# ---- what crun needs -------------------------------------------------------------------

# crun refuses a hybrid tree, and where it may not raise RLIMIT_MEMLOCK it needs memlock.c for
# the limits of devices. What is left of a hybrid tree is v2 without any controller: the
# documents here ask for no resources, and the policy sets no limit of processes.
may_raise_limits || crun=$(memlock_crun "$crun") || skip_all "memlock.c cannot be built"
start pattern -- true
ctr containers info pattern | jq .Spec >"$work/pattern.json"
end pattern 2>/dev/null
# In a file system of its own: below /run no root is taken but a bundle's.
mount -t tmpfs tmpfs /mnt && cp -a "$work/image/root" /mnt/root
containerd_stop
cgroups_leave
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup || skip_all "no cgroup v2 tree"
containerd_start || skip_all "containerd does not come back"

links() { # RUNC-HANDLER'S CRUN-HANDLER'S: what they run
	handler hardrun-runc "$1"
	handler hardrun-crun "$2"
}

whole() { # all as it should be
	with_policy '{"version": 1, "profiles": {"here": {"extends": "default", "resources": {"pids": 0}}},
		"rules": [{"when": {"handler": ["hardrun-runc", "hardrun-crun"]}, "use": "here"}]}'
	links "$runc" "$crun"
}

begin() { # KIND: a container of that name; sets $init
	jq --arg root /mnt/root --arg cgroup "/$namespace/$1" 'del(.linux.resources)
		| .root = {path: $root} | .linux.cgroupsPath = $cgroup
		| .process.args = ["sleep", "1000"]' "$work/pattern.json" >"$work/spec.json"
	ctr run --runtime io.containerd.runc.v2 --runc-binary "$work/bin/hardrun-$1" --detach \
		--config "$work/spec.json" "$1" >"$work/out" 2>&1 </dev/null || return
	init=$(pid_of "$1")
}

state_file() { # KIND: what that runtime alone writes
	case $1 in
	runc) echo "$root/runc/state.json" ;;
	crun) echo "$root/crun/status" ;;
	esac
}

gone() { [ ! -d "/proc/$1" ] && [ ! -e "$root/$2" ]; } # PID ID

# ends NAME KIND PID: kill and delete work, process and state are gone
ends() {
	end "$2" >"$work/out" 2>&1
	is "$? $(cat "$work/out")" "0 " "$1: kill and delete of $2's"
	check "$1: process and state of $2's are gone" within 10 gone "$3" "$2"
}

# ---- each loss in turn -----------------------------------------------------------------

lose_nothing() { :; }
lose_record() { rm "$(record_of runc)" "$(record_of crun)"; }
lose_record_directory() { rm -rf "$records"; }
lose_all_state() { rm -rf /run/hardrun; }
lose_policy() { rm /etc/hardrun/policy.json; }
break_policy() { echo '{"version": 1, "rules": [' >/etc/hardrun/policy.json; }
break_records() { for file in "$records"/*.json; do echo '{"id":' >"$file"; done; }
lose_links() { rm /etc/hardrun/runtimes/*; }
lose_everything() { rm -rf /etc/hardrun /run/hardrun /var/log/hardrun; }
swap_links() { links "$crun" "$runc"; } # what a node's reconfiguration may do

started=0
for loss in lose_nothing lose_record lose_record_directory break_records lose_all_state \
	lose_policy break_policy lose_links lose_everything swap_links; do
	whole
	if begin runc && runc_init=$init && begin crun && crun_init=$init; then
		started=$((started + 1))
	else
		not_ok "$loss: both start" "$(cat "$work/out")"
		continue
	fi
	if [ "$started" -eq 1 ]; then
		for kind in $kinds; do
			check "$kind made its container" test -e "$(state_file "$kind")"
			is "$(figures_of "$kind")" "$hardened" "$kind's init is hardened"
		done
	fi
	"$loss"
	case $loss in
	lose_links | lose_everything) ;; # no exec without a link, see containerd.sh
	break_records)
		# A record that is there and cannot be read must not pass for none: its ceiling
		# may be lower than the default one.
		for kind in $kinds; do
			like "$(figures_exec "$kind" 2>&1)$(cat "$work/out")" "record cannot be read" \
				"$loss: exec in $kind's is refused and says why"
		done
		;;
	*)
		is "$(figures_exec runc)" "$hardened" \
			"$loss: exec in runc's is hardened"
		is "$(figures_exec crun)" "$hardened" \
			"$loss: exec in crun's is hardened"
		;;
	esac
	ends "$loss" runc "$runc_init"
	ends "$loss" crun "$crun_init"
	clean "$loss: nothing is left"
done

# ---- the wrong runtime -----------------------------------------------------------------

# Without a record nothing says which program is the right one: the call fails and says so, and
# nothing has happened to the container.
for kind in $kinds; do
	whole
	begin "$kind"
	rm "$(record_of "$kind")"
	swap_links
	ctr task kill --signal KILL "$kind" >"$work/out" 2>&1
	like "$? $(cat "$work/out")" "^1 .*hardrun: container \"$kind\" was made by $kind.*use $kind" \
		"no record, links swapped: kill of $kind's fails and says why"
	ctr task rm --force "$kind" >"$work/out" 2>&1
	is "$? $(cat "/proc/$init/comm") $([ -e "$(state_file "$kind")" ] && echo state)" \
		"1 sleep state" "no record, links swapped: delete --force leaves $kind's as it was"
	"$work/bin/hardrun-$kind" --root "$root" delete --force "$kind" >"$work/out" 2>&1
	like "$? $(cat "$work/out")" "^1 hardrun: container \"$kind\" was made by $kind" \
		"no record, links swapped: the runtime's own delete --force likewise"
	whole
	ends "links right again" "$kind" "$init"
	clean "no record, links swapped: nothing is left"
done

# A shim that dies has its container deleted by force, by a second process of its kind.
for kind in $kinds; do
	whole
	begin "$kind"
	swap_links
	kill -KILL "$(ps -o ppid= -p "$init" | tr -d ' ')"
	# containerd 1.6 now and then kills that second process (plain runc's as well, one in four):
	# then all is still there, and whoever looks after the node deletes it.
	within 3 gone "$init" "$kind" ||
		"$work/bin/hardrun-$kind" --root "$root" delete --force "$kind" >"$work/out" 2>&1
	check "shim killed, links swapped: process and state of $kind's are gone" \
		within 10 gone "$init" "$kind"
	ctr task rm --force "$kind" >/dev/null 2>&1
	ctr containers rm "$kind" >/dev/null 2>&1
	clean "shim killed, links swapped: nothing of $kind's is left"
done
finish
