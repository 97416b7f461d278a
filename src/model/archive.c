/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/archive.h"

#include "base/alloc.h"
#include "base/delta.h"

#include <stdlib.h>
#include <string.h>

/*
 * The arrays of a snapshot, each in its one row. Elements are copied byte by byte: they own
 * nothing. Those that begin with an identity of eight bytes are the cheapest, see delta_encode().
 */
struct snapshot_array {
	size_t pointer, count, room; /* where in struct snapshot */
	size_t size; /* of an element */
};

#define SNAPSHOT_ARRAY(name)                                                          \
	{                                                                             \
		offsetof(struct snapshot, name), offsetof(struct snapshot, n_##name), \
			offsetof(struct snapshot, name##_size),                       \
			sizeof(*((struct snapshot *)0)->name)                         \
	}

static const struct snapshot_array array_table[] = {
	SNAPSHOT_ARRAY(netns),	     SNAPSHOT_ARRAY(listeners),	  SNAPSHOT_ARRAY(gone),
	SNAPSHOT_ARRAY(groups),	     SNAPSHOT_ARRAY(processes),	  SNAPSHOT_ARRAY(owners),
	SNAPSHOT_ARRAY(connections), SNAPSHOT_ARRAY(unix_queues), SNAPSHOT_ARRAY(others),
};

_Static_assert(offsetof(struct snapshot, by_cookie) - offsetof(struct snapshot, netns) ==
		       (ARRAY_SIZE(array_table) + 1) * (sizeof(void *) + 2 * sizeof(size_t)),
	       "between netns and by_cookie are the arrays of the table and the warnings");

/* What a snapshot is made of: the arrays, all that comes before them, and the warnings. */
enum { PART_HEAD = ARRAY_SIZE(array_table), PART_WARNINGS, PART_N };

struct frame {
	struct delta_array part[PART_N];
};

/* From a snapshot to the one before it, and back. */
struct step {
	uint64_t monotonic_ns; /* of the one before */
	char *bytes; /* the way to it, and behind that the way back */
	size_t len;
	size_t way_back; /* where that begins; 0: the way to it can be undone */
};

struct archive {
	size_t bytes_max;
	uint64_t age_max_ns;
	struct frame newest;
	uint64_t newest_ns; /* its monotonic_ns */
	bool filled;
	struct step *steps; /* from the oldest to the newest */
	size_t n_steps, steps_size;
	size_t steps_bytes; /* what they take */
	struct frame cursor; /* what archive_get() decoded last */
	size_t cursor_back; /* 0: nothing */
	struct strbuf scratch;
	struct strbuf warnings;
	struct string_pool **strings; /* that some snapshot had */
	size_t n_strings, strings_size;
};

static size_t part_size(unsigned int part)
{
	if (part < PART_HEAD)
		return array_table[part].size;
	return part == PART_HEAD ? offsetof(struct snapshot, netns) : 1;
}

/* Each warning is the address of its code and the text of its message. */
static void pack_warnings(struct strbuf *b, const struct snapshot *s)
{
	b->len = 0;
	for (size_t i = 0; i < s->n_warnings; i++) {
		const struct warning *w = &s->warnings[i];

		strbuf_add(b, (const char *)&w->code, sizeof(w->code));
		strbuf_add(b, w->message, strlen(w->message) + 1);
	}
}

static void unpack_warnings(struct snapshot *s, const struct delta_array *a)
{
	char *p = a->bytes, *end = p + a->n;

	while (p < end) {
		struct warning w;

		memcpy(&w.code, p, sizeof(w.code));
		w.message = p + sizeof(w.code);
		snapshot_add_warnings(s, &(struct snapshot){ .warnings = &w, .n_warnings = 1 });
		p = w.message + strlen(w.message) + 1;
	}
}

/* The parts of @s where they are, to be read only; those of the warnings in @warnings. */
static struct frame view(const struct snapshot *s, struct strbuf *warnings)
{
	struct frame f = { 0 };

	for (size_t i = 0; i < PART_HEAD; i++) {
		const char *base = (const char *)s;

		memcpy(&f.part[i].bytes, base + array_table[i].pointer, sizeof(f.part[i].bytes));
		memcpy(&f.part[i].n, base + array_table[i].count, sizeof(f.part[i].n));
	}
	pack_warnings(warnings, s);
	f.part[PART_HEAD] = (struct delta_array){ .bytes = (char *)s, .n = 1 };
	f.part[PART_WARNINGS] = (struct delta_array){ .bytes = warnings->s, .n = warnings->len };
	return f;
}

static void unpack_array(struct snapshot *s, const struct snapshot_array *array,
			 const struct delta_array *a)
{
	char *base = (char *)s, *elements;
	size_t room;

	memcpy(&elements, base + array->pointer, sizeof(elements));
	memcpy(&room, base + array->room, sizeof(room));
	if (a->n > room) {
		room = a->n;
		elements = xreallocarray(elements, room, array->size);
		memcpy(base + array->pointer, &elements, sizeof(elements));
		memcpy(base + array->room, &room, sizeof(room));
	}
	if (a->n)
		memcpy(elements, a->bytes, a->n * array->size);
	memcpy(base + array->count, &a->n, sizeof(a->n));
}

static void unpack(const struct frame *f, struct snapshot *s)
{
	snapshot_reset(s);
	memcpy(s, f->part[PART_HEAD].bytes, part_size(PART_HEAD));
	for (size_t i = 0; i < PART_HEAD; i++)
		unpack_array(s, &array_table[i], &f->part[i]);
	unpack_warnings(s, &f->part[PART_WARNINGS]);
	snapshot_index_listeners(s);
}

static void frame_set(struct frame *to, const struct frame *from)
{
	for (unsigned int i = 0; i < PART_N; i++)
		delta_array_set(&to->part[i], from->part[i].bytes, from->part[i].n, part_size(i));
}

static size_t frame_bytes(const struct frame *f)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < PART_N; i++)
		bytes += f->part[i].room;
	return bytes;
}

