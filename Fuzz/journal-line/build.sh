#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTPUT
. "$(dirname "$0")/../compile.sh"
tracking
journal=Sources/JournalSource
module JournalSource $journal/Lines/*.swift $journal/{BoundedMap,JournalEntry,JournalPosition,JournalTranslator}.swift \
    $journal/JournalUnits.swift
program "$1" Fuzz/journal-line/JournalLineFuzz.swift
