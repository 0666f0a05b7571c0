/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to image/: from a digest that somebody named to the manifests that may be what runs. The
 * parts of bind.h share it.
 */
#ifndef HR_IMAGE_BIND_PRIVATE_H
#define HR_IMAGE_BIND_PRIVATE_H

#include "base/text.h"
#include "image/bind.h"

#define BIND_KEPT_MAX ((size_t)64 * 1024 * 1024) /* bytes of manifests and indexes */
#define BIND_SEEN_MAX 64			 /* targets of which one is not looked at twice */

struct bind_walk {
	const struct content *content; /* NULL: nothing but the store */
	const struct content *store;   /* a second place for manifests and indexes, or NULL */
	struct binding *binding;
	/* The configuration is known: what cannot be read or is too much is passed over, since one
	 * good manifest of it is enough. Otherwise it might be what runs, and ends the walk. */
	bool lenient;
	enum bind_code failed; /* of an error of the machine or the connection */
	/* May the manifest be what runs? `ours`: it is on the node, not in our store alone. */
	enum bind_code (*fits)(struct bind_walk *walk, const char *digest,
			       const struct manifest *manifest, bool ours, bool *ret,
			       struct hr_error *err);
	const void *data;     /* of `fits` */
	size_t max;	      /* bytes of a manifest or index */
	struct text notes;    /* what did not fit, for the message when nothing does */
	enum bind_code worst; /* of what was passed over */
	char seen[BIND_SEEN_MAX][IMAGE_DIGEST_SIZE];
	size_t seen_count;
};

/* A blob that was read. */
struct bind_blob {
	struct blob blob; /* no bytes: it is nowhere */
	char *own;	  /* the same bytes, freed by bind_blob_done unless they were kept */
	bool ours;	  /* not from the store */
};

/* Make the error; the code is returned. */
enum bind_code bind_fail(struct hr_error *err, enum bind_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A digest whole, another value as text_shown_z. */
const char *bind_shown(const char *value, char buf[TEXT_SHOWN_SIZE]);

/* What did not fit, in a clause. */
void bind_note(struct bind_walk *walk, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Read a manifest or index. No error when it is nowhere. */
enum bind_code bind_read(struct bind_walk *walk, const char *digest, struct bind_blob *ret,
			 struct hr_error *err);
void bind_blob_done(struct bind_blob *blob);
/* The binding owns the bytes from now on. */
enum bind_code bind_keep(struct bind_walk *walk, struct bind_blob *blob, struct hr_error *err);

/* The length of a blob that is at hand; -1: no size was given. */
enum bind_code bind_check_size(const struct blob *blob, int64_t size, struct hr_error *err);

/* Look at a digest: the candidates that it, or the manifests that it lists, are. `shown` says
 * whence it is in messages. */
enum bind_code bind_target(struct bind_walk *walk, const char *digest, int64_t size,
			   const char *shown, struct hr_error *err);

/* Note an index for the candidates that it lists; whatever is wrong with it, it is not used. */
enum bind_code bind_index(struct bind_walk *walk, const char *digest, struct hr_error *err);

/* The end of a walk: an error when there is no candidate. */
enum bind_code bind_end(struct bind_walk *walk, struct hr_error *err);

/* A name, unless it is NULL or empty, a digest, an id (of `config`, "" for none), or there. */
enum bind_code bind_name(struct binding *binding, const char *name, const char *config,
			 struct hr_error *err);

/* Names of the snapshots below a container's, the highest first. */
struct bind_chain {
	char (*names)[IMAGE_DIGEST_SIZE];
	size_t count;
};
/* BIND_UNBOUND: there is none, or one is no layer's. */
enum bind_code bind_chain_read(struct containerd *client, const char *snapshotter, const char *key,
			       struct bind_chain *ret, struct hr_error *err);
/* True if the layers give the snapshots exactly the names that they have. */
bool bind_chain_fits(const struct bind_chain *chain, const struct diff_ids *ids);
void bind_chain_done(struct bind_chain *chain);

/* What CRI notes of a container. Strings are borrowed from `doc`. */
struct bind_cri {
	struct json_doc *doc;
	bool container;			/* and no sandbox */
	char config[IMAGE_DIGEST_SIZE]; /* of a container */
	char digest[IMAGE_DIGEST_SIZE]; /* of the manifest or index; "" before containerd 2.3 */
	const char *names[3];		/* NULL where there is none */
};
/* `text` NULL: not by CRI, all of *ret empty. */
enum bind_code bind_cri_read(const char *text, const char *id, struct bind_cri *ret,
			     struct hr_error *err);

#endif
