// SPDX-License-Identifier: Apache-2.0
import ServerAccess
import SessionRecords

extension PodSourceFailure {
    /// What a thrown error of the HTTP client or of NIO means here.
    init(mapping error: any Error) {
        if let failure = error as? PodSourceFailure {
            self = failure
            return
        }
        switch TransportFault(error) {
        case .unreachable(let why): self = .unreachable(why)
        case .certificate(let why): self = .certificate(why)
        case .hung: self = .hung
        case .dropped(let why): self = .dropped(why)
        }
    }

    static func asError(_ error: any Error) -> LastwordError {
        error as? LastwordError
            ?? LastwordError(
                code: "pods.credentials", message: "cannot read the credentials", remedy: nil, cause: error)
    }
}
