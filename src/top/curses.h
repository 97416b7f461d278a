/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_CURSES_H
#define LISTENQ_TOP_CURSES_H

#include "base/error.h"

#include <curses.h>

/*
 * ncurses, to be included instead of <curses.h>. Only the view needs it, and to load and bind it
 * takes a report of few listeners an eighth of its time. So it is loaded when the view opens.
 */

/* Of <term.h>, which has macros named "columns" and "bell". */
struct term;
int setupterm(const char *name, int fd, int *found);
struct term *set_curterm(struct term *terminal);
int del_curterm(struct term *terminal);

/* clang-format off */

/* All that is used of it. */
#define CURSES_SYMBOLS(DO) \
	DO(cbreak) DO(clearok) DO(define_key) DO(delscreen) DO(endwin) DO(flushinp) \
	DO(getmouse) DO(has_colors) DO(init_pair) DO(intrflush) DO(is_term_resized) \
	DO(keypad) DO(mouseinterval) DO(mousemask) DO(newterm) DO(nodelay) DO(noecho) \
	DO(nonl) DO(reset_prog_mode) DO(resizeterm) DO(set_escdelay) DO(start_color) \
	DO(termattrs) DO(tigetstr) DO(use_default_colors) DO(waddch) DO(waddnstr) \
	DO(wattr_set) DO(wclrtoeol) DO(werase) DO(wgetch) DO(whline) DO(wmove) DO(wrefresh) \
	DO(del_curterm) DO(set_curterm) DO(setupterm) DO(COLORS) DO(curscr) DO(stdscr)

struct curses {
#define CURSES_MEMBER(name) __typeof__(name) *at_##name;
	CURSES_SYMBOLS(CURSES_MEMBER)
#undef CURSES_MEMBER
};

extern struct curses curses;

/* These names, and the macros of <curses.h> that use them, mean what was loaded. */
#undef wattr_set /* which is a macro too */
#define cbreak             (*curses.at_cbreak)
#define clearok            (*curses.at_clearok)
#define define_key         (*curses.at_define_key)
#define delscreen          (*curses.at_delscreen)
#define endwin             (*curses.at_endwin)
#define flushinp           (*curses.at_flushinp)
#define getmouse           (*curses.at_getmouse)
#define has_colors         (*curses.at_has_colors)
#define init_pair          (*curses.at_init_pair)
#define intrflush          (*curses.at_intrflush)
#define is_term_resized    (*curses.at_is_term_resized)
#define keypad             (*curses.at_keypad)
#define mouseinterval      (*curses.at_mouseinterval)
#define mousemask          (*curses.at_mousemask)
#define newterm            (*curses.at_newterm)
#define nodelay            (*curses.at_nodelay)
#define noecho             (*curses.at_noecho)
#define nonl               (*curses.at_nonl)
#define reset_prog_mode    (*curses.at_reset_prog_mode)
#define resizeterm         (*curses.at_resizeterm)
#define set_escdelay       (*curses.at_set_escdelay)
#define start_color        (*curses.at_start_color)
#define termattrs          (*curses.at_termattrs)
#define tigetstr           (*curses.at_tigetstr)
#define use_default_colors (*curses.at_use_default_colors)
#define waddch             (*curses.at_waddch)
#define waddnstr           (*curses.at_waddnstr)
#define wattr_set          (*curses.at_wattr_set)
#define wclrtoeol          (*curses.at_wclrtoeol)
#define werase             (*curses.at_werase)
#define wgetch             (*curses.at_wgetch)
#define whline             (*curses.at_whline)
#define wmove              (*curses.at_wmove)
#define wrefresh           (*curses.at_wrefresh)
#define del_curterm        (*curses.at_del_curterm)
#define set_curterm        (*curses.at_set_curterm)
#define setupterm          (*curses.at_setupterm)
#define COLORS             (*curses.at_COLORS)
#define curscr             (*curses.at_curscr)
#define stdscr             (*curses.at_stdscr)

/* clang-format on */

/*
 * curses_load() - load it, before any of it is used.
 *
 * Returns 0, or -ENOENT with @why filled.
 */
int curses_load(struct error *why);

#endif
