//! A sign-in, from the first frame to the verdict.
//!
//! [`Login`] is the machine: it takes what happened (an answer, a delivery, the end of the time)
//! and says what is next. It waits for nothing and sends nothing; [`serve()`] does. Every path that is
//! not the one success ends in a refusal.

mod bypass;
mod line;
mod link;
mod rules;
mod serve;
#[cfg(test)]
mod tests;

use gatepost_words::ident::{Person, Service, Source, UserName};
use gatepost_words::job::{Content, Delivered, Letter, Outcome};
use gatepost_words::text::{DeliveryState, NoMail, Say, SignIn, sanitise};
use gatepost_words::time::{Boot, Span, Wall};
use gatepost_words::wire::{Hello, HostAnswer, Proved, Verdict};
use serde_json::{Value, json};

use self::rules::{remarks, resolve};
pub use self::serve::{Detach, Fork, serve};
use crate::code::key::{Key, Purpose};
use crate::code::recovery::RecoveryCode;
use crate::code::typed::Typed;
use crate::code::{self, Code};
use crate::config::Config;
use crate::host::{self, Host, Now, ProcessId};
use crate::people::{self, LookupError};
use crate::policy::challenge::State;
use crate::policy::limits::{DEADLINE_CEILING, DEADLINE_SLACK, FREE_ANSWERS};
use crate::policy::lockout::Lock;
use crate::policy::rules::{Decision, Groups, Refusal};
use crate::policy::versions::InForce;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::guesses::{Consumed, Counted, RecoveryMatch};
use crate::store::mails::{Earlier, Of};
use crate::store::signin::{Challenge, Closed, Fresh, Mailing, Opening, Prompt, Waiting, What};
use crate::witness::Witness;

/// What is next.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Show the text and wait for an answer.
    Ask(String),
    /// The end.
    End(End),
}

/// The end of a sign-in.
#[derive(Debug)]
pub struct End {
    /// For the module.
    pub verdict: Verdict,
    /// A last line for the person.
    pub say: Option<String>,
    /// For the log.
    pub closed: Closed,
    /// Why, in a word, for the log.
    pub why: String,
}

/// What a sign-in with a fault left in the store.
#[derive(Debug)]
pub enum GivenUp {
    /// Nothing: its beginning was not recorded, and nobody will close it.
    NotBegun,
    /// Its decision.
    Closed(Closed),
    /// A conversation of that number, which a later sign-in closes as `lost`.
    Open(i64),
}

/// Why a sign-in could not go on: each one is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel's generator failed.
    #[error(transparent)]
    Randomness(#[from] host::NoRandomness),
    /// The password database failed.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The module sent a name that cannot be one.
    #[error(transparent)]
    Name(#[from] gatepost_words::ident::BadName),
}

/// A sign-in under way.
#[derive(Debug)]
pub struct Login<'c, H> {
    host: &'c H,
    config: &'c Config,
    key: &'c Key,
    store: Store,
    witness: Option<Witness>,
    started: Boot,
    case: Case,
    sign_in: SignIn,
    waiting: Option<Waiting>,
    current: Option<Challenge>,
    letter: Option<Letter>,
    /// Whose delivery is under way.
    of: Option<Of>,
    delivery: Outgoing,
    /// Answers that were compared or would have been.
    answers: u32,
    /// Empty answers and commands.
    free: u32,
    /// What an answer meets where there is no code to compare it with.
    closed_door: Option<Say>,
    /// Why it ends, in a word for the log, once all tries are used up.
    ending: &'static str,
    /// What an administrator should know of this login, for its line in the log.
    notes: Vec<String>,
}

/// Who signs in where: what does not change.
#[derive(Debug)]
struct Case {
    hello: Hello,
    person: Option<Person>,
    typed: String,
    service: Service,
    source: Source,
    rules: InForce,
    groups: Groups,
    process: ProcessId,
    host_name: String,
    detail: Value,
}

/// How the mail of this login fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outgoing {
    /// None was sent.
    Nothing,
    /// A sender has it.
    Running,
    /// A relay took it.
    Accepted(Wall),
    /// No relay took it.
    Failed,
    /// It went out for an earlier connection.
    Earlier,
}

/// What is left of a login whose person is gone: enough to record its delivery.
#[derive(Debug)]
struct Remains {
    case: Case,
    of: Option<Of>,
}

