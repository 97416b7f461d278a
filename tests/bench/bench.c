// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench - what a report costs, beside the bare dump and beside ss
 *
 * usage: bench [-r ROUNDS] SET FLOOR [LISTENQ]
 *
 * SET is a row of set_table. Run it inside rig, which says in RIG what there is. FLOOR and LISTENQ
 * are paths; LISTENQ is taken from the environment if not given, and SS names another ss. Without
 * LISTENQ only the floor and ss are measured. Exit status: 0 all goals met, 1 a goal missed, 2 it
 * could not be measured.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2() */
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
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

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum program { FLOOR, SS, LISTENQ, PROGRAMS };

/* What one run took. */
struct cost {
	double cpu_ms; /* user and system */
	double wall_ms;
};

struct contest {
	enum program program;
	const char *command; /* as shown; its first word gives way to the path of the program */
	const char *mark; /* printed at least once for each listener; NULL: prints their number */
	/* Goals, where not 0. */
	double cpu; /* most it may cost, in units of the set's contest @ss */
	double wall; /* the same for the time that passes */
	double of_floor; /* CPU time in units of contest @floor; with @cpu the higher one counts */
	long faults; /* first touches of pages by each 20,000 listeners */
	long peak_mib;
	/* What the goals compare with: indexes into the set. */
	int floor, ss;
	unsigned int refreshes; /* one report of a run that repeats, the mean of so many */
	/* Results. */
	struct cost costs[MAX_ROUNDS], least;
	long least_faults, peak_kib;
};

/*
 * A page that is touched for the first time costs from 0.5 to 16 us, by the machine: memory is
 * time, and the number of faults does not depend on what else runs.
 */
static struct contest queue_contests[] = {
	{ .program = FLOOR, .command = "floor" },
	{ .program = SS, .command = "ss -Hltnm", .mark = "\n" },
	{ .program = SS, .command = "ss -Hltn", .mark = "\n" },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 -H",
	  .mark = "\n",
	  .cpu = 0.6,
	  .ss = 1,
	  .faults = 900 },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 --json",
	  .mark = "\"accept_queue\"",
	  .cpu = 1.8,
	  .ss = 1,
	  .faults = 1000 },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 -H -o local,length,limit",
	  .mark = "\n",
	  /* 0.46 at 20,000; at 100,000, where sorted rows no longer fit the cache, 0.51. */
	  .cpu = 0.5,
	  .of_floor = 2.5,
	  .ss = 2 },
};

/*
 * Where there are few listeners it is the start of the program that counts. A program that does
 * nothing but load the same libraries takes 0.25 of ss, a walk of the established hash, which ss
 * does not make, 0.1 to 0.2. In all it is 0.58 by CPU and 0.59 by time; before the view loaded
 * ncurses for itself both were 0.09 more.
 */
static struct contest few_contests[] = {
	{ .program = FLOOR, .command = "floor" },
	{ .program = SS, .command = "ss -Hltnm", .mark = "\n" },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 -H",
	  .mark = "\n",
	  .cpu = 0.65,
	  .wall = 0.65,
	  .ss = 1 },
};

/* The owners of listeners in processes that hold nothing else. */
static struct contest holder_contests[] = {
	{ .program = FLOOR, .command = "floor" },
	{ .program = SS, .command = "ss -Hltnp", .mark = "\n" },
	{ .program = FLOOR, .command = "floor -p" },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 -H -p",
	  .mark = "\n",
	  /* The bare scan alone is 0.17 to 0.26, and the ratio 0.28 to 0.36. */
	  .cpu = 0.35,
	  .of_floor = 1.6,
	  .ss = 1,
	  .floor = 2 },
};

/*
 * Where all descriptors are sockets ss is at its dearest. A refresh verifies at most 2000
 * descriptors a second; the rest is what the dump and 20,000 lines cost. The first report, which
 * scans, is not counted. Of the whole table most is not for the owners; its fast samples take 1 %
 * of a CPU.
 */
static struct contest owner_contests[] = {
	{ .program = FLOOR, .command = "floor" },
	{ .program = SS, .command = "ss -Hltnp", .mark = "\n" },
	{ .program = FLOOR, .command = "floor -p" },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 -H -p",
	  .mark = "\n",
	  .cpu = 0.25,
	  .ss = 1,
	  .floor = 2,
	  .of_floor = 1 },
	{ .program = LISTENQ,
	  .command = "listenq -d 0.5 -H -o local,length,process --count 7",
	  .mark = "\n",
	  .cpu = 0.01,
	  .ss = 1,
	  .refreshes = 4 },
	{ .program = LISTENQ,
	  .command = "listenq -d 0.5 -H -p --count 7",
	  .mark = "\n",
	  .ss = 1,
	  .refreshes = 4 },
};

/*
 * Of what is not a socket ss reads the link and is done, and so is listenq. Here the scan compares
 * with the bare one, which is the kernel's part.
 */
