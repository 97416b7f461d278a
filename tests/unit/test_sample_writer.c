/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "replay/sample_line.h"
#include "replay/sample_writer.h"

#include <sys/socket.h>

/* Whatever changes from one sample to the next, a line is that of sample_line_add(). */

#define N_NETNS	    3
#define N_LISTENERS 900 /* in each namespace, at most: that are several chunks */

/* What there is: each sample takes some of it. */
static struct template
{
	bool there;
	uint32_t length, looks, cgroup, n_owners, first_fd, known;
}
templates[N_NETNS][N_LISTENERS];

static struct snapshot samples[3];
static struct sample_writer writer;
static struct strbuf expected, written;

static const char *const cgroups[] = { NULL, "/a.slice", "/\"samples\":7", "/\xff\\" };

static int teardown(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		snapshot_free(&samples[i]);
	sample_writer_free(&writer);
	strbuf_free(&expected);
	strbuf_free(&written);
	memset(templates, 0, sizeof(templates));
	return 0;
}

static void add_listener(struct snapshot *s, uint32_t netns, uint32_t i, const struct template *t)
{
	struct listener *l = snapshot_add_listener(s, netns, netns * 1000 + i + 1);

	l->addr.family = i % 3 ? AF_INET : AF_INET6;
	l->addr.port = (uint16_t)i;
	l->length = t->length;
	l->known = (uint16_t)(t->known & (LISTENER_DROPS | LISTENER_PEAK | LISTENER_UID));
	l->peak.samples = t->looks;
	if (cgroups[t->cgroup])
		l->cgroup = string_pool_adds(snapshot_strings(s), cgroups[t->cgroup]);
	if (!t->n_owners)
		return;
	l->known |= LISTENER_OWNERS;
	l->first_owner = (uint32_t)s->n_owners;
	l->n_owners = t->n_owners;
	for (uint32_t j = 0; j < t->n_owners; j++) {
		s->owners = array_grow(s->owners, s->n_owners, &s->owners_size, sizeof(*s->owners));
		s->owners[s->n_owners++].fd = t->first_fd + j;
	}
}

/* @first: the namespace to begin with */
static void make_sample(struct snapshot *s, uint64_t ns, uint32_t first)
{
	snapshot_reset(s);
	s->monotonic_ns = ns;
	for (uint32_t n = 0; n < N_NETNS; n++) {
		const uint32_t netns = (first + n) % N_NETNS;

		snapshot_add_netns(s)->cookie = netns + 1;
		for (uint32_t i = 0; i < N_LISTENERS; i++)
			if (templates[netns][i].there)
				add_listener(s, n, netns * 100 + i, &templates[netns][i]);
	}
}

static void change(struct template *t)
{
	switch (unit_random_below(6)) {
	case 0:
		t->there = !t->there;
		break;
	case 1:
		t->length = unit_random_below(200);
		break;
	case 2:
		t->cgroup = unit_random_below(ARRAY_SIZE(cgroups));
		break;
	case 3:
		t->n_owners = unit_random_below(3);
		break;
	case 4:
		t->first_fd = unit_random_below(20);
		break;
	case 5:
		t->known = unit_random_below(UINT32_MAX);
		break;
	}
}

/* @all: the looks of all, as usual; else of each */
static void change_some(bool all)
{
	const uint32_t n = unit_random_below(8), looks = unit_random_below(120);

	for (uint32_t i = 0; i < n; i++)
		change(&templates[unit_random_below(N_NETNS)][unit_random_below(N_LISTENERS)]);
	for (uint32_t i = 0; i < N_NETNS; i++)
		for (uint32_t j = 0; j < N_LISTENERS && unit_random_below(3); j++)
			templates[i][j].looks = all ? looks : unit_random_below(120);
}

