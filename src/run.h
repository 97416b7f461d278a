/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_RUN_H
#define LISTENQ_RUN_H

#include "options.h"

/*
 * run_options() - do what the command line says: print reports or information, or run the
 * interactive view. Prints errors to standard error. Returns the exit status.
 */
int run_options(const struct options *options);

#endif
