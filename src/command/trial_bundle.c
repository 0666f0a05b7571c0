/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle of a trial: root file system and document. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/trial_document.h"
#include "command/trial_root.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int put(const struct trial_place *place, struct json_doc *doc, struct hr_error *err)
{
	hr_autoclose int fd = open(place->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hr_autofree char *text = NULL;
	size_t len;

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", place->bundle);
	if (json_write(json_root(doc), &text, &len, err) < 0)
		return -1;
	return file_make_at(fd, "config.json", text, len, 0600, err);
}

/* As create reads it: nobody but root can have written it. */
static int read_bundle(const char *path, struct json_doc **ret, struct hr_error *err)
{
	hr_autoclose int fd = -1;
	hr_autofree char *text = NULL;
	char real[PATH_MAX], shown[TEXT_SHOWN_SIZE];
	struct stat st;
	size_t len;

	if (!realpath(path, real))
		return hr_fail(err, HR_USAGE, "--bundle %s: there is no directory of that name",
			       text_shown_z(path, shown));
	if (file_open_trusted(real, true, &fd, err) < 0)
		return hr_context(err, "--bundle");
	if (file_read_at(fd, "config.json", "config.json", JSON_MAX_BYTES, &text, &len, &st, err) <
	    0)
		return hr_context(err, "--bundle");
	if (!file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED,
			       "--bundle: config.json: others than root can change it; chown root: "
			       "and chmod go-w it");
	return json_parse("config.json", text, len, false, ret, err);
}

static int root_of(const char *bundle, const struct json_doc *doc, char ret[PATH_MAX],
		   struct hr_error *err)
{
	const char *path =
		json_string(json_get(json_root((struct json_doc *)(uintptr_t)doc), "root"), "path");
	int len = path && path[0] == '/'
			  ? snprintf(ret, PATH_MAX, "%s", path)
			  : snprintf(ret, PATH_MAX, "%s/%s", bundle, path ? path : "");

	if (!path || len >= PATH_MAX)
		return hr_fail(err, HR_SPEC, "--bundle: config.json has no root.path");
	return 0;
}

static int from_bundle(const struct trial *trial, const struct trial_place *place,
		       struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	char root[PATH_MAX];

	if (read_bundle(trial->bundle, &doc, err) < 0 ||
	    root_of(trial->bundle, doc, root, err) < 0 ||
	    trial_root_overlay(place, "--bundle: root.path", root, err) < 0 ||
	    trial_document_change(trial, place, doc, err) < 0)
		return -1;
	return put(place, doc, err);
}

static int make_new(const struct trial *trial, struct trial_place *place, struct hr_error *err)
{
	json_auto struct json_doc *image = NULL, *doc = NULL;

	if (trial->layout   ? trial_root_layout(place, trial->layout, &image, err) < 0
	    : trial->rootfs ? trial_root_overlay(place, "--rootfs", trial->rootfs, err) < 0
			    : trial_root_busybox(place, err) < 0)
		return -1;
	place->image_said = image;
	if (trial_document_new(trial, place, image ? json_root(image) : NULL, &doc, err) < 0)
		return -1;
	return put(place, doc, err);
}

int trial_place_bundle(const struct trial *trial, struct trial_place *place, struct hr_error *err)
{
	if (!!trial->rootfs + !!trial->layout + !!trial->bundle > 1)
		return hr_fail(err, HR_USAGE, "give one of --rootfs, --layout and --bundle");
	return trial->bundle ? from_bundle(trial, place, err) : make_new(trial, place, err);
}
