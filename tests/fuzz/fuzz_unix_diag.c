/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "messages.h"

#include "collect/unix_listeners.h"

#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes of a dump of UNIX sockets, against a second, simple reader of them. */

#define SEQUENCE 1 /* of the captured dumps */

#define TCP_LISTEN 10
#define ATTR_UID   7

struct expected {
	struct unix_record *records;
	size_t n;
};

static void expect_name(const struct message *m, struct unix_record *r)
{
	size_t len;
	const uint8_t *name =
		message_attribute(m, sizeof(struct unix_diag_msg), UNIX_DIAG_NAME, 0, &len);

	for (size_t i = 0; name && i < len && i < UNIX_NAME_MAX && (!name[0] || name[i]); i++)
		r->name[r->name_len++] = (char)name[i];
}

static void expect(const struct message *m, void *context)
{
	const size_t body = sizeof(struct unix_diag_msg);
	struct expected *e = context;
	struct unix_record *r = &e->records[e->n];
	struct unix_diag_msg head;
	const uint8_t *queue, *uid;
	size_t len;

	if (m->type != SOCK_DIAG_BY_FAMILY || m->len < body)
		return;
	memcpy(&head, m->payload, body);
	queue = message_attribute(m, body, UNIX_DIAG_RQLEN, 8, &len);
	if (head.udiag_family != AF_UNIX || head.udiag_state != TCP_LISTEN || !queue)
		return;
	memset(r, 0, sizeof(*r));
	r->inode = head.udiag_ino;
	r->cookie = head.udiag_cookie[0] | (uint64_t)head.udiag_cookie[1] << 32;
	r->type = head.udiag_type;
	memcpy(&r->rqueue, queue, 4);
	memcpy(&r->wqueue, queue + 4, 4);
	uid = message_attribute(m, body, ATTR_UID, 4, &len);
	r->has_uid = uid;
	if (uid)
		memcpy(&r->uid, uid, 4);
	expect_name(m, r);
	e->n++;
}

static void handle(const struct unix_record *r, void *context)
{
	struct expected *e = context;
	const struct unix_record *x = e->records++;

	FUZZ_CHECK(e->n-- > 0);
	FUZZ_CHECK(r->cookie == x->cookie && r->inode == x->inode && r->type == x->type);
	FUZZ_CHECK(r->rqueue == x->rqueue && r->wqueue == x->wqueue);
	FUZZ_CHECK(r->has_uid == x->has_uid && r->uid == x->uid);
	FUZZ_CHECK(r->name_len == x->name_len);
	/* Of two names the last one counts, and its end alone is certain. */
	FUZZ_CHECK(!memcmp(r->name, x->name, r->name_len));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	/* Each takes a header, a body and a queue. */
	struct unix_record *records = calloc(size / 44 + 1, sizeof(*records));
	struct expected e = { records, 0 };
	int code = messages_read(data, size, SEQUENCE, expect, &e);

	FUZZ_CHECK(unix_diag_parse(data, size, SEQUENCE, handle, &e) == code);
	FUZZ_CHECK(e.n == 0);
	free(records);
}
