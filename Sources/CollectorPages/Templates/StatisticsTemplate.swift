// SPDX-License-Identifier: Apache-2.0

/// Counts, drawn.
enum StatisticsTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <div class="titlebar"><h1>Statistics</h1>
        <nav class="segments" aria-label="Time span">{{#spans}}<a href="{{spanHref}}"{{#isChosen}} aria-current="true"{{/isChosen}}>{{spanLabel}}</a>{{/spans}}</nav></div>
        <dl class="tiles">{{#tiles}}
        <div><dt>{{tileName}}</dt><dd>{{tileValue}}{{#tileNote}} <span class="sub">{{tileNote}}</span>{{/tileNote}}</dd></div>{{/tiles}}
        </dl>
        {{#isEmpty}}<section class="empty"><h2>Nothing began in this time</h2><p>Choose a longer span above.</p></section>{{/isEmpty}}
        {{^isEmpty}}
        <section aria-labelledby="h-time"><div class="bar"><h2 id="h-time">Sessions over time</h2>
        <p class="sub">{{sliceNote}}</p>
        <ul class="key"><li class="ok">✓ exit 0</li><li class="fail">✕ other exit codes</li><li class="other">● running or unknown</li></ul></div>
        {{#isCut}}<p class="alert warn"><strong>There are more.</strong> The newest {{cutLimit}} sessions are drawn.</p>{{/isCut}}
        <div class="chart"><span class="top">{{most}}</span>
        <svg viewBox="0 0 1000 160" preserveAspectRatio="none" role="img" aria-label="{{chartLabel}}">
        <path class="grid" d="M0 .5H1000M0 80H1000M0 159.5H1000"/>{{#bars}}
        <g><title>{{barLabel}}</title>{{#parts}}<rect class="{{partStyle}}" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/parts}}<rect class="hit" x="{{hitX}}" y="0" width="{{hitWidth}}" height="160"/></g>{{/bars}}
        </svg>
        <div class="ticks">{{#ticks}}<span>{{.}}</span>{{/ticks}}</div></div>
        <details><summary>As a table</summary><div class="scroll"><table>
        <thead><tr><th scope="col">From</th><th scope="col" class="num">Exit 0</th><th scope="col" class="num">Other codes</th><th scope="col" class="num">Running or unknown</th></tr></thead>
        <tbody>{{#slices}}<tr><td>{{#begin}}{{> time}}{{/begin}}</td><td class="num">{{succeeded}}</td><td class="num">{{failed}}</td><td class="num">{{other}}</td></tr>
        {{/slices}}</tbody></table></div></details></section>
        <div class="grid">{{#groups}}
        {{> counts}}{{/groups}}
        </div>
        {{/isEmpty}}
        {{/content}}
        {{> foot}}
        """#

    static let counts = #"""
        {{% CONTENT_TYPE:PAGE}}<section><h2>{{groupTitle}}</h2>
        <table class="counts"><thead><tr><th scope="col">{{columnTitle}}</th><th scope="col"><span class="hide">Share</span></th><th scope="col" class="num">Sessions</th></tr></thead>
        <tbody>{{#values}}<tr><td class="value">{{#valueHref}}<a href="{{valueHref}}"><bdi>{{valueText}}</bdi></a>{{/valueHref}}{{^valueHref}}<span class="sub">{{valueText}}</span>{{/valueHref}}</td><td class="share"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="{{barStyle}}" width="{{barWidth}}" height="8"/></svg></td><td class="num">{{count}}</td></tr>
        {{/values}}</tbody></table>{{#restNote}}<p class="sub">{{restNote}}</p>{{/restNote}}</section>
        """#
}
