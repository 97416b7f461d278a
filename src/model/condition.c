/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/condition.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void condition_free(struct condition *condition)
{
	struct condition *next;

	if (!condition)
		return;
	for (struct condition *c = condition->first; c; c = next) {
		next = c->next;
		condition_free(c);
	}
	free(condition);
}

bool condition_has(const struct condition *condition, enum condition_kind kind)
{
	if (condition->kind == kind)
		return true;
	for (const struct condition *c = condition->first; c; c = c->next)
		if (condition_has(c, kind))
			return true;
	return false;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	return !memcmp(a, b, bytes) && (!rest || !((a[bytes] ^ b[bytes]) >> (8 - rest)));
}

static bool holds_address(const struct condition *c, const uint8_t *address, uint8_t family,
			  enum condition_judge judge)
{
	bool mapped = c->family == AF_INET && snapshot_is_mapped(family, address);

	if (c->family == AF_UNSPEC)
		return true;
	if (judge == CONDITION_BY_KERNEL && c->family != family && !mapped)
		return false;
	if (judge == CONDITION_BY_KERNEL && mapped)
		return same_prefix(address + 12, c->address, c->prefix_len);
	return same_prefix(address, c->address, c->prefix_len) ||
	       (mapped && same_prefix(address + 12, c->address, c->prefix_len));
}

bool condition_holds(const struct condition *c, const struct bound *bound,
		     enum condition_judge judge)
{
	static const uint8_t nowhere[16];
	uint16_t port = c->peer ? 0 : bound->port;

	if (c->kind == CONDITION_PORT_MIN)
		return port >= c->port;
	if (c->kind == CONDITION_PORT_MAX)
		return port <= c->port;
	return (c->port == CONDITION_ANY_PORT || c->port == port) &&
	       holds_address(c, c->peer ? nowhere : bound->address, bound->family, judge);
}
