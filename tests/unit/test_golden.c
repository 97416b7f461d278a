/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "collect/collect.h"
#include "collect/sock_diag.h"
#include "fake_netlink.h"
#include "model/connections.h"
#include "model/groups.h"
#include "output/json.h"
#include "output/prometheus.h"
#include "output/sort.h"
#include "output/table.h"
#include "replay/sample_line.h"

#include <errno.h>
#include <json-c/json.h>
#include <linux/inet_diag.h>
#include <sys/socket.h>
#include <time.h>

/*
 * What each format makes of samples that tests/data/capture.py took from a real kernel, and of some
 * by hand that a kernel of today does not give. The whole way is taken: netlink bytes and files of
 * /proc go in at one end, tables and documents come out at the other.
 *
 * tests/expected/CASE.txt, CASE.json and CASE.prom say what should; LISTENQ_UPDATE_EXPECTED=1
 * writes them anew, and the schema that is published, man/listenq.schema.json. Read the diff before
 * you believe it.
 */

/* Time stands still unless a test moves it: nothing that is printed may depend on this machine. */
static uint64_t now_ns;

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (id == CLOCK_REALTIME)
		*t = (struct timespec){ 1795329669, 123456789 };
	else if (id == CLOCK_MONOTONIC)
		*t = (struct timespec){ (time_t)(now_ns / 1000000000),
					(long)(now_ns % 1000000000) };
	else
		*t = (struct timespec){ 0 };
	return 0;
}

static bool updating(void)
{
	return getenv("LISTENQ_UPDATE_EXPECTED") != NULL;
}

/* One file for all ways to print a table, each below a line with its name. */
struct printed {
	char *text;
	size_t len;
	FILE *stream;
};

enum { USUAL, EXTENDED, PROCESSES, ALL, NAMED, LISTS };

/* clang-format off */
static const struct {
	const char *title;
	int list;
	struct table_style style;
} tables[] = {
	{ "default", USUAL, { .header = true, .footer = true } },
	{ "color", USUAL, { .header = true, .color = true } },
	{ "80 columns", USUAL, { .header = true, .footer = true, .width = 80 } },
	{ "80 columns, ASCII", EXTENDED,
	  { .header = true, .footer = true, .text_flags = TEXT_ASCII, .width = 80 } },
	{ "40 columns, color", USUAL, { .header = true, .footer = true, .color = true, .width = 40 } },
	{ "no header", USUAL, { .header = false } },
	{ "extended", EXTENDED, { .header = true } },
	{ "named", NAMED, { .header = true } },
	{ "named, ASCII, 40 columns", NAMED,
	  { .header = true, .text_flags = TEXT_ASCII, .width = 40 } },
	{ "detail", NAMED, { .header = true, .detail = true } },
	{ "processes, 60 columns", PROCESSES,
	  { .header = true, .text_flags = TEXT_ASCII, .width = 60 } },
	{ "all", ALL, { .header = true } },
};
/* clang-format on */

static void compare_tables(const char *name, struct report *report)
{
	struct field_context context = { 0 };
	struct columns columns[LISTS] = { 0 };
	struct printed p = { 0 };
	struct error why;
	char file[256];

	for (int i = 0; i < NAMED; i++) {
		columns[i].folded = i != PROCESSES && report->n_members;
		columns_default(&columns[i], i == EXTENDED);
		if (report->n_netns > 1 && i < PROCESSES)
			columns_put_before(&columns[i], FIELD_NAMESPACE, FIELD_LOCAL);
	}
	columns_processes(&columns[PROCESSES]);
	columns_all(&columns[ALL]);
	columns_parse(&columns[NAMED], "local,length,fill,overflows,oldest-wait,cgroup", false,
		      &why);
	p.stream = open_memstream(&p.text, &p.len);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		fprintf(p.stream, "==== %s ====\n", tables[i].title);
		table_print(p.stream, report, &columns[tables[i].list], &tables[i].style, &context);
	}
	fclose(p.stream);
	snprintf(file, sizeof(file), "tests/expected/%s.txt", name);
	unit_compare(file, p.text, p.len);
	free(p.text);
	strbuf_free(&context.scratch);
}

static void print_json(struct printed *p, const struct report *report, bool one_line)
{
	struct field_context context = { 0 };

	p->stream = open_memstream(&p->text, &p->len);
	json_print(p->stream, report, one_line, &context);
	fclose(p->stream);
	strbuf_free(&context.scratch);
}

