// SPDX-License-Identifier: Apache-2.0

extension OpenAPIDocument {
    static let schemas = "{" + [shared, records, chains, counts].joined(separator: ",") + "}"

    private static let shared = #"""
        "Time":{"type":"string","format":"date-time"},
        "Hash":{"type":"string","pattern":"^[0-9a-f]{64}$"},
        "Error":{"type":"object","required":["error"],"properties":{"error":{"type":"object",
        "required":["code","message"],"properties":{"code":{"type":"string"},"message":{"type":"string"},
        "remedy":{"type":"string"}},"additionalProperties":false}},"additionalProperties":false},
        "RPCStatus":{"type":"object","properties":{"code":{"type":"integer"},"message":{"type":"string"}}},
        "Delivered":{"type":"object","properties":{"partialSuccess":{"type":"object","properties":{
        "rejectedLogRecords":{"type":"string"},"errorMessage":{"type":"string"}}}}},
        "Reason":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string","minLength":1,
        "maxLength":1000}}},
        "Acted":{"type":"object","required":["id","done","changed"],"properties":{"id":{"type":"string","format":"uuid"},
        "done":{"enum":["held","released","erased"]},"changed":{"type":"boolean"}},"additionalProperties":false},
        "Act":{"type":"object","required":["by","reason","at"],"properties":{"by":{"type":"string"},
        "reason":{"type":"string"},"at":{"$ref":"#/components/schemas/Time"}},"additionalProperties":false},
        "Readiness":{"type":"object","required":["ready","parts"],"properties":{"ready":{"type":"boolean"},
        "parts":{"type":"array","items":{"type":"object","required":["part","state","required"],"properties":{
        "part":{"type":"string"},"state":{"enum":["ok","starting","failing"]},"required":{"type":"boolean"},
        "reason":{"type":"string"}},"additionalProperties":false}}},"additionalProperties":false}
        """#

    private static let records = #"""
        "Session":{"type":"object","description":"The record (docs/record-format.md).",
        "required":["id","revision","state","node"],"properties":{
        "id":{"type":"string","format":"uuid"},"revision":{"type":"integer"},"schemaVersion":{"type":"integer"},
        "state":{"enum":["waiting","running","ended","never-started","unknown"]},"mode":{"type":"string"},
        "classification":{"enum":["confirmed","inferred","unresolved"]},
        "cluster":{"type":"string"},"node":{"type":"string"},"namespace":{"type":"string"},"pod":{"type":"string"},
        "container":{"type":"string"},"containerID":{"type":"string"},"targetContainer":{"type":"string"},
        "image":{"type":"string"},"startedAt":{"$ref":"#/components/schemas/Time"},
        "finishedAt":{"$ref":"#/components/schemas/Time"},"durationSeconds":{"type":"string"},
        "exitCode":{"type":"integer"},"signal":{"type":["integer","null"]},"reason":{"type":"string"},
        "ending":{"enum":["observed","recovered","inferred"]},"output":{"type":"object"},
        "evidence":{"type":"array","items":{"type":"object"}}}},
        "SessionPage":{"type":"object","required":["sessions"],"properties":{
        "sessions":{"type":"array","items":{"$ref":"#/components/schemas/Session"}},
        "next":{"type":"string","description":"Opaque; absent at the end."}},"additionalProperties":false},
        "Changes":{"type":"object","required":["sessions","mark"],"properties":{
        "sessions":{"type":"array","items":{"$ref":"#/components/schemas/Session"}},
        "mark":{"type":"string","description":"Opaque."}},"additionalProperties":false},
        "SessionDetails":{"type":"object","required":["session","collector"],"properties":{
        "session":{"$ref":"#/components/schemas/Session"},
        "collector":{"type":"object","required":["receivedAt"],"properties":{
        "ledger":{"type":"string","description":"As number, for unlimited readers."},"number":{"type":"integer"},
        "receivedAt":{"$ref":"#/components/schemas/Time"},
        "hold":{"$ref":"#/components/schemas/Act"},"erased":{"$ref":"#/components/schemas/Act"},
        "others":{"type":"array","description":"What other ledgers told and was not chosen; for unlimited readers.",
        "items":{"type":"object","required":["ledger","node","number","receivedAt","session"],"properties":{
        "ledger":{"type":"string"},"node":{"type":"string"},"number":{"type":"integer"},
        "receivedAt":{"$ref":"#/components/schemas/Time"},"session":{"$ref":"#/components/schemas/Session"}},
        "additionalProperties":false}}},"additionalProperties":false}},"additionalProperties":false},
        "Output":{"type":"object","required":["bytes","frames","sha256","framesSHA256"],"properties":{
        "bytes":{"type":"string","contentEncoding":"base64"},"frames":{"type":"string","contentEncoding":"base64"},
        "sha256":{"$ref":"#/components/schemas/Hash"},"framesSHA256":{"$ref":"#/components/schemas/Hash"}},
        "additionalProperties":false}
        """#

    private static let chains = #"""
        "Holes":{"type":"array","description":"Missing numbers, from and to.","items":{"type":"array",
        "items":{"type":"integer"},"minItems":2,"maxItems":2}},
        "Head":{"type":"object","required":["number","hash"],"properties":{"number":{"type":"integer"},
        "hash":{"$ref":"#/components/schemas/Hash"}},"additionalProperties":false},
        "Gaps":{"type":"object","required":["gaps"],"properties":{"gaps":{"type":"array","items":{"type":"object",
        "required":["id","source","openedAt","reason","node","ledger"],"properties":{"id":{"type":"string"},
        "source":{"type":"string"},"openedAt":{"$ref":"#/components/schemas/Time"},
        "closedAt":{"$ref":"#/components/schemas/Time"},"reason":{"type":"string"},"closedBy":{"type":"string"},
        "dropped":{"type":"integer"},"node":{"type":"string"},"ledger":{"type":"string"}},
        "additionalProperties":false}}},"additionalProperties":false},
        "Alarm":{"type":"object","required":["kind","node","count","openedAt","lastAt","text"],"properties":{
        "kind":{"enum":["hole","fork","broken-link","two-ledgers","clock-offset","new-ledger","session-conflict"]},
        "node":{"type":"string"},"ledger":{"type":"string"},"number":{"type":"integer"},"count":{"type":"integer"},
        "openedAt":{"$ref":"#/components/schemas/Time"},"lastAt":{"$ref":"#/components/schemas/Time"},
        "closedAt":{"$ref":"#/components/schemas/Time"},"text":{"type":"string"}},"additionalProperties":false},
        "Alarms":{"type":"object","required":["alarms"],"properties":{"alarms":{"type":"array",
        "items":{"$ref":"#/components/schemas/Alarm"}}},"additionalProperties":false},
        "Nodes":{"type":"object","required":["nodes"],"properties":{"nodes":{"type":"array","items":{"type":"object",
        "required":["node","firstReceivedAt","lastReceivedAt","identity","ledgers","alarms","openGaps"],"properties":{
        "node":{"type":"string"},"cluster":{"type":"string"},"firstReceivedAt":{"$ref":"#/components/schemas/Time"},
        "lastReceivedAt":{"$ref":"#/components/schemas/Time"},"lastEntryAt":{"$ref":"#/components/schemas/Time"},
        "identity":{"enum":["certificate","service-account","token","any-node token"]},
        "clockOffsetSeconds":{"type":"string","description":"With nine decimals; positive where its clock is behind.",
        "pattern":"^-?[0-9]+[.][0-9]{9}$"},
        "ledgers":{"type":"array","items":{"type":"object",
        "required":["ledger","first","head","hash","firstReceivedAt","lastReceivedAt","holes","stubs"],"properties":{
        "ledger":{"type":"string"},"first":{"type":"integer"},"head":{"type":"integer"},
        "hash":{"$ref":"#/components/schemas/Hash"},"firstReceivedAt":{"$ref":"#/components/schemas/Time"},
        "lastReceivedAt":{"$ref":"#/components/schemas/Time"},"anchor":{"$ref":"#/components/schemas/Head"},
        "holes":{"$ref":"#/components/schemas/Holes"},"stubs":{"type":"integer"}},"additionalProperties":false}},
        "alarms":{"type":"array","items":{"$ref":"#/components/schemas/Alarm"}},"openGaps":{"type":"integer"}},
        "additionalProperties":false}}},"additionalProperties":false},
        "Ledger":{"type":"object","required":["ledger","node","first","head","holes","stubs"],"properties":{
        "ledger":{"type":"string"},"node":{"type":"string"},"first":{"type":"integer"},
        "head":{"$ref":"#/components/schemas/Head"},
        "anchor":{"description":"The last entry that the collector's retention removed.",
        "$ref":"#/components/schemas/Head"},
        "holes":{"$ref":"#/components/schemas/Holes"},"stubs":{"type":"integer"}},"additionalProperties":false},
        "Entries":{"type":"object","required":["entries"],"properties":{"entries":{"type":"array","items":{"type":"object",
        "required":["number","type","previousHash","hash","receivedAt"],"properties":{"number":{"type":"integer"},
        "type":{"type":"string"},"previousHash":{"$ref":"#/components/schemas/Hash"},
        "hash":{"$ref":"#/components/schemas/Hash"},"receivedAt":{"$ref":"#/components/schemas/Time"},
        "bytes":{"type":"string","contentEncoding":"base64","description":"Absent of a stub."},
        "stubReason":{"type":"string"}},"additionalProperties":false}},
        "next":{"type":"integer","description":"The after of the next page; absent at the end."}},
        "additionalProperties":false}
        """#

    private static let counts = #"""
        "Counts":{"type":"array","items":{"type":"object","required":["sessions"],"properties":{
        "value":{"type":"string","description":"Absent where the record does not say."},"sessions":{"type":"integer"}},
        "additionalProperties":false}},
        "Statistics":{"type":"object","required":["sessions","days","exitCodes","namespaces","images","states"],
        "properties":{"sessions":{"type":"integer"},"days":{"$ref":"#/components/schemas/Counts"},
        "exitCodes":{"$ref":"#/components/schemas/Counts"},"namespaces":{"$ref":"#/components/schemas/Counts"},
        "images":{"$ref":"#/components/schemas/Counts"},"states":{"$ref":"#/components/schemas/Counts"}},
        "additionalProperties":false},
        "Status":{"type":"object","required":["version","sessions"],"properties":{"version":{"type":"string"},
        "sessions":{"type":"integer"},"entries":{"type":"integer"},"outputs":{"type":"integer"},
        "nodes":{"type":"integer"},"ledgers":{"type":"integer"},"holds":{"type":"integer"},
        "openAlarms":{"type":"integer"},"openGaps":{"type":"integer"},
        "lastReceivedAt":{"$ref":"#/components/schemas/Time"},"store":{"type":"object",
        "required":["createdAt","fileBytes","usedBytes","schemaVersion","sqliteVersion","setAside"],"properties":{
        "createdAt":{"$ref":"#/components/schemas/Time"},"fileBytes":{"type":"integer"},"usedBytes":{"type":"integer"},
        "schemaVersion":{"type":"integer"},"sqliteVersion":{"type":"string"},
        "setAside":{"type":"array","items":{"type":"string"}}},"additionalProperties":false}},
        "additionalProperties":false}
        """#
}
