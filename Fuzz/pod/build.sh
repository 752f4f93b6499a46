#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTPUT
. "$(dirname "$0")/../compile.sh"
tracking
module PodSource Sources/PodSource/Pods/*.swift
program "$1" Fuzz/pod/PodFuzz.swift
