use kontor_core::operation::{Definition, Effect};

/// What an address offers. A client that is given the one for reading cannot change anything, whatever its caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// All that the caller may do.
    Writing,
    /// What only reads.
    Reading,
}

impl Profile {
    pub const ALL: [Self; 2] = [Self::Writing, Self::Reading];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Writing => "/mcp",
            Self::Reading => "/mcp/read",
        }
    }

    pub(crate) fn offers(self, definition: &Definition) -> bool {
        self == Self::Writing || definition.effect == Effect::Read
    }
}
