#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is to be accepted, by the rules as they are written in hardrun-policy(5), "Signed images",
and no line of the program. Cryptography by python3-cryptography.

A verdict is the set of codes that the rules leave open: mostly one; more where two reasons to
refuse hold at once, or where the rules are silent (EITHER)."""
import base64
import functools
import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

GOOD, BAD, EITHER = "good", "bad", "either"
PAYLOAD_MAX, DEPTH_MAX = 64 * 1024, 32
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
STATEMENT_TYPE = "application/vnd.in-toto+json"
STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
PREDICATE = "https://sigstore.dev/cosign/sign/v1"
SIMPLE_TYPE = "cosign container image signature"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Refused(Exception):
    """This signature does not count."""


class Silent(Exception):
    """The rules do not say."""


def need(fact, why="not as it must be"):
    if not fact:
        raise Refused(why)


# ---- JSON and base64 ---------------------------------------------------------------------

def no_twins(pairs):
    need(len({key for key, _ in pairs}) == len(pairs), "a key twice")
    return dict(pairs)


def no_constant(text):
    raise Refused(f"{text} is no JSON")


def depth_of(value):
    if isinstance(value, dict):
        return 1 + max((depth_of(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth_of(v) for v in value), default=0)
    return 0


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from strings_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings_of(member)


def document(data):
    """An object, and nothing that two parsers could read in two ways."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=no_twins, parse_constant=no_constant)
        depth = depth_of(value)
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    need(isinstance(value, dict), "no object")
    need(depth <= DEPTH_MAX, "too deep")
    for string in strings_of(value):
        need("\0" not in string, "a NUL")
        if any("\ud800" <= c <= "\udfff" for c in string):
            raise Silent("half a surrogate pair")
    if text != text.strip():
        raise Silent("blanks around it")
    return value


def exactly(value, must, may=()):
    need(isinstance(value, dict), "no object")
    need(set(must) <= set(value), f"{set(must) - set(value)} is missing")
    need(set(value) <= set(must) | set(may), f"unknown: {set(value) - set(must) - set(may)}")


def string(value):
    need(isinstance(value, str), "no string")
    return value


def unbase64(text):
    need(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text), "no base64")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("no base64") from error
    need(base64.b64encode(data).decode() == text, "not the one way to write it")
    return data


# ---- names -------------------------------------------------------------------------------

HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)"
HOSTS = re.compile(rf"{HOST}(?:\.{HOST})*(?::[0-9]+)?")
COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
PATH = re.compile(rf"{COMPONENT}(?:/{COMPONENT})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def repository_of(text):
    host, slash, rest = text.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = "docker.io", text
    if host == "index.docker.io":
        host = "docker.io"
    if host == "docker.io" and "/" not in rest:
        rest = "library/" + rest
    return host, rest


def reference(text):
    """(repository, tag, digest), or None for what is no name of an image."""
    digest = tag = ""
    if "@" in text:
        text, digest = text.split("@", 1)
        if not DIGEST.fullmatch(digest):
            return None
    last = text.rsplit("/", 1)[-1]
    if ":" in last:
        text, tag = text.rsplit(":", 1)
        if not TAG.fullmatch(tag):
            return None
    host, path = repository_of(text)
    if not HOSTS.fullmatch(host) or not PATH.fullmatch(path):
        return None
    return f"{host}/{path}", tag, digest


def scope_length(pattern, repository):
    """How particular the pattern is, or -1 if it does not stand for the repository."""
    if pattern == "*":
        return 0
    if pattern.endswith("/*"):
        host, path = repository_of(pattern[:-1] + "x")
        start = f"{host}/{path}"[:-1]
        return len(start) if repository.startswith(start) else -1
    host, path = repository_of(pattern)
    return len(repository) + 1 if f"{host}/{path}" == repository else -1


def names_fit(entry, signed, name, digest):
    """signed: what the signature says; name: the image's, parsed, or None."""
    how = entry.get("reference", "repository")
    if how == "none":
        return
    need(signed, "names no repository")
    said = reference(signed)
    need(said and name, "no name of an image")
    need(said[0] == name[0], "another repository")
    if how == "exact":
        need(said[1] == name[1], "another tag")
        need(not said[2] or said[2] == digest, "another digest")
    elif said[2] and said[2] != digest:
        raise Silent("a digest in the name, which is not compared")


# ---- keys --------------------------------------------------------------------------------

@functools.lru_cache(64)
def key_of(pem):
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, rsa.RSAPublicKey):
        return key if 2048 <= key.key_size <= 8192 else None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key if key.curve.name in OWN_HASH else None
    return None


