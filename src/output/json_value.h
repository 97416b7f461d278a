/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_JSON_VALUE_H
#define LISTENQ_OUTPUT_JSON_VALUE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * json-c, which only json_value.c includes: trees of values for what is written once, and the text
 * of a string that needs an escape. The program ends with alloc_failed() if there is no memory.
 *
 * The caller owns a value until it is put into an object or appended to an array, which then owns
 * it.
 */
struct json_object;

struct json_object *json_value_object(void);
struct json_object *json_value_array(void);
struct json_object *json_value_int(int64_t value);
struct json_object *json_value_text(const char *text); /* valid UTF-8 */

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
 * Add the text of a value. A real number has at least one and at most six decimals, and if it is
 * below 1 it is not rounded up to 1. Foreign text is made valid UTF-8 and all control characters in
 * it are escaped.
 */
void json_value_print_bool(struct strbuf *to, bool value);
void json_value_print_real(struct strbuf *to, double value);
void json_value_print_text(struct strbuf *to, const char *foreign_text);

#endif
