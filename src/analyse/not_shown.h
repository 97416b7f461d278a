/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_NOT_SHOWN_H
#define LISTENQ_ANALYSE_NOT_SHOWN_H

#include "analyse/report.h"

/*
 * not_shown_find() - what is known of the UNIX listeners and of the network namespaces that are not
 * in a report.
 * @before: the opening sample, NULL without a window
 */
struct not_shown not_shown_find(const struct snapshot *before, const struct snapshot *now);

/* Is something not well there? */
bool not_shown_is_sick(const struct not_shown *e);

#endif
