// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

/// Whether a form was sent by one of these pages.
///
/// `SameSite=Strict` keeps the cookie from other sites; this keeps them, and other ports of the same host, from signing
/// somebody in or out. Browsers say where a form comes from in `Sec-Fetch-Site` (TLS and loopback) or else in `Origin`; who
/// says neither is no browser of today.
enum SameOrigin {
    static func check(_ headers: HTTPFields, authority: String?) throws(APIError) {
        if let site = headers[.fetchSite] {
            guard site.lowercased() == "same-origin" else { throw refusal }
            return
        }
        guard let origin = headers[.origin]?.lowercased(), let authority = authority?.lowercased(),
            origin == "https://" + authority || origin == "http://" + authority
        else { throw refusal }
    }

    private static let refusal = APIError(
        .forbidden, "page.foreign", "the form was not sent by a page of this collector",
        remedy: "open the page in the browser's address line, and send it from there")
}
