#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun setup docker, podman and cri-o: every layout of their files, changed and changed back.
# podman is asked what it makes of its file; dockerd checks its own from 23.0 on, so the file is
# compared as JSON; CRI-O is in no Debian release, so its files are compared by what they mean.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
# shellcheck source=tests/e2e/setup_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/setup_lib.sh"
setup_sandbox "$@"
both='hardrun hardrun-restricted'

# ---- docker -----------------------------------------------------------------------------

json=/etc/docker/daemon.json
docker() { # NAME DEFAULT-BY-NOW
	cycle "docker: $1" docker $json - - "$both"
	cycle "docker: $1, --default" docker $json hardrun - "$both" --default
}
docker "no file"
write $json ''
docker "an empty file"
write $json ' \n\n'
docker "a file of blanks"
write $json '{}'
docker "an empty object"
write $json '{\n}\n'
docker "an empty object of two lines"
write $json '{"log-driver": "json-file"}'
docker "one line"
write $json '{\n  "log-driver": "json-file",\n  "log-opts": {"max-size": "1m", "a": ["}", "\\\\\\"x"]}\n}\n'
docker "settings"
write $json '{\n\t"exec-opts": ["native.cgroupdriver=systemd"],\n\t"bip": "10.0.0.1/24"\n}\n'
docker "tabs"
is "$(setup docker; grep -cP '^\t\t"hardrun' $json)" 2 "docker: new lines have tabs too"
setup docker --remove
write $json '{\n    "runtimes": {\n        "nvidia": {\n            "path": "nvidia-container-runtime",\n            "runtimeArgs": []\n        }\n    },\n    "default-runtime": "nvidia",\n    "live-restore": true\n}'
docker "a runtime and a default, no newline at the end"
write $json '{"default-runtime":"runc","runtimes":{"x":{"path":"/x"}}}'
docker "a default and a runtime in one line"
write $json '{"runtimes": {}, "debug": true}\n'
docker "an empty list of runtimes"
write $json '{\n  "runtimes": {\n  }\n}\n'
docker "an empty list in two lines"
write $json '{\r\n  "debug": true\r\n}\r\n'
docker "CRLF"
write $json '{\n  "debug": false,\n  "x": {"runtimes": {"hardrun": 1}, "default-runtime": "x"}\n}\n'
docker "the same words further in"
chmod 600 $json
docker "mode 600"

write $json '{"debug": true,}\n'
refused "docker: no JSON" 1 'daemon.json:1:' docker
write $json '[]\n'
refused "docker: no object" 1 'is no object' docker
write $json '{"runtimes": []}\n'
refused "docker: runtimes is a list" 1 'runtimes is no object' docker
write $json '{"a": 1, "a": 2}\n'
refused "docker: a key twice" 1 'stands twice' docker
write $json '{"runtimes": {"hardrun": {"path": "/usr/local/sbin/hardrun"}}}\n'
refused "docker: a runtime of that name by hand" 1 'daemon.json:1: the handler hardrun stands there already' docker
write $json '{"debug": true}\n'
chmod 666 $json
refused "docker: loose mode" 1 'can be changed by others' docker
chmod 644 $json
setup docker
sed -i 's/"path": /"path":  /' $json
refused "docker: changed since, --remove" 1 'was changed since.*by hand' docker --remove
refused "docker: changed since" 1 'was changed since.*by hand' docker
write $json '{"debug": true}\n'
setup docker
is "$status $(jq -c '.runtimes | keys' $json)" '0 ["hardrun","hardrun-restricted"]' "docker: taken out by hand, and put in again"
jq -c '.["log-level"] = "info"' $json >"$work/other" && cat "$work/other" >$json
refused "docker: written anew by another program" 1 'was changed since' docker --remove
write $json '{"debug": true}\n'
setup docker
sed -i 's/"debug": true/"debug": false/' $json
setup docker --remove
is "$status $(<$json)" '0 {"debug": false}' "docker: what others changed beside stays"
setup docker --handler hardrun-web
setup docker --default
is "$status $(jq -c '[."default-runtime", (.runtimes | keys)]' $json)" \
	'0 ["hardrun",["hardrun","hardrun-restricted","hardrun-web"]]' "docker: handlers and default come to what is there"
