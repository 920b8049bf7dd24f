//! The beginning of a sign-in: who it is, by which rules it goes, and what comes of it without a
//! prompt. What a prompt says is [`super::prompt`]'s.

use gatepost_words::ident::{Service, Source, UserName};
use gatepost_words::text::{SignIn, sanitise};
use gatepost_words::wire::{Hello, Proved, Verdict};
use serde_json::json;

use super::delivery::Outgoing;
use super::rules::{remarks, resolve};
use super::{Case, End, Fault, Login, Step, bypass, line};
use crate::code::key::Key;
use crate::config::Config;
use crate::host::{Host, ProcessId};
use crate::people::{self, LookupError};
use crate::policy::rules::{Decision, Refusal};
use crate::store::Store;
use crate::store::signin::{Closed, What};
use crate::witness::Witness;

impl<'c, H: Host> Login<'c, H> {
    /// Finds out who signs in.
    pub fn new(
        host: &'c H,
        config: &'c Config,
        key: &'c Key,
        store: Store,
        witness: Option<Witness>,
        hello: Hello,
    ) -> Result<Self, Fault> {
        let service = Service::new(&hello.service)?;
        let source = Source::from_pam(
            hello.rhost.as_deref(),
            hello.tty.as_deref(),
            hello.caller_uid,
        );
        let person = match UserName::new(hello.user.clone()).map(|name| people::find(&name)) {
            Ok(Ok(person)) => Some(person),
            // Nobody of that name: no counter is touched.
            Err(_) | Ok(Err(LookupError::NoSuchUser(_))) => None,
            // A decoy stack must not tell that the database failed: the dummy refuses as well.
            Ok(Err(_)) if hello.decoy => None,
            Ok(Err(failed)) => return Err(failed.into()),
        };
        let (rules, groups) = resolve(&store, &host.now(), person.as_ref())?;
        let notes = remarks(&rules, &groups);
        let outside = |text: &Option<String>| text.as_deref().map(sanitise);
        let detail = json!({
            "tty": outside(&hello.tty),
            "ruser": outside(&hello.ruser),
            "caller": hello.caller_uid,
            "auth": outside(&hello.auth_info),
        });
        let case = Case {
            typed: typed(&hello.user),
            person,
            service,
            source,
            rules,
            groups,
            process: ProcessId::own(),
            host_name: config.host.clone(),
            detail,
            hello,
        };
        let sign_in = SignIn {
            host: config.host.clone(),
            user: case.hello.user.clone(),
            shape: config.policy.limits.shape.to_string(),
        };
        Ok(Self {
            host,
            config,
            key,
            store,
            witness,
            started: host.now().moment.at,
            case,
            sign_in,
            waiting: None,
            current: None,
            letter: None,
            of: None,
            delivery: Outgoing::Nothing,
            answers: 0,
            free: 0,
            closed_door: None,
            ending: "wrong",
            notes,
        })
    }

    /// Decides, and makes or takes over a challenge.
    pub fn begin(&mut self) -> Result<Step, Fault> {
        let (code, fresh) = self.fresh_code()?;
        let witnessed = self.witness.as_ref().and_then(Witness::last_seq);
        let policy = &self.config.policy;
        let (now, begun) = self.under_the_policy(|store, now, opening| {
            store.begin(now, opening, policy, &fresh, witnessed)
        })?;
        for lost in &begun.lost {
            line::write(lost, "the helper died", &[]);
        }
        match begun.what {
            What::Ended { decision, closed } => Ok(Step::End(self.ended(decision, closed))),
            What::Crowded(closed) => Ok(Step::End(End {
                verdict: Verdict::Denied,
                say: Some(
                    "Too many sign-ins wait at their prompts; try again in a minute.".to_owned(),
                ),
                closed,
                why: "crowded".to_owned(),
            })),
            What::Waiting(waiting) => {
                let prompt = waiting.prompt.clone();
                self.waiting = Some(waiting);
                let say = self.take_prompt(prompt, &code, &now);
                Ok(Step::Ask(self.show(&say)))
            }
        }
    }

    /// The end of a sign-in that was decided without a prompt.
    fn ended(&self, decision: Decision, closed: Closed) -> End {
        let (verdict, say, why) = match decision {
            Decision::Skip(rule) => {
                let why = format!("rule {rule} of {}", self.case.rules.name());
                (Verdict::Ignore, None, why)
            }
            Decision::Ignore => (Verdict::Ignore, None, "unenrolled".to_owned()),
            Decision::Refuse(refusal) => {
                let verdict = match refusal {
                    Refusal::Unenrolled => Verdict::UserUnknown,
                    Refusal::Rule(_)
                    | Refusal::UidOfAnother
                    | Refusal::UidChanged
                    | Refusal::Removed
                    | Refusal::Disabled
                    | Refusal::Shielded(_) => Verdict::Denied,
                };
                (
                    verdict,
                    Some(refused(refusal, &self.case.source)),
                    refusal.word().to_owned(),
                )
            }
            Decision::Ask => (Verdict::Unavailable, None, "undecided".to_owned()),
        };
        let proved_nothing = self.case.hello.after == Proved::Nothing;
        let verdict = if proved_nothing && verdict == Verdict::Ignore {
            Verdict::Refuse
        } else {
            verdict
        };
        End {
            verdict,
            say: say.filter(|_| !self.case.neutral()),
            closed,
            why,
        }
    }
}

/// A name as typed, for the record. It passes the sanitiser wherever it is shown; so a backslash is
/// left alone here, or it would be escaped twice. What no name can have in it is replaced.
pub(super) fn typed(user: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let end = user.floor_char_boundary(LONGEST_NAME);
    let cut = user.get(..end).unwrap_or_default();
    cut.chars().map(clean).collect()
}

/// The last line for somebody who is refused without a prompt.
fn refused(refusal: Refusal, source: &Source) -> String {
    let line = match refusal {
        Refusal::Rule(_) => "Sign-in to this service is not allowed for this account.",
        Refusal::Unenrolled | Refusal::Removed | Refusal::UidOfAnother => {
            "This account is not set up for emailed codes. Ask your administrator to enrol it."
        }
        Refusal::UidChanged => {
            "This account's enrolment does not belong to it. Ask your administrator."
        }
        Refusal::Disabled => "Sign-in with emailed codes is disabled for this account.",
        Refusal::Shielded(left) => return bypass::refused_source(source, left),
    };
    line.to_owned()
}

/// The longest name that is kept, in bytes.
const LONGEST_NAME: usize = 256;
