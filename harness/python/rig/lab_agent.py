# SPDX-License-Identifier: BSD-2-Clause
"""A client of the device protocol (docs/dut-protocol.md), the same for phantom and for the kernel: many
calls may be under way at once, each from a thread of its own. And struct tcp_info as numbers.
Called by lab_wire.py and lab_traffic.py.
"""

import base64
import json
import os
import socket
import struct
import threading

AF_INET, AF_INET6, SOCK_STREAM = 2, 10, 1
SOL_SOCKET, SO_SNDBUF, SO_RCVBUF = 1, 7, 8
IPPROTO_TCP, TCP_NODELAY, TCP_MAXSEG, TCP_INFO, TCP_CONGESTION = 6, 1, 2, 11, 13
MSG_NOSIGNAL = 0x4000
CHUNK = 1 << 18

STATES = ("open", "disorder", "cwr", "recovery", "loss")


class DeviceError(Exception):
    """The device refused a call or is gone; the text is a sentence."""


class CannotSet(DeviceError):
    """The device has not what the point asks for: its run says nothing."""


def family_of(flow):
    return AF_INET6 if flow.get("family") == "ipv6" else AF_INET


class Agent:
    """One connection to a device's control socket. Descriptors belong to it."""

    def __init__(self, name, path, within=120):
        self.name = name
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(within)
        try:
            self._sock.connect(path)
        except OSError as error:
            self._sock.close()
            raise DeviceError(f"{name}: its control socket: {error.strerror or error}") from None
        self._sock.settimeout(None)
        self._lock = threading.Lock()
        self._waiting, self._next, self._gone = {}, 1, None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self):
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(5)
        self._sock.close()

    def _read(self):
        buffer = b""
        try:
            while data := self._sock.recv(1 << 20):
                buffer += data
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    self._answer(json.loads(line))
        except (OSError, ValueError) as error:
            self._gone = str(error)
        with self._lock:
            self._gone = self._gone or "it closed its control socket"
            for waiting in self._waiting.values():
                waiting[0].set()

    def _answer(self, reply):
        if reply.get("pending"):
            return
        with self._lock:
            waiting = self._waiting.pop(reply.get("id"), None)
        if waiting:
            waiting[1] = reply
            waiting[0].set()

    def ask(self, call, within=None, **args):
        """The whole answer; None when it did not come within so many seconds."""
        waiting = [threading.Event(), None]
        with self._lock:
            if self._gone:
                raise DeviceError(f"{self.name}: {self._gone}")
            number, self._next = self._next, self._next + 1
            self._waiting[number] = waiting
            line = json.dumps({"id": number, "call": call, "args": args}, separators=(",", ":"))
            try:
                self._sock.sendall(line.encode() + b"\n")
            except OSError as error:
                raise DeviceError(f"{self.name}: {error}") from None
        if not waiting[0].wait(within):
            return None
        if waiting[1] is None:
            raise DeviceError(f"{self.name}: {self._gone}")
        if "error" in waiting[1]:
            raise DeviceError(f"{self.name}: {call}: {waiting[1]['error']}")
        return waiting[1]

    def call(self, call, within=None, **args):
        """(result, out) of a call; DeviceError with its errno when it failed."""
        reply = self.ask(call, within, **args)
        if reply is None:
            raise DeviceError(f"{self.name}: {call} did not return within {within} s")
        if reply["result"] < 0:
            raise DeviceError(f"{self.name}: {call}: {reply.get('errno', 'failed')}")
        return reply["result"], reply["out"]

    # ---- sockets -----------------------------------------------------------------------------

    def socket(self, flow):
        """A TCP socket with a flow's congestion control and options."""
        fd, _ = self.call("socket", family=family_of(flow), type=SOCK_STREAM, protocol=0)
        try:
            self._options(fd, flow)
        except DeviceError as error:
            raise CannotSet(f"{error}, for a flow's congestion control or options") from None
        return fd

    def _options(self, fd, flow):
        if flow.get("congestion"):
            name = base64.b64encode(flow["congestion"].encode()).decode()
            self.call("setsockopt", fd=fd, level=IPPROTO_TCP, name=TCP_CONGESTION, bytes=name)
        options = flow.get("options") or {}
        for key, level, name in (("sndbuf", SOL_SOCKET, SO_SNDBUF), ("rcvbuf", SOL_SOCKET, SO_RCVBUF),
                                 ("mss", IPPROTO_TCP, TCP_MAXSEG), ("nodelay", IPPROTO_TCP, TCP_NODELAY)):
            if key in options:
                self.call("setsockopt", fd=fd, level=level, name=name, bytes={"int": int(options[key])})

    def listen(self, flow, address, port):
        fd = self.socket(flow)
        self.call("bind", fd=fd, addr={"family": family_of(flow), "ip": address, "port": port})
        self.call("listen", fd=fd, backlog=4096)
        return fd

    def send(self, fd, length):
        """Up to so many octets; how many were taken."""
        return self.call("send", fd=fd, flags=MSG_NOSIGNAL, bytes={"zeros": length})[0]

    def send_all(self, fd, length):
        while length > 0:
            length -= self.send(fd, min(length, CHUNK))

    def receive(self, fd, length=CHUNK):
        """(octets read, when in seconds of the machine's clock); (0, when) at the end."""
        reply = self.ask("recv", fd=fd, flags=0, len=length)
        if reply["result"] < 0:
            raise DeviceError(f"{self.name}: recv: {reply.get('errno', 'failed')}")
        if reply["result"] and reply["out"]["bytes"] != {"zeros": reply["result"]}:
            raise DeviceError(f"{self.name}: octets came that were not sent")
        return reply["result"], reply["ended_ns"] / 1e9

    def info(self, fd):
        """struct tcp_info as a dict; None when the connection tells nothing."""
        reply = self.ask("getsockopt", fd=fd, level=IPPROTO_TCP, name=TCP_INFO, len=512)
        return tcp_info(octets(reply["out"]["bytes"])) if reply["result"] >= 0 else None

    def counter(self, name):
        """A counter under the kernel's name; None when the device has none of that name."""
        reply = self.ask("counter", name=name)
        return int(reply["out"]["value"]) if reply["result"] >= 0 else None


