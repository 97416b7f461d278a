/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_USERS_H
#define LISTENQ_OUTPUT_USERS_H

#include "base/idmap.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Names of users from the system's database, each looked up once: it may be a file, or a server
 * far away. A zeroed struct is ready.
 */
struct users {
	struct idmap by_uid;
	char **names;
	size_t n, size;
};

/* Returns the name of @uid or NULL; it belongs to @u. */
const char *users_name(struct users *u, uint32_t uid);
void users_free(struct users *u);

#endif
