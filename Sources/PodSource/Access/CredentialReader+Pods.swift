// SPDX-License-Identifier: Apache-2.0
import ServerAccess

extension CredentialReader {
    static let pods = CredentialReader(code: "pods.credentials")
}
