#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Documents of the runtime-spec, as the kubelet and containerd would make them of manifests.

documents.py pod RECORDED PID           config.json of the container of pod.yaml: RECORDED (a case of
                                        tests/calls) changed as far as the pod asks for something
                                        else; joins the namespaces of PID
documents.py daemonset NAME ROOTFS HOST POLICY RECORDED [NAME=VALUE...]
                                        config.json of the container of a DaemonSet, with the
                                        node's root HOST and the ConfigMap POLICY mounted;
                                        seccomp is that of RECORDED
documents.py data CONFIGMAP KEY         a value of a ConfigMap
"""

import json
import os
import pathlib
import re
import sys

import yaml

HERE = pathlib.Path(os.environ.get("HR_TEST_SRCDIR", ".")).resolve() / "contrib/kubernetes"
UNITS = {"": 1, "m": 0.001, "Ki": 1 << 10, "Mi": 1 << 20}


def find(kind, name):
    for path in sorted(HERE.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == kind and document["metadata"]["name"] == name:
                return document
    sys.exit(f"documents.py: there is no {kind} {name}")


def number(quantity):
    value, unit = re.fullmatch(r"([0-9.]+)(.*)", quantity).groups()
    return float(value) * UNITS[unit]


def pod(recorded, pid):
    document = json.loads(pathlib.Path(recorded).read_text())
    manifest = find("Pod", "hardened")
    whole, container = manifest["spec"]["securityContext"], manifest["spec"]["containers"][0]
    own, process = container["securityContext"], document["process"]
    process["user"] = {
        "uid": whole["runAsUser"],
        "gid": whole["runAsGroup"],
        "additionalGids": sorted({whole["runAsGroup"], whole["fsGroup"]}),
    }
    process["args"] = container["command"]
    process["noNewPrivileges"] = not own["allowPrivilegeEscalation"]
    if own["capabilities"] == {"drop": ["ALL"]}:
        process["capabilities"] = {}
    document["root"]["readonly"] = own["readOnlyRootFilesystem"]
    limits, resources = container["resources"]["limits"], document["linux"]["resources"]
    resources["memory"]["limit"] = int(number(limits["memory"]))
    resources["cpu"].update(quota=int(number(limits["cpu"]) * 100000), period=100000)
    for namespace in document["linux"]["namespaces"]:
        if "path" in namespace:
            namespace["path"] = f"/proc/{pid}/ns/{namespace['path'].split('/')[-1]}"
    notes = {k: v for k, v in document["annotations"].items() if k.startswith("io.kubernetes.cri.")}
    notes["io.kubernetes.cri.sandbox-namespace"] = manifest["metadata"]["namespace"]
    notes["io.kubernetes.cri.sandbox-name"] = manifest["metadata"]["name"]
    notes["io.kubernetes.cri.container-name"] = container["name"]
    document["annotations"] = notes
    volumes = f"/var/lib/kubelet/pods/{notes['io.kubernetes.cri.sandbox-uid']}/volumes"
    for mount in container["volumeMounts"]:
        bind(document, f"{volumes}/kubernetes.io~empty-dir/{mount['name']}", mount["mountPath"], "rw")
    return document


def bind(document, source, destination, *options):
    mount = {"destination": destination, "type": "bind", "source": source}
    document["mounts"].append({**mount, "options": ["rbind", "rprivate", *options]})


PLAIN = [  # what every container gets
    ("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
]


def daemonset(name, rootfs, host, policy, recorded, *variables):
    spec = find("DaemonSet", name)["spec"]["template"]["spec"]
    container = spec["containers"][0]
    context = container["securityContext"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    env = dict(variable.split("=", 1) for variable in variables)
    for source in container["envFrom"]:
        env = {**find("ConfigMap", source["configMapRef"]["name"])["data"], **env}
    added = [f"CAP_{one}" for one in context["capabilities"]["add"]]
    document = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": context["runAsUser"], "gid": context["runAsGroup"]},
            "args": container["command"],
            "env": ["PATH=/usr/local/bin:/usr/bin:/bin"] + [f"{k}={v}" for k, v in env.items()],
            "cwd": "/",
            "noNewPrivileges": not context["allowPrivilegeEscalation"],
            "capabilities": {kind: added for kind in ("bounding", "effective", "permitted")},
        },
        "root": {"path": rootfs, "readonly": context["readOnlyRootFilesystem"]},
        "mounts": [dict(zip(("destination", "type", "source", "options"), mount)) for mount in PLAIN],
        "linux": {
            "namespaces": [{"type": one} for one in ("pid", "ipc", "uts", "mount", "network")],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
        },
    }
    if context["seccompProfile"]["type"] == "RuntimeDefault":
        document["linux"]["seccomp"] = json.loads(pathlib.Path(recorded).read_text())["linux"]["seccomp"]
    for mount in container["volumeMounts"]:
        volume, where = volumes[mount["name"]], mount["mountPath"]
        if "emptyDir" in volume:
            tmpfs = {"destination": where, "type": "tmpfs", "source": "tmpfs"}
            document["mounts"].append({**tmpfs, "options": ["mode=755", "size=1m"]})
        else:
            source = host if "hostPath" in volume else policy
            bind(document, source, where, "ro" if mount.get("readOnly") else "rw")
            if mount.get("mountPropagation") == "HostToContainer":
                document["mounts"][-1]["options"][1] = "rslave"
    return document


def main(what, *words):
    if what == "data":
        sys.stdout.write(find("ConfigMap", words[0])["data"][words[1]])
    else:
        print(json.dumps({"pod": pod, "daemonset": daemonset}[what](*words)))


main(*sys.argv[1:])
