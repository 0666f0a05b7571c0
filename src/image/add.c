/* SPDX-License-Identifier: Apache-2.0 */
#include "image/add.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
	"usage: hardrun image add [--json] DIR[:TAG]...\n"
	"       hardrun image add [--json] [--digest DIGEST] --payload FILE --signature FILE\n"
	"       hardrun image add [--json] [--digest DIGEST] --bundle FILE\n"
	"       hardrun image add [--json] --manifest FILE\n"
	"\n"
	"Puts signatures, and the manifests and indexes that they are about, into the "
	"store,\n" HR_STOREDIR ". DIR is an OCI layout (cosign save, skopeo copy): every\n"
	"manifest and index in it, and every signature of cosign and sigstore bundle; with TAG "
	"the\n"
	"image of that tag alone and its signatures. To add is not to believe: signatures are\n"
	"verified when a container is made.\n"
	"\n"
	"  --payload FILE    what cosign signed (simple signing), and with it\n"
	"  --signature FILE  the signature, in base64\n"
	"  --bundle FILE     a sigstore bundle\n"
	"  --manifest FILE   a manifest or index, byte for byte as the registry has it\n"
	"  --digest DIGEST   what the signature is about; otherwise what it says itself\n"
	"  --json            say what was done as JSON\n"
	"\n"
	"Exit status: 0 added or there already, 1 something was refused or there was nothing,\n"
	"2 usage, 4 the store or a file cannot be read or written.\n";

enum input { PAYLOAD, SIGNATURE, BUNDLE, MANIFEST, INPUTS };

static const struct {
	const char *option;
	size_t max;
} inputs[INPUTS] = {
	[PAYLOAD] = {"--payload", IMAGE_PAYLOAD_MAX},
	[SIGNATURE] = {"--signature", 16384},
	[BUNDLE] = {"--bundle", IMAGE_BUNDLE_MAX},
	[MANIFEST] = {"--manifest", IMAGE_MANIFEST_MAX},
};

struct request {
	bool json;
	const char *digest;
	const char *files[INPUTS];
	char **layouts; /* in argv, moved to its front */
	int layout_count;
};

/* What one child reads. */
struct job {
	int out;
	int dir; /* a layout; -1: files */
	const char *tag;
	const char *digest;
	int files[INPUTS];	   /* -1: none */
	const char *names[INPUTS]; /* their paths */
};

/* --- The child ------------------------------------------------------------------------------ */

struct bytes {
	char *data;
	size_t len;
};

static int read_input(const struct job *job, enum input input, struct bytes *ret,
		      struct hr_error *err)
{
	return file_read_fd(job->files[input], job->names[input], inputs[input].max, &ret->data,
			    &ret->len, err);
}

static int find_simple(const struct job *job, struct finds *finds, struct hr_error *err)
{
	struct bytes payload = {NULL, 0}, signature = {NULL, 0};
	int result = -1;

	if (read_input(job, PAYLOAD, &payload, err) == 0 &&
	    read_input(job, SIGNATURE, &signature, err) == 0) {
		while (signature.len > 0 && strchr(" \r\n\t", signature.data[signature.len - 1]))
			signature.len--;
		result = find_cosign(finds, job->digest, job->names[PAYLOAD], payload.data,
				     payload.len, signature.data, signature.len, err);
	}
	free(payload.data);
	free(signature.data);
	return result;
}

static int find_one_bundle(const struct job *job, struct finds *finds, struct hr_error *err)
{
	struct bytes bundle = {NULL, 0};
	int result = read_input(job, BUNDLE, &bundle, err);

	if (result == 0)
		result = find_bundle(finds, job->digest, job->names[BUNDLE], bundle.data,
				     bundle.len, true, err);
	free(bundle.data);
	return result;
}

static int read_manifest(const struct job *job, const struct bytes *bytes, struct manifest *ret,
			 struct hr_error *err)
{
	if (manifest_read(bytes->data, bytes->len, ret, err) < 0)
		return hr_context(err, "%s", job->names[MANIFEST]);
	return 0;
}

