/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sink.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/idmap.h"
#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as in the kernel, MAXSYMLINKS */
#define MAX_TRIES 100 /* to find an unused name */

/*
 * A temporary file has one of so many names that follow from that of its file, see
 * remove_left_overs(), unless all are taken.
 */
#define NAMES 8

/* Nobody writes a report for so long. */
#define LEFT_OVER_SECONDS 3600

/*
 * Resolves a path step by step. Symbolic links are followed here, because the kernel cannot check
 * who owns them as strictly as is needed; only links of procfs are left to it. Each step checks
 * what it has opened, and the next one starts from there, so nobody can exchange it in between.
 */
struct walk {
	struct sink *sink; /* dir and name: where the walk is */
	char *text;
	const char *rest; /* the part of @text still to be followed */
	unsigned int links; /* followed so far */
	bool by_link; /* the last name of the path was a link */
	const char *refused; /* "link" or "file" that belongs to another user */
	struct stat *st; /* of the file */
};

/*
 * Whose temporary file exit() removes: any function that runs out of memory calls it, see
 * base/alloc.h.
 */
static struct unfinished {
	const struct sink *sink;
	bool registered; /* with atexit() */
} unfinished;

enum step {
	STEP_MISSING,
	STEP_FOUND,
	STEP_HELD, /* found, but only a link of procfs leads to it */
	STEP_ON,
};

/* Writes everything or fails: for a stream a short count is an error, and errno is lost. */
static ssize_t write_fd(void *cookie, const char *data, size_t size)
{
	struct sink *sink = cookie;
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(sink->fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!sink->error)
				sink->error = errno;
			return 0;
		}
		done += (size_t)n;
	}
	return (ssize_t)size;
}

/* The mode that open(2) would give to a new file. */
static mode_t creation_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* The kernel compares with the fsuid, which is the effective uid here. */
static bool trusted(const struct stat *st, const struct stat *dir)
{
	return st->st_uid == geteuid() || st->st_uid == dir->st_uid;
}

/* As may_follow_link(), fs/namei.c, with fs.protected_symlinks=1, but for links at every step. */
static bool may_follow(const struct stat *link, const struct stat *dir)
{
	const mode_t shared = S_ISVTX | S_IWOTH;

	return (dir->st_mode & shared) != shared || trusted(link, dir);
}

/* As may_create_in_sticky(), with the strictest fs.protected_regular and fs.protected_fifos. */
static bool may_write(const struct stat *file, const struct stat *dir)
{
	if (!S_ISREG(file->st_mode) && !S_ISFIFO(file->st_mode))
		return true;
	return !(dir->st_mode & S_ISVTX) || !(dir->st_mode & (S_IWOTH | S_IWGRP)) ||
	       trusted(file, dir);
}

static int enter(struct sink *sink, int dir)
{
	if (dir < 0)
		return -errno;
	if (sink->dir >= 0)
		close(sink->dir);
	sink->dir = dir;
	return STEP_ON;
}

static int enter_start(struct sink *sink, const char *path)
{
	return enter(sink, open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* Puts the text of the link @fd before the rest of the path. */
static int follow_text(struct walk *w, int fd)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target));
	struct strbuf text = { 0 };

	if (len < 0)
		return -errno;
	if (len == 0 || len == sizeof(target))
		return len ? -ENAMETOOLONG : -ENOENT;
	w->by_link |= !*w->rest;
	strbuf_add(&text, target, (size_t)len);
	strbuf_adds(&text, w->rest);
	free(w->text);
	w->text = text.s;
	w->rest = text.s;
	return *text.s == '/' ? enter_start(w->sink, text.s) : STEP_ON;
}

/* Does the text of the link @fd name this file? Not if the file is deleted. */
static bool names(int fd, const struct stat *file)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);
	struct stat st;

	if (len < 0)
		return false;
	target[len] = '\0';
	return *target == '/' && lstat(target, &st) == 0 && st.st_dev == file->st_dev &&
	       st.st_ino == file->st_ino;
}

/*
 * Only the kernel can follow @fd, a link of procfs: its text need not be a path, as in
 * "pipe:[123]". But the directory of a regular file must be known to replace the file, so the text
 * is followed if it leads to the same file.
 */
