//! sshd, su, sudo and login(1) as they are: whatever is typed at the prompt, all four give the same verdict.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

const CODE: &str = "Verification code: ";

/// What each person's shell says when it starts; it is in no line that was typed.
const INSIDE: &str = "echo in-$((6*7))";
const SHOWN: &str = "in-42";

/// Longer than libpam's delay after a failure.
const A_MOMENT: Duration = Duration::from_secs(4);

/// Long enough for every budget but the row to be full again.
const DAY: Duration = Duration::from_hours(25);

/// A program that asks, and who comes in by it: each has an account of its own, so that all four can
/// be asked at once.
#[derive(Clone, Copy, Debug)]
enum Host {
    Sshd,
    Su,
    Sudo,
    Login,
}

const HOSTS: [Host; 4] = [Host::Sshd, Host::Su, Host::Sudo, Host::Login];

impl Host {
    fn person(self) -> &'static str {
        match self {
            Self::Sshd => "alice",
            Self::Su => "bob",
            Self::Sudo => "carol",
            Self::Login => "dave",
        }
    }

    /// What it shows when it has refused and would begin anew.
    fn asks_anew(self) -> &'static str {
        match self {
            Self::Sshd => "Permission denied",
            Self::Su => "su: ",
            Self::Sudo => "try again",
            Self::Login => "Login incorrect",
        }
    }

    fn start<'s>(self, stage: &'s Stage, sshd: &Sshd<'s>) -> Pty<'s> {
        let as_person = |uid: u32, words: &[&str]| {
            let mut command = stage.command("/usr/bin/setpriv");
            let uid = [format!("--reuid={uid}"), format!("--regid={uid}")];
            command.args(uid).arg("--clear-groups").args(words);
            Pty::start(stage, &command)
        };
        match self {
            Self::Sshd => sshd.client(self.person()).remote(INSIDE).start().pty,
            Self::Su => as_person(2005, &["su", self.person(), "-c", INSIDE]),
            Self::Sudo => as_person(2003, &["sudo", "-k", "sh", "-c", INSIDE]),
            Self::Login => {
                let mut login = stage.command("/bin/login");
                login.arg(self.person());
                Pty::start(stage, &login)
            }
        }
    }
}

/// What is typed at the code's prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    /// The newest code.
    Right,
    /// The same, as the mail shows it.
    Spaced,
    Wrong,
    /// The code before the newest.
    Old,
    Empty,
    Help,
    Resend,
    /// Until it gives up.
    CtrlC,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    In,
    Refused,
}

/// One person at one host.
struct Visit<'s> {
    host: Host,
    pty: Pty<'s>,
    /// The prompts' references, for the codes.
    codes: Vec<String>,
    verdict: Option<Verdict>,
}

impl Visit<'_> {
    /// Waits for the next prompt for a code; without one, for the verdict.
    fn look(&mut self, mailbox: &Mailbox<'_>) {
        let came = wait::until(SOON, || {
            let unread = self.pty.unread();
            if unread.contains(SHOWN) {
                return Some(Some(Verdict::In));
            }
            if unread.contains(CODE) {
                return Some(None);
            }
            let over = unread.contains(self.host.asks_anew()) || !self.pty.is_running();
            over.then_some(Some(Verdict::Refused))
        });
        if !self.pty.is_running() {
            // What it showed last may still be on its way.
            self.pty.wait_exit(SOON);
        }
        let shown = self.pty.transcript();
        self.verdict = came.unwrap_or_else(|| panic!("{:?} shows nothing\n{shown}", self.host));
        if self.verdict.is_some() {
            if shown.contains(SHOWN) {
                self.verdict = Some(Verdict::In);
            }
            return;
        }
        let asked = self.pty.unread();
        self.pty.wait_for(CODE);
        if gatepost_tests::mailbox::reference(&asked).is_some() && !asked.contains("no mail") {
            self.codes.push(mailbox.code_for(&asked));
        }
    }

    fn answer(&mut self, what: Type) {
        let newest = self.codes.last().cloned().unwrap_or("00000000".to_owned());
        match what {
            Type::Right => self.pty.send_line(&newest),
            Type::Spaced => {
                let (first, second) = newest.split_at(4);
                self.pty.send_line(&format!("{first} {second}"))
            }
            Type::Wrong => self.pty.send_line(&wrong(&newest)),
            Type::Old => {
                let old = self.codes.iter().rfind(|code| **code != newest);
                let old = old.unwrap().clone();
                self.pty.send_line(&old)
            }
            Type::Empty => self.pty.send_line(""),
            Type::Help => self.pty.send_line("?"),
            Type::Resend => self.pty.send_line("r"),
            Type::CtrlC => {
                // sudo may put its question again before it gives up.
                let gone = (0..5).any(|_| {
                    self.pty.ctrl_c();
                    wait::until(A_MOMENT, || (!self.pty.is_running()).then_some(())).is_some()
                });
                assert!(gone, "{:?}\n{}", self.host, self.pty.transcript());
                &mut self.pty
            }
        };
    }
}

