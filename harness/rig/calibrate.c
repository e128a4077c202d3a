/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames through a link, numbered and timed; see calibrate.h. Arrivals have the kernel's stamps, so
 * that how soon this program is woken does not count.
 */
#define _GNU_SOURCE
#include "harness/rig/calibrate.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	BATCH = 64,
	TYPE_AT = 12, TYPE = 0x88b5,	/* IEEE 802's for experiments */
	TYPE_IP = 0x0800, IP_AT = 14, UDP_AT = 34,
	RUN_AT = 44, NO_AT = 48,
	PATIENCE_NS = 500000000,
};

static uint32_t runs;	/* frames of an earlier run may still come */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* UDP from one of two ports, between addresses for documentation; who hears it has no use for it, as the
 * sums are wrong. */
static void fill_udp(uint8_t *frame, uint32_t len, bool second)
{
	enum { V4 = 0x45, HOPS = 64, UDP = 17, FROM = 0xc0000201, TO = 0xc0000202, PORT = 9000 };
	uint8_t *ip = frame + IP_AT, *udp = frame + UDP_AT;

	put16(frame + TYPE_AT, TYPE_IP);
	ip[0] = V4;
	put16(ip + 2, len - IP_AT);
	ip[8] = HOPS;
	ip[9] = UDP;
	put32(ip + 12, FROM);
	put32(ip + 16, TO);
	put16(udp, PORT + second);
	put16(udp + 2, PORT);
	put16(udp + 4, len - UDP_AT);
}

static bool is_second(const struct calibrate_run *run, uint32_t no)
{
	return run->thin != 0 && no % run->thin == 0;
}

static void fill(uint8_t *frame, const struct calibrate_run *run, uint32_t no)
{
	memset(frame, 0, CALIBRATE_LEN_MAX);
	memset(frame, 0xff, 6);
	frame[6] = 2;
	put16(frame + TYPE_AT, TYPE);
	if (run->thin)
		fill_udp(frame, run->len, is_second(run, no));
	put32(frame + RUN_AT, runs);
	put32(frame + NO_AT, no);
}

static bool number_of(const uint8_t *frame, size_t len, uint32_t *no)
{
	uint32_t type = len < NO_AT + 4 ? 0 : (uint32_t)frame[TYPE_AT] << 8 | frame[TYPE_AT + 1];

	if ((type != TYPE && type != TYPE_IP) || get32(frame + RUN_AT) != runs)
		return false;
	*no = get32(frame + NO_AT);
	return true;
}

static int start(struct calibrate_run *run, uint32_t n, uint32_t len, uint32_t thin)
{
	memset(run, 0, sizeof(*run));
	runs++;
	run->n = n;
	run->len = len;
	run->thin = thin;
	run->sent_ns = calloc(n, sizeof(*run->sent_ns));
	run->came_ns = calloc(n, sizeof(*run->came_ns));
	run->times = calloc(n, sizeof(*run->times));
	return run->sent_ns && run->came_ns && run->times ? 0 : -ENOMEM;
}

void calibrate_free(struct calibrate_run *run)
{
	free(run->sent_ns);
	free(run->came_ns);
	free(run->times);
	memset(run, 0, sizeof(*run));
}

static void came(struct calibrate_run *run, uint32_t no, uint64_t at_ns)
{
	if (no >= run->n)
		return;
	if (run->times[no] < UINT8_MAX)
		run->times[no]++;
	if (run->came_ns[no] == 0 || at_ns < run->came_ns[no])
		run->came_ns[no] = at_ns;
}

static uint64_t stamp_of(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec ts;

			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
		}
	return now_ns();
}

struct inbox {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	uint8_t frame[BATCH][128];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][64];
};

/* What is there: how many of this run's. */
static unsigned int take(int rx, struct calibrate_run *run)
{
	static struct inbox in;
	unsigned int n = 0;
	int got;

	do {
		for (int i = 0; i < BATCH; i++) {
			in.iov[i] = (struct iovec){ in.frame[i], sizeof(in.frame[i]) };
			in.msg[i].msg_hdr = (struct msghdr){ .msg_iov = &in.iov[i], .msg_iovlen = 1,
							     .msg_control = in.control[i],
							     .msg_controllen = sizeof(in.control[i]) };
		}
		got = recvmmsg(rx, in.msg, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < got; i++) {
			uint32_t no;

			if (!number_of(in.frame[i], in.msg[i].msg_len, &no))
				continue;
			n++;
			if (run)
				came(run, no, stamp_of(&in.msg[i].msg_hdr));
		}
	} while (got == BATCH);
	return n;
}

