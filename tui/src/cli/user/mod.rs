//! `gatepost user` and `gatepost recovery`: enrolling, confirming, showing, removing.
//!
//! - `acts`: what is done to one account or to many; `note`
//! - `address`: another address; `invite`: chasing confirmations
//! - `list`: lists and export; `import`: many people at once

mod acts;
mod address;
mod import;
mod invite;
mod list;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::browse::SignIns;
use gatepost_shared::admin::users::{self, Asked, Proof, Shown};
use gatepost_words::secret::Secret;
use serde::Serialize;

use super::Context;
use super::complete::users as names;
use super::exit::{Exit, Failure};
use super::mail::attempts;
use super::output::{ask, fault, fields, interactive, words};
use super::status::counted;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Enrol an account; the address gets a code that confirms it
    Add(Add),
    /// List the accounts, or those that a filter wants
    List(list::Wanted),
    /// Show one account
    Show(Show),
    /// Send a confirmation code, or take the one that was sent
    #[command(alias = "confirm")]
    Verify(Verify),
    /// Change the address; the old one is told, and has the codes until the new one is confirmed
    SetMail(address::SetMail),
    /// Send the confirmation code again to accounts that wait for theirs
    Invite(invite::Invite),
    /// Refuse accounts' sign-ins until they are enabled again
    Disable(acts::Bulk),
    /// Let disabled accounts sign in again
    Enable(acts::Bulk),
    /// Lock accounts until they are unlocked: no mailed code and no recovery code is taken
    Lock(acts::Bulk),
    /// Remove an account; its name stays refused until it is enrolled again
    Remove(Remove),
    /// Let wrong codes so far no longer count, and end an administrator's lock
    Unlock(acts::Bulk),
    /// Show, write or clear what administrators note about an account
    Note(acts::Note),
    /// Enrol many people from a list, or from this machine
    Import(import::Import),
    /// Write the accounts, or those that a filter wants, as CSV or in another shape
    Export(list::Export),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The account's name
    user: String,
    /// Where its codes go
    address: String,
    /// Take the address on your word, which the audit records, instead of mailing a code
    #[arg(long)]
    confirmed: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Whether addresses are shown in full.
#[derive(Debug, Args)]
pub(crate) struct Unmask {
    /// Show addresses in full; the audit records it
    #[arg(long)]
    unmask: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(names))]
    user: String,
    #[command(flatten)]
    list: Unmask,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(names))]
    user: String,
    /// The code from the mail; without it one is asked for or, where none is open, sent
    code: Option<String>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only if the account still has this version, as user show tells it
    #[arg(long, value_name = "N")]
    version: Option<i64>,
}

