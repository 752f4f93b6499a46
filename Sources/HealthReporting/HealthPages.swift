// SPDX-License-Identifier: Apache-2.0
package import NIOHTTP1
import SessionRecords

/// What the endpoint answers, without the wire.
package struct HealthPages: Sendable {
    package struct Answer: Sendable {
        package var status: HTTPResponseStatus
        package var contentType = "text/plain; charset=utf-8"
        package var body: String
        package var allow: String?
    }

    let state: HealthState
    let isAlive: @Sendable () -> Bool
    let metrics: @Sendable () -> String

    /// - Parameters:
    ///   - isAlive: whether the program's main loop still gets on; the watchdog should ask the same.
    ///   - metrics: in Prometheus' text format.
    package init(
        state: HealthState, isAlive: @escaping @Sendable () -> Bool, metrics: @escaping @Sendable () -> String
    ) {
        self.state = state
        self.isAlive = isAlive
        self.metrics = metrics
    }

    package func answer(method: HTTPMethod, target: String) -> Answer {
        let path = target.prefix { $0 != "?" && $0 != "#" }
        guard ["/healthz", "/readyz", "/metrics"].contains(path) else {
            return Answer(status: .notFound, body: "not found: /healthz, /readyz and /metrics are here\n")
        }
        guard method == .GET || method == .HEAD else {
            return Answer(status: .methodNotAllowed, body: "only GET and HEAD\n", allow: "GET, HEAD")
        }
        switch path {
        case "/healthz":
            let alive = isAlive()
            return Answer(
                status: alive ? .ok : .serviceUnavailable, body: alive ? "alive\n" : "the main loop stands still\n")
        case "/readyz":
            return Answer(
                status: state.isReady ? .ok : .serviceUnavailable, contentType: "application/json", body: readiness())
        default:
            return Answer(status: .ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: metrics())
        }
    }

    /// `{"ready":false,"parts":[{"part":"runtime","state":"failing","required":true,"reason":"…"}]}`
    private func readiness() -> String {
        let parts = state.reports.map { report in
            var object = JSONObject([("part", .string(report.part))])
            switch report.condition {
            case .ok: object["state"] = .string("ok")
            case .starting: object["state"] = .string("starting")
            case .failing: object["state"] = .string("failing")
            }
            object["required"] = .bool(report.isRequired)
            if case .failing(let why) = report.condition { object["reason"] = .string(why) }
            return JSONValue.object(object)
        }
        let all = JSONObject([("ready", .bool(state.isReady)), ("parts", .array(parts))])
        return JSONValue.object(all).compact + "\n"
    }
}
