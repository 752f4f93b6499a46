// SPDX-License-Identifier: Apache-2.0
import Foundation
import ServerAccess
import SessionRecords
import Testing

@Suite("Values made of files that rotate")
struct WatchedFilesTests {
    private func scratch() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appending(path: "watched-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }

    private func watched(_ file: URL) -> WatchedFiles<String> {
        let reader = CredentialReader(code: "test.credentials")
        return WatchedFiles([file.path]) {
            try reader.token(try reader.read(file.path, what: "token file"), from: file.path)
        }
    }

    @Test("a file that is replaced, also through a symlink on its way, comes into effect with the next use")
    func rotation() throws {
        let directory = try scratch()
        defer { try? FileManager.default.removeItem(at: directory) }
        let manager = FileManager.default
        for (name, token) in [("one", "first"), ("two", "other")] {
            let version = directory.appending(path: name)
            try manager.createDirectory(at: version, withIntermediateDirectories: true)
            try Data(token.utf8).write(to: version.appending(path: "token"))
        }
        let link = directory.appending(path: "data")
        try manager.createSymbolicLink(at: link, withDestinationURL: directory.appending(path: "one"))
        let watched = watched(link.appending(path: "token"))
        #expect(try watched.current() == "first")
        #expect(try watched.current() == "first")
        try manager.removeItem(at: link)
        try manager.createSymbolicLink(at: link, withDestinationURL: directory.appending(path: "two"))
        #expect(try watched.current() == "other")
    }

    @Test("what is gone is not used any more, and is used again once it is back")
    func removal() throws {
        let directory = try scratch()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "token")
        let watched = watched(file)
        try Data("secret\n".utf8).write(to: file)
        #expect(try watched.current() == "secret")
        try FileManager.default.removeItem(at: file)
        let error = #expect(throws: LastwordError.self) { try watched.current() }
        #expect(error?.code == "test.credentials" && error?.message.contains("secret") == false)
        try Data("again".utf8).write(to: file)
        #expect(try watched.current() == "again")
    }

    @Test(
        "a token of several words, of other characters or of none is refused",
        arguments: ["", " \n", "a b", "é", "a\nb"])
    func tokens(_ text: String) throws {
        let reader = CredentialReader(code: "test.credentials")
        #expect(throws: LastwordError.self) { try reader.token(Array(text.utf8), from: "the file") }
        #expect(try reader.token(Array(" good\n".utf8), from: "the file") == "good")
    }
}
