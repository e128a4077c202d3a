# SPDX-License-Identifier: BSD-2-Clause
# libharness: link model, wire, capture, audit, devices under test; and the rig program.

HARNESS_LINK = \
	%D%/link/classify.c %D%/link/classify.h \
	%D%/link/asset.c %D%/link/asset.h \
	%D%/link/random.h %D%/link/rate.h %D%/link/slot.h %D%/link/frame.h \
	%D%/link/dist.c %D%/link/dist.h \
	%D%/link/trace.c %D%/link/trace.h \
	%D%/link/tc.c %D%/link/tc.h %D%/link/tc_netem.c %D%/link/tc_line.h %D%/link/tc_value.c %D%/link/tc_value.h \
	%D%/link/pattern.c %D%/link/pattern.h \
	%D%/link/bpf.c %D%/link/bpf.h \
	%D%/link/filter.c %D%/link/filter.h \
	%D%/link/spec_value.c %D%/link/spec_value.h \
	%D%/link/spec_phrase.c %D%/link/spec_script.c \
	%D%/link/spec.c %D%/link/spec.h \
	%D%/link/ip.c %D%/link/ip.h \
	%D%/link/loss.c %D%/link/loss.h \
	%D%/link/script.c %D%/link/script.h \
	%D%/link/record.c %D%/link/record.h \
	%D%/link/codel.c %D%/link/codel.h \
	%D%/link/queue.c %D%/link/queue.h \
	%D%/link/line.c %D%/link/line.h \
	%D%/link/sides.c %D%/link/sides.h \
	%D%/link/model.c %D%/link/model.h \
	%D%/link/log.c %D%/link/log.h \
	%D%/link/pipe.c %D%/link/pipe.h \
	%D%/link/rawsock.c %D%/link/rawsock.h \
	%D%/link/wire_end.c %D%/link/wire_end.h \
	%D%/link/wire.c %D%/link/wire.h \
	%D%/link/wire_can.c %D%/link/wire_can.h

HARNESS_CAPTURE = \
	%D%/capture/pcapng.h %D%/capture/pcapng_writer.c %D%/capture/pcapng_reader.c \
	%D%/capture/ring.c %D%/capture/ring.h

HARNESS_DRILL = \
	%D%/drill/ast.h %D%/drill/ast_arena.h %D%/drill/ast_arena.c \
	%D%/drill/const.def %D%/drill/const.h %D%/drill/const.c \
	%D%/drill/parse.h %D%/drill/lex.h %D%/drill/lex.c \
	%D%/drill/parse_int.h %D%/drill/parse_core.c %D%/drill/expr.h %D%/drill/expr.c \
	%D%/drill/value.h %D%/drill/value.c \
	%D%/drill/parse_icmp.h %D%/drill/parse_icmp.c \
	%D%/drill/parse_option.h %D%/drill/parse_option.c \
	%D%/drill/parse_tcpopt.c %D%/drill/parse_packet.c %D%/drill/parse_call.c \
	%D%/drill/ast_print.h %D%/drill/ast_print.c \
	%D%/drill/pyexpr.h %D%/drill/pyexpr_int.h %D%/drill/pyexpr_value.c \
	%D%/drill/pyexpr.c %D%/drill/pyexpr_eval.c %D%/drill/pyexpr_info.c \
	%D%/drill/parse.c

HARNESS_DRILL_RUN = \
	%D%/drill/verdict.h %D%/drill/verdict.c \
	%D%/drill/net.h %D%/drill/net.c %D%/drill/net_opt.c \
	%D%/drill/match.h %D%/drill/match.c \
	%D%/drill/run_int.h %D%/drill/run_conn.c %D%/drill/run_packet.c \
	%D%/drill/python.h %D%/drill/python.c %D%/drill/code.c %D%/drill/md5sig.h %D%/drill/md5sig.c %D%/drill/command_int.h %D%/drill/command_text.c %D%/drill/optval.h %D%/drill/optval.c %D%/drill/files.h %D%/drill/files.c %D%/drill/call_int.h %D%/drill/call_cmsg.c %D%/drill/call_arg.c %D%/drill/call.c \
	%D%/drill/bsd.h %D%/drill/bsd.c %D%/drill/sysctl_fixed.h %D%/drill/sysctl_fixed.c %D%/drill/sysctl.c \
	%D%/drill/report.c %D%/drill/run.h %D%/drill/run.c \
	%D%/drill/run_many.h %D%/drill/run_find.c %D%/drill/run_many.c \
	%D%/drill/report_many.h %D%/drill/report_many.c

# phantom in this process: also what packetdrill is given (tests/local.mk).
HARNESS_DUT_PHANTOM = \
	%D%/dut/dut.h \
	%D%/dut/super.h %D%/dut/super.c %D%/dut/phantom_epoll.h %D%/dut/phantom_epoll.c \
	%D%/dut/phantom_inproc.c

