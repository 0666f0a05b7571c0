# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion for bash: source it, or put it into the completion directory as `hardrun`.

_hardrun_words() { # WORDS: those that begin like the current one
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_hardrun_files() { # -f or -d
	mapfile -t COMPREPLY < <(compgen "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_hardrun_explain() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--bundle) _hardrun_files -d ;;
	--policy | --kernel) _hardrun_files -f ;;
	--profile) _hardrun_words "default restricted sandbox" ;;
	--handler | --id) ;;
	*) _hardrun_words "- --bundle --id --kernel --effective --profile --policy --handler --json --help" ;;
	esac
}

_hardrun_check() { # OPTIONS
	case ${COMP_WORDS[COMP_CWORD]} in
	-*) _hardrun_words "$1" ;;
	*) _hardrun_files -f ;;
	esac
}

_hardrun_setup() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	setup) _hardrun_words "containerd cri-o docker podman policy --help" ;;
	policy) _hardrun_files -d ;;
	--config | --runtime) _hardrun_files -f ;;
	--handler) _hardrun_words "hardrun hardrun-restricted" ;;
	*)
		case ${COMP_WORDS[2]} in
		policy) _hardrun_words "--dry-run --help" ;;
		*) _hardrun_words "--default --dry-run --remove --handler --config --runtime --help" ;;
		esac
		;;
	esac
}

_hardrun_image() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	image) _hardrun_words "add show verify selftest" ;;
	--layout) _hardrun_files -d ;;
	--bundle | --socket | --policy | --payload | --signature | --manifest) _hardrun_files -f ;;
	--id | --digest | --name | --require) ;;
	--namespace) _hardrun_words "k8s.io default" ;;
	*)
		case ${COMP_WORDS[2]} in
		add)
			if [[ ${COMP_WORDS[COMP_CWORD]} != -* ]]; then
				_hardrun_files -d
			else
				_hardrun_words "--json --payload --signature --digest --bundle --manifest --help"
			fi
			;;
		verify) _hardrun_words "--json --require --policy --layout --bundle --id --namespace
			--socket --digest --name --help" ;;
		show | selftest) _hardrun_words "--json --help" ;;
		esac
		;;
	esac
}

# What both try and learn take, and what follows the word before. False: nothing does.
trial_options="--profile --policy --handler --seccomp --rootfs --layout --bundle --tty --user
	--cwd --env"
_hardrun_trial() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--rootfs | --layout | --bundle) _hardrun_files -d ;;
	--policy | --json | --output | --recording | --from) _hardrun_files -f ;;
	--profile) _hardrun_words "default restricted sandbox" ;;
	--seccomp)
		_hardrun_files -f
		COMPREPLY+=(default restricted go java nginx node postgres python redis static)
		;;
	--handler | --user | --cwd | --env) ;;
	*) return 1 ;;
	esac
}

_hardrun_try() {
	_hardrun_trial || _hardrun_words "$trial_options --json --quiet --calls-only --help --"
}

_hardrun_learn() {
	case ${COMP_WORDS[*]} in
	*--list*) _hardrun_words "--json" ;;
	*)
		_hardrun_trial || _hardrun_words "--from --list --output --recording --exact --explain
			$trial_options --help --"
		;;
	esac
}

_hardrun_report() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--file | --html | --kernel) _hardrun_files -f ;;
	--since | --until) ;;
	*) _hardrun_words "--file --since --until --json --html --kernel --help" ;;
	esac
}

_hardrun() {
	local own="explain try learn check diff setup image report inventory doctor version commands"
	local runtime="create run restore exec update start kill delete state ps pause resume
		events list checkpoint features spec"

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_hardrun_words "$own $runtime"
		return
	fi
	case ${COMP_WORDS[1]} in
	explain) _hardrun_explain ;;
	check) _hardrun_check "--json --help" ;;
	diff) _hardrun_check "--json --seccomp --help" ;;
	setup) _hardrun_setup ;;
	image) _hardrun_image ;;
	try) _hardrun_try ;;
	learn) _hardrun_learn ;;
	report) _hardrun_report ;;
	doctor | inventory) _hardrun_words "--json --help" ;;
	esac
}

complete -o filenames -F _hardrun hardrun
