/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sock_diag.h"

#include "base/alloc.h"
#include "collect/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Older headers lack these: SK_MEMINFO_DROPS came with 4.7, ULP with 5.4, CGROUP_ID with 5.8. */
#define MEMINFO_DROPS  8
#define ATTR_SKV6ONLY  11
#define ATTR_MARK      15
#define ATTR_ULP_INFO  19
#define ATTR_CGROUP_ID 21
#define ULP_NAME       1

struct diag_socket {
	struct netlink_socket *netlink;
	unsigned int datagrams; /* of the last dump, over all its requests */
	bool by_family; /* the legacy request was refused */
};

static void parse_ulp(const unsigned char *at, const unsigned char *end, struct diag_record *r)
{
	struct nlattr a;

	for (; netlink_attribute(&a, at, end); at += NLA_ALIGN(a.nla_len)) {
		if ((a.nla_type & NLA_TYPE_MASK) == ULP_NAME &&
		    a.nla_len >= sizeof(a) + sizeof("mptcp") - 1 &&
		    !memcmp(at + sizeof(a), "mptcp", sizeof("mptcp") - 1))
			r->mptcp = true;
	}
}

/* A value is known when its attribute is long enough, whatever the kernel version. */
static void parse_attributes(const unsigned char *at, const unsigned char *end,
			     struct diag_record *r)
{
	bool admin = false, info = false, full_socket = false;
	struct nlattr a;

	for (; netlink_attribute(&a, at, end); at += NLA_ALIGN(a.nla_len)) {
		const unsigned char *data = at + sizeof(a);
		size_t len = a.nla_len - sizeof(a);

		switch (a.nla_type & NLA_TYPE_MASK) {
		case INET_DIAG_SKMEMINFO:
			full_socket = true;
			if (len >= (MEMINFO_DROPS + 1) * sizeof(uint32_t)) {
				memcpy(&r->drops, data + MEMINFO_DROPS * sizeof(uint32_t),
				       sizeof(r->drops));
				r->known |= DIAG_DROPS;
			}
			break;
		case INET_DIAG_SHUTDOWN:
			full_socket = true;
			break;
		case ATTR_SKV6ONLY:
			if (len >= 1) {
				r->v6only = data[0];
				r->known |= DIAG_V6ONLY;
			}
			break;
		case INET_DIAG_INFO:
			info = true;
			if (len >=
			    offsetof(struct tcp_info, tcpi_last_data_sent) + sizeof(uint32_t)) {
				memcpy(&r->last_data_sent_ms,
				       data + offsetof(struct tcp_info, tcpi_last_data_sent),
				       sizeof(r->last_data_sent_ms));
				r->known |= DIAG_LAST_DATA_SENT;
			}
			break;
		case ATTR_MARK:
			admin = true;
			break;
		case ATTR_ULP_INFO:
			parse_ulp(data, data + len, r);
			break;
		case ATTR_CGROUP_ID:
			if (len >= sizeof(r->cgroup_id)) {
				memcpy(&r->cgroup_id, data, sizeof(r->cgroup_id));
				r->known |= DIAG_CGROUP_ID;
			}
			break;
		}
	}
	/*
	 * tcp_diag_get_aux() reports the ULP only with CAP_NET_ADMIN, which the MARK attribute
	 * shows, and only after INFO. Without both, a missing ULP does not mean that it is no
	 * MPTCP socket.
	 */
	if ((admin && info) || r->mptcp)
		r->known |= DIAG_MPTCP;
	/*
	 * A request sock has no attribute but MARK (inet_req_diag_fill()). A full socket in
	 * SYN_RECV is a Fast Open child, which is in the accept queue already.
	 */
	r->request_sock = r->state == DIAG_SYN_RECV && !full_socket;
}

/*
 * Before 4.1 the cookie of a socket is its address in the kernel (sock_diag_save_cookie()), which
 * has the highest bit set. Another socket may have the address later: so the inode of a listener,
 * which is counted up, and the client's port take the place of bits that are always set.
 *
 * Such a kernel counts no drops of listeners: tcp_listendrop() came with 4.7. RHEL 7 has the number
 * in SKMEMINFO nevertheless, and nothing raises it when a SYN is dropped.
 */