/// What was done to the accounts before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Disabled,
    LockedByTheRow,
    Removed,
}

const CASES: [(Before, &[Type], Verdict); 12] = [
    (Before::Nothing, &[Type::Right], Verdict::In),
    (Before::Nothing, &[Type::Spaced], Verdict::In),
    (Before::Nothing, &[Type::Wrong, Type::Right], Verdict::In),
    (Before::Nothing, &[Type::Empty, Type::Right], Verdict::In),
    (Before::Nothing, &[Type::Help, Type::Right], Verdict::In),
    (Before::Nothing, &[Type::Resend, Type::Right], Verdict::In),
    (
        Before::Nothing,
        &[Type::Resend, Type::Old, Type::Right],
        Verdict::In,
    ),
    (Before::Nothing, &[Type::Wrong; 3], Verdict::Refused),
    (Before::Nothing, &[Type::CtrlC], Verdict::Refused),
    (Before::Disabled, &[Type::Wrong; 3], Verdict::Refused),
    (Before::LockedByTheRow, &[Type::Wrong; 3], Verdict::Refused),
    (Before::Removed, &[Type::Wrong; 3], Verdict::Refused),
];

fn rig(sink: &Sink) -> Stage {
    let mut builder = Stage::builder().product(Config::to(sink).set("limits.send_cooldown", "1s"));
    for host in HOSTS {
        let person = host.person();
        builder = builder.enrol(person, &format!("{person}@example.org"));
    }
    for service in ["sshd", "su", "sudo", "login"] {
        builder = builder.stack(service, &Stack::plain());
    }
    let stage = builder.build();
    let sudoers = "Defaults !lecture, mailerpath=/usr/bin/true\ncarol ALL=(ALL) ALL\n";
    stage.write_as("/etc/sudoers", sudoers, 0o440);
    stage.write("/home/dave/.profile", &format!("{INSIDE}\n"));
    stage
}

fn prepare(stage: &Stage, before: Before) {
    stage.wait_for_quiet();
    stage.store().pass(DAY);
    for host in HOSTS {
        let person = host.person();
        let row = if before == Before::LockedByTheRow {
            100
        } else {
            0
        };
        stage.store().set_failures_in_a_row(person, row);
        match before {
            Before::Nothing | Before::LockedByTheRow => {}
            Before::Disabled => drop(stage.gatepost(&["user", "disable", person]).success()),
            Before::Removed => drop(
                stage
                    .gatepost(&["user", "remove", person, "--yes"])
                    .success(),
            ),
        }
    }
}

// Mutant: outcome::code maps a verdict to a code that one of the hosts takes for another (PAM_IGNORE for
// MaxTries; PAM_CRED_EXPIRED, which sudo and login take for a password to be changed).
#[test]
fn hosts_same_verdicts() {
    require!(
        Need::Program("/usr/sbin/sshd"),
        Need::Program("/usr/bin/su"),
        Need::Program("/usr/bin/sudo"),
        Need::Program("/bin/login")
    );
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let sshd = Sshd::start(&stage);
    let mailbox = Mailbox::of(&sink);
    for (before, typed, expected) in CASES {
        prepare(&stage, before);
        let mut visits = HOSTS.map(|host| {
            let mut pty = host.start(&stage, &sshd);
            let asks = if matches!(host, Host::Sudo) {
                "password for carol: "
            } else {
                "Password: "
            };
            pty.wait_for(asks)
                .send_line(User::password_of(host.person()));
            Visit {
                host,
                pty,
                codes: Vec::new(),
                verdict: None,
            }
        });
        for visit in &mut visits {
            visit.look(&mailbox);
        }
        // The cooldown after the first mail is over.
        stage.store().pass(Duration::from_secs(2));
        for what in typed {
            let mut asked: Vec<_> = visits
                .iter_mut()
                .filter(|visit| visit.verdict.is_none())
                .collect();
            for visit in &mut asked {
                visit.answer(*what);
            }
            for visit in &mut asked {
                visit.look(&mailbox);
            }
        }
        for visit in &visits {
            let shown = visit.pty.transcript();
            let host = visit.host;
            assert_eq!(
                visit.verdict,
                Some(expected),
                "{host:?} {before:?} {typed:?}\n{shown}"
            );
            assert_eq!(shown.contains(SHOWN), expected == Verdict::In, "{shown}");
        }
    }
}
