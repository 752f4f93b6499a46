// SPDX-License-Identifier: Apache-2.0
import BrowserSupport
import Foundation
import SessionRecords
import TestSupport
import Testing

@testable import CollectorSupport

@Suite(
    "How pages look in a browser", .serialized,
    .enabled(if: Browser.obstacle == nil, "chromium is not installed: dev/setup.sh does"))
struct PageLookTests {
    private struct Screen {
        let name: String
        let width: Int
        let height: Int
        var dark = false
    }

    private static let screens = [
        Screen(name: "light", width: 1280, height: 900), Screen(name: "dark", width: 1280, height: 900, dark: true),
        Screen(name: "phone", width: 390, height: 844),
    ]

    /// `LASTWORD_TEST_PICTURES=DIR` keeps a picture of each page there.
    private static let pictures = ProcessInfo.processInfo.environment["LASTWORD_TEST_PICTURES"]

    @Test(
        "light, dark and on a phone: nothing is wider than the screen, nothing comes from elsewhere, nothing is complained about"
    )
    func looks() async throws {
        let fleet = PageFleet(largeBytes: 300_000)
        try await RunningCollector.with(flags: ["--no-auth-required"]) { collector async throws in
            try await fleet.deliver(to: collector)
            let base = "http://127.0.0.1:\(collector.port)"
            let pages = [
                ("sessions", "/sessions"), ("filtered", "/sessions?namespace=payments&state=ended&container=nobody"),
                ("hostile", "/sessions/\(try #require(fleet.hostile))"),
                ("large", "/sessions/\(try #require(fleet.large))"),
                ("running", "/sessions/\(try #require(fleet.running))"),
                ("disputed", "/sessions/\(try #require(fleet.disputed))"), ("pod", "/pods/shop/web-0"),
                ("nodes", "/nodes"), ("node", "/nodes/gpu-a100-0"), ("weak", "/nodes/edge-paris-1"),
                ("statistics", "/statistics"), ("signin", "/sign-in"), ("missing", "/nowhere"),
            ]
            try await Browser.with { browser in
                var colours: [String: String] = [:]
                for screen in Self.screens {
                    let page = try await browser.page(width: screen.width, height: screen.height, dark: screen.dark)
                    // Dark differs in its colours alone.
                    for (name, path) in pages
                    where !screen.dark || Self.pictures != nil || ["hostile", "nodes"].contains(name) {
                        try await page.open(base + path)
                        #expect(
                            try await page.value("document.documentElement.scrollWidth") == "\(screen.width)",
                            "\(name) on \(screen.name) scrolls sideways")
                        #expect(try await page.count("h1") == 1, "\(name)")
                        #expect(try await page.count("main a, main button") > 0, "\(name)")
                        if let pictures = Self.pictures {
                            try await page.screenshot(to: "\(pictures)/\(name)-\(screen.name).png", whole: true)
                        }
                    }
                    colours[screen.name] = try await page.value(
                        "getComputedStyle(document.documentElement).backgroundColor")
                    // The one that was asked for and is not there is the one complaint.
                    #expect(page.complaints.count { !$0.contains("/nowhere") } == 0, "\(page.complaints)")
                    #expect(page.hosts == ["127.0.0.1"])
                }
                #expect(colours["light"] == colours["phone"] && colours["light"] != colours["dark"], "\(colours)")
            }
        }
    }
}
