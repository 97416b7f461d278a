/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/boots.h"

#include <string.h>

enum boots boots_compare(const char *host, const char *boot_id, const char *other_host,
			 const char *other_boot_id)
{
	if (strcmp(host, other_host) != 0)
		return BOOTS_OTHER;
	if (!*boot_id || !*other_boot_id)
		return BOOTS_UNKNOWN;
	return strcmp(boot_id, other_boot_id) ? BOOTS_OTHER : BOOTS_SAME;
}
