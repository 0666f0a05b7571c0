# SPDX-License-Identifier: Apache-2.0
# Documents for real containers. $runtime: runc or crun; and, each "true" or "false":
# $poor: this machine's root has no CAP_SYS_RESOURCE; $hybrid: cgroup v1 is mounted;
# $old: the runtime takes no ociVersion but 1.0.

# In the order of their numbers.
def capabilities: [
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID",
	"SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN",
	"NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
	"SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE",
	"SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL",
	"SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND",
	"AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"] | map("CAP_" + .);

# As many of them as a runtime can give here.
def possible:
	if $poor == "true" then capabilities - ["CAP_SYS_RESOURCE"] else capabilities end;

def every_set(list): {
	bounding: list, effective: list, permitted: list, inheritable: list, ambient: list};

# An exec of that command with these capabilities and all privileges.
def greedy(args; list): {
	args: args, cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0},
	capabilities: every_set(list), noNewPrivileges: false};

# Leave out what this machine cannot give, and nothing else.
def fit:
	if $poor == "true" then
		del(.process.rlimits)
		| if (.process.oomScoreAdj // 0) < 0 then del(.process.oomScoreAdj) else . end
	else . end
	| if $old == "true" then .ociVersion = "1.0.2" else . end
	# What crun sees of a hybrid tree is v2 without any controller; devices need none there.
	| if $hybrid == "true" and $runtime == "crun" and .linux.resources then
		.linux.resources |= with_entries(select(.key == "devices"))
	else . end;

# ---- replay of recorded documents --------------------------------------------------------

# A set as the kernel shows it; of masks, jq's numbers hold all 41 bits.
def hex: . as $n | if $n < 16 then "0123456789abcdef"[$n:$n + 1]
	else ($n / 16 | floor | hex) + ($n % 16 | hex) end;
def mask(list): [list[]? | . as $name | capabilities | index($name)] | unique
	| map(pow(2; .)) | add // 0 | hex;

def kept($profile):
	if $profile == "sandbox" then [] else
		["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
		"CAP_SETGID", "CAP_SETUID", "CAP_NET_BIND_SERVICE"]
	end;
def met(one; other): [one[]? | select(. as $name | other | index($name))];

# "BOUNDING EFFECTIVE": what a process may have of what it asks for.
def granted($process; ceiling): met($process.capabilities.bounding; ceiling) as $bounding
	| mask($bounding) + " " + if $process.user.uid != 0 then "0"
		else mask(met($process.capabilities.permitted; $bounding)) end;

def file_of(type): {network: "net", mount: "mnt"}[type] // type;

# What this machine lacks or has under another name: the namespaces that are joined (the
# host's own where $hosts says that the recording had them), dockerd, a loaded AppArmor
# profile, a place in the cgroup tree that is ours. $pods: a process in fresh namespaces for
# each user namespace, by the host's id of its root.
def base: .linux.uidMappings[0].hostID // 0 | tostring;
def there($hosts; $pods; $dockerd):
	$pods[base] as $pod
	| (.linux.namespaces // []) |= [to_entries[] | (.key as $index | .value
		| if .path then .path = "/proc/\(if $hosts | index($index) then "1" else $pod end)/ns/"
			+ file_of(.type) else . end)]
	| if .hooks.prestart then
		.hooks.prestart |= map(.path |= sub("^/proc/[0-9]+/"; "/proc/\($dockerd)/"))
	else . end
	| del(.process.apparmorProfile)
	| if .linux.cgroupsPath then .linux.cgroupsPath |= $cgroup + . else . end;

# Lines: the document, then what it says of itself, each NAME VALUE...
def told($profile):
	tojson, "root \(.root.path)", "base \(base)", "terminal \(.process.terminal // false)",
	"granted \(granted(.process; kept($profile)))",
	(.hooks.prestart[]? | "key \(.args[2])"),
	(.mounts[] | select((.options // []) | index("bind") or index("rbind"))
		| "bind \(.source) \(.destination)");
