/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/detail.h"

#include "analyse/networks.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "top/explain.h"
#include "top/plot.h"

#include <stdlib.h>
#include <string.h>

#define WIDE	     120 /* columns from which the graph stands beside the sentences */
#define GRAPH_LINES  12
#define MARGIN	     2 /* of what stands below a title */
#define CONNECTION   43 /* columns of one with a gap, whatever its IPv4 address */
#define CONNECTION_6 69 /* and of IPv6 */
#define NETWORKS_MAX 8 /* that are listed */
#define OWNERS_MAX   20 /* likewise */
#define MEMBERS_MAX  64
#define FIELD_NAME   19 /* columns of the name of a field, with a gap */
#define FIELD_WIDTH  38 /* and of its value */

#define MS (NSEC_PER_SEC / 1000)

/* The page while its lines are made. */
struct page {
	struct detail *d;
	struct sheet *to;
	const struct row *row;
	const struct phrase_context *c;
	unsigned int text_flags;
	struct strbuf text;
};

static void begin_block(struct page *p, const char *title)
{
	if (p->d->n_blocks < DETAIL_BLOCKS)
		p->d->blocks[p->d->n_blocks++] = p->to->n;
	sheet_rule(p->to, title, p->c->utf8);
}

/* Ends the line with the text that was made. */
static void put_line(struct page *p, enum ink ink)
{
	sheet_wrap(p->to, ink, MARGIN, p->text.s);
	sheet_end(p->to);
	p->text.len = 0;
}

/* A block of one line, with a title and why there is no more. */
static void put_empty(struct page *p, const char *title, const char *why)
{
	if (p->d->n_blocks < DETAIL_BLOCKS)
		p->d->blocks[p->d->n_blocks++] = p->to->n;
	strbuf_addf(&p->text, "%s: ", title);
	sheet_puts(p->to, INK_TITLE, p->text.s);
	p->text.len = 0;
	sheet_puts(p->to, INK_DIM, why);
	sheet_end(p->to);
}

/* The graph on the left, and the sentences on the right of it. */
static void put_side_by_side(struct page *p)
{
	const size_t left = p->to->width * 59 / 100, border = left + 1, right = border + 2;
	struct sheet graph = { 0 }, words = { 0 };

	sheet_begin(&graph, left, 0, GRAPH_LINES);
	plot_add_row(&graph, p->row, p->c, GRAPH_LINES);
	sheet_begin(&words, p->to->width - right, 0, 1000);
	explain_add(&words, p->row, p->c, EXPLAIN_WHOLE | EXPLAIN_GAPS);
	for (size_t i = 0; i < graph.n || i < words.n; i++) {
		sheet_add_line(p->to, &graph, i);
		sheet_tab(p->to, border);
		sheet_puts(p->to, INK_TITLE, p->c->utf8 ? "│" : "|");
		sheet_tab(p->to, right);
		sheet_add_line(p->to, &words, i);
		sheet_end(p->to);
	}
	sheet_free(&graph);
	sheet_free(&words);
}

/* What the state and each reason mean, whole; the first reason has the advice. */
static void put_sentences(struct page *p)
{
	if (!state_is_sick(p->row->state))
		return;
	begin_block(p, "State and reasons");
	sheet_puts(p->to, paint_ink(state_table[p->row->state].severity),
		   state_table[p->row->state].name);
	strbuf_adds(&p->text, ": ");
	verdict_add_state(&p->text, p->row);
	put_line(p, INK_PLAIN);
	for (unsigned int i = 0; i < REASON_N; i++) {
		if (!(p->row->reasons & (1u << i)))
			continue;
		sheet_puts(p->to, INK_STRONG, reason_table[i].name);
		strbuf_adds(&p->text, ": ");
		verdict_add_why(&p->text, i, p->row, p->text_flags);
		put_line(p, INK_PLAIN);
	}
}

/* "10.1.2.0/24  38 waiting, oldest 1m14s, 12 gone" */
static void put_network(struct page *p, const struct network *network, bool half_open)
{
	struct strbuf *b = &p->text;

	cell_add_address(b, network->family, network->address);
	strbuf_addf(b, "/%u", network->prefix_len);
	sheet_tab(p->to, MARGIN);
	sheet_puts(p->to, INK_STRONG, b->s);
	sheet_tab(p->to, p->to->x < 22 ? 22 : p->to->x + 2);
	b->len = 0;
	strbuf_addf(b, "%6u %s", network->n, half_open ? "half-open" : "waiting");
	if (half_open) {
		strbuf_addf(b, ", SYN-ACK sent again up to %u times", network->retransmits);
	} else {
		if (network->oldest_ms) {
			strbuf_adds(b, ", oldest ");
			phrase_time(b, network->oldest_ms * MS);
		}
		if (network->gone)
			strbuf_addf(b, ", %u gone", network->gone);
	}
	put_line(p, INK_PLAIN);
}

