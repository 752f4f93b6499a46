// SPDX-License-Identifier: Apache-2.0
import Mustache
import SessionRecords

/// Fills the templates. They are parsed once, when the collector starts; what is wrong with one is thrown then.
package struct PageRenderer: Sendable {
    private let library: MustacheLibrary

    /// Throws `pages.template` if a template cannot be parsed, which a test makes sure never happens.
    package init() throws {
        MustacheContentTypes.register(PageEscaping(), named: PageEscaping.name)
        var templates: [String: MustacheTemplate] = [:]
        for (name, text) in Self.templates {
            do {
                templates[name] = try MustacheTemplate(string: text)
            } catch {
                throw LastwordError(
                    code: "pages.template", message: "the template \(name) of the pages cannot be parsed", cause: error)
            }
        }
        library = MustacheLibrary(templates: templates)
    }

    /// Every template by its name; a partial is one like any other.
    static let templates: [String: String] = [
        "head": FrameTemplate.head, "foot": FrameTemplate.foot, "time": FrameTemplate.time,
        "outcome": FrameTemplate.outcome, "node": FrameTemplate.node, "error": FrameTemplate.error,
        "sessions": SessionListTemplate.page, "rows": SessionListTemplate.rows,
        "session": SessionTemplate.page, "body": SessionTemplate.body, "transcript": TranscriptTemplate.text,
        "pod": PodTemplate.page, "lanes": PodTemplate.lanes,
        "nodes": NodesTemplate.page, "nodeRows": NodesTemplate.rows, "nodePage": NodeTemplate.page,
        "statistics": StatisticsTemplate.page, "counts": StatisticsTemplate.counts, "signIn": SignInTemplate.page,
    ]

    /// A whole page: the frame, and what stands in it.
    func page(_ name: String, _ frame: PageFrame, title: String, place: PageFrame.Place, _ content: View) -> String {
        var view = frame.view(title: title, place: place)
        view["content"] = content
        return fragment(name, view)
    }

    /// A part of a page; `view` is what a whole page would have.
    func fragment(_ name: String, _ view: View) -> String {
        library.render(view, withTemplate: name) ?? ""
    }
}
