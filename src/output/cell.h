/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_CELL_H
#define LISTENQ_OUTPUT_CELL_H

#include "output/fields.h"

/*
 * cell_add() - add a value for people: unknown is "-", and text is made safe for a terminal. In the
 * abstract name of a UNIX listener a run of 90 NULs is "@{90}".
 * @text_flags: enum text_flags; TEXT_ONE_WORD where awk may read it
 *
 * Returns the width of what was added.
 */
size_t cell_add(struct strbuf *cell, const struct field_value *value, unsigned int text_flags);

/*
 * cell_add_fitted() - the same for a screen of @width columns, 0: no limit. A path gets at most
 * three eighths of the screen.
 */
void cell_add_fitted(struct strbuf *cell, const struct field_value *value, unsigned int text_flags,
		     size_t width);

/*
 * cell_shorten() - cut the text from @start on to @width screen columns: its middle is replaced by
 * a mark, and more of its end is kept than of its beginning.
 */
void cell_shorten(struct strbuf *cell, size_t start, size_t width, bool utf8);

/*
 * cell_align() - add rows of cells, each column as wide as its widest cell.
 * @rows: each cell ends with a tab, the last of a row with a newline
 * @align: 'l' or 'r' for each cell but the last
 */
void cell_align(struct strbuf *to, const struct strbuf *rows, const char *align);

/*
 * Add addresses as ss writes them: an IPv4 client of a dual-stack listener is v4-mapped,
 * ::ffff:192.0.2.7. An endpoint has a port, and brackets around IPv6 addresses.
 * @family: AF_INET, which uses the first four bytes of @address, or AF_INET6
 */
void cell_add_address(struct strbuf *b, uint8_t family, const uint8_t address[16]);
void cell_add_endpoint(struct strbuf *b, uint8_t family, const uint8_t address[16], uint16_t port);

/*
 * Adds the name of a namespace, or its inode when it has none; OWN_NETNS for the program's own.
 * @text_flags: enum text_flags
 */
void cell_add_netns(struct strbuf *b, const struct netns *netns, unsigned int text_flags);

#endif
