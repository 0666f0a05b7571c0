# SPDX-License-Identifier: Apache-2.0
# Words for the filters of configs.tsv.

def mount(m): .mounts += [m];
def bind(from; to): mount({destination: to, type: "bind", source: from,
	options: ["rbind", "ro", "nosuid", "nodev"]});
def tmpfs_with(to; words): mount({destination: to, type: "tmpfs", source: "tmpfs",
	options: words});
def tmpfs(to): tmpfs_with(to; ["nosuid", "nodev", "noexec"]);
def sysfs(words): (.mounts[] | select(.type == "sysfs")).options = words;
def cap(name): .process.capabilities.bounding += [name];
def without(kind): .linux.namespaces |= map(select(.type != kind));
def joins(kind; path):
	.linux.namespaces |= map(if .type == kind then .path = path else . end);
def userns(inside; outside; count): .linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: inside, hostID: outside, size: count}]
	| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}];

# ---- what a row starts from, before hardrun has hardened it ----------------------------------

def plain: .mounts |= map(select(.type != "bind")) | del(.hooks, .linux.seccomp)
	| .linux.namespaces |= map(del(.path));
def start(base):
	plain
	| if base == "user" then .process.user = {uid: 1000, gid: 1000} else . end
	| if base == "pause" then .process.user = {uid: 65535, gid: 65535} else . end;

# A process document that nothing is to be done about.
def process($profile): {
	args: ["/bin/true"], cwd: "/", env: ["PATH=/bin"], noNewPrivileges: true,
	user: (if $profile == "restricted" then {uid: 1000, gid: 1000}
		else {uid: 0, gid: 0, umask: 63} end),
	capabilities: {bounding: [], effective: [], permitted: [], inheritable: [], ambient: []},
	rlimits: [{type: "RLIMIT_CORE", hard: 0, soft: 0}]};

# ---- what is made of the answers -------------------------------------------------------------

def at($path): if $path | endswith("*") then .path | startswith($path[:-1]) else .path == $path end;
def does($outcome): .action as $action
	| {refuse: ["refuse"], strip: ["set", "drop"], warn: ["warn"]}[$outcome] | index($action);
def hit($outcome; $control; $path):
	any(.report[]?; .control == $control and does($outcome) and at($path));
# One line: the verdict, whether the wanted entry is there, and what there is instead.
def judged($outcome; $control; $path): "\(.verdict) \(hit($outcome; $control; $path)) "
	+ ([.report[]? | select(.action != "warn" or $outcome == "warn")
		| "\(.control) \(.action) \(.path)"] | join(", "));
def entries: [.report[]? | select(.control != "runtime")
	| "\(.control) \(.action) \(.path)"] | sort;
