/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unix_listeners.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "collect/processes.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define STATE_LISTEN 10 /* TCP_LISTEN, which AF_UNIX uses too */

/* Older headers lack these: they came with 5.3. */
#define SHOW_UID 0x40
#define ATTR_UID 7

#define ASK_MAX		 64 /* queues whose first connection is read, for about 10 us each */
#define LOOK_AFTER_NS	 NSEC_PER_SEC /* an ordinary server accepts within that time */
#define LOOK_INTERVAL_NS (NSEC_PER_SEC / 10)
#define LOOK_SHARE	 500 /* looks take at most 1/500 of the time */

/* The length is the one that bind(2) got. A path ends at its first NUL, which is included. */
static void parse_name(const unsigned char *data, size_t len, struct unix_record *r)
{
	if (len && data[0] != '\0')
		len = strnlen((const char *)data, len);
	if (len > UNIX_NAME_MAX)
		len = UNIX_NAME_MAX;
	memcpy(r->name, data, len);
	r->name_len = (uint8_t)len;
}

/* Returns whether the lengths of the queue were among them. */
static bool parse_attributes(const unsigned char *at, const unsigned char *end,
			     struct unix_record *r)
{
	struct unix_diag_rqlen queue;
	bool has_queue = false;
	struct nlattr a;

	for (; netlink_attribute(&a, at, end); at += NLA_ALIGN(a.nla_len)) {
		const unsigned char *data = at + sizeof(a);
		size_t len = a.nla_len - sizeof(a);

		switch (a.nla_type & NLA_TYPE_MASK) {
		case UNIX_DIAG_NAME:
			parse_name(data, len, r);
			break;
		case UNIX_DIAG_RQLEN:
			if (len < sizeof(queue))
				break;
			memcpy(&queue, data, sizeof(queue));
			r->rqueue = queue.udiag_rqueue;
			r->wqueue = queue.udiag_wqueue;
			has_queue = true;
			break;
		case ATTR_UID:
			if (len < sizeof(r->uid))
				break;
			memcpy(&r->uid, data, sizeof(r->uid));
			r->has_uid = true;
			break;
		}
	}
	return has_queue;
}

struct receiver {
	unix_handler handler;
	void *context;
};

static void receive_message(uint16_t type, const void *payload, size_t len, void *context)
{
	const struct receiver *receiver = context;
	const struct unix_diag_msg *m = payload;
	struct unix_record r = { 0 };

	if (type != SOCK_DIAG_BY_FAMILY || len < sizeof(*m) || m->udiag_family != AF_UNIX ||
	    m->udiag_state != STATE_LISTEN)
		return;
	r.cookie = (uint64_t)m->udiag_cookie[1] << 32 | m->udiag_cookie[0];
	r.inode = m->udiag_ino;
	r.type = m->udiag_type;
	if (!parse_attributes((const unsigned char *)(m + 1), (const unsigned char *)payload + len,
			      &r))
		return;
	receiver->handler(&r, receiver->context);
}

static void take_first(uint16_t type, const void *payload, size_t len, void *context)
{
	const unsigned char *at = payload, *end = at + len;
	struct nlattr a;

	if (type != SOCK_DIAG_BY_FAMILY || len < sizeof(struct unix_diag_msg))
		return;
	for (at += sizeof(struct unix_diag_msg); netlink_attribute(&a, at, end);
	     at += NLA_ALIGN(a.nla_len))
		if ((a.nla_type & NLA_TYPE_MASK) == UNIX_DIAG_ICONS &&
		    a.nla_len >= sizeof(a) + sizeof(uint32_t))
			memcpy(context, at + sizeof(a), sizeof(uint32_t));
}

/*
 * Returns the name as text, or NULL when there is none. The caller frees.
 *
 * Each NUL of an abstract name becomes "@", as in ss(8) and /proc/net/unix. A relative path that
 * begins with "@" gets "./" before it, to differ from an abstract name.
 */
static char *name_as_text(const struct unix_record *r)
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
	uint32_t netns_idx;
};

static void add_listener(const struct unix_record *r, void *context)
{
	struct adder *adder = context;
	struct listener *l = snapshot_add_listener(adder->snapshot, adder->netns_idx, r->cookie);
	char *name;

	if (!l)
		return;
	l->addr.family = AF_UNIX;
	name = name_as_text(r);
	l->name = string_pool_adds(snapshot_strings(adder->snapshot), name);
	free(name);
	l->known = r->has_uid ? LISTENER_UID : 0;
	l->seqpacket = r->type == SOCK_SEQPACKET;
	l->inode = r->inode;
	l->uid = r->uid;
	l->length = r->rqueue;
	l->limit = r->wqueue;
}

