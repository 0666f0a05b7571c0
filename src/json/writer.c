/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "json/json.h"

#include <yajl/yajl_gen.h>

static yajl_gen_status write_value(yajl_gen gen, const struct json *value);

static yajl_gen_status write_string(yajl_gen gen, const char *text, size_t len)
{
	return yajl_gen_string(gen, (const unsigned char *)text, len);
}

static yajl_gen_status write_children(yajl_gen gen, const struct json *value)
{
	json_each(child, value) {
		yajl_gen_status status = yajl_gen_status_ok;

		if (child->key)
			status = write_string(gen, child->key, child->key_len);
		if (status == yajl_gen_status_ok)
			status = write_value(gen, child);
		if (status != yajl_gen_status_ok)
			return status;
	}
	return yajl_gen_status_ok;
}

static yajl_gen_status write_array(yajl_gen gen, const struct json *value)
{
	yajl_gen_status status = yajl_gen_array_open(gen);

	if (status == yajl_gen_status_ok)
		status = write_children(gen, value);
	return status == yajl_gen_status_ok ? yajl_gen_array_close(gen) : status;
}

static yajl_gen_status write_object(yajl_gen gen, const struct json *value)
{
	yajl_gen_status status = yajl_gen_map_open(gen);

	if (status == yajl_gen_status_ok)
		status = write_children(gen, value);
	return status == yajl_gen_status_ok ? yajl_gen_map_close(gen) : status;
}

static yajl_gen_status write_value(yajl_gen gen, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		return yajl_gen_null(gen);
	case JSON_BOOL:
		return yajl_gen_bool(gen, value->boolean);
	case JSON_NUMBER:
		return yajl_gen_number(gen, value->text, value->len);
	case JSON_STRING:
		return write_string(gen, value->text, value->len);
	case JSON_ARRAY:
		return write_array(gen, value);
	case JSON_OBJECT:
		return write_object(gen, value);
	case JSON_TYPES:
		break;
	}
	return yajl_gen_in_error_state;
}

static void print(void *data, const char *bytes, size_t len)
{
	text_add(data, bytes, len);
}

int json_write(const struct json *value, char **ret_text, size_t *ret_len, struct hr_error *err)
{
	struct text text = {0};
	yajl_gen gen = yajl_gen_alloc(NULL);
	yajl_gen_status status;

	if (!gen)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	yajl_gen_config(gen, yajl_gen_print_callback, print, &text);
	status = write_value(gen, value);
	yajl_gen_free(gen);
	if (status != yajl_gen_status_ok || text.failed) {
		text_free(&text);
		return hr_fail(err, HR_SYSTEM, "out of memory while writing JSON");
	}
	*ret_text = text.data;
	*ret_len = text.len;
	return 0;
}
