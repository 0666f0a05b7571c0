/* SPDX-License-Identifier: Apache-2.0 */
#include "line/verify.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "host/lsm.h"

#include <string.h>

static const struct {
	const char *control, *name;
	bool (*of)(pid_t pid, char ret[LSM_LABEL]);
} modules[] = {
	{"apparmor", "AppArmor", lsm_apparmor_of},
	{"selinux", "SELinux", lsm_selinux_of},
};

/* The label that a control promised; NULL for none, or where nobody is to look. */
static const char *expected(const struct json *record, const char *control)
{
	/* Kernels that give the label which was asked for. */
	static const char *const asked[] = {"on", "enforcing", "permissive", NULL};
	const struct json *ceiling = json_get(json_get(record, "ceilings"), control);
	const char *mode = json_string(ceiling, "mode"), *label = json_string(ceiling, "label");
	const char *kernel = json_string(ceiling, "kernel");

	if (!json_true(ceiling, "verify") || !mode || strcmp(mode, "enforce") != 0 || !kernel ||
	    !text_in(kernel, asked))
		return NULL;
	return label && label[0] ? label : NULL;
}

bool verify_wanted(const struct json *record)
{
	for (size_t i = 0; i < hr_count(modules); i++)
		if (expected(record, modules[i].control))
			return true;
	return false;
}

enum verify verify_labels(pid_t pid, const struct json *record, struct hr_error *err)
{
	char label[LSM_LABEL], shown[TEXT_SHOWN_SIZE], wanted[TEXT_SHOWN_SIZE];

	for (size_t i = 0; i < hr_count(modules); i++) {
		const char *want = expected(record, modules[i].control);

		if (!want)
			continue;
		if (!modules[i].of(pid, label))
			return VERIFY_UNSEEN;
		if (strcmp(label, want) == 0)
			continue;
		hr_fail(err, HR_DENIED,
			"%s: the container's first process is under \"%s\" and not under \"%s\", "
			"with which it was created (rule %s.verify)",
			modules[i].name, text_shown_z(label, shown), text_shown_z(want, wanted),
			modules[i].control);
		return VERIFY_OTHER;
	}
	return VERIFY_SAME;
}
