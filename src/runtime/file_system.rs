//! What kind of file system a folder is on. SQLite's log needs memory that all programs of the database
//! share, and locks that hold: over a network there is neither.

use std::path::Path;

/// Kinds by the number that Linux gives them in `statfs` (linux/magic.h and the file systems' own sources).
const NETWORK: [(u32, &str); 15] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9p"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x564c, "NCP"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
];
/// File systems of programs, of which most lead to another machine, and these do not.
const FUSE: u32 = 0x6573_5546;
const LOCAL_FUSE: [&str; 14] = [
    "fuseblk",
    "virtiofs",
    "fuse.ntfs",
    "fuse.ntfs-3g",
    "fuse.exfat",
    "fuse.ext2",
    "fuse.fuse2fs",
    "fuse.bindfs",
    "fuse.mergerfs",
    "fuse.encfs",
    "fuse.gocryptfs",
    "fuse.cryfs",
    "fuse.fuse-overlayfs",
    "fuse.squashfuse",
];

/// What network file system `folder` is on; none on a disk of this machine, and where nobody can say. Only
/// Linux is asked.
pub(super) fn network_of(folder: &Path) -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        let number = rustix::fs::statfs(folder).ok()?.f_type as u32;
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        network(number, &mounts, &folder)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

/// The same of a folder whose file system has that number, on a machine with these mounts.
fn network(number: u32, mounts: &str, folder: &Path) -> Option<String> {
    if number == FUSE {
        return match mounted_as(mounts, folder) {
            Some(kind) if LOCAL_FUSE.contains(&kind) => None,
            Some(kind) => Some(format!("a network file system ({kind})")),
            None => Some("a file system of a program (FUSE)".to_owned()),
        };
    }
    let (_, name) = NETWORK.iter().find(|(magic, _)| *magic == number)?;
    Some(format!("a network file system ({name})"))
}

/// The type of the mount that holds `folder`, by the text of `/proc/self/mountinfo`: the longest mount point
/// above it, and of several at one place the last.
fn mounted_as<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let (place, kind) = line.split_once(" - ")?;
        let point = unescaped(place.split(' ').nth(4)?);
        folder.starts_with(&point).then_some((point.len(), kind.split(' ').next()?))
    };
    mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// A mount point as mountinfo writes it: spaces and the like are `\040`, in octal.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let octal = behind
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &behind[3..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 22 0:40 / /home/ana/box rw,nosuid shared:9 - fuse.sshfs ana@box:/ rw,user_id=1000
41 22 0:41 / /mnt/old\\040disk rw - fuseblk /dev/sdb1 rw
42 22 0:42 / /mnt/cloud rw - fuse.rclone gdrive: rw
";

    fn on(number: u32, folder: &str) -> Option<String> {
        network(number, MOUNTS, Path::new(folder))
    }

    #[test]
    fn file_systems_of_other_machines_are_named() {
        for (number, name) in
            [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0x0102_1997, "9p"), (0x5346_414f, "AFS")]
        {
            let kind = on(number, "/home/ana/data").expect("refused");
            assert_eq!(kind, format!("a network file system ({name})"));
        }
        let kind = on(FUSE, "/home/ana/box/rushes").expect("refused");
        assert_eq!(kind, "a network file system (fuse.sshfs)");
        assert!(on(FUSE, "/mnt/cloud").expect("refused").contains("fuse.rclone"));
    }

    #[test]
    fn disks_of_this_machine_are_taken() {
        // ext4, btrfs, xfs, tmpfs, overlayfs, zfs.
        for number in [0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(on(number, "/home/ana/data"), None);
        }
        assert_eq!(on(FUSE, "/mnt/old disk/rushes"), None, "NTFS on a disk of this machine");
        assert_eq!(network_of(&std::env::temp_dir()), None);
    }

    /// A program's file system that nobody names is not trusted.
    #[test]
    fn an_unknown_file_system_of_a_program_is_refused() {
        assert!(network(FUSE, "", Path::new("/home/ana")).expect("refused").contains("FUSE"));
        assert!(network(FUSE, "garbage\n1 2 - \n - - -\n", Path::new("/")).is_some());
        assert!(
            on(FUSE, "/home/ana/boxes").expect("refused").contains("ext4"),
            "no part of a name"
        );
    }
}
