#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun setup containerd: every layout of its files, changed and changed back, with the
# containerd that is installed as the judge of version 2 files. containerd 2.x is a file format
# and a program that says its version here: its files are compared by what they mean.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
# shellcheck source=tests/e2e/setup_lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/setup_lib.sh"
setup_sandbox "$@"
[ -x /usr/bin/containerd ] || skip_all "containerd is not installed"
[[ $(containerd --version) =~ ' '1\.[67]\. ]] || skip_all "needs containerd 1.6 or 1.7: $(containerd --version)"
conf=/etc/containerd/config.toml both='hardrun hardrun-restricted'
cri='plugins."io.containerd.grpc.v1.cri"' new='plugins."io.containerd.cri.v1.runtime"'
debian='version = 2\n\n[plugins]\n  ['$cri']\n    ['$cri'.cni]\n      bin_dir = "/usr/lib/cni"\n      conf_dir = "/etc/cni/net.d"\n  [plugins."io.containerd.internal.v1.opt"]\n    path = "/var/lib/containerd/opt"\n'

# ---- version 2 --------------------------------------------------------------------------

cycle "no file" containerd $conf - - "$both"
cycle "no file, --default" containerd $conf hardrun - "$both" --default
write $conf "$debian"
cycle "Debian's file" containerd $conf - - "$both"
cycle "Debian's file, --default" containerd $conf hardrun - "$both" --default
cycle "other handlers" containerd $conf hardrun-web - "hardrun-web hardrun-db.1" --handler hardrun-web --handler hardrun-db.1 --default
cycle "a runtime" containerd $conf - - "$both" --runtime /usr/bin/crun
chmod 600 $conf
cycle "a file of mode 600" containerd $conf hardrun - "$both" --default
chown 0:12 $conf && chmod 640 $conf
cycle "a file of another group" containerd $conf - - "$both"
containerd config default >"$work/default.toml"
write $conf "$(sed 's/\\/\\\\/g' "$work/default.toml")\n"
cycle "containerd config default" containerd $conf - runc "$both"
cycle "containerd config default, --default" containerd $conf hardrun runc "$both" --default
sed -i 's/SystemdCgroup = false/SystemdCgroup = true/; s/^ *Root = ""/            Root = "\/run\/kept"/; s/NoPivotRoot = false/NoPivotRoot = true/; s/^          pod_annotations = \[\]/          pod_annotations = ["a.*", "b"]/' $conf
cycle "options of every kind are copied" containerd $conf - runc "$both"
sed -i 's/default_runtime_name = "runc"/default_runtime_name = "mine" # chosen/; s/runtimes\.runc/runtimes.mine/' $conf
cycle "a default handler of another name" containerd $conf - mine "$both"
cycle "a default handler of another name, --default" containerd $conf hardrun mine "$both" --default
containerd --config $conf config dump >"$work/dump.toml"
write $conf "$(sed 's/\\/\\\\/g' "$work/dump.toml")\n"
cycle "containerd config dump" containerd $conf hardrun mine "$both" --default