static int find_one_manifest(const struct job *job, struct finds *finds, struct hr_error *err)
{
	struct manifest manifest = {.kind = MANIFEST_KINDS};
	struct bytes bytes = {NULL, 0};
	char digest[IMAGE_DIGEST_SIZE];
	int result = read_input(job, MANIFEST, &bytes, err);

	if (result == 0)
		result = read_manifest(job, &bytes, &manifest, err);
	if (result == 0) {
		manifest_done(&manifest);
		image_digest_of(bytes.data, bytes.len, digest);
		result = find_manifest(finds, digest, bytes.data, bytes.len, err);
	}
	free(bytes.data);
	return result;
}

static int find_files(const struct job *job, struct finds *finds, struct hr_error *err)
{
	if (job->files[MANIFEST] >= 0 && find_one_manifest(job, finds, err) < 0)
		return -1;
	if (job->files[PAYLOAD] >= 0 && find_simple(job, finds, err) < 0)
		return -1;
	return job->files[BUNDLE] >= 0 ? find_one_bundle(job, finds, err) : 0;
}

static int work(void *data, int *ret, struct hr_error *err)
{
	const struct job *job = data;
	const int keep[] = {job->out,
			    job->dir,
			    job->files[PAYLOAD],
			    job->files[SIGNATURE],
			    job->files[BUNDLE],
			    job->files[MANIFEST]};
	struct finds finds = {.fd = job->out};
	off_t at = lseek(job->out, 0, SEEK_END);

	(void)ret;
	if (at < 0)
		return hr_fail_errno(err, errno, "lseek");
	finds.written = (size_t)at;
	if (sandbox_enter_below(job->dir, keep, hr_count(keep), FINDS_MAX, err) < 0)
		return -1;
	return job->dir >= 0 ? find_layout(&finds, job->dir, job->tag, err)
			     : find_files(job, &finds, err);
}

/* --- What is to be read --------------------------------------------------------------------- */

static int open_dir(const char *path, int *ret, struct hr_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOTDIR)
		return hr_fail(err, HR_SPEC,
			       "%s is a file; unpack it, and name the directory that holds "
			       "index.json",
			       path);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	*ret = fd;
	return 0;
}

/* DIR or DIR:TAG, where both may hold colons: the shortest directory that is there. */
static int open_layout(char *argument, int *ret, const char **ret_tag, struct hr_error *err)
{
	struct stat st;

	*ret_tag = NULL;
	if (stat(argument, &st) == 0)
		return open_dir(argument, ret, err);
	for (char *colon = strchr(argument, ':'); colon; colon = strchr(colon + 1, ':')) {
		*colon = '\0';
		if (stat(argument, &st) == 0 && S_ISDIR(st.st_mode)) {
			*ret_tag = colon + 1;
			return open_dir(argument, ret, err);
		}
		*colon = ':';
	}
	return open_dir(argument, ret, err);
}

static int add_layout(char *argument, int out, struct hr_error *err)
{
	hr_autoclose int dir = -1;
	struct job job = {.out = out, .files = {-1, -1, -1, -1}};
	struct hr_error why = {0};

	if (open_layout(argument, &dir, &job.tag, err) < 0)
		return -1;
	job.dir = dir;
	if (child_work(0, work, &job, NULL, &why) == 0)
		return 0;
	/* A link or a pipe in it is the layout's fault as any other. */
	return hr_fail(err, why.code == HR_UNTRUSTED ? HR_SPEC : why.code, "%s: %s", argument,
		       why.msg);
}

static int open_file(const char *path, int *ret, struct hr_error *err)
{
	/* Not blocking: what is read is a file, and no pipe. */
	hr_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return hr_fail(err, HR_SPEC, "%s: is not a regular file", path);
	*ret = hr_steal_fd(&fd);
	return 0;
}

static int add_files(const struct request *request, int out, struct hr_error *err)
{
	struct job job = {
		.out = out, .dir = -1, .digest = request->digest, .files = {-1, -1, -1, -1}};
	int result = 0;

	memcpy(job.names, request->files, sizeof(job.names));
	for (size_t i = 0; i < INPUTS && result == 0; i++)
		if (request->files[i])
			result = open_file(request->files[i], &job.files[i], err);
	if (result == 0)
		result = child_work(0, work, &job, NULL, err);
	for (size_t i = 0; i < INPUTS; i++)
		if (job.files[i] >= 0)
			close(job.files[i]);
	return result;
}

/* --- The command ---------------------------------------------------------------------------- */

static int usage(struct hr_error *err, const char *what, const char *word)
{
	return hr_fail(err, HR_USAGE, "add: %s%s (hardrun image add --help)", what, word);
}

