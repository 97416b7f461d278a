/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/curses.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* Since 5 the number of the library is that of the version that the headers are of. */
#define TEXT_OF(number)	  #number
#define LIBRARY_OF(major) "libncursesw.so." TEXT_OF(major)
#define LIBRARY		  LIBRARY_OF(NCURSES_VERSION_MAJOR)

struct curses curses;

/* Returns whether the library has it. @to: the pointer to it */
static bool find(void *library, const char *name, void *to)
{
	void *at = dlsym(library, name);

	memcpy(to, &at, sizeof(at));
	return at != NULL;
}

int curses_load(struct error *why)
{
	void *library = dlopen(LIBRARY, RTLD_NOW);

	if (!library)
		return error_set(why, -ENOENT,
				 "--top needs ncurses: %s; install it, or use --watch", dlerror());
#define LOAD(name)                                                                             \
	if (!find(library, #name, &curses.at_##name))                                          \
		return error_set(why, -ENOENT, "--top cannot use " LIBRARY ", which lacks %s", \
				 #name);
	CURSES_SYMBOLS(LOAD)
#undef LOAD
	return 0;
}
