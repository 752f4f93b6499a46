// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Yams

/// Reads the YAML file into written values, each with its line and column.
///
/// Unknown keys, keys given twice, sections that are not sections and broken YAML are faults; no value is judged here.
struct ConfigurationFile {
    /// A configuration is a page or two; anything of this size is a mistake.
    static let sizeLimit = 256 * 1024

    let keys: [any AnyConfigurationKey]
    /// Keys whose name has the part `<name>`: what stands there in the file is chosen by whoever writes it.
    let memberKeys: [any AnyConfigurationKey]
    let path: String
    private(set) var values: [String: ConfigurationValue] = [:]
    private(set) var faults: [LastwordError] = []
    /// By section, the names that are chosen in it, in the order of the file.
    private(set) var members: [String: [String]] = [:]
    /// `logs`, `pods.kubelet`: every name that has keys below it.
    private let sections: Set<String>
    /// `outputs`: sections whose members have names of their own.
    private let collections: Set<String>

    init(keys: [any AnyConfigurationKey], memberKeys: [any AnyConfigurationKey] = [], path: String) {
        self.keys = keys
        self.memberKeys = memberKeys
        self.path = path
        collections = Set(memberKeys.compactMap { $0.collection })
        self.sections = Set(
            keys.flatMap { key in
                let parts = key.name.split(separator: ".")
                return (1..<max(1, parts.count)).map { parts.prefix($0).joined(separator: ".") }
            })
    }

    /// Reads the file; a file that is not there is a fault only if somebody named it.
    mutating func read(mustExist: Bool) {
        do {
            guard let text = try Self.contents(path) else {
                if mustExist {
                    faults.append(
                        LastwordError(
                            code: "config.missing",
                            message: "cannot read the configuration \(path): there is no such file",
                            remedy: "make it, or name another one with --config"))
                }
                return
            }
            parse(text)
        } catch {
            faults.append(error)
        }
    }

    /// Reads `text` as the file's contents.
    mutating func parse(_ text: String) {
        let root: Node?
        do {
            // The encoding is named because its default asks an environment variable and prints to standard output.
            root = try Parser(yaml: text, encoding: .utf8).singleRoot()
        } catch {
            faults.append(fault(error))
            return
        }
        switch root {
        case .none: return
        case .some(let node) where Self.isEmpty(node): return
        case .mapping(let mapping): read(mapping, under: "")
        case .some(let node):
            faults.append(
                refused(node, code: "config.wrong-type", "the configuration must be a mapping of keys to values"))
        }
    }

    private mutating func read(_ mapping: Node.Mapping, under section: String) {
        for (keyNode, node) in mapping {
            guard let part = keyNode.scalar?.string else {
                faults.append(refused(keyNode, code: "config.unknown-key", "a key must be a plain name"))
                continue
            }
            let name = section.isEmpty ? part : section + "." + part
            if part.contains(".") {
                // `a.b: c` would read like a key of ours and is none in YAML.
                faults.append(unknown(keyNode, name: name, part: part))
            } else if sections.contains(name) {
                readSection(node, name)
            } else if collections.contains(name) {
                readMembers(node, name)
            } else if let key = keys.first(where: { $0.name == name }) {
                readValue(node, key)
            } else {
                faults.append(unknown(keyNode, name: name, part: part))
            }
        }
    }

    private mutating func readSection(_ node: Node, _ name: String) {
        if case .mapping(let mapping) = node {
            read(mapping, under: name)
        } else if !Self.isEmpty(node) {
            faults.append(refused(node, code: "config.wrong-type", "\(name): found a value, expected keys below it"))
        }
    }

    /// A mapping of names to mappings of keys.
    private mutating func readMembers(_ node: Node, _ collection: String) {
        guard !Self.isEmpty(node) else { return }
        guard case .mapping(let mapping) = node else {
            faults.append(
                refused(node, code: "config.wrong-type", "\(collection): found no names with keys below them"))
            return
        }
        for (nameNode, node) in mapping {
            guard let name = nameNode.scalar?.string, MemberName.isValid(name) else {
                faults.append(
                    refused(
                        nameNode, code: "config.unusable", "\(collection): a name has 1 to 32 of a-z, 0-9 and -",
                        remedy: "choose another name"))
                continue
            }
            guard case .mapping(let keys) = node else {
                faults.append(
                    refused(
                        node, code: "config.wrong-type", "\(collection).\(name): found a value, expected keys below it")
                )
                continue
            }
            members[collection, default: []].append(name)
            read(keys, of: name, in: collection)
        }
    }

