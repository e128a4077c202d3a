/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpdump's words to programs; see filter.h. libpcap is opened at run time: a link without a filter
 * needs none. The few declarations below are those of pcap(3PCAP), pcap_open_dead(3PCAP) and
 * pcap_compile(3PCAP).
 */
#include "harness/link/filter.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/asset.h"
#include "harness/link/bpf.h"

enum { DLT_ETHERNET = 1, DLT_IP = 12, SNAPLEN = 65535, L2S = 2 };

struct program {
	unsigned int n;
	struct link_bpf_insn *insn;
};

struct link_filter {
	struct program program[L2S];	/* by enum link_l2 */
};

struct library {
	void *handle;
	void *(*open_dead)(int linktype, int snaplen);
	int (*compile)(void *p, struct program *out, const char *text, int optimize,
		       uint32_t netmask);
	void (*freecode)(struct program *p);
	char *(*geterr)(void *p);
	void (*close)(void *p);
};

/* dlsym gives an object pointer; POSIX says that it converts, ISO C does not. */
static bool symbol(const struct library *lib, const char *name, void *out)
{
	void *p = dlsym(lib->handle, name);

	memcpy(out, &p, sizeof(p));
	return p != NULL;
}

static bool open_library(struct library *lib)
{
	static const char *const names[] = { "libpcap.so.0.8", "libpcap.so.1", "libpcap.so" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !lib->handle; i++)
		lib->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return lib->handle && symbol(lib, "pcap_open_dead", &lib->open_dead) &&
	       symbol(lib, "pcap_compile", &lib->compile) &&
	       symbol(lib, "pcap_freecode", &lib->freecode) &&
	       symbol(lib, "pcap_geterr", &lib->geterr) && symbol(lib, "pcap_close", &lib->close);
}

static bool compile(const struct library *lib, int linktype, const char *text,
		    struct program *out, char *err, size_t err_size)
{
	void *pcap = lib->open_dead(linktype, SNAPLEN);
	struct program made = { 0 };
	bool good = false;

	if (!pcap) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	if (lib->compile(pcap, &made, text, 1, UINT32_MAX) != 0) {
		snprintf(err, err_size, "%s", lib->geterr(pcap));
	} else if (!link_bpf_check(made.insn, made.n)) {
		snprintf(err, err_size, "libpcap made a program that cannot be run");
		lib->freecode(&made);
	} else {
		out->insn = malloc(made.n * sizeof(*made.insn));
		out->n = made.n;
		good = out->insn != NULL;
		if (good)
			memcpy(out->insn, made.insn, made.n * sizeof(*made.insn));
		lib->freecode(&made);
	}
	lib->close(pcap);
	return good;
}

static void *make(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	struct library lib = { 0 };
	struct link_filter *f = calloc(1, sizeof(*f));
	bool good = false;

	(void)text;
	(void)len;
	err[0] = '\0';
	if (f && !open_library(&lib))
		snprintf(err, err_size, "a filter needs libpcap, which this machine does not have: "
			 "apt-get install libpcap0.8");
	else if (f)
		good = compile(&lib, DLT_ETHERNET, name, &f->program[LINK_L2_ETHERNET], err,
			       err_size);
	/* What needs an Ethernet header has no sense without one, and then lets nothing through. */
	if (good && !compile(&lib, DLT_IP, name, &f->program[LINK_L2_IP], err, err_size))
		f->program[LINK_L2_IP].n = 0;
	if (lib.handle)
		dlclose(lib.handle);
	if (good)
		return f;
	free(f);
	return NULL;
}

const struct link_filter *link_filter_get(const char *text, char *err, size_t err_size)
{
	return link_asset_named(LINK_ASSET_FILTER, text, make, err, err_size);
}

const char *link_filter_text(const struct link_filter *f)
{
	return link_asset_name(LINK_ASSET_FILTER, f);
}

bool link_filter_passes(const struct link_filter *f, enum link_l2 l2, const uint8_t *frame,
			size_t len)
{
	const struct program *p = &f->program[l2];

	return p->n > 0 && link_bpf_run(p->insn, frame, len) != 0;
}
