#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `hardrun doctor` on nodes with AppArmor, with SELinux and with neither, each with what can be
# wrong there. The kernel's files are planted; see doctor_setup.sh.
set -u
# shellcheck source=tests/e2e/doctor_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/doctor_setup.sh" || exit 1
doctor_sandbox "$@"

security=/sys/kernel/security profiles=/sys/kernel/security/apparmor/profiles selinux=/sys/fs/selinux
layout=docker

# ---- a kernel's files, and the tools that alter them -----------------------------------

tool() { # NAME: the script comes on standard input
	{ printf '#!/bin/sh\n' && cat; } >"/usr/sbin/$1"
	chmod 755 "/usr/sbin/$1"
}

tool apparmor_parser <<-SH
	[ "\$1" = -r ] && [ -e "\$2" ] || exit 1
	sed -i "/^\${2##*/} /d" $profiles
	echo "\${2##*/} (enforce)" >>$profiles
SH
tool setenforce <<-SH
	echo -n "\$1" >$selinux/enforce
SH
tool semodule <<-SH
	[ "\$1" = -i ] && [ -e "\$2" ] && umount $selinux/context
SH

# The module where this program looks for it.
module=$(grep -aoEm 1 '/[A-Za-z0-9_./+-]*/hardrun/selinux/hardrun\.cil' "$program" | head -n 1)
folder=$module
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
cover "$folder" || skip_all "no overlay over $folder"

selinux_node() { # STATE: on top of a layout
	echo "lockdown,capability,landlock,yama,selinux,bpf" >$security/lsm
	rm -rf $security/apparmor
	mkdir -p $selinux /etc/selinux
	echo -n "$1" >$selinux/enforce
	echo -n 1 >$selinux/mls
	: >$selinux/context
	printf '# kept\nSELINUX=permissive\nSELINUXTYPE=default\n' >/etc/selinux/config
	"labels_$layout"
}

labels_containerd16() { replace '"io.containerd.grpc.v1.cri"]' $'"io.containerd.grpc.v1.cri"]\nenable_selinux = true'; }
labels_containerd_full() { sed -i 's/enable_selinux = false/enable_selinux = true/' "$file"; }
labels_containerd2() {
	printf '[plugins."io.containerd.cri.v1.runtime"]\nenable_selinux = true\n' >>/etc/containerd/config.toml
}
labels_containerd2_old() { labels_containerd16; }
labels_docker() { jq '."selinux-enabled" = true' "$file" >"$work/json" && cp "$work/json" "$file"; }
labels_podman() { :; }
labels_crio() { replace '[crio.runtime]' $'[crio.runtime]\nselinux = true' /etc/crio/crio.conf; }

layout_none() { :; }

# In place of doctor_setup.sh's: $lsm is what the kernel has, "" for AppArmor, 1 for SELinux
# that enforces, 0 for SELinux that does not.
lsm=''
fresh_layout() {
	if mountpoint -q $selinux/context; then umount $selinux/context; fi
	rm -rf $selinux /etc/selinux /etc/apparmor.d
	mkdir -p /etc/apparmor.d "$(dirname "$module")"
	touch /etc/apparmor.d/hardrun-{default,restricted,own} "$module"
	node && "layout_$layout"
	[ -z "$lsm" ] || selinux_node "$lsm"
}
seen() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | .evidence' "$work/out"; } # ID

for state in "" 1; do
	lsm=$state fresh_layout
	doctor
	library=$(jq -r '.findings[] | select(.id == "lsm.skipped").remedy | split(" ") | last' "$work/out")
	[ -z "$library" ] || skip_all "built without $library"
done

# ---- AppArmor --------------------------------------------------------------------------

note "AppArmor"
set_to() { printf '%s\n' "$2" >"$1"; }
unload() { sed -i "/^$1 /d" $profiles; }
mode() { sed -i "s/^\($1\) .*/\1 ($2)/" $profiles; }
ours="AppArmor profile hardrun-default"
for layout in "${layouts[@]}"; do
	fresh_layout
	good "$layout: AppArmor"
	plant unload hardrun-default -- lsm.apparmor-profile error "$ours"
	plant unload hardrun-restricted -- \
		lsm.apparmor-profile error "AppArmor profile hardrun-restricted"
	plant mode hardrun-default complain -- lsm.apparmor-profile error "$ours" \
		mode hardrun-default enforce
done
layout=docker
for mode in unconfined prompt user mixed; do
	plant mode hardrun-default "$mode" -- lsm.apparmor-profile error "$ours" \
		mode hardrun-default enforce
done
fresh_layout
mode hardrun-default kill
good "mode kill enforces"
plant set_to $profiles "hardrun-restricted (enforce)
hardrun-default-2 (enforce)
 hardrun-default (enforce)
