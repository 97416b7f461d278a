/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "model/needs.h"
#include "output/fields.h"
#include "scene.h"

#include <arpa/inet.h>
#include <errno.h>

static struct field_context context;
static struct error why;

static struct filter *parse(const char *text)
{
	const struct filter_source source = field_filter_source(&context);
	struct filter *filter;

	if (filter_parse(text, &source, &filter, &why, NULL) < 0)
		fail_msg("'%s': %s", text, why.text);
	return filter;
}

static bool matches(const char *text, const struct row *row, const struct report *report)
{
	struct filter *filter = parse(text);
	bool shown = filter_match(filter, row, report);

	filter_free(filter);
	return shown;
}

/* @texts: filters, with "; " between them */
static void expect_each(const char *texts, bool shown, const struct row *row,
			const struct report *report)
{
	for (const char *s = texts, *next; s; s = next) {
		struct strbuf text = { 0 };

		next = strstr(s, "; ");
		strbuf_add(&text, s, next ? (size_t)(next - s) : strlen(s));
		if (matches(text.s, row, report) != shown)
			fail_msg("'%s' is not %s", text.s, shown ? "true" : "false");
		strbuf_free(&text);
		next = next ? next + 2 : NULL;
	}
}

/* The character, counted from 1, that an error has to name, and what it has to say. */
static const struct {
	const char *text;
	unsigned int at;
	const char *says;
} wrong[] = {
	{ "nonsense", 1, "'nonsense' is not a field; did you mean process = nonsense?" },
	{ "localhost", 1,
	  "'localhost' is not an address, and names are not looked up; "
	  "did you mean 127.0.0.1 or [::1]?" },
	{ "src LOCALHOST:80", 5,
	  "'LOCALHOST:80' is not an address, and names are not looked up; "
	  "did you mean 127.0.0.1:80 or [::1]:80?" },
	{ "example.com:80", 1,
	  "'example.com:80' is not an address, as in 10.0.0.0/8, [::1]:* or :443; "
	  "names are not looked up" },
	{ "src inet:x", 5, "'inet:x' is not an address, as in 10.0.0.0/8, [::1]:* or :443" },
	{ "http", 1, "'http' is not a field; did you mean :http or process = http?" },
	{ "recv-q > 0", 1, "'recv-q' is not a field; did you mean length (QUEUED)?" },
	{ "Send-Q > 0", 1, "'Send-Q' is not a field; did you mean limit (LIMIT)?" },
	{ "High", 1, "'High' is not a field; did you mean state = high?" },
	{ "Not-Accepting", 1,
	  "'Not-Accepting' is not a field; did you mean reasons = not-accepting?" },
	{ "state = hgih", 9, "'hgih' is not a state; did you mean high?" },
	{ "state = OVERFLOW", 9, "'OVERFLOW' is not a state; did you mean overflowing?" },
	{ "reasons = stoped", 11, "'stoped' is not a reason; did you mean stopped?" },
	{ "pid = abc", 7, "'abc' is not a number" },
	{ "pid = 1.5", 7, "'1.5' is not a number" },
	{ "pid = ''", 7, "'' is not a number" },
	{ "fd != x*", 7, "'x*' is not a number" },
	{ "pid > 5", 5, "'pid' has no order; use = or !=" },
	{ "nginx", 1, "'nginx' is not a field; did you mean process = nginx?" },
	{ ":80 or squid", 8, "'squid' is not a field; did you mean process = squid?" },
	{ "-j", 1, "'-j' is not a field; --list-columns shows them" },
	{ "sprot 80", 1, "'sprot' is not a field; did you mean sport?" },
	{ "stat=ok", 1, "'stat' is not a field; did you mean state?" },
	{ "lenght > 3", 1, "'lenght' is not a field; did you mean length?" },
	{ "QUEUD > 3", 1, "'QUEUD' is not a field; did you mean QUEUED?" },
	{ "drops-dleta > 3", 1, "'drops-dleta' is not a field; did you mean drops-delta?" },
	{ "nonsense > 3", 1, "'nonsense' is not a field; --list-columns shows them" },
	{ "overflowing", 1, "'overflowing' is not a field; did you mean state = overflowing?" },
	{ "not-accepting", 1,
	  "'not-accepting' is not a field; did you mean reasons = not-accepting?" },
	{ "reasons = not-acepting", 11,
	  "'not-acepting' is not a reason; did you mean not-accepting?" },
	{ "8000", 1, "'8000' is not an address; did you mean :8000?" },
	{ "70000", 1, "'70000' is not an address; a port is written :443" },
	{ "processes = x", 1, "'processes' is not a field; did you mean process?" },
	{ "  nonsense > 3", 3, "'nonsense' is not a field" },
	{ ":80 and nonsense", 9, "'nonsense' is not a field" },
	{ "length", 7, "'length' needs an operator" },
	{ "length 5", 8, "'length' needs an operator" },
	{ "length ~ 5", 8, "'length' needs an operator" },
	{ "length >", 9, "a value is missing" },
	{ "length > )", 10, "a value is missing" },
	{ "length > x", 10, "'x' is not a number" },
	{ "length > -1", 10, "'-1' is not a number" },
	{ "length > 1e3", 10, "'1e3' is not a number" },
	{ "length > 0x", 10, "'0x' is not a number" },
	{ "length >> 5", 9, "'>' is not a number" },
	{ "overflows > 0.5", 13, "'0.5' is not a number" },
	{ "fill >= -1", 9, "'-1' is neither a percentage" },
	{ "peak > high", 8, "'high' is neither a percentage" },
	{ "fill >= 80%%", 9, "'80%%' is neither a percentage" },
	{ "fill >= %", 9, "'%' is neither a percentage" },
	{ "drops-rate > fast", 14, "'fast' is not a number" },
	{ "state = bad", 9,
	  "'bad' is not a state: overflowing full stalled dropping "
	  "syn-full high ok gone" },
	{ "reasons = bad", 11, "'bad' is not a reason" },
	{ "reasons > not-accepting", 9, "'reasons' has no order" },
	{ "cgroup < x", 8, "'cgroup' has no order" },
	{ "v6only > no", 8, "'v6only' has no order" },
	{ "v6only = maybe", 10, "'maybe' is neither yes nor no" },
	{ "sport", 6, "a port is missing" },
	{ "sport = ", 9, "a port is missing" },
	{ "sport = :65536", 9, "':65536' is not a port" },
	{ "sport = :-1", 9, "':-1' is not a port" },
	{ "sport = :0443", 9, "':0443' is not a port" },
	{ "sport = :no-such-service", 9, "':no-such-service' is not a port" },
	{ "sport >= :*", 10, "':*' is not a port to compare with" },
	{ "sport = 10.0.0.1:80", 9, "'10.0.0.1:80' is not a port" },
	{ "src", 4, "an address is missing" },
	{ "src = ", 7, "an address is missing" },
	{ "src > 10.0.0.1", 5, "'src' has no order" },
	{ "src localhost", 5, "'localhost' is not an address" },
	{ "src 10.0.0.256", 5, "'10.0.0.256' is not an address" },
	{ "src 1.2.3.4.5", 5, "'1.2.3.4.5' is not an address" },
	{ "src 10..1", 5, "'10..1' is not an address" },
	{ "src 10", 5, "'10' is not an address; did you mean :10?" },
	{ "src 10:80", 5, "'10:80' is not an address" },
	{ "src inet:10", 5, "'inet:10' is not an address" },
	{ "src 010.0.0.1", 5, "'010.0.0.1' is not an address" },
	{ "src 10.0.0.0/33", 5, "'10.0.0.0/33' is not an address" },
	{ "src 10.0.0.0/255.0.255.0", 5, "'10.0.0.0/255.0.255.0' is not an address" },
	{ "src [::1", 5, "'[::1' is not an address" },
	{ "src [::1]80", 5, "'[::1]80' is not an address" },
	{ "src ::1/129", 5, "'::1/129' is not an address" },
	{ "src inet6:10.0.0.1", 5, "'inet6:10.0.0.1' is not an address" },
	{ "src *80", 5, "'*80' is not an address" },
	{ "90", 1, "'90' is not an address; did you mean :90?" },
	{ "90%", 1, "'90%' is not an address; a port is written :443" },
	{ "0.0.0.0%", 1, "'0.0.0.0%' is not an address" },
	{ "%lo", 1, "a condition is missing" },
	{ "src %lo", 5, "'%lo' is not an address" },
	{ "dst 0.0.0.0%lo", 5, "'0.0.0.0%lo' is not an address" },
	{ "0.0.0.0%a-name-of-16-char", 1, "'0.0.0.0%a-name-of-16-char' is not the name" },
	{ "[fe80::1%lo", 1, "'[fe80::1%lo' is not an address" },
	{ "dst /run/app.sock", 5, "'/run/app.sock' is not an address" },
	{ "dev", 4, "a device is missing" },
	{ "dev > lo", 5, "'dev' has no order" },
	{ "dev a/b", 5, "'a/b' is not the name of a device" },
	{ "dev a-name-of-16-char", 5, "'a-name-of-16-char' is not the name" },
	{ "dev ''", 5, "'' is not the name of a device" },
	{ "(", 2, "a condition is missing" },
	{ ")", 1, "a condition is missing" },
	{ "()", 2, "a condition is missing" },
	{ "(:80", 1, "this parenthesis is not closed" },
	{ ":80)", 4, "this parenthesis was not opened" },
	{ ":80 and", 8, "a condition is missing" },
	{ ":80 or and :81", 8, "a condition is missing" },
	{ "and :80", 1, "a condition is missing" },
	{ ":80 ||| :81", 7, "a condition is missing" },
	{ "not", 4, "a condition is missing" },
	{ "!= 5", 1, "a condition is missing" },
	{ "cgroup = 'a b", 10, "this quote is not closed" },
	/* Characters, not bytes. */
	{ "cgroup = \xc3\xa4\xc3\xb6 or x", 16, "'x' is not a field" },
};

