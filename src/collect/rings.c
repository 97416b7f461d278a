/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/rings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 3

/*
 * io_uring/fdinfo.c: "UserFiles:\t" and the size of the table, then a line for each file in it,
 * "    3: socket:[4711]"; the path of any other file begins with a slash, or has its kind before a
 * colon. Kernels before 5.19 or so print an empty slot as "<none>" and a socket as nothing.
 */
int rings_parse(const char *text, void (*found)(void *context, uint32_t inode), void *context)
{
	static const char key[] = "\nUserFiles:";
	const char *line = strstr(text, key);
	unsigned long slots;
	size_t n = 0;
	char *end;

	if (!line)
		return -EAGAIN;
	slots = strtoul(line + strlen(key), &end, 10);
	for (line = end; *line == '\n'; n++) {
		const char *name;
		uint32_t inode;

		strtoul(line + 1, &end, 10);
		if (end == line + 1 || *end != ':')
			break;
		name = end + strspn(end, ": ");
		line = name + strcspn(name, "\n");
		if (name == line)
			return -EAGAIN;
		inode = processes_inode(name, (size_t)(line - name));
		if (inode)
			found(context, inode);
	}
	return slots && !n ? -EAGAIN : 0;
}

int rings_sockets(const struct processes *p, uint32_t pid, uint32_t ring, struct strbuf *text,
		  void (*found)(void *context, uint32_t inode), void *context)
{
	char name[32];
	int code = -EAGAIN;

	snprintf(name, sizeof(name), "fdinfo/%u", ring);
	for (int i = 0; i < TRIES && code == -EAGAIN; i++) {
		code = processes_read(p, pid, name, text);
		if (code == 0)
			code = rings_parse(text->s, found, context);
	}
	return code;
}
