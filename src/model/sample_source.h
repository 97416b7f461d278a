/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SAMPLE_SOURCE_H
#define LISTENQ_MODEL_SAMPLE_SOURCE_H

#include "base/error.h"
#include "model/needs.h"
#include "model/snapshot.h"

/*
 * Where samples come from: the kernel (collect/collect.h), or a recording of one. Whoever holds a
 * sample source calls it from one thread at a time.
 */
struct sample_source;

/* What sample_source_sample() returns when there are no more samples. */
#define SAMPLE_END 1

/* What a sample is for; the opening one of a window skips what only a report needs. */
enum sample_kind { SAMPLE_OPENING, SAMPLE_CLOSING };

struct sample_source_ops {
	int (*sample)(struct sample_source *source, enum sample_kind kind, struct snapshot *s,
		      struct error *why);
	uint64_t (*due)(const struct sample_source *source);
	void (*look)(struct sample_source *source);
	void (*set_needs)(struct sample_source *source, unsigned int needs, uint16_t detail_port);
	void (*close)(struct sample_source *source);
};

/* The first member of what an implementation keeps. */
struct sample_source {
	const struct sample_source_ops *ops;
};

/*
 * sample_source_sample() - the next sample, which replaces what is in @s.
 *
 * What is missing but not fatal becomes a warning in @s and stays unknown.
 *
 * Returns 0, SAMPLE_END (after the last sample of a recording), or -errno with @why filled. Unless
 * it returns 0, @s is not to be used. After an error the caller may try again.
 */
static inline int sample_source_sample(struct sample_source *source, enum sample_kind kind,
				       struct snapshot *s, struct error *why)
{
	return source->ops->sample(source, kind, s, why);
}

/*
 * Between two samples: sample_source_due() is the time (CLOCK_MONOTONIC, in nanoseconds) at which
 * sample_source_look() wants to be called, UINT64_MAX for never. A look is short, cannot fail, and
 * becomes part of the next sample.
 */
static inline uint64_t sample_source_due(const struct sample_source *source)
{
	return source->ops->due(source);
}

static inline void sample_source_look(struct sample_source *source)
{
	source->ops->look(source);
}

/*
 * sample_source_set_needs() - what the samples have to hold from the next one on.
 * @needs: enum need, which may be more or less than before
 * @detail_port: NEED_CONNECTIONS keeps the connections of listeners on this port; 0: of all
 */
static inline void sample_source_set_needs(struct sample_source *source, unsigned int needs,
					   uint16_t detail_port)
{
	source->ops->set_needs(source, needs, detail_port);
}

/* @source: may be NULL */
static inline void sample_source_close(struct sample_source *source)
{
	if (source)
		source->ops->close(source);
}

#endif
