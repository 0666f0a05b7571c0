# SPDX-License-Identifier: Apache-2.0
"""Volumes as the kubelet makes them, in mapped pods: readable and writable as without a user
namespace, and unshifted on disk; those that cannot be mapped are named."""

import glob
import os
import subprocess

from client import Refused
from node import lines
from userns import (KUBELET, TMPFS, base_of, each, everywhere, findings, forget, gone, guarded, owner, pid_of,
                    policy, refused, user, volume)


def mount(kind, path, *options):
    """One of the kubelet's."""
    subprocess.run(["mount", "-t", kind, *options, "hr-volume", path], check=True)


def put(path, text, mode=0o644, uid=0, gid=0):
    """A file."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def payload(path, mode, gid=0):
    """As the kubelet's atomic writer leaves it: links to a directory of that moment."""
    now = path + "/..2026_01_01_00_00_00.1"
    os.makedirs(now, exist_ok=True)
    put(now + "/key", "value", mode, 0, gid)
    os.symlink(os.path.basename(now), path + "/..data")
    os.symlink("..data/key", path + "/key")


def made(pod):
    """All kinds for one pod: where they are on the host, and how they are mounted."""
    paths, mounts = {}, []

    def add(name, kind, where, **more):
        paths[name], entry = volume(pod, kind, name, where, **more)
        mounts.append(entry)
        return paths[name]

    os.chmod(add("cache", "empty-dir", "/cache"), 0o777)
    group = add("group", "empty-dir", "/group")
    os.chown(group, 0, 2000)
    os.chmod(group, 0o2775)
    memory = add("memory", "empty-dir", "/memory")
    secret = add("secret", "secret", "/secret", readonly=True)
    shared = add("shared", "projected", "/shared", readonly=True)
    for path in (memory, secret, shared) if TMPFS else ():
        mount("tmpfs", path, "-o", "mode=755")
    os.chmod(memory, 0o777)
    payload(secret, 0o600)
    payload(shared, 0o440, 2000)
    payload(add("config", "configmap", "/config", readonly=True), 0o644)
    data = add("data", "empty-dir", "/data")
    os.makedirs(data + "/sub")
    os.chmod(data + "/sub", 0o777)
    put(data + "/file", "file", 0o666)
    for number, name in enumerate(("sub", "file")):
        path = f"{KUBELET}/{pod.uid}/volume-subpaths/data/c/{number}"
        os.makedirs(path if name == "sub" else os.path.dirname(path), exist_ok=True)
        if name == "file":
            put(path, "")
        subprocess.run(["mount", "--bind", f"{data}/{name}", path], check=True)
        mounts.append({"host_path": path, "container_path": "/sub" + name})
    put(f"{KUBELET}/{pod.uid}/etc-hosts", "127.0.0.1 localhost")
    mounts.append({"host_path": f"{KUBELET}/{pod.uid}/etc-hosts", "container_path": "/etc/hosts"})
    os.makedirs(f"{KUBELET}/{pod.uid}/containers/c", exist_ok=True)
    put(f"{KUBELET}/{pod.uid}/containers/c/12345678", "", 0o666)
    mounts.append({"host_path": f"{KUBELET}/{pod.uid}/containers/c/12345678",
                   "container_path": "/dev/termination-log"})
    return paths, mounts


