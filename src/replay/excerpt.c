/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/excerpt.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/needs.h"

#include <errno.h>
#include <string.h>

#define LACKS_NS (2 * (int64_t)NSEC_PER_SEC) /* less is no news */

static void add_time(struct strbuf *to, int64_t wall_ns)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_utc(clock_timespec((uint64_t)wall_ns), 0, text);
	strbuf_adds(to, text);
}

/* Does the recording end with it, and before the end of what is asked for? */
static bool cuts_off(const struct excerpt *e, const struct recording_damage *d)
{
	const size_t n = recording_count(e->recording);

	return d->to == n && e->end_ns > recording_entry(e->recording, n - 1)->wall_ns;
}

const struct recording_damage *excerpt_damage(const struct excerpt *e)
{
	const struct recording *r = e->recording;
	const struct recording_damage *d;

	for (size_t i = 0; (d = recording_damage(r, i)); i++)
		/* The last place may stand for many, and the clock was set between them. */
		if (cuts_off(e, d) ||
		    ((!d->from || e->end_ns > recording_entry(r, d->from - 1)->wall_ns) &&
		     (d->to == recording_count(r) ||
		      e->begin_ns <= recording_entry(r, d->to)->wall_ns)))
			return d;
	return NULL;
}

static void add_times(struct strbuf *to, int64_t from_ns, int64_t to_ns)
{
	strbuf_adds(to, "from ");
	add_time(to, from_ns);
	strbuf_adds(to, " to ");
	add_time(to, to_ns);
}

/* What is asked for, with the dates that a clock time was taken for. */
static void add_asked(struct strbuf *to, const struct excerpt *e)
{
	if (e->end_ns == INT64_MAX) {
		strbuf_adds(to, "since ");
		add_time(to, e->begin_ns);
	} else if (e->begin_ns <= 0) {
		strbuf_adds(to, "until ");
		add_time(to, e->end_ns);
	} else {
		add_times(to, e->begin_ns, e->end_ns);
	}
}

/* What is there instead. */
static void add_what_is_there(struct strbuf *to, const struct excerpt *e)
{
	const struct recording *r = e->recording;
	const size_t n = recording_count(r);
	size_t i = 1;

	while (i < n && (recording_entry(r, i - 1)->wall_ns > e->begin_ns ||
			 recording_entry(r, i)->wall_ns < e->end_ns))
		i++;
	if (i == n) {
		strbuf_adds(to, "it is ");
		add_times(to, recording_entry(r, 0)->wall_ns, recording_entry(r, n - 1)->wall_ns);
		return;
	}
	strbuf_adds(to, recording_has_window(r, i) ? "that time lies within the window " :
						     "nothing was recorded ");
	add_times(to, recording_entry(r, i - 1)->wall_ns, recording_entry(r, i)->wall_ns);
}

static int no_window(const struct excerpt *e, struct error *why)
{
	const struct recording *r = e->recording;
	const size_t n = recording_count(r);
	struct strbuf text = { 0 };

	if (excerpt_damage(e))
		return error_set(why, -ENODATA, "%s", excerpt_damage(e)->why.text);
	if (n < 2)
		return error_set(why, -ENODATA, "%s has %s, and a window takes two",
				 recording_name(r), n ? "one sample" : "no sample");
	strbuf_adds(&text, "has no window that ends ");
	add_asked(&text, e);
	strbuf_adds(&text, "; ");
	add_what_is_there(&text, e);
	error_set(why, -ENODATA, "%s %s", recording_name(r), text.s);
	strbuf_free(&text);
	return -ENODATA;
}

/* Returns the headers of its runs, one after the other; NULL after the last. @run: where to go on
 */
static const struct header_line *next_header(const struct excerpt *e, size_t *run)
{
	const size_t first = recording_entry(e->recording, e->first)->run;

	if (*run < first)
		*run = first;
	return *run <= recording_entry(e->recording, e->last)->run ?
		       recording_header(e->recording, (*run)++) :
		       NULL;
}

