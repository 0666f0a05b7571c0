#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: judge.py TABLE PROFILE named REPORT TEXT     the report names the table, and no more
                 TABLE PROFILE lines|named-lines REPORT the lines that it shows
                 TABLE PROFILE emptied REPORT TEXT    nothing of the table is named
                 TABLE PROFILE gone FIRST REPORT NAME LINE
                                                      only the rows with this line are gone
Prints "ok" or "not ok", a name and a detail, separated by tabs."""
import json
import re
import sys


def say(good, name, detail=""):
    text = str(detail).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", " ")
    print("ok" if good else "not ok", name, text, sep="\t")


def table(path, profile):
    """The rows, those that look alike joined: their counts add up."""
    joined = {}
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            continue
        name, where, count, call, answer, remedy, needs = line.rstrip("\n").split("\t")
        if where != profile:
            continue
        row = joined.setdefault((call, answer), dict(
            names=[], count=0, call=call, answer=answer, remedy=remedy, needs=needs))
        row["names"].append(name)
        row["count"] += int(count)
    return list(joined.values())


def refused(report):
    """What the command was refused, not what the runtime was."""
    with open(report, encoding="utf-8") as file:
        calls = [call for call in json.load(file)["calls"] if not call["runtime"]]
    for call in calls:
        call["shown"] = call["call"]
        call["call"] = call["call"].split("(")[0]
        call["plain"] = re.sub(r"\b[a-z_]+: ", "", call["shown"])  # without names of arguments
    return calls


def of_row(row, calls):
    return [c for c in calls if row["call"] != "-" and re.fullmatch(row["call"], c["plain"])
            and c["answer"] == row["answer"]]


def needs_right(row, call):
    text = "%s %s" % (call["remedy"], call.get("note") or "")
    got = set(re.findall(r"CAP_[A-Z_]+", text))
    wanted = row["needs"].split("|")
    return (not got and "-" in wanted) or bool(got & set(wanted))


def bare(remedy):
    """The line alone, as it would be written into a profile."""
    return re.sub(r"\s+\(.*\)$", "", remedy or "").strip()


def one_named(profile, row, calls):
    name = "%s: %s" % (profile, " ".join(row["names"]))
    found = of_row(row, calls)
    if row["call"] == "-":
        say(not found, name + " is answered and not named", found)
        return found
    shown = "\n".join(json.dumps(c) for c in calls
                      if c["call"] == re.match(r"[a-z0-9_]*", row["call"]).group())
    say(len(found) == 1, name + " is named once", "wanted %s\n%s" % (row["call"], shown))
    if len(found) != 1:
        return found
    call = found[0]
    say(call["count"] == row["count"], name + ": count %d" % row["count"], json.dumps(call))
    say(re.fullmatch(row["remedy"], bare(call["remedy"])), name + ": the line",
        "wanted %s\n%s" % (row["remedy"], json.dumps(call)))
    say(needs_right(row, call), name + ": capability " + row["needs"], json.dumps(call))
    say(call["process"] == "planted", name + ": by planted", json.dumps(call))
    return found


def in_text(calls, text):
    """The same rows are in the table for people; clone3, which C libraries try, in a sentence."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    missing = [call for call in calls if call["call"] != "clone3" and not any(
        line.startswith("%d " % call["count"]) and " ".join(call["shown"].split()) in line
        and call["answer"] in line for line in lines)]
    if any(call["call"] == "clone3" for call in calls) != ("clone3" in text):
        return "clone3"
    return "\n".join(json.dumps(call) for call in missing)


def named(profile, rows, report, text):
    calls = refused(report)
    known = []
    for row in rows:
        known += one_named(profile, row, calls)
    others = [call for call in calls if call not in known]
    say(not others, profile + ": nothing else is named", "\n".join(map(json.dumps, others)))
    say(not in_text(calls, text), profile + ": the text has the same rows", in_text(calls, text))


def emptied(profile, rows, report, text):
    calls = refused(report)
    say(not calls, profile + ": with all lines nothing is named",
        "\n".join(json.dumps(call) for call in calls))
    say(not re.search("^refused calls$", text, re.M), profile + ": nor in the text", text[-1500:])


def key(call):
    return call["shown"], call["answer"]


def gone(profile, first, report, name, line):
    before, after = refused(first), refused(report)
    ours = {key(call) for call in before if bare(call["remedy"]) == line}
    kept = {key(call) for call in after}
    say(not ours & kept, "%s: %s allows %s" % (profile, line, name), ours & kept)
    # A group may let through other rows of it too; what is lost must be of the line's words.
    words = set(re.findall(r"[a-z0-9_]+", line))
    lost = {k for k in {key(call) for call in before} - ours - kept
            if "@" not in line or k[0].split("(")[0] not in words}
    if "@" in line:
        lost = set()
    say(not lost, "%s: %s allows nothing else" % (profile, line), lost)
    say(len(kept - {key(call) for call in before}) == 0,
        "%s: %s brings nothing new" % (profile, line), kept)


def main():
    path, profile, what = sys.argv[1:4]
    rows, rest = table(path, profile), sys.argv[4:]
    if what == "named":
        named(profile, rows, rest[0], open(rest[1], encoding="utf-8", errors="replace").read())
    elif what == "emptied":
        emptied(profile, rows, rest[0], open(rest[1], encoding="utf-8", errors="replace").read())
    elif what == "gone":
        gone(profile, *rest)
    elif what == "lines":
        print("\n".join(sorted({bare(call["remedy"]) for call in refused(rest[0])})))
    elif what == "named-lines":
        calls = refused(rest[0])
        for row in rows:
            for call in of_row(row, calls):
                print(row["names"][0], bare(call["remedy"]), sep="\t")
    else:
        sys.exit(__doc__)


main()