static int follow_procfs(struct walk *w, int fd)
{
	int target = openat(w->sink->dir, w->sink->name, O_PATH | O_CLOEXEC), code = 0;

	if (target < 0)
		return -errno;
	if (fstat(target, w->st) < 0)
		code = -errno;
	else if (S_ISDIR(w->st->st_mode))
		return enter(w->sink, target);
	close(target);
	if (code == 0 && *w->rest)
		return -ENOTDIR;
	if (code == 0 && S_ISREG(w->st->st_mode) && names(fd, w->st))
		return follow_text(w, fd);
	return code < 0 ? code : STEP_HELD;
}

static int follow(struct walk *w, int fd)
{
	struct statfs fs;

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return follow_procfs(w, fd);
	return follow_text(w, fd);
}

/* Opens the next name of the path without following a link. Returns a descriptor or -errno. */
static int open_next(struct walk *w)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	struct sink *sink = w->sink;
	size_t len;
	int fd = -1;

	w->rest += strspn(w->rest, "/");
	len = strcspn(w->rest, "/");
	if (!len)
		return -EISDIR;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(sink->name, w->rest, len);
	sink->name[len] = '\0';
	w->rest += len;
	if (*w->rest) /* O_DIRECTORY triggers automounts; fails for a link */
		fd = openat(sink->dir, sink->name, flags | O_DIRECTORY);
	if (fd < 0)
		fd = openat(sink->dir, sink->name, flags);
	return fd < 0 ? -errno : fd;
}

static int refuse(struct walk *w, const char *kind)
{
	w->refused = kind;
	return -EACCES;
}

/* Returns enum step or -errno. */
static int take_step(struct walk *w)
{
	struct sink *sink = w->sink;
	int fd = open_next(w), code;
	struct stat dir;

	if (fd < 0)
		return fd == -ENOENT && !*w->rest && !w->by_link ? STEP_MISSING : fd;
	if (fstat(fd, w->st) < 0 || fstat(sink->dir, &dir) < 0)
		code = -errno;
	else if (S_ISLNK(w->st->st_mode) && sink->own && !*w->rest)
		code = -ELOOP;
	else if (S_ISLNK(w->st->st_mode))
		code = may_follow(w->st, &dir) ? follow(w, fd) : refuse(w, "link");
	else if (*w->rest && S_ISDIR(w->st->st_mode))
		return enter(sink, fd);
	else if (*w->rest)
		code = -ENOTDIR;
	else
		code = may_write(w->st, &dir) ? STEP_FOUND : refuse(w, "file");
	close(fd);
	return code;
}

static int explain(const struct sink *sink, int code, struct error *why)
{
	const char *cause = strerror(-code);

	if (code == -ESTALE)
		cause = "it is another file than a moment ago";
	else if (code == -ELOOP && sink->own)
		cause = "it is a symbolic link";
	else if (code == -EEXIST && sink->own)
		cause = "it is not a regular file";
	else if (code == -EPERM && sink->own)
		cause = "it belongs to another user";
	return error_set(why, code, "cannot write %s: %s",
			 sink->path ? sink->path : "standard output", cause);
}

/*
 * Finds the directory and the name of the file. Returns STEP_MISSING, STEP_FOUND or STEP_HELD, or
 * -errno with @why filled.
 */
static int find_file(struct sink *sink, struct stat *st, struct error *why)
{
	struct walk w = { .sink = sink, .text = xstrdup(sink->path), .st = st };
	int code = *sink->path ? enter_start(sink, sink->path) : -ENOENT;

	w.rest = w.text;
	while (code == STEP_ON)
		code = take_step(&w);
	free(w.text);
	if (w.refused)
		return error_set(why, code,
				 "cannot write %s: the %s %s belongs to user %u, in a sticky "
				 "directory that others may write to; write to a directory of "
				 "your own",
				 sink->path, w.refused, sink->name, (unsigned int)st->st_uid);
	return code < 0 ? explain(sink, code, why) : code;
}

static void remove_unfinished(void)
{
	if (unfinished.sink)
		unlinkat(unfinished.sink->dir, unfinished.sink->temporary, 0);
}

/* The temporary file is gone, or has got its name: signals may end the program again. */
static void end_temporary(struct sink *sink)
{
	unfinished.sink = NULL;
	*sink->temporary = '\0';
	sigprocmask(SIG_SETMASK, &sink->signals, NULL);
}

