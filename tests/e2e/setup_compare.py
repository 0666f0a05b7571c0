#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What two configurations of an engine mean, but for what setup may change.

usage: setup_compare.py ENGINE BEFORE AFTER DEFAULT MODEL HANDLER...
ENGINE: containerd, cri-o, docker, podman. BEFORE and AFTER are files ("-": none). DEFAULT is
the default handler that AFTER must name ("-": as BEFORE). MODEL is the handler of BEFORE whose
settings each HANDLER of AFTER must have ("-": none), but for the program. Prints what is wrong.
"""
import json
import os
import sys
import tomllib


def load(path, engine):
    if path == "-" or not os.path.exists(path):
        return {}
    with open(path, "rb") as file:
        data = file.read()
    if engine == "docker":
        return json.loads(data) if data.strip() else {}
    return tomllib.loads(data.decode("utf-8").removeprefix("\ufeff"))


def places(engine, tree):
    if engine == "docker":
        return ["runtimes"], "default-runtime"
    if engine == "podman":
        return ["engine", "runtimes"], "runtime"
    if engine == "cri-o":
        return ["crio", "runtime", "runtimes"], "default_runtime"
    plugin = "io.containerd.cri.v1.runtime" if tree.get("version", 2) >= 3 else "io.containerd.grpc.v1.cri"
    return ["plugins", plugin, "containerd", "runtimes"], "default_runtime_name"


def take(tree, path, key):
    """Handlers, default and list of JSON runtimes out of the tree, and empty tables with them."""
    parent = tree
    chain = []
    for part in path[:-1]:
        chain.append((parent, part))
        parent = parent.get(part, {})
    handlers = parent.pop(path[-1], {})
    default = parent.pop(key, None)
    names = parent.pop("runtime_supports_json", None)
    for around, part in reversed(chain):
        if part in around and not around[part]:
            del around[part]
    return handlers, default, names


def settings(engine, handler):
    """Without what names the program."""
    if engine == "containerd":
        rest = {key: value for key, value in handler.items() if key not in ("options", "runtime_type")}
        return rest, {key: value for key, value in handler.get("options", {}).items() if key != "BinaryName"}
    if engine == "cri-o":
        return {key: value for key, value in handler.items() if key not in ("runtime_path", "runtime_type")}
    return None


def program(engine, handler):
    if engine == "containerd":
        return handler.get("options", {}).get("BinaryName")
    if engine == "podman":
        return handler[0] if isinstance(handler, list) and len(handler) == 1 else handler
    return handler.get("runtime_path" if engine == "cri-o" else "path")


def main():
    engine, before, after, default, model, *wanted = sys.argv[1:]
    folder = os.environ["SBIN"]
    was, now = load(before, engine), load(after, engine)
    path, key = places(engine, now)
    # A drop-in is the whole of a new file.
    if not was:
        now.pop("version", None)
    old, old_default, _ = take(was, path, key)
    new, new_default, names = take(now, path, key)
    findings = []
    if was != now:
        findings.append(f"the rest changed: {was} and {now}")
    for name, handler in old.items():
        if new.get(name) != handler and name not in wanted:
            findings.append(f"handler {name} changed: {handler} and {new.get(name)}")
    extra = set(new) - set(old) - set(wanted)
    if engine == "containerd" and not old and "runc" in extra:
        extra.remove("runc")
        if new["runc"] != {"runtime_type": "io.containerd.runc.v2"}:
            findings.append(f"the built-in runc became {new['runc']}")
    if extra:
        findings.append(f"handlers that nobody asked for: {extra}")
    for name in wanted:
        handler = new.get(name)
        if handler is None:
            findings.append(f"no handler {name}")
            continue
        if program(engine, handler) != f"{folder}/{name}":
            findings.append(f"{name} runs {program(engine, handler)}")
        if engine == "containerd" and handler.get("runtime_type") != "io.containerd.runc.v2":
            findings.append(f"{name} is of type {handler.get('runtime_type')}")
        if model != "-" and settings(engine, handler) != settings(engine, old[model]):
            findings.append(f"{name} has {settings(engine, handler)}, not {settings(engine, old[model])}")
        if engine == "podman" and (names is None or name not in names or "runc" not in names):
            findings.append(f"runtime_supports_json is {names}")
    if new_default != (old_default if default == "-" else default):
        findings.append(f"the default is {new_default}, was {old_default}")
    print("\n".join(findings))


if __name__ == "__main__":
    main()