hardrun-default//child (enforce)
hardrun-default" -- lsm.apparmor-profile error "$ours"
fresh_layout
rm $profiles
doctor
is "$status $(counted | cut -d' ' -f1,2 | sort | uniq -c | tr -s ' ')" "1  2 error lsm.apparmor-profile" \
	"no list of profiles: none counts as loaded"
like "$remedy" "^mount -t securityfs " "no list of profiles: and how to have it"
fresh_layout
unload hardrun-default && rm /etc/apparmor.d/hardrun-default
doctor
like "$remedy" "^Install its file, then: apparmor_parser -r /etc/apparmor.d/hardrun-default$" \
	"the profile's file is missing"

note "whose profile it is"
own='{"version": 1, "profiles": {"web": {"extends": "default", "apparmor": {"profile": "hardrun-own"}}},
	"rules": [{"when": {"namespace": "web"}, "use": "web"}]}'
plant policy "$own" -- lsm.apparmor-profile error "AppArmor profile hardrun-own"
fresh_layout
policy "${own/'"profile"'/'"mode": "off", "profile"'}"
good "AppArmor is off in that profile"
fresh_layout
policy "${own/'"profile"'/'"mode": "audit", "profile"'}"
planted="in audit" && fault lsm.apparmor-profile warning "AppArmor profile hardrun-own"
fresh_layout
policy '{"version": 1, "profiles": {"spare": {"extends": "default", "apparmor": {"profile": "hardrun-own"}}}}'
good "a profile that nothing uses"
fresh_layout
policy '{"version": 1, "profiles": {"a": {"extends": "default"}, "b": {"extends": "default"}},
	"rules": [{"when": {"namespace": "a"}, "use": "a"}, {"when": {"namespace": "b"}, "use": "b"}]}'
unload hardrun-default
planted="of three profiles" && fault lsm.apparmor-profile error "$ours"
fresh_layout
unload hardrun-default
doctor
like "$(seen lsm.apparmor-profile)" "^is not loaded: creates with profile default are refused$" \
	"the policy's profiles are named"
layout=containerd16
if [ -n "$(chosen containerd16)" ]; then
	fresh_layout
	sed -i '/hardrun-restricted/,$d' "$file"
	rm "$restricted" /etc/hardrun/runtimes/hardrun-restricted
	unload hardrun-restricted
	planted="of the sandbox alone" &&
		fault lsm.apparmor-profile error "AppArmor profile hardrun-restricted"
fi
layout=none
fresh_layout
ln -sfn /usr/sbin/runc /etc/hardrun/runtimes/hardrun
unload hardrun-default
planted="no engine" && fault lsm.apparmor-profile warning "$ours"
layout=docker

# ---- SELinux ---------------------------------------------------------------------------

note "SELinux"
full_context() { mount --bind /dev/full $selinux/context; }
permissive() { echo -n 0 >"$selinux/enforce"; }
unlabelled() { # of the engine
	case $layout in
	docker) jq 'del(."selinux-enabled")' "$file" >"$work/json" && cp "$work/json" "$file" ;;
	podman) replace '[containers]' $'[containers]\nlabel = false' /etc/containers/containers.conf ;;
	crio) sed -i '/^selinux = /d' /etc/crio/crio.conf ;;
	*) sed -i 's/enable_selinux = true/enable_selinux = false/' /etc/containerd/config.toml ;;
	esac
}
relabelled() {
	case $layout in
	podman) replace 'label = false' 'label = true' /etc/containers/containers.conf ;;
	docker | crio) "labels_$layout" ;;
	*) sed -i 's/enable_selinux = false/enable_selinux = true/' /etc/containerd/config.toml ;;
	esac
}
for layout in "${layouts[@]}"; do
	lsm=1 fresh_layout
	good "$layout: SELinux"
	lsm=1 plant permissive -- lsm.selinux-permissive warning SELinux
	lsm=1 plant unlabelled -- lsm.selinux-engine warning "$engine" relabelled
done
layout=docker
planted='' && lsm=0 fresh_layout
fault lsm.selinux-permissive warning SELinux
is "$(cat /etc/selinux/config)" $'# kept\nSELINUX=enforcing\nSELINUXTYPE=default' \
	"and it enforces after the next boot too"
lsm=0 fresh_layout
unlabelled
doctor
is "$(counted)" "warning lsm.selinux-permissive SELinux" "permissive: what the engine does is no matter yet"
lsm=1 fresh_layout
unlabelled
policy '{"version": 1, "profiles": {"web": {"extends": "default", "selinux": {"mode": "off"}}},
	"rules": [{"when": {"namespace": "web"}, "use": "web"}]}'
