/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "messages.h"

#include "analyse/fold.h"
#include "collect/children.h"
#include "collect/sock_diag.h"
#include "model/connections.h"
#include "model/groups.h"
#include "output/json.h"
#include "output/sort.h"
#include "output/table.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Bytes of a dump of TCP sockets, against a second, simple reader of them; and the whole way that
 * what they say goes, to a table and a document.
 */

#define SEQUENCE 1 /* of the captured dumps */

/* Newer than some headers. */
#define ATTR_SKV6ONLY  11
#define ATTR_MARK      15
#define ATTR_ULP_INFO  19
#define ATTR_CGROUP_ID 21

struct world {
	struct snapshot snapshot;
	struct children children;
	struct diag_record *expected;
	size_t n_expected, records;
};

static const uint8_t *find(const struct message *m, unsigned int type, size_t min)
{
	size_t len;

	return message_attribute(m, sizeof(struct inet_diag_msg), type, min, &len);
}

/* A value that is cut short is unknown. */
static void expect_value(const struct message *m, unsigned int type, size_t at, size_t size,
			 void *value, unsigned int bit, struct diag_record *r)
{
	const uint8_t *attribute = find(m, type, at + size);

	if (!attribute)
		return;
	memcpy(value, attribute + at, size);
	r->known |= bit;
}

/* Any nest with a ULP that begins with "mptcp" counts, whatever comes after it. */
static bool expect_mptcp(const struct message *m)
{
	struct message rest = *m;
	const size_t body = sizeof(struct inet_diag_msg);
	const uint8_t *nest;
	size_t len;

	while ((nest = message_attribute(&rest, body, ATTR_ULP_INFO, 0, &len))) {
		size_t left = len, name_len;
		const uint8_t *name;

		while ((name = attributes_find(nest, left, 1, 5, &name_len))) {
			if (!memcmp(name, "mptcp", 5))
				return true;
			left = (size_t)(name - 4 - nest);
		}
		rest.len = (size_t)(nest - 4 - rest.payload);
	}
	return false;
}

/* A kernel before 4.1 has an address for a cookie, and no drops. */
static void expect_address(struct diag_record *r)
{
	const uint64_t low = r->cookie << 16 >> 16;

	if ((int64_t)r->cookie >= 0)
		return;
	r->cookie = (uint64_t)(uint16_t)(r->state == DIAG_LISTEN ? r->inode : r->peer_port) << 48;
	r->cookie |= low;
	r->known &= ~(uint32_t)DIAG_DROPS;
	r->known |= DIAG_ADDRESS;
	r->drops = 0;
}

static void expect(const struct message *m, void *context)
{
	struct world *w = context;
	struct diag_record *r = &w->expected[w->n_expected];
	struct inet_diag_msg head;
	uint8_t v6only = 0;

	if ((m->type != 18 && m->type != SOCK_DIAG_BY_FAMILY) || m->len < sizeof(head))
		return;
	w->n_expected++;
	memcpy(&head, m->payload, sizeof(head));
	*r = (struct diag_record){
		.cookie = (uint64_t)head.id.idiag_cookie[1] << 32 | head.id.idiag_cookie[0],
		.rqueue = head.idiag_rqueue,
		.wqueue = head.idiag_wqueue,
		.uid = head.idiag_uid,
		.inode = head.idiag_inode,
		.ifindex = head.id.idiag_if,
		.expires_ms = head.idiag_expires,
		.local_port = ntohs(head.id.idiag_sport),
		.peer_port = ntohs(head.id.idiag_dport),
		.family = head.idiag_family,
		.state = head.idiag_state,
		.retransmits = head.idiag_retrans,
	};
	memcpy(r->local, head.id.idiag_src, r->family == AF_INET ? 4 : 16);
	memcpy(r->peer, head.id.idiag_dst, r->family == AF_INET ? 4 : 16);
	expect_value(m, INET_DIAG_SKMEMINFO, 32, 4, &r->drops, DIAG_DROPS, r);
	expect_value(m, INET_DIAG_INFO, offsetof(struct tcp_info, tcpi_last_data_sent), 4,
		     &r->last_data_sent_ms, DIAG_LAST_DATA_SENT, r);
	expect_value(m, ATTR_SKV6ONLY, 0, 1, &v6only, DIAG_V6ONLY, r);
	r->v6only = v6only;
	expect_value(m, ATTR_CGROUP_ID, 0, 8, &r->cgroup_id, DIAG_CGROUP_ID, r);
	r->mptcp = expect_mptcp(m);
	if (r->mptcp || (find(m, ATTR_MARK, 0) && find(m, INET_DIAG_INFO, 0)))
		r->known |= DIAG_MPTCP;
	r->request_sock = r->state == DIAG_SYN_RECV && !find(m, INET_DIAG_SKMEMINFO, 0) &&
			  !find(m, INET_DIAG_SHUTDOWN, 0);
	expect_address(r);
}

