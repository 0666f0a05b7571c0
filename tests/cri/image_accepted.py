# SPDX-License-Identifier: Apache-2.0
"""Signed images run in pods, whichever way they are signed and named; the sandbox's image has a
rule of its own; what audit mode and profile restricted make of it."""

import subprocess

from client import Refused
from image_lib import (PROGRAM, digest, document, keys, of, policy, pull, ref, refused, requirements, runs,
                       verdict, verifiers)

# IMAGE, member of images.json that is signed or listed, what the verdict says of it
SIGNED = [
    ("app", "manifest", {"how": "signature", "format": "cosign", "key": "pay.pub"}),
    ("index", "index", {"how": "signature", "format": "cosign", "key": "pay.pub"}),
    ("platform", "manifest", {"how": "signature", "format": "cosign", "key": "next.pub"}),
    ("bundle", "manifest", {"how": "signature", "format": "bundle", "key": "pay.pub"}),
    ("bundle-index", "index", {"how": "signature", "format": "bundle", "key": "next.pub"}),
    ("listed", "manifest", {"how": "digest"}),
]


def signed(node, pod):
    """Each way of it."""
    for name, member, by in SIGNED:
        container = runs(node, pod, name, name)
        if not container:
            continue
        found = verdict(node, container)
        said = found.get("by", {})
        got = {**{key: said.get(key) for key in by}, "of": said.get("of")}
        got["key"] = str(got.get("key")).rpartition("/")[2]
        node.same(got, {"key": "None", **by, "of": digest(name, member)}, f"{name}: by what")
        node.same((found.get("digest"), found.get("config"), found.get("source")),
                  (digest(name), digest(name, "config"), "containerd"), f"{name}: which image")
        record = (node.record(container) or {}).get("image") or {}
        node.same({**record, "names": None}, {**found, "names": None}, f"{name}: the record has the same")
        node.stop(container)


def named(node, pod):
    """Other names of the same image: the kubelet's (its id), and by digest."""
    for name, word in (("by id", digest("app", "config")),
                       ("by digest", f"registry.local/pay/app@{digest('app')}")):
        pull(node, "app") if name == "by id" else pull(node, word)  # pylint: disable=expression-not-assigned
        container = runs(node, pod, name, word, who="app")
        if container:
            node.like(str(verdict(node, container)["names"]), "registry.local/pay/app", f"{name}: its name")
            node.stop(container)


def living(node, pod):
    """One that runs: explain, image verify, exec whatever becomes of the store."""
    container = runs(node, pod, "living", "app")
    if not container:
        return
    for words in (["explain", "--id", container], ["image", "verify", "--id", container]):
        said = subprocess.run([PROGRAM, *words], check=False, capture_output=True, text=True)
        node.like(f"{said.returncode} {said.stdout}{said.stderr}", "^0 .*" + digest("app"),
                  "living: " + " ".join(words[:-1]))
    node.policy(None)
    node.same(node.shell(container, "cat /etc/who"), "app", "living: exec without any policy")
    policy(node)
    node.stop(container)


def sandboxes(node):
    """Their image has a rule of its own."""
    with node.pod("paused") as pod:
        found = verdict(node, pod.id)
        node.same((found.get("code"), found.get("by", {}).get("how")), ("accepted", "digest"),
                  "a sandbox: its image is listed")
    images = requirements()
    images["pause"]["allow"] = [digest("app")]
    policy(node, images=images)
    try:
        with node.pod("unlisted"):
            node.say(False, "a sandbox whose image is not listed: is refused", "it runs")
    except Refused as error:
        node.refused(error, "image", r"root\.path.*test\.example/pause", r"image\.require",
                     "a sandbox whose image is not listed: is refused")
    policy(node, sandbox={"require": "payment"})
    try:
        with node.pod("scope"):
            node.say(False, "a sandbox whose image no scope covers: is refused", "it runs")
    except Refused as error:
        node.refused(error, "image", r"root\.path.*test\.example/pause", r"image\.require",
                     "a sandbox whose image no scope covers: is refused")
    node.clean("refused sandboxes")
    policy(node)


def restricted(node):
    """It takes all requirements of the policy together, for sandboxes too."""
    with node.pod("restricted", handler="hardrun-restricted") as pod:
        container = runs(node, pod, "restricted", "user")
        if container:
            node.stop(container)
        try:
            pod.start("u", **of("unsigned"))
            node.say(False, "restricted, unsigned: is refused", "it runs")
        except Refused:
            node.same([line.get("image", {}).get("code") for line in node.audit() if
                       line["verdict"] == "refuse"][-1:], ["unsigned"], "restricted, unsigned: is refused")


def trial(node):
    """Mode audit: it runs, and the log says so."""
    policy(node, {"image": {"require": "payment", "mode": "audit"}})
    with node.pod("trial") as pod:
        container = pod.start("c", **of("unsigned"))
        node.same(node.shell(container, "cat /etc/who"), "unsigned", "audit mode: an unsigned image runs")
        node.same(verdict(node, container).get("code"), "unsigned", "audit mode: the verdict")
        said = [entry for entry in node.audit(container)[-1]["report"] if entry["control"] == "image"]
        node.same([(entry["action"], entry["mode"], entry["path"], entry["rule"]) for entry in said],
                  [("refuse", "audit", "root.path", "image.require")], "audit mode: what would have been")
        node.stop(container)
    policy(node)


def namespaces(node):
    """Rules: one namespace requires what another one does not."""
    free = document(rules=[{"when": {"namespace": "lab"}, "use": "lab"}])
    free["profiles"]["lab"] = {"image": {"require": "none"}}
    node.policy(free, ("hardrun-restricted",))
    keys()
    with node.pod("free", namespace="lab") as pod:
        container = pod.start("c", **of("unsigned"))
        node.same(node.shell(container, "cat /etc/who"), "unsigned", "a namespace that requires nothing")
        node.same(verdict(node, container), {}, "a namespace that requires nothing: nothing is asked")
        node.stop(container)
    with node.pod("bound") as pod:
        refused(node, pod, "the namespace beside", "unsigned", "unsigned")
    policy(node)


def run(node):
    """All of it."""
    policy(node)
    pull(node, *(name for name, _, _ in SIGNED), "user", "unsigned")
    node.say(ref("app"), "images are pulled through CRI")
    with node.pod("signed") as pod:
        signed(node, pod)
        named(node, pod)
        living(node, pod)
    sandboxes(node)
    restricted(node)
    trial(node)
    namespaces(node)
    node.same(verifiers(), [], "no process of hardrun-image is left")
    node.clean("accepted")
