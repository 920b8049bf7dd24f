//! A conversation's beginning and end: who is it, may they be asked, is there a live code, may a
//! mail go out; and the one decision that every conversation leaves.

use gatepost_words::ident::{EmailAddress, Person, Service, Source};
use gatepost_words::text::NoMail;
use gatepost_words::time::{Boot, Span, StoreTime};
use gatepost_words::wire::Proved;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Value, json};

use super::error::StoreError;
use super::events::{self, Appended, Event, append};
use super::guesses::{self, AccountRow};
use super::strangers::{self, Record};
use super::{Store, clock, mails, policies, shields};
use crate::code::key::Tag;
use crate::host::{Now, ProcessId};
use crate::policy::challenge::{Delivery, Life};
use crate::policy::limits::{Binding, DEADLINE_CEILING, WAITING_PER_ACCOUNT, WAITING_PER_HOST};
use crate::policy::lockout::{self, Lock};
use crate::policy::rules::{Assessment, Decision, Facts, Groups, Refusal, Standing, assess};
use crate::policy::versions::InForce;
use crate::policy::{Policy, sends};

/// What the helper knows when a conversation begins.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The account, where the password database has it.
    pub person: Option<&'a Person>,
    /// What was typed as the user, without control characters.
    pub typed: &'a str,
    /// Which service.
    pub service: &'a Service,
    /// Where from.
    pub source: &'a Source,
    /// The rules in force, as they were read to resolve `groups`: where the transaction finds others, it
    /// is undone, and [`StoreError::is_moved`].
    pub rules: &'a InForce,
    /// Membership in the groups that rules name.
    pub groups: &'a Groups,
    /// This host.
    pub host: &'a str,
    /// This helper.
    pub process: ProcessId,
    /// What the stack proved.
    pub proved: Proved,
    /// Whether the stack is a decoy stack.
    pub decoy: bool,
    /// What else is worth keeping of the opening: tty, ruser, authentication so far.
    pub detail: Value,
}

/// A challenge that is not in the store yet.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// 128 random bits.
    pub id: [u8; 16],
    /// What prompt and mail show.
    pub reference: String,
    /// The code's keyed hash.
    pub tag: Tag,
}

/// How a conversation begins.
#[derive(Debug)]
pub struct Begun {
    /// Conversations whose helper died, closed in passing: a log line each.
    pub lost: Vec<Closed>,
    /// What is to happen.
    pub what: What,
}

/// What is to happen.
#[derive(Debug)]
pub enum What {
    /// Nothing more: the decision is recorded.
    Ended {
        /// Skip, ignore or refuse.
        decision: Decision,
        /// Where it stands.
        closed: Closed,
    },
    /// Too many helpers wait at prompts.
    Crowded(Closed),
    /// A prompt.
    Waiting(Waiting),
}

/// A conversation that waits at its prompt.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its number.
    pub conversation: i64,
    /// The account's row; none where the prompt is a dummy. Never trusted alone: a restore gives rows
    /// other numbers.
    pub account: Option<i64>,
    /// The store's generation when it began: in another one nothing of this conversation is compared.
    pub generation: i64,
    /// What to prompt.
    pub prompt: Prompt,
}

/// What to prompt.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// A fresh code; its mail is to be sent.
    Mail(Mailing),
    /// A code that was sent before still works.
    Resumed {
        /// Which.
        challenge: Challenge,
        /// To whom it went.
        to: EmailAddress,
        /// How much longer it lives.
        left: Span,
    },
    /// No mail goes out.
    NoMail(NoMail),
    /// Mailed codes are locked.
    Locked(Lock),
    /// A prompt for nobody: every answer is wrong.
    Dummy,
    /// The same for a shielded source; no code of any kind is compared for so long.
    Shielded(Span),
}

/// A fresh code's mail.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// What was put into the store.
    pub challenge: Challenge,
    /// To whom.
    pub to: EmailAddress,
}

