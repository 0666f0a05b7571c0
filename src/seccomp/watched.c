/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watched form of a filter. A call that is watched is NOTIFY whole: libseccomp drops
 * conditions beside a rule without any, and whoever listens has the registers to judge by.
 */
#include "seccomp/watched.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "json/edit.h"
#include "seccomp/filter.h"
#include "seccomp/recording.h"

#include <string.h>

struct watching {
	const struct seccomp_filter *filter;
	enum seccomp_arch arch;
	enum seccomp_watch watch;
	const char *const *also;
	struct json_doc *doc;
	struct json *names; /* of what is NOTIFY */
};

/*
 * What is never handed over. write: runc sends its listener by it and refuses such a filter.
 * The others are calls that a program does not make by itself: when a signal without
 * SA_RESTART comes in while they wait, the kernel has them return EINTR, which nothing is
 * prepared for.
 */
static const char *const never[] = {"write", "restart_syscall", "rt_sigreturn", "sigreturn", NULL};

/* True if the filter lets it through whatever its arguments are. */
static bool open_to_all(const struct seccomp_filter *filter, const struct filter_call *call)
{
	bool always = answer_passes(&filter->other);

	for (const struct filter_rule *rule = call ? call->first : NULL; rule; rule = rule->next) {
		if (!answer_passes(&rule->answer))
			return false;
		always |= filter_always(rule);
	}
	return always && !(call && call->unclear);
}

static bool is_watched(const struct watching *watching, const char *name)
{
	if (text_in(name, never) || !names_on(name, watching->arch))
		return false;
	if (watching->also && text_in(name, watching->also))
		return true;
	if (!open_to_all(watching->filter, filter_find(watching->filter, name)))
		return true;
	return watching->watch == SECCOMP_WATCH_ALL && !text_in(name, seccomp_floor);
}

/* The rules of the calls that are not watched. */
static struct seccomp_filter *unwatched(const struct watching *watching)
{
	const struct seccomp_filter *filter = watching->filter;
	struct seccomp_filter *ret = filter_new(filter->other);
	bool good = ret != NULL;

	for (const struct filter_call *call = filter->first; call && good; call = call->next) {
		struct filter_call *copy;

		if (is_watched(watching, call->name))
			continue;
		copy = filter_name(ret, call->name);
		good = copy != NULL;
		for (const struct filter_rule *rule = call->first; rule && good; rule = rule->next)
			good = filter_add(ret, copy, rule->answer, &rule->box) != NULL;
	}
	if (good)
		return ret;
	seccomp_filter_free(ret);
	return NULL;
}

static bool put_name(struct watching *watching, const char *name)
{
	return !is_watched(watching, name) ||
	       json_append(watching->names, json_new_string(watching->doc, name));
}

/* Those with rules in their order, then all other calls by number. */
static bool put_names(struct watching *watching)
{
	char name[NAMES_SIZE];

	for (const struct filter_call *call = watching->filter->first; call; call = call->next)
		if (!put_name(watching, call->name))
			return false;
	for (int number = 0; number < NAMES_NUMBERS; number++)
		if (names_numbered(number, watching->arch, name) &&
		    !filter_find(watching->filter, name) && !put_name(watching, name))
			return false;
	return true;
}

static bool put_notify(struct watching *watching, struct json *object)
{
	struct json_doc *doc = watching->doc;
	struct json *entry = json_append(json_get_mut(object, "syscalls"), json_new_object(doc));

	watching->names = json_put(doc, entry, "names", json_new_array(doc));
	return watching->names && put_names(watching) &&
	       json_put_string(doc, entry, "action", "SCMP_ACT_NOTIFY");
}

int seccomp_write_watched(const struct seccomp_filter *filter, const char *arch,
			  enum seccomp_watch watch, const char *const *also, const char *socket,
			  struct json_doc *doc, struct json **ret, struct hr_error *err)
{
	struct watching watching = {.filter = filter,
				    .arch = names_arch(arch),
				    .watch = watch,
				    .also = also,
				    .doc = doc};
	seccomp_filter_auto struct seccomp_filter *rest = unwatched(&watching);
	struct json *object;

	if (!rest)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (seccomp_write(rest, arch, doc, &object, err) < 0)
		return -1;
	if (!put_notify(&watching, object) || !json_put_string(doc, object, "listenerPath", socket))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = object;
	return 0;
}
