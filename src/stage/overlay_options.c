/* SPDX-License-Identifier: Apache-2.0 */
/* What fs/overlayfs/params.c, security/selinux/hooks.c and fs/proc_namespace.c of Linux print. */
#include "stage/overlay_options.h"

#include "base/cleanup.h"
#include "host/mountinfo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

static const struct {
	const char *name;
	unsigned long flag;
} super_flags[] = {
	{"sync", MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC},
	{"mand", MS_MANDLOCK},
	{"lazytime", MS_LAZYTIME},
};

/* Options that are passed on as they are, and what they may say (NULL: they have no value). A
 * volatile overlay is not among them: the kernel does not mount its upper directory again. */
static const struct {
	const char *name;
	const char *const *values;
} others[] = {
	{"default_permissions", NULL},
	{"fsync", (const char *const[]){"auto", "ordered", "strict", NULL}},
	{"index", (const char *const[]){"on", "off", NULL}},
	{"metacopy", (const char *const[]){"on", "off", NULL}},
	{"nfs_export", (const char *const[]){"on", "off", NULL}},
	{"redirect_dir", (const char *const[]){"on", "off", "follow", "nofollow", NULL}},
	{"userxattr", NULL},
	{"uuid", (const char *const[]){"auto", "null", "off", "on", NULL}},
	{"verity", (const char *const[]){"off", "on", "require", NULL}},
	{"xino", (const char *const[]){"auto", "off", "on", NULL}},
};

static const char *const context_names[] = {"context", "fscontext", "defcontext", "rootcontext",
					    NULL};

static int refuse(const char *option, const char *why, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	return hr_fail(err, HR_DENIED, "its option %s %s", text_shown_z(option, shown), why);
}

/* --- Layers ------------------------------------------------------------------------------ */

static int add(const char ***list, size_t *count, const char *value, struct hr_error *err)
{
	const char **more = reallocarray(*list, *count + 1, sizeof(*more));

	if (!more)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	more[(*count)++] = value;
	*list = more;
	return 0;
}

/* Undo overlayfs' own escapes, a backslash before any byte, in *rest up to its end or, with
 * `colons`, to the next colon; *rest is then what is behind that, or NULL. False for a backslash
 * before nothing. */
