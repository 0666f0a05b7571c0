#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `hardrun doctor`: faults in the engines' configuration, each in every layout that can have it,
# and files that are broken or made to hurt a reader. See doctor_setup.sh.
set -u
# shellcheck source=tests/e2e/doctor_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/doctor_setup.sh" || exit 1
doctor_sandbox "$@"

quoted="\"$restricted\""
handler_of() { printf '%s handler hardrun-restricted' "$engine"; }
# edit OLD NEW -- ID SEVERITY SUBJECT: planted by an edit, mended by the way back.
edit() {
	local old=$1 new=$2
	shift 3
	plant replace "$old" "$new" -- "$@" replace "$new" "$old"
}

# ---- the program of a handler ----------------------------------------------------------

not_executable() { rm "$restricted" && install -m 644 "$program" "$restricted"; }
no_program() { rm "$restricted" && mkdir "$restricted"; }
# By hardrun's name, and past it.
script() { # COMMAND
	rm "$restricted" && printf '#!/bin/sh\n%s\n' "$1" >"$restricted" && chmod 755 "$restricted"
}
copy() { rm "$restricted" && cp "$1" "$restricted"; }
dangling() { ln -sfn /usr/local/sbin/gone "$restricted"; }
new_name() { # a handler of a name that nobody knows
	replace hardrun-restricted hardrun-web
	ln -sfn hardrun /usr/local/sbin/hardrun-web
	ln -sfn /usr/sbin/runc /etc/hardrun/runtimes/hardrun-web
}

for layout in "${layouts[@]}"; do
	fresh_layout
	own=$(handler_of)
	note "$layout"
	edit "$quoted" '"/usr/sbin/runc"' -- "$engine.handler.other" error "$own"
	plant rm "$restricted" -- "$engine.handler.missing" error "$own"
	plant dangling -- "$engine.handler.missing" error "$own"
	plant not_executable -- "$engine.handler.executable" error "$own"
	plant script 'exec /usr/sbin/runc "$@"' -- "$engine.handler.other" error "$own"
	plant copy /usr/sbin/runc -- "$engine.handler.other" error "$own"
	plant ln -sfn /usr/sbin/runc "$restricted" -- "$engine.handler.other" error "$own"
	plant no_program -- "$engine.handler.executable" error "$own"
	before='' after=''
	[ "$layout" != podman ] || before='[' after=']'
	edit "$before$quoted$after" "$before\"hardrun-restricted\"$after" -- "$engine.handler.relative" warning "$own"
	plant new_name -- handler.unknown error "handler hardrun-web" \
		policy '{"version": 1, "profiles": {"web": {"extends": "restricted"}}}'
	plant chmod 666 "$file" -- file.trust error "$file"
	rm -f /usr/local/sbin/hardrun-web
done

layout=$(chosen docker containerd16 | head -n 1)
if [ -n "$layout" ]; then
	fresh_layout
	own=$(handler_of)
	plant script 'sleep 20' -- "$engine.handler.other" error "$own"
	plant script 'yes hardrun 0.1.0' -- "$engine.handler.other" error "$own"
	plant script 'echo hardrun 0.1.0; exit 1' -- "$engine.handler.other" error "$own"
	both_ours() { # a program of hardrun's name behind a link of another
		replace "$quoted" '"/usr/local/sbin/second"'
		ln -sfn hardrun-runc /usr/local/sbin/second
		cp /usr/sbin/runc /usr/local/sbin/hardrun-runc
	}
	plant both_ours -- "$engine.handler.other" error "$own" replace /usr/local/sbin/second "$restricted"
	rm -f /usr/local/sbin/{second,hardrun-runc}*
	fresh_layout
	copy "$program"
	good "a copy of hardrun"
	fresh_layout
	script 'exec /usr/local/sbin/hardrun "$@"'
	good "a script in front of hardrun"
	fresh_layout
	script "touch $work/was-run"
	chmod 777 "$restricted"
	doctor
	is "$(counted)" "error file.trust $restricted" "a program that others can change is found"
	check "and is not run" test ! -e "$work/was-run"
	fresh_layout
	script "env >$work/was-run; exec /usr/local/sbin/hardrun \"\$@\""
	LD_LIBRARY_PATH=/nothing doctor
	is "$(grep -c LD_LIBRARY "$work/was-run")" 0 "a program is asked without the caller's environment"
fi

# ---- the default -----------------------------------------------------------------------

