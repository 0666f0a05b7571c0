#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the real hardrun-image once for each row of cases.tsv. TAP.

    cases.py [-v] [REGEX]      only rows whose name matches

Columns of cases.tsv, separated by tabs:
  name         of the case
  store        what the store has: KIND:PATH>DIGEST, by spaces. KIND: cosign (a folder with
               payload.json and sig.b64), bundle, manifest (the bytes as they are), junk (a file
               that is put beside the others as it is). "-": nothing. "none": there is no store.
  source       LAYOUT:TAG, LAYOUT@DIGEST or =DIGEST (descriptor); "both": image:v1, image@v1, =v1
  image        its name; "-" for none
  requirement  {..}: members of the one entry, over {"scopes": ["*"], "keys": ["p256"]};
               [..]: all entries. Keys by name of their file in fixtures/keys, without ".pub"
  code         that is wanted; alternatives by "/"
  text         a regular expression for "why | found | remedy"; for accepted ones of
               "how format key of scope index"

@NAME stands for a digest (DIGESTS below) wherever one can be."""
import base64
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile

import ask

HERE = os.path.dirname(os.path.realpath(__file__))
FIXTURES = os.path.join(HERE, "fixtures")
DIGESTS = {
    "v1": "sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622",
    "arm": "sha256:c9a648322f2999d65f6220863dc937f13db0f57b0f57030777c8bc9adb0d6335",
    "evil": "sha256:c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7",
    "index": "sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212",
    "evilindex": "sha256:84382ae17fbf0ed3c07015071db929b109a721f4f57a5dc224be0883071645ff",
    "config": "sha256:1e8435d60abe24c0ee52ce0b272b2a32f0d7f5afcf2316f001dcd2070e75303b",
    "armconfig": "sha256:feab9df0028321c590a8dd87e863a265f668aa89ade886977eefd5d42f7e281d",
    "zero": "sha256:" + 64 * "0",
    "nowhere": "sha256:" + 64 * "ab"[:1],
}
BOTH = ("image:v1", "image@v1", "=v1")


def fixture(path):
    with open(os.path.join(FIXTURES, path), "rb") as file:
        return file.read()


def digests(text):
    return re.sub(r"@(\w+)", lambda m: DIGESTS.get(m[1], m[0]), text)


def put(directory, prefix, data, name=None):
    os.makedirs(directory, mode=0o755, exist_ok=True)
    name = name or f"{prefix}-{hashlib.sha256(data).hexdigest()}.json"
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data)


def cosign_file(payload, signature):
    """payload: bytes; signature: the text that is in the annotation."""
    return json.dumps({"payload": base64.b64encode(payload).decode(),
                       "signature": signature}).encode()


def fill(store, item):
    kind, rest = item.split(":", 1)
    path, digest = rest.split(">")
    directory = os.path.join(store, "sha256", digests("@" + digest).split(":")[1])
    if kind == "cosign":
        signature = fixture(path + "/sig.b64").decode().strip()
        put(directory, "cosign", cosign_file(fixture(path + "/payload.json"), signature))
    elif kind == "bundle":
        put(directory, "bundle", fixture(path))
    elif kind == "manifest":
        put(directory, None, fixture(digests(path)), "manifest")
    elif kind == "junk":
        put(directory, None, fixture(path), os.path.basename(path))
    else:
        raise ValueError(f"unknown kind: {item}")


def source_of(text, image):
    if text.startswith("="):
        return {"descriptor": {"digest": digests("@" + text[1:]), "name": image}}, None
    path, mark, value = re.fullmatch(r"([^:@]*)([:@])(.*)", text).groups()
    tag, digest = (value, None) if mark == ":" else (None, digests("@" + value))
    return ({"layout": {"tag": tag or None, "digest": digest, "name": image}},
            os.path.join(FIXTURES, path))


def key_of(name):
    if isinstance(name, dict):
        return name
    return {"name": f"/etc/hardrun/keys/{name}.pub", "pem": fixture(f"keys/{name}.pub").decode()}


def entries_of(text):
    given = json.loads(digests(text))
    entries = given if isinstance(given, list) else [{"scopes": ["*"], "keys": ["p256"]} | given]
    for entry in entries:
        if isinstance(entry.get("keys"), list):
            entry["keys"] = [key_of(name) for name in entry["keys"]]
    return [{name: value for name, value in entry.items() if value is not None}
            for entry in entries]


def request_of(source, requirement, name="payment-keys"):
    return {"version": 1, "deadline_ms": 10000, "source": source,
            "require": {"name": name, "entries": entries_of(requirement)}}


def told(answer):
    if answer["accepted"]:
        by = answer.get("by", {})
        shown = [by.get(member, "-") for member in ("how", "format", "key", "of", "scope")]
        return " ".join(shown + [answer.get("index", "-")])
    return " | ".join(answer.get(member, "-") for member in ("why", "found", "remedy"))


class Case:
    def __init__(self, columns):
        self.name, self.store, self.source, image, self.requirement, codes, text = columns
        self.image = digests(image) if image != "-" else None
        self.codes, self.text = codes.split("/"), digests(text)

    def run(self, work):
        store = os.path.join(work, "store")
        shutil.rmtree(store, ignore_errors=True)
        if self.store == "none":
            store = None
        else:
            os.mkdir(store, 0o755)
            for item in self.store.split() if self.store != "-" else []:
                fill(store, item)
        for source in BOTH if self.source == "both" else self.source.split():
            where, path = source_of(source, self.image)
            yield source, ask.ask(request_of(where, self.requirement), store, path)

    def wrong(self, reply):
        """What is not as it is wanted, '' for nothing."""
        problem = reply.sound()
        if problem:
            return problem
        if reply.answer["code"] not in self.codes:
            return f"code {reply.answer['code']}, wanted {'/'.join(self.codes)}"
        if not re.search(self.text, told(reply.answer)):
            return f"wanted /{self.text}/"
        return members(reply.answer)


def members(answer):
    """What an accepted answer must say of itself."""
    if not answer["accepted"]:
        return ""
    by = answer.get("by", {})
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", answer.get("digest", "")):
        return "accepted without a digest"
    if by.get("how") not in ("signature", "digest") or "scope" not in by or "of" not in by:
        return f"accepted by whom? {by}"
    if by["how"] == "signature" and not re.fullmatch("[0-9a-f]{64}", by.get("key_id", "")):
        return "no key_id"
    return ""


def rows():
    with open(os.path.join(HERE, "cases.tsv"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                columns = line.rstrip("\n").split("\t")
                if len(columns) != 7:
                    raise ValueError(f"cases.tsv:{number}: {len(columns)} columns")
                yield Case(columns)


def missing(cases):
    """Every row of tampered/CASES.tsv and every signature must be asked about."""
    text = " ".join(f"{case.name} {case.store} {case.source}" for case in cases)
    names = ["tampered/" + line.split("\t")[0]
             for line in fixture("tampered/CASES.tsv").decode().splitlines()]
    names += ["cosign-legacy/" + name for name in os.listdir(FIXTURES + "/cosign-legacy")]
    names += ["cosign-bundle/" + name for name in os.listdir(FIXTURES + "/cosign-bundle")
              if name.endswith(".sigstore.json")]
    names += ["cosign-save/" + name for name in os.listdir(FIXTURES + "/cosign-save")]
    return [name for name in names if name not in text]


def main():
    verbose = "-v" in sys.argv[1:]
    wanted = [word for word in sys.argv[1:] if word != "-v"]
    os.umask(0o022)
    cases, count, failed, slowest = list(rows()), 0, 0, 0.0
    with tempfile.TemporaryDirectory(prefix="hr-image.") as work:
        os.chmod(work, 0o755)
        for case in cases:
            if wanted and not re.search(wanted[0], case.name):
                continue
            for source, reply in case.run(work):
                count += 1
                slowest = max(slowest, reply.seconds)
                problem = case.wrong(reply)
                failed += bool(problem)
                print(f"{'not ' if problem else ''}ok {count} - {case.name}, {source}")
                if problem:
                    print(f"# {problem}")
                if (problem or verbose) and reply.answer:
                    print(f"# {reply.answer.get('code')}: {told(reply.answer)}")
    if not wanted:
        count, left = count + 1, missing(cases)
        failed += bool(left)
        print(f"{'not ' if left else ''}ok {count} - every fixture has its row" +
              "".join(f"\n# {name}" for name in left))
    print(f"# {count} runs of {ask.program()}, the slowest {slowest * 1000:.0f} ms")
    print(f"1..{count}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
