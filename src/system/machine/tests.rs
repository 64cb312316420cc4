//! What is shown of machines whose files are written as the kernel documents them, and of those whose files are something else.

use std::fs;

use fastrand::Rng;

use super::*;
use crate::metrics::{Head, Sample};
use crate::system::MOST_DEVICES;
use crate::system::fixture::{Folder, Lines};

/// Files of a machine, and what each of them has to be shown as.
const HOST: [(&str, &str, &str); 8] = [
    (
        "proc/stat",
        "cpu  100 200 300 400 500 600 700 800 99 0\ncpu0 100 200 300 400 500 600 700 800 99 0\nintr 5\n",
        "system_cpu_seconds_total host,user 1
         system_cpu_seconds_total host,nice 2
         system_cpu_seconds_total host,system 3
         system_cpu_seconds_total host,idle 4
         system_cpu_seconds_total host,iowait 5
         system_cpu_seconds_total host,irq 6
         system_cpu_seconds_total host,softirq 7
         system_cpu_seconds_total host,steal 8",
    ),
    (
        "sys/devices/system/cpu/online",
        "0-2,4\n",
        "system_cpu_cores host 4",
    ),
    (
        "proc/meminfo",
        "MemTotal:           1000 kB\nMemFree:             100 kB\nMemAvailable:        400 kB\nBuffers: 1 kB\n",
        "system_memory_used_bytes host 614400
         system_memory_limit_bytes host 1024000",
    ),
    (
        "proc/diskstats",
        "   8       0 sda 10 0 20 0 30 0 40 0 0 1500 0\n   8       1 sda1 10 0 20 0 30 0 40 0 0 1500 0\n",
        "system_disk_bytes_total host,sda,read 10240
         system_disk_bytes_total host,sda,write 20480
         system_disk_operations_total host,sda,read 10
         system_disk_operations_total host,sda,write 30
         system_disk_busy_seconds_total host,sda 1.5",
    ),
    (
        "proc/self/net/dev",
        "Inter-|   Receive   |  Transmit\n face |bytes |bytes\n    lo: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n  eth0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n",
        "system_network_bytes_total namespace,eth0,receive 1
         system_network_bytes_total namespace,eth0,transmit 5
         system_network_packets_total namespace,eth0,receive 2
         system_network_packets_total namespace,eth0,transmit 6
         system_network_errors_total namespace,eth0,receive 3
         system_network_errors_total namespace,eth0,transmit 7
         system_network_dropped_total namespace,eth0,receive 4
         system_network_dropped_total namespace,eth0,transmit 8",
    ),
    (
        "proc/pressure/cpu",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        "system_pressure_seconds_total host,cpu,some 1.5",
    ),
    (
        "proc/pressure/memory",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
        "system_pressure_seconds_total host,memory,some 2.5
         system_pressure_seconds_total host,memory,full 0.000001",
    ),
    (
        "proc/pressure/io",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=3000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        "system_pressure_seconds_total host,io,some 3
         system_pressure_seconds_total host,io,full 0",
    ),
];

/// Files of a control group, likewise.
const GROUP: [(&str, &str, &str); 10] = [
    (
        "cpu.stat",
        "usage_usec 3500000\nuser_usec 2500000\nsystem_usec 1000000\nnice_usec 0\nnr_periods 9\nnr_throttled 3\nthrottled_usec 250000\nnr_bursts 0\nburst_usec 0\n",
        "system_cpu_seconds_total container,user 2.5
         system_cpu_seconds_total container,system 1
         system_cpu_throttled_seconds_total container 0.25
         system_cpu_periods_total container 9
         system_cpu_throttled_periods_total container 3",
    ),
    (
        "cpu.max",
        "150000 100000\n",
        "system_cpu_cores container 1.5",
    ),
    (
        "memory.current",
        "5000\n",
        "system_memory_used_bytes container 3000",
    ),
    (
        "memory.max",
        "536870912\n",
        "system_memory_limit_bytes container 536870912",
    ),
    (
        "memory.stat",
        "anon 3000\nfile 2000\ninactive_anon 0\nactive_anon 3000\ninactive_file 2000\nactive_file 0\n",
        "",
    ),
    (
        "memory.events",
        "low 0\nhigh 0\nmax 4\noom 2\noom_kill 1\noom_group_kill 0\n",
        "system_memory_oom_kills_total container 1",
    ),
    (
        "io.stat",
        "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:1 rbytes=1 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n",
        "system_disk_bytes_total container,sda,read 4096
         system_disk_bytes_total container,sda,write 8192
         system_disk_operations_total container,sda,read 1
         system_disk_operations_total container,sda,write 2",
    ),
    (
        "cpu.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=10\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n",
        "system_pressure_seconds_total container,cpu,some 0.00001
         system_pressure_seconds_total container,cpu,full 5",
    ),
    (
        "memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        "system_pressure_seconds_total container,memory,some 0
         system_pressure_seconds_total container,memory,full 0",
    ),
    (
        "io.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n",
        "system_pressure_seconds_total container,io,some 1
         system_pressure_seconds_total container,io,full 1",
    ),
];

