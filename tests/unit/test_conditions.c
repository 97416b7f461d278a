/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/conditions.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree that looks like /proc and /sys/fs/cgroup, with one listener whose queue is not empty. */
static char *tree;
static struct conditions c;
static struct snapshot s;
static uint64_t now;

static const char *const v2_only =
	"23 28 0:21 / /proc rw - proc proc rw\n"
	"31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char *const hybrid =
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	"33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
	"37 31 0:34 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

static void write_process(uint32_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/%s", pid, file);
	unit_write_text(tree, path, text);
}

static void throttle(const char *dir, unsigned int times)
{
	char path[256], text[128];

	snprintf(path, sizeof(path), "sys/fs/cgroup%s/cpu.stat", dir);
	snprintf(text, sizeof(text),
		 "usage_usec 5\nuser_usec 3\nnr_periods 9\nnr_throttled %u\nthrottled_usec 7\n",
		 times);
	unit_write_text(tree, path, text);
}

/* An owner of the listener. */
static void add_owner(uint32_t pid)
{
	struct listener *l = &s.listeners[0];

	snapshot_size_owners(&s, s.n_owners + 1, s.n_processes + 1);
	s.processes[s.n_processes - 1] = (struct process){ .pid = pid };
	s.owners[s.n_owners - 1] = (struct owner){ (uint32_t)s.n_processes - 1, 3 };
	l->n_owners++;
	l->known |= LISTENER_OWNERS;
}

static int setup(void **state)
{
	memset(&c, 0, sizeof(c));
	memset(&s, 0, sizeof(s));
	tree = unit_make_tree();
	c.root = open(tree, O_PATH | O_DIRECTORY);
	unit_write_text(tree, "proc/self/mountinfo", v2_only);
	now = 5 * NSEC_PER_SEC;
	snapshot_add_netns(&s);
	snapshot_add_listener(&s, 0, 1)->limit = 9;
	s.listeners[0].length = 1;
	add_owner(7);
	write_process(7, "cgroup", "0::/system.slice/a.service\n");
	throttle("/system.slice/a.service", 3);
	throttle("/system.slice", 0);
	unit_write_text(tree, "sys/fs/cgroup/cpu.stat", "usage_usec 5\n");
	return 0;
}

static int teardown(void **state)
{
	close(c.root);
	conditions_free(&c);
	snapshot_free(&s);
	unit_remove_tree(tree);
	return 0;
}

/* The next sample, in which all is read anew; returns the first owner. */
static const struct process *sample(void)
{
	string_pool_put(s.strings); /* as after very many samples */
	s.strings = NULL;
	for (size_t i = 0; i < s.n_processes; i++)
		s.processes[i] = (struct process){ .pid = s.processes[i].pid };
	conditions_begin(&c, snapshot_strings(&s));
	conditions_collect(&c, &s, true);
	now += NSEC_PER_SEC;
	return &s.processes[0];
}

static void open_window(void)
{
	conditions_begin(&c, snapshot_strings(&s));
	conditions_collect(&c, &s, false);
	now += NSEC_PER_SEC;
}

/* The letter of a state, or '-'. */
static void assert_state(const char *stat, char expected)
{
	const struct process *p;

	write_process(7, "stat", stat);
	p = sample();
	assert_int_equal(p->known & PROCESS_STATE ? p->state : '-', expected);
}

static void test_state(void **state)
{
	assert_int_equal(sample()->known & PROCESS_STATE, 0);
	assert_state("7 (nginx) S 1 7 7 0 -1 4194560 1\n", 'S');
	assert_state("7 (nginx) T 1 7 7 0 -1 4194560 1\n", 'T');
	assert_state("7 (a) t 1\n", 't');
	assert_state("7 (a) S (b) T 1 ) Z 1) D 2\n", 'D');
	assert_state("7 (a\nb) R 2\n", 'R');
	assert_state("7 (nginx) ", '-');
	assert_state("7 (nginx)", '-');
	assert_state("7 nginx T", '-');
	assert_state("", '-');
}

