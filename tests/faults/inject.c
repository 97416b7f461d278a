/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * inject.so - for LD_PRELOAD: one call of a function of the C library fails
 *
 *   FAULT=NAME:N:ERRNO  the call number N of NAME, from 1, fails with that errno
 *   FAULT=NAME:N:-SIGNAL  the process gets that signal just before the call
 *   FAULT_TRACE=FD      at the end a line "left N" is written to FD for each other descriptor from
 * 3 on; without FAULT, before it a line "NAME N CALLER..." for each call that can fail
 *
 * Calls within the C library itself are not seen: opendir() of the program is, its openat() is not.
 * A caller is OBJECT+OFFSET; an allocation has several of them, as most go through base/alloc.c.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CALLERS_MAX 6

static struct {
	const char *name; /* of the function that is to fail; NULL: none */
	unsigned long number;
	int error;
	int trace; /* descriptor; -1: none */
	bool ready;
} fault = { .trace = -1 };

/* Own calls are neither counted nor do they fail. */
static __thread bool inside;

struct function {
	const char *name;
	void *real;
	atomic_ulong calls;
};

/* dlsym() may allocate before malloc() is known. */
static char early[4096];
static size_t early_used;

static void *find(struct function *f)
{
	if (!f->real) {
		bool before = inside;

		inside = true;
		f->real = dlsym(RTLD_NEXT, f->name);
		inside = before;
	}
	return f->real;
}

static void say(const char *text, size_t len)
{
	if (syscall(SYS_write, fault.trace, text, len) < 0)
		_exit(99);
}

static void trace(const struct function *f, unsigned long number)
{
	void *callers[CALLERS_MAX + 3];
	int n = backtrace(callers, CALLERS_MAX + 3);
	Dl_info own;
	char line[1024];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s %lu", f->name, number);

	dladdr(&fault, &own);
	for (int i = 0; i < n && len < sizeof(line) - 256; i++) {
		Dl_info info;
		const char *base;

		if (!dladdr(callers[i], &info) || !info.dli_fname ||
		    info.dli_fbase == own.dli_fbase)
			continue;
		base = strrchr(info.dli_fname, '/');
		len += (size_t)snprintf(line + len, 200, " %.60s+%lx",
					base ? base + 1 : info.dli_fname,
					(unsigned long)callers[i] - (unsigned long)info.dli_fbase);
	}
	line[len++] = '\n';
	say(line, len);
}

static bool fails(struct function *f)
{
	unsigned long number;

	if (!fault.ready || inside)
		return false;
	number = ++f->calls;
	if (fault.trace >= 0 && !fault.name) {
		int saved = errno;

		inside = true;
		trace(f, number);
		inside = false;
		errno = saved;
	}
	if (!fault.name || strcmp(f->name, fault.name) != 0 || number != fault.number)
		return false;
	if (fault.error < 0) {
		syscall(SYS_kill, getpid(), -fault.error);
		return false;
	}
	errno = fault.error;
	return true;
}

__attribute__((constructor)) static void begin(void)
{
	static char name[64];
	const char *text = getenv("FAULT"), *trace_fd = getenv("FAULT_TRACE");
	void *first[1];

	inside = true;
	backtrace(first, 1); /* loads what it needs */
	if (text && sscanf(text, "%63[^:]:%lu:%d", name, &fault.number, &fault.error) == 3)
		fault.name = name;
	if (trace_fd) {
		/* Out of the way of the numbers that the program expects. */
		fault.trace = (int)syscall(SYS_fcntl, atoi(trace_fd), F_DUPFD_CLOEXEC, 900);
		syscall(SYS_close, atoi(trace_fd));
	}
	inside = false;
	fault.ready = true;
}

__attribute__((destructor)) static void end(void)
{
	fault.ready = false;
	for (int fd = 3; fault.trace >= 0 && fd < fault.trace; fd++) {
		char line[32];

		if (syscall(SYS_fcntl, fd, F_GETFD) >= 0)
			say(line, (size_t)snprintf(line, sizeof(line), "left %d\n", fd));
	}
}

