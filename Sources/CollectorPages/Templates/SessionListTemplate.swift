// SPDX-License-Identifier: Apache-2.0

/// The list of sessions with its filters.
enum SessionListTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <h1>Sessions</h1>
        <form class="filters" method="get" action="/sessions" role="search" data-sparse>
        <div class="fields">
        <label class="wide">Search in outputs
        <input type="search" name="q" id="search" value="{{q}}" maxlength="1000" placeholder="words that were printed" autocomplete="off"></label>
        <label>Namespace <input name="namespace" value="{{namespace}}" maxlength="253" autocomplete="off" spellcheck="false"></label>
        <label>Pod <input name="pod" value="{{pod}}" maxlength="253" autocomplete="off" spellcheck="false"></label>
        <label class="short">Exit code <input name="exitCode" value="{{exitCode}}" inputmode="numeric" pattern="[0-9]*" maxlength="10" autocomplete="off"></label>
        <label>State <select name="state">{{#states}}
        <option value="{{optionValue}}"{{#isChosen}} selected{{/isChosen}}>{{optionLabel}}</option>{{/states}}
        </select></label>
        <label>Began <select name="within">{{#spans}}
        <option value="{{optionValue}}"{{#isChosen}} selected{{/isChosen}}>{{optionLabel}}</option>{{/spans}}
        </select></label>
        <button>Apply</button>
        </div>
        <details class="more"{{#hasMore}} open{{/hasMore}}>
        <summary>More filters</summary>
        <div class="fields">
        <label>Container <input name="container" value="{{container}}" maxlength="253" autocomplete="off" spellcheck="false"></label>
        <label>Target container <input name="target" value="{{target}}" maxlength="253" autocomplete="off" spellcheck="false"></label>
        <label>Node <input name="node" value="{{node}}" maxlength="253" autocomplete="off" spellcheck="false"></label>
        <label>Cluster <input name="cluster" value="{{cluster}}" maxlength="253" autocomplete="off" spellcheck="false"></label>
        <label class="time">Since (UTC) <input type="datetime-local" name="since" value="{{since}}" step="1"></label>
        <label class="time">Until (UTC) <input type="datetime-local" name="until" value="{{until}}" step="1"></label>
        <label class="wide">Id, or namespace/pod/container <input name="reference" value="{{reference}}" maxlength="800" autocomplete="off" spellcheck="false"></label>
        </div>
        </details>
        {{#hasFilters}}<p class="chips"><span class="label">Filtered by</span>{{#chips}}
        <a class="chip" href="{{chipHref}}" title="Remove this filter"><span class="name">{{chipName}}</span> <bdi>{{chipValue}}</bdi> <span aria-hidden="true">×</span></a>{{/chips}}
        <a href="/sessions">Clear all</a></p>{{/hasFilters}}
        </form>
        <div id="live"{{#live}} data-live="{{liveURL}}" data-mark="{{liveMark}}"{{/live}}>
        {{> rows}}
        </div>
        {{/content}}
        {{> foot}}
        """#

    static let rows = #"""
        {{% CONTENT_TYPE:PAGE}}
        {{#list}}
        <div class="listbar"><p>{{summary}}</p><p class="state" data-state><a href="{{reloadHref}}">{{reloadLabel}}</a></p></div>
        {{#isEmpty}}
        <section class="empty"><h2>{{emptyHeading}}</h2><p>{{emptyText}}</p>{{#clearHref}}<p><a href="{{clearHref}}">Show all sessions</a></p>{{/clearHref}}</section>
        {{/isEmpty}}
        {{^isEmpty}}
        <div class="scroll">
        <table class="sessions">
        <thead><tr><th scope="col">Ended</th><th scope="col">Began</th><th scope="col" class="num">Took</th><th scope="col">Namespace</th><th scope="col">Pod</th><th scope="col">Container</th><th scope="col">Image</th><th scope="col">Node</th><th scope="col" class="num">Output</th></tr></thead>
        <tbody>{{#rows}}
        <tr data-row>
        <td class="c-outcome">{{#outcome}}{{> outcome}}{{/outcome}}</td>
        <td class="c-began">{{#began}}{{> time}}{{/began}}</td>
        <td class="c-took num">{{took}}</td>
        <td class="c-namespace" title="{{namespace}}"><bdi>{{namespace}}</bdi></td>
        <td class="c-pod" title="{{podName}}"><a class="main" href="{{href}}"><bdi>{{podName}}</bdi></a></td>
        <td class="c-container" title="{{container}}"><bdi>{{container}}</bdi>{{#attachedTo}} <span class="sub"><span aria-label="attached to">→</span> <bdi>{{attachedTo}}</bdi></span>{{/attachedTo}}</td>
        <td class="c-image" title="{{imageFull}}"><bdi>{{image}}</bdi></td>
        <td class="c-node">{{#onNode}}{{> node}}{{/onNode}}</td>
        <td class="c-size num">{{size}}</td>
        </tr>{{/rows}}
        </tbody>
        </table>
        </div>
        <p class="pager">{{#firstHref}}<a href="{{firstHref}}">Newest</a> {{/firstHref}}{{#nextHref}}<a class="button" href="{{nextHref}}" rel="next">Older sessions</a>{{/nextHref}}{{^nextHref}}<span class="sub">These are the oldest.</span>{{/nextHref}}</p>
        {{/isEmpty}}
        {{/list}}
        """#
}
