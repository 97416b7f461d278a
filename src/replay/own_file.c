/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int own_file_refuse(const struct own_file *f, int code, const char *cause, struct error *why)
{
	return error_set(why, code, "cannot use %s as %s: %s", f->path, f->use, cause);
}

/* May the file be read and written? @st: of the file itself, also where it is a link */
static int check(const struct own_file *f, const struct stat *st, struct error *why)
{
	if (S_ISLNK(st->st_mode))
		return own_file_refuse(f, -ELOOP, "it is a symbolic link, and none is followed",
				       why);
	if (!S_ISREG(st->st_mode))
		return own_file_refuse(f, -EINVAL, "it is not a regular file", why);
	if (st->st_uid != geteuid())
		return error_set(why, -EPERM,
				 "cannot use %s as %s: it belongs to user %u, and this is user %u; "
				 "each needs a file of its own",
				 f->path, f->use, (unsigned int)st->st_uid,
				 (unsigned int)geteuid());
	return 0;
}

/* A FIFO or a device is not opened at all. */
static int open_checked(struct own_file *f, struct error *why)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct stat st;
	int code;

	if (lstat(f->path, &st) == 0) {
		code = check(f, &st, why);
		if (code < 0)
			return code;
		f->fd = open(f->path, flags);
	} else {
		f->fd = open(f->path, flags | O_CREAT | O_EXCL, 0600);
		f->created = f->fd >= 0;
	}
	if (f->fd >= 0)
		return fstat(f->fd, &st) < 0 ? own_file_refuse(f, -errno, strerror(errno), why) :
					       check(f, &st, why);
	code = -errno;
	return error_set(why, code, "cannot use %s as %s: %s%s", f->path, f->use, strerror(-code),
			 code == -ENOENT ? "; its directory must be there" : error_advice(code));
}

int own_file_open(struct own_file *f, struct error *why)
{
	int code;

	f->fd = -1;
	f->created = false;
	code = open_checked(f, why);
	if (code == 0 && flock(f->fd, LOCK_EX | LOCK_NB) < 0) {
		code = -errno;
		error_set(why, code, "cannot lock %s: %s", f->path, strerror(-code));
	}
	/* Whoever held the lock may have replaced the file. */
	if (code == 0 && !own_file_in_place(f))
		code = own_file_refuse(f, -ESTALE, "it is another file than a moment ago", why);
	if (code < 0 && f->fd >= 0) {
		close(f->fd); /* a file that was created is that of whoever has locked it */
		f->fd = -1;
		f->created = false;
	}
	return code;
}

bool own_file_in_place(const struct own_file *f)
{
	struct stat named, opened;

	return lstat(f->path, &named) == 0 && fstat(f->fd, &opened) == 0 &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

int own_file_read(const struct own_file *f, struct strbuf *to, size_t size)
{
	while (to->len < size) {
		char *at = strbuf_reserve(to, size - to->len);
		ssize_t n = pread(f->fd, at, size - to->len, (off_t)to->len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		to->len += n > 0 ? (size_t)n : 0;
	}
	strbuf_reserve(to, 0);
	to->s[to->len] = '\0';
	return 0;
}

int own_file_close(struct own_file *f)
{
	struct stat st;
	int code;

	if (f->fd < 0)
		return 0;
	/* It is ours as long as it is locked. */
	if (f->created && fstat(f->fd, &st) == 0 && st.st_size == 0 && own_file_in_place(f))
		unlink(f->path);
	code = close(f->fd) < 0 ? -errno : 0;
	f->fd = -1;
	f->created = false;
	return code;
}
