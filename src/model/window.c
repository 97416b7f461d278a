/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/window.h"

#include "base/clock.h"

void window_run(struct sample_source *source, uint64_t end_ns,
		uint64_t (*wait)(void *context, uint64_t end_ns, uint64_t until_ns), void *context)
{
	uint64_t now_ns;

	while ((now_ns = clock_monotonic_ns()) < end_ns) {
		uint64_t due_ns = sample_source_due(source);

		if (due_ns <= now_ns)
			sample_source_look(source);
		else
			end_ns = wait(context, end_ns, due_ns < end_ns ? due_ns : end_ns);
	}
}
