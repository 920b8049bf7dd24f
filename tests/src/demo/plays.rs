//! Four sign-ins without a person: played, printed, and held against what a terminal should show.

use std::panic;
use std::panic::AssertUnwindSafe;

use super::USER;
use super::config;
use super::mail_catcher;
use super::scene::Scene;
use super::screen::heading;
use super::screen::indented;
use super::screen::say;
use super::stage;
use crate::sshd::Sshd;

/// A sign-in: its name, how it is played, and what the terminal should show, with names in place of
/// what differs from one run to the next.
struct Play {
    name: &'static str,
    act: fn(&mut Scene<'_>),
    shows: &'static str,
}

const PLAYS: [Play; 4] = [
    Play {
        name: "The right code",
        act: right,
        shows: "\
$ ssh
Password:
Sign-in to host01 as alice: enter the 8-digit code sent to a***@e***.org (ref <ref 1>, valid 1 min; r = resend, ? = help).
<mail: Sign-in to host01 as alice (ref <ref 1>)>
Verification code: <code 1>
alice@host01$ id
uid=2001(alice) gid=2001(alice) groups=2001(alice)
alice@host01$ exit
",
    },
    Play {
        name: "A wrong code, then the right one",
        act: wrong,
        shows: "\
$ ssh
Password:
Sign-in to host01 as alice: enter the 8-digit code sent to a***@e***.org (ref <ref 1>, valid 1 min; r = resend, ? = help).
<mail: Sign-in to host01 as alice (ref <ref 1>)>
Verification code: <wrong code>
That code is not right. 2 tries left; the newest mail counts.
Verification code: <code 1>
alice@host01$ id
uid=2001(alice) gid=2001(alice) groups=2001(alice)
alice@host01$ exit
",
    },
    Play {
        name: "A code that has expired, and a new one",
        act: expired,
        shows: "\
$ ssh
Password:
Sign-in to host01 as alice: enter the 8-digit code sent to a***@e***.org (ref <ref 1>, valid 1 min; r = resend, ? = help).
<mail: Sign-in to host01 as alice (ref <ref 1>)>
(later)
Verification code: <code 1>
That code has expired. r = send a new one.
Verification code: r
A new code is on its way (ref <ref 2>); the old one is dead.
<mail: Sign-in to host01 as alice (ref <ref 2>)>
Verification code: <code 2>
alice@host01$ id
uid=2001(alice) gid=2001(alice) groups=2001(alice)
alice@host01$ exit
",
    },
    Play {
        name: "Five wrong codes, a locked account, an administrator",
        act: locked,
        shows: "\
$ ssh
Password:
Sign-in to host01 as alice: enter the 8-digit code sent to a***@e***.org (ref <ref 1>, valid 1 min; r = resend, ? = help).
<mail: Sign-in to host01 as alice (ref <ref 1>)>
Verification code: <wrong code>
That code is not right. 2 tries left; the newest mail counts.
Verification code: <wrong code>
That code is not right. One try left; the code in the newest mail counts.
Verification code: <wrong code>
<refused>
<mail: Unfinished sign-in to host01 as alice>
$ ssh
Password:
Sign-in to host01 as alice: enter the 8-digit code sent to a***@e***.org (ref <ref 2>, valid 1 min; r = resend, ? = help).
<mail: Sign-in to host01 as alice (ref <ref 2>)>
Verification code: <wrong code>
That code is not right. 2 tries left; the newest mail counts.
Verification code: <wrong code>
That code is not right. One try left; the code in the newest mail counts.
Verification code: (ctrl-c)
$ ssh
Password:
Sign-in to host01 as alice: too many wrong codes, mailed codes are locked for another <time>. A recovery or bypass code works; an administrator can unlock the account.
Verification code: <code 2>
Sign-in to host01 as alice: too many wrong codes, mailed codes are locked for another <time>. A recovery or bypass code works; an administrator can unlock the account.
Verification code: (ctrl-c)
# gatepost why alice
alice is locked for another <time>
# gatepost user unlock alice
alice is unlocked
$ ssh
Password:
Sign-in to host01 as alice: enter the 8-digit code already sent to a***@e***.org (ref <ref 2>, valid <time> more; r = resend, ? = help).
Verification code: <code 2>
alice@host01$ id
uid=2001(alice) gid=2001(alice) groups=2001(alice)
alice@host01$ exit
",
    },
];

fn right(scene: &mut Scene<'_>) {
    scene.ssh();
    scene.mail_in_full();
    scene.type_code().shell();
}

fn wrong(scene: &mut Scene<'_>) {
    scene.ssh();
    scene.mail();
    scene.type_wrong_code().prompt();
    scene.type_code().shell();
}

fn expired(scene: &mut Scene<'_>) {
    scene.ssh();
    scene.mail();
    scene.a_minute_passes();
    scene.type_code().prompt();
    scene.type_in("r").prompt();
    scene.mail();
    scene.type_code().shell();
}

fn locked(scene: &mut Scene<'_>) {
    scene.ssh();
    scene.mail();
    scene.type_wrong_code().prompt();
    scene.type_wrong_code().prompt();
    scene.type_wrong_code().refused();
    scene.mail();

    scene.ssh();
    scene.mail();
    scene.type_wrong_code().prompt();
    scene.type_wrong_code().prompt();
    scene.leave();

    // The right code now: it is not even looked at.
    scene.ssh();
    scene.type_code().prompt();
    scene.leave();

    scene.gatepost(&["why", USER]);
    scene.gatepost(&["user", "unlock", USER]);
    scene.ssh();
    scene.type_code().shell();
}

/// Plays all; true when each went as it should.
pub(super) fn run() -> bool {
    say(
        "Gatepost: four sign-ins by ssh. Each has a server of its own on this machine's loopback, with
pam_gatepost.so in its PAM stack, and a mail server that takes mail over STARTTLS; the codes are
read from that mail. In a terminal, `make demo` lets you sign in yourself.",
    );
    let mut failed = Vec::new();
    for (number, play) in PLAYS.iter().enumerate() {
        heading(&format!("{}. {}", number + 1, play.name));
        let played = panic::catch_unwind(AssertUnwindSafe(|| perform(play)));
        if !matches!(played, Ok(true)) {
            failed.push(play.name);
        }
    }
    heading("Outcome");
    if failed.is_empty() {
        say("All four went as they should.");
    } else {
        say(&format!("Not as it should be: {}.", failed.join("; ")));
    }
    failed.is_empty()
}

fn perform(play: &Play) -> bool {
    let sink = mail_catcher();
    let stage = stage(&config(&sink));
    let sshd = Sshd::start(&stage);
    let mut scene = Scene::new(&stage, &sshd, &sink);
    (play.act)(&mut scene);
    let (shown, plain) = scene.end();
    say(&indented(&shown));
    if plain == play.shows {
        say("\nAs it should be.");
        return true;
    }
    say(&format!(
        "\nNOT AS IT SHOULD BE. Expected:\n{}\nFound:\n{}",
        indented(play.shows),
        indented(&plain)
    ));
    false
}
