/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside seccomp/: what a source is once parsed. A call (system call) has clauses, one for
 * each statement that names it; a clause lets it through or answers an errno, on some
 * architectures, always or where all its conditions hold. Clauses of a higher layer, which
 * is a file that includes others, go before those of a lower. Everything lives in the
 * source's arena. Conditions see the low 32 bits of an argument, the part of an int that
 * the kernel reads; wider ones and pointers cannot be judged.
 */
#ifndef HR_SECCOMP_SOURCE_H
#define HR_SECCOMP_SOURCE_H

#include "base/embed.h"
#include "base/text.h"
#include "seccomp/filter.h"
#include "seccomp/names.h"

#define SECCOMP_RULES_MAX  512	  /* of one call, after expansion; the kernel's filters are short */
#define SECCOMP_SOURCE_MAX 262144 /* bytes of a source */
#define SECCOMP_SLOTS	   1024	  /* of the table of calls; Linux has fewer than 600 */

/* A value with a name. On ppc64le ioctl numbers are encoded in another way. */
struct constant {
	const char *name;
	uint32_t value;
	uint32_t power; /* on ppc64le */
};

#define CONSTANT_ABSENT 0 /* `power` of what ppc64le lacks; its `value` is not 0 */

/* Sorted by name. */
struct constants {
	const struct constant *list;
	size_t count;
};

/* A named argument. clone takes its first two in the other order on s390x. */
struct argument {
	const char *call;
	const char *name;
	struct constants values;     /* names that may stand for it */
	unsigned index, index_s390x; /* from 0 */
};

/* (argument & mask) == value: all that a rule can ask without a trap on some runtime. */
struct test {
	uint32_t mask, value;
};

enum seccomp_variant { VARIANT_COMMON, VARIANT_POWER, SECCOMP_VARIANTS };

struct tests {
	const struct test *list;
	size_t count;
};

struct condition {
	const struct argument *argument;
	struct tests any[SECCOMP_VARIANTS]; /* one of these must hold */
};

struct place {
	unsigned line, column; /* from 1, in bytes */
};

struct clause {
	struct clause *next;
	int answer;	 /* errno; 0 lets the call through */
	unsigned arches; /* bits of enum seccomp_arch */
	unsigned layer;
	const char *file;
	struct place at;
	size_t count; /* of conditions; none: always */
	struct condition conditions[];
};

struct call {
	struct call *next; /* in the order of the source */
	const char *name;
	unsigned known; /* architectures that are known to have it, as far as was asked */
	struct clause *first, *last;
};

/* A group that is made of several statements is in the list once for each. */
struct group {
	struct group *next;
	const char *name; /* with its @ */
	const char *file; /* that it stands in */
	size_t count;
	struct call **calls;
	size_t conditions_count; /* none: all arguments */
	struct condition *conditions;
};

struct seccomp_source {
	const char *name;
	struct arena arena;
	unsigned layers;
	struct call *first, *last;
	struct call *slots[SECCOMP_SLOTS];
	struct group *groups;
};

/* From builtin.c, which the build makes of profiles/seccomp. */
extern const struct embedded seccomp_embedded[];

/* Zeroed memory that lives as long as the source; NULL when memory is gone. */
void *source_alloc(struct seccomp_source *source, size_t size);
const char *source_copy(struct seccomp_source *source, const char *text, size_t len);

/* The call of that name; NULL when it was never named. */
struct call *source_call(const struct seccomp_source *source, const char *name);

/* The same, made if there is none; NULL when memory is gone. For names of real calls alone:
 * the table does not grow. */
struct call *source_name(struct seccomp_source *source, const char *name);

/* The first group of that name behind `from` (NULL: of all); NULL for none. */
const struct group *source_group(const struct seccomp_source *source, const char *name,
				 const struct group *from);

/* The text of the groups that every source may use. ret_len: bytes. */
const char *source_groups_text(size_t *ret_len);

/* The constants (constants.c). */
const struct argument *argument_find(const char *call, const char *name);
const struct argument *argument_at(const char *call, unsigned index); /* of this machine */
void argument_names(const char *call, struct text *ret); /* "domain, type, arg0 to arg5" */
const struct constant *constant_find(const struct constants *table, const char *name);
const char *constant_name(const struct constants *table, uint32_t value);      /* of this machine */
const char *constant_nearest(const struct constants *table, const char *name); /* or NULL */
int errno_find(const char *name); /* 0 for a name that is not in the table */

#endif
