// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Builds the rig's images from the machine's static busybox: no registry is asked for anything.
///
/// All share one layer; their configurations differ, so that each has an image id of its own as on a real node.
package struct ImageBuilder: Sendable {
    /// The sandbox's image.
    package static let pause = "localhost/pause:dev"
    /// What debug containers run.
    package static let busybox = "localhost/busybox:1.36"
    /// What plays the target: it waits until it is told to end.
    package static let nginx = "localhost/nginx:alpine"

    /// The OCI archive, for `ctr images import`.
    package let archive: [UInt8]
    package let images: [BuiltImage]

    /// Process 1 of a PID namespace gets no signal that it has no handler for, so a plain `sleep` would be deaf to TERM.
    private static let waiter = [
        "/bin/sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait $!; done",
    ]

    /// - Throws: if busybox is missing or not static.
    package init(busybox path: String = "/bin/busybox") async throws {
        let program: [UInt8]
        do {
            program = try Files.read(path)
        } catch {
            throw RigError.failed(
                "the images need a static busybox", remedy: "apt-get install busybox-static", cause: error)
        }
        guard Self.isStatic(program) else {
            throw RigError.failed(
                "\(path) is not a static program: it would not run in an image without libraries",
                remedy: "apt-get install busybox-static")
        }
        let applets = try await ChildProcess.require([path, "--list"]).text.split(separator: "\n").map(String.init)
        let layer = try Self.layer(busybox: program, applets: applets)

        var blobs: [(Digest, [UInt8])] = [(Digest(of: layer), layer)]
        var manifests: [JSONValue] = []
        var images: [BuiltImage] = []
        for (name, command) in [
            (Self.pause, Self.waiter), (Self.busybox, ["sh"]), (Self.nginx, Self.waiter),
        ] {
            let configuration = Self.configuration(name: name, command: command, layer: layer)
            let manifest = Self.manifest(configuration: configuration, layer: layer)
            blobs.append((Digest(of: configuration), configuration))
            blobs.append((Digest(of: manifest), manifest))
            manifests.append(Self.descriptor(manifest, "application/vnd.oci.image.manifest.v1+json", name: name))
            images.append(
                BuiltImage(name: name, configDigest: Digest(of: configuration), manifestDigest: Digest(of: manifest)))
        }
        let index = JSONValue.object(
            JSONObject([
                ("schemaVersion", .integer(2)), ("mediaType", .string("application/vnd.oci.image.index.v1+json")),
                ("manifests", .array(manifests)),
            ]))
        var tar = TarWriter()
        try tar.addFile("oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        try tar.addFile("index.json", index.compact)
        try tar.addDirectory("blobs")
        try tar.addDirectory("blobs/sha256")
        for (digest, content) in blobs { try tar.addFile("blobs/sha256/\(digest)", content) }
        archive = tar.finished()
        self.images = images
    }

    private static func layer(busybox: [UInt8], applets: [String]) throws -> [UInt8] {
        var tar = TarWriter()
        for directory in ["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "usr", "usr/bin", "var"] {
            try tar.addDirectory(directory)
        }
        try tar.addDirectory("tmp", mode: 0o1777)
        try tar.addFile("bin/busybox", busybox, mode: 0o755)
        for applet in Set(applets + ["["]).subtracting(["busybox"]).sorted() {
            try tar.addSymbolicLink("bin/\(applet)", to: "busybox")
        }
        try tar.addFile("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        try tar.addFile("etc/group", "root:x:0:\nnogroup:x:65534:\n")
        return tar.finished()
    }

    private static func configuration(name: String, command: [String], layer: [UInt8]) -> [UInt8] {
        #if arch(arm64)
            let architecture = "arm64"
        #else
            let architecture = "amd64"
        #endif
        return JSONValue.object(
            JSONObject([
                ("architecture", .string(architecture)), ("os", .string("linux")),
                (
                    "config",
                    .object(
                        JSONObject([
                            ("Cmd", .strings(command)), ("Env", .strings(["PATH=/bin:/usr/bin"])),
                            ("WorkingDir", .string("/")), ("Labels", .strings(["rig.image": name])),
                        ]))
                ),
                (
                    "rootfs",
                    .object(
                        JSONObject([
                            ("type", .string("layers")), ("diff_ids", .strings(["sha256:\(Digest(of: layer))"])),
                        ]))
                ),
            ])
        ).canonical
    }

    private static func manifest(configuration: [UInt8], layer: [UInt8]) -> [UInt8] {
        JSONValue.object(
            JSONObject([
                ("schemaVersion", .integer(2)), ("mediaType", .string("application/vnd.oci.image.manifest.v1+json")),
                ("config", descriptor(configuration, "application/vnd.oci.image.config.v1+json")),
                ("layers", .array([descriptor(layer, "application/vnd.oci.image.layer.v1.tar")])),
            ])
        ).canonical
    }

    private static func descriptor(_ content: [UInt8], _ mediaType: String, name: String? = nil) -> JSONValue {
        var object = JSONObject([
            ("mediaType", .string(mediaType)), ("digest", .string("sha256:\(Digest(of: content))")),
            ("size", .integer(Int64(content.count))),
        ])
        if let name {
            // containerd takes an image's whole name from its own annotation; the standard one holds only the tag.
            object["annotations"] = .strings(["io.containerd.image.name": name])
        }
        return .object(object)
    }

    /// A 64-bit little-endian ELF program without an interpreter (`PT_INTERP`).
    private static func isStatic(_ program: [UInt8]) -> Bool {
        func number(_ offset: Int, _ width: Int) -> Int? {
            guard offset >= 0, offset <= program.count - width else { return nil }
            return program[offset..<offset + width].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard program.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), let table = number(32, 4), let size = number(54, 2),
            let count = number(56, 2)
        else { return false }
        return (0..<count).allSatisfy { number(table + $0 * size, 4).map { $0 != 3 } ?? false }
    }
}
