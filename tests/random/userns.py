# SPDX-License-Identifier: Apache-2.0
"""When a container gets a user namespace of hardrun's, and what that may change. Written from the
manual (control userns); shares nothing with the program that is judged."""
import copy
import json
import posixpath
import re

import compare

ROOT, SYSFS, NOTE = compare.STAGE + "rootfs", compare.STAGE + "sysfs", "hardrun.root"
NOTE_SYSCTL, NOTE_NETWORK = "hardrun.sysctl", "hardrun.network"
SIZE = 65536
ADDED = ("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range")
BUILTIN = {"default": {"map": "off"}, "restricted": {"map": "auto"}, "sandbox": {"map": "pod"}}
FLAGS = ("nosuid", "nodev", "noexec", "ro", "noatime")
SET = ("linux.namespaces", "root.path", f'annotations["{NOTE}"]')


def rules_of(case, folder):
    """The control's options in a golden case; what a case does not name is off (its README)."""
    base = BUILTIN.get(case.get("extends"), BUILTIN["default"])
    rules = {**base, **case["userns"]} if "userns" in case else dict(base)
    if "userns" not in case and folder != "userns":
        rules["mode"] = "off"
    mounts = case.get("mounts", {"mode": "off"} if folder != "mounts" else {})
    return {**rules, "stages": mounts.get("mode", "enforce") == "enforce",
            "host_paths": mounts.get("host_paths", [])}


def builtin(profile):
    return {**BUILTIN[profile], "stages": True, "host_paths": []}


def entries_of(spec, kind):
    return [(i, n) for i, n in enumerate((spec.get("linux") or {}).get("namespaces") or [])
            if n.get("type") == kind]


def is_mapped(spec):
    return (spec.get("root") or {}).get("path") == ROOT and bool(entries_of(spec, "user"))


def is_bind(mount):
    return bool({"bind", "rbind"} & set(mount.get("options") or []))


def at_sys(mount):
    return posixpath.normpath("/" + (mount.get("destination") or "").lstrip("/")) == "/sys"


def put_back(spec):
    """A bundle that hardrun wrote before, as the engine had it."""
    if not isinstance(spec.get("root"), dict) or spec["root"].get("path") != ROOT or \
            NOTE not in (spec.get("annotations") or {}):
        return spec
    spec = copy.deepcopy(spec)
    spec["root"]["path"] = spec["annotations"].pop(NOTE)
    linux = spec.get("linux") or {}
    linux["namespaces"] = [n for n in linux.get("namespaces") or [] if n.get("type") != "user"]
    for key in ("uidMappings", "gidMappings"):
        linux.pop(key, None)
    if NOTE_NETWORK in spec["annotations"]:
        linux["namespaces"].append({"type": "network", "path": spec["annotations"].pop(NOTE_NETWORK)})
    if NOTE_SYSCTL in spec["annotations"]:
        linux.setdefault("sysctl", {}).update(json.loads(spec["annotations"].pop(NOTE_SYSCTL)))
    for mount in spec.get("mounts") or []:
        if mount.get("source") == SYSFS and at_sys(mount):
            mount.update(type="sysfs", source="sysfs",
                         options=[o for o in mount.get("options") or [] if o != "bind"])
    return spec


def touches(mapping, first, count):
    start, size = mapping
    return size > 0 and count > 0 and start < first + count and first < start + size


def engine_wrong(spec, facts):
    """Paths of what an engine's own user namespace must not have."""
    linux, known = spec.get("linux") or {}, facts.get("userns") or {}
    first, count = known.get("pool", (0, 0))
    users = entries_of(spec, "user")
    for key in ("uidMappings", "gidMappings"):
        listing = linux.get(key) or []
        if listing and not users:
            yield "linux." + key
        for index, entry in enumerate(listing if users else []):
            outside = (entry.get("hostID") or 0, entry.get("size") or 0)
            if touches(outside, 0, 1) or touches(outside, first, count):
                yield f"linux.{key}[{index}]"
    for index, entry in users:
        if entry.get("path"):
            real = known.get("maps", {}).get(entry["path"], [[0, 1000000, SIZE]])
            if any(touches(line[1:], 0, 1) or touches(line[1:], first, count) for line in real):
                yield f"linux.namespaces[{index}].path"


