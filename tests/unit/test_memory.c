/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/filter.h"
#include "analyse/fold.h"
#include "analyse/history.h"
#include "model/groups.h"
#include "output/fields.h"

/*
 * What a history remembers of rows: windows one after the other, of one second each unless said
 * otherwise. What a report says of a listener is set by hand, as verdicts are not at test here.
 */
enum { A = 1, B, C };

#define STUCK (1u << REASON_NOT_ACCEPTING)
#define SLOW  (1u << REASON_ACCEPTING_SLOWLY)

static struct snapshot samples[2];
static unsigned int n_samples;
static struct report report;
static struct history *history;
static uint64_t window_ns;
static bool fold;
static struct selection selection;

static int setup(void **state)
{
	history = history_new();
	n_samples = 0;
	window_ns = NSEC_PER_SEC;
	fold = false;
	selection = (struct selection){ .family = AF_UNSPEC };
	return 0;
}

static int teardown(void **state)
{
	history_free(history);
	snapshot_free(&samples[0]);
	snapshot_free(&samples[1]);
	report_free(&report);
	return 0;
}

/* Not sscanf(), which looks for the end of the whole text first. */
static unsigned int number_at(const char **at)
{
	char *end;
	const unsigned long number = strtoul(*at, &end, 10);

	assert_true(end > *at);
	*at = end;
	return (unsigned int)number;
}

static unsigned int number_behind(char sign, const char **at, unsigned int otherwise)
{
	if (**at != sign)
		return otherwise;
	++*at;
	return number_at(at);
}

/* What a window says of a listener: its row is overwritten. */
struct said {
	unsigned int cookie, port, length, overflows;
	enum state state;
	bool stuck, slow, accepts, stopped;
};

/*
 * "1@80:5" is listener 1 at port 80 with a queue of 5 of 10. A letter behind says its state: o
 * overflowing, f full, s stalled, y syn-full, h high; then "+7" for 7 overflows, "!" for a proof
 * that none was accepted, "a" for the opposite, "<" for the reason accepting-slowly, "T" for
 * stopped.
 */
static struct said parse(const char **at)
{
	static const char letters[] = "ofs-yh";
	struct said said = { .state = STATE_OK };
	const char *letter;

	said.cookie = number_at(at);
	said.port = number_behind('@', at, said.cookie);
	said.length = number_behind(':', at, 0);
	letter = **at ? strchr(letters, **at) : NULL;
	if (letter) {
		said.state = (enum state)(letter - letters);
		++*at;
	}
	said.overflows = number_behind('+', at, 0);
	for (; **at && **at != ' '; ++*at) {
		said.stuck |= **at == '!';
		said.accepts |= **at == 'a';
		said.slow |= **at == '<';
		said.stopped |= **at == 'T';
	}
	*at += strspn(*at, " ");
	return said;
}

/* @likely: where its row is, unless rows are folded */
static void say(const struct said *said, size_t likely)
{
	struct row *rows = report.n_members ? report.members : report.rows;
	size_t n = report.n_members ? report.n_members : report.n_rows;

	for (size_t i = 0; i < n; i++) {
		struct row_window *window = &report.windows[(likely + i) % n];
		struct row *row = &rows[(likely + i) % n];

		if (row->listener->cookie != said->cookie || row->gone)
			continue;
		row->state = row->last_state = said->state;
		row->reasons = (said->stuck ? STUCK : 0) | (said->slow ? SLOW : 0) |
			       (said->stopped ? 1u << REASON_STOPPED : 0);
		*window = (struct row_window){
			.overflows = { said->overflows, said->overflows, true },
			.losses = { 0, 0, true },
			.drops = { said->overflows, true },
			.accepted = { said->accepts, UINT64_MAX, true },
		};
		row->window = window;
		return;
	}
}

static void add_listener(struct snapshot *s, const struct said *said)
{
	struct listener *l = scene_add(s, (uint16_t)said->cookie);

	l->addr.port = (uint16_t)said->port;
	l->limit = 9;
	l->length = said->length;
}

/* The folded rows of what was said of their members. */
static void refold(void)
{
	for (size_t i = 0; fold && i < report.n_rows; i++) {
		struct row *row = &report.rows[i];
		struct row_window *window = (struct row_window *)row->window;

		if (row->folded) {
			row->state = STATE_OK;
			row->reasons = 0;
			window->overflows = window->losses = (struct range){ 0, 0, true };
		}
		for (uint32_t j = 0; row->folded && j < row->folded->n_members; j++) {
			const struct row *member = row->folded->members[j];

			if (member->state < row->state)
				row->state = member->state;
			row->reasons |= member->reasons;
			window->overflows.min += member->window->overflows.min;
			window->overflows.max += member->window->overflows.max;
		}
	}
}

/* A row with a mark is ok in all windows that it may be shown in. */
static void check_marks(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t back = 0; rows[i].well && back < 3; back++)
			assert_int_equal(history_memory(history, &rows[i], back).kind, MEMORY_NONE);
}

static void window_of(const char *listeners, void (*change)(struct snapshot *s))
{
	struct snapshot *before = n_samples ? &samples[(n_samples - 1) % 2] : NULL;
	struct snapshot *s = &samples[n_samples++ % 2];
	size_t n = 0;

	snapshot_reset(s);
	scene_begin(s, before ? before->monotonic_ns + window_ns : NSEC_PER_SEC);
	s->wall.tv_sec = (time_t)(s->monotonic_ns / NSEC_PER_SEC);
	for (const char *at = listeners; *at;) {
		const struct said said = parse(&at);

		add_listener(s, &said);
	}
	groups_build(s);
	if (change)
		change(s);
	fold_build(&report, before, s, fold);
	for (const char *at = listeners; *at;) {
		const struct said said = parse(&at);

		say(&said, n++);
	}
	refold();
	report.selection = &selection;
	history_add(history, &report);
	history_mark_well(history, &report);
	check_marks(report.rows, report.n_rows);
	check_marks(report.members, report.n_members);
}

