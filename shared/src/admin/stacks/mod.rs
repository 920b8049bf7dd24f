//! The PAM stacks that load our module: which modules they call in which order, where ours stands, and
//! what of that lets somebody in without a code, or nobody at all.
//!
//! - [`text`]: what a file says; [`run`]: every way through a stack; [`words`]: what is known of modules
//! - [`read`]: the files, in the folders where libpam looks alone; [`libpam`]: which those are

mod libpam;
mod read;
mod run;
mod text;
mod words;

use gatepost_words::text::sanitise;
use serde::Serialize;

use self::libpam::Includes;
use self::read::{Content, Folders, Named, Unread};
use self::run::{Gate, Item, Module, ways_in};
use self::text::Entry;
use super::doctor::{Finding, Secrets};

/// A service's stack for authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// The service.
    pub service: String,
    /// Its modules, in order.
    pub modules: Vec<Place>,
    /// What is wrong with it, the worst first.
    pub faults: Vec<Fault>,
}

/// A module in a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// How many files it is included through.
    pub depth: usize,
    /// The file in which it stands.
    pub file: String,
    /// The line in that.
    pub line: usize,
    /// What its result comes to, as written; nothing below an admin where the file is closed to others.
    pub control: String,
    /// The module.
    pub module: String,
    /// The words behind it; nothing below an admin but for ours, since such words may be passwords.
    pub words: String,
    /// Whether it is ours.
    pub ours: bool,
}

/// What is wrong with a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// How bad that is.
    pub finding: Finding,
    /// What.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl Stack {
    /// How bad it is.
    pub fn finding(&self) -> Finding {
        let worst = self.faults.first();
        worst.map_or(Finding::Ok, |fault| fault.finding)
    }

    /// What is said of it in a line.
    pub fn told(&self) -> String {
        let Some(fault) = self.faults.first() else {
            let ours = self.modules.iter().find(|place| place.ours);
            let ours = ours.map_or_else(String::new, |place| {
                format!("; asked for on line {} of {}", place.line, place.file)
            });
            return format!("no way in without a code but by rule{ours}");
        };
        let others = match self.faults.len() {
            0 | 1 => String::new(),
            more => format!(" (and {} more)", more - 1),
        };
        format!("{}: {}{others}", fault.what, fault.mend)
    }
}

impl Place {
    /// Where it stands: `sshd:5`.
    pub fn at(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// Files that may be included in one another, as libpam 1.7 has it; files and modules in one stack:
/// more is no stack that anybody reads.
const DEEPEST: usize = 15;
const FILES: usize = 64;
const MOST: usize = 256;
/// Files that services include, and that are none.
const PARTS: [&str; 5] = [
    "system-auth",
    "password-auth",
    "fingerprint-auth",
    "smartcard-auth",
    "postlogin",
];

/// What copies of files end in that package managers and editors leave behind.
const COPIES: [&str; 15] = [
    "~",
    ".bak",
    ".dpkg-bak",
    ".dpkg-dist",
    ".dpkg-new",
    ".dpkg-old",
    ".dpkg-tmp",
    ".orig",
    ".pacnew",
    ".pacsave",
    ".rpmnew",
    ".rpmorig",
    ".rpmsave",
    ".ucf-dist",
    ".ucf-old",
];

/// What is said below an admin for what stands in a file that is closed to others.
const HIDDEN: &str = "a module that only admins are shown";
const HIDDEN_FILE: &str = "a file that only admins are shown";

/// What is known of all services.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    /// Those that load our module.
    pub(super) loading: Vec<Stack>,
    /// Those of which that is not known.
    pub(super) unknown: Vec<Unknown>,
}

/// A file that was not looked at, and the services that may load our module through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// Why.
    pub(super) fault: Fault,
    /// The services.
    pub(super) services: Vec<String>,
}

/// What is known of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// It loads our module.
    Loads(Stack),
    /// It does not.
    Lacks,
    /// That hangs on what was not looked at.
    Hidden(Fault),
}

