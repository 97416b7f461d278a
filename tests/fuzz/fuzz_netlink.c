/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "messages.h"

#include "collect/netlink.h"
#include "collect/sock_diag.h"
#include "collect/unix_listeners.h"
#include "../unit/fake_netlink.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

/*
 * What a kernel, or somebody who pretends to be one, may send: datagrams in several pieces,
 * truncated, of a wrong sequence, of another process; errors of recvmsg(2), and of the dump.
 *
 * The first byte is the operation, the second its flags. Then come the replies: a kind, the length
 * in two bytes, and as many bytes.
 */

enum operation {
	DUMP_BOTH,
	DUMP_FAMILY,
	FIND,
	UNIX_DUMP,
	UNIX_ADD,
	UNIX_LOOKS,
	UNIX_GONE,
	INTERFACE,
	OPERATIONS
};

enum {
	FLAG_SIX = 1 << 0,
	FLAG_EXT = 1 << 1,
	FLAG_FILTER = 1 << 2,
	FLAG_NO_RANDOM = 1 << 3,
	FLAG_NO_OPEN = 1 << 4,
	FLAG_NO_SEND = 1 << 5,
};

enum kind {
	DATAGRAM,
	OTHER_SEQUENCE,
	OTHER_SENDER,
	FAILURE, /* the length is the errno's index */
	DONE, /* the length is the errno */
	ERROR,
	KINDS
};

static const int failures[] = { EINTR, ENOBUFS, EAGAIN, ENOSPC, EBADF, ENOMEM };

struct reply {
	enum kind kind;
	const uint8_t *bytes;
	size_t len;
};

struct script {
	struct reply replies[64];
	size_t n;
};

static bool no_random;

/* The same numbers each time, or none early at boot. */
ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	(void)flags;
	if (no_random) {
		errno = EAGAIN;
		return -1;
	}
	memset(buffer, 0x5a, size);
	return (ssize_t)size;
}

static void read_script(const uint8_t *at, const uint8_t *end, struct script *s)
{
	while (end - at >= 3 && s->n < sizeof(s->replies) / sizeof(s->replies[0])) {
		struct reply *r = &s->replies[s->n++];

		r->kind = at[0] % KINDS;
		r->len = (size_t)at[1] | (size_t)at[2] << 8;
		r->bytes = at += 3;
		if (r->kind == FAILURE || r->kind == DONE || r->kind == ERROR)
			continue;
		if (r->len > (size_t)(end - at))
			r->len = (size_t)(end - at);
		at += r->len;
	}
}

static int errno_of(const struct reply *r)
{
	if (r->kind == FAILURE)
		return failures[r->len % (sizeof(failures) / sizeof(failures[0]))];
	return (int)(r->len % 134);
}

static void queue(const struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct reply *r = &s->replies[i];

		if (r->kind == DATAGRAM)
			fake_netlink_reply(r->bytes, r->len);
		else if (r->kind == OTHER_SEQUENCE)
			fake_netlink_reply_foreign(r->bytes, r->len);
		else if (r->kind == OTHER_SENDER)
			fake_netlink_reply_from(4711, r->bytes, r->len);
		else if (r->kind == FAILURE)
			fake_netlink_fail_receive(errno_of(r));
		else if (r->kind == DONE)
			fake_netlink_reply_done(-errno_of(r));
		else
			fake_netlink_reply_error(-errno_of(r));
	}
}

static void count_socket(const struct message *m, void *context)
{
	if ((m->type == 18 || m->type == SOCK_DIAG_BY_FAMILY) &&
	    m->len >= sizeof(struct inet_diag_msg))
		++*(size_t *)context;
}

