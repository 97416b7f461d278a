/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SYSCTLS_H
#define LISTENQ_MODEL_SYSCTLS_H

#include <stdbool.h>
#include <stdint.h>

/* The sysctls that limit the listeners of a namespace: directory below /proc/sys, and name. */
#define SYSCTL_TABLE(X)                                                               \
	X(SOMAXCONN, "net/core", "somaxconn", "upper bound of any listen(2) backlog") \
	X(MAX_SYN_BACKLOG, "net/ipv4", "tcp_max_syn_backlog",                         \
	  "bounds SYN queues when syncookies are off")                                \
	X(SYNCOOKIES, "net/ipv4", "tcp_syncookies",                                   \
	  "0 never, 1 when a SYN queue is full, 2 always")                            \
	X(ABORT_ON_OVERFLOW, "net/ipv4", "tcp_abort_on_overflow",                     \
	  "1: a full accept queue answers final ACKs with a RST")                     \
	X(SYNACK_RETRIES, "net/ipv4", "tcp_synack_retries", "how often a SYN-ACK is repeated")

/* clang-format off */
enum sysctl_id {
#define SYSCTL_ID(id, dir, name, meaning) SYSCTL_##id,
	SYSCTL_TABLE(SYSCTL_ID)
#undef SYSCTL_ID
	SYSCTL_N
};
/* clang-format on */

struct sysctl_info {
	const char *dir;
	const char *name;
	const char *meaning;
};

extern const struct sysctl_info sysctl_table[SYSCTL_N];

struct sysctls {
	uint32_t known; /* bit 1 << enum sysctl_id */
	int64_t value[SYSCTL_N];
};

static inline bool sysctl_known(const struct sysctls *s, enum sysctl_id id)
{
	return s->known & (1u << id);
}

#endif
