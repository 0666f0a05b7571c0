#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The model against cases.tsv: what was written by hand and what it says must be the same.
No program is asked. TAP."""
import collections
import hashlib
import os
import sys
import tempfile

import cases
import model

LAYOUT = os.path.join(cases.FIXTURES, "image")


def signatures_of(store):
    """What lies in a store, as the model takes it, and its manifests that have their digest."""
    found, contents = collections.defaultdict(list), {}
    for folder, _, files in os.walk(store):
        digest = "sha256:" + os.path.basename(folder)
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            if name == "manifest":
                if hashlib.sha256(data).hexdigest() == digest[7:]:
                    contents[digest] = data
            elif name.startswith(("cosign-", "bundle-")):
                found[digest].append((name.split("-")[0], data))
    return found, contents


def candidates_of(source, contents):
    """None for a source that only a program can read."""
    if "descriptor" in source:
        digest = source["descriptor"]["digest"]
        return [model.Candidate(digest, contents.get(digest))]
    layout = source["layout"]
    digest = layout["digest"] or cases.DIGESTS.get(layout["tag"])
    blob = {name: open(os.path.join(LAYOUT, "blobs/sha256", cases.DIGESTS[name][7:]), "rb").read()
            for name in ("v1", "arm", "evil", "index")}
    of_v1 = (cases.DIGESTS["v1"], blob["v1"], cases.DIGESTS["config"])
    if digest == of_v1[0]:
        return [model.Candidate(*of_v1)]
    if digest == cases.DIGESTS["evil"]:
        return [model.Candidate(digest, blob["evil"])]
    if digest != cases.DIGESTS["index"]:
        return None
    indexes = {digest: blob["index"]}
    return [model.Candidate(*of_v1, indexes),
            model.Candidate(cases.DIGESTS["arm"], blob["arm"], cases.DIGESTS["armconfig"], indexes)]


def main():
    count = failed = 0
    with tempfile.TemporaryDirectory(prefix="hr-image.") as work:
        for case in cases.rows():
            if "request" in case.codes:
                continue
            store = os.path.join(work, str(count) + case.source.split()[0].replace("/", "-"))
            for item in [] if case.store in ("-", "none") else case.store.split():
                cases.fill(store, item)
            for text in cases.BOTH if case.source == "both" else case.source.split():
                source, path = cases.source_of(text, case.image)
                if path not in (None, LAYOUT):
                    continue
                found, contents = signatures_of(store)
                candidates = candidates_of(source, contents)
                if candidates is None:
                    continue
                said = model.judge(cases.entries_of(case.requirement), case.image,
                                   "layout" if path else "descriptor", candidates, found)
                count += 1
                bad = not said & set(case.codes)
                failed += bad
                print(f"{'not ' if bad else ''}ok {count} - {case.name}, {text}")
                if bad:
                    print(f"# the model says {sorted(said)}, the table {case.codes}")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