static void test_wrong(void **state)
{
	const struct filter_source source = field_filter_source(&context);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct filter *filter = (void *)1;
		struct filter_mistake mistake = { 0 };
		unsigned int at = 1;
		char head[64];

		if (filter_parse(wrong[i].text, &source, &filter, &why, &mistake) != -EINVAL)
			fail_msg("'%s' is not refused", wrong[i].text);
		assert_null(filter);
		snprintf(head, sizeof(head), "character %u: ", wrong[i].at);
		if (!strstr(why.text, head) || strncmp(strstr(why.text, head) + strlen(head),
						       wrong[i].says, strlen(wrong[i].says)) != 0)
			fail_msg("'%s': '%s', not at %u: %s", wrong[i].text, why.text, wrong[i].at,
				 wrong[i].says);
		/* The same in bytes, for a prompt. */
		assert_in_range(mistake.at, 0, strlen(wrong[i].text));
		for (size_t j = 0; j < mistake.at; j++)
			at += !text_continues(wrong[i].text[j]);
		assert_int_equal(at, wrong[i].at);
		assert_ptr_equal(why.text + mistake.what, strstr(why.text, head) + strlen(head));
	}
}

/* A host with sockets of every kind; the letter of each is what an expression is said to show. */
static const struct {
	char letter;
	const char *address;
	uint16_t port;
	uint32_t ifindex;
	const char *interface;
} sockets[] = {
	{ 'a', "127.0.0.1", 80, 0, NULL },
	{ 'b', "0.0.0.0", 81, 0, NULL },
	{ 'c', "::", 82, 0, NULL },
	{ 'd', "::1", 84, 0, NULL },
	{ 'e', "::ffff:127.0.0.1", 85, 0, NULL },
	{ 'f', "0.0.0.0", 86, 1, "lo" },
	{ 'g', "127.0.0.1", 42925, 0, NULL },
	{ 'h', "127.0.0.1", 40000, 0, NULL },
	{ 'i', "::", 87, 7, NULL }, /* its device is gone */
};

