/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what is wrong on this node, and the command that mends it. */
#include "command/doctor.h"

#include "base/cleanup.h"
#include "command/command.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: hardrun doctor [--json]\n"
	"\n"
	"Look at hardrun's files, the runtimes behind it, the engines' configuration and the\n"
	"kernel. Each finding has a severity, what was seen, and the command or the edit that\n"
	"mends it. Nothing is changed.\n"
	"\n"
	"  --json   one object: version, findings, looked_at\n"
	"\n"
	"Exit status: 0 no error and no warning, 1 otherwise, 2 usage, 4 the node could not be\n"
	"looked at.\n";

/* In the order in which findings of one severity are shown. */
static void (*const checks[])(const struct node *node, struct findings *to) = {
	check_policy_files,
	check_engine_files,
	check_programs,
	check_links,
	check_runtimes,
	check_features,
	check_profiles,
	check_engine_handlers,
	check_engine_defaults,
	check_containerd,
	check_docker,
	check_podman,
	check_engine_options,
	check_state,
	check_audit_log,
	check_kernel,
	check_lsm,
	check_userns,
	check_log,
	check_images,
	check_used,
	check_kernel_notes,
};

static const char *const severity_names[SEVERITIES] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_NOTE] = "note",
};

static size_t count_of(const struct findings *findings, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->len; i++)
		count += findings->all[i].severity == severity;
	return count;
}

static const char *text_of(const struct text *text)
{
	return text->data ? text->data : "";
}

/* ---- what was looked at ---------------------------------------------------------------- */

static void put_text(struct json_doc *doc, struct json *object, const char *key, struct text *text)
{
	doctor_clean(text);
	json_put_string(doc, object, key, text_of(text));
	text_free(text);
	*text = (struct text){0};
}

static struct json *add_entry(struct json_doc *doc, struct json *list, const char *kind,
			      const char *name)
{
	struct json *entry = json_append(list, json_new_object(doc));

	json_put_string(doc, entry, "kind", kind);
	json_put_string(doc, entry, "name", name);
	return entry;
}

static void add_policy(const struct node *node, struct json_doc *doc, struct json *list)
{
	struct json *entry = add_entry(doc, list, "policy", HR_CONFDIR);

	json_put_string(doc, entry, "state",
			!node->configured ? "built-in profiles"
			: node->policy	  ? "good"
					  : "cannot be used");
	if (node->policy)
		json_put_int(doc, entry, "profiles",
			     (int64_t)json_count(policy_profiles(node->policy)));
}

static void add_engine(const struct engine *engine, struct json_doc *doc, struct json *list)
{
	struct json *entry = add_entry(doc, list, "engine", engine_name(engine->kind)), *handlers;
	struct json *files = json_put(doc, entry, "files", json_new_array(doc));
	text_auto struct text text = {0};

	text_adds(&text, engine->version);
	put_text(doc, entry, "version", &text);
	for (size_t i = 0; i < engine->files_len; i++) {
		text_adds(&text, engine->files[i]);
		doctor_clean(&text);
		json_append(files, json_new_string(doc, text_of(&text)));
		text_free(&text);
		text = (struct text){0};
	}
	doctor_show(&text, engine->default_handler ? engine->default_handler : "");
	put_text(doc, entry, "default", &text);
	handlers = json_put(doc, entry, "handlers", json_new_array(doc));
	for (size_t i = 0; i < engine->handlers_len; i++) {
		doctor_show(&text, engine->handlers[i].name);
		if (engine->handlers[i].is_hardrun)
			json_append(handlers, json_new_string(doc, text_of(&text)));
		text_free(&text);
		text = (struct text){0};
	}
}

static void add_handler(const struct node_handler *handler, struct json_doc *doc, struct json *list)
{
	text_auto struct text text = {0};
	struct json *entry;

	doctor_show(&text, handler->name);
	entry = add_entry(doc, list, "handler", text_of(&text));
	json_put_string(doc, entry, "profile", handler->profile ? handler->profile : "");
	json_put_string(doc, entry, "runtime", handler->real ? handler->real->runtime.path : "");
	json_put_string(doc, entry, "version", handler->real ? handler->real->version : "");
	json_put_string(doc, entry, "package", handler->real ? handler->real->package : "");
}

