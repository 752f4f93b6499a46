// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("Manifests: rendering, image, plug-in")
struct PackagingTests {
    /// Where kubectl is older than 1.27, or not there, the rendered files are held against their sources only as far as
    /// the other tests do it; that is said, and no reason to fail.
    @Test("the rendered files are what kubectl makes of the sources")
    func rendered() async throws {
        let scratch = try ScratchDirectory()
        let result = try await ChildProcess.run(
            [Repository.root.appending(path: "dev/manifests.sh").path, scratch.file("out")], limit: .seconds(120))
        let committed = try Repository.names("daemonset/rendered")
        #expect(committed == (Repository.overlays + ["monitoring"]).sorted().map { $0 + ".yaml" })
        if result.ending == .exited(3) {
            print("not compared with kubectl:", result.errorText)
            return
        }
        try #require(result.succeeded, "\(result.errorText)")
        for name in committed {
            let fresh = try Files.text(scratch.file("out/" + name))
            #expect(try Repository.text("daemonset/rendered/" + name) == fresh, "\(name): make manifests")
        }
    }

    @Test("no manifest names a registry's host, and each asks for the placeholder")
    func images() throws {
        for name in try Repository.names("daemonset/rendered") where name != "monitoring.yaml" {
            let images = try Repository.text("daemonset/rendered/" + name).matches(of: /(?m)^ *-? *image: (.*)$/)
            #expect(images.map { String($0.1) } == ["lastword:0.1.0", "lastword:0.1.0"], "\(name)")
        }
    }

    /// There is no engine here to build it with, so what it would do is read.
    @Test("the Dockerfile takes its content from image.sh and starts the same program in the same environment")
    func dockerfile() throws {
        let file = try Repository.text("daemonset/Dockerfile")
        let script = try Repository.text("dev/image.sh")
        #expect(file.contains("dev/image.sh --root /build/release /image"))
        #expect(file.contains("\nFROM scratch\nCOPY --from=build /image/ /\n"))
        #expect(!file.contains("\nUSER"), "the pod says who it runs as")
        let configuration = try #require(script.firstMatch(of: /"config":(\{[^}]*\})/)?.1)
        struct Config: Decodable {
            let Entrypoint: [String]
            let Env: [String]
            let WorkingDir: String
        }
        let config = try JSONDecoder().decode(Config.self, from: Data(configuration.utf8))
        #expect(file.contains("\nENTRYPOINT [\(config.Entrypoint.map { "\"\($0)\"" }.joined(separator: ", "))]\n"))
        #expect(file.contains("\nENV \(config.Env.joined(separator: " "))\n"))
        #expect(file.contains("\nWORKDIR \(config.WorkingDir)\nENTRYPOINT"))
        // Every program of the image is built in it.
        let programs = script.matches(of: #/(?m)^put (\S+) /#).map { String($0.1) }
        #expect(programs.sorted() == ["lastword", "lastword-agent", "lastword-collector"])
        for program in programs { #expect(file.contains(program)) }
    }

    @Test("the plug-in's archive runs as kubectl lastword, with its licence and a manifest that names its hash")
    func plugin() async throws {
        let scratch = try ScratchDirectory()
        let script = Repository.root.appending(path: "dev/plugin.sh").path
        let products = try BuildProducts.path("lastword").split(separator: "/").dropLast().joined(separator: "/")
        try await ChildProcess.require([script, "/" + products, scratch.path], limit: .seconds(120))
        let archive = try #require(Files.names(in: scratch.path).first { $0.hasSuffix(".tar.gz") })
        try await ChildProcess.require(["tar", "-C", scratch.path, "-xzf", scratch.file(archive)])
        #expect(Files.names(in: scratch.path) == [archive, "LICENSE", "kubectl-lastword", "lastword.yaml"].sorted())
        let help = try await ChildProcess.run([scratch.file("kubectl-lastword"), "list", "--help"])
        #expect(help.text.contains("kubectl lastword list"), "\(help.text)")
        let sum = try await ChildProcess.require(["sha256sum", scratch.file(archive)]).text.prefix(64)
        let manifest = try Files.text(scratch.file("lastword.yaml"))
        #expect(manifest.contains("sha256: \(sum)\n") && manifest.contains("\(archive)\n"))
        #expect(manifest.matches(of: /@[A-Z0-9]+@/).map { String($0.0) } == ["@URL@"], "without PLUGIN_URL")
    }

    @Test(
        "kubectl finds the plug-in by its name and hands over what stands behind it, exit code included",
        .enabled(
            if: ["/usr/bin/", "/usr/local/bin/"].contains { Files.exists($0 + "kubectl") },
            "kubectl is not installed: dev/setup.sh does"))
    func kubectl() async throws {
        let scratch = try ScratchDirectory()
        let plugin = scratch.file("kubectl-lastword")
        try await ChildProcess.require(["cp", try BuildProducts.path("lastword"), plugin])
        let path = ["PATH": "\(scratch.path):/usr/local/bin:/usr/bin:/bin"]
        let listed = try await ChildProcess.require(["kubectl", "plugin", "list"], environment: path)
        #expect(listed.text.contains(plugin))
        let asked = try await ChildProcess.run(
            ["kubectl", "lastword", "list", "--store", scratch.path, "-o", "json"], environment: path)
        #expect(asked.ending == .exited(2) && asked.errorText.contains("no store in \(scratch.path)"))
        let help = try await ChildProcess.require(["kubectl", "lastword", "list", "--help"], environment: path)
        #expect(help.text.contains("kubectl lastword list"), "\(help.text)")
    }
}
