/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/delta.h"

static int setup(void **state)
{
	(void)state;
	unit_random_seed(1);
	return 0;
}

/* Exactly as large as it has to be, so that AddressSanitizer sees an access beyond its end. */
static struct delta_array make(size_t n, size_t size)
{
	return (struct delta_array){ xcalloc(n * size, 1), n, n * size };
}

static struct delta_array copy(const struct delta_array *from, size_t size)
{
	struct delta_array a = { 0 };

	delta_array_set(&a, from->bytes, from->n, size);
	return a;
}

static void randomize(struct delta_array *a, size_t size)
{
	for (size_t i = 0; i < a->n * size; i++)
		a->bytes[i] = (char)unit_random_below(256);
}

static void assert_same(const struct delta_array *a, const struct delta_array *b, size_t size)
{
	assert_u64_equal(a->n, b->n);
	if (a->n)
		assert_memory_equal(a->bytes, b->bytes, a->n * size);
}

/* There, and back where that is promised. Returns the length of the delta, sets *@undoable. */
static size_t round_trip(const struct delta_array *from, const struct delta_array *to, size_t size,
			 bool *undoable)
{
	struct delta_array a = copy(from, size);
	struct strbuf delta = { 0 };
	char *exact;
	size_t len;

	*undoable = delta_encode(&delta, from, to, size);
	len = delta.len;
	exact = xmalloc(len);
	memcpy(exact, delta.s, len);
	assert_ptr_equal(delta_apply(exact, &a, size), exact + len);
	assert_same(&a, to, size);
	if (*undoable) {
		assert_ptr_equal(delta_undo(exact, &a, size), exact + len);
		assert_same(&a, from, size);
	}
	free(exact);
	strbuf_free(&delta);
	delta_array_free(&a);
	return len;
}

static const size_t sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 112 };

/* Nothing in common, and as many elements or not. */
static void test_foreign(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 5, 16, 17, 300 };
	bool undoable;

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
		for (size_t i = 0; i < ARRAY_SIZE(counts) * ARRAY_SIZE(counts); i++) {
			struct delta_array from = make(counts[i / ARRAY_SIZE(counts)], sizes[s]);
			struct delta_array to = make(counts[i % ARRAY_SIZE(counts)], sizes[s]);

			randomize(&from, sizes[s]);
			randomize(&to, sizes[s]);
			round_trip(&from, &to, sizes[s], &undoable);
			assert_int_equal(undoable, from.n == to.n);
			delta_array_free(&from);
			delta_array_free(&to);
		}
}

/* Some elements changed in some bytes, some moved, some exist twice. */
static void mutate(struct delta_array *a, size_t size)
{
	for (uint32_t changes = unit_random_below(20); changes && a->n; changes--) {
		size_t i = unit_random_below((uint32_t)a->n), k = unit_random_below((uint32_t)a->n);

		switch (unit_random_below(8)) {
		case 0:
			memmove(a->bytes + k * size, a->bytes + i * size, size);
			break;
		case 1:
			memmove(a->bytes + i * size, a->bytes + (i + 1) * size,
				(a->n - i - 1) * size);
			break;
		case 2:
			for (size_t j = 0; j < a->n; j++)
				a->bytes[j * size + size - 1]++;
			break;
		default:
			a->bytes[i * size + unit_random_below((uint32_t)size)] =
				(char)unit_random_below(256);
		}
	}
}

static void test_random_changes(void **state)
{
	bool undoable, undone = false;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		size_t size = sizes[round % ARRAY_SIZE(sizes)];
		struct delta_array from = make(unit_random_below(200), size), to;

		randomize(&from, size);
		to = copy(&from, size);
		to.n -= to.n ? unit_random_below((uint32_t)to.n) / 4 : 0;
		mutate(&to, size);
		if (unit_random_below(2))
			round_trip(&from, &to, size, &undoable);
		else
			round_trip(&to, &from, size, &undoable);
		undone |= undoable;
		delta_array_free(&from);
		delta_array_free(&to);
	}
	assert_true(undone);
}

/* A table as they are kept: an identity, an index, a number, and much that never changes. */
struct element {
	uint64_t id;
	uint32_t index;
	uint32_t number;
	uint8_t rest[48];
};

static struct delta_array make_table(size_t n)
{
	struct delta_array a = make(n, sizeof(struct element));

	randomize(&a, sizeof(struct element));
	for (size_t i = 0; i < n; i++) {
		struct element *e = (struct element *)a.bytes + i;

		e->id = (i + 1) * 7919;
		e->index = (uint32_t)i;
		e->number = 0;
	}
	return a;
}

