/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "analyse/postmortem.h"
#include "model/groups.h"
#include "output/incident.h"
#include "output/paper.h"

#include <sys/socket.h>
#include <time.h>

/*
 * A sequence of samples, by hand, a second apart unless a test lets more time pass. Reports and
 * verdicts are real. tests/expected/incident-CASE.md has whole reports.
 */
#define BEGIN 1795921200 /* 2026-11-29 03:00:00 UTC */

static struct snapshot samples[2];
static size_t n_samples;
static struct report report;
static struct postmortem *postmortem;
static struct incident_style style;
static bool cut; /* the next sample begins a new run */
static uint64_t now_ns, wall_ns;
static const char *boot;
static uint64_t counters[COUNTER_N];
static uint32_t drops[65536]; /* by cookie */
static uint32_t lengths[65536];
static struct strbuf text; /* of the report */

static int setup(void **state)
{
	setenv("TZ", "CET-1", 1);
	tzset();
	postmortem = postmortem_new(0);
	style = (struct incident_style){ 0 };
	n_samples = 0;
	cut = false;
	now_ns = 1000 * NSEC_PER_SEC;
	wall_ns = 0;
	boot = "1b0c8b3e";
	memset(counters, 0, sizeof(counters));
	memset(drops, 0, sizeof(drops));
	memset(lengths, 0, sizeof(lengths));
	return 0;
}

static int teardown(void **state)
{
	postmortem_free(postmortem);
	snapshot_free(&samples[0]);
	snapshot_free(&samples[1]);
	report_free(&report);
	strbuf_free(&text);
	return 0;
}

static struct snapshot *now(void)
{
	return &samples[n_samples % 2];
}

static void begin(unsigned int seconds)
{
	struct snapshot *s = now();

	snapshot_reset(s);
	now_ns += seconds * NSEC_PER_SEC;
	wall_ns += seconds * NSEC_PER_SEC;
	scene_begin(s, now_ns);
	s->wall = (struct timespec){ BEGIN + (time_t)(wall_ns / NSEC_PER_SEC), 0 };
	s->netns[0].own = true;
	s->netns[0].cookie = 1;
	snprintf(s->host, sizeof(s->host), "web3");
	snprintf(s->boot_id, sizeof(s->boot_id), "%s", boot);
	s->known |= SNAPSHOT_UNIX_QUEUES | SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_ALL;
}

/* A listener at that port with a queue of @length of 5. Connections that leave were accepted. */
static struct listener *put_at(uint16_t cookie, uint16_t port, uint32_t length)
{
	struct listener *l = scene_add(now(), cookie);

	l->addr.port = port;
	l->limit = 4;
	l->length = length;
	l->known |= LISTENER_PEAK;
	l->peak.length = l->peak.lowest = length;
	l->peak.samples = 50;
	l->peak.full = length > l->limit;
	l->peak.full_ns = l->peak.full ? NSEC_PER_SEC : 0;
	l->drops = drops[cookie];
	if (length > lengths[cookie])
		counters[COUNTER_PASSIVE_OPENS] += length - lengths[cookie];
	lengths[cookie] = length;
	return l;
}

static struct listener *put(uint16_t port, uint32_t length)
{
	return put_at(port, port, length);
}

/* Before put(): so many SYNs met its full queue. */
static void overflow(uint16_t cookie, uint32_t n)
{
	counters[COUNTER_LISTEN_OVERFLOWS] += n;
	counters[COUNTER_LISTEN_DROPS] += n;
	drops[cookie] += n;
}

/* The process that holds the last listener. */
static void held_by(uint32_t pid, const char *comm, const char *unit)
{
	struct snapshot *s = now();
	struct listener *l = &s->listeners[s->n_listeners - 1];
	struct string_pool *pool = snapshot_strings(s);
	const size_t n = s->n_processes;

	snapshot_size_owners(s, n + 1, n + 1);
	s->processes[n] =
		(struct process){ .pid = pid,
				  .comm = string_pool_adds(pool, comm),
				  .unit = string_pool_adds(pool, unit),
				  .known = PROCESS_STATE | PROCESS_OPEN_FDS | PROCESS_FD_LIMIT,
				  .state = 'S',
				  .open_fds = 12,
				  .fd_limit = 1024 };
	s->owners[n] = (struct owner){ (uint32_t)n, 5 };
	l->first_owner = (uint32_t)n;
	l->n_owners = 1;
	l->known |= LISTENER_OWNERS;
}

/* The oldest connection of the listener has waited for that long. */
static void oldest(uint16_t cookie, uint32_t seconds)
{
	struct snapshot *s = now();
	struct group *g = NULL;

	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].cookie == cookie)
			g = &s->groups[s->listeners[i].group];
	assert_non_null(g);
	g->known |= GROUP_WAITING | GROUP_OLDEST;
	g->holder = cookie;
	g->waiting = g->length_after = lengths[cookie];
	g->oldest_wait_ms = seconds * 1000;
}

/* Ends the sample; groups are made, and may be changed before add(). */
static void end(void)
{
	groups_build(now());
	memcpy(now()->netns[0].before.value, counters, sizeof(counters));
	memcpy(now()->netns[0].after.value, counters, sizeof(counters));
}

static void add(void)
{
	struct snapshot *before = n_samples ? &samples[(n_samples - 1) % 2] : NULL;

	if (before && !cut) {
		fold_build(&report, before, now(), true);
		report_select(&report, &all_listeners);
		postmortem_add(postmortem, &report);
	}
	cut = false;
	n_samples++;
}

/* @n windows of one listener that is well. */
static void calm(unsigned int n)
{
	while (n--) {
		begin(1);
		put(80, 0);
		end();
		add();
	}
}

/* @n windows at the end of which nobody listens at port 80. */
static void absent(unsigned int n)
{
	while (n--) {
		begin(1);
		put(22, 0);
		end();
		add();
	}
}

/* @n windows in which gunicorn accepts nothing, while @lost SYNs come in each. */
static void stuck(unsigned int n, uint32_t length, uint32_t lost)
{
	static unsigned int waited;

	for (unsigned int i = 0; i < n; i++) {
		waited = lengths[80] ? waited + 1 : 0;
		begin(1);
		overflow(80, lost);
		put(80, length);
		held_by(2410, "gunicorn", "gunicorn.service");
		end();
		oldest(80, waited);
		add();
	}
}

static const struct postmortem_listener *only(void)
{
	postmortem_end(postmortem);
	assert_int_equal(postmortem->n_listeners, 1);
	return postmortem->listeners[0];
}

