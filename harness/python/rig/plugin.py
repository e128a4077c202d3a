# SPDX-License-Identifier: BSD-2-Clause
"""The pytest plugin: worlds, devices under test and testers as fixtures; failures with evidence.

Options: --dut, --backend, --seed, --pcap, --keep, --failures, --shell-on-error.
Marks:
    duts("phantom")              the case applies to this device alone
    dut(serve=..., sysctl=..., args=..., start=...)   how the device is started
    deviation("linux", "why")    expected to fail for that device
    rfc("9293:MUST-3", ...)      requirements it shows; ids are those of docs/rfc
"""

import os
import subprocess
import sys

import pytest

from . import claims, net
from .dut import KINDS, SERVICES
from .evidence import Evidence
from .host import Node
from .session import CannotRun, RigError, Session, find_program
from .wire import NoBackend, Wire

WORLD = pytest.StashKey()
DUT = pytest.StashKey()
EVIDENCE = pytest.StashKey()
# The source tree, or where it was installed: the same folders under both.
TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))


def pytest_addoption(parser):
    group = parser.getgroup("rig", "worlds and devices under test")
    group.addoption("--dut", choices=[*KINDS, "all"], default="all",
                    help="the device under test (default: all, one after the other)")
    group.addoption("--backend", choices=["wire", "netem", "auto"], default="auto",
                    help="who impairs links: the rig's wire, the kernel's netem (default: auto)")
    group.addoption("--seed", type=int, default=1, help="seed of impaired links (default: 1)")
    group.addoption("--pcap", action="store_true",
                    help="keep each case's capture, also when it passes, in the failures directory")
    group.addoption("--keep", action="store_true",
                    help="keep each case's run directory, and say where")
    group.addoption("--failures", metavar="DIR", default=None,
                    help="where failures leave their evidence (default: failures in RIG_BUILDDIR, "
                         "or here)")
    group.addoption("--shell-on-error", action="store_true",
                    help="open a shell in the failed case's world (without -n)")


def pytest_configure(config):
    for line in ("duts(*names): the devices this case applies to",
                 "dut(serve, sysctl, args, start): how the device under test is started",
                 "deviation(dut, why): expected to fail for this device",
                 "six(mode): how the device comes by IPv6: static (default) or slaac",
                 "silent_tester: the rig answers no ARP for the tester",
                 "rfc(*ids): the requirements of docs/rfc that this case shows"):
        config.addinivalue_line("markers", line)
    directory = config.getoption("--failures") or os.path.join(
        os.environ.get("RIG_BUILDDIR") or os.environ.get("RIG_BUILD") or ".", "failures")
    options = []
    for name in ("--backend", "--seed"):
        if config.getoption(name) != {"--backend": "auto", "--seed": 1}[name]:
            options += [f"{name}={config.getoption(name)}"]
    if config.getoption("--failures"):
        options.append(f"--failures={os.path.abspath(directory)}")
    config.stash[EVIDENCE] = Evidence(os.path.abspath(directory), str(config.rootpath), options)


def pytest_sessionstart(session):
    """Nothing runs where no world can be made: one sentence and status 77."""
    config = session.config
    if hasattr(config, "workerinput") or config.getoption("collectonly"):
        return
    try:
        find_program("rig")
        world = Session()
        world.do("node probe")
        world.do("tap probe.tap0")
        world.close()
    except (CannotRun, RigError) as error:
        pytest.exit(f"scenarios cannot run here: {error}", returncode=77)


# ---- which device, which requirement -----------------------------------------------------------

def pytest_generate_tests(metafunc):
    if "dut_name" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("duts")
    names = list(mark.args) if mark else list(KINDS)
    for name in names:
        if name not in KINDS:
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: duts({name!r}): no such "
                                    f"device; there are {', '.join(KINDS)}")
    metafunc.parametrize("dut_name", names, scope="function")