write $conf "${debian}[debug]\n  level = \"info\""
cycle "no newline at the end" containerd $conf - - "$both"
write $conf "version = 2\n[$cri.containerd]"
cycle "no newline behind the header that gets a line" containerd $conf hardrun - "$both" --default
write $conf "version = 2\r\n[$cri.containerd]\r\n  default_runtime_name = \"runc\"\r\n[$cri.containerd.runtimes.runc]\r\nruntime_type = \"io.containerd.runc.v2\"\r\n"
cycle "CRLF" containerd $conf - runc "$both"
cycle "CRLF, --default" containerd $conf hardrun runc "$both" --default
write $conf "version = 2\n[$cri]\n  sandbox_image = \"x\"\n  [$cri.containerd]\n    snapshotter = \"overlayfs\"\n"
cycle "no table of runtimes, a table around it" containerd $conf hardrun - "$both" --default
write $conf "version = 2\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  [$cri.containerd.runtimes.runc.options]\n    SystemdCgroup = true\n[$cri.containerd.runtimes.kata]\n  runtime_type = \"io.containerd.kata.v2\"\n"
cycle "another handler beside" containerd $conf hardrun runc "$both" --default
sed -i "2i[$cri.containerd]\ndefault_runtime_name = \"kata\"" $conf
cycle "a default that is no runc" containerd $conf hardrun runc "$both" --default
write $conf 'version = 2\n[plugins]\n["plugins"."io.containerd.grpc.v1.cri"."containerd"] # x\n'"default_runtime_name='runc' # kept\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc]\nruntime_type = 'io.containerd.runc.v2'\noptions = { SystemdCgroup = true, Root = 'r' }\n"
cycle "quotes of other kinds, options in one line" containerd $conf hardrun runc "$both" --default
write $conf "version = 2\n"
cycle "a version alone" containerd $conf hardrun - "$both" --default
write $conf "version = 2\nimports = [\"/etc/containerd/more.toml\"]\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"
write /etc/containerd/more.toml "version = 2\n[debug]\n  level = \"info\"\n"
cycle "an import of something else" containerd $conf - runc "$both"

# A link to the file stays one.
mv $conf /etc/containerd/real.toml && ln -s real.toml $conf
cycle "behind a link" containerd /etc/containerd/real.toml - runc "$both"
is "$(readlink $conf)" real.toml "the link is still there"
clean

# ---- containerd 2.x: files --------------------------------------------------------------

cp /usr/bin/containerd "$work/containerd"
write "$work/two" '#!/bin/sh\ncase $1 in --version) echo "containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4" ;; *) cat "$2" ;; esac\n'
rm /usr/bin/containerd && install -m 755 "$work/two" /usr/bin/containerd
cycle "2.x: no file" containerd $conf - - "$both"
is "$(setup containerd --dry-run; grep -c '^+version = 3$' <<<"$out")" 1 "2.x: the file that is made is of version 3"
three="version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n[$new.containerd]\n  default_runtime_name = 'runc'\n[$new.containerd.runtimes.runc]\n  runtime_type = 'io.containerd.runc.v2'\n  snapshotter = ''\n  [$new.containerd.runtimes.runc.options]\n    BinaryName = ''\n    SystemdCgroup = true\n"
write $conf "$three"
mkdir /etc/containerd/conf.d
setup containerd
is "$status $(cmp $conf <(printf '%b' "$three") && echo same)" "0 same" "2.x: with imports the main file is left alone"
is "$(tail -n +2 /etc/containerd/conf.d/hardrun.toml | head -1)" "version = 3" "2.x: the drop-in has the version of the main file"
like "$(</etc/containerd/conf.d/hardrun.toml)" 'runtimes\.hardrun\.options\].*BinaryName = "'"$SBIN"'/hardrun".*SystemdCgroup = true' "2.x: the drop-in has the options of the default handler"
setup containerd --default
is "$status" 0 "2.x: --default in the drop-in"
like "$(</etc/containerd/conf.d/hardrun.toml)" 'default_runtime_name = "hardrun"' "2.x: names the default there"
setup containerd --remove
is "$status $(ls -A /etc/containerd/conf.d) $([ -e /etc/hardrun ] && echo left)" "0  " "2.x: the drop-in goes again"
rmdir /etc/containerd/conf.d
setup containerd
is "$status $(stat -c %a /etc/containerd/conf.d)" "0 755" "2.x: the folder of drop-ins is made"
setup containerd --remove
is "$status $([ -e /etc/containerd/conf.d ] && echo left)" "0 " "2.x: and goes again"
write $conf "${three/imports = *toml\"]\\n/}"
sed -i /imports/d $conf
cycle "2.x: version 3 without imports" containerd $conf - runc "$both"
cycle "2.x: version 3 without imports, --default" containerd $conf hardrun runc "$both" --default
write $conf "version = 2\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"
cycle "2.x: a version 2 file" containerd $conf - runc "$both"
rm /usr/bin/containerd && install -m 755 "$work/containerd" /usr/bin/containerd
clean

