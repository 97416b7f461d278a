/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_DOCUMENT_H
#define LISTENQ_OUTPUT_DOCUMENT_H

#include "analyse/report.h"
#include "output/json_value.h"

#define DOCUMENT_VERSION 1

/*
 * The document table: the one place where a key of the JSON document is added, with its printer
 * above the table. The writer and the JSON Schema use it. The keys of a listener come from the
 * field table, but those of connections and processes within a listener from here.
 */
enum document_type {
	KEY_COUNT, /* whole number */
	KEY_SIGNED, /* whole number that may be below 0 */
	KEY_REAL, /* never below 0 */
	KEY_TEXT,
	KEY_BOOL,
	KEY_VERSION, /* DOCUMENT_VERSION */
	KEY_OBJECT, /* with @keys */
	KEY_ARRAY, /* in document_keys alone: of objects with @keys */
	KEY_LISTENERS, /* array of objects with the keys of the field table */
	NULLABLE = 16, /* a flag, or-ed with the type */
};

/* What a printer reads. */
struct document_at {
	const struct report *report;
	const void *item; /* element of the array that the key is in; NULL: not in an array */
	unsigned int index; /* enum counter_id, enum sysctl_id */
};

struct document_key {
	const char *key; /* NULL ends a table */
	unsigned int type; /* enum document_type */
	const char *description; /* NULL: the key says it all */
	unsigned int needs; /* enum need: what its value costs */
	/* Adds its value, or null. */
	void (*print)(struct strbuf *to, const struct document_at *at);
	const struct document_key *keys; /* OBJECT, ARRAY */
	/* OBJECT: false means null; NULL: always known. */
	bool (*known)(const struct document_at *at);
	/* ARRAY: returns the @i-th element, NULL after the last one. */
	const void *(*item)(const struct report *report, size_t i);
	unsigned int index; /* added to at.index for this key and the keys within */
};

/* What all keys of the document cost, without those of listeners: enum need. */
unsigned int document_needs(void);

extern const struct document_key document_keys[];
extern const struct document_key document_owner_keys[]; /* item: struct owner */
extern const struct document_key document_waiting_keys[]; /* item: struct connection */
extern const struct document_key document_half_open_keys[];

#endif
