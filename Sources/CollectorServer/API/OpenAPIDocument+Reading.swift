// SPDX-License-Identifier: Apache-2.0

extension OpenAPIDocument {
    static let sessions = #"""
        "/v1/sessions":{"get":{"operationId":"listSessions","x-lastword-role":"reader",
        "summary":"Sessions, newest first.","parameters":[\#(filters),
        {"name":"after","in":"query","description":"The next of the page before.","schema":{"type":"string"}}],
        "responses":{"200":{"description":"One page.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/SessionPage"}}}},\#(failures)}}},
        "/v1/sessions/{id}":{"parameters":[{"$ref":"#/components/parameters/sessionID"}],
        "get":{"operationId":"session","x-lastword-role":"reader",
        "summary":"One record as the agent made it; with details, also what the collector knows beside it.",
        "parameters":[{"name":"details","in":"query","schema":{"type":"boolean"}}],
        "responses":{"200":{"description":"The record, or the record with details.","content":{"application/json":{"schema":
        {"anyOf":[{"$ref":"#/components/schemas/Session"},{"$ref":"#/components/schemas/SessionDetails"}]}}}},
        "404":{"$ref":"#/components/responses/Error"},\#(failures)}}},
        "/v1/sessions/{id}/output":{"parameters":[{"$ref":"#/components/parameters/sessionID"}],
        "get":{"operationId":"output","x-lastword-role":"reader","summary":"What the session printed.",
        "parameters":[{"name":"format","in":"query",
        "description":"plain: for reading, control characters written out. raw: the very bytes. frames: bytes and frames as JSON.",
        "schema":{"enum":["plain","raw","frames"],"default":"plain"}}],
        "responses":{"200":{"description":"The output.","content":{"text/plain":{"schema":{"type":"string"}},
        "application/octet-stream":{"schema":{"type":"string","format":"binary"}},
        "application/json":{"schema":{"$ref":"#/components/schemas/Output"}}}},
        "404":{"$ref":"#/components/responses/Error"},\#(failures)}}},
        "/v1/changes":{"get":{"operationId":"changes","x-lastword-role":"reader",
        "summary":"Sessions that changed behind a mark, in the order of their changes; without after only the mark.",
        "description":"One answer looks at 20000 changes at most: it may have no sessions although more are behind its mark.",
        "parameters":[\#(filters),
        {"name":"after","in":"query","description":"The mark of the answer before.",
        "schema":{"type":"string"}}],
        "responses":{"200":{"description":"Changes.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Changes"}}}},\#(failures)}}},
        "/v1/statistics":{"get":{"operationId":"statistics","x-lastword-role":"reader",
        "summary":"Counts of sessions that began in an interval.",
        "parameters":[{"$ref":"#/components/parameters/since"},{"$ref":"#/components/parameters/until"}],
        "responses":{"200":{"description":"Counts.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Statistics"}}}},\#(failures)}}},
        "/v1/status":{"get":{"operationId":"status","x-lastword-role":"reader",
        "summary":"How much the collector has. A limited reader learns version and sessions alone.",
        "responses":{"200":{"description":"Status.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Status"}}}},\#(failures)}}}
        """#

    static let nodes = #"""
        "/v1/gaps":{"get":{"operationId":"gaps","x-lastword-role":"reader","x-lastword-unlimited":true,
        "summary":"Intervals in which a node's source was not watched.",
        "parameters":[{"$ref":"#/components/parameters/node"},
        {"name":"missed","in":"query","description":"Only those whose contents nobody can tell any more.",
        "schema":{"type":"boolean"}}],
        "responses":{"200":{"description":"Gaps, oldest first.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Gaps"}}}},\#(failures)}}},
        "/v1/nodes":{"get":{"operationId":"nodes","x-lastword-role":"reader","x-lastword-unlimited":true,
        "summary":"Nodes, with their ledgers, holes and open alarms.",
        "responses":{"200":{"description":"Nodes by name.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Nodes"}}}},\#(failures)}}},
        "/v1/alarms":{"get":{"operationId":"alarms","x-lastword-role":"reader","x-lastword-unlimited":true,
        "summary":"Alarms and notices, newest first.",
        "parameters":[{"$ref":"#/components/parameters/node"},{"name":"open","in":"query","schema":{"type":"boolean"}}],
        "responses":{"200":{"description":"Alarms.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Alarms"}}}},\#(failures)}}},
        "/v1/ledgers/{id}":{"parameters":[{"$ref":"#/components/parameters/ledgerID"}],
        "get":{"operationId":"ledger","x-lastword-role":"reader","x-lastword-unlimited":true,
        "summary":"How far a ledger has been delivered.",
        "responses":{"200":{"description":"The ledger.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Ledger"}}}},"404":{"$ref":"#/components/responses/Error"},\#(failures)}}},
        "/v1/ledgers/{id}/entries":{"parameters":[{"$ref":"#/components/parameters/ledgerID"}],
        "get":{"operationId":"entries","x-lastword-role":"reader","x-lastword-unlimited":true,
        "summary":"A ledger's entries as they came, by number.",
        "parameters":[{"$ref":"#/components/parameters/limit"},
        {"name":"after","in":"query","description":"Entries with higher numbers.","schema":{"type":"integer","minimum":0}}],
        "responses":{"200":{"description":"Entries.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Entries"}}}},"404":{"$ref":"#/components/responses/Error"},\#(failures)}}}
        """#

    private static let failures = #"""
        "400":{"$ref":"#/components/responses/Error"},"401":{"$ref":"#/components/responses/Error"},
        "403":{"$ref":"#/components/responses/Error"},"429":{"$ref":"#/components/responses/Error"},
        "503":{"$ref":"#/components/responses/Error"}
        """#

    private static let filters = [
        "namespace", "pod", "container", "target", "exitCode", "node", "cluster", "state", "running", "since", "until",
        "startedBefore", "q", "reference", "limit",
    ].map { ##"{"$ref":"#/components/parameters/\##($0)"}"## }.joined(separator: ",")

    static let parameters = #"""
        {"sessionID":{"name":"id","in":"path","required":true,"schema":{"type":"string","format":"uuid"}},
        "ledgerID":{"name":"id","in":"path","required":true,"schema":{"type":"string"}},
        "namespace":{"name":"namespace","in":"query","schema":{"type":"string"}},
        "pod":{"name":"pod","in":"query","schema":{"type":"string"}},
        "container":{"name":"container","in":"query","schema":{"type":"string"}},
        "target":{"name":"target","in":"query","description":"The target container's name.","schema":{"type":"string"}},
        "exitCode":{"name":"exitCode","in":"query","schema":{"type":"integer","minimum":0}},
        "node":{"name":"node","in":"query","schema":{"type":"string"}},
        "cluster":{"name":"cluster","in":"query","schema":{"type":"string"}},
        "state":{"name":"state","in":"query","description":"One or several, separated by commas.","schema":{"type":"string"}},
        "running":{"name":"running","in":"query","schema":{"type":"boolean"}},
        "since":{"name":"since","in":"query","description":"Begun then or later.",
        "schema":{"type":"string","format":"date-time"}},
        "until":{"name":"until","in":"query","description":"Begun then or earlier.",
        "schema":{"type":"string","format":"date-time"}},
        "startedBefore":{"name":"startedBefore","in":"query","description":"Begun before.",
        "schema":{"type":"string","format":"date-time"}},
        "q":{"name":"q","in":"query","description":"Words that the output holds, all of them.","schema":{"type":"string"}},
        "reference":{"name":"reference","in":"query","description":"The beginning of an id, or namespace/pod/container.",
        "schema":{"type":"string"}},
        "limit":{"name":"limit","in":"query","schema":{"type":"integer","minimum":1,"maximum":1000,"default":100}}}
        """#

    static let responses = #"""
        {"Error":{"description":"Why not. Retry-After says when to try again, where that is of use.",
        "headers":{"Retry-After":{"schema":{"type":"integer"}}},
        "content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}},
        "Refused":{"description":"Why not, as a google.rpc.Status in the request's form.",
        "headers":{"Retry-After":{"schema":{"type":"integer"}}},
        "content":{"application/x-protobuf":{"schema":{"type":"string","format":"binary"}},
        "application/json":{"schema":{"$ref":"#/components/schemas/RPCStatus"}}}},
        "Text":{"description":"Text.","content":{"text/plain":{"schema":{"type":"string"}}}},
        "Ready":{"description":"Every part.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Readiness"}}}}}
        """#
}
