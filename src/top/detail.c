/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/detail.h"

#include "analyse/fold.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "top/graph.h"

#include <string.h>

/* Lines that the connections have before the values get any. */
#define CONNECTIONS_MIN 6

void detail_begin(struct detail *d)
{
	memset(d, 0, sizeof(*d));
}

void detail_next_section(struct detail *d)
{
	d->section = (d->section + 1) % DETAIL_SECTIONS;
}

void detail_move(struct detail *d, long by)
{
	d->offset[d->section] = num_step(d->offset[d->section], by);
}

static void draw_waiting(struct paint *p, const struct connection *c)
{
	struct strbuf b = { 0 };

	if (c->has_wait)
		phrase_time(&b, c->wait_ms * (NSEC_PER_SEC / 1000));
	else
		strbuf_putc(&b, '-');
	paint_blanks(p, INK_PLAIN, 8 - (int)b.len);
	if (c->mptcp)
		strbuf_addf(&b, " %12s  ", "-");
	else
		strbuf_addf(&b, " %12u  ", c->unread_bytes);
	cell_add_endpoint(&b, c->family, c->peer, c->peer_port);
	if (c->peer_closed)
		strbuf_adds(&b, "  closed by the peer");
	if (c->mptcp)
		strbuf_adds(&b, "  MPTCP");
	paint_text(p, c->peer_closed ? INK_NOTICE : INK_PLAIN, b.s, b.len);
	strbuf_free(&b);
}

static void draw_half_open(struct paint *p, const struct connection *c)
{
	struct strbuf b = { 0 };

	phrase_time(&b, c->next_timer_ms * (NSEC_PER_SEC / 1000));
	paint_blanks(p, INK_PLAIN, 8 - (int)b.len);
	strbuf_addf(&b, " %12u  ", c->retransmits);
	cell_add_endpoint(&b, c->family, c->peer, c->peer_port);
	paint_text(p, INK_PLAIN, b.s, b.len);
	strbuf_free(&b);
}

/* The queues of a row, by section. */
struct queues {
	struct row_queue of[DETAIL_SECTIONS];
};

/* The heading of a section; reversed where the keys scroll. */
static void draw_heading(const struct detail *d, enum detail_section section, struct paint *p,
			 const struct row *row, const struct queues *q)
{
	enum ink ink = d->section == section ? INK_BAR : INK_STRONG;
	const struct row_queue *contents = &q->of[section];
	bool waiting = section == DETAIL_WAITING;
	uint32_t invisible = row_peers_reset(row);
	struct strbuf b = { 0 };

	strbuf_adds(&b, waiting ? "    WAIT       UNREAD  PEER" : "   TIMER      RETRANS  PEER");
	if (listener_is_unix(row->listener))
		strbuf_adds(&b, waiting ? "   unknown for UNIX sockets" : "   none: no handshake");
	else if (!contents->known)
		strbuf_adds(&b,
			    waiting ? "   waiting: not looked at" : "   half-open: not looked at");
	else
		strbuf_addf(&b, "   %zu %s", contents->connections.n,
			    waiting ? "waiting" : "half-open");
	phrase_age(&b, " ", contents->age_ns, " ago");
	if (waiting && invisible)
		strbuf_addf(&b, ", %u reset by their peers and in no dump", invisible);
	if (contents->of_group)
		strbuf_addf(&b, ", of all %u sockets of the group", row->group->sockets);
	paint_text(p, ink, b.s, b.len);
	paint_rest(p, ink);
	strbuf_free(&b);
}

static void draw_section(struct detail *d, enum detail_section section, const struct screen *screen,
			 int y, int bottom, const struct row *row, const struct queues *q)
{
	size_t room = bottom > y + 1 ? (size_t)(bottom - y - 1) : 0, *offset = &d->offset[section];
	const struct connections *connections = &q->of[section].connections;
	struct paint p = paint_line(screen, y++);

	draw_heading(d, section, &p, row, q);
	if (*offset + room > connections->n)
		*offset = connections->n > room ? connections->n - room : 0;
	if (d->section == section)
		d->page = room ? room : 1;
	for (size_t i = *offset; i < connections->n && y < bottom; i++) {
		p = paint_line(screen, y++);
		if (section == DETAIL_WAITING)
			draw_waiting(&p, &connections->list[i]);
		else
			draw_half_open(&p, &connections->list[i]);
	}
}

