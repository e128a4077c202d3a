# SPDX-License-Identifier: BSD-2-Clause
"""Transfers between the device and a kernel peer over an impaired link: bytes equal, clean close.

Sizes are chosen so that each takes a few seconds at most; the link's seed makes a run repeat.
"""

import re
import socket
import struct

import pytest

from rig.host import receive_all
from rig.net import eventually, fnv64, pattern, pattern_hash

SINK, ECHO = 5001, 7
SOURCES = {300_000: 5002, 60_000: 5003}
LONG = 300

LINKS = {
    "clear": ("", 4_000_000),
    "1% loss": ("loss 1%", 1_000_000),
    "5% loss": ("loss 5%", 300_000),
    "20% loss": ("loss 20%", 60_000),
    "10% reorder": ("delay 2ms reorder 10%", 1_000_000),
    "10% duplicate": ("dup 10%", 1_000_000),
    "3% corrupt": ("corrupt 3%", 300_000),
    "delay and jitter": ("delay 5ms jitter 4ms", 300_000),
    "slow with a short queue": ("rate 20mbit queue 20", 1_000_000),
    "everything": ("delay 3ms jitter 1ms loss 2% reorder 2% dup 2% corrupt 1%", 150_000),
}


def tcp_state(sock):
    """Linux's number of the socket's TCP state."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]


def sunk(dut, length):
    """The line that sink printed: all bytes, and their hash."""
    def line():
        found = re.search(r"sink (\d+) bytes fnv64 ([0-9a-f]{16})", dut.process.output())
        assert found, "sink has not said what it took"
        return found
    found = eventually(line, within=LONG)
    assert int(found[1]) == length, f"sink took {found[1]} of {length} bytes"
    return found[2]


@pytest.mark.parametrize("link", LINKS)
def test_bytes_to_the_device_arrive_equal(dut, peer, wire, link):
    words, size = LINKS[link]
    if words:
        wire.set(words)
    sock = peer.connect(dut.ip, SINK, within=LONG)
    sock.settimeout(LONG)
    sock.sendall(pattern(size))
    sock.shutdown(socket.SHUT_WR)
    assert receive_all(sock) == b"", "sink sent something"
    assert sunk(dut, size) == pattern_hash(size)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


@pytest.mark.parametrize("link", LINKS)
def test_bytes_from_the_device_arrive_equal(dut, peer, wire, link):
    words, size = LINKS[link]
    if words:
        wire.set(words)
    size = 300_000 if size >= 300_000 else 60_000
    sock = peer.connect(dut.ip, SOURCES[size], within=LONG)
    sock.settimeout(LONG)
    got = receive_all(sock)
    assert got == pattern(size), f"{len(got)} bytes, hash {fnv64(got)}"
    sock.shutdown(socket.SHUT_WR)
    eventually(lambda: tcp_state(sock) == 7, within=LONG, what="a clean close")


@pytest.mark.parametrize("link", ["clear", "1% loss", "10% reorder", "everything"])
def test_bytes_both_ways_at_once_arrive_equal(dut, peer, wire, link):
    import threading
    words, size = LINKS[link]
    size = min(size, 500_000)
    if words:
        wire.set(words)
    sock = peer.connect(dut.ip, ECHO, within=LONG)
    sock.settimeout(LONG)

    def send():
        sock.sendall(pattern(size))
        sock.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    assert receive_all(sock) == pattern(size)
    sender.join(LONG)
    assert not sender.is_alive()


@pytest.mark.parametrize("number", [50])
def test_many_connections_at_once_keep_their_bytes_apart(dut, peer, number):
    socks = [peer.connect(dut.ip, ECHO) for _ in range(number)]
    for index, sock in enumerate(socks):
        sock.sendall(pattern(5000, index * 777))
    from rig.host import receive_exactly
    for index, sock in enumerate(socks):
        assert receive_exactly(sock, 5000) == pattern(5000, index * 777)
    for sock in socks:
        sock.shutdown(socket.SHUT_WR)
    for sock in socks:
        assert receive_all(sock) == b""


def test_netcat_sends_a_file_and_gets_it_back(dut, peer, world):
    path = f"{world.dir}/file"
    with open(path, "wb") as file:
        file.write(pattern(200_000))
    peer.exec("sh", "-c", f"nc -N -w 60 {dut.ip} {ECHO} < {path} > {path}.back", within=120)
    with open(f"{path}.back", "rb") as file:
        assert file.read() == pattern(200_000)


def test_iperf_sized_transfer_with_linger_ends_clean(dut, peer):
    sock = peer.connect(dut.ip, SINK)
    sock.settimeout(LONG)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, LONG))
    data = pattern(1 << 20)
    for _ in range(16):
        sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)
    assert receive_all(sock) == b""
    found = eventually(lambda: re.search(r"sink (\d+) bytes", dut.process.output()), within=LONG)
    assert int(found[1]) == 16 << 20


@pytest.mark.dut(start=False)
@pytest.mark.parametrize("link", ["clear", "5% loss"])
def test_device_connects_to_a_kernel_server(dut, peer, wire, link):
    if LINKS[link][0]:
        wire.set(LINKS[link][0])
    listener = peer.listen(8000)
    client = dut.connect(peer.ip, 8000)
    listener.settimeout(LONG)
    sock, address = listener.accept()
    assert address[0] == dut.ip
    sock.settimeout(LONG)
    client.send(b"from the device")
    from rig.host import receive_exactly
    assert receive_exactly(sock, 15) == b"from the device"
    sock.sendall(pattern(50_000))
    sock.shutdown(socket.SHUT_WR)
    eventually(lambda: len(client.received()) == 50_000, within=LONG)
    client.shutdown()
    assert receive_all(sock) == b""
    assert not client.failed(LONG)
    assert client.received() == pattern(50_000)
