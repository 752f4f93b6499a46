// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

/// A request that was let in.
struct APIRequest {
    let headers: HTTPFields
    /// From the path, by their names in the route.
    let parameters: [String: String]
    let query: QueryParameters
    let peer: Peer
    let principal: Principal
    let body: RequestBodyReader
}
