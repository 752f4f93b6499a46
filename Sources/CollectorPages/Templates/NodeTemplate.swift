// SPDX-License-Identifier: Apache-2.0

/// One node: its alarms, gaps and ledgers.
enum NodeTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <div class="headline">
        <p class="crumbs"><a href="/nodes">Nodes</a></p>
        <h1><bdi>{{nodeName}}</bdi> <span class="outcome {{chainStyle}}" title="{{chainMeaning}}"><span class="sign" aria-hidden="true">{{chainSign}}</span> {{chainText}}</span></h1>
        </div>
        {{#isWeak}}<p class="alert warn"><strong>Weak login.</strong> This node delivers with a token for any node: whoever has the token can write in its name. Give it a token of its own: lastword-collector token create --role agent --node <bdi>{{nodeName}}</bdi></p>{{/isWeak}}
        <dl class="strip">{{#strip}}
        <div><dt>{{stripName}}</dt><dd>{{#stripTime}}{{> time}}{{/stripTime}}{{#stripText}}<bdi>{{stripText}}</bdi>{{/stripText}}{{#stripNote}} <span class="sub">{{stripNote}}</span>{{/stripNote}}</dd></div>{{/strip}}
        </dl>
        <p><a href="{{sessionsHref}}">Sessions of this node</a></p>
        <section><h2>Alarms and notices</h2>
        {{^hasAlarms}}<p class="none">None: the chain is whole as far as it was delivered.</p>{{/hasAlarms}}
        {{#hasAlarms}}<div class="scroll"><table>
        <thead><tr><th scope="col">State</th><th scope="col">Kind</th><th scope="col">Opened</th><th scope="col">Last</th><th scope="col" class="num">Times</th><th scope="col">What</th></tr></thead>
        <tbody>{{#alarms}}
        <tr><td><span class="outcome {{alarmStyle}}"><span class="sign" aria-hidden="true">{{alarmSign}}</span> {{alarmState}}</span></td><td>{{kind}}</td><td>{{#opened}}{{> time}}{{/opened}}</td><td>{{#last}}{{> time}}{{/last}}</td><td class="num">{{times}}</td><td class="value"><bdi>{{text}}</bdi></td></tr>{{/alarms}}
        </tbody></table></div>{{/hasAlarms}}</section>
        <section><h2>Gaps</h2>
        {{^hasGaps}}<p class="none">None: every source was watched the whole time.</p>{{/hasGaps}}
        {{#hasGaps}}<p class="sub">{{gapSummary}}</p>
        <div class="scroll"><table>
        <thead><tr><th scope="col">Closed by</th><th scope="col">Source</th><th scope="col">From</th><th scope="col">To</th><th scope="col" class="num">Lasted</th><th scope="col" class="num">Dropped</th><th scope="col">Why</th></tr></thead>
        <tbody>{{#gaps}}
        <tr><td><span class="outcome {{gapStyle}}"><span class="sign" aria-hidden="true">{{gapSign}}</span> <bdi>{{gapState}}</bdi></span></td><td><bdi>{{source}}</bdi></td><td>{{#from}}{{> time}}{{/from}}</td><td>{{#to}}{{> time}}{{/to}}{{^to}}<span class="sub">still open</span>{{/to}}</td><td class="num">{{lasted}}</td><td class="num">{{dropped}}</td><td class="value"><bdi>{{reason}}</bdi></td></tr>{{/gaps}}
        </tbody></table></div>{{/hasGaps}}</section>
        <section><h2>Ledgers</h2>
        <div class="scroll"><table>
        <thead><tr><th scope="col">Ledger</th><th scope="col" class="num">First</th><th scope="col" class="num">Head</th><th scope="col">Head's hash</th><th scope="col">Received</th><th scope="col">Missing numbers</th><th scope="col" class="num">Without content</th></tr></thead>
        <tbody>{{#ledgers}}
        <tr><td class="code"><bdi>{{ledger}}</bdi></td><td class="num">{{first}}</td><td class="num">{{head}}</td><td class="code" title="{{hash}}">{{shortHash}}</td><td>{{#received}}{{> time}}{{/received}}</td><td class="value">{{holes}}</td><td class="num">{{stubs}}</td></tr>{{/ledgers}}
        </tbody></table></div></section>
        {{/content}}
        {{> foot}}
        """#
}
