/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_DEADLINE_H
#define LISTENQ_DEADLINE_H

/*
 * deadline_begin() - let the rest of the program run in a child, for @seconds at most.
 * @failed: how a line about an error begins
 * @failure: exit status where the child gives none
 *
 * The child returns with -1 and goes on; its standard output is a pipe. The parent waits for it,
 * writes what it has printed as a whole, and returns its exit status. When the time is over, or a
 * signal has ended the child, the parent writes a line about that instead. So nothing that keeps
 * the child keeps the parent: a read of /proc that hangs can be ended by SIGKILL alone, if at all.
 *
 * Where no child can be made, it returns -1 too, and SIGALRM ends the program in time.
 */
int deadline_begin(double seconds, const char *failed, int failure);

#endif
