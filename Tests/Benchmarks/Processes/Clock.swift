// SPDX-License-Identifier: Apache-2.0
import TestSupport

typealias Clock = MachineClock
