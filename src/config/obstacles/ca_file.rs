//! `ca-file`: read and judged here, once for all who trust it, so that what is no PEM file of
//! certificates is an error that says so, and not a list of none.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject, SectionKind};

/// Bytes. All certificates of a system together are a tenth of it.
const BYTES: u64 = 4 * 1024 * 1024;

/// The first byte of a certificate without the text form: that of an ASN.1 sequence.
const DER: u8 = 0x30;

/// Why `ca-file` cannot be used.
#[derive(Debug)]
pub struct CaFileError {
    path: PathBuf,
    what: String,
}

impl fmt::Display for CaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`ca-file` in [autotask]: {} {}", self.path.display(), self.what)
    }
}

impl std::error::Error for CaFileError {}

/// Reads a PEM file of certificate authorities, and sees to it that each can be trusted. Gives the
/// text.
///
/// # Errors
///
/// Where the file cannot be read, holds no certificate, a private key, or something that is none.
pub fn ca_bundle(path: &Path) -> Result<Vec<u8>, CaFileError> {
    let failed = |what: String| CaFileError { path: path.to_owned(), what };
    let bytes = read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    judge(&bytes).map_err(failed)?;
    Ok(bytes)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is far too large"));
    }
    Ok(bytes)
}

/// What is wrong, as a phrase that follows the name of the file.
fn judge(bytes: &[u8]) -> Result<(), String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("is empty; it must hold certificates in PEM form".to_owned());
    }
    if bytes.first() == Some(&DER) && !bytes.starts_with(b"0-") {
        return Err(
            "is in DER form and must be in PEM form: openssl x509 -inform der -in FILE -out \
                    FILE.pem converts it"
                .to_owned(),
        );
    }
    let mut trusted = RootCertStore::empty();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        let (kind, der) = section.map_err(|error| match error {
            // The library shows the marker as numbers.
            pem::Error::MissingSectionEnd { .. } => {
                "is not in PEM form: a certificate has no end line, so the file was cut".to_owned()
            }
            error => format!("is not in PEM form: {error}"),
        })?;
        match kind {
            SectionKind::Certificate => {
                let number = trusted.len() + 1;
                trusted.add(CertificateDer::from(der)).map_err(|error| {
                    format!("has no valid certificate as number {number}: {error}")
                })?;
            }
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                return Err(
                    "holds a private key, which does not belong there: name a PEM file with \
                            certificates alone"
                        .to_owned(),
                );
            }
            _ => {}
        }
    }
    if trusted.is_empty() {
        return Err("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate authority that was made for this test: openssl req -x509 -newkey ec -nodes.
    const PEM: &str = include_str!("ca_file_test.pem");

    fn der() -> Vec<u8> {
        CertificateDer::from_pem_slice(PEM.as_bytes()).expect("a certificate").to_vec()
    }

    #[test]
    fn certificates_in_pem_form_are_taken_and_nothing_else() {
        assert_eq!(judge(PEM.as_bytes()), Ok(()));
        assert_eq!(judge(format!("# ours\n{PEM}\n{PEM}").as_bytes()), Ok(()));
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        let broken = PEM.replacen("MII", "AII", 1);
        for (text, words) in [
            (b"".to_vec(), "is empty"),
            (b" \n".to_vec(), "is empty"),
            (der(), "is in DER form and must be in PEM form"),
            (key.as_bytes().to_vec(), "holds a private key"),
            (format!("{PEM}{key}").into_bytes(), "holds a private key"),
            (b"hello\n".to_vec(), "holds no certificate in PEM form"),
            (broken.into_bytes(), "has no valid certificate as number 1"),
            (PEM.replace("-----END", "").into_bytes(), "is not in PEM form"),
        ] {
            let told = judge(&text).expect_err(words);
            assert!(told.starts_with(words), "{told}");
        }
    }

    #[test]
    fn an_error_names_the_key_and_the_file() {
        let told = ca_bundle(Path::new("/nonexistent/ca.pem")).expect_err("nothing there");
        let start = "`ca-file` in [autotask]: /nonexistent/ca.pem cannot be read: ";
        assert!(told.to_string().starts_with(start), "{told}");
    }
}
