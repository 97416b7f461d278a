/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_MESSAGES_H
#define LISTENQ_TESTS_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A second reader of netlink bytes, for comparison: by offsets as include/uapi/linux/netlink.h
 * defines them, without libmnl and without the structs.
 */
struct message {
	uint16_t type;
	const uint8_t *payload;
	size_t len;
};

#define MESSAGES_ANY_SEQUENCE UINT64_MAX

/*
 * Calls @found for each message with data of that sequence. Returns 1, or what ends the dump: 0 or
 * -errno.
 */
int messages_read(const uint8_t *bytes, size_t len, uint64_t sequence,
		  void (*found)(const struct message *m, void *context), void *context);

/*
 * The value of the last attribute of @type that has at least @min bytes, behind a body of @body
 * bytes; NULL: there is none.
 */
const uint8_t *message_attribute(const struct message *m, size_t body, unsigned int type,
				 size_t min, size_t *len);

/* The same among the attributes in @len bytes. */
const uint8_t *attributes_find(const uint8_t *bytes, size_t len, unsigned int type, size_t min,
			       size_t *value_len);

#endif
