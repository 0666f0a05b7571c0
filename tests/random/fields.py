# SPDX-License-Identifier: Apache-2.0
"""What generate.py puts into documents, field by field: tame values, which an engine or a
person may well ask for, and wild ones, which ought to be refused or taken away."""
import string

KEPT_CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
             "CAP_SETGID", "CAP_SETUID", "CAP_NET_BIND_SERVICE"]
DOCKER_CAPS = KEPT_CAPS + ["CAP_SETPCAP", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_NET_RAW",
                           "CAP_AUDIT_WRITE", "CAP_SETFCAP"]
WILD_CAPS = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_BPF", "CAP_SYS_PTRACE", "cap_chown",
             "CAP_CHOWN ", "ALL", "", "CHOWN", "CAP_DAC_READ_SEARCH", "CAP_NEW_ONE"]
SETS = ["bounding", "effective", "inheritable", "permitted", "ambient"]
NUMBERS = [0, 1, -1, 2, 255, 1024, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1,
           2**63, 2**64 - 1, 2**64, -2**31, -2**63, -2**63 - 1, 10**30]
SMALL = [n for n in NUMBERS if 0 <= n < 2**16] + [-1]
TEXTS = ["", " ", "/", "..", "a/../b", "/proc", "x" * 300, "\u202e", "\u00e9\u0301", "a\nb",
         "a\tb", "\x7f", "\ufeff", "%s%n", "$(id)", "\u212a", "\u017f", "\U0001f600",
         "-", "*", "null", "0", "no such file or directory", "\x1b[31m"]
SECRET = "PlantedValue"
ENGINE_DEVICES = [("c", 1, 3, "rwm"), ("c", 1, 5, "rwm"), ("c", 1, 7, "rwm"), ("c", 1, 8, "rwm"),
                  ("c", 1, 9, "rwm"), ("c", 5, 0, "rwm"), ("c", 5, 1, "rwm"), ("c", 5, 2, "rwm"),
                  ("c", 136, None, "rwm"), ("c", None, None, "m"), ("b", None, None, "m")]
OTHER_DEVICES = [("b", 8, 0, "rwm"), ("c", 10, 229, "rw"), ("c", 10, 232, "rwm"),
                 ("c", 1, 1, "r"), ("a", None, None, "rwm"), (None, None, None, "rwm"),
                 ("c", -1, -1, "rwm"), ("b", 8, -1, "w"), ("c", 1, None, "rw"), ("a", 1, 3, "r"),
                 ("c", 136, 0, "rw"), ("u", 1, 3, "rwm"), ("c", 1, 3, "")]
POOL = [1879048192, 268304384]  # the ids that are hardrun's
NS = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt",
      "cgroup": "cgroup", "user": "user", "time": "time"}


def section(spec, *path):
    """The object at a path, made where it is missing or no object."""
    for key in path:
        if not isinstance(spec.get(key), dict):
            spec[key] = {}
        spec = spec[key]
    return spec


def listed(spec, key):
    if not isinstance(spec.get(key), list):
        spec[key] = []
    return spec[key]


def word(rng):
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(1, 9)))


def text(rng, wild, *tame):
    return rng.choice(TEXTS) if wild and rng.random() < 0.6 else rng.choice(tame)


def number(rng, wild, *tame):
    if not wild or rng.random() < 0.4:
        return rng.choice(tame)
    return rng.choice(NUMBERS if rng.random() < 0.25 else SMALL)


def some(rng, pool, most=None):
    return rng.sample(pool, rng.randint(0, min(len(pool), most or len(pool))))


# process

def console(rng, spec, wild):
    process = section(spec, "process")
    process["terminal"] = rng.random() < 0.5
    if rng.random() < 0.6:
        process["consoleSize"] = {"height": number(rng, wild, 0, 24, 2000),
                                  "width": number(rng, wild, 0, 80)}


