/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/delta.h"

#include "base/alloc.h"
#include "base/idmap.h"

#include <stdlib.h>
#include <string.h>

/*
 * A delta is, in numbers of variable length:
 *
 *   elements of the result
 *   runs of elements: { how far to jump in the source, length }, until all are there;
 *     they say which element of the source each one is compared with
 *   runs of 32-bit words: { unchanged, changed like the word one element before,
 *     changed otherwise, the changes of these }, until all are there
 *
 * A change is the difference, not the exclusive or: indexes into another array that lost its first
 * element all change by one, and so alike.
 */
#define KEY_SIZE  sizeof(uint64_t)
#define WORD_SIZE sizeof(uint32_t)

static void put(struct strbuf *out, uint64_t n)
{
	for (; n > 0x7f; n >>= 7)
		strbuf_putc(out, (char)(n | 0x80));
	strbuf_putc(out, (char)n);
}

static uint64_t get(const char **p)
{
	unsigned int shift = 0;
	uint64_t n = 0;
	uint8_t byte;

	do {
		byte = (uint8_t) * *p;
		++*p;
		n |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return n;
}

/* Small numbers of either sign as small ones without: 0, -1, 1, -2 ... */
static uint64_t fold(int64_t n)
{
	return (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0);
}

static int64_t unfold(uint64_t n)
{
	return (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
}

/* Room for @len bytes, whatever they will be; and not much more, when it was a large array once. */
static void array_reserve(struct delta_array *a, size_t len)
{
	if (len <= a->room && len >= a->room / 4)
		return;
	free(a->bytes);
	a->bytes = xmalloc(len);
	a->room = len;
}

void delta_array_set(struct delta_array *a, const void *bytes, size_t n, size_t size)
{
	array_reserve(a, n * size);
	a->n = n;
	if (n)
		memcpy(a->bytes, bytes, n * size);
}

void delta_array_free(struct delta_array *a)
{
	free(a->bytes);
	memset(a, 0, sizeof(*a));
}

static uint64_t key(const struct delta_array *a, size_t i, size_t size)
{
	uint64_t k;

	memcpy(&k, a->bytes + i * size, sizeof(k));
	return k;
}

/* The element of @from that begins as the @i-th of @to does, or IDMAP_NONE. */
static uint32_t look_up(struct idmap *keys, const struct delta_array *from,
			const struct delta_array *to, size_t i, size_t size)
{
	if (!keys->used) {
		idmap_reset(keys, from->n);
		for (size_t k = 0; k < from->n; k++)
			idmap_put(keys, key(from, k, size), (uint32_t)k);
	}
	return idmap_get(keys, key(to, i, size));
}

static void put_run(struct strbuf *out, int64_t jump, size_t length)
{
	if (!length)
		return;
	put(out, fold(jump));
	put(out, length);
}

/*
 * Writes the runs of elements. One that is nowhere in the source is compared with the next there;
 * behind its end with zeros. Returns true when each is compared with the one at its own place.
 */
static bool align(struct strbuf *out, const struct delta_array *from, const struct delta_array *to,
		  size_t size)
{
	struct idmap keys = { 0 };
	size_t next = 0, length = 0;
	bool in_place = true;
	int64_t jump = 0;

	for (size_t i = 0; i < to->n; i++, next++, length++) {
		uint32_t k;

		if (size < KEY_SIZE ||
		    (next < from->n && key(from, next, size) == key(to, i, size)))
			continue;
		k = look_up(&keys, from, to, i, size);
		if (k == IDMAP_NONE)
			continue;
		put_run(out, jump, length);
		jump = (int64_t)k - (int64_t)next;
		next = k;
		length = 0;
		in_place = false;
	}
	put_run(out, jump, length);
	idmap_free(&keys);
	return in_place && from->n == to->n;
}

/* Follows the runs of elements: @n of them, at @to. Returns the first byte behind the runs. */
static const char *predict(const char *p, const struct delta_array *from, char *to, size_t n,
			   size_t size)
{
	size_t next = 0;

	while (n) {
		size_t length, there;

		next += (size_t)unfold(get(&p));
		length = get(&p);
		there = next < from->n ? from->n - next : 0;
		if (there > length)
			there = length;
		if (there)
			memcpy(to, from->bytes + next * size, there * size);
		memset(to + there * size, 0, (length - there) * size);
		to += length * size;
		next += length;
		n -= length;
	}
	return p;
}

/* Two arrays of as many bytes; behind their end is zero, up to a whole word. */
struct pair {
	const char *from, *to;
	size_t len;
	size_t words;
	size_t period; /* words of an element */
};

static uint32_t load(const char *bytes, size_t len)
{
	uint32_t w = 0;

	if (len >= WORD_SIZE)
		memcpy(&w, bytes, WORD_SIZE);
	else
		memcpy(&w, bytes, len);
	return w;
}

static void store(char *bytes, size_t len, uint32_t w)
{
	if (len >= WORD_SIZE)
		memcpy(bytes, &w, WORD_SIZE);
	else
		memcpy(bytes, &w, len);
}

static uint32_t change(const struct pair *p, size_t i)
{
	size_t at = i * WORD_SIZE;

	return load(p->to + at, p->len - at) - load(p->from + at, p->len - at);
}

static bool changed_alike(const struct pair *p, size_t i)
{
	return i >= p->period && change(p, i) == change(p, i - p->period);
}

/* The first changed word from @i on. */
static size_t skip_unchanged(const struct pair *p, size_t i)
{
	enum { BLOCK = 64 };

	while (p->len - i * WORD_SIZE >= BLOCK &&
	       !memcmp(p->from + i * WORD_SIZE, p->to + i * WORD_SIZE, BLOCK))
		i += BLOCK / WORD_SIZE;
	while (i < p->words && !change(p, i))
		i++;
	return i;
}

static size_t word_count(size_t len)
{
	return (len + WORD_SIZE - 1) / WORD_SIZE;
}

static size_t period(size_t size)
{
	return size < WORD_SIZE ? 1 : size / WORD_SIZE;
}

static void encode_words(struct strbuf *out, const struct pair *p)
{
	for (size_t i = 0; i < p->words;) {
		size_t changed = skip_unchanged(p, i), other = changed, end;

		while (other < p->words && changed_alike(p, other))
			other++;
		end = other;
		while (end < p->words && change(p, end) && !changed_alike(p, end))
			end++;
		put(out, changed - i);
		put(out, other - changed);
		put(out, end - other);
		for (i = other; i < end; i++)
			put(out, fold((int32_t)change(p, i)));
	}
}

bool delta_encode(struct strbuf *out, const struct delta_array *from, const struct delta_array *to,
		  size_t size)
{
	struct pair p = { from->bytes, to->bytes, to->n * size, 0, period(size) };
	char *predicted = NULL;
	bool in_place;
	size_t runs;

	p.words = word_count(p.len);
	put(out, to->n);
	runs = out->len;
	in_place = align(out, from, to, size);
	if (!in_place && to->n) {
		predicted = xmalloc(p.len);
		predict(out->s + runs, from, predicted, to->n, size);
		p.from = predicted;
	}
	encode_words(out, &p);
	free(predicted);
	return in_place;
}

/* The last changes, one element of them, for the words that changed like these. */
struct history {
	uint32_t *change;
	size_t period;
	size_t at; /* that of the word one element before the next */
};

static void history_add(struct history *h, uint32_t change)
{
	h->change[h->at] = change;
	h->at = h->at + 1 < h->period ? h->at + 1 : 0;
}

static void history_add_unchanged(struct history *h, size_t n)
{
	for (size_t i = 0; i < n && i < h->period; i++)
		h->change[(h->at + i) % h->period] = 0;
	h->at = (h->at + n) % h->period;
}

static void change_word(char *bytes, size_t len, size_t i, uint32_t change)
{
	char *at = bytes + i * WORD_SIZE;
	size_t left = len - i * WORD_SIZE;

	store(at, left, load(at, left) + change);
}

/* @n words from @i on changed as the history says; few of an element's words do. */
static void change_alike(struct history *h, char *bytes, size_t len, size_t i, size_t n,
			 uint32_t sign)
{
	for (size_t k = 0; k < n && k < h->period; k++) {
		uint32_t c = h->change[(h->at + k) % h->period];

		for (size_t j = i + k; c && j < i + n; j += h->period)
			change_word(bytes, len, j, c * sign);
	}
	h->at = (h->at + n) % h->period;
}

/* @sign: 1 to apply the changes, -1 (mod 2^32) to undo them. */
static const char *change_words(const char *p, char *bytes, size_t len, size_t size, uint32_t sign)
{
	struct history h = { .period = period(size) };
	size_t words = word_count(len);

	h.change = xcalloc(h.period, sizeof(*h.change));
	for (size_t i = 0; i < words;) {
		size_t unchanged = get(&p), alike = get(&p), other = get(&p);

		history_add_unchanged(&h, unchanged);
		i += unchanged;
		change_alike(&h, bytes, len, i, alike, sign);
		i += alike;
		for (; other; other--, i++) {
			uint32_t c = (uint32_t)unfold(get(&p));

			change_word(bytes, len, i, c * sign);
			history_add(&h, c);
		}
	}
	free(h.change);
	return p;
}

const char *delta_apply(const char *delta, struct delta_array *a, size_t size)
{
	size_t n = get(&delta);
	const char *run = delta;

	/* Most deltas are one run in place, which needs no copy. */
	if (n != a->n || (n && (get(&run) || get(&run) != n))) {
		struct delta_array from = *a;

		*a = (struct delta_array){ .n = n };
		array_reserve(a, n * size);
		run = predict(delta, &from, a->bytes, n, size);
		delta_array_free(&from);
	}
	return change_words(run, a->bytes, n * size, size, 1);
}

const char *delta_undo(const char *delta, struct delta_array *a, size_t size)
{
	get(&delta);
	if (a->n) {
		get(&delta);
		get(&delta);
	}
	return change_words(delta, a->bytes, a->n * size, size, UINT32_MAX);
}
