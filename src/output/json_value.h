/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_JSON_VALUE_H
#define LISTENQ_OUTPUT_JSON_VALUE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * JSON values. Only json_value.c includes json-c; elsewhere a value is an opaque pointer, and null
 * is NULL.
 *
 * The caller owns a value until it is put into an object, appended to an array or added to a text,
 * which then owns it. The program ends with alloc_failed() if there is no memory.
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

/* Writes a value indented, without a newline at the end, and frees it. Errors stay in @stream. */
void json_value_write_pretty(FILE *stream, struct json_object *value);

/*
 * Add the text of a value, on one line and with all control characters escaped.
 * json_value_print() frees the value. The others need none, for the many numbers and texts of
 * listeners: json-c takes longer to write an object of a listener's size, already made, than ss
 * takes for its line.
 */
void json_value_print(struct strbuf *b, struct json_object *value);
void json_value_print_real(struct strbuf *b, double value);
void json_value_print_text(struct strbuf *b, const char *foreign_text);

#endif
