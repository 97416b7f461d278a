/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_DOCUMENT_H
#define LISTENQ_OUTPUT_DOCUMENT_H

#include "analyse/report.h"
#include "output/json_value.h"

#define DOCUMENT_VERSION 1

/*
 * The document table: the one place where a key of the JSON document is added, with its getter
 * above the table. The writer and the JSON Schema walk it. The keys of a listener come from the
 * field table; what lists of connections and processes within one have comes from here.
 */
enum document_type {
	KEY_COUNT, /* whole number */
	KEY_SIGNED, /* whole number that may be below 0 */
	KEY_REAL, /* never below 0 */
	KEY_TEXT,
	KEY_BOOL,
	KEY_VERSION, /* DOCUMENT_VERSION */
	KEY_OBJECT, /* of @keys */
	KEY_ARRAY, /* of objects of @keys */
	KEY_LISTENERS, /* an array of objects that have the keys of the field table */
	NULLABLE = 16, /* a flag beside these */
};

/* What a getter reads. */
struct document_at {
	const struct report *report;
	const void *item; /* of the array that the key stands in; NULL: it stands in none */
	unsigned int index; /* enum counter_id, enum sysctl_id */
};

struct document_key {
	const char *key; /* NULL ends a table */
	unsigned int type; /* enum document_type */
	const char *description; /* NULL: the key says it all */
	unsigned int needs; /* enum need: what its value costs */
	/* Returns its value, which the caller owns; NULL: null. */
	struct json_object *(*get)(const struct document_at *at);
	/* Of an OBJECT and an ARRAY. */
	const struct document_key *keys;
	bool (*known)(const struct document_at *at); /* OBJECT: false: null; NULL: always known */
	/* ARRAY: returns the @i-th item, NULL behind the last one. */
	const void *(*item)(const struct report *report, size_t i);
	unsigned int index; /* added to at.index for this key and for those in it */
};

/* What all keys of the document cost, without those of listeners: enum need. */
unsigned int document_needs(void);

extern const struct document_key document_keys[];
extern const struct document_key document_owner_keys[]; /* item: struct owner */
extern const struct document_key document_waiting_keys[]; /* item: struct connection */
extern const struct document_key document_half_open_keys[];

#endif
