/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_AUTOBOUND_H
#define LISTENQ_COLLECT_AUTOBOUND_H

#include "collect/open_netns.h"
#include "model/snapshot.h"

/*
 * autobound_find() - tells the listeners of a namespace whether the kernel chose their ports, and
 * the namespace from which range it does.
 * @family: the one that was dumped, AF_UNSPEC for both
 *
 * It stays unknown, with a warning in @s, when the kernel does not tell.
 */
void autobound_find(const struct open_netns *netns, struct snapshot *s, uint32_t netns_idx,
		    int family);

#endif