/* Small networks if they make a short list, else large ones. */
static void put_networks(struct page *p, const struct connections *list, bool half_open)
{
	static const struct network_size sizes[] = { { 24, 64 }, { 16, 48 } };
	struct network *networks = xcalloc(list->n, sizeof(*networks));
	const size_t n = networks_sum(list, sizes, NETWORKS_MAX, networks);

	for (size_t i = 0; i < n && i < NETWORKS_MAX; i++)
		put_network(p, &networks[i], half_open);
	if (n > NETWORKS_MAX) {
		strbuf_addf(&p->text, "and %zu more networks", n - NETWORKS_MAX);
		sheet_tab(p->to, MARGIN);
		put_line(p, INK_DIM);
	}
	free(networks);
}

static void put_connection(struct page *p, const struct connection *c, size_t x)
{
	struct strbuf *b = &p->text;

	if (!c->half_open && !c->has_wait)
		strbuf_putc(b, '-');
	else
		phrase_time(b, (c->half_open ? c->next_timer_ms : c->wait_ms) * MS);
	sheet_tab(p->to, x + (b->len < 7 ? 7 - b->len : 0));
	if (!c->half_open && c->mptcp)
		strbuf_addf(b, " %7s  ", "-");
	else
		strbuf_addf(b, " %7u  ", c->half_open ? c->retransmits : c->unread_bytes);
	cell_add_endpoint(b, c->family, c->peer, c->peer_port);
	strbuf_adds(b, c->peer_closed ? " gone" : c->mptcp && !c->half_open ? " MPTCP" : "");
	sheet_put(p->to, c->peer_closed ? INK_NOTICE : INK_PLAIN, b->s, b->len);
	b->len = 0;
}

/* Each connection, oldest first, as many on a line as fit; lines that are not seen cost nothing. */
static void put_connections(struct page *p, const struct connections *list, bool half_open)
{
	const size_t width = list->list->family == AF_INET ? CONNECTION : CONNECTION_6;
	const size_t across = num_max((p->to->width + 3) / width, 1);

	for (size_t i = 0; i < across && i < list->n; i++) {
		sheet_tab(p->to, i * width);
		sheet_puts(p->to, INK_HEADER,
			   half_open ? "  TIMER  RESENT  CLIENT" : "   WAIT  UNREAD  CLIENT");
		sheet_pad(p->to, INK_HEADER, (i + 1) * width - 3);
	}
	sheet_end(p->to);
	for (size_t i = 0; i < list->n; i += across) {
		for (size_t j = 0; sheet_is_seen(p->to) && j < across && i + j < list->n; j++)
			put_connection(p, &list->list[i + j], j * width);
		sheet_end(p->to);
	}
}

/* One queue: how many, by network, and each of them. */
static void put_queue(struct page *p, bool half_open)
{
	const struct row_queue queue = half_open ? row_half_open(p->row) : row_waiting(p->row);
	const uint32_t reset = half_open ? 0 : row_peers_reset(p->row);
	const char *title = half_open ? "Half-open" : "Who waits";
	struct strbuf head = { 0 };

	if (!queue.known || (!queue.connections.n && !reset)) {
		put_empty(
			p, title,
			queue.known ? "none" :
			!listener_is_unix(p->row->listener) ?
				      p->c->replay ? "not recorded" : "not looked at" :
			half_open ? "none, as UNIX sockets have no handshake" :
				    "unknown, as the kernel does not list clients of UNIX sockets");
		return;
	}
	strbuf_addf(&head, "%s (%zu", title, queue.connections.n);
	phrase_age(&head, ", seen ", queue.age_ns, " ago");
	if (queue.of_group)
		strbuf_addf(&head, ", of all %u sockets of the group", p->row->group->sockets);
	strbuf_putc(&head, ')');
	begin_block(p, head.s);
	strbuf_free(&head);
	if (reset) {
		strbuf_addf(&p->text, "%u more were reset by their clients and are in no dump",
			    reset);
		sheet_tab(p->to, MARGIN);
		put_line(p, INK_NOTICE);
	}
	if (!queue.connections.n)
		return;
	put_networks(p, &queue.connections, half_open);
	put_connections(p, &queue.connections, half_open);
}

