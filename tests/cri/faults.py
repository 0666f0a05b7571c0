# SPDX-License-Identifier: Apache-2.0
"""While a pod runs, hardrun loses its policy, records, links, log or the room for them: exec,
stop and remove go on, a create that must be refused says why, and can be removed."""

import contextlib
import os
import shutil
import subprocess

from client import Refused
from contexts import HARDENED

LOG, STATE, POLICY = "/var/log/hardrun", "/run/hardrun", "/etc/hardrun"


def gone(*paths):
    """A loss: these are removed."""
    @contextlib.contextmanager
    def loss(_):
        for path in paths:
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        yield
    return loss


@contextlib.contextmanager
def broken(node):
    """A policy that is no JSON."""
    node.policy('{"version": 1, "rules": [')
    yield


@contextlib.contextmanager
def records_broken(node):
    """Records that are no JSON."""
    for name in os.listdir(STATE + "/records"):
        with open(f"{STATE}/records/{name}", "w", encoding="utf-8") as file:
            file.write('{"id":')
    yield


def full(path):
    """A loss: not a byte of room is left in the directory."""
    @contextlib.contextmanager
    def loss(node):
        copy = node.work + "/copy"
        shutil.copytree(path, copy)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "hr-cri", path], check=True)
        shutil.copytree(copy, path, dirs_exist_ok=True)
        shutil.rmtree(copy)
        with open(path + "/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4096)
        try:
            yield
        finally:
            subprocess.run(["umount", path], check=True)
    return loss


WORKS = None
# NAME, loss, what a new create says (or that it works), whether exec works.
LOSSES = (
    ("nothing is lost", gone(), WORKS, True),
    ("policy.json is broken", broken, r"/etc/hardrun/policy\.json:\d+:\d+: ", True),
    ("policy.json is gone", gone(POLICY + "/policy.json"), r"/etc/hardrun/policy\.json.*; ", True),
    ("/etc/hardrun is gone", gone(POLICY), WORKS, True),
    ("/run/hardrun is gone", gone(STATE), WORKS, True),
    ("the records are broken", records_broken, WORKS, False),
    ("/var/log/hardrun is gone", gone(LOG), WORKS, True),
    ("all three are gone", gone(POLICY, STATE, LOG), WORKS, True),
    ("no room in /var/log/hardrun", full(LOG), WORKS, True),
    ("no room in /run/hardrun", full(STATE), r"record.*No space left on device", True),
)


def tried(call, *arguments):
    """'' or what went wrong."""
    try:
        call(*arguments)
        return ""
    except Refused as error:
        return str(error) or "failed"


def suffer(node, name, loss, wanted, executes, handler="hardrun"):
    """One loss, with two containers in a pod, of which one is stopped alone."""
    node.policy({"version": 1, "rules": [{"when": {"handler": "hardrun-restricted"}, "use": "default"}]},
                ["hardrun", "hardrun-restricted"])
    os.makedirs(LOG, exist_ok=True)
    pod = node.pod("suffers", handler=handler).run()
    first, second = pod.start("first"), pod.start("second", ["sleep", "4711"])
    with loss(node):
        if executes:
            node.same(node.inside(first), HARDENED, f"{name}: exec")
        else:
            said = tried(node.inside, first)
            node.like(said, "^failed to exec.*hardrun: ", f"{name}: exec says why")
        said = tried(node.cri.UpdateContainerResources, {
            "container_id": first, "linux": {"cpu_shares": 512, "memory_limit_in_bytes": 64 << 20}})
        if executes:
            node.same(said, "", f"{name}: update")
        else:
            node.like(said, "hardrun: .*; create the container anew", f"{name}: update says why")
        said = tried(node.cri.ContainerStats, {"container_id": first})
        node.same(said, "", f"{name}: statistics")
        container = pod.create("third")
        said = tried(node.cri.StartContainer, {"container_id": container})
        if wanted is WORKS:
            node.same(said, "", f"{name}: another container starts")
            node.same(node.inside(container), HARDENED, f"{name}: and is hardened")
        else:
            node.like(said, "hardrun: .*" + wanted, f"{name}: another container is refused")
        node.same(tried(node.stop, container), "", f"{name}: that one is stopped and removed")
        node.same([line for line in node.traces(container) if line != "record"], [],
                  f"{name}: nothing is left of it")
        node.same(tried(node.stop, first, 1), "", f"{name}: a container is stopped and removed")
        node.same([line for line in node.traces(first) if line != "record"], [], f"{name}: and is gone")
        node.same(node.status(second)["state"], "CONTAINER_RUNNING", f"{name}: the other one runs on")
        if wanted is not WORKS:
            said = tried(node.pod("another", handler=handler).run)
            node.like(said, "hardrun: .*" + wanted, f"{name}: another pod is refused")
        node.same(tried(pod.remove), "", f"{name}: the pod is stopped and removed")
        for left in node.cri.ListPodSandbox()["items"]:
            node.cri.RemovePodSandbox({"pod_sandbox_id": left["id"]})
        for path in node.cgroups(node.cgroup):
            if "/pod" in path:
                with contextlib.suppress(OSError):
                    os.rmdir(path)
        node.clean(name)


def links(node):
    """The handler's link: without it no create and no exec, but an end."""
    handler = "hardrun-restricted"
    node.policy({"version": 1, "rules": [{"when": {"handler": handler}, "use": "default"}]}, [handler])
    pod = node.pod("links", handler=handler).run()
    container = pod.start("c")
    os.unlink(f"{POLICY}/runtimes/{handler}")
    node.like(tried(node.exec, container, "true"), "make it with: ln -s ", "the link is gone: exec says so")
    node.like(tried(pod.start, "another"), "make it with: ln -s ", "the link is gone: create says so")
    node.same(tried(node.stop, container), "", "the link is gone: a container is stopped and removed")
    node.same(tried(pod.remove), "", "the link is gone: the pod is stopped and removed")
    node.clean("the link is gone")


def run(node):
    """All of them."""
    for case in LOSSES:
        suffer(node, *case)
    links(node)
    node.policy()
