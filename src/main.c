/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
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

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_USAGE;

	fill_standard_descriptors();
	setlocale(LC_CTYPE, "");
	if (options_parse(argc, argv, &options) == 0)
		status = run_options(&options);
	options_free(&options);
	return status;
}
