// SPDX-License-Identifier: Apache-2.0

enum StoreChecks {
    static func all(_ path: String) -> [DoctorCheck] { [] }
}
