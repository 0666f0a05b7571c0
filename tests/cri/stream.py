# SPDX-License-Identifier: Apache-2.0
"""The streaming half of CRI: exec, attach and port forward over SPDY/3.1, as the kubelet and
the API server speak it (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/).

Header blocks are compressed without SPDY's dictionary, which a reader must take too; what
headers the other side sends does not matter here and is not read.
"""

import json
import socket
import struct
import threading
import urllib.parse
import zlib

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 1


class Closed(Exception):
    """The other side refused the upgrade or went away."""


class Stream:
    """One direction or both of a connection's streams; what came is in `data`."""

    def __init__(self, connection, number):
        self.connection, self.number = connection, number
        self.data = b""
        self.accepted = self.ended = False

    def write(self, data):
        """Sends bytes."""
        for at in range(0, len(data), 16384):
            self.connection.send_data(self.number, data[at:at + 16384], 0)

    def close(self):
        """Ends our half."""
        self.connection.send_data(self.number, b"", FIN)

    def until(self, wanted, timeout=20):
        """Waits for the function of `data` to be true, or for the end; returns data."""
        with self.connection.news:
            self.connection.news.wait_for(
                lambda: self.ended or self.connection.gone or wanted(self.data), timeout)
            return self.data

    def all(self, timeout=20):
        """Waits for the end; returns data."""
        return self.until(lambda data: False, timeout)


class Connection:
    """An upgraded HTTP connection and the thread that reads it."""

    def __init__(self, url, protocol):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), 20)
        self.send_lock, self.news = threading.Lock(), threading.Condition()
        self.headers = zlib.compressobj()
        self.streams, self.next, self.gone = {}, 1, False
        target = parts.path + ("?" + parts.query if parts.query else "")
        self.socket.sendall((f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                             "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
                             f"X-Stream-Protocol-Version: {protocol}\r\n"
                             "Content-Length: 0\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline().decode()
        answered = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            answered[name.lower()] = value.strip()
        if status.split()[1] != "101":
            body = self.file.read(int(answered.get("content-length", 0)))
            raise Closed(f"{status.strip()}: {body.decode()}")
        self.protocol = answered.get("x-stream-protocol-version")
        self.socket.settimeout(None)
        threading.Thread(target=self.read, daemon=True).start()

    def open(self, **headers):
        """A new stream with these headers, once the other side has taken it."""
        with self.send_lock:
            stream = Stream(self, self.next)
            self.streams[self.next] = stream
            self.next += 2
            block = struct.pack(">I", len(headers))
            for name, value in headers.items():
                for word in (name.lower().encode(), value.encode()):
                    block += struct.pack(">I", len(word)) + word
            block = self.headers.compress(block) + self.headers.flush(zlib.Z_SYNC_FLUSH)
            body = struct.pack(">IIH", stream.number, 0, 0) + block
            self.socket.sendall(struct.pack(">HHI", 0x8003, SYN_STREAM, len(body)) + body)
        with self.news:
            if not self.news.wait_for(lambda: stream.accepted or stream.ended or self.gone, 20):
                raise Closed("a stream was not taken")
        return stream

    def send_data(self, number, data, flags):
        """A data frame."""
        with self.send_lock:
            self.socket.sendall(struct.pack(">II", number, flags << 24 | len(data)) + data)

    def read(self):
        """Frames, until there are no more."""
        try:
            while True:
                head = self.file.read(8)
                if len(head) < 8:
                    break
                first, second = struct.unpack(">II", head)
                body = self.file.read(second & 0xffffff)
                with self.news:
                    self.frame(first, second >> 24, body)
                    self.news.notify_all()
        except (OSError, ValueError):
            pass
        with self.news:
            self.gone = True
            self.news.notify_all()

    def frame(self, first, flags, body):
        """One frame; `first` says its kind."""
        if not first & 0x80000000:
            stream = self.streams.get(first)
            if stream:
                stream.data += body
                stream.ended |= bool(flags & FIN)
            return
        kind = first & 0xffff
        if kind == PING:
            with self.send_lock:
                self.socket.sendall(struct.pack(">HHI", 0x8003, PING, len(body)) + body)
            return
        if kind not in (SYN_REPLY, RST_STREAM):
            return
        stream = self.streams.get(struct.unpack(">I", body[:4])[0] & 0x7fffffff)
        if stream:
            stream.accepted |= kind == SYN_REPLY
            stream.ended |= kind == RST_STREAM or bool(flags & FIN)

    def close(self):
        """Hangs up."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Command(Connection):
    """Exec or attach: its streams `stdin`, `stdout`, `stderr` and `resize`."""

    def __init__(self, url, stdin=False, tty=False):
        super().__init__(url, "v4.channel.k8s.io")
        self.error = self.open(streamtype="error")
        self.stdin = self.open(streamtype="stdin") if stdin else None
        self.stdout = self.open(streamtype="stdout")
        self.stderr = None if tty else self.open(streamtype="stderr")
        self.resize = self.open(streamtype="resize") if tty else None

    def size(self, width, height):
        """The terminal's."""
        self.resize.write(json.dumps({"Width": width, "Height": height}).encode() + b"\n")

    def status(self, timeout=20):
        """Exit status, or the text of what went wrong."""
        said = self.error.all(timeout)
        if not said:
            return 0 if self.error.ended else "no answer"
        said = json.loads(said)
        if said.get("status") == "Success":
            return 0
        for cause in said.get("details", {}).get("causes", []):
            if cause.get("reason") == "ExitCode":
                return int(cause["message"])
        return said.get("message", "")


def forward(url, port, request):
    """What the pod's port answers to the bytes; and what went wrong, both bytes."""
    connection = Connection(url, "portforward.k8s.io")
    try:
        error = connection.open(streamtype="error", port=str(port), requestid="0")
        error.close()
        data = connection.open(streamtype="data", port=str(port), requestid="0")
        data.write(request)
        answer = data.all()
        data.close()
        return answer, error.all()
    finally:
        connection.close()
