/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/sample_writer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "model/saved_fields.h"
#include "replay/sample_line.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Listeners of a chunk that is made anew, at most: those that come to be in it make it longer. */
#define CHUNK_NEW 256
#define CHUNK_MAX 512
/* One that has fewer becomes part of the one before it. */
#define CHUNK_LEAST 64

/* Bytes of a listener's text, usually. */
#define TEXT_USUAL 192

#define LOOKS_KEY "\"samples\":"

/* Where the object of a listener stands in the text of its chunk. */
struct listener_text {
	uint32_t begin, end;
	uint32_t looks; /* where peak.samples does; 0: nowhere */
};

/* The text of listeners that follow each other in one namespace. */
struct sample_chunk {
	struct strbuf text;
	size_t first; /* index into the listeners of the sample */
	size_t n;
	size_t at; /* where it belongs in the line */
	struct listener_text *texts;
	size_t texts_size;
};

/* A line that is made from the last one. */
struct copying {
	struct sample_writer *w;
	const struct snapshot *now;
	const struct snapshot *before; /* whose line the last one is; NULL: none */
	uint32_t old_idx; /* namespace of @before whose listeners are compared */
	size_t guess; /* index of the listener of @before that may come next */
	size_t next; /* index into w->last: where to look on */
};

/* Members of a listener that its text does not have, and peak.samples. */
static const struct listener not_compared = {
	.addr.netns_idx = UINT32_MAX,
	.group = UINT32_MAX,
	.first_owner = UINT32_MAX,
	.peak.samples = UINT32_MAX,
};

static void add_escaped(struct strbuf *to, const char *s, size_t len)
{
	strbuf_putc(to, '"');
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < ' ')
			strbuf_addf(to, "\\u%04x", (unsigned char)s[i]);
		else if (s[i] == '"' || s[i] == '\\')
			strbuf_add(to, s[i] == '"' ? "\\\"" : "\\\\", 2);
		else
			strbuf_putc(to, s[i]);
	}
	strbuf_putc(to, '"');
}

void sample_line_add_text(struct strbuf *to, const char *text)
{
	const size_t len = strlen(text);
	struct strbuf safe = { 0 };

	if (text_is_plain(text, len, 0)) {
		add_escaped(to, text, len);
		return;
	}
	text_add_safe(&safe, text, len, TEXT_KEEP_CONTROL);
	add_escaped(to, safe.s, safe.len);
	strbuf_free(&safe);
}

static void add_key(struct strbuf *to, const char *key)
{
	if (to->s[to->len - 1] != '{')
		strbuf_putc(to, ',');
	strbuf_putc(to, '"');
	strbuf_adds(to, key);
	strbuf_add(to, "\":", 2);
}

static void begin_object(struct strbuf *to)
{
	if (to->len && to->s[to->len - 1] == '}')
		strbuf_putc(to, ',');
	strbuf_putc(to, '{');
}

static void add_address(struct strbuf *to, uint8_t family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	strbuf_putc(to, '"');
	if (family == AF_INET) { /* inet_ntop() takes a third of the time for the whole listener */
		for (unsigned int i = 0; i < 4; i++) {
			if (i)
				strbuf_putc(to, '.');
			strbuf_addu(to, address[i]);
		}
	} else if (inet_ntop(family, address, text, sizeof(text))) {
		strbuf_adds(to, text);
	}
	strbuf_putc(to, '"');
}

static void add_counters(struct strbuf *to, const struct counters *c)
{
	strbuf_putc(to, '{');
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		if (!counter_known(c, i))
			continue;
		strbuf_adds(to, to->s[to->len - 1] == '{' ? "\"" : ",\"");
		strbuf_add(to, counter_table[i].prefix, counter_table[i].prefix_len);
		strbuf_add(to, counter_table[i].name, counter_table[i].name_len);
		strbuf_add(to, "\":", 2);
		strbuf_addu(to, c->value[i]);
	}
	strbuf_putc(to, '}');
}