static const char *print(void)
{
	char *printed;
	size_t len;
	FILE *stream = open_memstream(&printed, &len);

	postmortem_end(postmortem);
	incident_print(stream, postmortem, &style);
	fclose(stream);
	text.len = 0;
	strbuf_add(&text, printed, len);
	free(printed);
	return text.s;
}

static void compare(const char *name)
{
	char file[128];

	print();
	snprintf(file, sizeof(file), "tests/expected/incident-%s.md", name);
	unit_compare(file, text.s, text.len);
}

static void assert_has(const char *part)
{
	if (!strstr(text.s, part))
		fail_msg("not in the report: %s\n%s", part, text.s);
}

static void assert_lacks(const char *part)
{
	if (strstr(text.s, part))
		fail_msg("in the report: %s\n%s", part, text.s);
}

static void test_stuck(void **state)
{
	calm(5);
	stuck(3, 3, 0);
	stuck(60, 5, 4);
	calm(60);
	compare("stuck");
}

/* @n windows in which the queue was full, as more clients come than gunicorn accepts. */
static void slow(unsigned int n, uint32_t lost)
{
	while (n--) {
		begin(1);
		overflow(80, lost);
		put(80, 4);
		held_by(2410, "gunicorn", "gunicorn.service");
		end();
		add();
	}
}

/* The worst window is one of the end, when it accepted again; the cause is that of most. */
static void test_main_cause(void **state)
{
	calm(5);
	stuck(12, 5, 4);
	slow(3, 90);
	calm(40);
	print();
	assert_has("# `web3`: `gunicorn` at `10.0.0.1:80` stopped accepting, overflowing\n");
	assert_has(
		" Cause, proved in 11 of 15 windows: stopped accepting; later also accepts too slowly, "
		"in 3. ");
	assert_has("\nFor not-accepting: ");
	assert_has("\nWhile it lasts: see what process 2410 waits for. ");
	assert_lacks("For accepting-slowly");
}

/* One that was there before is named as well. */
static void test_cause_before(void **state)
{
	calm(5);
	slow(3, 90);
	stuck(12, 5, 4);
	calm(40);
	print();
	assert_has("# `web3`: `gunicorn` at `10.0.0.1:80` stopped accepting, overflowing\n");
	assert_has("windows: stopped accepting; also accepts too slowly, in ");
}

/* Of two that as many windows prove it is the first one. */
static void test_causes_equal(void **state)
{
	calm(5);
	stuck(4, 5, 4);
	slow(3, 90);
	calm(40);
	print();
	assert_has(
		"proved in 3 of 7 windows: stopped accepting; later also accepts too slowly, in 3. ");
}

static void test_nothing(void **state)
{
	calm(10);
	compare("nothing");
}

static void test_began_before(void **state)
{
	stuck(10, 5, 1);
	assert_true(only()->first.begun_before);
	assert_true(only()->last.goes_on);
	print();
	assert_has("(03:00:01 UTC), or before: nothing was looked at until then\n");
	assert_has("- Ended: unknown; it went on at 2026-11-29 04:00:10 +0100");
	assert_has("- Lasted: at least 9s\n");
	assert_has("- SYNs and final ACKs dropped: at least 9. ");
	assert_has("- Nobody could get in for at least ");
}

static void test_several(void **state)
{
	calm(5);
	stuck(5, 5, 1);
	calm(40);
	stuck(20, 5, 2);
	calm(40);
	assert_int_equal(only()->n_spells, 2);
	print();
	assert_has("- Times: 2 in between, 27s in all; the longest lasted 21s from 04:00:50 on\n");
	assert_has("SYNs and final ACKs dropped: 45.");
}

/* It stopped in the window before the first one that proves it, or before. */
static void test_stretches_at_least(void **state)
{
	calm(5);
	stuck(10, 5, 1);
	calm(40);
	print();
	assert_has("- Nothing was accepted for at least 9s, without a break, until 04:00:15\n");
	assert_has("- Nobody could get in for at least 9s, until 04:00:15: the queue was full");
}

/* It was stalled at the sample that ended its last window: it got well after that. */
static void stalled(unsigned int calm_after)
{
	calm(5);
	stuck(10, 3, 0);
	calm(calm_after);
	print();
	assert_has("- Ended: 2026-11-29 04:00:15 +0100 (03:00:15 UTC)\n");
	assert_lacks("no longer seen sick");
	assert_lacks("well again");
}

static void test_sick_at_last_sample(void **state)
{
	stalled(40);
	assert_has("\n04:00:15  gunicorn 10.0.0.1:80  last seen sick after ");
	assert_has("; well at 04:00:16; was stalled\n");
}

static void test_sick_at_last_sample_no_event(void **state)
{
	stalled(3);
	assert_has("\n04:00:15  gunicorn 10.0.0.1:80  last seen sick; well at 04:00:16\n");
}

/* Nearly full is sick, too. */
static void test_high_at_last_sample(void **state)
{
	calm(5);
	stuck(5, 5, 1);
	slow(1, 0);
	calm(40);
	print();
	assert_has("\n04:00:11  gunicorn 10.0.0.1:80  last seen sick after ");
	assert_has("; well at 04:00:12; was overflowing");
}

/* In the last window it worked off its queue. */
static void test_emptied_at_the_end(void **state)
{
	calm(5);
	stuck(5, 5, 1);
	stuck(1, 0, 1);
	print();
	assert_has("- Ended: unknown; it was sick in the window that ended at 2026-11-29 04:00:11 "
		   "+0100 (03:00:11 UTC), when its queue was empty, and nothing was looked at "
		   "after that\n");
	assert_has("\n04:00:11  gunicorn 10.0.0.1:80  sick in the window that ends here; its queue "
		   "is empty\n");
	assert_lacks("it went on");
	assert_lacks("still sick");
}

/* What comes after a gap changes nothing of what was before it. */
static void test_emptied_before_gap(void **state)
{
	calm(5);
	stuck(5, 5, 1);
	cut = true;
	now_ns += 60 * NSEC_PER_SEC;
	wall_ns += 60 * NSEC_PER_SEC;
	calm(5);
	print();
	assert_has("- Ended: unknown; it went on at 2026-11-29 04:00:10 ");
	assert_has("\n04:00:10  gunicorn 10.0.0.1:80  still sick\n");
}

/* It is the same incident where the next window was sick less than HISTORY_GAP_NS later. */
static void test_short_pause(void **state)
{
	calm(5);
	stuck(5, 5, 1);
	calm(10);
	stuck(5, 5, 1);
	calm(40);
	assert_int_equal(only()->n_spells, 1);
}

/* A listener that the next sample lacks is gone. */
static void restart(uint16_t cookie)
{
	begin(1);
	put_at(cookie, 80, 0);
	end();
	add();
}

