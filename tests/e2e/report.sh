#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardrun report: a log of real calls, whose numbers are counted again by another program; times,
# rotated logs, lines that are none; values that were made to harm who reads the report; and a
# million lines.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
sandbox "$@"
# shellcheck source=tests/e2e/report_lib.sh
. "$e2e/report_lib.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
report_places || skip_all "no overlay file systems here"
stub=$(stub_install runc-stub) || skip_all "the stub cannot be built"
: >"$stub.d/state"
handler hardrun "$stub"

counted() { # NAME SINCE UNTIL LOG...: the report in $work/out says what the logs say
	local name=$1 wrong
	shift
	wrong=$(python3 "$e2e/report_check.py" "$work/out" "$@" 2>&1)
	is "$status$wrong" 0 "$name"
}

field() { # JQ WANTED NAME
	is "$(jq -c "$1" "$work/out")" "$2" "$3"
}

# ---- no log, usage ---------------------------------------------------------------------

run hardrun report
is "$status" 4 "no log: exit status"
unlike "$(cat "$work/err")" 'o such file|ermission denied|not found|does not exist' "no log: words"
for words in --bad "--since" "--since soon" "--since 2026-02-30" "--since 2026-01-01T25:00" \
	"--json --html x" "x"; do
	# shellcheck disable=SC2086 # several words
	run hardrun report $words
	is "$status" 2 "usage: $words"
done
policy '{"version": }'
run hardrun report
like "$status $(cat "$work/err")" '^3 .*--file' "a policy that cannot be read"

# ---- real calls ------------------------------------------------------------------------

jq -c '.process | .args = ["true"]' "$e2e/config.json" >"$work/process.json"
real_log
note "real calls: $(jq -r .verdict "$audit" | sort | uniq -c | tr -s ' \n' ' ')"
check "real calls: some are refused, some accepted" \
	jq -se 'map(.verdict) | (index("refuse") and index("accept"))' "$audit" >/dev/null
run hardrun report --json
counted "real calls: every number" - - "$audit"
field .version 1 "version"
field '.logs[0] | [.file, .others]' "[\"$audit\",0]" "which log"
is "$(jq -r '[.latest[].message[:500]] | join("\n")' "$work/out")" \
	"$(jq -sr '[.[] | select(.verdict == "refuse")] | sort_by(.time) | reverse | .[:8] | map(.message[:500]) | join("\n")' "$audit")" \
	"the last refusals, the last one first"
is "$(jq -r '[.containers[] | select(.would_refuse > 0) | .pod] | sort | join(" ")' "$work/out")" \
	"$(jq -sr '[.[] | select(.verdict == "accept" and any(.report[]?; .mode == "audit" and .action == "refuse")) | .identity.pod] | unique | join(" ")' "$audit")" \
	"what would break under enforce: the pods"
check "what would break under enforce: there are some" \
	jq -e '[.containers[] | select(.would_refuse > 0)] | length > 0' "$work/out" >/dev/null
run hardrun report
is "$status" 0 "text: exit status"
cp "$work/out" "$work/text"
for words in 'refused, by rule' 'last refusals' 'would break under enforce' 'to allow' 'namespaces' 'profiles'; do
	like "$(cat "$work/text")" "$words" "text: $words"
done
is "$(LC_ALL=C grep -c '[^ -~]' "$work/text")" 0 "text: printable ASCII"
like "$(cat "$work/text")" "create +$(jq -s '[.[] | select(.event == "create" and .verdict == "accept")] | length' "$audit") " "text: accepted creates"

# ---- time ------------------------------------------------------------------------------

