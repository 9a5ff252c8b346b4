//! Colours: few, told apart by people who see no difference between red and green, and never the only sign of anything.

use ratatui::style::{Color, Modifier, Style};

/// Styles of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    color: bool,
}

impl Theme {
    /// With colours, or with none at all.
    #[must_use]
    pub const fn new(color: bool) -> Self {
        Self { color }
    }

    const fn of(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// Names of things, and frames.
    #[must_use]
    pub const fn quiet(self) -> Style {
        if self.color { Style::new().fg(Color::DarkGray) } else { Style::new() }
    }

    /// Titles and keys.
    #[must_use]
    pub const fn title(self) -> Style {
        self.of(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Figures.
    #[must_use]
    pub const fn figure(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Bars and little charts.
    #[must_use]
    pub const fn bar(self) -> Style {
        self.of(Color::Cyan)
    }

    /// Something to look at.
    #[must_use]
    pub const fn warn(self) -> Style {
        self.of(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// A service that is away.
    #[must_use]
    pub const fn away(self) -> Style {
        self.of(Color::Yellow).add_modifier(Modifier::BOLD).add_modifier(Modifier::REVERSED)
    }
}
