# SPDX-License-Identifier: Apache-2.0
"""The options log and learn of the control seccomp: profiles that have them, and what must then be
so. Shares nothing with the program that is judged."""
FLAG = "SECCOMP_FILTER_FLAG_LOG"
CAN = ["SECCOMP_FILTER_FLAG_LOG", "SCMP_ACT_NOTIFY"]
FACTS = {"runtime_seccomp": CAN}
BASES = {"logged": "default", "learning": "restricted"}
POLICY = {"version": 1, "profiles": {
    "logged": {"extends": "default", "seccomp": {"log": True}},
    "learning": {"extends": "restricted", "seccomp": {"learn": True, "log": True}}}}
OURS = ("/run/hardrun/learn/", "/run/hardrun/try/")


def base(profile):
    """The built-in profile that it extends."""
    return BASES.get(profile, profile)


def is_ours(filters):
    """hardrun wrote this filter for a container whose calls it answered."""
    path = filters.get("listenerPath") if isinstance(filters, dict) else None
    return isinstance(path, str) and path.startswith(OURS)


def check(call, result, given):
    """Every (property, path, text) that does not hold of what was accepted."""
    if call["line"] not in ("create", "run", "restore"):
        return
    profile = result["profile"]
    filters = (given.get("linux") or {}).get("seccomp") or {}
    wanted = [FLAG] if profile == "logged" else []
    if filters.get("flags") != wanted:
        yield "seccomp", "linux.seccomp.flags", f"{filters.get('flags')}, wanted {wanted}"
    told = [e.get("rule") for e in result["report"] if e["action"] == "warn"
            and e.get("rule") in ("seccomp.log", "seccomp.learn")]
    wanted = ["seccomp.learn"] if profile == "learning" else []
    if told != wanted and len(result["report"]) < 256:
        yield "told", "linux.seccomp", f"{told}, wanted {wanted}"


def without_flag(given, profile):
    """What the built-in profile would have given."""
    if profile != "logged" or not (given.get("linux") or {}).get("seccomp"):
        return given
    linux = dict(given["linux"], seccomp=dict(given["linux"]["seccomp"], flags=[]))
    return dict(given, linux=linux)
