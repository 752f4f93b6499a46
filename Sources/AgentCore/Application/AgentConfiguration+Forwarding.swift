// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Delivery
package import Forwarding
import OTLPCoding

extension AgentConfiguration {
    /// Nil where nothing is forwarded.
    package var forwarding: ForwardingConfiguration? {
        guard let endpoint = forward.endpoint else { return nil }
        var forwarding = ForwardingConfiguration(endpoint: endpoint)
        forwarding.files.token = forward.tokenFile
        forwarding.files.headers = forward.headersFile
        forwarding.files.authority = forward.caFile
        forwarding.files.certificate = forward.certificateFile
        forwarding.files.key = forward.keyFile
        forwarding.proxy = forward.proxy
        forwarding.connectTimeout = forward.connectTimeout
        forwarding.requestTimeout = forward.requestTimeout
        forwarding.limits = BatchLimits(entries: forward.batchEntries, bytes: forward.batchBytes.bytes)
        forwarding.schedule.cap = forward.retryLimit
        forwarding.schedule.lastingCap = max(forward.retryLimit, forwarding.schedule.lastingCap)
        forwarding.policy = SendingPolicy(
            output: Self.rule(forward.effectiveOutput, forward.outputNamespaces),
            arguments: Self.rule(forward.arguments, forward.argumentsNamespaces))
        return forwarding
    }

    private static func rule(_ amount: SendingPolicy.Amount, _ namespaces: Namespaces) -> SendingPolicy.Rule {
        SendingPolicy.Rule(amount) { namespace in
            // Without a namespace only a rule for all of them applies.
            namespace.map(namespaces.contains) ?? (namespaces.include.isEmpty && namespaces.exclude.isEmpty)
        }
    }
}
