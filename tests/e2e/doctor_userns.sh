#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `hardrun doctor` about user namespaces for pods: the ids of user hardrun, what the kernel and the
# runtimes do, and a kubelet that hands out ids too. See doctor_setup.sh.
set -u
# shellcheck source=tests/e2e/doctor_setup.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/doctor_setup.sh" || exit 1
doctor_sandbox "$@"

usual=hardrun:1879048192:268304384 subject="user hardrun"

unmapped() { sed -i /^hardrun:/d /etc/subuid /etc/subgid; }
written() { printf '%s\n' "$2" >"/etc/$1"; } # FILE TEXT
seen() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | .evidence' "$work/out"; } # ID
where() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | "\(.file):\(.line)"' "$work/out"; }
no_restricted() { # the profile that maps is in nobody's use
	rm -f "$restricted" /etc/hardrun/runtimes/hardrun-restricted
	jq 'del(.runtimes."hardrun-restricted")' "$file" >"$work/json" && cp "$work/json" "$file"
}
use_of() { # OPTIONS: of userns, in a profile that a rule names
	policy '{"version": 1, "profiles": {"web": {"extends": "default", "userns": '"$1"'}},
		"rules": [{"when": {"namespace": "web"}, "use": "web"}]}'
}

fresh_layout
doctor
case $(counted) in *userns.kernel*) skip_all "the kernel has no overlay with other ids" ;; esac

# ---- ids -------------------------------------------------------------------------------

note "ids"
for layout in "${layouts[@]}"; do
	fresh_layout
	good "$layout: ids as they should be"
	plant unmapped -- userns.ranges warning "$subject"
	is "$(sort -u /etc/subuid /etc/subgid | grep hardrun)" "$usual" "$layout: the usual line"
done
layout=docker
plant rm /etc/subuid /etc/subgid -- userns.ranges warning "$subject"
plant rm /etc/subgid -- userns.ranges warning "$subject"
plant written subuid hardrun:1879048192:65536 -- userns.ranges warning "$subject"
plant written subgid $'hardrun:1879048192:65536\nhardrun:65536:65536' -- userns.ranges warning "$subject"
plant written subuid $'a:1900000000:65536\n'$usual -- userns.ranges warning "$subject"
plant written subgid hardrun:100000:65536 -- userns.ranges warning "$subject"
plant written subuid "$usual"$'\nbroken' -- userns.ranges warning "$subject" sed -i /broken/d /etc/subuid
fresh_layout
written subuid $'# ids\n\nhardrun:5:65536'
doctor
is "$(where userns.ranges)" "/etc/subuid:3" "file and line are named"
like "$(seen userns.ranges)" "^/etc/subuid:3: hardrun:5:65536: the first id is no multiple of 65536; pods of profile restricted get no user namespace$" \
	"and what is wrong, and for whom"
fresh_layout
unmapped
echo -n a:1:1 >>/etc/subuid
doctor
bash -c "$remedy"
good "a last line without its end is not joined"
plant chmod 666 /etc/subuid -- file.trust warning /etc/subuid
plant chown 1000 /etc/subgid -- file.trust warning /etc/subgid

