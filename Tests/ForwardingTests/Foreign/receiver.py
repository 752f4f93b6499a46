# SPDX-License-Identifier: Apache-2.0
"""An OTLP receiver that is not ours: reads what comes with OpenTelemetry's own messages for Python.

Prints the port, and then a line of JSON for each request.
"""
import gzip
import http.server
import json

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs


def plain(value):
    kind = value.WhichOneof("value")
    content = getattr(value, kind) if kind else None
    if kind == "bytes_value":
        return "bytes:%d" % len(content)
    if kind == "array_value":
        return [plain(item) for item in content.values]
    return content


def attributes(items):
    result = {item.key: plain(item.value) for item in items}
    assert len(result) == len(items), "a key is there twice"
    return result


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/logs" and self.headers["Content-Type"] == "application/x-protobuf"
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        request = logs.ExportLogsServiceRequest.FromString(body)
        records = []
        for group in request.resource_logs:
            resource = attributes(group.resource.attributes)
            for scope in group.scope_logs:
                for record in scope.log_records:
                    records.append({
                        "resource": resource, "scope": scope.scope.name, "event": record.event_name,
                        "body": record.body.string_value, "severity": record.severity_text,
                        "time": record.time_unix_nano, "attributes": attributes(record.attributes),
                    })
        answer = logs.ExportLogsServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        print(json.dumps(records), flush=True)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