OWN_HASH = {"secp256r1": hashes.SHA256, "secp384r1": hashes.SHA384, "secp521r1": hashes.SHA512}


def one_verifies(key, data, signature):
    def holds(*how):
        try:
            key.verify(signature, data, *how)
            return True
        except InvalidSignature:
            return False

    if isinstance(key, ed25519.Ed25519PublicKey):
        return holds()
    if isinstance(key, rsa.RSAPublicKey):
        return len(signature) == (key.key_size + 7) // 8 and \
            holds(padding.PKCS1v15(), hashes.SHA256())
    return holds(ec.ECDSA(hashes.SHA256())) or holds(ec.ECDSA(OWN_HASH[key.curve.name]()))


def verifies(entry, data, signature):
    need(any(one_verifies(key_of(key["pem"]), data, signature) for key in entry.get("keys", [])),
         "not by a key of the entry")


# ---- signatures --------------------------------------------------------------------------

def simple(file, subject, entry, name):
    stored = document(file)
    exactly(stored, ("payload", "signature"))
    payload = unbase64(stored["payload"])
    signature = unbase64(stored["signature"])
    need(len(payload) <= PAYLOAD_MAX, "too long")
    verifies(entry, payload, signature)
    said = document(payload)
    exactly(said, ("critical",), ("optional",))
    critical, optional = said["critical"], said.get("optional")
    exactly(critical, ("identity", "image", "type"))
    exactly(critical["identity"], ("docker-reference",))
    exactly(critical["image"], ("docker-manifest-digest",))
    need(critical["type"] == SIMPLE_TYPE, "of another format")
    need(critical["image"]["docker-manifest-digest"] == subject, "about another image")
    optional = {} if optional is None else optional
    need(isinstance(optional, dict), "optional")
    need(all(isinstance(value, (str, int, float)) for value in optional.values()), "not flat")
    names_fit(entry, string(critical["identity"]["docker-reference"]), name, subject)
    for key, value in entry.get("annotations", {}).items():
        need(optional.get(key) == value and isinstance(optional[key], str), "annotation")
    if len({key.lower() for key in optional}) != len(optional):
        raise Silent("keys that differ in case only")


def statement(payload, subject, entry, name):
    need(len(payload) <= PAYLOAD_MAX, "too long")
    said = document(payload)
    exactly(said, ("_type", "predicateType", "subject"), ("predicate",))
    need(said["_type"] in STATEMENTS and said["predicateType"] == PREDICATE, "of another type")
    need(isinstance(said["subject"], list) and len(said["subject"]) == 1, "not one subject")
    need(isinstance(said.get("predicate"), (dict, type(None))), "predicate")
    about = said["subject"][0]
    exactly(about, ("digest",), ("name", "annotations"))
    exactly(about["digest"], ("sha256",))
    need(about["digest"]["sha256"] == subject.split(":")[1], "about another image")
    if about.get("name", "") is None:
        raise Silent("a name that is null")
    names_fit(entry, string(about.get("name", "")), name, subject)
    annotations = about.get("annotations")
    annotations = {} if annotations is None else annotations
    need(isinstance(annotations, dict), "annotations")
    for key, value in entry.get("annotations", {}).items():
        need(annotations.get(key) == value, "annotation")
    if not all(isinstance(value, str) for value in annotations.values()):
        raise Silent("annotations that are no strings")
    if "predicate" not in said:
        raise Silent("no predicate")


def message(signed, subject, entry, content):
    exactly(signed, ("messageDigest", "signature"))
    exactly(signed["messageDigest"], ("algorithm", "digest"))
    need(signed["messageDigest"]["algorithm"] == "SHA2_256", "algorithm")
    need(content is not None, "the manifest is not at hand")
    need(unbase64(signed["messageDigest"]["digest"]) == hashlib.sha256(content).digest(), "digest")
    verifies(entry, content, unbase64(signed["signature"]))
    need(entry.get("reference", "repository") == "none", "names no repository")
    need(not entry.get("annotations"), "annotation")
    need("sha256:" + hashlib.sha256(content).hexdigest() == subject, "another manifest")


