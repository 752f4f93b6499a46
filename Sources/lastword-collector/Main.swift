// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorServer

@main
struct Main {
    static func main() async {
        await CollectorCommand.main()
    }
}
