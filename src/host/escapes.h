/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known ways out of a container that are mistakes of the runtime itself: which of them a
 * build is open to, told by its version and, where a distribution mends without a new
 * version, by its package.
 */
#ifndef HR_HOST_ESCAPES_H
#define HR_HOST_ESCAPES_H

#include "json/edit.h"
#include "oci/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * Append the names (CVE-YYYY-N) to `list`, oldest first. `version`: first line of
 * `RUNTIME --version`. `package`: version of the package that the program is from, or "".
 * A version that cannot be read is open to every escape of its kind: what the list is for
 * is a promise that none is there, and nothing vouches for such a build. -1 when memory is
 * gone.
 */
int escapes_list(enum runtime_kind kind, const char *version, const char *package,
		 struct json_doc *doc, struct json *list);

#define PACKAGE_VERSION_SIZE 128

/*
 * The version of the installed Debian package that holds this program (by device and inode),
 * out of dpkg's own files in `dpkg` (/var/lib/dpkg); "" when there is none. RPM's database
 * takes a library to read: there upstream's version counts, and the policy's
 * runtime.accept says what the distribution has mended.
 */
void package_version(const char *dpkg, enum runtime_kind kind, const struct stat *program,
		     char ret[PACKAGE_VERSION_SIZE]);

#endif
