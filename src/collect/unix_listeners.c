/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unix_listeners.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

char *unix_listeners_text(const struct unix_record *r)
{
	size_t prefix = r->name_len && r->name[0] == '@' ? 2 : 0;
	char *text;

	if (!r->name_len)
		return NULL;
	text = xmalloc(prefix + r->name_len + 1);
	memcpy(text, "./", prefix);
	memcpy(text + prefix, r->name, r->name_len);
	text[prefix + r->name_len] = '\0';
	for (size_t i = 0; i < r->name_len; i++)
		if (r->name[i] == '\0')
			text[prefix + i] = '@';
	return text;
}

struct adder {
	struct snapshot *snapshot;
	uint32_t netns;
};

static int add_listener(const struct unix_record *r, void *context)
{
	struct adder *adder = context;
	struct listener *l = snapshot_add_listener(adder->snapshot, adder->netns, r->cookie);
	char *name;

	if (!l)
		return 0;
	l->addr.family = AF_UNIX;
	name = unix_listeners_text(r);
	l->name = string_pool_add(snapshot_strings(adder->snapshot), name, name ? strlen(name) : 0);
	free(name);
	l->known = r->has_uid ? LISTENER_UID : 0;
	l->seqpacket = r->type == SOCK_SEQPACKET;
	l->inode = r->inode;
	l->uid = r->uid;
	l->length = r->rqueue;
	l->limit = r->wqueue;
	return 0;
}

bool unix_listeners_add(struct netlink_socket *netlink, struct snapshot *s, uint32_t netns)
{
	struct adder adder = { s, netns };
	unsigned int tries = 0;
	struct error why;
	int code;

	/* What a dump told before it was lost is as good as what the next one tells. */
	do {
		code = unix_diag_dump(netlink, true, add_listener, &adder, &why);
	} while (netlink_again(netlink, code, &tries));
	if (code < 0)
		snapshot_warn(s, "unix-unavailable", "%s; UNIX listeners are unknown", why.text);
	return code == 0;
}
