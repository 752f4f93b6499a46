// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import SessionRecords
import SwiftProtobuf

/// Puts pod and container into the words that the kubelet uses towards the runtime: metadata, labels, annotations, paths
/// (`pkg/kubelet/kuberuntime/labels.go` and `helpers.go` of Kubernetes 1.36).
struct PodConfiguration {
    let paths: NodePaths
    let pod: PodSpecification

    /// The labels that the kubelet finds a pod's containers by.
    private var podLabels: [String: String] {
        [
            "io.kubernetes.pod.name": pod.name, "io.kubernetes.pod.namespace": pod.namespace,
            "io.kubernetes.pod.uid": pod.uid,
        ]
    }

    var logDirectory: String { paths.podLogs + "/" + pod.logDirectoryName }

    /// `/kubepods/besteffort/pod<uid>` on a node.
    var cgroup: String { "/\(paths.cgroup)/besteffort/pod\(pod.uid)" }

    func sandbox() throws -> Runtime_V1_PodSandboxConfig {
        var security = Runtime_V1_LinuxSandboxSecurityContext()
        if pod.privileged {
            // `privileged = 6` is not in our subset of the protocol, because no agent needs it; as a field unknown to it
            // the message carries it all the same: number 6, varint 1.
            security = try Runtime_V1_LinuxSandboxSecurityContext(serializedBytes: [0x30, 0x01] as [UInt8])
        }
        security.namespaceOptions = namespaces(target: nil)
        return .with {
            $0.metadata = .with {
                $0.name = pod.name
                $0.uid = pod.uid
                $0.namespace = pod.namespace
            }
            // No hostname: a pod on the host's network has none of its own, and the kubelet leaves it out too.
            $0.logDirectory = paths.named(logDirectory)
            $0.labels = pod.labels.merging(podLabels) { $1 }
            $0.annotations = pod.annotations.merging(["kubernetes.io/config.source": "api"]) { $1 }
            $0.linux = .with {
                $0.cgroupParent = cgroup
                $0.securityContext = security
            }
        }
    }

    private func namespaces(target: ContainerID?) -> Runtime_V1_NamespaceOption {
        .with {
            $0.network = .node  // no CNI in the rig
            $0.ipc = pod.hostIPC ? .node : .pod
            if let target {
                $0.pid = .target
                $0.targetID = target.rawValue
            } else {
                $0.pid = pod.hostPID ? .node : pod.shareProcessNamespace ? .pod : .container
            }
        }
    }

    /// - Parameters:
    ///   - imageID: as the kubelet hands it over once the image is there; the name that the pod asked for goes beside it.
    ///   - terminationLog: the host's file behind `/dev/termination-log`.
    func container(
        _ specification: ContainerSpecification, attempt: Int, imageID: String, target: ContainerID?,
        terminationLog: String
    ) throws -> Runtime_V1_ContainerConfig {
        let hostMounts = try specification.hostMounts.map { try $0.mount() }
        var security = try specification.security?.context() ?? .with { $0.runAsUser = .init() }
        security.capabilities = .with {
            $0.addCapabilities = specification.addedCapabilities
            $0.dropCapabilities = specification.droppedCapabilities
        }
        security.privileged = specification.privileged
        security.namespaceOptions = namespaces(target: target)
        return .with {
            $0.metadata = .with {
                $0.name = specification.name
                $0.attempt = UInt32(clamping: attempt)
            }
            $0.image = .with {
                $0.image = imageID
                $0.userSpecifiedImage = specification.image
            }
            $0.command = specification.command
            $0.args = specification.arguments
            $0.envs = environment(of: specification).map { pair in
                .with {
                    $0.key = pair.key
                    $0.value = .init(pair.value.utf8)
                }
            }
            $0.mounts =
                specification.mounts.sorted { $0.key < $1.key }.map { mount in
                    .with {
                        $0.hostPath = mount.key
                        $0.containerPath = mount.value
                    }
                } + hostMounts + [
                    .with {
                        $0.hostPath = terminationLog
                        $0.containerPath = "/dev/termination-log"
                    }
                ]
            $0.labels = podLabels.merging(["io.kubernetes.container.name": specification.name]) { $1 }
            $0.annotations = [
                "io.kubernetes.container.hash": String(Self.hash(specification), radix: 16),
                "io.kubernetes.container.restartCount": String(attempt),
                "io.kubernetes.container.terminationMessagePath": "/dev/termination-log",
                "io.kubernetes.container.terminationMessagePolicy": specification.terminationMessagePolicy,
                "io.kubernetes.pod.terminationGracePeriod": String(pod.gracePeriod),
            ]
            $0.logPath = "\(specification.name)/\(attempt).log"
            $0.stdin = specification.stdin
            $0.tty = specification.tty
            $0.linux = .with {
                $0.resources = .with {
                    $0.cpuPeriod = 100_000
                    $0.cpuShares = 2
                    $0.memoryLimitInBytes = specification.memoryLimit ?? 0
                }
                $0.securityContext = security
            }
        }
    }

    /// The service variables that every container gets, and its own.
    private func environment(of specification: ContainerSpecification) -> [(key: String, value: String)] {
        let service = [
            "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443",
            "KUBERNETES_SERVICE_PORT_HTTPS": "443", "KUBERNETES_PORT": "tcp://10.96.0.1:443",
            "KUBERNETES_PORT_443_TCP": "tcp://10.96.0.1:443", "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
            "KUBERNETES_PORT_443_TCP_PORT": "443", "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
        ]
        return service.merging(specification.environment) { $1 }.sorted { $0.key < $1.key }
    }

    /// Stands for the kubelet's hash of a container's spec (FNV-1a, 32 bits): the same spec gives the same number.
    private static func hash(_ specification: ContainerSpecification) -> UInt32 {
        let text = "\(specification.name)|\(specification.image)|\(specification.command)|\(specification.arguments)"
        return text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
