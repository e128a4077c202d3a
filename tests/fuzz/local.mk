# SPDX-License-Identifier: BSD-2-Clause
# The fuzz targets: libFuzzer programs with --enable-fuzz, and a unit test that runs each over its
# corpus in any build. `make fuzz SECONDS=60 TARGETS="stack frame"` runs them one after the other.

FUZZ_STACK = %D%/promise.c %D%/promise.h %D%/stack_user.c %D%/stack_user.h %D%/targets.h
FUZZ_FRAMES = %D%/frame_record.c %D%/frame_record.h
FUZZ_SOURCES = $(FUZZ_STACK) $(FUZZ_FRAMES) \
	%D%/stack_input.c %D%/stack_input.h \
	%D%/pair_input.c \
	%D%/frame_input.c \
	%D%/net6_input.c \
	%D%/segment_input.c \
	%D%/pcapng_input.c \
	%D%/topo_input.c \
	%D%/spec_input.c \
	%D%/audit_input.c \
	%D%/control_input.c \
	%D%/script_input.c \
	%D%/dhcp_input.c

FUZZ_NAMES = stack pair frame net6 segment pcapng topo spec audit control script dhcp
SECONDS = 60
TARGETS = $(FUZZ_NAMES)

if FUZZ
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_TARGET
FUZZ_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
FUZZ_BUILT = \
	%D%/fuzz-stack %D%/fuzz-pair %D%/fuzz-frame %D%/fuzz-segment %D%/fuzz-pcapng \
	%D%/fuzz-topo %D%/fuzz-spec %D%/fuzz-audit %D%/fuzz-control \
	%D%/fuzz-script %D%/fuzz-dhcp %D%/fuzz-net6
noinst_PROGRAMS += $(FUZZ_BUILT)

tests_fuzz_fuzz_stack_SOURCES = %D%/stack_input.c %D%/stack_input.h $(FUZZ_STACK)
tests_fuzz_fuzz_stack_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_stack_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_stack_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_pair_SOURCES = %D%/pair_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_pair_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_pair_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_pair_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_frame_SOURCES = %D%/frame_input.c $(FUZZ_FRAMES) $(FUZZ_STACK)
tests_fuzz_fuzz_frame_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_frame_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_frame_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_net6_SOURCES = %D%/net6_input.c $(FUZZ_FRAMES) $(FUZZ_STACK)
tests_fuzz_fuzz_net6_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_net6_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_net6_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_segment_SOURCES = %D%/segment_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_segment_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_segment_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_segment_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_pcapng_SOURCES = %D%/pcapng_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_pcapng_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_pcapng_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_pcapng_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_topo_SOURCES = %D%/topo_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_topo_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_topo_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_topo_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_spec_SOURCES = %D%/spec_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_spec_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_spec_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_spec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_audit_SOURCES = %D%/audit_input.c $(FUZZ_FRAMES) $(FUZZ_STACK)
tests_fuzz_fuzz_audit_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_audit_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_audit_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_control_SOURCES = %D%/control_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_control_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_control_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_control_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_script_SOURCES = %D%/script_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_script_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_script_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_script_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

tests_fuzz_fuzz_dhcp_SOURCES = %D%/dhcp_input.c $(FUZZ_STACK)
tests_fuzz_fuzz_dhcp_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_dhcp_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_dhcp_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

fuzz: $(FUZZ_BUILT)
	@sh $(srcdir)/%D%/run '$(srcdir)/%D%/corpus' '$(SECONDS)' $(TARGETS)
else
fuzz:
	@echo "make fuzz: built without fuzz targets; configure again with --enable-fuzz CC=clang" >&2
	@exit 1
endif

clean-local: clean-fuzz
clean-fuzz:
	rm -rf fuzz-corpus

EXTRA_DIST += %D%/run %D%/corpus

.PHONY: fuzz clean-fuzz
