/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_NEEDS_H
#define LISTENQ_MODEL_NEEDS_H

/*
 * What a report costs beyond the bare LISTEN dump. Every field, sort key and format lists its
 * needs, and nothing else is collected. Each need has a row in provider_table, collect/collect.c.
 */
enum need {
	/* More attributes in the LISTEN dump. */
	NEED_DROPS = 1 << 0, /* SK_MEMINFO */
	NEED_MPTCP = 1 << 1, /* INFO, which carries the ULP name */
	/* One dump of the established hash for all of these, see ehash_dump.h. */
	NEED_SYN_RECV = 1 << 2, /* half-open connections */
	NEED_WAIT = 1 << 3, /* waiting connections of listeners nearly full, or that may stall */
	NEED_WAIT_ALL = 1 << 4, /* the same for every listener with a queue */
	NEED_CONNECTIONS = 1 << 5, /* both, each connection kept; implies NEED_SYN_RECV */
	/* A dump of its own. */
	NEED_UNIX = 1 << 6, /* UNIX listeners */
	/* Files and look-ups. */
	NEED_COUNTERS = 1 << 7, /* /proc/net/netstat, snmp, snmp6, before and after the dump */
	NEED_SYSCTLS = 1 << 8,
	NEED_CGROUP = 1 << 9, /* path of the cgroup */
	NEED_INTERFACE = 1 << 10, /* name of the device a listener is bound to */
	NEED_IDENTITY = 1 << 11, /* host name and boot id */
	NEED_NAMESPACES = 1 << 12, /* names of namespaces, under -N and -A */
	NEED_NETNS_PID = 1 << 13, /* and the oldest process of each, also of one with a name */
	/*
	 * Problems outside of the sample: a dump of UNIX listeners, unless NEED_UNIX; and with
	 * NEED_WINDOW a counter of every other namespace, where only the program's own is sampled.
	 */
	NEED_NOT_SHOWN = 1 << 14,
	/* The processes that hold the listeners. */
	NEED_OWNERS = 1 << 15, /* a look at every descriptor in /proc */
	NEED_UNITS = 1 << 16, /* their cgroups */
	NEED_OWNERS_ASKED = 1 << 17, /* find them without a window too; warn if some are hidden */
	NEED_CONDITIONS = 1 << 18, /* what stops them; finds those with a queue by itself */
	/* No cost in the kernel. */
	NEED_GROUPS = 1 << 19, /* which listeners share an address and port */
	/* Fast samples between two samples. */
	NEED_PEAK = 1 << 20,
	/* What no sample holds. */
	NEED_WINDOW = 1 << 21, /* a second sample, see window.h */
	NEED_USERS = 1 << 22, /* names of users, which the output looks up */
};

/* How files with samples name them. */
struct need_info {
	unsigned int need;
	const char *name;
};

#define NEED_N 23
extern const struct need_info need_table[NEED_N];

#endif
