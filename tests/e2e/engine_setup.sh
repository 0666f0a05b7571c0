# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of lib.sh and containerd_setup.sh: a machine of its own for Docker or podman, that is
# private mount, PID and network namespaces, in which the engines' directories are empty, and
# hardrun and contrib's configuration are where an administrator puts them.
#
#	set -u
#	. "${HR_TEST_SRCDIR:-.}/tests/e2e/engine_setup.sh"
#	engine_sandbox dockerd docker -- "$@"    # runs the script again in its namespaces
#	...
#	finish
#
# The script is process 1 there, so with it everything ends. HR_DOCKER_ROOT may name a folder in
# which another Docker was unpacked (dpkg -x of docker.io, docker-cli, docker-buildx).

# shellcheck source=tests/e2e/containerd_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/containerd_setup.sh"

links=/usr/local/sbin # where contrib's files have the program and its links
engine=0              # the process of dockerd

engine_sandbox() { # TOOL... -- "$@" of the script
	local name tools=()
	PATH=/usr/sbin:/usr/bin:/sbin:/bin # Debian's own, whatever else is there
	while [ "$1" != -- ]; do
		tools+=("$1")
		shift
	done
	shift
	for name in "${tools[@]}" runc busybox ip iptables script jq; do
		command -v "$name" >/dev/null || skip_all "$name is not installed"
	done
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip_all "busybox is not a static program"
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	if [ $$ -ne 1 ]; then
		unshare -m -p -n --fork --mount-proc true 2>/dev/null ||
			skip_all "no PID or network namespaces here"
		exec unshare -m -p -n --fork --kill-child --mount-proc bash "$0" "$@"
	fi
	sandbox "$@"
	trap engine_leave EXIT
	namespace=hr-engine-$(stat -Lc %i /proc/self/ns/pid) # of the cgroups
	export TMPDIR=$work/tmp HOME=$work/home
	mkdir -p "$TMPDIR" "$HOME"
	ip link set lo up
	for name in /var/lib /srv /usr/local/lib $links; do
		cover "$name" || skip_all "no overlay file system over $name"
	done
	for name in /var/lib/docker /var/lib/containers /run/containerd /run/docker /run/containers; do
		mkdir -p "$name"
		mount -t tmpfs -o mode=711 hr-e2e "$name" || skip_all "no tmpfs"
	done
	rm -rf /etc/docker /etc/containers/containers.conf* /run/docker.sock /run/docker.pid \
		/run/libpod /run/netns /run/runc /run/crun
	for name in hardrun hardrun-restricted; do ln -sfn "$HR_PROGRAM" "$links/$name"; done
	[ -z "${HR_DOCKER_ROOT:-}" ] || engine_other "$HR_DOCKER_ROOT"
	engine_root "$work/root" || skip_all "busybox cannot be installed"
	no_policy
}

engine_leave() {
	sandbox_leave
	[ "$engine" -eq 0 ] || docker_stop KILL
	thaw
	processes | awk '{ print $2 }' | xargs -r kill -KILL 2>/dev/null
	within 5 no_processes
	within 5 cgroups_leave
	[ -n "${libpod_before-there}" ] || libpod_parent | sort -r | xargs -r rmdir 2>/dev/null
	[ "$failed" -eq 0 ] || [ ! -e "$work/dockerd.log" ] ||
		note "$(grep -v level=info "$work/dockerd.log" | tail -n 20)"
}

