/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/detail.h"

#include "base/clock.h"
#include "output/cell.h"
#include "top/graph.h"

#define CONNECTIONS_MIN 6 /* lines that the values leave to the connections */
#define MEMBERS_MAX	40 /* members that are listed */

/* What is drawn, and on which line the next text goes. */
struct page {
	const struct screen *screen;
	const struct row *row;
	const struct phrase_context *c;
	int y;
	int bottom; /* the first line after the page */
	struct strbuf text;
};

/* Puts the text on as many lines as it needs, above @bottom. */
static void put_text(struct page *p, enum ink ink, int bottom)
{
	p->y = paint_wrapped(p->screen, p->y, bottom, ink, p->text.s);
	p->text.len = 0;
}

static void put_connection(struct page *p, enum detail_section section, const struct connection *c)
{
	const bool waiting = section == DETAIL_WAITING;
	const enum ink ink = waiting && c->peer_closed ? INK_NOTICE : INK_PLAIN;
	struct paint line = paint_line(p->screen, p->y++);
	struct strbuf *b = &p->text;

	if (waiting && !c->has_wait)
		strbuf_putc(b, '-');
	else
		phrase_time(b, (waiting ? c->wait_ms : c->next_timer_ms) * (NSEC_PER_SEC / 1000));
	paint_blanks(&line, INK_PLAIN, 8 - (int)b->len);
	if (waiting && c->mptcp)
		strbuf_addf(b, " %12s  ", "-");
	else
		strbuf_addf(b, " %12u  ", waiting ? c->unread_bytes : c->retransmits);
	cell_add_endpoint(b, c->family, c->peer, c->peer_port);
	if (waiting && c->peer_closed)
		strbuf_adds(b, "  closed by the peer");
	if (waiting && c->mptcp)
		strbuf_adds(b, "  MPTCP");
	paint_text(&line, ink, b->s, b->len);
	b->len = 0;
}

/* The heading of a section; reversed if the keys scroll it. */
static void put_heading(struct page *p, enum detail_section section, const struct row_queue *queue,
			enum ink ink)
{
	const bool waiting = section == DETAIL_WAITING;
	const uint32_t reset = waiting ? row_peers_reset(p->row) : 0;
	struct paint line = paint_line(p->screen, p->y++);
	struct strbuf *b = &p->text;

	strbuf_adds(b, waiting ? "    WAIT       UNREAD  PEER" : "   TIMER      RETRANS  PEER");
	if (listener_is_unix(p->row->listener))
		strbuf_adds(b, waiting ? "   unknown for UNIX sockets" : "   none: no handshake");
	else if (!queue->known)
		strbuf_addf(b, "   %s: not looked at", waiting ? "waiting" : "half-open");
	else
		strbuf_addf(b, "   %zu %s", queue->connections.n,
			    waiting ? "waiting" : "half-open");
	phrase_age(b, " ", queue->age_ns, " ago");
	if (reset)
		strbuf_addf(b, ", %u reset by their peers and in no dump", reset);
	if (queue->of_group)
		strbuf_addf(b, ", of all %u sockets of the group", p->row->group->sockets);
	paint_text(&line, ink, b->s, b->len);
	paint_rest(&line, ink);
	b->len = 0;
}

static void put_section(struct page *p, struct detail *d, enum detail_section section, int bottom,
			const struct row_queue *queue)
{
	const size_t room = bottom > p->y + 1 ? (size_t)(bottom - p->y - 1) : 0;
	const size_t n = queue->connections.n;
	size_t *offset = &d->offset[section];

	put_heading(p, section, queue, d->section == section ? INK_HEADER : INK_STRONG);
	if (*offset + room > n)
		*offset = n > room ? n - room : 0;
	if (d->section == section)
		d->page = room ? room : 1;
	for (size_t i = *offset; i < n && p->y < bottom; i++)
		put_connection(p, section, &queue->connections.list[i]);
}

/* The two queues share the remaining lines. */
static void put_sections(struct page *p, struct detail *d)
{
	const struct row_queue waiting = row_waiting(p->row), half_open = row_half_open(p->row);
	const size_t n = half_open.connections.n;
	const int wanted = n < 1000 ? (int)n + 1 : 1000;
	int lines = (p->bottom - p->y) / 3;

	/* The SYN queue gets what it needs, at most a third; two thirds if the keys scroll it. */
	if (d->section == DETAIL_HALF_OPEN)
		lines *= 2;
	if (lines > wanted)
		lines = wanted;
	if (p->y < p->bottom)
		put_section(p, d, DETAIL_WAITING, p->bottom - lines, &waiting);
	p->y = p->bottom - lines;
	if (lines > 0)
		put_section(p, d, DETAIL_HALF_OPEN, p->bottom, &half_open);
}

/* As many past fills as fit on one line. */
static void put_history(struct page *p, enum ink ink)
{
	struct paint line = paint_line(p->screen, p->y++);

	paint_string(&line, INK_PLAIN, "fill ");
	if (line.x < line.end)
		graph_history(&p->text, p->c->history, p->row, p->c->back,
			      (size_t)(line.end - line.x), p->c->utf8);
	paint_text(&line, ink, p->text.s, p->text.len);
	p->text.len = 0;
}

/* The sentences of the state and of all reasons. */
static void put_sentences(struct page *p, enum ink ink, int bottom)
{
	strbuf_addf(&p->text, "%s: ", state_table[p->row->state].name);
	verdict_add_state(&p->text, p->row);
	put_text(p, ink, bottom);
	for (unsigned int i = 0; i < REASON_N; i++)
		if (p->row->reasons & (1u << i)) {
			verdict_add_reason(&p->text, i, p->row, p->c->utf8 ? 0 : TEXT_ASCII);
			put_text(p, INK_PLAIN, bottom);
		}
}

/* Length and limit of each member, which show an imbalance. */
static void put_members(struct page *p, const struct folded_group *group)
{
	uint32_t i;

	strbuf_adds(&p->text, "queued/limit of each socket:");
	for (i = 0; i < group->n_members && i < MEMBERS_MAX; i++)
		strbuf_addf(&p->text, " %u/%u", group->members[i]->listener->length,
			    group->members[i]->listener->limit);
	if (i < group->n_members)
		strbuf_addf(&p->text, " and %u more", group->n_members - i);
	put_text(p, INK_PLAIN, p->bottom);
}

void detail_draw(struct detail *d, const struct screen *screen, int top, int bottom,
		 const struct row *row, const struct phrase_context *c)
{
	struct page p = { .screen = screen, .row = row, .c = c, .y = top, .bottom = bottom };
	enum ink ink;

	if (!row) {
		paint_wrapped(screen, top, bottom, INK_STRONG, "This listener is gone.");
		return;
	}
	ink = paint_ink(state_table[row->state].severity);
	phrase_facts(&p.text, row, c);
	put_text(&p, INK_STRONG, bottom);
	put_sentences(&p, ink, p.y + (bottom - p.y) / 2);
	if (row->folded)
		put_members(&p, row->folded);
	phrase_numbers(&p.text, row, c);
	put_text(&p, INK_PLAIN, p.y + (bottom - p.y - CONNECTIONS_MIN) / 2);
	if (p.y < bottom)
		put_history(&p, ink);
	put_sections(&p, d);
	strbuf_free(&p.text);
}