static void window(const char *listeners)
{
	window_of(listeners, NULL);
}

static void windows(const char *listeners, unsigned int n)
{
	while (n--)
		window(listeners);
}

/* The row of a listener, or of a folded group, of the newest report; NULL: there is none. */
static struct row *row_at(unsigned int port)
{
	for (size_t i = 0; i < report.n_rows; i++)
		if (report.rows[i].listener->addr.port == port && !report.rows[i].gone)
			return &report.rows[i];
	return NULL;
}

/* @state, @reasons: of its row in the report of an older window */
static struct memory recall_as(unsigned int port, size_t back, enum state state, uint32_t reasons)
{
	struct row row = *row_at(port);

	row.state = state;
	row.reasons = reasons;
	return history_memory(history, &row, back);
}

static struct memory recall(unsigned int port, size_t back)
{
	const struct row *row = row_at(port);

	return back ? recall_as(port, back, STATE_OK, 0) : history_memory(history, row, 0);
}

static void assert_memory(struct memory m, enum memory_kind kind, enum state state)
{
	if (m.kind != kind || m.state != state)
		fail_msg("kind %d, state %s", (int)m.kind, state_table[m.state].name);
}

#define assert_now(port, kind, state) assert_memory(recall(port, 0), kind, state)

static void assert_lasted(struct memory m, unsigned int seconds, bool at_least)
{
	assert_true(m.lasted.known);
	assert_u64_equal(m.lasted.ns, seconds * NSEC_PER_SEC);
	assert_int_equal(m.lasted.at_least, at_least);
}

static void assert_ago(struct memory m, unsigned int seconds)
{
	assert_u64_equal(m.ago_ns, seconds * NSEC_PER_SEC);
}

/* In how many windows of the last half minute listener 1 was sick. */
static void assert_recent(size_t back, unsigned int sick, unsigned int windows)
{
	const struct history_recent recent =
		history_recent(history, row_at(A), back, UINT64_MAX, REASON_N);

	assert_int_equal(recent.sick, sick);
	assert_int_equal(recent.windows, windows);
}

/*
 * The events up to a window, newest first: "sick 1 full", "recovered 1 full 3s 7", "new 1", "gone 1
 * ok", with "+n" for those left out.
 */
static void assert_events(size_t back, const char *expected)
{
	static const char *const kinds[] = { "sick", "recovered", "gone",
					     "new",  "netns",	  "restarted" };
	struct strbuf b = { 0 };

	strbuf_adds(&b, "");
	for (size_t i = 0; i < history_events(history, back); i++) {
		const struct event *e = history_event(history, back, i);

		strbuf_addf(&b, "%s%s", i ? ", " : "", e->closed ? "closed" : kinds[e->kind]);
		if (e->kind != EVENT_NETNS_GONE)
			strbuf_addf(&b, " %u", e->addr.port);
		if (e->kind == EVENT_RESTARTED)
			strbuf_addf(&b, " %u times", e->restarts);
		if (e->kind != EVENT_NEW && e->kind != EVENT_NETNS_GONE &&
		    e->kind != EVENT_RESTARTED)
			strbuf_addf(&b, " %s", state_table[e->state].name);
		if (e->kind == EVENT_SICK && e->reason != REASON_N)
			strbuf_addf(&b, " %s", reason_table[e->reason].name);
		if (e->kind == EVENT_RECOVERED)
			strbuf_addf(&b, " %us %llu", (unsigned)(e->lasted_ns / NSEC_PER_SEC),
				    (unsigned long long)e->overflows.min);
		if (e->more)
			strbuf_addf(&b, " +%u", e->more);
	}
	if (strcmp(b.s, expected) != 0)
		fail_msg("%s, not %s", b.s, expected);
	strbuf_free(&b);
}

/* The ports of those that are gone, in the order in which they went. */
static void assert_gone(size_t back, const char *expected)
{
	struct strbuf b = { 0 };
	struct row **rows;
	size_t n = history_gone(history, &report, back, &rows);

	strbuf_adds(&b, "");
	for (size_t i = 0; i < n; i++) {
		assert_true(rows[i]->gone);
		assert_int_equal(rows[i]->state, STATE_GONE);
		assert_int_equal(history_memory(history, rows[i], back).kind, MEMORY_GONE);
		strbuf_addf(&b, "%s%u", i ? " " : "", rows[i]->listener->addr.port);
	}
	if (strcmp(b.s, expected) != 0)
		fail_msg("%s, not %s", b.s, expected);
	strbuf_free(&b);
}

static void test_well(void **state)
{
	window("1 2:3");
	window("1 2:4");
	assert_now(A, MEMORY_NONE, STATE_OK);
	assert_now(B, MEMORY_NONE, STATE_OK);
	assert_true(row_at(A)->well && row_at(B)->well);
	assert_events(0, "");
	assert_gone(0, "");
	window("1 2:10f");
	assert_true(row_at(A)->well && !row_at(B)->well);
	window("1 2:4");
	assert_true(row_at(A)->well && !row_at(B)->well);
}

static void test_sick(void **state)
{
	struct memory m;

	windows("1", 2);
	window("1:10o+5");
	window("1:10o+7<");
	m = recall(A, 0);
	assert_memory(m, MEMORY_SICK, STATE_OVERFLOWING);
	assert_int_equal(m.reasons, SLOW);
	assert_lasted(m, 2, false);
	assert_u64_equal(m.overflows.min, 12);
	assert_true(m.peak >= FILL_FULL);
	assert_recent(0, 2, 4);
	assert_int_equal(memory_severity(&m), SEVERITY_CRITICAL);
}

/* What is sick in the first report may have been so for long. */
static void test_sick_from_the_beginning(void **state)
{
	window("1:10f");
	window("1:10f");
	assert_lasted(recall(A, 0), 1, true);
}

