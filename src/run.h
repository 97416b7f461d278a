/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_RUN_H
#define LISTENQ_RUN_H

#include "options.h"

/*
 * run_options() - do what the command line says: reports, the interactive view, or what needs no
 * kernel. Says on standard error what fails. Returns the exit status.
 */
int run_options(const struct options *options);

#endif
