# SPDX-License-Identifier: Apache-2.0
"""The node under test: TAP, pods and containers as the kubelet makes them, what hardrun wrote,
and whatever a pod may have left behind. See tests/e2e/cri_setup.sh for the other half."""

import base64
import contextlib
import glob
import json
import os
import re
import shutil
import subprocess
import time

from client import Cri, Refused

RECORDS, AUDIT = "/run/hardrun/records", "/var/log/hardrun/audit.jsonl"
STATE = "/run/containerd/runc/k8s.io"
BUNDLES = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
PLUGIN = "io.containerd.grpc.v1.cri"
DEFAULT_CAPS = "00000000000004fb"  # what profile default leaves of the engine's fourteen
NO_CAPS = "0000000000000000"
BIND_CAP = "0000000000000400"
# What the kubelet asks for when procMount is not said.
MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
          "/sys/firmware"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
OWN_PIDS = {"namespace_options": {"pid": "CONTAINER"}}  # unless shareProcessNamespace is said
# A refusal that a person can act on: control, field, why with the rule, remedy.
READABLE = r"hardrun: refused by {}: {}.*\(.*rule {}.*\); ."
# Engines act upon these words.
TRAPS = r"(?i)no such file|permission denied|not found|does not exist|no such process"


class Tap:
    """Cases, as tests/harness counts them."""

    def __init__(self):
        self.count = self.failed = 0

    def say(self, good, name, detail=""):
        """One case."""
        self.count += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.count} - {name}", flush=True)
        if not good:
            for line in str(detail)[:4000].splitlines():
                print(f"# {line}", flush=True)
        return good

    def same(self, got, wanted, name):
        """Equal?"""
        return self.say(got == wanted, name, f"wanted: {wanted!r}\ngot:    {got!r}")

    def like(self, text, pattern, name):
        """Does the text hold what the pattern says?"""
        return self.say(re.search(pattern, text, re.S), name, f"wanted: /{pattern}/\ngot:    {text}")

    def skip(self, name, why):
        """Counted, with its reason."""
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def finish(self):
        """The plan; the exit status."""
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


def merge(into, more):
    """A dictionary laid over another; lists and values replace."""
    return {**into, **{key: merge(into[key], value)
                       if isinstance(value, dict) and isinstance(into.get(key), dict) else value
                       for key, value in more.items()}}


