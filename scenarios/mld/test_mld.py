# SPDX-License-Identifier: BSD-2-Clause
"""MLD (RFC 3810, 2710; 9777): a host joins, is asked, and is not fooled."""

import ipaddress
import struct

import pytest
from scapy.layers.inet6 import ICMPv6EchoReply

from rig.groups import (ALLOW, BLOCK, IS_EXCLUDE, IS_INCLUDE, TO_EXCLUDE, TO_INCLUDE, Groups,
                        Member, Record)
from rig.six import ALL_NODES, TESTER_LL

pytestmark = pytest.mark.dut(start=False)

G, OTHER = "ff05::77", "ff05::78"
S1, S2, S3 = "fd00::71", "fd00::72", "fd00::73"


@pytest.fixture
def groups(six):
    six.introduce()
    return Groups(six.tester, 6)


@pytest.fixture
def member(dut, groups):
    return Member(dut, 6)


def settled(groups, member):
    """Joined, and told for the second and last time."""
    member.join(G)
    groups.expect(Record(TO_EXCLUDE, G))
    groups.expect(Record(TO_EXCLUDE, G))


@pytest.mark.rfc("3810:6.1-1", "3810:5.2.14-1", "3810:5-1", "3810:9.1-1", "3810:5.2.13-1",
                 "8504:5.11-1")
def test_a_join_and_a_leave_are_told_at_once_and_once_more(groups, member):
    settled(groups, member)
    member.leave(G)
    groups.expect(Record(TO_INCLUDE, G))
    report = groups.expect(Record(TO_INCLUDE, G))
    assert report.src.startswith("fe80:")


def test_changes_of_sources_are_told_as_changes(groups, member):
    member.join_source(G, S1)
    groups.expect(Record(ALLOW, G, (S1,)))
    member.join_source(G, S2)
    groups.expect(Record(ALLOW, G, (S2,)))
    member.leave_source(G, S1)
    groups.expect(Record(BLOCK, G, (S1,)))
    groups.query(code=100)
    groups.expect(Record(IS_INCLUDE, G, (S2,)))


@pytest.mark.rfc("3810:6.2-1", "3810:5.1.15-1", "3810:5.1.12-1")
@pytest.mark.parametrize("how", ["all", "group", "us alone", "with more behind it"])
def test_a_query_is_answered_with_what_is_heard(groups, member, how):
    settled(groups, member)
    us = next(report.src for report in groups.seen if report.src != "::")
    member.block(G, S3)
    groups.expect(Record(BLOCK, G, (S3,)))
    groups.query(group=G if how == "group" else None, code=300,
                 length=40 if how == "with more behind it" else None,
                 dst=us if how == "us alone" else None)
    groups.expect(Record(IS_EXCLUDE, G, (S3,)))


def test_sources_asked_about_are_answered_as_far_as_they_are_heard(groups, member):
    member.join_source(G, S1)
    groups.expect(Record(ALLOW, G, (S1,)))
    groups.query(group=G, code=100, sources=(S1, S2, S3))
    groups.expect(Record(IS_INCLUDE, G, (S1,)))


@pytest.mark.rfc("3810:6-1")
def test_nobody_is_told_of_all_nodes_or_of_groups_that_leave_no_link(six, groups, member):
    settled(groups, member)
    member.join("ff01::55")
    groups.query(code=100)
    groups.expect(Record(IS_EXCLUDE, G))
    six.ping()
    for group in (ALL_NODES, "ff01::55", "ff01::1"):
        assert not groups.records(group)


@pytest.mark.rfc("3810:8.2.1-1", "Old-version downgrade")
def test_an_older_querier_is_spoken_to_in_its_version(groups, member):
    settled(groups, member)
    groups.query(length=24, code=100)
    groups.expect(Record("v1", G))
    member.leave(G)
    groups.expect(Record("left", G))
    member.join(OTHER)
    groups.expect(Record("v1", OTHER))


