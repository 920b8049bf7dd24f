//! What all measurements share: a stage with the product on real disk, three stores, relays of three
//! kinds, a PAM service for each combination, the peer, and the accounts that log in.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::disk::Disk;
use super::disk::write_private;
use super::drive::Driver;
use super::driver::Login;
use super::driver::Typed;
use super::driver::Work;
use super::mailroom;
use super::mailroom::Mailroom;
use super::peer;
use super::peer::Authenticator;
use crate::aging::StoreFile;
use crate::config::Config;
use crate::product;
use crate::product::STORE;
use crate::smtp::Act;
use crate::smtp::Encryption;
use crate::smtp::Fault;
use crate::smtp::Sink;
use crate::smtp::Step;
use crate::stack::Stack;
use crate::stage::Stage;
use crate::wait;

/// How many accounts log in: as many as ever do at once.
pub(crate) const ACCOUNTS: usize = 32;

/// How many accounts the two other stores begin with.
pub(crate) const FEW: usize = 10;

/// How many accounts the large store has in the end.
const MANY: u32 = 1_000_000;

/// A PAM service of the rig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// `pam_permit`.
    Permit,
    /// The peer.
    Peer,
    /// Gatepost, mailing over STARTTLS.
    StartTls,
    /// Gatepost, mailing in plaintext to the loopback.
    Plain,
    /// Gatepost with a relay that takes connections and says nothing.
    Silent,
    /// As [`Service::Plain`], with a store of ten accounts.
    Few,
    /// As [`Service::Plain`], with a store of a million accounts.
    Many,
}

/// Somebody who logs in.
#[derive(Debug)]
pub(crate) struct Account {
    /// The name, in the password database and in the stores.
    pub(crate) name: String,
    address: String,
    rhost: String,
    /// Where codes for it come out.
    pub(crate) letter_box: String,
    authenticator: Authenticator,
}

/// The rig. Its parts go in this order.
#[derive(Debug)]
pub(crate) struct Rig {
    /// What logs in.
    pub(crate) driver: Driver,
    /// The relays: STARTTLS, plaintext, silent.
    pub(crate) relays: [Mailroom; 3],
    /// The accounts; the first [`FEW`] of them are in every store.
    pub(crate) accounts: Vec<Account>,
    /// The stage.
    pub(crate) stage: Stage,
    is_seeded: bool,
    _disk: Disk,
}

/// The stores beside the usual one.
const STORES: [(Service, &str); 2] = [
    (Service::Few, "/var/lib/bench-few"),
    (Service::Many, "/var/lib/bench-many"),
];

impl Rig {
    /// Builds the product if need be, and sets everything up; the disk is a folder in `target`.
    pub(crate) fn set_up(target: &Path) -> Self {
        let disk = Disk::make(target);
        let ours = disk.folder("ours");
        let theirs = disk.folder("theirs");
        let others = STORES.map(|(service, path)| (service, path, disk.folder(service.name())));
        let sinks = [Encryption::StartTls, Encryption::None, Encryption::None].map(Sink::start);
        let [starttls, plain, silent] = &sinks;
        silent.fault(Fault::At(Step::Greeting, Act::Silent));

        let mut builder = Stage::builder().product(generous(Config::to(starttls)));
        for service in Service::ALL {
            builder = builder.stack(service.name(), &service.stack());
        }
        for (number, uid) in (0..ACCOUNTS).zip(3000..) {
            builder = builder.guest(&name(number), uid);
        }
        let stage = builder.build();
        // A seeded store has rows without events.
        stage.store_is_broken_on_purpose();
        ours.mount_over(folder_of(STORE));
        theirs.mount_over(peer::FOLDER);
        let configs = [
            (Service::Plain, generous(Config::to(plain))),
            (Service::Silent, impatient(Config::to(silent))),
        ];
        for (service, config) in configs {
            stage.write_as(&service.config(), &config.text(), 0o600);
        }
        fs::create_dir(BOXES).expect("a folder for letter boxes");
        let accounts: Vec<Account> = (0..ACCOUNTS)
            .map(|number| Account::new(&stage, number))
            .collect();
        enrol(&stage, accounts.iter().take(FEW));
        for (service, path, folder) in others {
            folder.mount_over(path);
            let store = format!("{path}/gatepost.db");
            write_private(Path::new(&store), &fs::read(STORE).expect("read the store"));
            let config = generous(Config::to(plain)).set("store.path", &store);
            stage.write_as(&service.config(), &config.text(), 0o600);
        }
        enrol(&stage, accounts.iter().skip(FEW));
        let places = accounts
            .iter()
            .map(|account| (account.address.clone(), account.letter_box.clone()));
        let boxes = mailroom::boxes(places);
        Self {
            driver: Driver::start(&stage),
            relays: sinks.map(|sink| Mailroom::open(sink, &boxes)),
            accounts,
            stage,
            is_seeded: false,
            _disk: disk,
        }
    }

    /// A right login of an account, which must be the next one that this account does.
    pub(crate) fn login(&self, service: Service, account: usize) -> Login {
        let account = self.account(account);
        Login {
            service: service.name().to_owned(),
            user: account.name.clone(),
            rhost: account.rhost.clone(),
            typed: match service {
                Service::Permit | Service::Silent => Typed::Nothing,
                Service::Peer => Typed::Text(account.authenticator.next_code()),
                Service::StartTls | Service::Plain | Service::Few | Service::Many => {
                    Typed::Mailed(account.letter_box.clone())
                }
            },
            hesitates: 0,
            weigh: false,
            sees_through: service != Service::Silent,
        }
    }

