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

/// A folder with devices, each with these files and folders, and which of them have to be counted.
fn check(name: &str, devices: &[(&str, &[&str])], expected: &[&str]) {
    let sys = Folder::new(&format!("devices-{name}"));
    sys.folder("class/net/lo");
    for (device, entries) in devices {
        sys.folder(&format!("class/net/{device}"));
        for entry in *entries {
            let path = format!("class/net/{device}/{entry}");
            match entry.split_once('=') {
                Some((file, text)) => {
                    sys.file(&format!("class/net/{device}/{file}"), &format!("{text}\n"));
                }
                None => sys.folder(&path),
            }
        }
    }
    let names: Vec<&str> = [("lo", &[][..])]
        .iter()
        .chain(devices)
        .map(|(name, _)| *name)
        .collect();
    let devices = Devices::new(sys.path());
    for _ in 0..2 {
        assert_eq!(counted(&devices, &names), expected, "{name}");
    }
}

/// Of the machines that are known, what each has below `/sys/class/net`.
#[test]
fn each_packet_is_counted_once() {
    let physical = &["device", "type=1"][..];
    let alone = &["type=1"][..];
    let port_of_bridge = &["type=1", "master/bridge"][..];
    check("nothing", &[], &[]);
    check(
        "server",
        &[("eth0", physical), ("ib0", &["device", "type=32"])],
        &["eth0", "ib0"],
    );
    check(
        "docker",
        &[
            ("eth0", physical),
            ("docker0", &["type=1", "bridge"]),
            ("br-1", &["type=1", "bridge", "lower_veth1"]),
            ("veth1", port_of_bridge),
        ],
        &["eth0"],
    );
    check("container", &[("eth0", alone)], &["eth0"]);
    check(
        "sr-iov",
        &[("eth0", alone), ("net1", physical)],
        &["eth0", "net1"],
    );
    check(
        "docker-in-docker",
        &[
            ("eth0", alone),
            ("docker0", &["type=1", "bridge", "lower_veth1"]),
            ("veth1", port_of_bridge),
        ],
        &["eth0"],
    );
    check(
        "machines-on-a-bridge",
        &[
            ("eth0", &["device", "type=1", "master/bridge"]),
            ("br0", &["type=1", "bridge", "lower_eth0", "lower_vnet0"]),
            ("vnet0", port_of_bridge),
        ],
        &["eth0"],
    );
    check(
        "bond",
        &[
            ("eth0", &["device", "type=1", "master/bonding"]),
            ("eth1", &["device", "type=1", "master/bonding"]),
            ("bond0", &["type=1", "bonding", "lower_eth0", "lower_eth1"]),
            ("bond0.5", &["type=1", "lower_bond0"]),
            ("bond1", &["type=1", "bonding"]),
        ],
        &["eth0", "eth1"],
    );
    check(
        "bond-of-what-is-no-hardware",
        &[
            ("eth0", &["type=1", "master/bonding"]),
            ("bond0", &["type=1", "bonding", "lower_eth0"]),
        ],
        &["eth0"],
    );
    check(
        "hyper-v",
        &[
            ("hv0", &["device", "type=1", "lower_vf0"]),
            ("vf0", &["device", "type=1", "master/device"]),
        ],
        &["hv0"],
    );
    check(
        "tunnels",
        &[
            ("eth0", alone),
            ("wg0", &["type=65534"]),
            ("tunl0", &["type=768"]),
            ("flannel.1", &["type=1", "lower_eth0"]),
            ("ifb0", alone),
        ],
        &["eth0"],
    );
    check("a-tunnel-alone", &[("tun0", &["type=65534"])], &["tun0"]);
    check(
        "a-bridge-alone",
        &[
            ("br0", &["type=1", "bridge", "lower_eth0"]),
            ("eth0", port_of_bridge),
        ],
        &["br0"],
    );
}

#[test]
fn what_has_never_carried_anything_is_left_out() {
    let devices = Devices::new(Path::new("/nowhere"));
    let line = |name, at: usize| {
        let number = |other| if other == at { "7 " } else { "0 " };
        format!("{name}: {}\n", (0..16).map(number).collect::<String>())
    };
    let none = line("eth0", 16);
    assert_eq!(devices.of(&none), []);
    for at in [0, 1, 2, 3, 8, 9, 10, 11] {
        let found = devices.of(&format!("{none}{}", line("eth1", at)));
        let names: Vec<&str> = found.iter().map(|device| &*device.name).collect();
        assert_eq!(names, ["eth1"], "{at}");
    }
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
