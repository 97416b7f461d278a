/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sock_diag.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
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

/*
 * The kernel fills datagrams of up to 32 KiB when the reader's buffer is at least that large
 * (netlink_dump()); MNL_SOCKET_BUFFER_SIZE would be 8 KiB.
 */
#define BUFFER_SIZE	(32 * 1024)
#define BUFFER_SIZE_MAX (1024 * 1024)

struct diag_socket {
	struct mnl_socket *nl;
	uint32_t sequence;
	unsigned int datagrams; /* with sockets, of the last dump */
	bool by_family; /* the legacy request was refused */
	char *buffer;
	size_t buffer_size;
};

static void parse_ulp(const struct nlattr *ulp, struct diag_record *r)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested (a, ulp) {
		if (mnl_attr_get_type(a) == ULP_NAME &&
		    mnl_attr_get_payload_len(a) >= sizeof("mptcp") - 1 &&
		    !memcmp(mnl_attr_get_payload(a), "mptcp", sizeof("mptcp") - 1))
			r->mptcp = true;
	}
}

/*
 * libmnl's walk is five calls for each attribute, and a socket has six of them: a tenth of the time
 * that a report of many listeners takes. Hence our own. False at the end, or when what is left is
 * no whole attribute.
 */
static bool next_attribute(struct nlattr *a, const unsigned char *at, const unsigned char *end)
{
	if (at >= end || (size_t)(end - at) < sizeof(*a))
		return false;
	memcpy(a, at, sizeof(*a));
	return a->nla_len >= NLA_HDRLEN && a->nla_len <= (size_t)(end - at);
}

/* Lengths decide, not kernel versions: an attribute that is too short stays unknown. */
static void parse_attributes(const struct nlmsghdr *nlh, struct diag_record *r)
{
	const unsigned char *at =
		(const unsigned char *)nlh + NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	const unsigned char *end = (const unsigned char *)nlh + nlh->nlmsg_len;
	bool admin = false, info = false, full_socket = false;
	struct nlattr a;

	for (; next_attribute(&a, at, end); at += NLA_ALIGN(a.nla_len)) {
		const unsigned char *data = at + NLA_HDRLEN;
		size_t len = a.nla_len - NLA_HDRLEN;

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
			parse_ulp((const struct nlattr *)at, r);
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
	 * tcp_diag_get_aux() tells the ULP only to CAP_NET_ADMIN and beside INFO; the MARK
	 * attribute shows whether we are. Without both, no ULP does not mean no MPTCP.
	 */
	if ((admin && info) || r->mptcp)
		r->known |= DIAG_MPTCP;
	/*
	 * A request sock carries nothing but MARK (inet_req_diag_fill()). A full socket in
	 * SYN_RECV is a Fast Open child, which is in the accept queue already.
	 */
	r->request_sock = r->state == DIAG_SYN_RECV && !full_socket;
}

static void parse_socket(const struct nlmsghdr *nlh, struct diag_record *r)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
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
	/* Before 4.1 the kernel did not clear the twelve bytes behind an IPv4 address. */
	memcpy(r->local, m->id.idiag_src, address_len);
	memcpy(r->peer, m->id.idiag_dst, address_len);
	parse_attributes(nlh, r);
}

int diag_parse(const void *bytes, size_t len, uint32_t sequence, diag_handler handler,
	       void *context)
{
	const struct nlmsghdr *nlh = bytes;
	int left = (int)len;

	/* libmnl before 1.0.5 takes a length of 2^31 and more for a negative one, hence both. */
	for (; mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (size_t)left;
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		size_t payload = mnl_nlmsg_get_payload_len(nlh);
		struct diag_record record;
		int code;

		if (nlh->nlmsg_seq != sequence)
			continue;
		switch (nlh->nlmsg_type) {
		case NLMSG_DONE:
		case NLMSG_ERROR:
			/* Both start with an errno; libmnl's own loop would not read DONE's. */
			code = 0;
			if (payload >= sizeof(code))
				memcpy(&code, mnl_nlmsg_get_payload(nlh), sizeof(code));
			if (code < 0 || nlh->nlmsg_type == NLMSG_DONE)
				return code < 0 ? code : 0;
			break;
		case TCPDIAG_GETSOCK:
		case SOCK_DIAG_BY_FAMILY:
			if (payload < sizeof(struct inet_diag_msg))
				break;
			parse_socket(nlh, &record);
			code = handler(&record, context);
			if (code < 0)
				return code;
			break;
		}
	}
	return 1;
}

