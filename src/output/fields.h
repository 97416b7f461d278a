/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FIELDS_H
#define LISTENQ_OUTPUT_FIELDS_H

#include "analyse/filter.h"
#include "analyse/report.h"
#include "base/text.h"
#include "model/needs.h"
#include "output/names.h"

/*
 * The field table: the one place where a column or a JSON key of a listener is added, with an
 * identifier here and a row in field_table.c. The table view, JSON, its schema, --list-columns, the
 * filter and the sort keys come from it; completions and the man page are tested against it.
 */
/* clang-format off */
enum field_id {
	FIELD_SEVERITY, FIELD_LOCAL, FIELD_NAMESPACE, FIELD_NETNS, FIELD_PROTOCOL, FIELD_TYPE,
	FIELD_FAMILY, FIELD_ADDRESS, FIELD_PORT, FIELD_PATH, FIELD_INTERFACE, FIELD_V6ONLY,
	FIELD_MPTCP, FIELD_INODE, FIELD_COOKIE, FIELD_UID, FIELD_USER,

	FIELD_LENGTH, FIELD_LIMIT, FIELD_CAPACITY, FIELD_FILL, FIELD_FULL, FIELD_PEAK_LENGTH,
	FIELD_PEAK, FIELD_FULL_SECONDS, FIELD_SAMPLES, FIELD_OLDEST_WAIT, FIELD_WAIT_AGE,

	FIELD_SYNRECV, FIELD_SYN_LIMIT, FIELD_SYN_FILL, FIELD_SYN_RETRANSMITTED, FIELD_SYN_AGE,

	FIELD_SOCKETS, FIELD_GROUP_LENGTH, FIELD_GROUP_LIMIT, FIELD_GROUP_FILL, FIELD_IMBALANCE,

	FIELD_DROPS, FIELD_DROPS_DELTA, FIELD_DROPS_RATE, FIELD_OVERFLOWS, FIELD_OVERFLOWS_MIN,
	FIELD_OVERFLOWS_MAX, FIELD_LOSSES, FIELD_LOSSES_MIN, FIELD_LOSSES_MAX,

	FIELD_PROCESS, FIELD_PID, FIELD_FD, FIELD_PROCESSES, FIELD_CGROUP, FIELD_UNIT,
	FIELD_CONTAINER,

	FIELD_STATE, FIELD_GONE, FIELD_REASONS, FIELD_WAITING, FIELD_HALF_OPEN,

	FIELD_N
};
/* clang-format on */

enum field_type {
	TYPE_COUNT, /* whole number */
	TYPE_RISE, /* whole number that grew in the window: "+4" in a table */
	TYPE_RATIO, /* 0 to 1 and beyond; whole percent, rounded down, in a table */
	TYPE_FACTOR, /* how many times as much: 1 and beyond, with a decimal */
	TYPE_RATE, /* a second */
	TYPE_SECONDS, /* those up to here read as numbers */
	TYPE_BOOL,
	TYPE_TEXT,
	TYPE_ID, /* 64 bits; hexadecimal text everywhere */
	TYPE_LIST, /* of words */
	/* In JSON only. */
	TYPE_OWNERS, /* an array of objects, one for each descriptor of a process */
	TYPE_WAITING, /* the same for waiting connections */
	TYPE_HALF_OPEN, /* and for half-open ones */
};

/* What rows are compared by when a column sorts them. */
enum field_order {
	ORDER_VALUE, /* a number, or the bytes of a text */
	ORDER_REAL, /* of a text, the number that stands for it: value.real */
	ORDER_STATE, /* the state of the row, worst first */
	ORDER_ADDRESS, /* IPv4, IPv6, then paths */
	ORDER_PLACE, /* the port, then the address */
};

/* Which words a value can have: any, or only those of a table. */
enum field_terms { TERMS_ANY, TERMS_STATES, TERMS_REASONS };

