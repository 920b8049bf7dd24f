//! Who does what the console wants done: threads with a store of their own each, so that nothing
//! slow is ever waited for where keys are read. They answer with messages.
//!
//! - [`lists`]: pages of lists; watches for changes
//! - [`pages`]: an account's page; [`counts`]: what the home page counts;
//!   [`activity`]: what happened in the last hours; [`mod@standing`]: whether an attack goes on
//! - [`home`]: the person's own files; [`policy`]: the rules; [`post`]: mail; [`restore`]: a copy of the store
//! - [`acts`]: what changes something, one after the other; [`asking`]: what of it may ask back; jobs,
//!   each on a thread of its own

mod activity;
mod acts;
mod asking;
mod counts;
mod deeds;
mod export;
mod home;
mod import;
mod lists;
mod pace;
mod pages;
mod policy;
mod post;
mod restore;
mod role;
mod standing;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use gatepost_shared::admin::browse::Stopper;
use gatepost_shared::admin::copies::Candidate;
use gatepost_shared::admin::roles::{NoRole, Operator};
use gatepost_shared::admin::users::{self, Plan};
use gatepost_shared::admin::{self, Admin, AdminError, Called};
use gatepost_words::text::one_line;

use self::lists::Slot;
use self::role::Now;
pub(super) use self::standing::standing;
use super::effect::{Effect, Rows, Verb};
use super::event::Event;
use super::message::{Found, Job, Message};

/// What it takes to open configuration and store.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    /// The configuration's path, where it is not the usual one.
    pub(crate) conf: Option<PathBuf>,
    /// Who acts, as it was when the console was opened.
    pub(crate) operator: Operator,
    /// Where their session comes from, as far as it says: a reason to ask, and nothing else.
    pub(crate) own: Option<IpAddr>,
    /// What the environment says of them.
    pub(crate) called: Called,
}

/// The threads.
pub(crate) struct Workers {
    open: Opener,
    events: Sender<Event>,
    lists: Sender<Effect>,
    pages: Sender<Effect>,
    counts: Sender<Effect>,
    activity: Sender<Effect>,
    standing: Sender<Effect>,
    acts: Option<Sender<Effect>>,
    policy: Option<Sender<Effect>>,
    home: Option<Sender<Effect>>,
    /// Nothing is asked of it; it ends when this is gone.
    _role: Sender<Effect>,
    /// Given to each thread whose work is waited for when the console is over.
    keeping: Option<Sender<()>>,
    /// Says nothing, and ends when those threads have: the person's files are written, and each act that
    /// was begun has its line in the system log.
    kept: Receiver<()>,
    reading: Arc<Slot>,
    stopped: Arc<Stopped>,
    candidate: Arc<policy::Slot>,
    plan: Arc<import::Kept>,
    copy: Arc<restore::Kept>,
    read_only: bool,
}

/// Who was asked to stop.
#[derive(Default)]
struct Stop {
    /// These.
    jobs: Vec<Job>,
    /// Everybody: the console is over.
    all: bool,
}

type Stopped = Mutex<Stop>;

impl Workers {
    /// Starts the threads.
    pub(crate) fn start(open: Opener, events: &Sender<Event>, read_only: bool) -> io::Result<Self> {
        let reading = Arc::new(Slot::default());
        let stopped = Arc::new(Stopped::default());
        let candidate = Arc::new(policy::Slot::default());
        let worker = |name: &str, work: fn(&Desk, &Receiver<Effect>)| {
            let (sender, effects) = channel();
            let desk = Desk::new(&open, events, (&reading, &stopped, &candidate));
            let named = thread::Builder::new().name(name.to_owned());
            named.spawn(move || desk.watched(|desk| work(desk, &effects)))?;
            io::Result::Ok(sender)
        };
        let (keeping, kept) = channel();
        let kept_on = |name: &str, work: fn(&Desk, &Receiver<Effect>)| {
            let (sender, effects) = channel();
            let until_the_end: Sender<()> = keeping.clone();
            let desk = Desk::new(&open, events, (&reading, &stopped, &candidate));
            let named = thread::Builder::new().name(name.to_owned());
            named.spawn(move || {
                let _until_the_end = until_the_end;
                desk.watched(|desk| work(desk, &effects));
            })?;
            io::Result::Ok(sender)
        };
        Ok(Self {
            lists: worker("lists", lists::work)?,
            pages: worker("pages", pages::work)?,
            counts: worker("counts", counts::work)?,
            activity: worker("activity", activity::work)?,
            standing: worker("standing", standing::work)?,
            _role: worker("role", role::work)?,
            acts: Some(kept_on("acts", acts::work)?),
            policy: Some(kept_on("policy", policy::work)?),
            home: Some(kept_on("home", home::work)?),
            keeping: Some(keeping),
            kept,
            open,
            events: events.clone(),
            reading,
            stopped,
            candidate,
            plan: Arc::default(),
            copy: Arc::default(),
            read_only,
        })
    }