impl From<&Why> for Asked {
    fn from(why: &Why) -> Self {
        Self {
            version: why.version,
            ..why.reason.as_deref().into()
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(names))]
    user: String,
    #[command(flatten)]
    why: Why,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecoveryCommand {
    /// Make ten recovery codes, shown once; earlier ones no longer work
    New {
        /// The account's name
        #[arg(add = ArgValueCompleter::new(names))]
        user: String,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Add(add) => enrol(context, &add),
        Command::List(wanted) => list::run(context, &wanted),
        Command::Show(show) => show_one(context, &show),
        Command::Verify(verify) => confirm(context, verify),
        Command::SetMail(set) => address::run(context, &set),
        Command::Invite(invite) => invite::run(context, &invite),
        Command::Disable(bulk) => acts::run(context, acts::Verb::Disable, &bulk),
        Command::Enable(bulk) => acts::run(context, acts::Verb::Enable, &bulk),
        Command::Lock(bulk) => acts::run(context, acts::Verb::Lock, &bulk),
        Command::Note(note) => acts::note(context, &note),
        Command::Import(import) => import::run(context, &import),
        Command::Export(export) => list::export(context, &export),
        Command::Remove(remove) => take_away(context, &remove),
        Command::Unlock(bulk) => acts::run(context, acts::Verb::Unlock, &bulk),
    }
}

fn acted(context: &Context, done: &users::Acted, text: &str) -> Result<Exit, Failure> {
    context.one(done, || text.to_owned())?;
    Ok(Exit::Ok)
}

fn enrol(context: &Context, add: &Add) -> Result<Exit, Failure> {
    let proof = if add.confirmed {
        Proof::Word
    } else {
        Proof::Code
    };
    let mut admin = context.admin()?;
    let added = admin.add_user(&add.user, &add.address, proof, add.reason.as_deref())?;
    let sent = added.confirmed || users::accepted(&added.mail);
    let user = &added.user;
    context.one(&added, || {
        if added.confirmed {
            format!(
                "{user} is enrolled (uid {}); codes go to {}, confirmed by your word.",
                added.uid, added.address
            )
        } else {
            format!(
                "{user} is enrolled (uid {}); {} is not confirmed yet, so no code goes there.",
                added.uid, added.address
            )
        }
    })?;
    if sent && !added.confirmed {
        words(&format!(
            "A code is on its way to {}. Next, with what is in that mail: gatepost user verify \
             {user} CODE",
            added.address
        ));
    }
    if !sent {
        return Ok(not_sent(user, &added.address, &added.mail));
    }
    Ok(Exit::Ok)
}

/// Says that a confirmation code went nowhere.
fn not_sent(user: &str, address: &str, mail: &[gatepost_shared::admin::mail::Attempt]) -> Exit {
    fault(&format!(
        "the code for {address} could not be sent:\n{}Mend that (gatepost mail test \
         ADDRESS tries it), then send a new code: gatepost user verify {user}",
        attempts(mail)
    ));
    Exit::Mail
}

fn confirm(context: &Context, verify: Verify) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let (user, why) = (&verify.user, verify.reason.as_deref());
    let code = match verify.code {
        Some(code) => Some(Secret::from(code)),
        // Asked for only where somebody can answer and an answer can be right.
        None if interactive() && admin.confirmation_open(user)? => {
            let answer = ask("The code from the mail (Enter alone sends a new one): ");
            let Some(answer) = answer else {
                let text = "nothing was typed, nothing was changed".to_owned();
                return Err(Failure::Said(Exit::Cancelled, text));
            };
            (!answer.is_empty()).then(|| Secret::from(answer))
        }
        None => None,
    };
    if let Some(code) = code {
        let done = admin.confirm(user, &code, why)?;
        let text = format!(
            "{}'s address is confirmed: codes go there from now on.",
            done.user
        );
        return acted(context, &done, &text);
    }
    let sent = admin.send_confirmation(user, why)?;
    let accepted = users::accepted(&sent.mail);
    context.one(&sent, || {
        if accepted {
            format!(
                "A new code is on its way to {}; an earlier one no longer works.",
                sent.address
            )
        } else {
            String::new()
        }
    })?;
    if !accepted {
        return Ok(not_sent(&sent.user, &sent.address, &sent.mail));
    }
    words(&format!(
        "Next, with what is in that mail: gatepost user verify {} CODE",
        sent.user
    ));
    Ok(Exit::Ok)
}

fn take_away(context: &Context, remove: &Remove) -> Result<Exit, Failure> {
    let user = &remove.user;
    if !remove.yes {
        if !interactive() {
            let text =
                format!("this cannot be asked without a terminal: add --yes to remove {user}");
            return Err(Failure::Said(Exit::Usage, text));
        }
        let answer = ask(&format!(
            "Removing {0} deletes its addresses and recovery codes; {0} is refused until enrolled \
             again.\nType the name to go on: ",
            gatepost_words::text::sanitise(user)
        ));
        if answer.as_deref() != Some(user.as_str()) {
            let text = "nothing was changed".to_owned();
            return Err(Failure::Said(Exit::Cancelled, text));
        }
    }
    let done = context
        .admin()?
        .remove_user(user, Asked::from(&remove.why))?;
    let text = format!(
        "{0} is removed and stays refused; gatepost user add {0} ADDRESS enrols the account again. \
         For ten minutes, gatepost undo brings it back.",
        done.user
    );
    acted(context, &done, &text)
}

