/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a container says it is, as far as that is believed: only under containerd's CRI
 * (runtime root .../k8s.io and bundle .../io.containerd.runtime.v2.task/k8s.io/ID), where
 * containerd writes these annotations after, and over, the ones that a pod may bring.
 * container-name and image-name are believed on workloads only: a pod can set those two on
 * its sandbox. Elsewhere nothing is believed.
 */
#ifndef HR_OCI_IDENTITY_H
#define HR_OCI_IDENTITY_H

#include "json/json.h"

struct identity {
	bool cri;     /* the rest is believed */
	bool sandbox; /* the pause container of a pod */
	const char *sandbox_id;
	const char *pod_namespace;
	const char *pod;
	const char *pod_uid;
	const char *container; /* workloads only */
	const char *image;     /* workloads only; a name, never a digest */
};

/* All strings are borrowed from `spec`. `root`, `bundle` and `id` may be NULL. */
void identity_read(const struct json *spec, const char *root, const char *bundle, const char *id,
		   struct identity *ret);

#endif
