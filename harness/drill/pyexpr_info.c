/* SPDX-License-Identifier: BSD-2-Clause */
/* struct ph_tcp_info by name: what assertions are mostly about. Called by lookups. */
#include <phantom/phantom.h>
#include <string.h>

#include "harness/drill/pyexpr.h"

/* Bit fields have no offset, so each name is read by its own line. */
#define FIELDS(X) \
	X(tcpi_state) X(tcpi_ca_state) X(tcpi_retransmits) X(tcpi_probes) X(tcpi_backoff) \
	X(tcpi_options) X(tcpi_snd_wscale) X(tcpi_rcv_wscale) X(tcpi_delivery_rate_app_limited) \
	X(tcpi_fastopen_client_fail) X(tcpi_rto) X(tcpi_ato) X(tcpi_snd_mss) X(tcpi_rcv_mss) \
	X(tcpi_unacked) X(tcpi_sacked) X(tcpi_lost) X(tcpi_retrans) X(tcpi_fackets) \
	X(tcpi_last_data_sent) X(tcpi_last_ack_sent) X(tcpi_last_data_recv) \
	X(tcpi_last_ack_recv) X(tcpi_pmtu) X(tcpi_rcv_ssthresh) X(tcpi_rtt) X(tcpi_rttvar) \
	X(tcpi_snd_ssthresh) X(tcpi_snd_cwnd) X(tcpi_advmss) X(tcpi_reordering) X(tcpi_rcv_rtt) \
	X(tcpi_rcv_space) X(tcpi_total_retrans) X(tcpi_pacing_rate) X(tcpi_max_pacing_rate) \
	X(tcpi_bytes_acked) X(tcpi_bytes_received) X(tcpi_segs_out) X(tcpi_segs_in) \
	X(tcpi_notsent_bytes) X(tcpi_min_rtt) X(tcpi_data_segs_in) X(tcpi_data_segs_out) \
	X(tcpi_delivery_rate) X(tcpi_busy_time) X(tcpi_rwnd_limited) X(tcpi_sndbuf_limited) \
	X(tcpi_delivered) X(tcpi_delivered_ce) X(tcpi_bytes_sent) X(tcpi_bytes_retrans) \
	X(tcpi_dsack_dups) X(tcpi_reord_seen) X(tcpi_rcv_ooopack) X(tcpi_snd_wnd) \
	X(tcpi_rcv_wnd) X(tcpi_rehash) X(tcpi_total_rto) X(tcpi_total_rto_recoveries) \
	X(tcpi_total_rto_time) X(tcpi_received_ce) X(tcpi_delivered_e1_bytes) \
	X(tcpi_delivered_e0_bytes) X(tcpi_delivered_ce_bytes) X(tcpi_received_e1_bytes) \
	X(tcpi_received_e0_bytes) X(tcpi_received_ce_bytes) X(tcpi_accecn_fail_mode) \
	X(tcpi_accecn_opt_seen)

const char *drill_py_tcp_info_name(size_t i)
{
#define X(field) #field,
	static const char *const names[] = { FIELDS(X) };
#undef X

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

bool drill_py_tcp_info(const struct ph_tcp_info *info, const char *name, struct drill_py_value *out)
{
#define X(field) \
	if (strcmp(name, #field) == 0) { \
		drill_py_set_int(out, info->field); \
		return true; \
	}
	FIELDS(X)
#undef X
	return false;
}
