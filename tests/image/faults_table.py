# SPDX-License-Identifier: Apache-2.0
"""For faults.py: what a containerd that is broken or hostile can say, and what is odd but sound."""
import os
import struct
import time

import server as s
from server import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING,
                    PRIORITY, PUSH, RST, SETTINGS, WINDOW, answer, data, envelope, field, frame,
                    head, put, trailers, varint)

GET, STAT, IMAGE, READ = "Containers/Get", "Snapshots/Stat", "Images/Get", "Content/Read"
LIST, MOUNTS = "Content/List", "Snapshots/Mounts"

TABLE = []


def case(name, call=GET, code="unreachable", quick=True, begin=b""):
    """code: of the answer, several by "|". quick: it ends before the deadline."""
    def add(function):
        TABLE.append((name, call, code.split("|"), quick, begin, function))
        return function
    return add


def says(name, call=GET, code="unreachable", quick=True):
    """The function gives the bytes, the request's stream is given to it."""
    def add(function):
        case(name, call, code, quick)(lambda peer: peer.send(function(peer.stream)))
        return function
    return add


def message(name, call, code, make):
    """One message in a sound envelope."""
    says(name, call, code)(lambda stream: answer(stream, make()))


def for_ever(peer, piece, first=b""):
    peer.send(first)
    while True:
        peer.send(piece)


# ---- the connection -----------------------------------------------------------------------

@case("never answers", None, quick=False)
def _(peer):
    while True:
        peer.take(1)


@case("closes at once", None)
def _(peer):
    pass


@case("closes after the request")
def _(peer):
    raise s.Gone


@case("a byte a second", None, quick=False)
def _(peer):
    for byte in frame(SETTINGS, 0, 0) * 10:
        peer.send(bytes([byte]))
        time.sleep(1)


@case("answers as HTTP/1", None)
def _(peer):
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    peer.take(1 << 30)


@case("answers as TLS", None)
def _(peer):
    peer.send(b"\x15\x03\x01\x00\x02\x02\x16")
    peer.send(bytes(100))
    peer.take(1 << 30)


@case("garbage", None)
def _(peer):
    for_ever(peer, bytes(range(256)) * 64)


@case("zeros", None)
def _(peer):
    for_ever(peer, bytes(16384))


@case("a first frame that is no SETTINGS", None)
def _(peer):
    peer.send(frame(PING, 0, 0, bytes(8)))
    peer.take(1 << 30)


@case("reads nothing and says nothing", None, quick=False)
def _(_peer):
    time.sleep(4)


# ---- frames ------------------------------------------------------------------------------

for flood_name, flood in (
        ("SETTINGS", frame(SETTINGS, 0, 0, b"\0\3\0\0\0\1" * 100)),
        ("PING", frame(PING, 0, 0, bytes(8))), ("PRIORITY", frame(PRIORITY, 0, 1, bytes(5))),
        ("unknown", frame(0xbe, 0, 0, bytes(100))),
        ("WINDOW_UPDATE of 0", frame(WINDOW, 0, 0, bytes(4))),
        ("RST_STREAM of others", frame(RST, 0, 3, bytes(4))),
        ("SETTINGS acknowledging", frame(SETTINGS, ACK, 0))):
    case(f"a flood of {flood_name} frames")(
        lambda peer, flood=flood: for_ever(peer, flood * 100))
case("a flood of empty DATA frames")(lambda peer: for_ever(peer, frame(DATA, 0, peer.stream) * 100,
                                                          head(peer.stream)))
case("a flood of DATA that is only padding")(
    lambda peer: for_ever(peer, frame(DATA, PADDED, peer.stream, b"\xff" + bytes(255)) * 20,
                          head(peer.stream)))
says("a frame that is larger than allowed")(
    lambda n: head(n) + frame(DATA, 0, n, bytes(16385)) + answer(n))
says("a frame of 16 MiB")(
    lambda n: b"\xff\xff\xff\x00\x00" + struct.pack(">I", n) + bytes(1 << 20))
says("DATA before HEADERS")(lambda n: data(n, envelope(s.container())) + trailers(n))
says("an answer on another stream", quick=False)(lambda n: answer(n + 2, s.container()))
says("an answer on an even stream")(lambda n: answer(2, s.container()))
says("an answer on stream 0")(lambda n: frame(HEADERS, END_HEADERS, 0, s.HEAD))
says("RST_STREAM")(lambda n: frame(RST, 0, n, struct.pack(">I", 2)))
says("RST_STREAM without an error")(lambda n: head(n) + data(n, envelope(s.container())) +
                                    frame(RST, 0, n, bytes(4)))
