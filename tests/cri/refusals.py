# SPDX-License-Identifier: Apache-2.0
"""Refused pods: the host's namespaces, privileged, settings of the kernel, policies that cannot
be read. What the kubelet would show, that the remedy in it works, and that nothing is left."""

import json
import re

from client import Refused
from contexts import HARDENED, context, hostpath, prepare, refused
from node import within

KINDS = ("network", "pid", "ipc")


def host(kind):
    """A pod's or container's context with one namespace of the host."""
    return context(namespace_options={kind: "NODE", **({} if kind == "pid" else {"pid": "CONTAINER"})})


def refused_pod(node, name, wanted, **more):
    """RunPodSandbox must fail with `wanted` (control, field, rule, or a pattern); its text."""
    seen = {line["id"] for line in node.audit()}
    pod = node.pod("refused", **more)
    try:
        pod.run()
        node.say(False, f"{name}: is refused", "it runs")
        pod.remove()
        return ""
    except Refused as error:
        if isinstance(wanted, str):
            node.like(str(error), wanted, f"{name}: is refused")
        else:
            node.refused(error, *wanted, f"{name}: is refused")
        text = str(error)
    # What containerd keeps of a pod that did not start is the kubelet's to remove.
    for left in node.cri.ListPodSandbox()["items"]:
        if left["metadata"]["uid"] == pod.uid:
            node.cri.StopPodSandbox({"pod_sandbox_id": left["id"]})
            node.cri.RemovePodSandbox({"pod_sandbox_id": left["id"]})
    pod.remove()
    for container in {line["id"] for line in node.audit()} - seen:
        node.same(within(5, lambda box=container: not node.traces(box)) or node.traces(container), True,
                  f"{name}: leaves nothing")
    return text


def remedy(text):
    """What a message says to write into a profile."""
    found = re.search(r'in a profile(?: of its own)?: ("\w+": \{.*?\})(?:; and|: unknown|$)', text)
    return json.loads("{" + found.group(1) + "}") if found else None


def host_namespaces(node):
    """Refused for everybody, until a rule that the pod's author cannot choose allows it."""
    node.policy()
    wanted = ("namespaces", r"linux\.namespaces", r"namespaces\.allow_host")
    texts = {kind: refused_pod(node, f"pod in the host's {kind} namespace", wanted, **host(kind))
             for kind in KINDS}
    node.same([remedy(texts[kind]) for kind in KINDS],
              [{"namespaces": {"allow_host": [kind]}} for kind in KINDS],
              "pods in the host's namespaces: the remedy can be pasted")
    profile = {"extends": "default", "namespaces": {"allow_host": ["network", "pid"]}}
    node.policy({"version": 1, "profiles": {"host": profile},
                 "rules": [{"when": {"handler": "hardrun-host"}, "use": "host"}]}, ["hardrun-host"])
    refused_pod(node, "a rule on the handler alone", wanted, handler="hardrun-host", **host("network"))
    sandbox = {"extends": "sandbox", "namespaces": {"allow_host": ["network", "pid"]}}
    rules = [{"when": {"namespace": "agents", "sandbox": True}, "use": "agent-sandbox"},
             {"when": {"namespace": "agents", "container": "agent"}, "use": "agent"}]
    node.policy({"version": 1, "profiles": {"agent": profile, "agent-sandbox": sandbox}, "rules": rules})
    for kind in ("network", "pid"):
        with node.pod("agent", namespace="agents", **host(kind)) as pod:
            container = pod.start("agent", **host(kind))
            node.same(node.inside(container), HARDENED, f"agent in the host's {kind} namespace: hardened")
            node.same(node.shell(container, f"readlink /proc/self/ns/{kind[:3]}"),
                      node.own_namespace(kind[:3]), f"agent in the host's {kind} namespace: is there")
            refused(node, pod, f"another container in the host's {kind} namespace", host(kind), "namespaces",
                    r"linux\.namespaces\[\d+\]\.path", r"namespaces\.allow_host")
    refused_pod(node, "the same in another namespace", wanted, **host("network"))
    node.policy()


def privileged(node):
    """Containers that ask for everything, in a pod that may hold them."""
    with node.pod("privileged", **context(privileged=True)) as pod:
        refused(node, pod, "privileged container", context(privileged=True), "privileged",
                r"process\.capabilities: .*CAP_SYS_ADMIN", r"privileged\.allow")
        line = [line for line in node.audit() if line["verdict"] == "refuse"][-1]
        node.say(len(line["report"]) > 10, "privileged container: the audit log has all of it",
                 len(line["report"]))


def settings(node):
    """Sysctls of pods."""
    for key, value in (("net.ipv4.ip_forward", "1"), ("kernel.msgmax", "65536"),
                       ("vm.overcommit_memory", "1")):
        field = rf'linux\.sysctl\["{re.escape(key)}"\] "{value}"'
        refused_pod(node, f"sysctl {key}", ("sysctls", field, r"sysctls\.allow"),
                    linux={"sysctls": {key: value}})


def remedies(node):
    """What the message says to write is written, and then it runs."""
    cases = (("a capability", context(capabilities={"add_capabilities": ["NET_ADMIN"]})),
             ("a hostPath", hostpath("/root")),
             ("a user", {}))
    for name, more in cases:
        parent = "restricted" if name == "a user" else "default"
        profile = {"extends": parent}
        rules = [{"when": {"namespace": "remedy", "container": "*"}, "use": "remedy"}]
        for _ in range(4):  # one message a time; more than one control may object
            node.policy({"version": 1, "profiles": {"remedy": profile}, "rules": rules})
            with node.pod("remedy", namespace="remedy") as pod:
                try:
                    container = pod.start("c", **more)
                    node.same(node.exec(container, "true")[0], 0, f"remedy for {name}: runs and can be used")
                    break
                except Refused as error:
                    written = remedy(str(error))
                    if not node.say(written, f"remedy for {name}: can be pasted", error):
                        break
                    profile = {**profile, **written}
        else:
            node.say(False, f"remedy for {name}: helps", profile)
    node.policy()


def policies(node):
    """A policy that cannot be read, and a handler that names no runtime."""
    for name, document, wanted in (
            ("no JSON", '{"version": 1,', r"/etc/hardrun/policy\.json:\d+:\d+: "),
            ("a key that is unknown", '{"version": 1, "profils": {}}',
             r"/etc/hardrun/policy\.json:1:\d+: .*profils.*profiles")):
        node.policy(document)
        refused_pod(node, f"policy with {name}", "hardrun: .*" + wanted)
    node.policy({"version": 1})
    refused_pod(node, "handler without a link", r'handler "hardrun-restricted".*; make it with: ln -s ',
                handler="hardrun-restricted")
    node.policy({"version": 1}, ["hardrun-host"])
    refused_pod(node, "handler that the policy does not know", r"hardrun-host", handler="hardrun-host")
    node.policy()


def run(node):
    """All of them."""
    prepare(node)
    host_namespaces(node)
    privileged(node)
    settings(node)
    remedies(node)
    policies(node)
    node.clean("refusals")
