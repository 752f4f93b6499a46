// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Who holds a store's lock (`AgentStore`'s `lastword.lock`): the agent, while it lives.
struct StoreHolder: Hashable {
    /// Nil if that could not be found out, for lack of rights.
    private(set) var isHeld: Bool?
    /// As the holder wrote it down; nil where nobody holds the lock.
    private(set) var pid: Int32?

    init(directory: String) {
        let file = open(directory + "/lastword.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            // Before the first agent there is no lock.
            isHeld = errno == ENOENT ? false : nil
            return
        }
        // Closing lets go of the lock again. An agent that starts in this very instant tries again within its patience.
        defer { close(file) }
        guard flock(file, LOCK_SH | LOCK_NB) != 0 else {
            isHeld = false
            return
        }
        guard errno == EWOULDBLOCK else { return }
        isHeld = true
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(file, &buffer, buffer.count)
        if count > 0 {
            pid = Int32(String(decoding: buffer[..<count].prefix { (48...57).contains($0) }, as: UTF8.self))
        }
    }
}
