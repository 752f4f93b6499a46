// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Forwarding

extension ConfigurationType<ForwardingEndpoint> {
    /// `https://host[:port][/path]`, or `http://`.
    static let receiver = ConfigurationType(
        "URL", expectation: "a URL such as https://collector:4318", bounds: "`https`, or `http` without credentials",
        render: { $0.url }
    ) { content throws(ConfigurationRefusal) in
        let text = try content.text()
        guard text.utf8.count <= 2048, let endpoint = ForwardingEndpoint(text) else { throw .wrongType }
        return endpoint
    }
}

extension ConfigurationType<ForwardingConfiguration.Proxy> {
    /// `http://host:port`, nothing more.
    static let proxy = ConfigurationType(
        "URL", expectation: "a proxy such as http://proxy:3128", bounds: "`http://host:port`",
        render: { "http://\($0.host):\($0.port)" }
    ) { content throws(ConfigurationRefusal) in
        var text = try content.text()
        guard text.hasPrefix("http://") else { throw .wrongType }
        text.removeFirst("http://".count)
        if text.hasSuffix("/") { text.removeLast() }
        guard !text.contains("@") else { throw .unusable("credentials of a proxy are not supported") }
        guard let address = ListenAddress(text: text) else { throw .wrongType }
        return ForwardingConfiguration.Proxy(host: address.host, port: address.port)
    }
}
