// SPDX-License-Identifier: Apache-2.0

/// All sessions of one pod on one axis.
enum PodTemplate {
    static let page = #"""
        {{% CONTENT_TYPE:PAGE}}{{> head}}
        {{#content}}
        <div class="headline">
        <p class="crumbs"><a href="/sessions">Sessions</a> / <a href="{{namespaceHref}}"><bdi>{{namespace}}</bdi></a></p>
        <h1>Pod <bdi>{{podName}}</bdi></h1>
        </div>
        <div id="live"{{#live}} data-live="{{liveURL}}" data-mark="{{liveMark}}"{{/live}}>
        {{> lanes}}
        </div>
        {{/content}}
        {{> foot}}
        """#

    static let lanes = #"""
        {{% CONTENT_TYPE:PAGE}}
        {{#pod}}
        <div class="listbar"><p>{{summary}}</p><p class="state" data-state><a href="{{reloadHref}}">Reload</a></p></div>
        {{#pods}}
        <section class="pod">
        <h2 class="uid">{{#uid}}Pod UID <code>{{uid}}</code>{{/uid}}{{^uid}}Pod UID unknown{{/uid}} {{#fate}}<span class="sub"><bdi>{{fate}}</bdi></span>{{/fate}}</h2>
        <div class="axis"><span>{{#from}}{{> time}}{{/from}}</span><span class="span">{{span}}</span><span>{{#to}}{{> time}}{{/to}}</span></div>
        <ol class="lanes">{{#lanes}}
        <li data-row>
        <div class="who"><a class="main" href="{{href}}"><bdi>{{container}}</bdi></a> {{#outcome}}{{> outcome}}{{/outcome}} {{#onNode}}<span class="sub">{{> node}}</span>{{/onNode}}</div>
        <svg class="lane" viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label="{{laneLabel}}"><title>{{laneLabel}}</title>
        <rect class="ground" x="0" y="5" width="1000" height="2"/>{{#bar}}<rect class="{{barStyle}}" x="{{x}}" y="0" width="{{width}}" height="12"/>{{/bar}}{{#deletedX}}<rect class="deleted" x="{{deletedX}}" y="0" width="2" height="12"/>{{/deletedX}}</svg>
        <div class="when">{{#began}}{{> time}}{{/began}} <span class="sub">{{took}}</span></div>
        </li>{{/lanes}}
        </ol>
        </section>
        {{/pods}}
        {{/pod}}
        """#
}
