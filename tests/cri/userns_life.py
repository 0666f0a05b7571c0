# SPDX-License-Identifier: Apache-2.0
"""The life of mapped pods on each runtime that can: one user namespace for the pod, exec, logs,
terminals, probes, stop, crash, removal."""

import time

import stream
from contexts import HARDENED
from node import figures, lines, within
from userns import (SIZE, base_of, each, gone, guarded, id_map, inode, pid_of, policy, ranges,
                    user)

TALKS = "echo out >/dev/stdout; echo err >/dev/stderr; id -u; sleep 1000"


def seen_from_outside(node, name, pod, containers):
    """The pause container and two workloads: one namespace, one range, nobody's ids outside."""
    pids = [pid_of(node, what) for what in (pod, *containers)]
    base = base_of(pids[0])
    node.same([id_map(pid) for pid in pids], [[[0, base, SIZE]]] * 3,
              f"{name}: all map 0 to 65535 to the pod's ids")
    node.same([id_map(pid, "gid") for pid in pids], [[[0, base, SIZE]]] * 3, f"{name}: groups, too")
    node.same([inode(pid) for pid in pids], [inode(pids[0])] * 3,
              f"{name}: one user namespace for all of the pod")
    node.same([inode(pid, "net") for pid in pids], [inode(pids[0], "net")] * 3,
              f"{name}: one network namespace")
    node.same([inode(pid, "ipc") for pid in pids], [inode(pids[0], "ipc")] * 3, f"{name}: one ipc namespace")
    for pid in pids[1:]:
        status = figures("\n".join(lines(f"/proc/{pid}/status")))
        node.same((status["Uid"], status["Gid"]), (" ".join([str(base)] * 4),) * 2,
                  f"{name}: root inside is {base} outside")
        node.same({**status, "Uid": 0, "Gid": 0, "Groups": 0}, {**HARDENED, "Uid": 0, "Gid": 0, "Groups": 0},
                  f"{name}: and hardened as ever")
    node.same([node.record(what)["range"] for what in (pod.id, *containers)], [str(base)] * 3,
              f"{name}: the records name the range")
    node.say(base in ranges(), f"{name}: it is in use", ranges())
    node.same([node.audit(what)[-1]["verdict"] for what in (pod.id, *containers)], ["accept"] * 3,
              f"{name}: the audit log")
    return base


def executes(node, name, container, base):
    """Exec, with everything that may be on its descriptors."""
    node.same(node.exec(container, "sh", "-c", "cat /proc/self/uid_map; exit 7")[:2],
              (7, f"{0:10} {base:10} {SIZE:10}\n"), f"{name}: exec: the map from inside, the exit status")
    node.same({**node.inside(container), "Groups": 0}, {**HARDENED, "Groups": 0}, f"{name}: exec: hardened")
    node.same(node.exec(container, "sh", "-c", "echo out >/dev/stdout; echo err >/dev/stderr"),
              (0, "out\n", "err\n"), f"{name}: exec: /dev/stdout and /dev/stderr can be opened")
    node.same([node.exec(container, "true")[0] for _ in range(10)], [0] * 10, f"{name}: ten probes")

    def executed(*command, **how):
        asked = {"container_id": container, "cmd": list(command), "stdout": True,
                 "stderr": not how.get("tty", False), **how}
        return stream.Command(node.cri.Exec(asked)["url"], stdin=how.get("stdin", False),
                              tty=how.get("tty", False))

    run = executed("sh", "-c", "cat; echo err >/dev/stderr; exit 3", stdin=True)
    run.stdin.write(b"x" * 100000)
    run.stdin.close()
    said = run.stdout.all()
    node.same((len(said), run.stderr.all(), run.status()), (100000, b"err\n", 3),
              f"{name}: exec with stdin: 100,000 bytes there and back")
    run = executed("sh", stdin=True, tty=True)
    run.size(99, 33)
    run.stdin.write(b"sleep 0.3; stty size; tty; echo a word >/dev/tty; stat -c '%u %g' $(tty); exit 5\n")
    said = run.stdout.all().decode().replace("\r", "")
    node.like(said, r"\n33 99\n/dev/pts/\d+\na word\n0 5\n",
              f"{name}: exec with a terminal, which is the container's own")
    node.same(run.status(), 5, f"{name}: exec with a terminal: its status")


def talks(node, name, pod):
    """What goes to the log, opened anew by root and by another user; a terminal."""
    for who, more in (("root", {}), ("app", user(1000)), ("nameless", user(4711))):
        container = pod.start("log-" + who, ["sh", "-c", TALKS], **more)
        uid = str(more["linux"]["security_context"]["run_as_user"]["value"] if more else 0)
        wanted = ["err", "out", uid] if uid != "0" else ["0", "err", "out"]
        within(5, lambda who=who: len(pod.log("log-" + who).split()) == 3)
        node.same(sorted(pod.log("log-" + who).split()), sorted(wanted),
                  f"{name}: {who} writes to /dev/stdout: the log")
        said = node.exec(container, "sh", "-c", "id -u >/dev/stdout; cat /proc/self/uid_map")[1].split()
        node.same(said[:1], [uid], f"{name}: {who}: exec")
        node.stop(container)
    container = pod.start("tty", ["sh", "-c", "tty; stat -c '%u %g' /dev/pts/0 /dev/console; sleep 1000"],
                          tty=True)
    within(5, lambda: len(pod.log("tty").split()) == 5)
    node.like(pod.log("tty").replace("\r", ""), r"^/dev/(pts/0|console)\n0 5\n0 5$",
              f"{name}: a container with a terminal")
    node.stop(container)


def ends(node, name, pod):
    """Stop with its timeout, a crash and the second attempt."""
    for what, trap, least, status in (("polite", "exit 9", 0, 9), ("stubborn", "", 1, 137)):
        container = pod.start(what, ["sh", "-c",
                                     f"trap '{trap}' TERM; echo ready; while :; do sleep 0.05; done"])
        within(5, lambda what=what: pod.log(what) == "ready")
        began = time.monotonic()
        node.cri.StopContainer({"container_id": container, "timeout": 1 if least else 20})
        node.say(least <= time.monotonic() - began < 10, f"{name}: stop of a {what} one")
        node.same(node.status(container)["exit_code"], status, f"{name}: stop of a {what} one: the status")
        node.cri.RemoveContainer({"container_id": container})
    first = pod.start("crash", ["sh", "-c", "exit 3"])
    within(10, lambda: node.status(first)["state"] == "CONTAINER_EXITED")
    again = pod.start("crash", attempt=1)
    node.same((node.status(first)["exit_code"], base_of(pid_of(node, again)) == base_of(pid_of(node, pod))),
              (3, True),
              f"{name}: a container that ended is made anew, in the same ids")
    node.cri.RemoveContainer({"container_id": first})
    node.stop(again)


def run(node):
    """On each runtime."""
    def life(handler, name):
        with node.pod("life", handler=handler) as pod:
            one, two = pod.start("one"), pod.start("two")
            base = seen_from_outside(node, name, pod, (one, two))
            guarded(node, name + ": exec", executes, node, name, one, base)
            guarded(node, name + ": logs", talks, node, name, pod)
            guarded(node, name + ": ends", ends, node, name, pod)
            node.stop(one)
            node.same(node.exec(two, "true")[0], 0, f"{name}: the other container runs on")
        gone(node, name, handler)

    policy(node)
    each(node, "life", life)
    node.policy()
