/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_GROUPS_H
#define LISTENQ_MODEL_GROUPS_H

#include "model/snapshot.h"

/*
 * groups_build() - put every listener of the snapshot into its group.
 *
 * A group is what the kernel's reuseport code makes one: same namespace, family,
 * address, port, device and IPV6_V6ONLY (inet_reuseport_add_sock()). A UNIX listener has a group of
 * its own.
 */
void groups_build(struct snapshot *s);

/*
 * groups_id() - hash what the members of a group are bound to, the same in every snapshot.
 * @id: netns_id() of the namespace, since its index may differ
 */
uint64_t groups_id(const struct listen_addr *addr, uint64_t id);

/*
 * groups_lookup() - the group that owns a child.
 * @child: namespace, family, local address and port of the child, and the device
 *         its request was bound to (idiag_if)
 * @unbound_too: the child has a device, but its listener may have none: the peer is link-local, or
 *         tcp_l3mdev_accept is set
 *
 * Follows __inet_lookup_listener() and inet6_lookup_listener(): listeners on the
 * exact address before those on the wildcard, within them a matching device
 * before none, then the first in lookup order. The family of the child is that of
 * its listener: an IPv4 client of a dual-stack listener has a v4-mapped address.
 *
 * This is the order since lhash2 (kernel 4.17). Older kernels give a matching address and a
 * matching device the same score.
 *
 * Returns NULL for an orphan: its listener is gone.
 */
struct group *groups_lookup(struct snapshot *s, const struct listen_addr *child, bool unbound_too);

#endif
