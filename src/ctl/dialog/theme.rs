//! How things look: the sixteen colours of the terminal, bold, dim and reversed. No background is
//! ever set, so that the dialog is readable on black and on white; without colours, words, marks
//! and `>` still tell everything.

use ratatui::style::{Color, Modifier, Style};

use crate::ctl::output::screen::Tone;

/// How things look on this terminal.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// Whether it shows colours.
    pub colour: bool,
}

impl Theme {
    /// The style of a text that means this.
    pub fn tone(self, tone: Tone) -> Style {
        let plain = Style::new();
        let coloured = |colour| if self.colour { plain.fg(colour) } else { plain };
        match tone {
            Tone::Plain => plain,
            Tone::Good => coloured(Color::Green),
            Tone::Warning => coloured(Color::Yellow),
            Tone::Bad => coloured(Color::Red),
            Tone::Dim => plain.add_modifier(Modifier::DIM),
            Tone::Strong => self.strong(),
        }
    }

    /// A heading.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The heads of columns.
    pub fn head(self) -> Style {
        self.strong().add_modifier(Modifier::UNDERLINED)
    }

    /// What the keyboard is on.
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}
