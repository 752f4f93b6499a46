// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import NIOCore
import ServiceLifecycle
import SessionRecords

/// A server, whose failure to bind its address is told with a remedy.
struct ListenerService: Service {
    let server: any Service
    let address: ListenAddress

    func run() async throws {
        do {
            try await server.run()
        } catch let error as IOError {
            throw LastwordError(
                code: "http.bind", message: "cannot listen on \(address)",
                remedy: "free the address, or set server.listen to another one", cause: error)
        }
    }
}
