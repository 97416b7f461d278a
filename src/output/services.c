/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/services.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

const char *services_name(struct services *s, uint16_t port)
{
	uint32_t i = idmap_put(&s->by_port, port, (uint32_t)s->n);
	const struct servent *entry;

	if (i != IDMAP_NONE)
		return s->names[i];
	s->names = array_grow(s->names, s->n, &s->size, sizeof(*s->names));
	entry = getservbyport(htons(port), "tcp");
	if (entry)
		s->names[s->n] = xstrdup(entry->s_name);
	return s->names[s->n++];
}

void services_free(struct services *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	idmap_free(&s->by_port);
	memset(s, 0, sizeof(*s));
}