static void add_sysctls(struct strbuf *to, const struct sysctls *s)
{
	strbuf_putc(to, '{');
	for (unsigned int i = 0; i < SYSCTL_N; i++) {
		if (!sysctl_known(s, i))
			continue;
		add_key(to, sysctl_table[i].name);
		strbuf_addf(to, "%lld", (long long)s->value[i]);
	}
	strbuf_putc(to, '}');
}

/* The value of a number, and of others whether they are to be saved. */
static uint64_t value_of(const struct saved_field *f, const void *at)
{
	const char *p = (const char *)at + f->offset;

	switch (f->type) {
	case SAVED_BOOL:
		return *(const bool *)p;
	case SAVED_U8:
	case SAVED_LETTER:
	case SAVED_CHARS:
		return *(const uint8_t *)p;
	case SAVED_U16:
		return *(const uint16_t *)p;
	case SAVED_U32:
		return *(const uint32_t *)p;
	case SAVED_U64:
	case SAVED_ID:
		return *(const uint64_t *)p;
	case SAVED_TEXT:
		return *(const char *const *)p != NULL;
	case SAVED_ADDRESS:
		p = (const char *)at + f->family;
		return *(const uint8_t *)p == AF_INET || *(const uint8_t *)p == AF_INET6;
	case SAVED_UNIX:
		return *((const uint8_t *)at + f->family) == AF_UNIX;
	case SAVED_WALL:
		return (uint64_t)clock_to_ns(*(const struct timespec *)p);
	case SAVED_COUNTERS:
		return ((const struct counters *)p)->known;
	case SAVED_SYSCTLS:
		return ((const struct sysctls *)p)->known;
	case SAVED_BIT:
	case SAVED_OBJECT:
		break;
	}
	return 1;
}

static void add_fields(struct strbuf *to, const struct saved_object *object, const void *at);

static void add_value(struct strbuf *to, const struct saved_field *f, const void *at,
		      uint64_t value)
{
	const char *p = (const char *)at + f->offset;
	const char letter[2] = { *p, '\0' };

	switch (f->type) {
	case SAVED_BIT:
	case SAVED_BOOL:
	case SAVED_UNIX:
		strbuf_adds(to, value ? "true" : "false");
		break;
	case SAVED_U8:
	case SAVED_U16:
	case SAVED_U32:
	case SAVED_U64:
	case SAVED_WALL:
		strbuf_addu(to, value);
		break;
	case SAVED_ID:
		strbuf_adds(to, "\"0x");
		strbuf_addx(to, value);
		strbuf_putc(to, '"');
		break;
	case SAVED_LETTER:
		sample_line_add_text(to, letter);
		break;
	case SAVED_TEXT:
		sample_line_add_text(to, *(const char *const *)p);
		break;
	case SAVED_CHARS:
		sample_line_add_text(to, p);
		break;
	case SAVED_ADDRESS:
		add_address(to, *((const uint8_t *)at + f->family), (const uint8_t *)p);
		break;
	case SAVED_COUNTERS:
		add_counters(to, (const struct counters *)p);
		break;
	case SAVED_SYSCTLS:
		add_sysctls(to, (const struct sysctls *)p);
		break;
	case SAVED_OBJECT:
		strbuf_putc(to, '{');
		add_fields(to, f->object, p);
		strbuf_putc(to, '}');
		break;
	}
}

static void add_fields(struct strbuf *to, const struct saved_object *object, const void *at)
{
	const uint32_t known = saved_fields_known(object, at);

	for (size_t i = 0; i < object->n; i++) {
		const struct saved_field *f = &object->fields[i];
		const uint64_t value = value_of(f, at);

		if (!(f->known ? known & f->known : value || f->required) ||
		    !saved_field_is_of(f, at))
			continue;
		add_key(to, f->key);
		add_value(to, f, at, value);
	}
}

