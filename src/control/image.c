/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <string.h>

#define DIGEST_MARK "@sha256:"
#define DIGEST_LEN  64

static const char *const levels[] = {"ignore", "warn", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "by_digest", .type = OPTION_NAME, .values = levels},
	{0},
};

static bool by_digest(const char *image)
{
	const char *mark = image ? strrchr(image, '@') : NULL;

	if (!mark || !text_starts(mark, DIGEST_MARK))
		return false;
	mark += strlen(DIGEST_MARK);
	return strlen(mark) == DIGEST_LEN && strspn(mark, "0123456789abcdef") == DIGEST_LEN;
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *level = json_get(in->rules, "by_digest");
	const struct identity *identity = in->identity;
	const struct reason reason = {
		.rule = "image.by_digest",
		.by = level,
		.why = "a tag can name another image tomorrow than the one that was reviewed",
		.remedy = "name the image as NAME@sha256:DIGEST in the pod, or write \"image\": "
			  "{\"by_digest\": \"ignore\"} in a profile",
	};
	char path[CHANGE_PATH];

	if (!level || strcmp(level->text, "ignore") == 0 || !identity->cri || identity->sandbox ||
	    by_digest(identity->image))
		return;
	change_key_path("annotations", "io.kubernetes.cri.image-name", path);
	if (strcmp(level->text, "refuse") == 0)
		change_refuse(out, path, identity->image, &reason);
	else
		change_warn(out, path, identity->image, &reason);
}

const struct control control_image = {
	.name = "image",
	.sentence = "Wants a pod's images named by digest, so that the name stands for one image.",
	.options = options,
	.create = create,
};
