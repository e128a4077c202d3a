/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapng and pcap: what is written is read back, and what strangers write is read or refused. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/pcapng.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static char err[PCAPNG_ERR_TEXT];

struct file {
	char path[40];
	struct pcapng_writer *w;
};

static struct file create(void)
{
	struct file f = { .path = "/tmp/test-pcapng-XXXXXX" };
	int fd = mkstemp(f.path);

	assert_true(fd >= 0);
	close(fd);
	f.w = pcapng_writer_open(f.path, err, sizeof(err));
	assert_non_null(f.w);
	return f;
}

static struct pcapng_reader *reopen(struct file *f)
{
	struct pcapng_reader *r;

	assert_int_equal(pcapng_writer_close(f->w), 0);
	r = pcapng_reader_open(f->path, err, sizeof(err));
	if (!r)
		fail_msg("%s", err);
	unlink(f->path);
	return r;
}

static void test_packets_of_every_length_come_back_whole(void **state)
{
	struct file f = create();
	struct pcapng_reader *r;
	uint8_t bytes[300];
	uint32_t eth, ip;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31);
	assert_int_equal(pcapng_writer_add_if(f.w, "dut.tap0", PCAPNG_LINK_ETHERNET, &eth), 0);
	assert_int_equal(pcapng_writer_add_if(f.w, "tun", PCAPNG_LINK_RAW_IP, &ip), 0);
	for (uint32_t len = 0; len < sizeof(bytes); len++) {
		struct pcapng_packet pkt = {
			.if_id = len % 2 ? ip : eth, .dir = (enum pcapng_dir)(len % 3),
			.time_ns = 1700000000123456789u + len, .caplen = len, .len = len + len % 5,
			.data = bytes,
		};
		char comment[64];

		snprintf(comment, sizeof(comment), "%.*s", (int)(len % 50),
			 "dropped: queue full, and more words than anyone reads");
		pkt.comment = len % 4 ? comment : NULL;
		assert_int_equal(pcapng_writer_packet(f.w, &pkt), 0);
	}
	r = reopen(&f);
	for (uint32_t len = 0; len < sizeof(bytes); len++) {
		struct pcapng_packet pkt;

		assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), 1);
		assert_int_equal(pkt.if_id, len % 2);
		assert_int_equal(pkt.dir, len % 3);
		assert_true(pkt.time_ns == 1700000000123456789u + len);
		assert_int_equal(pkt.caplen, len);
		assert_int_equal(pkt.len, len + len % 5);
		assert_memory_equal(pkt.data, bytes, len);
		assert_int_equal(pkt.comment != NULL, len % 4 != 0);
		if (pkt.comment)
			assert_int_equal(strlen(pkt.comment), len % 50);
	}
	assert_string_equal(pcapng_reader_if(r, 0)->name, "dut.tap0");
	assert_int_equal(pcapng_reader_if(r, 0)->linktype, PCAPNG_LINK_ETHERNET);
	assert_int_equal(pcapng_reader_if(r, 1)->linktype, PCAPNG_LINK_RAW_IP);
	assert_null(pcapng_reader_if(r, 2));
	assert_int_equal(pcapng_reader_next(r, &(struct pcapng_packet){ 0 }, err, sizeof(err)), 0);
	pcapng_reader_free(r);
}

static void test_a_packet_longer_than_the_writers_buffer_comes_back(void **state)
{
	struct file f = create();
	struct pcapng_packet pkt = { .caplen = 1 << 20, .len = 1 << 20 }, got;
	uint8_t *bytes = malloc(1 << 20);
	struct pcapng_reader *r;
	uint32_t id;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 0x5a, 1 << 20);
	pkt.data = bytes;
	assert_int_equal(pcapng_writer_add_if(f.w, "x", PCAPNG_LINK_ETHERNET, &id), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pcapng_writer_packet(f.w, &pkt), 0);
	r = reopen(&f);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pcapng_reader_next(r, &got, err, sizeof(err)), 1);
		assert_int_equal(got.caplen, 1 << 20);
		assert_memory_equal(got.data, bytes, 1 << 20);
	}
	pcapng_reader_free(r);
	free(bytes);
}

static void test_statistics_are_passed_over_by_the_reader(void **state)
{
	struct file f = create();
	struct pcapng_packet pkt = { .data = (const uint8_t *)"x", .caplen = 1, .len = 1 };
	struct pcapng_reader *r;
	uint32_t id;

	(void)state;
	assert_int_equal(pcapng_writer_add_if(f.w, "x", PCAPNG_LINK_ETHERNET, &id), 0);
	assert_int_equal(pcapng_writer_stats(f.w, id, 1, 2, 3), 0);
	assert_int_equal(pcapng_writer_packet(f.w, &pkt), 0);
	assert_int_equal(pcapng_writer_stats(f.w, id, 1, 2, 3), 0);
	r = reopen(&f);
	assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), 1);
	assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), 0);
	pcapng_reader_free(r);
}

