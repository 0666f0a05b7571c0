# SPDX-License-Identifier: Apache-2.0
"""Signed images in user namespaces that hardrun makes, with the runtimes that can: what is mounted
is told by the snapshot, though it is mapped; an unsigned one is refused before anything is."""

import os

from client import Refused
from image_lib import NOT_SIGNED, keys, of, pause, pull, refused, requirements, verdict, verifiers
from userns import base_of, each, gone, pid_of, runtimes


def policy(node):
    """As userns.policy, with images required."""
    images = requirements()
    images["pause"]["allow"] = [pause()]
    node.policy({
        "version": 1, "images": images,
        "profiles": {"used": {"userns": {"map": "require"}, "image": {"require": "payment"}},
                     "paused": {"extends": "sandbox", "userns": {"map": "require"},
                                "image": {"require": "pause"}}},
        "rules": [{"when": {"sandbox": True}, "use": "paused"},
                  {"when": {"handler": list(runtimes)}, "use": "used"}]})
    for handler, path in runtimes.items():
        os.symlink(path, f"/etc/hardrun/runtimes/{handler}")
    keys()


def mapped(node, handler, name):
    """A pod of that runtime."""
    policy(node)
    with node.pod("mapped", handler=handler) as pod:
        node.same(verdict(node, pod.id).get("code"), "accepted", f"{name}: the sandbox's verdict")
        for image in ("app", "index", "bundle"):
            try:
                container = pod.start(image, **of(image))
            except Refused as error:
                node.say(False, f"{name}: {image} runs", error)
                continue
            node.same(node.shell(container, "cat /etc/who; stat -c %u /etc/who"), f"{image}\n0",
                      f"{name}: {image} runs")
            node.say(base_of(pid_of(node, container)), f"{name}: {image} is mapped")
            node.same(verdict(node, container).get("code"), "accepted", f"{name}: {image}, the verdict")
            node.stop(container)
        refused(node, pod, f"{name}: unsigned", "unsigned", "unsigned", NOT_SIGNED)
    gone(node, f"{name}: signed images")


def run(node):
    """With each runtime that can."""
    policy(node)
    pull(node, "app", "index", "bundle", "unsigned")
    each(node, "signed images in user namespaces", lambda handler, name: mapped(node, handler, name))
    node.same(verifiers(), [], "no process of hardrun-image is left")
