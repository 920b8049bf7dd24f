//! `gatepost doctor`: what is missing or unsafe on this machine, and what emailed codes are not.
//!
//! Small and honest: it looks at files, key, store, configuration and programs, and at which PAM
//! services name the module. It doesn't try a login.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatepost_words::job::SENDER_USER;
use gatepost_words::text::sanitise;
use gatepost_words::time::Span;
use nix::unistd::User;
use serde::Serialize;

use super::roles::{Operator, Right};
use super::setup::person;
use super::stacks::{self, Stack, Unknown};
use super::{AdminError, rhosts};
use crate::config::{Config, Roles};
use crate::files::{self, Readers};
use crate::host::{Host, System};
use crate::mail;
use crate::people;
use crate::policy::versions::InForce;
use crate::store::Store;
use crate::store::shields::Shield;

/// What emailed codes are not: for the README, the manual, and here.
pub const HONESTLY: [&str; 4] = [
    "Codes by email protect against stolen, guessed or reused passwords.",
    "They do not protect where the mailbox is taken over, where a person types the code into a false \
     site, or where mail is read on its way.",
    "NIST SP 800-63B-4 (3.1.3.1) does not accept email as an out-of-band channel, and OWASP ASVS 5.0 \
     forbids it at level 3.",
    "Where such rules bind you, use security keys (FIDO2).",
];

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// As it must be.
    Ok,
    /// It works, and is worth a look.
    Warning,
    /// Sign-ins are refused, or not as safe as they must be.
    Problem,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub what: String,
    /// How it is.
    pub finding: Finding,
    /// What was seen, and what to do.
    pub detail: String,
    /// The PAM stack that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
}

/// All checks.
#[derive(Debug, Serialize)]
pub struct Report {
    /// In order.
    pub checks: Vec<Check>,
    /// What emailed codes are not.
    pub honestly: [&'static str; 4],
}

/// A check on one line: what its stack is has lines of its own.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    /// How it is.
    pub finding: Finding,
    /// What was looked at.
    pub what: &'a str,
    /// What was seen, and what to do.
    pub detail: &'a str,
}

impl Report {
    /// The checks on one line each.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.checks.iter().map(|check| Row {
            finding: check.finding,
            what: &check.what,
            detail: &check.detail,
        });
        rows.collect()
    }

    /// Whether a check found a problem.
    pub fn problems(&self) -> bool {
        self.checks
            .iter()
            .any(|check| check.finding == Finding::Problem)
    }
}

/// Where the programs are, where no sender is found that says so.
const USUAL: &str = "/usr/libexec/gatepost";
/// The helper's file name.
const HELPER: &str = "gatepost-helper";
/// The module's file name.
const MODULE: &str = "pam_gatepost.so";
/// Where PAM services are.
const SERVICES: &str = "/etc/pam.d";

/// How long a table of the store is read at a time.
const LONGEST_READ: Span = Span::from_secs(2);

/// Looks at everything, changing nothing.
pub fn run(conf: Option<&Path>, operator: &Operator) -> Result<Report, AdminError> {
    operator.may(Right::Look)?;
    if conf.is_some() {
        operator.may(Right::Machine)?;
    }
    let config = super::config(conf, operator);
    let secrets = if operator.may(Right::Machine).is_ok() {
        Secrets::Read
    } else {
        Secrets::LeftClosed
    };
    let mut checks = vec![sender_user()];
    checks.extend(programs());
    checks.push(module());
    let stacks = stacks::all(secrets);
    checks.push(services(&stacks.loading));
    checks.extend(stacks.loading.into_iter().map(in_full));
    checks.extend(stacks.unknown.iter().map(unknown));
    match config {
        Ok(config) => {
            checks.push(check("configuration", Ok("it can be used".to_owned())));
            checks.extend(templates(&config));
            checks.push(key(&config, secrets));
            checks.extend(store(&config));
            checks.extend(relays(&config, secrets));
        }
        Err(error) => checks.push(check("configuration", Err(error.to_string()))),
    }
    checks.push(roles());
    checks.extend(login());
    Ok(Report {
        checks,
        honestly: HONESTLY,
    })
}

