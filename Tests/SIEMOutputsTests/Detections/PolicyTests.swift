// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing
import Yams

/// The samples for a cluster, read as the API server reads them: no key that its types do not have.
@Suite("Samples of policies and roles")
struct PolicyTests {
    private static func documents(_ name: String) throws -> [[String: Any]] {
        try Yams.load_all(yaml: Files.text(DetectionTests.folder.path + "/" + name)).map {
            try #require($0 as? [String: Any], "\(name)")
        }
    }

    private static func keys(_ object: [String: Any], _ allowed: Set<String>, _ place: String) {
        #expect(allowed.isSuperset(of: object.keys), "\(place): \(object.keys.sorted())")
    }

    @Test("the audit policy sees who puts a debug container into a pod, before any rule that would hide it")
    func auditPolicy() throws {
        let policy = try #require(try Self.documents("audit-policy.yaml").first)
        Self.keys(policy, ["apiVersion", "kind", "omitStages", "rules"], "policy")
        #expect(policy["apiVersion"] as? String == "audit.k8s.io/v1" && policy["kind"] as? String == "Policy")
        let stages = try #require(policy["omitStages"] as? [String])
        #expect(Set(["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]).isSuperset(of: stages))
        #expect(!stages.contains("ResponseComplete"))
        let rules = try #require(policy["rules"] as? [[String: Any]])
        for rule in rules {
            Self.keys(rule, ["level", "verbs", "resources", "users", "namespaces", "omitStages"], "rule")
            #expect(["None", "Metadata", "Request", "RequestResponse"].contains(rule["level"] as? String))
            for resource in try #require(rule["resources"] as? [[String: Any]]) {
                Self.keys(resource, ["group", "resources", "resourceNames"], "resource")
                #expect(resource["group"] as? String == "")
            }
        }
        /// The level of the first rule that fits, as the API server takes it.
        func level(_ verb: String, _ resource: String) -> String? {
            rules.first { rule in
                (rule["verbs"] as? [String])?.contains(verb) == true
                    && (rule["resources"] as? [[String: Any]])?.contains {
                        ($0["resources"] as? [String])?.contains(resource) == true
                    } == true
            }?["level"] as? String
        }
        #expect(level("patch", "pods/ephemeralcontainers") == "RequestResponse")
        #expect(level("update", "pods/ephemeralcontainers") == "RequestResponse")
        for verb in ["get", "create"] {
            #expect(level(verb, "pods/attach") == "Metadata" && level(verb, "pods/exec") == "Metadata")
        }
        #expect(level("create", "pods") == "Request")
        #expect(level("delete", "pods") == "Metadata")
    }

    @Test(
        "only the debuggers' role may add debug containers, no role says `*`, and every binding names a role that is there"
    )
    func roles() throws {
        var holders: [String] = []
        for name in Files.names(in: DetectionTests.folder.appending(path: "rbac").path) {
            let documents = try Self.documents("rbac/" + name)
            var roles: Set<String> = []
            for document in documents {
                let kind = try #require(document["kind"] as? String)
                let metadata = try #require(document["metadata"] as? [String: Any])
                Self.keys(metadata, ["name", "namespace", "labels"], name)
                switch kind {
                case "Role", "ClusterRole":
                    Self.keys(document, ["apiVersion", "kind", "metadata", "rules"], name)
                    roles.insert("\(kind)/\(metadata["name"] ?? "")")
                    for rule in try #require(document["rules"] as? [[String: Any]]) {
                        Self.keys(rule, ["apiGroups", "resources", "verbs"], name)
                        let words = (rule["resources"] as? [String] ?? []) + (rule["verbs"] as? [String] ?? [])
                        #expect(!words.isEmpty && !words.contains { $0.contains("*") }, "\(name)")
                        if words.contains("pods/ephemeralcontainers") {
                            holders.append(metadata["name"] as? String ?? "")
                        }
                    }
                case "RoleBinding", "ClusterRoleBinding":
                    Self.keys(document, ["apiVersion", "kind", "metadata", "subjects", "roleRef"], name)
                    let role = try #require(document["roleRef"] as? [String: String])
                    #expect(Set(role.keys) == ["apiGroup", "kind", "name"])
                    #expect(roles.contains("\(role["kind"] ?? "")/\(role["name"] ?? "")"), "\(name)")
                    for subject in try #require(document["subjects"] as? [[String: String]]) {
                        #expect(Set(subject.keys) == ["apiGroup", "kind", "name"], "\(name)")
                    }
                case "Namespace":
                    Self.keys(document, ["apiVersion", "kind", "metadata"], name)
                    #expect(document["apiVersion"] as? String == "v1")
                default: Issue.record("\(name): \(kind)")
                }
                if kind != "Namespace" {
                    #expect(document["apiVersion"] as? String == "rbac.authorization.k8s.io/v1", "\(name)")
                }
            }
        }
        #expect(holders == ["pod-debugger"])
    }
}
