#!/usr/bin/env bash
# A half-hourly schedule is silent for an hour and a half when the clocks go back, and its run goes back in time.
#
# Expected: the next time after a time is the first of those that the iterator of the same expression lists after it,
#   and the iterator's times ascend. The package's own documentation says that expressions with wildcards and steps
#   have both times of an hour that comes twice.
# Package:  croner 3.0.1 with chrono 0.4.45 and chrono-tz 0.10.4 (crates.io).
# Seen:     */30 * * * * in Europe/Berlin on 2026-10-25, in UTC. Step by step by find_next_occurrence: 00:00, 00:30 and
#   then 02:00, though 01:00 and 01:30 are the second hour from two to three. By iter_from: all of them, in the order
#   00:00, 01:00, 00:30, 01:30.
# Matters:  whoever keeps the next time of a schedule in a database asks step by step, and so has the gap.
#
# Needs cargo and its package registry. Fails when what is seen changes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir -p program/src
cat > program/Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.0.0"
edition = "2021"

[dependencies]
croner = "=3.0.1"
chrono = { version = "=0.4.45", default-features = false }
chrono-tz = { version = "=0.10.4", default-features = false }
TOML
cat > program/src/main.rs <<'RUST'
use chrono::{DateTime, Utc};
use croner::{Cron, Direction};

fn main() {
    let cron: Cron = "*/30 * * * *".parse().unwrap();
    let start: DateTime<Utc> = "2026-10-24T23:45:00Z".parse().unwrap();
    let start = start.with_timezone(&chrono_tz::Europe::Berlin);
    let in_utc = |time: DateTime<chrono_tz::Tz>| time.with_timezone(&Utc).format("%H:%M").to_string();
    let mut steps = Vec::new();
    let mut time = start;
    for _ in 0..5 {
        time = cron.find_next_occurrence(&time, false).unwrap();
        steps.push(in_utc(time));
    }
    let run: Vec<_> = cron.iter_from(start, Direction::Forward).take(6).map(in_utc).collect();
    println!("step by step: {}", steps.join(" "));
    println!("by iterator:  {}", run.join(" "));
}
RUST
cargo run --quiet --manifest-path program/Cargo.toml | tee seen
diff seen - <<'SEEN'
step by step: 00:00 00:30 02:00 02:30 03:00
by iterator:  00:00 01:00 00:30 01:30 02:00 02:30
SEEN
