/* SPDX-License-Identifier: BSD-2-Clause */
/* rig serve: the services of harness/dut/serve.h in this namespace. */
#include <string.h>

#include "harness/dut/serve.h"
#include "harness/rig/rig.h"

int cmd_serve(int argc, char **argv)
{
	struct service services[SERVE_MAX];
	const char *addr = NULL;
	char why[SERVE_ERR_TEXT];
	unsigned int n = 0;
	struct net_err e;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--addr") == 0 && i + 1 < argc) {
			addr = argv[++i];
		} else if (strcmp(argv[i], "--serve") == 0 && i + 1 < argc) {
			if (n == SERVE_MAX)
				return rig_usage("serve", "more than %d services", SERVE_MAX);
			if (serve_parse(&services[n++], argv[++i], why, sizeof(why)))
				return rig_usage("serve", "%s", why);
		} else {
			return rig_usage("serve", "\"%s\" is not an option, or lacks its value",
					 argv[i]);
		}
	}
	if (n == 0)
		return rig_usage("serve", "no service; give --serve echo:7 or the like");
	if (serve_run(services, n, addr, why, sizeof(why))) {
		net_failed(&e, "%s", why);
		return rig_error("serve", &e);
	}
	return RIG_OK;
}
