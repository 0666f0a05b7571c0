/* SPDX-License-Identifier: Apache-2.0 */
/* `show`: a child in the sandbox reads the store, we print what it wrote. */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "image/add.h"
#include "image/base64.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/sandbox.h"
#include "image/store.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char help[] =
	"usage: hardrun image show [--json] [DIGEST]\n"
	"\n"
	"Says what the store has, " HR_STOREDIR ": for each digest (or DIGEST alone)\n"
	"whether its manifest or index is there, and its signatures: for which repository and by\n"
	"which key they say they are. Nothing of it is verified here.\n"
	"\n"
	"Exit status: 0 there is something, 1 there is nothing, 2 usage, 4 the store cannot be\n"
	"read.\n";

struct job {
	int out;
	int store;
	const char *digest; /* NULL: all */
	bool json;
};

/* --- The child: one digest ------------------------------------------------------------------ */

/* "image", "index", "damaged", or NULL for none. */
static int kind_of_manifest(int store, const char *digest, const char **ret, size_t *ret_count,
			    struct hr_error *err)
{
	struct content content = store_content(&store);
	struct manifest manifest = {.kind = MANIFEST_KINDS};
	hr_autofree char *bytes = NULL;
	struct hr_error why = {0};
	size_t len = 0;
	enum content_result result =
		content_read(&content, digest, IMAGE_MANIFEST_MAX, &bytes, &len, &why);

	*ret = NULL;
	if (result == CONTENT_NONE)
		return 0;
	*ret = "damaged";
	if (result == CONTENT_READ && manifest_read(bytes, len, &manifest, &why) == 0) {
		*ret = manifest.kind == MANIFEST_INDEX ? "index" : "image";
		*ret_count = manifest.count;
		manifest_done(&manifest);
		return 0;
	}
	return why.code == HR_SYSTEM ? hr_fail(err, why.code, "%s: %s", digest, why.msg) : 0;
}

static const char *const formats[STORE_KINDS] = {
	[STORE_COSIGN] = "cosign",
	[STORE_BUNDLE] = "bundle",
};

/* The hint of a sigstore bundle in the form in which answers name keys; false for another one. */
static bool key_id_of(const char *hint, char ret[65])
{
	hr_autofree char *bytes = NULL;
	size_t len = 0;

	if (base64_decode(hint, strlen(hint), &bytes, &len, NULL) < 0 || len != 32)
		return false;
	for (size_t i = 0; i < len; i++)
		snprintf(ret + i * 2, 3, "%02x", (unsigned)(unsigned char)bytes[i]);
	return true;
}

static bool describe_cosign(struct json_doc *doc, struct json *object,
			    const struct store_signature *signature)
{
	json_auto struct json_doc *read = NULL;
	const char *reference;

	if (manifest_parse("payload", signature->payload, signature->payload_len, &read, NULL) < 0)
		return true;
	reference =
		json_string(json_path(json_root(read), "critical.identity"), "docker-reference");
	return !reference || json_put_string(doc, object, "reference", reference);
}

static bool describe_bundle(struct json_doc *doc, struct json *object,
			    const struct store_signature *signature)
{
	json_auto struct json_doc *read = NULL;
	const struct json *material;
	char id[65];
	const char *hint;

	if (manifest_parse("bundle", signature->bundle, signature->bundle_len, &read, NULL) < 0)
		return true;
	material = json_get(json_root(read), "verificationMaterial");
	if (json_get(material, "certificate") || json_get(material, "x509CertificateChain"))
		return json_put(doc, object, "keyless", json_new_bool(doc, true));
	hint = json_string(json_get(material, "publicKey"), "hint");
	if (!hint)
		return true;
	return key_id_of(hint, id) ? json_put_string(doc, object, "key_id", id)
				   : json_put_string(doc, object, "hint", hint);
}

/* What a signature says of itself. */
static struct json *describe(struct json_doc *doc, const struct store_signature *signature)
{
	struct json *object = json_new_object(doc);
	bool good = json_put_string(doc, object, "format", formats[signature->kind]);

	if (good)
		good = signature->kind == STORE_COSIGN ? describe_cosign(doc, object, signature)
						       : describe_bundle(doc, object, signature);
	return good ? object : NULL;
}

static struct json *show_signatures(struct json_doc *doc, struct json *object,
				    const struct store_signatures *signatures)
{
	struct json *list = json_put(doc, object, "signatures", json_new_array(doc));

	for (size_t i = 0; list && i < signatures->count; i++)
		if (!json_append(list, describe(doc, &signatures->list[i])))
			return NULL;
	return list && json_put_uint(doc, object, "unread", signatures->unread) ? list : NULL;
}

static int show_digest(const struct job *job, const char *digest, struct json_doc *doc,
		       struct json *list, struct hr_error *err)
{
	struct store_signatures signatures = {.count = 0};
	struct json *object = json_new_object(doc), *shown;
	const char *kind;
	size_t count = 0;

	if (kind_of_manifest(job->store, digest, &kind, &count, err) < 0 ||
	    store_signatures(job->store, digest, &signatures, err) < 0)
		return -1;
	shown = json_put_string(doc, object, "digest", digest);
	if (shown && kind)
		shown = json_put_string(doc, object, "manifest", kind);
	if (shown && kind && strcmp(kind, "index") == 0)
		shown = json_put_uint(doc, object, "manifests", count);
	if (shown)
		shown = show_signatures(doc, object, &signatures);
	if (shown && (kind || signatures.count + signatures.unread > 0))
		shown = json_append(list, object);
	store_signatures_done(&signatures);
	return shown ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}

