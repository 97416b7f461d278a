/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_JSON_VALUE_H
#define LISTENQ_OUTPUT_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * JSON values. Only json_value.c includes json-c; elsewhere a value is an opaque pointer, and null
 * is NULL.
 *
 * The caller owns a value until it is put into an object, appended to an array or set in a record,
 * which then owns it.
 */
struct json_object;

struct json_object *json_value_object(void);
struct json_object *json_value_array(void);
struct json_object *json_value_bool(bool value);
struct json_object *json_value_int(int64_t value);

struct json_object *json_value_number(uint64_t value);

/* At least one and at most six decimals; a value below 1 is not rounded up to 1. */
struct json_object *json_value_real(double value);

/* @text: valid UTF-8 */
struct json_object *json_value_text(const char *text);

/* Makes foreign text valid UTF-8. */
struct json_object *json_value_foreign_text(const char *text);

/*
 * Adds a member. @key is a string constant, which is not copied, and new in @object, which is not
 * checked.
 */
void json_value_put(struct json_object *object, const char *key, struct json_object *value);

/* Returns the member, which @object still owns; NULL: null or missing. */
struct json_object *json_value_get(const struct json_object *object, const char *key);

/* Adds an element to the end of @array. */
void json_value_append(struct json_object *array, struct json_object *value);

/* Frees a value that the caller owns, and all that is in it. @value may be NULL. */
void json_value_free(struct json_object *value);

/*
 * Write a value without a newline at the end; json_value_write() on one line and with all control
 * characters escaped, _pretty() indented, for values without foreign text. Errors stay in the
 * stream.
 */
void json_value_write(FILE *stream, struct json_object *value);
void json_value_write_pretty(FILE *stream, struct json_object *value);

/*
 * A record is an object that is written many times with other values. Its keys are made once:
 * making them again, or looking each up, would take half of the time of a document.
 */
struct json_record;

struct json_record_key {
	const char *object; /* the member that contains it; NULL: the record itself */
	const char *key; /* NULL: left out, never set */
};

/*
 * json_record_new() - make a record of @n keys, whose values are null.
 * @keys: string constants, in the order to write them; needed only during the call. An object
 *        within is at the place of its first key
 */
struct json_record *json_record_new(const struct json_record_key *keys, size_t n);
void json_record_free(struct json_record *record);

/*
 * Replace the value of the @i-th key. Most values do not differ from the previous ones, and making
 * them again would take half of the time of a document, so the last three functions compare first.
 */
void json_record_set(struct json_record *record, size_t i, struct json_object *value);
void json_record_set_number(struct json_record *record, size_t i, uint64_t value);
void json_record_set_real(struct json_record *record, size_t i, double value);
void json_record_set_text(struct json_record *record, size_t i, const char *foreign_text);

/* Writes the record as json_value_write() does. */
void json_record_write(FILE *stream, const struct json_record *record);

#endif
