/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/detail_lines.h"

#include "analyse/networks.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"

#include <stdlib.h>
#include <sys/socket.h>

#define HALF_OPEN_MAX 20 /* more are summed up by network: a flood has thousands */
#define WAITING_MAX   20 /* on a screen: the oldest say what there is to see */
#define NETWORKS_MAX  10 /* that are listed */

static void begin_line(struct strbuf *lines, const char *queue)
{
	strbuf_addf(lines, "    %-9s  ", queue);
}

static void add_ms(struct strbuf *b, bool known, uint32_t ms)
{
	if (known)
		text_add_time(b, ms * (NSEC_PER_SEC / 1000));
	else
		strbuf_putc(b, '-');
}

/* @rows: see cell_align() */
static void add_connection(struct strbuf *rows, const char *queue, const struct connection *c)
{
	begin_line(rows, queue);
	cell_add_endpoint(rows, c->family, c->peer, c->peer_port);
	if (c->half_open) {
		strbuf_addf(rows, "\t\t  retransmits \t%u\t  next timer ", c->retransmits);
		add_ms(rows, true, c->next_timer_ms);
	} else {
		strbuf_adds(rows, "\t  ");
		add_ms(rows, c->has_wait, c->wait_ms);
		strbuf_adds(rows, "\t  unread \t");
		if (c->mptcp)
			strbuf_putc(rows, '-');
		else
			strbuf_addu(rows, c->unread_bytes);
		strbuf_addf(rows, "\t%s%s", c->peer_closed ? "  closed by peer" : "",
			    c->mptcp ? "  MPTCP" : "");
	}
	strbuf_putc(rows, '\n');
}

/* Uses small networks if they make a short list, else large ones. */
static void add_networks(struct strbuf *lines, const char *queue,
			 const struct connections *connections)
{
	static const struct network_size sizes[] = { { 24, 48 }, { 16, 32 } };
	struct network *networks = xreallocarray(NULL, connections->n, sizeof(*networks));
	const size_t n = networks_sum(connections, sizes, NETWORKS_MAX, networks);
	size_t shown, left = connections->n;
	struct strbuf rows = { 0 };

	begin_line(lines, queue);
	strbuf_addf(lines, "%zu from %zu client network%s:\n", connections->n, n, n > 1 ? "s" : "");
	shown = num_min(n, NETWORKS_MAX);
	for (size_t i = 0; i < shown; i++) {
		begin_line(&rows, queue);
		cell_add_address(&rows, networks[i].family, networks[i].address);
		strbuf_addf(&rows, "/%u\t  %u\t  retransmits up to %u\n", networks[i].prefix_len,
			    networks[i].n, networks[i].retransmits);
		left -= networks[i].n;
	}
	cell_align(lines, &rows, "lr");
	strbuf_free(&rows);
	free(networks);
	if (n > shown) {
		begin_line(lines, queue);
		strbuf_addf(lines, "and %zu more network%s with %zu\n", n - shown,
			    n - shown > 1 ? "s" : "", left);
	}
}

/* @name: the word at the beginning of each line */
static void add_queue(struct strbuf *lines, const char *name, const struct row_queue *queue,
		      const struct row *row, bool listed, bool bounded)
{
	const struct connections *connections = &queue->connections;
	const size_t shown = bounded ? num_min(connections->n, WAITING_MAX) : connections->n;
	struct strbuf rows = { 0 };

	if (!queue->known) {
		begin_line(lines, name);
		strbuf_adds(lines, "-\n");
	}
	if (queue->of_group && connections->n) {
		begin_line(lines, name);
		strbuf_addf(lines, "%zu at the %u sockets of its SO_REUSEPORT group%s\n",
			    connections->n, row->group->sockets, listed ? ", listed above" : ":");
	}
	if (listed)
		return;
	if (connections->n > HALF_OPEN_MAX && connections->list->half_open) {
		add_networks(lines, name, connections);
		return;
	}
	for (size_t i = 0; i < shown; i++)
		add_connection(&rows, name, &connections->list[i]);
	cell_align(lines, &rows, "lrlr");
	strbuf_free(&rows);
	if (shown < connections->n) {
		begin_line(lines, name);
		strbuf_addf(lines, "and %zu more; --width=0 lists all\n", connections->n - shown);
	}
}

void detail_lines_add(struct strbuf *lines, const struct row *row, uint8_t *listed, bool bounded)
{
	struct row_queue waiting = row_waiting(row);
	struct row_queue half_open = row_half_open(row);
	uint8_t none = 0, *above = row->group ? &listed[row->listener->group] : &none;
	uint32_t invisible = row_peers_reset(row);

	/* A UNIX listener has no SYN queue, and the kernel does not list its accept queue. */
	if (listener_is_unix(row->listener))
		return;
	add_queue(lines, "waiting", &waiting, row,
		  waiting.of_group && *above & DETAIL_LISTED_WAITING, bounded);
	if (invisible) {
		begin_line(lines, "waiting");
		strbuf_addf(lines, "%u reset by peer, not visible\n", invisible);
	}
	add_queue(lines, "half-open", &half_open, row,
		  half_open.of_group && *above & DETAIL_LISTED_HALF_OPEN, bounded);
	*above |= (waiting.of_group ? DETAIL_LISTED_WAITING : 0) |
		  (half_open.of_group ? DETAIL_LISTED_HALF_OPEN : 0);
}
