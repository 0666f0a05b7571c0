/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of images, as containerd, Docker and cosign write them: [HOST[:PORT]/]PATH[:TAG][@DIGEST]
 * (distribution/reference). Normalised: "redis" is "docker.io/library/redis", "index.docker.io"
 * is "docker.io"; a name without tag and digest gets no tag here.
 */
#ifndef HR_IMAGE_REFERENCE_H
#define HR_IMAGE_REFERENCE_H

#include "image/digest.h"

#include <stdbool.h>

#define REFERENCE_SIZE 512 /* bytes with the NUL; a longer name is none */

struct reference {
	char repository[REFERENCE_SIZE]; /* "registry.example:5000/pay/app" */
	char tag[132];			 /* "" for none */
	char digest[IMAGE_DIGEST_SIZE];	 /* "" for none */
};

/* False for what is no name of an image: empty, upper case in the path, a bad tag or digest. */
bool reference_read(const char *text, struct reference *ret);

/* True if `pattern` stands for the repository: the same text, or with "*" at its end, which may
 * follow a "/" only and stands for one or more components. A pattern is normalised as a name is.
 * "*" alone stands for every repository. ret_len: characters before the "*", for choosing the
 * most particular one (the whole length, and one more, without one). */
bool reference_matches(const char *pattern, const struct reference *reference, size_t *ret_len);

/* True if a scope of a policy can stand for something. */
bool reference_pattern_sound(const char *pattern);

#endif
