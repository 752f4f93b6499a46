// SPDX-License-Identifier: Apache-2.0

/// The fields of the entry that the agent writes into the journal for each ended session (`docs/record-format.md`): who
/// reads the journal finds sessions by them, and `lastword verify` the ledger's heads.
package enum JournalVocabulary {
    /// What all these entries have in common: `journalctl MESSAGE_ID=…` shows them.
    package static let messageID = "c5d0f4b2a7be4f0f9a6d3e1c8b27545e"
    package static let identifier = "lastword-agent"
    package static let ledgerID = "LASTWORD_LEDGER_ID"
    package static let entryNumber = "LASTWORD_ENTRY_NUMBER"
    package static let entryHash = "LASTWORD_ENTRY_HASH"
}
