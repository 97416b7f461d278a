/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_ATTRIBUTE_H
#define LISTENQ_COLLECT_ATTRIBUTE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * attribute_next() - the header of the netlink attribute at @at, for a loop that goes on by
 * NLA_ALIGN(a->nla_len).
 *
 * libmnl's walk is five calls for each attribute, and a socket has six of them: a tenth of the time
 * that a report of many listeners takes. Hence our own.
 *
 * Returns false at the end, or when what is left is no whole attribute.
 */
static inline bool attribute_next(struct nlattr *a, const unsigned char *at,
				  const unsigned char *end)
{
	if (at >= end || (size_t)(end - at) < sizeof(*a))
		return false;
	memcpy(a, at, sizeof(*a));
	return a->nla_len >= NLA_HDRLEN && a->nla_len <= (size_t)(end - at);
}

#endif
