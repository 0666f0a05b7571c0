#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random calls for decide: generate.py COUNT SEED [FIRST]; generate.py --containers; and what
the machine of these calls has of user namespaces: generate.py --userns, generate.py --joined.
generate.py --recorded: a policy with the options log and learn.
--images before them: with what hardrun-image says of each; alone: the policy that requires it.

A line is a call, a tab and a document (see decide.c). Document N depends on SEED and N alone,
so a finding is reproduced with `generate.py 1 SEED N`. Documents start from recorded calls
(tests/calls/cases), are changed a little (what engines could send), a lot, or broken.
"""
import json
import os
import random
import sys

import fields
import images
import recorded

SRCDIR = os.environ.get("HR_TEST_SRCDIR", ".")
CASES = os.path.join(SRCDIR, "tests/calls/cases")
CONTAINERS = ["cri16-ctr-default", "docker-run", "podman-run", "ctr16-plain",
              "cri16-ctr-caps-drop-all", "cri16-ctr-in-userns", "cri16-pod-default",
              "cri21-ctr-resources"]


def read(case, name):
    with open(os.path.join(CASES, case, name), encoding="utf-8") as file:
        return file.read()


def call_of(case):
    argv = json.loads(read(case, "argv.json"))
    call = {"line": "create", "id": argv[-1]}
    for name in ("root", "bundle"):
        if "--" + name in argv:
            call[name] = argv[argv.index("--" + name) + 1]
    return call


def spec_of(case):
    """A recorded config.json; dockerd's process id is that of host.json."""
    text = read(case, "config.json")
    spec = json.loads(text)
    for hook in (spec.get("hooks") or {}).get("prestart") or []:
        if hook["path"].startswith("/proc/"):
            hook["path"] = "/proc/7/exe"
    return spec


def compact(value, ascii_only=True):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only)


def load():
    specs, processes, resources = [], [], []
    for case in sorted(os.listdir(CASES)):
        names = os.listdir(os.path.join(CASES, case))
        if "config.json" in names:
            specs.append((call_of(case), compact(spec_of(case))))
        elif "process.json" in names:
            processes.append(read(case, "process.json"))
        elif "resources.json" in names:
            resources.append(read(case, "resources.json"))
    return specs, processes, resources


def raw_mess(rng, text):
    """Text that is no JSON, or JSON that parsers read differently."""
    at = rng.randrange(len(text))
    names = [n for n in ("process", "linux", "mounts", "root", "args", "capabilities", "sysctl",
                         "seccomp", "kind", "annotations", "namespaces") if f'"{n}":' in text]
    key = rng.choice(names) if names else "x"
    first = text.find(f'"{key}":')
    what = rng.randrange(16)
    if what == 0:
        return text[:at]
    if what == 1:
        return text[:-1] + f',"{key}":null' + "}"
    if what == 2:
        return text[:first] + f'"{key}":{rng.choice(["null", "[]", "{}", "1"])},' + text[first:]
    if what == 3:
        return text.replace(f'"{key}":', f'"{key.title()}":', 1)
    if what == 4:
        return text.replace(f'"{key}":', '"%s":' % key.replace("s", "\u017f", 1)
                            .replace("k", "\u212a", 1), 1)
    if what == 5:
        return text[:first] + f'"{key.upper()}":{{}},' + text[first:]
    if what == 6:
        return text.replace('"/', '"\\u0000/', 1)
    if what == 7:
        return text.replace('"/', '"\\ud800/', 1)
    if what == 8:
        return text.replace('"/', '"\udcff/', 1)
    if what == 9:
        return text.replace('"/', '"\udcc0\udcaf', 1)
    if what == 10:
        return text + rng.choice(["}", " x", "{}", "\udcfe", "//", "\x01"])
    if what == 11:
        return "\ufeff" + text
    if what == 12:
        return "/* c */" + text
    if what == 13:
        depth = rng.choice([40, 63, 64, 65, 500, 5000])
        return text[:-1] + ',"windows":' + "[" * depth + "]" * depth + "}"
    if what == 14:
        return rng.choice(["", "null", "[]", "{}", "1", '"x"', "{", "\udc80", "[" * 900])
    return text[:at] + rng.choice(["\x01", "\x7f", "\udc80", '"', "\\", "0", ",", "\u202e"]) \
        + text[at:]


