# SPDX-License-Identifier: Apache-2.0
"""What the parts userns_* share: policies that ask for user namespaces, what a container got as
the kernel says it, and what may not be left of it (tests/e2e/userns_setup.sh has the other half)."""

import glob
import json
import os
import shutil
import re
import subprocess
import traceback

from client import Refused
from node import TRAPS, lines, within

FIRST, COUNT, SIZE = 1879048192, 268304384, 65536  # as userns_setup.sh has written them
RANGES = "/run/hardrun/ranges"
KUBELET = "/var/lib/kubelet/pods"
HANDLERS = ("hardrun-crun", "hardrun-runc13")  # those whose runtime can
OLD = "hardrun-runc"  # and the one of Debian, which is older than 1.3

TMPFS = tuple(int(word) for word in os.uname().release.split(".")[:2]) >= (6, 3)  # can be idmapped

runtimes = json.loads(os.environ.get("HR_CRI_RUNTIMES", "{}"))
missing = json.loads(os.environ.get("HR_CRI_MISSING", "{}"))


def policy(node, rule="require", more=None, **profiles):
    """Every pod of the handlers above has that profile: auto, require or off, with `more` merged
    in; in the namespace `hosts` it may use the host's namespaces; others by name."""
    node.image = os.environ["HR_CRI_USERNS_IMAGE"]
    allowed = {"namespaces": {"allow_host": ["network", "pid", "ipc"]},
               "mounts": {"host_paths": [{"path": "/dev/shm", "read_only": False}]}}
    used = {"extends": "default", "userns": {"map": rule}, **(more or {})}
    node.policy({
        "version": 1,
        "profiles": {"used": used, "hosts": {**used, **allowed},
                     "hosts-sandbox": {"extends": "sandbox", **allowed}, **profiles},
        "rules": [{"when": {"namespace": "hosts", "sandbox": True}, "use": "hosts-sandbox"},
                  {"when": {"namespace": "hosts"}, "use": "hosts"},
                  *({"when": {"namespace": name}, "use": name} for name in profiles),
                  {"when": {"handler": [*HANDLERS, OLD]}, "use": "used"}]})
    for handler, path in runtimes.items():
        os.symlink(path, f"/etc/hardrun/runtimes/{handler}")


def mapping(node):
    """A handler whose runtime can do it, or None."""
    return next((handler for handler in HANDLERS if handler in runtimes), None) or node.skip(
        "a runtime that can", "; ".join(missing.values()))


def each(node, what, work):
    """Calls work(handler, name) for each runtime that can; the others are skips."""
    for handler in HANDLERS:
        name = handler.partition("-")[2]
        if handler in runtimes:
            guarded(node, f"{name}: {what}", work, handler, name)
        else:
            node.skip(f"{name}: {what}", missing[handler])


def guarded(node, name, work, *arguments):
    """What goes wrong in one ends this one alone."""
    try:
        work(*arguments)
    except Exception:  # pylint: disable=broad-except
        node.say(False, f"{name}: goes to its end", traceback.format_exc())


def pid_of(node, pod_or_container):
    """Of its first process."""
    if hasattr(pod_or_container, "config"):
        answer = node.cri.PodSandboxStatus({"pod_sandbox_id": pod_or_container.id, "verbose": True})
        return json.loads(answer["info"]["info"])["pid"]
    return node.info(pod_or_container)["pid"]


def id_map(pid, kind="uid"):
    """The lines of its map, each a list of numbers."""
    return [[int(word) for word in line.split()] for line in lines(f"/proc/{pid}/{kind}_map")]


def inode(pid, kind="user"):
    """Which namespace it is in."""
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def base_of(pid):
    """The id that is its 0; None for a process that is not mapped as hardrun does it."""
    maps = id_map(pid)
    if maps != id_map(pid, "gid") or len(maps) != 1 or maps[0][::2] != [0, SIZE]:
        return None
    base = maps[0][1]
    good = FIRST <= base < FIRST + COUNT and base % SIZE == 0
    return base if good and inode(pid) != os.readlink("/proc/self/ns/user") else None


