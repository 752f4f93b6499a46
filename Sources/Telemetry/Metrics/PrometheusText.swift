// SPDX-License-Identifier: Apache-2.0

/// The words of the text exposition format.
enum PrometheusText {
    /// One family: help, type, and a line a series (several for a histogram).
    static func render(_ family: PrometheusRegistry.Family, name: String) -> String {
        var text = ""
        if let help = family.help {
            text += "# HELP \(name) " + help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") + "\n"
        }
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        let lines = family.series.map { (labels: rendered($0.key.labels), cell: $0.value) }
        for (labels, cell) in lines.sorted(by: { $0.labels < $1.labels }) {
            switch cell {
            case .counter(let counter): text += line(name, labels, counter.value)
            case .gauge(let gauge): text += line(name, labels, gauge.value)
            case .histogram(let histogram): text += render(histogram, name: name, labels: labels)
            }
        }
        return text
    }

    private static func render(_ histogram: HistogramCell, name: String, labels: String) -> String {
        let reading = histogram.reading
        let bounds = histogram.bounds.map(number) + ["+Inf"]
        var text = ""
        for (bound, count) in zip(bounds, reading.cumulative) {
            let separator = labels.isEmpty ? "" : ","
            text += line(name + "_bucket", labels + separator + "le=\"\(bound)\"", Double(count))
        }
        text += line(name + "_sum", labels, reading.sum)
        return text + line(name + "_count", labels, Double(reading.cumulative.last ?? 0))
    }

    private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
        name + (labels.isEmpty ? "" : "{" + labels + "}") + " " + number(value) + "\n"
    }

    private static func rendered(_ labels: [PrometheusRegistry.Labels.Label]) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
    }

    /// Whole numbers without a point, and the format's own words for what is none.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    /// Letters, digits and `_`, not beginning with a digit; the rest becomes `_`.
    static func name(_ label: String) -> String {
        let name = String(
            label.utf8.prefix(128).map { byte -> Character in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    Character(Unicode.Scalar(byte))
                default: "_"
                }
            })
        return name.first.map { $0.isNumber ? "_" + name : name } ?? "_"
    }

    /// At most `limit` bytes, cut between characters.
    static func clip(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var clipped = ""
        var used = 0
        for scalar in text.unicodeScalars {
            used += UTF8.width(scalar)
            guard used <= limit else { break }
            clipped.unicodeScalars.append(scalar)
        }
        return clipped
    }
}
