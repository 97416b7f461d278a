/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_INCIDENT_LISTENER_H
#define LISTENQ_OUTPUT_INCIDENT_LISTENER_H

#include "output/paper.h"

/*
 * incident_listener_add() - add when a listener was sick, who it is, why, numbers, what clients
 * felt, limits and advice.
 * @number: of the part, whose title is added too; 0: it is the only one
 */
void incident_listener_add(struct paper *w, const struct postmortem_listener *l, size_t number);

#endif
