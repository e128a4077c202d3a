/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive window. Memory and window differ: a payload pins the buffer it lies in, so a window
 * is the free memory times the share of payload observed (Linux's scaling_ratio).
 */
#include "tcp/tcp_rcvwin.h"

#include <string.h>

enum {
	SHARE_ONE = 256,
	SHARE_FIRST = 128, /* half: until payloads were seen */
	SHARE_MIN = 16,
	SHARE_MAX = 250,
	WND_MAX = 65535,   /* without scaling */
	WND_SIGNED = 32767,
	GROW_LEN_MIN = 128 /* shorter segments do not open the window */
};

static inline uint32_t window_of(const struct tcp_rcvwin *w, uint32_t memory)
{
	uint64_t wnd = (uint64_t)memory * w->share / SHARE_ONE;

	return wnd > INT32_MAX ? INT32_MAX : (uint32_t)wnd;
}

static uint32_t memory_of(const struct tcp_rcvwin *w, uint64_t window)
{
	uint64_t memory = window * SHARE_ONE / w->share;

	return memory > INT32_MAX ? INT32_MAX : (uint32_t)memory;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint8_t scale_for(uint32_t space)
{
	uint8_t scale = 0;

	while (scale < 14 && (space >> scale) > WND_MAX)
		scale++;
	return scale;
}

void tcp_rcvwin_init(struct tcp_rcvwin *w, uint32_t buf, bool locked, uint32_t clamp, uint32_t mss,
		     uint32_t rmem_max, bool scaling, uint8_t *wscale)
{
	uint32_t wnd;

	memset(w, 0, sizeof(*w));
	w->buf = buf;
	w->locked = locked;
	w->share = SHARE_FIRST;
	w->clamp = clamp ? clamp : INT32_MAX;
	wnd = min_u32(window_of(w, buf), w->clamp);
	if (locked)
		w->clamp = wnd;
	*wscale = 0;
	if (scaling)
		*wscale = scale_for(min_u32(wnd > rmem_max ? wnd : rmem_max, w->clamp));
	if (w->clamp > (uint32_t)WND_MAX << *wscale)
		w->clamp = (uint32_t)WND_MAX << *wscale;
	if (wnd > mss)
		wnd -= wnd % mss;
	w->wnd = min_u32(wnd, WND_MAX); /* a SYN's window is not scaled (RFC 7323 2.2) */
	w->ssthresh = w->wnd;
}

void tcp_rcvwin_at_most(struct tcp_rcvwin *w, uint32_t wnd)
{
	if (wnd && wnd < w->wnd)
		w->wnd = w->ssthresh = wnd;
}

void tcp_rcvwin_narrow(struct tcp_rcvwin *w)
{
	w->narrow = true;
	tcp_rcvwin_at_most(w, WND_SIGNED);
}

void tcp_rcvwin_whole(struct tcp_rcvwin *w, uint32_t sb_max, bool scaling, uint8_t *wscale)
{
	w->whole = true;
	w->share = SHARE_ONE;
	w->clamp = INT32_MAX;
	*wscale = scaling ? scale_for(sb_max) : 0;
	w->wnd = w->ssthresh = min_u32(w->buf, WND_MAX);
}

void tcp_rcvwin_round(struct tcp_rcvwin *w, uint32_t mss)
{
	if (w->whole && mss && w->buf > mss && w->buf < INT32_MAX - mss) {
		w->buf = (w->buf + mss - 1) / mss * mss;
		w->wnd = w->buf;
	}
}

void tcp_rcvwin_start(struct tcp_rcvwin *w, seq_t rcv_nxt, uint64_t now_us)
{
	w->wup = w->space_seq = rcv_nxt;
	w->space_us = w->rtt_us = now_us;
	w->space = w->wnd;
	w->rtt_seq = rcv_nxt + w->wnd;
}

uint32_t tcp_rcvwin_left(const struct tcp_rcvwin *w, seq_t rcv_nxt)
{
	seq_t edge = w->wup + w->wnd;

	return seq_gt(edge, rcv_nxt) ? edge - rcv_nxt : 0;
}

/* What the free memory allows, before the edge told earlier is respected. */
static inline uint32_t room(const struct tcp_rcvwin *w, uint32_t charged, uint32_t rcv_mss, uint8_t wscale)
{
	uint32_t full = min_u32(window_of(w, w->buf), w->clamp);
	uint32_t wnd = min_u32(window_of(w, charged < w->buf ? w->buf - charged : 0), w->clamp);
	uint32_t mss = min_u32(rcv_mss, full);

	if (w->whole)
		return wnd < full / 4 && wnd < mss ? 0 : wnd;
	/* Nearly full: close rather than offer crumbs (RFC 9293 3.8.6.2.2). */
	if (wnd < full / 2 && (wnd < full / 16 || wnd < mss))
		return 0;
	wnd = min_u32(wnd, w->ssthresh);
	if (wscale == 0) {
		if (mss && wnd > mss)
			wnd -= wnd % mss;
		return min_u32(wnd, w->narrow ? WND_SIGNED : WND_MAX);
	}
	/* What scaling cannot say is rounded up, as Linux does. */
	wnd += (0u - wnd) & ((1u << wscale) - 1);
	return min_u32(wnd, (uint32_t)WND_MAX << wscale);
}

bool tcp_rcvwin_wants_zero(const struct tcp_rcvwin *w, uint32_t charged, uint32_t rcv_mss, uint8_t wscale)
{
	return charged > w->buf / 2 && room(w, charged, rcv_mss, wscale) == 0;
}

uint32_t tcp_rcvwin_choose(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t charged,
			   uint32_t rcv_mss, uint8_t wscale)
{
	uint32_t left = tcp_rcvwin_left(w, rcv_nxt);
	uint32_t wnd = room(w, charged, rcv_mss, wscale);
	uint32_t step = min_u32(rcv_mss, min_u32(window_of(w, w->buf), w->clamp) / 2);
	uint32_t unit = 1u << wscale, up = (left + unit - 1) / unit * unit;

	if (w->shrink || wnd >= left + step || (w->whole && wnd >= left))
		return wnd;
	if (w->whole)
		return left;
	/* Never shrink (RFC 9293 3.8.6, SHLD-14), nor advance the edge by less than a segment
	 * (MUST-39). What scaling cannot say is rounded up while there is room for it, else down
	 * (RFC 7323 2.4): the edge we hold ourselves to stays. */
	if (up != left && up <= wnd && up <= (uint32_t)WND_MAX << wscale)
		return up;
	return left;
}

uint32_t tcp_rcvwin_tell(struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t charged, uint32_t rcv_mss,
			 uint8_t wscale)
{
	w->wnd = tcp_rcvwin_choose(w, rcv_nxt, charged, rcv_mss, wscale);
	w->wup = rcv_nxt;
	return w->wnd;
}

void tcp_rcvwin_data(struct tcp_rcvwin *w, uint32_t len, uint32_t charge, uint32_t adv_mss)
{
	uint32_t full = min_u32(window_of(w, w->buf), w->clamp), grow = 2 * adv_mss;

	if (len < GROW_LEN_MIN)
		return;
	if (charge >= len && !w->whole) {
		uint32_t share = (uint32_t)((uint64_t)len * SHARE_ONE / charge);

		share = (w->share * 7u + share) / 8;
		w->share = (uint16_t)(share < SHARE_MIN ? SHARE_MIN :
				      share > SHARE_MAX ? SHARE_MAX : share);
	}
	if (grow < 2 * len)
		grow = 2 * len;
	if (w->ssthresh < full)
		w->ssthresh += min_u32(grow, full - w->ssthresh);
}

void tcp_rcvwin_rtt(struct tcp_rcvwin *w, uint32_t rtt_us)
{
	if (rtt_us == 0)
		rtt_us = 1;
	if (rtt_us > UINT32_MAX / 8)
		return;
	if (w->rtt8_us == 0)
		w->rtt8_us = rtt_us * 8;
	else
		w->rtt8_us += rtt_us - (w->rtt8_us >> 3);
}

void tcp_rcvwin_rtt_by_window(struct tcp_rcvwin *w, seq_t rcv_nxt, uint64_t now_us)
{
	uint64_t took = now_us - w->rtt_us;

	if (seq_lt(rcv_nxt, w->rtt_seq))
		return;
	/* A window takes a round trip or longer: the smallest seen is the best guess. */
	if (took > 0 && took < UINT32_MAX / 8 && (w->rtt8_us == 0 || took * 8 < w->rtt8_us))
		w->rtt8_us = (uint32_t)took * 8;
	w->rtt_us = now_us;
	w->rtt_seq = rcv_nxt + w->wnd;
}

void tcp_rcvwin_read(struct tcp_rcvwin *w, seq_t read_seq, uint64_t now_us, uint32_t adv_mss,
		     uint32_t rmem_max)
{
	uint32_t copied = read_seq - w->space_seq;
	uint64_t want;

	if (w->rtt8_us == 0 || now_us - w->space_us < (w->rtt8_us >> 3))
		return;
	if (copied > w->space && !w->locked) {
		/* The sender may double its window in the next round trip; and twice the rate of
		 * growth on top. */
		want = (uint64_t)copied * 2 + 16 * (uint64_t)adv_mss;
		want += want * (copied - w->space) / (w->space ? w->space : 1) * 2;
		want = memory_of(w, want);
		if (want > rmem_max)
			want = rmem_max;
		if (want > w->buf)
			w->buf = (uint32_t)want;
	}
	if (copied > w->space)
		w->space = copied;
	w->space_seq = read_seq;
	w->space_us = now_us;
}

void tcp_rcvwin_want(struct tcp_rcvwin *w, uint32_t window, uint32_t rmem_max)
{
	uint32_t want;

	if (w->share == 0) /* no connection yet */
		w->share = SHARE_FIRST;
	want = min_u32(memory_of(w, window), rmem_max);
	if (want <= w->buf)
		return;
	w->buf = want;
	if (w->clamp && w->clamp < window)
		w->clamp = window;
}

bool tcp_rcvwin_update_due(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t charged,
			   uint32_t rcv_mss, uint8_t wscale)
{
	uint32_t left = tcp_rcvwin_left(w, rcv_nxt), wnd;
	uint32_t full = min_u32(window_of(w, w->buf), w->clamp);
	uint32_t most = full + (1u << wscale) - 1; /* rounded up */

	/* Asked after every read: mostly the largest window would be no news. */
	if (most / 2 < left && (most <= left || most - left < full / 2))
		return false;
	wnd = tcp_rcvwin_choose(w, rcv_nxt, charged, rcv_mss, wscale);
	return wnd > left && (wnd / 2 >= left || wnd - left >= full / 2);
}
