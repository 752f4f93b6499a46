// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The stand-in's cluster: pods by name, the history of changes, and what is to go wrong. One lock around it.
struct APIServerState {
    struct Pod {
        var uid: String
        var node: String
        var json: String
    }

    struct Event {
        var revision: Int
        var type: String
        var node: String
        var json: String
    }

    /// What the next requests get instead of an answer.
    struct Refusal {
        var status: Int
        var retryAfter: Int?
        var remaining: Int
    }

    var pods: [String: Pod] = [:]
    var history: [Event] = []
    /// As etcd's: one number for the whole cluster.
    var revision = 1000
    /// A watch or list page from before this revision is answered with 410.
    var oldest = 1000
    var expiryForm = APIServerStandIn.ExpiryForm.status
    var token: String
    var refusals: [Refusal] = []
    var forbiddenVerbs: Set<String> = []
    var isHanging = false
    /// Rises with each `expire` and `endWatches`: an open watch that sees it rise ends.
    var watchEpoch = 0
    var endedByExpiry = false
    /// Rises with each `sendBookmarks`.
    var bookmarks = 0
    /// Lines that all open watches write as they are.
    var injected: [String] = []
    var pieceSize: Int?
    var requests: [APIServerStandIn.Request] = []

    init(token: String) {
        self.token = token
    }

    mutating func put(_ text: String) throws {
        guard var object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            var metadata = object["metadata"] as? [String: Any], let name = metadata["name"] as? String,
            let uid = metadata["uid"] as? String
        else { throw APIServerStandIn.Failure(what: "not a pod with name and uid") }
        revision += 1
        metadata["resourceVersion"] = String(revision)
        object["metadata"] = metadata
        let node = (object["spec"] as? [String: Any])?["nodeName"] as? String ?? ""
        let json = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        let key = (metadata["namespace"] as? String ?? "default") + "/" + name
        if let known = pods[key], known.uid != uid { remember("DELETED", known, known.json) }
        let isNew = pods[key]?.uid != uid
        let pod = Pod(uid: uid, node: node, json: json)
        pods[key] = pod
        remember(isNew ? "ADDED" : "MODIFIED", pod, json)
    }

    /// False if there is no such pod.
    mutating func delete(where matches: (String, Pod) -> Bool) throws -> Bool {
        guard let (key, pod) = pods.first(where: { matches($0.key, $0.value) }) else { return false }
        pods[key] = nil
        revision += 1
        var json = pod.json
        // The event's object carries the version of the deletion.
        if var object = try JSONSerialization.jsonObject(with: Data(pod.json.utf8)) as? [String: Any],
            var metadata = object["metadata"] as? [String: Any]
        {
            metadata["resourceVersion"] = String(revision)
            object["metadata"] = metadata
            json = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        }
        remember("DELETED", pod, json)
        return true
    }

    private mutating func remember(_ type: String, _ pod: Pod, _ json: String) {
        history.append(Event(revision: revision, type: type, node: pod.node, json: json))
    }

    mutating func expire() {
        revision += 1
        oldest = revision
        history = []
        watchEpoch += 1
        endedByExpiry = true
    }
}