/* --- The child: all of it ------------------------------------------------------------------- */

static void add_signature(struct text *out, const struct json *signature)
{
	static const char *const members[] = {"reference", "key_id", "hint"};
	static const char *const words[] = {"for", "by key", "by key with the hint"};
	char shown[TEXT_SHOWN_SIZE];

	text_addf(out, "\t%s", json_string(signature, "format"));
	for (size_t i = 0; i < hr_count(members); i++) {
		const char *value = json_string(signature, members[i]);

		if (value)
			text_addf(out, " %s %s", words[i], text_shown_z(value, shown));
	}
	text_adds(out, json_true(signature, "keyless") ? " by a certificate (keyless)\n" : "\n");
}

static void add_digest(struct text *out, const struct json *one)
{
	const char *kind = json_string(one, "manifest");
	const struct json *signatures = json_get(one, "signatures");
	uint64_t manifests = 0, unread = 0;
	size_t count = json_count(signatures);

	text_addf(out, "%s: %s", json_string(one, "digest"), kind ? kind : "no manifest");
	if (json_uint(json_get(one, "manifests"), &manifests))
		text_addf(out, " of %llu manifests", (unsigned long long)manifests);
	text_addf(out, ", %zu signature%s", count, count == 1 ? "" : "s");
	if (json_uint(json_get(one, "unread"), &unread) && unread > 0)
		text_addf(out, ", %llu files that are none, or too many",
			  (unsigned long long)unread);
	text_adds(out, "\n");
	json_each(signature, signatures)
		add_signature(out, signature);
}

static int write_all(const struct job *job, const struct json *list, struct hr_error *err)
{
	text_auto struct text out = {0};
	hr_autofree char *text = NULL;
	size_t len;

	if (job->json) {
		if (json_write(list, &text, &len, err) < 0)
			return -1;
		text_addf(&out, "%s\n", text);
	} else {
		json_each(one, list)
			add_digest(&out, one);
	}
	if (out.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return file_write_fd(job->out, "what the store has", out.data, out.len, err);
}

static int show_list(const struct job *job, char (*digests)[IMAGE_DIGEST_SIZE], size_t count,
		     size_t *ret_shown, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("store");
	struct json *list =
		doc ? json_put(doc, json_root(doc), "store", json_new_array(doc)) : NULL;

	if (!list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (show_digest(job, digests[i], doc, list, err) < 0)
			return -1;
	*ret_shown = json_count(list);
	return write_all(job, job->json ? json_root(doc) : list, err);
}

static int work(void *data, int *ret, struct hr_error *err)
{
	const struct job *job = data;
	const int keep[] = {job->out, job->store};
	char(*digests)[IMAGE_DIGEST_SIZE] = NULL;
	char one[1][IMAGE_DIGEST_SIZE] = {""};
	size_t count = 1, shown = 0;
	int result = 0;

	if (sandbox_enter(keep, hr_count(keep), FINDS_MAX, err) < 0)
		return -1;
	if (job->digest)
		memcpy(one[0], job->digest, sizeof(one[0]));
	else
		result = store_digests(job->store, &digests, &count, err);
	if (result == 0)
		result = show_list(job, job->digest ? one : digests, count, &shown, err);
	free(digests);
	*ret = shown > 0;
	return result;
}

/* --- The command ---------------------------------------------------------------------------- */

/* To a terminal nothing goes that could be a code for it. */
static void copy_plain(const char *bytes, size_t len, struct text *out)
{
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		bool plain = (c >= ' ' && c <= '~') || c == '\n' || c == '\t';

		text_add(out, plain ? &c : "?", 1);
	}
}

static int show(struct job *job, struct text *out, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	size_t len = 0;
	int found = 0;

	if (child_work(0, work, job, &found, err) < 0)
		return -1;
	if (lseek(job->out, 0, SEEK_SET) < 0)
		return hr_fail_errno(err, errno, "lseek");
	if (file_read_fd(job->out, "what the store has", FINDS_MAX, &bytes, &len, err) < 0)
		return -1;
	copy_plain(bytes, len, out);
	if (!found && !job->json)
		text_addf(out, "the store has nothing%s%s\n", job->digest ? " of " : "",
			  job->digest ? job->digest : "");
	return found ? 0 : 1;
}

static int read_request(int argc, char *argv[], struct job *ret, bool *ret_help,
			struct hr_error *err)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			*ret_help = true;
		else if (strcmp(argv[i], "--json") == 0)
			ret->json = true;
		else if (!ret->digest && image_digest_sound(argv[i]))
			ret->digest = argv[i];
		else
			return hr_fail(err, HR_USAGE,
				       "show: %s is no option, and no digest sha256:HEX (hardrun "
				       "image show --help)",
				       argv[i]);
	}
	return 0;
}

int image_show(int argc, char *argv[], struct text *out, struct hr_error *err)
{
	hr_autoclose int store = open(HR_STOREDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int saved = errno;
	hr_autoclose int memory = memfd_create("store", MFD_CLOEXEC);
	struct job job = {.out = memory, .store = store};
	bool wants_help = false;

	if (read_request(argc, argv, &job, &wants_help, err) < 0)
		return -1;
	if (wants_help) {
		text_adds(out, help);
		return 0;
	}
	if (store < 0 && saved != ENOENT)
		return hr_fail_errno(err, saved, "the store: %s", HR_STOREDIR);
	if (memory < 0)
		return hr_fail_errno(err, errno, "memfd_create");
	return show(&job, out, err);
}