def octets(value):
    return bytes(value["zeros"]) if isinstance(value, dict) else base64.b64decode(value)


def wait_for(path, alive, within=120):
    """Until somebody listens on the path; what alive() says when the device ended instead."""
    from .net import eventually

    def there():
        why = alive()
        if why:
            raise DeviceError(why)
        with socket.socket(socket.AF_UNIX) as sock:
            return os.path.exists(path) and sock.connect_ex(path) == 0

    eventually(there, within, f"the device on {path}")


# ---- struct tcp_info -----------------------------------------------------------------------------

_INFO = (("B", "state ca_state retransmits probes backoff options wscale flags"),
         ("I", "rto ato snd_mss rcv_mss unacked sacked lost retrans fackets last_data_sent last_ack_sent "
               "last_data_recv last_ack_recv pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss "
               "reordering rcv_rtt rcv_space total_retrans"),
         ("Q", "pacing_rate max_pacing_rate bytes_acked bytes_received"),
         ("I", "segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out"),
         ("Q", "delivery_rate busy_time rwnd_limited sndbuf_limited"),
         ("I", "delivered delivered_ce"),
         ("Q", "bytes_sent bytes_retrans"),
         ("I", "dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash"),
         ("H", "total_rto total_rto_recoveries"),
         ("I", "total_rto_time"))


def tcp_info(data):
    """Its fields by their names without tcpi_, as many as data has."""
    out, at = {}, 0
    for code, names in _INFO:
        size = struct.calcsize(code)
        for name in names.split():
            if at + size > len(data):
                return out
            out[name] = struct.unpack_from("=" + code, data, at)[0]
            at += size
    return out
