//! The reference file `lmsyncd.toml.example`, as code: printed by the program, and held against
//! the built-in defaults by the tests here.

/// The text of `lmsyncd.toml.example`. It is refused until its placeholders are filled in.
pub const EXAMPLE: &str = include_str!("../../lmsyncd.toml.example");

/// What stands for the user name in the example.
pub(super) const USERNAME_PLACEHOLDER: &str = "abcdef123@MSP.EXAMPLE";

/// What stands for the integration code in the example.
pub(super) const INTEGRATION_CODE_PLACEHOLDER: &str = "YOUR-INTEGRATION-CODE";
