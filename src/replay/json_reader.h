/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_JSON_READER_H
#define LISTENQ_REPLAY_JSON_READER_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads JSON (RFC 8259) from its beginning to its end, without a tree: whoever knows what comes
 * next asks for it. So a line with 20,000 listeners takes no memory, a key that stands twice is
 * seen, and an error has its place, none of which json-c's tokener offers.
 *
 * After the first error each function returns false or 0 and stays where it is, so that loops end;
 * json_reader_failed() says whether there was one.
 */
struct json_reader {
	const char *begin, *at, *end;
	const char *problem; /* what is wrong at @at; NULL: nothing so far */
	struct strbuf text; /* of the last text or key; json_reader_free() frees it */
	bool fresh; /* nothing of the innermost object or array has been read */
};

/* @text need not end with NUL, and must live as long as @r. */
void json_reader_init(struct json_reader *r, const char *text, size_t len);
void json_reader_free(struct json_reader *r);

/* Notes that the value just read is wrong. @problem: a constant; the first one stays */
void json_reader_fail(struct json_reader *r, const char *problem);

static inline bool json_reader_failed(const struct json_reader *r)
{
	return r->problem;
}

/* The byte that the problem is at, from 1. */
static inline size_t json_reader_byte(const struct json_reader *r)
{
	return (size_t)(r->at - r->begin) + 1;
}

/*
 * Enter an object or an array, whose members or elements follow. json_reader_key() then returns
 * the next key, which lasts until the next text is read, or NULL after the last member;
 * json_reader_element() returns false after the last element. The value has to be read, or skipped.
 */
void json_reader_enter(struct json_reader *r, char bracket);
const char *json_reader_key(struct json_reader *r);
bool json_reader_element(struct json_reader *r);

/*
 * json_reader_key_is() - take the next key if it is this one, and stands there as sample_writer.c
 * writes it, without blanks and escapes. If not, nothing is taken.
 */
static inline bool json_reader_key_is(struct json_reader *r, const char *key)
{
	const char *at = r->at;

	if (r->problem || r->end - at < 2 || (!r->fresh && *at++ != ',') || *at++ != '"')
		return false;
	for (; *key && at < r->end && *at == *key; key++)
		at++;
	if (*key || r->end - at < 2 || at[0] != '"' || at[1] != ':')
		return false;
	r->at = at + 2;
	r->fresh = false;
	return true;
}

/*
 * json_reader_text() - return the text, without NUL in it, with the escape \xNN of sample_line.h
 * undone. It lasts until the next text or key is read. Returns "" after an error.
 */
const char *json_reader_text(struct json_reader *r);

/* Return a whole number: from 0 to @max, or any of 64 bits with a sign. 0 after an error. */
uint64_t json_reader_u64(struct json_reader *r, uint64_t max);
int64_t json_reader_i64(struct json_reader *r);

bool json_reader_bool(struct json_reader *r);

/* Skips any value, which must be valid. */
void json_reader_skip(struct json_reader *r);

/* After the last value: only blanks may follow. */
void json_reader_end(struct json_reader *r);

#endif
