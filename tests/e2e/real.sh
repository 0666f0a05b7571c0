# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of lib.sh: containers of the installed runc and crun.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/real.sh"
#	real_sandbox "$@"
#	for runtime in runc crun; do
#		real_begin "$runtime" || continue
#		real_bundle "$work/b/one" "$(real_spec)" '.process.args = ["true"]'
#		hr run --bundle "$work/b/one" one >out 2>err
#		real_end
#	done
#	finish

# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

runtime='' program='' root='' old=false called=hardrun layers=0
roots=() # others than $root below which containers may be

# A pid namespace around the sandbox: whatever ends the script ends its containers, and pid 1
# can be looked at.
real_sandbox() { # "$@" of the script
	if [ -z "${HR_E2E_REAL:-}" ] && [ "$(id -u)" -eq 0 ] &&
		unshare -mpf --mount-proc true 2>/dev/null; then
		HR_E2E_REAL=1 exec unshare -mpf --kill-child --mount-proc bash "$0" "$@"
	fi
	sandbox "$@"
	cgroup=/hr-e2e-$(stat -Lc %i /proc/self/ns/mnt)
	trap real_leave EXIT
	busybox=$(command -v busybox) || skip_all "busybox is not installed"
	! ldd "$busybox" >/dev/null 2>&1 || skip_all "busybox is not a static program"
	mkdir -p "$work/image"/{bin,etc,tmp,home/app,proc,sys,dev}
	cp "$busybox" "$work/image/bin/busybox"
	chroot "$work/image" /bin/busybox --install -s /bin
	build_helper helper
	poor=true hybrid=false
	may_raise_limits && poor=false
	if mountpoint -q /sys/fs/cgroup && [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
		hybrid=true
	fi
}

build_helper() { # NAME: tests/e2e/NAME as a static program in $work
	if [ -x "${HR_BUILDDIR:-.}/tests/e2e/$1" ]; then
		install -m 755 "${HR_BUILDDIR:-.}/tests/e2e/$1" "$work/$1"
	else
		gcc -static -O1 -std=gnu11 -D_GNU_SOURCE -o "$work/$1" "$e2e/$1.c" || exit 1
	fi
}

# The runtime of the handlers from now on. Without a policy where that is possible: plain
# hardrun has runc built in.
real_begin() { # runc|crun
	runtime=$1
	if ! program=$(command -v "$1"); then
		skip "$1" "$1 is not installed"
		return 1
	fi
	program=$(realpath "$program")
	[ "$1" = crun ] && [ "$hybrid" = true ] && real_unified
	[ "$1" = crun ] && [ "$poor" = true ] && program=$(memlock_crun "$program")
	root=$work/root/$1 old=false
	mkdir -p "$root"
	real_no_policy
	if ! real_starts .; then
		skip "$1" "bare $1 starts nothing here: $(tail -n 1 "$work/bare.err")"
		return 1
	fi
	real_starts '.ociVersion = "1.2.0"' || old=true
}

# crun refuses a hybrid tree; of a pure v2 one it uses what is there.
real_unified() {
	umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

real_starts() { # FILTER
	real_bundle "$work/b/bare" "$(real_spec)" ".process.args = [\"/bin/true\"] | $1"
	timeout 60 "$program" --root "$root" run --bundle "$work/b/bare" bare \
		</dev/null >"$work/bare.out" 2>"$work/bare.err"
}

# Handlers hardrun and hardrun-restricted with that policy.
real_policy() { # JSON
	fresh
	handler hardrun "$program"
	handler hardrun-restricted "$program"
	policy "$(real_limits "$1")"
}

# What crun sees of a hybrid tree has no controller for processes, so there no profile may ask
# for one; the built-in ones get heirs that do not.
real_limits() { # JSON
	if [ "$runtime" != crun ] || [ "$hybrid" != true ]; then
		printf '%s\n' "$1"
		return
	fi
	jq '.profiles = ({here: {extends: "default"}, "restricted-here": {extends: "restricted"}}
			+ (.profiles // {}) | map_values(.resources.pids //= 0))
		| .default //= "here"
		| .rules = (.rules // []) + [
			{when: {handler: "hardrun-restricted"}, use: "restricted-here"}]' <<<"$1"
}

# As real_policy, but with no policy file at all where that is possible.
real_no_policy() {
	real_policy '{"version": 1}'
	[ "$program" != /usr/sbin/runc ] || rm -rf /etc/hardrun
}

# End what still runs.
real_end() {
	local state
	for state in {"$root","$root/k8s.io","${roots[@]}"}/*/; do
		[ -e "$state/state.json" ] || [ -e "$state/status" ] || continue
		state=${state%/}
		timeout 60 "$program" --root "${state%/*}" delete --force "${state##*/}" >/dev/null 2>&1
	done
	find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} + 2>/dev/null
}

real_leave() {
	real_end
	sandbox_leave
}

# ---- documents -------------------------------------------------------------------------

real_spec() { # what the runtime's own `spec` writes
	local dir=$work/spec.$runtime
	[ -e "$dir/config.json" ] || (mkdir -p "$dir" && cd "$dir" && "$program" spec) || return
	printf '%s\n' "$dir/config.json"
}

recorded() { # CASE: the document of that recorded call
	printf '%s\n' "$HR_TEST_SRCDIR/tests/calls/cases/$1/config.json"
}

# real_jq ARGUMENT...: jq that knows real.jq
real_jq() {
	local filter=$1
	shift
	jq -L "$e2e" --arg poor "$poor" --arg hybrid "$hybrid" --arg old "$old" --arg runtime "$runtime" \
		--arg cgroup "$cgroup" "include \"real\"; $filter" "$@"
}

# real_bundle DIR DOCUMENT [JQ-FILTER]: a bundle of DOCUMENT without what this machine lacks,
# with the busybox image as its root and no terminal; the filter comes last.
real_bundle() {
	mkdir -p "$1"
	mountpoint -q "$1/rootfs" || real_image "$1/rootfs"
	real_jq "fit | .process.terminal = false | .root.path = \"rootfs\"
		| .linux.cgroupsPath = \$cgroup + \"/\" + \$name | ${3:-.}" \
		--arg name "${1##*/}" "$2" >"$1/config.json"
}

real_image() { # DIR: the busybox image; what is written there is its own
	local layer=$work/layers/$((layers += 1))
	mkdir -p "$1" "$layer/upper" "$layer/work" &&
		mount -t overlay overlay \
			-o "lowerdir=$work/image,upperdir=$layer/upper,workdir=$layer/work" "$1"
}

# ---- calls -----------------------------------------------------------------------------

hr() { # ARGUMENT...: hardrun (by the name $called) below $root
	timeout --foreground 60 "$work/bin/$called" --root "$root" "$@"
}

bare() { # ARGUMENT...: the runtime itself
	timeout --foreground 60 "$program" --root "$root" "$@"
}

until_true() { # COMMAND...: until it succeeds, for ten seconds at most
	local tries
	for ((tries = 0; tries < 500; tries++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.02
	done
	return 1
}

# What H4, H5 and the filter look at in a /proc/PID/status, in one line.
figures() { # FILE; a terminal may echo the end of its input into the first line
	tr -d '\r\b' <"$1" | sed 's/\^D//g; s/^.*CapInh:/CapInh:/' | awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):|^NoNewPrivs:|^Seccomp:/ {
		sub(/^0+/, "", $2)
		printf "%s%s%s", gap, $1, $2 == "" ? "0" : $2
		gap = " "
	}'
}

# The line that it must be: `hardened BOUNDING [EFFECTIVE]`, masks without leading zeros.
hardened() {
	printf 'CapInh:0 CapPrm:%s CapEff:%s CapBnd:%s CapAmb:0 NoNewPrivs:1 Seccomp:2' \
		"${2:-$1}" "${2:-$1}" "$1"
}

# Wait for a terminal at $work/console.sock and write what it says to FILE; sets $console.
console() { # FILE
	rm -f "$work/console.sock"
	"$work/helper" console "$work/console.sock" "$1" 2>"$work/console.err" &
	console=$!
	reap "$console"
	until_true test -S "$work/console.sock"
}