/// A machine with all of its files.
fn host(name: &str) -> Folder {
    let all = Folder::new(name);
    HOST.iter().for_each(|(path, text, _)| all.file(path, text));
    all.folder("sys/block/sda/slaves");
    all.folder("sys/class/net/eth0/device");
    all
}

/// The same, and the process in a container on it.
fn container(name: &str) -> Folder {
    let all = host(name);
    let mount = all.path().join("mount");
    let mountinfo = format!("35 24 0:30 / {} rw - cgroup2 cgroup2 rw\n", mount.display());
    all.file("proc/self/cgroup", "0::/\n");
    all.file("proc/self/mountinfo", &mountinfo);
    all.file("mount/cgroup.events", "populated 1\nfrozen 0\n");
    let files = GROUP.iter();
    files.for_each(|(name, text, _)| all.file(&format!("mount/{name}"), text));
    all
}

fn machine(of: &Folder) -> Machine {
    Machine::at(of.path().join("proc"), of.path().join("sys"))
}

/// Sorted, since a family has what is of the host before what is of the container.
fn shown(machine: &Machine) -> Vec<String> {
    let mut lines = Lines::of(machine);
    lines.sort();
    lines
}

fn expected<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lines = texts.flat_map(str::lines);
    let mut lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    lines.retain(|line| !line.is_empty());
    lines.sort();
    lines
}

fn of_host() -> impl Iterator<Item = &'static str> {
    HOST.iter().map(|(.., expected)| *expected)
}

fn of_group() -> impl Iterator<Item = &'static str> {
    GROUP.iter().map(|(.., expected)| *expected)
}

#[test]
fn a_machine() {
    let all = host("machine");
    assert_eq!(shown(&machine(&all)), expected(of_host()));
    // The root of the hierarchy is that of the machine.
    all.file("proc/self/cgroup", "0::/\n");
    let line = format!("35 24 0:30 / {} rw - cgroup2 c rw\n", all.path().display());
    all.file("proc/self/mountinfo", &line);
    assert_eq!(shown(&machine(&all)), expected(of_host()));
}

#[test]
fn a_container() {
    let all = container("container");
    let expected = expected(of_host().chain(of_group()));
    assert_eq!(shown(&machine(&all)), expected);
}

#[test]
fn a_container_without_limits() {
    let all = container("unlimited");
    all.file("mount/cpu.max", "max 100000\n");
    all.file("mount/memory.max", "max\n");
    let limits = ["cpu.max", "memory.max"];
    let others = GROUP.iter().filter(|(name, ..)| !limits.contains(name));
    let others = others.map(|(.., expected)| *expected);
    assert_eq!(shown(&machine(&all)), expected(of_host().chain(others)));
}

#[test]
fn what_is_missing_is_left_out_and_nothing_else() {
    for (missing, _, gone) in HOST {
        let all = host("missing");
        all.remove(missing);
        let others = of_host().filter(|text| *text != gone);
        assert_eq!(shown(&machine(&all)), expected(others), "{missing}");
    }
    for (missing, _, gone) in GROUP {
        let all = container("missing-of-group");
        all.remove(&format!("mount/{missing}"));
        let found = shown(&machine(&all));
        // The working set is what two files say.
        let gone = match missing {
            "memory.stat" => "system_memory_used_bytes container 3000",
            _ => gone,
        };
        let others = of_host().chain(of_group());
        let others = others.filter(|text| *text != gone);
        assert_eq!(found, expected(others), "{missing}");
    }
}

