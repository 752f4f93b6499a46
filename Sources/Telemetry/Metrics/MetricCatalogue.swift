// SPDX-License-Identifier: Apache-2.0

/// Every metric of the agent. A test holds it against the code and `docs/metrics.md`.
package enum MetricCatalogue {
    package static let all: [MetricDescription] = runtime + pods + journal + sessions + pinsAndStore + delivery + agent

    private static let runtime: [MetricDescription] = [
        MetricDescription("lastword_runtime_connected", .gauge, "1 while the runtime's events are being watched."),
        MetricDescription(
            "lastword_runtime_events_total", .counter, labels: ["topic"], "Events received from the runtime."),
        MetricDescription(
            "lastword_runtime_events_dropped_total", .counter,
            "Events dropped because the queue was full; the containers are then listed again."),
        MetricDescription(
            "lastword_runtime_execs_ignored_total", .counter,
            "Ends of processes started by exec, which end no container."),
        MetricDescription(
            "lastword_runtime_malformed_total", .counter,
            "Events, records and listed containers that could not be understood, wholly or in part."),
        MetricDescription("lastword_runtime_connections_total", .counter, "Event streams that were made."),
        MetricDescription(
            "lastword_runtime_connections_lost_total", .counter, "Event streams that were lost or could not be made."),
        MetricDescription("lastword_runtime_listings_total", .counter, "Listings of all containers."),
        MetricDescription("lastword_runtime_descriptions_total", .counter, "Containers looked up at the runtime."),
        MetricDescription("lastword_runtime_statuses_total", .counter, "Container statuses asked for over CRI."),
        MetricDescription(
            "lastword_runtime_lookups_unknown_total", .counter,
            "Look-ups of containers that the runtime no longer knew."),
        MetricDescription(
            "lastword_runtime_lookups_retried_total", .counter, "Look-ups put back to be tried again; not a loss."),
        MetricDescription(
            "lastword_runtime_unary_renewals_total", .counter, "Connections for look-ups that were renewed in time."),
        MetricDescription("lastword_runtime_queue_depth", .gauge, "Events waiting, as the source last saw it."),
    ]

    private static let pods: [MetricDescription] = [
        MetricDescription("lastword_pods_up", .gauge, "1 while the pod source answers."),
        MetricDescription("lastword_pods_known", .gauge, "Pods in the cache, deleted ones included for a while."),
        MetricDescription(
            "lastword_pods_events_total", .counter, labels: ["kind"], "Pods received from the pod source, by kind."),
        MetricDescription(
            "lastword_pods_relists_total", .counter, labels: ["reason"], "Full lists of pods, by what made them needed."
        ),
        MetricDescription(
            "lastword_pods_errors_total", .counter, labels: ["reason"], "Requests to the pod source that failed."),
        MetricDescription(
            "lastword_pods_skipped_total", .counter, labels: ["reason"], "Pods that were too large or malformed to use."
        ),
        MetricDescription(
            "lastword_pods_dropped_total", .counter,
            "Pod updates dropped because the queue was full; pods are relisted."
        ),
    ]

    private static let journal: [MetricDescription] = [
        MetricDescription("lastword_journal_up", .gauge, "1 while the journal is read as it is written."),
        MetricDescription(
            "lastword_journal_read_up_to_seconds", .gauge,
            "When the last line was received up to which all is told, in seconds since 1970."),
        MetricDescription(
            "lastword_journal_known_total", .counter, "Facts from the journal about sessions that were over and told."),
        MetricDescription(
            "lastword_journal_entries_total", .counter, labels: ["outcome"],
            "Entries of our own for ended sessions, by what journald did with them."),
        MetricDescription(
            "lastword_journal_lines_total", .counter, labels: ["kind"],
            "Lines of the watched services and the kernel, by what they say."),
        MetricDescription(
            "lastword_journal_missed_total", .counter, labels: ["reason"],
            "Intervals of the journal that cannot be read any more: dropped by journald, vacuumed, cursor unreadable."),
        MetricDescription(
            "lastword_journal_errors_total", .counter, labels: ["reason"],
            "Failures to read the journal, after each of which it is opened again."),
        MetricDescription(
            "lastword_journal_look_backs_total", .counter,
            "Passes through older lines for the names of containers that were made before the cursor."),
    ]

    private static let sessions: [MetricDescription] = [
        MetricDescription("lastword_observations_total", .counter, "Observations that the session loop took in."),
        MetricDescription("lastword_sessions_open", .gauge, "Sessions that have not ended."),
        MetricDescription(
            "lastword_sessions_total", .counter, labels: ["state", "ending", "classification"],
            "Sessions whose end was recorded."),
        MetricDescription("lastword_entries_total", .counter, labels: ["type"], "Entries written to the ledger."),
        MetricDescription("lastword_gaps_open", .gauge, "Gaps in which a source is not being watched now."),
        MetricDescription(
            "lastword_gaps_total", .counter, labels: ["source", "reason"],
            "Gaps that opened: the source was lost, more came than could be taken, the agent was absent, or the interval was "
                + "missed and nothing closes it."),
        MetricDescription(
            "lastword_losses_total", .counter, labels: ["reason"], "What was lost for good, by reason."),
    ]

    private static let pinsAndStore: [MetricDescription] = [
        MetricDescription(
            "lastword_pin_attempts_total", .counter, labels: ["outcome"], "Attempts to pin a container's log."),
        MetricDescription("lastword_pins", .gauge, "Logs held by hard links."),
        MetricDescription("lastword_pin_descriptors", .gauge, "Logs held open because they could not be linked."),
        MetricDescription("lastword_pinned_bytes", .gauge, "Disk that pins hold, in allocated blocks."),
        MetricDescription("lastword_store_head", .gauge, "Number of the ledger's newest entry."),
        MetricDescription("lastword_store_queue", .gauge, "Facts waiting to be committed."),
        MetricDescription(
            "lastword_store_commit_seconds", .histogram, "How long a group of facts took to become durable."),
    ]

    private static let delivery: [MetricDescription] = [
        MetricDescription("lastword_forward_up", .gauge, "1 while the receiver takes entries."),
        MetricDescription("lastword_forward_backlog", .gauge, "Entries that the receiver does not have yet."),
        MetricDescription(
            "lastword_forward_backlog_age_seconds", .gauge, "How long ago the oldest of these was made."),
        MetricDescription(
            "lastword_forward_refused", .gauge,
            "Entries and outputs that the receiver would not have, kept on the node; SIGUSR1 sends them again."),
        MetricDescription(
            "lastword_forward_entries_total", .counter, labels: ["outcome"],
            "Entries that were delivered; refused as a whole, in their output, or as one of several; and taken at a second try."
        ),
        MetricDescription(
            "lastword_forward_requests_total", .counter, labels: ["outcome"],
            "Requests to the receiver, by what came of them; a retry is not a loss."),
        MetricDescription("lastword_forward_bytes_total", .counter, "Bytes of requests, before they were packed."),
        MetricDescription(
            "lastword_forward_request_seconds", .histogram, "How long the receiver took for a request."),
    ]

    private static let agent: [MetricDescription] = [
        MetricDescription(
            "lastword_part_ready", .gauge, labels: ["part"], "1 while the part of the agent is in order, else 0."),
        MetricDescription(
            "lastword_metrics_refused_total", .counter,
            "Metrics that were not kept, because there were too many names or a name had two kinds."),
    ]
}
