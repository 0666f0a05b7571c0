/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error value, owned by the caller and filled without allocation, so that it
 * works when memory is gone. A function that can fail returns 0 or -1, takes
 * `struct hr_error *err` last, and makes the error with `return hr_fail(err, ...)`;
 * callers add where it happened with `return hr_context(err, ...)`. Only the entry
 * point prints. The message names file, JSON path, value, rule and what to change.
 */
#ifndef HR_BASE_ERROR_H
#define HR_BASE_ERROR_H

enum hr_code {
	HR_OK,
	HR_USAGE,     /* the command line */
	HR_POLICY,    /* the administrator's policy */
	HR_SPEC,      /* config.json, process.json, resources: not understood */
	HR_DENIED,    /* understood, and against the policy */
	HR_UNTRUSTED, /* a file or program that others than root could change */
	HR_SYSTEM,    /* the kernel said no, or memory is gone */
	HR_CODES
};

#define HR_ERROR_MSG 2048 /* bytes with the NUL; a longer message is cut at its end */

struct hr_error {
	enum hr_code code;
	char msg[HR_ERROR_MSG];
};

/* Fill err (which may be NULL) and return -1. The first error wins: nothing is
 * overwritten, so that a failing clean-up does not hide the cause. */
int hr_fail(struct hr_error *err, enum hr_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Like hr_fail with HR_SYSTEM and ": " and the text of errno_value behind the message.
 * The texts that engines act upon ("no such file", "permission denied") are reworded. */
int hr_fail_errno(struct hr_error *err, int errno_value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "text: " before the message, as the error travels up. Returns -1. */
int hr_context(struct hr_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text for an errno that no engine takes for a verdict of its own. */
const char *hr_errno_text(int errno_value);

#endif
