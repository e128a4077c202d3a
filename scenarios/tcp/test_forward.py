# SPDX-License-Identifier: BSD-2-Clause
"""phantom carries connections on to servers of the kernel: bytes, ends, resets, pressure; real programs.

The servers listen on 127.0.0.1 of the namespace that phantom's process is in; their clients are on
the other side of an impaired link and know phantom's address alone.
"""

import os
import select
import shutil
import socket

import pytest
from carried import abort, assert_answered_after_the_end, assert_equal_both_ways, assert_reset

from rig.host import receive_all
from rig.net import eventually, pattern
from rig.session import find_program

pytestmark = [pytest.mark.duts("phantom"), pytest.mark.dut(start=False)]
LONG = 120


@pytest.fixture
def server(dut):
    """A listening socket behind phantom's port 2000."""
    sock = dut.node.socket("tcp")
    sock.bind(("127.0.0.1", 0))
    sock.listen(600)
    sock.settimeout(LONG)
    dut.start(serve=(f"forward:2000:127.0.0.1:{sock.getsockname()[1]}",))
    return sock


@pytest.fixture
def pair(dut, peer, server):
    """A connection through phantom: (client's end, server's end)."""
    client = peer.connect(dut.ip, 2000, within=LONG)
    end, _ = server.accept()
    end.settimeout(LONG)
    client.settimeout(LONG)
    with client, end:
        yield client, end


def test_bytes_both_ways_through_loss_arrive_equal(pair, wire):
    client, end = pair
    wire.set("delay 1ms loss 2% reorder 1%")
    assert_equal_both_ways(*pair)


def test_an_end_of_the_client_leaves_the_answer_open(pair):
    assert_answered_after_the_end(*pair)


def test_an_end_of_the_server_leaves_the_question_open(pair):
    client, end = pair
    end.sendall(b"banner")
    end.shutdown(socket.SHUT_WR)
    assert receive_all(client) == b"banner"
    client.sendall(b"thanks")
    client.close()
    assert receive_all(end) == b"thanks"


def test_a_server_that_is_not_there_resets_the_client(dut, peer, server):
    server.close()
    with pytest.raises(ConnectionResetError):  # by connect() already, when the reset is that quick
        client = peer.connect(dut.ip, 2000, within=LONG)
        client.settimeout(LONG)
        client.recv(1)


def test_a_reset_by_the_client_reaches_the_server(pair):
    client, end = pair
    abort(client)
    assert_reset(end)


def test_a_reset_by_the_server_reaches_the_client(pair):
    client, end = pair
    abort(end)
    assert_reset(client)


@pytest.mark.rfc("9293:MUST-34")
def test_one_connection_more_than_there_may_be_is_reset_and_a_place_is_free_again(dut, peer, server):
    held = []
    for _ in range(512):
        held.append(peer.connect(dut.ip, 2000, within=LONG))
    try:
        with pytest.raises(ConnectionResetError):
            with peer.connect(dut.ip, 2000, within=LONG) as one_more:
                one_more.settimeout(LONG)
                one_more.recv(1)
        end, _ = server.accept()
        abort(held.pop(0))
        assert_reset(end)
        with peer.connect(dut.ip, 2000, within=LONG) as again:
            again.sendall(b"x")
            held.append(again.dup())
    finally:
        for sock in held:
            sock.close()


def test_a_server_that_does_not_read_stops_the_client_and_nothing_is_lost(pair):
    client, end = pair
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    data = pattern(1 << 20) * 64
    client.setblocking(False)
    sent = 0
    while sent < len(data):
        try:
            sent += client.send(data[sent:sent + (1 << 18)])
        except BlockingIOError:
            if not select.select([], [client], [], 2)[1]:
                break
    assert sent < len(data), "64 MiB went into a connection that nobody reads"
    client.settimeout(LONG)
    client.shutdown(socket.SHUT_WR)
    assert receive_all(end) == data[:sent]


def test_a_server_on_a_path_is_reached(dut, peer, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "server"))
        listener.listen()
        listener.settimeout(LONG)
        dut.start(serve=(f"forward:2000:unix:{tmp_path / 'server'}",))
        client = peer.connect(dut.ip, 2000, within=LONG)
        end, _ = listener.accept()
        with end:
            end.sendall(b"by path")
        client.settimeout(LONG)
        assert receive_all(client) == b"by path"


@pytest.mark.parametrize("text", ["forward:22", "forward:22:", "forward:22:nowhere:22",
                                  "forward:22:127.0.0.1:0", "forward:22:::1:22",
                                  "forward:22:[::1:22", "forward:22:unix:", "udp-forward:22:127.0.0.1:22"])
def test_a_target_that_cannot_be_is_refused_with_what_would_be_right(dut, text):
    result = dut.node.exec(find_program("phantom"), "--tap", "tap9", "--addr", "10.0.0.9/24",
                           "--serve", text, check=False)
    assert result.status == 2
    assert f"--serve {text}" in result.stderr and "write" in result.stderr


def test_iperf3_runs_through_the_forwarder_and_loss(dut, peer, wire):
    if not shutil.which("iperf3"):
        pytest.skip("iperf3 is not installed: apt-get install iperf3")
    server = dut.node.run("iperf3", "--server", "--one-off", "--bind", "127.0.0.1", "--port", "5201",
                          "--forceflush")
    eventually(lambda: "listening" in server.output(), within=120, what="iperf3 listening")
    dut.start(serve=("forward:5201:127.0.0.1:5201",))
    wire.set("delay 2ms loss 1%")
    result = peer.exec("iperf3", "--client", dut.ip, "--bytes", "1M", "--parallel", "2", within=LONG)
    assert "receiver" in result.stdout
    assert server.wait() == 0


def test_a_shell_command_runs_over_ssh(dut, peer, wire, tmp_path):
    sshd = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not sshd or not shutil.which("ssh"):
        pytest.skip("ssh and sshd are not both installed: apt-get install openssh-client openssh-server")
    if os.geteuid() != 0:
        pytest.skip("sshd wants to be root to log a user in")
    for name in ("host", "user"):
        peer.exec("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name))
    config = tmp_path / "sshd_config"
    config.write_text("\n".join([
        "ListenAddress 127.0.0.1:2222", f"HostKey {tmp_path}/host", "UsePAM no", "StrictModes no",
        f"AuthorizedKeysFile {tmp_path}/user.pub", "PermitRootLogin yes", f"PidFile {tmp_path}/pid",
        "PasswordAuthentication no", ""]))
    os.makedirs("/run/sshd", exist_ok=True)  # where sshd puts its unprivileged half
    server = dut.node.run(sshd, "-D", "-e", "-f", str(config))
    eventually(lambda: "listening" in server.errors(), within=120, what="sshd listening")
    dut.start(serve=("forward:22:127.0.0.1:2222",))
    wire.set("delay 1ms loss 2%")
    result = peer.exec("ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                       "-o", "IdentitiesOnly=yes", "-i", str(tmp_path / "user"), f"root@{dut.ip}",
                       "seq 1 20000 | cksum", within=LONG)
    expected = peer.exec("sh", "-c", "seq 1 20000 | cksum")
    assert result.stdout == expected.stdout
    server.kill()
