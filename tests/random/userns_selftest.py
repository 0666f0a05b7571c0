# SPDX-License-Identifier: Apache-2.0
"""Violations of control userns, planted one at a time into what hardrun may make of a pod's sandbox
whose network namespace is the host's."""
import copy

import compare
import userns

SANDBOX = "a" * 64
CALL = {"line": "create", "root": "/run/containerd/runc/k8s.io", "id": SANDBOX,
        "bundle": "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + SANDBOX}
FILE = f"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{SANDBOX}/resolv.conf"
FACTS = {"userns": {"base": 131072, "pool": [65536, 6553600], "flags": {FILE: ["noexec", "noatime"]},
                    "owners": {"/run/netns/other": "other"}}}
JOIN = {"sandbox": "/proc/7/ns/user", "owners": {"/proc/7/ns/ipc": "/proc/7/ns/user"}}
TIGHT = ["nosuid", "noexec", "nodev", "ro"]
MAP = [{"containerID": 0, "hostID": 131072, "size": 65536}]
SYN = "net.ipv4.tcp_syncookies"
ASKED = {
    "process": {"user": {"uid": 0, "gid": 0, "additionalGids": [10]}},
    "root": {"path": "rootfs"},
    "mounts": [
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": TIGHT},
        {"destination": "/etc/resolv.conf", "type": "bind", "source": FILE,
         "options": ["rbind", "ro"]},
        {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "ro"]}],
    "linux": {"namespaces": [{"type": k} for k in ("pid", "ipc", "mount", "uts", "cgroup")] +
              [{"type": "network", "path": "/run/netns/own"}],
              "sysctl": {SYN: "1", "kernel.shm_rmid_forced": "1"}},
    "annotations": {"io.kubernetes.cri.sandbox-id": SANDBOX,
                    "io.kubernetes.cri.container-type": "sandbox"},
}
TOLD = [("set", p) for p in userns.SET + (
    "linux.uidMappings", "linux.gidMappings", "mounts[0].type", "mounts[0].source",
    "mounts[0].options", "mounts[1].source", "mounts[1].options", "mounts[2].source",
    f'annotations["{userns.NOTE_SYSCTL}"]')] + [
    ("drop", f'linux.sysctl["{SYN}"]')]


def sound():
    out = copy.deepcopy(ASKED)
    out["root"]["path"] = userns.ROOT
    out["annotations"][userns.NOTE] = CALL["bundle"] + "/rootfs"
    out["annotations"][userns.NOTE_SYSCTL] = f'{{"{SYN}":"1"}}'
    out["linux"]["namespaces"].append({"type": "user"})
    out["linux"].update(uidMappings=copy.deepcopy(MAP), gidMappings=copy.deepcopy(MAP))
    del out["linux"]["sysctl"][SYN]
    out["mounts"][0].update(type="bind", source=userns.SYSFS, options=["bind"] + TIGHT)
    out["mounts"][1].update(source=compare.STAGE + "0" + FILE,
                            options=["rbind", "ro", "noexec", "noatime"])
    out["mounts"][2]["source"] = compare.STAGE + "1/srv/data"
    return out


def found_by(out, asked=None, facts=None, told=None, rules=None):
    import evaluate
    report = [{"action": a, "path": p, "mode": "enforce", "control": "userns"}
              for a, p in (TOLD if told is None else told)]
    comparison, _, control = evaluate.compared(
        CALL, facts or FACTS, {**userns.builtin("restricted"), **(rules or {})}, None,
        asked or ASKED, out)
    control.told(report, False)
    found = control.found + comparison.found
    return found + list(evaluate.check_report(comparison.changed, report, "", control))


def out(path, value=...):
    """What came out, with another value at a path or, without one, nothing there."""
    def planted():
        result = sound()
        *keys, last = [int(k) if k.isdigit() else k for k in path.split("/")]
        place = result
        for key in keys:
            place = place[key]
        if value is ...:
            del place[last]
        elif isinstance(place, list) and last >= len(place):
            place.append(value)
        else:
            place[last] = value
        return {"out": result}
    return planted


def asks(path, value, **more):
    """Something that is missing, so that nothing may be mapped."""
    def planted():
        asked, result = copy.deepcopy(ASKED), sound()
        for spec in (asked, result):
            place = spec
            *keys, last = [int(k) if k.isdigit() else k for k in path.split("/")]
            for key in keys:
                place = place[key]
            place[last] = value
        return {"out": result, "asked": asked, **more}
    return planted


def machine(**more):
    return lambda: {"out": sound(), "facts": {"userns": {**FACTS["userns"], **more}}}