for layout in "${layouts[@]}"; do
	fresh_layout
	case $layout in
	containerd16 | containerd2_old)
		unset_default() { replace '[plugins."io.containerd.internal.v1.opt"]' "[$cri]
default_runtime_name = \"gone\"
  [plugins.\"io.containerd.internal.v1.opt\"]"; }
		mended() { replace '"gone"' '"runc"'; }
		;;
	containerd_full | containerd2)
		main=/etc/containerd/config.toml
		unset_default() { replace 'default_runtime_name = "runc"' \
			'default_runtime_name = "gone"' "$main"; }
		mended() { replace '"gone"' '"hardrun"' "$main"; }
		;;
	docker)
		unset_default() { replace '"runtimes":' '"default-runtime": "gone", "runtimes":'; }
		mended() { replace '"gone"' '"hardrun"'; }
		;;
	podman)
		unset_default() { replace '"runc"' '"gone"' /etc/containers/containers.conf; }
		mended() { replace '"gone"' '"crun"' /etc/containers/containers.conf; }
		;;
	crio)
		unset_default() { replace 'default_runtime = "runc"' 'default_runtime = "gone"' /etc/crio/crio.conf; }
		mended() { replace '"gone"' '"runc"' /etc/crio/crio.conf; }
		;;
	esac
	plant unset_default -- "$engine.default" error "$engine default runtime" mended
done

# A list of runtimes without the default one, which containerd 1.x then does not have.
layout=containerd16
lost_runc() { replace "runtimes.runc" "runtimes.runc2"; }
plant lost_runc -- containerd.default error "containerd default runtime" \
	replace runtimes.runc2 runtimes.runc

# ---- containerd ------------------------------------------------------------------------

tail_of() { # OLD NEW: in what stands behind the heading of hardrun-restricted
	python3 -c 'import sys
old, new, path = sys.argv[1:]
text = open(path).read()
at = text.index("runtimes.hardrun-restricted]")
assert old in text[at:], old
open(path, "w").write(text[:at] + text[at:].replace(old, new, 1))' "$1" "$2" "$file"
}
kubelet() { # DRIVER
	printf 'kind: KubeletConfiguration\n# cgroupDriver: none\ncgroupDriver: %s # as kubeadm\n' "$1" \
		>/var/lib/kubelet/config.yaml
}
runc_options() { # LINE: one more option of the default handler
	local main=/etc/containerd/config.toml
	if grep -q 'NoPivotRoot = false' $main; then
		replace "NoPivotRoot = false" "${1%% =*} = ${1##*= }" $main
	else
		replace 'runtimes.runc.options]' "runtimes.runc.options]
    $1" $main
	fi
}

for layout in $(chosen containerd16 containerd_full containerd2 containerd2_old); do
	fresh_layout
	own=$(handler_of)
	plant tail_of 'runtime_type = "io.containerd.runc.v2"' 'runtime_type = "io.containerd.kata.v2"' -- \
		containerd.handler.type error "$own" \
		tail_of io.containerd.kata.v2 io.containerd.runc.v2
	plant tail_of 'runtime_type = "io.containerd.runc.v2"' '' -- \
		containerd.handler.type error "$own" \
		tail_of 'hardrun-restricted]' 'hardrun-restricted]
  runtime_type = "io.containerd.runc.v2"'
	shim() { tail_of 'runtime_type = "io.containerd.runc.v2"' "runtime_type = \"io.containerd.runc.v2\"
  runtime_path = \"$1\""; }
	plant shim /opt/kata/bin/containerd-shim-kata-v2 -- containerd.handler.type error "$own" \
		sed -i /runtime_path/d "$file"
	for path in /usr/bin/containerd-shim-runc-v2 ""; do
		fresh_layout
		shim "$path"
		good "$layout: runtime_path \"$path\""
	done
	plant tail_of 'SystemdCgroup = true' 'SystemdCgroup = false' -- \
		containerd.handler.cgroup-driver error "$own" \
		tail_of 'SystemdCgroup = false' 'SystemdCgroup = true'
	plant tail_of 'SystemdCgroup = true' '' -- \
		containerd.handler.cgroup-driver error "$own" \
		tail_of BinaryName 'SystemdCgroup = true
BinaryName'
	like "$(jq -r .version "$work/out")" 1 "$layout: version of the output"
	fresh_layout
	kubelet systemd
	good "$layout: the kubelet's driver is the handlers'"
	both() { tail_of 'SystemdCgroup = true' 'SystemdCgroup = false' && kubelet systemd; }
	plant both -- containerd.handler.cgroup-driver error "$own" \
		tail_of 'SystemdCgroup = false' 'SystemdCgroup = true'
	# All handlers alike and the kubelet otherwise.
	fresh_layout
	kubelet cgroupfs
	doctor
	is "$(counted)" "error containerd.handler.cgroup-driver containerd handler hardrun
