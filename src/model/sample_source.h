/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SAMPLE_SOURCE_H
#define LISTENQ_MODEL_SAMPLE_SOURCE_H

#include "base/error.h"
#include "model/needs.h"
#include "model/snapshot.h"

/*
 * Where samples come from: the kernel (collect/collect.h). To be called from one thread at a time.
 */
struct sample_source;

/* What a sample is for. The opening sample of a window lacks what only a report needs. */
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
 * sample_source_sample() - take a sample, which replaces what is in @s.
 *
 * Data that is missing but not essential stays unknown, with a warning in @s.
 *
 * Returns 0, or -errno with @why filled; then @s must not be used, and the caller may try again.
 */
static inline int sample_source_sample(struct sample_source *source, enum sample_kind kind,
				       struct snapshot *s, struct error *why)
{
	return source->ops->sample(source, kind, s, why);
}

/*
 * Between two samples: sample_source_due() returns when the caller should call
 * sample_source_look(): CLOCK_MONOTONIC in nanoseconds, UINT64_MAX for never. A look is short,
 * cannot fail, and becomes part of the next sample.
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
 * sample_source_set_needs() - change what samples contain, from the next one on.
 * @needs: enum need
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
