//! A stage: the calling thread's own view of the machine, on which a test may write to /etc, start
//! sshd, break the store, and leave nothing behind.
//!
//! Mount namespaces belong to threads. [`StageBuilder::build`] moves the calling thread into a new one;
//! every thread and process started from there on lives in it, and other tests, in other threads, see
//! nothing of it. Hence a stage cannot move to another thread, and is dropped where it was made.

mod mounts;
mod stray;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::marker::PhantomData;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

pub use mounts::HOST_NAME;
pub use stray::Running;

use crate::aging::Delivery;
use crate::aging::StoreFile;
use crate::config::Config;
use crate::config::ROOTS_PATH;
use crate::invariants;
use crate::invariants::Ledger;
use crate::pam;
use crate::process::Finished;
use crate::process::Process;
use crate::product;
use crate::product::Artifacts;
use crate::product::Program;
use crate::smtp::Sink;
use crate::stack::Stack;
use crate::syslog::Syslog;
use crate::syslog::SyslogLine;
use crate::users;
use crate::users::User;
use crate::wait;
use crate::wait::SOON;
use mounts::Namespace;

/// How long a program run by [`Stage::run`] may take.
const RUN_LIMIT: Duration = Duration::from_mins(1);

/// What an interactive login shell shows on a stage when it is ready.
pub const SHELL_PROMPT: &str = "rig-shell> ";

/// Where `gatepost-pam-host` lies on a stage.
pub(crate) const PAM_HOST: &str = "/usr/libexec/gatepost-pam-host";

/// What a stage shall have when it opens.
#[derive(Debug, Default)]
pub struct StageBuilder {
    guests: Vec<User>,
    files: Vec<(String, String, u32)>,
    stacks: Vec<(String, Stack)>,
    product: Option<Config>,
    enrolled: Vec<(String, String)>,
}

/// A private view of the machine; see the module's text.
#[derive(Debug)]
pub struct Stage {
    namespace: Namespace,
    syslog: Syslog,
    sinks: RefCell<Vec<Sink>>,
    has_product: bool,
    /// What the invariants are judged by when the stage goes.
    pub(crate) ledger: Ledger,
    /// Namespaces belong to the thread.
    not_send: PhantomData<*const ()>,
}

impl StageBuilder {
    /// Adds a user under any name, with [`users::GUEST_PASSWORD`].
    #[must_use]
    pub fn guest(mut self, name: &str, uid: u32) -> Self {
        self.guests.push(User::guest(name, uid));
        self
    }

    /// Writes a file, mode 0644, before anything starts.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned(), 0o644));
        self
    }

    /// Writes /etc/pam.d/`service`.
    #[must_use]
    pub fn stack(mut self, service: &str, stack: &Stack) -> Self {
        self.stacks.push((service.to_owned(), stack.clone()));
        self
    }

    /// Installs the product: its files, `gatepost setup`, then this configuration.
    #[must_use]
    pub fn product(mut self, config: Config) -> Self {
        self.product = Some(config);
        self
    }

    /// Enrols a user with a confirmed address; needs the product.
    #[must_use]
    pub fn enrol(mut self, user: &str, address: &str) -> Self {
        self.enrolled.push((user.to_owned(), address.to_owned()));
        self
    }

    /// Opens the stage in the calling thread.
    pub fn build(self) -> Stage {
        let mut programs = vec![Program::open(&pam::host_program(), PAM_HOST, 0o755)];
        if self.product.is_some() {
            programs.extend(Artifacts::get().programs());
        }
        // As a service has it: whoever runs the tests may have no role on the stage. Where that cannot be
        // changed, they need one.
        let _kept = fs::write("/proc/self/loginuid", u32::MAX.to_string());
        let namespace = Namespace::enter();
        let mut people = User::rig();
        people.extend(self.guests);
        users::install(&people);
        fs::write("/etc/profile.d/rig.sh", format!("PS1='{SHELL_PROMPT}'\n"))
            .expect("set a prompt");
        programs.into_iter().for_each(Program::put);
        let stage = Stage {
            namespace,
            syslog: Syslog::listen(),
            sinks: RefCell::default(),
            has_product: self.product.is_some(),
            ledger: Ledger::default(),
            not_send: PhantomData,
        };
        for user in &people {
            stage.ledger.add_secret(user.password);
        }
        for (service, stack) in &self.stacks {
            stage.stack(service, stack);
        }
        if let Some(config) = &self.product {
            stage.set_up(config);
        }
        for (path, text, mode) in &self.files {
            stage.write_as(path, text, *mode);
        }
        for (user, address) in &self.enrolled {
            stage.enrol(user, address);
        }
        stage
    }
}

