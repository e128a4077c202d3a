# SPDX-License-Identifier: BSD-2-Clause
"""Sockets below the transports, with the kernel as the peer: ping, raw and packet sockets, options of IP.

phantom's are driven through its control socket (docs/dut-protocol.md).
"""

import base64
import json
import socket
import struct
import sys

import pytest

from rig.net import WITHIN, eventually

pytestmark = pytest.mark.duts("phantom")

INET, INET6, PACKET = 2, 10, 17
DGRAM, RAW = 2, 3
ICMP, ICMP6, EXPERIMENT = 1, 58, 253
ECHO, ECHO_REPLY, ECHO6, ECHO6_REPLY = 8, 0, 128, 129
SOL_IP, IP_OPTIONS, IP_RECVOPTS = 0, 4, 6
ALL = socket.htons(3)


class Calls:
    """The device's socket calls; what it opened is closed when this hangs up."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WITHIN)
        self.sock.connect(path)
        self.lines = self.sock.makefile("r", encoding="utf-8")
        self.number = 0

    def __call__(self, call, /, **args):
        self.number += 1
        self.sock.sendall(json.dumps({"id": self.number, "call": call, "args": args}).encode() + b"\n")
        while True:
            answer = json.loads(self.lines.readline())
            assert "error" not in answer, answer["error"]
            if answer.get("id") == self.number and not answer.get("pending"):
                return answer

    def open(self, family, kind, protocol):
        answer = self("socket", family=family, type=kind, protocol=protocol)
        assert answer["result"] >= 0, answer
        return answer["result"]

    def send(self, fd, data, **addr):
        answer = self("send", fd=fd, flags=0, bytes=base64.b64encode(data).decode(), addr=addr)
        assert answer["result"] == len(data), answer

    def recv(self, fd):
        """What is read, and whence."""
        answer = self("recv", fd=fd, flags=0, len=65536)
        assert answer["result"] >= 0, answer
        data = answer["out"]["bytes"]
        data = bytes(data["zeros"]) if isinstance(data, dict) else base64.b64decode(data)
        return data, answer["out"]["addr"]

    def close(self):
        self.lines.close()
        self.sock.close()


@pytest.fixture(name="calls")
def fixture_calls(dut):
    calls = Calls(f"{dut._dir}/dut.ctl")
    yield calls
    calls.close()


def shown(dut):
    """The lines of ctl sockets, by type."""
    return {s["type"]: s for s in dut.ask(cmd="sockets")["sockets"] if s["socket"] >= 0}


@pytest.mark.rfc("1122:3.2.2.6-7")
def test_a_ping_socket_asks_the_kernel_and_hears_its_answers(dut, peer, calls):
    fd = calls.open(INET, DGRAM, ICMP)
    for number in range(1, 6):
        data = b"%d" % number * 100
        calls.send(fd, struct.pack("!BBHHH", ECHO, 0, 0, 0xdead, number) + data,
                   family=INET, ip=peer.ip, port=0)
        answer, source = calls.recv(fd)
        kind, _, _, _, seq = struct.unpack("!BBHHH", answer[:8])
        assert (kind, seq, answer[8:]) == (ECHO_REPLY, number, data)
        assert source["ip"] == peer.ip
    line = shown(dut)["icmp"]
    assert line["state"] == "UNCONN" and line["peer"].startswith("0.0.0.0")


@pytest.mark.dut(start=False)
def test_a_ping_socket_of_ipv6_asks_the_kernel_and_hears_its_answers(dut, peer):
    peer.sysctl("net.ipv6.conf.eth0.disable_ipv6", 0)
    peer.sysctl("net.ipv6.conf.eth0.accept_dad", 0)
    dut.session.do("addr peer.eth0 fd00::1/64")
    dut.start(args=["--addr", "fd00::2/64"], sysctl={"net.ipv6.conf.default.accept_dad": 0})
    calls = Calls(f"{dut._dir}/dut.ctl")
    fd = calls.open(INET6, DGRAM, ICMP6)
    calls.send(fd, struct.pack("!BBHHH", ECHO6, 0, 0, 0, 7) + b"six", family=INET6, ip="fd00::1", port=0)
    answer, source = calls.recv(fd)
    assert (answer[0], answer[6:]) == (ECHO6_REPLY, b"\0\x07six")
    assert source["ip"] == "fd00::1"
    assert "icmp6" in shown(dut)
    calls.close()


def test_a_packet_socket_sees_the_kernels_ping_and_the_answer(dut, peer, calls):
    fd = calls.open(PACKET, RAW, ALL)
    peer.exec("ping", "-c", "1", "-W", "60", "-s", "100", "-p", "5a", dut.ip)
    seen = []
    while len(seen) < 2:
        frame, source = calls.recv(fd)
        if source["port"] == 0x0800 and frame[23] == ICMP:
            seen.append((frame, source))
    (request, asker), (reply, ours) = seen
    assert (request[34], asker["pkttype"]) == (ECHO, 0)
    assert (reply[34], ours["pkttype"]) == (ECHO_REPLY, 4)
    assert request[42 + 16:] == reply[42 + 16:] and request[-1] == 0x5a
    assert request[6:12] == reply[:6] and request[:6] == reply[6:12]
    assert asker["mac"] == request[6:12].hex(":")
    assert shown(dut)["p_raw"]["local"] == "*:*"


def test_a_frame_of_our_own_reaches_a_packet_socket_of_the_kernel(dut, peer, calls):
    here = next(link["index"] for link in dut.ask(cmd="links")["links"] if link["name"] == "tap0")
    fd = calls.open(PACKET, DGRAM, 0)
    listener = socket.socket(fileno=dut.session.fd("socket peer.eth0")[0])
    listener.settimeout(WITHIN)
    calls.send(fd, b"frame" * 20, family=PACKET, mac="ff:ff:ff:ff:ff:ff", port=0x88b5, scope=here)
    while True:
        frame = listener.recv(2048)
        if frame[12:14] == b"\x88\xb5":
            break
    listener.close()
    assert frame[14:] == b"frame" * 20
    assert frame[6:12].hex(":") == dut.mac


MIRROR = """
import socket
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
print("listening", flush=True)
data, source = raw.recvfrom(2048)
raw.sendto(data[:19:-1], source)
"""


def test_a_raw_socket_and_the_kernels_speak_a_protocol_of_their_own(dut, peer, calls):
    fd = calls.open(INET, RAW, EXPERIMENT)
    mirror = peer.run(sys.executable, "-c", MIRROR)
    eventually(lambda: "listening" in mirror.output())
    calls.send(fd, b"desserts", family=INET, ip=peer.ip, port=0)
    data, source = calls.recv(fd)
    assert data[20:] == b"stressed" and source["ip"] == peer.ip
    mirror.wait()
    assert shown(dut)["raw"]["local"].endswith(":253")


@pytest.mark.rfc("1122:3.2.1.8-2", "1122:3.4-1")
def test_the_kernel_reads_the_options_that_we_send(dut, peer, calls):
    fd = calls.open(INET, DGRAM, 0)
    other = peer.udp()
    other.setsockopt(SOL_IP, IP_RECVOPTS, 1)
    record = bytes([7, 11, 4]) + bytes(8)
    answer = calls("setsockopt", fd=fd, level=SOL_IP, name=IP_OPTIONS,
                   bytes=base64.b64encode(record).decode())
    assert answer["result"] == 0
    calls.send(fd, b"recorded", family=INET, ip=peer.ip, port=other.getsockname()[1])
    data, control, _, _ = other.recvmsg(100, 200)
    assert data == b"recorded"
    [(level, kind, options)] = control
    assert (level, kind) == (SOL_IP, IP_RECVOPTS)
    way = [socket.inet_ntoa(options[at:at + 4]) for at in range(3, options[2] - 1, 4)]
    assert way == [dut.ip, peer.ip]
