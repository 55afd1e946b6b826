//! The program cannot write to Autotask: no part of its sources can say anything but GET and POST,
//! and only one place says POST.

use std::fs;
use std::path::{Path, PathBuf};

/// The files below a folder, those in its folders too.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn no_source_that_speaks_to_autotask_can_write() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/autotask");
    let mut posts = Vec::new();
    let mut requests = Vec::new();
    for path in sources(&folder) {
        let text = fs::read_to_string(&path).expect("a source");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        for verb in ["PUT", "PATCH", "DELETE", ".put(", ".patch(", ".delete(", ".post("] {
            assert!(!text.contains(verb), "{name} says {verb}");
        }
        assert!(
            !text.to_lowercase().contains("impersonationresourceid"),
            "{name} would act as another resource"
        );
        if text.contains("Method::POST") {
            posts.push(name.clone());
        }
        if text.contains("HttpRequest {") && !text.contains("impl Transport for") {
            requests.push(name);
        }
    }
    assert_eq!(posts, ["transport.rs"], "only the transport names a method of HTTP");
    assert_eq!(requests, ["request.rs"], "only a read-only request becomes one of HTTP");
}