mkdir "$work/logs"
python3 - "$audit" "$work/logs" <<'PY'
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
lines.append({"time": "", "event": "exec", "verdict": "accept", "id": "probed", "repeats": {"count": 7}})
lines.append({"time": "", "event": "ended", "id": "probed", "repeats": {"count": 5}})
mixed = {"path": "x.y", "action": "refuse", "control": "x", "rule": "x.y", "why": "w", "origin": "o"}
lines.append({"time": "", "event": "create", "verdict": "refuse", "id": "mixed", "message": "m", "profile": "p",
              "report": [dict(mixed, mode="audit"), dict(mixed, mode="enforce")]})
for name, days in (("audit.jsonl.1", (1, 2)), ("audit.jsonl", (3, 4))):
    with open(f"{sys.argv[2]}/{name}", "w") as out:
        for day in days:
            for hour in range(0, 24, 3):
                for n, line in enumerate(lines):
                    line["time"] = f"2026-03-{day:02}T{hour:02}:{n % 60:02}:00.000Z"
                    out.write(json.dumps(line) + "\n")
PY
log=$work/logs/audit.jsonl
run hardrun report --json --file "$log"
counted "one log: every number" - - "$log"
run hardrun report --json --file "$log.1" --file "$log"
counted "rotated: every number" - - "$log.1" "$log"
field '[.logs[].file]' "[\"$log.1\",\"$log\"]" "rotated: both are named"
cp "$work/out" "$work/one"
run hardrun report --json --file "$log" --file "$log.1"
is "$(jq -c 'del(.logs, .latest, .kernel) | walk(if type == "array" then sort_by(tojson) else . end) | walk(if type == "object" then del(.why, .remedy, .origin, .who, .who_others) else . end)' "$work/out" | sha256sum)" \
	"$(jq -c 'del(.logs, .latest, .kernel) | walk(if type == "array" then sort_by(tojson) else . end) | walk(if type == "object" then del(.why, .remedy, .origin, .who, .who_others) else . end)' "$work/one" | sha256sum)" \
	"rotated: in the other order the same"
run hardrun report --json --file "$log.1" --file "$log" --since 2026-03-02T03:00Z --until 2026-03-03
counted "since and until" 2026-03-02T03:00 2026-03-03T00:00 "$log.1" "$log"
cp "$work/out" "$work/one"
run hardrun report --json --file "$log.1" --file "$log" --since 2026-03-02T05:00:00+02:00 --until "2026-03-02 24:00"
is "$status" 2 "an hour 24"
run hardrun report --json --file "$log.1" --file "$log" --since 2026-03-02T05:00:00+02:00 --until "2026-03-02T23:00:00.000-01:00"
is "$(sha256sum <"$work/out")" "$(sha256sum <"$work/one")" "the same in other zones"
run hardrun report --json --since 1h
counted "an age: all of it" - - "$audit"
run hardrun report --json --until 1h
field '[.lines, .outside]' "[0,$(wc -l <"$audit")]" "an age: nothing of it"
run hardrun report --until 1h
like "$(cat "$work/out")" 'nothing was logged' "nothing in that time"
run hardrun report --json --file - <"$log"
counted "standard input" - - "$log"
gzip -k "$log"
run hardrun report --file "$log.gz"
like "$status $(cat "$work/err")" '^4 .*zcat' "gzip: how to read it"

# ---- lines that are none ---------------------------------------------------------------

{
	head -n 3 "$log"
	printf 'not JSON\n\n[1]\n"x"\n{"time": 1, "event": "create"}\n{"event": "create"}\n'
	printf '{"time":"2026-03-03T00:00:00.000Z","event":"create"\0}\n'
	printf '{"time":"yesterday","event":"create","verdict":"refuse"}\n'
	printf '{"time":"2026-03-03T00:00:00.000Z","event":"new","verdict":"refuse","report":7,"identity":[]}\n'
	printf '{"time":"2026-03-03T00:00:00.000Z","event":"exec","verdict":"accept","report":[1,{}],"repeats":{"count":-4}}\n'
	head -c 17000000 /dev/zero | tr '\0' x
	printf '\n{"time":"2026-03-03T00:00:00.000Z","event":"crea'
} >"$work/odd.jsonl"
run hardrun report --json --file "$work/odd.jsonl"
field '[.logs[0].lines, .logs[0].others, .lines, .undated]' '[6,8,5,1]' "foreign, cut, huge lines"
field '.totals.other.refused' 1 "an event that is not known"
: >"$work/empty"
run hardrun report --file "$work/empty"
is "$status" 0 "an empty log"

