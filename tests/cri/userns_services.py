# SPDX-License-Identifier: Apache-2.0
"""Services of Debian's packages, unchanged, in mapped pods: nginx on port 80, redis, postgres; asked
from the node, their data owned on disk as their packages say."""

import contextlib
import os
import socket
import stat
import urllib.request

from node import lines, within
from userns import base_of, each, gone, guarded, host_fs, owner, pid_of, policy

POSTGRES = ["sh", "-c", "exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/*/main "
            "-c config_file=$(echo /etc/postgresql/*/main/postgresql.conf) -c listen_addresses='*' "
            "-c unix_socket_directories=/tmp"]  # that below /run is made by systemd-tmpfiles
REDIS = ["redis-server", "/etc/redis/redis.conf", "--daemonize", "no", "--bind", "0.0.0.0",
         "--protected-mode", "no"]


def talk(address, port, request):
    """What a port answers, or nothing."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(request)
        return connection.recv(4096)
    return b""


def fetched(address):
    """A page of nginx's."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{address}/", timeout=5) as answer:
        return answer.read().decode()
    return ""


def users(pid):
    """Of a process and its children: real ids on the host."""
    found = set()
    for number in filter(str.isdigit, os.listdir("/proc")):
        status = dict(line.split(":", 1) for line in lines(f"/proc/{number}/status") if ":" in line)
        if status and str(pid) in (number, status["PPid"].strip()):
            found.add(int(status["Uid"].split()[0]))
    return sorted(found)


def ids_in(disk_or_root, name):
    """Uid and gid of a user of the image."""
    for line in lines(disk_or_root + "/etc/passwd"):
        words = line.split(":")
        if words[0] == name:
            return int(words[2]), int(words[3])
    return None


def nginx(node, name, pod, address):
    """The master as root, workers as www-data."""
    container = pod.start("nginx", ["nginx", "-g", "daemon off;"])
    node.like(within(10, lambda: fetched(address)) or node.shell(container, "cat /var/log/nginx/error.log"),
              "Welcome to nginx",
              f"{name}: nginx answers on port 80")
    pid = pid_of(node, container)
    base = base_of(pid)
    node.same(users(pid), [base, base + 33],
              f"{name}: nginx: the master is {base} outside, the workers www-data of that range")
    node.same([node.exec(container, "curl", "-fsS", "-o", "/dev/null",
                         "http://localhost/")[0] for _ in range(20)], [0] * 20,
              f"{name}: nginx: twenty requests from inside")
    node.same(owner(host_fs(node, container) + "/var/log/nginx/access.log")[0] in (0, 33), True,
              f"{name}: nginx: its log on disk")
    node.stop(container, 10)


def redis(node, name, pod, address):
    """As its own user, with its data."""
    container = pod.start("redis", REDIS, linux={"security_context": {"run_as_username": "redis"}})
    node.like(str(within(10, lambda: talk(address, 6379, b"SET key value\r\nGET key\r\nSAVE\r\nPING\r\n")) or
                  node.shell(container, "tail -n 20 /var/log/redis/*")), r"OK",
              f"{name}: redis answers on port 6379")
    node.same(node.shell(container,
                         "redis-cli get key; redis-cli save; redis-cli bgrewriteaof >/dev/null; id -un").split(),
              ["value", "OK", "redis"], f"{name}: redis keeps and saves")
    who = ids_in(f"/proc/{pid_of(node, container)}/root", "redis")
    node.same(owner(host_fs(node, container) + "/var/lib/redis/dump.rdb"), who,
              f"{name}: redis: its data on disk is redis's")
    node.stop(container, 10)


def postgres(node, name, pod, address):
    """As its own user, in one more group, with the cluster that its package made."""
    container = pod.start("postgres", POSTGRES, linux={"security_context": {"run_as_username": "postgres"}})
    node.like(str(within(20, lambda: talk(address, 5432,
                                          b"\0\0\0\x08\x04\xd2\x16\x2f")) or pod.log("postgres")),
              "^b'[SN]'$",
              f"{name}: postgres answers on port 5432")
    node.like(node.shell(container,
                         "psql -h /tmp -qAtc 'create table t as select n, md5(n::text) s from generate_series(1, 20000) n' "
                                    "-c 'checkpoint' -c 'select count(*), max(s) from t'"), r"^20000\|fff",
              f"{name}: postgres makes a table")
    node.same(node.shell(container,
                         "psql -h /tmp -qAtc 'select sum(n) from t'; stat -c %U /var/lib/postgresql/*/main"),
              "200010000\npostgres", f"{name}: postgres: and reads it")
    who = ids_in(f"/proc/{pid_of(node, container)}/root", "postgres")
    disk = host_fs(node, container) + "/var/lib/postgresql"
    found = {owner(os.path.join(path, file)) for path, _, files in os.walk(disk) for file in files
             if not stat.S_ISCHR(os.lstat(os.path.join(path, file)).st_mode)}  # what it removed
    node.same(found, {who}, f"{name}: postgres: its data on disk is postgres's")
    node.stop(container, 20)


def run(node):
    """All three in one pod, on each runtime."""
    if os.environ.get("HR_CRI_NO_SERVICES"):
        node.skip("services", os.environ["HR_CRI_NO_SERVICES"])
        return

    def services(handler, name):
        with node.pod("services", handler=handler) as pod:
            address = node.cri.PodSandboxStatus({"pod_sandbox_id": pod.id})["status"]["network"]["ip"]
            for work in nginx, redis, postgres:
                guarded(node, f"{name}: {work.__name__}", work, node, name, pod, address)
        gone(node, name, handler)

    policy(node)
    node.image += "-services"
    each(node, "services", services)
    node.policy()
