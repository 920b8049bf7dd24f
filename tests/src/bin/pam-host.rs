//! `gatepost-pam-host`: the PAM application that the end-to-end tests start; see `gatepost_tests::pam`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatepost_tests::pam::host_main()
}
