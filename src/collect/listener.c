/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/listener.h"

#include <string.h>

void listener_from_record(struct listener *l, const struct diag_record *r)
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