/// A challenge, as a conversation holds on to it.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Its id.
    pub id: [u8; 16],
    /// What the prompt shows.
    pub reference: String,
    /// The code's keyed hash.
    pub tag: Tag,
    /// Its end.
    pub expires: Boot,
}

/// Where a conversation's decision is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// In an event of its own.
    Event {
        /// Where that stands in the chain.
        appended: Appended,
        /// The conversation's number.
        conversation: i64,
    },
    /// In a number: it proved nothing, like many others of its hour.
    Counted,
}

/// A conversation's end, as the log tells it.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Where its decision is on record.
    pub recorded: Recorded,
    /// Whose.
    pub account: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// The word for it.
    pub word: String,
}

const DOING: &str = "beginning a sign-in";

impl Store {
    /// Begins a conversation, in one transaction.
    pub fn begin(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        fresh: &Fresh,
        witnessed: Option<i64>,
    ) -> Result<Begun, StoreError> {
        self.write(DOING, |tx| {
            policies::expect_unmoved(tx, &now.moment, opening.rules)?;
            let at = clock::advance(tx, now)?;
            if let Some(witnessed) = witnessed {
                void_if_restored(tx, now, witnessed)?;
            }
            let lost = close_lost(tx, now)?;
            let what = begin(tx, now, at, opening, policy, fresh)?;
            Ok(Begun { lost, what })
        })
    }

    /// What the store knows of a person.
    pub fn standing(&self, person: &Person) -> Result<Standing, StoreError> {
        self.read("looking at an account", |connection| {
            let account = guesses::account_by_name(connection, person.name.as_str())?;
            standing(connection, account.as_ref(), person.uid)
        })
    }

    /// What [`Self::begin`] would find, changing nothing: for `gatepost why`.
    pub fn look(
        &self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
    ) -> Result<Look, StoreError> {
        self.read("looking at an account", |connection| {
            policies::expect_unmoved(connection, &now.moment, opening.rules)?;
            let at = clock::read(connection, now)?.store;
            look(connection, at, opening, policy)
        })
    }

    /// What [`Self::begin`] would find, were the opening's rules in force: for candidates.
    pub fn look_as_if(
        &self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
    ) -> Result<Look, StoreError> {
        self.read("looking at an account", |connection| {
            let at = clock::read(connection, now)?.store;
            look(connection, at, opening, policy)
        })
    }

    /// Replaces a conversation's code by a fresh one, where a mail may go out; the old one dies in
    /// every conversation that shares it, and the new one has no more tries than it had left.
    pub fn resend(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        fresh: &Fresh,
        waiting: &Waiting,
        current: Option<[u8; 16]>,
    ) -> Result<Prompt, StoreError> {
        self.write("sending a new code", |tx| {
            policies::expect_unmoved(tx, &now.moment, opening.rules)?;
            let at = clock::advance(tx, now)?;
            if guesses::is_stale(tx, waiting)? {
                return Ok(Prompt::Dummy);
            }
            let look = look(tx, at, opening, policy)?;
            if let Decision::Refuse(Refusal::Shielded(left)) = look.assessment.decision {
                return Ok(Prompt::Shielded(left));
            }
            let Some(Ready {
                account,
                address,
                lock,
                wait,
            }) = look.ready
            else {
                return Ok(Prompt::Dummy);
            };
            if lock.locked() {
                return Ok(Prompt::Locked(lock));
            }
            if let Some(wait) = wait {
                return Ok(Prompt::NoMail(NoMail::Limit(wait)));
            }
            let Some(address) = address else {
                return Ok(Prompt::NoMail(NoMail::NoAddress));
            };
            let tries = match current {
                Some(id) => replace(tx, id)?,
                None => 0,
            };
            let slot = Slot {
                now,
                at,
                opening,
                policy,
                fresh,
                record: Record::InFull,
                conversation: waiting.conversation,
            };
            let mailing = slot.issue(tx, &account, &address, tries)?;
            slot.event(
                tx,
                "challenge",
                json!({"ref": fresh.reference, "resend": true}),
            )?;
            Ok(Prompt::Mail(mailing))
        })
    }

