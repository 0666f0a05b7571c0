/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles: a readable source form (profiles/seccomp, hardrun-seccomp syntax in
 * hardrun-policy(5)) compiled to the linux.seccomp object of the runtime-spec for one
 * architecture. The built-in sources `default` and `restricted` are part of the program.
 * What is written always: the native ABI alone, flags [], a default of ERRNO(ENOSYS),
 * and integer arguments only by masked equality over their low 32 bits.
 */
#ifndef HR_SECCOMP_SECCOMP_H
#define HR_SECCOMP_SECCOMP_H

#include "json/json.h"

struct seccomp_source;

/* The text of a built-in profile ("default", "restricted"); NULL for other names.
 * ret_len: bytes. */
const char *seccomp_builtin(const char *name, size_t *ret_len);

/* Parse a source. `name` stands in messages. `include NAME` finds built-in sources only.
 * Error: HR_POLICY with name:line:column, the word, and what to change. */
int seccomp_parse(const char *name, const char *text, size_t len, struct seccomp_source **ret,
		  struct hr_error *err);
void seccomp_source_free(struct seccomp_source *source);

/* The architecture that the program was built for: "x86_64", "aarch64", ... */
const char *seccomp_native(void);

/*
 * Compile for `arch` (a name as of seccomp_native; HR_POLICY for one that is not known)
 * into a new object in `doc`: the value for linux.seccomp. Names that the library does
 * not know are left out of allow rules (reported by seccomp_count) and are an error in
 * others.
 */
int seccomp_compile(const struct seccomp_source *source, const char *arch, struct json_doc *doc,
		    struct json **ret, struct hr_error *err);

/* How many system calls of `arch` the profile lets through, with or without a condition
 * on their arguments. */
size_t seccomp_count(const struct seccomp_source *source, const char *arch);

#endif
