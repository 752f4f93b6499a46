// SPDX-License-Identifier: Apache-2.0
package import Logging

/// Sets up logging for the process.
package enum LoggingSetup {
    /// Must be called once, before the first logger is made: swift-log traps on a second time.
    ///
    /// - Parameters:
    ///   - environment: `JOURNAL_STREAM` in it says whether standard error is the journal.
    package static func bootstrap(
        level: Logger.Level, format: LineLogHandler.Format, environment: [String: String]
    ) {
        let isJournal = LogSink.isJournal(environment["JOURNAL_STREAM"])
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, level: level, isJournal: isJournal)
        }
    }
}
