# SPDX-License-Identifier: BSD-2-Clause
"""Programs of phantom's machine reach the network through phantom's TCP: --dial to a peer that is named,
--socks to the one a program asks for. Bytes, ends, resets, refusals, pressure; real programs.

The programs are in the namespace that phantom's process is in; the servers are kernel sockets on the
other side of an impaired link and see phantom's address alone.
"""

import os
import shutil
import socket

import pytest
from carried import abort, assert_answered_after_the_end, assert_equal_both_ways, assert_reset

from rig.host import receive_all, receive_exactly
from rig.net import eventually, pattern
from rig.session import find_program

pytestmark = [pytest.mark.duts("phantom"), pytest.mark.dut(start=False)]
LONG = 120
DIAL, SOCKS, NOBODY = 8080, 1080, 8081


@pytest.fixture
def server(dut, peer):
    """The peer's listening socket, port 2000, that phantom's port DIAL leads to."""
    sock = peer.listen(2000, backlog=600)
    sock.settimeout(LONG)
    dut.start(serve=(), args=("--dial", f"127.0.0.1:{DIAL}={peer.ip}:2000",
                              "--dial", f"127.0.0.1:{NOBODY}={peer.ip}:2001",
                              "--socks", f"127.0.0.1:{SOCKS}"))
    return sock


def program(dut, port=DIAL):
    sock = dut.node.connect("127.0.0.1", port, within=LONG)
    sock.settimeout(LONG)
    return sock


@pytest.fixture
def pair(dut, server):
    """A connection through phantom: (program's end, server's end)."""
    client = program(dut)
    end, _ = server.accept()
    end.settimeout(LONG)
    with client, end:
        yield client, end


def connect_to(ip, port):
    return b"\5\1\0" + b"\5\1\0\1" + socket.inet_aton(ip) + port.to_bytes(2, "big")


def open_connections(dut):
    return [row for row in dut.ask(cmd="sockets")["sockets"] if row.get("peer")]


def test_the_server_sees_phantom_and_bytes_arrive_equal_both_ways_through_loss(dut, server, wire):
    wire.set("delay 1ms loss 2% reorder 1%")
    with program(dut) as client:
        end, (ip, _) = server.accept()
        with end:
            end.settimeout(LONG)
            assert ip == dut.ip
            assert_equal_both_ways(client, end)


def test_an_end_is_passed_on_as_a_half_close_either_way(pair):
    assert_answered_after_the_end(*pair)


def test_a_reset_by_the_program_reaches_the_server(pair):
    client, end = pair
    abort(client)
    assert_reset(end)


def test_a_reset_by_the_server_reaches_the_program(pair):
    client, end = pair
    abort(end)
    assert_reset(client)


def test_a_peer_that_refuses_resets_the_program(dut, server):
    with pytest.raises(ConnectionResetError):  # by connect() already, when the reset is that quick
        with program(dut, NOBODY) as client:
            client.recv(1)


def test_a_program_that_goes_before_the_peer_answers_leaves_no_connection(dut, peer, server, wire):
    wire.drop("syn every 1", way="out")  # the neighbour answers, so that nothing else ends it
    client = program(dut)
    eventually(lambda: open_connections(dut), what="a connection on its way")
    abort(client)
    eventually(lambda: not open_connections(dut), what="no connection")


def test_a_path_is_listened_at_taken_over_and_removed_at_the_end(dut, peer, tmp_path):
    path = str(tmp_path / "dial")
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(path)
    server = peer.listen(2000)
    server.settimeout(LONG)
    dut.start(serve=(), args=("--dial", f"unix:{path}={peer.ip}:2000"))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(LONG)
        client.connect(path)
        end, _ = server.accept()
        with end:
            end.sendall(b"by path")
        assert receive_all(client) == b"by path"
    dut.process.kill()
    assert dut.process.wait() == 0
    assert not os.path.exists(path)


@pytest.mark.parametrize("option", ["--dial", "--socks"])
def test_a_place_that_is_taken_is_refused_with_its_name(dut, tmp_path, option):
    path = str(tmp_path / "taken")
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(path)
        taken.listen()
        text = f"unix:{path}" + ("=10.0.0.1:80" if option == "--dial" else "")
        result = dut.node.exec(find_program("phantom"), "--tap", "tap9", "--addr", "10.0.0.9/24",
                               option, text, check=False)
    assert result.status == 1
    assert f"{option} {text}: cannot listen there: something is there already" in result.stderr
    assert os.path.exists(path), "somebody else's socket was removed"


def test_socks_connects_to_who_is_asked_for_and_octets_sent_ahead_are_kept(dut, peer, server):
    with program(dut, SOCKS) as client:
        client.sendall(connect_to(peer.ip, 2000) + b"early")  # all of it before any answer
        end, (ip, port) = server.accept()
        with end:
            end.settimeout(LONG)
            assert ip == dut.ip
            assert receive_exactly(client, 12) == (
                b"\5\0" b"\5\0\0\1" + socket.inet_aton(ip) + port.to_bytes(2, "big"))
            assert receive_exactly(end, 5) == b"early"
            end.sendall(b"late")
        assert receive_all(client) == b"late"