/* Thirty seconds are one spell, whatever was better in between. */
static void test_gaps(void **state)
{
	struct memory m;

	window("1");
	window("1:10f+3");
	windows("1:1", 30);
	window("1:10f+4");
	m = recall(A, 0);
	assert_lasted(m, 32, false);
	assert_u64_equal(m.overflows.min, 7);
	windows("1:1", 31);
	window("1:10f+5");
	m = recall(A, 0);
	assert_lasted(m, 1, false);
	assert_u64_equal(m.overflows.min, 5);
}

static void test_was(void **state)
{
	struct memory m;

	window("1");
	windows("1:10o+2", 3);
	windows("1:10f", 2);
	windows("1:3", 12);
	m = recall(A, 0);
	assert_memory(m, MEMORY_WAS, STATE_OVERFLOWING);
	assert_ago(m, 12);
	assert_lasted(m, 5, false);
	assert_u64_equal(m.overflows.min, 6);
	assert_true(m.peak >= FILL_FULL);
	assert_int_equal(memory_severity(&m), SEVERITY_NOTICE);
	windows("1:3", 288);
	assert_ago(recall(A, 0), 300);
	assert_now(A, MEMORY_WAS, STATE_OVERFLOWING);
	window("1:3");
	assert_now(A, MEMORY_NONE, STATE_OK);
}

/* As it was in each window, whatever came later. */
static void test_memory_of_older_windows(void **state)
{
	struct memory m;

	window("1");
	window("1:8h");
	window("1:10o+2");
	window("1:9h");
	windows("1:3", 3);
	window("1:12o+5");
	windows("1:3", 40);
	m = recall(A, 0);
	assert_ago(m, 40);
	assert_lasted(m, 7, false);
	assert_u64_equal(m.overflows.min, 7);
	m = recall_as(A, 46, STATE_HIGH, 0);
	assert_memory(m, MEMORY_SICK, STATE_HIGH);
	assert_lasted(m, 1, false);
	assert_u64_equal(m.overflows.min, 0);
	assert_true(m.peak == FILL_HIGH);
	assert_recent(46, 1, 2);
	m = recall_as(A, 45, STATE_OVERFLOWING, 0);
	assert_memory(m, MEMORY_SICK, STATE_OVERFLOWING);
	assert_lasted(m, 2, false);
	assert_u64_equal(m.overflows.min, 2);
	m = recall(A, 42);
	assert_memory(m, MEMORY_WAS, STATE_OVERFLOWING);
	assert_ago(m, 2);
	assert_lasted(m, 3, false);
	assert_u64_equal(m.overflows.min, 2);
	assert_memory(recall(A, 47), MEMORY_NONE, STATE_OK);
	/* Where windows were joined, the report may say more than each of them. */
	assert_memory(recall_as(A, 42, STATE_FULL, 0), MEMORY_SICK, STATE_FULL);
}

/* A proof holds while nothing says that the program accepts. */
static void test_proof(void **state)
{
	struct memory m;

	window("1");
	window("1:5s!");
	window("1:5");
	m = recall(A, 0);
	assert_memory(m, MEMORY_HELD, STATE_STALLED);
	assert_int_equal(m.reasons, STUCK);
	assert_ago(m, 1);
	assert_lasted(m, 2, false);
	/* A worse state is the one to show, but the cause is known. */
	window("1:10f");
	m = recall(A, 0);
	assert_memory(m, MEMORY_HELD, STATE_FULL);
	assert_int_equal(m.reasons, STUCK);
	assert_int_equal(memory_severity(&m), SEVERITY_WARNING);
	windows("1:9h", 40);
	assert_now(A, MEMORY_HELD, STATE_STALLED);
	assert_lasted(recall(A, 0), 43, false);
	assert_events(0, "sick 1 stalled not-accepting");
	window("1:8a");
	m = recall(A, 0);
	assert_memory(m, MEMORY_WAS, STATE_FULL);
	assert_ago(m, 1);
	/* As it was. */
	assert_memory(recall(A, 1), MEMORY_HELD, STATE_STALLED);
	assert_ago(recall(A, 1), 42);
}

static void test_proof_ends_with_the_queue(void **state)
{
	window("1");
	window("1:5s!");
	window("1");
	assert_now(A, MEMORY_WAS, STATE_STALLED);
	window("1:5");
	assert_now(A, MEMORY_WAS, STATE_STALLED);
}

/* Bursts in two windows of three are one state, from the second one on. */
static void test_bursts(void **state)
{
	window("1");
	windows("1:10o+2<", 2);
	window("1:2a");
	assert_now(A, MEMORY_WAS, STATE_OVERFLOWING);
	for (int i = 0; i < 10; i++) {
		windows("1:10o+2<", 2);
		assert_now(A, MEMORY_SICK, STATE_OVERFLOWING);
		window("1:2a");
		assert_now(A, MEMORY_HELD, STATE_OVERFLOWING);
		assert_int_equal(recall(A, 0).reasons, SLOW);
		assert_ago(recall(A, 0), 1);
		window("1:8ha");
		assert_now(A, MEMORY_HELD, STATE_OVERFLOWING);
		assert_ago(recall(A, 0), 2);
	}
	assert_recent(0, 22, 30);
	assert_events(0, "sick 1 overflowing accepting-slowly");
	/* It ends when the last burst was long enough ago. */
	windows("1:2a", 7);
	assert_now(A, MEMORY_HELD, STATE_OVERFLOWING);
	windows("1:2a", 3);
	assert_now(A, MEMORY_WAS, STATE_OVERFLOWING);
}

/* In how many windows of the last half minute listener 1 accepted nothing. */
static void assert_stuck(unsigned int n, unsigned int windows)
{
	const struct history_recent recent =
		history_recent(history, row_at(A), 0, UINT64_MAX, REASON_NOT_ACCEPTING);

	assert_int_equal(recent.with_cause, n);
	assert_int_equal(recent.windows, windows);
}

