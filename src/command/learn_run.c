/* SPDX-License-Identifier: Apache-2.0 */
/* A command, and what it calls. */
#include "command/learn.h"

#include "base/cleanup.h"
#include "command/review.h"
#include "json/edit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct lesson {
	struct recording *recording;
	struct seccomp_filter *base; /* the filter that it ran under; NULL: nothing was seen */
	bool failed;
};

static void seen(const struct supervise_seen *seen, void *data)
{
	struct lesson *lesson = data;

	if (!lesson->base) {
		lesson->base = recording_copy_filter(seen->filter);
		lesson->failed |= !lesson->base;
	}
	recording_add(lesson->recording, seen->name, seen->call->args, seen->judgement,
		      seen->process->name, seen->process->runtime);
}

static void say_time(struct recording *recording, const char *key)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	if (gmtime_r(&now, &utc) && strftime(text, sizeof(text), "%FT%TZ", &utc) > 0)
		recording_say(recording, key, text);
}

/* The base's name is known only now. */
static struct recording *finish(const struct lesson *lesson, const struct trial_result *result,
				struct hr_error *err)
{
	recording_auto struct recording *recording = recording_new(result->seccomp);

	if (!recording) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return NULL;
	}
	recording_complete(recording, true);
	if (recording_merge(recording, lesson->recording, err) < 0)
		return NULL;
	recording_say(recording, "profile", result->profile);
	recording_say(recording, "runtime", result->runtime);
	recording_say(recording, "started", recording_said(lesson->recording, "started"));
	say_time(recording, "ended");
	recording_complete(recording, result->watched && !lesson->failed);
	return hr_steal(recording);
}

/* What controls refused may be more than the one that the error names. */
static void print_refusals(const struct trial_result *result)
{
	json_auto struct json_doc *doc = json_new("refusals");
	struct json *report = doc ? json_new_array(doc) : NULL;
	const struct json *all = result->report ? json_root(result->report) : NULL;
	text_auto struct text text = {0};

	all = json_get(all, "report");
	json_each(entry, all)
		if (json_string(entry, "action") &&
		    strcmp(json_string(entry, "action"), "refuse") == 0)
			json_append(report, json_clone(doc, entry));
	if (json_count(report) == 0)
		return;
	review_write(&(struct review){.profile = result->profile,
				      .chosen_by = "learn",
				      .report = report},
		     &text);
	if (!text.failed && text.data)
		fprintf(stderr, "%s\n", text.data);
}

/* The runtime failed before it, or could not run it (126, 127 as of a shell); it has said so. */
static bool was_run(const struct lesson *lesson, const struct trial_result *result)
{
	return result->started && ((result->status != 126 && result->status != 127) ||
				   recording_count_own(lesson->recording) > 0);
}

static int write_lesson(const struct learn *learn, const struct lesson *lesson,
			const struct trial_result *result, struct hr_error *err)
{
	recording_auto struct recording *recording = NULL;
	const char *title = learn->trial.command[0];

	if (!was_run(lesson, result)) {
		fprintf(stderr, "hardrun: learn: the command was not run; nothing is written\n");
		return 0;
	}
	if (!result->watched)
		return hr_fail(err, HR_SYSTEM,
			       "learn: the command ran, and its calls could not be watched: %s; "
			       "nothing is written",
			       result->why_not);
	if (!lesson->base || lesson->failed)
		return hr_fail(err, HR_SYSTEM, "learn: no call was seen; nothing is written");
	recording = finish(lesson, result, err);
	if (!recording)
		return -1;
	return learn_write(learn, recording, lesson->base, title, false, err);
}

int learn_run(struct learn *learn, struct hr_error *err)
{
	recording_auto struct recording *recording = recording_new("");
	struct lesson lesson = {.recording = recording};
	struct trial_result result = {0};
	int rc;

	if (!recording) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return TRIAL_FAILED;
	}
	recording_complete(recording, true);
	say_time(recording, "started");
	learn->trial.watch = SECCOMP_WATCH_ALL;
	learn->trial.seen = seen;
	learn->trial.data = &lesson;
	rc = trial_run(&learn->trial, &result, err);
	if (rc == 0)
		rc = write_lesson(learn, &lesson, &result, err);
	else if (err->code == HR_DENIED)
		print_refusals(&result);
	seccomp_filter_free(lesson.base);
	json_free(result.report);
	return rc < 0 ? TRIAL_FAILED : result.status;
}
