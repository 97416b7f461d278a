/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FILTER_FIELDS_H
#define LISTENQ_OUTPUT_FILTER_FIELDS_H

#include "analyse/filter.h"
#include "output/fields.h"

/*
 * The columns of the field table, for a filter to ask for. What a name costs is what showing the
 * column does. @context has to live as long as the filter.
 */
struct filter_source filter_fields_source(struct field_context *context);

#endif
