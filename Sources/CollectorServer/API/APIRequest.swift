// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

/// A request that was let in.
struct APIRequest {
    let headers: HTTPFields
    /// The path and what is behind it, as they were asked for.
    let target: String
    /// Host and port, as the client calls them.
    let authority: String?
    /// From the path, by their names in the route.
    let parameters: [String: String]
    let query: QueryParameters
    let peer: Peer
    let principal: Principal
    let body: RequestBodyReader
}
