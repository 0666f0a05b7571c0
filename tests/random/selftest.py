# SPDX-License-Identifier: Apache-2.0
"""Violations planted one at a time into a result that holds every property: the evaluator must
find each, and nothing in the result as it is."""
import copy
import json

import images_selftest
import recorded
import userns_selftest

CALL = {"line": "create", "root": "/run/docker/runtime-runc/moby", "id": "c1",
        "bundle": "/run/containerd/io.containerd.runtime.v2.task/moby/c1"}
FACTS = {"namespaces": {"/proc/1/ns/net": "host"},
         "sources": {"/srv/link": {"real": "/srv/real"}}}
ASKED = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": True, "consoleSize": {"height": 1, "width": 2},
        "user": {"uid": 1000, "gid": 1000, "additionalGids": [10], "umask": 18},
        "args": ["sh"], "env": ["A=b", "X=PlantedValue"], "cwd": "/",
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_MKNOD"], "effective": ["CAP_CHOWN"]},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 2**40, "soft": 10}],
        "oomScoreAdj": -5, "scheduler": {"policy": "SCHED_FIFO"},
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "web",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc",
         "options": ["nosuid", "nodev", "noexec"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "size=1m"]},
        {"destination": "/data", "source": "/srv/link", "options": ["rbind", "rw"]},
    ],
    "annotations": {"a": "b", "run.oci.handler": "x"},
    "vm": {},
    "linux": {
        "sysctl": {"net.ipv4.tcp_syncookies": "1"},
        "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "mount"},
                       {"type": "network", "path": "/proc/77/ns/net"}],
        "devices": [{"path": "/dev/sda", "type": "b", "major": 8, "minor": 0},
                    {"path": "/dev/null", "type": "c", "major": 1, "minor": 3}],
        "resources": {
            "devices": [{"allow": False, "access": "rwm"},
                        {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
                        {"allow": True, "type": "b", "major": 8, "minor": 0, "access": "r"}],
            "memory": {"limit": 1000, "kernel": 5},
            "unified": {"memory.max": "1000", "pids.max": "0x10"}},
        "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                    "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}]},
        "maskedPaths": ["/proc/kcore", "/proc/mine"],
        "cgroupsPath": "/a",
    },
}
MASKED = ["/proc/acpi", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware",
          "/proc/kallsyms", "/proc/modules", "/sys/devices/virtual/powercap"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def entry(action, path):
    return {"action": action, "path": path, "mode": "enforce", "control": "x"}


def sound():
    """What hardrun could give for ASKED under `default`."""
    out = copy.deepcopy(ASKED)
    process, linux = out["process"], out["linux"]
    process["noNewPrivileges"] = True
    process["capabilities"]["bounding"] = ["CAP_CHOWN"]
    process["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 1048576, "soft": 10},
                          {"type": "RLIMIT_CORE", "hard": 0, "soft": 0}]
    process["oomScoreAdj"] = 0
    del process["scheduler"], out["annotations"]["run.oci.handler"], out["vm"]
    out["mounts"][1]["options"] += ["nosuid", "nodev", "noexec"]
    out["mounts"][2].update(source="/run/hardrun/stage/0/srv/real",
                            options=["rbind", "ro", "nosuid", "nodev"])
    linux["namespaces"] += [{"type": "uts"}, {"type": "cgroup"}]
    del linux["devices"][0], linux["resources"]["devices"][2], \
        linux["resources"]["memory"]["kernel"]
    linux["resources"]["pids"] = {"limit": 4096}
    linux["seccomp"]["flags"] = []
    linux["maskedPaths"] += MASKED
    linux["readonlyPaths"] = READONLY
    linux["rootfsPropagation"] = "rprivate"
    report = [entry("set", "process." + p) for p in (
        "noNewPrivileges", "capabilities.bounding", "rlimits[0].hard", "rlimits",
        "oomScoreAdj")]
    report += [entry("set", "mounts" + p) for p in ("[1].options", "[2].source", "[2].options")]
    report += [entry("set", "linux." + p) for p in (
        "namespaces", "resources.devices", "resources.pids.limit", "seccomp.flags",
        "maskedPaths", "readonlyPaths", "rootfsPropagation")]
    report += [entry("drop", p) for p in (
        "process.scheduler", 'annotations["run.oci.handler"]', "vm", "linux.devices[0]",
        "linux.resources.memory.kernel")]
    return {"profile": "default", "verdict": "accept", "message": "", "twice": True,
            "report": report, "out": out}


def at(path, value):
    """A planter: sets (or, for ..., removes) the member at a path of the result."""
    def plant(result):
        place = result
        for key in path[:-1]:
            place = place[key]
        if value is ...:
            del place[path[-1]]
        elif isinstance(path[-1], int) and path[-1] >= len(place):
            place.append(value)
        else:
            place[path[-1]] = value
    return plant


def out(text, value):
    keys = [int(k) if k.isdigit() else k for k in text.split("/")]
    return at(["out"] + keys, value)


CAPS, LINUX = "process/capabilities/", "linux/"
RES = LINUX + "resources/"
RULE = {"allow": True, "type": "b", "major": 8, "minor": 0, "access": "w"}
SYSCALLS = LINUX + "seccomp/syscalls/"
PLANTED = [
    ("a capability is added", "capabilities", out(CAPS + "bounding/9", "CAP_SYS_ADMIN")),
    ("a set is made", "capabilities", out(CAPS + "ambient", ["CAP_CHOWN"])),
    ("a namespace is gone", "namespaces", out(LINUX + "namespaces/0", ...)),
    ("an own namespace joins another", "namespaces",
     out(LINUX + "namespaces/0/path", "/proc/77/ns/pid")),
    ("another namespace is joined", "namespaces",
     out(LINUX + "namespaces/3/path", "/proc/1/ns/net")),
    ("an added namespace has a path", "namespaces",
     out(LINUX + "namespaces/4/path", "/proc/77/ns/uts")),
    ("noNewPrivileges is off", "privileges", out("process/noNewPrivileges", False)),
    ("noNewPrivileges is not set", "floor", out("process/noNewPrivileges", ...)),
    ("a mount is made rw", "mounts", out("mounts/1/options", ["rw", "size=1m", "nosuid",
                                                              "nodev", "noexec"])),
    ("the last word wins", "mounts", out("mounts/1/options/9", "rw")),
    ("nosuid is lost", "mounts", out("mounts/0/options/0", ...)),
    ("dev comes last", "mounts", out("mounts/0/options/9", "dev")),
    ("a mount's data word is changed", "mounts", out("mounts/1/options/1", "size=9m")),
    ("a mount becomes shared", "mounts", out("mounts/2/options/9", "shared")),
    ("a mount's type is changed", "mounts", out("mounts/1/type", "bpf")),
    ("a mount's destination is changed", "mounts", out("mounts/1/destination", "/var")),
    ("another host path is mounted", "mounts", out("mounts/2/source", "/srv/other")),
    ("another host path is staged", "mounts",
     out("mounts/2/source", "/run/hardrun/stage/0/srv/other")),
    ("staged under another number", "mounts",
     out("mounts/2/source", "/run/hardrun/stage/1/srv/real")),
    ("a mount is gone", "mounts", out("mounts/2", ...)),
    ("a bind is added", "mounts", out("mounts/9", {
        "destination": "/x", "source": "/etc", "type": "bind", "options": ["rbind"]})),
    ("a tmpfs with suid is added", "mounts", out("mounts/9", {
        "destination": "/run", "source": "tmpfs", "type": "tmpfs", "options": ["nodev"]})),
    ("the root's propagation is shared", "mounts", out(LINUX + "rootfsPropagation", "shared")),
    ("a masked path is gone", "paths", out(LINUX + "maskedPaths/1", ...)),
    ("a device is added", "devices", out(LINUX + "devices/9", {
        "path": "/dev/kvm", "type": "c", "major": 10, "minor": 232})),
    ("a device's number is changed", "devices", out(LINUX + "devices/0/minor", 1)),
    ("a device rule is added", "device-rules", out(RES + "devices/9", RULE)),
    ("deny-all is gone and all allowed", "device-rules", out(RES + "devices/0/allow", True)),
    ("a rule's number is left out", "device-rules", out(RES + "devices/1/minor", ...)),
    ("the memory limit is raised", "limits", out(RES + "memory/limit", 1001)),
    ("the memory limit is taken away", "limits", out(RES + "memory/limit", -1)),
    ("a unified limit is raised", "limits", out(RES + "unified/memory.max", "max")),
    ("a unified limit in hexadecimal is raised", "limits",
     lambda result: result["out"]["linux"]["resources"]["unified"].update({"pids.max": "4096"})),
    ("a unified key is gone", "limits", out(RES + "unified/memory.max", ...)),
    ("the OOM killer is turned off", "limits", out(RES + "memory/disableOOMKiller", True)),
    ("a sysctl is added", "sysctls", out(LINUX + "sysctl/kernel.core_pattern", "|/x")),
    ("a sysctl's value is changed", "sysctls", out(LINUX + "sysctl/net.ipv4.tcp_syncookies",
                                                   "0")),
    ("a limit is raised", "rlimits", out("process/rlimits/0/soft", 11)),
    ("a limit is gone", "rlimits", out("process/rlimits", [])),
    ("a limit is added", "rlimits", out("process/rlimits/9", {
        "type": "RLIMIT_MEMLOCK", "hard": 1, "soft": 1})),
    ("the score is lowered", "oom", out("process/oomScoreAdj", -6)),
    ("the umask is weaker", "user", out("process/user/umask", 2)),
    ("the uid is changed", "unchanged", out("process/user/uid", 0)),
    ("a group is added", "unchanged", out("process/user/additionalGids/9", 6)),
    ("a group is gone", "unchanged", out("process/user/additionalGids", [])),
    ("a hook is added", "hooks", out("hooks", {"prestart": [{"path": "/bin/sh"}]})),
    ("an annotation is added", "annotations", out("annotations/run.oci.x", "1")),
    ("an annotation is changed", "annotations", out("annotations/a", "c")),
    ("seccomp is gone", "seccomp", out(LINUX + "seccomp", ...)),
    ("a flag of seccomp appears", "seccomp", out(LINUX + "seccomp/flags", [recorded.FLAG])),
    ("the flag for the log is missing", "seccomp", at(["profile"], "logged")),
    ("learning is not told", "told", at(["profile"], "learning")),
    ("a listener of ours is kept", "floor", out(LINUX + "seccomp/listenerPath",
                                                "/run/hardrun/learn/x")),
    ("seccomp allows by default", "seccomp", out(LINUX + "seccomp/defaultAction",
                                                 "SCMP_ACT_ALLOW")),
    ("seccomp allows one more call", "seccomp", out(SYSCALLS + "0/names/9", "mount")),
    ("a scheduler is changed, not removed", "scheduling",
     out("process/scheduler", {"policy": "SCHED_RR"})),
    ("a personality is added", "extras", out(LINUX + "personality", {"domain": "LINUX32"})),
    ("another platform's object is changed", "platform", out("vm", {"kernel": {"path": "/x"}})),
    ("the root becomes writable", "root", out("root/readonly", False)),
    ("the root is another", "unchanged", out("root/path", "/")),
    ("the host name is changed", "unchanged", out("hostname", "x")),
    ("an argument is changed", "unchanged", out("process/args/0", "bash")),
    ("the environment is changed", "unchanged", out("process/env/9", "LD_PRELOAD=x")),
    ("the directory is changed", "unchanged", out("process/cwd", "/proc/self/fd/7")),
    ("the terminal is changed", "unchanged", out("process/terminal", False)),
    ("a number is a truth", "unchanged", out("process/consoleSize/height", True)),
    ("the console is changed", "unchanged", out("process/consoleSize", ...)),
    ("the cgroup is changed", "unchanged", out(LINUX + "cgroupsPath", "/..")),
    ("a network device is added", "unchanged", out(LINUX + "netDevices", {"eth0": {}})),
    ("an unknown field is added", "unchanged", out(LINUX + "newField", 1)),
    ("a change is not reported", "reported", at(["report", 0], ...)),
    ("a mount's change is not reported", "reported", at(["report", 5], ...)),
    ("a dropped annotation is not reported", "reported", at(["report", 16], ...)),
    ("a report tells of no change", "truthful", at(["report", 99], entry("set", "root.path"))),
    ("accepted in spite of a refusal", "told", at(["report", 99], entry("refuse", "root.path"))),
    ("decided again it changes", "stable", at(["twice"], False)),
    ("a value of the environment is shown", "secret", at(["report", 0, "from"], "PlantedValue")),
    ("a host's namespace", "floor", None),
    ("an unknown field is accepted", "known", None),
    ("a field that is there twice is accepted", "known", None),
    ("a refusal names nothing", "told", None),
    ("an exec gets another label", "labels", None),
]


def plant(evaluation, name, planter):
    """The properties that are found broken once this is planted."""
    call, asked, result = CALL, copy.deepcopy(ASKED), sound()
    text = None
    if planter:
        planter(result)
    elif name == "a host's namespace":
        asked["linux"]["namespaces"][3]["path"] = "/proc/1/ns/net"
        out(LINUX + "namespaces/3/path", "/proc/1/ns/net")(result)
    elif name == "an unknown field is accepted":
        asked["process"]["newField"] = 1
        out("process/newField", 1)(result)
    elif name == "a field that is there twice is accepted":
        text = json.dumps(asked).replace('"hostname"', '"hostname": "x", "hostname"')
    elif name == "a refusal names nothing":
        result.update(verdict="refuse", message="no", out=None,
                      report=[entry("refuse", "root.path")])
    elif name == "an exec gets another label":
        call = {"line": "exec", "container": 0}
        asked, result["out"] = ASKED["process"], result["out"]["process"]
        result["out"]["apparmorProfile"] = "unconfined"
    return found_by(evaluation, call, text or json.dumps(asked), result)


def found_by(evaluation, call, text, result):
    fields = ["create " + p for p in paths(ASKED, "")]
    done = evaluation({"facts": FACTS, "containers": [ASKED], "fields": fields})
    given = done.input(json.dumps(call).encode() + b"\t" + text.encode() + b"\n")
    done.result(given, json.dumps(result, separators=(",", ":")).encode())
    return {name for (_, name), bad in done.failures.items() if bad.count}


def paths(value, path):
    """The fields of a document, as decide --fields writes them."""
    if isinstance(value, dict):
        for key, child in value.items():
            if path in ("annotations", "linux.sysctl", "linux.resources.unified"):
                yield path + "{}"
                continue
            below = f"{path}.{key}" if path else key
            yield below
            yield from paths(child, below)
    elif isinstance(value, list):
        yield path + "[]"
        for child in value:
            yield from paths(child, path + "[]")


def run(tap, evaluation):
    found = found_by(evaluation, CALL, json.dumps(ASKED), sound())
    tap(not found, "nothing is found where nothing is wrong", *sorted(found))
    for name, wanted, planter in PLANTED:
        found = plant(evaluation, name, planter)
        tap(wanted in found, f"{wanted}: {name}", "found: " + " ".join(sorted(found)))
    userns_selftest.run(tap)
    images_selftest.run(tap)
    return tap.done()
