// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading

extension AnyConfigurationKey {
    /// `LASTWORD_LOGS_PIN_LIMIT`
    var variable: String { variable(prefix: AgentConfiguration.naming.prefix) }
}