static struct contest scan_contests[] = {
	{ .program = FLOOR, .command = "floor" },
	{ .program = SS, .command = "ss -Hltnp", .mark = "\n" },
	{ .program = FLOOR, .command = "floor -p" },
	{ .program = LISTENQ,
	  .command = "listenq -d 0 -H -p",
	  .mark = "\n",
	  .ss = 1,
	  .floor = 2,
	  .of_floor = 1.4 },
};

/* Two samples, the looks between them, and all owners. */
static struct contest window_contests[] = {
	{ .program = FLOOR, .command = "floor" },
	{ .program = LISTENQ,
	  .command = "listenq -d 1 --json -p",
	  .mark = "\"accept_queue\"",
	  .peak_mib = 80 },
	{ .program = LISTENQ, .command = "listenq -d 1 -H -p", .mark = "\n", .peak_mib = 80 },
};

static const struct set {
	const char *name;
	struct contest *contests;
	size_t n;
} set_table[] = {
	{ "queues", queue_contests, ARRAY_SIZE(queue_contests) },
	{ "few", few_contests, ARRAY_SIZE(few_contests) },
	{ "holders", holder_contests, ARRAY_SIZE(holder_contests) },
	{ "owners", owner_contests, ARRAY_SIZE(owner_contests) },
	{ "scan", scan_contests, ARRAY_SIZE(scan_contests) },
	{ "window", window_contests, ARRAY_SIZE(window_contests) },
};

extern char **environ;

