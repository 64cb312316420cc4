//! What is made of both files, of containers, services and machines of all kinds.

use super::*;
use crate::system::fixture::Folder;

#[test]
fn the_path_of_version_2() {
    let check = |cgroup, expected| assert_eq!(path(cgroup), expected, "{cgroup:?}");
    check("0::/\n", Some("/"));
    check(
        "12:cpu:/a\n1:name=systemd:/b\n0::/system.slice/a b:c.service\n",
        Some("/system.slice/a b:c.service"),
    );
    check("12:cpu,cpuacct:/a\n10::/b\n", None);
    check("0:\n0", None);
    check("", None);
}

/// Below a folder `mount` that has these groups, and some mounts of it in which `MOUNT` stands for it.
fn check(name: &str, groups: &[&str], mountinfo: &str, path: &str, expected: Option<&str>) {
    let all = Folder::new(&format!("group-{name}"));
    all.folder("mount");
    for group in groups {
        all.file(
            &format!("mount/{group}/cgroup.events"),
            "populated 1\nfrozen 0\n",
        );
    }
    let mount = all.path().join("mount");
    let mountinfo = mountinfo.replace("MOUNT", mount.to_str().unwrap());
    let expected = expected.map(|group| (mount.join(group), mount.clone()));
    assert_eq!(folder(path, &mountinfo), expected, "{name}");
}

const OTHERS: &str = "23 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";

#[test]
fn groups_of_all_kinds() {
    let whole =
        &format!("{OTHERS}35 24 0:30 / MOUNT rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
    let service = "system.slice/shop.service";
    check(
        "service",
        &[service],
        whole,
        "/system.slice/shop.service",
        Some(service),
    );
    // The namespace of a container: its group looks like the root, and is none.
    check("container", &[""], whole, "/", Some(""));
    // The root of the machine has no such file.
    check("root", &[], whole, "/", None);
    check(
        "gone",
        &[service],
        whole,
        "/system.slice/shop.service (deleted)",
        None,
    );
    // A container in the namespace of the host, which sees its own part of the hierarchy.
    let part = &whole.replace(" / MOUNT", " /docker/abc MOUNT");
    check("part", &["", "inner"], part, "/docker/abc", Some(""));
    check(
        "within-part",
        &["", "inner"],
        part,
        "/docker/abc/inner",
        Some("inner"),
    );
    check("beside-part", &["", "d"], part, "/docker/abcd", None);
    check("above-part", &[""], part, "/docker", None);
    // Put into a group outside of its namespace.
    check("outside", &["", "../other"], whole, "/../other", None);
    check(
        "none",
        &[service],
        OTHERS,
        "/system.slice/shop.service",
        None,
    );
    check("empty", &[""], "", "/", None);
    let twice = &format!("{part}{whole}");
    check(
        "second-mount",
        &[service],
        twice,
        "/system.slice/shop.service",
        Some(service),
    );
    for (at, line) in [
        "-",
        " - ",
        " - cgroup2",
        "1 2 3 - cgroup2 c rw",
        "1 2 3 / - cgroup2 c rw",
    ]
    .iter()
    .enumerate()
    {
        check(&format!("malformed-{at}"), &[""], line, "/", None);
    }
}

#[test]
fn paths_are_unescaped() {
    let check = |path, expected: &str| assert_eq!(unescaped(path), expected);
    check("/sys/fs/cgroup", "/sys/fs/cgroup");
    check("/a\\040b\\011c\\012d\\134e", "/a b\tc\nd\\e");
    check("/a\\134040", "/a\\040");
    check("/a\\", "/a\\");
    check("/\\04ü", "/\\04ü");
}
