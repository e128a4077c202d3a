/* SPDX-License-Identifier: BSD-2-Clause */
/* rig audit: holds a capture against the RFCs' invariants and prints the verdicts, a column per
 * host. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/audit/audit.h"
#include "harness/rig/rig.h"

static const char *verdict(const struct audit_count *c)
{
	if (c->violated)
		return "violated";
	return c->held ? "held" : "not seen";
}

static json_t *json_host(const struct audit_host *h)
{
	json_t *rules = json_object();
	char ip[AUDIT_ADDR_TEXT];

	for (unsigned r = 0; r < AUDIT_RULE_N; r++) {
		const struct audit_count *c = &h->rule[r];
		json_t *row =
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "verdict", verdict(c),
				  "section", audit_rules[r].section, "ids", audit_rules[r].ids,
				  "claim", audit_rules[r].claim, "level",
				  audit_rules[r].level == AUDIT_MUST ? "MUST" : "SHOULD", "held",
				  (json_int_t)c->held, "violated", (json_int_t)c->violated);

		if (c->violated) {
			json_object_set_new(row, "first_frame",
					    json_integer((json_int_t)c->first_frame));
			json_object_set_new(row, "first", json_string(c->first));
		}
		json_object_set_new(rules, audit_rules[r].name, row);
	}
	return json_pack("{s:s, s:I, s:o}", "host", audit_addr_text(&h->ip, ip), "frames",
			 (json_int_t)h->frames, "rules", rules);
}

static json_t *json_flows(const struct audit *a)
{
	size_t n = audit_flows(a, NULL, 0);
	struct audit_flow_stats *f = calloc(n ? n : 1, sizeof(*f));
	json_t *list = json_array();
	char src[AUDIT_ADDR_TEXT], dst[AUDIT_ADDR_TEXT];

	if (!f)
		n = 0;
	audit_flows(a, f, n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:i, s:s, s:i, s:I, s:I, s:I, s:I, s:f, s:b, s:b}",
					"src", audit_addr_text(&f[i].src, src), "sport", f[i].sport, "dst",
					audit_addr_text(&f[i].dst, dst), "dport", f[i].dport, "segments",
					(json_int_t)f[i].segments, "data_bytes",
					(json_int_t)f[i].data_bytes, "retransmitted_segments",
					(json_int_t)f[i].retransmitted_segments,
					"retransmitted_bytes", (json_int_t)f[i].retransmitted_bytes,
					"seconds", (double)(f[i].last_ns - f[i].first_ns) / 1e9,
					"fin", f[i].fin, "rst", f[i].rst));
	free(f);
	return list;
}

static void print_json(const struct audit *a)
{
	const struct audit_host *h;
	size_t n = audit_hosts(a, &h);
	json_t *hosts = json_array(), *all;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(hosts, json_host(&h[i]));
	all = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "frames",
			(json_int_t)audit_frames(a), "unfollowed", (json_int_t)audit_unfollowed(a),
			"dropped", (json_int_t)audit_dropped(a), "violations",
			(json_int_t)audit_violations(a, AUDIT_MUST), "should_violations",
			(json_int_t)audit_violations(a, AUDIT_SHOULD), "hosts", hosts, "flows",
			json_flows(a));
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

static void print_cell(const struct audit_count *c, bool colour)
{
	const char *word = verdict(c);

	if (colour && c->violated)
		printf(" \033[31m%-15s\033[0m", word);
	else if (colour && c->held)
		printf(" \033[32m%-15s\033[0m", word);
	else
		printf(" %-15s", c->held || c->violated ? word : "-");
}

static void print_table(const struct audit *a)
{
	enum { COLUMNS_MAX = 6 };
	const struct audit_host *h;
	size_t n = audit_hosts(a, &h), shown = n < COLUMNS_MAX ? n : COLUMNS_MAX;
	bool colour = isatty(STDOUT_FILENO);
	char ip[AUDIT_ADDR_TEXT];

	printf("%-24s %-6s %-18s", "rule", "level", "RFC");
	for (size_t i = 0; i < shown; i++)
		printf(" %-15s", audit_addr_text(&h[i].ip, ip));
	putchar('\n');
	for (unsigned r = 0; r < AUDIT_RULE_N; r++) {
		printf("%-24s %-6s %-18s", audit_rules[r].name,
		       audit_rules[r].level == AUDIT_MUST ? "MUST" : "SHOULD",
		       audit_rules[r].section);
		for (size_t i = 0; i < shown; i++)
			print_cell(&h[i].rule[r], colour);
		putchar('\n');
	}
	if (shown < n)
		printf("(%zu more hosts: --json has them all)\n", n - shown);
	for (size_t i = 0; i < n; i++)
		for (unsigned r = 0; r < AUDIT_RULE_N; r++)
			if (h[i].rule[r].violated)
				printf("%s violated %s %" PRIu64 " times, first in frame %" PRIu64
				       ": %s (%s: %s)\n",
				       audit_addr_text(&h[i].ip, ip), audit_rules[r].name,
				       h[i].rule[r].violated, h[i].rule[r].first_frame,
				       h[i].rule[r].first, audit_rules[r].section,
				       audit_rules[r].claim);
	printf("%" PRIu64 " frames (and %" PRIu64 " dropped ones), %" PRIu64
	       " violations of MUST, %" PRIu64 " of SHOULD\n",
	       audit_frames(a), audit_dropped(a), audit_violations(a, AUDIT_MUST),
	       audit_violations(a, AUDIT_SHOULD));
}

int cmd_audit(int argc, char **argv)
{
	bool json = false;
	char err[256];
	struct audit *a = audit_new();
	int files = 0, status = RIG_OK;

	if (!a) {
		fputs("rig audit: no memory\n", stderr);
		return RIG_FAILED;
	}
	for (int i = 1; i < argc && status == RIG_OK; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = true;
		} else if (argv[i][0] == '-') {
			status = rig_usage("audit", "there is no option %s", argv[i]);
		} else if (files++, audit_file(a, argv[i], err, sizeof(err)) != 0) {
			fprintf(stderr, "rig audit: %s\n", err);
			status = RIG_BAD_INPUT;
		}
	}
	if (status == RIG_OK && files == 0)
		status = rig_usage("audit", "which capture? give one or more FILE.pcapng");
	if (status == RIG_OK) {
		if (json)
			print_json(a);
		else
			print_table(a);
		if (audit_unfollowed(a))
			fprintf(stderr,
				"rig audit: %" PRIu64
				" frames belong to more connections or hosts than it follows (%d, %d)\n",
				audit_unfollowed(a), AUDIT_FLOWS_MAX, AUDIT_HOSTS_MAX);
		status = audit_violations(a, AUDIT_MUST) || audit_unfollowed(a) ? RIG_FAILED
										: RIG_OK;
	}
	audit_free(a);
	return status;
}
