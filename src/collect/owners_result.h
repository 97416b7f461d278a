/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OWNERS_RESULT_H
#define LISTENQ_COLLECT_OWNERS_RESULT_H

#include "collect/owners.h"

/*
 * owners_result_fill() - what a sample learns of what owners.c remembers: the owners of each
 * listener, whether these are all, and a warning where some could not be seen.
 */
void owners_result_fill(struct owners *o, struct snapshot *s);

/* Warns that the processes could not be looked at. @what: "list the"; @code: -errno */
void owners_result_failure(struct snapshot *s, const char *what, int code);

#endif
