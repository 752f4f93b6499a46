// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The parts of a Container or EphemeralContainer that are read.
struct WireContainer: Decodable {
    struct EnvironmentName: Decodable {
        var name: String
    }

    struct Mount: Decodable {
        var name: String
        var mountPath: String
        var readOnly: Bool?
        var subPath: String?
    }

    var name: String
    var image: String?
    var command: [String]?
    var args: [String]?
    /// Values are never decoded.
    var env: [EnvironmentName]
    var tty: Bool
    var stdin: Bool
    var targetContainerName: String?
    var securityContext: WireSecurityContext?
    var volumeMounts: [Mount]
    var terminationMessagePolicy: String?
    var hasProbe: Bool

    private enum CodingKeys: String, CodingKey {
        case name, image, command, args, env, tty, stdin, targetContainerName, securityContext, volumeMounts
        case terminationMessagePolicy, livenessProbe, readinessProbe, startupProbe
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        image = values.lenient(.image)
        command = values.lenient(.command)
        args = values.lenient(.args)
        env = values.lenientList(.env, limit: 1024)
        tty = values.lenient(.tty) ?? false
        stdin = values.lenient(.stdin) ?? false
        targetContainerName = values.lenient(.targetContainerName)
        securityContext = values.lenient(.securityContext)
        volumeMounts = values.lenientList(.volumeMounts, limit: 1024)
        terminationMessagePolicy = values.lenient(.terminationMessagePolicy)
        hasProbe = values.contains(.livenessProbe) || values.contains(.readinessProbe) || values.contains(.startupProbe)
    }
}

/// `PodSecurityContext` and `SecurityContext` in one: each level has only some of the fields.
struct WireSecurityContext: Decodable {
    struct Capabilities: Decodable {
        var add: [String]
        var drop: [String]

        private enum CodingKeys: String, CodingKey {
            case add, drop
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            add = values.lenientList(.add, limit: 64)
            drop = values.lenientList(.drop, limit: 64)
        }
    }

    struct Seccomp: Decodable {
        var type: String
    }

    var privileged: Bool?
    var runAsUser: Int64?
    var runAsNonRoot: Bool?
    var allowPrivilegeEscalation: Bool?
    var readOnlyRootFilesystem: Bool?
    var capabilities: Capabilities?
    var seccompProfile: Seccomp?

    private enum CodingKeys: String, CodingKey {
        case privileged, runAsUser, runAsNonRoot, allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities
        case seccompProfile
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        privileged = values.lenient(.privileged)
        runAsUser = values.lenient(.runAsUser)
        runAsNonRoot = values.lenient(.runAsNonRoot)
        allowPrivilegeEscalation = values.lenient(.allowPrivilegeEscalation)
        readOnlyRootFilesystem = values.lenient(.readOnlyRootFilesystem)
        capabilities = values.lenient(.capabilities)
        seccompProfile = values.lenient(.seccompProfile)
    }
}
