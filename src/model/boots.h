/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_BOOTS_H
#define LISTENQ_MODEL_BOOTS_H

/* Are two samples of one boot of one host, so that monotonic times tell their order? */
enum boots { BOOTS_SAME, BOOTS_OTHER, BOOTS_UNKNOWN };

/* boots_compare() - as the samples, or the headers of their files, tell. An id of "" is unknown. */
enum boots boots_compare(const char *host, const char *boot_id, const char *other_host,
			 const char *other_boot_id);

#endif