setup docker --remove
if [ -x /usr/sbin/dockerd ]; then
	version=$(dockerd --version | grep -oE '[0-9]+' | head -1)
	if [ "$version" -ge 23 ]; then
		setup docker --default
		check "docker: dockerd --validate takes the file" dockerd --validate --config-file $json
		setup docker --remove
	else
		skip "docker: dockerd --validate takes the file" "dockerd $version has no --validate"
	fi
else
	skip "docker: dockerd --validate takes the file" "dockerd is not installed"
fi
clean

# ---- podman -----------------------------------------------------------------------------

drop=/etc/containers/containers.conf.d/90-hardrun.conf
podman_cycle() {
	cycle "podman: $1" podman $drop - - "$both"
	cycle "podman: $1, --default" podman $drop hardrun - "$both" --default
}
podman_cycle "no file"
write /etc/containers/containers.conf '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n[engine.runtimes]\nrunc = ["/usr/sbin/runc"]\n'
podman_cycle "a main file"
write /etc/containers/containers.conf.d/10-x.conf '[engine]\nruntime_supports_json = ["crun", "runc", "own"]\n'
podman_cycle "another drop-in"
setup podman
like "$(<$drop)" 'runtime_supports_json = \["crun", "runc", "own", "hardrun", "hardrun-restricted"\]' "podman: the list in effect is kept"
setup podman --remove
write /etc/containers/containers.conf.d/99-x.conf '[engine]\nruntime_supports_json = ["crun"]\n'
refused "podman: a later drop-in has the last word" 1 'would not take effect' podman
rm /etc/containers/containers.conf.d/*
write $drop '[engine]\nevents_logger = "file"\n'
refused "podman: a file of that name with the table" 1 'engine is defined a second time' podman
write $drop '[containers]\nlog_size_max = 1\n'
podman_cycle "a file of that name with something else"
rm $drop
write /etc/containers/containers.conf '[engine]\nruntime = \n'
refused "podman: a broken main file" 1 'containers.conf:2:' podman
write /etc/containers/containers.conf '[engine.runtimes]\nhardrun = ["/x"]\n'
refused "podman: a runtime of that name by hand" 1 'containers.conf:2: the handler hardrun stands there already' podman
clean
if [ -x /usr/bin/podman ]; then
	mkdir -p /var/lib/containers && mount -t tmpfs none /var/lib/containers
	sees() { # ARGUMENT...
		podman --cgroup-manager cgroupfs --storage-driver vfs "$@" info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}' 2>&1
	}
	setup podman
	is "$(sees --runtime hardrun)" "hardrun $SBIN/hardrun" "podman: --runtime hardrun is ours"
	is "$(sees --runtime hardrun-restricted)" "hardrun-restricted $SBIN/hardrun-restricted" "podman: --runtime hardrun-restricted is ours"
	unlike "$(sees)" hardrun "podman: the default is not"
	setup podman --default
	is "$(sees)" "hardrun $SBIN/hardrun" "podman: with --default it is"
	setup podman --remove
	unlike "$(sees)" hardrun "podman: and not any more afterwards"
else
	skip "podman sees the runtimes" "podman is not installed"
fi

# Keys that the engine finds without regard to case.
write $json '{"runtimes": {"x": {"path": "'"$SBIN"'/hardrun",\n"Path": "/usr/sbin/runc"}}}\n'
refused "docker: a path by another case" 1 'daemon.json:2: the engine may take Path for path' docker --default
write /etc/containers/containers.conf '[Engine]\nRuntime = "runc"\n'
refused "podman: a table by another case" 1 'containers.conf:1: the engine may take Engine for engine' podman --default
clean

# ---- cri-o ------------------------------------------------------------------------------

main=/etc/crio/crio.conf dir=/etc/crio/crio.conf.d
crio_cycle() {
	cycle "cri-o: $1" cri-o $dir/90-hardrun.conf - - "$both"
	cycle "cri-o: $1, --default" cri-o $dir/90-hardrun.conf hardrun - "$both" --default
}
crio_cycle "no file"
write $main '[crio]\n[crio.runtime]\ndefault_runtime = "runc"\ncgroup_manager = "systemd"\n[crio.runtime.runtimes.runc]\nruntime_path = "/usr/sbin/runc"\nruntime_type = "oci"\nruntime_root = "/run/runc"\n'
crio_cycle "a main file"
write $dir/10-crun.conf '[crio.runtime]\ndefault_runtime = "crun"\n[crio.runtime.runtimes.crun]\nruntime_path = "/usr/bin/crun"\nruntime_root = "/run/crun"\nallowed_annotations = [\n    "io.containers.trace-syscall",\n]\nmonitor_path = "/usr/libexec/crio/conmon"\nmonitor_env = ["A=b c"]\n'
crio_cycle "the package's drop-in"
setup cri-o
for word in 'runtime_root = "/run/crun"' 'allowed_annotations = \["io.containers.trace-syscall"\]' \
	'monitor_path = "/usr/libexec/crio/conmon"' 'monitor_env = \["A=b c"\]'; do
	is "$(grep -c "^$word$" $dir/90-hardrun.conf)" 2 "cri-o: both handlers have ${word%% *} of the default one"
done
is "$(readlink /etc/hardrun/runtimes/hardrun-restricted)" /usr/bin/crun "cri-o: and its runtime"
is "$(readlink /etc/hardrun/runtimes/hardrun)" /usr/bin/crun "cri-o: behind the plain name too"
setup cri-o --remove
write $dir/99-x.conf '[crio.runtime]\ndefault_runtime = "crun"\n'
refused "cri-o: a later drop-in has the last word" 1 'the default handler would not take effect' cri-o --default
write $dir/99-x.conf '[crio.runtime.runtimes.hardrun]\nruntime_path = "/x"\n'
refused "cri-o: a handler of that name by hand" 1 '99-x.conf:1: the handler hardrun stands there already' cri-o
write $dir/99-x.conf '[crio.runtime]\nDefault_Runtime = "runc"\n'
refused "cri-o: a key by another case" 1 '99-x.conf:2: the engine may take Default_Runtime' cri-o --default
write $dir/99-x.conf 'a = \n'
refused "cri-o: a broken drop-in" 1 '99-x.conf:1:' cri-o
clean

# ---- several engines --------------------------------------------------------------------

before=$(snapshot)
setup docker
setup podman
is "$(readlink /etc/hardrun/runtimes/hardrun)" "" "the runtime behind a name that Docker uses stays what it is"
like "$out" 'Behind hardrun stays /usr/sbin/runc; podman'"'"'s own runtime is /usr/bin/crun' "and podman's setup says so"
setup cri-o
setup podman --remove
setup docker --remove
is "$(cd /etc/hardrun/runtimes && echo *) $(cd "$SBIN" && echo *)" "hardrun-restricted hardrun hardrun-restricted" "links stay while an engine uses them"
setup cri-o --remove
is "$(snapshot)" "$before" "and go with the last"

# A container that lives needs its links: without them it cannot be stopped.
mkdir -p /run/hardrun/records "$work/root/id" && chmod 700 /run/hardrun/records
echo '{}' >"$work/root/id/state.json"
setup docker
jq -n --arg root "$work/root" '{version: 1, root: $root, id: "id", handler: "hardrun-restricted"}' \
	>/run/hardrun/records/"$(printf '%064d' 1)"
refused "the runtime of a handler with a container" 1 'containers of this handler live' docker --runtime /usr/bin/crun
setup docker --remove
is "$status $([ -e $json ] && echo there)" "0 " "with a container: the file goes"
like "$out" 'hardrun-restricted stays: containers of hardrun-restricted live' "with a container: the links stay, and it says why"
is "$(realpath "$SBIN/hardrun-restricted") $(readlink /etc/hardrun/runtimes/hardrun-restricted)" \
	"$SBIN/hardrun /usr/sbin/runc" "with a container: they are there"
rm -r "$work/root/id"
setup docker --remove
is "$status $(snapshot)" "0 $before" "without it they go"

# ---- killed, or two at once -------------------------------------------------------------

# Under strace each call that alters a file is, in its turn, the one before which setup dies.
calls=rename,renameat,renameat2,mkdir,mkdirat,symlink,symlinkat,fsync,unlink
left() {
	(cd /etc && echo hardrun* .hardrun* crio/.*.hardrun docker/* docker/.*.hardrun "$SBIN"/*)
}
killed() { # ENGINE: whenever it dies, later runs work, and --remove leaves nothing
	local point=0 why='' nothing
	clean
	nothing=$(left)
	while [ $((point += 1)) -lt 200 ]; do
		clean
		mkdir -p $dir
		# strace dies of the same signal, which the shell around it would say.
		(
			strace -f -o /dev/null -e trace=$calls -e inject="$calls:signal=KILL:when=$point" \
				"$hr" setup "$1"
			exit $?
		) >/dev/null 2>&1 && break
		[ -z "$(find $dir -type f ! -name 90-hardrun.conf)" ] ||
			why+="$point: the engine reads $(find $dir -type f)"$'\n'
		if [ $((point % 2)) = 0 ]; then
			setup "$1"
			[ "$status" = 0 ] || why+="$point: the next run: $err"$'\n'
		fi
		setup "$1" --remove
		[ "$status" = 0 ] || why+="$point: --remove: $err"$'\n'
		[ "$(left)" = "$nothing" ] || why+="$point: left: $(left)"$'\n'
	done
	[ "$point" -gt 10 ] || why+="it was killed $point times only"
	if [ -z "$why" ]; then ok "$1: killed anywhere"; else not_ok "$1: killed anywhere" "$why"; fi
}
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	killed cri-o
	killed docker
else
	skip "killed anywhere" "strace is not installed, or may not trace"
fi
clean
mkdir -p /etc/hardrun.setup && echo '{' >/etc/hardrun.setup/.hardrun.1
setup docker
is "$status $([ -e /etc/hardrun.setup ] && echo left)" "0 " "what a setup left that was killed is no hindrance"
setup docker --remove
is "$status $(left)" "0 $(clean; left)" "and goes"

exec {lock}</etc && flock -n "$lock" || exit 1
refused "while another setup is at work" 4 '/etc is locked: another setup is at work; try again' docker
refused "--remove while another setup is at work" 4 'is locked' docker --remove
exec {lock}<&-
for _ in 1 2 3 4 5; do
	clean
	for engine in docker podman cri-o; do
		until "$hr" setup $engine >/dev/null 2>&1; do sleep 0.05; done &
	done
	wait
	[ "$(jq '.files | length' /etc/hardrun/setup.json)" = 3 ] || break
done
is "$(jq '.files | length' /etc/hardrun/setup.json)" 3 "three at once: setup.json knows all three"
clean

# ---- a setup.json that says more than setup made ----------------------------------------

mkdir -p "$work/empty" "$work/elsewhere"
ln -s /usr/sbin/runc "$work/elsewhere/hardrun-x"
touch "$work/elsewhere/file"
setup docker
jq --arg work "$work" '.made += [$work + "/empty", $work + "/elsewhere/hardrun-x", $work + "/elsewhere/file",
	"/etc/hardrun/runtimes/../../../" + $work + "/elsewhere/hardrun-x", 7, null, "", "x"]' \
	/etc/hardrun/setup.json >"$work/state" && cat "$work/state" >/etc/hardrun/setup.json
setup docker --remove
is "$status $(cd "$work" && echo empty elsewhere/*)" "0 empty elsewhere/file elsewhere/hardrun-x" \
	"--remove takes only links to hardrun and folders above the engine's file"
like "$out" 'elsewhere/hardrun-x stays: it is not what setup made' "and says so"
is "$([ -e /etc/hardrun ] && find /etc/hardrun)" "" "and then forgets them"
finish
