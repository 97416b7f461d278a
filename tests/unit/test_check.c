/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "model/groups.h"
#include "output/check.h"
#include "output/sort.h"

#include <sys/socket.h>

static struct scene s;
static struct check_config config;
static struct field_context context;
static char *text; /* what was printed last */
static size_t text_len;

static int setup(void **state)
{
	memset(&s, 0, sizeof(s));
	config = (struct check_config){ 0 };
	scene_open(&s);
	s.now.netns[0].own = true;
	scene_add_both(&s, 80);
	return 0;
}

static int teardown(void **state)
{
	scene_close(&s);
	strbuf_free(&context.scratch);
	free(text);
	text = NULL;
	return 0;
}

/* What Nagios takes: text without "|", then performance data, then lines of text. */
static void assert_grammar(void)
{
	const char *bar = strchr(text, '|'), *end = strchr(text, '\n');

	assert_true(text_len < CHECK_BYTES);
	assert_int_equal(text[text_len - 1], '\n');
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	if (!bar)
		return;
	assert_true(bar < end);
	assert_null(strchr(bar + 1, '|'));
	for (const char *at = bar + 1; at != end;) {
		char label[32];
		int n = 0;

		assert_true(sscanf(at, " '%31[^'=|]'=%n", label, &n) == 1 && n);
		assert_true(strlen(label) <= 19);
		at += n;
		if (*at == 'U')
			at++;
		else
			at += strspn(at, "0123456789.");
		at += strspn(at, "%s");
		at += strspn(at, ";0123456789.:@~-");
		assert_true(*at == ' ' || at == end);
	}
}

/* Prints the report that was built, of what is shown. */
static enum check_status print(void)
{
	FILE *stream;
	enum check_status status;

	free(text);
	stream = open_memstream(&text, &text_len);
	sort_rows(&s.report, NULL, false, &context);
	status = check_print(stream, &s.report, &config, 0, &context);
	fclose(stream);
	assert_grammar();
	return status;
}

static enum check_status check(void)
{
	scene_report(&s);
	return print();
}

static void assert_said(const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in: %s", words, text);
}

static void assert_not_said(const char *words)
{
	if (strstr(text, words))
		fail_msg("'%s' is in: %s", words, text);
}

static void set_lengths(uint32_t length)
{
	scene_before(&s, 80)->length = scene_now(&s, 80)->length = length;
}

static struct process *own(const char *comm, char letter)
{
	struct listener *l = scene_now(&s, 80);
	struct process *p;

	snapshot_size_owners(&s.now, 1, 1);
	p = &s.now.processes[0];
	*p = (struct process){ .comm = comm, .pid = 4711, .known = PROCESS_STATE, .state = letter };
	s.now.owners[0] = (struct owner){ 0, 3 };
	l->known |= LISTENER_OWNERS;
	l->n_owners = 1;
	l->first_owner = 0;
	return p;
}

/* It waits since the window began, and longer. */
static void let_wait(uint32_t n, uint32_t oldest_ms)
{
	struct group *g = scene_group(&s, 80);

	g->known = GROUP_WAITING | GROUP_OLDEST | GROUP_STAYED;
	g->waiting = g->stayed_min = g->stayed_max = g->present_min = n;
	g->oldest_wait_ms = oldest_ms;
	s.now.netns[0].waiting_ns = s.now.monotonic_ns;
}

static void threshold(struct threshold *t, const char *range)
{
	struct error why;

	assert_int_equal(threshold_parse(t, range, &why), 0);
}

static void set_metric(enum metric_id id, const char *critical)
{
	config.metric = &metric_table[id];
	threshold(&config.critical, critical);
}

static void test_well(void **state)
{
	scene_now(&s, 80)->length = 12;
	assert_int_equal(check(), CHECK_OK);
	assert_string_equal(text, "LISTENQ OK - 1 TCP listener here looked at, highest fill 9.3% "
				  "at 10.0.0.1:80 | '10.0.0.1:80'=9.3%\n");
}

static void test_stopped_accepting(void **state)
{
	set_lengths(129);
	own("gunicorn", 'S');
	let_wait(129, 72000);
	scene_overflow(&s, 12);
	scene_now(&s, 80)->drops = 12;
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said(
		"LISTENQ CRITICAL - 10.0.0.1:80 gunicorn stopped accepting, oldest client waits "
		"1m12s, 129/129 queued, about 12 SYNs/s dropped | '10.0.0.1:80'=100%\n"
		"Do: see what process 4711 waits for:  strace -fp 4711");
}

