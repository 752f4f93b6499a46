// SPDX-License-Identifier: Apache-2.0

/// What stands around every page, and the small pieces that many have.
enum FrameTemplate {
    static let head = #"""
        {{% CONTENT_TYPE:PAGE}}<!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{pageTitle}} · Lastword</title>
        <link rel="stylesheet" href="{{styleURL}}">
        <link rel="icon" href="{{iconURL}}" type="image/svg+xml">
        <script src="{{scriptURL}}" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
        <a class="brand" href="/sessions"><img src="{{iconURL}}" alt="" width="20" height="20"> Lastword</a>
        <nav aria-label="Main">{{#navigation}}
        <a href="{{navHref}}"{{#isHere}} aria-current="page"{{/isHere}}>{{navLabel}}</a>{{/navigation}}
        </nav>
        <div class="who">{{#limits}}<span class="limits" title="You see the sessions of these namespaces alone">Namespaces:
        <bdi>{{limits}}</bdi></span>{{/limits}}{{#reader}}<span class="reader"><bdi>{{reader}}</bdi></span>{{/reader}}{{#canSignOut}}
        <form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>{{/canSignOut}}</div>
        </header>
        <main id="main" tabindex="-1">
        """#

    static let foot = #"""
        {{% CONTENT_TYPE:PAGE}}
        </main>
        <footer class="bottom">
        <span>Times are in UTC. Made at {{#madeAt}}{{> time}}{{/madeAt}}.</span>
        <span class="keys" hidden><kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>Enter</kbd> open</span>
        <span>Lastword {{version}}</span>
        </footer>
        </body>
        </html>

        """#

    static let time = #"""
        {{% CONTENT_TYPE:PAGE}}<time datetime="{{exact}}" title="{{exact}}"><span class="day">{{day}}</span> {{clock}}</time>
        """#

    static let outcome = #"""
        {{% CONTENT_TYPE:PAGE}}<span class="outcome {{style}}" title="{{meaning}}"><span class="sign" aria-hidden="true">{{sign}}</span> {{text}}</span>
        """#

    /// A node's name, and that what it tells is weaker where it is.
    static let node = #"""
        {{% CONTENT_TYPE:PAGE}}{{#nodeHref}}<a href="{{nodeHref}}"><bdi>{{nodeName}}</bdi></a>{{/nodeHref}}{{^nodeHref}}<bdi>{{nodeName}}</bdi>{{/nodeHref}}{{#isWeak}} <span class="weak" title="This node delivers with a token for any node: whoever has the token can write in its name">⚠ any-node<span class="hide"> token</span></span>{{/isWeak}}
        """#

    static let error = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <section class="notice">
        <p class="code">{{status}}</p>
        <h1>{{heading}}</h1>
        <p>{{message}}</p>
        {{#remedy}}<p>{{remedy}}</p>{{/remedy}}
        <p class="links">{{#signInHref}}<a class="button" href="{{signInHref}}">Sign in</a> {{/signInHref}}<a href="/sessions">All sessions</a></p>
        </section>
        {{/content}}
        {{> foot}}
        """#
}
