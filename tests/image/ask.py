#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the real `hardrun-image answer` as hardrun does (src/verdict/protocol.h): the request in a
sealed memfd, the answer from a pipe, the store and the source as descriptors of directories.

    ask.py [--store DIR] [--source DIR] [--socket PATH] [REQUEST]     prints the answer

As a module: ask(request, store, source, socket) -> Reply."""
import argparse
import fcntl
import json
import os
import select
import signal
import socket as sockets
import sys
import time

REQUEST_FD, SOCKET_FD, ANSWER_FD, STORE_FD, SOURCE_FD = 3, 4, 5, 6, 7
ANSWER_MAX = 64 * 1024
HIGH = 20  # the descriptors of this program lie above those of the child


def program():
    if "HR_IMAGE_PROGRAM" in os.environ:
        return os.environ["HR_IMAGE_PROGRAM"]
    if "HR_PROGRAM" in os.environ:
        return os.path.join(os.path.dirname(os.path.realpath(os.environ["HR_PROGRAM"])),
                            "hardrun-image")
    return os.path.join(os.environ.get("HR_BUILDDIR", "."), "src", "hardrun-image")


class Reply:
    """exit: status, or minus the signal; answer: what was said, None if it is no JSON object;
    noise: what came on stdout and stderr; late: it had to be killed."""

    def __init__(self, status, raw, noise, seconds, late):
        self.exit, self.raw, self.noise = os.waitstatus_to_exitcode(status), raw, noise
        self.seconds, self.late = seconds, late
        self.answer = None
        try:
            answer = json.loads(raw.decode(), object_pairs_hook=no_twins)
            if isinstance(answer, dict) and len(raw) <= ANSWER_MAX:
                self.answer = answer
        except (ValueError, RecursionError):
            pass

    def sound(self):
        """What is wrong with the form of it, '' for nothing."""
        if self.late:
            return "it did not end"
        if self.exit != 0:
            return f"exit {self.exit}"
        if self.noise:
            return f"on stdout or stderr: {self.noise[:200]!r}"
        if self.answer is None:
            return f"no answer: {self.raw[:200]!r}"
        return form(self.answer)


CODES = {"accepted", "unsigned", "denied", "scope", "unbound", "damaged", "unreachable", "keys",
         "request"}
MEMBERS = {"version", "accepted", "code", "source", "digest", "index", "config", "names", "by",
           "why", "found", "remedy", "snapshot"}
FORBIDDEN = ("no such file", "permission denied", "not found", "does not exist", "no such process")


def form(answer):
    """What of the answer's form is not as it is promised, '' for nothing."""
    if answer.get("version") != 1 or type(answer.get("accepted")) is not bool:
        return "no version or no verdict"
    if set(answer) - MEMBERS:
        return f"unknown members: {set(answer) - MEMBERS}"
    if answer.get("code") not in CODES:
        return f"unknown code {answer.get('code')!r}"
    if answer["accepted"] != (answer["code"] == "accepted"):
        return "the verdict and the code differ"
    if not answer["accepted"] and not answer.get("why"):
        return "refused without a reason"
    for member in ("why", "found", "remedy"):
        text = answer.get(member, "")
        if not isinstance(text, str) or any(not " " <= c <= "~" for c in text):
            return f"{member}: not printable: {text!r}"
        for phrase in FORBIDDEN:
            if phrase in text.lower():
                return f"{member}: says {phrase!r}"
    return ""


def no_twins(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


def high(fd):
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH)
    os.close(fd)
    return moved


def memfd(data, name="request"):
    fd = high(os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
    while data:
        data = data[os.write(fd, data):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def seal(fd):
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK |
                fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)


def directory(path):
    if path is None:
        return high(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
    return high(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def connected(path):
    if path is None:
        return directory(None)
    stream = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    stream.connect(path)
    return high(stream.detach())


def collect(pid, answer, limit):
    """All that comes through the pipe until it is closed; the child is killed at the limit."""
    start, chunks, size, late = time.monotonic(), [], 0, False
    while size <= ANSWER_MAX:
        left = limit - (time.monotonic() - start)
        if left <= 0 or not select.select([answer], [], [], left)[0]:
            late = True
            break
        chunk = os.read(answer, 65536)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
    while not late and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        late = time.monotonic() - start > limit
        time.sleep(0.0002)
    if late:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    return status, b"".join(chunks), time.monotonic() - start, late


def ask(request, store=None, source=None, socket=None, limit=20.0, path=None):
    """request: an object, or the bytes themselves."""
    data = request if isinstance(request, bytes) else json.dumps(request).encode()
    asked, noise = memfd(data), memfd(b"", "noise")
    seal(asked)
    reading, writing = os.pipe2(os.O_CLOEXEC)
    reading, writing = high(reading), high(writing)
    fds = {0: directory(None), 1: os.dup(noise), 2: os.dup(noise), REQUEST_FD: asked,
           SOCKET_FD: connected(socket), ANSWER_FD: writing, STORE_FD: directory(store),
           SOURCE_FD: directory(source)}
    fds[1], fds[2] = high(fds[1]), high(fds[2])
    path = path or program()
    pid = os.posix_spawn(path, ["hardrun-image", "answer"], {"PATH": "/usr/sbin:/usr/bin"} | {
        name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
        file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in fds.items()])
    for fd in fds.values():
        os.close(fd)
    status, raw, seconds, late = collect(pid, reading, limit)
    os.close(reading)
    said = os.pread(noise, 65536, 0)
    os.close(noise)
    return Reply(status, raw, said, seconds, late)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store")
    parser.add_argument("--source")
    parser.add_argument("--socket")
    parser.add_argument("request", nargs="?", help="a file; stdin without one")
    given = parser.parse_args()
    data = open(given.request, "rb").read() if given.request else sys.stdin.buffer.read()
    reply = ask(data, given.store, given.source, given.socket)
    print(json.dumps(reply.answer, indent=1) if reply.answer else reply.raw.decode("latin-1"))
    print(f"# exit {reply.exit}, {reply.seconds * 1000:.1f} ms {reply.sound()}", file=sys.stderr)
    return 0 if reply.answer and reply.answer.get("accepted") else 1


if __name__ == "__main__":
    sys.exit(main())
