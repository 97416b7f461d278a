/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_FILTER_EXPR_H
#define LISTENQ_MODEL_FILTER_EXPR_H

#include "model/snapshot.h"

/*
 * A filter as plain data: conditions on the local side of a socket, which the kernel can test as
 * well, and others, which it cannot.
 */
enum filter_expr_kind {
	EXPR_LIST, /* of others, from left to right: "and" and "or" bind alike, as in ss */
	EXPR_HOST, /* an address within a prefix, and a port */
	EXPR_PORT_MIN, /* that port or a higher one */
	EXPR_PORT_MAX,
	EXPR_DEVICE, /* the device that the socket is bound to */
	EXPR_FIELD, /* of the report: the kernel cannot test it */
};

#define EXPR_ANY_PORT  (-1)
#define EXPR_NAME_SIZE 16 /* IFNAMSIZ */

struct filter_expr {
	enum filter_expr_kind kind;
	bool negated;
	bool alternative; /* in a list: "or" stands before it, else "and" */
	bool peer; /* of the peer's side: that of a listener is port 0 and no address */
	uint8_t family; /* HOST: AF_UNSPEC is any address */
	uint8_t prefix_len;
	uint8_t address[16]; /* network order; zeros follow an IPv4 address */
	int32_t port; /* HOST, PORT_MIN, PORT_MAX */
	char device[EXPR_NAME_SIZE]; /* DEVICE: its name, "": none */
	uint32_t ifindex; /* DEVICE: 0 without a name: bound to none; with one: matches as well */
	struct filter_expr *first; /* LIST */
	struct filter_expr *next; /* in the same list */
};

/* Frees a list, or a single condition, with all that is in it. */
void filter_expr_free(struct filter_expr *condition);

/* Is there one of that kind in it? */
bool filter_expr_has(const struct filter_expr *condition, enum filter_expr_kind kind);

/*
 * filter_expr_holds() - does a TCP listener bound to @addr match HOST, PORT_MIN or PORT_MAX, as the
 * kernel matches them? Negation is left out.
 *
 * To the kernel an IPv4 prefix holds IPv4 sockets and v4-mapped ones, whatever its length.
 */
bool filter_expr_holds(const struct filter_expr *condition, const struct listen_addr *addr);

/*
 * filter_expr_holds_bits() - the same as ss matches them: it compares the bits of the prefix with
 * the first ones of the address, whatever the families, or with those of the IPv4 address in it.
 * Whatever filter_expr_holds() is true of, this is.
 */
bool filter_expr_holds_bits(const struct filter_expr *condition, const struct listen_addr *addr);

#endif
