/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzz targets: each takes any bytes, and aborts with a sentence if a promise is broken. Each
 * is a libFuzzer program when built with --enable-fuzz, and all run over the corpus in a unit test.
 */
#ifndef FUZZ_TARGETS_H
#define FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

void fuzz_stack(const uint8_t *bytes, size_t len);   /* a hostile peer, a careless user */
void fuzz_pair(const uint8_t *bytes, size_t len);    /* two stacks over a bad link */
void fuzz_frame(const uint8_t *bytes, size_t len);   /* frames and what devices say of them */
void fuzz_segment(const uint8_t *bytes, size_t len); /* TCP header and options */
void fuzz_pcapng(const uint8_t *bytes, size_t len);  /* capture files */
void fuzz_topo(const uint8_t *bytes, size_t len);    /* lines of the topology language */
void fuzz_spec(const uint8_t *bytes, size_t len);    /* the words of a link */
void fuzz_audit(const uint8_t *bytes, size_t len);   /* captured frames in the audit */
void fuzz_script(const uint8_t *bytes, size_t len);  /* scripts of packets and calls */
void fuzz_dhcp(const uint8_t *bytes, size_t len);    /* a DHCP client's server */
void fuzz_net6(const uint8_t *bytes, size_t len);    /* IPv6, neighbours, routers, groups */
void fuzz_control(const uint8_t *bytes, size_t len); /* phantom's control commands */

#ifdef FUZZ_TARGET
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
#define FUZZ_TARGET_IS(function)                                                                   \
	int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)                               \
	{                                                                                          \
		function(bytes, len);                                                              \
		return 0;                                                                          \
	}
#else
#define FUZZ_TARGET_IS(function) _Static_assert(1, "a unit test calls it");
#endif

#endif