says("GOAWAY")(lambda n: frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)))
says("GOAWAY after a sound answer", STAT)(
    lambda n: frame(GOAWAY, 0, 0, struct.pack(">II", n, 11)) + answer(n, s.snapshot("c1", "")))
says("PUSH_PROMISE")(lambda n: frame(PUSH, END_HEADERS, n, struct.pack(">I", 2) + s.HEAD))
says("padding that is longer than the frame")(
    lambda n: head(n) + frame(DATA, PADDED, n, b"\xff" + bytes(10)))
says("a HEADERS frame with too much padding")(
    lambda n: frame(HEADERS, END_HEADERS | PADDED, n, b"\xff" + s.HEAD))
says("a SETTINGS frame of 5 bytes")(lambda n: frame(SETTINGS, 0, 0, bytes(5)))
says("SETTINGS on a stream")(lambda n: frame(SETTINGS, 0, n, bytes(6)))
says("an initial window of 2^31")(lambda n: frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31)))
says("a window that overflows")(lambda n: frame(WINDOW, 0, 0, struct.pack(">I", 0x7fffffff)))
says("CONTINUATION of nothing")(lambda n: frame(CONTINUATION, END_HEADERS, n, s.HEAD))
says("another frame within a header block")(
    lambda n: frame(HEADERS, 0, n, s.HEAD) + frame(PING, 0, 0, bytes(8)))
says("a WebSocket's answer to our stream, three HEADERS")(
    lambda n: head(n) + head(n) + head(n) + trailers(n))
case("a window of 0 for ever", quick=False, begin=struct.pack(">HI", 4, 0))(lambda peer: None)
says("the end in the middle of a frame", quick=False)(lambda n: answer(n, s.container())[:-5])

# ---- header fields --------------------------------------------------------------------------

case("a flood of CONTINUATION frames")(
    lambda peer: for_ever(peer, frame(CONTINUATION, 0, peer.stream, field("a", "b") * 100),
                          frame(HEADERS, 0, peer.stream, s.HEAD)))
case("a flood of empty CONTINUATION frames")(
    lambda peer: for_ever(peer, frame(CONTINUATION, 0, peer.stream) * 100,
                          frame(HEADERS, 0, peer.stream, s.HEAD)))


@case("a million header fields")
def _(peer):
    peer.send(frame(HEADERS, 0, peer.stream, s.HEAD))
    for i in range(1000):
        peer.send(frame(CONTINUATION, 0, peer.stream, field("a", "") * 1000))
    peer.send(frame(CONTINUATION, END_HEADERS, peer.stream))


@case("an HPACK bomb")
def _(peer):
    bomb = field("x", "v" * 4000, indexed=True) + b"\xbe" * 12000
    peer.send(frame(HEADERS, 0, peer.stream, s.HEAD))
    for_ever(peer, frame(CONTINUATION, 0, peer.stream, bomb))


says("a field of 60 KiB")(
    lambda n: frame(HEADERS, 0, n, (s.HEAD + field("a", "b" * 60000))[:16384]) + b"".join(
        frame(CONTINUATION, 0, n, field("a", "b" * 60000)[i:i + 16384])
        for i in range(16384 - len(s.HEAD), 60000, 16384)) + frame(CONTINUATION, 4, n))
says("an HPACK index beyond the table")(lambda n: frame(HEADERS, END_HEADERS, n, b"\xff\xff\x7f"))
says("HPACK index 0")(lambda n: frame(HEADERS, END_HEADERS, n, b"\x80"))
says("an HPACK number without an end")(lambda n: frame(HEADERS, END_HEADERS, n, b"\xff" * 40))
says("an HPACK string longer than its block")(
    lambda n: frame(HEADERS, END_HEADERS, n, s.STATUS_200 + b"\x00\x7f\xff\x7fab"))
says("an HPACK table of 4 GiB")(
    lambda n: frame(HEADERS, END_HEADERS, n, b"\x3f\xe0\xff\xff\xff\x0f" + s.HEAD))
says("a Huffman code that is padded with zeros")(
    lambda n: frame(HEADERS, END_HEADERS, n, s.STATUS_200 + b"\x00\x81\x00\x81\x00"))
