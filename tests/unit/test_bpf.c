/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/bpf.h and SO_ATTACH_FILTER: what is a program, what it computes, and what each kind of socket
 * lets it see. Verdicts and values are those that the kernel gave for the same programs.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "guarded.h"
#include "udp_fixture.h"

#include "base/bpf.h"
#include "wire/eth.h"

#define RETURN_A { 0x16, 0, 0, 0 }
#define RETURN(k) { 6, 0, 0, (k) }

enum { MOST = 6 };

/* ---- what is a program ------------------------------------------------------------------------ */

static const struct {
	const char *what;
	struct bpf_insn prog[MOST];
	bool sound;
} programs[] = {
	{ "returns", { RETURN(1) }, true },
	{ "no such class of return", { { 0x0e, 0, 0, 0 } }, false },
	{ "no such instruction", { { 0x6f, 0, 0, 0 }, RETURN(1) }, false },
	{ "high bits", { { 0x106, 0, 0, 1 } }, false },
	{ "does not return", { { 0, 0, 0, 1 } }, false },
	{ "memory read, not written", { { 0x60, 0, 0, 3 }, RETURN(1) }, false },
	{ "memory written", { { 2, 0, 0, 3 }, { 0x60, 0, 0, 3 }, RETURN_A }, true },
	{ "another word written", { { 2, 0, 0, 4 }, { 0x61, 0, 0, 3 }, RETURN_A }, false },
	{ "written on one way",
	  { { 0x15, 0, 1, 0 }, { 2, 0, 0, 3 }, { 0x60, 0, 0, 3 }, RETURN_A }, false },
	{ "written on both",
	  { { 0x15, 1, 0, 0 }, { 3, 0, 0, 3 }, { 2, 0, 0, 3 }, { 0x60, 0, 0, 3 }, RETURN_A }, true },
	{ "jumped over", { { 5, 0, 0, 1 }, { 2, 0, 0, 3 }, { 0x60, 0, 0, 3 }, RETURN_A }, false },
	{ "word 16", { { 2, 0, 0, 16 }, RETURN(1) }, false },
	{ "word 15", { { 3, 0, 0, 15 }, RETURN(1) }, true },
	{ "divides by 0", { { 0x34, 0, 0, 0 }, RETURN(1) }, false },
	{ "what is left of 0", { { 0x94, 0, 0, 0 }, RETURN(1) }, false },
	{ "divides by X", { { 0x3c, 0, 0, 0 }, RETURN(1) }, true },
	{ "shifts by 32", { { 0x64, 0, 0, 32 }, RETURN(1) }, false },
	{ "shifts by 31", { { 0x74, 0, 0, 31 }, RETURN(1) }, true },
	{ "jumps beyond", { { 5, 0, 0, 1 }, RETURN(1) }, false },
	{ "jumps far beyond", { { 5, 0, 0, UINT32_MAX }, RETURN(1) }, false },
	{ "jumps to the end", { { 5, 0, 0, 0 }, RETURN(1) }, true },
	{ "branches beyond", { { 0x15, 1, 0, 0 }, RETURN(1) }, false },
	{ "branches beyond if not", { { 0x15, 0, 1, 0 }, RETURN(1) }, false },
	{ "jump by X", { { 0x0d, 0, 0, 0 }, RETURN(1) }, false },
	{ "tests bits of X", { { 0x4d, 0, 0, 1 }, RETURN(1) }, true },
	{ "no such jump", { { 0x55, 0, 0, 1 }, RETURN(1) }, false },
	{ "negates X", { { 0x8c, 0, 0, 0 }, RETURN(1) }, false },
	{ "xor", { { 0xa4, 0, 0, 1 }, RETURN(1) }, true },
	{ "beyond xor", { { 0xb4, 0, 0, 1 }, RETURN(1) }, false },
	{ "a header's length into X", { { 0xb1, 0, 0, 0 }, RETURN(1) }, true },
	{ "into A", { { 0xb0, 0, 0, 0 }, RETURN(1) }, false },
	{ "X from a place", { { 0x21, 0, 0, 0 }, RETURN(1) }, false },
	{ "the length into X", { { 0x81, 0, 0, 0 }, RETURN(1) }, true },
	{ "eight octets", { { 0x38, 0, 0, 0 }, RETURN(1) }, false },
	{ "what is known", { { 0x28, 0, 0, 0xfffff000 }, RETURN_A }, true },
	{ "what is not", { { 0x28, 0, 0, 0xfffff001 }, RETURN(1) }, false },
	{ "the last that is", { { 0x20, 0, 0, 0xfffff03c }, RETURN(1) }, true },
	{ "one beyond", { { 0x20, 0, 0, 0xfffff040 }, RETURN(1) }, false },
};