# The examples in contrib/ are what setup writes.
as_example() { # EXAMPLE FILE
	python3 - "$HR_TEST_SRCDIR/contrib/containerd/$1" "$2" <<-'END'
		import os, sys, tomllib
		example, written = (open(name).read() for name in sys.argv[1:])
		written = written.replace(os.environ["SBIN"] + "/", "/usr/local/sbin/")
		print("same" if tomllib.loads(example) == tomllib.loads(written) else f"{example} and {written}")
	END
}
write $conf "version = 2\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  [$cri.containerd.runtimes.runc.options]\n    SystemdCgroup = true\n"
setup containerd
is "$(as_example hardrun-1.x.toml $conf)" same "contrib/containerd/hardrun-1.x.toml is what setup makes of such a file"
setup containerd --remove
write $conf "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n[$new.containerd.runtimes.runc]\n  runtime_type = 'io.containerd.runc.v2'\n  [$new.containerd.runtimes.runc.options]\n    SystemdCgroup = true\n"
rm /usr/bin/containerd && install -m 755 "$work/two" /usr/bin/containerd
setup containerd
is "$(as_example hardrun-2.x.toml /etc/containerd/conf.d/hardrun.toml)" same "contrib/containerd/hardrun-2.x.toml is the drop-in that setup makes"
setup containerd --remove
rm /usr/bin/containerd && install -m 755 "$work/containerd" /usr/bin/containerd
clean

# ---- k3s and rke2 -----------------------------------------------------------------------

k3s=/etc/rancher/containerd
write $k3s/config.toml "version = 3\n[$new.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  [$new.containerd.runtimes.runc.options]\n    SystemdCgroup = true\n"
template() { # NAME
	local before
	before=$(snapshot)
	setup containerd --config $k3s/config-v3.toml.tmpl
	is "$status $(grep -c 'SystemdCgroup = true' $k3s/config-v3.toml.tmpl)" "0 2" "$1: two handlers with the options of the file that k3s made"
	is "$(grep -cF '{{ template "base" . }}' $k3s/config-v3.toml.tmpl) $(grep -c version $k3s/config-v3.toml.tmpl)" "1 0" "$1: the base is there once, and no version"
	setup containerd --config $k3s/config-v3.toml.tmpl
	is "$out" "nothing to do" "$1: once is enough"
	setup containerd --config $k3s/config-v3.toml.tmpl --remove
	is "$status $(snapshot)" "0 $before" "$1: and back"
}
template "no template"
write $k3s/config-v3.toml.tmpl '# ours\n{{ template "base" . }}\n\n[debug]\n  level = "debug"\n'
template "a template that adds to the base"
refused "--default in a template" 1 'default-runtime' containerd --config $k3s/config-v3.toml.tmpl --default
write $k3s/config-v3.toml.tmpl 'version = 3\n{{ if .X }}\n{{ end }}\n'
refused "any other template" 1 'config-v3.toml.tmpl:2: is a template' containerd --config $k3s/config-v3.toml.tmpl
write $k3s/config-v3.toml.tmpl '{{ template "base" . }}\n[a]\nb = "{{ .X }}"\n'
refused "the base and more" 1 'config-v3.toml.tmpl:3: is a template' containerd --config $k3s/config-v3.toml.tmpl
write $k3s/config-v3.toml.tmpl '{{ template "base" . }}\n'
rm $k3s/config.toml
refused "nothing to copy options from" 1 'start k3s or rke2 once' containerd --config $k3s/config-v3.toml.tmpl
clean

# ---- refused, and nothing changes -------------------------------------------------------

