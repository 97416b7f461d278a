/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_SHOWN_H
#define LISTENQ_TESTS_SHOWN_H

#include "top/view.h"

/*
 * shown_assert() - what rows the list has: their cookies, the selected one in brackets, as in
 * "1 [2] 3". Of a folded group it is the port, behind "+", or "-" when its members follow behind
 * "|", and the last of them behind "`".
 */
void shown_assert(const struct view *view, const char *expected);

#endif