    /// Records a conversation's decision and closes it. A notice to the owner is queued where
    /// `notice` names how a sign-in with the right password ended.
    pub fn close(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        waiting: &Waiting,
        word: &str,
        detail: Value,
        notice: Option<&str>,
    ) -> Result<Closed, StoreError> {
        self.write("closing a sign-in", |tx| {
            let at = clock::advance(tx, now)?;
            if let (Some(ending), Some(_)) = (notice, waiting.account) {
                // The account of today's number: what it was at the beginning may be another's.
                if let Some(account) = guesses::of_person(tx, opening)? {
                    mails::queue_half_finished(tx, now, at, account.id, opening, ending)?;
                }
            }
            close(tx, now, opening, waiting.conversation, word, detail)
        })
    }
}

/// What an account looks like to a sign-in, before anything is changed.
#[derive(Debug)]
pub struct Look {
    /// Skip, ask or refuse, and how that came about.
    pub assessment: Assessment,
    /// For an account that is asked: the rest.
    pub ready: Option<Ready>,
}

/// An account that may be asked.
#[derive(Debug)]
pub struct Ready {
    /// Its row.
    pub account: AccountRow,
    /// Where its codes go.
    pub address: Option<(i64, EmailAddress)>,
    /// Whether its codes may be compared.
    pub lock: Lock,
    /// How long until a mail may go out.
    pub wait: Option<Span>,
}

fn look(
    connection: &Connection,
    at: StoreTime,
    opening: &Opening<'_>,
    policy: &Policy,
) -> Result<Look, StoreError> {
    if let Some((network, left)) = shields::covering(connection, at, opening.source)? {
        return Ok(Look {
            assessment: Assessment::shielded(&network, left),
            ready: None,
        });
    }
    let Some(person) = opening.person else {
        let assessment = Assessment {
            decision: Decision::Refuse(Refusal::Unenrolled),
            steps: vec!["the password database has no such user".to_owned()],
        };
        return Ok(Look {
            assessment,
            ready: None,
        });
    };
    let account = guesses::account_by_name(connection, person.name.as_str())?;
    let standing = standing(connection, account.as_ref(), person.uid)?;
    let facts = Facts {
        user: &person.name,
        service: opening.service,
        groups: opening.groups,
        standing,
    };
    let assessment = assess(opening.rules, policy.unenrolled, &facts);
    let ready = match (account, assessment.decision) {
        (Some(account), Decision::Ask) => {
            let tally = guesses::tally(connection, &account, "code", at)?;
            let lock = lockout::mailed(&tally, &policy.limits, at);
            let address = mails::address(connection, account.id)?;
            let wait = match &address {
                Some((_, address)) => {
                    let sent = mails::sent(connection, &account, address, opening.source, at)?;
                    sends::wait(&sent, &policy.limits, at)
                }
                None => None,
            };
            Some(Ready {
                account,
                address,
                lock,
                wait,
            })
        }
        (_, _) => None,
    };
    Ok(Look { assessment, ready })
}

fn standing(
    connection: &Connection,
    account: Option<&AccountRow>,
    uid: u32,
) -> Result<Standing, StoreError> {
    let Some(account) = account else {
        let other: Option<i64> = connection
            .prepare_cached("SELECT id FROM accounts WHERE uid = ?1 LIMIT 1")
            .and_then(|mut statement| statement.query_row([uid], |row| row.get(0)).optional())
            .map_err(StoreError::sqlite(DOING))?;
        return Ok(if other.is_some() {
            Standing::UidOfAnother
        } else {
            Standing::Never
        });
    };
    Ok(match account.state.as_str() {
        "removed" => Standing::Removed,
        _ if account.uid != i64::from(uid) => Standing::UidChanged,
        "active" if account.held => Standing::Held,
        "active" => Standing::Active,
        // Disabled, and any word that a later version may write.
        _ => Standing::Disabled,
    })
}

