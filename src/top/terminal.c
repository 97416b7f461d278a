/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/terminal.h"

#include "base/alloc.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* How long to wait for the rest of a function key after Esc. */
#define ESCAPE_MS 25

/*
 * All buttons, since getch() waits for the next event after one that is masked out. No clicks:
 * curses does not report the press of an event that becomes a click.
 */
#define MOUSE_BUTTON(b) (NCURSES_MOUSE_MASK(b, NCURSES_BUTTON_PRESSED | NCURSES_BUTTON_RELEASED))
#define MOUSE_EVENTS \
	(MOUSE_BUTTON(1) | MOUSE_BUTTON(2) | MOUSE_BUTTON(3) | MOUSE_BUTTON(4) | MOUSE_BUTTON(5))

/* How long the end waits for the terminal to take what was drawn; and then again. */
static const struct itimerval stuck_after = { { 0, 300000 }, { 0, 300000 } };

static volatile sig_atomic_t ended_by;
static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t continued;

/*
 * What the handler of a crash needs to give the terminal back. It cannot call curses, which may
 * have crashed; this is the only state that the program keeps outside of its functions.
 */
static struct rescue {
	struct termios settings;
	char bytes[512];
	size_t len;
	bool due; /* the terminal has to be given back */
} rescue;

/*
 * Lets a terminal that nobody reads take what is written to it: what it has not shown is lost. ^S
 * stops it too, and only a stop by TCOOFF can be undone.
 */
static void discard_output(void)
{
	tcflow(STDOUT_FILENO, TCOOFF);
	tcflow(STDOUT_FILENO, TCOON);
	tcflush(STDOUT_FILENO, TCOFLUSH);
}

/* curses goes on with a write that a signal has interrupted, and may wait for ever. */
static void on_end(int signal_number)
{
	const int saved = errno;

	ended_by = signal_number;
	setitimer(ITIMER_REAL, &stuck_after, NULL); /* only a system call, in a handler too */
	errno = saved;
}

static void on_stuck(int signal_number)
{
	const int saved = errno;

	(void)signal_number;
	discard_output();
	errno = saved;
}

static void on_stop(int signal_number)
{
	(void)signal_number;
	stop_asked = 1;
}

static void on_continue(int signal_number)
{
	(void)signal_number;
	continued = 1;
}

static void write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	for (; len && (n = write(fd, bytes, len)) > 0; len -= (size_t)n)
		bytes += n;
}

static void give_back(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (poll(&out, 1, 0) == 0)
		discard_output();
	write_all(STDOUT_FILENO, rescue.bytes, rescue.len);
	tcsetattr(STDIN_FILENO, TCSANOW, &rescue.settings);
}

/* SA_RESETHAND: the signal, raised again, has its default action. */
static void on_crash(int signal_number)
{
	give_back();
	raise(signal_number);
}

/* x*alloc() call exit(). Their message is on the screen that give_back() clears: print it again. */
static void on_exit_within(void)
{
	static const char text[] = "listenq: cannot allocate memory\n";

	if (!rescue.due)
		return;
	give_back();
	write_all(STDERR_FILENO, text, strlen(text));
}

/* Adds the bytes of a capability, without padding times. */
static void add_capability(struct rescue *r, const char *name)
{
	const char *s = tigetstr(name);

	if (!s || s == (const char *)-1)
		return;
	while (*s && r->len < sizeof(r->bytes)) {
		if (s[0] == '$' && s[1] == '<') {
			s += strcspn(s, ">");
			s += *s == '>';
			continue;
		}
		r->bytes[r->len++] = *s++;
	}
}

static void add_text(struct rescue *r, const char *s)
{
	while (*s && r->len < sizeof(r->bytes))
		r->bytes[r->len++] = *s++;
}

static void make_rescue(bool mouse)
{
	rescue.len = 0;
	if (mouse) /* all modes of xterm that ncurses may have set */
		add_text(&rescue, "\033[?1006l\033[?1003l\033[?1002l\033[?1000l");
	add_capability(&rescue, "rmkx");
	add_capability(&rescue, "sgr0");
	add_capability(&rescue, "op");
	add_capability(&rescue, "cnorm");
	add_capability(&rescue, "rmcup");
	add_text(&rescue, "\r\n");
}

