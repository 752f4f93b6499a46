// SPDX-License-Identifier: Apache-2.0

/// The API's description, OpenAPI 3.1, as `/openapi.json` serves it. Tests hold it against the routes and every answer.
package enum OpenAPIDocument {
    package static let json = """
        {"openapi":"3.1.0","info":\(info),"servers":[{"url":"/"}],\
        "security":[{"token":[]},{"certificate":[]}],\
        "paths":{\(ingest),\(sessions),\(nodes),\(administration),\(surroundings)},\
        "components":{"securitySchemes":\(security),"parameters":\(parameters),"responses":\(responses),\
        "schemas":\(schemas)}}

        """

    private static let info = #"""
        {"title":"Lastword collector","version":"1",
        "description":"Debug sessions of every node, as their agents delivered them. Times are RFC 3339 in UTC. Keys may be \#
        added, none change. A reader who is limited to namespaces sees their sessions and outputs, and nothing that belongs \#
        to nodes: those routes answer 403.",
        "license":{"name":"Apache-2.0","identifier":"Apache-2.0"}}
        """#

    private static let security = #"""
        {"token":{"type":"http","scheme":"bearer",
        "description":"A token of the collector's own (lwt_…), or, for agents, a projected ServiceAccount token."},
        "certificate":{"type":"mutualTLS","description":"A client certificate that tls.clientCaFile signed."}}
        """#

    private static let ingest = #"""
        "/v1/logs":{"post":{"operationId":"deliver","x-lastword-role":"agent",
        "summary":"Deliver ledger entries as OTLP log records (docs/wire-format.md). 200 means committed.",
        "parameters":[{"name":"Content-Encoding","in":"header","schema":{"enum":["gzip","identity"]}}],
        "requestBody":{"required":true,"content":{"application/x-protobuf":{"schema":{"type":"string","format":"binary"}},
        "application/json":{"schema":{"type":"object"}}}},
        "responses":{"200":{"description":"Committed. Records that are no entries of a ledger are counted as rejected.",
        "content":{"application/x-protobuf":{"schema":{"type":"string","format":"binary"}},
        "application/json":{"schema":{"$ref":"#/components/schemas/Delivered"}}}},
        "400":{"$ref":"#/components/responses/Refused"},"401":{"$ref":"#/components/responses/Refused"},
        "403":{"$ref":"#/components/responses/Refused"},"413":{"$ref":"#/components/responses/Refused"},
        "415":{"$ref":"#/components/responses/Refused"},"429":{"$ref":"#/components/responses/Refused"},
        "503":{"$ref":"#/components/responses/Refused"}}}}
        """#

    private static let administration = #"""
        "/v1/sessions/{id}/hold":{"parameters":[{"$ref":"#/components/parameters/sessionID"}],
        "put":{"operationId":"hold","x-lastword-role":"admin","summary":"Keep a session from retention and erasure.",
        "requestBody":{\#(reason)},\#(acted)},
        "delete":{"operationId":"release","x-lastword-role":"admin","summary":"Let go of a held session.",
        "requestBody":{\#(reason)},\#(acted)}},
        "/v1/sessions/{id}/erase":{"parameters":[{"$ref":"#/components/parameters/sessionID"}],
        "post":{"operationId":"erase","x-lastword-role":"admin",
        "summary":"Erase a session's output; its hash and a line of the audit trail stay.",
        "requestBody":{\#(reason)},\#(acted)}}
        """#

    private static let reason = #"""
        "required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Reason"}}}
        """#

    private static let acted = #"""
        "responses":{"200":{"description":"Done, or so already.","content":{"application/json":{"schema":
        {"$ref":"#/components/schemas/Acted"}}}},"400":{"$ref":"#/components/responses/Error"},
        "401":{"$ref":"#/components/responses/Error"},"403":{"$ref":"#/components/responses/Error"},
        "404":{"$ref":"#/components/responses/Error"},"409":{"$ref":"#/components/responses/Error"},
        "413":{"$ref":"#/components/responses/Error"},"429":{"$ref":"#/components/responses/Error"},
        "503":{"$ref":"#/components/responses/Error"}}
        """#

    private static let surroundings = #"""
        "/openapi.json":{"get":{"operationId":"description","summary":"This document.","security":[],
        "responses":{"200":{"description":"OpenAPI 3.1.","content":{"application/json":{"schema":{"type":"object",
        "required":["openapi","paths"]}}}}}}},
        "/healthz":{"get":{"operationId":"alive","summary":"Whether the process is alive.","security":[],
        "responses":{"200":{"$ref":"#/components/responses/Text"},"503":{"$ref":"#/components/responses/Text"}}}},
        "/readyz":{"get":{"operationId":"ready","summary":"Whether it can take deliveries, and which part cannot.",
        "security":[],"responses":{"200":{"$ref":"#/components/responses/Ready"},
        "503":{"$ref":"#/components/responses/Ready"}}}},
        "/metrics":{"get":{"operationId":"metrics",
        "summary":"Prometheus' text format: from this machine without a login, otherwise for readers.",
        "responses":{"200":{"$ref":"#/components/responses/Text"},"401":{"$ref":"#/components/responses/Error"},
        "403":{"$ref":"#/components/responses/Error"},"429":{"$ref":"#/components/responses/Error"}}}}
        """#
}
