/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_NETSTAT_H
#define LISTENQ_COLLECT_NETSTAT_H

#include "base/text.h"
#include "model/counters.h"

#include <stddef.h>

/*
 * netstat_parse() - add the counters in the text of /proc/net/netstat or /proc/net/snmp.
 * @text: any bytes
 *
 * Both files have pairs of lines, one with names and one with values, which begin with a prefix and
 * a colon. Columns are matched by name, since new kernels add names in the middle. A counter that
 * is missing, or whose value is not a number, stays as it was in @c.
 */
void netstat_parse(const char *text, size_t len, struct counters *c);

/* The same for /proc/net/snmp6, which has a line for each counter, with prefix and name in one. */
void netstat_parse6(const char *text, size_t len, struct counters *c);

/*
 * netstat_read() - the same for an open file, netstat_read6() for /proc/net/snmp6.
 * @fd: may be -errno, which is then returned
 * @text: scratch
 *
 * Returns 0 or -errno.
 */
int netstat_read(int fd, struct counters *c, struct strbuf *text);
int netstat_read6(int fd, struct counters *c, struct strbuf *text);

#endif
