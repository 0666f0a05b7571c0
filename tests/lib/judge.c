/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include "base/text.h"
#include "change/unmap.h"
#include "control/image.h"
#include "fake_host.h"
#include "line/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void finish(struct judge *ret, int decided)
{
	if (decided == 0)
		decided = change_verdict(&ret->change, &ret->err);
	ret->refused = decided < 0;
}

/* control_in's image for a profile's options; NULL when it was not asked. */
static const struct image_facts *image_of(const struct judge_create *with, const struct json *rules,
					  struct image_facts *ret)
{
	if (!with->image || !image_required(with->policy, rules))
		return NULL;
	*ret = (struct image_facts){.require = json_string(with->image, "require"),
				    .answer = json_get(with->image, "answer"),
				    .problem = json_string(with->image, "problem")};
	return ret;
}

void judge_create(struct judge *ret, const struct judge_create *with, struct json_doc *document)
{
	struct identity identity;
	struct selection selection = {.profile = with->profile};
	const struct json *profile = NULL;
	struct userns_facts userns;
	struct image_facts image;
	struct fake_host fake;
	/* policy_profile keeps what it resolves, so it wants a policy that it may write. */
	struct policy *policy = (struct policy *)(uintptr_t)with->policy;
	struct control_in in = {.line = with->line,
				.policy = with->policy,
				.kind = RUNTIME_RUNC,
				.root = with->root,
				.bundle = with->bundle ? with->bundle : "/bundle",
				.id = with->id,
				.identity = &identity,
				.host = &fake.ops};

	*ret = (struct judge){.document = document, .refused = true};
	fake_host_init(&fake, with->facts);
	in.level = fake_host_level(with->facts);
	in.level_taken = fake_host_taken(with->facts, json_root(document));
	identity_read(json_root(document), with->root, with->bundle, with->id, &identity);
	if (change_init(&ret->change, document, &ret->err) < 0 ||
	    change_unmap(document, NULL, &ret->err) < 0)
		return;
	if (!with->profile &&
	    policy_select(policy, &identity, with->handler ? with->handler : "hardrun",
			  json_get(json_root(document), "annotations"), &selection, &ret->err) < 0)
		return;
	if (policy_profile(policy, selection.profile, &profile, &ret->err) < 0)
		return;
	if (with->rules)
		profile = with->rules;
	in.userns = fake_host_userns(with->facts, json_get(profile, "userns"), &identity, &userns);
	in.image = image_of(with, json_get(profile, "image"), &image);
	snprintf(ret->profile, sizeof(ret->profile), "%s", selection.profile);
	finish(ret, decide_create(&in, document, profile, &ret->change, &ret->err));
}

void judge_ceiling(struct judge *ret, enum control_line line, const struct json *ceilings,
		   const struct json *facts, struct json_doc *document)
{
	struct identity identity = {0};
	struct fake_host fake;
	struct control_in in = {
		.line = line, .kind = RUNTIME_RUNC, .identity = &identity, .host = &fake.ops};

	*ret = (struct judge){.document = document, .refused = true};
	fake_host_init(&fake, facts);
	if (change_init(&ret->change, document, &ret->err) == 0)
		finish(ret, decide_ceiling(&in, document, ceilings, &ret->change, &ret->err));
}

void judge_done(struct judge *judge)
{
	change_done(&judge->change);
	json_free(judge->document);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(char **parts, size_t count)
{
	struct text text = {0};

	qsort(parts, count, sizeof(*parts), by_text);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(parts[i], parts[i - 1]) != 0)
			text_addf(&text, "%s%s", text.len ? "," : "", parts[i]);
	}
	if (text.len == 0)
		text_adds(&text, "-");
	return text.data;
}

char *judge_entries(const struct judge *judge)
{
	size_t count = 0;
	char **parts = calloc(json_count(judge->change.report) + 1, sizeof(*parts));
	char *joined;

	json_each(entry, judge->change.report) {
		const char *action = json_string(entry, "action");
		const char *first = judge->refused ? json_string(entry, "control") : action;

		if (judge->refused && strcmp(action, "refuse") != 0)
			continue;
		if (asprintf(&parts[count++], "%s %s", first, json_string(entry, "path")) < 0)
			exit(99);
	}
	joined = join(parts, count);
	for (size_t i = 0; i < count; i++)
		free(parts[i]);
	free(parts);
	return joined;
}

bool judge_changed(const struct judge *judge)
{
	json_each(entry, judge->change.report) {
		const char *action = json_string(entry, "action");

		if (strcmp(json_string(entry, "mode"), "enforce") == 0 &&
		    (strcmp(action, "set") == 0 || strcmp(action, "drop") == 0))
			return true;
	}
	return false;
}