def as_root(node, name, pod, paths, mounts):
    """Root reads and writes all of it."""
    container = pod.start("c", mounts=mounts)
    node.same(node.shell(container, "cat /secret/key /shared/key /config/key /subfile; stat -Lc %u:%g:%a "
                                    "/secret/key /shared/key /config/key /cache /group").split(),
              "value value value file 0:0:600 0:2000:440 0:0:644 0:0:777 0:2000:2775".split(),
              f"{name}: root reads secret, projected, config map, subPath; owners as on disk")
    node.same(node.shell(container,
                         "for i in cache group memory subsub data; do for u in root app www-data; do "
                                    "su $u -c \"touch /$i/$u\" 2>/dev/null; done; done; chown 33:1000 /cache/root; "
                                    "echo x >>/subfile; echo host >>/etc/hosts; echo why >/dev/termination-log; "
                                    "touch /secret/x 2>&1 | grep -o Read-only; echo done"),
              "Read-only\ndone", f"{name}: and writes what may be written")
    node.same([owner(paths["cache"] + "/" + who) for who in ("root", "app", "www-data")],
              [(33, 1000), (1000, 1000), (33, 33)], f"{name}: emptyDir on disk: 0, 1000, 33 are themselves")
    node.same([owner(paths["memory"] + "/" + who) for who in ("root", "app", "www-data")],
              [(0, 0), (1000, 1000), (33, 33)], f"{name}: emptyDir in memory, too")
    node.same([owner(paths["data"] + "/sub/" + who) for who in ("root", "app", "www-data")],
              [(0, 0), (1000, 1000), (33, 33)], f"{name}: subPath, a directory")
    node.same(owner(paths["group"] + "/root"), (0, 2000), f"{name}: a set-group-ID directory counts")
    node.same((lines(paths["data"] + "/file"), lines(f"{KUBELET}/{pod.uid}/etc-hosts"),
               lines(f"{KUBELET}/{pod.uid}/containers/c/12345678")),
              (["file", "x"], ["127.0.0.1 localhost", "host"], ["why"]),
              f"{name}: subPath of a file, /etc/hosts, the termination log are written")
    engine(node, name, pod, container)
    node.stop(container)


def engine(node, name, pod, container):
    """What containerd itself mounts."""
    node.same(node.shell(container,
                         "stat -c %u:%g /etc/resolv.conf /etc/hostname; cat /etc/hostname").split(),
              ["0:0", "0:0", "volumes"], f"{name}: resolv.conf and hostname")
    node.same(node.shell(container, "echo x >/dev/shm/root; su app -c 'echo y >/dev/shm/app'; "
                                    "stat -c %u:%g /dev/shm/root /dev/shm/app").split(),
              ["0:0", "1000:1000"], f"{name}: /dev/shm is written by two users")
    shm = f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{pod.id}/shm"
    base = 0 if TMPFS else base_of(pid_of(node, container))
    node.same((owner(shm + "/root"), owner(shm + "/app")), ((base,) * 2, (base + 1000,) * 2),
              f"{name}: {'which are themselves outside' if TMPFS else 'which dies with the pod, and is not mapped'}")
    node.like(node.shell(container, "grep ' /dev/shm ' /proc/mounts"), r"nosuid,nodev,noexec",
              f"{name}: with its flags")
    node.like(node.shell(container, "mount -o remount,exec,suid,dev /dev/shm; umount /secret; echo $?"),
              r"(not permitted|denied).*[1-9]$", f"{name}: which cannot be taken away")


def as_user(node, name, pod, paths, mounts):
    """Uid 1000 with the pod's group."""
    container = pod.start("c", attempt=1, mounts=mounts, **user(1000, 1000, supplemental_groups=[2000]))
    node.like(node.shell(container, "cat /secret/key; cat /shared/key /config/key"),
              r"denied\nvalue\nvalue$", f"{name}: uid 1000 reads what its groups may, and no more")
    node.same(node.shell(container,
                         "id -G; for i in cache group memory subsub; do touch /$i/u; done; stat -c %u:%g /group/u; "
                                    "echo bye >/dev/termination-log && echo done").split(),
              "1000 2000 1000:2000 done".split(), f"{name}: and writes")
    node.same([owner(f"{paths[name_]}/u") for name_ in ("cache", "group", "memory")],
              [(1000, 1000), (1000, 2000), (1000, 1000)], f"{name}: as itself on disk")
    node.stop(container)