/* The parent's memory is not copied: no fault of the command's is by this program. */
static pid_t start(const struct contest *c, const char *path, int out)
{
	char words[128], *argv[MAX_ARGS + 1] = { NULL };
	posix_spawn_file_actions_t actions;
	int n = 0, code;
	pid_t pid;

	snprintf(words, sizeof(words), "%s", c->command);
	for (char *w = strtok(words, " "); w && n < MAX_ARGS; w = strtok(NULL, " "))
		argv[n++] = w;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	code = posix_spawnp(&pid, path, &actions, NULL, argv, environ);
	if (code)
		errx(NOT_MEASURED, "%s: %s", path, strerror(code));
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/*
 * Runs @c once with its output on @out. The kernel splits user from system time by ticks, but their
 * sum is the scheduler's own account, exact to the microsecond.
 */
static struct cost run(struct contest *c, const char *path, int out)
{
	double begin = now_ms();
	pid_t pid = start(c, path, out);
	struct rusage ru;
	struct cost cost;
	int status;

	while (wait4(pid, &status, 0, &ru) < 0)
		if (errno != EINTR)
			err(NOT_MEASURED, "wait4");
	cost.wall_ms = now_ms() - begin;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(NOT_MEASURED, "%s failed", c->command);

	/* The peak outlives exec: it is never below that of this small program. */
	if (ru.ru_maxrss > c->peak_kib)
		c->peak_kib = ru.ru_maxrss;
	if (!c->least_faults || ru.ru_minflt < c->least_faults)
		c->least_faults = ru.ru_minflt;
	timeradd(&ru.ru_utime, &ru.ru_stime, &ru.ru_utime);
	cost.cpu_ms = (double)ru.ru_utime.tv_sec * 1e3 + (double)ru.ru_utime.tv_usec / 1e3;
	return cost;
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

/* What one report costs. Not the first two, nor the last, which may have ended the program. */
static struct cost refresh(struct contest *c, const char *path, unsigned long listeners)
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
	return (struct cost){ .cpu_ms = (end - begin) / c->refreshes };
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

/*
 * How much of @base's CPU time, or time, @c took: the median of the rounds' ratios. What slows the
 * machine for a while slows both commands of a round, and the ratios vary by 2 % where the least
 * times of two commands vary by 10.
 */
static double ratio(const struct contest *c, const struct contest *base, int rounds, bool wall)
{
	double ratios[MAX_ROUNDS];

	for (int i = 0; i < rounds; i++) {
		const struct cost *part = &c->costs[i], *whole = &base->costs[i];

		ratios[i] = wall ? part->wall_ms / whole->wall_ms : part->cpu_ms / whole->cpu_ms;
	}
	qsort(ratios, (size_t)rounds, sizeof(double), by_value);
	return median(ratios, rounds);
}

/* Returns whether it was met. */
static bool goal(const struct contest *c, const char *what, double value, double most)
{
	bool met = value <= most;
	int digits = most < 10 ? 3 : 0;

	printf("%-52s %-22s %8.*f  goal %5.*f  %s\n", c->command, what, digits, value, digits, most,
	       met ? "met" : "MISSED");
	return met;
}

static bool check(const struct set *set, const struct contest *c, int rounds,
		  unsigned long listeners)
{
	const struct contest *ss = &set->contests[c->ss], *floor = &set->contests[c->floor];
	char what[64];
	bool met = true;

	if (c->of_floor > 0 && c->of_floor * ratio(floor, ss, rounds, false) > c->cpu) {
		snprintf(what, sizeof(what), "CPU of '%s'", floor->command);
		met &= goal(c, what, ratio(c, floor, rounds, false), c->of_floor);
	} else if (c->cpu > 0) {
		snprintf(what, sizeof(what), "CPU of '%s'", ss->command);
		met &= goal(c, what, ratio(c, ss, rounds, false), c->cpu);
	}
	snprintf(what, sizeof(what), "time of '%s'", ss->command);
	if (c->wall > 0)
		met &= goal(c, what, ratio(c, ss, rounds, true), c->wall);
	if (c->faults)
		met &= goal(c, "faults", (double)c->least_faults,
			    (double)c->faults * (double)listeners / 20000);
	if (c->peak_mib)
		met &= goal(c, "peak in MiB", (double)c->peak_kib / 1024, (double)c->peak_mib);
	return met;
}

static void sum_up(struct contest *c, int rounds, double *median_ms)
{
	double cpu[MAX_ROUNDS], wall[MAX_ROUNDS];

	for (int i = 0; i < rounds; i++) {
		cpu[i] = c->costs[i].cpu_ms;
		wall[i] = c->costs[i].wall_ms;
	}
	qsort(cpu, (size_t)rounds, sizeof(double), by_value);
	qsort(wall, (size_t)rounds, sizeof(double), by_value);
	c->least = (struct cost){ .cpu_ms = cpu[0], .wall_ms = wall[0] };
	*median_ms = median(cpu, rounds);
}

/* Returns whether all goals were met. */
static bool print(const struct set *set, const char *const *path, int rounds,
		  unsigned long listeners)
{
	bool met = true;

	if (getenv("RIG"))
		printf("Held: %s\n", getenv("RIG"));
	printf("%s: %lu listeners, %d rounds, CPU time (user and system) in ms\n\n", set->name,
	       listeners, rounds);
	printf("%-52s %8s %8s %8s %9s %7s %7s %9s\n", "COMMAND", "MEDIAN", "LEAST", "TIME",
	       "OF FLOOR", "OF SS", "FAULTS", "PEAK KiB");
	for (size_t i = 0; i < set->n; i++) {
		struct contest *c = &set->contests[i];
		const struct contest *ss = &set->contests[c->ss];
		double median_ms;

		if (!path[c->program])
			continue;
		sum_up(c, rounds, &median_ms);
		printf("%-52s %8.2f %8.2f %8.2f %9.2f ", c->command, median_ms, c->least.cpu_ms,
		       c->least.wall_ms, ratio(c, &set->contests[c->floor], rounds, false));
		printf(ss->program == SS ? "%7.3f" : "      -", ratio(c, ss, rounds, false));
		printf(" %7ld %9ld\n", c->least_faults, c->peak_kib);
	}
	putchar('\n');
	if (!path[LISTENQ])
		puts("No listenq was given: no goal was checked");
	for (size_t i = 0; i < set->n && path[LISTENQ]; i++)
		met &= check(set, &set->contests[i], rounds, listeners);
	putchar('\n');
	return met;
}

static const struct set *find_set(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(set_table); i++)
		if (!strcmp(set_table[i].name, name))
			return &set_table[i];
	errx(NOT_MEASURED, "no such set: %s", name);
}

int main(int argc, char **argv)
{
	const char *path[PROGRAMS] = { [SS] = "ss", [LISTENQ] = getenv("LISTENQ") };
	const struct set *set;
	unsigned long listeners;
	int rounds = 11, devnull, opt;
	bool all_met;

	while ((opt = getopt(argc, argv, "r:")) != -1)
		if (opt != 'r' || (rounds = atoi(optarg)) < 1 || rounds > MAX_ROUNDS)
			optind = argc;
	if (argc - optind < 2 || argc - optind > 3)
		errx(NOT_MEASURED, "usage: bench [-r ROUNDS] SET FLOOR [LISTENQ]");
	set = find_set(argv[optind]);
	path[FLOOR] = argv[optind + 1];
	if (getenv("SS"))
		path[SS] = getenv("SS");
	if (argv[optind + 2])
		path[LISTENQ] = argv[optind + 2];

	devnull = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (devnull < 0)
		err(NOT_MEASURED, "/dev/null");
	listeners = verify(&set->contests[0], path[FLOOR], 0);
	for (size_t i = 1; i < set->n; i++)
		if (path[set->contests[i].program] && set->contests[i].mark)
			verify(&set->contests[i], path[set->contests[i].program], listeners);

	/* Interleaved, so that a slow minute of the machine hits them all. */
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < set->n; i++) {
			struct contest *c = &set->contests[i];
			const char *program = path[c->program];

			if (program)
				c->costs[round] = c->refreshes ? refresh(c, program, listeners) :
								 run(c, program, devnull);
		}

	all_met = print(set, path, rounds, listeners);
	if (fflush(stdout) || ferror(stdout))
		err(NOT_MEASURED, "output");
	return all_met ? 0 : 1;
}
