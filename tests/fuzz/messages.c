/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "messages.h"

#include <errno.h>
#include <string.h>

enum { HEADER = 16, ATTRIBUTE_HEADER = 4 };
enum { TYPE_ERROR = 2, TYPE_DONE = 3, TYPE_DATA = 16 };

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint16_t get16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static size_t aligned(size_t n)
{
	return (n + 3) / 4 * 4;
}

int messages_read(const uint8_t *bytes, size_t len, uint64_t sequence,
		  void (*found)(const struct message *m, void *context), void *context)
{
	for (size_t at = 0; at + HEADER <= len; at += aligned(get32(bytes + at))) {
		const uint32_t whole = get32(bytes + at);
		const struct message m = { get16(bytes + at + 4), bytes + at + HEADER,
					   (size_t)whole - HEADER };
		int code = 0;

		if (whole < HEADER || whole > len - at)
			break;
		if (sequence != MESSAGES_ANY_SEQUENCE && get32(bytes + at + 8) != sequence)
			continue;
		if (m.len >= sizeof(code))
			memcpy(&code, m.payload, sizeof(code));
		if ((m.type == TYPE_DONE || m.type == TYPE_ERROR) && code < 0)
			return code >= -4095 ? code : -EBADMSG;
		if (m.type == TYPE_DONE)
			return 0;
		if (m.type >= TYPE_DATA)
			found(&m, context);
	}
	return 1;
}

const uint8_t *attributes_find(const uint8_t *bytes, size_t len, unsigned int type, size_t min,
			       size_t *value_len)
{
	const uint8_t *value = NULL;

	for (size_t at = 0; at + ATTRIBUTE_HEADER <= len; at += aligned(get16(bytes + at))) {
		const size_t whole = get16(bytes + at);

		if (whole < ATTRIBUTE_HEADER || whole > len - at)
			break;
		if ((get16(bytes + at + 2) & 0x3fff) != type || whole - ATTRIBUTE_HEADER < min)
			continue;
		value = bytes + at + ATTRIBUTE_HEADER;
		*value_len = whole - ATTRIBUTE_HEADER;
	}
	return value;
}

const uint8_t *message_attribute(const struct message *m, size_t body, unsigned int type,
				 size_t min, size_t *len)
{
	return attributes_find(m->payload + body, m->len - body, type, min, len);
}
