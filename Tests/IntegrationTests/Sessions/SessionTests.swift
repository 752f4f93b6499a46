// SPDX-License-Identifier: Apache-2.0
import Testing

/// The real agent on real containers: what a session leaves, in the words of the real `lastword`.
///
/// One after the other, because they share one agent and two cores; the suites inside are in files of their own.
@Suite("Sessions", .serialized, .debugNode, .timeLimit(.minutes(5)))
enum SessionTests {}