/* A program that stops and accepts in turns has one cause, whatever each window shows of it. */
static void test_one_cause(void **state)
{
	static const char *const turns[] = { "1:10o+2<a", "1:10o+2<a", "1:10o+2!" };

	window("1");
	for (int i = 0; i < 60; i++) {
		window(turns[i % 3]);
		if (i < 2)
			continue;
		assert_now(A, MEMORY_HELD, STATE_OVERFLOWING);
		assert_int_equal(recall(A, 0).reasons, STUCK | SLOW);
	}
	assert_stuck(10, 30);
	/* It only accepts too slowly from now on. */
	windows("1:10o+2<a", 30);
	assert_int_equal(recall(A, 0).reasons, SLOW);
	assert_stuck(0, 30);
	assert_int_equal(recall_as(A, 30, STATE_OVERFLOWING, STUCK).reasons, STUCK | SLOW);
	/* One window among many is no cause; it is one if that goes on. */
	window("1:10o+2!");
	assert_int_equal(recall(A, 0).reasons, SLOW);
	windows("1:10o+2!", 2);
	assert_int_equal(recall(A, 0).reasons, STUCK | SLOW);
}

/* What stops the processes is so now, and shown at once. */
static void test_stopped_at_once(void **state)
{
	window("1");
	windows("1:10o+2<a", 30);
	window("1:10o+2!T");
	assert_int_equal(recall(A, 0).reasons & ~STUCK, SLOW | 1u << REASON_STOPPED);
}

/* A row becomes less severe when it has been so for a while. */
static void test_severity_stays(void **state)
{
	window("1");
	windows("1:10o+2<", 3);
	windows("1:10f", 4);
	assert_now(A, MEMORY_HELD, STATE_OVERFLOWING);
	assert_int_equal(recall(A, 0).reasons, SLOW);
	window("1:10f");
	assert_now(A, MEMORY_HELD, STATE_FULL);
	window("1:8h");
	assert_now(A, MEMORY_HELD, STATE_FULL);
	windows("1:8h", 4);
	assert_memory(recall_as(A, 0, STATE_HIGH, SLOW), MEMORY_SICK, STATE_HIGH);
	/* What is well is so at once. */
	window("1");
	assert_now(A, MEMORY_WAS, STATE_OVERFLOWING);
}

/* What is over has the causes of its worst windows, and those that were events. */
static void test_causes_of_what_was(void **state)
{
	window("1");
	window("1:10f!");
	windows("1:10o+2<a", 40);
	window("1");
	assert_now(A, MEMORY_WAS, STATE_OVERFLOWING);
	assert_int_equal(recall(A, 0).reasons, STUCK | SLOW);
	assert_events(0, "sick 1 overflowing accepting-slowly, sick 1 full not-accepting");
}

/* One restart is a deploy. Three are a loop, which is one memory, whether or not it is gone now. */
static void test_crash_loop(void **state)
{
	struct memory m;
	struct row **rows;

	window("1@80 9");
	window("9");
	window("2@80 9");
	assert_now(80, MEMORY_NONE, STATE_OK);
	assert_events(0, "new 80, gone 80 ok");
	windows("2@80 9", 3);
	window("3@80 9"); /* between two samples */
	assert_now(80, MEMORY_NONE, STATE_OK);
	assert_events(0, "restarted 80 2 times");
	window("9");
	window("4@80 9");
	m = recall(80, 0);
	assert_memory(m, MEMORY_RESTARTS, STATE_GONE);
	assert_int_equal(m.restarts, 3);
	assert_lasted(m, 6, false); /* since the first one */
	assert_int_equal(memory_severity(&m), SEVERITY_NOTICE);
	assert_events(0, "restarted 80 3 times");
	window("9");
	window("9");
	assert_u64_equal(history_gone(history, &report, 0, &rows), 1);
	assert_memory(history_memory(history, rows[0], 0), MEMORY_RESTARTS, STATE_GONE);
	window("5@80 9");
	windows("5@80 9", 292);
	assert_int_equal(recall(80, 0).restarts, 4);
	assert_now(80, MEMORY_RESTARTS, STATE_GONE);
	windows("5@80 9", 10);
	assert_now(80, MEMORY_NONE, STATE_OK);
	/* As it was. */
	assert_now(9, MEMORY_NONE, STATE_OK);
	assert_memory(recall(80, 307), MEMORY_NONE, STATE_OK);
}

/* What is sick goes on over a restart, but not what was proved of the old process. */
static void test_sick_over_restarts(void **state)
{
	window("1@80");
	windows("1@80:10f!", 3);
	for (unsigned int i = 2; i < 6; i++) {
		struct strbuf b = { 0 };

		strbuf_addf(&b, "%u@80", i);
		window(b.s);
		assert_now(80, i < 3 ? MEMORY_WAS : MEMORY_HELD, STATE_FULL);
		strbuf_adds(&b, ":10f<");
		windows(b.s, 3);
		strbuf_free(&b);
		assert_lasted(recall(80, 0), 4 * i - 1, false);
	}
	assert_events(0, "restarted 80 4 times, sick 80 full not-accepting");
}

/* The next one that is well has not recovered; what the last window lost counts. */
static void test_closed_while_sick(void **state)
{
	struct memory m;

	windows("1@80 9", 2);
	windows("1@80:10o+3! 9", 5);
	window("9");
	windows("9", 2);
	windows("2@80 9", 2);
	m = recall(80, 0);
	assert_memory(m, MEMORY_WAS, STATE_OVERFLOWING);
	assert_true(m.closed);
	assert_u64_equal(m.open_ns, NSEC_PER_SEC);
	windows("2@80 9", 30);
	assert_events(0, "new 80, closed 80 overflowing 5s 15, gone 80 overflowing, "
			 "sick 80 overflowing not-accepting");
	/* It is said when it was closed. */
	assert_u64_equal(history_event(history, 0, 1)->report, 7);
	assert_u64_equal(history_event(history, 0, 2)->report, 7);
}

