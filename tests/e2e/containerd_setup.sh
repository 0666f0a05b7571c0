# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of lib.sh: a containerd of the test's own, in a private mount and PID namespace, and an
# image made here of the machine's static busybox.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"
#	containerd_sandbox "$@"    # runs the script again in its namespaces, starts containerd
#	start one -- sleep 100     # ctr run --detach through hardrun
#	end one
#	finish
#
# The PID namespace is what ends everything: with the script go containerd, its shims and all
# containers, whatever state they are in.

# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"

image=test.example/busybox:1
# shellcheck disable=SC2034 # for the scripts
records=/run/hardrun/records audit=/var/log/hardrun/audit.jsonl
eight=00000000000004fb # what profile default leaves of the engine's fourteen
# What profile default makes of a process that the engine gives fourteen capabilities.
# shellcheck disable=SC2034
hardened="CapPrm:$eight CapEff:$eight CapBnd:$eight NoNewPrivs:1 Seccomp:2"
daemon=0

containerd_sandbox() { # "$@" of the script
	local tool
	for tool in containerd ctr containerd-shim-runc-v2 runc busybox; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip_all "busybox is not a static program"
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	if [ $$ -ne 1 ]; then
		unshare -m -p --fork --mount-proc true 2>/dev/null || skip_all "no PID namespaces here"
		exec unshare -m -p --fork --kill-child --mount-proc bash "$0" "$@"
	fi
	sandbox "$@"
	trap containerd_leave EXIT
	namespace=hr-ctr-$(stat -Lc %i /proc/self/ns/pid)
	export CONTAINERD_ADDRESS=$work/containerd.sock CONTAINERD_NAMESPACE=$namespace
	state=$work/state
	bundles=$state/io.containerd.runtime.v2.task
	mkdir -p /run/containerd "$work/tmp"
	mount -t tmpfs -o mode=711 hr-e2e /run/containerd || skip_all "no tmpfs"
	ln -sfn "$HR_PROGRAM" "$work/bin/hardrun"
	containerd_config
	containerd_start || skip_all "containerd does not start: $(tail -n 3 "$work/containerd.log")"
	containerd_image || skip_all "the image cannot be unpacked: $(tail -n 3 "$work/import.err")"
	no_policy
}

containerd_config() {
	local off='"io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"' name
	for name in aufs btrfs devmapper zfs; do off+=", \"io.containerd.snapshotter.v1.$name\""; done
	cat >"$work/config.toml" <<-TOML
		version = 2
		root = "$work/root"
		state = "$state"
		disabled_plugins = [$off]
		[grpc]
		address = "$CONTAINERD_ADDRESS"
		[ttrpc]
		address = "$CONTAINERD_ADDRESS.ttrpc"
	TOML
}

containerd_start() {
	# In a directory of its own, as containerd's services have; temporary files where they
	# are found again.
	TMPDIR=$work/tmp containerd --config "$work/config.toml" \
		>>"$work/containerd.log" 2>&1 </dev/null &
	daemon=$!
	within 10 ctr version >/dev/null
}

containerd_stop() { # [SIGNAL]
	kill "-${1:-TERM}" "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=0
}

containerd_leave() {
	sandbox_leave
	[ "$daemon" -eq 0 ] || containerd_stop KILL
	thaw
	processes | awk '{ print $2 }' | xargs -r kill -KILL 2>/dev/null
	within 5 no_processes
	within 5 cgroups_leave
	[ "$failed" -eq 0 ] || note "$(tail -n 20 "$work/containerd.log")"
}

no_processes() { [ -z "$(processes)" ]; }

# ---- image -----------------------------------------------------------------------------

# Imported and unpacked; $CONTAINERD_SNAPSHOTTER is one that works here.
containerd_image() {
	local snapshotter
	image_make "$work/image" >"$work/image.tar" || return
	for snapshotter in overlayfs native; do
		export CONTAINERD_SNAPSHOTTER=$snapshotter
		ctr images import --snapshotter "$snapshotter" "$work/image.tar" \
			>"$work/import.out" 2>"$work/import.err" &&
			ctr run --rm "$image" try true 2>>"$work/import.err" && return
		ctr images rm "$image" >/dev/null 2>&1
	done
	return 1
}

