/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_SAMPLE_WRITER_H
#define LISTENQ_REPLAY_SAMPLE_WRITER_H

#include "base/text.h"
#include "model/snapshot.h"

#include <sys/uio.h>

/*
 * Makes the lines of one sample after the other, as sample_line_add() does. Most listeners are as
 * they were in the sample before, and their text stays where it is: of 20,000 nothing is copied. So
 * a line is in parts.
 */
struct sample_writer {
	struct strbuf line; /* what is not in a chunk */
	struct sample_chunk **chunks, **last; /* text of listeners, and of the line before */
	size_t n_chunks, chunks_size, n_last, last_size;
	size_t len; /* bytes of the line, with the chunks */
	uint64_t ns; /* monotonic_ns of the sample that the chunks are of; 0: none */
};

void sample_writer_free(struct sample_writer *w);

/* Begins a line: w->line is empty, and the caller may add others in front. */
void sample_writer_begin(struct sample_writer *w);

/*
 * Adds the sample. @before: any sample that has not changed since; where the last line was of it,
 * its text is used again
 */
void sample_writer_add(struct sample_writer *w, const struct snapshot *before,
		       const struct snapshot *now);

/*
 * Returns how many of @parts were set, @max at most and at least one: the line without its first
 * @skip bytes, which are fewer than w->len. They are valid until the next sample_writer_begin().
 * @max: at least 2
 */
size_t sample_writer_parts(const struct sample_writer *w, size_t skip, struct iovec *parts,
			   size_t max);

#endif