static void test_restarts(void **state)
{
	calm(3);
	stuck(10, 5, 3);
	restart(1001);
	restart(1002);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		put_at(1002, 80, 0);
		end();
		add();
	}
	begin(1);
	end();
	add();
	compare("restarts");
	assert_int_equal(only()->n_spells, 1);
	assert_true(only()->gone);
}

/* One that is closed while it is sick has not recovered; what it lost in its last window counts. */
static void test_closed_while_sick(void **state)
{
	calm(5);
	stuck(10, 5, 3);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		counters[COUNTER_LISTEN_OVERFLOWS] += i ? 0 : 7;
		counters[COUNTER_LISTEN_DROPS] += i ? 0 : 7;
		end();
		add();
	}
	restart(1001);
	for (unsigned int i = 0; i < 40; i++)
		restart(1001);
	print();
	assert_has("- Ended: between 2026-11-29 04:00:15 +0100 (03:00:15 UTC) and 2026-11-29 "
		   "04:00:16 +0100 (03:00:16 UTC), when the listener was closed\n");
	assert_has("- Nobody listened from some time between 04:00:15 and 04:00:16 to some "
		   "time between 04:00:18 and 04:00:19: a client that came then got a RST, "
		   "unless another listener had the port\n");
	assert_has("04:00:16  gunicorn 10.0.0.1:80  closed while it was sick, after at least 10s; "
		   "was overflowing; 30 to 37 overflows\n");
	assert_lacks("well again");
	assert_lacks("no longer seen sick");
}

/* It closed long after: what it lost then is not of the incident. */
static void test_closed_after_incident(void **state)
{
	calm(5);
	stuck(10, 5, 3);
	calm(40);
	absent(1);
	print();
	assert_has("SYNs and final ACKs dropped: 30. ");
	assert_has("- SYNs and final ACKs dropped for another cause: 0\n");
	assert_lacks("unknown in 1 window");
}

/* Where it is sick again soon it is one incident, and the window is one of it. */
static void test_closed_within_incident(void **state)
{
	calm(5);
	stuck(10, 5, 3);
	calm(5);
	absent(1);
	stuck(10, 5, 3);
	calm(40);
	print();
	assert_int_equal(only()->n_spells, 1);
	assert_has("dropped for another cause: 0 where it is known; unknown in ");
}

/* The next one is there in the same sample. */
static void test_replaced_while_sick(void **state)
{
	calm(5);
	stuck(10, 5, 3);
	for (unsigned int i = 0; i < 40; i++)
		restart(1001);
	print();
	assert_has(", when the listener was closed\n");
	assert_has("04:00:16  gunicorn 10.0.0.1:80  closed while it was sick, after at least 10s; "
		   "was overflowing; 30 overflows\n");
	assert_has("dropped for another cause: 0 where it is known; unknown in 1 window\n");
	assert_lacks("obody listened");
	assert_lacks("well again");
}

/* One that was well restarted before it was sick. */
static void test_restarted_before(void **state)
{
	begin(1);
	put_at(1000, 80, 0);
	end();
	add();
	begin(1);
	put(80, 0);
	end();
	add();
	calm(2);
	stuck(5, 5, 1);
	print();
	assert_has("- Restarted: 04:00:02, as a new listener at this address\n");
}

/* What is not kept is said. */
static void test_many_restarts(void **state)
{
	for (uint32_t i = 0; i < POSTMORTEM_RESTARTS + 1; i++)
		restart((uint16_t)(1000 + i % 2));
	print();
	assert_lacks("were restarted");
	postmortem_free(postmortem);
	postmortem = postmortem_new(0);
	for (uint32_t i = 0; i < POSTMORTEM_RESTARTS + 2; i++)
		restart((uint16_t)(1000 + i % 2));
	print();
	assert_has("- Too many listeners were restarted: the last 1 of them, after ");
}

/* @n windows with a listener at port 80, and one that stays. */
static void present(unsigned int n, uint16_t cookie)
{
	while (n--) {
		begin(1);
		put(22, 0);
		put_at(cookie, 80, 0);
		end();
		add();
	}
}

/* A server that restarts: no queue was to blame, but clients were refused. */
static void test_closed_while_well(void **state)
{
	present(3, 1000);
	absent(1);
	present(3, 1001);
	absent(4);
	present(3, 1002);
	print();
	assert_has("# `web3`: no listener was sick, but `10.0.0.1:80` was closed 2 times\n");
	assert_has(
		"see below. At `10.0.0.1:80` nobody listened 2 times, the longest from some time "
		"between 04:00:07 and 04:00:08 to some time between 04:00:11 and 04:00:12: a "
		"client that came then got a RST, unless another listener had the port.\n");
	assert_has("\n04:00:04  10.0.0.1:80  nobody listened 2 times, the longest from ");
	assert_lacks("nothing was found");
	assert_lacks("not the cause");
}

static void test_closed_for_good(void **state)
{
	present(3, 1000);
	absent(3);
	print();
	assert_has("# `web3`: no listener was sick, but `10.0.0.1:80` was closed\n");
	assert_has(
		" At `10.0.0.1:80` nobody listened from some time between 04:00:03 and 04:00:04 "
		"to 04:00:06 or later: a client that came then got a RST, unless another listener had the port.\n");
	assert_has("\n04:00:04  10.0.0.1:80  nobody listened from ");
	assert_lacks("not the cause");
}

/* For how long nobody listened is unknown where another one was there at the end. */
static void test_replaced_while_well(void **state)
{
	present(3, 1000);
	present(3, 1001);
	print();
	assert_has("# `web3`: no listener was sick, but `10.0.0.1:80` was restarted\n");
	assert_has(" `10.0.0.1:80` was restarted within a window, as a new listener.\n");
	assert_has("\n04:00:04  10.0.0.1:80  restarted within a window, as a new listener\n");
	assert_lacks("obody listened");
	assert_lacks("not the cause");
}

/* The others of its group go on. */
static void test_closed_in_group(void **state)
{
	for (unsigned int i = 0; i < 6; i++) {
		begin(1);
		put_at(80, 80, 0);
		if (i < 3)
			put_at(81, 80, 0);
		end();
		add();
	}
	print();
	assert_has("# `web3`: no listener was sick\n");
	assert_has("not the cause");
	assert_lacks("Timeline");
}

/* Somebody may have listened in the gap. */
static void test_closed_before_gap(void **state)
{
	present(3, 1000);
	absent(2);
	cut = true;
	now_ns += 60 * NSEC_PER_SEC;
	wall_ns += 60 * NSEC_PER_SEC;
	absent(3);
	present(2, 1001);
	print();
	assert_has(" At `10.0.0.1:80` nobody listened from some time between 04:00:03 and 04:00:04 "
		   "to 04:00:05 or later: ");
	assert_has("but `10.0.0.1:80` was closed; nothing is known for ");
}

