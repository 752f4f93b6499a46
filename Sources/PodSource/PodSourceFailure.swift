// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What can go wrong between the source and its server, sorted by what is to be done about it.
enum PodSourceFailure: Error {
    /// No connection: refused, no route, no such name, connect timeout.
    case unreachable(String)
    /// The server's certificate was not accepted, or the server did not accept ours.
    case certificate(String)
    case credentials(LastwordError)
    case unauthorized
    case forbidden(verb: String, words: String)
    /// 410, as a status or as an event of the watch.
    case expired
    /// 429 or 503.
    case throttled(status: Int, retryAfter: Duration?)
    case refused(status: Int, words: String)
    /// Connected, and then nothing for too long.
    case hung
    /// The connection broke in the middle.
    case dropped(String)
    case malformed(String)
    /// Our own queue was full.
    case overflowed

    /// Short and from a closed set: the label of the metric.
    var reason: String {
        switch self {
        case .unreachable: "unreachable"
        case .certificate: "certificate"
        case .credentials: "credentials"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .expired: "expired"
        case .throttled: "throttled"
        case .refused: "refused"
        case .hung: "hung"
        case .dropped: "dropped"
        case .malformed: "malformed"
        case .overflowed: "overflow"
        }
    }

    /// For gap entries, `status` and `/readyz`.
    var words: String {
        switch self {
        case .unreachable(let why): "unreachable: " + why
        case .certificate(let why): "certificate not accepted: " + why
        case .credentials(let error): error.message
        case .unauthorized: "401 Unauthorized: the credentials were not accepted"
        case .forbidden(let verb, let words): "403 Forbidden: \(verb) is not allowed: " + words
        case .expired: "410 Gone: the resource version has expired"
        case .throttled(let status, _): "\(status): the server asks to come back later"
        case .refused(let status, let words): "unexpected status \(status): " + words
        case .hung: "connected, but silent for too long"
        case .dropped(let why): "the connection broke: " + why
        case .malformed(let what): "malformed answer: " + what
        case .overflowed: "observations were dropped because the queue was full"
        }
    }

    /// For a person who tries the access by hand.
    func error(trying what: String, needs: String) -> LastwordError {
        let code: String
        let remedy: String
        switch self {
        case .credentials(let error): return error
        case .unreachable, .hung, .dropped:
            code = "pods.unreachable"
            remedy = "check the address and that this host may connect to it"
        case .certificate:
            code = "pods.certificate"
            remedy =
                "give the CA that issued the server's certificate (or, for a kubelet, the certificate's fingerprint)"
        case .unauthorized:
            code = "pods.unauthorized"
            remedy = "check that the token or client certificate is valid and meant for this cluster"
        case .forbidden:
            code = "pods.forbidden"
            remedy = needs
        case .expired, .throttled, .refused, .malformed, .overflowed:
            code = "pods.unexpected-answer"
            remedy = "check that the address is a Kubernetes API server's or kubelet's, and try again"
        }
        return LastwordError(code: code, message: "cannot \(what): \(words)", remedy: remedy)
    }
}
