# SPDX-License-Identifier: Apache-2.0
"""What no accepted document may hold under the built-in profiles, whatever was asked
(hardrun-controls(7)). Shares nothing with the program that is judged."""
import posixpath
import re

import compare

KEPT = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_NET_BIND_SERVICE"}
CAPS = {"default": KEPT, "restricted": {"CAP_NET_BIND_SERVICE"}, "sandbox": set()}
MASKED = {"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi",
          "/sys/firmware", "/proc/kallsyms", "/proc/modules", "/sys/devices/virtual/powercap"}
READONLY = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
NOTES = ("run.oci.", "krun.", "org.systemd.property.", "org.criu.", "module.wasm.",
         "com.example.unsafe.")
TYPES = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup"}
IN_PROC = {"cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo",
           "net/dev"}
IN_DEV = {"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "fd", "stdin",
          "stdout", "stderr", "core"}
ENGINES = ("/var/lib/containerd/", "/run/containerd/", "/var/lib/docker/",
           "/var/lib/containers/storage/", "/run/containers/storage/", "/var/lib/kubelet/")
HOST_FILES = {"/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/etc/localtime"}
INITS = {"/usr/bin/docker-init", "/usr/libexec/docker/docker-init", "/usr/bin/tini-static",
         "/usr/libexec/podman/catatonit", "/usr/bin/catatonit"}
SENSITIVE = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc",
             "/root", "/run", "/sbin", "/sys", "/usr", "/var/run", "/var/lib/containerd",
             "/var/lib/containers", "/var/lib/docker", "/var/lib/kubelet", "/var/lib/hardrun",
             "/var/lib/cni", "/var/log/pods", "/var/log/containers"]
SYSCTLS = {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
           "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
           "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
           "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
           "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_syncookies"}
UNIFIED = ("memory.", "cpu.", "cpuset.", "io.", "pids.", "hugetlb.", "rdma.", "misc.")
RLIMITS = {"RLIMIT_CORE": 0, "RLIMIT_MEMLOCK": 2**30, "RLIMIT_NICE": 20,
           "RLIMIT_NOFILE": 1048576, "RLIMIT_NPROC": 1048576, "RLIMIT_RTPRIO": 0}
DEVICES = {("c", 1, m) for m in (3, 5, 7, 8, 9)} | {("c", 5, m) for m in (0, 1, 2)}


def under(path, top):
    return path == top or path.startswith(top.rstrip("/") + "/")


def objects(value):
    return value if isinstance(value, dict) else {}


