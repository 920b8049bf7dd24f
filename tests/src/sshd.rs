//! A real sshd on a free port of the loopback, and a real ssh client at a terminal to log in with.

use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::process::Process;
use crate::pty::Pty;
use crate::stage::SHELL_PROMPT;
use crate::stage::Stage;
use crate::users::User;
use crate::wait;
use crate::wait::SOON;

const FOLDER: &str = "/etc/ssh/rig";

/// A running sshd. The PAM service is `sshd`: write /etc/pam.d/sshd with [`Stage::stack`].
#[derive(Debug)]
pub struct Sshd<'s> {
    stage: &'s Stage,
    process: Process,
    port: u16,
}

impl<'s> Sshd<'s> {
    /// Starts sshd with keyboard-interactive logins through PAM and nothing else.
    pub fn start(stage: &'s Stage) -> Self {
        Self::start_with(stage, "")
    }

    /// As [`Sshd::start`], with these lines in front of the configuration: sshd takes the first it meets.
    pub fn start_with(stage: &'s Stage, lines: &str) -> Self {
        // A free port may be taken by another test before sshd has it: then sshd ends, and we try again.
        for _ in 0..5 {
            if let Some(sshd) = Self::try_start(stage, lines) {
                return sshd;
            }
        }
        panic!("sshd does not start\n{}", stage.report());
    }

    fn try_start(stage: &'s Stage, lines: &str) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let config = format!("{FOLDER}/sshd_config.{port}");
        let key = host_key(stage);
        stage.write_as(
            &config,
            &format!("{lines}\n{}", configuration(port, &key)),
            0o600,
        );
        let mut command = stage.command("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f", &config]);
        let mut process = Process::start(&mut command);
        stage
            .ledger
            .watch(&format!("sshd on port {port}"), &process.stderr);
        let listening = wait::until(SOON, || {
            if process.wait(Duration::ZERO).is_some() {
                return Some(false);
            }
            process
                .stderr
                .text()
                .contains("Server listening")
                .then_some(true)
        });
        (listening == Some(true)).then_some(Self {
            stage,
            process,
            port,
        })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The pid of the listening sshd.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What sshd logged so far.
    pub fn log(&self) -> String {
        self.process.stderr.text()
    }

    /// Waits for a line in sshd's log.
    pub fn wait_for_log(&self, text: &str, deadline: Duration) -> bool {
        self.process.stderr.wait_for(text, 0, deadline).is_some()
    }

    /// A bare connection, for tests of what sshd does with clients that say nothing.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).expect("connect to sshd")
    }

    /// A client that will log in as `user`.
    pub fn client(&self, user: &str) -> Client<'s> {
        let mut command = self.stage.command("/usr/bin/ssh");
        command.args(["-F", "none", "-p", &self.port.to_string(), "-l", user]);
        for option in [
            "UserKnownHostsFile=/dev/null",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=no",
            "LogLevel=ERROR",
            "NumberOfPasswordPrompts=1",
            "IdentityAgent=none",
        ] {
            command.args(["-o", option]);
        }
        Client {
            stage: self.stage,
            command,
            methods: "keyboard-interactive".to_owned(),
            remote: Vec::new(),
        }
    }

    /// Starts to log in as `user` by keyboard-interactive.
    pub fn login(&self, user: &str) -> Login<'s> {
        self.client(user).start()
    }
}

/// An ssh client that has not started yet.
#[derive(Debug)]
pub struct Client<'s> {
    stage: &'s Stage,
    command: Command,
    methods: String,
    remote: Vec<String>,
}

impl<'s> Client<'s> {
    /// The methods that the client offers, e.g. `publickey,keyboard-interactive`.
    #[must_use]
    pub fn methods(mut self, methods: &str) -> Self {
        methods.clone_into(&mut self.methods);
        self
    }

    /// Offers this private key alone.
    #[must_use]
    pub fn identity(mut self, path: &str) -> Self {
        self.command.args(["-i", path, "-o", "IdentitiesOnly=yes"]);
        self
    }