write $conf "[plugins.cri]\n"
refused "version 1" 1 'config.toml: is of version 1.*config migrate' containerd
write $conf "version = 2\n[a\n"
refused "a broken file" 1 'config.toml:2: a header that does not end' containerd
write $conf "$debian"
chmod 666 $conf
refused "writable by others" 1 'can be changed by others than root' containerd
chmod 664 $conf
refused "writable by a group" 1 'can be changed by others than root' containerd
chmod 644 $conf && chown 1 $conf
refused "another's file" 1 'can be changed by others than root' containerd
chown 0 $conf && chmod 777 /etc/containerd
refused "in a folder that all may write" 1 'can be changed by others than root' containerd
chmod 755 /etc/containerd
write $conf "${debian}[$cri.containerd.runtimes.hardrun]\nruntime_type = \"io.containerd.runc.v2\"\n"
refused "a handler of that name that is there by hand" 1 "config.toml:10: the handler hardrun stands there already" containerd
write $conf "version = 2\n[plugins]\n\"io.containerd.grpc.v1.cri\" = { containerd = { default_runtime_name = \"runc\" } }\n"
refused "tables in one line" 1 'nothing was written' containerd
refused "tables in one line, --default" 1 'no line of its own' containerd --default
write $conf "version = 2\nimports = [\"/etc/containerd/more.toml\"]\n$(printf '%b' "${debian#*\\n}")"
write /etc/containerd/more.toml "version = 2\n[$cri]\nsandbox_image = \"x\"\n"
refused "an import that replaces the plugin" 1 'would not take effect.*imports' containerd
write $conf "version = 2\nimports = [\"missing.toml\"]\n"
refused "an import that is not there" 4 'missing.toml: is missing' containerd
write $conf "version = 2\nno_such = true\nroot = 5\n"
refused "a file that containerd does not take" 1 'containerd does not take the result' containerd
write $conf "version = 2\n# >>> hardrun setup\n"
refused "half a mark" 1 'without "# <<< hardrun setup"' containerd
refused "half a mark, --remove" 1 'without "# <<< hardrun setup"' containerd --remove
write $conf "version = 2\n# <<< hardrun setup\n"
refused "the other half" 1 'where none may' containerd
printf 'version = 2\n\0' >$conf
refused "a NUL" 1 'config.toml:2: a NUL' containerd
write $conf "$debian"
ln -s /elsewhere "$SBIN/hardrun-restricted"
refused "a name that leads elsewhere" 1 'is not a link to' containerd
rm "$SBIN/hardrun-restricted"
mkdir -p /etc/hardrun/runtimes && echo '{"version": 1}' >/etc/hardrun/policy.json
ln -s /usr/bin/crun /etc/hardrun/runtimes/hardrun-restricted
refused "another runtime than the link's" 1 'was not made by setup' containerd --runtime /usr/sbin/runc
cycle "a link that is there is left alone" containerd $conf - - "$both"
is "$(readlink /etc/hardrun/runtimes/hardrun-restricted)" /usr/bin/crun "and is there behind it"
chmod 777 /etc/hardrun
refused "a loose /etc/hardrun" 1 'can be changed by others' containerd
rm -rf /etc/hardrun
refused "a runtime of an unknown name" 1 'must begin with runc' containerd --runtime /bin/sh
refused "hardrun itself as the runtime" 1 'begin with runc' containerd --runtime "$SBIN/hardrun"
refused "an engine that is none" 2 'rkt is no engine that it knows' rkt
refused "an option that is none" 2 'there is no --force' containerd --force
refused "a handler that is none" 2 'no name for a handler' containerd --handler runc
refused "a handler with a slash" 2 'no name for a handler' containerd --handler hardrun-../x
refused "--remove with more" 2 'takes all of it away' containerd --remove --default
refused "a file that is not there" 1 'is not there; the usual file is' containerd --config /etc/nope/config.toml
rm -f $conf
write $conf 'version = 3\n'
refused "a version that containerd 1.x does not read" 1 'version 3, which containerd 1' containerd
rm -f $conf
refused "no engine" 2 'which engine. containerd, cri-o, docker, podman, or policy DIR'
refused "an option in front" 2 'which engine' --dry-run
refused "an engine that it does not know" 2 'k3s is no engine that it knows' k3s
refused "a path that is not absolute" 2 'absolute' containerd --config config.toml
rm -f /usr/bin/containerd $conf
refused "no containerd" 1 'is not on this machine' containerd
install -m 755 "$work/containerd" /usr/bin/containerd

# Up to 1.7 a table that is deprecated wins over the name of the default handler.
old="version = 2\n[$cri.containerd.default_runtime]\n  runtime_type = \"io.containerd.runc.v2\"\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"
write $conf "$old"
refused "default_runtime and --default" 1 'config.toml:2: the table default_runtime .deprecated. wins' containerd --default
setup containerd
is "$status" 0 "default_runtime, without --default"
setup containerd --remove
is "$status $(cmp $conf <(printf '%b' "$old") && echo same)" "0 same" "default_runtime: and back"

# Options by another case, and a shim of another runtime, are not copied.
write $conf "version = 2\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  [$cri.containerd.runtimes.runc.options]\n    binaryName = \"/usr/sbin/runc\"\n"
refused "binaryName" 1 'config.toml:5: the engine may take binaryName for BinaryName' containerd
shim() { # PATH
	write $conf "version = 2\n[$cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  runtime_path = \"$1\"\n"
	setup containerd
	echo "$status $(grep -c runtime_path $conf)"
	setup containerd --remove
}
is "$(shim /usr/bin/containerd-shim-kata-v2)" "0 1" "runtime_path of another shim is not copied"
is "$(shim /usr/bin/containerd-shim-runc-v2)" "0 3" "runtime_path of runc's shim is copied"

# Marks that are no comments.
write $conf "version = 2\n[debug]\n  format = '''\n# >>> hardrun setup\nmine\n# <<< hardrun setup\n'''\n"
refused "marks inside a value" 1 'stands inside a value' containerd
refused "marks inside a value, --remove" 1 'stands inside a value' containerd --remove

write $conf "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"
setup containerd
is "$status" 0 "disabled_plugins: done"
like "$out" 'config.toml:2: disabled_plugins holds the CRI plugin' "disabled_plugins: and said"
setup containerd --remove
clean

# ---- one run after the other ------------------------------------------------------------

write $conf "$debian"
first=$(snapshot)
setup containerd && setup containerd --handler hardrun-web
is "$(grep -c BinaryName $conf)" 3 "a later handler comes to the earlier ones"
setup containerd --default && setup containerd
is "$(grep -c 'default_runtime_name = "hardrun"' $conf)" 1 "the default stays when it is not named again"
setup containerd --runtime /usr/bin/crun
is "$status $(readlink /etc/hardrun/runtimes/hardrun-restricted)" "0 /usr/bin/crun" "setup's own link can be led elsewhere"
echo '[metrics]' >>$conf
setup containerd
is "$status $out" "0 nothing to do" "lines behind setup's are left alone"
setup containerd --remove
is "$status $(cmp $conf <(printf '%b[metrics]\n' "$debian") && echo same)" "0 same" "and stay when it goes"
write $conf "$debian"
is "$(snapshot)" "$first" "and nothing else is left"
setup containerd
echo '{"version": 1, "default": "restricted"}' >/etc/hardrun/policy.json
setup containerd --remove
is "$status $(ls /etc/hardrun)" "0 policy.json" "a policy that was changed stays"
rm -r /etc/hardrun
setup containerd
printf '%s' '{"version": 2}' >/etc/hardrun/setup.json
refused "a state of a later version" 1 'of a version' containerd --remove
finish
