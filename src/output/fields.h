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
	FIELD_OVERFLOWS_MAX, FIELD_OVERFLOWS_RATE, FIELD_LOSSES, FIELD_LOSSES_MIN,
	FIELD_LOSSES_MAX,

	FIELD_PROCESS, FIELD_PID, FIELD_FD, FIELD_PROCESSES, FIELD_CGROUP, FIELD_UNIT,
	FIELD_CONTAINER,

	FIELD_STATE, FIELD_GONE, FIELD_REASONS, FIELD_WAITING, FIELD_HALF_OPEN,

	FIELD_N
};
/* clang-format on */

enum field_type {
	TYPE_COUNT, /* whole number, never below 0 */
	TYPE_RISE, /* whole number that grew in the window: "+4" in a table */
	TYPE_RATIO, /* 0 to 1 and beyond; in a table whole percent, rounded down */
	TYPE_FACTOR, /* how many times as much: 1 and beyond, with a decimal */
	TYPE_RATE, /* a second */
	TYPE_SECONDS, /* the types up to here are numbers */
	TYPE_BOOL,
	TYPE_TEXT,
	TYPE_ID, /* 64 bits; hexadecimal text everywhere */
	TYPE_LIST, /* of words */
	/* In JSON only. */
	TYPE_OWNERS, /* an array of objects, one for each descriptor of a process */
	TYPE_WAITING, /* the same for waiting connections */
	TYPE_HALF_OPEN, /* and for half-open ones */
};

/* What sorting by a column compares. */
enum field_order {
	ORDER_VALUE, /* a number, or the bytes of a text */
	ORDER_REAL, /* value.real, of a text that has a number */
	ORDER_STATE, /* the state of the row, worst first */
	ORDER_ADDRESS, /* IPv4, IPv6, then paths */
	ORDER_PLACE, /* the port, then the address */
};

/* Which words a value can have: any, or only those of a table. */
enum field_terms { TERMS_ANY, TERMS_STATES, TERMS_REASONS };

enum field_flags {
	/* Values in addition to a text. */
	FIELD_HAS_RANGE = 1 << 0, /* value.range, which the text shows as a number */
	FIELD_HAS_WORDS = 1 << 1, /* value.words, of which the text may have only some */
	/* How the interactive view shows a column. */
	FIELD_HAS_METER = 1 << 2, /* a bar follows it, for a RATIO */
	FIELD_HAS_HISTORY = 1 << 3, /* the fills of the last windows follow it */
	FIELD_HAS_SYN_AGE = 1 << 4, /* its header says how old the half-open connections are */
	FIELD_HAS_WAIT_AGE = 1 << 5, /* its header says how old the waiting connections are */
	FIELD_OF_GROUPS = 1 << 9, /* shown by default only if rows are groups */
	/* How a narrow screen shows a text. */
	FIELD_IS_WHOLE = 1 << 7, /* cut last, and never by the view: half an address is useless */
	FIELD_IS_NAME = 1 << 8, /* cut to its first letters if not even essential columns fit */
};

#define OWN_NETNS    "own"
#define FIELD_NOBODY "(none)" /* no process holds it */

/* Zeroed for each cell: up to 64 bytes the compiler does that without `rep stos`, which is slow. */
struct field_value {
	enum field_type type;
	bool known;
	bool path; /* TEXT that may be long, and whose end matters most */
	bool own; /* TEXT: the name of our own namespace, which people read as OWN_NETNS */
	/* COUNT, RISE, RATIO (see fill_of()), BOOL, ID; with TERMS_STATES the enum state */
	uint64_t number;
	double real; /* FACTOR, RATE, SECONDS, and with ORDER_REAL */
	/*
	 * TEXT; constant, or owned by the snapshot or context.scratch. Any bytes, as foreign
	 * programs choose them: print it with cell_add() or text_add_safe().
	 */
	const char *text;
	union { /* @number of them */
		const char *const *words; /* LIST, and TEXT with FIELD_HAS_WORDS */
		const struct connection *connections; /* WAITING, HALF_OPEN */
		const struct owner *owners; /* OWNERS; they index snapshot->processes */
	};
	struct range range; /* TEXT with FIELD_HAS_RANGE */
};

/*
 * field_add_name() - add a name as the cells of names have it. A process may choose any name, so
 * one that looks empty, like a word of ours or like more than one name gets quotes. A quote within
 * quotes is doubled.
 */
void field_add_name(struct strbuf *to, const char *name);

/* Memory that a getter uses for texts and words, and names to look up. */
struct field_context {
	struct strbuf scratch;
	const char *words[REASON_N];
	struct names *services; /* NULL: ports as numbers */
	struct names *users; /* NULL: no names of users */
	bool past; /* the report is of long ago: what is to be done is for the next time */
};

struct field {
	const char *name; /* of the column; NULL: in JSON only */
	const char *header;
	enum field_type type;
	void (*get)(const struct row *row, const struct report *report,
		    struct field_context *context, struct field_value *value);
	const char *help;
	/* JSON: the object it is in, whose keys stand together; NULL: the listener itself. */
	const char *object;
	const char *key; /* JSON: its key; NULL: not in JSON */
	unsigned int needs; /* enum need: to show it */
	unsigned int asked; /* enum need: in addition, if the user names it */
	enum field_order order;
	enum field_terms terms;
	unsigned int flags; /* enum field_flags */
	/*
	 * A narrow terminal leaves out the lowest first, see columns_worth(): 85 and more
	 * identify a row and its state, below 10 are shown only when the user asks for them.
	 */
	int keep;
};

extern const struct field field_table[FIELD_N];

/* Is its cell a number, which is aligned to the right? */
bool field_is_number(const struct field *field);

/*
 * field_find() - find the column that a user names in @len bytes: by its name, by its
 * header, or by its keys in JSON, as in "accept_queue.length". Case does not matter, and "_", "-"
 * and a blank are equal. Returns NULL when there is none.
 */
const struct field *field_find(const char *name, size_t len);

/*
 * field_nearest() - guess what @name means, for a message: the most similar name or header, or what
 * ss calls so. NULL: nothing is similar.
 */
const char *field_nearest(const char *name, size_t len);

/* Fills @value; its text and words are valid until the next call with @context. */
static inline void field_get(const struct field *field, const struct row *row,
			     const struct report *report, struct field_context *context,
			     struct field_value *value)
{
	*value = (struct field_value){ .type = field->type };
	field->get(row, report, context, value);
}

/*
 * field_filter_source() - let a filter use the columns. A column in a filter needs what showing it
 * needs. @context has to live as long as the filter.
 */
struct filter_source field_filter_source(struct field_context *context);

#endif
