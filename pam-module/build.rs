//! How the shared object is linked. Not for generating code: there is none.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // libpam dlcloses modules, and the destructors of Rust's thread-locals would then run from
    // memory that is gone: once loaded, the module stays (rust #91979, #88737).
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // Every address is resolved at load time, so a module that misses a symbol is refused then and
    // not in the middle of a login, and the tables are read-only after.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,relro,-z,now");
    // An undefined symbol is a failure of the build.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,defs");
}
