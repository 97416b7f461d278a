/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/names.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
	memset(names, 0, sizeof(*names));
}

const char *names_keep(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->list[i], name))
			return names->list[i];
	names->list = array_grow(names->list, names->n, &names->size, sizeof(*names->list));
	names->list[names->n] = xstrdup(name);
	return names->list[names->n++];
}