/* Length and limit of each member, which show an imbalance. */
static void put_members(struct page *p)
{
	const struct folded_group *group = p->row->folded;

	if (!group)
		return;
	begin_block(p, "Sockets of the group");
	for (uint32_t i = 0; i < group->n_members && i < MEMBERS_MAX; i++) {
		const struct row *member = group->members[i];
		const enum ink ink = paint_ink(state_table[member->state].severity);
		struct strbuf *b = &p->text;

		strbuf_addf(b, "%-12s %6u/%u  ", state_table[member->state].name,
			    member->listener->length, member->listener->limit + 1);
		phrase_process(b, member, p->c);
		if (member->reasons)
			strbuf_addf(b, "  %s",
				    reason_table[verdict_first_reason(member->reasons)].name);
		sheet_tab(p->to, MARGIN);
		put_line(p, ink);
	}
	if (group->n_members > MEMBERS_MAX) {
		strbuf_addf(&p->text, "and %u more", group->n_members - MEMBERS_MAX);
		sheet_tab(p->to, MARGIN);
		put_line(p, INK_DIM);
	}
}

/* "2410 gunicorn  stopped  12 of 1024 descriptors  gunicorn.service" */
static void put_owner(struct page *p, const struct process *o)
{
	struct strbuf *b = &p->text;

	strbuf_addf(b, "%7u  ", o->pid);
	if (o->comm)
		phrase_name(b, o->comm, p->text_flags);
	if (o->known & PROCESS_STATE)
		strbuf_addf(b, "  state %c", o->state);
	if (o->known & PROCESS_FROZEN && o->frozen)
		strbuf_adds(b, ", frozen");
	if (o->known & PROCESS_THROTTLED && o->throttled)
		strbuf_adds(b, ", throttled");
	if (o->known & PROCESS_OPEN_FDS) {
		strbuf_addf(b, "  %u", o->open_fds);
		if (o->known & PROCESS_FD_LIMIT)
			strbuf_addf(b, " of %u", o->fd_limit);
		strbuf_adds(b, " descriptors");
	}
	for (int i = 0; i < 2; i++) {
		const char *name = i ? o->container : o->unit;

		if (!name)
			continue;
		strbuf_adds(b, i ? "  container " : "  ");
		text_add_safe(b, name, strlen(name), p->text_flags);
	}
	put_line(p, INK_PLAIN);
}

static void put_owners(struct page *p)
{
	const struct row *row = p->row;
	const struct snapshot *s = row->netns->snapshot;
	const struct row_owners owners = row_owners(row, s);
	size_t shown = 0, more = 0;

	if (!owners.n) {
		put_empty(p, "Processes",
			  row->listener->known & LISTENER_OWNERS ? "none" : "unknown");
		return;
	}
	begin_block(p, "Processes");
	for (uint32_t i = 0; i < owners.n; i++) {
		if (i && owners.list[i].process == owners.list[i - 1].process)
			continue;
		if (shown++ < OWNERS_MAX)
			put_owner(p, &s->processes[owners.list[i].process]);
		else
			more++;
	}
	if (more) {
		strbuf_addf(&p->text, "and %zu more", more);
		sheet_tab(p->to, MARGIN);
		put_line(p, INK_DIM);
	}
}

static void put_limits(struct page *p)
{
	static const enum sysctl_id ids[] = { SYSCTL_SOMAXCONN, SYSCTL_MAX_SYN_BACKLOG,
					      SYSCTL_SYNCOOKIES, SYSCTL_ABORT_ON_OVERFLOW };
	const struct sysctls *s = &p->row->netns->netns->sysctls;
	const size_t n = listener_is_unix(p->row->listener) ? 1 : ARRAY_SIZE(ids);

	begin_block(p, "Limits");
	strbuf_addf(&p->text, "backlog %u", p->row->listener->limit);
	for (size_t i = 0; i < n; i++)
		if (sysctl_known(s, ids[i]))
			strbuf_addf(&p->text, ", %s %lld", sysctl_table[ids[i]].name,
				    (long long)s->value[ids[i]]);
	sheet_tab(p->to, MARGIN);
	put_line(p, INK_PLAIN);
}