/* What a dump of one family has to return, and how many sockets it shows. */
static int expect(const struct script *s, uint32_t sequence, size_t *sockets)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct reply *r = &s->replies[i];
		const int error = errno_of(r);
		int code = 1;

		if (r->kind == FAILURE && error != EINTR)
			return error == EAGAIN ? -ETIMEDOUT : error == ENOSPC ? -EMSGSIZE : -error;
		if (r->kind == DONE)
			return -error;
		if (r->kind == ERROR && error)
			return -error;
		if (r->kind == DATAGRAM)
			code = messages_read(r->bytes, r->len, MESSAGES_ANY_SEQUENCE, count_socket,
					     sockets);
		else if (r->kind == OTHER_SEQUENCE)
			code = messages_read(r->bytes, r->len, sequence, count_socket, sockets);
		if (code <= 0)
			return code;
	}
	return -EDEADLK; /* fake_netlink: nothing is left */
}

static void count_record(const struct diag_record *r, void *context)
{
	(void)r;
	++*(size_t *)context;
}

static void dump(struct diag_socket *socket, unsigned int flags, uint8_t family,
		 const struct script *script)
{
	uint8_t op[BYTECODE_OP_SIZE] = { 0 };
	const struct bytecode filter = { .ops = (void *)op, .n = 1 };
	const struct diag_request request = {
		.states = 1 << DIAG_LISTEN,
		.ext = flags & FLAG_EXT ? DIAG_EXT_MEMINFO | DIAG_EXT_INFO : 0u,
		.family = family,
		.filter = flags & FLAG_FILTER ? &filter : NULL,
	};
	struct error why = { "" };
	size_t sockets = 0, expected = 0;
	unsigned int tries = 0;
	int code;

	for (;;) {
		code = diag_dump(socket, &request, count_record, &sockets, &why);
		FUZZ_CHECK(code <= 0);
		FUZZ_CHECK(!code == !why.text[0]);
		if (family != AF_UNSPEC && tries == 0 && !(flags & FLAG_NO_SEND)) {
			const uint32_t sequence = fake_netlink_request(0)->nlmsg_seq;

			FUZZ_CHECK(code == expect(script, sequence, &expected));
			FUZZ_CHECK(sockets == expected);
		}
		FUZZ_CHECK(diag_datagrams(socket) <= script->n);
		if (!netlink_again(diag_netlink(socket), code, &tries))
			break;
		FUZZ_CHECK(tries < 4);
		why.text[0] = '\0';
	}
}

static void find(struct diag_socket *socket)
{
	const struct diag_record connection = { .cookie = 0x1122334455667788, .family = AF_INET };
	struct diag_record record;
	int code = diag_find(socket, &connection, &record);

	FUZZ_CHECK(code <= 0);
	FUZZ_CHECK(code < 0 || record.cookie == connection.cookie);
}

static void count_unix(const struct unix_record *r, void *context)
{
	FUZZ_CHECK(r->name_len <= UNIX_NAME_MAX);
	++*(size_t *)context;
}

static void dump_unix(struct netlink_socket *netlink, bool whole)
{
	struct error why = { "" };
	size_t sockets = 0;
	int code = unix_diag_dump(netlink, whole, count_unix, &sockets, &why);

	FUZZ_CHECK(code <= 0 && !code == !why.text[0]);
	FUZZ_CHECK(!netlink_explain(0, "", "", &why));
}

static void add_unix(struct netlink_socket *netlink)
{
	struct snapshot s = { 0 };
	struct unix_queues q = { .due_ns = UINT64_MAX };
	bool complete;

	snapshot_add_netns(&s)->inode = 1;
	complete = unix_listeners_add(netlink, &s, 0);
	FUZZ_CHECK(complete == !s.n_warnings);
	for (size_t i = 0; i < s.n_listeners; i++) {
		const struct listener *l = &s.listeners[i];

		FUZZ_CHECK(listener_is_unix(l) && !(l->known & ~LISTENER_UID));
		FUZZ_CHECK(!l->name || (*l->name && strlen(l->name) <= UNIX_NAME_MAX + 2));
	}
	unix_queues_begin(&q, 1000);
	unix_queues_take(&q, netlink, &s, 0);
	unix_queues_end(&q, 2000);
	unix_queues_fill(&q, &s);
	FUZZ_CHECK(s.n_unix_queues <= s.n_listeners);
	unix_queues_free(&q);
	snapshot_free(&s);
}

