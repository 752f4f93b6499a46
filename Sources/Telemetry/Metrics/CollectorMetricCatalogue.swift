// SPDX-License-Identifier: Apache-2.0

extension MetricCatalogue {
    /// Every metric of the collector. A test holds it against the code and `docs/collector-metrics.md`.
    package static let collector: [MetricDescription] = deliveries + logins + requests + store + outputs + shared

    private static let deliveries: [MetricDescription] = [
        MetricDescription(
            "lastword_collector_entries_total", .counter, labels: ["outcome"],
            "Log records that came in accepted deliveries: stored, duplicate, fork, or foreign (nobody's ledger entry)."
        ),
        MetricDescription(
            "lastword_collector_deliveries_refused_total", .counter, labels: ["reason"],
            "Deliveries that were refused, by the code of why; nothing of them was stored."),
        MetricDescription(
            "lastword_collector_delivery_bytes", .gauge, "Bytes of deliveries that are being taken in."),
        MetricDescription(
            "lastword_collector_alarms_total", .counter, labels: ["kind"],
            "Alarms and notices about ledgers and nodes that deliveries opened."),
    ]

    private static let logins: [MetricDescription] = [
        MetricDescription(
            "lastword_collector_logins_failed_total", .counter, labels: ["method"], "Logins that were refused."),
        MetricDescription(
            "lastword_collector_logins_delayed_total", .counter,
            "Requests put off because too many logins from their address had failed."),
        MetricDescription(
            "lastword_collector_certificate_reloads_total", .counter, labels: ["outcome"],
            "Times that changed certificate files were read again."),
    ]

    private static let requests: [MetricDescription] = [
        MetricDescription(
            "lastword_collector_requests_total", .counter, labels: ["route", "status"],
            "Requests that were answered; the route as the OpenAPI document names it."),
        MetricDescription(
            "lastword_collector_request_seconds", .histogram, labels: ["route"],
            "How long requests took until their answer was made."),
    ]

    private static let store: [MetricDescription] = [
        MetricDescription("lastword_collector_commits_total", .counter, "Group commits."),
        MetricDescription("lastword_collector_batches_total", .counter, "Deliveries in them."),
        MetricDescription(
            "lastword_collector_slowest_commit_seconds", .gauge, "The slowest group commit since the start."),
        MetricDescription("lastword_collector_waiting_batches", .gauge, "Deliveries that wait for the store."),
        MetricDescription("lastword_collector_waiting_bytes", .gauge, "Bytes of them."),
        MetricDescription(
            "lastword_collector_store_failures_total", .counter, labels: ["reason"],
            "Transactions that failed, by the code of why; what was in them was not acknowledged."),
        MetricDescription(
            "lastword_collector_removed_sessions_total", .counter, "Sessions that retention removed."),
        MetricDescription("lastword_collector_removed_entries_total", .counter, "Entries that retention removed."),
        MetricDescription("lastword_collector_sessions", .gauge, "Sessions in the store."),
        MetricDescription("lastword_collector_entries", .gauge, "Ledger entries in the store."),
        MetricDescription("lastword_collector_nodes", .gauge, "Nodes that have ever delivered."),
        MetricDescription("lastword_collector_open_alarms", .gauge, "Alarms that are open."),
        MetricDescription("lastword_collector_store_bytes", .gauge, "Size of the database and its log on disk."),
    ]

    private static let outputs: [MetricDescription] = [
        MetricDescription(
            "lastword_collector_output_up", .gauge, labels: ["output"], "1 while the output takes events."),
        MetricDescription(
            "lastword_collector_output_events_total", .counter, labels: ["output"],
            "Events that were sent, those that were sent again included."),
        MetricDescription(
            "lastword_collector_output_failures_total", .counter, labels: ["output", "reason"],
            "Times that an output did not take events, by the code of why; they go again."),
        MetricDescription(
            "lastword_collector_output_skipped_total", .counter, labels: ["output"],
            "Events that retention removed before the output had sent them, since the output was set up."),
        MetricDescription(
            "lastword_collector_output_backlog_lines", .gauge, labels: ["output"],
            "Lines of the feed behind the output's mark, those that it does not send included."),
        MetricDescription(
            "lastword_collector_output_backlog_age_seconds", .gauge, labels: ["output"],
            "How long ago the oldest event came that the output has not sent for good; 0 if there is none."),
    ]

    private static let shared: [MetricDescription] = [
        MetricDescription(
            "lastword_part_ready", .gauge, labels: ["part"], "1 while the part of the program is in order, else 0."),
        MetricDescription(
            "lastword_metrics_refused_total", .counter,
            "Metrics that were not kept, because there were too many names or a name had two kinds."),
    ]
}
