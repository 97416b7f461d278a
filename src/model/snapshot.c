/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many of the last listeners are in the index while listeners are added. */
#define INDEXED_MAX 2048

/*
 * With MANY_LISTENERS the array gets ROOM_FOR_MANY at once. It takes time to copy a large array as
 * it grows, and pages that are not touched take no memory.
 */
#define MANY_LISTENERS 2048
#define ROOM_FOR_MANY  32768

/* F(name) for each array whose elements own nothing: all but the warnings. */
/* clang-format off */
#define FOR_ARRAYS(F) \
	F(netns) F(listeners) F(gone) F(groups) F(processes) F(owners) F(connections) \
	F(oldest) F(unix_queues) F(others)
/* clang-format on */

/* The kernel's cookies are unique across namespaces, but those of a test need not be. */
static uint64_t snapshot_id(uint32_t netns_idx, uint64_t cookie)
{
	return cookie ^ (uint64_t)netns_idx << 48;
}

static void free_warning(struct warning *w)
{
	free(w->code);
	free(w->message);
}

static void drop_warnings(struct snapshot *s)
{
	for (size_t i = 0; i < s->n_warnings + s->n_retracted; i++)
		free_warning(&s->warnings[i]);
	s->n_warnings = 0;
	s->n_retracted = 0;
}

static void *copy_array(void *to, size_t *size, const void *from, size_t n, size_t element)
{
	to = array_reserve(to, 0, size, n, element);
	if (n)
		memcpy(to, from, n * element);
	return to;
}

static void *trim_array(void *array, size_t *size, size_t n, size_t element)
{
	if (*size == n)
		return array;
	*size = n;
	if (n)
		return xreallocarray(array, n, element);
	free(array);
	return NULL;
}

static void add_warning(struct snapshot *s, const char *code, const char *message, bool of_report)
{
	struct warning *w;

	for (size_t i = 0; i < s->n_warnings; i++)
		if (!strcmp(s->warnings[i].code, code) && !strcmp(s->warnings[i].message, message))
			return;
	s->warnings = array_grow(s->warnings, s->n_warnings + s->n_retracted, &s->warnings_size,
				 sizeof(*s->warnings));
	w = &s->warnings[s->n_warnings++];
	w[s->n_retracted] = *w;
	w->code = xstrdup(code);
	w->message = xstrdup(message);
	w->of_report = of_report;
}

static __attribute__((format(printf, 4, 0))) void add_formatted(struct snapshot *s,
								const char *code, bool of_report,
								const char *format, va_list args)
{
	char message[512];

	vsnprintf(message, sizeof(message), format, args);
	add_warning(s, code, message, of_report);
}

/* Replaces the index by one of the listeners from @first on. */
static void index_listeners(struct snapshot *s, size_t first)
{
	idmap_reset(&s->by_cookie, s->n_listeners - first);
	for (size_t i = first; i < s->n_listeners; i++)
		idmap_put(&s->by_cookie,
			  snapshot_id(s->listeners[i].addr.netns_idx, s->listeners[i].cookie),
			  (uint32_t)i);
}

/*
 * A dump that the kernel resumes may repeat the entries before the place where it stopped: as many
 * as came into that bucket meanwhile (inet_diag_dump_icsk()). So the index has only the last ones,
 * which stay in the cache of the CPU, until snapshot_find() needs it.
 */
static void trim_index(struct snapshot *s)
{
	if (s->by_cookie.used < INDEXED_MAX)
		return;
	if (s->by_cookie.size > 2 * INDEXED_MAX)
		idmap_free(&s->by_cookie);
	index_listeners(s, s->n_listeners - INDEXED_MAX / 4);
}

void snapshot_forget_comparisons(struct snapshot *s, uint64_t opening_ns)
{
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *g = &s->groups[i];

		g->known &= ~(uint32_t)(GROUP_STAYED | GROUP_SHOWN);
		g->stayed_min = 0;
		/* @ahead bounds how many left since the walk, not how many left before it. */
		if (s->netns[s->listeners[g->first].addr.netns_idx].waiting_ns > opening_ns)
			g->ahead = UINT32_MAX;
	}
	for (size_t i = 0; i < s->n_processes; i++)
		if (!s->processes[i].throttled)
			s->processes[i].known &= (uint8_t)~PROCESS_THROTTLED;
}

