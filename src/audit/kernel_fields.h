/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to kernel_*.c: the text of a record as fields KEY=VALUE. The kernel writes what a process
 * can choose (its name, a path) in quotes, or in hexadecimal where it holds a quote, a blank or a
 * control character (audit_log_untrustedstring), so blanks and quotes separate fields.
 */
#ifndef HR_AUDIT_KERNEL_FIELDS_H
#define HR_AUDIT_KERNEL_FIELDS_H

#include "audit/kernel.h"

#include <stddef.h>

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

struct field {
	const char *key, *value; /* not terminated; value NULL for a word without = */
	size_t key_len, value_len;
	bool quoted;
};

static inline size_t rest_left(const struct rest *rest)
{
	return (size_t)(rest->end - rest->at);
}

/* Skip that word, or nothing. */
bool rest_take(struct rest *rest, const char *word);
bool rest_number(struct rest *rest, uint64_t *ret);

/* The first field of that name. */
bool field_find(struct rest rest, const char *key, struct field *ret);

/* Decoded and cut to fit; NUL bytes as ?. */
void field_copy(const struct field *field, char *ret, size_t room);

/* The same of the field of that name; "" where there is none. */
void field_get(const struct rest *rest, const char *key, char *ret, size_t room);

/* A number of at most `most` in base 10 or 16. */
bool field_number(const struct rest *rest, const char *key, unsigned base, uint64_t most,
		  uint64_t *ret);

/* What comes before the fields: kind (SELinux for AppArmor too), time and serial where they are
 * there. False for a line of another sort. */
bool kernel_head(struct rest *rest, struct kernel_record *ret);

#endif
