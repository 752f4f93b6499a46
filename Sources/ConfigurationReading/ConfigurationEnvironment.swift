// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Reads the environment into written values. An empty variable counts as not set.
struct ConfigurationEnvironment {
    private(set) var values: [String: ConfigurationValue] = [:]
    private(set) var faults: [LastwordError] = []

    init(keys: [any AnyConfigurationKey], environment: [String: String], naming: ConfigurationNaming) {
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(naming.prefix) {
            if name == naming.fileVariable || naming.foreign.contains(name) || Self.isServiceLink(name) || text.isEmpty
            {
                continue
            }
            guard let key = keys.first(where: { $0.variable(prefix: naming.prefix) == name }) else {
                faults.append(
                    LastwordError(
                        code: "config.unknown-key", message: "environment: unknown variable \(Quoted.text(name))",
                        remedy: NearestName.find(
                            name, among: keys.map { $0.variable(prefix: naming.prefix) } + [naming.fileVariable]
                        ).map { "did you mean \($0)?" }))
                continue
            }
            values[key.name] = ConfigurationValue(
                content: key.isList ? .list(Self.items(text)) : .scalar(text, quoted: false),
                source: .environment(name))
        }
    }

    /// Items between commas, without the spaces around them.
    static func items(_ text: String) -> [String] {
        text.split(separator: ",").map { item in
            String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    /// What the kubelet sets for each Service of the namespace: a Service named `lastword-collector` must not keep the
    /// agent from starting. https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    private static func isServiceLink(_ name: String) -> Bool {
        let links =
            #/LASTWORD(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)/#
        return name.wholeMatch(of: links) != nil
    }
}
