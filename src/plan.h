/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_PLAN_H
#define LISTENQ_PLAN_H

#include "collect/collect.h"
#include "options.h"
#include "output/table.h"
#include "top/top.h"

/*
 * plan_needs() - enum need: what everything that the options want to see costs, less what the user
 * declined.
 */
unsigned int plan_needs(const struct options *options);

/* How to collect what has these @needs. */
struct collect_config plan_collection(const struct options *options, unsigned int needs);

/* How the interactive view begins. */
struct top_config plan_top(const struct options *options);

/* How the table looks: colours, characters and width of where it goes. */
struct table_style plan_style(const struct options *options);

#endif
