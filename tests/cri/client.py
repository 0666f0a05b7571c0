# SPDX-License-Identifier: Apache-2.0
"""Calls of the Container Runtime Interface with plain dictionaries.

cri = Cri("/run/containerd/containerd.sock")
pod = cri.RunPodSandbox({"config": {...}})["pod_sandbox_id"]

A refused call raises Refused, whose text is what the kubelet would show.
"""

import os
import subprocess
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

HERE = os.path.dirname(os.path.abspath(__file__))


class Refused(Exception):
    """The runtime's answer to a call that failed."""

    def __init__(self, error):
        super().__init__(error.details())
        self.code = error.code().name


def described():
    """The services and messages of cri.proto."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I", HERE, "-o", out.name, "cri.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


class Cri:
    """One method for each call; a dictionary in and one out."""

    def __init__(self, socket, timeout=60):
        self.timeout = timeout
        self.channel = grpc.insecure_channel("unix://" + socket)
        pool = described()
        self.calls = {}
        for service in ("runtime.v1.RuntimeService", "runtime.v1.ImageService"):
            for method in pool.FindServiceByName(service).methods:
                self.calls[method.name] = self.prepared(pool, service, method)

    def prepared(self, pool, service, method):
        """The pair of request's class and callable for one method."""
        factory = message_factory.MessageFactory(pool)
        request = factory.GetPrototype(method.input_type)
        answer = factory.GetPrototype(method.output_type)
        return request, self.channel.unary_unary(
            f"/{service}/{method.name}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString)

    def __getattr__(self, name):
        if name not in self.calls:
            raise AttributeError(name)
        request, call = self.calls[name]

        def ask(fields=None, timeout=None):
            message = json_format.ParseDict(fields or {}, request())
            try:
                answer = call(message, timeout=timeout or self.timeout)
            except grpc.RpcError as error:
                raise Refused(error) from None
            return json_format.MessageToDict(answer, including_default_value_fields=True,
                                             preserving_proto_field_name=True)
        return ask

    def close(self):
        """Ends the connection."""
        self.channel.close()
