/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/contents.h"

#include "output/address.h"
#include "output/cell.h"

/* The lines of one queue. All texts of a column are as wide as the widest. */
struct listing {
	const char *queue; /* the word that each line begins with */
	struct connections connections;
	size_t peer_width;
	size_t wait_width;
	size_t number_width; /* of unread bytes, or of retransmits */
	struct strbuf text; /* scratch */
};

static void begin_line(struct strbuf *lines, const char *queue)
{
	strbuf_addf(lines, "    %-9s  ", queue);
}

static void add_seconds(struct strbuf *b, bool known, uint32_t ms)
{
	struct field_value v = { .type = FIELD_SECONDS, .known = known, .real = ms / 1000.0 };

	cell_add(b, &v, 0);
	if (known)
		strbuf_adds(b, " s");
}

static const char *peer_text(struct listing *l, const struct connection *c)
{
	l->text.len = 0;
	address_add_with_port(&l->text, c->family, c->peer, c->peer_port);
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

static void add_queue(struct strbuf *lines, const char *queue, const struct contents *contents,
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
	measure(&l);
	for (size_t i = 0; i < l.connections.n; i++)
		add_connection(lines, &l, &l.connections.list[i]);
	strbuf_free(&l.text);
}

void contents_add(struct strbuf *lines, const struct row *row, const struct report *report,
		  uint8_t *listed)
{
	struct contents waiting = row_waiting(row, report);
	struct contents half_open = row_half_open(row, report);
	uint8_t none = 0, *above = row->group ? &listed[row->listener->group] : &none;
	uint32_t invisible = row_invisible(row);

	/* It has no SYN queue, and what is in its accept queue is not told. */
	if (listener_is_unix(row->listener))
		return;
	add_queue(lines, "waiting", &waiting, row, waiting.of_group && *above & CONTENTS_WAITING);
	if (invisible) {
		begin_line(lines, "waiting");
		strbuf_addf(lines, "%u reset by peer, not visible\n", invisible);
	}
	add_queue(lines, "half-open", &half_open, row,
		  half_open.of_group && *above & CONTENTS_HALF_OPEN);
	*above |= (waiting.of_group ? CONTENTS_WAITING : 0) |
		  (half_open.of_group ? CONTENTS_HALF_OPEN : 0);
}