fn begin(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    opening: &Opening<'_>,
    policy: &Policy,
    fresh: &Fresh,
) -> Result<What, StoreError> {
    let record = match opening.proved {
        Proved::Nothing => strangers::count(tx, at, opening.source)?,
        Proved::Password | Proved::Key => Record::InFull,
    };
    let mut slot = Slot {
        now,
        at,
        opening,
        policy,
        fresh,
        record,
        conversation: 0,
    };
    let look = look(tx, at, opening, policy)?;
    // Nothing was proved: whatever rules say, this line can only fail, or a skip would open the
    // stack to a wrong password.
    let dummy = opening.proved == Proved::Nothing
        || (opening.decoy && matches!(look.assessment.decision, Decision::Refuse(_)));
    if !dummy && look.assessment.decision != Decision::Ask {
        let decision = look.assessment.decision;
        let closed = slot.decide_at_once(tx, &decision)?;
        return Ok(What::Ended { decision, closed });
    }
    let shield = match look.assessment.decision {
        Decision::Refuse(Refusal::Shielded(left)) => Some(left),
        Decision::Refuse(_) | Decision::Ask | Decision::Skip(_) | Decision::Ignore => None,
    };
    let ready = if dummy { None } else { look.ready };
    let ready = match crowd(tx, now, ready.as_ref().map(|ready| ready.account.id))? {
        Crowd::None => ready,
        // A refusal would say that the password was right: a dummy says nothing.
        Crowd::Account if opening.decoy => None,
        Crowd::Account | Crowd::Host => {
            return Ok(What::Crowded(slot.ended(tx, "crowded", json!({}))?));
        }
    };
    let generation = clock::generation(tx)?;
    let Some(Ready {
        account,
        address,
        lock,
        wait,
    }) = ready
    else {
        let (how, prompt) = match shield {
            Some(left) => ("shielded", Prompt::Shielded(left)),
            None => ("dummy", Prompt::Dummy),
        };
        let conversation = slot.open(tx, None, how)?;
        return Ok(What::Waiting(Waiting {
            conversation,
            account: None,
            generation,
            prompt,
        }));
    };
    let id = account.id;
    let waiting = |conversation, prompt| {
        What::Waiting(Waiting {
            conversation,
            account: Some(id),
            generation,
            prompt,
        })
    };
    if lock.locked() {
        return Ok(waiting(
            slot.open(tx, Some(id), "locked")?,
            Prompt::Locked(lock),
        ));
    }
    if let Some((challenge, to, left)) = slot.resume(tx, id)? {
        let conversation = slot.open(tx, Some(id), "resumed")?;
        return Ok(waiting(
            conversation,
            Prompt::Resumed {
                challenge,
                to,
                left,
            },
        ));
    }
    if let Some(wait) = wait {
        let conversation = slot.open(tx, Some(id), "send-limit")?;
        return Ok(waiting(conversation, Prompt::NoMail(NoMail::Limit(wait))));
    }
    let Some(address) = address else {
        let conversation = slot.open(tx, Some(id), "no-address")?;
        return Ok(waiting(conversation, Prompt::NoMail(NoMail::NoAddress)));
    };
    let conversation = slot.open(tx, Some(id), "mailed")?;
    let mailing = slot.issue(tx, &account, &address, 0)?;
    Ok(waiting(conversation, Prompt::Mail(mailing)))
}

/// One conversation's place in the store, while it is being filled.
struct Slot<'a> {
    now: &'a Now,
    at: StoreTime,
    opening: &'a Opening<'a>,
    policy: &'a Policy,
    fresh: &'a Fresh,
    record: Record,
    /// The opening event's number; below zero where the conversation is only counted, and zero
    /// before it has a row.
    conversation: i64,
}