/* What ss 6.1 found with these sockets, but for what it has no words for: filters that show them.
 */
static const struct {
	const char *shows, *texts;
} addresses[] = {
	{ "abcdefghi", ";  \t; sport = *; sport = :; dport = 0; *; src all" },
	{ "a", "sport = 80; sport = :80; sport=:80; sport 80; sport eq :80; sport == :80; "
	       "sport = http; :80; src :80; src = :80; 127.0.0.1:80; 127.0.0.1:http; "
	       "[127.0.0.1]:80; not not :80; ! ! :80; :80 or (:81 and :82); "
	       "127.0.0.1 sport 80; (((:80)))" },
	{ "bcdefghi", "sport != :80; sport ne 80; sport neq 80; !:80" },
	{ "fghi", "sport >= :86; sport ge 86; sport geq 86" },
	{ "ghi", "sport > :86; sport gt 86" },
	{ "abc", "sport <= :82; sport le 82; sport leq 82; :80||:81|:82" },
	{ "ab", "sport < :82; sport lt 82; (:80)or(:81)" },
	{ "", "sport != *; dport > 0; not dst 0.0.0.0; src 127.1; not src 0.0.0.0/0; "
	      "dev nothing; src = 0.0.0.0%lo:87; 0.0.0.0%eth0:86; :80 or :81 and :82; "
	      "not interface = lo" },
	{ "abfgh", "dst 0.0.0.0" },
	{ "cdei", "dst [::]; ::/0" },
	{ "aegh", "127.0.0.1; src 127/8; 127.0.0.0/255.0.0.0" },
	{ "e", "src 127.0/8:85; ::ffff:127.0.0.1; ::ffff:0:0/96" },
	{ "bf", "src 0.0.0.0" },
	{ "agh", "not src 0.0.0.0" },
	{ "abefgh", "src 0.0.0.0/0" },
	{ "ci", "src [::]; src [::]:*; ::" },
	{ "c", "src [::]:82; *:82; any:82" },
	{ "adegh", "not src [::]" },
	{ "d", "::1; ::1:84; [::1]:84; [::1/128]" },
	{ "bcdfi", "src != 127.0.0.1" },
	{ "f", "dev lo; dev = lo; dev 1; dev if1; 0.0.0.0%lo:86; 0.0.0.0%lo; "
	       "src 0.0.0.0%lo:*; *%lo; 0.0.0.0/0%lo; interface = lo or interface = x" },
	{ "abcdeghi", "dev != lo; not 0.0.0.0%lo:86; src != 0.0.0.0%lo:86" },
	{ "abcdegh", "dev 0" },
	{ "i", "dev if7; *%if7:87; [::]%if7:87; [::%if7]:87; ::%if7" },
	{ "bcdefi", "dev lo or src 0.0.0.0" },
	{ "af", "inet:0.0.0.0%lo or :80" },
	{ "b", "not :80 :81; not (:80 or not :81)" },
	{ "gh", "127.0.0.1&sport>=:1024; 127.0.0.1 && sport >= :1024" },
	{ "acdefghi", "not (:80 or :81 and src 0.0.0.0)" },
};

