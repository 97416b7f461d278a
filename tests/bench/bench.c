// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench - what a report costs, beside the bare dump and beside ss
 *
 * usage: bench [-p | -s] [-r ROUNDS] FLOOR [LISTENQ]
 *
 * With -p the owners are what costs: of each listener, and in views that
 * repeat.  With -s it is only the scan for them, and there is no goal: what
 * else the processes hold decides what it costs ss.
 *
 * Run it inside rig, which says in RIG what there is.  FLOOR and LISTENQ are paths; LISTENQ is
 * taken from the environment if not given, and SS names another ss.  Without LISTENQ only the floor
 * and ss are measured. Exit status: 0 all goals met, 1 a goal missed, 2 it could not be measured.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2() */
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS   999
#define MAX_ARGS     12
#define NOT_MEASURED 2

struct contest {
	const char *command; /* as shown; its first word gives way to the path */
	const char *mark; /* printed at least once for each listener */
	double goal; /* most it may cost, in units of ss; 0 = none set */
	double of_floor; /* or in units of its floor, where that alone eats up the goal */
	int floor; /* which contest that is; begins with 0, the bare dump */
	unsigned int
		refreshes; /* measured is one report of a run that repeats, the mean of so many */
	double ms[MAX_ROUNDS];
	long peak_kib;
};

/* Both sets begin with these two. */
enum { FLOOR, SS, TABLE, JSON, COLUMNS, CONTESTS };
enum { SCAN = TABLE, OWNERS, SCAN_CONTESTS, REFRESH = SCAN_CONTESTS, FULL_REFRESH, OWNER_CONTESTS };

/*
 * The kernel's part, which nobody can save, varies with the machine from 0.15 to more than a third
 * of ss. What is left of the table is mostly first touches of memory, which cost from 0.5 to 16 us
 * a page: measured were 0.57 to 0.66 of ss where the bare dump is 0.15 to 0.2, and 2.1 to 2.6 for
 * JSON. Where the dump is dearer the table is held to a multiple of it.
 */
static struct contest queue_contests[CONTESTS] = {
	[FLOOR] = { .command = "floor" },
	[SS] = { .command = "ss -Hltnm", .mark = "\n" },
	[TABLE] = { .command = "listenq -d 0 -H", .mark = "\n", .goal = 0.75, .of_floor = 2.5 },
	[JSON] = { .command = "listenq -d 0 --json", .mark = "\"accept_queue\"", .goal = 3.0 },
	[COLUMNS] = { .command = "listenq -d 0 -o address,length", .mark = "\n" },
};

/*
 * Where all descriptors are sockets ss is at its dearest. Of what is no socket it reads the link
 * and is done, and so are we: there the scan compares with the bare one, which is the kernel's
 * part. A refresh verifies at most 2000 descriptors a second; the rest is what the dump and 20,000
 * lines cost. The first report, which scans, is not counted.
 */
static struct contest owner_contests[OWNER_CONTESTS] = {
	[FLOOR] = { .command = "floor" },
	[SS] = { .command = "ss -Hltnp", .mark = "\n" },
	[SCAN] = { .command = "floor -p" },
	[OWNERS] = { .command = "listenq -d 0 -H -p",
		     .mark = "\n",
		     .goal = 1.0 / 4,
		     .floor = SCAN },
	[REFRESH] = { .command = "listenq -d 0.5 -H -o local,length,process --count 7",
		      .mark = "\n",
		      .goal = 1.0 / 100,
		      .refreshes = 4 },
	/* Of the whole table most is not for the owners; its fast samples take 1 % of a CPU. */
	[FULL_REFRESH] = { .command = "listenq -d 0.5 -H -p --count 7",
			   .mark = "\n",
			   .refreshes = 4 },
};

/* A streamed document needs no more memory than the table. */
static const double json_memory_goal = 1.2;

