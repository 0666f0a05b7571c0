# SPDX-License-Identifier: Apache-2.0
"""Security contexts of every kind, of pods and of containers: what became of each, by
/proc/PID/status of init and of an exec, and by what the container can do; or the message."""

import os

from client import Refused
from node import BIND_CAP, DEFAULT_CAPS, NO_CAPS

HARDENED = {"Uid": "0 0 0 0", "Gid": "0 0 0 0", "Groups": "0", "CapPrm": DEFAULT_CAPS,
            "CapEff": DEFAULT_CAPS, "CapBnd": DEFAULT_CAPS, "CapAmb": NO_CAPS,
            "NoNewPrivs": "1", "Seccomp": "2"}
NONE = {"CapPrm": NO_CAPS, "CapEff": NO_CAPS, "CapBnd": NO_CAPS}
BIND = {"CapPrm": BIND_CAP, "CapEff": BIND_CAP, "CapBnd": BIND_CAP}


def user(uid, gid, groups):
    """One that is not root: the capabilities are a bound only."""
    return {"Uid": f"{uid} {uid} {uid} {uid}", "Gid": f"{gid} {gid} {gid} {gid}", "Groups": groups,
            "CapPrm": NO_CAPS, "CapEff": NO_CAPS}


def context(**fields):
    """A container's (or pod's) with this security context."""
    return {"linux": {"security_context": fields}}


def hostpath(path, **more):
    """A container with one directory of the host at /data."""
    return {"mounts": [{"host_path": path, "container_path": "/data", **more}]}


# NAME, container, what differs from HARDENED, command and what it must say.
ACCEPTED = [
    ("default", {}, {}, None),
    ("add NET_BIND_SERVICE, drop ALL", context(capabilities={
        "add_capabilities": ["NET_BIND_SERVICE"], "drop_capabilities": ["ALL"]}), BIND, None),
    ("drop ALL", context(capabilities={"drop_capabilities": ["ALL"]}), NONE, None),
    ("add NET_RAW, which is stripped", context(capabilities={"add_capabilities": ["NET_RAW"]}), {}, None),
    ("ambient capability", context(run_as_user={"value": 1000}, capabilities={
        "add_capabilities": ["NET_BIND_SERVICE"],
        "add_ambient_capabilities": ["NET_BIND_SERVICE"]}), user(1000, 1000, "1000 2000"), None),
    ("runAsUser, runAsGroup, supplementalGroups", context(
        run_as_user={"value": 1000}, run_as_group={"value": 3000}, supplemental_groups=[2000, 3000]),
     user(1000, 3000, "2000 3000"), ("id -u; id -g", "^1000\n3000$")),
    ("runAsUserName", context(run_as_username="app"), user(1000, 1000, "1000 2000"), None),
    ("runAsUser without a name", context(run_as_user={"value": 4711}), user(4711, 0, "0"), None),
    ("readOnlyRootFilesystem", context(readonly_rootfs=True), {}, ("touch /x", "Read-only file system")),
    ("a writable root file system", {}, {}, ("touch /x && echo done", "^done$")),
    ("allowPrivilegeEscalation: false", context(no_new_privs=True), {}, None),
    ("procMount Unmasked", context(masked_paths=[], readonly_paths=[]), {},
     ("cat /proc/keys /proc/timer_list | wc -c; echo 1 >/proc/sys/kernel/dmesg_restrict",
      "0\n.*Read-only file system")),
    ("seccomp RuntimeDefault", context(seccomp={"profile_type": "RuntimeDefault"}), {},
     ("unshare -U true", "unshare")),
    ("seccomp Unconfined", context(seccomp={"profile_type": "Unconfined"}), {},
     ("unshare -U true", "unshare")),
    ("SELinux options without SELinux", context(selinux_options={"type": "spc_t", "level": "s0"}), {}, None),
    ("AppArmor unconfined", context(apparmor={"profile_type": "Unconfined"}), {}, None),
    ("a harmless device of the host", {"devices": [
        {"host_path": "/dev/null", "container_path": "/dev/mynull", "permissions": "rwm"}]}, {},
     ("echo x >/dev/mynull && echo done", "^done$")),
    ("/dev/kmsg, which is removed", {"devices": [
        {"host_path": "/dev/kmsg", "container_path": "/dev/kmsg", "permissions": "rwm"}]}, {},
     ("test -e /dev/kmsg || echo gone", "^gone$")),
    ("hostPath", hostpath("/srv/data"), {},
     ("touch /data/x; grep -c ' /data .*ro,nosuid,nodev' /proc/mounts", "Read-only file system\n1$")),
    ("hostPath, readOnly", hostpath("/srv/data", readonly=True), {},
     ("touch /data/x", "Read-only file system")),
    ("memory, CPU and OOM score", {"linux": {"resources": {
        "memory_limit_in_bytes": 64 << 20, "cpu_quota": 50000, "cpu_period": 100000,
        "oom_score_adj": 500}}}, {}, ("cat /proc/self/oom_score_adj", "^500$")),
    ("a terminal", {"tty": True, "stdin": True}, {}, None),
    ("procMount Default", {}, {}, ("cat /proc/keys /proc/timer_list | wc -c", "^0$")),
    ("working directory", {"working_dir": "/tmp"}, {}, ("pwd", "^/tmp$")),
    ("environment", {"envs": [{"key": "GREETING", "value": "hello"}]}, {},
     ("tr '\\0' '\\n' </proc/1/environ", "GREETING=hello")),
]