fn show_one(context: &Context, show: &Show) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let shown = admin.show_user(&show.user, list::mask(&show.list))?;
    if show.list.unmask {
        admin.unmask(&shown.account.key, show.list.reason.as_deref())?;
    }
    let full = Full {
        sign_ins: admin.sign_ins(&shown.account.key)?,
        shown,
    };
    let shown = &full.shown;
    context.one(&full, || {
        let mut text = fields(&described(shown, &full.sign_ins));
        if !shown.mails.is_empty() {
            text.push_str("\nNewest mails:\n");
            text.push_str(&super::mail::listed(&shown.mails));
        }
        text
    })?;
    words(&format!(
        "How a login would go: gatepost why {}",
        shown.account.user
    ));
    Ok(Exit::Ok)
}

/// An account in full, and how its sign-ins ended.
#[derive(Serialize)]
struct Full {
    #[serde(flatten)]
    shown: Shown,
    sign_ins: SignIns,
}

fn described(shown: &Shown, sign_ins: &SignIns) -> Vec<(&'static str, String)> {
    let account = &shown.account;
    let or_never = |time: &Option<String>| time.clone().unwrap_or_else(|| "never".to_owned());
    let mut all = vec![
        ("user", account.user.clone()),
        ("uid", account.uid.to_string()),
        ("state", account.standing.to_string()),
    ];
    if account.locked_by_administrator {
        all.push((
            "lock",
            "an administrator's: gatepost user unlock ends it".to_owned(),
        ));
    }
    if !account.note.is_empty() {
        all.push(("note", account.note.clone()));
    }
    for address in &account.addresses {
        let how = match (&address.confirmed, address.confirmed_by.as_deref()) {
            (Some(at), Some("administrator")) => {
                format!("confirmed {at} by an administrator's word")
            }
            (Some(at), _) => format!("confirmed {at} by a code"),
            (None, _) => format!("not confirmed: gatepost user verify {}", account.user),
        };
        all.push(("address", format!("{} ({how})", address.told())));
    }
    all.extend([
        ("enrolled", account.enrolled.clone()),
        ("last success", or_never(&account.last_success)),
        (
            "wrong codes",
            format!(
                "{} in the last hour, {} in the last day, {} in a row",
                shown.failures_last_hour, shown.failures_last_day, account.failures_in_a_row
            ),
        ),
    ]);
    let at = match sign_ins.services.as_slice() {
        [] => String::new(),
        services => format!("; at {}", services.join(", ")),
    };
    all.push((
        "sign-ins",
        format!(
            "{} let in, {} refused since {}{at}",
            counted(&sign_ins.let_in),
            counted(&sign_ins.refused),
            sign_ins.since
        ),
    ));
    if let (Some(at), Some(from)) = (&shown.last_failure, &shown.last_failure_from) {
        all.push(("last wrong code", format!("{at} from {from}")));
    }
    all.push((
        "recovery codes",
        format!("{} left", shown.recovery_codes_left),
    ));
    all.push(("version", account.version.to_string()));
    all
}

pub(crate) fn recovery(context: &Context, command: RecoveryCommand) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Made<'a> {
        user: &'a str,
        codes: Vec<&'a str>,
        replaced: u32,
    }
    let RecoveryCommand::New { user, reason } = command;
    let made = context.admin()?.new_recovery(&user, reason.as_deref())?;
    let codes: Vec<&str> = made.codes.iter().filter_map(Secret::expose_str).collect();
    let shown = Made {
        user: &made.user,
        codes,
        replaced: made.replaced,
    };
    context.one(&shown, || shown.codes.join("\n"))?;
    if made.replaced > 0 {
        words(&format!(
            "The {} codes that were left no longer work.",
            made.replaced
        ));
    }
    words(&format!(
        "These are {}'s recovery codes. They are shown once: hand them over now. Each works once, \
         at the prompt for the code, also when no mail arrives.",
        made.user
    ));
    Ok(Exit::Ok)
}
