#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of hardrun report in a browser: at 1280 and 360 pixels, light and dark, of an ordinary
# log, of one whose values were made to harm, and of an empty one. Pages that were spoilt on
# purpose show that the look at them can fail (quick: one of them). Screenshots are kept in HR_BUILDDIR/screenshots.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${HR_TEST_SRCDIR:-.}/tests/e2e/lib.sh"
chromium=${HR_CHROMIUM:-chromium}
command -v "$chromium" >/dev/null || skip_all "chromium is not installed"
command -v python3 >/dev/null || skip_all "python3 is not installed"
pictures=$(realpath -m "${HR_BUILDDIR:-.}")/screenshots
sandbox "$@"
# shellcheck source=tests/e2e/report_lib.sh
. "$e2e/report_lib.sh"
mkdir -p "$pictures" "$work/pictures" "$work/home"
mount --bind "$pictures" "$work/pictures" || skip_all "no place for screenshots"
report_places || skip_all "no overlay file systems here"
stub=$(stub_install runc-stub) || skip_all "the stub cannot be built"
: >"$stub.d/state"
handler hardrun "$stub"
export TMPDIR=$work/home

look() { # PAGE NAME: what is wrong with it, in $bad
	bad=$(python3 "$e2e/browser.py" "$1" "$work/pictures" "$2" 2>"$work/seen") ||
		bad="the browser failed: $bad $(cat "$work/seen")"
}

good() { # PAGE NAME
	look "$1" "$2"
	is "$bad" "" "$2: nothing is wrong at 1280 and 360 pixels, light and dark"
	note "$2: $(tr '\n' ';' <"$work/seen")"
	is "$(find "$work/pictures" -name "$2-*.png" -size +4k -newer "$1" | wc -l)" 4 "$2: four screenshots"
}

# ---- an ordinary log -------------------------------------------------------------------

jq -c '.process | .args = ["true"]' "$e2e/config.json" >"$work/process.json"
real_log
python3 - "$audit" "$work/log" <<'PY'
import json, random, sys
random.seed(9)
lines = [json.loads(line) for line in open(sys.argv[1])]
with open(sys.argv[2], "w") as out:
    for hour in range(72):
        for minute in range(random.randint(1, 30)):
            line = random.choice(lines)
            if line["verdict"] == "refuse" and random.random() < 0.8:
                continue
            line["time"] = f"2026-03-{1 + hour // 24:02}T{hour % 24:02}:{minute:02}:00.000Z"
            out.write(json.dumps(line) + "\n")
PY
cat >"$work/kernel" <<'LOG'
type=SECCOMP msg=audit(1772409600.123:101): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=999999 comm="sshd" exe="/usr/sbin/sshd" sig=0 arch=c000003e syscall=161 compat=0 ip=0x7f0000000000 code=0x50000
LOG
run hardrun report --file "$work/log" --kernel "$work/kernel" --html "$work/page.html"
is "$status$(cat "$work/err")" 0 "a page is made"
good "$work/page.html" ordinary

# ---- values that were made to harm -----------------------------------------------------

python3 - "$work/evil" <<'PY'
import json, sys
evils = ["<script>alert(1)</script>", "\"><img src=http://127.0.0.1:9/x onerror=alert(1)>",
         "</style><svg onload=alert(1)>", "javascript:alert(1)", "&lt;b&gt;&#x3c;script&#x3e;",
         "</title><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>", "<!--", "]]>",
         "\u202egnp.exe", "A" * 250, "\u0000\u0001\u001b[2J"[1:], "{{7*7}}", "W" * 64 + "." * 180]
with open(sys.argv[1], "w") as out:
    for n, evil in enumerate(evils * 3):
        entry = {k: evil for k in ("path", "control", "rule", "origin", "why", "remedy")}
        line = {"time": f"2026-03-03T00:{n:02}:00.000Z", "event": evil if n % 5 == 0 else "create",
                "verdict": "refuse" if n % 2 else "accept", "message": evil, "id": evil,
                "profile": evil, "identity": {} if n % 3 == 0 else
                {"namespace": evil, "pod": evil, "container": evil, "image": evil},
                "report": [dict(entry, action=a, mode=m) for a in ("refuse", "set", "warn")
                           for m in ("enforce", "audit")]}
        out.write(json.dumps(line) + "\n")
PY
cp "$work/evil" "$work/<script>alert(1)<"
run hardrun report --file "$work/evil" --file "$work/<script>alert(1)<" --html "$work/evil.html"
is "$status$(cat "$work/err")" 0 "a page of values that were made to harm"
good "$work/evil.html" harm
: >"$work/none"
run hardrun report --file "$work/none" --html "$work/none.html"
is "$status$(cat "$work/err")" 0 "a page of an empty log"
[ "${1:-}" = quick ] || good "$work/none.html" empty

# ---- pages that were spoilt ------------------------------------------------------------

spoilt() { # NAME REGEX PYTHON-EXPRESSION-OF-page
	python3 -c 'import re, sys; page = open(sys.argv[1]).read(); open(sys.argv[2], "w").write(eval(sys.argv[3]))' \
		"$work/page.html" "$work/spoilt.html" "$3"
	look "$work/spoilt.html" spoilt
	like "$bad" "$2" "spoilt: $1"
	rm -f "$work"/pictures/spoilt-*.png
}
if [ "${1:-}" = quick ]; then
	spoilt "a picture from elsewhere, by a page without policy" 'asks for http' \
		"re.sub('<meta http-equiv[^>]*>', '', page).replace('<main>', '<main><img src=http://127.0.0.1:9/x>')"
	note "screenshots: $pictures"
	finish
fi
free='re.sub("<meta http-equiv[^>]*>", "", page)' # without the security policy
spoilt "too wide" '360 light: the page is [0-9]+ pixels wide' \
	"$free.replace('<main>', '<main><pre>' + 'x' * 500 + '</pre>')"
spoilt "too little contrast" 'has contrast' "$free.replace('--quiet:#4a545d', '--quiet:#9aa4ad')"
spoilt "a script" 'console' "page.replace('<main>', '<main><script>console.log(1)</script>')"
spoilt "a script that runs" 'console' "$free.replace('<main>', '<main><script>console.log(1)</script>')"
spoilt "a picture from elsewhere" 'asks for http' \
	"$free.replace('<main>', '<main><img src=http://127.0.0.1:9/x>')"
spoilt "another style than the page's" 'console.*style' "page.replace('<style>', '<style>p{}')"
spoilt "no caption, no scope" 'no caption.*no scope|no scope' \
	"re.sub('<caption>.*?</caption>', '', page).replace(' scope=\"col\"', '')"
spoilt "a chart without text" 'no text' "re.sub('aria-label=\"[^\"]*\"', '', page)"
spoilt "always light" 'not dark' "$free.replace('prefers-color-scheme:dark', 'prefers-color-scheme:none')"
note "screenshots: $pictures"
finish