impl Stage {
    /// A stage to be described.
    pub fn builder() -> StageBuilder {
        StageBuilder::default()
    }

    /// A bare stage: users and syslog, no product.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A stage with the product configured to deliver to `sink`.
    pub fn with_product(sink: &Sink) -> Self {
        Self::builder().product(Config::to(sink)).build()
    }

    fn set_up(&self, config: &Config) {
        let _ = self.gatepost(&["setup"]).success();
        self.configure(config);
    }

    /// Replaces the configuration, with its relays' password files and the rig's certificate.
    pub fn configure(&self, config: &Config) {
        for sink in config.sinks() {
            self.watch(sink);
            self.write_as(ROOTS_PATH, &sink.roots_pem(), 0o644);
        }
        for (path, password) in config.password_files() {
            self.write_as(path, password, 0o600);
        }
        self.write_as(product::CONFIG, &config.text(), 0o600);
        let rules = config.rules();
        if !rules.is_empty() {
            self.put_rules(&rules);
        }
    }

    /// Puts rules in force, through the administrator's program.
    pub fn put_rules(&self, rules: &str) {
        let file = "/etc/rig-rules.toml";
        self.write(file, rules);
        let apply = ["policy", "apply", file, "--yes", "--even-if-locked-out"];
        let _ = self.gatepost(&apply).success();
    }

    /// Enrols a user with a confirmed address, through the administrator's program.
    pub fn enrol(&self, user: &str, address: &str) {
        let _ = self
            .gatepost(&["user", "add", user, address, "--confirmed"])
            .success();
    }

    /// Makes recovery codes for a user, through the administrator's program.
    pub fn recovery_codes(&self, user: &str) -> Vec<String> {
        let made = self.gatepost(&["recovery", "new", user]).success();
        let codes: Vec<String> = made.stdout.lines().map(str::to_owned).collect();
        for code in &codes {
            self.secret(code);
            self.secret(&code.replace('-', ""));
        }
        // Its owner is told of them by mail, which is no mail of the sign-in that follows.
        self.store().forget_notices();
        codes
    }

    /// Makes a bypass code for a user, through the administrator's program.
    pub fn bypass_code(&self, user: &str, arguments: &[&str]) -> String {
        let words = ["bypass", "new", user, "--reason", "TICKET-812", "--yes"];
        let made = self.gatepost(&[&words, arguments].concat()).success();
        let code = made.stdout.trim_end().to_owned();
        self.secret(&code);
        self.secret(&code.replace('-', ""));
        code
    }

    /// Waits until this many attempts to deliver are on record, and yields all there are.
    #[track_caller]
    pub fn wait_for_deliveries(&self, count: usize) -> Vec<Delivery> {
        let store = self.store();
        let recorded = || store.deliveries().ok().filter(|all| all.len() >= count);
        wait::until(SOON, recorded).unwrap_or_else(|| {
            let there = store.deliveries();
            panic!("{count} deliveries wanted: {there:?}\n{}", self.report())
        })
    }

    /// Runs the administrator's program as root, without a terminal.
    pub fn gatepost(&self, arguments: &[&str]) -> Finished {
        self.run(self.command(product::CLI).args(arguments))
    }

    /// Lets the stage's report and its invariants take in what `sink` sees and knows.
    pub fn watch(&self, sink: &Sink) {
        self.sinks.borrow_mut().push(sink.clone());
    }

    /// Writes /etc/pam.d/`service`.
    pub fn stack(&self, service: &str, stack: &Stack) {
        self.write_as(&format!("/etc/pam.d/{service}"), &stack.text(), 0o644);
    }