static uint32_t length_of(const struct bpf_insn *prog)
{
	static const struct bpf_insn none;
	uint32_t n = MOST;

	while (n > 1 && memcmp(&prog[n - 1], &none, sizeof(none)) == 0)
		n--;
	return n;
}

static void test_programs_are_refused_as_the_kernel_refuses_them(void **state)
{
	static struct bpf_insn long_one[BPF_INSNS_MAX + 1];
	static uint16_t masks[BPF_INSNS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if ((bpf_check(programs[i].prog, length_of(programs[i].prog), masks) == 0) !=
		    programs[i].sound)
			fail_msg("%s", programs[i].what);
	for (size_t i = 0; i < ARRAY_LEN(long_one); i++)
		long_one[i].code = 6;
	assert_int_equal(bpf_check(long_one, 0, masks), -EINVAL);
	assert_int_equal(bpf_check(long_one, BPF_INSNS_MAX, masks), 0);
	assert_int_equal(bpf_check(long_one, BPF_INSNS_MAX + 1, masks), -EINVAL);
}

/* ---- what it computes, of a datagram of 90 octets from the peer's port 9 ------------------------- */

static const struct {
	const char *what;
	struct bpf_insn prog[MOST];
	uint32_t gives;
} values[] = {
	{ "an octet of the IP header", { { 0x30, 0, 0, 0xfff00009 }, RETURN_A }, 17 },
	{ "an octet of the link's", { { 0x30, 0, 0, 0xffe00005 }, RETURN_A }, 2 },
	{ "one before it", { { 0x30, 0, 0, 0xffdfffff }, RETURN(90) }, 0 },
	{ "beyond the end", { { 0x20, 0, 0, 95 }, RETURN(90) }, 0 },
	{ "up to the end", { { 0x20, 0, 0, 94 }, RETURN(90) }, 90 },
	{ "the length", { { 0x80, 0, 0, 0 }, RETURN_A }, 98 },
	{ "the length by X", { { 0x81, 0, 0, 0 }, { 0x87, 0, 0, 0 }, RETURN_A }, 98 },
	{ "UDP's length", { { 0x28, 0, 0, 4 }, RETURN_A }, 98 },
	{ "behind X", { { 1, 0, 0, 2 }, { 0x48, 0, 0, 2 }, RETURN_A }, 98 },
	{ "X before the start", { { 1, 0, 0, 0xfff00000 }, { 0x50, 0, 0, 9 }, RETURN_A }, 17 },
	{ "the link's number", { { 0x20, 0, 0, 0xfffff008 }, { 4, 0, 0, 20 }, RETURN_A }, 22 },
	{ "its type", { { 0x20, 0, 0, 0xfffff01c }, { 4, 0, 0, 20 }, RETURN_A }, 21 },
	{ "the protocol", { { 0x20, 0, 0, 0xfffff000 }, { 0x74, 0, 0, 6 }, RETURN_A }, 32 },
	{ "where the payload is", { { 0x20, 0, 0, 0xfffff034 }, { 4, 0, 0, 20 }, RETURN_A }, 28 },
	{ "to whom", { { 0x20, 0, 0, 0xfffff004 }, { 4, 0, 0, 30 }, RETURN_A }, 30 },
	{ "shift by X of 33", { { 0, 0, 0, 33 }, { 7, 0, 0, 0 }, { 0, 0, 0, 10 }, { 0x6c, 0, 0, 0 },
				RETURN_A }, 20 },
	{ "by X of 0", { { 0, 0, 0, 60 }, { 0x3c, 0, 0, 0 }, RETURN(60) }, 0 },
	{ "what is left", { { 0, 0, 0, 61 }, { 0x94, 0, 0, 40 }, RETURN_A }, 21 },
	{ "sums", { { 0, 0, 0, 7 }, { 0x14, 0, 0, 9 }, { 0x84, 0, 0, 0 }, { 0x24, 0, 0, 15 },
		    RETURN_A }, 30 },
	{ "bits", { { 0, 0, 0, 0x55 }, { 0x54, 0, 0, 0x1f }, { 0x44, 0, 0, 2 }, { 0xa4, 0, 0, 1 },
		    RETURN_A }, 0x16 },
	{ "memory", { { 0, 0, 0, 33 }, { 2, 0, 0, 15 }, { 0, 0, 0, 1 }, { 0x60, 0, 0, 15 }, RETURN_A },
	  33 },
	{ "equal", { { 0x80, 0, 0, 0 }, { 0x15, 1, 0, 98 }, RETURN(0), RETURN(44) }, 44 },
	{ "more, not equal", { { 0x80, 0, 0, 0 }, { 0x25, 1, 0, 98 }, RETURN(40), RETURN(44) }, 40 },
	{ "at least", { { 0x80, 0, 0, 0 }, { 0x35, 1, 0, 98 }, RETURN(40), RETURN(44) }, 44 },
	{ "a bit is set", { { 0x80, 0, 0, 0 }, { 0x45, 0, 1, 2 }, RETURN(40), RETURN(44) }, 40 },
	{ "a header's length", { { 0xb1, 0, 0, 0xfff00000 }, { 0x87, 0, 0, 0 }, RETURN_A }, 20 },
	{ "more than there is", { RETURN(UINT32_MAX) }, 98 },
};

static int attach(struct host *h, ph_socket s, const struct bpf_insn *prog, uint32_t n)
{
	return ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ATTACH_FILTER, prog,
			     n * (uint32_t)sizeof(*prog), h->now);
}

