/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_HELP_H
#define LISTENQ_TOP_HELP_H

#include "top/session.h"

/* Draws the help page: warnings, keys, marks. Limits session.help_offset, which scrolls it. */
void help_draw(struct session *s);

#endif
