/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/recorder.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "replay/own_file.h"
#include "replay/sample_line.h"
#include "replay/sample_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where samples are chosen, one is written after so long. */
#define PULSE_NS (60 * NSEC_PER_SEC)

/* A header line names each namespace that the user did. */
#define HEADER_MAX (1u << 20)

#define CHUNK 65536

/* Parts of a line that are written at once. */
#define PARTS 256

/* The next line would make the file too large. */
#define FULL 1

struct recorder {
	struct recorder_config config;
	struct own_file file;
	char *former; /* where the file goes when it is full */
	struct sample_writer writer;
	uint64_t size; /* of the file, in whole lines */
	size_t n_samples; /* in the file; those of earlier runs count as two */
	uint64_t last_ns; /* of the last sample in this run's part; 0: that has not begun */
	bool trails; /* the sample after one that was to be kept is not written yet */
	/* Samples that were wanted and could not be written. */
	uint64_t missed; /* the file does not say so yet */
	uint64_t missed_ns; /* monotonic_ns of the last one */
	uint64_t n_missing; /* the file says so, and the user does not know yet */
	struct error failure; /* why; "": the last one was written */
	bool said_large;
	struct strbuf news; /* for the next return of recorder_add() */
	bool told; /* it has been returned */
};

/* What was read of the file last: whoever goes back line by line does not read it for each. */
struct chunk {
	int fd;
	off_t begin, end; /* of @bytes in the file */
	char bytes[CHUNK];
};