def again(node, name, handler):
    """The volumes of a pod live on in another one, whose range is another."""
    pods = [node.pod("first", handler=handler), node.pod("second", handler=handler)]
    path, _ = volume(pods[0], "csi", "disk")
    os.chmod(path, 0o777)
    other, entry = volume(pods[1], "csi", "disk")
    subprocess.run(["mount", "--bind", path, other], check=True)
    bases = []
    for pod, mounts, wanted in ((pods[0], {"host_path": path, "container_path": "/vol"}, ""),
                                (pods[1], entry, "0:0 1000:1000 33:33")):
        with pod:
            container = pod.start("c", mounts=[mounts])
            bases.append(base_of(pid_of(node, container)))
            said = node.shell(container,
                              "cd /vol; stat -c %u:%g root app www-data 2>/dev/null; for u in root app www-data; "
                                         "do su $u -c \"echo x >>/vol/$u\" || echo failed; done")
            node.same(" ".join(said.split()), wanted,
                      f"{name}: a volume that outlives its pod: {pod.config['metadata']['name']}")
    node.say(bases[0] != bases[1], f"{name}: the pods had other ranges", bases)
    subprocess.run(["umount", other], check=True)


def unfit(node, name, handler):
    """A volume whose file system cannot be mapped; auto runs, and says so."""
    for rule in ("require", "auto"):
        policy(node, rule)
        with node.pod("unfit", handler=handler) as pod:
            path, entry = volume(pod, "csi", "fuse")
            lower = f"{node.work}/unfit"
            for part in "lower", "upper", "work":
                os.makedirs(f"{lower}/{part}", exist_ok=True)
            mount("overlay", path, "-o",
                  f"lowerdir={lower}/lower,upperdir={lower}/upper,workdir={lower}/work")
            if rule == "require":
                container = pod.create("c", mounts=[entry])
                refused(node, lambda c=container: node.cri.StartContainer({"container_id": c}),
                        f"{name}: a volume on overlayfs",
                        r"mounts\[\d+\]\.source \"/var/lib/kubelet/pods/.*overlay.*rule userns\.map")
                node.cri.RemoveContainer({"container_id": container})
            else:
                auto(node, name, pod, entry)
            subprocess.run(["umount", path], check=True)


def tree(node, name, handler):
    """What is mounted below a volume comes with it, or nothing does."""
    with node.pod("tree", handler=handler) as pod:
        path, entry = volume(pod, "csi", "tree")
        os.makedirs(path + "/below")
        mount("overlay", path + "/below", "-o", f"lowerdir={node.work}/bin:{node.work}/cni")
        container = pod.create("tree", mounts=[entry])
        refused(node, lambda: node.cri.StartContainer({"container_id": container}),
                f"{name}: a volume with overlayfs below", r"mounts\[\d+\]\.source.*rule userns\.map")
        node.cri.RemoveContainer({"container_id": container})
        subprocess.run(["umount", path + "/below"], check=True)
        if not TMPFS:
            os.makedirs(path + "/../source", mode=0o777, exist_ok=True)
            os.chmod(path + "/../source", 0o777)
            subprocess.run(["mount", "--bind", path + "/../source", path + "/below"], check=True)
        else:
            mount("tmpfs", path + "/below", "-o", "mode=777")
        container = pod.create("tree", attempt=1, mounts=[entry])
        try:  # crun 1.8 loses what is below a bind mount in any user namespace
            node.cri.StartContainer({"container_id": container})
            if node.same(node.shell(container,
                                    "su app -c 'touch /vol/below/x'; stat -c %u:%g /vol/below/x"),
                         "1000:1000",
                         f"{name}: what is mounted below a volume is mapped with it"):
                node.same(owner(path + "/below/x"), (1000, 1000), f"{name}: and unshifted outside")
        except Refused as error:
            node.like(str(error), r"refused by userns: mounts\[\d+\]\.source.*crun.*rule userns\.map",
                      f"{name}: what is mounted below a volume is refused where the runtime would lose it")
        node.stop(container)
        subprocess.run(["umount", path + "/below"], check=True)


