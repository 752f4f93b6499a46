#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTPUT
. "$(dirname "$0")/../compile.sh"
tracking
# The messages alone, without the calls: those would need all of gRPC.
module ContainerdAPI Sources/Generated/ContainerdAPI/*.pb.swift
foreign SwiftProtobuf
containerd=Sources/RuntimeSource/Containerd
module RuntimeSource $containerd/{CRIContainerMetadata,ContainerRecordTranslator,ContainerdNamespace}.swift \
    $containerd/{OCISpecification,OCISpecificationReader,TaskEventTranslator}.swift \
    Sources/RuntimeSource/RuntimeSourceConfiguration.swift
program "$1" Fuzz/container-record/ContainerRecordFuzz.swift