HARNESS_DUT = $(HARNESS_DUT_PHANTOM) \
	%D%/dut/serve.c %D%/dut/serve.h \
	%D%/dut/proto.h %D%/dut/proto_bytes.c %D%/dut/proto.c \
	%D%/dut/native.h %D%/dut/native.c \
	%D%/dut/agent_stack.h \
	%D%/dut/agent_call.h %D%/dut/agent_call.c \
	%D%/dut/agent_box.h %D%/dut/agent_box.c %D%/dut/agent_kernel.c \
	%D%/dut/agent_listen.h %D%/dut/agent_listen.c \
	%D%/dut/agent.h %D%/dut/agent.c \
	%D%/dut/turn.h %D%/dut/turn.c \
	%D%/dut/remote.h %D%/dut/remote.c \
	%D%/dut/wire_engine.h %D%/dut/wire_engine.c

HARNESS_AUDIT = \
	%D%/audit/rules.def %D%/audit/frame.h %D%/audit/frame.c %D%/audit/frags.h %D%/audit/frags.c \
	%D%/audit/audit.h %D%/audit/flow.h %D%/audit/flow.c \
	%D%/audit/rules_ip.c %D%/audit/rules_ip6.c %D%/audit/rules_tcp.c %D%/audit/audit.c

HARNESS_SIM = \
	%D%/sim/rand.h \
	%D%/sim/mem.c %D%/sim/mem.h \
	%D%/sim/pattern.c %D%/sim/pattern.h \
	%D%/sim/notation.c %D%/sim/notation.h \
	%D%/sim/trace.c %D%/sim/trace.h \
	%D%/sim/sum.c %D%/sim/sum.h \
	%D%/sim/tso.c %D%/sim/tso.h \
	%D%/sim/recut.c %D%/sim/recut.h \
	%D%/sim/topo.c %D%/sim/topo.h \
	%D%/sim/router.c %D%/sim/router6.c %D%/sim/router.h %D%/sim/router_int.h \
	%D%/sim/net.c %D%/sim/net_new.c %D%/sim/net.h \
	%D%/sim/flow.c %D%/sim/flow.h \
	%D%/sim/app.c %D%/sim/judge.c %D%/sim/app.h \
	%D%/sim/check.c %D%/sim/check.h \
	%D%/sim/clock.c %D%/sim/clock.h \
	%D%/sim/say.h %D%/sim/plan_sysctl.c %D%/sim/plan_sysctl.h \
	%D%/sim/plan_topo.c %D%/sim/plan_topo.h \
	%D%/sim/plan.c %D%/sim/plan.h \
	%D%/sim/run.c %D%/sim/run.h \
	%D%/sim/gate.c %D%/sim/gate_dhcp.c %D%/sim/gate_nd.c %D%/sim/gate.h \
	%D%/sim/life_app.c %D%/sim/life_check.c %D%/sim/life_int.h \
	%D%/sim/life.c %D%/sim/life.h \
	%D%/sim/transfer.c %D%/sim/transfer.h \
	%D%/sim/response.c %D%/sim/response.h \
	%D%/sim/table.c %D%/sim/table.h

# Points of experiments (docs/lab-format.md) in virtual time.
HARNESS_LAB = \
	%D%/lab/draw.c %D%/lab/draw.h \
	%D%/lab/reader.c %D%/lab/reader.h %D%/lab/point_draw.c \
	%D%/lab/point_int.h %D%/lab/point_flow.c %D%/lab/point.c %D%/lab/point.h \
	%D%/lab/clock.c %D%/lab/clock.h %D%/lab/hist.c %D%/lab/hist.h \
	%D%/lab/jout.c %D%/lab/jout.h %D%/lab/segment.c %D%/lab/segment.h \
	%D%/lab/way.c %D%/lab/way.h %D%/lab/text.c %D%/lab/text.h \
	%D%/lab/lab.h %D%/lab/series.c %D%/lab/series.h \
	%D%/lab/capture.c %D%/lab/capture.h \
	%D%/lab/meter.c %D%/lab/meter.h %D%/lab/watch.c %D%/lab/watch.h \
	%D%/lab/conn.c %D%/lab/conn.h %D%/lab/load.c %D%/lab/load_many.c %D%/lab/load.h \
	%D%/lab/result.c %D%/lab/run.c %D%/lab/run.h

# What rig is made of that stands alone, and is tested so.
HARNESS_PARTS = \
	%D%/rig/text.c %D%/rig/text.h \
	%D%/rig/responder.c %D%/rig/responder.h

