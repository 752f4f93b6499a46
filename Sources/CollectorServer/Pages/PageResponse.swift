// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Answers for browsers. Nothing from elsewhere is loaded, nothing inside a page runs but the one script of ours, and no other
/// page may show one in a frame.
enum PageResponse {
    /// `same-origin` rather than `no-referrer`: with that, browsers would send forms with `Origin: null`.
    private static let policy = """
        default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
        frame-ancestors 'none'; base-uri 'none'
        """

    static func html(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
        var headers = guarded
        headers[.contentType] = "text/html; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    /// A part of a page, or nothing where it is what the reader has.
    static func fragment(_ html: String?, mark: String) -> Response {
        var response = html.map { Self.html($0) } ?? Response(status: .noContent, headers: guarded)
        response.headers[.mark] = mark
        return response
    }

    /// - Parameter path: of these pages.
    static func redirect(to path: String, cookie: String? = nil) -> Response {
        var headers = guarded
        headers[.location] = path
        headers[.setCookie] = cookie
        return Response(status: .seeOther, headers: headers)
    }

    static func asset(_ asset: Asset) -> Response {
        var headers = guarded
        headers[.contentType] = asset.type
        // Its address changes with its content.
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: asset.text)))
    }

    /// What every answer has, whatever it is.
    static var guarded: HTTPFields {
        var headers: HTTPFields = [.referrerPolicy: "same-origin"]
        headers[.contentSecurityPolicy] = policy
        headers[.openerPolicy] = "same-origin"
        headers[.resourcePolicy] = "same-origin"
        return headers
    }
}

extension HTTPField.Name {
    // The names are tokens, as they must be.
    static let mark = HTTPField.Name("Lastword-Mark") ?? .eTag
    static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .eTag
    static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy") ?? .eTag
    static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy") ?? .eTag
    static let fetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .eTag
}
