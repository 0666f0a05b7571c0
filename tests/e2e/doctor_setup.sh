# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# On top of lib.sh: a node of the test's own for `hardrun doctor`. Engines and runtimes are small
# scripts that say a version; the kernel's switches are files laid over those of /proc/sys.
#
#	doctor_sandbox "$@"     # in place of sandbox
#	node; layout_docker     # a good node with one engine; sets $engine and $file
#	good "docker"           # no error, no warning
#	rm /usr/local/sbin/hardrun-restricted
#	fault docker.handler.missing error "docker handler hardrun-restricted"
#	finish
#
# The arguments of a script are the layouts to go through, by default all.
# fault wants exactly this finding, applies its remedy and wants the node good again. Where the
# remedy is an edit (a text that begins with a capital letter) the test gives a command for it.

# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh" || exit 1

program=/usr/local/sbin/hardrun restricted=/usr/local/sbin/hardrun-restricted
kernel=/proc/sys/kernel fs=/proc/sys/fs
engine='' file='' layout=none planted='' remedy='' counts=()
# shellcheck disable=SC2034 # for the scripts
cri='plugins."io.containerd.grpc.v1.cri".containerd'
contrib=${HR_TEST_SRCDIR:-.}/contrib

doctor_sandbox() { # "$@" of the script
	local dir name
	sandbox "$@"
	contrib=$HR_TEST_SRCDIR/contrib
	defaults=$work/containerd-default.toml
	[ $# -eq 0 ] || layouts=("$@")
	containerd config default >"$defaults" 2>/dev/null || {
		skip "the layout of containerd config default" "containerd is not installed"
		layouts=("${layouts[@]/containerd_full/containerd2}")
	}
	for dir in /usr/local/sbin /usr/local/bin /var/lib/kubelet /usr/share/containers; do
		[ -d "$dir" ] || continue
		mount -t tmpfs -o mode=755 hr-e2e "$dir" || skip_all "no tmpfs over $dir"
	done
	if [ ! -d /var/lib/kubelet ]; then cover /var/lib || skip_all "no overlay over /var/lib"; fi
	mkdir -p "$work/kernel/seccomp" "$work/kernel/yama" /var/lib/kubelet
	mount --bind "$work/kernel" "$kernel" || skip_all "nothing can be mounted over $kernel"
	for name in protected_symlinks protected_hardlinks; do
		: >"$work/$name"
		mount --bind "$work/$name" "$fs/$name" || skip_all "nothing can be mounted over $fs"
	done
	for dir in /sys/kernel/security /sys/fs; do
		mount -t tmpfs hr-e2e "$dir" || skip_all "no tmpfs over $dir"
	done
	mkdir "$work/real"
	for name in runc crun; do
		[ -z "$(type -P "$name")" ] || cp "$(type -P "$name")" "$work/real/"
	done
	for name in containerd dockerd crio podman runc crun runsc; do
		rm -f "/usr/bin/$name" "/usr/sbin/$name"
	done
	install -m 755 "$HR_PROGRAM" "$program"
}

# ---- the node --------------------------------------------------------------------------

says() { # PROGRAM VERSION-LINE [FEATURES]: a program that says what it is
	local features='exit 1'
	[ -z "${3:-}" ] || features="echo '$3'"
	printf '#!/bin/sh\ncase $1 in\n--version) echo "%s" ;;\nfeatures) %s ;;\nesac\n' \
		"$2" "$features" >"$1"
	chmod 755 "$1"
}

# Nothing but hardrun, a runtime and a kernel as they should be; no engine.
node() {
	umount -q /run/hardrun /var/log/hardrun 2>/dev/null
	fresh
	rm -rf /etc/containerd /etc/crio /etc/docker /etc/containers /etc/sysctl.d/60-hardrun.conf \
		/etc/systemd/system/docker.service.d /etc/default/docker /var/lib/kubelet/config.yaml \
		/usr/{local/,}{s,}bin/{containerd,dockerd,crio,podman,systemctl} "$restricted"
	printf '#!/bin/sh\n' >/usr/bin/systemctl # remedies restart engines
	chmod 755 /usr/bin/systemctl
	rm -f /usr/sbin/{runc,crun,youki}* /usr/bin/{runc,crun,nvidia-container-runtime}
	runtime_says /usr/sbin/runc "runc version 1.5.9"
	ln -sfn hardrun "$restricted"
	ln -sfn /usr/sbin/runc /etc/hardrun/runtimes/hardrun-restricted
	echo 1 >"$fs/protected_symlinks"
	echo 1 >"$fs/protected_hardlinks"
	echo core >"$kernel/core_pattern"
	echo 2 >"$kernel/unprivileged_bpf_disabled"
	echo 1 >"$kernel/yama/ptrace_scope"
	echo 6.1.0-28-amd64 >"$kernel/osrelease"
	echo "kill_process kill_thread trap errno user_notif trace log allow" \
		>"$kernel/seccomp/actions_avail"
	echo "lockdown,capability,landlock,yama,apparmor" >/sys/kernel/security/lsm
	mkdir -p /sys/kernel/security/apparmor
	printf '%s (enforce)\n' hardrun-default hardrun-restricted >/sys/kernel/security/apparmor/profiles
	printf '%s\n' hardrun:1879048192:268304384 kubelet:671088640:7208960 | tee /etc/subuid >/etc/subgid
	chown 0:0 /etc/sub{u,g}id && chmod 644 /etc/sub{u,g}id
	grep -q ^kubelet: /etc/passwd || echo kubelet:x:998:998::/:/usr/sbin/nologin >>/etc/passwd
	engine='' file=''
}

runtime_says() { # PROGRAM VERSION-LINE
	says "$1" "$2" '{"ociVersionMin":"1.0.0","ociVersionMax":"1.2.0"}'
}

own_tables() { # FILE: of hardrun's two handlers
	sed -n '/runtimes\.hardrun\]/,$p' "$1"
}

# ---- engines' layouts ------------------------------------------------------------------

layout_containerd16() { # Debian's file with contrib's tables
	engine=containerd file=/etc/containerd/config.toml
	says /usr/bin/containerd \
		"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3"
	mkdir -p /etc/containerd
	{
		printf 'version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n'
		printf '    [plugins."io.containerd.grpc.v1.cri".cni]\n      bin_dir = "/usr/lib/cni"\n'
		printf '      conf_dir = "/etc/cni/net.d"\n'
		printf '  [plugins."io.containerd.internal.v1.opt"]\n    path = "/var/lib/containerd/opt"\n'
		grep -v '^version' "$contrib/containerd/hardrun-1.x.toml"
	} >"$file"
}

layout_containerd_full() { # `containerd config default` with contrib's tables
	layout_containerd16
	says /usr/bin/containerd "containerd github.com/containerd/containerd v1.7.24 5c1f3e5a"
	sed 's/SystemdCgroup = false/SystemdCgroup = true/' "$defaults" >"$file"
	own_tables "$contrib/containerd/hardrun-1.x.toml" >>"$file"
}

layout_containerd2() { # version 3 with a drop-in
	engine=containerd file=/etc/containerd/conf.d/hardrun.toml
	says /usr/bin/containerd "containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b71"
	mkdir -p /etc/containerd/conf.d
	cat >/etc/containerd/config.toml <<-'TOML'
		version = 3
		imports = ["/etc/containerd/conf.d/*.toml"]
		[plugins."io.containerd.cri.v1.runtime".containerd]
		  default_runtime_name = "runc"
		[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
		  runtime_type = "io.containerd.runc.v2"
		  sandboxer = "podsandbox"
		[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
		  SystemdCgroup = true
	TOML
	cp "$contrib/containerd/hardrun-2.x.toml" "$file"
}

layout_containerd2_old() { # containerd 2.x with a file of version 2, which it migrates
	layout_containerd16
	says /usr/bin/containerd "containerd github.com/containerd/containerd/v2 v2.0.5 fb4c30d4"
}

layout_docker() {
	engine=docker file=/etc/docker/daemon.json
	says /usr/sbin/dockerd "Docker version 20.10.24+dfsg1, build 5d6db84"
	mkdir -p /etc/docker
	cp "$contrib/docker/daemon.json" "$file"
}

layout_podman() {
	engine=podman file=/etc/containers/containers.conf.d/hardrun.conf
	says /usr/bin/podman "podman version 4.3.1"
	mkdir -p /etc/containers/containers.conf.d
	printf '[containers]\ndefault_sysctls = ["net.ipv4.ping_group_range=0 0"]\n[engine]\nruntime = "runc"\n' \
		>/etc/containers/containers.conf
	cp "$contrib/podman/containers.conf" "$file"
}

layout_crio() {
	# shellcheck disable=SC2034
	engine=cri-o file=/etc/crio/crio.conf.d/90-hardrun.conf
	says /usr/bin/crio "crio version 1.28.1
Version:        1.28.1"
	mkdir -p /etc/crio/crio.conf.d
	cat >/etc/crio/crio.conf <<-'TOML'
		[crio.runtime]
		default_runtime = "runc"
		cgroup_manager = "systemd"
		[crio.runtime.runtimes.runc]
		runtime_path = "/usr/sbin/runc"
		runtime_type = "oci"
		runtime_root = "/run/runc"
		monitor_path = "/usr/bin/conmon"
		monitor_cgroup = "system.slice"
	TOML
	cat >"$file" <<-'TOML'
		[crio.runtime.runtimes.hardrun]
		runtime_path = "/usr/local/sbin/hardrun"
		runtime_type = "oci"
		monitor_path = "/usr/bin/conmon"
		monitor_cgroup = "system.slice"
		[crio.runtime.runtimes.hardrun-restricted]
		runtime_path = "/usr/local/sbin/hardrun-restricted"
		runtime_type = "oci"
		monitor_path = "/usr/bin/conmon"
		monitor_cgroup = "system.slice"
	TOML
}

layouts=(containerd16 containerd_full containerd2 containerd2_old docker podman crio)

fresh_layout() { node && "layout_$layout"; }

chosen() { # LAYOUT...: those that the script is to go through
	local name
	for name; do [[ " ${layouts[*]} " != *" $name "* ]] || printf '%s\n' "$name"; done
}

# ---- asking ----------------------------------------------------------------------------

doctor() { # sets $status, $remedy (of the first finding that counts), $work/out
	local json
	"$program" doctor --json >"$work/out" 2>"$work/err" </dev/null
	# shellcheck disable=SC2034
	status=$?
	[ ! -s "$work/err" ] || not_ok "nothing is said on standard error" "$(cat "$work/err")"
	json='.findings | map(select(.severity != "note"))'
	{
		IFS= read -r remedy
		mapfile -t counts
	} < <(jq -r "$json"' | .[0].remedy // "", (.[] | "\(.severity) \(.id) \(.subject)")' "$work/out")
}

# What counts, a line each: SEVERITY ID SUBJECT.
counted() { [ "${#counts[@]}" -eq 0 ] || printf '%s\n' "${counts[@]}"; }

# Sets $took, in ms: of a second run where other work on the machine made the first one slow.
good() { # NAME
	local begin=$EPOCHREALTIME
	doctor
	took=$(since "$begin")
	if [ "$took" -ge 1000 ]; then
		begin=$EPOCHREALTIME
		doctor
		took=$(since "$begin")
	fi
	is "$status $(counted)" "0 " "$1: no error, no warning"
}

since() { echo $((${EPOCHREALTIME/[.,]/} / 1000 - ${1/[.,]/} / 1000)); } # BEGIN: ms

# fault ID SEVERITY SUBJECT [COMMAND...]: planted before. COMMAND for a remedy that is no command.
fault() {
	local id=$1 severity=$2 subject=$3 name="$layout: $1${planted:+ ($planted)}" wanted='^[a-z]'
	shift 3
	doctor
	is "$status $(counted)" "1 $severity $id $subject" "$name: is found, and nothing else"
	[ $# -eq 0 ] || wanted='^[A-Z]'
	if ! [[ $remedy =~ $wanted ]]; then
		not_ok "$name: the remedy" "$remedy"
	elif [ $# -gt 0 ]; then
		"$@"
	elif ! bash -c "$remedy" >"$work/remedy.out" 2>&1; then
		not_ok "$name: the remedy succeeds" "$remedy"$'\n'"$(cat "$work/remedy.out")"
	fi
	doctor
	is "$status $(counted)" "0 " "$name: the remedy mends it"
}

# plant COMMAND... -- ID SEVERITY SUBJECT [MEND...]: in a fresh node of this layout.
plant() {
	local command=() planted
	while [ "$1" != -- ]; do command+=("$1") && shift; done
	shift
	planted=${command[*]}
	fresh_layout
	"${command[@]}" || not_ok "$layout: $planted"
	fault "$@"
}

noted() { # ID
	doctor
	is "$status $(jq --arg id "$1" '[.findings[] | select(.id == $id and .severity == "note")] | length' \
		"$work/out")" "0 1" "$1: is noted and does not count"
}

# replace OLD NEW [FILE]: texts, in the file of the handlers.
replace() {
	python3 -c 'import sys
old, new, path = sys.argv[1:]
text = open(path).read()
assert old in text, old
open(path, "w").write(text.replace(old, new))' "$1" "$2" "${3:-$file}"
}
