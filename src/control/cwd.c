/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <string.h>

/* Below these, a path can lead through a descriptor that the runtime still holds open on
 * the host's root (CVE-2024-21626: cwd /proc/self/fd/7). */
static const char *const forbidden[] = {"/proc",       "/sys",	      "/dev/fd", "/dev/stdin",
					"/dev/stdout", "/dev/stderr", NULL};

static bool below_forbidden(const char *path)
{
	char plain[PATH_MAX];

	text_plain_path(path, plain, sizeof(plain));
	for (size_t i = 0; forbidden[i]; i++)
		if (text_below(plain, forbidden[i]))
			return true;
	return false;
}

/* What is wrong with it; NULL when nothing is. */
static const char *wrong(const struct control_in *in, const char *root, const char *cwd)
{
	char target[PATH_MAX];

	if (!cwd || cwd[0] != '/')
		return "not an absolute path";
	if (strlen(cwd) >= PATH_MAX)
		return "longer than a path can be";
	if (text_goes_up(cwd))
		return "goes up with \"..\"";
	if (below_forbidden(cwd))
		return "leads to descriptors or kernel files (CVE-2024-21626)";
	if (!root)
		return NULL;
	if (!in->host->root_resolve(in->host, root, cwd, target))
		return "leads through too many symbolic links of the image";
	if (below_forbidden(target))
		return "leads through a symbolic link of the image to descriptors or kernel "
		       "files (CVE-2024-21626)";
	return NULL;
}

static void judge(const struct control_in *in, struct change *out, const char *path,
		  const char *root, const char *cwd)
{
	const char *why = wrong(in, root, cwd);

	if (why)
		change_refuse(out, path, cwd,
			      &(struct reason){
				      .rule = "cwd",
				      .why = why,
				      .remedy = "use a plain directory of the image",
			      });
}

static void create(const struct control_in *in, struct change *out)
{
	struct json *ceiling = json_new_object(change_notes(out));
	const char *root = json_string(json_get(in->document, "root"), "path");

	judge(in, out, "process.cwd", root, json_string(json_get(in->document, "process"), "cwd"));
	json_put_string(change_notes(out), ceiling, "root", root ? root : "");
	change_ceiling(out, ceiling);
}

static void exec(const struct control_in *in, struct change *out)
{
	const char *root = json_string(in->rules, "root");

	judge(in, out, "cwd", root && root[0] ? root : NULL, json_string(in->document, "cwd"));
}

const struct control control_cwd = {
	.name = "cwd",
	.sentence =
		"Refuses a working directory, on create and exec, through which the host's files "
		"could be reached.",
	.create = create,
	.exec = exec,
};
