//! `sync --edit` through the real binaries: the editor is a script.

use std::fs;

use crate::support::{ACME_AGREEMENT, ACME_LINE, Daemon, Told, World, write_script};

/// A world with a daemon, and a folder of its own for what is edited.
fn begin() -> (World, Daemon) {
    let world = World::stories();
    world.configure("");
    fs::create_dir(world.path("tmp")).expect("a folder");
    let daemon = world.start();
    (world, daemon)
}

/// Runs `sync 174 --edit` with an editor that does this to the file `$1`.
fn edit(world: &World, script: &str) -> Told {
    let editor = world.path("editor");
    write_script(&editor, &format!("cp \"$1\" {}\n{script}", world.path("seen").display()));
    let args = ["sync", "174", "--edit", "--yes"];
    let output = world
        .ctl_command(&args)
        .env("TMPDIR", world.path("tmp"))
        .env_remove("VISUAL")
        .env("EDITOR", editor)
        .output()
        .expect("runs");
    Told::of(&args, output)
}

/// The list as the editor was given it.
fn seen(world: &World) -> String {
    fs::read_to_string(world.path("seen")).expect("the editor was opened")
}

/// The lists that were kept.
fn kept(world: &World) -> Vec<String> {
    let files = fs::read_dir(world.path("tmp")).expect("a folder");
    files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("text")).collect()
}

fn stored(world: &World) -> Vec<String> {
    let keys = world.contracts().into_iter().map(|c| c["key"].as_str().expect("a key").to_owned());
    keys.collect()
}

#[test]
fn what_is_picked_is_synced_and_what_is_to_be_ignored_is_ignored() {
    let (world, daemon) = begin();
    let script = format!("sed -i -e 's/^pick \\( *\\){ACME_LINE}/i {ACME_LINE}/' \"$1\"");
    edit(&world, &script)
        .expect(0, &["created", &format!("{ACME_LINE} of Acme Dental (174): ignored")]);
    let list = seen(&world);
    assert!(list.starts_with(&format!("pick    {ACME_AGREEMENT}  new ")), "{list}");
    assert!(list.contains(&format!("\npick      {ACME_LINE}   ")), "indented: {list}");
    let stored = stored(&world);
    assert!(stored.contains(&ACME_AGREEMENT.to_owned()), "{stored:?}");
    assert!(!stored.contains(&ACME_LINE.to_owned()), "{stored:?}");
    world.ctl(&["pending", "174", "--state", "ignored"]).expect(0, &[ACME_LINE]);
    assert_eq!(kept(&world), Vec::<String>::new());
    // The rest was synced: there is nothing to edit any more.
    edit(&world, "exit 3").expect(0, &["nothing is pending"]);
    daemon.stop();
}

#[test]
fn lines_that_are_taken_out_are_left() {
    let (world, daemon) = begin();
    edit(&world, &format!("sed -i -n '/{ACME_AGREEMENT}/p' \"$1\"")).expect(0, &["1 created"]);
    assert_eq!(stored(&world), [ACME_AGREEMENT]);
    daemon.stop();
}

#[test]
fn an_empty_list_does_nothing() {
    let (world, daemon) = begin();
    for script in [": > \"$1\"", "sed -i '/^[a-z]/d' \"$1\"", "sed -i 's/^pick/leave/' \"$1\""] {
        edit(&world, script).expect(0, &["nothing was chosen: nothing was done"]);
    }
    assert_eq!(stored(&world), Vec::<String>::new());
    assert_eq!(kept(&world), Vec::<String>::new());
    daemon.stop();
}

#[test]
fn a_line_that_means_nothing_is_named_and_the_list_kept() {
    let (world, daemon) = begin();
    edit(&world, "sed -i '1s/^pick/squash/' \"$1\"").expect(
        2,
        &[
            "line 1: `squash` is not one of pick, ignore and leave",
            "hint: ",
            "the list is kept in /",
        ],
    );
    let lists = kept(&world);
    assert!(lists.len() == 1 && lists[0].starts_with("squash"), "{lists:?}");
    edit(&world, "echo pick A1 >> \"$1\"").expect(2, &["A1 was not in the list"]);
    edit(&world, "exit 3").expect(1, &["exit status: 3", "hint: set VISUAL or EDITOR"]);
    assert_eq!(stored(&world), Vec::<String>::new());
    daemon.stop();
}

#[test]
fn the_list_is_for_its_owner_alone() {
    let (world, daemon) = begin();
    edit(&world, &format!("stat -c %a \"$1\" > {}; : > \"$1\"", world.path("mode").display()))
        .expect(0, &[]);
    assert_eq!(fs::read_to_string(world.path("mode")).expect("a mode"), "600\n");
    daemon.stop();
}

#[test]
fn on_auto_sync_it_is_refused_before_the_editor_opens() {
    let (world, daemon) = begin();
    world.ctl(&["auto-sync", "on", "174"]).expect(0, &[]);
    edit(&world, "exit 3")
        .expect(6, &["auto-sync is on for Acme Dental (174)", "auto-sync off 174"]);
    assert!(!world.path("seen").exists());
    daemon.stop();
}

#[test]
fn an_editor_is_for_people() {
    let (world, daemon) = begin();
    world.ctl(&["sync", "174", "--edit"]).expect(2, &["needs --yes"]);
    world.ctl(&["sync", "174", "--edit", "--json"]).expect(2, &["--edit needs a person"]);
    world.ctl(&["sync", "174", "--edit", "--all"]).expect(2, &["cannot be used with"]);
    daemon.stop();
}
