/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_SAVE_H
#define LISTENQ_TOP_SAVE_H

#include "top/session.h"

#include <stdio.h>

/*
 * save_print() - print what a file of that name gets: with ".md" at its end a report of what
 * happened in all samples that playback has, in Markdown; else what is on the screen, as JSON.
 */
void save_print(struct session *s, const char *path, FILE *stream);

#endif
