/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SAVED_FIELDS_H
#define LISTENQ_MODEL_SAVED_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is saved of a sample, and how: tables of the members of struct snapshot and of the structs
 * in its arrays. The writer and the reader of replay/sample_line.h go by them. What follows from
 * other members is not saved: indexes, slices, and what groups_build() computes.
 *
 * A member that is 0, false, NULL or unknown is left out of the file.
 */

/* How the value stands in JSON. Whole numbers are in decimal, up to 64 bits. */
enum saved_type {
	SAVED_BIT, /* true: the bits of @known are set. There is no other value */
	SAVED_BOOL,
	SAVED_U8,
	SAVED_U16,
	SAVED_U32,
	SAVED_U64,
	SAVED_ID, /* uint64_t, as "0x5116", because many readers of JSON round such numbers */
	SAVED_LETTER, /* char */
	SAVED_TEXT, /* const char *; see sample_line.h for bytes that are not UTF-8 */
	SAVED_CHARS, /* the same in an array of @size */
	SAVED_ADDRESS, /* uint8_t[16], with the family at @family: "192.0.2.7", "2001:db8::7" */
	SAVED_UNIX, /* true: the family at @family is AF_UNIX */
	SAVED_WALL, /* struct timespec, as nanoseconds since 1970 */
	SAVED_COUNTERS, /* struct counters, as an object with nstat's names */
	SAVED_SYSCTLS, /* struct sysctls, as an object */
	SAVED_OBJECT, /* a struct, by @object */
};

/* Of which listeners it is a member. */
enum saved_of { SAVED_OF_ALL, SAVED_OF_TCP, SAVED_OF_UNIX };

struct saved_field {
	const char *key;
	enum saved_type type;
	size_t offset; /* in the struct */
	size_t size;
	size_t family;
	/*
	 * Bits that say that the value is known: it is saved, also a 0, where they are set. 0: it
	 * is always known, and a 0 is left out.
	 */
	uint32_t known;
	enum saved_of of;
	bool required; /* a file without it is damaged */
	const struct saved_object *object;
};

struct saved_object {
	const struct saved_field *fields;
	size_t n;
	/* The word with the bits. Its size is 1, 2 or 4; 0: there is none. */
	size_t known, known_size;
};

/* Of struct snapshot, netns, listener, and so on. */
extern const struct saved_object saved_snapshot;
extern const struct saved_object saved_netns;
extern const struct saved_object saved_listener;
extern const struct saved_object saved_gone; /* struct listener, with the index of its namespace */
extern const struct saved_object saved_group;
extern const struct saved_object saved_process;
extern const struct saved_object saved_connection;
extern const struct saved_object saved_oldest;
extern const struct saved_object saved_unix_queue;
extern const struct saved_object saved_other_netns;

/* Arrays of struct snapshot whose elements are whole objects of one table. */
/* clang-format off */
#define SAVED_FLAT_ARRAYS(F) \
	F(gone, saved_gone) F(processes, saved_process) F(oldest, saved_oldest) \
	F(unix_queues, saved_unix_queue) \
	F(others, saved_other_netns)
/* clang-format on */

/* The most rows that a table may have. */
#define SAVED_FIELDS_MAX 64

/* Gets and sets the bits of @object's word in the struct @at. */
uint32_t saved_fields_known(const struct saved_object *object, const void *at);
void saved_fields_add_known(const struct saved_object *object, void *at, uint32_t bits);

/* Is it a member of this listener? Of other structs each field is. */
bool saved_field_is_of(const struct saved_field *f, const void *at);

#endif
