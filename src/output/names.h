/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_NAMES_H
#define LISTENQ_OUTPUT_NAMES_H

#include "base/idmap.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Names that the system's databases have for numbers of one kind. Each is looked up once, as the
 * database may be a server far away. A zeroed struct is ready.
 */
struct names {
	struct idmap by_number;
	char **list;
	size_t n, size;
};

/* Returns the name of a TCP port, or of a user; it belongs to @names. NULL: there is none. */
const char *names_of_port(struct names *names, uint16_t port);
const char *names_of_user(struct names *names, uint32_t uid);
void names_free(struct names *names);

#endif
