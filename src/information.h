/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_INFORMATION_H
#define LISTENQ_INFORMATION_H

#include "options.h"

/*
 * information_print() - print what needs no samples: the help, the version, the JSON Schema or the
 * columns. Returns the exit status.
 */
int information_print(const struct options *options);

#endif
