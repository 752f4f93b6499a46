// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The name of a link in the pin directory: `<container id>~<sequence>~<inode>`.
///
/// `~` is in no container ID. The name does not end in `.log`, so that no log shipper takes it for one. The sequence
/// orders the files of one log, oldest first, and says where something is missing:
///
/// - 0 is a file that begins with the container's first record;
/// - a file that continues the one before it has the next number;
/// - a gap in the numbers is a gap in the log.
struct PinName: Hashable {
    let container: ContainerID
    let sequence: Int
    let inode: UInt64

    var text: String { "\(container.rawValue)~\(sequence)~\(inode)" }

    init(container: ContainerID, sequence: Int, inode: UInt64) {
        self.container = container
        self.sequence = sequence
        self.inode = inode
    }

    /// Nil for anything that is not a pin.
    init?(_ text: String) {
        let parts = text.split(separator: "~", omittingEmptySubsequences: false)
        guard parts.count == 3, let container = ContainerID(parts[0]), let sequence = Int(parts[1]),
            (0...1_000_000_000).contains(sequence), let inode = UInt64(parts[2])
        else { return nil }
        self.init(container: container, sequence: sequence, inode: inode)
        guard self.text == text else { return nil }
    }
}
