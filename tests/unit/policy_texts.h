/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies and what is said about them. `words` follow the file's name: line:column, text.
 */
#ifndef HR_TESTS_UNIT_POLICY_TEXTS_H
#define HR_TESTS_UNIT_POLICY_TEXTS_H

#define PROFILES(text) "{\"version\":1,\"profiles\":{" text "}}"
#define RULES(text)    "{\"version\":1,\"rules\":[\n" text "]}"
#define CONTROL(text)  "{\"version\":1,\"profiles\":{\"x\":{\n" text "}}}"

/* A rule on a handler. */
#define RULE(handler, profile)                                                                 \
	"{\"version\":1,\"rules\":[{\"when\":{\"handler\":\"" handler "\"},\"use\":\"" profile \
	"\"}]}"

static const char *const good[] = {
	"{\"version\":1}",
	"// a comment\n{\"version\":1 /* and another */}\n",
	"{\"version\":1,\"profiles\":{},\"rules\":[],\"default\":\"restricted\",\"audit\":{}}",
	PROFILES("\"web\":{}"),
	PROFILES("\"web\":{\"extends\":\"restricted\"},\"shop\":{\"extends\":\"web\"}"),
	PROFILES("\"b\":{\"extends\":\"a\"},\"a\":{}"),
	PROFILES(
		"\"a\":{\"mode\":\"audit\"},\"b\":{\"mode\":\"off\"},\"c\":{\"mode\":\"enforce\"}"),
	CONTROL("\"seccomp\":{\"mode\":\"off\"},\"no_new_privs\":{\"mode\":\"audit\"}"),
	CONTROL("\"capabilities\":{\"allow\":[],\"strip\":[],\"mode\":\"audit\"}"),
	CONTROL("\"restore\":{\"allow\":true}"),
	CONTROL("\"namespaces\":{\"allow_host\":[\"network\",\"pid\"]}"),
	CONTROL("\"hooks\":{\"allow\":[\"poststop:/bin/true\"],\"docker\":[]}"),
	RULES("{\"when\":{\"sandbox\":true},\"use\":\"sandbox\"}"),
	RULES("{\"when\":{\"namespace\":\"a\",\"pod\":[\"b\",\"c*\"],\"container\":\"*\",\"image\":"
	      "\"x\",\"handler\":\"h\",\"annotation\":{\"k\":\"v\",\"l\":[\"w\"]}},\"use\":"
	      "\"restricted\",\"may_choose\":[\"default\"]}"),
	/* extends to the depth that is allowed: a1 .. a7 below default */
	PROFILES("\"a1\":{},\"a2\":{\"extends\":\"a1\"},\"a3\":{\"extends\":\"a2\"},\"a4\":{"
		 "\"extends\":\"a3\"},\"a5\":{\"extends\":\"a4\"},\"a6\":{\"extends\":\"a5\"},"
		 "\"a7\":{"
		 "\"extends\":\"a6\"}"),
};

struct wrong {
	const char *text, *words;
};

