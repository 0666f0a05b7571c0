/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what comes from outside is looked at. More is refused, never cut. */
#ifndef HR_IMAGE_LIMITS_H
#define HR_IMAGE_LIMITS_H

#include <stddef.h>

/* Bytes. A manifest is at most 4 MiB for every registry (distribution-spec, "Pushing Manifests").
 */
#define IMAGE_MANIFEST_MAX ((size_t)4 * 1024 * 1024)
#define IMAGE_CONFIG_MAX   ((size_t)4 * 1024 * 1024)
#define IMAGE_PAYLOAD_MAX  ((size_t)64 * 1024)
#define IMAGE_BUNDLE_MAX   ((size_t)256 * 1024)
#define IMAGE_KEY_MAX	   ((size_t)16 * 1024) /* PEM */

/* Counts. */
#define IMAGE_LAYERS_MAX     512
#define IMAGE_MANIFESTS_MAX  128 /* of an index */
#define IMAGE_CANDIDATES_MAX 64	 /* manifests that are looked at for one container */
#define IMAGE_SIGNATURES_MAX 64	 /* of one digest in the store */
#define IMAGE_KEYS_MAX	     32	 /* of one entry */
#define IMAGE_ENTRIES_MAX    256 /* of one requirement */
#define IMAGE_NAMES_MAX	     4	 /* by which one container's image is known */
#define IMAGE_DEPTH_MAX	     32	 /* of JSON */

#endif
