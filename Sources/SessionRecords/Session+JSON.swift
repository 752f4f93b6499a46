// SPDX-License-Identifier: Apache-2.0

extension Session {
    /// The record's version: keys may be added under it, none change.
    package static let schemaVersion = 1

    /// The one JSON of a session (`design.md` §5): the command line's, the ledger's, the collector's.
    package var json: JSONValue {
        var object = JSONObject()
        object["id"] = .string(id.rawValue)
        object["schemaVersion"] = .integer(Int64(Self.schemaVersion))
        object["revision"] = .integer(Int64(revision))
        object["state"] = .string(state.rawValue)
        object["mode"] = mode.map { .string($0.rawValue) }
        object["classification"] = .string(classification.rawValue)
        object["classificationSource"] = classificationSource.map { .string($0.rawValue) }
        writeWhere(to: &object)
        writeWhat(to: &object)
        writeWhen(to: &object)
        writeEnding(to: &object)
        object["podFate"] = podFate.map(\.json)
        object["output"] = output.map { $0.json(sealedBy: sealedBy) }
        object["successor"] = successor.map { .string($0.rawValue) }
        object["evidence"] = .array(evidence.map(\.json))
        return .object(object)
    }

    private func writeWhere(to object: inout JSONObject) {
        object["cluster"] = cluster.map(JSONValue.string)
        object["clusterUID"] = clusterUID.map(JSONValue.string)
        object["node"] = .string(node)
        object["namespace"] = namespace.map(JSONValue.string)
        object["pod"] = pod.map(JSONValue.string)
        object["podUID"] = podUID.map { .string($0.rawValue) }
        object["owner"] = owner.map {
            .object(JSONObject([("kind", .string($0.kind)), ("name", .string($0.name))]))
        }
        object["labels"] = labels.isEmpty ? nil : .strings(labels)
    }

    private func writeWhat(to object: inout JSONObject) {
        object["container"] = container.map(JSONValue.string)
        object["containerID"] = containerID.map { .string($0.rawValue) }
        object["sandboxID"] = sandboxID.map(JSONValue.string)
        object["runtime"] = runtime.map(JSONValue.string)
        object["runtimeVersion"] = runtimeVersion.map(JSONValue.string)
        object["attempt"] = attempt.map { .integer(Int64($0)) }
        object["targetContainer"] = targetContainer.map(JSONValue.string)
        object["targetContainerID"] = targetContainerID.map(JSONValue.string)
        object["image"] = image.map(JSONValue.string)
        object["imageDigest"] = imageDigest.map(JSONValue.string)
        object["command"] = command.map(JSONValue.strings)
        object["args"] = args.map(JSONValue.strings)
        object["envNames"] = envNames.map(JSONValue.strings)
        object["tty"] = tty.map(JSONValue.bool)
        object["stdin"] = stdin.map(JSONValue.bool)
        object["profile"] = profile.map { .string($0.rawValue) }
        object["securityContext"] = securityContext.map(\.json)
        object["mounts"] = mounts.map { .array($0.map(\.json)) }
        object["hostNamespaces"] = hostNamespaces.map(JSONValue.strings)
        object["pid"] = pid.map { .integer(Int64($0)) }
    }

    private func writeWhen(to object: inout JSONObject) {
        object["requestedAt"] = requestedAt.map { .string($0.description) }
        object["requestedBy"] = requestedBy.map(JSONValue.string)
        object["createdAt"] = createdAt.map { .string($0.description) }
        object["startedAt"] = startedAt.map { .string($0.description) }
        object["finishedAt"] = finishedAt.map { .string($0.description) }
        object["observedAt"] = observedAt.map { .string($0.description) }
        object["sealedAt"] = sealedAt.map { .string($0.description) }
        object["durationSeconds"] = durationNanoseconds.map { .string(Self.seconds(fromNanoseconds: $0)) }
        object["clockStepped"] = clockStepped.map(JSONValue.bool)
    }

