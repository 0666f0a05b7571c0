/* SPDX-License-Identifier: Apache-2.0 */
/* One condition of an entry of linux.seccomp. */
#include "seccomp/oci.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is no masked equality, or one over all bits. */
static const struct {
	const char *name;
	enum op op;
} ops[] = {
	{"SCMP_CMP_EQ", OP_MASKED_EQ}, {"SCMP_CMP_MASKED_EQ", OP_MASKED_EQ},
	{"SCMP_CMP_NE", OP_NE},	       {"SCMP_CMP_LT", OP_LT},
	{"SCMP_CMP_LE", OP_LE},	       {"SCMP_CMP_GE", OP_GE},
	{"SCMP_CMP_GT", OP_GT},
};

int oci_fail(const struct json *at, struct hr_error *err, const char *fmt, ...)
{
	char message[HR_ERROR_MSG];
	unsigned line, column;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	json_where(at, &line, &column);
	if (line == 0)
		return hr_fail(err, HR_POLICY, "%s", message);
	return hr_fail(err, HR_POLICY, "%s:%u:%u: %s", json_name(at->doc), line, column, message);
}

static int read_number(const struct json *test, const char *key, uint64_t *ret,
		       struct hr_error *err)
{
	const struct json *value = json_get(test, key);

	*ret = 0;
	if (value && !json_uint(value, ret))
		return oci_fail(value, err, "%s is no number from 0 to 2^64 - 1", key);
	return 0;
}

static int read_op(const struct json *test, const char **ret_name, enum op *ret,
		   struct hr_error *err)
{
	const struct json *op = json_get(test, "op");
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; op && op->type == JSON_STRING && i < hr_count(ops); i++) {
		if (strcmp(ops[i].name, op->text) != 0)
			continue;
		*ret_name = ops[i].name;
		*ret = ops[i].op;
		return 0;
	}
	return oci_fail(op ? op : test, err, "op %s is not an operator of the runtime-spec",
			op && op->type == JSON_STRING ? text_shown_z(op->text, shown) : "missing");
}

int oci_read_test(const struct json *test, struct oci_test *ret, struct hr_error *err)
{
	uint64_t index, value, second;
	enum op op;

	if (test->type != JSON_OBJECT)
		return oci_fail(test, err, "args holds objects");
	if (read_number(test, "index", &index, err) < 0 ||
	    read_number(test, "value", &value, err) < 0 ||
	    read_number(test, "valueTwo", &second, err) < 0 ||
	    read_op(test, &ret->op, &op, err) < 0)
		return -1;
	if (index >= SECCOMP_ARGS)
		return oci_fail(json_get(test, "index"), err,
				"index is above 5; a system call has six arguments");
	ret->index = (unsigned)index;
	ret->compare = (struct compare){.op = op, .value = value};
	ret->masked_away = false;
	if (op != OP_MASKED_EQ)
		return 0;
	if (strcmp(ret->op, "SCMP_CMP_EQ") == 0) {
		ret->compare = compare_masked(UINT64_MAX, value);
	} else {
		ret->compare = compare_masked(value, second);
		/* libseccomp looks at what the mask leaves of both. */
		ret->masked_away = (second & ~value) != 0;
	}
	return 0;
}