/// The stacks that load our module, and those that may.
pub(super) fn all(secrets: Secrets) -> Stacks {
    let library = libpam::Known::here();
    let is_guess = library == libpam::Known::Not;
    let folders = Folders::open(library.build());
    let services = folders.services().into_iter();
    let services = services.filter(|name| is_service(name));
    let mut stacks = Stacks::default();
    for service in services {
        let read = |named, name: &str| folders.text(named, name);
        match stack(&service, (secrets, folders.includes), &read) {
            Known::Loads(mut stack) => {
                stack.faults.extend(is_guess.then(unknown_library));
                stacks.loading.push(stack);
            }
            Known::Lacks => {}
            Known::Hidden(fault) => stacks.hides(fault, sanitise(&service)),
        }
    }
    stacks
}

/// Whether a file is a service's by its name: no part of others, and no copy that was left behind.
fn is_service(name: &str) -> bool {
    let is_part = name.starts_with("common-") || PARTS.contains(&name);
    let is_copy = COPIES.iter().any(|end| name.ends_with(end));
    !is_part && !is_copy
}

impl Stacks {
    /// Services that one file keeps from being known are told together.
    fn hides(&mut self, fault: Fault, service: String) {
        match self.unknown.iter_mut().find(|one| one.fault == fault) {
            Some(one) => one.services.push(service),
            None => self.unknown.push(Unknown {
                fault,
                services: vec![service],
            }),
        }
    }
}

/// What is said of each stack where nobody knows which library reads it.
fn unknown_library() -> Fault {
    Fault {
        finding: Finding::Warning,
        what: "the PAM library is not where systems have it, or there are several that differ, so the folders \
               where it looks are a guess"
            .to_owned(),
        mend: "keep this service's file and all that it includes in /etc/pam.d".to_owned(),
    }
}

/// Reads a file.
type Read<'a> = &'a dyn Fn(Named, &str) -> Result<Content, Unread>;

/// A service's stack, where it loads our module.
fn stack(service: &str, (secrets, includes): (Secrets, Includes), read: Read<'_>) -> Known {
    let mut found = Found {
        read,
        secrets,
        includes,
        path: Vec::new(),
        files: 0,
        places: Vec::new(),
        modules: Vec::new(),
        unread: None,
    };
    let items = found.file(service, service, 0);
    if !found.places.iter().any(|place| place.ours) {
        let unread = found.unread.filter(|(why, _)| why.hides());
        return unread.map_or(Known::Lacks, |(_, fault)| Known::Hidden(fault));
    }
    let mut faults = found.line_faults();
    match &found.unread {
        Some((_, fault)) => faults.push(fault.clone()),
        None => faults.extend(found.way_faults(&items)),
    }
    // Stable: faults of a kind stay in order.
    faults.sort_by_key(|fault| match fault.finding {
        Finding::Problem => 0,
        Finding::Warning => 1,
        Finding::Ok => 2,
    });
    Known::Loads(Stack {
        service: sanitise(service),
        modules: found.places,
        faults,
    })
}

/// A file of which lines are taken in.
struct Origin<'a> {
    name: &'a str,
    depth: usize,
    /// Whether what it holds may be told.
    shown: bool,
}

/// A stack as far as it was read.
struct Found<'a> {
    read: Read<'a>,
    secrets: Secrets,
    includes: Includes,
    /// Names of the files that are being read, each included by the one before.
    path: Vec<String>,
    /// How many were read.
    files: usize,
    places: Vec<Place>,
    /// Beside each place, what it does.
    modules: Vec<Module>,
    /// Why it is not known whole.
    unread: Option<(Unread, Fault)>,
}