# NAME, container, control, field, rule.
REFUSED = [
    ("add ALL", context(capabilities={"add_capabilities": ["ALL"]}),
     "capabilities", r"process\.capabilities\.bounding \"CAP_DAC_READ_SEARCH\"", r"capabilities\.allow"),
    ("add NET_ADMIN and SYS_PTRACE, drop two", context(capabilities={
        "add_capabilities": ["NET_ADMIN", "SYS_PTRACE"], "drop_capabilities": ["CHOWN", "NET_RAW"]}),
     "capabilities", r"process\.capabilities\.bounding \"CAP_NET_ADMIN\"", r"capabilities\.allow"),
    ("a block device", {"devices": [
        {"host_path": "/srv/disk", "container_path": "/dev/disk", "permissions": "r"}]},
     "devices", r"linux\.devices\[0\] \"/dev/disk\"", r"devices\.allow"),
    ("hostPath /", hostpath("/"), "mounts", r"mounts\[\d+\]\.source \"/\"", r"mounts\.host_paths"),
    ("hostPath /etc, readOnly: false", hostpath("/etc"),
     "mounts", r"mounts\[\d+\]\.source \"/etc\"", r"mounts\.host_paths"),
    ("hostPath /proc", hostpath("/proc"),
     "mounts", r"mounts\[\d+\]\.source \"/proc\"", r"mounts\.host_paths"),
    ("hostPath /var/run/containerd", hostpath("/var/run/containerd"),
     "mounts", r"mounts\[\d+\]\.source \"/var/run/containerd\"", r"mounts\.host_paths"),
    ("hostPath a socket", hostpath("/srv/socket"),
     "mounts", r"mounts\[\d+\]\.source \"/srv/socket\"", r"mounts\.host_paths"),
    ("hostPath, HostToContainer", hostpath("/srv/data", propagation="PROPAGATION_HOST_TO_CONTAINER"),
     "mounts", r"mounts\[\d+\]\.options", r"mounts\.host_paths"),
    ("hostPath, Bidirectional", hostpath("/srv/data", propagation="PROPAGATION_BIDIRECTIONAL"),
     "mounts", r"mounts\[\d+\]\.options", r"mounts"),
    ("working directory behind a descriptor", {"working_dir": "/proc/self/fd/7"},
     "cwd", r"process\.cwd \"/proc/self/fd/7\"", r"cwd"),
]


