//! Handing a message to the relays, in order, inside one deadline.
//!
//! Each attempt is a sender process of its own: the system user `gatepost`, an empty environment,
//! one message and one relay over a pipe, killed when its share of the time is over. Its death is a
//! failed delivery. This is one of the two places that start a process.

pub mod password;
mod sender;

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use gatepost_words::job::{self, Content, Delivered, Letter, Outcome, Print, Proof, Tls};
use gatepost_words::text::sanitise;
use gatepost_words::time::{Boot, Span, Wall};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use self::sender::{Attempt, Printing};
use crate::config::{Config, Relay};
use crate::files::{self, Readers, Untrusted};
use crate::host::{self, Host};

/// A message on its way: which relay has it now, which come next.
#[derive(Debug)]
pub struct Delivery<'c> {
    config: &'c Config,
    kind: &'static str,
    letter: Letter,
    deadline: Boot,
    next: usize,
    retried: bool,
    current: Option<Attempt>,
    /// Why the administrator's own templates are not used.
    warning: Option<String>,
}

/// One attempt's end.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// How it went.
    pub delivered: Delivered,
    /// Whether it was the last one.
    pub done: bool,
}

impl<'c> Delivery<'c> {
    /// Begins with the first relay.
    pub fn start(config: &'c Config, kind: &'static str, mut letter: Letter, now: Boot) -> Self {
        let deadline = now.plus(config.policy.limits.delivery);
        // The sender reads them, and could not tell who may change the folders above.
        let warning = letter
            .templates
            .as_deref()
            .and_then(|folder| templates(Path::new(folder)).err());
        if warning.is_some() {
            letter.templates = None;
        }
        let mut delivery = Self {
            config,
            kind,
            letter,
            deadline,
            next: 0,
            retried: false,
            current: None,
            warning,
        };
        delivery.hand_on(now);
        delivery
    }

    /// What becomes readable when there is something to see.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.current.as_ref().and_then(Attempt::fd)
    }

    /// When [`Self::advance`] must be called at the latest.
    pub fn due(&self) -> Option<Boot> {
        self.current.as_ref().map(|attempt| attempt.deadline)
    }

    /// Looks at the sender: nothing new, or the end of an attempt. The next one is begun before
    /// this returns.
    pub fn advance(&mut self, now: Boot) -> Option<Attempted> {
        let attempt = self.current.as_mut()?;
        let report = attempt.look(now)?;
        let delivered = Delivered {
            kind: self.kind,
            relay: attempt.relay.clone(),
            outcome: report.outcome,
            reply: report.reply,
            message_id: report.message_id,
            warning: report.warning.or_else(|| self.warning.clone()),
            millis: now.since(attempt.started).millis(),
        };
        self.current = None;
        if report.outcome.try_next() {
            self.hand_on(now);
        }
        Some(Attempted {
            delivered,
            done: self.current.is_none(),
        })
    }

    /// Leaves the delivery to the process that was forked to see it through.
    pub fn release(mut self) {
        if let Some(attempt) = &mut self.current {
            attempt.release();
        }
    }

    /// Gives the message to the next relay, where there is one and time for it. A lone relay gets
    /// one quick second chance: most faults of a connection are over at once.
    fn hand_on(&mut self, now: Boot) {
        let relays = &self.config.mail.relays;
        if self.next >= relays.len() {
            let again = relays.len() == 1 && !self.retried;
            if !again {
                return;
            }
            self.retried = true;
            self.next = 0;
        }
        let left = self.deadline.since(now);
        if left < Span::from_millis(500) {
            return;
        }
        let Some(relay) = relays.get(self.next) else {
            return;
        };
        let remaining = i64::try_from(relays.len() - self.next).unwrap_or(1);
        // A relay that hangs must leave time for those after it.
        let share = Span::from_millis(left.millis() / remaining);
        self.next += 1;
        self.current = Some(Attempt::start(
            relay_job(self.config, relay, share),
            &self.letter,
            now,
            share,
        ));
    }
}

/// Whether own templates can be trusted; none there is nothing to distrust.
pub(crate) fn templates(folder: &Path) -> Result<(), String> {
    match files::check_files(folder, &["subject", "txt", "html"]) {
        Ok(()) | Err(Untrusted::Missing(_)) => Ok(()),
        Err(untrusted) => Err(format!(
            "own templates are not used, the built-in ones were: {untrusted}"
        )),
    }
}

/// The sender's program, where it can be trusted.
pub fn sender_program() -> Result<PathBuf, String> {
    sender::program()
}

/// A letter to `to`, in the configuration's name.
pub fn letter(config: &Config, to: &str, account: &str, content: Content, wall: Wall) -> Letter {
    let templates = config
        .mail
        .templates
        .as_ref()
        .map(|folder| folder.display().to_string());
    Letter {
        from: config.mail.from.clone(),
        envelope_from: config.mail.envelope_from.clone(),
        to: to.to_owned(),
        templates,
        content,
        host: config.host.clone(),
        account: sanitise(account),
        when: host::local_time(wall),
        epoch_secs: wall.millis() / 1000,
    }
}