static void amend_address(struct diag_record *r)
{
	const uint64_t more = r->state == DIAG_LISTEN ? r->inode : r->peer_port;

	if (!(r->cookie >> 63))
		return;
	r->cookie = more << 48 | (r->cookie & (UINT64_MAX >> 16));
	r->known = (r->known | DIAG_ADDRESS) & ~(uint32_t)DIAG_DROPS;
	r->drops = 0;
}

static void parse_socket(const struct inet_diag_msg *m, size_t len, struct diag_record *r)
{
	size_t address_len = m->idiag_family == AF_INET ? 4 : 16;

	memset(r, 0, sizeof(*r));
	r->family = m->idiag_family;
	r->state = m->idiag_state;
	r->retransmits = m->idiag_retrans;
	r->expires_ms = m->idiag_expires;
	r->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
	r->rqueue = m->idiag_rqueue;
	r->wqueue = m->idiag_wqueue;
	r->uid = m->idiag_uid;
	r->inode = m->idiag_inode;
	r->ifindex = m->id.idiag_if;
	r->local_port = ntohs(m->id.idiag_sport);
	r->peer_port = ntohs(m->id.idiag_dport);
	/* Kernels before 4.1 do not clear the twelve bytes after an IPv4 address. */
	memcpy(r->local, m->id.idiag_src, address_len);
	memcpy(r->peer, m->id.idiag_dst, address_len);
	parse_attributes((const unsigned char *)(m + 1), (const unsigned char *)m + len, r);
	amend_address(r);
}

struct receiver {
	diag_handler handler;
	void *context;
};

static void receive_message(uint16_t type, const void *payload, size_t len, void *context)
{
	const struct receiver *receiver = context;
	struct diag_record record;

	if (type != TCPDIAG_GETSOCK && type != SOCK_DIAG_BY_FAMILY)
		return;
	if (len < sizeof(struct inet_diag_msg))
		return;
	parse_socket(payload, len, &record);
	receiver->handler(&record, receiver->context);
}

int diag_parse(const void *bytes, size_t len, uint32_t sequence, diag_handler handler,
	       void *context)
{
	struct receiver receiver = { handler, context };

	return netlink_parse(bytes, len, sequence, receive_message, &receiver);
}

void diag_fill_listener(struct listener *l, const struct diag_record *r)
{
	l->addr.ifindex = r->ifindex;
	l->addr.port = r->local_port;
	l->addr.family = r->family;
	l->addr.v6only = r->v6only;
	memcpy(l->addr.address, r->local, sizeof(r->local));
	l->known = (r->known & DIAG_DROPS ? LISTENER_DROPS : 0) |
		   (r->known & DIAG_V6ONLY ? LISTENER_V6ONLY : 0) |
		   (r->known & DIAG_CGROUP_ID ? LISTENER_CGROUP_ID : 0) |
		   (r->known & DIAG_MPTCP ? LISTENER_MPTCP : 0) | LISTENER_UID;
	l->mptcp = r->mptcp;
	l->cgroup_id = r->cgroup_id;
	l->inode = r->inode;
	l->uid = r->uid;
	l->length = r->rqueue;
	l->limit = r->wqueue;
	l->drops = r->drops;
}

int diag_open(struct diag_socket **socket, int netns_fd, struct error *why)
{
	struct netlink_socket *netlink;
	int code = netlink_open(&netlink, netns_fd, why);

	if (code < 0)
		return code;
	*socket = xcalloc(1, sizeof(**socket));
	(*socket)->netlink = netlink;
	return 0;
}

unsigned int diag_datagrams(const struct diag_socket *socket)
{
	return socket->datagrams;
}

struct netlink_socket *diag_netlink(struct diag_socket *socket)
{
	return socket->netlink;
}

void diag_close(struct diag_socket *socket)
{
	if (!socket)
		return;
	netlink_close(socket->netlink);
	free(socket);
}

uint32_t diag_ifindex(struct diag_socket *s, const char *name)
{
	struct ifreq request = { 0 };

	if (strlen(name) >= sizeof(request.ifr_name))
		return 0;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(netlink_fd(s->netlink), SIOCGIFINDEX, &request) < 0)
		return 0;
	return (uint32_t)request.ifr_ifindex;
}