def of_create(rng, number, bases):
    call, text = rng.choice(bases[0])
    call, spec = dict(call), json.loads(text)
    kind = rng.random()
    if kind < 0.06:
        pass
    elif kind < 0.62:
        fields.tame(rng, spec)
        fields.change(rng, spec, rng.randint(1, 8), 0)
    elif kind < 0.82:
        fields.tame(rng, spec)
        fields.change(rng, spec, rng.randint(1, 6), 0)
        fields.change(rng, spec, 1, 1)
    elif kind < 0.94:
        fields.change(rng, spec, rng.randint(3, 25), 0.5)
    else:
        fields.tame(rng, spec)
        fields.change(rng, spec, rng.randint(0, 3), 0)
        fields.disorder(rng, spec)
    if rng.random() < 0.04:
        call.pop("root", None)
    if rng.random() < 0.02:
        call["line"] = rng.choice(["run", "restore"])
    if number % 331 == 7:
        fields.blow_up(rng, spec)
    return call, spec


def of_exec(rng, bases):
    whole = {"process": json.loads(rng.choice(bases[1]))}
    fields.change(rng, whole, rng.randint(0, 6), rng.choice([0, 0, 0.3]), "process")
    if rng.random() < 0.05:
        fields.disorder(rng, whole["process"])
    return {"line": "exec", "container": rng.randrange(len(CONTAINERS))}, whole["process"]


def of_update(rng, bases):
    whole = {"linux": {"resources": json.loads(rng.choice(bases[2]))}}
    fields.change(rng, whole, rng.randint(0, 5), rng.choice([0, 0, 0.3]), "resources")
    call = {"line": "update", "container": rng.randrange(len(CONTAINERS))}
    return call, whole["linux"]["resources"]


def with_image(call, seed, number):
    """By numbers of its own: the documents are the same with and without."""
    said = images.facts(random.Random(f"{seed}/{number}/image"))
    if said is not None and call["line"] not in ("exec", "update"):
        call["image"] = said
    return call


def one(seed, number, bases, asked):
    rng = random.Random(f"{seed}/{number}")
    kind = rng.random()
    if kind < 0.07:
        call, document = of_exec(rng, bases)
    elif kind < 0.12:
        call, document = of_update(rng, bases)
    else:
        call, document = of_create(rng, number, bases)
    if asked:
        with_image(call, seed, number)
    text = compact(document, rng.random() < 0.5)
    if rng.random() < 0.03:
        text = raw_mess(rng, text)
    # An error handler for lone surrogates that stand for bytes; others are escaped already.
    data = text.replace("\n", " ").encode("utf-8", "surrogateescape")
    return compact(call).encode() + b"\t" + data + b"\n"


def userns(joined):
    """A range; file systems that cannot be idmapped, flags of sources. Joined: every container's
    sandbox has a user namespace, which owns the namespaces of most pods."""
    pods = {spec.get("annotations", {}).get("io.kubernetes.cri.sandbox-uid") for spec in
            (json.loads(text) for _, text in load()[0])} - {None}
    volumes = [f"/var/lib/kubelet/pods/{pod}/volumes/kubernetes.io~" for pod in sorted(pods)]
    facts = {"base": fields.POOL[0] + 3 * 65536, "pool": fields.POOL, "pod": "auto",
             "runtime": "1.1.5" if joined else "1.3.4",
             "no_idmap": ["/var/lib/docker/volumes/v/_data"] + [v + "projected/api" for v in volumes],
             "tmpfs": [v + "projected/api" for v in volumes],
             "flags": {v + "empty-dir/cache": ["noexec", "nosuid", "noatime"] for v in volumes},
             "maps": {"/proc/9/ns/user": [[0, fields.POOL[0], 65536]],
                      "/proc/10/ns/user": [[0, 100000, 65536], [65536, 0, 1]]}}
    if joined:
        paths = {n.get("path") for _, text in load()[0]
                 for n in json.loads(text)["linux"]["namespaces"]} - {None}
        paths |= {f"/proc/4242/ns/{kind}" for kind in ("net", "ipc", "uts")}
        facts["sandbox"] = "/proc/4242/ns/user"
        facts["owners"] = {path: "other" if number % 9 == 0 else facts["sandbox"]
                           for number, path in enumerate(sorted(paths))}
    return {"userns": facts}


def main():
    out = sys.stdout.buffer
    asked = sys.argv[1] == "--images"
    if asked:
        del sys.argv[1]
    if len(sys.argv) == 1:
        out.write(compact(images.POLICY).encode() + b"\n")
        return
    if sys.argv[1:] in (["--userns"], ["--joined"]):
        out.write(compact(userns(sys.argv[1] == "--joined")).encode() + b"\n")
        return
    if sys.argv[1:] == ["--recorded"]:
        out.write(compact(recorded.POLICY).encode() + b"\n")
        return
    if sys.argv[1:] == ["--containers"]:
        for number, case in enumerate(CONTAINERS):
            call = with_image(call_of(case), "container", number) if asked else call_of(case)
            out.write((compact(call) + "\t" + compact(spec_of(case)) + "\n").encode())
        return
    count, seed = int(sys.argv[1]), sys.argv[2]
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    bases = load()
    for number in range(first, first + count):
        out.write(one(seed, number, bases, asked))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(1)