/* A short name, to fit NAME_MAX. @number: 0 to NAMES-1, or more for one that is random */
static void name_temporary(const struct sink *sink, char name[sizeof(sink->temporary)],
			   unsigned int number)
{
	const uint32_t hash = (uint32_t)idmap_hash(sink->name, strlen(sink->name));
	uint32_t id = (hash & ~15u) | number;

	if (number >= NAMES && getrandom(&id, sizeof(id), GRND_NONBLOCK) != sizeof(id))
		id = (uint32_t)clock_monotonic_ns();
	snprintf(name, sizeof(sink->temporary), ".listenq.%08x", id);
}

/* @own: the temporary file in hand, whose time is that of the same clock */
static bool is_left_over(const struct stat *st, const struct stat *own)
{
	return S_ISREG(st->st_mode) && (st->st_uid == own->st_uid || st->st_uid == geteuid()) &&
	       st->st_mtim.tv_sec + LEFT_OVER_SECONDS < own->st_mtim.tv_sec;
}

static void remove_left_over(const struct sink *sink, const char *name, const struct stat *own)
{
	const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat named, opened;
	int fd;

	if (fstatat(sink->dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || !is_left_over(&named, own))
		return;
	fd = openat(sink->dir, name, flags);
	if (fd < 0)
		return;
	/* Whoever removes it holds the lock, so the name cannot be that of a new file by now. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &opened) == 0 &&
	    fstatat(sink->dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_dev == opened.st_dev && named.st_ino == opened.st_ino &&
	    is_left_over(&opened, own))
		unlinkat(sink->dir, name, 0);
	close(fd);
}

/*
 * Removes the temporary files that writers of the same file left behind when SIGKILL, or the loss
 * of power, ended them. Their names are known: no directory is searched, however large it is.
 */
static void remove_left_overs(const struct sink *sink, int temporary)
{
	char name[sizeof(sink->temporary)];
	struct stat own;

	if (fstat(temporary, &own) < 0)
		return;
	for (unsigned int i = 0; i < NAMES; i++) {
		name_temporary(sink, name, i);
		remove_left_over(sink, name, &own);
	}
}

/*
 * Creates it in the directory of the file, as rename(2) does not cross file systems. Only the owner
 * may read the file until its mode is set.
 */
static int create_temporary(struct sink *sink)
{
	sigset_t all;

	if (!unfinished.registered && atexit(remove_unfinished) != 0)
		return -ENOMEM;
	unfinished.registered = true;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &sink->signals);
	for (unsigned int tries = 0;; tries++) {
		int fd;

		name_temporary(sink, sink->temporary, tries);
		fd = openat(sink->dir, sink->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0600);
		if (fd >= 0) {
			unfinished.sink = sink;
			return fd;
		}
		if (errno != EEXIST || tries == MAX_TRIES) {
			int code = -errno;

			end_temporary(sink);
			return code;
		}
	}
}

/* @old: the file to be replaced, NULL when there is none. Returns a descriptor or -errno. */
static int open_temporary(struct sink *sink, const struct stat *old)
{
	int fd = create_temporary(sink);

	if (fd < 0)
		return fd;
	/* Only root may change the owner. It clears mode bits, so the mode is set after it. */
	if (old && fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM)
		sink->error = errno;
	if (!sink->own && fchmod(fd, old ? old->st_mode & 07777 : creation_mode()) < 0)
		sink->error = errno;
	remove_left_overs(sink, fd);
	return fd;
}

/* Returns 1, 0 or -errno. */
static int is_same(int fd, const struct stat *seen)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_dev == seen->st_dev && st.st_ino == seen->st_ino;
}

/*
 * Opens the file to write to it directly. Fails if another file has the name now.
 * @follow: 0 for a link of procfs, else O_NOFOLLOW
 */