/* Its past fills, as many as there is room for. */
static int draw_history(const struct screen *screen, int y, const struct row *row,
			const struct phrase_context *c)
{
	struct paint p = paint_line(screen, y);
	struct strbuf b = { 0 };

	paint_string(&p, INK_PLAIN, "fill ");
	if (p.x < p.end)
		graph_history(&b, c->history, row, c->back, (size_t)(p.end - p.x), c->utf8);
	paint_text(&p, paint_ink(state_table[row->state].severity), b.s, b.len);
	strbuf_free(&b);
	return y + 1;
}

/* The sentences of its state and its reasons, whole. */
static int draw_sentences(const struct screen *screen, int y, int bottom, const struct row *row,
			  const struct phrase_context *c)
{
	enum ink ink = paint_ink(state_table[row->state].severity);
	struct strbuf b = { 0 };

	strbuf_addf(&b, "%s: ", state_table[row->state].name);
	verdict_add_state(&b, row);
	y = paint_wrapped(screen, y, bottom, ink, b.s);
	for (unsigned int i = 0; i < REASON_N; i++) {
		if (!(row->reasons & (1u << i)))
			continue;
		b.len = 0;
		verdict_add_reason(&b, i, row, c->utf8 ? 0 : TEXT_ASCII);
		y = paint_wrapped(screen, y, bottom, INK_PLAIN, b.s);
	}
	strbuf_free(&b);
	return y;
}

static int draw_text(const struct screen *screen, int y, int bottom, enum ink ink,
		     struct strbuf *text)
{
	y = paint_wrapped(screen, y, bottom, ink, text->s);
	strbuf_free(text);
	return y;
}

/* The members of a folded row in a few lines, which show an imbalance. */
static int draw_members(const struct screen *screen, int y, int bottom,
			const struct folded_group *fold)
{
	const uint32_t shown_max = 40;
	struct strbuf b = { 0 };
	uint32_t i;

	strbuf_adds(&b, "queued/limit of each socket:");
	for (i = 0; i < fold->n_members && i < shown_max; i++)
		strbuf_addf(&b, " %u/%u", fold->members[i]->listener->length,
			    fold->members[i]->listener->limit);
	if (i < fold->n_members)
		strbuf_addf(&b, " and %u more", fold->n_members - i);
	y = paint_wrapped(screen, y, bottom, INK_PLAIN, b.s);
	strbuf_free(&b);
	return y;
}

void detail_draw(struct detail *d, const struct screen *screen, int top, int bottom,
		 const struct row *row, const struct phrase_context *c)
{
	struct strbuf text = { 0 };
	struct queues q;
	size_t half_open;
	int y = top, half, wanted;

	if (!row) {
		struct paint p = paint_line(screen, y);

		paint_string(&p, INK_STRONG, "This listener is gone.");
		return;
	}
	/* What is wrong and what to do, the members, then every value. */
	phrase_facts(&text, row, c);
	y = draw_text(screen, y, bottom, INK_STRONG, &text);
	y = draw_sentences(screen, y, y + (bottom - y) / 2, row, c);
	if (row->folded)
		y = draw_members(screen, y, bottom, row->folded);
	phrase_numbers(&text, row, c);
	y = draw_text(screen, y, y + (bottom - y - CONNECTIONS_MIN) / 2, INK_PLAIN, &text);
	if (y < bottom)
		y = draw_history(screen, y, row, c);
	q.of[DETAIL_WAITING] = row_waiting(row);
	q.of[DETAIL_HALF_OPEN] = row_half_open(row);
	half_open = q.of[DETAIL_HALF_OPEN].connections.n;
	/* The half-open ones get what they need, but at most a third; two if the keys scroll them.
	 */
	half = (bottom - y) / 3;
	wanted = half_open < 1000 ? (int)half_open + 1 : 1000;
	if (d->section == DETAIL_HALF_OPEN)
		half *= 2;
	if (half > wanted)
		half = wanted;
	if (y < bottom)
		draw_section(d, DETAIL_WAITING, screen, y, bottom - half, row, &q);
	if (half > 0)
		draw_section(d, DETAIL_HALF_OPEN, screen, bottom - half, bottom, row, &q);
}