    /// Writes a file with mode 0644, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        self.write_as(path, text, 0o644);
    }

    /// Writes a file with this mode, and the folders above it.
    pub fn write_as(&self, path: &str, text: &str, mode: u32) {
        if let Some(folder) = Path::new(path).parent() {
            fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        fs::write(path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Reads a file as the stage sees it.
    pub fn read(&self, path: &str) -> String {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A command with a short, fixed environment and no input.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm")
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Starts a command made by [`Stage::command`], its outputs captured.
    pub fn start(&self, command: &mut Command) -> Process {
        Process::start(command)
    }

    /// Runs a command to its end.
    pub fn run(&self, command: &mut Command) -> Finished {
        self.start(command).finish(RUN_LIMIT)
    }

    /// Runs a program with its arguments, which must succeed.
    pub fn does(&self, words: &[&str]) {
        let (program, arguments) = words.split_first().expect("a program to run");
        let _done = self.run(self.command(program).args(arguments)).success();
    }

    /// All syslog lines so far.
    pub fn syslog(&self) -> Vec<SyslogLine> {
        self.syslog.lines()
    }

    /// Waits for a syslog line; panics with the whole log when none comes.
    #[track_caller]
    pub fn wait_for_syslog(
        &self,
        deadline: Duration,
        wanted: impl Fn(&SyslogLine) -> bool,
    ) -> SyslogLine {
        self.syslog
            .wait(deadline, wanted)
            .unwrap_or_else(|| panic!("no such syslog line within {deadline:?}\n{}", self.report()))
    }

    /// A login through libpam in a process of its own; see [`pam::Client`].
    pub fn pam(&self, service: &str) -> pam::Client<'_> {
        pam::Client::new(self, service)
    }

    /// The store of the installed product, for a look or for ageing it.
    pub fn store(&self) -> StoreFile {
        assert!(
            self.has_product,
            "this stage has no product, hence no store"
        );
        StoreFile::at(product::STORE)
    }

    /// The processes on the stage that have this name (15 bytes of it at most), e.g. `gatepost-helper`.
    pub fn processes(&self, name: &str) -> Vec<Running> {
        stray::processes(&self.namespace.identity)
            .into_iter()
            .filter(|running| running.name == name)
            .collect()
    }

    /// Waits for a process of this name; panics with all that is known when none comes.
    #[track_caller]
    pub fn wait_for_process(&self, name: &str) -> Running {
        wait::until(SOON, || self.processes(name).into_iter().next())
            .unwrap_or_else(|| panic!("no process named {name}\n{}", self.report()))
    }

    /// Waits until no helper and no sender is left: what a login left to be done has been done then.
    #[track_caller]
    pub fn wait_for_quiet(&self) {
        let quiet = wait::until(3 * SOON, || {
            let busy = ["gatepost-helper", "gatepost-sender"]
                .iter()
                .any(|name| !self.processes(name).is_empty());
            (!busy).then_some(())
        });
        assert!(
            quiet.is_some(),
            "a helper or a sender does not end\n{}",
            self.report()
        );
    }

    /// True when the product was installed.
    pub fn has_product(&self) -> bool {
        self.has_product
    }

    /// Names text that must never show up in a log, the store or a captured stderr (I5).
    pub fn secret(&self, text: &str) {
        self.ledger.add_secret(text);
    }

    /// Codes, passwords and relay secrets that the stage and its sinks know of.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = self.ledger.secrets();
        for sink in self.sinks.borrow().iter() {
            secrets.extend(sink.secrets());
        }
        secrets
    }

    /// All that the stage knows, for a failure's report.
    pub fn report(&self) -> String {
        let mut report = String::from("=== syslog\n");
        for SyslogLine {
            facility,
            severity,
            raw,
            ..
        } in self.syslog()
        {
            let _ = writeln!(report, "{facility}.{severity} {raw}");
        }
        report.push_str("=== processes\n");
        for running in stray::processes(&self.namespace.identity) {
            let _ = writeln!(report, "{}", running.describe());
        }
        for sink in self.sinks.borrow().iter() {
            let _ = writeln!(
                report,
                "=== smtp sink on port {}\n{}",
                sink.port(),
                sink.log()
            );
        }
        report + &self.ledger.report()
    }

    /// Closes the stage now: asserts the standing invariants and that nothing is left over.
    ///
    /// Dropping a stage does the same; this says so in the test's text.
    pub fn finish(self) {
        drop(self);
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A helper that has recorded its decision may still be writing its line: not to be killed
        // in between.
        let _lingers = wait::until(SOON / 3, || {
            self.processes("gatepost-helper").is_empty().then_some(())
        });
        let mut faults = stray::end_all(&self.namespace.identity);
        self.syslog.stop();
        for sink in self.sinks.borrow().iter() {
            sink.stop();
        }
        faults.extend(invariants::judge(self));
        let report = self.report();
        faults.extend(stray::threads_left(&self.namespace.identity));
        faults.extend(self.namespace.leave().err());
        if thread::panicking() {
            invariants::print_report(&faults, &report);
        } else if !faults.is_empty() {
            panic!(
                "standing invariants broken:\n{}\n{report}",
                faults.join("\n")
            );
        }
    }
}