static void frame_free(struct frame *f)
{
	for (unsigned int i = 0; i < PART_N; i++)
		delta_array_free(&f->part[i]);
}

/* Returns true when the way can be undone. */
static bool encode_way(struct strbuf *out, const struct frame *from, const struct frame *to)
{
	bool undoable = true;

	for (unsigned int i = 0; i < PART_N; i++)
		undoable &= delta_encode(out, &from->part[i], &to->part[i], part_size(i));
	return undoable;
}

static void add_step(struct archive *a, const struct frame *now)
{
	struct step *step;

	a->steps = array_grow(a->steps, a->n_steps, &a->steps_size, sizeof(*a->steps));
	step = &a->steps[a->n_steps];
	step->monotonic_ns = a->newest_ns;
	a->n_steps++;
	a->scratch.len = 0;
	if (!encode_way(&a->scratch, now, &a->newest)) {
		step->way_back = a->scratch.len;
		encode_way(&a->scratch, &a->newest, now);
	}
	step->len = a->scratch.len;
	step->bytes = xmalloc(step->len);
	memcpy(step->bytes, a->scratch.s, step->len);
	a->steps_bytes += sizeof(*step) + step->len;
	if (a->cursor_back)
		a->cursor_back++;
}

/* A clock that went backwards makes all before too old. */
static void evict(struct archive *a)
{
	size_t n = 0;

	while (n < a->n_steps && (archive_bytes(a) > a->bytes_max ||
				  a->newest_ns - a->steps[n].monotonic_ns > a->age_max_ns)) {
		a->steps_bytes -= sizeof(*a->steps) + a->steps[n].len;
		free(a->steps[n++].bytes);
	}
	if (!n)
		return;
	a->n_steps -= n;
	memmove(a->steps, a->steps + n, a->n_steps * sizeof(*a->steps));
	if (a->cursor_back > a->n_steps)
		a->cursor_back = 0;
}

static void older(struct frame *f, const struct step *step)
{
	const char *way = step->bytes;

	for (unsigned int i = 0; i < PART_N; i++)
		way = delta_apply(way, &f->part[i], part_size(i));
}

static void newer(struct frame *f, const struct step *step)
{
	const char *way = step->bytes + step->way_back;

	for (unsigned int i = 0; i < PART_N; i++)
		way = step->way_back ? delta_apply(way, &f->part[i], part_size(i)) :
				       delta_undo(way, &f->part[i], part_size(i));
}

static void move_cursor(struct archive *a, size_t back)
{
	/* Nearer to the newest than to the cursor. */
	if (!a->cursor_back || back < a->cursor_back / 2) {
		frame_set(&a->cursor, &a->newest);
		a->cursor_back = 0;
	}
	for (; a->cursor_back < back; a->cursor_back++)
		older(&a->cursor, &a->steps[a->n_steps - a->cursor_back - 1]);
	for (; a->cursor_back > back; a->cursor_back--)
		newer(&a->cursor, &a->steps[a->n_steps - a->cursor_back]);
}

struct archive *archive_new(size_t bytes_max, uint64_t age_max_ns)
{
	struct archive *a = xcalloc(1, sizeof(*a));

	a->bytes_max = bytes_max;
	a->age_max_ns = age_max_ns;
	return a;
}

void archive_free(struct archive *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_steps; i++)
		free(a->steps[i].bytes);
	free(a->steps);
	frame_free(&a->newest);
	frame_free(&a->cursor);
	strbuf_free(&a->scratch);
	strbuf_free(&a->warnings);
	for (size_t i = 0; i < a->n_strings; i++)
		string_pool_put(a->strings[i]);
	free(a->strings);
	free(a);
}

void archive_add(struct archive *a, const struct snapshot *s)
{
	struct frame now = view(s, &a->warnings);

	if (a->filled)
		add_step(a, &now);
	frame_set(&a->newest, &now);
	a->newest_ns = s->monotonic_ns;
	a->filled = true;
	if (s->strings && (!a->n_strings || a->strings[a->n_strings - 1] != s->strings)) {
		a->strings = array_grow(a->strings, a->n_strings, &a->strings_size,
					sizeof(struct string_pool *));
		a->strings[a->n_strings++] = string_pool_get(s->strings);
	}
	evict(a);
}

size_t archive_count(const struct archive *a)
{
	return a->filled ? a->n_steps + 1 : 0;
}

size_t archive_bytes(const struct archive *a)
{
	return frame_bytes(&a->newest) + a->steps_bytes;
}

uint64_t archive_time(const struct archive *a, size_t back)
{
	return back ? a->steps[a->n_steps - back].monotonic_ns : a->newest_ns;
}

void archive_get(struct archive *a, size_t back, struct snapshot *into)
{
	if (!back) {
		unpack(&a->newest, into);
		return;
	}
	move_cursor(a, back);
	unpack(&a->cursor, into);
}