impl Case {
    /// Records an attempt's end.
    fn record(
        &self,
        store: &mut Store,
        now: &Now,
        of: Option<Of>,
        delivered: &Delivered,
        done: bool,
    ) -> Result<(), Fault> {
        if let Some(of) = of {
            store.delivered(now, &self.opening(), &of, delivered, done)?;
        }
        Ok(())
    }

    fn opening(&self) -> Opening<'_> {
        Opening {
            person: self.person.as_ref(),
            typed: &self.typed,
            service: &self.service,
            source: &self.source,
            rules: &self.rules,
            groups: &self.groups,
            host: &self.host_name,
            process: self.process,
            proved: self.hello.after,
            decoy: self.hello.decoy,
            detail: self.detail.clone(),
        }
    }

    fn neutral(&self) -> bool {
        self.hello.decoy
    }
}

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

    /// A person's answer, with the user name as the module reads it now.
    pub fn answer(&mut self, user: &str, text: &[u8]) -> Result<Step, Fault> {
        if user != self.case.hello.user {
            return self.end(Verdict::Refuse, "user-changed", self.guessed());
        }
        match Typed::read(text) {
            Typed::Empty => {
                let state = self.delivery_state()?;
                self.free(&Say::Delivery(state))
            }
            Typed::Help => self.free(&Say::Help),
            Typed::OtherFactor => self.free(&Say::NoSuchFactor),
            Typed::Resend => self.resend(),
            Typed::Code(code) => self.code(&code),
            Typed::Recovery(code) => self.recovery(&code),
            Typed::Bypass(code) => self.bypass(&code),
        }
    }

    /// The host answered in the person's place: nothing was guessed, nothing is counted.
    pub fn host_answered(&mut self, how: HostAnswer) -> Result<Step, Fault> {
        let why = match how {
            HostAnswer::Password => {
                "the host answered with the password: sshd's PasswordAuthentication fills hidden \
                 prompts; set KbdInteractiveAuthentication yes and PasswordAuthentication no"
            }
            HostAnswer::Junk => {
                "sshd withheld the answer: invalid user, or root without PermitRootLogin yes"
            }
        };
        self.end(Verdict::Refuse, why, self.guessed())
    }

    /// What its owner should hear of a login that ends in a way of which nothing is told otherwise: that
    /// codes were typed in it. Or somebody who guesses would end each login so, and never be told of.
    fn guessed(&self) -> Option<&'static str> {
        (self.answers > 0).then_some("the codes that were typed were wrong")
    }

    /// The module is gone: the connection was closed, the host was killed.
    pub fn left(&mut self) -> Result<Step, Fault> {
        self.end(Verdict::Broken, "left", Some("the connection was closed"))
    }

    /// The host's conversation failed: Ctrl-C at su's or sudo's prompt, or a host that cannot ask.
    pub fn not_asked(&mut self) -> Result<Step, Fault> {
        let why = "the conversation failed: Ctrl-C, or a host that cannot ask, such as sshd's \
                   PasswordAuthentication; set KbdInteractiveAuthentication yes and \
                   PasswordAuthentication no";
        self.end(Verdict::Broken, why, Some("the connection was closed"))
    }

    /// Nobody answered in time.
    pub fn timed_out(&mut self) -> Result<Step, Fault> {
        self.end(
            Verdict::Refuse,
            "timed out",
            Some("no code was typed in time"),
        )
    }

    /// One attempt of this login's delivery came to its end. A record of it that cannot be written
    /// ends nothing: the person may have the mail. The code is not resumed then once the delivery's
    /// time is over, and its send stays charged, as for a helper that died.
    pub fn delivered(&mut self, delivered: &Delivered, done: bool) {
        let now = self.host.now();
        if delivered.outcome == Outcome::Accepted {
            self.delivery = Outgoing::Accepted(now.wall);
        } else if done {
            self.delivery = Outgoing::Failed;
        }
        let recorded = self
            .case
            .record(&mut self.store, &now, self.of, delivered, done);
        if let Err(fault) = recorded {
            self.notes.push(format!(
                "the delivery ({}) is not on record: {fault}",
                delivered.outcome.word()
            ));
        }
    }

    /// Ends a login that had a fault, as far as the store still can; the fault stays a refusal.
    pub fn give_up(&mut self) -> GivenUp {
        let Some(waiting) = self.waiting.take() else {
            return GivenUp::NotBegun;
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let detail = json!({"why": "fault"});
        // Most faults of a store are over at once: the lock was held, somebody freed some space.
        match self
            .store
            .close(&now, &opening, &waiting, "refuse", detail, None)
        {
            Ok(closed) => GivenUp::Closed(closed),
            Err(_the_first_one_is_told) => GivenUp::Open(waiting.conversation),
        }
    }

    /// What the login's line in the log should add.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Tells the witness how far the log has come; to be called after each step.
    fn witness(&self) {
        if let Some(witness) = &self.witness
            && let Ok(seq) = self.store.last_seq()
        {
            witness.note(seq);
        }
    }

    /// The letter that is to go out now, once.
    pub fn take_letter(&mut self) -> Option<Letter> {
        self.letter.take()
    }

    /// When this login is over at the latest.
    pub fn deadline(&self) -> Boot {
        let now = self.host.now().moment.at;
        let life = self.config.policy.limits.life;
        if self.case.neutral() {
            // The same for a real code, a resumed one and a dummy.
            return self.started.plus(life).plus(DEADLINE_SLACK);
        }
        let end = self
            .current
            .as_ref()
            .map_or(now.plus(life), |challenge| challenge.expires);
        end.plus(DEADLINE_SLACK)
            .min(self.started.plus(DEADLINE_CEILING))
    }

    /// Whether something is left to do that needs no person.
    fn notice_due(&self) -> bool {
        self.store.notice_due(&self.host.now()).unwrap_or(false)
    }

    /// Keeps the store's log short, once nobody waits for this login any more.
    pub(super) fn settle(&mut self) {
        // What could not be done is left to the next one, and in the end to gatepost maintain.
        let _left_to_the_next = self.store.settle_log();
    }

    /// Closes the store and keeps what a delivery that is still under way must be recorded with.
    fn into_remains(self) -> Remains {
        Remains {
            case: self.case,
            of: self.of,
        }
    }

    fn fresh_code(&self) -> Result<(Code, Fresh), Fault> {
        let fill = |buffer: &mut [u8]| self.host.fill_random(buffer);
        let mut id = [0; 16];
        fill(&mut id)?;
        let code = Code::draw(self.config.policy.limits.shape, fill)?;
        let tag = self.key.tag(Purpose::SignIn, &id, &code);
        let reference = code::reference(fill)?;
        Ok((code, Fresh { id, reference, tag }))
    }

    /// Remembers what a prompt is about, and what to say.
    fn take_prompt(&mut self, prompt: Prompt, code: &Code, now: &Now) -> Say {
        let life = self.config.policy.limits.life;
        let say = match prompt {
            Prompt::Mail(mailing) => self.mail(mailing, code, now),
            Prompt::Resumed {
                challenge,
                to,
                left,
            } => {
                let reference = challenge.reference.clone();
                self.current = Some(challenge);
                self.delivery = Outgoing::Earlier;
                Say::Resumed {
                    to: to.masked(),
                    reference,
                    left,
                }
            }
            Prompt::NoMail(reason) => self.shut(Say::NotSent(reason)),
            Prompt::Locked(lock) => self.shut(locked(lock)),
            Prompt::Shielded(_) => {
                self.ending = bypass::SHIELD;
                self.shut(Say::Neutral { life })
            }
            Prompt::Dummy => self.shut(Say::Neutral { life }),
        };
        if self.case.neutral() {
            Say::Neutral { life }
        } else {
            say
        }
    }

    fn mail(&mut self, mailing: Mailing, code: &Code, now: &Now) -> Say {
        let Mailing { challenge, to } = mailing;
        let life = self.config.policy.limits.life;
        let content = Content::Code {
            code: code.grouped(),
            service: self.case.service.as_str().to_owned(),
            source: self.case.source.to_string(),
            valid_for: life.to_string(),
            reference: challenge.reference.clone(),
            code_in_subject: self.config.mail.code_in_subject,
        };
        let account = self.sign_in.user.clone();
        self.letter = Some(crate::mail::letter(
            self.config,
            to.as_str(),
            &account,
            content,
            now.wall,
        ));
        self.delivery = Outgoing::Running;
        self.of = self.waiting.as_ref().and_then(|waiting| {
            let (account, conversation) = (waiting.account?, waiting.conversation);
            Some(Of {
                account,
                conversation,
                challenge: challenge.id,
            })
        });
        let say = Say::Sent {
            to: to.masked(),
            reference: challenge.reference.clone(),
            life,
        };
        self.current = Some(challenge);
        self.closed_door = None;
        say
    }

    /// No code can be compared: every answer meets the same words.
    fn shut(&mut self, say: Say) -> Say {
        self.current = None;
        self.closed_door = Some(say.clone());
        say
    }

    /// The prompt's text; neutral in decoy stacks, whatever happened.
    fn show(&self, say: &Say) -> String {
        if self.case.neutral() {
            return self.sign_in.prompt(&Say::Neutral {
                life: self.config.policy.limits.life,
            });
        }
        self.sign_in.prompt(say)
    }

    /// An answer that is no guess.
    fn free(&mut self, say: &Say) -> Result<Step, Fault> {
        self.free += 1;
        if self.free > FREE_ANSWERS {
            return self.end(
                Verdict::Refuse,
                "too many empty answers",
                Some("no code was typed"),
            );
        }
        Ok(Step::Ask(self.show(say)))
    }

    /// A guess that was not right, or could not be: the login ends with the last one.
    fn wrong(&mut self, say: &Say, last: Last) -> Result<Step, Fault> {
        self.answers += 1;
        // In a decoy stack a resumed code with one try left must not end sooner than a dummy.
        let exhausted = last == Last::Yes && !self.case.neutral();
        if exhausted || self.answers >= self.config.policy.limits.tries {
            return self.end(
                Verdict::MaxTries,
                self.ending,
                Some("the codes that were typed were wrong"),
            );
        }
        Ok(Step::Ask(self.show(say)))
    }

    fn resend(&mut self) -> Result<Step, Fault> {
        let Some(waiting) = self
            .waiting
            .clone()
            .filter(|waiting| waiting.account.is_some())
        else {
            return self.free(&Say::Neutral {
                life: self.config.policy.limits.life,
            });
        };
        if self.free >= FREE_ANSWERS {
            return self.free(&Say::Help);
        }
        let (code, fresh) = self.fresh_code()?;
        let current = self.current.as_ref().map(|challenge| challenge.id);
        let policy = &self.config.policy;
        let (now, prompt) = self.under_the_policy(|store, now, opening| {
            store.resend(now, opening, policy, &fresh, &waiting, current)
        })?;
        let say = match prompt {
            Prompt::Mail(mailing) => {
                let reference = mailing.challenge.reference.clone();
                let _sent = self.mail(mailing, &code, &now);
                Say::Resent { reference }
            }
            Prompt::NoMail(NoMail::Limit(wait)) => Say::ResendLater(wait),
            Prompt::NoMail(reason) => Say::NotSent(reason),
            Prompt::Locked(lock) => self.shut(locked(lock)),
            Prompt::Shielded(left) => return self.shielded_freely(left),
            Prompt::Dummy | Prompt::Resumed { .. } => self.shut(Say::Over),
        };
        self.free(&say)
    }

    fn code(&mut self, typed: &Code) -> Result<Step, Fault> {
        let (Some(waiting), Some(challenge)) = (self.waiting.clone(), self.current.clone()) else {
            let life = self.config.policy.limits.life;
            let say = self.closed_door.clone().unwrap_or(Say::Neutral { life });
            return self.wrong(&say, Last::No);
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let policy = &self.config.policy;
        match self
            .store
            .count_guess(&now, &opening, policy, &waiting, challenge.id)?
        {
            Counted::Compare { guess, left } => {
                let matched =
                    self.key
                        .verify(Purpose::SignIn, &challenge.id, typed, &challenge.tag);
                let Some(verified) = matched else {
                    let last = if left == 0 { Last::Yes } else { Last::No };
                    let tries = left.min(policy.limits.tries.saturating_sub(self.answers + 1));
                    return self.wrong(&Say::Wrong { tries }, last);
                };
                let now = self.host.now();
                let consumed =
                    self.store
                        .consume(&now, &opening, &waiting, challenge.id, guess, verified)?;
                match consumed {
                    Some(consumed) => Ok(self.success(consumed, "code")),
                    None => self.wrong(&Say::Used, Last::No),
                }
            }
            Counted::Locked(lock) => {
                let say = self.shut(locked(lock));
                self.wrong(&say, Last::No)
            }
            Counted::Dead(state) => self.wrong(&dead(state), Last::No),
            Counted::NoSuchCode => self.wrong(&Say::Expired, Last::No),
            Counted::Shielded(left) => self.shielded(left),
        }
    }

    fn recovery(&mut self, typed: &RecoveryCode) -> Result<Step, Fault> {
        let Some(waiting) = self
            .waiting
            .clone()
            .filter(|waiting| waiting.account.is_some())
        else {
            return self.wrong(&Say::WrongRecovery, Last::No);
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let policy = &self.config.policy;
        let (counted, hash) =
            self.store
                .count_recovery(&now, &opening, policy, &waiting, &typed.index())?;
        let (guess, hash) = match (counted, hash) {
            (Counted::Compare { guess, .. }, Some(hash)) => (guess, hash),
            (counted, _) => {
                let shut = |left| Say::RecoveryLocked { left };
                return self.not_compared(&counted, &Say::WrongRecovery, shut);
            }
        };
        let Some(verified) = typed.verify(&hash.hash) else {
            return self.wrong(&Say::WrongRecovery, Last::No);
        };
        let matched = RecoveryMatch {
            code: hash,
            guess,
            verified,
        };
        let unused = self.current.as_ref().map(|challenge| challenge.id);
        let now = self.host.now();
        let consumed = self
            .store
            .consume_recovery(&now, &opening, &waiting, matched, unused)?;
        match consumed {
            Some(consumed) => Ok(self.success(consumed, "recovery code")),
            None => self.wrong(&Say::WrongRecovery, Last::No),
        }
    }

    fn delivery_state(&self) -> Result<DeliveryState, Fault> {
        Ok(match self.delivery {
            Outgoing::Nothing => DeliveryState::None,
            Outgoing::Running => DeliveryState::Running,
            Outgoing::Accepted(at) => DeliveryState::Accepted(host::local_time_of_day(at)),
            Outgoing::Failed => DeliveryState::Failed,
            Outgoing::Earlier => match &self.current {
                None => DeliveryState::None,
                Some(challenge) => {
                    match self
                        .store
                        .delivery_of(challenge.id, &self.host.now().moment)?
                    {
                        Earlier::Accepted(at) => {
                            DeliveryState::Accepted(host::local_time_of_day(at))
                        }
                        Earlier::Running => DeliveryState::Running,
                        Earlier::Failed => DeliveryState::Failed,
                    }
                }
            },
        })
    }

    /// The one success. It is made from what only the consuming transaction can make.
    fn success(&mut self, consumed: Consumed, factor: &str) -> Step {
        self.waiting = None;
        let closed = consumed.into_closed();
        Step::End(End {
            verdict: Verdict::Success,
            say: None,
            closed,
            why: factor.to_owned(),
        })
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

    /// Closes the conversation with a refusal; `notice` is what its owner should hear.
    fn end(&mut self, verdict: Verdict, why: &str, notice: Option<&str>) -> Result<Step, Fault> {
        let now = self.host.now();
        let opening = self.case.opening();
        let waiting = self.waiting.clone().unwrap_or(Waiting {
            conversation: 0,
            account: None,
            generation: 0,
            prompt: Prompt::Dummy,
        });
        let notice = notice.filter(|_| self.case.hello.after == Proved::Password);
        let closed = self.store.close(
            &now,
            &opening,
            &waiting,
            "refuse",
            json!({"why": why}),
            notice,
        )?;
        self.waiting = None;
        Ok(Step::End(End {
            verdict,
            say: None,
            closed,
            why: why.to_owned(),
        }))
    }
}

/// A name as typed, for the record. It passes the sanitiser wherever it is shown; so a backslash is
/// left alone here, or it would be escaped twice. What no name can have in it is replaced.
fn typed(user: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let end = user.floor_char_boundary(LONGEST_NAME);
    let cut = user.get(..end).unwrap_or_default();
    cut.chars().map(clean).collect()
}

/// The longest name that is kept, in bytes.
const LONGEST_NAME: usize = 256;

/// Whether a wrong guess was the code's last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

fn locked(lock: Lock) -> Say {
    match lock {
        Lock::Window(left) => Say::Locked { left: Some(left) },
        Lock::Row => Say::Locked { left: None },
        // Not locked: the caller asked about a lock that ended in between.
        Lock::Open => Say::Locked {
            left: Some(Span::ZERO),
        },
    }
}

fn dead(state: State) -> Say {
    match state {
        State::Used => Say::Used,
        State::Replaced => Say::Replaced,
        State::Expired | State::Exhausted | State::Live => Say::Expired,
    }
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