static const char *advice(int code)
{
	switch (code) {
	case -EPROTONOSUPPORT:
		return "; the kernel lacks CONFIG_INET_DIAG";
	case -ENOENT:
		return "; the kernel lacks tcp_diag, try: modprobe tcp_diag";
	case -EPERM:
	case -EACCES:
		return "; a sandbox or security policy forbids it";
	case -ENOBUFS:
		return "; the kernel lost the reply, try again";
	default:
		return "";
	}
}

static int open_netlink(struct mnl_socket **nl, struct error *why)
{
	int code;

	*nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (*nl && mnl_socket_bind(*nl, 0, MNL_SOCKET_AUTOPID) == 0)
		return 0;
	code = -errno;
	if (*nl)
		mnl_socket_close(*nl);
	return error_set(why, code, "cannot open a sock_diag netlink socket: %s%s", strerror(-code),
			 advice(code));
}

int diag_open(struct diag_socket **socket, struct error *why)
{
	struct mnl_socket *nl;
	int code = open_netlink(&nl, why);

	if (code < 0)
		return code;
	*socket = xcalloc(1, sizeof(**socket));
	(*socket)->nl = nl;
	(*socket)->buffer_size = BUFFER_SIZE;
	(*socket)->buffer = xmalloc(BUFFER_SIZE);
	return 0;
}

int diag_reopen(struct diag_socket *socket, struct error *why)
{
	struct mnl_socket *nl;
	int code = open_netlink(&nl, why);

	if (code < 0)
		return code;
	mnl_socket_close(socket->nl);
	socket->nl = nl;
	return 0;
}

unsigned int diag_datagrams(const struct diag_socket *socket)
{
	return socket->datagrams;
}

bool diag_lost(int code)
{
	return code == -ENOBUFS || code == -EMSGSIZE || code == -EBUSY;
}

void diag_close(struct diag_socket *socket)
{
	if (!socket)
		return;
	mnl_socket_close(socket->nl);
	free(socket->buffer);
	free(socket);
}

