// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

extension APIServerStandIn {
    // MARK: Pods

    /// Creates or changes a pod: one object with name, namespace and UID. Its resource version is set here. Another UID
    /// under a known name deletes the old pod first.
    package func put(podJSON: String) throws {
        try state.withLock { try $0.put(podJSON) }
    }

    /// False if there is no such pod.
    @discardableResult
    package func delete(uid: String) throws -> Bool {
        try state.withLock { try $0.delete { _, pod in pod.uid == uid } }
    }

    @discardableResult
    package func delete(namespace: String, name: String) throws -> Bool {
        try state.withLock { try $0.delete { key, _ in key == namespace + "/" + name } }
    }

    /// Something else in the cluster changes: the version rises, no event for this node's pods.
    package func advance() {
        state.withLock { $0.revision += 1 }
    }

    // MARK: What goes wrong

    /// All versions known to clients are too old from now on; open watches end, with an ERROR event in that form.
    package func expire(_ form: ExpiryForm = .status) {
        state.withLock {
            $0.expiryForm = form
            $0.expire()
        }
    }

    /// The next `count` requests get 401.
    package func unauthorized(_ count: Int) {
        state.withLock { $0.refusals.append(.init(status: 401, remaining: count)) }
    }

    /// The next `count` requests get 429 (or 503) with `Retry-After` in seconds.
    package func throttle(retryAfter: Int, _ count: Int, status: Int = 429) {
        state.withLock { $0.refusals.append(.init(status: status, retryAfter: retryAfter, remaining: count)) }
    }

    /// The next `count` requests get this status.
    package func fail(status: Int, _ count: Int) {
        state.withLock { $0.refusals.append(.init(status: status, remaining: count)) }
    }

    /// Ends what `unauthorized`, `throttle` and `fail` ordered.
    package func forgive() {
        state.withLock { $0.refusals = [] }
    }

    /// These verbs (`list`, `watch`, `kubelet`) get 403 until it is called again.
    package func forbid(_ verbs: Set<String>) {
        state.withLock { $0.forbiddenVerbs = verbs }
    }

    /// Requests are taken and not answered, open watches fall silent, until `hang(false)`.
    package func hang(_ isHanging: Bool = true) {
        state.withLock { $0.isHanging = isHanging }
    }

    /// Breaks the connections of all open watches, without an end of the stream.
    package func dropWatches() {
        for channel in watchChannels { channel.close(promise: nil) }
    }

    /// Ends all open watches cleanly, as a server does after `timeoutSeconds`.
    package func endWatches() {
        state.withLock {
            $0.watchEpoch += 1
            $0.endedByExpiry = false
        }
    }

    package func sendBookmarks() {
        state.withLock { $0.bookmarks += 1 }
    }

    /// All open watches write this line as it is.
    package func inject(line: String) {
        state.withLock { $0.injected.append(line) }
    }

    /// Watches write in pieces of so many bytes; nil: a line at once.
    package func split(pieces: Int?) {
        state.withLock { $0.pieceSize = pieces }
    }

    /// Another token is valid from now on. `inFile`: and stands in the token file.
    package func rotateToken(_ token: String, inFile: Bool) throws {
        state.withLock { $0.token = token }
        if inFile { try write(token, to: "token") }
    }

    // MARK: What was asked

    package var requests: [Request] { state.withLock { $0.requests } }

    package func count(_ verb: String, status: Int? = nil) -> Int {
        requests.count { $0.verb == verb && (status == nil || $0.status == status) }
    }

    package var openWatches: Int { watchChannels.count }
}
