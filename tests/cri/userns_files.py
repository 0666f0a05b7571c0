# SPDX-License-Identifier: Apache-2.0
"""Files of mapped containers: owners inside and on disk, programs that gain rights, and what uid
0 can do with files of the host."""

import os
import stat
import subprocess

from contexts import hostpath
from node import within
from userns import base_of, each, gone, guarded, host_fs, owner, pid_of, policy, user

WRITES = ("touch /all/0; su app -c 'touch /all/1000; mkdir /all/dir; touch /all/dir/1000'; "
          "su www-data -c 'touch /all/33'; echo x >/all/given; chown 33:1000 /all/given; "
          "su app -c 'ln /all/1000 /all/hard; mv /all/dir /all/moved'; "
          "echo more >>/own/33; rm /own/1000; chmod 4755 /all/0; echo done")
# Path below the writable layer: what it is there, and who owns it.
WRITTEN = {"all/0": (0, 0), "all/1000": (1000, 1000), "all/hard": (1000, 1000), "all/moved": (1000, 1000),
           "all/moved/1000": (1000, 1000), "all/33": (33, 33), "all/given": (33, 1000), "own/33": (33, 33)}
GAINS = {"no_new_privs": {"mode": "off"}, "seccomp": {"mode": "off"}}


def owners(node, name, pod):
    """Unshifted on disk, shifted nowhere inside."""
    container = pod.start("owners")
    node.same(node.shell(container, "stat -c '%u:%g %n' /own/*").split(),
              "0:0 /own/0 1000:1000 /own/1000 33:33 /own/33 65534:65534 /own/70000".split(),
              f"{name}: owners in the image; ids above 65535 are nobody's")
    node.like(node.shell(container, "cat /own/70000"), "Permission denied",
              f"{name}: and not even root reads what nobody may read")
    node.same(node.shell(container, WRITES), "done", f"{name}: files are written as three users")
    node.same(node.shell(container, "cat /own/33; ls /own").split(), "33 more 0 33 70000".split(),
              f"{name}: a file that was changed, one that was removed")
    disk = host_fs(node, container)
    node.same({path: owner(f"{disk}/{path}") for path in WRITTEN}, WRITTEN,
              f"{name}: on disk: owners are unshifted")
    node.same(stat.S_IMODE(os.lstat(f"{disk}/all/0").st_mode), 0o4755, f"{name}: on disk: modes")
    base = base_of(pid_of(node, container))
    rootfs = f"/proc/{pid_of(node, container)}/root"
    node.same([owner(f"{rootfs}/all/{user_}") for user_ in ("0", "1000", "33")],
              [(base + number,) * 2 for number in (0, 1000, 33)],
              f"{name}: through the container: shifted by the range")
    node.stop(container)


def read_only(node, name, pod):
    """readOnlyRootFilesystem stays so, and is not writable by surprise in the other case."""
    container = pod.start("readonly", linux={"security_context": {"readonly_rootfs": True}})
    node.like(node.shell(container, "touch /all/x"), "Read-only", f"{name}: a read-only root file system")
    node.stop(container)


def gains(node, name, handler):
    """Set-user-ID files and file capabilities count, in the container."""
    with node.pod("gains", handler=handler, namespace="gains") as pod:
        container = pod.start("c", **user(1000))
        node.like(node.shell(container, "/bin/plain"), r"^1000 1000 1000 0{16}$", f"{name}: a plain program")
        node.like(node.shell(container, "/bin/setuid"), r"^1000 0 0 0*[1-9a-f]",
                  f"{name}: a set-user-ID program")
        node.like(node.shell(container, "/bin/capable"), r"^1000 1000 1000 0{15}1$",
                  f"{name}: a program with CAP_CHOWN")
        node.same(base_of(pid_of(node, container)), base_of(pid_of(node, pod)),
                  f"{name}: gains are of the pod's namespace")
        node.stop(container)


def host_files():
    """What of the host pods look at: of everybody, of a group, and root's own."""
    os.makedirs("/srv/host", exist_ok=True)
    os.chmod("/srv/host", 0o755)
    for path, mode in (("open", 0o644), ("secret", 0o600), ("all", 0o666)):
        with open("/srv/host/" + path, "w", encoding="utf-8") as file:
            file.write(path + "\n")
        os.chmod("/srv/host/" + path, mode)


LOOK = ("cd /data; stat -c '%u:%g' open; cat open all secret; "
        "for i in open secret new; do echo x >>$i; done; echo y >>all")


def hosts(node, name, handler):
    """Paths of the host: nobody's, unless the policy says idmap."""
    host_files()
    with node.pod("hosts", handler=handler) as pod:
        container = pod.start("listed", **hostpath("/srv/host"))
        said = node.shell(container, LOOK)
        node.like(said, r"^65534:65534\nopen\nall\ncat: can't open 'secret': Permission denied\n",
                  f"{name}: files of the host are nobody's: 0644 can be read, 0600 cannot")
        node.like(said, r"open: Permission denied\n.*secret: Permission denied\n.*new: Permission denied$",
                  f"{name}: none can be written but those that all may write")
        node.same(open("/srv/host/all", encoding="utf-8").read(), "all\ny\n", f"{name}: and that is written")
        node.stop(container)
    host_files()
    os.makedirs("/srv/mapped", exist_ok=True)
    with open("/srv/mapped/secret", "w", encoding="utf-8") as file:
        file.write("secret\n")
    os.chmod("/srv/mapped/secret", 0o600)
    with node.pod("hosts", handler=handler) as pod:
        container = pod.start("idmap", **hostpath("/srv/mapped"))
        node.same(node.shell(container, "cd /data; stat -c %u:%g secret; cat secret; echo x >new; echo done"),
                  "0:0\nsecret\ndone", f"{name}: with idmap root has the host's root's files")
        node.same(owner("/srv/mapped/new"), (0, 0), f"{name}: and makes such")
        node.stop(container)
        container = pod.start("socket", **hostpath("/srv/socket.d/socket")) if listen() else None
        node.say(container and "socket" in node.shell(container, "stat -c %F /data"),
                 f"{name}: a socket of the host is mounted as it is")