/* Beside one that is sick. */
static void test_closed_beside_sick(void **state)
{
	for (unsigned int i = 0; i < 10; i++) {
		begin(1);
		if (i < 2 || i > 4)
			put_at(i < 2 ? 1000 : 1001, 8080, 0);
		if (i > 1)
			overflow(80, 1);
		put(80, i > 1 ? 5 : 0);
		end();
		add();
	}
	print();
	assert_has("\n04:00:03  10.0.0.1:8080  nobody listened from some time between 04:00:02 and "
		   "04:00:03 to some time between 04:00:05 and 04:00:06: ");
	assert_has("# `web3`: `10.0.0.1:80` stopped accepting, overflowing\n");
}

/* What was selected alone counts. */
static void test_closed_not_selected(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		begin(1);
		put(22, 0);
		if (!i)
			put(80, 0);
		end();
		if (i) {
			fold_build(&report, &samples[0], now(), true);
			postmortem_add(postmortem, &report);
		}
		n_samples++;
	}
	print();
	assert_lacks("closed");
}

/* So many are named. */
static void test_many_closed_while_well(void **state)
{
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		for (uint16_t port = 1; port <= ABSENCES_MAX + 6; port++)
			if (i != 1)
				put_at((uint16_t)(port + 100 * i), port, 0);
		end();
		add();
	}
	print();
	assert_has(" was closed, and so were 63 more listeners\n");
	assert_has(". 61 more listeners closed: see the timeline.\n");
	assert_has("- Listeners were closed at more than 64 addresses: those at others, which were "
		   "closed 6 times, are not named\n");
}

/* It is known of one that gets sick later, too. */
static void test_absent_before_sick(void **state)
{
	present(3, 1000);
	absent(2);
	calm(2);
	stuck(5, 5, 1);
	print();
	assert_has("- Nobody listened from some time between 04:00:03 and 04:00:04 to some time "
		   "between 04:00:05 and 04:00:06: a client that came then got a RST, "
		   "unless another listener had the port\n");
}

/* 90,000 addresses, a third of them after the other. */
static void test_many_closed(void **state)
{
	for (uint8_t i = 0; i < 4; i++) {
		begin(1);
		for (uint16_t port = 1; port <= 30000; port++)
			put_at((uint16_t)(port + i % 2 * 30000), port, 0)->addr.address[3] = i;
		end();
		add();
	}
	print();
	assert_has("- More listeners were closed than the 65536 that are remembered: whether "
		   "24464 of them were restarted is unknown\n");
}

static void test_many_warnings(void **state)
{
	calm(1);
	for (unsigned int i = 0; i < POSTMORTEM_WARNINGS + 1; i++) {
		begin(1);
		snapshot_warn(now(), "x", "%u", i);
		end();
		add();
	}
	begin(1);
	snapshot_warn(now(), "x", "33");
	snapshot_warn(now(), "x", "34");
	end();
	add();
	print();
	assert_has("`31`\n- and 3 more warnings; one that came in several windows counts in "
		   "each\n");
}

static void test_group(void **state)
{
	calm(1);
	for (unsigned int i = 0; i < 8; i++) {
		begin(1);
		overflow(81, 2);
		put_at(80, 80, 0);
		put_at(81, 80, 5);
		held_by(300, "uwsgi", NULL);
		end();
		add();
	}
	compare("group");
	assert_int_equal(only()->sockets, 2);
}

static void test_unix(void **state)
{
	for (unsigned int i = 0; i < 12; i++) {
		struct listener *l;

		begin(1);
		now()->known |= SNAPSHOT_UNIX;
		l = scene_add(now(), 7);
		l->known = LISTENER_PEAK;
		l->addr.family = AF_UNIX;
		l->name = string_pool_adds(snapshot_strings(now()), "@x|`y`\n");
		l->limit = 4;
		l->length = i > 1 && i < 10 ? 5 : 0;
		l->peak.length = l->length;
		l->peak.full = l->length > l->limit;
		l->peak.full_ns = l->peak.full ? NSEC_PER_SEC : 0;
		l->first_ns = l->length ? (1000 + 3) * NSEC_PER_SEC : 0;
		l->first = l->length ? 99 : 0;
		l->peak.unmoved_ns = l->length ? now_ns - l->first_ns : 0;
		held_by(2, "x", NULL);
		end();
		add();
	}
	compare("unix");
}

/* The worst window has no owners, and one before or after it does. */
static void owners_beside(bool before)
{
	calm(2);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		if (i == 1)
			overflow(80, 1);
		put(80, i == 1 ? 5 : 4);
		if (i == (before ? 0 : 2))
			held_by(77, "app", NULL);
		end();
		add();
	}
	assert_int_equal(only()->worst, STATE_OVERFLOWING);
	assert_int_equal(only()->n_processes, 1);
	print();
	assert_has("- Process: `app` 77\n");
}

static void test_owners_before(void **state)
{
	owners_beside(true);
}

static void test_owners_after(void **state)
{
	owners_beside(false);
}

/* An old kernel, without privilege: no drops, no counters, no owners, no fast samples. */
static void test_little_known(void **state)
{
	calm(1);
	for (unsigned int i = 0; i < 5; i++) {
		struct netns *ns;

		begin(1);
		put(80, 5)->known = 0;
		ns = &now()->netns[0];
		ns->before.known = ns->after.known = 0;
		ns->sysctls.known = 0;
		ns->syn_recv_ns = ns->waiting_ns = 0;
		ns->own = false;
		now()->known &= ~(uint32_t)(SNAPSHOT_UNIX_QUEUES | SNAPSHOT_OTHERS);
		snapshot_warn(now(), "owners-hidden", "only root sees all *owners*");
		end();
		add();
	}
	compare("little-known");
}

static void test_gaps(void **state)
{
	calm(3);
	stuck(5, 5, 1);
	cut = true;
	now_ns += 600 * NSEC_PER_SEC;
	wall_ns += 600 * NSEC_PER_SEC;
	stuck(5, 5, 1);
	calm(40);
	cut = true;
	boot = "another";
	wall_ns += 7200 * NSEC_PER_SEC;
	now_ns = NSEC_PER_SEC;
	calm(3);
	compare("gaps");
	assert_int_equal(only()->n_spells, 2);
	assert_int_equal(postmortem->n_gaps, 2);
	assert_false(postmortem->gaps[0].boot);
	assert_true(postmortem->gaps[1].boot);
}