says("no :status")(lambda n: frame(HEADERS, END_HEADERS, n, field("content-type", "x")) + answer(n))
says(":status 404")(lambda n: frame(HEADERS, END_HEADERS | END_STREAM, n, b"\x8d"))
says(":status 200 twice")(lambda n: frame(HEADERS, END_HEADERS, n, s.STATUS_200 + s.HEAD))
says("a field in upper case")(
    lambda n: frame(HEADERS, END_HEADERS, n, s.HEAD + field("Grpc-Status", "0")))
says("a field with a newline")(
    lambda n: frame(HEADERS, END_HEADERS, n, s.HEAD + field("a", "b\nc")) + trailers(n))
says(":status in the trailers")(
    lambda n: head(n) + data(n, envelope(s.container())) +
    frame(HEADERS, END_HEADERS | END_STREAM, n, s.STATUS_200 + field("grpc-status", "0")))

# ---- gRPC ------------------------------------------------------------------------------------

says("no grpc-status")(lambda n: head(n) + data(n, envelope(s.container())) +
                       frame(HEADERS, END_HEADERS | END_STREAM, n, field("grpc-message", "")))
says("no trailers")(lambda n: head(n) + data(n, envelope(s.container())) +
                    frame(DATA, END_STREAM, n))
says("the status before its end")(
    lambda n: frame(HEADERS, END_HEADERS, n, s.HEAD + field("grpc-status", "0")) +
    data(n, envelope(s.container())) + frame(DATA, END_STREAM, n))
for status in ("", "x", "-1", "00000", "0x0", " 0", "0 ", "999", "4294967296", "\xb2"):
    says(f"grpc-status {status!r}")(lambda n, status=status: head(n) + data(
        n, envelope(s.container())) + trailers(n, status.encode("latin-1").decode("latin-1")))
says("two grpc-status")(lambda n: head(n) + data(n, envelope(s.container())) +
                        trailers(n, "0", field("grpc-status", "0")))
for status in (1, 2, 3, 4, 6, 7, 8, 12, 13, 14, 16, 99):
    says(f"gRPC error {status}")(lambda n, status=status: s.nothing(n, status))
says("gRPC error 5", GET, "unbound")(lambda n: s.nothing(n, 5))
says("an error after a sound message", GET, "unreachable")(
    lambda n: answer(n, s.container(), status=14))
says("a message with the compressed flag")(
    lambda n: head(n) + data(n, envelope(s.container(), compressed=1)) + trailers(n))
says("a message with flags")(
    lambda n: head(n) + data(n, envelope(s.container(), compressed=0x80)) + trailers(n))
says("a length that is too short")(
    lambda n: head(n) + data(n, envelope(s.container(), length=20)) + trailers(n))
says("a length that is too long")(
    lambda n: head(n) + data(n, envelope(s.container(), length=100000)) + trailers(n))
says("a length of 4 GiB")(
    lambda n: head(n) + data(n, envelope(s.container(), length=0xffffffff)) + trailers(n))
says("a length alone")(lambda n: head(n) + data(n, b"\0\0\0\0\5") + trailers(n))
says("half a length")(lambda n: head(n) + data(n, b"\0\0\0") + trailers(n))
says("two messages for one")(lambda n: answer(n, s.container(), s.container()))
says("no message")(lambda n: answer(n))
says("DATA after the end", STAT)(lambda n: answer(n, s.snapshot("c1", s.CHAIN[1])) +
                                 data(n, envelope(b"")) * 3 + frame(GOAWAY, 0, 0, bytes(8)))
case("a message that never ends")(
    lambda peer: for_ever(peer, data(peer.stream, bytes(16384)) * 4,
                          head(peer.stream) + data(peer.stream, b"\0\0\x3f\xff\xff")))

# ---- protocol buffers ----------------------------------------------------------------------------

