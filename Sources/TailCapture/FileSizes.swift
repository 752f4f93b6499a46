// SPDX-License-Identifier: Apache-2.0

extension Int64 {
    /// The largest number where the sum is beyond it: whoever may write into a log directory may make files of any size.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