class Userns:
    """What the control decides about a create; `asked` is as the engine had it, without nulls."""

    def __init__(self, call, facts, rules, asked):
        self.call, self.facts, self.rules, self.asked = call, facts, rules, asked
        self.known = facts.get("userns")
        self.found, self.changed, self.mapped = [], [], False
        self.join = (self.known or {}).get("sandbox")
        self.join = None if self.join == "unmapped" else self.join
        version = re.match(r"(\d+)\.(\d+)", (self.known or {}).get("runtime", ""))
        self.runc = tuple(map(int, version.groups())) if version else (99, 0)
        self.mode = rules.get("mode", "enforce")
        self.kind = self.kind_of()
        self.findings = sorted(set(self.find())) if self.kind != "off" else []
        self.maps = self.kind != "off" and not self.findings
        if self.kind == "pod" and self.known.get("sandbox") is None:
            self.maps = None  # a workload whose sandbox nobody described

    def cri(self):
        ident = self.call.get("id") or "-"
        return (self.call.get("root") or "").endswith("/k8s.io") and (
            self.call.get("bundle") or "").endswith("/k8s.io/" + ident)

    def kind_of(self):
        """off, auto, require or, of a workload, pod."""
        kind = self.rules["map"]
        if self.mode == "off" or self.known is None or entries_of(self.asked, "user") or \
                any((self.asked.get("linux") or {}).get(k) for k in ("uidMappings",
                                                                     "gidMappings")):
            return "off"
        notes = self.asked.get("annotations") or {}
        if kind == "pod" and not self.cri():
            return "off"
        if kind == "pod" and notes.get("io.kubernetes.cri.container-type") == "sandbox":
            return self.known.get("pod", "off")
        return kind

    # what is missing

    def find(self):
        if self.known.get("missing") or self.known.get("sandbox") == "unmapped" or \
                self.call.get("line") == "restore":
            yield "linux.namespaces"
        if any(not entries_of(self.asked, k) for k in ("mount", "pid", "ipc", "network")):
            yield "linux.namespaces"
        for kind in ("pid", "ipc", "uts", "cgroup", "time", "network"):
            for index, entry in entries_of(self.asked, kind):
                if entry.get("path") and not self.may_join(kind, entry["path"]):
                    yield f"linux.namespaces[{index}].path"
        yield from (f"process.user.{key}" for key in high_ids(self.asked.get("process") or {}))
        mounts = self.asked.get("mounts") or []
        if any(map(is_bind, mounts)) and not self.rules["stages"]:
            yield "mounts"
        for index, mount in enumerate(mounts):
            yield from (f"mounts[{index}].{key}" for key in self.find_mount(mount))
        yield from self.find_devices()

    def find_devices(self):
        """The runtime binds the host's own nodes, so each must be one."""
        listing = (self.asked.get("linux") or {}).get("devices") or []
        for index, entry in enumerate(listing):
            kind = "c" if entry.get("type") == "u" else entry.get("type")
            node = f"{kind} {entry.get('major')}:{entry.get('minor')}"
            if self.facts.get("devices", {}).get(entry.get("path")) != node:
                yield f"linux.devices[{index}].path"

    def owner(self, path):
        return self.known.get("owners", {}).get(path, "host")

    def may_join(self, kind, path):
        if path in self.facts.get("namespaces", {}):
            return False
        owner = self.owner(path)
        if self.join and owner == self.join:
            return True
        return kind == "network" and owner == "host" and (
            self.runc >= (1, 3) or bool(self.rules.get("pre_join")))

    def find_mount(self, mount):
        if not is_bind(mount):
            return
        yield from (key for key in ("uidMappings", "gidMappings") if mount.get(key))
        if not self.idmapped(mount):
            return
        options = mount.get("options") or []
        if {"slave", "rslave"} & set(options):
            yield "options"
        names = {mount.get("source"), self.real(mount)}
        where = posixpath.normpath("/" + (mount.get("destination") or "").lstrip("/"))
        plain = self.rules.get("plain_tmpfs") and names & set(self.known.get("tmpfs", [])) and \
            "ro" in compare.flags_of(options)
        if names & set(self.known.get("no_idmap", [])) and where != "/dev/shm" and not plain:
            yield "source"

    # mounts

    def described(self, mount):
        source = mount.get("source") or ""
        known = self.facts.get("sources", {})
        path = posixpath.normpath(posixpath.join(self.call.get("bundle") or "/bundle", source))
        return known.get(source, known.get(path, {}))

    def of_host(self, mount):
        """The path of the host that a bind mount shows; None for what is the engine's own."""
        import floor
        source = mount.get("source") or ""
        staged = re.fullmatch(compare.STAGE + r"[0-9]+(/.*)", source)
        source = staged.group(1) if staged else source
        origin = (self.described(mount).get("mounted") or {}).get("origin")
        if origin and origin != "/":
            return origin
        own = floor.Floor("default", self.call, self.facts, self.asked).engines_own(source) or \
            floor.under(source, self.call.get("bundle") or "/bundle")  # of buildah
        return None if own else self.real(mount)

    def real(self, mount):
        source = mount.get("source") or ""
        staged = re.fullmatch(compare.STAGE + r"[0-9]+(/.*)", source)
        if staged:
            return staged.group(1)
        if not self.staged_always(mount):
            return posixpath.normpath(source)  # the host's system files
        return compare.resolved(source, self.call, self.facts)

    def idmapped(self, mount):
        if self.described(mount).get("kind", "directory") not in ("directory", "file"):
            return False
        path, answer = self.of_host(mount), False
        for entry in self.rules["host_paths"] if path else []:
            top = entry["path"].rstrip("/")
            if path == top or path.startswith(top + "/"):
                answer = bool(entry.get("idmap"))
        return answer if path else True

    # what came out

    def bad(self, path, what):
        self.found.append(("userns", path, what))

    def must(self, good, path, what):
        if not good:
            self.bad(path, what)

    def judge(self, given):
        """What came out, without what a user namespace changes of it."""
        mapped = is_mapped(given) and not entries_of(self.asked, "user")
        enforced = self.maps if self.mode == "enforce" else False
        if enforced is not None and mapped != enforced:
            self.bad("root.path", "is mapped" if mapped else
                     "is not mapped, and nothing was missing")
        self.mapped = mapped
        return self.undo(copy.deepcopy(given)) if mapped else given

    def host_network(self):
        return next((i for i, n in entries_of(self.asked, "network")
                     if n.get("path") and self.owner(n["path"]) == "host"), None)

    def undo(self, given):
        linux, network = given["linux"], self.host_network()
        self.changed += SET
        wanted = {"type": "user", "path": self.join} if self.join else {"type": "user"}
        self.must(linux["namespaces"].pop() == wanted, SET[0], "has another user namespace")
        self.maps_of(linux)
        root = (self.asked.get("root") or {}).get("path") or ""
        absolute = posixpath.join(self.call.get("bundle") or "/bundle", root)
        note = given.get("annotations", {}).pop(NOTE, None) or ""
        self.must(note in (absolute, posixpath.normpath(absolute)), SET[2], note)
        self.back_to_asked(given, NOTE)
        given["root"]["path"] = root
        if network is not None:
            self.undo_network(given, network)
        else:
            self.undo_ping(given)
        self.undo_mounts(given, network is not None)
        return given

    def maps_of(self, linux):
        base = [{"containerID": 0, "hostID": self.known["base"], "size": SIZE}]
        wanted = not self.join or self.runc < (1, 2)
        for key in ("uidMappings", "gidMappings"):
            if wanted:
                self.changed.append("linux." + key)
            asked = (self.asked.get("linux") or {}).get(key)
            self.must(linux.pop(key, asked) == (base if wanted else asked), "linux." + key,
                      "is not the pod's range")
            if asked is not None:
                linux[key] = asked

    def back_to_asked(self, given, note):
        if note in (self.asked.get("annotations") or {}):
            given["annotations"][note] = self.asked["annotations"][note]

    def kept(self, given, note, wanted):
        """What is taken out of the document is in an annotation."""
        path = f'annotations["{note}"]'
        self.changed.append(path)
        self.must(given["annotations"].pop(note, None) == wanted, path, f"is not {wanted}")
        self.back_to_asked(given, note)

    def undo_ping(self, given):
        """Written from inside, the kernel takes no group that the container has not."""
        asked = self.asked["linux"].get("sysctl") or {}
        for key, text in asked.items():
            bounds = re.match(r"(\d+)\s+(\d+)$", str(text))
            if key.replace("/", ".") != "net.ipv4.ping_group_range" or not bounds:
                continue
            first, last = map(int, bounds.groups())
            if first < SIZE <= last:
                path = f'linux.sysctl["{key}"]'
                self.changed.append(path)
                self.must(given["linux"]["sysctl"].get(key) == f"{first} {SIZE - 1}", path,
                          "is beyond the container's groups")
                given["linux"]["sysctl"][key] = text

    def undo_network(self, given, index):
        listing = given["linux"]["namespaces"]
        if self.runc < (1, 3):
            entry = self.asked["linux"]["namespaces"][index]
            self.changed.append(f"linux.namespaces[{index}]")
            self.must(not entries_of(given, "network"), SET[0], "the network was not left out")
            listing.insert(index, entry)
            self.kept(given, NOTE_NETWORK, entry["path"])
        net = {k: v for k, v in (self.asked["linux"].get("sysctl") or {}).items()
               if k.startswith(("net.", "net/"))}
        if net:
            self.kept(given, NOTE_SYSCTL, json.dumps(net, separators=(",", ":"),
                                                     ensure_ascii=False))
        for key in given["linux"].get("sysctl") or {}:
            self.must(not key.startswith(("net.", "net/")), "linux.sysctl", key + " was kept")

    def undo_mounts(self, given, host_network):
        asked = self.asked.get("mounts") or []
        there = {m.get("destination") for m in asked}
        old = [m for m in given.get("mounts") or [] if m.get("destination") in there]
        number = hosts = 0
        for index, (before, mount) in enumerate(zip(asked, old)):
            path = f"mounts[{index}]"
            if at_sys(before) and before.get("type") == "sysfs" and not is_bind(before):
                if host_network:
                    self.undo_sysfs(before, mount, path)
                continue
            if not is_bind(before):
                continue
            real = self.real(before)
            self.must(mount.get("source") == f"{compare.STAGE}{number}{real}", path + ".source",
                      f"{mount.get('source')} is not the clone of {real}")
            if mount.get("source") != before.get("source"):
                self.changed.append(path + ".source")
            number += 1
            self.locked(before, mount, real, path + ".options")
            staged = self.is_hosts(before) and not before["source"].startswith(compare.STAGE)
            mount["source"] = f"{compare.STAGE}{hosts}{real}" if staged else before["source"]
            hosts += mount["source"].startswith(compare.STAGE)

    @staticmethod
    def staged_always(mount):
        """The host's system files are staged only for a user namespace."""
        import floor
        where = posixpath.normpath("/" + (mount.get("destination") or "").lstrip("/"))
        source = mount.get("source") or ""
        return source not in floor.INITS and not (source in floor.HOST_FILES and source == where)

    def is_hosts(self, mount):
        """Staged in any container."""
        return self.of_host(mount) is not None and self.staged_always(mount)

    def undo_sysfs(self, before, mount, path):
        self.changed += [path + ".type", path + ".source", path + ".options"]
        options = mount.get("options") or []
        self.must(mount.get("type") == "bind" and mount.get("source") == SYSFS and
                  "bind" in options, path, "is not the pod's sysfs")
        self.must({"ro", "nosuid", "nodev", "noexec"} <= compare.flags_of(options),
                  path + ".options", options)
        self.must(set(options) <= {"bind", *FLAGS, *(before.get("options") or [])} and
                  not any("=" in word for word in options), path + ".options", options)
        mount.update(type="sysfs", source=before.get("source"), options=[
            o for o in before.get("options") or [] if o not in compare.FLAGS
        ] + ["ro", "nosuid", "nodev", "noexec"])
        if "source" not in before:
            del mount["source"]

    def locked(self, before, mount, real, path):
        """The flags that the source's mount has are there; noatime is in no other rule."""
        locked = set(self.known.get("flags", {}).get(real, []))
        options = mount.get("options") or []
        for flag in locked & set(FLAGS):
            there = flag in (options if flag == "noatime" else compare.flags_of(options))
            self.must(there, path, "lost the locked " + flag)
        if "noatime" in locked:
            asked = before.get("options") or []
            self.must("strictatime" not in options, path, "takes the locked noatime off")
            self.changed += [path] if "noatime" not in asked else []
            words = ("noatime", "atime", "strictatime")
            mount["options"] = [o for o in options if o not in words]
            mount["options"] += [o for o in asked if o in words]

    # what was told

    def told(self, report, line_refused):
        """Findings are entries of that path, and nothing else is missing."""
        action = {"auto": "warn", "require": "refuse",
                  "pod": "refuse" if self.join else None}.get(self.kind)
        refused = action == "refuse" and self.mode == "enforce" and bool(self.findings)
        self.must(line_refused or not refused, "", "was accepted, with findings")
        wanted = {(action, p) for p in self.findings} if action else set()
        if not wanted and self.kind == "off" and self.mode != "off":
            wanted = {("refuse", p) for p in engine_wrong(self.asked, self.facts)}
        seen = {(e["action"], e["path"]) for e in report if e["action"] in ("warn", "refuse")}
        if line_refused:
            wanted = {(a, p) for a, p in wanted if a == "refuse"}
        for action, path in sorted(wanted ^ seen):
            self.bad(path, f"{action} is {'missing' if (action, path) in wanted else 'untrue'}")

    def untold(self, path):
        """Entries for settings that are written from outside, and were in no document."""
        return self.mapped and self.host_network() is not None and not self.join and any(
            path == f'linux.sysctl["{k}"]' for k in ADDED) and \
            path.split('"')[1] not in ((self.asked.get("linux") or {}).get("sysctl") or {})


def high_ids(process):
    """Of an exec the same, without their prefix."""
    user = process.get("user") or {}
    yield from (key for key in ("uid", "gid") if (user.get(key) or 0) >= SIZE)
    yield from (f"additionalGids[{i}]" for i, g in enumerate(user.get("additionalGids") or [])
                if g >= SIZE)
