// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SessionRecords
import Telemetry

/// Serves the control socket: a unix socket in a directory of mode 0700, so that it is the owner's (and root's) alone from
/// its first moment on.
struct ControlServer: Service {
    static let path = "/control"
    private static let bodyLimit = 1 << 20

    let directory: String
    let socket: String
    let administration: Administration
    let logger: Logging.Logger

    func run() async throws {
        try prepare()
        let channel = HTTP1Channel(
            responder: { [self] request, writer, channel in
                let response = await respond(
                    to: request, RequestBodyReader(request, channel: channel, timeout: .seconds(30)))
                try await writer.write(response: response.head, body: response.body)
            }, configuration: .init(idleTimeout: .seconds(600)))
        let server = channel.server(
            configuration: ServerConfiguration(address: .unixDomainSocket(path: socket)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        try await server.run()
        unlink(socket)
    }

    private func respond(to request: Request, _ body: RequestBodyReader) async -> Response {
        do {
            guard request.method == .post, request.uri.path == Self.path else {
                throw APIError(.notFound, "route.unknown", "there is nothing here")
            }
            let bytes = try await body.collect(upTo: Self.bodyLimit)
            let message = try JSONDecoder().decode(ControlRequest.self, from: Data(bytes))
            let answer = try JSONEncoder().encode(await administration.perform(message))
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer)))
        } catch let error as APIError {
            return error.response
        } catch {
            return APIError(
                .badRequest, "control.malformed", "the request cannot be understood",
                remedy: "use the lastword-collector of the server's own version"
            ).response
        }
    }

    private func prepare() throws(LastwordError) {
        var status = stat()
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw failure("made") }
        guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw LastwordError(
                code: "control.directory", message: "cannot use \(directory): it is not a directory of our own",
                remedy: "remove it")
        }
        guard chmod(directory, 0o700) == 0 else { throw failure("closed to others") }
    }

    private func failure(_ what: String) -> LastwordError {
        LastwordError(
            code: "control.directory",
            message: "\(directory) cannot be \(what): \(String(cString: strerror(errno)))",
            remedy: "make store.directory writable for the collector's user")
    }
}
