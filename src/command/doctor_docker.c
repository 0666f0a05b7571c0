/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what Docker alone, and podman alone, can have wrong. */
#include "command/doctor.h"

#include <string.h>

#define DROP_INS "/etc/systemd/system/docker.service.d"

/* ---- Docker ---------------------------------------------------------------------------- */

static void judge_arguments(const struct engine *engine, const struct engine_handler *handler,
			    struct findings *to)
{
	struct finding *finding;

	if (json_count(json_get(handler->table, "runtimeArgs")) == 0)
		return;
	finding = doctor_find_handler(to, "docker.handler.arguments", SEVERITY_WARNING, engine,
				      handler);
	text_addf(&finding->evidence,
		  "runtimeArgs has %zu words: Docker starts the runtime through a script of "
		  "/bin/sh, which loses the signal that ends it with its shim and joins words that "
		  "hold blanks",
		  json_count(json_get(handler->table, "runtimeArgs")));
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "remove runtimeArgs%s", doctor_restart(engine->kind));
}

static const struct json *buildkit_feature(const struct engine *engine)
{
	return json_path(engine->config, "features.buildkit");
}

/* From 23.0 on the client builds with it whatever daemon.json says. */
static bool uses_buildkit(const struct engine *engine)
{
	return engine_major(engine) >= 23 ||
	       (buildkit_feature(engine) &&
		json_true(json_get(engine->config, "features"), "buildkit"));
}

/* The policy first: what BuildKit mounts is refused without it, and every build with it. */
static void remedy_buildkit(const struct node *node, const struct engine *engine,
			    const struct engine_handler *base, struct text *to)
{
	char usual[PATH_MAX];

	if (engine_major(engine) < 23)
		text_addf(to,
			  "Edit %s: set \"features\": {\"buildkit\": false}%s; or, for builds by "
			  "BuildKit too: ",
			  engine->file, doctor_restart(engine->kind));
	if (engine_major(engine) < 26) {
		node_usual_runtime(node, usual);
		text_adds(to,
			  "Make a link to hardrun by the name runc, first in the PATH of dockerd "
			  "(contrib/buildkit/README.md), and give the handler's profile what "
			  "contrib/buildkit/policy.json has; then: "
			  "mkdir -p /usr/local/lib/hardrun " HR_CONFDIR "/runtimes " DROP_INS
			  " && ln -sfn ");
		doctor_word(to, node->self);
		text_adds(to, " /usr/local/lib/hardrun/runc && ln -sfn ");
		doctor_word(to, usual);
		text_adds(to, " " HR_CONFDIR "/runtimes/runc && printf "
			      "'[Service]\\nEnvironment=PATH=%s\\n' /usr/local/lib/hardrun:"
			      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	} else {
		text_adds(to,
			  "Have BuildKit call hardrun, and give the handler's profile what "
			  "contrib/buildkit/policy.json has; then: mkdir -p " DROP_INS " && printf "
			  "'[Service]\\nEnvironment=DOCKER_BUILDKIT_RUNC_COMMAND=%s\\n' ");
		doctor_word(to, base->binary);
	}
	text_adds(to, " > " DROP_INS "/hardrun.conf && systemctl daemon-reload && "
		      "systemctl restart docker");
}

/* dockerd's builder starts `runc` by itself; what it starts can be named since 26.0. */
static void check_buildkit(const struct node *node, const struct engine *engine,
			   struct findings *to)
{
	const struct engine_handler *base = doctor_default(engine);
	const struct json *feature = buildkit_feature(engine);
	struct finding *finding;
	const char *file = engine->file;
	unsigned line = 0;

	if (!base || !base->is_hardrun || !uses_buildkit(engine) ||
	    (node->buildkit_told && engine_major(engine) >= 26) || node->buildkit_path)
		return;
	if (feature)
		engine_where(engine, feature, &file, &line);
	finding = doctor_find(to, "docker.buildkit", SEVERITY_WARNING, file, line);
	text_adds(&finding->subject, "docker build");
	text_adds(&finding->evidence, "the default runtime is ");
	doctor_show(&finding->evidence, base->name);
	text_adds(&finding->evidence, ", and images are built by BuildKit (Docker ");
	text_adds(&finding->evidence, engine->version);
	text_addf(&finding->evidence, "%s), which starts plain runc: RUN steps are not hardened",
		  feature ? ", features.buildkit" : "");
	remedy_buildkit(node, engine, base, &finding->remedy);
}

void check_docker(const struct node *node, struct findings *to)
{
	const struct engine *engine = node->engines[ENGINE_DOCKER];

	if (!engine)
		return;
	for (size_t i = 0; i < engine->handlers_len; i++)
		if (engine->handlers[i].is_hardrun)
			judge_arguments(engine, &engine->handlers[i], to);
	check_buildkit(node, engine, to);
}

/* ---- podman ---------------------------------------------------------------------------- */

/* podman hands --log to runtimes of this list alone, by the handler's name or the program's. */
static void judge_json(const struct engine *engine, const struct engine_handler *handler,
		       struct findings *to)
{
	const struct json *list = json_path(engine->config, "engine.runtime_supports_json");
	const char *slash = strrchr(handler->binary, '/');
	struct finding *finding;

	if (json_has_string(list, handler->name) ||
	    json_has_string(list, slash ? slash + 1 : handler->binary))
		return;
	finding = doctor_find_handler(to, "podman.handler.json", SEVERITY_WARNING, engine, handler);
	text_addf(&finding->evidence,
		  "runtime_supports_json %s it: podman gives no --log to the handler, and the "
		  "reason of a refusal is shown on standard error alone",
		  list ? "does not name" : "is not set and podman's own list lacks");
	if (list) {
		const char *file;
		unsigned line;

		engine_where(engine, list, &file, &line);
		text_addf(&finding->remedy, "Edit %s, line %u: add \"", file ? file : engine->file,
			  line);
		doctor_show(&finding->remedy, handler->name);
		text_adds(&finding->remedy, "\" to runtime_supports_json");
		return;
	}
	doctor_edit(&finding->remedy, engine, handler);
	text_adds(&finding->remedy,
		  "under [engine] write runtime_supports_json = [\"crun\", \"runc\", \"kata\", "
		  "\"runsc\", \"youki\", \"krun\", \"");
	doctor_show(&finding->remedy, handler->name);
	text_adds(&finding->remedy, "\"]");
}

void check_podman(const struct node *node, struct findings *to)
{
	const struct engine *engine = node->engines[ENGINE_PODMAN];

	for (size_t i = 0; engine && i < engine->handlers_len; i++)
		if (engine->handlers[i].is_hardrun && engine->handlers[i].binary)
			judge_json(engine, &engine->handlers[i], to);
}
