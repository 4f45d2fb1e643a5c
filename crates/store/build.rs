//! The migrations are embedded into the crate: a changed file has to rebuild it.

fn main() {
    #[expect(clippy::print_stdout, reason = "this is how a build script speaks to Cargo")]
    {
        println!("cargo:rerun-if-changed=../../migrations");
    }
}