def listen():
    """A socket of the host's, where a policy lets one in."""
    import socket  # pylint: disable=import-outside-toplevel
    os.makedirs("/srv/socket.d", exist_ok=True)
    if not os.path.exists("/srv/socket.d/socket"):
        listen.kept = socket.socket(socket.AF_UNIX)
        listen.kept.bind("/srv/socket.d/socket")
    return True


def nobody(node, name, handler):
    """A process of the pod is nobody's on the host, and root inside cannot do what root can."""
    with node.pod("nobody", handler=handler, namespace="gains") as pod:
        everything = {"linux": {"security_context": {"masked_paths": [], "readonly_paths": []}}}
        container = pod.start("c", **everything)
        for what, command, wanted in (
                ("a device", "mknod /all/disk b 254 0", "Operation not permitted"),
                ("a setting of the kernel", "echo x >/proc/sys/kernel/core_pattern",
                 "Permission denied|Read-only"),
                ("a mount of a file system", "mount -t ext4 /dev/vda /mnt", "denied|not permitted|No such"),
                ("ids above its own", "chown 70000 /all", "Invalid argument"),
                ("a name for the host", "hostname other", "not permitted")):
            node.like(node.shell(container, command), wanted, f"{name}: root inside is refused: {what}")
        pid = pid_of(node, container)
        node.same(os.stat(f"/proc/{pid}").st_uid, base_of(pid), f"{name}: /proc/PID belongs to the range")
        node.stop(container)


def ctr(*words):
    """A container that is no pod's, in CRI's namespace: what it says."""
    done = subprocess.run(["ctr", "-n", "k8s.io", *words], check=False, capture_output=True, text=True,
                          timeout=60)
    return done.stdout.strip() if done.returncode == 0 else f"{done.returncode}: {done.stderr.strip()}"


def again(node, name, handler):
    """One snapshot, two ranges: owners stay, inside and on disk."""
    said = ctr("run", "--detach", "--runc-binary", f"{node.work}/bin/{handler}", "--snapshotter",
               os.environ["CONTAINERD_SNAPSHOTTER"], "--cgroup", node.cgroup + "/again", node.image, "again",
               "sleep", "1000")
    if not node.same(said, "", f"{name}: ctr run, a container of no pod"):
        return
    bases, inside, disk = [], [], host_fs(node, "again")
    for attempt in range(2):
        pid = next(line.split()[1] for line in ctr("task", "ls").splitlines() if line.startswith("again "))
        bases.append(base_of(pid))
        if attempt == 0:
            said = ctr("task", "exec", "--exec-id", "w", "again", "sh", "-c", WRITES)
            node.same(said, "done", f"{name}: it writes as three users")
            for words, field in (("70000:0", "uid"), ("0:70000", "gid")):
                node.like(ctr("task", "exec", "--exec-id", field, "--user", words, "again", "true"),
                          rf"hardrun: refused by userns: user\.{field}.*65535.*rule userns\.map",
                          f"{name}: exec: {field} 70000")
        inside.append(ctr("task", "exec", "--exec-id", f"s{attempt}", "again", "sh", "-c",
                          "cd /all; stat -c '%n %u:%g' * moved/*; echo x >>given; cat /own/33"))
        ctr("task", "kill", "--signal", "KILL", "again")
        within(10, lambda: "STOPPED" in ctr("task", "ls"))
        ctr("task", "rm", "again")
        if attempt == 0:
            node.same(ctr("task", "start", "--detach", "again"), "", f"{name}: the snapshot is started again")
    node.say(None not in bases and bases[0] != bases[1], f"{name}: under another range", bases)
    node.same(inside[0], inside[1], f"{name}: and has the same owners")
    node.same({path: owner(f"{disk}/{path}") for path in WRITTEN}, WRITTEN, f"{name}: on disk, too")
    ctr("containers", "rm", "again")


def run(node):
    """On each runtime."""
    def files(handler, name):
        with node.pod("files", handler=handler) as pod:
            guarded(node, name + ": owners", owners, node, name, pod)
            guarded(node, name + ": read-only", read_only, node, name, pod)
        for work in gains, hosts, nobody, again:
            guarded(node, f"{name}: {work.__name__}", work, node, name, handler)
        gone(node, name, handler)

    paths = {"mounts": {"host_paths": [
        {"path": "/srv/host", "read_only": False}, {"path": "/srv/mapped", "read_only": False, "idmap": True},
        {"path": "/srv/socket.d", "sockets": True}]}}
    policy(node, more=paths, gains={"extends": "default", "userns": {"map": "require"}, **GAINS})
    each(node, "files", files)
    node.policy()
