/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/users.h"

#include "base/alloc.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

const char *users_name(struct users *u, uint32_t uid)
{
	uint32_t i = idmap_put(&u->by_uid, uid, (uint32_t)u->n);
	const struct passwd *entry;

	if (i != IDMAP_NONE)
		return u->names[i];
	u->names = array_grow(u->names, u->n, &u->size, sizeof(*u->names));
	entry = getpwuid(uid);
	if (entry)
		u->names[u->n] = xstrdup(entry->pw_name);
	return u->names[u->n++];
}

void users_free(struct users *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->names[i]);
	free(u->names);
	idmap_free(&u->by_uid);
	memset(u, 0, sizeof(*u));
}