def pytest_collection_modifyitems(config, items):
    known = claims.known(TREE)
    chosen, dropped = [], []
    wanted = config.getoption("--dut")
    for item in items:
        for mark in item.iter_markers("rfc"):
            for name in mark.args:
                if known and claims.slug(name) not in known:
                    raise pytest.UsageError(f"{item.nodeid}: rfc({name!r}): no such requirement in "
                                            f"{claims.REQUIREMENTS} or {claims.ATTACKS}")
        dut = getattr(item, "callspec", None) and item.callspec.params.get("dut_name")
        # Into the JUnit file, where rig matrix finds them.
        shown = [claims.slug(name) for mark in item.iter_markers("rfc") for name in mark.args]
        item.user_properties += [("rfc", " ".join(shown))] * bool(shown) + [("dut", dut)] * bool(dut)
        if dut and wanted != "all" and dut != wanted:
            dropped.append(item)
            continue
        for mark in item.iter_markers("deviation"):
            if mark.args[0] == dut:
                item.add_marker(pytest.mark.xfail(reason=f"deviation of {dut}: {mark.args[1]}",
                                                  strict=True))
        chosen.append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = chosen


# ---- worlds --------------------------------------------------------------------------------

class Net:
    """A world with a bridge, a kernel node `peer`, and room for the device under test."""

    def __init__(self, session, bridge):
        self.session, self.bridge = session, bridge
        self.peer = Node(session, "peer", net.PEER_IP)
        self.do = session.do


@pytest.fixture
def world(request):
    """An empty world: session.do("node a") and on."""
    config = request.config
    session = Session(keep=config.getoption("--keep"))
    request.node.stash[WORLD] = session
    try:
        session.dir = session.do("show")["dir"]
        yield session
    finally:
        if config.getoption("--keep"):
            print(f"run directory kept: {session.dir}")
        session.close()


def _topology(request, session, name):
    dut_name = "phantom"
    if "dut_name" in request.fixturenames:
        dut_name = request.getfixturevalue("dut_name")
    session.do(f"set dut={dut_name}")
    session.do("include " + net.quote(os.path.join(TREE, "netns/topologies", f"{name}.topo")))
    if dut_name == "linux":
        session.do(f"mac dut.eth0 {net.DUT_MAC}")
    return Net(session, "lan" if name == "lan" else "wire")


@pytest.fixture
def lan(request, world):
    """netns/topologies/lan.topo: a bridge with two peers and the device under test."""
    return _topology(request, world, "lan")


@pytest.fixture
def pair(request, world):
    """netns/topologies/pair.topo: one peer and the device under test."""
    return _topology(request, world, "pair")


@pytest.fixture
def bench(request):
    """The world this case asked for: pair if it names pair, else lan."""
    return request.getfixturevalue("pair" if "pair" in request.fixturenames else "lan")


@pytest.fixture
def peer(bench):
    """The kernel node beside the device."""
    yield bench.peer
    bench.peer.close()


class Capture:
    """What passes on the bridge, written while the case runs."""

    def __init__(self, session, bridge):
        self.session, self.path = session, f"{session.dir}/wire.pcapng"
        session.do(f"capture {bridge} {net.quote(self.path)}")
        self._open = True

    def stop(self):
        """Ends it; the file's path."""
        if self._open:
            self.session.do(f"capture stop {net.quote(self.path)}")
            self._open = False
        return self.path

    def packets(self):
        """Ends it; all frames, parsed."""
        from scapy.utils import rdpcap
        return rdpcap(self.stop())


@pytest.fixture
def capture(bench, request):
    """The capture of the bridge: present in each case that has a device, kept when it fails."""
    capture = Capture(bench.session, bench.bridge)
    yield capture
    if request.config.getoption("--pcap"):
        evidence = request.config.stash[EVIDENCE]
        path = evidence.path(request.node.nodeid)
        os.makedirs(path, exist_ok=True)
        with open(capture.stop(), "rb") as source, open(f"{path}/wire.pcapng", "wb") as target:
            target.write(source.read())
        print(f"capture: {path}/wire.pcapng")


