//! How the program is linked. Not for generating code: there is none.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The unwinder out of gcc's archive in place of libgcc_s.so: one library less to find, map and
    // relocate at each login. Found before the standard library asks for the shared one.
    println!("cargo::rustc-link-lib=gcc_eh");
}