bool excerpt_has(const struct excerpt *e, size_t i)
{
	const int64_t end_ns = recording_entry(e->recording, i)->wall_ns;

	if (!recording_has_window(e->recording, i) || i < e->first || i > e->last)
		return false;
	/* From a time on there is no end: what follows stays, also where the clock was set back. */
	if (e->end_ns == INT64_MAX && i > e->chosen)
		return true;
	return end_ns >= e->begin_ns && end_ns <= e->end_ns;
}

static int64_t length_of(const struct excerpt *e, size_t i)
{
	const uint64_t ns = recording_entry(e->recording, i)->monotonic_ns -
			    recording_entry(e->recording, i - 1)->monotonic_ns;

	return ns < INT64_MAX ? (int64_t)ns : INT64_MAX;
}

/* When its first window began; by the clock at its end, if that was set back in it. */
static int64_t begin_of(const struct excerpt *e)
{
	const int64_t opened_ns = recording_entry(e->recording, e->first - 1)->wall_ns;
	const int64_t ns =
		recording_entry(e->recording, e->first)->wall_ns - length_of(e, e->first);

	return opened_ns < ns ? opened_ns : ns > 0 ? ns : 0;
}

/* A window that ends soon after the time asked for is left out, so the end is not exact. */
static void find_what_lacks(struct excerpt *e)
{
	const struct recording *r = e->recording;
	const int64_t now_ns = clock_to_ns(clock_wall());
	const int64_t first_ns = begin_of(e);
	const int64_t last_ns = recording_entry(r, e->last)->wall_ns;
	const int64_t length_ns = length_of(e, e->last);
	const int64_t end_ns = e->end_ns < now_ns ? e->end_ns : now_ns;

	if (e->begin_ns > 0 && first_ns - e->begin_ns > LACKS_NS)
		e->lacks_from_ns = e->begin_ns;
	if (e->end_ns != INT64_MAX && end_ns - last_ns > LACKS_NS && end_ns - last_ns > length_ns)
		e->lacks_to_ns = end_ns;
}

int excerpt_choose(struct excerpt *e, const struct recording *r, int64_t begin_ns, int64_t end_ns,
		   struct error *why)
{
	const size_t n = recording_count(r);
	const struct recording_damage *d;

	*e = (struct excerpt){
		.recording = r,
		.begin_ns = begin_ns,
		.end_ns = end_ns,
		.last = SIZE_MAX,
		.chosen = SIZE_MAX,
	};
	while (e->first < n && !excerpt_has(e, e->first))
		e->first++;
	if (e->first == n)
		return no_window(e, why);
	e->chosen = e->first;
	e->last = n - 1;
	while (!excerpt_has(e, e->last))
		e->last--;
	find_what_lacks(e);
	for (size_t i = 0; (d = recording_damage(r, i)); i++)
		if (cuts_off(e, d))
			e->damaged_line = d->line;
	return 0;
}

void excerpt_keep_last_run(struct excerpt *e)
{
	const uint32_t run = recording_entry(e->recording, e->last)->run;

	while (recording_entry(e->recording, e->first)->run != run || !excerpt_has(e, e->first))
		e->first++;
}

bool excerpt_has_namespaces(const struct excerpt *e)
{
	const struct header_line *h;

	for (size_t run = 0; (h = next_header(e, &run));)
		if (h->all_namespaces || h->n_namespaces > 1)
			return true;
	return false;
}

bool excerpt_is_foreign(const struct excerpt *e, const char *host, const char *boot_id,
			struct error *what)
{
	const char *name = recording_name(e->recording);
	const struct header_line *h;
	bool other_boot = false;

	for (size_t run = 0; (h = next_header(e, &run));) {
		if (*h->host && strcmp(h->host, host) != 0) {
			error_set(what, 0,
				  "%s is of host %s; names of users and services are those of "
				  "this host",
				  name, h->host);
			return true;
		}
		other_boot |= *h->boot_id && boot_id &&
			      strncmp(h->boot_id, boot_id, strlen(h->boot_id)) != 0;
	}
	if (other_boot)
		error_set(what, 0, "%s is from before this host booted", name);
	return other_boot;
}

