// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Synchronization
import TestSupport

/// A headless Chromium with a profile of its own, driven by the DevTools protocol over two pipes: JSON, each message ended by a
/// NUL (`--remote-debugging-pipe`).
package final class Browser: Sendable {
    private static let program = "/usr/bin/chromium"

    /// Why there can be none; nil where Debian's `chromium` is installed.
    package static var obstacle: String? {
        Files.exists(program) ? nil : "chromium is not installed: dev/setup.sh does"
    }

    private let process: ChildProcess
    private let profile: ScratchDirectory
    private let wire: DevToolsWire

    private init(process: ChildProcess, profile: ScratchDirectory, wire: DevToolsWire) {
        self.process = process
        self.profile = profile
        self.wire = wire
    }

    /// Runs `body` with a browser, and ends it.
    package static func with<Result>(_ body: (Browser) async throws -> Result) async throws -> Result {
        let browser = try await start()
        do {
            let result = try await body(browser)
            await browser.stop()
            return result
        } catch {
            await browser.stop()
            throw error
        }
    }

    private static func start() async throws -> Browser {
        let profile = try ScratchDirectory()
        let commands = Pipe()
        let answers = Pipe()
        let process = try ChildProcess.start(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-extensions", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-default-apps", "--no-default-browser-check", "--hide-scrollbars",
                "--force-color-profile=srgb", "--remote-debugging-pipe", "--user-data-dir=" + profile.path,
                "about:blank",
            ], environment: ["PATH": "/usr/bin:/bin", "HOME": profile.path, "LANG": "C.UTF-8"],
            output: .file(profile.file("browser.log")),
            further: [commands.fileHandleForReading.fileDescriptor, answers.fileHandleForWriting.fileDescriptor])
        // The other ends are the browser's: here they would keep the pipes open.
        try commands.fileHandleForReading.close()
        try answers.fileHandleForWriting.close()
        let wire = DevToolsWire(writing: commands.fileHandleForWriting, reading: answers.fileHandleForReading)
        let browser = Browser(process: process, profile: profile, wire: wire)
        do {
            _ = try await wire.call("Browser.getVersion")
        } catch {
            await browser.stop()
            throw error
        }
        return browser
    }

    private func stop() async {
        // With its children, which are of its group. That it has ended already is just as well.
        _ = try? await process.kill()
    }

    /// A new page with cookies of its own.
    ///
    /// - Parameters:
    ///   - scripts: false as for a reader who has switched them off.
    ///   - headers: sent with every request.
    package func page(
        width: Int = 1280, height: Int = 900, dark: Bool = false, scripts: Bool = true, headers: [String: String] = [:]
    ) async throws -> BrowserPage {
        let context = try await wire.call("Target.createBrowserContext").text("browserContextId")
        let target = try await wire.call(
            "Target.createTarget", ["url": "about:blank", "browserContextId": context]
        ).text("targetId")
        let session = try await wire.call("Target.attachToTarget", ["targetId": target, "flatten": true])
            .text("sessionId")
        let page = BrowserPage(wire: wire, session: session)
        for domain in ["Page", "Runtime", "Log", "Network"] { _ = try await page.call(domain + ".enable") }
        _ = try await page.call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600])
        _ = try await page.call(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]]])
        if !scripts { _ = try await page.call("Emulation.setScriptExecutionDisabled", ["value": true]) }
        if !headers.isEmpty { _ = try await page.call("Network.setExtraHTTPHeaders", ["headers": headers]) }
        return page
    }
}
