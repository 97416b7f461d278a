/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_ENDPOINT_H
#define LISTENQ_ANALYSE_ENDPOINT_H

#include "base/text.h"
#include "model/filter_expr.h"

/*
 * Addresses and ports as ss reads them: "10.0.0.0/8", "10/8", "127.1:80", "[::1]:*", "*:http",
 * "inet6:[::1]". An IPv6 address may also go without brackets where it cannot be taken for another
 * one with a port. Octal and hexadecimal numbers, and names of hosts, are refused.
 */

/*
 * endpoint_parse() - an address, a port behind a colon, or both, into a EXPR_HOST.
 * @family: set when it begins with one, else left alone
 *
 * Returns 0 or -EINVAL.
 */
int endpoint_parse(const char *text, struct filter_expr *condition, int *family);

/* endpoint_parse_port() - ":443", "443", ":http", "http", ":*" or "*". Returns 0 or -EINVAL. */
int endpoint_parse_port(const char *text, int32_t *port);

/* Adds why endpoint_parse() refused it, and what may have been meant: "is not an address; ...". */
void endpoint_add_why(struct strbuf *to, const char *text);

/* Is it the name of a UNIX socket: "/run/x", "@x" or "unix:x"? */
bool endpoint_is_path(const char *text);

/* Adds the shell pattern that such a name is, where the table may have "@{90}" for 90 "@". */
void endpoint_add_path(struct strbuf *to, const char *text);

#endif
