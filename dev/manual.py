#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a manual page from what a program says of its own arguments.

    lastword --experimental-dump-help | dev/manual.py SECTION VERSION DATE SECTIONS.roff > lastword.1

Name, synopsis, description, commands and options come from the dump; files, environment, exit status and the like from the
file of hand-written sections, which goes behind them as it is.
"""
import json
import sys


def escape(text):
    """Text as man(7) wants it: no backslash, hyphen or first dot that would mean something."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("\u2026", "...")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text):
    parts = [" ".join(part.split("\n")) for part in text.strip().split("\n\n") if part.strip()]
    return "\n.PP\n".join(escape(part) for part in parts)


def spelled(name):
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def shown(argument):
    return argument.get("shouldDisplay", True)


def head(argument):
    """How an argument is written: its names in bold, its value in italics."""
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        return "\\fI" + escape(value) + "\\fR" + (" ..." if argument.get("isRepeating") else "")
    names = sorted(argument.get("names", []), key=lambda name: len(name["name"]))
    text = ", ".join("\\fB" + escape(spelled(name)) + "\\fR" for name in names)
    return text if argument["kind"] == "flag" else text + " \\fI" + escape(value) + "\\fR"


def meaning(argument):
    text = argument.get("abstract", "")
    if argument.get("allValues"):
        text += " One of: " + ", ".join(argument["allValues"]) + "."
    if argument.get("defaultValue"):
        text += " Default: " + argument["defaultValue"] + "."
    return text.strip()


def listed(arguments):
    lines = []
    for argument in arguments:
        lines += [".TP", head(argument), escape(meaning(argument) or "See above.")]
    return lines


def own(command):
    """The arguments of a command; what every command has is described once, for the program."""
    return [
        argument for argument in command.get("arguments", [])
        if shown(argument) and not argument.get("sectionTitle")
        and not {"help", "version"} & {name["name"] for name in argument.get("names", [])}
    ]


def usage(words, command):
    text = "\\fB" + escape(" ".join(words)) + "\\fR"
    arguments = own(command)
    if any(argument["kind"] != "positional" for argument in arguments) or shared(command):
        text += " [\\fIoptions\\fR]"
    for argument in arguments:
        if argument["kind"] != "positional":
            continue
        text += " [" + head(argument) + "]" if argument.get("isOptional") else " " + head(argument)
    return text


def shared(command):
    return [argument for argument in command.get("arguments", []) if shown(argument) and argument.get("sectionTitle")]


def commands(parent, words):
    """Every command that does something, with those below it, in the order of the help."""
    for command in parent.get("subcommands", []):
        if command["commandName"] == "help" or not shown(command):
            continue
        path = words + [command["commandName"]]
        if command.get("subcommands"):
            yield from commands(command, path)
        else:
            yield path, command


def everywhere(root, found):
    """Options that commands share, each once."""
    options = {}
    for _, command in found:
        for argument in shared(command):
            options.setdefault(head(argument), argument)
    for argument in root.get("arguments", []):
        if shown(argument):
            options.setdefault(head(argument), argument)
    return list(options.values())


def page(root, section, version, date, sections):
    name = root["commandName"]
    found = list(commands(root, [name]))
    lines = [
        f'.TH {name.upper()} {section} "{date}" "Lastword {version}" "Lastword"',
        ".SH NAME", f"{escape(name)} \\- {escape(root['abstract'].rstrip('.'))}",
        ".SH SYNOPSIS", f"\\fB{escape(name)}\\fR [\\fIcommand\\fR] [\\fIoptions\\fR]",
        ".SH DESCRIPTION", paragraphs(root.get("discussion") or root["abstract"]),
        ".SH COMMANDS",
    ]
    for path, command in found:
        lines += [".SS " + escape(" ".join(path[1:])), usage(path, command), ".PP", paragraphs(command["abstract"])]
        if command.get("discussion"):
            discussion = command["discussion"]
            # Lines of their own are examples or tables, and stay so.
            if "\n" in discussion.strip() and "\n\n" not in discussion:
                lines += [".PP", ".nf", escape(discussion.strip()), ".fi"]
            else:
                lines += [".PP", paragraphs(discussion)]
        lines += listed(own(command))
    lines += [".SH OPTIONS"] + listed(everywhere(root, found))
    return "\n".join(lines) + "\n" + sections


def main():
    section, version, date, path = sys.argv[1:5]
    dump = json.load(sys.stdin)
    with open(path, encoding="utf-8") as file:
        sections = "".join(line for line in file if not line.startswith('.\\" SPDX'))
    sys.stdout.write(page(dump["command"], section, version, date, sections))


if __name__ == "__main__":
    main()