impl Found<'_> {
    /// Takes a file in, that is told of by another name where its own is not to be shown.
    fn file(&mut self, name: &str, told: &str, depth: usize) -> Vec<Item> {
        let ended = matches!(self.unread, Some((Unread::Deep, _)));
        let round = self.path.iter().any(|above| above == name);
        let content = if ended || round || depth > DEEPEST || self.files >= FILES {
            Err(Unread::Deep)
        } else {
            self.files += 1;
            let named = if depth == 0 {
                Named::Service
            } else {
                Named::Included
            };
            (self.read)(named, name)
        };
        let content = match content {
            Ok(content) => content,
            Err(why) => {
                self.lacks(why, told);
                return Vec::new();
            }
        };
        let origin = Origin {
            name,
            depth,
            shown: self.secrets == Secrets::Read || !content.closed,
        };
        self.path.push(name.to_owned());
        let mut items = Vec::new();
        let said = text::read(&content.text, self.includes);
        if let Some((line, trouble)) = said.trouble {
            self.lacks(Unread::Twofold(line, trouble), told);
        }
        for (line, entry) in said.entries {
            if self.places.len() >= MOST {
                self.lacks(Unread::Deep, told);
                break;
            }
            let (written, module) = match entry {
                Entry::Include(file) => {
                    items.extend(self.included(&file, &origin));
                    continue;
                }
                Entry::Substack(file) => {
                    let sub = self.included(&file, &origin);
                    items.push(Item::Sub(sub));
                    continue;
                }
                Entry::Broken { control, shown } => {
                    let (name, words) = (words::BROKEN.to_owned(), Vec::new());
                    (
                        shown,
                        Module {
                            control,
                            name,
                            words,
                        },
                    )
                }
                Entry::Module {
                    control,
                    shown,
                    name,
                    words,
                } => (
                    shown,
                    Module {
                        control,
                        name,
                        words,
                    },
                ),
            };
            items.push(Item::Module(self.modules.len()));
            self.places
                .push(self.place(line, &written, &module, &origin));
            self.modules.push(module);
        }
        self.path.pop();
        items
    }

    /// Something is not part of what is known: the first such thing is told, but for what hides more.
    fn lacks(&mut self, why: Unread, told: &str) {
        let known = self.unread.as_ref();
        if known.is_none_or(|(known, _)| why.hides() && !known.hides()) {
            self.unread = Some((why, why.fault(told)));
        }
    }

    /// Takes in a file that another one names.
    fn included(&mut self, name: &str, origin: &Origin<'_>) -> Vec<Item> {
        let told = match name {
            _any if !origin.shown => HIDDEN_FILE,
            "" => "a file without a name",
            name => name,
        };
        self.file(name, told, origin.depth + 1)
    }

    /// A module's place, as it may be told.
    fn place(&self, line: usize, control: &str, module: &Module, origin: &Origin<'_>) -> Place {
        let ours = words::is_ours(&module.name);
        let where_shown = |is_shown: bool, text: &str| {
            let text = is_shown.then_some(text);
            text.map_or_else(String::new, sanitise)
        };
        let words_shown = self.secrets == Secrets::Read || ours && origin.shown;
        Place {
            depth: origin.depth,
            file: sanitise(origin.name),
            line,
            control: where_shown(origin.shown, control),
            ours,
            module: if origin.shown || ours {
                sanitise(&module.name)
            } else {
                HIDDEN.to_owned()
            },
            words: where_shown(words_shown, &module.words.join(" ")),
        }
    }

    fn ours(&self) -> impl Iterator<Item = (usize, &Place, &Module)> {
        let both = self.places.iter().zip(&self.modules).enumerate();
        both.filter(|(_, (place, _))| place.ours)
            .map(|(at, (place, module))| (at, place, module))
    }

    /// What is wrong with our own lines, wherever they stand.
    fn line_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (at, place, module) in self.ours() {
            if let Some(word) = words::unknown(&module.words) {
                // What is not shown of a line that has words is not told of it either.
                let word = if place.words.is_empty() {
                    "a word".to_owned()
                } else {
                    format!("the word {}", sanitise(word))
                };
                faults.push(Fault {
                    finding: Finding::Problem,
                    what: format!(
                        "{}: {word} is not known there or stands twice, so everybody is refused",
                        place.at(),
                    ),
                    mend: "known are decoy, after=password, after=key, conf=, helper= and debug"
                        .to_owned(),
                });
            }
            if run::passes_a_failure(module) {
                faults.push(Fault {
                    finding: Finding::Problem,
                    what: format!(
                        "{}: who is refused there may be let in all the same",
                        place.at()
                    ),
                    mend: as_shipped(),
                });
            }
            let says_nothing =
                !words::says(&module.words, "after=key") && !words::says(&module.words, "decoy");
            let mut before = self.modules.iter().take(at);
            if says_nothing && before.all(|module| words::proves_nothing(&module.name)) {
                faults.push(Fault {
                    finding: Finding::Warning,
                    what: format!(
                        "{}: a code is mailed before anybody proved a password",
                        place.at()
                    ),
                    mend:
                        "put it behind the module that checks the password, or say after=key where \
                           sshd lets nobody come so far without a key"
                            .to_owned(),
                });
            }
        }
        faults
    }

    /// What is wrong with the ways through it.
    fn way_faults(&self, items: &[Item]) -> Vec<Fault> {
        let ways = ways_in(items, &self.modules);
        let mut faults = Vec::new();
        let at = self
            .ours()
            .next()
            .map_or_else(String::new, |(_, place, _)| place.at());
        // A line of ours that passes a refusal on was told of already.
        let is_told = self
            .ours()
            .any(|(_, _, module)| run::passes_a_failure(module));
        if !is_told && ways.iter().any(|way| way.gate == Gate::Refused) {
            faults.push(Fault {
                finding: Finding::Problem,
                what: format!("{at}: who is refused there is let in by what stands behind it"),
                mend: as_shipped(),
            });
        }
        let unasked = ways.iter().filter(|way| way.gate == Gate::Unasked);
        for way in unasked {
            faults.extend(self.passed(way.by));
        }
        if !ways.iter().any(|way| way.gate == Gate::Passed) {
            faults.push(Fault {
                finding: Finding::Problem,
                what: "no way through it lets anybody in with a code".to_owned(),
                mend: "compare it with the stacks in the README".to_owned(),
            });
        } else if !ways.iter().any(|way| way.gate == Gate::Ignored) {
            faults.push(Fault {
                finding: Finding::Warning,
                what: format!(
                    "{at}: where a rule asks for no code, sign-ins are refused, since nothing else says yes"
                ),
                mend: format!("put auth required {} behind it", words::PERMIT),
            });
        }
        faults
    }

    /// Somebody is let in, and our module was not asked.
    fn passed(&self, by: Option<usize>) -> Option<Fault> {
        let mend = format!(
            "move {} to where no sufficient, no [success=N] and no [success=done] goes past it",
            words::OURS
        );
        let both = by.and_then(|by| Some((self.places.get(by)?, self.modules.get(by)?)));
        let Some((place, module)) = both else {
            return Some(Fault {
                finding: Finding::Problem,
                what: "somebody who proved nothing is let in without a code".to_owned(),
                mend,
            });
        };
        if module.name == words::ROOT {
            // It is root already.
            return None;
        }
        let finding = if words::checks_a_password(&module.name) {
            Finding::Problem
        } else {
            Finding::Warning
        };
        Some(Fault {
            finding,
            what: format!(
                "{}: whoever passes {} is let in without a code",
                place.at(),
                place.module
            ),
            mend,
        })
    }
}

/// How our lines must stand.
fn as_shipped() -> String {
    format!(
        "say auth required {}, followed by auth required {}; sufficient, optional and [default=ignore] \
         let logins in without a code",
        words::OURS,
        words::PERMIT
    )
}

#[cfg(test)]
mod tests;
