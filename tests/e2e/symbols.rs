//! What the module exports and how it is linked, read off a release build by binutils.
//!
//! `GATEPOST_TEST_RELEASE_MODULE` names a build to look at; without it cargo makes one.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use gatepost_tests::require::Need;
use gatepost_tests::require::missing;
use gatepost_tests::require::report_skipped;

/// The most that the stripped module may weigh.
const SIZE_LIMIT: u64 = 700_000;

/// All that libpam may find.
const EXPORTS: [&str; 6] = [
    "pam_sm_acct_mgmt",
    "pam_sm_authenticate",
    "pam_sm_chauthtok",
    "pam_sm_close_session",
    "pam_sm_open_session",
    "pam_sm_setcred",
];

/// Libraries that a host has loaded anyway.
const LIBRARIES: [&str; 4] = ["ld-linux-", "libc.so.", "libgcc_s.so.", "libpam.so."];

/// What is wrong with a module, by what `nm -D --defined-only` and `readelf` print of it.
fn faults(size: u64, nm: &str, dynamic: &str, segments: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if size >= SIZE_LIMIT {
        faults.push(format!("{size} bytes: {SIZE_LIMIT} is the limit"));
    }
    let mut exports: Vec<&str> = nm
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    exports.sort_unstable();
    if exports != EXPORTS {
        faults.push(format!("it exports {exports:?}"));
    }
    let has = |tag: &str, value: &str| {
        dynamic
            .lines()
            .any(|line| line.contains(&format!("({tag})")) && line.contains(value))
    };
    if !has("FLAGS_1", "NODELETE") {
        faults.push("no NODELETE: libpam would unload it".to_owned());
    }
    if !has("FLAGS_1", "NOW") {
        faults.push("no NOW: a missing symbol would show in the middle of a login".to_owned());
    }
    for tag in ["RPATH", "RUNPATH", "TEXTREL"] {
        if has(tag, "") {
            faults.push(format!("it has {tag}"));
        }
    }
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        if !LIBRARIES
            .iter()
            .any(|library| line.contains(&format!("[{library}")))
        {
            faults.push(format!("it needs another library: {}", line.trim()));
        }
    }
    if !segments.contains("GNU_RELRO") {
        faults.push("no RELRO: its tables stay writable".to_owned());
    }
    let stack = segments.lines().find(|line| line.contains("GNU_STACK"));
    if !stack.is_some_and(|line| line.contains(" RW ")) {
        faults.push("its stack is executable".to_owned());
    }
    faults
}

#[test]
fn symbols_of_the_release_build_are_six_and_it_is_linked_tightly() {
    for program in ["/usr/bin/nm", "/usr/bin/readelf"] {
        if let Some(why) = missing(Need::Program(program)) {
            return report_skipped(&why);
        }
    }
    let module = release_module();
    let size = fs::metadata(&module).unwrap().len();
    let print = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(arguments).arg(&module).output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let found = faults(
        size,
        &print("/usr/bin/nm", &["-D", "--defined-only"]),
        &print("/usr/bin/readelf", &["--dynamic", "--wide"]),
        &print("/usr/bin/readelf", &["--segments", "--wide"]),
    );
    assert!(found.is_empty(), "{}: {found:#?}", module.display());
}

#[test]
fn symbols_too_many_or_loose_links_are_found() {
    let nm = EXPORTS.map(|name| format!("00000000 T {name}")).join("\n");
    let dynamic = " (NEEDED) Shared library: [libpam.so.0]\n (FLAGS_1) Flags: NOW NODELETE\n";
    let segments = " GNU_STACK 0x0 0x0 0x0 RW  0x0\n GNU_RELRO 0x0\n";
    let count =
        |size, nm: &str, dynamic: &str, segments: &str| faults(size, nm, dynamic, segments).len();
    assert_eq!(count(SIZE_LIMIT - 1, &nm, dynamic, segments), 0);
    assert_eq!(count(SIZE_LIMIT, &nm, dynamic, segments), 1);
    assert_eq!(count(1, &format!("{nm}\n0 T other"), dynamic, segments), 1);
    assert_eq!(
        count(1, &nm.replace("pam_sm_setcred", "x"), dynamic, segments),
        1
    );
    for (good, bad) in [
        ("NODELETE", ""),
        ("NOW ", ""),
        ("libpam.so.0", "libsqlite3.so.0"),
    ] {
        assert_eq!(
            count(1, &nm, &dynamic.replace(good, bad), segments),
            1,
            "{good}"
        );
    }
    for tag in ["RPATH", "RUNPATH", "TEXTREL"] {
        let dynamic = format!("{dynamic} ({tag}) x\n");
        assert_eq!(count(1, &nm, &dynamic, segments), 1, "{tag}");
    }
    for (good, bad) in [(" RW ", " RWE "), ("GNU_RELRO", "GNU_NOTE")] {
        assert_eq!(
            count(1, &nm, dynamic, &segments.replace(good, bad)),
            1,
            "{good}"
        );
    }
}

fn release_module() -> PathBuf {
    if let Some(path) = env::var_os("GATEPOST_TEST_RELEASE_MODULE") {
        return path.into();
    }
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let build = ["build", "--release", "--package", "gatepost-pam"];
    let format = "--message-format=json-render-diagnostics";
    let output = command
        .current_dir(root)
        .args(build)
        .arg(format)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| Some(message.get("filenames")?.as_array()?.clone()))
        .flatten()
        .filter_map(|name| Some(PathBuf::from(name.as_str()?)))
        .find(|path| path.ends_with("libpam_gatepost.so"))
        .unwrap()
}
