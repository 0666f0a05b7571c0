# SPDX-License-Identifier: Apache-2.0
"""What a label may become: only one that confines, on a kernel that has what it is for."""
import fnmatch
import re

ENGINES = ["docker-default", "cri-containerd.apparmor.d", "containers-default-*", "crio-default"]
CATEGORIES = re.compile(r"s0:c(\d{1,4}),c(\d{1,4})$")
NOTHING = {"unconfined_t", "spc_t", "kernel_t", "init_t", "initrc_t"}


def apparmor(facts, asked, given, any_engine):
    kernel = facts.get("apparmor", {})
    if kernel.get("state") != "on":
        return "was changed without AppArmor"
    if kernel.get("profiles", {}).get(given) not in ("enforce", "kill"):
        return f"became {given}, which enforces nothing"
    if asked and not any_engine and not any(fnmatch.fnmatchcase(asked, name) for name in ENGINES):
        return f"{asked}, which somebody chose, became {given}"
    return None


def split(context):
    return ((context or "").split(":", 3) + [""] * 4)[:4]


def selinux(facts, asked, given):
    kernel = facts.get("selinux", {})
    if kernel.get("state") not in ("enforcing", "permissive"):
        return "was changed without SELinux"
    before, after = split(asked), split(given)
    if after[2] not in kernel.get("types", []) or after[2] in NOTHING:
        return f"became {given}, no type for containers"
    if kernel.get("levels", True):
        pair = CATEGORIES.match(after[3])
        if not pair or not int(pair[1]) < int(pair[2]) < 1024:
            return f"became {given}, without two categories"
    if asked and (before[:3] != after[:3] or before[3] not in ("", "s0")):
        return f"{asked}, which somebody chose, became {given}"
    return None


def wrong(facts, path, asked, given, golden):
    """Why `asked` may not have become `given`; None where it may. A policy of a golden case may
    name other engines' profiles, and sets a mount label anew with the label of processes."""
    if not given:
        return f"{asked} was dropped"
    if path == "process.apparmorProfile":
        return apparmor(facts, asked, given, golden)
    if path == "linux.mountLabel" and golden:
        return selinux(facts, None, given)
    return selinux(facts, asked, given)
