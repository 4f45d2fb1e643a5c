#!/usr/bin/env bash
# A currency in use is marked as superseded.
#
# Expected: a code that ISO 4217's list of current currencies holds (List One, here as the package iso4217 ships it,
#   published 2026-01-01) has no successor: `Currency::is_superseded` answers None for it.
# Package:  iso_currency 0.7.1 (crates.io), beside iso4217 1.16.20260101 (PyPI).
# Seen:     VES, the bolívar soberano, is on the list, and iso_currency says that VED has superseded it. All other codes
#   that it calls superseded are gone from the list.
# Matters:  who offers only currencies that nothing has superseded leaves out the one that Venezuela pays in.
#
# Needs cargo, python3 with pip and the two package registries. Fails when what is seen changes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target python iso4217==1.16.20260101
PYTHONPATH=python python3 -c '
import iso4217
print("\n".join(sorted(currency.code for currency in iso4217.Currency)))' > current

mkdir -p program/src
cat > program/Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.0.0"
edition = "2021"

[dependencies]
iso_currency = "=0.7.1"
TOML
cat > program/src/main.rs <<'RUST'
fn main() {
    for number in 0..1000 {
        if let Some(currency) = iso_currency::Currency::from_numeric(number) {
            if let Some(by) = currency.is_superseded() {
                println!("{} by {}", currency.code(), by.code());
            }
        }
    }
}
RUST
cargo run --quiet --manifest-path program/Cargo.toml | sort > superseded

seen="$(while read -r code rest; do grep -qx "$code" current && echo "$code $rest"; done < superseded || true)"
echo "superseded, says iso_currency:"
cat superseded
echo "of these on ISO 4217's current list: ${seen:-none}"
test "$seen" = "VES by VED"