/* What is not proved is not said. */
static void test_full_for_a_moment(void **state)
{
	scene_now(&s, 80)->length = 129;
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("LISTENQ WARNING - 10.0.0.1:80 queue full, 129/129 queued |");
	assert_not_said("accepting");
	assert_not_said("waits");
	/* A server with one thread may be busy for a second or two. */
	set_lengths(129);
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("LISTENQ WARNING - 10.0.0.1:80 stopped accepting, 129/129 queued |");
	let_wait(129, 2999);
	assert_int_equal(check(), CHECK_WARNING);
	let_wait(129, 3000);
	assert_int_equal(check(), CHECK_CRITICAL);
}

static void test_cause(void **state)
{
	set_lengths(129);
	own("app", 'T');
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("LISTENQ CRITICAL - 10.0.0.1:80 app process stopped, 129/129 queued |");
	assert_said("\nDo: continue it:  kill -CONT 4711\n");
	assert_not_said("stopped accepting");
}

/* A queue that is high, at its worst in the window. */
static void test_high(void **state)
{
	struct listener *l = scene_now(&s, 80);

	l->known |= LISTENER_PEAK;
	l->peak.length = 110;
	l->length = 3;
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("- 10.0.0.1:80 queue nearly full, up to 110/129 queued |");
}

static void test_clients_have_gone(void **state)
{
	set_lengths(129);
	let_wait(129, 9000);
	scene_group(&s, 80)->waiting_closed = 129;
	scene_report(&s);
	print();
	assert_said("all 129 clients in the queue have gone");
	assert_not_said("client waits");
}

/* Several lose packets, and the ledger proves of none that it overflowed. */
static void test_unknown_listener(void **state)
{
	scene_add_both(&s, 81);
	scene_overflow(&s, 5);
	scene_now(&s, 80)->drops = scene_now(&s, 81)->drops = 5;
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("looked at, highest fill 0%; 5 overflows at a listener that is unknown |");
	/* Nor may the one that is asked for be called well. */
	config.chosen = true;
	s.report.n_shown = 1;
	s.report.rows[1].shown = false;
	assert_int_equal(print(), CHECK_WARNING);
}

/* It is another that overflows, and that was not asked for. */
static void test_not_chosen(void **state)
{
	scene_add_both(&s, 81);
	scene_overflow(&s, 5);
	scene_before(&s, 81)->length = scene_now(&s, 81)->length = 129;
	scene_now(&s, 81)->drops = 5;
	config.chosen = true;
	scene_report(&s);
	for (size_t i = 0; i < s.report.n_rows; i++)
		s.report.rows[i].shown = s.report.rows[i].listener->addr.port == 80;
	s.report.shown[0] = (struct row *)(uintptr_t)scene_row_at(&s, 80);
	s.report.n_shown = 1;
	assert_int_equal(print(), CHECK_OK);
	assert_said("OK - 1 of 2 TCP listeners here looked at, highest fill 0%; "
		    "5 overflows at listeners that were not chosen |");
}

static void test_overflows_of_nobody(void **state)
{
	scene_overflow(&s, 3);
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("; 3 overflows at a listener that is unknown, or gone |");
}

/* A listener that was started again has none of the overflows of the one before it. */
static void test_unplaced_of_gone(void **state)
{
	scene_overflow(&s, 7);
	set_metric(METRIC_OVERFLOWS, "6");
	assert_int_equal(check(), CHECK_UNKNOWN);
	assert_said("LISTENQ UNKNOWN - 1 TCP listener here looked at, highest overflows 0; "
		    "7 overflows at a listener that is unknown, or gone | '10.0.0.1:80'=0;;6;0\n");
	set_metric(METRIC_DROPS, "6");
	assert_int_equal(print(), CHECK_UNKNOWN);
	config.chosen = true;
	assert_int_equal(print(), CHECK_UNKNOWN);
	/* A listener that is asked for, and no other, may have closed. */
	s.report.n_shown = 0;
	config.allow_empty = true;
	assert_int_equal(print(), CHECK_OK);
	config.chosen = false;
	assert_int_equal(print(), CHECK_UNKNOWN);
}