/* Clocks that agree are of one boot; of others it is unknown, and monotonic times do not compare.
 */
static void test_unknown_boots(void **state)
{
	boot = "";
	calm(3);
	stuck(5, 5, 1);
	cut = true;
	now_ns += 600 * NSEC_PER_SEC;
	wall_ns += 600 * NSEC_PER_SEC;
	stuck(5, 5, 1);
	cut = true;
	wall_ns += 7200 * NSEC_PER_SEC;
	now_ns = NSEC_PER_SEC;
	stuck(5, 5, 1);
	print();
	assert_int_equal(postmortem->n_gaps, 2);
	assert_false(postmortem->gaps[0].boot || postmortem->gaps[0].unsure);
	assert_false(postmortem->gaps[1].boot);
	assert_true(postmortem->gaps[1].unsure);
	assert_has("; then it may be another boot\n");
	assert_lacks("another host");
	assert_lacks("without a break, though");
}

/* A new run, after 10 s of which nothing is known: the oldest connection had come before. */
static void sick_over_gap(unsigned int waits)
{
	calm(3);
	stuck(10, 5, 3);
	cut = true;
	begin(10);
	put(80, 5);
	end();
	add();
	for (unsigned int i = 1; i <= 10; i++) {
		begin(1);
		overflow(80, 3);
		put(80, 5);
		held_by(2410, "gunicorn", "gunicorn.service");
		end();
		oldest(80, waits + i);
		add();
	}
	calm(40);
	print();
}

static void test_sick_over_gap(void **state)
{
	sick_over_gap(19);
	assert_int_equal(only()->n_spells, 1);
	assert_has("; nothing is known for 10s of 1m12s\n\n`gunicorn` at ");
	assert_has(", for 31s, without a break, though nothing was recorded for 10s. ");
	assert_has("- Lasted: 31s, without a break, though nothing was recorded for 10s\n");
	assert_has("- Nothing was accepted for at least 29s, without a break, until ");
	assert_has("- SYNs and final ACKs dropped: at least 60; unknown in 1 window");
	assert_has("well again after 31s; was overflowing\n");
	assert_lacks("at least 31s");
}

/* One that came in the gap proves nothing of it. */
static void test_sick_around_gap(void **state)
{
	sick_over_gap(8);
	assert_int_equal(only()->n_spells, 2);
	assert_has("; nothing is known for 10s of 1m12s\n\n`gunicorn` at ");
	assert_has(" was sick before and after the gap, between ");
	assert_has("; whether it was sick in the gap is unknown\n");
	assert_lacks("several times");
	assert_lacks("without a break, though");
}

/* @seconds without a sample, of a run that goes on; then it is well. */
static void left_out(unsigned int seconds)
{
	begin(seconds);
	now()->previous_ns = now_ns - NSEC_PER_SEC;
	put(80, 0);
	now()->listeners[0].known &= (uint16_t)~LISTENER_PEAK;
	end();
	add();
}

/* Where samples were left out after the last sick one, it is unknown when it became well. */
static void test_end_left_out(void **state)
{
	calm(5);
	stuck(9, 5, 1);
	stuck(1, 0, 1);
	left_out(60);
	calm(40);
	assert_int_equal(only()->n_spells, 1);
	print();
	assert_has("was sick from 2026-11-29 04:00:05 +0100 (03:00:05 UTC) to some time between "
		   "2026-11-29 04:00:15 +0100 (03:00:15 UTC) and 2026-11-29 04:01:15 +0100 "
		   "(03:01:15 UTC), for at least 10s.");
	assert_has("- Ended: between 2026-11-29 04:00:15 +0100 (03:00:15 UTC) and 2026-11-29 "
		   "04:01:15 +0100 (03:01:15 UTC): what was in between was not seen\n"
		   "- Lasted: at least 10s\n");
	assert_has("\n04:00:15  gunicorn 10.0.0.1:80  last seen sick after 10s; well at 04:01:15; "
		   "was overflowing");
}

/* @n windows of 5 s each, in which the queue has that length at the end. */
static void long_windows(unsigned int n, uint32_t length, uint32_t lost)
{
	while (n--) {
		begin(5);
		overflow(80, lost);
		put(80, length);
		end();
		add();
	}
}

/* Windows leave open when it began and ended in them. */
static void test_long_windows(void **state)
{
	long_windows(3, 0, 0);
	long_windows(1, 5, 1);
	long_windows(3, 5, 1);
	long_windows(20, 0, 0);
	print();
	assert_has("(03:00:15 UTC) to 2026-11-29 04:00:40 +0100 (03:00:40 UTC), for 15s to 25s.");
	assert_has("well again after 15s to 25s; was overflowing");
	assert_has("- Began: between 2026-11-29 04:00:15 +0100 (03:00:15 UTC) and "
		   "2026-11-29 04:00:20 +0100 (03:00:20 UTC)\n");
	assert_has("- Lasted: 15s to 25s\n");
}

/* A connection that came then, and waits, tells when it stopped; and it stands until a sample. */
static void test_long_windows_stuck(void **state)
{
	long_windows(3, 0, 0);
	long_windows(1, 5, 1);
	for (unsigned int i = 1; i <= 2; i++) {
		begin(5);
		overflow(80, 1);
		put(80, 5);
		end();
		oldest(80, 1 + 5 * i);
		add();
	}
	long_windows(20, 0, 0);
	print();
	assert_has("- Began: between 2026-11-29 04:00:15 +0100 (03:00:15 UTC) and "
		   "2026-11-29 04:00:19 +0100 (03:00:19 UTC)\n");
	assert_has("- Lasted: 11s to 20s\n");
}

/* The same of an incident before the last one. */
static void test_end_left_out_before(void **state)
{
	calm(5);
	stuck(9, 5, 1);
	stuck(1, 0, 1);
	left_out(60);
	calm(40);
	stuck(5, 5, 1);
	calm(40);
	assert_int_equal(only()->n_spells, 2);
	print();
	assert_has("- Times: 2 in between, at least ");
	assert_has("the longest lasted at least 10s from 04:00:05 on\n");
	assert_has("last seen sick after 10s; well at 04:01:15; ");
	assert_has("  well again after ");
}

/* It is known where it was sick again soon after. */
static void test_left_out_within(void **state)
{
	calm(5);
	stuck(10, 5, 1);
	left_out(10);
	stuck(10, 5, 1);
	calm(40);
	assert_int_equal(only()->n_spells, 1);
	assert_false(only()->at_least);
}