doctor
is "$(jq -r '.findings[].id' "$work/out" | sort -u | tr '\n' ' ')" "lsm.selinux-engine " \
	"SELinux is off in one profile, not in the others"

for state in 1 0; do
	lsm=$state fresh_layout
	rm /etc/hardrun/runtimes/hardrun-restricted "$restricted"
	jq 'del(.runtimes."hardrun-restricted")' "$file" >"$work/json" && cp "$work/json" "$file"
	full_context
	doctor
	like "$(counted)" "error lsm.selinux-types profile default" "types that are not known ($state)"
	is "$(jq -r '.findings[] | select(.id == "lsm.selinux-types").remedy' "$work/out")" \
		"semodule -i $module" "and the command that brings them"
done
setenforce 1 && semodule -i "$module"
good "after semodule -i"
is "$(tr '\0' '\n' <$selinux/context | head -n 1)" "system_u:object_r:container_file_t:s0:c1,c2" \
	"a context is asked with a level"
lsm=1 fresh_layout
echo -n 0 >$selinux/mls
good "a policy without levels"
is "$(tr '\0' '\n' <$selinux/context | head -n 1)" "system_u:object_r:container_file_t" \
	"a context is asked without a level"
lsm=1 fresh_layout
full_context && rm "$module"
doctor
like "$remedy" "^Install a policy" "hardrun's module is not there"
lsm=1 fresh_layout
policy '{"version": 1, "profiles": {"web": {"extends": "default", "selinux": {"label":
	["system_u:system_r:web_t", "system_u:system_r:web2_t"],
	"mount_label": ["system_u:object_r:web_file_t", "system_u:object_r:web_file_t"]}}},
	"rules": [{"when": {"namespace": "web"}, "use": "web"}]}'
full_context
doctor
like "$(jq -r '.findings[] | select(.subject == "profile web").remedy' "$work/out")" \
	"^Install a policy" "labels that hardrun's module does not bring"
umount $selinux/context

# ---- neither ---------------------------------------------------------------------------

note "neither"
neither() { echo "$1" >$security/lsm && rm -rf $security/apparmor; }
back() { fresh_layout; }
for layout in "${layouts[@]}"; do
	plant neither lockdown,capability,yama -- lsm.none warning "security modules" back
done
layout=docker
plant neither "" -- lsm.none warning "security modules" back
plant neither lockdown,apparmor2,xselinux -- lsm.none warning "security modules" back
fresh_layout
neither lockdown,capability
doctor
like "$(seen lsm.none)" '\(lockdown\\x2[cC]capability\).*; "missing" is skip in default, restricted$' \
	"who goes without is named"
fresh_layout
rm $security/lsm && rm -rf $security/apparmor
doctor
is "$status $(counted)" "1 warning lsm.none security modules" "no securityfs, no AppArmor"
like "$(seen lsm.none)" "cannot be read" "and what could not be seen"
lsm=1 fresh_layout
rm /etc/selinux/config
doctor
is "$status $(counted)" "1 warning lsm.none security modules" "SELinux without a configuration is off"
like "$(seen lsm.none)" "SELinux has no policy loaded, or /etc/selinux/config is missing" "and why"
layout=none
fresh_layout
neither lockdown
doctor
is "$status $(counted)" "1 warning lsm.none security modules" "without any engine too"

# ---- missing: fail ---------------------------------------------------------------------

note "missing: fail"
layout=docker
demand() { # CONTROL [MODE]
	policy '{"version": 1, "profiles": {"web": {"extends": "default", "'"$1"'":
		{"missing": "fail", "mode": "'"${2:-enforce}"'"}}},
		"rules": [{"when": {"namespace": "web"}, "use": "web"}]}'
}
allow() { policy '{"version": 1}'; }
planted="selinux" && fresh_layout && demand selinux
fault lsm.missing-fail error "profile web" allow
planted="apparmor" && lsm=1 fresh_layout && demand apparmor
fault lsm.missing-fail error "profile web" allow
planted="audit" && fresh_layout && demand selinux audit
fault lsm.missing-fail warning "profile web" allow
fresh_layout && demand selinux off
good "missing: fail of a control that is off"
fresh_layout && demand apparmor
good "missing: fail where there is AppArmor"
lsm=1 fresh_layout && demand selinux
good "missing: fail where SELinux enforces"
lsm=0 fresh_layout && demand selinux
doctor
is "$(counted)" "error lsm.missing-fail profile web
warning lsm.selinux-permissive SELinux" "missing: fail where SELinux is permissive"
bash -c "$(jq -r '.findings[] | select(.id == "lsm.selinux-permissive").remedy' "$work/out")"
good "and the command that mends both"

finish
