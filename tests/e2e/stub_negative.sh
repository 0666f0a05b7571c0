#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What must be refused: documents, files, command lines, policies and handlers that are broken,
# ambiguous or somebody else's. Of every case: the runtime is not started, the document stays
# as it was, the exit status is 1 (exec: 255), and one line in --log and one on stderr say
# what is wrong.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
LC_ALL=C # bytes, not letters
sandbox "$@"
runc=$(stub_install runc-stub) crun=$(stub_install crun-stub)
bundle=$work/b config=$work/b/config.json log=$work/log.json root=$work/root
logs=$work/logs
: >"$logs"
forbidden='no such file|permission denied|not found|does not exist|no such process'

# ---- one case --------------------------------------------------------------------------

reset() {
	fresh
	handler hardrun "$runc"
	handler hardrun-crun "$crun"
	policy '{"version": 1, "rules": [{"when": {"handler": ["hardrun-crun"]}, "use": "default"}]}'
	rm -rf "$bundle" "$root"
	bundle "$bundle"
}

# refused NAME REGEX HANDLER ARGUMENT...: REGEX (extended, any case) is what the message says.
refused() {
	local name=$1 regex=${2,,} handler=$3 why='' before after wanted=1 message lines=()
	shift 3
	case " $* " in
	*' exec '*) wanted=255 ;;
	esac
	rm -f "$log"
	# A change of anything, the content included, shows in inode or ctime.
	before=$(stat -c '%F %a %u %g %i %z' "$config" 2>&1)
	timeout -k 1 10 "$work/bin/$handler" --log "$log" --log-format json "$@" \
		>"$work/out" 2>"$work/err" </dev/null
	status=$?
	after=$(stat -c '%F %a %u %g %i %z' "$config" 2>&1)
	message=$(<"$work/err")
	[ ! -e "$log" ] || mapfile -t lines <"$log"
	[ "$status" -eq "$wanted" ] || why+="status $status, not $wanted"$'\n'
	[ -z "$(stub_calls "$runc")$(stub_calls "$crun")" ] || why+="the runtime was started"$'\n'
	[ "$after" = "$before" ] || why+="config.json was changed"$'\n'
	[ ! -s "$work/out" ] || why+="stdout: $(head -c 200 "$work/out")"$'\n'
	[[ $message != '' && $message != *$'\n'* ]] || why+="stderr is not one line"$'\n'
	[[ ${message,,} =~ $regex ]] || why+="the message is not like /$regex/"$'\n'
	[[ ! ${message,,} =~ $forbidden ]] || why+="a phrase that engines match"$'\n'
	[[ $message != *[!$'\x20'-$'\x7e']* ]] || why+="an odd byte in the message"$'\n'
	[ ${#lines[@]} -eq 1 ] || why+="${#lines[@]} lines in --log"$'\n'
	printf '%s\t%s\n' "$name" "${lines[*]-}" >>"$logs"
	if [ -z "$why" ]; then ok "$name"; else not_ok "$name" "$why${message:0:1000}"; fi
	rm -rf "$runc".d/calls/* "$crun".d/calls/*
}

# create NAME REGEX: of the bundle as it is.
create() {
	refused "$1" "$2" hardrun --root "$root" create --bundle "$bundle" c1
}

# text NAME REGEX TEXT: create with that as config.json; printf's %b escapes are read.
text() {
	printf '%b' "$3" >"$config"
	create "$1" "$2"
}

# changed NAME REGEX FILTER: create with the good document changed by jq.
changed() {
	bundle "$bundle" "$3"
	create "$1" "$2"
}

# swapped NAME REGEX OLD NEW: with that piece of the good document's text replaced.
swapped() {
	case $good in *"$3"*) ;; *) not_ok "$1" "$3 is not in the document" && return ;; esac
	printf '%b' "${good/"$3"/"$4"}" >"$config"
	create "$1" "$2"
}

reset
good=$(<"$config")
run hardrun --root "$root" create --bundle "$bundle" c1
is "$status $(stub_calls "$runc" | wc -l)" "0 1" "the document of these tests is accepted"
stub_forget "$runc"
reset

# ---- text that is no JSON --------------------------------------------------------------

text "an empty file" "config\.json.*(empty|end|EOF)" ""
text "blanks only" "config\.json" "  \n\t "
text "half a document" "config\.json" "${good:0:200}"
text "the last brace missing" "config\.json" "${good%\}}"
text "garbage behind" "config\.json" "${good}x"
text "a second document behind" "config\.json" "$good$good"
text "a second brace behind" "config\.json" "$good}"
text "a // comment" "config\.json" "// no\n$good"
text "a /* */ comment" "config\.json" "/* no */$good"
text "a # comment" "config\.json" "# no\n$good"
text "a comment behind" "config\.json" "$good // no"
text "single quotes" "config\.json" "${good//\"/\'}"
text "a byte order mark" "config\.json" "\xef\xbb\xbf$good"
swapped "a comma before a brace" "config\.json" '"path":"rootfs"}' '"path":"rootfs",}'
swapped "a comma before a bracket" "config\.json" '["/bin/sh"]' '["/bin/sh",]'
swapped "a missing comma" "config\.json" '"cwd":"/",' '"cwd":"/"'
swapped "a missing colon" "config\.json" '"cwd":"/"' '"cwd" "/"'
swapped "an unquoted key" "config\.json" '"cwd"' 'cwd'
for number in NaN Infinity -Infinity 0x10 010 +1 1. .5 1e -; do
	swapped "the number $number" "config\.json" '"uid":0' "\"uid\":$number"
done
swapped "True" "config\.json" '"uid":0' '"uid":True'
printf '%s' "$good" | iconv -f UTF-8 -t UTF-16 >"$config" && create "UTF-16" "config\.json"
head -c 65536 /dev/urandom >"$config" && create "random bytes" "config\.json"
truncate -s 0 "$config" && truncate -s 4096 "$config" && create "zeroes" "config\.json"

# ---- strings ---------------------------------------------------------------------------

utf8="utf-?8"
swapped "the byte FF" "$utf8" '"/bin/sh"' '"/bin/\xff"'
swapped "a lone continuation byte" "$utf8" '"/bin/sh"' '"/bin/\x80"'
swapped "a cut sequence" "$utf8" '"/bin/sh"' '"/bin/\xc3"'
swapped "overlong /, two bytes" "$utf8" '"/bin/sh"' '"\xc0\xaf"'
swapped "overlong /, three bytes" "$utf8" '"/bin/sh"' '"\xe0\x80\xaf"'
swapped "overlong /, four bytes" "$utf8" '"/bin/sh"' '"\xf0\x80\x80\xaf"'
swapped "overlong NUL" "$utf8" '"/bin/sh"' '"a\xc0\x80"'
swapped "a surrogate in three bytes" "$utf8" '"/bin/sh"' '"\xed\xa0\x80"'
swapped "a CESU-8 pair" "$utf8" '"/bin/sh"' '"\xed\xa0\xbd\xed\xb8\x80"'
swapped "above U+10FFFF" "$utf8" '"/bin/sh"' '"\xf4\x90\x80\x80"'
swapped "a five-byte sequence" "$utf8" '"/bin/sh"' '"\xf8\x88\x80\x80\x80"'
swapped "bad UTF-8 in a key" "$utf8" '"hostname"' '"host\xffname"'
swapped "bad UTF-8 between values" "config\.json" '"cwd"' '\xff"cwd"'
nul='NUL|u0000|\x00|byte 0|zero|control'
swapped "a raw NUL in a string" "$nul" '"/bin/sh"' '"/bin\0/sh"'
swapped "an escaped NUL" "$nul" '"/bin/sh"' '"/bin\\u0000/sh"'
swapped "an escaped NUL in a key" "$nul" '"hostname"' '"hostname\\u0000"'
{ printf '%s' "$good" && printf '\0'; } >"$config" && create "a NUL behind" "config\.json"
pair="surrogate"
swapped "a high surrogate alone" "$pair" '"/bin/sh"' '"\\ud800"'
swapped "a low surrogate alone" "$pair" '"/bin/sh"' '"\\udc00"'
swapped "a pair the wrong way round" "$pair" '"/bin/sh"' '"\\ude00\\ud83d"'
swapped "a high surrogate before a letter" "$pair" '"/bin/sh"' '"\\ud83dx"'
swapped "two high surrogates" "$pair" '"/bin/sh"' '"\\ud83d\\ud83d"'
swapped "a high surrogate in a key" "$pair" '"hostname"' '"hostname\\ud800"'
swapped "a raw newline in a string" "config\.json" '"/bin/sh"' '"/bin\n/sh"'
swapped "a raw ESC in a string" "config\.json" '"/bin/sh"' '"/bin\033/sh"'
swapped "an unknown escape" "config\.json" '"/bin/sh"' '"/bin\\\x41"'
swapped "a short \\u escape" "config\.json" '"/bin/sh"' '"\\u12"'

# ---- size ------------------------------------------------------------------------------

deep() { # OPEN CLOSE COUNT
	local i open='' close=''
	for ((i = 0; i < $3; i++)); do open+=$1 close+=$2; done
	printf '%s1%s' "$open" "$close"
}
swapped "65 levels of lists" "deep|depth|levels|nest" '"cwd":"/"' "\"x\":$(deep '[' ']' 64)"
swapped "65 levels of objects" "deep|depth|levels|nest" '"cwd":"/"' "\"x\":$(deep '{"a":' '}' 64)"
swapped "100000 levels of lists" "deep|depth|levels|nest" '"cwd":"/"' "\"x\":$(deep '[' ']' 100000)"
{ printf '%s' "$good" && head -c $((16 * 1024 * 1024)) /dev/zero | tr '\0' ' '; } >"$config"
create "more than 16 MiB" "large|long|big|16|MiB"

# ---- keys ------------------------------------------------------------------------------

twice="twice|duplicate|again|more than once|repeated"
swapped "a key twice at the top" "($twice).*hostname|hostname.*($twice)" '"hostname":"test"' \
	'"hostname":"test","hostname":"test"'
swapped "process twice" "($twice).*process|process.*($twice)" '"hostname":"test"' '"process":{}'
swapped "cwd twice" "($twice).*cwd|cwd.*($twice)" '"cwd":"/"' '"cwd":"/","cwd":"/"'
swapped "cwd twice, once escaped" "($twice).*cwd|cwd.*($twice)" '"cwd":"/"' '"cwd":"/","\\u0063wd":"/"'
swapped "bounding twice" "($twice).*bounding|bounding.*($twice)" '"capabilities":{' \
	'"capabilities":{"bounding":[],'
swapped "a namespace's type twice" "($twice).*type|type.*($twice)" '{"type":"pid"}' \
	'{"type":"pid","type":"pid"}'
swapped "an annotation twice" "($twice).*key|key.*($twice)" '"hostname":"test"' \
	'"annotations":{"key":"a","key":"a"}'
swapped "a key of an unknown object twice" "($twice).*q|q.*($twice)" '"hostname":"test"' \
	'"x":[{"q":1,"q":1}]'

folded="spelled|case|folds|same|differs|twice|duplicate|written"
changed "Process for process" "Process" '.Process = .process | del(.process)'
changed "process and Process" "Process" '.Process = .process'
changed "LINUX and linux" "LINUX" '.LINUX = {}'
changed "nonewprivileges" "nonewprivileges" '.process.nonewprivileges = false'
changed "namespaces with U+017F" "namespace" '.linux["namespace\u017f"] = []'
changed "maskedPaths with U+212A" "mas" '.linux["mas\u212aedPaths"] = []'
changed "hooks with U+212A" "hoo" '.["hoo\u212as"] = {}'
changed "Type and type of a namespace" "linux\.namespaces\[1\].*Type|Type.*linux\.namespaces\[1\]" \
	'.linux.namespaces[1].Type = "pid"'
swapped "a folded key that is escaped" "$folded|Cwd" '"cwd":"/"' '"cwd":"/","\\u0043wd":"/proc/self/fd/7"'

unknown="unknown|runtime-spec|known"
changed "an unknown key at the top" "($unknown).*frob|frob.*($unknown)" '.frob = 1'
changed "an unknown key of process" "process\.frob" '.process.frob = 1'
changed "an unknown key of process.user" "process\.user\.frob" '.process.user.frob = 1'
changed "an unknown key of root" "root\.frob" '.root.frob = true'
changed "an unknown key of a mount" "mounts\[0\]\.frob" '.mounts[0].frob = "ro"'
changed "an unknown key of linux" "linux\.frob" '.linux.frob = {}'
changed "an unknown key of a namespace" "linux\.namespaces\[3\]\.frob" '.linux.namespaces[3].frob = 0'
changed "an unknown key of hooks" "hooks\.frob" '.hooks.frob = []'
changed "an unknown key of resources" "linux\.resources\.frob" '.linux.resources.frob = 1'
changed "the empty key" "config\.json|document" '.[""] = 1'
changed "an unknown key with odd bytes" "document|unknown" '."\u001b[31m no such file" = 1'

# ---- types and numbers -----------------------------------------------------------------

text "a list for the document" "object|list|array" "[]"
text "a string for the document" "object|string" "\"x\""
text "null for the document" "object|null" "null"
regex_of() { printf '%s' "$1" | sed 's/[].[]/\\&/g'; }
type() { changed "$1 = $2" "${3:-$(regex_of "$1")}" ".$1 = $2"; }
type process '[]'
type process.args '"sh"'
type 'process.args[0]' '1'
type process.env '{}'
type process.cwd '1'
type process.user '0'
type process.user.uid '"0"'
type process.user.additionalGids '[true]'
type process.noNewPrivileges '"true"'
type process.noNewPrivileges '1'
type process.terminal '0'
type process.capabilities '["CAP_KILL"]'
type process.capabilities.bounding '"CAP_KILL"'
type 'process.capabilities.bounding[0]' '{}'
type process.rlimits '{}'
type root '"rootfs"'
type root.readonly '"false"'
type mounts '{}'
type 'mounts[0].options' '"ro"'
type hostname '["a"]'
type annotations '{"key":1}' 'annotations'
type annotations '[]'
type linux '[]'
type linux.namespaces '{}'
type 'linux.namespaces[0]' '"pid"'
type 'linux.namespaces[0].type' '5'
type linux.maskedPaths '[1]' 'linux\.maskedPaths'
type linux.resources '[]'
type linux.seccomp '"none"'
type linux.sysctl '{"net.a":1}' 'linux\.sysctl'
type hooks '[]'
type hooks.prestart '{}'
number() { swapped "uid $1" "process\.user\.uid" '"uid":0' "\"uid\":$1"; }
for uid in 4294967296 -1 1.5 1.0 0.0 1e3 1E0 18446744073709551616 \
	99999999999999999999999999999999999999; do
	number "$uid"
done
swapped "oomScoreAdj above int" "oomScoreAdj" '"cwd":"/"' '"cwd":"/","oomScoreAdj":9223372036854775808'
swapped "oomScoreAdj 1.5" "oomScoreAdj" '"cwd":"/"' '"cwd":"/","oomScoreAdj":1.5'
swapped "a limit above int64" "limit" '"linux":{' \
	'"linux":{"resources":{"memory":{"limit":9223372036854775808}},'
swapped "a limit of 1e9" "limit" '"linux":{' '"linux":{"resources":{"memory":{"limit":1e9}},'
for version in '"2.0.0"' '"1.4.0"' '"1.10.0"' '"10.0.0"' '"0.9.0"' '" 1.0.2"' '"one"' '""' 1.0 null; do
	changed "ociVersion $version" "ociVersion" ".ociVersion = $version"
done
changed "no ociVersion" "ociVersion" 'del(.ociVersion)'

# ---- what the controls refuse ----------------------------------------------------------

changed "a capability that is none" "CAP_FROB" '.process.capabilities.inheritable = ["CAP_FROB"]'
changed "CAP_SYS_ADMIN" "process\.capabilities\.bounding.*CAP_SYS_ADMIN" \
	'.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .linux.maskedPaths = ["/proc/kcore"]'
changed "what looks privileged" "refused by privileged: process\.capabilities: .*CAP_SYS_ADMIN, .*filter, .*paths" \
	'.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
for type in mount pid ipc network; do
	changed "no $type namespace" "linux\.namespaces.*$type" \
		".linux.namespaces |= map(select(.type != \"$type\"))"
done
changed "a namespace twice" "linux\.namespaces" '.linux.namespaces += [{"type":"pid"}]'
changed "an unknown namespace" "linux\.namespaces\[4\]" '.linux.namespaces += [{"type":"frob"}]'
changed "the host's network" "linux\.namespaces\[3\]\.path.*/proc/1/ns/net" \
	'.linux.namespaces[3].path = "/proc/1/ns/net"'
changed "hardrun's own network" "linux\.namespaces\[3\]\.path" \
	'.linux.namespaces[3].path = "/proc/self/ns/net"'
changed "another type's namespace" "linux\.namespaces\[3\]\.path" \
	'.linux.namespaces[3].path = "/proc/1/ns/uts"'
changed "a namespace that is a file" "linux\.namespaces\[3\]\.path" \
	'.linux.namespaces[3].path = "/etc/passwd"'
changed "a namespace that is not there" "linux\.namespaces\[3\]\.path" \
	'.linux.namespaces[3].path = "/run/gone"'
changed "a hook" "hooks\.createContainer\[0\]" '.hooks.createContainer = [{"path":"/bin/true"}]'
changed "Docker's hook outside Docker" "hooks\.prestart\[0\]" \
	'.hooks.prestart = [{"path":"/proc/self/exe","args":["libnetwork-setkey"]}]'
for cwd in /proc/self/fd/7 /proc/1/root /sys /dev/fd/7 ../x rel /a/../../proc; do
	changed "cwd $cwd" "process\.cwd" ".process.cwd = \"$cwd\""
done
for path in / /etc /usr .. ../.. gone /proc; do
	changed "root.path $path" "root\.path" ".root.path = \"$path\""
done
changed "no root" "root" 'del(.root)'
changed "a notifier" "linux\.seccomp\.listenerPath" \
	'.linux.seccomp = {"defaultAction":"SCMP_ACT_ERRNO","listenerPath":"/run/x"}'
changed "an action that is none" "linux\.seccomp\.defaultAction.*SCMP_ACT_ASK" \
	'.linux.seccomp = {"defaultAction":"SCMP_ACT_ASK"}'
changed "a foreign architecture alone" "linux\.seccomp.*lacks SCMP_ARCH_" \
	'.linux.seccomp = {"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_MIPS"]}'
changed "a seventh argument" "linux\.seccomp.*index is above 5" \
	'.linux.seccomp = {"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}'
# Values are shown with every odd byte, blanks too, as \xNN, and cut; the rest of the message is not.
phrase='no such file or directory: permission denied'
changed "a phrase in cwd" 'process\.cwd.*/proc/no\\x20such\\x20file' ".process.cwd = \"/proc/$phrase\""
changed "a phrase in root.path" 'root\.path' ".root.path = \"$phrase\""
changed "a phrase in a namespace's path" 'linux\.namespaces\[0\]\.path' ".linux.namespaces[0].path = \"/$phrase\""
changed "a phrase in a capability" 'process\.capabilities\.bounding' ".process.capabilities.bounding += [\"$phrase\"]"
changed "a phrase in a hook" 'hooks\.prestart\[0\]' ".hooks.prestart = [{\"path\": \"/$phrase\"}]"
changed "a phrase in a key" 'annotations|document|linux' ".linux[\"$phrase\"] = 1"
changed "a phrase in ociVersion" 'ociVersion' ".ociVersion = \"2 $phrase\""
changed "ESC and newline in cwd" 'process\.cwd.*\\x1b\[?.*\\x0a' '.process.cwd = "/proc/\u001b[31m\n"'
changed "a long cwd, with rule and remedy behind it" 'process\.cwd.*/proc/(a){40,60}[^a].*cwd' ".process.cwd = \"/proc/$(deep a '' 3000)\""
changed "a key of 3000 bytes, with the rule behind it" 'accept_unknown|document' ".process[\"$(deep a '' 3000)\"] = 1"
bundle "$bundle" && mkdir "$work/else" && ln -s "$work/else" "$bundle/rootfs/dev"
create "a link for dev in the image" "root\.path"
reset && : >"$bundle/rootfs/proc"
create "a file for proc in the image" "root\.path"

# ---- files -----------------------------------------------------------------------------

reset && mv "$config" "$work/elsewhere" && ln -s "$work/elsewhere" "$config"
create "config.json is a link" "config\.json"
rm "$config" && mkfifo "$config"
create "config.json is a FIFO" "config\.json"
rm "$config" && mkdir "$config"
create "config.json is a directory" "config\.json"
rmdir "$config" && mknod "$config" c 1 5
create "config.json is a device" "config\.json"
rm "$config"
create "no config.json" "config\.json"
reset && chown 65534 "$config" && create "somebody else's config.json" "config\.json"
reset && chown :65534 "$config" && chmod 664 "$config" && create "config.json is a group's" "config\.json"
reset && chmod 666 "$config" && create "config.json is everybody's" "config\.json"
reset && chown 65534 "$bundle" && create "somebody else's bundle" "$bundle"
reset && chmod 777 "$bundle" && create "everybody's bundle" "$bundle"
reset && chmod 1777 "$bundle" && create "everybody's bundle, sticky" "$bundle"
reset && chmod 775 "$bundle" && chown :65534 "$bundle" && create "a group's bundle" "$bundle"
reset
for what in "chmod 777" "chown 65534"; do
	mkdir "$work/open" && $what "$work/open" && bundle "$work/open/b"
	refused "a bundle below: $what" "$work/open" hardrun --root "$root" create --bundle "$work/open/b" c1
	rm -r "$work/open"
done
mkdir "$work/open" && ln -s "$bundle" "$work/open/link" && chmod 777 "$work/open"
refused "a link to the bundle that others can change" "$work/open" \
	hardrun --root "$root" create --bundle "$work/open/link" c1
rm -r "$work/open"
mkdir -m 1777 "$work/open" && mkdir "$work/open/b" && chown 65534 "$work/open/b"
refused "somebody else's entry of a sticky directory" "$work/open/b" \
	hardrun --root "$root" create --bundle "$work/open/b" c1
rm -r "$work/open"
refused "a bundle that is not there" "$work/gone" hardrun --root "$root" create --bundle "$work/gone" c1
refused "a relative bundle that is not there" "gone" hardrun create --bundle gone c1
refused "a bundle that is a file" "$config" hardrun --root "$root" create --bundle "$config" c1

# ---- command lines ---------------------------------------------------------------------

reset
line() { # NAME REGEX ARGUMENT...: for runc's command line
	local name=$1 regex=$2
	shift 2
	refused "runc: $name" "$regex" hardrun --root "$root" "$@"
}
crun_line() { # the same for crun's
	local name=$1 regex=$2
	shift 2
	refused "crun: $name" "$regex" hardrun-crun --root "$root" "$@"
}
line "an unknown flag" "frob" create --frob --bundle "$bundle" c1
line "an unknown flag with a value" "frob" create --frob=x --bundle "$bundle" c1
line "an unknown short flag" "-x" create -x --bundle "$bundle" c1
line "an abbreviated flag" "bund" create --bund "$bundle" c1
line "a cluster of flags" "-bx|bx" create -bx "$bundle" c1
line "another command's flag" "detach" create --detach --bundle "$bundle" c1
line "a flag without its value" "bundle|behind" create c1 --bundle
line "a boolean that is none" "no-pivot" create --no-pivot=maybe --bundle "$bundle" c1
line "a global boolean that is none" "debug" --debug=maybe create --bundle "$bundle" c1
line "a flag behind the id" "behind|argument" create c1 --bundle "$bundle"
line "no id" "id" create --bundle "$bundle"
line "two ids" "argument|id" create --bundle "$bundle" c1 c2
line "an id twice" "argument|id" create --bundle "$bundle" c1 c1
for id in ../x a/b . .. '' 'a b' 'a:b' $'a\nb' $'a\033b' $'\303\244' "$(deep a '' 1024)x" '*'; do
	line "the id $(printf '%.20q' "$id")" "id" create --bundle "$bundle" "$id"
done
line "an empty root" "root" --root= create --bundle "$bundle" c1
line "an unknown global flag" "frob" --frob create --bundle "$bundle" c1
line "an unknown global flag with =" "frob" --frob=x create --bundle "$bundle" c1
line "an unknown global flag with a value" "frob" --frob x create --bundle "$bundle" c1
line "an unknown global flag before exec" "frob" --frob exec c1 sh
line "an unknown global flag before update" "frob" --frob x update --memory 1 c1
line "an unknown global flag before run" "frob" --frob run --bundle "$bundle" c1
line "an unknown global flag before restore" "frob" --frob restore --bundle "$bundle" c1
line "a command in no table" "frobnicate" frobnicate c1
line "a command in another spelling" "Create" Create --bundle "$bundle" c1
line "crun's -f" "-f|\"f\"" create -f "$config" --bundle "$bundle" c1
for fds in 99999 -1 abc 1e1 '' 0x1 99999999999999999999; do
	line "--preserve-fds=$fds" "preserve-fds" create --preserve-fds="$fds" --bundle "$bundle" c1
done
export LISTEN_FDS
for LISTEN_FDS in abc -1 99999 1x 99999999999999999999; do
	line "LISTEN_FDS=$LISTEN_FDS" "LISTEN_FDS" create --bundle "$bundle" c1
done
unset LISTEN_FDS
line "restore by default" "restore" restore --bundle "$bundle" c1

crun_line "an unknown flag" "frob" create --frob --bundle "$bundle" c1
crun_line "an abbreviated flag" "bund" create --bund "$bundle" c1
crun_line "-f" "config" create -f "$config" --bundle "$bundle" c1
crun_line "-fFILE" "config" create -f"$config" --bundle "$bundle" c1
crun_line "--config" "config" create --config "$config" --bundle "$bundle" c1
crun_line "--config=" "config" create --config="$config" --bundle "$bundle" c1
crun_line "-f on run" "config" run -f "$config" --bundle "$bundle" c1
crun_line "-b=X, which is =X" "=" create -b="$bundle" c1
crun_line "a flag behind the id" "argument|id|bundle" create c1 --bundle "$bundle"
crun_line "two ids" "argument|id" create --bundle "$bundle" c1 c2
crun_line "an empty root" "root" --root= create --bundle "$bundle" c1
line "an unknown global flag" "frob" --frob create --bundle "$bundle" c1
crun_line "a command in no table" "frobnicate" frobnicate c1
crun_line "the id ../x" "id" create --bundle "$bundle" ../x

# ---- exec and update -------------------------------------------------------------------

process() { # NAME REGEX TEXT: exec with that as the process document
	printf '%b' "$3" >"$work/process.json"
	line "exec: $1" "$2" exec --process "$work/process.json" c1
}
process "no JSON" "process" '{"args":'
process "a key twice" "cwd" '{"args":["sh"],"cwd":"/","cwd":"/"}'
process "a folded key" "Cwd" '{"args":["sh"],"cwd":"/","Cwd":"/proc/self/fd/7"}'
process "an unknown key" "frob" '{"args":["sh"],"cwd":"/","frob":1}'
process "a wrong type" "noNewPrivileges" '{"args":["sh"],"cwd":"/","noNewPrivileges":"no"}'
process "an escaped NUL" "$nul" '{"args":["sh\\u0000"],"cwd":"/"}'
process "cwd in /proc" "cwd" '{"args":["sh"],"cwd":"/proc/self/fd/7"}'
process "a relative cwd" "cwd" '{"args":["sh"],"cwd":"x"}'
process "a capability that is none" "CAP_FROB" '{"args":["sh"],"cwd":"/","capabilities":{"bounding":["CAP_FROB"]}}'
# The same with a record: the ceiling comes from another place.
run hardrun --root "$root" create --bundle "$bundle" c1
stub_forget "$runc"
process "an unknown key, with a record" "frob.*(built-in|ceiling)" '{"args":["sh"],"cwd":"/","frob":1}'
process "cwd in /proc, with a record" "cwd.*(built-in|ceiling)" '{"args":["sh"],"cwd":"/proc/1/root"}'
rm "$work/process.json"
line "exec: no process document" "process" exec --process "$work/process.json" c1
mkfifo "$work/process.json"
line "exec: a FIFO that nobody writes" "process" exec --process "$work/process.json" c1
line "exec: cwd by flag" "cwd" exec --cwd /proc/self/fd/7 c1 sh
line "exec: an unknown flag" "frob" exec --frob c1 sh
line "exec: no id" "id" exec
line "exec: the id ../x" "id" exec ../x sh
line "exec: --preserve-fds" "preserve-fds" exec --preserve-fds 99999 c1 sh
body() { # NAME REGEX TEXT: update with that as the resources
	printf '%b' "$3" >"$work/resources.json"
	line "update: $1" "$2" update --resources "$work/resources.json" c1
}
body "no JSON" "resources" '{'
body "a key twice" "memory" '{"memory":{},"memory":{}}'
body "a folded key" "Devices" '{"Devices":[{"allow":true}]}'
body "an unknown key" "frob" '{"frob":1}'
line "update: an unknown key, no record" "frob" update --resources "$work/resources.json" c2
body "a wrong type" "limit" '{"memory":{"limit":"1"}}'
body "a device" "devices\[1\]" '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"}]}'
rm "$work/resources.json"
line "update: no file" "resources" update --resources "$work/resources.json" c1
line "update: an empty body" "resources|stdin|body" update --resources - c1
line "update: an unknown flag" "frob" update --frob 1 c1
line "update: the id a/b" "id" update --memory 1 a/b

# ---- policies --------------------------------------------------------------------------

written() { # NAME REGEX POLICY
	reset
	policy "$3"
	create "policy: $1" "$2"
}
at='/etc/hardrun/policy\.json:[0-9]+:[0-9]+'
written "no JSON" "$at" '{"version": 1'
written "no JSON, third line" '/etc/hardrun/policy\.json:3:[0-9]+' $'{\n"version": 1,\n oops\n}'
written "empty" '/etc/hardrun/policy\.json' ''
written "a list" "$at" '[]'
written "a key twice" "$at.*default|default.*$at" '{"version":1,"default":"default","default":"restricted"}'
written "no version" "$at.*version" '{}'
written "version 2" "$at.*version" '{"version":2}'
written "version \"1\"" "$at.*version" '{"version":"1"}'
written "an unknown key, with the nearest" "$at.*profilez.*\"profiles\"" '{"version":1,"profilez":{}}'
written "an unknown control, with the nearest" "$at.*capabilites.*capabilities" \
	'{"version":1,"profiles":{"a":{"extends":"default","capabilites":{}}}}'
written "an unknown option, with the nearest" "$at.*alow.*allow" \
	'{"version":1,"profiles":{"a":{"extends":"default","capabilities":{"alow":[]}}}}'
written "an option's wrong type" "$at.*allow" \
	'{"version":1,"profiles":{"a":{"extends":"default","capabilities":{"allow":"CAP_KILL"}}}}'
written "a capability that is none" "$at.*CAP_FROB" \
	'{"version":1,"profiles":{"a":{"extends":"default","capabilities":{"allow":["CAP_FROB"]}}}}'
written "an unknown mode" "$at.*(mode|enforcing)" \
	'{"version":1,"profiles":{"a":{"extends":"default","mode":"enforcing"}}}'
written "an unknown mode of a control" "$at.*mode" \
	'{"version":1,"profiles":{"a":{"extends":"default","capabilities":{"mode":"warn"}}}}'
written "seccomp enforced, no_new_privs not" "$at.*no_new_privs" \
	'{"version":1,"profiles":{"a":{"extends":"default","no_new_privs":{"mode":"audit"}}}}'
written "extends an unknown profile" "$at.*restrictd.*restricted" \
	'{"version":1,"profiles":{"a":{"extends":"restrictd"}}}'
written "extends itself" "$at.*extends" '{"version":1,"profiles":{"a":{"extends":"a"}}}'
written "a loop of extends" "$at.*extends" \
	'{"version":1,"profiles":{"a":{"extends":"b"},"b":{"extends":"c"},"c":{"extends":"a"}}}'
written "default redefined" "$at.*default" '{"version":1,"profiles":{"default":{}}}'
written "restricted redefined" "$at.*restricted" '{"version":1,"profiles":{"restricted":{"extends":"default"}}}'
written "an unknown default" "$at.*nope" '{"version":1,"default":"nope"}'
written "a rule with an unknown profile" "$at.*nope" \
	'{"version":1,"rules":[{"when":{"namespace":["a"]},"use":"nope"}]}'
written "a rule with an unknown condition" "$at.*namespaces.*namespace" \
	'{"version":1,"rules":[{"when":{"namespaces":["a"]},"use":"default"}]}'
written "a rule with an unknown key" "$at.*uses.*use" '{"version":1,"rules":[{"uses":"default"}]}'
written "a rule that uses nothing" "$at.*use" '{"version":1,"rules":[{"when":{"namespace":["a"]}}]}'
written "may_choose an unknown profile" "$at.*nope" \
	'{"version":1,"rules":[{"when":{"namespace":["a"]},"use":"default","may_choose":["nope"]}]}'
written "audit.file is relative" "$at.*audit" '{"version":1,"audit":{"file":"audit.log"}}'
written "an unknown key of audit" "$at.*requird.*required" '{"version":1,"audit":{"requird":true}}'
reset && rm /etc/hardrun/policy.json && create "policy: not there" "/etc/hardrun/policy\.json"
reset && chown 65534 /etc/hardrun/policy.json && create "policy: somebody else's" "/etc/hardrun/policy\.json"
reset && chmod 666 /etc/hardrun/policy.json && create "policy: everybody's" "/etc/hardrun/policy\.json"
reset && chmod 777 /etc/hardrun && create "policy: everybody's directory" "/etc/hardrun"
reset && chown 65534 /etc/hardrun && create "policy: somebody else's directory" "/etc/hardrun"
reset && mkfifo /etc/hardrun/f && mv /etc/hardrun/f /etc/hardrun/policy.json && create "policy: a FIFO" "/etc/hardrun/policy\.json"
reset && rm /etc/hardrun/policy.json && mkdir /etc/hardrun/policy.json && create "policy: a directory" "/etc/hardrun/policy\.json"
reset && mv /etc/hardrun/policy.json "$work/p" && ln -s "$work/gone" /etc/hardrun/policy.json
create "policy: a link to nothing" "/etc/hardrun/policy\.json"
drop_in() { # NAME TEXT: becomes policy.d/NAME
	mkdir -p /etc/hardrun/policy.d && printf '%s\n' "$2" >"/etc/hardrun/policy.d/$1"
}
reset && drop_in a.json '{' && create "policy.d: no JSON" "/etc/hardrun/policy\.d/a\.json:[0-9]+:"
reset && drop_in a.json '{"version":1}' && chown 65534 /etc/hardrun/policy.d/a.json
create "policy.d: somebody else's file" "/etc/hardrun/policy\.d/a\.json"
reset && drop_in a.json '{"version":1}' && chmod 777 /etc/hardrun/policy.d
create "policy.d: everybody's directory" "/etc/hardrun/policy\.d"
reset && drop_in a.json '{"version":1,"profiles":{"a":{"extends":"default"}}}'
policy '{"version":1,"profiles":{"a":{"extends":"restricted"}}}'
create "policy.d: a profile in two files" "/etc/hardrun/policy\.json:[0-9]+:[0-9]+.*policy\.d/a\.json"
reset && drop_in a.json '{"version":1,"default":"default"}' && policy '{"version":1,"default":"restricted"}'
create "policy.d: default in two files" "/etc/hardrun/policy\.json:[0-9]+:[0-9]+.*policy\.d/a\.json"

# Byte order decides: of two rules that match, the one of the first file. The handler's
# capability lists tell which it was.
order() { # NAME WANTED
	stub_forget "$runc"
	bundle "$bundle"
	run hardrun --root "$root" create --bundle "$bundle" "c$RANDOM"
	is "$status $(jq -c .process.capabilities.bounding "$config")" "0 [\"$2\"]" "policy.d: $1"
}
profile() { # NAME CAPABILITY
	printf '{"version":1,"profiles":{"%s":{"extends":"default","capabilities":{"allow":["%s"],"strip":["CAP_CHOWN","CAP_KILL","CAP_MKNOD"]}}},' "$1" "$2"
	printf '"rules":[{"when":{"handler":["hardrun"]},"use":"%s"}]}' "$1"
}
reset
drop_in 20.json "$(profile twenty CAP_CHOWN)"
drop_in 9.json "$(profile nine CAP_KILL)"
policy "$(profile last CAP_MKNOD)"
order "files in byte order" CAP_CHOWN
drop_in B.json "$(profile letter CAP_KILL)" && rm /etc/hardrun/policy.d/20.json /etc/hardrun/policy.d/9.json
drop_in a.json "$(profile small CAP_CHOWN)"
order "capitals first" CAP_KILL
drop_in 0.txt "{" && drop_in .0.json "{"
order "only NAME.json is read" CAP_KILL
rm -r /etc/hardrun/policy.d
order "policy.json last" CAP_MKNOD
stub_forget "$runc"

# ---- handlers --------------------------------------------------------------------------

link() { # NAME REGEX TARGET: create with the handler's link to TARGET
	ln -sfn "$3" /etc/hardrun/runtimes/hardrun
	create "handler: $1" "$2"
}
reset
install -m 755 "$work/stub" "$work/runc-open" && chmod 777 "$work/runc-open"
install -m 755 "$work/stub" "$work/runc-nobody" && chown 65534 "$work/runc-nobody"
mkdir "$work/opendir" && install -m 755 "$work/stub" "$work/opendir/runc" && chmod 777 "$work/opendir"
mkdir "$work/runc-dir"
install -m 755 "$work/stub" "$work/podman"
cp "$HR_PROGRAM" "$work/hardrun" # reached by a name that would do
ln "$work/hardrun" "$work/runc-self"
ln -sfn "$work/hardrun" "$work/bin/hardrun"
link "hardrun itself" "itself" "$work/runc-self"
ln -s "$work/hardrun" "$work/runc-link"
link "hardrun itself by a link" "itself|link" "$work/runc-link"
reset
link "a relative link" "absolute" "runtime/runc-stub"
link "a program that is not there" "$work/runc-gone" "$work/runc-gone"
link "everybody's program" "runc-open" "$work/runc-open"
link "somebody else's program" "runc-nobody" "$work/runc-nobody"
link "a program in everybody's directory" "opendir" "$work/opendir/runc"
link "a directory" "runc-dir" "$work/runc-dir"
link "a program of another name" "podman" "$work/podman"
link "an empty name" "runtime" "$work/"
reset && chown -h 65534 /etc/hardrun/runtimes/hardrun && create "handler: somebody else's link" "runtimes"
reset && chmod 777 /etc/hardrun/runtimes && create "handler: everybody's directory of links" "runtimes"
reset && rm /etc/hardrun/runtimes/hardrun && cp "$runc" /etc/hardrun/runtimes/hardrun
create "handler: a file, no link" "runtimes/hardrun"
reset && ln -s "$HR_PROGRAM" "$work/bin/hardrun-web"
refused "handler: no link" "hardrun-web.*/etc/hardrun/runtimes/hardrun-web" \
	hardrun-web --root "$root" create --bundle "$bundle" c1
handler hardrun-nope "$runc"
refused "handler: hardrun-nope, which is no profile" "nope" \
	hardrun-nope --root "$root" create --bundle "$bundle" c1
handler foo "$runc"
refused "handler: foo, which no rule names" "foo" foo --root "$root" create --bundle "$bundle" c1
rm -rf /etc/hardrun && ln -s "$HR_PROGRAM" "$work/bin/hardrun-none"
refused "handler: no /etc/hardrun" "hardrun-none" hardrun-none --root "$root" create --bundle "$bundle" c1

# ---- not root --------------------------------------------------------------------------

reset
install -m 755 "$HR_PROGRAM" "$work/hardrun"
for command in "create --bundle $bundle c1" "exec c1 sh" "--version" "delete c1"; do
	# shellcheck disable=SC2086 # words
	setpriv --reuid 65534 --clear-groups "$work/hardrun" $command >"$work/out" 2>"$work/err" </dev/null
	is "$? $(stub_calls "$runc" | wc -l) $(wc -l <"$work/err") $(wc -c <"$work/out")" \
		"$([ "${command%% *}" = exec ] && echo 255 || echo 1) 0 1 0" "not root: $command"
	like "$(<"$work/err")" root "not root: $command: the message"
done

# ---- the lines in --log, at once -------------------------------------------------------

bad=$(jq -Rr 'split("\t") as [$name, $line] | ($line | try fromjson catch {}) |
	select(.level != "error" or (.msg | type) != "string" or
		(.time // "" | test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$") | not)) |
	$name' "$logs")
is "$bad" "" "every line in --log is {level: error, msg, time: RFC 3339} ($(wc -l <"$logs") lines)"
finish