static void handle(int signal_number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;

	if (sigaction(signal_number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return; /* ignored on purpose, by nohup(1) for example */
	sigfillset(&action.sa_mask);
	sigaction(signal_number, &action, NULL);
}

static const struct {
	int signal;
	void (*handler)(int);
	int flags;
} caught[] = {
	{ SIGINT, on_end, 0 },
	{ SIGTERM, on_end, 0 },
	{ SIGHUP, on_end, 0 },
	{ SIGALRM, on_stuck, 0 },
	{ SIGTSTP, on_stop, 0 },
	{ SIGCONT, on_continue, 0 },
	{ SIGSEGV, on_crash, (int)SA_RESETHAND },
	{ SIGBUS, on_crash, (int)SA_RESETHAND },
	{ SIGFPE, on_crash, (int)SA_RESETHAND },
	{ SIGILL, on_crash, (int)SA_RESETHAND },
	{ SIGABRT, on_crash, (int)SA_RESETHAND },
	{ SIGQUIT, on_crash, (int)SA_RESETHAND },
};

/* Sets the handlers, or the default actions. newterm() keeps handlers that were set before. */
static void catch_signals(bool ours)
{
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		handle(caught[i].signal, ours ? caught[i].handler : SIG_DFL,
		       ours ? caught[i].flags : 0);
}

static int check_terminal(struct error *why)
{
	const char *term = getenv("TERM");
	int found = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(why, -ENOTTY, "--top needs a terminal on standard %s",
				 isatty(STDIN_FILENO) ? "output" : "input");
	if (!term || !*term)
		return error_set(why, -ENOTTY, "--top needs to know the terminal: TERM is not set");
	if (setupterm(NULL, STDOUT_FILENO, &found) == ERR)
		return error_set(why, -ENOTTY,
				 found ? "--top cannot use the terminal '%s'" :
					 "--top does not know the terminal '%s'",
				 term);
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1)
		return error_set(
			why, -ENOTTY,
			"--top cannot draw on the terminal '%s': it cannot move its cursor", term);
	return 0;
}

/* In the background a process that uses the terminal is stopped, and SIGTERM does not end it. */
static bool in_background(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground >= 0 && foreground != getpgrp();
}

int terminal_open(struct screen *screen, bool mouse, struct error *why)
{
	int code = check_terminal(why);

	if (code < 0)
		return code;
	if (in_background())
		raise(SIGTTOU); /* stops, until the shell puts it in the foreground */
	if (in_background())
		return error_set(why, -ENOTTY, "--top cannot run in the background");
	if (tcgetattr(STDIN_FILENO, &rescue.settings) < 0)
		return error_set(why, -ENOTTY, "--top cannot read the terminal's settings: %s",
				 strerror(errno));
	make_rescue(mouse);
	del_curterm(cur_term); /* newterm() reads it anew */
	/* curses would take these for the size, whatever the terminal says. */
	unsetenv("LINES");
	unsetenv("COLUMNS");
	catch_signals(true);
	set_escdelay(ESCAPE_MS);
	screen->handle = newterm(NULL, stdout, stdin);
	if (!screen->handle) {
		catch_signals(false);
		return error_set(why, -ENOTTY, "--top cannot use this terminal");
	}
	rescue.due = atexit(on_exit_within) == 0;
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	/* The marks around a text that is pasted, where a terminal sends them: no keys at all. */
	define_key("\033[200~", KEY_MAX + 1);
	define_key("\033[201~", KEY_MAX + 1);
	intrflush(stdscr, FALSE);
	if (mouse)
		mousemask(MOUSE_EVENTS, NULL);
	mouseinterval(0); /* report a press at once, without waiting for a click */
	/* The fonts of the Linux console lack most glyphs of bars and sparklines. */
	screen->utf8 = screen->utf8 && strncmp(getenv("TERM"), "linux", strlen("linux")) != 0;
	paint_begin(screen);
	terminal_size(screen);
	return 0;
}

void terminal_mouse(bool on)
{
	if (on) /* and stay so: the modes that are ended by then do no harm */
		make_rescue(true);
	mousemask(on ? MOUSE_EVENTS : 0, NULL);
}

void terminal_close(struct screen *screen)
{
	if (!in_background()) /* else it was given back at the stop */
		endwin();
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	rescue.due = false;
	catch_signals(false);
	delscreen(screen->handle);
}

void terminal_size(struct screen *screen)
{
	getmaxyx(stdscr, screen->rows, screen->cols);
}

int terminal_ended_by(void)
{
	return ended_by;
}

/* Does the terminal have another size than curses knows? */
static bool size_changed(struct winsize *size)
{
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, size) == 0 && size->ws_row && size->ws_col &&
	       is_term_resized(size->ws_row, size->ws_col);
}

bool terminal_stop_if_asked(void)
{
	struct winsize size;
	bool anew = continued;

	if (stop_asked) {
		stop_asked = 0;
		endwin();
		signal(SIGTSTP, SIG_DFL);
		raise(SIGTSTP);
		handle(SIGTSTP, on_stop, 0);
		anew = true;
	}
	if (!anew)
		return false;
	continued = 0;
	while (in_background() && !ended_by) {
		raise(SIGTTOU);
		if (!continued) /* an orphaned group is not stopped, see setpgid(2) */
			ended_by = SIGHUP;
		continued = 0;
	}
	if (ended_by)
		return false;
	reset_prog_mode();
	if (size_changed(&size)) /* while it was stopped */
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
	refresh();
	return true;
}

void terminal_wait(int fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };
	struct timespec timeout = { .tv_sec = timeout_ms / 1000,
				    .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct winsize size;
	sigset_t all, old;

	/* Blocked until ppoll(), so that none comes between the check of its flag and the wait. */
	sigemptyset(&all);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		if (caught[i].handler != on_crash)
			sigaddset(&all, caught[i].signal);
	sigaddset(&all, SIGWINCH); /* curses has the handler and hides its flag */
	sigprocmask(SIG_BLOCK, &all, &old);
	if (!ended_by && !stop_asked && !continued && !size_changed(&size) &&
	    ppoll(fds, ARRAY_SIZE(fds), timeout_ms < 0 ? NULL : &timeout, &old) > 0 &&
	    fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		ended_by = SIGHUP; /* the terminal is gone, with or without a signal */
	sigprocmask(SIG_SETMASK, &old, NULL);
}
