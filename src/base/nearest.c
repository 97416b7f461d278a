/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/nearest.h"

#include "base/num.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 32 /* longer words match nothing */

static int lower(const char *s, size_t i)
{
	return tolower((unsigned char)s[i]);
}

/* How many letters to add, remove, change or swap with the next one: optimal string alignment. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[3][WORD_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *next = before;

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = lower(a, i - 1) == lower(b, j - 1);

			now[j] = num_min(num_min(last[j], now[j - 1]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) &&
			    lower(a, i - 2) == lower(b, j - 1))
				now[j] = num_min(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = next;
	}
	return last[b_len];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(candidate), edits;

	if (n->len > WORD_MAX || len > WORD_MAX)
		return;
	edits = n->len >= 3 && !strncasecmp(candidate, n->word, n->len) ?
			1 :
			distance(n->word, n->len, candidate, len);
	if (edits > n->len / 3 || (n->best && edits >= n->distance))
		return;
	n->best = candidate;
	n->distance = edits;
}