/* Nor where a window was mostly unseen, as the program was stopped. */
static void test_blind(void **state)
{
	calm(5);
	stuck(9, 5, 1);
	stuck(1, 0, 1);
	begin(37);
	now()->previous_ns = now_ns - 37 * NSEC_PER_SEC;
	now()->blind_ns = 36 * NSEC_PER_SEC;
	snapshot_warn(now(), "peaks-unavailable", "no peaks");
	put(80, 0);
	now()->listeners[0].known &= (uint16_t)~LISTENER_PEAK;
	end();
	add();
	calm(40);
	print();
	assert_has("- Ended: between 2026-11-29 04:00:15 +0100 (03:00:15 UTC) and 2026-11-29 "
		   "04:00:52 +0100 (03:00:52 UTC): what was in between was not seen\n");
	assert_has("\n04:00:15  no fast sample for 36s until 04:00:52: peaks are unknown\n");
	assert_has("\n- From 2026-11-29 04:00:15 +0100 (03:00:15 UTC) to 2026-11-29 04:00:52 +0100 "
		   "(03:00:52 UTC) no fast sample was taken for 36s, as ");
	assert_lacks("no peaks");
}

/* What was dropped proves that the queue was full, though no look saw it. */
static void test_blind_full(void **state)
{
	calm(5);
	begin(15);
	now()->previous_ns = now_ns - 15 * NSEC_PER_SEC;
	now()->blind_ns = 14 * NSEC_PER_SEC;
	overflow(80, 51);
	put(80, 0);
	now()->listeners[0].known &= (uint16_t)~LISTENER_PEAK;
	end();
	add();
	calm(40);
	print();
	assert_has("\n- Longest accept queue: 5 connections of 5, at 04:00:20\n");
	assert_has("\n- Full for: unknown\n");
	assert_lacks("Seen full for");
	assert_has("longest queue: 5 of 5\n");
}

static void test_blind_calm(void **state)
{
	calm(5);
	begin(3);
	now()->blind_ns = 2 * NSEC_PER_SEC;
	put(80, 0);
	end();
	add();
	print();
	assert_has("# `web3`: no listener was seen sick\n");
	assert_has("## Timeline\n");
}

/* The clock is an hour ahead, and is set while the listener is stuck. */
static void test_clock_back(void **state)
{
	wall_ns = 7200 * NSEC_PER_SEC;
	calm(5);
	stuck(5, 5, 1);
	wall_ns -= 3600 * NSEC_PER_SEC;
	stuck(5, 5, 1);
	stuck(1, 0, 1);
	calm(40);
	assert_int_equal(only()->n_spells, 1);
	assert_u64_equal(only()->sick_ns, 11 * NSEC_PER_SEC);
	print();
	assert_has("was sick from 2026-11-29 06:00:05 +0100 (05:00:05 UTC) to 2026-11-29 05:00:16 "
		   "+0100 (04:00:16 UTC), for 11s. ");
	assert_has(" The clock was set meanwhile: see the timeline.");
	assert_has("```text\n06:00:01  the first sample\n06:00:06  gunicorn ");
	assert_has(
		"\n05:00:11  the clock was set back by 1h; until then it showed 06:00:11\n05:00:");
	assert_has("\n05:00:16  gunicorn 10.0.0.1:80  well again after 11s; ");
	assert_has("\n05:00:56  the last sample\n");
	assert_has("\n- At 2026-11-29 05:00:11 +0100 (04:00:11 UTC) the clock was set back by 1h; "
		   "until then it showed 06:00:11. Lengths of time are true in any case\n");
	/* Its log has both times. */
	assert_has(" --since '2026-11-29 03:59:11 UTC' --until '2026-11-29 05:01:10 UTC'\n");
	assert_lacks("clock-step");
}

static void test_clock_forward(void **state)
{
	calm(5);
	stuck(5, 5, 1);
	wall_ns += 48 * 3600 * NSEC_PER_SEC;
	stuck(1, 0, 1);
	calm(40);
	assert_u64_equal(only()->sick_ns, 6 * NSEC_PER_SEC);
	print();
	assert_has("(03:00:05 UTC) to 2026-12-01 04:00:11 +0100 (03:00:11 UTC), for 6s.");
	assert_has("\n2026-12-01 04:00:11  the clock was set forward by 48h, or the host was "
		   "suspended; until then it showed 2026-11-29 04:00:11\n");
}

/* The gap has its true length, and what was asked for after it too. */
static void test_clock_in_gap(void **state)
{
	wall_ns = 7200 * NSEC_PER_SEC;
	calm(5);
	cut = true;
	now_ns += 600 * NSEC_PER_SEC;
	wall_ns -= 3000 * NSEC_PER_SEC;
	calm(5);
	postmortem_ask(postmortem, (struct timespec){ 0 },
		       (struct timespec){ BEGIN + 7200 - 3000 + 70, 0 });
	print();
	assert_has("nothing is known for 11m of 11m\n");
	assert_has("; the clock was set meanwhile; see below.\n");
	assert_has("- Nothing is known from 2026-11-29 06:00:05 +0100 (05:00:05 UTC) to 2026-11-29 "
		   "05:10:06 +0100 (04:10:06 UTC)\n");
	assert_has("\n06:00:05  nothing is known until 05:10:06\n"
		   "05:10:06  the clock was set back by 1h; until then it showed 06:10:06\n");
}

/* Nobody knows how long it takes to boot. */
static void test_clock_at_boot(void **state)
{
	wall_ns = 7200 * NSEC_PER_SEC;
	calm(5);
	cut = true;
	boot = "another";
	now_ns = NSEC_PER_SEC;
	wall_ns -= 3601 * NSEC_PER_SEC;
	calm(5);
	print();
	assert_int_equal(postmortem->n_gaps, 1);
	assert_has("# `web3`: no listener was seen sick; for an unknown time nothing is known\n");
	assert_has(
		"since a boot the clock is behind by 1h or more; until then it showed 06:00:05\n");
}

/* A clock that is set again and again. */
static void test_clock_many(void **state)
{
	struct timespec middle = { 0 };
	uint64_t middle_ns = 0;

	for (unsigned int i = 0; i < 128; i++) {
		wall_ns += 10 * NSEC_PER_SEC;
		calm(2);
		if (i == 100) {
			middle = postmortem->end;
			middle_ns = wall_ns;
		}
	}
	print();
	assert_u64_equal(postmortem_wall(postmortem, middle).tv_sec,
			 BEGIN + middle_ns / NSEC_PER_SEC);
	assert_has("- and it was set 117 times more\n");
	assert_u64_equal(postmortem_wall(postmortem, postmortem->end).tv_sec,
			 BEGIN + wall_ns / NSEC_PER_SEC);
}