/// What is done about keys and passwords, those among the words of other PAM modules too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    /// They are read, and credentials decrypted: what they hold is forgotten again.
    Read,
    /// It is looked at whose they are. Nobody below an admin has root read them or start a program.
    LeftClosed,
}

/// Whether the kernel says who logged in, where roles hang on it.
fn login() -> Option<Check> {
    let roles = Roles::load().ok()?;
    let is_needed = !(roles.helpdesk.is_empty() && roles.auditor.is_empty());
    let is_unknown = matches!(people::login_uid(), Ok(None));
    (is_needed && is_unknown).then(|| Check {
        what: "login".to_owned(),
        finding: Finding::Warning,
        detail:
            "the kernel does not say who logged in, so roles hang on sudo's word alone: session \
                 required pam_loginuid.so belongs into sshd, login and the like (a service has no \
                 login: there this is as it must be)"
                .to_owned(),
        stack: None,
    })
}

/// Which groups have a role, and whether they are there. The usual ones need not be: no system has
/// all of them.
fn roles() -> Check {
    let what = "roles";
    let roles = match Roles::load() {
        Ok(roles) => roles,
        Err(error) => return check(what, Err(error.to_string())),
    };
    let usual = Roles::default();
    let given: Vec<String> = roles
        .all()
        .filter(|group| !usual.admin.contains(group))
        .cloned()
        .collect();
    match people::missing(&given) {
        Ok(missing) if missing.is_empty() => {
            let named = |groups: &[String]| match groups {
                [] => "nobody".to_owned(),
                groups => sanitise(&groups.join(", ")),
            };
            let detail = format!(
                "admin: {}; helpdesk: {}; auditor: {}",
                named(&roles.admin),
                named(&roles.helpdesk),
                named(&roles.auditor)
            );
            check(what, Ok(detail))
        }
        Ok(missing) => Check {
            what: what.to_owned(),
            finding: Finding::Warning,
            detail: format!(
                "there is no group {}: nobody has its role; groupadd it, or mend its name below \
                 [roles]",
                sanitise(&missing.join(", "))
            ),
            stack: None,
        },
        Err(failed) => check(what, Err(failed.to_string())),
    }
}

fn check(what: &str, seen: Result<String, String>) -> Check {
    let (finding, detail) = match seen {
        Ok(detail) => (Finding::Ok, detail),
        Err(detail) => (Finding::Problem, detail),
    };
    Check {
        what: what.to_owned(),
        finding,
        detail,
        stack: None,
    }
}

fn sender_user() -> Check {
    let name = SENDER_USER;
    check(
        "system user",
        match User::from_name(name) {
            Ok(Some(user)) => match person::objection(&user) {
                None => Ok(format!("{name}, uid {}", user.uid)),
                Some(problem) => Err(problem),
            },
            Ok(None) => Err(format!("there is no user {name}: gatepost setup")),
            Err(errno) => Err(format!("the password database cannot be read: {errno}")),
        },
    )
}

/// The sender where a delivery looks for it, and the helper beside it.
fn programs() -> [Check; 2] {
    let sender = mail::sender_program();
    let folder = sender
        .as_ref()
        .ok()
        .and_then(|program| program.parent())
        .unwrap_or(Path::new(USUAL));
    let helper = folder.join(HELPER);
    let helper = match files::open_trusted(&helper, Readers::Anybody) {
        Ok(_open) => Ok(helper.display().to_string()),
        // Its own words would send people to setup, which makes no programs.
        Err(_) if !files::exists(&helper) => Err(format!(
            "{} is not there: install the package again",
            helper.display()
        )),
        Err(untrusted) => Err(untrusted.to_string()),
    };
    let sender = sender.map(|program| program.display().to_string());
    [check("helper", helper), check("sender", sender)]
}

/// Folders that hold PAM modules on one system or another.
fn module() -> Check {
    let fixed = [
        "/lib/security",
        "/lib64/security",
        "/usr/lib/security",
        "/usr/lib64/security",
    ];
    // Debian's folders carry the machine's triplet.
    let triplets = ["/usr/lib", "/lib"].iter().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().join("security"))
    });
    let found = fixed
        .iter()
        .map(PathBuf::from)
        .chain(triplets)
        .map(|folder| folder.join(MODULE))
        .find(|module| module.is_file());
    check(
        MODULE,
        found
            .map(|module| module.display().to_string())
            .ok_or_else(|| {
                "it is in no folder for PAM modules: install the package again".to_owned()
            }),
    )
}