/* So few that no range is left, and what is no overflow. */
static void test_unplaced_alerts_not(void **state)
{
	scene_overflow(&s, 7);
	set_metric(METRIC_OVERFLOWS, "7");
	assert_int_equal(check(), CHECK_OK);
	assert_said("; 7 overflows at a listener that is unknown, or gone |");
	set_metric(METRIC_LOSSES, "0");
	assert_int_equal(print(), CHECK_OK);
	set_metric(METRIC_FILL, "0");
	assert_int_equal(print(), CHECK_OK);
	set_metric(METRIC_OVERFLOWS, "8:9");
	assert_int_equal(print(), CHECK_CRITICAL);
	set_metric(METRIC_OVERFLOWS, "@3:4");
	assert_int_equal(print(), CHECK_UNKNOWN);
	/* What is certain stays. */
	threshold(&config.warning, "@0");
	assert_int_equal(print(), CHECK_WARNING);
}

/* Several may have dropped them, so each of them may have dropped all. */
static void test_unplaced_bounds(void **state)
{
	scene_add_both(&s, 81);
	scene_add_both(&s, 82);
	scene_overflow(&s, 51);
	scene_now(&s, 80)->drops = scene_now(&s, 81)->drops = 51;
	set_metric(METRIC_OVERFLOWS, "50");
	assert_int_equal(check(), CHECK_UNKNOWN);
	assert_said("; 51 overflows at a listener that is unknown |");
	set_metric(METRIC_DROPS, "51"); /* of each it is known */
	assert_int_equal(print(), CHECK_OK);
	/* The third one has none for sure. */
	set_metric(METRIC_OVERFLOWS, "0");
	config.chosen = true;
	s.report.shown[0] = (struct row *)(uintptr_t)scene_row_at(&s, 82);
	s.report.n_shown = 1;
	assert_int_equal(print(), CHECK_OK);
}

/* It overflows for sure, but how often is known within bounds. */
static void test_unplaced_at_overflowing(void **state)
{
	scene_add_both(&s, 81);
	scene_overflow(&s, 51);
	scene_now(&s, 80)->drops = 51;
	scene_now(&s, 81)->drops = 48;
	set_metric(METRIC_OVERFLOWS, "10");
	assert_int_equal(check(), CHECK_UNKNOWN);
	assert_said("highest overflows 3 at 10.0.0.1:80; 48 overflows at one of several listeners");
	set_metric(METRIC_OVERFLOWS, "51");
	assert_int_equal(print(), CHECK_OK);
	set_metric(METRIC_OVERFLOWS, "2");
	assert_int_equal(print(), CHECK_CRITICAL);
}

static void test_unplaced_losses(void **state)
{
	scene_count(&s, COUNTER_LISTEN_DROPS, 0, 0, 5, 5);
	set_metric(METRIC_LOSSES, "4");
	assert_int_equal(check(), CHECK_UNKNOWN);
	assert_said("; 5 losses at a listener that is unknown, or gone |");
	set_metric(METRIC_DROPS, "4");
	assert_int_equal(print(), CHECK_UNKNOWN);
	set_metric(METRIC_LOSSES, "5");
	assert_int_equal(print(), CHECK_OK);
	set_metric(METRIC_OVERFLOWS, "4");
	assert_int_equal(print(), CHECK_OK);
	assert_not_said("losses");
}

static void test_not_judged(void **state)
{
	set_lengths(129);
	scene_overflow(&s, 3);
	scene_now(&s, 80)->drops = 3;
	set_metric(METRIC_OVERFLOWS, "9");
	assert_int_equal(check(), CHECK_OK);
	assert_said(
		"; 10.0.0.1:80 stopped accepting, which the ranges of --metric=overflows allow |");
	set_metric(METRIC_QUEUE, "999");
	assert_int_equal(print(), CHECK_OK);
	assert_said("; 10.0.0.1:80 stopped accepting, which --metric=queue does not judge |");
}

