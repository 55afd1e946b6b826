//! A disk that can lose its power.

use std::path::Path;
use std::process::Command;

/// A file system in a file, mounted, which can lose its power.
pub struct Disk {
    place: tempfile::TempDir,
}

impl Disk {
    pub fn new() -> Disk {
        let disk = Disk { place: tempfile::tempdir().expect("a folder") };
        let image = disk.place.path().join("image");
        let file = std::fs::File::create(&image).expect("created");
        file.set_len(256 << 20).expect("sized");
        std::fs::create_dir(disk.mounted()).expect("made");
        run("mkfs.ext4", &["-q", text(&image)]);
        disk.mount();
        disk
    }

    pub fn mounted(&self) -> std::path::PathBuf {
        self.place.path().join("mounted")
    }

    fn mount(&self) {
        let image = self.place.path().join("image");
        run("mount", &["-o", "loop", text(&image), text(&self.mounted())]);
    }

    /// Whatever was not synced is gone (EXT4_IOC_SHUTDOWN without flushing the journal).
    pub fn lose_power(&self) {
        let script = "import fcntl,os,struct,sys; \
            fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";
        run("python3", &["-c", script, text(&self.mounted())]);
    }

    pub fn remount(&self) {
        run("umount", &[text(&self.mounted())]);
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.mounted()).status();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect("it starts");
    assert!(status.success(), "{program} {arguments:?}: {status}");
}