static void assert_costs(const struct delta_array *from, const struct delta_array *to, size_t most,
			 bool undoable)
{
	bool is_undoable;
	size_t len = round_trip(from, to, sizeof(struct element), &is_undoable);

	if (len > most)
		fail_msg("%zu bytes, more than %zu", len, most);
	assert_int_equal(is_undoable, undoable);
}

static void test_costs_of_values(void **state)
{
	struct delta_array from = make_table(10000), to = copy(&from, sizeof(struct element));
	struct element *e = (struct element *)to.bytes;

	(void)state;
	assert_costs(&from, &to, 16, true);
	e[5000].number = 50;
	assert_costs(&from, &to, 24, true);
	/* What changes everywhere alike costs once; one that changed otherwise costs itself. */
	for (size_t i = 0; i < to.n; i++)
		e[i].number = 50;
	assert_costs(&from, &to, 24, true);
	assert_costs(&to, &from, 24, true);
	e[5000].number = 49;
	assert_costs(&from, &to, 40, true);
	delta_array_free(&from);
	delta_array_free(&to);
}

static void take_out(struct delta_array *a, size_t first, size_t n)
{
	struct element *e = (struct element *)a->bytes;

	a->n -= n;
	memmove(e + first, e + first + n, (a->n - first) * sizeof(*e));
	for (size_t i = first; i < a->n; i++)
		e[i].index -= (uint32_t)n;
}

/* Indexes behind the gap change all alike. */
static void test_costs_of_places(void **state)
{
	struct delta_array from = make_table(10000), to = copy(&from, sizeof(struct element));
	struct element swap, *e = (struct element *)to.bytes;

	(void)state;
	take_out(&to, 0, 1);
	assert_costs(&from, &to, 24, false);
	assert_costs(&to, &from, 24 + 80, false);
	take_out(&to, 5000, 100);
	assert_costs(&from, &to, 48, false);
	assert_costs(&to, &from, 48 + 101 * 80, false);
	take_out(&to, to.n - 1, 1);
	assert_costs(&from, &to, 48, false);
	delta_array_free(&to);

	to = copy(&from, sizeof(struct element));
	e = (struct element *)to.bytes;
	swap = e[10];
	e[10] = e[9000];
	e[9000] = swap;
	assert_costs(&from, &to, 48, false);
	delta_array_free(&from);
	delta_array_free(&to);
}

/* The same identity many times: the order tells which is which, as far as it can. */
static void test_same_identity(void **state)
{
	struct delta_array from = make_table(1000), to;
	struct element *e = (struct element *)from.bytes;
	bool undoable;

	(void)state;
	for (size_t i = 0; i < from.n; i++)
		e[i].id = i / 10;
	to = copy(&from, sizeof(struct element));
	assert_costs(&from, &to, 16, true);
	take_out(&to, 3, 1);
	round_trip(&from, &to, sizeof(struct element), &undoable);
	round_trip(&to, &from, sizeof(struct element), &undoable);
	delta_array_free(&from);
	delta_array_free(&to);
}

/* Several deltas in one buffer, each ends where the next begins. */
static void test_one_after_another(void **state)
{
	struct delta_array a = make_table(10), b = make_table(12), now = { 0 };
	size_t size = sizeof(struct element);
	struct strbuf deltas = { 0 };
	const char *p;

	(void)state;
	delta_encode(&deltas, &now, &a, size);
	delta_encode(&deltas, &a, &b, size);
	delta_encode(&deltas, &b, &(struct delta_array){ 0 }, size);
	p = delta_apply(deltas.s, &now, size);
	assert_same(&now, &a, size);
	p = delta_apply(p, &now, size);
	assert_same(&now, &b, size);
	p = delta_apply(p, &now, size);
	assert_u64_equal(now.n, 0);
	assert_ptr_equal(p, deltas.s + deltas.len);
	strbuf_free(&deltas);
	delta_array_free(&a);
	delta_array_free(&b);
	delta_array_free(&now);
}

static void test_array_returns_memory(void **state)
{
	struct delta_array a = { 0 };
	char bytes[1000] = "";

	(void)state;
	delta_array_set(&a, bytes, 100, 10);
	assert_u64_equal(a.room, 1000);
	delta_array_set(&a, bytes, 90, 10);
	assert_u64_equal(a.room, 1000);
	delta_array_set(&a, bytes, 10, 10);
	assert_u64_equal(a.room, 100);
	delta_array_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_foreign, setup),
		cmocka_unit_test_setup(test_random_changes, setup),
		cmocka_unit_test_setup(test_costs_of_values, setup),
		cmocka_unit_test_setup(test_costs_of_places, setup),
		cmocka_unit_test_setup(test_same_identity, setup),
		cmocka_unit_test_setup(test_one_after_another, setup),
		cmocka_unit_test(test_array_returns_memory),
	};

	return cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