    /// Hands an effect to the thread that does such things.
    pub(crate) fn hand(&self, effect: Effect) -> io::Result<()> {
        let to = match &effect {
            Effect::Users { .. } => {
                // Sent first: whoever is stopped must find what for, or it begins anew.
                let _dead = self.lists.send(effect);
                self.stop_reading();
                return Ok(());
            }
            Effect::Events { .. } | Effect::Stream { .. } | Effect::Mails { .. } => &self.lists,
            Effect::User { .. }
            | Effect::SignIns(_)
            | Effect::Applies(_)
            | Effect::Sources(_)
            | Effect::Undoables => &self.pages,
            Effect::Summary => &self.counts,
            Effect::Activity => &self.activity,
            Effect::Standing => &self.standing,
            Effect::Policy(_) => match &self.policy {
                Some(policy) => policy,
                None => return Ok(()),
            },
            // The state asks for none then; this is the lock on the door.
            Effect::Do(_) | Effect::Each(..) | Effect::Long(..) if self.read_only => {
                return Ok(());
            }
            // It leaves a file beside the store for a while.
            Effect::LookThrough(..) if self.read_only => return Ok(()),
            // It leaves an event.
            Effect::Export(_, export) if self.read_only && export.rows == Rows::Store => {
                return Ok(());
            }
            Effect::Do(deed) if !matches!(deed.verb, Verb::TestMail | Verb::RetryMail) => {
                match &self.acts {
                    Some(acts) => acts,
                    None => return Ok(()),
                }
            }
            Effect::Stop(job) => {
                if let Ok(mut stopped) = self.stopped.lock() {
                    stopped.jobs.push(*job);
                }
                return Ok(());
            }
            // A thread of its own: one act on one account is not to wait for hundreds.
            Effect::Do(_)
            | Effect::Each(..)
            | Effect::Long(..)
            | Effect::Plan(..)
            | Effect::LookThrough(..)
            | Effect::DropCopy(_)
            | Effect::Keys(_)
            | Effect::Missing
            | Effect::Export(..)
            | Effect::Difference(..)
            | Effect::Post
            | Effect::Preview(_)
            | Effect::Checks
            | Effect::CheckChain => return self.job(effect),
            Effect::Keep(_) => match &self.home {
                Some(home) => home,
                None => return Ok(()),
            },
            Effect::Copy(_)
            | Effect::CopyCode(_)
            | Effect::Mouse(_)
            | Effect::Edit(_)
            | Effect::Quit
            | Effect::Suspend
            | Effect::Redraw => return Ok(()),
        };
        // A worker that died said so itself.
        let _dead = to.send(effect);
        Ok(())
    }

    /// Ends the reading that goes on: a filter may have made it pointless, and the answer to it would be
    /// dropped.
    fn stop_reading(&self) {
        if let Ok(slot) = self.reading.lock()
            && let Some(stopper) = slot.as_ref()
        {
            stopper.stop();
        }
    }

    /// Begins something that takes long.
    fn job(&self, effect: Effect) -> io::Result<()> {
        let desk = Desk {
            plan: Arc::clone(&self.plan),
            copy: Arc::clone(&self.copy),
            ..Desk::new(
                &self.open,
                &self.events,
                (&self.reading, &self.stopped, &self.candidate),
            )
        };
        // A copy that nobody wants takes its file with it.
        let is_of_a_copy = matches!(effect, Effect::LookThrough(..) | Effect::DropCopy(_));
        let changes =
            is_of_a_copy || matches!(effect, Effect::Each(..) | Effect::Long(..) | Effect::Do(_));
        let until_the_end = self.keeping.clone().filter(|_| changes);
        let named = thread::Builder::new().name("job".to_owned());
        named.spawn(move || {
            let _until_the_end = until_the_end;
            desk.watched(|desk| acts::job(desk, effect));
        })?;
        Ok(())
    }
}

