/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_NEEDS_H
#define LISTENQ_MODEL_NEEDS_H

/*
 * What a report costs beyond the bare LISTEN dump. Every field, sort key and
 * format says what it needs; the sum decides what is collected, so that nothing
 * is read, dumped or waited for that nobody asked for.
 */
enum need {
	NEED_DROPS = 1 << 0, /* SK_MEMINFO of each listener */
	NEED_SYN_RECV = 1 << 1, /* a walk of the established hash, see sock_diag.h */
	NEED_GROUPS = 1 << 2, /* which listeners share an address and port */
	NEED_COUNTERS = 1 << 3, /* /proc/net/netstat and snmp, before and after the dump */
	NEED_SYSCTLS = 1 << 4,
	NEED_WINDOW = 1 << 5, /* a second sample */
	NEED_PEAK = 1 << 6, /* fast sampling within the window */
	NEED_WAIT = 1 << 7, /* INFO of connections waiting at listeners that are nearly full */
	NEED_WAIT_ALL = 1 << 8, /* the same for every listener with a queue */
	NEED_CGROUP = 1 << 9, /* path of the cgroup */
	NEED_INTERFACE = 1 << 10, /* name of the device a listener is bound to */
	NEED_MPTCP = 1 << 11, /* INFO of each listener, which is what carries the ULP name */
	NEED_IDENTITY = 1 << 12, /* host name and boot id */
};

#endif
