/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_MOUSE_H
#define LISTENQ_TOP_MOUSE_H

#include "top/session.h"

/*
 * Does what the mouse asks for: a click selects a row, and again opens it; sorts by the column
 * whose header it hits; presses the key whose label it hits; goes to the moment of the map or the
 * event that it hits; chooses in a menu. The wheel moves.
 */
void mouse_take(struct session *s);

#endif