static void assert_limit(const char *limits, int64_t expected)
{
	const struct process *p;

	write_process(7, "limits", limits);
	p = sample();
	assert_int_equal(p->known & PROCESS_FD_LIMIT ? (int64_t)p->fd_limit : -1, expected);
}

#define LIMITS_HEAD                                                                        \
	"Limit                     Soft Limit           Hard Limit           Units     \n" \
	"Max cpu time              unlimited            unlimited            seconds   \n"

static void test_limit(void **state)
{
	assert_int_equal(sample()->known & PROCESS_FD_LIMIT, 0);
	assert_limit(LIMITS_HEAD
		     "Max open files            1024                 4096                 "
		     "files     \nMax locked memory         8388608  8388608  bytes\n",
		     1024);
	assert_limit("Max open files            0                    0  files\n", 0);
	assert_limit("Max open files            unlimited            unlimited  files\n", -1);
	assert_limit("Max open files            4294967295           4294967295  files\n",
		     UINT32_MAX);
	assert_limit("Max open files            4294967296           4294967296  files\n", -1);
	assert_limit("Max open files            12x                  4  files\n", -1);
	assert_limit("Max open files            ", -1);
	assert_limit(LIMITS_HEAD, -1);
	assert_limit("", -1);
}

/* The kernel's own: this process with a descriptor more. */
static void test_open_fds(void **state)
{
	const struct process *p;
	uint32_t before;
	struct stat st;
	int fd;

	assert_int_equal(stat("/proc/self/fd", &st), 0);
	if (!st.st_size) {
		print_message("this kernel does not count descriptors\n");
		skip();
	}
	close(c.root);
	c.root = open("/", O_PATH | O_DIRECTORY);
	s.processes[0].pid = (uint32_t)getpid();
	p = sample();
	assert_int_equal(p->known & PROCESS_OPEN_FDS, PROCESS_OPEN_FDS);
	assert_true(p->known & PROCESS_FD_LIMIT);
	assert_int_equal(p->state, 'R');
	before = p->open_fds;
	fd = dup(c.root);
	assert_int_equal(sample()->open_fds, before + 1);
	close(fd);
	assert_int_equal(sample()->open_fds, before);
	/* One that is gone. */
	s.processes[0].pid = 4194304 + 1;
	assert_int_equal(sample()->known, 0);
}

static void assert_throttled(const char *quota)
{
	const struct process *p = sample();

	assert_int_equal(p->known & PROCESS_THROTTLED, PROCESS_THROTTLED);
	assert_int_equal(p->throttled, quota != NULL);
	if (quota)
		assert_string_equal(p->quota, quota);
	else
		assert_null(p->quota);
}

static void assert_throttled_unknown(void)
{
	const struct process *p = sample();

	assert_int_equal(p->known & PROCESS_THROTTLED, 0);
	assert_false(p->throttled);
}

/* A limit may stand on the cgroup itself or on any above. */
static void test_throttled(void **state)
{
	open_window();
	assert_throttled(NULL);
	throttle("/system.slice/a.service", 4);
	assert_throttled("/sys/fs/cgroup/system.slice/a.service/cpu.max");
	assert_throttled(NULL); /* not in this window */
	throttle("/system.slice", 1);
	assert_throttled("/sys/fs/cgroup/system.slice/cpu.max");
	assert_string_equal(s.processes[0].unit, "a.service");
	assert_string_equal(s.processes[0].cgroup, "/system.slice/a.service");
	/* The controller came to it: since when it was throttled nobody knows. */
	throttle("/system.slice/a.service/b", 2);
	write_process(7, "cgroup", "0::/system.slice/a.service/b\n");
	assert_throttled_unknown();
	assert_throttled(NULL);
	unit_write_text(tree, "sys/fs/cgroup/new/cpu.stat", "usage_usec 5\n");
	write_process(7, "cgroup", "0::/new\n");
	assert_throttled_unknown();
	assert_throttled(NULL);
	throttle("/new", 5);
	assert_throttled_unknown();
	throttle("/new", 6);
	assert_throttled("/sys/fs/cgroup/new/cpu.max");
	write_process(7, "cgroup", "0::/\n");
	assert_throttled(NULL);
}