/* If the next one is sick too, it goes on. */
static void test_sick_after_closed(void **state)
{
	windows("1@80 9", 2);
	windows("1@80:10o+3! 9", 5);
	windows("9", 2);
	windows("2@80:10o+3! 9", 3);
	windows("2@80 9", 31);
	assert_events(0, "recovered 80 overflowing 10s 24, new 80, gone 80 overflowing, "
			 "sick 80 overflowing not-accepting");
}

/* The sockets of a group that go and come in turn are no restarts. */
static void test_rolling_restart(void **state)
{
	fold = true;
	window("1@80 2@80");
	window("2@80 3@80");
	window("3@80 4@80");
	window("4@80 5@80");
	window("5@80 6@80");
	assert_now(80, MEMORY_NONE, STATE_OK);
	assert_events(0, "");
}

static void test_events(void **state)
{
	const struct event *e;

	window("1 2");
	window("1:8h 2:3y");
	assert_events(0, "sick 2 syn-full");
	window("1:10f 2:3y");
	windows("1:10o+4! 2", 2);
	assert_events(0, "sick 1 overflowing not-accepting, sick 1 full, sick 2 syn-full");
	windows("1:10f 2", 3);
	windows("1 2", 25);
	assert_events(0, "sick 1 overflowing not-accepting, sick 1 full, sick 2 syn-full");
	window("1 2");
	assert_events(0, "sick 1 overflowing not-accepting, recovered 2 syn-full 2s 0, "
			 "sick 1 full, sick 2 syn-full");
	windows("1 2", 5);
	assert_events(0, "recovered 1 overflowing 7s 8, sick 1 overflowing not-accepting, "
			 "recovered 2 syn-full 2s 0, sick 1 full, sick 2 syn-full");
	/* It is dated when it ended, although it was not certain then. */
	e = history_event(history, 0, 0);
	assert_u64_equal(e->report, 7);
	assert_u64_equal(e->time_ns, 7 * NSEC_PER_SEC);
	assert_u64_equal(e->wall.tv_sec, 8);
	assert_u64_equal(history_event_back(history, e), 31);
	assert_events(32, "sick 1 overflowing not-accepting, recovered 2 syn-full 2s 0, "
			  "sick 1 full, sick 2 syn-full");
	assert_events(37, "sick 2 syn-full");
}

/* A queue that is high for a while is remembered, and no event. */
static void test_high_is_no_event(void **state)
{
	window("1");
	window("1:8h");
	windows("1", 40);
	assert_now(A, MEMORY_WAS, STATE_HIGH);
	assert_events(0, "");
}

static void test_new(void **state)
{
	window("1 2");
	window("1 2 3:1");
	assert_events(0, "new 3");
	windows("1 2 3", 2);
	assert_events(0, "new 3");
	assert_u64_equal(history_event(history, 0, 0)->id, row_id(row_at(3)));
}

static void test_gone(void **state)
{
	struct memory m;
	struct row **rows;

	window("1 2");
	windows("1 2:5s!", 2);
	window("1");
	/* The report of the window has its row. */
	assert_gone(0, "");
	assert_events(0, "gone 2 stalled, sick 2 stalled not-accepting");
	windows("1", 4);
	assert_gone(0, "2");
	assert_gone(4, "2"); /* a report that is not that of the window */
	assert_gone(5, "");
	assert_u64_equal(history_gone(history, &report, 0, &rows), 1);
	m = history_memory(history, rows[0], 0);
	assert_memory(m, MEMORY_GONE, STATE_STALLED);
	assert_int_equal(m.reasons, STUCK);
	assert_ago(m, 4);
	assert_lasted(m, 2, false);
	assert_int_equal(memory_severity(&m), SEVERITY_GONE);
	windows("1", 296);
	assert_gone(0, "2");
	window("1");
	assert_gone(0, "");
	assert_gone(100, "2");
	assert_events(0, "gone 2 stalled, sick 2 stalled not-accepting");
}

/* A listener at the same address is no ghost's neighbour. */
static void test_restart(void **state)
{
	window("1@80 2");
	window("3@80 2");
	assert_gone(0, "");
	assert_events(0, "new 80, gone 80 ok");
	windows("3@80 2", 60);
	assert_gone(0, "");
	window("2");
	window("2");
	assert_gone(0, "80");
	assert_events(0, "gone 80 ok, new 80, gone 80 ok");
	window("2 4@80");
	assert_gone(0, "");
	assert_gone(1, "80");
	assert_events(0, "restarted 80 2 times");
}

/* One that restarts in a loop is one event. */
static void test_restarts(void **state)
{
	window("1@80");
	for (int i = 0; i < 50; i++) {
		char listener[16];

		snprintf(listener, sizeof(listener), "%d@80", 2 + i);
		window(listener);
	}
	assert_events(0, "restarted 80 50 times");
}

/* Ports of a job that lives shortly are no rows and no events; at an old address they are. */
static void test_brief(void **state)
{
	windows("1 2@80", 61);
	for (int i = 0; i < 10; i++) {
		char listeners[32];

		snprintf(listeners, sizeof(listeners), "1 2@80 %d", 3 + i);
		window(listeners);
		window("1 2@80");
	}
	assert_events(0, "");
	assert_gone(0, "");
	windows("1 2@80 20", 61);
	windows("1 2@80", 2);
	assert_gone(0, "20");
	window("1 2@80 21:10f");
	windows("1 2@80", 2);
	assert_gone(0, "20 21");
}

