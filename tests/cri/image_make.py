#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: image_make.py REGISTRY DIR    (REGISTRY: HOST:PORT, plain HTTP)

Makes images of the machine's static busybox, each with a layer of its own (/etc/who says which it
is), pushes them, and writes DIR/images.json: NAME -> {ref, repo, manifest, index, config, chain}.
DIR/NAME.tar is an archive for `ctr images import` of those that are imported."""

import gzip
import hashlib
import http.client
import io
import json
import os
import platform
import subprocess
import sys
import tarfile

TYPE = "application/vnd.oci.image."
HOST = "registry.local"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER_ARCH = "arm64" if ARCH == "amd64" else "amd64"
IMPORTED_AS = f"{HOST}/pay/imported:v1"


def digest(data):
    """sha256:HEX"""
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """Blobs and manifests go in by the registry's HTTP API."""

    def __init__(self, where):
        self.where = where

    def ask(self, method, path, body=b"", kind="application/octet-stream"):
        """One request: the answer's headers."""
        connection = http.client.HTTPConnection(self.where, timeout=20)
        connection.request(method, path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise OSError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return answer.headers

    def blob(self, repo, data):
        """Any bytes."""
        place = self.ask("POST", f"/v2/{repo}/blobs/uploads/")["Location"]
        path = place[place.index("/v2/"):]
        self.ask("PUT", f"{path}{'&' if '?' in path else '?'}digest={digest(data)}", data)

    def manifest(self, repo, name, data):
        """A manifest or index, by tag or digest."""
        self.ask("PUT", f"/v2/{repo}/manifests/{name}", data, json.loads(data)["mediaType"])


def layer(files, links=()):
    """The same bytes each time: (tar, gzip of it). Files: {path: (mode, content)}, a directory
    when the content is None."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, (mode, content) in files.items():
            info = tarfile.TarInfo(path)
            info.mode, info.size = mode, len(content or b"")
            if content is None:
                info.type = tarfile.DIRTYPE
            tar.addfile(info, io.BytesIO(content or b""))
        for path, target in links:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return out.getvalue(), gzip.compress(out.getvalue(), 1, mtime=0)


def base():
    """busybox and what a container needs beside it."""
    with open(subprocess.run(["sh", "-c", "command -v busybox"], check=True, capture_output=True,
                             text=True).stdout.strip(), "rb") as file:
        busybox = file.read()
    applets = subprocess.run(["busybox", "--list"], check=True, capture_output=True, text=True).stdout
    files = {path: (0o755, None) for path in ("bin", "dev", "etc", "proc", "sys")}
    files |= {"tmp": (0o1777, None), "bin/busybox": (0o755, busybox),
              "etc/passwd": (0o644, b"root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n"),
              "etc/group": (0o644, b"root:x:0:\napp:x:1000:\n")}
    return layer(files, [(f"bin/{name}", "busybox") for name in applets.split() if name != "busybox"])


class Image:
    """One manifest with its blobs."""

    def __init__(self, layers, command="/bin/sh", user="", arch=ARCH):
        self.layers = layers
        self.config = json.dumps({
            "architecture": arch, "os": "linux",
            "config": {"Env": ["PATH=/bin"], "Cmd": [command], "User": user},
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar, _ in layers]}}).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json",
            "config": {"mediaType": TYPE + "config.v1+json", "digest": digest(self.config),
                       "size": len(self.config)},
            "layers": [{"mediaType": TYPE + "layer.v1.tar+gzip", "digest": digest(packed),
                        "size": len(packed)} for _, packed in layers]}).encode()
        self.descriptor = {"mediaType": TYPE + "manifest.v1+json", "digest": digest(self.manifest),
                           "size": len(self.manifest), "platform": {"architecture": arch, "os": "linux"}}

    def chain(self):
        """The chain ID of all layers."""
        diffs = [digest(tar) for tar, _ in self.layers]
        name = diffs[0]
        for diff in diffs[1:]:
            name = digest(f"{name} {diff}".encode())
        return name

    def push(self, registry, repo, name):
        """Blobs first."""
        for data in [packed for _, packed in self.layers] + [self.config]:
            registry.blob(repo, data)
        registry.manifest(repo, name, self.manifest)

    def archive(self, path, name):
        """An OCI layout in a tar file, with a name for containerd."""
        with tarfile.open(path, "w") as tar:
            def add(path, data):
                info = tarfile.TarInfo(path)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            for data in [packed for _, packed in self.layers] + [self.config, self.manifest]:
                add("blobs/sha256/" + digest(data)[7:], data)
            add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            add("index.json", json.dumps({"schemaVersion": 2, "manifests": [
                {**self.descriptor, "annotations": {"io.containerd.image.name": name}}]}).encode())


def index_of(images):
    """An index that lists them."""
    return json.dumps({"schemaVersion": 2, "mediaType": TYPE + "index.v1+json",
                       "manifests": [image.descriptor for image in images]}).encode()


class Maker:
    """All images of the test."""

    def __init__(self, where, folder):
        self.registry, self.folder, self.made = Registry(where), folder, {}
        self.base = base()

    def image(self, who, **more):
        """With a second layer that only this one has."""
        return Image([self.base, layer({"etc/who": (0o644, f"{who}\n".encode())})], **more)

    def push(self, name, repo, image, tag="v1", index=None):
        """Pushes it as REPO:TAG and notes it as NAME."""
        image.push(self.registry, repo, digest(image.manifest) if index else tag)
        if index:
            self.registry.manifest(repo, tag, index)
        self.made[name] = {
            "ref": f"{HOST}/{repo}:{tag}", "repo": f"{HOST}/{repo}", "manifest": digest(image.manifest),
            "index": digest(index) if index else None, "config": digest(image.config),
            "chain": image.chain(),
            "size": len(image.manifest)}

    def multi(self, name, repo):
        """An index of this machine's platform and another one."""
        own, other = self.image(name), self.image(name + "-other", arch=OTHER_ARCH)
        other.push(self.registry, repo, digest(other.manifest))
        self.push(name, repo, own, index=index_of([own, other]))

    def all(self):
        """See image_setup.sh for who signs what."""
        for name in ("app", "bundle", "plain", "unsigned", "wrong", "denied", "listed", "annotated",
                     "tampered", "gone", "native", "many", "fetched"):
            self.push(name, "pay/" + name, self.image(name))
        self.push("user", "pay/user", self.image("user", user="1000:1000"))
        self.push("single", "pay/single", Image([self.base]))
        for name in ("index", "platform", "bundle-index"):
            self.multi(name, "pay/" + name)
        copied = self.image("copied")
        self.push("copied", "pay/copied", copied)
        self.push("original", "other/original", copied)
        self.push("free", "free/tool", self.image("free"))
        # The layers of a signed one, and another command.
        app = self.image("app")
        self.push("command", "pay/command", Image(app.layers, "/bin/hostile"))
        # Two images that one tag has had.
        for number in ("1", "2"):
            self.push("mut" + number, "pay/mut", self.image("mut" + number), "v" + number)
        for number in range(6):
            self.push(f"many{number}", "pay/many", self.image(f"many{number}"), f"v{number}")
        self.push("pause", "pause", Image([self.base, layer({"etc/who": (0o644, b"pause\n")})],
                                          "/bin/pause"))
        self.image("imported").archive(f"{self.folder}/imported.tar", IMPORTED_AS)
        with open(f"{self.folder}/images.json", "w", encoding="utf-8") as file:
            json.dump(self.made, file, indent=1)


if __name__ == "__main__":
    Maker(*sys.argv[1:3]).all()