impl Drop for Workers {
    /// What somebody changed last is kept and told, though they leave at once: for a moment that is waited
    /// for.
    fn drop(&mut self) {
        if let Ok(mut stopped) = self.stopped.lock() {
            stopped.all = true;
        }
        (self.home, self.acts, self.policy, self.keeping) = (None, None, None, None);
        let _written = self.kept.recv_timeout(LAST);
    }
}

/// How long what was begun may keep the console open: the last write of a person's files, an act.
const LAST: Duration = Duration::from_secs(1);

/// What a worker has at hand.
pub(super) struct Desk {
    open: Opener,
    events: Sender<Event>,
    reading: Arc<Slot>,
    stopped: Arc<Stopped>,
    candidate: Arc<policy::Slot>,
    plan: Arc<import::Kept>,
    copy: Arc<restore::Kept>,
}

impl Desk {
    fn new(
        open: &Opener,
        events: &Sender<Event>,
        (reading, stopped, candidate): (&Arc<Slot>, &Arc<Stopped>, &Arc<policy::Slot>),
    ) -> Self {
        Self {
            candidate: Arc::clone(candidate),
            plan: Arc::default(),
            copy: Arc::default(),
            reading: Arc::clone(reading),
            stopped: Arc::clone(stopped),
            open: open.clone(),
            events: events.clone(),
        }
    }

    /// The configuration's path, where it is not the usual one.
    pub(super) fn conf(&self) -> Option<&Path> {
        self.open.conf.as_deref()
    }

    /// Who acts, looked up again: a console is open for long, and a role may be gone meanwhile. One that
    /// is weaker now ends what the console offers; one that is stronger is that of the next console.
    pub(super) fn operator(&self) -> Result<Operator, String> {
        match self.role() {
            Now::Holds(operator) => Ok(operator),
            Now::Unknown(why) | Now::Gone(why) => Err(why),
        }
    }

    /// The same, with what it means where they are no longer who they were.
    fn role(&self) -> Now {
        let now = match admin::operator(self.open.called.clone()) {
            Ok(now) => now,
            Err(error @ AdminError::NoRole(NoRole::InNoGroup(_))) => {
                return Now::Gone(said(&error));
            }
            Err(error) => return Now::Unknown(said(&error)),
        };
        let began = &self.open.operator;
        if now.role < began.role || (now.uid, now.login) != (began.uid, began.login) {
            return Now::Gone(format!(
                "your role here is {} by now, and was {} when the console was opened: open it again",
                now.role.name(),
                began.role.name()
            ));
        }
        Now::Holds(Operator {
            role: began.role,
            ..now
        })
    }

    /// Opens a store, with the failure as a sentence.
    pub(super) fn admin(&self) -> Result<Admin, String> {
        Admin::open(self.open.conf.as_deref(), self.operator()?).map_err(|error| said(&error))
    }

    /// The candidate whose difference was found last.
    pub(super) fn candidate(&self) -> &policy::Slot {
        &self.candidate
    }

    /// Whether a job was asked to stop.
    pub(super) fn is_stopped(&self, job: Job) -> bool {
        self.stopped
            .lock()
            .is_ok_and(|stopped| stopped.all || stopped.jobs.contains(&job))
    }

    /// What stops a job between two accounts.
    pub(super) fn stop(&self, job: Job) -> users::Stop {
        let stop = users::Stop::default();
        self.look_up(job, &stop);
        stop
    }

    /// Looks whether somebody wants a job to stop, or the role for it is gone.
    pub(super) fn look_up(&self, job: Job, stop: &users::Stop) {
        if self.is_stopped(job) || self.operator().is_err() {
            stop.stop();
        }
    }

