/* SPDX-License-Identifier: Apache-2.0 */
/* Several recordings become one profile. */
#include "command/learn.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "line/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The file of a word: itself where there is one, or what is kept of the container of that id. */
static int find(const char *word, char path[PATH_MAX], struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (strlen(word) >= PATH_MAX - sizeof(HR_LEARNDIR) - 8)
		return hr_fail(err, HR_SYSTEM, "learn: --from: %s: too long",
			       text_shown_z(word, shown));
	snprintf(path, PATH_MAX, "%s", word);
	if (access(path, F_OK) == 0)
		return 0;
	if (!strchr(word, '/')) {
		snprintf(path, PATH_MAX, HR_LEARNDIR "/%s.json", word);
		if (access(path, F_OK) == 0)
			return 0;
	}
	return hr_fail(err, HR_SYSTEM,
		       "learn: --from: %s is neither a file nor a container whose calls were "
		       "recorded (hardrun learn --list)",
		       text_shown_z(word, shown));
}

static int load(const char *word, struct recording **ret, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	char path[PATH_MAX], shown[TEXT_SHOWN_SIZE];
	size_t len;

	if (find(word, path, err) < 0)
		return -1;
	text_shown_z(word, shown);
	if (file_read_at(AT_FDCWD, path, shown, LEARN_FILE_MAX, &text, &len, NULL, err) < 0) {
		err->code = HR_SYSTEM;
		return -1;
	}
	if (recording_read(shown, text, len, ret, err) < 0)
		return -1;
	if (!recording_is_complete(*ret))
		fprintf(stderr,
			"hardrun: warning: learn: %s is not complete; calls may be missing\n",
			shown);
	return 0;
}

/* One base for all: what one refuses another may not bring in. */
static int same_base(const struct learn *learn, const struct recording *a,
		     const struct recording *b, struct hr_error *err)
{
	const char *of_a = recording_said(a, "base"), *of_b = recording_said(b, "base");
	char shown_a[TEXT_SHOWN_SIZE], shown_b[TEXT_SHOWN_SIZE];

	if (learn->trial.seccomp || strcmp(of_a, of_b) == 0)
		return 0;
	return hr_fail(err, HR_USAGE,
		       "learn: --from: recorded under different profiles (%s and %s); say by "
		       "--seccomp NAME|FILE which one the learned profile is to stay within",
		       text_shown_z(of_a, shown_a), text_shown_z(of_b, shown_b));
}

static int merge(const struct learn *learn, struct recording **ret, struct hr_error *err)
{
	recording_auto struct recording *all = NULL;

	for (size_t i = 0; i < learn->from_count; i++) {
		recording_auto struct recording *next = NULL;

		if (load(learn->from[i], &next, err) < 0)
			return -1;
		if (!all) {
			all = hr_steal(next);
			continue;
		}
		if (same_base(learn, all, next, err) < 0)
			return -1;
		if (recording_merge(all, next, err) < 0)
			return hr_context(err, "learn: --from");
	}
	*ret = hr_steal(all);
	return 0;
}

/* By its name: built in, a file of the policy, or any other file. */
static int load_base(const struct learn *learn, const struct recording *recording,
		     struct seccomp_filter **ret, struct hr_error *err)
{
	static const char *const ends[] = {".seccomp", ".json"};
	const char *word = recording_said(recording, "base");
	char path[PATH_MAX], shown[TEXT_SHOWN_SIZE];
	const char *arch = recording_said(recording, "arch");
	size_t len;

	if (learn->trial.seccomp)
		return command_profile(learn->trial.seccomp, arch, NULL, ret, err);
	if (seccomp_builtin(word, &len) || text_starts(word, "/"))
		return command_profile(word, arch, NULL, ret, err);
	for (size_t i = 0; i < hr_count(ends) && !strchr(word, '/'); i++) {
		int written =
			snprintf(path, sizeof(path), HR_CONFDIR "/seccomp/%s%s", word, ends[i]);

		if (written > 0 && written < PATH_MAX && access(path, F_OK) == 0)
			return command_profile(path, arch, NULL, ret, err);
	}
	return hr_fail(err, HR_USAGE,
		       "learn: --from: it was recorded under the profile %s, which is neither "
		       "built in nor in " HR_CONFDIR "/seccomp; name it by --seccomp NAME|FILE",
		       text_shown_z(word, shown));
}

int learn_from(const struct learn *learn, struct hr_error *err)
{
	recording_auto struct recording *recording = NULL;
	seccomp_filter_auto struct seccomp_filter *base = NULL;

	if (merge(learn, &recording, err) < 0 || load_base(learn, recording, &base, err) < 0 ||
	    learn_write(learn, recording, base, recording_said(recording, "container"), true, err) <
		    0)
		return command_exit(err);
	return EXIT_OK;
}
