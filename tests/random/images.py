# SPDX-License-Identifier: Apache-2.0
"""What hardrun-image may say of an image, and what the control image has to make of it. Written from
the manual and from what the two programs say to one another; it shares nothing with the program
that is judged.

With the section images of POLICY `restricted` requires all of it, `default` and `sandbox` nothing."""
import re

DIGEST = "sha256:" + "5c90b1d5" * 8
POLICY = {"version": 1, "images": {
    "site": [{"scopes": ["registry.example/*"], "allow": [DIGEST]},
             {"scopes": ["*"], "allow": ["sha256:" + "0" * 64]}]}}
REQUIRING = ("restricted",)
CODES = ["unsigned", "denied", "scope", "unbound", "damaged", "unreachable", "keys", "request",
         "died", "late", "mismatch", "missing", "socket", "", "Accepted", "accepted ", "new-code"]
NAMES = ["registry.example/pay/app:v1", "docker.io/library/redis:7@" + DIGEST, "a" * 300,
         "x no such file", "\u202e", "", "*"]
TEXTS = ["not signed by any key of site (pay.pub, next.pub)", "no signature in the store", "", "x" * 3000,
         "no such file or directory", "Permission Denied\n", "container not found", "a\x1b[2Jb", "\u00e9\u4e2d",
         "it does not exist; No Such Process", "100%s%n", "sign it: hardrun image add DIR", '"quoted"',
         "no such no such", "not found" * 200]
FORBIDDEN = ["no such file", "permission denied", "not found", "does not exist", "no such process"]
PLAIN = re.compile(r"[ -~]{1,400}")


# What is said

def answer(rng, accepted):
    said = {"version": 1, "accepted": accepted, "code": "accepted" if accepted else rng.choice(CODES),
            "source": rng.choice(["containerd", "layout", "umoci", "descriptor"])}
    if accepted or rng.random() < 0.7:
        said["digest"] = rng.choice([DIGEST, DIGEST, "sha256:" + "ab" * 32])
    if accepted or rng.random() < 0.7:
        said["names"] = [rng.choice(NAMES) for _ in range(rng.randint(0, 2))]
    if accepted:
        said["by"] = rng.choice([
            {"how": "digest", "of": DIGEST, "scope": "*"},
            {"how": "signature", "format": "cosign", "key": "/etc/hardrun/keys/pay.pub", "of": DIGEST}])
        return said
    for key in ("why", "found", "remedy"):
        if rng.random() < 0.8:
            said[key] = rng.choice(TEXTS)
    return said


def odd_answer(rng):
    """An acceptance that is none."""
    said = answer(rng, True)
    what = rng.randrange(7)
    if what < 3:
        said["accepted"] = (False, "true", 1)[what]
    elif what == 3:
        del said["accepted"]
    elif what == 4:
        said["code"] = rng.choice(CODES)
    elif what == 5:
        del said["code"]
    else:
        return rng.choice([{}, {"accepted": None}, {"code": ["accepted"], "accepted": True}])
    return said


def facts(rng):
    """The member "image" of a call; None: nobody was asked."""
    kind = rng.random()
    if kind < 0.03:
        return None
    said = {"require": "*"}
    if kind < 0.06:
        return said
    if kind < 0.12:
        said["problem"] = rng.choice(TEXTS)
        return said
    if kind < 0.22:
        said["answer"] = odd_answer(rng)
    else:
        said["answer"] = answer(rng, kind < 0.75)
    if rng.random() < 0.1:
        said["problem"] = "an answer counts before it"
    return said


# What has to become of it

def accepted(said):
    given = said.get("answer") if said else None
    return bool(given) and given.get("accepted") is True and given.get("code") == "accepted"


def wanted(call, profile, container):
    """The action of the entry image.require: None for no entry."""
    if profile not in REQUIRING or call["line"] == "update":
        return None
    if call["line"] == "exec":
        return None if accepted(container.get("image")) else "refuse"
    said = call.get("image")
    if call["line"] == "restore" or said is None:
        return "refuse"
    if said.get("answer") is not None:
        return None if accepted(said) else "refuse"
    return "refuse" if "problem" in said else "warn"


def tells(call, said, entry, message, first):
    """What the entry lacks of what was said."""
    given = said.get("answer") or {} if said else {}
    path = "args" if call["line"] == "exec" else "root.path"
    if (entry["path"], entry["control"], entry["mode"]) != (path, "image", "enforce"):
        yield f"the entry is {entry}"
    if call["line"] not in ("create", "run") or entry["action"] == "warn":
        return
    if given.get("names") and entry["from"] != given["names"][0]:
        yield f"names {entry['from']!r}, not {given['names'][0]!r}"
    for key, where in (("why", "why"), ("digest", "why"), ("found", "why"), ("remedy", "remedy")):
        text = given.get(key)
        if not text or not PLAIN.fullmatch(text) or any(f in text.lower() for f in FORBIDDEN):
            continue
        if text not in entry[where]:
            yield f"does not tell {key}: {text}"
        if first and text not in message:
            yield f"the message does not tell {key}: {text}"
    if first and "hardrun image verify" not in message:
        yield "the message does not say how to look again"


def check(call, container, result):
    """Every (property, path, text) that does not hold of one result."""
    want = wanted(call, result["profile"], container)
    entries = [e for e in result["report"] if e["rule"] == "image.require"]
    if result["verdict"] == "error":
        return
    if [e["action"] for e in entries] != ([want] if want else []):
        yield "image", "root.path", f"wanted {want}, and the report has {[e['action'] for e in entries]}"
        return
    if want == "refuse" and result["verdict"] != "refuse":
        yield "image", "root.path", "is accepted"
    refusals = [e for e in result["report"] if e["action"] == "refuse"]
    for entry in entries:
        for text in tells(call, call.get("image"), entry, result["message"], refusals[:1] == [entry]):
            yield "image", entry["path"], text