/* Thousands that come and go leave the sick ones in the log. */
static void test_crowds(void **state)
{
	struct strbuf crowd = { 0 };

	window("1");
	window("1:10o+1");
	for (int i = 0; i < 3000; i++)
		strbuf_addf(&crowd, "%d ", 100 + i);
	for (int i = 0; i < 3; i++) {
		window(crowd.s);
		windows("1", 40);
	}
	strbuf_free(&crowd);
	assert_in_range(history_events(history, 0), 1, 100);
	for (size_t i = 0; i < history_events(history, 0); i++)
		if (history_event(history, 0, i)->kind == EVENT_SICK)
			return;
	fail_msg("the sick one is lost");
}

static void test_log_is_bounded(void **state)
{
	size_t sick = 0;

	window("1");
	window("1:10o+1");
	/* Each lives for a minute. */
	for (int i = 0; i < 2 * HISTORY_EVENTS; i++) {
		struct strbuf listeners = { 0 };

		strbuf_adds(&listeners, "1");
		for (int n = i < 61 ? 0 : i - 61; n < i; n++)
			strbuf_addf(&listeners, " %d", 2 + n);
		window(listeners.s);
		strbuf_free(&listeners);
	}
	assert_u64_equal(history_events(history, 0), HISTORY_EVENTS);
	for (size_t i = 0; i < HISTORY_EVENTS; i++)
		sick += history_event(history, 0, i)->kind < EVENT_GONE;
	assert_u64_equal(sick, 2);
}

/* Listeners that are left out do not push those out that are selected, however sick they are. */
static void test_log_keeps_the_selected(void **state)
{
	struct field_context context = { 0 };
	const struct filter_source source = field_filter_source(&context);
	size_t selected = 0, others = 0;
	struct error why;

	assert_int_equal(filter_parse("port = 80", &source, &selection.filter, &why, NULL), 0);
	window("1@80 2@81");
	windows("1@80:10o+1 2@81", 2);
	windows("1@80 2@81", 40);
	for (unsigned int i = 0; i < HISTORY_EVENTS; i++) {
		windows("1@80 2@81:10o+1", 1);
		windows("1@80 2@81", 32);
	}
	assert_u64_equal(history_events(history, 0), HISTORY_EVENTS);
	for (size_t i = 0; i < HISTORY_EVENTS; i++) {
		selected += history_event(history, 0, i)->addr.port == 80;
		others += history_event(history, 0, i)->addr.port == 81;
	}
	assert_u64_equal(selected, 2);
	assert_u64_equal(others, HISTORY_EVENTS - 2);
	assert_false(history_events_cut(history).tv_sec);
	filter_free(selection.filter);
	strbuf_free(&context.scratch);
}

/* Without a selection the oldest ones go, and that is known. */
static void test_log_is_cut(void **state)
{
	window("1@80");
	for (unsigned int i = 0; i < HISTORY_EVENTS / 2; i++) {
		windows("1@80:10o+1", 1);
		windows("1@80", 32);
	}
	assert_u64_equal(history_events(history, 0), HISTORY_EVENTS);
	assert_false(history_events_cut(history).tv_sec);
	windows("1@80:10o+1", 1);
	assert_int_equal(history_events_cut(history).tv_sec, 2);
}

/* Members that come and go are no events while the group is there, and one is enough. */
static void test_group(void **state)
{
	fold = true;
	window("1@80 2@80 3");
	window("1@80 2@80:5s! 3");
	assert_now(80, MEMORY_SICK, STATE_STALLED);
	assert_events(0, "sick 80 stalled not-accepting");
	assert_u64_equal(history_event(history, 0, 0)->group, row_id(row_at(80)));
	assert_u64_equal(history_event(history, 0, 0)->id, 2 ^ row_id(row_at(3)) ^ 3);
	window("1@80 2@80:5 3");
	/* What is held of a member is held of the group. */
	assert_now(80, MEMORY_HELD, STATE_STALLED);
	assert_int_equal(recall(80, 0).reasons, STUCK);
	window("1@80 2@80:5 4@80 3");
	window("2@80:5 4@80 3");
	assert_now(80, MEMORY_HELD, STATE_STALLED);
	assert_events(0, "sick 80 stalled not-accepting");
	assert_gone(0, "");
	window("3");
	window("3");
	assert_gone(0, "80");
	assert_events(0, "gone 80 stalled, sick 80 stalled not-accepting");
}

/* The same where the report is not folded. */
static void test_unfolded_group(void **state)
{
	window("1@80 2@80 3");
	window("1@80:10o+3 2@80:10o+4 3");
	window("1@80 2@80:5s! 3");
	window("1@80 2@80:5 3");
	assert_events(0, "sick 80 stalled not-accepting, sick 80 overflowing");
	fold = true;
	windows("1@80 2@80:5 3", 3);
	assert_now(80, MEMORY_HELD, STATE_STALLED);
	assert_u64_equal(recall(80, 0).overflows.min, 7);
	assert_lasted(recall(80, 0), 6, false);
}

/* A listener that others join keeps its spell. */
static void test_listener_becomes_a_group(void **state)
{
	fold = true;
	window("1@80");
	windows("1@80:10o+3", 2);
	window("1@80:10o+3 2@80");
	assert_now(80, MEMORY_SICK, STATE_OVERFLOWING);
	assert_lasted(recall(80, 0), 3, false);
	assert_u64_equal(recall(80, 0).overflows.min, 9);
	assert_events(0, "sick 80 overflowing");
}

static void rename_namespace(struct snapshot *s)
{
	s->netns[0].inode++;
	s->netns[0].name = "other";
}

static void test_namespace_gone(void **state)
{
	struct row **rows;

	window_of("1 2", rename_namespace);
	window_of("1 2:10o+1", rename_namespace);
	window("1 2");
	assert_events(0, "new 2, new 1, netns, sick 2 overflowing");
	assert_string_equal(history_event(history, 0, 2)->netns, "other");
	/* No report has them any more. */
	assert_u64_equal(history_gone(history, &report, 0, &rows), 2);
	assert_string_equal(rows[1]->netns->netns->name, "other");
	assert_memory(history_memory(history, rows[1], 0), MEMORY_GONE, STATE_OVERFLOWING);
	assert_ptr_equal(rows[0]->netns->snapshot, report.snapshot);
}