note "whose ids"
fresh_layout
no_restricted
unmapped
good "no profile in use that maps"
use_of '{"map": "pod"}'
good "what goes by another profile"
use_of '{"map": "auto", "mode": "off"}'
good "the control is off"
use_of '{"map": "off"}'
good "mapping is off"
policy '{"version": 1, "profiles": {"web": {"extends": "default", "userns": {"map": "require"}}}}'
good "a profile that nothing uses"
planted="auto" && use_of '{"map": "auto"}'
fault userns.ranges warning "$subject"
planted="require" && unmapped && use_of '{"map": "require"}'
fault userns.ranges error "$subject"
planted="require, audit" && unmapped && use_of '{"map": "require", "mode": "audit"}'
fault userns.ranges warning "$subject"
fresh_layout
unmapped
use_of '{"map": "require"}'
doctor
is "$(counted)" "error userns.ranges $subject" "the worst of two profiles counts"
like "$(seen userns.ranges)" "pods of profile restricted, web get" "both are named"
layout=none planted="no engine"
fresh_layout
unmapped
use_of '{"map": "require"}'
fault userns.ranges warning "$subject"
rm -rf /etc/hardrun/runtimes/* && unmapped
good "no handler at all"
layout=docker

# ---- the kernel ------------------------------------------------------------------------

note "the kernel"
plain=(/usr/lib /usr/share /usr/bin /etc /var/cache /var/lib /opt /srv)
covered=()
cover_all() { # nothing is left that can have other ids: an overlay cannot
	local dir
	for dir in "${plain[@]}"; do
		if [ ! -d "$dir" ] || [ "$(stat -f -c %T "$dir")" = overlayfs ]; then continue; fi
		cover "$dir" || return
		covered+=("$dir")
	done
}
uncover() {
	local dir
	for dir in "${covered[@]}"; do umount "$dir"; done
	covered=()
}
fresh_layout
find /run/hardrun >"$work/before" 2>&1
doctor
find /run/hardrun >"$work/after" 2>&1
check "asking leaves nothing behind" cmp "$work/before" "$work/after"
kernel_name="kernel 6.1.0-28-amd64"
cover_all || not_ok "overlays over ${plain[*]}"
planted='' && fault userns.kernel warning "$kernel_name" uncover
cover_all
planted="require" && use_of '{"map": "require"}'
fault userns.kernel error "$kernel_name" uncover
cover_all
mkdir -p "$kernel/random" /run/hardrun
echo 1d8e5ab2 >"$kernel/random/boot_id"
echo '{"boot":"1d8e5ab2","overlay":true}' >/run/hardrun/userns.json
good "a create of this boot knows that it can"
echo 1d8e5ab3 >"$kernel/random/boot_id"
planted="another boot" && fault userns.kernel error "$kernel_name" uncover
rm -r "$kernel/random"
fresh_layout
no_restricted
cover_all
good "it does not matter to profiles that map nothing"
uncover

# ---- runtimes --------------------------------------------------------------------------

note "runtimes"
version() { runtime_says /usr/sbin/runc "$1"; }
newer() { version "runc version 1.5.9"; }
old="runc version 1.2.9" runtime="runtime /usr/sbin/runc"
for layout in "${layouts[@]}"; do
	if [ "$layout" = docker ]; then
		fresh_layout
		version "$old"
		good "docker: networks are not CNI's"
	else
		plant version "$old" -- userns.runtime warning "$runtime" newer
	fi
done
layout=$(chosen podman crio containerd16 | head -n 1)
if [ -n "$layout" ]; then
	planted='' && fresh_layout
	version "$old"
	doctor
	like "$remedy" "crun.*runc 1\.3 or later.*pre_join.*DANGER.*lands in the host's network" \
		"pre_join is offered with its danger"
	like "$(seen userns.runtime)" "^$old: .* of handler hardrun-restricted get none$" \
		"version and handlers are named"
	policy '{"version": 1, "profiles": {"web": {"extends": "restricted", "userns": {"pre_join": true}}},
		"rules": [{"when": {"handler": "hardrun-restricted"}, "use": "web"}]}'
	good "pre_join is set"
	fresh_layout
	version "runc version 1.3.99"
	good "runc 1.3"
	fresh_layout
	runtime_says /usr/bin/crun "crun version 1.99"
	ln -sfn /usr/bin/crun /etc/hardrun/runtimes/hardrun-restricted
	version "$old"
	good "crun for those that map"
	planted="by a rule" && use_of '{"map": "require"}'
	fault userns.runtime error "$runtime" newer
fi

# ---- the kubelet -----------------------------------------------------------------------

note "the kubelet"
layout=docker planted=''
printf '#!/bin/sh\n[ "$1" = --system ] && echo "$2:x:998:998::/:/bin/false" >>/etc/passwd\n' >/usr/sbin/useradd
chmod 755 /usr/sbin/useradd
paste() { bash -c "${remedy#*then: }"; }
kubelet() { echo "cgroupDriver: systemd" >/var/lib/kubelet/config.yaml; }
without() { kubelet && sed -i /^kubelet:/d "$@"; }
plant without /etc/subuid /etc/subgid -- userns.kubelet warning "user kubelet" paste
is "$(sort -u /etc/subuid /etc/subgid)" "$usual"$'\n'kubelet:671088640:7208960 "110 pods' ids"
plant without /etc/subuid /etc/subgid /etc/passwd -- userns.kubelet warning "user kubelet" paste
fresh_layout
sed -i /^kubelet:/d /etc/subuid /etc/subgid
good "no kubelet"
mkdir /var/lib/kubelet/pods
planted="pods" && fault userns.kubelet warning "user kubelet" paste
rmdir /var/lib/kubelet/pods
fresh_layout
without /etc/subuid /etc/subgid
no_restricted
good "a kubelet beside profiles that map nothing"
fresh_layout
without /etc/subuid /etc/subgid
unmapped
doctor
is "$(counted)" "warning userns.ranges $subject" "first the ids of user hardrun"

finish
