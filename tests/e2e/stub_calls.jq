# SPDX-License-Identifier: Apache-2.0
# What stub_calls.sh looks at in one pass: a line each of many files, the name of the call in
# front of the suffix. Gives "NAME<TAB>WHAT IS WRONG".
# $kind: document, log, audit. $asked: call -> the document as it was sent. $expected: the text
# of tests/calls/expected.tsv.

# A report path as jq's: annotations["a.b"], hooks.prestart[0].path
def as_path:
	[scan("\"[^\"]*\"|[A-Za-z0-9_]+")
	| if startswith("\"") then .[1:-1] elif test("^[0-9]+$") then tonumber else . end];

def rows: [$expected | split("\n")[] | split("\t") | select(length > 4) | {key: .[0],
	value: {command: .[1], profile: .[2], outcome: .[3], entries: (.[4] | split(",") - ["-"])}}]
	| from_entries;

def eight: ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_NET_BIND_SERVICE"];

def wrong($condition; $text): if $condition then empty else $text end;

# .capabilities of a process, within a list and nothing that was not asked for
def caps($allowed; $asked):
	(.capabilities // {}) as $got
	| ($got | keys[]) as $set
	| (($got[$set] // []) - (if $set == "inheritable" or $set == "ambient" then [] else $allowed end)
		+ (($got[$set] // []) - ($asked.capabilities[$set] // []))) as $more
	| wrong($more == []; "\($set) holds \($more)");

def members: .linux | [.namespaces[].type];
def minimum: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/kallsyms", "/proc/config.gz",
	"/sys/firmware", "/sys/devices/virtual/powercap"];
def readonly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
def weakening: test("^(org\\.systemd\\.property\\.|org\\.criu\\.|run\\.oci\\.|krun\\.|module\\.wasm\\.|bundle$)");

def hook_wrong:
	(.hooks.prestart // [])[]
	| wrong(.path == "/usr/bin/dockerd"; "hook path \(.path)"),
	  wrong(.timeout >= 1 and .timeout <= 30; "hook timeout \(.timeout)"),
	  wrong(.env | type == "array"; "hook env \(.env)");

def create_wrong($asked; $row):
	wrong(.process.noNewPrivileges == true; "no_new_privs is not set"),
	(.process | caps(if $row.profile == "sandbox" then [] else eight end; $asked.process)),
	wrong(["mount", "pid", "ipc", "network", "uts", "cgroup"] - members == []; "namespaces: \(members)"),
	wrong(minimum - .linux.maskedPaths == []; "maskedPaths"),
	wrong(($asked.linux.maskedPaths // []) - .linux.maskedPaths == []; "maskedPaths lost some"),
	wrong(readonly - .linux.readonlyPaths == []; "readonlyPaths"),
	wrong(($asked.linux.readonlyPaths // []) - .linux.readonlyPaths == []; "readonlyPaths lost some"),
	wrong(.linux.seccomp.flags == []; "seccomp flags: \(.linux.seccomp.flags)"),
	wrong([.annotations // {} | keys[] | select(weakening)] == []; "annotations: \(.annotations)"),
	hook_wrong;

def exec_wrong($asked):
	wrong(.noNewPrivileges == true; "no_new_privs is not set"),
	caps(eight; $asked);

def paths_of($row; $action): [$row.entries[] | select(startswith($action + " "))
	| split(" ")[1] | as_path];

# What is expected to differ differs, and nothing else does: what was asked, with the set values
# put in and the dropped ones taken out, is what came.
def differences($asked; $row):
	paths_of($row; "set") as $sets
	| paths_of($row; "drop") as $drops
	| . as $got
	| ($sets[] as $path | wrong(($got | getpath($path)) != ($asked | getpath($path));
		"\($path | map(tostring) | join(".")) is as it was")),
	  wrong($got == (reduce $sets[] as $path ($asked; setpath($path; $got | getpath($path)))
		| delpaths($drops)); "more than \($sets + $drops | map(map(tostring) | join("."))) differs");

def document_wrong($asked; $row):
	(if $row.command == "create" then create_wrong($asked; $row)
	elif $row.command == "exec" then exec_wrong($asked) else empty end),
	differences($asked; $row);

def time_wrong: wrong(.time | type == "string" and
	test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$");
	"time: \(.time)");

def log_wrong:
	wrong(.level == "error"; "level: \(.level)"),
	wrong(.msg | type == "string" and length > 20; "msg: \(.msg)"),
	time_wrong;

def audit_wrong($row):
	([.report[]? | if $row.outcome == "accept" then .action + " " + .path
		else select(.action == "refuse") | .control + " " + .path end] | unique) as $got
	| wrong($got == ($row.entries | unique); "report: \($got)"),
	  wrong(.verdict == $row.outcome; "verdict: \(.verdict)"),
	  wrong(.profile == $row.profile; "profile: \(.profile)"),
	  wrong([.report[]? | .mode, .control, .rule, .origin, .why | select(. == null or . == "")] == [];
		"an entry without mode, control, rule, origin or why"),
	  wrong([.report[]? | select(.action == "refuse") | .remedy | select(. == null or . == "")] == [];
		"a refusal without remedy"),
	  wrong(.input_sha256 | test("^[0-9a-f]{64}$"); "input_sha256"),
	  time_wrong;

rows as $rows
| inputs as $line
| (input_filename | split("/")[-1] | rtrimstr("." + $kind)) as $name
| $rows[$name] as $row
| $asked[0][$name] as $asked
| ($line | try fromjson catch "no JSON") as $value
| [$name, ([if $value == "no JSON" then $value
	elif $kind == "document" then $value | document_wrong($asked; $row)
	elif $kind == "log" then $value | log_wrong
	else $value | audit_wrong($row) end] | join("; "))]
| join("\t")
