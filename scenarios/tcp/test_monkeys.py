# SPDX-License-Identifier: BSD-2-Clause
"""The demo's word to the echo service: the answer is a drawing, larger than one segment."""

import pytest

from rig.host import receive_exactly
from rig.flow import Flow

ECHO = 7

pytestmark = pytest.mark.duts("phantom")


def is_drawing(data):
    return data.count(b"\n") > 10 and all(32 <= byte < 127 or byte in (10, 13) for byte in data)


@pytest.mark.parametrize("word", ["monkey", "monkeys"])
def test_word_to_echo_is_answered_with_a_drawing_of_several_segments(dut, tester, word):
    flow = Flow(tester, ECHO, mss=1460)
    flow.open()
    flow.send("FPA", word.encode() + b"\n")
    drawing = flow.read_to_end()
    assert len(drawing) > 1460 and is_drawing(drawing)
    flow.send("A")


def test_other_words_come_back_as_they_are(dut, peer):
    sock = peer.connect(dut.ip, ECHO)
    for word in (b"monke\n", b"a monkey\n", b"monkeyss\n", b"MONKEY\n"):
        sock.sendall(word)
        assert receive_exactly(sock, len(word)) == word
