#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The numbers of an audit log, counted without hardrun, beside the ones that its report has.

report_check.py REPORT.json SINCE UNTIL LOG...: prints each number that differs. SINCE and UNTIL
are as in the log, "-" for none."""
import collections
import json
import re
import sys

EVENTS = ("create", "run", "restore", "exec", "update", "start", "other")


def lines_of(logs):
    for log in logs:
        with open(log, "rb") as file:
            for line in file:
                try:
                    value = json.loads(line.decode())
                except ValueError:
                    continue
                if isinstance(value, dict) and isinstance(value.get("time"), str):
                    if isinstance(value.get("event"), str):
                        yield value


def who(line):
    identity = line.get("identity", {})
    if identity.get("pod"):
        sandbox = identity.get("kind") == "sandbox"
        return (identity.get("namespace", ""), identity["pod"], identity.get("container", ""), sandbox)
    return (line.get("id", ""),)


def kind_of(entry):
    if entry["action"] == "warn":
        return "warned"
    if entry["action"] == "refuse":
        return "refused" if entry["mode"] != "audit" else "would_refuse"
    return "would_change" if entry["mode"] == "audit" else None


def count(logs, since, until):
    sums = {"totals": collections.Counter(), "repeats": 0, "lines": 0, "outside": 0}
    for table in ("containers", "namespaces", "profiles"):
        sums[table] = collections.defaultdict(collections.Counter)
    findings = {k: collections.Counter() for k in ("refused", "would_refuse", "would_change", "warned")}
    hours = collections.Counter()
    for line in lines_of(logs):
        if line["time"] < since or line["time"] >= until:
            sums["outside"] += 1
            continue
        sums["lines"] += 1
        sums["repeats"] += line.get("repeats", {}).get("count", 0)
        if "verdict" not in line:
            continue
        refused = line["verdict"] == "refuse"
        verdict = "refused" if refused else "accepted"
        event = line["event"] if line["event"] in EVENTS else "other"
        sums["totals"][event, verdict] += 1
        hours[line["time"][:13], verdict] += 1
        seen = set()
        for entry in line.get("report", []):
            if kind_of(entry):
                path = re.sub(r"\[[0-9]+\]", "[]", entry["path"])
                path = re.sub(r"capabilities\.[a-z]+$", "capabilities", path)
                seen.add((kind_of(entry), entry["control"], entry["rule"], path))
        kinds = {one[0] for one in seen}
        if refused and "refused" not in kinds:
            seen.add(("refused", "", event, line.get("message", "")))
        for one in seen:
            findings[one[0]][one[1:]] += 1
        marks = [verdict] + [k for k in ("would_change", "warned") if k in kinds]
        if "would_refuse" in kinds and not refused:
            marks.append("would_refuse")
        for mark in marks:
            sums["containers"][who(line)][mark] += 1
            sums["namespaces"][line.get("identity", {}).get("namespace", "")][mark] += 1
            sums["profiles"][line.get("profile", "")][mark] += 1
    return sums, findings, hours


def rows(report, table):
    counts = {}
    for row in report[table]:
        if table != "containers":
            name = row.get("name", "")
        elif row.get("pod"):
            sandbox = row.get("sandbox", False)
            name = (row.get("namespace", ""), row["pod"], row.get("container", ""), sandbox)
        else:
            name = (row.get("id", ""),)
        marks = ("accepted", "refused", "would_refuse", "would_change", "warned")
        counts[name] = {k: row[k] for k in marks if row[k]}
    return counts


def main():
    report_file, since, until, *logs = sys.argv[1:]
    with open(report_file, encoding="utf-8") as file:
        report = json.load(file)
    since, until = since.replace("-", "", since == "-"), "~" if until == "-" else until
    sums, findings, hours = count(logs, since, until)
    bad = []

    def same(name, got, wanted):
        if got != wanted:
            bad.append(f"{name}: wanted {wanted}, got {got}")

    for name in ("repeats", "lines", "outside"):
        same(name, report[name], sums[name])
    for event in EVENTS:
        for verdict in ("accepted", "refused"):
            same(f"{event} {verdict}", report["totals"][event][verdict], sums["totals"][event, verdict])
    for table in ("containers", "namespaces", "profiles"):
        got, wanted = rows(report, table), {k: dict(v) for k, v in sums[table].items()}
        for name in set(got) | set(wanted):
            same(f"{table} {name}", got.get(name), wanted.get(name))
    for kind, wanted in findings.items():
        got = collections.Counter()
        for one in report[kind]:
            early = "control" not in one
            last = one.get("why", "") if early else one["path"]
            got[one.get("control", ""), one["rule"], last] += one["count"]
            shown = sum(w["count"] for w in one["who"]) + one["who_others"]
            same(f"{kind} {one['rule']}: who", shown, one["count"])
        same(kind, dict(got), dict(wanted))
    if report["trend"]["seconds"] == 3600:
        got = {}
        for bucket in report["trend"]["buckets"]:
            for verdict in ("accepted", "refused"):
                if bucket[verdict]:
                    got[bucket["time"][:13], verdict] = bucket[verdict]
        same("trend", got, dict(hours))
    print("\n".join(bad))


main()