static int open_itself(struct sink *sink, const struct stat *seen, int follow)
{
	int fd = openat(sink->dir, sink->name, O_WRONLY | O_CLOEXEC | O_NOCTTY | follow);
	int same = fd < 0 ? -errno : is_same(fd, seen);

	if (same > 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return same < 0 ? same : -ESTALE;
}

static int duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

/* A socket cannot be opened, but a descriptor of this process can be duplicated. */
static int copy_socket(struct sink *sink, const struct stat *seen)
{
	uint64_t own;

	if (num_parse_u64(sink->name, 0, INT_MAX, &own) < 0 || is_same((int)own, seen) <= 0)
		return -ENXIO;
	return duplicate((int)own);
}

/* A regular file without a name cannot be replaced, so it is truncated. */
static int open_held(struct sink *sink, const struct stat *seen)
{
	int fd = S_ISSOCK(seen->st_mode) ? copy_socket(sink, seen) : open_itself(sink, seen, 0);

	if (fd < 0 || !S_ISREG(seen->st_mode) || ftruncate(fd, 0) == 0)
		return fd;
	sink->error = errno;
	return fd;
}

/* @found: enum step; @st: of the file that has the name */
static int open_own(struct sink *sink, int found, const struct stat *st)
{
	if (found != STEP_MISSING && (found != STEP_FOUND || !S_ISREG(st->st_mode)))
		return -EEXIST;
	if (found != STEP_MISSING && st->st_uid != geteuid())
		return -EPERM;
	return open_temporary(sink, NULL);
}

static int open_path(struct sink *sink, const char *path, struct error *why)
{
	struct stat st;
	int code;

	sink->path = xstrdup(path);
	code = find_file(sink, &st, why);
	if (code < 0)
		return code;
	sink->fresh = code == STEP_MISSING;
	if (sink->own)
		code = open_own(sink, code, &st);
	else if (code != STEP_MISSING &&
		 is_same(STDOUT_FILENO, &st) > 0) /* others may append to it */
		code = duplicate(STDOUT_FILENO);
	else if (code == STEP_HELD)
		code = open_held(sink, &st);
	else if (code == STEP_FOUND && !S_ISREG(st.st_mode))
		code = open_itself(sink, &st, O_NOFOLLOW);
	else
		code = open_temporary(sink, code == STEP_FOUND ? &st : NULL);
	return code < 0 ? explain(sink, code, why) : code;
}

static void forget(struct sink *sink)
{
	if (sink->dir >= 0)
		close(sink->dir);
	free(sink->path);
}

/* @path: NULL: standard output */
static int open_sink(struct sink *sink, const char *path, bool own, struct error *why)
{
	const cookie_io_functions_t functions = { .write = write_fd };

	memset(sink, 0, sizeof(*sink));
	sink->dir = -1;
	sink->own = own;
	sink->fd = path ? open_path(sink, path, why) : STDOUT_FILENO;
	if (sink->fd < 0) {
		forget(sink);
		return sink->fd;
	}
	sink->stream = fopencookie(sink, "w", functions);
	if (!sink->stream)
		alloc_failed(BUFSIZ);
	return 0;
}

int sink_open(struct sink *sink, const char *path, struct error *why)
{
	return open_sink(sink, path && strcmp(path, "-") != 0 ? path : NULL, false, why);
}

int sink_open_new(struct sink *sink, const char *path, bool replace, struct error *why)
{
	const int code = open_sink(sink, path, false, why);

	if (code < 0)
		return code;
	if (sink->fresh && fchmod(sink->fd, 0600) < 0)
		sink->error = errno;
	if (sink->fresh || !*sink->temporary || replace)
		return 0;
	sink->error = EEXIST;
	return sink_commit(sink, why);
}

int sink_open_own(struct sink *sink, const char *path, struct error *why)
{
	return open_sink(sink, path, true, why);
}

void sink_add(struct sink *sink, const char *data, size_t size)
{
	write_fd(sink, data, size);
}

void sink_add_mode(struct sink *sink, mode_t bits)
{
	if (sink->fresh && fchmod(sink->fd, creation_mode() | bits) < 0 && !sink->error)
		sink->error = errno;
}

static void finish_file(struct sink *sink)
{
	if (!sink->error && *sink->temporary && fsync(sink->fd) < 0)
		sink->error = errno;
	if (close(sink->fd) < 0 && !sink->error)
		sink->error = errno;
	if (!*sink->temporary)
		return;
	if (!sink->error && renameat(sink->dir, sink->temporary, sink->dir, sink->name) < 0)
		sink->error = errno;
	if (sink->error)
		unlinkat(sink->dir, sink->temporary, 0);
	end_temporary(sink);
}

int sink_commit(struct sink *sink, struct error *why)
{
	int code;

	if (fclose(sink->stream) && !sink->error)
		sink->error = EIO;
	if (sink->path)
		finish_file(sink);
	code = -sink->error;
	if (code < 0)
		explain(sink, code, why);
	forget(sink);
	return code;
}
