/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/networks.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct network network_of(const struct connection *c, struct network_size size)
{
	const bool mapped = snapshot_is_mapped(c->family, c->peer);
	struct network n = { .family = mapped ? AF_INET : c->family,
			     .retransmits = c->retransmits,
			     .oldest_ms = c->has_wait ? c->wait_ms : 0,
			     .gone = c->peer_closed,
			     .n = 1 };

	n.prefix_len = n.family == AF_INET ? size.v4 : size.v6;
	memcpy(n.address, c->peer + (mapped ? 12 : 0), n.prefix_len / 8);
	return n;
}

static int compare_address(const void *va, const void *vb)
{
	const struct network *a = va, *b = vb;

	return a->family != b->family ? a->family - b->family :
					memcmp(a->address, b->address, sizeof(a->address));
}

/* Most connections first, then by address. */
static int compare_size(const void *va, const void *vb)
{
	const struct network *a = va, *b = vb;

	return a->n != b->n ? num_compare(b->n, a->n) : compare_address(va, vb);
}

size_t networks_sum(const struct connections *list, const struct network_size *sizes, size_t most,
		    struct network *networks)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		networks[i] = network_of(&list->list[i], sizes[0]);
	qsort(networks, list->n, sizeof(*networks), compare_address);
	for (size_t i = 0; i < list->n; i++) {
		struct network *last = n ? &networks[n - 1] : NULL;
		const struct network *one = &networks[i];

		if (!last || compare_address(last, one) != 0) {
			networks[n++] = *one;
			continue;
		}
		last->n++;
		last->gone += one->gone;
		last->oldest_ms = (uint32_t)num_max(last->oldest_ms, one->oldest_ms);
		last->retransmits = (uint8_t)num_max(last->retransmits, one->retransmits);
	}
	if (n > most && most)
		return networks_sum(list, sizes + 1, 0, networks);
	qsort(networks, n, sizeof(*networks), compare_size);
	return n;
}
