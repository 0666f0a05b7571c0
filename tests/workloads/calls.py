#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: calls.py PART TRACE
Of a trace by strace -f --decode-pids=pidns: the calls of processes that have a filter, as
lines "PART CALL[ ARGUMENTS] COUNT"."""
import collections
import re
import sys

FORKS = ("clone", "clone3", "fork", "vfork")


def shown(call, text):
    """The call with the arguments that a filter may look at."""
    words = text.split(", ")
    if call == "clone":
        found = re.search(r"flags=[^,)]*", text)
        return f"{call} {found[0] if found else ''}"
    if call in ("ioctl", "fcntl", "madvise"):
        return f"{call} {words[2 if call == 'madvise' else 1]}"
    if call in ("prctl", "arch_prctl", "membarrier"):
        return f"{call} {words[0]}"
    if call in ("socket", "socketpair"):
        return f"{call} {' '.join(words[:3])}"
    return call


def read(trace):
    """The calls in the order of their beginning: [pid, name, arguments, result, end]."""
    calls, begun = [], {}
    for number, line in enumerate(trace):
        pid, _, line = line.rstrip().partition(" ")
        line = line.lstrip()
        resumed = re.match(r"<\.\.\. \w+ resumed>", line)
        if resumed:
            entry = begun.pop(pid)
            line = line[resumed.end():]
        else:
            name = re.match(r"(\w+)\(", line)
            if not name:
                continue
            entry = [pid, name[1], "", "", number]
            calls.append(entry)
            line = line[name.end():]
        if line.endswith("<unfinished ...>"):
            entry[2] += line[:-len("<unfinished ...>")].rstrip(" ,")
            begun[pid] = entry
            continue
        text, _, result = line.rpartition(" = ")
        text = text.rstrip()
        if entry[2] and text.startswith((",", ")")) is False:
            text = ", " + text
        entry[2] = entry[2] + text.removesuffix(")")
        entry[3], entry[4] = result, number
    return calls


def main(part, name):
    with open(name, encoding="utf-8", errors="replace") as trace:
        calls = read(trace)
    behind, counts = {}, collections.Counter()
    for pid, call, text, result, _ in calls:
        if pid in behind:
            counts[shown(call, text)] += 1
        if result.startswith("0") and (
                call == "seccomp" and text.startswith("SECCOMP_SET_MODE_FILTER")
                or call == "prctl" and text.startswith("PR_SET_SECCOMP")):
            behind[pid] = True
        if call in FORKS and pid in behind and re.match(r"[1-9]", result):
            inside = re.search(r"/\* (\d+) in strace", result)
            behind[inside[1] if inside else result.split()[0]] = True
    for call, count in counts.items():
        print(part, call, count)


main(*sys.argv[1:])
