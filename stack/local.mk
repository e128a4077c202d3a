# SPDX-License-Identifier: BSD-2-Clause
# libphantom (all of stack/ but host/) and the phantom program. List .c, .h and .def alike, a layer
# at a time, bottom-up; stack/LAYERS says who may include whom.

STACK_BASE = \
	%D%/include/phantom/phantom.h %D%/include/phantom/base.h %D%/include/phantom/stack.h \
	%D%/include/phantom/net.h %D%/include/phantom/number.h \
	%D%/include/phantom/socket.h %D%/include/phantom/tcp_info.h \
	%D%/base/be.h \
	%D%/base/list.h \
	%D%/base/ip.h %D%/base/ip.c \
	%D%/base/pool.h %D%/base/pool.c \
	%D%/base/pkt.h %D%/base/pkt.c \
	%D%/base/csum.h %D%/base/csum.c \
	%D%/base/stream.h %D%/base/stream.c \
	%D%/base/sockopts.h %D%/base/sockopts.c \
	%D%/base/md5.h %D%/base/md5.c \
	%D%/base/cmsg.h %D%/base/cmsg.c \
	%D%/base/errq.h %D%/base/errq.c \
	%D%/base/bpf.h %D%/base/bpf.c \
	%D%/base/claim.h \
	%D%/base/timer.h %D%/base/timer.c \
	%D%/base/hash.h %D%/base/hash.c \
	%D%/base/fold.h %D%/base/fold.c \
	%D%/base/siphash.h %D%/base/siphash.c \
	%D%/base/prng.h %D%/base/prng.c \
	%D%/base/drop.h %D%/base/drop.def %D%/base/drop.c \
	%D%/base/counter.h %D%/base/counter.def %D%/base/counter.c \
	%D%/base/sysctl.h %D%/base/sysctl.def %D%/base/conf4.def %D%/base/conf6.def \
	%D%/base/sysctl.c \
	%D%/base/trace.h %D%/base/trace.def %D%/base/trace.c

STACK_WIRE = %D%/wire/seq.h \
	%D%/wire/eth.h \
	%D%/wire/arp.h \
	%D%/wire/ip4.h \
	%D%/wire/icmp.h \
	%D%/wire/ip6.h \
	%D%/wire/icmp6.h \
	%D%/wire/igmp.h \
	%D%/wire/udp.h

STACK_NET = %D%/net/stack.h \
	%D%/net/net.h \
	%D%/net/net_state.h \
	%D%/net/link.h %D%/net/link.c %D%/net/link_state.c \
	%D%/net/train.h %D%/net/train.c \
	%D%/net/ether.h %D%/net/ether.c %D%/net/frame.c \
	%D%/net/gso.h %D%/net/gso.c \
	%D%/net/arp.h %D%/net/arp.c \
	%D%/net/neigh.h %D%/net/neigh.c \
	%D%/net/acd.h %D%/net/acd.c %D%/net/claim.c %D%/net/early.h %D%/net/early.c \
	%D%/net/addr.h %D%/net/addr.c \
	%D%/net/mc_filter.h %D%/net/mc_filter.c %D%/net/mc_group.h %D%/net/mc_group.c \
	%D%/net/mc_report.h %D%/net/mc_report.c %D%/net/mc_sock.h %D%/net/mc_sock.c \
	%D%/net/mc_opt.c %D%/net/igmp.h %D%/net/igmp.c %D%/net/mld.c \
	%D%/net/if6.h %D%/net/if6.c %D%/net/conf.c \
	%D%/net/addr6.h %D%/net/addr6.c \
	%D%/net/metrics.h %D%/net/metrics.c %D%/net/route.h %D%/net/route.c \
	%D%/net/route6.c \
	%D%/net/dst.c %D%/net/dst6.h %D%/net/dst6.c %D%/net/src6.c \
	%D%/net/policy6.h %D%/net/policy6.c \
	%D%/net/pmtu.h %D%/net/pmtu.c \
	%D%/net/lo.h %D%/net/lo.c \
	%D%/net/ip_send.h %D%/net/ip_send.c \
	%D%/net/ip6_opt.h %D%/net/ip6_opt.c \
	%D%/net/bound.h %D%/net/bound.c %D%/net/small_queue.h %D%/net/small_queue.c \
	%D%/net/dgram.h %D%/net/dgram.c %D%/net/dgram_opt.c %D%/net/dgram_queue.c %D%/net/dgram_send.c \
	%D%/net/dgram_filter.h %D%/net/dgram_filter.c \
	%D%/net/ip4.h %D%/net/ip4_in.c %D%/net/ip4_out.c \
	%D%/net/ip_reass.h %D%/net/ip_reass.c \
	%D%/net/ip4_reass.h %D%/net/ip4_reass.c \
	%D%/net/icmp_rate.h %D%/net/icmp_rate.c %D%/net/ip4_opt.h %D%/net/ip4_opt.c \
	%D%/net/icmp4.h %D%/net/icmp4.c %D%/net/icmp4_err.c %D%/net/redirect4.c \
	%D%/net/net_check.h %D%/net/net_check.c \
	%D%/net/ip6.h %D%/net/ip6_in.c %D%/net/ip6_out.c %D%/net/ip6_ext.c \
	%D%/net/ip6_frag.h %D%/net/ip6_frag.c \
	%D%/net/icmp6.h %D%/net/icmp6.c %D%/net/icmp6_err.c \
	%D%/net/nd_opt.h %D%/net/nd_opt.c \
	%D%/net/nd.h %D%/net/nd.c \
	%D%/net/dad.h %D%/net/dad.c \
	%D%/net/slaac.h %D%/net/slaac.c \
	%D%/net/ra.h %D%/net/ra.c %D%/net/ra_dns.c \
	%D%/net/redirect.h %D%/net/redirect.c \
	%D%/net/net.c

