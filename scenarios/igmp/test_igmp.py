# SPDX-License-Identifier: BSD-2-Clause
"""IGMP (RFC 3376, 2236, 1112; 9776): a host joins, is asked, and is not fooled."""

import struct

import pytest

from rig.groups import (ALLOW, BLOCK, IS_EXCLUDE, IS_INCLUDE, TO_EXCLUDE, TO_INCLUDE, Groups,
                        Member, Record)

G, OTHER = "239.1.2.3", "239.1.2.4"
S1, S2, S3 = "10.0.0.71", "10.0.0.72", "10.0.0.73"


@pytest.fixture
def groups(dut, tester):
    tester.mark()  # the device is there
    return Groups(tester)


@pytest.fixture
def member(dut, groups):
    return Member(dut)


def settled(groups, member, group=G, kind=TO_EXCLUDE):
    """Joined, and told for the second and last time."""
    member.join(group)
    groups.expect(Record(kind, group))
    groups.expect(Record(kind, group))


@pytest.mark.rfc("3376:5.1-1", "3376:4.2.14-1", "3376:4-1", "3376:8.1-1")
def test_a_join_and_a_leave_are_told_at_once_and_once_more(groups, member):
    member.join(G)
    first, second = groups.expect(Record(TO_EXCLUDE, G)), groups.expect(Record(TO_EXCLUDE, G))
    assert second.at - first.at < 5
    member.leave(G)
    groups.expect(Record(TO_INCLUDE, G))
    groups.expect(Record(TO_INCLUDE, G))


@pytest.mark.rfc("3376:5.1-1", "3376:3.2-1")
def test_changes_of_sources_are_told_as_changes(groups, member):
    member.join_source(G, S1)
    groups.expect(Record(ALLOW, G, (S1,)))
    member.join_source(G, S2)
    groups.expect(Record(ALLOW, G, (S2,)))
    member.leave_source(G, S1)
    groups.expect(Record(BLOCK, G, (S1,)))
    groups.query(code=1)
    groups.expect(Record(IS_INCLUDE, G, (S2,)))


@pytest.mark.rfc("3376:5.2-1", "3376:4.1.12-1")
@pytest.mark.parametrize("how", ["all", "group", "us alone"])
def test_a_query_is_answered_with_what_is_heard(dut, groups, member, how):
    settled(groups, member)
    member.block(G, S3)
    groups.expect(Record(BLOCK, G, (S3,)))
    groups.query(group=G if how == "group" else None, code=5,
                 dst=dut.ip if how == "us alone" else None)
    groups.expect(Record(IS_EXCLUDE, G, (S3,)))


@pytest.mark.rfc("3376:5.2-2")
def test_sources_asked_about_are_answered_as_far_as_they_are_heard(groups, member):
    member.join_source(G, S1)
    groups.expect(Record(ALLOW, G, (S1,)))
    groups.query(group=G, code=1, sources=(S1, S2, S3))
    groups.expect(Record(IS_INCLUDE, G, (S1,)))


@pytest.mark.rfc("3376:7.2.1-1", "3376:7.2.1-2", "3376:4-2", "Old-version downgrade")
def test_an_older_querier_is_spoken_to_in_its_version(groups, member):
    settled(groups, member)
    groups.query(length=8, code=1)
    groups.expect(Record("v2", G))
    member.leave(G)
    groups.expect(Record("left", G))
    groups.query(length=8, code=0, alert=False)  # RFC 1112: the first version
    member.join(OTHER)
    groups.expect(Record("v1", OTHER))


WRONG = {
    "checksum": {"bad_sum": True},
    "nine bytes": {"length": 9},
    "eleven bytes": {"length": 11},
    "no Router Alert": {"alert": False},
    "all asked at a group": {"dst": G},
    "more sources than there are": {"group": G, "count": 1},
    "65535 sources": {"group": G, "count": 65535, "sources": (S1,)},
}


@pytest.mark.rfc("3376:4.1.2-1", "3376:7.1-1", "9776:9.1-1", "9776:9.1-2", "CVE-2007-0069",
                 "CVE-2015-1414", "CVE-2019-12259")