static void wait_until(int rx, uint64_t at_ns)
{
	struct pollfd p = { .fd = rx, .events = POLLIN };
	uint64_t now = now_ns();
	struct timespec ts = { .tv_nsec = 0 };

	if (at_ns <= now)
		return;
	ts.tv_sec = (time_t)((at_ns - now) / 1000000000u);
	ts.tv_nsec = (long)((at_ns - now) % 1000000000u);
	(void)ppoll(&p, 1, &ts, NULL);
}

static int send_real(const struct calibrate_ends *ends, struct calibrate_run *run, uint64_t gap_ns,
		     uint64_t rest_ns)
{
	uint8_t frame[CALIBRATE_LEN_MAX];
	uint64_t begin, quiet, got = 0;
	int one = 1;

	if (setsockopt(ends->rx, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) != 0)
		return -errno;
	take(ends->rx, NULL);
	begin = now_ns();
	for (uint32_t i = 0; i < run->n; i++) {
		while (now_ns() < begin + i * gap_ns) {
			/* The last stretch is waited for awake: a sleep may be longer than it. */
			if (begin + i * gap_ns > now_ns() + 200000)
				wait_until(ends->rx, begin + i * gap_ns - 100000);
			got += take(ends->rx, run);
		}
		fill(frame, run, i);
		run->sent_ns[i] = now_ns();
		if (send(ends->tx, frame, run->len, 0) < 0 && errno != ENOBUFS)
			return -errno;
		if (i % BATCH == 0)
			got += take(ends->rx, run);
	}
	quiet = now_ns() + rest_ns + PATIENCE_NS;
	while (now_ns() < quiet) {
		unsigned int more;

		wait_until(ends->rx, quiet);
		more = take(ends->rx, run);
		got += more;
		if (more > 0 && quiet < now_ns() + PATIENCE_NS)
			quiet = now_ns() + PATIENCE_NS;
	}
	return got > 0 || run->n == 0 ? 0 : -ETIMEDOUT;
}

static void pop_all(struct link_pipe *p, struct calibrate_run *run, uint64_t until)
{
	struct link_frame *f;
	uint32_t no;

	for (uint64_t at; (at = link_pipe_next_at(p)) <= until && at != UINT64_MAX;)
		while ((f = link_pipe_pop(p, at))) {
			if (number_of(f->data, f->len, &no))
				came(run, no, f->at_ns);
			link_pipe_free_frame(p, f);
		}
}

/* Frames at their times of sending. */
static int send_virtual(struct link_pipe *p, struct calibrate_run *run)
{
	uint8_t frame[CALIBRATE_LEN_MAX];

	for (uint32_t i = 0; i < run->n; i++) {
		int rc;

		pop_all(p, run, run->sent_ns[i]);
		fill(frame, run, i);
		rc = link_pipe_push(p, run->sent_ns[i], frame, run->len, NULL);
		if (rc)
			return rc;
	}
	pop_all(p, run, UINT64_MAX - 1);
	return 0;
}

int calibrate_send(const struct calibrate_ends *ends, struct calibrate_run *run,
		   const struct calibrate_load *load)
{
	int rc = start(run, load->n, load->len, load->thin);

	if (rc)
		return rc;
	if (!ends->pipe)
		return send_real(ends, run, load->gap_ns, load->rest_ns);
	for (uint32_t i = 0; i < run->n; i++)
		run->sent_ns[i] = 1 + i * load->gap_ns;
	return send_virtual(ends->pipe, run);
}

int calibrate_model(struct link_pipe *p, struct calibrate_run *run, const struct calibrate_run *sent)
{
	int rc = start(run, sent->n, sent->len, sent->thin);

	if (rc)
		return rc;
	memcpy(run->sent_ns, sent->sent_ns, sent->n * sizeof(*sent->sent_ns));
	return send_virtual(p, run);
}