WRONG = {
    "checksum": {"bad_sum": True},
    "25 bytes": {"length": 25},
    "27 bytes": {"length": 27},
    "20 bytes": {"length": 20},
    "no Router Alert": {"alert": False},
    "from beyond the link": {"hops": 2},
    "from a global address": {"src": "fd00::100"},
    "from nobody": {"src": "::"},
    "more sources than there are": {"group": G, "count": 1},
    "65535 sources": {"group": G, "count": 65535, "sources": (S1,)},
}


@pytest.mark.rfc("3810:5.1.2-1", "3810:5.1.14-1", "3810:6.2-1", "3810:8.1-1", "CVE-2004-1137",
                 "CVE-2023-48691", "CVE-2019-5608")
@pytest.mark.parametrize("what", WRONG)
def test_a_query_that_is_not_in_order_is_not_answered(six, groups, member, what):
    settled(groups, member)
    groups.query(**{"code": 100, **WRONG[what]})  # an answer would take a tenth of a second
    assert groups.quiet(six.ping), groups.seen
    groups.query(code=100)
    groups.expect(Record(IS_EXCLUDE, G))


@pytest.mark.rfc("3810:5-2")
@pytest.mark.parametrize("kind", [144, 151, 200])
def test_a_type_that_is_not_mlds_is_passed_over(six, groups, member, kind):
    settled(groups, member)
    groups.send(struct.pack("!BBHHH", kind, 0, 0, 100, 0) + ipaddress.ip_address(G).packed)
    assert groups.quiet(six.ping), groups.seen
    groups.query(code=100)
    groups.expect(Record(IS_EXCLUDE, G))


def test_another_hosts_report_spares_ours(groups, member):
    settled(groups, member)
    groups.query(length=24, code=5000)  # there is time for the other one
    since = len(groups.seen)
    groups.send(struct.pack("!BBHHH", 131, 0, 0, 0, 0) + ipaddress.ip_address(G).packed, dst=G)
    member.join(OTHER)
    groups.expect(Record("v1", OTHER))
    member.leave(G)  # whose last reporter is another: nobody needs to know
    member.leave(OTHER)
    groups.expect(Record("left", OTHER))
    assert Record("left", G) not in groups.records(G, since)


@pytest.mark.rfc("IGMP/MLD query flood", "CVE-2022-0742")
def test_a_flood_of_queries_and_reports_is_answered_a_few_times(six, groups, member):
    settled(groups, member)
    since, start = len(groups.seen), len(six.tester.frames)
    for number in range(500):
        groups.query(code=100 + number % 3)
        groups.query(group=G, code=100 + number % 3)
        groups.query(group=OTHER, code=0, sources=(S1,) * 20)
        groups.query(group=OTHER, src="::")
        groups.send(struct.pack("!BBHHH", 131 + number % 2, 0, 0, 0, 0)
                    + ipaddress.ip_address(f"ff05::{number:x}").packed, hops=64)
    six.ping()
    groups.query(code=100)
    groups.expect(Record(IS_EXCLUDE, G))
    six.ping(number=2)
    # At most one of each kind is under way, for a twentieth of a second on average.
    spent = six.tester.frames[-1].at - six.tester.frames[start].at
    assert len(groups.records(G, since)) < 20 + 60 * spent


def test_all_nodes_are_heard_and_other_groups_are_not(six, groups, member):
    start = len(six.tester.frames)
    member.join(G)
    groups.expect(Record(TO_EXCLUDE, G))
    six.introduce(TESTER_LL)
    for number, group in enumerate((OTHER, "ff02::3", ALL_NODES), 20):
        six.send(six.echo(number=number, dst=group, src=TESTER_LL))
    six.tester.expect(ICMPv6EchoReply(seq=22), skip=True)
    assert [packet[ICMPv6EchoReply].seq for packet in six.answered(start, ICMPv6EchoReply)
            if packet[ICMPv6EchoReply].seq in (20, 21, 22)] == [22]
