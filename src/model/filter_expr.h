/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_FILTER_EXPR_H
#define LISTENQ_MODEL_FILTER_EXPR_H

#include "model/snapshot.h"

/*
 * A filter as a tree of conditions. The kernel can test those on the local side of a socket, but
 * not those on fields of the report.
 */
enum filter_expr_kind {
	EXPR_LIST, /* of conditions, from left to right: "and" and "or" bind alike, as in ss */
	EXPR_HOST, /* an address within a prefix, and a port */
	EXPR_PORT_MIN, /* this port or a higher one */
	EXPR_PORT_MAX, /* this port or a lower one */
	EXPR_DEVICE, /* the device that the socket is bound to */
	EXPR_FIELD, /* a field of the report */
};

#define EXPR_ANY_PORT  (-1)
#define EXPR_NAME_SIZE 16 /* IFNAMSIZ */

struct filter_expr {
	enum filter_expr_kind kind;
	bool negated;
	bool alternative; /* in a list: "or" stands before it, else "and" */
	bool peer; /* about the peer's side, which for a listener is port 0 and no address */
	uint8_t family; /* HOST: AF_UNSPEC is any address */
	uint8_t prefix_len;
	uint8_t address[16]; /* network order; zeros follow an IPv4 address */
	int32_t port; /* HOST, PORT_MIN, PORT_MAX */
	char device[EXPR_NAME_SIZE]; /* DEVICE: its name, "": none */
	uint32_t ifindex; /* DEVICE: without a name 0 is unbound; with a name another match, or 0 */
	struct filter_expr *first; /* LIST */
	struct filter_expr *next; /* in the same list */
};

/* Frees a condition and all that is in it. */
void filter_expr_free(struct filter_expr *condition);

/* Is @condition of this kind, or contains one that is? */
bool filter_expr_has(const struct filter_expr *condition, enum filter_expr_kind kind);

/*
 * filter_expr_holds() - does the kernel match HOST, PORT_MIN or PORT_MAX to a TCP listener bound to
 * @addr? Ignores @negated.
 * @bits: match as ss does, which takes all that the kernel takes: it compares the prefix with the
 *        first bits of the address, whatever the families, and of a v4-mapped address also with
 *        those of the IPv4 address.
 *
 * In the kernel an IPv4 prefix of any length matches IPv4 and v4-mapped addresses.
 */
bool filter_expr_holds(const struct filter_expr *condition, const struct listen_addr *addr,
		       bool bits);

#endif
