//! A whole login with ssh, beside one with the password alone.

use std::time::Instant;

use serde_json::json;

use crate::bench::goals::Figure;
use crate::bench::mailroom::LetterBox;
use crate::bench::options::Options;
use crate::bench::rig::Account;
use crate::bench::rig::Rig;
use crate::bench::statistics::median;
use crate::sshd::Sshd;
use crate::stack::Stack;
use crate::users::GUEST_PASSWORD;
use crate::wait::SOON;

/// Measures.
pub(crate) fn measure(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    let sshd = Sshd::start(&rig.stage);
    let stacks = [Stack::unix(), Stack::plain()];
    let mut times: [Vec<f64>; 2] = Default::default();
    for account in rig.accounts.iter().cycle().take(options.ssh) {
        for (stack, times) in stacks.iter().zip(&mut times) {
            let asks = *stack == Stack::plain();
            rig.stage.stack("sshd", stack);
            rig.wait_for_quiet();
            times.push(log_in(&sshd, account, asks));
        }
    }
    let [unix, ours] = times;
    let added = unix.iter().zip(&ours).map(|(unix, ours)| ours - unix);
    vec![Figure {
        key: "ssh_login_added_ms",
        measured: median(added),
        detail: json!({
            "logins": ours.len(),
            "pam_unix_ms": median(unix.iter().copied()),
            "ours_ms": median(ours.iter().copied()),
        }),
    }]
}

/// Logs in to run a command that does nothing; how long it took, in milliseconds.
fn log_in(sshd: &Sshd<'_>, account: &Account, asks: bool) -> f64 {
    let mut letter_box = LetterBox::open_empty(&account.letter_box);
    let client = sshd.client(&account.name).remote("true");
    let begin = Instant::now();
    let mut login = client.start();
    login.password(GUEST_PASSWORD);
    if asks {
        login.expect_prompt("Verification code: ");
        login.answer(&letter_box.next_code().expect("a code by mail"));
    }
    let status = login.pty.wait_exit(SOON);
    let took = begin.elapsed();
    assert!(status.success(), "ssh: {status}\n{}", sshd.log());
    took.as_secs_f64() * 1e3
}
