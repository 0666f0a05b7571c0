# SPDX-License-Identifier: Apache-2.0
"""What was asked beside what was given: every difference must make the container weaker, and
what no rule below names must be the same. Written from runtime-spec and the manual; it shares
nothing with the program that is judged."""
import posixpath
import re

import labels
import recorded

SETS = ["bounding", "effective", "inheritable", "permitted", "ambient"]
FLAGS = {"ro": "ro", "rw": "ro", "nosuid": "nosuid", "suid": "nosuid", "nodev": "nodev",
         "dev": "nodev", "noexec": "noexec", "exec": "noexec"}
TIGHT = {"ro", "nosuid", "nodev", "noexec"}
STAGE = "/run/hardrun/stage/"
DOCKERD = ("/usr/bin/dockerd", "/usr/sbin/dockerd")
PLATFORMS = ["solaris", "windows", "vm", "zos", "freebsd"]
DEVICE_SAMPLES = {("c", 1, m) for m in (1, 3, 5, 7, 8, 9, 11)} | {
    ("c", 5, 0), ("c", 5, 1), ("c", 5, 2), ("c", 5, 3), ("c", 136, 0), ("c", 136, 7),
    ("c", 10, 200), ("c", 10, 229), ("c", 10, 232), ("b", 8, 0), ("b", 7, 0), ("c", 250, 250)}
MOST_SAMPLES = 60


def bare(value):
    """Without null members: they are as if they were not there."""
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items() if v is not None}
    return [bare(v) for v in value] if isinstance(value, list) else value


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def flags_of(options):
    """The tight flags in force: of a pair the last word wins."""
    state = set()
    for option in options:
        flag = FLAGS.get(option)
        if flag:
            (state.add if option in TIGHT else state.discard)(flag)
    return state


def rule_matches(rule, sample, letter):
    kind = rule.get("type") or "a"
    kind = "c" if kind == "u" else kind
    if kind not in ("a", sample[0]) or letter not in (rule.get("access") or "rwm"):
        return False
    return all(rule.get(key) is None or rule[key] < 0 or rule[key] == wanted
               for key, wanted in (("major", sample[1]), ("minor", sample[2])))


def device_allowed(rules, sample, letter):
    state = False
    for rule in rules or []:
        if rule_matches(rule, sample, letter):
            state = rule.get("allow") is True
    return state


def device_samples(*lists):
    samples = set(DEVICE_SAMPLES)
    if sum(len(rules or []) for rules in lists) > 500:
        return sorted(samples)
    for rule in (r for rules in lists for r in rules or []):
        if len(samples) >= MOST_SAMPLES:
            break
        major, minor = rule.get("major"), rule.get("minor")
        for kind in ("b", "c"):
            samples.add((kind, 99 if major is None or major < 0 else major,
                         98 if minor is None or minor < 0 else minor))
    return sorted(samples)


def limit_of(value):
    """What is not set, or not positive, is no limit."""
    return value if isinstance(value, int) and value > 0 else float("inf")


def unified_limit(value):
    """As the kernel reads pids.max (kstrtoll, base 0, blanks around it); None for nonsense."""
    if value is None or value.strip() == "max":
        return float("inf")
    digits = value.strip().removeprefix("+").lower()
    for pattern, base in (("0x[0-9a-f]{1,30}", 16), ("0[0-7]{1,30}", 8), ("[0-9]{1,30}", 10)):
        if re.fullmatch(pattern, digits):
            return int(digits, base)
    return None


def resolved(source, call, facts):
    """Where a host path that was asked for leads on the described machine."""
    path = posixpath.normpath(posixpath.join(call.get("bundle") or "/bundle", source))
    path = "/" + path.lstrip("/")
    known = facts.get("sources", {})
    known = known.get(source, known.get(path, {}))
    origin = known.get("mounted", {}).get("origin", "/")
    return origin if origin != "/" else known.get("real", path)