/* The version is in the document, and not a matter of this test. */
static void hide_version(struct printed *p, const char *before)
{
	static const char version[] = PACKAGE_VERSION "\"";
	char *at = strstr(p->text, before);

	assert_non_null(at);
	at += strlen(before);
	assert_memory_equal(at, version, strlen(version));
	memmove(at, strchr(at, '"'), strlen(strchr(at, '"')) + 1);
	p->len = strlen(p->text);
}

static void assert_valid_json(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;

	/* json-c takes the newline at the end for something that follows the document. */
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tokener, text, (int)len - 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("not JSON: %s", json_tokener_error_desc(json_tokener_get_error(tokener)));
	assert_true(json_object_is_type(o, json_type_object));
	json_object_put(o);
	json_tokener_free(tokener);
}

/* NDJSON is the same document without its line breaks; there are none within texts. */
static void assert_same_on_one_line(const struct report *report, const char *json)
{
	struct printed line = { 0 };
	size_t at = 0;

	print_json(&line, report, true);
	assert_ptr_equal(strchr(line.text, '\n'), line.text + line.len - 1);
	for (const char *p = json; *p; p++)
		if (*p != '\n')
			assert_true(line.text[at++] == *p);
	assert_u64_equal(at, line.len - 1);
	free(line.text);
}

static void compare_json(const char *name, const struct report *report)
{
	struct printed json = { 0 };
	char file[256];

	print_json(&json, report, false);
	assert_valid_json(json.text, json.len);
	assert_same_on_one_line(report, json.text);
	hide_version(&json, "\"version\":\"");
	snprintf(file, sizeof(file), "tests/expected/%s.json", name);
	unit_compare(file, json.text, json.len);
	free(json.text);
}

/* It has no detail, and one row for each group, whatever the other formats show. */
static void compare_prometheus(const char *name, const struct snapshot *before,
			       const struct snapshot *now)
{
	struct field_context context = { 0 };
	struct report report = { 0 };
	struct printed p = { 0 };
	char file[256];

	fold_build(&report, before, now, true);
	report_select(&report, &all_listeners);
	p.stream = open_memstream(&p.text, &p.len);
	prometheus_print(p.stream, &report, &(struct prometheus_style){ .began_ns = now_ns },
			 &context);
	fclose(p.stream);
	hide_version(&p, "listenq_build_info{version=\"");
	snprintf(file, sizeof(file), "tests/expected/%s.prom", name);
	unit_compare(file, p.text, p.len);
	free(p.text);
	report_free(&report);
	strbuf_free(&context.scratch);
}

static void compare_report(const char *name, struct report *report)
{
	struct field_context context = { 0 };

	report_select(report, &all_listeners);
	sort_rows(report, NULL, false, &context);
	strbuf_free(&context.scratch);
	compare_tables(name, report);
	compare_json(name, report);
}

static void compare_built(const char *name, struct report *report, const struct snapshot *before,
			  const struct snapshot *now, bool fold)
{
	report_build(report, before, now);
	if (fold)
		fold_report(report);
	compare_report(name, report);
}

/* Writes a sample to a line and reads it again: the same line comes of what was read. */
static void copy_by_line(struct snapshot *to, const struct snapshot *from)
{
	struct strbuf line = { 0 }, again = { 0 };
	struct error why;

	sample_line_add(&line, from);
	assert_valid_json(line.s, line.len);
	if (sample_line_read(to, line.s, line.len, &why) < 0)
		fail_msg("%s: %s", why.text, line.s);
	sample_line_add(&again, to);
	assert_string_equal(again.s, line.s);
	strbuf_free(&line);
	strbuf_free(&again);
}

/* The samples make the report, and so do their copies, and what is restored from a file. */
static void compare_samples(const char *name, const struct snapshot *before,
			    const struct snapshot *now, bool fold)
{
	struct snapshot before_copy = { 0 }, now_copy = { 0 };
	struct report report = { 0 };

	compare_built(name, &report, before, now, fold);
	if (before)
		snapshot_copy(&before_copy, before);
	snapshot_copy(&now_copy, now);
	compare_built(name, &report, before ? &before_copy : NULL, &now_copy, fold);
	snapshot_reset(&before_copy);
	snapshot_reset(&now_copy);
	if (before)
		copy_by_line(&before_copy, before);
	copy_by_line(&now_copy, now);
	compare_built(name, &report, before ? &before_copy : NULL, &now_copy, fold);
	if (!fold)
		compare_prometheus(name, before, now);
	report_free(&report);
	snapshot_free(&before_copy);
	snapshot_free(&now_copy);
}

