//! `gatepost user import`: what would become of a list, line by line, then doing it.

use std::io::BufReader;
use std::path::Path;

use clap::{Args, ValueEnum};
use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::users::{
    Asked, Fate, Form, Imported, Line, Options, Plan, Rows, Stop, machine_rows, read_rows,
};

use crate::cli::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{ask, interactive, words};
use crate::cli::person::open_read;
use crate::cli::standard::Input;

#[derive(Debug, Args)]
#[command(
    after_help = "CSV begins with its columns: user,address and, if you like, note and \
                        confirmed. LDIF needs uid and mail. For people of a directory: getent passwd | \
                        gatepost user import - --format passwd --domain example.org. No code is \
                        mailed unless --invite is given; gatepost user invite sends them later."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word that may be typed"
)]
pub(crate) struct Import {
    /// The list; - is the standard input
    #[arg(value_name = "FILE", required_unless_present = "from")]
    file: Option<String>,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    /// People of this machine instead of a list: /etc/passwd, uids of people, shells to log in with
    #[arg(
        long,
        value_name = "WHERE",
        conflicts_with = "file",
        requires = "domain"
    )]
    from: Option<From>,
    /// Each user's address is at this domain
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Give accounts with another address the list's; it is confirmed first, and the old one told
    #[arg(long)]
    update: bool,
    /// Take all addresses on your word, which the audit records
    #[arg(long)]
    confirmed: bool,
    /// Mail the confirmation codes now, one after the other
    #[arg(long)]
    invite: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Say what would become of each line, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Ldif,
    Passwd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    Getent,
}

pub(super) fn run(context: &Context, import: &Import) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    // Before anything is read for somebody who may not.
    admin.may(Right::Accounts)?;
    let rows = read(context, import)?;
    let options = Options {
        update: import.update,
        confirmed: import.confirmed,
    };
    let plan = admin.plan_import(rows, options)?;
    if import.dry_run {
        listed(context, plan.lines.clone())?;
        words(&format!("{} Nothing was changed.", summary(&plan)));
        return Ok(if plan.count(Fate::Wrong) > 0 {
            Exit::Partly
        } else {
            Exit::Ok
        });
    }
    let work = plan.count(Fate::Add) + plan.count(Fate::Change);
    if work > 0 && !import.yes {
        agreed(import, &plan)?;
    }
    let asked = Asked::from(import.reason.as_deref());
    let imported = admin.apply_import(&plan, asked, &Stop::default(), |done, of| {
        words(&format!("{done} of {of}"));
    })?;
    context.one(&imported, || told(&imported))?;
    for line in &imported.failed {
        words(&format!("line {}: {} {}", line.line, line.user, line.why));
    }
    let exit = match (imported.added + imported.changed, imported.failed.len()) {
        (_, 0) => Exit::Ok,
        (0, _) => Exit::Failed,
        (_, _) => Exit::Partly,
    };
    next_step(context, import, &mut admin, &imported, exit)
}

/// The list, or the people of this machine.
fn read(context: &Context, import: &Import) -> Result<Rows, Failure> {
    let domain = import.domain.as_deref();
    if let (Some(From::Getent), Some(domain)) = (import.from, domain) {
        return Ok(machine_rows(domain)?);
    }
    let form = match (import.format, domain) {
        (Format::Csv, None) => Form::Csv,
        (Format::Ldif, None) => Form::Ldif,
        (Format::Passwd, Some(domain)) => Form::Passwd(domain.to_owned()),
        (Format::Csv | Format::Ldif, Some(_)) | (Format::Passwd, None) => {
            let text = "--domain goes with --format passwd or --from getent".to_owned();
            return Err(Failure::Said(Exit::Usage, text));
        }
    };
    match import.file.as_deref() {
        Some("-") | None => Ok(read_rows(BufReader::new(Input), &form)?),
        Some(file) => Ok(read_rows(open_read(context, Path::new(file))?, &form)?),
    }
}

fn agreed(import: &Import, plan: &Plan) -> Result<(), Failure> {
    if import.file.as_deref() == Some("-") || !interactive() {
        let text = format!(
            "{} To do it, add --yes; to see each line, --dry-run",
            summary(plan)
        );
        return Err(Failure::Said(Exit::Usage, text));
    }
    let changed = plan.lines.iter().filter(|line| line.fate != Fate::Add);
    for line in changed.take(20) {
        words(&format!(
            "line {}: {} {} {}",
            line.line,
            line.fate.word(),
            line.user,
            line.why
        ));
    }
    let question = format!("{} Type yes to go on: ", summary(plan));
    if ask(&question).as_deref() == Some("yes") {
        return Ok(());
    }
    Err(Failure::Said(
        Exit::Cancelled,
        "nothing was changed".to_owned(),
    ))
}

fn summary(plan: &Plan) -> String {
    format!(
        "{} to enrol, {} to change, {} to skip, {} that make no sense.",
        plan.count(Fate::Add),
        plan.count(Fate::Change),
        plan.count(Fate::Skip),
        plan.count(Fate::Wrong)
    )
}

fn listed(context: &Context, lines: Vec<Line>) -> Result<(), Failure> {
    let mut page = Some(lines);
    context.many(
        "lines",
        || Ok(page.take().unwrap_or_default()),
        |lines| {
            let row = |line: &Line| {
                vec![
                    line.line.to_string(),
                    line.fate.word().to_owned(),
                    line.user.clone(),
                    line.address.clone(),
                    line.why.clone(),
                ]
            };
            let head = vec!["LINE", "WHAT", "USER", "ADDRESS", "WHY"];
            (head, lines.iter().map(row).collect())
        },
    )?;
    Ok(())
}

fn told(imported: &Imported) -> String {
    format!(
        "{} enrolled, {} changed, {} skipped, {} failed.",
        imported.added,
        imported.changed,
        imported.skipped,
        imported.failed.len()
    )
}

/// Mails the codes, or says how.
fn next_step(
    context: &Context,
    import: &Import,
    admin: &mut gatepost_shared::admin::Admin,
    imported: &Imported,
    exit: Exit,
) -> Result<Exit, Failure> {
    if let Some(undo) = imported.undo {
        words(&format!(
            "For ten minutes, all of it is taken back by: gatepost undo {undo}"
        ));
    }
    if imported.to_invite.is_empty() {
        return Ok(exit);
    }
    if !import.invite {
        words(
            "No address is used before it is confirmed. To mail the codes, one after the other: \
             gatepost user invite --filter state:unconfirmed",
        );
        return Ok(exit);
    }
    let why = import.reason.as_deref();
    let sent = super::invite::send(&context.quiet_data(), admin, &imported.to_invite, why)?;
    Ok(if sent == Exit::Ok { exit } else { Exit::Partly })
}
