// SPDX-License-Identifier: Apache-2.0

/// Signing in with a token.
enum SignInTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <section class="signin">
        <h1>Sign in</h1>
        {{#failure}}<p class="alert bad" role="alert"><strong>Not signed in.</strong> {{failure}}</p>{{/failure}}
        <form method="post" action="/sign-in">
        <input type="hidden" name="next" value="{{next}}">
        <label>Reader's token
        <input type="password" name="token" id="token" required maxlength="512" autocomplete="off" placeholder="lwt_…" autofocus></label>
        <button>Sign in</button>
        </form>
        <p class="sub">An administrator makes one: <code>lastword-collector token create --role reader --name NAME</code>. You stay signed in for {{lifetime}} at most, and no longer than the token is good.</p>
        </section>
        {{/content}}
        {{> foot}}
        """#
}
