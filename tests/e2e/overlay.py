#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mounts that mount(8) cannot make, and what a tree holds.

overlay.py mount SOURCE POINT FLAGS DATA     mount(2) of an overlay, from the working directory
overlay.py fsmount POINT NAME=VALUE...       the same with fsconfig(2), one call an option
overlay.py setcap FILE                       file capabilities
overlay.py tree DIRECTORY                    a line an entry: all that rebuilding must keep
"""
import ctypes
import hashlib
import os
import stat
import sys

libc = ctypes.CDLL(None, use_errno=True)
FSOPEN, FSCONFIG, FSMOUNT, MOVE_MOUNT = 430, 431, 432, 429
SET_FLAG, SET_STRING, CREATE = 0, 1, 6


def checked(result, what):
    if result < 0:
        sys.exit("%s: %s" % (what, os.strerror(ctypes.get_errno())))
    return result


def mount(source, point, flags, data):
    checked(libc.mount(source.encode(), os.fsencode(point), b"overlay",
                       ctypes.c_ulong(int(flags, 0)), os.fsencode(data)), "mount")


def fsmount(point, *options):
    fs = checked(libc.syscall(FSOPEN, b"overlay", 0), "fsopen")
    for option in options:
        name, equals, value = option.partition("=")
        checked(libc.syscall(FSCONFIG, fs, SET_STRING if equals else SET_FLAG, name.encode(),
                             os.fsencode(value) if equals else None, 0), option)
    checked(libc.syscall(FSCONFIG, fs, CREATE, None, None, 0), "create")
    fd = checked(libc.syscall(FSMOUNT, fs, 0, 0), "fsmount")
    checked(libc.syscall(MOVE_MOUNT, fd, b"", -100, os.fsencode(point), 4), "move_mount")


def setcap(path):
    os.setxattr(path, "security.capability",
                bytes.fromhex("0100000200200000000000000000000000000000"))


def describe(path, name):
    st = os.lstat(path)
    words = [repr(name), oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink, st.st_ino, st.st_rdev,
             st.st_mtime_ns]
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            words += [st.st_size, hashlib.sha256(file.read()).hexdigest()[:16]]
    if stat.S_ISLNK(st.st_mode):
        words.append(repr(os.readlink(path)))
    for attribute in sorted(os.listxattr(path, follow_symlinks=False)):
        words += [attribute, os.getxattr(path, attribute, follow_symlinks=False).hex()]
    return " ".join(map(str, words))


def tree(directory):
    lines = [describe(directory, ".")]
    for at, directories, files in os.walk(directory):
        for name in directories + files:
            path = os.path.join(at, name)
            lines.append(describe(path, os.path.relpath(path, directory)))
    print("\n".join(sorted(lines)))


{"mount": mount, "fsmount": fsmount, "setcap": setcap, "tree": tree}[sys.argv[1]](*sys.argv[2:])
