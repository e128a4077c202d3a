# SPDX-License-Identifier: BSD-2-Clause
# libphantom (all of stack/ but host/) and the phantom program. List .c, .h and .def alike, a layer
# at a time, bottom-up; stack/LAYERS says who may include whom.

STACK_BASE =

STACK_WIRE =

STACK_NET =

STACK_UDP =

STACK_RAW =

STACK_TCP =

STACK_SOCK =

STACK_DHCP =

STACK_HOST =

phantomincludedir = $(includedir)/phantom
phantominclude_HEADERS =

lib_LIBRARIES += libphantom.a
libphantom_a_SOURCES = $(STACK_BASE) $(STACK_WIRE) $(STACK_NET) $(STACK_UDP) $(STACK_RAW) \
	$(STACK_TCP) $(STACK_SOCK) $(STACK_DHCP)

if HAVE_PHANTOM_MAIN
bin_PROGRAMS += phantom
phantom_SOURCES = $(STACK_HOST)
phantom_LDADD = libphantom.a
endif

pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = %D%/phantom.pc

EXTRA_DIST += %D%/LAYERS
