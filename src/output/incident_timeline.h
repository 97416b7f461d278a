/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_INCIDENT_TIMELINE_H
#define LISTENQ_OUTPUT_INCIDENT_TIMELINE_H

#include "output/paper.h"

/* Adds what happened when, in a code block; of a long time its beginning and its end. */
void incident_timeline_add(struct paper *w);

#endif
