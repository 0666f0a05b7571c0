# SPDX-License-Identifier: Apache-2.0
"""Many mapped pods: ten after another, eight at once; an image of sixty layers; mounts that
propagate, as systemd leaves them, and who watches them."""

import contextlib
import os
import subprocess
import threading

from client import Cri, Refused
from node import lines, within
from userns import HANDLERS, SIZE, base_of, gone, host_fs, mapping, missing, owner, pid_of, policy, ranges, runtimes

LAST = "cd /layers; ls | wc -l; cat last 10 68; stat -c %u:%g 11 last; echo x >>11; echo done"


def cycles(node, handler, name):
    """Ten pods, each with another range."""
    bases = []
    for _ in range(10):
        with node.pod("cycle", handler=handler) as pod:
            container = pod.start("c", ["sh", "-c", "id -u >/dev/stdout; sleep 1000"])
            bases.append(base_of(pid_of(node, container)))
            within(5, lambda pod=pod: pod.log("c"))
            if pod.log("c") != "0" or node.exec(container, "id", "-u")[1] != "0\n":
                node.say(False, f"{name}: a cycle", pod.log("c"))
    node.say(None not in bases and len(set(bases)) == 10, f"{name}: ten cycles, each with another range", bases)
    gone(node, f"{name}: ten cycles", handler)


def at_once(node, handler, name):
    """Eight pods, started and ended side by side."""
    pods = [node.pod(f"many{number}", handler=handler) for number in range(8)]
    said = [None] * 8

    def one(number):
        pod = pods[number]
        try:
            pod.run()
            said[number] = pod.start("c")
        except Refused as error:
            said[number] = error

    def each(work, arguments):
        threads = [threading.Thread(target=work, args=(argument,)) for argument in arguments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    each(one, range(8))
    good = node.say(not [words for words in said if not isinstance(words, str)], f"{name}: eight pods at once start", said)
    if good:
        bases = [(base_of(pid_of(node, pod)), base_of(pid_of(node, container))) for pod, container in zip(pods, said)]
        node.say(len({base for pair in bases for base in pair} - {None}) == 8 and all(a == b for a, b in bases),
                 f"{name}: each with a range of its own", bases)
        node.same(ranges(), sorted(base for base, _ in bases), f"{name}: the eight are in use")
        node.same([node.exec(container, "id", "-u")[1] for container in said], ["0\n"] * 8, f"{name}: exec in each")

    def end(pod):
        with contextlib.suppress(Refused):
            pod.remove()
    each(end, pods)
    gone(node, f"{name}: eight at once", handler)


def layers(node, handler, name):
    """Options of such a mount are longer than the kernel's page: the engine's paths are relative."""
    kept, node.image = node.image, node.image + "-60"
    with node.pod("layers", handler=handler) as pod:
        container = pod.start("c")
        if os.environ["CONTAINERD_SNAPSHOTTER"] == "overlayfs":
            said = subprocess.run(["ctr", "-n", "k8s.io", "snapshots", "mounts", "/x", container], check=True,
                                  capture_output=True, text=True).stdout
            node.same(said.count(":") + 1, 60, f"{name}: an image of sixty layers")
        node.same(node.shell(container, LAST), "59\n68\ncat: can't open '10': No such file or directory\n68\n11:11\n68:68\ndone",
                  f"{name}: sixty layers: all of them are there, in their order, with their owners")
        node.same(owner(host_fs(node, container) + "/layers/11"), (11, 11), f"{name}: sixty layers: what is written is unshifted")
        node.same(base_of(pid_of(node, container)), base_of(pid_of(node, pod)), f"{name}: sixty layers: mapped")
        node.stop(container)
    node.image = kept
    gone(node, f"{name}: sixty layers", handler)


@contextlib.contextmanager
def propagating(node):
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
        subprocess.run(["mount", "--make-rshared", "/srv"], check=True)
    assert node


def shared(node, handler, name):
    """Nothing that is staged is ever seen by others; what the engine mounts is seen and goes."""
    with propagating(node) as watched:
        before, own = len(lines(watched)), len(lines("/proc/self/mountinfo"))
        with node.pod("shared", handler=handler) as pod:
            container = pod.start("c")
            node.same(base_of(pid_of(node, container)), base_of(pid_of(node, pod)), f"{name}: under a shared root: mapped")
            node.same(node.shell(container, "stat -c %u /own/33; touch /all/x && echo done"), "33\ndone",
                      f"{name}: under a shared root: works")
            node.same([line for path in (watched, "/proc/self/mountinfo") for line in lines(path) if "hardrun/stage/" in line], [],
                      f"{name}: under a shared root: nobody sees what is staged")
            node.same(len([line for line in lines(watched) if f"/{container}/rootfs " in line]), 1,
                      f"{name}: under a shared root: others see the root file system, once")
        node.same((within(5, lambda: len(lines(watched)) == before), len(lines("/proc/self/mountinfo"))), (True, own),
                  f"{name}: under a shared root: nothing is left, with us or with others")
    gone(node, f"{name}: under a shared root", handler)


def run(node):
    """Cycles on each runtime, the rest on one."""
    policy(node)
    for handler in HANDLERS:
        name = handler.partition("-")[2]
        if handler not in runtimes:
            node.skip(name + ": many", missing[handler])
            continue
        layers(node, handler, name)
        shared(node, handler, name)
        cycles(node, handler, name)
    if mapping(node):
        at_once(node, mapping(node), mapping(node).partition("-")[2])
    assert Cri and SIZE
    node.policy()