impl Slot<'_> {
    /// Writes the opening event and the row that says a helper waits.
    fn open(
        &mut self,
        tx: &Transaction<'_>,
        account: Option<i64>,
        how: &str,
    ) -> Result<i64, StoreError> {
        self.conversation = match self.record {
            Record::InFull => {
                let mut detail = self.opening.detail.clone();
                if let Value::Object(fields) = &mut detail {
                    if let Some(trouble) = self.opening.rules.trouble() {
                        fields.insert("policy".to_owned(), trouble.into());
                    }
                    fields.insert("how".to_owned(), how.into());
                    if how == "mailed" {
                        fields.insert("ref".to_owned(), self.fresh.reference.as_str().into());
                    }
                }
                self.event(tx, "opened", detail)?.seq
            }
            Record::Counted => number_below_zero(tx)?,
        };
        // The latest that this helper's own may become: each new code moves that on.
        let deadline = self.now.moment.at.plus(DEADLINE_CEILING);
        tx.prepare_cached(
            "INSERT INTO conversations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                self.conversation,
                account,
                account_name(self.opening),
                self.opening.service.as_str(),
                self.opening.source.to_string(),
                self.opening.host,
                self.now.moment.boot_id,
                self.opening.process.pid,
                self.opening.process.started.cast_signed(),
                deadline.millis(),
            ])
        })
        .map_err(StoreError::sqlite(DOING))?;
        Ok(self.conversation)
    }

    /// A challenge that this conversation may take over.
    fn resume(
        &self,
        tx: &Transaction<'_>,
        account: i64,
    ) -> Result<Option<(Challenge, EmailAddress, Span)>, StoreError> {
        if self.policy.limits.binding == Binding::Session {
            return Ok(None);
        }
        let generation = clock::generation(tx)?;
        let newest = tx
            .prepare_cached(
                "SELECT c.id, c.reference, c.tag, c.boot_id, c.expires_boot, c.generation, c.tries,
                        c.max_tries, c.delivery, c.delivery_until, a.address
                 FROM challenges c JOIN addresses a ON a.id = c.address
                 WHERE c.account = ?1 AND c.service = ?2 AND c.host = ?3 AND c.source = ?4
                   AND c.used_wall IS NULL AND c.replaced = 0 AND a.confirmed_wall IS NOT NULL
                 ORDER BY c.created_store DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![
                            account,
                            self.opening.service.as_str(),
                            self.opening.host,
                            self.opening.source.binding(),
                        ],
                        |row| resumable(row, generation),
                    )
                    .optional()
            })
            .map_err(StoreError::sqlite(DOING))?;
        let Some((challenge, life, address)) = newest else {
            return Ok(None);
        };
        if !life.resumable(&self.now.moment) {
            return Ok(None);
        }
        let address = EmailAddress::new(address)
            .map_err(|bad| StoreError::odd(DOING, format!("an address is {bad}")))?;
        let left = life.left(&self.now.moment);
        Ok(Some((challenge, address, left)))
    }

    /// Writes a challenge and counts its mail.
    fn issue(
        &self,
        tx: &Transaction<'_>,
        account: &AccountRow,
        (address_id, address): &(i64, EmailAddress),
        tries: u32,
    ) -> Result<Mailing, StoreError> {
        let limits = &self.policy.limits;
        let expires = self.now.moment.at.plus(limits.life);
        let Fresh { id, reference, tag } = self.fresh.clone();
        let generation = clock::generation(tx)?;
        let tries = match limits.binding {
            Binding::Source => self.replace_older(tx, account.id)?.max(tries),
            Binding::Session => tries,
        };
        tx.prepare_cached(
            "INSERT INTO challenges VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
             ?13, ?14, NULL, 0, 'running', ?15, NULL, ?16, ?17)",
        )
        .and_then(|mut statement| {
            statement
                .execute(params![
                    id,
                    account.id,
                    address_id,
                    self.opening.service.as_str(),
                    self.opening.host,
                    self.opening.source.binding(),
                    self.conversation,
                    reference,
                    tag.0,
                    self.now.moment.boot_id,
                    expires.millis(),
                    generation,
                    tries,
                    limits.tries,
                    // A helper that died with its mail under way must not hold the code for ever.
                    self.now
                        .moment
                        .at
                        .plus(limits.delivery)
                        .plus(Span::from_secs(2))
                        .millis(),
                    self.now.wall.millis(),
                    self.at.millis(),
                ])
                .map(|_inserted| ())
        })
        .map_err(StoreError::sqlite("writing a challenge"))?;
        mails::count_send(tx, self.at, account.id, id, address, self.opening.source)?;
        let challenge = Challenge {
            id,
            reference,
            tag,
            expires,
        };
        Ok(Mailing {
            challenge,
            to: address.clone(),
        })
    }

    /// One source has one live code: the others end here, whoever shares them. How many tries the
    /// most tried of the live ones had used up: a new code gives none of them back.
    fn replace_older(&self, tx: &Transaction<'_>, account: i64) -> Result<u32, StoreError> {
        tx.prepare_cached(
            "UPDATE challenges SET replaced = 1
             WHERE account = ?1 AND service = ?2 AND host = ?3 AND source = ?4
               AND used_wall IS NULL AND replaced = 0
             RETURNING CASE WHEN boot_id = ?5 AND expires_boot > ?6 AND tries < max_tries
                       THEN tries ELSE 0 END",
        )
        .and_then(|mut statement| {
            let key = params![
                account,
                self.opening.service.as_str(),
                self.opening.host,
                self.opening.source.binding(),
                self.now.moment.boot_id,
                self.now.moment.at.millis(),
            ];
            statement
                .query_map(key, |row| row.get::<_, u32>(0))?
                .try_fold(0, |most, tries| Ok(tries?.max(most)))
        })
        .map_err(StoreError::sqlite("writing a challenge"))
    }

    fn event(
        &self,
        tx: &Transaction<'_>,
        kind: &str,
        detail: Value,
    ) -> Result<Appended, StoreError> {
        let conversation = (self.conversation != 0).then_some(self.conversation);
        append_for(tx, self.now, self.opening, kind, conversation, detail)
    }

    /// The decision of a conversation that never prompts.
    fn decide_at_once(
        &self,
        tx: &Transaction<'_>,
        decision: &Decision,
    ) -> Result<Closed, StoreError> {
        match decision {
            Decision::Skip(rule) => {
                let detail = json!({"rule": rule, "policy": self.opening.rules.version});
                self.ended(tx, "skip", detail)
            }
            Decision::Ignore => self.ended(tx, "ignore", json!({"why": "unenrolled"})),
            Decision::Refuse(Refusal::Rule(rule)) => {
                let version = self.opening.rules.version;
                let detail = json!({"why": "rule", "rule": rule, "policy": version});
                self.ended(tx, "refuse", detail)
            }
            Decision::Refuse(refusal) => {
                let detail = match self.opening.rules.trouble() {
                    None => json!({"why": refusal.word()}),
                    Some(trouble) => json!({"why": refusal.word(), "policy": trouble}),
                };
                self.ended(tx, "refuse", detail)
            }
            // Asking is no end; the caller never passes it.
            Decision::Ask => self.ended(tx, "refuse", json!({"why": "undecided"})),
        }
    }

    fn ended(&self, tx: &Transaction<'_>, word: &str, detail: Value) -> Result<Closed, StoreError> {
        if self.record == Record::Counted {
            return Ok(counted(self.opening, word));
        }
        close(tx, self.now, self.opening, self.conversation, word, detail)
    }
}