static void check_record(const struct diag_record *r, const struct diag_record *x)
{
	FUZZ_CHECK(r->known == x->known);
	FUZZ_CHECK(r->cookie == x->cookie && r->cgroup_id == x->cgroup_id);
	FUZZ_CHECK(r->rqueue == x->rqueue && r->wqueue == x->wqueue && r->drops == x->drops);
	FUZZ_CHECK(r->uid == x->uid && r->inode == x->inode && r->ifindex == x->ifindex);
	FUZZ_CHECK(r->last_data_sent_ms == x->last_data_sent_ms);
	FUZZ_CHECK(r->expires_ms == x->expires_ms && r->retransmits == x->retransmits);
	FUZZ_CHECK(r->local_port == x->local_port && r->peer_port == x->peer_port);
	FUZZ_CHECK(!memcmp(r->local, x->local, 16) && !memcmp(r->peer, x->peer, 16));
	FUZZ_CHECK(r->family == x->family && r->state == x->state);
	FUZZ_CHECK(r->request_sock == x->request_sock && r->mptcp == x->mptcp);
	FUZZ_CHECK(r->v6only == x->v6only);
}

static void handle(const struct diag_record *r, void *context)
{
	struct world *w = context;
	struct listener *l;

	FUZZ_CHECK(w->records < w->n_expected);
	check_record(r, &w->expected[w->records++]);
	if (r->state != DIAG_LISTEN) {
		children_add(&w->children, r);
		return;
	}
	l = snapshot_add_listener(&w->snapshot, 0, r->cookie);
	if (!l)
		return;
	diag_fill_listener(l, r);
	FUZZ_CHECK(l->known & LISTENER_DROPS || !l->drops);
	FUZZ_CHECK(l->known & LISTENER_CGROUP_ID || !l->cgroup_id);
}

static void print_report(struct report *report, const struct columns *columns)
{
	const struct table_style style = {
		.header = true, .detail = true, .footer = true, .width = 80
	};
	struct field_context context = { 0 };
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	sort_rows(report, NULL, false, &context);
	table_print(stream, report, columns, &style, &context);
	fflush(stream);
	fuzz_check_printed(text, len, "\n");
	rewind(stream);
	json_print(stream, report, false, &context);
	fclose(stream);
	fuzz_check_json(text, len);
	free(text);
	strbuf_free(&context.scratch);
}

static void check_report(const struct snapshot *s)
{
	static const struct selection all = { .family = AF_UNSPEC };
	struct report report = { 0 };
	struct columns columns = { 0 };

	report_build(&report, s, s);
	report_select(&report, &all);
	FUZZ_CHECK(report.n_shown == s->n_listeners);
	for (size_t i = 0; i < report.n_rows; i++) {
		const struct row *row = &report.rows[i];

		/* Nothing moved between a sample and itself. */
		FUZZ_CHECK(!row->window->drops.known || row->window->drops.value == 0);
		FUZZ_CHECK(row->state < STATE_N);
		FUZZ_CHECK(row->state == STATE_FULL ||
			   row->listener->length <= row->listener->limit);
	}
	columns_default(&columns, true);
	print_report(&report, &columns);
	fold_report(&report);
	report_select(&report, &all);
	FUZZ_CHECK(report.n_rows == s->n_groups && report.n_shown == s->n_groups);
	for (size_t i = 0; i < report.n_rows; i++)
		FUZZ_CHECK(row_length(&report.rows[i]) == report.rows[i].group->length);
	print_report(&report, &columns);
	report_free(&report);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct world w = { 0 };
	uint32_t members = 0;
	int code;

	/* Each takes a header and a body. */
	w.expected = calloc(size / 88 + 1, sizeof(*w.expected));
	code = messages_read(data, size, SEQUENCE, expect, &w);
	snapshot_add_netns(&w.snapshot)->inode = 1;
	children_reset(&w.children);
	FUZZ_CHECK(diag_parse(data, size, SEQUENCE, handle, &w) == code);
	FUZZ_CHECK(w.records == w.n_expected);
	groups_build(&w.snapshot);
	children_want_connections(&w.snapshot, 0, 0);
	for (size_t i = 0; i < w.snapshot.n_groups; i++)
		members += w.snapshot.groups[i].sockets;
	FUZZ_CHECK(members == w.snapshot.n_listeners);
	children_count_syn_recv(&w.children, &w.snapshot, 0);
	w.snapshot.netns[0].syn_recv_ns = 1;
	connections_sort(&w.snapshot);
	check_report(&w.snapshot);
	children_free(&w.children);
	snapshot_free(&w.snapshot);
	free(w.expected);
}
