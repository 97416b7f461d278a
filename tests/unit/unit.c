/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

const char *unit_source(const char *path, char buf[4096])
{
	const char *srcdir = getenv("srcdir");

	snprintf(buf, 4096, "%s/%s", srcdir ? srcdir : ".", path);
	return buf;
}

char *unit_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	size_t size = 0, used = 0, n;
	char *bytes = NULL;

	if (!f) {
		fail_msg("%s: %s", path, strerror(errno));
		return NULL;
	}
	do {
		size = size ? size * 2 : 4096;
		bytes = xreallocarray(bytes, size, 1);
		n = fread(bytes + used, 1, size - used - 1, f);
		used += n;
	} while (n);
	fclose(f);
	/* Exactly as large as the file, so that AddressSanitizer sees a read beyond its end. */
	bytes = xreallocarray(bytes, used + 1, 1);
	bytes[used] = '\0';
	if (len)
		*len = used;
	return bytes;
}

char *unit_make_tree(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[4096];

	snprintf(path, sizeof(path), "%s/listenq-unit.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(path))
		fail_msg("%s: %s", path, strerror(errno));
	return xstrdup(path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void unit_remove_tree(char *tree)
{
	nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(tree);
}

void unit_write(const char *tree, const char *path, const void *bytes, size_t len)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "%s/%s", tree, path);
	for (char *slash = strchr(name + strlen(tree) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(name, 0777);
		*slash = '/';
	}
	/* In place: who has the file open goes on reading it, as with a file of /proc. */
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		fail_msg("%s: %s", name, strerror(errno));
	close(fd);
}

void unit_write_text(const char *tree, const char *path, const char *text)
{
	unit_write(tree, path, text, strlen(text));
}

void unit_link(const char *tree, const char *from, const char *to)
{
	char source[4096], target[4096];

	unit_write_text(tree, to, "");
	snprintf(source, sizeof(source), "%s/%s", tree, from);
	snprintf(target, sizeof(target), "%s/%s", tree, to);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(link(source, target), 0);
}

void unit_add_process(const char *tree, unsigned int pid, const char *as, const char *comm,
		      unsigned int flags, unsigned long long started)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%u/comm", pid);
	snprintf(text, sizeof(text), "%s\n", comm);
	unit_write_text(tree, path, text);
	snprintf(path, sizeof(path), "proc/%u/stat", pid);
	snprintf(text, sizeof(text),
		 "%u (%s) S 1 1 1 0 -1 %u 0 0 0 0 0 0 0 0 20 0 1 0 %llu 1 2 3\n", pid, comm, flags,
		 started);
	unit_write_text(tree, path, text);
	snprintf(path, sizeof(path), "proc/%u/ns/net", pid);
	if (as)
		unit_link(tree, as, path);
	else
		unit_write_text(tree, path, "");
}

static void write_link(const char *tree, const char *path, const char *target)
{
	char whole[4096];

	unit_write_text(tree, path, "");
	snprintf(whole, sizeof(whole), "%s/%s", tree, path);
	assert_int_equal(unlink(whole), 0);
	assert_int_equal(symlink(target, whole), 0);
}

void unit_allow(const char *tree, const char *effective, const char *pid_ns, const char *user_ns)
{
	char text[128];

	snprintf(text, sizeof(text), "Name:\tlistenq\nCapEff:\t%s\nSeccomp:\t0\n", effective);
	unit_write_text(tree, "proc/self/status", text);
	write_link(tree, "proc/self/ns/pid", pid_ns);
	write_link(tree, "proc/self/ns/user", user_ns);
}

void unit_copy_tree(const char *tree, const char *from)
{
	DIR *dir = opendir(from);
	struct dirent *e;

	if (!dir) {
		fail_msg("%s: %s", from, strerror(errno));
		return;
	}
	while ((e = readdir(dir))) {
		char source[4096], target[4096], *bytes;
		struct stat st;
		size_t len;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (snprintf(source, sizeof(source), "%s/%s", from, e->d_name) >=
			    (int)sizeof(source) ||
		    snprintf(target, sizeof(target), "%s/%s", tree, e->d_name) >=
			    (int)sizeof(target))
			fail_msg("%s: path too long", from);
		if (stat(source, &st) == 0 && S_ISDIR(st.st_mode)) {
			mkdir(target, 0777);
			unit_copy_tree(target, source);
			continue;
		}
		bytes = unit_read(source, &len);
		unit_write(tree, e->d_name, bytes, len);
		free(bytes);
	}
	closedir(dir);
}

size_t unit_count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t n = 0;

	if (!dir)
		return 0;
	while ((e = readdir(dir)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(dir);
	return n;
}

static uint64_t random_state;

void unit_random_seed(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull + 1;
}

/* xorshift64*, Vigna 2014. */
uint32_t unit_random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dull) >> 32) % n;
}

void unit_utf8_locale(void)
{
	/* musl and glibc since 2.35 have the first, Debian the second, others at least a third. */
	static const char *const names[] = { "C.UTF-8", "C.utf8", "en_US.UTF-8" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (setlocale(LC_CTYPE, names[i]))
			return;
	puts("Bail out! no UTF-8 locale");
	exit(1);
}

/* Shows what is different, line by line, as TAP comments. */
static void show_diff(const char *path, const char *text, size_t len)
{
	char command[8192];
	FILE *diff;

	snprintf(command, sizeof(command),
		 "diff -u --label expected --label now '%s' - | cat -v | "
		 "sed 's/^/# /'",
		 path);
	fflush(stdout);
	diff = popen(command, "w");
	if (diff) {
		fwrite(text, 1, len, diff);
		pclose(diff);
	}
}

void unit_compare(const char *file, const char *text, size_t len)
{
	char path[4096], *expected;
	size_t expected_len;

	if (getenv("LISTENQ_UPDATE_EXPECTED")) {
		unit_write(unit_source(".", path), file, text, len);
		return;
	}
	unit_source(file, path);
	expected = unit_read(path, &expected_len);
	if (expected_len == len && !memcmp(expected, text, len)) {
		free(expected);
		return;
	}
	free(expected);
	show_diff(path, text, len);
	fail_msg("%s is not what it was; if that is right: LISTENQ_UPDATE_EXPECTED=1", file);
}
