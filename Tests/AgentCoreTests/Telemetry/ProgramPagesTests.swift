// SPDX-License-Identifier: Apache-2.0
import CSystemCalls
import TestSupport
import Testing

@Suite("Pages of the program")
struct ProgramPagesTests {
    /// KiB in memory of the code in the program's own file.
    private func resident() throws -> Int {
        let program = try #require(ProcessTable.link("/proc/self/exe"))
        var isCounted = false
        var sum = 0
        for line in try Files.text("/proc/self/smaps").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count >= 5, fields[0].contains("-"), !fields[0].contains(":") {
                isCounted = line.hasSuffix(program) && fields[1] == "r-xp"
            } else if isCounted, fields.first == "Rss:", fields.count > 1 {
                sum += Int(fields[1]) ?? 0
            }
        }
        return sum
    }

    @Test("they are given back, and mapped again when they are needed")
    func released() throws {
        let before = try resident()
        #expect(before > 0)
        #expect(lastword_release_program_pages() > 0)
        #expect(try resident() < before)
    }
}
