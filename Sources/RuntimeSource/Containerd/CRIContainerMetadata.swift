// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What containerd's CRI plugin keeps of a container: JSON in the record's extension
/// `io.cri-containerd.container.metadata` (containerd `internal/cri/store/container/metadata.go`), reduced to what a record
/// needs. A field of an unexpected type is nil, and costs us no other. Environment values are not even decoded.
struct CRIContainerMetadata: Decodable, Sendable {
    static let extensionKey = "io.cri-containerd.container.metadata"

    var sandboxID: String?
    var config: Config?
    var imageRef: String?
    /// 2.x only.
    var imageDigest: String?
    /// 2.x only.
    var imageName: String?
    var logPath: String?

    struct Envelope: Decodable, Sendable {
        var metadata: CRIContainerMetadata?

        private enum CodingKeys: String, CodingKey { case metadata = "Metadata" }

        init(from decoder: any Decoder) throws {
            metadata = try decoder.container(keyedBy: CodingKeys.self).lenient(.metadata)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case sandboxID = "SandboxID"
        case config = "Config"
        case imageRef = "ImageRef"
        case imageDigest = "ImageDigest"
        case imageName = "ImageName"
        case logPath = "LogPath"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        sandboxID = values.lenient(.sandboxID)
        config = values.lenient(.config)
        imageRef = values.lenient(.imageRef)
        imageDigest = values.lenient(.imageDigest)
        imageName = values.lenient(.imageName)
        logPath = values.lenient(.logPath)
    }

    /// CRI `ContainerConfig` in Go's JSON: snake case, enumerations as numbers, zero values left out.
    struct Config: Decodable, Sendable {
        var metadata: Metadata?
        var image: Image?
        var command: [String]?
        var args: [String]?
        var envs: [Variable]?
        var mounts: [Mount]?
        var stdin: Bool?
        var tty: Bool?
        var linux: Linux?

        private enum CodingKeys: String, CodingKey {
            case metadata, image, command, args, envs, mounts, stdin, tty, linux
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            metadata = values.lenient(.metadata)
            image = values.lenient(.image)
            command = values.lenient(.command)
            args = values.lenient(.args)
            envs = values.lenient(.envs)
            mounts = values.lenient(.mounts)
            stdin = values.lenient(.stdin)
            tty = values.lenient(.tty)
            linux = values.lenient(.linux)
        }
    }

    struct Metadata: Decodable, Sendable {
        var attempt: UInt32?
    }

    struct Image: Decodable, Sendable {
        var image: String?
        var userSpecified: String?

        private enum CodingKeys: String, CodingKey {
            case image
            case userSpecified = "user_specified_image"
        }
    }

    struct Variable: Decodable, Sendable {
        var key: String?
    }

    struct Mount: Decodable, Sendable {
        var containerPath: String?
        var hostPath: String?
        var readOnly: Bool?

        private enum CodingKeys: String, CodingKey {
            case containerPath = "container_path"
            case hostPath = "host_path"
            case readOnly = "readonly"
        }
    }

    struct Linux: Decodable, Sendable {
        var security: Security?

        private enum CodingKeys: String, CodingKey { case security = "security_context" }
    }

    /// CRI `LinuxContainerSecurityContext`.
    struct Security: Decodable, Sendable {
        var capabilities: Capabilities?
        var privileged: Bool?
        var namespaces: Namespaces?
        var runAsUser: Number?
        var readOnlyRootFilesystem: Bool?
        var noNewPrivileges: Bool?
        var seccomp: Profile?

        private enum CodingKeys: String, CodingKey {
            case capabilities, privileged, seccomp
            case namespaces = "namespace_options"
            case runAsUser = "run_as_user"
            case readOnlyRootFilesystem = "readonly_rootfs"
            case noNewPrivileges = "no_new_privs"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            capabilities = values.lenient(.capabilities)
            privileged = values.lenient(.privileged)
            namespaces = values.lenient(.namespaces)
            runAsUser = values.lenient(.runAsUser)
            readOnlyRootFilesystem = values.lenient(.readOnlyRootFilesystem)
            noNewPrivileges = values.lenient(.noNewPrivileges)
            seccomp = values.lenient(.seccomp)
        }
    }

    struct Capabilities: Decodable, Sendable {
        var added: [String]?
        var dropped: [String]?

        private enum CodingKeys: String, CodingKey {
            case added = "add_capabilities"
            case dropped = "drop_capabilities"
        }
    }

    /// CRI `NamespaceOption`; absent means POD, 0.
    struct Namespaces: Decodable, Sendable {
        static let node = 2
        static let target = 3

        var network: Int?
        var pid: Int?
        var ipc: Int?
        var targetID: String?

        private enum CodingKeys: String, CodingKey {
            case network, pid, ipc
            case targetID = "target_id"
        }
    }

    /// CRI `Int64Value`: an absent value is 0, the root user.
    struct Number: Decodable, Sendable {
        var value: Int64?
    }

    /// CRI `SecurityProfile`; an absent type is 0, `RuntimeDefault`.
    struct Profile: Decodable, Sendable {
        var type: Int?

        private enum CodingKeys: String, CodingKey { case type = "profile_type" }
    }
}
