// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import TestSupport

/// One page of the browser.
package final class BrowserPage: Sendable {
    private let wire: DevToolsWire
    private let session: String

    init(wire: DevToolsWire, session: String) {
        self.wire = wire
        self.session = session
    }

    func call(_ method: String, _ parameters: [String: Any] = [:]) async throws -> DevToolsMessage {
        try await wire.call(method, parameters, session: session)
    }

    // MARK: Going

    /// Opens an address and waits until the page is loaded.
    package func open(_ url: String) async throws {
        try await loading { _ = try await self.call("Page.navigate", ["url": url]) }
    }

    /// Does something that leads to another page, and waits until that is loaded.
    package func loading(_ body: () async throws -> Void) async throws {
        let before = loads
        try await body()
        try await waitUntil("the page is loaded") { self.loads > before }
    }

    private var loads: Int { wire.events(session).count { $0.method == "Page.loadEventFired" } }

    // MARK: Looking

    /// The value of an expression of JavaScript, which must be one of JSON; as text where it is one.
    package func value(_ expression: String) async throws -> String {
        let answer = try await call(
            "Runtime.evaluate", ["expression": expression, "returnByValue": true, "awaitPromise": true])
        let object = answer.object
        if let failure = object["exceptionDetails"] as? [String: Any] {
            throw RigError.failed("\(expression): \(failure)")
        }
        let value = (object["result"] as? [String: Any])?["value"]
        if let text = value as? String { return text }
        guard let value else { return "" }
        return String(
            decoding: try JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed), as: UTF8.self)
    }

    /// The visible text of the first element that a selector names; empty if there is none.
    package func text(_ selector: String) async throws -> String {
        try await value("document.querySelector(\(Self.quoted(selector)))?.innerText ?? ''")
    }

    package func count(_ selector: String) async throws -> Int {
        Int(try await value("document.querySelectorAll(\(Self.quoted(selector))).length")) ?? -1
    }

    package func path() async throws -> String { try await value("location.pathname + location.search") }

    /// What the browser complained about: errors of scripts, violations of the page's policy, failed loads.
    package var complaints: [String] {
        wire.events(session).compactMap { event in
            let object = event.parameters.object
            switch event.method {
            case "Runtime.exceptionThrown": return "exception: \(object)"
            case "Runtime.consoleAPICalled": return "console: \(object["type"] ?? ""): \(object["args"] ?? "")"
            case "Log.entryAdded": return "log: \(object["entry"] ?? "")"
            default: return nil
            }
        }
    }

    /// Hosts that anything was asked of.
    package var hosts: Set<String> {
        Set(
            wire.events(session).filter { $0.method == "Network.requestWillBeSent" }.compactMap { event in
                ((event.parameters.object["request"] as? [String: Any])?["url"] as? String)
                    .flatMap { URL(string: $0)?.host }
            })
    }

    /// - Parameter whole: the whole page, not only what the window shows.
    package func screenshot(to path: String, whole: Bool = false) async throws {
        var parameters: [String: Any] = ["format": "png", "captureBeyondViewport": whole]
        if whole {
            let size = try await value(
                "[document.documentElement.clientWidth, document.documentElement.scrollHeight].join()")
            let parts = size.split(separator: ",").compactMap { Double($0) }
            parameters["clip"] = [
                "x": 0, "y": 0, "width": parts.first ?? 1280, "height": min(parts.last ?? 900, 4000), "scale": 1,
            ]
        }
        let answer = try await call("Page.captureScreenshot", parameters)
        guard let data = Data(base64Encoded: try answer.text("data")) else {
            throw RigError.failed("the browser's picture is none")
        }
        try Files.write(Array(data), to: path)
    }

    // MARK: Doing

    /// Clicks in the middle of an element, as a person does.
    package func click(_ selector: String) async throws {
        let element = "document.querySelector(\(Self.quoted(selector)))"
        let place = try await value(
            "(e => { e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                + " return [r.x + Math.min(r.width / 2, 40), r.y + r.height / 2].join(); })(\(element))")
        let parts = place.split(separator: ",").compactMap { Double($0) }
        guard parts.count == 2 else { throw RigError.failed("there is no \(selector)") }
        for type in ["mousePressed", "mouseReleased"] {
            _ = try await call(
                "Input.dispatchMouseEvent",
                ["type": type, "x": parts[0], "y": parts[1], "button": "left", "clickCount": 1])
        }
    }

    /// Puts the cursor into a field, and writes.
    package func write(_ text: String, into selector: String) async throws {
        try await click(selector)
        _ = try await call("Input.insertText", ["text": text])
    }

    /// Presses and releases a key: one character, or `Enter`, `Tab`, `Escape`.
    package func press(_ key: String) async throws {
        let codes = ["Enter": 13, "Tab": 9, "Escape": 27]
        var down: [String: Any] = ["type": "keyDown", "key": key]
        if let code = codes[key] {
            down["windowsVirtualKeyCode"] = code
            if key == "Enter" { down["text"] = "\r" }
        } else {
            down["text"] = key
        }
        _ = try await call("Input.dispatchKeyEvent", down)
        down["type"] = "keyUp"
        down["text"] = nil
        _ = try await call("Input.dispatchKeyEvent", down)
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).compact
    }
}
