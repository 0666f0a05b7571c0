#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for containerd that speaks HTTP/2 in raw frames, so that it can break every rule.

A sound one knows a container `c1` on an image of two layers. serve(sock, fault, call): `fault` is
called with the Peer in place of the sound answer to the first call whose path ends with `call`
(None: in place of the connection's first bytes)."""
import hashlib
import json
import socket
import struct
import sys
import threading

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


# ---- frames and header fields -----------------------------------------------------------------

def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, bits, first=0):
    """HPACK, section 5.1."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out = bytearray([first | limit])
    value -= limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return integer(len(data), 7) + data


def field(name, value, indexed=False):
    return (b"\x40" if indexed else b"\x00") + text(name) + text(value)


STATUS_200 = b"\x88"  # of the static table
HEAD = STATUS_200 + field("content-type", "application/grpc")


def head(stream):
    return frame(HEADERS, END_HEADERS, stream, HEAD)


def trailers(stream, status="0", *fields):
    block = field("grpc-status", str(status)) + field("grpc-message", "") + b"".join(fields)
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, block)


def envelope(message, compressed=0, length=None):
    return struct.pack(">BI", compressed, len(message) if length is None else length) + message


def data(stream, payload, size=16384):
    return b"".join(frame(DATA, 0, stream, payload[i:i + size])
                    for i in range(0, len(payload), size)) or frame(DATA, 0, stream)


def answer(stream, *messages, status=0):
    body = b"".join(data(stream, envelope(m)) for m in messages)
    return head(stream) + body + trailers(stream, status)


def nothing(stream, status):
    """Trailers alone, as gRPC's errors come."""
    block = HEAD + field("grpc-status", str(status)) + field("grpc-message", "no")
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, block)


