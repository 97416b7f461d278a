/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_FAKE_NETLINK_H
#define LISTENQ_TESTS_FAKE_NETLINK_H

#include "model/sample_source.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/unix_diag.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A kernel made of paper: it stands in for the socket functions of libmnl and recvmsg(2), because
 * nothing else can make a real kernel lose a dump, refuse the legacy request, lack IPv6 or be
 * interrupted just when a test wants it. What a program defines itself wins over the shared
 * library; libmnl's functions that only look at memory stay the real ones.
 *
 * What is asked is recorded; what is received is what the test has put in the queue, one datagram
 * or error a call. Messages get the sequence number of the last request, but foreign ones keep
 * their own.
 */
void fake_netlink_reset(void);

/* Ends a test of a collector: closes it, frees its sample and its tree of files, and resets. */
void fake_netlink_end(struct sample_source **collector, struct snapshot *s, char *tree);

/* Queues one datagram; the bytes are copied. */
void fake_netlink_reply(const void *bytes, size_t len);
void fake_netlink_reply_foreign(const void *bytes, size_t len);

/* The same, of a process that has taken the address @pid: it has guessed the sequence number. */
void fake_netlink_reply_from(uint32_t pid, const void *bytes, size_t len);

/*
 * fake_netlink_captured() - read a dump that tests/data/capture.py took. Netlink has the byte order
 * of the host, which was little endian: the numbers are converted, but those at the end of struct
 * tcp_info.
 *
 * Returns the bytes, which the caller frees.
 */
char *fake_netlink_captured(const char *path, size_t *len);

/* Queues all messages of a captured dump, at most @each a datagram, 0: in one. */
void fake_netlink_reply_dump(const void *bytes, size_t len, size_t each);

/* Queues a datagram with NLMSG_ERROR or NLMSG_DONE carrying @code (0 or -errno). */
void fake_netlink_reply_error(int code);
void fake_netlink_reply_done(int code);

/*
 * Queues a datagram with one socket.
 * @drops: SK_MEMINFO, -1: left out
 * @last_data_sent_ms: INFO, -1: left out
 */
void fake_netlink_reply_socket(const struct inet_diag_msg *socket, int64_t drops,
			       int64_t last_data_sent_ms);

/* The same with a UNIX socket; @name: NULL: left out. */
void fake_netlink_reply_unix(const struct unix_diag_msg *socket, const void *name, size_t len,
			     uint32_t length, uint32_t limit);

/* Queues a failure of receiving: recvmsg() returns -1 with this errno; ENOSPC: MSG_TRUNC. */
void fake_netlink_fail_receive(int error);

/* Lets the next send, or open, fail with this errno. */
void fake_netlink_fail_send(int error);
void fake_netlink_fail_open(int error);

/*
 * Called with each request that is sent, to queue the reply; NULL: nobody, and a question for one
 * object finds none.
 */
extern void (*fake_netlink_on_request)(const struct nlmsghdr *request);

/* Called when something is received and nothing is queued; NULL: nobody. */
extern void (*fake_netlink_on_empty)(void);

/* What happened since fake_netlink_reset(). */
extern unsigned int fake_netlink_opened, fake_netlink_closed;
extern size_t fake_netlink_buffer; /* room that the last receive offered */
size_t fake_netlink_sent(void);
const struct nlmsghdr *fake_netlink_request(size_t i);

/* SO_NETNS_COOKIE of every socket; 0: the kernel has no such option. */
extern uint64_t fake_netlink_netns_cookie;

/* Replies that nobody fetched. */
size_t fake_netlink_left(void);

#endif
