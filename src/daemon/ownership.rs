//! Whose the files are that decide where the secret goes, and those of the store: whoever can change
//! them can do what the daemon can.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Uid, User};

use crate::config::Settings;
use crate::files::folder_of;

/// What others than root and the daemon's user may write, of the mode of a file.
const OTHERS_WRITE: u32 = 0o022;

/// In a folder with this bit, nobody replaces the files of others (chmod(2)).
const STICKY: u32 = 0o1000;

/// What is doubtful of the configuration at `path`, its secret, and the folder of the store, for a daemon
/// that runs as `me`: each as a line that says what to do.
pub(super) fn doubts(path: &Path, settings: &Settings, me: Uid) -> Vec<String> {
    let me = me.as_raw();
    let secret = settings.autotask.secret_file.as_deref();
    let files = [
        ("the configuration", Some(path)),
        ("the folder of the configuration", Some(folder_of(path))),
        ("the secret", secret),
        ("the folder of the store", Some(&*settings.store.path)),
    ];
    let doubt = |(what, path): (&str, Option<&Path>)| {
        let there = fs::metadata(path?).ok()?;
        let why = why((there.uid(), there.mode()), there.is_dir(), me)?;
        Some(format!("{what}, {}, {why}", path?.display()))
    };
    files.into_iter().filter_map(doubt).collect()
}

/// Why what has this owner and this mode is doubtful for the user `me`.
fn why((owner, mode): (u32, u32), is_folder: bool, me: u32) -> Option<String> {
    if owner != 0 && owner != me {
        let name = |uid| match User::from_uid(Uid::from_raw(uid)) {
            Ok(Some(user)) => user.name,
            _ => format!("uid {uid}"),
        };
        let (owner, me) = (name(owner), name(me));
        return Some(format!("belongs to {owner}, who can change it; give it to root or to {me}"));
    }
    let sticky = is_folder && mode & STICKY != 0;
    let open = mode & OTHERS_WRITE != 0 && !sticky;
    open.then(|| "can be changed by its group or by others; chmod go-w fixes that".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_change_is_doubtful() {
        assert_eq!(why((0, 0o100_640), false, 7), None);
        assert_eq!(why((7, 0o040_700), true, 7), None);
        let other = why((4_242_424, 0o100_600), false, 7).expect("it is doubtful");
        assert!(other.starts_with("belongs to uid 4242424, who can change it"), "{other}");
        for mode in [0o100_620, 0o100_602] {
            assert!(why((0, mode), false, 7).expect("doubtful").contains("chmod go-w"));
        }
        assert_eq!(why((0, 0o041_777), true, 7), None, "as /tmp is");
    }
}
