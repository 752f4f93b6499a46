// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@Suite("Addresses of servers")
struct ServerAddressTests {
    @Test("what is an address, and what is known of it by its words alone")
    func addresses() throws {
        let plain = try #require(ServerAddress("https://collector.example:4318//"))
        #expect(plain.url == "https://collector.example:4318")
        #expect(plain.isEncrypted && !plain.isThisHost && !plain.hasPath)
        let path = try #require(ServerAddress("http://[::1]:65535/otlp/v1/"))
        #expect(path.url == "http://[::1]:65535/otlp/v1")
        #expect(!path.isEncrypted && path.isThisHost && path.hasPath)
    }

    @Test(
        "what is none",
        arguments: [
            "", "collector:4318", "ftp://collector", "https://", "https://u@c", "https://u:p@c", "https://c?x=1",
            "https://c/#a", "https://c:0", "https://c:65536", "https://c:x", "https://c d", "https://c\r\nX: y",
            "https://c\u{7F}", "https://cöllector",
        ])
    func refused(_ text: String) {
        #expect(ServerAddress(text) == nil)
    }

    @Test("this host is so by its name or its address as written")
    func thisHost() {
        for host in ["localhost", "127.0.0.1", "127.255.0.9", "::1", "[::1]"] {
            #expect(ServerAddress.isThisHost(host), "\(host)")
        }
        for host in [
            "", "127.0.0.1.example", "127.example", "127.0.0", "127.0.0.256", "128.0.0.1", "localhost.example",
        ] {
            #expect(!ServerAddress.isThisHost(host), "\(host)")
        }
    }
}
