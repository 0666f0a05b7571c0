# SPDX-License-Identifier: Apache-2.0
"""Changes of JSON documents and of base64, of the kinds that parsers differ in."""
import base64
import json

OTHERS = [None, True, 0, 1, -1, 1.5, "", "x", [], {}, [1], {"a": "b"}, "\0", "Gr\u00fc\u00dfe"]


def places(value, path=()):
    """Every place of a document: the path of keys and numbers to it."""
    yield path
    members = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def copy(value):
    return json.loads(json.dumps(value))


class Twins(dict):
    """An object in which keys may be there twice: pairs are what is written."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.pairs = pairs


def written(value, blank, escape):
    """JSON text; `escape(key)`: how a key is written."""
    if isinstance(value, dict):
        pairs = value.pairs if isinstance(value, Twins) else value.items()
        return "{" + ("," + blank).join(
            f"{escape(key)}:{blank}{written(member, blank, escape)}" for key, member in pairs) + "}"
    if isinstance(value, Deep):
        return "[" * value.depth + "]" * value.depth
    if isinstance(value, list):
        return "[" + ("," + blank).join(written(v, blank, escape) for v in value) + "]"
    return json.dumps(value)


class Mutator:
    MARK = "in place of what is no UTF-8"

    def __init__(self, rng):
        self.rng = rng

    def text(self, value):
        """The document as bytes: as it is, or with one change or two."""
        value = copy(value)
        draw = self.rng.random()
        for _ in range(0 if draw < 0.76 else 1 if draw < 0.97 else 2):
            value = self.changed(value)
        blank = self.rng.choice(["", "", "", " ", "\n\t"])
        escape = json.dumps
        if self.rng.random() < 0.04:
            def escape(key):
                return '"' + "".join(f"\\u{ord(c):04x}" for c in key) + '"'
        text = written(value, blank, escape).encode()
        text = text.replace(self.MARK.encode(), self.rng.choice(
            [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]))
        return self.bytes_changed(text) if self.rng.random() < 0.03 else text

    def changed(self, value):
        inner = [path for path in places(value) if path]
        if not inner:
            return value
        path = self.rng.choice(inner)
        holder, key = at(value, path[:-1]), path[-1]
        if isinstance(holder, list):
            holder[key] = self.rng.choice(OTHERS)
            return value
        return self.member_changed(value, path, holder, key)

    def member_changed(self, value, path, holder, key):
        way = self.rng.randrange(8)
        if way == 0:
            del holder[key]
        elif way == 1:
            holder[key] = self.rng.choice(OTHERS)
        elif way == 2:
            other = self.rng.choice([key.upper(), key.title(), key + " ", key[:-1], "\ufeff" + key,
                                     key.replace("s", "\u017f"), key.replace("k", "\u212a")])
            holder[other] = holder.pop(key)
        elif way == 3:
            holder[self.rng.choice(["unknown", key.upper(), "", "_" + key])] = \
                self.rng.choice(OTHERS + [holder[key]])
        elif way == 4:
            return self.twice(value, path, holder, key)
        elif way == 5:
            holder[key] = [holder[key]]
        elif way == 6:
            holder[key] = {key: holder[key]}
        else:
            holder[key] = self.nested(self.rng.choice([5, 29, 33, 60, 3000]))
        return value

    def nested(self, depth):
        value = []
        for _ in range(depth):
            value = [value]
        return value if depth < 200 else Deep(depth)

    def twice(self, value, path, holder, key):
        pairs = list(holder.items())
        other = holder[key] if self.rng.random() < 0.5 else self.rng.choice(OTHERS)
        pairs.insert(self.rng.randint(0, len(pairs)), (key, other))
        twins = Twins(pairs)
        if len(path) == 1:
            return twins
        at(value, path[:-2])[path[-2]] = twins
        return value

    def bytes_changed(self, text):
        way = self.rng.randrange(9)
        if way == 0:
            return text + self.rng.choice([b"{}", b",", b"\0", b"]", text, b"x"])
        if way == 1:
            return text[:-1]
        if way == 2:
            return b"\xef\xbb\xbf" + text
        if way == 3:
            return text.replace(b":", b"=", 1)
        if way == 4:
            return text.replace(b"}", b",}", 1)
        if way == 5:
            place = self.rng.randrange(len(text))
            return text[:place] + self.rng.choice([b"\xff", b"\xc0\xaf", b"\x01", b"\n", b"'"]) + \
                text[place + 1:]
        if way == 6:
            return b"/* */" + text
        if way == 7:
            return text.replace(b'"', b"'")
        return text + self.rng.choice([b"\n", b" "])

    def base64(self, data):
        text = base64.b64encode(data).decode()
        if self.rng.random() > 0.04:
            return text
        way = self.rng.randrange(8)
        if way == 0:
            return text.rstrip("=")
        if way == 1:
            return text + self.rng.choice(["=", "==", "\n", " ", "AAAA", "A"])
        if way == 2:
            return base64.urlsafe_b64encode(data).decode()
        if way == 3:
            return text[:8] + "\n" + text[8:]
        if way == 4:
            return text.replace("A", "!", 1)
        if way == 5:
            return self.loose_bits(text)
        if way == 6:
            return base64.b64encode(text.encode()).decode()
        return "=" + text

    @staticmethod
    def loose_bits(text):
        """Bits set that belong to no byte: lax decoders do not see them."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        body = text.rstrip("=")
        if len(body) == len(text):
            return text[:-1] + "="
        return body[:-1] + alphabet[alphabet.index(body[-1]) | 1] + text[len(body):]


class Deep(list):
    """Arrays within arrays, too deep to be made."""

    def __init__(self, depth):
        super().__init__()
        self.depth = depth
