# SPDX-License-Identifier: BSD-2-Clause
"""A lab file into values, each key known and of the right shape, and the line each stands in.

tomllib says no lines but those of its own errors, so a second, small reading finds where keys
are. Whatever is wrong is one LabError: FILE:LINE and a sentence. Called by lab.py; what the values
mean point by point is lab_points.py.
"""

import difflib
import re
import tomllib

from . import lab_topo

SEEDS_MAX = 10000


class LabError(Exception):
    """The file cannot be a lab; the text is `FILE:LINE: sentence`."""


# Keys by table; the value says what it must be.
LAB = {"name": str, "about": str, "duration": object, "settle": object, "seeds": object,
       "events": object}
TOPOLOGY = {"name": str, "file": str, "lines": list, "pairs": object, "hops": object,
            "senders": object, "set": dict, "links": list, "link": str}
MEASURES = {"columns": list, "watch": list}
FLOW = ("name", "kind", "from", "to", "start", "stop", "copies", "spread", "congestion", "options",
        "each")
KINDS = {
    "bulk": ("bytes",),
    "request": ("request", "response", "think", "count", "reconnect"),
    "onoff": ("on", "off", "rate"),
    "web": ("objects", "size", "think", "request", "connections", "count"),
    "incast": ("bytes", "request", "think", "count"),
    "arrivals": ("size", "gap"),
}
NEEDS = {"request": ("request", "response"), "onoff": ("on", "off"),
         "web": ("objects", "size", "think"), "incast": ("bytes",), "arrivals": ("size", "gap")}
OPTIONS = ("sndbuf", "rcvbuf", "mss", "nodelay")
TABLES = {"lab": dict, "topology": dict, "devices": dict, "sysctls": dict, "factors": dict,
          "fixed": dict, "traffic": list, "exclude": list, "keep": list, "measures": dict}
NEEDED = {"lab": ("name", "duration"), "topology": ()}


class Lab:
    """The file's tables, and error(path, sentence) that names file and line."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        try:
            self.tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise LabError(self._toml(str(error))) from None
        self.lines = _key_lines(text)
        for name in TABLES:
            setattr(self, name, self.tables.get(name, TABLES[name]()))

    def _toml(self, said):
        where = re.search(r"\(at line (\d+), column \d+\)", said)
        line = where[1] if where else len(self.text.splitlines())
        return f"{self.path}:{line}: {re.sub(r' *[(]at [^)]*[)]', '', said)}"

    def line(self, path):
        """The line of a key: of the nearest one above it that stands in the file."""
        path = tuple(path)
        below = [line for key, line in self.lines.items() if key[:len(path)] == path]
        if below:
            return min(below)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path, sentence):
        return LabError(f"{self.path}:{self.line(path)}: {sentence}")


# ---- where keys stand ----------------------------------------------------------------------------

_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.S)
_PART = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+)\s*(\.?)')


def _parts(text):
    """a."b.c".d as its parts; None when it is no key."""
    out, at = [], 0
    while at < len(text):
        match = _PART.match(text, at)
        if not match:
            return None
        out.append(match[1].strip("\"'"))
        at = match.end()
        if not match[2]:
            break
    return out if out and not text[at:].strip() else None


def _blank(text):
    """Comments out, and newlines of long strings kept while their other text is not."""
    out, at = [], 0
    while at < len(text):
        if text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        match = _STRING.match(text, at) if text[at] in "\"'" else None
        if match:
            many = match[0].startswith(('"""', "'''"))
            out.append(re.sub(r"[^\n]", "x", match[0]) if many else match[0])
            at = match.end()
            continue
        out.append(text[at])
        at += 1
    return "".join(out)


def _key_lines(text):
    """{path: line} of each table and key; tables of a list have their number in the path."""
    lines, counts, table, depth = {(): 1}, {}, (), 0
    for number, line in enumerate(_blank(text).splitlines(), 1):
        head = re.fullmatch(r"\s*(\[\[?)(.*?)\]\]?\s*", line) if depth == 0 else None
        key = re.match(r"\s*([^=\[\]{}]+?)\s*=", line) if depth == 0 and not head else None
        if head and _parts(head[2]):
            table = tuple(_parts(head[2]))
            if head[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table += (counts[table],)
            lines.setdefault(table, number)
            continue
        if key and _parts(key[1]):
            lines.setdefault(table + tuple(_parts(key[1])), number)
        bare = re.sub(_STRING, "", line)
        depth += sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}")
    return lines


# ---- shapes --------------------------------------------------------------------------------------

def _near(word, known):
    close = difflib.get_close_matches(str(word), known, 1)
    return f"; did you mean {close[0]}" if close else f"; there are {', '.join(known)}"


_SHAPES = {str: "a text in quotes", list: "a list in brackets", dict: "a table", object: "a value"}


def _keys(lab, path, table, known):
    for key, value in table.items():
        if key not in known:
            raise lab.error([*path, key], f"[{path[0]}] knows no key {key}{_near(key, list(known))}")
        if not isinstance(value, known[key]):
            raise lab.error([*path, key], f"{key} must be {_SHAPES[known[key]]}, not {value!r}")


def _scalar(value):
    return isinstance(value, (str, int, float, bool))