message("an empty message", GET, "unbound", lambda: b"")
message("a message of zeros", GET, "unreachable", lambda: bytes(64))
message("random bytes", GET, "unreachable", lambda: b"\xf3" + os.urandom(200))
message("a number for a text", GET, "unreachable", lambda: put(1, put(3, 7)))
message("a text for a message", GET, "unreachable", lambda: varint(1 << 3) + varint(7))
message("a fixed32 for a text", GET, "unreachable", lambda: put(1, varint(3 << 3 | 5) + bytes(4)))
message("a group", GET, "unreachable", lambda: put(1, varint(9 << 3 | 3) + varint(9 << 3 | 4)))
message("wire type 6", GET, "unreachable", lambda: put(1, varint(9 << 3 | 6) + b"\0"))
message("field 0", GET, "unreachable", lambda: put(1, b"\2\0"))
message("a number without an end", GET, "unreachable", lambda: put(1, b"\x08" + b"\xff" * 11))
message("a number of 70 bits", GET, "unreachable", lambda: put(1, b"\x08" + b"\xff" * 9 + b"\x7f"))
message("a number that is cut", GET, "unreachable", lambda: put(1, b"\x08\x80"))
message("a text beyond its message", GET, "unreachable", lambda: put(1, b"\x1a\x7fabc"))
message("a text of 2^64-1 bytes", GET, "unreachable", lambda: put(1, b"\x1a" + varint(-1) + b"abc"))
message("a text of 2^63 bytes", GET, "unreachable", lambda: put(1, b"\x1a" + varint(1 << 63)))
message("a field number of 2^32", GET, "unreachable", lambda: put(1, varint(1 << 35 | 2) + b"\0"))
message("a name with a NUL", GET, "unreachable", lambda: s.container(image="a\0b"))
message("a name that is no UTF-8", GET, "unreachable", lambda: s.container(image=b"a\xff"))
message("a key with a NUL", GET, "unreachable", lambda: s.container(key="c1\0"))
message("an extension with a NUL", GET, "unreachable",
        lambda: s.container(extension=s.CRI + b"\0{}"))
message("an extension that is cut", GET, "unbound|unreachable|damaged",
        lambda: s.container(extension=s.CRI[:-5]))
message("an extension of great depth", GET, "unbound|unreachable|damaged",
        lambda: s.container(extension=b"[" * 100000))
message("an extension of 2 MiB", GET, "unreachable",
        lambda: s.container(extension=b'"' + b"x" * (2 << 20) + b'"'))
message("a name of a MiB", GET, "unreachable",
        lambda: s.container(image="a" * (1 << 20)))
message("a target with a NUL", IMAGE, "unreachable", lambda: s.image(s.digest(s.MANIFEST) + "\0"))
message("a digest of a MiB", IMAGE, "unreachable", lambda: s.image("sha256:" + "0" * (1 << 20)))
# Names prove nothing: the manifest is found by its configuration all the same.
message("an image without a target", IMAGE, "accepted", lambda: put(1, put(1, s.NAME)))
message("a target that is no digest", IMAGE, "accepted", lambda: s.image("../../etc"))
message("a target of another algorithm", IMAGE, "accepted", lambda: s.image("sha512:" + "0" * 128))
message("content that is not there under the name", IMAGE, "accepted",
        lambda: s.image("sha256:" + "1" * 64))
message("mounts of which one is a number", MOUNTS, "unreachable", lambda: put(1, 5))
message("nine mounts", MOUNTS, "unreachable", lambda: s.mounts(s.MOUNTS * 9))
message("a mount with 2000 options", MOUNTS, "unreachable",
        lambda: s.mounts([("overlay", "overlay", ["x"] * 2000)]))
message("an option with a NUL", MOUNTS, "unreachable",
        lambda: s.mounts([("overlay", "overlay", ["lowerdir=/a\0/b"])]))
message("100000 empty fields", GET, "unbound|scope", lambda: put(1, put(2, "") * 100000))

# ---- snapshots -------------------------------------------------------------------------------

says("a snapshot that is its own parent", STAT, "unbound", quick=False)(
    lambda n: answer(n, s.snapshot("x", s.CHAIN[1])))
message("a parent that is no layer", STAT, "unbound", lambda: s.snapshot("c1", "evil"))
message("a parent with a NUL", STAT, "unreachable", lambda: s.snapshot("c1", s.CHAIN[1] + "\0x"))
message("a parent that is another's layer", STAT, "unbound",
        lambda: s.snapshot("c1", "sha256:" + "a" * 64))
message("no parent", STAT, "unbound", lambda: s.snapshot("c1", ""))

# ---- content ---------------------------------------------------------------------------------


def content(name, code, make):
    says(name, READ, code)(lambda n: answer(n, *make()))


CONFIG = s.CONFIG
content("content of no bytes", "damaged", lambda: [])
content("other content", "damaged", lambda: [put(2, CONFIG.replace(b"amd64", b"arm64"))])
content("content that is cut", "damaged",
        lambda: [put(2, CONFIG[:-1])])