static void test_a_packet_of_no_interface_is_refused(void **state)
{
	struct file f = create();
	struct pcapng_packet pkt = { .if_id = 0 };

	(void)state;
	assert_int_equal(pcapng_writer_packet(f.w, &pkt), -EINVAL);
	assert_int_equal(pcapng_writer_stats(f.w, 0, 1, 2, 3), -EINVAL);
	pcapng_reader_free(reopen(&f));
}

static void test_a_file_that_cannot_grow_is_reported_from_then_on(void **state)
{
	struct file f = create();
	uint8_t bytes[1000] = { 0 };
	struct pcapng_packet pkt = { .data = bytes, .caplen = 1000, .len = 1000 };
	struct rlimit old, small;
	uint32_t id, n = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4 << 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(pcapng_writer_add_if(f.w, "x", PCAPNG_LINK_ETHERNET, &id), 0);
	while (pcapng_writer_packet(f.w, &pkt) == 0)
		assert_true(++n < 10000);
	assert_int_equal(pcapng_writer_packet(f.w, &pkt), -EFBIG);
	assert_int_equal(pcapng_writer_flush(f.w), -EFBIG);
	assert_int_equal(pcapng_writer_close(f.w), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	unlink(f.path);
}

static void test_a_full_disk_is_told_at_once(void **state)
{
	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_null(pcapng_writer_open("/dev/full", err, sizeof(err)));
	assert_non_null(strstr(err, "/dev/full: cannot be written: No space left"));
}

static void test_a_path_that_cannot_be_made_is_told(void **state)
{
	(void)state;
	assert_null(pcapng_writer_open("/nowhere/at/all", err, sizeof(err)));
	assert_non_null(strstr(err, "/nowhere/at/all: cannot be written: No such file"));
	assert_null(pcapng_reader_open("/nowhere/at/all", err, sizeof(err)));
	assert_non_null(strstr(err, "/nowhere/at/all: cannot be read: No such file"));
	assert_null(pcapng_reader_open("/tmp", err, sizeof(err)));
	assert_non_null(strstr(err, "/tmp: not a regular file"));
}

/* A file as hex digits. */
struct text_file {
	const char *name, *bytes;
	uint64_t time_ns;	/* of the one packet, */
	const char *data;	/* which holds this; NULL: no packet */
	const char *told;	/* or the error */
};

#define SHB "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000"
#define IDB "01000000 14000000 0100 0000 00000000 14000000"
#define SHB_BE "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"
#define IDB_BE "00000001 00000014 0001 0000 00000000 00000014"
/* An interface with one option of one byte: if_tsresol. */
#define IDB_RES(res) \
	"01000000 20000000 0100 0000 00000000 0900 0100" res "000000 0000 0000 20000000"
/* A packet of four bytes at time 0x00000001_80000000 of interface 0. */
#define EPB_TIME(hi, lo) \
	"06000000 24000000 00000000" hi lo "04000000 04000000 61626364 24000000"
#define EPB EPB_TIME("00000000", "05000000")

static const struct text_file files[] = {
	{ "an empty section", SHB, 0, NULL, NULL },
	{ "microseconds are the default", SHB IDB EPB, 5000, "abcd", NULL },
	{ "big-endian", SHB_BE IDB_BE
	  "00000006 00000024 00000000 00000000 00000005 00000004 00000004 61626364 00000024",
	  5000, "abcd", NULL },
	{ "sections of both byte orders in one file", SHB_BE IDB_BE SHB IDB EPB, 5000, "abcd",
	  NULL },
	{ "nanoseconds", SHB IDB_RES("09") EPB, 5, "abcd", NULL },
	{ "seconds", SHB IDB_RES("00") EPB, 5000000000, "abcd", NULL },
	{ "picoseconds are rounded down", SHB IDB_RES("0c") EPB_TIME("00000000", "e8fd0000"), 65,
	  "abcd", NULL },
	{ "10^-30 seconds are nothing", SHB IDB_RES("1e") EPB, 0, "abcd", NULL },
	{ "2^-32 seconds", SHB IDB_RES("a0") EPB_TIME("02000000", "00000080"), 2500000000, "abcd",
	  NULL },
	{ "2^-1 seconds", SHB IDB_RES("81") EPB, 2500000000, "abcd", NULL },
	{ "2^-64 seconds", SHB IDB_RES("c0") EPB_TIME("00000080", "00000000"), 500000000, "abcd",
	  NULL },
	{ "2^-127 seconds", SHB IDB_RES("ff") EPB_TIME("ffffffff", "ffffffff"), 0, "abcd", NULL },
	{ "a time beyond what fits", SHB IDB_RES("00") EPB_TIME("ffffffff", "ffffffff"), 0, NULL,
	  "byte 60: a packet's time is beyond the year 2554" },
	{ "a time offset", SHB "01000000 24000000 0100 0000 00000000 0e00 0800 0200000000000000"
	  "0000 0000 24000000" EPB, 2000005000, "abcd", NULL },
	{ "a negative time offset before 1970", SHB "01000000 24000000 0100 0000 00000000"
	  "0e00 0800 ffffffffffffffff 0000 0000 24000000" EPB, 0, NULL, "before 1970" },
	{ "the lowest time offset there is", SHB "01000000 24000000 0100 0000 00000000"
	  "0e00 0800 0000000000000080 0000 0000 24000000" EPB, 0, NULL, "is out of range" },
	{ "unknown blocks are passed over", SHB "efbe0000 10000000 aaaaaaaa 10000000" IDB
	  "0a000000 0c000000 0c000000" EPB, 5000, "abcd", NULL },
	{ "unknown options are passed over", SHB IDB "06000000 30000000 00000000 00000000 05000000"
	  "04000000 04000000 61626364 3412 0100 ff000000 0000 0000 30000000", 5000, "abcd", NULL },
	{ "options without an end mark", SHB IDB "06000000 2c000000 00000000 00000000 05000000"
	  "04000000 04000000 61626364 3412 0100 ff000000 2c000000", 5000, "abcd", NULL },
	{ "a simple packet", SHB IDB
	  "03000000 14000000 04000000 61626364 14000000", 0, "abcd", NULL },
	{ "a simple packet cut to the snap length", SHB
	  "01000000 14000000 0100 0000 02000000 14000000"
	  "03000000 14000000 09000000 61620000 14000000", 0, "ab", NULL },
	{ "an old packet block", SHB IDB "02000000 24000000 0000 0000 00000000 05000000 04000000"
	  "04000000 61626364 24000000", 5000, "abcd", NULL },
	{ "classic pcap", "d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000"
	  "01000000 05000000 04000000 04000000 61626364", 1000005000, "abcd", NULL },
	{ "classic pcap, big-endian nanoseconds", "a1b23c4d 00020004 00000000 00000000 0000ffff"
	  "00000001 00000001 00000005 00000004 00000004 61626364", 1000000005, "abcd", NULL },
	{ "classic pcap cut in a header", "d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000"
	  "01000000 05000000", 0, NULL, "byte 24: the file ends within a record header" },
	{ "classic pcap cut in a packet", "d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000"
	  "01000000 05000000 ffffffff 04000000 61626364", 0, NULL,
	  "a packet of 4294967295 captured bytes, but the file ends after 4: it is cut short" },
	{ "classic pcap cut in the file header", "d4c3b2a1 0200", 0, NULL,
	  "the file ends within its header" },
	{ "no capture at all", "48656c6c6f", 0, NULL, "neither pcapng nor pcap begins like this" },
	{ "three bytes", "0a0d0d", 0, NULL, "neither pcapng nor pcap begins like this" },
	{ "a section header cut short", "0a0d0d0a 1c000000 4d3c2b", 0, NULL,
	  "the file ends within a block" },
	{ "a byte order of its own",
	  "0a0d0d0a 1c000000 4d3c2b1b 0100 0000 ffffffffffffffff 1c000000",
	  0, NULL, "byte order mark 1b2b3c4d" },
	{ "a version from the future",
	  "0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ffffffffffffffff 1c000000",
	  0, NULL, "a section of version 2" },
	{ "a block cut short", SHB "06000000 24000000 00000000 0000", 0, NULL,
	  "byte 28: a block of 36 bytes, but the file ends after 14: it is cut short" },
	{ "a block header cut short", SHB IDB "060000", 0, NULL, "byte 48: the file ends within" },
	{ "a block of no length", SHB "06000000 00000000 00000000", 0, NULL,
	  "a block of length 0; it would be 12 or more" },
	{ "a block of odd length", SHB "06000000 0d000000 00 0d000000", 0, NULL,
	  "a block of length 13; it would be 12 or more, in steps of 4" },
	{ "two lengths that differ", SHB "06000000 0c000000 10000000", 0, NULL,
	  "a block of length 12 whose end says 16" },
	{ "a packet before any interface", SHB EPB, 0, NULL,
	  "a packet of interface 0, but the section has only 0" },
	{ "an interface of the section before", SHB IDB SHB EPB, 0, NULL,
	  "a packet of interface 0, but the section has only 0" },
	{ "a packet longer than its block", SHB IDB "06000000 24000000 00000000 00000000 05000000"
	  "05000000 05000000 61626364 24000000", 0, NULL,
	  "a packet of 5 captured bytes is longer" },
	{ "a packet of four gigabytes", SHB IDB "06000000 24000000 00000000 00000000 05000000"
	  "ffffffff 05000000 61626364 24000000", 0, NULL, "4294967295 captured bytes is longer" },
	{ "a simple packet longer than its block", SHB IDB
	  "03000000 14000000 05000000 61626364 14000000", 0, NULL, "5 captured bytes is longer" },
	{ "a packet block of nothing", SHB IDB "06000000 0c000000 0c000000", 0, NULL,
	  "a packet block of 0 bytes is too short" },
	{ "an interface block of nothing", SHB "01000000 0c000000 0c000000", 0, NULL,
	  "an interface block of 0 bytes is too short" },
	{ "an option longer than its block", SHB IDB "06000000 28000000 00000000 00000000 05000000"
	  "04000000 04000000 61626364 0100 ffff 28000000", 0, NULL,
	  "option 1 of 65535 bytes is longer than its block" },
};

static size_t hex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		char pair[3] = { text[0], text[1], 0 };
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		text++;
	}
	return n;
}

