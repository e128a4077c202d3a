# SPDX-License-Identifier: BSD-2-Clause
# libnetns: namespaces, links, qdiscs, the topology language. Knows nobody else in this tree.

NETNS_SOURCES =

noinst_LIBRARIES += libnetns.a
libnetns_a_SOURCES = $(NETNS_SOURCES)

# Topologies are installed under $(pkgdatadir)/netns/topologies.
nobase_dist_pkgdata_DATA +=
