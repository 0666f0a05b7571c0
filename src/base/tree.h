/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small directories of configuration: copied, compared, removed.
 */
#ifndef HR_BASE_TREE_H
#define HR_BASE_TREE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define TREE_DEPTH 8			      /* directories in each other */
#define TREE_FILES 4096			      /* entries of one copy */
#define TREE_BYTES ((size_t)16 * 1024 * 1024) /* of one file */

/*
 * Copy what is in the directory `from` into the directory `to`, root's, files 0644, directories
 * 0755. `resolve`: symbolic links are followed and names that begin with two dots left out, as a
 * mounted ConfigMap wants it (its files are links into a directory ..data), other names with a
 * dot in front refused; otherwise links are copied as they are, and modes and owners too. What is
 * there already in `to` stays. `shown` names `from` in messages. Error: HR_SYSTEM; HR_USAGE for an
 * entry that is neither file nor directory (nor link), or too many, too deep, too large.
 */
int tree_copy(int from, const char *shown, int to, bool resolve, struct hr_error *err);

/* The same for the one entry `name`. */
int tree_copy_entry(int from, const char *shown, const char *name, int to, bool resolve,
		    struct hr_error *err);

/* The names in a directory, a line each. */
void tree_names(int fd, struct text *ret);

/* True if both directories hold the same names with the same content, links and modes. */
bool tree_same(int a, int b);

/* Remove an entry of whatever kind with all that is in it; no error when it is not there. */
int tree_remove(int dirfd, const char *name, struct hr_error *err);

#endif
