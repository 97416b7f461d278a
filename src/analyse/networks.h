/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_NETWORKS_H
#define LISTENQ_ANALYSE_NETWORKS_H

#include "model/connections.h"

/* The connections of one client network. */
struct network {
	uint8_t address[16];
	uint8_t family; /* AF_INET for v4-mapped clients too */
	uint8_t prefix_len;
	uint8_t retransmits; /* the most */
	uint32_t oldest_ms; /* 0: unknown */
	uint32_t gone; /* closed by the client */
	uint32_t n;
};

/* Prefix lengths, whole bytes. */
struct network_size {
	uint8_t v4, v6;
};

/*
 * networks_sum() - sum connections up by network, the largest network first: in networks of
 * @sizes[0], or if those are more than @most (0: no limit), of @sizes[1]. Returns how many.
 * @networks: room for as many as there are connections
 */
size_t networks_sum(const struct connections *list, const struct network_size *sizes, size_t most,
		    struct network *networks);

#endif
