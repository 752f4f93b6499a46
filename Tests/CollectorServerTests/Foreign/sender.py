# SPDX-License-Identifier: Apache-2.0
"""An OTLP client that is not ours: OpenTelemetry's SDK for Python with its OTLP exporter.

sender.py URL TOKEN FILE: takes the log records out of the OTLP request in FILE and has the SDK make and send them anew, in
one batch; without FILE it sends one record as any program writes it. Prints what was answered as a line of JSON.
"""
import json
import sys

import requests
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

url, token, *file = sys.argv[1:]


def plain(value):
    kind = value.WhichOneof("value")
    content = getattr(value, kind)
    return [plain(item) for item in content.values] if kind == "array_value" else content


def attributes(items):
    return {item.key: plain(item.value) for item in items}


def told(response, **_):
    answer = logs.ExportLogsServiceResponse.FromString(response.content) if response.ok else None
    print(json.dumps({
        "status": response.status_code,
        "rejected": answer.partial_success.rejected_log_records if answer else 0,
        "message": answer.partial_success.error_message if answer else response.text,
    }), flush=True)


def send(resource, records):
    session = requests.Session()
    session.hooks["response"].append(told)
    exporter = OTLPLogExporter(
        endpoint=url, headers={"authorization": "Bearer " + token} if token else {}, compression=Compression.Gzip,
        session=session, timeout=10)
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=60_000))
    logger = provider.get_logger("sender.py")
    for record in records:
        logger.emit(record)
    provider.force_flush()
    provider.shutdown()


if not file:
    send(Resource({"service.name": "checkout"}), [LogRecord(
        timestamp=1, severity_number=SeverityNumber.ERROR, severity_text="ERROR", body="no lastword here",
        attributes={"http.response.status_code": 500})])
    sys.exit()
with open(file[0], "rb") as content:
    request = logs.ExportLogsServiceRequest.FromString(content.read())
for group in request.resource_logs:
    send(Resource(attributes(group.resource.attributes)), [
        LogRecord(
            timestamp=record.time_unix_nano, observed_timestamp=record.observed_time_unix_nano,
            severity_number=SeverityNumber(record.severity_number), severity_text=record.severity_text,
            body=plain(record.body), event_name=record.event_name, attributes=attributes(record.attributes))
        for scope in group.scope_logs for record in scope.log_records])
