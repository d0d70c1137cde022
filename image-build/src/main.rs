//! `cargo xtask`: the tools of the project.
fn main() {}
