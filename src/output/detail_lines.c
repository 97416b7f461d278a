/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/detail_lines.h"

#include "base/alloc.h"
#include "output/cell.h"

#include <stdlib.h>
#include <sys/socket.h>

/* The lines of one queue. All texts of a column are as wide as the widest. */
struct listing {
	const char *queue; /* the word that each line begins with */
	struct connections connections;
	size_t peer_width;
	size_t wait_width;
	size_t number_width; /* of unread bytes, or of retransmits */
	struct strbuf text; /* scratch */
};

/*
 * Above so many half-open connections it matters where they come from, not which they are: a flood
 * has thousands.
 */
#define HALF_OPEN_MAX 20
#define NETWORKS_MAX  10 /* lines of them */

/* The half-open connections of one client network. */
struct network {
	uint8_t address[16];
	uint8_t family; /* v4-mapped clients are of AF_INET here */
	uint8_t prefix_len;
	uint8_t retransmits; /* the most */
	size_t n;
};

static void begin_line(struct strbuf *lines, const char *queue)
{
	strbuf_addf(lines, "    %-9s  ", queue);
}

static void add_seconds(struct strbuf *b, bool known, uint32_t ms)
{
	struct field_value v = { .type = TYPE_SECONDS, .known = known, .real = ms / 1000.0 };

	cell_add(b, &v, 0);
	if (known)
		strbuf_adds(b, " s");
}

static const char *peer_text(struct listing *l, const struct connection *c)
{
	l->text.len = 0;
	cell_add_endpoint(&l->text, c->family, c->peer, c->peer_port);
	return l->text.s;
}

static const char *wait_text(struct listing *l, const struct connection *c)
{
	l->text.len = 0;
	add_seconds(&l->text, c->has_wait, c->wait_ms);
	return l->text.s;
}

static const char *number_text(struct listing *l, const struct connection *c)
{
	l->text.len = 0;
	if (!c->half_open && c->mptcp)
		strbuf_putc(&l->text, '-');
	else
		strbuf_addu(&l->text, c->half_open ? c->retransmits : c->unread_bytes);
	return l->text.s;
}

static void widen(size_t *width, size_t to)
{
	if (to > *width)
		*width = to;
}

static void measure(struct listing *l)
{
	for (size_t i = 0; i < l->connections.n; i++) {
		const struct connection *c = &l->connections.list[i];

		widen(&l->peer_width, strlen(peer_text(l, c)));
		widen(&l->wait_width, strlen(wait_text(l, c)));
		widen(&l->number_width, strlen(number_text(l, c)));
	}
}

static void add_connection(struct strbuf *lines, struct listing *l, const struct connection *c)
{
	begin_line(lines, l->queue);
	strbuf_addf(lines, "%-*s", (int)l->peer_width, peer_text(l, c));
	if (c->half_open) {
		strbuf_addf(lines, "  retransmits %*s  next timer ", (int)l->number_width,
			    number_text(l, c));
		add_seconds(lines, true, c->next_timer_ms);
	} else {
		strbuf_addf(lines, "  %*s", (int)l->wait_width, wait_text(l, c));
		strbuf_addf(lines, "  unread %*s%s%s", (int)l->number_width, number_text(l, c),
			    c->peer_closed ? "  closed by peer" : "", c->mptcp ? "  MPTCP" : "");
	}
	strbuf_putc(lines, '\n');
}

static struct network network_of(const struct connection *c, bool coarse)
{
	struct network network = { .retransmits = c->retransmits, .n = 1 };

	if (c->family == AF_INET || snapshot_is_mapped(c->family, c->peer)) {
		network.family = AF_INET;
		network.prefix_len = coarse ? 16 : 24;
		memcpy(network.address, c->peer + (c->family == AF_INET ? 0 : 12), 4);
	} else {
		network.family = c->family;
		network.prefix_len = coarse ? 32 : 48;
		memcpy(network.address, c->peer, sizeof(network.address));
	}
	memset(network.address + network.prefix_len / 8, 0,
	       sizeof(network.address) - network.prefix_len / 8);
	return network;
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

	return a->n != b->n ? (a->n < b->n ? 1 : -1) : compare_address(va, vb);
}

/* Sums connections up by network, largest first. Returns how many there are. */
static size_t sum_networks(const struct connections *connections, bool coarse,
			   struct network *networks)
{
	size_t n = 0;

