// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CollectorPages

@Suite("Templates and assets")
struct TemplateTests {
    @Test("every template can be parsed, says how its values are escaped, and lets none through as it is")
    func templates() throws {
        _ = try PageRenderer()
        for (name, text) in PageRenderer.templates {
            #expect(text.hasPrefix("{{% CONTENT_TYPE:PAGE}}"), "\(name)")
            #expect(!text.contains("{{{") && !text.contains("{{&") && !text.contains("{{ &"), "\(name)")
            #expect(text.firstRange(of: "CONTENT_TYPE")?.lowerBound == text.ranges(of: "CONTENT_TYPE").last?.lowerBound)
        }
    }

    @Test("no attribute without quotes, no style or handler inside a page, no address of another host")
    func policy() {
        for (name, text) in PageRenderer.templates {
            #expect(text.firstRange(of: "={{") == nil, "\(name): a value without quotes")
            #expect(text.firstMatch(of: /\sstyle="/) == nil, "\(name): the policy forbids it")
            #expect(text.firstMatch(of: /\son[a-z]+="/) == nil, "\(name): the policy forbids it")
            #expect(text.firstMatch(of: /<(script|style)>/) == nil, "\(name): the policy forbids it")
        }
        let all = PageRenderer.templates.values + [Assets.style.text, Assets.script.text, Assets.icon.text]
        for text in all {
            let addresses = text.matches(of: /https?:\/\/[^"' )]+/).map { String($0.output) }
            #expect(addresses.allSatisfy { $0 == "http://www.w3.org/2000/svg" }, "\(addresses)")
            #expect(!text.contains("@import") && !text.contains("url("))
        }
    }

    @Test("each partial that a template asks for is there, and each field has its label")
    func partials() {
        for (name, text) in PageRenderer.templates {
            for partial in text.matches(of: /\{\{> ([A-Za-z]+)\}\}/) {
                #expect(PageRenderer.templates[String(partial.1)] != nil, "\(name) asks for \(partial.1)")
            }
        }
        // A field stands inside its label, unless nobody sees it.
        for text in [SessionListTemplate.page, SignInTemplate.page] {
            let fields =
                text.ranges(of: "<input ").count + text.ranges(of: "<select ").count
                - text.ranges(of: "type=\"hidden\"").count
            #expect(fields == text.ranges(of: "<label").count)
        }
    }

    @Test("an asset's address changes with its content")
    func assets() {
        #expect(Set([Assets.style, Assets.script, Assets.icon].map(\.url)).count == 3)
        #expect(Asset("a", "b", "c").url != Asset("a", "b", "d").url)
        #expect(Assets.named("pages.css")?.text == Assets.style.text)
        #expect(Assets.named("../pages.css") == nil)
    }
}