static __attribute__((format(printf, 2, 3))) void say(struct recorder *r, const char *format, ...)
{
	char text[sizeof(struct error)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	strbuf_addf(&r->news, r->news.len ? "; %s" : "%s", text);
}

/* @path: what the file is called now */
static int close_file(struct recorder *r, const char *path, struct error *why)
{
	const int code = own_file_close(&r->file);

	if (code == 0)
		return 0;
	return error_set(why, code, "cannot close %s: %s; its last samples may be lost", path,
			 strerror(-code));
}

/* Reads the first line. Returns its length with the newline, 0 if it does not end, or -errno. */
static ssize_t read_first_line(const struct own_file *file, struct strbuf *text)
{
	const char *end = NULL;
	int code = 0;

	for (size_t size = CHUNK / 16; code == 0 && !end && size <= HEADER_MAX; size *= 4) {
		code = own_file_read(file, text, size);
		end = memchr(text->s, '\n', text->len);
	}
	if (code < 0)
		return code;
	return end ? end + 1 - text->s : 0;
}

/*
 * May samples be added to it? A first line that a crash has cut off may. -EBADMSG: it is a
 * recording, but damaged or of another version.
 */
static int check_header(const struct own_file *file, struct error *why)
{
	struct strbuf text = { 0 };
	struct header_line header = { 0 };
	const ssize_t len = read_first_line(file, &text);
	const size_t begin = num_min(text.len, strlen(HEADER_LINE_BEGIN));
	struct error what;
	int code = 0;

	if (len < 0)
		code = own_file_refuse(file, (int)len, strerror((int)-len), why);
	else if (memcmp(text.s, HEADER_LINE_BEGIN, begin) != 0 || (!len && text.len > CHUNK))
		code = own_file_refuse(
			file, -EINVAL,
			"it is another file, and nothing is added to it; name a new one", why);
	else if (len && header_line_read(&header, text.s, (size_t)len, &what) < 0)
		code = error_set(why, -EBADMSG,
				 "cannot use %s as %s: line 1, %s; rename it, or name a new one",
				 file->path, file->use, what.text);
	else if (len && header.format_version != HEADER_LINE_VERSION)
		code = error_set(why, -EBADMSG,
				 "cannot use %s as %s: it has format version %llu, and this "
				 "listenq writes %d; rename it, or name a new one",
				 file->path, file->use, (unsigned long long)header.format_version,
				 HEADER_LINE_VERSION);
	header_line_free(&header);
	strbuf_free(&text);
	return code;
}

/* Reads bytes up to @end, unless the last one of them is in the chunk. Returns 0 or -errno. */
static int read_chunk(struct chunk *c, off_t end)
{
	const size_t n = (size_t)num_min_u64((uint64_t)end, CHUNK);

	if (end > c->begin && end <= c->end)
		return 0;
	c->begin = c->end = 0;
	errno = 0;
	if (pread(c->fd, c->bytes, n, end - (off_t)n) != (ssize_t)n)
		return errno ? -errno : -EIO;
	c->begin = end - (off_t)n;
	c->end = end;
	return 0;
}

/* Returns where the last whole line ends, or -errno. */
static off_t find_end(struct chunk *c, off_t size)
{
	while (size > 0) {
		const int code = read_chunk(c, size);
		const char *newline;

		if (code < 0)
			return code;
		newline = memrchr(c->bytes, '\n', (size_t)(size - c->begin));
		if (newline)
			return c->begin + (newline + 1 - c->bytes);
		size = c->begin;
	}
	return 0;
}

/* Can it be read? What cannot is junk, as of a file system that was damaged. */
static bool is_sound(struct chunk *c, off_t begin, off_t end)
{
	struct strbuf text = { 0 };
	struct header_line header = { 0 };
	struct snapshot sample = { 0 };
	const size_t len = (size_t)(end - begin);
	struct error why;
	bool sound;

	if (read_chunk(c, begin + 1) < 0)
		return true; /* unknown */
	if (c->bytes[begin - c->begin] != '{' || len > SAMPLE_LINE_MAX)
		return false;
	strbuf_reserve(&text, len);
	if (pread(c->fd, text.s, len, begin) != (ssize_t)len)
		sound = true; /* unknown */
	else if (len >= strlen(HEADER_LINE_BEGIN) &&
		 !memcmp(text.s, HEADER_LINE_BEGIN, strlen(HEADER_LINE_BEGIN)))
		sound = header_line_read(&header, text.s, len, &why) == 0;
	else
		sound = sample_line_read(&sample, text.s, len, &why) == 0;
	header_line_free(&header);
	snapshot_free(&sample);
	strbuf_free(&text);
	return sound;
}

/*
 * Returns where the last line ends that can be read, or -errno: what is added behind one that
 * cannot would never be looked at. @end: of the last whole line
 */
static off_t find_sound_end(struct chunk *c, off_t end)
{
	while (end > 0) {
		const off_t begin = find_end(c, end - 1);

		if (begin <= 0) /* the first line is checked already */
			return begin < 0 ? begin : end;
		if (is_sound(c, begin, end))
			break;
		end = begin;
	}
	return end;
}

/* May the file that the full one replaces be lost? Only one that a recorder has left there. */
static int check_former(const struct recorder *r, struct error *why)
{
	const struct own_file former = { r->former, "the former recording", -1, false };
	char begin[sizeof(HEADER_LINE_BEGIN) - 1];
	const char *wrong = NULL;
	struct stat st;
	int fd;

	if (lstat(former.path, &st) < 0)
		return errno == ENOENT ? 0 : own_file_refuse(&former, -errno, strerror(errno), why);
	fd = S_ISREG(st.st_mode) ?
		     open(former.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) :
		     -1;
	if (fd < 0 || st.st_uid != geteuid() ||
	    pread(fd, begin, sizeof(begin), 0) != (ssize_t)sizeof(begin) ||
	    memcmp(begin, HEADER_LINE_BEGIN, sizeof(begin)) != 0)
		wrong = "it is another file, and not replaced; remove it, or record to another one";
	if (fd >= 0)
		close(fd);
	return wrong ? own_file_refuse(&former, -EEXIST, wrong, why) : 0;
}

static int move_away(struct recorder *r, struct error *why)
{
	int code = check_former(r, why);
	struct error lost;

	if (code < 0)
		return code;
	if (rename(r->config.path, r->former) < 0)
		return error_set(why, -errno, "cannot rename %s to %s: %s", r->config.path,
				 r->former, strerror(errno));
	if (close_file(r, r->former, &lost) < 0)
		say(r, "%s", lost.text);
	return 0;
}

static int open_checked(struct own_file *file, struct stat *st, struct error *why)
{
	int code = own_file_open(file, why);

	if (code == -EWOULDBLOCK)
		own_file_refuse(file, code,
				"another listenq records to it; give each a file of its own", why);
	if (code < 0)
		return code;
	if (fstat(file->fd, st) < 0)
		return own_file_refuse(file, -errno, strerror(errno), why);
	return st->st_size ? check_header(file, why) : 0;
}

/* Opens the file for a run that begins. */
static int open_file(struct recorder *r, struct error *why)
{
	struct own_file *file = &r->file;
	struct chunk chunk;
	struct stat st;
	off_t whole = 0, end = 0;
	int code = open_checked(file, &st, why);

	/* A flight recorder goes on after an upgrade, and nobody is there to rename the file. */
	if (code == -EBADMSG && r->config.size_max) {
		code = move_away(r, why);
		if (code == 0)
			code = open_checked(file, &st, why);
		if (code == 0)
			say(r, "%s is damaged or of another format version: it is %s now",
			    file->path, r->former);
	}
	chunk.fd = file->fd;
	chunk.begin = chunk.end = 0;
	if (code == 0)
		whole = find_end(&chunk, st.st_size);
	if (code == 0)
		end = whole > 0 ? find_sound_end(&chunk, whole) : whole;
	if (code == 0 && (end < 0 || (end < st.st_size && ftruncate(file->fd, end) < 0)))
		code = own_file_refuse(file, -EIO, strerror(end < 0 ? (int)-end : errno), why);
	if (code < 0) {
		own_file_close(file);
		return code;
	}
	if (end < st.st_size)
		say(r,
		    end < whole ? "the end of %s was damaged: its last %llu bytes are removed" :
				  "the last line of %s was not whole: its %llu bytes are removed",
		    file->path, (unsigned long long)(st.st_size - end));
	r->size = (uint64_t)end;
	r->n_samples = end ? 2 : 0;
	r->last_ns = 0;
	return 0;
}

static int rotate(struct recorder *r, struct error *why)
{
	int code = move_away(r, why);

	return code < 0 ? code : open_file(r, why);
}

/*
 * Opens the file again if it is no longer what was written: after logrotate, rm or a write that
 * could not be undone.
 */
static int reopen_file(struct recorder *r, struct error *why)
{
	const char *news = NULL;
	struct error lost;
	struct stat st;
	int code;

	if (r->file.fd >= 0) {
		const bool in_place = own_file_in_place(&r->file);

		if (in_place && fstat(r->file.fd, &st) == 0 && (uint64_t)st.st_size == r->size)
			return 0;
		news = in_place ? "was changed by another program; a new run begins in it" :
				  "was removed or renamed; a new one begins";
		if (close_file(r, r->config.path, &lost) < 0)
			say(r, "%s", lost.text);
	}
	code = open_file(r, why);
	if (code == 0 && news && !*r->failure.text)
		say(r, "%s %s", r->config.path, news);
	return code;
}

/* No signal ends the program between the first and the last byte of a line, but for SIGKILL. */
static int append_line(struct recorder *r, struct error *why)
{
	const size_t len = r->writer.len;
	struct iovec parts[PARTS];
	sigset_t all, old;
	size_t done = 0;
	int code = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	while (done < len && code == 0) {
		size_t n_parts = sample_writer_parts(&r->writer, done, parts, PARTS);
		ssize_t n = pwritev(r->file.fd, parts, (int)n_parts, (off_t)(r->size + done));

		if (n < 0 && errno != EINTR)
			code = -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (code < 0 && done && ftruncate(r->file.fd, (off_t)r->size) < 0) {
		/* reopen_file() finds another size */
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code < 0)
		return error_set(why, code, "cannot record to %s: %s", r->config.path,
				 strerror(-code));
	r->size += len;
	r->file.created = false;
	return 0;
}

/* Writes @now or @before. Returns FULL where the file has to be rotated first. */
static int add_sample(struct recorder *r, const struct snapshot *before, const struct snapshot *now,
		      const struct snapshot *s, struct error *why)
{
	const uint64_t max = r->config.size_max;
	/* The last one that was missed may be this one. */
	const uint64_t missed = r->missed - (r->missed && s->monotonic_ns == r->missed_ns);
	struct strbuf *line = &r->writer.line;
	struct snapshot sample = *s; /* borrows its arrays */
	int code;

	/* The first of a run ends no window, and has no warnings to be seen. */
	sample.missed = r->last_ns ? missed : 0;
	sample_writer_begin(&r->writer);
	if (!r->last_ns) {
		struct header_line header = { 0 };

		/* One that opens a window may lack what stands in the header. */
		header_line_fill(&header, &r->config.scope, now);
		header.wall = s->wall;
		header_line_add(line, &header);
		header_line_free(&header);
	}
	sample_writer_add(&r->writer, before, &sample);
	if (max && r->size + r->writer.len > max) {
		/* A new file gets two samples at least: one alone has no window. */
		if (r->n_samples >= 2)
			return FULL;
		if (!r->said_large)
			say(r, "two samples take more than --record-size allows: %llu bytes",
			    (unsigned long long)(r->size + r->writer.len));
		r->said_large = true;
	}
	code = append_line(r, why);
	if (code < 0)
		return code;
	r->missed = missed - sample.missed;
	r->n_missing += sample.missed;
	if (s->monotonic_ns == r->missed_ns)
		r->missed_ns = 0;
	r->last_ns = s->monotonic_ns;
	r->n_samples++;
	return 0;
}

static int add_samples(struct recorder *r, const struct snapshot *before,
		       const struct snapshot *now, bool with_before, struct error *why)
{
	int code = reopen_file(r, why);

	for (unsigned int tries = 0; code == 0 && tries < 2; tries++) {
		if (before->monotonic_ns > r->last_ns && (with_before || !r->last_ns))
			code = add_sample(r, before, now, before, why);
		if (code == 0)
			code = add_sample(r, before, now, now, why);
		if (code != FULL)
			break;
		code = rotate(r, why);
	}
	return code;
}

static bool is_due(const struct recorder *r, const struct snapshot *before,
		   const struct snapshot *now)
{
	const uint64_t window_ns = now->monotonic_ns - before->monotonic_ns;

	/* A window may be a little shorter than asked for. */
	return !r->last_ns || now->monotonic_ns - r->last_ns + window_ns / 2 >= PULSE_NS;
}

/* @wanted: and not only due, or the one after */
static void try_samples(struct recorder *r, const struct snapshot *before,
			const struct snapshot *now, bool wanted)
{
	struct error why;

	if (add_samples(r, before, now, wanted || r->missed || r->trails, &why) < 0) {
		if (strcmp(r->failure.text, why.text) != 0)
			say(r, "%s", why.text);
		r->failure = why;
		if (wanted)
			r->missed_ns = now->monotonic_ns;
		r->missed += wanted;
		return;
	}
	if (*r->failure.text)
		say(r, "%s is recorded to again", r->config.path);
	if (r->n_missing)
		say(r, "%llu samples are missing in it", (unsigned long long)r->n_missing);
	*r->failure.text = '\0';
	r->n_missing = 0;
	r->trails = false;
}

const char *recorder_add(struct recorder *r, const struct snapshot *before,
			 const struct snapshot *now, bool keep)
{
	const bool wanted = keep || !r->config.chosen;

	if (r->told)
		r->news.len = 0;
	if (wanted || r->missed || r->trails || is_due(r, before, now))
		try_samples(r, before, now, wanted);
	r->trails |= keep;
	r->told = r->news.len > 0;
	return r->told ? r->news.s : NULL;
}

const char *recorder_failure(const struct recorder *r)
{
	return r && *r->failure.text ? r->failure.text : NULL;
}

int recorder_open(struct recorder **recorder, const struct recorder_config *config,
		  struct error *why)
{
	struct recorder *r = xcalloc(1, sizeof(*r));
	struct strbuf former = { 0 };
	int code;

	strbuf_addf(&former, "%s.1", config->path);
	r->config = *config;
	r->file = (struct own_file){ config->path, "a recording", -1, false };
	r->former = former.s;
	*recorder = r;
	/* First, as open_file() may change the file: who is refused finds it as it was. */
	code = config->size_max ? check_former(r, why) : 0;
	if (code == 0)
		code = open_file(r, why);
	if (code < 0) {
		struct error ignored; /* no file is open */

		recorder_close(r, &ignored);
		*recorder = NULL;
	}
	return code;
}

int recorder_close(struct recorder *r, struct error *why)
{
	int code;

	if (!r)
		return 0;
	code = close_file(r, r->config.path, why);
	sample_writer_free(&r->writer);
	strbuf_free(&r->news);
	free(r->former);
	free(r);
	return code;
}