def prepare(node):
    """What pods mount: /srv is the test's own, and shared as on a node."""
    os.makedirs("/srv/data", exist_ok=True)
    if not os.path.exists("/srv/disk"):
        os.mknod("/srv/disk", 0o60600, os.makedev(7, 7))
        os.mknod("/srv/socket", 0o140600)
    os.makedirs("/var/lib/kubelet/seccomp", exist_ok=True)
    with open("/var/lib/kubelet/seccomp/no-mkdir.json", "w", encoding="utf-8") as file:
        file.write('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],'
                   ' "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}')
    node.policy()


def accepted(node, pod, name, more, differs, probe):
    """One container that runs: init and exec have the same, and what is expected."""
    wanted = {**HARDENED, **differs}
    try:
        container = pod.start("c", **more)
    except Refused as error:
        node.say(False, f"{name}: runs", error)
        return
    node.same(node.init(container), wanted, f"{name}: init")
    node.same(node.inside(container), wanted, f"{name}: exec")
    if probe:
        node.like(node.shell(container, probe[0]), probe[1], f"{name}: {probe[0].split(';')[0]}")
    node.stop(container)


def refused(node, pod, name, more, control, field, rule):
    """One that must not start: the message, in both places where CRI has it, and nothing left."""
    container = pod.create("refused", **more)
    try:
        node.cri.StartContainer({"container_id": container})
        node.say(False, f"{name}: is refused", "it runs")
    except Refused as error:
        node.refused(error, control, field, rule, f"{name}: is refused")
        status = node.status(container)
        node.same((status["state"], status["message"]), ("CONTAINER_EXITED", str(error)),
                  f"{name}: ContainerStatus says the same")
    try:
        node.stop(container)
        node.say(True, f"{name}: is stopped and removed")
    except Refused as error:
        node.say(False, f"{name}: is stopped and removed", error)
    node.same(node.traces(container), [], f"{name}: leaves nothing")


def pods(node):
    """Contexts of pods. The sandbox has profile sandbox, the workload default."""
    for name, more, probe in (
            ("runAsUser 65535 and a read-only root", context(
                run_as_user={"value": 65535}, run_as_group={"value": 65535}, readonly_rootfs=True), None),
            ("seccomp Unconfined", context(seccomp={"profile_type": "Unconfined"}), None),
            ("privileged: the sandbox alone", context(privileged=True), None),
            ("sysctls", {"linux": {"sysctls": {
                "net.ipv4.ip_unprivileged_port_start": "0", "kernel.shm_rmid_forced": "1"}}},
             ("cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/shm_rmid_forced", "^0\n1$"))):
        try:
            with node.pod("context", **more) as pod:
                sandbox = node.audit(pod.id)[-1]
                node.same((sandbox["profile"], sandbox["identity"]["kind"]), ("sandbox", "sandbox"),
                          f"pod, {name}: profile sandbox")
                accepted(node, pod, f"pod, {name}", {}, {}, probe)
        except Refused as error:
            node.say(False, f"pod, {name}: runs", error)
    shared_pids(node)
    user_namespace(node)


def shared_pids(node):
    """shareProcessNamespace, an ephemeral container beside a target, and the host's processes
    asked for by a container alone: containerd gives it the pod's."""
    shared = context(namespace_options={"pid": "POD"})
    with node.pod("pids", **shared) as pod:
        container = pod.start("shared", **shared)
        node.like(node.shell(container, "cat /proc/1/cmdline"), "2147483",
                  "shareProcessNamespace: process 1 is the sandbox's")
        node.same(node.inside(container), HARDENED, "shareProcessNamespace: exec")
        accepted(node, pod, "hostPID of a container alone", context(namespace_options={"pid": "NODE"}), {},
                 ("cat /proc/1/cmdline", "2147483"))
        target = pod.start("target")
        debugger = pod.start("debugger", ["sleep", "4711"], **context(
            namespace_options={"pid": "TARGET", "target_id": target}))
        node.like(node.shell(target, "ps"), "sleep 4711", "target container: the debugger is in it")
        node.same(node.init(debugger), HARDENED, "target container: the debugger's init")


