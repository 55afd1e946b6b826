//! A socket that answers every call with one error.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// The socket; its file goes away with it.
pub struct Answering {
    path: PathBuf,
}

impl Answering {
    /// Answers with the error of this name, as lmsyncd writes it.
    pub fn with(interface: &str, error: &str) -> Result<Answering, Box<dyn Error>> {
        let name = format!("varlink-clients-{}-{interface}.{error}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path)?;
        let reply = serde_json::json!({
            "error": format!("{interface}.{error}"),
            "parameters": { "message": "no", "advice": { "code": "doctor" }, "hint": null },
        });
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut call = Vec::new();
                let Ok(reading) = stream.try_clone() else { return };
                let _ = BufReader::new(reading).read_until(0, &mut call);
                let _ = stream.write_all(format!("{reply}\0").as_bytes());
            }
        });
        Ok(Answering { path })
    }

    /// The socket's path.
    pub fn path(&self) -> &str {
        self.path.to_str().expect("made of text")
    }

    /// The socket as a Varlink address.
    pub fn address(&self) -> String {
        format!("unix:{}", self.path())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The names of the errors in a description.
pub fn errors(description: &str) -> impl Iterator<Item = &str> {
    let lines = description.lines().filter_map(|line| line.strip_prefix("error "));
    lines.filter_map(|line| line.split([' ', '(']).next())
}