def shared_mounts():
    """As on a node, where pods may ask for propagation."""
    for path in "/srv", "/var/lib/kubelet":
        subprocess.run(["mount", "--make-rshared", path], check=True)


def ranges():
    """The first ids of those that are in use, as the files say."""
    return sorted(int(os.path.basename(path)[:-5]) for path in glob.glob(RANGES + "/*.json"))


def host_fs(node, container):
    """The writable layer of a container, as it is on disk."""
    said = subprocess.run(
        ["ctr", "-n", "k8s.io", "snapshots", "--snapshotter", os.environ["CONTAINERD_SNAPSHOTTER"],
         "mounts", "/x", container], check=True, capture_output=True, text=True).stdout
    for word in said.replace(",", " ").split():
        if word.startswith("upperdir="):
            return word.partition("=")[2]
    node.same(said.split()[:3], ["mount", "-t", "bind"], "a snapshot without an overlay is a bind mount")
    return said.split()[3]


def owner(path):
    """Of a file, without following links."""
    status = os.lstat(path)
    return status.st_uid, status.st_gid


def findings(node, container):
    """What the audit log says of the control userns: action, path and words of each entry."""
    said = node.audit(container)
    return [entry for entry in (said[-1]["report"] if said else [])
            if entry.get("rule", "").startswith("userns") or entry.get("control") == "userns"]


def everywhere(word):
    """Mounts whose line has that word, in every mount namespace of this test."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/mountinfo"):
        found.update(line for line in lines(path) if word in line)
    return sorted(found)


def gone(node, name, handler=None):
    """Case: nothing is left of what was removed; its range is free again at the next create."""
    shutil.rmtree("/sys/fs/cgroup/unified" + node.cgroup, ignore_errors=True)  # crun's, no cgroup

    def left():  # newer ones of crun keep a cache beside the states
        return [line for line in node.left() if not line.endswith("/.cache")]
    node.say(within(10, lambda: not left()), name + ": nothing is left", "\n".join(left()))
    node.same(everywhere("/run/hardrun/stage"), [], f"{name}: no staged mount is left anywhere")
    if not handler:
        return
    with node.pod("sweeper", handler=handler) as pod:
        node.same(ranges(), [base_of(pid_of(node, pod))],
                  f"{name}: after the next create its range is the only one")
    shutil.rmtree("/sys/fs/cgroup/unified" + node.cgroup, ignore_errors=True)


def refused(node, call, name, pattern):
    """Case: refused, in words that a person can act on and that reach the client."""
    try:
        call()
    except Refused as error:
        node.like(str(error), "hardrun: refused by userns: " + pattern, f"{name}: is refused")
        node.say(not re.search(TRAPS, str(error)),
                 f"{name}: no engine takes it for something else", error)
        return True
    node.say(False, f"{name}: is refused", "it runs")
    return False


def volume(pod, kind, name, mount="/vol", **more):
    """A directory that the kubelet would have made for this pod, and how it is mounted."""
    path = f"{KUBELET}/{pod.uid}/volumes/kubernetes.io~{kind}/{name}"
    os.makedirs(path, exist_ok=True)
    return path, {"host_path": path, "container_path": mount, **more}


def forget():
    """The volumes of all pods."""
    for path in glob.glob(KUBELET + "/*/volumes/*/*") + glob.glob(KUBELET + "/*/volume-subpaths/*/*/*"):
        subprocess.run(["umount", path], check=False, capture_output=True)
    shutil.rmtree(KUBELET, ignore_errors=True)


def shouted(node, pod, name, text):
    """Case: the log of a container holds that text."""
    node.same(within(5, lambda: pod.log(name) == text) and text or pod.log(name), text, f"{name}: its log")


def user(uid, gid=None, **more):
    """A security context of that user."""
    return {"linux": {"security_context": {
        "run_as_user": {"value": uid}, "run_as_group": {"value": uid if gid is None else gid}, **more}}}