    private func writeEnding(to object: inout JSONObject) {
        object["exitCode"] = exitCode.map { .integer(Int64($0)) }
        if exitCode != nil, !isMadeUpEnding {
            object["signal"] = derivedSignal.map { .integer(Int64($0)) } ?? .null
            object["signalDerived"] = derivedSignal.map { _ in .bool(true) }
        }
        object["reason"] = reason.map(JSONValue.string)
        object["message"] = message.map(JSONValue.string)
        object["oomKilled"] = oomKilled.map(JSONValue.bool)
        object["cause"] = cause.map { .string($0.rawValue) }
        object["ending"] = ending.map { .string($0.rawValue) }
        object["sources"] = sources.isEmpty ? nil : .strings(sources.mapValues(\.rawValue))
    }

    /// `10.012345678`: seconds with the nanoseconds in nine digits.
    package static func seconds(fromNanoseconds nanoseconds: Int64) -> String {
        let fraction = String(nanoseconds.magnitude % 1_000_000_000)
        let sign = nanoseconds < 0 ? "-" : ""
        let padding = String(repeating: "0", count: 9 - fraction.count)
        return "\(sign)\(nanoseconds.magnitude / 1_000_000_000).\(padding)\(fraction)"
    }

    /// The reverse of `seconds(fromNanoseconds:)`; nil for other text.
    package static func nanoseconds(fromSeconds text: String) -> Int64? {
        let negative = text.hasPrefix("-")
        let parts = text.dropFirst(negative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 9,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let whole = Int64(parts[0]), let nanos = Int64(parts[1]),
            let value = Timestamp(seconds: whole, nanos: nanos)?.nanoseconds
        else { return nil }
        return negative ? -value : value
    }
}

extension Evidence {
    package var json: JSONValue {
        var object = JSONObject([("witness", .string(witness.rawValue)), ("fact", .string(fact))])
        object["at"] = at.map { .string($0.description) }
        object["value"] = value.map(JSONValue.string)
        return .object(object)
    }
}

extension MountPoint {
    fileprivate var json: JSONValue {
        var object = JSONObject([("destination", .string(destination))])
        object["source"] = source.map(JSONValue.string)
        object["readOnly"] = .bool(readOnly)
        return .object(object)
    }
}

extension SecurityContext {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["privileged"] = privileged.map(JSONValue.bool)
        object["runAsUser"] = runAsUser.map(JSONValue.integer)
        object["runAsNonRoot"] = runAsNonRoot.map(JSONValue.bool)
        object["allowPrivilegeEscalation"] = allowPrivilegeEscalation.map(JSONValue.bool)
        object["readOnlyRootFilesystem"] = readOnlyRootFilesystem.map(JSONValue.bool)
        object["capabilitiesAdded"] = .strings(capabilitiesAdded)
        object["capabilitiesDropped"] = .strings(capabilitiesDropped)
        object["seccompProfile"] = seccompProfile.map(JSONValue.string)
        return .object(object)
    }
}

extension PodFate {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["phase"] = phase.map(JSONValue.string)
        object["reason"] = reason.map(JSONValue.string)
        object["deletedAt"] = deletedAt.map { .string($0.description) }
        object["conditions"] = .strings(conditions)
        object["restarts"] = restarts.map { .integer(Int64($0)) }
        return .object(object)
    }
}

extension OutputSummary {
    fileprivate func json(sealedBy: SealedBy?) -> JSONValue {
        var object = JSONObject([("bytes", .integer(Int64(bytes)))])
        object["totalBytes"] = totalBytes.map { .integer(Int64($0)) }
        object["logBytes"] = logBytes.map(JSONValue.integer)
        object["truncated"] = .bool(truncated)
        object["lossy"] = .bool(lossy)
        object["streams"] = .strings(streams)
        object["sha256"] = .string(sha256.description)
        object["framesSHA256"] = .string(framesSHA256.description)
        object["sealedBy"] = sealedBy.map { .string($0.rawValue) }
        object["pinnedBy"] = .string(pinnedBy.rawValue)
        object["note"] = note.map(JSONValue.string)
        return .object(object)
    }
}