# The same for another user, by another name; for the namespace that ctr uses.
containerd_image_for() { # USER NAME
	local image=$2
	[ -e "$work/image.$1.tar" ] || image_make "$work/image.$1" "$1" >"$work/image.$1.tar" || return
	ctr images import --snapshotter "$CONTAINERD_SNAPSHOTTER" "$work/image.$1.tar" \
		>"$work/import.out" 2>"$work/import.err"
}

image_command='["/bin/sh"]' # of images that are made

image_make() { # DIR [USER]: an OCI image layout in it, and that as a tar file to stdout
	local layout=$1/layout root=$1/root arch layer config manifest type diff
	mkdir -p "$layout/blobs/sha256" "$root"/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$root/bin/busybox"
	chroot "$root" /bin/busybox --install -s /bin || return
	echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
	echo 'app:x:1000:1000:app:/:/bin/sh' >>"$root/etc/passwd"
	printf '%s\n' root:x:0: app:x:1000: more:x:2000:app >"$root/etc/group"
	case $(uname -m) in
	x86_64) arch=amd64 ;;
	aarch64) arch=arm64 ;;
	*) arch=$(uname -m) ;;
	esac
	type=application/vnd.oci.image
	tar -C "$root" --numeric-owner --owner=0 --group=0 -cf "$1/layer" .
	diff=sha256:$(sha256sum <"$1/layer" | cut -d ' ' -f 1)
	layer=$(image_blob "$type.layer.v1.tar" <"$1/layer")
	config=$(jq -nc --arg arch "$arch" --arg diff "$diff" --arg user "${2:-}" \
		--argjson command "$image_command" '{architecture: $arch, os: "linux",
		config: {Env: ["PATH=/bin"], Cmd: $command, User: $user},
		rootfs: {type: "layers", diff_ids: [$diff]}}' | image_blob "$type.config.v1+json")
	manifest=$(printf '{"schemaVersion":2,"config":%s,"layers":[%s]}' "$config" "$layer" |
		image_blob "$type.manifest.v1+json")
	jq -nc --argjson manifest "$manifest" --arg name "$image" '{schemaVersion: 2, manifests: [
		$manifest + {annotations: {"io.containerd.image.name": $name}}]}' >"$layout/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	tar -C "$layout" -c .
}

image_blob() { # TYPE: stdin becomes a blob of $layout; prints its descriptor
	local digest
	cat >"$layout/blob"
	digest=$(sha256sum <"$layout/blob" | cut -d ' ' -f 1)
	mv "$layout/blob" "$layout/blobs/sha256/$digest"
	printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' \
		"$1" "$digest" "$(stat -c %s "$layout/blobs/sha256/$digest")"
}

# ---- calls -----------------------------------------------------------------------------

ctr() { timeout --foreground 60 "$(type -P ctr)" "$@"; }

through() { # HANDLER ID [FLAG...] -- COMMAND...: ctr run
	local name=$1 id=$2 flags=()
	shift 2
	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	ctr run --runtime io.containerd.runc.v2 --runc-binary "$work/bin/$name" \
		${flags[@]+"${flags[@]}"} "$image" "$id" "$@"
}

start() { # ID [FLAG...] -- COMMAND...: in the background, through hardrun
	local id=$1
	shift
	through hardrun "$id" --detach "$@"
}

foreground() { # ID [FLAG...] -- COMMAND...: until it ends, through hardrun
	local id=$1
	shift
	through hardrun "$id" --rm "$@" </dev/null
}

inside() { # ID [FLAG...] -- COMMAND...: ctr task exec
	local id=$1 flags=()
	shift
	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	ctr task exec --exec-id "x$RANDOM$RANDOM" ${flags[@]+"${flags[@]}"} "$id" "$@" </dev/null
}

# What a successful command says. ctr 1.6 loses all of it once in a thousand calls (with plain
# runc as well): then it is asked again.
heard() { # COMMAND...
	local words status try
	for try in 1 2 3; do
		words=$("$@")
		status=$?
		if [ -n "$words" ] || [ "$status" -ne 0 ]; then break; fi
		note "ctr said nothing ($try): $*" >&2
	done
	printf '%s' "$words"
	return "$status"
}

status_of() { # ID: RUNNING, STOPPED...; nothing without a task
	ctr task ls | awk -v id="$1" '$1 == id { print $3 }'
}

