/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_GETTERS_H
#define LISTENQ_OUTPUT_GETTERS_H

#include "output/fields.h"

/*
 * What the rows of the field table get their values with: each fills @value, which comes zeroed
 * but for its type, from one row of a report; what is not known it leaves unknown. Only fields.c
 * calls them, through the table.
 */
#define GETTER(name)                                                           \
	void getter_##name(const struct row *row, const struct report *report, \
			   struct field_context *context, struct field_value *value)

GETTER(namespace);
GETTER(netns);
GETTER(protocol);
GETTER(type);
GETTER(family);
GETTER(address);
GETTER(port);
GETTER(path);
GETTER(interface);
GETTER(v6only);
GETTER(mptcp);
GETTER(inode);
GETTER(cookie);
GETTER(uid);
GETTER(user);
GETTER(local);
GETTER(length);
GETTER(limit);
GETTER(capacity);
GETTER(fill);
GETTER(full);
GETTER(peak_length);
GETTER(peak_fill);
GETTER(full_seconds);
GETTER(samples);
GETTER(oldest_wait);
GETTER(wait_age);
GETTER(syn_length);
GETTER(syn_limit);
GETTER(syn_fill);
GETTER(syn_retransmitted);
GETTER(syn_age);
GETTER(sockets);
GETTER(group_length);
GETTER(group_limit);
GETTER(group_fill);
GETTER(imbalance);
GETTER(drops);
GETTER(drops_delta);
GETTER(drops_rate);
GETTER(overflows);
GETTER(overflows_min);
GETTER(overflows_max);
GETTER(losses);
GETTER(losses_min);
GETTER(losses_max);
GETTER(cgroup);
GETTER(process);
GETTER(pid);
GETTER(fd);
GETTER(processes);
GETTER(unit);
GETTER(container);
GETTER(state);
GETTER(severity);
GETTER(reasons);
GETTER(gone);
GETTER(waiting);
GETTER(half_open);

#endif
