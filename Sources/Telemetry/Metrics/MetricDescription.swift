// SPDX-License-Identifier: Apache-2.0

/// What a metric means: its line in `docs/metrics.md` and its `# HELP`.
package struct MetricDescription: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// Snake case with the unit; counters end in `_total`.
    package let name: String
    package let kind: Kind
    /// Each takes few values, never an id.
    package let labels: [String]
    package let help: String
    /// Upper bounds of a histogram's buckets, ascending.
    package let buckets: [Double]

    package init(
        _ name: String, _ kind: Kind, labels: [String] = [], buckets: [Double] = MetricDescription.seconds,
        _ help: String
    ) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.buckets = buckets
        self.help = help
    }

    /// From half a millisecond to half a minute.
    package static let seconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]

    /// From 1 KiB to 4 MiB.
    package static let bytes = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304].map(Double.init)
}
