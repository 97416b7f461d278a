/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COMMAND_LINE_H
#define LISTENQ_COMMAND_LINE_H

#include "options.h"

/*
 * command_line_parse() - parse the command line. Stops at --help and --version.
 *
 * Returns 0, or -EINVAL after printing what is wrong. In either case @options have a format, which
 * has the exit status, and options_free() is to be called.
 */
int command_line_parse(int argc, char **argv, struct options *options);

#endif
