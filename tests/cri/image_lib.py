# SPDX-License-Identifier: Apache-2.0
"""What the parts image_* share: the images of image_make.py, pulls through CRI, policies that
require signatures, and verdicts (tests/e2e/image_setup.sh has the other half)."""

import json
import os
import shutil
import subprocess

from client import Refused

FOLDER = os.environ["HR_IMAGE_DIR"]
PROGRAM = os.environ["HR_IMAGE_PROGRAM"]
STORE = "/var/lib/hardrun/images"
NOT_SIGNED = r"not signed by any key of payment"

with open(FOLDER + "/images.json", encoding="utf-8") as made:
    IMAGES = json.load(made)


def field(number, data):
    """One member of a protobuf message: bytes."""
    assert len(data) < 1 << 14
    size = bytes([len(data) & 0x7f | 0x80, len(data) >> 7]) if len(data) > 0x7f else bytes([len(data)])
    return bytes([number << 3 | 2]) + size + data


def images_call(node, method, ref):
    """PullImage or RemoveImage, which cri.proto does not have: both ask for {image: {image}}."""
    import grpc  # pylint: disable=import-outside-toplevel
    call = node.cri.channel.unary_unary("/runtime.v1.ImageService/" + method,
                                        request_serializer=bytes, response_deserializer=bytes)
    try:
        return call(field(1, field(1, ref.encode())), timeout=60)
    except grpc.RpcError as error:
        raise Refused(error) from None


def pull(node, *names):
    """Those images, by their tags."""
    for name in names:
        images_call(node, "PullImage", ref(name))


def remove(node, name):
    """All names of an image, as `crictl rmi` does it."""
    images_call(node, "RemoveImage", ref(name))


def ref(name):
    """REGISTRY/REPO:TAG of one of ours; another word is a reference itself."""
    return IMAGES[name]["ref"] if name in IMAGES else name


def digest(name, member="manifest"):
    """Of one of ours."""
    return IMAGES[name][member]


def pause():
    """The manifest of the pause image, as containerd has it."""
    said = subprocess.run(["ctr", "-n", "k8s.io", "images", "ls"], check=True, capture_output=True, text=True)
    return next(line.split()[2] for line in said.stdout.splitlines() if line.startswith("test.example/pause:"))


def requirements():
    """The section `images`."""
    return {
        "payment": [{"scopes": ["registry.local/pay/*"], "keys": ["pay.pub", "next.pub"],
                     "allow": [digest("listed")], "deny": [digest("denied")]}],
        "pause": {"scopes": ["test.example/*"], "allow": [pause()]}}


def document(profile=None, images=None, sandbox=None, **more):
    """A policy in which every container needs a signed image, and every sandbox a listed one."""
    return {
        "version": 1, "images": images or requirements(), "default": "signed",
        "profiles": {"signed": {"image": {"require": "payment"}, **(profile or {})},
                     "paused": {"extends": "sandbox", "image": sandbox or {"require": "pause"}}},
        "rules": [{"when": {"sandbox": True}, "use": "paused"},
                  {"when": {"handler": "hardrun-restricted"}, "use": "restricted"},
                  *more.pop("rules", [])], **more}


def policy(node, *arguments, **more):
    """Writes it, with the keys."""
    node.policy(document(*arguments, **more), ("hardrun-restricted", "hardrun-host"))
    keys()


def keys():
    """Beside the policy, where it looks for names."""
    os.makedirs("/etc/hardrun/keys")
    for name in ("pay.pub", "next.pub"):
        shutil.copy(f"{FOLDER}/{name}", "/etc/hardrun/keys/" + name)
        os.chmod("/etc/hardrun/keys/" + name, 0o644)


def of(name):
    """A container of that image, named as one asks for it; with the kubelet's second name."""
    return {"image": {"image": ref(name)}}


def verdict(node, container):
    """The member `image` of create's line in the audit log."""
    said = node.audit(container)
    return (said[-1].get("image") if said else None) or {}


def runs(node, pod, name, image, who=None, **more):
    """Case: it runs, is the image it should be, and the audit log says accepted. Its id, or None."""
    try:
        container = pod.start("c" + str(node.count), **of(image), **more)
    except Refused as error:
        node.say(False, f"{name}: runs", error)
        return None
    node.same(node.shell(container, "cat /etc/who"), who or image, f"{name}: runs")
    found = verdict(node, container)
    node.same((found.get("accepted"), found.get("code")), (True, "accepted"), f"{name}: the verdict")
    return container


def refused(node, pod, name, image, code, why=NOT_SIGNED, between=None, after=None, **more):
    """Case: StartContainer fails with our words; it can be removed, and its name used again."""
    container = pod.create("refused", **of(image), **more)
    if between:
        between(container)
    try:
        node.cri.StartContainer({"container_id": container})
        node.say(False, f"{name}: is refused", "it runs")
    except Refused as error:
        node.refused(error, "image", "root\\.path.*" + why, r"image\.require", f"{name}: is refused")
        status = node.status(container)
        node.same((status["state"], status["message"]), ("CONTAINER_EXITED", str(error)),
                  f"{name}: ContainerStatus says the same")
    found = verdict(node, container)
    node.same((found.get("accepted"), found.get("code")), (False, code), f"{name}: the audit log has the verdict")
    if after:
        after(container)
    try:
        node.stop(container)
        node.say(True, f"{name}: is stopped and removed")
    except Refused as error:
        node.say(False, f"{name}: is stopped and removed", error)
    node.same(node.traces(container), [], f"{name}: leaves nothing")


def verifiers():
    """Processes of hardrun-image, dead or alive."""
    said = subprocess.run(["ps", "-eo", "stat=,pid=,comm="], check=True, capture_output=True, text=True)
    return [line for line in said.stdout.splitlines() if "hardrun-image" in line]