/* Each file is read from memory that ends where it ends. */
static void test_file(void **state)
{
	const struct text_file *row = *state;
	struct pcapng_packet pkt = { 0 };
	uint8_t bytes[512], *exact;
	size_t n = hex(row->bytes, bytes);
	struct pcapng_reader *r;
	int rc = -EBADMSG;

	exact = malloc(n);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	err[0] = '\0';
	r = pcapng_reader_mem(exact, n, "row", err, sizeof(err));
	if (r)
		rc = pcapng_reader_next(r, &pkt, err, sizeof(err));
	if (row->told) {
		assert_int_equal(rc, -EBADMSG);
		if (!strstr(err, row->told) || strncmp(err, "row: byte ", 10) != 0)
			fail_msg("told: %s\nnot: %s", err, row->told);
		if (r)
			assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), -EBADMSG);
	} else if (row->data) {
		if (rc != 1)
			fail_msg("%d: %s", rc, err);
		assert_int_equal(pkt.caplen, strlen(row->data));
		assert_memory_equal(pkt.data, row->data, pkt.caplen);
		assert_true(pkt.time_ns == row->time_ns);
		assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), 0);
	} else {
		assert_int_equal(rc, 0);
	}
	pcapng_reader_free(r);
	free(exact);
}

/* Random damage: whatever it does, reading ends, within the bytes, and an error is a sentence. */
static void test_damaged_files_never_harm_the_reader(void **state)
{
	uint8_t good[512], *bad;
	uint32_t x = 4711;

	(void)state;
	for (size_t row = 0; row < ARRAY_LEN(files); row++) {
		size_t n = hex(files[row].bytes, good);

		for (int round = 0; round < 500; round++) {
			struct pcapng_packet pkt;
			struct pcapng_reader *r;
			size_t cut;
			int rc, packets = 0;

			x = x * 1664525 + 1013904223;
			cut = x >> 30 ? n : (x >> 8) % n + 1;
			bad = malloc(cut);
			assert_non_null(bad);
			memcpy(bad, good, cut);
			for (uint32_t k = 0; k < 1 + (x >> 28) % 3; k++) {
				x = x * 1664525 + 1013904223;
				bad[(x >> 8) % cut] = (uint8_t)(x >> 24);
			}
			r = pcapng_reader_mem(bad, cut, "bad", err, sizeof(err));
			while (r && (rc = pcapng_reader_next(r, &pkt, err, sizeof(err))) > 0) {
				assert_true(pkt.data >= bad && pkt.data + pkt.caplen <= bad + cut);
				assert_true(++packets < 100);
			}
			pcapng_reader_free(r);
			free(bad);
		}
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(files) + 8] = {
		cmocka_unit_test(test_packets_of_every_length_come_back_whole),
		cmocka_unit_test(test_a_packet_longer_than_the_writers_buffer_comes_back),
		cmocka_unit_test(test_statistics_are_passed_over_by_the_reader),
		cmocka_unit_test(test_a_packet_of_no_interface_is_refused),
		cmocka_unit_test(test_a_file_that_cannot_grow_is_reported_from_then_on),
		cmocka_unit_test(test_a_full_disk_is_told_at_once),
		cmocka_unit_test(test_a_path_that_cannot_be_made_is_told),
		cmocka_unit_test(test_damaged_files_never_harm_the_reader),
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		tests[8 + i] = (struct CMUnitTest){ files[i].name, test_file, NULL, NULL,
						    (void *)(uintptr_t)&files[i] };
	return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