/* What is of this machine, and would be printed. */
static void set_identity(struct snapshot *s)
{
	s->netns[0].inode = SCENE_NETNS;
	strcpy(s->host, "web3");
	strcpy(s->boot_id, "7d6e7f3c-0b52-4d0e-8a75-3a4f0d2c9b11");
}

/* Captured samples. */

#define CGROUP_COND 13 /* INET_DIAG_BC_CGROUP_COND */

static const char *sample; /* directory of the one that the kernel has now */
static bool before_5_8;

static const char *path_in_sample(const char *file, char path[4096])
{
	char relative[256];

	snprintf(relative, sizeof(relative), "%s/%s", sample, file);
	return unit_source(relative, path);
}

static char *read_dump(const char *file, size_t *len)
{
	char path[4096];

	return fake_netlink_captured(path_in_sample(file, path), len);
}

/* Appends the sockets in these states of what was captured, and nothing of its end. */
static size_t append_states(char *to, const char *file, uint32_t states)
{
	size_t len, n = 0;
	char *bytes = read_dump(file, &len);

	for (size_t at = 0; at < len;) {
		const struct nlmsghdr *nlh = (const void *)(bytes + at);
		const struct inet_diag_msg *m = NLMSG_DATA(nlh);
		size_t size = NLMSG_ALIGN(nlh->nlmsg_len);

		if (nlh->nlmsg_type != NLMSG_DONE && states & 1u << m->idiag_state) {
			memcpy(to + n, nlh, size);
			n += size;
		}
		at += size;
	}
	free(bytes);
	return n;
}

/* Before 5.8 a filter cannot test the cgroup, which tells request socks from others. */
static bool refuses(const struct nlmsghdr *request)
{
	const char *end = (const char *)request + request->nlmsg_len, *at;

	at = (const char *)NLMSG_DATA(request) + sizeof(struct nlattr);
	at += request->nlmsg_type == TCPDIAG_GETSOCK ? sizeof(struct inet_diag_req) :
						       sizeof(struct inet_diag_req_v2);
	while (before_5_8 && at < end) {
		const struct inet_diag_bc_op *op = (const void *)at;

		if (op->code == CGROUP_COND)
			return true;
		at += op->yes;
	}
	return false;
}

/* Listeners and half-open connections were captured in one dump. */
static void answer(const struct nlmsghdr *request)
{
	const uint32_t waiting = 1 << DIAG_ESTABLISHED | 1 << DIAG_CLOSE_WAIT;
	const struct inet_diag_req *r = NLMSG_DATA(request);
	char *bytes;
	size_t len;

	/* Nobody was asked for one connection when these were captured. */
	if (!(request->nlmsg_flags & NLM_F_DUMP)) {
		fake_netlink_reply_error(-ENOENT);
		return;
	}
	/* Each family has its own request; all begin with the family. */
	if (r->idiag_family == AF_UNIX) {
		bytes = read_dump("unix", &len);
		fake_netlink_reply_dump(bytes, len, 3);
		free(bytes);
		return;
	}
	if (refuses(request)) {
		fake_netlink_reply_error(-EINVAL);
		return;
	}
	bytes = xmalloc(1 << 20);
	len = append_states(bytes, "listeners", r->idiag_states);
	if (r->idiag_states & waiting)
		len += append_states(bytes + len, "waiting", r->idiag_states & waiting);
	fake_netlink_reply_dump(bytes, len, 3);
	fake_netlink_reply_done(0);
	free(bytes);
}

static uint64_t sample_time(void)
{
	char path[4096], *text = unit_read(path_in_sample("monotonic_ns", path), NULL);
	uint64_t ns = strtoull(text, NULL, 10);

	free(text);
	return ns;
}

static void enter_sample(const char *tree, const char *directory)
{
	char relative[256], path[4096];

	sample = directory;
	snprintf(relative, sizeof(relative), "%s/root", directory);
	unit_copy_tree(tree, unit_source(relative, path));
}

/* Fast samples see the first state until half of the window is over, and then the last. */
static void look_until_closing(struct sample_source *c, const char *tree, const char *closing)
{
	uint64_t begin = now_ns, end;

	sample = closing;
	end = sample_time();
	while (sample_source_due(c) < end) {
		now_ns = sample_source_due(c);
		if (now_ns > begin + (end - begin) / 2)
			enter_sample(tree, closing);
		sample_source_look(c);
	}
	now_ns = end;
	enter_sample(tree, closing);
}

