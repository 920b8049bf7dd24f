//! `make bench`: measures the product against its goals; see `gatepost_tests::bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatepost_tests::bench::main()
}