static void add_queue(const struct unix_record *r, void *context)
{
	struct unix_queues *q = context;

	q->n_listeners++;
	/* A dump that the kernel resumes may repeat an entry. */
	if (!r->rqueue || idmap_put(&q->seen, r->cookie, (uint32_t)q->n) != IDMAP_NONE)
		return;
	q->list = array_grow(q->list, q->n, &q->size, sizeof(*q->list));
	q->list[q->n++] = (struct unix_queue){
		.cookie = r->cookie, .length = r->rqueue, .limit = r->wqueue, .inode = r->inode
	};
}

/* Drops the queues from @begin on, which a lost dump has shown. */
static void forget_queues(struct unix_queues *q, size_t begin)
{
	if (q->n == begin)
		return;
	q->n = begin;
	idmap_reset(&q->seen, begin);
	for (size_t i = 0; i < begin; i++)
		idmap_put(&q->seen, q->list[i].cookie, (uint32_t)i);
}

/* When the first connection is known now but was not before, it counts as another one. */
static bool has_moved(const struct unix_queue *before, const struct unix_queue *now)
{
	return now->first ? now->first != before->first : now->length < before->length;
}

/*
 * Finds the connection that accept(2) would take next: the inode of the client's socket, or 0 when
 * the queue is empty or the client has closed. This is one look-up, not a dump.
 */
static int ask_first(struct netlink_socket *socket, uint32_t inode, uint64_t cookie,
		     uint32_t *first)
{
	const struct unix_diag_req request = {
		.sdiag_family = AF_UNIX,
		.udiag_states = 1 << STATE_LISTEN,
		.udiag_ino = inode,
		.udiag_show = UDIAG_SHOW_ICONS, /* in queue order (sk_diag_dump_icons()) */
		.udiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) },
	};
	const struct netlink_request message = {
		.type = SOCK_DIAG_BY_FAMILY,
		.payload = &request,
		.payload_len = sizeof(request),
	};

	*first = 0;
	return netlink_ask(socket, &message, take_first, first);
}

/* Fills in the first connection of each queue from @begin on, and since when it is the first. */
static void ask_firsts(struct unix_queues *q, size_t begin, struct netlink_socket *netlink)
{
	for (size_t i = begin; i < q->n; i++) {
		struct unix_queue *queue = &q->list[i];
		uint32_t before = idmap_get(&q->by_cookie, queue->cookie);
		int code = i < ASK_MAX ?
				   ask_first(netlink, queue->inode, queue->cookie, &queue->first) :
				   0;

		if (code < 0)
			queue->first = 0;
		if (processes_failed(code) && code != -ESTALE)
			q->unread = code;
		queue->since_ns = before != IDMAP_NONE && !has_moved(&q->before[before], queue) ?
					  q->before[before].since_ns :
					  q->begin_ns;
	}
}

int unix_diag_parse(const void *bytes, size_t len, uint32_t sequence, unix_handler handler,
		    void *context)
{
	struct receiver receiver = { handler, context };

	return netlink_parse(bytes, len, sequence, receive_message, &receiver);
}

int unix_diag_dump(struct netlink_socket *socket, bool whole, unix_handler handler, void *context,
		   struct error *why)
{
	/*
	 * Not UDIAG_SHOW_ICONS: when some hundred connections wait, they do not fit into the
	 * kernel's buffer, and the dump ends there without an error.
	 */
	const struct unix_diag_req request = {
		.sdiag_family = AF_UNIX,
		.udiag_states = 1 << STATE_LISTEN,
		.udiag_show = UDIAG_SHOW_RQLEN | (whole ? UDIAG_SHOW_NAME | SHOW_UID : 0),
	};
	const struct netlink_request message = {
		.type = SOCK_DIAG_BY_FAMILY,
		.payload = &request,
		.payload_len = sizeof(request),
	};
	struct receiver receiver = { handler, context };
	int code = netlink_dump(socket, &message, receive_message, &receiver);

	return code < 0 ? netlink_explain(code, "UNIX sockets", "unix_diag", why) : 0;
}

bool unix_listeners_add(struct netlink_socket *netlink, struct snapshot *s, uint32_t netns_idx)
{
	struct adder adder = { s, netns_idx };
	unsigned int tries = 0;
	struct error why;
	int code;

	/* Listeners that a lost dump has shown may stay. */
	do {
		code = unix_diag_dump(netlink, true, add_listener, &adder, &why);
	} while (netlink_again(netlink, code, &tries));
	if (code < 0)
		snapshot_warn(s, "unix-unavailable", "%s; UNIX listeners are unknown", why.text);
	return code == 0;
}

bool unix_listener_is_gone(struct netlink_socket *netlink, uint32_t inode, uint64_t cookie)
{
	uint32_t first;
	int code = ask_first(netlink, inode, cookie, &first);

	return code == -ENOENT || code == -ESTALE;
}

void unix_queues_free(struct unix_queues *q)
{
	free(q->list);
	free(q->before);
	idmap_free(&q->by_cookie);
	idmap_free(&q->seen);
	memset(q, 0, sizeof(*q));
}

