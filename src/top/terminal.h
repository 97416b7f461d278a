/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TERMINAL_H
#define LISTENQ_TOP_TERMINAL_H

#include "base/error.h"
#include "top/paint.h"

/*
 * The terminal: taken for curses, and given back whatever happens. Signal handlers do not call
 * curses. Those of SIGINT, SIGTERM, SIGHUP and SIGTSTP set a flag for the loop. Any other signal
 * that ends a process writes bytes that were prepared before, and ends it at once.
 */

/*
 * terminal_open() - take the terminal on standard input and output.
 * @screen: in: whether to use colour and UTF-8; out: all of it. The Linux console gets ASCII.
 *
 * Returns 0, or -ENOTTY with @why filled: there is no terminal, or it cannot move its cursor. The
 * terminal is then unchanged.
 */
int terminal_open(struct screen *screen, bool mouse, struct error *why);

/* Before that: makes the terminal of this process standard input. Returns 0 or -ENOTTY likewise. */
int terminal_take_keys(struct error *why);

/* Gives the terminal back as it was. */
void terminal_close(struct screen *screen);

/* Begins or ends the reports of the mouse. */
void terminal_mouse(bool on);

/* The signal that asked the program to end; 0: none. */
int terminal_ended_by(void);

/*
 * If the program was asked to stop (^Z), gives the terminal back, stops, and takes it again.
 * Returns true if the screen has to be drawn anew, also after a stop by another signal.
 */
bool terminal_stop_if_asked(void);

/* Updates the size of the screen. */
void terminal_size(struct screen *screen);

/*
 * While something takes long: terminal_say() puts a text into the last line at once, and
 * terminal_key_waits() says whether a key was pressed meanwhile, or a signal ends the program.
 */
void terminal_say(const struct screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool terminal_key_waits(void);

/* Forgets what was pressed. */
void terminal_drop_keys(void);

/*
 * terminal_wait() - wait for a key, for @fd (-1: none) to become readable, or for a signal.
 * @timeout_ms: at most so long; negative: without limit
 */
void terminal_wait(int fd, int timeout_ms);

#endif
