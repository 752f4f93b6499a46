// SPDX-License-Identifier: Apache-2.0

extension FixedWidthInteger {
    /// The sum, or the number nearest to it that there is: sizes and counts from outside may be any.
    package func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