static bool take_path(char **rest, bool colons)
{
	char *to = *rest, *from = *rest;

	for (; *from && !(colons && *from == ':'); from++) {
		if (*from == '\\' && *++from == '\0')
			return false;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return true;
}

static int read_lower(char *value, struct overlay_options *ret, struct hr_error *err)
{
	if (ret->lower_count)
		return refuse("lowerdir", "is there twice", err);
	for (char *rest = value; rest;) {
		const char *path = rest;

		if (!take_path(&rest, true))
			return refuse("lowerdir", "ends in a backslash", err);
		if (!*path)
			return refuse("lowerdir", "has a layer for data only, or without a name",
				      err);
		if (add(&ret->lower, &ret->lower_count, path, err) < 0)
			return -1;
	}
	return 0;
}

static int read_single(const char *name, char *value, const char **ret, struct hr_error *err)
{
	char *rest = value;

	if (*ret)
		return refuse(name, "is there twice", err);
	if (!take_path(&rest, false) || !*value)
		return refuse(name, "is no path", err);
	*ret = value;
	return 0;
}

/* --- Reading ----------------------------------------------------------------------------- */

/* The next option, ended by a comma. Commas of a value are octal escapes, except in the contexts
 * of SELinux, which stand in double quotes then. A quote elsewhere is a byte of a path. */
static char *take_option(char **rest)
{
	char *option = *rest, *end = option;

	for (size_t i = 0; context_names[i]; i++) {
		size_t len = strlen(context_names[i]);

		if (text_starts(option, context_names[i]) && text_starts(option + len, "=\""))
			end = strchr(option + len + 2, '"');
	}
	end = end ? strchr(end, ',') : NULL;
	if (end)
		*end = '\0';
	*rest = end ? end + 1 : NULL;
	return option;
}

static int read_context(char *option, char *value, struct overlay_options *ret,
			struct hr_error *err)
{
	size_t len = strlen(value);

	if (value[0] == '"') {
		if (len < 2 || value[len - 1] != '"')
			return refuse(option, "has no end", err);
		memmove(value, value + 1, len);
		value[len - 2] = '\0';
	}
	mountinfo_unescape(value);
	if (!*value || strpbrk(value, "\"\\\n"))
		return refuse(option, "is no SELinux context", err);
	value[-1] = '=';
	return add(&ret->contexts, &ret->context_count, option, err);
}

static int read_other(char *option, char *value, struct overlay_options *ret, struct hr_error *err)
{
	for (size_t i = 0; i < hr_count(others); i++) {
		if (strcmp(option, others[i].name) != 0)
			continue;
		if (!value != !others[i].values || (value && !text_in(value, others[i].values)))
			break;
		if (value)
			value[-1] = '=';
		return add(&ret->others, &ret->other_count, option, err);
	}
	if (value)
		value[-1] = '=';
	if (strcmp(option, "volatile") == 0 || strcmp(option, "fsync=volatile") == 0)
		return refuse(option, "lets nobody mount its layers again; mount it without", err);
	return refuse(option, "is not known here", err);
}

static int read_named(char *option, char *value, struct overlay_options *ret, struct hr_error *err)
{
	if (text_in(option, context_names))
		return read_context(option, value, ret, err);
	if (strcmp(option, "datadir+") == 0)
		return refuse(option, "is a layer for data only, which cannot be mounted anew",
			      err);
	mountinfo_unescape(value);
	if (strcmp(option, "lowerdir") == 0)
		return read_lower(value, ret, err);
	/* One layer each, and with fsconfig(2) nothing in it is special. */
	if (strcmp(option, "lowerdir+") == 0)
		return *value ? add(&ret->lower, &ret->lower_count, value, err)
			      : refuse(option, "is empty", err);
	if (strcmp(option, "upperdir") == 0)
		return read_single(option, value, &ret->upper, err);
	if (strcmp(option, "workdir") == 0)
		return read_single(option, value, &ret->work, err);
	return read_other(option, value, ret, err);
}

static int read_option(char *option, struct overlay_options *ret, struct hr_error *err)
{
	char *value = strchr(option, '=');

	if (value) {
		*value++ = '\0';
		return read_named(option, value, ret, err);
	}
	/* That files have labels, which is not asked for but found. */
	if (strcmp(option, "seclabel") == 0)
		return 0;
	for (size_t i = 0; i < hr_count(super_flags); i++)
		if (strcmp(option, super_flags[i].name) == 0) {
			ret->flags |= super_flags[i].flag;
			return 0;
		}
	return read_other(option, NULL, ret, err);
}

static int read_access(const char *option, struct overlay_options *ret, struct hr_error *err)
{
	ret->read_only = strcmp(option, "ro") == 0;
	return ret->read_only || strcmp(option, "rw") == 0
		       ? 0
		       : refuse(option, "should be rw or ro", err);
}

int overlay_options_parse(const char *super, struct overlay_options *ret, struct hr_error *err)
{
	char *rest;

	*ret = (struct overlay_options){.text = strdup(super)};
	if (!ret->text)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	rest = ret->text;
	if (read_access(take_option(&rest), ret, err) < 0)
		return -1;
	while (rest)
		if (read_option(take_option(&rest), ret, err) < 0)
			return -1;
	if (!ret->lower_count)
		return hr_fail(err, HR_DENIED, "it shows no lowerdir");
	if (!ret->upper != !ret->work)
		return hr_fail(err, HR_DENIED, "it shows an upperdir or a workdir alone");
	return 0;
}

void overlay_options_done(struct overlay_options *options)
{
	free(options->text);
	free(options->contexts);
	free(options->lower);
	free(options->others);
	*options = (struct overlay_options){0};
}

/* --- Comparing and writing ------------------------------------------------------------------ */

bool overlay_options_labelled(const struct overlay_options *options, const char *context)
{
	return options->context_count == 1 && text_starts(options->contexts[0], "context=") &&
	       strcmp(options->contexts[0] + strlen("context="), context) == 0;
}

static bool same_list(const char **a, size_t a_count, const char **b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

bool overlay_options_same(const struct overlay_options *a, const struct overlay_options *b,
			  bool any_context)
{
	return a->read_only == b->read_only && a->flags == b->flags &&
	       a->lower_count == b->lower_count && !a->upper == !b->upper &&
	       same_list(a->others, a->other_count, b->others, b->other_count) &&
	       (any_context ||
		same_list(a->contexts, a->context_count, b->contexts, b->context_count));
}

static void write_path(struct text *ret, const char *path, const char *special)
{
	for (; *path; path++) {
		if (strchr(special, *path))
			text_adds(ret, "\\");
		text_add(ret, path, 1);
	}
}

static const char *from_base(const char *path, const char *base)
{
	size_t len = base ? strlen(base) : 0;

	if (len < 2 || strncmp(path, base, len) != 0 || path[len] != '/')
		return path;
	path += len + strspn(path + len, "/");
	return *path ? path : ".";
}

static void write_contexts(const struct overlay_options *options, const char *context,
			   struct text *ret)
{
	if (context) {
		text_addf(ret, "context=\"%s\",", context);
		return;
	}
	for (size_t i = 0; i < options->context_count; i++) {
		const char *value = strchr(options->contexts[i], '=') + 1;

		text_add(ret, options->contexts[i], (size_t)(value - options->contexts[i]));
		text_addf(ret, "\"%s\",", value);
	}
}

void overlay_options_write(const struct overlay_options *options, const char *context,
			   const char *base, struct text *ret)
{
	write_contexts(options, context, ret);
	text_adds(ret, "lowerdir=");
	for (size_t i = 0; i < options->lower_count; i++) {
		if (i)
			text_adds(ret, ":");
		write_path(ret, from_base(options->lower[i], base), "\\,:");
	}
	if (options->upper) {
		text_adds(ret, ",upperdir=");
		write_path(ret, options->upper, "\\,");
		text_adds(ret, ",workdir=");
		write_path(ret, options->work, "\\,");
	}
	for (size_t i = 0; i < options->other_count; i++) {
		text_adds(ret, ",");
		text_adds(ret, options->others[i]);
	}
}
