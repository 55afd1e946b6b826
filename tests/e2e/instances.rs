//! Several tenants on one server: whatever leaves a daemon says whose it is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{ACME, Daemon, Told, World, lmsyncd, write_script};
use serde_json::Value;

/// A world with a daemon of the instance that its configuration names.
struct Instance {
    world: World,
    config: PathBuf,
    _daemon: Daemon,
}

impl Instance {
    fn start(name: &str) -> Instance {
        let world = World::stories();
        let (told, textfile) = (world.path("told.jsonl"), world.path("lmsyncd.prom"));
        let script = world.path("tell.sh");
        write_script(&script, &format!("cat >>{}", told.display()));
        world.configure(&format!(
            "[notify]\ncommand = [{script:?}]\nevents = [\"run_changed\"]\n[metrics]\n\
             textfile = {textfile:?}\n"
        ));
        let config = world.path(&format!("{name}.toml"));
        fs::rename(world.config(), &config).expect("renamed");
        let daemon = world.start_as(lmsyncd(&config).env("LMSYNCD_LOG", "debug"));
        world.json(&["sync", ACME, "--all", "--yes"]);
        Instance { world, config, _daemon: daemon }
    }

    fn told(&self) -> Value {
        self.world.wait_for("the notify command", || {
            let text = fs::read_to_string(self.world.path("told.jsonl")).unwrap_or_default();
            serde_json::from_str(text.lines().next()?).ok()
        })
    }

    /// The samples of the metrics file, without their values.
    fn samples(&self) -> Vec<String> {
        let text = self
            .world
            .wait_for("the metrics", || fs::read_to_string(self.world.path("lmsyncd.prom")).ok());
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.rsplit_once(' ').expect("a value").0.to_owned()).collect()
    }
}

#[test]
fn what_two_tenants_say_can_be_told_apart() {
    let (north, south) = (Instance::start("north"), Instance::start("south"));
    let samples = [north.samples(), south.samples()];
    for (samples, name) in samples.iter().zip(["north", "south"]) {
        assert!(samples.len() > 20, "{samples:?}");
        let label = format!("{{tenant=\"{name}\"");
        assert!(samples.iter().all(|sample| sample.contains(&label)), "{samples:?}");
    }
    assert!(samples[0].iter().all(|sample| !samples[1].contains(sample)), "no series twice");

    assert_eq!(north.told()["instance"], "north");
    let mut ids = Vec::new();
    for (instance, name) in [(&north, "north"), (&south, "south")] {
        let version = instance.world.json(&["version"]);
        assert_eq!(version["tenant"], name);
        let daemon = &instance.world.json(&["status"])["daemon"];
        let exported = instance.world.json(&["export", "json"]);
        for said in [daemon, &exported] {
            assert_eq!((&said["tenant"], &said["store_id"]), (&name.into(), &version["store_id"]));
        }
        ids.push(version["store_id"].as_str().expect("an id").to_owned());
        let stored = fs::read_to_string(instance.world.path("store/store.json")).expect("reads");
        assert!(stored.contains(&ids[ids.len() - 1]), "{stored}");
        let csv = instance.world.ctl(&["export", "csv"]).expect(0, &[]).out;
        let header = csv.lines().next().expect("a header");
        assert!(header.ends_with(",tenant,store_id"), "{header}");
        let calendar = instance.world.ctl(&["export", "ics"]).expect(0, &[]).out;
        assert!(calendar.contains(&format!("Contracts {name}\r\n")), "{calendar}");
    }
    assert_ne!(ids[0], ids[1]);

    // The folder of one is not that of the other.
    let folder = north.world.path("tree");
    let tree = |instance: &Instance| -> Told {
        instance.world.ctl(&["export", "tree", folder.to_str().expect("text")])
    };
    tree(&north).expect(0, &["0 removed"]);
    tree(&south).expect(2, &["was not written by an export of this store"]);
    tree(&north).expect(0, &["0 new, 0 changed, 0 removed"]);
    assert!(Path::new(&north.config).ends_with("north.toml"));
}

#[test]
fn a_restored_store_keeps_its_id_and_its_events_their_identity() {
    let (world, _daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    let uids = || -> Vec<String> {
        let text = world.ctl(&["export", "ics"]).expect(0, &[]).out;
        text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect()
    };
    let before = uids();
    assert!(!before.is_empty());
    let file = world.path("backup.jsonl");
    let file = file.to_str().expect("text");
    world.ctl(&["backup", file]).expect(0, &[]);
    world.ctl(&["restore", file, "--yes"]).expect(0, &[]);
    world.wait_for("the restored store", || (world.ctl(&["version"]).exit == 0).then_some(()));
    assert_eq!(uids(), before);
}