static const struct wrong wrong[] = {
	/* not JSON */
	{"", "1:1: "},
	{"version: 1", "1:"},
	{"{\"version\":1,}", "1:"},
	{"{\"version\":1}{}", "1:"},
	{"{\"version\":1,\n \"version\":1}", "2:2: key \"version\" stands twice"},
	{"{\"version\":1,\n\"rules\":[\n", "3:1: not JSON"},
	{"{\"version\":\n\"\xFF\"}", "2:2: bytes that are not UTF-8"},
	/* the frame */
	{"[]", "1:1: a policy must be an object"},
	{"\"x\"", "1:1: a policy must be an object"},
	{"{}", "1:1: \"version\": 1 is missing"},
	{"{\"version\":null}", "1:1: \"version\": 1 is"},
	{"{\n\"version\":2}", "2:1: \"version\": 1 is what this program reads"},
	{"{\"version\":\"1\"}", "1:2: \"version\": 1 is"},
	{"{\"version\":1.0}", "1:2: \"version\": 1 is"},
	{"{\"version\":1,\n\"profile\":{}}", "2:1: a policy has no \"profile\"; did you mean "
					     "\"profiles\"?"},
	{"{\"version\":1,\"rule\":[]}", "1:14: a policy has no \"rule\"; did you mean \"rules\"?"},
	{"{\"version\":1,\"image\":{}}",
	 "1:14: a policy has no \"image\"; did you mean \"images\"?"},
	{"{\"Version\":1}", "1:2: a policy has no \"Version\"; did you mean \"version\"?"},
	{"{\"version\":1,\"x y\":1}", "1:14: a policy has no \"x\\x20y\""},
	{"{\"version\":1,\"default\":1}", "1:14: default must name a profile"},
	{"{\"version\":1,\"default\":\"defalt\"}",
	 "1:14: there is no profile \"defalt\"; did you mean \"default\"?"},
	{"{\"version\":1,\"default\":\"\"}", "1:14: there is no profile \"\""},
	/* audit */
	{"{\"version\":1,\"audit\":[]}", "1:14: audit must be an object"},
	{"{\"version\":1,\"audit\":{\"fil\":\"/x\"}}",
	 "1:23: audit has no \"fil\"; did you mean \"file\"?"},
	{"{\"version\":1,\"audit\":{\"file\":1}}", "1:23: audit.file must be a path"},
	{"{\"version\":1,\"audit\":{\"file\":\"x\"}}", "1:23: audit.file must be an absolute path"},
	{"{\"version\":1,\"audit\":{\"syslog\":1}}", "1:23: audit.syslog must be true or false"},
	{"{\"version\":1,\"audit\":{\"required\":\"true\"}}",
	 "1:23: audit.required must be true or false"},
	{"{\"version\":1,\"audit\":{\"annotations\":\"a\"}}",
	 "1:23: audit.annotations must be a list of names"},
	{"{\"version\":1,\"audit\":{\"annotations\":[\"a\",1]}}",
	 "1:42: audit.annotations holds names"},
	/* profiles */
	{"{\"version\":1,\"profiles\":[]}", "1:14: profiles must be an object: name -> profile"},
	{"{\"version\":1,\"profiles\":{\n\"web\":[]}}", "2:1: a profile must be an object"},
	{"{\"version\":1,\"profiles\":{\n\"web\":null}}", "2:1: a profile must be an object"},
	{"{\"version\":1,\"profiles\":{\n\"web\":\"default\"}}",
	 "2:1: a profile must be an object"},
	{"{\"version\":1,\"profiles\":{\n \"default\":{}}}",
	 "2:2: profile \"default\" is there already (built-in); choose another name and say "
	 "\"extends\": \"default\""},
	{"{\"version\":1,\"profiles\":{\n \"sandbox\":{}}}",
	 "2:2: profile \"sandbox\" is there already"},
	{CONTROL("\"extends\":\"restrited\""),
	 "2:1: there is no profile \"restrited\"; did you mean \"restricted\"?"},
	{CONTROL("\"extends\":\"zzzzzz\""), "2:1: there is no profile \"zzzzzz\""},
	{CONTROL("\"extends\":[\"default\"]"), "2:1: must be the name of a profile"},
	{CONTROL("\"extends\":\"x\""), "1:26: \"extends\" goes in a circle or deeper than 8"},
	{"{\"version\":1,\"profiles\":{\n\"a\":{\"extends\":\"b\"},\"b\":{\"extends\":\"a\"}}}",
	 "2:"},
	{CONTROL("\"mode\":\"on\""), "2:1: mode must be \"enforce\", \"audit\" or \"off\""},
	{CONTROL("\"mode\":1"), "2:1: mode must be"},
	{CONTROL("\"mode\":null"), "2:1: mode must be"},
	/* controls */
	{CONTROL("\"capabilites\":{}"), "2:1: there is no control \"capabilites\"; "},
	{CONTROL("\"Seccomp\":{}"), "2:1: there is no control \"Seccomp\""},
	{CONTROL("\"capabilities\":[]"), "2:1: the options of a control must be an object"},
	{CONTROL("\"capabilities\":null"), "2:1: the options of a control must be an object"},
	{CONTROL("\"cwd\":\"off\""), "2:1: the options of a control must be an object"},
	{CONTROL("\"cwd\":{\n\"mode\":\"of\"}"), "3:1: mode must be"},
	{CONTROL("\"cwd\":{\n\"mode\":null}"), "3:1: "},
	{CONTROL("\"cwd\":{\n\"deny\":[]}"), "3:1: cwd has no option \"deny\"; it has: mode"},
	{CONTROL("\"capabilities\":{\n\"alow\":[]}"),
	 "3:1: capabilities has no option \"alow\"; did you mean \"allow\"? it has: mode, allow, "
	 "strip, drop"},
	{CONTROL("\"capabilities\":{\n\"allow\":\"CAP_KILL\"}"),
	 "3:1: capabilities.allow must be a list of strings"},
	{CONTROL("\"capabilities\":{\n\"allow\":null}"),
	 "3:1: capabilities.allow must be a list of strings"},
	{CONTROL("\"capabilities\":{\"allow\":[\"CAP_KILL\",\n1]}"),
	 "3:1: capabilities.allow holds strings only"},
	{CONTROL("\"capabilities\":{\"allow\":[\n\"KILL\"]}"),
	 "3:1: \"KILL\" is no capability; names are written like CAP_CHOWN"},
	{CONTROL("\"capabilities\":{\"allow\":[\n\"cap_kill\"]}"),
	 "3:1: \"cap_kill\" is no capability"},
	{CONTROL("\"capabilities\":{\"strip\":[\n\"CAP_NONE\"]}"),
	 "3:1: \"CAP_NONE\" is no capability"},
	{CONTROL("\"namespaces\":{\"require\":[\n\"net\"]}"),
	 "3:1: \"net\" is no namespace; there are: mount pid ipc network uts cgroup user time"},
	{CONTROL("\"namespaces\":{\n\"allow_host\":[\"mount\"]}"),
	 "3:1: the host's mount namespace cannot be allowed"},
	{CONTROL("\"hooks\":{\"allow\":[\n\"true\"]}"),
	 "3:1: hooks.allow holds KIND:/absolute/path, not \"true\""},
	{CONTROL("\"hooks\":{\"allow\":[\n\"/bin/true\"]}"),
	 "3:1: hooks.allow holds KIND:/absolute/path"},
	{CONTROL("\"hooks\":{\"allow\":[\n\"prestrt:/bin/true\"]}"),
	 "3:1: hooks.allow holds KIND:/absolute/path"},
	{CONTROL("\"hooks\":{\"allow\":[\n\"prestart:bin/true\"]}"),
	 "3:1: hooks.allow holds KIND:/absolute/path"},
	{CONTROL("\"hooks\":{\"docker\":[\n\"usr/bin/dockerd\"]}"),
	 "3:1: hooks.docker holds absolute paths"},
	{CONTROL("\"paths\":{\"masked\":[\n\"proc/x\"]}"), "3:1: \"proc/x\" is no absolute path"},
	{CONTROL("\"restore\":{\n\"allow\":\"yes\"}"), "3:1: restore.allow must be true or false"},
	{CONTROL("\"seccomp\":{\n\"profile\":\"ngnix\"}"),
	 "3:1: seccomp.profile: /etc/hardrun/seccomp is "},
	{CONTROL("\"document\":{\n\"other_platforms\":\"keep\"}"),
	 "3:1: document.other_platforms must be \"drop\" or \"refuse\""},
	/* the filter would be loaded early */
	{CONTROL("\"no_new_privs\":{\"mode\":\"audit\"}"),
	 "1:26: seccomp in mode enforce needs no_new_privs in mode enforce, not audit "
	 "(/etc/hardrun/policy.json:2:17)"},
	{CONTROL("\"mode\":\"off\",\"seccomp\":{\"mode\":\"enforce\"}"),
	 "1:26: seccomp in mode enforce needs no_new_privs in mode enforce, not off "
	 "(/etc/hardrun/policy.json:2:1); set both to the same mode"},
	/* rules */
	{"{\"version\":1,\"rules\":{}}", "1:14: rules must be a list"},
	{RULES("1"), "2:1: a rule must be an object"},
	{RULES("{\"use\":\"default\"}"), "2:1: a rule needs \"when\" with at least one condition"},
	{RULES("{\"when\":{},\"use\":\"default\"}"), "2:1: a rule needs \"when\""},
	{RULES("{\"when\":null,\"use\":\"default\"}"), "2:1: a rule needs \"when\""},
	{RULES("{\"when\":\"x\",\"use\":\"default\"}"), "2:1: a rule needs \"when\""},
	{RULES("{\"when\":{\"pod\":\"x\"}}"), "2:1: a rule needs \"use\": the name of a profile"},
	{RULES("{\"when\":{\"pod\":\"x\"},\"use\":null}"), "2:1: a rule needs \"use\""},
	{RULES("{\"when\":{\"pod\":\"x\"},\n\"use\":1}"), "3:1: must be the name of a profile"},
	{RULES("{\"when\":{\"pod\":\"x\"},\n\"use\":\"restrict\"}"), "3:1: there is no profile"},
	{RULES("{\"when\":{\"pod\":\"x\"},\"use\":\"default\",\n\"maychoose\":[]}"),
	 "3:1: a rule has no \"maychoose\"; did you mean \"may_choose\"?"},
	{RULES("{\"when\":{\"pod\":\"x\"},\"use\":\"default\",\n\"may_choose\":\"x\"}"),
	 "3:1: may_choose must be a list of profiles"},
	{RULES("{\"when\":{\"pod\":\"x\"},\"use\":\"default\",\"may_choose\":[\n\"x\"]}"),
	 "3:1: there is no profile \"x\""},
	{RULES("{\"when\":{\"pod\":\"x\"},\"use\":\"default\",\"may_choose\":[\n1]}"),
	 "3:1: must be the name of a profile"},
	{RULES("{\"when\":{\n\"namespaces\":\"x\"},\"use\":\"default\"}"),
	 "3:1: when has no \"namespaces\"; did you mean \"namespace\"?"},
	{RULES("{\"when\":{\n\"pod\":1},\"use\":\"default\"}"),
	 "3:1: must be a pattern or a list of patterns"},
	{RULES("{\"when\":{\n\"pod\":null},\"use\":\"default\"}"), "3:1: must be a pattern"},
	{RULES("{\"when\":{\n\"pod\":[]},\"use\":\"default\"}"), "3:1: must be a pattern"},
	{RULES("{\"when\":{\"pod\":[\n1]},\"use\":\"default\"}"),
	 "3:1: a pattern must be a string"},
	{RULES("{\"when\":{\n\"sandbox\":\"true\"},\"use\":\"default\"}"),
	 "3:1: sandbox must be true or false"},
	{RULES("{\"when\":{\n\"annotation\":\"x\"},\"use\":\"default\"}"),
	 "3:1: annotation must be an object: name -> patterns"},
	{RULES("{\"when\":{\n\"annotation\":{}},\"use\":\"default\"}"), "3:1: annotation must be"},
	{RULES("{\"when\":{\"annotation\":{\n\"k\":1}},\"use\":\"default\"}"),
	 "3:1: must be a pattern"},
};

#endif
