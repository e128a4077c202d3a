# SPDX-License-Identifier: BSD-2-Clause
"""Values of a lab file: numbers with units, and what stands in braces.

    "20ms" "10mbit" "1%" "64KiB" 4        a value
    "delay {rtt/2} loss {loss}"           a text with factors in it; {NAME} alone is the factor's own
                                          text, an expression is computed exactly and printed in a
                                          unit that the link's words know

Times are seconds, rates bits a second, sizes bits inside; a product has the product's dimension, so
{rate*rtt} is a size, and {packets(rate*rtt)} how many full frames that is. Called by lab_points.py.
"""

import ast
import math
import re
from dataclasses import dataclass
from fractions import Fraction

FRAME_BYTES = 1514  # a full Ethernet frame without its checksum: what a link's rate counts

TIME, RATE, SIZE, PLAIN = (1, 0), (-1, 1), (0, 1), (0, 0)  # exponents of seconds and of bits
KINDS = {TIME: "a time, as in 20ms", RATE: "a rate, as in 10mbit", SIZE: "a size, as in 64KiB",
         PLAIN: "a number"}

_TIMES = {"s": Fraction(1), "ms": Fraction(1, 10**3), "us": Fraction(1, 10**6),
          "ns": Fraction(1, 10**9)}
_PREFIXES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20,
             "gi": 2**30}
_SIZES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20,
          "GiB": 2**30}
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([A-Za-z%]*)")
_BRACES = re.compile(r"\{([^{}]*)\}")


class BadValue(Exception):
    """A value or an expression that makes no sense; the text is a sentence without the place."""


@dataclass(frozen=True)
class Quantity:
    """An exact number and its dimension; share: it was written with a per cent sign."""

    value: Fraction
    dim: tuple = PLAIN
    share: bool = False


def read(value):
    """The Quantity of a value; None for a word that is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return Quantity(Fraction(str(value)))
    match = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        return None
    number, unit = Fraction(match[1]), match[2]
    if unit == "":
        return Quantity(number)
    if unit == "%":
        return Quantity(number / 100, PLAIN, True)
    if unit in _TIMES:
        return Quantity(number * _TIMES[unit], TIME)
    if unit in _SIZES:
        return Quantity(number * _SIZES[unit] * 8, SIZE)
    for end, bits in (("bit", 1), ("bps", 8)):
        if unit.endswith(end) and unit[:-3] in _PREFIXES:
            return Quantity(number * _PREFIXES[unit[:-3]] * bits, RATE)
    return None


def _scaled(value, units):
    """The largest unit that divides; the smallest, rounded, otherwise."""
    for name, size in units:
        if (value / size).denominator == 1:
            return f"{value / size}{name}"
    name, size = units[-1]
    return f"{round(value / size)}{name}"


def text(q):
    """As the link's words and the report write it."""
    if q.dim == TIME:
        return _scaled(q.value, [(name, _TIMES[name]) for name in ("s", "ms", "us", "ns")])
    if q.dim == RATE:
        return _scaled(q.value, [(p + "bit", _PREFIXES[p]) for p in ("g", "m", "k", "")])
    if q.dim == SIZE:
        return str(math.ceil(q.value / 8))
    if q.dim != PLAIN:
        raise BadValue("has a dimension that nothing is written in; the results can be times, "
                          "rates, sizes and numbers")
    if q.share:
        return f"{_decimal(q.value * 100)}%"
    return _decimal(q.value)


def _decimal(value):
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.9f}".rstrip("0").rstrip(".")


# ---- expressions ---------------------------------------------------------------------------------

def packets(q):
    """How many full frames a size is, rounded up, at least one."""
    if q.dim != SIZE:
        raise BadValue(f"packets() takes a size, such as rate*rtt, not {kind(q)}")
    return Quantity(Fraction(max(1, math.ceil(q.value / (8 * FRAME_BYTES)))))


def kind(q):
    return KINDS.get(q.dim, "what has no unit of its own").partition(",")[0]


def _same(name, a, b):
    if a.dim != b.dim:
        raise BadValue(f"{name} joins {kind(a)} with {kind(b)}")
    return a.dim


_FUNCTIONS = {
    "packets": (1, packets),
    "ceil": (1, lambda q: Quantity(Fraction(math.ceil(q.value)), q.dim)),
    "floor": (1, lambda q: Quantity(Fraction(math.floor(q.value)), q.dim)),
    "round": (1, lambda q: Quantity(Fraction(round(q.value)), q.dim)),
    "min": (2, lambda a, b: Quantity(min(a.value, b.value), _same("min", a, b), a.share)),
    "max": (2, lambda a, b: Quantity(max(a.value, b.value), _same("max", a, b), a.share)),
}


