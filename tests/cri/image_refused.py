# SPDX-License-Identifier: Apache-2.0
"""Images that may not run, and things that are missing: what CRI's client gets, and that nothing
of it is left."""

import os
import subprocess
import time

from image_lib import NOT_SIGNED, STORE, digest, policy, pull, refused, remove, runs, verifiers, FOLDER
from image_make import IMPORTED_AS

PROGRAM = os.environ["HR_IMAGE_PROGRAM"]

# IMAGE, code, why
REFUSED = [
    ("unsigned", "unsigned", NOT_SIGNED + ".*no signature in the store"),
    ("wrong", "unsigned", NOT_SIGNED),
    ("copied", "unsigned", NOT_SIGNED + r".*registry\.local/other/original"),
    ("denied", "denied", ""),
    ("free", "scope", r"registry\.local/free/tool"),
    ("command", "unsigned", NOT_SIGNED),
]


def imported(node, pod):
    """From an archive, under a name of ours."""
    subprocess.run(["ctr", "-n", "k8s.io", "images", "import", "--snapshotter",
                    os.environ["CONTAINERD_SNAPSHOTTER"], FOLDER + "/imported.tar"], check=True,
                   capture_output=True)
    for _ in range(50):  # CRI learns of it by an event
        if node.cri.ImageStatus({"image": {"image": IMPORTED_AS}}).get("image"):
            break
        time.sleep(0.1)
    refused(node, pod, "imported", IMPORTED_AS, "unsigned", NOT_SIGNED + ".*no signature in the store")


def altered(node, pod):
    """The bytes of a signed image's configuration and manifest, where containerd keeps them."""
    pull(node, "tampered")
    for member in ("config", "manifest"):
        path = ("/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/" +
                digest("tampered", member)[7:])
        with open(path, "rb") as file:
            before = file.read()

        def change(_, path=path, before=before):
            with open(path, "wb") as file:
                file.write(before.replace(b"/bin/sh", b"/bin/ls").replace(b'"linux"', b'"minix"')
                           .replace(b'"schemaVersion": 2', b'"schemaVersion": 3'))
        refused(node, pod, f"altered {member}", "tampered", "damaged", "", between=change)
        with open(path, "wb") as file:
            file.write(before)
    container = runs(node, pod, "put back", "tampered")
    if container:
        node.stop(container)


def removed(node, pod):
    """The image's record and content are gone before the start."""
    pull(node, "gone")

    def away(_):
        remove(node, "gone")
        said = subprocess.run(["ctr", "-n", "k8s.io", "images", "ls", "-q"], check=True,
                              capture_output=True, text=True).stdout.split()
        for name in said:
            if "pay/gone" in name:
                subprocess.run(["ctr", "-n", "k8s.io", "images", "rm", "--sync", name], check=True,
                               capture_output=True)
        # What is referred to no more goes at the next collection.
        subprocess.run(["ctr", "-n", "k8s.io", "content", "rm", digest("gone"), digest("gone", "config")],
                       check=False, capture_output=True)
    refused(node, pod, "image removed", "gone", "unbound", "", between=away)


def missing(node, pod):
    """hardrun's own things."""
    folder = os.path.dirname(PROGRAM)
    for name, path, code in (("store", STORE, "unsigned"), ("hardrun-image", folder + "/hardrun-image", "missing")):
        def away(_, path=path):
            os.rename(path, path + ".away")

        def back(_, path=path):
            os.rename(path + ".away", path)
        refused(node, pod, f"{name} missing", "app", code, "", between=away, after=back)
    container = runs(node, pod, "nothing missing", "app")
    if container:
        node.stop(container)


def run(node):
    """All of it."""
    policy(node)
    pull(node, "app", *(name for name, _, _ in REFUSED))
    with node.pod("refused") as pod:
        for name, code, why in REFUSED:
            refused(node, pod, name, name, code, why)
        imported(node, pod)
        altered(node, pod)
        removed(node, pod)
        missing(node, pod)
    node.same(verifiers(), [], "no process of hardrun-image is left")
    node.clean("refused")