static pid_t start(const struct contest *c, const char *path, int out)
{
	char words[128], *argv[MAX_ARGS + 1] = { NULL };
	int n = 0;
	pid_t pid;

	snprintf(words, sizeof(words), "%s", c->command);
	for (char *w = strtok(words, " "); w && n < MAX_ARGS; w = strtok(NULL, " "))
		argv[n++] = w;

	pid = fork();
	if (pid < 0)
		err(NOT_MEASURED, "fork");
	if (!pid) {
		dup2(out, STDOUT_FILENO);
		execvp(path, argv);
		err(127, "%s", path);
	}
	return pid;
}

/*
 * Runs @c once with its output on @out and returns its CPU time in ms.  The
 * kernel splits user from system time by ticks, but their sum is the
 * scheduler's own account, exact to the microsecond.
 */
static double run(struct contest *c, const char *path, int out)
{
	pid_t pid = start(c, path, out);
	struct rusage ru;
	int status;

	while (wait4(pid, &status, 0, &ru) < 0)
		if (errno != EINTR)
			err(NOT_MEASURED, "wait4");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(NOT_MEASURED, "%s failed", c->command);

	/* The peak outlives exec: it is never below that of this small program. */
	if (ru.ru_maxrss > c->peak_kib)
		c->peak_kib = ru.ru_maxrss;
	timeradd(&ru.ru_utime, &ru.ru_stime, &ru.ru_utime);
	return (double)ru.ru_utime.tv_sec * 1e3 + (double)ru.ru_utime.tv_usec / 1e3;
}

static double cpu_ms(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t) < 0)
		errx(NOT_MEASURED, "no CPU time of a process");
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void read_lines(FILE *f, unsigned long n)
{
	int ch;

	while (n && (ch = getc(f)) != EOF)
		n -= ch == '\n';
	if (n)
		errx(NOT_MEASURED, "a report is too short");
}

/* CPU time in ms of one report but the first two, and the last, which may have ended the program.
 */
static double refresh(struct contest *c, const char *path, unsigned long listeners)
{
	double begin, end;
	int ends[2], status;
	pid_t pid;
	FILE *f;

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(NOT_MEASURED, "pipe");
	pid = start(c, path, ends[1]);
	close(ends[1]);
	f = fdopen(ends[0], "r");
	if (!f)
		err(NOT_MEASURED, "pipe");
	read_lines(f, 2 * listeners);
	begin = cpu_ms(pid);
	read_lines(f, c->refreshes * listeners);
	end = cpu_ms(pid);
	read_lines(f, listeners);
	fclose(f);
	if (waitpid(pid, &status, 0) < 0 || status)
		errx(NOT_MEASURED, "%s failed", c->command);
	return (end - begin) / c->refreshes;
}

/*
 * A fast answer that is not the whole answer wins nothing: each command is
 * first run where its output can be counted.  Returns the listeners the floor
 * saw; the others must show as many.
 */