static void add_sockets(struct scene *scene)
{
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		struct listener *l = scene_add(&scene->now, (uint16_t)(i + 1));

		l->addr.port = sockets[i].port;
		l->addr.family = strchr(sockets[i].address, ':') ? AF_INET6 : AF_INET;
		memset(l->addr.address, 0, sizeof(l->addr.address));
		inet_pton(l->addr.family, sockets[i].address, l->addr.address);
		l->addr.ifindex = sockets[i].ifindex;
		l->interface = sockets[i].interface;
	}
}

static void test_addresses(void **state)
{
	struct scene scene = { 0 };

	scene_open(&scene);
	add_sockets(&scene);
	scene_report(&scene);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		for (size_t j = 0; j < ARRAY_SIZE(sockets); j++)
			expect_each(addresses[i].texts,
				    strchr(addresses[i].shows, sockets[j].letter) != NULL,
				    scene_row(&scene, (uint16_t)(j + 1)), &scene.report);
	scene_close(&scene);
}

/* What is true of a row with which all is known, by the names of fields, headers and JSON keys. */
static const char true_fields[] =
	"length = 4; length == 4; length >= 4 and length <= 4; length > 3.5; fill = 80%; "
	"fill >= 0.8; fill < 80.1%; fill > 0 fill < 1; fill <= 150%; not full; full = no; "
	"fill = 80; fill >= 80; fill < 80.1; fill <= 1; fill < 100; fill <= 150; fill > 1.5; "
	"fill = 0.80; fill = 80.0%; "
	"full != true; drops = 7; drops-delta = 7; drops-rate < 7.5; cookie = 0x1; cookie = 1; "
	"cookie < 0xffffffffffffffff; uid = 0; port = 1; state = overflowing; state != ok; "
	"state >= high; state > full; state >= High; severity = !!; "
	"reasons = accepting-slowly; reasons = Accepting-Slowly; reasons = limit-from-listen; "
	"overflows = 7; overflows > 6; cgroup = /system.slice/a.service; cgroup = */a.service; "
	"cgroup = /system.slice/?.serv*; cgroup = '/system.slice/a.service'; "
	"cgroup=\"/system.slice/a\".service; cgroup = /system.slice/a\\.service; "
	"(cgroup = */a.service); family = inet; local = 10.0.0.1:1; queued = 4; "
	"QUEUED = 4 and LIMIT = 4; FILL = 80%; +DROPS = 7; DROPS/S < 7.5; (drops/s<7.5); "
	"why = accepting-slowly; local_address = 10.0.0.1:1; accept_queue.length = 4; "
	"drops.delta=7; drops_delta = 7; drops.rate < 7.5; STATE = overflowing";