STACK_UDP = %D%/udp/udp.h \
	%D%/udp/udp_int.h \
	%D%/udp/udp_table.c \
	%D%/udp/udp_input.c \
	%D%/udp/udp_send.c \
	%D%/udp/udp.c \
	%D%/udp/udp_sockopt.c

STACK_RAW = %D%/raw/raw.h %D%/raw/raw_int.h \
	%D%/raw/raw_input.c \
	%D%/raw/raw.c \
	%D%/raw/ping.h %D%/raw/ping.c \
	%D%/raw/packet.h %D%/raw/packet.c

STACK_DHCP = %D%/wire/dhcp.h \
	%D%/dhcp/dhcp_msg.h %D%/dhcp/dhcp_msg.c \
	%D%/dhcp/dhcp_client.h %D%/dhcp/dhcp_client.c \
	%D%/dhcp/dhcp.c

STACK_TCP = %D%/wire/tcp.h \
	%D%/tcp/tcp.h %D%/tcp/tcp_int.h %D%/tcp/tcp_way.h \
	%D%/tcp/tcp_opt.h %D%/tcp/tcp_opt.c \
	%D%/tcp/tcp_chrono.h %D%/tcp/tcp_chrono.c \
	%D%/tcp/tcp_md5.h %D%/tcp/tcp_md5.c \
	%D%/tcp/tcp_marks.h %D%/tcp/tcp_marks.c \
	%D%/tcp/tcp_rare.h %D%/tcp/tcp_rare.c \
	%D%/tcp/tcp_seg.h %D%/tcp/tcp_seg.c \
	%D%/tcp/tcp_rtt.h %D%/tcp/tcp_rtt.c \
	%D%/tcp/tcp_rack.h %D%/tcp/tcp_rack.c \
	%D%/tcp/tcp_rtxq.h %D%/tcp/tcp_rtxq.c \
	%D%/tcp/tcp_prr.h %D%/tcp/tcp_prr.c \
	%D%/tcp/tcp_undo.h %D%/tcp/tcp_undo.c \
	%D%/tcp/tcp_sack.h %D%/tcp/tcp_sack.c \
	%D%/tcp/tcp_reass.h %D%/tcp/tcp_reass.c \
	%D%/tcp/tcp_rcvwin.h %D%/tcp/tcp_rcvwin.c \
	%D%/tcp/tcp_delack.h %D%/tcp/tcp_delack.c \
	%D%/tcp/tcp_accecn.h %D%/tcp/tcp_accecn.c \
	%D%/tcp/tcp_ecn.h %D%/tcp/tcp_ecn.c \
	%D%/tcp/tcp_fastopen.h %D%/tcp/tcp_fastopen.c %D%/tcp/tcp_sockopt_fo.c \
	%D%/tcp/tcp_peers.h %D%/tcp/tcp_peers.c %D%/tcp/tcp_metrics.c %D%/tcp/tcp_fo_client.c \
	%D%/tcp/cc.h %D%/tcp/cc.c %D%/tcp/cc_reno.c %D%/tcp/cc_cubic.c %D%/tcp/cc_bbr.c \
	%D%/tcp/tcp_rate.h %D%/tcp/tcp_rate.c %D%/tcp/tcp_pace.h %D%/tcp/tcp_pace.c \
	%D%/tcp/cc_hystart.h %D%/tcp/cc_hystart.c \
	%D%/tcp/tcp_loss.h %D%/tcp/tcp_loss.c \
	%D%/tcp/tcp_check.h %D%/tcp/tcp_check_parts.c %D%/tcp/tcp_check.c \
	%D%/tcp/tcp_table.h %D%/tcp/tcp_table.c %D%/tcp/tcp_port.c \
	%D%/tcp/tcp_isn.h %D%/tcp/tcp_isn.c %D%/tcp/tcp_cookie.h %D%/tcp/tcp_cookie.c \
	%D%/tcp/tcp_defer.h %D%/tcp/tcp_defer.c %D%/tcp/tcp_mtup.h %D%/tcp/tcp_mtup.c %D%/tcp/tcp_mtu.c \
	%D%/tcp/tcp_outopt.c %D%/tcp/tcp_memory.c \
	%D%/tcp/tcp_plb.h %D%/tcp/tcp_plb.c %D%/tcp/tcp_path.c %D%/tcp/tcp_late.c %D%/tcp/tcp_small.c \
	%D%/tcp/tcp_state.c \
	%D%/tcp/tcp_xmit.c \
	%D%/tcp/tcp_cc.c \
	%D%/tcp/tcp_conn.c \
	%D%/tcp/tcp_timer.c \
	%D%/tcp/tcp_output.c %D%/tcp/tcp_swift_out.c \
	%D%/tcp/tcp_recover.c \
	%D%/tcp/tcp_ack.c %D%/tcp/tcp_swift.h %D%/tcp/tcp_swift.c \
	%D%/tcp/tcp_text.c \
	%D%/tcp/tcp_synsent.c \
	%D%/tcp/tcp_input.c \
	%D%/tcp/tcp_timewait.c %D%/tcp/tcp_rest.c \
	%D%/tcp/tcp_listen.c %D%/tcp/tcp_early.c \
	%D%/tcp/tcp_notify.c \
	%D%/tcp/tcp_icmp.c \
	%D%/tcp/tcp_info.c \
	%D%/tcp/tcp_sockopt.c %D%/tcp/tcp_sockopt_ip.c %D%/tcp/tcp_getsockopt.c \
	%D%/tcp/tcp_call.c \
	%D%/tcp/tcp_data.c \
	%D%/tcp/tcp.c