bool snapshot_is_mapped(uint8_t family, const uint8_t address[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return family == AF_INET6 && !memcmp(address, prefix, sizeof(prefix));
}

void snapshot_drop_listeners(struct snapshot *s, size_t n)
{
	s->n_listeners = n;
	idmap_reset(&s->by_cookie, 0);
	s->n_groups = 0;
	s->n_owners = 0;
	s->n_processes = 0;
	s->n_connections = 0;
}

void snapshot_reset(struct snapshot *s)
{
	drop_warnings(s);
	snapshot_drop_listeners(s, 0);
#define EMPTY(name) s->n_##name = 0;
	FOR_ARRAYS(EMPTY)
#undef EMPTY
	string_pool_put(s->strings);
	s->strings = NULL;
	memset(s, 0, offsetof(struct snapshot, netns));
}

void snapshot_free(struct snapshot *s)
{
	drop_warnings(s);
#define FREE(name) free(s->name);
	FOR_ARRAYS(FREE)
#undef FREE
	free(s->warnings);
	idmap_free(&s->by_cookie);
	idmap_free(&s->by_addr);
	string_pool_put(s->strings);
	memset(s, 0, sizeof(*s));
}

void snapshot_copy(struct snapshot *to, const struct snapshot *from)
{
	snapshot_reset(to);
	memcpy(to, from, offsetof(struct snapshot, netns));
#define COPY(name)                                                                    \
	to->name = copy_array(to->name, &to->name##_size, from->name, from->n_##name, \
			      sizeof(*from->name));                                   \
	to->n_##name = from->n_##name;
	FOR_ARRAYS(COPY)
#undef COPY
	snapshot_add_warnings(to, from);
	to->strings = string_pool_get(from->strings);
}

void snapshot_trim(struct snapshot *s)
{
#define TRIM(name) s->name = trim_array(s->name, &s->name##_size, s->n_##name, sizeof(*s->name));
	FOR_ARRAYS(TRIM)
#undef TRIM
}

size_t snapshot_bytes(const struct snapshot *s)
{
	size_t bytes = s->warnings_size * sizeof(*s->warnings);

#define ADD(name) bytes += s->name##_size * sizeof(*s->name);
	FOR_ARRAYS(ADD)
#undef ADD
	for (size_t i = 0; i < s->n_warnings + s->n_retracted; i++)
		bytes += strlen(s->warnings[i].code) + strlen(s->warnings[i].message) + 2;
	return bytes;
}

struct string_pool *snapshot_strings(struct snapshot *s)
{
	if (!s->strings)
		s->strings = string_pool_new();
	return s->strings;
}

struct netns *snapshot_add_netns(struct snapshot *s)
{
	s->netns = array_grow(s->netns, s->n_netns, &s->netns_size, sizeof(*s->netns));
	s->netns[s->n_netns].first_listener = s->n_listeners;
	return &s->netns[s->n_netns++];
}

struct netns *snapshot_find_netns(const struct snapshot *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_netns; i++)
		if (netns_id(&s->netns[i]) == id)
			return &s->netns[i];
	return NULL;
}

bool snapshot_has_listeners(const struct snapshot *s, uint32_t netns_idx)
{
	size_t first = s->netns[netns_idx].first_listener;

	return first < s->n_listeners && s->listeners[first].addr.netns_idx == netns_idx;
}

struct listener *snapshot_add_listener(struct snapshot *s, uint32_t netns_idx, uint64_t cookie)
{
	struct listener *l;

	trim_index(s);
	if (idmap_put(&s->by_cookie, snapshot_id(netns_idx, cookie), (uint32_t)s->n_listeners) !=
	    IDMAP_NONE)
		return NULL;
	if (s->n_listeners == MANY_LISTENERS)
		s->listeners = array_reserve(s->listeners, MANY_LISTENERS, &s->listeners_size,
					     ROOM_FOR_MANY, sizeof(*s->listeners));
	s->listeners =
		array_grow(s->listeners, s->n_listeners, &s->listeners_size, sizeof(*s->listeners));
	l = &s->listeners[s->n_listeners++];
	l->addr.netns_idx = netns_idx;
	l->cookie = cookie;
	return l;
}

struct listener *snapshot_add_gone(struct snapshot *s, uint32_t netns_idx, uint64_t cookie)
{
	struct listener *l;

	s->gone = array_grow(s->gone, s->n_gone, &s->gone_size, sizeof(*s->gone));
	l = &s->gone[s->n_gone++];
	l->addr.netns_idx = netns_idx;
	l->cookie = cookie;
	return l;
}

const struct listener *snapshot_find(const struct snapshot *s, uint32_t netns_idx, uint64_t cookie)
{
	uint32_t i;

	/* The index is a cache: most samples are compared with snapshot_find_near() alone. */
	if (s->by_cookie.used != s->n_listeners)
		index_listeners((struct snapshot *)s, 0);
	i = idmap_get(&s->by_cookie, snapshot_id(netns_idx, cookie));
	return i == IDMAP_NONE ? NULL : &s->listeners[i];
}

const struct listener *snapshot_find_near(const struct snapshot *s, uint32_t netns_idx,
					  uint64_t cookie, size_t guess)
{
	if (guess < s->n_listeners && s->listeners[guess].cookie == cookie &&
	    s->listeners[guess].addr.netns_idx == netns_idx)
		return &s->listeners[guess];
	return snapshot_find(s, netns_idx, cookie);
}

void snapshot_size_owners(struct snapshot *s, size_t n_owners, size_t n_processes)
{
	s->owners = array_reserve(s->owners, 0, &s->owners_size, n_owners, sizeof(*s->owners));
	s->processes = array_reserve(s->processes, 0, &s->processes_size, n_processes,
				     sizeof(*s->processes));
	s->n_owners = n_owners;
	s->n_processes = n_processes;
}

void snapshot_warn(struct snapshot *s, const char *code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_formatted(s, code, false, format, args);
	va_end(args);
}

void snapshot_warn_report(struct snapshot *s, const char *code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_formatted(s, code, true, format, args);
	va_end(args);
}

void snapshot_retract(struct snapshot *s, const char *code)
{
	size_t i = 0;

	while (i < s->n_warnings) {
		const struct warning w = s->warnings[i];

		if (strcmp(w.code, code) != 0) {
			i++;
			continue;
		}
		memmove(&s->warnings[i], &s->warnings[i + 1],
			(s->n_warnings + s->n_retracted - i - 1) * sizeof(w));
		s->n_warnings--;
		s->warnings[s->n_warnings + s->n_retracted++] = w;
	}
}

void snapshot_add_warnings(struct snapshot *s, const struct snapshot *other)
{
	for (size_t i = 0; i < other->n_warnings; i++)
		add_warning(s, other->warnings[i].code, other->warnings[i].message,
			    other->warnings[i].of_report);
}
