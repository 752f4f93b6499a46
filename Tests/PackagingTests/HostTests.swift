// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// Tests on a booted systemd, one host at a time.
@Suite(
    "A host that boots them", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: HostMachine.obstacle == nil, "no host can be booted here: root and systemd-nspawn are needed"))
struct HostTests {}
