/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/clock_step.h"

#include "base/clock.h"

/* In seconds. A sample reads one clock after the other, so it takes more than a leap second. */
#define STEP_MIN 1.1
#define STEP_MAX 9e9

int64_t clock_step_ns(const struct snapshot *before, const struct snapshot *now)
{
	const struct timespec *from = &before->wall, *to = &now->wall;
	const double ns = (double)NSEC_PER_SEC;
	const double wall =
		(double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / ns;
	const double elapsed = ((double)now->monotonic_ns - (double)before->monotonic_ns) / ns;
	const double step = wall - elapsed;

	if (!from->tv_sec || !to->tv_sec || (step < STEP_MIN && step > -STEP_MIN) ||
	    step < -STEP_MAX || step > STEP_MAX)
		return 0;
	return (int64_t)(step * ns);
}

void clock_step_add(struct strbuf *to, int64_t step_ns)
{
	strbuf_addf(to, "the clock was set %s by ", step_ns < 0 ? "back" : "forward");
	text_add_time(to, (uint64_t)(step_ns < 0 ? -step_ns : step_ns));
	strbuf_adds(to, step_ns < 0 ? "" : ", or the host was suspended");
}

void clock_step_warn(struct snapshot *now, const struct snapshot *before)
{
	const int64_t step_ns = before ? clock_step_ns(before, now) : 0;
	struct strbuf text = { 0 };

	if (!step_ns)
		return;
	clock_step_add(&text, step_ns);
	snapshot_warn_report(now, "clock-step", "in the window that ends here %s", text.s);
	strbuf_free(&text);
}