static void look_unix(struct netlink_socket *netlink)
{
	struct unix_queues q = { .due_ns = UINT64_MAX };

	for (uint64_t now = 1000; now <= 3000; now += 1000) {
		struct snapshot s = { 0 };

		unix_queues_begin(&q, now);
		unix_queues_add(&q, netlink);
		unix_queues_end(&q, now + 1);
		FUZZ_CHECK(q.due_ns > now && (q.failed || q.n <= q.n_listeners));
		unix_queues_fill(&q, &s);
		FUZZ_CHECK(!q.failed == !!(s.known & SNAPSHOT_UNIX_QUEUES));
		FUZZ_CHECK(q.failed ? !s.n_unix_queues : s.n_unix_queues == q.n);
		snapshot_free(&s);
	}
	unix_queues_free(&q);
}

static void look_up_interface(struct diag_socket *socket, const uint8_t *data, size_t size)
{
	char name[IFNAMSIZ + 8] = "", found[IFNAMSIZ];
	const uint32_t other = size ? data[0] : 0;
	uint32_t ifindex;

	memcpy(name, data, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	ifindex = diag_ifindex(socket, name);
	if (ifindex)
		FUZZ_CHECK(diag_interface(socket, ifindex, found) == 0);
	if (diag_interface(socket, other, found) == 0)
		FUZZ_CHECK(diag_ifindex(socket, found) == other);
}

static void operate(enum operation operation, unsigned int flags, struct diag_socket *socket,
		    const struct script *script)
{
	struct netlink_socket *netlink = diag_netlink(socket);

	if (flags & FLAG_NO_SEND)
		fake_netlink_fail_send(EPERM);
	switch (operation) {
	case DUMP_BOTH:
		dump(socket, flags, AF_UNSPEC, script);
		break;
	case DUMP_FAMILY:
		dump(socket, flags, flags & FLAG_SIX ? AF_INET6 : AF_INET, script);
		break;
	case FIND:
		find(socket);
		break;
	case UNIX_DUMP:
		dump_unix(netlink, flags & FLAG_EXT);
		break;
	case UNIX_ADD:
		add_unix(netlink);
		break;
	case UNIX_LOOKS:
		look_unix(netlink);
		break;
	case UNIX_GONE:
		unix_listener_is_gone(netlink, 4711, 0x1122334455667788);
		break;
	case INTERFACE:
	case OPERATIONS:
		break;
	}
}

static void ignore_request(const struct nlmsghdr *request)
{
	(void)request;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct script script = { .n = 0 };
	struct diag_socket *socket = NULL;
	struct error why = { "" };
	int code;

	if (size < 2)
		return;
	fake_netlink_reset();
	/* So that a question is answered from the script too. */
	fake_netlink_on_request = ignore_request;
	no_random = data[1] & FLAG_NO_RANDOM;
	read_script(data + 2, data + size, &script);
	queue(&script);
	if (data[1] & FLAG_NO_OPEN)
		fake_netlink_fail_open(EPROTONOSUPPORT);
	code = diag_open(&socket, NETNS_HOME, &why);
	FUZZ_CHECK(code == (data[1] & FLAG_NO_OPEN ? -EPROTONOSUPPORT : 0) &&
		   !code == (socket != NULL));
	FUZZ_CHECK(!code == !why.text[0]);
	if (socket) {
		if (data[0] % OPERATIONS == INTERFACE)
			look_up_interface(socket, data + 2, size - 2);
		operate(data[0] % OPERATIONS, data[1], socket, &script);
	}
	diag_close(socket);
	FUZZ_CHECK(fake_netlink_opened == fake_netlink_closed);
	fake_netlink_reset();
}