class Compare:
    """found: (property, path, text); changed: paths that differ. Documents without nulls."""

    def __init__(self, call, facts, container=None, golden=False):
        self.call, self.facts, self.container = call, facts, container
        self.golden = golden
        self.found, self.changed = [], []
        self.rules = {
            "process.noNewPrivileges": self.only_true("privileges"),
            "process.user.umask": self.umask,
            "process.user.username": self.dropped("platform"),
            "process.commandLine": self.dropped("platform"),
            "process.rlimits": self.rlimits,
            "process.oomScoreAdj": self.oom,
            "process.scheduler": self.dropped("scheduling"),
            "process.ioPriority": self.dropped("scheduling"),
            "root.readonly": self.only_true("root"),
            "mounts": self.mounts,
            "hooks": self.hooks,
            "annotations": self.subset_map("annotations"),
            "linux.sysctl": self.subset_map("sysctls"),
            "linux.devices": self.devices,
            "linux.namespaces": self.namespaces,
            "linux.seccomp": self.seccomp,
            "linux.maskedPaths": self.superset,
            "linux.readonlyPaths": self.superset,
            "linux.rootfsPropagation": self.propagation,
            "linux.resources.devices": self.device_rules,
            "linux.resources.pids.limit": self.lower,
            "linux.resources.memory.limit": self.lower,
            "linux.resources.memory.disableOOMKiller": self.dropped("limits"),
            "linux.resources.unified": self.unified,
            "linux.resources.network.priorities": self.dropped("limits"),
        }
        for name in SETS:
            self.rules["process.capabilities." + name] = self.capabilities
        for name in ("memory.kernel", "memory.kernelTCP", "cpu.realtimeRuntime",
                     "cpu.realtimePeriod"):
            self.rules["linux.resources." + name] = self.dropped("limits")
        for name in ("memoryPolicy", "personality", "timeOffsets"):
            self.rules["linux." + name] = self.dropped("extras")
        for name in PLATFORMS:
            self.rules[name] = self.dropped("platform")
        label = self.exec_label if call["line"] == "exec" else self.label
        for path in ("process.apparmorProfile", "process.selinuxLabel", "linux.mountLabel"):
            self.rules[path] = label

    def bad(self, name, path, what):
        self.found.append((name, path, what))

    def run(self, asked, given):
        self.walk(asked, given, "")
        return self

    def walk(self, a, b, path):
        if path in self.rules:
            if not same(a, b):
                self.rules[path](a, b, path)
            return
        if isinstance(a, dict) and (b is None and a or isinstance(b, dict)) or \
                a is None and b and isinstance(b, dict):
            for key in sorted((a or {}).keys() | (b or {}).keys()):
                self.walk((a or {}).get(key), (b or {}).get(key),
                          f"{path}.{key}" if path else key)
        elif not same(a, b):
            self.changed.append(path)
            self.bad("unchanged", path, "is no field that a control changes")

    # one kind of field each

    def capabilities(self, a, b, path):
        self.changed.append(path)
        more = set(b or []) - set(a or [])
        if more:
            self.bad("capabilities", path, "gained " + " ".join(sorted(more)))

    def only_true(self, name):
        def check(_, b, path):
            self.changed.append(path)
            if b is not True:
                self.bad(name, path, "was turned off")
        return check

    def dropped(self, name):
        def check(_, b, path):
            self.changed.append(path)
            if b is not None:
                self.bad(name, path, "was changed or added, not removed")
        return check

    def label(self, a, b, path):
        self.changed.append(path)
        why = labels.wrong(self.facts, path, a, b, self.golden)
        if why:
            self.bad("labels", path, why)

    def exec_label(self, _, b, path):
        """The container's own is put in its place: what it asked for, or create made of that."""
        self.changed.append(path)
        own = self.container and self.container.get("process", {}).get(path.split(".")[1])
        if (b or None) != (own or None) and labels.wrong(self.facts, path, own, b, self.golden):
            self.bad("labels", path, f"is {b}, the container's is {own}")

    def umask(self, a, b, path):
        self.changed.append(path)
        before = 0o22 if a is None else a
        if (0o22 if b is None else b) & before != before:
            self.bad("user", path, f"{before:o} became {b}")

    def rlimits(self, a, b, path):
        if not a and self.call["line"] == "exec" and self.container:
            # the runtime gives an exec without a list the container's
            a = self.container.get("process", {}).get("rlimits")
        a, b = a or [], b or []
        for index, before in enumerate(a):
            after = b[index] if index < len(b) else {}
            if after.get("type") != before.get("type"):
                self.changed.append(f"{path}[{index}]")
                self.bad("rlimits", f"{path}[{index}]", "is not there any more")
                continue
            for key in ("hard", "soft"):
                if before.get(key) != after.get(key):
                    self.changed.append(f"{path}[{index}].{key}")
                    if after.get(key) is None or after[key] > before.get(key, 0):
                        self.bad("rlimits", f"{path}[{index}].{key}", "was raised")
        # what an exec does not name it would otherwise have of the engine
        own = (self.container or {}).get("process", {}).get("rlimits") or []
        own = own if self.call["line"] == "exec" else []
        for after in b[len(a):]:
            self.changed.append(path)
            if after != {"type": "RLIMIT_CORE", "hard": 0, "soft": 0} and not any(
                    limit["type"] == after["type"] and after["hard"] <= limit["hard"]
                    and after["soft"] <= limit["soft"] for limit in own):
                self.bad("rlimits", path, f"added {after}")

    def oom(self, a, b, path):
        self.changed.append(path)
        if a is None and self.call["line"] == "exec":
            # instead of its caller's: the container's
            a = (self.container or {}).get("process", {}).get("oomScoreAdj")
        if a is None or b is None or b < a:
            self.bad("oom", path, f"{a} became {b}")

    def lower(self, a, b, path):
        self.changed.append(path)
        if limit_of(b) > limit_of(a):
            self.bad("limits", path, f"{a} became {b}")

    def unified(self, a, b, path):
        a, b = a or {}, b or {}
        for key in sorted(a.keys() | b.keys()):
            if a.get(key) == b.get(key):
                continue
            self.changed.append(f'{path}["{key}"]')
            before, after = unified_limit(a.get(key)), unified_limit(b.get(key))
            if key not in ("pids.max", "memory.max") or key not in b or before is None or \
                    after is None or after > before:
                self.bad("limits", f'{path}["{key}"]', f"{a.get(key)} became {b.get(key)}")

    def subset_map(self, name):
        def check(a, b, path):
            a, b = a or {}, b or {}
            for key in sorted(a.keys() | b.keys()):
                if key in a and key in b and same(a[key], b[key]):
                    continue
                self.changed.append(f'{path}["{key}"]')
                if key in b:
                    self.bad(name, f'{path}["{key}"]', "was added or changed")
        return check

    def sublist(self, name, a, b, path):
        """b is a with elements left out."""
        at = 0
        for index, before in enumerate(a or []):
            if at < len(b or []) and same(before, b[at]):
                at += 1
            else:
                self.changed.append(f"{path}[{index}]")
        if at != len(b or []):
            self.changed.append(path)
            self.bad(name, path, f"holds {b[at]}, which was not asked for")

    def devices(self, a, b, path):
        self.sublist("devices", a, b, path)

    def namespaces(self, a, b, path):
        a, b = a or [], b or []
        if not same(a, b[:len(a)]):
            self.changed.append(path)
            self.bad("namespaces", path, "one that was asked for is gone or changed")
        there = {n.get("type") for n in a}
        for entry in b[len(a):]:
            self.changed.append(path)
            if entry.get("type") in there or set(entry) != {"type"}:
                self.bad("namespaces", path, f"added {entry}")
            there.add(entry.get("type"))

    def superset(self, a, b, path):
        self.changed.append(path)
        gone = set(a or []) - set(b or [])
        if gone:
            self.bad("paths", path, "lost " + " ".join(sorted(gone)))

    def propagation(self, a, b, path):
        self.changed.append(path)
        if b not in ("private", "rprivate") and not (
                b in ("slave", "rslave") and a in ("slave", "rslave", "shared", "rshared")):
            self.bad("mounts", path, f"{a} became {b}")

    def device_rules(self, a, b, path):
        self.changed.append(path)
        if b is None and self.call["line"] == "update":
            return  # the rules stay what they are
        for sample in device_samples(a, b):
            for letter in "rwm":
                if device_allowed(b, sample, letter) and not device_allowed(a, sample, letter):
                    self.bad("device-rules", path, f"allows {letter} of %s %d:%d" % sample)
                    return

    def hooks(self, a, b, path):
        a, b = a or {}, b or {}
        for kind in sorted(a.keys() | b.keys()):
            before, after = a.get(kind) or [], b.get(kind) or []
            where = f"{path}.{kind}"
            if len(after) != len(before):
                self.sublist("hooks", before, after, where)
                continue
            for index, (old, new) in enumerate(zip(before, after)):
                self.hook(old, new, f"{where}[{index}]")

    def hook(self, old, new, path):
        for key in sorted(old.keys() | new.keys()):
            if same(old.get(key), new.get(key)):
                continue
            self.changed.append(f"{path}.{key}")
            fine = {
                "path": new.get("path") in DOCKERD and old.get("path", "").startswith("/proc/"),
                "env": not any(e.startswith(("LD_", "GCONV")) for e in new.get("env") or []),
                "timeout": 0 < (new.get("timeout") or 0) <= limit_of(old.get("timeout")),
            }.get(key, False)
            if not fine:
                self.bad("hooks", f"{path}.{key}", f"{old.get(key)} became {new.get(key)}")

    def mounts(self, a, b, path):
        a, b = a or [], b or []
        there = {m.get("destination") for m in a}
        # An empty file system of the container's own may come in between.
        added = [m for m in b if m.get("destination") not in there] if len(b) > len(a) else []
        b = [m for m in b if not any(m is new for new in added)]
        if len(b) != len(a):
            self.changed.append(path)
            self.bad("mounts", path, f"{len(a)} became {len(b)}")
        self.staged = 0
        for index, (old, new) in enumerate(zip(a, b)):
            if not same(old, new):
                self.mount(old, new, index)
            # Staged ones are numbered from 0 on in their order.
            self.staged += new.get("source", "").startswith(STAGE)
        for new in added:
            self.changed.append(path)
            if new.get("type") != "tmpfs" or \
                    set(new) - {"destination", "type", "source", "options"} or \
                    new.get("source") != "tmpfs" or "bind" in new.get("options", []) or \
                    not {"nosuid", "nodev"} <= flags_of(new.get("options", [])):
                self.bad("mounts", path, f"added {new}")

    def mount(self, old, new, index):
        path = f"mounts[{index}]"
        for key in sorted(old.keys() | new.keys()):
            before, after = old.get(key), new.get(key)
            if same(before, after):
                continue
            self.changed.append(f"{path}.{key}")
            if key == "options":
                self.options(before or [], after or [], path + ".options")
            elif key != "source" or not self.source(before or "", after or ""):
                self.bad("mounts", f"{path}.{key}", f"{before} became {after}")

    def options(self, before, after, path):
        lost = flags_of(before) - flags_of(after)
        if lost:
            self.bad("mounts", path, "lost " + " ".join(sorted(lost)))
        if [o for o in before if o not in FLAGS] != [o for o in after if o not in FLAGS]:
            self.bad("mounts", path, f"{before} became {after}")

    def source(self, before, after):
        real = resolved(before, self.call, self.facts)
        absolute = posixpath.join(self.call.get("bundle") or "/bundle", before)
        return before != "" and after in (
            f"{STAGE}{self.staged}{real}", absolute, posixpath.normpath(absolute))

    def seccomp(self, a, b, path):
        self.changed.append(path)
        if b is None:
            self.bad("seccomp", path, "is gone")
            return
        if a is None or recorded.is_ours(a):
            return
        loose = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY")
        if b.get("defaultAction") in loose and a.get("defaultAction") not in loose:
            self.bad("seccomp", path, "its default became " + b["defaultAction"])
        allowed = {n for s in b.get("syscalls") or [] if s.get("action") in loose
                   for n in s.get("names") or []}
        asked, denied, seen = set(), set(), {}
        for rule in a.get("syscalls") or []:
            for name in rule.get("names") or []:
                seen[name] = seen.get(name, 0) + 1
                if rule.get("action") in loose:
                    asked.add(name)
                elif not rule.get("args"):
                    denied.add(name)
        if a.get("defaultAction") not in loose:
            more = allowed - asked
        else:
            more = {n for n in allowed & denied if seen[n] == 1}
        if more:
            self.bad("seccomp", path, "allows " + " ".join(sorted(more)[:5]))
