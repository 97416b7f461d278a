/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_LISTENER_H
#define LISTENQ_COLLECT_LISTENER_H

#include "collect/sock_diag.h"
#include "model/snapshot.h"

/* Fills in what a LISTEN dump tells of a TCP listener; its namespace and cookie stay. */
void listener_from_record(struct listener *l, const struct diag_record *r);

#endif