static void test_programs_compute_what_they_compute_in_the_kernel(void **state)
{
	struct host *h = host_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		ph_socket s = sock(h, 7);
		uint32_t want = values[i].gives;
		int64_t n;

		assert_int_equal(attach(h, s, values[i].prog, length_of(values[i].prog)), 0);
		arrives(h, US4, 7, 9, 90);
		n = receive(h, s, 0)->n;
		if (n != (want == 0 ? -EAGAIN : want > 8 ? (int64_t)want - 8 : 0))
			fail_msg("%s: %d octets came", values[i].what, (int)n);
		ph_close(h->st, s, h->now);
	}
	host_free(h);
}

/* Whatever passes the check ends, and reads nothing behind the bytes that it may see. */
static void test_programs_at_random_stay_within_their_bytes(void **state)
{
	enum { BYTES = 40, LONGEST = 24, RUNS = 60000 };
	static const uint16_t codes[] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1d, 0x20, 0x25,
		0x28, 0x30, 0x35, 0x3c, 0x40, 0x45, 0x48, 0x50, 0x54, 0x60, 0x61, 0x6c, 0x80, 0x81, 0x84,
		0x87, 0x94, 0xa4, 0xb1,
	};
	uint8_t *bytes = guarded_new(BYTES);
	uint16_t masks[LONGEST];
	unsigned sound = 0, wanted = 0;
	struct prng r;

	(void)state;
	assert_non_null(bytes);
	prng_seed(&r, (const uint8_t[32]){ 9 });
	for (unsigned run = 0; run < RUNS; run++) {
		uint32_t n = 1 + prng_below(&r, LONGEST);
		struct bpf_packet p = { .lead = bytes + 16, .lead_len = BYTES - 16, .before = bytes + 8,
					.before_len = 8, .net_at = -8, .link_at = -8, .has_link = run & 1 };
		struct bpf_insn prog[LONGEST];

		for (uint32_t i = 0; i < n; i++)
			prog[i] = (struct bpf_insn){
				codes[prng_below(&r, ARRAY_LEN(codes))], (uint8_t)prng_below(&r, 4),
				(uint8_t)prng_below(&r, 4),
				prng_below(&r, 4) ? prng_below(&r, 32) :
				prng_below(&r, 2) ? (uint32_t)-0x100000 + prng_below(&r, 64) - 32 :
						    (uint32_t)prng_u64(&r)
			};
		prog[n - 1] = (struct bpf_insn){ run & 2 ? 6 : 0x16, 0, 0, 77 };
		if (bpf_check(prog, n, masks) != 0)
			continue;
		sound++;
		wanted += bpf_run(prog, &p) > 0;
	}
	guarded_free(bytes, BYTES);
	assert_in_range(sound, 1000, RUNS - 1);
	assert_in_range(wanted, 100, sound - 1);
}

