//! The helper's side: a job in, a report out, run as nobody where the tests run as root.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use gatepost_words::job::{
    Content, Job, Letter, MAX_PROOF, PRINT, Printed, Proof, Relay, Report, Tls,
};
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;
use gatepost_words::wire;

/// uid and gid of nobody.
const NOBODY: u32 = 65534;

/// The code in every letter here.
pub(crate) const CODE: &str = "1234 5678";

/// A job to a plaintext relay on loopback.
pub(crate) fn job(port: u16) -> Job {
    Job {
        relay: Relay {
            host: "127.0.0.1".to_owned(),
            port,
            tls: Tls::LoopbackPlaintext,
            roots: "/nonexistent".to_owned(),
            credentials: None,
            hello_name: "host01.example.org".to_owned(),
            time: Span::from_secs(8),
        },
        letter: Letter {
            from: "Gatepost <gatepost@example.org>".to_owned(),
            envelope_from: "gatepost@example.org".to_owned(),
            to: "alice@example.net".to_owned(),
            templates: None,
            content: Content::Code {
                code: Secret::from(CODE.to_owned()),
                service: "sshd".to_owned(),
                source: "192.0.2.7".to_owned(),
                valid_for: "5 min".to_owned(),
                reference: "K7QX".to_owned(),
                code_in_subject: false,
            },
            host: "host01".to_owned(),
            account: "alice".to_owned(),
            when: "22 Nov 2026 14:03:04 CET".to_owned(),
            epoch_secs: 1_795_356_184,
        },
    }
}

/// A user name and a password.
pub(crate) fn credentials() -> (String, Secret) {
    ("mailer".to_owned(), Secret::from("hunter2".to_owned()))
}

/// Starts the sender, without a word to it yet.
pub(crate) fn start() -> Child {
    spawn(&mut Command::new(env!("CARGO_BIN_EXE_gatepost-sender")))
}

/// Starts a command that becomes the sender.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.spawn().unwrap()
}

/// Hands a job over.
pub(crate) fn instruct(child: &mut Child, job: &Job) {
    let frame = wire::encode(job).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(frame.expose()).unwrap();
}

/// Waits for the end: what was written to standard output and error, and how it ended.
pub(crate) fn finish(mut child: Child) -> (Vec<u8>, String, ExitStatus) {
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    let mut err = String::new();
    let stderr = child.stderr.as_mut().unwrap();
    stderr.read_to_string(&mut err).unwrap();
    (out, err, child.wait().unwrap())
}

/// The report in a frame.
pub(crate) fn decode(frame: &[u8]) -> Report {
    let (header, body) = frame.split_at(wire::HEADER);
    assert_eq!(
        wire::body_length(header.try_into().unwrap()),
        Ok(body.len())
    );
    wire::decode(body).unwrap()
}

/// Runs a job to its report; nothing on standard error, exit 0.
pub(crate) fn run(job: &Job) -> Report {
    let mut child = start();
    instruct(&mut child, job);
    let (out, err, status) = finish(child);
    assert_eq!((err.as_str(), status.code()), ("", Some(0)));
    decode(&out)
}

/// Has a letter printed; nothing on standard error, exit 0.
pub(crate) fn print(letter: Letter, trial: Option<(&str, &str)>) -> Printed {
    let proof = Proof {
        letter,
        trial: trial.map(|(name, text)| (name.to_owned(), text.to_owned())),
        time: Span::from_secs(5),
    };
    let program = env!("CARGO_BIN_EXE_gatepost-sender");
    let mut child = spawn(Command::new(program).arg(PRINT));
    let frame = wire::encode_within(&proof, MAX_PROOF).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(frame.expose()).unwrap();
    drop(stdin);
    let (out, err, status) = finish(child);
    assert_eq!((err.as_str(), status.code()), ("", Some(0)));
    let (header, body) = out.split_at(wire::HEADER);
    let length = wire::body_length_within(header.try_into().unwrap(), MAX_PROOF);
    assert_eq!(length, Ok(body.len()));
    wire::decode(body).unwrap()
}

/// A folder that goes with its test, readable by nobody.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "sender-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    /// Writes a file that everybody may read.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn path(&self) -> String {
        self.0.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}