def user(rng, spec, wild):
    who = section(spec, "process", "user")
    who["uid"] = number(rng, wild, 0, 1, 1000, 65534)
    who["gid"] = number(rng, wild, 0, 1, 6, 1000, 65534)
    if rng.random() < 0.5:
        who["additionalGids"] = [number(rng, wild, 0, 1, 6, 10, 42, 107, 1000)
                                 for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.5:
        who["umask"] = number(rng, wild, 0, 2, 18, 23, 63, 511)
    if rng.random() < 0.2:
        who["username"] = text(rng, wild, "ContainerUser", word(rng))


def args(rng, spec, wild):
    process = section(spec, "process")
    process["args"] = [text(rng, wild, "/bin/sh", "sh", "/usr/sbin/sshd", SECRET)
                       for _ in range(rng.randint(0 if wild else 1, 3))]
    if rng.random() < 0.1:
        process["commandLine"] = text(rng, wild, "cmd /c dir")


def environment(rng, spec, wild):
    env = listed(section(spec, "process"), "env")
    tame = ["A=b", "PATH=/bin", "EMPTY=", "DB_PASSWORD=" + SECRET, "api_key=" + SECRET,
            "TOKEN_FILE=/run/x", "SECRET=/run/secret", "X=ghp_" + SECRET, "U=\u00e9=\u00e9",
            "LD_LIBRARY_PATH=/opt/lib", "AWS=AKIA" + "A1B2" * 4, "J=eyJ" + SECRET + ".a.b",
            word(rng) + "=" + word(rng)]
    for _ in range(rng.randint(1, 4)):
        entry = rng.choice(["", "=x", SECRET, "=" + SECRET, "A", "LD_PRELOAD=x",
                            rng.choice(TEXTS)]) if wild else rng.choice(tame)
        env.insert(rng.randint(0, len(env)), entry)


def cwd(rng, spec, wild):
    wilds = ["/proc/self/fd/7", "/proc", "..", "", "a", "/a/../b", "/dev/fd/8", "/sys", "/w",
             "//proc/1", "/./proc", "/etc/link"]
    section(spec, "process")["cwd"] = rng.choice(wilds + TEXTS) if wild else \
        rng.choice(["/", "/srv", "/a/b", "/procfoo", "/data/.."[:5], "/lib/link"])


def capabilities(rng, spec, wild):
    caps = section(spec, "process", "capabilities")
    for name in some(rng, SETS):
        pool = KEPT_CAPS if rng.random() < 0.4 else DOCKER_CAPS
        caps[name] = some(rng, pool)
        if wild:
            caps[name] += some(rng, WILD_CAPS, 2)
        if rng.random() < 0.1:
            caps[name] += caps[name][:2]
        if rng.random() < 0.1:
            del caps[name]
    if rng.random() < 0.05:
        del spec["process"]["capabilities"]


def rlimits(rng, spec, wild):
    kinds = ["AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE",
             "NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK"]
    limits = []
    for kind in some(rng, kinds, 5):
        hard = rng.choice([0, 1, 20, 40, 1024, 1048576, 1048577, 2**30, 2**40, 2**64 - 1])
        limits.append({"type": "RLIMIT_" + kind, "hard": hard,
                       "soft": hard if rng.random() < 0.5 else rng.randint(0, hard)})
    if wild:
        limits.append({"type": rng.choice(["NOFILE", "RLIMIT_X", "", "rlimit_core",
                                           "RLIMIT_NOFILE", "RLIMIT_CORE"]),
                       "hard": rng.choice(NUMBERS), "soft": rng.choice(NUMBERS)})
        if rng.random() < 0.3:
            del limits[-1][rng.choice(["type", "hard", "soft"])]
    section(spec, "process")["rlimits"] = limits


def privileges(rng, spec, wild):
    process = section(spec, "process")
    if rng.random() < 0.5:
        process["noNewPrivileges"] = rng.random() < 0.5
    if rng.random() < 0.5:
        process["oomScoreAdj"] = number(rng, wild, -999, -998, -500, -1, 0, 500, 1000)
    if rng.random() < 0.4:
        process["apparmorProfile"] = text(rng, wild, "", "unconfined", "docker-default",
                                          "hardrun-default", "crio-default", "site-web")
    if rng.random() < 0.4:
        process["selinuxLabel"] = text(rng, wild, "system_u:system_r:container_t:s0:c1,c2",
                                       "system_u:system_r:spc_t:s0", "",
                                       "system_u:system_r:container_t:s0",
                                       "system_u:system_r:container_t:s0:c5,c6",
                                       "system_u:system_r:container_t:s0:c0.c1023")
    if rng.random() < 0.2:
        section(spec, "linux")["mountLabel"] = text(
            rng, wild, "system_u:object_r:container_file_t:s0:c1,c2",
            "system_u:object_r:container_file_t:s0", "system_u:object_r:etc_t:s0:c1,c2")


def scheduling(rng, spec, wild):
    process = section(spec, "process")
    if rng.random() < 0.7:
        plan = {"policy": text(rng, wild, "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH",
                               "SCHED_IDLE", "SCHED_DEADLINE", "SCHED_ISO")}
        for key, values in {"nice": (-20, 0, 19), "priority": (0, 99), "runtime": (0, 10**6),
                            "deadline": (0, 10**7), "period": (0, 10**7)}.items():
            if rng.random() < 0.4:
                plan[key] = number(rng, wild, *values)
        if rng.random() < 0.3:
            plan["flags"] = [text(rng, wild, "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM")]
        process["scheduler"] = plan
    if rng.random() < 0.5:
        process["ioPriority"] = {"class": text(rng, wild, "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                               "IOPRIO_CLASS_IDLE"),
                                 "priority": number(rng, wild, 0, 4, 7)}
    if rng.random() < 0.3:
        process["execCPUAffinity"] = {"initial": text(rng, wild, "0-3", "7"),
                                      "final": text(rng, wild, "0")}


# root, names, hooks, annotations

def root(rng, spec, wild):
    where = section(spec, "root")
    if wild and rng.random() < 0.7:
        where["path"] = rng.choice(["", "/", "..", "/etc"] + TEXTS)
    where["readonly"] = rng.random() < 0.5
    if rng.random() < 0.4:
        spec["hostname"] = text(rng, wild, "web", "")
    if rng.random() < 0.3:
        spec["domainname"] = text(rng, wild, "example.org", "")
    if wild and rng.random() < 0.3:
        spec["ociVersion"] = rng.choice(["1.4.0", "2.0.0", "", "1", "1.3", "1.0.2-dev", "1.2.0"])


def hooks(rng, spec, wild):
    kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart",
             "poststop"]
    if not wild:
        found = section(spec, "hooks")
        for kind in some(rng, kinds, 3):
            found.setdefault(kind, [])
        for hook in found.get("prestart") or []:
            hook["timeout"] = rng.choice([0, 1, 30, 31, 3600])
            hook["env"] = rng.choice([[], ["PATH=/bin"], ["LD_PRELOAD=/x"]])
        return
    for kind in some(rng, kinds, 2):
        listed(section(spec, "hooks"), kind).append({
            "path": rng.choice(["/bin/true", "/proc/7/exe", "/proc/1/exe", "rel", ""]),
            "args": rng.choice([[], ["libnetwork-setkey"], ["a", "libnetwork-setkey", "b"]]),
            "env": rng.choice([[], ["A=b"], ["LD_PRELOAD=x"]]),
            "timeout": rng.choice(NUMBERS[:8])})


def annotations(rng, spec, wild):
    notes = section(spec, "annotations")
    tame = ["run.oci.keep_original_groups", "org.systemd.property.ExecStartPre", "bundle",
            "org.criu.config", "krun.cpus", "module.wasm.image", "com.example/a", "plain",
            "com.example.unsafe.x", "RUN.OCI.HANDLER", "run.oci", "io.kubernetes.cri.x",
            "\u00e9", "a\"b", "", "a b", "io.kubernetes.cri-o.Devices", word(rng)]
    for key in some(rng, tame, 4):
        notes[key] = text(rng, wild, "1", "", "true")
    if wild:
        notes[rng.choice(TEXTS)] = rng.choice(TEXTS)
        notes["io.kubernetes.cri.container-type"] = rng.choice(["sandbox", "container", "x"])


def platforms(rng, spec, wild):
    shapes = {
        "windows": {"layerFolders": ["c:\\x"], "devices": [{"id": "x"}]},
        "solaris": {"milestone": "x", "cappedCPU": {"ncpus": "8"}},
        "vm": {"hypervisor": {"path": "/bin/sh"}, "kernel": {"path": "/boot/vmlinuz"}},
        "zos": {"namespaces": [{"type": "pid"}]},
        "freebsd": {"devices": [{"path": "null"}], "jail": {"parent": "x"}},
    }
    for name in some(rng, sorted(shapes), 2):
        spec[name] = rng.choice([None, 1, []]) if wild else shapes[name]


# mounts

def bind_source(rng, wild):
    if wild:
        return rng.choice(["/", "/etc", "/proc/self/root", "/var/run/docker.sock", "/srv/../etc",
                           "/srv/to-etc", "/srv/to-disks", "/srv/same", "/srv/app.sock",
                           "/srv/null", "/srv/pipe", "/srv/absent", "/srv/holds", "/dev/sda",
                           "", "/var/lib/kubelet/pods/x/volumes/kubernetes.io~secret/y",
                           "/var/lib/docker/volumes/v/_data", "/run/hardrun/stage/0/etc",
                           "/run/hardrun/stage/1/srv/to-etc", "/root", "/sys", "/srv/above",
                           "/usr/bin/docker-init", "/etc/hosts"] + TEXTS)
    return rng.choice(["/srv/data", "/srv/file", "/srv/link", "/opt/app/x", "/home/u", "data",
                       "/mnt//disk/", "/srv/d\u00e9", "/usr/bin/docker-init"])


def new_mount(rng, wild):
    where = "/" + word(rng)
    kind = rng.random()
    if kind < 0.35:
        size = [f"size={rng.randint(1, 9)}m"] if rng.random() < 0.5 else []
        return {"destination": rng.choice([where, "/tmp", "/run", "/var/tmp", "/dev/shm"]),
                "type": "tmpfs", "source": "tmpfs",
                "options": size + some(rng, ["nosuid", "nodev", "noexec", "ro", "rw", "suid",
                                             "dev", "exec", "mode=1777", "tmpcopyup", "noatime",
                                             "uid=0"], 5)}
    if kind < 0.8:
        source = bind_source(rng, False)
        if source.endswith("docker-init"):
            where = "/sbin/docker-init"
        mount = {"destination": where, "source": source,
                 "options": [rng.choice(["bind", "rbind"])] +
                 some(rng, ["ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec",
                            "rprivate", "private", "relatime", "nosymfollow", "rro"], 5)}
        if rng.random() < 0.7:
            mount["type"] = rng.choice(["bind", "none", ""])
        if rng.random() < 0.15:
            mount[rng.choice(["uidMappings", "gidMappings"])] = mappings(rng, wild)
        return mount
    return rng.choice([
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["rw"]},
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["hidepid=2"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
         "options": ["rw", "dev"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["exec", "gid=5", "newinstance"]}])


def mounts(rng, spec, wild):
    listing = listed(spec, "mounts")
    for _ in range(rng.randint(1, 3)):
        listing.insert(rng.randint(0, len(listing)), new_mount(rng, wild))
    victim = rng.choice(listing)
    if not isinstance(victim, dict):
        return
    if rng.random() < 0.2:
        victim["options"] = some(rng, listed(victim, "options"))
    if not wild:
        return
    twist = rng.randrange(6)
    if twist == 0:
        victim["destination"] = rng.choice(
            ["/proc/sys", "/proc/cpuinfo", "/sys/kernel", "/dev/null", "/", "/a/../proc", "tmp",
             "/etc/link", "/data/link", "/dev/fd", "//proc", "/proc/../proc/sys"] + TEXTS)
    elif twist == 1:
        victim["type"] = rng.choice(["debugfs", "cgroup2", "overlay", "devtmpfs", "bpf", "proc",
                                     "sysfs", "ext4", "", "Bind", "securityfs"])
    elif twist == 2:
        victim["source"] = bind_source(rng, True)
    elif twist == 3:
        listed(victim, "options").append(
            rng.choice(["shared", "rshared", "slave", "remount", "idmap", "mand", "lowerdir=/",
                        "rsuid", "rdev", "rrw", "unbindable", "BIND", "ro,rw"] + TEXTS))
    elif twist == 4:
        victim["uidMappings"] = mappings(rng, True)
    else:
        listing.append({"destination": "/x", "type": "bind", "options": ["rbind", "rw"],
                        "source": bind_source(rng, True)})


def engine_mounts(rng, spec, wild):
    """What kubelet and engines mount of their own; wild: another pod's or container's."""
    notes = spec.get("annotations") or {}
    uid = notes.get("io.kubernetes.cri.sandbox-uid", "no-uid")
    name = notes.get("io.kubernetes.cri.container-name", "main")
    other = "deadbeef" * 8
    if wild:
        uid, name = rng.choice([(uid, "other"), ("other-pod", name), ("..", name),
                                (f"{uid}/../other-pod", name), ("", name), (".", name)])
    pod = f"/var/lib/kubelet/pods/{uid}"
    volumes = pod + "/volumes/kubernetes.io~"
    own = [(volumes + "secret/s", "/run/s"), (volumes + "empty-dir/cache", "/cache"),
           (volumes + "projected/api", "/var/run/secrets/kubernetes.io/serviceaccount"),
           (volumes + "csi/pvc/mount", "/data"), (volumes + "nfs/share", "/share"),
           (pod + f"/volume-subpaths/v/{name}/0", "/sub"), (pod + "/etc-hosts", "/etc/hosts"),
           (pod + f"/containers/{name}/0a1b", "/dev/termination-log"),
           ("/var/lib/docker/volumes/v/_data", "/data"),
           ("/var/lib/containers/storage/volumes/v/_data", "/data")]
    foreign = [(f"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{other}/hosts",
                "/etc/hosts"),
               (f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{other}/shm", "/dev/shm"),
               (f"/var/lib/containerd/io.containerd.grpc.v1.cri/containers/{other}/volumes/v",
                "/v"), ("/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db", "/m"),
               (f"/var/lib/docker/containers/{other}/hosts", "/etc/hosts"),
               (f"/var/lib/docker/containers/{other}/mounts/shm", "/dev/shm"),
               (f"/var/lib/docker/overlay2/{other}/merged", "/o"),
               (f"/run/containers/storage/overlay-containers/{other}/userdata/hosts",
                "/etc/hosts"), ("/var/lib/docker/volumes/../containers", "/c"),
               ("/var/lib/docker/volumes/v/_data/../../../x", "/c")]
    source, where = rng.choice(own + (foreign if wild else []))
    listed(spec, "mounts").append({"destination": where, "type": "bind", "source": source,
                                   "options": ["rbind", "rprivate", rng.choice(["ro", "rw"])]})


# linux

def mappings(rng, wild):
    if not wild:
        return [{"containerID": 0, "hostID": 100000, "size": 65536}]
    return [{"containerID": rng.choice([0, 1, 65536, 2**32 - 1]),
             "hostID": rng.choice([0, 1, 100000, POOL[0], POOL[0] - 1, 2**32 - 1]),
             "size": rng.choice([0, 1, 65536, 2**32 - 1, 2**32])}
            for _ in range(rng.randint(0, 3))]


def namespaces(rng, spec, wild):
    listing = listed(section(spec, "linux"), "namespaces")
    if wild:
        kind = rng.choice(sorted(NS))
        twist = rng.randrange(5)
        if twist == 0:
            listing[:] = [n for n in listing if n.get("type") != kind]
        elif twist == 1:
            listing.append({"type": kind})
        elif twist == 2:
            listing.append({"type": rng.choice(["", "Pid", "net", "mnt", "x"])})
        else:
            for entry in listing:
                if entry.get("type") == kind:
                    entry["path"] = rng.choice([f"/proc/1/ns/{NS[kind]}", "/etc/passwd", "",
                                                "relative", "/run/netns/host"])
        return
    rng.shuffle(listing)
    for kind in ("uts", "cgroup"):
        if rng.random() < 0.3:
            listing[:] = [n for n in listing if n.get("type") != kind]
    if listing and rng.random() < 0.3:
        entry = rng.choice(listing)
        if entry.get("type") in ("network", "ipc", "uts"):
            entry["path"] = f"/proc/4242/ns/{NS[entry['type']]}"
    if not any(n.get("type") == "time" for n in listing) and rng.random() < 0.2:
        listing.append({"type": "time"})


def userns(rng, spec, wild):
    linux = section(spec, "linux")
    linux["uidMappings"] = mappings(rng, wild)
    linux["gidMappings"] = mappings(rng, wild)
    listing = listed(linux, "namespaces")
    if not any(n.get("type") == "user" for n in listing) and not (wild and rng.random() < 0.3):
        listing.append({"type": "user"})
    if rng.random() < 0.2:
        for entry in listing:
            if entry.get("type") == "user":
                entry["path"] = f"/proc/{rng.choice([8, 9, 10] if wild else [8])}/ns/user"


def written_before(rng, spec, wild):
    """The bundle was hardrun's before, and what it wrote for a user namespace is there."""
    where = section(spec, "root")
    before = where.get("path") or "rootfs"
    if before == "/run/hardrun/stage/rootfs" or not isinstance(before, str):
        return
    section(spec, "annotations")["hardrun.root"] = rng.choice(["/", "rel", ""]) if wild and \
        rng.random() < 0.5 else before if before.startswith("/") else "/bundle/" + before
    where["path"] = "/run/hardrun/stage/rootfs"
    linux = section(spec, "linux")
    listing = listed(linux, "namespaces")
    if not any(n.get("type") == "user" for n in listing):
        listing.append(rng.choice([{"type": "user"}, {"type": "user", "path": "/proc/7/ns/user"}]))
    for key in ("uidMappings", "gidMappings"):
        linux[key] = [{"containerID": 0, "hostID": POOL[0] + 65536, "size": 65536}]
    for mount in spec.get("mounts") or []:
        if isinstance(mount, dict) and mount.get("type") == "sysfs" and rng.random() < 0.5:
            mount.update(type="bind", source="/run/hardrun/stage/sysfs",
                         options=["bind", "ro", "nosuid", "nodev", "noexec"])


def sysctls(rng, spec, wild):
    table = section(spec, "linux", "sysctl")
    tame = {"net.ipv4.ping_group_range": "0 2147483647", "kernel.shm_rmid_forced": "1",
            "net/ipv4/ip_unprivileged_port_start": "0", "net.ipv4.tcp_fin_timeout": "30",
            "net.ipv4.ip_local_port_range": "1024\t65535", "net.ipv4.tcp_syncookies": "1"}
    for key in some(rng, sorted(tame), 3):
        table[key] = tame[key]
    if wild:
        key = rng.choice(["kernel.core_pattern", "kernel/core_pattern", "net.ipv4.ip_forward",
                          "vm.swappiness", "kernel.shm_rmid_forced+kernel.x", "a=b",
                          "net.ipv4.tcp_fin_timeout\n", "fs.mqueue.x"] + sorted(tame) + TEXTS)
        table[key] = rng.choice(["1", "x", "|/bin/sh", "", "1 2", "1;2"] + TEXTS)


def device_rule(rng, entry, allow=None):
    kind, major, minor, access = entry
    rule = {"allow": rng.random() < 0.7 if allow is None else allow}
    for key, value in (("type", kind), ("major", major), ("minor", minor), ("access", access)):
        if value is not None:
            rule[key] = value
    if rng.random() < 0.1:
        rule.pop(rng.choice(sorted(rule)))
    return rule


def device_rules(rng, spec, wild):
    pool = ENGINE_DEVICES + (OTHER_DEVICES if wild or rng.random() < 0.5 else [])
    rules = [{"allow": False, "access": "rwm"}] if rng.random() < 0.7 else []
    for _ in range(rng.randint(0, 8)):
        rules.insert(rng.randint(0, len(rules)) if rng.random() < 0.2 else len(rules),
                     device_rule(rng, rng.choice(pool)))
    if wild and rng.random() < 0.3:
        rules.append({"allow": True, "type": rng.choice(TEXTS), "major": rng.choice(NUMBERS),
                      "access": rng.choice(["rwmx", "R", ""])})
    section(spec, "linux", "resources")["devices"] = rules


def devices(rng, spec, wild):
    listing = listed(section(spec, "linux"), "devices")
    tame = [("/dev/fuse", "c", 10, 229), ("/dev/null", "c", 1, 3), ("/dev/kvm", "c", 10, 232),
            ("/dev/x", "c", 1, 3), ("/dev/tty", "u", 5, 0), ("/dev/pipe", "p", None, None),
            ("/dev/zero", "c", 1, 1)]
    hard = [("/dev/sda", "b", 8, 0), ("/dev/x", "a", 1, 3), ("/dev/x", "", 1, 3),
            ("/dev/../etc/x", "c", 1, 3), ("rel", "c", 1, 3), ("/dev/m", "c", -1, 2**40)]
    for path, kind, major, minor in some(rng, tame + (hard if wild else []), 3):
        entry = {"path": path, "type": kind, "fileMode": number(rng, wild, 438, 384, 2048 + 438),
                 "uid": number(rng, wild, 0, 1000), "gid": number(rng, wild, 0, 5)}
        if major is not None:
            entry.update(major=major, minor=minor)
        if rng.random() < 0.4:
            entry.pop(rng.choice(["fileMode", "uid", "gid"]))
        listing.append(entry)


def throttles(rng, wild, *keys):
    return [dict({"major": number(rng, wild, 8), "minor": number(rng, wild, 0, 16)},
                 **{k: number(rng, wild, 10, 500) for k in keys})
            for _ in range(rng.randint(0, 2))]


def memory_cpu(rng, spec, wild):
    resources = section(spec, "linux", "resources")
    memory, cpu = section(resources, "memory"), section(resources, "cpu")
    for key in some(rng, ["limit", "reservation", "swap", "kernel", "kernelTCP", "swappiness"]):
        memory[key] = number(rng, wild, 0, 1, 60, 2**26, 2**40) if wild or key == "swappiness" \
            else rng.choice([-1, 0, 2**26, 2**33])
    for key in some(rng, ["disableOOMKiller", "useHierarchy", "checkBeforeUpdate"], 2):
        memory[key] = rng.random() < 0.5
    for key in some(rng, ["shares", "quota", "burst", "period", "realtimeRuntime",
                          "realtimePeriod", "idle"]):
        cpu[key] = number(rng, wild, 0, 1, 1000, 950000)
    for key in some(rng, ["cpus", "mems"]):
        cpu[key] = text(rng, wild, "0-3", "0", "")


def pids_unified(rng, spec, wild):
    resources = section(spec, "linux", "resources")
    if rng.random() < 0.7:
        resources["pids"] = {"limit": number(rng, wild, -1, 0, 100, 4096, 100000)}
    if rng.random() < 0.3:
        resources.pop("pids", None)
    unified = section(resources, "unified")
    tame = {"memory.max": "1073741824", "pids.max": "max", "cpu.max": "10000 100000",
            "io.weight": "100", "hugetlb.2MB.max": "0", "memory.high": "max",
            "misc.max": "x 1", "rdma.max": "x hca_handle=2", "cpuset.cpus": "0"}
    for key in some(rng, sorted(tame), 3):
        unified[key] = tame[key]
    if "pids.max" in unified:
        unified["pids.max"] = rng.choice(["max", "max", "100", "100000", " 5", "0x10", "+5"])
    if wild:
        unified[rng.choice(["cgroup.procs", "cgroup.subtree_control", "../memory.max",
                            "memory.max/x", "memory./max", "MEMORY.max", "pids.max"] + TEXTS)] = \
            rng.choice(["1", "max", "+memory", "0", "-1"] + TEXTS)
    if not unified:
        del resources["unified"]


def io_net(rng, spec, wild):
    resources = section(spec, "linux", "resources")
    block = section(resources, "blockIO")
    for key in some(rng, ["weight", "leafWeight"]):
        block[key] = number(rng, wild, 10, 1000)
    if rng.random() < 0.5:
        block["weightDevice"] = throttles(rng, wild, "weight", "leafWeight")
    for key in some(rng, ["throttleReadBpsDevice", "throttleWriteBpsDevice",
                          "throttleReadIOPSDevice", "throttleWriteIOPSDevice"]):
        block[key] = throttles(rng, wild, "rate")
    if rng.random() < 0.5:
        resources["hugepageLimits"] = [{"pageSize": text(rng, wild, "2MB", "1GB", "64KB"),
                                        "limit": number(rng, wild, 0, 2**30)}]
    if rng.random() < 0.6:
        resources["network"] = {"classID": number(rng, wild, 0, 1048577)}
        if rng.random() < 0.6:
            resources["network"]["priorities"] = [
                {"name": text(rng, wild, "eth0", "lo"), "priority": number(rng, wild, 0, 500)}]
    if rng.random() < 0.4:
        resources["rdma"] = {text(rng, wild, "mlx5_1", "x"): {
            "hcaHandles": number(rng, wild, 0, 3), "hcaObjects": number(rng, wild, 0, 10000)}}


def syscall_rule(rng, wild):
    rule = {"names": some(rng, ["read", "write", "clone", "keyctl", "mount", "openat", "ptrace",
                                "socket", "bpf", "personality", "execve"], 6) or ["read"],
            "action": text(rng, wild, "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_LOG",
                           "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW")}
    if rule["action"] == "SCMP_ACT_ERRNO" and rng.random() < 0.5:
        rule["errnoRet"] = number(rng, wild, 1, 38)
    if rng.random() < 0.3:
        rule["args"] = [{"index": number(rng, wild, 0, 1, 5), "value": number(rng, wild, 0, 8),
                         "op": text(rng, wild, "SCMP_CMP_EQ", "SCMP_CMP_NE",
                                    "SCMP_CMP_MASKED_EQ")}]
        if rule["args"][0]["op"] == "SCMP_CMP_MASKED_EQ":
            rule["args"][0]["valueTwo"] = number(rng, wild, 0, 8)
    if wild:
        rule["names"].append(rng.choice(["no_such_call", "", "READ", "clone3"]))
    return rule


def seccomp(rng, spec, wild):
    linux = section(spec, "linux")
    if rng.random() < 0.2:
        linux.pop("seccomp", None)
        return
    filters = {"defaultAction": text(rng, wild, "SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW",
                                     "SCMP_ACT_KILL", "SCMP_ACT_ERRNO")}
    if rng.random() < 0.7:
        filters["architectures"] = ["SCMP_ARCH_X86_64"] + some(
            rng, ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"])
    if filters["defaultAction"] == "SCMP_ACT_ERRNO" and rng.random() < 0.5:
        filters["defaultErrnoRet"] = number(rng, wild, 1, 38)
    if rng.random() < 0.3:
        filters["flags"] = some(rng, ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC",
                                      "SECCOMP_FILTER_FLAG_SPEC_ALLOW"])
    filters["syscalls"] = [syscall_rule(rng, wild) for _ in range(rng.randint(1, 4))]
    if wild and rng.random() < 0.4:
        filters["listenerPath"] = "/run/x.sock"
        filters["listenerMetadata"] = "x"
    if rng.random() < 0.1:  # hardrun's own, or nearly
        filters["listenerPath"] = text(rng, wild, "/run/hardrun/learn/c1.sock",
                                       "/run/hardrun/try/7/listener")
        filters["syscalls"].append({"names": ["mount"], "action": "SCMP_ACT_NOTIFY"})
    linux["seccomp"] = filters


def paths(rng, spec, wild):
    linux = section(spec, "linux")
    for key in ("maskedPaths", "readonlyPaths"):
        pool = ["/proc/kcore", "/proc/sys", "/sys/firmware", "/proc/acpi", "/etc/x", "/proc/bus"]
        linux[key] = some(rng, pool) + ([rng.choice(TEXTS)] if wild else [])
        if rng.random() < 0.2:
            del linux[key]
    if rng.random() < 0.5:
        linux["rootfsPropagation"] = text(rng, wild, "private", "rprivate", "slave", "rslave",
                                          "shared", "rshared", "unbindable", "")
    if rng.random() < 0.5:
        linux["cgroupsPath"] = text(rng, wild, "/a/b", "system.slice:docker:abc",
                                    "/kubepods/besteffort/podx/y", "/a/..b", "")
    if wild:
        linux["cgroupsPath"] = rng.choice(["/../x", "a/..", "..", "/a/../..", "s:p/q:n", "\n"])


def extras(rng, spec, wild):
    linux = section(spec, "linux")
    if rng.random() < 0.4:
        linux["memoryPolicy"] = {"mode": text(rng, wild, "MPOL_BIND", "MPOL_INTERLEAVE"),
                                 "nodes": text(rng, wild, "0-1"),
                                 "flags": [text(rng, wild, "MPOL_F_STATIC_NODES")]}
    if rng.random() < 0.4:
        linux["personality"] = {"domain": text(rng, wild, "LINUX", "LINUX32")}
        if rng.random() < 0.4:
            linux["personality"]["flags"] = [text(rng, wild, "ADDR_NO_RANDOMIZE")]
    if rng.random() < 0.4:
        linux["timeOffsets"] = {text(rng, wild, "monotonic", "boottime"): {
            "secs": number(rng, wild, 0, -100, 172800), "nanosecs": number(rng, wild, 0, 1)}}
    if wild and rng.random() < 0.5:
        linux["netDevices"] = {text(rng, wild, "eth0", "lo"): {"name": text(rng, wild, "eth1")}}
    if wild and rng.random() < 0.5:
        linux["intelRdt"] = {
            "closID": text(rng, wild, "guaranteed", "a/b"), "enableMonitoring": True,
            "schemata": [text(rng, wild, "L3:0=f", "L3:0=f\nMB:0=1")], "enableCMT": True,
            "l3CacheSchema": text(rng, wild, "L3:0=7f0"), "enableMBM": False,
            "memBwSchema": text(rng, wild, "MB:0=20")}


OF_PROCESS = [console, user, args, environment, cwd, capabilities, rlimits, privileges,
              scheduling]
OF_RESOURCES = [device_rules, memory_cpu, pids_unified, io_net]
ALL = OF_PROCESS + OF_RESOURCES + [
    root, hooks, annotations, platforms, mounts, mounts, engine_mounts, namespaces, userns,
    written_before, sysctls, devices, seccomp, paths, extras]


def change(rng, spec, count, wild, part="all"):
    """Change `count` parts; each is wild with that chance."""
    pool = {"all": ALL, "process": OF_PROCESS, "resources": OF_RESOURCES}[part]
    for _ in range(count):
        rng.choice(pool)(rng, spec, rng.random() < wild)


def tame(rng, spec):
    """Mend most of what a recorded document is refused for, so that the rest is judged."""
    if rng.random() < 0.15:
        return
    caps = (spec.get("process") or {}).get("capabilities") or {}
    for name in caps:
        caps[name] = [c for c in caps[name] if c in DOCKER_CAPS]
    listing = listed(section(spec, "linux"), "namespaces")
    for kind in ("mount", "pid", "ipc", "network"):
        if not any(n.get("type") == kind for n in listing):
            listing.append({"type": kind})
    who = section(spec, "process", "user")
    if rng.random() < 0.6:
        who["uid"] = rng.choice([1, 1000])
        who["additionalGids"] = [g for g in who.get("additionalGids", []) if g != 0]


# Whatever is there

JUNK = [None, True, False, 0, -1, 1.5, 1e300, "", "x", [], {}, [None], [[]], {"x": 1}, 2**64,
        ["x"], {"": ""}, -0.0]


def places(value, found):
    """Every (parent, key) of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        found.append((value, key))
        if isinstance(child, (dict, list)):
            places(child, found)
    return found


def disorder(rng, spec):
    """Wrong types, nulls, unknown keys, something gone or twice, anywhere."""
    for _ in range(rng.randint(1, 3)):
        found = places(spec, [])
        if not found:
            return
        parent, key = rng.choice(found)
        twist = rng.randrange(5)
        if twist == 0:
            parent[key] = rng.choice(JUNK)
        elif twist == 1:
            del parent[key]
        elif twist == 2 and isinstance(parent, dict):
            parent[rng.choice(["x", "Path", key + "s", "newField", "_", ""])] = rng.choice(JUNK)
        elif twist == 3 and isinstance(parent, list):
            parent.append(parent[key])
        elif twist == 4:
            other, name = rng.choice(found)
            parent[key] = rng.choice(TEXTS) if isinstance(other[name], (dict, list)) \
                else other[name]


def blow_up(rng, spec):
    """Hundreds of kilobytes of one thing."""
    many = rng.randint(1000, 4000)
    what = rng.randrange(7)
    if what == 0:
        section(spec, "annotations").update({f"k{i}.x": "v" * 60 for i in range(many)})
    elif what == 1:
        listed(section(spec, "process"), "env").extend(f"E{i}=" + "v" * 60 for i in range(many))
    elif what == 2:
        listed(spec, "mounts").extend(
            {"destination": f"/m{i}", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}
            for i in range(many // 4))
    elif what == 3:
        section(spec, "linux", "resources")["devices"] = [
            {"allow": True, "type": "c", "major": i, "minor": 0, "access": "r"}
            for i in range(many)]
    elif what == 4:
        listed(section(spec, "linux"), "maskedPaths").extend(f"/proc/m{i}" for i in range(many))
    elif what == 5:
        section(spec, "process")["args"] = ["x" * 200] * many
    else:
        section(spec, "process", "user")["additionalGids"] = list(range(1, many))