/* @fold: SO_REUSEPORT groups are rows, and CASE is "NAME-folded". */
static void run_captured(const char *name, bool fold)
{
	struct collect_config config = {
		/* All but what takes a dump that was not captured. */
		.needs = ~0u,
		.family = AF_UNSPEC,
		.peak_rate = 50,
		.peak_share = 0.01,
	};
	char opening[128], closing[128], expected[128], *tree = unit_make_tree();
	struct snapshot before = { 0 }, now = { 0 };
	struct sample_source *c;
	struct error why;

	snprintf(opening, sizeof(opening), "tests/data/%s/opening", name);
	snprintf(closing, sizeof(closing), "tests/data/%s/closing", name);
	config.root = tree;
	fake_netlink_reset();
	fake_netlink_on_request = answer;
	enter_sample(tree, opening);
	now_ns = sample_time();
	assert_int_equal(collector_open(&c, &config, &why), 0);
	assert_int_equal(sample_source_sample(c, SAMPLE_OPENING, &before, &why), 0);
	set_identity(&before);
	sample = opening;
	look_until_closing(c, tree, closing);
	assert_int_equal(sample_source_sample(c, SAMPLE_CLOSING, &now, &why), 0);
	set_identity(&now);
	snprintf(expected, sizeof(expected), "%s%s", name, fold ? "-folded" : "");
	compare_samples(expected, &before, &now, fold);
	snapshot_free(&before);
	snapshot_free(&now);
	sample_source_close(c);
	assert_u64_equal(fake_netlink_left(), 0);
	fake_netlink_reset();
	unit_remove_tree(tree);
}

static void test_captured(void **state)
{
	run_captured(*state, false);
}

static void test_folded(void **state)
{
	run_captured("reuseport", true);
}

static void test_older(void **state)
{
	before_5_8 = true;
	run_captured(*state, false);
	before_5_8 = false;
}

/* Samples by hand. */

static void run_scene(const char *name, struct scene *scene, bool window)
{
	if (!*scene->now.host)
		set_identity(&scene->now);
	scene->before.wall = scene->now.wall = (struct timespec){ 1795329669, 123456789 };
	if (!(scene->now.known & SNAPSHOT_GROUPS))
		groups_build(&scene->now);
	compare_samples(name, window ? &scene->before : NULL, &scene->now, false);
	scene_close(scene);
}

/* Nothing moved, nothing waits. */
static void test_calm(void **state)
{
	struct scene s = { 0 };

	scene_open(&s);
	scene_add_both(&s, 22);
	scene_add_both(&s, 443);
	run_scene("calm", &s, true);
}

static void test_no_listener(void **state)
{
	struct scene s = { 0 };

	scene_open(&s);
	run_scene("no-listener", &s, true);
}

/* One sample: totals, and no deltas. */
static void test_instant(void **state)
{
	struct scene s = { 0 };

	scene_open(&s);
	scene_add_both(&s, 80);
	scene_now(&s, 80)->length = 129;
	scene_now(&s, 80)->drops = 20;
	scene_count(&s, COUNTER_LISTEN_OVERFLOWS, 9, 9, 12, 12);
	run_scene("instant", &s, false);
}

/* A kernel before 4.7, in a container that hides half of /proc. */
static void test_little_known(void **state)
{
	struct scene s = { 0 };

	scene_open(&s);
	scene_add_both(&s, 80);
	scene_add_both(&s, 81);
	for (uint16_t i = 80; i < 82; i++)
		scene_before(&s, i)->known = scene_now(&s, i)->known = LISTENER_UID;
	scene_now(&s, 81)->length = 129;
	s.before.netns[0].before.known = s.before.netns[0].after.known = 0;
	s.now.netns[0].before.known = s.now.netns[0].after.known = 0;
	s.now.netns[0].sysctls.known = 1u << SYSCTL_SOMAXCONN;
	s.now.netns[0].syn_recv_ns = 0;
	snapshot_warn(&s.now, "counters-unavailable", "cannot read \"netstat\": %s",
		      "bad bytes \xff and \x1b[31m");
	run_scene("little-known", &s, true);
}

/* Overflows of a listener that is gone, and requests that it left behind. */
static void test_vanished(void **state)
{
	struct scene s = { 0 };

	scene_open(&s);
	scene_add_both(&s, 80);
	scene_add(&s.before, 81);
	scene_now(&s, 80)->drops = 3;
	s.now.netns[0].unattributed_syn_recv = 7;
	scene_count(&s, COUNTER_LISTEN_OVERFLOWS, 0, 0, 10, 10);
	run_scene("vanished", &s, true);
}

