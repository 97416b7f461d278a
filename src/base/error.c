/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

int error_set(struct error *e, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	return code;
}

const char *error_advice(int code)
{
	switch (code) {
	case -EMFILE:
		return "; raise 'ulimit -n'";
	case -ENFILE:
		return "; raise the sysctl fs.file-max";
	case -EPERM:
	case -EACCES:
		return geteuid() ? "; that takes more privilege" :
				   "; something forbids it even to root, as in some containers";
	default:
		return "";
	}
}