static const char false_fields[] =
	"length != 4; length > 4 or length < 4; length = 3.5; fill > 80%; full; full and :1; "
	"fill > 80; fill >= 1; fill >= 100; fill > 0.8; fill < 1.5; "
	"cookie = 0xffffffffffffffff; state = full; state > overflowing; state = FULL; "
	"state <= full; reasons = not-accepting; WHY != ACCEPTING-SLOWLY; "
	"reasons != limit-from-listen; overflows < 7; cgroup = a.service; "
	"cgroup != */a.service; QUEUED > 4; +drops>7; WHY = not-accepting; LOCAL = 10.0.0.1:2; "
	"accept_queue.length > 4";

static void test_fields(void **state)
{
	struct scene scene = { 0 };

	scene_open(&scene);
	scene_add_both(&scene, 1);
	scene_before(&scene, 1)->length = scene_now(&scene, 1)->length = 4;
	scene_before(&scene, 1)->limit = scene_now(&scene, 1)->limit = 4;
	scene_now(&scene, 1)->drops = 7;
	scene_now(&scene, 1)->cgroup = "/system.slice/a.service";
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 7, 7);
	scene_report(&scene);
	expect_each(true_fields, true, &scene.report.rows[0], &scene.report);
	expect_each(false_fields, false, &scene.report.rows[0], &scene.report);
	scene_close(&scene);
}

/* At each tenth of a percent a fill is exactly that, however it is written. */
static void test_exact_fills(void **state)
{
	struct scene scene = { 0 };

	scene_open(&scene);
	scene_add_both(&scene, 1);
	for (uint32_t length = 1; length < 1000; length++) {
		char text[128];

		scene_now(&scene, 1)->limit = 999;
		scene_now(&scene, 1)->length = length;
		scene_report(&scene);
		snprintf(text, sizeof(text), "fill = %u.%u%%; fill >= %u.%u%%; fill <= 0.%03u",
			 length / 10, length % 10, length / 10, length % 10, length);
		expect_each(text, true, &scene.report.rows[0], &scene.report);
	}
	scene_close(&scene);
}

/* The names of UNIX listeners, and which of them a filter shows; @t is the one of TCP. */
static const char *const paths[] = { "/run/app.sock", "/run/App.sock", "/srv/app.sock", "@app",
				     "@app@@@@@",     "./@app",	       "@a}b" };