static struct netns *add_namespace(struct snapshot *s, uint64_t inode, const char *name,
				   uint32_t pid)
{
	struct netns *ns = snapshot_add_netns(s);
	size_t first = ns->first_listener;

	*ns = s->netns[0];
	ns->first_listener = first;
	ns->inode = inode;
	ns->name = name;
	ns->pid = pid;
	ns->own = false;
	return ns;
}

static struct listener *add_to(struct snapshot *s, uint32_t netns, uint16_t cookie)
{
	struct listener *l = snapshot_add_listener(s, netns, cookie);

	l->known = LISTENER_DROPS | LISTENER_PEAK;
	l->addr.family = AF_INET;
	l->addr.port = 80;
	l->limit = 128;
	return l;
}

/* One is well, one overflows, one has no name we would print, one is new in the window. */
static void test_namespaces(void **state)
{
	struct scene s = { 0 };

	scene_open(&s);
	s.before.netns[0].name = s.now.netns[0].name = "systemd[1]";
	s.before.netns[0].own = s.now.netns[0].own = true;
	s.now.netns[0].pid = 1;
	scene_add_both(&s, 1);
	add_namespace(&s.before, SCENE_NETNS + 1, "web", 0);
	add_to(&s.before, 1, 2);
	add_namespace(&s.before, SCENE_NETNS + 2, "a\n\x1b[31m", 70);
	add_to(&s.before, 2, 3);
	add_namespace(&s.now, SCENE_NETNS + 1, "web", 0)->after.value[COUNTER_LISTEN_OVERFLOWS] = 7;
	s.now.netns[1].after.value[COUNTER_LISTEN_DROPS] = 7;
	s.now.netns[1].before = s.now.netns[1].after;
	s.now.netns[1].sysctls.value[SYSCTL_SOMAXCONN] = 128;
	add_to(&s.now, 1, 2)->drops = 7;
	scene_now(&s, 2)->length = 129;
	add_namespace(&s.now, SCENE_NETNS + 2, "a\n\x1b[31m", 70)->syn_recv_ns = 0;
	add_to(&s.now, 2, 3)->length = 110;
	add_namespace(&s.now, SCENE_NETNS + 3, "0123456789ab", 71);
	add_to(&s.now, 3, 4);
	run_scene("namespaces", &s, true);
}

/* Text that wants to be something else, and the largest numbers there are. */
static void test_hostile(void **state)
{
	struct scene s = { 0 };
	struct listener *l;

	scene_open(&s);
	scene_add_both(&s, 80);
	scene_add_both(&s, 81);
	scene_add_both(&s, 65535);
	l = scene_now(&s, 80);
	l->addr.ifindex = 2;
	l->interface = "\x1b]0;x\x07";
	l->known |= LISTENER_CGROUP_ID;
	l->cgroup = "/\xe2\x80\xaeslice/\xff\"\\\n\xc2\x9b\x7f\xc2\x80"
		    "\xc2\x9f\xc2\xa0";
	scene_now(&s, 81)->cgroup = "/gr\xc3\xbc\xc3\x9f"
				    "e/\xe4\xb8\xad\xe6\x96\x87/e\xcc\x81";
	l = scene_now(&s, 65535);
	l->cookie = UINT64_MAX;
	l->length = l->limit = l->drops = l->inode = l->uid = UINT32_MAX;
	l->addr.family = AF_INET6;
	memset(l->addr.address, 0xff, sizeof(l->addr.address));
	l->known |= LISTENER_PEAK | LISTENER_V6ONLY | LISTENER_MPTCP;
	l->peak = (struct peak){ .length = UINT32_MAX,
				 .samples = UINT32_MAX,
				 .full_ns = 86400000000000,
				 .full = true,
				 .fell = true };
	scene_count(&s, COUNTER_LISTEN_OVERFLOWS, 0, 0, INT64_MAX, INT64_MAX);
	strcpy(s.now.host, "web\x1b[31m\xff");
	run_scene("hostile", &s, true);
}

#define PROCESS(c, g, u, n, p)                                              \
	{                                                                   \
		.comm = c, .cgroup = g, .unit = u, .container = n, .pid = p \
	}