HARNESS_RIG = \
	%D%/rig/rig.h \
	%D%/rig/loop.c %D%/rig/loop.h \
	%D%/rig/find.c %D%/rig/find.h \
	%D%/rig/bench.c %D%/rig/bench.h \
	%D%/rig/session.c %D%/rig/session.h \
	%D%/rig/acts_proc.c \
	%D%/rig/acts_port.c \
	%D%/rig/acts_capture.c \
	%D%/rig/acts_link.c \
	%D%/rig/link_netem.c %D%/rig/link_netem.h \
	%D%/rig/acts_show.c \
	%D%/rig/launch.c %D%/rig/launch.h \
	%D%/rig/draw.c %D%/rig/draw.h \
	%D%/rig/cmd_session.c %D%/rig/cmd_up.c %D%/rig/cmd_run.c %D%/rig/cmd_exec.c \
	%D%/rig/cmd_doctor.c %D%/rig/cmd_serve.c \
	%D%/rig/cmd_drill.c %D%/rig/cmd_audit.c %D%/rig/cmd_sim.c %D%/rig/cmd_uml.c %D%/rig/cmd_tc.c \
	%D%/rig/calibrate.c %D%/rig/calibrate.h %D%/rig/cmd_calibrate.c %D%/rig/cmd_point.c %D%/rig/cmd_python.c \
	%D%/rig/main.c

noinst_LIBRARIES += libharness.a
libharness_a_SOURCES = $(HARNESS_LINK) $(HARNESS_CAPTURE) $(HARNESS_DUT) $(HARNESS_AUDIT) \
	$(HARNESS_DRILL) $(HARNESS_DRILL_RUN) $(HARNESS_SIM) $(HARNESS_LAB) \
	$(HARNESS_PARTS)

bin_PROGRAMS += rig
rig_SOURCES = $(HARNESS_RIG)
rig_LDADD = libharness.a libnetns.a libphantom.a $(BENCH_LIBS)

bin_PROGRAMS += rig-agent
rig_agent_SOURCES = %D%/dut/agent_main.c
rig_agent_LDADD = libharness.a libphantom.a $(JANSSON_LIBS) -lpthread

# The same for lwIP, where Debian's liblwip-dev is.
if HAVE_LWIP
bin_PROGRAMS += rig-lwip-agent
endif
rig_lwip_agent_SOURCES = \
	%D%/dut/lwip_link.h %D%/dut/lwip_link.c \
	%D%/dut/lwip_stack.h %D%/dut/lwip_stack.c \
	%D%/dut/lwip_agent.c
rig_lwip_agent_CPPFLAGS = $(AM_CPPFLAGS) $(LWIP_SYSTEM)
rig_lwip_agent_LDADD = libharness.a libphantom.a $(LWIP_LIBS) $(JANSSON_LIBS) -lpthread

# What rig uml starts.
nobase_dist_pkgdata_DATA += %D%/uml/run %D%/uml/init

# Python files are installed under $(pkgdatadir)/harness/python.
nobase_dist_pkgdata_DATA += \
	%D%/python/rig/__init__.py \
	%D%/python/rig/claims.py \
	%D%/python/rig/demo.py \
	%D%/python/rig/dut.py \
	%D%/python/rig/evidence.py \
	%D%/python/rig/flow.py \
	%D%/python/rig/groups.py \
	%D%/python/rig/host.py \
	%D%/python/rig/lab.py %D%/python/rig/lab_again.py %D%/python/rig/lab_points.py \
	%D%/python/rig/lab_job.py %D%/python/rig/lab_jobs.py %D%/python/rig/lab_agent.py %D%/python/rig/lab_capture.py %D%/python/rig/lab_measure.py \
	%D%/python/rig/lab_traffic.py %D%/python/rig/lab_wire.py \
	%D%/python/rig/lab_progress.py %D%/python/rig/lab_read.py %D%/python/rig/lab_run.py \
	%D%/python/rig/lab_store.py %D%/python/rig/lab_table.py %D%/python/rig/lab_topo.py \
	%D%/python/rig/lab_values.py \
	%D%/python/rig/match.py \
	%D%/python/rig/matrix.py \
	%D%/python/rig/net.py \
	%D%/python/rig/plugin.py \
	%D%/python/rig/report.py %D%/python/rig/report_axis.py %D%/python/rig/report_chart.py \
	%D%/python/rig/report_flows.py %D%/python/rig/report_html.py %D%/python/rig/report_plots.py \
	%D%/python/rig/report_read.py \
	%D%/python/rig/report_series.py %D%/python/rig/report_stats.py %D%/python/rig/report_trace.py %D%/python/rig/report_view.py \
	%D%/python/rig/report/report.css %D%/python/rig/report/scale.js %D%/python/rig/report/sequence.js \
	%D%/python/rig/report/series.js %D%/python/rig/report/table.js %D%/python/rig/report/trace.js \
	%D%/python/rig/scenes.py %D%/python/rig/scenes_list.py \
	%D%/python/rig/session.py %D%/python/rig/six.py \
	%D%/python/rig/tester.py \
	%D%/python/rig/wire.py
