/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/verdict.h"
#include "analyse/fold.h"
#include "model/groups.h"

#include <sys/socket.h>

/* A full listener, and its owners, which each test makes. */
static struct scene s;
static struct strbuf b;

static int setup(void **state)
{
	memset(&s, 0, sizeof(s));
	b = (struct strbuf){ 0 };
	scene_open(&s);
	scene_add_both(&s, 80);
	scene_before(&s, 80)->length = scene_now(&s, 80)->length = 129;
	scene_now(&s, 80)->known |= LISTENER_OWNERS;
	return 0;
}

static int teardown(void **state)
{
	scene_close(&s);
	strbuf_free(&b);
	return 0;
}

/* Of the listener that was added last. */
static struct process *add_owner(struct process process)
{
	struct listener *l = &s.now.listeners[s.now.n_listeners - 1];

	snapshot_size_owners(&s.now, s.now.n_owners + 1, s.now.n_processes + 1);
	s.now.processes[s.now.n_processes - 1] = process;
	s.now.owners[s.now.n_owners - 1] = (struct owner){ (uint32_t)s.now.n_processes - 1, 3 };
	if (!l->n_owners++)
		l->first_owner = (uint32_t)s.now.n_owners - 1;
	return &s.now.processes[s.now.n_processes - 1];
}

static struct process in_state(uint32_t pid, char state)
{
	return (struct process){
		.comm = "app", .pid = pid, .known = PROCESS_STATE, .state = state
	};
}

static struct process with_fds(uint32_t pid, uint32_t open, uint32_t limit)
{
	struct process p = in_state(pid, 'S');

	p.known |= PROCESS_OPEN_FDS | PROCESS_FD_LIMIT;
	p.open_fds = open;
	p.fd_limit = limit;
	return p;
}

static struct process with_throttle(uint32_t pid, bool throttled, const char *quota)
{
	struct process p = in_state(pid, 'R');

	p.known |= PROCESS_THROTTLED;
	p.throttled = throttled;
	p.quota = quota;
	return p;
}

static struct process frozen(uint32_t pid, const char *freezer)
{
	struct process p = in_state(pid, 'S');

	p.known |= PROCESS_FROZEN;
	p.frozen = true;
	p.freezer = freezer;
	return p;
}

/* What is said of the reason; NULL: it is not one. */
static void assert_said(enum reason reason, const char *expected)
{
	const struct row *row = scene_row(&s, 80);

	b.len = 0;
	assert_int_equal((row->reasons >> reason & 1) != 0, expected != NULL);
	if (!expected)
		return;
	verdict_add_why(&b, reason, row, 0);
	assert_string_equal(b.s, expected);
}

static void test_stopped(void **state)
{
	struct process *p;

	assert_said(REASON_STOPPED, NULL); /* nobody is known */
	p = add_owner(in_state(11, 'T'));
	assert_said(REASON_STOPPED, "process 11 (app) is stopped");
	p->state = 't';
	assert_said(REASON_STOPPED, "process 11 (app) is stopped by a debugger");
	for (const char *other = "RSDZIX"; *other; other++) {
		p->state = *other;
		assert_said(REASON_STOPPED, NULL);
	}
	p->state = 'T';
	p->known = 0;
	assert_said(REASON_STOPPED, NULL);
}

static void test_frozen(void **state)
{
	struct process *p = add_owner(frozen(11, "/sys/fs/cgroup/a\x1b/cgroup.freeze"));

	assert_said(REASON_STOPPED, "process 11 (app) is frozen with its cgroup");
	p->freezer = "/sys/fs/cgroup/freezer/a/freezer.state";
	assert_said(REASON_STOPPED, "process 11 (app) is frozen with its cgroup");
	p->freezer = NULL;
	assert_said(REASON_STOPPED, "process 11 (app) is frozen with its cgroup");
	p->frozen = false;
	assert_said(REASON_STOPPED, NULL);
}