int diag_interface(struct diag_socket *s, uint32_t ifindex, char *name)
{
	struct ifreq request = { .ifr_ifindex = (int)ifindex };

	/* Every socket can: an ioctl that its protocol does not know goes to dev_ioctl(). */
	if (ioctl(netlink_fd(s->netlink), SIOCGIFNAME, &request) < 0)
		return -errno;
	memcpy(name, request.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return 0;
}

static uint8_t idiag_ext(unsigned int ext)
{
	return (ext & DIAG_EXT_MEMINFO ? 1 << (INET_DIAG_SKMEMINFO - 1) : 0) |
	       (ext & DIAG_EXT_INFO ? 1 << (INET_DIAG_INFO - 1) : 0);
}

static int dump_once(struct diag_socket *s, const struct diag_request *request, uint8_t family,
		     diag_handler handler, void *context)
{
	struct inet_diag_req both = { .idiag_states = request->states,
				      .idiag_ext = idiag_ext(request->ext) };
	struct inet_diag_req_v2 one = { .sdiag_family = family,
					.sdiag_protocol = IPPROTO_TCP,
					.idiag_states = request->states,
					.idiag_ext = idiag_ext(request->ext) };
	struct netlink_request message = { .type = TCPDIAG_GETSOCK,
					   .payload = &both,
					   .payload_len = sizeof(both) };
	struct receiver receiver = { handler, context };
	int code;

	if (family != AF_UNSPEC) {
		message.type = SOCK_DIAG_BY_FAMILY;
		message.payload = &one;
		message.payload_len = sizeof(one);
	}
	if (request->filter && request->filter->n) {
		message.attribute = INET_DIAG_REQ_BYTECODE;
		message.value = request->filter->ops;
		message.value_len = request->filter->n * BYTECODE_OP_SIZE;
	}
	code = netlink_dump(s->netlink, &message, receive_message, &receiver);
	s->datagrams += netlink_datagrams(s->netlink);
	return code;
}

static void keep_record(const struct diag_record *record, void *context)
{
	*(struct diag_record *)context = *record;
}

int diag_find(struct diag_socket *s, const struct diag_record *connection,
	      struct diag_record *record)
{
	/* The highest: INET_DIAG_NOCOOKIE twice, any. */
	const uint64_t cookie = connection->known & DIAG_ADDRESS ? UINT64_MAX : connection->cookie;
	struct inet_diag_req_v2 one = {
		.sdiag_family = connection->family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ~0u,
		.idiag_ext = idiag_ext(DIAG_EXT_INFO),
		.id = { .idiag_sport = htons(connection->local_port),
			.idiag_dport = htons(connection->peer_port),
			.idiag_if = connection->ifindex,
			.idiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) } },
	};
	const struct netlink_request message = { .type = SOCK_DIAG_BY_FAMILY,
						 .payload = &one,
						 .payload_len = sizeof(one) };
	struct receiver receiver = { keep_record, record };
	int code;

	memcpy(one.id.idiag_src, connection->local, sizeof(one.id.idiag_src));
	memcpy(one.id.idiag_dst, connection->peer, sizeof(one.id.idiag_dst));
	memset(record, 0, sizeof(*record));
	code = netlink_ask(s->netlink, &message, receive_message, &receiver);
	/* -ESTALE: another socket has these addresses by now (sock_diag_check_cookie()). */
	if (code == -ESTALE || (code == 0 && record->cookie != connection->cookie))
		return -ENOENT;
	return code;
}

/* The kernel refuses a request before it reports the first socket. */
static bool refused(int code)
{
	return code == -EINVAL || code == -EOPNOTSUPP || code == -ENOENT || code == -EPERM;
}

static int dump_both(struct diag_socket *s, const struct diag_request *request,
		     diag_handler handler, void *context)
{
	int code = s->by_family ? -EINVAL : dump_once(s, request, AF_UNSPEC, handler, context);

	if (!refused(code))
		return code;
	code = dump_once(s, request, AF_INET, handler, context);
	if (code == 0) {
		code = dump_once(s, request, AF_INET6, handler, context);
		if (code == -ENOENT) /* a kernel without IPv6 */
			code = 0;
	}
	/* If this was refused as well, the reason was not the legacy request. */
	s->by_family |= !refused(code);
	return code;
}

int diag_dump(struct diag_socket *s, const struct diag_request *request, diag_handler handler,
	      void *context, struct error *why)
{
	int code;

	s->datagrams = 0;
	code = request->family == AF_UNSPEC ?
		       dump_both(s, request, handler, context) :
		       dump_once(s, request, request->family, handler, context);
	return code < 0 ? netlink_explain(code, "TCP sockets", "tcp_diag", why) : 0;
}
