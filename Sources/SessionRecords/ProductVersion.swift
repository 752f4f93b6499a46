// SPDX-License-Identifier: Apache-2.0

/// Lastword's version, the one place that says it: all three programs, what they tell others, and `dev/version.sh`, which
/// reads it for packages and manual pages, have it from here.
package enum ProductVersion {
    /// By Semantic Versioning, without a leading `v`.
    package static let current = "0.1.0"
}
