//! The product's four files: built once a test run by cargo (or taken from a folder), and put in place
//! on a stage as a package would.
//!
//! `GATEPOST_TEST_PROFILE` names the cargo profile, by default the tests' own; `GATEPOST_TEST_BIN_DIR`
//! names a folder that holds the four files already, then nothing is built.

use std::env;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;

/// The helper's place on a stage.
pub const HELPER: &str = "/usr/libexec/gatepost/gatepost-helper";
/// The sender's place on a stage.
pub const SENDER: &str = "/usr/libexec/gatepost/gatepost-sender";
/// The administrator's program on a stage.
pub const CLI: &str = "/usr/bin/gatepost";
/// The configuration's place.
pub const CONFIG: &str = "/etc/gatepost/gatepost.toml";
/// The store's place.
pub const STORE: &str = "/var/lib/gatepost/gatepost.db";
/// The module's file name in the security folder.
pub const MODULE: &str = "pam_gatepost.so";

/// The cargo profile that this crate was built with.
pub(crate) const OWN_PROFILE: &str = if cfg!(debug_assertions) {
    "dev"
} else {
    "release"
};

/// Where the built files lie on the host.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// The PAM module.
    pub module: PathBuf,
    /// The root helper.
    pub helper: PathBuf,
    /// The mail sender.
    pub sender: PathBuf,
    /// The administrator's program.
    pub cli: PathBuf,
}

impl Artifacts {
    /// The product's files; the first call in a test run builds them.
    ///
    /// To be called outside any stage: inside, cargo would see the stage's private folders.
    pub fn get() -> &'static Self {
        static BUILT: OnceLock<Artifacts> = OnceLock::new();
        BUILT.get_or_init(|| match env::var_os("GATEPOST_TEST_BIN_DIR") {
            Some(folder) => Self::in_folder(Path::new(&folder)),
            None => Self::build(),
        })
    }

    fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| {
            let path = folder.join(name);
            assert!(path.exists(), "GATEPOST_TEST_BIN_DIR lacks {name}");
            path
        };
        let module = if folder.join(MODULE).exists() {
            MODULE
        } else {
            "libpam_gatepost.so"
        };
        Self {
            module: file(module),
            helper: file("gatepost-helper"),
            sender: file("gatepost-sender"),
            cli: file("gatepost"),
        }
    }

    fn build() -> Self {
        let profile = env::var("GATEPOST_TEST_PROFILE").unwrap_or_else(|_| OWN_PROFILE.to_owned());
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .args([
                "build",
                "--message-format=json-render-diagnostics",
                "--profile",
                &profile,
            ])
            .args([
                "-p",
                "gatepost-pam",
                "-p",
                "gatepost-helper",
                "-p",
                "gatepost-sender",
            ])
            .args(["-p", "gatepost"])
            .stdin(Stdio::null())
            .output()
            .expect("start cargo");
        assert!(
            output.status.success(),
            "cargo build of the product failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let messages = String::from_utf8_lossy(&output.stdout);
        let find = |target: &str| {
            messages
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .find_map(|message| artifact_path(&message, target))
                .unwrap_or_else(|| panic!("cargo built no {target}:\n{messages}"))
        };
        Self {
            module: find("pam_gatepost"),
            helper: find("gatepost-helper"),
            sender: find("gatepost-sender"),
            cli: find("gatepost"),
        }
    }
}

/// The `.so` or the executable of a `compiler-artifact` message about `target`.
fn artifact_path(message: &serde_json::Value, target: &str) -> Option<PathBuf> {
    let is_ours =
        message.get("reason")? == "compiler-artifact" && message.pointer("/target/name")? == target;
    if !is_ours {
        return None;
    }
    let executable = message
        .get("executable")
        .and_then(serde_json::Value::as_str);
    let library = || {
        message
            .get("filenames")?
            .as_array()?
            .iter()
            .filter_map(serde_json::Value::as_str)
            .find(|name| Path::new(name).extension().is_some_and(|kind| kind == "so"))
    };
    executable.or_else(library).map(PathBuf::from)
}

/// The platform's folder of PAM modules: where `pam_unix`.so lives.
pub fn security_folder() -> Option<PathBuf> {
    let fixed = [
        "/lib/security",
        "/lib64/security",
        "/usr/lib/security",
        "/usr/lib64/security",
    ];
    let multiarch = ["/usr/lib", "/lib"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("security")));
    multiarch
        .chain(fixed.iter().map(PathBuf::from))
        .find(|folder| folder.join("pam_unix.so").exists())
}

/// A program to be put on a stage, opened on the host: its path may be hidden there.
#[derive(Debug)]
pub(crate) struct Program {
    source: File,
    target: PathBuf,
    mode: u32,
}

impl Program {
    pub(crate) fn open(source: &Path, target: impl Into<PathBuf>, mode: u32) -> Self {
        let source =
            File::open(source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        Self {
            source,
            target: target.into(),
            mode,
        }
    }

    /// Puts it in place; what a package had put there on the host is replaced on the stage alone.
    ///
    /// install(1) does the writing, not this process: a descriptor open for writing would be inherited
    /// by whatever another test starts at that moment, and the kernel runs no file that is written to.
    pub(crate) fn put(self) {
        let output = Command::new("/usr/bin/install")
            .arg("-D")
            .arg(format!("--mode={:o}", self.mode))
            .arg("/dev/stdin")
            .arg(&self.target)
            .stdin(self.source)
            .output()
            .expect("start install");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: {words}",
            self.target.display()
        );
    }
}

impl Artifacts {
    /// The four files, opened, with their places.
    pub(crate) fn programs(&self) -> Vec<Program> {
        let module = security_folder()
            .expect("the folder of pam_unix.so")
            .join(MODULE);
        vec![
            Program::open(&self.module, module, 0o644),
            Program::open(&self.helper, HELPER, 0o755),
            Program::open(&self.sender, SENDER, 0o755),
            Program::open(&self.cli, CLI, 0o755),
        ]
    }
}