/// Which services name the module.
pub(super) fn naming() -> Vec<String> {
    let stacks = stacks::all(Secrets::LeftClosed).loading.into_iter();
    stacks.map(|stack| stack.service).collect()
}

/// Which services load the module.
fn services(stacks: &[Stack]) -> Check {
    let names: Vec<&str> = stacks.iter().map(|stack| stack.service.as_str()).collect();
    let what = "PAM services";
    if names.is_empty() {
        return Check {
            finding: Finding::Warning,
            ..check(
                what,
                Ok(format!(
                    "no service in {SERVICES} names {MODULE}: nobody is asked for a code"
                )),
            )
        };
    }
    check(what, Ok(format!("named by {}", names.join(", "))))
}

/// A service's stack.
fn in_full(stack: Stack) -> Check {
    Check {
        what: format!("PAM {}", stack.service),
        finding: stack.finding(),
        detail: stack.told(),
        stack: Some(stack),
    }
}

/// Services of which nobody knows whether they ask for a code.
fn unknown(unknown: &Unknown) -> Check {
    let Unknown { fault, services } = unknown;
    let detail = format!(
        "{}; whether {} may load {MODULE} is not known: {}",
        fault.what,
        services.join(", "),
        fault.mend
    );
    Check {
        what: "PAM files".to_owned(),
        finding: Finding::Warning,
        detail,
        stack: None,
    }
}

/// Whether the version in force can be used, and every group that its rules name is there.
fn rules(in_force: &InForce) -> Check {
    if let Some(trouble) = in_force.trouble() {
        let detail = format!(
            "{trouble}; gatepost policy history shows the versions: gatepost policy rollback N brings \
             one back"
        );
        return check("rules", Err(detail));
    }
    let (rules, name) = (in_force.rules(), in_force.name());
    let seen = match people::missing_groups(rules) {
        Ok(missing) if missing.is_empty() => Ok(match rules.len() {
            0 => format!("{name} has none: everybody is asked"),
            many => format!("{name} has {many}, and every group that they name is there"),
        }),
        Ok(missing) => Err(format!(
            "{name}: there is no group {}: a rule to require or refuse that names it applies to \
             everybody, since anybody might be in it; mend its name, or remove it from the rule",
            sanitise(&missing.join(", "))
        )),
        Err(failed) => Err(failed.to_string()),
    };
    check("rules", seen)
}

/// Whether own templates are used, where there is a folder for them.
fn templates(config: &Config) -> Option<Check> {
    let folder = config.mail.templates.as_deref()?;
    if !files::exists(folder) {
        return None;
    }
    let name = folder.display().to_string();
    Some(match mail::templates(folder) {
        Ok(()) => check("templates", Ok(name)),
        Err(detail) => Check {
            what: "templates".to_owned(),
            finding: Finding::Warning,
            detail,
            stack: None,
        },
    })
}

fn key(config: &Config, secrets: Secrets) -> Check {
    let seen = match secrets {
        Secrets::Read => super::read_key(&config.key).map(drop),
        Secrets::LeftClosed => files::check_secret(&config.key).map_err(AdminError::from),
    };
    let seen = seen
        .map(|()| config.key.display().to_string())
        .map_err(|error| error.to_string());
    check("key", seen)
}