enum field_flags {
	/* What a text has beside it. */
	FIELD_HAS_RANGE = 1 << 0, /* value.range: the text reads as a number */
	FIELD_HAS_WORDS = 1 << 1, /* value.words: several, of which the text may have only some */
	/* What the interactive view makes of a column. */
	FIELD_HAS_METER = 1 << 2, /* a bar follows it, for a RATIO */
	FIELD_HAS_HISTORY = 1 << 3, /* the fills of the last windows follow it */
	FIELD_HAS_SYN_AGE = 1 << 4, /* its header says how old the half-open connections are */
	FIELD_HAS_WAIT_AGE = 1 << 5, /* its header says how old the waiting connections are */
	FIELD_MARKS_WORST = 1 << 6, /* its header marks the order also when that is worst first */
	FIELD_OF_GROUPS = 1 << 9, /* shown by default only where rows are groups */
	/* What a narrow screen makes of a text. */
	FIELD_IS_WHOLE = 1 << 7, /* cut last, and not by the view: half of an address is none */
	FIELD_IS_NAME = 1 << 8, /* its first letters do where not even essential columns fit */
};

struct field_value {
	enum field_type type;
	bool known;
	bool path; /* TEXT that may be long and says most at its end */
	uint64_t number; /* COUNT, RISE, BOOL, ID; with TERMS_STATES the enum state */
	double real; /* RATIO, FACTOR, RATE, SECONDS, and with ORDER_REAL */
	const char *text; /* TEXT; constant, of the snapshot, or in the caller's scratch */
	const char *const *words; /* @number of them: LIST, and TEXT with FIELD_HAS_WORDS */
	struct range range; /* TEXT with FIELD_HAS_RANGE */
	const struct connection *connections; /* @number of them: WAITING, HALF_OPEN */
	const struct owner *owners; /* @number of them: OWNERS */
	const struct process *processes; /* which @owners index */
};

/* What a getter may use: memory for a text, and the names that the user wants. */
struct field_context {
	struct strbuf scratch;
	const char *words[REASON_N];
	struct names *services; /* NULL: ports as numbers */
	struct names *users; /* NULL: no names of users */
};

struct field {
	const char *name; /* of the column; NULL: in JSON only */
	const char *header;
	enum field_type type;
	void (*get)(const struct row *row, const struct report *report,
		    struct field_context *context, struct field_value *value);
	const char *help;
	const char *object; /* JSON: the object it stands in; NULL: the listener itself */
	const char *key; /* JSON: its key; NULL: in tables only */
	unsigned int needs; /* enum need: what showing it costs */
	unsigned int asked; /* enum need: what it costs beyond that when the user names it */
	enum field_order order;
	enum field_terms terms;
	unsigned int flags; /* enum field_flags */
	int keep; /* a narrow terminal leaves out the lowest first; see columns_worth() */
	int keep_top; /* the same in the interactive view, where rates say more; 0: @keep */
};

extern const struct field field_table[FIELD_N];

/* Does it read as a number, so that it aligns right? */
bool field_is_number(const struct field *field);

/*
 * field_find() - the column that a user names in @len bytes: by its name, its header, or its
 * place in JSON, as in "accept_queue.length". Case does not matter, and "_", "-" and a blank are
 * alike. Returns NULL when there is none.
 */
const struct field *field_find(const char *name, size_t len);

/*
 * field_nearest() - what @name most likely means, for a message: the name or the header that is
 * most like it, or the column that ss has under this very name. NULL: nothing is much like it.
 */
const char *field_nearest(const char *name, size_t len);

/*
 * field_get() - the value of @field for @row. Text in it lasts until the next call with @context.
 */
void field_get(const struct field *field, const struct row *row, const struct report *report,
	       struct field_context *context, struct field_value *value);

/*
 * field_filter_source() - the columns, for a filter to ask for. A column in a filter costs what
 * showing it does. @context has to live as long as the filter.
 */
struct filter_source field_filter_source(struct field_context *context);

#endif