/* Without a reading at the opening sample of this window nothing is known. */
static void test_throttled_without_window(void **state)
{
	assert_throttled_unknown();
	throttle("/system.slice/a.service", 9);
	s.listeners[0].length = 0; /* it has none to compare with then */
	assert_int_equal(sample()->known, 0);
	s.listeners[0].length = 1;
	assert_throttled_unknown();
	assert_throttled(NULL);
}

/* What is in cgroup v1 on hosts that have both. */
static void test_hybrid(void **state)
{
	unit_write_text(tree, "proc/self/mountinfo", hybrid);
	write_process(7, "cgroup",
		      "9:freezer:/pod\n5:cpuset:/\n4:cpu,cpuacct:/user/x\n0::/user.slice\n");
	throttle("/cpu,cpuacct/user/x", 1);
	throttle("/cpu,cpuacct/user", 1);
	throttle("/cpu,cpuacct", 0);
	unit_write_text(tree, "sys/fs/cgroup/freezer/pod/freezer.state", "THAWED\n");
	open_window();
	throttle("/cpu,cpuacct/user", 2);
	assert_throttled("/sys/fs/cgroup/cpu,cpuacct/user/cpu.cfs_quota_us");
	assert_true(s.processes[0].known & PROCESS_FROZEN);
	assert_false(s.processes[0].frozen);
	unit_write_text(tree, "sys/fs/cgroup/freezer/pod/freezer.state", "FROZEN\n");
	unit_write_text(tree, "sys/fs/cgroup/freezer/pod/freezer.self_freezing", "1\n");
	assert_throttled(NULL);
	assert_true(s.processes[0].frozen);
	assert_string_equal(s.processes[0].freezer, "/sys/fs/cgroup/freezer/pod/freezer.state");
	/* A controller whose hierarchy is mounted nowhere. */
	write_process(7, "cgroup", "4:cpu,cpuacct:/user/x\n3:net_cls,freezer:/\n0::/user.slice\n");
	conditions_free(&c);
	unit_write_text(tree, "proc/self/mountinfo", v2_only);
	open_window();
	assert_throttled_unknown();
	assert_int_equal(s.processes[0].known & PROCESS_FROZEN, 0);
}

static const struct process *frozen(const char *events)
{
	unit_write_text(tree, "sys/fs/cgroup/system.slice/a.service/cgroup.events", events);
	return sample();
}

static void test_frozen(void **state)
{
	const struct process *p;

	p = frozen("populated 1\nfrozen 0\n");
	assert_true(p->known & PROCESS_FROZEN && !p->frozen);
	p = frozen("populated 1\nfrozen 1\n");
	assert_true(p->known & PROCESS_FROZEN && p->frozen);
	assert_null(p->freezer); /* who did it cannot be read */
	unit_write_text(tree, "sys/fs/cgroup/system.slice/a.service/cgroup.freeze", "0\n");
	unit_write_text(tree, "sys/fs/cgroup/system.slice/cgroup.freeze", "1\n");
	assert_string_equal(sample()->freezer, "/sys/fs/cgroup/system.slice/cgroup.freeze");
	unit_write_text(tree, "sys/fs/cgroup/system.slice/a.service/cgroup.freeze", "1\n");
	assert_string_equal(sample()->freezer,
			    "/sys/fs/cgroup/system.slice/a.service/cgroup.freeze");
	/* The top has no such file, and is never frozen. */
	write_process(7, "cgroup", "0::/\n");
	p = sample();
	assert_true(p->known & PROCESS_FROZEN && !p->frozen);
}