fn store(config: &Config) -> Vec<Check> {
    let mut store = match Store::open(&config.store) {
        Ok(store) => store,
        Err(error) => return vec![check("store", Err(error.to_string()))],
    };
    let file = tables(config, &mut store);
    let chain = match store.verify_chain() {
        Ok(chain) => match chain.broken_at {
            None => Ok(match chain.anchor {
                None => format!("{} events, unbroken", chain.events),
                Some(anchor) => format!(
                    "{} events, unbroken from event {} on; those before are purged",
                    chain.events,
                    anchor.seq + 1
                ),
            }),
            Some(seq) => Err(format!(
                "event {seq} does not follow from the one before it: compare with the heads in the \
                 system log"
            )),
        },
        Err(error) => Err(error.to_string()),
    };
    let policy = match System::new() {
        Ok(system) => store
            .policy(&system.now())
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let policy = policy.map_or_else(|error| check("rules", Err(error)), |found| rules(&found));
    vec![
        policy,
        check("store", file),
        check("audit chain", chain),
        shields(&store),
        sources(&store),
    ]
}

/// What can be said of the store's file without reading for long: anybody with a role may run this, and
/// what is written while somebody reads stays in the write-ahead log.
fn tables(config: &Config, store: &mut Store) -> Result<String, String> {
    let system = System::new().map_err(|error| error.to_string())?;
    let system = Arc::new(system);
    let looked = store
        .check_tables(LONGEST_READ, move || system.now().moment.at)
        .map_err(|error| error.to_string())?;
    if !looked.problems.is_empty() {
        return Err(format!(
            "it is damaged ({}): restore a backup",
            sanitise(&looked.problems.join("; "))
        ));
    }
    let path = config.store.display();
    if looked.unfinished.is_empty() {
        return Ok(path.to_string());
    }
    Ok(format!(
        "{path}; no fault was found. {} took longer than {LONGEST_READ} and was not read to the end: gatepost \
         store check, for admins, reads all of it",
        sanitise(&looked.unfinished.join(", "))
    ))
}

/// Whether shields and known sources cover who signs in.
fn sources(store: &Store) -> Check {
    let what = "sources";
    match rhosts::named(store) {
        Ok(None) => check(what, Ok("sign-ins come with addresses".to_owned())),
        Ok(Some(detail)) => Check {
            what: what.to_owned(),
            finding: Finding::Warning,
            detail,
            stack: None,
        },
        Err(error) => check(what, Err(error.to_string())),
    }
}

/// Whom nobody wonders about: somebody refused by a shield that was forgotten.
fn shields(store: &Store) -> Check {
    let up = System::new()
        .map_err(|error| error.to_string())
        .and_then(|host| {
            let now = host.now();
            store.shields(&now).map_err(|error| error.to_string())
        });
    let up = match up {
        Ok(up) => up,
        Err(error) => return check("shields", Err(error)),
    };
    if up.is_empty() {
        return check("shields", Ok("none is up".to_owned()));
    }
    let each = |shield: &Shield| format!("{} for another {}", shield.network, shield.left);
    let each: Vec<String> = up.iter().map(each).collect();
    Check {
        what: "shields".to_owned(),
        finding: Finding::Warning,
        detail: format!(
            "sign-ins are refused from {}: gatepost shield off ends one",
            each.join(", ")
        ),
        stack: None,
    }
}

fn relays(config: &Config, secrets: Secrets) -> Vec<Check> {
    config
        .mail
        .relays
        .iter()
        .map(|relay| {
            let name = format!("relay {}:{}", sanitise(&relay.host), relay.port);
            let password = match &relay.login {
                None => {
                    return check(
                        &name,
                        Ok("no login; gatepost mail test tries it".to_owned()),
                    );
                }
                Some((_, password)) => password,
            };
            let seen = match secrets {
                Secrets::Read => mail::password::read(password)
                    .map(|_password| "its password can be read; gatepost mail test tries it")
                    .map_err(|error| error.to_string()),
                Secrets::LeftClosed => mail::password::check(password)
                    .map(|()| "its password is there, and was not read: an admin's doctor reads it")
                    .map_err(|error| error.to_string()),
            };
            let seen = seen.map(str::to_owned);
            check(&name, seen)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Finding, rules};
    use crate::policy::rules::{Action, Rule};
    use crate::policy::versions::InForce;

    // Mutant: missing_groups finds none.
    #[test]
    fn a_rule_with_a_group_that_is_not_there_is_a_problem() {
        let with = |groups: &[&str]| {
            rules(&InForce::candidate(vec![Rule {
                users: vec![],
                groups: groups.iter().map(|group| (*group).to_owned()).collect(),
                services: vec![],
                action: Action::Require,
            }]))
        };
        assert_eq!(with(&["root"]).finding, Finding::Ok);
        let typo = with(&["root", "no-such-group"]);
        assert_eq!(typo.finding, Finding::Problem);
        assert!(
            typo.detail.contains("no group no-such-group:"),
            "{}",
            typo.detail
        );
    }
}
