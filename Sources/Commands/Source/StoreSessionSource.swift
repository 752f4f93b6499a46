// SPDX-License-Identifier: Apache-2.0
import SessionRecords

enum StoreSessionSource {
    static func open(_ path: String) throws -> SessionSource {
        throw LastwordError(code: "store.absent", message: "there is no store at \(path)")
    }
}
