// SPDX-License-Identifier: Apache-2.0

/// Where the pod source gets its pods from, and how patiently.
package struct PodSourceConfiguration: Sendable {
    package enum Origin: Sendable {
        /// No pod source: names come from the runtime's labels alone.
        case none
        /// List and watch at the API server.
        case api(APIServerAccess)
        /// The kubelet's `/pods`, polled.
        case kubelet(KubeletAccess)
    }

    package var origin: Origin
    /// The node's name in the cluster: the value of `spec.nodeName`.
    package var nodeName: String
    package var timings: PodSourceTimings
    /// Observations that may wait to be taken; beyond it they are dropped, counted, and asked for again.
    package var queueCapacity: Int

    package init(
        origin: Origin, nodeName: String, timings: PodSourceTimings = PodSourceTimings(), queueCapacity: Int = 65_536
    ) {
        self.origin = origin
        self.nodeName = nodeName
        self.timings = timings
        self.queueCapacity = queueCapacity
    }
}

/// How to reach the API server, and as whom.
package enum APIServerAccess: Sendable {
    /// As a pod's service account: `KUBERNETES_SERVICE_HOST` and `_PORT` from `environment`, `token` and `ca.crt` from
    /// `directory`.
    case inCluster(
        directory: String = "/var/run/secrets/kubernetes.io/serviceaccount", environment: [String: String])
    /// By a kubeconfig file; its current context, or the one named.
    case kubeconfig(path: String, context: String? = nil)
    /// An explicit server (`https://host:port`), a file with a bearer token, and a file with the server's CA (nil: the
    /// system's).
    case server(url: String, tokenFile: String?, caFile: String?)
}

/// How to reach the node's kubelet. The certificate is always checked, in one of two ways.
package struct KubeletAccess: Sendable {
    package enum Trust: Sendable {
        /// Issued by a CA in this file, and for the host's name or address.
        case authority(file: String)
        /// This very certificate: SHA-256 of its DER form, 64 hex digits, colons allowed.
        case fingerprint(String)
    }

    /// Name or address; brackets around IPv6 are not needed.
    package var host: String
    package var port: Int
    package var trust: Trust
    package var tokenFile: String

    package init(host: String, port: Int = 10_250, trust: Trust, tokenFile: String) {
        self.host = host
        self.port = port
        self.trust = trust
        self.tokenFile = tokenFile
    }
}

/// Intervals and limits; the defaults are what a cluster wants, tests take shorter ones.
package struct PodSourceTimings: Sendable {
    /// Pods a page of a list.
    package var pageSize = 500
    /// `timeoutSeconds` of a watch: the server ends it cleanly after so long, which also spreads agents over servers.
    package var watchSeconds = 290
    /// A watch without a byte for so long hangs. Above the server's interval of bookmarks, about a minute.
    package var idleTimeout: Duration = .seconds(150)
    /// For a whole page of a list, and for one poll of the kubelet.
    package var listTimeout: Duration = .seconds(60)
    package var connectTimeout: Duration = .seconds(10)
    /// Full jitter: a random time up to `backoffBase` × 2ⁿ, never above `backoffCap`.
    package var backoffBase: Duration = .milliseconds(500)
    package var backoffCap: Duration = .seconds(30)
    /// Between tries while access is forbidden: only a person can change that.
    package var forbiddenDelay: Duration = .seconds(30)
    /// The longest `Retry-After` that is honoured.
    package var retryAfterCap: Duration = .seconds(300)
    /// Credentials are read again from their files after this time (and at once after a 401).
    package var credentialLifetime: Duration = .seconds(60)
    package var kubeletInterval: Duration = .seconds(1)
    /// So many polls in a row must miss a pod before it counts as deleted: a starting kubelet serves a partial list.
    package var kubeletMisses = 3

    package init() {}
}
