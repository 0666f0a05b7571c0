/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to image/: the commands that fill and show the store. What is added is read by a child in
 * the sandbox, which writes what it finds as records into a file; the parent, who is root, believes
 * none of them: lengths, digests and names are its own, and it parses nothing else.
 */
#ifndef HR_IMAGE_ADD_H
#define HR_IMAGE_ADD_H

#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be printed goes to `out`. Returns the exit status, 0 or 1, or -1 with err. */
int image_add(int argc, char *argv[], struct text *out, struct hr_error *err);
int image_show(int argc, char *argv[], struct text *out, struct hr_error *err);

/* Bytes of all that one child may find. */
#define FINDS_MAX ((size_t)64 * 1024 * 1024)

enum find_kind {
	FIND_MANIFEST, /* first: its bytes */
	FIND_COSIGN,   /* first: payload, second: signature in base64 */
	FIND_BUNDLE,   /* first: the bundle */
	FIND_PASSED,   /* first: a line about what is none of the store's business */
	FIND_REFUSED,  /* first: a line about what should have been, and is not sound */
	FIND_KINDS
};

/* A record, as the child writes it; the bytes follow. */
struct find_head {
	uint32_t kind;
	uint32_t first_len;
	uint32_t second_len;
	char digest[IMAGE_DIGEST_SIZE]; /* manifests and signatures */
};

/* --- The child's side ----------------------------------------------------------------------- */

struct finds {
	int fd;
	size_t written;
	/* Signatures of these alone; NULL: of all. */
	char (*only)[IMAGE_DIGEST_SIZE];
	size_t only_count;
};

int find_manifest(struct finds *finds, const char *digest, const char *bytes, size_t len,
		  struct hr_error *err);
int find_line(struct finds *finds, enum find_kind kind, struct hr_error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * A signature; what is none becomes a line. `digest`: what it is about; NULL: what it says itself.
 * `shown` names it in lines.
 */
int find_cosign(struct finds *finds, const char *digest, const char *shown, const char *payload,
		size_t payload_len, const char *signature, size_t signature_len,
		struct hr_error *err);
/* `any`: whatever it states; otherwise what is no signature of an image is passed over. */
int find_bundle(struct finds *finds, const char *digest, const char *shown, const char *bytes,
		size_t len, bool any, struct hr_error *err);

/* All of the OCI layout in `dir`; `tag`: of the image with this tag alone (NULL: all). */
int find_layout(struct finds *finds, int dir, const char *tag, struct hr_error *err);

/* --- The parent's side ---------------------------------------------------------------------- */

struct added {
	struct added_digest {
		char digest[IMAGE_DIGEST_SIZE];
		bool manifest, manifest_new;
		size_t signatures, signatures_new;
	} * list;
	size_t count;
	struct text lines[2]; /* passed over, refused: each ended by a newline */
};

/* Check all records, then put them into the store. Error: HR_SYSTEM; HR_SPEC. */
int added_put(struct added *added, int store, char *bytes, size_t len, struct hr_error *err);
/* Write what was done; returns the exit status. */
int added_write(const struct added *added, bool json, struct text *out, struct hr_error *err);
void added_done(struct added *added);

#endif