NS, USER = "linux/namespaces/", "process/user/"
PLANTED = [
    ("not mapped without a reason", lambda: {"out": copy.deepcopy(ASKED), "told": []}),
    ("mapped where the policy says off", lambda: {"out": sound(), "rules": {"map": "off"}}),
    ("mapped where the control is off", lambda: {"out": sound(), "rules": {"mode": "off"}}),
    ("mapped where it is only audited", lambda: {"out": sound(), "rules": {"mode": "audit"}}),
    ("a container of nobody's pod is mapped by pod",
     lambda: {"out": sound(), "rules": {"map": "pod"}}),
    ("mapped in spite of what the line found", machine(missing="no range")),
    ("mapped without its sandbox", machine(sandbox="unmapped")),
    ("an own one where the sandbox's is to be joined", machine(**JOIN)),
    ("mapped beside a network that an old runc cannot join", machine(runtime="1.2.9")),
    ("the network of another user namespace is joined",
     machine(owners={"/run/netns/own": "other"})),
    ("mapped with another's ipc", asks(NS + "1/path", "/proc/9/ns/ipc")),
    ("mapped with a high user", asks(USER + "uid", 65536)),
    ("mapped with a high group", asks(USER + "additionalGids", [1, 65536])),
    ("mapped with a mount's own mappings", asks("mounts/1/uidMappings", MAP)),
    ("mapped with a slave volume", asks("mounts/1/options", ["rbind", "rslave", "ro"])),
    ("mapped with a volume that cannot be idmapped", machine(no_idmap=[FILE])),
    ("the base is another's", out("linux/uidMappings/0/hostID", 196608)),
    ("host id 0 is mapped", out("linux/gidMappings/0/hostID", 0)),
    ("more ids are mapped", out("linux/uidMappings/0/size", 131072)),
    ("a second line is mapped", out("linux/uidMappings/1", MAP[0])),
    ("the groups are not mapped", out("linux/gidMappings")),
    ("another user namespace is joined", out(NS + "6/path", "/proc/1/ns/user")),
    ("the network is left out", out(NS + "5")),
    ("the root is another", out("annotations/" + userns.NOTE, "/etc")),
    ("the root is not noted", out("annotations/" + userns.NOTE)),
    ("the root is the host's", out("root/path", "/etc")),
    ("a volume is not staged", out("mounts/1/source", FILE)),
    ("another file is staged", out("mounts/1/source", compare.STAGE + "0/etc/shadow")),
    ("a volume has another's number", out("mounts/1/source", compare.STAGE + "1" + FILE)),
    ("a locked noexec is lost", out("mounts/1/options", ["rbind", "ro", "noatime"])),
    ("a locked noatime is lost", out("mounts/1/options", ["rbind", "ro", "noexec"])),
    ("a locked noatime is taken off",
     out("mounts/1/options", ["rbind", "ro", "noexec", "noatime", "strictatime"])),
    ("the mount becomes writable", out("mounts/1/options", ["rbind", "rw", "noexec", "noatime"])),
    ("sysfs is mounted anew", out("mounts/0", ASKED["mounts"][0])),
    ("the host's sysfs is mounted", out("mounts/0/source", "/sys")),
    ("sysfs is writable", out("mounts/0/options", ["bind", "nosuid", "noexec", "nodev"])),
    ("sysfs has a data word", out("mounts/0/options", ["bind", "mode=777"] + TIGHT)),
    ("a setting of the network is kept", out(f"linux/sysctl/{SYN}", "1")),
    ("what was taken out is not noted", out("annotations/" + userns.NOTE_SYSCTL)),
    ("another value is noted", out("annotations/" + userns.NOTE_SYSCTL, f'{{"{SYN}":"0"}}')),
    ("another setting is lost", out("linux/sysctl/kernel.shm_rmid_forced")),
    ("a process of the container is another's", out(USER + "uid", 1000)),
    ("a change is not told", lambda: {"out": sound(), "told": TOLD[1:]}),
    ("what is missing is told, and nothing is",
     lambda: {"out": sound(), "told": TOLD + [("warn", "linux.namespaces")]}),
    ("what is missing is not told", lambda: {
        "out": copy.deepcopy(ASKED), "told": [],
        "facts": {"userns": {**FACTS["userns"], "missing": "no range"}}}),
    ("accepted where it is required", lambda: {
        "out": copy.deepcopy(ASKED), "told": [("refuse", "linux.namespaces")],
        "rules": {"map": "require"}, "facts": {"userns": {**FACTS["userns"], "missing": "x"}}}),
]


def unmapped():
    """The paths of the host are staged all the same."""
    result = copy.deepcopy(ASKED)
    result["mounts"][2]["source"] = compare.STAGE + "0/srv/data"
    return result


def again():
    """A bundle that hardrun wrote before, when this pod had other ids."""
    asked = sound()
    for key in ("uidMappings", "gidMappings"):
        asked["linux"][key][0]["hostID"] = 196608
    asked["mounts"][1]["options"] = ["rbind", "ro", "noexec", "noatime"]
    told = [entry for entry in TOLD if entry[1] not in (
        "mounts[1].source", "mounts[1].options", "mounts[2].source")]
    return {"out": sound(), "asked": asked, "told": told}


NOTHING = [
    ("a mapped sandbox", lambda: {"out": sound()}),
    ("a bundle that comes again", again),
    ("one that is not mapped, and why", lambda: {
        "out": unmapped(), "told": [("warn", "linux.namespaces"), ("set", "mounts[2].source")],
        "facts": {"userns": {**FACTS["userns"], "missing": "no range"}}}),
]


def run(tap):
    for name, planted in NOTHING:
        found = found_by(**planted())
        tap(not found, f"nothing is found: {name}", *map(str, found))
    for name, planted in PLANTED:
        tap(found_by(**planted()), f"userns: {name}")