def _binary(node, names):
    a, b = _evaluate(node.left, names), _evaluate(node.right, names)
    if isinstance(node.op, ast.Mult):
        return Quantity(a.value * b.value, (a.dim[0] + b.dim[0], a.dim[1] + b.dim[1]),
                        a.share != b.share)
    if isinstance(node.op, ast.Div):
        if b.value == 0:
            raise BadValue("divides by zero")
        return Quantity(a.value / b.value, (a.dim[0] - b.dim[0], a.dim[1] - b.dim[1]),
                        a.share and not b.share)
    if isinstance(node.op, ast.Add):
        return Quantity(a.value + b.value, _same("+", a, b), a.share)
    if isinstance(node.op, ast.Sub):
        return Quantity(a.value - b.value, _same("-", a, b), a.share)
    raise BadValue("has an operator other than + - * /")


def _evaluate(node, names):
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return read(node.value)
    if isinstance(node, ast.Name):
        return _quantity(node.id, names)
    if isinstance(node, ast.BinOp):
        return _binary(node, names)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id not in _FUNCTIONS:
            raise BadValue(f"there is no function {node.func.id}; there are "
                              f"{', '.join(_FUNCTIONS)}")
        count, function = _FUNCTIONS[node.func.id]
        if len(node.args) != count:
            raise BadValue(f"{node.func.id}() takes {count} value{'s' * (count > 1)}")
        return function(*(_evaluate(arg, names) for arg in node.args))
    raise BadValue("is not an expression of names, numbers, + - * / and parentheses")


def _look_up(name, names):
    if name not in names:
        raise BadValue(f"there is no factor {name}; there are "
                          f"{', '.join(sorted(names)) or 'none'}")
    return names[name]


def _quantity(name, names):
    value = _look_up(name, names)
    q = read(value)
    if q is None:
        close = read(str(value).replace(" ", ""))
        raise BadValue(f"{name} is {value!r}, which is not a number to calculate with"
                       + (f"; write it without the blank, as {str(value).replace(' ', '')}" if close else ""))
    return q


def _braces(expression, names):
    """What stands for {expression}: a factor's own value, or a computed text."""
    expression = expression.strip()
    if re.fullmatch(r"[A-Za-z_]\w*", expression):
        return _look_up(expression, names)
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        raise BadValue(f"{{{expression}}} is not an expression") from None
    try:
        return text(_evaluate(tree.body, names))
    except BadValue as error:
        raise BadValue(f"{{{expression}}}: {error}") from None


def fill(value, names, used=None):
    """A value with its braces filled. A text that is one pair of braces takes the factor's own type.
    `used`, if given, gathers the names of factors that stand in braces."""
    if isinstance(value, list):
        return [fill(one, names, used) for one in value]
    if isinstance(value, dict):
        return {key: fill(one, names, used) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    if used is not None:
        for expression in _BRACES.findall(value):
            used.update(re.findall(r"[A-Za-z_]\w*", expression))
    whole = _BRACES.fullmatch(value.strip())
    if whole:
        return _braces(whole[1], names)
    out = _BRACES.sub(lambda m: words(_braces(m[1], names)), value)
    if "{" in out or "}" in out:
        raise BadValue(f"{value!r} has a brace without its other half")
    return out


def words(value):
    """A factor's value inside a text."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


# ---- what a key wants ----------------------------------------------------------------------------

def _want(value, dim, least, what):
    q = read(value)
    if q is None or (q.dim != dim and not (q.dim == PLAIN and not q.share)):
        raise BadValue(f"{value!r} is not {what}")
    # A plain number is seconds, bytes or bits a second.
    amount = q.value * 8 if q.dim == PLAIN and dim == SIZE else q.value
    if amount < least:
        raise BadValue(f"{value!r} is too small for {what}")
    return amount


def seconds(value):
    """A time as seconds; plain numbers are seconds."""
    return float(_want(value, TIME, 0, "a time; write seconds, or a number with s, ms, us"))


def size(value):
    """A size as whole bytes; plain numbers are bytes."""
    return math.ceil(_want(value, SIZE, 0, "a size; write bytes, or a number with kB, MB, KiB, MiB") / 8)


def count(value):
    q = read(value)
    if q is None or q.dim != PLAIN or q.share or q.value.denominator != 1 or q.value < 1:
        raise BadValue(f"{value!r} is not a count; write a whole number from 1 on")
    return int(q.value)


def word(value):
    if not isinstance(value, str) or not value:
        raise BadValue(f"{value!r} is not a word")
    return value
