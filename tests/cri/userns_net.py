# SPDX-License-Identifier: Apache-2.0
"""The network of mapped pods, whose namespace CNI made: low ports, ping, /sys, settings."""

import urllib.request

from node import lines, within
from userns import base_of, each, findings, gone, guarded, pid_of, policy, user

SERVER = ["sh", "-c", "mkdir /all/w; id -u >/all/w/index.html; exec httpd -f -p 80 -h /all/w"]
TIME = "net.ipv4.tcp_keepalive_time"


def serves(node, name, pod, who, more):
    """Port 80, as that user; asked from the node and from the pod itself."""
    status = node.cri.PodSandboxStatus({"pod_sandbox_id": pod.id})["status"]
    url = f"http://{status['network']['ip']}/"
    container = pod.start("web-" + who, SERVER, **more)

    def asked():
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode().strip()
        except OSError as error:
            return error if node.status(container)["state"] != "CONTAINER_RUNNING" else None

    uid = str(more["linux"]["security_context"]["run_as_user"]["value"]) if more else "0"
    node.same(within(5, asked), uid, f"{name}: {who} listens on port 80, and the node reaches it")
    node.same(node.shell(container, "wget -qO- http://127.0.0.1/"), uid, f"{name}: {who}: so does the pod")
    gateway = node.shell(container, "ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p'")
    for address in ("127.0.0.1", gateway):
        node.same(node.shell(container, f"plain {address}"), "answered",
                  f"{name}: {who} pings {'itself' if address != gateway else 'the node'}")
    node.stop(container)


def sysfs(node, name, pod):
    """What /sys shows, and that nothing of it can be changed."""
    container = pod.start("sys")
    node.same(node.shell(container, "ls /sys/class/net").split(), ["eth0", "lo"],
              f"{name}: /sys has the pod's interfaces alone")
    node.like(node.shell(container, "grep ' /sys ' /proc/self/mountinfo"),
              r" / /sys ro,nosuid,nodev,noexec\S* .*- sysfs ",
              f"{name}: /sys is a read-only sysfs")
    node.same(node.shell(container,
                         "for i in /sys/class/net/eth0/mtu /sys/class/net/lo/mtu /sys/kernel/profiling; do "
                                    "echo 1400 >$i; done 2>&1 | grep -vcE 'denied|Read-only|nonexistent'"),
              "0",
              f"{name}: nothing below /sys can be written")
    node.like(node.shell(container, "mount -o remount,rw /sys; umount /sys; echo $?"),
              r"(denied|not permitted).*1$",
              f"{name}: nor mounted otherwise")
    node.like(node.shell(container, "ip link set eth0 mtu 1400; ip link set eth0 down; echo $?"),
              r"not (permitted|implemented).*[1-9]$",
              f"{name}: interfaces cannot be changed")
    node.like(node.shell(container, "ls /sys/fs/cgroup; head -c 20 /proc/self/cgroup"), r"\w",
              f"{name}: cgroups are to be seen")
    node.stop(container)


def settings(node, handler, name):
    """What the pod asks for is set, from outside, and on the host nothing is."""
    before = {key: lines("/proc/sys/" + key.replace(".", "/")) for key in (TIME,
                                                                           "net.ipv4.ip_unprivileged_port_start",
                                                                         "net.ipv4.ping_group_range")}
    asked = {TIME: "1234", "kernel.shm_rmid_forced": "1"}
    with node.pod("settings", handler=handler, linux={"sysctls": asked}) as pod:
        container = pod.start("c")
        base = base_of(pid_of(node, container))
        node.same(node.shell(container,
                             "cd /proc/sys; cat net/ipv4/tcp_keepalive_time kernel/shm_rmid_forced "
                                        "net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range").split(),
                  ["1234", "1", "0", "0", "65535"],
                  f"{name}: the pod's settings, and those for ports and ping")
        node.like(node.shell(container, "echo 1 >/proc/sys/net/ipv4/tcp_keepalive_time"), "Read-only|denied",
                  f"{name}: it cannot change them")
        dropped = [entry["path"] for entry in findings(node, pod.id) if entry["action"] == "drop"]
        node.say(any(TIME in path for path in dropped) and base,
                 f"{name}: the audit log says that they are set from outside",
                 dropped)
    with node.pod("ports", handler=handler, linux={"sysctls": {"net.ipv4.ip_unprivileged_port_start": "1024",
                                                               "net.ipv4.ping_group_range": "1 0"}}) as pod:
        container = pod.start("c", **user(1000))
        node.same(node.shell(container, "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), "1024",
                  f"{name}: what a pod asks for itself is left")
        node.like(node.shell(container, "timeout 1 nc -l -p 80"), "denied",
                  f"{name}: and holds: no port 80 for uid 1000")
        node.like(node.shell(container, "plain 127.0.0.1"), "^no socket: Permission denied",
                  f"{name}: and no ping")
    node.same({key: lines("/proc/sys/" + key.replace(".", "/")) for key in before}, before,
              f"{name}: the host's own settings are as before")


def run(node):
    """On each runtime."""
    def network(handler, name):
        with node.pod("net", handler=handler) as pod:
            for who, more in (("root", {}), ("app", user(1000))):
                guarded(node, f"{name}: {who} serves", serves, node, name, pod, who, more)
            guarded(node, f"{name}: /sys", sysfs, node, name, pod)
        guarded(node, f"{name}: settings", settings, node, handler, name)
        gone(node, name, handler)

    policy(node)
    each(node, "network", network)
    node.policy()
