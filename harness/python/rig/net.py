# SPDX-License-Identifier: BSD-2-Clause
"""Small facts that everybody needs: the bytes that source sends, their hash, waiting, names.

Imports nothing of scapy: the parts that only need a world stay quick to load.
"""

import functools
import re
import time

WITHIN = 60.0  # seconds: a bound that only a bug passes, not an expectation of speed

LAN = "10.0.0"
PEER_IP, PEER2_IP = f"{LAN}.1", f"{LAN}.3"
DUT_IP, DUT_MAC = f"{LAN}.2", "02:00:0a:00:00:02"
TESTER_IP, TESTER_MAC = f"{LAN}.100", "02:00:0a:00:00:64"


class Late(AssertionError):
    """A condition that did not come true in time."""


def eventually(fn, within=WITHIN, what=None):
    """Calls fn until it returns something true and returns that; raises Late after `within` s.

    An AssertionError of fn counts as "not yet" and is what Late reports in the end.
    """
    deadline = time.monotonic() + within
    pause = 0.001
    while True:
        why = None
        try:
            value = fn()
            if value:
                return value
        except Late:
            raise
        except AssertionError as error:
            why = str(error)
        if time.monotonic() > deadline:
            name = what or getattr(fn, "__name__", "the condition")
            raise Late(f"{name} did not hold within {within:g} s" + (f": {why}" if why else ""))
        time.sleep(pause)  # between two looks, never instead of one
        pause = min(pause * 1.5, 0.05)


def unhurried(measure, holds, times=5):
    """measure() until holds() of what it returned, at most so often; the last one is returned.

    For bounds from above of a time: what a busy machine adds to one it does not add to each, and what
    a device does wrong it does each time.
    """
    for _ in range(times):
        found = measure()
        if holds(found):
            break
    return found


def pattern(length, start=0):
    """What source sends: byte i is bits 24..31 of i * 2654435761 in 32-bit arithmetic."""
    if start + length > len(_pattern):
        _pattern.extend(((i * 2654435761) >> 24) & 0xFF
                        for i in range(len(_pattern), start + length))
    return bytes(_pattern[start:start + length])


_pattern = bytearray()


@functools.lru_cache(maxsize=None)
def pattern_hash(length):
    """fnv64(pattern(length)), computed once per length."""
    return fnv64(pattern(length))


def fnv64(data):
    """FNV-1a, 64 bits, as 16 hex digits: the hash that sink prints."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def quote(word):
    """One word as a line of the topology language writes it."""
    word = str(word)
    if word and re.fullmatch(r"[\w./:,=%+@^-]+", word):
        return word
    for old, new in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\n", "\\n"), ("\t", "\\t")):
        word = word.replace(old, new)
    return f'"{word}"'


def file_name(text):
    """A name for a directory, from a test's id."""
    return re.sub(r"[^\w.=-]+", "-", text).strip("-")[:150]


def checksum(data):
    """The Internet checksum (RFC 1071) of data, as a number; 0 when data holds a right one."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
