/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unix_listeners.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_NS	  (3600 * NSEC_PER_SEC)
#define SWEEP_MIN 4096

struct unix_name {
	uint64_t cookie;
	uint64_t seen_ns;
	char *text; /* NULL: unnamed */
};

void unix_listeners_free(struct unix_listeners *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->names[i].text);
	free(u->names);
	idmap_free(&u->by_cookie);
	memset(u, 0, sizeof(*u));
}

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

/* A socket has its name before it listens, and keeps it. */
static const char *keep_name(struct unix_listeners *u, const struct unix_record *r, uint64_t now_ns)
{
	uint32_t i = idmap_put(&u->by_cookie, r->cookie, (uint32_t)u->n);

	if (i == IDMAP_NONE) {
		u->names = array_grow(u->names, u->n, &u->size, sizeof(*u->names));
		i = (uint32_t)u->n++;
		u->names[i].cookie = r->cookie;
		u->names[i].text = unix_listeners_text(r);
	}
	u->names[i].seen_ns = now_ns;
	return u->names[i].text;
}

/* Counted from the sample before: it may be older than an hour, and is still on a screen. */
static void forget_old_names(struct unix_listeners *u, uint64_t before_ns)
{
	size_t kept = 0;

	if (u->n < u->sweep_at || u->n < SWEEP_MIN)
		return;
	idmap_reset(&u->by_cookie, u->n);
	for (size_t i = 0; i < u->n; i++) {
		if (u->names[i].seen_ns + KEEP_NS < before_ns) {
			free(u->names[i].text);
			continue;
		}
		idmap_put(&u->by_cookie, u->names[i].cookie, (uint32_t)kept);
		u->names[kept++] = u->names[i];
	}
	u->n = kept;
	u->sweep_at = 2 * kept;
}

struct adder {
	struct unix_listeners *listeners;
	struct snapshot *snapshot;
	uint32_t netns;
	uint64_t now_ns;
};

static int add_listener(const struct unix_record *r, void *context)
{
	struct adder *adder = context;
	struct listener *l = snapshot_add_listener(adder->snapshot, adder->netns, r->cookie);

	if (!l)
		return 0;
	l->bound.family = AF_UNIX;
	l->name = keep_name(adder->listeners, r, adder->now_ns);
	l->known = r->has_uid ? LISTENER_UID : 0;
	l->seqpacket = r->type == SOCK_SEQPACKET;
	l->inode = r->inode;
	l->uid = r->uid;
	l->length = r->rqueue;
	l->limit = r->wqueue;
	return 0;
}

void unix_listeners_add(struct unix_listeners *u, struct netlink_socket *netlink,
			struct snapshot *s, uint32_t netns, uint64_t now_ns, uint64_t before_ns)
{
	struct adder adder = { u, s, netns, now_ns };
	unsigned int tries = 0;
	struct error why;
	int code;

	/* What a dump told before it was lost is as good as what the next one tells. */
	do {
		code = unix_diag_dump(netlink, add_listener, &adder, &why);
	} while (netlink_again(netlink, code, &tries));
	if (code < 0)
		snapshot_warn(s, "unix-unavailable", "%s; UNIX listeners are unknown", why.text);
	forget_old_names(u, before_ns);
}
