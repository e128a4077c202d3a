/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive window. Memory and window differ: a payload costs more than its length, so a window
 * is the free memory times the share of payload observed (Linux's scaling_ratio).
 */
#include "tcp/tcp_rcvwin.h"

#include <string.h>

enum {
	SHARE_ONE = 256,
	SHARE_FIRST = 128, /* half: until payloads were seen */
	SHARE_MAX = 255,
	FITS_MIN = 1152,
	INIT_SEGS = 10,
	WND_MAX = 65535,   /* without scaling */
	WND_SIGNED = 32767
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

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* unit: a power of two */
static inline uint32_t round_up(uint32_t n, uint32_t unit)
{
	return (n + unit - 1) & ~(unit - 1);
}

/* All that could be offered, were the buffer empty. */
static inline uint32_t full_of(const struct tcp_rcvwin *w)
{
	uint32_t full = min_u32(window_of(w, w->buf), w->clamp);

	return w->fits ? min_u32(full, w->fits) : full;
}

/* What the free memory is worth. */
static inline uint32_t free_of(const struct tcp_rcvwin *w, uint32_t held)
{
	return window_of(w, held < w->buf ? w->buf - held : 0);
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
	*wscale = 0;
	if (scaling)
		*wscale = scale_for(locked ? wnd : min_u32(max_u32(wnd, rmem_max), w->clamp));
	if (w->clamp > (uint32_t)WND_MAX << *wscale)
		w->clamp = (uint32_t)WND_MAX << *wscale;
	if (wnd > mss)
		wnd -= wnd % mss;
	w->wnd = w->ssthresh = min_u32(wnd, w->clamp);
}

void tcp_rcvwin_at_most(struct tcp_rcvwin *w, uint32_t wnd)
{
	if (wnd && wnd < w->wnd)
		w->wnd = w->ssthresh = wnd;
}

void tcp_rcvwin_unscaled(struct tcp_rcvwin *w)
{
	w->clamp = min_u32(w->clamp, WND_MAX);
	tcp_rcvwin_at_most(w, WND_MAX);
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
	w->fits = 0;
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

/* As Linux's tcp_init_buffer_space: a segment less than the whole buffer. */
static void reserve(struct tcp_rcvwin *w, uint32_t mss, uint32_t app_win)
{
	uint32_t full = window_of(w, w->buf);

	w->fits = full;
	if (app_win == 0)
		return;
	if (full > 4 * mss && app_win < 31)
		w->fits = max_u32(full - (full >> app_win), 4 * mss);
	if (w->fits > 2 * mss && w->fits + mss > full)
		w->fits = max_u32(2 * mss, full - mss);
}

void tcp_rcvwin_start(struct tcp_rcvwin *w, seq_t rcv_nxt, uint64_t now_us, uint32_t adv_mss,
		      uint32_t app_win)
{
	w->wup = w->space_seq = rcv_nxt;
	w->top = rcv_nxt + w->wnd;
	w->space_us = w->rtt_us = now_us;
	w->rtt_seq = rcv_nxt + w->wnd;
	w->space = w->wnd;
	if (w->whole)
		return;
	reserve(w, adv_mss, app_win);
	w->ssthresh = min_u32(w->ssthresh, w->fits);
	w->space = min_u32(min_u32(w->ssthresh, w->wnd), INIT_SEGS * adv_mss);
}

uint32_t tcp_rcvwin_left(const struct tcp_rcvwin *w, seq_t rcv_nxt)
{
	seq_t edge = w->wup + w->wnd;

	return seq_gt(edge, rcv_nxt) ? edge - rcv_nxt : 0;
}

bool tcp_rcvwin_low(const struct tcp_rcvwin *w, uint32_t held)
{
	return !w->whole && free_of(w, held) < full_of(w) / 2;
}

/* Of data, and no scale that could not tell it. */
static uint32_t room_whole(const struct tcp_rcvwin *w, uint32_t held, uint32_t mss)
{
	uint32_t full = full_of(w), wnd = min_u32(free_of(w, held), w->clamp);

	return wnd < full / 4 && wnd < mss ? 0 : wnd;
}

/* The window may be taken back: never more than there is memory for. */
static uint32_t room_shrink(const struct tcp_rcvwin *w, uint32_t held, uint32_t mss, uint32_t unit)
{
	uint32_t wnd = free_of(w, held) & ~(unit - 1);

	if (wnd < full_of(w) / 2 && (wnd < window_of(w, w->buf) / 16 || wnd < mss || wnd < unit))
		return 0;
	return wnd > w->ssthresh ? round_up(w->ssthresh, unit) : wnd;
}

/* Without scaling, whole segments, and what was told as long as that is about right. */
static uint32_t whole_segments(const struct tcp_rcvwin *w, uint32_t free, uint32_t mss)
{
	uint32_t wnd = w->wnd, full = full_of(w);

	if (mss && (wnd + mss <= free || wnd > free))
		wnd = free - free % mss;
	else if (mss == full && free > wnd + full / 2)
		wnd = free;
	return min_u32(wnd, w->narrow ? WND_SIGNED : WND_MAX);
}

/* What the free memory allows, before the edge told earlier is respected. */
static inline uint32_t room(const struct tcp_rcvwin *w, uint32_t held, uint32_t rcv_mss, uint8_t wscale)
{
	uint32_t full = full_of(w), wnd = min_u32(free_of(w, held), w->clamp), unit = 1u << wscale;
	uint32_t mss = min_u32(rcv_mss, full);

	if (w->whole)
		return room_whole(w, held, mss);
	if (w->shrink)
		return min_u32(room_shrink(w, held, mss, unit), (uint32_t)WND_MAX << wscale);
	/* Nearly full: close rather than offer crumbs (RFC 9293 3.8.6.2.2). */
	if (wnd < full / 2) {
		wnd &= ~(unit - 1);
		if (wnd < window_of(w, w->buf) / 16 || wnd < mss)
			return 0;
	}
	wnd = min_u32(wnd, w->ssthresh);
	if (wscale == 0)
		return whole_segments(w, wnd, mss);
	/* What scaling cannot say is rounded up, as Linux does. */
	return min_u32(round_up(wnd, unit), (uint32_t)WND_MAX << wscale);
}

bool tcp_rcvwin_wants_zero(const struct tcp_rcvwin *w, uint32_t held, uint32_t rcv_mss, uint8_t wscale)
{
	return held > w->buf / 2 && room(w, held, rcv_mss, wscale) == 0;
}

bool tcp_rcvwin_open(const struct tcp_rcvwin *w, uint32_t held, uint32_t rcv_mss, uint8_t wscale)
{
	return w->whole || room(w, held, rcv_mss, wscale) >= w->wnd;
}

uint32_t tcp_rcvwin_choose(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t held, uint32_t rcv_mss,
			   uint8_t wscale)
{
	uint32_t left = tcp_rcvwin_left(w, rcv_nxt);
	uint32_t wnd = room(w, held, rcv_mss, wscale);
	uint32_t step = min_u32(rcv_mss, full_of(w) / 2);
	uint32_t unit = 1u << wscale, up = round_up(left, unit);

	/* Deviation: RFC 9293 3.8.6.2.2 (MUST-39): without scaling the edge may move on by less than a
	 * segment, where the window is whole segments or what it was. Back it never goes. */
	if (w->shrink || wnd >= left + step || ((w->whole || wscale == 0) && wnd >= left))
		return wnd;
	if (w->whole)
		return left;
	/* Never shrink (RFC 9293 3.8.6, SHLD-14), nor advance the edge by less than a segment
	 * (MUST-39). What scaling cannot say is rounded up while there is memory for it, else down
	 * (RFC 7323 2.4): the edge we hold ourselves to stays. */
	if (up != left && up <= free_of(w, held) && up <= (uint32_t)WND_MAX << wscale)
		return up;
	return left;
}

uint32_t tcp_rcvwin_tell(struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t held, uint32_t rcv_mss,
			 uint8_t wscale)
{
	w->top = tcp_rcvwin_top(w);
	if (seq_lt(w->top, rcv_nxt))
		w->top = rcv_nxt;
	w->wnd = w->refuse ? 0 : tcp_rcvwin_choose(w, rcv_nxt, held, rcv_mss, wscale);
	w->refused = w->refuse;
	w->refuse = false;
	w->wup = rcv_nxt;
	w->top = tcp_rcvwin_top(w);
	return w->wnd;
}

/* Linux's tcp_set_window_clamp. */
static void set_fits(struct tcp_rcvwin *w, uint32_t fits)
{
	fits = max_u32(fits, FITS_MIN);
	if (fits == w->fits)
		return;
	w->fits = fits;
	w->ssthresh = max_u32(min_u32(w->wnd, fits), min_u32(w->ssthresh, fits));
	w->space = min_u32(w->space, fits);
}

void tcp_rcvwin_measure(struct tcp_rcvwin *w, uint32_t len, uint32_t truesize)
{
	uint32_t share = (uint32_t)((uint64_t)len * SHARE_ONE / truesize);

	if (w->whole || len == 0)
		return;
	share = share > SHARE_MAX ? SHARE_MAX : share ? share : 1;
	if (share == w->share)
		return;
	w->share = (uint16_t)share;
	set_fits(w, window_of(w, w->buf));
}

/* A packet that costs so much more than it carries may yet open a small window (Linux's
 * __tcp_grow_window). */
static bool worth(const struct tcp_rcvwin *w, uint32_t len, uint32_t truesize, uint32_t rmem_max)
{
	uint32_t cost = window_of(w, truesize) / 2, wnd = window_of(w, rmem_max) / 2;

	while (wnd > 0 && w->ssthresh <= wnd) {
		if (cost <= len)
			return true;
		cost /= 2;
		wnd /= 2;
	}
	return false;
}

bool tcp_rcvwin_data(struct tcp_rcvwin *w, uint32_t len, uint32_t truesize, uint32_t held,
		     uint32_t adv_mss, uint32_t rcv_mss, uint32_t rmem_max)
{
	uint32_t most = min_u32(full_of(w), free_of(w, held)), grow;

	if (w->whole)
		most = full_of(w);
	if (most <= w->ssthresh)
		return false;
	if (window_of(w, truesize) <= len)
		grow = 2 * adv_mss;
	else if (worth(w, len, truesize, rmem_max))
		grow = 2 * rcv_mss;
	else
		return false;
	w->ssthresh += min_u32(max_u32(grow, 2 * len), most - w->ssthresh);
	return true;
}

static void grow_buffer(struct tcp_rcvwin *w, uint64_t want, uint32_t rmem_max)
{
	uint32_t memory = min_u32(memory_of(w, want), rmem_max);

	if (memory <= w->buf)
		return;
	w->buf = memory;
	if (w->fits)
		w->fits = window_of(w, memory);
}

void tcp_rcvwin_ahead(struct tcp_rcvwin *w, uint32_t ahead, uint32_t rmem_max)
{
	if (!w->locked && !w->whole)
		grow_buffer(w, (uint64_t)w->space * 2 + ahead, rmem_max);
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
		grow_buffer(w, want, rmem_max);
	}
	if (copied > w->space)
		w->space = copied;
	w->space_seq = read_seq;
	w->space_us = now_us;
}

void tcp_rcvwin_want(struct tcp_rcvwin *w, uint32_t window, uint32_t rmem_max)
{
	uint32_t had = w->buf;

	if (w->share == 0) /* no connection yet */
		w->share = SHARE_FIRST;
	grow_buffer(w, window, rmem_max);
	if (w->buf == had)
		return;
	if (w->clamp && w->clamp < window)
		w->clamp = window;
}

bool tcp_rcvwin_update_due(const struct tcp_rcvwin *w, seq_t rcv_nxt, uint32_t held, uint32_t rcv_mss,
			   uint8_t wscale)
{
	uint32_t left = tcp_rcvwin_left(w, rcv_nxt), wnd, full = full_of(w);
	uint32_t most = full + (1u << wscale) - 1; /* rounded up */

	/* Asked after every read: mostly the largest window would be no news. */
	if (most / 2 < left && (most <= left || most - left < full / 2))
		return false;
	wnd = tcp_rcvwin_choose(w, rcv_nxt, held, rcv_mss, wscale);
	return wnd > left && (wnd / 2 >= left || wnd - left >= full / 2);
}
