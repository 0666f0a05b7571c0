#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Independent evaluator: shares nothing with the program that it judges.

evaluate.py --facts FILE --containers FILE --fields FILE --seed S --count N <OUTPUT-OF-DECIDE
evaluate.py --golden DIR      every golden case: what comes out within what went in
evaluate.py --self-test       plants violations and must find each
"""
import argparse
import collections
import json
import os
import re
import sys

sys.dont_write_bytecode = True
import compare  # noqa: E402
import floor  # noqa: E402
import images  # noqa: E402
import recorded  # noqa: E402
import userns  # noqa: E402

PROPERTIES = ["capabilities", "namespaces", "privileges", "mounts", "paths", "devices",
              "device-rules", "limits", "sysctls", "rlimits", "oom", "user", "hooks",
              "annotations", "seccomp", "scheduling", "extras", "platform", "root", "labels",
              "unchanged", "reported", "truthful", "told", "secret", "stable", "known", "userns",
              "image", "floor"]
SECRET = "PlantedValue"
FORBIDDEN = ["no such file", "permission denied", "not found", "does not exist",
             "no such process"]
COARSE = {"mounts", "annotations", "hooks", "linux.devices", "process.rlimits", "linux.sysctl",
          ""}
MOST_ENTRIES = 256
MOST_SHOWN = 5
ENOUGH = 5000  # documents to meet every field and every control


def members(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        found["\0twice"] = True
    return found


def bare(document, data):
    """Without nulls, where the text has any."""
    return compare.bare(document) if b"null" in data else document


def parse(data):
    """A document without nulls, its numbers as they stood where they are no plain integers;
    None for no JSON, and for what is nested too deep to be accepted."""
    try:
        return bare(json.loads(data, parse_float=str, object_pairs_hook=members), data)
    except (ValueError, RecursionError):
        return None


def whole(call, document):
    """exec and update bodies where config.json has them."""
    if call["line"] == "exec":
        return {"process": document}, "process."
    if call["line"] == "update":
        return {"linux": {"resources": document}}, "linux.resources."
    return document, ""


class Fields:
    """The fields of the schema: which were seen, and whether a document has others."""

    def __init__(self, lines):
        self.all = {tuple(line.split(" ", 1)) for line in lines}
        self.controls = {name for kind, name in self.all if kind == "control"}
        self.all = {(kind, path) for kind, path in self.all if kind != "control"}
        self.seen = set()
        self.children = collections.defaultdict(set)
        for command, path in self.all:
            parent, _, key = path.rpartition(".")
            self.children[command, parent].add(key)

    def look(self, command, value, path, unknown):
        if isinstance(value, dict):
            if (command, path + "{}") in self.all:
                for child in value.values():
                    self.enter(command, child, path + "{}", unknown)
                return
            known = self.children.get((command, path), ())
            for key, child in value.items():
                if key in known:
                    self.enter(command, child, f"{path}.{key}" if path else key, unknown)
                elif known:
                    unknown.append(f"{path}.{key}")
        elif isinstance(value, list):
            for child in value:
                self.enter(command, child, path + "[]", unknown)

    def enter(self, command, value, path, unknown):
        if value is not None and (command, path) in self.all:
            self.seen.add((command, path))
            self.look(command, value, path, unknown)


def flattened(path):
    return path.replace('"]', "").replace('["', ".")


def related(change, entry):
    """An entry tells of a change: the same path, one below it, or one above it that names a
    single thing."""
    if change == entry or entry.startswith((change + ".", change + "[")):
        return True
    return entry not in COARSE and change.startswith((entry + ".", entry + "["))


def told_of(change, entries):
    match = re.match(r'(.*)\["(.*)"\]$', change, re.S)
    if match and not re.fullmatch(r"[A-Za-z0-9/._:@=-]{1,50}", match.group(2)):
        return any(e.startswith(match.group(1)) for e in entries)  # its name is written otherwise
    return any(related(flattened(change), e) for e in entries)


def compared(call, facts, rules, container, spec, given, golden=False):
    """What was asked beside what came out, which is given back without what a user namespace
    changes of it, and the control that does; none for an exec or update."""
    if call["line"] in ("exec", "update"):
        return compare.Compare(call, facts, container, golden).run(spec, given), given, None
    spec = userns.put_back(spec)
    control = userns.Userns(call, facts, rules, spec)
    given = control.judge(given)
    comparison = compare.Compare(call, facts, container, golden).run(spec, given)
    comparison.changed += control.changed
    return comparison, given, control


def check_report(changed, report, prefix, control=None):
    """Nothing changes silently, and nothing is told that did not happen."""
    applied = [prefix + e["path"] for e in report
               if e["mode"] == "enforce" and e["action"] in ("set", "drop")
               and not (control and control.untold(e["path"]))]
    if len(report) >= MOST_ENTRIES:
        return
    entries = {flattened(p) for p in applied}
    for change in changed:
        if not told_of(change, entries):
            yield "reported", change, "differs, and the report does not say so"
    flat = [flattened(c) for c in changed]
    for entry in entries:
        if not any(related(c, entry) or related(entry, c) for c in flat) and "\\x" not in entry \
                and "..." not in entry:
            yield "truthful", entry, "is reported, and does not differ"


def check_told(result, prefix):
    refusals = [e for e in result["report"]
                if e["action"] == "refuse" and e["mode"] == "enforce"]
    message = result["message"]
    if result["verdict"] == "accept":
        if refusals:
            yield "told", prefix + refusals[0]["path"], "is refused, and the call is accepted"
        return
    if not message or len(message) > 2047 or not message.isascii() or not message.isprintable():
        yield "told", "", f"the message is {message!r}"
    if any(word in message.lower() for word in FORBIDDEN):
        yield "told", "", f"engines misread the message {message!r}"
    if result["verdict"] == "refuse" and not any(e["path"] in message for e in refusals):
        yield "told", "", f"the message names no refused field: {message!r}"


def secrets_of(document):
    """How often the planted value stands where no message may take it from."""
    process = document.get("process") if isinstance(document, dict) else None
    process = process if isinstance(process, dict) else {}
    found = 0
    for key in ("env", "args"):
        listing = process.get(key)
        found += sum(str(e).count(SECRET) for e in listing) if isinstance(listing, list) else 0
    return found


class Failures:
    """Counted; a few of each path, numbers in it aside, are kept."""

    def __init__(self):
        self.count, self.kept, self.kinds = 0, [], collections.Counter()

    def add(self, document, path, text):
        kind = re.sub(r"[0-9]+", "N", path)
        self.count += 1
        self.kinds[kind] += 1
        if self.kinds[kind] <= 2 and len(self.kept) < 3 * MOST_SHOWN:
            self.kept.append((document, path, text))


class Evaluation:
    def __init__(self, options):
        self.facts = options["facts"]
        self.containers = options["containers"]
        self.container_calls = options.get("container_calls", [])
        self.images = options.get("images", False)
        self.fields = Fields(options["fields"])
        self.verdicts = collections.Counter()
        self.actions = collections.Counter()
        self.failures = collections.defaultdict(Failures)
        self.checked = collections.Counter()
        self.documents = 0
        self.accepted_fields = set()

    def container_of(self, call):
        return self.containers[call["container"]] if "container" in call else None

    def violations(self, call, asked, result, raw=None):
        # asked and result["out"] hold no nulls
        """Every (property, path, text) that does not hold of one result."""
        spec, prefix = whole(call, asked)
        yield from check_told(result, prefix)
        if self.images:
            yield from images.check(call, self.container_calls[call["container"]]
                                    if "container" in call else None, result)
        if raw is not None and secrets_of(spec) == raw.count(SECRET.encode()) and \
                SECRET in json.dumps([result["message"], result["report"]]):
            yield "secret", "", "a value of the environment or an argument is shown"
        if result["verdict"] != "accept":
            return
        if not result["twice"]:
            yield "stable", "", "decided again it is refused or changes"
        given = whole(call, result["out"])[0]
        profile = recorded.base(result["profile"])
        comparison, given, control = compared(call, self.facts, userns.builtin(profile),
                                              self.container_of(call), spec, given)
        report = result["report"]
        if control and control.maps is not None:
            control.told([e for e in report if e["control"] == "userns"], False)
            yield from control.found
        yield from comparison.found
        yield from check_report(comparison.changed, report, prefix, control)
        yield from recorded.check(call, result, given)
        yield from floor.Floor(profile, call, self.facts,
                               recorded.without_flag(given, result["profile"]),
                               self.container_of(call), control and control.mapped).run()

    def input(self, line):
        """One call: what is known of it before results come."""
        call, raw = line.rstrip(b"\n").split(b"\t", 1)
        self.documents += 1
        call, asked = json.loads(call), parse(raw)
        command = call["line"] if call["line"] in ("exec", "update") else "create"
        unknown = []
        before = self.fields.seen
        self.fields.seen = set()
        if asked is not None:
            self.fields.look(command, asked, "", unknown)
        mine = self.fields.seen
        self.fields.seen = before | mine
        return call, raw, asked, unknown, mine

    def result(self, given, line):
        call, raw, asked, unknown, seen = given
        result = json.loads(line, parse_float=str)
        result["out"] = bare(result["out"], line[line.find(b',"out":{'):])
        profile = result["profile"]
        self.verdicts[profile, result["verdict"]] += 1
        for entry in {(e["control"], e["action"]) for e in result["report"]}:
            self.actions[(profile,) + entry] += 1
        found = []
        if result["verdict"] == "accept":
            self.accepted_fields |= seen
            if asked is None or unknown:
                found.append(("known", unknown[0] if unknown else "", "is accepted"))
        if asked is not None or result["verdict"] != "accept":
            found += self.violations(call, asked, result, raw)
        self.checked[profile] += 1
        for name, path, text in found:
            self.failures[profile, name].add(self.documents, path, text)


# Streams

def load_lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def read_options(args):
    facts = {}
    if args.facts:
        with open(args.facts, encoding="utf-8") as file:
            facts = json.load(file)
    lines = [line.split("\t", 1) for line in
             (load_lines(args.containers) if args.containers else [])]
    return {"facts": facts, "containers": [json.loads(document) for _, document in lines],
            "container_calls": [json.loads(call) for call, _ in lines], "images": args.images,
            "fields": load_lines(args.fields) if args.fields else []}


class Tap:
    def __init__(self):
        self.cases = self.failed = 0

    def __call__(self, good, name, *notes):
        self.cases += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.cases} - {name}")
        for note in notes:
            print("# " + "".join(c if c.isprintable() else "?" for c in note)[:600])
        return good

    def done(self):
        print(f"1..{self.cases}")
        return 1 if self.failed else 0


def summary(tap, done, args):
    profiles = sorted({p for p, _ in done.verdicts})
    for profile in profiles:
        count = done.checked[profile]
        shares = ", ".join(f"{v} {n} ({n / count:.0%})" for v in ("accept", "refuse", "error")
                           for n in [done.verdicts[profile, v]])
        print(f"# {profile}: {count} documents, {shares}")
        controls = sorted({c for p, c, _ in done.actions if p == profile})
        for control in controls:
            hits = ", ".join(f"{a} {done.actions[profile, control, a]}"
                             for a in ("set", "drop", "refuse", "warn")
                             if done.actions[profile, control, a])
            print(f"#   {control}: {hits}")
    for profile in profiles:
        for name in PROPERTIES:
            bad = done.failures[profile, name]
            tap(not bad.count, f"{profile}: {name}", *(
                f"{p}: {t} (generate.py {'--images ' * args.images}1 {args.seed} {n + args.first - 1}; {bad.kinds[k]} so)"
                for n, p, t in bad.kept for k in [re.sub("[0-9]+", "N", p)]))
    enough = args.count >= ENOUGH
    never = sorted(done.fields.all - done.fields.seen)
    tap(not (enough and never), f"{len(done.fields.seen)} of {len(done.fields.all)} fields were "
        f"asked for, {len(done.accepted_fields)} in what was accepted",
        *(" ".join(f) for f in never))
    idle = sorted(done.fields.controls - {c for _, c, _ in done.actions})
    tap(not (enough and idle), f"{len(done.fields.controls) - len(idle)} of "
        f"{len(done.fields.controls)} controls did something", *idle)
    tap(done.documents == args.count, f"{done.documents} of {args.count} documents were decided")
    for profile in profiles:
        tap(done.verdicts[profile, "accept"] * 20 > done.checked[profile],
            f"{profile}: enough is accepted to tell something")


def stream(args):
    done = Evaluation(read_options(args))
    given = None
    for line in sys.stdin.buffer:
        if line.startswith(b'{"profile"'):
            done.result(given, line)
        else:
            given = done.input(line)
    tap = Tap()
    summary(tap, done, args)
    return tap.done()


# Golden cases

def load(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"^\s*//.*$", "", file.read(), flags=re.M)
    return json.loads(text, parse_float=str)


def golden_entries(folder, refused):
    """The report; of a refused call a line has the control in place of the action."""
    path = os.path.join(folder, "entries")
    if not os.path.exists(path):
        return None
    pairs = [line.split(" ", 1) for line in load_lines(path) if line not in ("", "-")]
    return [{"action": "refuse" if refused else first, "control": first if refused else "",
             "path": path, "mode": "enforce"} for first, path in pairs]


def golden_call(folder):
    """The call, what it asks, and of an exec or update the container."""
    call = dict({"line": "create"}, **(load(folder, "call.json") or {}))
    asked, container = load(folder, "in.json"), None
    for name, line in (("process.json", "exec"), ("resources.json", "update")):
        if os.path.exists(os.path.join(folder, name)):
            asked, container = load(folder, name), asked
            call["line"] = line
    return call, asked, container


USERNS_PATH = re.compile(r"linux\.namespaces($|\[)|process\.user\.|mounts$|mounts\[\d+\]\.(source|"
                         r"options|uidMappings|gidMappings)$|linux\.[ug]idMappings")


def golden_exec(call, facts, rules, container, asked, report, refused):
    """Of an exec: ids that the container's user namespace does not have are refused."""
    control = userns.Userns(dict(call, line="create"), facts, rules, container)
    wanted = {"user." + p for p in userns.high_ids(asked)} \
        if control.maps and control.mode == "enforce" else set()
    told = {e["path"] for e in report or [] if e["control"] == "userns"}
    return [("userns", p, "is refused for no reason, or not refused")
            for p in sorted(wanted ^ told)] if refused or wanted else []


