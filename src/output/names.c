/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/names.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

static const char *ask_for_port(uint32_t port)
{
	const struct servent *entry = getservbyport(htons((uint16_t)port), "tcp");

	return entry ? entry->s_name : NULL;
}

static const char *ask_for_user(uint32_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry ? entry->pw_name : NULL;
}

/* Also remembers numbers without a name. */
static const char *look_up(struct names *names, uint32_t number, const char *(*ask)(uint32_t))
{
	uint32_t i = idmap_put(&names->by_number, number, (uint32_t)names->n);
	const char *name;

	if (i != IDMAP_NONE)
		return names->list[i];
	names->list = array_grow(names->list, names->n, &names->size, sizeof(*names->list));
	name = ask(number);
	if (name)
		names->list[names->n] = xstrdup(name);
	return names->list[names->n++];
}

const char *names_of_port(struct names *names, uint16_t port)
{
	return look_up(names, port, ask_for_port);
}

/* getpwnam(3) has the list of what errno may be where there is no such user. */
const char *names_of_user(struct names *names, uint32_t uid)
{
	const char *name;

	errno = 0;
	name = look_up(names, uid, ask_for_user);
	if (!name && errno && errno != ENOENT && errno != ESRCH && errno != EBADF && errno != EPERM)
		names->failed = -errno;
	return name;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
	idmap_free(&names->by_number);
	memset(names, 0, sizeof(*names));
}