/// A relay as the sender is told of it; a password that cannot be had is told instead.
fn relay_job(
    config: &Config,
    relay: &Relay,
    time: Span,
) -> Result<job::Relay, (String, job::Report)> {
    let name = format!("{}:{}", relay.host, relay.port);
    let refused = |outcome, reply: String| job::Report {
        outcome,
        reply,
        message_id: String::new(),
        warning: None,
    };
    // Whoever may write the roots decides whom we take for the relay.
    if relay.tls != Tls::LoopbackPlaintext
        && let Err(untrusted) = files::open_trusted(&relay.roots, Readers::Anybody)
    {
        return Err((
            name,
            refused(Outcome::Tls, format!("the relay's roots: {untrusted}")),
        ));
    }
    let credentials = match &relay.login {
        None => None,
        Some((user, password)) => match password::read(password) {
            Ok(password) => Some((user.clone(), password)),
            Err(problem) => {
                return Err((name, refused(Outcome::Auth, problem.to_string())));
            }
        },
    };
    Ok(job::Relay {
        host: relay.host.clone(),
        port: relay.port,
        tls: relay.tls,
        roots: relay.roots.display().to_string(),
        credentials,
        hello_name: config.host.clone(),
        time,
    })
}

/// Delivers a message while the caller waits: every attempt, the last one telling how it ended.
pub fn deliver(
    config: &Config,
    clock: &dyn Host,
    kind: &'static str,
    letter: Letter,
) -> Vec<Delivered> {
    let mut delivery = Delivery::start(config, kind, letter, clock.now().moment.at);
    let mut attempts = Vec::new();
    while let Some(due) = delivery.due() {
        let now = clock.now().moment.at;
        if let Some(attempted) = delivery.advance(now) {
            attempts.push(attempted.delivered);
            continue;
        }
        wait(delivery.fd(), due.since(now));
    }
    attempts
}

/// How long a letter may take to be printed.
const PRINTING: Span = Span::from_secs(5);

/// Has the sender print a letter, with the text of one template tried in its place; nothing is sent, and
/// no relay is told. What is wrong with the folder of own templates comes with it.
pub(crate) fn print(
    clock: &dyn Host,
    mut letter: Letter,
    trial: Option<(&str, &str)>,
) -> Result<(Print, Option<String>), String> {
    let folder = letter.templates.as_deref().map(Path::new);
    let warning = folder.and_then(|folder| templates(folder).err());
    if warning.is_some() {
        letter.templates = None;
    }
    let proof = Proof {
        letter,
        trial: trial.map(|(name, text)| (name.to_owned(), text.to_owned())),
        time: PRINTING,
    };
    let deadline = clock.now().moment.at.plus(PRINTING);
    let mut printing = Printing::start(&proof)?;
    loop {
        if let Some(printed) = printing.look() {
            return Ok((printed?, warning));
        }
        let now = clock.now().moment.at;
        if now >= deadline {
            return Err(format!(
                "no word within {PRINTING}: does a template go on for ever?"
            ));
        }
        wait(Some(printing.fd()), deadline.since(now));
    }
}

/// Waits until `fd` is readable, or for so long.
pub(crate) fn wait(fd: Option<BorrowedFd<'_>>, at_most: Span) {
    // One millisecond more, so that the deadline is past when the wait ends.
    let timeout = Timespec::try_from(at_most.to_std() + std::time::Duration::from_millis(1)).ok();
    let mut fds: Vec<PollFd<'_>> = fd.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    // An interrupted wait is a short one; the caller looks and waits again.
    let _interrupted = poll(&mut fds, timeout.as_ref());
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::Path;

    use gatepost_words::job::Content;
    use gatepost_words::time::{Boot, Wall};

    use super::{Delivery, letter};
    use crate::config::Config;

    type Harm = fn(&Path);

    /// What a delivery with this folder of templates passes on, and warns of. Nothing is sent.
    fn start(folder: &Path) -> (Option<String>, Option<String>) {
        let mut config = Config::example();
        config.mail.relays.clear();
        config.mail.templates = Some(folder.to_owned());
        let letter = letter(
            &config,
            "alice@example.org",
            "alice",
            Content::Test,
            Wall::from_millis(0),
        );
        let delivery = Delivery::start(&config, "test", letter, Boot::from_millis(0));
        (delivery.letter.templates, delivery.warning)
    }

    // Mutants: the folder is not walked; its files are not looked at; what is untrusted is passed on.
    #[test]
    fn templates_that_others_could_change_are_not_used() {
        let theirs = tempfile::tempdir_in("/tmp").unwrap();
        let (passed_on, warning) = start(theirs.path());
        let warning = warning.unwrap();
        assert_eq!(passed_on, None);
        assert!(
            warning
                .starts_with("own templates are not used, the built-in ones were: /tmp has mode"),
            "{warning}"
        );
        if !rustix::process::geteuid().is_root() {
            println!("SKIPPED the rest: needs root");
            return;
        }
        let harm: [(&str, Harm); 6] = [
            ("", |_folder| {}),
            ("", |folder| {
                chown(folder.join("README"), Some(1), None).unwrap();
            }),
            ("belongs to uid 1", |folder| {
                chown(folder, Some(1), None).unwrap();
            }),
            ("belongs to uid 1", |folder| {
                chown(folder.join("code.txt"), Some(1), None).unwrap();
            }),
            ("has mode 0666", |folder| {
                let mode = fs::Permissions::from_mode(0o666);
                fs::set_permissions(folder.join("code.txt"), mode).unwrap();
            }),
            ("is a symbolic link", |folder| {
                symlink("/etc/hostname", folder.join("code.html")).unwrap();
            }),
        ];
        for (told, harm) in harm {
            let folder = tempfile::tempdir_in("/run").unwrap();
            for name in ["code.txt", "README"] {
                fs::write(folder.path().join(name), "{{ code }}").unwrap();
            }
            harm(folder.path());
            let (passed_on, warning) = start(folder.path());
            assert_eq!(passed_on.is_some(), told.is_empty(), "{told}");
            assert!(warning.unwrap_or_default().contains(told), "{told}");
        }
        // None there is nothing to warn of.
        assert_eq!(start(Path::new("/run/no-such-folder")).1, None);
    }
}
