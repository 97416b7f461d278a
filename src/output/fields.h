/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FIELDS_H
#define LISTENQ_OUTPUT_FIELDS_H

#include "analyse/report.h"
#include "base/text.h"
#include "model/needs.h"
#include "output/names.h"

/*
 * The field table: the one place where a column or a JSON key is added. The table view, JSON, its
 * schema, --list-columns and the sort keys come from it; completions and the man page are tested
 * against it.
 */
enum field_type {
	FIELD_COUNT, /* whole number */
	FIELD_RISE, /* whole number that grew in the window: "+4" in a table */
	FIELD_RATIO, /* 0 to 1 and beyond; whole percent, rounded down, in a table */
	FIELD_FACTOR, /* how many times as much: 1 and beyond, with a decimal */
	FIELD_RATE, /* a second */
	FIELD_SECONDS,
	FIELD_BOOL,
	FIELD_TEXT,
	FIELD_ID, /* 64 bits; hexadecimal text everywhere */
	FIELD_LIST, /* of words */
	/* In JSON only. */
	FIELD_OWNERS, /* an array of objects, one for each descriptor of a process */
	FIELD_WAITING, /* the same for waiting connections */
	FIELD_HALF_OPEN, /* and for half-open ones */
};

/* What rows are in order of when they are sorted by a column. */
enum field_order {
	ORDER_VALUE, /* a number, or the bytes of a text */
	ORDER_REAL, /* of a text, the number that stands for it: value.real */
	ORDER_STATE, /* the state of the row, worst first */
	ORDER_ADDRESS, /* IPv4, IPv6, then paths */
	ORDER_PLACE, /* the port, then the address */
};

/* Where the words of a value are from: anywhere, or a table, whose words alone it has. */
enum field_terms { TERMS_ANY, TERMS_STATES, TERMS_REASONS };

enum field_flags {
	/* What a text has beside it. */
	FIELD_HAS_RANGE = 1 << 0, /* of a number, value.bounds: it reads as one */
	FIELD_HAS_WORDS = 1 << 1, /* several, value.words, of which a cell need not have all */
	/* What the interactive view makes of a column. */
	FIELD_HAS_METER = 1 << 2, /* a bar behind it, for a RATIO */
	FIELD_HAS_HISTORY = 1 << 3, /* behind it the fills of the last windows */
	FIELD_HAS_SYN_AGE = 1 << 4, /* its header tells how old half-open connections are */
	FIELD_HAS_WAIT_AGE = 1 << 5, /* and those that wait, which it is made from */
	FIELD_IS_WHOLE = 1 << 6, /* cut last, and not by the view: half of an address is none */
	FIELD_MARKS_WORST = 1 << 7, /* the order is marked here also when it is worst first */
	/* Where not even the essential columns have room. */
	FIELD_IS_NAME = 1 << 8, /* its first letters do */
};

struct field_value {
	enum field_type type;
	bool known;
	bool path; /* TEXT that may be long and tells most at its end */
	uint64_t number; /* COUNT, RISE, BOOL, ID; with TERMS_STATES the enum state */
	double real; /* RATIO, FACTOR, RATE, SECONDS, and with ORDER_REAL */
	const char *text; /* TEXT; constant, of the snapshot, or in the caller's scratch */
	const char *const *words; /* LIST, and TEXT that has them; @number of them */
	struct range range; /* TEXT that has them */
	const struct connection *connections; /* WAITING, HALF_OPEN; @number of them */
	const struct owner *owners; /* OWNERS; @number of them, */
	const struct process *processes; /* which index these */
};

/* What a getter may use: memory for a text, and how the user wants names. */
struct field_context {
	struct strbuf scratch;
	const char *words[REASON_N];
	struct names *services; /* NULL: ports as numbers */
	struct names *users; /* NULL: not to be asked for */
};

struct field {
	const char *name; /* of the column; NULL: in JSON only */
	const char *header;
	enum field_type type;
	const char *object; /* JSON: the object it stands in, NULL for the listener itself */
	const char *key; /* JSON: its key, NULL: in tables only */
	unsigned int needs; /* enum need: what showing it costs */
	unsigned int asked; /* and what it costs beyond that when the user names it */
	int keep; /* on a narrow terminal, columns with the lowest number go first; see columns.h */
	const char *help;
	void (*get)(const struct row *row, const struct report *report,
		    struct field_context *context, struct field_value *value);
	/* What few fields have. */
	const char *brief; /* header where a screen is small; NULL: header */
	enum field_order order;
	enum field_terms terms;
	unsigned int flags; /* enum field_flags */
	int keep_top; /* @keep in the interactive view, where rates tell more; 0: the same */
};

extern const struct field field_table[];
extern const size_t field_table_n;

/* Does it read as a number, so that it aligns right? */
bool field_is_number(const struct field *field);

/* Returns the column of that name, or NULL. */
const struct field *field_named(const char *name);

/*
 * field_find() - the column that a user names, in a part of a text or all of it: by its name, by
 * its header, also that of a small screen, or by its place in JSON, as in "accept_queue.length".
 * Case does not matter, and "_", "-" and a blank are alike. Returns NULL when there is none.
 */
const struct field *field_find(const char *name, size_t len);

/*
 * field_nearest() - what was most likely meant by @name, for a message: the name or the header that
 * is most like it, or the column that ss has under this very name. NULL: nothing is much like it.
 */
const char *field_nearest(const char *name, size_t len);

/*
 * field_get() - the value of @field for @row. Text in it lasts until the next call with @context.
 */
void field_get(const struct field *field, const struct row *row, const struct report *report,
	       struct field_context *context, struct field_value *value);

#endif
