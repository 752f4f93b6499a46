// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The parts of an OCI runtime specification that say how a process was set up; lenient as `CRIContainerMetadata`.
struct OCISpecification: Decodable, Sendable {
    var process: Process?
    var root: Root?
    var mounts: [Mount]?
    var annotations: [String: String]?
    var linux: Linux?

    private enum CodingKeys: String, CodingKey { case process, root, mounts, annotations, linux }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        process = values.lenient(.process)
        root = values.lenient(.root)
        mounts = values.lenient(.mounts)
        annotations = values.lenient(.annotations)
        linux = values.lenient(.linux)
    }

    struct Process: Decodable, Sendable {
        var args: [String]?
        var environment: [String]?
        var terminal: Bool?
        var user: User?
        var noNewPrivileges: Bool?

        private enum CodingKeys: String, CodingKey {
            case args, terminal, user, noNewPrivileges
            case environment = "env"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            args = values.lenient(.args)
            environment = values.lenient(.environment)
            terminal = values.lenient(.terminal)
            user = values.lenient(.user)
            noNewPrivileges = values.lenient(.noNewPrivileges)
        }
    }

    struct User: Decodable, Sendable {
        var uid: Int64?
    }

    struct Root: Decodable, Sendable {
        var readonly: Bool?
    }

    struct Mount: Decodable, Sendable {
        var destination: String?
        var source: String?
        var type: String?
        var options: [String]?
    }

    struct Linux: Decodable, Sendable {
        var namespaces: [Namespace]?
    }

    struct Namespace: Decodable, Sendable {
        var type: String?
        var path: String?
    }
}
