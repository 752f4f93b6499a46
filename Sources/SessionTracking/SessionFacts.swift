// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// All that has been said of one container.
package struct SessionFacts: Hashable, Sendable, Codable {
    package init() {}
}