/* Puts the line together, a few parts and bytes at a time. */
static const char *write_line(void)
{
	written.len = 0;
	while (written.len < writer.len) {
		struct iovec parts[5];
		size_t n = sample_writer_parts(&writer, written.len, parts, ARRAY_SIZE(parts));

		assert_in_range(n, 1, ARRAY_SIZE(parts));
		for (size_t i = 0; i < n; i++) {
			const bool all = i + 1 < n || unit_random_below(2);

			assert_int_not_equal(parts[i].iov_len, 0);
			strbuf_add(&written, parts[i].iov_base,
				   all ? parts[i].iov_len : (parts[i].iov_len + 1) / 2);
		}
	}
	return written.s;
}

static void test_same_as_sample_line(void **state)
{
	unit_random_seed(20260101);
	for (uint32_t i = 0; i < N_NETNS * N_LISTENERS; i++) {
		templates[i / N_LISTENERS][i % N_LISTENERS].there = unit_random_below(3);
		change(&templates[i / N_LISTENERS][i % N_LISTENERS]);
	}
	for (uint64_t n = 1; n <= 2000; n++) {
		struct snapshot *now = &samples[n % 2], *before = &samples[1 - n % 2];

		change_some(n % 2);
		/* Most of a namespace goes at times, and comes back bit by bit. */
		for (uint32_t i = 0; n % 100 == 0 && i < N_LISTENERS; i++)
			templates[n / 100 % N_NETNS][i].there = unit_random_below(10) == 0;
		make_sample(now, n * 1000, unit_random_below(10) ? 0 : 1);
		expected.len = 0;
		sample_writer_begin(&writer);
		if (!unit_random_below(10)) { /* a line in front */
			strbuf_adds(&writer.line, "{}\n");
			strbuf_adds(&expected, "{}\n");
		}
		sample_line_add(&expected, now);
		/* The line before may be of another sample. */
		sample_writer_add(&writer, unit_random_below(10) ? before : now, now);
		assert_string_equal(write_line(), expected.s);
	}
}

/* Writes @to over @from, which is as long, in the last line. */
static void replace(const char *from, const char *to)
{
	struct iovec parts[32];
	size_t n = sample_writer_parts(&writer, 0, parts, ARRAY_SIZE(parts)), found = 0;

	for (size_t i = 0; i < n; i++) {
		char *at = parts[i].iov_base, *end = at + parts[i].iov_len;

		for (; (at = memmem(at, (size_t)(end - at), from, strlen(from))); found++)
			memcpy(at, to, strlen(to));
	}
	assert_int_not_equal(found, 0);
}

static size_t count(const char *text)
{
	size_t n = 0;

	for (const char *at = write_line(); (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* It is done for speed: what has not changed is not written again. */
static void test_text_is_used_again(void **state)
{
	for (uint32_t i = 0; i < N_LISTENERS; i++)
		templates[0][i] = (struct template){ .there = true, .length = 77777 };
	for (uint32_t i = 0; i < 3; i++)
		make_sample(&samples[i], 1000 + i, 0);
	sample_writer_begin(&writer);
	sample_writer_add(&writer, &samples[0], &samples[0]);
	replace(":77777", ":88888");
	sample_writer_begin(&writer);
	sample_writer_add(&writer, &samples[0], &samples[1]);
	assert_int_equal(count(":88888"), N_LISTENERS);
	samples[2].listeners[2].length = 99999;
	samples[2].listeners[600].length = 99999;
	sample_writer_begin(&writer);
	sample_writer_add(&writer, &samples[1], &samples[2]);
	assert_int_equal(count(":77777"), 0);
	assert_int_equal(count(":88888"), N_LISTENERS - 2);
	assert_int_equal(count(":99999"), 2);
	templates[0][1].there = false;
	make_sample(&samples[0], 2000, 0);
	sample_writer_begin(&writer);
	sample_writer_add(&writer, &samples[2], &samples[0]);
	assert_int_equal(count(":77777"), 2);
	assert_int_equal(count(":88888"), N_LISTENERS - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_as_sample_line, teardown),
		cmocka_unit_test_teardown(test_text_is_used_again, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
