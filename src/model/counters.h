/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_COUNTERS_H
#define LISTENQ_MODEL_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The counter table: the one place where a counter of the namespace is added.
 * A row gives the enumerator, the protocol line of /proc/net/netstat or
 * /proc/net/snmp or the beginning of names in /proc/net/snmp6, the kernel's name,
 * where it is shown and what a rise means in a few words. JSON keys are prefix and
 * name, as nstat writes them.
 *
 * ListenDrops counts more than losses: also each SYN to a broadcast or multicast address
 * (tcp_v4_conn_request(), tcp_v6_conn_request()) and each request sock that an ICMP error ends
 * (tcp_req_err()). The counters of such packets are upper bounds for these. They move for many
 * other reasons, so they are JSON_ONLY. So is InSegs, which says that nothing happened where it
 * stands still (collect/quiet.h).
 */
#define COUNTER_TABLE(X)                                                                           \
	X(LISTEN_OVERFLOWS, "TcpExt", "ListenOverflows", EVERYWHERE,                               \
	  "SYNs and final ACKs dropped by a full accept queue")                                    \
	X(LISTEN_DROPS, "TcpExt", "ListenDrops", EVERYWHERE,                                       \
	  "SYNs and final ACKs dropped by listeners, for any cause")                               \
	X(REQQ_FULL_DROP, "TcpExt", "TCPReqQFullDrop", EVERYWHERE,                                 \
	  "SYNs dropped by a full SYN queue, syncookies off")                                      \
	X(REQQ_FULL_COOKIES, "TcpExt", "TCPReqQFullDoCookies", EVERYWHERE,                         \
	  "SYNs that met a full SYN queue under syncookies; see SyncookiesSent")                   \
	X(COOKIES_SENT, "TcpExt", "SyncookiesSent", EVERYWHERE,                                    \
	  "SYNs answered with a syncookie instead of a queue entry")                               \
	X(COOKIES_RECV, "TcpExt", "SyncookiesRecv", EVERYWHERE, "valid syncookies that came back") \
	X(COOKIES_FAILED, "TcpExt", "SyncookiesFailed", EVERYWHERE,                                \
	  "ACKs without a valid syncookie")                                                        \
	X(EMBRYONIC_RSTS, "TcpExt", "EmbryonicRsts", EVERYWHERE,                                   \
	  "half-open connections ended by a RST")                                                  \
	X(DEFER_ACCEPT_DROP, "TcpExt", "TCPDeferAcceptDrop", EVERYWHERE,                           \
	  "final ACKs without data held back by TCP_DEFER_ACCEPT")                                 \
	X(FASTOPEN_OVERFLOW, "TcpExt", "TCPFastOpenListenOverflow", EVERYWHERE,                    \
	  "Fast Open SYNs that fell back to a handshake")                                          \
	X(SYN_RETRANS, "TcpExt", "TCPSynRetrans", EVERYWHERE, "SYNs and SYN-ACKs sent again")      \
	X(MIGRATE_SUCCESS, "TcpExt", "TCPMigrateReqSuccess", EVERYWHERE,                           \
	  "connections moved to another listener of the group")                                    \
	X(MIGRATE_FAILURE, "TcpExt", "TCPMigrateReqFailure", EVERYWHERE,                           \
	  "connections lost while moved to another listener")                                      \
	X(PASSIVE_OPENS, "Tcp", "PassiveOpens", EVERYWHERE, "connections that listeners created")  \
	X(ATTEMPT_FAILS, "Tcp", "AttemptFails", EVERYWHERE,                                        \
	  "connections that ended before they opened")                                             \
	X(ESTAB_RESETS, "Tcp", "EstabResets", EVERYWHERE, "open connections ended by a RST")       \
	X(OUT_RSTS, "Tcp", "OutRsts", EVERYWHERE, "RSTs sent")                                     \
	X(IN_SEGS, "Tcp", "InSegs", JSON_ONLY, "segments received, SYNs included")                 \
	X(IN_BROADCAST, "IpExt", "InBcastPkts", JSON_ONLY, "broadcast packets received")           \
	X(IN_UNREACHABLE, "Icmp", "InDestUnreachs", JSON_ONLY, "ICMP: destination unreachable")    \
	X(IN_TIME_EXCEEDED, "Icmp", "InTimeExcds", JSON_ONLY, "ICMP: time exceeded")               \
	X(IN_PARAMETER_PROBLEM, "Icmp", "InParmProbs", JSON_ONLY, "ICMP: parameter problem")       \
	X(IN_MULTICAST6, "Ip6", "InMcastPkts", JSON_ONLY, "IPv6 multicast packets received")       \
	X(IN_UNREACHABLE6, "Icmp6", "InDestUnreachs", JSON_ONLY,                                   \
	  "ICMPv6: destination unreachable")                                                       \
	X(IN_TIME_EXCEEDED6, "Icmp6", "InTimeExcds", JSON_ONLY, "ICMPv6: time exceeded")           \
	X(IN_PARAMETER_PROBLEM6, "Icmp6", "InParmProblems", JSON_ONLY, "ICMPv6: parameter problem")

/* clang-format off */
enum counter_id {
#define COUNTER_ID(id, prefix, name, shown, meaning) COUNTER_##id,
	COUNTER_TABLE(COUNTER_ID)
#undef COUNTER_ID
	COUNTER_N
};
/* clang-format on */

enum counter_shown { COUNTER_EVERYWHERE, COUNTER_JSON_ONLY };

struct counter_info {
	const char *prefix;
	const char *name;
	uint8_t prefix_len, name_len;
	enum counter_shown shown;
	const char *meaning;
};

extern const struct counter_info counter_table[COUNTER_N];

/* One reading of the counters; a kernel without a counter leaves its bit clear. */
struct counters {
	uint32_t known; /* bit 1 << enum counter_id */
	uint64_t value[COUNTER_N];
};

static inline bool counter_known(const struct counters *c, enum counter_id id)
{
	return c->known & (1u << id);
}

#endif