@pytest.mark.parametrize("what", WRONG)
def test_a_query_that_is_not_in_order_is_not_answered(request, dut, groups, member, what):
    if dut.name == "linux" and what in ("no Router Alert", "all asked at a group"):
        request.applymarker(pytest.mark.xfail(reason="RFC 9776 9.1 is later than the kernel's"))
    settled(groups, member)
    groups.query(**{"code": 1, **WRONG[what]})  # an answer would take a tenth of a second
    assert groups.quiet(groups.tester.mark), groups.seen
    groups.query(code=1)
    groups.expect(Record(IS_EXCLUDE, G))


@pytest.mark.rfc("3376:4-3")
@pytest.mark.parametrize("kind", [0x00, 0x13, 0x42, 0xff])
def test_a_type_that_nobody_knows_is_passed_over(groups, member, kind):
    settled(groups, member)
    groups.send(struct.pack("!BBH4s", kind, 1, 0, bytes([239, 1, 2, 3])))
    groups.query(code=1)
    groups.expect(Record(IS_EXCLUDE, G))


@pytest.mark.rfc("CVE-2002-2185")
@pytest.mark.parametrize("to_group", [True, False], ids=["to the group", "to us alone"])
def test_another_hosts_report_spares_ours_only_where_the_group_heard_it(dut, groups, member, to_group):
    settled(groups, member)
    groups.query(length=8, code=20)  # two seconds: there is time for the other one
    body = struct.pack("!BBH4s", 0x16, 0, 0, bytes([239, 1, 2, 3]))
    mac = None if to_group else bytes.fromhex(dut.mac.replace(":", ""))
    groups.send(body, dst=G, mac=mac)
    if to_group:
        member.join(OTHER)  # told at least twice within ten seconds
        groups.expect(Record("v2", OTHER))
        member.leave(G)  # whose last reporter is another: nobody needs to know
        member.leave(OTHER)
        groups.expect(Record("left", OTHER))
        assert Record("left", G) not in groups.records(G)
    else:
        groups.expect(Record("v2", G))


@pytest.mark.rfc("IGMP/MLD query flood", "CVE-2012-0207", "CVE-2006-0021")
def test_a_flood_of_queries_is_answered_a_few_times(groups, member):
    settled(groups, member)
    since = len(groups.seen)
    for code in range(256):  # of every response time, and mixed versions
        groups.query(code=code)
        groups.query(group=G, code=code)
        groups.query(group=OTHER, code=code, sources=(S1,) * 20)
    groups.tester.mark()
    groups.query(code=1)
    groups.expect(Record(IS_EXCLUDE, G))
    groups.tester.mark()
    assert len(groups.records(G, since)) < 50
    for length in range(256):  # Router Alert of every length
        body = struct.pack("!BBH4s", 0x11, 1, 0, bytes(4))
        packet = bytes.fromhex("01005e000001") + bytes.fromhex(groups.tester.mac.replace(":", ""))
        header = struct.pack("!BBHHHBBH4s4s", 0x46, 0xc0, 32, 0, 0, 1, 2, 0, bytes([10, 0, 0, 100]),
                             bytes([224, 0, 0, 1])) + bytes([148, length, 0, 0])
        groups.tester.inject(packet + b"\x08\x00" + header + body)
    groups.tester.mark()


@pytest.mark.rfc("CVE-1999-0918")
def test_igmp_in_fragments_does_no_harm(groups, member):
    settled(groups, member)
    body = bytes(range(256)) * 4
    for offset, more in ((0, 1), (64, 1), (8, 1), (120, 0)):
        head = bytes.fromhex("01005e000001") + bytes.fromhex(groups.tester.mac.replace(":", ""))
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 20 + 512, 77, more << 13 | offset, 1, 2, 0,
                             bytes([10, 0, 0, 100]), bytes([224, 0, 0, 1]))
        groups.tester.inject(head + b"\x08\x00" + header + body[:512])
    groups.query(code=1)
    groups.expect(Record(IS_EXCLUDE, G))
    groups.tester.mark()