/// A number for a conversation without an event of its own: no event has one below zero.
fn number_below_zero(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    tx.prepare_cached("SELECT min(coalesce(min(id), 0), 0) - 1 FROM conversations")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(StoreError::sqlite(DOING))
}

fn resumable(row: &Row<'_>, generation: i64) -> Result<(Challenge, Life, String), rusqlite::Error> {
    let challenge = Challenge {
        id: row.get(0)?,
        reference: row.get(1)?,
        tag: Tag(row.get(2)?),
        expires: Boot::from_millis(row.get(4)?),
    };
    let life = Life {
        boot_id: row.get(3)?,
        expires: challenge.expires,
        tries: row.get(6)?,
        max_tries: row.get(7)?,
        used: false,
        replaced: false,
        stale_generation: row.get::<_, i64>(5)? != generation,
        delivery: match row.get_ref(8)?.as_str()? {
            "accepted" => Delivery::Accepted,
            "running" => Delivery::Running {
                until: Boot::from_millis(row.get(9)?),
            },
            _ => Delivery::Failed,
        },
    };
    Ok((challenge, life, row.get(10)?))
}

/// Marks a challenge as replaced; how many tries it had used up.
fn replace(tx: &Transaction<'_>, id: [u8; 16]) -> Result<u32, StoreError> {
    let failed = StoreError::sqlite;
    let doing = "replacing a challenge";
    let tries: Option<u32> = tx
        .prepare_cached("SELECT tries FROM challenges WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .map_err(failed(doing))?;
    tx.prepare_cached("UPDATE challenges SET replaced = 1 WHERE id = ?1")
        .and_then(|mut statement| statement.execute([id]))
        .map_err(failed(doing))?;
    Ok(tries.unwrap_or(0))
}

/// A store whose log ends before an event that was committed is an old copy that came back: its
/// codes may have been used, so none of them is live any more.
fn void_if_restored(tx: &Transaction<'_>, now: &Now, witnessed: i64) -> Result<(), StoreError> {
    let last = events::last_seq(tx)?;
    if last >= witnessed {
        return Ok(());
    }
    clock::raise_generation(tx)?;
    let event = Event {
        kind: "store-restored",
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: json!({"last": last, "witnessed": witnessed}),
    };
    // The caller then notes where the log really ends, so that one restore is found once.
    append(tx, now.wall, &event)?;
    Ok(())
}

/// Where too many helpers wait already.
enum Crowd {
    None,
    /// At the prompts of this account.
    Account,
    /// On this host.
    Host,
}

/// Counts the helpers that wait. One that is past its deadline and still there (frozen, say) is no
/// longer a prompt that anybody sees, and takes nobody's place.
fn crowd(tx: &Transaction<'_>, now: &Now, account: Option<i64>) -> Result<Crowd, StoreError> {
    let count = |sql: &str, account: Option<i64>| -> Result<u32, StoreError> {
        let (boot_id, at) = (&now.moment.boot_id, now.moment.at.millis());
        tx.prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_row(params![boot_id, at, account], |row| row.get(0))
            })
            .map_err(StoreError::sqlite(DOING))
    };
    let all = count(
        "SELECT count(*) FROM conversations
         WHERE boot_id = ?1 AND deadline_boot > ?2 AND ?3 IS NULL",
        None,
    )?;
    let own = match account {
        Some(_) => count(
            "SELECT count(*) FROM conversations
             WHERE account = ?3 AND boot_id = ?1 AND deadline_boot > ?2",
            account,
        )?,
        None => 0,
    };
    Ok(match (all, own) {
        (WAITING_PER_HOST.., _) => Crowd::Host,
        (_, WAITING_PER_ACCOUNT..) => Crowd::Account,
        (_, _) => Crowd::None,
    })
}

