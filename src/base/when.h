/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_WHEN_H
#define LISTENQ_BASE_WHEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * when_parse() - parse a point in time that a user types:
 *
 *   -2h, -1h30m, -90s, -1d          before now
 *   03:00, 03:00:15                 the last such time of the local clock that is not after now
 *   03:00Z, 03:00:15+01:00          likewise of the clock in that zone
 *   2026-11-28 03:00                local time, with seconds and their fraction or without
 *   2026-11-28T03:00:15.5Z, +01:00  RFC 3339, also with a blank for the T and without seconds
 *
 * @now_ns: the time now; it and the result are nanoseconds since 1970
 * @late: the end of that second, or of the last digit of its fraction, as times are printed with
 *        fewer digits than they have; and where clocks were put back, so that a local time was
 *        there twice, the later one
 *
 * Returns 0, or -EINVAL with @why filled.
 */
int when_parse(const char *text, int64_t now_ns, bool late, int64_t *when_ns, struct error *why);

#endif
