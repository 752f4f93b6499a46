// SPDX-License-Identifier: Apache-2.0

/// Says why a page is not shown.
package struct ErrorPage: Sendable {
    package var status: Int
    package var heading: String
    package var message: String
    package var remedy: String?
    /// Set where signing in would help.
    package var signIn: String?

    package init(status: Int, heading: String, message: String, remedy: String? = nil, signIn: String? = nil) {
        self.status = status
        self.heading = heading
        self.message = message
        self.remedy = remedy
        self.signIn = signIn
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content: View = ["status": status, "heading": heading, "message": VisibleText.line(message)]
        content["remedy"] = remedy.map(VisibleText.line)
        content["signInHref"] = signIn
        return renderer.page("error", frame, title: heading, place: .elsewhere, content)
    }
}

/// Where a token is asked for.
package struct SignInPage: Sendable {
    /// Where to go afterwards: a path of these pages.
    package var next: String
    /// How long a session lasts, in words.
    package var lifetime: String
    /// Why the last attempt failed.
    package var failure: String?

    package init(next: String, lifetime: String, failure: String? = nil) {
        self.next = next
        self.lifetime = lifetime
        self.failure = failure
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content: View = ["next": next, "lifetime": lifetime]
        content["failure"] = failure.map(VisibleText.line)
        return renderer.page("signIn", frame, title: "Sign in", place: .elsewhere, content)
    }
}