/// As with version 1, and without any.
#[test]
fn without_a_group_there_is_no_container() {
    for (at, cgroup) in ["4:memory:/a\n0::/b\n", "4:memory:/\n", ""]
        .iter()
        .enumerate()
    {
        let all = container(&format!("no-group-{at}"));
        all.file("proc/self/cgroup", cgroup);
        assert_eq!(shown(&machine(&all)), expected(of_host()), "{cgroup:?}");
    }
}

#[test]
fn a_missing_proc_shows_nothing() {
    let all = Folder::new("nothing");
    assert_eq!(shown(&machine(&all)), [""; 0]);
}

#[test]
fn what_comes_later_is_shown_later_and_what_moves_is_followed() {
    let all = container("moving");
    let machine = machine(&all);
    let cores = |expected: &str| {
        let lines = shown(&machine);
        let of_container = |line: &&String| line.starts_with("system_cpu_cores container");
        let found = lines.iter().find(of_container).map(|line| &**line);
        assert_eq!(found.unwrap_or_default(), expected);
    };
    cores("system_cpu_cores container 1.5");
    all.file("mount/cpu.max", "max 100000\n");
    cores("");
    all.file("proc/self/cgroup", "0::/other\n");
    cores("");
    all.file("mount/third/cgroup.events", "populated 1\n");
    all.file("proc/self/cgroup", "0::/third\n");
    cores("");
    all.file("mount/third/cpu.max", "200000 100000\n");
    cores("system_cpu_cores container 2");
    all.file("mount/third/cpu.max", "max 100000\n");
    cores("");
}