static void add_owners(struct strbuf *to, const struct snapshot *s, const struct listener *l)
{
	add_key(to, "owners");
	strbuf_putc(to, '[');
	for (uint32_t i = 0; i < l->n_owners; i++) {
		const struct owner *o = &s->owners[l->first_owner + i];

		strbuf_adds(to, i ? ",[" : "[");
		strbuf_addu(to, o->process);
		strbuf_putc(to, ',');
		strbuf_addu(to, o->fd);
		strbuf_putc(to, ']');
	}
	strbuf_putc(to, ']');
}

static void add_listener(struct strbuf *to, const struct snapshot *s, const struct listener *l)
{
	begin_object(to);
	add_fields(to, &saved_listener, l);
	if (l->known & LISTENER_OWNERS)
		add_owners(to, s, l);
	strbuf_putc(to, '}');
}

/* Have both the same text, except that the numbers of looks may differ? */
static bool is_same(const struct snapshot *s, const struct listener *l,
		    const struct snapshot *before, const struct listener *old)
{
	uint32_t differs = 0;

	for (size_t i = 0; i < sizeof(*l) / sizeof(differs); i++) {
		uint32_t a, b, no;

		memcpy(&a, (const char *)l + i * sizeof(a), sizeof(a));
		memcpy(&b, (const char *)old + i * sizeof(b), sizeof(b));
		memcpy(&no, (const char *)&not_compared + i * sizeof(no), sizeof(no));
		differs |= (a ^ b) & ~no;
	}
	if (differs)
		return false;
	return !l->n_owners ||
	       !memcmp(&s->owners[l->first_owner], &before->owners[old->first_owner],
		       l->n_owners * sizeof(*s->owners));
}

static unsigned int count_digits(uint32_t value)
{
	unsigned int n = 1;

	while ((value /= 10))
		n++;
	return n;
}

/* May the looks of @l be written over those of @old? */
static bool looks_fit(const struct listener *l, const struct listener *old,
		      const struct listener_text *text)
{
	const uint32_t looks = l->peak.samples, old_looks = old->peak.samples;

	return looks == old_looks ||
	       (looks && text->looks && count_digits(looks) == count_digits(old_looks));
}

static void put_looks(struct sample_chunk *chunk, const struct listener_text *text, uint32_t looks)
{
	for (unsigned int n = count_digits(looks); n; looks /= 10)
		chunk->text.s[text->looks + --n] = (char)('0' + looks % 10);
}

/* The chunk of the last line that has the listener of @before; NULL: it was taken, or not found. */
static struct sample_chunk *find_chunk(struct copying *c, size_t listener)
{
	struct sample_writer *w = c->w;
	struct sample_chunk *chunk;

	for (; c->next < w->n_last; c->next++) {
		chunk = w->last[c->next];
		if (chunk && chunk->first + chunk->n > listener)
			return chunk->first <= listener ? chunk : NULL;
	}
	return NULL;
}

/*
 * Takes a chunk of the last line as it is, if its listeners are those from index @i on and have not
 * changed.
 */
static bool take_chunk(struct copying *c, struct sample_chunk *chunk, size_t i)
{
	const struct listener *l = &c->now->listeners[i], *old;
	bool looks_differ = false;

	if (i + chunk->n > c->now->n_listeners)
		return false;
	old = &c->before->listeners[chunk->first];
	for (size_t j = 0; j < chunk->n; j++) {
		if (l[j].addr.netns_idx != l[0].addr.netns_idx ||
		    !is_same(c->now, &l[j], c->before, &old[j]) ||
		    !looks_fit(&l[j], &old[j], &chunk->texts[j]))
			return false;
		looks_differ |= l[j].peak.samples != old[j].peak.samples;
	}
	for (size_t j = 0; looks_differ && j < chunk->n; j++)
		if (chunk->texts[j].looks)
			put_looks(chunk, &chunk->texts[j], l[j].peak.samples);
	c->w->last[c->next++] = NULL;
	return true;
}

static void make_text(struct sample_chunk *to, const struct snapshot *s, const struct listener *l)
{
	struct listener_text *text = &to->texts[to->n];
	const char *key = NULL;

	text->begin = (uint32_t)to->text.len;
	add_listener(&to->text, s, l);
	if (l->known & LISTENER_PEAK)
		key = memmem(to->text.s + text->begin, to->text.len - text->begin, LOOKS_KEY,
			     strlen(LOOKS_KEY));
	text->end = (uint32_t)to->text.len;
	text->looks = key ? (uint32_t)(key + strlen(LOOKS_KEY) - to->text.s) : 0;
}