error containerd.handler.cgroup-driver $own" "$layout: the kubelet's driver is another"
	like "$(jq -r '.findings[0].evidence' "$work/out")" 'kubelet.*cgroupfs.*config.yaml:3' \
		"$layout: and the kubelet's line is named"
	fresh_layout
	runc_options 'NoPivotRoot = true'
	doctor
	is "$(counted)" "warning containerd.handler.options containerd handler hardrun
warning containerd.handler.options $own" "$layout: both handlers lack an option of the default's"
	like "$(jq -r '.findings[0].evidence' "$work/out")" '^lacks NoPivotRoot,' "$layout: and it is named"
	sed -i 's/^\( *\)BinaryName = "\/usr.*/&\n\1NoPivotRoot = true/' "$file"
	good "$layout: the option copied"
done

layout=containerd16
config=/var/lib/kubelet/config.yaml
kubelet_zeros() { truncate -s "$1" "$config"; }
kubelet_again() { rm -rf "$config" && kubelet systemd; }
for how in "mkfifo $config" "mkdir $config" "kubelet_zeros 300M" "kubelet_zeros 300" "ln -s config.yaml $config"; do
	# shellcheck disable=SC2086 # words
	plant $how -- kubelet.config warning kubelet kubelet_again
done
fresh_layout
kubelet systemd
mv $config $config.1
ln -s config.yaml.1 $config
good "the kubelet's file is a link"
rm $config.1

layout=containerd2
for version in 2.0.1 2.0.4; do
	old() { says /usr/bin/containerd "containerd github.com/containerd/containerd/v2 v$version 0"; }
	plant old -- containerd.version error "containerd $version" \
		says /usr/bin/containerd "containerd github.com/containerd/containerd/v2 v2.0.5 0"
done
for version in 1.7.24 2.0.0 2.0.5 2.1.0-rc.1; do
	fresh_layout
	says /usr/bin/containerd "containerd github.com/containerd/containerd v$version 0"
	good "containerd $version"
done

layout=containerd16
imported() {
	mkdir -p /etc/containerd/conf.d
	replace 'version = 2' 'version = 2
imports = ["/etc/containerd/conf.d/*.toml"]'
	replace '    [plugins."io.containerd.grpc.v1.cri".cni]' '    sandbox_image = "registry.example/pause:3.9"
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
    [plugins."io.containerd.grpc.v1.cri".cni]'
	cp "$contrib/containerd/hardrun-1.x.toml" /etc/containerd/conf.d/hardrun.toml
}
plant imported -- containerd.import.replaces error "containerd import /etc/containerd/conf.d/hardrun.toml" \
	rm /etc/containerd/conf.d/hardrun.toml
fresh_layout
imported
doctor
like "$(jq -r '.findings[0].evidence' "$work/out")" 'sandbox_image, registry, cni' \
	"containerd16: what an import takes away is named"
fresh_layout
replace 'version = 2' 'version = 2
imports = ["/etc/containerd/conf.d/*.toml"]'
mkdir -p /etc/containerd/conf.d
printf 'version = 2\n[debug]\nlevel = "info"\n' >/etc/containerd/conf.d/debug.toml
good "an import of other plugins"

# ---- Docker ----------------------------------------------------------------------------

layout=docker
own="docker handler hardrun-restricted"
edit "$quoted }" "$quoted, \"runtimeArgs\": [\"--debug\"] }" -- docker.handler.arguments warning "$own"
dockerd() { says /usr/sbin/dockerd "Docker version $1, build 0"; }
ours() { replace '"runtimes":' '"default-runtime": "hardrun", "runtimes":'; }
feature() { ours && replace '"runtimes":' '"features": {"buildkit": true}, "runtimes":'; }
plant feature -- docker.buildkit warning "docker build" replace '"buildkit": true' '"buildkit": false'
fresh_layout
ours
good "Docker 20.10 builds without BuildKit by default"
modern() { ours && dockerd "$1"; }
# The words are the policy's part, the command behind them the rest.
cure() {
	like "$remedy" "what contrib/buildkit/policy.json has; then: " "$layout: the policy is named"
	cp "$contrib/buildkit/policy.json" /etc/hardrun/policy.json
	bash -c "${remedy##*"policy.json has; then: "}" >"$work/remedy.out" 2>&1 ||
		not_ok "$layout: the remedy succeeds" "$(cat "$work/remedy.out")"
}
for version in 25.0.5 26.0.0 27.5.1; do
	plant modern $version -- docker.buildkit warning "docker build" cure
	rm -rf /usr/local/lib/hardrun
done
plant feature -- docker.buildkit warning "docker build" cure
is "$(PATH=$(sed -n 's/^Environment=PATH=//p' /etc/systemd/system/docker.service.d/hardrun.conf) runc version | head -n 1)" \
	"$($program version | head -n 1)" "before Docker 26 runc is hardrun, in dockerd's PATH"