/* ---- sockets ---------------------------------------------------------------------------------- */

static int option(struct host *h, ph_socket s, int name, int v)
{
	return ph_setsockopt(h->st, s, PH_SOL_SOCKET, name, &v, 4, h->now);
}

static void test_a_filter_is_attached_locked_and_detached(void **state)
{
	static const struct bpf_insn some[] = { RETURN(8 + 3) }, bad[] = { { 0, 0, 0, 1 } };
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct bpf_insn back[4];
	uint32_t len = sizeof(back);
	struct ph_event e[4];

	(void)state;
	assert_int_equal(option(h, s, PH_SO_DETACH_FILTER, 0), -ENOENT);
	assert_int_equal(attach(h, s, some, 0), -EINVAL);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ATTACH_FILTER, some, 7, h->now),
			 -EINVAL);
	assert_int_equal(attach(h, s, some, 1), 0);
	assert_int_equal(attach(h, s, bad, 1), -EINVAL); /* and the one before stays */
	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_GET_FILTER, back, &len), 0);
	assert_int_equal(len, sizeof(some));
	assert_memory_equal(back, some, sizeof(some));
	arrives(h, US4, 7, 9, 90);
	assert_int_equal(receive(h, s, 0)->n, 3);
	while (ph_ready(h->st, e, 4) > 0)
		;
	assert_int_equal(attach(h, s, (const struct bpf_insn[]){ RETURN(0) }, 1), 0);
	arrives(h, US4, 7, 9, 90);
	assert_int_equal(ph_ready(h->st, e, 4), 0);
	assert_int_equal(drops_of(h, "SOCKET_FILTER"), 1);
	assert_int_equal(count_of(h, "UdpInErrors"), 1);
	assert_int_equal(option(h, s, PH_SO_LOCK_FILTER, 1), 0);
	assert_int_equal(get(h, s, PH_SOL_SOCKET, PH_SO_LOCK_FILTER), 1);
	assert_int_equal(option(h, s, PH_SO_LOCK_FILTER, 0), -EPERM);
	assert_int_equal(option(h, s, PH_SO_DETACH_FILTER, 0), -EPERM);
	assert_int_equal(attach(h, s, some, 1), -EPERM);
	ph_close(h->st, s, h->now);
	s = sock(h, 7);
	assert_int_equal(attach(h, s, some, 1), 0);
	assert_int_equal(option(h, s, PH_SO_DETACH_FILTER, 0), 0);
	arrives(h, US4, 7, 9, 90);
	assert_int_equal(receive(h, s, 0)->n, 90);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* Protocol 17 by the IP header's octet, and the first 21 octets of that. */
