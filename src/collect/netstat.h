/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_NETSTAT_H
#define LISTENQ_COLLECT_NETSTAT_H

#include "base/text.h"
#include "model/counters.h"

#include <stddef.h>

/*
 * netstat_parse() - add the counters of /proc/net/netstat or /proc/net/snmp text.
 *
 * Both are pairs of lines, names then values, each behind a prefix and a colon. Columns are
 * matched by name, since kernels add names in the middle; a counter that is not there, or whose
 * value is not a number, stays as it was in @c. Takes any bytes.
 */
void netstat_parse(const char *text, size_t len, struct counters *c);

/*
 * The same with the open file @fd. @text: scratch
 *
 * Returns 0 or -errno; @fd may be one itself.
 */
int netstat_read(int fd, struct counters *c, struct strbuf *text);

#endif
