/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/baseline.h"

#include "base/clock.h"
#include "base/sink.h"
#include "model/needs.h"
#include "model/window.h"
#include "replay/sample_line.h"
#include "replay/sums_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE_MAX_BYTES (256u << 20) /* more than a million listeners */

#define LOCK_WAIT_NS (2 * NSEC_PER_SEC)
#define LOCK_POLL_NS (NSEC_PER_SEC / 50)

/* Without these in both samples a window would show what is not so. */
#define NEEDS_COMPARED ((unsigned int)(NEED_DROPS | NEED_COUNTERS | NEED_UNIX))

/* The run has no window. The first reason stays. */
static __attribute__((format(printf, 3, 4))) void start_anew(struct baseline *b, const char *code,
							     const char *format, ...)
{
	char text[sizeof(struct error)];
	va_list args;

	b->has_before = false;
	sums_free(&b->sums);
	if (b->code)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	b->code = code;
	strbuf_addf(&b->message, "no deltas: %s; the next run compares with this one", text);
}

/* Another run replaces the file: whoever waited for it may have locked one without a name. */
static int lock(struct baseline *b, struct error *why)
{
	const uint64_t end_ns = clock_monotonic_ns() + LOCK_WAIT_NS;
	const struct timespec pause = clock_timespec(LOCK_POLL_NS);

	for (;;) {
		const int code = own_file_open(&b->file, why);

		if (code != -EEXIST && code != -ESTALE && code != -EWOULDBLOCK && code != -EINTR)
			return code;
		if (clock_monotonic_ns() >= end_ns)
			return own_file_refuse(&b->file, -EBUSY,
					       "another run uses it now; try again", why);
		nanosleep(&pause, NULL);
	}
}

static int read_file(struct baseline *b, struct strbuf *text, struct error *why)
{
	const size_t begin = strlen(HEADER_LINE_BEGIN_BASELINE);
	struct stat st;
	int code = fstat(b->file.fd, &st) < 0 ? -errno : own_file_read(&b->file, text, begin);

	if (code == 0 && text->len && strncmp(text->s, HEADER_LINE_BEGIN_BASELINE, begin) != 0)
		return own_file_refuse(
			&b->file, -EINVAL,
			"it is not a baseline of listenq, so it is not overwritten; remove it, "
			"or name another one",
			why);
	if (code == 0 && (uint64_t)st.st_size > SIZE_MAX_BYTES) {
		start_anew(b, "baseline-damaged", "%s has more than %u MiB", b->config.path,
			   SIZE_MAX_BYTES >> 20);
		return 0;
	}
	if (code == 0)
		code = own_file_read(&b->file, text, (size_t)st.st_size);
	if (code < 0)
		return error_set(why, code, "cannot read %s: %s", b->config.path, strerror(-code));
	return 0;
}

/* Takes a line with its newline from @text. Returns its length, 0 if it does not end. */
static size_t take_line(const struct strbuf *text, size_t *at, const char **line)
{
	const char *begin = text->s + *at, *end = memchr(begin, '\n', text->len - *at);

	*line = begin;
	if (!end)
		return 0;
	*at += (size_t)(end + 1 - begin);
	return (size_t)(end + 1 - begin);
}

/* Lines 2 and 3; the latter may be missing. */
static void parse_sample(struct baseline *b, const struct strbuf *text, size_t at)
{
	const char *path = b->config.path, *line;
	size_t len = take_line(text, &at, &line);
	struct error what;

	if (!len) {
		start_anew(b, "baseline-damaged", "%s ends in line 2", path);
		return;
	}
	if (sample_line_read(&b->before, line, len, &what) < 0) {
		start_anew(b, "baseline-damaged", "%s, line 2, %s", path, what.text);
		return;
	}
	b->has_before = true;
	if (at == text->len)
		return;
	len = take_line(text, &at, &line);
	if (!len)
		start_anew(b, "baseline-damaged", "%s ends in line 3", path);
	else if (sums_line_read(&b->sums, line, len, b->before.monotonic_ns, &what) < 0)
		start_anew(b, "baseline-damaged", "%s, line 3, %s", path, what.text);
	else if (at < text->len)
		start_anew(b, "baseline-damaged", "%s has more than 3 lines", path);
}

static void parse(struct baseline *b, const struct strbuf *text)
{
	const char *path = b->config.path, *line;
	struct error what;
	size_t at = 0, len;

	if (!text->len) {
		start_anew(b, "baseline-new", "%s is new", path);
		return;
	}
	len = take_line(text, &at, &line);
	if (!len)
		start_anew(b, "baseline-damaged", "%s ends in line 1", path);
	else if (header_line_read(&b->header, line, len, &what) < 0)
		start_anew(b, "baseline-damaged", "%s, line 1, %s", path, what.text);
	else if (b->header.format_version != HEADER_LINE_VERSION)
		start_anew(b, "baseline-version",
			   "%s has format version %llu, and this listenq reads %d", path,
			   (unsigned long long)b->header.format_version, HEADER_LINE_VERSION);
	else
		parse_sample(b, text, at);
}

/* Is what this run samples in the file too? */
static void check_config(struct baseline *b)
{
	const struct header_scope *c = &b->config.scope;
	struct header_line here = { .all_namespaces = c->all_namespaces };
	const unsigned int lacks = c->needs & NEEDS_COMPARED & ~b->header.needs;

	for (size_t i = 0; i < c->n_namespaces; i++)
		header_line_add_namespace(&here, c->namespaces[i]);
	if (here.all_namespaces != b->header.all_namespaces ||
	    here.namespaces.len != b->header.namespaces.len ||
	    (here.namespaces.len && strcmp(here.namespaces.s, b->header.namespaces.s) != 0))
		start_anew(b, "baseline-namespaces",
			   "the sample in %s was taken with another -N or -A", b->config.path);
	else if (lacks)
		start_anew(b, "baseline-needs", "the sample in %s lacks %s", b->config.path,
			   lacks & NEED_UNIX ? "UNIX listeners (-x)" : "drops or counters");
	header_line_free(&here);
}

