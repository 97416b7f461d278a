/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/terminal.h"

#include "base/alloc.h"
#include "base/text.h"
#include "top/curses.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

/* How long to wait for the rest of a function key after Esc. */
#define ESCAPE_MS 25

/* How long a thread that crashes waits for the one that draws. */
#define PARK_MS 100

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
 * What on_death() needs to give the terminal back. It cannot call curses, which may have crashed
 * or may be in the middle of a write.
 */
static struct rescue {
	struct termios settings;
	char bytes[512];
	size_t len;
	bool due; /* the terminal has to be given back */
	pthread_t thread; /* that draws */
	atomic_flag dying; /* a thread is in on_death() */
	volatile sig_atomic_t parked; /* the thread that draws is there too, and waits */
} rescue = { .dying = ATOMIC_FLAG_INIT };

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

	if (!ended_by)
		ended_by = signal_number;
	setitimer(ITIMER_REAL, &stuck_after, NULL); /* only a system call, in a handler too */
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

/* In the background a process that uses the terminal is stopped, and SIGTERM does not end it. */
static bool in_background(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground >= 0 && foreground != getpgrp();
}

/* Does what endwin() does, by system calls that a signal handler may call. */
static void give_back(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (!rescue.due || in_background()) /* it was given back at the stop */
		return;
	if (poll(&out, 1, 0) == 0)
		discard_output();
	write_all(STDOUT_FILENO, rescue.bytes, rescue.len);
	tcsetattr(STDIN_FILENO, TCSANOW, &rescue.settings);
}

/* Lets the thread that draws come to on_death() and stay there, if it is not this one. */
static void park(int signal_number)
{
	if (pthread_equal(rescue.thread, pthread_self()))
		return;
	pthread_kill(rescue.thread, signal_number);
	for (int ms = 0; ms < PARK_MS && !rescue.parked; ms++)
		poll(NULL, 0, 1);
}

/* The signal is raised again, and ends the process with its default action at the return. */
static void on_death(int signal_number)
{
	if (atomic_flag_test_and_set(&rescue.dying)) {
		rescue.parked = 1;
		for (;;) /* the other thread ends the process */
			pause();
	}
	park(signal_number);
	give_back();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Of the timer of on_end(); without it somebody has sent the signal. */
static void on_alarm(int signal_number)
{
	const int saved = errno;

	if (!ended_by)
		on_death(signal_number);
	else
		discard_output();
	errno = saved;
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

static void handle(int signal_number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler }, old;

	if (sigaction(signal_number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return; /* ignored on purpose, by nohup(1) for example */
	sigfillset(&action.sa_mask);
	sigaction(signal_number, &action, NULL);
}

/* Returns what handles the signal in the view; NULL: its default action does not end a process. */
static void (*handler_of(int signal_number))(int)
{
	switch (signal_number) {
	case SIGINT:
	case SIGTERM:
	case SIGHUP:
		return on_end;
	case SIGALRM:
		return on_alarm;
	case SIGTSTP:
		return on_stop;
	case SIGCONT:
		return on_continue;
	case SIGSTOP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH: /* curses has a handler for it */
		return NULL;
	default:
		return on_death;
	}
}

/* Sets the handlers, or the default actions. newterm() keeps handlers that were set before. */
static void catch_signals(bool ours)
{
	for (int i = 1; i < NSIG; i++)
		if (handler_of(i))
			handle(i, ours ? handler_of(i) : SIG_DFL);
}

static int check_terminal(struct error *why)
{
	const char *term = getenv("TERM");
	int found = 0, code;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(why, -ENOTTY, "--top needs a terminal on standard %s",
				 isatty(STDIN_FILENO) ? "output" : "input");
	if (!term || !*term)
		return error_set(why, -ENOTTY, "--top needs to know the terminal: TERM is not set");
	code = curses_load(why);
	if (code < 0)
		return code;
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
	rescue.thread = pthread_self();
	make_rescue(mouse);
	del_curterm(set_curterm(NULL)); /* newterm() reads it anew */
	/* curses would take these for the size, whatever the terminal says. */
	unsetenv("LINES");
	unsetenv("COLUMNS");
	rescue.due = atexit(on_exit_within) == 0;
	catch_signals(true);
	set_escdelay(ESCAPE_MS);
	text_load_locale(); /* for curses */
	screen->handle = newterm(NULL, stdout, stdin);
	if (!screen->handle) {
		rescue.due = false;
		catch_signals(false);
		return error_set(why, -ENOTTY, "--top cannot use this terminal");
	}
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

int terminal_take_keys(struct error *why)
{
	const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return error_set(why, -ENOTTY,
				 "--top takes keys from the terminal, and there is none: %s",
				 strerror(errno));
	close(fd);
	return 0;
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
		handle(SIGTSTP, on_stop);
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

void terminal_say(const struct screen *screen, const char *format, ...)
{
	struct paint p = paint_line(screen, screen->rows - 1);
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	paint_string(&p, INK_STRONG, text);
	paint_rest(&p, INK_PLAIN);
	refresh();
}

bool terminal_key_waits(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return ended_by || stop_asked || poll(&fd, 1, 0) > 0;
}

void terminal_drop_keys(void)
{
	flushinp();
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
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (!ended_by && !stop_asked && !continued && !size_changed(&size) &&
	    ppoll(fds, ARRAY_SIZE(fds), timeout_ms < 0 ? NULL : &timeout, &old) > 0 &&
	    fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		ended_by = SIGHUP; /* the terminal is gone, with or without a signal */
	sigprocmask(SIG_SETMASK, &old, NULL);
}
