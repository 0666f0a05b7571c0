/* SPDX-License-Identifier: Apache-2.0 */
#include "command/check.h"

#include "change/change.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "hardrun-image"

static bool has_verifier(void)
{
	char path[PATH_MAX + sizeof(PROGRAM)];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (len <= 0)
		return false;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
	return access(path, X_OK) == 0;
}

bool check_verifier(const struct policy *policy, bool note, struct text *ret)
{
	const struct json *section = policy_images_section(policy);
	char origin[CHANGE_ORIGIN];

	if (!section || !section->first || has_verifier())
		return false;
	text_addf(ret,
		  "%s: %s" PROGRAM " is not beside this program: where signed images are required, "
		  "every container is refused; install it (./configure --with-image)\n",
		  change_origin(section->first, origin), note ? "note: " : "");
	return true;
}
