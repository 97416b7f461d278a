/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "analyse/totals.h"
#include "model/groups.h"
#include "output/prometheus.h"
#include "output/series.h"

#include <sys/socket.h>

/*
 * A host whose samples are made by hand, one window after the other, and what Prometheus gets to
 * see of it.
 */

#define LISTENERS 8

/* What really happened: what the kernel would tell of each listener, if it did. */
struct truth {
	uint16_t port;
	uint16_t cookie; /* 0: it is not there */
	uint32_t drops;
	uint64_t overflows; /* of all sockets at that port */
};

static struct {
	struct truth listeners[LISTENERS];
	uint64_t overflows, drops; /* ListenOverflows, ListenDrops */
	uint64_t now_ns;
	uint16_t cookies; /* given so far */
	bool failed; /* its listeners cannot be dumped */
	struct snapshot samples[2];
	bool odd; /* which of them is the last */
	bool sampled;
	struct report report;
	struct sums sums;
	struct field_context context;
	char *text;
} host;

static void open_host(void)
{
	memset(&host, 0, sizeof(host));
	host.now_ns = NSEC_PER_SEC;
	/* Time has passed since it was booted. */
	host.overflows = 100;
	host.drops = 200;
}

static void close_host(void)
{
	snapshot_free(&host.samples[0]);
	snapshot_free(&host.samples[1]);
	report_free(&host.report);
	sums_free(&host.sums);
	strbuf_free(&host.context.scratch);
	free(host.text);
}

static struct truth *listener(uint16_t port)
{
	struct truth *free_one = NULL;

	for (size_t i = 0; i < LISTENERS; i++) {
		if (host.listeners[i].port == port)
			return &host.listeners[i];
		if (!host.listeners[i].port && !free_one)
			free_one = &host.listeners[i];
	}
	assert_non_null(free_one);
	free_one->port = port;
	return free_one;
}

static void start(uint16_t port)
{
	struct truth *l = listener(port);

	l->cookie = ++host.cookies;
	l->drops = 0;
}

static void stop(uint16_t port)
{
	listener(port)->cookie = 0;
}

static void overflow(uint16_t port, uint32_t n)
{
	struct truth *l = listener(port);

	assert_true(l->cookie);
	l->drops += n;
	l->overflows += n;
	host.overflows += n;
	host.drops += n;
}

/* A stray packet: a drop that is nothing else. */
static void stray(uint16_t port, uint32_t n)
{
	listener(port)->drops += n;
}

static void set_counters(struct counters *c)
{
	c->value[COUNTER_LISTEN_OVERFLOWS] = host.overflows;
	c->value[COUNTER_LISTEN_DROPS] = host.drops;
}

