#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reader of TOML against Python's: the same value, or both refuse.

usage: setup_toml.py PROGRAM FOLDER ROUNDS SEED [FILE...]
PROGRAM is tests/unit/toml_json, FOLDER is for the documents; FILEs are real configurations,
which are compared as they are and changed at random ROUNDS times. Prints TAP.
Known to differ: a byte order mark (taken here, as containerd does), an escaped NUL, integers
beyond 64 bits, and our limits.
"""
import datetime
import json
import math
import os
import random
import re
import subprocess
import sys
import tomllib

VALID = {
    "empty": b"",
    "comment alone": b"# x",
    "no newline at the end": b"a = 1",
    "CRLF": b"a = 1\r\nb = [1,\r\n2]\r\n[c]\r\nd = '''x\r\ny'''\r\n",
    "basic strings": b'a = "x\\b\\t\\n\\f\\r\\"\\\\\\u00e9\\U0001F600\\u007f"\nb = "\xc3\xa9"\nc = ""\n',
    "literal strings": b"a = 'C:\\x\\\"'\nb = ''\n",
    "multi-line": b'a = """\nx\n  y\\\n   \n\n  z"""\nb = """a""b"""\nc = """x\\\n  """\nd = """"""\n',
    "multi-line quotes": b'a = """""x"""""\nb = """"x""""\nc = """a\\""""\n',
    "multi-line literal": b"a = '''\nx\\ny'''\nb = ''''x'''''\nc = ''''''\nd = '''a''b'''\n",
    "folded by blanks": b'a = """x\\   \n   y"""\nb = """x\\\r\n\r\n y"""\n',
    "keys": b'bare-1_A = 1\n"quoted \\u00e9" = 2\n\'lit\' = 3\n"" = 4\n1234 = 5\n3.14 = 6\n',
    "dotted keys": b'a.b.c = 1\na . d = 2\n"a"."x.y" = 3\n',
    "dotted keys in a table": b"[t]\na.b = 1\na.c = 2\n[t.a.d]\ne = 1\n[t.x]\n",
    "integers": b"a = +99\nb = -0\nc = 1_000\nd = 0xDEAD_beef\ne = 0o755\nf = 0b1101_0\n"
                b"g = 9223372036854775807\nh = -9223372036854775808\ni = 0\nj = 0x0\n",
    "floats": b"a = +1.0\nb = -0.01\nc = 5e+22\nd = 1e06\ne = -2E-2\nf = 6.626e-34\ng = 9_0.1_2e1_0\n"
              b"h = 0e0\ni = -0.0\n",
    "inf and nan": b"a = inf\nb = -inf\nc = +inf\nd = nan\ne = -nan\n",
    "booleans": b"a = true\nb = false\nc = [true,false]\n",
    "dates": b"a = 1979-05-27T07:32:00Z\nb = 1979-05-27T00:32:00-07:00\nc = 1979-05-27 07:32:00.5z\n"
             b"d = 1979-05-27T07:32:00.999999\ne = 1979-05-27\nf = 07:32:00\ng = 00:32:00.25\n"
             b"h = 2000-02-29\ni = [1979-05-27, 07:32:00]\nj = 1979-05-27 07:32:00 # x\n"
             b"k = 1979-05-27t07:32:00\nl = 2024-02-29 # x\n",
    "arrays": b"a = []\nb = [1, 2,]\nc = [ # x\n [1], # y\n ['a', \"b\"]\n , {x=1}]\nd = [[],[[]]]\n",
    "inline tables": b"a = {}\nb = { x = 1, y.z = 2, y.w = 3 }\nc = {a={b={c=1}}}\nd = {'x y'=1}\n",
    "tables": b"[a]\nx=1\n[a.b]\n[ c . 'd e' . \"f\" ]\ny=1\n",
    "super table after": b"[a.b.c]\nx=1\n[a]\ny=2\n[a.b]\nz=3\n",
    "arrays of tables": b"[[p]]\nn=1\n[[p]]\n[p.q]\nx=1\n[[p]]\n[[p.r]]\ny=1\n[[p.r]]\n[p.q]\n",
    "dotted into an implied table": b"[a.b.c]\n[a]\nb.x = 1\n",
    "blanks": b"\t a\t=\t1 \t# c\n \t[ t ]\t\n\n\n",
    "a key of many kinds": b'a."b".\'c\'.1 = 1\n',
    "tab in strings": b'a = "\t"\nb = \'\t\'\n',
    "non-ASCII in comments": b"# \xc3\xa9\xe2\x82\xac\n",
    "sections far apart": b"[a.x]\n[b]\n[a.y]\n[a]\nk=1\n[b.c]\n",
}

INVALID = {
    "no value": b"a =\n", "no key": b"= 1\n", "no equals": b"a 1\n", "two in a line": b"a = 1 b = 2\n",
    "bare text": b"a = text\n", "twice": b"a = 1\na = 2\n", "twice quoted": b"a = 1\n'a' = 2\n",
    "table twice": b"[a]\n[a]\n", "table over a value": b"a = 1\n[a]\n", "value over a table": b"[a.b]\n[a]\nb=1\n",
    "table below a value": b"a = 1\n[a.b]\n", "dotted over a value": b"a = 1\na.b = 1\n",
    "inline is closed": b"a = {}\n[a]\n", "inline is closed below": b"a = {b={}}\n[a.b.c]\n",
    "inline by dotted": b"a = {}\na.b = 1\n", "inline in inline": b"a = {b={}, b.c=1}\n",
    "header over dotted": b"a.b = 1\n[a]\n", "dotted over header": b"[a.b]\n[a]\nb.c = 1\n",
    "dotted of another section": b"[a]\nb.c = 1\n[a.b.d]\n[a.b]\n",
    "array over table": b"[a]\n[[a]]\n", "table over array": b"[[a]]\n[a]\n",
    "array over implied": b"[a.b]\n[[a]]\n", "static array": b"a = []\n[[a]]\n", "into a static array": b"a = [{}]\n[a.b]\n",
    "dotted into an array": b"[[a.b]]\n[a]\nb.c=1\n", "empty header": b"[]\n", "empty part": b"[a..b]\n",
    "header open": b"[a\n", "header with rest": b"[a] x\n", "array header half": b"[[a]\n", "array header blank": b"[ [a]]\n",
    "string open": b'a = "x\n"\n', "literal open": b"a = 'x\n'\n", "multi open": b'a = """x\n', "array open": b"a = [1\n",
    "array without comma": b"a = [1 2]\n", "array comma first": b"a = [,1]\n", "two commas": b"a = [1,,2]\n",
    "inline trailing comma": b"a = {b=1,}\n", "inline newline": b"a = {b=1\n}\n", "inline open": b"a = {b=1\n",
    "inline twice": b"a = {b=1, b=2}\n", "bad escape": b'a = "\\x41"\n', "short escape": b'a = "\\u12"\n',
    "surrogate": b'a = "\\ud800"\n', "beyond Unicode": b'a = "\\U00110000"\n', "control in string": b'a = "\x01"\n',
    "DEL in string": b"a = '\x7f'\n", "control in comment": b"# \x01\n", "NUL": b"a = 1\x00\n", "not UTF-8": b"a = '\xff'\n",
    "overlong": b"a = '\xc0\x80'\n", "not UTF-8 comment": b"# \xe9\n", "lone CR": b"a = 1\rb = 2\n",
    "CR in string": b'a = "\r"\n', "CR in multi": b'a = """\r"""\n', "leading zero": b"a = 01\n", "leading zero float": b"a = 01.5\n",
    "double underscore": b"a = 1__0\n", "underscore first": b"a = _1\n", "underscore last": b"a = 1_\n",
    "signed hex": b"a = +0x1\n", "upper hex": b"a = 0X1\n", "no digits": b"a = 0x\n", "octal 8": b"a = 0o8\n",
    "point last": b"a = 1.\n", "point first": b"a = .5\n", "exponent alone": b"a = 1e\n", "underscore at point": b"a = 1_.0\n",
    "True": b"a = True\n", "truex": b"a = truex\n", "Inf": b"a = Inf\n", "month 13": b"a = 2000-13-01\n", "day 30": b"a = 2001-02-30\n",
    "no leap": b"a = 1900-02-29\n", "hour 24": b"a = 24:00:00\n", "no seconds": b"a = 10:00\n", "short year": b"a = 199-01-01\n",
    "offset alone": b"a = 10:00:00Z\n", "multi-line key": b'"""a""" = 1\n', "key with newline": b"'a\n' = 1\n",
    "six quotes": b'a = """x""""""\n', "text behind a string": b'a = "x"y\n', "backslash blank": b'a = """x\\ y"""\n',
    "non-ASCII bare key": b"\xc3\xa9 = 1\n", "dot first": b".a = 1\n", "dot last": b"a. = 1\n", "plus alone": b"a = +\n",
    "two signs": b"a = --1\n", "date and words": b"a = 1979-05-27 x\n", "vertical tab": b"a\x0b= 1\n",
}


