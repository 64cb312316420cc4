//! What is made of lines as the kernel documents them, and of others; which of the block devices are disks.

use super::*;
use crate::system::fixture::Folder;

/// Linux 5.5 and newer writes 17 numbers, 4.18 and newer 15, older ones 11.
const VDA: &str = " 254       0 vda 5912660 287144 519117818 9121056 477366 844832 617549736 2745520 0 576920 11963095 549341 75 500245984 95848 10790 669";

fn found(line: &str) -> Option<(String, [u64; 5])> {
    let disk = disk(line)?;
    let (read, written) = (disk.read, disk.written);
    let numbers = [
        read.operations,
        read.bytes,
        written.operations,
        written.bytes,
        disk.busy,
    ];
    Some((format!("{} {}", disk.number, disk.name), numbers))
}

#[test]
fn lines_of_all_kernels() {
    let numbers = [
        5_912_660,
        519_117_818 * 512,
        477_366,
        617_549_736 * 512,
        576_920,
    ];
    let expected = Some(("254:0 vda".to_owned(), numbers));
    assert_eq!(found(VDA), expected);
    let words: Vec<&str> = VDA.split_ascii_whitespace().collect();
    assert_eq!(found(&words[..14].join(" ")), expected);
    assert_eq!(found(&words[..13].join(" ")), expected);
}

#[test]
fn lines_that_are_none() {
    for line in [
        "",
        "8 0",
        "8 0 sda",
        "8 0 sda 1 2 3 4 5 6 7 8 9",
        "8 0 sda 1 2 3 4 5 6 7 8 9 x",
        "8 0 sda -1 2 3 4 5 6 7 8 9 10",
        "8 0 sda 1 2 18446744073709551615 4 5 6 7 8 9 10", // more bytes than a number holds
        "8 0 sda 1 2 3 4 5 6 99999999999999999999 8 9 10",
        "8 1 sda1 1 2 3 4", // a partition, as Linux 2.6 before 2.6.25 has it
    ] {
        assert_eq!(found(line), None, "{line:?}");
    }
}

#[test]
fn bytes_are_counted_where_they_reach_a_disk() {
    let sys = Folder::new("disks");
    for device in [
        "sda",
        "nvme0n1",
        "cciss!c0d0",
        "loop0",
        "zram0",
        "dm-0",
        "md0",
        "nbd0",
        "zd0",
        "ublkb0",
        "sr0",
        "fd0",
    ] {
        sys.folder(&format!("block/{device}/slaves"));
    }
    sys.folder("block/bcache0/slaves/sda");
    sys.file("block/nvme0c0n1/hidden", "1\n");
    sys.file("block/nvme0n1/hidden", "0\n");
    let names = [
        "sda",
        "sda1",
        "nvme0n1",
        "nvme0n1p1",
        "nvme0c0n1",
        "cciss/c0d0",
        "loop0",
        "ram0",
        "zram0",
        "dm-0",
        "md0",
        "bcache0",
        "nbd0",
        "zd0",
        "ublkb0",
        "sr0",
        "fd0",
    ];
    let lines = names.map(|name| format!("8 0 {name} 1 2 3 4 5 6 7 8 9 10\n"));
    let disks = Disks::new(sys.path());
    for _ in 0..2 {
        let found = disks.of(&lines.concat()).into_iter().map(|disk| disk.name);
        assert_eq!(
            found.collect::<Vec<_>>(),
            ["sda", "nvme0n1", "cciss/c0d0", "nbd0"]
        );
    }
    let nowhere = Disks::new(&sys.path().join("nowhere"));
    assert_eq!(
        nowhere.of(&lines.concat()),
        [],
        "nobody can tell which are disks"
    );
}

#[test]
fn what_has_never_done_anything_is_left_out() {
    let sys = Folder::new("idle-disks");
    let check = |name: &str, numbers: &str, expected: &[&str]| {
        sys.folder(&format!("block/{name}"));
        let found = Disks::new(sys.path()).of(&format!("8 0 {name} {numbers}\n"));
        let found: Vec<String> = found.into_iter().map(|disk| disk.name).collect();
        assert_eq!(found, expected, "{numbers}");
    };
    check("sda", "0 0 0 0 0 0 0 0 0 0 0", &[]);
    check("sdb", "1 0 0 0 0 0 0 0 0 0 0", &["sdb"]);
    check("sdc", "0 0 0 0 1 0 0 0 0 0 0", &["sdc"]);
    check("sdd", "0 0 0 0 0 0 0 0 0 7 0", &["sdd"]);
}

