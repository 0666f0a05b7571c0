/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/probe.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "host/userns.h"
#include "json/edit.h"
#include "stage/overlay_clones.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define NAME	   "userns.json"
#define LONGEST	   4096
#define BOOT_ID_AT "/proc/sys/kernel/random/boot_id"

/* --- What is known -----------------------------------------------------------------------------
 */

/* Empty when it cannot be read: then nothing is kept. */
static void boot_id(char ret[64])
{
	hr_autofree char *text = NULL;
	size_t len;

	ret[0] = '\0';
	if (file_read_at(AT_FDCWD, BOOT_ID_AT, BOOT_ID_AT, LONGEST, &text, &len, NULL, NULL) == 0)
		snprintf(ret, 64, "%.*s", (int)strcspn(text, "\n"), text);
}

static bool is_known(int dirfd, const char *boot)
{
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	const char *then;
	struct stat st;
	size_t len;

	if (file_read_at(dirfd, NAME, NAME, LONGEST, &text, &len, &st, NULL) < 0 ||
	    !file_is_roots(&st) || json_parse(NAME, text, len, false, &doc, NULL) < 0)
		return false;
	then = json_string(json_root(doc), "boot");
	return *boot && then && strcmp(then, boot) == 0 && json_true(json_root(doc), "overlay");
}

static void keep(int dirfd, const char *boot)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "{\"boot\":\"%s\",\"overlay\":true}\n", boot);

	if (*boot)
		file_replace_at(dirfd, NAME, text, (size_t)len, 0600, 0, 0, NULL);
}

/* --- Asking ------------------------------------------------------------------------------------
 */

/* Two directories, none in the other, that are there and can have other ids. */
static int choose(int userns, char super[64], struct hr_error *err)
{
	static const char *const all[] = {"/usr/lib",	"/usr/share", "/usr/bin", "/etc",
					  "/var/cache", "/var/lib",   "/opt",	  "/srv"};
	const char *why = "is missing";
	size_t count = 0, used = (size_t)snprintf(super, 64, "ro,lowerdir=");

	for (size_t i = 0; i < hr_count(all) && count < 2; i++) {
		hr_autoclose int fd = open(all[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || !userns_idmaps(fd, false, userns, &why))
			continue;
		used += (size_t)snprintf(super + used, 64 - used, "%s%s", count ? ":" : "", all[i]);
		count++;
	}
	if (count < 2)
		return hr_fail(err, HR_SYSTEM,
			       "no two directories to try an overlay with other ids on: %s %s",
			       all[hr_count(all) - 1], why);
	return 0;
}

static int try_overlay(const struct overlay_options *options, const struct overlay_layers *layers,
		       const struct overlay_clones *clones, struct hr_error *err)
{
	text_auto struct text data = {0};
	struct overlay_how how = {.source = "hardrun"};
	hr_autoclose int tree = -1;

	overlay_options_write(options, NULL, NULL, &data);
	if (data.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	how.data = data.data;
	if (overlay_clones_mount(clones, options, layers, &how, &tree, err) < 0)
		return hr_context(err, "the kernel has no overlay with other ids (Linux 5.19 has)");
	return 0;
}

static int ask(int userns, struct hr_error *err)
{
	overlay_options_auto struct overlay_options options = {0};
	struct overlay_layers layers = {.at = -1};
	struct overlay_clones clones = {0};
	char super[64];
	int result = -1;

	if (choose(userns, super, err) < 0)
		return -1;
	if (overlay_options_parse(super, &options, err) == 0 &&
	    overlay_layers_open(&options, "/", &layers, err) == 0 &&
	    overlay_clones_make(&options, &layers, userns, &clones, err) == 0)
		result = try_overlay(&options, &layers, &clones, err);
	overlay_clones_done(&clones);
	overlay_layers_done(&layers);
	return result;
}

int stage_probe(const char *statedir, int userns, struct hr_error *err)
{
	hr_autoclose int dirfd = -1;
	char boot[64];

	boot_id(boot);
	if (file_make_dirs(statedir, 0755, NULL) == 0)
		dirfd = open(statedir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd >= 0 && is_known(dirfd, boot))
		return 0;
	if (ask(userns, err) < 0)
		return -1;
	if (dirfd >= 0)
		keep(dirfd, boot);
	return 0;
}