/* One that runs, or may, is enough; systemd, which keeps the socket, is not one. */
static void test_stopped_of_several(void **state)
{
	struct process *other;

	add_owner(in_state(11, 'T'));
	other = add_owner(in_state(12, 'S'));
	assert_said(REASON_STOPPED, NULL);
	other->known = 0;
	assert_said(REASON_STOPPED, NULL);
	*other = in_state(12, 'T');
	assert_said(REASON_STOPPED, "process 11 (app) is stopped, and so is the other one");
	add_owner(in_state(1, 'S'));
	assert_said(REASON_STOPPED, "process 11 (app) is stopped, and so is the other one");
	other = add_owner(in_state(900, 'S'));
	other->unit = "init.scope";
	assert_int_equal(scene_row(&s, 80)->reasons >> REASON_STOPPED & 1, 1);
	other->unit = "app.service";
	assert_said(REASON_STOPPED, NULL);
	*other = in_state(13, 'T');
	assert_said(REASON_STOPPED, "process 11 (app) is stopped, and so are the other 2");
	for (uint32_t pid = 14; pid < 20; pid++)
		add_owner(in_state(pid, 'T'));
	assert_said(REASON_STOPPED, "process 11 (app) is stopped, and so are the other 8");
}

/* Alone, process 1 is an owner as any other: it may be the server of a container. */
static void test_process_1(void **state)
{
	add_owner(in_state(1, 'T'));
	assert_said(REASON_STOPPED, "process 1 (app) is stopped");
}

/* Two descriptors of one process are one process. */
static void test_two_descriptors(void **state)
{
	add_owner(in_state(11, 'T'));
	snapshot_size_owners(&s.now, 2, 1);
	s.now.owners[1] = (struct owner){ 0, 4 };
	scene_now(&s, 80)->n_owners = 2;
	assert_said(REASON_STOPPED, "process 11 (app) is stopped");
}

/* Where connections leave the queue, or none waits, nobody is kept from accepting. */
static void test_accepting(void **state)
{
	add_owner(in_state(11, 'T'));
	scene_now(&s, 80)->length = 128;
	assert_said(REASON_STOPPED, NULL);
	scene_now(&s, 80)->length = 0;
	assert_said(REASON_STOPPED, NULL);
	scene_now(&s, 80)->length = 129;
	s.now.processes[0] = with_fds(11, 16, 16);
	assert_true(scene_row(&s, 80)->reasons >> REASON_FD_LIMIT & 1);
	scene_now(&s, 80)->known |= LISTENER_PEAK;
	scene_now(&s, 80)->peak = (struct peak){ .length = 129, .fell = true };
	add_owner(in_state(12, 'S'));
	assert_said(REASON_FD_LIMIT, NULL);
	s.now.processes[1] = in_state(12, 'T');
	s.now.processes[0] = in_state(11, 'T');
	assert_said(REASON_STOPPED, NULL);
}

/* It was full in the window and is empty at both ends: nothing waits for whoever is stopped now. */
static void test_empty(void **state)
{
	struct listener *l = scene_now(&s, 80);

	add_owner(in_state(11, 'T'));
	scene_before(&s, 80)->length = l->length = 0;
	l->known |= LISTENER_PEAK;
	l->peak = (struct peak){ .length = 129, .full = true };
	assert_int_equal(scene_row(&s, 80)->state, STATE_FULL);
	assert_said(REASON_STOPPED, NULL);
}

/* A listener that is well has no reasons. */
static void test_well(void **state)
{
	add_owner(in_state(11, 'T'));
	scene_before(&s, 80)->length = scene_now(&s, 80)->length = 1;
	assert_int_equal(scene_row(&s, 80)->reasons & 7, 0);
}