/// Closes the conversations whose helper is gone.
fn close_lost(tx: &Transaction<'_>, now: &Now) -> Result<Vec<Closed>, StoreError> {
    struct Row {
        conversation: i64,
        user: String,
        service: String,
        source: String,
        boot_id: String,
        process: ProcessId,
    }
    let failed = StoreError::sqlite;
    let doing = "closing lost sign-ins";
    let rows: Vec<Row> = tx
        .prepare_cached(
            "SELECT id, user, service, source, boot_id, pid, pid_started FROM conversations",
        )
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Row {
                        conversation: row.get(0)?,
                        user: row.get(1)?,
                        service: row.get(2)?,
                        source: row.get(3)?,
                        boot_id: row.get(4)?,
                        process: ProcessId {
                            pid: row.get(5)?,
                            started: row.get::<_, i64>(6)?.cast_unsigned(),
                        },
                    })
                })?
                .collect()
        })
        .map_err(failed(doing))?;
    let gone = rows
        .into_iter()
        .filter(|row| row.boot_id != now.moment.boot_id || !row.process.alive());
    let mut lost = Vec::new();
    for row in gone {
        forget(tx, row.conversation)?;
        // Only counted when it began, and so when it ends.
        let recorded = if row.conversation < 0 {
            Recorded::Counted
        } else {
            let event = Event {
                kind: "decision",
                account: &row.user,
                service: &row.service,
                source: &row.source,
                conversation: Some(row.conversation),
                detail: json!({"decision": "lost"}),
            };
            Recorded::Event {
                appended: append(tx, now.wall, &event)?,
                conversation: row.conversation,
            }
        };
        lost.push(Closed {
            recorded,
            account: row.user,
            service: row.service,
            source: row.source,
            word: "lost".to_owned(),
        });
    }
    Ok(lost)
}

