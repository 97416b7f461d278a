/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filter_expr.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void filter_expr_free(struct filter_expr *condition)
{
	struct filter_expr *next;

	if (!condition)
		return;
	for (struct filter_expr *c = condition->first; c; c = next) {
		next = c->next;
		filter_expr_free(c);
	}
	free(condition);
}

bool filter_expr_has(const struct filter_expr *condition, enum filter_expr_kind kind)
{
	if (condition->kind == kind)
		return true;
	for (const struct filter_expr *c = condition->first; c; c = c->next)
		if (filter_expr_has(c, kind))
			return true;
	return false;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	return !memcmp(a, b, bytes) && (!rest || !((a[bytes] ^ b[bytes]) >> (8 - rest)));
}

static bool holds_address(const struct filter_expr *c, const uint8_t *address, uint8_t family,
			  bool bits)
{
	bool mapped = c->family == AF_INET && snapshot_is_mapped(family, address);

	if (c->family == AF_UNSPEC ||
	    (mapped && same_prefix(address + 12, c->address, c->prefix_len)))
		return true;
	return (bits || c->family == family) && same_prefix(address, c->address, c->prefix_len);
}

bool filter_expr_holds(const struct filter_expr *c, const struct listen_addr *addr, bool bits)
{
	static const uint8_t nowhere[16];
	uint16_t port = c->peer ? 0 : addr->port;

	if (c->kind == EXPR_PORT_MIN)
		return port >= c->port;
	if (c->kind == EXPR_PORT_MAX)
		return port <= c->port;
	return (c->port == EXPR_ANY_PORT || c->port == port) &&
	       holds_address(c, c->peer ? nowhere : addr->address, addr->family, bits);
}
