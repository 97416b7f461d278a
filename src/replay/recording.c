/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/recording.h"

#include "base/alloc.h"
#include "base/idmap.h"
#include "base/num.h"
#include "replay/json_reader.h"
#include "replay/sample_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_TOO_LONG  "the line has more than 256 MiB"
#define CHUNK_BYTES    (256u << 10)
#define PROGRESS_BYTES (16u << 20)

/* What is damaged after so many places belongs to the last of them. */
#define DAMAGES_MAX 32

/* Hosts and boots, each with what it samples. No recording of a host has so many. */
#define HEADERS_MAX 65536

/* The times of a sample are its first three members, with names and numbers of 20 digits. */
#define HEAD_BYTES 128

struct recording {
	int fd;
	char *name, *older;
	bool has_path; /* that is its name */
	struct recording_entry *entries;
	size_t n_entries, entries_size;
	uint32_t *runs; /* index into headers */
	size_t n_runs, runs_size;
	struct header_line *headers; /* no two are the same */
	size_t n_headers, headers_size;
	bool cut;
	struct recording_damage damages[DAMAGES_MAX];
	size_t n_damages;
	struct strbuf line;
	struct string_pool *strings; /* of the last sample that was read */
};

/* The pass that makes the index. */
struct indexing {
	struct recording *r;
	int from; /* standard input, where it is copied into r->fd; -1: r->fd is read itself */
	uint64_t begin, end; /* of what has been read of the line in hand */
	char head[HEAD_BYTES]; /* its first bytes */
	size_t head_len;
	size_t line; /* its number, from 1 */
	struct header_line header; /* of the run in hand */
	bool begun; /* there was a header */
	bool begins; /* the next sample is the first one of the run */
	struct idmap by_header; /* index into r->headers */
	struct idmap by_boot; /* index into newest */
	uint64_t *newest; /* of each boot the time of the last sample */
	size_t n_newest, newest_size;
	size_t boot; /* that of the run in hand */
	bool has_window; /* there was one */
	bool damaged; /* what is wrong is a damaged line */
	bool skips; /* what follows a damaged line, up to the next header */
	struct error *why;
};

/* The times of a sample. */
struct times {
	uint64_t wall_ns, monotonic_ns, previous_ns;
	bool has_wall, has_monotonic, has_previous;
};

static __attribute__((format(printf, 3, 4))) int refuse(struct indexing *x, size_t byte,
							const char *format, ...)
{
	char problem[256];
	va_list args;

	va_start(args, format);
	vsnprintf(problem, sizeof(problem), format, args);
	va_end(args);
	return error_set(x->why, -EINVAL, "%s, line %zu, byte %zu: %s", x->r->name, x->line, byte,
			 problem);
}

/*
 * Says that a line is damaged. @what: "byte 5: ..."
 * @whole: what is left without it is a recording, as it is no header
 */
static int call_damaged(const struct recording *r, size_t line, const char *what, bool whole,
			struct error *why)
{
	struct strbuf way_out = { 0 };

	if (whole && r->has_path) {
		strbuf_addf(&way_out, "; without it: sed %zud ", line);
		text_add_word(&way_out, r->name, 0);
		strbuf_adds(&way_out, " | listenq --replay=-");
	}
	error_set(why, -EINVAL, "%s: line %zu is damaged, %s%s", r->name, line, what,
		  way_out.len ? way_out.s : "");
	strbuf_free(&way_out);
	return -EINVAL;
}

/* The sample in hand is damaged. */
static int refuse_sample(struct indexing *x, size_t byte, const char *problem)
{
	struct error what;

	error_set(&what, 0, "byte %zu: %s", byte, problem);
	x->damaged = true;
	return call_damaged(x->r, x->line, what.text, x->begun, x->why);
}