static int read_option(struct request *request, const char *option, const char *value,
		       struct hr_error *err)
{
	const char **to = strcmp(option, "--digest") == 0 ? &request->digest : NULL;

	for (size_t i = 0; i < INPUTS; i++)
		if (strcmp(option, inputs[i].option) == 0)
			to = &request->files[i];
	if (!to)
		return usage(err, "there is no option ", option);
	if (!value)
		return usage(err, "a value is missing behind ", option);
	if (*to)
		return usage(err, "given twice: ", option);
	*to = value;
	return 0;
}

static int check_request(const struct request *request, struct hr_error *err)
{
	bool simple = request->files[PAYLOAD] || request->files[SIGNATURE];
	bool files = simple || request->files[BUNDLE] || request->files[MANIFEST];

	if (simple && !(request->files[PAYLOAD] && request->files[SIGNATURE]))
		return usage(err, "--payload and --signature belong together", "");
	if (request->digest && !simple && !request->files[BUNDLE])
		return usage(err, "--digest belongs to a signature", "");
	if (request->digest && !image_digest_sound(request->digest))
		return usage(err, "--digest is to be sha256: and 64 lower-case hex digits", "");
	if (files && request->layout_count > 0)
		return usage(err, "files and layouts are added one after the other", "");
	if (!files && request->layout_count == 0)
		return usage(err, "what is to be added?", "");
	return 0;
}

static int read_request(int argc, char *argv[], struct request *ret, bool *ret_help,
			struct hr_error *err)
{
	ret->layouts = argv + 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			*ret_help = true;
			return 0;
		}
		if (strcmp(argv[i], "--json") == 0) {
			ret->json = true;
		} else if (argv[i][0] != '-') {
			ret->layouts[ret->layout_count++] = argv[i];
		} else {
			if (read_option(ret, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err) < 0)
				return -1;
			i++;
		}
	}
	return check_request(ret, err);
}

/* Root's along its path, or somebody else decides what is in it. */
static int open_store(int *ret, struct hr_error *err)
{
	hr_autoclose int path = -1;
	hr_autoclose int fd = -1;
	struct stat st;

	if (file_make_dirs(HR_STOREDIR, 0755, err) < 0 ||
	    file_open_trusted(HR_STOREDIR, true, &path, err) < 0)
		return hr_context(err, "the store");
	fd = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "the store: %s", HR_STOREDIR);
	if ((st.st_mode & 0555) != 0555 && fchmod(fd, 0755) < 0)
		return hr_fail_errno(err, errno, "the store: set the mode of %s", HR_STOREDIR);
	*ret = hr_steal_fd(&fd);
	return 0;
}

static int put_all(const struct request *request, int finds, struct text *out, struct hr_error *err)
{
	struct added added = {.count = 0};
	hr_autofree char *bytes = NULL;
	hr_autoclose int store = -1;
	size_t len = 0;
	int result = -1;

	if (lseek(finds, 0, SEEK_SET) < 0)
		return hr_fail_errno(err, errno, "lseek");
	if (file_read_fd(finds, "finds", FINDS_MAX, &bytes, &len, err) < 0 ||
	    open_store(&store, err) < 0)
		return -1;
	if (added_put(&added, store, bytes, len, err) == 0)
		result = added_write(&added, request->json, out, err);
	added_done(&added);
	return result;
}

/* All is read before anything is put in. */
static int add_all(const struct request *request, struct text *out, struct hr_error *err)
{
	hr_autoclose int finds = memfd_create("finds", MFD_CLOEXEC);

	if (finds < 0)
		return hr_fail_errno(err, errno, "memfd_create");
	for (int i = 0; i < request->layout_count; i++)
		if (add_layout(request->layouts[i], finds, err) < 0)
			return -1;
	if (request->layout_count == 0 && add_files(request, finds, err) < 0)
		return -1;
	return put_all(request, finds, out, err);
}

int image_add(int argc, char *argv[], struct text *out, struct hr_error *err)
{
	struct request request = {.json = false};
	bool wants_help = false;

	if (read_request(argc, argv, &request, &wants_help, err) < 0)
		return -1;
	if (wants_help) {
		text_adds(out, help);
		return 0;
	}
	if (geteuid() != 0)
		return hr_fail(err, HR_SYSTEM, "add: the store is root's (sudo hardrun image add)");
	return add_all(&request, out, err);
}
