//! The migrations are embedded into the crate: a changed file has to rebuild it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
