# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the scripts that run in a guest: nothing needs to be tidied up there but what the next
# case would stumble over.
#
#	. /payload/lib.sh
#	guest_begin                # busybox image at $image, hardrun installed, profiles loaded
#	guest_runtime runc POLICY  # handlers of all profiles in POLICY
#	bundle one '.process.args = ["/probe", "pause"]'
#	create hardrun one && start hardrun one

# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

work=/run/vm image=/var/lib/vm/image bundles=/srv/bundle
audit=/var/log/hardrun/audit.jsonl
runtime='' program='' root='' pid=''

guest_begin() {
	mkdir -p $work/bin $image/{bin,etc,tmp,proc,sys,dev,vol} $bundles /etc/hardrun/runtimes
	install -m 755 "$HR_PROGRAM" /usr/sbin/hardrun
	cp "$(command -v busybox)" $image/bin/busybox
	chroot $image /bin/busybox --install -s /bin
	cp "$HR_BUILDDIR/tests/vm/probe" $image/probe
	echo root:x:0:0::/:/bin/sh >$image/etc/passwd
	(cd $work && runc spec && jq -c '.process.terminal = false | .root = {path: "'$image'"}
		| .process.args = ["/probe", "label"] | del(.process.rlimits)' config.json >base.json)
	# All that another control or the runtime would refuse: only a label is left.
	jq -c '.process.noNewPrivileges = false | del(.linux.maskedPaths, .linux.readonlyPaths, .linux.seccomp)
		| .process.capabilities = ([.process.capabilities[][]]
			+ ["SYS_ADMIN", "SYS_PTRACE", "SYS_RAWIO", "NET_RAW", "NET_ADMIN", "KILL", "MKNOD",
				"DAC_OVERRIDE", "DAC_READ_SEARCH", "SYSLOG", "SYS_MODULE", "CHOWN", "FOWNER"]
			| map("CAP_" + ltrimstr("CAP_")) | unique
			| {bounding: ., effective: ., permitted: .})
		| (.mounts[] | select(.options != null) | .options) -= ["ro"]' \
		$work/base.json >$work/open.json
	guest_more
}

guest_more() { :; } # for the scripts: the profiles that are to be loaded, and the like

# The runtime behind all handlers from now on, and a handler for each profile of the policy.
guest_runtime() { # RUNTIME POLICY [PROGRAM]
	local name
	# shellcheck disable=SC2034 # for the scripts
	runtime=$1 program=${3:-$(realpath "$(command -v "$1")")} root=$work/root.$1
	mkdir -p "$root"
	printf '%s\n' "$2" >/etc/hardrun/policy.json
	for name in hardrun hardrun-restricted $(jq -r '.profiles // {} | keys[] | "hardrun-" + .' <<<"$2"); do
		ln -sfn /usr/sbin/hardrun "$work/bin/$name"
		ln -sfn "$program" "/etc/hardrun/runtimes/$name"
	done
}

# ---- calls -------------------------------------------------------------------------------

hr() { # HANDLER ARGUMENT...: sets $status, fills $work/out and $work/err
	local name=$1
	shift
	timeout -k 5 60 "$work/bin/$name" --root "$root" "$@" >$work/out 2>$work/err </dev/null
	status=$?
}

said() { cat $work/out $work/err; }

bundle() { # ID [FILTER [DOCUMENT]]
	mkdir -p "$bundles/$1"
	jq -c --arg id "$1" "${2:-.}" "${3:-$work/base.json}" >"$bundles/$1/config.json"
}

create() { # HANDLER ID: sets $pid
	rm -f $work/pid
	hr "$1" create --bundle "$bundles/$2" --pid-file $work/pid "$2"
	pid=$(cat $work/pid 2>/dev/null)
	[ "$status" -eq 0 ]
}

start() { # HANDLER ID
	hr "$1" start "$2"
	[ "$status" -eq 0 ]
}

begin() { # HANDLER ID FILTER [DOCUMENT]: a container that waits
	bundle "$2" ".process.args = [\"/probe\", \"pause\"] | $3" "${4:-$work/base.json}"
	create "$1" "$2" && start "$1" "$2" && running
}

running() { # its init has exec'ed
	within 10 is_probe "$pid"
}

is_probe() { [ "$(tr "\\0" " " 2>/dev/null <"/proc/$1/cmdline")" = "/probe pause " ]; }

within() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

gone() { # PID: ended, or about to be waited for
	local state
	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)
	[ -z "$state" ] || [ "$state" = Z ]
}

end() { # HANDLER ID
	hr "$1" delete --force "$2"
}

label_of() { # PID: from outside
	tr -d '\0' <"/proc/$1/attr/current" 2>&1
}

# The line of the audit log that says most of what was last done with a container.
audited() { # ID FILTER
	jq -rc "select(.id == \"$1\") | $2" $audit 2>&1 | tail -n 1
}

# refused HANDLER ID REGEX NAME: create fails, says why, and starts nothing
refused() {
	create "$1" "$2"
	like "$status $(tr '\n' ' ' <$work/err)$([ -z "$pid" ] || echo " pid $pid")" "^1 hardrun: refused by $3" "$4"
	[ "$status" -ne 0 ] || end "$1" "$2"
}

# Kernel log since the last call.
kernel_said() {
	dmesg >$work/dmesg.now
	tail -n +$(($(wc -l <$work/dmesg.seen) + 1)) $work/dmesg.now
	mv $work/dmesg.now $work/dmesg.seen
}
