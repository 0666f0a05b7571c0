# SPDX-License-Identifier: Apache-2.0
"""A small part of the Common Expression Language, as much as admission.yaml uses.

Literals (strings, lists, maps, whole numbers, true, false, null), fields, indexes, has(),
join() and size(), `in`, ! && || == != < <= > >= + and ?:. Strict where CEL is: a field or key
that is missing, values of unlike types and a condition that is no bool are errors; && and ||
give a result when one side alone decides it. Anything else is refused when it is parsed.
"""

import re


class CelError(Exception):
    """An expression that is not understood, or that fails."""


TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+)|(?P<string>'[^'\\\n]*'|"[^"\\\n]*")|(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+!<>?:.,()\[\]{}]))""",
    re.X,
)
BINARY = {  # sign: (binds, what it does)
    "||": (1, None), "&&": (2, None),
    "==": (3, lambda a, b: a == b), "!=": (3, lambda a, b: a != b),
    "<": (3, lambda a, b: a < b), "<=": (3, lambda a, b: a <= b),
    ">": (3, lambda a, b: a > b), ">=": (3, lambda a, b: a >= b),
    "in": (3, None), "+": (4, lambda a, b: a + b),
}  # fmt: skip
METHODS = {"join": (1, list), "size": (0, (list, dict, str))}


def compile_cel(text):
    """A function of an environment (names to values) that gives the value of the text."""
    return Parser(text).whole()


class Parser:
    """Recursive descent; every method gives a function of the environment."""

    def __init__(self, text):
        self.tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise CelError(f"not understood: {text[at:at + 20]!r}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def peek(self):
        return self.tokens[self.at][1] if self.tokens[self.at][0] != "string" else None

    def take(self, wanted=None):
        kind, word = self.tokens[self.at]
        if wanted is not None and (kind == "string" or word != wanted):
            raise CelError(f"{wanted!r} expected, not {word!r}")
        self.at += 1
        return kind, word

    def whole(self):
        tree = self.ternary()
        if self.tokens[self.at][0] != "end":
            raise CelError(f"not expected: {self.tokens[self.at][1]!r}")
        return tree

    def ternary(self):
        condition = self.binary(1)
        if self.peek() != "?":
            return condition
        self.take("?")
        yes = self.binary(1)
        self.take(":")
        no = self.ternary()
        return lambda env: yes(env) if boolean(condition(env)) else no(env)

    def binary(self, least):
        left = self.unary()
        while self.peek() in BINARY and BINARY[self.peek()][0] >= least:
            sign = self.take()[1]
            left = operation(sign, left, self.binary(BINARY[sign][0] + 1))
        return left

    def unary(self):
        if self.peek() != "!":
            return self.member()
        self.take("!")
        operand = self.unary()
        return lambda env: not boolean(operand(env))

    def member(self):
        tree = self.primary()
        while self.peek() in (".", "["):
            if self.take()[1] == "[":
                tree = index(tree, self.ternary())
                self.take("]")
                continue
            kind, name = self.take()
            if kind != "name":
                raise CelError(f"a field expected, not {name!r}")
            tree = method(name, tree, self.listing("(", ")")) if self.peek() == "(" else field(tree, name)
        return tree

    def listing(self, first, last):
        self.take(first)
        parts = []
        while self.peek() != last:
            parts.append(self.ternary())
            if self.peek() != last:
                self.take(",")
        self.take(last)
        return parts

    def primary(self):
        kind, word = self.tokens[self.at]
        if kind == "sign" and word == "[":
            parts = self.listing("[", "]")
            return lambda env: [part(env) for part in parts]
        if kind == "sign" and word == "{":
            return self.mapping()
        self.take()
        if kind == "number":
            return lambda env: int(word)
        if kind == "string":
            return lambda env: word[1:-1]
        if kind == "sign" and word == "(":
            tree = self.ternary()
            self.take(")")
            return tree
        if kind != "name":
            raise CelError(f"not expected: {word!r}")
        if word in ("true", "false", "null"):
            return lambda env: {"true": True, "false": False, "null": None}[word]
        if word == "has":
            return self.has()
        return lambda env: variable(env, word)

    def mapping(self):
        self.take("{")
        pairs = []
        while self.peek() != "}":
            key = self.ternary()
            self.take(":")
            pairs.append((key, self.ternary()))
            if self.peek() != "}":
                self.take(",")
        self.take("}")
        return lambda env: {key(env): value(env) for key, value in pairs}

    def has(self):
        self.take("(")
        tree = self.member()
        self.take(")")
        if not hasattr(tree, "operand"):
            raise CelError("has() wants a field")
        operand, name = tree.operand, tree.name
        return lambda env: name in mapping(operand(env))


def field(operand, name):
    def value(env):
        fields = mapping(operand(env))
        if name not in fields:
            raise CelError(f"no such key: {name}")
        return fields[name]

    value.operand, value.name = operand, name
    return value


def index(operand, key):
    def value(env):
        whole, place = operand(env), key(env)
        try:
            return whole[place]
        except (KeyError, IndexError, TypeError) as error:
            raise CelError(f"no such key: {place!r}") from error

    return value


def method(name, operand, parts):
    if name not in METHODS or len(parts) != METHODS[name][0]:
        raise CelError(f"no method {name} with {len(parts)} arguments")

    def value(env):
        whole = operand(env)
        if not isinstance(whole, METHODS[name][1]):
            raise CelError(f"{name}() of {whole!r}")
        if name == "size":
            return len(whole)
        words = [parts[0](env), *whole]
        if not all(isinstance(word, str) for word in words):
            raise CelError("join() of other than strings")
        return words[0].join(whole)

    return value


def operation(sign, left, right):
    if sign in ("&&", "||"):
        return lambda env: short_cut(sign == "||", left, right, env)
    if sign == "in":
        return lambda env: contains(right(env), left(env))

    def value(env):
        one, other = left(env), right(env)
        if sign not in ("==", "!=") and (type(one) is not type(other) or isinstance(one, (bool, dict))):
            raise CelError(f"{one!r} {sign} {other!r}")
        return BINARY[sign][1](one, other)

    return value


def short_cut(decides, left, right, env):
    errors = []
    for side in (left, right):
        try:
            if boolean(side(env)) == decides:
                return decides
        except CelError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return not decides


def contains(whole, part):
    if not isinstance(whole, (list, dict)):
        raise CelError(f"in {whole!r}")
    return part in whole


def boolean(value):
    if not isinstance(value, bool):
        raise CelError(f"{value!r} is no bool")
    return value


def mapping(value):
    if not isinstance(value, dict):
        raise CelError(f"{value!r} has no fields")
    return value


def variable(env, name):
    if name not in env:
        raise CelError(f"undeclared reference: {name}")
    return env[name]