def within(seconds, wanted):
    """Asks until the answer is true, for that long at most; the last answer."""
    end = time.monotonic() + seconds
    while not (answer := wanted()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def lines(path):
    """Of a file; none when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def figures(text):
    """What of /proc/PID/status counts here."""
    wanted = ("CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups")
    found = (line.partition(":") for line in text.splitlines())
    return {key: " ".join(value.split()) for key, _, value in found if key in wanted}


class Pod:
    """A sandbox and its containers. Taken down at the end of a `with` block."""

    made = 0

    def __init__(self, node, name, handler="hardrun", namespace="default", **more):
        Pod.made += 1
        self.node, self.handler, self.id = node, handler, None
        self.uid = f"{Pod.made:08d}-0000-4000-8000-000000000000"
        self.cgroup = f"{node.cgroup}/pod{self.uid}"
        self.logs = f"/var/log/pods/{namespace}_{name}_{self.uid}"
        self.config = merge({
            "metadata": {"name": name, "uid": self.uid, "namespace": namespace},
            "hostname": name, "log_directory": self.logs,
            "linux": {"cgroup_parent": self.cgroup, "security_context": OWN_PIDS}}, more)

    def run(self):
        """RunPodSandbox."""
        self.id = self.node.cri.RunPodSandbox(
            {"config": self.config, "runtime_handler": self.handler})["pod_sandbox_id"]
        return self

    def __enter__(self):
        return self.run()

    def __exit__(self, *_):
        with contextlib.suppress(Refused):
            self.remove()

    def create(self, name, command=("sleep", "1000"), attempt=0, **more):
        """CreateContainer: its id."""
        config = merge({
            "metadata": {"name": name, "attempt": attempt}, "image": {"image": self.node.image},
            "command": list(command), "log_path": f"{name}_{attempt}.log",
            "linux": {"security_context": {
                "masked_paths": MASKED, "readonly_paths": READONLY, **OWN_PIDS}}}, more)
        return self.node.cri.CreateContainer(
            {"pod_sandbox_id": self.id, "config": config, "sandbox_config": self.config})["container_id"]

    def start(self, name, command=("sleep", "1000"), attempt=0, **more):
        """CreateContainer and StartContainer: its id."""
        container = self.create(name, command, attempt, **more)
        try:
            self.node.cri.StartContainer({"container_id": container})
        except Refused:
            self.node.cri.RemoveContainer({"container_id": container})
            raise
        return container

    def log(self, name, attempt=0):
        """What the container wrote, as the kubelet reads it."""
        return "\n".join(line.split(" ", 3)[3] for line in lines(f"{self.logs}/{name}_{attempt}.log"))

    def remove(self):
        """Stops and removes it with its containers, and its cgroup."""
        if self.id:
            self.node.cri.StopPodSandbox({"pod_sandbox_id": self.id})
            self.node.cri.RemovePodSandbox({"pod_sandbox_id": self.id})
        self.remove_cgroup()
        self.id = None

    def remove_cgroup(self):
        """With all that is empty below it, as the kubelet does."""
        for cgroup in self.node.cgroups(self.cgroup):
            with contextlib.suppress(OSError):
                os.rmdir(cgroup)


class Node(Tap):
    """containerd, hardrun, and their files."""

    def __init__(self):
        super().__init__()
        self.work, self.image = os.environ["HR_CRI_WORK"], os.environ["HR_CRI_IMAGE"]
        self.cgroup = os.environ["HR_CRI_CGROUP"]
        self.cri = Cri(os.environ["CONTAINERD_ADDRESS"])
        self.version = self.cri.Version()["runtime_version"]
        self.newer = not self.version.startswith("1.6")

    def pod(self, name, handler="hardrun", **more):
        """A pod that is not run yet."""
        return Pod(self, name, handler, **more)

    def refused(self, error, control, field, rule, name):
        """Case: a person can act on this message, and no engine takes it for something else."""
        pattern = READABLE.format(control, field, rule)
        self.say(re.search(pattern, str(error), re.S) and not re.search(TRAPS, str(error)), name,
                 f"wanted: /{pattern}/\ngot:    {error}")

    # ---- containers

    def status(self, container):
        """Of ContainerStatus."""
        return self.cri.ContainerStatus({"container_id": container})["status"]

    def info(self, container):
        """What containerd says beside that."""
        answer = self.cri.ContainerStatus({"container_id": container, "verbose": True})
        return json.loads(answer["info"]["info"])

    def exec(self, container, *command, timeout=10):
        """ExecSync: exit status, standard output, standard error."""
        answer = self.cri.ExecSync({"container_id": container, "cmd": list(command), "timeout": timeout})
        return (answer["exit_code"], *(base64.b64decode(answer[key]).decode(errors="replace")
                                       for key in ("stdout", "stderr")))

    def shell(self, container, command):
        """What a command says there, to both."""
        return self.exec(container, "sh", "-c", "exec 2>&1; " + command)[1].strip()

    def init(self, container):
        """The figures of its first process, once that is the container's own program."""
        process = f"/proc/{self.info(container)['pid']}"
        within(5, lambda: lines(process + "/comm") != ["runc:[2:INIT]"])
        return figures("\n".join(lines(process + "/status")))

    def inside(self, container):
        """The figures of an exec."""
        return figures(self.exec(container, "cat", "/proc/self/status")[1])

    def stop(self, container, timeout=0):
        """StopContainer and RemoveContainer."""
        self.cri.StopContainer({"container_id": container, "timeout": timeout})
        self.cri.RemoveContainer({"container_id": container})

    @staticmethod
    def own_namespace(kind):
        """The node's."""
        return os.readlink(f"/proc/self/ns/{kind}")

    # ---- hardrun's files

    def policy(self, document=None, handlers=()):
        """Writes policy.json (text as it is) and links the handlers; None: no /etc/hardrun."""
        shutil.rmtree("/etc/hardrun", ignore_errors=True)
        if document is None:
            return
        os.makedirs("/etc/hardrun/runtimes")
        with open("/etc/hardrun/policy.json", "w", encoding="utf-8") as file:
            file.write(document if isinstance(document, str) else json.dumps(document))
        for handler in handlers:
            os.symlink("/usr/sbin/runc", f"/etc/hardrun/runtimes/{handler}")

    def audit(self, container=None, event="create"):
        """Lines of the audit log, the oldest first."""
        said = []
        for line in lines(AUDIT):
            with contextlib.suppress(ValueError):
                said.append(json.loads(line))
        return [line for line in said if event in (None, line.get("event"))
                and container in (None, line.get("id"))]

    def record(self, container):
        """The record of a container, or None."""
        for path in glob.glob(RECORDS + "/*.json"):
            with contextlib.suppress(ValueError, OSError):
                with open(path, encoding="utf-8") as file:
                    if (record := json.load(file)).get("id") == container:
                        return record
        return None

    # ---- what is left

    def cgroups(self, below):
        """The directories of a cgroup in every hierarchy, deepest first."""
        roots = [f"/sys/fs/cgroup/{name}{below}" for name in os.listdir("/sys/fs/cgroup")]
        found = [path for root in roots + ["/sys/fs/cgroup" + below] if os.path.isdir(root)
                 for path, _, _ in os.walk(root)]
        return sorted(set(found), reverse=True)

    def processes(self):
        """Runtimes, shims, and whatever runs in a mount namespace of its own."""
        own, found = os.stat("/proc/self/ns/mnt").st_ino, []
        for number in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{number}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
                name = os.path.basename(words[0])
                if not words[0]:
                    continue
                if (os.stat(f"/proc/{number}/ns/mnt").st_ino != own or
                        name.startswith(("containerd-shim", "hardrun", "runc", "crun"))):
                    found.append(f"{number} {' '.join(words).strip()}")
        return found

    def links(self):
        """Ends of pods' network pairs on our side."""
        said = subprocess.run(["ip", "-o", "link", "show", "type", "veth"], check=False,
                              capture_output=True, text=True).stdout
        return said.splitlines()

    def left(self):
        """One line for each thing that pods left; nothing when all is as before."""
        mounts = (line.split()[4] for line in lines("/proc/self/mountinfo"))
        found = ["mount: " + path for path in mounts
                 if path.startswith((BUNDLES, "/run/netns/")) or f"/{PLUGIN}/" in path]
        found += ["process: " + line for line in self.processes()]
        for kind, pattern in (
                ("bundle", BUNDLES + "/*"), ("state", STATE + "/*"),
                ("sandbox", f"/run/containerd/{PLUGIN}/*/*"),
                ("sandbox", f"/var/lib/containerd/{PLUGIN}/*/*"),
                ("network namespace", "/run/netns/*"), ("address", "/var/lib/cni/networks/*/10.*"),
                ("cni", "/var/lib/cni/results/*"),
                ("temporary", "/run/hardrun/**/.hardrun.*"), ("temporary", self.work + "/tmp/*")):
            found += [f"{kind}: {path}" for path in glob.glob(pattern, recursive=True, include_hidden=True)]
        found += ["network: " + line for line in self.links()]
        found += ["cgroup: " + path for path in self.cgroups(self.cgroup) if "/pod" in path]
        found += ["pod: " + pod["id"] for pod in self.cri.ListPodSandbox()["items"]]
        found += ["container: " + box["id"] for box in self.cri.ListContainers()["containers"]]
        return found

    def clean(self, name):
        """Case: nothing is left."""
        self.say(within(10, lambda: not self.left()), name + ": nothing is left",
                 "\n".join(self.left()))

    def traces(self, container):
        """What is left of one container."""
        found = [line for line in self.processes() if container in line]
        found += [path for path in (f"{BUNDLES}/{container}", f"{STATE}/{container}",
                                    f"/var/lib/containerd/{PLUGIN}/containers/{container}")
                  if os.path.exists(path)]
        found += [line for line in lines("/proc/self/mountinfo") if container in line]
        found += [path for path in self.cgroups(self.cgroup) if container in path]
        if self.record(container):
            found.append("record")
        return found
