/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_SERVICES_H
#define LISTENQ_OUTPUT_SERVICES_H

#include "base/idmap.h"

#include <stddef.h>
#include <stdint.h>

/* Names of TCP ports from the services database, each looked up once. A zeroed struct is ready. */
struct services {
	struct idmap by_port;
	char **names;
	size_t n, size;
};

/* Returns the name of @port or NULL; it belongs to @s. */
const char *services_name(struct services *s, uint16_t port);
void services_free(struct services *s);

#endif