STACK_SOCK = %D%/sock/sock.h \
	%D%/sock/sock_tcp.c \
	%D%/sock/sock_dgram.c \
	%D%/sock/sock.c \
	%D%/sock/stack.c


# All of host/ but main.c, so that tests can link its parts.
STACK_HOST = %D%/host/fnv.h \
	%D%/host/memory.h %D%/host/memory.c \
	%D%/host/text.h %D%/host/text.c \
	%D%/host/host.h \
	%D%/host/monkey.h %D%/host/monkey.c \
	%D%/host/echo.h \
	%D%/host/pattern.h %D%/host/pattern.c \
	%D%/host/devices.h %D%/host/devices.c \
	%D%/host/carrier.h %D%/host/carrier.c \
	%D%/host/options.h %D%/host/options.c %D%/host/options_int.h %D%/host/options_link.c \
	%D%/host/service.h %D%/host/service.c \
	%D%/host/service_echo.c \
	%D%/host/service_small.c \
	%D%/host/service_bulk.c \
	%D%/host/service_http.c \
	%D%/host/service_forward.c \
	%D%/host/kaddr.h %D%/host/kaddr.c \
	%D%/host/socks.h %D%/host/socks.c \
	%D%/host/service_dial.c \
	%D%/host/client.h %D%/host/client.c \
	%D%/host/pcap.h %D%/host/pcap.c \
	%D%/host/trace.h %D%/host/trace.c \
	%D%/host/control_cmd.h %D%/host/control_cmd.c \
	%D%/host/tcp_info.def \
	%D%/host/control_show.c %D%/host/control_edit.c \
	%D%/host/control_bytes.h %D%/host/control_bytes.c \
	%D%/host/control_epoll.h %D%/host/control_epoll.c \
	%D%/host/control_sock.h %D%/host/control_sock.c \
	%D%/host/control.h %D%/host/control.c \
	%D%/host/ctl_print.h %D%/host/ctl_print.c \
	%D%/host/ctl.h %D%/host/ctl.c \
	%D%/host/tap.h %D%/host/tap.c \
	%D%/host/setup.h %D%/host/setup.c \
	%D%/host/lease.h %D%/host/lease.c \
	%D%/host/loop.h %D%/host/loop.c

phantomincludedir = $(includedir)/phantom
phantominclude_HEADERS = %D%/include/phantom/phantom.h %D%/include/phantom/base.h %D%/include/phantom/stack.h \
	%D%/include/phantom/net.h %D%/include/phantom/number.h \
	%D%/include/phantom/socket.h %D%/include/phantom/tcp_info.h

lib_LIBRARIES += libphantom.a
libphantom_a_SOURCES = $(STACK_BASE) $(STACK_WIRE) $(STACK_NET) $(STACK_UDP) $(STACK_RAW) \
	$(STACK_TCP) $(STACK_SOCK) $(STACK_DHCP)

noinst_LIBRARIES += libhost.a
libhost_a_SOURCES = $(STACK_HOST)

bin_PROGRAMS += phantom
phantom_SOURCES = %D%/host/main.c
phantom_LDADD = libhost.a libphantom.a $(JANSSON_LIBS)

pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = %D%/phantom.pc

EXTRA_DIST += %D%/LAYERS
