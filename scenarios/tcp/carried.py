# SPDX-License-Identifier: BSD-2-Clause
"""What holds for a connection that phantom carries on, whichever side is the kernel's: (client's end,
server's end). Used by test_forward and test_dial.
"""

import socket
import struct
import threading

import pytest

from rig.host import receive_all
from rig.net import pattern


def abort(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def assert_reset(sock):
    with pytest.raises(ConnectionResetError):
        while sock.recv(65536):
            pass


def assert_equal_both_ways(client, end, count=300_000):
    data = pattern(count)

    def send(sock):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)

    senders = [threading.Thread(target=send, args=(sock,)) for sock in (client, end)]
    for sender in senders:
        sender.start()
    assert receive_all(end) == data
    assert receive_all(client) == data
    for sender in senders:
        sender.join()


def assert_answered_after_the_end(client, end):
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    assert receive_all(end) == b"question"
    end.sendall(b"answer")
    end.close()
    assert receive_all(client) == b"answer"
