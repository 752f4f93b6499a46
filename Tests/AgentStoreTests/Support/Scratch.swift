// SPDX-License-Identifier: Apache-2.0
import AgentStore
import GRDB
import Glibc
import SessionRecords
import SessionTracking
import Synchronization

/// A directory of the test's own, removed with everything in it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/lastword-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw LastwordError(code: "test", message: "mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        Self.remove(path)
    }

    /// The store's directory inside it.
    var store: String { path + "/store" }
    var database: String { store + "/lastword.db" }

    func open(
        clock: TestClock = TestClock(), lockTimeout: Duration = .seconds(10), group: String = "lastword"
    ) throws -> AgentStore {
        try AgentStore.open(
            directory: store, identity: NodeIdentity(node: "worker-0", machineID: "m1", bootID: "b1"),
            options: StoreOptions(lockTimeout: lockTimeout, group: group, clock: { clock.next() }))
    }

    func reader() throws -> StoreReader {
        try StoreReader(directory: store)
    }

    /// Somebody's hands in the store: a connection of its own, without foreign keys.
    func tamper<Result>(_ body: (Database) throws -> Result) throws -> Result {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: database, configuration: configuration)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }

    static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(path) { remove(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    static func names(_ directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func read(_ path: String) -> [UInt8] {
        let file = Glibc.open(path, O_RDONLY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String, at offset: Int = 0) throws {
        let file = Glibc.open(path, O_RDWR | O_CREAT, 0o640)
        guard file >= 0 else { throw LastwordError(code: "test", message: "open \(path): \(errno)") }
        defer { close(file) }
        guard pwrite(file, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw LastwordError(code: "test", message: "write \(path): \(errno)")
        }
    }

    static func mode(_ path: String) -> (mode: UInt32, group: UInt32) {
        var status = stat()
        guard stat(path, &status) == 0 else { return (0, 0) }
        return (status.st_mode & 0o7777, status.st_gid)
    }
}

/// A file system mounted for one test.
final class Mount: Sendable {
    let path: String

    static let areAllowed = geteuid() == 0
    static let reason = "mounting needs root"

    /// A tmpfs of `bytes` at `path`, which is made.
    init(tmpfs path: String, bytes: Int) throws {
        self.path = path
        mkdir(path, 0o755)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            throw LastwordError(code: "test", message: "mount tmpfs: \(errno)")
        }
    }

    /// What is at `source`, read-only, at `path`.
    init(readOnly source: String, at path: String) throws {
        self.path = path
        mkdir(path, 0o755)
        guard mount(source, path, nil, UInt(MS_BIND), nil) == 0,
            mount(nil, path, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0
        else { throw LastwordError(code: "test", message: "bind mount: \(errno)") }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
    }
}

/// Each reading is a millisecond after the one before it, or what the test says.
final class TestClock: Sendable {
    static let epoch = Timestamp(nanoseconds: 1_795_228_800_000_000_000)
    private let time: Mutex<Timestamp>

    init(_ start: Timestamp = TestClock.epoch) {
        time = Mutex(start)
    }

    func next() -> Timestamp {
        time.withLock { time in
            time = time.advanced(byNanoseconds: 1_000_000)
            return time
        }
    }

    func advance(seconds: Int64) {
        time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) }
    }
}