def test_socks_takes_its_messages_an_octet_at_a_time(dut, peer, server):
    with program(dut, SOCKS) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in connect_to(peer.ip, 2000):
            client.sendall(bytes([octet]))
        assert receive_exactly(client, 4) == b"\5\0\5\0"
        end, _ = server.accept()
        end.close()


@pytest.mark.parametrize("asked, reply", [
    (b"\5\1\0" b"\5\1\0\1\x0a\0\0\1\x07\xd1", b"\5\0" b"\5\5\0\1\0\0\0\0\0\0"),       # refused
    (b"\5\1\0" b"\5\1\0\1\xc0\xa8\7\1\0\x50", b"\5\0" b"\5\3\0\1\0\0\0\0\0\0"),       # no route
    (b"\5\1\0" b"\5\1\0\3\x0bexample.org\0\x50", b"\5\0" b"\5\4\0\1\0\0\0\0\0\0"),    # a name
    (b"\5\1\0" b"\5\2\0\1\x0a\0\0\1\x07\xd0", b"\5\0" b"\5\7\0\1\0\0\0\0\0\0"),       # BIND
    (b"\5\1\2", b"\5\xff"),                                                             # a password
    (b"\4\1\0\x50\x0a\0\0\1\0", b""),                                                   # SOCKS 4
    (b"GET / HTTP/1.0\r\n\r\n", b""),
], ids=["refused", "no route", "name", "bind", "password", "socks4", "http"])
def test_socks_says_why_not_and_ends(dut, server, asked, reply):
    with program(dut, SOCKS) as client:
        client.sendall(asked)
        got = b""
        try:
            while part := client.recv(100):
                got += part
        except ConnectionResetError:  # what it sent was not all read
            pass
        assert got == reply
    eventually(lambda: not open_connections(dut), what="no connection")


def test_a_program_that_hangs_up_in_the_middle_of_its_request_is_forgotten(dut, server):
    for _ in range(600):  # more than there are places
        with program(dut, SOCKS) as client:
            client.sendall(b"\5\1\0\5\1")
            assert receive_exactly(client, 2) == b"\5\0"
    with program(dut, SOCKS) as client:
        client.sendall(b"\5\1\0")
        assert receive_exactly(client, 2) == b"\5\0"


def test_one_connection_more_than_there_may_be_is_reset_and_a_place_is_free_again(dut, server):
    held = [program(dut) for _ in range(256)]
    for _ in range(256):  # who has not asked yet has a place too
        held.append(program(dut, SOCKS))
        held[-1].sendall(b"\5\1\0")
        assert receive_exactly(held[-1], 2) == b"\5\0"
    try:
        with pytest.raises(ConnectionResetError):
            with program(dut) as one_more:
                one_more.recv(1)
        abort(held.pop())

        def answered():
            with program(dut, SOCKS) as again:
                try:
                    again.sendall(b"\5\1\0")
                    return again.recv(2) == b"\5\0"
                except OSError:
                    return False
        eventually(answered, what="a place")
    finally:
        for sock in held:
            sock.close()


def test_curl_gets_a_page_through_socks_and_loss(dut, peer, server, wire, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed: apt-get install curl")
    (tmp_path / "page").write_bytes(pattern(200_000))
    http = peer.run("/usr/bin/python3", "-m", "http.server", "-b", peer.ip, "-d", str(tmp_path), "80")

    def listening():
        try:
            peer.connect(peer.ip, 80).close()
            return True
        except OSError:
            return False
    eventually(listening, within=120, what="the web server listening")
    wire.set("delay 1ms loss 2%")
    result = dut.node.exec("curl", "-s", "-o", str(tmp_path / "got"), "-w", "%{http_code}",
                           "--socks5", f"127.0.0.1:{SOCKS}", f"http://{peer.ip}/page", within=LONG)
    assert result.stdout == "200" and (tmp_path / "got").read_bytes() == pattern(200_000)
    http.kill()


def test_iperf3_runs_both_ways_through_the_dialler(dut, peer, wire):
    if not shutil.which("iperf3"):
        pytest.skip("iperf3 is not installed: apt-get install iperf3")
    server = peer.run("iperf3", "--server", "--bind", peer.ip, "--forceflush")
    eventually(lambda: "listening" in server.output(), within=120, what="iperf3 listening")
    dut.start(serve=(), args=("--dial", f"127.0.0.1:5201={peer.ip}:5201"))
    wire.set("delay 2ms loss 1%")
    for way in ((), ("--reverse",)):
        result = dut.node.exec("iperf3", "--client", "127.0.0.1", "--bytes", "1M", *way, within=LONG)
        assert "receiver" in result.stdout
    server.kill()
