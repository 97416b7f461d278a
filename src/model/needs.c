/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/needs.h"

const struct need_info need_table[NEED_N] = {
	{ NEED_DROPS, "drops" },
	{ NEED_MPTCP, "mptcp" },
	{ NEED_SYN_RECV, "syn-recv" },
	{ NEED_WAIT, "wait" },
	{ NEED_WAIT_ALL, "wait-all" },
	{ NEED_CONNECTIONS, "connections" },
	{ NEED_UNIX, "unix" },
	{ NEED_COUNTERS, "counters" },
	{ NEED_SYSCTLS, "sysctls" },
	{ NEED_CGROUP, "cgroup" },
	{ NEED_INTERFACE, "interface" },
	{ NEED_IDENTITY, "identity" },
	{ NEED_NAMESPACES, "namespaces" },
	{ NEED_NETNS_PID, "netns-pid" },
	{ NEED_NOT_SHOWN, "not-shown" },
	{ NEED_OWNERS, "owners" },
	{ NEED_UNITS, "units" },
	{ NEED_OWNERS_ASKED, "owners-asked" },
	{ NEED_CONDITIONS, "conditions" },
	{ NEED_GROUPS, "groups" },
	{ NEED_PEAK, "peak" },
	{ NEED_WINDOW, "window" },
	{ NEED_USERS, "users" },
};