/// Of the host the first ones, and of the container those that it uses, whichever they are.
#[test]
fn of_many_disks_so_many_are_shown() {
    let all = container("many-disks");
    (0..200).for_each(|at| all.folder(&format!("sys/block/sd{at}")));
    let line = |at| format!("8 {at} sd{at} 1 2 3 4 5 6 7 8 9 10\n");
    all.file("proc/diskstats", &(0..200).map(line).collect::<String>());
    let used = |disks: &[u8]| {
        let line = |at| format!("8:{at} rbytes=1 wbytes=2 rios=3 wios=4\n");
        let io = disks.iter().map(line);
        all.file("mount/io.stat", &io.collect::<String>());
        let lines = Lines::of(&machine(&all));
        let of = |start: &str| {
            let lines = lines.iter().filter_map(|line| line.strip_prefix(start));
            let names = lines.filter_map(|line| line.strip_suffix(",read 1"));
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        let busy = |line: &&String| line.starts_with("system_disk_busy_seconds_total host,");
        assert_eq!(lines.iter().filter(busy).count(), MOST_DEVICES);
        let names: Vec<String> = (0..64).map(|at| format!("sd{at}")).collect();
        assert_eq!(of("system_disk_operations_total host,"), names);
        of("system_disk_bytes_total container,")
    };
    assert_eq!(used(&[1, 199]), ["sd1", "sd199"]);
    let every: Vec<u8> = (0..200).collect();
    assert_eq!(used(&every).len(), MOST_DEVICES);
}

#[test]
fn a_container_whose_mounts_cannot_be_read_is_found_when_they_can() {
    let all = container("late");
    let machine = machine(&all);
    let path = all.path().join("proc/self/mountinfo");
    let mountinfo = fs::read_to_string(&path).unwrap();
    all.remove("proc/self/mountinfo");
    assert_eq!(shown(&machine), expected(of_host()));
    all.file("proc/self/mountinfo", &mountinfo);
    assert_eq!(shown(&machine), expected(of_host().chain(of_group())));
}

#[test]
fn of_limits_the_least_holds() {
    let all = container("limits");
    // Beside the mount, and beside the group: neither is above it.
    all.file("cpu.max", "1000 100000\n");
    all.file("memory.max", "1\n");
    all.file("mount/a/other/cpu.max", "1000 100000\n");
    all.file("mount/a/group/cgroup.events", "populated 1\n");
    all.file("proc/self/cgroup", "0::/a/group\n");
    let check = |files: &[(&str, &str)], cores: &[&str], memory: &[&str]| {
        for (path, text) in files {
            all.file(&format!("mount/{path}"), text);
        }
        // Which files there are is found out once for a group.
        let lines = shown(&machine(&all));
        let of = |start: &str| {
            let found = lines.iter().filter_map(|line| line.strip_prefix(start));
            found.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of("system_cpu_cores container "), cores, "{files:?}");
        assert_eq!(
            of("system_memory_limit_bytes container "),
            memory,
            "{files:?}"
        );
    };
    let none = [("cpu.max", "max 100000\n"), ("memory.max", "max\n")];
    check(&none, &[], &[]);
    check(&[("cpu.max", "400000 100000\n")], &["4"], &[]);
    check(&[("memory.max", "4096\n")], &["4"], &["4096"]);
    check(&[("a/cpu.max", "20000 10000\n")], &["2"], &["4096"]);
    check(&[("a/memory.max", "max\n")], &["2"], &["4096"]);
    check(&[("a/group/memory.max", "2048\n")], &["2"], &["2048"]);
    check(&[("a/group/cpu.max", "300000 100000\n")], &["2"], &["2048"]);
    check(
        &[("a/group/cpu.max", "50000 100000\n")],
        &["0.5"],
        &["2048"],
    );
    check(&[("a/memory.max", "1024\n")], &["0.5"], &["1024"]);
    // What is raised is seen at once.
    let machine = machine(&all);
    let has = |line: &str| shown(&machine).iter().any(|found| found == line);
    assert!(has("system_memory_limit_bytes container 1024"));
    all.file("mount/a/memory.max", "1536\n");
    assert!(has("system_memory_limit_bytes container 1536"));
}

/// Wants one family.
struct One(&'static str);

impl Sink for One {
    fn family(&mut self, head: &Head<'_>) -> bool {
        head.name == self.0
    }

    fn series(&mut self, _series: &Sample<'_>) {}
}

#[test]
fn only_what_is_wanted_is_read() {
    let all = container("wanted");
    let machine = machine(&all);
    for (wanted, files) in [
        ("other", &[][..]),
        ("system_cpu_seconds_total", &[Of::Stat]),
        ("system_cpu_cores", &[Of::Online]),
        ("system_memory_limit_bytes", &[Of::Meminfo]),
        ("system_disk_busy_seconds_total", &[Of::Diskstats]),
        ("system_network_errors_total", &[Of::NetDev]),
        (
            "system_pressure_seconds_total",
            &[Of::CpuPressure, Of::MemoryPressure, Of::IoPressure],
        ),
    ] {
        let reading = machine.0.reading();
        show(
            &Reading::FAMILIES,
            &reading,
            &|_, _| false,
            &mut One(wanted),
        );
        let expected: Vec<usize> = files.iter().map(|file| *file as usize).collect();
        assert_eq!(reading.texts.which_were_read(), expected, "{wanted}");
    }
}

/// Some bytes of a file changed, taken out or put in; sometimes all of them.
fn spoil(random: &mut Rng, bytes: &mut Vec<u8>) {
    if random.u8(..) < 8 {
        *bytes = (0..random.usize(..300)).map(|_| random.u8(..)).collect();
        return;
    }
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=bytes.len());
        let with: &[u8] = match random.u8(..8) {
            0 => b"",
            1 => b"99999999999999999999999",
            2 => b"18446744073709551615",
            3 => b"\n",
            4 => b" ",
            5 => b"-",
            6 => b"\xff:=",
            _ => &[random.u8(..)],
        };
        let end = bytes.len().min(at + random.usize(..4));
        bytes.splice(at..end, with.iter().copied());
    }
}

/// Whatever the files hold: no panic, and each number is one.
#[test]
fn any_bytes_are_survived() {
    let all = container("spoiled");
    let machine = machine(&all);
    for seed in 0..400 {
        let mut random = Rng::with_seed(seed);
        let of_group = GROUP
            .iter()
            .map(|(name, text, _)| (format!("mount/{name}"), *text));
        let others = [("proc/self/cgroup".to_owned(), "0::/\n")];
        let of_host = HOST
            .iter()
            .map(|(path, text, _)| ((*path).to_owned(), *text));
        for (path, text) in of_group.chain(of_host).chain(others) {
            let mut bytes = text.as_bytes().to_vec();
            if random.bool() {
                spoil(&mut random, &mut bytes);
            }
            fs::write(all.path().join(path), bytes).unwrap();
        }
        for line in Lines::of(&machine) {
            let number: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(number.is_finite() && number >= 0.0, "{seed}: {line}");
        }
    }
}