static void add_seen(const struct node *node, struct json_doc *doc, struct json *list)
{
	text_auto struct text release = {0};

	add_policy(node, doc, list);
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		if (node->engines[kind] &&
		    (node->engines[kind]->installed || node->engines[kind]->configured))
			add_engine(node->engines[kind], doc, list);
	for (size_t i = 0; i < node->handlers_len; i++)
		add_handler(&node->handlers[i], doc, list);
	doctor_show(&release, node->kernel.release);
	add_entry(doc, list, "kernel", text_of(&release));
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void add_finding(const struct finding *finding, struct json_doc *doc, struct json *list)
{
	struct json *entry = json_append(list, json_new_object(doc));

	json_put_string(doc, entry, "id", finding->id);
	json_put_string(doc, entry, "severity", severity_names[finding->severity]);
	json_put_string(doc, entry, "subject", text_of(&finding->subject));
	json_put(doc, entry, "file",
		 finding->file.len ? json_new_string(doc, finding->file.data) : json_new_null(doc));
	json_put(doc, entry, "line",
		 finding->line ? json_new_int(doc, finding->line) : json_new_null(doc));
	json_put_string(doc, entry, "evidence", text_of(&finding->evidence));
	json_put_string(doc, entry, "remedy", text_of(&finding->remedy));
}

static int print_json(const struct node *node, const struct findings *findings,
		      struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("doctor");
	hr_autofree char *text = NULL;
	struct json *root, *list;
	size_t len;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	root = json_root(doc);
	json_put_int(doc, root, "version", 1);
	list = json_put(doc, root, "findings", json_new_array(doc));
	for (enum severity severity = 0; severity < SEVERITIES; severity++)
		for (size_t i = 0; i < findings->len; i++)
			if (findings->all[i].severity == severity)
				add_finding(&findings->all[i], doc, list);
	list = json_put(doc, root, "looked_at", json_new_array(doc));
	add_seen(node, doc, list);
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

/* ---- text ------------------------------------------------------------------------------ */

static void print_finding(const struct finding *finding)
{
	printf("%s: %s\n  id:     %s\n", severity_names[finding->severity],
	       text_of(&finding->subject), finding->id);
	if (finding->file.len && finding->line)
		printf("  where:  %s:%u\n", finding->file.data, finding->line);
	else if (finding->file.len)
		printf("  where:  %s\n", finding->file.data);
	printf("  seen:   %s\n  remedy: %s\n\n", text_of(&finding->evidence),
	       text_of(&finding->remedy));
}

static void print_engine(const struct engine *engine)
{
	const char *between = "handlers of hardrun: ";
	text_auto struct text version = {0}, files = {0};
	char shown[TEXT_SHOWN_SIZE];

	text_adds(&version, engine->version);
	doctor_clean(&version);
	printf("  engine %s %s: ", engine_name(engine->kind),
	       version.len	   ? version.data
	       : engine->installed ? "(version not known)"
				   : "(not installed)");
	for (size_t i = 0; i < engine->files_len; i++)
		text_addf(&files, "%s%s", i ? ", " : "", engine->files[i]);
	doctor_clean(&files);
	printf("%s; ", files.len ? files.data : "no file");
	for (size_t i = 0; i < engine->handlers_len; i++) {
		if (!engine->handlers[i].is_hardrun)
			continue;
		printf("%s%s", between, text_shown_z(engine->handlers[i].name, shown));
		between = ", ";
	}
	if (between[0] == 'h')
		printf("no handler of hardrun");
	printf("; default: %s\n",
	       text_shown_z(engine->default_handler ? engine->default_handler : "-", shown));
}

static void print_handler(const struct node_handler *handler)
{
	const struct node_runtime *real = handler->real;
	char shown[TEXT_SHOWN_SIZE];

	printf("  handler %s: profile %s, ", text_shown_z(handler->name, shown),
	       handler->profile ? handler->profile : "not known");
	if (real)
		printf("%s (%s%s%s)\n", real->runtime.path, real->version,
		       real->package[0] ? ", package " : "", real->package);
	else
		puts("no runtime that can be used");
}

static void print_seen(const struct node *node)
{
	char shown[TEXT_SHOWN_SIZE];

	puts("looked at:");
	printf("  policy " HR_CONFDIR ": %s\n", !node->configured ? "built-in profiles"
						: node->policy	  ? "good"
								  : "cannot be used");
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		if (node->engines[kind] &&
		    (node->engines[kind]->installed || node->engines[kind]->configured))
			print_engine(node->engines[kind]);
	for (size_t i = 0; i < node->handlers_len; i++)
		print_handler(&node->handlers[i]);
	printf("  kernel %s\n", text_shown_z(node->kernel.release, shown));
}

static void print_count(size_t count, const char *name, const char *end)
{
	printf("%zu %s%s%s", count, name, count == 1 ? "" : "s", end);
}

static void print_text(const struct node *node, const struct findings *findings)
{
	for (enum severity severity = 0; severity < SEVERITIES; severity++)
		for (size_t i = 0; i < findings->len; i++)
			if (findings->all[i].severity == severity)
				print_finding(&findings->all[i]);
	print_count(count_of(findings, SEVERITY_ERROR), "error", ", ");
	print_count(count_of(findings, SEVERITY_WARNING), "warning", ", ");
	print_count(count_of(findings, SEVERITY_NOTE), "note", "\n");
	print_seen(node);
}

/* ---- command --------------------------------------------------------------------------- */

static int look(bool json, struct hr_error *err)
{
	node_auto struct node *node = NULL;
	__attribute__((cleanup(findings_free))) struct findings findings = {0};

	if (geteuid() != 0)
		return hr_fail(err, HR_SYSTEM, "doctor works as root only");
	if (node_read(&node, err) < 0)
		return -1;
	for (size_t i = 0; i < hr_count(checks); i++)
		checks[i](node, &findings);
	findings_clean(&findings);
	if (findings.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (!json)
		print_text(node, &findings);
	else if (print_json(node, &findings, err) < 0)
		return -1;
	return count_of(&findings, SEVERITY_ERROR) + count_of(&findings, SEVERITY_WARNING) > 0
		       ? EXIT_REFUSED
		       : EXIT_OK;
}

int command_doctor(int argc, char *const argv[], struct hr_error *err)
{
	bool json = argc > 2 && strcmp(argv[2], "--json") == 0;
	int status;

	if (argc > 2 && command_wants_help(argv[2]))
		return command_help(help);
	if (argc > (json ? 3 : 2))
		return command_usage("doctor", argv[json ? 3 : 2], "[--json]", err);
	status = look(json, err);
	return status < 0 ? EXIT_SYSTEM : status;
}
