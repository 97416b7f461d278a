/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_RECORDING_H
#define LISTENQ_REPLAY_RECORDING_H

#include "base/error.h"
#include "model/boots.h"
#include "model/snapshot.h"
#include "replay/header_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a recording: runs of a header line and its samples, one after the other. One pass makes an
 * index; then any sample can be read. Memory is that of the index and of one line. A run without a
 * sample takes none, and runs with the same header share it.
 *
 * Two neighbours of one run are a window. Its deltas are right in any case. Where the second does
 * not follow the first, samples between them were left out, and what the second knows of its
 * window is of a part of it alone: recording_read() makes that unknown.
 */
struct recording;

/* One sample. */
struct recording_entry {
	uint64_t offset; /* of its line in the file */
	uint64_t monotonic_ns; /* rises within a run */
	int64_t wall_ns; /* since 1970; may fall, as clocks are set */
	uint32_t size; /* of its line */
	uint32_t line; /* its number, from 1 */
	uint32_t run; /* from 0; one without a sample is none */
	bool follows; /* the one before is the sample before it, so both are a window as it was */
};

/*
 * recording_open() - index a recording.
 * @path: of a regular file; "-": standard input, which is copied into a file without a name below
 *        TMPDIR (/var/tmp) if it is a pipe
 * @progress: called now and then; @size is 0 if unknown. May be NULL
 *
 * Each line has its place in the index, so each is a header or has the times of a sample; the rest
 * of a sample is checked when it is read. Runs of one boot have to be in the order of time.
 *
 * Where a line is damaged, what follows it is left out up to the next header: see
 * recording_damage(). There has to be a window all the same.
 *
 * Returns 0, or -errno with @why filled: "FILE: line 12 is damaged, byte 5: the number is too
 * large".
 */
int recording_open(struct recording **r, const char *path,
		   void (*progress)(void *context, uint64_t done, uint64_t size), void *context,
		   struct error *why);

/* @r: may be NULL */
void recording_close(struct recording *r);

/* What a message calls the file. */
const char *recording_name(const struct recording *r);

/* The file, to be opened again; NULL: it was standard input. */
const char *recording_path(const struct recording *r);

/*
 * The file with older samples, FILE.1, which --record-size leaves when it begins FILE anew. NULL:
 * there is none, or it is unknown which one that is.
 */
const char *recording_older(const struct recording *r);

size_t recording_count(const struct recording *r);

/* Returns the sample @i, which is below recording_count(). */
const struct recording_entry *recording_entry(const struct recording *r, size_t i);

/*
 * Returns the header of a run of an entry. Its version, kernel and time are those of the first run
 * of the same host, boot and scope; it has no names of namespaces.
 */
const struct header_line *recording_header(const struct recording *r, size_t run);

/* Are two runs of one boot of one host? */
enum boots recording_boots(const struct recording *r, size_t run, size_t other);

/* Is there a window that ends with this sample? */
bool recording_has_window(const struct recording *r, size_t i);

/*
 * recording_read() - read a sample, which replaces what is in @s.
 *
 * Where it is the end of a window and does not follow the sample before, it has the warning
 * "replay-gap". The warning "replay-missed" says that some before it could not be written. The
 * samples share strings; @s may outlive @r.
 *
 * Returns 0, or -errno with @why filled; then @s must not be used.
 */
int recording_read(struct recording *r, size_t i, struct snapshot *s, struct error *why);

/*
 * A damaged line, because of which it and what follows it, up to the next header, is left out.
 * There are entries again from @to on; recording_count(): the recording ends there.
 */
struct recording_damage {
	size_t line; /* from 1 */
	size_t from, to; /* the entries before it end at @from */
	struct error why; /* "FILE: line 12 is damaged, byte 5: ...", and how to see what follows */
};

/* The @i-th of them, in the order of lines; NULL: there are not so many. */
const struct recording_damage *recording_damage(const struct recording *r, size_t i);

/* The last line has no newline, as after a crash. It is left out. */
bool recording_is_cut(const struct recording *r);

#endif
