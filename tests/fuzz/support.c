/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one input may allocate in all: the report of an empty snapshot takes a part of the first. */
#define BYTES_FIXED    (8u << 20)
#define BYTES_PER_BYTE 16384

/* sanitizer/allocator_interface.h; missing without AddressSanitizer. */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
					      void (*free_hook)(const volatile void *))
	__attribute__((weak));

static bool counting;
static long live; /* allocations that are not freed */
static size_t allocated; /* bytes */

static void count_malloc(const volatile void *p, size_t size)
{
	if (!counting || !p)
		return;
	live++;
	allocated += size;
}

static void count_free(const volatile void *p)
{
	if (counting && p)
		live--;
}

static void run_counted(const uint8_t *data, size_t size)
{
	live = 0;
	allocated = 0;
	counting = true;
	fuzz_one(data, size);
	counting = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	if (!begun && __sanitizer_install_malloc_and_free_hooks)
		__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);
	begun = true;
	run_counted(data, size);
	/* What the C library, or the target, makes once stays: it is not made again. */
	for (int i = 0; i < 2 && live > 0; i++)
		run_counted(data, size);
	FUZZ_CHECK(live <= 0);
	FUZZ_CHECK(allocated <= BYTES_FIXED + size * BYTES_PER_BYTE);
	return 0;
}

/* Table 3-7 of the Unicode Standard, written down, where src/base/text.c computes. */
size_t fuzz_character(const uint8_t *s, size_t len)
{
	static const struct {
		uint8_t first, last, second_first, second_last;
		size_t len;
	} table[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (s[0] < table[i].first || s[0] > table[i].last)
			continue;
		if (table[i].len > len)
			return 0;
		if (table[i].len > 1 &&
		    (s[1] < table[i].second_first || s[1] > table[i].second_last))
			return 0;
		for (size_t j = 2; j < table[i].len; j++)
			if ((s[j] & 0xc0) != 0x80)
				return 0;
		return table[i].len;
	}
	return 0;
}

void fuzz_check_printed(const char *s, size_t len, const char *allowed)
{
	const uint8_t *at = (const uint8_t *)s;

	for (size_t i = 0, n; i < len; i += n) {
		n = fuzz_character(at + i, len - i);
		FUZZ_CHECK(n);
		FUZZ_CHECK((at[i] >= 0x20 && at[i] != 0x7f) || (at[i] && strchr(allowed, at[i])));
		FUZZ_CHECK(at[i] != 0xc2 || at[i + 1] >= 0xa0);
	}
}

void fuzz_check_json(const char *s, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *value;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* With the NUL, which ends a number. */
	value = json_tokener_parse_ex(tokener, s, (int)len + 1);
	FUZZ_CHECK(json_tokener_get_error(tokener) == json_tokener_success);
	json_object_put(value);
	json_tokener_free(tokener);
}

static char tree[PATH_MAX];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_tree(void)
{
	nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int fuzz_tree(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(tree, sizeof(tree), "%s/listenq-fuzz.XXXXXX", tmp ? tmp : "/tmp");
	FUZZ_CHECK(mkdtemp(tree));
	atexit(remove_tree);
	return open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void make_path(char whole[2 * PATH_MAX], const char *path)
{
	snprintf(whole, 2 * PATH_MAX, "%s/%s", tree, path);
	for (char *slash = whole + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		FUZZ_CHECK(mkdir(whole, 0777) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

void fuzz_tree_write(const char *path, const void *bytes, size_t len)
{
	char whole[2 * PATH_MAX];
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", tree, path);
	fd = open(whole, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		make_path(whole, path);
		fd = open(whole, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	}
	/* A file system may write a file to the disk that is emptied and then written. */
	FUZZ_CHECK(fd >= 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len);
	FUZZ_CHECK(ftruncate(fd, (off_t)len) == 0);
	close(fd);
}

void fuzz_tree_link(const char *from, const char *to)
{
	char source[2 * PATH_MAX], target[2 * PATH_MAX];

	snprintf(source, sizeof(source), "%s/%s", tree, from);
	make_path(target, to);
	FUZZ_CHECK(link(source, target) == 0);
}
