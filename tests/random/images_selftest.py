# SPDX-License-Identifier: Apache-2.0
"""Violations of control image, planted one at a time into results that hold: images.check must find
each, and nothing in the results as they are."""
import copy

import images

ACCEPTED = {"require": "*", "answer": {"accepted": True, "code": "accepted", "digest": images.DIGEST}}
UNSIGNED = {"require": "*", "answer": {
    "accepted": False, "code": "unsigned", "digest": images.DIGEST, "names": ["registry.example/a:1"],
    "why": "not signed by any key", "found": "one by another", "remedy": "sign it"}}


def entry(action="refuse", path="root.path", **more):
    return {"action": action, "path": path, "mode": "enforce", "control": "image",
            "rule": "image.require", "from": "registry.example/a:1",
            "why": f"not signed by any key; the image is {images.DIGEST}; found: one by another",
            "remedy": "sign it; to look again: hardrun image verify --id c1", **more}


def case(said, report=(), verdict="accept", line="create", profile="restricted", container=None):
    call = {"line": line, **({"image": said} if said is not None else {})}
    report = list(report)
    message = " ".join(report[0]["why"] + report[0]["remedy"] for _ in report[:1])
    return call, container, {"profile": profile, "verdict": verdict, "report": report,
                             "message": message}


def refused(said=None, **more):
    return case(UNSIGNED if said is None else said, [entry()], "refuse", **more)


def changed(given, **more):
    call, container, result = copy.deepcopy(given)
    result["report"][0].update(more)
    return call, container, result


EXEC = {"path": "args"}
SOUND = [
    case(ACCEPTED), refused(), case(UNSIGNED, profile="default"), case(None, profile="sandbox"),
    case({"require": "*"}, [entry("warn")]), case(None, [entry()], "refuse"),
    case({"require": "*", "problem": "late"}, [entry()], "refuse"),
    case(ACCEPTED, [entry()], "refuse", line="restore"),
    case(None, line="exec", container={"image": ACCEPTED}),
    case(None, [entry(**EXEC)], "refuse", line="exec", container={"image": UNSIGNED}),
]
PLANTED = [
    ("an unsigned image is accepted", case(UNSIGNED)),
    ("it is only warned about", case(UNSIGNED, [entry("warn")])),
    ("it is reported and accepted", case(UNSIGNED, [entry()])),
    ("a signed image is refused", case(ACCEPTED, [entry()], "refuse")),
    ("nobody was asked, and it is accepted", case(None)),
    ("no answer, and it is accepted", case({"require": "*", "problem": "late"})),
    ("accepted by a word", case({"answer": {"accepted": "true", "code": "accepted"}})),
    ("accepted with another code", case({"answer": {"accepted": True, "code": "unsigned"}})),
    ("not looked at, and nothing said", case({"require": "*"})),
    ("a restore is accepted", case(ACCEPTED, line="restore")),
    ("an exec in what was not accepted", case(None, line="exec", container={"image": UNSIGNED})),
    ("an exec in what nobody asked for", case(None, line="exec", container={})),
    ("the other profile requires it", refused(profile="default")),
    ("twice", case(UNSIGNED, [entry(), entry()], "refuse")),
    ("another path", changed(refused(), path="root")),
    ("in audit mode", changed(refused(), mode="audit")),
    ("another name", changed(refused(), **{"from": "x"})),
    ("the reason is not told", changed(refused(), why="no")),
    ("the remedy is not told", changed(refused(), remedy="no")),
]


def found(given):
    return list(images.check(*given))


def run(tap):
    for number, given in enumerate(SOUND):
        tap(not found(given), f"image: sound {number}", *map(str, found(given)))
    for name, given in PLANTED:
        tap(found(given), f"image: {name}")