static void own(struct snapshot *s)
{
	snapshot_size_owners(s, 1, 1);
	memset(s->processes, 0, sizeof(*s->processes));
	s->owners[0] = (struct owner){ 0, 3 };
	s->processes[0].pid = 82;
	s->processes[0].comm = "nginx";
	s->listeners[0].n_owners = 1;
	s->listeners[0].known |= LISTENER_OWNERS;
}

static void test_process(void **state)
{
	struct row **rows;

	window_of("1 2", own);
	assert_string_equal(history_process(history, row_at(A)), "nginx");
	assert_null(history_process(history, row_at(B)));
	window_of("1:10f 2", own);
	window("2");
	assert_string_equal(history_event(history, 0, 0)->process, "nginx");
	assert_string_equal(history_event(history, 0, 1)->process, "nginx");
	window("2");
	assert_u64_equal(history_gone(history, &report, 0, &rows), 1);
	assert_string_equal(history_process(history, rows[0]), "nginx");
}

static void test_sums(void **state)
{
	struct history_sums sums;

	window("1:10o+5 2");
	window("1:10o+3 2");
	windows("1 2", 8);
	window("1:10o+7 2");
	sums = history_row_sums(history, row_at(A), 0);
	assert_true(sums.overflows.known && sums.drops.known);
	assert_u64_equal(sums.overflows.min, 10);
	assert_u64_equal(sums.drops.value, 10);
	assert_u64_equal(sums.covered_ns, 10 * NSEC_PER_SEC);
	sums = history_row_sums(history, row_at(A), 1);
	assert_u64_equal(sums.overflows.min, 3);
	assert_u64_equal(sums.covered_ns, 9 * NSEC_PER_SEC);
	sums = history_row_sums(history, row_at(B), 0);
	assert_true(sums.overflows.known);
	assert_u64_equal(sums.overflows.max, 0);
	history_restart_sums(history);
	sums = history_row_sums(history, row_at(A), 0);
	assert_false(sums.overflows.known);
	window("1:10o+9 2");
	sums = history_row_sums(history, row_at(A), 0);
	assert_u64_equal(sums.overflows.min, 9);
	assert_u64_equal(sums.covered_ns, NSEC_PER_SEC);
}

/* Each cell as its mark, "?" where nothing is known; a cell with an event is in brackets. */
static void assert_strip(size_t n, unsigned int seconds, const char *expected)
{
	struct time_map_cell cells[64];
	struct strbuf b = { 0 };

	history_time_map(history, cells, n, seconds * NSEC_PER_SEC);
	strbuf_adds(&b, "");
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&b, cells[i].event ? "[%s]" : "%s",
			    cells[i].known ? severity_mark(cells[i].severity) : "?");
	if (strcmp(b.s, expected) != 0)
		fail_msg("%s, not %s", b.s, expected);
	strbuf_free(&b);
}

static void overflow(struct snapshot *s)
{
	s->netns[0].after.value[COUNTER_LISTEN_OVERFLOWS] = 50;
}

static void test_strip(void **state)
{
	struct time_map_cell cells[12];

	window("1 2");
	assert_strip(4, 4, "???.");
	windows("1 2", 3);
	window("1:10f 2");
	window("1:10o+9 2:8h");
	windows("1 2:8h", 2);
	windows("1 2", 2);
	assert_strip(12, 12, "??....[!][!!]~~..");
	assert_strip(6, 12, "?..[!!]~.");
	/* Windows that are longer than a cell, and cells that windows begin and end in. */
	assert_strip(24, 12, "?????.......![!]!![!!]~~~~....");
	assert_strip(5, 12, "?.[!!][!!]~");
	assert_u64_equal(history_time_map_find(history, 0, 12, 12 * NSEC_PER_SEC), 11);
	assert_u64_equal(history_time_map_find(history, 4, 12, 12 * NSEC_PER_SEC), 7);
	assert_u64_equal(history_time_map_find(history, 4, 6, 12 * NSEC_PER_SEC), 3);
	assert_u64_equal(history_time_map_find(history, 9, 4, 4 * NSEC_PER_SEC), 4);
	/* Overflows of which no listener is known. */
	window_of("1 2", overflow);
	history_time_map(history, cells, 12, 12 * NSEC_PER_SEC);
	assert_int_equal(cells[11].severity, SEVERITY_WARNING);
	assert_true(cells[11].rate == 50);
	assert_true(cells[10].rate == 0);
	assert_ptr_equal(cells[6].event, history_event(history, 0, 0));
}

static void test_back_at(void **state)
{
	window("1");
	window_ns = 2 * NSEC_PER_SEC;
	windows("1", 5);
	assert_u64_equal(history_back_at(history, 0), 0);
	assert_u64_equal(history_back_at(history, 2 * NSEC_PER_SEC), 1);
	assert_u64_equal(history_back_at(history, 3 * NSEC_PER_SEC), 2);
	assert_u64_equal(history_back_at(history, 3600 * NSEC_PER_SEC), 5);
}

/* Short windows: the strip reaches further back than the fills. */
static void test_short_windows(void **state)
{
	window_ns = NSEC_PER_SEC / 10;
	window("1");
	windows("1:10f", 100);
	windows("1", 2900);
	assert_memory(recall(A, 0), MEMORY_WAS, STATE_FULL);
	assert_ago(recall(A, 0), 290);
	assert_memory(recall(A, 1000), MEMORY_WAS, STATE_FULL);
	assert_ago(recall(A, 1000), 190);
	assert_strip(10, 300, "[!].........");
	assert_u64_equal(history_event_back(history, history_event(history, 0, 1)), 2999);
}