def user_namespace(node):
    """hostUsers: false. 1.6 does not know it, and leaves the mapping out."""
    ids = [{"host_id": 100000, "container_id": 0, "length": 65536}]
    mapped = context(namespace_options={"userns_options": {"mode": "POD", "uids": ids, "gids": ids}})
    with node.pod("users", **mapped) as pod:
        container = pod.start("c", **mapped)
        node.same(node.shell(container, "cat /proc/self/uid_map").split(),
                  ["0", "100000", "65536"] if node.newer else ["0", "0", "4294967295"],
                  "hostUsers false: the mapping")
        node.same(node.inside(container), HARDENED, "hostUsers false: exec")
        host = {**HARDENED, **({"Uid": " ".join(["100000"] * 4), "Gid": " ".join(["100000"] * 4),
                                "Groups": "100000"} if node.newer else {})}
        node.same(node.init(container), host, "hostUsers false: init, from the host")


def volumes(node):
    """The kubelet's own: this pod's are its own, another's are not."""
    below = "/var/lib/kubelet/pods/{}/volumes/kubernetes.io~empty-dir/cache"
    with node.pod("volumes") as pod:
        own, others = below.format(pod.uid), below.format("99999999-0000-4000-8000-000000000000")
        for path in (own, others):
            os.makedirs(path, exist_ok=True)
        accepted(node, pod, "emptyDir", hostpath(own), {}, ("echo x >/data/x && echo done", "^done$"))
        refused(node, pod, "another pod's emptyDir", hostpath(others),
                "mounts", r"mounts\[\d+\]\.source \"/var/lib/kubelet/pods/", r"mounts\.host_paths")


def spoofed(node):
    """Annotations that claim to be CRI's, or steer a runtime."""
    claims = {"io.kubernetes.cri.container-name": "trusted", "io.kubernetes.cri.sandbox-namespace": "trusted",
              "io.kubernetes.cri.container-type": "sandbox", "run.oci.keep_original_groups": "1"}
    with node.pod("spoof", annotations=claims) as pod:
        container = pod.start("c", annotations=claims)
        identity = node.audit(container)[-1]["identity"]
        node.same((identity["kind"], identity["container"], identity["namespace"], identity["pod"],
                   identity["pod_uid"], identity["sandbox"], identity["image"]),
                  ("container", "c", "default", "spoof", pod.uid, pod.id, node.image),
                  "spoofed annotations: CRI's own count")
        node.same(node.audit(container)[-1]["profile"], "default", "spoofed annotations: profile default")
        dropped = [entry["path"] for entry in node.audit(container)[-1]["report"]
                   if entry["action"] == "drop"]
        node.same(dropped, ['annotations["run.oci.keep_original_groups"]'],
                  "spoofed annotations: the runtime's is dropped")


def run(node):
    """All of them."""
    prepare(node)
    image = node.cri.ImageStatus({"image": {"image": node.image}})["image"]["id"]
    with node.pod("contexts") as pod:
        for case in ACCEPTED:
            accepted(node, pod, *case)
        accepted(node, pod, "image by id", {"image": {"image": image}}, {}, None)
        accepted(node, pod, "image with a user", {"image": {"image": node.image + "-app"}},
                 user(1000, 1000, "1000 2000" if node.newer else "1000"), None)
        accepted(node, pod, "seccomp Localhost", context(seccomp={
            "profile_type": "Localhost", "localhost_ref": "/var/lib/kubelet/seccomp/no-mkdir.json"}), {},
            ("mkdir /tmp/x", "not supported"))
        for case in REFUSED:
            refused(node, pod, *case)
    pods(node)
    volumes(node)
    spoofed(node)
    node.clean("security contexts")
