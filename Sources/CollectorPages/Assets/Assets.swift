// SPDX-License-Identifier: Apache-2.0
import Crypto
import SessionRecords

/// What pages need beside themselves. It stands in the program: there is no file to go missing, and nothing comes from elsewhere.
package struct Asset: Sendable {
    package let name: String
    package let type: String
    package let text: String

    /// Changes with the content, so that it may be kept for as long as one likes.
    package let url: String

    init(_ name: String, _ type: String, _ text: String) {
        self.name = name
        self.type = type
        self.text = text
        url = "/assets/\(name)?v=" + Digest(of: Array(text.utf8)).description.prefix(12)
    }
}

package enum Assets {
    static let style = Asset("pages.css", "text/css; charset=utf-8", Stylesheet.text + Stylesheet.parts)
    static let script = Asset("pages.js", "text/javascript; charset=utf-8", Script.text)
    static let icon = Asset("icon.svg", "image/svg+xml", Icon.text)

    /// Nil for a name that is none.
    package static func named(_ name: String) -> Asset? {
        [style, script, icon].first { $0.name == name }
    }
}
