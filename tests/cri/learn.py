# SPDX-License-Identifier: Apache-2.0
"""Pods whose calls are recorded (seccomp.learn): what the recording says of them, an exec, and a
recorder that is killed."""

import glob
import json
import os
import signal

from client import Refused
from node import within

SOCKETS = "/run/hardrun/learn"
LEARNED = "/var/lib/hardrun/learn"
POLICY = {"version": 1, "default": "learning",
          "profiles": {"learning": {"extends": "default", "seccomp": {"learn": True}}}}


def recorders():
    """Process ids."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8") as file:
                if file.read() == "hardrun-learn\n":
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return sorted(found)


def recording(container):
    """The document, or an empty one."""
    try:
        with open(f"{LEARNED}/{container}.json", encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def has(container, call):
    """Is the call in it?"""
    return f'"{call}"' in json.dumps(recording(container).get("calls", ""))


def whole(node, pod):
    """From creation to removal."""
    container = pod.start("one")
    node.same(node.shell(container, "mkdir /tmp/x && ln -s a /tmp/x/y && echo did"), "did",
              "exec works in a container whose calls are recorded")
    node.say(within(10, lambda: has(container, "symlink")), "what an exec did is recorded")
    said = recording(container)
    node.same((said.get("id"), said.get("namespace"), said.get("pod"), said.get("container"),
               said.get("profile"), said.get("complete")),
              (container, "default", "learn", "one", "learning", False),
              "the recording says of whom it is, and that it is not complete")
    node.same(len(recorders()), 1, "one recorder")
    node.stop(container)
    node.say(within(10, lambda: recording(container).get("complete") is True),
             "it is complete when the container has ended")
    node.say(within(5, lambda: not recorders()), "and its recorder is gone")


def removed(node, container):
    """As the kubelet, who tries again: one that is just ending by itself is not stopped yet."""
    try:
        node.stop(container)
        return True
    except Refused:
        return False


def killed(node, pod):
    """The recorder does not live to the end."""
    container = pod.start("two", command=("sh", "-c", "while :; do sleep 1; done"))
    node.say(within(10, recorders), "a recorder for another container")
    for pid in recorders():
        os.kill(pid, signal.SIGKILL)
    node.say(within(5, lambda: not recorders()), "it is killed")
    node.same(recording(container).get("complete"), False, "the recording is cut short")
    node.say(within(10, lambda: removed(node, container)),
             "the container can be stopped and removed none the less")


def run(node):
    """All of it."""
    node.policy(POLICY, ("hardrun",))
    with node.pod("learn") as pod:
        whole(node, pod)
        killed(node, pod)
    node.say(within(5, lambda: not recorders()), "no recorder is left")
    node.same(sorted(name[16:] for name in os.listdir(SOCKETS)), [".lock", ".sock"],
              "and of sockets only what the killed one has left")
    with node.pod("after") as pod:
        pod.start("three")
        node.same(len(os.listdir(SOCKETS)), 2, "which the next one clears away")
    node.say(within(10, lambda: not os.listdir(SOCKETS)), "so that nothing stays in the end")
    node.clean("pods whose calls were recorded")
