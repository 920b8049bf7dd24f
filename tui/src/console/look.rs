//! How the console is to look: its theme, and whether only ASCII is drawn.

/// How the console is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// With which colours.
    pub(crate) scheme: Scheme,
    /// Whether only ASCII is drawn.
    pub(crate) ascii: bool,
}

/// A theme. Whichever it is, a word or a sign says what a colour says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Two colours that can be read on light and on dark ground.
    #[default]
    Auto,
    /// For light ground.
    Light,
    /// For dark ground.
    Dark,
    /// Bold, underlined and reversed text in the terminal's own colours.
    HighContrast,
    /// No colours.
    Mono,
}

impl Scheme {
    /// Those that there are.
    pub(crate) const ALL: [Self; 5] = [
        Self::Auto,
        Self::Light,
        Self::Dark,
        Self::HighContrast,
        Self::Mono,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
        }
    }

    /// What it is, in a sentence.
    pub(crate) const fn long(self) -> &'static str {
        match self {
            Self::Auto => "two colours that can be read on light and dark ground",
            Self::Light => "more colours, for light ground",
            Self::Dark => "more colours, for dark ground",
            Self::HighContrast => "no colours; bold, underlined and reversed text",
            Self::Mono => "no colours, as with NO_COLOR",
        }
    }

    /// The theme of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}