	for (size_t i = 0; i < connections->n; i++)
		networks[i] = network_of(&connections->list[i], coarse);
	qsort(networks, connections->n, sizeof(*networks), compare_address);
	for (size_t i = 0; i < connections->n; i++) {
		struct network *last = n ? &networks[n - 1] : NULL;

		if (!last || compare_address(last, &networks[i]) != 0) {
			networks[n++] = networks[i];
			continue;
		}
		last->n++;
		if (networks[i].retransmits > last->retransmits)
			last->retransmits = networks[i].retransmits;
	}
	qsort(networks, n, sizeof(*networks), compare_size);
	return n;
}

static const char *network_text(struct listing *l, const struct network *network)
{
	l->text.len = 0;
	cell_add_address(&l->text, network->family, network->address);
	strbuf_addf(&l->text, "/%u", network->prefix_len);
	return l->text.s;
}

static void add_networks(struct strbuf *lines, struct listing *l, const struct network *networks,
			 size_t n)
{
	size_t shown = n > NETWORKS_MAX ? NETWORKS_MAX : n, left = l->connections.n;

	/* The first is the largest. */
	l->text.len = 0;
	strbuf_addu(&l->text, networks[0].n);
	l->number_width = l->text.len;
	for (size_t i = 0; i < shown; i++)
		widen(&l->peer_width, strlen(network_text(l, &networks[i])));
	for (size_t i = 0; i < shown; i++) {
		begin_line(lines, l->queue);
		strbuf_addf(lines, "%-*s  %*zu  retransmits up to %u\n", (int)l->peer_width,
			    network_text(l, &networks[i]), (int)l->number_width, networks[i].n,
			    networks[i].retransmits);
		left -= networks[i].n;
	}
	if (n > shown) {
		begin_line(lines, l->queue);
		strbuf_addf(lines, "and %zu more network%s with %zu\n", n - shown,
			    n - shown > 1 ? "s" : "", left);
	}
}

/* By networks that are as small as keeps the list short: from all over the Internet none does. */
static void add_half_open_sums(struct strbuf *lines, struct listing *l)
{
	struct network *networks = xreallocarray(NULL, l->connections.n, sizeof(*networks));
	size_t n = sum_networks(&l->connections, false, networks);

	if (n > NETWORKS_MAX)
		n = sum_networks(&l->connections, true, networks);
	begin_line(lines, l->queue);
	strbuf_addf(lines, "%zu from %zu client network%s:\n", l->connections.n, n,
		    n > 1 ? "s" : "");
	add_networks(lines, l, networks, n);
	free(networks);
}

static void add_queue(struct strbuf *lines, const char *queue, const struct row_queue *contents,
		      const struct row *row, bool listed)
{
	struct listing l = { .queue = queue, .connections = contents->connections };

	if (!contents->known) {
		begin_line(lines, queue);
		strbuf_adds(lines, "-\n");
	}
	if (contents->of_group && l.connections.n) {
		begin_line(lines, queue);
		strbuf_addf(lines, "%zu at the %u sockets of its SO_REUSEPORT group%s\n",
			    l.connections.n, row->group->sockets, listed ? ", listed above" : ":");
	}
	if (listed)
		return;
	if (l.connections.n > HALF_OPEN_MAX && l.connections.list->half_open) {
		add_half_open_sums(lines, &l);
	} else {
		measure(&l);
		for (size_t i = 0; i < l.connections.n; i++)
			add_connection(lines, &l, &l.connections.list[i]);
	}
	strbuf_free(&l.text);
}

void detail_lines_add(struct strbuf *lines, const struct row *row, uint8_t *listed)
{
	struct row_queue waiting = row_waiting(row);
	struct row_queue half_open = row_half_open(row);
	uint8_t none = 0, *above = row->group ? &listed[row->listener->group] : &none;
	uint32_t invisible = row_peers_reset(row);

	/* It has no SYN queue, and what is in its accept queue is not told. */
	if (listener_is_unix(row->listener))
		return;
	add_queue(lines, "waiting", &waiting, row,
		  waiting.of_group && *above & DETAIL_LISTED_WAITING);
	if (invisible) {
		begin_line(lines, "waiting");
		strbuf_addf(lines, "%u reset by peer, not visible\n", invisible);
	}
	add_queue(lines, "half-open", &half_open, row,
		  half_open.of_group && *above & DETAIL_LISTED_HALF_OPEN);
	*above |= (waiting.of_group ? DETAIL_LISTED_WAITING : 0) |
		  (half_open.of_group ? DETAIL_LISTED_HALF_OPEN : 0);
}
