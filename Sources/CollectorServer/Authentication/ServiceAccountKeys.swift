// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import JWTKit
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL
import ServerAccess
import SessionRecords

/// The issuer's public keys, from a file or a URL.
actor ServiceAccountKeys {
    /// A key set is a few kilobytes.
    static let sizeLimit = 1 << 20
    /// An unknown key is looked for no more often: tokens are made up easily.
    static let pause = Duration.seconds(30)

    private let source: CollectorConfiguration.ServiceAccounts.Keys
    private let now: @Sendable () -> ContinuousClock.Instant
    private var keys: JWTKeyCollection?
    private var names: Set<String> = []
    private var lookedAt: ContinuousClock.Instant?
    private var loading: Task<Result<Void, LastwordError>, Never>?

    init(
        _ source: CollectorConfiguration.ServiceAccounts.Keys,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.source = source
        self.now = now
    }

    /// The keys, if there is one of this name among them. Reads them again if there is not, and the last time is a while ago.
    func keys(with name: String) async -> JWTKeyCollection? {
        if names.contains(name) { return keys }
        if loading == nil, let lookedAt, now() - lookedAt < Self.pause { return nil }
        do throws(LastwordError) {
            try await load()
        } catch {
            // The refreshing service says so in its own time; here the token is simply not known.
            return nil
        }
        return names.contains(name) ? keys : nil
    }

    /// Reads all keys. What was read before stays in force if that fails.
    func load() async throws(LastwordError) {
        if let loading { return try await loading.value.get() }
        lookedAt = now()
        // A task of its own, which everybody waits for who asks meanwhile: a request that is cancelled must not end it for
        // the others.
        let task = Task { () -> Result<Void, LastwordError> in
            do throws(LastwordError) {
                let text = try await contents()
                (names, keys) = try await Self.parse(text, from: described)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        loading = task
        let result = await task.value
        loading = nil
        try result.get()
    }

    /// RSA keys are for RS256 and P-256 keys for ES256, as Kubernetes signs; other keys are not looked at. The algorithm is fixed
    /// here: jwt-kit would take it from the first token that names the key, whoever made that.
    private static func parse(
        _ text: [UInt8], from place: String
    ) async throws(LastwordError) -> (Set<String>, JWTKeyCollection) {
        do {
            let object = try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
            guard let list = object?["keys"] as? [[String: Any]] else { throw unusable(place, "it is no JWKS") }
            let collection = JWTKeyCollection()
            var names: Set<String> = []
            for var entry in list.prefix(100) {
                switch (entry["kty"] as? String, entry["crv"] as? String) {
                case ("RSA"?, _): entry["alg"] = "RS256"
                case ("EC"?, "P-256"?): entry["alg"] = "ES256"
                default: continue
                }
                let wanted = entry.filter { ["kty", "crv", "alg", "kid", "n", "e", "x", "y"].contains($0.key) }
                guard let name = wanted["kid"] as? String, !name.isEmpty else { continue }
                let key = try JSONDecoder().decode(JWK.self, from: JSONSerialization.data(withJSONObject: wanted))
                try await collection.add(jwk: key)
                names.insert(name)
            }
            guard !names.isEmpty else { throw unusable(place, "it has no RSA or P-256 key with a kid") }
            return (names, collection)
        } catch let error as LastwordError {
            throw error
        } catch {
            throw unusable(place, "it cannot be read", error)
        }
    }

    private static func unusable(_ place: String, _ why: String, _ cause: (any Error)? = nil) -> LastwordError {
        LastwordError(
            code: "auth.keys", message: "cannot use the ServiceAccount issuer's keys in \(place): \(why)",
            remedy: "`kubectl get --raw /openid/v1/jwks` prints them", cause: cause)
    }

    private var described: String {
        switch source {
        case .file(let path): path
        case .url(let url, _, _): url
        }
    }

    // MARK: Where they are

    private func contents() async throws(LastwordError) -> [UInt8] {
        switch source {
        case .file(let path): return try Self.read(path, limit: Self.sizeLimit)
        case .url(let url, let caFile, let tokenFile):
            let token = try tokenFile.map { path throws(LastwordError) in
                String(decoding: try Self.read(path, limit: 64 * 1024), as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            }
            do {
                return try await Self.fetch(url, caFile: caFile, token: token)
            } catch let error as LastwordError {
                throw error
            } catch {
                throw Self.unusable(url, "it cannot be fetched", error)
            }
        }
    }

    private static func read(_ path: String, limit: Int) throws(LastwordError) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }  // Nothing was written.
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else { throw unusable(path, "it is larger than \(limit) bytes") }
            return Array(data)
        } catch let error as LastwordError {
            throw error
        } catch {
            throw unusable(path, "it cannot be read", error)
        }
    }

    private static func fetch(_ url: String, caFile: String?, token: String?) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "accept", value: "application/jwk-set+json, application/json")
        if let token { request.headers.add(name: "authorization", value: "Bearer " + token) }
        if let caFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
            request.tlsConfiguration = tls
        }
        // The body, too: one that comes drop by drop would hold up whoever logs in with a key that is not known.
        return try await withTimeLimit(.seconds(10)) { [request] in
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            guard answer.status == .ok else { throw unusable(url, "it answers \(answer.status.code)") }
            return Array(buffer: try await answer.body.collect(upTo: sizeLimit))
        }
    }
}