static void fill(struct snapshot *s)
{
	struct netns *ns;

	scene_begin(s, host.now_ns);
	ns = &s->netns[0];
	ns->own = true;
	set_counters(&ns->before);
	set_counters(&ns->after);
	ns->failed = host.failed;
	if (host.failed)
		ns->before.known = ns->after.known = 0;
	for (size_t i = 0; i < LISTENERS && !host.failed; i++) {
		const struct truth *t = &host.listeners[i];
		struct listener *l;

		if (!t->cookie)
			continue;
		l = scene_add(s, t->cookie);
		l->addr.port = t->port;
		l->drops = t->drops;
		l->length = 129;
	}
	groups_build(s);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The samples of a family stand together below its head, no series is there twice. */
static void check_text(const char *text, size_t len)
{
	char *copy = xstrdup(text), *rest = copy, family[128] = "", **lines;
	size_t n = 0;

	assert_true(len && text[len - 1] == '\n');
	lines = xreallocarray(NULL, len, sizeof(*lines));
	for (char *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n")) {
		const size_t name = strcspn(line, "{ ");

		if (!strncmp(line, "# HELP ", 7)) {
			snprintf(family, sizeof(family), "%.*s", (int)strcspn(line + 7, " "),
				 line + 7);
			assert_int_equal(strncmp(rest, "# TYPE ", 7), 0);
			strsep(&rest, "\n");
			continue;
		}
		assert_true(strlen(family) == name && !strncmp(line, family, name));
		*strrchr(line, ' ') = '\0';
		lines[n++] = line;
	}
	qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(lines[i - 1], lines[i]);
	free(lines);
	free(copy);
}

static void print(const struct report *report, const struct sums *sums)
{
	const struct prometheus_style style = { .sums = sums };
	FILE *stream;
	size_t len;

	free(host.text);
	stream = open_memstream(&host.text, &len);
	prometheus_print(stream, report, &style, &host.context);
	fclose(stream);
	check_text(host.text, len);
}

static void report_on(struct snapshot *before, struct snapshot *now, struct sums *sums)
{
	fold_build(&host.report, before, now, true);
	report_select(&host.report, &all_listeners);
	prometheus_take(&host.report, now, sums);
	print(&host.report, sums);
}

/* So many seconds pass, a window ends, its report is printed. The first call opens one. */
static void pass(unsigned int seconds)
{
	struct snapshot *before = &host.samples[host.odd], *now;

	host.odd = !host.odd;
	now = &host.samples[host.odd];
	host.now_ns += seconds * NSEC_PER_SEC;
	snapshot_reset(now);
	fill(now);
	if (host.sampled)
		report_on(before, now, &host.sums);
	host.sampled = true;
}

/* The line of a sample, NULL if there is none. @labels: those that it has, or some of them */
static const char *find(const char *family, const char *labels)
{
	const size_t len = strlen(family);

	for (const char *line = host.text; *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n');
		const char *at = memmem(line, (size_t)(end - line), labels, strlen(labels));

		if (!strncmp(line, family, len) && (line[len] == '{' || line[len] == ' ') && at)
			return line;
	}
	return NULL;
}

#define NONE UINT64_MAX

static uint64_t sample(const char *family, const char *labels)
{
	const char *line = find(family, labels);

	return line ? strtoull((const char *)memrchr(line, ' ', strcspn(line, "\n")), NULL, 10) :
		      NONE;
}

static uint64_t of_port(const char *family, uint16_t port)
{
	char labels[32];

	snprintf(labels, sizeof(labels), ",port=\"%u\",", port);
	return sample(family, labels);
}

static void assert_overflows(uint16_t port, uint64_t min, uint64_t max)
{
	assert_u64_equal(of_port("listenq_overflows_min_total", port), min);
	assert_u64_equal(of_port("listenq_overflows_max_total", port), max);
}

/* Until everybody has seen the zeros. */
static void settle(void)
{
	pass(1);
	pass(1);
	pass(60);
}

static void test_sums(void **state)
{
	open_host();
	start(80);
	start(81);
	settle();
	assert_overflows(80, 0, 0);
	assert_u64_equal(of_port("listenq_losses_max_total", 80), 0);
	overflow(80, 3);
	pass(15);
	assert_overflows(80, 3, 3);
	assert_overflows(81, 0, 0);
	/* One of the four overflows may have been at either. */
	overflow(80, 4);
	stray(81, 1);
	pass(15);
	assert_overflows(80, 6, 7);
	assert_overflows(81, 0, 1);
	pass(15);
	assert_overflows(80, 6, 7);
	assert_u64_equal(sample("listenq_unattributed_overflows_total", "namespace=\"\""), 0);
	host.overflows += 5;
	pass(15);
	assert_u64_equal(sample("listenq_unattributed_overflows_total", "namespace=\"\""), 5);
	close_host();
}

/* What is sent in the first minute of the run is seen as a rise from 0, after it. */
static void test_first_minute(void **state)
{
	open_host();
	start(80);
	pass(1);
	overflow(80, 3);
	host.overflows++;
	pass(15);
	assert_overflows(80, 0, 0);
	assert_u64_equal(sample("listenq_unattributed_overflows_total", "namespace=\"\""), 0);
	overflow(80, 2);
	pass(44);
	assert_overflows(80, 0, 0);
	pass(16);
	/* Nobody accounts for one of four: those of the first window are not proved. */
	assert_overflows(80, 2, 5);
	assert_u64_equal(sample("listenq_unattributed_overflows_total", "namespace=\"\""), 1);
	close_host();
}

static void test_first_minute_of_a_listener(void **state)
{
	open_host();
	settle();
	start(80);
	overflow(80, 3);
	pass(15);
	assert_overflows(80, 0, 0);
	pass(45);
	assert_overflows(80, 0, 0);
	pass(15);
	assert_overflows(80, 3, 3);
	/* It is long known when it has its first overflow: no time is lost. */
	start(81);
	pass(15);
	pass(60);
	overflow(81, 2);
	pass(15);
	assert_overflows(81, 2, 2);
	close_host();
}

/* The socket is another one, the series is the same. */
static void test_restart(void **state)
{
	open_host();
	start(80);
	settle();
	overflow(80, 3);
	pass(15);
	overflow(80, 1);
	stop(80);
	pass(15);
	/* Its last overflow is nobody else's; that it was its own is not proved. */
	assert_overflows(80, 3, 4);
	assert_u64_equal(of_port("listenq_accept_queue_length", 80), NONE);
	start(80);
	pass(15);
	assert_overflows(80, 3, 4);
	overflow(80, 2);
	pass(15);
	assert_overflows(80, 5, 6);
	close_host();
}

/* The kernel's count goes with the socket; that of the series does not fall. */
static void test_drops_of_closed(void **state)
{
	open_host();
	start(80);
	start(81);
	stray(80, 5);
	settle();
	assert_u64_equal(of_port("listenq_drops_total", 80), 5);
	stop(80);
	pass(15);
	assert_u64_equal(of_port("listenq_drops_total", 80), NONE);
	start(80);
	pass(15);
	assert_u64_equal(of_port("listenq_drops_total", 80), 5);
	stray(80, 2);
	pass(15);
	assert_u64_equal(of_port("listenq_drops_total", 80), 7);
	/* Within one window: the drop of the new socket is not told from those of the old one. */
	start(80);
	stray(80, 1);
	pass(15);
	assert_u64_equal(of_port("listenq_drops_total", 80), 7);
	assert_u64_equal(of_port("listenq_drops_total", 81), 0);
	assert_overflows(80, 0, 0);
	/* Without sums it is the kernel's. */
	print(&host.report, NULL);
	assert_u64_equal(of_port("listenq_drops_total", 80), 1);
	close_host();
}

/* What one member had does not become a rise of the group when it closes. */
static void test_drops_of_a_member(void **state)
{
	open_host();
	start(80);
	start(81);
	listener(81)->port = 80;
	stray(80, 5);
	host.listeners[1].drops = 7;
	settle();
	assert_u64_equal(of_port("listenq_drops_total", 80), 12);
	host.listeners[1].cookie = 0;
	stray(80, 1);
	pass(15);
	/* The one that rose is not told from the one that closed. */
	assert_u64_equal(of_port("listenq_drops_total", 80), 12);
	stray(80, 2);
	pass(15);
	assert_u64_equal(of_port("listenq_drops_total", 80), 14);
	close_host();
}

static void test_gone(void **state)
{
	open_host();
	start(80);
	start(81);
	settle();
	overflow(80, 3);
	pass(15);
	stop(80);
	stop(81);
	pass(15);
	/* Nothing has happened at the other one. */
	assert_overflows(80, 3, 3);
	assert_overflows(81, NONE, NONE);
	assert_u64_equal(of_port("listenq_losses_min_total", 80), NONE);
	pass(899);
	assert_overflows(80, 3, 3);
	pass(2);
	assert_overflows(80, NONE, NONE);
	assert_u64_equal(host.sums.n, 1); /* the namespace */
	start(80);
	pass(15);
	assert_overflows(80, 0, 0);
	close_host();
}

/* Listeners that come and go, each with overflows, are not kept without end. */
static void test_many_gone(void **state)
{
	open_host();
	settle();
	for (uint16_t port = 1; port <= TOTALS_GONE_MAX + 50; port++) {
		start(port);
		overflow(port, 1);
		pass(0);
		host.now_ns++;
		stop(port);
		pass(0);
		host.now_ns++;
		memset(listener(port), 0, sizeof(struct truth));
	}
	pass(1);
	assert_u64_equal(host.sums.n, TOTALS_GONE_MAX + 1); /* and the namespace */
	close_host();
}

/* A crowd that had a stray drop each takes no place of one that had overflows. */
static void test_many_gone_with_drops(void **state)
{
	open_host();
	settle();
	for (uint16_t port = 1000; port < 1000 + TOTALS_GONE_MAX + 10; port++) {
		start(port);
		stray(port, 1);
		pass(0);
		host.now_ns++;
		stop(port);
		pass(0);
		host.now_ns++;
		memset(listener(port), 0, sizeof(struct truth));
	}
	start(80);
	pass(61);
	overflow(80, 3);
	pass(15);
	assert_overflows(80, 3, 3);
	stop(80);
	pass(15);
	pass(15);
	assert_overflows(80, 3, 3);
	assert_overflows(1000, NONE, NONE);
	/* The crowd is not kept without end, and the namespace has a sum. */
	assert_u64_equal(host.sums.n, TOTALS_GONE_MAX + 2);
	close_host();
}

/* What nobody saw may have fallen on every listener that has as many drops. */
static void test_failed_window(void **state)
{
	open_host();
	start(80);
	start(81);
	settle();
	overflow(80, 3);
	pass(15);
	host.failed = true;
	overflow(80, 4);
	pass(15);
	assert_overflows(80, 3, 3);
	host.failed = false;
	overflow(80, 1);
	pass(15);
	assert_overflows(80, 3, 3);
	stray(81, 1);
	pass(15);
	assert_overflows(80, 3, 8);
	assert_overflows(81, 0, 0);
	overflow(80, 1);
	pass(15);
	assert_overflows(80, 4, 9);
	close_host();
}

static void assert_not_less(uint16_t port, const char *family, uint64_t *last)
{
	uint64_t now = of_port(family, port);

	if (now == NONE)
		return;
	assert_true(now >= *last);
	*last = now;
}

/* Whatever happens, the truth is between the sums, and they do not go down. */
static void test_truth(void **state)
{
	uint64_t min[LISTENERS] = { 0 }, max[LISTENERS] = { 0 }, drops[LISTENERS] = { 0 };
	unsigned int random = 1;

#define RANDOM(n) ((random = random * 1103515245 + 12345) >> 16) % (n)
	open_host();
	for (uint16_t port = 80; port < 80 + LISTENERS; port++)
		start(port);
	settle();
	for (unsigned int window = 0; window < 3000; window++) {
		host.failed = RANDOM(20) == 0;
		for (uint16_t port = 80; port < 80 + LISTENERS; port++) {
			bool there = listener(port)->cookie;

			if (there && RANDOM(3) == 0)
				overflow(port, RANDOM(9));
			if (there && RANDOM(5) == 0)
				stray(port, RANDOM(9));
			if (RANDOM(40) == 0 && !host.failed)
				there ? stop(port) : start(port);
			if (listener(port)->cookie && RANDOM(5) == 0)
				overflow(port, RANDOM(9));
		}
		pass(1);
		for (uint16_t i = 0; i < LISTENERS; i++) {
			assert_not_less(80 + i, "listenq_overflows_min_total", &min[i]);
			assert_not_less(80 + i, "listenq_overflows_max_total", &max[i]);
			assert_not_less(80 + i, "listenq_drops_total", &drops[i]);
		}
	}
	host.failed = false;
	for (uint16_t port = 80; port < 80 + LISTENERS; port++)
		start(port);
	pass(1);
	pass(1);
	pass(61);
	for (uint16_t port = 80; port < 80 + LISTENERS; port++) {
		uint64_t truth = listener(port)->overflows;

		assert_true(of_port("listenq_overflows_min_total", port) <= truth);
		assert_true(of_port("listenq_overflows_max_total", port) >= truth);
	}
	close_host();
}

/* One sample, by hand. */
static void show(struct scene *s)
{
	s->now.n_groups = 0;
	groups_build(&s->now);
	report_on(NULL, &s->now, NULL);
}

static void open_scene(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	open_host();
	scene_open(s);
}

static void close_scene(struct scene *s)
{
	close_host();
	scene_close(s);
}

static void assert_value(const char *text, const char *expected)
{
	struct strbuf b = { 0 };

	series_add_value(&b, text);
	assert_string_equal(b.s, expected);
	strbuf_free(&b);
}

static void test_values_of_labels(void **state)
{
	assert_value(NULL, "\"\"");
	assert_value("", "\"\"");
	assert_value("nginx", "\"nginx\"");
	assert_value("a \"b\" c", "\"a \\\"b\\\" c\"");
	assert_value("dev-a\\x2db.device", "\"dev-a\\\\x2db.device\"");
	assert_value("two\nlines\n", "\"two\\nlines\\n\"");
	assert_value("\\\"\n", "\"\\\\\\\"\\n\"");
	assert_value("\xff\xc3\xa4\x1b[31m", "\"\\\\xff\xc3\xa4\\\\x1b[31m\"");
	assert_value("\xc3\n\xa4", "\"\\\\xc3\\n\\\\xa4\"");
}

static struct netns *add_namespace(struct snapshot *s, uint64_t inode, const char *name)
{
	struct netns *ns = snapshot_add_netns(s);
	size_t first = ns->first_listener;

	*ns = s->netns[0];
	ns->first_listener = first;
	ns->inode = inode;
	ns->name = name;
	ns->own = false;
	return ns;
}

static void test_namespaces(void **state)
{
	static const char *const names[] = { "blue",	 "web",	      "web",  "42",
					     "odd@name", "a\"b\xff",  NULL,   "sleep[4711]",
					     "a\"b",	 "b\xc3\xa4", "a\nb", "a\\b" };
	static const char *const labels[] = {
		"\"\"",		 "\"blue\"",	     "\"web@101\"",	      "\"web@102\"",
		"\"103\"",	 "\"odd@name@104\"", "\"a\\\"b\\\\xff@105\"", "\"106\"",
		"\"107\"",	 "\"a\\\"b\"",	     "\"b\xc3\xa4@109\"",     "\"a\\nb@110\"",
		"\"a\\\\b@111\""
	};
	struct series_namespaces namespaces = { 0 };
	struct scene s;

	open_scene(&s);
	s.now.netns[0].own = true;
	s.now.netns[0].name = "web";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_namespace(&s.now, 100 + i, names[i])->of_process = i == 7;
	show(&s);
	series_namespaces(&namespaces, &host.report);
	assert_u64_equal(namespaces.n, ARRAY_SIZE(labels));
	for (size_t i = 0; i < namespaces.n; i++)
		assert_string_equal(namespaces.list[i].s, labels[i]);
	series_namespaces_free(&namespaces);
	close_scene(&s);
}

/* What node_exporter has of its own namespace is left to it. */
static void test_counters(void **state)
{
	struct scene s;

	open_scene(&s);
	s.now.netns[0].own = true;
	add_namespace(&s.now, 1, "blue");
	s.now.netns[1].after.value[COUNTER_LISTEN_OVERFLOWS] = UINT64_MAX;
	s.now.netns[1].after.known &= ~(1u << COUNTER_SYN_RETRANS);
	show(&s);
#define OF(namespace, name) \
	sample("listenq_netstat_total", "namespace=\"" namespace "\",counter=\"" name "\"")
	assert_u64_equal(OF("", "TcpExtEmbryonicRsts"), 0);
	assert_u64_equal(OF("", "TcpExtListenOverflows"), NONE);
	assert_non_null(
		find("listenq_netstat_total", "=\"TcpExtListenOverflows\"} 18446744073709551615"));
	assert_u64_equal(OF("blue", "TcpPassiveOpens"), 0);
	assert_u64_equal(OF("blue", "TcpExtTCPSynRetrans"), NONE);
	assert_u64_equal(OF("blue", "TcpInSegs"), NONE);
	close_scene(&s);
}

static struct listener *add_at(struct scene *s, uint16_t cookie, uint16_t port, uint8_t family)
{
	struct listener *l = snapshot_add_listener(&s->now, 0, cookie);

	l->known = LISTENER_DROPS;
	l->addr.family = family;
	l->addr.port = port;
	l->limit = 9;
	l->length = 1;
	return l;
}

/* Listeners that differ in nothing that a label says are one series; a device is a label. */
static void test_same_labels(void **state)
{
	struct scene s;

	open_scene(&s);
	add_at(&s, 1, 80, AF_INET6)->drops = 3;
	add_at(&s, 2, 80, AF_INET6)->addr.v6only = true;
	add_at(&s, 3, 81, AF_INET)->addr.ifindex = 1;
	add_at(&s, 4, 81, AF_INET)->addr.ifindex = 2;
	s.now.listeners[3].interface = "eth\"0";
	add_at(&s, 5, 81, AF_INET);
	add_at(&s, 6, 0, AF_UNIX)->name = "/run/x";
	add_at(&s, 7, 0, AF_UNIX)->name = "/run/x";
	s.now.listeners[1].length = 10;
	show(&s);
	assert_u64_equal(of_port("listenq_accept_queue_length", 80), 11);
	assert_u64_equal(of_port("listenq_accept_queue_capacity", 80), 20);
	assert_u64_equal(of_port("listenq_drops_total", 80), 3);
	assert_non_null(
		find("listenq_listener_problem", ",port=\"80\",protocol=\"tcp\",state=\"full\""));
	assert_u64_equal(sample("listenq_accept_queue_length", "0.0.0.0%if1"), 1);
	assert_u64_equal(sample("listenq_accept_queue_length", "0.0.0.0%eth\\\"0\""), 1);
	assert_u64_equal(sample("listenq_accept_queue_length", "0.0.0.0\","), 1);
	assert_u64_equal(
		sample("listenq_accept_queue_length", "{namespace=\"4026531840\",path=\"/run/x\""),
		2);
	/* The highest peak of one, but not below the length that stands beside it. */
	s.now.listeners[0].known |= LISTENER_PEAK;
	s.now.listeners[0].peak.length = 9;
	s.now.listeners[5].known |= LISTENER_PEAK;
	s.now.listeners[5].peak.length = 1;
	show(&s);
	assert_u64_equal(of_port("listenq_accept_queue_peak_length", 80), 11);
	assert_u64_equal(sample("listenq_accept_queue_peak_length", "path=\"/run/x\""), 2);
	s.now.listeners[0].peak.length = 12;
	show(&s);
	assert_u64_equal(of_port("listenq_accept_queue_peak_length", 80), 12);
	/* What is unknown of one is unknown of both. */
	s.now.listeners[1].known = 0;
	show(&s);
	assert_u64_equal(of_port("listenq_drops_total", 80), NONE);
	close_scene(&s);
}

/* Too many: the sick ones, and those at the lowest ports. */
static void test_too_many(void **state)
{
	struct scene s;

	open_scene(&s);
	for (uint16_t i = SERIES_MAX + 100; i > 0; i--)
		add_at(&s, i, 10000 + i, AF_INET);
	s.now.listeners[0].length = 10; /* at the highest port */
	show(&s);
	assert_u64_equal(sample("listenq_listeners_omitted", ""), 100);
	assert_u64_equal(s.now.n_warnings, 1);
	assert_string_equal(s.now.warnings[0].code, "listeners-omitted");
	assert_u64_equal(sample("listenq_collect_incomplete", ""), 1);
	assert_u64_equal(of_port("listenq_accept_queue_length", 10001), 1);
	assert_u64_equal(of_port("listenq_accept_queue_length", 10000 + SERIES_MAX - 1), 1);
	assert_u64_equal(of_port("listenq_accept_queue_length", 10000 + SERIES_MAX), NONE);
	assert_u64_equal(of_port("listenq_accept_queue_length", 10000 + SERIES_MAX + 100), 10);
	close_scene(&s);
}

/* The process with the lowest pid stands for all; process 1 only where it is alone. */
static void test_owners(void **state)
{
	static const struct process processes[] = {
		{ .comm = "master", .unit = "a.service", .container = "c", .pid = 20 },
		{ .comm = "a worker", .unit = "b.service", .pid = 30 },
		{ .comm = "systemd", .unit = "init.scope", .pid = 1 },
	};
	struct scene s;

	open_scene(&s);
	snapshot_size_owners(&s.now, 3, 3);
	memcpy(s.now.processes, processes, sizeof(processes));
	for (uint32_t i = 0; i < 3; i++)
		s.now.owners[i] = (struct owner){ i, 3 };
	for (uint16_t port = 80; port < 84; port++)
		add_at(&s, port, port, AF_INET)->known |= port < 83 ? LISTENER_OWNERS : 0;
	s.now.listeners[0].n_owners = 3;
	s.now.listeners[1].first_owner = 2;
	s.now.listeners[1].n_owners = 1;
	show(&s);
#define INFO(port, rest) find("listenq_listener_info", "port=\"" port "\",protocol=\"tcp\"," rest)
	assert_non_null(INFO("80", "comm=\"master\",unit=\"a.service\",container=\"c\""));
	assert_non_null(INFO("81", "comm=\"systemd\",unit=\"init.scope\",container=\"\""));
	assert_non_null(INFO("82", "comm=\"\",unit=\"\",container=\"\""));
	assert_non_null(INFO("83", "comm=\"\",unit=\"\",container=\"\""));
	close_scene(&s);
}

/* No sample, not 0. */
static void test_unknown(void **state)
{
	struct scene s;

	open_scene(&s);
	add_at(&s, 1, 80, AF_INET)->known = 0;
	s.now.netns[0].syn_recv_ns = 0;
	s.now.netns[0].sysctls.known = 0;
	s.now.netns[0].after.known = 0;
	show(&s);
	assert_u64_equal(of_port("listenq_accept_queue_length", 80), 1);
	assert_null(strstr(host.text, "listenq_drops_total"));
	assert_null(strstr(host.text, "listenq_syn_queue"));
	assert_null(strstr(host.text, "listenq_oldest_wait_seconds"));
	assert_null(strstr(host.text, "listenq_overflows"));
	assert_null(strstr(host.text, "listenq_unattributed"));
	assert_null(strstr(host.text, "listenq_listener_problem"));
	assert_null(strstr(host.text, "listenq_netstat_total"));
	assert_null(strstr(host.text, "listenq_window_seconds"));
	/* Nor are sums known without counters. */
	report_on(NULL, &s.now, &host.sums);
	assert_null(strstr(host.text, "listenq_overflows"));
	assert_null(strstr(host.text, "listenq_unattributed"));
	close_scene(&s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_values_of_labels),  cmocka_unit_test(test_namespaces),
	cmocka_unit_test(test_counters),	  cmocka_unit_test(test_same_labels),
	cmocka_unit_test(test_too_many),	  cmocka_unit_test(test_owners),
	cmocka_unit_test(test_unknown),		  cmocka_unit_test(test_sums),
	cmocka_unit_test(test_first_minute),	  cmocka_unit_test(test_first_minute_of_a_listener),
	cmocka_unit_test(test_restart),		  cmocka_unit_test(test_drops_of_closed),
	cmocka_unit_test(test_drops_of_a_member), cmocka_unit_test(test_gone),
	cmocka_unit_test(test_many_gone),	  cmocka_unit_test(test_many_gone_with_drops),
	cmocka_unit_test(test_failed_window),	  cmocka_unit_test(test_truth),
};

int main(void)
{
	return cmocka_run_group_tests_name("prometheus", tests, NULL, NULL);
}
