#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random signatures, bundles and requirements: the real hardrun-image is asked, and so is model.py.

    generate.py COUNT [SEED [FIRST [FOLDER]]]

Document N depends on SEED and N alone, but for the keys' and the signatures' own random numbers.
A disagreement is saved below FOLDER (default: disagreements in the current directory) with
everything that was asked: request.json, store/, wanted, answer.json."""
import base64
import collections
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

import ask
import cases
import model
from mutate import Mutator

D = cases.DIGESTS
BLOBS = "image/blobs/sha256/"
NAMES = ["registry.example/pay/app:v1", "registry.example/pay/app", "registry.example:5000/pay/app:v1",
         "redis", "docker.io/library/redis:7", "ghcr.io/org/tool:latest", "localhost/a/b:x",
         "127.0.0.1:5055/k/p256:v1", "registry.example/pay/app@" + D["v1"]]


class Key:
    """A private key, its name and how it signs; hash: what is usual for it."""

    def __init__(self, name, private):
        self.name, self.private = name, private
        self.pem = private.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        der = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.hint = base64.b64encode(hashlib.sha256(der).digest()).decode()

    def asked(self):
        return {"name": f"/etc/hardrun/keys/{self.name}.pub", "pem": self.pem}

    def sign(self, data, rng):
        """A good signature mostly; sometimes with another hash or padding, altered or cut."""
        odd = rng.random() < 0.05
        digest = rng.choice([hashes.SHA256, hashes.SHA384, hashes.SHA512, hashes.SHA1]) \
            if odd else hashes.SHA256
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            signed = self.private.sign(hashlib.sha512(data).digest() if odd else data)
        elif isinstance(self.private, rsa.RSAPrivateKey):
            how = padding.PKCS1v15()
            if odd and rng.random() < 0.5:
                how = padding.PSS(padding.MGF1(digest()), padding.PSS.DIGEST_LENGTH)
            signed = self.private.sign(data, how, digest())
        else:
            own = model.OWN_HASH[self.private.curve.name]
            signed = self.private.sign(data, ec.ECDSA(
                own() if not odd and rng.random() < 0.4 else digest()))
        return self.altered(signed, rng) if rng.random() < 0.05 else signed

    def altered(self, signed, rng):
        way = rng.randrange(6)
        if way == 0:
            return signed[:-rng.randint(1, len(signed))]
        if way == 1:
            return signed + rng.choice([b"\0", b"\0\0", signed])
        if way == 2:
            place = rng.randrange(len(signed))
            return signed[:place] + bytes([signed[place] ^ 1 << rng.randrange(8)]) + \
                signed[place + 1:]
        if way == 3:
            return b""
        if not isinstance(self.private, ec.EllipticCurvePrivateKey):
            return signed[::-1]
        r, s = utils.decode_dss_signature(signed)
        if way == 4:  # the same, negated: it verifies
            return utils.encode_dss_signature(r, ORDERS[self.private.curve.name] - s)
        size = (self.private.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


ORDERS = {
    "secp256r1": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "secp384r1": int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
                     "581a0db248b0a77aecec196accc52973", 16),
    "secp521r1": int("1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
                     "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16),
}


def keys():
    def curve(kind):
        return ec.generate_private_key(kind)

    return [Key("p256", curve(ec.SECP256R1())), Key("p256-b", curve(ec.SECP256R1())),
            Key("p384", curve(ec.SECP384R1())), Key("p521", curve(ec.SECP521R1())),
            Key("rsa2048", rsa.generate_private_key(65537, 2048)),
            Key("rsa3072", rsa.generate_private_key(65537, 3072)),
            Key("ed25519", ed25519.Ed25519PrivateKey.generate()),
            Key("ed25519-b", ed25519.Ed25519PrivateKey.generate())]


def unfit_keys():
    """PEM texts that must not be taken for keys."""
    for private in (ec.generate_private_key(ec.SECP224R1()), ec.generate_private_key(ec.SECP256K1()),
                    rsa.generate_private_key(65537, 1024)):
        yield Key("unfit", private).pem
    good = Key("good", ed25519.Ed25519PrivateKey.generate())
    yield good.pem.replace("PUBLIC", "PRIVATE")
    yield good.pem.replace("-----END PUBLIC KEY-----\n", "")
    yield good.pem[:60]
    yield ""


class Maker:
    """One scenario: what is in the store, the request, and what the model says."""

    def __init__(self, rng, keyring, unfit):
        self.rng, self.keyring, self.unfit = rng, keyring, unfit
        self.mutate = Mutator(rng)
        self.image = rng.choice(NAMES)
        self.subject = "v1"
        self.entry = self.make_entry()

    def chance(self, share):
        return self.rng.random() < share

    # -- the requirement

    def make_entry(self):
        trusted = self.rng.sample(self.keyring, self.rng.choice([1, 1, 1, 2, 3]))
        self.trusted = trusted
        entry = {"scopes": ["*"], "keys": [key.asked() for key in trusted]}
        if self.chance(0.5):
            entry["reference"] = self.rng.choice(["repository", "exact", "none", "none"])
        if self.chance(0.2):
            entry["annotations"] = self.rng.choice(
                [{}, {"env": "prod"}, {"env": "prod", "stage": "2"}, {"": ""}, {"n": "1"}])
        if self.chance(0.1):
            entry["formats"] = self.rng.choice([["cosign"], ["bundle"], ["bundle", "cosign"]])
        if self.chance(0.06):
            entry["allow"] = self.rng.sample([D["v1"], D["evil"], D["index"], D["zero"]], 2)
        if self.chance(0.06):
            entry["deny"] = self.rng.sample([D["v1"], D["evil"], D["index"], D["zero"]], 1)
        if self.chance(0.05):
            entry["sources"] = self.rng.choice([["containerd"], ["layout"], ["descriptor"],
                                                ["descriptor", "layout"]])
        return entry

    def scopes(self):
        repository = model.reference(self.image)[0]
        parts = repository.split("/")
        fitting = ["*", repository] + ["/".join(parts[:n]) + "/*" for n in range(1, len(parts))]
        others = ["ghcr.io/*", "docker.io/*", "registry.example/*", repository + "/*",
                  repository + "x", "/".join(parts[:-1]), "registry.example/pa/*", "redis",
                  "library/*", "127.0.0.1:5055/k/*", "index.docker.io/library/*"]
        return fitting, others

    def entries(self):
        """Mostly the one; or several, each with scopes that no other has."""
        if self.chance(0.02):
            self.entry["keys"].append({"name": "/k/unfit.pub", "pem": self.rng.choice(self.unfit)})
        if self.chance(0.75):
            return [self.entry]
        fitting, others = self.scopes()
        patterns = list(dict.fromkeys(fitting + others))
        normal, chosen = set(), []
        for pattern in self.rng.sample(patterns, len(patterns)):
            host, path = model.repository_of(pattern)
            if (host, path) not in normal:
                normal.add((host, path))
                chosen.append(pattern)
        entries = [self.entry] + [self.make_other() for _ in range(self.rng.randint(0, 3))]
        for entry in entries:
            entry["scopes"] = [chosen.pop() for _ in range(self.rng.randint(1, 3)) if chosen]
        entries = [entry for entry in entries if entry["scopes"]]
        self.rng.shuffle(entries)
        return entries

    def make_other(self):
        kept, trusted = self.entry, self.trusted
        other = self.make_entry()
        self.entry, self.trusted = kept, trusted
        return other

    # -- signatures

    def signer(self):
        return self.rng.choice(self.trusted if self.chance(0.94) else self.keyring)

    def said_name(self):
        repository, tag, _ = model.reference(self.image)
        if self.chance(0.85):
            return self.image.split("@")[0] if self.chance(0.5) else \
                repository + (":" + tag if tag and self.chance(0.5) else "")
        return self.rng.choice(NAMES + [
            repository + ":other", repository + "/more", repository + "@" + D["v1"],
            repository + "@" + D["evil"], "", "UPPER/case", repository + ":", "a//b", "/a/b",
            repository.rsplit("/", 1)[0], repository.replace("docker.io/library/", ""),
            repository.replace("docker.io/", "index.docker.io/"), repository + ":" + "t" * 129])

    def said_digest(self, digest):
        if self.chance(0.95):
            return digest
        return self.rng.choice([D["evil"], D["index"], digest.upper(), digest[:-1], digest + "0",
                                digest.split(":")[1], "sha512:" + digest.split(":")[1] * 2,
                                " " + digest, digest.replace("sha256", "SHA256"), ""])

    def annotations(self):
        wanted = dict(self.entry.get("annotations", {}))
        if self.chance(0.3):
            wanted["extra"] = self.rng.choice(["x", "", "Gr\u00fc\u00dfe", "a\tb", "a\0b",
                                               Mutator.MARK])
        if wanted and self.chance(0.15):
            wanted[self.rng.choice(sorted(wanted))] = self.rng.choice(["prod ", 1, True, "1", "PROD"])
        return wanted

    def payload(self, digest):
        optional = self.annotations() or self.rng.choice([None, {}, {"creator": "x", "n": 1.5}])
        said = {"critical": {"identity": {"docker-reference": self.said_name()},
                             "image": {"docker-manifest-digest": self.said_digest(digest)},
                             "type": model.SIMPLE_TYPE}, "optional": optional}
        if self.chance(0.1):
            del said["optional"]
        return self.mutate.text(said)

    def cosign(self, digest):
        payload = self.payload(digest)
        signed = self.signer().sign(payload, self.rng)
        if self.chance(0.03):
            payload = payload + b" " if self.chance(0.5) else payload[:-1]
        return cases.cosign_file(payload, self.mutate.base64(signed))

    def statement(self, digest):
        about = {"name": self.said_name(),
                 "digest": {"sha256": self.said_digest(digest).replace("sha256:", "")}}
        if self.chance(0.25):
            del about["name"]
        if self.entry.get("annotations") or self.chance(0.1):
            about["annotations"] = self.annotations()
        subject = [about]
        if self.chance(0.04):
            subject = self.rng.choice([[], [about, about], about, [about, {"digest": {
                "sha256": D["evil"].split(":")[1]}}], [[about]], [None]])
        said = {"_type": self.rng.choice(model.STATEMENTS), "subject": subject,
                "predicateType": model.PREDICATE,
                "predicate": self.rng.choice([{}, None, {}, {"a": [1, {"b": None}]},
                                             {"a": self.mutate.nested(self.rng.choice([25, 40]))}])}
        if self.chance(0.03):
            said["predicateType"] = self.rng.choice(
                [model.PREDICATE + "/", "https://slsa.dev/provenance/v1", "", 1])
        if self.chance(0.03):
            said["_type"] = self.rng.choice(["https://in-toto.io/Statement/v2", "", None])
        return self.mutate.text(said)

    def envelope(self, digest, signer):
        payload = self.statement(digest)
        kind = model.STATEMENT_TYPE
        if self.chance(0.03):
            kind = self.rng.choice(["application/json", "", kind + " ", kind.upper()])
        encoded = b"DSSEv1 %d %s %d " % (len(kind), kind.encode(), len(payload)) + payload
        if self.chance(0.03):
            encoded = self.rng.choice([payload, encoded[1:], encoded.replace(b"v1 ", b"v1  ", 1)])
        said = {"payload": self.mutate.base64(payload), "payloadType": kind,
                "signatures": [{"sig": self.mutate.base64(signer.sign(encoded, self.rng))}]}
        if self.chance(0.1):
            said["signatures"][0]["keyid"] = self.rng.choice(["", "some", signer.hint])
        if self.chance(0.04):
            said["signatures"] = self.rng.choice(
                [[], said["signatures"] * 2, said["signatures"] + [{"sig": "AAAA"}],
                 said["signatures"][0]])
        return said

    def bundle(self, digest, content):
        signer = self.signer()
        hint = signer.hint if self.chance(0.8) else self.rng.choice(
            ["", "AAAA", self.rng.choice(self.keyring).hint, "no base64!"])
        said = {"mediaType": model.BUNDLE_TYPE,
                "verificationMaterial": {"publicKey": {"hint": hint}}}
        if self.chance(0.1):
            said["verificationMaterial"]["tlogEntries"] = self.rng.choice([[], [{"logIndex": "1"}]])
        if self.chance(0.05):
            said["verificationMaterial"]["timestampVerificationData"] = {}
        if self.chance(0.04):
            said["verificationMaterial"] = self.rng.choice(
                [{}, {"certificate": {"rawBytes": "AAAA"}},
                 {"x509CertificateChain": {"certificates": []}},
                 {"publicKey": {"hint": hint}, "certificate": {"rawBytes": "AAAA"}}])
        if self.chance(0.04):
            said["mediaType"] = self.rng.choice(
                [model.BUNDLE_TYPE.replace("0.3", "0.2"), model.BUNDLE_TYPE.replace("v0.3", "0.3"),
                 "application/vnd.dev.sigstore.bundle+json;version=0.3", ""])
        if self.chance(0.8):
            said["dsseEnvelope"] = self.envelope(digest, signer)
        if "dsseEnvelope" not in said or self.chance(0.02):
            said["messageSignature"] = {
                "messageDigest": {
                    "algorithm": "SHA2_256" if self.chance(0.93) else
                    self.rng.choice(["SHA2_512", "sha256", "", 1]),
                    "digest": self.mutate.base64(hashlib.sha256(
                        content if self.chance(0.93) else content + b" ").digest())},
                "signature": self.mutate.base64(signer.sign(content, self.rng))}
        return self.mutate.text(said)

    # -- all of it

    def make(self):
        entries = self.entries()
        contents = {D[name]: cases.fixture(BLOBS + D[name][7:])
                    for name in ("v1", "arm", "index", "evil")}
        way = self.rng.choice(["descriptor"] * 6 + ["layout", "layout", "index"])
        subject = D["index"] if way == "index" else D["v1"]
        signatures = collections.defaultdict(list)
        for _ in range(self.rng.choice([0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3])):
            digest = subject
            if self.chance(0.05) or (way == "index" and self.chance(0.4)):
                digest = self.rng.choice([D["v1"], D["arm"]])
            if self.chance(0.5):
                signatures[digest].append(("cosign", self.cosign(digest)))
            else:
                signatures[digest].append(("bundle", self.bundle(digest, contents[digest])))
        manifest = way == "descriptor" and self.chance(0.5)
        if way == "descriptor":
            source = {"descriptor": {"digest": subject, "name": self.image}}
            candidates = [model.Candidate(subject, contents[subject] if manifest else None)]
        else:
            source = {"layout": {"tag": None, "digest": subject, "name": self.image}}
            index = {subject: contents[subject]} if way == "index" else {}
            candidates = [model.Candidate(D["v1"], contents[D["v1"]], D["config"], index)]
            if index:
                candidates.append(model.Candidate(D["arm"], contents[D["arm"]], D["armconfig"],
                                                  index))
        store = {digest: list(files) for digest, files in signatures.items()}
        wanted = model.judge(entries, self.image, "descriptor" if way == "descriptor" else "layout",
                             candidates, signatures)
        request = {"version": 1, "deadline_ms": 10000, "source": source,
                   "require": {"name": "random", "entries": entries}}
        return request, store, {subject: contents[subject]} if manifest else {}, wanted


def write(folder, store, manifests):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o755)
    for digest, files in store.items():
        for kind, data in files:
            cases.put(os.path.join(folder, "sha256", digest[7:]), kind, data)
    for digest, data in manifests.items():
        cases.put(os.path.join(folder, "sha256", digest[7:]), None, data, "manifest")


def save(folder, number, request, store, wanted, reply):
    place = os.path.join(folder, str(number))
    os.makedirs(place, exist_ok=True)
    shutil.rmtree(os.path.join(place, "store"), ignore_errors=True)
    shutil.copytree(store, os.path.join(place, "store"))
    with open(os.path.join(place, "request.json"), "w", encoding="utf-8") as file:
        json.dump(request, file)
    with open(os.path.join(place, "wanted"), "w", encoding="utf-8") as file:
        print(" ".join(sorted(wanted)), file=file)
    with open(os.path.join(place, "answer.json"), "wb") as file:
        file.write(reply.raw)


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 31)
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    folder = sys.argv[4] if len(sys.argv) > 4 else "disagreements"
    os.umask(0o022)
    keyring, unfit = keys(), list(unfit_keys())
    tally, differ, start, slowest = collections.Counter(), 0, time.monotonic(), 0.0
    with tempfile.TemporaryDirectory(prefix="hr-image.") as work:
        os.chmod(work, 0o755)
        store = os.path.join(work, "store")
        for number in range(first, first + count):
            maker = Maker(random.Random(f"{seed} {number}"), keyring, unfit)
            request, signatures, manifests, wanted = maker.make()
            write(store, signatures, manifests)
            source = os.path.join(cases.FIXTURES, "image") if "layout" in request["source"] else None
            reply = ask.ask(request, store, source)
            slowest = max(slowest, reply.seconds)
            code = reply.answer.get("code") if reply.answer else None
            tally["open" if len(wanted) > 1 and "accepted" in wanted else sorted(wanted)[0]] += 1
            problem = reply.sound() or (
                "" if code in wanted else f"code {code}, wanted {' or '.join(sorted(wanted))}")
            if problem:
                differ += 1
                save(folder, number, request, store, wanted, reply)
                print(f"# {number}: {problem}; {folder}/{number}")
    shown = ", ".join(f"{number} {code}" for code, number in sorted(tally.items()))
    print(f"# seed {seed}, {count} documents from {first}: {shown}; slowest "
          f"{slowest * 1000:.0f} ms; {time.monotonic() - start:.1f} s")
    enough = tally["accepted"] * 5 >= count and tally["unsigned"] * 5 >= count or count < 200
    print(f"{'not ' if differ else ''}ok 1 - hardrun-image and the model agree ({differ} differ)")
    print(f"{'' if enough else 'not '}ok 2 - a fifth is accepted, and a fifth refused, at least")
    print("1..2")
    return 1 if differ or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
