// SPDX-License-Identifier: Apache-2.0

/// One session.
enum SessionTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <div id="live"{{#live}} data-live="{{liveURL}}" data-mark="{{liveMark}}"{{/live}}>
        {{> body}}
        </div>
        {{/content}}
        {{> foot}}
        """#

    static let body = #"""
        {{% CONTENT_TYPE:PAGE}}
        {{#session}}
        <div class="headline">
        <p class="crumbs"><a href="/sessions">Sessions</a> / <a href="{{namespaceHref}}"><bdi>{{namespace}}</bdi></a> / {{#podHref}}<a href="{{podHref}}"><bdi>{{podName}}</bdi></a>{{/podHref}}{{^podHref}}<bdi>{{podName}}</bdi>{{/podHref}}</p>
        <h1><bdi>{{container}}</bdi> {{#outcome}}{{> outcome}}{{/outcome}}</h1>
        <p class="meaning">{{explanation}}</p>
        </div>
        {{#notices}}<p class="alert {{noticeStyle}}"><strong>{{noticeTitle}}</strong> {{noticeText}}{{#noticeHref}} <a href="{{noticeHref}}">{{noticeLink}}</a>{{/noticeHref}}</p>
        {{/notices}}
        <dl class="strip">{{#strip}}
        <div><dt>{{stripName}}</dt><dd>{{#stripTime}}{{> time}}{{/stripTime}}{{#stripNode}}{{> node}}{{/stripNode}}{{#stripText}}<bdi>{{stripText}}</bdi>{{/stripText}}{{#stripNote}} <span class="sub">{{stripNote}}</span>{{/stripNote}}</dd></div>{{/strip}}
        </dl>
        {{#command}}<p class="command"><span class="prompt" aria-hidden="true">$</span> <code><bdi dir="ltr">{{command}}</bdi></code></p>{{/command}}
        <div class="columns">
        <div class="main">
        <section aria-labelledby="h-transcript">
        {{> transcript}}
        </section>
        {{#hasEvidence}}
        <section aria-labelledby="h-evidence"><h2 id="h-evidence">Evidence</h2>
        {{#disagreements}}<p class="alert warn"><strong>Witnesses disagree about {{disputed}}.</strong> {{versions}}. {{ruling}}</p>{{/disagreements}}
        <div class="scroll"><table class="evidence">
        <thead><tr><th scope="col">When</th><th scope="col">Witness</th><th scope="col">Fact</th><th scope="col">Said</th></tr></thead>
        <tbody>{{#evidence}}
        <tr{{#isDisputed}} class="disputed"{{/isDisputed}}><td>{{#saidAt}}{{> time}}{{/saidAt}}{{^saidAt}}<span class="sub">no time</span>{{/saidAt}}</td><td>{{witness}}</td><td><bdi>{{fact}}</bdi></td><td class="value"><bdi>{{said}}</bdi>{{#isDisputed}} <span class="tag">⚠ disagrees</span>{{/isDisputed}}</td></tr>{{/evidence}}
        </tbody></table></div></section>
        {{/hasEvidence}}
        {{#hasOthers}}
        <section aria-labelledby="h-others"><h2 id="h-others">Also told by</h2>
        <p class="sub">Other ledgers tell of the same container. What is shown above is the version that counts: observed before recovered before inferred, then the fuller output, then the later.</p>
        <div class="scroll"><table>
        <thead><tr><th scope="col">Node</th><th scope="col">Ledger</th><th scope="col" class="num">Entry</th><th scope="col">Received</th><th scope="col">Says</th></tr></thead>
        <tbody>{{#others}}
        <tr><td>{{#onNode}}{{> node}}{{/onNode}}</td><td class="code"><bdi>{{ledger}}</bdi></td><td class="num">{{number}}</td><td>{{#received}}{{> time}}{{/received}}</td><td><bdi>{{says}}</bdi></td></tr>{{/others}}
        </tbody></table></div></section>
        {{/hasOthers}}
        </div>
        <aside aria-label="Facts">
        <section><h2>Timeline</h2>
        <ol class="timeline">{{#moments}}
        <li class="{{momentStyle}}"><span class="what">{{momentName}}</span> {{#momentTime}}{{> time}}{{/momentTime}}<span class="offset">{{momentOffset}}</span>{{#momentNote}}<span class="note">{{momentNote}}</span>{{/momentNote}}</li>{{/moments}}
        </ol>
        {{#podHref}}<p><a href="{{podHref}}">All sessions of this pod</a></p>{{/podHref}}</section>
        {{#groups}}
        <section><h2>{{groupTitle}}</h2><dl class="facts">{{#facts}}
        <div><dt>{{factName}}</dt><dd{{#isCode}} class="code"{{/isCode}}><bdi>{{factValue}}</bdi></dd></div>{{/facts}}
        </dl></section>
        {{/groups}}
        </aside>
        </div>
        {{/session}}
        """#
}