/* Preforked, socket-activated, hostile, held by nobody, and unknown. */
static void test_owners(void **state)
{
	static const struct process processes[] = {
		PROCESS("nginx", "/system.slice/nginx.service", "nginx.service", NULL, 2214),
		PROCESS("nginx", "/system.slice/nginx.service", "nginx.service", NULL, 2215),
		PROCESS("helper", "/docker/x", NULL, "x", 2216),
		PROCESS("nginx", "/system.slice/nginx.service", "nginx.service", NULL, 2217),
		PROCESS("\x1b[31m a,b\n", "/a\\x2db\xff.service", "a\\x2db\xff.service", "\x07",
			4194304),
		PROCESS("", "/", "cups.service", NULL, 4194303),
		PROCESS("systemd", "/init.scope", "init.scope", NULL, 1),
		/* Names that are words of ours. */
		PROCESS("(none)", "/lxc/-", NULL, "-", 31),
		PROCESS("-", "/x.service", "x.service", NULL, 32),
		PROCESS("a,b", "/x.service", "x.service", NULL, 33),
		PROCESS("\"a\"", "/x.service", "x.service", NULL, 34),
		PROCESS("-f(none)", "/x.service", "x.service", NULL, 35),
	};
	static const struct owner owners[] = {
		{ 0, 6 },	   { 1, 6 },  { 2, 3 },	 { 2, 4 }, { 3, 6 }, /* of 80 */
		{ 5, 3 },	   { 6, 60 }, /* of 81 */
		{ 4, UINT32_MAX }, /* of 82 */
		{ 6, 61 }, /* of 83 */
		{ 7, 3 }, /* of 86 */
		{ 8, 3 }, /* of 87 */
		{ 9, 3 },	   { 10, 3 }, { 11, 3 }, /* of 88 */
	};
	static const struct {
		uint16_t cookie, first, n;
	} slices[] = { { 80, 0, 5 }, { 81, 5, 2 }, { 82, 7, 1 },  { 83, 8, 1 },
		       { 84, 0, 0 }, { 86, 9, 1 }, { 87, 10, 1 }, { 88, 11, 3 } };
	struct scene s = { 0 };

	scene_open(&s);
	for (size_t i = 0; i < ARRAY_SIZE(slices); i++) {
		struct listener *l;

		scene_add_both(&s, slices[i].cookie);
		l = scene_now(&s, slices[i].cookie);
		l->known |= LISTENER_OWNERS;
		l->first_owner = slices[i].first;
		l->n_owners = slices[i].n;
	}
	scene_add_both(&s, 85);
	snapshot_size_owners(&s.now, ARRAY_SIZE(owners), ARRAY_SIZE(processes));
	memcpy(s.now.processes, processes, sizeof(processes));
	memcpy(s.now.owners, owners, sizeof(owners));
	run_scene("owners", &s, true);
}

/* What keeps owners from accepting, and what nobody knows of them. */
static void test_causes(void **state)
{
	static const struct process processes[] = {
		{ .comm = "stopped", .pid = 11, .known = PROCESS_STATE, .state = 'T' },
		{ .comm = "paused\n\x1b[31m",
		  .pid = 12,
		  .known = PROCESS_STATE | PROCESS_FROZEN,
		  .state = 'S',
		  .frozen = true,
		  .freezer = "/sys/fs/cgroup/a\x1b\xff/cgroup.freeze" },
		{ .comm = "full",
		  .unit = "full.service",
		  .pid = 13,
		  .known = PROCESS_STATE | PROCESS_OPEN_FDS | PROCESS_FD_LIMIT | PROCESS_FROZEN |
			   PROCESS_THROTTLED,
		  .state = 'S',
		  .open_fds = UINT32_MAX,
		  .fd_limit = UINT32_MAX },
		{ .comm = "slow",
		  .pid = 14,
		  .known = PROCESS_STATE | PROCESS_THROTTLED,
		  .state = 'R',
		  .throttled = true,
		  .quota = "/sys/fs/cgroup/slow.slice/cpu.max" },
		{ .comm = "unknown", .pid = 15 },
	};
	static const struct owner owners[] = { { 0, 3 }, { 1, 3 }, { 2, 3 }, { 3, 3 }, { 4, 3 } };
	struct scene s = { 0 };

	scene_open(&s);
	for (uint16_t i = 0; i < ARRAY_SIZE(processes); i++) {
		struct listener *l;

		scene_add_both(&s, 80 + i);
		l = scene_now(&s, 80 + i);
		l->length = 129;
		l->known |= LISTENER_OWNERS;
		l->first_owner = i;
		l->n_owners = 1;
	}
	snapshot_size_owners(&s.now, ARRAY_SIZE(owners), ARRAY_SIZE(processes));
	memcpy(s.now.processes, processes, sizeof(processes));
	memcpy(s.now.owners, owners, sizeof(owners));
	run_scene("causes", &s, true);
}

