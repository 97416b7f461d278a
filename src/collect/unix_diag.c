/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unix_diag.h"


#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#define STATE_LISTEN 10 /* TCP_LISTEN, which AF_UNIX uses too */

/* Older headers lack these: they came with 5.3. */
#define SHOW_UID 0x40
#define ATTR_UID 7

/*
 * A name comes with as many bytes as bind(2) was given. That of a path ends with its first NUL, and
 * is told with that.
 */
static void parse_name(const unsigned char *data, size_t len, struct unix_record *r)
{
	if (len && data[0] != '\0')
		len = strnlen((const char *)data, len);
	if (len > UNIX_NAME_MAX)
		len = UNIX_NAME_MAX;
	memcpy(r->name, data, len);
	r->name_len = (uint8_t)len;
}

/* Returns whether the queue was told. */
static bool parse_attributes(const unsigned char *at, const unsigned char *end,
			     struct unix_record *r)
{
	struct unix_diag_rqlen queue;
	bool has_queue = false;
	struct nlattr a;

	for (; netlink_attribute(&a, at, end); at += NLA_ALIGN(a.nla_len)) {
		const unsigned char *data = at + NLA_HDRLEN;
		size_t len = a.nla_len - NLA_HDRLEN;

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

static int receive_message(uint16_t type, const void *payload, size_t len, void *context)
{
	const struct receiver *receiver = context;
	const struct unix_diag_msg *m = payload;
	struct unix_record r = { 0 };

	if (type != SOCK_DIAG_BY_FAMILY || len < sizeof(*m) || m->udiag_family != AF_UNIX ||
	    m->udiag_state != STATE_LISTEN)
		return 0;
	r.cookie = (uint64_t)m->udiag_cookie[1] << 32 | m->udiag_cookie[0];
	r.inode = m->udiag_ino;
	r.type = m->udiag_type;
	if (!parse_attributes((const unsigned char *)(m + 1), (const unsigned char *)payload + len,
			      &r))
		return 0;
	return receiver->handler(&r, receiver->context);
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
	 * Never UDIAG_SHOW_ICONS: with some hundred connections waiting the kernel finds no room
	 * for them, and the dump ends there without an error.
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

static int take_first(uint16_t type, const void *payload, size_t len, void *context)
{
	const unsigned char *at = payload, *end = at + len;
	struct nlattr a;

	if (type != SOCK_DIAG_BY_FAMILY || len < sizeof(struct unix_diag_msg))
		return 0;
	for (at += sizeof(struct unix_diag_msg); netlink_attribute(&a, at, end);
	     at += NLA_ALIGN(a.nla_len))
		if ((a.nla_type & NLA_TYPE_MASK) == UNIX_DIAG_ICONS &&
		    a.nla_len >= NLA_HDRLEN + sizeof(uint32_t))
			memcpy(context, at + NLA_HDRLEN, sizeof(uint32_t));
	return 0;
}

int unix_diag_first(struct netlink_socket *socket, uint32_t inode, uint64_t cookie, uint32_t *first)
{
	const struct unix_diag_req request = {
		.sdiag_family = AF_UNIX,
		.udiag_states = 1 << STATE_LISTEN,
		.udiag_ino = inode,
		.udiag_show =
			UDIAG_SHOW_ICONS, /* in the order of the queue (sk_diag_dump_icons()) */
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
