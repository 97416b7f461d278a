/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_GETTERS_H
#define LISTENQ_OUTPUT_GETTERS_H

#include "output/fields.h"

/*
 * What the rows of the field table get their values with: each fills @value, which comes zeroed
 * but for its type, from one row of a report; what is not known it leaves unknown. Only fields.c
 * calls them, through the table.
 */
#define GETTER_DECLARE(name)                                                   \
	void getter_##name(const struct row *row, const struct report *report, \
			   struct field_context *context, struct field_value *value)

GETTER_DECLARE(namespace);
GETTER_DECLARE(netns);
GETTER_DECLARE(protocol);
GETTER_DECLARE(type);
GETTER_DECLARE(family);
GETTER_DECLARE(address);
GETTER_DECLARE(port);
GETTER_DECLARE(path);
GETTER_DECLARE(interface);
GETTER_DECLARE(v6only);
GETTER_DECLARE(mptcp);
GETTER_DECLARE(inode);
GETTER_DECLARE(cookie);
GETTER_DECLARE(uid);
GETTER_DECLARE(user);
GETTER_DECLARE(local);
GETTER_DECLARE(length);
GETTER_DECLARE(limit);
GETTER_DECLARE(capacity);
GETTER_DECLARE(fill);
GETTER_DECLARE(full);
GETTER_DECLARE(peak_length);
GETTER_DECLARE(peak_fill);
GETTER_DECLARE(full_seconds);
GETTER_DECLARE(samples);
GETTER_DECLARE(oldest_wait);
GETTER_DECLARE(wait_age);
GETTER_DECLARE(syn_length);
GETTER_DECLARE(syn_limit);
GETTER_DECLARE(syn_fill);
GETTER_DECLARE(syn_retransmitted);
GETTER_DECLARE(syn_age);
GETTER_DECLARE(sockets);
GETTER_DECLARE(group_length);
GETTER_DECLARE(group_limit);
GETTER_DECLARE(group_fill);
GETTER_DECLARE(imbalance);
GETTER_DECLARE(drops);
GETTER_DECLARE(drops_delta);
GETTER_DECLARE(drops_rate);
GETTER_DECLARE(overflows);
GETTER_DECLARE(overflows_min);
GETTER_DECLARE(overflows_max);
GETTER_DECLARE(cgroup);
GETTER_DECLARE(process);
GETTER_DECLARE(pid);
GETTER_DECLARE(fd);
GETTER_DECLARE(processes);
GETTER_DECLARE(unit);
GETTER_DECLARE(container);
GETTER_DECLARE(state);
GETTER_DECLARE(severity);
GETTER_DECLARE(reasons);
GETTER_DECLARE(waiting);
GETTER_DECLARE(half_open);

#endif