/* Reads @size bytes at @offset into r->line. */
static int read_line(struct recording *r, uint64_t offset, size_t size, struct error *why)
{
	r->line.len = 0;
	strbuf_reserve(&r->line, size);
	while (r->line.len < size) {
		ssize_t n = pread(r->fd, r->line.s + r->line.len, size - r->line.len,
				  (off_t)(offset + r->line.len));

		if (n < 0 && errno != EINTR)
			return error_set(why, -errno, "cannot read %s: %s", r->name,
					 strerror(errno));
		if (n == 0)
			return error_set(why, -EIO, "%s became shorter while it was read", r->name);
		r->line.len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int add_header(struct indexing *x)
{
	struct recording *r = x->r;
	struct header_line h = { 0 };
	struct error what;
	int code = read_line(r, x->begin, (size_t)(x->end - x->begin), x->why);

	if (code == 0 && header_line_read(&h, r->line.s, r->line.len, &what) < 0) {
		code = call_damaged(r, x->line, what.text, false, x->why);
		x->damaged = true;
	} else if (code == 0 && h.format_version != HEADER_LINE_VERSION) {
		code = error_set(x->why, -EINVAL,
				 "%s, line %zu: its format version is %llu, and this listenq reads "
				 "%d; a newer one is needed",
				 r->name, x->line, (unsigned long long)h.format_version,
				 HEADER_LINE_VERSION);
	}
	header_line_free(&h);
	if (code < 0)
		return code;
	h.namespaces = (struct strbuf){ 0 };
	x->header = h;
	x->begun = x->begins = true;
	return 0;
}

static bool same_header(const struct header_line *a, const struct header_line *b)
{
	return !strcmp(a->host, b->host) && !strcmp(a->boot_id, b->boot_id) &&
	       a->needs == b->needs && a->all_namespaces == b->all_namespaces &&
	       a->n_namespaces == b->n_namespaces;
}

static uint64_t boot_hash(const struct header_line *h)
{
	return idmap_mix(idmap_hash(h->host, strlen(h->host))) ^
	       idmap_hash(h->boot_id, strlen(h->boot_id));
}

/*
 * Samples of a boot have to be in the order of time, whatever stands between its runs. Between two
 * boots only wall clocks tell the order, and they are set. An unknown boot is a new one each time.
 */
static void begin_boot(struct indexing *x)
{
	const struct header_line *h = &x->header;
	const uint64_t id = boot_hash(h);
	const uint32_t i =
		*h->boot_id ? idmap_put(&x->by_boot, id, (uint32_t)x->n_newest) : IDMAP_NONE;

	x->boot = i == IDMAP_NONE ? x->n_newest : i;
	if (x->boot < x->n_newest)
		return;
	x->newest = array_grow(x->newest, x->n_newest, &x->newest_size, sizeof(*x->newest));
	x->newest[x->n_newest++] = 0;
}

/* Adds a run with the header in hand. */
static int begin_run(struct indexing *x)
{
	struct recording *r = x->r;
	const struct header_line *h = &x->header;
	const uint64_t id = boot_hash(h) ^ idmap_mix((uint64_t)h->needs << 32 ^
						     h->n_namespaces << 1 ^ h->all_namespaces);
	uint32_t i = idmap_put(&x->by_header, id, (uint32_t)r->n_headers);

	if (i == IDMAP_NONE || !same_header(&r->headers[i], h)) {
		if (r->n_headers == HEADERS_MAX)
			return refuse(x, 1, "there are more than %u hosts and boots in the file",
				      HEADERS_MAX);
		r->headers =
			array_grow(r->headers, r->n_headers, &r->headers_size, sizeof(*r->headers));
		i = (uint32_t)r->n_headers;
		r->headers[r->n_headers++] = *h;
	}
	r->runs = array_grow(r->runs, r->n_runs, &r->runs_size, sizeof(*r->runs));
	r->runs[r->n_runs++] = i;
	x->begins = false;
	begin_boot(x);
	return 0;
}

/* Reads the value if @key is one of the times. */
static bool read_time(struct json_reader *json, const char *key, struct times *t)
{
	const struct {
		const char *key;
		uint64_t *value, max;
		bool *has;
	} members[] = {
		{ "wall", &t->wall_ns, INT64_MAX, &t->has_wall },
		{ "monotonic_ns", &t->monotonic_ns, UINT64_MAX, &t->has_monotonic },
		{ "previous_ns", &t->previous_ns, UINT64_MAX, &t->has_previous },
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(key, members[i].key) != 0)
			continue;
		if (*members[i].has)
			json_reader_fail(json, "the key stands there twice");
		*members[i].has = true;
		*members[i].value = json_reader_u64(json, members[i].max);
		return true;
	}
	return false;
}

/* Are the times the first members, as sample_line_add() writes them? */
static bool read_head(const struct indexing *x, struct times *t)
{
	struct json_reader json;
	const char *key;

	json_reader_init(&json, x->head, x->head_len);
	json_reader_enter(&json, '{');
	while (!t->has_previous && (key = json_reader_key(&json)) && read_time(&json, key, t))
		;
	/* At the end of the head a number may go on behind it. */
	t->has_previous &= !json_reader_failed(&json) && json.at < json.end;
	json_reader_free(&json);
	return t->has_wall && t->has_monotonic && t->has_previous;
}

static int read_whole(struct indexing *x, struct times *t)
{
	struct recording *r = x->r;
	struct json_reader json;
	int code = read_line(r, x->begin, (size_t)(x->end - x->begin), x->why);

	if (code < 0)
		return code;
	json_reader_init(&json, r->line.s, r->line.len - 1);
	json_reader_enter(&json, '{');
	for (const char *key; (key = json_reader_key(&json));)
		if (!read_time(&json, key, t))
			json_reader_skip(&json);
	json_reader_end(&json);
	if (!t->has_wall || !t->has_monotonic)
		json_reader_fail(&json, "the sample before lacks its time");
	if (json_reader_failed(&json))
		code = refuse_sample(x, json_reader_byte(&json), json.problem);
	json_reader_free(&json);
	return code;
}

static int add_sample(struct indexing *x)
{
	struct recording *r = x->r;
	const struct recording_entry *last = r->n_entries ? &r->entries[r->n_entries - 1] : NULL;
	struct recording_entry e = { .offset = x->begin,
				     .size = (uint32_t)(x->end - x->begin),
				     .line = (uint32_t)x->line };
	struct times t = { 0 };
	int code = 0;

	if (!read_head(x, &t)) {
		t = (struct times){ 0 };
		code = read_whole(x, &t);
	}
	if (code == 0 && x->begins)
		code = begin_run(x);
	if (code < 0)
		return code;
	e.run = (uint32_t)r->n_runs - 1;
	e.monotonic_ns = t.monotonic_ns;
	e.wall_ns = (int64_t)t.wall_ns;
	if (last && last->run == e.run) {
		if (e.monotonic_ns <= last->monotonic_ns)
			return refuse_sample(x, 1, "the sample is not later than the one before");
		e.follows = t.previous_ns == last->monotonic_ns;
		x->has_window = true;
	} else if (e.monotonic_ns < x->newest[x->boot]) {
		return refuse(x, 1,
			      "this run is older than one above it; join files with the "
			      "oldest first: cat FILE.1 FILE | listenq --replay=-");
	}
	x->newest[x->boot] = e.monotonic_ns;
	r->entries = array_grow(r->entries, r->n_entries, &r->entries_size, sizeof(*r->entries));
	r->entries[r->n_entries++] = e;
	return 0;
}

static bool is_header(const struct indexing *x)
{
	const size_t len = num_min(x->head_len, strlen(HEADER_LINE_BEGIN));

	return x->head_len && memcmp(x->head, HEADER_LINE_BEGIN, len) == 0;
}

static int refuse_beginning(struct indexing *x)
{
	static const struct {
		char magic[5];
		const char *command;
	} compressed[] = {
		{ "\x1f\x8b", "zcat" },
		{ "\xfd\x37zX", "xzcat" },
		{ "\x28\xb5\x2f\xfd", "zstdcat" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(compressed); i++) {
		const size_t len = strlen(compressed[i].magic);

		if (x->head_len >= len && !memcmp(x->head, compressed[i].magic, len))
			return refuse(x, 1, "it is compressed: %s FILE | listenq --replay=-",
				      compressed[i].command);
	}
	return refuse(x, 1, "a recording of listenq begins with a header, not with this");
}

/* Takes the next bytes of a line. @whole: its newline is the last of them */
static int add_bytes(struct indexing *x, const char *bytes, size_t n, bool whole)
{
	const size_t head = num_min(n, sizeof(x->head) - x->head_len);
	bool too_long;
	int code = 0;

	memcpy(x->head + x->head_len, bytes, head);
	x->head_len += head;
	x->end += n;
	too_long = x->end - x->begin > SAMPLE_LINE_MAX;
	if (too_long && !x->skips)
		code = refuse_sample(x, SAMPLE_LINE_MAX, LINE_TOO_LONG);
	else if (!x->begun && !is_header(x))
		return refuse_beginning(x);
	if (!whole)
		return code;
	x->skips &= !is_header(x) || too_long;
	if (code == 0 && !x->skips)
		code = is_header(x) ? add_header(x) : add_sample(x);
	x->begin = x->end;
	x->head_len = 0;
	x->line++;
	return code;
}

/* Goes on at the next header: what a power failure has damaged are the last lines of a run. */
static void skip_damage(struct indexing *x, size_t line)
{
	struct recording *r = x->r;

	struct recording_damage *last = r->n_damages ? &r->damages[r->n_damages - 1] : NULL;

	if (last && (last->to == r->n_entries || r->n_damages == DAMAGES_MAX))
		last->to = r->n_entries;
	else
		r->damages[r->n_damages++] = (struct recording_damage){
			.line = line,
			.from = r->n_entries,
			.to = r->n_entries,
			.why = *x->why,
		};
	x->damaged = false;
	x->skips = true;
}

static int add_chunk(struct indexing *x, const char *bytes, size_t n)
{
	int code = 0;

	while (n && code == 0) {
		const char *end = memchr(bytes, '\n', n);
		const size_t len = end ? (size_t)(end + 1 - bytes) : n;

		const size_t line = x->line;

		code = add_bytes(x, bytes, len, end);
		if (x->damaged && x->begun) {
			skip_damage(x, line);
			code = 0;
		}
		bytes += len;
		n -= len;
	}
	return code;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno != EINTR)
			return -errno;
		bytes += written > 0 ? written : 0;
		n -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Returns how many bytes come next, 0 at the end, or -errno. */
static ssize_t next_chunk(struct indexing *x, char *chunk)
{
	const struct recording *r = x->r;
	ssize_t n;
	int code;

	do
		n = x->from >= 0 ? read(x->from, chunk, CHUNK_BYTES) :
				   pread(r->fd, chunk, CHUNK_BYTES, (off_t)x->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set(x->why, -errno, "cannot read %s: %s", r->name, strerror(errno));
	code = x->from >= 0 ? write_all(r->fd, chunk, (size_t)n) : 0;
	if (code < 0)
		return error_set(x->why, code,
				 "cannot copy %s into a temporary file: %s; TMPDIR may name "
				 "another directory",
				 r->name, strerror(-code));
	return n;
}

static int make_index(struct indexing *x, uint64_t size,
		      void (*progress)(void *context, uint64_t done, uint64_t size), void *context)
{
	struct recording *r = x->r;
	const uint64_t begin = x->end;
	char *chunk = xmalloc(CHUNK_BYTES);
	uint64_t shown = 0;
	ssize_t n;
	int code = 0;

	while (code == 0 && (n = next_chunk(x, chunk)) != 0) {
		code = n < 0 ? (int)n : add_chunk(x, chunk, (size_t)n);
		if (progress && x->end - shown >= PROGRESS_BYTES) {
			shown = x->end;
			progress(context, shown - begin, size);
		}
	}
	free(chunk);
	idmap_free(&x->by_header);
	idmap_free(&x->by_boot);
	free(x->newest);
	if (code < 0)
		return code;
	if (r->n_damages && !x->has_window)
		return error_set(x->why, -EINVAL, "%s", r->damages[0].why.text);
	r->cut = x->end > x->begin && !x->skips;
	if (x->begun)
		return 0;
	return error_set(x->why, -EINVAL, "%s %s", r->name,
			 r->cut ? "ends in its first line" : "is empty");
}

/* Makes a file without a name. Returns its descriptor or -errno. */
static int open_temporary(void)
{
	const char *dir = getenv("TMPDIR");
	char *path;
	int fd;

	if (!dir || !*dir)
		dir = "/var/tmp"; /* unlike /tmp it is seldom in memory */
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not all file systems have O_TMPFILE. */
	path = xasprintf("%s/listenq-", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	else
		unlink(path);
	free(path);
	return fd;
}

/* Opens the file to read samples from; sets x->from where standard input is copied into it. */
static int open_file(struct indexing *x, const char *path, struct stat *st)
{
	struct recording *r = x->r;
	const bool standard = !strcmp(path, "-");

	/* Opening a FIFO waits for a writer without O_NONBLOCK. */
	r->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
			   open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r->fd < 0 || fstat(r->fd, st) < 0)
		return error_set(x->why, -errno, "cannot open %s: %s", r->name, strerror(errno));
	if (S_ISREG(st->st_mode)) {
		posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		x->begin = x->end = standard ? (uint64_t)lseek(r->fd, 0, SEEK_CUR) : 0;
		return 0;
	}
	if (S_ISDIR(st->st_mode))
		return error_set(x->why, -EISDIR, "cannot read %s: it is a directory", r->name);
	if (!standard)
		return error_set(x->why, -EINVAL,
				 "cannot read %s: it is not a regular file; a pipe is read with "
				 "--replay=- < %s",
				 r->name, r->name);
	close(r->fd);
	x->from = STDIN_FILENO;
	st->st_size = 0;
	r->fd = open_temporary();
	if (r->fd >= 0)
		return 0;
	return error_set(x->why, r->fd,
			 "cannot make a temporary file to copy %s into: %s; TMPDIR may name "
			 "another directory",
			 r->name, strerror(-r->fd));
}

/* Notes whether there is a file that --record-size may have left. */
static void find_older(struct recording *r, const char *path)
{
	char *older = xasprintf("%s.1", path), begin[sizeof(HEADER_LINE_BEGIN) - 1];
	const int fd = open(older, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && pread(fd, begin, sizeof(begin), 0) == (ssize_t)sizeof(begin) &&
	    !memcmp(begin, HEADER_LINE_BEGIN, sizeof(begin))) {
		r->older = older;
		older = NULL;
	}
	if (fd >= 0)
		close(fd);
	free(older);
}

int recording_open(struct recording **to, const char *path,
		   void (*progress)(void *context, uint64_t done, uint64_t size), void *context,
		   struct error *why)
{
	struct recording *r = xcalloc(1, sizeof(*r));
	struct indexing x = { .r = r, .from = -1, .line = 1, .why = why };
	struct stat st;
	int code;

	r->has_path = strcmp(path, "-") != 0;
	r->name = xstrdup(r->has_path ? path : "standard input");
	code = open_file(&x, path, &st);
	if (code == 0)
		code = make_index(&x, (uint64_t)st.st_size, progress, context);
	if (code == 0 && r->has_path)
		find_older(r, path);
	if (code < 0) {
		recording_close(r);
		r = NULL;
	}
	*to = r;
	return code;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->runs);
	free(r->headers);
	free(r->entries);
	free(r->name);
	free(r->older);
	strbuf_free(&r->line);
	string_pool_put(r->strings);
	free(r);
}

const char *recording_name(const struct recording *r)
{
	return r->name;
}

const char *recording_path(const struct recording *r)
{
	return r->has_path ? r->name : NULL;
}

const char *recording_older(const struct recording *r)
{
	return r->older;
}

size_t recording_count(const struct recording *r)
{
	return r->n_entries;
}

const struct recording_entry *recording_entry(const struct recording *r, size_t i)
{
	return &r->entries[i];
}

const struct header_line *recording_header(const struct recording *r, size_t run)
{
	return &r->headers[r->runs[run]];
}

enum boots recording_boots(const struct recording *r, size_t run, size_t other)
{
	const struct header_line *a = recording_header(r, run);
	const struct header_line *b = recording_header(r, other);

	return run == other ? BOOTS_SAME : boots_compare(a->host, a->boot_id, b->host, b->boot_id);
}

bool recording_has_window(const struct recording *r, size_t i)
{
	return i > 0 && r->entries[i - 1].run == r->entries[i].run;
}

/* What the sample knows of the time since a sample that was left out is not of the window. */
static void forget_window(struct snapshot *s, uint64_t opening_ns)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		s->listeners[i].known &= (uint16_t)~LISTENER_PEAK;
	for (size_t i = 0; i < s->n_netns; i++)
		s->netns[i].looked = false;
	snapshot_forget_comparisons(s, opening_ns);
	snapshot_warn(s, "replay-gap",
		      "samples were left out before this one, as --record-when does: peaks are "
		      "unknown, and what came and went between them");
}

int recording_read(struct recording *r, size_t i, struct snapshot *s, struct error *why)
{
	const struct recording_entry *e = &r->entries[i];
	struct error what;
	int code;

	snapshot_reset(s);
	code = read_line(r, e->offset, e->size, why);
	if (code < 0)
		return code;
	r->strings = string_pool_next(r->strings);
	s->strings = string_pool_get(r->strings);
	code = sample_line_read(s, r->line.s, r->line.len, &what);
	if (code < 0)
		return call_damaged(r, e->line, what.text, true, why);
	if (s->monotonic_ns != e->monotonic_ns)
		return error_set(why, -EIO, "%s was changed while it was read", r->name);
	if (recording_has_window(r, i) && !e->follows)
		forget_window(s, r->entries[i - 1].monotonic_ns);
	if (s->missed)
		snapshot_warn(s, "replay-missed",
			      "%llu sample%s to be recorded before this one could not be written, "
			      "as on a full disk; with --record-when a listener matched in each",
			      (unsigned long long)s->missed, s->missed == 1 ? "" : "s");
	return 0;
}

const struct recording_damage *recording_damage(const struct recording *r, size_t i)
{
	return i < r->n_damages ? &r->damages[i] : NULL;
}

bool recording_is_cut(const struct recording *r)
{
	return r->cut;
}