pid_of() { # ID
	ctr task ls | awk -v id="$1" '$1 == id { print $2 }'
}

has_status() { [ "$(status_of "$1")" = "$2" ]; } # ID STATUS

end() { # ID: kill it and delete it with all that containerd keeps of it
	ctr task kill --signal KILL "$1" && within 10 has_status "$1" STOPPED &&
		ctr task rm "$1" >/dev/null 2>&1
	ctr containers rm "$1"
}

within() { # SECONDS COMMAND...: until it succeeds, for that long at most
	local last=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -le "$last" ] || return
		sleep 0.05
	done
}

# What of /proc/PID/status counts here, in one line.
figures() { # TEXT
	printf '%s' "$1" | tr -d '\r\0' | awk '/^(Cap(Prm|Eff|Bnd)|NoNewPrivs|Seccomp):/ {
		printf "%s%s%s", gap, $1, $2
		gap = " "
	}'
}

figures_of() { figures "$(cat "/proc/$(pid_of "$1")/status")"; } # ID: of its init
figures_exec() { figures "$(heard inside "$1" -- cat /proc/self/status)"; } # ID: of an exec in it

# ---- hardrun's files -------------------------------------------------------------------

no_policy() { rm -rf /etc/hardrun; } # plain hardrun works without: built-in profile default

with_policy() { # [JSON]: /etc/hardrun with this policy.json; no handler but plain hardrun
	rm -rf /etc/hardrun
	mkdir -p /etc/hardrun/runtimes
	policy "${1:-{\"version\": 1\}}"
}

record_of() { # ID [NAMESPACE]: the file
	local file
	for file in "$records"/*.json; do
		[ -e "$file" ] && jq -e --arg id "$1" --arg root "/run/containerd/runc/${2:-$namespace}" \
			'.id == $id and .root == $root' "$file" >/dev/null && printf '%s\n' "$file"
	done
}

# ---- what is left ----------------------------------------------------------------------

# The runtimes, shims and whatever runs in a container: those have a mount namespace of their own.
processes() {
	ps -eo stat=,pid=,mntns=,args= | awk -v own="$(ps -o mntns= -p $$)" '
		$1 ~ /^Z/ { next }
		{ name = $4; sub(".*/", "", name) }
		$3 != own + 0 || name ~ /^(containerd-shim|hardrun|runc|crun)/'
}

cgroups() {
	find /sys/fs/cgroup -type d -path "*/$namespace*" 2>/dev/null
}

thaw() { # what is paused cannot be killed
	local dir
	while read -r dir; do
		[ ! -e "$dir/freezer.state" ] || echo THAWED >"$dir/freezer.state"
		[ ! -e "$dir/cgroup.freeze" ] || echo 0 >"$dir/cgroup.freeze"
	done < <(cgroups | grep "/$namespace/")
} 2>/dev/null

cgroups_leave() {
	cgroups | sort -r | xargs -r rmdir 2>/dev/null
}

# One line for each thing that a container left; nothing when all is as before.
leftovers() {
	processes | sed 's/^/process: /'
	grep -F " $bundles/" /proc/self/mountinfo | sed 's/^/mount: /'
	find "$bundles" -mindepth 2 2>/dev/null | sed 's/^/bundle: /'
	find /run/containerd/runc -mindepth 2 2>/dev/null | sed 's/^/state: /'
	find /run/hardrun "$work/tmp" \( -name '.hardrun.*' -o -name 'runc-process*' \) 2>/dev/null |
		sed 's/^/temporary: /'
	cgroups | grep "/$namespace/" | sed 's/^/cgroup: /'
}

nothing_left() { [ -z "$(leftovers)" ]; }

clean() { # NAME: no process, mount, bundle, state, temporary file or cgroup is left
	if within 10 nothing_left; then ok "$1"; else not_ok "$1" "$(leftovers)"; fi
	nothing_left || wipe
}

wipe() { # by force: a failure is to be seen once, not in all that follows
	thaw
	processes | awk '{ print $2 }' | xargs -r kill -KILL 2>/dev/null
	within 5 no_processes
	ctr containers ls -q | xargs -r "$(type -P ctr)" containers rm >/dev/null 2>&1
	rm -rf --one-file-system /run/containerd/runc/*/* "${bundles:?}"/*/*
}