# ---- values that were made to harm -----------------------------------------------------

rm -f "$audit"
policy '{"version": 1}'
evil='<script>alert(1)</script>"'"'"'&lt;<img src=x onerror=alert(1)>'
# shellcheck disable=SC2016 # $ENV is jq's
EVIL=$evil replay cri16-ctr-in-privileged "$evil" "$evil" '
	.annotations["io.kubernetes.cri.image-name"] = $ENV.EVIL |
	.annotations["io.kubernetes.cri.container-name"] = "\u001b[2J\u001b]0;x\u0007\u202e" + $ENV.EVIL' 2>/dev/null
python3 - "$audit" "$evil" <<'PY'
import json, sys
log, evil = sys.argv[1:]
entry = {k: evil for k in ("path", "control", "rule", "origin", "why", "remedy")}
line = {"time": "2026-03-03T00:00:00.000Z", "event": "create", "verdict": "refuse", "message": evil,
        "id": evil, "profile": evil + "\x1b[2J\u202e", "bundle": evil,
        "identity": {"namespace": evil, "pod": evil, "container": evil + "\x1b[31m", "image": evil},
        "report": [dict(entry, action=a, mode=m) for a in ("refuse", "set", "warn")
                   for m in ("enforce", "audit")]}
with open(log, "a") as out:
    out.write(json.dumps(line) + "\n")
    line["verdict"], line["identity"] = "accept", {}
    out.write(json.dumps(line) + "\n")