/* What a full disk lost may have been an incident. */
static void test_missed(void **state)
{
	calm(3);
	left_out(60);
	begin(5);
	now()->previous_ns = now_ns - NSEC_PER_SEC;
	now()->missed = 12;
	snapshot_warn(now(), "replay-missed", "12 samples are missing");
	put(80, 0);
	end();
	add();
	calm(2);
	print();
	assert_has("# `web3`: it is unknown whether a listener was sick: 12 samples of 04:01:03 to "
		   "04:01:08 could not be recorded\n");
	assert_has("- 12 samples of 04:01:03 to 04:01:08 could not be recorded, as on a full disk; "
		   "with --record-when a listener matched in each\n");
	assert_has("\n04:01:03  12 samples until 04:01:08 could not be recorded\n");
	assert_lacks("replay-missed");
}

/* Whoever was not looked at is not said to have been well. */
static void test_unknown_time(void **state)
{
	calm(11);
	cut = true;
	now_ns += 16 * NSEC_PER_SEC;
	wall_ns += 16 * NSEC_PER_SEC;
	calm(2);
	print();
	assert_has("# `web3`: no listener was seen sick; nothing is known for 17s of 28s\n\n"
		   "From 2026-11-29 04:00:01 +0100 (03:00:01 UTC) to 2026-11-29 04:00:29 +0100 "
		   "(03:00:29 UTC) nothing was found, as far as was looked at; nothing is known "
		   "for 17s of 28s; see below.\n");
}

/* More was asked for than there is. */
static void test_asked(void **state)
{
	calm(11);
	postmortem_ask(postmortem, (struct timespec){ BEGIN - 119, 0 },
		       (struct timespec){ BEGIN + 31, 0 });
	print();
	assert_has("no listener was seen sick; nothing is known for 2m20s of 2m30s\n");
	assert_has("\nFrom 2026-11-29 03:58:01 +0100 (02:58:01 UTC) to 2026-11-29 04:00:31 ");
	assert_has("- Nothing is known from 2026-11-29 03:58:01 +0100 (02:58:01 UTC) to "
		   "2026-11-29 04:00:01 +0100 (03:00:01 UTC)\n"
		   "- Nothing is known from 2026-11-29 04:00:11 +0100 (03:00:11 UTC) to "
		   "2026-11-29 04:00:31 +0100 (03:00:31 UTC)\n");
	assert_has("\n03:58:01  nothing is known until 04:00:01\n");
}

/* A timeline that is too long says how much it lacks. */
static void test_gaps_many(void **state)
{
	for (unsigned int i = 0; i < POSTMORTEM_GAPS + 3; i++) {
		calm(2);
		cut = true;
	}
	print();
	assert_has("  after this: 2 more times a gap\n");
}

/* The clock begins anew with a boot, and the cookies too. */
static void test_boot(void **state)
{
	now_ns = 100000 * NSEC_PER_SEC;
	calm(2);
	stuck(5, 5, 1);
	calm(40);
	cut = true;
	boot = "another";
	now_ns = NSEC_PER_SEC;
	calm(2);
	stuck(10, 5, 1);
	calm(40);
	assert_int_equal(only()->n_spells, 2);
	assert_u64_equal(only()->sick_ns, 17 * NSEC_PER_SEC);
	assert_u64_equal(only()->longest.end_ns - only()->longest.begin_ns, 11 * NSEC_PER_SEC);
	assert_int_equal(postmortem->n_restarts, 0);
}

/* Recordings of two hosts in one file: the same address is that of two listeners. */
static void test_two_hosts(void **state)
{
	calm(1);
	for (unsigned int host = 0; host < 2; host++) {
		for (unsigned int i = 0; i < 3; i++) {
			begin(1);
			snprintf(now()->host, sizeof(now()->host), host ? "db" : "web3");
			overflow(80, 1);
			put(80, 5);
			end();
			add();
		}
		cut = true;
	}
	print();
	assert_int_equal(postmortem->n_listeners, 2);
	assert_has("`10.0.0.1:80` on host `web3`: ");
}

/* The listener is another one after a gap. */
static void test_restart_in_gap(void **state)
{
	calm(2);
	stuck(5, 5, 1);
	cut = true;
	now_ns += 60 * NSEC_PER_SEC;
	wall_ns += 60 * NSEC_PER_SEC;
	for (unsigned int i = 0; i < 2; i++) {
		begin(1);
		put_at(1001, 80, 0);
		end();
		add();
	}
	print();
	assert_has("- Restarted: in the gap before 04:01:08, as ");
}

static void test_hostile_names(void **state)
{
	static const char *const names[] = { "# a\n## b",  "`", "``` `",  "</pre><b>",
					     "\033[2J|x|", " ", "[a](b)", "\xff_*x*" };

	calm(1);
	for (size_t i = 0; i < 8; i++) {
		begin(1);
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			overflow((uint16_t)(80 + j), 1);
			put((uint16_t)(80 + j), i ? 5 : 0);
			held_by((uint32_t)(100 + j), names[j], names[j]);
		}
		snapshot_warn(now(), "x", "a `warning` | <b>");
		snprintf(now()->host, sizeof(now()->host), "`h`");
		end();
		add();
	}
	style.filter = "comm = \"`\"";
	style.source.recording = "a `file`\n";
	compare("hostile");
	for (const char *c = text.s; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c != 127));
}

/* A step that names a unit. */
static void test_hostile_unit(void **state)
{
	calm(2);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		put(80, 5);
		held_by(7, "app", "<b>*.service");
		now()->processes[0].open_fds = 1024;
		end();
		add();
	}
	print();
	assert_has("`find the leak, or raise the limit of process 7, for good with LimitNOFILE= of "
		   "<b>*.service`\n");
}

/* All of it was in a window of which samples are missing; one listener alone was closed in it. */
static void closed_unseen(uint16_t port)
{
	calm(3);
	begin(1);
	put(80, 0);
	put(8080, 0);
	if (port)
		put(port, 0);
	end();
	add();
	begin(30);
	now()->previous_ns = now_ns - NSEC_PER_SEC;
	now()->missed = 29;
	counters[COUNTER_LISTEN_OVERFLOWS] += 81;
	counters[COUNTER_LISTEN_DROPS] += 81;
	put(80, 0);
	put_at(1000, 8080, 0);
	end();
	add();
	calm(3);
	print();
}