    /// Sets an option of `ssh_config`(5), e.g. `NumberOfPasswordPrompts=3`; the last one given wins.
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        // ssh takes the first value it meets.
        let mut command = self.stage.command("/usr/bin/ssh");
        command.args(["-o", option]).args(self.command.get_args());
        self.command = command;
        self
    }

    /// Connects from this loopback address, e.g. `127.0.0.2`: another source to the product.
    #[must_use]
    pub fn from(self, address: &str) -> Self {
        self.option(&format!("BindAddress={address}"))
    }

    /// Runs this command instead of a shell.
    #[must_use]
    pub fn remote(mut self, command: &str) -> Self {
        self.remote.push(command.to_owned());
        self
    }

    /// Starts the client at a terminal.
    pub fn start(mut self) -> Login<'s> {
        self.command
            .args(["-o", &format!("PreferredAuthentications={}", self.methods)]);
        self.command.arg("127.0.0.1").args(&self.remote);
        Login {
            stage: self.stage,
            pty: Pty::start(self.stage, &self.command),
        }
    }
}

/// A login under way: a script of prompts and answers, each step panicking with all that is known.
#[derive(Debug)]
pub struct Login<'s> {
    stage: &'s Stage,
    /// The client's terminal.
    pub pty: Pty<'s>,
}

impl Login<'_> {
    /// Waits for `pam_unix`'s prompt and types the password.
    #[track_caller]
    pub fn password(&mut self, password: &str) -> &mut Self {
        self.expect_prompt("Password: ").answer(password)
    }

    /// Waits for `pam_unix`'s prompt and types the right password of a user of the rig.
    #[track_caller]
    pub fn password_of(&mut self, user: &str) -> &mut Self {
        self.password(User::password_of(user))
    }

    /// Waits for a prompt that ends in `text`.
    #[track_caller]
    pub fn expect_prompt(&mut self, text: &str) -> &mut Self {
        self.pty.wait_for(text);
        self
    }

    /// Types an answer.
    pub fn answer(&mut self, text: &str) -> &mut Self {
        self.pty.send_line(text);
        self
    }

    /// Proves that a shell runs as somebody: it must do a sum and say its user's name.
    #[track_caller]
    pub fn expect_shell(&mut self) -> &mut Self {
        self.pty.wait_for(SHELL_PROMPT);
        self.pty.send_line("echo shell-$((6*7))-$(id -un)-");
        self.pty.wait_for("shell-42-");
        self
    }

    /// Ends the shell and waits for the client's end.
    #[track_caller]
    pub fn log_out(&mut self) {
        self.pty.send_line("exit");
        self.pty.wait_exit(SOON);
    }

    /// Insists that the server refuses and the client ends without a shell.
    #[track_caller]
    pub fn expect_refusal(&mut self) -> &mut Self {
        let status = self.pty.wait_exit(Duration::from_secs(30));
        let transcript = self.pty.transcript();
        let refused = [
            "Permission denied",
            "Too many authentication failures",
            "Connection closed",
        ];
        assert!(
            status.code() == Some(255) && refused.iter().any(|words| transcript.contains(words)),
            "no refusal ({status}):\n{transcript}\n{}",
            self.stage.report()
        );
        self
    }
}

fn host_key(stage: &Stage) -> String {
    let path = format!("{FOLDER}/host_key");
    make_key(stage, &path);
    path
}

/// Makes an Ed25519 key pair at `path` and `path`.pub, unless it is there.
pub fn make_key(stage: &Stage, path: &str) {
    if std::path::Path::new(path).exists() {
        return;
    }
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder).expect("a folder for keys");
    }
    let mut command = stage.command("/usr/bin/ssh-keygen");
    let _ = stage
        .run(command.args(["-q", "-t", "ed25519", "-N", "", "-f", path]))
        .success();
}

/// Makes a key for `user`, lets it in, and yields the path of its private half (readable by root alone).
pub fn authorise(stage: &Stage, user: &str) -> String {
    let path = format!("/root/rig-keys/{user}");
    make_key(stage, &path);
    let public = stage.read(&format!("{path}.pub"));
    stage.write(&format!("{FOLDER}/authorized_keys/{user}"), &public);
    path
}

fn configuration(port: u16, key: &str) -> String {
    format!(
        "Port {port}
ListenAddress 127.0.0.1
HostKey {key}
PidFile none
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication yes
AuthorizedKeysFile {FOLDER}/authorized_keys/%u
PermitRootLogin yes
UseDNS no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
"
    )
}