class Floor:
    def __init__(self, profile, call, facts, given, container=None, mapped=False):
        self.profile, self.call, self.facts = profile, call, facts
        self.init = objects(objects(container).get("process"))  # an exec's container, as asked
        self.found = []
        self.mapped = mapped  # by hardrun, which is taken out of `given`
        self.strict = profile != "default"
        self.cri = self.is_cri()
        self.spec = given

    def is_cri(self):
        return (self.call.get("root") or "").endswith("/k8s.io") and (
            self.call.get("bundle") or "").endswith(
                "/io.containerd.runtime.v2.task/k8s.io/" + (self.call.get("id") or "-"))

    def must(self, good, path, what):
        if not good:
            self.found.append(("floor", path, what))

    def run(self):
        if self.call["line"] == "update":
            self.resources(objects(objects(self.spec.get("linux")).get("resources")))
            return self.found
        if "process" in self.spec:
            self.process(self.spec["process"])
        if self.call["line"] != "exec":
            self.whole()
            self.linux(objects(self.spec.get("linux")))
            for index, mount in enumerate(self.spec.get("mounts") or []):
                self.mount(mount, f"mounts[{index}]")
        return self.found

    def own_userns(self):
        linux = objects(self.spec.get("linux"))
        return self.mapped or linux.get("uidMappings") and any(
            n.get("type") == "user" for n in linux.get("namespaces") or [])

    def process(self, process):
        self.must(process.get("noNewPrivileges") is True, "process.noNewPrivileges", "not set")
        bounding = objects(self.init.get("capabilities")).get("bounding") or []
        for name in compare.SETS:
            held = set(objects(process.get("capabilities")).get(name) or [])
            kept = set() if name in ("inheritable", "ambient") else CAPS[self.profile]
            kept = kept & set(bounding) if self.init else kept
            self.must(held <= kept, "process.capabilities." + name, sorted(held - kept))
        self.user(objects(process.get("user")))
        self.limits(process.get("rlimits") or [])
        score = process.get("oomScoreAdj") or 0
        self.must(score >= (-998 if self.cri else min(0, self.init.get("oomScoreAdj") or 0)),
                  "process.oomScoreAdj", score)
        self.must("scheduler" not in process, "process.scheduler", "kept")
        self.must(objects(process.get("ioPriority")).get("class", "IOPRIO_CLASS_BE") in
                  ("IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"), "process.ioPriority", "RT")
        self.must("commandLine" not in process, "process.commandLine", "kept")
        cwd = process.get("cwd") or ""
        parts = cwd.split("/")
        self.must(cwd.startswith("/") and ".." not in parts and not any(
            under(posixpath.normpath("/" + cwd.lstrip("/")), top)
            for top in ("/proc", "/sys", "/dev/fd")), "process.cwd", cwd)
        for index, entry in enumerate(process.get("env") or []):
            self.must(entry.find("=") > 0, f"process.env[{index}]", "has no name")

    def user(self, user):
        self.must("username" not in user, "process.user.username", "kept")
        # sandbox: the pause image's own user may be root
        if self.profile == "restricted" and not self.own_userns() and \
                self.call["line"] != "exec":
            self.must((user.get("uid") or 0) != 0, "process.user.uid", "is 0")
            groups = user.get("additionalGids") or []
            self.must(0 not in groups or (user.get("gid") or 0) == 0,
                      "process.user.additionalGids", "hold 0")
            denied = set(self.facts.get("groups", {}).values())
            self.must(not denied & set(groups + [user.get("gid") or 0]),
                      "process.user.additionalGids", "hold a denied group")

    def limits(self, limits):
        kinds = [x.get("type") for x in limits]
        self.must("RLIMIT_CORE" in kinds, "process.rlimits", "no RLIMIT_CORE")
        self.must(len(set(kinds)) == len(kinds), "process.rlimits", "one twice")
        for index, limit in enumerate(limits):
            most = RLIMITS.get(limit.get("type"), 2**64)
            for key in ("hard", "soft"):
                self.must((limit.get(key) or 0) <= most, f"process.rlimits[{index}].{key}",
                          limit.get(key))
            self.must((limit.get("soft") or 0) <= (limit.get("hard") or 0),
                      f"process.rlimits[{index}]", "soft above hard")

    def whole(self):
        spec = self.spec
        for name in compare.PLATFORMS:
            self.must(name not in spec, name, "kept")
        for key in objects(spec.get("annotations")):
            self.must(not key.startswith(NOTES) and key != "bundle", "annotations", key)
        for kind, listing in objects(spec.get("hooks")).items():
            for hook in listing or []:
                self.must(kind == "prestart" and hook.get("path") in compare.DOCKERD,
                          "hooks." + kind, hook.get("path"))
        self.must(not self.strict or objects(spec.get("root")).get("readonly") is True,
                  "root.readonly", "not set")

    def linux(self, linux):
        listing = linux.get("namespaces") or []
        kinds = [n.get("type") for n in listing]
        for kind in ("mount", "pid", "ipc", "network", "uts", "cgroup"):
            self.must(kinds.count(kind) == 1, "linux.namespaces", kind)
        for entry in listing:
            self.must(not entry.get("path") or
                      entry["path"] not in self.facts.get("namespaces", {}),
                      "linux.namespaces", entry.get("path"))
        for name in ("intelRdt", "memoryPolicy", "personality", "timeOffsets"):
            self.must(name not in linux, "linux." + name, "kept")
        self.must(not linux.get("netDevices"), "linux.netDevices", "kept")
        self.must(MASKED <= set(linux.get("maskedPaths") or []), "linux.maskedPaths", "short")
        self.must(READONLY <= set(linux.get("readonlyPaths") or []), "linux.readonlyPaths",
                  "short")
        self.must(linux.get("rootfsPropagation") in (None, "private", "rprivate"),
                  "linux.rootfsPropagation", linux.get("rootfsPropagation"))
        filters = objects(linux.get("seccomp"))
        self.must(filters.get("defaultAction") in
                  ("SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",
                   "SCMP_ACT_KILL_THREAD"), "linux.seccomp", filters.get("defaultAction"))
        self.must(not {"listenerPath", "listenerMetadata"} & set(filters), "linux.seccomp",
                  "listener")
        self.must(filters.get("flags") == [], "linux.seccomp.flags", filters.get("flags"))
        for key in ("uidMappings", "gidMappings"):
            self.mappings(linux.get(key) or [], "linux." + key)
        for key, value in objects(linux.get("sysctl")).items():
            self.must(key.replace("/", ".") in SYSCTLS and
                      re.fullmatch(r"-?[0-9]+([ \t][0-9]+)*", value), "linux.sysctl", key)
        where = linux.get("cgroupsPath") or ""
        self.must(".." not in where.split("/") and where != "/"
                  and not any(c < " " or c == "\x7f" for c in where), "linux.cgroupsPath", where)
        for index, entry in enumerate(linux.get("devices") or []):
            kind = "c" if entry.get("type") == "u" else entry.get("type")
            self.must(kind == "p" or (kind, entry.get("major"), entry.get("minor")) in DEVICES,
                      f"linux.devices[{index}]", entry)
        resources = objects(linux.get("resources"))
        self.resources(resources)
        rules = resources.get("devices") or []
        for sample in compare.device_samples(rules):
            for letter in "rwm":
                self.must(not compare.device_allowed(rules, sample, letter) or
                          sample in DEVICES or sample[:2] == ("c", 136),
                          "linux.resources.devices", sample)
        self.must(rules and rules[0].get("allow") is not True and
                  not {"major", "minor"} & set(rules[0]), "linux.resources.devices",
                  "does not begin with denying all")
        pids = objects(resources.get("pids")).get("limit") or 0
        self.must(self.cri or pids > 0 or "pids.max" in objects(resources.get("unified")),
                  "linux.resources.pids.limit", pids)

    def mappings(self, listing, path):
        for index, entry in enumerate(listing):
            covers = entry.get("size") or not path.startswith("mounts")
            self.must(entry.get("hostID") or not covers, f"{path}[{index}]", entry)
            self.must(entry.get("size") or path.startswith("mounts"), f"{path}[{index}]", entry)
        ordered = sorted((m.get("hostID") or 0, m.get("size") or 0) for m in listing)
        for (start, size), (after, _) in zip(ordered, ordered[1:]):
            self.must(start + size <= after, path, "overlap")

    def resources(self, resources):
        memory, cpu = objects(resources.get("memory")), objects(resources.get("cpu"))
        for group, key in ((memory, "kernel"), (memory, "kernelTCP"), (memory, "disableOOMKiller"),
                           (cpu, "realtimeRuntime"), (cpu, "realtimePeriod")):
            self.must(not group.get(key), "linux.resources", key)
        self.must(not objects(resources.get("network")).get("priorities"), "linux.resources",
                  "network.priorities")
        for key in objects(resources.get("unified")):
            self.must(key.startswith(UNIFIED) and "/" not in key, "linux.resources.unified", key)

    def mount(self, mount, path):
        kind, options = mount.get("type") or "", mount.get("options") or []
        bind = "bind" in options or "rbind" in options
        flags = compare.flags_of(options)
        where = posixpath.normpath("/" + (mount.get("destination") or "").lstrip("/"))
        self.must(bind or kind in TYPES, path + ".type", kind)
        self.must("nosuid" in flags, path + ".options", "no nosuid")
        self.must("nodev" in flags or kind == "devpts" or (kind, where) == ("tmpfs", "/dev"),
                  path + ".options", "no nodev")
        self.must(bind or "noexec" in flags, path + ".options", "no noexec")
        self.must(kind not in ("sysfs", "cgroup") or "ro" in flags, path + ".options", "no ro")
        self.must(not set(options) & {"shared", "rshared", "remount"},
                  path + ".options", options)
        self.must(not (bind and {"slave", "rslave"} & set(options)), path + ".options", options)
        self.destination(kind, where, bind, path + ".destination")
        for key in ("uidMappings", "gidMappings"):
            self.mappings(mount.get(key) or [], f"{path}.{key}")
        if bind:
            self.bind(mount.get("source") or "", where, "ro" in flags, path + ".source")

    def destination(self, kind, where, bind, path):
        fine = where != "/"
        if under(where, "/proc"):
            fine = (kind == "proc" and where == "/proc") or (bind and where[6:] in IN_PROC)
        elif under(where, "/sys"):
            fine = (kind, where) in (("sysfs", "/sys"), ("cgroup", "/sys/fs/cgroup")) or \
                (kind == "tmpfs" and where != "/sys")
        elif where == "/dev":
            fine = kind == "tmpfs"
        elif under(where, "/dev"):
            fine = (bind or kind in ("tmpfs", "mqueue", "devpts")) and not any(
                under(where, "/dev/" + name) for name in IN_DEV)
        leads = self.facts.get("links", {}).get(where, where)
        self.must(fine and not (leads != where and any(
            under(leads, top) for top in ("/proc", "/sys", "/dev"))), path, where)

    def engines_own(self, source):
        """Of this container, its sandbox or its pod; not another's."""
        notes = objects(self.spec.get("annotations"))
        linux = objects(self.spec.get("linux"))
        joins = {n.get("type") for n in linux.get("namespaces") or [] if n.get("path")}
        for pattern, ids in (
                (r"/var/lib/kubelet/pods/([^/]+)/.+",
                 {notes.get("io.kubernetes.cri.sandbox-uid")} if self.cri else set()),
                (r".*/io\.containerd\.grpc\.v1\.cri/sandboxes/([^/]+)/"
                 r"(?:hostname|hosts|resolv\.conf|shm)",
                 {notes.get("io.kubernetes.cri.sandbox-id"), self.call.get("id")}),
                (r".*/io\.containerd\.grpc\.v1\.cri/containers/([^/]+)/volumes/[^/]+",
                 {self.call.get("id")}),
                (r"/var/lib/docker/containers/([^/]+)/(?:hostname|hosts|resolv\.conf|mounts/.+)",
                 {self.call.get("id")}),
                (r".*/overlay-containers/([^/]+)/userdata/.+", {self.call.get("id")})):
            match = re.fullmatch(pattern, source)
            if match:
                return match.group(1) in ids or bool(joins & {"network", "ipc"} and re.fullmatch(
                    "[0-9a-f]{64}", match.group(1)) and "/cri/" not in source)
        return source.startswith(ENGINES) and re.fullmatch(r".*/volumes/[^/]+/_data", source)

    def bind(self, source, where, read_only, path):
        staged = re.fullmatch(compare.STAGE + r"[0-9]+(/.*)", source)
        if not staged:
            clean = posixpath.normpath(source) == source
            self.must(clean and (self.engines_own(source) or under(
                source, self.call.get("bundle") or "/bundle") or
                (read_only and (source in INITS or source in HOST_FILES and source == where))),
                path, source)
            return
        real = staged.group(1)
        known = self.facts.get("sources", {}).get(real, {})
        self.must(not known.get("sensitive") and not known.get("socket_in") and
                  known.get("kind", "file") in ("file", "directory"), path, source)
        self.must(not any(under(real, top) or under(top, real) for top in SENSITIVE), path, source)
        self.must(read_only and not self.strict, path, "a host path")