int diag_interface(struct diag_socket *s, uint32_t ifindex, char *name)
{
	struct ifreq request = { .ifr_ifindex = (int)ifindex };

	/* Any socket will do: what the protocol does not know goes to dev_ioctl(). */
	if (ioctl(mnl_socket_get_fd(s->nl), SIOCGIFNAME, &request) < 0)
		return -errno;
	memcpy(name, request.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return 0;
}

/*
 * A filter program that matches any of the ports, from the opcodes that 3.10 has (S_EQ came
 * later). Each port is a block of two comparisons and a jump to the end; a comparison that fails
 * goes to the next block. The end of the program accepts, four bytes beyond it reject.
 */
#define BLOCK_OPS 5
#define OP_SIZE	  sizeof(struct inet_diag_bc_op)

static struct inet_diag_bc_op *port_filter(const uint16_t *ports, size_t n, size_t *size)
{
	struct inet_diag_bc_op *program = xcalloc(n * BLOCK_OPS, OP_SIZE);

	*size = n * BLOCK_OPS * OP_SIZE;
	for (size_t i = 0; i < n; i++) {
		struct inet_diag_bc_op *op = program + i * BLOCK_OPS;
		size_t to_end = (n - i) * BLOCK_OPS * OP_SIZE;
		size_t to_next = i + 1 < n ? BLOCK_OPS * OP_SIZE : to_end + OP_SIZE;

		op[0] = (struct inet_diag_bc_op){ INET_DIAG_BC_S_GE, 2 * OP_SIZE,
						  (unsigned short)to_next };
		op[1].no = ports[i];
		op[2] = (struct inet_diag_bc_op){ INET_DIAG_BC_S_LE, 2 * OP_SIZE,
						  (unsigned short)(to_next - 2 * OP_SIZE) };
		op[3].no = ports[i];
		op[4] = (struct inet_diag_bc_op){ INET_DIAG_BC_JMP, OP_SIZE,
						  (unsigned short)(to_end - 4 * OP_SIZE) };
	}
	return program;
}

static uint8_t idiag_ext(unsigned int ext)
{
	return (ext & DIAG_EXT_MEMINFO ? 1 << (INET_DIAG_SKMEMINFO - 1) : 0) |
	       (ext & DIAG_EXT_INFO ? 1 << (INET_DIAG_INFO - 1) : 0);
}

static int send_request(struct diag_socket *s, const struct diag_request *request, int family)
{
	size_t size = 0, room = 256 + request->n_ports * BLOCK_OPS * OP_SIZE;
	char *buffer = xcalloc(1, room);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	int sent;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++s->sequence;
	if (family == AF_UNSPEC) {
		struct inet_diag_req *r = mnl_nlmsg_put_extra_header(nlh, sizeof(*r));

		nlh->nlmsg_type = TCPDIAG_GETSOCK;
		r->idiag_states = request->states;
		r->idiag_ext = idiag_ext(request->ext);
	} else {
		struct inet_diag_req_v2 *r = mnl_nlmsg_put_extra_header(nlh, sizeof(*r));

		nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		r->sdiag_family = (uint8_t)family;
		r->sdiag_protocol = IPPROTO_TCP;
		r->idiag_states = request->states;
		r->idiag_ext = idiag_ext(request->ext);
	}
	if (request->ports) {
		struct inet_diag_bc_op *program =
			port_filter(request->ports, request->n_ports, &size);

		mnl_attr_put(nlh, INET_DIAG_REQ_BYTECODE, size, program);
		free(program);
	}
	sent = mnl_socket_sendto(s->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
	free(buffer);
	return sent;
}

static int receive_dump(struct diag_socket *s, diag_handler handler, void *context)
{
	int code;

	do {
		ssize_t len = mnl_socket_recvfrom(s->nl, s->buffer, s->buffer_size);

		if (len < 0 && errno == EINTR) {
			code = 1;
			continue;
		}
		/* libmnl reports MSG_TRUNC as ENOSPC. */
		if (len < 0 && errno == ENOSPC && s->buffer_size < BUFFER_SIZE_MAX) {
			s->buffer_size *= 2;
			s->buffer = xreallocarray(s->buffer, s->buffer_size, 1);
			return -EMSGSIZE;
		}
		if (len < 0)
			return -errno;
		if (((struct nlmsghdr *)s->buffer)->nlmsg_type != NLMSG_DONE)
			s->datagrams++;
		code = diag_parse(s->buffer, (size_t)len, s->sequence, handler, context);
	} while (code > 0);
	return code;
}

static int dump_once(struct diag_socket *s, const struct diag_request *request, int family,
		     diag_handler handler, void *context)
{
	int code = send_request(s, request, family);

	return code < 0 ? code : receive_dump(s, handler, context);
}

/* The kernel refuses a request as a whole before it reports the first socket. */
static bool refused(int code)
{
	return code == -EINVAL || code == -EOPNOTSUPP || code == -ENOENT || code == -EPERM;
}

static int explain(int code, struct error *why)
{
	return error_set(why, code, "cannot dump TCP sockets over sock_diag: %s%s", strerror(-code),
			 advice(code));
}

int diag_dump(struct diag_socket *s, const struct diag_request *request, diag_handler handler,
	      void *context, struct error *why)
{
	int code;

	s->datagrams = 0;
	if (request->family != AF_UNSPEC) {
		code = dump_once(s, request, request->family, handler, context);
		return code < 0 ? explain(code, why) : 0;
	}
	if (!s->by_family) {
		code = dump_once(s, request, AF_UNSPEC, handler, context);
		if (!refused(code))
			return code < 0 ? explain(code, why) : 0;
		s->by_family = true;
	}
	code = dump_once(s, request, AF_INET, handler, context);
	if (code == 0) {
		code = dump_once(s, request, AF_INET6, handler, context);
		if (code == -ENOENT) /* a kernel without IPv6 */
			code = 0;
	}
	return code < 0 ? explain(code, why) : 0;
}
