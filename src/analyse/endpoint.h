/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_ENDPOINT_H
#define LISTENQ_ANALYSE_ENDPOINT_H

#include "base/text.h"
#include "model/filter_expr.h"

/*
 * Addresses and ports as ss reads them: "10.0.0.0/8", "10/8", "127.1:80", "[::1]:*", "*:http",
 * "inet6:[::1]". An IPv6 address needs no brackets unless it reads as another one with a port.
 * Octal and hexadecimal numbers and host names are refused.
 */

/*
 * endpoint_parse() - parse an address, a colon and a port, or both, into an EXPR_HOST.
 * @family: set if @text begins with a family, else unchanged
 *
 * Returns 0 or -EINVAL.
 */
int endpoint_parse(const char *text, struct filter_expr *condition, uint8_t *family);

/* Parses ":443", "443", ":http", "http", ":*" or "*". Returns 0 or -EINVAL. */
int endpoint_parse_port(const char *text, int32_t *port);

/* Adds why endpoint_parse() refused @text, and a hint: "is not an address; did you mean :80?". */
void endpoint_add_why(struct strbuf *to, const char *text);

/* Is it the name of a UNIX socket: "/run/x", "@x" or "unix:x"? */
bool endpoint_is_path(const char *text);

/* Adds such a name as a shell pattern; expands "@{90}", which tables have for 90 "@". */
void endpoint_add_path(struct strbuf *to, const char *text);

#endif
