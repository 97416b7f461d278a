/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TERMINAL_H
#define LISTENQ_TOP_TERMINAL_H

#include "base/error.h"
#include "top/paint.h"

/*
 * The terminal: curses begun and ended, and given back whatever happens. Nothing of curses is
 * called in a signal handler; signals that end or stop the program set a flag for the loop, and
 * those of a crash write the bytes that were made ready for them.
 */

/*
 * terminal_open() - take the terminal that standard input and output are.
 * @screen: what is wished for; told what there is
 *
 * Returns 0, or -errno with @why filled: -ENOTTY when there is none, or TERM is one that cannot be
 * drawn on. The terminal is then as it was.
 */
int terminal_open(struct screen *screen, bool mouse, struct error *why);

/* Gives the terminal back as it was. */
void terminal_close(struct screen *screen);

/* The signal that asked the program to end, 0: none. */
int terminal_ended_by(void);

/*
 * Was the program asked to stop (^Z), or is it back from that? Gives the terminal back, stops, and
 * takes it again. Returns true when everything has to be drawn anew.
 */
bool terminal_stop_if_asked(void);

/* How large the screen is now. */
void terminal_size(struct screen *screen);

/*
 * terminal_wait() - wait for a key, for @fd to be readable, or for a signal.
 * @timeout_ms: at most so long; negative: without end
 */
void terminal_wait(int fd, int timeout_ms);

#endif
