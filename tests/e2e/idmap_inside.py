# SPDX-License-Identifier: Apache-2.0
"""What a container does with its root file system, descriptor 3: run by idmap.sh as its root, and
as the host's for comparison. Prints what went wrong."""
import os
import shutil

os.fchdir(3)
os.chroot(".")
wrong = []


def attempt(name, *args):
    try:
        return name(*args)
    except OSError as error:
        wrong.append("%s%r: %s" % (name.__name__, args, error.strerror))


def make(path, owner, mode=0o644):
    with open(path, "w") as file:
        file.write("new")
    os.chown(path, *owner)
    os.chmod(path, mode)


for path, owner in ("own-1", (1000, 33)), ("kept", (33, 33)), ("same", (0, 0)), (".", (0, 0)):
    st = os.stat(path)
    if (st.st_uid, st.st_gid) != owner:
        wrong.append("%s is %d:%d's" % (path, st.st_uid, st.st_gid))
attempt(os.unlink, "gone")
attempt(shutil.rmtree, "gone-dir")
attempt(shutil.rmtree, "new-dir")
attempt(os.mkdir, "new-dir")
attempt(make, "new-dir/new", (0, 0))
attempt(make, "user", (1000, 1000), 0o600)
attempt(make, "setuid", (0, 33), 0o6755)
attempt(os.link, "linked", "link")
attempt(os.symlink, "same", "symlink")
attempt(os.mkfifo, "fifo")
attempt(os.chmod, "kept", 0o1777)
attempt(os.chown, "kept/x", 65535, 65535)
attempt(os.rename, "dir/in-1", "dir/moved")
attempt(os.setxattr, "own-1", "user.a", b"b")
attempt(os.setxattr, "same", "security.capability",
        bytes.fromhex("0100000200200000000000000000000000000000"))
with open("dir/own-append", "a") as file:
    file.write("more")
print("\n".join(wrong))