static void test_paths(void **state)
{
	static const struct {
		const char *text, *shows;
	} cases[] = {
		{ "src /run/app.sock", "01" }, /* as ss, which looks at no case */
		{ "/run/app.sock", "01" },
		{ "src unix:/run/app.sock", "01" },
		{ "unix:/run/app.sock", "01" },
		{ "src = /run/*", "01" },
		{ "src != /run/*", "23456" },
		{ "not src /run/*", "23456" },
		{ "src unix:*", "0123456" },
		{ "src unix:", "0123456" },
		{ "src unix:*app.sock", "012" },
		{ "src @app", "3" },
		{ "@app", "3" },
		{ "src @app*", "34" },
		{ "src @app@{5}", "4" },
		{ "src unix:@app@{5}", "4" },
		{ "src @app@{4}", "" },
		{ "src @app@@@@@", "4" },
		{ "@a}b", "6" },
		{ "src unix:./@app", "5" },
		{ "src /run/*.sock and path = *App*", "1" },
		{ "src '/run/app.sock' or :1", "01t" },
		{ "not :1 or src @app", "3" },
	};
	struct scene scene = { 0 };

	scene_open(&scene);
	scene_add(&scene.now, 1);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct listener *l = scene_add(&scene.now, (uint16_t)(i + 2));

		l->addr.family = AF_UNIX;
		l->name = paths[i];
	}
	scene_report(&scene);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct selection selection = { .filter = parse(cases[i].text) };
		char shows[ARRAY_SIZE(paths) + 2] = "";
		size_t n = 0;

		assert_true(!!(filter_needs(selection.filter) & NEED_UNIX) ==
			    !!strpbrk(cases[i].text, "/@u"));
		report_select(&scene.report, &selection);
		for (size_t j = 0; j < ARRAY_SIZE(paths); j++)
			if (filter_match(selection.filter, scene_row(&scene, (uint16_t)(j + 2)),
					 &scene.report))
				shows[n++] = (char)('0' + j);
		if (filter_match(selection.filter, scene_row(&scene, 1), &scene.report))
			shows[n++] = 't';
		if (strcmp(shows, cases[i].shows) != 0)
			fail_msg("'%s' shows '%s', not '%s'", cases[i].text, shows, cases[i].shows);
		filter_free(selection.filter);
	}
	scene_close(&scene);
}

/* What is not known is not equal, not different, not more and not less. */
static void test_unknown(void **state)
{
	static const char never[] =
		"drops = 0; drops != 0; drops >= 0; not drops = 0; drops-delta = 0; "
		"cgroup = *; cgroup != x; not cgroup = x; peak > 0; not peak > 0; mptcp; "
		"not mptcp; mptcp = no; overflows = 0; not overflows > 0; not (drops = 0); "
		"drops = 0 and :1";
	static const char still[] =
		"drops = 0 or :1; not (drops = 0 and :2); not drops = 0 or drops = 0 or :1";
	struct scene scene = { 0 };

	scene_open(&scene);
	scene_add(&scene.now, 1)->known = 0;
	scene.now.netns[0].after.known = 0;
	report_build(&scene.report, NULL, &scene.now);
	expect_each(never, false, &scene.report.rows[0], &scene.report);
	expect_each(still, true, &scene.report.rows[0], &scene.report);
	scene_close(&scene);
}

/* The worse state is the greater one, whichever of them the row is in. */
static void test_states(void **state)
{
	static const char *const operators[] = { "=", "!=", "<", "<=", ">", ">=" };
	struct listener listener = { .addr.family = AF_INET };
	struct row row = { .listener = &listener, .window = &row_no_window };
	struct report report = { 0 };

	for (enum state is = 0; is < STATE_N; is++)
		for (unsigned int asked = 0; asked < STATE_N; asked++) {
			const bool holds[] = { is == asked, is != asked, is > asked,
					       is >= asked, is < asked,	 is <= asked };

			row.state = is;
			for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
				char text[64];

				snprintf(text, sizeof(text), "state %s %s", operators[i],
					 state_table[asked].name);
				if (matches(text, &row, &report) != holds[i])
					fail_msg("'%s' of %s", text, state_table[is].name);
			}
		}
}

/* Each word of a cell that has several is asked, also those that it has no room for. */
static void test_words(void **state)
{
	static const char has[] =
		"process = b; comm = b; pid = 11; pid = 15; pid = 1*; pid = 1[3-5]; "
		"pid = 1[[:digit:]]; pid = '\\\\11'; fd = 4; fd = 8; unit = x.service; "
		"unit = y.service; container = one; container = two";
	static const char lacks[] =
		"process = c; pid = 1; pid = ?; fd = 9; unit = x.service,y.service; "
		"container = t";
	struct process processes[5];
	struct owner owners[ARRAY_SIZE(processes)];
	struct snapshot snapshot = { .processes = processes, .owners = owners };
	struct listener listener = { .addr.family = AF_INET,
				     .known = LISTENER_OWNERS,
				     .n_owners = ARRAY_SIZE(owners) };
	struct row row = { .listener = &listener, .window = &row_no_window };
	struct report report = { .snapshot = &snapshot };

	for (uint32_t i = 0; i < ARRAY_SIZE(owners); i++) {
		processes[i] = (struct process){ .comm = i % 2 ? "b" : "a",
						 .unit = i % 2 ? "y.service" : "x.service",
						 .container = i % 2 ? "two" : "one",
						 .pid = 11 + i };
		owners[i] = (struct owner){ i, 4 + i };
	}
	expect_each(has, true, &row, &report);
	expect_each(lacks, false, &row, &report);
}

