/* SPDX-License-Identifier: Apache-2.0 */
#include "line/process.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

const char *const process_flags[] = {
	"process",	 "cwd",	     "env",	     "tty", "user", "additional-gids",
	"process-label", "apparmor", "no-new-privs", "cap", NULL,
};

struct builder {
	const struct request *request;
	struct json_doc *doc;
	struct json *process;
	struct hr_error *err;
};

static int no_memory(struct builder *builder)
{
	return hr_fail(builder->err, HR_SYSTEM, "out of memory");
}

static int put_string(struct builder *builder, const char *flag, const char *key)
{
	const char *value = request_option(builder->request, flag);

	if (value && !json_put_string(builder->doc, builder->process, key, value))
		return no_memory(builder);
	return 0;
}

static int put_bool(struct builder *builder, const char *key, bool value)
{
	if (!json_put(builder->doc, builder->process, key, json_new_bool(builder->doc, value)))
		return no_memory(builder);
	return 0;
}

/* Member `key` of `object`, made with `make` when missing. */
static struct json *member(struct json_doc *doc, struct json *object, const char *key,
			   struct json *(*make)(struct json_doc *))
{
	struct json *value = json_get_mut(object, key);

	return value ? value : json_put(doc, object, key, make(doc));
}

static int append_all(struct builder *builder, const char *flag, struct json *list)
{
	const char *value;

	for (size_t i = 0; (value = request_option_at(builder->request, flag, i)); i++)
		if (!json_append(list, json_new_string(builder->doc, value)))
			return no_memory(builder);
	return 0;
}

static int add_environment(struct builder *builder)
{
	if (!request_option_at(builder->request, "env", 0))
		return 0;
	return append_all(builder, "env",
			  member(builder->doc, builder->process, "env", json_new_array));
}

static int add_capabilities(struct builder *builder)
{
	static const char *const sets[] = {"bounding", "effective", "permitted", NULL};
	struct json *capabilities;

	if (!request_option_at(builder->request, "cap", 0))
		return 0;
	capabilities = member(builder->doc, builder->process, "capabilities", json_new_object);
	for (size_t i = 0; sets[i]; i++)
		if (append_all(builder, "cap",
			       member(builder->doc, capabilities, sets[i], json_new_array)) < 0)
			return -1;
	return 0;
}

static int number(struct builder *builder, const char *flag, const char *text, const char *stop,
		  int64_t *ret)
{
	char shown[TEXT_SHOWN_SIZE];
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || end == text || !strchr(stop, *end) ||
	    value > UINT32_MAX)
		return hr_fail(builder->err, HR_USAGE, "--%s \"%s\": must be a number", flag,
			       text_shown_z(text, shown));
	*ret = (int64_t)value;
	return 0;
}

static int add_user(struct builder *builder)
{
	const char *text = request_option(builder->request, "user");
	struct json *user;
	const char *colon;
	int64_t id;

	if (!text)
		return 0;
	user = member(builder->doc, builder->process, "user", json_new_object);
	if (number(builder, "user", text, ":", &id) < 0)
		return -1;
	if (!json_put_int(builder->doc, user, "uid", id))
		return no_memory(builder);
	colon = strchr(text, ':');
	if (!colon)
		return 0;
	if (number(builder, "user", colon + 1, "", &id) < 0)
		return -1;
	return json_put_int(builder->doc, user, "gid", id) ? 0 : no_memory(builder);
}

static int add_gids(struct builder *builder)
{
	const char *text;
	struct json *list;

	if (!request_option_at(builder->request, "additional-gids", 0))
		return 0;
	list = member(builder->doc, member(builder->doc, builder->process, "user", json_new_object),
		      "additionalGids", json_new_array);
	for (size_t i = 0; (text = request_option_at(builder->request, "additional-gids", i));
	     i++) {
		int64_t id;

		if (number(builder, "additional-gids", text, "", &id) < 0)
			return -1;
		if (!json_append(list, json_new_int(builder->doc, id)))
			return no_memory(builder);
	}
	return 0;
}

static int add_args(struct builder *builder)
{
	struct json *list =
		json_put(builder->doc, builder->process, "args", json_new_array(builder->doc));

	if (builder->request->arg_count == 0)
		return hr_fail(builder->err, HR_USAGE, "exec needs a command, or --process");
	for (size_t i = 0; i < builder->request->arg_count; i++)
		if (!json_append(list, json_new_string(builder->doc, builder->request->args[i])))
			return no_memory(builder);
	return 0;
}

/* JSON has no way to write other bytes, and a changed argument is another argument. */
static int check_text(const char *word, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	size_t offset;

	if (!json_scan_utf8(word, strlen(word), &offset))
		return hr_fail(err, HR_USAGE,
			       "exec: \"%s\" is not UTF-8, which a process document "
			       "must be",
			       text_shown_z(word, shown));
	return 0;
}

static int check_words(const struct request *request, struct hr_error *err)
{
	for (size_t i = 0; i < request->option_count; i++)
		if (check_text(request->options[i].value, err) < 0)
			return -1;
	for (size_t i = 0; i < request->arg_count; i++)
		if (check_text(request->args[i], err) < 0)
			return -1;
	return 0;
}

static int lay_over(struct builder *builder)
{
	const struct request *request = builder->request;

	if (check_words(request, builder->err) < 0 || add_args(builder) < 0 ||
	    put_string(builder, "cwd", "cwd") < 0 ||
	    put_string(builder, "apparmor", "apparmorProfile") < 0 ||
	    put_string(builder, "process-label", "selinuxLabel") < 0 ||
	    put_bool(builder, "terminal", request_option(request, "tty") != NULL) < 0 ||
	    add_environment(builder) < 0 || add_capabilities(builder) < 0 ||
	    add_user(builder) < 0 || add_gids(builder) < 0)
		return -1;
	if (request_option(request, "no-new-privs"))
		return put_bool(builder, "noNewPrivileges", true);
	return 0;
}

int process_from_flags(const struct request *request, const struct json *base,
		       struct json_doc **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("process of exec");
	struct builder builder = {.request = request, .doc = doc, .err = err};

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	builder.process = json_root(doc);
	json_each(field, base) {
		/* The console's size belongs to the terminal of create. */
		if (strcmp(field->key, "consoleSize") == 0)
			continue;
		if (!json_put(doc, builder.process, field->key, json_clone(doc, field)))
			return no_memory(&builder);
	}
	/* Without a bundle there is no such container, and the runtime will say so. */
	if (!json_get(builder.process, "cwd") && !json_put_string(doc, builder.process, "cwd", "/"))
		return no_memory(&builder);
	if (lay_over(&builder) < 0)
		return -1;
	*ret = hr_steal(doc);
	return 0;
}
