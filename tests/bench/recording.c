// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recording - what reading a long recording costs
 *
 * usage: recording FROM SAMPLES MIB
 *
 * Makes a recording of the last sample of FROM, with numbers that change from second to second: so
 * many samples, but MIB at most. Then measures the pass that makes the index, the memory that it
 * leaves, and jumps: find a time, read the two samples of its window, build its report. FROM.day
 * has the file while this runs. Exit status: 0 all goals met, 1 a goal missed, 2 it could not be
 * measured.
 */
#include "analyse/fold.h"
#include "base/clock.h"
#include "replay/recording.h"
#include "replay/sample_line.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Goals. */
#define INDEX_GB_S     0.5 /* of a file that the page cache has */
#define JUMP_MS	       100.0
#define ENTRY_BYTES    128 /* of memory for each sample, while the index grows */
#define MEMORY_MIB     24 /* of memory beside that */
#define JUMPS	       200
#define NOT_MEASURED   2
#define LISTENER_STEPS 7

static struct error why;

static void __attribute__((noreturn)) fail(void)
{
	errx(NOT_MEASURED, "%s", why.text);
}

static void read_last(const char *path, struct snapshot *s, struct header_line *h)
{
	struct recording *r;

	if (recording_open(&r, path, NULL, NULL, &why) < 0)
		fail();
	if (!recording_count(r))
		errx(NOT_MEASURED, "%s has no sample", path);
	if (recording_read(r, recording_count(r) - 1, s, &why) < 0)
		fail();
	*h = *recording_header(r, recording_entry(r, recording_count(r) - 1)->run);
	h->namespaces = (struct strbuf){ 0 };
	recording_close(r);
}

/* One second later. */
static void change(struct snapshot *s)
{
	s->wall.tv_sec++;
	s->previous_ns = s->monotonic_ns;
	s->monotonic_ns += NSEC_PER_SEC;
	for (size_t i = 0; i < s->n_netns; i++) {
		struct netns *ns = &s->netns[i];

		for (unsigned int j = 0; j < COUNTER_N; j++) {
			ns->before.value[j] += j;
			ns->after.value[j] += j;
		}
		ns->dump_begin_ns += ns->dump_begin_ns ? NSEC_PER_SEC : 0;
		ns->dump_end_ns += ns->dump_end_ns ? NSEC_PER_SEC : 0;
		ns->syn_recv_ns += ns->syn_recv_ns ? NSEC_PER_SEC : 0;
		ns->waiting_ns += ns->waiting_ns ? NSEC_PER_SEC : 0;
	}
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];

		l->length = (l->length + (uint32_t)i + 1) % (l->limit + 1);
		if (!listener_is_unix(l))
			l->drops += i % LISTENER_STEPS == 0;
		l->peak.length = l->length;
	}
}

static uint64_t write_day(const char *path, struct snapshot *s, const struct header_line *h,
			  unsigned long samples, uint64_t size_max)
{
	struct strbuf line = { 0 };
	FILE *file = fopen(path, "w");
	uint64_t size = 0;

	if (!file)
		err(NOT_MEASURED, "%s", path);
	header_line_add(&line, h);
	for (unsigned long i = 0; i < samples && size + line.len < size_max; i++) {
		change(s);
		sample_line_add(&line, s);
		size += line.len;
		fwrite(line.s, 1, line.len, file);
		line.len = 0;
	}
	if (fclose(file))
		err(NOT_MEASURED, "%s", path);
	strbuf_free(&line);
	return size;
}

static long peak_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmHWM: %ld kB", &kib);
	if (file)
		fclose(file);
	return kib;
}

static double jump_ms(struct recording *r, int64_t wall_ns, struct snapshot s[2],
		      struct report *report)
{
	const uint64_t begin = clock_process_cpu_ns();
	size_t i = 1;

	while (i + 1 < recording_count(r) && recording_entry(r, i)->wall_ns < wall_ns)
		i++;
	if (recording_read(r, i - 1, &s[0], &why) < 0 || recording_read(r, i, &s[1], &why) < 0)
		fail();
	fold_build(report, &s[0], &s[1], false);
	return (double)(clock_process_cpu_ns() - begin) / 1e6;
}

static int missed(const char *what, double is, double goal, bool most)
{
	const bool ok = most ? is <= goal : is >= goal;

	printf("  %-34s %10.2f   goal %s %g%s\n", what, is, most ? "<=" : ">=", goal,
	       ok ? "" : "   MISSED");
	return !ok;
}

/* In a process of its own, whose memory is that of reading alone. */
static int measure(const char *path, uint64_t size)
{
	const long before_kib = peak_kib();
	const uint64_t begin = clock_monotonic_ns();
	struct snapshot s[2] = { 0 };
	struct report report = { 0 };
	struct recording *r;
	double seconds, most = 0;
	int status = 0;
	size_t n;
	long kib;

	if (recording_open(&r, path, NULL, NULL, &why) < 0)
		fail();
	seconds = (double)(clock_monotonic_ns() - begin) / 1e9;
	n = recording_count(r);
	kib = peak_kib() - before_kib;
	for (size_t j = 0; j < JUMPS; j++) {
		/* A prime: all over the file, each time to another place. */
		const size_t i = j * 7919 % n;
		const double ms = jump_ms(r, recording_entry(r, i)->wall_ns, s, &report);

		most = ms > most ? ms : most;
	}
	printf("%zu samples of %zu listeners, %.0f MB, indexed in %.3f s\n", n, s[1].n_listeners,
	       (double)size / 1e6, seconds);
	status |= missed("index, GB/s", (double)size / 1e9 / seconds, INDEX_GB_S, false);
	status |= missed("memory for it, MiB", (double)kib / 1024,
			 MEMORY_MIB + (double)n * ENTRY_BYTES / (1 << 20), true);
	status |= missed("longest of 200 jumps, ms of CPU", most, JUMP_MS, true);
	report_free(&report);
	snapshot_free(&s[0]);
	snapshot_free(&s[1]);
	recording_close(r);
	return status;
}

int main(int argc, char **argv)
{
	struct snapshot s = { 0 };
	struct header_line h;
	uint64_t size;
	char *path;
	pid_t child;
	int status;

	if (argc != 4)
		errx(NOT_MEASURED, "usage: recording FROM SAMPLES MIB");
	if (asprintf(&path, "%s.day", argv[1]) < 0)
		err(NOT_MEASURED, "asprintf");
	read_last(argv[1], &s, &h);
	size = write_day(path, &s, &h, strtoul(argv[2], NULL, 10),
			 strtoull(argv[3], NULL, 10) << 20);
	snapshot_free(&s);
	child = fork();
	if (child < 0)
		err(NOT_MEASURED, "fork");
	if (!child) {
		status = measure(path, size);
		exit(fflush(stdout) ? NOT_MEASURED : status);
	}
	waitpid(child, &status, 0);
	unlink(path);
	free(path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_MEASURED;
}
