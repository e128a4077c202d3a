# SPDX-License-Identifier: BSD-2-Clause
# One cmocka program per test_*.c. To add tests/unit/test_x.c, add one line to UNIT_TESTS: the
# source defaults to the program's name with .c, and LDADD below has all our libraries.

UNIT_TESTS =
UNIT_TESTS += %D%/test_list
UNIT_TESTS += %D%/test_hash
UNIT_TESTS += %D%/test_siphash
UNIT_TESTS += %D%/test_prng
UNIT_TESTS += %D%/test_pool
UNIT_TESTS += %D%/test_pkt
UNIT_TESTS += %D%/test_csum
UNIT_TESTS += %D%/test_timer
UNIT_TESTS += %D%/test_seq
UNIT_TESTS += %D%/test_stream
UNIT_TESTS += %D%/test_sockopts
UNIT_TESTS += %D%/test_fold %D%/test_tcp_rest
UNIT_TESTS += %D%/test_errq
UNIT_TESTS += %D%/test_md5
UNIT_TESTS += %D%/test_sysctl
UNIT_TESTS += %D%/test_counter
UNIT_TESTS += %D%/test_drop
UNIT_TESTS += %D%/test_trace
UNIT_TESTS += %D%/test_public_header
UNIT_TESTS += %D%/test_audit
UNIT_TESTS += %D%/test_turn %D%/test_drill_match %D%/test_drill_run %D%/test_drill_bsd
UNIT_TESTS += %D%/test_tcp %D%/test_tcp_data %D%/test_tcp_send \
	%D%/test_tcp_reass %D%/test_tcp_opt %D%/test_tcp_parts %D%/test_tcp_table \
	%D%/test_tcp_rtxq %D%/test_tcp_check %D%/test_tcp_path %D%/test_tcp_doubt %D%/test_tcp_leave %D%/test_tcp_bound %D%/test_tcp_small %D%/test_tcp_edges %D%/test_tcp_addresses %D%/test_two_hosts
UNIT_TESTS += %D%/test_tcp_swift %D%/test_tcp_rcvwin %D%/test_tcp_mtu %D%/test_udp_joined
UNIT_TESTS += %D%/test_tcp_arrives %D%/test_tcp_recovers %D%/test_tcp_timers \
	%D%/test_tcp_handshake %D%/test_tcp_calls
UNIT_TESTS += %D%/test_tcp_rules %D%/test_tcp_clocks %D%/test_dhcp_rules %D%/test_neigh_rules
UNIT_TESTS += %D%/test_dad_rules %D%/test_ip_rules %D%/test_counted_tcp %D%/test_counted_ip %D%/test_counted_ip6 %D%/test_tcp_leaves
UNIT_TESTS += %D%/test_tcp_ecn %D%/test_tcp_fastopen %D%/test_train
UNIT_TESTS += %D%/test_tcp_loss %D%/test_tcp_cookie %D%/test_tcp_mtup %D%/test_tcp_attacks
UNIT_TESTS += %D%/test_udp %D%/test_udp_opt %D%/test_udp_more %D%/test_groups %D%/test_mld %D%/test_raw %D%/test_ping %D%/test_packet

UNIT_TESTS += %D%/test_cc %D%/test_cc_bbr %D%/test_cc_sim
tests_unit_test_cc_LDADD = libphantom.a $(CMOCKA_LIBS) -lm
UNIT_TESTS += %D%/test_link_spec %D%/test_link_tc %D%/test_link_classify %D%/test_link_model %D%/test_link_theory %D%/test_link_line %D%/test_link_files %D%/test_link_pipe \
	%D%/test_link_wire %D%/test_link_devices %D%/test_pcapng
EXTRA_DIST += %D%/private_net.h %D%/link_words.h
EXTRA_DIST += %D%/dhcp_server.h %D%/counted.h %D%/guarded.h
UNIT_TESTS += %D%/test_dhcp %D%/test_dhcp_link %D%/test_dhcp_msg %D%/test_acd %D%/test_arp %D%/test_neigh %D%/test_lo %D%/test_link_state %D%/test_route %D%/test_ip4 %D%/test_reass \
	%D%/test_icmp4 %D%/test_ip4_opt %D%/test_ip4_rules %D%/test_ether %D%/test_host4 %D%/test_gso %D%/test_link
UNIT_TESTS += %D%/test_bpf %D%/test_dhcp_edges %D%/test_dhcp_states %D%/test_igmp_edges
UNIT_TESTS += %D%/test_ip4_hostile %D%/test_udp_hostile
UNIT_TESTS += %D%/test_ip6_hostile %D%/test_ra_edges
UNIT_TESTS += %D%/test_ip6 %D%/test_icmp6 %D%/test_nd %D%/test_nd_rules %D%/test_nd_edges %D%/test_dad %D%/test_slaac %D%/test_ra \
	%D%/test_sock6 %D%/test_ip6_rules %D%/test_ip6_sources \
	%D%/test_hostile6
EXTRA_DIST += %D%/own.h %D%/net6_fixture.h %D%/udp_fixture.h %D%/nd_fixture.h %D%/ra_fixture.h
UNIT_TESTS += %D%/test_socks %D%/test_host_memory %D%/test_host_options %D%/test_host_pcap %D%/test_host_control %D%/test_host_service

UNIT_TESTS += %D%/test_topo %D%/test_netaddr %D%/test_responder %D%/test_serve \
	%D%/test_world

UNIT_TESTS += %D%/test_sim %D%/test_tcp_sim
UNIT_TESTS += %D%/test_lab_point %D%/test_lab_parts %D%/test_lab_run %D%/test_lab_family

UNIT_TESTS += %D%/test_drill_lex %D%/test_drill_parse %D%/test_drill_expr \
	%D%/test_drill_python %D%/test_drill_constructs
tests_unit_test_drill_constructs_SOURCES = %D%/test_drill_constructs.c \
	%D%/drill_uses.h %D%/drill_uses.c
tests_unit_test_drill_constructs_CPPFLAGS = $(AM_CPPFLAGS) -DTOP_SRCDIR='"$(abs_top_srcdir)"'
EXTRA_DIST += %D%/drill_constructs.txt

UNIT_TESTS += %D%/test_hostile
tests_unit_test_hostile_SOURCES = %D%/test_hostile.c \
	tests/fuzz/stack_input.c tests/fuzz/stack_input.h $(FUZZ_STACK)
UNIT_TESTS += %D%/test_fuzz_corpus
tests_unit_test_fuzz_corpus_SOURCES = %D%/test_fuzz_corpus.c $(FUZZ_SOURCES)

UNIT_TESTS += %D%/test_dut_proto %D%/test_dut_super %D%/test_agent_stack %D%/test_host_control_sock

# It loads ./libphantom_packetdrill.so, which is a check program too.
UNIT_TESTS += %D%/test_packetdrill_so
tests_unit_test_packetdrill_so_LDADD = $(CMOCKA_LIBS) -lpthread -ldl

# Headers that tests share.
EXTRA_DIST += %D%/model.h %D%/net_fixture.h %D%/tcp_pair.h %D%/tcp_script.h

LDADD = libhost.a libharness.a libnetns.a libphantom.a $(CMOCKA_LIBS) $(BENCH_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
UNIT_MISSING =
else
UNIT_MISSING = built without cmocka: apt-get install libcmocka-dev, then configure again
endif