#[test]
fn what_went_over_several_ways_is_that_of_the_disk_where_it_does_not_count() {
    let sys = Folder::new("multipath");
    for device in ["nvme0n1", "nvme0n2", "nvme1n1", "nvme10n1"] {
        sys.folder(&format!("block/{device}"));
    }
    for path in ["nvme0c0n1", "nvme0c1n1", "nvme0c1n2", "nvme1c2n1"] {
        sys.file(&format!("block/{path}/hidden"), "1\n");
    }
    let idle = "0 0 0 0 0 0 0 0 0 0 0";
    let diskstats = format!(
        "259 0 nvme0n1 {idle}\n\
         259 1 nvme0c0n1 1 2 3 4 5 6 7 8 9 10 11\n\
         259 2 nvme0c1n1 20 0 30 0 50 0 70 0 0 100 0\n\
         259 3 nvme0n2 {idle}\n\
         259 4 nvme0c1n2 {idle}\n\
         259 5 nvme1n1 4 0 4 0 4 0 4 0 0 4 0\n\
         259 6 nvme1c2n1 1 2 3 4 5 6 7 8 9 10 11\n\
         259 7 nvme10n1 {idle}\n"
    );
    let expected = [
        (
            "nvme0n1",
            Done {
                bytes: 33 * 512,
                operations: 21,
            },
            Done {
                bytes: 77 * 512,
                operations: 55,
            },
            110,
        ),
        (
            // It counts itself.
            "nvme1n1",
            Done {
                bytes: 4 * 512,
                operations: 4,
            },
            Done {
                bytes: 4 * 512,
                operations: 4,
            },
            4,
        ),
    ];
    let found = Disks::new(sys.path()).of(&diskstats);
    let found = found
        .iter()
        .map(|disk| (&*disk.name, disk.read, disk.written, disk.busy));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn names_of_ways_to_a_disk() {
    let check = |path, expected: Option<&str>| assert_eq!(disk_of(path).as_deref(), expected);
    check("nvme0c3n1", Some("nvme0n1"));
    check("nvme12c34n56", Some("nvme12n56"));
    for other in ["nvme0n1", "nvme0c3", "sdc1n1", ""] {
        check(other, None);
    }
}

#[test]
fn what_a_group_has_done() {
    let disks =
        ["8 16 sdb", "254 0 vda"].map(|id| disk(&format!("{id} 1 2 3 4 5 6 7 8 9 10")).unwrap());
    let check = |io: &str, expected: &[(&str, [u64; 4])]| {
        let found = of_group(io, &disks)
            .into_iter()
            .map(|(name, read, written)| {
                let all = [
                    read.bytes,
                    written.bytes,
                    read.operations,
                    written.operations,
                ];
                (name, all)
            });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{io:?}");
    };
    let line = "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n";
    let sdb = ("sdb", [1_459_200, 314_773_504, 192, 353]);
    check(line, &[sdb]);
    // Of a device that is no disk, or has done nothing.
    check(
        &format!("8:0 rbytes=1 wbytes=2 rios=3 wios=4\n254:0\n{line}"),
        &[sdb],
    );
    // Without the line break behind those that have done nothing.
    check(&format!("7:0 254:0 {line}"), &[sdb]);
    // With io.latency or io.cost there is more.
    check(
        "254:0 rbytes=1 wbytes=2 rios=3 wios=4 cost.vrate=100.00 use_delay=0",
        &[("vda", [1, 2, 3, 4])],
    );
    check("8:16 rbytes=1 wbytes=2 rios=3\n", &[]);
    check("8:16 rbytes=x wbytes=2 rios=3 wios=4\n", &[]);
    check(
        "8:16 rbytes=18446744073709551616 wbytes=2 rios=3 wios=4\n",
        &[],
    );
    check(
        "=\n=8:16\n8:16=\n 8:16 =\nrbytes=1 wbytes=2 rios=3 wios=4\n",
        &[],
    );
    check("", &[]);
}
