# SPDX-License-Identifier: Apache-2.0
"""Mounts of mapped pods: an image of sixty layers; mounts that propagate, as systemd leaves them,
and who watches them."""

import contextlib
import os
import subprocess

from node import lines, within
from userns import base_of, each, gone, guarded, host_fs, owner, pid_of, policy, shared_mounts

LAST = "cd /layers; ls | wc -l; cat last 10 68; stat -c %u:%g 11 last; echo x >>11; echo done"


def layers(node, handler, name):
    """Options of such a mount are longer than the kernel's page: the engine's paths are relative."""
    kept, node.image = node.image, node.image + "-60"
    with node.pod("layers", handler=handler) as pod:
        container = pod.start("c")
        if os.environ["CONTAINERD_SNAPSHOTTER"] == "overlayfs":
            said = subprocess.run(["ctr", "-n", "k8s.io", "snapshots", "mounts", "/x", container], check=True,
                                  capture_output=True, text=True).stdout
            node.same(said.count(":") + 1, 60, f"{name}: an image of sixty layers")
        node.same(node.shell(container, LAST),
                  "59\n68\ncat: can't open '10': No such file or directory\n68\n11:11\n68:68\ndone",
                  f"{name}: sixty layers: all of them are there, in their order, with their owners")
        node.same(owner(host_fs(node, container) + "/layers/11"), (11, 11),
                  f"{name}: sixty layers: what is written is unshifted")
        node.same(base_of(pid_of(node, container)), base_of(pid_of(node, pod)),
                  f"{name}: sixty layers: mapped")
        node.stop(container)
    node.image = kept
    gone(node, f"{name}: sixty layers", handler)


@contextlib.contextmanager
def propagating():
    """The root and all below is shared, and a bystander has a copy that follows."""
    subprocess.run(["mount", "--make-rshared", "/"], check=True)
    watcher = subprocess.Popen(["unshare", "-m", "--propagation", "slave", "sleep", "1000"])
    try:
        within(5, lambda: lines(f"/proc/{watcher.pid}/comm") == ["sleep"])
        yield f"/proc/{watcher.pid}/mountinfo"
    finally:
        watcher.kill()
        watcher.wait()
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        shared_mounts()


def shared(node, handler, name):
    """Nothing that is staged is ever seen by others; what the engine mounts is seen and goes."""
    with propagating() as watched:
        before, own = len(lines(watched)), len(lines("/proc/self/mountinfo"))
        with node.pod("shared", handler=handler) as pod:
            container = pod.start("c")
            node.same(base_of(pid_of(node, container)), base_of(pid_of(node, pod)),
                      f"{name}: under a shared root: mapped")
            node.same(node.shell(container, "stat -c %u /own/33; touch /all/x && echo done"), "33\ndone",
                      f"{name}: under a shared root: works")
            node.same([line for path in (watched,
                                         "/proc/self/mountinfo") for line in lines(path) if "hardrun/stage/" in line], [],
                      f"{name}: under a shared root: nobody sees what is staged")
            node.same(len([line for line in lines(watched) if f"/{container}/rootfs " in line]), 1,
                      f"{name}: under a shared root: others see the root file system, once")
        node.same((within(5, lambda: len(lines(watched)) == before), len(lines("/proc/self/mountinfo"))),
                  (True, own),
                  f"{name}: under a shared root: nothing is left, with us or with others")
    gone(node, f"{name}: under a shared root", handler)


def run(node):
    """On each runtime."""
    def both(handler, name):
        for work in layers, shared:
            guarded(node, f"{name}: {work.__name__}", work, node, handler, name)

    policy(node)
    each(node, "layers", both)
    node.policy()