    private mutating func read(_ mapping: Node.Mapping, of member: String, in collection: String) {
        for (keyNode, node) in mapping {
            let part = keyNode.scalar?.string ?? ""
            let name = "\(collection).\(member).\(part)"
            if let key = memberKeys.first(where: { $0.name(of: member) == name }) {
                readValue(node, key, name)
            } else {
                let names = memberKeys.compactMap { $0.name(of: member) }
                let remedy = NearestName.find(name, among: names).map { "did you mean \($0)?" }
                faults.append(
                    refused(
                        keyNode, code: "config.unknown-key", "unknown key \(Quoted.text(name))", remedy: remedy))
            }
        }
    }

    private mutating func readValue(_ node: Node, _ key: any AnyConfigurationKey) {
        readValue(node, key, key.name)
    }

    private mutating func readValue(_ node: Node, _ key: any AnyConfigurationKey, _ name: String) {
        let source = source(of: node)
        switch node {
        case .scalar where Self.isEmpty(node):
            faults.append(
                refused(
                    node, code: "config.wrong-type", "\(name): has no value",
                    remedy: "write a value, or remove the key to get its default"))
        case .scalar(let scalar):
            let quoted = scalar.style != .plain && scalar.style != .any
            values[name] = ConfigurationValue(content: .scalar(scalar.string, quoted: quoted), source: source)
        case .sequence(let sequence):
            let items = sequence.compactMap { $0.scalar?.string }
            guard items.count == sequence.count else {
                let message = "\(name): found a nested list or mapping, expected plain items"
                faults.append(refused(node, code: "config.wrong-type", message))
                return
            }
            values[name] = ConfigurationValue(content: .list(items), source: source)
        case .mapping, .alias:
            faults.append(
                refused(node, code: "config.wrong-type", "\(name): found keys below it, expected a value"))
        }
    }

    private func unknown(_ node: Node, name: String, part: String) -> LastwordError {
        let names = keys.map(\.name)
        let remedy: String?
        if names.contains(part), part.contains(".") {
            remedy = "nest it: " + part.split(separator: ".").joined(separator: ": {") + ": …"
        } else {
            remedy = NearestName.find(name, among: names + sections.sorted() + collections.sorted()).map {
                "did you mean \($0)?"
            }
        }
        return refused(node, code: "config.unknown-key", "unknown key \(Quoted.text(name))", remedy: remedy)
    }

    private func source(of node: Node) -> ConfigurationSource {
        .file(path: path, line: node.mark?.line ?? 0, column: node.mark?.column ?? 0)
    }

    private func refused(_ node: Node, code: String, _ message: String, remedy: String? = nil) -> LastwordError {
        LastwordError(code: code, message: "\(source(of: node)): \(message)", remedy: remedy)
    }

    /// What Yams says, without the excerpt of the file it adds.
    private func fault(_ error: any Error) -> LastwordError {
        func malformed(_ line: Int, _ column: Int, _ context: YamlError.Context?, _ problem: String) -> LastwordError {
            let text = [context?.text, problem].compactMap { $0 }.joined(separator: ": ")
            return LastwordError(
                code: "config.malformed", message: "\(path):\(line):\(column): malformed YAML: \(text)",
                remedy: "correct the file at this place; tabs and odd indentation are the usual causes")
        }
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return malformed(mark.line, mark.column, context, problem)
        case .reader(let problem, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return malformed(line, column, nil, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            return LastwordError(
                code: "config.duplicate-key",
                message: "\(path):\(context.mark.line):\(context.mark.column): given twice: "
                    + duplicates.map(Quoted.text).joined(separator: ", "),
                remedy: "keep one of them")
        default:
            return LastwordError(code: "config.malformed", message: "\(path): malformed YAML", cause: error)
        }
    }

    /// Nothing, `~` or `null`: what is left when everything below a section is commented out.
    private static func isEmpty(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Nil if there is no such file. Never more than `sizeLimit` is read, and never from a device or a pipe.
    private static func contents(_ path: String) throws(LastwordError) -> String? {
        func failure(_ why: String, remedy: String? = nil) -> LastwordError {
            LastwordError(
                code: "config.unreadable", message: "cannot read the configuration \(path): \(why)", remedy: remedy)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(String(cString: strerror(errno)), remedy: "make it readable for the agent's user")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw failure("it is not a regular file")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= sizeLimit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= sizeLimit else { throw failure("it is larger than \(ByteCount(bytes: sizeLimit))") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("it is not UTF-8", remedy: "save it as UTF-8")
        }
        return text
    }
}