static void resume(struct unix_queues *q, struct unix_queue queue)
{
	/* Two lengths that are far apart in time do not show that nothing left the queue. */
	if (!queue.first || !queue.since_ns)
		return;
	q->list = array_grow(q->list, q->n, &q->size, sizeof(*q->list));
	q->list[q->n++] = queue;
}

void unix_queues_resume(struct unix_queues *q, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_unix_queues; i++)
		resume(q, s->unix_queues[i]);
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		if (listener_is_unix(l))
			resume(q, (struct unix_queue){ .cookie = l->cookie,
						       .since_ns = l->first_ns,
						       .length = l->length,
						       .limit = l->limit,
						       .inode = l->inode,
						       .first = l->first });
	}
}

void unix_queues_begin(struct unix_queues *q, uint64_t now_ns)
{
	struct unix_queue *list = q->before;
	size_t size = q->before_size;

	q->before = q->list;
	q->n_before = q->n;
	q->before_size = q->size;
	q->list = list;
	q->n = 0;
	q->size = size;
	idmap_reset(&q->by_cookie, q->n_before);
	for (size_t i = 0; i < q->n_before; i++)
		idmap_put(&q->by_cookie, q->before[i].cookie, (uint32_t)i);
	idmap_reset(&q->seen, q->n_before);
	q->begin_ns = now_ns;
	q->n_listeners = 0;
	q->failed = q->unread = 0;
}

void unix_queues_add(struct unix_queues *q, struct netlink_socket *netlink)
{
	const uint32_t n_listeners = q->n_listeners;
	const size_t begin = q->n;
	unsigned int tries = 0;
	struct error ignored; /* the user has not asked for UNIX listeners */
	int code;

	do {
		forget_queues(q, begin);
		q->n_listeners = n_listeners;
		code = unix_diag_dump(netlink, false, add_queue, q, &ignored);
	} while (netlink_again(netlink, code, &tries));
	q->failed = code < 0 ? code : q->failed;
	ask_firsts(q, begin, netlink);
}

void unix_queues_take(struct unix_queues *q, struct netlink_socket *netlink, struct snapshot *s,
		      uint32_t netns_idx)
{
	const size_t begin = q->n, first = s->netns[netns_idx].first_listener;

	for (size_t i = first; i < s->n_listeners && s->listeners[i].addr.netns_idx == netns_idx;
	     i++) {
		const struct listener *l = &s->listeners[i];
		const struct unix_record r = { .cookie = l->cookie,
					       .inode = l->inode,
					       .rqueue = l->length,
					       .wqueue = l->limit };

		if (listener_is_unix(l))
			add_queue(&r, q);
	}
	ask_firsts(q, begin, netlink);
	for (size_t i = first; i < s->n_listeners && s->listeners[i].addr.netns_idx == netns_idx;
	     i++) {
		struct listener *l = &s->listeners[i];
		uint32_t at;

		if (!listener_is_unix(l) || !l->length)
			continue;
		at = idmap_get(&q->seen, l->cookie);
		if (at == IDMAP_NONE || !q->list[at].first)
			continue;
		l->first = q->list[at].first;
		l->first_ns = q->list[at].since_ns;
	}
	q->due_ns = UINT64_MAX;
	if (q->unread)
		snapshot_warn(s, "unix-unavailable",
			      "cannot look into the queues of UNIX listeners: %s%s; whether they "
			      "stall is unknown",
			      strerror(-q->unread), error_advice(q->unread));
}

/* A full queue needs no extra look: it is reported whether it moves or not. */
void unix_queues_end(struct unix_queues *q, uint64_t now_ns)
{
	uint64_t pause = (now_ns - q->begin_ns) * LOOK_SHARE;

	if (pause < LOOK_INTERVAL_NS)
		pause = LOOK_INTERVAL_NS;
	q->due_ns = UINT64_MAX;
	for (size_t i = 0; i < q->n; i++) {
		uint64_t due = q->list[i].since_ns + LOOK_AFTER_NS;

		if (q->list[i].length > q->list[i].limit || q->list[i].first)
			continue;
		if (due < now_ns + pause)
			due = now_ns + pause;
		if (due < q->due_ns)
			q->due_ns = due;
	}
}

void unix_queues_fill(const struct unix_queues *q, struct snapshot *s)
{
	int failed = q->failed ? q->failed : q->unread;

	/* Where the kernel has no unix_diag, or a sandbox forbids it, nobody expects them. */
	if (processes_failed(failed))
		snapshot_warn(s, "not-shown-unavailable", "cannot look at all UNIX listeners: %s%s",
			      strerror(-failed), error_advice(failed));
	if (q->failed)
		return;
	s->known |= SNAPSHOT_UNIX_QUEUES;
	s->n_unix = q->n_listeners;
	for (size_t i = 0; i < q->n; i++) {
		s->unix_queues = array_grow(s->unix_queues, s->n_unix_queues, &s->unix_queues_size,
					    sizeof(*s->unix_queues));
		s->unix_queues[s->n_unix_queues++] = q->list[i];
	}
}