def plain(node, name, handler):
    """A kernel that cannot map a tmpfs: secrets are refused, or, where the policy says so, as they are."""
    if TMPFS:
        node.skip(f"{name}: a tmpfs that cannot be mapped", "this kernel can")
        return
    for rule, more in (("require", None), ("auto", None),
                       ("require", {"userns": {"map": "require", "plain_tmpfs": True}})):
        policy(node, rule, more)
        with node.pod("plain", handler=handler) as pod:
            path, entry = volume(pod, "secret", "plain", "/secret", readonly=True)
            mount("tmpfs", path, "-o", "mode=755")
            payload(path, 0o600)
            put(path + "/open", "open")
            what = f"{name}: a secret on tmpfs, {'plain_tmpfs' if more else rule}"
            container = pod.create("c", mounts=[entry])
            if rule == "require" and not more:
                refused(node, lambda c=container: node.cri.StartContainer({"container_id": c}), what,
                        r"mounts\[\d+\]\.source.*tmpfs.*rule userns\.map")
            else:
                node.cri.StartContainer({"container_id": container})
                node.same(base_of(pid_of(node, container)) is not None, bool(more),
                          f"{what}: {'mapped' if more else 'not mapped'}")
                node.like(node.shell(container, "cat /secret/open /secret/key"),
                          "^open\n.*denied$" if more else "^open\nvalue$", f"{what}: what can be read")
            node.stop(container)
            if more:
                memory, entry = volume(pod, "empty-dir", "memory")
                mount("tmpfs", memory)
                container = pod.create("w", mounts=[entry])
                refused(node, lambda c=container: node.cri.StartContainer({"container_id": c}),
                        f"{what}: an emptyDir in memory, which is written",
                        r"mounts\[\d+\]\.source.*tmpfs.*rule userns\.map")
                node.stop(container)
                subprocess.run(["umount", memory], check=True)
            subprocess.run(["umount", path], check=True)


def auto(node, name, pod, entry):
    """The same where mapping is not demanded: it joins its pod's sandbox no more."""
    node.say(base_of(pid_of(node, pod)) is not None, f"{name}: auto: the sandbox itself is mapped")
    container = pod.start("c", mounts=[entry])
    node.same(base_of(pid_of(node, container)), None,
              f"{name}: auto: a volume on overlayfs: runs with the host's ids")
    said = [found for found in findings(node, container) if found["action"] == "warn"]
    node.like(str(said), r"mounts\[\d+\]\.source.*overlay", f"{name}: auto: the audit log names it")
    node.same(node.exec(container, "touch", "/vol/x")[0], 0, f"{name}: auto: and it works")
    node.stop(container)


def run(node):
    """On each runtime."""
    def volumes(handler, name):
        pod = node.pod("volumes", handler=handler)
        paths, mounts = made(pod)
        before = sorted((path, owner(path)) for path in glob.glob(KUBELET + "/**", recursive=True))
        with pod:
            guarded(node, name + ": volumes of root", as_root, node, name, pod, paths, mounts)
            guarded(node, name + ": volumes of a user", as_user, node, name, pod, paths, mounts)
            node.same([line for line in everywhere(KUBELET) if "hardrun/stage" in line], [],
                      f"{name}: no volume is staged anywhere while the pod runs")
        after = dict((path, owner(path)) for path in glob.glob(KUBELET + "/**", recursive=True))
        node.same([path for path, who in before if after.get(path) != who], [],
                  f"{name}: nothing else was changed on disk")
        for work in again, tree, unfit, plain:
            guarded(node, f"{name}: {work.__name__}", work, node, name, handler)
            policy(node)
        forget()
        gone(node, name, handler)

    policy(node)
    each(node, "volumes", volumes)
    node.policy()