static void test_orphans(void **state)
{
	closed_unseen(0);
	assert_has("# `web3`: SYNs were lost at `10.0.0.1:8080`, which was closed then\n");
	assert_has("- At least 81 overflows fell on listeners that were closed since: 81 on "
		   "`10.0.0.1:8080`, the only one that was seen to close from 04:00:04 to "
		   "04:00:34\n");
	assert_has("\n04:00:04  29 samples until 04:00:34 could not be recorded\n");
	assert_has("\n04:00:34  10.0.0.1:8080  closed, after at least 81 overflows since "
		   "04:00:04\n");
}

/* Where two were closed either may have lost them. */
static void test_orphans_of_two(void **state)
{
	closed_unseen(9090);
	assert_has("- At least 81 overflows fell on listeners that were closed since\n");
	assert_lacks("after at least 81 overflows");
}

/* Packets were lost, and it is unknown where: that is not calm. */
static void test_unattributed(void **state)
{
	calm(3);
	counters[COUNTER_LISTEN_OVERFLOWS] += 9;
	counters[COUNTER_LISTEN_DROPS] += 9;
	calm(3);
	print();
	assert_has("# `web3`: SYNs were lost, and it is unknown at which listener\n");
	assert_has("- At least 9 overflows fell on listeners that were closed since\n");
	assert_lacks("nothing was found");
	assert_lacks("not the cause");
}

static void test_nearly_full(void **state)
{
	calm(2);
	for (unsigned int i = 0; i < 5; i++) {
		begin(1);
		put(80, 4);
		end();
		add();
	}
	calm(2);
	print();
	assert_has("# `web3`: nothing was lost, but a queue was nearly full\n");
	assert_has("## Nearly full, and nothing lost\n\n- `10.0.0.1:80`: ");
	assert_lacks("**Why");
}

static void test_resets(void **state)
{
	calm(2);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		now()->netns[0].sysctls.value[SYSCTL_ABORT_ON_OVERFLOW] = 1;
		overflow(80, 1);
		put(80, 5);
		end();
		add();
	}
	print();
	assert_has("- But tcp_abort_on_overflow was 1: ");
	assert_has("got a RST (ECONNRESET)");
}

/* The pauses are shorter than those between two incidents. */
static void test_on_and_off(void **state)
{
	calm(2);
	for (unsigned int i = 0; i < 4; i++) {
		stuck(2, 5, 1);
		calm(20);
	}
	calm(40);
	assert_int_equal(only()->n_spells, 1);
	print();
	assert_has("- Lasted: 1m9s, on and off: sick windows of 12s in all\n");
	assert_has(", for 1m9s, on and off: sick windows of 12s in all. ");
}

/* Of a long timeline the beginning and the end; all of it is in the numbers. */
static void test_long_timeline(void **state)
{
	calm(2);
	for (unsigned int i = 0; i < 60; i++) {
		stuck(2, 5, 1);
		calm(32);
	}
	print();
	assert_has("- Times: 60 in between, 2m to 3m in all; ");
	assert_has("SYNs and final ACKs dropped: 120.");
	assert_has("\n... 83 more\n");
	assert_has("  the first sample\n");
	assert_has("  the last sample\n");
}

#define MANY (1000 + 4096 + 500) /* more than a history has incidents of */

/* Not all that are sick are kept, but the worst are. */
static void test_many(void **state)
{
	calm(1);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		for (uint16_t port = 1000; port < MANY; port++) {
			if (i && port == MANY - 1)
				overflow(port, 1);
			put(port, i ? 5 : 0);
		}
		end();
		add();
	}
	print();
	assert_int_equal(postmortem->n_listeners, POSTMORTEM_LISTENERS);
	assert_int_equal(postmortem->listeners[0]->listener.addr.port, MANY - 1);
	for (size_t i = 0; i < postmortem->n_listeners; i++)
		assert_u64_equal(postmortem->listeners[i]->sick_ns, 2 * NSEC_PER_SEC);
	assert_has("- More than 256 listeners were sick; the worst are kept\n");
	assert_has(" overflowing, and at least 255 more listeners\n");
	assert_has("\n- and at least 221 more; a filter chooses others\n");
	assert_has("## 5. ");
	assert_lacks("## 6. ");
	assert_has(" more; a filter chooses others\n");
}

/* A filter that no longer matches does not end what it has selected. */
static void test_filtered(void **state)
{
	calm(2);
	stuck(3, 5, 1);
	for (unsigned int i = 0; i < 3; i++) {
		begin(1);
		put(80, 5);
		put(81, 5);
		end();
		fold_build(&report, &samples[(n_samples - 1) % 2], now(), true);
		postmortem_add(postmortem, &report); /* nothing is selected */
		n_samples++;
	}
	assert_int_equal(only()->listener.addr.port, 80);
	assert_false(only()->gone);
	assert_true(only()->last.goes_on);
}

static void test_sums(void **state)
{
	static const struct {
		struct postmortem_sum sum;
		const char *text;
	} cases[] = {
		{ { 0, 0, 0, 3 }, "unknown" },
		{ { 0, 0, 3, 0 }, "0" },
		{ { 7, 7, 3, 0 }, "7" },
		{ { 7, 9, 3, 0 }, "7 to 9" },
		{ { 0, 9, 3, 0 }, "0 to 9" },
		{ { 7, 9, 3, 1 }, "at least 7, up to 9 where it is known; unknown in 1 window" },
		{ { 7, 7, 3, 1 }, "at least 7; unknown in 1 window" },
		{ { 0, 9, 3, 2 }, "0 to 9 where it is known; unknown in 2 windows" },
		{ { 0, 0, 3, 2 }, "0 where it is known; unknown in 2 windows" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text.len = 0;
		paper_add_sum(&text, &cases[i].sum);
		assert_string_equal(text.s, cases[i].text);
	}
}

static void test_empty(void **state)
{
	print();
	assert_has("# Nothing was looked at\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(test_main_cause, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cause_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_causes_equal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_began_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stretches_at_least, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sick_at_last_sample, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sick_at_last_sample_no_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_high_at_last_sample, setup, teardown),
		cmocka_unit_test_setup_teardown(test_emptied_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_emptied_before_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_while_sick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_after_incident, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_within_incident, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaced_while_sick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarted_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_restarts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_while_well, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_for_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaced_while_well, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_in_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_before_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_beside_sick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_not_selected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_closed_while_well, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absent_before_sick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_warnings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owners_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owners_after, setup, teardown),
		cmocka_unit_test_setup_teardown(test_little_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_boots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sick_over_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sick_around_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_windows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_windows_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_left_out_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_out_within, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blind_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blind_calm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_in_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gaps_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_at_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart_in_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unattributed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nearly_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_and_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_timeline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filtered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
		cmocka_unit_test_setup_teardown(test_orphans, setup, teardown),
		cmocka_unit_test_setup_teardown(test_orphans_of_two, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
