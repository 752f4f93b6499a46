#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTPUT
. "$(dirname "$0")/../compile.sh"
records
module TailCapture Sources/TailCapture/*.swift
foreign CSystemCalls
program "$1" Fuzz/timestamp/TimestampFuzz.swift
