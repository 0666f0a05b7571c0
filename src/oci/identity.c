/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/identity.h"

#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CRI "io.kubernetes.cri."

static bool under_cri(const char *root, const char *bundle, const char *id)
{
	char tail[512], plain_root[PATH_MAX], plain_bundle[PATH_MAX];
	int len;

	if (!root || !bundle || !id)
		return false;
	text_plain_path(root, plain_root, sizeof(plain_root));
	text_plain_path(bundle, plain_bundle, sizeof(plain_bundle));
	len = snprintf(tail, sizeof(tail), "/io.containerd.runtime.v2.task/k8s.io/%s", id);
	if (len < 0 || (size_t)len >= sizeof(tail))
		return false;
	return text_ends(plain_root, "/k8s.io") && text_ends(plain_bundle, tail);
}

void identity_read(const struct json *spec, const char *root, const char *bundle, const char *id,
		   struct identity *ret)
{
	const struct json *annotations = json_get(spec, "annotations");
	const char *type = json_string(annotations, CRI "container-type");

	*ret = (struct identity){0};
	if (!type || !under_cri(root, bundle, id))
		return;
	ret->sandbox = strcmp(type, "sandbox") == 0;
	if (!ret->sandbox && strcmp(type, "container") != 0)
		return;
	ret->cri = true;
	ret->sandbox_id = json_string(annotations, CRI "sandbox-id");
	ret->pod_namespace = json_string(annotations, CRI "sandbox-namespace");
	ret->pod = json_string(annotations, CRI "sandbox-name");
	ret->pod_uid = json_string(annotations, CRI "sandbox-uid");
	if (ret->sandbox)
		return;
	ret->container = json_string(annotations, CRI "container-name");
	ret->image = json_string(annotations, CRI "image-name");
}
