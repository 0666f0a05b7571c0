/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source becomes linux.seccomp of the runtime-spec. Only what runc and crun read alike
 * is written: one architecture (any other is killed by the library's own check), flags
 * present (crun takes their absence for SPEC_ALLOW), ENOSYS for all that is not listed
 * (runc and crun differ on calls younger than the list with any other errno), masked
 * equality, no argument twice in a rule, and no call both with and without conditions.
 */
#include "base/cleanup.h"
#include "json/edit.h"
#include "seccomp/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS_MAX 16 /* different errnos of one source; errno_find knows fewer */

struct compiler {
	const struct seccomp_source *source;
	enum seccomp_arch arch;
	struct json_doc *doc;
	struct json *syscalls;
	struct {
		int answer;
		struct json *names;
	} always[ANSWERS_MAX]; /* the entries for calls without conditions */
	size_t always_count;
	struct rule rules[SECCOMP_RULES_MAX]; /* one call's */
};

/* An entry of linux.seccomp.syscalls, with no names so far. */
static struct json *entry(struct compiler *compiler, int answer)
{
	const char *action = answer == 0 ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO";
	struct json_doc *doc = compiler->doc;
	struct json *object = json_append(compiler->syscalls, json_new_object(doc));

	if (!json_put(doc, object, "names", json_new_array(doc)) ||
	    !json_put_string(doc, object, "action", action))
		return NULL;
	if (answer != 0 && !json_put_int(doc, object, "errnoRet", answer))
		return NULL;
	return object;
}

static struct json *names_of(struct json *object)
{
	return json_get_mut(object, "names");
}

/* The list of names that share an answer. */
static struct json *always_names(struct compiler *compiler, int answer)
{
	size_t at = 0;

	while (at < compiler->always_count && compiler->always[at].answer != answer)
		at++;
	if (at == ANSWERS_MAX)
		return NULL;
	if (at == compiler->always_count) {
		compiler->always[at].answer = answer;
		compiler->always[at].names = names_of(entry(compiler, answer));
		compiler->always_count++;
	}
	return compiler->always[at].names;
}

static struct json *put_test(struct json_doc *doc, struct json *args, unsigned index,
			     const struct test *test)
{
	struct json *object = json_append(args, json_new_object(doc));

	if (!json_put_int(doc, object, "index", index) ||
	    !json_put_int(doc, object, "value", test->mask) ||
	    !json_put_int(doc, object, "valueTwo", test->value))
		return NULL;
	return json_put_string(doc, object, "op", "SCMP_CMP_MASKED_EQ");
}

static struct json *put_rule(struct compiler *compiler, const struct call *call,
			     const struct rule *rule)
{
	struct json_doc *doc = compiler->doc;
	struct json *object = entry(compiler, rule->clause->answer);
	struct json *args = json_put(doc, object, "args", json_new_array(doc));

	for (size_t i = 0; i < rule->count; i++)
		if (!put_test(doc, args, rule->index[i], &rule->tests[i]))
			return NULL;
	return json_append(names_of(object), json_new_string(doc, call->name));
}

static int out_of_memory(const struct seccomp_source *source, struct hr_error *err)
{
	return hr_fail(err, HR_SYSTEM, "%s: out of memory", source->name);
}

static int put_call(struct compiler *compiler, const struct call *call, struct hr_error *err)
{
	const struct clause *always = rules_always(call, compiler->arch);
	struct json_doc *doc = compiler->doc;
	size_t count;

	if (always) {
		struct json *names = always_names(compiler, always->answer);

		return json_append(names, json_new_string(doc, call->name))
			       ? 0
			       : out_of_memory(compiler->source, err);
	}
	if (rules_of(call, compiler->arch, compiler->rules, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!put_rule(compiler, call, &compiler->rules[i]))
			return out_of_memory(compiler->source, err);
	return 0;
}

static bool exists(const struct call *call, enum seccomp_arch arch)
{
	return (call->known & SECCOMP_ON(arch)) || names_on(call->name, arch);
}

static int put_calls(struct compiler *compiler, struct hr_error *err)
{
	for (const struct call *call = compiler->source->first; call; call = call->next)
		if (call->first && exists(call, compiler->arch) &&
		    put_call(compiler, call, err) < 0)
			return -1;
	return 0;
}

/* All but the calls. */
static struct json *frame(struct compiler *compiler)
{
	struct json_doc *doc = compiler->doc;
	struct json *object = json_new_object(doc), *arches = json_new_array(doc);

	if (!json_put_string(doc, object, "defaultAction", "SCMP_ACT_ERRNO") ||
	    !json_put_int(doc, object, "defaultErrnoRet", ENOSYS) ||
	    !json_append(arches, json_new_string(doc, names_oci(compiler->arch))) ||
	    !json_put(doc, object, "architectures", arches) ||
	    !json_put(doc, object, "flags", json_new_array(doc)))
		return NULL;
	compiler->syscalls = json_put(doc, object, "syscalls", json_new_array(doc));
	return compiler->syscalls ? object : NULL;
}

int seccomp_compile(const struct seccomp_source *source, const char *arch, struct json_doc *doc,
		    struct json **ret, struct hr_error *err)
{
	hr_autofree struct compiler *compiler = malloc(sizeof(*compiler));
	char shown[TEXT_SHOWN_SIZE];
	struct json *object;

	if (!compiler)
		return out_of_memory(source, err);
	compiler->source = source;
	compiler->arch = names_arch(arch);
	compiler->doc = doc;
	compiler->always_count = 0;
	if (compiler->arch == SECCOMP_ARCHES)
		return hr_fail(err, HR_POLICY, "%s: no seccomp profile for architecture %s",
			       source->name, text_shown_z(arch, shown));
	object = frame(compiler);
	if (!object)
		return out_of_memory(source, err);
	if (put_calls(compiler, err) < 0)
		return -1;
	*ret = object;
	return 0;
}

static bool reachable(const struct call *call, enum seccomp_arch arch)
{
	for (const struct clause *clause = call->first; clause; clause = clause->next)
		if (clause->answer == 0 && (clause->arches & SECCOMP_ON(arch)))
			return true;
	return false;
}

size_t seccomp_count(const struct seccomp_source *source, const char *arch)
{
	enum seccomp_arch where = names_arch(arch);
	size_t count = 0;

	if (where == SECCOMP_ARCHES)
		return 0;
	for (const struct call *call = source->first; call; call = call->next)
		if (reachable(call, where) && exists(call, where))
			count++;
	return count;
}