/* Of many notes none is lost: those without room in the first line stand below. */
static void test_many_namespaces(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	struct netns *own = &s.now.netns[0];

	for (uint64_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct netns *before = snapshot_add_netns(&s.before);
		struct netns *now = snapshot_add_netns(&s.now);

		own = &s.now.netns[0];
		*before = s.before.netns[0];
		*now = *own;
		before->cookie = now->cookie = 100 + i;
		now->own = false;
		now->name = names[i];
		now->before.value[COUNTER_LISTEN_OVERFLOWS] += 3;
		now->after.value[COUNTER_LISTEN_OVERFLOWS] += 3;
	}
	assert_int_equal(check(), CHECK_WARNING);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char words[80];

		snprintf(words, sizeof(words),
			 "3 overflows at a listener that is unknown, or gone in %s%c", names[i],
			 i < 3	? ';' :
			 i == 3 ? ' ' :
				  '\n');
		assert_said(words);
	}
}

/* A graph goes by the label: it is the same whatever namespaces there are beside. */
static void test_labels_of_namespaces(void **state)
{
	static const char *const names[] = { "blue", "own" };
	struct listener *l;

	for (uint16_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct netns *now = snapshot_add_netns(&s.now);
		const size_t first = now->first_listener;

		*snapshot_add_netns(&s.before) = s.before.netns[0];
		*now = s.now.netns[0];
		now->first_listener = first;
		s.before.netns[i + 1].cookie = now->cookie = 100 + i;
		s.before.netns[i + 1].first_listener = s.before.n_listeners;
		now->own = false;
		now->name = names[i];
		l = snapshot_add_listener(&s.now, i + 1u, 90 + i);
		*l = s.now.listeners[0];
		l->cookie = 90 + i;
		l->addr.netns_idx = i + 1u;
	}
	check();
	assert_said(" | '10.0.0.1:80'=");
	assert_said(" 'blue/10.0.0.1:80'=");
	assert_said(" 'own/10.0.0.1:80'=");
	/* One alone is no reason to leave its name out either. */
	teardown(state);
	setup(state);
	s.now.netns[0].own = false;
	s.now.netns[0].name = "red";
	check();
	assert_said(" | 'red/10.0.0.1:80'=");
}

/* A rate that is rounded up would be wrong by a factor. */
static void test_long_window(void **state)
{
	const uint64_t begin = s.now.monotonic_ns - 1000000000;

	set_lengths(129);
	s.now.monotonic_ns = begin + UINT64_C(300000000000);
	scene_overflow(&s, 3);
	scene_now(&s, 80)->drops = 3;
	check();
	assert_said("about 3 SYNs dropped in 5m |");
	scene_overflow(&s, 1);
	scene_now(&s, 80)->drops = 1;
	check();
	assert_said("about 1 SYN dropped in 5m |");
	scene_overflow(&s, 30);
	scene_now(&s, 80)->drops = 30;
	check();
	assert_said("about 0.1 SYNs/s dropped |");
}

static void test_not_shown(void **state)
{
	scene_report(&s);
	s.report.not_shown.unix_full = (struct opt_u64){ 1, true };
	assert_int_equal(print(), CHECK_WARNING);
	assert_said("; not looked at: 1 UNIX listener is full (-x shows it) |");
	config.chosen = true;
	assert_int_equal(print(), CHECK_OK);
	assert_said("; not looked at: 1 UNIX listener is full (-x shows it) |");
	config.metric = &metric_table[METRIC_QUEUE];
	config.chosen = false;
	threshold(&config.critical, "9");
	assert_int_equal(print(), CHECK_OK);
}

/* The namespaces that were not read are said, but nothing is wrong with them. */
static void test_cut(void **state)
{
	scene_report(&s);
	s.report.not_shown.looked_at = (struct opt_u64){ 3, true };
	s.report.not_shown.namespaces = (struct opt_u64){ 9, true };
	s.report.not_shown.cut = true;
	assert_int_equal(print(), CHECK_OK);
	assert_said("not looked at: 6 of 9 other namespaces");
}

static void test_incomplete(void **state)
{
	snapshot_warn(&s.now, "waiting-unavailable", "the dump failed|");
	assert_int_equal(check(), CHECK_UNKNOWN);
	assert_said("LISTENQ UNKNOWN - 1 TCP listener here looked at, highest fill 0%; the dump "
		    "failed\\x7c |");
	set_lengths(129);
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("\nthe dump failed\\x7c\n");
}

static void test_harmless(void **state)
{
	snapshot_warn(&s.now, "owners-hidden", "some owners are hidden");
	assert_int_equal(check(), CHECK_OK);
	assert_said("%\nsome owners are hidden\n");
}

