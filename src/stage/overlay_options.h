/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of an overlay: read from what the kernel shows in mountinfo, written as mount(2)
 * takes them. Only what is known is understood; everything else is an error, as an option that
 * was dropped would make another file system.
 */
#ifndef HR_STAGE_OVERLAY_OPTIONS_H
#define HR_STAGE_OVERLAY_OPTIONS_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct overlay_options {
	char *text; /* owns the strings */

	bool read_only;
	unsigned long flags; /* of the superblock: MS_SYNCHRONOUS, MS_DIRSYNC, MS_LAZYTIME... */

	const char **contexts; /* "context=system_u:...", without the quotes */
	size_t context_count;

	const char **lower; /* paths as they were given, absolute or not; the topmost first */
	size_t lower_count;
	const char *upper; /* NULL: read-only, all layers are lower ones */
	const char *work;

	const char **others; /* "index=on", "userxattr": in the kernel's order */
	size_t other_count;
};

/* Read mount_entry.super. HR_DENIED names the option. *ret is to be freed in any case. */
int overlay_options_parse(const char *super, struct overlay_options *ret, struct hr_error *err);
void overlay_options_done(struct overlay_options *options);
#define overlay_options_auto __attribute__((cleanup(overlay_options_done)))

/* True if `context` is what it is mounted with and nothing else. */
bool overlay_options_labelled(const struct overlay_options *options, const char *context);

/*
 * The data for mount(2), NUL-terminated: the contexts first, in quotes (SELinux takes its part
 * out of the string before overlayfs sees it, and goes by quotes alone), `context` instead of
 * all that are there unless it is NULL; then the layers, of which the lower ones are written
 * relative to the directory `base` when they are below it, unless it is NULL; then the rest.
 */
void overlay_options_write(const struct overlay_options *options, const char *context,
			   const char *base, struct text *ret);

/* True if both mean the same but for the names of layers and, with `any_context`, contexts. */
bool overlay_options_same(const struct overlay_options *a, const struct overlay_options *b,
			  bool any_context);

#endif
