// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Foundation
import Glibc
import Logging
import SessionRecords
import Synchronization
import Testing

@testable import AgentCore
@testable import HealthReporting

@Suite("Health endpoint")
struct HealthEndpointTests {
    private let state = HealthState()

    /// Runs `body` against a live endpoint on a port of the system's choice.
    private func serving(
        isAlive: Bool = true, lifetime: Duration = .seconds(10), _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let endpoint = HealthEndpoint(
            address: ListenAddress(host: "127.0.0.1", port: 0),
            pages: HealthPages(state: state, isAlive: { isAlive }, metrics: { "up 1\n" }),
            logger: Logging.Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, lifetime: lifetime
        ) { continuation.yield($0.port) }
        let running = Task { try await endpoint.run() }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        try await body(try #require(await iterator.next()))
        running.cancel()
        // A service that was told to stop has to come to its end.
        _ = await running.result
    }

    private func request(_ port: Int, _ line: String, headers: String = "host: x\r\n") throws -> String {
        try RawConnection(port: port).exchange("\(line) HTTP/1.1\r\n\(headers)\r\n")
    }

    @Test("the three pages answer, and readiness says which part is at fault and why")
    func pages() async throws {
        state.register("runtime")
        state.register("pins", isRequired: false)
        try await serving { port throws in
            #expect(try request(port, "GET /healthz").hasPrefix("HTTP/1.1 200 OK\r\n"))
            let starting = try request(port, "GET /readyz")
            #expect(starting.hasPrefix("HTTP/1.1 503 "))
            state.report("runtime", .failing("connection \"refused\""))
            state.report("pins", .ok)
            let failing = try request(port, "GET /readyz?verbose")
            #expect(failing.hasPrefix("HTTP/1.1 503 "))
            #expect(
                failing.hasSuffix(
                    #"{"ready":false,"parts":[{"part":"pins","state":"ok","required":false},"#
                        + #"{"part":"runtime","state":"failing","required":true,"reason":"connection \"refused\""}]}"#
                        + "\n"))
            state.report("runtime", .ok)
            #expect(try request(port, "GET /readyz").hasPrefix("HTTP/1.1 200 OK\r\n"))
            let metrics = try request(port, "GET /metrics")
            #expect(metrics.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(metrics.hasSuffix("\r\n\r\nup 1\n"))
        }
    }

    @Test("liveness says no when the main loop stands still")
    func liveness() async throws {
        try await serving(isAlive: false) { port throws in
            #expect(try request(port, "GET /healthz").hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test("another path is 404, another method 405, and HEAD has no body")
    func otherRequests() async throws {
        try await serving { port throws in
            for path in ["/", "/metrics/", "/../metrics", "/%2e%2e/etc/passwd", "//healthz", "/HEALTHZ"] {
                #expect(try request(port, "GET \(path)").hasPrefix("HTTP/1.1 404 "), "\(path)")
            }
            let post = try request(port, "POST /healthz", headers: "host: x\r\ncontent-length: 0\r\n")
            #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("\r\nallow: GET, HEAD\r\n"))
            let head = try request(port, "HEAD /healthz")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
            #expect(head.contains("content-length: 6\r\n"))
        }
    }

    static let garbage: [[UInt8]] = [
        Array("\r\n\r\n\r\n".utf8), Array("GET\r\n\r\n".utf8), Array("GET / HTTP/9.9\r\n\r\n".utf8),
        [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03],
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), Array(repeating: 0xFF, count: 1000),
        Array("GET / HTTP/1.1\r\ncontent-length: -5\r\n\r\n".utf8),
        Array("GET / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n".utf8),
        Array("GET /\u{0} HTTP/1.1\r\n\r\n".utf8),
    ]

    @Test("garbage harms nobody", arguments: garbage)
    func garbageIsHarmless(_ bytes: [UInt8]) async throws {
        try await serving(lifetime: .milliseconds(300)) { port throws in
            _ = try RawConnection(port: port).exchange(bytes)
            #expect(try request(port, "GET /healthz").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("a connection that sends too much, or nothing, is closed")
    func limits() async throws {
        try await serving(lifetime: .milliseconds(300)) { port throws in
            let big = "GET /healthz HTTP/1.1\r\nx: " + String(repeating: "a", count: 20_000) + "\r\n\r\n"
            #expect(!(try RawConnection(port: port).exchange(big)).hasPrefix("HTTP/1.1 200"))
            // Ends only when the other side closes; the connection's own limit of 5 s would throw.
            #expect(try RawConnection(port: port).exchange("GET /hea") == "")
        }
    }

    @Test("one connection gets one answer, however many requests it sends")
    func oneAnswer() async throws {
        try await serving { port throws in
            let twice = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" + "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
            #expect(try RawConnection(port: port).exchange(twice).components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test("idle connections beyond the limit are turned away, and make room again when they go")
    func connectionLimit() async throws {
        try await serving(lifetime: .seconds(60)) { port throws in
            let surplus = 10
            var idle: [RawConnection] = []
            for _ in 0..<HealthEndpoint.connectionLimit + surplus { idle.append(try RawConnection(port: port)) }
            var turnedAway = 0
            for _ in 0..<100 where turnedAway != surplus {
                turnedAway = idle.count { $0.isClosedByPeer }
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(turnedAway == surplus)
            idle.removeAll()
            var answer = ""
            for _ in 0..<50 where !answer.hasPrefix("HTTP/1.1 200") {
                answer = (try? request(port, "GET /healthz")) ?? ""  // Until the server has seen the others go.
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("an address that is taken is an error with a remedy")
    func addressInUse() async throws {
        try await serving { port throws in
            let second = HealthEndpoint(
                address: ListenAddress(host: "127.0.0.1", port: port),
                pages: HealthPages(state: HealthState(), isAlive: { true }, metrics: { "" }),
                logger: Logging.Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let error = await #expect(throws: LastwordError.self) { try await second.run() }
            #expect(error?.code == "http.bind")
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            #expect(error?.description.contains("http.listen") == true)
        }
    }
}

/// A TCP connection without any HTTP in it. No read or write takes longer than 5 s.
final class RawConnection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit {
        close(descriptor)
    }

    /// Whether the other side has closed, without waiting for it.
    var isClosedByPeer: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK))
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    func exchange(_ text: String) throws -> String {
        try exchange(Array(text.utf8))
    }

    /// Sends the bytes and returns all that comes until the other side closes.
    func exchange(_ bytes: [UInt8]) throws -> String {
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == ECONNRESET { break }
            guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