/* Copies the text of a listener, @from, but for the number of its looks. */
static void copy_text(struct sample_chunk *to, const char *from, const struct listener_text *old,
		      uint32_t looks)
{
	struct listener_text *text = &to->texts[to->n];
	uint32_t rest = old->looks;

	*text = (struct listener_text){ .begin = (uint32_t)to->text.len };
	if (!rest) {
		rest = old->begin;
	} else {
		strbuf_add(&to->text, from + old->begin, rest - old->begin);
		text->looks = (uint32_t)to->text.len;
		strbuf_addu(&to->text, looks);
		while (from[rest] >= '0' && from[rest] <= '9')
			rest++;
	}
	strbuf_add(&to->text, from + rest, old->end - rest);
	text->end = (uint32_t)to->text.len;
}

static void add_text(struct copying *c, struct sample_chunk *to, const struct listener *l,
		     const struct listener *old)
{
	const struct sample_chunk *from = NULL;
	const struct listener_text *text;
	size_t index = 0;

	to->texts = array_grow(to->texts, to->n, &to->texts_size, sizeof(*to->texts));
	if (to->n)
		strbuf_putc(&to->text, ',');
	if (old && is_same(c->now, l, c->before, old)) {
		index = (size_t)(old - c->before->listeners);
		from = find_chunk(c, index);
	}
	text = from ? &from->texts[index - from->first] : NULL;
	if (from && (l->peak.samples == old->peak.samples || (l->peak.samples && text->looks)))
		copy_text(to, from->text.s, text, l->peak.samples);
	else
		make_text(to, c->now, l);
	to->n++;
}

/*
 * Fills a chunk with the listeners of a namespace from index @i on. It ends where one of the last
 * line begins, which may be taken as it is.
 */
static void fill_chunk(struct copying *c, struct sample_chunk *to, size_t i)
{
	const struct listener *all = c->now->listeners;
	const size_t max = c->old_idx == UINT32_MAX ? CHUNK_NEW : CHUNK_MAX;
	size_t n = 0;

	while (n < CHUNK_NEW && i + n < c->now->n_listeners &&
	       all[i + n].addr.netns_idx == all[i].addr.netns_idx)
		n++;
	strbuf_reserve(&to->text, n * TEXT_USUAL);
	to->texts = array_reserve(to->texts, 0, &to->texts_size, n, sizeof(*to->texts));
	for (size_t j = i; j < c->now->n_listeners && to->n < max &&
			   all[j].addr.netns_idx == all[i].addr.netns_idx;
	     j++) {
		const struct listener *old = NULL;
		const struct sample_chunk *chunk;

		if (c->old_idx != UINT32_MAX)
			old = snapshot_find_near(c->before, c->old_idx, all[j].cookie, c->guess);
		if (old) {
			c->guess = (size_t)(old - c->before->listeners);
			chunk = find_chunk(c, c->guess);
			if (to->n && chunk && chunk->first == c->guess && chunk->n >= CHUNK_LEAST)
				return;
			c->guess++;
		}
		add_text(c, to, &all[j], old);
	}
}

static void add_chunk(struct sample_writer *w, struct sample_chunk *chunk)
{
	w->chunks =
		array_grow(w->chunks, w->n_chunks, &w->chunks_size, sizeof(struct sample_chunk *));
	w->chunks[w->n_chunks++] = chunk;
	chunk->at = w->line.len;
	w->len += chunk->text.len;
}

/*
 * Adds the listeners of a namespace, from index @i on. Returns the index behind them.
 * @old_idx: of the same namespace in the sample before; UINT32_MAX: none
 */
