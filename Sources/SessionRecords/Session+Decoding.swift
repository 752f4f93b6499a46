// SPDX-License-Identifier: Apache-2.0

extension Session: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id, revision, state, mode, classification, classificationSource
        case cluster, clusterUID, node, namespace, pod, podUID, owner, labels
        case container, containerID, sandboxID, attempt, targetContainer, targetContainerID, runtime, runtimeVersion
        case image, imageDigest, command, args, envNames, tty, stdin, securityContext, profile, mounts, hostNamespaces
        case pid, requestedAt, requestedBy, createdAt, startedAt, finishedAt, observedAt, sealedAt, durationSeconds
        case clockStepped, exitCode, reason, message, oomKilled, cause, ending, sources
        case podFate, output, successor, evidence
    }

    private enum OutputKeys: String, CodingKey {
        case sealedBy
    }

    /// Reads what `json` wrote, also by a later version that has more keys.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(SessionID.self, forKey: .id), node: try values.decode(String.self, forKey: .node))
        revision = try values.decode(Int.self, forKey: .revision)
        state = try values.decode(SessionState.self, forKey: .state)
        mode = try values.decodeIfPresent(SessionMode.self, forKey: .mode)
        classification = try values.decode(Classification.self, forKey: .classification)
        classificationSource = try values.decodeIfPresent(Witness.self, forKey: .classificationSource)
        cluster = try values.decodeIfPresent(String.self, forKey: .cluster)
        clusterUID = try values.decodeIfPresent(String.self, forKey: .clusterUID)
        namespace = try values.decodeIfPresent(String.self, forKey: .namespace)
        pod = try values.decodeIfPresent(String.self, forKey: .pod)
        podUID = try values.decodeIfPresent(String.self, forKey: .podUID).flatMap { PodUID($0) }
        owner = try values.decodeIfPresent(Owner.self, forKey: .owner)
        labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        try decodeWhat(values)
        try decodeWhenAndHow(values)
        podFate = try values.decodeIfPresent(PodFate.self, forKey: .podFate)
        output = try values.decodeIfPresent(OutputSummary.self, forKey: .output)
        if output != nil {
            let nested = try values.nestedContainer(keyedBy: OutputKeys.self, forKey: .output)
            sealedBy = try nested.decodeIfPresent(SealedBy.self, forKey: .sealedBy)
        }
        successor = try values.decodeIfPresent(SessionID.self, forKey: .successor)
        evidence = try values.decodeIfPresent([Evidence].self, forKey: .evidence) ?? []
    }

    private mutating func decodeWhat(_ values: KeyedDecodingContainer<CodingKeys>) throws {
        container = try values.decodeIfPresent(String.self, forKey: .container)
        containerID = try values.decodeIfPresent(ContainerID.self, forKey: .containerID)
        sandboxID = try values.decodeIfPresent(String.self, forKey: .sandboxID)
        attempt = try values.decodeIfPresent(Int.self, forKey: .attempt)
        targetContainer = try values.decodeIfPresent(String.self, forKey: .targetContainer)
        targetContainerID = try values.decodeIfPresent(String.self, forKey: .targetContainerID)
        runtime = try values.decodeIfPresent(String.self, forKey: .runtime)
        runtimeVersion = try values.decodeIfPresent(String.self, forKey: .runtimeVersion)
        image = try values.decodeIfPresent(String.self, forKey: .image)
        imageDigest = try values.decodeIfPresent(String.self, forKey: .imageDigest)
        command = try values.decodeIfPresent([String].self, forKey: .command)
        args = try values.decodeIfPresent([String].self, forKey: .args)
        envNames = try values.decodeIfPresent([String].self, forKey: .envNames)
        tty = try values.decodeIfPresent(Bool.self, forKey: .tty)
        stdin = try values.decodeIfPresent(Bool.self, forKey: .stdin)
        securityContext = try values.decodeIfPresent(SecurityContext.self, forKey: .securityContext)
        profile = try values.decodeIfPresent(DebugProfile.self, forKey: .profile)
        mounts = try values.decodeIfPresent([MountPoint].self, forKey: .mounts)
        hostNamespaces = try values.decodeIfPresent([String].self, forKey: .hostNamespaces)
        pid = try values.decodeIfPresent(Int.self, forKey: .pid)
    }

    private mutating func decodeWhenAndHow(_ values: KeyedDecodingContainer<CodingKeys>) throws {
        requestedAt = try values.decodeIfPresent(Timestamp.self, forKey: .requestedAt)
        requestedBy = try values.decodeIfPresent(String.self, forKey: .requestedBy)
        createdAt = try values.decodeIfPresent(Timestamp.self, forKey: .createdAt)
        startedAt = try values.decodeIfPresent(Timestamp.self, forKey: .startedAt)
        finishedAt = try values.decodeIfPresent(Timestamp.self, forKey: .finishedAt)
        observedAt = try values.decodeIfPresent(Timestamp.self, forKey: .observedAt)
        sealedAt = try values.decodeIfPresent(Timestamp.self, forKey: .sealedAt)
        durationNanoseconds = try values.decodeIfPresent(String.self, forKey: .durationSeconds)
            .flatMap { Session.nanoseconds(fromSeconds: $0) }
        clockStepped = try values.decodeIfPresent(Bool.self, forKey: .clockStepped)
        exitCode = try values.decodeIfPresent(Int.self, forKey: .exitCode)
        reason = try values.decodeIfPresent(String.self, forKey: .reason)
        message = try values.decodeIfPresent(String.self, forKey: .message)
        oomKilled = try values.decodeIfPresent(Bool.self, forKey: .oomKilled)
        cause = try values.decodeIfPresent(EndingCause.self, forKey: .cause)
        ending = try values.decodeIfPresent(Ending.self, forKey: .ending)
        sources = try values.decodeIfPresent([String: Witness].self, forKey: .sources) ?? [:]
    }
}
