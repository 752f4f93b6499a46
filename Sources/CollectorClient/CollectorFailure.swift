// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import SessionRecords

/// What went wrong between us and a collector, as an error with a remedy.
enum CollectorFailure {
    /// `{"error":{…}}`, the form of the API's own refusals.
    struct Refusal: Decodable {
        struct Content: Decodable {
            let code: String?
            let message: String?
            let remedy: String?
        }
        let error: Content

        /// Nil where the body has another form: somebody else answered.
        static func read(_ body: [UInt8]) -> Content? {
            // Whatever it is, it is then no refusal of ours.
            guard let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body)) else { return nil }
            return Content(
                code: refusal.error.code.map(Bounds.name), message: refusal.error.message.map(Bounds.name),
                remedy: refusal.error.remedy.map(Bounds.name))
        }
    }

    /// A status other than 200, and other than a 404 that the API means.
    static func status(
        _ status: Int, _ refusal: Refusal.Content?, retryAfter: String?, hasCredentials: Bool, at address: String
    ) -> LastwordError {
        let said = refusal?.message.map { ": " + $0 } ?? ""
        func error(_ code: String, _ message: String, _ remedy: String) -> LastwordError {
            // How to log in here is ours to say.
            let remedy = status == 401 ? remedy : refusal?.remedy ?? remedy
            return LastwordError(code: "collector." + code, message: message + said, remedy: remedy)
        }
        let collector = "the collector at \(address)"
        switch status {
        case 300..<400:
            return error(
                "redirected", "\(collector) sends to another address (\(status)), which is not followed",
                "give the address that answers itself")
        case 401 where hasCredentials:
            return error(
                "unauthorized", "\(collector) does not accept the token or certificate (401)",
                "it is unknown, expired or revoked: have one made with lastword-collector token create --role reader")
        case 401:
            return error(
                "unauthorized", "\(collector) wants to know who asks (401)",
                "name a token file by --token-file or LASTWORD_COLLECTOR_TOKEN_FILE; lastword-collector token create "
                    + "--role reader makes a token")
        case 403:
            return error(
                "forbidden", "\(collector) does not let this token or certificate see that (403)",
                "ask for the reader role; what tells of whole nodes needs one that no namespace limits")
        case 404:
            return error("not-found", "\(address) has no such page (404)", "check that a collector listens there")
        case 429:
            let wait = retryAfter.flatMap { UInt32($0) }.map { "in \($0) s" } ?? "later"
            return error("busy", "\(collector) takes no more requests now (429)", "try again \(wait)")
        case 500...:
            return error(
                "failed", "\(collector) failed (\(status))", "look at the collector's /readyz and at its log")
        default:
            return error(
                "refused", "\(collector) refuses the request (\(status))", "use a lastword of the collector's version")
        }
    }

    /// What a thrown error of the HTTP client, of NIO or of the TLS library means.
    static func mapped(_ error: any Error, at address: String) -> any Error {
        let collector = "the collector at \(address)"
        func unreachable(_ why: String) -> LastwordError {
            LastwordError(
                code: "collector.unreachable", message: "cannot reach \(collector): \(Bounds.name(why))",
                remedy: "check the address, and that lastword-collector runs and listens there")
        }
        switch error {
        case is LastwordError, is CancellationError: return error
        case is NIOTooManyBytesError:
            return LastwordError(
                code: "collector.too-large", message: "an answer of \(collector) is larger than it may be",
                remedy: "ask for less, by --limit or by a filter")
        case is TimedOut: return silent(at: address)
        case let error as HTTPClientError:
            switch error {
            case .readTimeout, .deadlineExceeded: return silent(at: address)
            case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
                return unreachable("no connection in time")
            case .remoteConnectionClosed: return unreachable("it closed the connection; does it want https?")
            default: return unreachable(words(error))
            }
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return certificate("\(error)", at: address)
        case let error as NIOConnectionError:
            let causes = error.connectionErrors.map { words($0.error) }
            let names = [error.dnsAError, error.dnsAAAAError].compactMap { $0.map { words($0) } }
            return unreachable((causes.isEmpty ? names : causes).first ?? "no address for \(error.host)")
        default: return unreachable(words(error))
        }
    }

    private static func silent(at address: String) -> LastwordError {
        LastwordError(
            code: "collector.silent", message: "the collector at \(address) does not answer in time",
            remedy: "look at the collector's /readyz and at its log")
    }

    private static func words(_ error: any Error) -> String {
        guard let failure = error as? IOError else { return "\(error)" }
        return String(cString: strerror(failure.errnoCode))
    }

    private static func certificate(_ text: String, at address: String) -> LastwordError {
        func error(_ why: String, _ remedy: String) -> LastwordError {
            LastwordError(
                code: "collector.certificate", message: "no TLS with the collector at \(address): \(why)",
                remedy: remedy)
        }
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return error(
                "its certificate is not issued by a CA that is trusted, or has expired",
                "name its CA by --ca-file or LASTWORD_COLLECTOR_CA_FILE")
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return error("it speaks no TLS there", "check the port; plain http is for a collector on this host alone")
        }
        if text.lowercased().contains("failedtovalidatehostname") || text.lowercased().contains("hostname") {
            return error(
                "its certificate is for another name", "use the name that the certificate has, or have one made anew")
        }
        if text.contains("ALERT") {
            return error(
                "it refuses us, \(Bounds.name(text))",
                "if it wants a client certificate: --certificate-file, --key-file")
        }
        return error(Bounds.name(text), "check address, CA file and certificate")
    }
}

struct TimedOut: Error {}
