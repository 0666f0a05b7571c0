/* SPDX-License-Identifier: Apache-2.0 */
/* What containerd's CRI plugin notes of a container or sandbox, in an extension of its record. */
#include "image/bind_private.h"

#include <string.h>

static const char *const cri_keys[] = {"Version", "Metadata", NULL};
static const char *const metadata_keys[] = {"ID",	   "Config",	"ImageRef",
					    "ImageDigest", "ImageName", NULL};

/* A digest that may stand behind a name: NAME@sha256:... */
static const char *digest_in(const char *text)
{
	const char *at = text ? strrchr(text, '@') : NULL;

	return at ? at + 1 : text;
}

static enum bind_code read_metadata(const struct json *metadata, const char *id,
				    struct bind_cri *ret, struct hr_error *err)
{
	const struct json *image = json_path(metadata, "Config.image");
	const struct json *config = json_get(metadata, "ImageRef");
	const char *own = json_string(metadata, "ID");
	const char *digest = digest_in(json_string(metadata, "ImageDigest"));

	if (own && strcmp(own, id) != 0)
		return bind_fail(err, BIND_UNBOUND, "CRI's record is about another container");
	if (image_digest_sound(digest))
		memcpy(ret->digest, digest, IMAGE_DIGEST_SIZE);
	/* The pause container of a pod has no image of its own in its record. */
	if (!config)
		return BIND_OK;
	if (config->type != JSON_STRING || !image_digest_sound(config->text))
		return bind_fail(err, BIND_UNBOUND, "CRI's record names no image by its digest");
	ret->container = true;
	memcpy(ret->config, config->text, IMAGE_DIGEST_SIZE);
	ret->names[0] = json_string(image, "user_specified_image");
	ret->names[1] = json_string(metadata, "ImageName");
	ret->names[2] = json_string(image, "image");
	return BIND_OK;
}

enum bind_code bind_cri_read(const char *text, const char *id, struct bind_cri *ret,
			     struct hr_error *err)
{
	const struct json *root, *metadata;
	const char *version;

	*ret = (struct bind_cri){0};
	if (!text)
		return BIND_OK;
	if (json_parse("CRI's record", text, strlen(text), false, &ret->doc, err) < 0)
		return err->code == HR_SYSTEM ? BIND_UNREACHABLE : BIND_UNBOUND;
	root = json_root(ret->doc);
	metadata = json_get(root, "Metadata");
	version = json_string(root, "Version");
	if (manifest_keys_plain(root, cri_keys, err) < 0 ||
	    manifest_keys_plain(metadata, metadata_keys, err) < 0)
		return BIND_UNBOUND;
	if (!version || strcmp(version, "v1") != 0 || !metadata || metadata->type != JSON_OBJECT)
		return bind_fail(err, BIND_UNBOUND,
				 "CRI's record of the container is of an unknown version");
	return read_metadata(metadata, id, ret, err);
}
