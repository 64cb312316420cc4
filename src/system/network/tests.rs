//! What is made of lines as the kernel documents them, and of others; which devices are counted.

use super::*;
use crate::system::fixture::Folder;

const HEAD: &str = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
";

fn dev(names: &[&str]) -> String {
    let line = |name: &&str| format!("{name:>6}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    format!("{HEAD}{}", names.iter().map(line).collect::<String>())
}

fn counted(devices: &Devices, names: &[&str]) -> Vec<String> {
    let found = devices.of(&dev(names)).into_iter();
    found.map(|device| device.name).collect()
}

#[test]
fn lines_of_devices() {
    let done = |bytes, packets, errors, dropped| Done {
        bytes,
        packets,
        errors,
        dropped,
    };
    let check = |line: &str, expected: Option<(&str, Done, Done)>| {
        let found = named(line).and_then(|(name, numbers)| device(name, numbers));
        let expected = expected.map(|(name, received, sent)| Device {
            name: name.to_owned(),
            received,
            sent,
        });
        assert_eq!(found, expected, "{line:?}");
    };
    let expected = ("eth0", done(1, 2, 3, 4), done(9, 10, 11, 12));
    check(
        "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        Some(expected),
    );
    check(
        "eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        Some(expected),
    );
    check("eth0:1 2 3 4 5 6 7 8 9 10 11 12", Some(expected));
    let most = u64::MAX;
    let line = format!("\u{fffd}: {most} 0 0 0 0 0 0 0 {most} 0 0 0 0 0 0 0");
    check(
        &line,
        Some(("\u{fffd}", done(most, 0, 0, 0), done(most, 0, 0, 0))),
    );
    for line in [
        "",
        ":",
        ": 1 2 3 4 5 6 7 8 9 10 11 12",
        "eth0",
        "eth0:",
        "eth0: 1 2 3 4 5 6 7 8 9 10 11",
        "eth0: 1 2 3 4 5 6 7 8 9 10 11 x",
        "eth0: 1 2 3 4 5 6 7 8 -9 10 11 12",
        "eth0: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12",
    ] {
        check(line, None);
    }
    HEAD.lines().for_each(|line| check(line, None));
}

#[test]
fn hardware_is_counted_where_there_is_some() {
    let sys = Folder::new("devices");
    for device in ["lo", "bond0", "br-1", "veth1", "eth0.5"] {
        sys.folder(&format!("class/net/{device}"));
    }
    // eth1 is part of a bond; vf0 works for hv0, as on Hyper-V, which counts what it does.
    for device in ["eth0", "eth1", "hv0", "vf0"] {
        sys.folder(&format!("class/net/{device}/device"));
    }
    sys.folder("class/net/eth1/master");
    sys.folder("class/net/vf0/master/device");
    let devices = Devices::new(sys.path());
    let all = [
        "lo", "eth0", "bond0", "br-1", "veth1", "eth0.5", "eth1", "hv0", "vf0",
    ];
    assert_eq!(counted(&devices, &all), ["eth0", "eth1", "hv0"]);
    assert_eq!(
        counted(&devices, &["lo", "veth1", "br-1"]),
        ["veth1", "br-1"]
    );
    assert_eq!(counted(&devices, &["lo"]), [""; 0]);
    assert_eq!(counted(&devices, &all), ["eth0", "eth1", "hv0"]);
}

#[test]
fn without_a_look_at_the_hardware_all_but_the_loopback_is_counted() {
    let devices = Devices::new(Path::new("/nowhere"));
    assert_eq!(counted(&devices, &["lo", "eth0", "../x"]), ["eth0", "../x"]);
}

#[test]
fn no_more_than_so_many_are_shown() {
    let names: Vec<String> = (0..200).map(|at| format!("veth{at}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let found = counted(&Devices::new(Path::new("/nowhere")), &names);
    assert_eq!(found, names[..MOST_DEVICES]);
}
