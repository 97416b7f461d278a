/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "output/cell.h"
#include "output/fields.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* What each column makes of a report, test_golden shows. Here are the edges. */
static struct scene scene;
static struct listener *now;
static struct field_context context;
static struct strbuf cell;

static int setup(void **state)
{
	scene_open(&scene);
	scene_add_both(&scene, 80);
	now = scene_now(&scene, 80);
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	strbuf_free(&context.scratch);
	strbuf_free(&cell);
	context.services = NULL;
	return 0;
}

/* The cell of a column, as a table shows it. */
static const char *shown(const char *name)
{
	const struct field *f = field_find(name, strlen(name));
	struct field_value value;

	assert_non_null(f);
	field_get(f, scene_row(&scene, 80), &scene.report, &context, &value);
	assert_int_equal(value.type, f->type);
	cell.len = 0;
	strbuf_adds(&cell, "");
	cell_add(&cell, &value, TEXT_ONE_WORD);
	return cell.s;
}

/* The same on a screen that has not room for everything. */
static const char *fitted(const char *name, size_t width)
{
	struct field_value value;

	field_get(field_find(name, strlen(name)), scene_row(&scene, 80), &scene.report, &context,
		  &value);
	cell.len = 0;
	cell_add_fitted(&cell, &value, TEXT_ONE_WORD, width);
	return cell.s;
}

static void bind_to(const char *address, bool v6only)
{
	now->addr.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	now->addr.v6only = v6only;
	memset(now->addr.address, 0, sizeof(now->addr.address));
	assert_int_equal(inet_pton(now->addr.family, address, now->addr.address), 1);
}

/* As ss writes it. The name of a device is foreign text: no bytes of it may reach a terminal. */
static void test_local(void **state)
{
	static const struct {
		const char *address, *local, *device;
		uint32_t ifindex;
		bool v6only;
	} cases[] = {
		{ "0.0.0.0", .local = "0.0.0.0:80" },
		{ "255.255.255.255", .local = "255.255.255.255:80" },
		{ "::", .local = "*:80" },
		{ "::", .local = "[::]:80", .v6only = true },
		{ "2001:db8::1", .local = "[2001:db8::1]:80" },
		{ "::ffff:10.0.0.1", .local = "[::ffff:10.0.0.1]:80" },
		{ "10.0.0.1", .local = "10.0.0.1%if7:80", .ifindex = 7 },
		{ "10.0.0.1", .local = "10.0.0.1%eth0:80", .ifindex = 7, .device = "eth0" },
		{ "::", .local = "*%\\x1b[2J:80", .ifindex = 7, .device = "\x1b[2J" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bind_to(cases[i].address, cases[i].v6only);
		now->addr.ifindex = cases[i].ifindex;
		now->interface = cases[i].device;
		assert_string_equal(shown("local"), cases[i].local);
		assert_string_equal(shown("address"), cases[i].address);
	}
	now->addr.port = 65535;
	assert_string_equal(shown("port"), "65535");
}

/* Only paths are cut, in whatever column. */
static void test_long_path(void **state)
{
	now->addr.family = AF_UNIX;
	now->name = "/run/postgresql/.s.PGSQL.5432";
	assert_string_equal(fitted("local", 0), now->name);
	assert_string_equal(fitted("local", 80), now->name);
	assert_string_equal(fitted("local", 40), "/run…PGSQL.5432");
	assert_string_equal(fitted("path", 40), "/run…PGSQL.5432");
	now->cgroup = "/system.slice/postgresql.service";
	assert_string_equal(fitted("cgroup", 40), now->cgroup);
}

/* A cut is marked, falls between characters, and leaves as many columns as there are. */
static void test_shorten(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *utf8, *ascii;
	} cases[] = {
		{ "/run/app.sock", 13, "/run/app.sock", "/run/app.sock" },
		{ "/run/app.sock", 12, "/ru…app.sock", "/ru~app.sock" },
		{ "/run/app.sock", 4, "/…ck", "/~ck" },
		{ "/run/app.sock", 2, "…k", "~k" },
		{ "/run/app.sock", 1, "…", "~" },
		{ "/r\xc3\xbcn/\xc3\xa4pp.sock", 9, "/r…p.sock", "/r~p.sock" },
		/* Two columns each. */
		{ "/\xe4\xb8\xad\xe6\x96\x87/\xe4\xb8\xad\xe6\x96\x87", 9,
		  "/…\xe6\x96\x87/\xe4\xb8\xad\xe6\x96\x87",
		  "/~\xe6\x96\x87/\xe4\xb8\xad\xe6\x96\x87" },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const bool utf8 = i % 2;

		cell.len = 0;
		strbuf_adds(&cell, "before ");
		strbuf_adds(&cell, cases[i / 2].text);
		cell_shorten(&cell, strlen("before "), cases[i / 2].width, utf8);
		assert_string_equal(cell.s + strlen("before "),
				    utf8 ? cases[i / 2].utf8 : cases[i / 2].ascii);
		assert_memory_equal(cell.s, "before ", strlen("before "));
		assert_u64_equal(strlen(cell.s), cell.len);
	}
}

