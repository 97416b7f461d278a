/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/alloc.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * usage: fuzz_TARGET [FILE]...
 *
 * Runs the files, or the corpus of the target and mutations of it, and prints TAP. There is no
 * randomness but a fixed generator: what fails will fail again, under a debugger too.
 */
#define MUTATIONS   10000
#define CPU_SECONDS 3 /* after which mutating ends, in a slow target */
#define SECONDS	    100 /* who takes so long is in an endless loop */
#define BYTES_MAX   8192

struct input {
	uint8_t *bytes;
	size_t size;
};

static struct input *seeds;
static size_t n_seeds, seeds_size;

static int read_seed(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input *seed;

	if (!f) {
		perror(path);
		return -1;
	}
	seeds = array_grow(seeds, n_seeds, &seeds_size, sizeof(*seeds));
	seed = &seeds[n_seeds++];
	seed->bytes = xmalloc(BYTES_MAX);
	seed->size = fread(seed->bytes, 1, BYTES_MAX, f);
	fclose(f);
	return 0;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)ftw;
	return type == FTW_F ? read_seed(path) : 0;
}

static int compare_seeds(const void *va, const void *vb)
{
	const struct input *a = va, *b = vb;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->size);
}

/* The corpus has the name of the program, without "fuzz_". */
static void find_seeds(void)
{
	const char *srcdir = getenv("srcdir"), *target = strchr(program_invocation_short_name, '_');
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		 target ? target + 1 : "");
	nftw(path, visit, 16, FTW_PHYS);
	/* The order in which a directory is read is nobody's promise. */
	qsort(seeds, n_seeds, sizeof(*seeds), compare_seeds);
}

/* A copy that is exactly as large, so that AddressSanitizer sees a read beyond its end. */
static void run(const uint8_t *bytes, size_t size)
{
	uint8_t *exact = xmalloc(size + !size);

	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

/* xorshift64*, Vigna 2014. */
static size_t random_below(size_t n)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return (size_t)((x * 0x2545f4914f6cdd1d) >> 33) % n;
}

static void set_number(struct input *in)
{
	static const uint32_t values[] = { 0,	       1,	   2,	      3,      4,
					   8,	       16,	   20,	      88,     0x7f,
					   0x80,       0xff,	   0x7fff,    0x8000, 0xffff,
					   0x7fffffff, 0x80000000, 0xffffffff };
	uint32_t value = values[random_below(sizeof(values) / sizeof(values[0]))];
	size_t width = (size_t)1 << random_below(3);
	size_t at;

	if (in->size < width)
		return;
	/* Numbers stand at multiples of their size, mostly. */
	at = random_below(in->size - width + 1);
	if (random_below(4))
		at -= at % width;
	memcpy(in->bytes + at, &value, width);
}

static void cut_out(struct input *in)
{
	size_t from = random_below(in->size + 1);
	size_t len = random_below(in->size - from + 1);

	memmove(in->bytes + from, in->bytes + from + len, in->size - from - len);
	in->size -= len;
}

/* Puts a piece of some seed in, over what is there or between it. */
static void splice(struct input *in)
{
	const struct input *other = &seeds[random_below(n_seeds)];
	size_t from = random_below(other->size + 1);
	size_t len = random_below(other->size - from + 1);
	size_t at = random_below(in->size + 1);

	if (random_below(2)) {
		if (at + len > in->size)
			len = in->size - at;
	} else {
		if (in->size + len > BYTES_MAX)
			len = BYTES_MAX - in->size;
		memmove(in->bytes + at + len, in->bytes + at, in->size - at);
		in->size += len;
	}
	memcpy(in->bytes + at, other->bytes + from, len);
}

static void mutate(struct input *in)
{
	for (size_t changes = 1 + random_below(6); changes; changes--) {
		size_t kind = random_below(8);

		if (kind == 0)
			cut_out(in);
		else if (kind == 1)
			splice(in);
		else if (kind == 2)
			in->size = random_below(in->size + 1);
		else if (kind == 3 && in->size)
			in->bytes[random_below(in->size)] ^= (uint8_t)(1 << random_below(8));
		else if (kind == 4 && in->size)
			in->bytes[random_below(in->size)] = (uint8_t)random_below(256);
		else
			set_number(in);
	}
}

int main(int argc, char **argv)
{
	struct input in = { xmalloc(BYTES_MAX), 0 };
	size_t n = 0;

	alarm(SECONDS);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts(argc > 1 ? "1..1" : "1..2");
	for (int i = 1; i < argc; i++)
		if (read_seed(argv[i]) < 0)
			return 1;
	if (argc == 1)
		find_seeds();
	for (size_t i = 0; i < n_seeds; i++)
		run(seeds[i].bytes, seeds[i].size);
	/* A target without seeds would pass without a word. */
	printf("%sok 1 - %zu seeds\n", n_seeds ? "" : "not ", n_seeds);
	for (; argc == 1 && n_seeds && n < MUTATIONS && clock() < CPU_SECONDS * CLOCKS_PER_SEC;
	     n++) {
		const struct input *seed = &seeds[random_below(n_seeds)];

		in.size = seed->size;
		memcpy(in.bytes, seed->bytes, seed->size);
		mutate(&in);
		run(in.bytes, in.size);
	}
	if (argc == 1)
		printf("%sok 2 - %zu mutations\n", n ? "" : "not ", n);
	for (size_t i = 0; i < n_seeds; i++)
		free(seeds[i].bytes);
	free(seeds);
	free(in.bytes);
	return n_seeds ? 0 : 1;
}
