/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_PLAN_H
#define LISTENQ_PLAN_H

#include "model/sample_source.h"
#include "options.h"
#include "replay/header_line.h"

/* What follows from the options, for a run: how it prints, what it needs, and what it samples. */

bool plan_color(const struct options *options);
unsigned int plan_text_flags(const struct options *options);

/* Points into @options. */
struct format_style plan_style(const struct options *options);

/*
 * plan_needs() - what the options need, without what the user declined: enum need.
 * @style: NULL with --top, whose columns, order and filter may change: session_request() adds
 * their needs
 */
unsigned int plan_needs(const struct options *options, const struct format_style *style);

/* Opens the collector. Returns 0 or -errno with @why filled. */
int plan_source(const struct options *options, unsigned int needs, struct sample_source **source,
		struct error *why);

/* What the header of a file says of the samples. Points into @options. */
struct header_scope plan_scope(const struct options *options, unsigned int needs);

/*
 * plan_check_address() - is the address of -H one of this host?
 *
 * Whoever runs a check on the host of the monitoring daemon instead of the one that it asks for
 * would be told that all is well. Where other namespaces are looked at, the address may be one of
 * theirs. Returns 0, or -EADDRNOTAVAIL with @why filled.
 */
int plan_check_address(const struct options *options, struct error *why);

#endif