static void test_fd_limit(void **state)
{
	struct process *p = add_owner(with_fds(11, 1024, 1024));

	assert_said(
		REASON_FD_LIMIT,
		"process 11 (app) has 1024 of 1024 descriptors open, and accept(2) fails with EMFILE");
	p->unit = "a\n.service";
	p->comm = NULL;
	p->open_fds = 1030;
	assert_said(
		REASON_FD_LIMIT,
		"process 11 has 1030 of 1024 descriptors open, and accept(2) fails with EMFILE");
	p->open_fds = 1023;
	assert_said(REASON_FD_LIMIT, NULL);
	p->open_fds = 1024;
	p->known = PROCESS_OPEN_FDS | PROCESS_STATE;
	assert_said(REASON_FD_LIMIT, NULL);
	p->known = PROCESS_FD_LIMIT | PROCESS_STATE;
	assert_said(REASON_FD_LIMIT, NULL);
	*p = with_fds(11, 1024, 1024);
	p->state = 'T'; /* then that is what keeps it */
	assert_said(REASON_FD_LIMIT, NULL);
	assert_true(scene_row(&s, 80)->reasons >> REASON_STOPPED & 1);
}

/* Connections leave, but only as descriptors are closed: more workers would be no help. */
static void test_fd_limit_of_all(void **state)
{
	struct listener *l = scene_now(&s, 80);

	add_owner(with_fds(11, 16, 16));
	add_owner(with_fds(12, 16, 16));
	add_owner(in_state(1, 'S'));
	l->known |= LISTENER_PEAK;
	l->peak = (struct peak){ .length = 129, .fell = true };
	assert_said(
		REASON_FD_LIMIT,
		"2 of 2 processes that hold this listener have no descriptor left (11 (app): 16 of 16, 12 (app): 16 of 16), and accept(2) fails with EMFILE there");
	assert_said(REASON_ACCEPTING_SLOWLY,
		    "the program accepts, but more slowly than clients connect");
	s.now.processes[1].open_fds = 15;
	assert_said(REASON_FD_LIMIT, NULL);
	s.now.processes[1].open_fds = 16;
	l->length = 0; /* then nobody waits for one */
	assert_int_equal(scene_row(&s, 80)->state, STATE_FULL);
	assert_said(REASON_FD_LIMIT, NULL);
}

/* It is said which; the master of a preforked server has few open and never accepts. */
static void test_fd_limit_of_several(void **state)
{
	add_owner(with_fds(11, 9, 1024));
	add_owner(with_fds(12, 1024, 1024));
	add_owner(with_fds(13, 1024, 1024));
	add_owner(with_fds(1, 4096, 4096));
	assert_said(
		REASON_FD_LIMIT,
		"2 of 3 processes that hold this listener have no descriptor left (12 (app): 1024 of 1024, 13 (app): 1024 of 1024), and accept(2) fails with EMFILE there");
}

static void test_throttled(void **state)
{
	struct process *p = add_owner(with_throttle(11, true, "/sys/fs/cgroup/a.slice/b/cpu.max"));

	assert_said(REASON_THROTTLED,
		    "process 11 (app) used up its CPU quota in this window and was throttled");
	p->quota = "/sys/fs/cgroup/a.slice/b\x7f.service/cpu.max";
	assert_said(REASON_THROTTLED,
		    "process 11 (app) used up its CPU quota in this window and was throttled");
	p->quota = "/.slice/cpu.max";
	assert_said(REASON_THROTTLED,
		    "process 11 (app) used up its CPU quota in this window and was throttled");
	p->quota = NULL;
	assert_said(REASON_THROTTLED,
		    "process 11 (app) used up its CPU quota in this window and was throttled");
	/* Also one that accepts, slowly. */
	scene_now(&s, 80)->length = 128;
	assert_true(scene_row(&s, 80)->reasons >> REASON_THROTTLED & 1);
	p->throttled = false;
	assert_said(REASON_THROTTLED, NULL);
	p->throttled = true;
	p->known = 0;
	assert_said(REASON_THROTTLED, NULL);
}

