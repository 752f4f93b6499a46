#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTPUT
. "$(dirname "$0")/../compile.sh"
records
program "$1" Fuzz/frames/FramesFuzz.swift