/// Writes the decision and removes the row that says a helper waits.
pub(super) fn close(
    tx: &Transaction<'_>,
    now: &Now,
    opening: &Opening<'_>,
    conversation: i64,
    word: &str,
    detail: Value,
) -> Result<Closed, StoreError> {
    if conversation < 0 {
        forget(tx, conversation)?;
        return Ok(counted(opening, word));
    }
    let mut fields = detail;
    if let Value::Object(fields) = &mut fields {
        fields.insert("decision".to_owned(), word.into());
    }
    let within = (conversation != 0).then_some(conversation);
    let appended = append_for(tx, now, opening, "decision", within, fields)?;
    let conversation = within.unwrap_or(appended.seq);
    forget(tx, conversation)?;
    Ok(Closed {
        recorded: Recorded::Event {
            appended,
            conversation,
        },
        ..counted(opening, word)
    })
}

/// The end of a conversation that was only counted.
fn counted(opening: &Opening<'_>, word: &str) -> Closed {
    Closed {
        recorded: Recorded::Counted,
        account: account_name(opening).to_owned(),
        service: opening.service.as_str().to_owned(),
        source: opening.source.to_string(),
        word: word.to_owned(),
    }
}

fn forget(tx: &Transaction<'_>, conversation: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM conversations WHERE id = ?1")
        .and_then(|mut statement| statement.execute([conversation]))
        .map_err(StoreError::sqlite("closing a sign-in"))?;
    Ok(())
}

/// The canonical name, where there is one.
fn account_name<'a>(opening: &'a Opening<'_>) -> &'a str {
    opening
        .person
        .map_or(opening.typed, |person| person.name.as_str())
}

/// Appends an event of a conversation.
pub(super) fn append_for(
    tx: &Transaction<'_>,
    now: &Now,
    opening: &Opening<'_>,
    kind: &str,
    conversation: Option<i64>,
    detail: Value,
) -> Result<Appended, StoreError> {
    let source = opening.source.to_string();
    let event = Event {
        kind,
        account: account_name(opening),
        service: opening.service.as_str(),
        source: &source,
        conversation,
        detail,
    };
    append(tx, now.wall, &event)
}