static double ceiling_virtual(struct link_pipe *p, uint64_t for_ns)
{
	uint8_t frame[CALIBRATE_LEN_MAX];
	const struct calibrate_run run = { .len = CALIBRATE_LEN_MIN };
	uint64_t begin = now_ns(), n = 0;
	struct link_frame *f;

	fill(frame, &run, 0);
	while (now_ns() < begin + for_ns)
		for (int i = 0; i < BATCH; i++) {
			if (link_pipe_push(p, n, frame, CALIBRATE_LEN_MIN, NULL) != 0)
				return 0;
			while ((f = link_pipe_pop(p, n)))
				link_pipe_free_frame(p, f);
			n++;
		}
	return (double)n * 1e9 / (double)(now_ns() - begin);
}

double calibrate_ceiling(const struct calibrate_ends *ends, uint64_t for_ns)
{
	static uint8_t frame[BATCH][CALIBRATE_LEN_MAX];
	struct mmsghdr msg[BATCH] = { 0 };
	const struct calibrate_run run = { .len = CALIBRATE_LEN_MIN };
	struct iovec iov[BATCH];
	uint64_t begin, got = 0;

	if (ends->pipe)
		return ceiling_virtual(ends->pipe, for_ns);
	runs++;
	for (uint32_t i = 0; i < BATCH; i++) {
		fill(frame[i], &run, i);
		iov[i] = (struct iovec){ frame[i], CALIBRATE_LEN_MIN };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	take(ends->rx, NULL);
	begin = now_ns();
	while (now_ns() < begin + for_ns) {
		(void)sendmmsg(ends->tx, msg, BATCH, MSG_DONTWAIT);
		got += take(ends->rx, NULL);
	}
	return (double)got * 1e9 / (double)(now_ns() - begin);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t calibrate_delay_error(const struct calibrate_run *run, uint64_t delay_ns, double share)
{
	uint64_t *error = malloc(run->n * sizeof(*error) + 1), result = UINT64_MAX;
	size_t n = 0;

	for (uint32_t i = 0; error && i < run->n; i++) {
		uint64_t due = run->sent_ns[i] + delay_ns;

		if (run->times[i] > 0)
			error[n++] = run->came_ns[i] > due ? run->came_ns[i] - due
							    : due - run->came_ns[i];
	}
	if (n > 0) {
		qsort(error, n, sizeof(*error), by_size);
		result = error[(size_t)((double)(n - 1) * share)];
	}
	free(error);
	return result;
}

uint32_t calibrate_lost(const struct calibrate_run *run)
{
	uint32_t lost = 0;

	for (uint32_t i = 0; i < run->n; i++)
		lost += run->times[i] == 0;
	return lost;
}

struct calibrate_flow calibrate_flow(const struct calibrate_run *run, enum calibrate_which which)
{
	struct calibrate_flow f = { .n = 0 };

	for (uint32_t i = 0; i < run->n; i++) {
		if (which != CALIBRATE_ALL && is_second(run, i) != (which == CALIBRATE_THIN))
			continue;
		f.n++;
		f.lost += run->times[i] == 0;
		if (run->times[i] > 0)
			f.mean_ns += (double)(run->came_ns[i] - run->sent_ns[i]);
	}
	f.mean_ns = f.n > f.lost ? f.mean_ns / (f.n - f.lost) : 0;
	return f;
}

uint32_t calibrate_stalls(const struct calibrate_run *run, uint64_t ns)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < run->n; i++)
		n += run->sent_ns[i] > run->sent_ns[i - 1] + ns;
	return n;
}

uint32_t calibrate_bursts(const struct calibrate_run *run)
{
	uint32_t bursts = 0;

	for (uint32_t i = 0; i < run->n; i++)
		bursts += run->times[i] == 0 && (i == 0 || run->times[i - 1] > 0);
	return bursts;
}

uint32_t calibrate_doubled(const struct calibrate_run *run)
{
	uint32_t doubled = 0;

	for (uint32_t i = 0; i < run->n; i++)
		doubled += run->times[i] > 1;
	return doubled;
}

uint32_t calibrate_quicker(const struct calibrate_run *run, uint64_t ns)
{
	uint32_t quick = 0;

	for (uint32_t i = 0; i < run->n; i++)
		quick += run->times[i] > 0 && run->came_ns[i] < run->sent_ns[i] + ns;
	return quick;
}

uint64_t calibrate_span_ns(const struct calibrate_run *run)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (uint32_t i = 0; i < run->n; i++) {
		if (run->times[i] == 0)
			continue;
		first = run->came_ns[i] < first ? run->came_ns[i] : first;
		last = run->came_ns[i] > last ? run->came_ns[i] : last;
	}
	return last > first ? last - first : 0;
}
