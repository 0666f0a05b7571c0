#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a containerd that is broken or hostile can say: the real `hardrun-image answer` refuses all
of it, in time, without a crash and without much memory; and what is odd but sound it accepts.

    faults.py [REGEX]           TAP; HR_IMAGE_PROGRAM or HR_PROGRAM say which program"""
import os
import re
import socket
import sys
import tempfile
import threading

import ask
import server as s
from faults_table import TABLE

DEADLINE = 1.5  # seconds, that the program is given
SLACK = float(os.environ.get("HR_FAULTS_SLACK", "2.5"))  # beyond it, on a busy machine
MEMORY = 64 * 1024  # KiB of addresses
REQUEST = {"version": 1, "deadline_ms": int(DEADLINE * 1000),
           "source": {"containerd": {"namespace": "k8s.io", "id": "c1"}},
           "require": {"name": "test", "entries": [{
               "scopes": ["registry.example/pay/*"], "allow": [s.digest(s.MANIFEST)]}]}}


def attempt(program, path, call, begin, fault):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(1)

    def one():
        s.serve(listener.accept()[0], fault, call, begin)

    threading.Thread(target=one, daemon=True).start()
    try:
        return ask.ask(REQUEST, socket=path, limit=DEADLINE + SLACK, path=program)
    finally:
        listener.close()
        os.unlink(path)


def judge(reply, codes, quick):
    wrong = reply.sound()
    if wrong:
        return wrong
    if reply.answer["code"] not in codes:
        return f"wanted {'|'.join(codes)}, got {reply.raw.decode()}"
    if quick and reply.seconds >= DEADLINE:
        return f"only at the deadline: {reply.answer.get('why')}"
    return "out of memory" if "out of memory" in reply.answer.get("why", "") else ""


def limited(folder):
    """The program with so much memory and no more; the sanitizers need all there is."""
    if "ASAN_OPTIONS" in os.environ:
        return ask.program()
    path = os.path.join(folder, "limited")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nulimit -v {MEMORY} && exec '{ask.program()}' \"$@\"\n")
    os.chmod(path, 0o755)
    return path


def main():
    wanted = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
    if not os.access(ask.program(), os.X_OK):
        print("ok 1 - faults.py # SKIP hardrun-image is not built\n1..1")
        return 0
    rows = [row for row in TABLE if wanted.search(row[0])]
    failed, most = 0, 0.0
    with tempfile.TemporaryDirectory(prefix="hr-faults.") as folder:
        for number, (name, call, codes, quick, begin, fault) in enumerate(rows, 1):
            reply = attempt(limited(folder), os.path.join(folder, "socket"), call, begin, fault)
            wrong = judge(reply, codes, quick)
            failed += bool(wrong)
            most = max(most, reply.seconds)
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}", flush=True)
            for line in wrong.splitlines():
                print(f"# {line}")
    print(f"1..{len(rows)}")
    print(f"# the longest took {most:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
