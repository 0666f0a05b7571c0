# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the tests of `hardrun setup`: a program of the test's own in $SBIN, what all files
# are like, and the whole life of one change.
#
# Source tests/e2e/lib.sh first, then this, then call `setup_sandbox "$@"`.
: "${work:=}" "${e2e:=}" # of lib.sh

setup_sandbox() {
	sandbox "$@"
	# podman writes there as soon as it is called.
	cover /var/lib || skip_all "no overlay file system over /var/lib"
	export SBIN=$work/sbin
	mkdir -p "$SBIN" "$work/dumps" && cp "$HR_PROGRAM" "$SBIN/hardrun" || exit 1
	hr=$SBIN/hardrun
	clean
}

# No engine is configured, and hardrun neither.
clean() {
	rm -rf /etc/hardrun /etc/hardrun.setup /etc/containerd /etc/docker /etc/crio /etc/rancher \
		/etc/containers/containers.conf /etc/containers/containers.conf.d
	find "$SBIN" ! -name hardrun ! -path "$SBIN" -delete
}

# Every file that setup might touch: kind, mode, owner, link, content.
snapshot() {
	local dirs=()
	for dir in /etc/hardrun /etc/hardrun.setup /etc/containerd /etc/docker /etc/crio /etc/containers \
		/etc/rancher "$SBIN"; do
		[ -e "$dir" ] && dirs+=("$dir")
	done
	find "${dirs[@]}" -maxdepth 8 -printf '%p %y %m %U:%G %l\n' | LC_ALL=C sort
	find "${dirs[@]}" -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
}

# setup ARGUMENT...: sets status, out, err
setup() {
	timeout -k 1 30 "$hr" setup "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(<"$work/out") err=$(<"$work/err")
	if grep -qE 'AddressSanitizer|runtime error:|LeakSanitizer' "$work/err"; then
		not_ok "no sanitizer speaks: setup $*" "$err"
	fi
}

write() { # FILE TEXT: with the folders above it; printf's %b escapes are read
	mkdir -p "${1%/*}"
	printf '%b' "$2" >"$1"
}