def envelope(signed, subject, entry, name):
    exactly(signed, ("payload", "payloadType", "signatures"))
    signatures = signed["signatures"]
    need(isinstance(signatures, list) and len(signatures) == 1, "not one signature")
    exactly(signatures[0], ("sig",), ("keyid",))
    payload = unbase64(signed["payload"])
    kind = string(signed["payloadType"])
    encoded = b"DSSEv1 %d %s %d " % (len(kind.encode()), kind.encode(), len(payload)) + payload
    verifies(entry, encoded, unbase64(signatures[0]["sig"]))
    need(kind == STATEMENT_TYPE, "of another type")
    statement(payload, subject, entry, name)
    keyid = signatures[0].get("keyid", "")
    if keyid is None:
        raise Silent("keyid null")
    string(keyid)


def bundle(file, subject, entry, name, content):
    said = document(file)
    exactly(said, ("mediaType", "verificationMaterial"), ("dsseEnvelope", "messageSignature"))
    need(said["mediaType"] == BUNDLE_TYPE, "of another version")
    need(("dsseEnvelope" in said) != ("messageSignature" in said), "not one of the two")
    material = said["verificationMaterial"]
    exactly(material, ("publicKey",), ("tlogEntries", "timestampVerificationData"))
    exactly(material["publicKey"], (), ("hint",))
    if "dsseEnvelope" in said:
        envelope(said["dsseEnvelope"], subject, entry, name)
    else:
        message(said["messageSignature"], subject, entry, content)
    hint = material["publicKey"].get("hint", "")
    if hint is None:
        raise Silent("hint null")
    string(hint)
    if not isinstance(material.get("tlogEntries", []), list) or \
            not isinstance(material.get("timestampVerificationData", {}), dict):
        raise Silent("what is not looked into has another type")


def signature(kind, file, subject, entry, name, content):
    """GOOD, BAD or EITHER, and why."""
    if kind not in entry.get("formats", ["cosign", "bundle"]):
        return BAD, "a format that is not asked for"
    try:
        if kind == "cosign":
            simple(file, subject, entry, name)
        else:
            bundle(file, subject, entry, name, content)
    except Refused as why:
        return BAD, str(why)
    except Silent as why:
        return EITHER, str(why)
    return GOOD, ""


# ---- the whole ----------------------------------------------------------------------------

class Candidate:
    """digest; content: its bytes or None; config: "" where unknown; indexes: those that it was
    reached by, with their bytes."""

    def __init__(self, digest, content=None, config="", indexes=None):
        self.digest, self.content, self.config = digest, content, config
        self.indexes = indexes or {}

    def digests(self):
        return {self.digest, self.config, *self.indexes} - {""}


def entry_for(entries, name):
    best, chosen = -1, None
    for entry in entries:
        for pattern in entry["scopes"]:
            if name is None:
                length = 0 if pattern == "*" else -1
            else:
                length = scope_length(pattern, name[0])
            if length > best:
                best, chosen = length, entry
    return chosen


def candidate_verdict(candidate, entry, name, signatures):
    if candidate.digests() & set(entry.get("allow", [])):
        return GOOD
    found = set()
    for digest, content in {candidate.digest: candidate.content, **candidate.indexes}.items():
        for kind, file in signatures.get(digest, []):
            found.add(signature(kind, file, digest, entry, name, content)[0])
    return GOOD if GOOD in found else EITHER if EITHER in found else BAD


def judge(entries, name, source, candidates, signatures):
    """name: text or None; signatures: digest -> [(kind, bytes)]. The codes that are right."""
    if any(key_of(key["pem"]) is None for entry in entries for key in entry.get("keys", [])):
        return {"keys"}
    parsed = reference(name) if name is not None else None
    if name is not None and parsed is None:
        return {"scope", "request", "unbound", "unsigned"}
    reasons = set()
    denied = {digest for entry in entries for digest in entry.get("deny", [])}
    if any(candidate.digests() & denied for candidate in candidates):
        reasons.add("denied")
    entry = entry_for(entries, parsed)
    if entry is None:
        return reasons | {"scope"}
    if source not in entry.get("sources", ["containerd", "layout", "descriptor"]):
        reasons.add("unbound")
    verdicts = [candidate_verdict(candidate, entry, parsed, signatures)
                for candidate in candidates]
    if BAD in verdicts:
        return reasons | {"unsigned"}
    if reasons:
        return reasons | ({"unsigned"} if EITHER in verdicts else set())
    return {"accepted", "unsigned"} if EITHER in verdicts else {"accepted"}