static void test_thresholds(void **state)
{
	config.metric = &metric_table[METRIC_FILL];
	threshold(&config.warning, "80");
	threshold(&config.critical, "99");
	scene_now(&s, 80)->length = 103; /* 79.8% */
	assert_int_equal(check(), CHECK_OK);
	scene_now(&s, 80)->length = 104;
	assert_int_equal(check(), CHECK_WARNING);
	assert_said(
		"LISTENQ WARNING - 10.0.0.1:80 fill 80.62%, queue nearly full, 104/129 queued | "
		"'10.0.0.1:80'=80.62%;80;99\n");
	set_lengths(129);
	assert_int_equal(check(), CHECK_CRITICAL);
	threshold(&config.critical, "100");
	assert_int_equal(check(), CHECK_WARNING);
	/* listen(2) was called again. */
	scene_now(&s, 80)->limit = 63;
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("fill 201.56%, ");
	scene_now(&s, 80)->limit = 128;
	threshold(&config.warning, "@0:100");
	threshold(&config.critical, "~:");
	set_lengths(0);
	assert_int_equal(check(), CHECK_WARNING);
	assert_said("LISTENQ WARNING - 10.0.0.1:80 fill 0% | '10.0.0.1:80'=0%;@0:100;~:\n");
}

/* What is printed is not less than what was judged. */
static void test_digits(void **state)
{
	set_lengths(2);
	let_wait(2, 1001);
	threshold(&config.warning, "1");
	set_metric(METRIC_OLDEST_WAIT, "1.0");
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("oldest wait 1.001s | '10.0.0.1:80'=1.001s;1;1.0;0\n");
	let_wait(2, 4294967295u);
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("'10.0.0.1:80'=4294967.295s;");
	/* 20.155% and a bit: two digits more than usual are what it is critical for. */
	threshold(&config.warning, "99");
	set_metric(METRIC_FILL, "20.15");
	set_lengths(26);
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("fill 20.1550387%, ");
	assert_said(" | '10.0.0.1:80'=20.1550387%;99;20.15\n");
	set_metric(METRIC_FILL, "20.16");
	assert_int_equal(print(), CHECK_OK);
	assert_said("highest fill 20.15% at");
}

/* A counter of 64 bits that a double cannot hold, nor a signed number. */
static void test_huge(void **state)
{
	scene_overflow(&s, UINT64_MAX - 100);
	scene_now(&s, 80)->known &= (uint16_t)~LISTENER_DROPS;
	set_lengths(129);
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("about 18446744073710M SYNs/s dropped |");
	set_metric(METRIC_OVERFLOWS, "9");
	assert_int_equal(print(), CHECK_CRITICAL);
	assert_said("overflows 18446744073709551616, ");
}

/* The highest value of those that are equally bad stands first; the sick are said all the same. */
static void test_worst(void **state)
{
	scene_add_both(&s, 81);
	scene_add_both(&s, 82);
	scene_now(&s, 80)->length = 5;
	scene_now(&s, 81)->length = 9;
	scene_now(&s, 82)->limit = scene_before(&s, 82)->limit = 0;
	scene_now(&s, 82)->length = 1;
	config.metric = &metric_table[METRIC_QUEUE];
	threshold(&config.critical, "4");
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said(
		"LISTENQ CRITICAL - 10.0.0.1:81 accept queue 9; 1 more CRITICAL | '10.0.0.1:80'=5;;4;0;129 "
		"'10.0.0.1:81'=9;;4;0;129 '10.0.0.1:82'=1;;4;0;1\n"
		"CRITICAL 10.0.0.1:80 accept queue 5\n"
		"OK 10.0.0.1:82 accept queue 1, queue full, 1/1 queued\n");
}

static void test_metrics(void **state)
{
	const struct row *row;
	double value;

	scene_overflow(&s, 12);
	scene_now(&s, 80)->drops = 14;
	row = scene_row(&s, 80);
	assert_true(metric_get(&metric_table[METRIC_DROPS], row, &s.report, &context, &value));
	assert_u64_equal(value, 14);
	assert_true(metric_get(&metric_table[METRIC_OVERFLOWS], row, &s.report, &context, &value));
	assert_u64_equal(value, 12);
	assert_true(metric_get(&metric_table[METRIC_LOSSES], row, &s.report, &context, &value));
	assert_u64_equal(value, 0);
	assert_true(
		metric_get(&metric_table[METRIC_OLDEST_WAIT], row, &s.report, &context, &value));
	assert_u64_equal(value, 0);
	set_lengths(2);
	row = scene_row(&s, 80);
	assert_false(
		metric_get(&metric_table[METRIC_OLDEST_WAIT], row, &s.report, &context, &value));
	let_wait(2, 1500);
	row = scene_row(&s, 80);
	assert_true(
		metric_get(&metric_table[METRIC_OLDEST_WAIT], row, &s.report, &context, &value));
	assert_u64_equal(value * 1000, 1500);
	assert_true(metric_get(&metric_table[METRIC_QUEUE], row, &s.report, &context, &value));
	assert_u64_equal(value, 2);
}