int baseline_open(struct baseline *b, const struct baseline_config *config, struct error *why)
{
	struct strbuf text = { 0 };
	int code;

	*b = (struct baseline){
		.config = *config,
		.file = { .path = config->path, .use = "a baseline" },
	};
	code = lock(b, why);
	if (code == 0)
		code = read_file(b, &text, why);
	if (code == 0 && !b->code)
		parse(b, &text);
	if (code == 0 && b->has_before)
		check_config(b);
	strbuf_free(&text);
	return code;
}

const struct snapshot *baseline_check(struct baseline *b, const struct snapshot *here,
				      uint64_t now_ns)
{
	const char *path = b->config.path;
	const struct snapshot *s = &b->before;

	if (!b->has_before)
		return NULL;
	if (!*here->boot_id)
		start_anew(b, "baseline-boot", "the boot id is unknown here");
	else if (strcmp(b->header.boot_id, here->boot_id) != 0 &&
		 strcmp(b->header.host, here->host) != 0)
		start_anew(b, "baseline-host", "the sample in %s is of host %s", path,
			   b->header.host);
	else if (strcmp(b->header.boot_id, here->boot_id) != 0)
		start_anew(b, "baseline-boot", "the host has booted since the sample in %s", path);
	else if (s->monotonic_ns >= now_ns)
		start_anew(b, "baseline-clock",
			   "the sample in %s is later than now by CLOCK_MONOTONIC", path);
	else if (now_ns - s->monotonic_ns > (uint64_t)(WINDOW_SECONDS_MAX * (double)NSEC_PER_SEC))
		start_anew(b, "baseline-old", "the sample in %s is more than a day old", path);
	return b->has_before ? s : NULL;
}

/* Is any listener of the namespace also in @other's? */
static bool share_listener(const struct snapshot *s, uint32_t netns_idx,
			   const struct snapshot *other, uint32_t other_idx)
{
	for (size_t i = s->netns[netns_idx].first_listener;
	     i < s->n_listeners && s->listeners[i].addr.netns_idx == netns_idx; i++) {
		const struct listener *l = &s->listeners[i];
		const struct listener *same = snapshot_find(other, other_idx, l->cookie);

		if (same && same->inode == l->inode)
			return true;
	}
	return false;
}

/*
 * Has no counter fallen since? Those of a new namespace begin at 0. If they have passed the old
 * ones already, deltas are lower bounds.
 */
static bool counters_rose(const struct counters *before, const struct counters *now)
{
	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (counter_known(before, i) && counter_known(now, i) &&
		    now->value[i] < before->value[i])
			return false;
	return counter_known(before, COUNTER_IN_SEGS) && counter_known(now, COUNTER_IN_SEGS);
}

/* An inode alone does not say which namespace it is: see netns_id(). */
static void match_by_inode(struct snapshot *before, const struct snapshot *now, uint32_t now_idx)
{
	const struct netns *ns = &now->netns[now_idx];

	for (uint32_t i = 0; i < before->n_netns; i++) {
		struct netns *old = &before->netns[i];

		if (!old->cookie && old->inode == ns->inode &&
		    (share_listener(before, i, now, now_idx) ||
		     counters_rose(&old->after, &ns->before))) {
			old->serial = ns->serial;
			return;
		}
	}
}

const struct snapshot *baseline_match(struct baseline *b, struct snapshot *now)
{
	struct snapshot *before = &b->before;
	size_t found = 0;

	if (b->has_before) {
		/* A serial counts the namespaces of one run. */
		for (size_t i = 0; i < before->n_netns; i++)
			before->netns[i].serial = UINT32_MAX - i;
		for (uint32_t i = 0; i < now->n_netns; i++)
			if (!now->netns[i].cookie)
				match_by_inode(before, now, i);
		for (size_t i = 0; i < now->n_netns; i++)
			found += snapshot_find_netns(before, netns_id(&now->netns[i])) != NULL;
		if (!found || (!b->config.scope.all_namespaces && found < now->n_netns))
			start_anew(b, "baseline-namespaces",
				   "the sample in %s is of other network namespaces",
				   b->config.path);
	}
	if (!b->has_before)
		snapshot_warn(now, b->code, "%s", b->message.s);
	return b->has_before ? before : NULL;
}

int baseline_save(struct baseline *b, const struct snapshot *now, struct error *why)
{
	struct header_line header = { .of_baseline = true };
	struct strbuf text = { 0 };
	struct sink sink;
	int code;

	header_line_fill(&header, &b->config.scope, now);
	header_line_add(&text, &header);
	sample_line_add(&text, now);
	if (b->sums.begun_ns)
		sums_line_add(&text, &b->sums);
	code = sink_open_own(&sink, b->config.path, why);
	if (code == 0) {
		sink_add(&sink, text.s, text.len);
		/* Who has removed or replaced it does not get it back. */
		if (!own_file_in_place(&b->file) && !sink.error)
			sink.error = ESTALE;
		code = sink_commit(&sink, why);
	}
	if (code == 0)
		b->file.created = false;
	header_line_free(&header);
	strbuf_free(&text);
	return code;
}

void baseline_close(struct baseline *b)
{
	own_file_close(&b->file); /* the lock: nothing was written to it */
	header_line_free(&b->header);
	snapshot_free(&b->before);
	sums_free(&b->sums);
	strbuf_free(&b->message);
}
