//! Where the control group of the process is.
//!
//! Source: the kernel's documentation, "Control Group v2", and proc(5) on `mountinfo`.

use std::borrow::Cow;
use std::path::PathBuf;

/// The path of the group of version 2, as `/proc/self/cgroup` has it.
pub(crate) fn path(cgroup: &str) -> Option<&str> {
    cgroup.lines().find_map(|line| line.strip_prefix("0::"))
}

/// The folder of a group, and the place where its hierarchy is mounted, above it or the same. There is none for the root of the machine, which
/// is no container.
pub(crate) fn folder(path: &str, mountinfo: &str) -> Option<(PathBuf, PathBuf)> {
    let mut folders = mountinfo
        .lines()
        .filter_map(mount)
        .filter_map(|(root, point)| {
            let inside = match &*root {
                "/" => path,
                root => path.strip_prefix(root)?,
            };
            let inside = match inside.strip_prefix('/') {
                Some(inside) => inside,
                None if inside.is_empty() => inside,
                None => return None, // another group whose name begins alike
            };
            let is_outside = inside.split('/').any(|part| part == "..");
            let point = PathBuf::from(&*point);
            (!is_outside).then(|| (point.join(inside), point))
        });
    folders.find(|(folder, _)| folder.join("cgroup.events").exists()) // which all have but the root
}

/// The root of a mount of version 2 within its hierarchy, and where it is mounted.
fn mount(line: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (mount, kind) = line.split_once(" - ")?;
    let is_version_2 = kind.split(' ').next() == Some("cgroup2");
    let mut words = mount.split(' ').skip(3);
    let (root, point) = (words.next()?, words.next()?);
    is_version_2.then(|| (unescaped(root), unescaped(point)))
}

/// A path whose blanks, tabs, line breaks and backslashes are written as three octal digits.
fn unescaped(path: &str) -> Cow<'_, str> {
    if !path.contains('\\') {
        return Cow::Borrowed(path);
    }
    let escapes = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    let mut parts = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        let escape = escapes.iter().find(|(escape, _)| from.starts_with(escape));
        let (text, length) = escape.map_or(("\\", 1), |(escape, text)| (*text, escape.len()));
        parts.push_str(before);
        parts.push_str(text);
        rest = &from[length..];
    }
    parts.push_str(rest);
    Cow::Owned(parts)
}

#[cfg(test)]
mod tests;