@pytest.fixture
def dut(request, bench, capture, dut_name):
    """The device under test, started unless the case is marked dut(start=False)."""
    mark = request.node.get_closest_marker("dut")
    words = dict(mark.kwargs) if mark else {}
    start = words.pop("start", True)
    device = KINDS[dut_name](bench.session)
    request.node.stash[DUT] = device
    if start:
        device.start(**{"serve": SERVICES, **words})
    yield device
    try:
        device.check_end()
    except AssertionError as error:
        evidence = request.config.stash[EVIDENCE]
        where = evidence.collect(request.node.nodeid, str(error), bench.session, device)
        raise AssertionError(f"{error}\nevidence: {where}") from None


@pytest.fixture
def tester(bench, request):
    """A hand-made host at 10.0.0.100 whose ARP is answered by the rig."""
    from .tester import Tester, raw_socket
    session = bench.session
    session.do(f"port {bench.bridge} tester")
    fd, _ = session.fd("socket tester")
    tester = Tester(raw_socket(fd))
    if request.node.get_closest_marker("silent_tester") is None:
        session.do(f"responder tester {tester.ip} mac {tester.mac}")
    yield tester
    tester.close()


@pytest.fixture
def six(request, dut, tester):
    """IPv6 between the tester and the device, which this starts: mark the case dut(start=False).

    The mark six("slaac") has the device configured by routers instead of fd00::2/64.
    """
    from .six import Six
    mark = request.node.get_closest_marker("six")
    return Six(dut, tester, *(mark.args if mark else ()))


@pytest.fixture
def wire(request, bench, dut):
    """The device's link: wire.set("loss 5%")."""
    config = request.config
    return Wire(bench.session, dut.device, config.getoption("--backend"),
                config.getoption("--seed"))


@pytest.fixture
def eventually():
    """eventually(fn, within=...): waits until fn() is true."""
    return net.eventually


# ---- verdicts ------------------------------------------------------------------------------

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    item.config.stash[EVIDENCE].forget(item.nodeid)
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo is not None and call.excinfo.errisinstance(NoBackend):
        call.excinfo = _as_skip(call)
    outcome = yield
    report = outcome.get_result()
    if not report.failed or call.when == "teardown":
        return
    evidence = item.config.stash[EVIDENCE]
    session, device = item.stash.get(WORLD, None), item.stash.get(DUT, None)
    if session is not None:
        _stop_captures(session)
    try:
        where = evidence.collect(item.nodeid, report.longreprtext, session, device)
    except OSError as error:
        where = f"none: {error}; give a directory with --failures"
    report.sections.append(("Evidence",
                            f"{where}\nrun it again:\n  {evidence.command(item.nodeid)}"))
    if item.config.getoption("--shell-on-error") and session is not None:
        _shell(item, session, where)


def _as_skip(call):
    from _pytest._code import ExceptionInfo
    try:
        pytest.skip(str(call.excinfo.value))
    except pytest.skip.Exception:
        return ExceptionInfo.from_current()


def _stop_captures(session):
    for line, reply in list(session.transcript):
        words = line.split()
        if words[0] == "capture" and words[1] != "stop" and reply.startswith("ok"):
            try:
                session.do(f"capture stop {words[2]}")
            except (RigError, CannotRun):
                pass  # ended before, or the rig is what failed


def _shell(item, session, where):
    """A shell beside the failed world, until it is left."""
    if hasattr(item.config, "workerinput"):
        print("--shell-on-error needs a terminal: run without -n", file=sys.stderr)
        return
    manager = item.config.pluginmanager.getplugin("capturemanager")
    if manager:
        manager.suspend(in_=True)
    print(f"\n{item.nodeid} failed; evidence: {where}\nrun directory: {session.dir}\n"
          f"in the peer's network: rig exec --dir {session.dir} peer -- COMMAND\nexit goes on.")
    subprocess.run([os.environ.get("SHELL", "/bin/sh")], check=False,
                   env={**os.environ, "RIG_DIR": session.dir or ""})
    if manager:
        manager.resume()
