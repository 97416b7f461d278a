/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/remedy.h"

/* TODO(remedy) */
bool remedy_find(struct remedy *r, const struct row *row, enum state state, uint32_t reasons,
		 unsigned int text_flags)
{
	(void)row, (void)state, (void)reasons, (void)text_flags;
	r->n_commands = 0;
	r->purpose.len = 0;
	r->caution = NULL;
	return false;
}

void remedy_free(struct remedy *r)
{
	strbuf_free(&r->purpose);
	for (size_t i = 0; i < REMEDY_COMMANDS; i++)
		strbuf_free(&r->commands[i]);
}
