# SPDX-License-Identifier: Apache-2.0
"""The life of pods as the kubelet leads it: two containers that share a network, exec, attach,
logs, port forward, update, statistics, stop, crash and restart, and the handlers."""

import json
import os
import time
import urllib.request

import stream
from client import Refused
from contexts import HARDENED, NONE, context, user
from node import BIND_CAP, figures, lines, within

SERVER = ["sh", "-c", "mkdir /tmp/w; echo page >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"]
REQUEST = b"GET / HTTP/1.0\r\n\r\n"
RESTRICTED = {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": BIND_CAP}


def sandbox(node, pod):
    """What the pause container got, and by what name."""
    line = node.audit(pod.id)[-1]
    identity = line["identity"]
    node.same((line["verdict"], line["profile"], identity["kind"], identity["namespace"],
               identity["pod"], identity["pod_uid"], identity["sandbox"]),
              ("accept", "sandbox", "sandbox", "default", "life", pod.uid, pod.id),
              "sandbox: profile and identity in the audit log")
    answer = node.cri.PodSandboxStatus({"pod_sandbox_id": pod.id, "verbose": True})
    pid = json.loads(answer["info"]["info"])["pid"]
    node.same(figures("\n".join(lines(f"/proc/{pid}/status"))), {**HARDENED, **NONE, "Groups": ""},
              "sandbox: nothing is left of its capabilities")
    return answer["status"]["network"]["ip"]


def workload(node, pod, container, name):
    """What a container got, and by what name."""
    line = node.audit(container)[-1]
    identity = line["identity"]
    node.same((line["verdict"], line["profile"], line["handler"], identity["kind"],
               identity["namespace"], identity["pod"], identity["pod_uid"], identity["sandbox"],
               identity["container"], identity["image"]),
              ("accept", "default", "hardrun", "container", "default", "life", pod.uid, pod.id,
               name, node.image), f"{name}: profile and identity in the audit log")
    node.same(node.record(container)["state"], "committed", f"{name}: has a record")
    node.same(node.init(container), HARDENED, f"{name}: init")


def network(node, pod, client, address):
    """Pod to itself, node to pod, and through the port forward."""
    fetch = "for i in 1 2 3 4 5; do wget -qO- http://127.0.0.1:8080/ && break; sleep 0.2; done"
    node.same(node.shell(client, fetch), "page", "network: the other container of the pod, at 127.0.0.1")
    with urllib.request.urlopen(f"http://{address}:8080/", timeout=10) as answer:
        node.same(answer.read(), b"page\n", "network: the node reaches the pod over the bridge")
    url = node.cri.PortForward({"pod_sandbox_id": pod.id, "port": [8080]})["url"]
    said, error = stream.forward(url, 8080, REQUEST)
    node.same((said.rpartition(b"\r\n\r\n")[2], error), (b"page\n", b""), "port forward")
    url = node.cri.PortForward({"pod_sandbox_id": pod.id, "port": [8081]})["url"]
    node.like(stream.forward(url, 8081, REQUEST)[1].decode(), "refused",
              "port forward to a port where nobody listens says so")


def executes(node, container):
    """ExecSync and the streaming Exec."""
    node.same(node.exec(container, "sh", "-c", "echo out; echo err >&2; exit 7"), (7, "out\n", "err\n"),
              "exec sync: both outputs and the exit status")
    node.same(node.inside(container), HARDENED, "exec sync: hardened")
    before = len(node.audit(container, "exec"))
    for _ in range(5):
        node.exec(container, "cat", "/proc/self/limits")
    node.same(len(node.audit(container, "exec")) - before, 1, "exec sync, five times as a probe: one audit line")
    try:
        node.exec(container, "sleep", "60", timeout=1)
        node.say(False, "exec sync: its deadline counts", "it came back")
    except Refused as error:
        node.like(str(error), "timeout 1s exceeded", "exec sync: its deadline counts")
    try:
        node.say(False, "exec of a missing program: says so", node.exec(container, "/missing"))
    except Refused as error:
        node.like(str(error), "/missing", "exec of a missing program: says so")

    def executed(*command, **how):
        asked = {"container_id": container, "cmd": command, "stdout": True,
                 "stderr": not how.get("tty", False), **how}
        return stream.Command(node.cri.Exec({**asked, "cmd": list(command)})["url"],
                              stdin=how.get("stdin", False), tty=how.get("tty", False))

    run = executed("sh", "-c", "cat; echo err >&2; exit 3", stdin=True)
    run.stdin.write(b"x" * 100000)
    run.stdin.close()
    said = run.stdout.all()
    node.same((len(said), set(said), run.stderr.all(), run.status()), (100000, set(b"x"), b"err\n", 3),
              "exec with stdin: 100,000 bytes there and back, the end of the input, status 3")
    run = executed("cat", "/proc/self/status")
    node.same((figures(run.stdout.all().decode()), run.status()), (HARDENED, 0), "exec, streamed: hardened")
    run = executed("sh", stdin=True, tty=True)
    run.size(99, 33)
    run.stdin.write(b"sleep 0.3; stty size; tty; cat /proc/self/status; exit 5\n")
    said = run.stdout.all().decode().replace("\r", "")
    node.like(said, r"\n33 99\n/dev/pts/", "exec with a terminal: its size")
    node.same((figures(said), run.status()), (HARDENED, 5), "exec with a terminal: hardened, status 5")


def attaches(node, pod):
    """To containers with and without a terminal."""
    for tty in (False, True):
        name = "attached-tty" if tty else "attached"
        command = ["sh", "-c", "while read line; do echo got $line; done; exit 4"]
        container = pod.start(name, command, stdin=True, stdin_once=True, tty=tty)
        run = stream.Command(node.cri.Attach(
            {"container_id": container, "stdin": True, "stdout": True, "stderr": not tty, "tty": tty})["url"],
            stdin=True, tty=tty)
        run.stdin.write(b"one\ntwo\n")
        said = run.stdout.until(lambda data: b"got two" in data).decode()
        node.like(said, "got one.*got two", f"{name}: what is typed comes back")
        if tty:
            run.stdin.write(b"\x04")
        else:
            run.stdin.close()
        within(10, lambda box=container: node.status(box)["state"] == "CONTAINER_EXITED")
        node.same(node.status(container)["exit_code"], 4, f"{name}: the end of the input ends it")
        run.close()
        node.like(pod.log(name).replace("\r", ""), "got one\n.*got two", f"{name}: is in the log, too")
        node.stop(container)


def logs(node, pod):
    """The log as the kubelet reads it, also after it was moved away."""
    container = pod.start("talks", ["sh", "-c", "echo out; echo err >&2; "
                                    "until [ -e /tmp/go ]; do sleep 0.05; done; echo later; sleep 1000"])
    path = f"{pod.logs}/talks_0.log"
    said = within(5, lambda: len(lines(path)) >= 2 and sorted(
        line.split(" ", 1)[1] for line in lines(path)))
    node.same(said, ["stderr F err", "stdout F out"], "log: a line each of both outputs")
    os.rename(path, path + ".1")
    node.cri.ReopenContainerLog({"container_id": container})
    node.exec(container, "touch", "/tmp/go")
    node.same(within(5, lambda: [line.split(" ", 1)[1] for line in lines(path)]), ["stdout F later"],
              "log: moved away and opened anew")
    node.stop(container)


def limits(node, pod):
    """UpdateContainerResources, and statistics."""
    container = pod.start("limited", linux={"resources": {"memory_limit_in_bytes": 64 << 20,
                                                          "cpu_quota": 50000, "cpu_period": 100000}})

    def limit():
        for path in node.cgroups(pod.cgroup):
            for name in ("memory.limit_in_bytes", "memory.max"):
                if path.endswith(container) and os.path.exists(f"{path}/{name}"):
                    return int(lines(f"{path}/{name}")[0])
        return None

    node.same(limit(), 64 << 20, "update: the limit before")
    node.cri.UpdateContainerResources({"container_id": container, "linux": {
        "memory_limit_in_bytes": 128 << 20, "cpu_quota": 70000, "cpu_period": 100000}})
    node.same(limit(), 128 << 20, "update: the limit afterwards")
    line = node.audit(container, "update")[-1:]
    node.same([said["verdict"] for said in line], ["accept"], "update: is in the audit log")
    node.same(node.shell(container, "echo x >/dev/null && echo works"), "works",
              "update: the devices are as before")
    stats = node.cri.ContainerStats({"container_id": container})["stats"]
    node.say(int(stats["cpu"]["usage_core_nano_seconds"]["value"]) > 0 and
             int(stats["memory"]["working_set_bytes"]["value"]) > 0, "statistics of a container", stats)
    listed = [entry["attributes"]["id"] for entry in node.cri.ListContainerStats()["stats"]]
    node.say(container in listed, "statistics of all", listed)
    node.stop(container)


def ends(node, pod):
    """StopContainer with its timeout; a container that crashes and is made anew."""
    polite = pod.start("polite", ["sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"])
    stubborn = pod.start("stubborn", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"])
    for name in ("polite", "stubborn"):
        within(5, lambda name=name: pod.log(name) == "ready")
    began = time.monotonic()
    node.cri.StopContainer({"container_id": polite, "timeout": 20})
    node.say(time.monotonic() - began < 10, "stop: one that ends by SIGTERM is not waited for")
    node.same(node.status(polite)["exit_code"], 9, "stop: its own exit status")
    began = time.monotonic()
    node.cri.StopContainer({"container_id": stubborn, "timeout": 1})
    node.say(1 <= time.monotonic() - began < 10, "stop: one that does not is killed after the timeout")
    node.same(node.status(stubborn)["exit_code"], 137, "stop: by SIGKILL")
    for container in (polite, stubborn):
        node.cri.RemoveContainer({"container_id": container})
    crashed = pod.start("crash", ["sh", "-c", "echo first; sh -c 'kill -SEGV $$' 2>/dev/null; exit $?"])
    within(10, lambda: node.status(crashed)["state"] == "CONTAINER_EXITED")
    node.same(node.status(crashed)["exit_code"], 139, "crash: the signal is in the exit status")
    again = pod.start("crash", ["sh", "-c", "echo second; sleep 1000"], attempt=1)
    node.same(node.inside(again), HARDENED, "crash: made anew, attempt 1")
    node.like(pod.log("crash"), "^first", "crash: the log of the first attempt")
    node.same(within(5, lambda: pod.log("crash", 1)), "second",
              "crash: the log of the second")
    node.cri.RemoveContainer({"container_id": crashed})
    node.same(node.traces(crashed)[:-1], [], "crash: the first is gone but for its record")
    node.stop(again)


def handlers(node):
    """A RuntimeClass each."""
    with node.pod("plain", handler="") as pod:
        container = pod.start("c")
        node.same(node.inside(container)["NoNewPrivs"], "0", "default handler: runc, as ever")
        node.same(node.audit(container, None), [], "default handler: hardrun has not seen it")
    node.policy({"version": 1, "rules": [{"when": {"handler": "hardrun-restricted"}, "use": "restricted"}]},
                ["hardrun-restricted"])
    with node.pod("strict", handler="hardrun-restricted") as pod:
        line = node.audit(pod.id)[-1]
        node.same((line["profile"], line["handler"]), ("sandbox", "hardrun-restricted"),
                  "handler hardrun-restricted: the sandbox has profile sandbox")
        container = pod.start("c", **context(run_as_user={"value": 1000}))
        node.same(node.audit(container)[-1]["profile"], "restricted", "handler hardrun-restricted")
        wanted = {**HARDENED, **user(1000, 1000, "1000 2000"), **RESTRICTED}
        node.same(node.init(container), wanted, "handler hardrun-restricted: init")
        node.same(node.inside(container), wanted, "handler hardrun-restricted: exec")
        node.like(node.shell(container, "touch /x"), "Read-only",
                  "handler hardrun-restricted: read-only root")
        try:
            pod.start("root")
            node.say(False, "handler hardrun-restricted: root is refused", "it runs")
        except Refused as error:
            node.refused(error, "user", r"process\.user\.uid", r"user\.uids",
                         "handler hardrun-restricted: root is refused")
    node.policy()


def run(node):
    """All of it."""
    node.policy()
    pod = node.pod("life")
    with pod:
        address = sandbox(node, pod)
        server, client = pod.start("server", SERVER), pod.start("client")
        for name, container in (("server", server), ("client", client)):
            workload(node, pod, container, name)
        network(node, pod, client, address)
        executes(node, client)
        attaches(node, pod)
        logs(node, pod)
        limits(node, pod)
        ends(node, pod)
        node.stop(client)
        node.same(node.status(server)["state"], "CONTAINER_RUNNING", "the other container runs on")
    handlers(node)
    node.clean("life")
