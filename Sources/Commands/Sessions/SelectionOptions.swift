// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// Which sessions `list` is about.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("n", allowingJoined: true), .long],
        help: ArgumentHelp("Only sessions of this namespace.", valueName: "namespace"))
    var namespace: String?

    @Flag(
        name: [.customShort("A"), .customLong("all-namespaces")],
        help: "Sessions of all namespaces, which is also what is shown without -n.")
    var allNamespaces = false

    @Option(help: ArgumentHelp("Only sessions in this pod.", valueName: "name"))
    var pod: String?

    @Option(help: ArgumentHelp("Only debug containers of this name.", valueName: "name"))
    var container: String?

    @Option(help: ArgumentHelp("Only sessions aimed at this container.", valueName: "name"))
    var target: String?

    @Option(help: ArgumentHelp("Only sessions on this node.", valueName: "name"))
    var node: String?

    @Option(help: ArgumentHelp("Only sessions that ended with this code.", valueName: "code"))
    var exitCode: Int?

    @Option(
        help: ArgumentHelp(
            "Only sessions that began at or after this time: so long ago (10m, 2h, 3d) or RFC 3339.",
            valueName: "time"), transform: TimeExpression.init)
    var since: TimeExpression?

    @Option(
        help: ArgumentHelp("Only sessions that began at or before this time.", valueName: "time"),
        transform: TimeExpression.init)
    var until: TimeExpression?

    @Flag(help: "Only sessions that are running.")
    var running = false

    @Option(
        help: ArgumentHelp("Only sessions that began longer ago than this (10m, 2h, 3d).", valueName: "duration"),
        transform: SpanExpression.init)
    var olderThan: SpanExpression?

    @Option(
        help: ArgumentHelp(
            "Only sessions that printed all of these words; for this a collector is needed.", valueName: "words"))
    var search: String?

    func validate() throws {
        if namespace != nil, allNamespaces {
            throw ValidationError("Give either -n/--namespace or -A/--all-namespaces.")
        }
        if let exitCode, !(0...255).contains(exitCode) {
            throw ValidationError("--exit-code takes a number from 0 to 255.")
        }
    }

    func filter(now: Timestamp) -> SessionSelection {
        var filter = SessionSelection()
        filter.namespace = namespace
        filter.pod = pod
        filter.container = container
        filter.target = target
        filter.exitCode = exitCode
        filter.since = since?.resolved(now: now)
        filter.until = until?.resolved(now: now)
        filter.running = running
        filter.node = node
        filter.words = search
        filter.startedBefore = olderThan.map { now.advanced(byNanoseconds: -$0.nanoseconds) }
        return filter
    }
}