static size_t copy_listeners(struct copying *c, size_t i, uint32_t old_idx)
{
	const struct listener *all = c->now->listeners;
	const uint32_t netns_idx = all[i].addr.netns_idx;
	const size_t first = i;

	c->old_idx = old_idx;
	c->guess = old_idx == UINT32_MAX ? 0 : c->before->netns[old_idx].first_listener;
	c->next = 0;
	while (i < c->now->n_listeners && all[i].addr.netns_idx == netns_idx) {
		struct sample_chunk *chunk = old_idx == UINT32_MAX ? NULL : find_chunk(c, c->guess);

		if (i > first)
			strbuf_putc(&c->w->line, ',');
		if (chunk && chunk->first == c->guess && take_chunk(c, chunk, i)) {
			c->guess += chunk->n;
		} else {
			chunk = xcalloc(1, sizeof(*chunk));
			fill_chunk(c, chunk, i);
		}
		chunk->first = i;
		add_chunk(c->w, chunk);
		i += chunk->n;
	}
	return i;
}

/* Index of the same namespace in the sample before; UINT32_MAX: there is none. */
static uint32_t find_netns(const struct copying *c, const struct snapshot *s, uint32_t netns_idx)
{
	const uint64_t id = netns_id(&s->netns[netns_idx]);
	const struct netns *ns;

	if (!c->before)
		return UINT32_MAX;
	if (netns_idx < c->before->n_netns && netns_id(&c->before->netns[netns_idx]) == id)
		return netns_idx;
	ns = snapshot_find_netns(c->before, id);
	return ns ? (uint32_t)(ns - c->before->netns) : UINT32_MAX;
}

/*
 * @next: index of the first listener that is not written yet; moved behind those of @netns_idx
 * @copying: NULL: there is no line before
 */
static void add_netns(struct strbuf *to, const struct snapshot *s, uint32_t netns_idx, size_t *next,
		      struct copying *copying)
{
	const struct listener *all = s->listeners;

	begin_object(to);
	add_fields(to, &saved_netns, &s->netns[netns_idx]);
	add_key(to, "listeners");
	strbuf_putc(to, '[');
	if (copying && *next < s->n_listeners && all[*next].addr.netns_idx == netns_idx)
		*next = copy_listeners(copying, *next, find_netns(copying, s, netns_idx));
	for (; *next < s->n_listeners && all[*next].addr.netns_idx == netns_idx; ++*next)
		add_listener(to, s, &all[*next]);
	strbuf_adds(to, "]}");
}

static size_t size_of(enum saved_type type)
{
	return type == SAVED_U64 || type == SAVED_ID ? sizeof(uint64_t) : sizeof(uint32_t);
}

/* Is any bit of the mask set in the group? Few groups stand in the line, and there may be many. */
static bool has_any(const struct group *g, const struct group *mask)
{
	uint32_t any = 0;

	for (size_t i = 0; i < sizeof(*g) / sizeof(any); i++) {
		uint32_t a, b;

		memcpy(&a, (const char *)g + i * sizeof(a), sizeof(a));
		memcpy(&b, (const char *)mask + i * sizeof(b), sizeof(b));
		any |= a & b;
	}
	return any;
}

/* Only what groups_build() does not find out again. */
static void add_groups(struct strbuf *to, const struct snapshot *s)
{
	struct group mask = { 0 };

	for (size_t i = 0; i < saved_group.n; i++) {
		const struct saved_field *f = &saved_group.fields[i];

		mask.known |= f->known;
		if (!f->known)
			memset((char *)&mask + f->offset, 0xff, size_of(f->type));
	}
	add_key(to, "groups");
	strbuf_putc(to, '[');
	for (size_t i = 0; i < s->n_groups; i++) {
		if (!has_any(&s->groups[i], &mask))
			continue;
		begin_object(to);
		add_key(to, "group");
		strbuf_addu(to, i);
		add_fields(to, &saved_group, &s->groups[i]);
		strbuf_putc(to, '}');
	}
	strbuf_putc(to, ']');
}