/* A part of a SO_REUSEPORT group is full, and more listeners than are named one by one. */
static void add_sick_group(struct scene *s)
{
	static const struct process stopped = {
		.comm = "worker", .pid = 21, .known = PROCESS_STATE, .state = 'T'
	};
	struct listener *l;

	scene_open(s);
	for (uint16_t cookie = 80; cookie < 91; cookie++)
		scene_add_both(s, cookie);
	snapshot_size_owners(&s->now, 9, 9);
	for (uint16_t i = 0; i < 9; i++) {
		s->now.processes[i] = stopped;
		s->now.processes[i].pid += i;
		s->now.owners[i] = (struct owner){ i, 3 };
		l = scene_now(s, 80 + i);
		l->known |= LISTENER_OWNERS;
		l->first_owner = i;
		l->n_owners = 1;
	}
	/* Full: two of the four of the group, and five others. */
	for (uint16_t cookie = 82; cookie < 89; cookie++)
		scene_now(s, cookie)->length = 129;
	for (uint16_t cookie = 80; cookie < 84; cookie++)
		scene_before(s, cookie)->addr.port = scene_now(s, cookie)->addr.port = 80;
	/* The master runs, the worker does not. */
	l = scene_now(s, 87);
	l->n_owners = 2;
	s->now.processes[7].state = 'S';
	scene_before(s, 87)->length = scene_now(s, 88)->length = l->length;
	scene_before(s, 88)->length = l->length;
	s->now.processes[8].state = 'T';
	/* As another user sees it. */
	scene_now(s, 89)->length = 129;
	s->now.known |= SNAPSHOT_OWNERS_OF_OTHERS;
	scene_count(s, COUNTER_COOKIES_RECV, 0, 0, 5, 5);
	set_identity(&s->now);
	groups_build(&s->now);
}

static void test_sick_group(void **state)
{
	struct scene s = { 0 };

	add_sick_group(&s);
	run_scene("sick-group", &s, true);
}

static void test_sick_group_folded(void **state)
{
	struct scene s = { 0 };

	add_sick_group(&s);
	s.before.wall = s.now.wall = (struct timespec){ 1795329669, 123456789 };
	compare_samples("sick-group-folded", &s.before, &s.now, true);
	scene_close(&s);
}

static struct connection *in_queue(struct scene *s, uint32_t group, bool half_open, uint8_t host)
{
	struct connection *c = connections_add(&s->now);

	c->group = group;
	c->half_open = half_open;
	c->family = AF_INET;
	memcpy(c->peer, (const uint8_t[]){ 192, 0, 2, host }, 4);
	c->peer_port = 4711;
	return c;
}

/* What is in queues: all there can be to say of a connection, and what is not known. */
static void test_detail(void **state)
{
	struct scene s = { 0 };
	struct connection *c;
	struct group *g;

	scene_open(&s);
	scene_add_both(&s, 80);
	scene_add_both(&s, 81);
	scene_now(&s, 80)->length = 7;
	scene_now(&s, 81)->length = 1;
	g = scene_group(&s, 80);
	g->known = GROUP_WAITING | GROUP_CONNECTIONS;
	g->length_after = 7;
	g->waiting = 5;
	g->waiting_mptcp = 1;
	g->fastopen = 1;
	scene_group(&s, 81)->known = GROUP_CONNECTIONS;
	s.now.known |= SNAPSHOT_CONNECTIONS;
	in_queue(&s, 0, false, 1); /* of Fast Open */
	c = in_queue(&s, 0, false, 255);
	c->family = AF_INET6;
	memset(c->peer, 0xff, sizeof(c->peer));
	c->peer_port = 65535;
	c->has_wait = c->peer_closed = true;
	c->wait_ms = c->unread_bytes = UINT32_MAX;
	c = in_queue(&s, 0, false, 2);
	c->has_wait = true;
	c->wait_ms = 4;
	c->unread_bytes = 312;
	in_queue(&s, 0, false, 3)->has_wait = true;
	in_queue(&s, 0, false, 6)->mptcp = true;
	c = in_queue(&s, 1, true, 4);
	c->retransmits = 12;
	c->next_timer_ms = 64000;
	in_queue(&s, 1, true, 5)->next_timer_ms = 998;
	connections_sort(&s.now);
	s.now.netns[0].syn_recv_ns -= 400000000;
	run_scene("detail", &s, true);
}

