// SPDX-License-Identifier: Apache-2.0

/// What a session could reach, as a person reads it; names in it are from outside.
extension MountPoint {
    package var words: String {
        destination + (source.map { " from \($0)" } ?? "") + (readOnly ? " (read-only)" : "")
    }
}

extension SecurityContext {
    package var words: String {
        var parts: [String] = []
        if let privileged { parts.append(privileged ? "privileged" : "not privileged") }
        if let runAsUser { parts.append("user \(runAsUser)") }
        if runAsNonRoot == true { parts.append("must not be root") }
        if let allowPrivilegeEscalation {
            parts.append(allowPrivilegeEscalation ? "may escalate" : "may not escalate")
        }
        if readOnlyRootFilesystem == true { parts.append("read-only root") }
        parts += capabilitiesAdded.map { "+\($0)" } + capabilitiesDropped.map { "-\($0)" }
        if let seccompProfile { parts.append("seccomp \(seccompProfile)") }
        return parts.joined(separator: ", ")
    }
}
