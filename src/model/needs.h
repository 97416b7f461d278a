/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_NEEDS_H
#define LISTENQ_MODEL_NEEDS_H

/*
 * What a report costs beyond the bare LISTEN dump. Every field, sort key and format says what it
 * needs; the sum decides what is collected, so that nothing is read, dumped or waited for that
 * nobody asked for. A row of provider_table, collect/collect.c, serves each of them.
 */
enum need {
	/* More of each listener, in the dump that is made anyway. */
	NEED_DROPS = 1 << 0, /* SK_MEMINFO */
	NEED_MPTCP = 1 << 1, /* INFO, which is what carries the ULP name */
	/* A dump of the established hash, see ehash_dump.h: one for all that is needed. */
	NEED_SYN_RECV = 1 << 2, /* half-open connections */
	NEED_WAIT = 1 << 3, /* those that wait at listeners that are nearly full or may stall */
	NEED_WAIT_ALL = 1 << 4, /* the same for every listener with a queue */
	NEED_CONNECTIONS = 1 << 5, /* both, and each connection kept; implies NEED_SYN_RECV */
	/* A dump of its own. */
	NEED_UNIX = 1 << 6, /* UNIX listeners */
	/* Files and look-ups. */
	NEED_COUNTERS = 1 << 7, /* /proc/net/netstat and snmp, before and after the dump */
	NEED_SYSCTLS = 1 << 8,
	NEED_CGROUP = 1 << 9, /* path of the cgroup */
	NEED_INTERFACE = 1 << 10, /* name of the device a listener is bound to */
	NEED_IDENTITY = 1 << 11, /* host name and boot id */
	NEED_NAMESPACES = 1 << 12, /* their names, where they are named or all are looked for */
	NEED_NETNS_PID = 1 << 13, /* and the oldest process of each, whatever its name */
	/*
	 * What is not in the sample and may not be well: a dump of UNIX listeners, unless
	 * NEED_UNIX; and with NEED_WINDOW a counter of each namespace, where only that of the
	 * program is read.
	 */
	NEED_NOT_SHOWN = 1 << 14,
	/* Whose the listeners are. */
	NEED_OWNERS = 1 << 15, /* processes that hold them: a look at every descriptor in /proc */
	NEED_UNITS = 1 << 16, /* the cgroups of these processes */
	NEED_OWNERS_ASKED = 1 << 17, /* even without a window, and say when some are hidden */
	NEED_CONDITIONS = 1 << 18, /* of those whose listeners have a queue; it finds them itself */
	/* No cost in the kernel. */
	NEED_GROUPS = 1 << 19, /* which listeners share an address and port */
	/* Fast samples between two samples. */
	NEED_PEAK = 1 << 20,
	/* What no sample holds. */
	NEED_WINDOW = 1 << 21, /* a second sample, see window.h */
	NEED_USERS = 1 << 22, /* names of users, which the output looks up */
};

#endif