/* More half-open connections than anybody reads: sums by client network, each in JSON. */
static void test_flood(void **state)
{
	struct scene s = { 0 };
	struct connection *c;

	scene_open(&s);
	for (uint16_t port = 80; port < 84; port++)
		scene_add_both(&s, port);
	for (uint16_t port = 80; port < 84; port++)
		scene_group(&s, port)->known = GROUP_CONNECTIONS;
	s.now.known |= SNAPSHOT_CONNECTIONS;
	/* As many as are still listed. */
	for (uint8_t i = 0; i < 20; i++)
		in_queue(&s, 0, true, i);
	/* Few networks, also of v4-mapped clients and of IPv6. */
	for (uint8_t i = 0; i < 100; i++) {
		c = in_queue(&s, 1, true, i);
		c->peer[2] = i % 4 ? 2 : 3;
		c->retransmits = i == 50 ? 5 : 1;
	}
	in_queue(&s, 1, true, 7)->peer[0] = 10;
	for (uint8_t i = 0; i < 3; i++) {
		c = in_queue(&s, 1, true, 0);
		c->family = AF_INET6;
		memcpy(c->peer, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2", 15);
		c->peer[15] = i;
		c = in_queue(&s, 1, true, 0);
		c->family = AF_INET6;
		memcpy(c->peer, "\x20\x01\x0d\xb8\0\1\0\2", 8);
		c->peer[15] = i;
	}
	/* Too many of the small ones, but few larger ones. */
	for (uint8_t i = 0; i < 42; i++) {
		c = in_queue(&s, 2, true, 1);
		c->peer[1] = i % 3;
		c->peer[2] = i;
	}
	/* From everywhere, as with forged addresses. */
	for (unsigned int i = 0; i < 300; i++) {
		c = in_queue(&s, 3, true, 1);
		c->peer[0] = (uint8_t)(i * i % 251);
		c->peer[1] = (uint8_t)(i % 7);
		c->retransmits = (uint8_t)(i % 3);
	}
	connections_sort(&s.now);
	run_scene("flood", &s, true);
}

static void test_schema(void **state)
{
	struct printed schema = { 0 };

	schema.stream = open_memstream(&schema.text, &schema.len);
	json_print_schema(schema.stream);
	fclose(schema.stream);
	assert_valid_json(schema.text, schema.len);
	unit_compare("man/listenq.schema.json", schema.text, schema.len);
	free(schema.text);
}

#define RUN(function, name)                                  \
	{                                                    \
		"test_" name, function, NULL, NULL, (char[]) \
		{                                            \
			name                                 \
		}                                            \
	}
#define CAPTURED(name) RUN(test_captured, name)
#define OLDER(name)    RUN(test_older, name)

static const struct CMUnitTest tests[] = {
	CAPTURED("overflow"),
	CAPTURED("dual-stack"),
	CAPTURED("reuseport"),
	CAPTURED("backlog-0"),
	CAPTURED("shrunk"),
	CAPTURED("two-overflow"),
	CAPTURED("syn-flood"),
	CAPTURED("fast-open"),
	CAPTURED("unix"),
	OLDER("linux-3.10"),
	OLDER("rhel-7"),
	OLDER("rhel-8"),
	cmocka_unit_test(test_folded),
	cmocka_unit_test(test_calm),
	cmocka_unit_test(test_no_listener),
	cmocka_unit_test(test_instant),
	cmocka_unit_test(test_little_known),
	cmocka_unit_test(test_vanished),
	cmocka_unit_test(test_namespaces),
	cmocka_unit_test(test_hostile),
	cmocka_unit_test(test_owners),
	cmocka_unit_test(test_causes),
	cmocka_unit_test(test_sick_group),
	cmocka_unit_test(test_sick_group_folded),
	cmocka_unit_test(test_detail),
	cmocka_unit_test(test_flood),
	cmocka_unit_test(test_schema),
};

int main(void)
{
	char path[4096];

	unit_utf8_locale();
	/*
	 * Three files for each test but that of the schema, two for those of folded groups, and one
	 * of test_listing.c.
	 */
	if (!updating() && unit_count_entries(unit_source("tests/expected", path)) !=
				   3 * (ARRAY_SIZE(tests) - 1) - 2 + 1)
		printf("# tests/expected has files of no test, or lacks some\n");
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
