// SPDX-License-Identifier: Apache-2.0

/// All nodes.
enum NodesTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <h1>Nodes</h1>
        <div id="live"{{#live}} data-live="{{liveURL}}" data-mark="{{liveMark}}"{{/live}}>
        {{> nodeRows}}
        </div>
        {{/content}}
        {{> foot}}
        """#

    static let rows = #"""
        {{% CONTENT_TYPE:PAGE}}
        {{#list}}
        <div class="listbar"><p>{{summary}}</p><p class="state" data-state><a href="/nodes">Reload</a></p></div>
        {{#isEmpty}}
        <section class="empty"><h2>No node has delivered anything yet</h2><p>Give each agent the collector's address (forward.endpoint) and a token of its own: lastword-collector token create --role agent --node NAME.</p></section>
        {{/isEmpty}}
        {{^isEmpty}}
        <div class="scroll"><table class="nodes">
        <thead><tr><th scope="col">Node</th><th scope="col">Chain</th><th scope="col">Last delivery</th><th scope="col">Newest entry</th><th scope="col" class="num">Lag</th><th scope="col" class="num">Entries</th><th scope="col" class="num">Missing</th><th scope="col" class="num">Open gaps</th><th scope="col" class="num">Clock</th><th scope="col">Login</th></tr></thead>
        <tbody>{{#rows}}
        <tr data-row>
        <td class="c-name"><a class="main" href="{{nodeHref}}"><bdi>{{nodeName}}</bdi></a>{{#cluster}} <span class="sub"><bdi>{{cluster}}</bdi></span>{{/cluster}}</td>
        <td data-label="Chain"><span class="outcome {{chainStyle}}" title="{{chainMeaning}}"><span class="sign" aria-hidden="true">{{chainSign}}</span> {{chainText}}</span></td>
        <td data-label="Last delivery">{{#received}}{{> time}}{{/received}} <span class="sub">{{receivedAge}}</span></td>
        <td data-label="Newest entry">{{#newest}}{{> time}}{{/newest}}{{^newest}}<span class="sub">none</span>{{/newest}}</td>
        <td data-label="Lag" class="num">{{lag}}</td>
        <td data-label="Entries" class="num">{{entries}}</td>
        <td data-label="Missing" class="num{{#hasMissing}} bad{{/hasMissing}}">{{missing}}</td>
        <td data-label="Open gaps" class="num{{#hasGaps}} bad{{/hasGaps}}">{{gaps}}</td>
        <td data-label="Clock" class="num{{#clockOff}} bad{{/clockOff}}">{{clock}}</td>
        <td data-label="Login">{{#isWeak}}<span class="weak" title="Whoever has this token can write in the name of any node">⚠ any-node token</span>{{/isWeak}}{{^isWeak}}{{identity}}{{/isWeak}}</td>
        </tr>{{/rows}}
        </tbody></table></div>
        <dl class="legend">
        <div><dt>Lag</dt><dd>from the newest entry's time to its arrival, as a backlog on the node would show</dd></div>
        <div><dt>Missing</dt><dd>numbers inside a ledger that have not come</dd></div>
        <div><dt>Open gaps</dt><dd>times in which a source on the node was not watched, and which nothing has closed</dd></div>
        <div><dt>Clock</dt><dd>smallest received − recorded: positive where the node's clock is behind</dd></div>
        </dl>
        {{/isEmpty}}
        {{/list}}
        """#
}
