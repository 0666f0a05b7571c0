# SPDX-License-Identifier: Apache-2.0
"""What cannot be mapped: with auto it runs as before and the audit log says why, with require it is
refused, the message reaches CRI's client, and the pod can be removed. And pre_join."""

import contextlib
import os

from client import Refused
from contexts import context
from node import within
from userns import (OLD, base_of, findings, gone, guarded, mapping, pid_of, policy, refused, runtimes, user,
                    volume)

OLDER = r"linux\.namespaces\[\d+\]\.path.*runc before 1\.3.*rule userns\.map.*crun"


def warned(node, container, pattern, name):
    """Case: it is not mapped, and the audit log has the reason as a warning."""
    node.same(base_of(pid_of(node, container)), None, f"{name}: runs with the host's ids")
    said = [entry for entry in findings(node, container if isinstance(container, str) else container.id)
            if entry["action"] == "warn"]
    node.like(str(said), pattern, f"{name}: the audit log says why")


def old_runc(node):
    """A runtime that cannot enter the namespaces again."""
    policy(node, "auto")
    with node.pod("old", handler=OLD) as pod:
        container = pod.start("c")
        warned(node, pod, r"runc before 1\.3", "runc before 1.3, auto: the sandbox")
        node.same(base_of(pid_of(node, container)), None, "runc before 1.3, auto: a container")
        node.same(node.exec(container, "id", "-u"), (0, "0\n", ""), "runc before 1.3, auto: exec")
        policy(node, "require")
        made = pod.create("late")
        refused(node, lambda: node.cri.StartContainer({"container_id": made}),
                "a pod whose sandbox was made without, then require", r".*sandbox was started without")
        node.same(node.status(made)["state"], "CONTAINER_EXITED", "then require: ContainerStatus")
        node.stop(made)
        node.same(node.exec(container, "id", "-u")[0], 0, "then require: what runs runs on")
    refused(node, lambda: node.pod("old", handler=OLD).run(), "runc before 1.3, require: the sandbox", OLDER)
    gone(node, "runc before 1.3, require")


def late(node):
    """A runtime that can, a sandbox that was started before the policy asked for it."""
    handler = mapping(node)
    if not handler:
        return
    policy(node, "off")
    with node.pod("late", handler=handler) as pod:
        container = pod.start("c")
        node.same((base_of(pid_of(node, pod)), findings(node, pod.id)), (None, []),
                  "off: not mapped, and nothing is said")
        policy(node, "auto")
        warned(node, pod.start("auto"), "sandbox was started without", "off, then auto: a container")
        policy(node, "require")
        made = pod.create("require")
        refused(node, lambda: node.cri.StartContainer({"container_id": made}),
                "off, then require: a container",
                r"linux\.namespaces.*sandbox was started without.*delete the pod.*rule userns\.map")
        node.stop(made)
        node.same(node.exec(container, "id", "-u")[0], 0, "off, then require: exec in what runs")
    with node.pod("late", handler=handler) as pod:
        node.same(base_of(pid_of(node, pod.start("c"))), base_of(pid_of(node, pod)),
                  "off, then require: the pod is made anew")
        node.say(base_of(pid_of(node, pod)), "off, then require: and mapped")
    gone(node, "off, then require", handler)


def pre_join(node):
    """The same runtime, where the policy takes the danger."""
    policy(node, "require", {"userns": {"map": "require", "pre_join": True}})
    with node.pod("joined", handler=OLD) as pod:
        one, two = pod.start("one"), pod.start("two", ["sh", "-c", "echo out >/dev/stdout; sleep 1000"],
                                               **user(1000))
        pids = [pid_of(node, what) for what in (pod, one, two)]
        node.same(len({base_of(pid) for pid in pids}), 1, "pre_join: all of the pod have one range")
        node.say(base_of(pids[0]), "pre_join: which is mapped")
        node.same(len({os.readlink(f"/proc/{pid}/ns/net") for pid in pids}), 1,
                  "pre_join: one network namespace")
        for container in one, two:
            said = "ls /sys/class/net; readlink /proc/self/ns/net; readlink /proc/self/ns/user"
            wanted = ["eth0", "lo"] + [os.readlink(f"/proc/{pids[1]}/ns/{kind}") for kind in ("net", "user")]
            node.same(node.shell(container, said).split(), wanted,
                      "pre_join: exec is in the pod's network and user namespace")
        node.same(within(5, lambda: pod.log("two")), "out", "pre_join: the log")
        node.stop(one)
    gone(node, "pre_join", OLD)


