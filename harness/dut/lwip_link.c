/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TUN as lwIP's interface. See lwip_link.h.
 *
 * Packets are read under lwIP's core lock, by whichever thread comes first: the one here that waits for
 * them, or one that is about to carry out a request. So there is never a packet that was read and
 * is not yet processed while a request is carried out.
 */
#define _GNU_SOURCE 1
#include "harness/dut/lwip_link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>

enum { FRAME = 65535 };

static struct {
	int tun;
	struct netif netif;
	uint8_t in[FRAME], out[FRAME]; /* under the core lock */
} the;

/* ---- packets ---- */

static err_t send_packet(struct pbuf *p)
{
	u16_t n = pbuf_copy_partial(p, the.out, FRAME, 0);

	/* A TUN takes a packet whole or not at all; one that is lost here is lost on the link. */
	return write(the.tun, the.out, n) == (ssize_t)n ? ERR_OK : ERR_IF;
}

static err_t output4(struct netif *n, struct pbuf *p, const ip4_addr_t *to)
{
	(void)n;
	(void)to;
	return send_packet(p);
}

static err_t output6(struct netif *n, struct pbuf *p, const ip6_addr_t *to)
{
	(void)n;
	(void)to;
	return send_packet(p);
}

static void give(const uint8_t *bytes, size_t len)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);

	if (!p)
		return;
	if (pbuf_take(p, bytes, (u16_t)len) != ERR_OK || ip_input(p, &the.netif) != ERR_OK)
		pbuf_free(p);
}

static void nothing(void *arg)
{
	(void)arg;
}

void lwip_link_pump(void)
{
	ssize_t n;

	LOCK_TCPIP_CORE();
	while ((n = read(the.tun, the.in, FRAME)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			give(the.in, (size_t)n);
	UNLOCK_TCPIP_CORE();
	/* lwIP's own thread sleeps until the timers that it knew of when it fell asleep. */
	(void)tcpip_try_callback(nothing, NULL);
}

static void *pump_for_ever(void *arg)
{
	struct pollfd p = { .fd = the.tun, .events = POLLIN };

	(void)arg;
	while (poll(&p, 1, -1) >= 0 || errno == EINTR)
		if (p.revents & POLLIN)
			lwip_link_pump();
	return NULL;
}

/* ---- start ---- */

static int attach(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	if (strlen(name) >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) != 0) {
		int error = errno;

		close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

static err_t init_netif(struct netif *n)
{
	const struct lwip_link_conf *conf = n->state;

	n->name[0] = 't';
	n->name[1] = 'n';
	n->mtu = (u16_t)conf->mtu;
	n->mtu6 = (u16_t)conf->mtu;
	n->output = output4;
	n->output_ip6 = output6;
	return ERR_OK;
}

static ip4_addr_t ip4_of(const struct ph_ip *ip)
{
	ip4_addr_t a;

	memcpy(&a.addr, ip->b + 12, 4);
	return a;
}

/* Nobody else is on a TUN: the address needs no detection of duplicates, and no router answers. */
static int add_ip6(const struct lwip_link_conf *conf)
{
	ip6_addr_t a;
	s8_t at = 0;

	memset(&a, 0, sizeof(a));
	memcpy(a.addr, conf->addr.b, 16);
	netif_ip6_addr_set(&the.netif, at, &a);
	netif_ip6_addr_set_state(&the.netif, at, IP6_ADDR_PREFERRED);
	netif_set_ip6_autoconfig_enabled(&the.netif, 0);
	the.netif.rs_count = 0;
	return 0;
}

static int add_netif(const struct lwip_link_conf *conf)
{
	bool v4 = ph_ip_is4(&conf->addr);
	ip4_addr_t addr = { 0 }, mask = { 0 }, gateway = { 0 };

	if (v4) {
		addr = ip4_of(&conf->addr);
		gateway = ip4_of(&conf->gateway);
		mask.addr = conf->prefix ? lwip_htonl(0xffffffffu << (32 - conf->prefix)) : 0;
	}
	if (!netif_add(&the.netif, &addr, &mask, &gateway, (void *)(uintptr_t)conf, init_netif,
		       ip_input))
		return -2;
	netif_set_default(&the.netif);
	netif_set_link_up(&the.netif);
	netif_set_up(&the.netif);
	return v4 ? 0 : add_ip6(conf);
}

int lwip_link_start(const struct lwip_link_conf *conf)
{
	pthread_t thread;
	int rc;

	the.tun = attach(conf->tun);
	if (the.tun < 0)
		return -1;
	tcpip_init(NULL, NULL);
	LOCK_TCPIP_CORE();
	rc = add_netif(conf);
	UNLOCK_TCPIP_CORE();
	if (rc != 0)
		return rc;
	rc = pthread_create(&thread, NULL, pump_for_ever, NULL);
	if (rc != 0) {
		errno = rc;
		return -1;
	}
	return 0;
}
