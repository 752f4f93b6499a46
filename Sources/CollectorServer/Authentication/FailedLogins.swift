// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Counts failed logins of each address, so that nobody tries tokens at leisure.
///
/// At most `addressLimit` addresses are remembered; then the one that failed longest ago is forgotten. Addresses of IPv6 count by
/// their network of 64 bits, all of which one host can have.
final class FailedLogins: Sendable {
    private static let addressLimit = 10_000

    private struct Record {
        var count = 0
        var since: ContinuousClock.Instant
    }

    private let limit: Int
    private let window: Duration
    private let records = Mutex<[String: Record]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(
        limit: Int, window: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.limit = limit
        self.window = window
        self.now = now
    }

    /// How long `address` has to wait before it may try again; nil: not at all.
    func delay(_ address: String) -> Duration? {
        let now = self.now()
        return records.withLock { records in
            guard let record = records[Self.network(address)], record.count >= limit else { return nil }
            let left = window - (now - record.since)
            return left > .zero ? left : nil
        }
    }

    func note(_ address: String) {
        let now = self.now()
        let network = Self.network(address)
        records.withLock { records in
            if let record = records[network], now - record.since < window {
                records[network]?.count += 1
                return
            }
            if records.count >= Self.addressLimit, records[network] == nil {
                records = records.filter { now - $0.value.since < window }
                if records.count >= Self.addressLimit, let oldest = records.min(by: { $0.value.since < $1.value.since })
                {
                    records[oldest.key] = nil
                }
            }
            records[network] = Record(count: 1, since: now)
        }
    }

    /// By the binary address: there are many ways to write one. IPv4 counts by itself, however it is written.
    private static func network(_ address: String) -> String {
        var binary = in6_addr()
        // A zone is no part of the address.
        let text = String(address.prefix { $0 != "%" })
        guard inet_pton(AF_INET6, text, &binary) == 1 else { return address }
        let bytes = withUnsafeBytes(of: binary) { Array($0) }
        if bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: "-")
    }
}
