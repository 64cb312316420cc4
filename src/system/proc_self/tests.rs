//! What is made of the files' text, and of text that no kernel should write.

use super::*;
use crate::system::fixture::Folder;
#[cfg(target_os = "linux")]
use crate::system::fixture::until;

impl Files<'_> {
    /// Which of them were read.
    pub(crate) fn which_were_read(&self) -> Vec<&'static str> {
        let read = self.texts.which_were_read().into_iter();
        read.map(|which| FILES[which]).collect()
    }
}

/// The files with these texts, and what `look` finds in them.
fn of<T>(texts: [&str; FILES.len()], look: impl Fn(&Files<'_>) -> T) -> T {
    let open = Open {
        files: FILES.map(|_| Kept::open("no such file")),
        open_files: Listed::default(),
        process: 0,
    };
    look(&Files {
        open: &open,
        texts: Texts::saying(texts),
    })
}

/// Fields 3 to 22, and some more: 1.23 s user, 0.45 s system, began 20.01 s after boot.
const FIELDS: &str = "S 1 2 3 0 -1 4194560 99 5 0 7 123 45 6516 1542 20 0 13 0 2001 42962944 3129 \
                      18446744073709551615 1 1";

#[test]
fn times_are_found_behind_any_name() {
    let fields = FIELDS;
    for name in [
        "shop",
        "",
        "a b",
        "tokio-runtime-w",
        ")",
        "(",
        ") S 1 2 3",
        "a) R 9 9 9 (b",
        "two\nlines) S 1 (",
        "\u{fffd}\u{fffd}",
    ] {
        let stat = format!("4711 ({name}) {fields}\n");
        let found = of([&stat, "", ""], |files| files.cpu_seconds());
        assert_eq!(found, Some(1.68), "{name:?}");
        let found = start("cpu 1 2\nbtime 1000\nprocesses 3\n", &stat);
        assert_eq!(found, Some(Moment(102_001)), "{name:?}");
    }
}

#[test]
fn times_that_are_not_there_are_none() {
    for stat in [
        "",
        "4711",
        "4711 (shop",
        "4711 (shop)",
        "4711 (shop) S 1 2",
        "4711 (shop) S 1 2 3 0 -1 4194560 99 5 0 7 -123 45",
        "4711 (shop) S 1 2 3 0 -1 4194560 99 5 0 7 18446744073709551615 1",
        "4711 (shop) S 1 2 3 0 -1 4194560 99 5 0 7 x y",
        "4711 (shop) S 1 2 3 0 -1 4194560 99 5 0 7 1.5 1",
        "4711 (shop) S 1 2 3 0 -1 4194560 99 5 0 7 99999999999999999999 1",
    ] {
        let found = of([stat, "", ""], |files| files.cpu_seconds());
        assert_eq!(found, None, "{stat:?}");
        assert_eq!(start("btime 1000\n", stat), None, "{stat:?}");
    }
    let stat = format!("4711 (shop) {FIELDS}");
    for system in [
        "",
        "btime",
        "btime x\n",
        "cpu btime 5\n",
        "btime -5\n",
        "btime 18446744073709551615\n",
    ] {
        assert_eq!(start(system, &stat), None, "{system:?}");
    }
}

#[test]
fn a_moment_has_hundredths() {
    let moment = Moment(179_541_183_012);
    assert_eq!(moment.seconds(), 1_795_411_830.12);
    assert_eq!(moment.nanoseconds(), 1_795_411_830_120_000_000);
}

#[test]
fn sizes_and_threads() {
    let check = |status: &str, expected: [Option<u64>; 3]| {
        let look = |files: &Files<'_>| {
            [
                files.virtual_bytes(),
                files.resident_bytes(),
                files.threads(),
            ]
        };
        let found = of(["", status, ""], look);
        assert_eq!(found, expected, "{status:?}");
    };
    let status =
        "Name:\tshop\nVmPeak:\t  9 kB\nVmSize:\t    3892 kB\nVmRSS:\t    2080 kB\nThreads:\t13\n";
    check(status, [Some(3_985_408), Some(2_129_920), Some(13)]);
    // The kernel writes a line break in a name as `\n`.
    let status = "Name:\tx\\nVmRSS:\\t1 kB Threads:\nThreads:\t1\n";
    check(status, [None, None, Some(1)]);
    check("VmSize:\t\nVmRSS:\nThreads:\n", [None; 3]);
    check("VmSize:\t1 MB\nVmRSS:\t1\nThreads:\t-1\n", [None; 3]);
    check("VmSize:\t18446744073709551615 kB\n", [None; 3]);
    check("", [None; 3]);
}

#[test]
fn limits() {
    let check = |limits: &str, expected: [Option<u64>; 2]| {
        let look = |files: &Files<'_>| [files.most_open_files(), files.most_virtual_bytes()];
        let found = of(["", "", limits], look);
        assert_eq!(found, expected, "{limits:?}");
    };
    let head = "Limit                     Soft Limit           Hard Limit           Units     \n";
    let limits = "Max open files            1024                 524288               files     \n\
                  Max address space         unlimited            unlimited            bytes     \n";
    check(&format!("{head}{limits}"), [Some(1024), None]);
    let limits = "Max open files            unlimited            unlimited            files     \n\
                  Max address space         8589934592           unlimited            bytes     \n";
    check(&format!("{head}{limits}"), [None, Some(8_589_934_592)]);
    check("Max open files\nMax address space", [None; 2]);
    check("", [None; 2]);
}

#[test]
fn what_is_not_there_says_nothing() {
    let nowhere = Path::new("/proc/self/no such folder");
    assert_eq!(list(nowhere), None);
    assert_eq!(Listed::default().count(nowhere, Instant::now()), None);
}

#[test]
fn many_files_are_listed_now_and_then_and_few_each_time() {
    let folder = Folder::new("listed");
    let file = |name: u64| folder.file(&name.to_string(), "");
    let (listed, begin) = (Listed::default(), Instant::now());
    let count = |seconds| listed.count(folder.path(), begin + Duration::from_secs(seconds));
    (0..FEW).for_each(file);
    assert_eq!(count(0), Some(FEW));
    file(FEW);
    assert_eq!(count(0), Some(FEW + 1));
    file(FEW + 1);
    assert_eq!(count(9), Some(FEW + 1), "as before");
    assert_eq!(count(10), Some(FEW + 2));
    (1..FEW).for_each(|name| folder.remove(&name.to_string()));
    assert_eq!(count(19), Some(FEW + 2), "as before");
    assert_eq!(count(20), Some(3));
    folder.remove("0");
    assert_eq!(count(20), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_and_a_size_agree() {
    let open = Open::new();
    // Other tests open and close files meanwhile.
    let agree =
        || list(Path::new("/proc/self/fd")).map(|listed| listed - 1) == open.files().open_files();
    until("the same number", agree);
}
