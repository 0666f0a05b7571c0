# SPDX-License-Identifier: Apache-2.0
"""A tag that is another image at the start than it was at create: pulled, created, pulled anew,
started. What runs is what was created; it is judged by its own digest."""

import subprocess

from image_lib import digest, images_call, policy, pull, refused, runs, verdict, verifiers
from image_make import Registry

TAG = "registry.local/pay/mut:latest"
REGISTRY = Registry("registry.local:80")


def moved(number):
    """What the registry has under that tag from now on."""
    accept = "Accept: application/vnd.oci.image.manifest.v1+json"
    data = subprocess.run(["curl", "-sf", "-H", accept,
                           f"http://registry.local/v2/pay/mut/manifests/v{number}"],
                          check=True, capture_output=True).stdout
    REGISTRY.manifest("pay/mut", "latest", data)


def target(node):
    """What containerd has under it."""
    said = subprocess.run(["ctr", "-n", "k8s.io", "images", "ls"], check=True, capture_output=True, text=True)
    return next((line.split()[2] for line in said.stdout.splitlines() if line.split()[0] == TAG), None)


def race(node, pod, created):
    """mut1 is not signed, mut2 is."""
    moved(created)
    images_call(node, "PullImage", TAG)
    node.same(target(node), digest(f"mut{created}"), f"mut{created}: the tag before")

    def again(_):
        moved(3 - created)
        images_call(node, "PullImage", TAG)
        node.same(target(node), digest(f"mut{3 - created}"), f"mut{created}: the tag at the start")
    if created == 1:
        refused(node, pod, "unsigned, moved to a signed one", TAG, "unsigned", "", between=again)
        return
    container = pod.create("signed", image={"image": TAG})
    again(container)
    node.cri.StartContainer({"container_id": container})
    node.same(node.shell(container, "cat /etc/who"), "mut2", "signed, moved to an unsigned one: runs what was made")
    said = verdict(node, container)
    node.same((said.get("code"), said.get("digest")), ("accepted", digest("mut2")),
              "signed, moved to an unsigned one: judged by its own digest")
    node.stop(container)


def run(node):
    """Both ways."""
    policy(node)
    with node.pod("moved") as pod:
        race(node, pod, 1)
        race(node, pod, 2)
        pull(node, "app")
        container = runs(node, pod, "afterwards", "app")
        if container:
            node.stop(container)
    node.same(verifiers(), [], "no process of hardrun-image is left")
    node.clean("moved")
