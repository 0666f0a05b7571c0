/* SPDX-License-Identifier: Apache-2.0 */
/* Private to containerd*.c: what stands in the messages (containerd's api/services and api/types).
 */
#ifndef HR_IMAGE_CONTAINERD_DECODE_H
#define HR_IMAGE_CONTAINERD_DECODE_H

#include "image/containerd.h"
#include "image/protobuf.h"

/* Each takes a whole response; HR_SPEC, HR_SYSTEM. Strings are replaced in *ret, as in protobuf.h.
 */
int decode_container(struct protobuf message, struct containerd_container *ret,
		     struct hr_error *err);
int decode_target(struct protobuf message, char **ret, struct hr_error *err);
int decode_parent(struct protobuf message, char **ret, struct hr_error *err);
int decode_mounts(struct protobuf message, struct json_doc *doc, struct hr_error *err);

/* ListContentResponse: each digest is given to `found`. */
int decode_list(struct protobuf message, int (*found)(void *self, char *digest), void *self,
		struct hr_error *err);

struct decoded_chunk {
	uint64_t offset;
	struct protobuf data;
};
int decode_chunk(struct protobuf message, struct decoded_chunk *ret, struct hr_error *err);

#endif
