/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "analyse/fold.h"
#include "collect/children.h"
#include "collect/sock_diag.h"
#include "model/connections.h"
#include "model/groups.h"
#include "output/json.h"
#include "output/sort.h"
#include "output/table.h"

#include <string.h>
#include <sys/socket.h>

/* Netlink bytes, and the whole way that what they say goes. */

#define SEQUENCE 1 /* of the captured dumps */

const struct fuzz_seed fuzz_seeds[] = { { "tests/data", "listeners" },
					{ "tests/data", "waiting" },
					{ 0 } };

struct world {
	struct snapshot snapshot;
	struct children children;
	size_t records;
};

static void check_record(const struct diag_record *r)
{
	static const uint8_t zero[12];
	const uint32_t all =
		DIAG_DROPS | DIAG_V6ONLY | DIAG_CGROUP_ID | DIAG_MPTCP | DIAG_LAST_DATA_SENT;

	FUZZ_CHECK(!(r->known & ~all));
	FUZZ_CHECK(!r->request_sock || r->state == DIAG_SYN_RECV);
	FUZZ_CHECK(!r->mptcp || r->known & DIAG_MPTCP);
	if (r->family == AF_INET)
		FUZZ_CHECK(!memcmp(r->local + 4, zero, sizeof(zero)) &&
			   !memcmp(r->peer + 4, zero, sizeof(zero)));
}

static void handle(const struct diag_record *r, void *context)
{
	struct world *w = context;
	struct listener *l;

	check_record(r);
	w->records++;
	if (r->state != DIAG_LISTEN) {
		children_add(&w->children, r);
		return;
	}
	l = snapshot_add_listener(&w->snapshot, 0, r->cookie);
	if (!l)
		return;
	l->addr.ifindex = r->ifindex;
	l->addr.port = r->local_port;
	l->addr.family = r->family;
	l->addr.v6only = r->v6only;
	memcpy(l->addr.address, r->local, sizeof(r->local));
	l->known = r->known & DIAG_DROPS ? LISTENER_DROPS : 0;
	l->length = r->rqueue;
	l->limit = r->wqueue;
	l->drops = r->drops;
}

static void print_report(FILE *stream, struct report *report, const struct columns *columns)
{
	const struct table_style style = {
		.header = true, .detail = true, .footer = true, .width = 80
	};
	struct field_context context = { 0 };

	sort_rows(report, NULL, false, &context);
	table_print(stream, report, columns, &style, &context);
	json_print(stream, report, false, &context);
	strbuf_free(&context.scratch);
}

static void check_report(const struct snapshot *s)
{
	static const struct selection all = { .family = AF_UNSPEC };
	struct report report = { 0 };
	struct columns columns = { 0 };
	FILE *null = fopen("/dev/null", "w");

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
	print_report(null, &report, &columns);
	fold_report(&report);
	report_select(&report, &all);
	FUZZ_CHECK(report.n_rows == s->n_groups && report.n_shown == s->n_groups);
	for (size_t i = 0; i < report.n_rows; i++)
		FUZZ_CHECK(row_length(&report.rows[i]) == report.rows[i].group->length);
	print_report(null, &report, &columns);
	fclose(null);
	report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { 0 };
	uint32_t members = 0;
	int code;

	snapshot_add_netns(&w.snapshot)->inode = 1;
	children_reset(&w.children);
	code = diag_parse(data, size, SEQUENCE, handle, &w);
	FUZZ_CHECK(code <= 1);
	/* Each takes a header and a body. */
	FUZZ_CHECK(w.records <= size / 88);
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
	return 0;
}
