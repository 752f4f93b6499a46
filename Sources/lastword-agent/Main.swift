// SPDX-License-Identifier: Apache-2.0
import AgentCore
import ArgumentParser

@main
struct Main {
    static func main() async {
        await AgentCommand.main()
    }
}
