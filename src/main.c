/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command_line.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The next file or socket would get the number of a closed standard descriptor, and the report
 * would be written into it. /dev/null is opened for reading only, so that writing a report to a
 * closed standard output fails.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			exit(EXIT_FAILURE);
}

/* A report that was written to a file on NFS, or beyond a quota, may be refused only now. */
static int close_standard_output(const struct options *o, int status)
{
	/* Nothing was written to it, and the file is whole. */
	if (o->output_file && strcmp(o->output_file, "-") != 0)
		return status;
	if (fflush(stdout) == 0 && close(STDOUT_FILENO) == 0)
		return status;
	options_say_unwritten(errno);
	return format_table[o->format].failure;
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	fill_standard_descriptors();
	if (command_line_parse(argc, argv, &options) == 0)
		status = close_standard_output(&options, run_options(&options));
	else
		status = format_table[options.format].usage;
	options_free(&options);
	return status;
}