def host_namespaces(node):
    """hostNetwork, hostPID, hostIPC: the namespace `hosts` may have them."""
    handler = mapping(node)
    if not handler:
        return
    for kind in ("network", "pid", "ipc"):
        asked = context(namespace_options={kind: "NODE"})
        policy(node, "auto")
        try:
            with node.pod("host", handler=handler, namespace="hosts", **asked) as pod:
                container = pod.start("c", **asked)
                warned(node, pod, f"share the host's {kind}|the host's own {kind}",
                       f"host {kind}, auto: the sandbox")
                warned(node, container, kind + "|sandbox", f"host {kind}, auto: a container")
                node.same(node.exec(container, "id", "-u"), (0, "0\n", ""), f"host {kind}, auto: exec")
        except Refused as error:
            node.say(False, f"host {kind}, auto: runs", error)
        policy(node, "require")
        refused(node, lambda a=asked: node.pod("host", handler=handler, namespace="hosts", **a).run(),
                f"host {kind}, require", rf"linux\.namespaces.*the host's (own )?{kind}.*rule userns\.map")
    gone(node, "host namespaces", handler)


def ids(node):
    """What a container has not."""
    handler = mapping(node)
    if not handler:
        return
    policy(node, "require")
    with node.pod("ids", handler=handler) as pod:
        for name, more, field in (("a user", user(70000, 0), r"process\.user\.uid"),
                                  ("a group", user(0, 70000), r"process\.user\.gid"),
                                  ("one more group", user(0, 0, supplemental_groups=[70000]),
                                   r"process\.user\.additionalGids\[\d\]")):
            container = pod.create("c", **more)
            refused(node, lambda c=container: node.cri.StartContainer({"container_id": c}),
                    f"{name} above 65535",
                    field + r".*rule userns\.map")
            node.stop(container)
        propagated(node, pod)
    gone(node, "ids", handler)


def propagated(node, pod):
    """A volume into which the host mounts later."""
    _, entry = volume(pod, "csi", "slave")
    container = pod.create("slave", mounts=[{**entry, "propagation": "PROPAGATION_HOST_TO_CONTAINER"}])
    with contextlib.suppress(Refused):
        node.cri.StartContainer({"container_id": container})
    node.same(node.status(container)["state"], "CONTAINER_EXITED", "a volume with propagation: is refused")
    node.like(node.status(container)["message"], r"mounts\[\d+\]", "a volume with propagation: by name")
    node.stop(container)


def machines(node):
    """Ranges that are missing or wrong."""
    handler = mapping(node)
    if not handler:
        return
    kept = {path: open(path, encoding="utf-8").read() for path in ("/etc/subuid", "/etc/subgid")}
    for name, text, pattern in (
            ("no range", "", "/etc/subuid.*/etc/subgid|/etc/sub[ug]id"),
            ("a range that is another's, too", kept["/etc/subuid"] + "other:1879113728:65536\n",
             "/etc/sub[ug]id.*other"),
            ("a range that is not aligned", "hardrun:1879048193:65536\n", "/etc/sub[ug]id.*65536"),
            ("two ranges", kept["/etc/subuid"] + "hardrun:100000:65536\n", "/etc/sub[ug]id")):
        for path in kept:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        policy(node, "require")
        refused(node, lambda: node.pod("wrong", handler=handler).run(), name,
                r"linux\.namespaces.*" + pattern)
        policy(node, "auto")
        with node.pod("wrong", handler=handler) as pod:
            warned(node, pod, pattern, f"{name}, auto: the sandbox")
            warned(node, pod.start("c"), ".", f"{name}, auto: a container")
    for path, text in kept.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write("hardrun:1879048192:65536\n")
    policy(node, "require")
    with node.pod("only", handler=handler) as pod:
        node.same(base_of(pid_of(node, pod)), 1879048192, "a range for one pod: it is had")
        refused(node, lambda: node.pod("another", handler=handler).run(),
                "a range for one pod, and a second pod", r"linux\.namespaces.*\b1\b")
        node.same(base_of(pid_of(node, pod.start("c"))), 1879048192,
                  "a range for one pod: its own containers are not in the way")
    with node.pod("another", handler=handler) as pod:
        node.same(base_of(pid_of(node, pod)), 1879048192, "a range for one pod: is free again")
    for path, text in kept.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    gone(node, "ranges", handler)


def run(node):
    """All of it."""
    for work in (old_runc, pre_join) if OLD in runtimes else ():
        guarded(node, work.__name__, work, node)
    for work in late, host_namespaces, ids, machines:
        guarded(node, work.__name__, work, node)
    node.policy()