/* A field with its name; returns false if it is wider than @width. */
static bool get_field(struct page *p, size_t id, size_t width)
{
	struct field_value value;

	p->text.len = 0;
	field_get(&field_table[id], p->row, p->c->report, p->c->fields, &value);
	cell_add(&p->text, &value, p->text_flags);
	return text_width(p->text.s, p->text.len) <= width;
}

static void put_field(struct page *p, size_t id, size_t x)
{
	sheet_tab(p->to, x);
	sheet_puts(p->to, INK_DIM, field_table[id].name);
	sheet_tab(p->to, x + FIELD_NAME);
	sheet_wrap(p->to, INK_PLAIN, FIELD_NAME + MARGIN, p->text.s);
	p->text.len = 0;
}

/* Each column of the list: in aligned columns, from above; then those that are too wide for one. */
static void put_fields(struct page *p)
{
	const size_t across = num_max((p->to->width - MARGIN) / FIELD_WIDTH, 1);
	const size_t room = across > 1 ? FIELD_WIDTH - FIELD_NAME - 1 : 1000;
	size_t ids[FIELD_N], n = 0, lines;

	begin_block(p, p->row->gone ? "All values, as last seen" : "All values");
	for (size_t i = 0; i < FIELD_N; i++)
		if (field_table[i].name && get_field(p, i, room))
			ids[n++] = i;
	lines = (n + across - 1) / across;
	for (size_t i = 0; i < lines; i++) {
		for (size_t j = 0; j < across && j * lines + i < n; j++) {
			get_field(p, ids[j * lines + i], room);
			put_field(p, ids[j * lines + i], MARGIN + j * FIELD_WIDTH);
		}
		sheet_end(p->to);
	}
	for (size_t i = 0; i < FIELD_N; i++)
		if (field_table[i].name && !get_field(p, i, room)) {
			put_field(p, i, MARGIN);
			sheet_end(p->to);
		}
	p->text.len = 0;
}

static void put_page(struct page *p)
{
	struct strbuf name = { 0 };

	p->d->n_blocks = 0;
	explain_add_name(&name, p->row, p->c,
			 p->to->width > SHEET_RULE ? p->to->width - SHEET_RULE : 1);
	begin_block(p, name.s);
	strbuf_free(&name);
	if (p->to->width >= WIDE) {
		put_side_by_side(p);
	} else {
		explain_add(p->to, p->row, p->c, EXPLAIN_WHOLE);
		begin_block(p, "Its queue");
		plot_add_row(p->to, p->row, p->c, GRAPH_LINES - 2);
	}
	put_sentences(p);
	put_members(p);
	if (!p->row->gone) {
		put_queue(p, false);
		put_queue(p, true);
		put_owners(p);
		put_limits(p);
	}
	put_fields(p);
}

void detail_move(struct detail *d, long by)
{
	d->offset = num_step(num_min(d->offset, d->last), by);
}

void detail_next(struct detail *d)
{
	for (size_t i = 0; i < d->n_blocks && d->offset < d->last; i++)
		if (d->blocks[i] > d->offset) {
			d->offset = d->blocks[i];
			return;
		}
	d->offset = 0;
}

void detail_draw(struct detail *d, const struct screen *screen, int top, int bottom,
		 const struct row *row, const struct phrase_context *c)
{
	const struct area a = { .y = top, .lines = bottom - top, .end = screen->cols };
	struct sheet sheet = { 0 };
	struct page p = { .d = d, .to = &sheet, .row = row, .c = c };

	if (a.lines <= 0)
		return;
	if (!row) {
		sheet_begin(&sheet, (size_t)screen->cols, 0, (size_t)a.lines);
		sheet_wrap(&sheet, INK_STRONG, 0, "This listener is gone.");
		sheet_draw(&sheet, screen, &a);
		sheet_free(&sheet);
		return;
	}
	p.text_flags = c->utf8 ? 0 : TEXT_ASCII;
	d->page = (size_t)a.lines;
	sheet_begin(&sheet, (size_t)screen->cols, d->offset, d->page);
	put_page(&p);
	d->last = sheet.n > d->page ? sheet.n - d->page : 0;
	/* A block that is empty for one window must not scroll the page for good. */
	if (d->offset > d->last) {
		sheet_begin(&sheet, (size_t)screen->cols, d->last, d->page);
		put_page(&p);
	}
	sheet_draw(&sheet, screen, &a);
	sheet_free(&sheet);
	strbuf_free(&p.text);
}