    /// The account of this number; one past the end begins anew.
    fn account(&self, number: usize) -> &Account {
        let account = self.accounts.get(number % self.accounts.len());
        account.expect("a rig has accounts")
    }

    /// Fills the large store, once.
    pub(crate) fn seed(&mut self) {
        if !self.is_seeded {
            self.store(Service::Many).seed_accounts(MANY);
            self.is_seeded = true;
        }
    }

    /// The store that a service uses.
    #[expect(clippy::unused_self, reason = "it reads as the rig's own")]
    pub(crate) fn store(&self, service: Service) -> StoreFile {
        StoreFile::at(store_of(service))
    }

    /// Lets all accounts start afresh, once nothing is left over of the logins before.
    pub(crate) fn settle(&self) {
        self.wait_for_quiet();
        for service in [Service::Plain, Service::Few, Service::Many] {
            self.store(service).start_afresh();
        }
    }

    /// Waits for what is left over of logins that were not seen through.
    pub(crate) fn wait_for_quiet(&self) {
        let gone = wait::until(Duration::from_mins(1), || {
            let left = ["gatepost-helper", "gatepost-sender"]
                .iter()
                .any(|name| !self.stage.processes(name).is_empty());
            (!left).then_some(())
        });
        assert!(gone.is_some(), "helpers or senders that do not end");
    }

    /// Insists that right codes are taken and wrong ones are not: a misspelt service would fall back to
    /// `other`, and a bench of nothing is fast.
    pub(crate) fn prove(&mut self) {
        for service in Service::ALL {
            let right = match service {
                Service::Silent => "PAM_CONV_ERR",
                Service::Permit
                | Service::Peer
                | Service::StartTls
                | Service::Plain
                | Service::Few
                | Service::Many => "PAM_SUCCESS",
            };
            let login = self.login(service, 0);
            let wrong = Login {
                typed: Typed::Text("000000".to_owned()),
                ..login.clone()
            };
            let records = self
                .driver
                .run_in_turn([login, wrong].map(Work::Login).to_vec());
            let codes: Vec<&str> = records.iter().map(|record| &*record.code).collect();
            let is_proved = match codes.as_slice() {
                [first, second] => {
                    *first == right && (*second != "PAM_SUCCESS" || service == Service::Permit)
                }
                _ => false,
            };
            assert!(
                is_proved,
                "{}: {codes:?}\n{}",
                service.name(),
                self.stage.report()
            );
            self.settle();
        }
    }
}

/// Where the letter boxes are.
const BOXES: &str = "/run/bench";

impl Account {
    fn new(stage: &Stage, number: usize) -> Self {
        let name = name(number);
        Self {
            address: format!("{name}@example.org"),
            // A source each, as budgets are a source's too.
            rhost: format!("192.0.2.{}", number + 1),
            letter_box: format!("{BOXES}/{name}"),
            authenticator: Authenticator::enrol(stage, &name),
            name,
        }
    }
}

fn name(number: usize) -> String {
    format!("bench{number:02}")
}

fn enrol<'a>(stage: &Stage, accounts: impl Iterator<Item = &'a Account>) {
    for account in accounts {
        stage.enrol(&account.name, &account.address);
    }
}

impl Service {
    /// All services.
    pub(crate) const ALL: [Self; 7] = [
        Self::Permit,
        Self::Peer,
        Self::StartTls,
        Self::Plain,
        Self::Silent,
        Self::Few,
        Self::Many,
    ];

    /// The name in /etc/pam.d: lower case, as libpam lower-cases what it looks for.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Permit => "bench-permit",
            Self::Peer => "bench-peer",
            Self::StartTls => "bench-starttls",
            Self::Plain => "bench-plain",
            Self::Silent => "bench-silent",
            Self::Few => "bench-few",
            Self::Many => "bench-many",
        }
    }

    fn stack(self) -> Stack {
        match self {
            Self::Permit => Stack::permit(),
            Self::Peer => peer::stack(),
            Self::StartTls | Self::Plain | Self::Silent | Self::Few | Self::Many => {
                Stack::module(&format!("conf={}", self.config()))
            }
        }
    }

    fn config(self) -> String {
        match self {
            Self::StartTls => product::CONFIG.to_owned(),
            Self::Permit | Self::Peer | Self::Plain | Self::Silent | Self::Few | Self::Many => {
                format!("/etc/gatepost/{}.toml", self.name())
            }
        }
    }
}

/// The path of the store that a service uses.
pub(crate) fn store_of(service: Service) -> String {
    STORES
        .iter()
        .find(|(other, _)| *other == service)
        .map_or_else(
            || STORE.to_owned(),
            |(_, folder)| format!("{folder}/gatepost.db"),
        )
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

/// No honest login of a bench meets a limit: each success fills the budgets, save the ceiling of mails
/// an address gets in a day.
fn generous(config: Config) -> Config {
    config
        .number("limits.mails_per_address_per_day", 200)
        .number("limits.sends_per_source", 1000)
        .set("limits.send_cooldown", "1s")
}

/// Nobody answers a mail that is never sent: each login is to try anew, and to give up soon.
fn impatient(config: Config) -> Config {
    generous(config)
        .set("mail.deadline", "3s")
        .set("code.binding", "session")
}
