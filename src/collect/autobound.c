/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/autobound.h"

#include "collect/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct search {
	struct snapshot *snapshot;
	uint32_t netns_idx;
};

static int handle_listener(const struct diag_record *r, void *context)
{
	struct search *search = context;
	const struct listener *l = snapshot_find(search->snapshot, search->netns_idx, r->cookie);

	if (l)
		search->snapshot->listeners[l - search->snapshot->listeners].autobound = true;
	return 0;
}

/* How a port came about is in no record: only a filter of the kernel's looks at it. */
static int dump_autobound(struct diag_socket *diag, struct search *search, int family,
			  struct error *why)
{
	const struct filter_expr autobound = { .kind = EXPR_AUTOBOUND };
	struct bytecode filter = { 0 };
	const struct diag_request request = { .states = 1 << DIAG_LISTEN,
					      .family = family,
					      .filter = &filter };
	unsigned int tries = 0;
	int code;

	bytecode_compile(&filter, &autobound, BYTECODE_AUTOBOUND, NULL, NULL);
	do {
		code = diag_dump(diag, &request, handle_listener, search, why);
	} while (diag_again(diag, code, &tries));
	bytecode_free(&filter);
	return code;
}

static int read_range(const struct open_netns *netns, struct netns *ns, struct error *why)
{
	static const char path[] = "proc/sys/net/ipv4/ip_local_port_range";
	struct strbuf text = { 0 };
	int code = procfs_read_netns(netns->netns_fd, netns->root, path, &text);

	if (code == 0 && sscanf(text.s, "%hu %hu", &ns->local_port_min, &ns->local_port_max) != 2)
		code = -EINVAL;
	strbuf_free(&text);
	return code < 0 ? error_set(why, code, "cannot read /%s: %s", path, strerror(-code)) : 0;
}

void autobound_find(const struct open_netns *netns, struct snapshot *s, uint32_t netns_idx,
		    int family)
{
	struct search search = { s, netns_idx };
	struct error why;

	if (read_range(netns, &s->netns[netns_idx], &why) < 0 ||
	    dump_autobound(netns->diag, &search, family, &why) < 0) {
		snapshot_warn(s, "autobound-unavailable",
			      "%s; which ports the kernel chose is unknown", why.text);
		return;
	}
	for (size_t i = s->netns[netns_idx].first_listener;
	     i < s->n_listeners && s->listeners[i].addr.netns == netns_idx; i++)
		s->listeners[i].known |= LISTENER_AUTOBOUND;
}