/* "nothing is known from 2026-11-29T03:00:00Z to 2026-11-29T03:10:00Z" */
static void add_unknown(struct strbuf *to, int64_t from_ns, int64_t to_ns)
{
	strbuf_adds(to, "nothing is known from ");
	add_time(to, from_ns);
	strbuf_adds(to, " to ");
	add_time(to, to_ns);
}

/* @last: the end of the last window before the first one of this run */
static void warn_of_run(const struct excerpt *e, size_t last, size_t i, struct snapshot *s)
{
	const struct recording_entry *from = recording_entry(e->recording, last);
	const struct recording_entry *to = recording_entry(e->recording, i - 1);
	const struct header_line *before = recording_header(e->recording, from->run);
	const struct header_line *now = recording_header(e->recording, to->run);
	struct strbuf b = { 0 };

	/* A recording that was rotated goes on with the sample that it ended with. */
	if (recording_boots(e->recording, from->run, to->run) == BOOTS_SAME &&
	    from->monotonic_ns == to->monotonic_ns)
		return;
	if (strcmp(before->host, now->host) != 0)
		strbuf_adds(&b, "this run is of another host than the one before");
	else if (to->wall_ns <= from->wall_ns)
		strbuf_adds(&b, "nothing is known of the time between this run and the one before");
	else
		add_unknown(&b, from->wall_ns, to->wall_ns);
	if (!strcmp(before->host, now->host))
		strbuf_adds(&b, recording_boots(e->recording, from->run, to->run) == BOOTS_OTHER ?
					", between two runs: the host was booted" :
					", between two runs");
	snapshot_warn(s, "replay-run", "%s", b.s);
	strbuf_free(&b);
}

void excerpt_warn(const struct excerpt *e, size_t i, bool unix_too, struct snapshot *s)
{
	const uint32_t run = recording_entry(e->recording, i)->run;
	size_t last = i - 1;
	struct strbuf b = { 0 };

	if (unix_too && !(recording_header(e->recording, run)->needs & NEED_UNIX))
		snapshot_warn(s, "replay-unix",
			      "UNIX listeners were not recorded: only a run with -x does");
	if (i > e->first && !recording_has_window(e->recording, last)) {
		while (!recording_has_window(e->recording, last))
			last--;
		warn_of_run(e, last, i, s);
	}
	if (i != e->last || !e->lacks_to_ns)
		return;
	add_unknown(&b, recording_entry(e->recording, i)->wall_ns, e->lacks_to_ns);
	snapshot_warn(s, "replay-end", "%s, and --end asks for it", b.s);
	strbuf_free(&b);
}

bool excerpt_has_older(const struct excerpt *e, struct error *what)
{
	const char *name = recording_name(e->recording), *older = recording_older(e->recording);
	struct strbuf b = { 0 };

	if (!older || e->begin_ns >= recording_entry(e->recording, 0)->wall_ns)
		return false;
	strbuf_addf(&b, "older samples are in %s: cat ", older);
	text_add_word(&b, older, 0);
	strbuf_putc(&b, ' ');
	text_add_word(&b, name, 0);
	error_set(what, 0, "%s | listenq --replay=-", b.s);
	strbuf_free(&b);
	return true;
}

bool excerpt_lacks_begin(const struct excerpt *e, struct error *what)
{
	struct strbuf b = { 0 };

	if (!e->lacks_from_ns)
		return false;
	add_unknown(&b, e->lacks_from_ns, begin_of(e));
	error_set(what, 0, "%s, and --begin asks for it", b.s);
	strbuf_free(&b);
	return true;
}

int excerpt_check_host(const struct excerpt *e, struct error *why)
{
	const struct header_line *first = NULL;

	for (size_t i = e->first; i <= e->last; i++) {
		const struct header_line *h =
			recording_header(e->recording, recording_entry(e->recording, i)->run);

		if (!excerpt_has(e, i) || !*h->host)
			continue;
		if (!first)
			first = h;
		if (strcmp(first->host, h->host) != 0)
			return error_set(why, -EINVAL,
					 "%s has windows of two hosts, %s and %s, and an incident "
					 "is of one: give the file of one host, or choose with "
					 "--begin and --end",
					 recording_name(e->recording), first->host, h->host);
	}
	return 0;
}