static void test_a_raw_socket_s_program_sees_the_ip_header(void **state)
{
	static const struct bpf_insn prog[] = {
		{ 0x30, 0, 0, 9 }, { 0x15, 0, 1, 17 }, RETURN(21), RETURN(0)
	};
	static const struct bpf_insn none[] = { RETURN(0) };
	struct host *h = host_new();
	ph_socket s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, PH_IPPROTO_UDP, h->now);

	(void)state;
	assert_int_equal(attach(h, s, prog, 4), 0);
	arrives(h, US4, 7, 9, 90);
	assert_int_equal(receive(h, s, 0)->n, 21);
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	assert_int_equal(attach(h, s, none, 1), 0);
	arrives(h, US4, 7, 9, 90);
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	assert_int_equal(drops_of(h, "SOCKET_FILTER"), 1);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* What capture programs attach: of frames, UDP from port 9 alone, and 40 octets of each. */
static void test_a_packet_socket_s_program_sees_the_frame(void **state)
{
	static const struct bpf_insn prog[] = {
		{ 0x28, 0, 0, 12 }, { 0x15, 0, 5, 0x0800 }, { 0xb1, 0, 0, 14 }, { 0x48, 0, 0, 14 },
		{ 0x15, 0, 2, 9 },  { 0x30, 0, 0, 23 },	    RETURN(40),		RETURN(0),
	};
	struct host *h = host_new();
	ph_socket s = ph_socket_new(h->st, PH_AF_PACKET, PH_SOCK_RAW, 0x0300, h->now);
	ph_socket low = ph_socket_new(h->st, PH_AF_PACKET, PH_SOCK_DGRAM, 0x0300, h->now);
	uint32_t aux[5], stats[2], len = sizeof(stats);
	struct got *g;

	(void)state;
	assert_int_equal(attach(h, s, prog, ARRAY_LEN(prog)), 0);
	assert_int_equal(attach(h, low, (const struct bpf_insn[]){ { 0x30, 0, 0, 9 }, RETURN_A }, 2), 0);
	set(h, s, PH_SOL_PACKET, PH_PACKET_AUXDATA, 1);
	arrives(h, US4, 7, 8, 90);
	arrives(h, US4, 7, 9, 90);
	g = receive(h, s, 0);
	assert_int_equal(g->n, 40);
	memcpy(aux, control(g, 0, PH_SOL_PACKET, PH_PACKET_AUXDATA, sizeof(aux)), sizeof(aux));
	assert_int_equal(aux[1], 14 + 20 + 8 + 90);
	assert_int_equal(aux[2], 40);
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_PACKET, PH_PACKET_STATISTICS, stats, &len), 0);
	assert_int_equal(stats[0], 1);
	assert_int_equal(receive(h, low, 0)->n, 17);
	ph_close(h->st, s, h->now);
	ph_close(h->st, low, h->now);
	host_free(h);
}

static void test_there_is_no_encapsulation(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	set(h, s, PH_IPPROTO_UDP, PH_UDP_ENCAP, 0);
	assert_int_equal(get(h, s, PH_IPPROTO_UDP, PH_UDP_ENCAP), 0);
	for (int v = 1; v < 8; v++)
		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_ENCAP, &v, 4, h->now),
				 -ENOPROTOOPT);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_ENCAP, "ab", 2, h->now), -EINVAL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_are_refused_as_the_kernel_refuses_them),
		cmocka_unit_test(test_programs_compute_what_they_compute_in_the_kernel),
		cmocka_unit_test(test_programs_at_random_stay_within_their_bytes),
		cmocka_unit_test(test_a_filter_is_attached_locked_and_detached),
		cmocka_unit_test(test_a_raw_socket_s_program_sees_the_ip_header),
		cmocka_unit_test(test_a_packet_socket_s_program_sees_the_frame),
		cmocka_unit_test(test_there_is_no_encapsulation),
	};

	return cmocka_run_group_tests_name("bpf", tests, NULL, NULL);
}