# What is wrong after `setup $ENGINE $ARGUMENTS`; the engine's own reader is asked as well.
after_apply() { # ENGINE FILE BEFORE DEFAULT MODEL HANDLER...
	python3 "$e2e/setup_compare.py" "$1" "$3" "$2" "$4" "$5" "${@:6}" 2>&1
	if [ "$1" = containerd ] && [[ $2 == /etc/containerd/* ]] && grep -qx 'version = 2\r*' "$2"; then
		containerd --config /etc/containerd/config.toml config dump >"$work/dump" 2>"$work/dump.err" ||
			cat "$work/dump.err"
		for handler in "${@:6}"; do
			grep -qF "BinaryName = \"$SBIN/$handler\"" "$work/dump" || echo "containerd does not list $handler"
		done
	fi
	for handler in "${@:6}"; do
		[ "$(realpath "$SBIN/$handler")" = "$SBIN/hardrun" ] || echo "no name $handler"
		[ "$handler" = hardrun ] || [ -x "/etc/hardrun/runtimes/$handler" ] || echo "no runtime for $handler"
	done
	"$hr" check >"$work/check" 2>&1 || cat "$work/check"
}

# The same change by diff(1), without the names of the files.
diff_of() { # BEFORE AFTER
	local before=$1 after=$2
	[ -e "$before" ] || before=/dev/null
	[ -e "$after" ] || after=/dev/null
	diff -U 3 "$before" "$after" | tail -n +3 | sed -E 's/^@@ -([0-9]+) /@@ -\1,1 /; s/ \+([0-9]+) @@$/ +\1,1 @@/'
}

# cycle NAME ENGINE FILE DEFAULT MODEL HANDLERS [ARGUMENT...]: nothing by --dry-run, the change,
# nothing more the second time, and back. DEFAULT, MODEL: as setup_compare.py takes them.
# HANDLERS: words in one argument.
cycle() {
	local name=$1 engine=$2 file=$3 default=$4 model=$5 handlers=$6 before after why='' said
	shift 6
	read -ra handlers <<<"$handlers"
	rm -f "$work/before"
	[ ! -e "$file" ] || cp -p "$file" "$work/before"
	before=$(snapshot)
	setup "$engine" "$@" --dry-run
	said=$(grep -E '^(@@|[-+ \\])' <<<"$out" | grep -vE '^(---|\+\+\+) /')
	[ "$status $err" = "0 " ] || why+="dry run: $status $err"$'\n'
	[[ $out == *"Nothing was written"* ]] || why+="the dry run does not say so: $out"$'\n'
	[ "$(snapshot)" = "$before" ] || why+="the dry run changed: $(diff <(echo "$before") <(snapshot))"$'\n'
	setup "$engine" "$@"
	[ "$status $err" = "0 " ] || why+="apply: $status $err"$'\n'
	[ "$said" = "$(diff_of "$work/before" "$file")" ] ||
		why+="the diff that was shown: $said"$'\n'"and: $(diff_of "$work/before" "$file")"$'\n'
	! grep -qvE '^(@@|[-+ \\]|link |make |Then: |Behind |podman |The default |Pods on the host|cri-o is not installed)' <<<"$out" || why+="says: $out"$'\n'
	why+=$(after_apply "$engine" "$file" "$([ -e "$work/before" ] && echo "$work/before" || echo -)" \
		"$default" "$model" "${handlers[@]}")
	after=$(snapshot)
	if [ -e "$work/before" ] && [ "$(stat -c '%a %u:%g' "$work/before")" != "$(stat -c '%a %u:%g' "$file")" ]; then
		why+="mode or owner changed"$'\n'
	fi
	setup "$engine" "$@"
	[ "$status $out$err" = "0 nothing to do" ] || why+="second run: $status $out$err"$'\n'
	[ "$(snapshot)" = "$after" ] || why+="the second run changed something"$'\n'
	remove_args=()
	while [ $# -gt 0 ]; do
		[ "$1" != --config ] || remove_args=(--config "$2")
		shift
	done
	setup "$engine" --remove --dry-run ${remove_args[@]+"${remove_args[@]}"}
	[ "$status" = 0 ] && [ "$(snapshot)" = "$after" ] || why+="removal's dry run: $status $out$err"$'\n'
	setup "$engine" --remove ${remove_args[@]+"${remove_args[@]}"}
	[ "$status $err" = "0 " ] || why+="remove: $status $err"$'\n'
	[ "$(snapshot)" = "$before" ] || why+="not as before: $(diff <(echo "$before") <(snapshot))"$'\n'
	if [ -e "$work/before" ]; then
		cmp -s "$work/before" "$file" || why+="not the same bytes"$'\n'
	fi
	setup "$engine" --remove ${remove_args[@]+"${remove_args[@]}"}
	[ "$status $out$err" = "0 nothing to do" ] || why+="second removal: $status $out$err"$'\n'
	if [ -z "$why" ]; then ok "$name"; else not_ok "$name" "$why"; fi
}

# refused NAME STATUS REGEX ENGINE [ARGUMENT...]: one line that says why, and nothing changed.
refused() {
	local name=$1 wanted=$2 regex=$3 why='' before
	shift 3
	before=$(snapshot)
	setup "$@"
	[ "$status" = "$wanted" ] || why+="status $status, not $wanted"$'\n'
	[[ $err =~ $regex ]] || why+="not like /$regex/"$'\n'
	[ "$(wc -l <"$work/err")" = 1 ] || why+="not one line"$'\n'
	[ "$(snapshot)" = "$before" ] || why+="changed: $(diff <(echo "$before") <(snapshot))"$'\n'
	! grep -qiE 'no such file|permission denied|not found|does not exist|no such process' "$work/err" ||
		why+="words that engines act upon"$'\n'
	if [ -z "$why" ]; then ok "$name"; else not_ok "$name" "$why$out$err"; fi
}
