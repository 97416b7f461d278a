/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_NAMES_H
#define LISTENQ_OUTPUT_NAMES_H

#include "base/idmap.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A cache of names of ports, or of users, from the system's databases. Each is looked up once, as
 * the database may be on a remote server. A zeroed struct is ready.
 */
struct names {
	struct idmap by_number;
	char **list;
	size_t n, size;
	int failed; /* 0, or the -errno for which the names of some users are unknown */
};

/* Return the name of a TCP port, or of a user, which @names owns; NULL: there is none. */
const char *names_of_port(struct names *names, uint16_t port);
const char *names_of_user(struct names *names, uint32_t uid);
void names_free(struct names *names);

#endif