/* A function that returns @failed and sets errno. */
#define INTERPOSE(type, call, failed, parameters, ...)                 \
	type call parameters;                                          \
	type call parameters                                           \
	{                                                              \
		static struct function f = { .name = #call };          \
		type(*real) parameters = (type(*) parameters)find(&f); \
                                                                       \
		return fails(&f) ? (failed) : real(__VA_ARGS__);       \
	}

INTERPOSE(ssize_t, read, -1, (int fd, void *to, size_t n), fd, to, n)
INTERPOSE(ssize_t, pread, -1, (int fd, void *to, size_t n, off_t at), fd, to, n, at)
INTERPOSE(ssize_t, pread64, -1, (int fd, void *to, size_t n, off64_t at), fd, to, n, at)
INTERPOSE(ssize_t, write, -1, (int fd, const void *from, size_t n), fd, from, n)
INTERPOSE(off_t, lseek, -1, (int fd, off_t at, int whence), fd, at, whence)
INTERPOSE(int, fstat, -1, (int fd, struct stat *st), fd, st)
INTERPOSE(int, lstat, -1, (const char *path, struct stat *st), path, st)
INTERPOSE(int, fstatat, -1, (int dir, const char *path, struct stat *st, int flags), dir, path, st,
	  flags)
INTERPOSE(int, fstatfs, -1, (int fd, struct statfs *fs), fd, fs)
INTERPOSE(ssize_t, readlinkat, -1, (int dir, const char *path, char *to, size_t n), dir, path, to,
	  n)
INTERPOSE(DIR *, fdopendir, NULL, (int fd), fd)
INTERPOSE(struct dirent *, readdir, NULL, (DIR * dir), dir)
INTERPOSE(int, open_by_handle_at, -1, (int mount, struct file_handle *handle, int flags), mount,
	  handle, flags)
INTERPOSE(int, gethostname, -1, (char *name, size_t n), name, n)
INTERPOSE(char *, getcwd, NULL, (char *to, size_t n), to, n)
INTERPOSE(struct passwd *, getpwuid, NULL, (uid_t uid), uid)
INTERPOSE(int, socket, -1, (int family, int type, int protocol), family, type, protocol)
INTERPOSE(int, bind, -1, (int fd, const struct sockaddr *to, socklen_t n), fd, to, n)
INTERPOSE(int, connect, -1, (int fd, const struct sockaddr *to, socklen_t n), fd, to, n)
INTERPOSE(int, getsockname, -1, (int fd, struct sockaddr *to, socklen_t *n), fd, to, n)
INTERPOSE(int, getsockopt, -1, (int fd, int level, int name, void *to, socklen_t *n), fd, level,
	  name, to, n)
INTERPOSE(int, setsockopt, -1, (int fd, int level, int name, const void *to, socklen_t n), fd,
	  level, name, to, n)
INTERPOSE(ssize_t, sendto, -1,
	  (int fd, const void *from, size_t n, int flags, const struct sockaddr *to, socklen_t len),
	  fd, from, n, flags, to, len)
INTERPOSE(ssize_t, recvmsg, -1, (int fd, struct msghdr *to, int flags), fd, to, flags)
INTERPOSE(int, setns, -1, (int fd, int type), fd, type)
INTERPOSE(int, ppoll, -1,
	  (struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *signals),
	  fds, n, timeout, signals)
INTERPOSE(int, nanosleep, -1, (const struct timespec *time, struct timespec *left), time, left)
INTERPOSE(int, getrlimit, -1, (__rlimit_resource_t what, struct rlimit *limit), what, limit)
INTERPOSE(int, setrlimit, -1, (__rlimit_resource_t what, const struct rlimit *limit), what, limit)
INTERPOSE(ssize_t, getrandom, -1, (void *to, size_t n, unsigned int flags), to, n, flags)
INTERPOSE(int, fchmod, -1, (int fd, mode_t mode), fd, mode)
INTERPOSE(int, fchown, -1, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
INTERPOSE(int, fsync, -1, (int fd), fd)
INTERPOSE(int, ftruncate, -1, (int fd, off_t size), fd, size)
INTERPOSE(int, renameat, -1, (int from, const char *old, int to, const char *new), from, old, to,
	  new)
INTERPOSE(char *, strdup, NULL, (const char *s), s)
INTERPOSE(locale_t, newlocale, NULL, (int mask, const char *name, locale_t base), mask, name, base)
INTERPOSE(locale_t, duplocale, NULL, (locale_t from), from)
INTERPOSE(FILE *, fopencookie, NULL,
	  (void *cookie, const char *mode, cookie_io_functions_t functions), cookie, mode,
	  functions)
INTERPOSE(void *, realloc, NULL, (void *p, size_t n), p, n)
INTERPOSE(int, vasprintf, -1, (char **to, const char *format, va_list args), to, format, args)

/* -D_FORTIFY_SOURCE */
INTERPOSE(ssize_t, __read_chk, -1, (int fd, void *to, size_t n, size_t size), fd, to, n, size)
INTERPOSE(ssize_t, __pread_chk, -1, (int fd, void *to, size_t n, off_t at, size_t size), fd, to, n,
	  at, size)
INTERPOSE(ssize_t, __readlinkat_chk, -1,
	  (int dir, const char *path, char *to, size_t n, size_t size), dir, path, to, n, size)
INTERPOSE(int, __gethostname_chk, -1, (char *name, size_t n, size_t size), name, n, size)
INTERPOSE(int, __vasprintf_chk, -1, (char **to, int flag, const char *format, va_list args), to,
	  flag, format, args)

/* It is closed all the same. */
int close(int fd)
{
	static struct function f = { .name = "close" };
	int (*real)(int) = (int (*)(int))find(&f);
	bool failed = fails(&f);
	int saved = errno, code = real(fd);

	if (!failed)
		return code;
	errno = saved;
	return -1;
}

int open(const char *path, int flags, ...)
{
	static struct function f = { .name = "open" };
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))find(&f);
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return fails(&f) ? -1 : real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	static struct function f = { .name = "openat" };
	int (*real)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))find(&f);
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return fails(&f) ? -1 : real(dir, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
	static struct function f = { .name = "fcntl" };
	int (*real)(int, int, ...) = (int (*)(int, int, ...))find(&f);
	va_list args;
	void *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	/* Others fail only for a descriptor that is not open. */
	return command == F_DUPFD_CLOEXEC && fails(&f) ? -1 : real(fd, command, argument);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
		   void *argument)
{
	static struct function f = { .name = "pthread_create" };
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		(int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))find(&f);

	return fails(&f) ? fault.error : real(thread, attr, run, argument);
}

void *malloc(size_t n)
{
	static struct function f = { .name = "malloc" };
	void *(*real)(size_t) = (void *(*)(size_t))find(&f);

	return fails(&f) ? NULL : real(n);
}

void *calloc(size_t n, size_t size)
{
	static struct function f = { .name = "calloc" };
	void *(*real)(size_t, size_t);

	if (!f.real && inside) { /* dlsym() itself */
		void *p = early + early_used;

		early_used += (n * size + 15) & ~(size_t)15;
		return early_used <= sizeof(early) ? p : NULL;
	}
	real = (void *(*)(size_t, size_t))find(&f);
	return fails(&f) ? NULL : real(n, size);
}

void free(void *p)
{
	static struct function f = { .name = "free" };
	void (*real)(void *) = (void (*)(void *))find(&f);

	if ((char *)p < early || (char *)p >= early + sizeof(early))
		real(p);
}
