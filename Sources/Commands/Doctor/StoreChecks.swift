// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Glibc
import SessionRecords

/// Checks of the node's store and of the agent that writes it.
enum StoreChecks {
    /// Beyond this the log is not being folded back into the database.
    private static let walBytes: Int64 = 64 << 20

    static func all(_ directory: String) -> [DoctorCheck] {
        [
            DoctorCheck("store") { store(directory) }, DoctorCheck("agent") { agent(directory) },
            DoctorCheck("write-ahead log") { log(directory) },
        ]
    }

    private static func store(_ directory: String) -> DoctorCheck.Answer {
        do {
            let status = try StoreReader(directory: directory).status()
            let detail =
                "\(directory): \(status.entries) entries, \(status.sessions) sessions, "
                + HumanTime.size(bytes: status.bytes)
            if !status.setAside.isEmpty {
                return DoctorCheck.Answer(
                    .warning, detail + "; damaged stores beside it: " + status.setAside.joined(separator: ", "),
                    remedy: "keep them as evidence elsewhere, then remove them here")
            }
            if let gap = status.openGaps.first {
                return DoctorCheck.Answer(
                    .warning, detail + "; \(gap.source) not watched since \(gap.openedAt): \(gap.reason)",
                    remedy: "see lastword gaps")
            }
            return DoctorCheck.Answer(.ok, detail)
        } catch let error as LastwordError {
            let (message, remedy) = ErrorText.parts(error)
            return DoctorCheck.Answer(.failed, message, remedy: remedy)
        } catch {
            return DoctorCheck.Answer(.failed, "\(directory): \(error)")
        }
    }

    private static func agent(_ directory: String) -> DoctorCheck.Answer {
        let holder = StoreHolder(directory: directory)
        switch holder.isHeld {
        case true?:
            return DoctorCheck.Answer(.ok, "running" + (holder.pid.map { ", process \($0)" } ?? ""))
        case false?:
            return DoctorCheck.Answer(
                .failed, "no agent holds the store in \(directory)", remedy: "start lastword-agent on this node")
        case nil:
            return DoctorCheck.Answer(
                .skipped, "the lock in \(directory) cannot be read", remedy: "run doctor as root")
        }
    }

    private static func log(_ directory: String) -> DoctorCheck.Answer {
        let path = directory + "/lastword.db-wal"
        var status = stat()
        guard stat(path, &status) == 0 else {
            return errno == ENOENT
                ? DoctorCheck.Answer(.ok, "none, the database stands alone")
                : DoctorCheck.Answer(.skipped, "\(path): \(NodeChecks.text(errno))", remedy: "run doctor as root")
        }
        let size = HumanTime.size(bytes: Int64(status.st_size))
        guard status.st_size > walBytes else { return DoctorCheck.Answer(.ok, size) }
        return DoctorCheck.Answer(
            .warning, "\(path) has \(size)", remedy: "end readers that keep the store open, or restart the agent")
    }
}
