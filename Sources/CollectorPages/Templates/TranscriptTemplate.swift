// SPDX-License-Identifier: Apache-2.0

/// What a session printed, line by line. White space counts inside a line.
enum TranscriptTemplate {
    static let text = #"""
        {{% CONTENT_TYPE:PAGE}}
        {{#output}}
        <div class="bar"><h2 id="h-transcript">Transcript</h2>
        <p class="sub">{{outputSummary}}</p>
        <p class="tools">{{#hasLines}}<button type="button" class="quiet" data-copy hidden>Copy</button>
        <a href="{{plainHref}}" download>Plain</a> <a href="{{rawHref}}" download title="The very bytes: a terminal may obey them">Raw</a>{{/hasLines}}</p></div>
        {{#absence}}<div class="empty"><h3>{{absenceHeading}}</h3><p>{{absenceText}}</p></div>{{/absence}}
        {{#hasLines}}
        {{#isParted}}<nav class="parts" aria-label="Parts of the transcript"><span>Lines {{firstLine}}–{{lastLine}} of {{allLines}}</span>
        {{#beginHref}}<a href="{{beginHref}}">First</a>{{/beginHref}} {{#earlierHref}}<a href="{{earlierHref}}" rel="prev">Earlier</a>{{/earlierHref}} {{#laterHref}}<a href="{{laterHref}}" rel="next">Later</a>{{/laterHref}} {{#endHref}}<a href="{{endHref}}">Last</a>{{/endHref}}</nav>{{/isParted}}
        <div class="transcript" id="transcript" tabindex="0" role="region" aria-label="Transcript">{{#lines}}
        <div class="line{{#isError}} err{{/isError}}" id="L{{lineNumber}}"><a class="no" href="#L{{lineNumber}}" tabindex="-1">{{lineNumber}}</a><span class="at">{{lineClock}}</span><span class="stream">{{stream}}</span><bdi class="text" dir="ltr">{{#segments}}{{#isText}}{{segment}}{{/isText}}{{^isText}}<span class="{{mark}}">{{segment}}</span>{{/isText}}{{/segments}}{{#goesOn}}<span class="on" title="The line goes on in the next one">↵</span>{{/goesOn}}</bdi></div>{{/lines}}
        </div>
        {{#isParted}}<nav class="parts" aria-label="Parts of the transcript, again"><span>Lines {{firstLine}}–{{lastLine}} of {{allLines}}</span>
        {{#beginHref}}<a href="{{beginHref}}">First</a>{{/beginHref}} {{#earlierHref}}<a href="{{earlierHref}}" rel="prev">Earlier</a>{{/earlierHref}} {{#laterHref}}<a href="{{laterHref}}" rel="next">Later</a>{{/laterHref}} {{#endHref}}<a href="{{endHref}}">Last</a>{{/endHref}}</nav>{{/isParted}}
        {{/hasLines}}
        {{/output}}
        """#
}
