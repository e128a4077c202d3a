# SPDX-License-Identifier: BSD-2-Clause
# libharness: link model, wire, capture, audit, devices under test; and the rig program.

HARNESS_LINK =

HARNESS_CAPTURE =

HARNESS_DUT =

HARNESS_AUDIT =

HARNESS_RIG =

noinst_LIBRARIES += libharness.a
libharness_a_SOURCES = $(HARNESS_LINK) $(HARNESS_CAPTURE) $(HARNESS_DUT) $(HARNESS_AUDIT)

if HAVE_RIG_MAIN
bin_PROGRAMS += rig
rig_SOURCES = $(HARNESS_RIG)
rig_LDADD = libharness.a libnetns.a libphantom.a $(BENCH_LIBS)
endif

# Python files are installed under $(pkgdatadir)/harness/python.
nobase_dist_pkgdata_DATA +=
