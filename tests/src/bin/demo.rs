//! `make demo`: sign-ins by ssh with a mailed code, on this machine; see `gatepost_tests::demo`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatepost_tests::demo::main()
}