PY
run hardrun report
is "$(LC_ALL=C grep -c '[^ -~]' "$work/out")" 0 "harm: text is printable ASCII"
run hardrun report --html "$work/page.html"
is "$status $(stat -c %a "$work/page.html")" "0 640" "harm: the page"
is "$(LC_ALL=C grep -c '[^ -~]' "$work/page.html")" 0 "harm: the page is printable ASCII"
elements=$(python3 - "$work/page.html" <<'PY'
import html.parser, sys
allowed = """html head meta title style body header main h1 h2 h3 p b ul li code article dl dt dd figure
figcaption strong svg rect div span details summary table caption thead tbody tr th td""".split()
attributes = """lang charset http-equiv content name class scope viewbox preserveaspectratio role
aria-label aria-hidden x y width height""".split()
class Parser(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        if tag not in allowed:
            print("element", tag)
        for name, _ in attrs:
            if name not in attributes:
                print("attribute", name)
    def handle_comment(self, data):
        print("comment", data)
Parser().feed(open(sys.argv[1]).read())
PY
)
is "$elements" "" "harm: no element and no attribute but the page's own"
check "harm: it stands there as text" grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' "$work/page.html"
run hardrun report --html - --file "$audit"
is "$status $(tail -n 1 "$work/out")" "0 </html>" "a page on standard output"
run hardrun report --html "$work/none/page.html"
is "$status" 4 "a page where there is no directory"
echo old >"$work/page.html"
run hardrun report --file "$work/gone" --html "$work/page.html"
is "$status $(cat "$work/page.html")" "4 old" "a page stays when there is no report"

# ---- the kernel's records --------------------------------------------------------------

cat >"$work/kernel" <<'LOG'
type=SECCOMP msg=audit(1767225600.123:101): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=999999 comm="sshd" exe="/usr/sbin/sshd" sig=0 arch=c000003e syscall=161 compat=0 ip=0x7f0000000000 code=0x50000
type=SECCOMP msg=audit(1767225601.123:102): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=999999 comm="sshd" exe="/usr/sbin/sshd" sig=0 arch=c000003e syscall=161 compat=0 ip=0x7f0000000000 code=0x50000
type=SYSCALL msg=audit(1767225601.123:103): something else
LOG
run hardrun report --json --file "$log" --kernel "$work/kernel"
field '[.kernel.records, .kernel.joined, .kernel.refused[0].count, .kernel.refused[0].control]' \
	'[2,0,2,"seccomp"]' "kernel: records are counted"
like "$(jq -r '.kernel.refused[0].path' "$work/out")" '^chroot.*sshd' "kernel: call and process"
run hardrun report --json --file "$log" --kernel "$work/kernel" --since 2026-02-01
field '.kernel.records' 0 "kernel: records before that time"
run hardrun report --json --file "$log"
field '.kernel | has("source")' false "kernel: not asked for a log from elsewhere"
run hardrun report --json --kernel "$work/gone"
is "$status $(jq -r '.kernel.why_not | length > 0' "$work/out")" "0 true" "kernel: records that are not there are no failure"

# ---- much ------------------------------------------------------------------------------

rows=${HR_REPORT_LINES:-1000000}
python3 - "$work/logs/audit.jsonl" "$work/million" "$rows" <<'PY'
import json, sys
lines = [l for l in open(sys.argv[1]) if '"verdict"' in l]
# A line of a probe's size, and now and then a real create.
short = {"time": "", "event": "exec", "verdict": "accept", "id": "x", "root": "/run/containerd/runc/k8s.io",
         "handler": "hardrun", "runtime": "/usr/sbin/runc", "profile": "default", "identity": {},
         "input_sha256": "0" * 64, "output_sha256": "1" * 64,
         "report": [{"path": "capabilities.bounding", "action": "set", "mode": "enforce", "from": ["CAP_CHOWN"],
                     "to": [], "control": "capabilities", "rule": "capabilities.allow", "origin": "built-in",
                     "why": "a capability that is not needed"}]}
rows = int(sys.argv[3])
with open(sys.argv[2], "w") as out:
    for n in range(rows):
        at = f"2026-{1 + n * 12 // rows:02}-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00.000Z"
        if n % 100 == 0:
            line = lines[n // 100 % len(lines)]
            out.write('{"time":"' + at + '"' + line[line.index(","):])
            continue
        short["time"] = at
        short["identity"] = {"kind": "container", "namespace": f"ns-{n % 3000}", "pod": f"pod-{n % 50000}", "container": "c"}
        short["verdict"] = "accept"
        if n % 7 == 0:
            short["verdict"], short["message"] = "refuse", f"process of pod {n} is refused"
        out.write(json.dumps(short) + "\n")
PY
if [ -x /usr/bin/time ]; then
	/usr/bin/time -f '%e %M' -o "$work/time" "$work/bin/hardrun" report --json --file "$work/million" >"$work/out"
	read -r seconds kib <"$work/time"
	note "$rows lines, $(($(stat -c %s "$work/million") >> 20)) MiB: $seconds s, $((kib >> 10)) MiB of memory at most"
	check "much: less than 100 MiB of memory" [ "$kib" -lt 102400 ]
else
	run hardrun report --json --file "$work/million"
	skip "much: less than 100 MiB of memory" "/usr/bin/time is not installed"
fi
field '.lines' "$rows" "much: all lines are counted"
field '([.containers[] | .accepted + .refused] | add) + .no_room.containers == .lines' true \
	"much: what has no room is counted"
field '([.refused[].count] | add) + .no_room.findings >= ([.totals[].refused] | add)' true "much: refusals"
field '([.trend.buckets[] | .accepted + .refused] | add) == .lines and (.trend.buckets | length) <= 96' true \
	"much: the trend has all of them"
run hardrun report --file "$work/million" --html "$work/page.html"
check "much: the page stays small" [ "$(stat -c %s "$work/page.html")" -lt 1000000 ]
finish