/* No two names look alike, not even one that has the characters of a run. */
static void test_abstract(void **state)
{
	static const char *const names[][2] = {
		{ "@", "@" },
		{ "@app", "@app" },
		{ "@app@", "@app@" },
		{ "@with@nul@", "@with@nul@" },
		{ "@app@@", "@app@{2}" },
		{ "@alpha@@@@@@@@@@@@", "@alpha@{12}" },
		{ "@@@", "@@{2}" },
		{ "@@@app", "@@{2}app" },
		{ "@a@@b@@@", "@a@{2}b@{3}" },
		{ "@app@{2}", "@app@\\x7b2}" },
		{ "@{2}", "@\\x7b2}" },
		{ "@app@@{2}", "@app@{2}{2}" },
		/* A path, and what is not a name, stays as it is. */
		{ "/run/@@@@", "/run/@@@@" },
		{ "./@@@@", "./@@@@" },
	};

	now->addr.family = AF_UNIX;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		now->name = names[i][0];
		assert_string_equal(shown("local"), names[i][1]);
		assert_string_equal(shown("path"), names[i][1]);
	}
	now->cgroup = "@@@@";
	assert_string_equal(shown("cgroup"), now->cgroup);
}

static void test_local_with_service(void **state)
{
	struct names services = { 0 };

	context.services = &services;
	/* Whatever the services database of this machine says, or the number. */
	assert_memory_equal(shown("local"), "10.0.0.1:", 9);
	assert_u64_equal(services.n, 1);
	shown("local");
	assert_u64_equal(services.n, 1);
	now->addr.port = 1;
	shown("local");
	assert_u64_equal(services.n, 2);
	assert_string_equal(shown("port"), "1");
	names_free(&services);
}

/* Rounded down: 100 % means full, and nothing else does. */
static void test_fill(void **state)
{
	static const struct {
		uint32_t length, limit;
		const char *fill;
	} cases[] = {
		{ 0, 0, "0%" },
		{ 1, 0, "100%" },
		{ 2, 2, "66%" },
		{ 3, 2, "100%" },
		{ 9, 2, "300%" },
		{ 999, 999, "99%" },
		{ 29, 99, "29%" },
		{ 57, 99, "57%" },
		{ 4095, 4095, "99%" },
		{ 4294967295u, 4294967295u, "99%" },
		{ 4294967295u, 0, "429496729500%" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		now->length = cases[i].length;
		now->limit = cases[i].limit;
		assert_string_equal(shown("fill"), cases[i].fill);
	}
	assert_string_equal(shown("capacity"), "1");
	now->limit = 4294967295u;
	assert_string_equal(shown("capacity"), "4294967296");
}

/*
 * Each row of the table is whole. Who reads a header, or a key of JSON, and types it, gets that
 * column: none is the name of another one, in any spelling.
 */
static bool in_object(const struct field *f, const char *object)
{
	return f->object ? object && !strcmp(f->object, object) : !object;
}

/* JSON is written in the order of the table: an object is written once. */
static void test_objects(void **state)
{
	const char *object = NULL;

	for (size_t i = 0; i < FIELD_N; i++) {
		if (!field_table[i].key || in_object(&field_table[i], object))
			continue;
		object = field_table[i].object;
		for (size_t j = 0; object && j < i; j++)
			assert_false(in_object(&field_table[j], object));
	}
}

static void test_table(void **state)
{
	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *f = &field_table[i];
		char json[64];

		assert_true(f->name || f->key);
		assert_true(f->help && strlen(f->help) > 2);
		assert_non_null(f->get);
		assert_int_equal(f->name != NULL, f->header != NULL);
		assert_int_equal(f->type >= TYPE_OWNERS, !f->name);
		assert_true(f->key || !f->object);
		if (!f->name)
			continue;
		assert_ptr_equal(field_find(f->name, strlen(f->name)), f);
		assert_ptr_equal(field_find(f->header, strlen(f->header)), f);
		if (!f->key)
			continue;
		snprintf(json, sizeof(json), "%s%s%s", f->object ? f->object : "",
			 f->object ? "." : "", f->key);
		assert_ptr_equal(field_find(json, strlen(json)), f);
	}
}

static void test_find(void **state)
{
	static const struct {
		const char *name;
		enum field_id id; /* FIELD_N: none */
	} cases[] = {
		{ "LOCAL ADDRESS", FIELD_LOCAL },
		{ "local_address", FIELD_LOCAL },
		{ "dRoPs_DeLtA", FIELD_DROPS_DELTA },
		{ "", FIELD_N },
		{ "por", FIELD_N },
		{ "LIM", FIELD_N },
		{ "processes", FIELD_N }, /* JSON only */
		{ "accept_queue.", FIELD_N },
		{ "accept_queue.lengths", FIELD_N },
		{ "accept_queue length", FIELD_N },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_ptr_equal(field_find(cases[i].name, strlen(cases[i].name)),
				 cases[i].id < FIELD_N ? &field_table[cases[i].id] : NULL);
	assert_ptr_equal(field_find("port,length", 4), &field_table[FIELD_PORT]);
	assert_string_equal(field_nearest("lenght", 6), "length");
	assert_string_equal(field_nearest("LIMT", 4), "limit");
	assert_string_equal(field_nearest("LIM", 3), "limit");
	assert_null(field_nearest("nginx", 5));
	/* What ss says, and what to write instead. */
	assert_string_equal(field_nearest("Recv_Q", 6), "length (QUEUED)");
	assert_string_equal(field_nearest("send-q", 6), "limit (LIMIT)");
	assert_null(field_nearest("send-", 5));
	assert_string_equal(field_table[FIELD_LENGTH].header, "QUEUED");
	assert_string_equal(field_table[FIELD_LIMIT].header, "LIMIT");
}

#define FIELDS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIELDS_TEST(test_local),
		FIELDS_TEST(test_long_path),
		FIELDS_TEST(test_shorten),
		FIELDS_TEST(test_abstract),
		FIELDS_TEST(test_local_with_service),
		FIELDS_TEST(test_fill),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_objects),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
