/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_JSON_VALUE_H
#define LISTENQ_OUTPUT_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * JSON values. json_value.c is the only file of output/ that includes json-c. To the others a value
 * is a pointer, and null is NULL.
 *
 * The caller owns a value until it is put into an object, appended to an array or set in a record,
 * which own it from then on.
 */
struct json_object;

struct json_object *json_value_object(void);
struct json_object *json_value_array(void);
struct json_object *json_value_bool(bool value);
struct json_object *json_value_int(int64_t value);

/* A number that is never below 0. */
struct json_object *json_value_number(uint64_t value);

/* With a point and at most six decimals; what is below 1 stays below 1. */
struct json_object *json_value_real(double value);

/* Text of our own: valid UTF-8. */
struct json_object *json_value_text(const char *text);

/* Foreign text, which is made valid UTF-8. */
struct json_object *json_value_foreign_text(const char *text);

/*
 * Adds a member. @key is a string constant that @object does not have yet: it is neither copied nor
 * looked for.
 */
void json_value_put(struct json_object *object, const char *key, struct json_object *value);

/* Returns the member, which stays the object's; NULL: null or not there. */
struct json_object *json_value_get(const struct json_object *object, const char *key);

/* Adds an element to the end of @array. */
void json_value_append(struct json_object *array, struct json_object *value);

/* Frees a value that nothing owns, with all that is in it. NULL is fine. */
void json_value_free(struct json_object *value);

/*
 * Write a value on one line, which is not ended; _pretty() indents, and is for text of our own.
 * Control characters are escaped, DEL and C1 too. Errors are left in the stream.
 */
void json_value_write(FILE *stream, struct json_object *value);
void json_value_write_pretty(FILE *stream, struct json_object *value);

/*
 * A record is an object that is written many times, with other values each time. Its keys stay:
 * to make them anew, or to look every key up, would take half of the time of a document.
 */
struct json_record;

struct json_record_key {
	const char *object; /* the member it stands in; NULL: the record itself */
	const char *key; /* NULL: in no object, and never set */
};

/*
 * json_record_new() - a record of @n keys, all of them null.
 * @keys: string constants, in the order in which they are written; needed during the call only.
 *        An object within comes where the first of its keys stands.
 */
struct json_record *json_record_new(const struct json_record_key *keys, size_t n);
void json_record_free(struct json_record *record);

/*
 * Replace the value of the key that was number @i of @keys. Most values of a record are those of
 * the one before; to make them anew would take half of the time of a document, so the last three do
 * not.
 */
void json_record_set(struct json_record *record, size_t i, struct json_object *value);
void json_record_set_number(struct json_record *record, size_t i, uint64_t value);
void json_record_set_real(struct json_record *record, size_t i, double value);
void json_record_set_text(struct json_record *record, size_t i, const char *foreign_text);

/* Writes the record as json_value_write() does. */
void json_record_write(FILE *stream, const struct json_record *record);

#endif