ln -sfn /usr/sbin/runc /usr/local/lib/hardrun/runc
doctor
is "$(counted)" "warning docker.buildkit docker build" "runc first in that PATH, which is not hardrun"
rm -rf /usr/local/lib/hardrun
plant modern 23.0.6 -- docker.buildkit warning "docker build" replace '"hardrun", "runtimes"' '"runc", "runtimes"'
fresh_layout
dockerd 27.5.1
good "Docker 27 whose default is not hardrun"

# ---- podman ----------------------------------------------------------------------------

layout=podman
own="podman handler hardrun-restricted"
plant replace ', "hardrun-restricted"]' ']' -- podman.handler.json warning "$own" \
	replace '"hardrun"]' '"hardrun", "hardrun-restricted"]'
fresh_layout
sed -i '/^runtime_supports_json/d' "$file"
doctor
is "$(counted | wc -l)" 2 "no runtime_supports_json at all: both handlers are named"
two_paths() { replace "[$quoted]" "[\"/opt/none/hardrun-restricted\", $quoted]"; }
fresh_layout
two_paths
good "podman takes the first path that is there"

# ---- CRI-O -----------------------------------------------------------------------------

layout=crio
own="cri-o handler hardrun-restricted"
plant tail_of 'monitor_cgroup = "system.slice"' '' -- cri-o.handler.options warning "$own" \
	tail_of 'runtime_type' 'monitor_cgroup = "system.slice"
runtime_type'
plant tail_of "runtime_path = $quoted" '' -- cri-o.handler.other error "$own" \
	tail_of 'runtime_type' "runtime_path = $quoted
runtime_type"

# ---- wrappers in front are fine --------------------------------------------------------

layout=containerd16
fresh_layout
cat >>"$file" <<-TOML
	[$cri.runtimes.nvidia]
	  runtime_type = "io.containerd.runc.v2"
	  [$cri.runtimes.nvidia.options]
	    BinaryName = "/usr/bin/nvidia-container-runtime"
	    SystemdCgroup = true
TOML
good "a wrapper in front of hardrun"

# ---- files that are broken, or made to hurt --------------------------------------------

as_fifo() { rm "$file" && mkfifo "$file"; }
as_directory() { rm "$file" && mkdir "$file"; }
as_huge() { truncate -s 100M "$file"; }
as_binary() { head -c 8k "$program" >"$file"; }
as_garbage() { echo '= broken {' >>"$file"; }
for layout in "${layouts[@]}"; do
	for how in fifo directory huge binary garbage; do
		fresh_layout
		"as_$how"
		begin=$EPOCHREALTIME
		doctor
		found="error $engine.config $engine"
		# Engines pass over directories among drop-ins.
		[[ $how,$file != directory,*.d/* ]] || found="warning hardrun.unused hardrun"
		is "$status $(counted)" "1 $found" "$layout: $how: is found, and nothing else"
		check "$layout: $how: and hangs nothing" test "$(since "$begin")" -lt 10000
		rm -r "$file"
	done
done

layout=containerd2
fresh_layout
printf 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml", "/etc/containerd/config.toml"]\n' \
	>/etc/containerd/conf.d/loop.toml
good "imports that go round"
fresh_layout
for i in {1..80}; do
	printf 'version = 3\nimports = ["/etc/containerd/conf.d/chain%d.d"]\n' "$i" >"/etc/containerd/conf.d/chain$i.toml"
done
doctor
is "$status $(counted)" "1 error containerd.config containerd" "a chain of imports: is found"

# A daemon that does not answer, and one that answers without end.
fresh_layout
printf '#!/bin/sh\nsleep 20\n' >/usr/bin/containerd
good "a containerd that does not answer"
fresh_layout
printf '#!/bin/sh\nyes\n' >/usr/bin/containerd
good "a containerd that does not stop"

# Names that would be shown.
layout=docker
fresh_layout
printf '{"runtimes": {"hardrun\\u001b[31mX": {"path": "/usr/local/sbin/hardrun-\\u001b[31m $(touch %s/pwned)"}}}' \
	"$work" >"$file"
doctor
"$program" doctor >"$work/text" 2>&1
is "$(grep -c $'\x1b' "$work/text" "$work/out" | cut -d: -f2 | tr '\n' ' ')" "0 0 " \
	"bytes of a terminal are not shown"
jq -r '.findings[] | .remedy' "$work/out" | while read -r line; do
	case $line in [a-z]*) bash -c "$line" ;; esac
done >"$work/remedy.out" 2>&1
check "a remedy runs nothing that stands in a name" test ! -e "$work/pwned"

finish