engine_other() { # DIR
	local name
	for name in bin sbin; do
		cp -a "$1/usr/$name/"* "/usr/$name/" || skip_all "no Docker in $1"
	done
	mkdir -p "$HOME/.docker/cli-plugins"
	cp "$1"/usr/libexec/docker/cli-plugins/* "$HOME/.docker/cli-plugins/" 2>/dev/null
	note "$(dockerd --version)"
}

# The root of an image: busybox, and another user than root.
engine_root() { # DIR
	mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,root}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	chroot "$1" /bin/busybox --install -s /bin || return
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'app:x:1000:1000:app:/:/bin/sh' >"$1/etc/passwd"
	printf '%s\n' 'root:x:0:' 'app:x:1000:' >"$1/etc/group"
}

# What the scripts ask of a container: its figures (containerd_setup.sh), and its limits.
# shellcheck disable=SC2034 # for the scripts
status_file=/proc/self/status limit_of='
	limit() { # V2-FILE V1-PATH
		cat "/sys/fs/cgroup/$1" 2>/dev/null || cat "/sys/fs/cgroup/$2"
	}'

# A pseudo-terminal around a client that insists on one.
terminal() { # COMMAND...
	timeout 60 script -qec "${*@Q}" /dev/null </dev/null 2>&1
}

# Of a terminal's output, without the echo of the end of input.
first_word() { head -n 1 "$work/out" | tr -d '\r\0' | sed 's/^^@//'; }

# ---- Docker ----------------------------------------------------------------------------

docker() { timeout --foreground 60 "$(type -P docker)" "$@"; }

# dockerd with contrib's daemon.json; its containerd is its own child. What is passed on the
# command line is what keeps it off the machine: cgroups, and no AppArmor profile to load.
docker_start() { # [OPTION...]
	local options=(--cgroup-parent "/$namespace" --exec-opt native.cgroupdriver=cgroupfs)
	# Of those that have it: what lowers the score needs a privilege.
	! dockerd --help | grep -q oom-score-adjust || options+=(--oom-score-adjust 0)
	# shellcheck disable=SC2034 # for leftovers
	bundles=/run/docker/containerd/daemon/io.containerd.runtime.v2.task
	mkdir -p /etc/docker
	cp "$HR_TEST_SRCDIR/contrib/docker/daemon.json" /etc/docker/daemon.json
	container=hr dockerd "${options[@]}" "$@" >>"$work/dockerd.log" 2>&1 </dev/null &
	engine=$!
	within 30 docker_answers
}

docker_answers() {
	docker version >/dev/null || ! kill -0 "$engine" # or will not any more
}

docker_stop() { # [SIGNAL]
	kill "-${1:-TERM}" "$engine" 2>/dev/null
	wait "$engine" 2>/dev/null
	engine=0
}

# shellcheck disable=SC2034 # bridge: for the scripts
docker_up() { # a Docker with an image "busybox"
	bridge=yes
	docker_start
	if ! docker version >/dev/null 2>&1; then
		bridge=no # no bridge or no packet filter in this kernel
		docker_start --bridge=none --iptables=false
	fi
	docker version >/dev/null 2>&1 ||
		skip_all "dockerd does not start: $(tail -n 3 "$work/dockerd.log")"
	tar -C "$work/root" -c . | docker import -c 'CMD ["/bin/sh"]' - busybox >/dev/null ||
		skip_all "the image cannot be imported: $(tail -n 3 "$work/dockerd.log")"
}

dk() { docker run --rm --runtime hardrun "$@" </dev/null; } # in the foreground, through hardrun

up() { docker run -d --runtime hardrun "$@" >/dev/null </dev/null; } # in the background

state_of() { docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1" 2>/dev/null; }

docker_is() { [ "$(docker inspect -f "$2" "$1")" = "$3" ]; } # NAME FORMAT VALUE

# ---- podman ----------------------------------------------------------------------------

podman() { timeout --foreground 60 "$(type -P podman)" "$@"; }

# contrib's containers.conf as a drop-in, and one of the test's own, for where there is neither
# systemd nor a journal; no AppArmor profile is loaded into the machine's kernel.
podman_up() { # a podman with an image "busybox"
	libpod_before=$(libpod_parent)
	mkdir -p /etc/containers/containers.conf.d
	cp "$HR_TEST_SRCDIR/contrib/podman/containers.conf" /etc/containers/containers.conf.d/hardrun.conf
	cat >/etc/containers/containers.conf.d/test.conf <<-CONF
		[containers]
		apparmor_profile = "unconfined"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[network]
		network_backend = "netavark"
	CONF
	tar -C "$work/root" -c . | podman import -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin' - busybox \
		>"$work/out" 2>&1 || skip_all "the image cannot be imported: $(tail -n 3 "$work/out")"
	podman run --rm --runtime runc --cgroup-parent "/$namespace" busybox true >"$work/out" 2>&1 ||
		skip_all "podman does not run a container by plain runc: $(tail -n 3 "$work/out")"
}

# Of pods that play kube makes, and of builds: podman has no option for these.
libpod_parent() { find /sys/fs/cgroup -type d -path '*/libpod_parent*' 2>/dev/null; }

pm() { # in the foreground, through hardrun
	podman run --rm --runtime hardrun --cgroup-parent "/$namespace" "$@" </dev/null
}

pm_up() { # in the background, through hardrun
	podman run -d --runtime hardrun --cgroup-parent "/$namespace" "$@" >"$work/started" 2>&1 </dev/null
}

pm_is() { [ "$(podman inspect -f "$2" "$1" 2>/dev/null)" = "$3" ]; } # NAME FORMAT VALUE

pm_state() { podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1" 2>/dev/null; }

# ---- what goes wrong on a node ---------------------------------------------------------

small() { # DIR: a small file system over it, with what is there already
	mkdir -p "$1" "$work/copy" && cp -a "$1/." "$work/copy" &&
		mount -t tmpfs -o size=4m,mode=755 hr-e2e "$1" && cp -a "$work/copy/." "$1"
	rm -rf "${work:?}/copy"
}

# To the last byte: cat fills the last page of a file, too.
fill() { cat /dev/zero >"$1/filler" 2>/dev/null; } # DIR

broken_policy() { with_policy '{"version": 1,'; }

# ---- the audit log ---------------------------------------------------------------------

lines() { # [EVENT [VERDICT]]: how many lines there are of these
	[ -e "$audit" ] || { echo 0; return; }
	jq -r --arg event "${1:-}" --arg verdict "${2:-}" 'select(($event == "" or .event == $event)
		and ($verdict == "" or .verdict == $verdict)) | .event' "$audit" | wc -l
}

# ---- what is left ----------------------------------------------------------------------

# One line for each thing that a container left, when no container is meant to be there.
leftovers() {
	processes | sed 's/^/process: /'
	grep -E ' /var/lib/(docker/overlay2|containers/storage/overlay[^/]*)/[^ ]+ ' \
		/proc/self/mountinfo | grep -v '/storage/overlay ' | sed 's/^/mount: /'
	find /run/docker/runtime-*/moby /run/docker/containerd/daemon/io.*.task/moby \
		/run/runc /run/crun /run/hardrun/stage -mindepth 1 2>/dev/null | sed 's/^/state: /'
	find /run/hardrun "$work/tmp" \( -name '.hardrun.*' -o -name 'runc-process*' \) 2>/dev/null |
		sed 's/^/temporary: /'
	# With plain runc, too, BuildKit and podman leave the parents that they make (podman with
	# cgroup 1 those of pods).
	cgroups | grep "/$namespace/" |
		grep -vE "/$namespace/(buildkit|conmon|[0-9a-f]{64}(/conmon)?)$" | sed 's/^/cgroup: /'
}

wipe() { # by force: a failure is to be seen once, not in all that follows
	if [ "$engine" -ne 0 ]; then docker ps -aq | xargs -r "$(type -P docker)" rm -f >/dev/null 2>&1; fi
	thaw
	processes | awk '{ print $2 }' | xargs -r kill -KILL 2>/dev/null
	within 5 no_processes
	cgroups | grep "/$namespace/" | sort -r | xargs -r rmdir 2>/dev/null
}
