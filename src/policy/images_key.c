/* SPDX-License-Identifier: Apache-2.0 */
/* Files of public keys. What is in the block is for hardrun-image, which has the cryptography. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/policy_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES ((size_t)16 * 1024)
#define BEGIN	  "-----BEGIN "
#define WANTED	  "PUBLIC KEY-----"
#define END	  "-----END " WANTED
#define BLANKS	  " \t\r\n"
#define BASE64	  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

/* --- Reading ---------------------------------------------------------------------------------- */

static int loose_key(const struct stat *st, const char *path, struct hr_error *err)
{
	if (file_is_roots(st))
		return 0;
	return hr_fail(err, HR_UNTRUSTED,
		       "%s: others than root can change it; chown root: and chmod go-w it", path);
}

/* A file in the directory keys beside the policy. */
static int read_beside(const struct policy *policy, const char *name, const char *path, char **ret,
		       size_t *ret_len, struct hr_error *err)
{
	hr_autoclose int fd = policy->dirfd < 0
				      ? -1
				      : openat(policy->dirfd, POLICY_KEYS_DIR,
					       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail(err, HR_POLICY,
			       "%s/" POLICY_KEYS_DIR " is %s; make it, and put the key there, or "
			       "give the key's absolute path",
			       policy->confdir ? policy->confdir : "", hr_errno_text(errno));
	if (!policy->loose && !file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED,
			       "%s/" POLICY_KEYS_DIR
			       ": others than root can change it; chown root: and "
			       "chmod go-w it",
			       policy->confdir);
	if (file_read_at(fd, name, path, KEY_BYTES, ret, ret_len, &st, err) < 0)
		return -1;
	return policy->loose ? 0 : loose_key(&st, path, err);
}

/* A file anywhere: root's along the whole path. */
static int read_anywhere(const struct policy *policy, const char *path, char **ret, size_t *ret_len,
			 struct hr_error *err)
{
	hr_autoclose int handle = -1, fd = -1;
	char again[64];
	struct stat st;

	if (policy->loose)
		return file_read_at(AT_FDCWD, path, path, KEY_BYTES, ret, ret_len, NULL, err);
	if (file_open_trusted(path, false, &handle, err) < 0)
		return -1;
	if (fstat(handle, &st) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return hr_fail(err, HR_UNTRUSTED, "%s: is not a regular file", path);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", handle);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return file_read_fd(fd, path, KEY_BYTES, ret, ret_len, err);
}

/* --- What is in it ---------------------------------------------------------------------------- */

/* What a block is that is no PUBLIC KEY, and what to do. `label` begins behind BEGIN. */
static const char *other_block(const char *label)
{
	size_t len = strcspn(label, "\n");
	const char *private = strstr(label, "PRIVATE KEY-----");

	if (private && private < label + len)
		return "holds a PRIVATE key. Whoever can read this machine can sign with it: "
		       "take it away, make a new pair elsewhere, and put its public key here "
		       "(openssl pkey -in FILE -pubout, cosign public-key --key FILE)";
	if (text_starts(label, "CERTIFICATE-----"))
		return "holds a certificate; put its public key there (openssl x509 -in FILE "
		       "-noout -pubkey), which is then trusted whatever the certificate says";
	if (text_starts(label, "RSA PUBLIC KEY-----"))
		return "holds an RSA PUBLIC KEY (PKCS #1); write it as PUBLIC KEY (openssl rsa "
		       "-RSAPublicKey_in -in FILE -pubout)";
	if (text_starts(label, "PGP "))
		return "holds a key of GPG, whose signatures are not read";
	if (text_starts(label, "SSH2 "))
		return "holds a key of SSH, whose signatures are not read";
	return "holds no block PUBLIC KEY but another one";
}

static const char *no_block(const char *text)
{
	/* DER begins with a SEQUENCE, 0x30. */
	if (text[0] == '0')
		return "holds no PEM; if it is a key in DER: openssl pkey -pubin -inform DER -in "
		       "FILE";
	if (text_starts(text, "ssh-") || text_starts(text, "ecdsa-sha2-"))
		return "holds a key of SSH, whose signatures are not read; write it as PUBLIC KEY "
		       "if it is to be used (ssh-keygen -e -m PKCS8 -f FILE)";
	if (text[strspn(text, BLANKS)] == '\0')
		return "is empty";
	return "holds no block -----BEGIN PUBLIC KEY-----";
}

/* What is wrong with the file, as a clause; NULL: *ret and *ret_len are the block. */
static const char *find_block(const char *text, size_t len, const char **ret, size_t *ret_len)
{
	const char *begin = strstr(text, BEGIN), *end, *behind;

	if (!begin)
		return no_block(text);
	if (strlen(text) != len)
		return "holds a NUL";
	if (begin > text && begin[-1] != '\n')
		return "has text before BEGIN on the same line";
	if (!text_starts(begin + strlen(BEGIN), WANTED))
		return other_block(begin + strlen(BEGIN));
	end = strstr(begin, END);
	behind = begin + strlen(BEGIN WANTED);
	behind += strspn(behind, BASE64 BLANKS);
	if (!end || behind != end)
		return "is cut off, or has something else within the block";
	end += strlen(END);
	if (strstr(end, BEGIN))
		return "holds more than one block; one key a file";
	if (end[strspn(end, BLANKS)] != '\0')
		return "has text behind the key";
	*ret = begin;
	*ret_len = (size_t)(end - begin);
	return NULL;
}

/* --- Keys of the section ---------------------------------------------------------------------- */

static int read_key(const struct policy *policy, const char *name, const char *path, char **ret,
		    struct hr_error *err)
{
	hr_autofree char *text = NULL;
	const char *block, *problem;
	size_t len, block_len;

	if ((name[0] == '/' ? read_anywhere(policy, path, &text, &len, err)
			    : read_beside(policy, name, path, &text, &len, err)) < 0)
		return -1;
	problem = find_block(text, len, &block, &block_len);
	if (problem)
		return hr_fail(err, HR_POLICY, "%s: %s", path, problem);
	if (asprintf(ret, "%.*s\n", (int)block_len, block) < 0) {
		*ret = NULL;
		return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	return 0;
}

int policy_key_read(const struct policy *policy, const struct json *key, char **ret_path,
		    char **ret_pem, struct hr_error *err)
{
	hr_autofree char *pem = NULL;
	text_auto struct text path = {0};
	struct hr_error local = {0};

	if (key->text[0] == '/')
		text_adds(&path, key->text);
	else
		text_addf(&path, "%s/" POLICY_KEYS_DIR "/%s",
			  policy->confdir ? policy->confdir : "", key->text);
	if (path.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (read_key(policy, key->text, path.data, &pem, &local) < 0) {
		policy_fail(key, err, "key %s", local.msg);
		return -1;
	}
	*ret_path = hr_steal(path.data);
	*ret_pem = hr_steal(pem);
	return 0;
}

int policy_check_keys(struct policy *policy, struct hr_error *err)
{
	json_each(named, policy->images)
		json_each(entry, named)
			json_each(key, json_get(entry, "keys")) {
				hr_autofree char *path = NULL, *pem = NULL;

				/* One whose name is wrong has been noted. */
				if (policy_key_sound(key) &&
				    policy_key_read(policy, key, &path, &pem, err) < 0 &&
				    policy_mistake(policy, err) < 0)
					return -1;
			}
	return 0;
}
