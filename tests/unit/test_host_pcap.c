/* SPDX-License-Identifier: BSD-2-Clause */
/* phantom's own captures, read back by the bench's reader, which is other code. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/pcapng.h"
#include "host/pcap.h"

struct fixture {
	char path[32];
	struct pcap *pcap;
	struct pcapng_reader *reader;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	char err[256];
	int fd;

	strcpy(f->path, "/tmp/test_host_pcap.XXXXXX");
	fd = mkstemp(f->path);
	if (fd < 0 || close(fd) < 0)
		return -1;
	f->pcap = pcap_open(f->path, err, sizeof(err));
	if (f->pcap)
		pcap_interface(f->pcap, "tap0", PH_LINK_ETHER);
	*state = f;
	return f->pcap ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)pcap_close(f->pcap);
	if (f->reader)
		pcapng_reader_free(f->reader);
	(void)unlink(f->path);
	test_free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	char err[256];

	assert_int_equal(pcap_close(f->pcap), 0);
	f->pcap = NULL;
	f->reader = pcapng_reader_open(f->path, err, sizeof(err));
	if (!f->reader)
		fail_msg("%s", err);
}

static struct pcapng_packet next(struct fixture *f)
{
	struct pcapng_packet p = { 0 };
	char err[256] = "";

	if (pcapng_reader_next(f->reader, &p, err, sizeof(err)) != 1)
		fail_msg("no packet: %s", err);
	return p;
}

static void assert_end(struct fixture *f)
{
	struct pcapng_packet p;
	char err[256] = "";

	assert_int_equal(pcapng_reader_next(f->reader, &p, err, sizeof(err)), 0);
}

static void put(struct fixture *f, enum pcap_direction dir, uint64_t at_ns, const void *bytes,
		size_t len)
{
	struct ph_iov iov = { (void *)(uintptr_t)bytes, len };

	pcap_begin(f->pcap, 0, dir, at_ns, &iov, 1, len);
	pcap_end(f->pcap);
}

static void test_frames_of_every_length_keep_bytes_time_and_direction(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[70];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t len = 1; len <= sizeof(bytes); len++)
		put(f, len % 2 ? PCAP_IN : PCAP_OUT, 1700000000123456789u + len, bytes, len);
	reopen(f);
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		struct pcapng_packet p = next(f);

		assert_int_equal(p.caplen, len);
		assert_int_equal(p.len, len);
		assert_memory_equal(p.data, bytes, len);
		assert_true(p.time_ns == 1700000000123456789u + len);
		assert_int_equal(p.dir, len % 2 ? PCAPNG_DIR_IN : PCAPNG_DIR_OUT);
		assert_null(p.comment);
		assert_string_equal(pcapng_reader_if(f->reader, p.if_id)->name, "tap0");
		assert_int_equal(pcapng_reader_if(f->reader, p.if_id)->linktype,
				 PCAPNG_LINK_ETHERNET);
	}
	assert_end(f);
}

static void test_pieces_are_joined(void **state)
{
	struct fixture *f = *state;
	char a[] = "abc", b[] = "defgh", c[] = "i";
	struct ph_iov iov[] = { { a, 3 }, { b, 5 }, { c, 1 } };
	struct pcapng_packet p;

	pcap_begin(f->pcap, 0, PCAP_OUT, 1, iov, 3, 9);
	pcap_end(f->pcap);
	reopen(f);
	p = next(f);
	assert_int_equal(p.caplen, 9);
	assert_memory_equal(p.data, "abcdefghi", 9);
}

static void test_only_the_bytes_that_arrived_are_written(void **state)
{
	struct fixture *f = *state;
	char room[64] = "frame";
	struct ph_iov iov = { room, sizeof(room) };
	struct pcapng_packet p;

	pcap_begin(f->pcap, 0, PCAP_IN, 1, &iov, 1, 5);
	pcap_end(f->pcap);
	reopen(f);
	p = next(f);
	assert_int_equal(p.caplen, 5);
	assert_int_equal(p.len, 5);
}

static void test_a_drop_reason_becomes_the_comment_of_its_frame_alone(void **state)
{
	struct fixture *f = *state;
	char bytes[] = "frame";
	struct ph_iov iov = { bytes, 5 };

	pcap_note(f->pcap, "NOMEM", "before any frame", 5);
	pcap_begin(f->pcap, 0, PCAP_IN, 1, &iov, 1, 5);
	pcap_note(f->pcap, "OTHER", "of another length", 6);
	pcap_note(f->pcap, "TCP_CSUM", "TCP checksum wrong", 5);
	pcap_end(f->pcap);
	put(f, PCAP_IN, 2, bytes, 5);
	reopen(f);
	assert_string_equal(next(f).comment, "dropped: TCP_CSUM: TCP checksum wrong");
	assert_null(next(f).comment);
}

static void test_super_segments_pass_the_buffer_whole(void **state)
{
	struct fixture *f = *state;
	uint8_t *bytes = test_malloc(65549);
	enum { FRAMES = 30 }; /* several times what is buffered */

	for (size_t i = 0; i < 65549; i++)
		bytes[i] = (uint8_t)(i >> 3);
	for (uint64_t i = 0; i < FRAMES; i++)
		put(f, PCAP_OUT, i, bytes, 65549 - i);
	reopen(f);
	for (uint64_t i = 0; i < FRAMES; i++) {
		struct pcapng_packet p = next(f);

		assert_int_equal(p.caplen, 65549 - i);
		assert_memory_equal(p.data, bytes, p.caplen);
	}
	assert_end(f);
	test_free(bytes);
}

static void test_a_path_that_cannot_be_written_is_told(void **state)
{
	char err[256] = "";

	(void)state;
	assert_null(pcap_open("/nowhere/at/all", err, sizeof(err)));
	assert_non_null(strstr(err, "/nowhere/at/all"));
}

static void test_a_full_disk_is_not_silent(void **state)
{
	struct pcap *p;
	char err[256];
	char bytes[] = "frame";
	struct ph_iov iov = { bytes, 5 };

	(void)state;
	p = pcap_open("/dev/full", err, sizeof(err));
	assert_non_null(p);
	pcap_begin(p, 0, PCAP_IN, 1, &iov, 1, 5);
	pcap_end(p);
	assert_true(pcap_close(p) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_frames_of_every_length_keep_bytes_time_and_direction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces_are_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_the_bytes_that_arrived_are_written, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_a_drop_reason_becomes_the_comment_of_its_frame_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_super_segments_pass_the_buffer_whole, setup,
						teardown),
		cmocka_unit_test(test_a_path_that_cannot_be_written_is_told),
		cmocka_unit_test(test_a_full_disk_is_not_silent),
	};

	return cmocka_run_group_tests_name("host_pcap", tests, NULL, NULL);
}
