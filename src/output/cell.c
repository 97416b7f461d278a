/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/cell.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Many abstract names are padded with NULs to the full length. As each NUL is an "@" here, a run of
 * them is written "@{90}". A name that contains "@{" has its brace escaped.
 */
static void add_abstract(struct strbuf *cell, const char *name, unsigned int text_flags)
{
	for (bool first = true; *name; first = false) {
		size_t len = strcspn(name + 1, "@") + 1, run = first ? 1 : strspn(name, "@");

		if (*name == '@' && run == 1 && name[1] == '{') {
			strbuf_adds(cell, "@\\x7b");
			name += 2;
		} else if (*name == '@' && run > 1) {
			strbuf_addf(cell, "@{%zu}", run);
			name += run;
		} else {
			text_add_safe(cell, name, len, text_flags);
			name += len;
		}
	}
}

size_t cell_add(struct strbuf *cell, const struct field_value *v, unsigned int text_flags)
{
	const size_t start = cell->len;

	if (!v->known) {
		strbuf_putc(cell, '-');
		return 1;
	}
	switch (v->type) {
	case TYPE_RISE:
		strbuf_addc(cell, '+', v->number != 0);
		strbuf_addu(cell, v->number);
		break;
	case TYPE_COUNT:
		strbuf_addu(cell, v->number);
		break;
	case TYPE_RATIO:
		/* Rounded down, so that 100% always means full. */
		strbuf_addu(cell, v->number / FILL_PERCENT);
		strbuf_putc(cell, '%');
		break;
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		/* A value above 0 must not print as 0.0. */
		strbuf_addf(cell, v->real > 0 && v->real < 0.05 ? "<0.1" : "%.1f", v->real);
		break;
	case TYPE_BOOL:
		strbuf_adds(cell, v->number ? "yes" : "no");
		break;
	case TYPE_ID:
		strbuf_adds(cell, "0x");
		strbuf_addx(cell, v->number);
		break;
	case TYPE_LIST:
		if (!v->number) /* an empty cell would shift the columns for awk */
			strbuf_putc(cell, '-');
		for (uint64_t i = 0; i < v->number; i++) {
			strbuf_addc(cell, ',', i != 0);
			strbuf_adds(cell, v->words[i]);
		}
		break;
	case TYPE_TEXT:
		if (!v->own && !(v->path && *v->text == '@'))
			return text_add_safe(cell, v->text, strlen(v->text), text_flags);
		if (v->own)
			strbuf_adds(cell, OWN_NETNS);
		else
			add_abstract(cell, v->text, text_flags);
		return text_width(cell->s + start, cell->len - start);
	case TYPE_OWNERS:
	case TYPE_WAITING:
	case TYPE_HALF_OPEN:
		break;
	}
	return cell->len - start; /* all ASCII */
}

void cell_shorten(struct strbuf *cell, size_t start, size_t width, bool utf8)
{
	const char *mark = utf8 ? "…" : "~";
	const size_t mark_len = strlen(mark);
	size_t head, tail, taken;

	if (text_width(cell->s + start, cell->len - start) <= width)
		return;
	head = start +
	       text_fit(cell->s + start, cell->len - start, width ? (width - 1) / 3 : 0, &taken);
	tail = head;
	do {
		do
			tail++;
		while (tail < cell->len && text_continues(cell->s[tail]));
	} while (tail < cell->len &&
		 taken + 1 + text_width(cell->s + tail, cell->len - tail) > width);
	strbuf_reserve(cell, mark_len);
	memmove(cell->s + head + mark_len, cell->s + tail, cell->len - tail);
	memcpy(cell->s + head, mark, mark_len);
	cell->len = head + mark_len + cell->len - tail;
	cell->s[cell->len] = '\0';
}

void cell_add_fitted(struct strbuf *cell, const struct field_value *v, unsigned int text_flags,
		     size_t width)
{
	size_t start = cell->len;

	cell_add(cell, v, text_flags);
	if (width && v->known && v->path)
		cell_shorten(cell, start, width * 3 / 8, text_allows_utf8(text_flags));
}

void cell_align(struct strbuf *to, const struct strbuf *rows, const char *align)
{
	size_t widths[8] = { 0 };

	for (int print = 0; rows->len && print < 2; print++) {
		const char *cell = rows->s, *end;

		for (size_t i = 0; (end = strpbrk(cell, "\t\n")); cell = end + 1) {
			size_t len = (size_t)(end - cell), width = text_width(cell, len);
			size_t padding = print && *end == '\t' ? widths[i] - width : 0;

			if (print) {
				strbuf_addc(to, ' ', align[i] == 'r' ? padding : 0);
				strbuf_add(to, cell, len);
				strbuf_addc(to, ' ', align[i] == 'r' ? 0 : padding);
			} else if (*end == '\t' && width > widths[i]) {
				widths[i] = width;
			}
			i = *end == '\t' ? i + 1 : 0;
			if (print && !i)
				strbuf_putc(to, '\n');
		}
	}
}

/* inet_ntop() calls printf() for IPv4, which would be most of the cost of a row. */
void cell_add_address(struct strbuf *b, uint8_t family, const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN];

	if (family == AF_INET) {
		for (int i = 0; i < 4; i++) {
			if (i)
				strbuf_putc(b, '.');
			strbuf_addu(b, address[i]);
		}
		return;
	}
	if (inet_ntop(AF_INET6, address, text, sizeof(text)))
		strbuf_adds(b, text);
}

void cell_add_endpoint(struct strbuf *b, uint8_t family, const uint8_t address[16], uint16_t port)
{
	strbuf_addc(b, '[', family == AF_INET6);
	cell_add_address(b, family, address);
	strbuf_addc(b, ']', family == AF_INET6);
	strbuf_putc(b, ':');
	strbuf_addu(b, port);
}

void cell_add_netns(struct strbuf *b, const struct netns *netns, unsigned int text_flags)
{
	if (netns->own)
		strbuf_adds(b, OWN_NETNS);
	else if (netns->name)
		text_add_safe(b, netns->name, strlen(netns->name), text_flags);
	else
		strbuf_addu(b, netns->inode);
}
