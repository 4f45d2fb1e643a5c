use kontor_store::stored_enum;

stored_enum! {
    /// How a move of a protected label stands.
    pub enum ReviewStatus: "status of a review" {
        Pending = "pending",
        Approved = "approved",
        Refused = "refused",
        /// Whoever asked for it took it back.
        Withdrawn = "withdrawn",
    }
}
