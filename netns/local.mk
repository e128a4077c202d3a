# SPDX-License-Identifier: BSD-2-Clause
# libnetns: namespaces, links, qdiscs, the topology language. Knows nobody else in this tree.

NETNS_SOURCES = \
	%D%/err.c %D%/err.h \
	%D%/addr.c %D%/addr.h \
	%D%/vars.c %D%/words.c %D%/words.h \
	%D%/topo.c %D%/topo.h \
	%D%/nlk.c %D%/nlk_route.c %D%/nlk.h \
	%D%/world.c %D%/world.h \
	%D%/world_find.c \
	%D%/world_node.c \
	%D%/world_link.c \
	%D%/world_tap.c \
	%D%/world_cut.c \
	%D%/world_apply.c \
	%D%/proc.c %D%/proc.h \
	%D%/qdisc.c %D%/qdisc.h %D%/qdisc_nl.h \
	%D%/netem.c %D%/shaper.c

noinst_LIBRARIES += libnetns.a
libnetns_a_SOURCES = $(NETNS_SOURCES)

# Topologies are installed under $(pkgdatadir)/netns/topologies.
nobase_dist_pkgdata_DATA += \
	%D%/topologies/pair.topo %D%/topologies/lan.topo \
	%D%/topologies/router.topo %D%/topologies/dumbbell.topo