    /// The list that was looked at last, to be imported.
    pub(super) fn plan(&self) -> Option<MutexGuard<'_, Option<(Job, Plan)>>> {
        self.plan.lock().ok()
    }

    /// The copy that was looked through last, to be restored.
    pub(super) fn copy(&self) -> Result<MutexGuard<'_, Option<(Job, Candidate)>>, &'static str> {
        let fault =
            |_poisoned| "a fault ended what was done with the copy before: open the console again";
        self.copy.lock().map_err(fault)
    }

    /// Lets the reading of lists be ended by whoever asks for something newer.
    pub(super) fn can_be_stopped_by(&self, stopper: Stopper) {
        if let Ok(mut slot) = self.reading.lock() {
            *slot = Some(stopper);
        }
    }

    /// Tells what was found. Nobody may listen any more: then the console is over.
    pub(super) fn tell(&self, found: Found) {
        self.send(Message::Found(Box::new(found)));
    }

    /// Sends a message.
    pub(super) fn send(&self, message: Message) {
        let _over = self.events.send(Event::Message(message));
    }

    /// Ends the console.
    fn end(&self, why: String) {
        let _over = self.events.send(Event::Lost(why));
    }

    /// Works; where it panics, the console ends and says so.
    fn watched(self, work: impl FnOnce(&Self)) {
        struct Watch<'a>(&'a Desk);
        impl Drop for Watch<'_> {
            fn drop(&mut self) {
                if thread::panicking() {
                    let name = thread::current().name().unwrap_or_default().to_owned();
                    let why = format!("a fault ended the console (thread {name})");
                    self.0.end(why);
                }
            }
        }
        let watch = Watch(&self);
        work(watch.0);
    }
}

/// An error as one line for the screen.
pub(super) fn said(error: &AdminError) -> String {
    one_line(&error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use gatepost_shared::admin::operator;

    use super::super::effect::{Deed, Effect, Export, Rows, Verb};
    use super::super::message::Job;
    use super::{Called, Opener, Workers};

    // Mutants: the lock on the door is taken away, of what changes or of what leaves an event.
    #[test]
    fn workers_of_a_read_only_console_change_nothing_whatever_they_are_handed() {
        let folder = std::env::temp_dir().join(format!("gatepost-workers-{}", std::process::id()));
        let deed = |users: &[&str]| {
            let users = users.iter().map(|user| (*user).to_owned());
            Deed::on(Verb::Unlock, users)
        };
        let store = Export {
            rows: Rows::Store,
            path: folder.clone(),
            is_csv: false,
        };
        for effect in [
            Effect::Do(deed(&["alice"])),
            Effect::Each(Job::Each(1), deed(&["alice", "bob"])),
            Effect::Long(Job::Undo(1), deed(&["7"])),
            Effect::Export(Job::BackUp, store),
            Effect::LookThrough(Job::LookThrough(1), deed(&[])),
        ] {
            for (read_only, is_told) in [(true, false), (false, true)] {
                let called = Called {
                    sudo_uid: None,
                    other: None,
                };
                let (events, told) = channel();
                let open = Opener {
                    conf: Some(folder.join("none.toml")),
                    operator: operator(called.clone()).unwrap(),
                    own: None,
                    called,
                };
                let workers = Workers::start(open, &events, read_only).unwrap();
                drop(events);
                workers.hand(effect.clone()).unwrap();
                drop(workers);
                // Until the last worker is gone; what is wrong with the store is told for what is done.
                let told: Vec<String> = told.iter().map(|event| format!("{event:?}")).collect();
                let ends = |told: &&String| {
                    ["Done", "Tried", "Ended", "Undone", "LookedThrough("]
                        .iter()
                        .any(|word| told.contains(word))
                };
                let ended: Vec<_> = told.iter().filter(ends).collect();
                assert_eq!(!ended.is_empty(), is_told, "{effect:?} {told:?}");
            }
        }
    }

    // Mutant: a look that fails is not told; it then goes on for ever, and nobody can look again.
    #[test]
    fn a_look_of_doctors_that_fails_ends() {
        let called = Called {
            sudo_uid: None,
            other: None,
        };
        let mut somebody = operator(called.clone()).unwrap();
        somebody.uid = Some(u32::MAX - 7);
        let (events, told) = channel();
        let open = Opener {
            conf: None,
            operator: somebody,
            own: None,
            called,
        };
        let workers = Workers::start(open, &events, true).unwrap();
        drop(events);
        workers.hand(Effect::Checks).unwrap();
        drop(workers);
        let told: Vec<String> = told.iter().map(|event| format!("{event:?}")).collect();
        let is_end = |told: &String| told.contains("Ended(Doctor, Err(");
        assert!(told.iter().any(is_end), "{told:?}");
    }
}
