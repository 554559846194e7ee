//! The six colours by which things are told apart, as the style sheet draws them.

crate::text_enum! {
    /// A colour of the series `--c1` to `--c6`. It never stands alone: a name is always beside it.
    pub enum Color {
        /// The agency's own green.
        Green = "c1", "Green";
        /// Citron.
        Lime = "c2", "Lime";
        /// Copper.
        Orange = "c3", "Orange";
        /// Sky.
        Blue = "c4", "Blue";
        /// Plum.
        Pink = "c5", "Pink";
        /// Stone.
        Grey = "c6", "Grey";
    }
}

impl Color {
    /// The class of a dot in this colour.
    pub fn dot(self) -> &'static str {
        match self {
            Self::Green => "dot-1",
            Self::Lime => "dot-2",
            Self::Orange => "dot-3",
            Self::Blue => "dot-4",
            Self::Pink => "dot-5",
            Self::Grey => "dot-6",
        }
    }
}