static void test_unknown_value(void **state)
{
	config.metric = &metric_table[METRIC_DROPS];
	threshold(&config.critical, "0");
	scene_now(&s, 80)->known &= (uint16_t)~LISTENER_DROPS;
	assert_int_equal(check(), CHECK_UNKNOWN);
	assert_said("LISTENQ UNKNOWN - 10.0.0.1:80 drops unknown | '10.0.0.1:80'=U;;0;0\n");
}

static void test_none(void **state)
{
	scene_report(&s);
	s.report.n_shown = 0;
	assert_int_equal(print(), CHECK_UNKNOWN);
	assert_string_equal(text, "LISTENQ UNKNOWN - no listener matches; --allow-empty takes that "
				  "for OK\n");
	config.allow_empty = true;
	assert_int_equal(print(), CHECK_OK);
	assert_string_equal(text, "LISTENQ OK - no listener\n");
}

static void test_verbose(void **state)
{
	set_lengths(129);
	config.verbose = true;
	check();
	assert_said("\n  full: the accept queue is full, or was in this window");
	assert_said("\n  limit-from-listen: the limit is below somaxconn");
}

static void test_folded(void **state)
{
	scene_add_both(&s, 81);
	scene_before(&s, 81)->addr.port = scene_now(&s, 81)->addr.port = 80;
	scene_now(&s, 80)->length = 129;
	groups_build(&s.before);
	groups_build(&s.now);
	fold_build(&s.report, &s.before, &s.now, true);
	report_select(&s.report, &all_listeners);
	assert_int_equal(print(), CHECK_WARNING);
	assert_said("- 10.0.0.1:80 queue full, 129/129 queued at the fullest of 2 sockets | "
		    "'10.0.0.1:80'=100%\n");
}

/* Hundreds of sick ones, with names that want to break out. */
static void test_bounds(void **state)
{
	char path[109];

	memset(path, '|', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path, "/\x1b\n\xff'=", 6);
	s.now.known |= SNAPSHOT_UNIX;
	for (uint16_t i = 1000; i < 1500; i++) {
		struct listener *l = scene_add(&s.now, i);

		l->addr.family = AF_UNIX;
		l->name = i < 1003 ? path : NULL;
		l->length = 129;
	}
	own("a|b'\n", 'T');
	set_lengths(129);
	config.verbose = true;
	assert_int_equal(check(), CHECK_CRITICAL);
	assert_said("LISTENQ CRITICAL - 10.0.0.1:80 a\\x7cb'\\x0a process stopped");
	assert_said("more lines for which there was no room\n");
	assert_said("\nno performance data of 498 more listeners\n"); /* of one name */
	assert_true(text_len > CHECK_BYTES - 700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
		TEST(well),
		TEST(stopped_accepting),
		TEST(full_for_a_moment),
		TEST(cause),
		TEST(high),
		TEST(clients_have_gone),
		TEST(unknown_listener),
		TEST(not_chosen),
		TEST(overflows_of_nobody),
		TEST(unplaced_of_gone),
		TEST(unplaced_alerts_not),
		TEST(unplaced_bounds),
		TEST(unplaced_at_overflowing),
		TEST(unplaced_losses),
		TEST(not_judged),
		TEST(many_namespaces),
		TEST(labels_of_namespaces),
		TEST(long_window),
		TEST(not_shown),
		TEST(cut),
		TEST(incomplete),
		TEST(harmless),
		TEST(thresholds),
		TEST(digits),
		TEST(huge),
		TEST(worst),
		TEST(metrics),
		TEST(unknown_value),
		TEST(none),
		TEST(verbose),
		TEST(folded),
		TEST(bounds),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