# Of the Huffman code (RFC 7541, appendix B) the symbols of 5, 6, 7 and 8 bits: what paths are of.
SHORT = ("012aceiost", " %-./3456789=A_bdfghlmnpru", ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz", "&*,;XZ")


def huffman():
    codes, code = {}, 0
    for bits, symbols in enumerate(SHORT, 5):
        code <<= bits > 5
        for symbol in symbols:
            codes[bits, code] = symbol
            code += 1
    return codes


CODES = huffman()


def unfold(coded):
    out, bits, code = "", 0, 0
    for byte in coded:
        for shift in range(7, -1, -1):
            bits, code = bits + 1, code << 1 | byte >> shift & 1
            if (bits, code) in CODES:
                out += CODES[bits, code]
                bits = code = 0
    return out


def read_integer(block, at, bits):
    value = block[at] & (1 << bits) - 1
    at, shift = at + 1, 0
    if value < (1 << bits) - 1:
        return value, at
    while True:
        value += (block[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if block[at - 1] < 128:
            return value, at


def read_text(block, at):
    size, start = read_integer(block, at, 7)
    raw = block[start:start + size]
    return unfold(raw) if block[at] & 128 else raw.decode(), start + size


def path_of(block):
    """Of a request's fields; nghttp2 never puts it into its table."""
    at = 0
    while at < len(block):
        top = block[at]
        if top & 128 or top & 224 == 32:
            at = read_integer(block, at, 7 if top & 128 else 5)[1]
            continue
        index, at = read_integer(block, at, 6 if top & 64 else 4)
        if index == 0:
            at = read_text(block, at)[1]
        value, at = read_text(block, at)
        if index in (4, 5):
            return value
    return ""


# ---- protocol buffers -------------------------------------------------------------------------

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def put(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def first_strings(message):
    """All string fields of a request, by number; repeated ones are joined."""
    found, at = {}, 0
    while at < len(message):
        number, size = message[at] >> 3, 0
        at, shift = at + 1, 0
        while True:
            byte = message[at]
            size |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                break
        found.setdefault(number, []).append(message[at:at + size].decode())
        at += size
    return found


# ---- what a sound server knows ----------------------------------------------------------------

def digest(blob):
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


DIFFS = [digest(b"layer one"), digest(b"layer two")]
CHAIN = [DIFFS[0], digest(f"{DIFFS[0]} {DIFFS[1]}".encode())]
CONFIG = compact({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/app"]},
                  "rootfs": {"type": "layers", "diff_ids": DIFFS}})
OCI = "application/vnd.oci.image."
MANIFEST = compact({
    "schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
    "config": {"mediaType": OCI + "config.v1+json", "digest": digest(CONFIG), "size": len(CONFIG)},
    "layers": [{"mediaType": OCI + "layer.v1.tar", "digest": d, "size": 9} for d in DIFFS]})
NAME = "registry.example/pay/app:v1"
CRI = compact({"Version": "v1", "Metadata": {
    "ID": "c1", "Name": "c1", "SandboxID": "s1", "ImageRef": digest(CONFIG),
    "Config": {"metadata": {"name": "app"}, "image": {"image": digest(CONFIG)}}}})
BLOBS = {digest(CONFIG): CONFIG, digest(MANIFEST): MANIFEST}
PARENTS = {"c1": CHAIN[1], CHAIN[1]: CHAIN[0], CHAIN[0]: ""}
MOUNTS = [("overlay", "overlay", ["index=off", "workdir=/s/3/work", "upperdir=/s/3/fs",
                                  "lowerdir=/s/2/fs:/s/1/fs"])]
EXTENSION = "io.cri-containerd.container.metadata"


def container(image=NAME, key="c1", extension=CRI, more=b""):
    entry = put(1, EXTENSION) + put(2, put(1, "type.example") + put(2, extension))
    return put(1, put(1, "c1") + put(3, image) + put(6, "overlayfs") + put(7, key) +
               put(10, entry) + more)


def image(target):
    return put(1, put(1, NAME) + put(3, put(1, OCI + "manifest.v1+json") + put(2, target) +
                                     put(3, len(MANIFEST))))


def snapshot(name, parent):
    return put(1, put(1, name) + put(2, parent) + put(3, 3))


def mounts(listed):
    return b"".join(put(1, put(1, kind) + put(2, source) + b"".join(put(4, o) for o in options))
                    for kind, source, options in listed)


def chunks(blob, size=1 << 20):
    return [(put(1, i) if i else b"") + put(2, blob[i:i + size])
            for i in range(0, len(blob), size)]


def reply(path, request):
    """The messages of a sound answer, or gRPC's status."""
    asked = first_strings(request)
    first, second = asked.get(1, [""]), asked.get(2, [""])[0]
    call = path.rsplit(".", 1)[1]
    if call == "Containers/Get":
        return [container()] if first[0] == "c1" else 5
    if call == "Images/Get":
        return [image(digest(MANIFEST))] if first[0] == NAME else 5
    if call == "Snapshots/Stat":
        return [snapshot(second, PARENTS[second])] if second in PARENTS else 5
    if call == "Snapshots/Mounts":
        return [mounts(MOUNTS)] if second == "c1" else 5
    if call == "Content/List":
        found = any(f'gc.ref.content.config"=={digest(CONFIG)}' in f for f in first)
        return [put(1, put(1, digest(MANIFEST)) + put(2, len(MANIFEST)))] if found else []
    if call == "Content/Read":
        return chunks(BLOBS[first[0]]) if first[0] in BLOBS else 5
    return 12


# ---- one connection ---------------------------------------------------------------------------

class Gone(Exception):
    pass


class Peer:
    """What a fault is given: the connection, and the call that was made last."""

    def __init__(self, sock):
        self.sock, self.buffer, self.faults = sock, b"", 0
        self.stream, self.path, self.request = 0, "", b""

    def send(self, *parts):
        try:
            self.sock.sendall(b"".join(parts))
        except OSError:
            raise Gone from None

    def take(self, size):
        while len(self.buffer) < size:
            more = self.sock.recv(65536)
            if not more:
                raise Gone
            self.buffer += more
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def begin(self, settings=b""):
        if self.take(len(PREFACE)) != PREFACE:
            raise Gone
        self.send(frame(SETTINGS, 0, 0, settings))

    def next_call(self):
        """Reads frames until a request has ended."""
        self.request, block = b"", b""
        while True:
            top = self.take(9)
            size = int.from_bytes(top[:3], "big")
            kind, flags, stream = top[3], top[4], int.from_bytes(top[5:], "big")
            payload = self.take(size)
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind in (HEADERS, CONTINUATION):
                block += payload
            elif kind == DATA:
                self.request += payload
                if flags & END_STREAM:
                    break
            elif kind == PING and not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
        self.stream = stream
        self.path = path_of(block)
        self.request = self.request[5:]

    def sound(self):
        said = reply(self.path, self.request)
        return nothing(self.stream, said) if isinstance(said, int) else \
            answer(self.stream, *said)



def serve(sock, fault=None, call=None, begin=b""):
    """One connection, until it ends; `begin`: entries of its SETTINGS."""
    peer = Peer(sock)
    try:
        if fault and call is None:
            fault(peer)
            return
        peer.begin(begin)
        while True:
            peer.next_call()
            if fault and peer.path.endswith(call):
                peer.faults += 1
                fault(peer)
            else:
                peer.send(peer.sound())
    except (Gone, OSError):
        pass
    finally:
        sock.close()


def main():
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(sys.argv[1])
    listener.listen(8)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
