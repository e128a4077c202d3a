/* SPDX-License-Identifier: BSD-2-Clause */
/* See notation.h. */
#include "harness/sim/notation.h"

#include <stdarg.h>
#include <stdio.h>

enum { ETH = 14, ARP_LEN = 28, IP_MIN = 20, TCP_MIN = 20 };

struct text {
	char *at, *end;
};

__attribute__((format(printf, 2, 3)))
static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), fmt, ap);
	va_end(ap);
	if (n > 0)
		t->at += n < t->end - t->at ? n : t->end - t->at - 1;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void say_ip(struct text *t, const uint8_t *p)
{
	say(t, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

static void say_option(struct text *t, const uint8_t *p, unsigned len)
{
	if (p[0] == 2 && len == 4)
		say(t, "mss %u", get16(p + 2));
	else if (p[0] == 3 && len == 3)
		say(t, "wscale %u", p[2]);
	else if (p[0] == 4 && len == 2)
		say(t, "sackOK");
	else if (p[0] == 8 && len == 10)
		say(t, "TS val %u ecr %u", get32(p + 2), get32(p + 6));
	else if (p[0] == 5)
		for (unsigned at = 2; at + 8 <= len; at += 8)
			say(t, "%s%u:%u", at == 2 ? "sack " : " ", get32(p + at), get32(p + at + 4));
	else
		say(t, "kind %u len %u", p[0], len);
}

static void say_options(struct text *t, const uint8_t *p, size_t len)
{
	const char *sep = " <";

	while (len > 0 && p[0] != 0) {
		unsigned step = p[0] == 1 ? 1 : len < 2 ? 0 : p[1];

		if (step == 0 || step > len || (p[0] != 1 && step < 2))
			break;
		say(t, "%s", sep);
		if (p[0] == 1)
			say(t, "nop");
		else
			say_option(t, p, step);
		sep = ",";
		p += step;
		len -= step;
	}
	if (*sep == ',')
		say(t, ">");
}

static void say_tcp(struct text *t, const uint8_t *ip, const uint8_t *p, size_t have, size_t total)
{
	static const char letters[] = "FSRPUEC"; /* bits 0, 1, 2, 3, 5, 6, 7; bit 4 is "." */
	static const uint8_t bits[] = { 1, 2, 4, 8, 32, 64, 128 };
	unsigned hlen = (unsigned)(p[12] >> 4) * 4;
	uint32_t seq = get32(p + 4), n;

	say_ip(t, ip + 12);
	say(t, ":%u > ", get16(p));
	say_ip(t, ip + 16);
	say(t, ":%u ", get16(p + 2));
	for (unsigned i = 0; i < sizeof(bits); i++)
		if (p[13] & bits[i])
			say(t, "%c", letters[i]);
	say(t, "%s", p[13] & 16 ? "." : "");
	n = total >= hlen ? (uint32_t)(total - hlen) : 0;
	say(t, " %u:%u(%u)", seq, seq + n, n);
	if (p[13] & 16)
		say(t, " ack %u", get32(p + 8));
	say(t, " win %u", get16(p + 14));
	if (hlen > TCP_MIN && hlen <= have)
		say_options(t, p + TCP_MIN, hlen - TCP_MIN);
}

static void say_packet(struct text *t, const uint8_t *ip, size_t have)
{
	size_t ihl = (size_t)(ip[0] & 15) * 4, total = get16(ip + 2);

	if (ihl < IP_MIN || total < ihl) {
		say(t, "a damaged IPv4 packet");
	} else if (ip[9] == 6 && (get16(ip + 6) & 0x1fff) == 0 && have >= ihl + TCP_MIN) {
		say_tcp(t, ip, ip + ihl, have - ihl, total - ihl);
	} else {
		say_ip(t, ip + 12);
		say(t, " > ");
		say_ip(t, ip + 16);
		say(t, " protocol %u", ip[9]);
		if (ip[9] == 1 && have >= ihl + 2)
			say(t, " icmp type %u code %u", ip[ihl], ip[ihl + 1]);
		say(t, " length %zu", total);
	}
}

void sim_notation(char *out, size_t size, const uint8_t *frame, size_t have, size_t len)
{
	struct text t = { out, out + size };

	out[0] = '\0';
	if (have < ETH) {
		say(&t, "a frame of %zu octets", len);
	} else if (get16(frame + 12) == 0x0806 && have >= ETH + ARP_LEN) {
		const uint8_t *p = frame + ETH;

		say(&t, "arp %s ", get16(p + 6) == 1 ? "who-has" : "reply");
		say_ip(&t, get16(p + 6) == 1 ? p + 24 : p + 14);
		say(&t, " %s ", get16(p + 6) == 1 ? "tell" : "to");
		say_ip(&t, get16(p + 6) == 1 ? p + 14 : p + 24);
	} else if (get16(frame + 12) == 0x0800 && have >= ETH + IP_MIN) {
		say_packet(&t, frame + ETH, have - ETH);
	} else {
		say(&t, "ethertype 0x%04x, %zu octets", get16(frame + 12), len);
	}
}
