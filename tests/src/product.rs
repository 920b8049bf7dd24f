//! The product's four files: built once a test run by cargo (or taken from a folder), and put in place
//! on a stage as a package would.
//!
//! `GATEPOST_TEST_PROFILE` names the cargo profile, `dev` by default; `GATEPOST_TEST_BIN_DIR` names a
//! folder that holds the four files already, then nothing is built.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
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
        let profile = env::var("GATEPOST_TEST_PROFILE").unwrap_or_else(|_| "dev".to_owned());
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

/// Puts the four files in place. Only to be called inside a stage.
pub(crate) fn install(artifacts: &Artifacts) {
    let security = security_folder().expect("the folder of pam_unix.so");
    fs::create_dir_all("/usr/libexec/gatepost").expect("make /usr/libexec/gatepost");
    for (from, to, mode) in [
        (&artifacts.module, security.join(MODULE), 0o644),
        (&artifacts.helper, PathBuf::from(HELPER), 0o755),
        (&artifacts.sender, PathBuf::from(SENDER), 0o755),
        (&artifacts.cli, PathBuf::from(CLI), 0o755),
    ] {
        // What a package had installed on the host is replaced on the stage alone.
        let _ = fs::remove_file(&to);
        fs::copy(from, &to)
            .unwrap_or_else(|error| panic!("{} -> {}: {error}", from.display(), to.display()));
        fs::set_permissions(&to, fs::Permissions::from_mode(mode)).expect("set a program's mode");
    }
}