static void test_throttled_of_several(void **state)
{
	add_owner(with_throttle(11, false, NULL));
	add_owner(with_throttle(12, true, NULL));
	assert_said(
		REASON_THROTTLED,
		"1 of 2 processes that hold this listener (12 (app)) used up its CPU quota in this window and was throttled");
	for (uint32_t pid = 13; pid < 16; pid++)
		add_owner(with_throttle(pid, true, NULL));
	assert_said(
		REASON_THROTTLED,
		"4 of 5 processes that hold this listener (12 (app), 13 (app), 14 (app), ...) used up their CPU quota in this window and were throttled");
}

#define NONE_TAKEN "the program accepted no connection in this window"
#define STUCK	   "look at the process, it is stuck or busy; a larger backlog will not help"

/* The master of a preforked server is alive, its workers are stopped. */
static void test_not_accepting(void **state)
{
	struct process *p;

	assert_said(REASON_NOT_ACCEPTING, NONE_TAKEN "; " STUCK);
	add_owner(in_state(11, 'S'));
	add_owner(in_state(1, 'T')); /* keeps the socket, and is no owner */
	assert_said(REASON_NOT_ACCEPTING,
		    "process 11 (app) accepted no connection in this window; " STUCK);
	p = add_owner(in_state(12, 'T'));
	assert_said(REASON_NOT_ACCEPTING, NONE_TAKEN
		    ", and 1 of 2 processes that hold the listener is stopped: 12; " STUCK);
	p->state = 't';
	assert_said(REASON_NOT_ACCEPTING, NONE_TAKEN
		    ", and 1 of 2 processes that hold the listener is stopped: 12; " STUCK);
	*p = frozen(12, NULL);
	assert_said(REASON_NOT_ACCEPTING, NONE_TAKEN
		    ", and 1 of 2 processes that hold the listener is frozen: 12; " STUCK);
	*p = in_state(12, 'T');
	add_owner(in_state(13, 'T'));
	assert_said(REASON_NOT_ACCEPTING, NONE_TAKEN
		    ", and 2 of 3 processes that hold the listener are stopped: 12 13; " STUCK);
	s.now.processes[0] = in_state(11, 'T');
	assert_said(REASON_NOT_ACCEPTING,
		    "none of the 3 processes that hold this listener (11 (app), 12 (app), 13 "
		    "(app)) accepted a connection in this window");
	assert_true(scene_row(&s, 80)->reasons >> REASON_STOPPED & 1);
}

/* Of a group it is said of the member that is worst off. */
static void test_folded(void **state)
{
	struct selection all = { .family = AF_UNSPEC };

	add_owner(in_state(11, 'S'));
	for (uint16_t cookie = 81; cookie < 83; cookie++) {
		scene_add_both(&s, cookie);
		scene_before(&s, cookie)->addr.port = scene_now(&s, cookie)->addr.port = 80;
		scene_before(&s, cookie)->length = scene_now(&s, cookie)->length = 48 + cookie;
		scene_now(&s, cookie)->known |= LISTENER_OWNERS;
		add_owner(in_state(cookie, 'T'));
	}
	groups_build(&s.now);
	fold_build(&s.report, &s.before, &s.now, true);
	report_select(&s.report, &all);
	assert_u64_equal(s.report.n_rows, 1);
	assert_true(s.report.rows[0].reasons >> REASON_STOPPED & 1);
	verdict_add_why(&b, REASON_STOPPED, &s.report.rows[0], 0);
	assert_string_equal(b.s, "process 82 (app) is stopped");
}

#define CAUSES_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CAUSES_TEST(test_stopped),
		CAUSES_TEST(test_frozen),
		CAUSES_TEST(test_stopped_of_several),
		CAUSES_TEST(test_process_1),
		CAUSES_TEST(test_two_descriptors),
		CAUSES_TEST(test_accepting),
		CAUSES_TEST(test_empty),
		CAUSES_TEST(test_well),
		CAUSES_TEST(test_fd_limit),
		CAUSES_TEST(test_fd_limit_of_several),
		CAUSES_TEST(test_fd_limit_of_all),
		CAUSES_TEST(test_throttled),
		CAUSES_TEST(test_throttled_of_several),
		CAUSES_TEST(test_not_accepting),
		CAUSES_TEST(test_folded),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