content("content and a byte more", "damaged",
        lambda: [put(2, CONFIG), put(1, len(CONFIG)) + put(2, "}")])
content("content with a gap", "unreachable",
        lambda: [put(2, CONFIG[:9]), put(1, 10) + put(2, CONFIG[10:])])
content("content that goes back", "unreachable",
        lambda: [put(2, CONFIG[:9]), put(1, 0) + put(2, CONFIG)])
content("content from a negative offset", "unreachable", lambda: [put(1, -1) + put(2, CONFIG)])
content("content from an offset of 2^63", "unreachable", lambda: [put(1, 1 << 63) + put(2, CONFIG)])
content("an offset that is a text", "unreachable",
        lambda: [put(1, "0") + put(2, CONFIG)])
content("data that is a number", "unreachable", lambda: [put(2, 5)])
content("content of 5 MiB", "damaged", lambda: s.chunks(bytes(5 << 20)))
content("a chunk of 8 MiB", "unreachable|damaged", lambda: [put(2, bytes(8 << 20))])
content("100000 empty chunks", "unreachable|damaged", lambda: [b""] * 100000)


@case("content without an end", READ, "damaged|unreachable")
def _(peer):
    at, part = 0, bytes(1 << 16)
    peer.send(head(peer.stream))
    while True:
        peer.send(data(peer.stream, envelope(put(1, at) + put(2, part))))
        at += len(part)


@case("content without an end, a byte at a time", READ, "damaged|unreachable", quick=False)
def _(peer):
    at = 0
    peer.send(head(peer.stream))
    while True:
        peer.send(data(peer.stream, envelope(put(1, at) + put(2, "x"))))
        at += 1


@case("content without an end, empty", READ, "damaged|unreachable")
def _(peer):
    for_ever(peer, data(peer.stream, envelope(b"") * 3000), head(peer.stream))


# ---- odd, and sound --------------------------------------------------------------------------


def split(stream, sound):
    return b"".join(frame(DATA, 0, stream, bytes([byte])) for byte in sound)


for name, make in (
        ("a sound answer", lambda n, m: answer(n, m)),
        ("an answer in frames of one byte",
         lambda n, m: head(n) + split(n, envelope(m)) + trailers(n)),
        ("padded DATA", lambda n, m: head(n) + frame(
            DATA, PADDED, n, b"\x64" + envelope(m) + bytes(100)) + trailers(n)),
        ("empty DATA between", lambda n, m: head(n) + frame(DATA, 0, n) * 9 + data(n, envelope(m)) +
         frame(DATA, 0, n) * 9 + trailers(n)),
        ("HEADERS in CONTINUATION frames", lambda n, m: frame(HEADERS, 0, n, s.HEAD[:1]) + frame(
            CONTINUATION, 0, n, s.HEAD[1:5]) + frame(CONTINUATION, END_HEADERS, n, s.HEAD[5:]) +
         data(n, envelope(m)) + trailers(n)),
        ("PING, SETTINGS, PRIORITY and an unknown frame between", lambda n, m: frame(
            PING, 0, 0, bytes(8)) + head(n) + frame(SETTINGS, 0, 0, struct.pack(">HI", 1, 0)) +
         frame(PRIORITY, 0, n, bytes(5)) + frame(0xee, 0, n, b"x") + data(n, envelope(m)) +
         trailers(n)),
        ("unknown fields", lambda n, m: answer(n, put(99, "x") + m + put(98, 5) + varint(
            97 << 3 | 1) + bytes(8) + varint(96 << 3 | 5) + bytes(4))),
        ("RST_STREAM without an error after the end", lambda n, m: answer(n, m) + frame(
            RST, 0, n, bytes(4)))):
    case(name, GET, "accepted")(
        lambda peer, make=make: peer.send(make(peer.stream, s.container())))
case("a field that comes twice: the last one counts", GET, "accepted")(
    lambda peer: peer.send(answer(peer.stream, s.container(
        more=put(3, "registry.example/other:1") + put(3, s.NAME)))))
case("content in chunks of 7 bytes", READ, "accepted")(
    lambda peer: peer.send(answer(
        peer.stream, *s.chunks(s.BLOBS[s.first_strings(peer.request)[1][0]], 7))))
case("a list of 5000", LIST, "accepted")(lambda peer: peer.send(answer(peer.stream, *(
    b"".join(put(1, put(1, s.digest(b"%d" % i))) for i in range(j, j + 100))
    for j in range(0, 5000, 100)))))