/* Bounds: what is so of every number between them. */
static void test_range(void **state)
{
	static const struct {
		const char *text;
		bool holds, negation_holds;
	} range[] = {
		{ "overflows > 1", true, false },   { "overflows >= 2", true, false },
		{ "overflows > 2", false, false },  { "overflows > 5", false, true },
		{ "overflows = 2", false, false },  { "overflows = 4", false, false },
		{ "overflows = 1", false, true },   { "overflows = 6", false, true },
		{ "overflows < 6", true, false },   { "overflows <= 5", true, false },
		{ "overflows <= 4", false, false }, { "overflows < 2", false, true },
	};
	struct row_window window = { .overflows = { 2, 5, true } };
	struct listener listener = { .addr.family = AF_INET };
	struct row row = { .listener = &listener, .window = &window };
	struct report report = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(range); i++) {
		char negated[64];

		snprintf(negated, sizeof(negated), "not %s", range[i].text);
		assert_int_equal(matches(range[i].text, &row, &report), range[i].holds);
		assert_int_equal(matches(negated, &row, &report), range[i].negation_holds);
	}
}

/* What is no internet socket has no port: neither this one nor another. */
static void test_other_families(void **state)
{
	static const char *const never[] = { ":80", "not :80", "dev lo", "dev != lo", "src *" };
	struct listener listener = { .addr.family = AF_UNIX };
	struct row row = { .listener = &listener, .window = &row_no_window };
	struct report report = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		assert_false(matches(never[i], &row, &report));
}

static void test_what_it_asks_for(void **state)
{
	static const struct {
		const char *text;
		unsigned int needs;
		uint8_t family;
	} asks[] = {
		{ ":80", 0, AF_UNSPEC },
		{ "dev 1", 0, AF_UNSPEC },
		{ "dev lo", NEED_INTERFACE, AF_UNSPEC },
		{ ":80 or drops > 0", NEED_DROPS, AF_UNSPEC },
		{ "oldest-wait > 5", NEED_WAIT | NEED_WAIT_ALL, AF_UNSPEC },
		{ "cgroup = x", NEED_CGROUP, AF_UNSPEC },
		{ "inet:*", 0, AF_INET },
		{ "not src inet:127.0.0.1", 0, AF_INET },
		{ "inet:* or inet6:[::1]", 0, AF_INET6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		struct filter *filter = parse(asks[i].text);

		assert_u64_equal(filter_needs(filter), asks[i].needs);
		assert_int_equal(filter_family(filter), asks[i].family);
		assert_int_equal(filter_expr(filter)->kind, EXPR_LIST);
		filter_free(filter);
	}
	assert_null(parse("  "));
	assert_u64_equal(filter_needs(NULL), 0);
	assert_int_equal(filter_family(NULL), AF_UNSPEC);
	assert_null(filter_expr(NULL));
	assert_true(filter_match(NULL, NULL, NULL));
	filter_free(NULL);
}

/* Parentheses have a bound, what stands side by side has none. */
static void test_depth_and_length(void **state)
{
	const struct filter_source source = field_filter_source(&context);
	char open[66], closed[66], text[256];
	struct strbuf chain = { 0 };
	struct filter *filter;

	memset(open, '(', sizeof(open));
	memset(closed, ')', sizeof(closed));
	snprintf(text, sizeof(text), "%.64s:80%.64s", open, closed);
	filter_free(parse(text));
	snprintf(text, sizeof(text), "%.65s:80%.65s", open, closed);
	assert_int_equal(filter_parse(text, &source, &filter, &why, NULL), -EINVAL);
	assert_non_null(strstr(why.text, "character 65: "));
	strbuf_adds(&chain, ":80");
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&chain, " or not :81");
	filter_free(parse(chain.s));
	strbuf_free(&chain);
}

static int teardown(void **state)
{
	strbuf_free(&context.scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_exact_fills),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_what_it_asks_for),
		cmocka_unit_test(test_depth_and_length),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
