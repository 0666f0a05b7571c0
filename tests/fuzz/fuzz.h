/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target is one function, for libFuzzer or for replay.c. What must hold whatever the
 * bytes are is a `must`; it ends the process, which is what both take for a finding.
 */
#ifndef HR_TESTS_FUZZ_H
#define HR_TESTS_FUZZ_H

#include "base/cleanup.h"
#include "json/json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An error says something, in plain letters, and nothing that an engine acts upon. */
static inline void must_be_told(const struct hr_error *err)
{
	static const char *const traps[] = {"no such file", "permission denied", "not found",
					    "does not exist", "no such process"};

	must(err->code > HR_OK && err->code < HR_CODES && err->msg[0]);
	for (const char *c = err->msg; *c; c++)
		must(*c >= ' ' && *c <= '~');
	for (size_t i = 0; i < hr_count(traps); i++)
		must(!strcasestr(err->msg, traps[i]));
}

/* Compact JSON; the caller frees it. */
static inline char *must_write(const struct json *value, size_t *ret_len)
{
	struct hr_error err = {0};
	char *text = NULL;

	must(json_write(value, &text, ret_len, &err) == 0);
	must(text && strlen(text) == *ret_len);
	return text;
}

#endif