/* Paths of other namespaces, of a part that is mounted, and none at all. */
static void test_mounts(void **state)
{
	static const struct {
		const char *mountinfo, *cgroup;
		bool known;
	} cases[] = {
		{ "1 2 0:2 / /sys/fs/cgroup rw - cgroup2 none rw\n", "0::/../other\n", false },
		{ "1 2 0:2 / /sys/fs/cgroup rw - cgroup2 none rw\n", "0::/..\n", false },
		{ "1 2 0:2 / /sys/fs/cgroup rw - cgroup2 none rw\n", "", false },
		{ "1 2 0:2 / /sys/fs/cgroup rw - cgroup2 none rw\n", "0::", true },
		{ "1 2 0:2 /docker/x /sys/fs/cgroup rw - cgroup2 none rw\n",
		  "0::/docker/x/system.slice/a.service\n", true },
		{ "1 2 0:2 /docker/x /sys/fs/cgroup rw - cgroup2 none rw\n", "0::/docker/x\n",
		  true },
		{ "1 2 0:2 /docker/x /sys/fs/cgroup rw - cgroup2 none rw\n", "0::/docker/xy\n",
		  false },
		{ "1 2 0:2 /docker/x /sys/fs/cgroup rw - cgroup2 none rw\n", "0::/docker\n",
		  false },
		{ "1 2 0:2 / /sys/fs/cgroup rw - tmpfs none rw,cgroup2\n", "0::/\n", false },
		{ "1 2 0:2 / /sys/fs/cgr\\157up rw master:1 - cgroup2 none rw\n",
		  "0::/system.slice\n", true },
		{ "", "0::/\n", false },
		{ "\n - cgroup2\n", "0::/\n", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		conditions_free(&c);
		unit_write_text(tree, "proc/self/mountinfo", cases[i].mountinfo);
		write_process(7, "cgroup", cases[i].cgroup);
		open_window();
		if (!(sample()->known & PROCESS_THROTTLED) != !cases[i].known)
			fail_msg("case %zu: '%s' in '%s'", i, cases[i].cgroup, cases[i].mountinfo);
	}
}

/* Whose queue is and was empty is not looked at; a peak is reason enough. */
static void test_wanted(void **state)
{
	struct listener *l = &s.listeners[0];

	write_process(7, "stat", "7 (a) S 1\n");
	assert_true(conditions_wanted(&s));
	l->length = 0;
	assert_false(conditions_wanted(&s));
	assert_int_equal(sample()->known, 0);
	l->known |= LISTENER_PEAK;
	l->peak = (struct peak){ .length = 7 };
	assert_false(conditions_wanted(&s));
	l->peak.length = 8;
	assert_true(conditions_wanted(&s));
	assert_int_equal(sample()->known & PROCESS_STATE, PROCESS_STATE);
	l->peak = (struct peak){ .full = true };
	assert_true(conditions_wanted(&s));
}

/* So many and no more. */
static void test_bounded(void **state)
{
	size_t known = 0;

	for (uint32_t pid = 8; pid < 8 + CONDITIONS_MAX; pid++)
		add_owner(pid);
	for (uint32_t pid = 7; pid < 8 + CONDITIONS_MAX; pid++)
		write_process(pid, "stat", "1 (a) S 1\n");
	sample();
	for (size_t i = 0; i < s.n_processes; i++)
		known += (s.processes[i].known & PROCESS_STATE) != 0;
	assert_u64_equal(s.n_processes, CONDITIONS_MAX + 1);
	assert_u64_equal(known, CONDITIONS_MAX);
}

#define CONDITIONS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONDITIONS_TEST(test_state),
		CONDITIONS_TEST(test_limit),
		CONDITIONS_TEST(test_open_fds),
		CONDITIONS_TEST(test_throttled),
		CONDITIONS_TEST(test_throttled_without_window),
		CONDITIONS_TEST(test_hybrid),
		CONDITIONS_TEST(test_frozen),
		CONDITIONS_TEST(test_mounts),
		CONDITIONS_TEST(test_wanted),
		CONDITIONS_TEST(test_bounded),
	};

	return cmocka_run_group_tests_name("conditions", tests, NULL, NULL);
}
