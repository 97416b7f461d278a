// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recorder - what --record adds to the cost of a window
 *
 * usage: recorder LISTENQ FILE PERCENT
 *
 * Run it inside rig. LISTENQ watches for some windows of a second and records them to FILE, which
 * is removed at the end. Then the same samples are recorded once more, by this process, and what
 * that takes is compared with what LISTENQ took for a window. The difference between a run with
 * --record and one without is too small beside what two runs of the same program differ by; with
 * 20,000 listeners it is larger where the page cache grows into memory that a virtual machine has
 * not had yet, as then most of it is the kernel's copy of 4 MB. Exit status: 0 the goal met, 1
 * missed, 2 it could not be measured.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf() */
#endif
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "replay/recorder.h"
#include "replay/recording.h"

#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_MEASURED 2
#define COUNT	     "9"
#define PASSES	     8

/* More than the caches hold: in a live run the next sample has been collected between two calls. */
#define CACHE_MIB 64

extern char **environ;

static struct error why;

static void __attribute__((noreturn)) fail(void)
{
	errx(NOT_MEASURED, "%s", why.text);
}

/* Returns the CPU time that LISTENQ took in all, in ms. */
static double watch(const char *program, const char *path)
{
	char record[4096];
	const char *argv[] = { program, "--watch", "-H", "--count=" COUNT, record, NULL };
	posix_spawn_file_actions_t actions;
	struct rusage ru;
	int status, code;
	pid_t pid;

	snprintf(record, sizeof(record), "--record=%s", path);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	code = posix_spawn(&pid, program, &actions, NULL, (char *const *)argv, environ);
	if (code)
		errx(NOT_MEASURED, "%s: %s", program, strerror(code));
	posix_spawn_file_actions_destroy(&actions);
	if (wait4(pid, &status, 0, &ru) < 0 || status)
		errx(NOT_MEASURED, "%s failed", program);
	timeradd(&ru.ru_utime, &ru.ru_stime, &ru.ru_utime);
	return (double)ru.ru_utime.tv_sec * 1e3 + (double)ru.ru_utime.tv_usec / 1e3;
}

static int compare(const void *a, const void *b)
{
	return num_compare(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Returns what a call of recorder_add() takes for the samples of the file, the median in ms. */
static double record(const struct snapshot *samples, size_t n, const char *path)
{
	const struct recorder_config config = { .path = path };
	uint64_t *took = xcalloc(PASSES * n, sizeof(*took));
	char *cache = xcalloc(CACHE_MIB, 1 << 20);
	size_t n_took = 0;
	double ms;

	for (unsigned int pass = 0; pass < PASSES; pass++) {
		struct recorder *r;

		if (recorder_open(&r, &config, &why) < 0)
			fail();
		for (size_t i = 1; i < n; i++) {
			uint64_t begin;

			memset(cache, (int)i, CACHE_MIB << 20);
			begin = clock_process_cpu_ns();
			if (recorder_add(r, &samples[i - 1], &samples[i], true) ||
			    recorder_failure(r))
				errx(NOT_MEASURED, "%s: a sample could not be recorded", path);
			/* The first call writes two samples, and has nothing to take over. */
			if (i > 1)
				took[n_took++] = clock_process_cpu_ns() - begin;
		}
		if (recorder_close(r, &why) < 0)
			fail();
	}
	unlink(path);
	qsort(took, n_took, sizeof(*took), compare);
	ms = (double)took[n_took / 2] / 1e6;
	free(cache);
	free(took);
	return ms;
}

int main(int argc, char **argv)
{
	struct recording *recording;
	struct snapshot *samples;
	double window_ms, add_ms, percent;
	char *copy;
	bool ok;
	size_t n;

	if (argc != 4)
		errx(NOT_MEASURED, "usage: recorder LISTENQ FILE PERCENT");
	if (asprintf(&copy, "%s.copy", argv[2]) < 0)
		err(NOT_MEASURED, "asprintf");
	window_ms = watch(argv[1], argv[2]);
	if (recording_open(&recording, argv[2], NULL, NULL, &why) < 0)
		fail();
	n = recording_count(recording);
	samples = xcalloc(n, sizeof(*samples));
	for (size_t i = 0; i < n; i++)
		if (recording_read(recording, i, &samples[i], &why) < 0)
			fail();
	recording_close(recording);
	unlink(argv[2]);
	add_ms = record(samples, n, copy);
	window_ms = window_ms / (double)(n - 1) - add_ms;
	percent = 100 * add_ms / window_ms;
	ok = percent <= strtod(argv[3], NULL);
	printf("%zu windows of %zu listeners, %.2f ms of CPU each\n"
	       "  %-34s %10.3f\n  %-34s %10.2f   goal <= %s%s\n",
	       n - 1, samples[n - 1].n_listeners, window_ms, "to record one, ms of CPU", add_ms,
	       "which adds, %", percent, argv[3], ok ? "" : "   MISSED");
	for (size_t i = 0; i < n; i++)
		snapshot_free(&samples[i]);
	free(samples);
	free(copy);
	return !ok;
}