def plain(value):
    """A value of tomllib as our tree has it; dates are left to `same`."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def same(ours, theirs):
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(
            same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, (datetime.date, datetime.time)):
        return isinstance(ours, str) and tomllib.loads("x = " + ours)["x"] == theirs
    if isinstance(theirs, float) and not math.isfinite(theirs):
        # A number that is too large for a float is inf to both readers of JSON and of TOML.
        return repr(tomllib.loads("x = " + ours)["x"] if isinstance(ours, str) else ours) == repr(theirs)
    return type(ours) is type(theirs) and ours == theirs


def their(document):
    try:
        return tomllib.loads(document.decode("utf-8")), None
    except (ValueError, RecursionError) as error:
        return None, str(error)


def beyond(value):
    """What we refuse by choice."""
    if isinstance(value, dict):
        return any("\0" in key or beyond(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(beyond, value))
    if isinstance(value, str):
        return "\0" in value
    return type(value) is int and not -2**63 <= value < 2**63


def ask(program, folder, documents):
    """What the program says of each: (value, None) or (None, message)."""
    answers = []
    for start in range(0, len(documents), 200):
        names = []
        for number, document in enumerate(documents[start:start + 200]):
            names.append(os.path.join(folder, f"{number}.toml"))
            with open(names[-1], "wb") as file:
                file.write(document)
        done = subprocess.run([program, *names], stdout=subprocess.PIPE, check=True)
        for line in done.stdout.split(b"\n")[:-1]:
            text = line.decode("utf-8")
            answers.append((None, text) if text.startswith("!") else (json.loads(text), None))
    if len(answers) != len(documents):
        raise SystemExit("the program did not answer for each document")
    return answers


def wrong(document, answer):
    """Why the two readers differ; None when they do not."""
    ours, refused = answer
    theirs, error = their(document)
    if refused and not re.match(r"! file:\d+: ", refused):
        return f"refused without its line: {refused}"
    if refused:
        return None if error or beyond(theirs) else f"refused here: {refused}"
    if error:
        return f"taken here, refused there: {error}"
    return None if same(ours, theirs) else f"another value: {ours} and {plain(theirs)}"


PIECES = [b"\n", b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b'"', b"'", b'"""', b"'''", b"#", b"\\", b" ",
          b"\r\n", b"\t", b"a", b"b", b"a.b", b"1", b"0", b"_", b"e", b"-", b"+", b":", b"true", b"0x1", b"inf",
          b"1979-05-27", b"07:32:00", b"[a]\n", b"[a.b]\n", b"[[a]]\n", b"a = 1\n", b"a.b = 1\n", b"a = {}\n", b"\xc3\xa9",
          b"\xff", b"\x01", b"\\u0041", b"\\\n"]


