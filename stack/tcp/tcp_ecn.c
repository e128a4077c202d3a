/* SPDX-License-Identifier: BSD-2-Clause */
/* ECN's handshake (RFC 3168 6.1.1, RFC 9768 3.1) and the classic echo. Called by whoever sends or
 * receives a SYN, and by tcp_output.c and tcp_text.c. */
#include "tcp/tcp_ecn.h"

#include "wire/tcp.h"

enum {
	ACE = TCP_F_AE | TCP_F_CWR | TCP_F_ECE,
	CLASSIC_SYN = TCP_F_CWR | TCP_F_ECE
};

void tcp_ecn_ask(struct tcp_ecn *e, int64_t sysctl)
{
	*e = (struct tcp_ecn){ .mode = TCP_ECN_OFF };
	if (sysctl == TCP_ECN_IN_OUT || sysctl == TCP_ECN_ACC_IN_CLASSIC_OUT)
		e->mode = TCP_ECN_ASKED_CLASSIC;
	else if (sysctl == TCP_ECN_ACC_IN_OUT)
		e->mode = TCP_ECN_ASKED_ACCURATE;
}

uint16_t tcp_ecn_syn_flags(const struct tcp_ecn *e, uint32_t again, bool fallback)
{
	/* A box that drops such SYNs drops them all: classic ECN tries once, accurate ECN twice. */
	if (e->mode == TCP_ECN_ASKED_CLASSIC)
		return again >= 1 && fallback ? 0 : CLASSIC_SYN;
	if (e->mode == TCP_ECN_ASKED_ACCURATE)
		return again >= 2 && fallback ? 0 : ACE;
	return 0;
}

enum tcp_ecn_mode tcp_ecn_grant(int64_t sysctl, uint16_t flags, uint8_t ip_ecn)
{
	uint16_t ace = flags & ACE;

	if (sysctl == TCP_ECN_NEVER)
		return TCP_ECN_OFF;
	/* RFC 9768 3.1.3: combinations not yet given a meaning ask for accurate ECN too. */
	if (sysctl >= TCP_ECN_ACC_IN_OUT && ace != 0 && ace != CLASSIC_SYN)
		return TCP_ECN_ACCURATE;
	if ((ace & CLASSIC_SYN) != CLASSIC_SYN)
		return TCP_ECN_OFF;
	/* RFC 3168 6.1.1: such a SYN is not ECT; one that is comes from a peer, or through a box,
	 * that misunderstood. */
	if (ip_ecn != IP_ECN_NOT && ace == CLASSIC_SYN)
		return TCP_ECN_OFF;
	return TCP_ECN_CLASSIC;
}

uint16_t tcp_ecn_synack_flags(enum tcp_ecn_mode mode, uint8_t peer_syn)
{
	if (mode == TCP_ECN_CLASSIC)
		return TCP_F_ECE;
	return mode == TCP_ECN_ACCURATE ? tcp_accecn_reflect(peer_syn) : 0;
}

/* RFC 9768 3.1.2, table 2: the answer to AE, CWR and ECE all set. */
static void accurate_synack(struct tcp_ecn *e, uint16_t flags, uint8_t ip_ecn, bool fallback)
{
	uint16_t ace = flags & ACE;

	if (ace == 0 || ace == ACE) { /* none, or a box that returns what it hears */
		e->mode = TCP_ECN_OFF;
		return;
	}
	if (ace == TCP_F_ECE) {
		e->mode = TCP_ECN_CLASSIC;
		return;
	}
	e->mode = TCP_ECN_ACCURATE;
	e->peer_syn = ip_ecn & 3u;
	if (!tcp_accecn_told_field(&e->acc, flags, fallback))
		return;
	/* RFC 9768 3.2.2.2: a SYN-ACK's mark counts, once. */
	if (ip_ecn == IP_ECN_CE)
		tcp_accecn_received(&e->acc, ip_ecn, 0, 1);
}

void tcp_ecn_synack(struct tcp_ecn *e, uint16_t flags, uint8_t ip_ecn, bool fallback)
{
	if (e->mode == TCP_ECN_ASKED_ACCURATE)
		accurate_synack(e, flags, ip_ecn, fallback);
	else if (e->mode == TCP_ECN_ASKED_CLASSIC)
		e->mode = (flags & CLASSIC_SYN) == TCP_F_ECE ? TCP_ECN_CLASSIC : TCP_ECN_OFF;
}

void tcp_ecn_third(struct tcp_ecn *e, uint16_t flags, bool bare, bool fallback)
{
	uint8_t told;

	if (e->mode != TCP_ECN_ACCURATE)
		return;
	if ((flags & ACE) == 0) {
		e->acc.fail |= TCP_ACCECN_FAIL_ACE_RECV;
		return;
	}
	if (!bare || !tcp_accecn_field_of(flags, &told))
		return;
	if (tcp_accecn_told_field(&e->acc, flags, fallback) && told == IP_ECN_CE &&
	    e->delivered_ce == 0)
		e->delivered_ce++;
}

bool tcp_ecn_data(struct tcp_ecn *e, uint8_t ip_ecn)
{
	bool quick;

	if (e->mode != TCP_ECN_CLASSIC)
		return false;
	/* Not ECT among others that are: it is likely a retransmission, whose sender waits. */
	if (ip_ecn == IP_ECN_NOT)
		return e->seen;
	quick = ip_ecn == IP_ECN_CE && !e->echo;
	e->seen = true;
	if (ip_ecn == IP_ECN_CE)
		e->echo = true;
	return quick;
}

void tcp_ecn_cwr(struct tcp_ecn *e)
{
	e->echo = false;
}

void tcp_ecn_reduced(struct tcp_ecn *e)
{
	e->say_cwr = e->mode == TCP_ECN_CLASSIC;
}

uint8_t tcp_ecn_send(struct tcp_ecn *e, bool fresh, uint16_t *flags)
{
	if (e->mode == TCP_ECN_ACCURATE)
		return tcp_accecn_send(&e->acc, flags);
	if (e->mode != TCP_ECN_CLASSIC)
		return IP_ECN_NOT;
	if (e->echo)
		*flags |= TCP_F_ECE;
	if (!fresh)
		return IP_ECN_NOT;
	if (e->say_cwr) {
		*flags |= TCP_F_CWR;
		e->say_cwr = false;
	}
	return IP_ECN_ECT0; /* RFC 3168 6.1.2 (SHOULD) */
}