/* Many that always have a queue, or are all sick: old windows are forgotten, and not taken for 0.
 */
static void test_memory_is_bounded(void **state)
{
	struct strbuf crowd = { 0 };

	for (int i = 0; i < 4000; i++)
		strbuf_addf(&crowd, "%d:5 ", 100 + i);
	for (int i = 0; i < 2000; i++)
		strbuf_addf(&crowd, "%d:10o+1 ", 10000 + i);
	for (int i = 0; i < 120; i++) {
		window(crowd.s);
		assert_in_range(history_bytes(history), 1, HISTORY_BYTES + (1 << 20));
	}
	strbuf_free(&crowd);
	assert_true(history_fill(history, row_at(100), 0).known);
	assert_true(history_fill(history, row_at(100), 0).fill == FILL_FULL / 2);
	assert_false(history_fill(history, row_at(100), 110).known);
	assert_now(10000, MEMORY_SICK, STATE_OVERFLOWING);
	assert_lasted(recall(10000, 0), 119, true);
	assert_u64_equal(recall(10000, 0).overflows.min, 119);
}

/* All listeners but the first are others than those of any window before. */
static void replace(struct snapshot *s)
{
	for (size_t i = 1; i < s->n_listeners; i++)
		s->listeners[i].cookie += 100000 * n_samples;
}

/* What is remembered of listeners that went is forgotten, and of those that are there it is not. */
static void test_memory_of_many_that_go(void **state)
{
	struct strbuf crowd = { 0 };

	for (unsigned int i = 0; i < 1000; i++)
		strbuf_addf(&crowd, "%u:%d ", 100 + i, i ? 0 : 10);
	for (unsigned int i = 0; i < 300; i++) {
		struct strbuf all = { 0 };
		struct row **gone;

		strbuf_addf(&all, "%s %s", i == 150 ? "1:10o+1" : "1:5", crowd.s);
		window_of(all.s, replace);
		strbuf_free(&all);
		/* What is on the screen no more is freed. */
		assert_in_range(history_gone(history, &report, 0, &gone), 0, 256);
		assert_in_range(history_bytes(history), 1, HISTORY_BYTES + (2 << 20));
	}
	strbuf_free(&crowd);
	assert_memory(recall(A, 0), MEMORY_WAS, STATE_OVERFLOWING);
	assert_true(history_fill(history, row_at(1), 50).known);
	assert_true(history_fill(history, row_at(1), 50).fill == FILL_FULL / 2);
	assert_true(history_fill(history, row_at(100), 0).known);
	assert_false(history_fill(history, row_at(100), 1).known);
}

/*
 * More than it can remember: of the rest it says what the report does, and the others stay known.
 */
static void test_too_many_sick(void **state)
{
	const int n = 6000;
	struct strbuf crowd = { 0 };

	for (int i = 0; i < n; i++)
		strbuf_addf(&crowd, "%d:10o+1 ", 100 + i);
	for (int i = 0; i < 10; i++) {
		window(crowd.s);
		assert_in_range(history_bytes(history), 1,
				HISTORY_BYTES + (1 << 20) + 100 * (size_t)n);
	}
	strbuf_free(&crowd);
	assert_now(100, MEMORY_SICK, STATE_OVERFLOWING);
	assert_lasted(recall(100, 0), 9, true);
	assert_u64_equal(recall(100, 0).overflows.min, 9);
	assert_now(100 + n - 1, MEMORY_SICK, STATE_OVERFLOWING);
	assert_false(recall(100 + n - 1, 0).lasted.known);
	assert_true(recall(100 + n - 1, 0).overflows.known);
	assert_u64_equal(recall(100 + n - 1, 0).overflows.min, 1);
	assert_true(history_fill(history, row_at(100 + n - 1), 0).known);
}

#define MEMORY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(test_well),
		MEMORY_TEST(test_crash_loop),
		MEMORY_TEST(test_sick_over_restarts),
		MEMORY_TEST(test_closed_while_sick),
		MEMORY_TEST(test_sick_after_closed),
		MEMORY_TEST(test_rolling_restart),
		MEMORY_TEST(test_one_cause),
		MEMORY_TEST(test_stopped_at_once),
		MEMORY_TEST(test_severity_stays),
		MEMORY_TEST(test_causes_of_what_was),
		MEMORY_TEST(test_sick),
		MEMORY_TEST(test_sick_from_the_beginning),
		MEMORY_TEST(test_gaps),
		MEMORY_TEST(test_was),
		MEMORY_TEST(test_memory_of_older_windows),
		MEMORY_TEST(test_proof),
		MEMORY_TEST(test_proof_ends_with_the_queue),
		MEMORY_TEST(test_bursts),
		MEMORY_TEST(test_events),
		MEMORY_TEST(test_high_is_no_event),
		MEMORY_TEST(test_new),
		MEMORY_TEST(test_gone),
		MEMORY_TEST(test_restart),
		MEMORY_TEST(test_restarts),
		MEMORY_TEST(test_brief),
		MEMORY_TEST(test_crowds),
		MEMORY_TEST(test_log_is_bounded),
		MEMORY_TEST(test_log_keeps_the_selected),
		MEMORY_TEST(test_log_is_cut),
		MEMORY_TEST(test_group),
		MEMORY_TEST(test_unfolded_group),
		MEMORY_TEST(test_listener_becomes_a_group),
		MEMORY_TEST(test_namespace_gone),
		MEMORY_TEST(test_process),
		MEMORY_TEST(test_sums),
		MEMORY_TEST(test_strip),
		MEMORY_TEST(test_back_at),
		MEMORY_TEST(test_short_windows),
		MEMORY_TEST(test_memory_is_bounded),
		MEMORY_TEST(test_memory_of_many_that_go),
		MEMORY_TEST(test_too_many_sick),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