static void add_array(struct strbuf *to, const char *key, const struct saved_object *object,
		      const void *array, size_t n, size_t size)
{
	if (!n)
		return;
	add_key(to, key);
	strbuf_putc(to, '[');
	for (size_t i = 0; i < n; i++) {
		begin_object(to);
		add_fields(to, object, (const char *)array + i * size);
		strbuf_putc(to, '}');
	}
	strbuf_putc(to, ']');
}

static void add_warnings(struct strbuf *to, const struct snapshot *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_warnings + s->n_retracted; i++) {
		if (s->warnings[i].of_report)
			continue;
		if (!any) {
			add_key(to, "warnings");
			strbuf_putc(to, '[');
		}
		any = true;
		begin_object(to);
		add_key(to, "code");
		sample_line_add_text(to, s->warnings[i].code);
		add_key(to, "message");
		sample_line_add_text(to, s->warnings[i].message);
		strbuf_putc(to, '}');
	}
	strbuf_adds(to, any ? "]" : "");
}

static void add_sample(struct strbuf *to, const struct snapshot *s, struct copying *copying)
{
	size_t next = 0;

	strbuf_putc(to, '{');
	add_fields(to, &saved_snapshot, s);
	add_key(to, "netns");
	strbuf_putc(to, '[');
	for (uint32_t i = 0; i < s->n_netns; i++)
		add_netns(to, s, i, &next, copying);
	strbuf_putc(to, ']');
	if (s->known & SNAPSHOT_GROUPS)
		add_groups(to, s);
#define ADD(name, object) add_array(to, #name, &(object), s->name, s->n_##name, sizeof(*s->name));
	SAVED_FLAT_ARRAYS(ADD)
	ADD(connections, saved_connection)
#undef ADD
	add_warnings(to, s);
	strbuf_adds(to, "}\n");
}

void sample_line_add(struct strbuf *to, const struct snapshot *s)
{
	add_sample(to, s, NULL);
}

static void free_chunks(struct sample_chunk **chunks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!chunks[i])
			continue;
		strbuf_free(&chunks[i]->text);
		free(chunks[i]->texts);
		free(chunks[i]);
	}
}

void sample_writer_begin(struct sample_writer *w)
{
	struct sample_chunk **last = w->last;
	const size_t size = w->last_size;

	w->last = w->chunks;
	w->n_last = w->n_chunks;
	w->last_size = w->chunks_size;
	w->chunks = last;
	w->n_chunks = 0;
	w->chunks_size = size;
	w->line.len = 0;
	w->len = 0;
}

void sample_writer_add(struct sample_writer *w, const struct snapshot *before,
		       const struct snapshot *now)
{
	struct copying c = { .w = w, .now = now };

	if (before->monotonic_ns == w->ns)
		c.before = before;
	add_sample(&w->line, now, &c);
	w->len += w->line.len;
	w->ns = now->monotonic_ns;
	free_chunks(w->last, w->n_last);
	w->n_last = 0;
}

/* Adds what @from has behind the first @skip bytes of the line, which become fewer. */
static size_t add_part(struct iovec *part, const char *from, size_t len, size_t *skip)
{
	const size_t skipped = num_min(*skip, len);

	*skip -= skipped;
	part->iov_base = (char *)from + skipped;
	part->iov_len = len - skipped;
	return part->iov_len > 0;
}

size_t sample_writer_parts(const struct sample_writer *w, size_t skip, struct iovec *parts,
			   size_t max)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i <= w->n_chunks && n + 2 <= max; i++) {
		const struct sample_chunk *chunk = i < w->n_chunks ? w->chunks[i] : NULL;
		const size_t end = chunk ? chunk->at : w->line.len;

		n += add_part(&parts[n], w->line.s + at, end - at, &skip);
		if (chunk)
			n += add_part(&parts[n], chunk->text.s, chunk->text.len, &skip);
		at = end;
	}
	return n;
}

void sample_writer_free(struct sample_writer *w)
{
	free_chunks(w->chunks, w->n_chunks);
	free_chunks(w->last, w->n_last);
	free(w->chunks);
	free(w->last);
	strbuf_free(&w->line);
	memset(w, 0, sizeof(*w));
}
