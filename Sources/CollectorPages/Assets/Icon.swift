// SPDX-License-Identifier: Apache-2.0

/// A speech bubble with a full stop: the last word.
enum Icon {
    static let text = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
        <path fill="#2f6fde" d="M6 3h20a4 4 0 0 1 4 4v13a4 4 0 0 1-4 4H15l-7 6v-6H6a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4z"/>
        <path fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" d="M8 10h16M8 16h7"/>
        <circle cx="21.5" cy="16" r="2.6" fill="#fff"/>
        </svg>

        """
}