def _tables(lab):
    for name, value in lab.tables.items():
        if name not in TABLES:
            raise lab.error([name], f"there is no table [{name}]{_near(name, list(TABLES))}")
        if not isinstance(value, TABLES[name]) or \
                (TABLES[name] is list and not all(isinstance(one, dict) for one in value)):
            shape = f"[[{name}]]" if TABLES[name] is list else f"[{name}]"
            raise lab.error([name], f"{name} must be a table; write {shape}")
    for name in NEEDED:
        if name not in lab.tables:
            raise lab.error([], f"the table [{name}] is missing")
    _keys(lab, ["lab"], lab.lab, LAB)
    for name, keys in NEEDED.items():
        for key in keys:
            if key not in lab.tables[name]:
                raise lab.error([name], f"[{name}] needs {key}")
    if not lab.traffic:
        raise lab.error([], "there is no [[traffic]]: nothing would be sent")


def _topology(lab):
    table = lab.topology
    _keys(lab, ["topology"], table, TOPOLOGY)
    given = [key for key in ("name", "file", "lines") if key in table]
    if len(given) != 1:
        raise lab.error(["topology"], "[topology] needs exactly one of name, file and lines"
                        + (f", not {' and '.join(given)}" if given else ""))
    if "name" in table and table["name"] not in lab_topo.NAMED:
        raise lab.error(["topology", "name"], f"there is no topology {table['name']}"
                        f"{_near(table['name'], list(lab_topo.NAMED))}, or use file or lines")
    sized = lab_topo.NAMED[table["name"]][1] if "name" in table else None
    for key in ("pairs", "hops", "senders"):
        if key in table and key != sized:
            raise lab.error(["topology", key], f"{key} sizes another topology"
                            + (f"; {table['name']} has {sized}" if sized else ""))
    if "set" in table and "file" not in table:
        raise lab.error(["topology", "set"], "set gives variables to a file, and there is no file")
    for key in ("lines", "links"):
        for line in table.get(key, []):
            if not isinstance(line, str):
                raise lab.error(["topology", key], f"{key} has texts, not {line!r}")


def _factors(lab):
    for name, values in lab.factors.items():
        at = ["factors", name]
        if isinstance(values, dict):
            raise lab.error(at, f"{name}: a factor is a list of values; a name with a dot in it "
                            f"stands in quotes")
        if not isinstance(values, list):
            raise lab.error(at, f"factor {name} must be a list of values, as in [1, 2]; one value "
                            f"that is always the same stands in [fixed]")
        if not values:
            raise lab.error(at, f"factor {name} has no values")
        if not all(map(_scalar, values)):
            raise lab.error(at, f"factor {name} has a value that is neither text nor number")
        if len({str(v) for v in values}) != len(values):
            raise lab.error(at, f"factor {name} has a value twice")
        if name in lab.fixed:
            raise lab.error(at, f"{name} is in [factors] and in [fixed]")
    for name, value in lab.fixed.items():
        if not _scalar(value):
            raise lab.error(["fixed", name], f"{name} must be one value; lists are [factors]")


def _traffic(lab):
    for i, flow in enumerate(lab.traffic):
        at = ["traffic", i]
        kind = flow.get("kind")
        if kind not in KINDS:
            raise lab.error([*at, "kind"], "[[traffic]] needs a kind: one of "
                            + ", ".join(KINDS) + (f", not {kind!r}" if kind is not None else ""))
        for key in flow:
            if key not in FLOW + KINDS[kind]:
                raise lab.error([*at, key], f"traffic of kind {kind} knows no key {key}"
                                + _near(key, list(KINDS[kind] + FLOW)))
        for key in ("from", "to"):
            if key not in flow:
                raise lab.error(at, f"[[traffic]] needs {key}: the name of a node")
        for key in NEEDS.get(kind, ()):
            if key not in flow:
                raise lab.error(at, f"traffic of kind {kind} needs {key}")
        for key in flow.get("options", {}):
            if key not in OPTIONS:
                raise lab.error([*at, "options"], f"options knows no {key}{_near(key, list(OPTIONS))}")


def _rules(lab):
    known = [*lab.factors, "seed"]
    for name in ("exclude", "keep"):
        for i, rule in enumerate(getattr(lab, name)):
            if not rule:
                raise lab.error([name, i], f"[[{name}]] names no factor")
            for key, value in rule.items():
                if key not in known:
                    raise lab.error([name, i, key], f"[[{name}]]: there is no factor {key}"
                                    + _near(key, known))
                for one in value if isinstance(value, list) else [value]:
                    values = seeds(lab) if key == "seed" else lab.factors[key]
                    if one not in values:
                        raise lab.error([name, i, key], f"[[{name}]]: factor {key} has no value "
                                        f"{one!r}{_near(one, [str(v) for v in values])}")


def seeds(lab):
    """The seeds, in order: a list, or "1..5"."""
    value = lab.lab.get("seeds", [1])
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+)\.\.(\d+)", value)
        if match and int(match[1]) <= int(match[2]) < int(match[1]) + SEEDS_MAX:
            return list(range(int(match[1]), int(match[2]) + 1))
    elif isinstance(value, list) and 0 < len(value) <= SEEDS_MAX and len(set(map(str, value))) == len(value) \
            and all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 2**53 for v in value):
        return value
    raise lab.error(["lab", "seeds"], f"seeds must be different whole numbers, as in [1, 2, 3] or "
                    f"\"1..10\", at most {SEEDS_MAX}")


def read(path):
    """The Lab of a file; LabError when it is none."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LabError(f"{path}:1: not UTF-8 text") from None
    lab = Lab(path, text)
    _tables(lab)
    _topology(lab)
    _factors(lab)
    _keys(lab, ["measures"], lab.measures, MEASURES)
    _traffic(lab)
    seeds(lab)
    _rules(lab)
    if "seed" in lab.factors:
        raise lab.error(["factors", "seed"], "seeds stand in [lab], as seeds = [1, 2, 3]")
    return lab