def mutate(chance, document):
    document = bytearray(document)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(document))
        what = chance.random()
        if what < 0.5:
            document[at:at] = chance.choice(PIECES)
        elif what < 0.75:
            del document[at:at + chance.randint(1, 4)]
        else:
            other = chance.randint(0, len(document))
            document[at:at] = document[other:other + chance.randint(1, 30)]
    return bytes(document)


def main():
    program, folder, rounds, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    files = {name: open(name, "rb").read() for name in sys.argv[5:]}
    cases = [("valid: " + name, text) for name, text in VALID.items()]
    cases += [("invalid: " + name, text) for name, text in INVALID.items()]
    cases += [("real: " + os.path.basename(name), text) for name, text in files.items()]
    failed = 0
    for number, ((name, text), answer) in enumerate(
            zip(cases, ask(program, folder, [text for _, text in cases])), 1):
        why = wrong(text, answer)
        if not why and (answer[1] is None) == name.startswith("invalid"):
            why = f"{answer}"
        failed += why is not None
        print(f"{'not ok' if why else 'ok'} {number} - {name}" + (f"\n# {why}" if why else ""))
    chance = random.Random(seed)
    seeds = [text for _, text in cases if len(text) < 20000]
    documents = [mutate(chance, chance.choice(seeds)) for _ in range(rounds)]
    documents += [b"".join(chance.choice(PIECES) for _ in range(chance.randint(1, 12))) for _ in range(rounds)]
    findings, taken = [], 0
    for text, answer in zip(documents, ask(program, folder, documents)):
        why = wrong(text, answer)
        taken += answer[1] is None
        if why:
            findings.append(f"{text!r}: {why}"[:500])
    number = len(cases) + 1
    print(f"{'not ok' if findings else 'ok'} {number} - {len(documents)} documents at random, {taken} of them good")
    for finding in findings[:10]:
        print("# " + finding)
    print(f"1..{number}")
    return 1 if failed or findings else 0


if __name__ == "__main__":
    sys.exit(main())