def golden_refused(call, facts, rules, asked, report):
    control = userns.Userns(call, facts, rules, userns.put_back(asked))
    if report is not None and control.maps is not None:
        control.told([e for e in report if e["control"] == "userns"], True)
    return control.found


def golden_case(folder):
    """Every (property, path, text) that does not hold; None where there is nothing to judge."""
    given, facts = load(folder, "out.json"), load(folder, "host.json") or {}
    if given is None and "userns" not in facts:
        return None
    call, asked, container = golden_call(folder)
    policy = load(folder, "policy.json") or {}
    case = policy.get("profiles", {}).get("case")
    rules = userns.rules_of(case, os.path.basename(os.path.dirname(folder))) if case else \
        userns.builtin("default")
    report = golden_entries(folder, given is None)
    found = []
    if call["line"] == "exec" and "userns" in facts:
        found = golden_exec(call, facts, rules, container, asked, report, given is None)
    elif given is None:
        found = golden_refused(call, facts, rules, asked, report)
    if given is None:
        return found
    spec, prefix = whole(call, asked)
    comparison, _, control = compared(call, facts, rules, container, compare.bare(spec),
                                      compare.bare(whole(call, given)[0]), True)
    if control and report is not None and "userns" in facts and control.maps is not None:
        control.told([e for e in report if USERNS_PATH.match(e["path"])], False)
    found += comparison.found + (control.found if control else [])
    if report is not None and '"audit"' not in json.dumps(policy):
        found += check_report(comparison.changed, report, prefix, control)
    return found


def golden(root, allowed_file):
    tap = Tap()
    allowed = dict(line.split("\t", 1) for line in load_lines(allowed_file)
                   if line and not line.startswith("#")) if os.path.exists(allowed_file) else {}
    for control in sorted(os.listdir(root)):
        folder = os.path.join(root, control)
        for case in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            name = f"{control}/{case}"
            found = golden_case(os.path.join(folder, case))
            if found is None:
                continue
            if name in allowed:
                tap(bool(found), f"{name}: exception still needed: {allowed.pop(name)}")
                continue
            tap(not found, f"{name}: within what was asked",
                *(f"{p} {path}: {text}" for p, path, text in found[:MOST_SHOWN]))
    tap(not allowed, "every exception has its case", *allowed)
    return tap.done()


def main():
    parser = argparse.ArgumentParser()
    for name in ("--facts", "--containers", "--fields", "--golden"):
        parser.add_argument(name)
    parser.add_argument("--seed", default="?")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    if args.self_test:
        import selftest
        return selftest.run(Tap(), Evaluation)
    if args.golden:
        return golden(args.golden, os.path.join(here, "golden-exceptions.tsv"))
    return stream(args)


if __name__ == "__main__":
    sys.exit(main())