static unsigned long verify(struct contest *c, const char *path, unsigned long listeners)
{
	unsigned long found = 0;
	size_t at = 0;
	FILE *f = tmpfile();
	int ch;

	if (!f)
		err(NOT_MEASURED, "temporary file");
	run(c, path, fileno(f));
	rewind(f);
	if (!c->mark) {
		if (fscanf(f, "%lu", &found) != 1 || !found)
			errx(NOT_MEASURED, "%s saw no listeners: run it inside rig", c->command);
	} else {
		while ((ch = getc(f)) != EOF) {
			/* Right for marks whose first byte does not come again before the last. */
			at = ch == c->mark[at] ? at + 1 : ch == c->mark[0];
			if (!c->mark[at]) {
				found++;
				at = 0;
			}
		}
		if (found < listeners)
			errx(NOT_MEASURED, "%s does not show every listener", c->command);
	}
	fclose(f);
	return found;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *sorted, int n)
{
	return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static const char *verdict(bool met)
{
	return met ? "met" : "MISSED";
}

int main(int argc, char **argv)
{
	const char *path[OWNER_CONTESTS] = { NULL };
	struct contest *contests = queue_contests;
	unsigned long listeners;
	int rounds = 11, n = CONTESTS, devnull, opt;
	bool all_met = true;
	double ss;

	while ((opt = getopt(argc, argv, "psr:")) != -1)
		if (opt == 'p' || opt == 's') {
			contests = owner_contests;
			n = opt == 'p' ? OWNER_CONTESTS : SCAN_CONTESTS;
		} else if (opt != 'r' || (rounds = atoi(optarg)) < 1 || rounds > MAX_ROUNDS) {
			optind = argc;
		}
	if (optind >= argc || argc - optind > 2)
		errx(NOT_MEASURED, "usage: bench [-p | -s] [-r ROUNDS] FLOOR [LISTENQ]");
	path[FLOOR] = argv[optind];
	path[SS] = getenv("SS");
	if (!path[SS])
		path[SS] = "ss";
	for (int i = TABLE; i < n; i++)
		path[i] = !contests[i].mark ? path[FLOOR] :
			  argv[optind + 1]  ? argv[optind + 1] :
					      getenv("LISTENQ");

	devnull = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (devnull < 0)
		err(NOT_MEASURED, "/dev/null");
	listeners = verify(&contests[FLOOR], path[FLOOR], 0);
	for (int i = SS; i < n; i++)
		if (path[i])
			verify(&contests[i], path[i], listeners);

	/* Interleaved, so that a slow minute of the machine hits them all. */
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			if (path[i])
				contests[i].ms[round] =
					contests[i].refreshes ?
						refresh(&contests[i], path[i], listeners) :
						run(&contests[i], path[i], devnull);

	for (int i = 0; i < n; i++)
		qsort(contests[i].ms, (size_t)rounds, sizeof(double), by_value);
	/* The least of the rounds is what a command costs: other work only adds to it. */
	ss = contests[SS].ms[0];

	if (getenv("RIG"))
		printf("Held: %s\n", getenv("RIG"));
	printf("%lu listeners, %d rounds, CPU time (user and system) in ms\n\n", listeners, rounds);
	printf("%-52s %8s %8s %8s %9s %7s  %-12s %9s\n", "COMMAND", "MEDIAN", "MIN", "MAX",
	       "OF FLOOR", "OF SS", "GOAL", "PEAK KiB");
	for (int i = 0; i < n; i++) {
		struct contest *c = &contests[i];
		double ms = c->ms[0], base = contests[c->floor].ms[0];
		char goal[32] = "-";

		if (!path[i])
			continue;
		if (c->goal > 0 && n != SCAN_CONTESTS) {
			double most = c->goal * ss;

			if (c->of_floor * base > most)
				most = c->of_floor * base;
			snprintf(goal, sizeof(goal), "%.3f %s", most / ss, verdict(ms <= most));
			all_met &= ms <= most;
		}
		printf("%-52s %8.2f %8.2f %8.2f %9.2f %7.3f  %-12s %9ld\n", c->command,
		       median(c->ms, rounds), ms, c->ms[rounds - 1], ms / base, ms / ss, goal,
		       c->peak_kib);
	}
	if (contests == owner_contests) {
		puts(n == SCAN_CONTESTS ?
			     "" :
			     "\nOf a run that repeats it is one report, the first left "
			     "out\n");
	} else if (path[JSON]) {
		double ratio = (double)contests[JSON].peak_kib / (double)contests[TABLE].peak_kib;

		printf("\nPeak memory of JSON: %.2f of the table's, goal %.2f %s\n", ratio,
		       json_memory_goal, verdict(ratio <= json_memory_goal));
		all_met &= ratio <= json_memory_goal;
	} else {
		printf("\nNo listenq was given: no goal was checked\n");
	}
	if (fflush(stdout) || ferror(stdout))
		err(NOT_MEASURED, "output");
	return all_met ? 0 : 1;
}
