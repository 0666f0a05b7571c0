# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For selinux.sh: labels that the engine has set.
: "${runtime:=}" "${label:=}" "${file:=}" "${level:=}" "${pid:=}" "${work:=}"

labelled() { # LABEL [MOUNT-LABEL]: a filter
	printf '.process.selinuxLabel = "%s"' "$1"
	[ -z "${2:-}" ] || printf ' | .linux.mountLabel = "%s"' "$2"
}

kept() { # NAME LABEL MOUNT-LABEL WANTED WANTED-MOUNT-LABEL: regexes
	on fits hardrun given "$(labelled "$2" "$3")" || not_ok "$runtime: $1: starts" "$(said)"
	like "$(label_of "$pid")" "^$4\$" "$runtime: $1"
	like "$(grep ' /dev ' "/proc/$pid/mountinfo")" "context=\"?$5[\", ]" "$runtime: $1: mountLabel"
	end hardrun given
}

not_given() { # NAME RULE LABEL [MOUNT-LABEL]
	local field=process.selinuxLabel
	[ -z "${4:-}" ] || field=linux.mountLabel
	bundle_on fits bad "$(labelled "$3" "${4:-}")"
	refused hardrun bad "selinux: $field.*rule selinux\\.$2" "$runtime: refused: $1"
}

unknown_type() { # one that the lists allow and the loaded policy does not know
	local type
	for type in container_kvm_t container_init_t container_t hardrun_container_t; do
		known "system_u:system_r:$type:s0" || { echo "$type"; return; }
	done
}

given() {
	local type=${label##*:} files=${file##*:} two=s0:c3,c4
	kept "an engine's label is kept" "$label:$two" "$file:$two" "$label:$two" "$file:$two"
	kept "an engine's label without mountLabel" "$label:$two" "" "$label:$two" "$file:$two"
	kept "a label without categories is narrowed" "$label:s0" "$file:s0" "$label:$level" "$file:$level"
	not_given "spc_t" types "system_u:system_r:spc_t:$two"
	not_given "unconfined_t" types "system_u:system_r:unconfined_t:$two"
	not_given "another user" users "unconfined_u:system_r:$type:$two"
	not_given "another role" roles "system_u:unconfined_r:$type:$two"
	not_given "a type that the loaded policy does not know" label \
		"system_u:system_r:$(unknown_type):$two"
	not_given "every category" level "$label:s0:c0.c1023"
	not_given "one category" level "$label:s0:c3"
	not_given "three categories" level "$label:s0:c3,c4,c5"
	not_given "a range of levels" level "$label:s0-$two"
	not_given "mountLabel with another level" level "$label:$two" "$file:s0:c5,c6"
	not_given "mountLabel of another type" file_types "$label:$two" "system_u:object_r:etc_t:$two"
	not_given "mountLabel of another user" users "$label:$two" "unconfined_u:object_r:$files:$two"
	not_given "mountLabel of a process's role" roles "$label:$two" "system_u:system_r:$files:$two"
}
